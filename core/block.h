/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The block seam: drives (what a guest disk or CD-ROM looks into), the images behind them, and
 * asynchronous requests between the two.
 *
 * A Drive is a slot of the machine's BlockManager: it has an id, a place (interface, bus, unit)
 * and, if a medium is in, a BlockImage. A device claims a drive, sends it BlockRequests and is
 * told about media. An image format is one const BlockImageOps; file I/O underneath goes through a
 * BlockEngine (io_uring, or worker threads), so no disk I/O happens under the vm lock. Formats and
 * engines are found through the two arrays given to block_manager_new().
 *
 * Threads: everything here is called with the vm lock held, by any thread; so are `done`
 * callbacks. Owners: the manager owns drives and images; a request belongs to its sender and must
 * stay until `done`.
 */
#pragma once

#include <glib.h>
#include <sys/uio.h>

#include "core/machine.h"

typedef struct Drive Drive;
typedef struct BlockImage BlockImage;
typedef struct BlockImageOps BlockImageOps;
typedef struct BlockEngine BlockEngine;
typedef struct BlockEngineOps BlockEngineOps;
typedef struct BlockRequest BlockRequest;
typedef struct BlockNode BlockNode;
typedef struct DriveTask DriveTask;

#define BLOCK_SECTOR_SIZE 512

/* ---- file I/O engines ---- */

typedef enum BlockOp {
    BLOCK_OP_READ,
    BLOCK_OP_WRITE,
    BLOCK_OP_FLUSH,   /* what was written before is on stable storage afterwards */
    BLOCK_OP_DISCARD, /* the bytes are not needed any more; their content becomes undefined */
    BLOCK_OP_COUNT,
} BlockOp;

/* One job on a file; belongs to its sender until `done`. */
typedef struct BlockJob BlockJob;
struct BlockJob {
    BlockOp op;
    int fd;
    guint64 offset, length;
    const struct iovec *iov; /* any number of elements */
    guint niov;
    gboolean prompt;                            /* as in BlockRequest */
    void (*done)(BlockJob *job, gint64 result); /* bytes moved, 0, or -errno; lock held */
    void *opaque;
    /* private to the engine: bytes moved so far, the rest of `iov`, what is told to `done` */
    guint64 moved;
    struct iovec *rest;
    guint rest_niov;
    gint64 result;
    BlockJob *next;
};

struct BlockEngine {
    const BlockEngineOps *ops;
    Machine *machine;
    guint in_flight;
};

struct BlockEngineOps {
    const char *name; /* as in aio=NAME */
    const char *summary;
    gsize size; /* of its struct, which begins with a BlockEngine */
    gboolean (*open)(BlockEngine *engine, GError **error); /* required */
    void (*close)(BlockEngine *engine);                    /* required; nothing is under way */
    /* Required. Never calls `done` itself; that happens on the loop. */
    void (*submit)(BlockEngine *engine, BlockJob *job);
    /* Required. Waits for at least one job under way to end, and calls `done` of those ended. */
    void (*wait)(BlockEngine *engine);
};

/* ---- requests ---- */

struct BlockRequest {
    BlockOp op;
    guint64 offset;          /* bytes from the start of the medium, whole sectors; not for flush */
    guint64 length;          /* bytes, whole sectors: the sum of `iov` for read and write */
    const struct iovec *iov; /* read and write; stays with its memory until `done` */
    guint niov;
    /* Required. `result` is 0 or -errno. Never called before the submitting call returns, except
     * by drive_drain(). The request may be reused or freed from here on. */
    void (*done)(BlockRequest *request, int result);
    void *opaque;            /* the sender's */
    gboolean told_by_sender; /* a host error goes to `done`, whatever rerror/werror say */
    /* The sender does not mind a `done` on whatever thread it is on, just before that drops the
     * lock: what needs no waiting is over when a vCPU goes on. */
    gboolean prompt;
    /* private to core/block*.c */
    Drive *drive;
    BlockImage *image;
    int result;
    gboolean submitting;
    gint64 started_ns;
    GList link;
    BlockJob job; /* the image format's */
};

/*
 * Starts a request. Out of range, misaligned, no medium, read-only: `done` gets -EINVAL,
 * -ENOMEDIUM, -EROFS. Host errors go by the drive's rerror/werror first: "stop" keeps the request,
 * stops the machine with RUN_STATE_IO_ERROR and tries it again at machine_cont().
 */
void drive_submit(Drive *drive, BlockRequest *request);

/*
 * Waits, with the lock held, until none of the drive's requests is under way: their `done` was
 * called (-ECANCELED for those that wait for machine_cont()). For reset, media change and end.
 */
void drive_drain(Drive *drive);

/* ---- drives ---- */

typedef enum DriveInterface {
    DRIVE_IF_IDE,
    DRIVE_IF_NONE, /* taken by a -device with drive=ID */
    DRIVE_IF_FLOPPY,
    DRIVE_IF_VIRTIO,
    DRIVE_IF_SCSI,
    DRIVE_IF_SD,
    DRIVE_IF_PFLASH,
    DRIVE_IF_COUNT,
} DriveInterface;

typedef enum DriveMedia { DRIVE_MEDIA_DISK, DRIVE_MEDIA_CDROM } DriveMedia;

typedef enum DriveCache {
    DRIVE_CACHE_WRITEBACK,
    DRIVE_CACHE_NONE,         /* O_DIRECT */
    DRIVE_CACHE_WRITETHROUGH, /* a flush follows every write */
    DRIVE_CACHE_DIRECTSYNC,   /* both */
    DRIVE_CACHE_UNSAFE,       /* flushes are ignored */
} DriveCache;

/* What happens on a host error. */
typedef enum DriveOnError {
    DRIVE_ERROR_REPORT, /* the guest sees it */
    DRIVE_ERROR_IGNORE, /* the guest does not */
    DRIVE_ERROR_STOP,
    DRIVE_ERROR_ENOSPC, /* stop on a full host disk, else report */
    DRIVE_ON_ERROR_COUNT,
} DriveOnError;

/* Whether the machine was stopped for an error of the drive's and has not gone on since. */
typedef enum DriveIoStatus { DRIVE_IO_OK, DRIVE_IO_FAILED, DRIVE_IO_NOSPACE } DriveIoStatus;

typedef struct DriveStats {
    guint64 operations[BLOCK_OP_COUNT]; /* completed without error */
    guint64 bytes[BLOCK_OP_COUNT];
    guint64 time_ns[BLOCK_OP_COUNT]; /* sum over requests */
    guint64 failed[BLOCK_OP_COUNT];
    guint64 invalid[BLOCK_OP_COUNT]; /* refused before they reached the image */
    guint in_flight;                 /* now; what a status bar's lamp shows */
    guint64 highest_write;           /* end of what was written farthest back */
} DriveStats;

/* What a device that claims a drive is told. Any may be NULL = not interested. */
typedef struct DriveUser {
    /* A medium came (TRUE) or went; the drive's length is the new one. The tray, if there is one,
     * is open. */
    void (*medium)(void *opaque, gboolean present);
    /* The host opens or closes the tray, with what is in it: answers by drive_set_tray(). NULL =
     * has none. */
    void (*tray)(void *opaque, gboolean open);
    /* Somebody at the host wants the medium out while the guest has locked the tray. */
    void (*eject_request)(void *opaque);
} DriveUser;

struct Drive {
    /* Set when it is made; read freely. */
    BlockManager *manager;
    char *id;
    DriveInterface interface;
    guint bus, unit;
    DriveMedia media;
    gboolean readonly; /* asked for; see drive_is_readonly() */
    gboolean snapshot;
    char *serial; /* or NULL */
    DriveCache cache;
    DriveOnError on_read_error, on_write_error;
    gboolean discard; /* discard=unmap */
    gboolean lock_image;
    BlockEngine *engine;
    char *format;       /* asked for, or NULL */
    gboolean anonymous; /* made for a -device, with which it goes; `id` is for messages only */
    /* The medium; changes with it. */
    char *file;        /* NULL = no medium */
    BlockImage *image; /* NULL = no medium */
    guint64 length;    /* bytes, a multiple of 512; 0 without medium */
    BlockNode *node;   /* whose image it is; NULL = the drive's own */
    /* The device. */
    Device *device; /* that claimed it, or NULL */
    const DriveUser *user;
    void *user_opaque;
    gboolean tray_locked, tray_open; /* kept by the device, by drive_set_tray() */
    DriveStats stats;
    DriveIoStatus io_status;
    /* private to core/block*.c */
    GQueue requests; /* in flight */
    GQueue parked;   /* waiting for machine_cont() */
    GQueue held;     /* waiting for `task` to end */
    DriveTask *task; /* what is done to the whole image (block-task.c), or NULL */
    int told_error;  /* the last error that a person was told of */
    BlockOp told_op;
    gint64 event_ns; /* host time of the last event about an error */
};

/* An engine of the machine by name (NULL: the first that works), opened on first use. */
BlockEngine *block_engine_get(BlockManager *manager, const char *name, GError **error);

/* Makes the machine's (empty) manager: set it as machine->blocks. Arrays are NULL-ended, engines in
 * order of preference: block_image_types and block_engine_types of block/types.h. */
BlockManager *block_manager_new(Machine *machine, const BlockImageOps *const *formats,
                                const BlockEngineOps *const *engines);
/* Drains and closes everything. The devices are gone by then. NULL is fine. */
void block_manager_free(BlockManager *manager);
/* -snapshot: drives added later are temporary unless they say snapshot=off. */
void block_manager_set_snapshot(BlockManager *manager, gboolean on);

/* The options of -drive, for help and the man page. */
extern const OptionSpec drive_options[];

/*
 * "-drive file=,if=,index=,bus=,unit=,media=,readonly=,format=,snapshot=,id=,cache=,serial=,..."
 * Opens the image; fails with the reason.
 */
Drive *drive_add(Machine *machine, const char *options, GError **error);
/* -hda .. -hdd (n = 0..3), and -cdrom (media = cdrom, n = 2). `file` is taken as it is. */
Drive *drive_add_ide(Machine *machine, guint n, DriveMedia media, const char *file, GError **error);
/* -fda, -fdb (n = 0, 1). */
Drive *drive_add_floppy(Machine *machine, guint n, const char *file, GError **error);
/* -pflash: the next free place. */
Drive *drive_add_pflash(Machine *machine, const char *file, GError **error);
/* Frees a drive that no device has claimed. */
gboolean drive_remove(Drive *drive, GError **error);

Drive *drive_find(Machine *machine, const char *id);
/* The one that a device has, by the device's id or its path in the object tree. */
Drive *drive_find_by_device(Machine *machine, const char *id);
/* Path of the device that has claimed it; g_free. */
char *drive_device_path(const Drive *drive);
/* Units of a bus of an interface on this board; 0 = it has no buses. */
guint drive_units_per_bus(Machine *machine, DriveInterface interface);

Drive *drive_find_place(Machine *machine, DriveInterface interface, guint bus, guint unit);
void drive_foreach(Machine *machine, void (*fn)(Drive *drive, void *opaque), void *opaque);
/* Adds the Drives that a device has claimed. */
void drives_of_device(Device *device, GPtrArray *drives);
/* After the board is made: fails naming a drive whose if= this machine has no place for. */
gboolean block_check_claimed(Machine *machine, GError **error);

/*
 * The drive that drive=NAME of a -device means: NAME is a drive's id, or a node's name, around
 * which a drive is made that goes with the device. NULL makes an empty one for a CD-ROM.
 */
Drive *drive_for_device(Machine *machine, const char *name, DriveMedia media, GError **error);

/* Becomes the one device of a drive; fails if it has one. `user` may be NULL. */
gboolean drive_claim(Drive *drive, Device *device, const DriveUser *user, void *opaque,
                     GError **error);
/* Drains first. */
void drive_release(Drive *drive);

/* The device's tray: shown to people, and asked before a medium is taken out. */
void drive_set_tray(Drive *drive, gboolean locked, gboolean open);

gboolean drive_is_readonly(const Drive *drive);
/* Name of its medium's node, "" without one. */
const char *drive_node_name(const Drive *drive);
gboolean drive_has_medium(const Drive *drive);

/* TRUE if the file looks like an ISO 9660 image or is named .iso: what `vitrine IMAGE` asks. */
gboolean block_looks_like_cdrom(Machine *machine, const char *file);

/* ---- for the monitor and user interfaces ---- */

typedef enum DriveReadonly { DRIVE_RETAIN, DRIVE_READ_ONLY, DRIVE_READ_WRITE } DriveReadonly;

/* `info block` and `info blockstats`. `id` NULL = all; FALSE if there is no such drive. */
gboolean block_print_info(Machine *machine, const char *id, gboolean verbose, GString *out);
void block_print_stats(Machine *machine, GString *out);

/* Puts another medium into a removable drive (opens it first: on failure the old one stays). */
gboolean drive_change(Machine *machine, const char *id, const char *file, const char *format,
                      DriveReadonly readonly, GError **error);

/*
 * Takes the medium out. A tray that the guest has locked: the guest is asked to let go, and unless
 * `force` this fails saying so.
 */
gboolean drive_eject(Machine *machine, const char *id, gboolean force, GError **error);

/* The same of a drive at hand; by force with a locked tray, too. */
gboolean drive_change_medium(Drive *drive, const char *file, const char *format,
                             DriveReadonly readonly, gboolean force, GError **error);
gboolean drive_eject_medium(Drive *drive, gboolean force, GError **error);

/*
 * The same in single steps. A tray that the guest has locked is opened by force only; without, the
 * guest is asked, and that is no error. Media are moved while the tray is open. Opening and closing
 * what is open or closed does nothing.
 */
gboolean drive_open_tray(Drive *drive, gboolean force, GError **error);
gboolean drive_close_tray(Drive *drive, GError **error);
gboolean drive_remove_medium(Drive *drive, GError **error);
gboolean drive_insert_medium(Drive *drive, BlockNode *node, GError **error);

/*
 * Writes what a temporary snapshot keeps to the image below, and forgets it. The guest's requests
 * wait. `done` is called at the end, with 0 or -errno: then everything is still kept.
 */
gboolean drive_commit(Drive *drive, void (*done)(Drive *drive, int result, void *opaque),
                      void *opaque, GError **error);
/* The same of all drives that have such a snapshot; `errors` is NULL if all went well. `done` NULL:
 * they are reported. */
void block_commit_all(Machine *machine, void (*done)(const char *errors, void *opaque),
                      void *opaque);
/* Makes a disk larger; the guest sees it when it asks for the size again. `done`: as above. */
gboolean drive_resize(Drive *drive, guint64 length,
                      void (*done)(Drive *drive, int result, void *opaque), void *opaque,
                      GError **error);

/* ---- nodes: images with names of their own (-blockdev) ---- */

typedef enum BlockDriver {
    BLOCK_DRIVER_RAW,
    BLOCK_DRIVER_FILE,
    BLOCK_DRIVER_HOST_DEVICE
} BlockDriver;

struct BlockNode {
    BlockManager *manager;
    char *name;
    BlockDriver driver;
    BlockNode *child;  /* of "raw": the node of its file; else NULL */
    BlockNode *parent; /* a node on top of it, or NULL */
    gboolean implicit; /* made with its parent, with which it goes */
    Drive *drive;      /* whose medium it is, or NULL */
    gboolean readonly; /* as asked for */
    /* Of the lowest node: */
    char *file;
    gboolean auto_readonly; /* opened for writing only for who writes, and if it can be */
    gboolean direct, no_flush, discard, lock;
    BlockEngine *engine;
    BlockImage *image;
};

extern const char *const block_driver_names[];

/* The options of -blockdev for each driver, for help and introspection. */
extern const OptionSpec block_node_options[];

/*
 * Makes a node: "driver=raw,node-name=N,file.driver=file,file.filename=F", nested options with
 * dots. `options` is consumed. NULL with an error.
 */
BlockNode *block_node_add(Machine *machine, OptionList *options, GError **error);
gboolean block_node_remove(Machine *machine, const char *name, GError **error);
BlockNode *block_node_find(Machine *machine, const char *name);
void block_node_foreach(Machine *machine, void (*fn)(BlockNode *node, void *opaque), void *opaque);
/* The image that it shows, and whether nobody may write to it. */
BlockImage *block_node_image(const BlockNode *node);
gboolean block_node_is_readonly(const BlockNode *node);
const char *block_node_file(const BlockNode *node);

/*
 * Lamps: calls `fn` (by any thread, lock held: take note only) at the next request to any drive,
 * once; then block_activity_arm() asks again. An idle machine costs nothing so, a busy one little.
 */
typedef struct BlockActivity BlockActivity;
BlockActivity *block_activity_new(BlockManager *manager, void (*fn)(void *opaque), void *opaque);
void block_activity_arm(BlockActivity *activity);
void block_activity_free(BlockActivity *activity); /* NULL is fine */

/* TRUE for drives whose medium can be changed. */
gboolean drive_is_removable(const Drive *drive);

/* ---- image formats ---- */

typedef enum BlockOpenFlags {
    BLOCK_OPEN_READONLY = 1 << 0,
    BLOCK_OPEN_DIRECT = 1 << 1,  /* past the page cache */
    BLOCK_OPEN_SYNC = 1 << 2,    /* a write is on stable storage when it ends */
    BLOCK_OPEN_LOCK = 1 << 3,    /* take image locks */
    BLOCK_OPEN_DISCARD = 1 << 4, /* discard reaches the file system */
} BlockOpenFlags;

/* First member of every format's state. */
struct BlockImage {
    const BlockImageOps *ops;
    Machine *machine;
    BlockEngine *engine; /* for its files */
    char *file;          /* name, for messages */
    guint flags;         /* BLOCK_OPEN_* */
    guint64 length;      /* bytes; set by open, a multiple of 512 */
    BlockImage *base;    /* overlay: owned; else NULL */
    /* Names by which programs speak of it, and of the file below it. */
    char *node_name, *file_node_name;
};

struct BlockImageOps {
    const char *name; /* as in format=NAME */
    const char *summary;
    gsize size;          /* of its struct, which begins with a BlockImage */
    gboolean needs_base; /* lies on another image; never chosen by format= or probing */
    /* Do these first bytes of a file belong to this format? NULL = never found by probing. */
    gboolean (*probe)(const guint8 *head, gsize length);
    /* Required. `file` and `flags` are set; sets `length`. At start or media change. */
    gboolean (*open)(BlockImage *image, GError **error);
    void (*close)(BlockImage *image); /* required; nothing is under way */
    /* Required. Starts a request that is in range; ends in block_image_complete(), at once or
     * later. */
    void (*submit)(BlockImage *image, BlockRequest *request);
    /* With needs_base: writes what it keeps to the base, which is writable, and forgets it. Nothing
     * is sent to it meanwhile; it ends in `done`, later. NULL = cannot. */
    void (*commit)(BlockImage *image, void (*done)(BlockImage *image, int result, void *opaque),
                   void *opaque);
    /* Lets an image that was opened for reading be written too, or no longer. NULL = cannot. */
    gboolean (*set_writable)(BlockImage *image, gboolean on, GError **error);
    /* Whether it grows by what is written behind its end, and: it has grown to `length`. Both NULL
     * = it does not. */
    gboolean (*can_grow)(BlockImage *image, GError **error);
    void (*grown)(BlockImage *image, guint64 length);
    /* With needs_base: how many bytes from `offset` on, of the `length` that are asked for, are
     * alike in being kept here or in the base. NULL = has no base. */
    guint64 (*run)(BlockImage *image, guint64 offset, guint64 length, gboolean *here);
    /* Appends details for `info block -v` ("    Overlay: 12 KiB"). NULL = nothing to say. */
    void (*info)(BlockImage *image, GString *out);
};

/* Opens an image. `format` NULL = probe: what is not known for another format is raw. */
BlockImage *block_image_open(Machine *machine, const char *format, const char *file,
                             BlockEngine *engine, guint flags, GError **error);
/* Closes and frees, base included. NULL is fine. */
void block_image_close(BlockImage *image);
/* The format that `needs_base` (block/overlay.c), laid over `base`, which it owns from now on; on
 * failure it stays the caller's. */
BlockImage *block_image_overlay(BlockImage *base, GError **error);

/* Sends a request to an image directly (tests, formats that lie on others). */
void block_image_submit(BlockImage *image, BlockRequest *request);
/* A format ends a request: `done` is called. */
void block_image_complete(BlockRequest *request, int result);

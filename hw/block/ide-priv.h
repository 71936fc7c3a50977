/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the IDE model share: registers, the state of a channel and of a device on it,
 * and the transfers between a device and its host. References are to ATA/ATAPI-6 (T13/1410D).
 * Vm lock held.
 */
#pragma once

#include "core/block.h"
#include "hw/block/dma-list.h"
#include "hw/block/ide.h"

/* Command block registers by port offset (clause 7). */
enum {
    IDE_DATA,
    IDE_ERROR, /* write: features */
    IDE_COUNT, /* PACKET: interrupt reason */
    IDE_LBA_LOW,
    IDE_LBA_MID,  /* PACKET: byte count, low */
    IDE_LBA_HIGH, /* PACKET: byte count, high */
    IDE_DEVICE,
    IDE_STATUS, /* write: command */
};

#define STATUS_BSY  0x80
#define STATUS_DRDY 0x40
#define STATUS_DF   0x20
#define STATUS_DSC  0x10 /* seek complete; obsolete, but what drives show */
#define STATUS_DRQ  0x08
#define STATUS_ERR  0x01 /* PACKET: CHK */

#define ERROR_UNC  0x40
#define ERROR_IDNF 0x10
#define ERROR_ABRT 0x04

#define DEVICE_LBA    0x40
#define DEVICE_SELECT 0x10

#define CONTROL_HOB  0x80
#define CONTROL_SRST 0x04
#define CONTROL_NIEN 0x02

/* Interrupt reason of PACKET (clause 8.23). */
#define REASON_CD 0x01 /* a packet, or the end, not data */
#define REASON_IO 0x02 /* to the host */

#define IDE_SECTOR      512
#define IDE_BUFFER_SIZE (128 * 1024)

typedef struct IdeChannel IdeChannel;
typedef struct IdeDevice IdeDevice;
typedef struct IdeDma IdeDma;

/* A controller that talks to its only device by itself, not through Command Block registers. */
typedef struct IdeHostOps {
    /* A request to the drive has ended, and what followed is done. */
    void (*progress)(void *opaque);
    /* The device has come or gone. */
    void (*changed)(void *opaque);
} IdeHostOps;

/* One channel, embedded in its controller (its bus, which is freed earlier, points to it). */
struct IdeChannel {
    Region command, control; /* 8 ports and 1 port; mapped by the controller */
    IdeDevice *devices[2];
    guint8 select;         /* Device register as last written: which one answers */
    guint8 device_control; /* Device Control register */
    gboolean intrq;        /* as told to the controller */
    IdeDma *dma;           /* NULL = the controller has none */
    /* The channel's interrupt has changed. NULL with a host. */
    void (*set_intrq)(void *opaque, gboolean level);
    const IdeHostOps *host; /* Serial ATA; NULL = a parallel channel */
    guint serial_base;      /* default serial numbers of its devices go on from this */
    void *opaque;
};

/* What disks and CD-ROMs differ in. */
typedef struct IdeKind {
    gboolean is_cdrom;
    guint8 reset_status; /* status after a reset (clause 9.12) */
    guint8 signature_mid, signature_high;
    void (*const *commands)(IdeDevice *ide); /* 256, by opcode; NULL = aborted */
    gboolean (*realize)(IdeDevice *ide, GError **error);
    void (*reset)(IdeDevice *ide, gboolean hard); /* its own state; NULL = none */
    const DriveUser *drive_user;
} IdeKind;

/* What follows when the host has moved a block through the Data register, or has started the bus
 * master. A number, not a function, since it is part of saved state (table in ide-state.c). */
typedef enum IdePhase {
    IDE_PHASE_NONE,
    IDE_PHASE_TAKEN, /* PIO: the command's only block has been read */
    IDE_PHASE_GIVEN, /* PIO: ... has been written */
    IDE_PHASE_READ,  /* PIO: a block of a run of sectors */
    IDE_PHASE_WRITE,
    IDE_PHASE_SECTORS,      /* DMA: a run of sectors */
    IDE_PHASE_TRIM,         /* DMA: ranges for DATA SET MANAGEMENT */
    IDE_PHASE_PACKET,       /* PIO: a packet */
    IDE_PHASE_PACKET_TAKEN, /* PIO: IDENTIFY PACKET DEVICE */
    IDE_PHASE_PACKET_READ,  /* PIO: a block of a packet's data */
    IDE_PHASE_PACKET_WRITE,
    IDE_PHASE_PACKET_REPLY, /* DMA: a packet's data from the buffer */
    IDE_PHASE_PACKET_RECEIVE,
    IDE_PHASE_PACKET_SECTORS, /* DMA: sectors of the disc */
    IDE_PHASE_COUNT,
} IdePhase;

/* The data phase of PIO: bytes [pos, end) of the buffer pass through the Data register. */
typedef struct IdePio {
    guint32 pos, end;
    gboolean to_host;
} IdePio;

/* A run of sectors that a command moves. */
typedef struct IdeRun {
    guint64 lba;
    guint32 left;      /* sectors not yet moved */
    guint32 step;      /* most sectors of one request; 1 while a bad one is looked for */
    guint32 requested; /* sectors of the request under way */
    guint32 block;     /* PIO: sectors between two interrupts */
    guint32 offered;   /* PIO in: sectors of the block that the host reads */
    guint32 buffered;  /* PIO: sectors in the buffer from buffer_pos on */
    guint32 buffer_pos;
    guint64 dma_offset; /* DMA: bytes of the scatter list that are done */
    int bad;            /* PIO in: why the sector after the buffered ones cannot be read */
    gboolean write, ext;
} IdeRun;

/* What the log of queued commands tells about the last one that failed. */
typedef struct IdeQueueError {
    guint8 tag, status, error;
    guint16 count;
    guint64 lba;
} IdeQueueError;

#define IDE_QUEUE_ERROR_OTHER 0x80 /* as `tag`: it was not a queued command */

struct IdeDevice {
    Device device;
    const IdeKind *kind;
    IdeChannel *channel;
    guint unit;
    /* options */
    char *drive_id, *serial, *model, *version;
    gint64 bootindex;
    guint64 option_cylinders, option_heads, option_sectors;
    int option_translation;
    int option_read_error, option_write_error; /* DriveOnError, or DRIVE_ON_ERROR_COUNT: auto */
    gboolean write_cache;
    Drive *drive;
    /* registers; `previous` is what LBA48 commands take as the high halves (clause 6.20) */
    guint8 registers[8], previous[8];
    guint8 feature, previous_feature;
    guint8 status, error;
    gboolean intrq;
    /* transfers */
    guint8 buffer[IDE_BUFFER_SIZE];
    guint8 phase; /* IdePhase: what the host is waited for */
    IdePio pio;
    IdeRun run;
    BlockRequest request;
    struct iovec iov;       /* of a request to the buffer */
    struct iovec *iov_part; /* of a request to a part of a scatter list */
    void (*io_done)(IdeDevice *ide, int result);
    gboolean io_busy;   /* `request` is under way */
    gboolean resetting; /* reset waits for `request` to end */
    gboolean reset_hard;
    gboolean held; /* SRST is set */
    /* disks */
    IdeGeometry geometry;
    guint current_heads, current_sectors; /* INITIALIZE DEVICE PARAMETERS */
    guint8 multiple;                      /* sectors; 0 = off */
    guint8 transfer_mode;                 /* SET FEATURES 03h: bits of IDENTIFY words 62, 63, 88 */
    gboolean smart_enabled;
    gboolean standby;
    IdeQueueError queue_error;
    void *packet; /* CD-ROM: its struct Atapi */
};

/* ---- ide-channel.c ---- */

/* Prepares a channel of `controller`, with its bus. `set_intrq` is told about its interrupt. */
void ide_channel_init(IdeChannel *channel, Device *controller, guint n,
                      void (*set_intrq)(void *opaque, gboolean level), void *opaque);
/* The same for a port of a Serial ATA controller, the n-th: it has one device, and no regions. */
void ide_channel_init_sata(IdeChannel *channel, Device *controller, const char *bus_name, guint n,
                           const IdeHostOps *host, void *opaque);
/* Finishes its regions, which are unmapped. */
void ide_channel_finish(IdeChannel *channel);
/* The selected device's interrupt or nIEN has changed. */
void ide_update_intrq(IdeChannel *channel);

/* ---- ide-device.c ---- */

extern const OptionSpec ide_hd_options[], ide_cd_options[];

gboolean ide_device_realize(IdeDevice *ide, const IdeKind *kind, GError **error);
void ide_device_unrealize(IdeDevice *ide);
/* DeviceOps.reset: the machine is reset. */
void ide_device_power_on(Device *dev);

void ide_register_write(IdeDevice *ide, guint n, guint8 value);
guint8 ide_register_read(IdeDevice *ide, guint n, gboolean previous);
void ide_command(IdeDevice *ide, guint8 command);

/* Power-on or bus reset (hard), SRST or DEVICE RESET; waits for a request under way by itself. */
void ide_device_reset(IdeDevice *ide, gboolean hard);
/* The request that a reset waited for has ended: its result shows. */
void ide_finish_reset(IdeDevice *ide);
/* SRST is set (TRUE) or cleared. */
void ide_device_hold(IdeDevice *ide, gboolean hold);
/* Puts the signature into the registers (clause 9.12). */
void ide_set_signature(IdeDevice *ide);

/* The medium's first sector, zeros if it cannot be read. Waits: for realize. */
void ide_read_first_sector(IdeDevice *ide, guint8 *sector);

void ide_raise(IdeDevice *ide);
void ide_lower(IdeDevice *ide);
/* A command ends well, or with bits of the Error register; with interrupt. */
void ide_end(IdeDevice *ide);
void ide_fail(IdeDevice *ide, guint8 error);
void ide_abort(IdeDevice *ide);

/* Sends a request to the drive; `done` is not called if a reset comes in between. */
void ide_submit(IdeDevice *ide, BlockOp op, guint64 offset, const struct iovec *iov, guint niov,
                guint64 length, void (*done)(IdeDevice *ide, int result));
/* The same with part of the buffer. */
void ide_submit_buffer(IdeDevice *ide, BlockOp op, guint64 offset, guint32 pos, guint32 length,
                       void (*done)(IdeDevice *ide, int result));
void ide_submit_flush(IdeDevice *ide, void (*done)(IdeDevice *ide, int result));

/* ---- ide-transfer.c ---- */

/* Sets DRQ for `length` bytes of the buffer from `pos` on; `phase` follows. */
void ide_pio_start(IdeDevice *ide, gboolean to_host, guint32 pos, guint32 length, IdePhase phase);
guint32 ide_data_read(IdeDevice *ide, guint size);
void ide_data_write(IdeDevice *ide, guint32 value, guint size);

/* ---- ide-dma.c ---- */

/* What host controllers differ in. */
typedef struct IdeDmaOps {
    /* Required: the guest lets transfers begin. */
    gboolean (*is_ready)(IdeDma *dma);
    /* Required: puts up to `wanted` bytes of guest memory into the list; FALSE on a bus error. */
    gboolean (*build)(IdeDma *dma);
    /* Required: the list has been released; FALSE: on a bus error. */
    void (*ended)(IdeDma *dma, gboolean fine);
    /* The channel's interrupt rose. NULL = not interested. */
    void (*interrupt)(IdeDma *dma);
} IdeDmaOps;

/* A channel's transfers, the first member of its controller's side of them. */
struct IdeDma {
    const IdeDmaOps *ops;
    IdeChannel *channel;
    guint8 waiting; /* unit + 1 of the device that asserts DMARQ; 0 = none does */
    guint64 wanted; /* bytes that it wants to move */
    gboolean to_memory;
    gboolean running; /* the scatter list is in use */
    guint64 moved;    /* bytes of the transfer that has ended */
    DmaList list;     /* at most `wanted` bytes */
};

void ide_dma_init(IdeDma *dma, const IdeDmaOps *ops, PciDevice *pci, IdeChannel *channel,
                  guint32 bounce_max);
void ide_dma_finish(IdeDma *dma);
/* Begins the transfer if both sides are ready. */
void ide_dma_try_start(IdeDma *dma);
/* Waits until a transfer is through with memory. */
void ide_dma_drain(IdeDma *dma);

/* The device wants to move `length` bytes; `phase` follows once the controller is
 * ready, with the scatter list in channel->dma. */
void ide_dma_request(IdeDevice *ide, guint64 length, gboolean to_memory, IdePhase phase);
/* The device is through with `moved` bytes of the scatter list. TRUE if memory took them all, as
 * many as it wanted to move. */
gboolean ide_dma_end(IdeDevice *ide, guint64 moved);
/* The device gives up (reset). */
void ide_dma_cancel(IdeDevice *ide);
/* ---- ide-bus-master.c ---- */

/* The bus-master function's side of a channel ("Programming Interface for Bus Master IDE
 * Controller", 1.0). `region` (8 ports) is mapped by the controller. */
typedef struct IdeBusMaster {
    IdeDma dma;
    Region region;
    guint8 command, status;
    guint32 prdt;
    gboolean exhausted; /* the end of the list is the end of the table */
} IdeBusMaster;

void ide_bus_master_init(IdeBusMaster *bm, PciDevice *pci, IdeChannel *channel, const char *name);
void ide_bus_master_finish(IdeBusMaster *bm);
void ide_bus_master_reset(IdeBusMaster *bm);

/* ---- ide-state.c ---- */

/* Does what follows in the device's phase. */
void ide_run_phase(IdeDevice *ide);
gboolean ide_phase_is_dma(const IdeDevice *ide);

extern const StateTable ide_hd_state, ide_cd_state; /* of devices */
extern const StateTable ide_channel_state, ide_bus_master_state;

/* ---- ata.c, ata-identify.c, ata-smart.c ---- */

void ata_guess_geometry(IdeDevice *ide);
void ata_identify(IdeDevice *ide, guint16 *words);
void ata_put_string(guint16 *words, guint count, const char *text);
void ata_smart(IdeDevice *ide);
/* Commands that both kinds have. */
void ata_set_features(IdeDevice *ide);
void ata_diagnostic(IdeDevice *ide);
void ata_nop(IdeDevice *ide);
void ata_power(IdeDevice *ide);
void ata_check_power(IdeDevice *ide);
/* Words of IDENTIFY (PACKET) DEVICE about transfer modes: 49 to 53 and 62 to 88. */
void ata_identify_modes(const IdeDevice *ide, guint16 *words);

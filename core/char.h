/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The character seam: a backend (stdio, socket, file, pty, console tab...) carries bytes to and
 * from one user (a serial port, a monitor). Nothing blocks: what a slow peer cannot take stays
 * with the writer, who is called when there is room. Vm lock held.
 */
#pragma once

#include <glib.h>

#include "core/machine.h"

typedef struct Chardev Chardev;
typedef struct ChardevOps ChardevOps;

typedef enum CharEvent {
    CHAR_OPENED, /* a peer is there (also told at once to a user that attaches later) */
    CHAR_CLOSED,
    CHAR_BREAK, /* a break condition on the line */
} CharEvent;

/* Gets a peer's own character device, see chardev_share(). */
typedef void (*CharAcceptFn)(Chardev *peer, void *opaque);

/* What the user of a chardev gives it. */
typedef struct CharUser {
    /* How many bytes it can take now. NULL = any number. */
    gsize (*can_receive)(void *opaque);
    void (*receive)(void *opaque, const guint8 *data, gsize length);
    void (*event)(void *opaque, CharEvent event); /* NULL = not wanted */
    void (*writable)(void *opaque);               /* room after a short write; NULL = not wanted */
    /* The device was exchanged for `chr`, which the user is attached to from now on; CHAR_CLOSED
     * and CHAR_OPENED come around it. NULL = chardev_change() is refused. */
    void (*moved)(void *opaque, Chardev *chr);
    /* Descriptors that a peer on a unix socket has sent along with the bytes that are received
     * next; the user's to close from then on. NULL = not wanted: they are closed. */
    void (*receive_fds)(void *opaque, const int *fds, guint count);
} CharUser;

/* The terminal that a person sits at. */
typedef struct CharTerminal {
    guint columns;  /* 0 = not known */
    gboolean local; /* it is the terminal or a window of whoever runs the program */
} CharTerminal;

/* How a serial line is set. */
typedef struct CharLine {
    guint baud;
    guint data_bits, stop_bits;
    char parity; /* 'N', 'E', 'O' */
} CharLine;

/* The wires of a serial port. */
enum {
    CHAR_WIRE_DTR = 1 << 0, /* these two are the user's to set */
    CHAR_WIRE_RTS = 1 << 1,
    CHAR_WIRE_CTS = 1 << 2, /* and these the peer's */
    CHAR_WIRE_DSR = 1 << 3,
    CHAR_WIRE_RI = 1 << 4,
    CHAR_WIRE_DCD = 1 << 5,
};

/* What a backend with a real line under it can do; all are required. None blocks. */
typedef struct CharLineOps {
    void (*set)(Chardev *chr, const CharLine *line);
    void (*set_break)(Chardev *chr, gboolean on);
    void (*set_wires)(Chardev *chr, guint wires);
    guint (*wires)(Chardev *chr);
} CharLineOps;

struct Chardev {
    const ChardevOps *ops;
    Machine *machine;
    char *id;
    const CharUser *user;
    void *user_opaque;
    gboolean connected;
    gboolean shared;   /* chardev_share() is on */
    gboolean replaced; /* chardev_change() is under way: not to be found */
    gboolean later;    /* made while the machine runs: must not wait for anybody */
    /* options that every type has */
    char *logfile; /* gets what the user writes */
    gboolean logappend, mux;
    gboolean logs;
    int log_fd;
};

struct ChardevOps {
    const char *name; /* as in -chardev NAME */
    const char *summary;
    gsize size; /* of its struct, which begins with a Chardev */
    const OptionSpec *options;
    /*
     * What may block, before open: names, connections. Runs in a worker, without the lock, for a
     * device that is made while the machine runs; uses its own struct only, and leaves nothing
     * behind when it fails. After it comes open, or close alone. NULL = nothing blocks.
     */
    gboolean (*prepare)(Chardev *chr, GError **error);
    gboolean (*open)(Chardev *chr, GError **error); /* required; options are set */
    void (*close)(Chardev *chr);                    /* required */
    /* Required. Takes as many bytes as it can and returns how many. */
    gsize (*write)(Chardev *chr, const guint8 *data, gsize length);
    /* The user can receive again. NULL = not needed. */
    void (*accept)(Chardev *chr);
    /* Hands every peer to `accept` from now on, see chardev_share(); FALSE if it does
     * not listen. NULL = never does. */
    gboolean (*share)(Chardev *chr, CharAcceptFn accept, void *opaque);
    /* "unix:/tmp/x,server=on" for `info chardev`. NULL = the name. */
    char *(*describe)(Chardev *chr);
    /* NULL = nothing is known of a terminal. */
    CharTerminal (*terminal)(Chardev *chr);
    const CharLineOps *line; /* NULL = there is no real line */
    gboolean refused;        /* is known only so that its error can say what to use instead */
};

CharManager *char_manager_new(Machine *machine);
void char_manager_free(CharManager *manager);

/* Every backend type, ended by NULL. */
extern const ChardevOps *const chardev_types[];

/* The options of every type, beside its own. */
extern const OptionSpec chardev_common_options[];

/* "-chardev socket,id=x,path=..." : makes one; it belongs to machine->chars. */
Chardev *chardev_create(Machine *machine, const char *type, const char *id, OptionList *options,
                        GError **error);

/* Gets the device, or NULL and an error to read. */
typedef void (*CharReadyFn)(Chardev *chr, const GError *error, void *opaque);

/*
 * The same while the machine runs: nothing is waited for on the loop, and a server does not wait
 * for its first peer. `done` is called once, before the return or later. `options` is used up.
 */
void chardev_create_later(Machine *machine, const char *type, const char *id, OptionList *options,
                          CharReadyFn done, void *opaque);

/* Exchanges a device for a new one with the same id, and moves its user there. Otherwise as
 * chardev_create_later(); the old one stays if that fails. */
void chardev_change(Machine *machine, const char *type, const char *id, OptionList *options,
                    CharReadyFn done, void *opaque);

/* Takes "TYPE,id=ID,key=value..." apart, as -chardev has it. The caller
 * frees `type` and `id`. NULL with `error` set. */
OptionList *chardev_parse(const char *text, char **type, char **id, GError **error);

/*
 * The short forms of -serial, -monitor, -parallel ("stdio", "vc", "pty", "null", "none" (returns
 * NULL without error), "file:PATH", "unix:PATH,server=on,wait=off", "tcp:HOST:PORT,...",
 * "telnet:...", "udp:...", "/dev/ttyS0", "chardev:ID"). With "mon:" before it it is a mux, of
 * which a monitor is to claim an end, too. `id` names it ("serial0"). To attach to.
 */
Chardev *chardev_create_short(Machine *machine, const char *text, const char *id, GError **error);

/* The device `id` for a user to attach to: of a mux, an end that nobody has attached to. */
Chardev *chardev_claim(Machine *machine, const char *id, GError **error);

Chardev *chardev_find(Machine *machine, const char *id);
void chardev_foreach(Machine *machine, void (*fn)(Chardev *chr, void *opaque), void *opaque);
char *chardev_describe(Chardev *chr);   /* its text in `info chardev` (g_free) */
gboolean chardev_is_busy(Chardev *chr); /* it has a user */
gboolean chardev_is_mux(const Chardev *chr);
void chardev_send_break(Chardev *chr);        /* to its user, as if the peer did */
const char *chardev_pty_device(Chardev *chr); /* "/dev/pts/3"; NULL if it is no pty */
/*
 * Lets a listening backend take many peers at once: each becomes a character device of its own,
 * connected, which `accept` must attach to; that user destroys it later (not from inside its own
 * callbacks) after CHAR_CLOSED. The listening one has no user. FALSE if it cannot: it is no server,
 * or is in use. `accept` NULL ends that.
 */
gboolean chardev_share(Chardev *chr, CharAcceptFn accept, void *opaque);

/* Closes and frees it; fails if it has a user. */
gboolean chardev_destroy(Chardev *chr, GError **error);

/* Becomes the (one) user; fails if it has one. Told CHAR_OPENED at once if it is connected. */
gboolean chardev_attach(Chardev *chr, const CharUser *user, void *opaque, GError **error);
/* An end of a mux is gone afterwards. */
void chardev_detach(Chardev *chr);

/* The user writes: returns how many bytes were taken; the rest may be tried when `writable`. */
gsize chardev_write(Chardev *chr, const guint8 *data, gsize length);
/* The user can receive (more) again. */
void chardev_accept(Chardev *chr);
/* What is at the other end, as far as it is known: its width may change at any time. */
CharTerminal chardev_terminal(Chardev *chr);

/* ---- for backends ---- */
gsize chardev_user_room(Chardev *chr);
void chardev_receive(Chardev *chr, const guint8 *data, gsize length); /* at most the room */
void chardev_event(Chardev *chr, CharEvent event);
void chardev_writable(Chardev *chr);

/* ---- console tabs: the "vc" backend, shown by frontends ---- */

/*
 * A frontend that shows consoles attaches a view to a vc; it gets the scrollback first. Several
 * views may look at one.
 */
typedef struct VcView VcView;
typedef void (*VcOutputFn)(const guint8 *data, gsize length, void *opaque);

gboolean chardev_is_vc(Chardev *chr);
/* The size that was asked for, in characters; FALSE and unchanged if none was. */
gboolean chardev_vc_size(Chardev *chr, guint *columns, guint *rows);
VcView *vc_view_attach(Chardev *chr, VcOutputFn output, void *opaque);
void vc_view_detach(VcView *view);
gboolean vc_view_has_vc(const VcView *view); /* FALSE: the chardev went first */
/* The view's terminal has this width. Of several views, that of the one typed in last counts. */
void vc_view_set_columns(VcView *view, guint columns);
/* The person typed. What the user cannot take now is kept, up to 64 KiB. */
void vc_view_input(VcView *view, const guint8 *data, gsize length);
/* The view's terminal answers a question in the output. Of several views only the first is heard,
 * and not about output from before it came. */
void vc_view_answer(VcView *view, const guint8 *data, gsize length);

/* ---- the "ringbuf" backend ---- */

gboolean chardev_is_ringbuf(Chardev *chr);
/* Takes the oldest bytes kept; returns how many. */
gsize chardev_ringbuf_read(Chardev *chr, guint8 *data, gsize length);
/* Sends bytes to the user as the peer would; returns how many it could take. */
gsize chardev_ringbuf_write(Chardev *chr, const guint8 *data, gsize length);

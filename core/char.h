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
} CharUser;

/* The terminal that a person sits at. */
typedef struct CharTerminal {
    guint columns;  /* 0 = not known */
    gboolean local; /* it is the terminal or a window of whoever runs the program */
} CharTerminal;

struct Chardev {
    const ChardevOps *ops;
    Machine *machine;
    char *id;
    const CharUser *user;
    void *user_opaque;
    gboolean connected;
};

struct ChardevOps {
    const char *name; /* as in -chardev NAME */
    const char *summary;
    gsize size; /* of its struct, which begins with a Chardev */
    const OptionSpec *options;
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
};

CharManager *char_manager_new(Machine *machine);
void char_manager_free(CharManager *manager);

/* Every backend type, ended by NULL. */
extern const ChardevOps *const chardev_types[];

/* "-chardev socket,id=x,path=..." : makes one; it belongs to machine->chars. */
Chardev *chardev_create(Machine *machine, const char *type, const char *id, OptionList *options,
                        GError **error);

/*
 * The short forms of -serial, -monitor, -parallel ("stdio", "vc", "pty", "null", "none" (returns
 * NULL without error), "file:PATH", "unix:PATH,server=on,wait=off", "tcp:HOST:PORT,...",
 * "telnet:...", "chardev:ID"). `id` names it ("serial0").
 */
Chardev *chardev_create_short(Machine *machine, const char *text, const char *id, GError **error);

Chardev *chardev_find(Machine *machine, const char *id);
void chardev_foreach(Machine *machine, void (*fn)(Chardev *chr, void *opaque), void *opaque);
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

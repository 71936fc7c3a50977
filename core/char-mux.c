/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Several users on one character device: each has a "mux" of its own with the same chardev=ID. All
 * may write; what is typed goes to one of them, and Ctrl-A is the escape character: Ctrl-A c goes
 * to the next, h shows the rest.
 */
#include <string.h>

#include "core/char-priv.h"
#include "core/error.h"

#define MUX_ESCAPE    0x01 /* Ctrl-A */
#define MUX_TYPEAHEAD 4096

typedef struct MuxHub MuxHub;

typedef struct MuxChardev {
    Chardev chr;
    char *base_id;
    MuxHub *hub;
    GByteArray *typed; /* not yet taken by the user */
} MuxChardev;

/* What the muxes of one device share; the device's user. */
struct MuxHub {
    Chardev *base;
    GPtrArray *muxes; /* of MuxChardev*, not owned, in order of making */
    guint focus;
    gboolean escaped;
    gboolean flushing;  /* a user may ask for more while it is given some */
    gboolean stamps;    /* a time before each line */
    gint64 stamps_from; /* host time that they count from */
    gboolean in_line;   /* the line that is being written has its stamp */
    char stamp[32];     /* the one that is being written */
    gsize stamp_sent;   /* of it */
};

static MuxChardev *focused(MuxHub *hub)
{
    return g_ptr_array_index(hub->muxes, hub->focus);
}

/* ---- typed bytes ---- */

static void flush_typed(MuxChardev *mux)
{
    if (mux->hub->flushing) {
        return;
    }
    mux->hub->flushing = TRUE;
    while (mux->typed->len > 0) {
        gsize n = MIN(chardev_user_room(&mux->chr), mux->typed->len);
        g_autofree guint8 *chunk = n ? g_memdup2(mux->typed->data, n) : NULL;

        if (!n) {
            break;
        }
        g_byte_array_remove_range(mux->typed, 0, (guint)n);
        chardev_receive(&mux->chr, chunk, n);
    }
    mux->hub->flushing = FALSE;
}

static void type_byte(MuxHub *hub, guint8 byte)
{
    MuxChardev *mux = focused(hub);

    if (mux->typed->len < MUX_TYPEAHEAD) {
        g_byte_array_append(mux->typed, &byte, 1);
    }
}

static void say(MuxHub *hub, const char *text)
{
    chardev_write(hub->base, (const guint8 *)text, strlen(text));
}

static void set_focus(MuxHub *hub, guint focus)
{
    hub->focus = focus;
    /* A monitor greets when it is looked at for the first time, not in the midst of a console. */
    if (hub->base->connected) {
        chardev_event(&focused(hub)->chr, CHAR_OPENED);
    }
}

static void toggle_stamps(MuxHub *hub)
{
    hub->stamps = !hub->stamps;
    hub->stamps_from = clock_now(hub->base->machine->host_clock);
    hub->in_line = FALSE;
    hub->stamp[0] = '\0';
}

static void escape(MuxHub *hub, guint8 byte)
{
    Machine *machine = hub->base->machine;

    switch (byte) {
    case 'c': set_focus(hub, (hub->focus + 1) % hub->muxes->len); return;
    case 't': toggle_stamps(hub); return;
    case 'b': chardev_event(&focused(hub)->chr, CHAR_BREAK); return;
    case 'x': machine_request_shutdown(machine, SHUTDOWN_HOST_UI, 0); return;
    case MUX_ESCAPE: type_byte(hub, byte); return;
    default:
        say(hub, "\r\n"
                 "Ctrl-A h    shows this help\r\n"
                 "Ctrl-A x    ends the machine\r\n"
                 "Ctrl-A t    puts a time before each line, or no longer\r\n"
                 "Ctrl-A b    sends a break\r\n"
                 "Ctrl-A c    switches between console and monitor\r\n"
                 "Ctrl-A Ctrl-A  sends Ctrl-A\r\n");
    }
}

/* ---- the device's user ---- */

static gsize hub_can_receive(void *opaque)
{
    MuxHub *hub = opaque;

    /* A user that takes nothing must not keep an escape from being seen, for a while at least. */
    return MUX_TYPEAHEAD - focused(hub)->typed->len;
}

static void hub_receive(void *opaque, const guint8 *data, gsize length)
{
    MuxHub *hub = opaque;

    for (gsize i = 0; i < length; i++) {
        if (hub->escaped) {
            hub->escaped = FALSE;
            flush_typed(focused(hub));
            escape(hub, data[i]);
        } else if (data[i] == MUX_ESCAPE) {
            hub->escaped = TRUE;
        } else {
            type_byte(hub, data[i]);
        }
    }
    flush_typed(focused(hub));
}

static void hub_event(void *opaque, CharEvent event)
{
    MuxHub *hub = opaque;

    if (event == CHAR_OPENED) {
        set_focus(hub, hub->focus);
    } else if (event == CHAR_BREAK) {
        chardev_event(&focused(hub)->chr, event);
    } else {
        for (guint i = 0; i < hub->muxes->len; i++) {
            chardev_event(g_ptr_array_index(hub->muxes, i), event);
        }
    }
}

static void hub_writable(void *opaque)
{
    MuxHub *hub = opaque;

    for (guint i = 0; i < hub->muxes->len; i++) {
        chardev_writable(g_ptr_array_index(hub->muxes, i));
    }
}

static const CharUser hub_user = {
    .can_receive = hub_can_receive,
    .receive = hub_receive,
    .event = hub_event,
    .writable = hub_writable,
};

/* ---- the mux itself ---- */

/* Writes the time that a line begins at; FALSE while there is no room for all of it. */
static gboolean write_stamp(MuxHub *hub)
{
    if (!hub->stamp[0]) {
        gint64 ms = (clock_now(hub->base->machine->host_clock) - hub->stamps_from) / NS_PER_MS;

        g_snprintf(hub->stamp, sizeof(hub->stamp), "[%02d:%02d:%02d.%03d] ",
                   (int)(ms / 3600000 % 100), (int)(ms / 60000 % 60), (int)(ms / 1000 % 60),
                   (int)(ms % 1000));
        hub->stamp_sent = 0;
    }
    hub->stamp_sent += chardev_write(hub->base, (const guint8 *)hub->stamp + hub->stamp_sent,
                                     strlen(hub->stamp) - hub->stamp_sent);
    if (hub->stamp[hub->stamp_sent]) {
        return FALSE;
    }
    hub->stamp[0] = '\0';
    hub->in_line = TRUE;
    return TRUE;
}

static gsize mux_write(Chardev *chr, const guint8 *data, gsize length)
{
    MuxHub *hub = ((MuxChardev *)chr)->hub;
    gsize done = 0;

    while (hub->stamps && done < length && (hub->in_line || write_stamp(hub))) {
        const guint8 *newline = memchr(data + done, '\n', length - done);
        gsize part = newline ? (gsize)(newline + 1 - (data + done)) : length - done;
        gsize n = chardev_write(hub->base, data + done, part);

        done += n;
        if (n < part) {
            return done;
        }
        hub->in_line = !newline;
    }
    return hub->stamps ? done : chardev_write(hub->base, data, length);
}

static void mux_accept(Chardev *chr)
{
    MuxChardev *mux = (MuxChardev *)chr;

    flush_typed(mux);
    if (mux == focused(mux->hub) && !mux->hub->flushing) {
        chardev_accept(mux->hub->base);
    }
}

/* The hub of a device that has muxes already, else a new one. */
static MuxHub *find_hub(Chardev *base, GError **error)
{
    MuxHub *hub;

    if (base->user == &hub_user) {
        return base->user_opaque;
    }
    if (base->user) {
        error_set(error, "character device '%s' is in use already", base->id);
        return NULL;
    }
    hub = g_new0(MuxHub, 1);
    hub->base = base;
    hub->muxes = g_ptr_array_new();
    return hub;
}

static gboolean mux_open(Chardev *chr, GError **error)
{
    MuxChardev *mux = (MuxChardev *)chr;
    Chardev *base = mux->base_id ? chardev_find(chr->machine, mux->base_id) : NULL;

    if (!base) {
        return error_set(error, "mux needs chardev=ID of a character device made before");
    }
    if (base->ops == &char_mux_ops) {
        return error_set(error, "'%s' is a mux itself; name the device that it shares", base->id);
    }
    mux->hub = find_hub(base, error);
    if (!mux->hub) {
        return FALSE;
    }
    mux->typed = g_byte_array_new();
    g_ptr_array_add(mux->hub->muxes, mux);
    if (mux->hub->muxes->len == 1) {
        chardev_attach(base, &hub_user, mux->hub, NULL);
    }
    return TRUE;
}

static void mux_close(Chardev *chr)
{
    MuxChardev *mux = (MuxChardev *)chr;
    MuxHub *hub = mux->hub;

    g_ptr_array_remove(hub->muxes, mux);
    hub->focus = 0;
    if (hub->muxes->len == 0) {
        chardev_detach(hub->base);
        g_ptr_array_unref(hub->muxes);
        g_free(hub);
    }
    g_byte_array_unref(mux->typed);
}

static CharTerminal mux_terminal(Chardev *chr)
{
    return chardev_terminal(((MuxChardev *)chr)->hub->base);
}

static char *mux_describe(Chardev *chr)
{
    return g_strconcat("mux,chardev=", ((MuxChardev *)chr)->base_id, NULL);
}

static const OptionSpec mux_options[] = {
    {"chardev", OPTION_STRING, G_STRUCT_OFFSET(MuxChardev, base_id), NULL,
     "the character device to share"},
    OPTION_END,
};

const ChardevOps char_mux_ops = {
    .name = "mux",
    .summary = "shares another character device; Ctrl-A c goes to the next user",
    .size = sizeof(MuxChardev),
    .options = mux_options,
    .open = mux_open,
    .close = mux_close,
    .write = mux_write,
    .accept = mux_accept,
    .describe = mux_describe,
    .terminal = mux_terminal,
};

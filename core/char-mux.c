/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Several users on one character device: each attaches to an end of its own (chardev_claim()). All
 * may write; what is typed goes to one of them, and Ctrl-A (or another, -echr) is the escape
 * character: Ctrl-A c goes to the next, h shows the rest.
 */
#include <string.h>

#include "core/char-priv.h"
#include "core/error.h"
#include "core/log.h"

#define MUX_TYPEAHEAD 4096
#define MUX_MAX_PORTS 16

typedef struct MuxChardev MuxChardev;

/* One user's end. Not in the machine's list. */
typedef struct MuxPort {
    Chardev chr;
    MuxChardev *mux;
    GByteArray *typed; /* not yet taken by the user */
} MuxPort;

struct MuxChardev {
    Chardev chr;
    char *base_id;
    Chardev *base;    /* whose user this is */
    GPtrArray *ports; /* of MuxPort*, owned, in order of making */
    guint focus;
    gboolean escaped;
    gboolean flushing;  /* a user may ask for more while it is given some */
    gboolean stamps;    /* a time before each line */
    gint64 stamps_from; /* host time that they count from */
    gboolean in_line;   /* the line that is being written has its stamp */
    char stamp[32];     /* the one that is being written */
    gsize stamp_sent;   /* of it */
};

static const ChardevOps mux_port_ops;

/* NULL = nobody is there yet. */
static MuxPort *focused(MuxChardev *mux)
{
    return mux->focus < mux->ports->len ? g_ptr_array_index(mux->ports, mux->focus) : NULL;
}

static guint8 escape_char(const MuxChardev *mux)
{
    return mux->chr.machine->mux_escape;
}

/* ---- typed bytes ---- */

static void flush_typed(MuxPort *port)
{
    MuxChardev *mux = port ? port->mux : NULL;

    if (!mux || mux->flushing) {
        return;
    }
    mux->flushing = TRUE;
    /* The user may go meanwhile, and its end with it. */
    while (g_ptr_array_find(mux->ports, port, NULL) && port->typed->len > 0) {
        gsize n = MIN(chardev_user_room(&port->chr), port->typed->len);
        g_autofree guint8 *chunk = n ? g_memdup2(port->typed->data, n) : NULL;

        if (!n) {
            break;
        }
        g_byte_array_remove_range(port->typed, 0, (guint)n);
        chardev_receive(&port->chr, chunk, n);
    }
    mux->flushing = FALSE;
}

static void type_byte(MuxChardev *mux, guint8 byte)
{
    MuxPort *port = focused(mux);

    if (port && port->typed->len < MUX_TYPEAHEAD) {
        g_byte_array_append(port->typed, &byte, 1);
    }
}

static void say(MuxChardev *mux, const char *text)
{
    chardev_write(mux->base, (const guint8 *)text, strlen(text));
}

static void set_focus(MuxChardev *mux, guint focus)
{
    MuxPort *port;

    mux->focus = focus;
    port = focused(mux);
    /* A monitor greets when it is looked at for the first time, not in the midst of a console. */
    if (port && mux->base->connected) {
        chardev_event(&port->chr, CHAR_OPENED);
    }
}

static void toggle_stamps(MuxChardev *mux)
{
    mux->stamps = !mux->stamps;
    mux->stamps_from = clock_now(mux->chr.machine->host_clock);
    mux->in_line = FALSE;
    mux->stamp[0] = '\0';
}

/* "Ctrl-A", or "\xNN" where the key has no such name. */
static char *escape_name(const MuxChardev *mux)
{
    guint8 byte = escape_char(mux);

    return byte >= 1 && byte <= 26 ? g_strdup_printf("Ctrl-%c", 'A' + byte - 1)
                                   : g_strdup_printf("\\x%02x", byte);
}

static void say_help(MuxChardev *mux)
{
    static const char *const lines[][2] = {
        {"h", "shows this help"},
        {"x", "ends the machine"},
        {"s", "writes what snapshot=on drives have gathered to their files"},
        {"t", "puts a time before each line, or no longer"},
        {"b", "sends a break"},
        {"c", "switches between console and monitor"},
    };
    g_autofree char *key = escape_name(mux);
    g_autoptr(GString) text = g_string_new("\r\n");

    for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_string_append_printf(text, "%s %s    %s\r\n", key, lines[i][0], lines[i][1]);
    }
    g_string_append_printf(text, "%s %s  sends %s\r\n", key, key, key);
    say(mux, text->str);
}

static void commit_done(const char *text, void *opaque)
{
    if (*text) {
        report_error("%s", text);
    }
}

static void escape(MuxChardev *mux, guint8 byte)
{
    Machine *machine = mux->chr.machine;

    if (byte == escape_char(mux)) {
        type_byte(mux, byte);
        return;
    }
    switch (byte) {
    case 'c':
        if (mux->ports->len) {
            set_focus(mux, (mux->focus + 1) % mux->ports->len);
        }
        return;
    case 't': toggle_stamps(mux); return;
    case 's':
        if (machine->run_command) {
            machine->run_command(machine, "commit all", commit_done, NULL);
        }
        return;
    case 'b': char_mux_send_break(&mux->chr); return;
    case 'x':
        say(mux, "\r\nVitrine: terminated\r\n");
        machine_request_shutdown(machine, SHUTDOWN_HOST_UI, 0);
        return;
    case 'h':
    case '?': say_help(mux); return;
    default: return;
    }
}

/* ---- the device's user ---- */

static gsize mux_can_receive(void *opaque)
{
    MuxPort *port = focused(opaque);

    /* A user that takes nothing must not keep an escape from being seen, for a while at least. */
    return port ? MUX_TYPEAHEAD - port->typed->len : 0;
}

static void mux_receive(void *opaque, const guint8 *data, gsize length)
{
    MuxChardev *mux = opaque;

    for (gsize i = 0; i < length; i++) {
        if (mux->escaped) {
            mux->escaped = FALSE;
            flush_typed(focused(mux));
            escape(mux, data[i]);
        } else if (data[i] == escape_char(mux)) {
            mux->escaped = TRUE;
        } else {
            type_byte(mux, data[i]);
        }
    }
    flush_typed(focused(mux));
}

static void mux_event(void *opaque, CharEvent event)
{
    MuxChardev *mux = opaque;

    chardev_event(&mux->chr, event);
    if (event == CHAR_OPENED) {
        set_focus(mux, mux->focus);
    } else if (event == CHAR_BREAK) {
        char_mux_send_break(&mux->chr);
    } else {
        for (guint i = 0; i < mux->ports->len; i++) {
            chardev_event(g_ptr_array_index(mux->ports, i), event);
        }
    }
}

static void mux_writable(void *opaque)
{
    MuxChardev *mux = opaque;

    for (guint i = 0; i < mux->ports->len; i++) {
        chardev_writable(g_ptr_array_index(mux->ports, i));
    }
}

static const CharUser mux_user = {
    .can_receive = mux_can_receive,
    .receive = mux_receive,
    .event = mux_event,
    .writable = mux_writable,
};

/* ---- the users' ends ---- */

/* Writes the time that a line begins at; FALSE while there is no room for all of it. */
static gboolean write_stamp(MuxChardev *mux)
{
    if (!mux->stamp[0]) {
        gint64 ms = (clock_now(mux->chr.machine->host_clock) - mux->stamps_from) / NS_PER_MS;

        g_snprintf(mux->stamp, sizeof(mux->stamp), "[%02d:%02d:%02d.%03d] ",
                   (int)(ms / 3600000 % 100), (int)(ms / 60000 % 60), (int)(ms / 1000 % 60),
                   (int)(ms % 1000));
        mux->stamp_sent = 0;
    }
    mux->stamp_sent += chardev_write(mux->base, (const guint8 *)mux->stamp + mux->stamp_sent,
                                     strlen(mux->stamp) - mux->stamp_sent);
    if (mux->stamp[mux->stamp_sent]) {
        return FALSE;
    }
    mux->stamp[0] = '\0';
    mux->in_line = TRUE;
    return TRUE;
}

static gsize port_write(Chardev *chr, const guint8 *data, gsize length)
{
    MuxChardev *mux = ((MuxPort *)chr)->mux;
    gsize done = 0;

    while (mux->stamps && done < length && (mux->in_line || write_stamp(mux))) {
        const guint8 *newline = memchr(data + done, '\n', length - done);
        gsize part = newline ? (gsize)(newline + 1 - (data + done)) : length - done;
        gsize n = chardev_write(mux->base, data + done, part);

        done += n;
        if (n < part) {
            return done;
        }
        mux->in_line = !newline;
    }
    return mux->stamps ? done : chardev_write(mux->base, data, length);
}

static void port_accept(Chardev *chr)
{
    MuxPort *port = (MuxPort *)chr;

    flush_typed(port);
    if (port == focused(port->mux) && !port->mux->flushing) {
        chardev_accept(port->mux->base);
    }
}

/* Ends are made and freed by the functions below, never by type. */
static gboolean port_open(Chardev *chr, GError **error)
{
    return TRUE;
}

static void port_close(Chardev *chr)
{
    g_byte_array_unref(((MuxPort *)chr)->typed);
}

static CharTerminal port_terminal(Chardev *chr)
{
    return chardev_terminal(((MuxPort *)chr)->mux->base);
}

static const ChardevOps mux_port_ops = {
    .name = "mux-port",
    .size = sizeof(MuxPort),
    .open = port_open,
    .close = port_close,
    .write = port_write,
    .accept = port_accept,
    .terminal = port_terminal,
};

Chardev *char_mux_free_port(Chardev *chr, GError **error)
{
    MuxChardev *mux = (MuxChardev *)chr;
    MuxPort *port;

    for (guint i = 0; i < mux->ports->len; i++) {
        port = g_ptr_array_index(mux->ports, i);
        if (!port->chr.user) {
            return &port->chr;
        }
    }
    if (mux->ports->len >= MUX_MAX_PORTS) {
        error_set(error, "character device '%s' has %u users already", chr->id, MUX_MAX_PORTS);
        return NULL;
    }
    port = g_new0(MuxPort, 1);
    port->chr = (Chardev){.ops = &mux_port_ops, .machine = chr->machine, .id = g_strdup(chr->id)};
    port->mux = mux;
    port->typed = g_byte_array_new();
    g_ptr_array_add(mux->ports, port);
    if (mux->ports->len == 1) {
        set_focus(mux, 0);
    }
    return &port->chr;
}

gboolean char_mux_drop_port(Chardev *chr)
{
    MuxPort *port = (MuxPort *)chr;
    MuxChardev *mux;
    guint at;

    if (chr->ops != &mux_port_ops) {
        return FALSE;
    }
    mux = port->mux;
    g_ptr_array_find(mux->ports, port, &at);
    g_ptr_array_remove_index(mux->ports, at);
    if (at < mux->focus || mux->focus >= mux->ports->len) {
        set_focus(mux, mux->focus ? mux->focus - 1 : 0);
    }
    return TRUE;
}

gboolean char_mux_has_users(const Chardev *chr)
{
    return chardev_is_mux(chr) && ((const MuxChardev *)chr)->ports->len > 0;
}

void char_mux_send_break(Chardev *chr)
{
    MuxPort *port = focused((MuxChardev *)chr);

    if (port) {
        chardev_event(&port->chr, CHAR_BREAK);
    }
}

const char *char_mux_base_id(const Chardev *chr)
{
    return ((const MuxChardev *)chr)->base_id;
}

gboolean chardev_is_mux(const Chardev *chr)
{
    return chr->ops == &char_mux_ops;
}

/* ---- the mux itself ---- */

static gboolean mux_open(Chardev *chr, GError **error)
{
    MuxChardev *mux = (MuxChardev *)chr;
    Chardev *base = mux->base_id ? chardev_find(chr->machine, mux->base_id) : NULL;

    if (!base) {
        return error_set(error, "mux needs chardev=ID of a character device made before");
    }
    if (chardev_is_mux(base)) {
        return error_set(error, "'%s' is a mux itself; name the device that it shares", base->id);
    }
    mux->ports = g_ptr_array_new_with_free_func((GDestroyNotify)char_free);
    mux->base = base;
    if (!chardev_attach(base, &mux_user, mux, error)) {
        g_ptr_array_unref(mux->ports);
        return FALSE;
    }
    return TRUE;
}

static void mux_close(Chardev *chr)
{
    MuxChardev *mux = (MuxChardev *)chr;

    chardev_detach(mux->base);
    g_ptr_array_unref(mux->ports);
}

/* Nobody attaches to the mux but to ends of it. */
static gsize mux_write(Chardev *chr, const guint8 *data, gsize length)
{
    return chardev_write(((MuxChardev *)chr)->base, data, length);
}

static const OptionSpec mux_options[] = {
    {"chardev", OPTION_STRING, offsetof(MuxChardev, base_id), NULL,
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
};

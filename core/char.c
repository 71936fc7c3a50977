/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/char.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/char-priv.h"
#include "core/error.h"

const ChardevOps *const chardev_types[] = {
    &char_null_ops,   &char_stdio_ops, &char_file_ops,     &char_pipe_ops, &char_socket_ops,
    &char_udp_ops,    &char_pty_ops,   &char_vc_ops,       &char_mux_ops,  &char_ringbuf_ops,
    &char_serial_ops, &char_tty_ops,   &char_parallel_ops, NULL,
};

/* ---- helpers for backends ---- */

void char_fd_prepare(int fd)
{
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
}

gssize char_fd_write(int fd, const guint8 *data, gsize length)
{
    gsize done = 0;

    while (done < length) {
        gssize n = write(fd, data + done, length - done);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 && errno != EAGAIN) {
            return -1;
        }
        if (n <= 0) {
            break;
        }
        done += (gsize)n;
    }
    return (gssize)done;
}

gboolean char_fd_read(Chardev *chr, int fd, gboolean *room)
{
    guint8 buffer[CHAR_CHUNK];
    gsize want = MIN(chardev_user_room(chr), sizeof buffer);
    gssize n;

    *room = want > 0;
    if (!want) {
        return TRUE;
    }
    n = read(fd, buffer, want);
    if (n < 0) {
        return errno == EAGAIN || errno == EINTR;
    }
    if (n > 0) {
        chardev_receive(chr, buffer, (gsize)n);
        *room = chardev_user_room(chr) > 0;
    }
    return n > 0;
}

gsize chardev_user_room(Chardev *chr)
{
    if (!chr->user) {
        return 0;
    }
    return chr->user->can_receive ? chr->user->can_receive(chr->user_opaque) : G_MAXSIZE;
}

void chardev_receive(Chardev *chr, const guint8 *data, gsize length)
{
    if (chr->user && length) {
        chr->user->receive(chr->user_opaque, data, length);
    }
}

void chardev_event(Chardev *chr, CharEvent event)
{
    if (event == CHAR_OPENED || event == CHAR_CLOSED) {
        if (chr->connected == (event == CHAR_OPENED)) {
            return;
        }
        chr->connected = event == CHAR_OPENED;
    }
    if (chr->user && chr->user->event) {
        chr->user->event(chr->user_opaque, event);
    }
}

void chardev_writable(Chardev *chr)
{
    if (chr->user && chr->user->writable) {
        chr->user->writable(chr->user_opaque);
    }
}

/* ---- the user's side ---- */

gboolean chardev_attach(Chardev *chr, const CharUser *user, void *opaque, GError **error)
{
    g_assert(user->receive);
    if (chr->user) {
        return error_set(error, "Device '%s' is in use", chr->id);
    }
    chr->user = user;
    chr->user_opaque = opaque;
    if (chr->connected && user->event) {
        user->event(opaque, CHAR_OPENED);
    }
    chardev_accept(chr);
    return TRUE;
}

void chardev_detach(Chardev *chr)
{
    chr->user = NULL;
    chr->user_opaque = NULL;
    char_mux_drop_port(chr);
}

gsize chardev_write(Chardev *chr, const guint8 *data, gsize length)
{
    gsize taken = length ? chr->ops->write(chr, data, length) : 0;

    if (chr->logs) {
        char_log_write(chr, data, taken);
    }
    return taken;
}

CharTerminal chardev_terminal(Chardev *chr)
{
    return chr->ops->terminal ? chr->ops->terminal(chr) : (CharTerminal){0};
}

void chardev_accept(Chardev *chr)
{
    if (chr->ops->accept) {
        chr->ops->accept(chr);
    }
}

/* ---- finding and ending ---- */

Chardev *char_peer_new(Chardev *listener)
{
    Machine *machine = listener->machine;
    Chardev *chr = g_malloc0(listener->ops->size);

    chr->ops = listener->ops;
    chr->machine = machine;
    for (guint n = 0; !chr->id || chardev_find(machine, chr->id); n++) {
        g_free(chr->id);
        chr->id = g_strdup_printf("%s.%u", listener->id, n);
    }
    options_set_defaults(chardev_common_options, chr);
    if (chr->ops->options) {
        options_set_defaults(chr->ops->options, chr);
    }
    g_ptr_array_add(machine->chars->chardevs, chr);
    return chr;
}

gboolean chardev_share(Chardev *chr, CharAcceptFn accept, void *opaque)
{
    gboolean can = !chr->user && chr->ops->share && chr->ops->share(chr, accept, opaque);

    chr->shared = can && accept;
    return can;
}

gboolean chardev_is_busy(Chardev *chr)
{
    return chr->user || chr->shared || char_mux_has_users(chr);
}

void chardev_send_break(Chardev *chr)
{
    if (chardev_is_mux(chr)) {
        char_mux_send_break(chr);
    } else {
        chardev_event(chr, CHAR_BREAK);
    }
}

char *chardev_describe(Chardev *chr)
{
    return chr->ops->describe ? chr->ops->describe(chr) : g_strdup(chr->ops->name);
}

void char_free(Chardev *chr)
{
    chr->user = NULL;
    chr->ops->close(chr);
    char_discard(chr);
}

gboolean chardev_destroy(Chardev *chr, GError **error)
{
    Machine *machine = chr->machine;
    gboolean was_console = chardev_is_vc(chr);
    /* What mux=on made under it goes with it. */
    Chardev *base = chardev_is_mux(chr) ? chardev_find(machine, char_mux_base_id(chr)) : NULL;

    if (chardev_is_busy(chr)) {
        return error_set(error, "character device '%s' is in use", chr->id);
    }
    g_ptr_array_remove(machine->chars->chardevs, chr);
    if (base && base->mux) {
        chardev_destroy(base, NULL);
    }
    if (was_console) {
        machine_announce_consoles(machine);
    }
    return TRUE;
}

Chardev *chardev_claim(Machine *machine, const char *id, GError **error)
{
    Chardev *chr = machine->chars ? chardev_find(machine, id) : NULL;

    if (!chr) {
        error_set(error, "there is no character device '%s' (make it with -chardev TYPE,id=%s)", id,
                  id);
        return NULL;
    }
    return chardev_is_mux(chr) ? char_mux_free_port(chr, error) : chr;
}

Chardev *chardev_find(Machine *machine, const char *id)
{
    for (guint i = 0; i < machine->chars->chardevs->len; i++) {
        Chardev *chr = g_ptr_array_index(machine->chars->chardevs, i);

        if (!chr->replaced && !strcmp(chr->id, id)) {
            return chr;
        }
    }
    return NULL;
}

void chardev_foreach(Machine *machine, void (*fn)(Chardev *chr, void *opaque), void *opaque)
{
    for (guint i = 0; i < machine->chars->chardevs->len; i++) {
        fn(g_ptr_array_index(machine->chars->chardevs, i), opaque);
    }
}

CharManager *char_manager_new(Machine *machine)
{
    CharManager *manager = g_new0(CharManager, 1);

    manager->machine = machine;
    manager->chardevs = g_ptr_array_new_with_free_func((GDestroyNotify)char_free);
    return manager;
}

void char_manager_free(CharManager *manager)
{
    if (manager) {
        /* The newest first: a mux lies on an older one. */
        while (manager->chardevs->len > 0) {
            g_ptr_array_remove_index(manager->chardevs, manager->chardevs->len - 1);
        }
        g_ptr_array_unref(manager->chardevs);
        g_free(manager);
    }
}

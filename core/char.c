/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/char.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/char-priv.h"
#include "core/error.h"

const ChardevOps *const chardev_types[] = {
    &char_null_ops, &char_stdio_ops, &char_file_ops,    &char_pipe_ops, &char_socket_ops,
    &char_pty_ops,  &char_vc_ops,    &char_ringbuf_ops, &char_mux_ops,  NULL,
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
        return error_set(error, "character device '%s' is in use already", chr->id);
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
}

gsize chardev_write(Chardev *chr, const guint8 *data, gsize length)
{
    return length ? chr->ops->write(chr, data, length) : 0;
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

/* ---- making and finding ---- */

static const ChardevOps *find_type(const char *type)
{
    for (guint i = 0; chardev_types[i]; i++) {
        if (!strcmp(chardev_types[i]->name, type)) {
            return chardev_types[i];
        }
    }
    return NULL;
}

static gboolean check_id(Machine *machine, const char *id, GError **error)
{
    if (!id || !*id) {
        return error_set(error, "a character device needs an id=");
    }
    if (chardev_find(machine, id)) {
        return error_set(error, "there is a character device '%s' already", id);
    }
    return TRUE;
}

Chardev *chardev_create(Machine *machine, const char *type, const char *id, OptionList *options,
                        GError **error)
{
    const ChardevOps *ops = find_type(type);
    g_autofree char *what = g_strdup_printf("character device '%s'", type);
    Chardev *chr;

    if (!ops) {
        error_set(error, "unknown character device type '%s' ('-chardev help' lists them)", type);
        return NULL;
    }
    if (!check_id(machine, id, error)) {
        return NULL;
    }
    g_assert(ops->size >= sizeof(Chardev) && ops->open && ops->close && ops->write);
    chr = g_malloc0(ops->size);
    chr->ops = ops;
    chr->machine = machine;
    chr->id = g_strdup(id);
    if (ops->options) {
        options_set_defaults(ops->options, chr);
    }
    if (options) {
        g_free(option_list_take(options, "id"));
    }
    if ((options && ops->options && !options_apply(ops->options, chr, options, error)) ||
        (options && !option_list_check_used(options, what, error)) || !ops->open(chr, error)) {
        if (ops->options) {
            options_clear(ops->options, chr);
        }
        g_free(chr->id);
        g_free(chr);
        return NULL;
    }
    g_ptr_array_add(machine->chars->chardevs, chr);
    if (chardev_is_vc(chr)) {
        machine_announce_consoles(machine);
    }
    return chr;
}

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
    if (chr->ops->options) {
        options_set_defaults(chr->ops->options, chr);
    }
    g_ptr_array_add(machine->chars->chardevs, chr);
    return chr;
}

gboolean chardev_share(Chardev *chr, CharAcceptFn accept, void *opaque)
{
    return !chr->user && chr->ops->share && chr->ops->share(chr, accept, opaque);
}

static void chardev_free(Chardev *chr)
{
    chr->user = NULL;
    chr->ops->close(chr);
    if (chr->ops->options) {
        options_clear(chr->ops->options, chr);
    }
    g_free(chr->id);
    g_free(chr);
}

gboolean chardev_destroy(Chardev *chr, GError **error)
{
    Machine *machine = chr->machine;
    gboolean was_console = chardev_is_vc(chr);

    if (chr->user) {
        return error_set(error, "character device '%s' is in use", chr->id);
    }
    g_ptr_array_remove(machine->chars->chardevs, chr);
    if (was_console) {
        machine_announce_consoles(machine);
    }
    return TRUE;
}

Chardev *chardev_find(Machine *machine, const char *id)
{
    for (guint i = 0; i < machine->chars->chardevs->len; i++) {
        Chardev *chr = g_ptr_array_index(machine->chars->chardevs, i);

        if (!strcmp(chr->id, id)) {
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
    manager->chardevs = g_ptr_array_new_with_free_func((GDestroyNotify)chardev_free);
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

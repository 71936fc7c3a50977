/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A pseudo terminal. While nobody has its other end open, poll(2) reports a permanent hangup on
 * ours; so that no timer has to look for a peer, inotify tells when the device is opened.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <termios.h>
#include <unistd.h>

#include "core/char-priv.h"
#include "core/error.h"
#include "core/log.h"

typedef struct PtyChardev {
    Chardev chr;
    char *link;
    gboolean linked;
    int fd, notify;
    char *device;
    FdWatch *watch, *notify_watch;
    gboolean want_out;
} PtyChardev;

static const OptionSpec pty_options[] = {
    {"path", OPTION_STRING, offsetof(PtyChardev, link), NULL,
     "symbolic link to make to the terminal's device"},
    OPTION_END,
};

static void pty_update_watch(PtyChardev *pty)
{
    GIOCondition events = 0;

    if (pty->chr.connected) {
        events = pty->want_out ? G_IO_OUT : 0;
        events |= chardev_user_room(&pty->chr) ? G_IO_IN : 0;
    }
    fd_watch_set_events(pty->watch, events);
}

/* Looks whether the other end is open. */
static void pty_check_peer(PtyChardev *pty)
{
    struct pollfd pfd = {.fd = pty->fd, .events = POLLIN};

    poll(&pfd, 1, 0);
    chardev_event(&pty->chr, pfd.revents & POLLHUP ? CHAR_CLOSED : CHAR_OPENED);
    pty_update_watch(pty);
}

static void pty_ready(int fd, GIOCondition revents, void *opaque)
{
    PtyChardev *pty = opaque;
    gboolean room;

    if ((revents & G_IO_IN) && !char_fd_read(&pty->chr, fd, &room)) {
        revents |= G_IO_HUP;
    }
    if ((revents & G_IO_HUP) && !(revents & G_IO_IN)) {
        pty_check_peer(pty);
        return;
    }
    if ((revents & G_IO_OUT) && pty->want_out) {
        pty->want_out = FALSE;
        chardev_writable(&pty->chr);
    }
    pty_update_watch(pty);
}

static void pty_notified(int fd, GIOCondition revents, void *opaque)
{
    char buffer[1024] __attribute__((aligned(__alignof__(struct inotify_event))));

    while (read(fd, buffer, sizeof buffer) > 0) {
        /* Which event it was does not matter: the peer is looked for. */
    }
    pty_check_peer(opaque);
}

static void pty_accept(Chardev *chr)
{
    pty_update_watch((PtyChardev *)chr);
}

static gsize pty_write(Chardev *chr, const guint8 *data, gsize length)
{
    PtyChardev *pty = (PtyChardev *)chr;
    gssize n;

    if (!chr->connected) {
        return length; /* nobody there: as a serial cable that leads nowhere */
    }
    n = char_fd_write(pty->fd, data, length);
    if (n < 0) {
        return length;
    }
    if ((gsize)n < length) {
        pty->want_out = TRUE;
        pty_update_watch(pty);
    }
    return (gsize)n;
}

static char *pty_describe(Chardev *chr)
{
    return g_strdup_printf("pty:%s", ((PtyChardev *)chr)->device);
}

const char *chardev_pty_device(Chardev *chr)
{
    return chr->ops == &char_pty_ops ? ((PtyChardev *)chr)->device : NULL;
}

static void pty_close(Chardev *chr)
{
    PtyChardev *pty = (PtyChardev *)chr;

    g_clear_pointer(&pty->watch, fd_watch_remove);
    g_clear_pointer(&pty->notify_watch, fd_watch_remove);
    if (pty->linked) {
        unlink(pty->link);
    }
    if (pty->notify >= 0) {
        close(pty->notify);
    }
    if (pty->fd >= 0) {
        close(pty->fd);
    }
    g_free(pty->device);
}

static gboolean pty_make(PtyChardev *pty, GError **error)
{
    char name[128];
    struct termios raw;
    int slave;

    pty->fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (pty->fd < 0 || grantpt(pty->fd) || unlockpt(pty->fd) ||
        ptsname_r(pty->fd, name, sizeof name)) {
        return error_set_errno(error, errno, "cannot make a pseudo terminal");
    }
    pty->device = g_strdup(name);
    slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave < 0 || tcgetattr(slave, &raw)) {
        int errnum = errno;

        if (slave >= 0) {
            close(slave);
        }
        return error_set_errno(error, errnum, "cannot open '%s'", name);
    }
    cfmakeraw(&raw);
    tcsetattr(slave, TCSAFLUSH, &raw);
    close(slave);
    char_fd_prepare(pty->fd);
    pty->notify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (pty->notify < 0 || inotify_add_watch(pty->notify, name, IN_OPEN) < 0) {
        return error_set_errno(error, errno, "cannot watch '%s'", name);
    }
    if (pty->link && symlink(name, pty->link)) {
        return error_set_errno(error, errno, "cannot make the link '%s' to '%s'", pty->link, name);
    }
    pty->linked = pty->link != NULL;
    return TRUE;
}

static gboolean pty_open(Chardev *chr, GError **error)
{
    PtyChardev *pty = (PtyChardev *)chr;

    pty->fd = pty->notify = -1;
    if (!pty_make(pty, error)) {
        pty_close(chr);
        return FALSE;
    }
    pty->watch = fd_watch_add(chr->machine->loop, pty->fd, 0, pty_ready, pty);
    pty->notify_watch = fd_watch_add(chr->machine->loop, pty->notify, G_IO_IN, pty_notified, pty);
    report_info("char device redirected to %s (label %s)", pty->device, chr->id);
    return TRUE;
}

const ChardevOps char_pty_ops = {
    .name = "pty",
    .summary = "a pseudo terminal",
    .size = sizeof(PtyChardev),
    .options = pty_options,
    .open = pty_open,
    .close = pty_close,
    .write = pty_write,
    .accept = pty_accept,
    .describe = pty_describe,
};

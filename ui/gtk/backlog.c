/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/gtk/backlog.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* Of the socket's buffer: rather little, since one picture on a zoomed screen is not little. */
#define HIGH_SHARE 8
#define LOW_SHARE  32

#define LOOK_NS (20 * NS_PER_MS)

/* A socket that has gone is not behind: who uses it will see. */
static gboolean holds_more(int fd, int share)
{
    int size = 0, waiting = 0;
    socklen_t length = sizeof(size);
    return getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, &length) == 0 &&
           ioctl(fd, SIOCOUTQ, &waiting) == 0 && waiting > size / share;
}

static void look_again(void *opaque)
{
    Backlog *backlog = opaque;
    if (holds_more(backlog->fd, LOW_SHARE)) {
        timer_set_after(&backlog->timer, LOOK_NS);
        return;
    }
    backlog->behind = FALSE;
    backlog->changed(backlog->opaque);
}

void backlog_init(Backlog *backlog, Clock *clock, int fd, void (*changed)(void *opaque),
                  void *opaque)
{
    *backlog = (Backlog){.fd = fd, .changed = changed, .opaque = opaque};
    timer_init(&backlog->timer, clock, look_again, backlog);
}

void backlog_end(Backlog *backlog)
{
    timer_cancel(&backlog->timer);
}

gboolean backlog_check(Backlog *backlog)
{
    if (!backlog->behind && backlog->fd >= 0 && holds_more(backlog->fd, HIGH_SHARE)) {
        backlog->behind = TRUE;
        timer_set_after(&backlog->timer, LOOK_NS);
        backlog->changed(backlog->opaque);
    }
    return backlog->behind;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/gtk/backlog.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* Of the socket's buffer: rather little, since one picture on a zoomed screen is not little. */
#define HIGH_SHARE 8

#define ASK_NS      (100 * NS_PER_MS) /* between two questions */
#define PATIENCE_NS (250 * NS_PER_MS)

/* A socket that has gone is not behind: who uses it will see. */
static gboolean socket_fills(int fd)
{
    int size = 0, waiting = 0;
    socklen_t length = sizeof(size);
    return getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, &length) == 0 &&
           ioctl(fd, SIOCOUTQ, &waiting) == 0 && waiting > size / HIGH_SHARE;
}

static void ask(Backlog *backlog)
{
    backlog->awaits = gui_server_ask(backlog->server);
    backlog->asked = clock_now(backlog->clock);
}

void backlog_init(Backlog *backlog, GuiServer *server, Clock *clock, void (*changed)(void *opaque),
                  void *opaque)
{
    *backlog = (Backlog){.server = server, .clock = clock, .changed = changed, .opaque = opaque};
}

gboolean backlog_check(Backlog *backlog)
{
    int fd = gui_server_fd(backlog->server);
    if (backlog->behind || fd < 0) {
        return backlog->behind;
    }
    gint64 since = clock_now(backlog->clock) - backlog->asked;
    gboolean fills = socket_fills(fd);
    backlog->behind = fills || (backlog->awaits != 0 && since > PATIENCE_NS);
    if (backlog->awaits == 0 && (fills || since > ASK_NS)) {
        ask(backlog);
    }
    if (backlog->behind) {
        backlog->changed(backlog->opaque);
    }
    return backlog->behind;
}

void backlog_answered(Backlog *backlog, guint32 number)
{
    if (backlog->awaits != number) {
        return;
    }
    backlog->awaits = 0;
    if (backlog->behind) {
        backlog->behind = FALSE;
        backlog->changed(backlog->opaque);
    }
}

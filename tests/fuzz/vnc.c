/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzzes a VNC viewer: any bytes, at any stage of the connection, to the real server and
 * libvncserver. The first byte says whether there is a password, a WebSocket port, a cursor, and
 * whether the rest comes after a proper handshake; the pieces that it is sent in depend on it too.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/input.h"
#include "tests/fuzz/fuzz.h"
#include "ui/vnc/vnc-priv.h"

extern const FrontendOps vitrine_frontend;

/* What the first byte says. */
#define WITH_PASSWORD  1
#define WITH_WEBSOCKET 2
#define WITH_CURSOR    4
#define SHAKES_HANDS   8
#define SMALL_PIECES   16

#define WIDTH  160
#define HEIGHT 100
#define PIECE  7

static const char handshake[] = "RFB 003.008\n\1\1";

typedef struct Rig {
    VmLock *lock;
    EventLoop *loop;
    Machine *machine;
    Display *display;
    Surface *surface;
    Frontend *frontends[2]; /* without and with a password */
    guint8 shade;
} Rig;

static gint64 scan(void *opaque)
{
    Rig *rig = opaque;

    memset(rig->surface->data, rig->shade++, (gsize)rig->surface->stride * HEIGHT / 2);
    display_set_surface(rig->display, rig->surface);
    return -1;
}

static void invalidate(void *opaque)
{
}

static const DisplaySourceOps source_ops = {.scan = scan, .invalidate = invalidate};

static void swallow(void *opaque, const InputEvent *event)
{
}

static const InputSinkOps sink_ops = {
    .name = "sink",
    .kinds = INPUT_KIND_KEY | INPUT_KIND_BUTTON | INPUT_KIND_REL,
    .event = swallow,
};

static void rig_open(Rig *rig)
{
    g_autofree char *folder = g_dir_make_tmp("vitrine-fuzz-XXXXXX", NULL);

    rig->lock = vm_lock_new();
    vm_lock_take(rig->lock, "fuzz");
    rig->loop = event_loop_new(NULL, rig->lock);
    rig->machine = machine_new(rig->loop);
    rig->surface = surface_new(WIDTH, HEIGHT);
    rig->display = display_new(rig->machine, "VGA", &source_ops, rig);
    input_sink_add(rig->machine->input, &sink_ops, rig);
    for (guint i = 0; i < G_N_ELEMENTS(rig->frontends); i++) {
        g_autofree char *options = g_strdup_printf(
            "unix:%s/%u,key-delay-ms=0,power-control=on,password=%s", folder, i, i ? "on" : "off");
        rig->frontends[i] = frontend_open(rig->machine, &vitrine_frontend, options, NULL);
        g_assert_nonnull(rig->frontends[i]);
        VncServer *server = (VncServer *)rig->frontends[i];
        unlink(server->unix_path);
        server->pages = vnc_web_new(server, NULL);
    }
    rmdir(folder);
    vitrine_frontend.set_password(rig->frontends[1], "secret", PASSWORD_KEEP, NULL);
}

/* Takes what the server sends, so that it never waits, until it closes the connection. */
static void on_output(int fd, GIOCondition revents, void *opaque)
{
    char bytes[65536];
    gboolean *ended = opaque;
    ssize_t got = *ended ? 1 : recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

    *ended = *ended || got == 0 || (got < 0 && errno != EAGAIN);
}

static void send_all(Rig *rig, int fd, const guint8 *data, size_t size, size_t piece)
{
    while (size > 0) {
        ssize_t sent = send(fd, data, MIN(size, piece), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0) {
            data += sent;
            size -= (size_t)sent;
        } else if (errno != EAGAIN) {
            return; /* the server has had enough */
        }
        event_loop_iterate(rig->loop, FALSE);
    }
}

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
    static Rig rig; /* one for all inputs: threads and keymaps are dear */
    gboolean ended = FALSE;
    int fds[2];

    if (!rig.machine) {
        rig_open(&rig);
    }
    guint8 how = size ? data[0] : 0;
    VncServer *server = (VncServer *)rig.frontends[(how & WITH_PASSWORD) != 0];
    Cursor *cursor = how & WITH_CURSOR ? cursor_new(9, 9, 1, 1) : NULL;
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
    display_set_cursor(rig.display, cursor);
    display_warp(rig.display, 5, 5, cursor != NULL);
    cursor_unref(cursor);
    FdWatch *watch = fd_watch_add(rig.loop, fds[0], G_IO_IN, on_output, &ended);
    if (how & WITH_WEBSOCKET) {
        vnc_web_accept(server->pages, fds[1]);
    } else {
        vnc_connected(server, fds[1], FALSE);
    }
    if (how & SHAKES_HANDS) {
        send_all(&rig, fds[0], (const guint8 *)handshake, sizeof(handshake) - 1, sizeof(handshake));
    }
    if (size > 1) {
        send_all(&rig, fds[0], data + 1, size - 1, how & SMALL_PIECES ? PIECE : size);
    }
    shutdown(fds[0], SHUT_WR);
    while (!ended || server->viewers->len > 0) {
        event_loop_iterate(rig.loop, TRUE);
    }
    fd_watch_remove(watch);
    close(fds[0]);
    return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One viewer: its thread runs libvncserver, which reads the socket in blocking calls, never under
 * the vm lock. What is sent goes through wire.c, so that a viewer that does not read still types.
 */
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ui/vnc/viewer-priv.h"

/* For what libvncserver writes by itself: a viewer that takes nothing for so long is given up. */
#define WRITE_TIMEOUT_MS 60000
/* So long it may take to say who it is. */
#define HANDSHAKE_TIMEOUT_US (30 * G_TIME_SPAN_SECOND)
/* Whether it has is looked after so often. */
#define PATIENCE_NS (2 * NS_PER_SEC)

/* Codes of the Xvp extension (the community's RFB protocol page, "xvp"). */
#define XVP_SHUTDOWN 2
#define XVP_REBOOT   3
#define XVP_RESET    4

/* Answers to SetDesktopSize (the same, "ExtendedDesktopSize"). */
#define SIZE_INVALID   3
#define SIZE_FORWARDED 4

static VncViewer *viewer_of(rfbClientPtr client)
{
    return client->screen->screenData;
}

/* ---- callbacks of libvncserver, on the viewer's thread ---- */

static void on_key(rfbBool down, rfbKeySym keysym, rfbClientPtr client)
{
    VncViewer *viewer = viewer_of(client);

    vnc_input_wait(viewer->input, down != 0);
    vm_lock_take(viewer->machine->lock, "vnc key");
    vnc_input_key(viewer->input, keysym, down != 0);
    vm_lock_drop(viewer->machine->lock);
}

static void on_pointer(int mask, int x, int y, rfbClientPtr client)
{
    VncViewer *viewer = viewer_of(client);

    vm_lock_take(viewer->machine->lock, "vnc pointer");
    vnc_input_pointer(viewer->input, (guint)mask, x, y, (guint)client->screen->width,
                      (guint)client->screen->height);
    vm_lock_drop(viewer->machine->lock);
}

/* Power control: the viewer is told of failure if FALSE. */
static rfbBool on_xvp(rfbClientPtr client, uint8_t version, uint8_t code)
{
    static const guint reboot[] = {KEY_LEFTCTRL, KEY_LEFTALT, KEY_DELETE};
    VncViewer *viewer = viewer_of(client);
    gboolean good = TRUE;

    vm_lock_take(viewer->machine->lock, "vnc power");
    switch (code) {
    case XVP_SHUTDOWN: machine_request_powerdown(viewer->machine); break;
    case XVP_REBOOT:
        good = input_send_chord(viewer->machine->input, reboot, G_N_ELEMENTS(reboot), 100);
        break;
    case XVP_RESET: machine_request_reset(viewer->machine, FALSE); break;
    default: good = FALSE; break;
    }
    vm_lock_drop(viewer->machine->lock);
    return good;
}

/* The guest hears of the wish, and does what it likes. */
static int on_set_size(int width, int height, int count, rfbExtDesktopScreen *screens,
                       rfbClientPtr client)
{
    VncViewer *viewer = viewer_of(client);

    if (width <= 0 || height <= 0 || width > SURFACE_MAX_SIZE || height > SURFACE_MAX_SIZE) {
        return SIZE_INVALID;
    }
    vm_lock_take(viewer->machine->lock, "vnc size");
    Display *display = console_display(viewer->server->console);
    if (display) {
        display_hint_size(display, (guint)width, (guint)height);
    }
    vm_lock_drop(viewer->machine->lock);
    return SIZE_FORWARDED;
}

static void on_client_gone(rfbClientPtr client)
{
    viewer_of(client)->client = NULL;
    free(client->wsctx); /* which libvncserver 0.9.14 forgets */
    client->wsctx = NULL;
}

static enum rfbNewClientAction on_new_client(rfbClientPtr client)
{
    client->clientGoneHook = on_client_gone;
    return RFB_CLIENT_ACCEPT;
}

/* ---- the thread ---- */

static gboolean screen_open(VncViewer *viewer)
{
    rfbScreenInfoPtr screen = vnc_updater_open_screen(viewer->updater);
    if (!screen) {
        return FALSE;
    }
    viewer->screen = screen;
    screen->screenData = viewer;
    screen->desktopName = viewer->news.title;
    screen->alwaysShared = TRUE; /* one viewer a screen: the policy is handshake.c's */
    screen->cursor = NULL;
    screen->deferUpdateTime = 0;
    screen->deferPtrUpdateTime = 0;
    screen->maxClientWait = WRITE_TIMEOUT_MS;
    screen->ptrAddEvent = on_pointer;
    screen->kbdAddEvent = on_key;
    screen->newClientHook = on_new_client;
    screen->permitFileTransfer = FALSE;
    screen->setDesktopSizeHook = on_set_size;
    vnc_clipboard_attach(viewer);
    if (viewer->server->power_control) {
        screen->xvpHook = on_xvp;
    }
    return TRUE;
}

/* Sends what the viewer has asked for, unless it still gets what it asked for before. */
static void serve_session(VncViewer *viewer)
{
    rfbClientPtr client = viewer->client;

    if (vnc_wire_busy(client) ? !vnc_wire_resume(client)
                              : viewer->deaf && vnc_wire_patience(client) == 0) {
        rfbCloseClient(client);
        return;
    }
    if (!vnc_wire_busy(client)) {
        vnc_pseudo_serve(viewer);
    }
    if (!vnc_wire_busy(client) && client->sock != RFB_INVALID_SOCKET &&
        vnc_updater_wants(viewer->updater, client) && vnc_server_is_awake(viewer->server) &&
        vnc_updater_serve(viewer->updater, client)) {
        g_mutex_lock(&viewer->mutex);
        viewer->updates++;
        g_mutex_unlock(&viewer->mutex);
    }
}

static gboolean is_open(const VncViewer *viewer)
{
    return viewer->client && viewer->client->sock != RFB_INVALID_SOCKET;
}

static gboolean is_to_leave(VncViewer *viewer)
{
    g_mutex_lock(&viewer->mutex);
    gboolean leave = viewer->leave;
    g_mutex_unlock(&viewer->mutex);
    return leave;
}

/* One message; libvncserver waits for all of it. */
static void take_message(VncViewer *viewer)
{
    if (viewer->stage == VNC_STAGE_SESSION) {
        rfbProcessClientMessage(viewer->client);
    } else {
        vnc_handshake_step(viewer);
    }
}

static void listen_to(VncViewer *viewer)
{
    if (viewer->stage == VNC_STAGE_SESSION) {
        VncPeek next = vnc_peek(viewer);
        viewer->deaf = next == VNC_PEEK_OTHER &&
                       (vnc_wire_busy(viewer->client) || !vnc_wire_has_room(viewer->client));
        if (next == VNC_PEEK_TAKEN || viewer->deaf) {
            return;
        }
    }
    take_message(viewer);
    while (viewer->client->sock != RFB_INVALID_SOCKET && viewer->stage != VNC_STAGE_DENIED &&
           viewer->client->wsctx && webSocketsHasDataInBuffer(viewer->client)) {
        take_message(viewer); /* the rest of a WebSocket frame, of which the socket knows nothing */
    }
}

/* Waits for the viewer, room in its socket, a wake-up; whether the socket has something to say. */
static gboolean await(VncViewer *viewer)
{
    gboolean busy = vnc_wire_busy(viewer->client), full = busy || viewer->deaf;
    struct pollfd look[] = {
        {.fd = viewer->client->sock,
         .events = (short)((full ? POLLOUT : 0) | (viewer->deaf ? 0 : POLLIN))},
        {.fd = viewer->wake[0], .events = POLLIN},
    };
    int timeout = full ? vnc_wire_patience(viewer->client) : -1;
    char byte;

    if (viewer->stage == VNC_STAGE_DENIED) {
        look[0].fd = -1;
        timeout = (int)(MAX(viewer->deny_at - g_get_monotonic_time(), 0) / 1000) + 1;
    }
    if (poll(look, G_N_ELEMENTS(look), timeout) <= 0) {
        return FALSE;
    }
    if (look[1].revents && read(viewer->wake[0], &byte, 1) == 1) {
        g_atomic_int_set(&viewer->woken, FALSE);
    }
    viewer->deaf = viewer->deaf && (busy || !look[0].revents);
    return (look[0].revents & ~POLLOUT) != 0;
}

static void converse(VncViewer *viewer)
{
    vnc_wire_attach(viewer->wire, viewer->client);
    vnc_pseudo_attach(viewer);
    while (is_open(viewer) && !is_to_leave(viewer)) {
        gboolean heard = await(viewer);
        if (viewer->stage == VNC_STAGE_DENIED && g_get_monotonic_time() >= viewer->deny_at) {
            vnc_handshake_deny(viewer);
        } else if (heard && !viewer->deaf) {
            listen_to(viewer);
        }
        if (is_open(viewer) && viewer->stage == VNC_STAGE_SESSION) {
            serve_session(viewer);
        }
    }
}

/*
 * libvncserver looks for a WebSocket handshake on every new socket: it waits a tenth of a second
 * for one, never stops peeking at one to three bytes, and loses memory over a bad one. So it is
 * given a stand-in, whose other end has begun as no WebSocket does, and is closed; then the real
 * socket takes its number.
 */
static rfbClientPtr new_plain_client(VncViewer *viewer, int fd)
{
    rfbProtocolVersionMsg greeting = "RFB 003.008\n";
    rfbClientPtr client = NULL;
    int pair[2], on = 1;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0) {
        return NULL;
    }
    if (send(pair[1], "RFB ", 4, MSG_NOSIGNAL) == 4) {
        client = rfbNewClient(viewer->screen, pair[0]); /* owns pair[0], closes it */
    } else {
        close(pair[0]);
    }
    close(pair[1]);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* fails on unix sockets */
    if (client && (dup3(fd, client->sock, O_CLOEXEC) < 0 ||
                   rfbWriteExact(client, greeting, sz_rfbProtocolVersionMsg) <= 0)) {
        rfbCloseClient(client);
    }
    return client;
}

static rfbClientPtr new_client(VncViewer *viewer)
{
    int fd = fcntl(viewer->fd, F_DUPFD_CLOEXEC, 0);
    rfbClientPtr client = NULL;

    if (fd >= 0 && viewer->websocket) {
        client = rfbNewClient(viewer->screen, fd); /* owns fd, closes it */
    } else if (fd >= 0) {
        client = new_plain_client(viewer, fd);
        close(fd);
    }
    return client;
}

static void viewer_session(VncViewer *viewer)
{
    if (!screen_open(viewer)) {
        return;
    }
    viewer->client = new_client(viewer);
    /* WebSockets only where they are expected, and nothing else there. */
    if (viewer->client && viewer->client->sock != RFB_INVALID_SOCKET &&
        !viewer->client->wsctx == !viewer->websocket) {
        converse(viewer);
    }
    if (viewer->client) {
        vnc_pseudo_detach(viewer);
        rfbCloseClient(viewer->client);
        rfbClientConnectionGone(viewer->client);
    }
    viewer->screen->frameBuffer = NULL; /* not libvncserver's to free */
    rfbScreenCleanup(viewer->screen);
}

static gpointer viewer_thread(gpointer data)
{
    VncViewer *viewer = data;

    vnc_ignore_sigpipe();
    viewer_session(viewer);
    vm_lock_take(viewer->machine->lock, "vnc gone");
    g_clear_pointer(&viewer->input, vnc_input_free);
    vm_lock_drop(viewer->machine->lock);
    deferred_schedule(viewer->gone);
    g_mutex_lock(&viewer->mutex);
    viewer->ended = TRUE;
    g_cond_signal(&viewer->ended_cond);
    g_mutex_unlock(&viewer->mutex);
    return NULL;
}

/* ---- for the server, vm lock held ---- */

static void on_enter(void *opaque)
{
    vnc_report_event(opaque, "VNC_INITIALIZED");
}

static void on_gone(void *opaque)
{
    VncViewer *viewer = opaque;
    vnc_server_viewer_gone(viewer->server, viewer);
}

/* Asks again and again: the peer may go on sending. */
static void on_patience(void *opaque)
{
    VncViewer *viewer = opaque;
    gboolean entered, late;

    g_mutex_lock(&viewer->mutex);
    entered = viewer->entered;
    late = g_get_monotonic_time() - viewer->since > HANDSHAKE_TIMEOUT_US;
    g_mutex_unlock(&viewer->mutex);
    if (!entered && late) {
        vnc_viewer_disconnect(viewer);
    }
    if (!entered) {
        timer_set_after(&viewer->patience, PATIENCE_NS);
    }
}

VncViewer *vnc_viewer_new(VncServer *server, int fd, gboolean websocket, gboolean skip_auth)
{
    VncViewer *viewer = g_new0(VncViewer, 1);

    viewer->server = server;
    viewer->machine = server->frontend.machine;
    viewer->fd = fd;
    viewer->since = g_get_monotonic_time();
    viewer->websocket = websocket;
    viewer->skip_auth = skip_auth;
    socket_name_peer(&viewer->peer, fd);
    if (pipe2(viewer->wake, O_CLOEXEC | O_NONBLOCK) < 0) {
        viewer->wake[0] = viewer->wake[1] = -1; /* no descriptor is left: it cannot stay */
        viewer->leave = TRUE;
    }
    viewer->enter = deferred_new(viewer->machine->loop, on_enter, viewer);
    viewer->gone = deferred_new(viewer->machine->loop, on_gone, viewer);
    viewer->input = vnc_input_new(server);
    viewer->wire = vnc_wire_new(fd);
    viewer->updater = vnc_updater_new(server->picture, server->lossy, !server->non_adaptive);
    viewer->news.title = g_strdup(server->news.title); /* the rest is told in the session */
    viewer->clipboard_told = server->news.clipboard_serial;
    g_mutex_init(&viewer->mutex);
    g_cond_init(&viewer->ended_cond);
    timer_init(&viewer->patience, viewer->machine->host_clock, on_patience, viewer);
    timer_set_after(&viewer->patience, PATIENCE_NS);
    g_ptr_array_add(server->viewers, viewer);
    vnc_server_rouse(server);
    vnc_report_arrival(viewer);
    viewer->thread = g_thread_new("vnc viewer", viewer_thread, viewer);
    return viewer;
}

void vnc_viewer_disconnect(VncViewer *viewer)
{
    g_mutex_lock(&viewer->mutex);
    viewer->leave = TRUE;
    shutdown(viewer->fd, SHUT_RDWR); /* a blocking read or write returns */
    g_mutex_unlock(&viewer->mutex);
    vnc_viewer_wake(viewer);
}

static void wait_for_end(VncViewer *viewer)
{
    gboolean ended = FALSE;

    while (!ended) {
        vnc_viewer_disconnect(viewer);
        g_mutex_lock(&viewer->mutex);
        if (!viewer->ended) {
            g_cond_wait_until(&viewer->ended_cond, &viewer->mutex,
                              g_get_monotonic_time() + 100 * G_TIME_SPAN_MILLISECOND);
        }
        ended = viewer->ended;
        g_mutex_unlock(&viewer->mutex);
    }
}

void vnc_viewer_free(VncViewer *viewer)
{
    vnc_report_event(viewer, "VNC_DISCONNECTED");
    vm_lock_drop(viewer->machine->lock);
    wait_for_end(viewer);
    g_thread_join(viewer->thread);
    vm_lock_take(viewer->machine->lock, "vnc viewer");
    timer_cancel(&viewer->patience);
    deferred_free(viewer->enter);
    deferred_free(viewer->gone);
    close(viewer->wake[0]);
    close(viewer->wake[1]);
    vnc_updater_free(viewer->updater);
    vnc_wire_free(viewer->wire);
    vnc_pseudo_end(viewer);
    g_mutex_clear(&viewer->mutex);
    g_cond_clear(&viewer->ended_cond);
    close(viewer->fd);
    socket_name_clear(&viewer->peer);
    g_variant_unref(viewer->arrival);
    g_free(viewer);
}

gboolean vnc_viewer_waits(VncViewer *viewer)
{
    return vnc_updater_waits(viewer->updater);
}

/* By a pipe: unlike an eventfd it tells the kernel that the writer will sleep soon, so that the
 * reader may run on the same processor, which need not be woken and has the frame at hand. */
void vnc_viewer_wake(VncViewer *viewer)
{
    if (g_atomic_int_compare_and_exchange(&viewer->woken, FALSE, TRUE) &&
        write(viewer->wake[1], "", 1) != 1) {
        g_atomic_int_set(&viewer->woken, FALSE);
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One viewer: its thread runs libvncserver, which reads and writes the socket in blocking calls,
 * never under the vm lock.
 */
#include <fcntl.h>
#include <rfb/rfb.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ui/vnc/update.h"
#include "ui/vnc/vnc-priv.h"

/* A viewer that takes nothing for so long is given up. */
#define WRITE_TIMEOUT_MS 60000
/* So long it may take to say who it is. */
#define HANDSHAKE_TIMEOUT_NS (30 * NS_PER_SEC)
/* So long libvncserver may take to greet it: a tenth of a second, or a WebSocket handshake. */
#define GREETING_TIMEOUT_NS (2 * NS_PER_SEC)

struct VncViewer {
    VncServer *server;
    Machine *machine;
    char *peer;
    int fd; /* of ours, so that it stays valid when libvncserver has closed its own */
    GThread *thread;
    EventLoop *loop; /* the thread's */
    Deferred *wake;  /* on it: something below changed */
    Deferred *gone;  /* on the main loop: the thread has ended */
    Timer greeting;  /* on the main loop: libvncserver takes too long */

    GMutex mutex; /* guards what follows, a leaf */
    GCond ended_cond;
    gboolean leave;
    gboolean greeted; /* rfbNewClient() has returned */
    gboolean ended;   /* the thread does nothing more */
    guint64 updates;  /* sent, for `info vnc` */

    /* the thread's own */
    rfbScreenInfoPtr screen;
    rfbClientPtr client;
    FdWatch *watch;
    Clock *clock;
    Timer handshake;
    VncUpdater *updater;
    gboolean authenticated, chose_share;
    VncInput *input; /* used with the vm lock */
};

static VncViewer *viewer_of(rfbClientPtr client)
{
    return client->screen->screenData;
}

/* ---- callbacks of libvncserver, on the viewer's thread ---- */

static void on_key(rfbBool down, rfbKeySym keysym, rfbClientPtr client)
{
    VncViewer *viewer = viewer_of(client);

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

/* VNC authentication (RFC 6143, 7.2.2): the challenge, encrypted with the password by DES. */
static rfbBool on_password(rfbClientPtr client, const char *response, int length)
{
    VncViewer *viewer = viewer_of(client);
    unsigned char expected[CHALLENGESIZE];
    guint8 differing = 0;
    gboolean known = FALSE;

    vm_lock_take(viewer->machine->lock, "vnc password");
    const char *password = vnc_server_password(viewer->server);
    if (password && length == CHALLENGESIZE) {
        g_autofree char *copy = g_strdup(password);
        memcpy(expected, client->authChallenge, CHALLENGESIZE);
        rfbEncryptBytes(expected, copy);
        known = TRUE;
    }
    vm_lock_drop(viewer->machine->lock);
    for (int i = 0; known && i < CHALLENGESIZE; i++) {
        differing |= expected[i] ^ (guint8)response[i];
    }
    viewer->authenticated = known && differing == 0;
    return viewer->authenticated;
}

/* No cursor of its own is painted into the picture, which is guest memory. */
static rfbCursorPtr on_get_cursor(rfbClientPtr client)
{
    return NULL;
}

static void on_client_gone(rfbClientPtr client)
{
    viewer_of(client)->client = NULL;
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
    screen->desktopName = machine_title(viewer->machine);
    screen->alwaysShared = TRUE; /* one viewer a screen: the policy is ours, see choose_share() */
    screen->cursor = NULL;
    screen->getCursorPtr = on_get_cursor;
    screen->deferUpdateTime = 0;
    screen->deferPtrUpdateTime = 0;
    screen->maxClientWait = WRITE_TIMEOUT_MS;
    screen->ptrAddEvent = on_pointer;
    screen->kbdAddEvent = on_key;
    screen->newClientHook = on_new_client;
    screen->permitFileTransfer = FALSE;
    if (viewer->server->want_password) {
        screen->authPasswdData = viewer; /* not NULL: ask for one */
        screen->passwordCheck = on_password;
    }
    return TRUE;
}

/*
 * libvncserver's list of security types is the process's, not the screen's, so with two servers
 * of different kinds a viewer could be offered, or could claim, the other's. Who got past the
 * handshake without the password that this server asks for has to go.
 */
static gboolean may_stay(VncViewer *viewer)
{
    return !viewer->server->want_password || viewer->authenticated ||
           viewer->client->state < RFB_INITIALISATION;
}

/* ClientInit (RFC 6143, 7.3.1) is one byte, the shared flag, which libvncserver does not tell. */
static void choose_share(VncViewer *viewer)
{
    guint8 shared;

    if (viewer->chose_share || viewer->client->state != RFB_INITIALISATION ||
        recv(viewer->client->sock, &shared, 1, MSG_PEEK | MSG_DONTWAIT) != 1) {
        return;
    }
    viewer->chose_share = TRUE;
    if (shared || viewer->server->share == VNC_SHARE_IGNORE) {
        return;
    }
    if (viewer->server->share == VNC_SHARE_FORCE_SHARED) {
        rfbCloseClient(viewer->client);
        return;
    }
    vm_lock_take(viewer->machine->lock, "vnc share");
    vnc_server_exclusive(viewer->server, viewer);
    vm_lock_drop(viewer->machine->lock);
}

/* Sends what the viewer has asked for; ends the thread if the connection is gone. */
static void serve(VncViewer *viewer)
{
    rfbClientPtr client = viewer->client;
    gboolean leave;

    g_mutex_lock(&viewer->mutex);
    leave = viewer->leave;
    g_mutex_unlock(&viewer->mutex);
    if (client && !leave && client->sock != RFB_INVALID_SOCKET) {
        if (client->state == RFB_NORMAL && vnc_updater_serve(viewer->updater, client)) {
            g_mutex_lock(&viewer->mutex);
            viewer->updates++;
            g_mutex_unlock(&viewer->mutex);
        }
    }
    if (!client || leave || client->sock == RFB_INVALID_SOCKET || !may_stay(viewer)) {
        event_loop_quit(viewer->loop);
    }
}

static void on_wake(void *opaque)
{
    serve(opaque);
}

static void on_readable(int fd, GIOCondition revents, void *opaque)
{
    VncViewer *viewer = opaque;

    choose_share(viewer);
    if (viewer->client->sock != RFB_INVALID_SOCKET) {
        rfbProcessClientMessage(viewer->client);
    }
    if (viewer->client && viewer->client->state == RFB_NORMAL) {
        timer_cancel(&viewer->handshake);
    }
    serve(viewer);
}

static void on_handshake_late(void *opaque)
{
    event_loop_quit(((VncViewer *)opaque)->loop);
}

static void viewer_session(VncViewer *viewer)
{
    int fd = fcntl(viewer->fd, F_DUPFD_CLOEXEC, 0);

    if (fd < 0 || !screen_open(viewer)) {
        if (fd >= 0) {
            close(fd);
        }
        return;
    }
    viewer->client = rfbNewClient(viewer->screen, fd); /* owns fd, closes it */
    g_mutex_lock(&viewer->mutex);
    viewer->greeted = TRUE;
    g_mutex_unlock(&viewer->mutex);
    if (viewer->client && viewer->client->sock != RFB_INVALID_SOCKET) {
        viewer->watch =
            fd_watch_add(viewer->loop, viewer->client->sock, G_IO_IN, on_readable, viewer);
        timer_init(&viewer->handshake, viewer->clock, on_handshake_late, viewer);
        timer_set_after(&viewer->handshake, HANDSHAKE_TIMEOUT_NS);
        event_loop_run(viewer->loop);
        timer_cancel(&viewer->handshake);
        fd_watch_remove(viewer->watch);
    }
    if (viewer->client) {
        rfbCloseClient(viewer->client);
        rfbClientConnectionGone(viewer->client);
    }
    viewer->screen->frameBuffer = NULL; /* not libvncserver's to free */
    rfbScreenCleanup(viewer->screen);
}

static gpointer viewer_thread(gpointer data)
{
    VncViewer *viewer = data;

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

static void on_gone(void *opaque)
{
    VncViewer *viewer = opaque;
    vnc_server_viewer_gone(viewer->server, viewer);
}

/* Asks again and again: the peer may go on sending. */
static void on_greeting_late(void *opaque)
{
    VncViewer *viewer = opaque;
    gboolean late;

    g_mutex_lock(&viewer->mutex);
    late = !viewer->greeted;
    g_mutex_unlock(&viewer->mutex);
    if (late) {
        vnc_viewer_disconnect(viewer);
        timer_set_after(&viewer->greeting, GREETING_TIMEOUT_NS);
    }
}

VncViewer *vnc_viewer_new(VncServer *server, int fd)
{
    VncViewer *viewer = g_new0(VncViewer, 1);
    g_autoptr(GMainContext) context = g_main_context_new();

    viewer->server = server;
    viewer->machine = server->frontend.machine;
    viewer->fd = fd;
    viewer->peer = vnc_peer_name(fd);
    viewer->loop = event_loop_new(context, NULL);
    viewer->clock = clock_new_host(viewer->loop);
    viewer->wake = deferred_new(viewer->loop, on_wake, viewer);
    viewer->gone = deferred_new(viewer->machine->loop, on_gone, viewer);
    viewer->input = vnc_input_new(server);
    g_mutex_init(&viewer->mutex);
    g_cond_init(&viewer->ended_cond);
    timer_init(&viewer->greeting, viewer->machine->host_clock, on_greeting_late, viewer);
    timer_set_after(&viewer->greeting, GREETING_TIMEOUT_NS);
    viewer->updater = vnc_updater_new(server->picture, server->lossy, !server->non_adaptive);
    g_ptr_array_add(server->viewers, viewer);
    display_listener_set_active(server->listener, TRUE);
    viewer->thread = g_thread_new("vnc viewer", viewer_thread, viewer);
    return viewer;
}

/*
 * Until it has greeted the viewer, libvncserver looks for the beginning of a WebSocket handshake by
 * peeking at four bytes, and never stops peeking if there are only one to three. So these are taken
 * away.
 */
static void take_stray_bytes(VncViewer *viewer)
{
    char stray[256];

    while (!viewer->greeted && recv(viewer->fd, stray, sizeof(stray), MSG_DONTWAIT) > 0) {
    }
}

void vnc_viewer_disconnect(VncViewer *viewer)
{
    g_mutex_lock(&viewer->mutex);
    viewer->leave = TRUE;
    shutdown(viewer->fd, SHUT_RDWR); /* a blocking read or write returns */
    take_stray_bytes(viewer);
    g_mutex_unlock(&viewer->mutex);
    deferred_schedule(viewer->wake);
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
    vm_lock_drop(viewer->machine->lock);
    wait_for_end(viewer);
    g_thread_join(viewer->thread);
    vm_lock_take(viewer->machine->lock, "vnc viewer");
    timer_cancel(&viewer->greeting);
    deferred_free(viewer->gone);
    deferred_free(viewer->wake);
    clock_free(viewer->clock);
    event_loop_free(viewer->loop);
    vnc_updater_free(viewer->updater);
    g_mutex_clear(&viewer->mutex);
    g_cond_clear(&viewer->ended_cond);
    close(viewer->fd);
    g_free(viewer->peer);
    g_free(viewer);
}

void vnc_viewer_frame(VncViewer *viewer)
{
    if (vnc_updater_waits(viewer->updater)) {
        deferred_schedule(viewer->wake);
    }
}

void vnc_viewer_describe(VncViewer *viewer, GString *out)
{
    g_mutex_lock(&viewer->mutex);
    g_string_append_printf(out, "  Client: %s, %" G_GUINT64_FORMAT " updates sent\n", viewer->peer,
                           viewer->updates);
    g_mutex_unlock(&viewer->mutex);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/gtk/wayland-relay.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/error.h"
#include "core/log.h"
#include "ui/gtk/wayland-lane.h"

/* wl_display and wl_callback (wayland.xml): requests, then events. */
#define DISPLAY_SYNC      0
#define DISPLAY_ERROR     0
#define DISPLAY_DELETE_ID 1
#define CALLBACK_DONE     0

#define SYNCS_MAX 64

struct WaylandRelay {
    char *folder, *path; /* NULL once they are removed */
    int listener;
    int wake; /* eventfd: the thread is to end */
    GThread *thread;
    Deferred *broken_call;
    void (*broken)(void *opaque);
    void *opaque;
    gboolean is_broken;
    /* the thread's */
    int gtk, compositor; /* -1 = not there (any more) */
    WaylandLane to_gtk, to_compositor;
    guint32 syncs[SYNCS_MAX]; /* callbacks that GTK may wait for */
    guint sync_count;
};

/* ---- the compositor has gone ---- */

static gboolean answer_sync(WaylandRelay *relay, guint32 callback)
{
    return wayland_lane_put(&relay->to_gtk, callback, CALLBACK_DONE, 0) &&
           wayland_lane_put(&relay->to_gtk, WAYLAND_DISPLAY_ID, DISPLAY_DELETE_ID, callback);
}

static void lose_compositor(WaylandRelay *relay)
{
    if (relay->compositor < 0) {
        return;
    }
    close(relay->compositor);
    relay->compositor = -1;
    wayland_lane_drop_ready(&relay->to_compositor);
    wayland_lane_drop_rest(&relay->to_gtk);
    for (guint i = 0; i < relay->sync_count; i++) {
        answer_sync(relay, relay->syncs[i]);
    }
    relay->sync_count = 0;
    deferred_schedule(relay->broken_call);
}

/* ---- from GTK ---- */

static void note_sync(WaylandRelay *relay, guint32 callback)
{
    if (relay->sync_count < SYNCS_MAX) {
        relay->syncs[relay->sync_count++] = callback;
    }
}

static void from_gtk(WaylandRelay *relay)
{
    WaylandLane *lane = &relay->to_compositor;
    WaylandMessage message;
    gboolean broken = FALSE;
    while (wayland_lane_next(lane, &message, &broken)) {
        gboolean sync = message.object == WAYLAND_DISPLAY_ID && message.opcode == DISPLAY_SYNC;
        guint32 callback = wayland_message_word(&message, 0);
        if (relay->compositor >= 0) {
            if (sync) {
                note_sync(relay, callback);
            }
            wayland_lane_accept(lane, &message);
        } else {
            wayland_lane_drop(lane, &message);
            if (sync) {
                answer_sync(relay, callback);
            }
        }
    }
    if (relay->compositor < 0) {
        wayland_lane_drop_ready(lane); /* descriptors; the beginning of a message stays */
    }
}

/* ---- from the compositor ---- */

static void forget_sync(WaylandRelay *relay, guint32 callback)
{
    for (guint i = 0; i < relay->sync_count; i++) {
        if (relay->syncs[i] == callback) {
            relay->syncs[i] = relay->syncs[--relay->sync_count];
            return;
        }
    }
}

static void from_compositor(WaylandRelay *relay)
{
    WaylandMessage message;
    gboolean broken = FALSE;
    while (wayland_lane_next(&relay->to_gtk, &message, &broken)) {
        if (message.object == WAYLAND_DISPLAY_ID && message.opcode == DISPLAY_ERROR) {
            broken = TRUE; /* GDK would end the process */
            break;
        }
        if (message.object == WAYLAND_DISPLAY_ID && message.opcode == DISPLAY_DELETE_ID) {
            forget_sync(relay, wayland_message_word(&message, 0));
        }
        wayland_lane_accept(&relay->to_gtk, &message);
    }
    if (broken) {
        lose_compositor(relay);
    }
}

/* ---- the thread ---- */

static void prepare(const WaylandLane *lane, struct pollfd *from, struct pollfd *to)
{
    if (lane->ready == 0) {
        from->events |= POLLIN;
    } else {
        to->events |= POLLOUT;
    }
}

/* Carries what can be carried. FALSE when GTK has closed its end. */
static gboolean carry(WaylandRelay *relay, const struct pollfd *gtk, const struct pollfd *other)
{
    if ((gtk->revents & POLLHUP) && relay->to_compositor.ready > 0) {
        return FALSE;
    }
    if ((gtk->revents & (POLLIN | POLLHUP | POLLERR)) && relay->to_compositor.ready == 0) {
        if (!wayland_lane_read(&relay->to_compositor, relay->gtk)) {
            return FALSE;
        }
        from_gtk(relay);
    }
    if (relay->compositor >= 0 && (other->revents & (POLLIN | POLLHUP | POLLERR)) &&
        relay->to_gtk.ready == 0) {
        gboolean good = wayland_lane_read(&relay->to_gtk, relay->compositor);
        from_compositor(relay);
        if (!good) {
            lose_compositor(relay);
        }
    }
    if (relay->compositor >= 0 && !wayland_lane_send(&relay->to_compositor, relay->compositor)) {
        lose_compositor(relay);
    }
    return wayland_lane_send(&relay->to_gtk, relay->gtk);
}

static gboolean accept_gtk(WaylandRelay *relay)
{
    struct pollfd fds[] = {{.fd = relay->listener, .events = POLLIN},
                           {.fd = relay->wake, .events = POLLIN}};
    while (poll(fds, 2, -1) < 0 && errno == EINTR) {
    }
    if (fds[0].revents != 0) {
        relay->gtk = accept4(relay->listener, NULL, NULL, SOCK_CLOEXEC);
    }
    return relay->gtk >= 0;
}

static gpointer run(gpointer data)
{
    WaylandRelay *relay = data;
    gboolean good = accept_gtk(relay);
    while (good) {
        struct pollfd fds[] = {
            {.fd = relay->gtk}, {.fd = relay->compositor}, {.fd = relay->wake, .events = POLLIN}};
        prepare(&relay->to_compositor, &fds[0], &fds[1]);
        prepare(&relay->to_gtk, &fds[1], &fds[0]);
        if (fds[1].events == 0) {
            fds[1].fd = -1; /* its end can wait until GTK has taken what is there */
        }
        if (poll(fds, 3, -1) < 0) {
            good = errno == EINTR;
            continue;
        }
        good = fds[2].revents == 0 && carry(relay, &fds[0], &fds[1]);
    }
    return NULL;
}

/* ---- lifecycle ---- */

static gboolean fill_address(struct sockaddr_un *address, const char *path, GError **error)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address->sun_path)) {
        return error_set(error, "the path '%s' is too long for a socket", path);
    }
    strcpy(address->sun_path, path);
    return TRUE;
}

static gboolean connect_compositor(WaylandRelay *relay, const char *display, GError **error)
{
    g_autofree char *path = display[0] == '/'
                                ? g_strdup(display)
                                : g_build_filename(g_get_user_runtime_dir(), display, NULL);
    struct sockaddr_un address;
    if (!fill_address(&address, path, error)) {
        return FALSE;
    }
    relay->compositor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (relay->compositor < 0 ||
        connect(relay->compositor, (struct sockaddr *)&address, sizeof(address)) != 0) {
        return error_set(error, "there is no Wayland compositor at '%s': %s", path,
                         g_strerror(errno));
    }
    return TRUE;
}

static gboolean listen_for_gtk(WaylandRelay *relay, GError **error)
{
    struct sockaddr_un address;
    relay->folder = g_dir_make_tmp("vitrine-XXXXXX", error); /* mode 0700 */
    if (relay->folder == NULL) {
        return FALSE;
    }
    relay->path = g_build_filename(relay->folder, "wayland", NULL);
    if (!fill_address(&address, relay->path, error)) {
        return FALSE;
    }
    relay->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (relay->listener < 0 ||
        bind(relay->listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(relay->listener, 1) != 0) {
        return error_set(error, "cannot listen at '%s': %s", relay->path, g_strerror(errno));
    }
    return TRUE;
}

static void call_broken(void *opaque)
{
    WaylandRelay *relay = opaque;
    relay->is_broken = TRUE;
    if (relay->broken != NULL) {
        relay->broken(relay->opaque);
    }
}

WaylandRelay *wayland_relay_new(EventLoop *loop, const char *display, GError **error)
{
    WaylandRelay *relay = g_new0(WaylandRelay, 1);
    relay->listener = relay->gtk = relay->compositor = -1;
    wayland_lane_init(&relay->to_gtk);
    wayland_lane_init(&relay->to_compositor);
    relay->broken_call = deferred_new(loop, call_broken, relay);
    relay->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (!connect_compositor(relay, display, error) || !listen_for_gtk(relay, error)) {
        wayland_relay_free(relay);
        return NULL;
    }
    relay->thread = g_thread_new("wayland-relay", run, relay);
    return relay;
}

const char *wayland_relay_path(const WaylandRelay *relay)
{
    return relay->path;
}

void wayland_relay_connected(WaylandRelay *relay)
{
    if (relay->path != NULL) {
        g_unlink(relay->path);
        g_clear_pointer(&relay->path, g_free);
    }
    if (relay->folder != NULL) {
        g_rmdir(relay->folder);
        g_clear_pointer(&relay->folder, g_free);
    }
}

void wayland_relay_watch(WaylandRelay *relay, void (*broken)(void *opaque), void *opaque)
{
    relay->broken = broken;
    relay->opaque = opaque;
    if (relay->is_broken) {
        deferred_schedule(relay->broken_call);
    }
}

static void close_fd(int fd)
{
    if (fd >= 0) {
        close(fd);
    }
}

void wayland_relay_free(WaylandRelay *relay)
{
    if (relay == NULL) {
        return;
    }
    eventfd_t one = 1;
    if (relay->thread != NULL) {
        eventfd_write(relay->wake, one);
        g_thread_join(relay->thread);
    }
    wayland_relay_connected(relay);
    wayland_lane_clear(&relay->to_gtk);
    wayland_lane_clear(&relay->to_compositor);
    close_fd(relay->gtk);
    close_fd(relay->compositor);
    close_fd(relay->listener);
    close_fd(relay->wake);
    deferred_free(relay->broken_call);
    g_free(relay);
}

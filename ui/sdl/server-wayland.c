/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Wayland. SDL reads the connection when it is asked for events; EGL reads it, too, and leaves
 * behind what is not for it: that is seen by wl_display_prepare_read(), which refuses while the
 * queue has events.
 */
#include <SDL_syswm.h>
#include <string.h>
#include <wayland-client.h>

#include "core/error.h"
#include "ui/sdl/server.h"

/* ---- before SDL connects ---- */

static void on_global(void *data, struct wl_registry *registry, uint32_t name,
                      const char *interface, uint32_t version)
{
    if (strcmp(interface, wl_seat_interface.name) == 0) {
        *(gboolean *)data = TRUE;
    }
}

static void on_global_remove(void *data, struct wl_registry *registry, uint32_t name)
{
}

static const struct wl_registry_listener registry_listener = {on_global, on_global_remove};

/* SDL 2.26 crashes where there is no seat (a compositor without input devices). */
static gboolean wayland_probe(GError **error)
{
    gboolean has_seat = FALSE;
    struct wl_display *display = wl_display_connect(NULL);
    if (display == NULL) {
        return TRUE; /* SDL says so itself */
    }
    struct wl_registry *registry = wl_display_get_registry(display);
    wl_registry_add_listener(registry, &registry_listener, &has_seat);
    gboolean answered = wl_display_roundtrip(display) >= 0;
    wl_registry_destroy(registry);
    wl_display_disconnect(display);
    return !answered || has_seat ||
           error_set(error, "the Wayland compositor has no seat (no keyboard and no pointer), "
                            "without which SDL cannot be used; gtk can");
}

/* ---- the connection ---- */

static void wayland_open(SdlServer *server, const SDL_SysWMinfo *info)
{
    server->connection = info->info.wl.display;
    server->fd = wl_display_get_fd(info->info.wl.display);
    sdl_server_add_socket(server, server->fd);
}

static gboolean wayland_pending(SdlServer *server)
{
    struct wl_display *display = server->connection;
    wl_display_flush(display);
    if (wl_display_prepare_read(display) != 0) {
        return TRUE;
    }
    wl_display_cancel_read(display);
    return FALSE;
}

static gboolean wayland_dead(SdlServer *server)
{
    return wl_display_get_error(server->connection) != 0;
}

static const SdlServerOps wayland_ops = {
    .subsystem = SDL_SYSWM_WAYLAND,
    .probe = wayland_probe,
    .open = wayland_open,
    .pending = wayland_pending,
    .dead = wayland_dead,
};
const SdlServerOps *const sdl_server_wayland = &wayland_ops;

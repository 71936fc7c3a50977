/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Wayland. SDL reads the connection when it is asked for events; EGL reads it, too, and leaves
 * behind what is not for it: that is seen by wl_display_prepare_read(), which refuses while the
 * queue has events.
 */
#include <SDL_syswm.h>
#include <wayland-client-core.h>

#include "ui/sdl/server.h"

static void wayland_open(SdlServer *server, const SDL_SysWMinfo *info)
{
    server->connection = info->info.wl.display;
    server->fd = wl_display_get_fd(info->info.wl.display);
}

static void wayland_close(SdlServer *server)
{
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
    .open = wayland_open,
    .close = wayland_close,
    .pending = wayland_pending,
    .dead = wayland_dead,
};
const SdlServerOps *const sdl_server_wayland = &wayland_ops;

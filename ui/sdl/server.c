/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <SDL_syswm.h>

#include "ui/sdl/server.h"

static const SdlServerOps *find_ops(int subsystem)
{
    const SdlServerOps *const known[] = {sdl_server_x11, sdl_server_wayland};
    for (guint i = 0; i < G_N_ELEMENTS(known); i++) {
        if (known[i] != NULL && known[i]->subsystem == subsystem) {
            return known[i];
        }
    }
    return NULL;
}

/* SDL prefers X11. */
gboolean sdl_server_probe(GError **error)
{
    const char *x11 = g_getenv("DISPLAY");
    const char *driver = g_getenv("SDL_VIDEODRIVER");
    gboolean wayland = driver != NULL && driver[0] != '\0' ? g_str_has_prefix(driver, "wayland")
                                                           : x11 == NULL || x11[0] == '\0';
    return !wayland || sdl_server_wayland == NULL || sdl_server_wayland->probe(error);
}

SdlServer *sdl_server_new(SDL_Window *window, void (*lost)(void *opaque), void *opaque)
{
    SdlServer *server = g_new0(SdlServer, 1);
    SDL_SysWMinfo info;
    SDL_VERSION(&info.version);
    server->fd = -1;
    server->lost = lost;
    server->opaque = opaque;
    if (SDL_GetWindowWMInfo(window, &info)) {
        server->ops = find_ops(info.subsystem);
    }
    if (server->ops != NULL) {
        server->ops->open(server, &info);
    }
    return server;
}

void sdl_server_free(SdlServer *server)
{
    if (server == NULL) {
        return;
    }
    if (server->ops != NULL) {
        server->ops->close(server);
    }
    g_free(server);
}

gboolean sdl_server_pending(SdlServer *server)
{
    return server->ops != NULL && server->ops->pending(server);
}

gboolean sdl_server_dead(SdlServer *server)
{
    return server->ops != NULL && server->ops->dead != NULL && server->ops->dead(server);
}

void sdl_server_lost(SdlServer *server)
{
    void (*lost)(void *opaque) = server->lost;
    server->lost = NULL;
    if (lost != NULL) {
        lost(server->opaque);
    }
}

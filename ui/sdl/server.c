/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/sdl/server.h"

#include <SDL_syswm.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

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

SdlServer *sdl_server_new(void (*lost)(void *opaque), void *opaque)
{
    SdlServer *server = g_new0(SdlServer, 1);
    server->fd = -1;
    server->lost = lost;
    server->opaque = opaque;
    server->sockets = g_array_new(FALSE, FALSE, sizeof(int));
    server->windows = g_array_new(FALSE, FALSE, sizeof(gulong));
    return server;
}

void sdl_server_before(SdlServer *server)
{
    if (sdl_server_x11 != NULL) {
        sdl_server_x11->before(server);
    }
}

void sdl_server_connected(SdlServer *server)
{
    if (sdl_server_x11 != NULL) {
        sdl_server_x11->connected(server);
    }
}

void sdl_server_add_window(SdlServer *server, SDL_Window *window)
{
    SDL_SysWMinfo info;
    SDL_VERSION(&info.version);
    if (!SDL_GetWindowWMInfo(window, &info)) {
        return;
    }
    if (server->ops == NULL) {
        server->ops = find_ops(info.subsystem);
        if (server->ops != NULL) {
            server->ops->open(server, &info);
        }
    }
    if (server->ops != NULL && server->ops->add_window != NULL) {
        server->ops->add_window(server, &info);
    }
}

void sdl_server_close(SdlServer *server)
{
    server->lost = NULL;
    if (server->ops != NULL && server->ops->close != NULL) {
        server->ops->close(server);
    }
}

void sdl_server_free(SdlServer *server)
{
    if (server == NULL) {
        return;
    }
    for (guint i = 0; i < server->sockets->len; i++) {
        close(g_array_index(server->sockets, int, i));
    }
    g_array_unref(server->sockets);
    g_array_unref(server->windows);
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
    server->is_lost = TRUE;
    if (lost != NULL) {
        lost(server->opaque);
    }
}

gboolean sdl_server_can_close(const SdlServer *server)
{
    return !server->is_lost || server->ops != sdl_server_x11 || server->knows_all;
}

/* A copy: the socket can be shut down whatever SDL does meanwhile. */
void sdl_server_add_socket(SdlServer *server, int fd)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy >= 0) {
        g_array_append_val(server->sockets, copy);
    }
}

void sdl_server_break(SdlServer *server)
{
    for (guint i = 0; i < server->sockets->len; i++) {
        shutdown(g_array_index(server->sockets, int, i), SHUT_RDWR);
    }
}

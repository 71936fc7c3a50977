/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * X11. Xlib's answer to a lost connection is exit(); libX11 1.7 lets a program replace it by a
 * function that returns (XSetIOErrorExitHandler(3)), after which every call on that connection
 * does nothing. Its answer to an error reply is exit() as well.
 */
#include <SDL_syswm.h>
#include <X11/Xlib.h>

#include "ui/sdl/server.h"

/* In the place of what prints a message; the connection's own handler is called after this. */
static int ignore_io_error(Display *display)
{
    return 0;
}

/* A window that went in the wrong moment is no reason to end the machine. */
static int ignore_error(Display *display, XErrorEvent *event)
{
    return 0;
}

static void on_io_error(Display *display, void *data)
{
    sdl_server_lost(data);
}

static void x11_open(SdlServer *server, const SDL_SysWMinfo *info)
{
    Display *display = info->info.x11.display;
    server->connection = display;
    server->fd = ConnectionNumber(display);
    XSetErrorHandler(ignore_error);
    XSetIOErrorHandler(ignore_io_error);
    XSetIOErrorExitHandler(display, on_io_error, server);
}

/* SDL closes the connection later; the server may die until then. */
static void on_late_io_error(Display *display, void *data)
{
}

static void x11_close(SdlServer *server)
{
    XSetIOErrorExitHandler(server->connection, on_late_io_error, NULL);
}

static gboolean x11_pending(SdlServer *server)
{
    return XEventsQueued(server->connection, QueuedAfterFlush) > 0;
}

static const SdlServerOps x11_ops = {
    .subsystem = SDL_SYSWM_X11,
    .open = x11_open,
    .close = x11_close,
    .pending = x11_pending,
};
const SdlServerOps *const sdl_server_x11 = &x11_ops;

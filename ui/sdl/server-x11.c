/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * X11. Xlib's answer to a lost connection is exit(); libX11 1.7 lets a program replace it by a
 * function that returns (XSetIOErrorExitHandler(3)), after which every call on that connection
 * does nothing. Its answer to an error reply is exit() as well.
 *
 * SDL has two connections and shows one. So XOpenDisplay() is ours where SDL is linked with libX11
 * as Debian's is: this module comes before its libraries where their symbols are looked for. An SDL
 * that loads libX11 itself passes by; after a loss that is left as it is, since closing its second
 * connection would end the process.
 */
#include <SDL_syswm.h>
#include <X11/Xlibint.h>
#include <dlfcn.h>

#include "ui/sdl/server.h"

/* ---- loss ---- */

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

/*
 * SDL waits until a window that it shows or hides is mapped or unmapped, with XIfEvent(), which on
 * a dead connection looks for the event without end: here it is, in the protocol's form.
 */
static void say_mapped(Display *display, gulong window)
{
    xEvent mapped = {0}, unmapped = {0};
    mapped.u.u.type = MapNotify;
    mapped.u.mapNotify.window = (CARD32)window;
    unmapped.u.u.type = UnmapNotify;
    unmapped.u.unmapNotify.window = (CARD32)window;
    LockDisplay(display);
    mapped.u.u.sequenceNumber = (CARD16)display->last_request_read;
    unmapped.u.u.sequenceNumber = (CARD16)display->last_request_read;
    _XEnq(display, &mapped);
    _XEnq(display, &unmapped);
    UnlockDisplay(display);
}

static void say_all_mapped(SdlServer *server)
{
    for (guint i = 0; i < server->windows->len; i++) {
        say_mapped(server->connection, g_array_index(server->windows, gulong, i));
    }
}

static void on_io_error(Display *display, void *data)
{
    SdlServer *server = data;
    sdl_server_lost(server);
    if (display == server->connection) {
        say_all_mapped(server);
    }
}

/* ---- the connections ---- */

/* Whose SDL connects now, in this thread. */
static __thread SdlServer *connecting;

static void watch(Display *display, SdlServer *server)
{
    XSetIOErrorExitHandler(display, on_io_error, server);
    sdl_server_add_socket(server, ConnectionNumber(display));
}

/* SDL's, and whoever else's takes this one: those see no difference. */
__attribute__((visibility("default"))) Display *XOpenDisplay(const char *name)
{
    Display *(*open_display)(const char *) = dlsym(RTLD_NEXT, "XOpenDisplay");
    Display *display = open_display(name);
    if (display != NULL && connecting != NULL) {
        connecting->knows_all = TRUE;
        watch(display, connecting);
    }
    return display;
}

static void x11_before(SdlServer *server)
{
    XInitThreads(); /* SDL's thread beside GTK's */
    connecting = server;
}

static void x11_connected(SdlServer *server)
{
    connecting = NULL;
    XSetErrorHandler(ignore_error);
    XSetIOErrorHandler(ignore_io_error);
}

static void x11_open(SdlServer *server, const SDL_SysWMinfo *info)
{
    server->connection = info->info.x11.display;
    server->fd = ConnectionNumber(info->info.x11.display);
    if (!server->knows_all) {
        watch(info->info.x11.display, server);
    }
}

static void x11_add_window(SdlServer *server, const SDL_SysWMinfo *info)
{
    gulong window = info->info.x11.window;
    g_array_append_val(server->windows, window);
    if (server->is_lost) {
        say_mapped(server->connection, window);
    }
}

static void x11_close(SdlServer *server)
{
    if (server->is_lost) {
        say_all_mapped(server);
    }
}

static gboolean x11_pending(SdlServer *server)
{
    return XEventsQueued(server->connection, QueuedAfterFlush) > 0;
}

static const SdlServerOps x11_ops = {
    .subsystem = SDL_SYSWM_X11,
    .before = x11_before,
    .connected = x11_connected,
    .open = x11_open,
    .add_window = x11_add_window,
    .close = x11_close,
    .pending = x11_pending,
};
const SdlServerOps *const sdl_server_x11 = &x11_ops;

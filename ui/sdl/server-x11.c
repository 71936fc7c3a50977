/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * X11. Xlib's answer to a lost connection is exit(); libX11 1.7 lets a program replace it by a
 * function that returns (XSetIOErrorExitHandler(3)), after which every call on that connection
 * does nothing. Its answer to an error reply is exit() as well.
 *
 * SDL makes two connections and shows us one. Where its call of XOpenDisplay() is resolved by the
 * dynamic linker (Debian's), it finds the one in this file, for a module comes before its
 * libraries: so both are guarded. (So is that of XIfEvent().) Where SDL looks the functions up
 * itself, these are not called.
 */
#include <SDL_syswm.h>
#include <X11/Xlib.h>
#include <dlfcn.h>
#include <gmodule.h>

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

/* SDL closes the connection later; the server may die until then. */
static void on_late_io_error(Display *display, void *data)
{
    g_dataset_set_data(display, "dead", display);
}

typedef Bool (*EventTest)(Display *display, XEvent *event, XPointer argument);
typedef Display *(*OpenDisplay)(const char *name);
typedef int (*IfEvent)(Display *display, XEvent *event, EventTest test, XPointer argument);
static const SdlServerOps x11_ops;

G_MODULE_EXPORT Display *XOpenDisplay(const char *name)
{
    OpenDisplay open_display;
    *(void **)&open_display = dlsym(RTLD_NEXT, "XOpenDisplay");
    Display *display = open_display != NULL ? open_display(name) : NULL;
    if (display != NULL) {
        g_dataset_set_data(display, "dead", NULL); /* another was there before */
        XSetIOErrorExitHandler(display, on_late_io_error, NULL);
        g_dataset_set_data(&x11_ops, "guarded", display);
    }
    return display;
}

/* Xlib's would wait for ever for an event of a dead connection; SDL waits for its windows to go. */
G_MODULE_EXPORT int XIfEvent(Display *display, XEvent *event, EventTest test, XPointer argument)
{
    IfEvent if_event;
    *(void **)&if_event = dlsym(RTLD_NEXT, "XIfEvent");
    if (if_event == NULL || g_dataset_get_data(display, "dead") != NULL) {
        *event = (XEvent){0};
        return 0;
    }
    return if_event(display, event, test, argument);
}

static gboolean x11_may_close(SdlServer *server)
{
    return g_dataset_get_data(&x11_ops, "guarded") != NULL;
}

static void on_io_error(Display *display, void *data)
{
    g_dataset_set_data(display, "dead", display);
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
    .may_close = x11_may_close,
};
const SdlServerOps *const sdl_server_x11 = &x11_ops;

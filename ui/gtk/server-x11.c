/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * X11: keycodes that may not be evdev's, a connection whose loss would end the process, and asking
 * the server for an answer without waiting for it.
 * Xlib's answer to a lost connection is exit(); libX11 1.7 lets a program replace it by a function
 * that returns (XSetIOErrorExitHandler(3)), after which every call on that display does nothing.
 */
#include <X11/XKBlib.h>
#include <X11/Xatom.h>
#include <X11/Xlib.h>
#include <gdk/gdkx.h>
#include <string.h>

#include "ui/gtk/server.h"

/* ---- keycodes ---- */

static gboolean keycodes_are_evdev(Display *xdisplay, const XkbNamesPtr names)
{
    if (names->keycodes == None) {
        return FALSE;
    }
    char *name = XGetAtomName(xdisplay, names->keycodes);
    gboolean evdev = name != NULL && g_str_has_prefix(name, "evdev");
    XFree(name);
    return evdev;
}

/* By the names that the server gives its keys; these are at most 4 bytes, not ended by a NUL. */
static void init_by_name(HostKeys *keys, const XkbDescPtr desc)
{
    g_autoptr(Keymap) keymap = keymap_new(NULL, NULL);
    char text[HOST_KEYS_MAX][XkbKeyNameLength + 1] = {0};
    const char *names[HOST_KEYS_MAX] = {0};
    if (keymap == NULL || desc->names->keys == NULL) {
        return; /* keycode - 8 is the best guess then */
    }
    for (guint code = desc->min_key_code; code <= desc->max_key_code; code++) {
        memcpy(text[code], desc->names->keys[code].name, XkbKeyNameLength);
        names[code] = text[code];
    }
    host_keys_init_named(keys, keymap, names, HOST_KEYS_MAX);
}

gboolean gui_x11_is(GdkDisplay *display)
{
    return GDK_IS_X11_DISPLAY(display);
}

int gui_x11_fd(GdkDisplay *display)
{
    return ConnectionNumber(gdk_x11_display_get_xdisplay(display));
}

void gui_x11_host_keys(GdkDisplay *display, HostKeys *keys)
{
    Display *xdisplay = gdk_x11_display_get_xdisplay(display);
    XkbDescPtr desc = XkbGetMap(xdisplay, 0, XkbUseCoreKbd);
    if (desc == NULL) {
        return;
    }
    if (XkbGetNames(xdisplay, XkbKeyNamesMask | XkbKeycodesNameMask, desc) == Success &&
        desc->names != NULL && !keycodes_are_evdev(xdisplay, desc->names)) {
        init_by_name(keys, desc);
    }
    XkbFreeKeyboard(desc, XkbAllComponentsMask, True);
}

/* ---- loss ---- */

/* In the place of GDK's, which exits; the display's own handler is called after this one. */
static int ignore_io_error(Display *xdisplay)
{
    return 0;
}

static void on_io_error(Display *xdisplay, void *data)
{
    _XPrivDisplay fields = (_XPrivDisplay)xdisplay;
    /*
     * Cairo waits for the server to be done with a shared memory buffer by reading events until
     * LastKnownRequestProcessed() says so. On a dead connection it would wait for ever, here or
     * when the window's surface is destroyed: all requests, those to come too, count as processed.
     */
    fields->last_request_read = fields->request + (G_MAXLONG >> 1);
    GuiServer *server = g_object_get_data(data, "vitrine-server");
    if (server != NULL) {
        gui_server_lose(server);
    }
}

/* ---- questions: messages that the server sends back to us ---- */

static GdkFilterReturn on_event(GdkXEvent *gdk_event, GdkEvent *event, gpointer data)
{
    const XEvent *xevent = gdk_event;
    GuiServer *server = data;
    if (xevent->type != ClientMessage || xevent->xclient.window != server->ask_window ||
        xevent->xclient.display != gdk_x11_display_get_xdisplay(server->display)) {
        return GDK_FILTER_CONTINUE;
    }
    gui_server_answered(server, (guint32)xevent->xclient.data.l[0]);
    return GDK_FILTER_REMOVE;
}

void gui_x11_ask(GuiServer *server, guint32 number)
{
    Display *xdisplay = gdk_x11_display_get_xdisplay(server->display);
    XEvent event = {.xclient = {.type = ClientMessage,
                                .window = server->ask_window,
                                .message_type = XA_INTEGER,
                                .format = 32,
                                .data.l = {(long)number}}};
    /* Without a mask it goes to who has made the window. */
    XSendEvent(xdisplay, server->ask_window, False, NoEventMask, &event);
    XFlush(xdisplay);
}

/* ---- lifecycle ---- */

void gui_x11_unwatch(GuiServer *server)
{
    gdk_window_remove_filter(NULL, on_event, server);
}

void gui_x11_watch(GuiServer *server)
{
    Display *xdisplay = gdk_x11_display_get_xdisplay(server->display);
    server->ask_window =
        XCreateSimpleWindow(xdisplay, DefaultRootWindow(xdisplay), 0, 0, 1, 1, 0, 0, 0);
    gdk_window_add_filter(NULL, on_event, server);
    XSetIOErrorHandler(ignore_io_error);
    XSetIOErrorExitHandler(gdk_x11_display_get_xdisplay(server->display), on_io_error,
                           server->display);
}

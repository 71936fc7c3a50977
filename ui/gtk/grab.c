/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The grab. On X11 it is a grab of the seat; on Wayland the compositor is asked to inhibit its
 * shortcuts, and to lock a relative pointer, where that can be had (wayland-grab.h).
 */
#include "ui/gtk/gui.h"

const char *gui_release_name(const Gui *gui)
{
    static const char *const names[] = {
        [GUI_RELEASE_CTRL_ALT_G] = "Ctrl+Alt+G",
        [GUI_RELEASE_CTRL_ALT] = "Ctrl+Alt",
        [GUI_RELEASE_RIGHT_CTRL] = "Right Ctrl",
    };
    return names[gui->release_key];
}

static GdkSeat *seat_of(Gui *gui)
{
    return gdk_display_get_default_seat(gui->server->display);
}

static gboolean is_relative(Gui *gui)
{
    return !input_is_absolute(gui->frontend.machine->input);
}

static gboolean take(Gui *gui, GuiPage *page, GuiGrab grab)
{
    GdkWindow *window = gtk_widget_get_window(page->widget);
    if (gui->wayland != NULL) {
        wayland_grab_set(gui->wayland, window, grab == GUI_GRAB_FULL && is_relative(gui));
        return TRUE;
    }
    GdkSeatCapabilities what =
        grab == GUI_GRAB_FULL ? GDK_SEAT_CAPABILITY_ALL : GDK_SEAT_CAPABILITY_KEYBOARD;
    GdkCursor *shape = grab == GUI_GRAB_FULL && !gui->show_cursor ? gui->blank_cursor : NULL;
    return gdk_seat_grab(seat_of(gui), window, what, FALSE, shape, NULL, NULL, NULL) ==
           GDK_GRAB_SUCCESS;
}

static void let_go(Gui *gui)
{
    if (gui->wayland != NULL) {
        wayland_grab_set(gui->wayland, NULL, FALSE);
    } else {
        gdk_seat_ungrab(seat_of(gui));
    }
}

void gui_grab_set(Gui *gui, GuiPage *page, GuiGrab grab)
{
    if (page != NULL && (page->screen == NULL || gtk_widget_get_window(page->widget) == NULL)) {
        page = NULL;
    }
    if (page == NULL) {
        grab = GUI_GRAB_NONE;
    }
    if (grab == gui->grab && (page == gui->grab_page || grab == GUI_GRAB_NONE)) {
        gui_menu_sync(gui);
        return;
    }
    GuiPage *old = gui->grab_page;
    let_go(gui);
    gui->grab = GUI_GRAB_NONE;
    gui->grab_page = NULL;
    gui->have_last = FALSE;
    gui->warping = FALSE;
    pointer_reset(&gui->pointer);
    if (grab != GUI_GRAB_NONE && take(gui, page, grab)) {
        gui->grab = grab;
        gui->grab_page = page;
    }
    if (gui->grab == GUI_GRAB_FULL && is_relative(gui)) {
        gui_pointer_centre(page);
    }
    if (old != NULL && old != page) {
        gui_pointer_update_cursor(old);
    }
    if (page != NULL) {
        gui_pointer_update_cursor(page);
    }
    gui_window_title(gui);
    gui_menu_sync(gui);
}

void gui_grab_pointer_mode(Gui *gui)
{
    if (gui->grab == GUI_GRAB_FULL && !is_relative(gui)) {
        gui_grab_set(gui, NULL, GUI_GRAB_NONE); /* no longer needed */
    } else if (gui->grab == GUI_GRAB_FULL && gui->wayland != NULL) {
        take(gui, gui->grab_page, gui->grab);
    }
}

/* ---- lifecycle ---- */

static void on_moved(void *opaque, double x, double y)
{
    Gui *gui = opaque;
    pointer_move(&gui->pointer, x, y);
}

void gui_grab_open(Gui *gui)
{
    gui->wayland = wayland_grab_new(gui->server->display, on_moved, gui);
}

void gui_grab_close(Gui *gui)
{
    wayland_grab_free(g_steal_pointer(&gui->wayland));
}

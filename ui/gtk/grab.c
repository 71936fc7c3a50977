/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The grab. On X11 it is a grab of the seat; on Wayland GDK asks the compositor to inhibit its
 * shortcuts (zwp_keyboard_shortcuts_inhibit_manager_v1) where that can be had.
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

static gboolean take(Gui *gui, GuiPage *page, GuiGrab grab)
{
    GdkWindow *window = gtk_widget_get_window(page->widget);
    GdkSeatCapabilities what =
        grab == GUI_GRAB_FULL ? GDK_SEAT_CAPABILITY_ALL : GDK_SEAT_CAPABILITY_KEYBOARD;
    GdkCursor *shape = grab == GUI_GRAB_FULL && !gui->show_cursor ? gui->blank_cursor : NULL;
    return gdk_seat_grab(seat_of(gui), window, what, FALSE, shape, NULL, NULL, NULL) ==
           GDK_GRAB_SUCCESS;
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
    gdk_seat_ungrab(seat_of(gui));
    gui->grab = GUI_GRAB_NONE;
    gui->grab_page = NULL;
    gui->have_last = FALSE;
    gui->warping = FALSE;
    pointer_reset(&gui->pointer);
    if (grab != GUI_GRAB_NONE && take(gui, page, grab)) {
        gui->grab = grab;
        gui->grab_page = page;
    }
    if (gui->grab == GUI_GRAB_FULL && !input_is_absolute(gui->frontend.machine->input)) {
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

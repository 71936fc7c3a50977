/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the GTK frontend share: one Gui is one window with a menubar and a notebook,
 * whose pages are guest screens (screen.c) and consoles (console-tab.c).
 *
 * Everything runs on the main loop with the vm lock, as every GTK callback does. The Gui belongs
 * to the machine as its Frontend; widgets belong to the window.
 */
#pragma once

#include <gtk/gtk.h>

#include "core/char.h"
#include "core/display.h"
#include "core/frontend.h"
#include "core/input.h"
#include "ui/common/hostkeys.h"
#include "ui/common/key-tracker.h"
#include "ui/common/pointer.h"
#include "ui/gtk/screen.h"

typedef struct Gui Gui;

#define GUI_ZOOM_STEP 0.25
#define GUI_ZOOM_MIN  0.25
#define GUI_ZOOM_MAX  8.0

/* A tab of the notebook. */
typedef struct GuiPage {
    Gui *gui;
    char *title;
    GtkWidget *widget;    /* what the notebook holds */
    GtkWidget *focus;     /* what gets the keyboard */
    GuiScreen *screen;    /* NULL for a console */
    VcView *view;         /* NULL for a screen */
    GtkWidget *menu_item; /* its radio item in the View menu */
} GuiPage;

typedef enum GuiGrab {
    GUI_GRAB_NONE,
    GUI_GRAB_HOVER, /* keyboard only, while the pointer is over the picture */
    GUI_GRAB_FULL,  /* keyboard and pointer, until Ctrl+Alt+G */
} GuiGrab;

/* Entries of the menubar with a state to show. */
typedef enum GuiCheck {
    GUI_CHECK_PAUSE,
    GUI_CHECK_FULL_SCREEN,
    GUI_CHECK_ZOOM_TO_FIT,
    GUI_CHECK_GRAB_ON_HOVER,
    GUI_CHECK_GRAB,
    GUI_CHECK_SHOW_TABS,
    GUI_CHECK_SHOW_MENUBAR,
    GUI_CHECK_COUNT,
} GuiCheck;

struct Gui {
    Frontend frontend;
    /* options */
    gboolean full_screen;
    gboolean grab_on_hover;
    gboolean show_tabs;
    gboolean show_cursor;
    gboolean window_close;
    gboolean show_menubar;
    gboolean zoom_to_fit;
    /* window.c */
    GtkWidget *window, *menubar, *notebook;
    GPtrArray *pages; /* of GuiPage*, owned; in notebook order */
    MachineListener *machine_listener;
    double zoom;
    gboolean is_full_screen, iconified, obscured;
    gboolean showing; /* past the first show; closing clears it */
    /* menu.c */
    GtkAccelGroup *accels;
    GtkWidget *checks[GUI_CHECK_COUNT];
    GtkWidget *copy_item, *paste_item, *consoles_end;
    /* input.c */
    InputListener *input_listener;
    KeyTracker *keys;
    Pointer pointer;
    HostKeys host_keys;
    GuiGrab grab;
    GdkCursor *blank_cursor;
    double last_x, last_y; /* root position that the next movement is relative to */
    gboolean have_last;
    gboolean warping; /* a warp to warp_x, warp_y is on its way */
    gint warp_x, warp_y;
    /* gtk-frontend.c */
    Deferred *lost; /* scheduled when the display server has gone */
};

/* ---- window.c ---- */
void gui_window_open(Gui *gui);
void gui_window_close(Gui *gui);
GuiPage *gui_window_page(Gui *gui); /* the page in front; NULL while there is none */
GuiPage *gui_window_add_page(Gui *gui, const char *title, GtkWidget *widget, GtkWidget *focus);
void gui_window_select(Gui *gui, guint index);
void gui_window_title(Gui *gui); /* brings it up to date */
void gui_window_fit(Gui *gui);   /* makes the window as large as the picture wants it */
void gui_window_set_full_screen(Gui *gui, gboolean on);
void gui_window_set_zoom(Gui *gui, double zoom);
void gui_window_set_zoom_to_fit(Gui *gui, gboolean on);
void gui_window_update_bars(Gui *gui); /* menubar and tabs shown or not */

/* ---- menu.c ---- */
void gui_menu_build(Gui *gui); /* makes gui->menubar */
void gui_menu_add_page(Gui *gui, GuiPage *page);
void gui_menu_sync(Gui *gui); /* check marks follow the state */

/* ---- dialog.c ---- */
void gui_dialog_reset(Gui *gui);      /* asks, then resets */
void gui_dialog_screenshot(Gui *gui); /* asks for a file, then saves the picture in front */

/* ---- input.c ---- */
void gui_input_open(Gui *gui);
void gui_input_close(Gui *gui);
void gui_input_add_screen(Gui *gui, GuiScreen *screen); /* connects its events */
void gui_input_set_grab(Gui *gui, GuiGrab grab);
void gui_input_update_cursor(Gui *gui); /* the pointer's shape over the picture in front */
gboolean gui_input_window_key(Gui *gui, GdkEventKey *event); /* TRUE if it was taken */

/* ---- console-tab.c ---- */
void gui_console_add(Gui *gui, Chardev *chr);
void gui_console_stop(GuiPage *page);
void gui_console_copy(GuiPage *page);
void gui_console_paste(GuiPage *page);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the GTK frontend share. A Gui is the frontend: it has pages (a guest's screen
 * or a console each) that live in the notebooks of its windows - the main one, with menubar and
 * status bar, and one for each detached page.
 *
 * Everything runs on the main loop with the vm lock, as every GTK callback does. The Gui belongs
 * to the machine as its Frontend; windows and pages belong to the Gui, widgets to their window.
 */
#pragma once

#include <gtk/gtk.h>

#include "core/char.h"
#include "core/display.h"
#include "core/frontend.h"
#include "core/input.h"
#include "ui/common/console.h"
#include "ui/common/hostkeys.h"
#include "ui/common/key-tracker.h"
#include "ui/common/pointer.h"
#include "ui/gtk/backlog.h"
#include "ui/gtk/screen.h"
#include "ui/gtk/server.h"
#include "ui/gtk/wayland-grab.h"

typedef struct Gui Gui;
typedef struct GuiWindow GuiWindow;
typedef struct GuiMenu GuiMenu;
typedef struct GuiStatus GuiStatus;
typedef struct GuiHotBar GuiHotBar;

#define GUI_ASKED     8
#define GUI_ZOOM_STEP 0.25
#define GUI_ZOOM_MIN  0.25
#define GUI_ZOOM_MAX  8.0

/* A tab. */
typedef struct GuiPage {
    Gui *gui;
    GuiWindow *window; /* where it is now */
    Console *console;  /* a reference */
    char *title;
    GtkWidget *widget; /* what the notebook holds */
    GtkWidget *focus;  /* what gets the keyboard */
    GuiScreen *screen; /* NULL for a text console */
    double zoom;
    VcView *view;         /* NULL for a screen */
    GtkWidget *menu_item; /* its item in the View menu; a weak pointer */
} GuiPage;

struct GuiWindow {
    Gui *gui;
    GtkWidget *window;  /* the toplevel */
    GtkWidget *overlay; /* the notebook, and over it the bars of full screen */
    GtkWidget *notebook;
    GtkWidget *info_bar, *info_label;
    Timer hide_message;
    GuiHotBar *hot_bar;
    gboolean is_full_screen, iconified, obscured;
    gboolean frozen;                 /* GTK draws nothing: the server is behind */
    gboolean zoomed;                 /* in full screen, by hand: the picture does not fill it */
    GtkAllocation content;           /* what bars and pages have now */
    GtkRequisition asked[GUI_ASKED]; /* sizes that we have asked for and that may still come */
    guint asked_count;
    Timer ask_guest;
};

typedef enum GuiGrab {
    GUI_GRAB_NONE,
    GUI_GRAB_HOVER, /* keyboard only, while the pointer is over the picture */
    GUI_GRAB_FULL,  /* keyboard and pointer, until the release key */
} GuiGrab;

/* What lets go of the grab, beside Ctrl+Alt+G. */
typedef enum GuiRelease {
    GUI_RELEASE_CTRL_ALT_G,
    GUI_RELEASE_CTRL_ALT,  /* both pressed and released, no other key between */
    GUI_RELEASE_RIGHT_CTRL /* likewise; the guest never sees that key */
} GuiRelease;

struct Gui {
    Frontend frontend;
    /* options */
    char *display_option, *xauthority, *keep_keys;
    gboolean full_screen, grab_on_hover, show_tabs, show_cursor, show_menubar, show_status;
    gboolean zoom_to_fit, integer_scale, gl;
    int window_close, release_key;
    guint64 max_hz;
    /* gtk-frontend.c */
    GuiServer *server;
    GuiServerWatch *watch;
    Backlog backlog;
    WaylandGrab *wayland; /* NULL = the grab is GDK's */
    /* pages.c */
    ConsoleList *consoles;
    Deferred *consoles_changed;
    GPtrArray *pages; /* of GuiPage*, owned; in the order of the consoles */
    gboolean showing; /* past the first show; closing clears it */
    /* window.c */
    GPtrArray *windows; /* of GuiWindow*, owned; the main one first */
    MachineListener *machine_listener;
    /* menu.c, status.c: of the main window */
    GtkWidget *menubar, *status_bar;
    GtkAccelGroup *accels;
    GuiMenu *menu;
    GuiStatus *status;
    GtkWidget *close_dialog; /* a weak pointer */
    /* keyboard.c, pointer.c, grab.c */
    InputListener *input_listener;
    KeyTracker *keys;
    HostKeys host_keys;
    GPtrArray *kept;        /* of GuiChord*, owned: keys that stay on the host */
    gboolean release_armed; /* the keys of release_key are down, and nothing else was */
    Pointer pointer;
    GuiGrab grab;
    GuiPage *grab_page; /* that has it; NULL without a grab */
    GdkCursor *blank_cursor;
    double last_x, last_y; /* root position that the next movement is relative to */
    gboolean have_last;
    gboolean warping; /* a warp to warp_x, warp_y is on its way */
    gint warp_x, warp_y;
    /* drop.c */
    gpointer iso_job; /* NULL = none runs */
};

/* ---- warm-up.c ---- */
void gui_warm_up(GdkDisplay *display); /* without the vm lock, and with no Gui there */

/* ---- pages.c ---- */
void gui_pages_open(Gui *gui);
void gui_pages_close(Gui *gui);
/* The page that keys and menus mean: of the active window; NULL while there is none. */
GuiPage *gui_page_front(Gui *gui);
GuiPage *gui_page_front_in(GuiWindow *window);
GuiScreen *gui_screen_front(Gui *gui); /* NULL if that page is a text console */
void gui_page_select(Gui *gui, guint index);
void gui_page_detach(GuiPage *page); /* into a window of its own */
void gui_page_dock(GuiPage *page);   /* and back into the main one */
gboolean gui_page_is_detached(const GuiPage *page);
/* The picture has the window's size, not the other way round. */
gboolean gui_page_is_fitted(const GuiPage *page);
void gui_page_zoom(GuiPage *page, double by); /* 0 = one guest pixel on one of the screen */
void gui_pages_update_active(Gui *gui);
void gui_pages_backlog(Gui *gui); /* the server is behind, or no longer */
void gui_pages_update_scale(Gui *gui);

/* ---- window.c ---- */
GuiWindow *gui_window_new(Gui *gui); /* not shown yet */
void gui_window_free(GuiWindow *window);
GuiWindow *gui_window_main(Gui *gui);
void gui_window_title(Gui *gui);        /* brings the titles up to date */
void gui_window_fit(GuiWindow *window); /* makes it as large as the picture wants it */
void gui_window_set_full_screen(GuiWindow *window, gboolean on);
void gui_window_freeze(GuiWindow *window, gboolean on);
void gui_window_update_bars(Gui *gui);     /* menubar, tabs, status bar shown or not */
void gui_window_closed(GuiWindow *window); /* the person has closed it */
/* A line above the picture; `is_error` keeps it until it is closed. */
void gui_window_say(Gui *gui, gboolean is_error, const char *format, ...) G_GNUC_PRINTF(3, 4);
const char *gui_window_message(GuiWindow *window); /* that is shown; NULL if none is */

/* ---- hot-bar.c: the bar at the upper edge of a full screen ---- */
GuiHotBar *gui_hot_bar_new(GuiWindow *window);
void gui_hot_bar_free(GuiHotBar *bar);
gboolean gui_hot_bar_is_shown(const GuiHotBar *bar);
void gui_hot_bar_motion(GuiHotBar *bar, double y); /* the pointer is there, in the window */

/* ---- menu.c ---- */
void gui_menu_open(Gui *gui); /* makes gui->menubar and gui->accels */
void gui_menu_close(Gui *gui);
void gui_menu_sync(Gui *gui); /* check marks follow the state */
void gui_menu_list_pages(Gui *gui);
GtkWidget *gui_menu_append(GtkWidget *menu, const char *label, GCallback activate, gpointer data);
void gui_menu_separate(GtkWidget *menu);
/* menu-media.c, menu-keys.c: make the content of a submenu */
void gui_menu_fill_media(Gui *gui, GtkWidget *menu);
void gui_menu_fill_keys(Gui *gui, GtkWidget *menu);
void gui_menu_fill_release(Gui *gui, GtkWidget *menu);
void gui_menu_fill_kept(Gui *gui, GtkWidget *menu);

/* ---- status.c ---- */
void gui_status_open(Gui *gui); /* makes gui->status_bar */
void gui_status_close(Gui *gui);
void gui_status_sync(Gui *gui);  /* state, capture, resolution */
void gui_status_frame(Gui *gui); /* a picture was shown */

/* ---- dialog.c, help.c ---- */
void gui_dialog_reset(Gui *gui);      /* asks, then resets */
void gui_dialog_close(Gui *gui);      /* asks what closing the window is to do */
void gui_dialog_screenshot(Gui *gui); /* asks for a file, then saves the picture in front */
void gui_dialog_copy_picture(Gui *gui);
void gui_dialog_cancel_all(Gui *gui); /* the frontend or the program ends */
void gui_help_keys(Gui *gui);
void gui_help_about(Gui *gui);

/* ---- keyboard.c ---- */
typedef struct GuiChord {
    guint keys[4]; /* KEY_x, the modifiers first */
    guint count;
} GuiChord;

gboolean gui_keyboard_parse(Gui *gui, GError **error); /* the option keep-keys */
void gui_keyboard_open(Gui *gui);
void gui_keyboard_close(Gui *gui);
gboolean gui_keyboard_event(GuiWindow *window, GdkEventKey *event); /* TRUE if it was taken */
gboolean gui_keyboard_keeps(Gui *gui, const char *chord);
void gui_keyboard_keep(Gui *gui, const char *chord, gboolean keep);
void gui_keyboard_type_clipboard(Gui *gui);
void gui_keyboard_type(Gui *gui, const char *text); /* NULL = the clipboard has none */

/* ---- grab.c ---- */
void gui_grab_open(Gui *gui);
void gui_grab_close(Gui *gui);
void gui_grab_pointer_mode(Gui *gui); /* the pointer has become absolute, or relative */
void gui_grab_set(Gui *gui, GuiPage *page, GuiGrab grab);
const char *gui_release_name(const Gui *gui);

/* ---- pointer.c ---- */
void gui_pointer_open(Gui *gui);
void gui_pointer_close(Gui *gui);
void gui_pointer_add_page(GuiPage *page); /* connects its events */
void gui_pointer_centre(GuiPage *page);
void gui_pointer_update_cursor(GuiPage *page); /* the pointer's shape over a picture */

/* ---- console-tab.c ---- */
GtkWidget *gui_console_new(GuiPage *page, Chardev *chr);
void gui_console_stop(GuiPage *page);
void gui_console_copy(GuiPage *page);
void gui_console_paste(GuiPage *page);

/* ---- media.c: drives, for the menu and for dropped files ---- */
void gui_media_choose(Gui *gui, const char *drive); /* asks for a file */
void gui_media_insert(Gui *gui, const char *drive, const char *path);
void gui_media_insert_made(Gui *gui, const char *drive, const char *path); /* by drop.c */
void gui_media_eject(Gui *gui, const char *drive, gboolean force);

/* ---- drop.c ---- */
void gui_drop_add_window(GuiWindow *window);
void gui_drop_close(Gui *gui);

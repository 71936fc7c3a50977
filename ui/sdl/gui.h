/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the SDL frontend share: one SdlGui is the connection to the display server,
 * with a window (SdlWindow) for each console that has been looked at.
 *
 * SDL is global to the process and is called by a thread of its own alone (thread.h), whose loop
 * runs all of this with the vm lock. The display's, the router's and the consoles' callbacks come
 * with the lock, but from any thread: they only note what there is to do and schedule `update`.
 * Calls of SDL that reach the display server are made without the lock (sdl_gui_unlock()): no
 * server, however slow, holds up the machine. While one does not return, the windows need no
 * pictures.
 */
#pragma once

#include <SDL.h>

#include "core/display.h"
#include "core/frontend.h"
#include "core/input.h"
#include "ui/common/console.h"
#include "ui/common/key-tracker.h"
#include "ui/common/pointer.h"
#include "ui/common/scaler.h"
#include "ui/sdl/canvas.h"
#include "ui/sdl/server.h"
#include "ui/sdl/thread.h"

typedef struct SdlGui SdlGui;
typedef struct SdlAsk SdlAsk;

typedef enum SdlGrabMod { GRAB_MOD_CTRL_ALT, GRAB_MOD_SHIFT_CTRL_ALT, GRAB_MOD_RCTRL } SdlGrabMod;
typedef enum SdlGl { GUI_GL_OFF, GUI_GL_ON, GUI_GL_CORE, GUI_GL_ES } SdlGl;

typedef struct SdlWindow {
    SdlGui *gui;
    Console *console;          /* referenced */
    DisplayListener *listener; /* NULL once the console is gone */
    SDL_Window *window;
    guint32 id; /* SDL's */
    SdlCanvas *canvas;
    /* noted by the display's callbacks, taken by sdl_window_update() */
    Surface *surface;
    pixman_region32_t damage;
    gboolean new_surface, new_cursor;
    Cursor *cursor;
    gint cursor_x, cursor_y;
    gboolean cursor_visible;
    /* the window's state */
    Viewport viewport;
    guint guest_width, guest_height; /* of the picture shown */
    gboolean hidden;                 /* by us */
    gboolean unmapped, minimised; /* by the window manager: unmapped is on another desktop, too */
    gboolean full_screen, maximised;
    gboolean redraw;                 /* all of it, with the next update */
    gboolean scaled;                 /* the user gave it a size of its own */
    int fitted_width, fitted_height; /* the size that we last gave it */
    guint64 frames;                  /* drawn so far */
    SdlAsk *ask;                     /* what closing it shall do is being asked; NULL = no */
    /* cursor.c */
    gboolean draw_cursor;        /* into the picture */
    gboolean new_image;          /* the one that is drawn has changed */
    pixman_box32_t drawn_cursor; /* guest pixels; empty if it is not */
    SDL_Cursor *shape;           /* the guest's cursor as the host's; NULL = has none */
} SdlWindow;

struct SdlGui {
    Frontend frontend;
    /* options */
    gboolean full_screen;
    gboolean show_cursor;
    gboolean grab_on_hover;
    int grab_mod;     /* SdlGrabMod */
    int gl;           /* SdlGl */
    int scaling;      /* fit, integer, stretch */
    int window_close; /* WindowClose */
    guint64 max_hz;
    char *display, *xauthority;
    /* sdl-frontend.c */
    SdlThread *thread;
    gint64 waiting_since; /* host time: in a call of SDL, without the lock; 0 = in none */
    gboolean stalled;     /* for so long that the listeners are inactive */
    MachineListener *machine_listener;
    Deferred *update; /* pictures, cursors and titles */
    Deferred *lost;   /* the display server has gone */
    gboolean new_title;
    gboolean is_lost; /* the server has gone: SDL is called no more */
    /* events.c */
    SdlServer *server;
    GSource *source;
    Timer again;           /* one more look at events; see events.c */
    gboolean active_since; /* events came since `again` was set */
    guint64 events, polls; /* statistics */
    /* window.c */
    ConsoleList *consoles;
    GPtrArray *windows;    /* of SdlWindow*, owned; in the order of their making */
    gboolean new_consoles; /* some came or went */
    /* input.c */
    InputListener *input_listener;
    KeyTracker *keys;
    Pointer pointer;
    gboolean grab;         /* the keyboard is ours, and the pointer if it is relative */
    SdlWindow *grabbed_by; /* while grab */
    gboolean new_mode;     /* absolute or relative, the guest changed its mind */
    guint locks;           /* the host's (LED bits) when the focus went */
    gboolean locks_known;
    /* cursor.c */
    SDL_Cursor *arrow;
};

/* ---- sdl-frontend.c ---- */
void sdl_gui_unlock(SdlGui *gui); /* around SDL calls that may wait */
void sdl_gui_lock(SdlGui *gui);
gboolean sdl_gui_waits(const SdlGui *gui); /* such a call takes long */

/* ---- events.c ---- */
void sdl_events_open(SdlGui *gui);
void sdl_events_close(SdlGui *gui);

/* ---- window.c ---- */
gboolean sdl_windows_open(SdlGui *gui, GError **error);
void sdl_windows_close(SdlGui *gui);
void sdl_windows_update(SdlGui *gui);                 /* after new_consoles */
SdlWindow *sdl_window_by_id(SdlGui *gui, guint32 id); /* NULL: not ours */
void sdl_window_event(SdlWindow *window, const SDL_WindowEvent *event);
void sdl_window_update_active(SdlWindow *window);
void sdl_window_update(SdlWindow *window); /* carries out what was noted */
void sdl_window_redraw(SdlWindow *window); /* notes that all of it is to be drawn */
void sdl_window_title(SdlWindow *window);
void sdl_window_toggle_full_screen(SdlWindow *window);
void sdl_window_unscale(SdlWindow *window);
void sdl_window_grow(SdlWindow *window, gint pixels); /* wider by so much, the aspect stays */
void sdl_window_toggle(SdlGui *gui, guint index);     /* shows or hides a console's */
void sdl_window_next(SdlWindow *window);              /* shows the console after its own */
gboolean sdl_window_is_shown(const SdlWindow *window);
/* Device pixels for one of the window's units. */
double sdl_window_density(const SdlWindow *window);

/* ---- ask.c: what closing the last window shall do ---- */
void sdl_ask_begin(SdlWindow *window);
/* While window->ask: */
void sdl_ask_end(SdlWindow *window);
void sdl_ask_key(SdlWindow *window, const SDL_KeyboardEvent *event);
void sdl_ask_motion(SdlWindow *window, const SDL_MouseMotionEvent *event);
void sdl_ask_button(SdlWindow *window, const SDL_MouseButtonEvent *event);
/* What the window shows in place of the guest's picture (not a reference), and where. */
Surface *sdl_ask_picture(const SdlWindow *window);
Viewport sdl_ask_viewport(const SdlWindow *window);
void sdl_ask_free(SdlAsk *ask);

/* ---- input.c ---- */
void sdl_input_open(SdlGui *gui);
void sdl_input_close(SdlGui *gui);
void sdl_input_update(SdlGui *gui); /* after new_mode */
void sdl_input_key(SdlGui *gui, SdlWindow *window, const SDL_KeyboardEvent *event);
void sdl_input_motion(SdlGui *gui, SdlWindow *window, const SDL_MouseMotionEvent *event);
void sdl_input_button(SdlGui *gui, SdlWindow *window, const SDL_MouseButtonEvent *event);
void sdl_input_wheel(SdlGui *gui, SdlWindow *window, const SDL_MouseWheelEvent *event);
void sdl_input_focus(SdlGui *gui, SdlWindow *window, gboolean has_focus);
void sdl_input_crossing(SdlGui *gui, SdlWindow *window, gboolean inside);
void sdl_input_set_grab(SdlGui *gui, SdlWindow *window, gboolean on);
void sdl_input_release_keys(SdlGui *gui);

/* ---- cursor.c ---- */
void sdl_cursor_open(SdlGui *gui);
void sdl_cursor_close(SdlGui *gui);
/* The guest's cursor, or its place in the scale of the window, has changed. */
void sdl_cursor_changed(SdlWindow *window);
/* Gives the host's pointer the shape that it should have over the window. */
void sdl_cursor_show(SdlGui *gui, SdlWindow *window);

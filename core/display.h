/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The display seam. A device is the source of one display a head; any number of listeners
 * (frontends) show it, and come and go at any time.
 *
 * One frame clock per display ticks at the fastest rate that an active listener wants. A tick asks
 * the source once to scan; the damage it reports is collected in a region and handed to every
 * listener. When nothing has changed for a while the source is asked to watch for the next change
 * and the clock stops; input wakes it too. With no active listener it never runs.
 *
 * All functions and callbacks: vm lock held. A Surface may be referenced and its pixels read by
 * any thread.
 */
#pragma once

#include <glib.h>
#include <pixman.h>

#include "core/machine.h"

typedef struct Display Display;
typedef struct DisplayListener DisplayListener;

/* ---- surfaces ---- */

/*
 * A picture of fixed geometry, always PIXMAN_x8r8g8b8 (bytes B, G, R, unused). It may be guest
 * video memory itself, which the guest changes at any time; damage is announced afterwards.
 */
typedef struct Surface {
    guint width, height; /* pixels */
    guint stride;        /* bytes, a multiple of 4 */
    guint8 *data;
    gint refs;                                              /* atomic */
    void (*release)(struct Surface *surface, void *opaque); /* after the last unref; NULL: none */
    void *opaque;
} Surface;

/* A surface with pixels of its own, black. */
Surface *surface_new(guint width, guint height);

/* A surface over memory that lives until `release` is called (may be NULL). */
Surface *surface_new_for_data(guint width, guint height, guint stride, guint8 *data,
                              void (*release)(Surface *surface, void *opaque), void *opaque);

Surface *surface_ref(Surface *surface);
void surface_unref(Surface *surface); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Surface, surface_unref)

/* Largest width and height that a surface may have. */
#define SURFACE_MAX_SIZE 16384

/* ---- the guest's cursor, a plane of its own ---- */

typedef struct Cursor {
    guint width, height;
    gint hot_x, hot_y;
    gint refs;        /* atomic */
    guint32 pixels[]; /* premultiplied a8r8g8b8, width * height */
} Cursor;

Cursor *cursor_new(guint width, guint height, gint hot_x, gint hot_y);
Cursor *cursor_ref(Cursor *cursor);
void cursor_unref(Cursor *cursor);

/* ---- text modes as characters ---- */

typedef struct TextCell {
    gunichar ch;    /* Unicode, from code page 437 */
    guint8 attr;    /* VGA attribute: foreground in bits 0-3, background in 4-6 (7: blink) */
    guint32 fg, bg; /* colours as shown, 00RRGGBBh; of a blinking one while it is lit */
    gboolean blink;
} TextCell;

typedef struct TextScreen {
    guint columns, rows;
    gint cursor_column, cursor_row; /* -1: no cursor */
    TextCell *cells;                /* rows * columns */
    guint cursor_height;            /* percent of the cell, from its bottom; 0 = not told */
} TextScreen;

void text_screen_clear(TextScreen *screen); /* frees the cells */

/* The characters as UTF-8, a line ended by "\n" for each row, without the blanks at its end. */
char *text_screen_to_utf8(const TextScreen *screen);

/* ---- the device's side ---- */

typedef struct DisplaySourceOps {
    /*
     * Required. Brings the picture up to date: display_set_surface() when geometry or memory
     * changed, display_damage() for what changed. Returns after how many ns the picture will
     * change by itself (a blinking cursor), or -1 if only the guest can change it.
     */
    gint64 (*scan)(void *opaque);
    /* Required. The next scan must publish everything anew. */
    void (*invalidate)(void *opaque);
    /*
     * Asks to be told of the next change, which the source answers with display_wake(). Returns
     * FALSE if it cannot tell, NULL likewise: then the clock goes on.
     */
    gboolean (*watch)(void *opaque);
    /* The viewer would like this size (EDID, ui info). NULL = cannot be told. */
    void (*hint_size)(void *opaque, guint width, guint height);
    /* Fills the screen as characters; FALSE in graphics modes. NULL = never text. */
    gboolean (*text)(void *opaque, TextScreen *screen);
} DisplaySourceOps;

Machine *display_machine(const Display *display);

/* Makes a display and adds it to machine->displays. `name`: the device's ("VGA"). */
Display *display_new(Machine *machine, const char *name, const DisplaySourceOps *ops, void *opaque);
/* The same for a picture that is no head of the machine: it is not in machine->displays. */
Display *display_new_unlisted(Machine *machine, const char *name, const DisplaySourceOps *ops,
                              void *opaque);
void display_free(Display *display);

/* From scan: the picture is now `surface` (a reference is taken); implies full damage. */
void display_set_surface(Display *display, Surface *surface);
/* From scan: this rectangle changed; clipped to the surface. */
void display_damage(Display *display, int x, int y, int width, int height);
/* Cursor image (NULL = none) and place, at any time. */
void display_set_cursor(Display *display, Cursor *cursor);
void display_warp(Display *display, int x, int y, gboolean visible);
/* The picture (may have) changed: lets a stopped clock go on. Cheap; from device code. */
void display_wake(Display *display);

/* ---- the viewer's side ---- */

typedef struct DisplayListenerOps {
    const char *name; /* frontend, for `info display` */
    /* Required. Show this surface from now on; all of it will follow as damage. Never NULL. */
    void (*surface)(void *opaque, Surface *surface);
    /* Required. These parts changed since the last call. */
    void (*damage)(void *opaque, const pixman_region32_t *region);
    /* The cursor's image changed (NULL = none). NULL = shows no cursor. */
    void (*cursor)(void *opaque, Cursor *cursor);
    /* The guest moved its cursor. NULL = not wanted. */
    void (*warp)(void *opaque, int x, int y, gboolean visible);
    /* A tick that had damage is over: a good moment to present. NULL = not wanted. */
    void (*frame)(void *opaque);
} DisplayListenerOps;

#define DISPLAY_DEFAULT_HZ 60

/* The row of a frontend's option table for it; `field` is a guint64 of `type`. It is live. */
#define DISPLAY_MAX_HZ_OPTION(type, field)                                                    \
    {                                                                                         \
        "max-hz", OPTION_UINT, G_STRUCT_OFFSET(type, field), "60", "most frames a second", 1, \
            1000, .live = TRUE                                                                \
    }

/*
 * Shows the display to a listener: replays surface, full damage and cursor before it returns, and
 * scans. `max_hz` 0 = DISPLAY_DEFAULT_HZ; beside a faster listener it still gets damage no more
 * often than that (a new surface comes at once).
 */
DisplayListener *display_attach(Display *display, const DisplayListenerOps *ops, void *opaque,
                                guint max_hz);
void display_detach(DisplayListener *listener); /* NULL is fine */

/* An inactive listener (minimised, no viewer) does not keep the clock running; becoming active
 * again replays full damage. Listeners begin active. */
void display_listener_set_active(DisplayListener *listener, gboolean active);

/* Another rate than it was attached with. */
void display_listener_set_max_hz(DisplayListener *listener, guint max_hz);

/* Scans at once, outside the clock, so that the surface is current (for screenshots). */
void display_update(Display *display);

/* The present surface (no reference taken); black 640x480 before the first scan. */
Surface *display_surface(Display *display);
Cursor *display_cursor(Display *display, int *x, int *y, gboolean *visible);
const char *display_name(Display *display);
void display_hint_size(Display *display, guint width, guint height);
/* The characters as of the last scan; display_update() first for those of this moment. */
gboolean display_text(Display *display, TextScreen *screen);

/* For `info display`: ticks so far, ticks with damage, listeners. */
typedef struct DisplayStats {
    guint64 scans, frames;
    guint listeners, active;
    gboolean clock_running;
} DisplayStats;
void display_stats(Display *display, DisplayStats *stats);
void display_foreach_listener(Display *display,
                              void (*fn)(const DisplayListenerOps *ops, gboolean active,
                                         guint max_hz, void *opaque),
                              void *opaque);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GuiScreen: a widget that shows one Display. It draws straight from the Surface, only where
 * there was damage, at device pixels; and draws the guest's cursor plane, or offers it as a
 * GdkCursor. Main loop, vm lock held. The display must outlive its listener: gui_screen_stop().
 */
#pragma once

#include <gtk/gtk.h>

#include "core/display.h"
#include "core/machine.h"
#include "ui/common/scaler.h"

#define GUI_TYPE_SCREEN (gui_screen_get_type())
G_DECLARE_FINAL_TYPE(GuiScreen, gui_screen, GUI, SCREEN, GtkDrawingArea)

GtkWidget *gui_screen_new(Display *display);

typedef struct GuiScreenCalls {
    void (*resized)(void *opaque);        /* the guest's picture has another size */
    void (*cursor_changed)(void *opaque); /* gui_screen_make_cursor() has something else */
    void (*frame)(void *opaque);          /* the picture has changed */
    gboolean (*is_bare)(void *opaque);    /* nothing lies over it */
    /* The server cannot take a picture now; gui_screen_set_active() says when it can. */
    gboolean (*is_behind)(void *opaque);
} GuiScreenCalls;

/* Attaches to the display; all `calls` are required. */
void gui_screen_start(GuiScreen *screen, Machine *machine, const GuiScreenCalls *calls,
                      void *opaque, guint max_hz);
/* Detaches from the display; shows the last picture as long as the widget lives. */
void gui_screen_stop(GuiScreen *screen);

Display *gui_screen_display(GuiScreen *screen);

/* How many pictures it has shown. */
guint64 gui_screen_frames(GuiScreen *screen);

/* An inactive screen costs nothing. */
void gui_screen_set_active(GuiScreen *screen, gboolean active);

void gui_screen_set_scale(GuiScreen *screen, ScaleMode mode, double zoom);

/* The picture's place, in device pixels of the widget. */
const Viewport *gui_screen_viewport(GuiScreen *screen);

/* TRUE: the cursor plane is drawn into the picture; FALSE: it is left to the pointer's shape. */
void gui_screen_set_draw_cursor(GuiScreen *screen, gboolean draw);

/* The guest's cursor image as a pointer shape at the picture's scale; NULL if there is none. */
GdkCursor *gui_screen_make_cursor(GuiScreen *screen);

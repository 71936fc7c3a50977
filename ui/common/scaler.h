/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the guest's picture lies in a window, and the way from one to the other: sizes, damage
 * and pointers. Pure functions on values; any thread.
 *
 * A window's pixels are device pixels here: a frontend on a HiDPI screen multiplies first.
 */
#pragma once

#include <glib.h>

typedef enum ScaleMode {
    SCALE_ZOOM,    /* `zoom` times the guest's size, less where the window is too small */
    SCALE_FIT,     /* as large as the window lets it be, any factor */
    SCALE_INTEGER, /* the largest whole factor that fits; any factor below 1 */
    SCALE_STRETCH, /* the whole window, whatever the aspect */
} ScaleMode;

/* The picture in the window. Bars of window background lie around it. */
typedef struct Viewport {
    guint guest_width, guest_height;
    gint x, y;          /* top left corner, window pixels; never negative */
    gint width, height; /* at least 1 */
} Viewport;

/* Lays a guest picture into a window. Sizes of 0 count as 1. `zoom` matters for SCALE_ZOOM. */
Viewport scaler_layout(ScaleMode mode, double zoom, guint guest_width, guint guest_height,
                       gint window_width, gint window_height);

/* TRUE if every guest pixel covers n x n window pixels, n whole: no filter is needed. */
gboolean viewport_is_exact(const Viewport *viewport);

/* A window position as a guest position; may lie outside of the picture. */
void viewport_to_guest(const Viewport *viewport, double x, double y, double *guest_x,
                       double *guest_y);

/* The guest pixel at a window position, clamped into the picture. */
void viewport_to_pixel(const Viewport *viewport, double x, double y, gint *guest_x, gint *guest_y);

gboolean viewport_contains(const Viewport *viewport, double x, double y);

/* The window pixels that a guest rectangle reaches, neighbours that a filter mixes in included. */
typedef struct ScalerRect {
    gint x, y, width, height;
} ScalerRect;
ScalerRect viewport_from_guest(const Viewport *viewport, gint x, gint y, gint width, gint height);

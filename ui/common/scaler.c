/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/common/scaler.h"

#include <math.h>

/* The largest factor at which the guest's picture fits the window. */
static double fit_factor(guint guest_width, guint guest_height, gint width, gint height)
{
    return MIN((double)width / guest_width, (double)height / guest_height);
}

static double pick_factor(ScaleMode mode, double zoom, double fit)
{
    switch (mode) {
    case SCALE_ZOOM: return MIN(zoom, fit);
    case SCALE_INTEGER: return fit >= 1 ? floor(fit) : fit;
    case SCALE_FIT:
    case SCALE_STRETCH: break;
    }
    return fit;
}

Viewport scaler_layout(ScaleMode mode, double zoom, guint guest_width, guint guest_height,
                       gint window_width, gint window_height)
{
    Viewport viewport = {.guest_width = MAX(guest_width, 1), .guest_height = MAX(guest_height, 1)};
    window_width = MAX(window_width, 1);
    window_height = MAX(window_height, 1);
    if (mode == SCALE_STRETCH) {
        viewport.width = window_width;
        viewport.height = window_height;
        return viewport;
    }
    double fit =
        fit_factor(viewport.guest_width, viewport.guest_height, window_width, window_height);
    double factor = pick_factor(mode, zoom, fit);
    viewport.width = CLAMP((gint)lround(viewport.guest_width * factor), 1, window_width);
    viewport.height = CLAMP((gint)lround(viewport.guest_height * factor), 1, window_height);
    viewport.x = (window_width - viewport.width) / 2;
    viewport.y = (window_height - viewport.height) / 2;
    return viewport;
}

gboolean viewport_is_exact(const Viewport *viewport)
{
    guint factor = (guint)viewport->width / viewport->guest_width;
    return factor >= 1 && viewport->guest_width * factor == (guint)viewport->width &&
           viewport->guest_height * factor == (guint)viewport->height;
}

void viewport_to_guest(const Viewport *viewport, double x, double y, double *guest_x,
                       double *guest_y)
{
    *guest_x = (x - viewport->x) * viewport->guest_width / viewport->width;
    *guest_y = (y - viewport->y) * viewport->guest_height / viewport->height;
}

void viewport_to_pixel(const Viewport *viewport, double x, double y, gint *guest_x, gint *guest_y)
{
    double gx, gy;
    viewport_to_guest(viewport, x, y, &gx, &gy);
    *guest_x = (gint)floor(CLAMP(gx, 0, (double)viewport->guest_width - 1));
    *guest_y = (gint)floor(CLAMP(gy, 0, (double)viewport->guest_height - 1));
}

gboolean viewport_contains(const Viewport *viewport, double x, double y)
{
    return x >= viewport->x && x < viewport->x + viewport->width && y >= viewport->y &&
           y < viewport->y + viewport->height;
}

ScalerRect viewport_from_guest(const Viewport *viewport, gint x, gint y, gint width, gint height)
{
    double fx = (double)viewport->width / viewport->guest_width;
    double fy = (double)viewport->height / viewport->guest_height;
    /* A bilinear filter reaches one source pixel beyond. */
    gint reach = viewport_is_exact(viewport) ? 0 : 1;
    gint left = (gint)floor((x - reach) * fx);
    gint top = (gint)floor((y - reach) * fy);
    gint right = (gint)ceil((x + width + reach) * fx);
    gint bottom = (gint)ceil((y + height + reach) * fy);
    left = CLAMP(left, 0, viewport->width);
    top = CLAMP(top, 0, viewport->height);
    right = CLAMP(right, left, viewport->width);
    bottom = CLAMP(bottom, top, viewport->height);
    return (ScalerRect){viewport->x + left, viewport->y + top, right - left, bottom - top};
}

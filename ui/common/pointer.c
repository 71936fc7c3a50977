/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/common/pointer.h"

#include <math.h>

/* What a wheel's step scrolls on a text console. */
#define WHEEL_LINES 3

/* Adds `delta` to what was left and takes the whole steps out. */
static gint take_steps(double *rest, double delta)
{
    double sum = CLAMP(*rest + delta, -32768.0, 32767.0);
    double whole = trunc(sum);
    *rest = sum - whole;
    return (gint)whole;
}

/* The middle of the pixel, so that a guest that rounds either way finds it again; the outermost
 * pixels are the ends of the range, so that screen edges and corners can be hit. */
static gint absolute(gint pixel, guint size)
{
    if (pixel <= 0) {
        return 0;
    }
    if ((guint)pixel >= size - 1) {
        return INPUT_ABS_MAX;
    }
    return (gint)((2 * (gint64)pixel + 1) * (INPUT_ABS_MAX + 1) / (2 * (gint64)size));
}

void pointer_init(Pointer *pointer, InputRouter *router)
{
    *pointer = (Pointer){.router = router};
}

void pointer_reset(Pointer *pointer)
{
    *pointer = (Pointer){.router = pointer->router, .console = pointer->console};
}

void pointer_set_console(Pointer *pointer, Console *console)
{
    Console *old = pointer->console;
    pointer->console = console != NULL ? console_ref(console) : NULL;
    console_unref(old);
    pointer_reset(pointer);
}

static gboolean on_text(const Pointer *pointer)
{
    return pointer->console != NULL && console_is_text(pointer->console);
}

void pointer_place(Pointer *pointer, const Viewport *viewport, double x, double y)
{
    gint px, py;
    if (on_text(pointer)) {
        return;
    }
    viewport_to_pixel(viewport, x, y, &px, &py);
    input_abs(pointer->router, ABS_X, absolute(px, viewport->guest_width));
    input_abs(pointer->router, ABS_Y, absolute(py, viewport->guest_height));
    input_sync(pointer->router);
}

void pointer_move(Pointer *pointer, double dx, double dy)
{
    if (on_text(pointer)) {
        return;
    }
    gint steps_x = take_steps(&pointer->rest_x, dx);
    gint steps_y = take_steps(&pointer->rest_y, dy);
    if (steps_x != 0) {
        input_rel(pointer->router, REL_X, steps_x);
    }
    if (steps_y != 0) {
        input_rel(pointer->router, REL_Y, steps_y);
    }
    if (steps_x != 0 || steps_y != 0) {
        input_sync(pointer->router);
    }
}

void pointer_scroll(Pointer *pointer, double dx, double dy)
{
    gint steps_x = take_steps(&pointer->rest_hwheel, dx);
    gint steps_y = take_steps(&pointer->rest_wheel, dy);
    if (on_text(pointer)) {
        console_scroll(pointer->console, WHEEL_LINES * steps_y);
        return;
    }
    if (steps_x != 0) {
        input_rel(pointer->router, REL_HWHEEL, steps_x);
    }
    if (steps_y != 0) {
        input_rel(pointer->router, REL_WHEEL, steps_y);
    }
    if (steps_x != 0 || steps_y != 0) {
        input_sync(pointer->router);
    }
}

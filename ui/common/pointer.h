/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A frontend's pointer: positions in its window become absolute or relative events for the guest,
 * whichever it takes now. What is less than a whole step (a slow mouse on a shrunken picture, a
 * touchpad's scroll) is kept and added to the next event. Vm lock held.
 */
#pragma once

#include <glib.h>

#include "core/input.h"
#include "ui/common/console.h"
#include "ui/common/scaler.h"

typedef struct Pointer {
    InputRouter *router;
    Console *console;               /* NULL = the machine */
    double rest_x, rest_y;          /* of relative motion, below one */
    double rest_wheel, rest_hwheel; /* of the wheels */
} Pointer;

void pointer_init(Pointer *pointer, InputRouter *router);

/*
 * What the pointer is over from now on (a reference is taken; NULL, as at first, is the machine):
 * on a text console the wheel scrolls, and the rest goes nowhere. End with NULL.
 */
void pointer_set_console(Pointer *pointer, Console *console);

/* Forgets what was left over: after a grab began, the focus was lost. */
void pointer_reset(Pointer *pointer);

/* Sends the place of window position x, y as an absolute one. */
void pointer_place(Pointer *pointer, const Viewport *viewport, double x, double y);

/* Sends a movement of dx, dy guest pixels. */
void pointer_move(Pointer *pointer, double dx, double dy);

/* Sends wheel steps: dy > 0 away from the user, dx > 0 to the right. */
void pointer_scroll(Pointer *pointer, double dx, double dy);

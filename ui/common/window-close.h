/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What closing a window does, for every frontend that has one: the values of its option
 * `window-close=`, and carrying out a choice. Vm lock held. A frontend that can ask the person
 * offers the four choices that have a label, and cancelling.
 */
#pragma once

#include <glib.h>

#include "core/frontend.h"

typedef enum WindowClose {
    WINDOW_CLOSE_ASK,
    WINDOW_CLOSE_BACKGROUND, /* this frontend closes, the machine goes on */
    WINDOW_CLOSE_POWERDOWN,  /* presses the machine's power button; the window stays meanwhile */
    WINDOW_CLOSE_QUIT,       /* ends the machine at once */
    WINDOW_CLOSE_ON,         /* QEMU's word for quit */
    WINDOW_CLOSE_OFF,        /* nothing: the window stays */
} WindowClose;

/* For the row {"window-close", OPTION_ENUM, ..., .values = window_close_values}: an int field. */
extern const char *const window_close_values[];
#define WINDOW_CLOSE_HELP                                                                         \
    "what closing the window does: ask, background (the machine goes on), powerdown, quit or on " \
    "(it ends), off (nothing)"

/* "Keep Running in the Background", with a mnemonic; NULL for those that are not offered. */
const char *window_close_label(WindowClose choice);

/*
 * Carries a choice out, from inside any callback of the frontend. Returns FALSE if the person is
 * to be asked (WINDOW_CLOSE_ASK) - then nothing has happened. A frontend that cannot ask takes
 * WINDOW_CLOSE_QUIT instead, as QEMU's windows do.
 */
gboolean window_close_do(Frontend *frontend, WindowClose choice);

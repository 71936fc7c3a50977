/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which keys and buttons a frontend holds down on the guest. Every frontend (or viewer) sends its
 * keys through a tracker of its own, which can let go of all of them at once when the focus or
 * the connection is lost, so that nothing sticks. Vm lock held.
 *
 * The host's automatic repeat is dropped here: the guest's own keyboard repeats. A text console has
 * no keyboard, so there it is kept.
 */
#pragma once

#include <glib.h>

#include "core/input.h"
#include "ui/common/console.h"

typedef struct KeyTracker KeyTracker;

typedef enum KeyTrackerMods {
    KEY_TRACKER_SHIFT = 1 << 0,
    KEY_TRACKER_CTRL = 1 << 1,
    KEY_TRACKER_ALT = 1 << 2,   /* the left one */
    KEY_TRACKER_ALTGR = 1 << 3, /* the right one */
    KEY_TRACKER_META = 1 << 4,
} KeyTrackerMods;

KeyTracker *key_tracker_new(InputRouter *router);

/* Releases everything. NULL is fine. */
void key_tracker_free(KeyTracker *tracker);

/*
 * Where keys and buttons go from now on (a reference is taken): a text console gets characters, for
 * any other, and NULL (as at first), they go to the machine. What is held is released on the old
 * one.
 */
void key_tracker_set_console(KeyTracker *tracker, Console *console);

/* A KEY_x went down or up. Repeats, and releases of keys that are not down, are dropped; returns
 * TRUE if the guest was told. Ends with a sync. */
gboolean key_tracker_key(KeyTracker *tracker, guint key, gboolean down);

/* The same for a BTN_x. */
gboolean key_tracker_button(KeyTracker *tracker, guint button, gboolean down);

/* Releases all keys and buttons, the last pressed first. */
void key_tracker_release_all(KeyTracker *tracker);

gboolean key_tracker_is_down(const KeyTracker *tracker, guint code);

/* KEY_TRACKER_x of the modifiers that are held. */
guint key_tracker_mods(const KeyTracker *tracker);

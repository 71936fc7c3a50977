/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The input seam: frontends send events, a router picks the device that gets them.
 *
 * Keys, buttons and axes are Linux evdev codes (linux/input-event-codes.h), never keysyms. Of
 * several keyboards the newest active one gets the keys; of pointers, the newest absolute one that
 * the guest uses comes before relative ones. All functions: vm lock held.
 */
#pragma once

#include <glib.h>
#include <linux/input-event-codes.h>

#include "core/machine.h"

typedef struct InputSink InputSink;
typedef struct InputListener InputListener;

/* What a sink takes. */
typedef enum InputKind {
    INPUT_KIND_KEY = 1 << 0,
    INPUT_KIND_BUTTON = 1 << 1,
    INPUT_KIND_REL = 1 << 2,
    INPUT_KIND_ABS = 1 << 3,
} InputKind;

/* Absolute axes run from 0 to this, over the whole display. */
#define INPUT_ABS_MAX 0x7fff

typedef struct InputEvent {
    InputKind kind;
    guint code; /* KEY_x, BTN_x, REL_X/Y/WHEEL/HWHEEL, ABS_X/Y */
    gint value; /* 1 down, 0 up; or the movement or position. Wheel: +1 = away from the user */
} InputEvent;

typedef struct InputSinkOps {
    const char *name; /* as `info mice` shows it */
    guint kinds;
    void (*event)(void *opaque, const InputEvent *event); /* required */
    void (*sync)(void *opaque); /* end of a group of events; NULL = not wanted */
} InputSinkOps;

/* LED bits: 1 << LED_NUML, 1 << LED_CAPSL, 1 << LED_SCROLLL. */
typedef struct InputListenerOps {
    void (*leds)(void *opaque, guint leds);                /* NULL = not wanted */
    void (*pointer_mode)(void *opaque, gboolean absolute); /* NULL = not wanted */
} InputListenerOps;

InputRouter *input_router_new(Machine *machine);
void input_router_free(InputRouter *router);

/* ---- devices ---- */
InputSink *input_sink_add(InputRouter *router, const InputSinkOps *ops, void *opaque);
void input_sink_remove(InputSink *sink); /* NULL is fine */
/* The guest's driver took the device (or let go of it): active sinks come first. New sinks are
 * active. */
void input_sink_set_active(InputSink *sink, gboolean active);
/* The guest set its keyboard's LEDs. */
void input_sink_set_leds(InputSink *sink, guint leds);

/* ---- frontends and the monitor ---- */
void input_key(InputRouter *router, guint key, gboolean down);
void input_button(InputRouter *router, guint button, gboolean down);
void input_rel(InputRouter *router, guint axis, gint delta);
void input_abs(InputRouter *router, guint axis, gint position);
/* Ends a group: what came since the last sync belongs together. */
void input_sync(InputRouter *router);

/* TRUE when pointer events should be absolute. */
gboolean input_is_absolute(InputRouter *router);
guint input_leds(InputRouter *router);

InputListener *input_listen(InputRouter *router, const InputListenerOps *ops, void *opaque);
void input_unlisten(InputListener *listener);

typedef struct InputMouse {
    const char *name;
    guint index;      /* for input_select_mouse() */
    gboolean current; /* gets the events */
    gboolean absolute;
} InputMouse;

/* The pointers, by index. */
void input_foreach_mouse(InputRouter *router, void (*fn)(const InputMouse *mouse, void *opaque),
                         void *opaque);
/* `mouse_set INDEX`. */
gboolean input_select_mouse(InputRouter *router, guint index, GError **error);

/* ---- keys that are typed by a program; input-queue.c ---- */

/* Chords and characters that may wait to be typed. */
#define INPUT_QUEUE_MAX (64 * 1024)

/*
 * Presses `keys` in order, holds for `hold_ms` of guest time, releases them in reverse. Several
 * calls queue up. FALSE if the queue is full.
 */
gboolean input_send_chord(InputRouter *router, const guint *keys, guint count, guint hold_ms);

/*
 * Types UTF-8 text as a person would on the guest's keyboard (machine_keymap(), accents by dead
 * keys where the layout has them so), paced in guest time, after what is queued already. Line ends
 * are Enter; Tab, Backspace and Escape may be in it too. FALSE, with nothing typed, if the layout
 * lacks a character (the error names it) or there is too much.
 */
gboolean input_type(InputRouter *router, const char *text, GError **error);

/* Drops what is not pressed yet; returns how many chords and characters that were. */
guint input_type_cancel(InputRouter *router);

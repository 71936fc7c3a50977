/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/input.h"
#include "ui/common/key-tracker.h"
#include "ui/common/pointer.h"
#include "ui/vnc/scancode.h"
#include "ui/vnc/vnc-priv.h"

/* No movement, in the relative events of QEMU's pointer type change. */
#define RELATIVE_CENTRE 0x7fff

struct VncInput {
    VncServer *server;
    InputRouter *router;
    KeyTracker *tracker;
    Pointer pointer;
    GHashTable *held;  /* keysym -> key that it was pressed as */
    gint64 pressed;    /* monotonic time of the last press */
    gboolean relative; /* the viewer sends movements if the guest's pointer is relative */
    gboolean has_place;
    int last_x, last_y;
    guint last_mask;
};

VncInput *vnc_input_new(VncServer *server)
{
    VncInput *input = g_new0(VncInput, 1);

    input->server = server;
    input->router = server->frontend.machine->input;
    input->tracker = key_tracker_new(input->router);
    input->held = g_hash_table_new(NULL, NULL);
    pointer_init(&input->pointer, input->router);
    key_tracker_set_console(input->tracker, server->console);
    pointer_set_console(&input->pointer, server->console);
    return input;
}

void vnc_input_free(VncInput *input)
{
    if (input) {
        key_tracker_free(input->tracker);
        pointer_set_console(&input->pointer, NULL);
        g_hash_table_unref(input->held);
        g_free(input);
    }
}

/* ---- keys (RFC 6143, 7.5.4: keysyms) ---- */

static guint keymap_mods(VncInput *input)
{
    guint held = key_tracker_mods(input->tracker);
    guint leds = input->server->lock_key_sync ? input_leds(input->router) : 0;

    return (held & KEY_TRACKER_SHIFT ? KEYMAP_SHIFT : 0) |
           (held & KEY_TRACKER_ALTGR ? KEYMAP_ALTGR : 0) |
           (leds & 1 << LED_CAPSL ? KEYMAP_CAPSLOCK : 0) |
           (leds & 1 << LED_NUML ? KEYMAP_NUMLOCK : 0);
}

/* Presses or releases one modifier for a moment. Undone by the same call the other way around. */
static void borrow(VncInput *input, guint key, gboolean down)
{
    input_key(input->router, key, down);
    input_sync(input->router);
}

/*
 * A viewer with another layout sends a symbol that, with the modifiers it says are held, means
 * something else on the guest's: the guest is shown the right modifiers just for this key press.
 */
static void press_with_mods(VncInput *input, const KeymapStroke *stroke, guint mods)
{
    guint wrong = (stroke->mods ^ mods) & stroke->mask;
    gboolean shift = (wrong & KEYMAP_SHIFT) != 0, altgr = (wrong & KEYMAP_ALTGR) != 0;
    guint shift_key =
        key_tracker_is_down(input->tracker, KEY_RIGHTSHIFT) ? KEY_RIGHTSHIFT : KEY_LEFTSHIFT;

    if (shift) {
        borrow(input, shift_key, (stroke->mods & KEYMAP_SHIFT) != 0);
    }
    if (altgr) {
        borrow(input, KEY_RIGHTALT, (stroke->mods & KEYMAP_ALTGR) != 0);
    }
    key_tracker_key(input->tracker, stroke->key, TRUE);
    if (altgr) {
        borrow(input, KEY_RIGHTALT, (stroke->mods & KEYMAP_ALTGR) == 0);
    }
    if (shift) {
        borrow(input, shift_key, (stroke->mods & KEYMAP_SHIFT) == 0);
    }
}

void vnc_input_wait(VncInput *input, gboolean down)
{
    gint64 now = g_get_monotonic_time();
    gint64 until = input->pressed + (gint64)input->server->key_delay_ms * G_TIME_SPAN_MILLISECOND;

    if (down) {
        input->pressed = now;
    } else if (now < until) {
        g_usleep((gulong)(until - now));
    }
}

void vnc_input_ext_key(VncInput *input, guint32 keysym, guint32 code, gboolean down)
{
    guint key = vnc_key_of_scancode(code);

    if (key) {
        key_tracker_key(input->tracker, key, down);
    } else {
        vnc_input_key(input, keysym, down);
    }
}

void vnc_input_key(VncInput *input, guint32 keysym, gboolean down)
{
    gpointer symbol = GUINT_TO_POINTER(keysym);
    guint key = GPOINTER_TO_UINT(g_hash_table_lookup(input->held, symbol));
    guint mods = keymap_mods(input);
    KeymapStroke stroke;

    if (!down) {
        /* What a symbol was pressed as is what is released, whatever the modifiers say by now. */
        g_hash_table_remove(input->held, symbol);
        if (key) {
            key_tracker_key(input->tracker, key, FALSE);
        }
    } else if (!key && keymap_find(input->server->keymap, keysym, mods, &stroke)) {
        g_hash_table_insert(input->held, symbol, GUINT_TO_POINTER(stroke.key));
        press_with_mods(input, &stroke, mods);
    }
}

/* ---- pointer (RFC 6143, 7.5.5) ---- */

static void buttons_changed(VncInput *input, guint mask)
{
    static const guint buttons[] = {BTN_LEFT, BTN_MIDDLE, BTN_RIGHT};

    for (guint i = 0; i < G_N_ELEMENTS(buttons); i++) {
        if ((mask ^ input->last_mask) >> i & 1) {
            key_tracker_button(input->tracker, buttons[i], mask >> i & 1);
        }
    }
    guint pressed = mask & ~input->last_mask; /* 4 and 5: the wheel; 6 and 7: sideways */
    int up = (pressed >> 3 & 1) - (pressed >> 4 & 1),
        right = (pressed >> 6 & 1) - (pressed >> 5 & 1);
    if (up || right) {
        pointer_scroll(&input->pointer, right, up);
    }
    input->last_mask = mask;
}

void vnc_input_set_relative(VncInput *input, gboolean relative)
{
    input->relative = relative;
}

void vnc_input_pointer(VncInput *input, guint mask, int x, int y, guint width, guint height)
{
    if (input->relative && !input_is_absolute(input->router)) {
        if (x != RELATIVE_CENTRE || y != RELATIVE_CENTRE) {
            pointer_move(&input->pointer, x - RELATIVE_CENTRE, y - RELATIVE_CENTRE);
        }
        input->has_place = FALSE;
        buttons_changed(input, mask);
        return;
    }
    if (!input->has_place || x != input->last_x || y != input->last_y) {
        if (input_is_absolute(input->router)) {
            input_abs(input->router, ABS_X,
                      (gint)((gint64)CLAMP(x, 0, (int)width - 1) * INPUT_ABS_MAX /
                             MAX((gint64)width - 1, 1)));
            input_abs(input->router, ABS_Y,
                      (gint)((gint64)CLAMP(y, 0, (int)height - 1) * INPUT_ABS_MAX /
                             MAX((gint64)height - 1, 1)));
            input_sync(input->router);
        } else if (input->has_place) {
            pointer_move(&input->pointer, x - input->last_x, y - input->last_y);
        }
    }
    input->has_place = TRUE;
    input->last_x = x;
    input->last_y = y;
    buttons_changed(input, mask);
}

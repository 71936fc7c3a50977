/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keyboard, mouse and tablet. spice-server calls on the server's thread.
 *
 * The tablet is plugged in while the guest has an absolute pointer: viewers then send positions
 * ("client" mouse mode) rather than movements ("server").
 */
#include "core/keynames.h"
#include "ui/common/key-tracker.h"
#include "ui/common/pointer.h"
#include "ui/spice/spice-priv.h"

/* A key's name on the wire is PC scan code set 1. */
#define SCAN_PREFIX_E0 0xe0
#define SCAN_PREFIX_E1 0xe1
#define SCAN_RELEASE   0x80

/* Buttons as spice-server hands them to us: the wire's middle and right are exchanged, and those
 * from "side" on are moved up by one. */
#define BUTTON_LEFT   0x01
#define BUTTON_RIGHT  0x02
#define BUTTON_MIDDLE 0x04
#define BUTTON_SIDE   (SPICE_MOUSE_BUTTON_MASK_SIDE << 1)
#define BUTTON_EXTRA  (SPICE_MOUSE_BUTTON_MASK_EXTRA << 1)

struct SpiceInput {
    SpiceKbdInstance keyboard;
    SpiceMouseInstance mouse;
    SpiceTabletInstance tablet;
    Machine *machine;
    SpiceSession *session;
    InputListener *listener; /* vm lock */
    KeyTracker *tracker;     /* vm lock */
    Pointer pointer;         /* vm lock */
    gint leds, absolute;     /* atomic; as the router says */
    Deferred *changed;       /* on the thread: one of these did */

    /* the thread's */
    SpiceServer *server;
    gboolean plugged;  /* the tablet */
    guint8 prefix;     /* E0h or E1h came before */
    guint after_e1;    /* bytes after E1h so far */
    int width, height; /* of the tablet */
};

#define FROM(instance, member) ((SpiceInput *)((char *)(instance)-offsetof(SpiceInput, member)))

/* ---- keyboard ---- */

/* The key of a scan code; 0 = none. */
static guint key_of(guint code, gboolean extended)
{
    if (extended) {
        switch (code) {
        case 0x2a:
        case 0x36: return 0;         /* the shifts that come with grey keys */
        case 0x46: return KEY_PAUSE; /* as Ctrl+Break */
        case 0x37: return KEY_SYSRQ;
        }
    } else if (code == 0x54) {
        return KEY_SYSRQ; /* as Alt+SysRq */
    }
    return key_from_scancode(code | (extended ? 0x100 : 0));
}

static void send_key(SpiceInput *input, guint key, gboolean down)
{
    if (key) {
        spice_thread_lock(input->session, "spice key");
        key_tracker_key(input->tracker, key, down);
        vm_lock_drop(input->machine->lock);
    }
}

static void on_scan_code(SpiceKbdInstance *instance, uint8_t byte)
{
    SpiceInput *input = FROM(instance, keyboard);

    if (byte == SCAN_PREFIX_E0 || byte == SCAN_PREFIX_E1) {
        input->prefix = byte;
        input->after_e1 = 0;
        return;
    }
    if (input->prefix == SCAN_PREFIX_E1) { /* Pause: E1 1D 45, E1 9D C5 */
        if (++input->after_e1 < 2) {
            return;
        }
        send_key(input, KEY_PAUSE, !(byte & SCAN_RELEASE));
    } else {
        send_key(input, key_of(byte & 0x7f, input->prefix == SCAN_PREFIX_E0),
                 !(byte & SCAN_RELEASE));
    }
    input->prefix = 0;
}

static uint8_t on_get_leds(SpiceKbdInstance *instance)
{
    guint leds = (guint)g_atomic_int_get(&FROM(instance, keyboard)->leds);

    return (uint8_t)((leds & 1 << LED_SCROLLL ? SPICE_KEYBOARD_MODIFIER_FLAGS_SCROLL_LOCK : 0) |
                     (leds & 1 << LED_NUML ? SPICE_KEYBOARD_MODIFIER_FLAGS_NUM_LOCK : 0) |
                     (leds & 1 << LED_CAPSL ? SPICE_KEYBOARD_MODIFIER_FLAGS_CAPS_LOCK : 0));
}

/* ---- pointers; vm lock held ---- */

static void set_buttons(SpiceInput *input, guint32 state)
{
    static const struct {
        guint mask, button;
    } buttons[] = {
        {BUTTON_LEFT, BTN_LEFT}, {BUTTON_RIGHT, BTN_RIGHT}, {BUTTON_MIDDLE, BTN_MIDDLE},
        {BUTTON_SIDE, BTN_SIDE}, {BUTTON_EXTRA, BTN_EXTRA},
    };

    for (guint i = 0; i < G_N_ELEMENTS(buttons); i++) {
        key_tracker_button(input->tracker, buttons[i].button, (state & buttons[i].mask) != 0);
    }
}

static void set_place(SpiceInput *input, int x, int y)
{
    int right = MAX(input->width - 1, 1), bottom = MAX(input->height - 1, 1);

    input_abs(input->machine->input, ABS_X,
              (gint)((gint64)CLAMP(x, 0, right) * INPUT_ABS_MAX / right));
    input_abs(input->machine->input, ABS_Y,
              (gint)((gint64)CLAMP(y, 0, bottom) * INPUT_ABS_MAX / bottom));
    input_sync(input->machine->input);
}

/* ---- mouse ---- */

static void on_motion(SpiceMouseInstance *instance, int dx, int dy, int dz, uint32_t buttons)
{
    SpiceInput *input = FROM(instance, mouse);

    spice_thread_lock(input->session, "spice mouse");
    if (dx || dy) {
        pointer_move(&input->pointer, dx, dy);
    }
    if (dz) {
        pointer_scroll(&input->pointer, 0, -dz);
    }
    set_buttons(input, buttons);
    vm_lock_drop(input->machine->lock);
}

static void on_mouse_buttons(SpiceMouseInstance *instance, uint32_t buttons)
{
    SpiceInput *input = FROM(instance, mouse);

    spice_thread_lock(input->session, "spice mouse");
    set_buttons(input, buttons);
    vm_lock_drop(input->machine->lock);
}

/* ---- tablet ---- */

static void on_tablet_size(SpiceTabletInstance *instance, int width, int height)
{
    SpiceInput *input = FROM(instance, tablet);

    input->width = width;
    input->height = height;
}

static void on_position(SpiceTabletInstance *instance, int x, int y, uint32_t buttons)
{
    SpiceInput *input = FROM(instance, tablet);

    spice_thread_lock(input->session, "spice tablet");
    set_place(input, x, y);
    set_buttons(input, buttons);
    vm_lock_drop(input->machine->lock);
}

static void on_wheel(SpiceTabletInstance *instance, int dz, uint32_t buttons)
{
    SpiceInput *input = FROM(instance, tablet);

    spice_thread_lock(input->session, "spice tablet");
    if (dz) {
        pointer_scroll(&input->pointer, 0, -dz);
    }
    set_buttons(input, buttons);
    vm_lock_drop(input->machine->lock);
}

static void on_tablet_buttons(SpiceTabletInstance *instance, uint32_t buttons)
{
    on_wheel(instance, 0, buttons);
}

static const SpiceKbdInterface keyboard_ops = {
    .base = {SPICE_INTERFACE_KEYBOARD, "keyboard", SPICE_INTERFACE_KEYBOARD_MAJOR,
             SPICE_INTERFACE_KEYBOARD_MINOR},
    .push_scan_freg = on_scan_code,
    .get_leds = on_get_leds,
};

static const SpiceMouseInterface mouse_ops = {
    .base = {SPICE_INTERFACE_MOUSE, "mouse", SPICE_INTERFACE_MOUSE_MAJOR,
             SPICE_INTERFACE_MOUSE_MINOR},
    .motion = on_motion,
    .buttons = on_mouse_buttons,
};

static const SpiceTabletInterface tablet_ops = {
    .base = {SPICE_INTERFACE_TABLET, "tablet", SPICE_INTERFACE_TABLET_MAJOR,
             SPICE_INTERFACE_TABLET_MINOR},
    .set_logical_size = on_tablet_size,
    .position = on_position,
    .wheel = on_wheel,
    .buttons = on_tablet_buttons,
};

/* ---- what the guest says ---- */

static void on_leds(void *opaque, guint leds)
{
    SpiceInput *input = opaque;

    g_atomic_int_set(&input->leds, (gint)leds);
    deferred_schedule(input->changed);
}

static void on_pointer_mode(void *opaque, gboolean absolute)
{
    SpiceInput *input = opaque;

    g_atomic_int_set(&input->absolute, absolute);
    deferred_schedule(input->changed);
}

static const InputListenerOps listener_ops = {
    .leds = on_leds,
    .pointer_mode = on_pointer_mode,
};

/* On the thread. */
static void on_changed(void *opaque)
{
    SpiceInput *input = opaque;
    gboolean absolute = g_atomic_int_get(&input->absolute) != 0;

    if (!input->server) {
        return;
    }
    spice_server_kbd_leds(&input->keyboard, on_get_leds(&input->keyboard));
    if (absolute && !input->plugged) {
        spice_server_add_interface(input->server, &input->tablet.base);
    } else if (!absolute && input->plugged) {
        spice_server_remove_interface(&input->tablet.base);
    }
    input->plugged = absolute;
}

/* ---- lifecycle ---- */

SpiceInput *spice_input_new(SpiceSession *session)
{
    SpiceInput *input = g_new0(SpiceInput, 1);
    InputRouter *router = session->machine->input;

    input->session = session;
    input->machine = session->machine;
    input->tracker = key_tracker_new(router);
    pointer_init(&input->pointer, router);
    input->changed = deferred_new(session->loop, on_changed, input);
    input->leds = (gint)input_leds(router);
    input->absolute = input_is_absolute(router);
    input->listener = input_listen(router, &listener_ops, input);
    input->keyboard.base.sif = &keyboard_ops.base;
    input->mouse.base.sif = &mouse_ops.base;
    input->tablet.base.sif = &tablet_ops.base;
    return input;
}

void spice_input_close(SpiceInput *input)
{
    input_unlisten(input->listener);
    g_clear_pointer(&input->tracker, key_tracker_free);
}

void spice_input_free(SpiceInput *input)
{
    deferred_free(input->changed);
    g_free(input);
}

void spice_input_start(SpiceInput *input, SpiceServer *server)
{
    input->server = server;
    spice_server_add_interface(server, &input->keyboard.base);
    spice_server_add_interface(server, &input->mouse.base);
    on_changed(input);
}

void spice_input_release(SpiceInput *input)
{
    input->prefix = 0;
    spice_thread_lock(input->session, "spice keys");
    key_tracker_release_all(input->tracker);
    pointer_reset(&input->pointer);
    vm_lock_drop(input->machine->lock);
}

/* spice-server allows it with one display only: positions do not say of which they are. */
gboolean spice_input_is_client_mode(SpiceInput *input)
{
    return g_atomic_int_get(&input->absolute) && input->session->heads->len == 1;
}

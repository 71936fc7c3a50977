/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keyboard and pointer: from SDL's events to the guest; hot keys and the grab. */
#include "ui/sdl/gui.h"

#include "ui/sdl/scancodes.h"

#define GROW_STEP 50 /* pixels, for the keypad's plus and minus */

/* Text has no pointer to be grabbed. */
static gboolean is_absolute(const SdlWindow *window)
{
    return console_is_text(window->console) ||
           input_is_absolute(window->gui->frontend.machine->input);
}

/* ---- grab ---- */

static void start_grab(SdlGui *gui, SdlWindow *window)
{
    gui->grab = TRUE;
    gui->grabbed_by = window;
    gboolean relative = !is_absolute(window);
    sdl_gui_unlock(gui);
    SDL_SetWindowKeyboardGrab(window->window, SDL_TRUE);
    if (relative) {
        SDL_SetRelativeMouseMode(SDL_TRUE);
    }
    sdl_gui_lock(gui);
}

static void end_grab(SdlGui *gui)
{
    SdlWindow *window = gui->grabbed_by;
    gui->grab = FALSE;
    gui->grabbed_by = NULL;
    sdl_gui_unlock(gui);
    SDL_SetRelativeMouseMode(SDL_FALSE);
    SDL_SetWindowKeyboardGrab(window->window, SDL_FALSE);
    sdl_gui_lock(gui);
}

void sdl_input_set_grab(SdlGui *gui, SdlWindow *window, gboolean on)
{
    if (on == gui->grab) {
        return;
    }
    if (on) {
        start_grab(gui, window);
    } else {
        window = gui->grabbed_by;
        end_grab(gui);
    }
    pointer_reset(&gui->pointer);
    sdl_window_title(window);
    sdl_cursor_show(gui, window);
}

void sdl_input_update(SdlGui *gui)
{
    gui->new_mode = FALSE;
    if (gui->grab) {
        gboolean absolute = is_absolute(gui->grabbed_by);
        sdl_gui_unlock(gui);
        SDL_SetRelativeMouseMode(absolute ? SDL_FALSE : SDL_TRUE);
        sdl_gui_lock(gui);
        if (absolute && !gui->grabbed_by->full_screen) {
            sdl_input_set_grab(gui, NULL, FALSE); /* no longer needed */
        }
    }
    for (guint i = 0; i < gui->windows->len; i++) {
        sdl_cursor_show(gui, g_ptr_array_index(gui->windows, i));
    }
}

/* ---- keyboard ---- */

static gboolean has_grab_mod(const SdlGui *gui, guint mods)
{
    switch ((SdlGrabMod)gui->grab_mod) {
    case GRAB_MOD_CTRL_ALT: return (mods & KMOD_LCTRL) && (mods & KMOD_LALT);
    case GRAB_MOD_SHIFT_CTRL_ALT:
        return (mods & KMOD_LSHIFT) && (mods & KMOD_LCTRL) && (mods & KMOD_LALT);
    case GRAB_MOD_RCTRL: return (mods & KMOD_RCTRL) != 0;
    }
    return FALSE;
}

/* Letters by what is printed on the key, where that is a Latin one; else by their place. */
static char letter(const SDL_Keysym *key)
{
    if (key->sym >= SDLK_a && key->sym <= SDLK_z) {
        return (char)key->sym;
    }
    if (key->sym < 0x80 || key->scancode < SDL_SCANCODE_A || key->scancode > SDL_SCANCODE_Z) {
        return 0;
    }
    return (char)('a' + (key->scancode - SDL_SCANCODE_A));
}

/* TRUE if it was one. */
static gboolean hot_key(SdlGui *gui, SdlWindow *window, const SDL_KeyboardEvent *event)
{
    const SDL_Keysym *key = &event->keysym;
    gboolean first = event->repeat == 0;
    if (key->scancode >= SDL_SCANCODE_1 && key->scancode <= SDL_SCANCODE_9) {
        if (first) {
            sdl_window_toggle(gui, key->scancode - SDL_SCANCODE_1);
        }
        return TRUE;
    }
    switch (key->scancode) {
    /* X servers keep Ctrl+Alt with the keypad's for themselves: the others do, too. */
    case SDL_SCANCODE_EQUALS:
    case SDL_SCANCODE_KP_PLUS: sdl_window_grow(window, GROW_STEP); return TRUE;
    case SDL_SCANCODE_MINUS:
    case SDL_SCANCODE_KP_MINUS: sdl_window_grow(window, -GROW_STEP); return TRUE;
    default: break;
    }
    char which = letter(key);
    if (which == 0 || strchr("fgnu", which) == NULL) {
        return FALSE;
    }
    if (first) {
        switch (which) {
        case 'f': sdl_window_toggle_full_screen(window); break;
        case 'g': sdl_input_set_grab(gui, window, !gui->grab); break;
        case 'n': sdl_window_next(window); break;
        case 'u': sdl_window_unscale(window); break;
        default: break;
        }
    }
    return TRUE;
}

void sdl_input_key(SdlGui *gui, SdlWindow *window, const SDL_KeyboardEvent *event)
{
    gboolean down = event->state == SDL_PRESSED;
    if (window->ask != NULL) {
        sdl_ask_key(window, event);
        return;
    }
    if (down && has_grab_mod(gui, event->keysym.mod) && hot_key(gui, window, event)) {
        return;
    }
    key_tracker_set_console(gui->keys, window->console);
    guint key = sdl_key(event->keysym.scancode);
    if (down && event->repeat != 0 && !key_tracker_is_down(gui->keys, key)) {
        return; /* of a hot key: its window is another's now, and it was not pressed here */
    }
    if (key != 0) {
        key_tracker_key(gui->keys, key, down);
    }
}

void sdl_input_release_keys(SdlGui *gui)
{
    key_tracker_release_all(gui->keys);
}

/* ---- lock keys that were pressed elsewhere ---- */

static guint host_locks(void)
{
    SDL_Keymod mods = SDL_GetModState();
    return ((mods & KMOD_NUM) ? 1u << LED_NUML : 0) | ((mods & KMOD_CAPS) ? 1u << LED_CAPSL : 0) |
           ((mods & KMOD_SCROLL) ? 1u << LED_SCROLLL : 0);
}

static void tap(SdlGui *gui, guint key)
{
    key_tracker_key(gui->keys, key, TRUE);
    key_tracker_key(gui->keys, key, FALSE);
}

/*
 * What was switched while another window had the keyboard is switched in the guest, too, unless
 * its light shows that already. At the start nothing is pressed: a firmware waits for any key.
 */
static void sync_locks(SdlGui *gui)
{
    guint host = host_locks();
    guint wrong = (host ^ gui->locks) & (host ^ input_leds(gui->frontend.machine->input));
    if (gui->locks_known) {
        if (wrong & 1u << LED_NUML) {
            tap(gui, KEY_NUMLOCK);
        }
        if (wrong & 1u << LED_CAPSL) {
            tap(gui, KEY_CAPSLOCK);
        }
        if (wrong & 1u << LED_SCROLLL) {
            tap(gui, KEY_SCROLLLOCK);
        }
    }
}

void sdl_input_focus(SdlGui *gui, SdlWindow *window, gboolean has_focus)
{
    if (has_focus) {
        key_tracker_set_console(gui->keys, window->console);
        sync_locks(gui);
        if (window->full_screen && window->ask == NULL) {
            sdl_input_set_grab(gui, window, TRUE);
        }
        return;
    }
    /* A key released elsewhere would stay down in the guest for ever. */
    key_tracker_release_all(gui->keys);
    gui->locks = host_locks();
    gui->locks_known = TRUE;
    if (gui->grab) {
        sdl_input_set_grab(gui, window, FALSE);
    }
}

/* ---- pointer ---- */

static void aim(SdlGui *gui, const SdlWindow *window)
{
    if (gui->pointer.console != window->console) {
        pointer_set_console(&gui->pointer, window->console);
    }
}

static void place(SdlGui *gui, const SdlWindow *window, int x, int y)
{
    double density = sdl_window_density(window);
    pointer_place(&gui->pointer, &window->viewport, x * density, y * density);
}

void sdl_input_motion(SdlGui *gui, SdlWindow *window, const SDL_MouseMotionEvent *event)
{
    if (window->ask != NULL) {
        sdl_ask_motion(window, event);
        return;
    }
    aim(gui, window);
    if (is_absolute(window)) {
        place(gui, window, event->x, event->y);
    } else if (gui->grab) {
        pointer_move(&gui->pointer, event->xrel, event->yrel);
    }
}

static guint button_code(guint button)
{
    switch (button) {
    case SDL_BUTTON_LEFT: return BTN_LEFT;
    case SDL_BUTTON_MIDDLE: return BTN_MIDDLE;
    case SDL_BUTTON_RIGHT: return BTN_RIGHT;
    case SDL_BUTTON_X1: return BTN_SIDE;
    case SDL_BUTTON_X2: return BTN_EXTRA;
    default: return 0;
    }
}

void sdl_input_button(SdlGui *gui, SdlWindow *window, const SDL_MouseButtonEvent *event)
{
    gboolean down = event->state == SDL_PRESSED;
    guint button = button_code(event->button);
    if (window->ask != NULL) {
        sdl_ask_button(window, event);
        return;
    }
    key_tracker_set_console(gui->keys, window->console);
    aim(gui, window);
    if (down && !is_absolute(window) && !gui->grab) {
        if (event->button == SDL_BUTTON_LEFT) {
            sdl_input_set_grab(gui, window, TRUE); /* this click is not the guest's */
        }
        return;
    }
    if (is_absolute(window)) {
        place(gui, window, event->x, event->y);
    }
    if (button != 0) {
        key_tracker_button(gui->keys, button, down);
    }
}

void sdl_input_wheel(SdlGui *gui, SdlWindow *window, const SDL_MouseWheelEvent *event)
{
    aim(gui, window);
    if (window->ask == NULL && (is_absolute(window) || gui->grab)) {
        pointer_scroll(&gui->pointer, event->preciseX, event->preciseY);
    }
}

void sdl_input_crossing(SdlGui *gui, SdlWindow *window, gboolean inside)
{
    if (inside) {
        sdl_cursor_show(gui, window);
        if (gui->grab_on_hover && is_absolute(window) && window->ask == NULL) {
            sdl_input_set_grab(gui, window, TRUE);
        }
    } else if (gui->grab && is_absolute(window) && !window->full_screen) {
        sdl_input_set_grab(gui, window, FALSE);
    }
}

/* ---- lifecycle ---- */

static void on_pointer_mode(void *opaque, gboolean absolute)
{
    SdlGui *gui = opaque;
    gui->new_mode = TRUE;
    deferred_schedule(gui->update);
}

static const InputListenerOps listener_ops = {.pointer_mode = on_pointer_mode};

void sdl_input_open(SdlGui *gui)
{
    InputRouter *router = gui->frontend.machine->input;
    gui->keys = key_tracker_new(router);
    pointer_init(&gui->pointer, router);
    gui->input_listener = input_listen(router, &listener_ops, gui);
}

void sdl_input_close(SdlGui *gui)
{
    g_clear_pointer(&gui->input_listener, input_unlisten);
    g_clear_pointer(&gui->keys, key_tracker_free);
    pointer_set_console(&gui->pointer, NULL);
}

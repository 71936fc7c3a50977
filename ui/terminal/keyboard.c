/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys and mouse to the guest. A terminal with the kitty keyboard protocol tells of presses and
 * releases; others only send what a key means, which becomes a short press of that key and the
 * modifiers that it takes.
 */
#include <string.h>

#include "ui/terminal/input-keys.h"
#include "ui/terminal/terminal.h"

/* How long a key is held that has no release of its own, and the pause after it. Guests poll
 * their keyboard controllers, some only at every tick of theirs. */
#define HOLD_NS (12 * NS_PER_MS)
#define GAP_NS  (4 * NS_PER_MS)
/* Strokes that wait for their turn; a held key must not go on for long after its release. */
#define QUEUE_MAX 64
#define KEYS_MAX  8
#define PASTE_MAX (1 << 20)

typedef struct Chord {
    guint keys[KEYS_MAX];
    guint count;
} Chord;

struct Keyboard {
    Terminal *terminal;
    InputRouter *router;
    KeyTracker *tracker;
    Pointer pointer;
    Console *console;
    GQueue queue;  /* of Chord* */
    gboolean down; /* the first of the queue is pressed */
    Timer timer;
    GString *paste;
    gsize pasted; /* bytes of it that have been typed */
    gboolean after_cr;
    /* pointer */
    gboolean has_place;
    double last_x, last_y; /* guest pixels */
};

/* ---- chords ---- */

static void press(Keyboard *keyboard, const Chord *chord, gboolean down)
{
    for (guint i = 0; i < chord->count; i++) {
        key_tracker_key(keyboard->tracker, chord->keys[down ? i : chord->count - 1 - i], down);
    }
}

static void add_key(Chord *chord, guint key)
{
    if (chord->count < KEYS_MAX) {
        chord->keys[chord->count++] = key;
    }
}

static Chord stroke_chord(const TermStroke *stroke)
{
    Chord chord = {.count = 0};

    if (stroke->mods & TERM_MOD_CTRL) {
        add_key(&chord, KEY_LEFTCTRL);
    }
    if (stroke->mods & TERM_MOD_SHIFT) {
        add_key(&chord, KEY_LEFTSHIFT);
    }
    if (stroke->mods & TERM_MOD_ALT) {
        add_key(&chord, KEY_LEFTALT);
    }
    if (stroke->mods & TERM_MOD_SUPER) {
        add_key(&chord, KEY_LEFTMETA);
    }
    if (stroke->altgr) {
        add_key(&chord, KEY_RIGHTALT);
    }
    add_key(&chord, stroke->key);
    return chord;
}

/* The next character of a paste that a key can make; FALSE at its end. */
static gboolean next_pasted(Keyboard *keyboard, Chord *chord)
{
    const Keymap *keymap = machine_keymap(keyboard->terminal->frontend.machine, NULL);
    GString *paste = keyboard->paste;

    while (keymap && keyboard->pasted < paste->len) {
        const char *at = paste->str + keyboard->pasted;
        gunichar ch = g_utf8_get_char_validated(at, (gssize)(paste->len - keyboard->pasted));
        TermEvent event = {.type = TERM_EVENT_KEY, .symbol = ch};
        TermStroke stroke;

        if (!*at || ch == (gunichar)-1) {
            keyboard->pasted++;
            continue;
        }
        if (ch == (gunichar)-2) {
            return FALSE; /* the rest is still to come */
        }
        keyboard->pasted += (gsize)(g_utf8_next_char(at) - at);
        if (event.symbol == '\n') {
            event.symbol = keyboard->after_cr ? 0 : '\r';
        }
        keyboard->after_cr = *at == '\r';
        if (event.symbol && term_stroke(&event, keymap, &stroke)) {
            *chord = stroke_chord(&stroke);
            return TRUE;
        }
    }
    g_string_truncate(paste, 0);
    keyboard->pasted = 0;
    return FALSE;
}

static void step(void *opaque)
{
    Keyboard *keyboard = opaque;
    Chord *chord = g_queue_peek_head(&keyboard->queue);
    Chord pasted;

    if (keyboard->down) {
        press(keyboard, chord, FALSE);
        keyboard->down = FALSE;
        g_free(g_queue_pop_head(&keyboard->queue));
        timer_set_after(&keyboard->timer, GAP_NS);
        return;
    }
    if (!chord && next_pasted(keyboard, &pasted)) {
        chord = g_memdup2(&pasted, sizeof(pasted));
        g_queue_push_tail(&keyboard->queue, chord);
    }
    if (chord) {
        press(keyboard, chord, TRUE);
        keyboard->down = TRUE;
        timer_set_after(&keyboard->timer, HOLD_NS);
    }
}

static void type(Keyboard *keyboard, const Chord *chord)
{
    if (keyboard->console && console_is_text(keyboard->console)) {
        press(keyboard, chord, TRUE);
        press(keyboard, chord, FALSE);
    } else if (keyboard->queue.length < QUEUE_MAX) {
        g_queue_push_tail(&keyboard->queue, g_memdup2(chord, sizeof(*chord)));
        if (!timer_pending(&keyboard->timer)) {
            step(keyboard);
        }
    }
}

void keyboard_chord(Keyboard *keyboard, const guint *keys)
{
    Chord chord = {.count = 0};

    for (; *keys; keys++) {
        add_key(&chord, *keys);
    }
    type(keyboard, &chord);
}

/* ---- keys ---- */

void keyboard_key(Keyboard *keyboard, const TermEvent *event)
{
    const Keymap *keymap = machine_keymap(keyboard->terminal->frontend.machine, NULL);
    TermStroke stroke;
    Chord chord;
    char text[6];

    if (!keymap || !term_stroke(event, keymap, &stroke)) {
        /* A character that the guest's keyboard lacks: a console takes it all the same. */
        if (keyboard->console && event->action != TERM_RELEASE) {
            console_input(keyboard->console, (const guint8 *)text, term_key_text(event, text));
        }
        return;
    }
    if (event->paired) {
        key_tracker_key(keyboard->tracker, stroke.key, event->action != TERM_RELEASE);
        return;
    }
    chord = stroke_chord(&stroke);
    type(keyboard, &chord);
}

void keyboard_paste(Keyboard *keyboard, const char *text, gsize length)
{
    if (keyboard->console && console_is_text(keyboard->console)) {
        console_input(keyboard->console, (const guint8 *)text, length);
        return;
    }
    g_string_append_len(keyboard->paste, text,
                        (gssize)MIN(length, PASTE_MAX - keyboard->paste->len));
    if (!timer_pending(&keyboard->timer)) {
        step(keyboard);
    }
}

void keyboard_release_all(Keyboard *keyboard)
{
    timer_cancel(&keyboard->timer);
    keyboard->down = FALSE;
    g_queue_clear_full(&keyboard->queue, g_free);
    g_string_truncate(keyboard->paste, 0);
    keyboard->pasted = 0;
    keyboard->has_place = FALSE;
    key_tracker_release_all(keyboard->tracker);
    pointer_reset(&keyboard->pointer);
}

/* ---- mouse ---- */

static guint button_code(guint button)
{
    static const guint buttons[] = {BTN_LEFT, BTN_MIDDLE, BTN_RIGHT};

    if (button < G_N_ELEMENTS(buttons)) {
        return buttons[button];
    }
    return button == 128 ? BTN_SIDE : button == 129 ? BTN_EXTRA : 0;
}

static void move(Keyboard *keyboard, double x, double y)
{
    const Viewport *viewport = &keyboard->terminal->screen.viewport;
    double guest_x, guest_y;

    viewport_to_guest(viewport, x, y, &guest_x, &guest_y);
    if (input_is_absolute(keyboard->router)) {
        pointer_place(&keyboard->pointer, viewport, x, y);
    } else if (keyboard->has_place) {
        pointer_move(&keyboard->pointer, guest_x - keyboard->last_x, guest_y - keyboard->last_y);
    }
    keyboard->has_place = TRUE;
    keyboard->last_x = guest_x;
    keyboard->last_y = guest_y;
}

static void release_buttons(Keyboard *keyboard)
{
    for (guint button = 0; button < 3; button++) {
        key_tracker_button(keyboard->tracker, button_code(button), FALSE);
    }
}

void keyboard_mouse(Keyboard *keyboard, const TermEvent *event)
{
    const Terminal *terminal = keyboard->terminal;
    const Screen *screen = &terminal->screen;
    guint code = button_code(event->button);
    double x = event->x, y = event->y;

    if (!terminal->caps.pixel_mouse) {
        x = (x + 0.5) * screen->cell_width;
        y = (y + 0.5) * screen->cell_height;
    }
    if (event->button >= 64 && event->button <= 67) {
        guint wheel = event->button - 64;

        if (event->action == TERM_PRESS) {
            pointer_scroll(&keyboard->pointer,
                           wheel == 3   ? 1
                           : wheel == 2 ? -1
                                        : 0,
                           wheel == 0   ? 1
                           : wheel == 1 ? -1
                                        : 0);
        }
        return;
    }
    move(keyboard, x, y);
    if (event->motion) {
        return;
    }
    if (code) {
        key_tracker_button(keyboard->tracker, code, event->action == TERM_PRESS);
    } else if (event->action == TERM_RELEASE) {
        release_buttons(keyboard); /* X10 does not say which */
    }
}

/* ---- lifecycle ---- */

void keyboard_set_console(Keyboard *keyboard, Console *console)
{
    keyboard_release_all(keyboard);
    keyboard->console = console; /* the terminal's reference */
    key_tracker_set_console(keyboard->tracker, console);
    pointer_set_console(&keyboard->pointer, console);
}

Keyboard *keyboard_new(Terminal *terminal)
{
    Machine *machine = terminal->frontend.machine;
    Keyboard *keyboard = g_new0(Keyboard, 1);

    keyboard->terminal = terminal;
    keyboard->router = machine->input;
    keyboard->tracker = key_tracker_new(machine->input);
    pointer_init(&keyboard->pointer, machine->input);
    keyboard->paste = g_string_new(NULL);
    timer_init(&keyboard->timer, machine->host_clock, step, keyboard);
    return keyboard;
}

void keyboard_free(Keyboard *keyboard)
{
    if (keyboard) {
        keyboard_set_console(keyboard, NULL);
        key_tracker_free(keyboard->tracker);
        g_string_free(keyboard->paste, TRUE);
        g_free(keyboard);
    }
}

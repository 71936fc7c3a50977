/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys that a program presses: `sendkey`, `type`, a pasted text. They are pressed one chord after
 * the other on the guest's clock, so that a guest that is slow or paused misses none.
 */
#include <string.h>
#include <xkbcommon/xkbcommon.h>

#include "core/error.h"
#include "core/input-priv.h"
#include "core/keymap.h"

#define CHORD_MAX_KEYS 16
#define CHORD_GAP_MS   20 /* between the release of one chord and the next one */
#define CHORD_HOLD_MS  100

/* Typed text: 25 characters a second, which firmware and boot loaders follow too. */
#define TYPE_HOLD_MS 20

/* Most strokes for one character: a dead key and what it is for. */
#define MAX_STROKES 2

typedef struct Chord {
    guint16 keys[CHORD_MAX_KEYS];
    guint count;
    guint hold_ms;
} Chord;

struct KeyQueue {
    InputRouter *router;
    Machine *machine;
    GQueue chords; /* of Chord*; the head is being pressed while `pressed` */
    gboolean pressed;
    Timer timer;
};

/* ---- the queue ---- */

static void press_chord(KeyQueue *queue, const Chord *chord, gboolean down)
{
    for (guint i = 0; i < chord->count; i++) {
        input_key(queue->router, chord->keys[down ? i : chord->count - 1 - i], down);
        input_sync(queue->router);
    }
}

static void queue_step(void *opaque)
{
    KeyQueue *queue = opaque;
    Chord *chord = g_queue_peek_head(&queue->chords);

    if (!chord) {
        return;
    }
    queue->pressed = !queue->pressed;
    press_chord(queue, chord, queue->pressed);
    if (queue->pressed) {
        timer_set_after(&queue->timer, chord->hold_ms * NS_PER_MS);
    } else {
        g_free(g_queue_pop_head(&queue->chords));
        timer_set_after(&queue->timer, CHORD_GAP_MS * NS_PER_MS);
    }
}

static void queue_push(KeyQueue *queue, const guint *keys, guint count, guint hold_ms)
{
    Chord *chord = g_new0(Chord, 1);

    for (guint i = 0; i < count; i++) {
        chord->keys[i] = (guint16)MIN(keys[i], G_MAXUINT16);
    }
    chord->count = count;
    chord->hold_ms = hold_ms;
    g_queue_push_tail(&queue->chords, chord);
}

static void queue_start(KeyQueue *queue)
{
    /* A stopped machine gets it when it goes on: its clock stands still until then. */
    if (!timer_pending(&queue->timer)) {
        if (machine_is_running(queue->machine)) {
            queue_step(queue);
        } else {
            timer_set_after(&queue->timer, 0);
        }
    }
}

gboolean input_send_chord(InputRouter *router, const guint *keys, guint count, guint hold_ms)
{
    KeyQueue *queue = input_router_queue(router);

    if (!count || count > CHORD_MAX_KEYS || queue->chords.length >= INPUT_QUEUE_MAX) {
        return FALSE;
    }
    queue_push(queue, keys, count, hold_ms ? hold_ms : CHORD_HOLD_MS);
    queue_start(queue);
    return TRUE;
}

guint input_type_cancel(InputRouter *router)
{
    KeyQueue *queue = input_router_queue(router);
    guint dropped = 0;

    while (queue->chords.length > (queue->pressed ? 1 : 0)) {
        g_free(g_queue_pop_tail(&queue->chords));
        dropped++;
    }
    return dropped;
}

/* ---- text ---- */

/* Accents that layouts have on dead keys, by what Unicode's decomposition calls them. */
static const struct {
    gunichar combining;
    guint32 keysym;
    gunichar alone; /* what the dead key and a space make */
} dead_keys[] = {
    {0x300, XKB_KEY_dead_grave, '`'},         {0x301, XKB_KEY_dead_acute, 0xb4},
    {0x302, XKB_KEY_dead_circumflex, '^'},    {0x303, XKB_KEY_dead_tilde, '~'},
    {0x308, XKB_KEY_dead_diaeresis, 0xa8},    {0x30a, XKB_KEY_dead_abovering, 0xb0},
    {0x30b, XKB_KEY_dead_doubleacute, 0x2dd}, {0x30c, XKB_KEY_dead_caron, 0x2c7},
    {0x306, XKB_KEY_dead_breve, 0x2d8},       {0x304, XKB_KEY_dead_macron, 0xaf},
    {0x307, XKB_KEY_dead_abovedot, 0x2d9},    {0x327, XKB_KEY_dead_cedilla, 0xb8},
    {0x328, XKB_KEY_dead_ogonek, 0x2db},
};

/* The best stroke that works with the locks as they are now. */
static gboolean find_stroke(const Keymap *keymap, guint32 keysym, guint locks, KeymapStroke *stroke)
{
    const guint lock_bits = KEYMAP_CAPSLOCK | KEYMAP_NUMLOCK;
    const KeymapStroke *strokes;
    guint count = keymap_lookup(keymap, keysym, &strokes);

    for (guint i = 0; i < count; i++) {
        if ((strokes[i].mods & lock_bits) == (locks & strokes[i].mask & lock_bits)) {
            *stroke = strokes[i];
            return TRUE;
        }
    }
    return FALSE;
}

static guint32 keysym_of_char(gunichar ch)
{
    switch (ch) {
    case '\n': return XKB_KEY_Return;
    case '\t': return XKB_KEY_Tab;
    case '\b': return XKB_KEY_BackSpace;
    case 0x1b: return XKB_KEY_Escape;
    default: return xkb_utf32_to_keysym(ch);
    }
}

/* By a dead key: its own sign (with a space), or a letter that Unicode takes apart. */
static guint find_dead(const Keymap *keymap, gunichar ch, guint locks, KeymapStroke strokes[])
{
    gunichar base, accent;
    gboolean composed = g_unichar_decompose(ch, &base, &accent);

    for (guint i = 0; i < G_N_ELEMENTS(dead_keys); i++) {
        gunichar then = 0;

        if (dead_keys[i].alone == ch) {
            then = ' ';
        } else if (composed && dead_keys[i].combining == accent) {
            then = base;
        }
        if (then && find_stroke(keymap, dead_keys[i].keysym, locks, &strokes[0]) &&
            find_stroke(keymap, keysym_of_char(then), locks, &strokes[1])) {
            return 2;
        }
    }
    return 0;
}

/* Returns how many strokes make the character, 0 if the layout cannot. */
static guint find_strokes(const Keymap *keymap, gunichar ch, guint locks, KeymapStroke strokes[])
{
    if (find_stroke(keymap, keysym_of_char(ch), locks, &strokes[0])) {
        return 1;
    }
    return find_dead(keymap, ch, locks, strokes);
}

static gboolean check_text(InputRouter *router, const Keymap *keymap, const char *text, guint locks,
                           GError **error)
{
    KeyQueue *queue = input_router_queue(router);
    KeymapStroke strokes[MAX_STROKES];

    if (!g_utf8_validate(text, -1, NULL)) {
        return error_set(error, "the text is not UTF-8");
    }
    if (g_utf8_strlen(text, -1) + (glong)queue->chords.length > INPUT_QUEUE_MAX) {
        return error_set(error, "more than %d characters would be waiting to be typed",
                         INPUT_QUEUE_MAX);
    }
    for (const char *p = text; *p; p = g_utf8_next_char(p)) {
        gunichar ch = g_utf8_get_char(p);

        if (ch != '\r' && !find_strokes(keymap, ch, locks, strokes)) {
            return error_set(error,
                             "the keyboard layout '%s' has no key for '%.*s' (U+%04X, character "
                             "%ld of the text)",
                             queue->machine->keymap_layout ? queue->machine->keymap_layout : "us",
                             g_unichar_isprint(ch) ? (int)(g_utf8_next_char(p) - p) : 0, p, ch,
                             g_utf8_pointer_to_offset(text, p) + 1);
        }
    }
    return TRUE;
}

static void push_stroke(KeyQueue *queue, const KeymapStroke *stroke)
{
    guint keys[3], count = 0;

    if (stroke->mods & KEYMAP_SHIFT) {
        keys[count++] = KEY_LEFTSHIFT;
    }
    if (stroke->mods & KEYMAP_ALTGR) {
        keys[count++] = KEY_RIGHTALT;
    }
    keys[count++] = stroke->key;
    queue_push(queue, keys, count, TYPE_HOLD_MS);
}

gboolean input_type(InputRouter *router, const char *text, GError **error)
{
    KeyQueue *queue = input_router_queue(router);
    const Keymap *keymap = machine_keymap(queue->machine, error);
    guint leds = input_leds(router);
    guint locks =
        (leds & 1 << LED_CAPSL ? KEYMAP_CAPSLOCK : 0) | (leds & 1 << LED_NUML ? KEYMAP_NUMLOCK : 0);

    if (!keymap || !check_text(router, keymap, text, locks, error)) {
        return FALSE;
    }
    for (const char *p = text; *p; p = g_utf8_next_char(p)) {
        KeymapStroke strokes[MAX_STROKES];
        gunichar ch = g_utf8_get_char(p);
        guint count;

        if (ch == '\r') { /* with "\n" after it, one Enter */
            if (p[1] == '\n') {
                continue;
            }
            ch = '\n';
        }
        count = find_strokes(keymap, ch, locks, strokes);
        for (guint i = 0; i < count; i++) {
            push_stroke(queue, &strokes[i]);
        }
    }
    if (*text) {
        queue_start(queue);
    }
    return TRUE;
}

/* ---- lifecycle ---- */

KeyQueue *key_queue_new(InputRouter *router, Machine *machine)
{
    KeyQueue *queue = g_new0(KeyQueue, 1);

    queue->router = router;
    queue->machine = machine;
    g_queue_init(&queue->chords);
    timer_init(&queue->timer, machine->guest_clock, queue_step, queue);
    return queue;
}

void key_queue_free(KeyQueue *queue)
{
    timer_cancel(&queue->timer);
    g_queue_clear_full(&queue->chords, g_free);
    g_free(queue);
}

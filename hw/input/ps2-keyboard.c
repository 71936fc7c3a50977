/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The IBM enhanced keyboard (IBM PS/2 Hardware Interface Technical Reference, "Keyboard (101- and
 * 102-key)"). It speaks sets 1, 2 and 3 itself; the 8042 translates set 2.
 *
 * When its 16-byte buffer is full a key press is lost and the overrun code says so, as in
 * hardware. Releases are not lost: those that found no room follow when there is some.
 */
#include <linux/input-event-codes.h>
#include <string.h>

#include "core/error.h"
#include "core/input.h"
#include "core/keynames.h"
#include "core/machine.h"
#include "hw/input/ps2-codes.h"
#include "hw/input/ps2.h"

/* Commands. */
#define CMD_LEDS          0xed
#define CMD_ECHO          0xee
#define CMD_SCAN_SET      0xf0
#define CMD_IDENTIFY      0xf2
#define CMD_RATE          0xf3
#define CMD_ENABLE        0xf4
#define CMD_DISABLE       0xf5
#define CMD_DEFAULTS      0xf6
#define CMD_ALL_TYPEMATIC 0xf7
#define CMD_ALL_BREAK     0xf8
#define CMD_ALL_MAKE      0xf9
#define CMD_ALL_BOTH      0xfa
#define CMD_KEY_TYPEMATIC 0xfb
#define CMD_KEY_BREAK     0xfc
#define CMD_KEY_MAKE      0xfd
#define CMD_RESEND        0xfe
#define CMD_RESET         0xff

#define RATE_DEFAULT 0x2b /* 500 ms, 10.9 a second */
#define MAX_SEQUENCE 8

typedef struct Ps2Keyboard {
    Ps2Device ps2;
    InputSink *sink;
    gboolean scanning;
    guint8 set;
    guint8 command; /* waits for its argument; 0 = none */
    guint8 rate, leds;
    guint8 type[PS2_SET3_CODES]; /* Ps2KeyType of each key in set 3 */
    guint8 down[KEY_CNT / 8];    /* held by the person */
    guint8 told[KEY_CNT / 8];    /* held as far as the guest knows: a break code is owed */
    guint32 repeat;              /* key that repeats, 0 = none */
    gboolean overrun;            /* a press was lost, and the guest has been told */
    gboolean owing;              /* break codes have found no room */
    gboolean sysrq;              /* PrtSc went down with Alt: its break code is another one */
    Timer typematic;
} Ps2Keyboard;

static gboolean bit_get(const guint8 *bits, guint n)
{
    return bits[n / 8] >> (n % 8) & 1;
}

static void bit_set(guint8 *bits, guint n, gboolean value)
{
    bits[n / 8] = (guint8)((bits[n / 8] & ~(1 << (n % 8))) | (value ? 1 << (n % 8) : 0));
}

static gboolean either(const Ps2Keyboard *kbd, guint left, guint right)
{
    return bit_get(kbd->told, left) || bit_get(kbd->told, right);
}

/* ---- codes ---- */

/* Appends a set 1 code (| 0x100: with E0h) in set 1 or 2. */
static guint put_code(const Ps2Keyboard *kbd, guint8 *out, guint set1, gboolean down)
{
    guint n = 0;

    if (set1 & 0x100) {
        out[n++] = 0xe0;
    }
    if (kbd->set == 1) {
        out[n++] = (guint8)((set1 & 0x7f) | (down ? 0 : 0x80));
    } else {
        if (!down) {
            out[n++] = 0xf0;
        }
        out[n++] = ps2_set2_from_set1(set1 & 0x7f);
    }
    return n;
}

/* PrtSc: alone it is wrapped into a shift, so that an old program sees Shift-*; with Alt it is
 * the SysRq key of the 84-key keyboard. */
static guint encode_print(Ps2Keyboard *kbd, guint8 *out, gboolean down)
{
    guint n = 0;

    if (down) {
        kbd->sysrq = either(kbd, KEY_LEFTALT, KEY_RIGHTALT);
    }
    if (kbd->sysrq) {
        return put_code(kbd, out, 0x54, down);
    }
    if (either(kbd, KEY_LEFTSHIFT, KEY_RIGHTSHIFT) || either(kbd, KEY_LEFTCTRL, KEY_RIGHTCTRL)) {
        return put_code(kbd, out, 0x137, down);
    }
    n += put_code(kbd, out, down ? 0x12a : 0x137, down);
    return n + put_code(kbd, out + n, down ? 0x137 : 0x12a, down);
}

/* Pause has no break code: make and break come at once; with Ctrl it is Break. */
static guint encode_pause(const Ps2Keyboard *kbd, guint8 *out)
{
    guint n = 0;

    if (either(kbd, KEY_LEFTCTRL, KEY_RIGHTCTRL)) {
        n = put_code(kbd, out, 0x146, TRUE);
        return n + put_code(kbd, out + n, 0x146, FALSE);
    }
    for (int down = 1; down >= 0; down--) {
        out[n++] = 0xe1;
        n += put_code(kbd, out + n, 0x1d, down);
        n += put_code(kbd, out + n, 0x45, down);
    }
    return n;
}

static guint encode_set3(const Ps2Keyboard *kbd, guint key, gboolean down, guint8 *out)
{
    guint8 code = ps2_set3(key);

    if (!code || (!down && !(kbd->type[code] & PS2_KEY_BREAK))) {
        return 0;
    }
    if (!down) {
        out[0] = 0xf0;
    }
    out[down ? 0 : 1] = code;
    return down ? 1 : 2;
}

/* What a key says in the present set: up to MAX_SEQUENCE bytes, perhaps none. */
static guint encode(Ps2Keyboard *kbd, guint key, gboolean down, guint8 *out)
{
    guint set1;

    if (kbd->set == 3) {
        return encode_set3(kbd, key, down, out);
    }
    if (key == KEY_PAUSE) {
        return down ? encode_pause(kbd, out) : 0;
    }
    if (key == KEY_SYSRQ) {
        return encode_print(kbd, out, down);
    }
    set1 = key_to_scancode(key);
    return set1 ? put_code(kbd, out, set1, down) : 0;
}

/* ---- typing ---- */

/* Keyboards do not repeat Pause; in set 3 the guest chooses. */
static gboolean repeats(const Ps2Keyboard *kbd, guint key)
{
    if (kbd->set == 3) {
        return kbd->type[ps2_set3(key)] & PS2_KEY_TYPEMATIC;
    }
    return key != KEY_PAUSE;
}

/* F3h argument: bits 5-6 delay, 3-4 and 0-2 the period as (8 + A) * 2^B / 240 s. */
static gint64 repeat_delay(const Ps2Keyboard *kbd)
{
    return (((kbd->rate >> 5) & 3) + 1) * 250 * NS_PER_MS;
}

static gint64 repeat_period(const Ps2Keyboard *kbd)
{
    return ((8 + (kbd->rate & 7)) << ((kbd->rate >> 3) & 3)) * NS_PER_SEC / 240;
}

static void stop_repeat(Ps2Keyboard *kbd)
{
    kbd->repeat = 0;
    timer_cancel(&kbd->typematic);
}

static void typematic_fired(void *opaque)
{
    Ps2Keyboard *kbd = opaque;
    guint8 bytes[MAX_SEQUENCE];

    if (!kbd->repeat) {
        return;
    }
    /* A guest that does not keep up gets fewer repeats, never a backlog of them. */
    if (!ps2_has_data(&kbd->ps2)) {
        guint n = encode(kbd, kbd->repeat, TRUE, bytes);

        ps2_put_event(&kbd->ps2, bytes, n);
    }
    timer_set_after(&kbd->typematic, repeat_period(kbd));
}

/* One byte of the buffer stays free for the overrun code. */
static gboolean put_sequence(Ps2Keyboard *kbd, const guint8 *bytes, guint count)
{
    return ps2_event_room(&kbd->ps2) > count && ps2_put_event(&kbd->ps2, bytes, count);
}

static void say_overrun(Ps2Keyboard *kbd)
{
    guint8 code = kbd->set == 1 ? 0xff : 0x00;

    if (!kbd->overrun) {
        kbd->overrun = ps2_put_event(&kbd->ps2, &code, 1);
    }
}

static gboolean tell_release(Ps2Keyboard *kbd, guint key)
{
    guint8 bytes[MAX_SEQUENCE];

    if (!put_sequence(kbd, bytes, encode(kbd, key, FALSE, bytes))) {
        kbd->owing = TRUE;
        return FALSE;
    }
    bit_set(kbd->told, key, FALSE);
    return TRUE;
}

/* Releases that found no room follow as soon as there is some. */
static void tell_owed(Ps2Keyboard *kbd)
{
    kbd->owing = FALSE;
    for (guint key = 0; key < KEY_CNT; key++) {
        if (bit_get(kbd->told, key) && !bit_get(kbd->down, key) && !tell_release(kbd, key)) {
            return;
        }
    }
}

static void keyboard_fetched(Ps2Device *ps2)
{
    Ps2Keyboard *kbd = (Ps2Keyboard *)ps2;

    if (kbd->owing) {
        tell_owed(kbd);
    }
    if (!ps2->queue.count) {
        kbd->overrun = FALSE;
    }
}

static void key_pressed(Ps2Keyboard *kbd, guint key)
{
    guint8 bytes[MAX_SEQUENCE];
    guint n = encode(kbd, key, TRUE, bytes);

    if (!n || bit_get(kbd->told, key)) {
        return;
    }
    if (!put_sequence(kbd, bytes, n)) {
        say_overrun(kbd);
        return;
    }
    bit_set(kbd->told, key, TRUE);
    stop_repeat(kbd);
    if (repeats(kbd, key)) {
        kbd->repeat = key;
        timer_set_after(&kbd->typematic, repeat_delay(kbd));
    }
}

static void keyboard_event(void *opaque, const InputEvent *event)
{
    Ps2Keyboard *kbd = opaque;
    guint key = event->code;

    /* Repeats are ours to make. */
    if (event->value) {
        machine_request_wakeup(kbd->ps2.dev.machine, WAKE_OTHER);
    }
    if (key >= KEY_CNT || bit_get(kbd->down, key) == (event->value != 0)) {
        return;
    }
    bit_set(kbd->down, key, event->value != 0);
    if (kbd->repeat == key && !event->value) {
        stop_repeat(kbd);
    }
    if (!kbd->scanning) {
        bit_set(kbd->told, key, FALSE);
    } else if (event->value) {
        key_pressed(kbd, key);
    } else if (bit_get(kbd->told, key)) {
        tell_release(kbd, key);
    }
}

/* ---- commands ---- */

static void set_leds(Ps2Keyboard *kbd, guint8 leds)
{
    /* On the wire: bit 0 scroll lock, 1 num lock, 2 caps lock. */
    guint bits = (leds & 1 ? 1 << LED_SCROLLL : 0) | (leds & 2 ? 1 << LED_NUML : 0) |
                 (leds & 4 ? 1 << LED_CAPSL : 0);

    kbd->leds = leds & 7;
    input_sink_set_leds(kbd->sink, bits);
}

/* Forgets what was typed; keys that are down then have no break code to come. */
static void drop_typing(Ps2Keyboard *kbd)
{
    ps2_drop_events(&kbd->ps2);
    memset(kbd->told, 0, sizeof kbd->told);
    kbd->overrun = kbd->owing = FALSE;
    stop_repeat(kbd);
}

static void set_defaults(Ps2Keyboard *kbd)
{
    drop_typing(kbd);
    kbd->rate = RATE_DEFAULT;
    kbd->set = 2;
    for (guint code = 0; code < PS2_SET3_CODES; code++) {
        kbd->type[code] = (guint8)ps2_set3_type((guint8)code);
    }
}

static void set_all_types(Ps2Keyboard *kbd, guint8 type)
{
    memset(kbd->type, type, sizeof kbd->type);
}

static void reset_command(Ps2Keyboard *kbd)
{
    set_defaults(kbd);
    set_leds(kbd, 0);
    kbd->scanning = TRUE;
    ps2_reply(&kbd->ps2, PS2_ACK);
    ps2_reply(&kbd->ps2, PS2_TEST_GOOD);
}

/* Commands that are carried out at once; FALSE if there is no such command. */
static gboolean run_command(Ps2Keyboard *kbd, guint8 command)
{
    switch (command) {
    case CMD_LEDS:
    case CMD_SCAN_SET:
    case CMD_RATE:
    case CMD_KEY_TYPEMATIC:
    case CMD_KEY_BREAK:
    case CMD_KEY_MAKE: kbd->command = command; return TRUE;
    case CMD_ENABLE:
        drop_typing(kbd);
        kbd->scanning = TRUE;
        return TRUE;
    case CMD_DISABLE:
        set_defaults(kbd);
        kbd->scanning = FALSE;
        return TRUE;
    case CMD_DEFAULTS: set_defaults(kbd); return TRUE;
    case CMD_ALL_TYPEMATIC: set_all_types(kbd, PS2_KEY_TYPEMATIC); return TRUE;
    case CMD_ALL_BREAK: set_all_types(kbd, PS2_KEY_BREAK); return TRUE;
    case CMD_ALL_MAKE: set_all_types(kbd, PS2_KEY_MAKE); return TRUE;
    case CMD_ALL_BOTH: set_all_types(kbd, PS2_KEY_TYPEMATIC | PS2_KEY_BREAK); return TRUE;
    default: return FALSE;
    }
}

static void start_command(Ps2Keyboard *kbd, guint8 command)
{
    switch (command) {
    case CMD_ECHO: ps2_reply(&kbd->ps2, CMD_ECHO); break;
    case CMD_IDENTIFY:
        ps2_reply(&kbd->ps2, PS2_ACK);
        ps2_reply(&kbd->ps2, 0xab);
        ps2_reply(&kbd->ps2, 0x83);
        break;
    case CMD_RESEND: ps2_reply(&kbd->ps2, kbd->ps2.queue.last); break;
    case CMD_RESET: reset_command(kbd); break;
    default: ps2_reply(&kbd->ps2, run_command(kbd, command) ? PS2_ACK : PS2_RESEND); break;
    }
}

static void scan_set_argument(Ps2Keyboard *kbd, guint8 set)
{
    if (set > 3) {
        ps2_reply(&kbd->ps2, PS2_RESEND);
        return;
    }
    ps2_reply(&kbd->ps2, PS2_ACK);
    if (set == 0) {
        ps2_reply(&kbd->ps2, kbd->set);
    } else {
        drop_typing(kbd);
        kbd->set = set;
    }
}

static void key_argument(Ps2Keyboard *kbd, guint8 command, guint8 code)
{
    static const guint8 types[] = {PS2_KEY_TYPEMATIC, PS2_KEY_BREAK, PS2_KEY_MAKE};

    if (code >= PS2_SET3_CODES) {
        ps2_reply(&kbd->ps2, PS2_RESEND);
        return;
    }
    kbd->type[code] = types[command - CMD_KEY_TYPEMATIC];
    kbd->command = command; /* more keys may follow, up to the next command */
    ps2_reply(&kbd->ps2, PS2_ACK);
}

static void keyboard_write(Ps2Device *ps2, guint8 byte)
{
    Ps2Keyboard *kbd = (Ps2Keyboard *)ps2;
    guint8 command = kbd->command;

    ps2_drop_replies(ps2);
    kbd->command = 0;
    if (!command || byte >= CMD_LEDS) {
        start_command(kbd, byte); /* a command ends the wait for an argument */
        return;
    }
    switch (command) {
    case CMD_LEDS:
        set_leds(kbd, byte);
        ps2_reply(ps2, PS2_ACK);
        break;
    case CMD_RATE:
        kbd->rate = byte & 0x7f;
        ps2_reply(ps2, PS2_ACK);
        break;
    case CMD_SCAN_SET: scan_set_argument(kbd, byte); break;
    default: key_argument(kbd, command, byte); break;
    }
}

/* ---- lifecycle ---- */

static const InputSinkOps keyboard_sink_ops = {
    .name = "PS/2 Keyboard", .kinds = INPUT_KIND_KEY, .event = keyboard_event};

static void keyboard_reset(Device *dev)
{
    Ps2Keyboard *kbd = (Ps2Keyboard *)dev;

    set_defaults(kbd);
    set_leds(kbd, 0);
    ps2_drop_replies(&kbd->ps2);
    kbd->ps2.queue.last = 0;
    kbd->command = 0;
    kbd->scanning = TRUE;
    kbd->sysrq = FALSE;
}

static void keyboard_unrealize(Device *dev)
{
    Ps2Keyboard *kbd = (Ps2Keyboard *)dev;

    timer_cancel(&kbd->typematic);
    input_sink_remove(kbd->sink);
}

static gboolean keyboard_realize(Device *dev, GError **error)
{
    Ps2Keyboard *kbd = (Ps2Keyboard *)dev;

    kbd->ps2.write = keyboard_write;
    kbd->ps2.fetched = keyboard_fetched;
    timer_init(&kbd->typematic, dev->machine->guest_clock, typematic_fired, kbd);
    kbd->sink = input_sink_add(dev->machine->input, &keyboard_sink_ops, kbd);
    return TRUE;
}

static gboolean keyboard_loaded(void *object, GError **error)
{
    Ps2Keyboard *kbd = object;
    guint8 command = kbd->command;

    if (kbd->set < 1 || kbd->set > 3 || kbd->repeat >= KEY_CNT ||
        (command && command != CMD_LEDS && command != CMD_RATE && command != CMD_SCAN_SET &&
         (command < CMD_KEY_TYPEMATIC || command > CMD_KEY_MAKE))) {
        return error_set(error, "saved state of the PS/2 keyboard is damaged");
    }
    /* Nobody holds a key of the machine that was saved: let go of those the guest knows of. */
    memset(kbd->down, 0, sizeof kbd->down);
    stop_repeat(kbd);
    tell_owed(kbd);
    set_leds(kbd, kbd->leds);
    return TRUE;
}

static const StateField keyboard_fields[] = {
    {"queue", STATE_STRUCT, offsetof(Ps2Keyboard, ps2.queue), 1, sizeof(Ps2Queue), 1,
     &ps2_queue_state},
    STATE_FIELD(BOOL, Ps2Keyboard, scanning),
    STATE_FIELD(U8, Ps2Keyboard, set),
    STATE_FIELD(U8, Ps2Keyboard, command),
    STATE_FIELD(U8, Ps2Keyboard, rate),
    STATE_FIELD(U8, Ps2Keyboard, leds),
    STATE_ARRAY(U8, Ps2Keyboard, type),
    STATE_ARRAY(U8, Ps2Keyboard, told),
    STATE_FIELD(U32, Ps2Keyboard, repeat),
    STATE_FIELD(BOOL, Ps2Keyboard, overrun),
    STATE_FIELD(BOOL, Ps2Keyboard, owing),
    STATE_FIELD(BOOL, Ps2Keyboard, sysrq),
    STATE_FIELD(TIMER, Ps2Keyboard, typematic),
    STATE_END,
};

static const StateTable keyboard_state = {
    .version = 1, .fields = keyboard_fields, .loaded = keyboard_loaded};

const DeviceOps ps2_keyboard_ops = {
    .name = "ps2-kbd",
    .part = "ps2kbd",
    .summary = "PS/2 keyboard, 105 keys",
    .category = "Input",
    .bus = BUS_PS2,
    .size = sizeof(Ps2Keyboard),
    .board_only = TRUE,
    .state = &keyboard_state,
    .realize = keyboard_realize,
    .unrealize = keyboard_unrealize,
    .reset = keyboard_reset,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A PS/2 mouse (IBM PS/2 Hardware Interface Technical Reference, "Auxiliary device") that becomes
 * an IntelliMouse or an IntelliMouse Explorer when it is asked by the rate sequences 200, 100, 80
 * or 200, 200, 80.
 *
 * Its 16-byte buffer holds whole packets only. What happens while it is full is kept as a list of
 * button states with the movement since the one before, so that clicks survive a slow guest and
 * movement adds up.
 */
#include <string.h>

#include "core/error.h"
#include "core/input.h"
#include "core/machine.h"
#include "hw/input/ps2.h"

/* Commands. */
#define CMD_SCALE_1_1  0xe6
#define CMD_SCALE_2_1  0xe7
#define CMD_RESOLUTION 0xe8
#define CMD_STATUS     0xe9
#define CMD_STREAM     0xea
#define CMD_READ       0xeb
#define CMD_WRAP_OFF   0xec
#define CMD_WRAP_ON    0xee
#define CMD_REMOTE     0xf0
#define CMD_IDENTIFY   0xf2
#define CMD_RATE       0xf3
#define CMD_ENABLE     0xf4
#define CMD_DISABLE    0xf5
#define CMD_DEFAULTS   0xf6
#define CMD_RESEND     0xfe
#define CMD_RESET      0xff

/* Buttons, as in byte 0 of a packet; 4 and 5 as in byte 3 of the Explorer's, two places lower. */
#define LEFT   (1 << 0)
#define RIGHT  (1 << 1)
#define MIDDLE (1 << 2)
#define SIDE   (1 << 3)
#define EXTRA  (1 << 4)

#define ID_STANDARD 0
#define ID_WHEEL    3
#define ID_EXPLORER 4

#define MAX_CHANGES 16
#define MAX_PACKET  4

/* Buttons as they became, and the movement that came with or after them. Y grows upwards. */
typedef struct MouseChange {
    guint32 buttons;
    guint32 dx, dy, dz; /* signed; unsigned as saved state has them */
} MouseChange;

typedef struct Ps2Mouse {
    Ps2Device ps2;
    InputSink *sink;
    gboolean enabled, remote, wrap, scale;
    guint8 id, rate, resolution;
    guint8 command;                   /* waits for its argument; 0 = none */
    guint8 knock;                     /* how far a rate sequence has come */
    gboolean refused;                 /* the last byte was invalid: another one is an error */
    guint32 buttons;                  /* as the person holds them */
    MouseChange changes[MAX_CHANGES]; /* not yet in packets; the first `change_count` */
    guint8 change_count;
    guint8 packet[MAX_PACKET]; /* the last one sent, for the resend command */
    guint8 packet_size;
    gboolean packet_last; /* ... and it was the last thing sent */
    Timer report;         /* until the next packet at the sample rate */
} Ps2Mouse;

/* ---- packets ---- */

static guint packet_size(const Ps2Mouse *mouse)
{
    return mouse->id == ID_STANDARD ? 3 : 4;
}

/* 2:1 scaling makes slow movements slower and fast ones faster; for stream mode only. */
static gint scale(gint delta)
{
    static const guint8 table[] = {0, 1, 1, 3, 6, 9};
    gint size = ABS(delta);

    size = size < (gint)G_N_ELEMENTS(table) ? table[size] : 2 * size;
    return delta < 0 ? -size : size;
}

/* Takes up to `max` of a movement out of `*total`. */
static gint take_delta(guint32 *total, gint max)
{
    gint delta = CLAMP((gint32)*total, -max, max);

    *total -= (guint32)delta;
    return delta;
}

/* Makes a packet of the oldest change, as much of its movement as fits. */
static void build_packet(Ps2Mouse *mouse, gboolean scaled)
{
    MouseChange *change = &mouse->changes[0];
    /* Twice the count must still fit into nine bits. */
    gint max = scaled ? 127 : 255;
    gint dx = take_delta(&change->dx, max), dy = take_delta(&change->dy, max);
    gint dz = 0;

    if (scaled) {
        dx = scale(dx);
        dy = scale(dy);
    }
    if (mouse->id != ID_STANDARD) {
        dz = take_delta(&change->dz, mouse->id == ID_WHEEL ? 127 : 7);
    }
    mouse->packet[0] = (guint8)(0x08 | (change->buttons & (LEFT | RIGHT | MIDDLE)) |
                                (dx < 0 ? 0x10 : 0) | (dy < 0 ? 0x20 : 0));
    mouse->packet[1] = (guint8)dx;
    mouse->packet[2] = (guint8)dy;
    mouse->packet[3] = (guint8)dz;
    if (mouse->id == ID_EXPLORER) {
        mouse->packet[3] = (guint8)((dz & 0x0f) | ((change->buttons & (SIDE | EXTRA)) >> 3 << 4));
    }
    mouse->packet_size = (guint8)packet_size(mouse);
    if (mouse->id == ID_STANDARD) {
        change->dz = 0;
    }
    if (!change->dx && !change->dy && !change->dz) {
        mouse->change_count--;
        memmove(change, change + 1, mouse->change_count * sizeof *change);
    }
}

/* Sends what has changed: a packet now, the next one at the sample rate. */
static void send_packets(void *opaque)
{
    Ps2Mouse *mouse = opaque;

    if (!mouse->enabled || mouse->remote || mouse->wrap || !mouse->change_count ||
        timer_pending(&mouse->report) || ps2_event_room(&mouse->ps2) < packet_size(mouse)) {
        return;
    }
    build_packet(mouse, mouse->scale);
    ps2_put_event(&mouse->ps2, mouse->packet, mouse->packet_size);
    timer_set_after(&mouse->report, NS_PER_SEC / mouse->rate);
}

static void mouse_fetched(Ps2Device *ps2)
{
    Ps2Mouse *mouse = (Ps2Mouse *)ps2;

    mouse->packet_last = TRUE;
    send_packets(mouse);
}

/* ---- moving ---- */

/* The change that further movement belongs to. A full list merges: its last state gives way. */
static MouseChange *last_change(Ps2Mouse *mouse)
{
    MouseChange *last = mouse->change_count ? &mouse->changes[mouse->change_count - 1] : NULL;

    if (last && last->buttons == mouse->buttons) {
        return last;
    }
    if (mouse->change_count < MAX_CHANGES) {
        last = &mouse->changes[mouse->change_count++];
        memset(last, 0, sizeof *last);
    }
    last->buttons = mouse->buttons;
    return last;
}

static void add_delta(guint32 *total, gint delta)
{
    gint64 sum = (gint64)(gint32)*total + delta;

    *total = (guint32)(gint32)CLAMP(sum, -32767, 32767);
}

static guint button_bit(guint code)
{
    switch (code) {
    case BTN_LEFT: return LEFT;
    case BTN_RIGHT: return RIGHT;
    case BTN_MIDDLE: return MIDDLE;
    case BTN_SIDE: return SIDE;
    case BTN_EXTRA: return EXTRA;
    default: return 0;
    }
}

static void mouse_button(Ps2Mouse *mouse, guint bit, gboolean down)
{
    mouse->buttons = down ? mouse->buttons | bit : mouse->buttons & ~bit;
    if (mouse->enabled || mouse->remote) {
        last_change(mouse);
    }
}

static void mouse_event(void *opaque, const InputEvent *event)
{
    Ps2Mouse *mouse = opaque;

    if (event->kind == INPUT_KIND_BUTTON && event->value) {
        machine_request_wakeup(mouse->ps2.dev.machine, WAKE_OTHER);
    }
    if (event->kind == INPUT_KIND_BUTTON) {
        mouse_button(mouse, button_bit(event->code), event->value != 0);
    } else if (mouse->enabled || mouse->remote) {
        switch (event->code) {
        case REL_X: add_delta(&last_change(mouse)->dx, event->value); break;
        case REL_Y: add_delta(&last_change(mouse)->dy, -event->value); break;
        case REL_WHEEL:
            if (mouse->id != ID_STANDARD) {
                add_delta(&last_change(mouse)->dz, -event->value);
            }
            break;
        default: break;
        }
    }
}

/* ---- commands ---- */

static void forget_movement(Ps2Mouse *mouse)
{
    ps2_drop_events(&mouse->ps2);
    mouse->change_count = 0;
    timer_cancel(&mouse->report);
}

static void set_defaults(Ps2Mouse *mouse)
{
    forget_movement(mouse);
    mouse->enabled = mouse->remote = mouse->wrap = mouse->scale = FALSE;
    mouse->rate = 100;
    mouse->resolution = 2;
    mouse->knock = 0;
}

/* Rates that a driver sets one after the other to find out about the wheel. */
static void watch_knock(Ps2Mouse *mouse, guint8 rate)
{
    enum { NONE, SAW_200, SAW_200_100, SAW_200_200 };
    guint8 before = mouse->knock, id = mouse->id;

    mouse->knock = NONE;
    if (rate == 200) {
        mouse->knock = before == SAW_200 || before == SAW_200_200 ? SAW_200_200 : SAW_200;
    } else if (rate == 100 && before == SAW_200) {
        mouse->knock = SAW_200_100;
    } else if (rate == 80 && before == SAW_200_100) {
        mouse->id = ID_WHEEL;
    } else if (rate == 80 && before == SAW_200_200) {
        mouse->id = ID_EXPLORER;
    }
    if (mouse->id != id) {
        forget_movement(mouse); /* packets have another size now */
    }
}

static void reply_status(Ps2Mouse *mouse)
{
    guint buttons = mouse->buttons;

    ps2_reply(&mouse->ps2, PS2_ACK);
    ps2_reply(&mouse->ps2, (guint8)((mouse->remote ? 0x40 : 0) | (mouse->enabled ? 0x20 : 0) |
                                    (mouse->scale ? 0x10 : 0) | (buttons & LEFT ? 4 : 0) |
                                    (buttons & MIDDLE ? 2 : 0) | (buttons & RIGHT ? 1 : 0)));
    ps2_reply(&mouse->ps2, mouse->resolution);
    ps2_reply(&mouse->ps2, mouse->rate);
}

static void reply_packet(Ps2Mouse *mouse)
{
    for (guint i = 0; i < mouse->packet_size; i++) {
        ps2_reply(&mouse->ps2, mouse->packet[i]);
    }
    mouse->packet_last = TRUE;
}

static void read_data(Ps2Mouse *mouse)
{
    ps2_reply(&mouse->ps2, PS2_ACK);
    ps2_drop_events(&mouse->ps2);
    last_change(mouse);
    build_packet(mouse, FALSE);
    reply_packet(mouse);
}

static void resend(Ps2Mouse *mouse)
{
    if (mouse->packet_last && mouse->packet_size) {
        reply_packet(mouse);
    } else {
        ps2_reply(&mouse->ps2, mouse->ps2.queue.last);
    }
}

static void reset_command(Ps2Mouse *mouse)
{
    set_defaults(mouse);
    mouse->id = ID_STANDARD;
    mouse->packet_size = 0;
    ps2_reply(&mouse->ps2, PS2_ACK);
    ps2_reply(&mouse->ps2, PS2_TEST_GOOD);
    ps2_reply(&mouse->ps2, mouse->id);
}

/* Commands that are only acknowledged; FALSE if there is no such command. */
static gboolean run_command(Ps2Mouse *mouse, guint8 command)
{
    switch (command) {
    case CMD_SCALE_1_1: mouse->scale = FALSE; return TRUE;
    case CMD_SCALE_2_1: mouse->scale = TRUE; return TRUE;
    case CMD_RESOLUTION:
    case CMD_RATE: mouse->command = command; return TRUE;
    case CMD_STREAM: mouse->remote = FALSE; return TRUE;
    case CMD_WRAP_OFF: return TRUE;
    case CMD_WRAP_ON: mouse->wrap = TRUE; return TRUE;
    case CMD_REMOTE:
        forget_movement(mouse);
        mouse->remote = TRUE;
        return TRUE;
    case CMD_ENABLE:
        forget_movement(mouse);
        mouse->enabled = TRUE;
        return TRUE;
    case CMD_DISABLE:
        forget_movement(mouse);
        mouse->enabled = FALSE;
        return TRUE;
    case CMD_DEFAULTS: set_defaults(mouse); return TRUE;
    default: return FALSE;
    }
}

/* An invalid byte: asks for it again, then gives up on it. */
static void refuse(Ps2Mouse *mouse)
{
    ps2_reply(&mouse->ps2, mouse->refused ? PS2_ERROR : PS2_RESEND);
    mouse->refused = !mouse->refused;
}

static void start_command(Ps2Mouse *mouse, guint8 command)
{
    gboolean was_refused = mouse->refused;

    mouse->refused = FALSE;
    switch (command) {
    case CMD_STATUS: reply_status(mouse); break;
    case CMD_READ: read_data(mouse); break;
    case CMD_IDENTIFY:
        ps2_reply(&mouse->ps2, PS2_ACK);
        ps2_reply(&mouse->ps2, mouse->id);
        break;
    case CMD_RESEND: resend(mouse); break;
    case CMD_RESET: reset_command(mouse); break;
    default:
        if (run_command(mouse, command)) {
            ps2_reply(&mouse->ps2, PS2_ACK);
        } else {
            mouse->refused = was_refused;
            refuse(mouse);
        }
        break;
    }
}

static gboolean set_argument(Ps2Mouse *mouse, guint8 command, guint8 byte)
{
    if (command == CMD_RESOLUTION) {
        if (byte > 3) {
            return FALSE;
        }
        mouse->resolution = byte;
        return TRUE;
    }
    if (byte < 10 || byte > 200) {
        return FALSE;
    }
    mouse->rate = byte;
    watch_knock(mouse, byte);
    return TRUE;
}

/* When the host speaks, the mouse gives up a packet that is half sent: its rest must not come
 * after the reply. The buttons are told anew. */
static void abandon_packet(Ps2Mouse *mouse)
{
    guint rest = mouse->ps2.queue.count % packet_size(mouse);

    if (rest) {
        ps2_drop_first(&mouse->ps2, rest);
        last_change(mouse);
    }
}

static void mouse_write(Ps2Device *ps2, guint8 byte)
{
    Ps2Mouse *mouse = (Ps2Mouse *)ps2;
    guint8 command = mouse->command;

    ps2_drop_replies(ps2);
    abandon_packet(mouse);
    if (mouse->wrap && byte != CMD_WRAP_OFF && byte != CMD_RESET) {
        ps2_reply(ps2, byte);
        return;
    }
    mouse->wrap = FALSE;
    mouse->command = 0;
    if (byte != CMD_RESEND) {
        mouse->packet_last = FALSE;
    }
    if (!command || byte >= CMD_SCALE_1_1) {
        start_command(mouse, byte);
    } else if (set_argument(mouse, command, byte)) {
        mouse->refused = FALSE;
        ps2_reply(ps2, PS2_ACK);
    } else {
        mouse->command = mouse->refused ? 0 : command;
        refuse(mouse);
    }
    send_packets(mouse);
}

/* ---- lifecycle ---- */

static const InputSinkOps mouse_sink_ops = {
    .name = "PS/2 Mouse",
    .kinds = INPUT_KIND_BUTTON | INPUT_KIND_REL,
    .event = mouse_event,
    .sync = send_packets,
};

static void mouse_reset(Device *dev)
{
    Ps2Mouse *mouse = (Ps2Mouse *)dev;

    set_defaults(mouse);
    ps2_drop_replies(&mouse->ps2);
    mouse->ps2.queue.last = 0;
    mouse->id = ID_STANDARD;
    mouse->command = mouse->packet_size = 0;
    mouse->refused = mouse->packet_last = FALSE;
}

static void mouse_unrealize(Device *dev)
{
    Ps2Mouse *mouse = (Ps2Mouse *)dev;

    timer_cancel(&mouse->report);
    input_sink_remove(mouse->sink);
}

static gboolean mouse_realize(Device *dev, GError **error)
{
    Ps2Mouse *mouse = (Ps2Mouse *)dev;

    mouse->ps2.write = mouse_write;
    mouse->ps2.fetched = mouse_fetched;
    timer_init(&mouse->report, dev->machine->guest_clock, send_packets, mouse);
    mouse->rate = 100;
    mouse->sink = input_sink_add(dev->machine->input, &mouse_sink_ops, mouse);
    return TRUE;
}

static gboolean mouse_loaded(void *object, GError **error)
{
    Ps2Mouse *mouse = object;

    if (mouse->rate < 10 || mouse->rate > 200 || mouse->change_count > MAX_CHANGES ||
        mouse->packet_size > MAX_PACKET ||
        (mouse->id != ID_STANDARD && mouse->id != ID_WHEEL && mouse->id != ID_EXPLORER)) {
        return error_set(error, "saved state of the PS/2 mouse is damaged");
    }
    return TRUE;
}

static const StateField change_fields[] = {
    STATE_FIELD(U32, MouseChange, buttons),
    STATE_FIELD(U32, MouseChange, dx),
    STATE_FIELD(U32, MouseChange, dy),
    STATE_FIELD(U32, MouseChange, dz),
    STATE_END,
};

static const StateTable change_state = {.version = 1, .fields = change_fields};

static const StateField mouse_fields[] = {
    {"queue", STATE_STRUCT, offsetof(Ps2Mouse, ps2.queue), 1, sizeof(Ps2Queue), 1,
     &ps2_queue_state},
    STATE_FIELD(BOOL, Ps2Mouse, enabled),
    STATE_FIELD(BOOL, Ps2Mouse, remote),
    STATE_FIELD(BOOL, Ps2Mouse, wrap),
    STATE_FIELD(BOOL, Ps2Mouse, scale),
    STATE_FIELD(U8, Ps2Mouse, id),
    STATE_FIELD(U8, Ps2Mouse, rate),
    STATE_FIELD(U8, Ps2Mouse, resolution),
    STATE_FIELD(U8, Ps2Mouse, command),
    STATE_FIELD(U8, Ps2Mouse, knock),
    STATE_FIELD(BOOL, Ps2Mouse, refused),
    STATE_FIELD(U32, Ps2Mouse, buttons),
    {"changes", STATE_STRUCT, offsetof(Ps2Mouse, changes), MAX_CHANGES, sizeof(MouseChange), 1,
     &change_state},
    STATE_FIELD(U8, Ps2Mouse, change_count),
    STATE_ARRAY(U8, Ps2Mouse, packet),
    STATE_FIELD(U8, Ps2Mouse, packet_size),
    STATE_FIELD(BOOL, Ps2Mouse, packet_last),
    STATE_FIELD(TIMER, Ps2Mouse, report),
    STATE_END,
};

static const StateTable mouse_state = {
    .version = 1, .fields = mouse_fields, .loaded = mouse_loaded};

const DeviceOps ps2_mouse_ops = {
    .name = "ps2-mouse",
    .part = "ps2mouse",
    .summary = "PS/2 mouse with wheel and five buttons",
    .category = "Input",
    .bus = BUS_PS2,
    .size = sizeof(Ps2Mouse),
    .board_only = TRUE,
    .state = &mouse_state,
    .realize = mouse_realize,
    .unrealize = mouse_unrealize,
    .reset = mouse_reset,
};

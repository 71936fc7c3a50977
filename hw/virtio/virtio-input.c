/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-keyboard-pci, virtio-mouse-pci and virtio-tablet-pci (Virtual I/O Device 1.2, 5.8): evdev
 * events as they are.
 *
 * Groups of events wait here while the guest has no buffers. Of groups that only move the pointer
 * the newest takes up the one before, so that a slow guest sees few and late ones, not old ones.
 * Should the list be full all the same (a guest that has stopped), further groups are dropped, and
 * the guest is told in the end which keys are really down.
 */
#include "hw/virtio/virtio-input.h"

#include <string.h>

#include "core/error.h"
#include "core/input.h"

/* Configuration (5.8.4) */
#define SELECT       0
#define SUBSELECT    1
#define SIZE         2
#define PAYLOAD      8
#define PAYLOAD_SIZE 128
#define CONFIG_SIZE  (PAYLOAD + PAYLOAD_SIZE)

#define CFG_ID_NAME   0x01
#define CFG_ID_SERIAL 0x02
#define CFG_ID_DEVIDS 0x03
#define CFG_PROP_BITS 0x10
#define CFG_EV_BITS   0x11
#define CFG_ABS_INFO  0x12

enum { EVENTS, STATUS, QUEUES };

#define ID_BUS_VIRTUAL 6

#define EVENT_SIZE  8
#define MAX_PENDING 512
#define KEY_BYTES   ((KEY_MAX + 8) / 8)

typedef struct Model {
    const char *name;
    guint16 product;
    InputSinkOps sink;
} Model;

typedef struct VirtioInput {
    VirtioDevice virtio;
    char *serial;
    gboolean wheel_axis;
    const Model *model;
    InputSink *sink;
    guint32 pending[MAX_PENDING][2]; /* type | code << 16, value: what the guest has not got yet */
    guint32 pending_count;
    guint32 group;          /* where the group begins that sync() will end */
    guint32 last_group;     /* the group before it; = group if there is none that is whole */
    guint8 held[KEY_BYTES]; /* keys and buttons as the person holds them */
    guint8 told[KEY_BYTES]; /* as of the last event of `pending`, or the guest's knowledge */
    gboolean overflow;      /* something was dropped: the two may differ */
} VirtioInput;

/* ---- configuration ---- */

static gboolean is_keyboard(const VirtioInput *input)
{
    return (input->model->sink.kinds & INPUT_KIND_KEY) != 0;
}

static gboolean is_tablet(const VirtioInput *input)
{
    return (input->model->sink.kinds & INPUT_KIND_ABS) != 0;
}

/* Sets bits in a map; returns how many bytes of it count. */
static guint set_bits(guint8 *map, const guint16 *codes, guint count)
{
    guint size = 0;

    for (guint i = 0; i < count; i++) {
        map[codes[i] / 8] |= (guint8)(1u << codes[i] % 8);
        size = MAX(size, codes[i] / 8 + 1u);
    }
    return size;
}

static guint keyboard_bits(guint type, guint8 *map)
{
    static const guint16 leds[] = {LED_NUML, LED_CAPSL, LED_SCROLLL};

    switch (type) {
    case EV_KEY:
        /* All below the buttons. */
        memset(map, 0xff, BTN_MISC / 8);
        map[0] &= 0xfe;
        return BTN_MISC / 8;
    case EV_LED: return set_bits(map, leds, G_N_ELEMENTS(leds));
    case EV_REP: map[0] = 3; return 1;
    default: return 0;
    }
}

static guint pointer_bits(const VirtioInput *input, guint type, guint8 *map)
{
    static const guint16 buttons[] = {BTN_LEFT, BTN_RIGHT, BTN_MIDDLE, BTN_SIDE, BTN_EXTRA};
    static const guint16 positions[] = {ABS_X, ABS_Y}, movements[] = {REL_X, REL_Y},
                         wheels[] = {REL_WHEEL, REL_HWHEEL};
    guint size = 0;

    switch (type) {
    case EV_KEY: return set_bits(map, buttons, G_N_ELEMENTS(buttons));
    case EV_ABS: return is_tablet(input) ? set_bits(map, positions, 2) : 0;
    case EV_REL:
        size = is_tablet(input) ? 0 : set_bits(map, movements, 2);
        return input->wheel_axis ? MAX(size, set_bits(map, wheels, 2)) : size;
    default: return 0;
    }
}

static void put_words(guint8 *out, const guint16 *words, guint count)
{
    for (guint i = 0; i < count; i++) {
        out[i * 2] = (guint8)words[i];
        out[i * 2 + 1] = (guint8)(words[i] >> 8);
    }
}

static guint put_text(guint8 *out, const char *text)
{
    gsize length = text ? MIN(strlen(text), PAYLOAD_SIZE) : 0;

    memcpy(out, text ? text : "", length);
    return (guint)length;
}

/* Fills what the driver has selected; returns its size, 0 = there is no such thing. */
static guint fill_config(const VirtioInput *input, guint select, guint sub, guint8 *out)
{
    switch (select) {
    case CFG_ID_NAME: return sub ? 0 : put_text(out, input->model->name);
    case CFG_ID_SERIAL: return sub ? 0 : put_text(out, input->serial);
    case CFG_ID_DEVIDS:
        if (sub) {
            return 0;
        }
        put_words(out, (const guint16[]){ID_BUS_VIRTUAL, 0x0627, input->model->product, 1}, 4);
        return 8;
    case CFG_EV_BITS:
        return is_keyboard(input) ? keyboard_bits(sub, out) : pointer_bits(input, sub, out);
    case CFG_ABS_INFO:
        if (!is_tablet(input) || sub > ABS_Y) {
            return 0;
        }
        put_words(out + 4, (const guint16[]){INPUT_ABS_MAX}, 1); /* after the minimum, 0 */
        return 20;
    default: return 0;
    }
}

static void config_written(VirtioDevice *virtio)
{
    VirtioInput *input = (VirtioInput *)virtio;

    memset(virtio->config + SIZE, 0, CONFIG_SIZE - SIZE);
    virtio->config[SIZE] = (guint8)fill_config(input, virtio->config[SELECT],
                                               virtio->config[SUBSELECT], virtio->config + PAYLOAD);
}

/* ---- events ---- */

static gboolean get_bit(const guint8 *map, guint code)
{
    return map[code / 8] >> code % 8 & 1;
}

static void set_bit(guint8 *map, guint code, gboolean on)
{
    guint8 bit = (guint8)(1u << code % 8);

    map[code / 8] = on ? map[code / 8] | bit : map[code / 8] & (guint8)~bit;
}

static guint event_type(const VirtioInput *input, guint n)
{
    return input->pending[n][0] & 0xffff;
}

static void put_event(VirtioInput *input, guint type, guint code, gint value)
{
    input->pending[input->pending_count][0] = type | code << 16;
    input->pending[input->pending_count++][1] = (guint32)value;
    if (type == EV_KEY) {
        set_bit(input->told, code, value != 0);
    }
}

/* Room for one more event and the end of the group. */
static gboolean has_room(VirtioInput *input)
{
    if (input->pending_count + 2 <= MAX_PENDING) {
        return TRUE;
    }
    input->overflow = TRUE;
    return FALSE;
}

/* Movement is added to what the group has of it already. */
static void put_movement(VirtioInput *input, guint type, guint code, gint value)
{
    for (guint i = input->group; i < input->pending_count; i++) {
        if (input->pending[i][0] == (type | code << 16)) {
            gint64 sum = type == EV_REL ? (gint64)(gint32)input->pending[i][1] + value : value;

            input->pending[i][1] = (guint32)(gint32)CLAMP(sum, G_MININT32, G_MAXINT32);
            return;
        }
    }
    if (has_room(input)) {
        put_event(input, type, code, value);
    }
}

static gboolean only_moves(const VirtioInput *input, guint from, guint to)
{
    for (guint i = from; i < to; i++) {
        if (event_type(input, i) == EV_KEY) {
            return FALSE;
        }
    }
    return TRUE;
}

/* The last whole group and this one become one, if both only move. */
static void merge_groups(VirtioInput *input)
{
    guint32 moves[8][2];
    guint count = input->pending_count - input->group;

    if (input->last_group == input->group || count > G_N_ELEMENTS(moves) ||
        !only_moves(input, input->last_group, input->pending_count)) {
        return;
    }
    memcpy(moves, input->pending[input->group], count * sizeof moves[0]);
    input->pending_count = input->group - 1; /* without the end of the last one */
    input->group = input->last_group;
    for (guint i = 0; i < count; i++) {
        put_movement(input, moves[i][0] & 0xffff, moves[i][0] >> 16, (gint32)moves[i][1]);
    }
}

static void end_group(VirtioInput *input)
{
    if (input->pending_count == input->group) {
        return;
    }
    merge_groups(input);
    put_event(input, EV_SYN, SYN_REPORT, 0);
    input->last_group = input->group;
    input->group = input->pending_count;
}

/* Gives the guest as many whole groups as it has buffers for, an event each. */
static void deliver(VirtioInput *input)
{
    VirtioDevice *virtio = &input->virtio;
    guint done = 0;
    VirtioChain *chain;

    while (done < input->group && (chain = virtio_peek(virtio, EVENTS))) {
        guint32 raw[2] = {GUINT32_TO_LE(input->pending[done][0]),
                          GUINT32_TO_LE(input->pending[done][1])};

        if (chain->in_size < EVENT_SIZE) {
            virtio_break(virtio, "a buffer for events is too small");
            break;
        }
        virtio_write(virtio, chain, 0, raw, EVENT_SIZE);
        virtio_push(virtio, EVENTS, chain, EVENT_SIZE);
        done++;
    }
    if (!done) {
        return;
    }
    virtio_signal(virtio, EVENTS);
    input->pending_count -= done;
    memmove(input->pending[0], input->pending[done],
            input->pending_count * sizeof input->pending[0]);
    input->group -= done;
    /* What has been begun is no longer whole. */
    input->last_group = input->last_group >= done ? input->last_group - done : input->group;
}

/* After an overflow: keys that the guest thinks are different from what they are. */
static void catch_up(VirtioInput *input)
{
    input->overflow = FALSE;
    for (guint code = 0; code < KEY_CNT; code++) {
        gboolean down = get_bit(input->held, code);

        if (down == get_bit(input->told, code)) {
            continue;
        }
        if (!has_room(input)) {
            break;
        }
        put_event(input, EV_KEY, code, down);
    }
    end_group(input);
}

static void flush(VirtioInput *input)
{
    deliver(input);
    /* Not in the middle of a group that a frontend is about to end. */
    if (input->overflow && input->group == input->pending_count &&
        input->pending_count < MAX_PENDING / 2) {
        catch_up(input);
        deliver(input);
    }
}

static void on_event(void *opaque, const InputEvent *event)
{
    VirtioInput *input = opaque;

    switch (event->kind) {
    case INPUT_KIND_KEY:
    case INPUT_KIND_BUTTON:
        if (event->code > KEY_MAX || event->value > 1) {
            return; /* the guest repeats keys itself */
        }
        set_bit(input->held, event->code, event->value);
        if (has_room(input)) {
            put_event(input, EV_KEY, event->code, event->value);
        }
        break;
    case INPUT_KIND_REL:
        if (input->wheel_axis || event->code <= REL_Y) {
            put_movement(input, EV_REL, event->code, event->value);
        }
        break;
    case INPUT_KIND_ABS:
        put_movement(input, EV_ABS, event->code, CLAMP(event->value, 0, INPUT_ABS_MAX));
        break;
    }
}

static void on_sync(void *opaque)
{
    VirtioInput *input = opaque;

    end_group(input);
    flush(input);
}

/* ---- the driver ---- */

/* Output events (5.8.6.2): lamps. */
static void take_status(VirtioInput *input)
{
    VirtioDevice *virtio = &input->virtio;
    guint leds = input_leds(virtio->pci.device.machine->input);
    VirtioChain *chain;
    gboolean any = FALSE;

    while ((chain = virtio_peek(virtio, STATUS))) {
        guint32 raw[2] = {0, 0};
        guint code;

        virtio_read(virtio, chain, 0, raw, sizeof raw);
        code = GUINT32_FROM_LE(raw[0]) >> 16;
        if ((GUINT32_FROM_LE(raw[0]) & 0xffff) == EV_LED && code <= LED_SCROLLL) {
            leds = raw[1] ? leds | 1u << code : leds & ~(1u << code);
            any = TRUE;
        }
        virtio_push(virtio, STATUS, chain, 0);
    }
    virtio_signal(virtio, STATUS);
    if (any && is_keyboard(input)) {
        input_sink_set_leds(input->sink, leds);
    }
}

static void notify(VirtioDevice *virtio, guint queue)
{
    if (queue == EVENTS) {
        flush((VirtioInput *)virtio);
    } else {
        take_status((VirtioInput *)virtio);
    }
}

/* A new driver knows of no key. */
static void started(VirtioDevice *virtio, gboolean on)
{
    VirtioInput *input = (VirtioInput *)virtio;

    input->pending_count = input->group = input->last_group = 0;
    memset(input->held, 0, sizeof input->held);
    memset(input->told, 0, sizeof input->told);
    input->overflow = FALSE;
    input_sink_set_active(input->sink, on);
}

/* ---- lifecycle ---- */

static const Model keyboard = {
    "QEMU Virtio Keyboard", 1, {"QEMU Virtio Keyboard", INPUT_KIND_KEY, on_event, on_sync}};
static const Model mouse = {
    "QEMU Virtio Mouse",
    2,
    {"QEMU Virtio Mouse", INPUT_KIND_BUTTON | INPUT_KIND_REL, on_event, on_sync}};
static const Model tablet = {
    "QEMU Virtio Tablet",
    3,
    {"QEMU Virtio Tablet", INPUT_KIND_BUTTON | INPUT_KIND_ABS, on_event, on_sync}};

static gboolean realize(VirtioInput *input, const Model *model, GError **error)
{
    input->model = model;
    if (!virtio_init(&input->virtio, error)) {
        return FALSE;
    }
    input->sink = input_sink_add(input->virtio.pci.device.machine->input, &model->sink, input);
    input_sink_set_active(input->sink, FALSE);
    return TRUE;
}

static gboolean keyboard_realize(Device *dev, GError **error)
{
    return realize((VirtioInput *)dev, &keyboard, error);
}

static gboolean mouse_realize(Device *dev, GError **error)
{
    return realize((VirtioInput *)dev, &mouse, error);
}

static gboolean tablet_realize(Device *dev, GError **error)
{
    return realize((VirtioInput *)dev, &tablet, error);
}

static void unrealize(Device *dev)
{
    input_sink_remove(((VirtioInput *)dev)->sink);
    virtio_finish((VirtioDevice *)dev);
}

static void reset(Device *dev)
{
    VirtioDevice *virtio = (VirtioDevice *)dev;

    memset(virtio->config, 0, sizeof virtio->config);
    virtio_reset(dev);
}

static gboolean state_loaded(void *object, GError **error)
{
    const VirtioInput *input = object;

    if (input->pending_count > MAX_PENDING || input->group > input->pending_count ||
        input->last_group > input->group) {
        return error_set(error, "saved state of a virtio input device is damaged");
    }
    return TRUE;
}

static const StateField state_fields[] = {
    VIRTIO_STATE,
    {"pending", STATE_U32, G_STRUCT_OFFSET(VirtioInput, pending), MAX_PENDING * 2, 4, 1, NULL},
    STATE_FIELD(U32, VirtioInput, pending_count),
    STATE_FIELD(U32, VirtioInput, group),
    STATE_FIELD(U32, VirtioInput, last_group),
    STATE_ARRAY(U8, VirtioInput, held),
    STATE_ARRAY(U8, VirtioInput, told),
    STATE_FIELD(BOOL, VirtioInput, overflow),
    STATE_END,
};
static const StateTable input_state = {1, state_fields, state_loaded};

#define SERIAL                                                                                   \
    {                                                                                            \
        "serial", OPTION_STRING, G_STRUCT_OFFSET(VirtioInput, serial), NULL, "its serial number" \
    }

static const OptionSpec keyboard_options[] = {VIRTIO_OPTIONS("2"), SERIAL, OPTION_END};
static const OptionSpec pointer_options[] = {
    VIRTIO_OPTIONS("2"),
    SERIAL,
    {"wheel-axis", OPTION_BOOL, G_STRUCT_OFFSET(VirtioInput, wheel_axis), "on", "has wheels"},
    OPTION_END,
};

#define INPUT_OPS(name_, summary_, options_, realize_, class_)                                     \
    {                                                                                              \
        .pci = {.device = {.name = name_,                                                          \
                           .summary = summary_,                                                    \
                           .category = "Input",                                                    \
                           .bus = BUS_PCI,                                                         \
                           .size = sizeof(VirtioInput),                                            \
                           .options = options_,                                                    \
                           .state = &input_state,                                                  \
                           .realize = realize_,                                                    \
                           .unrealize = unrealize,                                                 \
                           .reset = reset},                                                        \
                VIRTIO_PCI(VIRTIO_ID_INPUT, class_)},                                              \
        .queues = QUEUES, .queue_size = 64, .config_size = CONFIG_SIZE, .config_writable = SELECT, \
        .config_writable_size = 2, .config_written = config_written, .notify = notify,             \
        .started = started,                                                                        \
    }

const VirtioOps virtio_keyboard_ops = INPUT_OPS("virtio-keyboard-pci", "virtio keyboard",
                                                keyboard_options, keyboard_realize, 0x090000);
const VirtioOps virtio_mouse_ops =
    INPUT_OPS("virtio-mouse-pci", "virtio mouse", pointer_options, mouse_realize, 0x090200);
const VirtioOps virtio_tablet_ops =
    INPUT_OPS("virtio-tablet-pci", "virtio tablet: absolute positions", pointer_options,
              tablet_realize, 0x098000);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "usb-kbd": a 105-key keyboard. Its reports are those of the boot protocol (HID 1.11, appendix
 * B.1) in both protocols: modifiers, then up to six keys.
 */
#include <string.h>

#include "core/error.h"
#include "hw/usb/hid-codes.h"
#include "hw/usb/hid-priv.h"
#include "hw/usb/hid.h"

/* bInterval: 10 ms at full speed; 2^(7-1) microframes, 8 ms, at high speed. */
#define INTERVAL_FULL 10
#define INTERVAL_HIGH 7

#define REPORT_SIZE 8
#define REPORT_KEYS 6
#define QUEUE_SIZE  64

typedef struct UsbKbd {
    HidDevice hid;
    guint8 modifiers;             /* as the guest knows, or will with the next report */
    guint8 keys[HID_USAGE_COUNT]; /* usages held, in the order of pressing */
    guint8 key_count;
    guint8 queue[QUEUE_SIZE]; /* usages that went down or, as queue_up says, up */
    gboolean queue_up[QUEUE_SIZE];
    guint8 queue_head, queue_count;
} UsbKbd;

static const guint8 report_descriptor[] = {
    0x05, 0x01,       /* Usage Page (Generic Desktop) */
    0x09, 0x06,       /* Usage (Keyboard) */
    0xa1, 0x01,       /* Collection (Application) */
    0x75, 0x01,       /*   Report Size (1) */
    0x95, 0x08,       /*   Report Count (8) */
    0x05, 0x07,       /*   Usage Page (Key Codes) */
    0x19, 0xe0,       /*   Usage Minimum (Left Control) */
    0x29, 0xe7,       /*   Usage Maximum (Right GUI) */
    0x15, 0x00,       /*   Logical Minimum (0) */
    0x25, 0x01,       /*   Logical Maximum (1) */
    0x81, 0x02,       /*   Input (Data, Variable, Absolute) */
    0x95, 0x01,       /*   Report Count (1) */
    0x75, 0x08,       /*   Report Size (8) */
    0x81, 0x01,       /*   Input (Constant) */
    0x95, 0x05,       /*   Report Count (5) */
    0x75, 0x01,       /*   Report Size (1) */
    0x05, 0x08,       /*   Usage Page (LEDs) */
    0x19, 0x01,       /*   Usage Minimum (Num Lock) */
    0x29, 0x05,       /*   Usage Maximum (Kana) */
    0x91, 0x02,       /*   Output (Data, Variable, Absolute) */
    0x95, 0x01,       /*   Report Count (1) */
    0x75, 0x03,       /*   Report Size (3) */
    0x91, 0x01,       /*   Output (Constant) */
    0x95, 0x06,       /*   Report Count (6) */
    0x75, 0x08,       /*   Report Size (8) */
    0x15, 0x00,       /*   Logical Minimum (0) */
    0x26, 0xff, 0x00, /*   Logical Maximum (255) */
    0x05, 0x07,       /*   Usage Page (Key Codes) */
    0x19, 0x00,       /*   Usage Minimum (0) */
    0x2a, 0xff, 0x00, /*   Usage Maximum (255) */
    0x81, 0x00,       /*   Input (Data, Array) */
    0xc0,             /* End Collection */
};

/* ---- typing ---- */

static gboolean is_modifier(guint8 usage)
{
    return usage >= HID_USAGE_MODIFIERS;
}

static void release(UsbKbd *kbd, guint8 usage)
{
    for (guint i = 0; i < kbd->key_count; i++) {
        if (kbd->keys[i] == usage) {
            kbd->key_count--;
            memmove(&kbd->keys[i], &kbd->keys[i + 1], kbd->key_count - i);
            return;
        }
    }
}

static void apply(UsbKbd *kbd, guint8 usage, gboolean up)
{
    guint8 bit = is_modifier(usage) ? (guint8)(1u << (usage - HID_USAGE_MODIFIERS)) : 0;

    if (bit) {
        kbd->modifiers = up ? kbd->modifiers & ~bit : kbd->modifiers | bit;
        return;
    }
    release(kbd, usage);
    if (!up) {
        kbd->keys[kbd->key_count++] = usage;
    }
}

/* The oldest change takes effect. */
static void take_change(UsbKbd *kbd)
{
    guint8 head = kbd->queue_head;

    kbd->queue_head = (guint8)((head + 1) % QUEUE_SIZE);
    kbd->queue_count--;
    apply(kbd, kbd->queue[head], kbd->queue_up[head]);
}

static void key_event(void *opaque, const InputEvent *event)
{
    UsbKbd *kbd = opaque;
    guint8 usage = hid_usage_from_key(event->code);
    guint place;

    if (!usage || event->value > 1) {
        return;
    }
    /* A guest that does not poll sees in the end what is held. */
    if (kbd->queue_count == QUEUE_SIZE) {
        take_change(kbd);
    }
    place = (kbd->queue_head + kbd->queue_count++) % QUEUE_SIZE;
    kbd->queue[place] = usage;
    kbd->queue_up[place] = !event->value;
    hid_changed(&kbd->hid);
}

static const InputSinkOps sink_ops = {"QEMU HID Keyboard", INPUT_KIND_KEY, key_event, NULL};

/* ---- reports ---- */

static gboolean kbd_pending(HidDevice *hid)
{
    return ((UsbKbd *)hid)->queue_count > 0;
}

static guint kbd_peek(HidDevice *hid, guint8 *out)
{
    UsbKbd *kbd = (UsbKbd *)hid;

    memset(out, 0, REPORT_SIZE);
    out[0] = kbd->modifiers;
    if (kbd->key_count > REPORT_KEYS) {
        memset(out + 2, HID_USAGE_ROLLOVER, REPORT_KEYS);
    } else {
        memcpy(out + 2, kbd->keys, kbd->key_count);
    }
    return REPORT_SIZE;
}

static guint kbd_report(HidDevice *hid, guint8 *out)
{
    if (kbd_pending(hid)) {
        take_change((UsbKbd *)hid);
    }
    return kbd_peek(hid, out);
}

/* LED usages 1 to 3 are Num, Caps and Scroll Lock: evdev's order. */
static void kbd_set_output(HidDevice *hid, const guint8 *data, guint length)
{
    G_STATIC_ASSERT(LED_NUML == 0 && LED_CAPSL == 1 && LED_SCROLLL == 2);
    input_sink_set_leds(hid->sink, data[0] & 7);
}

static void kbd_forget(HidDevice *hid)
{
    UsbKbd *kbd = (UsbKbd *)hid;

    kbd->modifiers = 0;
    kbd->key_count = 0;
    kbd->queue_head = kbd->queue_count = 0;
}

static const HidOps hid_ops = {
    .sink = &sink_ops,
    .report_descriptor = report_descriptor,
    .report_descriptor_size = sizeof report_descriptor,
    .boot = TRUE,
    .idle_default = 125, /* 500 ms, what 7.2.4 recommends for keyboards */
    .pending = kbd_pending,
    .report = kbd_report,
    .peek = kbd_peek,
    .set_output = kbd_set_output,
    .forget = kbd_forget,
};

/* ---- lifecycle ---- */

static gboolean realize(Device *dev, GError **error)
{
    hid_init((HidDevice *)dev, &hid_ops);
    return TRUE;
}

static void unrealize(Device *dev)
{
    hid_finish((HidDevice *)dev);
}

static gboolean state_loaded(void *object, GError **error)
{
    const UsbKbd *kbd = object;

    if (kbd->queue_head >= QUEUE_SIZE || kbd->queue_count > QUEUE_SIZE ||
        kbd->key_count > HID_USAGE_MODIFIERS) {
        return error_set(error, "saved state of usb-kbd is damaged");
    }
    return TRUE;
}

static const StateField state_fields[] = {
    HID_DEVICE_STATE,
    STATE_FIELD(U8, UsbKbd, modifiers),
    STATE_ARRAY(U8, UsbKbd, keys),
    STATE_FIELD(U8, UsbKbd, key_count),
    STATE_ARRAY(U8, UsbKbd, queue),
    STATE_ARRAY(BOOL, UsbKbd, queue_up),
    STATE_FIELD(U8, UsbKbd, queue_head),
    STATE_FIELD(U8, UsbKbd, queue_count),
    STATE_END,
};
static const StateTable kbd_state = {1, state_fields, state_loaded};

static const OptionSpec options[] = {
    {"usb_version", OPTION_UINT, G_STRUCT_OFFSET(UsbDevice, version), "2",
     "1: full speed; 2: high speed where the port has it", 1, 2},
    {"serial", OPTION_STRING, G_STRUCT_OFFSET(UsbDevice, serial), NULL, "its serial number"},
    OPTION_END,
};

static const guint8 hid_descriptor[] = {HID_DESCRIPTOR(sizeof report_descriptor)};
/* At full speed, then at high speed. */
static const UsbEndpoint endpoints[] = {
    {0x81, USB_ENDPOINT_INTERRUPT, REPORT_SIZE, INTERVAL_FULL},
    {0x81, USB_ENDPOINT_INTERRUPT, REPORT_SIZE, INTERVAL_HIGH},
};
static const UsbInterface interfaces[] = {
    {0, 0, 3, 1, 1, 1, &endpoints[0], hid_descriptor, sizeof hid_descriptor},
    {0, 0, 3, 1, 1, 1, &endpoints[1], hid_descriptor, sizeof hid_descriptor},
};
static const UsbConfig configs[] = {
    {1, USB_CONFIG_REMOTE_WAKEUP, 50, 1, &interfaces[0]},
    {1, USB_CONFIG_REMOTE_WAKEUP, 50, 1, &interfaces[1]},
};
static const UsbSpeedDescription full_speed = {0x0200, 8, &configs[0]};
static const UsbSpeedDescription high_speed = {0x0200, 64, &configs[1]};
static const UsbDescription description = {
    .vendor = 0x0627,
    .product = 0x0001,
    .manufacturer = "Vitrine",
    .product_name = "USB Keyboard",
    .serial = "1",
    .speeds = {[USB_SPEED_FULL] = &full_speed, [USB_SPEED_HIGH] = &high_speed},
};

const UsbDeviceOps usb_kbd_ops = {
    .device =
        {
            .name = "usb-kbd",
            .summary = "USB keyboard",
            .category = "Input",
            .bus = BUS_USB,
            .size = sizeof(UsbKbd),
            .options = options,
            .state = &kbd_state,
            .realize = realize,
            .unrealize = unrealize,
        },
    .description = &description,
    .bus_reset = hid_bus_reset,
    .configured = hid_configured,
    .control = hid_control,
    .transfer = hid_transfer,
    .is_urgent = hid_is_urgent,
};

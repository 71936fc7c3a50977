/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "usb-mouse" and "usb-tablet": five buttons and two wheels; the mouse tells movements, the tablet
 * positions.
 *
 * What the guest has not polled yet is kept as a list of changes. A guest that polls as fast as the
 * pointer moves gets each of them, though neither is regular. One that is slower gets what is new:
 * after APART_NS movements between two clicks become one, of positions the last one; clicks stay
 * where they were made.
 */
#include <string.h>

#include "core/error.h"
#include "hw/usb/hid-priv.h"
#include "hw/usb/hid.h"

#define MAX_CHANGES 16
#define APART_NS    (4 * NS_PER_MS) /* so late may a guest be that gets each movement */

/* A millisecond at full and at high speed (9.6.6 of USB 2.0). */
#define INTERVAL_FULL 1
#define INTERVAL_HIGH 4

#define MOUSE_REPORT_SIZE  5 /* buttons, x, y, wheel, pan */
#define TABLET_REPORT_SIZE 7 /* buttons, x and y of 16 bits, wheel, pan */

typedef struct PointerChange {
    guint32 buttons;
    guint32 x, y;       /* tablet: position; mouse: signed movement */
    guint32 wheel, pan; /* signed; + = away from the user, to the right */
    gint64 time;        /* of its oldest movement, guest time; not saved */
} PointerChange;

typedef struct UsbPointer {
    HidDevice hid;
    gboolean absolute;                  /* a tablet */
    guint32 buttons;                    /* as the person holds them */
    guint32 x, y;                       /* tablet: where it is */
    PointerChange now;                  /* what the guest knows; of the mouse only `buttons` */
    PointerChange changes[MAX_CHANGES]; /* the first `change_count`, oldest first */
    guint8 change_count;
    gboolean open; /* the group of events that the last change belongs to is not over */
} UsbPointer;

/* clang-format off */
#define BUTTONS_AND_PADDING                                          \
    0x05, 0x09, /* Usage Page (Button) */                            \
    0x19, 0x01, 0x29, 0x05, /* Usage Minimum (1), Maximum (5) */     \
    0x15, 0x00, 0x25, 0x01, /* Logical Minimum (0), Maximum (1) */   \
    0x95, 0x05, 0x75, 0x01, /* Report Count (5), Size (1) */         \
    0x81, 0x02, /* Input (Data, Variable, Absolute) */               \
    0x95, 0x01, 0x75, 0x03, /* Report Count (1), Size (3) */         \
    0x81, 0x01 /* Input (Constant) */

#define WHEEL_AND_PAN                                                \
    0x05, 0x01, /* Usage Page (Generic Desktop) */                   \
    0x09, 0x38, /* Usage (Wheel) */                                  \
    0x15, 0x81, 0x25, 0x7f, /* Logical Minimum (-127), Max (127) */  \
    0x35, 0x00, 0x45, 0x00, /* Physical Minimum, Maximum as logical */ \
    0x75, 0x08, 0x95, 0x01, /* Report Size (8), Count (1) */         \
    0x81, 0x06, /* Input (Data, Variable, Relative) */               \
    0x05, 0x0c, /* Usage Page (Consumer) */                          \
    0x0a, 0x38, 0x02, /* Usage (AC Pan) */                           \
    0x81, 0x06 /* Input (Data, Variable, Relative) */

#define POINTER_BEGIN(usage)                                         \
    0x05, 0x01, /* Usage Page (Generic Desktop) */                   \
    0x09, usage,                                                     \
    0xa1, 0x01, /* Collection (Application) */                       \
    0x09, 0x01, /* Usage (Pointer) */                                \
    0xa1, 0x00 /* Collection (Physical) */

#define POINTER_END 0xc0, 0xc0

static const guint8 mouse_descriptor[] = {
    POINTER_BEGIN(0x02 /* Mouse */),
    BUTTONS_AND_PADDING,
    0x05, 0x01, /* Usage Page (Generic Desktop) */
    0x09, 0x30, 0x09, 0x31, /* Usage (X), (Y) */
    0x15, 0x81, 0x25, 0x7f, /* Logical Minimum (-127), Maximum (127) */
    0x75, 0x08, 0x95, 0x02, /* Report Size (8), Count (2) */
    0x81, 0x06, /* Input (Data, Variable, Relative) */
    WHEEL_AND_PAN,
    POINTER_END,
};

static const guint8 tablet_descriptor[] = {
    POINTER_BEGIN(0x02 /* Mouse: drivers then want no digitizer's pressure */),
    BUTTONS_AND_PADDING,
    0x05, 0x01, /* Usage Page (Generic Desktop) */
    0x09, 0x30, 0x09, 0x31, /* Usage (X), (Y) */
    0x15, 0x00, 0x26, 0xff, 0x7f, /* Logical Minimum (0), Maximum (7FFFh) */
    0x35, 0x00, 0x46, 0xff, 0x7f, /* Physical Minimum (0), Maximum (7FFFh) */
    0x75, 0x10, 0x95, 0x02, /* Report Size (16), Count (2) */
    0x81, 0x02, /* Input (Data, Variable, Absolute) */
    WHEEL_AND_PAN,
    POINTER_END,
};
/* clang-format on */

/* ---- events ---- */

static gint64 guest_now(const UsbPointer *pointer)
{
    return clock_now(pointer->hid.usb.device.machine->guest_clock);
}

static guint32 button_bit(guint code)
{
    switch (code) {
    case BTN_LEFT: return 1 << 0;
    case BTN_RIGHT: return 1 << 1;
    case BTN_MIDDLE: return 1 << 2;
    case BTN_SIDE: return 1 << 3;
    case BTN_EXTRA: return 1 << 4;
    default: return 0;
    }
}

static void add_delta(guint32 *total, gint delta)
{
    gint64 sum = (gint64)(gint32)*total + delta;

    *total = (guint32)(gint32)CLAMP(sum, -32767, 32767);
}

/* Change n + 1 takes in change n. */
static void join(UsbPointer *pointer, guint n)
{
    PointerChange *from = &pointer->changes[n], *into = &pointer->changes[n + 1];

    if (!pointer->absolute) {
        add_delta(&into->x, (gint32)from->x);
        add_delta(&into->y, (gint32)from->y);
    }
    add_delta(&into->wheel, (gint32)from->wheel);
    add_delta(&into->pan, (gint32)from->pan);
    into->time = from->time;
    pointer->change_count--;
    memmove(from, into, (pointer->change_count - n) * sizeof *from);
}

/* Joins movements that follow each other; a click is a change of other buttons than before. */
static void join_movements(UsbPointer *pointer)
{
    guint n = 0;
    guint32 before = pointer->now.buttons;

    while (n + 1 < pointer->change_count) {
        guint32 buttons = pointer->changes[n].buttons;

        if (buttons == before && pointer->changes[n + 1].buttons == buttons) {
            join(pointer, n);
        } else {
            before = buttons;
            n++;
        }
    }
}

static void join_late_movements(UsbPointer *pointer)
{
    if (pointer->change_count > 1 && guest_now(pointer) - pointer->changes[0].time > APART_NS) {
        join_movements(pointer);
    }
}

/* The change that events belong to now. A list that is full of clicks gives its last one up. */
static PointerChange *open_change(UsbPointer *pointer)
{
    PointerChange *change;

    if (!pointer->open || !pointer->change_count) { /* a guest may poll within a group */
        pointer->open = TRUE;
        if (pointer->change_count == MAX_CHANGES) {
            join_movements(pointer);
        }
        if (pointer->change_count < MAX_CHANGES) {
            pointer->changes[pointer->change_count++] =
                (PointerChange){.x = pointer->x, .y = pointer->y, .time = guest_now(pointer)};
        }
    }
    change = &pointer->changes[pointer->change_count - 1];
    change->buttons = pointer->buttons;
    return change;
}

static void pointer_event(void *opaque, const InputEvent *event)
{
    UsbPointer *pointer = opaque;
    guint32 bit;

    switch (event->kind) {
    case INPUT_KIND_BUTTON:
        bit = button_bit(event->code);
        pointer->buttons = event->value ? pointer->buttons | bit : pointer->buttons & ~bit;
        break;
    case INPUT_KIND_ABS:
        *(event->code == ABS_X ? &pointer->x : &pointer->y) =
            (guint32)CLAMP(event->value, 0, INPUT_ABS_MAX);
        open_change(pointer)->x = pointer->x;
        open_change(pointer)->y = pointer->y;
        break;
    case INPUT_KIND_REL:
        switch (event->code) {
        case REL_X: add_delta(&open_change(pointer)->x, event->value); break;
        case REL_Y: add_delta(&open_change(pointer)->y, event->value); break;
        case REL_WHEEL: add_delta(&open_change(pointer)->wheel, event->value); break;
        case REL_HWHEEL: add_delta(&open_change(pointer)->pan, event->value); break;
        default: break;
        }
        break;
    default: break;
    }
}

/* A group of events is one change. */
static void pointer_sync(void *opaque)
{
    UsbPointer *pointer = opaque;
    guint n = pointer->change_count;

    if (pointer->buttons != (n > 0 ? pointer->changes[n - 1].buttons : pointer->now.buttons)) {
        open_change(pointer);
    }
    pointer->open = FALSE;
    if (pointer->change_count > 0) {
        join_late_movements(pointer);
        hid_changed(&pointer->hid);
    }
}

static const InputSinkOps mouse_sink = {"QEMU HID Mouse", INPUT_KIND_BUTTON | INPUT_KIND_REL,
                                        pointer_event, pointer_sync};
/* The wheels are relative in any case. */
static const InputSinkOps tablet_sink = {"QEMU HID Tablet", INPUT_KIND_BUTTON | INPUT_KIND_ABS,
                                         pointer_event, pointer_sync};

/* ---- reports ---- */

static gboolean pointer_pending(HidDevice *hid)
{
    return ((UsbPointer *)hid)->change_count > 0;
}

/* As much of a movement as a report's byte holds. */
static guint8 take_byte(guint32 *total)
{
    gint delta = CLAMP((gint32)*total, -127, 127);

    *total -= (guint32)delta;
    return (guint8)delta;
}

/* What comes after the place. */
static void fill_wheels(PointerChange *change, guint8 *out)
{
    out[0] = take_byte(&change->wheel);
    out[1] = take_byte(&change->pan);
}

static void drop_oldest(UsbPointer *pointer)
{
    pointer->change_count--;
    memmove(&pointer->changes[0], &pointer->changes[1],
            pointer->change_count * sizeof pointer->changes[0]);
}

static guint fill_mouse(PointerChange *change, guint8 *out)
{
    out[0] = (guint8)change->buttons;
    out[1] = take_byte(&change->x);
    out[2] = take_byte(&change->y);
    fill_wheels(change, out + 3);
    return MOUSE_REPORT_SIZE;
}

static guint fill_tablet(PointerChange *change, guint8 *out)
{
    out[0] = (guint8)change->buttons;
    out[1] = (guint8)change->x;
    out[2] = (guint8)(change->x >> 8);
    out[3] = (guint8)change->y;
    out[4] = (guint8)(change->y >> 8);
    fill_wheels(change, out + 5);
    return TABLET_REPORT_SIZE;
}

static guint mouse_peek(HidDevice *hid, guint8 *out)
{
    UsbPointer *pointer = (UsbPointer *)hid;
    PointerChange still = {.buttons = pointer->now.buttons};

    return fill_mouse(&still, out);
}

static guint mouse_report(HidDevice *hid, guint8 *out)
{
    UsbPointer *pointer = (UsbPointer *)hid;
    PointerChange *change = &pointer->changes[0];
    guint length;

    if (!pointer->change_count) {
        return mouse_peek(hid, out);
    }
    join_late_movements(pointer);
    length = fill_mouse(change, out);
    pointer->now.buttons = change->buttons;
    if (!change->x && !change->y && !change->wheel && !change->pan) {
        drop_oldest(pointer);
    }
    return length;
}

static guint tablet_peek(HidDevice *hid, guint8 *out)
{
    UsbPointer *pointer = (UsbPointer *)hid;
    PointerChange still = pointer->now;

    return fill_tablet(&still, out);
}

static guint tablet_report(HidDevice *hid, guint8 *out)
{
    UsbPointer *pointer = (UsbPointer *)hid;
    PointerChange *change = &pointer->changes[0];
    guint length;

    if (!pointer->change_count) {
        return tablet_peek(hid, out);
    }
    join_late_movements(pointer);
    length = fill_tablet(change, out);
    pointer->now = (PointerChange){.buttons = change->buttons, .x = change->x, .y = change->y};
    if (!change->wheel && !change->pan) {
        drop_oldest(pointer);
    }
    return length;
}

static void pointer_forget(HidDevice *hid)
{
    UsbPointer *pointer = (UsbPointer *)hid;

    pointer->change_count = 0;
    pointer->open = FALSE;
    pointer->buttons = 0;
    pointer->now.buttons = 0;
}

static const HidOps mouse_hid = {
    .sink = &mouse_sink,
    .report_descriptor = mouse_descriptor,
    .report_descriptor_size = sizeof mouse_descriptor,
    .boot = TRUE,
    .pending = pointer_pending,
    .report = mouse_report,
    .peek = mouse_peek,
    .forget = pointer_forget,
};

static const HidOps tablet_hid = {
    .sink = &tablet_sink,
    .report_descriptor = tablet_descriptor,
    .report_descriptor_size = sizeof tablet_descriptor,
    .pending = pointer_pending,
    .report = tablet_report,
    .peek = tablet_peek,
    .forget = pointer_forget,
};

/* ---- lifecycle ---- */

static gboolean mouse_realize(Device *dev, GError **error)
{
    hid_init((HidDevice *)dev, &mouse_hid);
    return TRUE;
}

static gboolean tablet_realize(Device *dev, GError **error)
{
    ((UsbPointer *)dev)->absolute = TRUE;
    hid_init((HidDevice *)dev, &tablet_hid);
    return TRUE;
}

static void unrealize(Device *dev)
{
    hid_finish((HidDevice *)dev);
}

static gboolean state_loaded(void *object, GError **error)
{
    if (((UsbPointer *)object)->change_count > MAX_CHANGES) {
        return error_set(error, "saved state of a USB pointer is damaged");
    }
    return TRUE;
}

static const StateField change_fields[] = {
    STATE_FIELD(U32, PointerChange, buttons), STATE_FIELD(U32, PointerChange, x),
    STATE_FIELD(U32, PointerChange, y),       STATE_FIELD(U32, PointerChange, wheel),
    STATE_FIELD(U32, PointerChange, pan),     STATE_END,
};
static const StateTable change_state = {1, change_fields, NULL};

static const StateField state_fields[] = {
    HID_DEVICE_STATE,
    STATE_FIELD(U32, UsbPointer, buttons),
    STATE_FIELD(U32, UsbPointer, x),
    STATE_FIELD(U32, UsbPointer, y),
    {"now", STATE_STRUCT, G_STRUCT_OFFSET(UsbPointer, now), 1, sizeof(PointerChange), 1,
     &change_state},
    {"changes", STATE_STRUCT, G_STRUCT_OFFSET(UsbPointer, changes), MAX_CHANGES,
     sizeof(PointerChange), 1, &change_state},
    STATE_FIELD(U8, UsbPointer, change_count),
    STATE_END,
};
static const StateTable pointer_state = {1, state_fields, state_loaded};

static const OptionSpec options[] = {
    {"usb_version", OPTION_UINT, G_STRUCT_OFFSET(UsbDevice, version), "2",
     "1: full speed; 2: high speed where the port has it", 1, 2},
    {"serial", OPTION_STRING, G_STRUCT_OFFSET(UsbDevice, serial), NULL, "its serial number"},
    OPTION_END,
};

/* ---- descriptions; the first of a pair is for full speed, the second for high speed ---- */

static const guint8 mouse_class[] = {HID_DESCRIPTOR(sizeof mouse_descriptor)};
static const guint8 tablet_class[] = {HID_DESCRIPTOR(sizeof tablet_descriptor)};

static const UsbEndpoint endpoints[] = {
    {0x81, USB_ENDPOINT_INTERRUPT, HID_REPORT_MAX, INTERVAL_FULL},
    {0x81, USB_ENDPOINT_INTERRUPT, HID_REPORT_MAX, INTERVAL_HIGH},
};
static const UsbInterface mouse_interfaces[] = {
    {0, 0, 3, 1, 2, 1, &endpoints[0], mouse_class, sizeof mouse_class},
    {0, 0, 3, 1, 2, 1, &endpoints[1], mouse_class, sizeof mouse_class},
};
static const UsbInterface tablet_interfaces[] = {
    {0, 0, 3, 0, 0, 1, &endpoints[0], tablet_class, sizeof tablet_class},
    {0, 0, 3, 0, 0, 1, &endpoints[1], tablet_class, sizeof tablet_class},
};
static const UsbConfig configs[] = {
    {1, USB_CONFIG_REMOTE_WAKEUP, 50, 1, &mouse_interfaces[0]},
    {1, USB_CONFIG_REMOTE_WAKEUP, 50, 1, &mouse_interfaces[1]},
    {1, USB_CONFIG_REMOTE_WAKEUP, 50, 1, &tablet_interfaces[0]},
    {1, USB_CONFIG_REMOTE_WAKEUP, 50, 1, &tablet_interfaces[1]},
};
static const UsbSpeedDescription speeds[] = {
    {0x0200, 8, &configs[0]},
    {0x0200, 64, &configs[1]},
    {0x0200, 8, &configs[2]},
    {0x0200, 64, &configs[3]},
};
static const UsbDescription mouse_description = {
    .vendor = 0x0627,
    .product = 0x0001,
    .manufacturer = "Vitrine",
    .product_name = "USB Mouse",
    .serial = "1",
    .speeds = {[USB_SPEED_FULL] = &speeds[0], [USB_SPEED_HIGH] = &speeds[1]},
};
static const UsbDescription tablet_description = {
    .vendor = 0x0627,
    .product = 0x0001,
    .manufacturer = "Vitrine",
    .product_name = "USB Tablet",
    .serial = "1",
    .speeds = {[USB_SPEED_FULL] = &speeds[2], [USB_SPEED_HIGH] = &speeds[3]},
};

#define POINTER_DEVICE(device_name, text, realize_fn)                              \
    {                                                                              \
        .name = device_name, .summary = text, .category = "Input", .bus = BUS_USB, \
        .size = sizeof(UsbPointer), .options = options, .state = &pointer_state,   \
        .realize = realize_fn, .unrealize = unrealize,                             \
    }

const UsbDeviceOps usb_mouse_ops = {
    .device = POINTER_DEVICE("usb-mouse", "USB mouse", mouse_realize),
    .description = &mouse_description,
    .bus_reset = hid_bus_reset,
    .configured = hid_configured,
    .control = hid_control,
    .transfer = hid_transfer,
    .is_urgent = hid_is_urgent,
};

const UsbDeviceOps usb_tablet_ops = {
    .device = POINTER_DEVICE("usb-tablet", "USB pointer that needs no grab", tablet_realize),
    .description = &tablet_description,
    .bus_reset = hid_bus_reset,
    .configured = hid_configured,
    .control = hid_control,
    .transfer = hid_transfer,
    .is_urgent = hid_is_urgent,
};

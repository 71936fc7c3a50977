/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IEEE 1284-1994, compatibility mode, with the register layout of the IBM PC's printer adapter.
 *
 * The printer is busy for a moment after each strobe and then pulses nAck; both are computed from
 * the guest clock when somebody looks. A timer runs only when the interrupt is enabled.
 */
#include "hw/char/parallel.h"

#include "core/char.h"
#include "core/error.h"
#include "core/machine.h"
#include "hw/char/line.h"
#include "hw/isa/isa.h"

enum { REG_DATA, REG_STATUS, REG_CONTROL, REGS };

#define STATUS_NIRQ   (1 << 2) /* 0: nAck has asked for an interrupt; reading sets it */
#define STATUS_NERROR (1 << 3)
#define STATUS_SELECT (1 << 4)
#define STATUS_NACK   (1 << 6)
#define STATUS_NBUSY  (1 << 7)
#define STATUS_UNUSED 0x03

/* A port with nothing plugged in: all lines are pulled up, and busy is inverted. */
#define STATUS_NOTHING 0x7f

#define CONTROL_STROBE (1 << 0)
#define CONTROL_NINIT  (1 << 2)
#define CONTROL_IRQ    (1 << 4)
#define CONTROL_INPUT  (1 << 5)
#define CONTROL_UNUSED 0xc0

#define BUSY_NS (5 * NS_PER_US)
#define ACK_NS  (5 * NS_PER_US)

typedef struct Parallel {
    Device dev;
    char *chardev;
    guint64 index;
    Chardev *chr; /* the printer; NULL = none */
    Region region;
    IrqLine irq;
    guint8 data, control;
    guint8 held; /* byte that the chardev has not taken yet */
    gboolean holding;
    gboolean acking; /* the acknowledge that began at `taken` counts */
    gboolean irq_latched;
    guint64 taken; /* guest time when the printer took the last byte */
    Timer ack;
} Parallel;

/* The printer has the byte: busy ends and nAck comes by itself. */
static void byte_taken(Parallel *port)
{
    port->holding = FALSE;
    port->acking = TRUE;
    port->taken = (guint64)clock_now(port->dev.machine->guest_clock);
    timer_cancel(&port->ack);
    if (port->control & CONTROL_IRQ) {
        timer_set_after(&port->ack, BUSY_NS + ACK_NS);
    }
}

static void parallel_writable(void *opaque)
{
    Parallel *port = opaque;

    if (port->holding && chardev_write(port->chr, &port->held, 1)) {
        byte_taken(port);
    }
}

/* nAck rises: the adapter's interrupt. */
static void ack_done(void *opaque)
{
    Parallel *port = opaque;

    if (port->control & CONTROL_IRQ) {
        port->irq_latched = TRUE;
        irq_pulse(&port->irq);
    }
}

static guint8 read_status(Parallel *port)
{
    guint64 since = (guint64)clock_now(port->dev.machine->guest_clock) - port->taken;
    guint8 status = STATUS_UNUSED | STATUS_NERROR | STATUS_SELECT | STATUS_NACK | STATUS_NBUSY;

    if (!port->chr) {
        return STATUS_NOTHING;
    }
    if (port->holding || !(port->control & CONTROL_NINIT) || (port->acking && since < BUSY_NS)) {
        status &= (guint8)~STATUS_NBUSY;
    } else if (port->acking && since < BUSY_NS + ACK_NS) {
        status &= (guint8)~STATUS_NACK;
    }
    if (!port->irq_latched) {
        status |= STATUS_NIRQ;
    }
    port->irq_latched = FALSE;
    return status;
}

static guint64 parallel_read(void *opaque, guint64 addr, guint size)
{
    Parallel *port = opaque;

    switch (addr) {
    case REG_DATA: return port->control & CONTROL_INPUT ? 0xff : port->data;
    case REG_STATUS: return read_status(port);
    default: return port->control | CONTROL_UNUSED;
    }
}

static void write_control(Parallel *port, guint8 value)
{
    guint8 rising = value & (guint8)~port->control;

    port->control = value & (guint8)~CONTROL_UNUSED;
    if (!(value & CONTROL_NINIT)) {
        /* The printer is reset and forgets what it was given. */
        port->holding = port->acking = FALSE;
        timer_cancel(&port->ack);
    } else if ((rising & CONTROL_STROBE) && port->chr && !port->holding) {
        port->held = port->data;
        port->holding = TRUE;
        parallel_writable(port);
    }
}

static void parallel_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    Parallel *port = opaque;

    if (addr == REG_DATA) {
        port->data = (guint8)value;
    } else if (addr == REG_CONTROL) {
        write_control(port, (guint8)value);
    }
}

static const IoOps parallel_io = {
    .read = parallel_read, .write = parallel_write, .min_size = 1, .max_size = 1};

static void parallel_receive(void *opaque, const guint8 *data, gsize length)
{
    /* Printers of the compatibility mode do not talk back. */
}

static void parallel_moved(void *opaque, Chardev *chr)
{
    ((Parallel *)opaque)->chr = chr;
}

static const CharUser parallel_user = {
    .receive = parallel_receive,
    .writable = parallel_writable,
    .moved = parallel_moved,
};

static void parallel_reset(Device *dev)
{
    Parallel *port = (Parallel *)dev;

    timer_cancel(&port->ack);
    port->data = 0;
    port->control = CONTROL_NINIT | (1 << 3);
    port->holding = port->acking = port->irq_latched = FALSE;
    irq_lower(&port->irq);
}

static void parallel_unrealize(Device *dev)
{
    Parallel *port = (Parallel *)dev;

    timer_cancel(&port->ack);
    if (port->chr) {
        chardev_detach(port->chr);
    }
    region_finish(&port->region);
}

static gboolean parallel_realize(Device *dev, GError **error)
{
    static const IsaResources places[] = {{0x378, 7}, {0x278, 7}, {0x3bc, 7}, {0, 0}};
    static const IsaResources place[][2] = {{{0x378, 7}}, {{0x278, 7}}, {{0x3bc, 7}}};
    Parallel *port = (Parallel *)dev;

    if (!isa_default_resources(dev, port->index < 3 ? place[port->index] : places, error)) {
        return FALSE;
    }
    port->chr = port->chardev ? char_line_open(dev, port->chardev, &parallel_user, error) : NULL;
    if (port->chardev && !port->chr) {
        return FALSE;
    }
    timer_init(&port->ack, dev->machine->guest_clock, ack_done, port);
    region_init_io(&port->region, "parallel", &parallel_io, port, REGS);
    device_publish_region(dev, &port->region);
    device_publish_irq(dev, &port->irq);
    return TRUE;
}

static const OptionSpec parallel_options[] = {
    {"chardev", OPTION_STRING, offsetof(Parallel, chardev), NULL,
     "id of the character device that is the printer"},
    {"index", OPTION_UINT, offsetof(Parallel, index), "255",
     "which of the usual places: 0 to 2, 255 = the first free one", 0, 255},
    OPTION_END,
};

static const StateField parallel_fields[] = {
    STATE_FIELD(U8, Parallel, data),
    STATE_FIELD(U8, Parallel, control),
    STATE_FIELD(U8, Parallel, held),
    STATE_FIELD(BOOL, Parallel, holding),
    STATE_FIELD(BOOL, Parallel, acking),
    STATE_FIELD(BOOL, Parallel, irq_latched),
    STATE_FIELD(U64, Parallel, taken),
    STATE_FIELD(TIMER, Parallel, ack),
    STATE_END,
};

static gboolean parallel_loaded(void *object, GError **error)
{
    Parallel *port = object;

    if (port->holding && !port->chr) {
        byte_taken(port); /* the printer is not there any more */
    }
    parallel_writable(port);
    return TRUE;
}

static const StateTable parallel_state = {
    .version = 1, .fields = parallel_fields, .loaded = parallel_loaded};

const DeviceOps isa_parallel_ops = {
    .name = "isa-parallel",
    .summary = "parallel port with a printer",
    .category = "Misc",
    .bus = BUS_ISA,
    .size = sizeof(Parallel),
    .options = parallel_options,
    .state = &parallel_state,
    .realize = parallel_realize,
    .unrealize = parallel_unrealize,
    .reset = parallel_reset,
};

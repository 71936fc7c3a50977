/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/intc/ioapic.h"

#include "core/machine.h"

/* Registers: Intel 82093AA datasheet (order 290566), chapter 3. */
#define IOREGSEL 0x00
#define IOWIN    0x10
#define IOEOI    0x40 /* version 20h: vector whose service has ended */

#define REG_ID  0x00
#define REG_VER 0x01
#define REG_ARB 0x02
#define REG_RED 0x10 /* two a pin */

#define RED_VECTOR       0xffull
#define RED_DELIVERY     (7ull << 8)
#define RED_DEST_LOGICAL (1ull << 11)
#define RED_STATUS       (1ull << 12) /* read-only; messages leave at once: always idle */
#define RED_POLARITY     (1ull << 13)
#define RED_REMOTE_IRR   (1ull << 14) /* read-only */
#define RED_LEVEL        (1ull << 15)
#define RED_MASK         (1ull << 16)
#define RED_DEST_SHIFT   56
#define RED_WRITABLE     (0xff00000000000000ull | 0x1ffffull)
#define RED_READ_ONLY    (RED_STATUS | RED_REMOTE_IRR)

#define DELIVERY_EXTINT 7

/* Interrupt messages: Intel SDM vol. 3, 11.11. */
#define MSI_ADDRESS      0xfee00000ull
#define MSI_DEST_SHIFT   12
#define MSI_DEST_LOGICAL (1u << 2)
#define MSI_ASSERT       (1u << 14)
#define MSI_LEVEL        (1u << 15)

typedef struct Ioapic {
    Device dev;
    Region mmio;
    guint64 version; /* option */
    guint8 select, id;
    guint32 lines; /* levels at the pins: 1 = asserted, whatever polarity the entry says */
    guint64 red[IOAPIC_PINS];
} Ioapic;

/* ---- messages ---- */

static guint64 message_address(guint64 red)
{
    return MSI_ADDRESS | (red >> RED_DEST_SHIFT) << MSI_DEST_SHIFT |
           (red & RED_DEST_LOGICAL ? MSI_DEST_LOGICAL : 0);
}

static guint32 message_data(guint64 red)
{
    guint32 data = (guint32)(red & (RED_VECTOR | RED_DELIVERY));

    return red & RED_LEVEL ? data | MSI_LEVEL | MSI_ASSERT : data;
}

static void send(Ioapic *s, guint pin)
{
    Accel *accel = s->dev.machine->accel;
    guint64 red = s->red[pin];

    /* ExtINT would fetch a vector from the 8259s, whose INTR has its own way to the processor. */
    if (accel && (red & RED_DELIVERY) >> 8 != DELIVERY_EXTINT) {
        accel->ops->send_msi(accel, message_address(red), message_data(red));
    }
}

/* A level-triggered pin sends when asserted, once until its EOI comes. */
static void service_level(Ioapic *s, guint pin)
{
    guint64 red = s->red[pin];

    if ((s->lines & (1u << pin)) && (red & RED_LEVEL) && !(red & (RED_MASK | RED_REMOTE_IRR))) {
        s->red[pin] |= RED_REMOTE_IRR;
        send(s, pin);
    }
}

static void ioapic_set_input(Device *dev, guint pin, int level)
{
    Ioapic *s = (Ioapic *)dev;
    guint32 bit = 1u << pin;
    gboolean edge = level && !(s->lines & bit);

    s->lines = level ? s->lines | bit : s->lines & ~bit;
    if (s->red[pin] & RED_LEVEL) {
        service_level(s, pin);
    } else if (edge && !(s->red[pin] & RED_MASK)) {
        send(s, pin); /* an edge at a masked pin is lost (datasheet 3.2.4, interrupt mask) */
    }
}

IrqLine ioapic_input(Device *dev, guint n)
{
    return device_input(dev, n);
}

/* Tells the accelerator what the pin will send, so that it reports the right EOIs. */
static void publish_route(Ioapic *s, guint pin)
{
    Accel *accel = s->dev.machine->accel;
    guint64 red = s->red[pin];

    if (accel && accel->ops->set_route) {
        accel->ops->set_route(accel, pin, message_address(red), message_data(red),
                              (red & RED_LEVEL) && !(red & RED_MASK));
    }
}

static void ioapic_eoi(void *opaque, guint vector)
{
    Ioapic *s = opaque;
    guint pin;

    for (pin = 0; pin < IOAPIC_PINS; pin++) {
        guint64 red = s->red[pin];

        if ((red & RED_VECTOR) == vector && (red & RED_LEVEL) && (red & RED_REMOTE_IRR)) {
            s->red[pin] &= ~RED_REMOTE_IRR;
            service_level(s, pin);
        }
    }
}

/* ---- registers ---- */

static guint32 read_window(Ioapic *s)
{
    guint pin = (s->select - REG_RED) / 2;

    switch (s->select) {
    case REG_ID:
    case REG_ARB: return (guint32)s->id << 24;
    case REG_VER: return (IOAPIC_PINS - 1) << 16 | (guint32)s->version;
    default:
        if (s->select < REG_RED || pin >= IOAPIC_PINS) {
            return 0;
        }
        return (guint32)(s->red[pin] >> (s->select & 1 ? 32 : 0));
    }
}

static void write_redirection(Ioapic *s, guint pin, gboolean high, guint32 value)
{
    guint64 red = s->red[pin];

    if (high) {
        red = (red & 0xffffffffull) | (guint64)value << 32;
    } else {
        red = (red & 0xffffffff00000000ull) | value;
    }
    red = (red & RED_WRITABLE & ~RED_READ_ONLY) | (s->red[pin] & RED_READ_ONLY);
    if (!(red & RED_LEVEL)) {
        red &= ~RED_REMOTE_IRR; /* without meaning for edges; software clears it this way */
    }
    s->red[pin] = red;
    publish_route(s, pin);
    service_level(s, pin);
}

static void write_window(Ioapic *s, guint32 value)
{
    guint pin = (s->select - REG_RED) / 2;

    if (s->select == REG_ID) {
        s->id = (value >> 24) & 0xf;
    } else if (s->select >= REG_RED && pin < IOAPIC_PINS) {
        write_redirection(s, pin, s->select & 1, value);
    } else if (s->select != REG_VER && s->select != REG_ARB) {
        device_warn_once(&s->dev, "write to an I/O APIC register that does not exist");
    }
}

static guint64 ioapic_read(void *opaque, guint64 addr, guint size)
{
    Ioapic *s = opaque;

    switch (addr & 0xff) {
    case IOREGSEL: return s->select;
    case IOWIN: return read_window(s);
    default: return 0;
    }
}

static void ioapic_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    Ioapic *s = opaque;

    switch (addr & 0xff) {
    case IOREGSEL: s->select = (guint8)value; break;
    case IOWIN: write_window(s, (guint32)value); break;
    case IOEOI:
        if (s->version >= 0x20) {
            ioapic_eoi(s, value & 0xff);
        }
        break;
    default: device_warn_once(&s->dev, "write beside the I/O APIC's registers");
    }
}

static const IoOps ioapic_io = {
    .read = ioapic_read,
    .write = ioapic_write,
    .min_size = 4,
    .max_size = 4,
};

/* ---- lifecycle ---- */

static void print_pin(const Ioapic *s, guint pin, GString *out)
{
    static const char *const delivery[] = {"fixed", "lowest", "SMI", "...",
                                           "NMI",   "INIT",   "...", "extINT"};
    guint64 red = s->red[pin];

    g_string_append_printf(
        out, "  pin %-2u 0x%016" G_GINT64_MODIFIER "x dest=%x vec=%-3u %s %-5s %-6s %-6s %s%s%s\n",
        pin, red, (guint)(red >> RED_DEST_SHIFT), (guint)(red & RED_VECTOR),
        red & RED_POLARITY ? "active-lo" : "active-hi", red & RED_LEVEL ? "level" : "edge",
        red & RED_MASK ? "masked" : "", delivery[(red & RED_DELIVERY) >> 8],
        red & RED_DEST_LOGICAL ? "logical" : "physical", red & RED_REMOTE_IRR ? " remote-irr" : "",
        s->lines & (1u << pin) ? " asserted" : "");
}

static void ioapic_info(Device *dev, GString *out)
{
    Ioapic *s = (Ioapic *)dev;
    guint pin;

    g_string_append_printf(out, "ioapic: ver=0x%x id=0x%02x sel=0x%02x\n", (guint)s->version, s->id,
                           s->select);
    for (pin = 0; pin < IOAPIC_PINS; pin++) {
        print_pin(s, pin, out);
    }
}

static void ioapic_reset(Device *dev)
{
    Ioapic *s = (Ioapic *)dev;
    guint pin;

    s->select = s->id = 0;
    for (pin = 0; pin < IOAPIC_PINS; pin++) {
        s->red[pin] = RED_MASK;
        publish_route(s, pin);
    }
}

static gboolean ioapic_realize(Device *dev, GError **error)
{
    Ioapic *s = (Ioapic *)dev;

    region_init_io(&s->mmio, "ioapic", &ioapic_io, s, 0x1000);
    device_publish_region(dev, &s->mmio);
    dev->machine->eoi = ioapic_eoi;
    dev->machine->eoi_opaque = s;
    return TRUE;
}

static void ioapic_unrealize(Device *dev)
{
    Ioapic *s = (Ioapic *)dev;

    dev->machine->eoi = NULL;
    region_remove(&s->mmio);
    region_finish(&s->mmio);
}

static gboolean ioapic_loaded(void *object, GError **error)
{
    Ioapic *s = object;
    guint pin;

    for (pin = 0; pin < IOAPIC_PINS; pin++) {
        publish_route(s, pin);
    }
    return TRUE;
}

static const OptionSpec ioapic_options[] = {
    {"version", OPTION_UINT, G_STRUCT_OFFSET(Ioapic, version), "0x20",
     "version register: 0x11 (82093AA) or 0x20 (with EOI register)", 0x11, 0x20, NULL},
    OPTION_END,
};

static const StateField ioapic_fields[] = {
    STATE_FIELD(U8, Ioapic, select),
    STATE_FIELD(U8, Ioapic, id),
    STATE_FIELD(U32, Ioapic, lines),
    STATE_ARRAY(U64, Ioapic, red),
    STATE_END,
};

static const StateTable ioapic_state = {1, ioapic_fields, ioapic_loaded};

const DeviceOps ioapic_ops = {
    .name = "ioapic",
    .part = "ioapic",
    .summary = "I/O APIC (82093AA)",
    .category = "Misc",
    .size = sizeof(Ioapic),
    .board_only = TRUE,
    .options = ioapic_options,
    .state = &ioapic_state,
    .realize = ioapic_realize,
    .unrealize = ioapic_unrealize,
    .reset = ioapic_reset,
    .info_topic = "pic",
    .info = ioapic_info,
    .inputs = IOAPIC_PINS,
    .set_input = ioapic_set_input,
};

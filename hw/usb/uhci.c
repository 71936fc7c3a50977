/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel Universal Host Controller Interface, Design Guide revision 1.1: registers and ports.
 */
#include "hw/usb/uhci.h"

#include "core/error.h"
#include "hw/usb/uhci-priv.h"

#define IO_BYTES 32

/* Registers (2.1). */
#define USBCMD    0x00
#define USBSTS    0x02
#define USBINTR   0x04
#define FRNUM     0x06
#define FRBASEADD 0x08
#define SOFMOD    0x0c
#define PORTSC    0x10

#define INTR_TIMEOUT (1 << 0)
#define INTR_RESUME  (1 << 1)
#define INTR_IOC     (1 << 2)
#define INTR_SHORT   (1 << 3)

#define PORT_CONNECT        (1 << 0)
#define PORT_CONNECT_CHANGE (1 << 1)
#define PORT_ENABLED        (1 << 2)
#define PORT_ENABLE_CHANGE  (1 << 3)
#define PORT_RESUME         (1 << 6)
#define PORT_ALWAYS         (1 << 7)
#define PORT_LOW_SPEED      (1 << 8)
#define PORT_RESET          (1 << 9)
#define PORT_SUSPEND        (1 << 12)

/* Configuration space (2.2). */
#define SBRN   0x60
#define LEGSUP 0xc0

/* ---- interrupts ---- */

void uhci_update_irq(Uhci *uhci)
{
    gboolean level =
        (uhci->status & STS_USBINT && ((uhci->ioc && uhci->enable & INTR_IOC) ||
                                       (uhci->is_short && uhci->enable & INTR_SHORT))) ||
        (uhci->status & STS_ERROR && uhci->enable & INTR_TIMEOUT) ||
        (uhci->status & STS_RESUME && uhci->enable & INTR_RESUME) ||
        uhci->status & (STS_HSE | STS_HCPE);

    pci_set_irq(&uhci->pci, level);
}

/* ---- ports ---- */

UsbDevice *uhci_find_device(Uhci *uhci, guint address)
{
    for (guint n = 0; n < UHCI_PORTS; n++) {
        UsbDevice *device =
            uhci->port_status[n] & PORT_ENABLED ? usb_port_find(&uhci->ports[n], address) : NULL;
        if (device) {
            return device;
        }
    }
    return NULL;
}

/* A sleeping bus hears of it. */
static void signal_resume(Uhci *uhci)
{
    uhci->status |= STS_RESUME;
    uhci_update_irq(uhci);
}

static void port_attach(UsbPort *port)
{
    Uhci *uhci = port->opaque;
    guint16 *status = &uhci->port_status[port->index];

    *status |= PORT_CONNECT | PORT_CONNECT_CHANGE;
    if (port->device->speed == USB_SPEED_LOW) {
        *status |= PORT_LOW_SPEED;
    }
    if (uhci->command & CMD_EGSM) {
        signal_resume(uhci);
    }
}

static void port_detach(UsbPort *port)
{
    Uhci *uhci = port->opaque;
    guint16 *status = &uhci->port_status[port->index];

    if (*status & PORT_ENABLED) {
        *status |= PORT_ENABLE_CHANGE;
    }
    *status &= ~(PORT_CONNECT | PORT_LOW_SPEED | PORT_ENABLED | PORT_SUSPEND | PORT_RESUME);
    *status |= PORT_CONNECT_CHANGE;
    if (uhci->command & CMD_EGSM) {
        signal_resume(uhci);
    }
}

static void port_wakeup(UsbPort *port, UsbDevice *device)
{
    Uhci *uhci = port->opaque;

    if (uhci->port_status[port->index] & PORT_SUSPEND) {
        uhci->port_status[port->index] |= PORT_RESUME;
    }
    signal_resume(uhci);
}

static void port_ready(UsbPort *port, UsbDevice *device, UsbToken token, guint endpoint)
{
    uhci_schedule_kick(port->opaque);
}

static const UsbPortOps port_ops = {port_attach, port_detach, port_wakeup, port_ready};

static void update_suspended(Uhci *uhci)
{
    for (guint n = 0; n < UHCI_PORTS; n++) {
        if (uhci->ports[n].device) {
            usb_device_set_suspended(uhci->ports[n].device, uhci->port_status[n] & PORT_SUSPEND ||
                                                                uhci->command & CMD_EGSM);
        }
    }
}

static void port_write(Uhci *uhci, guint n, guint16 value)
{
    guint16 before = uhci->port_status[n], now = before;

    now &= ~(value & (PORT_CONNECT_CHANGE | PORT_ENABLE_CHANGE));
    now &= ~(PORT_ENABLED | PORT_RESUME | PORT_RESET | PORT_SUSPEND);
    now |= value & (PORT_RESET | PORT_SUSPEND);
    if (value & PORT_RESET) {
        now &= ~PORT_SUSPEND;
    } else if (now & PORT_CONNECT) {
        now |= value & (PORT_ENABLED | PORT_RESUME);
    }
    if (before & PORT_RESUME && !(value & PORT_RESUME)) {
        now &= ~PORT_SUSPEND; /* the end of resume signalling */
    }
    uhci->port_status[n] = now;
    if (now & PORT_RESET && !(before & PORT_RESET)) {
        usb_port_reset(&uhci->ports[n]);
    }
    update_suspended(uhci);
}

/* ---- registers ---- */

static void reset_ports(Uhci *uhci)
{
    for (guint n = 0; n < UHCI_PORTS; n++) {
        UsbPort *port = &uhci->ports[n];

        uhci->port_status[n] = PORT_ALWAYS;
        if (port->device) {
            port_attach(port);
            usb_port_reset(port);
        }
    }
}

static void reset_controller(Uhci *uhci)
{
    uhci_schedule_stop(uhci);
    uhci_schedule_forget(uhci);
    uhci->command = uhci->enable = uhci->frame = 0;
    uhci->status = STS_HALTED;
    uhci->base = 0;
    uhci->sof = 64;
    uhci->ioc = uhci->is_short = FALSE;
    reset_ports(uhci);
    uhci_update_irq(uhci);
}

static void command_write(Uhci *uhci, guint16 value)
{
    guint16 before = uhci->command;

    if (value & CMD_HCRESET) {
        reset_controller(uhci);
        return;
    }
    if (value & CMD_GRESET && !(before & CMD_GRESET)) {
        reset_ports(uhci);
    }
    if (!(value & CMD_RUN) && before & CMD_RUN) {
        uhci_schedule_stop(uhci);
    }
    uhci->command = value & 0xff;
    if (value & CMD_RUN && !(before & CMD_RUN)) {
        uhci_schedule_start(uhci);
    }
    update_suspended(uhci);
}

static void status_write(Uhci *uhci, guint16 value)
{
    uhci->status &= ~(value & 0x1f);
    if (value & STS_USBINT) {
        uhci->ioc = uhci->is_short = FALSE;
    }
    uhci_update_irq(uhci);
}

static guint64 io_read(void *opaque, guint64 addr, guint size)
{
    Uhci *uhci = opaque;

    switch (addr) {
    case USBCMD: return uhci->command;
    case USBSTS: return uhci->status;
    case USBINTR: return uhci->enable;
    case FRNUM: return uhci_schedule_frame(uhci);
    case FRBASEADD: return uhci->base & 0xffff;
    case FRBASEADD + 2: return uhci->base >> 16;
    case SOFMOD: return uhci->sof;
    case PORTSC:
    case PORTSC + 2: return uhci->port_status[(addr - PORTSC) / 2];
    default: return 0xff7f; /* bit 7 clear: no third port */
    }
}

static void io_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    Uhci *uhci = opaque;

    switch (addr) {
    case USBCMD: command_write(uhci, (guint16)value); break;
    case USBSTS: status_write(uhci, (guint16)value); break;
    case USBINTR:
        uhci->enable = value & 0xf;
        uhci_update_irq(uhci);
        break;
    case FRNUM:
        if (uhci->status & STS_HALTED) {
            uhci->frame = value & 0x7ff;
        }
        break;
    case FRBASEADD: uhci->base = (uhci->base & 0xffff0000) | (value & 0xf000); break;
    case FRBASEADD + 2: uhci->base = (uhci->base & 0xf000) | (guint32)(value & 0xffff) << 16; break;
    case SOFMOD: uhci->sof = value & 0x7f; break;
    case PORTSC:
    case PORTSC + 2: port_write(uhci, (guint)(addr - PORTSC) / 2, (guint16)value); break;
    default: break;
    }
    uhci_schedule_kick(uhci);
}

static const IoOps io_ops = {io_read, io_write, .min_size = 2, .max_size = 2};

/* ---- lifecycle ---- */

static void leave_master(Uhci *uhci)
{
    for (guint n = 0; n < UHCI_PORTS; n++) {
        usb_companion_remove(&uhci->ports[n], (guint)uhci->first_port + n);
    }
}

static gboolean become_companion(Uhci *uhci, GError **error)
{
    Bus *bus = bus_find(uhci->pci.device.machine->root, uhci->master);

    if (!bus || bus->ops != &usb_bus_ops) {
        return error_set(error, "masterbus=%s: there is no such USB bus", uhci->master);
    }
    for (guint n = 0; n < UHCI_PORTS; n++) {
        if (!usb_companion_add((UsbBus *)bus, (guint)uhci->first_port + n, &uhci->ports[n],
                               &port_ops, n, uhci, error)) {
            g_prefix_error(error, "masterbus=%s,firstport=%u: ", uhci->master,
                           (guint)uhci->first_port);
            leave_master(uhci);
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean realize(Device *dev, GError **error)
{
    Uhci *uhci = (Uhci *)dev;

    if (uhci->master && !become_companion(uhci, error)) {
        return FALSE;
    }
    uhci_schedule_init(uhci);
    region_init_io(&uhci->io, "uhci", &io_ops, uhci, IO_BYTES);
    pci_register_bar(&uhci->pci, 4, PCI_BAR_IO, &uhci->io);
    uhci->pci.config[SBRN] = 0x10;
    uhci->pci.writable[LEGSUP] = 0xbf;
    uhci->pci.writable[LEGSUP + 1] = 0x20;
    uhci->pci.write_one_clear[LEGSUP + 1] = 0x8f;
    if (uhci->master) {
        return TRUE;
    }
    uhci->bus = usb_bus_create(dev);
    for (guint n = 0; n < UHCI_PORTS; n++) {
        usb_port_add(uhci->bus, &uhci->ports[n], NULL, n,
                     USB_SPEED_MASK(USB_SPEED_LOW) | USB_SPEED_MASK(USB_SPEED_FULL), &port_ops,
                     uhci);
    }
    return TRUE;
}

/* The bus and its devices are gone. */
static void unrealize(Device *dev)
{
    Uhci *uhci = (Uhci *)dev;

    uhci->command = 0; /* what goes wakes nobody */
    if (uhci->master) {
        leave_master(uhci);
    }
    uhci_schedule_finish(uhci);
    region_finish(&uhci->io);
}

static void reset(Device *dev)
{
    Uhci *uhci = (Uhci *)dev;

    uhci->pci.config[LEGSUP] = 0;
    uhci->pci.config[LEGSUP + 1] = 0x20;
    reset_controller(uhci);
}

static void info(Device *dev, GString *out)
{
    if (((Uhci *)dev)->bus) {
        usb_bus_info(((Uhci *)dev)->bus, out);
    }
}

/* What devices had kept is sent again: its descriptors are still active. */
static gboolean state_loaded(void *object, GError **error)
{
    Uhci *uhci = object;

    uhci_schedule_forget(uhci);
    uhci_update_irq(uhci);
    return TRUE;
}

static const StateField state_fields[] = {
    PCI_DEVICE_STATE,
    STATE_ARRAY(U16, Uhci, port_status),
    STATE_FIELD(U16, Uhci, command),
    STATE_FIELD(U16, Uhci, status),
    STATE_FIELD(U16, Uhci, enable),
    STATE_FIELD(U16, Uhci, frame),
    STATE_FIELD(U32, Uhci, base),
    STATE_FIELD(U8, Uhci, sof),
    STATE_FIELD(BOOL, Uhci, ioc),
    STATE_FIELD(BOOL, Uhci, is_short),
    STATE_FIELD(TIMER, Uhci, timer),
    STATE_FIELD(U64, Uhci, next_frame),
    STATE_FIELD(U32, Uhci, idle),
    STATE_END,
};
static const StateTable uhci_state = {1, state_fields, state_loaded};

static const OptionSpec options[] = {
    {"masterbus", OPTION_STRING, G_STRUCT_OFFSET(Uhci, master), NULL,
     "bus of the EHCI whose companion it is; unset: has a bus of its own"},
    {"firstport", OPTION_UINT, G_STRUCT_OFFSET(Uhci, first_port), "0",
     "with masterbus=: the first of its ports there, from 0", 0, 255},
    OPTION_END,
};

#define UHCI_OPS(device_name, text, id, pin, revision_id)                       \
    {                                                                           \
        .device = {.name = device_name,                                         \
                   .summary = text,                                             \
                   .category = "USB",                                           \
                   .bus = BUS_PCI,                                              \
                   .size = sizeof(Uhci),                                        \
                   .options = options,                                          \
                   .state = &uhci_state,                                        \
                   .realize = realize,                                          \
                   .unrealize = unrealize,                                      \
                   .reset = reset,                                              \
                   .info_topic = "usb",                                         \
                   .info = info},                                               \
        .vendor_id = PCI_VENDOR_INTEL, .device_id = id, .class_code = 0x0c0300, \
        .revision = revision_id, .interrupt_pin = pin,                          \
    }

const PciDeviceOps piix3_uhci_ops =
    UHCI_OPS("piix3-usb-uhci", "USB 1.1 controller of the PIIX3 (-usb on board pc)", 0x7020, 4, 1);
const PciDeviceOps piix4_uhci_ops =
    UHCI_OPS("piix4-usb-uhci", "USB 1.1 controller of the PIIX4", 0x7112, 4, 1);

/* ICH9: three for each EHCI, at functions 0 to 2 of slots 1d and 1a. */
#define ICH9_UHCI(n, id, pin) \
    UHCI_OPS("ich9-usb-uhci" n, "USB 1.1 controller " n " of the ICH9", id, pin, 3)

const PciDeviceOps ich9_uhci1_ops = ICH9_UHCI("1", 0x2934, 1);
const PciDeviceOps ich9_uhci2_ops = ICH9_UHCI("2", 0x2935, 2);
const PciDeviceOps ich9_uhci3_ops = ICH9_UHCI("3", 0x2936, 3);
const PciDeviceOps ich9_uhci4_ops = ICH9_UHCI("4", 0x2937, 1);
const PciDeviceOps ich9_uhci5_ops = ICH9_UHCI("5", 0x2938, 2);
const PciDeviceOps ich9_uhci6_ops = ICH9_UHCI("6", 0x2939, 3);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/usb/ehci.h"

#include "core/error.h"
#include "hw/usb/ehci-priv.h"

#define BAR_BYTES 4096

/* Capability registers (2.2). */
#define CAPLENGTH   0x00 /* and HCIVERSION */
#define HCSPARAMS   0x04
#define HCCPARAMS   0x08
#define OPERATIONAL 0x20

#define HCIVERSION 0x0100

#define EECP          0x68      /* where the capability of USBLEGSUP is */
#define HCC_LIST_SIZE (1u << 1) /* frame lists may be shorter than 1024 */
#define HCC_CACHES    (1u << 7) /* a frame is carried out as a whole */
#define HCS_PCC_SHIFT 8         /* ports a companion */
#define HCS_CC_SHIFT  12        /* companions */

/* Operational registers (2.3), from OPERATIONAL on. */
#define USBCMD           0x00
#define USBSTS           0x04
#define USBINTR          0x08
#define FRINDEX          0x0c
#define CTRLDSSEGMENT    0x10
#define PERIODICLISTBASE 0x14
#define ASYNCLISTADDR    0x18
#define CONFIGFLAG       0x40
#define PORTSC           0x44

#define FRINDEX_MASK      0x3fffu
#define THRESHOLD_DEFAULT (8u << 16)

/* Configuration space (2.1). */
#define SBRN        0x60
#define FLADJ       0x61
#define PORTWAKECAP 0x62
#define USBLEGSUP   0x68
#define LEGCTLSTS   0x6c

/* ---- guest memory ---- */

static gboolean outside(Ehci *ehci)
{
    device_warn_once(&ehci->pci.device,
                     "a structure lies where no memory is; the controller halts");
    ehci->status |= STS_HSE;
    ehci_schedule_stop(ehci);
    return FALSE;
}

gboolean ehci_read_data(Ehci *ehci, guint32 addr, guint8 *data, gsize length)
{
    return pci_dma_read(&ehci->pci, addr, data, length) || outside(ehci);
}

gboolean ehci_write_data(Ehci *ehci, guint32 addr, const guint8 *data, gsize length)
{
    return pci_dma_write(&ehci->pci, addr, data, length) || outside(ehci);
}

gboolean ehci_read(Ehci *ehci, guint32 addr, guint32 *words, guint count)
{
    if (!ehci_read_data(ehci, addr, (guint8 *)words, count * sizeof *words)) {
        return FALSE;
    }
    for (guint i = 0; i < count; i++) {
        words[i] = GUINT32_FROM_LE(words[i]);
    }
    return TRUE;
}

gboolean ehci_write(Ehci *ehci, guint32 addr, const guint32 *words, guint count)
{
    guint32 le[16];

    g_assert(count <= G_N_ELEMENTS(le));
    for (guint i = 0; i < count; i++) {
        le[i] = GUINT32_TO_LE(words[i]);
    }
    return ehci_write_data(ehci, addr, (const guint8 *)le, count * sizeof *le);
}

/* ---- interrupts ---- */

void ehci_update_irq(Ehci *ehci)
{
    pci_set_irq(&ehci->pci, (ehci->status & ehci->enable & STS_INTERRUPTS) != 0);
}

/* ---- registers ---- */

static void reset_controller(Ehci *ehci)
{
    ehci_schedule_stop(ehci);
    ehci_forget(ehci);
    ehci->command = THRESHOLD_DEFAULT;
    ehci->status = STS_HALTED;
    ehci->enable = ehci->config_flag = ehci->events = 0;
    ehci->periodic = ehci->async = ehci->stopped_at = 0;
    ehci_ports_reset(ehci);
    ehci_update_irq(ehci);
}

static void update_list_status(Ehci *ehci)
{
    ehci->status &= ~(STS_PERIODIC | STS_ASYNC);
    if (ehci->command & CMD_RUN) {
        ehci->status |= ehci->command & CMD_PERIODIC ? STS_PERIODIC : 0;
        ehci->status |= ehci->command & CMD_ASYNC ? STS_ASYNC : 0;
    }
}

static void command_write(Ehci *ehci, guint32 value)
{
    guint32 before = ehci->command;

    if (value & CMD_RESET) {
        reset_controller(ehci);
        return;
    }
    if (!(value & CMD_RUN) && before & CMD_RUN) {
        ehci_schedule_stop(ehci);
    }
    ehci->command = (value & CMD_KEPT) | (before & CMD_DOORBELL); /* it is answered, not undone */
    if (value & CMD_RUN && !(before & CMD_RUN)) {
        ehci_schedule_start(ehci);
    }
    update_list_status(ehci);
    ehci_schedule_kick(ehci);
}

static void config_flag_write(Ehci *ehci, guint32 value)
{
    if (ehci->config_flag != (value & 1)) {
        ehci->config_flag = value & 1;
        ehci_ports_route(ehci, ehci->config_flag);
    }
}

static guint32 capability_read(const Ehci *ehci, guint64 addr)
{
    guint companions = ehci_companions(ehci);

    switch (addr) {
    case CAPLENGTH: return OPERATIONAL | HCIVERSION << 16;
    case HCSPARAMS:
        return EHCI_PORTS | (companions ? EHCI_COMPANION_PORTS << HCS_PCC_SHIFT : 0) |
               companions << HCS_CC_SHIFT;
    case HCCPARAMS: return HCC_LIST_SIZE | HCC_CACHES | EECP << 8;
    default: return 0;
    }
}

static guint64 registers_read(void *opaque, guint64 addr, guint size)
{
    Ehci *ehci = opaque;

    if (addr < OPERATIONAL) {
        return capability_read(ehci, addr);
    }
    switch (addr - OPERATIONAL) {
    case USBCMD: return ehci->command;
    case USBSTS: ehci_update_rollover(ehci); return ehci->status;
    case USBINTR: return ehci->enable;
    case FRINDEX: return ehci_frindex(ehci);
    case CTRLDSSEGMENT: return 0; /* 32-bit addresses only */
    case PERIODICLISTBASE: return ehci->periodic;
    case ASYNCLISTADDR: return ehci->async;
    case CONFIGFLAG: return ehci->config_flag;
    default:
        addr -= OPERATIONAL + PORTSC;
        return addr < EHCI_PORTS * 4 ? ehci->port_status[addr / 4] : 0;
    }
}

static void registers_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    Ehci *ehci = opaque;
    guint32 word = (guint32)value;

    if (addr < OPERATIONAL || ehci->walking) {
        return; /* walking: a list leads to our own registers */
    }
    switch (addr - OPERATIONAL) {
    case USBCMD: command_write(ehci, word); break;
    case USBSTS:
        ehci_update_rollover(ehci);
        ehci->status &= ~(word & STS_INTERRUPTS);
        break;
    case USBINTR:
        ehci_update_rollover(ehci); /* what was before now is not to interrupt */
        ehci->enable = word & STS_INTERRUPTS;
        ehci_schedule_kick(ehci);
        break;
    case FRINDEX:
        if (!(ehci->command & CMD_RUN)) {
            ehci->stopped_at = word & FRINDEX_MASK;
        }
        break;
    case PERIODICLISTBASE: ehci->periodic = word & ~0xfffu; break;
    case ASYNCLISTADDR: ehci->async = word & LINK_ADDR; break;
    case CONFIGFLAG: config_flag_write(ehci, word); break;
    default:
        addr -= OPERATIONAL + PORTSC;
        if (addr < EHCI_PORTS * 4) {
            ehci_port_write(ehci, (guint)addr / 4, word);
        }
    }
    ehci_update_irq(ehci);
}

static const IoOps registers_ops = {registers_read, registers_write, .min_size = 4, .max_size = 4};

/* ---- lifecycle ---- */

/* 2.1.7: there is no system management mode here, so that the firmware never owns the controller
 * and nobody hears of what LEGCTLSTS asks for. */
static void init_config(PciDevice *pci)
{
    pci->config[SBRN] = 0x20;
    pci->config[FLADJ] = 0x20;
    pci->writable[FLADJ] = 0x3f;
    pci_set_word(pci, PORTWAKECAP, 0x7f);
    pci->writable[PORTWAKECAP] = 0x7f;
    pci_set_long(pci, USBLEGSUP, 1); /* the only extended capability */
    pci->writable[USBLEGSUP + 2] = 1;
    pci->writable[USBLEGSUP + 3] = 1;
    pci->writable[LEGCTLSTS] = 0x3f;
    pci->writable[LEGCTLSTS + 1] = 0xe0;
    pci->write_one_clear[LEGCTLSTS + 3] = 0xe0;
}

static gboolean realize(Device *dev, GError **error)
{
    Ehci *ehci = (Ehci *)dev;

    region_init_io(&ehci->bar, "ehci", &registers_ops, ehci, BAR_BYTES);
    pci_register_bar(&ehci->pci, 0, PCI_BAR_MEM32, &ehci->bar);
    init_config(&ehci->pci);
    ehci_schedule_init(ehci);
    ehci->bus = usb_bus_create(dev);
    ehci_ports_init(ehci);
    return TRUE;
}

/* The bus and its devices are gone. */
static void unrealize(Device *dev)
{
    Ehci *ehci = (Ehci *)dev;

    ehci_ports_finish(ehci);
    ehci_schedule_finish(ehci);
    region_finish(&ehci->bar);
}

static void reset(Device *dev)
{
    Ehci *ehci = (Ehci *)dev;

    ehci->pci.config[FLADJ] = 0x20;
    ehci->pci.config[PORTWAKECAP] = 0x7f;
    pci_set_long(&ehci->pci, USBLEGSUP, 1);
    pci_set_long(&ehci->pci, LEGCTLSTS, 0);
    reset_controller(ehci);
}

static void info(Device *dev, GString *out)
{
    usb_bus_info(((Ehci *)dev)->bus, out);
}

/* What devices had kept is sent again: its descriptors are still active. */
static gboolean state_loaded(void *object, GError **error)
{
    Ehci *ehci = object;

    ehci_forget(ehci);
    ehci_ports_loaded(ehci);
    ehci_update_irq(ehci);
    return TRUE;
}

static const StateField state_fields[] = {
    PCI_DEVICE_STATE,
    STATE_ARRAY(U32, Ehci, port_status),
    STATE_FIELD(U32, Ehci, command),
    STATE_FIELD(U32, Ehci, status),
    STATE_FIELD(U32, Ehci, enable),
    STATE_FIELD(U32, Ehci, config_flag),
    STATE_FIELD(U32, Ehci, periodic),
    STATE_FIELD(U32, Ehci, async),
    STATE_FIELD(U64, Ehci, epoch),
    STATE_FIELD(U64, Ehci, next_frame),
    STATE_FIELD(U64, Ehci, rollover_seen),
    STATE_FIELD(U32, Ehci, stopped_at),
    STATE_FIELD(U32, Ehci, idle),
    STATE_FIELD(TIMER, Ehci, timer),
    STATE_END,
};
static const StateTable ehci_state = {1, state_fields, state_loaded};

#define EHCI_OPS(device_name, text, id, revision_id)                            \
    {                                                                           \
        .device = {.name = device_name,                                         \
                   .summary = text,                                             \
                   .category = "USB",                                           \
                   .bus = BUS_PCI,                                              \
                   .size = sizeof(Ehci),                                        \
                   .state = &ehci_state,                                        \
                   .realize = realize,                                          \
                   .unrealize = unrealize,                                      \
                   .reset = reset,                                              \
                   .info_topic = "usb",                                         \
                   .info = info},                                               \
        .vendor_id = PCI_VENDOR_INTEL, .device_id = id, .class_code = 0x0c0320, \
        .revision = revision_id, .interrupt_pin = 4,                            \
    }

const PciDeviceOps usb_ehci_ops =
    EHCI_OPS("usb-ehci", "USB 2 controller (of the ICH4)", 0x24cd, 0x10);
const PciDeviceOps ich9_ehci1_ops =
    EHCI_OPS("ich9-usb-ehci1", "USB 2 controller of the ICH9, its first", 0x293a, 0x03);
const PciDeviceOps ich9_ehci2_ops =
    EHCI_OPS("ich9-usb-ehci2", "USB 2 controller of the ICH9, its second", 0x293c, 0x03);

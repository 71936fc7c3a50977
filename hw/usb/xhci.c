/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/usb/xhci.h"

#include "core/error.h"
#include "hw/pci/msi.h"
#include "hw/pci/pcie.h"
#include "hw/usb/xhci-priv.h"

#define MFINDEX_NS   125000
#define MFINDEX_MASK 0x3fff
#define SBRN         0x60 /* configuration space (5.2.3) */

gboolean xhci_is_running(const Xhci *xhci)
{
    return xhci->command & CMD_RUN;
}

gint64 xhci_now(const Xhci *xhci)
{
    return clock_now(xhci->pci.device.machine->guest_clock);
}

/* ---- guest memory ---- */

static void stop(Xhci *xhci)
{
    xhci->command &= ~CMD_RUN;
    xhci->status |= STS_HALTED;
    timer_cancel(&xhci->go_on);
    timer_cancel(&xhci->wrap);
}

void xhci_host_error(Xhci *xhci, const char *what)
{
    device_warn_once(&xhci->pci.device, what);
    xhci->status |= STS_HSE;
    stop(xhci);
}

gboolean xhci_read_words(Xhci *xhci, guint64 addr, guint32 *words, guint count)
{
    if (!pci_dma_read(&xhci->pci, addr, words, count * sizeof *words)) {
        xhci_host_error(xhci, "a structure lies where no memory is; the controller halts");
        return FALSE;
    }
    for (guint i = 0; i < count; i++) {
        words[i] = GUINT32_FROM_LE(words[i]);
    }
    return TRUE;
}

gboolean xhci_write_words(Xhci *xhci, guint64 addr, const guint32 *words, guint count)
{
    guint32 le[CONTEXT_WORDS];

    g_assert(count <= G_N_ELEMENTS(le));
    for (guint i = 0; i < count; i++) {
        le[i] = GUINT32_TO_LE(words[i]);
    }
    if (!pci_dma_write(&xhci->pci, addr, le, count * sizeof *le)) {
        xhci_host_error(xhci, "a structure lies where no memory is; the controller halts");
        return FALSE;
    }
    return TRUE;
}

gboolean xhci_ring_peek(Xhci *xhci, XhciRing *ring, XhciTrb *trb)
{
    guint32 words[4];

    for (guint links = 0;; links++) {
        xhci->reads++;
        if (!xhci_read_words(xhci, ring->dequeue, words, 4) ||
            !(words[3] & TRB_CYCLE) != !ring->cycle) {
            return FALSE;
        }
        *trb = (XhciTrb){words[0] | (guint64)words[1] << 32, words[2], words[3], ring->dequeue};
        if (xhci_trb_type(trb) != TRB_LINK) {
            return TRUE;
        }
        if (links == XHCI_LINKS_MAX) {
            xhci_host_error(xhci, "a ring has nothing but links; the controller halts");
            return FALSE;
        }
        ring->dequeue = trb->parameter & ~15ull;
        ring->cycle ^= (trb->control & TRB_TOGGLE) != 0;
    }
}

/* ---- going on ---- */

void xhci_go_on_later(Xhci *xhci, gint64 at)
{
    if (!timer_pending(&xhci->go_on) || xhci->go_on.expire > at) {
        timer_set(&xhci->go_on, at);
    }
}

static void go_on_slot(XhciSlot *slot)
{
    for (guint id = 0; slot->enabled && id < XHCI_ENDPOINTS; id++) {
        if (slot->endpoints[id].go_on) {
            xhci_endpoint_run(&slot->endpoints[id]);
        }
    }
}

/* Slots in turn, as many as there is time for. */
static void go_on(void *opaque)
{
    Xhci *xhci = opaque;
    guint start = xhci->reads;

    if (xhci->command_running) {
        xhci_run_commands(xhci);
    }
    for (guint n = 0; n < xhci->slot_count && xhci_is_running(xhci); n++) {
        if (xhci->reads - start > XHCI_READS_MAX) {
            xhci_go_on_later(xhci, xhci_now(xhci) + XHCI_GO_ON_NS);
            return;
        }
        xhci->go_on_slot = (xhci->go_on_slot + 1) % (guint)xhci->slot_count;
        go_on_slot(&xhci->slots[xhci->go_on_slot]);
    }
}

/* ---- time ---- */

static guint32 mfindex(const Xhci *xhci)
{
    if (!xhci_is_running(xhci)) {
        return 0;
    }
    return (guint32)((xhci_now(xhci) - (gint64)xhci->mfindex_start) / MFINDEX_NS) & MFINDEX_MASK;
}

static void update_wrap(Xhci *xhci)
{
    gint64 period = (gint64)(MFINDEX_MASK + 1) * MFINDEX_NS;
    gint64 ran = xhci_now(xhci) - (gint64)xhci->mfindex_start;

    if (xhci_is_running(xhci) && xhci->command & CMD_WRAP_EVENT) {
        timer_set(&xhci->wrap, (gint64)xhci->mfindex_start + (ran / period + 1) * period);
    } else {
        timer_cancel(&xhci->wrap);
    }
}

static void wrapped(void *opaque)
{
    Xhci *xhci = opaque;

    xhci_event(xhci, 0, 0, (guint32)CC_SUCCESS << 24, TRB_WRAP_EVENT << TRB_TYPE_SHIFT);
    update_wrap(xhci);
}

/* ---- registers ---- */

static void reset_controller(Xhci *xhci)
{
    stop(xhci);
    xhci_slots_reset(xhci);
    xhci->command = 0;
    xhci->status = STS_HALTED;
    xhci->notifications = xhci->config = 0;
    xhci->dcbaap = 0;
    xhci->commands = (XhciRing){0};
    xhci->command_running = FALSE;
    xhci->saved = FALSE;
    xhci_events_reset(xhci);
    xhci_ports_reset(xhci);
}

static void start(Xhci *xhci)
{
    xhci->status &= ~STS_HALTED;
    xhci->mfindex_start = (guint64)xhci_now(xhci);
    xhci_ports_started(xhci);
    /* Endpoints that were running when the controller was stopped. */
    for (guint n = 0; n < xhci->slot_count; n++) {
        for (guint id = 0; xhci->slots[n].enabled && id < XHCI_ENDPOINTS; id++) {
            xhci->slots[n].endpoints[id].go_on = TRUE;
        }
    }
    xhci_go_on_later(xhci, xhci_now(xhci));
}

static void restore(Xhci *xhci)
{
    if (xhci->saved) {
        xhci_events_restore(xhci);
    } else {
        xhci->status |= STS_RESTORE_ERROR;
    }
}

static void command_write(Xhci *xhci, guint32 value)
{
    guint32 before = xhci->command;

    if (value & (CMD_RESET | CMD_LIGHT_RESET)) {
        reset_controller(xhci);
        return;
    }
    xhci->command = value & CMD_KEPT;
    if (value & CMD_RUN && !(before & CMD_RUN)) {
        if (xhci->status & STS_HCE) {
            xhci->command &= ~CMD_RUN; /* only a reset helps */
        } else {
            start(xhci);
        }
    } else if (!(value & CMD_RUN) && before & CMD_RUN) {
        stop(xhci);
        xhci->command_running = FALSE;
    }
    if (value & CMD_SAVE) {
        xhci->saved = TRUE; /* nothing is lost while there is power */
        xhci_events_save(xhci);
    }
    if (value & CMD_RESTORE) {
        restore(xhci);
    }
    update_wrap(xhci);
    xhci_update_interrupts(xhci);
}

static guint32 protocol_read(const Xhci *xhci, guint64 addr)
{
    guint n = (guint)(addr - XECP) / 16; /* 0: USB 2 */
    guint first = n ? (guint)xhci->p2 : 0, count = (guint)(n ? xhci->p3 : xhci->p2);

    switch (addr & 12) {
    case 0: return XECP_PROTOCOL | (n ? 0 : 4) << 8 | (n ? 3u : 2u) << 24;
    case 4: return PROTOCOL_USB;
    case 8: return (first + 1) | count << 8;
    default: return 0;
    }
}

static guint32 capability_read(const Xhci *xhci, guint64 addr)
{
    switch (addr) {
    case CAPLENGTH: return XHCI_OPERATIONAL | HCIVERSION << 16;
    case HCSPARAMS1:
        return (guint32)(xhci->slot_count | xhci->interrupt_count << 8 |
                         (xhci->p2 + xhci->p3) << 24);
    case HCSPARAMS2: return 0xf | ERST_MAX_ORDER << 4;
    case HCCPARAMS1: return CAP_64BIT | CAP_NO_SID | XECP / 4 << 16;
    case DBOFF: return XHCI_DOORBELLS;
    case RTSOFF: return XHCI_RUNTIME;
    default: return addr >= XECP && addr < XECP + 32 ? protocol_read(xhci, addr) : 0;
    }
}

static guint32 operational_read(const Xhci *xhci, guint64 reg)
{
    switch (reg) {
    case USBCMD: return xhci->command;
    case USBSTS: return xhci->status;
    case PAGESIZE: return 1; /* 4 KiB */
    case DNCTRL: return xhci->notifications;
    case CRCR: return xhci->command_running ? CRCR_RUNNING : 0; /* the rest reads as zero */
    case DCBAAP: return (guint32)xhci->dcbaap;
    case DCBAAP_HI: return (guint32)(xhci->dcbaap >> 32);
    case CONFIG: return xhci->config;
    default: return 0;
    }
}

static void operational_write(Xhci *xhci, guint64 reg, guint32 value)
{
    switch (reg) {
    case USBCMD: command_write(xhci, value); break;
    case USBSTS: xhci->status &= ~(value & STS_CLEARED); break;
    case DNCTRL: xhci->notifications = value & 0xffff; break;
    case CRCR: xhci_crcr_write(xhci, value); break;
    case CRCR_HI:
        if (!xhci->command_running) {
            xhci->commands.dequeue = (guint32)xhci->commands.dequeue | (guint64)value << 32;
        }
        break;
    case DCBAAP: xhci->dcbaap = (xhci->dcbaap & ~(guint64)G_MAXUINT32) | (value & ~63u); break;
    case DCBAAP_HI: xhci->dcbaap = (guint32)xhci->dcbaap | (guint64)value << 32; break;
    case CONFIG: xhci->config = MIN(value & 0xff, (guint32)xhci->slot_count); break;
    default: break;
    }
}

static void doorbell_write(Xhci *xhci, guint n, guint32 value)
{
    guint target = value & 0xff;
    XhciSlot *slot;

    if (!xhci_is_running(xhci)) {
        return;
    }
    if (n == 0) {
        if (target == 0) {
            xhci->command_running = TRUE;
            xhci_run_commands(xhci);
        }
        return;
    }
    slot = xhci_slot(xhci, n);
    if (slot && target >= 1 && target <= XHCI_ENDPOINTS) {
        xhci_endpoint_doorbell(&slot->endpoints[target - 1]);
    }
}

static guint64 registers_read(void *opaque, guint64 addr, guint size)
{
    Xhci *xhci = opaque;

    if (addr < XHCI_OPERATIONAL) {
        return capability_read(xhci, addr);
    }
    if (addr < XHCI_PORTS) {
        return operational_read(xhci, addr - XHCI_OPERATIONAL);
    }
    if (addr < XHCI_RUNTIME) {
        guint n = (guint)(addr - XHCI_PORTS) / 16;
        return n < xhci->p2 + xhci->p3 ? xhci_port_read(xhci, n, addr & 15) : 0;
    }
    if (addr == XHCI_RUNTIME + MFINDEX) {
        return mfindex(xhci);
    }
    if (addr >= XHCI_INTERRUPTERS && addr < XHCI_DOORBELLS) {
        guint n = (guint)(addr - XHCI_INTERRUPTERS) / 32;
        return n < xhci->interrupt_count ? xhci_interrupter_read(xhci, n, addr & 31) : 0;
    }
    return 0;
}

static void registers_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    Xhci *xhci = opaque;
    guint32 word = (guint32)value;

    if (addr >= XHCI_DOORBELLS) {
        doorbell_write(xhci, (guint)(addr - XHCI_DOORBELLS) / 4, word);
    } else if (addr >= XHCI_INTERRUPTERS) {
        guint n = (guint)(addr - XHCI_INTERRUPTERS) / 32;
        if (n < xhci->interrupt_count) {
            xhci_interrupter_write(xhci, n, addr & 31, word);
        }
    } else if (addr >= XHCI_PORTS && addr < XHCI_RUNTIME) {
        guint n = (guint)(addr - XHCI_PORTS) / 16;
        if (n < xhci->p2 + xhci->p3) {
            xhci_port_write(xhci, n, addr & 15, word);
        }
    } else if (addr >= XHCI_OPERATIONAL && addr < XHCI_PORTS) {
        operational_write(xhci, addr - XHCI_OPERATIONAL, word);
    }
}

static const IoOps registers_ops = {registers_read, registers_write, .min_size = 4, .max_size = 4};

/* ---- lifecycle ---- */

static gboolean realize(Device *dev, GError **error)
{
    Xhci *xhci = (Xhci *)dev;

    if (xhci->p2 + xhci->p3 == 0) {
        return error_set(error, "qemu-xhci: p2=0,p3=0 leaves no port; use 1 to %u", XHCI_PORTS_MAX);
    }
    timer_init(&xhci->go_on, dev->machine->guest_clock, go_on, xhci);
    timer_init(&xhci->wrap, dev->machine->guest_clock, wrapped, xhci);
    region_init_container(&xhci->bar, "xhci", XHCI_BAR_BYTES);
    region_init_io(&xhci->registers, "xhci-registers", &registers_ops, xhci, XHCI_REGISTERS_END);
    region_add(&xhci->bar, 0, &xhci->registers, 0);
    pci_register_bar(&xhci->pci, 0, PCI_BAR_MEM64, &xhci->bar);
    xhci->pci.config[SBRN] = 0x30;
    xhci->pci.next_capability = 0x70; /* behind SBRN, FLADJ */
    if (xhci->use_msi) {
        msi_init(&xhci->pci, XHCI_INTERRUPTS, FALSE);
    }
    if (xhci->use_msix) {
        msix_init(&xhci->msix, &xhci->pci, (guint)xhci->interrupt_count, 0, &xhci->bar,
                  XHCI_MSIX_TABLE, XHCI_MSIX_PENDING);
    }
    pcie_init_endpoint(&xhci->pci, TRUE);
    xhci->bus = usb_bus_create(dev);
    xhci_slots_init(xhci);
    xhci_events_init(xhci);
    xhci_ports_init(xhci);
    return TRUE;
}

/* The bus and its devices are gone. */
static void unrealize(Device *dev)
{
    Xhci *xhci = (Xhci *)dev;

    if (!xhci->bus) {
        return;
    }
    xhci_slots_reset(xhci);
    xhci_events_reset(xhci);
    stop(xhci);
    msix_finish(&xhci->msix);
    region_remove(&xhci->registers);
    region_finish(&xhci->registers);
    region_finish(&xhci->bar);
}

static void reset(Device *dev)
{
    reset_controller((Xhci *)dev);
}

static void info(Device *dev, GString *out)
{
    usb_bus_info(((Xhci *)dev)->bus, out);
}

static const OptionSpec options[] = {
    {"p2", OPTION_UINT, G_STRUCT_OFFSET(Xhci, p2), "4", "USB 2 ports", 0, XHCI_PORTS_MAX},
    {"p3", OPTION_UINT, G_STRUCT_OFFSET(Xhci, p3), "4", "USB 3 ports", 0, XHCI_PORTS_MAX},
    {"slots", OPTION_UINT, G_STRUCT_OFFSET(Xhci, slot_count), "64", "how many devices", 1,
     XHCI_SLOTS},
    {"intrs", OPTION_UINT, G_STRUCT_OFFSET(Xhci, interrupt_count), "16", "interrupters", 1,
     XHCI_INTERRUPTS},
    {"msi", OPTION_BOOL, G_STRUCT_OFFSET(Xhci, use_msi), "off", "message signalled interrupts"},
    {"msix", OPTION_BOOL, G_STRUCT_OFFSET(Xhci, use_msix), "on", "MSI-X"},
    OPTION_END,
};

const PciDeviceOps qemu_xhci_ops = {
    .device = {.name = "qemu-xhci",
               .summary = "USB 3 controller",
               .category = "USB",
               .bus = BUS_PCI,
               .size = sizeof(Xhci),
               .options = options,
               .state = &xhci_state,
               .realize = realize,
               .unrealize = unrealize,
               .reset = reset,
               .info_topic = "usb",
               .info = info},
    .vendor_id = 0x1b36,
    .device_id = 0x000d,
    .class_code = 0x0c0330,
    .revision = 1,
    .interrupt_pin = 1,
};

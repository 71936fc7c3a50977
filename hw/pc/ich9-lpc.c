/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The LPC interface bridge (ICH9 datasheet, chapter 13) and root complex registers (chapter 10). */
#include <string.h>

#include "hw/pc/ich9-priv.h"

/* Configuration space. */
#define PMBASE      0x40 /* 4 bytes; bit 0 is fixed at 1 */
#define ACPI_CNTL   0x44
#define GPIOBASE    0x48
#define GPIO_CNTL   0x4c
#define PIRQA       0x60 /* to 63h: route control of PIRQA..D */
#define SERIRQ_CNTL 0x64
#define PIRQE       0x68 /* to 6Bh */
#define LPC_IO_DEC  0x80
#define GEN_PMCON_1 0xa0 /* to ABh */
#define BIOS_CNTL   0xdc
#define RCBA        0xf0 /* 4 bytes */

#define ACPI_CNTL_ENABLE  0x80
#define ACPI_CNTL_SCI_SEL 0x07

#define PIRQ_DISABLE 0x80
#define PIRQ_IRQ     0x0f
#define PIRQS        8

#define RCBA_ENABLE 0x1
#define RCBA_SIZE   0x4000

/* Root complex registers, from 3000h on: the only ones that anybody looks for. */
#define RCRB_FIRST    0x3000
#define RCRB_BYTES    0x1000
#define D31IR         0x3140
#define D29IR         0x3144
#define D28IR         0x3146
#define D27IR         0x3148
#define D26IR         0x314c
#define D25IR         0x3150
#define GCS           0x3410
#define ROUTE_DEFAULT 0x3210 /* INTA to PIRQA, ... */

#define GCS_NO_REBOOT 0x20

#define RCR_SRST 0x02 /* hard reset rather than INIT */
#define RCR_RCPU 0x04 /* its rise resets */
#define RCR_FULL 0x08 /* cycles the power, too */

#define GSIS          24
#define GSI_PIRQ      16
#define ROUTABLE_IRQS 0xdef8u /* 3-7, 9-12, 14, 15 */

typedef struct Ich9Lpc {
    PciDevice pci;
    Ich9Pm pm;
    IsaBus *isa;
    PciHost *host;     /* has our reset control behind CF8h, or NULL */
    PciBus *routed;    /* whose pins our registers route; ours */
    IrqLine out[GSIS]; /* to the interrupt controllers */
    Region rcba;       /* what is at RCBA */
    guint8 rcrb[RCRB_BYTES];
    guint32 gsi_levels; /* what devices of the board say */
    guint8 pirq_levels; /* bit n = PIRQ n is asserted */
    gboolean sci_level;
    guint32 out_levels;
    guint8 reset_control;
    gboolean no_reboot; /* option: the strap */
} Ich9Lpc;

/* ---- interrupt routing ---- */

static guint sci_gsi(const Ich9Lpc *lpc)
{
    static const guint8 gsis[8] = {9, 10, 11, 9, 20, 21, 20, 21};

    return gsis[lpc->pci.config[ACPI_CNTL] & ACPI_CNTL_SCI_SEL];
}

static guint8 route_control(const Ich9Lpc *lpc, guint pirq)
{
    return lpc->pci.config[pirq < 4 ? PIRQA + pirq : PIRQE + pirq - 4];
}

/* A PIRQ reaches its own input of the I/O APIC, and the ISA line that its register names. */
static guint32 routed_levels(const Ich9Lpc *lpc)
{
    guint32 levels = (guint32)lpc->pirq_levels << GSI_PIRQ;

    for (guint i = 0; i < PIRQS; i++) {
        guint8 route = route_control(lpc, i);
        if ((lpc->pirq_levels >> i & 1) && !(route & PIRQ_DISABLE)) {
            levels |= (1u << (route & PIRQ_IRQ)) & ROUTABLE_IRQS;
        }
    }
    return levels | (lpc->sci_level ? 1u << sci_gsi(lpc) : 0);
}

static void update_irqs(Ich9Lpc *lpc)
{
    guint32 levels = lpc->gsi_levels | routed_levels(lpc);
    guint32 changed = levels ^ lpc->out_levels;

    lpc->out_levels = levels;
    for (guint n = 0; changed; n++, changed >>= 1) {
        if (changed & 1) {
            irq_set(&lpc->out[n], levels >> n & 1);
        }
    }
}

static void set_gsi(void *opaque, guint n, int level)
{
    Ich9Lpc *lpc = opaque;
    lpc->gsi_levels = (lpc->gsi_levels & ~(1u << n)) | (level ? 1u : 0) << n;
    update_irqs(lpc);
}

static void set_sci(void *opaque, guint n, int level)
{
    Ich9Lpc *lpc = opaque;
    lpc->sci_level = level != 0;
    update_irqs(lpc);
}

static void set_pirq(Device *dev, guint n, int level)
{
    Ich9Lpc *lpc = (Ich9Lpc *)dev;
    lpc->pirq_levels = (guint8)((lpc->pirq_levels & ~(1u << n)) | (level ? 1u : 0) << n);
    update_irqs(lpc);
}

/* Offset of the route register of a slot, 0 for those without. */
static guint route_register(guint slot)
{
    switch (slot) {
    case 25: return D25IR;
    case 26: return D26IR;
    case 27: return D27IR;
    case 28: return D28IR;
    case 29: return D29IR;
    case 31: return D31IR;
    default: return 0;
    }
}

/*
 * The chip's own devices have registers (10.1.41 on). For the others, which on a real board are
 * functions of the MCH or do not exist, wiring is ours: rotating with the slot, on PIRQE-H; the
 * bridge of conventional PCI at 1e has them in order.
 */
guint ich9_lpc_map_irq(const PciBus *bus, guint slot, guint pin)
{
    const Ich9Lpc *lpc = bus->map_opaque;
    guint at = route_register(slot);

    if (at) {
        guint16 route = (guint16)(lpc->rcrb[at - RCRB_FIRST] | lpc->rcrb[at - RCRB_FIRST + 1] << 8);
        return route >> (pin * 4) & 7;
    }
    return 4 + (slot == 30 ? pin : (slot + pin) & 3);
}

/* ---- root complex registers ---- */

static guint64 rcba_read(void *opaque, guint64 addr, guint size)
{
    const Ich9Lpc *lpc = opaque;
    return addr >= RCRB_FIRST ? lpc->rcrb[addr - RCRB_FIRST] : 0;
}

static void rcba_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    Ich9Lpc *lpc = opaque;

    if (addr < RCRB_FIRST) {
        return;
    }
    if (addr == GCS && lpc->no_reboot) {
        value |= GCS_NO_REBOOT; /* the strap cannot be overridden (10.1.75) */
    }
    lpc->rcrb[addr - RCRB_FIRST] = (guint8)value;
    if (addr >= D31IR && addr < D25IR + 2 && lpc->routed) {
        pci_bus_reroute(lpc->routed);
    }
}

static const IoOps rcba_ops = {rcba_read, rcba_write, 1, 1};

static gboolean no_reboot(const Device *dev)
{
    return ((const Ich9Lpc *)dev)->rcrb[GCS - RCRB_FIRST] & GCS_NO_REBOOT;
}

static void tco_timed_out(Device *dev)
{
    Ich9Pm *pm = &((Ich9Lpc *)dev)->pm;

    if (pm->smi_enable & ICH9_SMI_EN_TCO) {
        pm->smi_status |= ICH9_SMI_TCO;
    }
}

/* ---- configuration ---- */

static void place(Region *parent, Region *region, guint64 base, gboolean enabled)
{
    gboolean fits = enabled && base != 0;

    if (region->parent && (!fits || region->addr != base)) {
        region_remove(region);
    }
    if (fits && !region->parent) {
        region_add(parent, base, region, 1);
    }
}

static void update_windows(Ich9Lpc *lpc)
{
    PciDevice *pci = &lpc->pci;
    Machine *machine = pci->device.machine;
    guint32 rcba = pci_get_long(pci, RCBA);

    memory_transaction_begin(machine->io);
    memory_transaction_begin(machine->memory);
    place(pci->bus->io, &lpc->pm.ports, pci_get_word(pci, PMBASE) & 0xff80,
          pci->config[ACPI_CNTL] & ACPI_CNTL_ENABLE);
    place(&machine->system_memory, &lpc->rcba, rcba & ~(RCBA_SIZE - 1u), rcba & RCBA_ENABLE);
    memory_transaction_commit(machine->memory);
    memory_transaction_commit(machine->io);
}

static void config_write(PciDevice *pci, guint addr, guint32 value, guint size)
{
    pci_config_write_default(pci, addr, value, size);
    if (addr + size > PCI_HEADER_SIZE) {
        update_irqs((Ich9Lpc *)pci);
        update_windows((Ich9Lpc *)pci);
    }
}

static void init_config(PciDevice *pci)
{
    pci_set_word(pci, PCI_STATUS, PCI_STATUS_DEVSEL_MEDIUM);
    pci->config[PCI_HEADER_TYPE] |= PCI_HEADER_MULTIFUNCTION;
    /* It always decodes and always may master (13.1.3). */
    pci_set_word(pci, PCI_COMMAND, PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    pci->writable[PCI_COMMAND] = 0;
    pci->writable[PCI_COMMAND + 1] = PCI_COMMAND_SERR >> 8;
    pci->writable[PCI_CACHE_LINE_SIZE] = pci->writable[PCI_LATENCY_TIMER] = 0;
    pci->writable[PCI_INTERRUPT_LINE] = 0;
    pci->writable[PMBASE] = 0x80;
    pci->writable[PMBASE + 1] = 0xff;
    pci->writable[ACPI_CNTL] = ACPI_CNTL_ENABLE | ACPI_CNTL_SCI_SEL;
    pci->writable[GPIOBASE] = 0x80;
    pci->writable[GPIOBASE + 1] = 0xff;
    pci->writable[GPIO_CNTL] = 0x11;
    memset(pci->writable + PIRQA, PIRQ_DISABLE | PIRQ_IRQ, 4);
    memset(pci->writable + PIRQE, PIRQ_DISABLE | PIRQ_IRQ, 4);
    pci->writable[SERIRQ_CNTL] = 0xff;
    memset(pci->writable + LPC_IO_DEC, 0xff, 0x14);
    memset(pci->writable + GEN_PMCON_1, 0xff, 0x0c);
    memset(pci->writable + 0xd0, 0xff, BIOS_CNTL + 1 - 0xd0); /* decoding of the BIOS */
    pci->writable[RCBA] = RCBA_ENABLE;
    pci->writable[RCBA + 1] = 0xc0;
    pci->writable[RCBA + 2] = pci->writable[RCBA + 3] = 0xff;
}

/* ---- reset control: port CF9h (13.7.5); the ports around it belong to nobody ---- */

static guint64 reset_control_read(void *opaque, guint64 addr, guint size)
{
    Ich9Lpc *lpc = opaque;
    return addr == 1 ? lpc->reset_control : 0xff;
}

/* The processor alone cannot be INITed from here, so that a soft reset is a hard one too. */
static void reset_control_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    Ich9Lpc *lpc = opaque;

    if (addr != 1) {
        return;
    }
    if ((value & RCR_RCPU) && !(lpc->reset_control & RCR_RCPU)) {
        machine_request_reset(lpc->pci.device.machine, TRUE);
    }
    lpc->reset_control = value & (RCR_SRST | RCR_RCPU | RCR_FULL);
}

static const IoOps reset_control_ops = {reset_control_read, reset_control_write, 1, 1};

void ich9_lpc_connect_host(Device *dev, PciHost *host)
{
    Ich9Lpc *lpc = (Ich9Lpc *)dev;
    lpc->host = host;
    pci_host_set_bypass(host, &reset_control_ops, lpc);
}

/* ---- lifecycle ---- */

IsaBus *ich9_lpc_isa_bus(Device *dev)
{
    return ((Ich9Lpc *)dev)->isa;
}

IrqLine ich9_lpc_gsi(Device *dev, guint n)
{
    g_assert(n < GSIS);
    return (IrqLine){set_gsi, dev, n};
}

void ich9_lpc_raise_gpe(Device *dev, guint n)
{
    ich9_pm_raise_gpe(&((Ich9Lpc *)dev)->pm, n);
}

const PciHotplug *ich9_lpc_hotplug(const Device *dev)
{
    return &((const Ich9Lpc *)dev)->pm.hotplug;
}

const AcpiSleep *ich9_lpc_sleep(const Device *dev)
{
    return &((const Ich9Lpc *)dev)->pm.sleep;
}

void ich9_lpc_acpi_info(const Device *dev, AcpiInfo *info)
{
    const Ich9Lpc *lpc = (const Ich9Lpc *)dev;

    ich9_pm_acpi_info(&lpc->pm, info);
    info->sci_irq = sci_gsi(lpc);
    info->isa_bridge_devfn = lpc->pci.devfn;
    info->links = PIRQS;
    if (lpc->rcba.parent) {
        info->rcba_base = lpc->rcba.addr;
        info->rcba_size = RCBA_SIZE;
    }
}

static void reset_root_complex(Ich9Lpc *lpc)
{
    static const guint routes[] = {D31IR, D29IR, D28IR, D27IR, D26IR, D25IR};

    memset(lpc->rcrb, 0, sizeof(lpc->rcrb));
    for (guint i = 0; i < G_N_ELEMENTS(routes); i++) {
        lpc->rcrb[routes[i] - RCRB_FIRST] = ROUTE_DEFAULT & 0xff;
        lpc->rcrb[routes[i] - RCRB_FIRST + 1] = ROUTE_DEFAULT >> 8;
    }
    lpc->rcrb[GCS - RCRB_FIRST] = lpc->no_reboot ? GCS_NO_REBOOT : 0;
    if (lpc->routed) {
        pci_bus_reroute(lpc->routed);
    }
}

static void reset(Device *dev)
{
    Ich9Lpc *lpc = (Ich9Lpc *)dev;
    guint8 *config = lpc->pci.config;

    memset(config + PCI_HEADER_SIZE, 0, PCI_CONFIG_SIZE - PCI_HEADER_SIZE);
    config[PMBASE] = config[GPIOBASE] = 1;
    memset(config + PIRQA, PIRQ_DISABLE, 4);
    memset(config + PIRQE, PIRQ_DISABLE, 4);
    config[SERIRQ_CNTL] = 0x10;
    reset_root_complex(lpc);
    ich9_pm_reset(&lpc->pm);
    lpc->reset_control = 0;
    update_irqs(lpc);
    update_windows(lpc);
}

static gboolean realize(Device *dev, GError **error)
{
    Ich9Lpc *lpc = (Ich9Lpc *)dev;
    PciDevice *pci = &lpc->pci;

    init_config(pci);
    region_init_io(&lpc->rcba, "ich9-rcba", &rcba_ops, lpc, RCBA_SIZE);
    ich9_pm_init(&lpc->pm, pci, no_reboot, tco_timed_out);
    lpc->pm.acpi.sci = (IrqLine){set_sci, lpc, 0};
    lpc->routed = pci->bus;
    lpc->isa = isa_bus_create(dev, "isa.0", pci->bus->memory, pci->bus->io);
    for (guint n = 0; n < GSIS; n++) {
        device_publish_irq(dev, &lpc->out[n]);
    }
    for (guint n = 0; n < ISA_IRQS; n++) {
        lpc->isa->irqs[n] = ich9_lpc_gsi(dev, n);
    }
    return TRUE;
}

static void unrealize(Device *dev)
{
    Ich9Lpc *lpc = (Ich9Lpc *)dev;

    if (lpc->host) {
        pci_host_set_bypass(lpc->host, NULL, NULL);
    }
    if (lpc->pm.ports.parent) {
        region_remove(&lpc->pm.ports);
    }
    ich9_pm_finish(&lpc->pm);
    if (lpc->rcba.parent) {
        region_remove(&lpc->rcba);
    }
    region_finish(&lpc->rcba);
}

static const OptionSpec ich9_lpc_options[] = {
    ACPI_SLEEP_OPTIONS(Ich9Lpc, pm.sleep),
    {"noreboot", OPTION_BOOL, G_STRUCT_OFFSET(Ich9Lpc, no_reboot), "on",
     "the strap that keeps the TCO watchdog from doing more than set its status"},
    OPTION_END,
};

static gboolean state_loaded(void *object, GError **error)
{
    Ich9Lpc *lpc = object;

    update_windows(lpc);
    pci_bus_reroute(lpc->routed);
    return TRUE;
}

static const StateField state_fields[] = {
    PCI_DEVICE_STATE,
    {"pm", STATE_STRUCT, G_STRUCT_OFFSET(Ich9Lpc, pm), 1, sizeof(Ich9Pm), 1, &ich9_pm_state},
    STATE_ARRAY(U8, Ich9Lpc, rcrb),
    STATE_FIELD(U32, Ich9Lpc, gsi_levels),
    STATE_FIELD(U8, Ich9Lpc, pirq_levels),
    STATE_FIELD(BOOL, Ich9Lpc, sci_level),
    STATE_FIELD(U32, Ich9Lpc, out_levels),
    STATE_FIELD(U8, Ich9Lpc, reset_control),
    STATE_END,
};
static const StateTable ich9_lpc_state = {1, state_fields, state_loaded};

const PciDeviceOps ich9_lpc_ops = {
    .device =
        {
            .name = "ICH9-LPC",
            .summary = "PCI-to-ISA bridge, power management and watchdog of the ICH9",
            .category = "Bridge",
            .bus = BUS_PCI,
            .size = sizeof(Ich9Lpc),
            .board_only = TRUE,
            .options = ich9_lpc_options,
            .state = &ich9_lpc_state,
            .realize = realize,
            .unrealize = unrealize,
            .reset = reset,
            .inputs = PIRQS,
            .set_input = set_pirq,
        },
    .vendor_id = PCI_VENDOR_INTEL,
    .device_id = 0x2918,
    .class_code = PCI_CLASS_BRIDGE_ISA,
    .revision = 2,
    .config_write = config_write,
};

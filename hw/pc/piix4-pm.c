/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Intel 82371AB (PIIX4) datasheet, April 1997 (order 290562), chapters 7 and 11. */
#include "hw/pc/piix4-pm.h"

#include <string.h>

#include "hw/pc/pci-hotplug.h"
#include "hw/pc/smbus-host.h"

#define PMBA      0x40 /* power management base, 4 bytes; bit 0 is fixed at 1 */
#define DEVACTB   0x58 /* device activity B, 4 bytes */
#define PMREGMISC 0x80
#define SMBBA     0x90 /* SMBus base, 4 bytes; bit 0 is fixed at 1 */
#define SMBHSTCFG 0xd2

#define PMREGMISC_PMIOSE     0x01 /* decode the PM ports */
#define SMBHSTCFG_HST_EN     0x01
#define DEVACTB_APMC_EN_BYTE 0x02 /* bit 25, in the register's last byte */

#define PM_PORTS 64

/* Offsets in the PM ports behind those of AcpiPm (7.2). */
#define GPSTS  0x0c
#define GPEN   0x0e
#define PCNTRL 0x10
#define GLBSTS 0x18
#define GLBEN  0x20
#define GLBCTL 0x28
#define DEVCTL 0x2c
#define GPIREG 0x30
#define GPOREG 0x34

/* The general purpose events that the firmware's ACPI tables describe live at fixed ports. */
#define GPE_PORT  0xafe0
#define GPE_BYTES 2
#define GPE_PCI   0x02 /* bit 1: a PCI device has come or is to go */

#define PCI_HOTPLUG_PORT 0xae00

#define APM_PORT 0xb2

/* Values of the APM control port by which the firmware's tables ask for ACPI mode. */
#define APM_ACPI_ENABLE  0xf1
#define APM_ACPI_DISABLE 0xf0

typedef struct Piix4Pm {
    PciDevice pci;
    AcpiPm acpi;
    AcpiSleep sleep;
    SmbusHost smbus;
    PciHotplug hotplug;
    IrqLine sci;
    Region ports;               /* container of PM_PORTS */
    Region general;             /* the registers from GPSTS on */
    Region gpe;                 /* at GPE_PORT */
    Region apm;                 /* B2h, B3h */
    guint8 registers[PM_PORTS]; /* of `general`, by offset in the PM ports */
    guint8 gpe_status[GPE_BYTES], gpe_enable[GPE_BYTES];
    guint8 apm_control, apm_status;
} Piix4Pm;

/* ---- PM ports ---- */

/* Bits that writing one clears, by offset. */
static gboolean is_status(guint64 offset)
{
    return offset == GPSTS || offset == GPSTS + 1 || (offset >= GLBSTS && offset < GLBSTS + 2);
}

static guint64 general_read(void *opaque, guint64 addr, guint size)
{
    const Piix4Pm *pm = opaque;
    return pm->registers[GPSTS + addr];
}

static void general_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    Piix4Pm *pm = opaque;
    guint64 offset = GPSTS + addr;

    if (is_status(offset)) {
        pm->registers[offset] &= ~value;
    } else if (offset < GPIREG || offset >= GPOREG) {
        pm->registers[offset] = value;
    }
}

static const IoOps general_ops = {general_read, general_write, 1, 1};

/* ---- general purpose events ---- */

static void update_gpe(Piix4Pm *pm)
{
    gboolean any = FALSE;

    for (guint i = 0; i < GPE_BYTES; i++) {
        any |= (pm->gpe_status[i] & pm->gpe_enable[i]) != 0;
    }
    acpi_pm_set_gpe(&pm->acpi, any);
}

static guint64 gpe_read(void *opaque, guint64 addr, guint size)
{
    const Piix4Pm *pm = opaque;
    return addr < GPE_BYTES ? pm->gpe_status[addr] : pm->gpe_enable[addr - GPE_BYTES];
}

static void gpe_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    Piix4Pm *pm = opaque;

    if (addr < GPE_BYTES) {
        pm->gpe_status[addr] &= ~value;
    } else {
        pm->gpe_enable[addr - GPE_BYTES] = value;
    }
    update_gpe(pm);
}

static void pci_hotplug_event(void *opaque)
{
    Piix4Pm *pm = opaque;

    pm->gpe_status[0] |= GPE_PCI;
    update_gpe(pm);
}

static const IoOps gpe_ops = {gpe_read, gpe_write, 1, 1};

/* ---- APM ports ---- */

static guint64 apm_read(void *opaque, guint64 addr, guint size)
{
    const Piix4Pm *pm = opaque;
    return addr ? pm->apm_status : pm->apm_control;
}

/* There is no system management mode, so a request that firmware's SMM code would carry out on
 * real boards, switching between legacy and ACPI mode, is carried out here. */
static void apm_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    Piix4Pm *pm = opaque;

    if (addr) {
        pm->apm_status = value;
        return;
    }
    pm->apm_control = value;
    if (value == APM_ACPI_ENABLE || value == APM_ACPI_DISABLE) {
        acpi_pm_set_sci_enabled(&pm->acpi, value == APM_ACPI_ENABLE);
    }
}

static const IoOps apm_ops = {apm_read, apm_write, 1, 1};

/* ---- configuration ---- */

static void sci_set(void *opaque, guint n, int level)
{
    irq_set(&((Piix4Pm *)opaque)->sci, level);
}

static void place(Piix4Pm *pm, Region *region, guint base, gboolean enabled)
{
    Region *io = pm->pci.bus->io;
    gboolean fits = enabled && base != 0;

    if (region->parent && (!fits || region->addr != base)) {
        region_remove(region);
    }
    if (fits && !region->parent) {
        region_add(io, base, region, 1);
    }
}

static void update_ports(Piix4Pm *pm)
{
    const guint8 *config = pm->pci.config;
    AddressSpace *space = pm->pci.device.machine->io;

    memory_transaction_begin(space);
    place(pm, &pm->ports, pci_get_word(&pm->pci, PMBA) & 0xffc0,
          config[PMREGMISC] & PMREGMISC_PMIOSE);
    place(pm, &pm->smbus.region, pci_get_word(&pm->pci, SMBBA) & 0xfff0,
          config[SMBHSTCFG] & SMBHSTCFG_HST_EN);
    memory_transaction_commit(space);
}

static void config_write(PciDevice *pci, guint addr, guint32 value, guint size)
{
    pci_config_write_default(pci, addr, value, size);
    if (addr + size > 0x40) {
        update_ports((Piix4Pm *)pci);
    }
}

static void init_config(PciDevice *pci)
{
    pci_set_word(pci, PCI_STATUS, PCI_STATUS_DEVSEL_MEDIUM | PCI_STATUS_FAST_BACK);
    pci->writable[PCI_COMMAND] = PCI_COMMAND_IO;
    pci->writable[PCI_COMMAND + 1] = 0;
    pci->writable[PCI_LATENCY_TIMER] = 0;
    memset(pci->writable + 0x40, 0xff, PCI_CONFIG_SIZE - 0x40);
    pci->writable[PMBA] = 0xc0;
    pci->writable[SMBBA] = 0xf0;
    memset(pci->writable + PMBA + 2, 0, 2);
    memset(pci->writable + SMBBA + 2, 0, 2);
}

const PciHotplug *piix4_pm_hotplug(const Device *dev)
{
    return &((const Piix4Pm *)dev)->hotplug;
}

const AcpiSleep *piix4_pm_sleep(const Device *dev)
{
    return &((const Piix4Pm *)dev)->sleep;
}

void piix4_pm_acpi_info(const Device *dev, AcpiInfo *info)
{
    const Piix4Pm *pm = (const Piix4Pm *)dev;

    if (pm->ports.parent) {
        info->pm_base = (guint)pm->ports.addr;
        info->pm1_control = info->pm_base + 4;
        info->pm_timer = info->pm_base + 8;
    }
    info->gpe0 = GPE_PORT;
    info->gpe0_length = 2 * GPE_BYTES;
    info->sci_irq = 9;
    info->smi_command = APM_PORT;
    info->acpi_enable = APM_ACPI_ENABLE;
    info->acpi_disable = APM_ACPI_DISABLE;
}

/* ---- lifecycle ---- */

static void reset(Device *dev)
{
    Piix4Pm *pm = (Piix4Pm *)dev;
    guint8 *config = pm->pci.config;

    memset(config + 0x40, 0, PCI_CONFIG_SIZE - 0x40);
    config[PMBA] = 1;
    config[SMBBA] = 1;
    /* "The SMI handler has been set up": firmware then keeps off system management mode. */
    config[DEVACTB + 3] = DEVACTB_APMC_EN_BYTE;
    memset(pm->registers, 0, sizeof(pm->registers));
    memset(pm->gpe_status, 0, GPE_BYTES);
    memset(pm->gpe_enable, 0, GPE_BYTES);
    pm->apm_control = pm->apm_status = 0;
    smbus_host_reset(&pm->smbus);
    acpi_pm_reset(&pm->acpi);
    pci_hotplug_reset(&pm->hotplug);
    update_gpe(pm);
    update_ports(pm);
}

static gboolean realize(Device *dev, GError **error)
{
    Piix4Pm *pm = (Piix4Pm *)dev;
    Region *io = pm->pci.bus->io;

    init_config(&pm->pci);
    device_publish_irq(dev, &pm->sci);
    acpi_sleep_init(&pm->sleep, dev, &pm->acpi);
    pm->acpi.sci = (IrqLine){sci_set, pm, 0};
    region_init_container(&pm->ports, "piix4-pm", PM_PORTS);
    region_init_io(&pm->general, "piix4-pm-general", &general_ops, pm, PM_PORTS - GPSTS);
    region_add(&pm->ports, 0, &pm->acpi.evt, 0);
    region_add(&pm->ports, 4, &pm->acpi.cnt, 0);
    region_add(&pm->ports, 8, &pm->acpi.tmr, 0);
    region_add(&pm->ports, GPSTS, &pm->general, 0);
    smbus_host_init(&pm->smbus);
    region_init_io(&pm->gpe, "acpi-gpe0", &gpe_ops, pm, 2 * GPE_BYTES);
    region_add(io, GPE_PORT, &pm->gpe, 0);
    pci_hotplug_init(&pm->hotplug, pm->pci.bus, pci_hotplug_event, pm);
    region_add(io, PCI_HOTPLUG_PORT, &pm->hotplug.region, 0);
    region_init_io(&pm->apm, "apm", &apm_ops, pm, 2);
    region_add(io, APM_PORT, &pm->apm, 0);
    return TRUE;
}

static void unrealize(Device *dev)
{
    Piix4Pm *pm = (Piix4Pm *)dev;
    Region *regions[] = {&pm->acpi.evt, &pm->acpi.cnt,     &pm->acpi.tmr,
                         &pm->general,  &pm->ports,        &pm->gpe,
                         &pm->apm,      &pm->smbus.region, &pm->hotplug.region};

    for (guint i = 0; i < G_N_ELEMENTS(regions); i++) {
        region_remove(regions[i]);
    }
    acpi_sleep_finish(&pm->sleep);
    smbus_host_finish(&pm->smbus);
    pci_hotplug_finish(&pm->hotplug);
    region_finish(&pm->general);
    region_finish(&pm->ports);
    region_finish(&pm->gpe);
    region_finish(&pm->apm);
}

static gboolean state_loaded(void *object, GError **error)
{
    Piix4Pm *pm = object;

    update_ports(pm);
    update_gpe(pm);
    return TRUE;
}

static const OptionSpec piix4_pm_options[] = {
    ACPI_SLEEP_OPTIONS(Piix4Pm, sleep),
    OPTION_END,
};

static const StateField state_fields[] = {
    PCI_DEVICE_STATE,
    {"acpi", STATE_STRUCT, G_STRUCT_OFFSET(Piix4Pm, acpi), 1, sizeof(AcpiPm), 1, &acpi_pm_state},
    {"smbus", STATE_STRUCT, G_STRUCT_OFFSET(Piix4Pm, smbus), 1, sizeof(SmbusHost), 1,
     &smbus_host_state},
    {"hotplug", STATE_STRUCT, G_STRUCT_OFFSET(Piix4Pm, hotplug), 1, sizeof(PciHotplug), 1,
     &pci_hotplug_state},
    STATE_ARRAY(U8, Piix4Pm, registers),
    STATE_ARRAY(U8, Piix4Pm, gpe_status),
    STATE_ARRAY(U8, Piix4Pm, gpe_enable),
    STATE_FIELD(U8, Piix4Pm, apm_control),
    STATE_FIELD(U8, Piix4Pm, apm_status),
    STATE_END,
};
static const StateTable piix4_pm_state = {1, state_fields, state_loaded};

const PciDeviceOps piix4_pm_ops = {
    .device =
        {
            .name = "PIIX4_PM",
            .summary = "Power management of the PIIX4",
            .category = "Bridge",
            .bus = BUS_PCI,
            .size = sizeof(Piix4Pm),
            .board_only = TRUE,
            .options = piix4_pm_options,
            .state = &piix4_pm_state,
            .realize = realize,
            .unrealize = unrealize,
            .reset = reset,
        },
    .vendor_id = PCI_VENDOR_INTEL,
    .device_id = 0x7113,
    .class_code = PCI_CLASS_BRIDGE_OTHER,
    .revision = 0x03,
    .interrupt_pin = 1,
    .config_write = config_write,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Power management I/O registers (ICH9 datasheet, 13.8.3), APM (13.7). */
#include <string.h>

#include "hw/pc/ich9-priv.h"

/* Offsets from PMBASE. */
#define PM1_EVT 0x00
#define PM1_CNT 0x04
#define PM1_TMR 0x08
#define GPE0    0x20
#define GPE0_EN 0x28
#define SMI_EN  0x30
#define SMI_STS 0x34
#define TCO     0x60

#define SLOT_PORT 0xcc0 /* beside it; the number is that of QEMU's board, and of the tables */
#define GPE_SLOTS 1

#define APM_PORT         0xb2
#define APM_ACPI_ENABLE  0x02
#define APM_ACPI_DISABLE 0x03

/* ---- general purpose events ---- */

static void update_gpe(Ich9Pm *pm)
{
    gboolean any = FALSE;

    for (guint i = 0; i < ICH9_GPE_BYTES; i++) {
        any |= (pm->gpe_status[i] & pm->gpe_enable[i]) != 0;
    }
    acpi_pm_set_gpe(&pm->acpi, any);
}

void ich9_pm_raise_gpe(Ich9Pm *pm, guint n)
{
    g_assert(n < ICH9_GPE_BYTES * 8);
    pm->gpe_status[n / 8] |= (guint8)(1u << n % 8);
    update_gpe(pm);
}

/* ---- ports ---- */

static guint8 byte_of(guint32 value, guint64 n)
{
    return (guint8)(value >> (n * 8));
}

static guint64 general_read(void *opaque, guint64 addr, guint size)
{
    const Ich9Pm *pm = opaque;

    if (addr >= GPE0 && addr < GPE0_EN) {
        return pm->gpe_status[addr - GPE0];
    }
    if (addr >= GPE0_EN && addr < SMI_EN) {
        return pm->gpe_enable[addr - GPE0_EN];
    }
    if (addr >= SMI_EN && addr < SMI_STS) {
        return byte_of(pm->smi_enable, addr - SMI_EN);
    }
    if (addr >= SMI_STS && addr < SMI_STS + 4) {
        return byte_of(pm->smi_status, addr - SMI_STS);
    }
    return 0;
}

/* There is no system management mode; "the APM port's handler has been set up", which is what the
 * enable bit of the port tells, keeps firmware off it. */
static void write_smi_enable(Ich9Pm *pm, guint64 byte, guint8 value)
{
    guint32 mask = 0xffu << (byte * 8);

    pm->smi_enable = (pm->smi_enable & ~mask) | (guint32)value << (byte * 8) | ICH9_SMI_EN_APMC;
}

static void general_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    Ich9Pm *pm = opaque;

    if (addr >= GPE0 && addr < GPE0_EN) {
        pm->gpe_status[addr - GPE0] &= (guint8)~value;
        update_gpe(pm);
    } else if (addr >= GPE0_EN && addr < SMI_EN) {
        pm->gpe_enable[addr - GPE0_EN] = (guint8)value;
        update_gpe(pm);
    } else if (addr >= SMI_EN && addr < SMI_STS) {
        write_smi_enable(pm, addr - SMI_EN, (guint8)value);
    } else if (addr >= SMI_STS && addr < SMI_STS + 4) {
        pm->smi_status &= ~((guint32)value << (addr - SMI_STS) * 8);
    }
}

static const IoOps general_ops = {general_read, general_write, 1, 1};

/* ---- APM ports ---- */

static guint64 apm_read(void *opaque, guint64 addr, guint size)
{
    const Ich9Pm *pm = opaque;
    return addr ? pm->apm_status : pm->apm_control;
}

/* A request that firmware's SMM code would carry out on real boards is carried out here. */
static void apm_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    Ich9Pm *pm = opaque;

    if (addr) {
        pm->apm_status = (guint8)value;
        return;
    }
    pm->apm_control = (guint8)value;
    if (value == APM_ACPI_ENABLE || value == APM_ACPI_DISABLE) {
        acpi_pm_set_sci_enabled(&pm->acpi, value == APM_ACPI_ENABLE);
    }
}

static const IoOps apm_ops = {apm_read, apm_write, 1, 1};

/* ---- lifecycle ---- */

void ich9_pm_acpi_info(const Ich9Pm *pm, AcpiInfo *info)
{
    if (pm->ports.parent) {
        info->pm_base = (guint)pm->ports.addr;
        info->pm1_control = info->pm_base + PM1_CNT;
        info->pm_timer = info->pm_base + PM1_TMR;
        info->gpe0 = info->pm_base + GPE0;
    }
    info->gpe0_length = 2 * ICH9_GPE_BYTES;
    info->smi_command = APM_PORT;
    info->acpi_enable = APM_ACPI_ENABLE;
    info->acpi_disable = APM_ACPI_DISABLE;
}

void ich9_pm_reset(Ich9Pm *pm)
{
    memset(pm->gpe_status, 0, sizeof(pm->gpe_status));
    memset(pm->gpe_enable, 0, sizeof(pm->gpe_enable));
    pm->smi_enable = ICH9_SMI_EN_APMC;
    pm->smi_status = 0;
    pm->apm_control = pm->apm_status = 0;
    acpi_pm_reset(&pm->acpi);
    ich9_tco_reset(&pm->tco);
    pci_hotplug_reset(&pm->hotplug);
    update_gpe(pm);
}

static void slots_changed(void *opaque)
{
    ich9_pm_raise_gpe(opaque, GPE_SLOTS);
}

void ich9_pm_init(Ich9Pm *pm, PciDevice *pci, gboolean (*no_reboot)(const Device *dev),
                  void (*timed_out)(Device *dev))
{
    Device *dev = &pci->device;
    Region *io = pci->bus->io;

    pm->dev = dev;
    acpi_sleep_init(&pm->sleep, dev, &pm->acpi);
    ich9_tco_init(&pm->tco, dev, no_reboot, timed_out);
    region_init_container(&pm->ports, "ich9-pm", ICH9_PM_PORTS);
    region_init_io(&pm->general, "ich9-pm-general", &general_ops, pm, ICH9_PM_PORTS);
    region_add(&pm->ports, 0, &pm->general, 0);
    region_add(&pm->ports, PM1_EVT, &pm->acpi.evt, 1);
    region_add(&pm->ports, PM1_CNT, &pm->acpi.cnt, 1);
    region_add(&pm->ports, PM1_TMR, &pm->acpi.tmr, 1);
    region_add(&pm->ports, TCO, &pm->tco.region, 1);
    region_init_io(&pm->apm, "apm", &apm_ops, pm, 2);
    region_add(io, APM_PORT, &pm->apm, 0);
    pci_hotplug_init(&pm->hotplug, pci->bus, slots_changed, pm);
    region_add(io, SLOT_PORT, &pm->hotplug.region, 0);
}

void ich9_pm_finish(Ich9Pm *pm)
{
    Region *regions[] = {&pm->acpi.evt, &pm->acpi.cnt, &pm->acpi.tmr,       &pm->tco.region,
                         &pm->general,  &pm->apm,      &pm->hotplug.region, &pm->ports};

    for (guint i = 0; i < G_N_ELEMENTS(regions); i++) {
        if (regions[i]->parent) {
            region_remove(regions[i]);
        }
    }
    acpi_sleep_finish(&pm->sleep);
    ich9_tco_finish(&pm->tco);
    pci_hotplug_finish(&pm->hotplug);
    region_finish(&pm->general);
    region_finish(&pm->apm);
    region_finish(&pm->ports);
}

static gboolean state_loaded(void *object, GError **error)
{
    update_gpe(object);
    return TRUE;
}

static const StateField state_fields[] = {
    {"acpi", STATE_STRUCT, G_STRUCT_OFFSET(Ich9Pm, acpi), 1, sizeof(AcpiPm), 1, &acpi_pm_state},
    {"tco", STATE_STRUCT, G_STRUCT_OFFSET(Ich9Pm, tco), 1, sizeof(Ich9Tco), 1, &ich9_tco_state},
    {"hotplug", STATE_STRUCT, G_STRUCT_OFFSET(Ich9Pm, hotplug), 1, sizeof(PciHotplug), 1,
     &pci_hotplug_state},
    STATE_ARRAY(U8, Ich9Pm, gpe_status),
    STATE_ARRAY(U8, Ich9Pm, gpe_enable),
    STATE_FIELD(U32, Ich9Pm, smi_enable),
    STATE_FIELD(U32, Ich9Pm, smi_status),
    STATE_FIELD(U8, Ich9Pm, apm_control),
    STATE_FIELD(U8, Ich9Pm, apm_status),
    STATE_END,
};
const StateTable ich9_pm_state = {1, state_fields, state_loaded};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The controller: generic registers (AHCI 3.1), interrupts (10.7), PCI. */
#include "hw/block/ahci-priv.h"

#include "hw/pci/msi.h"

#define ABAR      5
#define ABAR_SIZE 0x1000

/* Generic host control. */
enum {
    HBA_CAP = 0x00,
    HBA_GHC = 0x04,
    HBA_IS = 0x08,
    HBA_PI = 0x0c,
    HBA_VS = 0x10,
};

#define FIRST_PORT 0x100
#define PORT_SIZE  0x80

/* 64-bit addresses, NCQ, command list override, 6 Gb/s, AHCI only, 32 slots, 6 ports; no staggered
 * spin-up. */
#define CAP_VALUE \
    (0x80000000u | 0x40000000u | 0x01000000u | 0x00300000u | 0x00040000u | 31u << 8 | 5u)
#define VS_VALUE 0x00010301u

/* ICH9's Address Map register: AHCI mode. */
#define CONFIG_MAP      0x90
#define CONFIG_MAP_AHCI 0x40

/* ---- memory ---- */

gboolean ahci_read_memory(AhciPort *port, guint64 addr, void *buffer, gsize length)
{
    gboolean fine;

    port->ahci->answering = TRUE;
    fine = pci_dma_read(&port->ahci->pci, addr, buffer, length);
    port->ahci->answering = FALSE;
    return fine;
}

gboolean ahci_write_memory(AhciPort *port, guint64 addr, const void *buffer, gsize length)
{
    gboolean fine;

    port->ahci->answering = TRUE;
    fine = pci_dma_write(&port->ahci->pci, addr, buffer, length);
    port->ahci->answering = FALSE;
    return fine;
}

/* ---- interrupts ---- */

/* As a level; a message goes out when it rises, and when some of several causes go. */
void ahci_update_irq(Ahci *ahci)
{
    guint32 pending = ahci->ghc & GHC_IE ? ahci->is : 0;
    gboolean rose = (pending & ~ahci->told) != 0;

    ahci->told = pending;
    pci_set_irq(&ahci->pci, pending != 0);
    if (rose) {
        pci_notify(&ahci->pci, 0);
    }
}

static void write_is(Ahci *ahci, guint32 value)
{
    ahci->is &= ~value;
    ahci->told = 0;
    for (guint i = 0; i < AHCI_PORTS; i++) { /* what a port still asks for is not cleared */
        ahci_port_interrupt(&ahci->ports[i], 0);
    }
    ahci_update_irq(ahci);
}

/* ---- registers ---- */

void ahci_settle(Ahci *ahci)
{
    for (guint i = 0; i < AHCI_PORTS; i++) {
        if (ahci_port_is_busy(&ahci->ports[i])) {
            return;
        }
    }
    ahci->ghc &= ~GHC_RESET;
}

/* All but the base addresses goes back; the bit clears when all is quiet (10.4.3). */
static void hba_reset(Ahci *ahci)
{
    ahci->ghc = GHC_ENABLE | GHC_RESET;
    ahci->is = 0;
    for (guint i = 0; i < AHCI_PORTS; i++) {
        ahci_port_hba_reset(&ahci->ports[i]);
    }
    ahci->is = 0;
    ahci_update_irq(ahci);
    ahci_settle(ahci);
}

static guint64 registers_read(void *opaque, guint64 addr, guint size)
{
    Ahci *ahci = opaque;

    if (ahci->answering) {
        return G_MAXUINT32;
    }
    if (addr >= FIRST_PORT) {
        guint n = (guint)(addr - FIRST_PORT) / PORT_SIZE;

        return n < AHCI_PORTS ? ahci_port_read(&ahci->ports[n], addr % PORT_SIZE) : 0;
    }
    switch (addr) {
    case HBA_CAP: return CAP_VALUE;
    case HBA_GHC: return ahci->ghc;
    case HBA_IS: return ahci->is;
    case HBA_PI: return (1u << AHCI_PORTS) - 1;
    case HBA_VS: return VS_VALUE;
    default: return 0;
    }
}

static void registers_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    Ahci *ahci = opaque;

    if (ahci->answering) {
        device_warn_once(&ahci->pci.device, "AHCI transfer to the controller's own registers");
        return;
    }
    if (addr >= FIRST_PORT) {
        guint n = (guint)(addr - FIRST_PORT) / PORT_SIZE;

        if (n < AHCI_PORTS) {
            ahci_port_write(&ahci->ports[n], addr % PORT_SIZE, (guint32)value);
        }
    } else if (addr == HBA_IS) {
        write_is(ahci, (guint32)value);
    } else if (addr == HBA_GHC && (value & GHC_RESET)) {
        hba_reset(ahci);
    } else if (addr == HBA_GHC) {
        ahci->ghc = (ahci->ghc & ~GHC_IE) | (guint32)(value & GHC_IE);
        ahci_update_irq(ahci);
    }
}

static const IoOps registers_ops = {
    .read = registers_read,
    .write = registers_write,
    .min_size = 4,
    .max_size = 4,
};

/* ---- lifecycle ---- */

static void ahci_reset(Device *dev)
{
    Ahci *ahci = (Ahci *)dev;

    ahci->ghc = GHC_ENABLE;
    ahci->pci.config[CONFIG_MAP] = CONFIG_MAP_AHCI;
    for (guint i = 0; i < AHCI_PORTS; i++) {
        ahci_port_power_on(&ahci->ports[i]);
    }
    ahci->is = 0;
    ahci_update_irq(ahci);
}

static gboolean ahci_realize(Device *dev, GError **error)
{
    Ahci *ahci = (Ahci *)dev;

    region_init_io(&ahci->registers, "ahci", &registers_ops, ahci, ABAR_SIZE);
    pci_register_bar(&ahci->pci, ABAR, PCI_BAR_MEM32, &ahci->registers);
    msi_init(&ahci->pci, 1, FALSE);
    for (guint i = 0; i < AHCI_PORTS; i++) {
        ahci_port_init(&ahci->ports[i], ahci, i);
    }
    return TRUE;
}

static void ahci_unrealize(Device *dev)
{
    Ahci *ahci = (Ahci *)dev;

    for (guint i = 0; i < AHCI_PORTS; i++) {
        ahci_port_finish(&ahci->ports[i]);
    }
    region_finish(&ahci->registers);
}

static gboolean ahci_loaded(void *object, GError **error)
{
    Ahci *ahci = object;

    ahci->ghc = (ahci->ghc & GHC_IE) | GHC_ENABLE;
    ahci_update_irq(ahci);
    return TRUE;
}

static const StateField ahci_fields[] = {
    PCI_DEVICE_STATE,
    STATE_FIELD(U32, Ahci, ghc),
    STATE_FIELD(U32, Ahci, is),
    STATE_FIELD(U32, Ahci, told),
    {"ports", STATE_STRUCT, G_STRUCT_OFFSET(Ahci, ports), AHCI_PORTS, sizeof(AhciPort), 1,
     &ahci_port_state},
    STATE_END,
};

static const StateTable ahci_state = {1, ahci_fields, ahci_loaded};

const PciDeviceOps ich9_ahci_ops = {
    .device =
        {
            .name = "ich9-ahci",
            .alias = "ahci",
            .summary = "Serial ATA host controller (AHCI) with 6 ports",
            .category = "Storage",
            .bus = BUS_PCI,
            .size = sizeof(Ahci),
            .state = &ahci_state,
            .realize = ahci_realize,
            .unrealize = ahci_unrealize,
            .reset = ahci_reset,
        },
    .vendor_id = PCI_VENDOR_INTEL,
    .device_id = 0x2922,
    .class_code = 0x010601,
    .revision = 2,
    .interrupt_pin = 1,
};

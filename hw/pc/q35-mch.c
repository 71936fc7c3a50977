/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Intel 3 Series Express Chipset Family datasheet, August 2007 (order 316966), chapter 5. */
#include "hw/pc/q35-mch.h"

#include <string.h>

#define EPBAR    0x40 /* 8 bytes; kept, as are those that nothing here looks at */
#define MCHBAR   0x48
#define DEVEN    0x54 /* 4 bytes */
#define PCIEXBAR 0x60 /* 8 bytes */
#define DMIBAR   0x68
#define PAM0     0x90 /* to 96h */
#define LAC      0x97
#define SMRAM    0x9d
#define ESMRAMC  0x9e
#define TOM      0xa0 /* to B1h: top of memory, stolen memory, TSEG */
#define TOM_END  0xb2
#define ERRSTS   0xc8 /* 2 bytes */
#define ERRCMD   0xca
#define SKPD     0xdc /* 4 bytes */

#define PCIEXBAR_ENABLE  0x1
#define PCIEXBAR_LENGTH  1 /* shift: 0 = 256 MiB, 1 = 128, 2 = 64 */
#define PCIEXBAR_DEFAULT 0xb0000000u
#define PCIEXBAR_BITS    36

#define ESMRAMC_E_SMERR  0x40 /* write one to clear */
#define ESMRAMC_WRITABLE 0x87 /* H_SMRAME, size of TSEG, T_EN */
#define ESMRAMC_DEFAULT  0x38 /* caching of SMM memory, read-only */

typedef struct Mch {
    PciDevice pci;
    PciHost *host;
    Pam pam;
    Region *ram; /* starts at address 0; the board's */
} Mch;

typedef struct Q35Host {
    PciHostDevice host;
    Mch *mch;
} Q35Host;

/* ---- the PCI device at 00.0 ---- */

/* FALSE while it is off, or of the reserved length. */
static gboolean ecam_place(const PciDevice *pci, guint64 *base, guint *buses)
{
    guint32 low = pci_get_long(pci, PCIEXBAR);
    guint length = low >> PCIEXBAR_LENGTH & 3;

    *buses = 256u >> length;
    *base = (guint64)pci_get_long(pci, PCIEXBAR + 4) << 32 | low;
    *base &= ((1ULL << PCIEXBAR_BITS) - 1) & ~(((guint64)*buses << 20) - 1);
    return (low & PCIEXBAR_ENABLE) && length < 3;
}

static void update_memory(Mch *mch)
{
    Machine *machine = mch->pci.device.machine;
    guint64 base = 0;
    guint buses = 0;
    gboolean open = ecam_place(&mch->pci, &base, &buses);

    mch->pci.writable[ESMRAMC] = mch->pci.config[SMRAM] & PAM_SMRAM_LOCKED ? 0 : ESMRAMC_WRITABLE;
    memory_transaction_begin(machine->memory);
    pam_set_registers(&mch->pam, mch->pci.config + PAM0, mch->pci.config[SMRAM]);
    pci_host_set_ecam(mch->host, &machine->system_memory, base, open ? buses : 0);
    memory_transaction_commit(machine->memory);
}

static void config_write(PciDevice *pci, guint addr, guint32 value, guint size)
{
    Mch *mch = (Mch *)pci;
    guint8 old = pci->config[SMRAM];

    pci_config_write_default(pci, addr, value, size);
    if (addr <= SMRAM && addr + size > SMRAM) {
        pci->config[SMRAM] = pam_smram_written(old, (guint8)(value >> (8 * (SMRAM - addr))));
    }
    if (addr + size > PCIEXBAR && addr <= SMRAM) {
        update_memory(mch);
    }
}

static void reset(Device *dev)
{
    Mch *mch = (Mch *)dev;
    guint8 *config = mch->pci.config;

    if (dev->machine->waking) {
        return; /* it has kept memory alive, and what of it is seen where */
    }
    memset(config + EPBAR, 0, PCI_CONFIG_SIZE - EPBAR);
    pci_set_long(&mch->pci, PCIEXBAR, PCIEXBAR_DEFAULT);
    config[SMRAM] = PAM_SMRAM_DEFAULT;
    config[ESMRAMC] = ESMRAMC_DEFAULT;
    if (mch->ram) {
        update_memory(mch);
    }
}

static gboolean realize(Device *dev, GError **error)
{
    PciDevice *pci = pci_device(dev);

    pci_set_word(pci, PCI_STATUS, PCI_STATUS_FAST_BACK);
    /* Memory decoding and bus mastering are hard-wired on (5.1.3). */
    pci_set_word(pci, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    pci->writable[PCI_COMMAND] = 0;
    pci->writable[PCI_COMMAND + 1] = PCI_COMMAND_SERR >> 8;
    pci->writable[PCI_CACHE_LINE_SIZE] = pci->writable[PCI_LATENCY_TIMER] = 0;
    pci->writable[PCI_INTERRUPT_LINE] = 0;
    memset(pci->writable + EPBAR, 0xff, 16);
    memset(pci->writable + DEVEN, 0xff, 4);
    pci->writable[PCIEXBAR] = 0x07;
    pci->writable[PCIEXBAR + 3] = 0xfc;
    pci->writable[PCIEXBAR + 4] = 0x0f;
    memset(pci->writable + DMIBAR, 0xff, 8);
    memset(pci->writable + PAM0, 0x33, 7);
    pci->writable[PAM0] = 0x30;
    pci->writable[LAC] = 0xff;
    pci->writable[SMRAM] = 0xff;
    pci->write_one_clear[ESMRAMC] = ESMRAMC_E_SMERR;
    memset(pci->writable + TOM, 0xff, TOM_END - TOM);
    memset(pci->write_one_clear + ERRSTS, 0xff, 2);
    memset(pci->writable + ERRCMD, 0xff, 2);
    memset(pci->writable + SKPD, 0xff, 4);
    return TRUE;
}

static void unrealize(Device *dev)
{
    Mch *mch = (Mch *)dev;

    if (mch->ram) {
        pam_finish(&mch->pam);
    }
}

/* What no option can carry comes after realize. */
static void connect(Mch *mch, PciHost *host, Region *ram)
{
    mch->host = host;
    mch->ram = ram;
    pam_init(&mch->pam, mch->pci.device.machine, ram, mch->pci.bus->memory);
    update_memory(mch);
}

static gboolean state_loaded(void *object, GError **error)
{
    update_memory(object);
    return TRUE;
}

static const StateField state_fields[] = {PCI_DEVICE_STATE, STATE_END};
static const StateTable mch_state = {1, state_fields, state_loaded};

/* ---- the host side ---- */

static gboolean host_realize(Device *dev, GError **error)
{
    PciHostDevice *host = (PciHostDevice *)dev;

    pci_host_realize(host, "pcie.0");
    host->host.bus->express = TRUE;
    return TRUE;
}

PciBus *q35_pci_bus(Device *dev)
{
    return ((PciHostDevice *)dev)->host.bus;
}

PciHost *q35_pci_host(Device *dev)
{
    return &((PciHostDevice *)dev)->host;
}

Pam *q35_pam(Device *dev)
{
    return &((Q35Host *)dev)->mch->pam;
}

void q35_acpi_info(Device *dev, AcpiInfo *info)
{
    guint64 base = 0;
    guint buses = 0;

    if (ecam_place(&((Q35Host *)dev)->mch->pci, &base, &buses)) {
        info->ecam_base = base;
        info->ecam_size = (guint64)buses << 20;
    }
}

Device *q35_create(Machine *machine, Bus *bus, Region *ram, Region *pci_memory, GError **error)
{
    Device *dev = device_create(machine, &q35_pcihost_ops, bus, NULL, NULL, error);
    Q35Host *host = (Q35Host *)dev;

    if (!dev) {
        return NULL;
    }
    host->host.host.bus->memory = pci_memory;
    Device *mch =
        device_create(machine, &mch_ops.device, &host->host.host.bus->bus, NULL, NULL, error);
    if (!mch) {
        device_destroy(dev);
        return NULL;
    }
    host->mch = (Mch *)mch;
    connect(host->mch, &host->host.host, ram);
    return dev;
}

const PciDeviceOps mch_ops = {
    .device =
        {
            .name = "mch",
            .summary = "Host bridge",
            .category = "Bridge",
            .bus = BUS_PCI,
            .size = sizeof(Mch),
            .board_only = TRUE,
            .state = &mch_state,
            .realize = realize,
            .unrealize = unrealize,
            .reset = reset,
        },
    .vendor_id = PCI_VENDOR_INTEL,
    .device_id = 0x29c0,
    .class_code = PCI_CLASS_BRIDGE_HOST,
    .config_write = config_write,
};

const DeviceOps q35_pcihost_ops = {
    .name = "q35-pcihost",
    .part = "q35",
    .summary = "PCI Express host of the Q35",
    .size = sizeof(Q35Host),
    .realize = host_realize,
    PCI_HOST_OPS,
};

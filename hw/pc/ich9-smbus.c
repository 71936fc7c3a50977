/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The SMBus controller (ICH9 datasheet, chapter 19): registers of a bus on which no device answers,
 * so every transaction ends with a device error, and with an interrupt where the guest wants one.
 */
#include <string.h>

#include "hw/pc/ich9.h"

#define HOSTC 0x40 /* host configuration */

#define HOSTC_ENABLE   0x01
#define HOSTC_WRITABLE 0x17 /* SPD write disable, SSRESET, I2C_EN, enable */
#define HOSTC_SSRESET  0x08

#define PORTS_BAR 4
#define PORTS     32

enum {
    HST_STS = 0x00,
    HST_CNT = 0x02,
    HST_CMD = 0x03,
    XMIT_SLVA = 0x04,
    HST_D0 = 0x05,
    HST_D1 = 0x06,
    BLOCK_DB = 0x07,
    PEC = 0x08,
    RCV_SLVA = 0x09,
    AUX_CTL = 0x0d,
    SLV_CMD = 0x11,
};

#define HST_STS_DEV_ERR 0x04
#define HST_STS_FAILED  0x10
#define HST_STS_INUSE   0x40 /* a lock among drivers: reading sets it */
#define HST_STS_CLEAR   0xfe
#define HST_STS_CAUSES  0x9e /* ask for an interrupt */
#define HST_CNT_INTREN  0x01
#define HST_CNT_KILL    0x02
#define HST_CNT_START   0x40 /* write only */
#define AUX_CTL_E32B    0x02
#define AUX_CTL_BITS    0x03

#define BLOCK_BYTES 32

typedef struct Ich9Smbus {
    PciDevice pci;
    Region ports;
    guint8 status, control, command, address, data0, data1, pec;
    guint8 receive_address, aux_control, slave_command;
    guint8 block[BLOCK_BYTES], block_index; /* of the 32-byte buffer, when E32B is set */
} Ich9Smbus;

static void update_irq(Ich9Smbus *smbus)
{
    pci_set_irq(&smbus->pci, (smbus->control & HST_CNT_INTREN) && (smbus->status & HST_STS_CAUSES));
}

static guint8 next_block_byte(Ich9Smbus *smbus)
{
    guint8 n = smbus->block_index;

    smbus->block_index = (n + 1) % BLOCK_BYTES;
    return smbus->aux_control & AUX_CTL_E32B ? n : 0;
}

static guint64 smbus_read(void *opaque, guint64 addr, guint size)
{
    Ich9Smbus *smbus = opaque;
    guint8 status = smbus->status;

    switch (addr) {
    case HST_STS: smbus->status |= HST_STS_INUSE; return status;
    case HST_CNT: smbus->block_index = 0; return smbus->control;
    case HST_CMD: return smbus->command;
    case XMIT_SLVA: return smbus->address;
    case HST_D0: return smbus->data0;
    case HST_D1: return smbus->data1;
    case BLOCK_DB: return smbus->block[next_block_byte(smbus)];
    case PEC: return smbus->pec;
    case RCV_SLVA: return smbus->receive_address;
    case AUX_CTL: return smbus->aux_control;
    case SLV_CMD: return smbus->slave_command;
    default: return 0;
    }
}

static void write_control(Ich9Smbus *smbus, guint8 value)
{
    smbus->control = value & ~HST_CNT_START;
    if (value & HST_CNT_KILL) {
        smbus->status |= HST_STS_FAILED;
    } else if (value & HST_CNT_START) {
        smbus->status |= HST_STS_DEV_ERR; /* nobody acknowledged the address */
    }
    update_irq(smbus);
}

static void smbus_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    Ich9Smbus *smbus = opaque;

    switch (addr) {
    case HST_STS:
        smbus->status &= (guint8) ~(value & HST_STS_CLEAR);
        update_irq(smbus);
        break;
    case HST_CNT: write_control(smbus, (guint8)value); break;
    case HST_CMD: smbus->command = (guint8)value; break;
    case XMIT_SLVA: smbus->address = (guint8)value; break;
    case HST_D0: smbus->data0 = (guint8)value; break;
    case HST_D1: smbus->data1 = (guint8)value; break;
    case BLOCK_DB: smbus->block[next_block_byte(smbus)] = (guint8)value; break;
    case PEC: smbus->pec = (guint8)value; break;
    case RCV_SLVA: smbus->receive_address = value & 0x7f; break;
    case AUX_CTL: smbus->aux_control = value & AUX_CTL_BITS; break;
    case SLV_CMD: smbus->slave_command = value & 0x07; break;
    default: break;
    }
}

static const IoOps smbus_ops = {smbus_read, smbus_write, 1, 1};

/* ---- configuration ---- */

static void reset_registers(Ich9Smbus *smbus)
{
    smbus->status = smbus->control = smbus->command = smbus->address = 0;
    smbus->data0 = smbus->data1 = smbus->pec = smbus->aux_control = 0;
    smbus->receive_address = 0x44;
    smbus->slave_command = smbus->block_index = 0;
    memset(smbus->block, 0, sizeof(smbus->block));
}

static void config_write(PciDevice *pci, guint addr, guint32 value, guint size)
{
    Ich9Smbus *smbus = (Ich9Smbus *)pci;

    pci_config_write_default(pci, addr, value, size);
    if (addr == HOSTC && (value & HOSTC_SSRESET)) {
        reset_registers(smbus);
        update_irq(smbus);
    }
    region_set_enabled(&smbus->ports, pci->config[HOSTC] & HOSTC_ENABLE);
}

static void reset(Device *dev)
{
    Ich9Smbus *smbus = (Ich9Smbus *)dev;

    smbus->pci.config[HOSTC] = 0;
    reset_registers(smbus);
    region_set_enabled(&smbus->ports, FALSE);
}

static gboolean realize(Device *dev, GError **error)
{
    Ich9Smbus *smbus = (Ich9Smbus *)dev;
    PciDevice *pci = &smbus->pci;

    pci_set_word(pci, PCI_STATUS, PCI_STATUS_DEVSEL_MEDIUM | PCI_STATUS_FAST_BACK);
    pci->writable[PCI_CACHE_LINE_SIZE] = pci->writable[PCI_LATENCY_TIMER] = 0;
    pci->writable[HOSTC] = HOSTC_WRITABLE;
    region_init_io(&smbus->ports, "ich9-smbus", &smbus_ops, smbus, PORTS);
    pci_register_bar(pci, PORTS_BAR, PCI_BAR_IO, &smbus->ports);
    return TRUE;
}

static void unrealize(Device *dev)
{
    region_finish(&((Ich9Smbus *)dev)->ports);
}

static gboolean state_loaded(void *object, GError **error)
{
    Ich9Smbus *smbus = object;

    smbus->block_index %= BLOCK_BYTES;
    region_set_enabled(&smbus->ports, smbus->pci.config[HOSTC] & HOSTC_ENABLE);
    return TRUE;
}

static const StateField state_fields[] = {
    PCI_DEVICE_STATE,
    STATE_FIELD(U8, Ich9Smbus, status),
    STATE_FIELD(U8, Ich9Smbus, control),
    STATE_FIELD(U8, Ich9Smbus, command),
    STATE_FIELD(U8, Ich9Smbus, address),
    STATE_FIELD(U8, Ich9Smbus, data0),
    STATE_FIELD(U8, Ich9Smbus, data1),
    STATE_FIELD(U8, Ich9Smbus, pec),
    STATE_FIELD(U8, Ich9Smbus, receive_address),
    STATE_FIELD(U8, Ich9Smbus, aux_control),
    STATE_FIELD(U8, Ich9Smbus, slave_command),
    STATE_ARRAY(U8, Ich9Smbus, block),
    STATE_FIELD(U8, Ich9Smbus, block_index),
    STATE_END,
};
static const StateTable ich9_smbus_state = {1, state_fields, state_loaded};

const PciDeviceOps ich9_smbus_ops = {
    .device =
        {
            .name = "ICH9-SMB",
            .summary = "SMBus controller of the ICH9",
            .category = "Bridge",
            .bus = BUS_PCI,
            .size = sizeof(Ich9Smbus),
            .board_only = TRUE,
            .state = &ich9_smbus_state,
            .realize = realize,
            .unrealize = unrealize,
            .reset = reset,
        },
    .vendor_id = PCI_VENDOR_INTEL,
    .device_id = 0x2930,
    .class_code = 0x0c0500,
    .revision = 2,
    .interrupt_pin = 1,
    .config_write = config_write,
};

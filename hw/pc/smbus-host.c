/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/pc/smbus-host.h"

enum {
    SMBHSTSTS = 0,
    SMBSLVSTS = 1,
    SMBHSTCNT = 2,
    SMBHSTCMD = 3,
    SMBHSTADD = 4,
    SMBHSTDAT0 = 5,
    SMBHSTDAT1 = 6,
    SMBBLKDAT = 7,
    SMBSLVCNT = 8,
    SMBSHDWCMD = 9,
};

#define SMBHSTSTS_DEV_ERR 0x04
#define SMBHSTSTS_CLEAR   0x1e /* write one to clear */
#define SMBHSTCNT_START   0x40 /* write only */
#define SMBHSTCNT_KILL    0x02

static guint64 smbus_read(void *opaque, guint64 addr, guint size)
{
    const SmbusHost *smbus = opaque;

    switch (addr) {
    case SMBHSTSTS: return smbus->status;
    case SMBHSTCNT: return smbus->control;
    case SMBHSTCMD: return smbus->command;
    case SMBHSTADD: return smbus->address;
    case SMBHSTDAT0: return smbus->data0;
    case SMBHSTDAT1: return smbus->data1;
    case SMBSLVCNT: return smbus->slave_control;
    case SMBSHDWCMD: return smbus->slave_command;
    default: return 0;
    }
}

static void smbus_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    SmbusHost *smbus = opaque;

    switch (addr) {
    case SMBHSTSTS: smbus->status &= ~(value & SMBHSTSTS_CLEAR); break;
    case SMBHSTCNT:
        smbus->control = value & ~SMBHSTCNT_START;
        if ((value & SMBHSTCNT_START) && !(value & SMBHSTCNT_KILL)) {
            smbus->status |= SMBHSTSTS_DEV_ERR; /* nobody acknowledged the address */
        }
        break;
    case SMBHSTCMD: smbus->command = value; break;
    case SMBHSTADD: smbus->address = value; break;
    case SMBHSTDAT0: smbus->data0 = value; break;
    case SMBHSTDAT1: smbus->data1 = value; break;
    case SMBSLVCNT: smbus->slave_control = value & 0x0f; break;
    default: break;
    }
}

static const IoOps smbus_ops = {smbus_read, smbus_write, 1, 1};

static const StateField state_fields[] = {
    STATE_FIELD(U8, SmbusHost, status),
    STATE_FIELD(U8, SmbusHost, control),
    STATE_FIELD(U8, SmbusHost, command),
    STATE_FIELD(U8, SmbusHost, address),
    STATE_FIELD(U8, SmbusHost, data0),
    STATE_FIELD(U8, SmbusHost, data1),
    STATE_FIELD(U8, SmbusHost, slave_control),
    STATE_FIELD(U8, SmbusHost, slave_command),
    STATE_END,
};
const StateTable smbus_host_state = {1, state_fields, NULL};

void smbus_host_init(SmbusHost *smbus)
{
    region_init_io(&smbus->region, "piix4-smbus", &smbus_ops, smbus, 16);
}

void smbus_host_finish(SmbusHost *smbus)
{
    region_finish(&smbus->region);
}

void smbus_host_reset(SmbusHost *smbus)
{
    smbus->status = smbus->control = smbus->command = smbus->address = 0;
    smbus->data0 = smbus->data1 = smbus->slave_control = smbus->slave_command = 0;
}

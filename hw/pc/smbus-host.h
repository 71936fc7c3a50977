/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The SMBus host controller of the PIIX4 (82371AB datasheet, 7.3): registers of a bus on which no
 * device answers, so every transaction ends with a device error. Embedded by its function, which
 * puts `region` where the guest wants it. Vm lock held.
 */
#pragma once

#include "core/memory.h"
#include "core/state.h"

typedef struct SmbusHost {
    Region region; /* 16 ports */
    guint8 status, control, command, address, data0, data1;
    guint8 slave_control, slave_command;
} SmbusHost;

extern const StateTable smbus_host_state;

void smbus_host_init(SmbusHost *smbus);
void smbus_host_finish(SmbusHost *smbus);
void smbus_host_reset(SmbusHost *smbus);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Port 61h, system control port B of the PC/AT: gate of counter 2, speaker, refresh toggle, NMI
 * status and enables.
 *
 * Region 0 = one port (at 61h). Vm lock held.
 */
#pragma once

#include "core/device.h"

extern const DeviceOps pcspk_ops;

/* The board says which PIT's counter 2 it gates. Must be called before the guest runs. */
void pcspk_connect_pit(Device *dev, Device *pit);

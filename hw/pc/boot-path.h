/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How firmware names the disks that can be started from: paths after IEEE 1275, as SeaBIOS and
 * OVMF look for them in fw_cfg's file "bootorder". Vm lock held.
 */
#pragma once

#include "core/device.h"

/* The path of a device that has a bootindex=, which is put into `*index`; NULL for others. g_free.
 */
char *boot_path(Device *dev, gint64 *index);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parallel NOR flash with the Intel command set (JEDEC JESD68, Common Flash Interface; Intel
 * StrataFlash J3), one byte wide, in blocks of 4 KiB: what a PC's firmware is in, and keeps its
 * variables in.
 *
 * The content is memory that the processor reads and runs like ROM. Writes are commands; what they
 * change goes to the drive right after, outside the lock. The drive's image is as large as the
 * chip. Publishes one region. Vm lock held.
 */
#pragma once

#include <glib.h>

#include "core/device.h"

#define PFLASH_BLOCK 4096

/* Host address of the content. */
guint8 *pflash_content(Device *dev);

extern const DeviceOps pflash_ops;

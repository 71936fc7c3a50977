/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An image format that fails when told: 1 MiB of memory, found by the bytes FAULT. Vm lock held. */
#pragma once

#include "core/block.h"

#define FAULT_SIZE (1024 * 1024)

typedef struct FaultImage {
    BlockImage image;
    guint8 *data;
    guint64 bad_offset; /* requests that touch this byte ... */
    int error;          /* ... end with this errno; 0 = none do */
    guint seen;
} FaultImage;

extern const BlockImageOps fault_image_ops;

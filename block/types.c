/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "block/types.h"

const BlockImageOps *const block_image_types[] = {
    &raw_image_ops,
    &overlay_image_ops,
    NULL,
};

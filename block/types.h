/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All image formats and file I/O engines that were built: what block_manager_new() is given. */
#pragma once

#include "core/block.h"

extern const BlockImageOps *const block_image_types[];
extern const BlockEngineOps *const block_engine_types[]; /* in order of preference */

extern const BlockImageOps raw_image_ops, overlay_image_ops;
extern const BlockEngineOps uring_engine_ops, threads_engine_ops;

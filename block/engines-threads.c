/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engines of a build without liburing. */
#include "block/types.h"

const BlockEngineOps *const block_engine_types[] = {
    &threads_engine_ops,
    NULL,
};

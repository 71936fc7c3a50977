/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engines of a build with liburing. */
#include "block/types.h"

const BlockEngineOps *const block_engine_types[] = {
    &uring_engine_ops,
    &threads_engine_ops,
    NULL,
};

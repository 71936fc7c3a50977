/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The types of backends. */
#pragma once

#include "core/backend.h"

extern const BackendOps memory_file_ops;
extern const BackendOps memory_memfd_ops;
extern const BackendOps memory_ram_ops;
extern const BackendOps secret_ops;
extern const BackendOps rng_builtin_ops;
extern const BackendOps rng_random_ops;

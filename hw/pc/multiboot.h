/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernels by the Multiboot Specification 0.6.96: ELF files, and any other whose header tells its
 * addresses. No state; called while the machine is being made.
 */
#pragma once

#include "hw/pc/kernel-plan.h"

/* Whether there is a multiboot header, with a good checksum, where one may be. */
gboolean multiboot_detect(const guint8 *data, gsize size);

/* An empty array of KernelModule, which frees what is put into it. */
GArray *multiboot_modules_new(void);

/* "FILE ARGS,FILE ARGS" into modules without bytes; ",," stands for a comma. */
gboolean multiboot_split_modules(GArray *modules, const char *text, GError **error);

/* NULL with `error`: a damaged file, one that wants what there is not, or it does not fit. */
KernelPlan *multiboot_plan(const KernelInput *input, GError **error);

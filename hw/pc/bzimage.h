/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Linux kernels by the real-mode boot protocol (the kernel's Documentation/arch/x86/boot.rst,
 * "boot.rst" below). No state; called while the machine is being made.
 */
#pragma once

#include "hw/pc/kernel-plan.h"

/* Whether the file is a Linux kernel of any age, judged by its magic numbers. */
gboolean bzimage_detect(const guint8 *data, gsize size);

/* NULL with `error`: an old or damaged file, or it does not fit with its initrd. */
KernelPlan *bzimage_plan(const KernelInput *input, GError **error);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The option ROM that boots a kernel (kernel-rom.asm, assembled into the program). SeaBIOS finds
 * it in fw_cfg and lists it among the devices to boot from. No state.
 */
#pragma once

#include "hw/pc/kernel-plan.h"

#define KERNEL_ROM_FILE      "genroms/vitrine-kernel.bin"
#define KERNEL_ROM_BOOT_PATH "/rom@" KERNEL_ROM_FILE

/* The ROM with a plan in it. */
GBytes *kernel_rom_new(const KernelPlan *plan);

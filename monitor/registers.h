/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of processor registers in monitor expressions, and their values. Pure functions.
 */
#pragma once

#include <glib.h>

#include "cpu/registers.h"

/*
 * "rax", "eax" (low 32 bits), "r8", "rflags", "cs", "cs.base", "gdt.limit", "cr3", "dr7", "efer"...
 * "rip", "eip" and "pc" include the base of CS, so that they can be used as linear addresses.
 */
gboolean monitor_register_value(const CpuRegisters *regs, const char *name, guint64 *value);

/* The n-th name for completion, or NULL past the end. */
const char *monitor_register_name(guint n);

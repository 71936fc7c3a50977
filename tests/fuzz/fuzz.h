/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The entry point of a fuzz target, as libFuzzer calls it. With `-Dfuzz=true` (clang) a target is
 * linked with libFuzzer; otherwise with driver.c, which runs files and then random inputs.
 */
#pragma once

#include <glib.h>
#include <stddef.h>

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

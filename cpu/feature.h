/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of CPUID feature bits, as Linux and `-cpu` spell them. A constant table: any thread.
 */
#pragma once

#include <glib.h>

#include "cpu/model.h"

struct CpuFeature {
    const char *name;
    guint32 leaf, subleaf;
    CpuidRegister reg;
    guint bit;
};

/* By name ('_' and '-' are alike); FALSE if unknown. */
gboolean cpu_feature_find(const char *name, CpuFeature *feature);

/* The n-th of all; FALSE past the end. */
gboolean cpu_feature_nth(guint n, CpuFeature *feature);

void cpu_feature_foreach(void (*fn)(const CpuFeature *feature, void *opaque), void *opaque);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table behind `-cpu`: what each named model is. Only cpu/ reads it; constant: any thread.
 */
#pragma once

#include <glib.h>

typedef struct CpuModel {
    const char *name, *summary;
    const char *vendor; /* 12 letters; NULL = what the accelerator supports is the model */
    guint family, model, stepping;
    guint32 level, xlevel; /* highest basic and extended leaf; xlevel 0 = no extended leaf */
    const char *id;        /* brand string, at most 48 letters */
    const char *features;  /* names, separated by spaces */
} CpuModel;

/* A model that differs a little from another one. */
typedef struct CpuVariant {
    const char *name, *alias; /* alias NULL = none */
    const char *of;           /* the model */
    const char *changes;      /* "+added -removed" features */
    const char *id;           /* brand string; NULL, and 0 below: the model's */
    guint model, stepping;
} CpuVariant;

extern const CpuVariant cpu_variants[];
extern const guint cpu_variant_count;

extern const CpuModel cpu_models[];
extern const guint cpu_model_count;

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPU models: what `-cpu MODEL[,+feature][,-feature][,feature=on|off][,property=value]` shows the
 * guest through CPUID (Intel SDM vol. 2A, CPUID; AMD APM vol. 3, appendix E).
 *
 * An accelerator says what it can do, as a list of CPUID leaves; the model is cut down to that,
 * and what had to go is reported by name. Pure functions over constant tables: any thread.
 */
#pragma once

#include <glib.h>

typedef struct CpuFeature CpuFeature;

/* One CPUID answer. */
typedef struct CpuidEntry {
    guint32 leaf, subleaf;
    gboolean has_subleaf; /* the answer depends on ECX */
    guint32 eax, ebx, ecx, edx;
} CpuidEntry;

typedef enum CpuidRegister { CPUID_EAX, CPUID_EBX, CPUID_ECX, CPUID_EDX } CpuidRegister;

/* The model of a `-cpu` text, or the default one for NULL. */
#define CPU_MODEL_DEFAULT "max"

/* Checks the text alone: model and feature names. The error says what would be right. */
gboolean cpu_model_check(const char *spec, GError **error);

/*
 * Makes the CPUID leaves of a model. `supported`: the accelerator's CpuidEntry list. `missing` gets
 * the names of wanted features that it lacks, separated by spaces (for a warning); with `enforce`
 * in the text that is an error. Returns a GArray of CpuidEntry, or NULL with `error`.
 */
GArray *cpu_model_build(const char *spec, const GArray *supported, GString *missing,
                        GError **error);

/* -smp: packages, cores in each, threads in each core. All 0, or NULL = one package of single
 * cores. */
typedef struct CpuTopology {
    guint sockets, cores, threads;
} CpuTopology;

/* The id of a processor's local APIC: fields for package, core and thread, each as wide as what it
 * counts needs. So ids have gaps where the counts are no powers of two. */
guint cpu_apic_id(const CpuTopology *topology, guint index);

/* Sets what differs from one processor to the next: APIC id and topology. */
void cpu_model_set_topology(GArray *entries, guint index, guint count, const CpuTopology *topology);

/* Finds a leaf; NULL if the list has none. */
CpuidEntry *cpuid_find(const GArray *entries, guint32 leaf, guint32 subleaf);

/* A model, for lists of them. */
typedef struct CpuModelInfo {
    const char *name;
    const char *alias_of; /* another name of that model; NULL = none */
    gboolean is_static;   /* is the same whatever the accelerator and the version */
    gboolean is_fixed;    /* has a list of features: not just what the accelerator supports */
    gboolean host_only;   /* needs an accelerator that runs code on the host's processor */
} CpuModelInfo;

/* The n-th model; FALSE past the end. */
gboolean cpu_model_nth(guint n, CpuModelInfo *info);

/* Is a feature on in these leaves? */
gboolean cpu_model_has(const GArray *entries, const CpuFeature *feature);

/* What leaves 0 and 1 and 80000002h on say a processor is. */
typedef struct CpuIdentity {
    char vendor[13], name[49];
    guint family, model, stepping;
    guint32 level, xlevel; /* highest basic and extended leaf */
} CpuIdentity;

void cpu_model_identify(const GArray *entries, CpuIdentity *identity);

/* For `-cpu help`: models and feature names. */
void cpu_model_help(GString *out);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu/feature.h"

/* Intel SDM vol. 2A, tables 3-10, 3-11 and leaf 7; AMD APM vol. 3, E.3-E.4; the KVM leaf is
 * documented in the kernel's Documentation/virt/kvm/x86/cpuid.rst. */
static const struct FeatureWord {
    guint32 leaf, subleaf;
    CpuidRegister reg;
    const char *bits[32];
} words[] = {
    {1, 0, CPUID_EDX, {"fpu",  "vme",   "de",   "pse",     "tsc",  "msr", "pae",  "mce",
                       "cx8",  "apic",  NULL,   "sep",     "mtrr", "pge", "mca",  "cmov",
                       "pat",  "pse36", "pn",   "clflush", NULL,   "ds",  "acpi", "mmx",
                       "fxsr", "sse",   "sse2", "ss",      "ht",   "tm",  "ia64", "pbe"}},
    {1, 0, CPUID_ECX, {"pni",          "pclmulqdq", "dtes64", "monitor", "ds-cpl", "vmx",
                       "smx",          "est",       "tm2",    "ssse3",   "cid",    NULL,
                       "fma",          "cx16",      "xtpr",   "pdcm",    NULL,     "pcid",
                       "dca",          "sse4.1",    "sse4.2", "x2apic",  "movbe",  "popcnt",
                       "tsc-deadline", "aes",       "xsave",  "osxsave", "avx",    "f16c",
                       "rdrand",       "hypervisor"}},
    {7, 0, CPUID_EBX, {"fsgsbase",
                       "tsc-adjust",
                       "sgx",
                       "bmi1",
                       "hle",
                       "avx2",
                       "fdp-excptn-only",
                       "smep",
                       "bmi2",
                       "erms",
                       "invpcid",
                       "rtm",
                       NULL,
                       "zero-fcs-fds",
                       "mpx",
                       NULL,
                       "avx512f",
                       "avx512dq",
                       "rdseed",
                       "adx",
                       "smap",
                       "avx512ifma",
                       "pcommit",
                       "clflushopt",
                       "clwb",
                       "intel-pt",
                       "avx512pf",
                       "avx512er",
                       "avx512cd",
                       "sha-ni",
                       "avx512bw",
                       "avx512vl"}},
    {7, 0, CPUID_ECX, {NULL,         "avx512vbmi",  "umip",         "pku",       "ospke",
                       "waitpkg",    "avx512vbmi2", NULL,           "gfni",      "vaes",
                       "vpclmulqdq", "avx512vnni",  "avx512bitalg", NULL,        "avx512-vpopcntdq",
                       NULL,         "la57",        NULL,           NULL,        NULL,
                       NULL,         NULL,          "rdpid",        NULL,        "bus-lock-detect",
                       "cldemote",   NULL,          "movdiri",      "movdir64b", NULL,
                       "sgxlc",      "pks"}},
    {7,
     0,
     CPUID_EDX,
     {NULL,
      NULL,
      "avx512-4vnniw",
      "avx512-4fmaps",
      "fsrm",
      NULL,
      NULL,
      NULL,
      "avx512-vp2intersect",
      NULL,
      "md-clear",
      NULL,
      NULL,
      NULL,
      "serialize",
      NULL,
      "tsx-ldtrk",
      NULL,
      NULL,
      "arch-lbr",
      NULL,
      NULL,
      "amx-bf16",
      "avx512-fp16",
      "amx-tile",
      "amx-int8",
      "spec-ctrl",
      "stibp",
      "flush-l1d",
      "arch-capabilities",
      "core-capability",
      "ssbd"}},
    {7, 1, CPUID_EAX, {[4] = "avx-vnni", [5] = "avx512-bf16"}},
    {0x80000001,
     0,
     CPUID_EDX,
     {[11] = "syscall",
      [19] = "mp",
      [20] = "nx",
      [22] = "mmxext",
      [25] = "fxsr-opt",
      [26] = "pdpe1gb",
      [27] = "rdtscp",
      [29] = "lm",
      [30] = "3dnowext",
      [31] = "3dnow"}},
    {0x80000001, 0, CPUID_ECX, {"lahf-lm",    "cmp-legacy",  "svm",
                                "extapic",    "cr8legacy",   "abm",
                                "sse4a",      "misalignsse", "3dnowprefetch",
                                "osvw",       "ibs",         "xop",
                                "skinit",     "wdt",         NULL,
                                "lwp",        "fma4",        "tce",
                                NULL,         "nodeid-msr",  NULL,
                                "tbm",        "topoext",     "perfctr-core",
                                "perfctr-nb", NULL,          NULL,
                                NULL,         NULL,          NULL,
                                NULL,         NULL}},
    {0x80000007, 0, CPUID_EDX, {[8] = "invtsc"}},
    {0x80000008,
     0,
     CPUID_EBX,
     {[0] = "clzero",
      [2] = "xsaveerptr",
      [9] = "wbnoinvd",
      [12] = "ibpb",
      [14] = "ibrs",
      [15] = "amd-stibp",
      [24] = "amd-ssbd",
      [25] = "virt-ssbd",
      [26] = "amd-no-ssb"}},
    {0x8000000a,
     0,
     CPUID_EDX,
     {[0] = "npt",
      [1] = "lbrv",
      [2] = "svm-lock",
      [3] = "nrip-save",
      [4] = "tsc-scale",
      [5] = "vmcb-clean",
      [6] = "flushbyasid",
      [7] = "decodeassists",
      [10] = "pause-filter",
      [12] = "pfthreshold",
      [13] = "avic",
      [15] = "v-vmsave-vmload",
      [16] = "vgif",
      [28] = "svme-addr-chk"}},
    {0x80000021, 0, CPUID_EAX, {[8] = "auto-ibrs"}},
    {0xd, 1, CPUID_EAX, {"xsaveopt", "xsavec", "xgetbv1", "xsaves", "xfd"}},
    {6, 0, CPUID_EAX, {[2] = "arat"}},
    {0x40000001,
     0,
     CPUID_EAX,
     {"kvmclock", "kvm-nopiodelay", NULL, NULL, "kvm-asyncpf", "kvm-steal-time", "kvm-pv-eoi",
      "kvm-pv-unhalt", NULL, "kvm-pv-tlb-flush", NULL, "kvm-pv-ipi", "kvm-poll-control",
      "kvm-pv-sched-yield", "kvm-asyncpf-int",
      "kvm-msi-ext-dest-id", [24] = "kvmclock-stable-bit"}},
};

/* Other spellings in use. */
static const struct {
    const char *alias, *name;
} aliases[] = {
    {"sse3", "pni"},       {"sse4-1", "sse4.1"},   {"sse4-2", "sse4.2"},
    {"ffxsr", "fxsr-opt"}, {"i64", "lm"},          {"xd", "nx"},
    {"lzcnt", "abm"},      {"cmpxchg16b", "cx16"}, {"sha", "sha-ni"},
};

static gboolean same_name(const char *a, const char *b)
{
    for (; *a && *b; a++, b++) {
        char x = *a == '_' ? '-' : g_ascii_tolower(*a);
        char y = *b == '_' ? '-' : g_ascii_tolower(*b);
        if (x != y) {
            return FALSE;
        }
    }
    return *a == *b;
}

/* The first at or after place `*at` (of all bits of all words), which moves on. */
static gboolean next_feature(guint *at, CpuFeature *feature)
{
    for (; *at < 32 * G_N_ELEMENTS(words); ++*at) {
        const struct FeatureWord *word = &words[*at / 32];
        guint bit = *at % 32;

        if (word->bits[bit]) {
            *feature = (CpuFeature){word->bits[bit], word->leaf, word->subleaf, word->reg, bit};
            ++*at;
            return TRUE;
        }
    }
    return FALSE;
}

gboolean cpu_feature_nth(guint n, CpuFeature *feature)
{
    guint at = 0;

    while (next_feature(&at, feature)) {
        if (n-- == 0) {
            return TRUE;
        }
    }
    return FALSE;
}

void cpu_feature_foreach(void (*fn)(const CpuFeature *feature, void *opaque), void *opaque)
{
    CpuFeature feature;
    guint at = 0;

    while (next_feature(&at, &feature)) {
        fn(&feature, opaque);
    }
}

gboolean cpu_feature_find(const char *name, CpuFeature *feature)
{
    guint at = 0;

    for (guint i = 0; i < G_N_ELEMENTS(aliases); i++) {
        if (same_name(aliases[i].alias, name)) {
            name = aliases[i].name;
        }
    }
    while (next_feature(&at, feature)) {
        if (same_name(feature->name, name)) {
            return TRUE;
        }
    }
    return FALSE;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu/model.h"

#include <string.h>

#include "cpu/feature.h"

/* cpu/ stands below core/, so it makes its errors with GLib alone, in a domain of its own. */
#define CPU_MODEL_ERROR (g_quark_from_static_string("vitrine-cpu-model"))

/* ---- models ---- */

typedef struct CpuModel {
    const char *name, *summary;
    const char *vendor; /* 12 letters; NULL = what the accelerator supports is the model */
    guint family, model, stepping;
    guint32 level, xlevel; /* highest basic and extended leaf */
    const char *id;        /* brand string, at most 47 letters */
    const char *features;  /* names, separated by spaces */
} CpuModel;

#define FEATURES_BASE64                                                                         \
    "fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse " \
    "sse2 pni cx16 syscall nx lm"

static const CpuModel models[] = {
    {.name = "max", .summary = "everything that the accelerator supports"},
    {.name = "host", .summary = "the host's processor (kvm only)"},
    {"qemu64", "a plain 64-bit processor", "AuthenticAMD", 15, 107, 1, 0xd, 0x8000000a,
     "Vitrine Virtual CPU", FEATURES_BASE64 " x2apic lahf-lm"},
    {"kvm64", "the least common processor of 64-bit KVM hosts", "GenuineIntel", 15, 6, 1, 0xd,
     0x80000008, "Common KVM processor", FEATURES_BASE64 " vme x2apic"},
    {"base", "nothing but what named features add", "AuthenticAMD", 6, 6, 3, 1, 0x80000008,
     "Vitrine Base CPU", ""},
};

static const CpuModel *model_find(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(models); i++) {
        if (g_ascii_strcasecmp(models[i].name, name) == 0) {
            return &models[i];
        }
    }
    return NULL;
}

/* ---- leaves ---- */

CpuidEntry *cpuid_find(const GArray *entries, guint32 leaf, guint32 subleaf)
{
    for (guint i = 0; i < entries->len; i++) {
        CpuidEntry *entry = &g_array_index(entries, CpuidEntry, i);
        if (entry->leaf == leaf && (!entry->has_subleaf || entry->subleaf == subleaf)) {
            return entry;
        }
    }
    return NULL;
}

static guint32 *entry_register(CpuidEntry *entry, CpuidRegister reg)
{
    switch (reg) {
    case CPUID_EAX: return &entry->eax;
    case CPUID_EBX: return &entry->ebx;
    case CPUID_ECX: return &entry->ecx;
    default: return &entry->edx;
    }
}

static CpuidEntry *entry_need(GArray *entries, guint32 leaf, guint32 subleaf)
{
    CpuidEntry *found = cpuid_find(entries, leaf, subleaf);
    if (!found) {
        CpuidEntry entry = {
            .leaf = leaf, .subleaf = subleaf, .has_subleaf = leaf == 7 || leaf == 0xd};
        g_array_append_val(entries, entry);
        found = &g_array_index(entries, CpuidEntry, entries->len - 1);
    }
    return found;
}

gboolean cpu_model_has(const GArray *entries, const CpuFeature *feature)
{
    CpuidEntry *entry = cpuid_find(entries, feature->leaf, feature->subleaf);
    return entry && (*entry_register(entry, feature->reg) >> feature->bit & 1);
}

/* Switches a feature; notes the name of one that the accelerator lacks. */
static void feature_set(GArray *entries, const GArray *supported, const CpuFeature *feature,
                        gboolean on, GString *missing)
{
    if (on && !cpu_model_has(supported, feature)) {
        g_string_append_printf(missing, "%s%s", missing->len ? " " : "", feature->name);
        return;
    }
    guint32 *word =
        entry_register(entry_need(entries, feature->leaf, feature->subleaf), feature->reg);
    *word = on ? *word | 1u << feature->bit : *word & ~(1u << feature->bit);
}

static guint32 signature(const CpuModel *model)
{
    guint family = MIN(model->family, 15), extended = model->family - family;
    return extended << 20 | (model->model >> 4) << 16 | family << 8 | (model->model & 15) << 4 |
           model->stepping;
}

static void put_vendor(CpuidEntry *entry, const char *vendor)
{
    memcpy(&entry->ebx, vendor, 4);
    memcpy(&entry->edx, vendor + 4, 4);
    memcpy(&entry->ecx, vendor + 8, 4);
}

/* Leaves whose answers are the hardware's or the accelerator's own business. */
static void copy_supported(GArray *entries, const GArray *supported, const CpuModel *model)
{
    for (guint i = 0; i < supported->len; i++) {
        CpuidEntry entry = g_array_index(supported, CpuidEntry, i);
        gboolean paravirtual = entry.leaf >> 28 == 4;
        gboolean wanted = (entry.leaf == 0xd && model->level >= 0xd) ||
                          (entry.leaf == 0x80000008 && model->xlevel >= 0x80000008);
        if (paravirtual || wanted) {
            g_array_append_val(entries, entry);
        }
    }
}

static void named_model(GArray *entries, const GArray *supported, const CpuModel *model,
                        GString *missing)
{
    char brand[48] = {0};
    CpuidEntry *entry = entry_need(entries, 0, 0);

    entry->eax = model->level;
    put_vendor(entry, model->vendor);
    entry = entry_need(entries, 1, 0);
    entry->eax = signature(model);
    entry->ebx = 8 << 8; /* CLFLUSH line of 64 bytes, in units of 8 */
    entry = entry_need(entries, 0x80000000, 0);
    entry->eax = model->xlevel;
    put_vendor(entry, model->vendor);
    entry_need(entries, 0x80000001, 0)->eax = signature(model);
    g_strlcpy(brand, model->id, sizeof(brand));
    for (guint i = 0; i < 3; i++) {
        entry = entry_need(entries, 0x80000002 + i, 0);
        memcpy(&entry->eax, brand + 16 * i, 4);
        memcpy(&entry->ebx, brand + 16 * i + 4, 4);
        memcpy(&entry->ecx, brand + 16 * i + 8, 4);
        memcpy(&entry->edx, brand + 16 * i + 12, 4);
    }
    copy_supported(entries, supported, model);
    g_auto(GStrv) names = g_strsplit(model->features, " ", -1);
    for (char **name = names; *name; name++) {
        CpuFeature feature;
        if (cpu_feature_find(*name, &feature)) {
            feature_set(entries, supported, &feature, TRUE, missing);
        }
    }
}

/* ---- the text of -cpu ---- */

typedef struct CpuSpec {
    const CpuModel *model;
    GArray *changes; /* of SpecChange */
    gboolean check, enforce;
} CpuSpec;

typedef struct SpecChange {
    CpuFeature feature;
    gboolean on;
} SpecChange;

/* One word after the model: "+sse4.1", "-avx", "avx=off", "check". */
static gboolean spec_add(CpuSpec *spec, const char *word, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(*word == '+' || *word == '-' ? word + 1 : word, "=", 2);
    const char *value = parts[0] ? parts[1] : NULL;
    gboolean on = *word != '-' && (!value || strcmp(value, "on") == 0);
    SpecChange change = {.on = on};

    if (value && strcmp(value, "on") != 0 && strcmp(value, "off") != 0) {
        g_set_error(error, CPU_MODEL_ERROR, 0, "-cpu: '%s' takes on or off, not '%s'", parts[0],
                    value);
        return FALSE;
    }
    if (g_strcmp0(parts[0], "check") == 0) {
        spec->check = on;
    } else if (g_strcmp0(parts[0], "enforce") == 0) {
        spec->enforce = on;
    } else if (parts[0] && cpu_feature_find(parts[0], &change.feature)) {
        g_array_append_val(spec->changes, change);
    } else {
        g_set_error(error, CPU_MODEL_ERROR, 0,
                    "-cpu: there is no processor feature '%s' (-cpu help lists them)", word);
        return FALSE;
    }
    return TRUE;
}

static gboolean spec_parse(CpuSpec *spec, const char *text, GError **error)
{
    g_auto(GStrv) words = g_strsplit(text && *text ? text : CPU_MODEL_DEFAULT, ",", -1);

    *spec = (CpuSpec){.model = model_find(words[0]), .check = TRUE};
    if (!spec->model) {
        g_set_error(error, CPU_MODEL_ERROR, 0,
                    "-cpu: there is no model '%s' (-cpu help lists them)", words[0]);
        return FALSE;
    }
    spec->changes = g_array_new(FALSE, FALSE, sizeof(SpecChange));
    for (guint i = 1; words[i]; i++) {
        if (!spec_add(spec, words[i], error)) {
            g_array_unref(spec->changes);
            return FALSE;
        }
    }
    return TRUE;
}

gboolean cpu_model_check(const char *text, GError **error)
{
    CpuSpec spec;
    gboolean good = spec_parse(&spec, text, error);
    if (good) {
        g_array_unref(spec.changes);
    }
    return good;
}

GArray *cpu_model_build(const char *text, const GArray *supported, GString *missing, GError **error)
{
    CpuSpec spec;
    GArray *entries;

    if (!spec_parse(&spec, text, error)) {
        return NULL;
    }
    entries = g_array_new(FALSE, FALSE, sizeof(CpuidEntry));
    if (spec.model->vendor) {
        named_model(entries, supported, spec.model, missing);
    } else {
        g_array_append_vals(entries, supported->data, supported->len);
    }
    entry_need(entries, 1, 0)->ecx |= 1u << 31; /* hypervisor present */
    for (guint i = 0; i < spec.changes->len; i++) {
        SpecChange *change = &g_array_index(spec.changes, SpecChange, i);
        feature_set(entries, supported, &change->feature, change->on, missing);
    }
    if (spec.enforce && missing->len) {
        g_set_error(error, CPU_MODEL_ERROR, 0,
                    "-cpu %s: the accelerator lacks what enforce asks for: %s", text, missing->str);
        g_clear_pointer(&entries, g_array_unref);
    } else if (!spec.check) {
        g_string_truncate(missing, 0);
    }
    g_array_unref(spec.changes);
    return entries;
}

/* Bits of an id that can count `count` things. */
static guint id_width(guint count)
{
    guint width = 0;
    while (1u << width < count) {
        width++;
    }
    return width;
}

/* AMD says by a bit that the logical processors of leaf 1 are cores and not threads (APM vol. 3,
 * E.4.2, CmpLegacy): without it a guest takes each core for a package. */
static void set_cmp_legacy(GArray *entries, gboolean on)
{
    const CpuidEntry *vendor = cpuid_find(entries, 0, 0);
    CpuidEntry *entry = cpuid_find(entries, 0x80000001, 0);

    if (entry && vendor && memcmp(&vendor->ebx, "Auth", 4) == 0) {
        entry->ecx = on ? entry->ecx | 1u << 1 : entry->ecx & ~(1u << 1);
    }
}

void cpu_model_set_topology(GArray *entries, guint index, guint count)
{
    CpuidEntry *entry = entry_need(entries, 1, 0);
    guint width = id_width(count);

    /* Leaf 1 EBX: logical processors in the package (bits 16-23), initial APIC id (24-31). */
    entry->ebx = (entry->ebx & 0xffff) | MIN(count, 255) << 16 | index << 24;
    entry->edx = count > 1 ? entry->edx | 1u << 28 : entry->edx & ~(1u << 28);
    set_cmp_legacy(entries, count > 1);
    for (guint i = 0; i < entries->len; i++) {
        entry = &g_array_index(entries, CpuidEntry, i);
        if (entry->leaf == 0xb ||
            entry->leaf == 0x1f) { /* extended topology: one core a socket's */
            gboolean threads = entry->subleaf == 0, cores = entry->subleaf == 1;
            entry->eax = threads ? 0 : cores ? width : 0;
            entry->ebx = threads ? 1 : cores ? count : 0;
            entry->ecx = (entry->subleaf & 0xff) | (threads ? 1u << 8 : cores ? 2u << 8 : 0);
            entry->edx = index;
        } else if (entry->leaf == 4 && (entry->eax & 31)) { /* caches: cores of the package */
            entry->eax = (entry->eax & 0x3fff) | ((1u << width) - 1) << 26;
        } else if (entry->leaf == 0x80000008) { /* AMD: core count, APIC id size */
            entry->ecx = count > 1 ? (count - 1) | width << 12 : 0;
        } else if (entry->leaf == 0x8000001e) { /* AMD: ids of APIC, core, node */
            entry->eax = index;
            entry->ebx = index;
            entry->ecx = 0;
        }
    }
}

/* ---- what models there are, and what one says of itself ---- */

gboolean cpu_model_nth(guint n, CpuModelInfo *info)
{
    if (n >= G_N_ELEMENTS(models)) {
        return FALSE;
    }
    *info = (CpuModelInfo){
        .name = models[n].name,
        .is_static = g_str_equal(models[n].name, "base"),
        .is_fixed = models[n].vendor != NULL,
        .host_only = g_str_equal(models[n].name, "host"),
    };
    return TRUE;
}

/* Intel SDM vol. 2A, CPUID, leaf 1: the extended fields count for some families. */
static void split_signature(guint32 signature, CpuIdentity *identity)
{
    guint family = signature >> 8 & 15;

    identity->stepping = signature & 15;
    identity->model = signature >> 4 & 15;
    identity->family = family;
    if (family == 6 || family == 15) {
        identity->model |= (signature >> 16 & 15) << 4;
    }
    if (family == 15) {
        identity->family += signature >> 20 & 0xff;
    }
}

void cpu_model_identify(const GArray *entries, CpuIdentity *identity)
{
    const CpuidEntry *entry = cpuid_find(entries, 0, 0);

    memset(identity, 0, sizeof(*identity));
    if (entry) {
        identity->level = entry->eax;
        memcpy(identity->vendor, &entry->ebx, 4);
        memcpy(identity->vendor + 4, &entry->edx, 4);
        memcpy(identity->vendor + 8, &entry->ecx, 4);
    }
    if ((entry = cpuid_find(entries, 1, 0))) {
        split_signature(entry->eax, identity);
    }
    if ((entry = cpuid_find(entries, 0x80000000, 0))) {
        identity->xlevel = entry->eax;
    }
    for (guint i = 0; i < 3; i++) {
        if ((entry = cpuid_find(entries, 0x80000002 + i, 0))) {
            const guint32 letters[] = {entry->eax, entry->ebx, entry->ecx, entry->edx};
            memcpy(identity->name + 16 * i, letters, sizeof(letters));
        }
    }
}

void cpu_model_help(GString *out)
{
    g_string_append(out, "Available CPU models:\n");
    for (guint i = 0; i < G_N_ELEMENTS(models); i++) {
        g_string_append_printf(out, "  %-10s %s\n", models[i].name, models[i].summary);
    }
    g_string_append(out, "\nRecognized features, to add with +NAME or remove with -NAME:\n");
    gsize column = 0;
    CpuFeature feature;
    for (guint i = 0; cpu_feature_nth(i, &feature); i++) {
        gsize length = strlen(feature.name) + 1;
        if (column && column + length > 76) {
            g_string_append_c(out, '\n');
            column = 0;
        }
        g_string_append_printf(out, "%s%s", column ? " " : "  ", feature.name);
        column += length;
    }
    g_string_append_c(out, '\n');
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu/model.h"

#include <string.h>

#include "cpu/feature.h"
#include "cpu/model-table.h"

/* cpu/ stands below core/, so it makes its errors with GLib alone, in a domain of its own. */
#define CPU_MODEL_ERROR (g_quark_from_static_string("vitrine-cpu-model"))

#define VENDOR_AMD "AuthenticAMD"

/* ---- models ---- */

static const CpuModel *model_find(const char *name)
{
    gsize length = strlen(name);

    for (guint i = 0; i < cpu_model_count; i++) {
        const CpuModel *model = &cpu_models[i];
        gsize own = strlen(model->name);

        if (g_ascii_strncasecmp(model->name, name, own) == 0 &&
            (length == own || (model->vendor && g_ascii_strcasecmp(name + own, "-v1") == 0))) {
            return model;
        }
    }
    return NULL;
}

static const CpuVariant *variant_find(const char *name)
{
    for (guint i = 0; i < cpu_variant_count; i++) {
        const CpuVariant *variant = &cpu_variants[i];

        if (g_ascii_strcasecmp(variant->name, name) == 0 ||
            (variant->alias && g_ascii_strcasecmp(variant->alias, name) == 0)) {
            return variant;
        }
    }
    return NULL;
}

/* The model's features with a variant's changes; to be freed. */
static char *variant_features(const CpuModel *model, const CpuVariant *variant)
{
    g_auto(GStrv) names = g_strsplit(model->features, " ", -1);
    g_auto(GStrv) changes = g_strsplit(variant->changes, " ", -1);
    g_autoptr(GString) out = g_string_new(NULL);

    for (char **name = names; *name; name++) {
        g_autofree char *without = g_strconcat("-", *name, NULL);

        if (!g_strv_contains((const char *const *)changes, without)) {
            g_string_append_printf(out, "%s ", *name);
        }
    }
    for (char **change = changes; *change; change++) {
        if (**change == '+') {
            g_string_append_printf(out, "%s ", *change + 1);
        }
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
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

/* Bits that only say how the others are to be read: they need nothing of the accelerator. */
static gboolean needs_nothing(const CpuFeature *feature)
{
    return g_str_equal(feature->name, "hypervisor") || g_str_equal(feature->name, "topoext") ||
           g_str_equal(feature->name, "ht") || g_str_equal(feature->name, "cmp-legacy");
}

/* A leaf shows only if leaf 0 or 80000000h reaches that far, a part of leaf 7 if its first does. */
static void raise_level(GArray *entries, guint32 leaf, guint32 subleaf)
{
    if (leaf >> 28 != 4) {
        CpuidEntry *first = entry_need(entries, leaf & 0x80000000, 0);
        first->eax = MAX(first->eax, leaf);
    }
    if (leaf == 7) {
        CpuidEntry *first = entry_need(entries, leaf, 0);
        first->eax = MAX(first->eax, subleaf);
    }
}

/* Switches a feature; notes the name of one that the accelerator lacks. */
static void feature_set(GArray *entries, const GArray *supported, const CpuFeature *feature,
                        gboolean on, GString *missing)
{
    if (on && !cpu_model_has(supported, feature) && !needs_nothing(feature)) {
        g_string_append_printf(missing, "%s%s", missing->len ? " " : "", feature->name);
        return;
    }
    guint32 *word =
        entry_register(entry_need(entries, feature->leaf, feature->subleaf), feature->reg);
    *word = on ? *word | 1u << feature->bit : *word & ~(1u << feature->bit);
    if (on) {
        raise_level(entries, feature->leaf, feature->subleaf);
    }
}

static guint32 signature(guint full_family, guint model, guint stepping)
{
    guint family = MIN(full_family, 15), extended = full_family - family;
    return extended << 20 | (model >> 4) << 16 | family << 8 | (model & 15) << 4 | stepping;
}

static void put_vendor(CpuidEntry *entry, const char *vendor)
{
    memcpy(&entry->ebx, vendor, 4);
    memcpy(&entry->edx, vendor + 4, 4);
    memcpy(&entry->ecx, vendor + 8, 4);
}

/* Leaves whose answers are the hardware's or the accelerator's own business: its paravirtual ones,
 * what XSAVE saves, sizes of addresses, AMD's caches. Features there come from the model alone. */
static void copy_supported(GArray *entries, const GArray *supported, const CpuModel *model)
{
    for (guint i = 0; i < supported->len; i++) {
        CpuidEntry entry = g_array_index(supported, CpuidEntry, i);
        gboolean paravirtual = entry.leaf >> 28 == 4;
        gboolean caches = (entry.leaf == 0x80000005 || entry.leaf == 0x80000006) &&
                          model->xlevel >= entry.leaf && strcmp(model->vendor, VENDOR_AMD) == 0;
        gboolean wanted = (entry.leaf == 0xd && model->level >= 0xd) ||
                          (entry.leaf == 0x80000008 && model->xlevel >= 0x80000008);
        if (entry.leaf == 0xd && entry.subleaf == 1) {
            entry.eax = entry.ecx = entry.edx = 0;
        } else if (entry.leaf == 0x80000008) {
            entry.ebx = 0;
        }
        if (paravirtual || caches || wanted) {
            g_array_append_val(entries, entry);
        }
    }
}

static gboolean has_named(const GArray *entries, const char *name)
{
    CpuFeature feature;
    return cpu_feature_find(name, &feature) && cpu_model_has(entries, &feature);
}

/* The parts of XSAVE's area that the model's features use (SDM vol. 1, 13.1). */
static guint32 xsave_parts(const GArray *entries)
{
    static const struct {
        const char *feature;
        guint32 parts;
    } users[] = {
        {"xsave", 3},      {"avx", 4},     {"mpx", 0x18},
        {"avx512f", 0xe0}, {"pku", 0x200}, {"amx-tile", 0x60000},
    };
    guint32 parts = 0;

    for (guint i = 0; has_named(entries, "xsave") && i < G_N_ELEMENTS(users); i++) {
        parts |= has_named(entries, users[i].feature) ? users[i].parts : 0;
    }
    return parts;
}

/* Cuts leaf 0Dh down to that; without XSAVE it goes. */
static void trim_xsave(GArray *entries)
{
    guint32 parts = xsave_parts(entries), size = 576; /* the legacy area and the header */

    for (guint i = entries->len; i-- > 0;) {
        const CpuidEntry *entry = &g_array_index(entries, CpuidEntry, i);
        guint32 part = entry->subleaf < 32 ? 1u << entry->subleaf : 0;
        if (entry->leaf != 0xd) {
            continue;
        }
        if (!parts || (entry->subleaf > 1 && !(parts & part))) {
            g_array_remove_index(entries, i);
        } else if (entry->subleaf > 1) {
            size = MAX(size, entry->ebx + entry->eax);
        }
    }
    CpuidEntry *first = cpuid_find(entries, 0xd, 0);
    if (first) {
        first->eax &= parts;
        first->edx = 0;
        first->ebx = first->ecx = size;
    }
}

static void put_brand(GArray *entries, const char *text)
{
    char brand[48] = {0};

    memcpy(brand, text, MIN(strlen(text), sizeof(brand)));
    for (guint i = 0; i < 3; i++) {
        CpuidEntry *entry = entry_need(entries, 0x80000002 + i, 0);
        memcpy(&entry->eax, brand + 16 * i, 4);
        memcpy(&entry->ebx, brand + 16 * i + 4, 4);
        memcpy(&entry->ecx, brand + 16 * i + 8, 4);
        memcpy(&entry->edx, brand + 16 * i + 12, 4);
    }
}

static void named_model(GArray *entries, const GArray *supported, const CpuModel *model,
                        GString *missing)
{
    guint32 version = signature(model->family, model->model, model->stepping);
    CpuidEntry *entry = entry_need(entries, 0, 0);

    entry->eax = model->level;
    put_vendor(entry, model->vendor);
    entry = entry_need(entries, 1, 0);
    entry->eax = version;
    entry->ebx = 8 << 8; /* CLFLUSH line of 64 bytes, in units of 8 */
    if (model->xlevel) {
        entry = entry_need(entries, 0x80000000, 0);
        entry->eax = model->xlevel;
        if (strcmp(model->vendor, VENDOR_AMD) == 0) { /* reserved with Intel */
            put_vendor(entry, model->vendor);
        }
        entry_need(entries, 0x80000001, 0)->eax = version;
        put_brand(entries, model->id);
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

/* AMD shows many bits of leaf 1 EDX again in 80000001h (APM vol. 3, E.4.2). */
#define AMD_TWICE 0x0183f3ffu

static void finish_named(GArray *entries)
{
    CpuidEntry *first = cpuid_find(entries, 0, 0), *extended = cpuid_find(entries, 0x80000001, 0);

    if (extended && memcmp(&first->ebx, VENDOR_AMD, 4) == 0) {
        extended->edx = (extended->edx & ~AMD_TWICE) | (cpuid_find(entries, 1, 0)->edx & AMD_TWICE);
    }
    trim_xsave(entries);
}

/* ---- the text of -cpu ---- */

typedef enum PropertyId {
    PROPERTY_CHECK,
    PROPERTY_ENFORCE,
    PROPERTY_HOST_PHYS_BITS,
    PROPERTY_PHYS_BITS,
    PROPERTY_FAMILY,
    PROPERTY_MODEL,
    PROPERTY_STEPPING,
    PROPERTY_LEVEL,
    PROPERTY_XLEVEL,
    PROPERTY_VENDOR,
    PROPERTY_MODEL_ID,
    PROPERTY_COUNT
} PropertyId;

/* What a value is: a number up to `most`, on or off (1), or a text of so many letters. */
static const struct {
    const char *name;
    enum { VALUE_SWITCH, VALUE_NUMBER, VALUE_TEXT } kind;
    guint32 least, most;
} properties[PROPERTY_COUNT] = {
    [PROPERTY_CHECK] = {"check", VALUE_SWITCH, 0, 1},
    [PROPERTY_ENFORCE] = {"enforce", VALUE_SWITCH, 0, 1},
    [PROPERTY_HOST_PHYS_BITS] = {"host-phys-bits", VALUE_SWITCH, 0, 1},
    [PROPERTY_PHYS_BITS] = {"phys-bits", VALUE_NUMBER, 32, 52},
    [PROPERTY_FAMILY] = {"family", VALUE_NUMBER, 0, 0xff + 0xf},
    [PROPERTY_MODEL] = {"model", VALUE_NUMBER, 0, 0xff},
    [PROPERTY_STEPPING] = {"stepping", VALUE_NUMBER, 0, 0xf},
    [PROPERTY_LEVEL] = {"level", VALUE_NUMBER, 0, G_MAXUINT32},
    [PROPERTY_XLEVEL] = {"xlevel", VALUE_NUMBER, 0, G_MAXUINT32},
    [PROPERTY_VENDOR] = {"vendor", VALUE_TEXT, 12, 12},
    [PROPERTY_MODEL_ID] = {"model-id", VALUE_TEXT, 0, 48},
};

typedef struct CpuSpec {
    const CpuModel *model;
    CpuModel own;    /* what `model` is, if it is a variant */
    char *features;  /* its */
    GArray *changes; /* of SpecChange */
    struct {
        gboolean given;
        guint32 number; /* a switch: 0 or 1 */
        char text[49];
    } values[PROPERTY_COUNT];
} CpuSpec;

typedef struct SpecChange {
    CpuFeature feature;
    gboolean on;
} SpecChange;

/* Letters to change, add or drop to make one name of the other, at most 99. */
static guint name_distance(const char *a, const char *b)
{
    gsize length = strlen(b);
    guint row[64];

    if (length >= G_N_ELEMENTS(row)) {
        return 99;
    }
    for (guint j = 0; j <= length; j++) {
        row[j] = j;
    }
    for (guint i = 1; a[i - 1]; i++) {
        guint corner = row[0];
        row[0] = i;
        for (guint j = 1; j <= length; j++) {
            guint change =
                corner + (g_ascii_tolower(a[i - 1]) != g_ascii_tolower(b[j - 1]) ? 1 : 0);
            corner = row[j];
            row[j] = MIN(change, MIN(row[j], row[j - 1]) + 1);
        }
    }
    return MIN(row[length], 99);
}

typedef struct Nearest {
    const char *wanted, *name;
    guint distance;
} Nearest;

static void nearest_try(Nearest *nearest, const char *name)
{
    guint distance = name_distance(nearest->wanted, name);

    if (distance < nearest->distance) {
        nearest->distance = distance;
        nearest->name = name;
    }
}

/* Half of the letters wrong is another word. */
static gboolean fail_unknown(GError **error, const char *what, const char *word, Nearest *nearest)
{
    gboolean near = nearest->name && nearest->distance * 2 < strlen(nearest->wanted);

    g_set_error(error, CPU_MODEL_ERROR, 0, "-cpu: there is no %s '%s'%s%s%s (-cpu help lists them)",
                what, word, near ? ", did you mean '" : "", near ? nearest->name : "",
                near ? "'?" : "");
    return FALSE;
}

static gboolean unknown_feature(const char *word, const char *name, GError **error)
{
    Nearest nearest = {.wanted = name, .distance = 99};
    CpuFeature feature;

    for (guint i = 0; cpu_feature_nth(i, &feature); i++) {
        nearest_try(&nearest, feature.name);
    }
    for (guint i = 0; *word != '+' && *word != '-' && i < PROPERTY_COUNT; i++) {
        nearest_try(&nearest, properties[i].name);
    }
    return fail_unknown(error, "processor feature", word, &nearest);
}

static gboolean parse_switch(const char *name, const char *value, gboolean *on, GError **error)
{
    *on = !value || strcmp(value, "on") == 0;
    if (!*on && strcmp(value, "off") != 0) {
        g_set_error(error, CPU_MODEL_ERROR, 0, "-cpu: '%s' takes on or off, not '%s'", name, value);
        return FALSE;
    }
    return TRUE;
}

/* Takes the value of a property. A word without one is a switch that is on. */
static gboolean property_set(CpuSpec *spec, PropertyId id, const char *value, GError **error)
{
    const char *name = properties[id].name;
    guint32 least = properties[id].least, most = properties[id].most;
    gboolean hex = value && g_ascii_strncasecmp(value, "0x", 2) == 0, on;
    guint64 number;

    spec->values[id].given = TRUE;
    if (properties[id].kind == VALUE_SWITCH) {
        gboolean good = parse_switch(name, value, &on, error);
        spec->values[id].number = on;
        return good;
    }
    if (!value) {
        g_set_error(error, CPU_MODEL_ERROR, 0, "-cpu: '%s' needs a value, as in %s=...", name,
                    name);
        return FALSE;
    }
    if (properties[id].kind == VALUE_NUMBER) {
        if (!g_ascii_string_to_unsigned(hex ? value + 2 : value, hex ? 16 : 10, least, most,
                                        &number, NULL)) {
            g_set_error(error, CPU_MODEL_ERROR, 0,
                        "-cpu: '%s' takes a number from %u to %u, not '%s'", name, least, most,
                        value);
            return FALSE;
        }
        spec->values[id].number = (guint32)number;
        return TRUE;
    }
    if (strlen(value) < least || strlen(value) > most) {
        g_set_error(error, CPU_MODEL_ERROR, 0, "-cpu: '%s' takes %s%u letters, not '%s'", name,
                    least < most ? "at most " : "", most, value);
        return FALSE;
    }
    g_strlcpy(spec->values[id].text, value, sizeof(spec->values[id].text));
    return TRUE;
}

/* One word after the model: "+sse4.1", "-avx", "avx=off", "check", "vendor=GenuineIntel". */
static gboolean spec_add(CpuSpec *spec, const char *word, GError **error)
{
    gboolean sign = *word == '+' || *word == '-';
    g_auto(GStrv) parts = g_strsplit(sign ? word + 1 : word, "=", 2);
    const char *name = parts[0] ? parts[0] : "", *value = parts[0] ? parts[1] : NULL;
    SpecChange change;
    gboolean on;

    for (guint i = 0; !sign && i < PROPERTY_COUNT; i++) {
        if (strcmp(properties[i].name, name) == 0) {
            return property_set(spec, i, value, error);
        }
    }
    if (!cpu_feature_find(name, &change.feature)) {
        return unknown_feature(word, name, error);
    }
    if (!parse_switch(name, value, &on, error)) {
        return FALSE;
    }
    change.on = on && *word != '-';
    g_array_append_val(spec->changes, change);
    return TRUE;
}

static void spec_use_variant(CpuSpec *spec, const CpuVariant *variant)
{
    spec->own = *spec->model;
    spec->own.name = variant->name;
    spec->own.features = spec->features = variant_features(spec->model, variant);
    spec->own.id = variant->id ? variant->id : spec->own.id;
    spec->own.model = variant->model ? variant->model : spec->own.model;
    spec->own.stepping = variant->stepping ? variant->stepping : spec->own.stepping;
    spec->model = &spec->own;
}

static void spec_clear(CpuSpec *spec)
{
    g_array_unref(spec->changes);
    g_free(spec->features);
}

static gboolean spec_parse(CpuSpec *spec, const char *text, GError **error)
{
    g_auto(GStrv) words = g_strsplit(text && *text ? text : CPU_MODEL_DEFAULT, ",", -1);

    const CpuVariant *variant = variant_find(words[0]);

    *spec = (CpuSpec){.model = model_find(variant ? variant->of : words[0])};
    if (variant) {
        spec_use_variant(spec, variant);
    }
    spec->values[PROPERTY_CHECK].number = TRUE;
    if (!spec->model) {
        Nearest nearest = {.wanted = words[0], .distance = 99};
        for (guint i = 0; i < cpu_model_count; i++) {
            nearest_try(&nearest, cpu_models[i].name);
        }
        for (guint i = 0; i < cpu_variant_count; i++) {
            nearest_try(&nearest, cpu_variants[i].name);
            nearest_try(&nearest, cpu_variants[i].alias ? cpu_variants[i].alias : "");
        }
        return fail_unknown(error, "model", words[0], &nearest);
    }
    spec->changes = g_array_new(FALSE, FALSE, sizeof(SpecChange));
    for (guint i = 1; words[i]; i++) {
        if (!spec_add(spec, words[i], error)) {
            spec_clear(spec);
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
        spec_clear(&spec);
    }
    return good;
}

/* More bits of address than the accelerator's page tables have would be a promise unkept. */
static gboolean set_phys_bits(GArray *entries, const CpuSpec *spec, GError **error)
{
    CpuidEntry *entry = cpuid_find(entries, 0x80000008, 0);
    guint32 bits = spec->values[PROPERTY_PHYS_BITS].number;

    if (!spec->values[PROPERTY_PHYS_BITS].given || !entry ||
        spec->values[PROPERTY_HOST_PHYS_BITS].number) {
        return TRUE;
    }
    if (bits > (entry->eax & 0xff)) {
        g_set_error(error, CPU_MODEL_ERROR, 0, "-cpu: phys-bits=%u: the accelerator has only %u",
                    bits, entry->eax & 0xff);
        return FALSE;
    }
    entry->eax = (entry->eax & ~0xffu) | bits;
    return TRUE;
}

static void set_identity(GArray *entries, const CpuSpec *spec)
{
    CpuIdentity is;

    cpu_model_identify(entries, &is);
    if (spec->values[PROPERTY_VENDOR].given) {
        put_vendor(entry_need(entries, 0, 0), spec->values[PROPERTY_VENDOR].text);
        if (is.xlevel) {
            put_vendor(entry_need(entries, 0x80000000, 0), spec->values[PROPERTY_VENDOR].text);
        }
    }
    is.family =
        spec->values[PROPERTY_FAMILY].given ? spec->values[PROPERTY_FAMILY].number : is.family;
    is.model = spec->values[PROPERTY_MODEL].given ? spec->values[PROPERTY_MODEL].number : is.model;
    is.stepping = spec->values[PROPERTY_STEPPING].given ? spec->values[PROPERTY_STEPPING].number
                                                        : is.stepping;
    entry_need(entries, 1, 0)->eax = signature(is.family, is.model, is.stepping);
    if (cpuid_find(entries, 0x80000001, 0)) {
        entry_need(entries, 0x80000001, 0)->eax = signature(is.family, is.model, is.stepping);
    }
    if (spec->values[PROPERTY_MODEL_ID].given) {
        put_brand(entries, spec->values[PROPERTY_MODEL_ID].text);
        raise_level(entries, 0x80000004, 0);
    }
    if (spec->values[PROPERTY_LEVEL].given) {
        entry_need(entries, 0, 0)->eax = spec->values[PROPERTY_LEVEL].number;
    }
    if (spec->values[PROPERTY_XLEVEL].given) {
        entry_need(entries, 0x80000000, 0)->eax = spec->values[PROPERTY_XLEVEL].number;
    }
}

static gboolean spec_apply(const CpuSpec *spec, GArray *entries, const GArray *supported,
                           GString *missing, GError **error)
{
    CpuFeature hypervisor;

    if (cpu_feature_find("hypervisor", &hypervisor)) {
        feature_set(entries, supported, &hypervisor, TRUE, missing);
    }
    for (guint i = 0; i < spec->changes->len; i++) {
        SpecChange *change = &g_array_index(spec->changes, SpecChange, i);
        feature_set(entries, supported, &change->feature, change->on, missing);
    }
    set_identity(entries, spec);
    if (spec->model->vendor) {
        finish_named(entries);
    }
    if (!set_phys_bits(entries, spec, error)) {
        return FALSE;
    }
    if (spec->values[PROPERTY_ENFORCE].number && missing->len) {
        g_set_error(error, CPU_MODEL_ERROR, 0,
                    "-cpu %s: the accelerator lacks what enforce asks for: %s", spec->model->name,
                    missing->str);
        return FALSE;
    }
    if (!spec->values[PROPERTY_CHECK].number) {
        g_string_truncate(missing, 0);
    }
    return TRUE;
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
    if (!spec_apply(&spec, entries, supported, missing, error)) {
        g_clear_pointer(&entries, g_array_unref);
    }
    spec_clear(&spec);
    return entries;
}

/* ---- what models there are, and what one says of itself ---- */

/* The n-th name among editions and their other names. */
static const CpuVariant *variant_nth(guint n, const char **name)
{
    for (guint i = 0; i < cpu_variant_count; i++) {
        const CpuVariant *variant = &cpu_variants[i];

        for (guint part = 0; part < (variant->alias ? 2 : 1); part++) {
            if (n-- == 0) {
                *name = part ? variant->alias : variant->name;
                return variant;
            }
        }
    }
    return NULL;
}

gboolean cpu_model_nth(guint n, CpuModelInfo *info)
{
    if (n >= cpu_model_count) {
        *info = (CpuModelInfo){.is_fixed = TRUE};
        const CpuVariant *variant = variant_nth(n - cpu_model_count, &info->name);

        info->alias_of = variant && info->name == variant->alias ? variant->name : NULL;
        return variant != NULL;
    }
    *info = (CpuModelInfo){
        .name = cpu_models[n].name,
        .is_static = g_str_equal(cpu_models[n].name, "base"),
        .is_fixed = cpu_models[n].vendor != NULL,
        .host_only = g_str_equal(cpu_models[n].name, "host"),
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
    for (guint i = 0; i < cpu_model_count; i++) {
        g_string_append_printf(out, "  %-20s %s\n", cpu_models[i].name, cpu_models[i].summary);
    }
    for (guint i = 0; i < cpu_variant_count; i++) {
        const CpuVariant *variant = &cpu_variants[i];

        g_string_append_printf(out, "  %-20s %s%s%s %s\n", variant->name,
                               variant->alias ? variant->alias : "", variant->alias ? ": " : "",
                               variant->of, variant->changes);
    }
    g_string_append(out, "\nProperties, as NAME=VALUE:\n ");
    for (guint i = 0; i < G_N_ELEMENTS(properties); i++) {
        g_string_append_printf(out, " %s", properties[i].name);
    }
    g_string_append(out, "\n\nRecognized features, to add with +NAME or remove with -NAME:\n");
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

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu/model.h"

#include <string.h>

#include "cpu/feature.h"

/* What an accelerator might support: a small AMD processor. */
static GArray *supported_new(void)
{
    static const CpuidEntry entries[] = {
        {0, 0, FALSE, 0xd, 0x68747541, 0x444d4163, 0x69746e65},
        {1, 0, FALSE, 0x00a20f10, 0, 0x00d82201, 0x078bfbff}, /* SSE3, CX16, SSE4, POPCNT... */
        {7, 0, TRUE, 0, 0x00000001, 0, 0},
        {0xb, 0, TRUE, 0, 0, 0, 0},
        {0xb, 1, TRUE, 0, 0, 0, 0},
        {0x40000000, 0, FALSE, 0x40000001, 0x4b4d564b, 0x564b4d56, 0x4d},
        {0x80000001, 0, FALSE, 0, 0, 0x1, 0x28100800},
        {0x80000008, 0, FALSE, 0x3030, 0, 0, 0},
    };
    GArray *array = g_array_new(FALSE, FALSE, sizeof(CpuidEntry));

    g_array_append_vals(array, entries, G_N_ELEMENTS(entries));
    return array;
}

static GArray *build(const char *spec, GString *missing, GError **error)
{
    g_autoptr(GArray) supported = supported_new();
    return cpu_model_build(spec, supported, missing, error);
}

static gboolean has(const GArray *entries, const char *name)
{
    CpuFeature feature;

    g_assert_true(cpu_feature_find(name, &feature));
    CpuidEntry *entry = cpuid_find(entries, feature.leaf, feature.subleaf);
    const guint32 words[] = {entry ? entry->eax : 0, entry ? entry->ebx : 0, entry ? entry->ecx : 0,
                             entry ? entry->edx : 0};
    return words[feature.reg] >> feature.bit & 1;
}

static void test_feature_names(void)
{
    CpuFeature feature, again;

    g_assert_true(cpu_feature_find("SSE4_2", &feature)); /* spelling and aliases */
    g_assert_true(cpu_feature_find("sse4.2", &again));
    g_assert_cmpuint(feature.bit, ==, 20);
    g_assert_cmpuint(again.bit, ==, 20);
    g_assert_cmpint(feature.reg, ==, CPUID_ECX);
    g_assert_false(cpu_feature_find("sse4", &feature));
    g_assert_false(cpu_feature_find("", &feature));
    for (guint n = 0; cpu_feature_nth(n, &feature); n++) { /* every name leads back to its bit */
        g_assert_true(cpu_feature_find(feature.name, &again));
        g_assert_cmphex(again.leaf, ==, feature.leaf);
        g_assert_cmpint(again.reg, ==, feature.reg);
        g_assert_cmpuint(again.bit, ==, feature.bit);
    }
}

static void test_max(void)
{
    g_autoptr(GString) missing = g_string_new(NULL);
    g_autoptr(GArray) entries = build(NULL, missing, NULL);

    g_assert_cmpuint(missing->len, ==, 0);
    g_assert_true(has(entries, "sse4.2"));
    g_assert_true(has(entries, "hypervisor"));
    g_assert_false(has(entries, "avx"));
}

static void test_named(void)
{
    g_autoptr(GString) missing = g_string_new(NULL);
    g_autoptr(GArray) entries = build("qemu64,+sse4.2,-cx16,popcnt=on,+avx", missing, NULL);
    char brand[49] = {0};

    g_assert_true(has(entries, "lm"));
    g_assert_true(has(entries, "sse4-2"));
    g_assert_true(has(entries, "popcnt"));
    g_assert_false(has(entries, "cx16"));
    g_assert_false(has(entries, "avx")); /* the accelerator has none, and says so */
    g_assert_nonnull(strstr(missing->str, "avx"));
    g_assert_cmphex(cpuid_find(entries, 1, 0)->eax, ==, 0x00060fb1); /* family 15, model 107 */
    for (guint i = 0; i < 3; i++) {
        CpuidEntry *entry = cpuid_find(entries, 0x80000002 + i, 0);
        memcpy(brand + 16 * i, &entry->eax, 4);
        memcpy(brand + 16 * i + 4, &entry->ebx, 4);
        memcpy(brand + 16 * i + 8, &entry->ecx, 4);
        memcpy(brand + 16 * i + 12, &entry->edx, 4);
    }
    g_assert_cmpstr(brand, ==, "Vitrine Virtual CPU");
    g_assert_nonnull(cpuid_find(entries, 0x40000000, 0)); /* the accelerator's own leaves stay */
}

/* An accelerator that has everything. */
static void add_everything(const CpuFeature *feature, void *opaque)
{
    GArray *entries = opaque;
    CpuidEntry all = {feature->leaf, feature->subleaf, TRUE, ~0u, ~0u, ~0u, ~0u};

    if (!cpuid_find(entries, feature->leaf, feature->subleaf)) {
        g_array_append_val(entries, all);
    }
}

static GArray *build_of_all(const char *spec, GString *missing)
{
    g_autoptr(GArray) supported = g_array_new(FALSE, FALSE, sizeof(CpuidEntry));

    cpu_feature_foreach(add_everything, supported);
    return cpu_model_build(spec, supported, missing, NULL);
}

static void test_editions(void)
{
    g_autoptr(GString) missing = g_string_new(NULL);
    g_autoptr(GArray) first = build_of_all("haswell-v1,enforce", missing);
    g_autoptr(GArray) second = build_of_all("Haswell-noTSX,+avx512-bf16", missing);
    g_autoptr(GArray) fourth = build_of_all("Haswell-v4", missing);
    g_autoptr(GArray) icelake = build_of_all("Icelake-Server-v6", missing);
    CpuIdentity is;

    g_assert_cmpstr(missing->str, ==, "");
    g_assert_true(has(first, "rtm"));
    g_assert_false(has(second, "rtm"));
    g_assert_true(has(second, "avx2"));
    g_assert_cmpuint(cpuid_find(second, 7, 0)->eax, ==, 1); /* so that what was added shows */
    g_assert_false(has(second, "spec-ctrl"));
    g_assert_true(has(fourth, "spec-ctrl"));
    cpu_model_identify(second, &is);
    g_assert_cmpstr(is.name, ==, "Intel Core Processor (Haswell, no TSX)");
    g_assert_cmpuint(is.stepping, ==, 1);
    cpu_model_identify(icelake, &is);
    g_assert_cmpuint(is.model, ==, 106);
    g_assert_true(has(icelake, "sha-ni"));
    g_assert_null(build_of_all("Haswell-v5", missing));
    g_assert_null(build_of_all("max-v1", missing));
    g_assert_null(build_of_all("Haswell-v1x", missing));
}

/* Each name that is listed makes a processor, and no feature is asked for that has no bit. */
static void test_all_models(void)
{
    CpuModelInfo info;

    for (guint n = 0; cpu_model_nth(n, &info); n++) {
        g_autofree char *spec = g_strconcat(info.name, ",enforce", NULL);
        g_autoptr(GString) missing = g_string_new(NULL);
        g_autoptr(GArray) entries = build_of_all(spec, missing);

        g_assert_nonnull(entries);
        g_assert_true(!info.is_fixed || g_str_equal(info.name, "base") || has(entries, "fpu"));
        if (info.alias_of) {
            g_autoptr(GArray) other = build_of_all(info.alias_of, missing);
            g_assert_cmpmem(entries->data, entries->len * sizeof(CpuidEntry), other->data,
                            other->len * sizeof(CpuidEntry));
        }
    }
}

static void test_topology(void)
{
    g_autoptr(GString) missing = g_string_new(NULL);
    g_autoptr(GArray) entries = build("max", missing, NULL);

    cpu_model_set_topology(entries, 2, 3, NULL);
    g_assert_cmphex(cpuid_find(entries, 1, 0)->ebx >> 16, ==, 0x0203);
    g_assert_true(has(entries, "ht"));
    g_assert_true(has(entries, "cmp-legacy"));
    g_assert_cmphex(cpuid_find(entries, 0xb, 1)->edx, ==, 2);
    g_assert_cmphex(cpuid_find(entries, 0xb, 1)->ebx, ==, 3);
    g_assert_cmphex(cpuid_find(entries, 0xb, 1)->eax, ==, 2); /* ids of 3 need 2 bits */
    cpu_model_set_topology(entries, 0, 1, NULL);
    g_assert_false(has(entries, "ht"));
    g_assert_false(has(entries, "cmp-legacy"));
    g_autoptr(GArray) intel = build("kvm64", missing, NULL);
    cpu_model_set_topology(intel, 2, 3, NULL);
    g_assert_false(has(intel, "cmp-legacy"));
}

static void test_two_sockets_of_threads(void)
{
    const CpuTopology topology = {.sockets = 2, .cores = 2, .threads = 2};
    g_autoptr(GString) missing = g_string_new(NULL);
    g_autoptr(GArray) intel = build("Nehalem", missing, NULL);
    g_autoptr(GArray) amd = build("EPYC", missing, NULL);

    cpu_model_set_topology(intel, 7, 8, &topology);
    g_assert_cmphex(cpuid_find(intel, 1, 0)->ebx >> 16, ==, 0x0704); /* 4 in its package */
    g_assert_cmphex(cpuid_find(intel, 0xb, 0)->eax, ==, 1);
    g_assert_cmphex(cpuid_find(intel, 0xb, 0)->ebx, ==, 2);
    g_assert_cmphex(cpuid_find(intel, 0xb, 1)->eax, ==, 2);
    g_assert_cmphex(cpuid_find(intel, 0xb, 1)->ebx, ==, 4);
    g_assert_cmphex(cpuid_find(intel, 4, 0)->eax, ==, 1u << 26 | 1u << 14 | 0x121); /* L1: 2 */
    g_assert_cmphex(cpuid_find(intel, 4, 3)->eax, ==, 1u << 26 | 3u << 14 | 0x163); /* L3: 4 */
    g_assert_null(cpuid_find(intel, 0x8000001e, 0));
    cpu_model_set_topology(amd, 7, 8, &topology);
    g_assert_cmphex(cpuid_find(amd, 0x8000001e, 0)->eax, ==, 7);
    g_assert_cmphex(cpuid_find(amd, 0x8000001e, 0)->ebx, ==, 0x101); /* core 1, of 2 threads */
    g_assert_cmphex(cpuid_find(amd, 0x8000001e, 0)->ecx, ==, 1);
    g_assert_null(cpuid_find(amd, 4, 0));
}

static void test_ids(void)
{
    static const CpuTopology topology = {.sockets = 2, .cores = 3, .threads = 2};
    static const guint ids[] = {0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13};
    g_autoptr(GString) missing = g_string_new(NULL);
    g_autoptr(GArray) entries = build("Nehalem", missing, NULL);

    for (guint i = 0; i < G_N_ELEMENTS(ids); i++) {
        g_assert_cmpuint(cpu_apic_id(&topology, i), ==, ids[i]);
    }
    g_assert_cmpuint(cpu_apic_id(NULL, 7), ==, 7);
    cpu_model_set_topology(entries, 9, 12, &topology);
    g_assert_cmphex(cpuid_find(entries, 1, 0)->ebx >> 16, ==, 0x0b06); /* 6 in its package */
    g_assert_cmphex(cpuid_find(entries, 0xb, 1)->eax, ==, 3);
    g_assert_cmphex(cpuid_find(entries, 0xb, 1)->ebx, ==, 6);
    g_assert_cmphex(cpuid_find(entries, 0xb, 1)->edx, ==, 11);
}

/* Bits that tell how to read the others are no promise of the accelerator. */
static void check_promise(const CpuFeature *feature, void *opaque)
{
    static const char *const own[] = {"hypervisor", "topoext", "ht", "cmp-legacy", NULL};
    g_autoptr(GArray) supported = supported_new();

    if (cpu_model_has(opaque, feature) && !g_strv_contains(own, feature->name)) {
        g_assert_true(cpu_model_has(supported, feature));
    }
}

/* No model shows what the accelerator lacks; all that it wants and does not get has a name. */
static void test_promises(void)
{
    CpuModelInfo info;
    guint n = 0;

    for (; cpu_model_nth(n, &info); n++) {
        g_autoptr(GString) missing = g_string_new(NULL);
        g_autoptr(GArray) entries = build(info.name, missing, NULL);
        g_assert_nonnull(entries);
        cpu_feature_foreach(check_promise, entries);
    }
    g_assert_cmpuint(n, >, 90);
    for (guint i = 0; i < 2; i++) {
        g_autoptr(GString) missing = g_string_new(NULL);
        g_autoptr(GArray) entries G_GNUC_UNUSED =
            build(i ? "SandyBridge" : "Westmere", missing, NULL);
        g_assert_cmpint(strstr(missing->str, "avx") != NULL, ==, i);
    }
}

static void test_properties(void)
{
    g_autoptr(GString) missing = g_string_new(NULL);
    g_autoptr(GArray) entries = build("Haswell,vendor=AuthenticAMD,family=0x17,model=49,stepping=2,"
                                      "model-id=Mine,level=13,phys-bits=40,-hypervisor,check=off",
                                      missing, NULL);
    CpuIdentity is;

    cpu_model_identify(entries, &is);
    g_assert_cmpstr(is.vendor, ==, "AuthenticAMD");
    g_assert_cmpstr(is.name, ==, "Mine");
    g_assert_cmpuint(is.family, ==, 0x17);
    g_assert_cmpuint(is.model, ==, 49);
    g_assert_cmpuint(is.stepping, ==, 2);
    g_assert_cmpuint(is.level, ==, 13);
    g_assert_cmphex(cpuid_find(entries, 0x80000008, 0)->eax & 0xff, ==, 40);
    g_assert_false(has(entries, "hypervisor"));
    g_assert_cmpuint(missing->len, ==, 0); /* check=off */
}

static void test_refused(void)
{
    static const struct {
        const char *spec, *says;
    } cases[] = {
        {"pentium9", "no model 'pentium9'"},
        {"max,+warp", "no processor feature '+warp'"},
        {"max,avx=maybe", "on or off, not 'maybe'"},
        {"qemu64,+avx,enforce", "avx"},
        {"max,", "no processor feature"},
        {"Hasvell", "did you mean 'Haswell'?"},
        {"max,+ssse4", "did you mean 'ssse3'?"},
        {"max,steping=1", "did you mean 'stepping'?"},
        {"max,stepping=16", "from 0 to 15"},
        {"max,family=red", "not 'red'"},
        {"max,vendor=Intel", "12 letters"},
        {"max,phys-bits", "needs a value"},
        {"max,phys-bits=52", "has only 48"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GString) missing = g_string_new(NULL);
        g_autoptr(GError) error = NULL;
        g_assert_null(build(cases[i].spec, missing, &error));
        g_assert_nonnull(error);
        g_assert_nonnull(strstr(error->message, cases[i].says));
    }
    g_assert_true(cpu_model_check("kvm64,+sse4.2,check=off", NULL));
    g_assert_false(cpu_model_check("kvm65", NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cpu-model/feature-names", test_feature_names);
    g_test_add_func("/cpu-model/max", test_max);
    g_test_add_func("/cpu-model/named", test_named);
    g_test_add_func("/cpu-model/topology", test_topology);
    g_test_add_func("/cpu-model/sockets-threads", test_two_sockets_of_threads);
    g_test_add_func("/cpu-model/ids", test_ids);
    g_test_add_func("/cpu-model/all", test_all_models);
    g_test_add_func("/cpu-model/editions", test_editions);
    g_test_add_func("/cpu-model/promises", test_promises);
    g_test_add_func("/cpu-model/properties", test_properties);
    g_test_add_func("/cpu-model/refused", test_refused);
    return g_test_run();
}

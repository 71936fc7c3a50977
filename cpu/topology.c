/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "cpu/feature.h"
#include "cpu/model.h"

/* Where one processor is: its id, how many share its core and its package, and the bits of its id
 * that tell those apart. */
typedef struct Place {
    guint id, threads, package;
    guint thread_width, package_width;
} Place;

/* Bits of an id that can count `count` things. */
static guint id_width(guint count)
{
    guint width = 0;
    while (1u << width < count) {
        width++;
    }
    return width;
}

guint cpu_apic_id(const CpuTopology *topology, guint index)
{
    guint threads = topology ? MAX(topology->threads, 1) : 1;
    guint cores = topology ? topology->cores : 0, core = index / threads;
    guint package = cores ? core / cores : 0, width = cores ? id_width(cores) : 0;

    core = cores ? core % cores : core;
    return ((package << width | core) << id_width(threads)) | index % threads;
}

static gboolean vendor_is(const GArray *entries, const char *start)
{
    const CpuidEntry *vendor = cpuid_find(entries, 0, 0);
    return vendor && memcmp(&vendor->ebx, start, 4) == 0;
}

static gboolean last_is(const GArray *entries, guint32 first, guint32 leaf)
{
    const CpuidEntry *entry = cpuid_find(entries, first, 0);
    return entry && entry->eax >= leaf;
}

static void add(GArray *entries, guint32 leaf, gboolean has_subleaf, guint32 subleaf)
{
    CpuidEntry entry = {.leaf = leaf, .subleaf = subleaf, .has_subleaf = has_subleaf};

    if (!cpuid_find(entries, leaf, subleaf)) {
        g_array_append_val(entries, entry);
    }
}

/* Caches as both vendors' leaves tell of them (SDM: leaf 4, APM: 8000001Dh): EAX type and level,
 * EBX ways, partitions and line size each less one, ECX sets less one. */
static void add_caches(GArray *entries, guint32 leaf)
{
    static const CpuidEntry caches[] = {
        {.eax = 0x121, .ebx = 7u << 22 | 63, .ecx = 63},     /* L1 data, 32 KiB */
        {.eax = 0x122, .ebx = 7u << 22 | 63, .ecx = 63},     /* L1 code, 32 KiB */
        {.eax = 0x143, .ebx = 7u << 22 | 63, .ecx = 1023},   /* L2, 512 KiB */
        {.eax = 0x163, .ebx = 15u << 22 | 63, .ecx = 16383}, /* L3, 16 MiB */
        {.eax = 0},
    };

    if (cpuid_find(entries, leaf, 0)) {
        return; /* the host's own */
    }
    for (guint i = 0; i < G_N_ELEMENTS(caches); i++) {
        CpuidEntry entry = caches[i];
        entry.leaf = leaf;
        entry.subleaf = i;
        entry.has_subleaf = TRUE;
        g_array_append_val(entries, entry);
    }
}

/* AMD says by a bit that the logical processors of leaf 1 are cores and not threads (APM vol. 3,
 * E.4.2, CmpLegacy): without it a guest takes each core for a package. Threads it tells only in
 * 8000001Eh (TopologyExtensions), which the guest uses together with leaf 0Bh. */
static void set_amd(GArray *entries, const Place *place)
{
    CpuidEntry *entry = cpuid_find(entries, 0x80000001, 0);

    if (!entry || !vendor_is(entries, "Auth")) {
        return;
    }
    entry->ecx = place->package > 1 ? entry->ecx | 1u << 1 : entry->ecx & ~(1u << 1);
    if (place->threads > 1) {
        entry->ecx |= 1u << 22;
        entry = cpuid_find(entries, 0, 0);
        entry->eax = MAX(entry->eax, 0xb);
        entry = cpuid_find(entries, 0x80000000, 0);
        if (entry) {
            entry->eax = MAX(entry->eax, 0x8000001e);
        }
    }
    entry = cpuid_find(entries, 0x80000001, 0);
    if ((entry->ecx >> 22 & 1) && last_is(entries, 0x80000000, 0x8000001e)) {
        add_caches(entries, 0x8000001d);
        add(entries, 0x8000001e, FALSE, 0);
    }
}

/* The leaves that a named model has of its own; the accelerator's list brings them for the rest. */
static void add_leaves(GArray *entries)
{
    if (last_is(entries, 0, 4) && vendor_is(entries, "Genu")) {
        add_caches(entries, 4);
    }
    for (guint i = 0; i < 3 && last_is(entries, 0, 0xb); i++) {
        add(entries, 0xb, TRUE, i);
    }
}

static void set_leaf(CpuidEntry *entry, const Place *place)
{
    gboolean threads = entry->subleaf == 0, cores = entry->subleaf == 1;
    gboolean last_level = (entry->eax >> 5 & 7) >= 3; /* of caches: the package's */
    guint core_width = place->package_width - place->thread_width;

    switch (entry->leaf) {
    case 4: /* how many ids share a cache, and how many cores a package has, each less one */
        if (entry->eax & 31) {
            guint width = last_level ? place->package_width : place->thread_width;
            entry->eax = (entry->eax & 0x3fff) | ((1u << width) - 1) << 14 |
                         MIN((1u << core_width) - 1, 63) << 26;
        }
        break;
    case 0xb:
    case 0x1f: /* extended topology */
        entry->eax = threads ? place->thread_width : cores ? place->package_width : 0;
        entry->ebx = threads ? place->threads : cores ? place->package : 0;
        entry->ecx = (entry->subleaf & 0xff) | (threads ? 1u << 8 : cores ? 2u << 8 : 0);
        entry->edx = place->id;
        break;
    case 0x80000008: /* AMD: processors in the package, size of their ids */
        entry->ecx = place->package > 1 ? (place->package - 1) | place->package_width << 12 : 0;
        break;
    case 0x8000001d:
        if (entry->eax & 31) {
            guint sharing = last_level ? place->package : place->threads;
            entry->eax = (entry->eax & 0x3fff) | (sharing - 1) << 14;
        }
        break;
    case 0x8000001e: /* AMD: APIC id, core in the package and its threads, node */
        entry->eax = place->id;
        entry->ebx = (place->id >> place->thread_width & ((1u << core_width) - 1)) |
                     (place->threads - 1) << 8;
        entry->ecx = place->id >> place->package_width;
        break;
    default: break;
    }
}

void cpu_model_set_topology(GArray *entries, guint index, guint count, const CpuTopology *topology)
{
    guint threads = topology && topology->threads ? topology->threads : 1;
    guint cores = topology && topology->cores ? topology->cores : MAX(count / threads, 1);
    Place place = {
        .id = cpu_apic_id(topology, index),
        .threads = threads,
        .package = threads * cores,
        .thread_width = id_width(threads),
        .package_width = id_width(threads) + id_width(cores),
    };
    CpuidEntry *entry = cpuid_find(entries, 1, 0);

    if (entry) {
        /* EBX: logical processors in the package (bits 16-23), initial APIC id (24-31). */
        entry->ebx = (entry->ebx & 0xffff) | MIN(place.package, 255) << 16 | place.id << 24;
        entry->edx = place.package > 1 ? entry->edx | 1u << 28 : entry->edx & ~(1u << 28);
    }
    set_amd(entries, &place);
    add_leaves(entries);
    for (guint i = 0; i < entries->len; i++) {
        set_leaf(&g_array_index(entries, CpuidEntry, i), &place);
    }
}

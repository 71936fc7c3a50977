/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the processor says of itself: SDM vol. 2, CPUID; AMD APM vol. 3, appendix E. */
#include <string.h>

#include "core/apic.h"
#include "core/machine.h"
#include "tcg/icount.h"
#include "tcg/run.h"
#include "tcg/system-priv.h"

#define BIT(n) (1u << (n))

/* Leaf 1 EDX: FPU DE PSE TSC MSR PAE MCE CX8 APIC SEP MTRR PGE MCA CMOV PAT CLFLUSH. */
#define EDX_BASE                                                                                \
    (BIT(0) | BIT(2) | BIT(3) | BIT(4) | BIT(5) | BIT(6) | BIT(7) | BIT(8) | BIT(9) | BIT(11) | \
     BIT(12) | BIT(13) | BIT(14) | BIT(15) | BIT(16) | BIT(19))
#define EDX_PSE36 BIT(17)
#define EDX_APIC  BIT(9)
/* Leaf 80000001h EDX repeats these of leaf 1 on AMD processors. */
#define EDX_COMMON 0x0183f3ffu

/* An operation's extension, and the CPUID bit that shows it. */
static const struct {
    OpExtension extension;
    guint32 leaf;
    guint8 reg, bit;
} shown[] = {
    {EXT_X87, 1, CPUID_EDX, 0},     {EXT_MMX, 1, CPUID_EDX, 23},
    {EXT_SSE, 1, CPUID_EDX, 25},    {EXT_SSE2, 1, CPUID_EDX, 26},
    {EXT_SSE3, 1, CPUID_ECX, 0},    {EXT_SSSE3, 1, CPUID_ECX, 9},
    {EXT_SSE41, 1, CPUID_ECX, 19},  {EXT_SSE42, 1, CPUID_ECX, 20},
    {EXT_POPCNT, 1, CPUID_ECX, 23}, {EXT_CX16, 1, CPUID_ECX, 13},
    {EXT_MOVBE, 1, CPUID_ECX, 22},  {EXT_RDTSCP, 0x80000001, CPUID_EDX, 27},
    {EXT_SMAP, 7, CPUID_EBX, 20},
};

/* What does not depend on the host. */
#define EXTENSIONS_OWN (BIT(EXT_POPCNT) | BIT(EXT_CX16) | BIT(EXT_MOVBE) | BIT(EXT_RDTSCP))

static guint32 entry_get(const CpuidEntry *entry, guint reg)
{
    const guint32 regs[] = {entry->eax, entry->ebx, entry->ecx, entry->edx};

    return regs[reg];
}

gboolean tcg_has_feature(const TcgCpu *cpu, guint32 leaf, guint reg, guint bit)
{
    const CpuidEntry *entry = cpuid_find(cpu->cpuid, leaf, 0);

    return entry && (entry_get(entry, reg) >> bit & 1);
}

/* ---- what can be shown ---- */

static void add(GArray *entries, guint32 leaf, guint32 eax, guint32 ebx, guint32 ecx, guint32 edx)
{
    CpuidEntry entry = {.leaf = leaf, .eax = eax, .ebx = ebx, .ecx = ecx, .edx = edx};

    g_array_append_val(entries, entry);
}

static void add_text(GArray *entries, guint32 leaf, const char text[16])
{
    guint32 words[4];

    memcpy(words, text, sizeof(words));
    add(entries, leaf, words[0], words[1], words[2], words[3]);
}

/* Sets of the features that `extensions` allow, in one register. */
static guint32 shown_bits(guint32 extensions, guint32 leaf, guint reg)
{
    guint32 bits = 0;

    for (guint i = 0; i < G_N_ELEMENTS(shown); i++) {
        if (shown[i].leaf == leaf && shown[i].reg == reg &&
            (extensions >> shown[i].extension & 1)) {
            bits |= BIT(shown[i].bit);
        }
    }
    return bits;
}

GArray *system_cpuid_supported(void)
{
    static const char vendor[] = "AuthenticAMD", brand[48] = "Vitrine Virtual CPU";
    static const char hypervisor[] = "VitrineTCG\0";
    const guint32 signature = 0x00060fb1; /* family 15, model 107, stepping 1 */
    guint32 extensions = fpu_host_extensions() | EXTENSIONS_OWN;
    guint32 edx = EDX_BASE | EDX_PSE36 | BIT(24) | shown_bits(extensions, 1, CPUID_EDX);
    GArray *entries = g_array_new(FALSE, FALSE, sizeof(CpuidEntry));
    guint32 name[3], hv[3];

    memcpy(name, vendor, sizeof(name));
    memcpy(hv, hypervisor, sizeof(hv));
    add(entries, 0, 7, name[0], name[2], name[1]);
    add(entries, 1, signature, 8 << 8, shown_bits(extensions, 1, CPUID_ECX), edx);
    /* x87: data pointer of unmasked exceptions only, selectors 0 (tcg/fpu.c); SMEP, SMAP. Leaf 7 is
     * the one leaf here that has subleaves. */
    CpuidEntry seven = {.leaf = 7, .has_subleaf = TRUE, .ebx = BIT(6) | BIT(7) | BIT(13) | BIT(20)};
    g_array_append_val(entries, seven);
    add(entries, 0x40000000, 0x40000000, hv[0], hv[1], hv[2]);
    add(entries, 0x80000000, 0x80000021, name[0], name[2], name[1]);
    /* LAHF_LM; SYSCALL, NX, 1 GiB pages, RDTSCP, LM. */
    add(entries, 0x80000001, signature, 0, BIT(0),
        (edx & EDX_COMMON) | BIT(11) | BIT(20) | BIT(26) | BIT(27) | BIT(29));
    for (guint i = 0; i < 3; i++) {
        add_text(entries, 0x80000002 + i, brand + 16 * i);
    }
    /* L1: 64 KiB each, 2-way, lines of 64 bytes, and TLBs; L2: 512 KiB, 16-way (APM E.4.4). */
    add(entries, 0x80000005, 0xff20ff20, 0xff20ff20, 0x40020140, 0x40020140);
    add(entries, 0x80000006, 0x20800000, 0x42004200, 0x02008140, 0);
    add(entries, 0x80000007, 0, 0, 0, BIT(8)); /* the TSC's rate never changes */
    add(entries, 0x80000008, SYSTEM_LINEAR_BITS << 8 | SYSTEM_PHYSICAL_BITS, 0, 0, 0);
    /* Automatic IBRS (APM vol. 2, 3.2.9): the guest's branches are no branches of the host, so
     * retpolines, which a guest that sees this leaves out, protect nothing here and take time. */
    add(entries, 0x80000021, BIT(8), 0, 0, 0);
    return entries;
}

/* ---- this processor ---- */

void system_open(TcgCpu *cpu)
{
    const CpuidEntry *zero = cpuid_find(cpu->cpuid, 0, 0);

    cpu->extensions = BIT(EXT_BASE);
    for (guint i = 0; i < G_N_ELEMENTS(shown); i++) {
        if (tcg_has_feature(cpu, shown[i].leaf, shown[i].reg, shown[i].bit)) {
            cpu->extensions |= BIT(shown[i].extension);
        }
    }
    cpu->vendor_amd = zero && memcmp(&zero->ebx, "Auth", 4) == 0;
}

/* Leaves past the last are zero with AMD; Intel answers with the last basic one. */
static const CpuidEntry *find_answer(const TcgCpu *cpu, guint32 leaf, guint32 subleaf)
{
    static const CpuidEntry nothing;
    const CpuidEntry *basic = cpuid_find(cpu->cpuid, 0, 0);
    const CpuidEntry *first = cpuid_find(cpu->cpuid, leaf & 0xf0000000, 0), *entry;
    guint32 last = first ? first->eax : 0;

    if (leaf > last || (leaf >> 31 && leaf >> 16 != 0x8000)) {
        if (cpu->vendor_amd || !basic) {
            return &nothing;
        }
        leaf = basic->eax;
    }
    entry = cpuid_find(cpu->cpuid, leaf, subleaf);
    return entry ? entry : &nothing;
}

void system_cpuid(TcgCpu *cpu, guint32 leaf, guint32 subleaf, guint32 regs[4])
{
    const CpuidEntry *entry = find_answer(cpu, leaf, subleaf);

    regs[0] = entry->eax;
    regs[1] = entry->ebx;
    regs[2] = entry->ecx;
    regs[3] = entry->edx;
    /* A local APIC that is off does not show (SDM vol. 3, 11.4.3). */
    if ((leaf == 1 || (leaf == 0x80000001 && cpu->vendor_amd)) &&
        (!cpu->apic || !(apic_get_base(cpu->apic) & APIC_BASE_ENABLE))) {
        regs[3] &= ~EDX_APIC;
    }
}

guint64 system_tsc(TcgCpu *cpu)
{
    guint64 now = (guint64)(icount_now(cpu) - cpu->accel->tsc_zero);

    return now * (TCG_TSC_HZ / NS_PER_SEC) + cpu->tsc_offset;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What follows from a change of RFLAGS or of the mode. */
#include "tcg/system-priv.h"

/* No limit or rights to check: present, 4 GiB upwards, and read and written alike (CS: read; who
 * writes through CS has to look). In real-address mode the rights do not count. */
static gboolean segment_is_flat(const TcgCpu *cpu, guint index)
{
    const CpuSegment *segment = &cpu->segment[index];
    guint rights = index == CPU_CS ? TYPE_CODE | TYPE_WRITABLE : TYPE_WRITABLE;

    if (segment->unusable || segment->limit != 0xffffffff) {
        return FALSE;
    }
    if (!(cpu->cr0 & CR0_PE)) {
        return (segment->type & (TYPE_CODE | TYPE_EXPAND_DOWN)) != TYPE_EXPAND_DOWN;
    }
    return (segment->type &
            (TYPE_CODE | TYPE_WRITABLE | (index == CPU_CS ? 0 : TYPE_EXPAND_DOWN))) == rights;
}

/* SDM vol. 3, 6.15, interrupt 17: who checks limits checks this too. */
static gboolean checks_alignment(const TcgCpu *cpu)
{
    return cpu->cpl == 3 && (cpu->rflags & FLAG_AC) && (cpu->cr0 & CR0_AM);
}

static guint32 mode_of_data(const TcgCpu *cpu)
{
    static const guint8 looked_at[] = {CPU_ES, CPU_CS, CPU_SS, CPU_DS};

    for (guint i = 0; i < G_N_ELEMENTS(looked_at); i++) {
        if (!segment_is_flat(cpu, looked_at[i])) {
            return 0;
        }
    }
    return MODE_FLAT_DATA;
}

void tcg_update_mode(TcgCpu *cpu)
{
    const CpuSegment *cs = &cpu->segment[CPU_CS];
    gboolean wide = tcg_is_long(cpu) && cs->l;
    guint32 mode;

    if (wide) {
        mode = MODE_64 | MODE_STACK32 | MODE_FLAT_DATA | MODE_FLAT_CODE;
    } else {
        mode = (cs->db ? MODE_32 : MODE_16) | mode_of_data(cpu);
        mode |= cpu->segment[CPU_SS].db ? MODE_STACK32 : 0;
        mode |= cs->limit == 0xffffffff ? MODE_FLAT_CODE : 0;
    }
    if ((cpu->cr0 & CR0_PE) && !tcg_is_vm86(cpu)) {
        mode |= MODE_PROTECT;
    }
    mode |= cpu->cpl == 3 ? MODE_USER : 0;
    mode &= checks_alignment(cpu) ? ~(guint32)MODE_FLAT_DATA : ~(guint32)0;
    for (guint i = 0; i < 6; i++) {
        cpu->base[i] = wide && i < CPU_FS ? 0 : cpu->segment[i].base;
    }
    cpu->mode = mode;
    cpu->key = tcg_code_key(cpu);
    cpu->mmu = (guint8)tlb_kind_of(cpu, cpu->cpl);
    cpu->tlb = cpu->tlbs[cpu->mmu];
}

void rflags_change(TcgCpu *cpu, guint64 value, guint64 mask)
{
    guint64 old = tcg_get_rflags(cpu), new = (old & ~mask) | (value & mask);

    tcg_set_rflags(cpu, new);
    if ((old ^ new) & (FLAG_VM | FLAG_AC)) {
        tcg_update_mode(cpu);
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Model-specific registers: SDM vol. 4, chapter 2; AMD APM vol. 2, appendix A. Those that software
 * for this kind of PC touches; the rest is #GP.
 */
#include "core/apic.h"
#include "core/machine.h"
#include "tcg/run.h"
#include "tcg/system-priv.h"

#define MSR_TSC           0x10
#define MSR_APIC_BASE     0x1b
#define MSR_MTRR_CAP      0xfe
#define MSR_MTRR_VARIABLE 0x200
#define MSR_MTRR_DEFAULT  0x2ff
#define MSR_EFER          0xc0000080
#define MSR_FS_BASE       0xc0000100
#define MSR_GS_BASE       0xc0000101

/* Eight variable ranges, the fixed ones, write combining. */
#define MTRR_CAP_VALUE (8 | 1 << 8 | 1 << 10)
/* memory types */
#define MTRR_TYPES ((1 << 0) | (1 << 1) | (1 << 4) | (1 << 5) | (1 << 6))
#define PAT_TYPES  (MTRR_TYPES | (1 << 7))
#define PHYSICAL   ((((guint64)1 << SYSTEM_PHYSICAL_BITS) - 1) & PAGE_MASK)

/* What a value must be like. */
typedef enum MsrRule {
    RULE_ANY,
    RULE_32,        /* upper half is 0 */
    RULE_CANONICAL, /* an address */
    RULE_PAT,       /* eight memory types */
    RULE_TYPES,     /* likewise, of MTRRs */
    RULE_DEFAULT,   /* IA32_MTRR_DEF_TYPE */
    RULE_IGNORED,   /* writes do nothing */
    RULE_READ_ONLY,
} MsrRule;

/* Registers that are nothing but a value in TcgCpu. */
typedef struct MsrField {
    guint32 index;
    guint32 offset;
    guint8 rule;
} MsrField;

#define FIELD(index, field, rule)                   \
    {                                               \
        index, G_STRUCT_OFFSET(TcgCpu, field), rule \
    }
static const MsrField fields[] = {
    FIELD(0x174, sysenter_cs, RULE_ANY),
    FIELD(0x175, sysenter_esp, RULE_CANONICAL),
    FIELD(0x176, sysenter_eip, RULE_CANONICAL),
    FIELD(0x17a, mcg_status, RULE_ANY),
    FIELD(0x1a0, misc_enable, RULE_ANY),
    FIELD(0x250, mtrr_fixed[0], RULE_TYPES),
    FIELD(0x258, mtrr_fixed[1], RULE_TYPES),
    FIELD(0x259, mtrr_fixed[2], RULE_TYPES),
    FIELD(0x268, mtrr_fixed[3], RULE_TYPES),
    FIELD(0x269, mtrr_fixed[4], RULE_TYPES),
    FIELD(0x26a, mtrr_fixed[5], RULE_TYPES),
    FIELD(0x26b, mtrr_fixed[6], RULE_TYPES),
    FIELD(0x26c, mtrr_fixed[7], RULE_TYPES),
    FIELD(0x26d, mtrr_fixed[8], RULE_TYPES),
    FIELD(0x26e, mtrr_fixed[9], RULE_TYPES),
    FIELD(0x26f, mtrr_fixed[10], RULE_TYPES),
    FIELD(0x277, pat, RULE_PAT),
    FIELD(0x2ff, mtrr_default, RULE_DEFAULT),
    FIELD(0xc0000081, star, RULE_ANY),
    FIELD(0xc0000082, lstar, RULE_CANONICAL),
    FIELD(0xc0000083, cstar, RULE_CANONICAL),
    FIELD(0xc0000084, fmask, RULE_32),
    FIELD(MSR_FS_BASE, segment[CPU_FS].base, RULE_CANONICAL),
    FIELD(MSR_GS_BASE, segment[CPU_GS].base, RULE_CANONICAL),
    FIELD(0xc0000102, kernel_gs_base, RULE_CANONICAL),
    FIELD(0xc0000103, tsc_aux, RULE_32),
};

/* Registers that always read the same. */
typedef struct MsrConstant {
    guint32 index;
    guint64 value;
    guint8 rule;
} MsrConstant;

static const MsrConstant constants[] = {
    {0x00, 0, RULE_IGNORED},              /* P5_MC_ADDR */
    {0x01, 0, RULE_IGNORED},              /* P5_MC_TYPE */
    {0x17, 0, RULE_READ_ONLY},            /* PLATFORM_ID */
    {0x2a, 0, RULE_IGNORED},              /* EBL_CR_POWERON */
    {0x3a, 1, RULE_READ_ONLY},            /* FEATURE_CONTROL: locked, nothing enabled */
    {0x79, 0, RULE_IGNORED},              /* BIOS_UPDT_TRIG */
    {0x8b, 0x100000000ull, RULE_IGNORED}, /* BIOS_SIGN_ID, PATCH_LEVEL: revision 1 */
    {MSR_MTRR_CAP, MTRR_CAP_VALUE, RULE_READ_ONLY},
    {0x179, 0, RULE_READ_ONLY}, /* MCG_CAP: no banks */
    {0x198, 0, RULE_READ_ONLY}, /* PERF_STATUS */
    {0x199, 0, RULE_IGNORED},   /* PERF_CTL */
    {0x19a, 0, RULE_IGNORED},   /* CLOCK_MODULATION */
    {0x19b, 0, RULE_IGNORED},   /* THERM_INTERRUPT */
    {0x19c, 0, RULE_IGNORED},   /* THERM_STATUS */
    {0x1d9, 0, RULE_IGNORED},   /* DEBUGCTL: no branch records */
    {0x1db, 0, RULE_READ_ONLY}, /* last branch and exception, from and to */
    {0x1dc, 0, RULE_READ_ONLY},
    {0x1dd, 0, RULE_READ_ONLY},
    {0x1de, 0, RULE_READ_ONLY},
    {0xc0010010, 0, RULE_IGNORED},       /* SYSCFG */
    {0xc0010015, 1 << 24, RULE_IGNORED}, /* HWCR: the TSC runs at full speed */
    {0xc001001a, 0, RULE_IGNORED},       /* TOP_MEM */
    {0xc001001d, 0, RULE_IGNORED},       /* TOP_MEM2 */
    {0xc001001f, 0, RULE_IGNORED},       /* NB_CFG */
    {0xc0010020, 0, RULE_IGNORED},       /* PATCH_LOADER */
    {0xc0010055, 0, RULE_IGNORED},       /* interrupt pending message: no C1E */
    {0xc0010058, 0, RULE_IGNORED},       /* MMIO configuration base: off */
    {0xc0011022, 0, RULE_IGNORED},       /* DC_CFG */
    {0xc0011023, 0, RULE_IGNORED},       /* BU_CFG */
    {0xc0011029, 2, RULE_IGNORED},       /* DE_CFG: LFENCE serialises */
};

static guint64 *msr_field(TcgCpu *cpu, guint32 index, guint8 *rule)
{
    for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
        if (fields[i].index == index) {
            *rule = fields[i].rule;
            return G_STRUCT_MEMBER_P(cpu, fields[i].offset);
        }
    }
    return NULL;
}

static const MsrConstant *msr_constant(guint32 index)
{
    for (guint i = 0; i < G_N_ELEMENTS(constants); i++) {
        if (constants[i].index == index) {
            return &constants[i];
        }
    }
    return NULL;
}

/* Each byte is one of `types`. */
static gboolean valid_types(guint64 value, guint types)
{
    for (; value; value >>= 8) {
        guint type = value & 0xff;
        if (type > 7 || !(types >> type & 1)) {
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean valid_value(guint rule, guint64 value)
{
    switch (rule) {
    case RULE_32: return value >> 32 == 0;
    case RULE_CANONICAL: return tcg_is_canonical(value);
    case RULE_PAT: return valid_types(value, PAT_TYPES);
    case RULE_TYPES: return valid_types(value, MTRR_TYPES);
    case RULE_DEFAULT: return !(value & ~(guint64)0xcff) && valid_types(value & 0xff, MTRR_TYPES);
    case RULE_READ_ONLY: return FALSE;
    default: return TRUE;
    }
}

/* Base and mask of the variable ranges alternate (SDM vol. 3, 12.11.2.3). */
static gboolean write_variable(TcgCpu *cpu, guint n, guint64 value)
{
    guint64 valid = PHYSICAL | (n & 1 ? 0x800 : 0xff);

    if ((value & ~valid) || (!(n & 1) && !valid_types(value & 0xff, MTRR_TYPES))) {
        return FALSE;
    }
    cpu->mtrr_variable[n] = value;
    return TRUE;
}

static gboolean write_apic_base(TcgCpu *cpu, guint64 value)
{
    Machine *machine = cpu->vcpu->machine;
    gboolean good;

    if (!cpu->apic) {
        return FALSE;
    }
    tcg_leave_guest(cpu);
    vm_lock_take(machine->lock, "tcg apic base");
    good = apic_set_base(cpu->apic, value);
    vm_lock_drop(machine->lock);
    tcg_enter_guest(cpu);
    return good;
}

gboolean system_read_msr(TcgCpu *cpu, guint32 index, guint64 *value)
{
    const MsrConstant *constant = msr_constant(index);
    guint8 rule;
    guint64 *field = msr_field(cpu, index, &rule);

    if (field) {
        *value = *field;
    } else if (constant) {
        *value = constant->value;
    } else if (index - MSR_MTRR_VARIABLE < G_N_ELEMENTS(cpu->mtrr_variable)) {
        *value = cpu->mtrr_variable[index - MSR_MTRR_VARIABLE];
    } else if (index == MSR_TSC) {
        *value = system_tsc(cpu);
    } else if (index == MSR_APIC_BASE && cpu->apic) {
        *value = apic_get_base(cpu->apic);
    } else if (index == MSR_EFER) {
        *value = cpu->efer;
    } else {
        return FALSE;
    }
    return TRUE;
}

gboolean system_write_msr(TcgCpu *cpu, guint32 index, guint64 value)
{
    const MsrConstant *constant = msr_constant(index);
    guint8 rule;
    guint64 *field = msr_field(cpu, index, &rule);

    if (field) {
        if (!valid_value(rule, value)) {
            return FALSE;
        }
        *field = value;
        if (index == MSR_FS_BASE || index == MSR_GS_BASE) {
            tcg_update_mode(cpu);
        }
        return TRUE;
    }
    if (constant) {
        return valid_value(constant->rule, value);
    }
    if (index - MSR_MTRR_VARIABLE < G_N_ELEMENTS(cpu->mtrr_variable)) {
        return write_variable(cpu, index - MSR_MTRR_VARIABLE, value);
    }
    switch (index) {
    case MSR_TSC: cpu->tsc_offset += value - system_tsc(cpu); return TRUE;
    case MSR_APIC_BASE: return write_apic_base(cpu, value);
    case MSR_EFER: return control_set_efer(cpu, value);
    default: return FALSE;
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/registers.h"

#include <string.h>

typedef enum RegisterKind {
    KIND_U64,
    KIND_LOW32, /* low half of a 64-bit field */
    KIND_U32,
    KIND_U16,
    KIND_PC, /* with the base of CS */
} RegisterKind;

typedef struct Register {
    const char *name;
    RegisterKind kind;
    gsize offset;
} Register;

#define REG(field) G_STRUCT_OFFSET(CpuRegisters, field)
#define GPR(name, n)                           \
    {"r" name, KIND_U64, REG(gpr) + (n)*8},    \
    {                                          \
        "e" name, KIND_LOW32, REG(gpr) + (n)*8 \
    }
#define SEGMENT(name, n)                                                                        \
    {name, KIND_U16, REG(segment[n].selector)}, {name ".base", KIND_U64, REG(segment[n].base)}, \
    {                                                                                           \
        name ".limit", KIND_U32, REG(segment[n].limit)                                          \
    }

static const Register registers[] = {
    GPR("ax", CPU_RAX),
    GPR("bx", CPU_RBX),
    GPR("cx", CPU_RCX),
    GPR("dx", CPU_RDX),
    GPR("si", CPU_RSI),
    GPR("di", CPU_RDI),
    GPR("sp", CPU_RSP),
    GPR("bp", CPU_RBP),
    {"r8", KIND_U64, REG(gpr[8])},
    {"r9", KIND_U64, REG(gpr[9])},
    {"r10", KIND_U64, REG(gpr[10])},
    {"r11", KIND_U64, REG(gpr[11])},
    {"r12", KIND_U64, REG(gpr[12])},
    {"r13", KIND_U64, REG(gpr[13])},
    {"r14", KIND_U64, REG(gpr[14])},
    {"r15", KIND_U64, REG(gpr[15])},
    {"rip", KIND_U64, REG(rip)},
    {"eip", KIND_LOW32, REG(rip)},
    {"pc", KIND_PC, REG(rip)},
    {"rflags", KIND_U64, REG(rflags)},
    {"eflags", KIND_U64, REG(rflags)},
    SEGMENT("cs", CPU_CS),
    SEGMENT("ds", CPU_DS),
    SEGMENT("es", CPU_ES),
    SEGMENT("ss", CPU_SS),
    SEGMENT("fs", CPU_FS),
    SEGMENT("gs", CPU_GS),
    {"tr", KIND_U16, REG(tr.selector)},
    {"tr.base", KIND_U64, REG(tr.base)},
    {"ldt", KIND_U16, REG(ldt.selector)},
    {"ldt.base", KIND_U64, REG(ldt.base)},
    {"gdt.base", KIND_U64, REG(gdt.base)},
    {"gdt.limit", KIND_U16, REG(gdt.limit)},
    {"idt.base", KIND_U64, REG(idt.base)},
    {"idt.limit", KIND_U16, REG(idt.limit)},
    {"cr0", KIND_U64, REG(cr0)},
    {"cr2", KIND_U64, REG(cr2)},
    {"cr3", KIND_U64, REG(cr3)},
    {"cr4", KIND_U64, REG(cr4)},
    {"cr8", KIND_U64, REG(cr8)},
    {"efer", KIND_U64, REG(efer)},
    {"apic_base", KIND_U64, REG(apic_base)},
    {"dr0", KIND_U64, REG(dr[0])},
    {"dr1", KIND_U64, REG(dr[1])},
    {"dr2", KIND_U64, REG(dr[2])},
    {"dr3", KIND_U64, REG(dr[3])},
    {"dr6", KIND_U64, REG(dr[6])},
    {"dr7", KIND_U64, REG(dr[7])},
};

static guint64 load(const CpuRegisters *regs, const Register *reg)
{
    const char *field = (const char *)regs + reg->offset;
    guint64 u64;
    guint32 u32;
    guint16 u16;

    switch (reg->kind) {
    case KIND_U16: memcpy(&u16, field, sizeof(u16)); return u16;
    case KIND_U32: memcpy(&u32, field, sizeof(u32)); return u32;
    default: memcpy(&u64, field, sizeof(u64)); break;
    }
    if (reg->kind == KIND_LOW32) {
        return (guint32)u64;
    }
    if (reg->kind == KIND_PC) {
        const CpuSegment *cs = &regs->segment[CPU_CS];
        u64 += cs->base;
        return cs->l ? u64 : (guint32)u64;
    }
    return u64;
}

gboolean monitor_register_value(const CpuRegisters *regs, const char *name, guint64 *value)
{
    for (gsize i = 0; i < G_N_ELEMENTS(registers); i++) {
        if (g_ascii_strcasecmp(registers[i].name, name) == 0) {
            *value = load(regs, &registers[i]);
            return TRUE;
        }
    }
    return FALSE;
}

const char *monitor_register_name(guint n)
{
    return n < G_N_ELEMENTS(registers) ? registers[n].name : NULL;
}

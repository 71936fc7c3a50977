/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The architectural registers of an x86-64 processor (Intel SDM vol. 1, 3.4; vol. 3, 2.1), as
 * accelerators exchange them with the rest of the program.
 */
#pragma once

#include <glib.h>

/* Index into CpuRegisters.gpr: the encoding of ModRM and REX. */
enum { CPU_RAX, CPU_RCX, CPU_RDX, CPU_RBX, CPU_RSP, CPU_RBP, CPU_RSI, CPU_RDI, CPU_R8 };

/* Index into CpuRegisters.segment: the encoding of segment registers. */
enum { CPU_ES, CPU_CS, CPU_SS, CPU_DS, CPU_FS, CPU_GS };

typedef struct CpuSegment {
    guint16 selector;
    guint64 base;
    guint32 limit; /* in bytes, granularity applied */
    guint8 type;   /* 4 bits, as in the descriptor */
    guint8 s, dpl, present, avl, l, db, g;
    guint8 unusable;
} CpuSegment;

typedef struct CpuTable {
    guint64 base;
    guint16 limit;
} CpuTable;

typedef struct CpuRegisters {
    guint64 gpr[16];
    guint64 rip, rflags;
    CpuSegment segment[6], ldt, tr;
    CpuTable gdt, idt;
    guint64 cr0, cr2, cr3, cr4, cr8;
    guint64 efer, apic_base;
    guint64 dr[8];
    gboolean halted;
    /* x87 and SSE, in FXSAVE's layout (Intel SDM vol. 1, 10.5.1). */
    guint8 fxsave[512];
} CpuRegisters;

/* Appends the registers as `info registers` shows them. */
void cpu_registers_print(const CpuRegisters *regs, guint index, GString *out);
/* The same without x87 and SSE. */
void cpu_registers_print_integer(const CpuRegisters *regs, guint index, GString *out);

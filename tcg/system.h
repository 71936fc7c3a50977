/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The system side of the processor: descriptors, far transfers, events and tasks (SDM vol. 3,
 * chapters 5 to 8), control registers and MSRs. On the vCPU's thread; what can fault raises.
 */
#pragma once

#include "tcg/cpu.h"

/*
 * Delivers an exception or interrupt through the IVT or IDT. cpu->rip is what is to be saved.
 * Raises on a fault in the delivery; the loop makes #DF of it or shuts down
 * (cpu->delivering, cpu->delivering_vector).
 */
void system_deliver(TcgCpu *cpu, const TcgEvent *event);

/*
 * A fault came up while `first` was being delivered (SDM vol. 3, tables 6-4, 6-5): the vector to
 * deliver, `second` or EXC_DF, or -1: shutdown.
 */
int system_combine_faults(guint8 first, guint8 second);

/* MOV to a segment register, POP, LDS: checks and loads (CS: not allowed here). Real and
 * virtual-8086 mode: selector and base only. */
void system_load_segment(TcgCpu *cpu, guint segment, guint16 selector);

/* #GP(0) unless CPL and IOPL, or the TSS's bitmap, allow `size` bytes of ports at `port`. */
void system_check_io(TcgCpu *cpu, guint port, guint size);

/* A new processor: what follows from CPUID (extensions, vendor). */
void system_open(TcgCpu *cpu);

/* INIT or power-up state (SDM vol. 3, table 10-1). */
void system_reset(TcgCpu *cpu, gboolean init);

/* SIPI: starts at vector << 12. */
void system_sipi(TcgCpu *cpu, guint8 vector);

void system_get_registers(TcgCpu *cpu, CpuRegisters *regs);
void system_set_registers(TcgCpu *cpu, const CpuRegisters *regs);

/* FALSE: no such MSR, or bits that may not be set: #GP. */
gboolean system_read_msr(TcgCpu *cpu, guint32 index, guint64 *value);
gboolean system_write_msr(TcgCpu *cpu, guint32 index, guint64 value);

/* CPUID: the model's answer with the parts that change at run time (APIC id, OSXSAVE). */
void system_cpuid(TcgCpu *cpu, guint32 leaf, guint32 subleaf, guint32 regs[4]);

/* What this accelerator can show, as CpuidEntry list for cpu_model_build(). */
GArray *system_cpuid_supported(void);

/* Time stamp counter: 2 GHz of the guest clock plus the guest's offset. */
guint64 system_tsc(TcgCpu *cpu);
#define TCG_TSC_HZ 2000000000u

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the system side share: descriptors, stack frames, ways to change CS. All on
 * the vCPU's thread; everything may raise unless said otherwise, and nothing of the processor has
 * changed then but what the comment says.
 *
 * `ext` is bit 0 of error codes: set while an event that the program did not ask for is delivered
 * (SDM vol. 3, 6.13).
 */
#pragma once

#include "cpu/model.h"
#include "tcg/flags.h"
#include "tcg/mmu.h"
#include "tcg/system.h"

/* CPUID 80000008h: what addresses and table entries may use. */
#define SYSTEM_PHYSICAL_BITS 40
#define SYSTEM_LINEAR_BITS   48

/* DR6 and DR7 (SDM vol. 3, 17.2). */
enum {
    DR6_BD = 1 << 13,
    DR6_BT = 1 << 15,
    DR7_ENABLED = 0xff, /* any breakpoint, locally or globally */
    DR7_GD = 1 << 13,
};

/* ---- descriptors (SDM vol. 3, 3.4.5, 3.5, 5.8.3, 6.11, 7.2) ---- */

/* Types of system descriptors. */
enum {
    DESC_TSS16 = 1,
    DESC_LDT = 2,
    DESC_TSS16_BUSY = 3,
    DESC_CALL_GATE16 = 4,
    DESC_TASK_GATE = 5,
    DESC_INTERRUPT_GATE16 = 6,
    DESC_TRAP_GATE16 = 7,
    DESC_TSS32 = 9, /* 64-bit TSS in IA-32e mode */
    DESC_TSS32_BUSY = 11,
    DESC_CALL_GATE32 = 12, /* likewise these are 64-bit gates */
    DESC_INTERRUPT_GATE32 = 14,
    DESC_TRAP_GATE32 = 15,
};

/* Bits of the type of code and data. */
enum {
    TYPE_ACCESSED = 1,
    TYPE_WRITABLE = 2,    /* data; of code: readable */
    TYPE_EXPAND_DOWN = 4, /* data; of code: conforming */
    TYPE_CODE = 8,
};

typedef struct Descriptor {
    guint16 selector;
    guint64 linear;    /* where it is; 0 = a null selector */
    guint64 low, high; /* second half: of 16-byte ones */
} Descriptor;

static inline guint desc_type(const Descriptor *desc)
{
    return (guint)(desc->low >> 40) & 15;
}

/* Code or data, not a system descriptor. */
static inline gboolean desc_is_segment(const Descriptor *desc)
{
    return (gboolean)(desc->low >> 44) & 1;
}

static inline guint desc_dpl(const Descriptor *desc)
{
    return (guint)(desc->low >> 45) & 3;
}

static inline gboolean desc_is_present(const Descriptor *desc)
{
    return (gboolean)(desc->low >> 47) & 1;
}

static inline gboolean desc_is_long(const Descriptor *desc)
{
    return (gboolean)(desc->low >> 53) & 1;
}

static inline gboolean desc_is_code(const Descriptor *desc)
{
    return desc_is_segment(desc) && (desc_type(desc) & TYPE_CODE);
}

static inline gboolean desc_is_conforming(const Descriptor *desc)
{
    return (desc_type(desc) & (TYPE_CODE | TYPE_EXPAND_DOWN)) == (TYPE_CODE | TYPE_EXPAND_DOWN);
}

static inline gboolean desc_is_writable_data(const Descriptor *desc)
{
    return desc_is_segment(desc) &&
           (desc_type(desc) & (TYPE_CODE | TYPE_WRITABLE)) == TYPE_WRITABLE;
}

/* Gates. */
static inline guint16 gate_selector(const Descriptor *gate)
{
    return (guint16)(gate->low >> 16);
}

static inline gboolean selector_is_null(guint16 selector)
{
    return (selector & ~3) == 0;
}

static inline guint32 selector_error(guint16 selector, guint ext)
{
    return (selector & ~3u) | ext;
}

/* The hidden part of a segment register. Pure. */
void desc_to_segment(const Descriptor *desc, CpuSegment *segment);

/* FALSE: past the end of its table, or there is no LDT. The selector is not null. Of 16-byte
 * descriptors the caller reads the second half. */
gboolean desc_find(TcgCpu *cpu, guint16 selector, Descriptor *desc);

/* Likewise, raising `vector` with the selector. */
void desc_fetch(TcgCpu *cpu, guint16 selector, guint vector, guint ext, Descriptor *desc);

/* IA-32e mode: fetches the second half of a system descriptor. FALSE: past the end, or its type
 * is not 0. */
gboolean desc_find_high(TcgCpu *cpu, Descriptor *desc);

/* Sets the accessed bit if it is not; atomic. */
void desc_set_accessed(TcgCpu *cpu, Descriptor *desc);
/* Sets and clears bits of the type field in memory; atomic. Returns the type before. */
guint desc_change_type(TcgCpu *cpu, const Descriptor *desc, guint clear, guint set);

/* #GP, #NP unless control may go to the code segment with this CPL and RPL, without a change of
 * privilege (JMP, CALL). */
void desc_check_code(TcgCpu *cpu, const Descriptor *desc);

/* Checks a stack segment's descriptor for `cpl`: `vector` unless it is writable data of that DPL
 * and RPL, #SS if it is not present. */
void desc_fetch_stack(TcgCpu *cpu, guint16 selector, guint cpl, guint vector, guint ext,
                      Descriptor *desc);

/* LDTR, TR from a descriptor, its second half included in IA-32e mode. Pure. */
void desc_to_system_segment(const TcgCpu *cpu, const Descriptor *desc, CpuSegment *segment);

/* ---- segment registers ---- */

/* TRUE if `length` bytes at `offset` are within the limit. Pure. */
gboolean segment_contains(const CpuSegment *segment, guint64 offset, guint64 length);

/* Real-address and virtual-8086 mode. The latter's limits and rights are the fixed ones. */
void segment_set_real(TcgCpu *cpu, guint segment, guint16 selector);
void segment_set_vm86(TcgCpu *cpu, guint segment, guint16 selector);
void segment_set_null(TcgCpu *cpu, guint segment, guint16 selector);

/* Returning to an outer level: data segments that the new CPL may not use become null. */
void segments_drop_inner(TcgCpu *cpu);

/* ---- changes of CS ---- */

/* #GP(ext) unless `rip` may be run in a code segment of this descriptor. */
void code_check_rip(TcgCpu *cpu, const Descriptor *desc, guint64 rip, guint ext);

/* Loads CS with RPL = `cpl`, the CPL and rip. Calls tcg_update_mode(). Does not raise. */
void code_enter(TcgCpu *cpu, const Descriptor *desc, guint cpl, guint64 rip);

/* ---- stack frames: what is pushed or popped as a whole, rSP changing at the end ---- */

typedef struct Frame {
    CpuSegment ss;
    guint64 sp;
    guint width;   /* of sp: 2, 4, 8 */
    TlbKind kind;  /* whose rights */
    guint32 error; /* code of #SS */
} Frame;

/* The current stack. */
void frame_begin(TcgCpu *cpu, Frame *frame, guint ext);
/* The stack that the TSS has for an inner level; `ist` 1-7 in IA-32e mode, or 0. */
void frame_begin_inner(TcgCpu *cpu, Frame *frame, guint cpl, guint ist, guint ext);
void frame_push(TcgCpu *cpu, Frame *frame, guint64 value, guint size);
guint64 frame_pop(TcgCpu *cpu, Frame *frame, guint size);
/* rSP, in its width. Does not raise. */
void frame_commit(TcgCpu *cpu, const Frame *frame);
/* SS and rSP. Does not raise. */
void frame_commit_inner(TcgCpu *cpu, const Frame *frame);

/* The memory rights of a privilege level, with SMAP as it is now. Pure. */
TlbKind tlb_kind_of(const TcgCpu *cpu, guint cpl);

/* ---- flags ---- */

/* Not among decode.h's, as no operation depends on them alone. */
enum {
    FLAG_VIF = 1 << 19,
    FLAG_VIP = 1 << 20,
    FLAG_ID = 1 << 21,
};

/* Takes the bits in `mask` from `value`, and sees to what follows from a change of VM and AC. (The
 * loop looks at TF and IF by itself after an instruction that ends a block.) Does not raise. */
void rflags_change(TcgCpu *cpu, guint64 value, guint64 mask);

/* ---- transfers ---- */

typedef enum TaskCause { TASK_JMP, TASK_CALL, TASK_IRET, TASK_EVENT } TaskCause;

/* Switches to the task of `selector` (SDM vol. 3, 7.3). From a task gate, the selector in it.
 * The old task goes on at cpu->rip. With TASK_EVENT, `event` may have an error code to push. Faults
 * that the new task meets when it loads its registers are its own: it has begun by then. */
void task_switch(TcgCpu *cpu, guint16 selector, TaskCause cause, const TcgEvent *event, guint ext);

/* JMP and CALL far. `size` is the operand size. */
void far_jump(TcgCpu *cpu, guint16 selector, guint64 offset, guint size);
void far_call(TcgCpu *cpu, guint16 selector, guint64 offset, guint size);
void far_return(TcgCpu *cpu, guint size, guint64 release);
void far_iret(TcgCpu *cpu, guint size);

/* RET and IRET: the code segment to return to; the stack of the level it runs at. */
void return_fetch_code(TcgCpu *cpu, guint16 selector, Descriptor *desc);
void return_fetch_stack(TcgCpu *cpu, const Descriptor *code, guint16 selector, guint64 sp,
                        Frame *frame);

/* A gate's target: raises unless it is a code segment that may be entered from here. */
void gate_fetch_target(TcgCpu *cpu, const Descriptor *gate, guint ext, Descriptor *target);
/* The offset in a gate, by its size: 2, 4, or 8 in IA-32e mode. Pure. */
guint64 gate_offset(const TcgCpu *cpu, const Descriptor *gate);
guint gate_size(const TcgCpu *cpu, const Descriptor *gate);

/* ---- control registers ---- */

/* All of what writing one does; #GP for what may not be. */
void control_set_cr0(TcgCpu *cpu, guint64 value);
void control_set_cr3(TcgCpu *cpu, guint64 value);
void control_set_cr4(TcgCpu *cpu, guint64 value);
/* FALSE: #GP. */
gboolean control_set_efer(TcgCpu *cpu, guint64 value);
guint64 control_get_cr8(TcgCpu *cpu);
void control_set_cr8(TcgCpu *cpu, guint64 value);
void control_set_dr(TcgCpu *cpu, guint index, guint64 value);
/* What a debug register reads as after `value` was written: reserved bits are fixed. Pure. */
guint64 control_dr_value(guint index, guint64 value);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How vCPUs of the software processor run, stop and wait for each other.
 *
 * A vCPU is `in guest` while it may use host addresses of guest memory or cached code. It leaves
 * for devices and for the scheduler (tcg_leave_guest) and comes back (tcg_enter_guest), which
 * waits while somebody holds the guest. Whoever changes what cached translations rest on - memory
 * slots, a page that becomes code, an access that must be alone - holds the guest meanwhile.
 */
#pragma once

#include "tcg/cpu.h"
#include "tcg/tcg.h"

/* TcgCpu.attention */
enum {
    ATTENTION_KICK = 1 << 0,      /* vcpu_run should return, or look at the other causes */
    ATTENTION_HOLD = 1 << 1,      /* somebody waits for us to leave the guest */
    ATTENTION_REQUEST = 1 << 2,   /* TcgRequests has something */
    ATTENTION_INTERRUPT = 1 << 3, /* PIC, APIC, NMI, INIT: something may be deliverable */
    ATTENTION_STEP = 1 << 4,      /* TF, a shadow or a debugger: instruction by instruction */
    ATTENTION_TRACE = 1 << 5,     /* blocks are written down, so each comes back to the loop */
};

/* Sets bits of attention. From any thread. */
void tcg_attention(TcgCpu *cpu, guint32 bits);

void tcg_leave_guest(TcgCpu *cpu);
void tcg_enter_guest(TcgCpu *cpu);

/* Keeps all other vCPUs out of the guest; on a vCPU's thread, which stays in. Does not nest. */
void tcg_exclusive_begin(TcgCpu *cpu);
void tcg_exclusive_end(TcgCpu *cpu);

/* RAM, as the accelerator sees it: one for each Region that appears in a slot. */
struct TcgRam {
    TcgAccel *tcg;
    Region *region;
    guint8 *host;
    guint64 size;
    guint slots;         /* that show part of it */
    guint64 *code_lines; /* per page: bit n set = bytes 64n.. to 64n+63 were decoded; atomic */
};

typedef struct TcgSlot {
    MemorySlot slot; /* size 0: free */
    TcgRam *ram;
} TcgSlot;

struct TcgAccel {
    Accel accel;
    GArray *slots;    /* of TcgSlot, by index */
    GArray *sorted;   /* of TcgSlot, by address, for lookups */
    GPtrArray *rams;  /* of TcgRam* */
    GArray *cpuid;    /* of CpuidEntry: what can be shown */
    int icount_shift; /* an instruction takes 2^icount_shift ns; negative: time is not counted */
    int intr;         /* atomic: level of the PIC's INTR */
    gint64 tsc_zero;  /* guest clock at the last reset; changes while all vCPUs are out */
    GMutex hold_mutex;
    GCond hold_changed;
    int hold; /* atomic, hold_mutex: how many hold the guest */
};

/* AccelOps. */
void tcg_set_slot(Accel *accel, const MemorySlot *slot);
void tcg_take_dirty(Accel *accel, const MemorySlot *slot, unsigned long *bitmap);
void tcg_hold_guest(Accel *accel);
void tcg_release_guest(Accel *accel);
VcpuExit tcg_vcpu_run(Accel *accel, Vcpu *vcpu);
void tcg_vcpu_kick(Accel *accel, Vcpu *vcpu);

/* The slot that holds a physical address, or NULL. In the guest, or with the vm lock. */
const TcgSlot *tcg_find_slot(const TcgAccel *tcg, guint64 physical);

/* Marks bytes as decoded code; stores to them take the slow path from now on. */
void tcg_code_mark(TcgCpu *cpu, TcgRam *ram, guint64 offset, gsize length);

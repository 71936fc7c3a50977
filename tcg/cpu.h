/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of one software processor, as instructions see it.
 *
 * A TcgCpu belongs to its vCPU's thread; others touch it only while that thread is out of guest
 * code, but for `attention` and the queue of requests (tcg/run.h). What the inner loop touches
 * comes first, so that records (tcg/block.h) can name registers by 16-bit byte offsets.
 *
 * Instructions are restartable: everything that can fault is done before the first register
 * changes. A fault leaves by tcg_raise(), which does not return; the loop then sets rip back to
 * the instruction at hand and delivers the exception.
 */
#pragma once

#include <glib.h>
#include <setjmp.h>

#include "core/vcpu.h"
#include "cpu/registers.h"
#include "tcg/decode.h"
#include "tcg/fpu.h"
#include "tcg/tlb.h"

typedef struct TcgCpu TcgCpu;
typedef struct TcgAccel TcgAccel;
typedef struct Record Record;
typedef struct CodeCache CodeCache;
typedef struct Jump Jump;

/* Vectors (SDM vol. 3, table 6-1). */
enum {
    EXC_DE = 0,
    EXC_DB = 1,
    EXC_NMI = 2,
    EXC_BP = 3,
    EXC_OF = 4,
    EXC_BR = 5,
    EXC_UD = 6,
    EXC_NM = 7,
    EXC_DF = 8,
    EXC_TS = 10,
    EXC_NP = 11,
    EXC_SS = 12,
    EXC_GP = 13,
    EXC_PF = 14,
    EXC_MF = 16,
    EXC_AC = 17,
    EXC_MC = 18,
    EXC_XM = 19,
};

/* Control registers (SDM vol. 3, 2.5), EFER (2.2.1). */
enum {
    CR0_PE = 1 << 0,
    CR0_MP = 1 << 1,
    CR0_EM = 1 << 2,
    CR0_TS = 1 << 3,
    CR0_ET = 1 << 4,
    CR0_NE = 1 << 5,
    CR0_WP = 1 << 16,
    CR0_AM = 1 << 18,
    CR0_NW = 1 << 29,
    CR0_CD = 1 << 30,
};
#define CR0_PG (1u << 31)
enum {
    CR4_VME = 1 << 0,
    CR4_PVI = 1 << 1,
    CR4_TSD = 1 << 2,
    CR4_DE = 1 << 3,
    CR4_PSE = 1 << 4,
    CR4_PAE = 1 << 5,
    CR4_MCE = 1 << 6,
    CR4_PGE = 1 << 7,
    CR4_PCE = 1 << 8,
    CR4_OSFXSR = 1 << 9,
    CR4_OSXMMEXCPT = 1 << 10,
    CR4_SMEP = 1 << 20,
    CR4_SMAP = 1 << 21,
};
enum {
    EFER_SCE = 1 << 0,
    EFER_LME = 1 << 8,
    EFER_LMA = 1 << 10,
    EFER_NXE = 1 << 11,
    EFER_AUTOIBRS = 1 << 21, /* APM vol. 2, 3.1.7: kept, nothing depends on it */
};

/*
 * What cached code depends on beside its bytes. Everything else (CPL, IOPL, CR0.TS, limits of a
 * segment that is not flat) is looked at when an instruction runs.
 */
enum {
    MODE_16 = 0,
    MODE_32 = 1,
    MODE_64 = 2,
    MODE_BITS = 3,           /* mask of the three above: CS.D, CS.L */
    MODE_PROTECT = 1 << 2,   /* CR0.PE and not virtual-8086 */
    MODE_STACK32 = 1 << 3,   /* SS.B (stack pointer is ESP; RSP with MODE_64) */
    MODE_FLAT_DATA = 1 << 4, /* no limit, rights or alignment to check in DS, ES, SS; bases may
                                 differ */
    MODE_FLAT_CODE = 1 << 5, /* CS needs no limit check */
    MODE_USER = 1 << 6,      /* CPL 3: who may execute the page */
};

/*
 * Arithmetic flags in the form in which they cost least to write (every flag has its own source,
 * so none depends on which instruction was last):
 *   ZF = result == 0        SF = bit 63 of result ^ aux
 *   CF = bit 63 of carry    OF = bit 63 ^ bit 62 of carry
 *   AF = bit 4 of aux       PF = even parity of result's low byte, inverted by bit 0 of aux
 * An operation writes its sign-extended result, its carries out of each bit moved up so that the
 * top bit's is at 63, and aux = 10h & (a ^ b ^ result). tcg/flags.h has the functions.
 */
typedef struct TcgFlags {
    guint64 result, carry, aux;
} TcgFlags;

/* An exception or interrupt on its way to the guest (SDM vol. 3, chapter 6). */
typedef enum EventKind {
    EVENT_FAULT,    /* exception: rip of the instruction, RF set in the image for faults */
    EVENT_TRAP,     /* exception after the instruction (#DB traps) */
    EVENT_SOFTWARE, /* INT n, INT3, INTO: DPL of the gate is checked, rip of the next */
    EVENT_ICEBP,    /* INT1: as EVENT_SOFTWARE without the check */
    EVENT_EXTERNAL, /* interrupt */
    EVENT_NMI,
} EventKind;

typedef struct TcgEvent {
    EventKind kind;
    guint8 vector;
    gboolean has_error;
    guint32 error;
} TcgEvent;

struct TcgCpu {
    /* ---- hot ---- */
    guint64 gpr[16];
    guint64 zero;     /* always 0: the base or index that an address does not have */
    guint64 page_rip; /* rip of the first byte of the page that code runs in */
    guint64 base[6];  /* of segments, as addresses use them: in 64-bit mode 0 but for FS, GS */
    TcgFlags flags;
    TlbEntry *tlb;         /* of the current privilege: tlbs[mmu] */
    Jump *jumps;           /* of the code cache */
    guint64 key;           /* tcg_code_key() */
    const Record *current; /* instruction at hand, where it may fault or leave */
    guint32 attention;     /* atomic; not 0: leave the loop and look (tcg/run.h) */
    gint32 budget;         /* instructions left of this stretch; counted a block at a time */
    gint32 budget_given;   /* what it was when the guest clock was last set (tcg/icount.h) */
    guint64 rip;           /* valid between blocks; within, page_rip + current->offset */
    guint64 rflags;        /* all but the arithmetic flags; bit 1 is set */
    guint8 cpl;
    guint8 mmu;   /* TlbKind in use */
    guint32 mode; /* MODE_* */
    Fpu fpu;

    /* ---- architecture ---- */
    CpuSegment segment[6], ldt, tr; /* CS.dpl is not the CPL: see cpl */
    CpuTable gdt, idt;
    guint64 cr0, cr2, cr3, cr4;
    guint64 efer;
    guint64 dr[8]; /* 4 and 5 unused */
    guint64 star, lstar, cstar, fmask, kernel_gs_base;
    guint64 sysenter_cs, sysenter_esp, sysenter_eip;
    guint64 pat, tsc_offset, tsc_aux, misc_enable, mcg_status;
    guint64 mtrr_default, mtrr_fixed[11], mtrr_variable[16];
    guint64 pdpte[4];      /* PAE: loaded with CR3 (SDM vol. 3, 4.4.1) */
    gboolean halted;       /* HLT until an interrupt */
    gboolean wait_sipi;    /* application processor after INIT */
    gboolean shadow;       /* STI, MOV SS: interrupts wait for one more instruction */
    gboolean nmi_masked;   /* until IRET */
    gboolean shutdown;     /* triple fault */
    guint64 events_logged; /* for `-d int` */
    const CpuDebug *debug; /* what a debugger wants; never NULL */
    CpuDebugHit debug_hit; /* its watchpoint that the instruction at hand has touched */
    gboolean debug_exit;   /* vcpu_run shall return: vcpu->debug_hit says why */
    gboolean stepping;     /* in code_step(): what is watched may be touched */
    gboolean step_once;    /* the next instruction touches something watched */
    gboolean step_trap;    /* TF was set when the instruction that is stepped over began */
    guint32 pending_db; /* DR6 bits of a data breakpoint or step, delivered after the instruction */

    /* ---- faults ---- */
    jmp_buf leave;            /* where tcg_raise() and tcg_redo_stepping() go */
    TcgEvent event;           /* what was raised */
    gboolean delivering;      /* an event is being delivered, */
    guint8 delivering_vector; /* this one: for #DF */

    /* ---- the rest of the program ---- */
    TcgAccel *accel;
    Vcpu *vcpu;
    const GArray *cpuid; /* of CpuidEntry, this processor's */
    guint32 extensions;  /* for DecodeMode: 1 << OpExtension, from CPUID */
    gboolean vendor_amd; /* how SYSCALL, SYSENTER, near branches with 66 and so on behave */
    CodeCache *code;
    guint64 epochs[2]; /* of supervisor and of user code: counts changes of where addresses lead */
    gboolean local_codes; /* supervisor code in pages that are not global is remembered */
    TlbEntry tlbs[TLB_KINDS][TLB_SIZE];
    TlbInfo tlb_infos[TLB_KINDS][TLB_SIZE];
    gboolean tlb_used[TLB_KINDS]; /* since the last flush */
    TlbCode itlb[TLB_CODE_SIZE];
    guint64 large_first, large_last; /* all pages above 4 KiB lie between: INVLPG flushes all */
    guint64 tlb_flushes, tlb_page_flushes; /* ever */
    struct Apic *apic;                     /* NULL in a machine without a board */
    struct TcgRequests *requests;
    gint in_guest;  /* atomic: see tcg/run.h */
    gint exclusive; /* 1 = of those that hold the guest, this processor is one */
};

/* ---- exceptions: none of these returns ---- */

G_NORETURN void tcg_raise(TcgCpu *cpu, guint vector);
G_NORETURN void tcg_raise_error(TcgCpu *cpu, guint vector, guint32 error);
/* Sets CR2; `error`: P, W, U, RSVD, I as in SDM vol. 3, 4.7. */
G_NORETURN void tcg_raise_page_fault(TcgCpu *cpu, guint64 linear, guint32 error);
G_NORETURN void tcg_raise_event(TcgCpu *cpu, const TcgEvent *event);
/* #GP(0), the commonest. */
G_NORETURN void tcg_raise_gp(TcgCpu *cpu);

/* Undoes the instruction at hand, as a fault would, and executes it alone. */
G_NORETURN void tcg_redo_stepping(TcgCpu *cpu);

/* ---- mode ---- */

/* Recomputes mode, mmu, tlb and the effective bases after a change of CR0, EFER, CPL, RFLAGS.VM or
 * a segment. Cached code of the new mode is found by itself. */
void tcg_update_mode(TcgCpu *cpu);

/* Under which what is remembered of linear addresses of code holds: the mode, and since when. */
static inline guint64 tcg_code_key(const TcgCpu *cpu)
{
    return cpu->epochs[(cpu->mode & MODE_USER) != 0] << 8 | cpu->mode;
}

static inline gboolean tcg_is_64bit(const TcgCpu *cpu)
{
    return (cpu->mode & MODE_BITS) == MODE_64;
}

static inline gboolean tcg_is_vm86(const TcgCpu *cpu)
{
    return (cpu->rflags & FLAG_VM) != 0;
}

/* CR0.PE and not virtual-8086: segments are descriptors. */
static inline gboolean tcg_is_protected(const TcgCpu *cpu)
{
    return (cpu->mode & MODE_PROTECT) != 0;
}

/* IA-32e mode: 64-bit or compatibility. */
static inline gboolean tcg_is_long(const TcgCpu *cpu)
{
    return (cpu->efer & EFER_LMA) != 0;
}

static inline guint tcg_iopl(const TcgCpu *cpu)
{
    return (guint)(cpu->rflags >> 12) & 3;
}

/* 4-level paging: bits 63-47 are alike. */
static inline gboolean tcg_is_canonical(guint64 linear)
{
    return (guint64)((gint64)(linear << 16) >> 16) == linear;
}

/* A CPUID feature of the model: bit of leaf's register. */
gboolean tcg_has_feature(const TcgCpu *cpu, guint32 leaf, guint reg, guint bit);

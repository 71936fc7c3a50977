/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine that is our software processor: a machine with a little RAM, in long mode with
 * paging as Linux has it, so that ring 3 finds the same pages and segments as on the host.
 */
#include <string.h>

#include "core/machine.h"
#include "tcg/cpu.h"
#include "tcg/flags.h"
#include "tcg/fpu-priv.h"
#include "tcg/run.h"
#include "tcg/tcg.h"
#include "tests/unit/oracle/ours.h"

#define RAM_SIZE  0x40000
#define MAX_TURNS 64 /* a REP string instruction may come back before it is done */

/* Guest-physical layout. */
enum {
    PML4 = 0x1000,
    PDPT = 0x2000,
    PAGE_DIRECTORY = 0x3000,
    TABLE_LOW = 0x4000, /* page tables of linear 0, of the code, of the data */
    TABLE_CODE = 0x5000,
    TABLE_DATA = 0x6000,
    LDT = 0x8000, /* also the linear addresses of these three, for the supervisor */
    GDT = 0x9000,
    TSS = 0xa000,
    IMAGE = 0x10000,
};

/* Page table entries (SDM vol. 3, table 4-20), accessed and dirty already. */
#define PTE_P    0x61ull
#define PTE_RW   2
#define PTE_USER 4
#define PTE_NX   (1ull << 63)

typedef struct OursEngine {
    OracleEngine engine;
    VmLock *lock;
    EventLoop *loop;
    Machine *machine;
    Region ram;
    Vcpu vcpu;
    CpuDebug debug;
    TcgCpu *cpu;
    gboolean blocks;
} OursEngine;

static void set_entry(OursEngine *ours, guint64 table, guint index, guint64 entry)
{
    memcpy(region_host(&ours->ram) + table + 8 * index, &entry, 8);
}

static void make_page_tables(OursEngine *ours)
{
    const guint64 all = PTE_P | PTE_RW | PTE_USER;

    set_entry(ours, PML4, 0, PDPT | all);
    set_entry(ours, PDPT, 0, PAGE_DIRECTORY | all);
    set_entry(ours, PAGE_DIRECTORY, 0, TABLE_LOW | all);
    set_entry(ours, PAGE_DIRECTORY, ORACLE_CODE_BASE >> 21, TABLE_CODE | all);
    set_entry(ours, PAGE_DIRECTORY, ORACLE_DATA_BASE >> 21, TABLE_DATA | all);
    for (guint i = 0; i < ORACLE_PAGE_COUNT; i++) {
        const OraclePage *page = &oracle_pages[i];
        gboolean code = page->kind == ORACLE_PAGE_CODE;
        guint64 entry = (IMAGE + i * ORACLE_PAGE_SIZE) | PTE_P | PTE_USER;

        entry |= page->kind == ORACLE_PAGE_RW ? PTE_RW : 0;
        set_entry(ours, code ? TABLE_CODE : TABLE_DATA, page->address >> 12 & 511,
                  entry | (code ? 0 : PTE_NX));
    }
    for (guint i = LDT; i <= TSS; i += ORACLE_PAGE_SIZE) {
        set_entry(ours, TABLE_LOW, i >> 12, i | PTE_P | PTE_RW);
    }
    set_entry(ours, TSS, 12, ~0ull); /* no bitmap of ports */
    for (guint i = 0; i < ORACLE_LDT_COUNT; i++) {
        set_entry(ours, LDT, i, oracle_descriptor(&oracle_ldt[i]));
    }
}

static CpuSegment flat(guint16 selector, guint type, gboolean code64)
{
    return (CpuSegment){
        .selector = selector,
        .limit = 0xffffffff,
        .type = type,
        .s = 1,
        .dpl = 3,
        .present = 1,
        .l = code64,
        .db = !code64,
        .g = 1,
    };
}

/* Ring 3 as under Linux, but for what each case brings. */
static void make_registers(OursEngine *ours, CpuRegisters *regs)
{
    ours->machine->accel->ops->get_regs(ours->machine->accel, &ours->vcpu, regs);
    regs->cr0 = CR0_PG | CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_AM;
    regs->cr4 = CR4_PAE | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT;
    regs->cr3 = PML4;
    regs->efer = EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE;
    regs->segment[CPU_CS] = flat(ORACLE_CS64, 11, TRUE);
    regs->segment[CPU_SS] = flat(ORACLE_SS64, 3, FALSE);
    for (guint i = 0; i < 6; i++) {
        if (i != CPU_CS && i != CPU_SS) {
            regs->segment[i] = (CpuSegment){.unusable = 1};
        }
    }
    regs->gdt = (CpuTable){GDT, 0x7f};
    regs->idt = (CpuTable){0, 0};
    regs->ldt = (CpuSegment){
        .selector = 0x50, .base = LDT, .limit = 8 * ORACLE_LDT_COUNT - 1, .type = 2, .present = 1};
    regs->tr = (CpuSegment){.selector = 0x40, .base = TSS, .limit = 0x67, .type = 11, .present = 1};
    regs->rflags = 2 | FLAG_IF;
}

static CpuSegment segment_of(const OracleCase *test, guint index)
{
    guint16 selector = test->in.selector[index];
    const OracleDescriptor *d = &oracle_ldt[selector >> 3];

    if (!(selector & 4)) {
        return (CpuSegment){.selector = selector, .unusable = 1};
    }
    return (CpuSegment){
        .selector = selector,
        .base = d->base,
        .limit = d->pages ? d->limit << 12 | 0xfff : d->limit,
        .type = d->type,
        .s = 1,
        .dpl = 3,
        .present = d->present,
        .avl = 1,
        .db = d->db,
        .g = d->pages,
    };
}

static void load_segments(TcgCpu *cpu, const OracleCase *test)
{
    for (guint i = 0; i < 6; i++) {
        if (test->bits != 64) {
            cpu->segment[i] = segment_of(test, i);
        } else if (i == CPU_CS || i == CPU_SS) {
            cpu->segment[i] =
                i == CPU_CS ? flat(ORACLE_CS64, 11, TRUE) : flat(ORACLE_SS64, 3, FALSE);
        } else {
            cpu->segment[i] = (CpuSegment){.unusable = 1};
        }
    }
    if (test->bits == 64) {
        cpu->segment[CPU_FS].base = test->in.fs_base;
        cpu->segment[CPU_GS].base = test->in.gs_base;
    }
}

static void load(TcgCpu *cpu, const OracleCase *test)
{
    memcpy(cpu->gpr, test->in.gpr, sizeof(cpu->gpr));
    cpu->rip = test->in.rip;
    cpu->cr2 = 0;
    cpu->cpl = 3;
    cpu->shadow = FALSE;
    tcg_set_rflags(cpu, test->in.rflags);
    load_segments(cpu, test);
    fpu_set(cpu, test->in.fx);
    tcg_update_mode(cpu);
}

static void store(TcgCpu *cpu, OracleState *out)
{
    memcpy(out->gpr, cpu->gpr, sizeof(cpu->gpr));
    out->rip = cpu->rip;
    out->rflags = tcg_get_rflags(cpu);
    out->fs_base = cpu->segment[CPU_FS].base;
    out->gs_base = cpu->segment[CPU_GS].base;
    for (guint i = 0; i < 6; i++) {
        out->selector[i] = cpu->segment[i].selector;
    }
    fpu_get(cpu, out->fx);
}

static gboolean is_inside(const OracleCase *test, guint64 rip)
{
    return test->count ? oracle_run_index(test, rip) < test->count : rip == test->in.rip;
}

/* The plain function, until the instruction is done: REP may come back on the way. */
static gboolean step(OursEngine *ours, const OracleCase *test, TcgEvent *event)
{
    for (guint i = 0; i < MAX_TURNS; i++) {
        if (!tcg_execute_one(ours->cpu, event)) {
            return TRUE;
        }
        if (!is_inside(test, ours->cpu->rip)) {
            return FALSE;
        }
    }
    return FALSE;
}

static void ours_run(OracleEngine *engine, const OracleCase *test, OracleOutcome *outcome)
{
    OursEngine *ours = (OursEngine *)engine;

    TcgCpu *cpu = ours->cpu;
    TcgEvent event = {0};

    load(cpu, test);
    *outcome = (OracleOutcome){.vector = ORACLE_NO_TRAP};
    if (ours->blocks) {
        /* The fast handlers of SSE and x87 work on live state. */
        fpu_sse_enter(cpu);
        fpu_x87_enter(cpu, FALSE);
        tcg_execute_blocks(cpu, &event);
    } else if (!step(ours, test, &event)) {
        store(cpu, &outcome->state);
        return;
    }
    store(cpu, &outcome->state);
    if (test->insn.op == OP_INTO && event.vector == EXC_GP && event.error == (EXC_OF << 3 | 2)) {
        /* Our IDT is empty: that is the software interrupt. */
        event = (TcgEvent){.vector = EXC_OF};
        outcome->state.rip += test->length;
    }
    outcome->vector = event.vector;
    outcome->error = event.has_error ? event.error : 0;
    outcome->cr2 = event.vector == EXC_PF ? cpu->cr2 : 0;
    if (ours->blocks) {
        if (outcome->state.rip - ORACLE_STUB < ORACLE_STUB_SIZE) {
            outcome->state.rip = test->in.rip + test->length; /* by the jump to the host's exit */
        } else if (!oracle_stopped_after(test, outcome)) {
            return;
        }
        outcome->vector = ORACLE_NO_TRAP;
        outcome->error = 0;
        outcome->cr2 = 0;
    }
}

static void ours_code_changed(OracleEngine *engine)
{
    OursEngine *ours = (OursEngine *)engine;

    region_mark_dirty(&ours->ram, IMAGE, 2 * ORACLE_PAGE_SIZE);
}

static void ours_close(OracleEngine *engine)
{
    OursEngine *ours = (OursEngine *)engine;
    Machine *machine = ours->machine;

    vm_lock_take(ours->lock, "test");
    g_ptr_array_remove(machine->vcpus, &ours->vcpu);
    machine->accel->ops->vcpu_close(machine->accel, &ours->vcpu);
    accel_close(machine);
    region_remove(&ours->ram);
    region_finish(&ours->ram);
    machine_free(machine);
    event_loop_free(ours->loop);
    vm_lock_drop(ours->lock);
    vm_lock_free(ours->lock);
    g_free(ours);
}

OracleEngine *oracle_ours_open(gboolean blocks)
{
    OursEngine *ours = g_new0(OursEngine, 1);
    g_autoptr(GMainContext) context = g_main_context_new();
    g_autoptr(GError) error = NULL;
    CpuRegisters regs;

    ours->lock = vm_lock_new();
    vm_lock_take(ours->lock, "test");
    ours->loop = event_loop_new(context, ours->lock);
    ours->machine = machine_new(ours->loop);
    region_init_ram(&ours->ram, "ram", RAM_SIZE, &error);
    g_assert_no_error(error);
    region_add(&ours->machine->system_memory, 0, &ours->ram, 0);
    accel_open(ours->machine, &tcg_accel_ops, NULL, &error);
    g_assert_no_error(error);
    ours->vcpu.machine = ours->machine;
    ours->vcpu.accel = ours->machine->accel;
    ours->vcpu.debug = &ours->debug;
    ours->machine->accel->ops->vcpu_open(ours->machine->accel, &ours->vcpu, &error);
    g_assert_no_error(error);
    g_ptr_array_add(ours->machine->vcpus, &ours->vcpu);
    ours->cpu = tcg_cpu_of(&ours->vcpu);
    ours->cpu->extensions = (1u << EXT_COUNT) - 1;
    ours->blocks = blocks;
    make_page_tables(ours);
    make_registers(ours, &regs);
    ours->machine->accel->ops->set_regs(ours->machine->accel, &ours->vcpu, &regs);
    ours->engine.image = region_host(&ours->ram) + IMAGE;
    ours->engine.code_changed = ours_code_changed;
    ours->engine.run = ours_run;
    ours->engine.close = ours_close;
    vm_lock_drop(ours->lock); /* a vCPU's thread has it only while it is not in the guest */
    return &ours->engine;
}

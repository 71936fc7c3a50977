/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loop of a software processor: blocks, and between them what has come up - requests, events,
 * interrupts, single steps.
 */
#include "tcg/run.h"

#include "core/apic.h"
#include "core/log.h"
#include "core/machine.h"
#include "tcg/block.h"
#include "tcg/flags.h"
#include "tcg/icount.h"
#include "tcg/mmu.h"
#include "tcg/request.h"
#include "tcg/system.h"
#include "tcg/trace.h"
#include "tcg/watch.h"

/* DR6.BS (SDM vol. 3, 18.2.3). */
#define DR6_BS (1u << 14)
#define DR6_BT (1u << 15)

/* What _setjmp(cpu->leave) returns. */
enum { LEFT_BY_EVENT = 1, LEFT_TO_STEP = 2 };

/* ---- in and out of the guest ---- */

void tcg_attention(TcgCpu *cpu, guint32 bits)
{
    __atomic_fetch_or(&cpu->attention, bits, __ATOMIC_SEQ_CST);
}

static void leave(TcgCpu *cpu)
{
    TcgAccel *tcg = cpu->accel;

    __atomic_store_n(&cpu->in_guest, 0, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&tcg->hold, __ATOMIC_SEQ_CST)) {
        g_mutex_lock(&tcg->hold_mutex);
        g_cond_broadcast(&tcg->hold_changed);
        g_mutex_unlock(&tcg->hold_mutex);
    }
}

static void enter(TcgCpu *cpu)
{
    TcgAccel *tcg = cpu->accel;

    for (;;) {
        __atomic_store_n(&cpu->in_guest, 1, __ATOMIC_SEQ_CST);
        /* Back from a device in the middle of an exclusive access, the hold is our own. */
        if (__atomic_load_n(&tcg->hold, __ATOMIC_SEQ_CST) <= cpu->exclusive) {
            return;
        }
        leave(cpu);
        g_mutex_lock(&tcg->hold_mutex);
        while (tcg->hold > cpu->exclusive) {
            g_cond_wait(&tcg->hold_changed, &tcg->hold_mutex);
        }
        g_mutex_unlock(&tcg->hold_mutex);
    }
}

void tcg_leave_guest(TcgCpu *cpu)
{
    fpu_leave(cpu);
    leave(cpu);
    icount_sync(cpu);
}

void tcg_enter_guest(TcgCpu *cpu)
{
    enter(cpu);
}

/* Waits until no vCPU but `self` is in the guest; hold is counted already. */
static void wait_all_out(TcgAccel *tcg, const TcgCpu *self)
{
    GPtrArray *vcpus = tcg->accel.machine->vcpus;

    for (guint i = 0; i < vcpus->len; i++) {
        TcgCpu *cpu = tcg_cpu_of(g_ptr_array_index(vcpus, i));
        if (cpu == self) {
            continue;
        }
        tcg_attention(cpu, ATTENTION_HOLD);
        while (__atomic_load_n(&cpu->in_guest, __ATOMIC_SEQ_CST)) {
            g_cond_wait(&tcg->hold_changed, &tcg->hold_mutex);
        }
    }
}

void tcg_hold_guest(Accel *accel)
{
    TcgAccel *tcg = (TcgAccel *)accel;
    Vcpu *self = vcpu_current();

    g_mutex_lock(&tcg->hold_mutex);
    __atomic_add_fetch(&tcg->hold, 1, __ATOMIC_SEQ_CST);
    wait_all_out(tcg, self && self->accel == accel ? tcg_cpu_of(self) : NULL);
    g_mutex_unlock(&tcg->hold_mutex);
}

void tcg_release_guest(Accel *accel)
{
    TcgAccel *tcg = (TcgAccel *)accel;

    g_mutex_lock(&tcg->hold_mutex);
    __atomic_sub_fetch(&tcg->hold, 1, __ATOMIC_SEQ_CST);
    g_cond_broadcast(&tcg->hold_changed);
    g_mutex_unlock(&tcg->hold_mutex);
}

void tcg_exclusive_begin(TcgCpu *cpu)
{
    TcgAccel *tcg = cpu->accel;

    if (cpu->vcpu->machine->vcpus->len <= 1) {
        return;
    }
    g_mutex_lock(&tcg->hold_mutex);
    while (tcg->hold) { /* somebody else's turn, for which we must be out */
        __atomic_store_n(&cpu->in_guest, 0, __ATOMIC_SEQ_CST);
        g_cond_broadcast(&tcg->hold_changed);
        g_cond_wait(&tcg->hold_changed, &tcg->hold_mutex);
    }
    __atomic_store_n(&cpu->in_guest, 1, __ATOMIC_SEQ_CST);
    __atomic_add_fetch(&tcg->hold, 1, __ATOMIC_SEQ_CST);
    cpu->exclusive = 1;
    wait_all_out(tcg, cpu);
    g_mutex_unlock(&tcg->hold_mutex);
}

void tcg_exclusive_end(TcgCpu *cpu)
{
    if (cpu->exclusive) {
        cpu->exclusive = 0;
        tcg_release_guest(&cpu->accel->accel);
    }
}

void tcg_vcpu_kick(Accel *accel, Vcpu *vcpu)
{
    if (vcpu->accel_data) {
        tcg_attention(tcg_cpu_of(vcpu), ATTENTION_KICK);
    }
}

/* ---- raising ---- */

void tcg_raise_event(TcgCpu *cpu, const TcgEvent *event)
{
    cpu->event = *event;
    longjmp(cpu->leave, LEFT_BY_EVENT);
}

void tcg_redo_stepping(TcgCpu *cpu)
{
    longjmp(cpu->leave, LEFT_TO_STEP);
}

void tcg_raise(TcgCpu *cpu, guint vector)
{
    tcg_raise_event(cpu, &(TcgEvent){.kind = EVENT_FAULT, .vector = (guint8)vector});
}

void tcg_raise_error(TcgCpu *cpu, guint vector, guint32 error)
{
    tcg_raise_event(
        cpu, &(TcgEvent){
                 .kind = EVENT_FAULT, .vector = (guint8)vector, .has_error = TRUE, .error = error});
}

void tcg_raise_page_fault(TcgCpu *cpu, guint64 linear, guint32 error)
{
    cpu->cr2 = linear;
    tcg_raise_error(cpu, EXC_PF, error);
}

void tcg_raise_gp(TcgCpu *cpu)
{
    tcg_raise_error(cpu, EXC_GP, 0);
}

/* ---- delivering ---- */

static void deliver(TcgCpu *cpu, TcgEvent event)
{
    cpu->current = NULL;
    if (cpu->delivering) {
        int vector = event.kind == EVENT_FAULT
                         ? system_combine_faults(cpu->delivering_vector, event.vector)
                         : event.vector;
        if (vector < 0) {
            cpu->shutdown = TRUE;
            cpu->delivering = FALSE;
            return;
        }
        if (vector != event.vector) {
            event = (TcgEvent){.kind = EVENT_FAULT, .vector = EXC_DF, .has_error = TRUE};
        }
    }
    cpu->delivering = TRUE;
    cpu->delivering_vector =
        event.kind == EVENT_EXTERNAL || event.kind == EVENT_SOFTWARE || event.kind == EVENT_NMI
            ? EXC_NMI /* benign: SDM vol. 3, table 6-4 */
            : event.vector;
    cpu->halted = FALSE;
    tcg_trace_event(cpu, &event);
    system_deliver(cpu, &event);
    cpu->delivering = FALSE;
}

/* What tcg_raise() left behind. */
static void deliver_raised(TcgCpu *cpu)
{
    TcgEvent event = cpu->event;

    if (event.kind == EVENT_FAULT && cpu->current) {
        cpu->rip = tcg_this_rip(cpu);
        cpu->pending_db = 0; /* what was touched before is touched again */
        cpu->debug_hit.reason = CPU_DEBUG_NONE;
    }
    deliver(cpu, event);
    tcg_debug_after(cpu);
}

/* Back to where the instruction began, which is executed alone now. */
static void redo_stepping(TcgCpu *cpu)
{
    cpu->rip = tcg_this_rip(cpu);
    cpu->step_once = TRUE;
}

/* ---- interrupts ---- */

static gboolean may_interrupt(const TcgCpu *cpu)
{
    return (cpu->rflags & FLAG_IF) && !cpu->shadow;
}

/* A machine without local APICs: the 8259's INTR comes straight in. */
static int take_pic(TcgCpu *cpu)
{
    Machine *machine = cpu->vcpu->machine;

    if (cpu->vcpu->index != 0 || !cpu->accel->intr || !machine->pic_acknowledge) {
        return -1;
    }
    return (int)machine->pic_acknowledge(machine->pic_opaque);
}

static void take_interrupt(TcgCpu *cpu, Apic *apic)
{
    Machine *machine = cpu->vcpu->machine;
    int vector;

    tcg_leave_guest(cpu);
    vm_lock_take(machine->lock, "tcg interrupt");
    vector = apic ? apic_take_interrupt(apic) : take_pic(cpu);
    vm_lock_drop(machine->lock);
    tcg_enter_guest(cpu);
    if (vector >= 0) {
        deliver(cpu, (TcgEvent){.kind = EVENT_EXTERNAL, .vector = (guint8)vector});
    }
}

static void take_event(TcgCpu *cpu, Apic *apic, guint accept)
{
    guint8 sipi_vector = 0;
    guint taken;

    tcg_leave_guest(cpu);
    vm_lock_take(cpu->vcpu->machine->lock, "tcg event");
    taken = apic_take_event(apic, accept, &sipi_vector);
    vm_lock_drop(cpu->vcpu->machine->lock);
    tcg_enter_guest(cpu);
    if (taken == APIC_PENDING_INIT) {
        system_reset(cpu, TRUE);
    } else if (taken == APIC_PENDING_SIPI) {
        system_sipi(cpu, sipi_vector);
    } else if (taken == APIC_PENDING_NMI) {
        cpu->nmi_masked = TRUE;
        deliver(cpu, (TcgEvent){.kind = EVENT_NMI, .vector = EXC_NMI});
    }
}

/* Takes what is pending. FALSE: the processor sleeps. */
static gboolean look_at_interrupts(TcgCpu *cpu)
{
    Apic *apic = cpu->apic;
    guint pending =
        apic ? apic_pending(apic)
             : (__atomic_load_n(&cpu->accel->intr, __ATOMIC_ACQUIRE) && cpu->vcpu->index == 0
                    ? APIC_PENDING_INTERRUPT
                    : 0);
    gboolean blocked = tcg_debug_blocks_irqs(cpu);
    guint accept = APIC_PENDING_INIT | APIC_PENDING_SIPI |
                   (cpu->nmi_masked || cpu->shadow || blocked ? 0 : APIC_PENDING_NMI);

    if (pending & accept) {
        take_event(cpu, apic, accept);
        return TRUE;
    }
    if (pending & APIC_WAITS_FOR_SIPI) {
        return FALSE;
    }
    if ((pending & APIC_PENDING_INTERRUPT) && may_interrupt(cpu) && !blocked) {
        take_interrupt(cpu, apic);
    }
    return !cpu->halted;
}

/* ---- one instruction at a time ---- */

static gboolean must_step(const TcgCpu *cpu)
{
    return cpu->shadow || (cpu->rflags & FLAG_TF) || cpu->pending_db || cpu->step_once ||
           tcg_debug_steps(cpu);
}

/* Delivers #DB for what the last instruction did (SDM vol. 3, 18.3.1.1, 18.3.1.4). */
static void deliver_debug_traps(TcgCpu *cpu)
{
    guint32 hits = cpu->pending_db;

    cpu->pending_db = 0;
    if (hits && !cpu->shadow) {
        cpu->dr[6] |= hits;
        deliver(cpu, (TcgEvent){.kind = EVENT_TRAP, .vector = EXC_DB});
    }
}

static void step(TcgCpu *cpu)
{
    guint32 hits;

    cpu->step_once = FALSE;
    if (cpu->pending_db & DR6_BT) { /* before the new task's first instruction (SDM, 18.3.1.5) */
        deliver_debug_traps(cpu);
        return;
    }
    if (tcg_has_breaks(cpu)) {
        if (tcg_debug_break(cpu, code_linear(cpu))) {
            return;
        }
        hits = cpu->rflags & FLAG_RF ? 0 : tcg_break_hits(cpu, code_linear(cpu));
        if (hits) {
            cpu->dr[6] |= hits;
            deliver(cpu, (TcgEvent){.kind = EVENT_FAULT, .vector = EXC_DB});
            tcg_debug_after(cpu);
            return;
        }
    }
    tcg_trace_entry(cpu);
    cpu->shadow = FALSE;
    tcg_attention(cpu, ATTENTION_STEP);
    cpu->stepping = TRUE;
    cpu->step_trap = (cpu->rflags & FLAG_TF) != 0;
    code_step(cpu);
    cpu->stepping = FALSE;
    __atomic_fetch_and(&cpu->attention, ~(guint32)ATTENTION_STEP, __ATOMIC_SEQ_CST);
    cpu->rflags &= ~(guint64)FLAG_RF;
    if (cpu->step_trap && !cpu->shadow) {
        cpu->pending_db |= DR6_BS;
    }
    deliver_debug_traps(cpu);
    tcg_debug_after(cpu);
}

/* ---- the loop ---- */

/* What others want. TRUE: vcpu_run shall return. */
static gboolean look_at_attention(TcgCpu *cpu)
{
    guint32 bits = __atomic_exchange_n(&cpu->attention, 0, __ATOMIC_SEQ_CST);

    if (bits & ATTENTION_HOLD) {
        tcg_leave_guest(cpu);
        tcg_enter_guest(cpu);
    }
    if (bits & ATTENTION_REQUEST) {
        tcg_requests_run(cpu);
    }
    return (bits & ATTENTION_KICK) != 0;
}

/* Runs blocks until something comes up. */
static void run_blocks(TcgCpu *cpu)
{
    const Record *record;
    guint traced = log_get_items() & (LOG_EXEC | LOG_CPU);

    if (G_UNLIKELY(cpu->budget <= 0)) {
        icount_refill(cpu);
        return; /* something may be due */
    }
    record = code_find(cpu);
    if (!record) {
        cpu->budget--;
        if (tcg_has_breaks(cpu) || traced) {
            step(cpu); /* maybe because of a breakpoint in the page */
        } else {
            code_step(cpu);
        }
        return;
    }
    do {
        if (G_UNLIKELY(traced)) {
            cpu->rip = record_rip(cpu, record);
            tcg_trace_entry(cpu);
            tcg_attention(cpu, ATTENTION_TRACE);
        }
        cpu->budget -= record->count;
        record = record->run(cpu, record);
    } while (record && cpu->budget > 0 && !__atomic_load_n(&cpu->attention, __ATOMIC_RELAXED));
    if (record) {
        cpu->current = record;
        cpu->rip = tcg_this_rip(cpu);
    }
}

static VcpuExit run_inner(TcgCpu *cpu, int left)
{
    cpu->stepping = FALSE;
    tcg_exclusive_end(cpu); /* of an access that has faulted in its middle */
    if (left == LEFT_BY_EVENT) {
        deliver_raised(cpu);
    } else if (left == LEFT_TO_STEP) {
        redo_stepping(cpu);
    }
    for (;;) {
        cpu->current = NULL;
        if (cpu->debug_exit) {
            cpu->debug_exit = FALSE;
            return VCPU_EXIT_DEBUG;
        }
        if (cpu->shutdown) {
            return VCPU_EXIT_SHUTDOWN;
        }
        if (__atomic_load_n(&cpu->attention, __ATOMIC_ACQUIRE) && look_at_attention(cpu)) {
            return VCPU_EXIT_AGAIN;
        }
        if (!look_at_interrupts(cpu)) {
            if (icount_skip(cpu)) {
                continue;
            }
            return VCPU_EXIT_HALTED;
        }
        cpu->current = NULL;
        if (cpu->shutdown) {
            continue;
        }
        if (G_UNLIKELY(must_step(cpu))) {
            cpu->budget--;
            step(cpu);
        } else {
            run_blocks(cpu);
        }
    }
}

VcpuExit tcg_vcpu_run(Accel *accel, Vcpu *vcpu)
{
    TcgCpu *cpu = tcg_cpu_of(vcpu);
    VcpuExit exit;
    int left;

    tcg_enter_guest(cpu);
    left = _setjmp(cpu->leave);
    exit = run_inner(cpu, left);
    tcg_leave_guest(cpu);
    return exit;
}

/* After a jump to cpu->leave in what follows. */
static void take_raised(TcgCpu *cpu, TcgEvent *event)
{
    *event = cpu->event;
    if (event->kind == EVENT_FAULT && cpu->current) {
        cpu->rip = tcg_this_rip(cpu);
    }
    cpu->current = NULL;
    tcg_leave_guest(cpu);
}

gboolean tcg_execute_one(TcgCpu *cpu, TcgEvent *event)
{
    tcg_enter_guest(cpu);
    if (_setjmp(cpu->leave)) {
        take_raised(cpu, event);
        return FALSE;
    }
    cpu->current = NULL;
    code_step(cpu);
    tcg_leave_guest(cpu);
    return TRUE;
}

void tcg_execute_blocks(TcgCpu *cpu, TcgEvent *event)
{
    tcg_enter_guest(cpu);
    if (_setjmp(cpu->leave)) {
        take_raised(cpu, event);
        return;
    }
    for (;;) {
        cpu->current = NULL;
        if (__atomic_load_n(&cpu->attention, __ATOMIC_ACQUIRE)) {
            look_at_attention(cpu);
        }
        run_blocks(cpu);
    }
}

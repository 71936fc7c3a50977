/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stopping and resuming the machine for the client, and what it is told when the machine stops.
 *
 * A client passes a breakpoint by taking it away, stepping, and putting it back; but it knows only
 * that it stands at one if `rip` is the linear address, so not where CS has a base. There a step is
 * made with the breakpoints off, and to continue is to make one first, with the others held.
 */
#include "cpu/debug.h"
#include "gdbstub/gdbstub-priv.h"

/* More than these are a client's mistake. */
#define MAX_POINTS       1024
#define MAX_WATCH_LENGTH 65536

/* Signal numbers of the protocol (GDB's include/gdb/signals.def). */
#define SIGNAL_INT  2
#define SIGNAL_QUIT 3
#define SIGNAL_TRAP 5
#define SIGNAL_ABRT 6
#define SIGNAL_IO   23

/* ---- what the vCPUs are told ---- */

static void wishes_free(GdbWishes *wishes)
{
    if (wishes) {
        g_array_unref(wishes->breakpoints);
        g_array_unref(wishes->watchpoints);
        g_free(wishes);
    }
}

static GdbWishes *wishes_new(const GdbStub *stub)
{
    static const guint access[] = {
        [GDB_POINT_WRITE] = CPU_WATCH_WRITE,
        [GDB_POINT_READ] = CPU_WATCH_READ,
        [GDB_POINT_ACCESS] = CPU_WATCH_READ | CPU_WATCH_WRITE,
    };
    GdbWishes *wishes = g_new0(GdbWishes, 1);

    wishes->breakpoints = g_array_new(FALSE, FALSE, sizeof(guint64));
    wishes->watchpoints = g_array_new(FALSE, FALSE, sizeof(CpuWatchpoint));
    for (guint i = 0; i < stub->points->len; i++) {
        const GdbPoint *point = &g_array_index(stub->points, GdbPoint, i);
        if (point->type <= GDB_POINT_HARDWARE) {
            g_array_append_val(wishes->breakpoints, point->addr);
        } else {
            CpuWatchpoint watch = {point->addr, point->length, access[point->type]};
            g_array_append_val(wishes->watchpoints, watch);
        }
    }
    wishes->run = (CpuDebug){
        .breakpoints = (const guint64 *)wishes->breakpoints->data,
        .breakpoint_count = wishes->breakpoints->len,
        .watchpoints = (const CpuWatchpoint *)wishes->watchpoints->data,
        .watchpoint_count = wishes->watchpoints->len,
    };
    wishes->step = wishes->run;
    wishes->step.single_step = TRUE;
    wishes->pass = wishes->step;
    wishes->pass.breakpoint_count = 0;
    return wishes;
}

/* Brings the points to the vCPUs, the chosen one first: its page tables find their pages. All
 * stays as it was if one of them cannot. */
static gboolean apply_points(GdbStub *stub)
{
    GdbWishes *before = stub->wishes;
    GdbWishes *wishes = wishes_new(stub);
    guint count = gdb_cpu_count(stub);

    for (guint i = 0; i < count; i++) {
        if (!vcpu_set_debug(gdb_vcpu(stub, (stub->cpu + i) % count), &wishes->run, NULL)) {
            while (i-- > 0) {
                vcpu_set_debug(gdb_vcpu(stub, (stub->cpu + i) % count),
                               before ? &before->run : NULL, NULL);
            }
            wishes_free(wishes);
            return FALSE;
        }
    }
    stub->wishes = wishes;
    wishes_free(before);
    return TRUE;
}

static int find_point(const GdbStub *stub, const GdbPoint *point)
{
    for (guint i = 0; i < stub->points->len; i++) {
        const GdbPoint *other = &g_array_index(stub->points, GdbPoint, i);
        if (other->type == point->type && other->addr == point->addr &&
            other->length == point->length) {
            return (int)i;
        }
    }
    return -1;
}

gboolean gdb_insert_point(GdbStub *stub, const GdbPoint *point)
{
    if (find_point(stub, point) >= 0) {
        return TRUE; /* a client may repeat itself */
    }
    if (stub->points->len >= MAX_POINTS || point->length > MAX_WATCH_LENGTH ||
        point->addr + (point->length - 1) < point->addr) {
        return FALSE;
    }
    g_array_append_val(stub->points, *point);
    if (!apply_points(stub)) {
        g_array_set_size(stub->points, stub->points->len - 1);
        return FALSE;
    }
    return TRUE;
}

gboolean gdb_remove_point(GdbStub *stub, const GdbPoint *point)
{
    int index = find_point(stub, point);

    if (index >= 0) {
        g_array_remove_index(stub->points, (guint)index);
        return apply_points(stub);
    }
    return TRUE;
}

static void forget_points(GdbStub *stub)
{
    for (guint i = 0; i < gdb_cpu_count(stub) && stub->wishes; i++) {
        vcpu_set_debug(gdb_vcpu(stub, i), NULL, NULL);
    }
    g_array_set_size(stub->points, 0);
    wishes_free(g_steal_pointer(&stub->wishes));
}

/* ---- resuming ---- */

/* A machine in these states has nothing to go on with but a reset. */
static gboolean can_run(const Machine *machine)
{
    return machine->run_state != RUN_STATE_SHUTDOWN &&
           machine->run_state != RUN_STATE_INTERNAL_ERROR &&
           machine->run_state != RUN_STATE_GUEST_PANICKED;
}

/* TRUE if this vCPU stands at a breakpoint and the client cannot know. */
static gboolean stands_hidden(GdbStub *stub, Vcpu *vcpu)
{
    CpuRegisters regs;
    GdbPoint point = {.addr = vcpu->debug_hit.addr, .length = 1};

    if (vcpu->debug_hit.reason != CPU_DEBUG_BREAKPOINT) {
        return FALSE;
    }
    vcpu_get_regs(vcpu, &regs);
    if (regs.segment[CPU_CS].base == 0 ||
        regs.segment[CPU_CS].base + regs.rip != vcpu->debug_hit.addr) {
        return FALSE;
    }
    point.type = GDB_POINT_SOFTWARE;
    if (find_point(stub, &point) >= 0) {
        return TRUE;
    }
    point.type = GDB_POINT_HARDWARE;
    return find_point(stub, &point) >= 0;
}

static void set_action(GdbStub *stub, guint index, GdbAction action)
{
    Vcpu *vcpu = gdb_vcpu(stub, index);

    if (action == GDB_STEP) {
        CpuDebug *step = stands_hidden(stub, vcpu) ? &stub->wishes->pass : &stub->wishes->step;

        step->step_blocks_irqs = !stub->step_irqs;
        vcpu_set_debug(vcpu, step, NULL);
    }
    vcpu->held = action == GDB_HOLD;
    vcpu->debug_hit = (CpuDebugHit){0};
}

/* Steps vCPUs that have to pass a breakpoint; FALSE if there are none. */
static gboolean start_passing(GdbStub *stub)
{
    guint count = gdb_cpu_count(stub);
    g_autofree gboolean *hidden = g_new0(gboolean, count);
    gboolean any = FALSE;

    for (guint i = 0; i < count; i++) {
        hidden[i] =
            stub->actions->data[i] == GDB_CONTINUE && stands_hidden(stub, gdb_vcpu(stub, i));
        any = any || hidden[i];
    }
    for (guint i = 0; any && i < count; i++) {
        set_action(stub, i, hidden[i] ? GDB_STEP : GDB_HOLD);
    }
    return any;
}

static void resume_as_asked(GdbStub *stub)
{
    for (guint i = 0; i < stub->actions->len; i++) {
        set_action(stub, i, stub->actions->data[i]);
    }
    machine_cont(stub->machine);
}

void gdb_resume(GdbStub *stub, const guint8 *actions)
{
    guint count = gdb_cpu_count(stub);
    gboolean steps = FALSE;

    for (guint i = 0; i < count; i++) {
        steps = steps || actions[i] == GDB_STEP;
    }
    if (!stub->attached || (steps && !stub->wishes && !apply_points(stub))) {
        gdb_send_error(stub, GDB_ERROR_INVALID);
        return;
    }
    if (machine_is_running(stub->machine)) {
        stub->waiting = TRUE; /* as it has been: somebody else has resumed it */
        return;
    }
    if (!can_run(stub->machine)) {
        gdb_send_stop(stub);
        return;
    }
    g_array_set_size(stub->actions, 0);
    g_array_append_vals(stub->actions, actions, count);
    stub->waiting = TRUE;
    stub->passing = start_passing(stub);
    if (stub->passing) {
        machine_cont(stub->machine);
    } else {
        resume_as_asked(stub);
    }
}

/* ---- stopping ---- */

/* No vCPU steps or is held any more. */
static void end_actions(GdbStub *stub)
{
    for (guint i = 0; i < gdb_cpu_count(stub); i++) {
        Vcpu *vcpu = gdb_vcpu(stub, i);
        vcpu->held = FALSE;
        if (vcpu->debug->single_step) {
            vcpu_set_debug(vcpu, stub->wishes ? &stub->wishes->run : NULL, NULL);
        }
    }
}

/* The vCPU that the stop is about. */
static guint stopped_cpu(GdbStub *stub)
{
    for (guint i = 0; i < gdb_cpu_count(stub); i++) {
        if (gdb_vcpu(stub, i)->debug_hit.reason != CPU_DEBUG_NONE) {
            return i;
        }
    }
    return stub->cpu;
}

static guint stop_signal(const Machine *machine)
{
    switch (machine->run_state) {
    case RUN_STATE_PAUSED: return SIGNAL_INT;
    case RUN_STATE_SHUTDOWN: return SIGNAL_QUIT;
    case RUN_STATE_IO_ERROR: return SIGNAL_IO;
    case RUN_STATE_INTERNAL_ERROR:
    case RUN_STATE_GUEST_PANICKED: return SIGNAL_ABRT;
    default: return SIGNAL_TRAP;
    }
}

/* TRUE if the client finds its breakpoint at `rip`. Else the reason is better left out: it would
 * take the stop for one of a breakpoint that it has removed meanwhile, and go on. */
static gboolean is_known(GdbStub *stub, guint cpu, const CpuDebugHit *hit)
{
    CpuRegisters regs;

    vcpu_get_regs(gdb_vcpu(stub, cpu), &regs);
    return regs.rip == hit->addr;
}

static void append_reason(GdbStub *stub, guint cpu, GString *reply)
{
    static const char *const watches[] = {
        "watch",
        [CPU_WATCH_READ] = "rwatch",
        [CPU_WATCH_WRITE] = "watch",
        [CPU_WATCH_READ | CPU_WATCH_WRITE] = "awatch",
    };
    const CpuDebugHit *hit = &gdb_vcpu(stub, cpu)->debug_hit;
    GdbPoint software = {GDB_POINT_SOFTWARE, hit->addr, 1};

    if (hit->reason == CPU_DEBUG_WATCHPOINT) {
        g_string_append_printf(reply, "%s:%" G_GINT64_MODIFIER "x;", watches[hit->access & 3],
                               hit->addr);
    } else if (hit->reason == CPU_DEBUG_BREAKPOINT && is_known(stub, cpu, hit)) {
        gboolean is_software = find_point(stub, &software) >= 0;
        if (is_software ? stub->tells_swbreak : stub->tells_hwbreak) {
            g_string_append(reply, is_software ? "swbreak:;" : "hwbreak:;");
        }
    }
}

void gdb_send_stop(GdbStub *stub)
{
    g_autoptr(GString) reply = g_string_new(NULL);
    guint cpu = stopped_cpu(stub);

    stub->cpu = stub->resume_cpu = cpu;
    g_string_printf(reply, "T%02xthread:%x;", stop_signal(stub->machine), cpu + 1);
    if (stub->machine->run_state == RUN_STATE_DEBUG) {
        append_reason(stub, cpu, reply);
    }
    gdb_send(stub, reply->str);
}

/* Passing a breakpoint is over, unless something else stopped the machine. */
static gboolean ends_passing(GdbStub *stub)
{
    if (!stub->passing) {
        return FALSE;
    }
    stub->passing = FALSE;
    return stub->machine->run_state == RUN_STATE_DEBUG;
}

void gdb_settle(void *opaque)
{
    GdbStub *stub = opaque;

    if (machine_is_running(stub->machine) || !stub->waiting) {
        return;
    }
    end_actions(stub);
    if (ends_passing(stub)) {
        resume_as_asked(stub);
        return;
    }
    stub->waiting = FALSE;
    gdb_send_stop(stub);
}

void gdb_interrupt(GdbStub *stub)
{
    if (stub->attached && machine_is_running(stub->machine)) {
        stub->waiting = TRUE; /* it wants to hear of it, whoever has resumed the machine */
        machine_stop(stub->machine, RUN_STATE_PAUSED);
    }
}

/* ---- sessions ---- */

void gdb_attach(GdbStub *stub)
{
    stub->attached = TRUE;
    stub->waiting = stub->passing = FALSE;
    stub->tells_swbreak = stub->tells_hwbreak = FALSE;
    stub->physical = stub->step_irqs = FALSE;
    stub->cpu = stub->resume_cpu = 0;
    for (guint i = 0; i < gdb_cpu_count(stub); i++) {
        gdb_vcpu(stub, i)->debug_hit = (CpuDebugHit){0};
    }
    if (machine_is_running(stub->machine)) {
        machine_stop(stub->machine, RUN_STATE_PAUSED);
    }
}

void gdb_detach(GdbStub *stub, gboolean resume)
{
    gboolean was_waiting = stub->waiting;

    if (!stub->attached) {
        return;
    }
    stub->attached = stub->waiting = stub->passing = FALSE;
    forget_points(stub);
    end_actions(stub);
    if (machine_is_running(stub->machine)) {
        vcpus_resume(stub->machine); /* those that were held too */
    } else if ((resume || was_waiting) && can_run(stub->machine)) {
        machine_cont(stub->machine);
    }
}

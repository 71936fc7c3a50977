/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/machine.h"

#include "core/backend.h"
#include "core/block.h"
#include "core/char.h"
#include "core/clipboard.h"
#include "core/event.h"
#include "core/fdset.h"
#include "core/frontend.h"
#include "core/input.h"
#include "core/keymap.h"
#include "core/log.h"
#include "core/vcpu.h"

#define WORKER_THREADS 4
#define PORT_SPACE     0x10000

struct MachineListener {
    void (*fn)(Machine *machine, MachineEvent event, void *opaque);
    void *opaque;
};

static const char *const run_state_names[] = {
    [RUN_STATE_PRELAUNCH] = "prelaunch",
    [RUN_STATE_RUNNING] = "running",
    [RUN_STATE_PAUSED] = "paused",
    [RUN_STATE_SHUTDOWN] = "shutdown",
    [RUN_STATE_INTERNAL_ERROR] = "internal-error",
    [RUN_STATE_IO_ERROR] = "io-error",
    [RUN_STATE_GUEST_PANICKED] = "guest-panicked",
    [RUN_STATE_WATCHDOG] = "watchdog",
    [RUN_STATE_SUSPENDED] = "suspended",
    [RUN_STATE_DEBUG] = "debug",
    [RUN_STATE_SAVE_VM] = "save-vm",
};

const char *run_state_name(RunState state)
{
    return run_state_names[state];
}

const char *machine_title(const Machine *machine)
{
    return machine->name ? machine->name : "Vitrine";
}

gboolean machine_is_running(const Machine *machine)
{
    return machine->run_state == RUN_STATE_RUNNING;
}

/* ---- listeners ---- */

MachineListener *machine_listen(Machine *machine,
                                void (*fn)(Machine *machine, MachineEvent event, void *opaque),
                                void *opaque)
{
    MachineListener *listener = g_new(MachineListener, 1);
    *listener = (MachineListener){fn, opaque};
    g_ptr_array_add(machine->listeners, listener);
    return listener;
}

void machine_unlisten(Machine *machine, MachineListener *listener)
{
    if (listener) {
        g_ptr_array_remove(machine->listeners, listener);
        g_free(listener);
    }
}

/* Listeners may come and go in the calls: a snapshot is walked, and the gone are skipped. */
static void machine_emit(Machine *machine, MachineEvent event)
{
    g_autoptr(GPtrArray) present = g_ptr_array_copy(machine->listeners, NULL, NULL);

    for (guint i = 0; i < present->len; i++) {
        MachineListener *listener = g_ptr_array_index(present, i);
        if (g_ptr_array_find(machine->listeners, listener, NULL)) {
            listener->fn(machine, event, listener->opaque);
        }
    }
}

void machine_announce_consoles(Machine *machine)
{
    machine_emit(machine, MACHINE_EVENT_CONSOLES);
}

/* ---- run state ---- */

static void set_run_state(Machine *machine, RunState state)
{
    if (machine->run_state != state) {
        machine->run_state = state;
        machine_emit(machine, MACHINE_EVENT_RUN_STATE);
    }
}

/* Tells programs of what run_state has become. The end of all is no stop. */
static void tell_running(Machine *machine, gboolean was_running)
{
    gboolean ends = machine->run_state == RUN_STATE_SHUTDOWN &&
                    machine->actions.shutdown != SHUTDOWN_ACTION_PAUSE;

    if (machine_is_running(machine) != was_running && !ends) {
        event_emit(machine, was_running ? "STOP" : "RESUME", NULL);
    }
}

static void guest_clock_set_running(Machine *machine, gboolean running)
{
    if (running) {
        clock_resume(machine->guest_clock);
    } else {
        clock_pause(machine->guest_clock);
    }
    if (machine->accel && machine->accel->ops->clock_changed) {
        machine->accel->ops->clock_changed(machine->accel, running);
    }
}

void machine_cont(Machine *machine)
{
    if (machine->frozen) {
        machine->thaw_state = RUN_STATE_RUNNING;
        return;
    }
    if (machine_is_running(machine) || machine->run_state == RUN_STATE_SUSPENDED) {
        return;
    }
    guest_clock_set_running(machine, TRUE);
    set_run_state(machine, machine->asleep ? RUN_STATE_SUSPENDED : RUN_STATE_RUNNING);
    if (machine_is_running(machine)) { /* no listener has stopped it again */
        vcpus_resume(machine);
    }
    tell_running(machine, FALSE);
}

void machine_stop(Machine *machine, RunState state)
{
    gboolean was_running = machine_is_running(machine);

    g_assert(state != RUN_STATE_RUNNING);
    if (machine->frozen) {
        machine->thaw_state = state;
        if (state != RUN_STATE_SHUTDOWN) {
            return;
        }
    }
    if (was_running) {
        vcpus_pause(machine);
    }
    if (was_running || machine->run_state == RUN_STATE_SUSPENDED) {
        guest_clock_set_running(machine, FALSE);
    }
    set_run_state(machine, state);
    tell_running(machine, was_running);
}

void machine_freeze(Machine *machine)
{
    g_assert(!machine->frozen);
    machine->thaw_state = machine->run_state;
    if (machine_is_running(machine)) {
        machine_stop(machine, RUN_STATE_SAVE_VM);
    }
    machine->frozen = TRUE;
}

void machine_thaw(Machine *machine)
{
    g_assert(machine->frozen);
    machine->frozen = FALSE;
    if (machine->ending) {
        return;
    }
    if (machine->thaw_state == RUN_STATE_RUNNING) {
        machine_cont(machine);
    } else {
        set_run_state(machine, machine->thaw_state);
    }
}

/* ---- requests ---- */

static void vcpu_reset_call(Vcpu *vcpu, void *opaque)
{
    vcpu->accel->ops->reset(vcpu->accel, vcpu);
}

/* What a vCPU said of the state that a reset ends is no longer of interest. */
static void forget_vcpu_errors(Machine *machine)
{
    deferred_cancel(machine->vcpu_error_request);
    deferred_cancel(machine->vcpu_debug_request);
    for (guint i = 0; i < machine->vcpus->len; i++) {
        Vcpu *vcpu = g_ptr_array_index(machine->vcpus, i);
        g_clear_pointer(&vcpu->error, g_free);
    }
}

static void reset_all(Machine *machine)
{
    vcpus_pause(machine);
    forget_vcpu_errors(machine);
    if (machine->root) {
        device_reset_tree(machine->root);
    }
    for (guint i = 0; i < machine->vcpus->len; i++) {
        vcpu_call(g_ptr_array_index(machine->vcpus, i), vcpu_reset_call, NULL);
    }
}

/* The guest sleeps no more. */
static void end_sleep(Machine *machine)
{
    machine->asleep = FALSE;
    if (machine->run_state == RUN_STATE_SUSPENDED) {
        set_run_state(machine, RUN_STATE_RUNNING);
    }
}

static void machine_reset(Machine *machine)
{
    gboolean was_asleep = machine->asleep;
    gboolean was_running;

    reset_all(machine);
    end_sleep(machine);
    was_running = machine_is_running(machine);
    machine_emit(machine, MACHINE_EVENT_RESET);
    event_emit(machine, "RESET", "{'guest': <%b>, 'reason': <%s>}", machine->reset_by_guest,
               machine->reset_by_guest ? "guest-reset" : "host-qmp-system-reset");
    if (was_running) {
        vcpus_resume(machine);
    } else if (!machine->frozen && machine->run_state != RUN_STATE_PRELAUNCH) {
        set_run_state(machine, RUN_STATE_PAUSED); /* an error state does not survive a reset */
    }
    if (was_asleep) {
        event_emit(machine, "WAKEUP", NULL);
    }
}

static void run_reset_request(void *opaque)
{
    machine_reset(opaque);
}

void machine_request_reset(Machine *machine, gboolean by_guest)
{
    if (machine->actions.reboot == REBOOT_ACTION_SHUTDOWN) {
        machine_request_shutdown(machine, by_guest ? SHUTDOWN_GUEST_RESET : SHUTDOWN_HOST_RESET, 0);
    } else {
        if (by_guest) {
            vcpu_stop_current(); /* a reset is at once: nothing behind it is carried out */
        }
        machine->reset_by_guest = by_guest;
        deferred_schedule(machine->reset_request);
    }
}

void machine_request_powerdown(Machine *machine)
{
    machine_emit(machine, MACHINE_EVENT_POWERDOWN);
    event_emit(machine, "POWERDOWN", NULL);
}

const char *shutdown_cause_name(ShutdownCause cause)
{
    static const char *const names[] = {
        [SHUTDOWN_HOST_QMP_QUIT] = "host-qmp-quit",
        [SHUTDOWN_HOST_SIGNAL] = "host-signal",
        [SHUTDOWN_HOST_UI] = "host-ui",
        [SHUTDOWN_HOST_RESET] = "host-qmp-system-reset",
        [SHUTDOWN_GUEST_EXIT] = "guest-shutdown",
        [SHUTDOWN_GUEST_SHUTDOWN] = "guest-shutdown",
        [SHUTDOWN_GUEST_RESET] = "guest-reset",
        [SHUTDOWN_GUEST_PANIC] = "guest-panic",
    };

    return names[cause];
}

static void tell_shutdown(Machine *machine, ShutdownCause cause)
{
    event_emit(machine, "SHUTDOWN", "{'guest': <%b>, 'reason': <%s>}", cause >= SHUTDOWN_GUEST_EXIT,
               shutdown_cause_name(cause));
}

static void run_shutdown_request(void *opaque)
{
    Machine *machine = opaque;
    ShutdownCause cause = machine->shutdown_cause;
    gboolean stays = machine->actions.shutdown == SHUTDOWN_ACTION_PAUSE &&
                     (cause >= SHUTDOWN_GUEST_SHUTDOWN || cause == SHUTDOWN_HOST_RESET);

    machine->shutdown_requested = FALSE;
    if (cause >= SHUTDOWN_GUEST_EXIT) {
        tell_shutdown(machine, cause);
    }
    machine_stop(machine, RUN_STATE_SHUTDOWN);
    if (!stays) {
        machine_emit(machine, MACHINE_EVENT_SHUTDOWN);
        event_loop_quit(machine->loop);
    }
}

void machine_request_shutdown(Machine *machine, ShutdownCause cause, int status)
{
    gboolean by_guest = cause >= SHUTDOWN_GUEST_EXIT;

    if (by_guest && machine->shutdown_requested) {
        return; /* what another processor does meanwhile comes too late */
    }
    if (by_guest) {
        vcpu_stop_current();
    }
    /* Who asks at a monitor hears of it before the answer, as from QEMU; and once. */
    if (!by_guest &&
        !(machine->shutdown_requested && machine->shutdown_cause < SHUTDOWN_GUEST_EXIT)) {
        tell_shutdown(machine, cause);
    }
    machine->shutdown_requested = TRUE;
    machine->shutdown_cause = cause;
    machine->exit_status = status;
    deferred_schedule(machine->shutdown_request);
}

static void run_stop_request(void *opaque)
{
    Machine *machine = opaque;

    if (machine_is_running(machine)) {
        machine_stop(machine, machine->stop_state);
    }
}

void machine_request_stop(Machine *machine, RunState state)
{
    vcpu_stop_current();
    machine->stop_state = state;
    deferred_schedule(machine->stop_request);
}

/* A vCPU stopped with an error: says so, with what it said, and keeps the machine to look at. */
static void run_vcpu_error_request(void *opaque)
{
    Machine *machine = opaque;

    for (guint i = 0; i < machine->vcpus->len; i++) {
        Vcpu *vcpu = g_ptr_array_index(machine->vcpus, i);
        if (vcpu->error) {
            report_error("CPU %u: %s", vcpu->index, vcpu->error);
            g_clear_pointer(&vcpu->error, g_free);
        }
    }
    machine_stop(machine, RUN_STATE_INTERNAL_ERROR);
}

/* A vCPU stopped for the debugger, who sees the change of state and looks at the hits. */
static void run_vcpu_debug_request(void *opaque)
{
    Machine *machine = opaque;

    if (machine_is_running(machine)) {
        machine_stop(machine, RUN_STATE_DEBUG);
    }
}

/* ---- sleep ---- */

static void run_suspend_request(void *opaque)
{
    Machine *machine = opaque;

    machine->falling_asleep = FALSE;
    if (machine_is_running(machine)) {
        vcpus_pause(machine);
        machine->asleep = TRUE;
        set_run_state(machine, RUN_STATE_SUSPENDED);
        machine_emit(machine, MACHINE_EVENT_SUSPEND);
        event_emit(machine, "SUSPEND", NULL);
    }
}

void machine_request_suspend(Machine *machine)
{
    vcpu_stop_current();
    machine->falling_asleep = TRUE;
    deferred_schedule(machine->suspend_request);
}

static void run_wakeup_request(void *opaque)
{
    Machine *machine = opaque;

    if (machine->run_state != RUN_STATE_SUSPENDED) {
        return; /* a reset came first, or somebody stopped it */
    }
    machine->waking = TRUE;
    reset_all(machine);
    machine->waking = FALSE;
    machine_emit(machine, MACHINE_EVENT_WAKEUP);
    end_sleep(machine);
    if (machine_is_running(machine)) {
        vcpus_resume(machine);
    }
    event_emit(machine, "WAKEUP", NULL);
}

void machine_request_wakeup(Machine *machine, WakeReason reason)
{
    gboolean sleeps = machine->run_state == RUN_STATE_SUSPENDED || machine->falling_asleep;

    if (sleeps && (machine->wake_mask & 1u << reason)) {
        machine->wake_reason = reason;
        deferred_schedule(machine->wakeup_request);
    }
}

/* ---- life ---- */

Machine *machine_new(EventLoop *loop)
{
    Machine *machine = g_new0(Machine, 1);

    machine->loop = loop;
    machine->icount_shift = -1;
    options_set_defaults(machine_action_specs, &machine->actions);
    machine->lock = event_loop_lock(loop);
    machine->host_clock = clock_new_host(loop);
    machine->guest_clock = clock_new_guest(loop);
    machine->workers = worker_pool_new(loop, WORKER_THREADS);
    region_init_container(&machine->system_memory, "system", G_MAXUINT64);
    region_init_container(&machine->system_io, "io", PORT_SPACE);
    machine->memory = address_space_new("memory", &machine->system_memory, machine->lock);
    machine->io = address_space_new("I/O", &machine->system_io, machine->lock);
    machine->vcpus = g_ptr_array_new();
    machine->apics = g_ptr_array_new();
    machine->displays = g_ptr_array_new();
    machine->frontends = g_ptr_array_new();
    machine->backends = g_ptr_array_new();
    machine->listeners = g_ptr_array_new();
    machine->event_watches = g_ptr_array_new();
    machine->input = input_router_new(machine);
    machine->chars = char_manager_new(machine);
    machine->fdsets = fdsets_new();
    machine->mux_escape = 1; /* Ctrl-A */
    machine->reset_request = deferred_new(loop, run_reset_request, machine);
    machine->shutdown_request = deferred_new(loop, run_shutdown_request, machine);
    machine->vcpu_error_request = deferred_new(loop, run_vcpu_error_request, machine);
    machine->vcpu_debug_request = deferred_new(loop, run_vcpu_debug_request, machine);
    machine->stop_request = deferred_new(loop, run_stop_request, machine);
    machine->suspend_request = deferred_new(loop, run_suspend_request, machine);
    machine->wakeup_request = deferred_new(loop, run_wakeup_request, machine);
    return machine;
}

void machine_free(Machine *machine)
{
    if (!machine) {
        return;
    }
    if (machine_is_running(machine) || machine->run_state == RUN_STATE_SUSPENDED) {
        machine_stop(machine, RUN_STATE_SHUTDOWN);
    }
    machine->ending = TRUE;
    while (machine->frontends->len > 0) {
        frontend_close(g_ptr_array_index(machine->frontends, machine->frontends->len - 1));
    }
    vcpus_destroy(machine);
    worker_pool_drain(machine->workers);
    device_destroy(machine->root);
    device_free_globals(machine);
    accel_close(machine);
    block_manager_free(machine->blocks); /* whose images use it to the end */
    char_manager_free(machine->chars);
    backends_free(machine);
    input_router_free(machine->input);
    keymap_free(machine->keymap);
    worker_pool_free(machine->workers);
    deferred_free(machine->reset_request);
    deferred_free(machine->shutdown_request);
    deferred_free(machine->vcpu_error_request);
    deferred_free(machine->vcpu_debug_request);
    deferred_free(machine->stop_request);
    deferred_free(machine->suspend_request);
    deferred_free(machine->wakeup_request);
    address_space_free(machine->memory);
    address_space_free(machine->io);
    region_finish(&machine->system_memory);
    region_finish(&machine->system_io);
    clock_free(machine->guest_clock);
    clock_free(machine->host_clock);
    g_ptr_array_unref(machine->vcpus);
    g_ptr_array_unref(machine->apics);
    g_ptr_array_unref(machine->displays);
    g_ptr_array_unref(machine->frontends);
    g_ptr_array_unref(machine->listeners);
    g_ptr_array_unref(machine->event_watches);
    g_clear_pointer(&machine->frontend_watches, g_ptr_array_unref);
    fdsets_free(machine->fdsets);
    clipboard_free(machine->clipboard);
    g_free(machine->dump);
    g_free(machine->attach_name);
    g_free(machine->name);
    g_free(machine->uuid);
    g_free(machine);
}

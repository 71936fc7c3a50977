/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/vcpu.h"

#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "core/error.h"
#include "core/machine.h"

/*
 * One condition for all vCPUs of a machine would need a mutex that is the vm lock; the vm lock is
 * not a GMutex, so every vCPU has a small mutex and condition of its own for sleeping and for
 * telling that it sleeps. They are leaves: nothing else is taken while they are held.
 */
struct VcpuSync {
    GMutex mutex;
    GCond wake;    /* the vCPU's thread waits: stop, quit, calls or halted changed */
    GCond settled; /* others wait: it stopped, ran its calls, or ended opening */
    gboolean kicked;
};

typedef struct VcpuCall {
    void (*fn)(Vcpu *vcpu, void *opaque);
    void *opaque;
    gboolean done;
} VcpuCall;

/* The vCPU that this thread runs: accelerator code deep in a call needs no parameter for it. */
static __thread Vcpu *this_vcpu;

Vcpu *vcpu_current(void)
{
    return this_vcpu;
}

void vcpu_stop_current(void)
{
    if (this_vcpu) {
        g_mutex_lock(&this_vcpu->sync->mutex);
        __atomic_store_n(&this_vcpu->stop, TRUE, __ATOMIC_RELEASE);
        g_mutex_unlock(&this_vcpu->sync->mutex);
        this_vcpu->accel->ops->vcpu_kick(this_vcpu->accel, this_vcpu); /* out of the guest, too */
    }
}

/* ---- the vCPU's thread ---- */

/* Runs pending calls, each with the vm lock. */
static void vcpu_run_calls(Vcpu *vcpu)
{
    VmLock *lock = vcpu->machine->lock;
    struct VcpuSync *sync = vcpu->sync;

    for (;;) {
        g_mutex_lock(&sync->mutex);
        VcpuCall *call = g_queue_pop_head(&vcpu->calls);
        g_mutex_unlock(&sync->mutex);
        if (!call) {
            return;
        }
        vm_lock_take(lock, "vcpu call");
        call->fn(vcpu, call->opaque);
        vm_lock_drop(lock);
        g_mutex_lock(&sync->mutex);
        call->done = TRUE;
        g_cond_broadcast(&sync->settled);
        g_mutex_unlock(&sync->mutex);
    }
}

/* Sleeps while it is asked to stop, or is halted without a kick. */
static void vcpu_wait(Vcpu *vcpu)
{
    struct VcpuSync *sync = vcpu->sync;

    g_mutex_lock(&sync->mutex);
    while (!vcpu->quit && g_queue_is_empty(&vcpu->calls) &&
           (vcpu->stop || (vcpu->halted && !sync->kicked))) {
        if (vcpu->stop && !vcpu->stopped) {
            vcpu->stopped = TRUE;
            g_cond_broadcast(&sync->settled);
        }
        g_cond_wait(&sync->wake, &sync->mutex);
    }
    if (!vcpu->stop) {
        vcpu->stopped = FALSE;
    }
    sync->kicked = FALSE;
    g_mutex_unlock(&sync->mutex);
}

/* Carries out what the accelerator says has happened. */
static void vcpu_handle_exit(Vcpu *vcpu, VcpuExit exit)
{
    Machine *machine = vcpu->machine;

    vcpu->halted = exit == VCPU_EXIT_HALTED;
    if (exit == VCPU_EXIT_AGAIN || exit == VCPU_EXIT_HALTED) {
        return;
    }
    vm_lock_take(machine->lock, "vcpu exit");
    if (exit == VCPU_EXIT_SHUTDOWN || exit == VCPU_EXIT_RESET) {
        machine_request_reset(machine, TRUE);
    } else if (exit == VCPU_EXIT_ERROR) {
        deferred_schedule(machine->vcpu_error_request);
    } else if (exit == VCPU_EXIT_DEBUG) {
        deferred_schedule(machine->vcpu_debug_request);
    }
    /* None of these may run on; whoever handles it lets the vCPU go again. */
    vcpu_stop_current();
    vm_lock_drop(machine->lock);
}

static gpointer vcpu_thread(gpointer data)
{
    Vcpu *vcpu = data;
    Accel *accel = vcpu->accel;
    gboolean opened;
    sigset_t ends;

    /* What ends the program is for the main thread, which may be waiting for it. */
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);

    this_vcpu = vcpu;
    vcpu->host_tid = (int)syscall(SYS_gettid);
    vcpu->posix_thread = pthread_self();
    vm_lock_take(vcpu->machine->lock, "vcpu open");
    opened = accel->ops->vcpu_open(accel, vcpu, &vcpu->open_error);
    vm_lock_drop(vcpu->machine->lock);
    g_mutex_lock(&vcpu->sync->mutex);
    vcpu->opened = TRUE;
    g_cond_broadcast(&vcpu->sync->settled);
    g_mutex_unlock(&vcpu->sync->mutex);
    if (!opened) {
        return NULL;
    }

    while (vcpu_wait(vcpu), !vcpu->quit) {
        vcpu_run_calls(vcpu);
        if (!__atomic_load_n(&vcpu->stop, __ATOMIC_ACQUIRE)) {
            vcpu_handle_exit(vcpu, accel->ops->vcpu_run(accel, vcpu));
        }
    }
    vm_lock_take(vcpu->machine->lock, "vcpu close");
    accel->ops->vcpu_close(accel, vcpu);
    vm_lock_drop(vcpu->machine->lock);
    return NULL;
}

/* ---- for the others ---- */

void vcpu_kick(Vcpu *vcpu)
{
    struct VcpuSync *sync = vcpu->sync;

    g_mutex_lock(&sync->mutex);
    sync->kicked = TRUE;
    g_cond_signal(&sync->wake);
    g_mutex_unlock(&sync->mutex);
    vcpu->accel->ops->vcpu_kick(vcpu->accel, vcpu);
}

/* Changes what a vCPU is asked for and makes it look. */
static void vcpu_ask(Vcpu *vcpu, gboolean *what, gboolean value)
{
    g_mutex_lock(&vcpu->sync->mutex);
    __atomic_store_n(what, value, __ATOMIC_RELEASE);
    g_mutex_unlock(&vcpu->sync->mutex);
    vcpu_kick(vcpu);
}

/* Waits, without the vm lock, until `*flag`. */
static void vcpu_wait_settled(Vcpu *vcpu, gboolean *flag)
{
    VmLock *lock = vcpu->machine->lock;

    vm_lock_drop(lock);
    g_mutex_lock(&vcpu->sync->mutex);
    while (!*flag) {
        g_cond_wait(&vcpu->sync->settled, &vcpu->sync->mutex);
    }
    g_mutex_unlock(&vcpu->sync->mutex);
    vm_lock_take(lock, "vcpu wait");
}

void vcpus_resume(Machine *machine)
{
    for (guint i = 0; i < machine->vcpus->len; i++) {
        Vcpu *vcpu = g_ptr_array_index(machine->vcpus, i);
        if (vcpu->held) {
            continue;
        }
        g_mutex_lock(&vcpu->sync->mutex);
        vcpu->stopped = FALSE;
        g_mutex_unlock(&vcpu->sync->mutex);
        vcpu_ask(vcpu, &vcpu->stop, FALSE);
    }
}

void vcpus_pause(Machine *machine)
{
    for (guint i = 0; i < machine->vcpus->len; i++) {
        Vcpu *vcpu = g_ptr_array_index(machine->vcpus, i);
        vcpu_ask(vcpu, &vcpu->stop, TRUE);
    }
    for (guint i = 0; i < machine->vcpus->len; i++) {
        Vcpu *vcpu = g_ptr_array_index(machine->vcpus, i);
        g_assert(vcpu != this_vcpu);
        vcpu_wait_settled(vcpu, &vcpu->stopped);
    }
}

void vcpu_call(Vcpu *vcpu, void (*fn)(Vcpu *vcpu, void *opaque), void *opaque)
{
    VcpuCall call = {.fn = fn, .opaque = opaque};

    if (vcpu == this_vcpu) {
        fn(vcpu, opaque);
        return;
    }
    g_mutex_lock(&vcpu->sync->mutex);
    g_queue_push_tail(&vcpu->calls, &call);
    g_mutex_unlock(&vcpu->sync->mutex);
    vcpu_kick(vcpu);
    vcpu_wait_settled(vcpu, &call.done);
}

static void get_regs_call(Vcpu *vcpu, void *opaque)
{
    vcpu->accel->ops->get_regs(vcpu->accel, vcpu, opaque);
}

void vcpu_get_regs(Vcpu *vcpu, CpuRegisters *regs)
{
    vcpu_call(vcpu, get_regs_call, regs);
}

static void set_regs_call(Vcpu *vcpu, void *opaque)
{
    vcpu->accel->ops->set_regs(vcpu->accel, vcpu, opaque);
}

void vcpu_set_regs(Vcpu *vcpu, const CpuRegisters *regs)
{
    vcpu_call(vcpu, set_regs_call, (void *)regs);
}

static void inject_nmi_call(Vcpu *vcpu, void *opaque)
{
    vcpu->accel->ops->inject_nmi(vcpu->accel, vcpu);
}

void vcpus_inject_nmi(Machine *machine)
{
    for (guint i = 0; i < machine->vcpus->len; i++) {
        vcpu_call(g_ptr_array_index(machine->vcpus, i), inject_nmi_call, NULL);
    }
}

/* ---- for debuggers ---- */

static const CpuDebug no_debug;

typedef struct DebugCall {
    const CpuDebug *debug;
    gboolean ok;
    GError **error;
} DebugCall;

static void set_debug_call(Vcpu *vcpu, void *opaque)
{
    DebugCall *call = opaque;

    call->ok = vcpu->accel->ops->set_debug(vcpu->accel, vcpu, call->debug, call->error);
    if (call->ok) {
        vcpu->debug = call->debug;
    }
}

gboolean vcpu_set_debug(Vcpu *vcpu, const CpuDebug *debug, GError **error)
{
    DebugCall call = {.debug = debug ? debug : &no_debug, .error = error};

    if (!vcpu->accel->ops->set_debug) {
        return error_set(error, "the accelerator '%s' cannot be debugged", vcpu->accel->ops->name);
    }
    vcpu_call(vcpu, set_debug_call, &call);
    return call.ok;
}

/* ---- life ---- */

static void vcpu_free(Vcpu *vcpu)
{
    g_mutex_clear(&vcpu->sync->mutex);
    g_cond_clear(&vcpu->sync->wake);
    g_cond_clear(&vcpu->sync->settled);
    g_free(vcpu->sync);
    g_free(vcpu->error);
    g_free(vcpu);
}

static gboolean vcpu_create(Machine *machine, guint index, GError **error)
{
    Vcpu *vcpu = g_new0(Vcpu, 1);
    g_autofree char *name = g_strdup_printf("CPU %u/%s", index, machine->accel->ops->name);

    vcpu->index = index;
    vcpu->machine = machine;
    vcpu->accel = machine->accel;
    vcpu->debug = &no_debug;
    vcpu->stop = TRUE;
    vcpu->sync = g_new0(struct VcpuSync, 1);
    g_mutex_init(&vcpu->sync->mutex);
    g_cond_init(&vcpu->sync->wake);
    g_cond_init(&vcpu->sync->settled);
    g_queue_init(&vcpu->calls);
    vcpu->thread = g_thread_new(name, vcpu_thread, vcpu);
    vcpu_wait_settled(vcpu, &vcpu->opened);
    if (vcpu->open_error) {
        g_thread_join(vcpu->thread);
        g_propagate_error(error, vcpu->open_error);
        vcpu_free(vcpu);
        return FALSE;
    }
    g_ptr_array_add(machine->vcpus, vcpu);
    return TRUE;
}

gboolean vcpus_create(Machine *machine, guint count, GError **error)
{
    machine->cpu_count = count; /* each processor tells its guest of it */
    for (guint i = 0; i < count; i++) {
        if (!vcpu_create(machine, i, error)) {
            return FALSE;
        }
    }
    return TRUE;
}

void vcpus_destroy(Machine *machine)
{
    while (machine->vcpus->len > 0) {
        Vcpu *vcpu = g_ptr_array_steal_index(machine->vcpus, machine->vcpus->len - 1);
        vcpu_ask(vcpu, &vcpu->quit, TRUE);
        vm_lock_drop(machine->lock);
        g_thread_join(vcpu->thread);
        vm_lock_take(machine->lock, "vcpu wait");
        vcpu_free(vcpu);
    }
}

gint64 vcpus_cpu_time(Machine *machine)
{
    gint64 sum = 0;

    for (guint i = 0; i < machine->vcpus->len; i++) {
        Vcpu *vcpu = g_ptr_array_index(machine->vcpus, i);
        clockid_t clock;
        struct timespec time;

        if (pthread_getcpuclockid(vcpu->posix_thread, &clock) == 0 &&
            clock_gettime(clock, &time) == 0) {
            sum += time.tv_sec * NS_PER_SEC + time.tv_nsec;
        }
    }
    return sum;
}

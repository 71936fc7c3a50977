/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine that is the host's processor. Code pages are filled with INT3; behind the instruction
 * stands a jump to the exit of stub.S, which costs no signal. Whatever else happens is a signal:
 * a fault of the instruction, or the INT3, page fault or limit where a branch went.
 */
#include <asm/ldt.h>
#include <immintrin.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "tests/unit/oracle/oracle.h"

#define SIGNAL_STACK   (256 * 1024)
#define HWCAP2_FSGS    (1 << 1) /* AT_HWCAP2: RDFSBASE and the rest may be used */
#define DEFAULT_MXCSR  0x1f80
#define INT3           0xcc
#define VECTOR_PF      14
#define FX_VALID_BYTES 416 /* what follows is not written, or the kernel's in a signal frame */

/* At ORACLE_CONTEXT. The assembler knows all but the last fields by the offsets of layout.h. */
typedef struct OracleContext {
    OracleState in, out;
    guint64 host_rsp, host_fs, host_gs;
    struct {
        guint32 offset;
        guint16 selector, unused;
    } target;
    guint32 mxcsr, running, serialize, unused;
    /* from the signal frame */
    gboolean trapped;
    int vector;
    guint32 error;
    guint64 cr2;
} OracleContext;

G_STATIC_ASSERT(sizeof(OracleState) == STATE_SIZE);
G_STATIC_ASSERT(offsetof(OracleState, rip) == STATE_RIP);
G_STATIC_ASSERT(offsetof(OracleState, fs_base) == STATE_FS_BASE);
G_STATIC_ASSERT(offsetof(OracleState, selector) == STATE_SELECTOR);
G_STATIC_ASSERT(offsetof(OracleState, fx) == STATE_FX);
G_STATIC_ASSERT(offsetof(OracleContext, host_rsp) == CONTEXT_HOST_RSP);
G_STATIC_ASSERT(offsetof(OracleContext, target) == CONTEXT_TARGET);
G_STATIC_ASSERT(offsetof(OracleContext, mxcsr) == CONTEXT_MXCSR);
G_STATIC_ASSERT(offsetof(OracleContext, serialize) == CONTEXT_SERIALIZE);

typedef struct NativeEngine {
    OracleEngine engine;
    void *signal_stack;
    stack_t old_stack;
    struct sigaction old_actions[NSIG];
} NativeEngine;

extern const guint8 oracle_stub[], oracle_stub_far[], oracle_stub_exit[], oracle_stub_end[];
void oracle_signal(int number, siginfo_t *info, void *opaque);
void oracle_native_signal(int number, siginfo_t *info, void *opaque);
void oracle_native_stray(int number, siginfo_t *info, void *opaque);

static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};

static inline OracleContext *context(void)
{
    return (OracleContext *)(gsize)ORACLE_CONTEXT;
}

/* Where the labels of stub.S are in the copy. */
static inline guint64 stub_address(const guint8 *label)
{
    return ORACLE_STUB + (guint64)(label - oracle_stub);
}

/* Called by oracle_signal: takes the state of the instruction out of the signal frame. */
void oracle_native_signal(int number, siginfo_t *info, void *opaque)
{
    static const guint8 order[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
                                     REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                     REG_R12, REG_R13, REG_R14, REG_R15};
    const ucontext_t *uc = opaque;
    const greg_t *gregs = uc->uc_mcontext.gregs;
    OracleContext *ctx = context();

    for (guint i = 0; i < 16; i++) {
        ctx->out.gpr[i] = gregs[order[i]];
    }
    ctx->out.rip = gregs[REG_RIP];
    ctx->out.rflags = gregs[REG_EFL];
    ctx->out.selector[CPU_CS] = gregs[REG_CSGSFS];
    ctx->out.selector[CPU_SS] = (guint64)gregs[REG_CSGSFS] >> 48;
    memcpy(ctx->out.fx, uc->uc_mcontext.fpregs, FX_VALID_BYTES);
    ctx->trapped = TRUE;
    ctx->vector = gregs[REG_TRAPNO];
    ctx->error = gregs[REG_ERR];
    ctx->cr2 = gregs[REG_CR2];
}

/* A fault of the test program itself: dies of it, as it would have without us. */
void oracle_native_stray(int number, siginfo_t *info, void *opaque)
{
    signal(number, SIG_DFL);
}

static void native_code_changed(OracleEngine *engine)
{
    context()->serialize = 1;
}

static guint64 code_linear(const OracleCase *test)
{
    return test->in.rip + (test->bits == 64 ? 0 : ORACLE_CODE_BASE);
}

void oracle_put_code(OracleEngine *engine, const OracleCase *test)
{
    guint64 at = code_linear(test);
    gint32 distance = stub_address(oracle_stub_exit) - (at + test->length + 5);
    guint32 target = stub_address(oracle_stub_exit);
    guint8 all[sizeof(test->bytes) + 8];
    guint count = 0;

    memset(engine->image, INT3, 2 * ORACLE_PAGE_SIZE);
    memcpy(all, test->bytes, test->length);
    count = test->length;
    if (test->bits == 64) {
        all[count++] = 0xe9; /* JMP rel32 */
        memcpy(all + count, &distance, 4);
        count += 4;
    } else {
        if (test->bits == 16) {
            all[count++] = 0x66;
        }
        all[count++] = 0xea; /* JMP ptr16:32 */
        memcpy(all + count, &target, 4);
        all[count + 4] = ORACLE_CS64;
        all[count + 5] = 0;
        count += 6;
    }
    for (guint i = 0; i < count; i++) {
        guint8 *byte = oracle_at(engine, at + i);

        if (byte) { /* else it is over the edge, on purpose */
            *byte = all[i];
        }
    }
    engine->code_changed(engine);
}

static void native_run(OracleEngine *engine, const OracleCase *test, OracleOutcome *outcome)
{
    OracleContext *ctx = context();
    const guint8 *entry = test->bits == 64 ? oracle_stub : oracle_stub_far;

    ctx->in = test->in;
    ctx->target.offset = test->in.rip;
    ctx->target.selector = test->in.selector[CPU_CS];
    ctx->trapped = FALSE;
    ((void (*)(void))stub_address(entry))();

    *outcome = (OracleOutcome){.vector = ORACLE_NO_TRAP, .state = ctx->out};
    if (!ctx->trapped) {
        outcome->state.rip = test->in.rip + test->length;
        outcome->state.selector[CPU_CS] = test->in.selector[CPU_CS];
    } else {
        outcome->vector = ctx->vector;
        outcome->error = ctx->error;
        outcome->cr2 = ctx->vector == VECTOR_PF ? ctx->cr2 : 0;
        if (oracle_stopped_after(test, outcome)) {
            outcome->vector = ORACLE_NO_TRAP;
            outcome->error = 0;
            outcome->cr2 = 0;
        }
    }
    memset(outcome->state.fx + FX_VALID_BYTES, 0, sizeof(outcome->state.fx) - FX_VALID_BYTES);
}

static void native_close(OracleEngine *engine)
{
    NativeEngine *native = (NativeEngine *)engine;

    for (guint i = 0; i < G_N_ELEMENTS(signals); i++) {
        sigaction(signals[i], &native->old_actions[signals[i]], NULL);
    }
    sigaltstack(&native->old_stack, NULL);
    munmap(native->signal_stack, SIGNAL_STACK);
    munmap((void *)(gsize)ORACLE_CONTEXT, sizeof(OracleContext));
    munmap((void *)(gsize)ORACLE_STUB, ORACLE_STUB_SIZE);
    munmap((void *)(gsize)ORACLE_CODE_BASE, 0x10000);
    munmap((void *)(gsize)ORACLE_DATA_LOW, ORACLE_DATA_HIGH - ORACLE_DATA_LOW);
    munmap(engine->image, ORACLE_PAGE_COUNT * ORACLE_PAGE_SIZE);
    g_free(native);
}

static gboolean map_at(guint64 address, gsize size, int protection)
{
    return mmap((void *)address, size, protection,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_NORESERVE, -1,
                0) == (void *)address;
}

/* The pages twice: together and writable for us, and where the instructions see them. */
static gboolean map_pages(OracleEngine *engine)
{
    int fd = memfd_create("oracle", MFD_CLOEXEC);
    gsize size = ORACLE_PAGE_COUNT * ORACLE_PAGE_SIZE;
    gboolean ok;

    if (fd < 0 || ftruncate(fd, size) < 0) {
        return FALSE;
    }
    engine->image = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
    ok = engine->image != MAP_FAILED && map_at(ORACLE_CODE_BASE, 0x10000, PROT_NONE) &&
         map_at(ORACLE_DATA_LOW, ORACLE_DATA_HIGH - ORACLE_DATA_LOW, PROT_NONE);
    for (guint i = 0; ok && i < ORACLE_PAGE_COUNT; i++) {
        int protection = oracle_pages[i].kind == ORACLE_PAGE_CODE ? PROT_READ | PROT_EXEC
                         : oracle_pages[i].kind == ORACLE_PAGE_RW ? PROT_READ | PROT_WRITE
                                                                  : PROT_READ;
        void *at = (void *)(gsize)oracle_pages[i].address;

        /* Populated: the error code of a write to a read-only page tells whether it is there. */
        ok = mmap(at, ORACLE_PAGE_SIZE, protection, MAP_SHARED | MAP_FIXED | MAP_POPULATE, fd,
                  i * ORACLE_PAGE_SIZE) == at;
        mlock(at, ORACLE_PAGE_SIZE);
    }
    close(fd);
    return ok;
}

static gboolean make_ldt(void)
{
    for (guint i = 0; i < ORACLE_LDT_COUNT; i++) {
        const OracleDescriptor *d = &oracle_ldt[i];
        struct user_desc desc = {
            .entry_number = i,
            .base_addr = d->base,
            .limit = d->limit,
            .seg_32bit = d->db,
            .contents = d->type >> 2,
            .read_exec_only = !(d->type & 2),
            .limit_in_pages = d->pages,
            .seg_not_present = !d->present,
            .useable = 1,
        };

        if (syscall(SYS_modify_ldt, 0x11, &desc, sizeof(desc)) != 0) {
            return FALSE;
        }
    }
    return TRUE;
}

static void catch_signals(NativeEngine *native)
{
    struct sigaction action = {
        .sa_sigaction = oracle_signal,
        .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER,
    };
    stack_t stack = {.ss_size = SIGNAL_STACK};

    native->signal_stack =
        mmap(NULL, SIGNAL_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    g_assert(native->signal_stack != MAP_FAILED);
    stack.ss_sp = native->signal_stack;
    sigaltstack(&stack, &native->old_stack);
    for (guint i = 0; i < G_N_ELEMENTS(signals); i++) {
        sigaction(signals[i], &action, &native->old_actions[signals[i]]);
    }
}

__attribute__((target("fsgsbase"))) static void save_bases(OracleContext *ctx)
{
    ctx->host_fs = _readfsbase_u64();
    ctx->host_gs = _readgsbase_u64();
}

OracleEngine *oracle_native_open(const char **why)
{
    g_autofree NativeEngine *native = g_new0(NativeEngine, 1);

    if (!(getauxval(AT_HWCAP2) & HWCAP2_FSGS)) {
        *why = "the kernel does not let us use WRFSBASE";
        return NULL;
    }
    if (!make_ldt()) {
        *why = "modify_ldt is not allowed";
        return NULL;
    }
    if (!map_at(ORACLE_CONTEXT, sizeof(OracleContext), PROT_READ | PROT_WRITE) ||
        !map_at(ORACLE_STUB, ORACLE_STUB_SIZE, PROT_READ | PROT_WRITE) ||
        !map_pages(&native->engine)) {
        *why = "the low addresses are not free";
        return NULL;
    }
    memcpy((void *)(gsize)ORACLE_STUB, oracle_stub, oracle_stub_end - oracle_stub);
    if (mprotect((void *)(gsize)ORACLE_STUB, ORACLE_STUB_SIZE, PROT_READ | PROT_EXEC) < 0) {
        *why = "memory cannot be made executable";
        return NULL;
    }
    context()->mxcsr = DEFAULT_MXCSR;
    save_bases(context());
    catch_signals(native);
    native->engine.code_changed = native_code_changed;
    native->engine.run = native_run;
    native->engine.close = native_close;
    return &g_steal_pointer(&native)->engine;
}

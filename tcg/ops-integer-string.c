/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * String instructions (SDM vol. 1, 7.3.9).
 *
 * A repeated one works in turns: it ends its block, does some elements, and if there are more
 * leaves rip at itself, so that interrupts, requests and single steps come between. Within a turn
 * it works page by page on host memory with the host's own string instructions, which have the
 * guest's semantics for every overlap, direction and size; where a page is not plain memory, or an
 * element crosses its end, element by element. Registers are up to date whenever something may
 * fault.
 */
#include "tcg/operand.h"
#include "tcg/ops-integer.h"
#include "tcg/run.h"

/* Bytes of one turn: some microseconds. */
#define TURN 65536

typedef struct String {
    const Insn *insn;
    guint size;        /* of an element */
    guint width;       /* of the address, and of the counter */
    gboolean down;     /* RFLAGS.DF */
    gboolean compares; /* stops when ZF is not `zf` */
    gboolean zf;
} String;

/* Does one element or more, `count` at most, and says how many. */
typedef gsize (*StringRun)(TcgCpu *cpu, const String *s, gsize count);

static guint64 string_offset(const TcgCpu *cpu, const String *s, guint reg)
{
    return cpu->gpr[reg] & flags_mask(s->width);
}

/* Linear address of the element at rSI or rDI. */
static guint64 source_linear(TcgCpu *cpu, const String *s)
{
    return segment_linear(cpu, s->insn->segment, string_offset(cpu, s, CPU_RSI), s->size, MMU_READ);
}

static guint64 target_linear(TcgCpu *cpu, const String *s, MmuAccess access)
{
    return segment_linear(cpu, CPU_ES, string_offset(cpu, s, CPU_RDI), s->size, access);
}

static void string_advance(TcgCpu *cpu, const String *s, guint reg, gsize count)
{
    guint64 bytes = (guint64)count * s->size;

    reg_write(cpu, reg, s->down ? cpu->gpr[reg] - bytes : cpu->gpr[reg] + bytes, s->width);
}

/* ---- many elements at once ---- */

/*
 * Host address of the element at `linear`, which is that of `reg` in `segment`, and in *count,
 * which it may lower, how many elements from there on lie in the page and in the segment. NULL: go
 * through the MMU.
 */
static guint8 *string_span(TcgCpu *cpu, const String *s, guint segment, guint reg, guint64 linear,
                           MmuAccess access, gsize *count)
{
    gsize length = s->size, before = linear & ~PAGE_MASK, after = PAGE_SIZE - 1 - before;
    gsize room = segment_room(cpu, segment, string_offset(cpu, s, reg), s->width, s->down);
    guint8 *host = mmu_span(cpu, linear, &length, access);

    if (!host || length < s->size) {
        return NULL;
    }
    *count =
        MIN(*count, s->down ? MIN(before, room) / s->size + 1 : (MIN(after, room) + 1) / s->size);
    return *count ? host : NULL;
}

#define HOST_REP(name, ...)                                                        \
    do {                                                                           \
        if (down) {                                                                \
            __asm__ volatile("std\n\trep " name "\n\tcld" __VA_ARGS__ : "memory"); \
        } else {                                                                   \
            __asm__ volatile("rep " name __VA_ARGS__ : "memory");                  \
        }                                                                          \
    } while (0)

static void host_movs(guint8 *to, const guint8 *from, gsize count, guint size, gboolean down)
{
#define MOVS(name) HOST_REP(name, : "+D"(to), "+S"(from), "+c"(count) :)
    switch (size) {
    case 1: MOVS("movsb"); break;
    case 2: MOVS("movsw"); break;
    case 4: MOVS("movsl"); break;
    default: MOVS("movsq"); break;
    }
#undef MOVS
}

static void host_stos(guint8 *to, guint64 value, gsize count, guint size, gboolean down)
{
#define STOS(name) HOST_REP(name, : "+D"(to), "+c"(count) : "a"(value))
    switch (size) {
    case 1: STOS("stosb"); break;
    case 2: STOS("stosw"); break;
    case 4: STOS("stosl"); break;
    default: STOS("stosq"); break;
    }
#undef STOS
}

/* ---- the five ---- */

static gsize run_movs(TcgCpu *cpu, const String *s, gsize count)
{
    guint64 from = source_linear(cpu, s), to, value;
    guint segment = s->insn->segment;
    guint8 *source = NULL, *target = NULL;

    if (count > 1) {
        source = string_span(cpu, s, segment, CPU_RSI, from, MMU_READ, &count);
    }
    if (source) {
        to = target_linear(cpu, s, MMU_WRITE);
        target = string_span(cpu, s, CPU_ES, CPU_RDI, to, MMU_WRITE, &count);
    }
    if (target) {
        host_movs(target, source, count, s->size, s->down);
    } else {
        value = mmu_load(cpu, from, s->size);
        mmu_store(cpu, target_linear(cpu, s, MMU_WRITE), value, s->size);
        count = 1;
    }
    string_advance(cpu, s, CPU_RSI, count);
    string_advance(cpu, s, CPU_RDI, count);
    return count;
}

static gsize run_stos(TcgCpu *cpu, const String *s, gsize count)
{
    guint64 to = target_linear(cpu, s, MMU_WRITE), value = cpu->gpr[CPU_RAX];
    guint8 *target = NULL;

    if (count > 1) {
        target = string_span(cpu, s, CPU_ES, CPU_RDI, to, MMU_WRITE, &count);
    }
    if (target) {
        host_stos(target, value, count, s->size, s->down);
    } else {
        mmu_store(cpu, to, value, s->size);
        count = 1;
    }
    string_advance(cpu, s, CPU_RDI, count);
    return count;
}

static gsize run_lods(TcgCpu *cpu, const String *s, gsize count)
{
    guint64 value = mmu_load(cpu, source_linear(cpu, s), s->size);

    reg_write(cpu, CPU_RAX, value, s->size);
    string_advance(cpu, s, CPU_RSI, 1);
    return 1;
}

/* How many of `count` elements up to the first whose being equal to `value` is not `equal`, that
 * one included. `size` is a constant. */
static inline gsize scan(const guint8 *host, gssize step, guint64 value, gboolean equal,
                         gsize count, guint size)
{
    for (gsize i = 0; i < count; i++, host += step) {
        if ((mmu_host_load(host, size) == value) != equal) {
            return i + 1;
        }
    }
    return count;
}

static gsize scan_of_size(const guint8 *host, gssize step, guint64 value, gboolean equal,
                          gsize count, guint size)
{
    switch (size) {
    case 1: return scan(host, step, value, equal, count, 1);
    case 2: return scan(host, step, value, equal, count, 2);
    case 4: return scan(host, step, value, equal, count, 4);
    default: return scan(host, step, value, equal, count, 8);
    }
}

static gsize run_scas(TcgCpu *cpu, const String *s, gsize count)
{
    guint64 to = target_linear(cpu, s, MMU_READ), a = reg_read(cpu, CPU_RAX, s->size), b;
    gssize step = s->down ? -(gssize)s->size : (gssize)s->size;
    const guint8 *host = NULL;

    if (count > 1) {
        host = string_span(cpu, s, CPU_ES, CPU_RDI, to, MMU_READ, &count);
    }
    if (host) {
        count = scan_of_size(host, step, a, s->zf, count, s->size);
        b = mmu_host_load(host + (gssize)(count - 1) * step, s->size);
    } else {
        b = mmu_load(cpu, to, s->size);
        count = 1;
    }
    string_advance(cpu, s, CPU_RDI, count);
    flags_sub(&cpu->flags, a, b, a - b, s->size);
    return count;
}

static gsize compare(const guint8 *a, const guint8 *b, gssize step, gboolean equal, gsize count,
                     guint size)
{
    for (gsize i = 0; i < count; i++, a += step, b += step) {
        if ((mmu_host_load(a, size) == mmu_host_load(b, size)) != equal) {
            return i + 1;
        }
    }
    return count;
}

static gsize run_cmps(TcgCpu *cpu, const String *s, gsize count)
{
    guint64 from = source_linear(cpu, s), to, a, b;
    gssize step = s->down ? -(gssize)s->size : (gssize)s->size;
    const guint8 *source = NULL, *target = NULL;

    if (count > 1) {
        source = string_span(cpu, s, s->insn->segment, CPU_RSI, from, MMU_READ, &count);
    }
    if (source) {
        to = target_linear(cpu, s, MMU_READ);
        target = string_span(cpu, s, CPU_ES, CPU_RDI, to, MMU_READ, &count);
    }
    if (target) {
        count = compare(source, target, step, s->zf, count, s->size);
        a = mmu_host_load(source + (gssize)(count - 1) * step, s->size);
        b = mmu_host_load(target + (gssize)(count - 1) * step, s->size);
    } else {
        a = mmu_load(cpu, from, s->size);
        b = mmu_load(cpu, target_linear(cpu, s, MMU_READ), s->size);
        count = 1;
    }
    string_advance(cpu, s, CPU_RSI, count);
    string_advance(cpu, s, CPU_RDI, count);
    flags_sub(&cpu->flags, a, b, a - b, s->size);
    return count;
}

/* ---- once, or a turn of many ---- */

static guint32 attention_of(const TcgCpu *cpu)
{
    return __atomic_load_n(&cpu->attention, __ATOMIC_RELAXED);
}

static void repeat(TcgCpu *cpu, const String *s, StringRun run)
{
    guint64 left = string_offset(cpu, s, CPU_RCX);
    gsize turn = attention_of(cpu) & ATTENTION_STEP ? 1 : TURN / s->size;

    while (left && turn) {
        gsize done = run(cpu, s, (gsize)MIN(left, turn));

        left -= done;
        turn -= done;
        reg_write(cpu, CPU_RCX, left, s->width);
        if (s->compares && flags_zf(&cpu->flags) != s->zf) {
            return;
        }
        if (attention_of(cpu)) {
            break;
        }
    }
    if (left) {
        cpu->rip = tcg_this_rip(cpu);
    }
}

static void string_op(TcgCpu *cpu, const Insn *insn, guint size, gboolean compares, StringRun run)
{
    String s = {
        .insn = insn,
        .size = size,
        .width = insn->address_size,
        .down = (cpu->rflags & FLAG_DF) != 0,
        .compares = compares,
        .zf = (insn->prefixes & PREFIX_REPNE) == 0,
    };

    if (insn->prefixes & (PREFIX_REP | PREFIX_REPNE)) {
        repeat(cpu, &s, run);
    } else {
        run(cpu, &s, 1);
    }
}

void integer_movs(TcgCpu *cpu, const Insn *insn)
{
    string_op(cpu, insn, operand_size(insn, 0), FALSE, run_movs);
}

void integer_stos(TcgCpu *cpu, const Insn *insn)
{
    string_op(cpu, insn, operand_size(insn, 0), FALSE, run_stos);
}

void integer_lods(TcgCpu *cpu, const Insn *insn)
{
    string_op(cpu, insn, operand_size(insn, 0), FALSE, run_lods);
}

void integer_scas(TcgCpu *cpu, const Insn *insn)
{
    string_op(cpu, insn, operand_size(insn, 0), TRUE, run_scas);
}

void integer_cmps(TcgCpu *cpu, const Insn *insn)
{
    string_op(cpu, insn, operand_size(insn, 0), TRUE, run_cmps);
}

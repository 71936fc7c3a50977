/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/integer-rig.h"

#include "tcg/ops-integer.h"

/* ---- memory ---- */

static Rig *rig_of(TcgCpu *cpu)
{
    return (Rig *)((guint8 *)cpu - offsetof(Rig, cpu));
}

guint8 *at(Rig *rig, guint64 linear)
{
    return rig->memory + (linear - BASE);
}

/* Raises #PF for what the pages do not allow. */
static void check_bytes(TcgCpu *cpu, guint64 linear, gsize length, MmuAccess access)
{
    for (gsize i = 0; i < length; i++) {
        guint64 page = (linear + i - BASE) >> PAGE_BITS;
        PageKind kind = page < PAGES ? rig_of(cpu)->pages[page] : PAGE_ABSENT;

        if (kind == PAGE_ABSENT || (kind == PAGE_READONLY && access == MMU_WRITE)) {
            tcg_raise_page_fault(cpu, linear + i, access == MMU_WRITE ? 2 : 0);
        }
    }
}

guint64 mmu_load_slow(TcgCpu *cpu, guint64 linear, guint size, TlbKind kind)
{
    check_bytes(cpu, linear, size, MMU_READ);
    rig_of(cpu)->accesses++;
    return mmu_host_load(at(rig_of(cpu), linear), size);
}

void mmu_store_slow(TcgCpu *cpu, guint64 linear, guint64 value, guint size, TlbKind kind)
{
    check_bytes(cpu, linear, size, MMU_WRITE);
    rig_of(cpu)->accesses++;
    mmu_host_store(at(rig_of(cpu), linear), value, size);
}

void mmu_check(TcgCpu *cpu, guint64 linear, gsize length, MmuAccess access)
{
    check_bytes(cpu, linear, length, access);
}

guint8 *mmu_span(TcgCpu *cpu, guint64 linear, gsize *length, MmuAccess access)
{
    check_bytes(cpu, linear, 1, access);
    *length = MIN(*length, PAGE_SIZE - (linear & ~PAGE_MASK));
    return rig_of(cpu)->pages[(linear - BASE) >> PAGE_BITS] == PAGE_DEVICE
               ? NULL
               : at(rig_of(cpu), linear);
}

guint64 mmu_rmw_begin(TcgCpu *cpu, guint64 linear, guint size, gboolean locked, MmuRmw *rmw)
{
    check_bytes(cpu, linear, size, MMU_WRITE);
    rmw->linear = linear;
    rmw->size = (guint8)size;
    rmw->locked = locked;
    return mmu_host_load(at(rig_of(cpu), linear), size);
}

gboolean mmu_rmw_end(TcgCpu *cpu, MmuRmw *rmw, guint64 value)
{
    mmu_host_store(at(rig_of(cpu), rmw->linear), value, rmw->size);
    return TRUE;
}

gboolean mmu_cmpxchg16(TcgCpu *cpu, guint64 linear, guint64 expected[2], const guint64 value[2])
{
    guint8 *host = at(rig_of(cpu), linear);

    check_bytes(cpu, linear, 16, MMU_WRITE);
    if (memcmp(host, expected, 16)) {
        memcpy(expected, host, 16);
        return FALSE;
    }
    memcpy(host, value, 16);
    return TRUE;
}

/* ---- exceptions ---- */

void tcg_raise_event(TcgCpu *cpu, const TcgEvent *event)
{
    cpu->event = *event;
    longjmp(cpu->leave, 1);
}

void tcg_raise(TcgCpu *cpu, guint vector)
{
    tcg_raise_event(cpu, &(TcgEvent){.vector = (guint8)vector});
}

void tcg_raise_error(TcgCpu *cpu, guint vector, guint32 error)
{
    tcg_raise_event(cpu, &(TcgEvent){.vector = (guint8)vector, .has_error = TRUE, .error = error});
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

/* ---- executing one instruction ---- */

#define ROW(name, function) [OP_##name] = function,
static const OpFn functions[OP_COUNT] = {TCG_INTEGER_OPS(ROW)};

Rig *rig_new(guint bits)
{
    Rig *rig = g_new0(Rig, 1);
    TcgCpu *cpu = &rig->cpu;

    cpu->rflags = 2;
    cpu->tlb = cpu->tlbs[0];
    for (guint i = 0; i < TLB_SIZE; i++) {
        cpu->tlb[i].read_tag = cpu->tlb[i].write_tag = tlb_no_tag(i);
    }
    cpu->mode = (bits == 64 ? MODE_64 : bits == 32 ? MODE_32 | MODE_STACK32 : MODE_16);
    cpu->mode |= bits == 16 ? 0 : MODE_PROTECT | MODE_FLAT_DATA | MODE_FLAT_CODE;
    for (guint i = 0; i < 6; i++) {
        cpu->base[i] = bits == 16 ? BASE : 0;
        cpu->segment[i].type = i == CPU_CS ? 0xb : 3;
        cpu->segment[i].limit = bits == 16 ? 0xffff : 0xffffffff;
        cpu->segment[i].db = bits == 32;
    }
    return rig;
}

/* Returns the vector of the fault that it raised, or NO_FAULT; rip is where the loop has it. */
int execute(Rig *rig, const char *hex)
{
    static const guint widths[] = {[MODE_16] = 16, [MODE_32] = 32, [MODE_64] = 64};
    TcgCpu *cpu = &rig->cpu;
    DecodeMode mode = {.bits = (guint8)widths[cpu->mode & MODE_BITS],
                       .protect = TRUE,
                       .extensions = (1u << EXT_COUNT) - 1};
    guint8 bytes[16];
    gsize count = 0;

    for (; *hex; hex += hex[2] ? 3 : 2) {
        bytes[count++] = (guint8)(g_ascii_xdigit_value(hex[0]) << 4 | g_ascii_xdigit_value(hex[1]));
    }
    g_assert_cmpint(decode_insn(&mode, bytes, count, &rig->insn), ==, DECODE_OK);
    g_assert_cmpuint(rig->insn.length, ==, count);
    rig->record = (Record){.length = (guint8)count, .insn = &rig->insn};
    cpu->page_rip = RIP;
    cpu->current = &rig->record;
    cpu->rip = RIP + count;
    if (setjmp(cpu->leave)) {
        cpu->rip = RIP;
        return cpu->event.vector;
    }
    functions[rig->insn.op](cpu, &rig->insn);
    return NO_FAULT;
}

/* All registers but rip, to see that a fault has changed none. */
typedef struct Before {
    guint64 gpr[16];
    guint64 flags;
} Before;

static Before before(const Rig *rig)
{
    Before b = {.flags = tcg_get_rflags(&rig->cpu)};

    memcpy(b.gpr, rig->cpu.gpr, sizeof(b.gpr));
    return b;
}

void assert_fault(Rig *rig, const char *hex, int vector)
{
    Before old = before(rig), new;

    g_test_message("%s", hex);
    g_assert_cmpint(execute(rig, hex), ==, vector);
    new = before(rig);
    g_assert_cmpmem(&old, sizeof(old), &new, sizeof(new));
}

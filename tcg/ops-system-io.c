/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ports: SDM vol. 1, chapter 19. */
#include "core/machine.h"
#include "tcg/operand.h"
#include "tcg/ops-system.h"
#include "tcg/run.h"
#include "tcg/system-priv.h"
#include "tcg/watch.h"

/* How much of a string goes to or from a device in one stretch, between which interrupts are
 * taken: a disk sector. */
#define CHUNK 512

/* ---- who may ---- */

void system_check_io(TcgCpu *cpu, guint port, guint size)
{
    guint32 map, bits;

    if (!(cpu->cr0 & CR0_PE) || (!tcg_is_vm86(cpu) && cpu->cpl <= tcg_iopl(cpu))) {
        return;
    }
    /* The bitmap at the end of a 32- or 64-bit TSS; two bytes are always read. */
    if (cpu->tr.unusable || !(cpu->tr.type & 8) || cpu->tr.limit < 0x67) {
        tcg_raise_gp(cpu);
    }
    map = (guint32)mmu_load_system(cpu, cpu->tr.base + 0x66, 2) + port / 8;
    if (map + 1 > cpu->tr.limit) {
        tcg_raise_gp(cpu);
    }
    bits = (guint32)mmu_load_system(cpu, cpu->tr.base + map, 2) >> (port & 7);
    if (bits & ((1u << size) - 1)) {
        tcg_raise_gp(cpu);
    }
}

/* After all that may fault. */
static void watch_port(TcgCpu *cpu, guint port, guint size)
{
    if (G_UNLIKELY(cpu->dr[7] & DR7_ENABLED)) {
        tcg_watch_io(cpu, port, size);
    }
}

/* ---- IN, OUT ---- */

static guint port_of(TcgCpu *cpu, const Insn *insn, guint n)
{
    return insn->operands[n].kind == OPERAND_IMM ? (guint8)insn->imm : (guint16)cpu->gpr[CPU_RDX];
}

void op_in(TcgCpu *cpu, const Insn *insn)
{
    guint size = insn->operands[0].size, port = port_of(cpu, insn, 1);
    guint64 value;

    system_check_io(cpu, port, size);
    watch_port(cpu, port, size);
    tcg_leave_guest(cpu);
    value = address_space_load(cpu->vcpu->machine->io, port, size);
    tcg_enter_guest(cpu);
    reg_write(cpu, CPU_RAX, value, size);
}

void op_out(TcgCpu *cpu, const Insn *insn)
{
    guint size = insn->operands[1].size, port = port_of(cpu, insn, 0);

    system_check_io(cpu, port, size);
    watch_port(cpu, port, size);
    tcg_leave_guest(cpu);
    address_space_store(cpu->vcpu->machine->io, port, reg_read(cpu, CPU_RAX, size), size);
    tcg_enter_guest(cpu);
}

/* ---- INS, OUTS ---- */

/* A stretch of a string instruction. */
typedef struct Stretch {
    guint units;
    guint64 linear;
    guint64 length; /* bytes */
} Stretch;

/* How many units can be done at once, at `pointer`, and where. Raises what the first would. */
static void stretch_begin(TcgCpu *cpu, const Insn *insn, guint segment, guint pointer, guint size,
                          MmuAccess access, Stretch *stretch)
{
    guint width = insn->address_size;
    guint64 offset = reg_read(cpu, pointer, width), count = 1, room;
    gboolean repeats = (insn->prefixes & (PREFIX_REP | PREFIX_REPNE)) != 0;

    if (repeats && !(cpu->rflags & (FLAG_DF | FLAG_TF)) && !(cpu->dr[7] & DR7_ENABLED)) {
        count = MIN(reg_read(cpu, CPU_RCX, width), CHUNK / size);
        room = MIN(flags_mask(width) - offset, PAGE_SIZE - 1) + 1;
        count = MIN(count, MAX(room / size, 1));
        if (!tcg_is_64bit(cpu) && !segment_contains(&cpu->segment[segment], offset, count * size)) {
            count = 1;
        }
    }
    stretch->linear = segment_linear(cpu, segment, offset, size, access);
    room = PAGE_SIZE - (stretch->linear & ~PAGE_MASK);
    stretch->units = (guint)MIN(count, MAX(room / size, 1));
    stretch->length = (guint64)stretch->units * size;
    mmu_check(cpu, stretch->linear, stretch->length, access);
}

/* Moves pointer and counter; with some left, the instruction runs again. */
static void stretch_end(TcgCpu *cpu, const Insn *insn, guint pointer, const Stretch *stretch)
{
    guint width = insn->address_size;
    guint64 delta = cpu->rflags & FLAG_DF ? -stretch->length : stretch->length, count;

    reg_write(cpu, pointer, reg_read(cpu, pointer, width) + delta, width);
    if (insn->prefixes & (PREFIX_REP | PREFIX_REPNE)) {
        count = reg_read(cpu, CPU_RCX, width) - stretch->units;
        reg_write(cpu, CPU_RCX, count, width);
        if (count) {
            cpu->rip = tcg_this_rip(cpu);
        }
    }
}

static gboolean nothing_to_do(const TcgCpu *cpu, const Insn *insn)
{
    return (insn->prefixes & (PREFIX_REP | PREFIX_REPNE)) &&
           reg_read(cpu, CPU_RCX, insn->address_size) == 0;
}

void op_ins(TcgCpu *cpu, const Insn *insn)
{
    guint size = insn->operands[0].size, port = (guint16)cpu->gpr[CPU_RDX];
    Machine *machine = cpu->vcpu->machine;
    guint8 buffer[CHUNK];
    Stretch stretch;

    system_check_io(cpu, port, size);
    if (nothing_to_do(cpu, insn)) {
        return;
    }
    stretch_begin(cpu, insn, CPU_ES, CPU_RDI, size, MMU_WRITE, &stretch);
    watch_port(cpu, port, size);
    tcg_leave_guest(cpu);
    vm_lock_take(machine->lock, "tcg ins");
    for (guint i = 0; i < stretch.units; i++) {
        mmu_host_store(buffer + i * size, address_space_load(machine->io, port, size), size);
    }
    vm_lock_drop(machine->lock);
    tcg_enter_guest(cpu);
    mmu_write(cpu, stretch.linear, buffer, stretch.length);
    stretch_end(cpu, insn, CPU_RDI, &stretch);
}

void op_outs(TcgCpu *cpu, const Insn *insn)
{
    guint size = insn->operands[1].size, port = (guint16)cpu->gpr[CPU_RDX];
    Machine *machine = cpu->vcpu->machine;
    guint8 buffer[CHUNK];
    Stretch stretch;

    system_check_io(cpu, port, size);
    if (nothing_to_do(cpu, insn)) {
        return;
    }
    stretch_begin(cpu, insn, insn->segment, CPU_RSI, size, MMU_READ, &stretch);
    watch_port(cpu, port, size);
    mmu_read(cpu, stretch.linear, buffer, stretch.length);
    tcg_leave_guest(cpu);
    vm_lock_take(machine->lock, "tcg outs");
    for (guint i = 0; i < stretch.units; i++) {
        address_space_store(machine->io, port, mmu_host_load(buffer + i * size, size), size);
    }
    vm_lock_drop(machine->lock);
    tcg_enter_guest(cpu);
    stretch_end(cpu, insn, CPU_RSI, &stretch);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shifts, rotates, single bits, searches and counts (SDM vol. 1, 7.3.6 and 7.3.7; vol. 2). Where a
 * manual leaves a result or OF undefined, AMD's family 1Ah is followed. */
#include "tcg/operand.h"
#include "tcg/ops-integer.h"

/* ---- shifts and rotates ---- */

typedef struct Shifted {
    guint64 value;
    gboolean cf, of;
} Shifted;

/* Counts are cut to 5 bits, to 6 for 64-bit operands. */
static guint shift_count(TcgCpu *cpu, const Insn *insn, guint n)
{
    guint mask = operand_size(insn, 0) == 8 ? 63 : 31;

    return (guint)operand_read(cpu, insn, n) & mask;
}

static gboolean bit_of(guint64 value, guint bit)
{
    return (gboolean)(value >> bit & 1);
}

/* The two top bits differ: the sign has changed in the last step to the right. */
static gboolean top_differs(guint64 value, guint bits)
{
    return bit_of(value, bits - 1) ^ bit_of(value, bits - 2);
}

/* `count` is not 0. */
static Shifted shift_left(guint64 a, guint count, guint bits)
{
    unsigned __int128 wide = (unsigned __int128)a << count;
    gboolean cf = (gboolean)(wide >> bits & 1);

    return (Shifted){(guint64)wide, cf, cf ^ bit_of((guint64)wide, bits - 1)};
}

static Shifted shift_right(guint64 a, guint count, guint bits)
{
    return (Shifted){a >> count, bit_of(a, count - 1), top_differs(a >> count, bits)};
}

static Shifted shift_arithmetic(guint64 a, guint count, guint bits)
{
    gint64 extended = (gint64)flags_extend(a, bits / 8);

    return (Shifted){(guint64)(extended >> count), bit_of((guint64)extended, count - 1), FALSE};
}

static Shifted rotate_left(guint64 a, guint count, guint bits)
{
    guint n = count & (bits - 1);
    guint64 value = (n ? a << n | a >> (bits - n) : a) & flags_mask(bits / 8);

    return (Shifted){value, bit_of(value, 0), bit_of(value, 0) ^ bit_of(value, bits - 1)};
}

static Shifted rotate_right(guint64 a, guint count, guint bits)
{
    guint n = count & (bits - 1);
    guint64 value = (n ? a >> n | a << (bits - n) : a) & flags_mask(bits / 8);

    return (Shifted){value, bit_of(value, bits - 1), top_differs(value, bits)};
}

/* CF is one more bit, above the others; `count` is from 0 to `bits`. */
static unsigned __int128 rotate_carry(guint64 a, gboolean cf, guint count, guint bits)
{
    unsigned __int128 wide = (unsigned __int128)cf << bits | a;

    return count ? wide << count | wide >> (bits + 1 - count) : wide;
}

static Shifted rotate_left_carry(guint64 a, gboolean cf, guint count, guint bits)
{
    unsigned __int128 wide = rotate_carry(a, cf, count % (bits + 1), bits);
    gboolean out = (gboolean)(wide >> bits & 1);

    return (Shifted){(guint64)wide, out, out ^ bit_of((guint64)wide, bits - 1)};
}

static Shifted rotate_right_carry(guint64 a, gboolean cf, guint count, guint bits)
{
    guint n = count % (bits + 1);
    unsigned __int128 wide = rotate_carry(a, cf, n ? bits + 1 - n : 0, bits);

    return (Shifted){(guint64)wide, (gboolean)(wide >> bits & 1), top_differs((guint64)wide, bits)};
}

static inline Shifted shifted(Op op, guint64 a, gboolean cf, guint count, guint bits)
{
    switch (op) {
    case OP_SHL: return shift_left(a, count, bits);
    case OP_SHR: return shift_right(a, count, bits);
    case OP_SAR: return shift_arithmetic(a, count, bits);
    case OP_ROL: return rotate_left(a, count, bits);
    case OP_ROR: return rotate_right(a, count, bits);
    case OP_RCL: return rotate_left_carry(a, cf, count, bits);
    default: return rotate_right_carry(a, cf, count, bits);
    }
}

/* All but rotates: the result's flags, AF set as AMD does. */
static void set_shift_flags(TcgFlags *flags, const Shifted *s, guint size)
{
    flags_logic(flags, s->value, size);
    flags_set_cf_of(flags, s->cf, s->of);
    flags->aux = 0x10;
}

/* Returns FALSE if the count is 0: no flag changes. Memory is written back and a 32-bit register's
 * upper half cleared even then. `op` is a constant. */
static inline gboolean shift(TcgCpu *cpu, const Insn *insn, Op op, Shifted *s)
{
    guint count = shift_count(cpu, insn, 1), bits = 8 * operand_size(insn, 0);
    gboolean cf = flags_cf(&cpu->flags);
    MmuRmw rmw;

    do {
        guint64 a = operand_modify(cpu, insn, &rmw);
        *s = count ? shifted(op, a, cf, count, bits) : (Shifted){.value = a};
    } while (!operand_commit(cpu, insn, &rmw, s->value));
    return count != 0;
}

static inline void shift_op(TcgCpu *cpu, const Insn *insn, Op op)
{
    Shifted s;

    if (shift(cpu, insn, op, &s)) {
        set_shift_flags(&cpu->flags, &s, operand_size(insn, 0));
    }
}

static inline void rotate_op(TcgCpu *cpu, const Insn *insn, Op op)
{
    Shifted s;

    if (shift(cpu, insn, op, &s)) {
        flags_set_cf_of(&cpu->flags, s.cf, s.of);
    }
}

void integer_shl(TcgCpu *cpu, const Insn *insn)
{
    shift_op(cpu, insn, OP_SHL);
}

void integer_shr(TcgCpu *cpu, const Insn *insn)
{
    shift_op(cpu, insn, OP_SHR);
}

void integer_sar(TcgCpu *cpu, const Insn *insn)
{
    shift_op(cpu, insn, OP_SAR);
}

void integer_rol(TcgCpu *cpu, const Insn *insn)
{
    rotate_op(cpu, insn, OP_ROL);
}

void integer_ror(TcgCpu *cpu, const Insn *insn)
{
    rotate_op(cpu, insn, OP_ROR);
}

void integer_rcl(TcgCpu *cpu, const Insn *insn)
{
    rotate_op(cpu, insn, OP_RCL);
}

void integer_rcr(TcgCpu *cpu, const Insn *insn)
{
    rotate_op(cpu, insn, OP_RCR);
}

/* ---- double shifts ---- */

/* After 16 bits of a 16-bit operand the second operand comes once more. */
static Shifted double_left(guint64 a, guint64 b, guint count, guint bits)
{
    guint64 high = count > bits ? b : a, value;
    guint n = count > bits ? count - bits : count;
    gboolean cf = bit_of(high, bits - n);

    value = (high << n | b >> (bits - n)) & flags_mask(bits / 8);
    return (Shifted){value, cf, cf ^ bit_of(value, bits - 1)};
}

static Shifted double_right(guint64 a, guint64 b, guint count, guint bits)
{
    guint64 low = count > bits ? b : a, value;
    guint n = count > bits ? count - bits : count;

    value = (low >> n | b << (bits - n)) & flags_mask(bits / 8);
    return (Shifted){value, bit_of(low, n - 1), top_differs(value, bits)};
}

static void shift_double(TcgCpu *cpu, const Insn *insn,
                         Shifted (*f)(guint64 a, guint64 b, guint count, guint bits))
{
    guint count = shift_count(cpu, insn, 2), size = operand_size(insn, 0);
    guint64 b = operand_read(cpu, insn, 1);
    MmuRmw rmw;
    Shifted s;

    do {
        guint64 a = operand_modify(cpu, insn, &rmw);
        s = count ? f(a, b, count, 8 * size) : (Shifted){.value = a};
    } while (!operand_commit(cpu, insn, &rmw, s.value));
    if (count) {
        set_shift_flags(&cpu->flags, &s, size);
    }
}

void integer_shld(TcgCpu *cpu, const Insn *insn)
{
    shift_double(cpu, insn, double_left);
}

void integer_shrd(TcgCpu *cpu, const Insn *insn)
{
    shift_double(cpu, insn, double_right);
}

/* ---- single bits ---- */

/*
 * Where the bit is: a register's number of it reaches all of memory around the operand (SDM
 * vol. 2, 3.1.1.9: Bit(BitBase, BitOffset)); an immediate one and registers wrap. Returns the
 * number of the bit; *offset is that of the memory operand that holds it.
 */
static guint find_bit(TcgCpu *cpu, const Insn *insn, guint64 *offset)
{
    guint size = operand_size(insn, 0);
    guint64 bit = operand_read(cpu, insn, 1);

    if (insn->operands[0].kind == OPERAND_MEMORY) {
        *offset = operand_offset(cpu, insn);
        if (insn->operands[1].kind == OPERAND_REG) {
            gint64 far = (gint64)flags_extend(bit, size) >> (size == 8 ? 6 : size == 4 ? 5 : 4);
            *offset += (guint64)far * size;
            *offset &= flags_mask(insn->address_size);
        }
    }
    return (guint)bit & (8 * size - 1);
}

void integer_bt(TcgCpu *cpu, const Insn *insn)
{
    guint size = operand_size(insn, 0);
    guint64 offset = 0, value;
    guint bit = find_bit(cpu, insn, &offset);

    if (insn->operands[0].kind == OPERAND_MEMORY) {
        value = mmu_load(cpu, segment_linear(cpu, insn->segment, offset, size, MMU_READ), size);
    } else {
        value = operand_read(cpu, insn, 0);
    }
    flags_set_cf(&cpu->flags, bit_of(value, bit));
}

/* `op` is a constant. */
static inline guint64 change_bit(Op op, guint64 value, guint bit)
{
    guint64 mask = (guint64)1 << bit;

    return op == OP_BTS ? value | mask : op == OP_BTR ? value & ~mask : value ^ mask;
}

static inline void bit_modify(TcgCpu *cpu, const Insn *insn, Op op)
{
    guint size = operand_size(insn, 0);
    guint64 offset = 0, linear, value;
    guint bit = find_bit(cpu, insn, &offset);
    gboolean locked = (insn->prefixes & PREFIX_LOCK) != 0;
    MmuRmw rmw;

    if (insn->operands[0].kind == OPERAND_MEMORY) {
        linear = segment_linear(cpu, insn->segment, offset, size, MMU_WRITE);
        do {
            value = mmu_rmw_begin(cpu, linear, size, locked, &rmw);
        } while (!mmu_rmw_end(cpu, &rmw, change_bit(op, value, bit)));
    } else {
        value = operand_read(cpu, insn, 0);
        operand_write(cpu, insn, 0, change_bit(op, value, bit));
    }
    flags_set_cf(&cpu->flags, bit_of(value, bit));
}

void integer_bts(TcgCpu *cpu, const Insn *insn)
{
    bit_modify(cpu, insn, OP_BTS);
}

void integer_btr(TcgCpu *cpu, const Insn *insn)
{
    bit_modify(cpu, insn, OP_BTR);
}

void integer_btc(TcgCpu *cpu, const Insn *insn)
{
    bit_modify(cpu, insn, OP_BTC);
}

/* ---- searches, counts, order of bytes ---- */

/* Without a bit that is set the register stays as it is, all 64 bits of it. */
void integer_bsf(TcgCpu *cpu, const Insn *insn)
{
    guint64 value = operand_read(cpu, insn, 1);

    if (value) {
        operand_write(cpu, insn, 0, (guint64)__builtin_ctzll(value));
    }
    flags_change(&cpu->flags, FLAG_ZF, value ? 0 : FLAG_ZF);
}

void integer_bsr(TcgCpu *cpu, const Insn *insn)
{
    guint64 value = operand_read(cpu, insn, 1);

    if (value) {
        operand_write(cpu, insn, 0, 63 - (guint64)__builtin_clzll(value));
    }
    flags_change(&cpu->flags, FLAG_ZF, value ? 0 : FLAG_ZF);
}

void integer_popcnt(TcgCpu *cpu, const Insn *insn)
{
    guint64 value = operand_read(cpu, insn, 1);

    operand_write(cpu, insn, 0, (guint64)__builtin_popcountll(value));
    flags_set(&cpu->flags, value ? 0 : FLAG_ZF);
}

static guint64 swap_bytes(guint64 value, guint size)
{
    return __builtin_bswap64(value) >> (64 - 8 * size);
}

/* Of 16 bits it is undefined; processors make them 0. */
void integer_bswap(TcgCpu *cpu, const Insn *insn)
{
    guint size = operand_size(insn, 0);

    operand_write(cpu, insn, 0, size == 2 ? 0 : swap_bytes(operand_read(cpu, insn, 0), size));
}

void integer_movbe(TcgCpu *cpu, const Insn *insn)
{
    operand_write(cpu, insn, 0, swap_bytes(operand_read(cpu, insn, 1), operand_size(insn, 0)));
}

/* Polynomial 11EDC6F41h, both operands and the result bit-reflected (SDM vol. 2, CRC32). */
void integer_crc32(TcgCpu *cpu, const Insn *insn)
{
    static const guint32 table[16] = {
        0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
        0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
        0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
    };
    guint64 value = operand_read(cpu, insn, 1);
    guint32 crc = (guint32)operand_read(cpu, insn, 0);

    for (guint i = 0; i < 2 * operand_size(insn, 1); i++) {
        crc = crc >> 4 ^ table[(crc ^ value) & 15];
        value >>= 4;
    }
    operand_write(cpu, insn, 0, crc);
}

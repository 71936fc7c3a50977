/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers as the client numbers them, and the description that tells it the numbers. Always
 * those of a 64-bit processor: a client keeps what it was told when it connected, and most guests
 * go to long mode later. `rip` is the offset in CS, as the processor has it.
 */
#include <string.h>

#include "gdbstub/gdbstub-priv.h"

#define CR0_PE    (1u << 0)
#define RFLAGS_VM (1u << 17)

typedef enum Kind {
    REG_WORD,    /* `at` = offset of a guint64 in CpuRegisters */
    REG_SEGMENT, /* `at` = index of a segment */
    REG_FXSAVE,  /* `at` = offset in the FXSAVE area, `width` bytes of it */
    REG_TAGS,
    REG_NOTHING, /* reads as zero */
} Kind;

typedef struct Register {
    const char *name;
    guint bits;
    const char *type; /* of the target description; NULL = "intBITS" */
    Kind kind;
    guint at;
    guint width; /* REG_FXSAVE: bytes there, the rest of the register is zero; 0 = all */
} Register;

typedef struct Feature {
    const char *name;
    const char *types; /* definitions that its registers use */
    const char *group; /* NULL = the client's choice */
    const Register *registers;
    guint count;
} Feature;

#define WORD(field) REG_WORD, G_STRUCT_OFFSET(CpuRegisters, field)
#define ST(n)                                            \
    {                                                    \
        "st" #n, 80, "i387_ext", REG_FXSAVE, 32 + 16 * n \
    }
#define XMM(n)                                            \
    {                                                     \
        "xmm" #n, 128, "vec128", REG_FXSAVE, 160 + 16 * n \
    }
#define FPU(name, at, wd)                   \
    {                                       \
        name, 32, "int", REG_FXSAVE, at, wd \
    }

/* The names and their order are those of the feature that every client knows (GDB manual, "i386
 * Features"). */
static const Register core_registers[] = {
    {"rax", 64, NULL, WORD(gpr[CPU_RAX])},
    {"rbx", 64, NULL, WORD(gpr[CPU_RBX])},
    {"rcx", 64, NULL, WORD(gpr[CPU_RCX])},
    {"rdx", 64, NULL, WORD(gpr[CPU_RDX])},
    {"rsi", 64, NULL, WORD(gpr[CPU_RSI])},
    {"rdi", 64, NULL, WORD(gpr[CPU_RDI])},
    {"rbp", 64, "data_ptr", WORD(gpr[CPU_RBP])},
    {"rsp", 64, "data_ptr", WORD(gpr[CPU_RSP])},
    {"r8", 64, NULL, WORD(gpr[8])},
    {"r9", 64, NULL, WORD(gpr[9])},
    {"r10", 64, NULL, WORD(gpr[10])},
    {"r11", 64, NULL, WORD(gpr[11])},
    {"r12", 64, NULL, WORD(gpr[12])},
    {"r13", 64, NULL, WORD(gpr[13])},
    {"r14", 64, NULL, WORD(gpr[14])},
    {"r15", 64, NULL, WORD(gpr[15])},
    {"rip", 64, "code_ptr", WORD(rip)},
    {"eflags", 32, "i386_eflags", WORD(rflags)},
    {"cs", 32, NULL, REG_SEGMENT, CPU_CS},
    {"ss", 32, NULL, REG_SEGMENT, CPU_SS},
    {"ds", 32, NULL, REG_SEGMENT, CPU_DS},
    {"es", 32, NULL, REG_SEGMENT, CPU_ES},
    {"fs", 32, NULL, REG_SEGMENT, CPU_FS},
    {"gs", 32, NULL, REG_SEGMENT, CPU_GS},
    ST(0),
    ST(1),
    ST(2),
    ST(3),
    ST(4),
    ST(5),
    ST(6),
    ST(7),
    FPU("fctrl", 0, 2),
    FPU("fstat", 2, 2),
    {"ftag", 32, "int", REG_TAGS},
    {"fiseg", 32, "int", REG_NOTHING},
    FPU("fioff", 8, 4),
    {"foseg", 32, "int", REG_NOTHING},
    FPU("fooff", 16, 4),
    FPU("fop", 6, 2),
};

static const Register sse_registers[] = {
    XMM(0),
    XMM(1),
    XMM(2),
    XMM(3),
    XMM(4),
    XMM(5),
    XMM(6),
    XMM(7),
    XMM(8),
    XMM(9),
    XMM(10),
    XMM(11),
    XMM(12),
    XMM(13),
    XMM(14),
    XMM(15),
    {"mxcsr", 32, "i386_mxcsr", REG_FXSAVE, 24},
};

static const Register segment_registers[] = {
    {"fs_base", 64, "int", WORD(segment[CPU_FS].base)},
    {"gs_base", 64, "int", WORD(segment[CPU_GS].base)},
};

static const Register system_registers[] = {
    {"cr0", 64, NULL, WORD(cr0)}, {"cr2", 64, NULL, WORD(cr2)}, {"cr3", 64, NULL, WORD(cr3)},
    {"cr4", 64, NULL, WORD(cr4)}, {"cr8", 64, NULL, WORD(cr8)}, {"efer", 64, NULL, WORD(efer)},
};

/* Intel SDM vol. 1, figure 3-8 */
static const char flags_type[] =
    "<flags id=\"i386_eflags\" size=\"4\">"
    "<field name=\"CF\" start=\"0\" end=\"0\"/><field name=\"\" start=\"1\" end=\"1\"/>"
    "<field name=\"PF\" start=\"2\" end=\"2\"/><field name=\"AF\" start=\"4\" end=\"4\"/>"
    "<field name=\"ZF\" start=\"6\" end=\"6\"/><field name=\"SF\" start=\"7\" end=\"7\"/>"
    "<field name=\"TF\" start=\"8\" end=\"8\"/><field name=\"IF\" start=\"9\" end=\"9\"/>"
    "<field name=\"DF\" start=\"10\" end=\"10\"/><field name=\"OF\" start=\"11\" end=\"11\"/>"
    "<field name=\"IOPL\" start=\"12\" end=\"13\"/><field name=\"NT\" start=\"14\" end=\"14\"/>"
    "<field name=\"RF\" start=\"16\" end=\"16\"/><field name=\"VM\" start=\"17\" end=\"17\"/>"
    "<field name=\"AC\" start=\"18\" end=\"18\"/><field name=\"VIF\" start=\"19\" end=\"19\"/>"
    "<field name=\"VIP\" start=\"20\" end=\"20\"/><field name=\"ID\" start=\"21\" end=\"21\"/>"
    "</flags>\n";

/* Intel SDM vol. 1, figure 10-3 */
static const char sse_types[] =
    "<vector id=\"v4f\" type=\"ieee_single\" count=\"4\"/>"
    "<vector id=\"v2d\" type=\"ieee_double\" count=\"2\"/>"
    "<vector id=\"v16i8\" type=\"int8\" count=\"16\"/>"
    "<vector id=\"v8i16\" type=\"int16\" count=\"8\"/>"
    "<vector id=\"v4i32\" type=\"int32\" count=\"4\"/>"
    "<vector id=\"v2i64\" type=\"int64\" count=\"2\"/>"
    "<union id=\"vec128\"><field name=\"v4_float\" type=\"v4f\"/>"
    "<field name=\"v2_double\" type=\"v2d\"/><field name=\"v16_int8\" type=\"v16i8\"/>"
    "<field name=\"v8_int16\" type=\"v8i16\"/><field name=\"v4_int32\" type=\"v4i32\"/>"
    "<field name=\"v2_int64\" type=\"v2i64\"/><field name=\"uint128\" type=\"uint128\"/></union>\n"
    "<flags id=\"i386_mxcsr\" size=\"4\">"
    "<field name=\"IE\" start=\"0\" end=\"0\"/><field name=\"DE\" start=\"1\" end=\"1\"/>"
    "<field name=\"ZE\" start=\"2\" end=\"2\"/><field name=\"OE\" start=\"3\" end=\"3\"/>"
    "<field name=\"UE\" start=\"4\" end=\"4\"/><field name=\"PE\" start=\"5\" end=\"5\"/>"
    "<field name=\"DAZ\" start=\"6\" end=\"6\"/><field name=\"IM\" start=\"7\" end=\"7\"/>"
    "<field name=\"DM\" start=\"8\" end=\"8\"/><field name=\"ZM\" start=\"9\" end=\"9\"/>"
    "<field name=\"OM\" start=\"10\" end=\"10\"/><field name=\"UM\" start=\"11\" end=\"11\"/>"
    "<field name=\"PM\" start=\"12\" end=\"12\"/><field name=\"FZ\" start=\"15\" end=\"15\"/>"
    "</flags>\n";

#define LIST(array) array, G_N_ELEMENTS(array)

static const Feature features[] = {
    {"org.gnu.gdb.i386.core", flags_type, NULL, LIST(core_registers)},
    {"org.gnu.gdb.i386.sse", sse_types, NULL, LIST(sse_registers)},
    {"org.gnu.gdb.i386.segments", "", NULL, LIST(segment_registers)},
    {"org.vitrine.i386.system", "", "system", LIST(system_registers)},
};

static const Register *find_register(guint n)
{
    for (guint i = 0; i < G_N_ELEMENTS(features); i++) {
        if (n < features[i].count) {
            return &features[i].registers[n];
        }
        n -= features[i].count;
    }
    return NULL;
}

guint gdb_register_count(void)
{
    guint count = 0;

    for (guint i = 0; i < G_N_ELEMENTS(features); i++) {
        count += features[i].count;
    }
    return count;
}

gsize gdb_register_size(guint n)
{
    return find_register(n)->bits / 8;
}

/* ---- the x87 tag word ---- */

/*
 * FXSAVE keeps one bit for each physical register, 1 = not empty; the tag word of FSAVE has two:
 * valid, zero, special, empty (Intel SDM vol. 1, 8.1.7 and 10.5.1.1).
 */
static guint full_tag(const guint8 *area, guint physical)
{
    guint top = area[3] >> 3 & 7;
    const guint8 *value = area + 32 + 16 * ((physical - top) & 7);
    guint64 mantissa;
    guint16 exponent;

    if (!(area[4] >> physical & 1)) {
        return 3;
    }
    memcpy(&mantissa, value, 8);
    memcpy(&exponent, value + 8, 2);
    if ((exponent & 0x7fff) == 0) {
        return mantissa == 0 ? 1 : 2;
    }
    return (exponent & 0x7fff) == 0x7fff || !(mantissa >> 63) ? 2 : 0;
}

static guint32 get_tags(const guint8 *area)
{
    guint32 tags = 0;

    for (guint i = 0; i < 8; i++) {
        tags |= full_tag(area, i) << 2 * i;
    }
    return tags;
}

static void set_tags(guint8 *area, guint32 tags)
{
    area[4] = 0;
    for (guint i = 0; i < 8; i++) {
        area[4] |= (tags >> 2 * i & 3) != 3 ? 1 << i : 0;
    }
}

/* ---- values ---- */

void gdb_register_get(const CpuRegisters *regs, guint n, guint8 *bytes)
{
    const Register *reg = find_register(n);
    gsize size = reg->bits / 8;
    guint32 value = 0;

    memset(bytes, 0, size);
    switch (reg->kind) {
    case REG_WORD: memcpy(bytes, G_STRUCT_MEMBER_P(regs, reg->at), size); break;
    case REG_FXSAVE: memcpy(bytes, regs->fxsave + reg->at, reg->width ? reg->width : size); break;
    case REG_SEGMENT: value = regs->segment[reg->at].selector; break;
    case REG_TAGS: value = get_tags(regs->fxsave); break;
    case REG_NOTHING: break;
    }
    if (reg->kind == REG_SEGMENT || reg->kind == REG_TAGS) {
        memcpy(bytes, &value, sizeof(value));
    }
}

/* A selector means a descriptor, which a debugger cannot load; but in real and virtual-8086 mode
 * it is the base (Intel SDM vol. 3, 21.1.1). */
static gboolean set_segment(CpuRegisters *regs, guint index, guint32 selector)
{
    CpuSegment *segment = &regs->segment[index];

    if (selector == segment->selector) {
        return TRUE;
    }
    if (selector > 0xffff || ((regs->cr0 & CR0_PE) && !(regs->rflags & RFLAGS_VM))) {
        return FALSE;
    }
    segment->selector = (guint16)selector;
    segment->base = selector << 4;
    return TRUE;
}

gboolean gdb_register_set(CpuRegisters *regs, guint n, const guint8 *bytes)
{
    const Register *reg = find_register(n);
    gsize size = reg->bits / 8;
    guint32 value;

    memcpy(&value, bytes, sizeof(value));
    switch (reg->kind) {
    case REG_WORD: memcpy(G_STRUCT_MEMBER_P(regs, reg->at), bytes, size); return TRUE;
    case REG_FXSAVE:
        memcpy(regs->fxsave + reg->at, bytes, reg->width ? reg->width : size);
        return TRUE;
    case REG_SEGMENT: return set_segment(regs, reg->at, value);
    case REG_TAGS: set_tags(regs->fxsave, value); return TRUE;
    case REG_NOTHING: return value == 0;
    }
    return FALSE;
}

/* ---- the description ---- */

GString *gdb_target_xml(void)
{
    GString *xml = g_string_new("<?xml version=\"1.0\"?>\n"
                                "<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n"
                                "<target><architecture>i386:x86-64</architecture>\n");

    for (guint i = 0; i < G_N_ELEMENTS(features); i++) {
        const Feature *feature = &features[i];

        g_string_append_printf(xml, "<feature name=\"%s\">\n%s", feature->name, feature->types);
        for (guint j = 0; j < feature->count; j++) {
            const Register *reg = &feature->registers[j];
            g_string_append_printf(xml, "<reg name=\"%s\" bitsize=\"%u\" type=\"", reg->name,
                                   reg->bits);
            if (reg->type) {
                g_string_append(xml, reg->type);
            } else {
                g_string_append_printf(xml, "int%u", reg->bits);
            }
            if (feature->group) {
                g_string_append_printf(xml, "\" group=\"%s", feature->group);
            }
            g_string_append(xml, "\"/>\n");
        }
        g_string_append(xml, "</feature>\n");
    }
    g_string_append(xml, "</target>\n");
    return xml;
}

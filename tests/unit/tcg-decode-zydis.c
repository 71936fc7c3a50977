/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tcg/decode against Zydis: the code of libc, of a large program, of SeaBIOS, and random bytes, in
 * all modes. Length, validity, operation, operands, memory access and flags have to agree.
 *
 * VITRINE_DECODE_RANDOM=COUNT sets how many random instructions are tried in each mode,
 * VITRINE_DECODE_SEED=N the seed, VITRINE_DECODE_FILES=A:B adds ELF files (docs/decoder.md).
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include <Zydis/Zydis.h>

#include "cpu/registers.h"
#include "tcg/decode.h"

#define RANDOM_COUNT 300000 /* in each mode of the short run */
#define MAX_REASONS  25
#define LIBC         "/lib/x86_64-linux-gnu/libc.so.6"
#define ALL_THERE    ((1u << EXT_COUNT) - 1)

/*
 * What Zydis knows and our processor does not have: #UD for us. Not listed here, because its
 * encodings are not known to Zydis either when these modes are off (see open_pair()), are CET's
 * and MPX's hints, CLDEMOTE, LZCNT, TZCNT and WBNOINVD: they are NOP, BSR, BSF and WBINVD.
 */
static const ZydisISAExt hidden[] = {
    ZYDIS_ISA_EXT_ADOX_ADCX,
    ZYDIS_ISA_EXT_AES,
    ZYDIS_ISA_EXT_AMD3DNOW,
    ZYDIS_ISA_EXT_AMD_INVLPGB,
    ZYDIS_ISA_EXT_AMX_BF16,
    ZYDIS_ISA_EXT_AMX_INT8,
    ZYDIS_ISA_EXT_AMX_TILE,
    ZYDIS_ISA_EXT_AVX,
    ZYDIS_ISA_EXT_AVX2,
    ZYDIS_ISA_EXT_AVX2GATHER,
    ZYDIS_ISA_EXT_AVX512EVEX,
    ZYDIS_ISA_EXT_AVX512VEX,
    ZYDIS_ISA_EXT_AVXAES,
    ZYDIS_ISA_EXT_AVX_VNNI,
    ZYDIS_ISA_EXT_BMI1,
    ZYDIS_ISA_EXT_BMI2,
    ZYDIS_ISA_EXT_CET,
    ZYDIS_ISA_EXT_CLFLUSHOPT,
    ZYDIS_ISA_EXT_CLWB,
    ZYDIS_ISA_EXT_CLZERO,
    ZYDIS_ISA_EXT_ENQCMD,
    ZYDIS_ISA_EXT_F16C,
    ZYDIS_ISA_EXT_FMA,
    ZYDIS_ISA_EXT_FMA4,
    ZYDIS_ISA_EXT_GFNI,
    ZYDIS_ISA_EXT_HRESET,
    ZYDIS_ISA_EXT_INVPCID,
    ZYDIS_ISA_EXT_KEYLOCKER,
    ZYDIS_ISA_EXT_KEYLOCKER_WIDE,
    ZYDIS_ISA_EXT_MCOMMIT,
    ZYDIS_ISA_EXT_MONITOR,
    ZYDIS_ISA_EXT_MONITORX,
    ZYDIS_ISA_EXT_MOVDIR,
    ZYDIS_ISA_EXT_MPX,
    ZYDIS_ISA_EXT_PADLOCK,
    ZYDIS_ISA_EXT_PCLMULQDQ,
    ZYDIS_ISA_EXT_PCONFIG,
    ZYDIS_ISA_EXT_PKU,
    ZYDIS_ISA_EXT_PT,
    ZYDIS_ISA_EXT_RDPID,
    ZYDIS_ISA_EXT_RDPRU,
    ZYDIS_ISA_EXT_RDRAND,
    ZYDIS_ISA_EXT_RDSEED,
    ZYDIS_ISA_EXT_RDWRFSGS,
    ZYDIS_ISA_EXT_RTM,
    ZYDIS_ISA_EXT_SERIALIZE,
    ZYDIS_ISA_EXT_SGX,
    ZYDIS_ISA_EXT_SGX_ENCLV,
    ZYDIS_ISA_EXT_SHA,
    ZYDIS_ISA_EXT_SMX,
    ZYDIS_ISA_EXT_SNP,
    ZYDIS_ISA_EXT_SSE4A,
    ZYDIS_ISA_EXT_SVM,
    ZYDIS_ISA_EXT_TBM,
    ZYDIS_ISA_EXT_TDX,
    ZYDIS_ISA_EXT_TSX_LDTRK,
    ZYDIS_ISA_EXT_UINTR,
    ZYDIS_ISA_EXT_VAES,
    ZYDIS_ISA_EXT_VMFUNC,
    ZYDIS_ISA_EXT_VPCLMULQDQ,
    ZYDIS_ISA_EXT_VTX,
    ZYDIS_ISA_EXT_WAITPKG,
    ZYDIS_ISA_EXT_XOP,
    ZYDIS_ISA_EXT_XSAVE,
    ZYDIS_ISA_EXT_XSAVEC,
    ZYDIS_ISA_EXT_XSAVEOPT,
    ZYDIS_ISA_EXT_XSAVES,
};

/* One mode, seen by both; and what differed in it. */
typedef struct Pair {
    DecodeMode mode;
    ZydisDecoder zydis;
    gboolean is_hidden[ZYDIS_ISA_EXT_MAX_VALUE + 1];
    GHashTable *reasons; /* words -> number of times */
    guint64 seen, valid;
} Pair;

typedef struct Theirs {
    ZydisDecodedInstruction insn;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    gboolean valid;
} Theirs;

static void open_pair(Pair *pair, unsigned bits, gboolean amd_near)
{
    static const ZydisDecoderMode off[] = {
        ZYDIS_DECODER_MODE_MPX,   ZYDIS_DECODER_MODE_CET,      ZYDIS_DECODER_MODE_LZCNT,
        ZYDIS_DECODER_MODE_TZCNT, ZYDIS_DECODER_MODE_WBNOINVD, ZYDIS_DECODER_MODE_CLDEMOTE};
    ZydisMachineMode mode = bits == 64   ? ZYDIS_MACHINE_MODE_LONG_64
                            : bits == 32 ? ZYDIS_MACHINE_MODE_LEGACY_32
                                         : ZYDIS_MACHINE_MODE_LEGACY_16;

    *pair = (Pair){
        .mode = {.bits = bits, .protect = TRUE, .amd_near = amd_near, .extensions = ALL_THERE},
        .reasons = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
    };
    ZydisDecoderInit(&pair->zydis, mode,
                     bits == 64   ? ZYDIS_STACK_WIDTH_64
                     : bits == 32 ? ZYDIS_STACK_WIDTH_32
                                  : ZYDIS_STACK_WIDTH_16);
    for (unsigned i = 0; i < G_N_ELEMENTS(off); i++) {
        ZydisDecoderEnableMode(&pair->zydis, off[i], ZYAN_FALSE);
    }
    ZydisDecoderEnableMode(&pair->zydis, ZYDIS_DECODER_MODE_AMD_BRANCHES, amd_near);
    for (unsigned i = 0; i < G_N_ELEMENTS(hidden); i++) {
        pair->is_hidden[hidden[i]] = TRUE;
    }
}

/* Prints what differed, most frequent first, and fails the test if anything did. */
static void close_pair(Pair *pair)
{
    GHashTableIter iter;
    gpointer words, times;
    unsigned shown = 0;

    g_test_message("%u bits%s: %" G_GUINT64_FORMAT " tried, %" G_GUINT64_FORMAT " valid",
                   pair->mode.bits, pair->mode.amd_near ? ", AMD" : "", pair->seen, pair->valid);
    g_hash_table_iter_init(&iter, pair->reasons);
    while (g_hash_table_iter_next(&iter, &words, &times)) {
        if (shown++ < MAX_REASONS) {
            g_test_message("differs (%u times): %s", GPOINTER_TO_UINT(times), (char *)words);
        }
        g_test_fail();
    }
    g_hash_table_destroy(pair->reasons);
}

static void note(Pair *pair, const guint8 *bytes, const Theirs *theirs, const Insn *insn,
                 const char *what)
{
    const char *name = theirs->valid ? ZydisMnemonicGetString(theirs->insn.mnemonic) : "invalid";
    g_autofree char *key = g_strdup_printf("%s: %s (ours %s)", what, name,
                                           insn->length ? decode_op_info[insn->op].name : "-");
    gpointer times = g_hash_table_lookup(pair->reasons, key);

    if (!times && g_hash_table_size(pair->reasons) < MAX_REASONS) {
        g_autoptr(GString) hex = g_string_new("bytes");

        for (unsigned i = 0; i < DECODE_MAX_LENGTH; i++) {
            g_string_append_printf(hex, " %02x", bytes[i]);
        }
        g_test_message("%u bits, %s:\n    %s", pair->mode.bits, key, hex->str);
    }
    g_hash_table_insert(pair->reasons, g_steal_pointer(&key),
                        GUINT_TO_POINTER(GPOINTER_TO_UINT(times) + 1));
}

/* "MOV_SEG" is "mov", "MOVS" is "movsb" to "movsq", "IRET" "iretd". */
static gboolean same_name(const Insn *insn, const char *theirs)
{
    static const struct {
        Op op;
        const char *name;
    } aliases[] = {
        {OP_FNENI, "feni8087_nop"},   {OP_FNDISI, "fdisi8087_nop"}, {OP_FNSETPM, "fsetpm287_nop"},
        {OP_FSTP, "fstpnce"},         {OP_FXSAVE, "fxsave64"},      {OP_FXRSTOR, "fxrstor64"},
        {OP_PREFETCH, "prefetchwt1"}, {OP_XCHG, "pause"}, /* F3 41 90 is XCHG R8, RAX */
    };
    const OpInfo *info = &decode_op_info[insn->op];
    gsize length = strcspn(info->name, "_");
    gboolean has_size = info->attr & OP_STRING;

    for (unsigned i = 0; i < G_N_ELEMENTS(aliases); i++) {
        if (insn->op == aliases[i].op && strcmp(theirs, aliases[i].name) == 0) {
            return TRUE;
        }
    }
    switch (insn->op) {
    case OP_IRET:
    case OP_PUSHA:
    case OP_POPA:
    case OP_PUSHF:
    case OP_POPF: has_size = TRUE; break;
    }
    return g_ascii_strncasecmp(info->name, theirs, length) == 0 &&
           (theirs[length] == 0 || (has_size && theirs[length + 1] == 0));
}

static const char *compare_flags(const Insn *insn, const Theirs *theirs)
{
    const OpInfo *info = &decode_op_info[insn->op];
    const ZydisAccessedFlags *flags = theirs->insn.cpu_flags;
    guint32 mask = FLAG_ARITH | FLAG_DF | FLAG_IF;
    guint32 written = flags->modified | flags->set_0 | flags->set_1 | flags->undefined;

    switch (insn->op) {
    case OP_SYSCALL: /* R11 gets RFLAGS */
    case OP_MOV_CR:  /* the SDM says that they are undefined after it */
    case OP_MOV_DR:
    case OP_INT1: return NULL; /* clears TF and IF as all interrupts do */
    case OP_CMPS:
    case OP_SCAS:
        mask &= ~FLAG_ZF;
        break; /* REPE looks at the ZF that it made, not at an older one */
    case OP_SBB: mask &= ~FLAG_AF; break; /* well-defined in the SDM */
    }

    if ((info->flags_read ^ flags->tested) & mask) {
        return "flags read";
    }
    if ((info->flags_written ^ written) & mask) {
        return "flags written";
    }
    return (info->flags_undefined ^ flags->undefined) & mask ? "flags undefined" : NULL;
}

static guint8 register_of(ZydisRegister reg)
{
    if (reg == ZYDIS_REGISTER_NONE) {
        return INSN_NO_REG;
    }
    if (reg == ZYDIS_REGISTER_RIP || reg == ZYDIS_REGISTER_EIP) {
        return INSN_RIP;
    }
    return ZydisRegisterGetId(reg);
}

/* Sizes that Zydis tells otherwise. */
static gboolean size_is_disputed(const Pair *pair, const Insn *insn)
{
    switch (insn->op) {
    case OP_CLFLUSH: return TRUE;                   /* a byte's rights, a line there */
    case OP_MOVSXD: return insn->operand_size == 2; /* r/m16 in the SDM, 32 bits there */
    case OP_LAR: return TRUE;                       /* 16 bits of a wider register count */
    case OP_LSL: return TRUE;
    case OP_CALL: return pair->mode.amd_near; /* AMD's 66 only for relative ones there */
    case OP_JMP: return pair->mode.amd_near;
    default: return FALSE;
    }
}

static gboolean same_address(const Insn *insn, const ZydisDecodedOperandMem *their)
{
    guint64 mask = insn->address_size == 8 ? ~0ull : (1ull << (8 * insn->address_size)) - 1;
    guint64 disp = insn->flags & INSN_MODRM ? (guint64)(gint64)insn->disp : insn->imm;
    guint8 base = register_of(their->base);

    if (insn->index != register_of(their->index) ||
        (their->index && 1u << insn->scale != their->scale)) {
        return FALSE;
    }
    /* Zydis 4.0 errs when 67 and REX.B meet base 101 without mod: that is no base (SDM vol. 2,
     * table 2-3), and objdump agrees. */
    if (insn->base == INSN_NO_REG && insn->address_size == 4 && base == CPU_R8 + 5) {
        return TRUE;
    }
    return insn->base == base && ((disp ^ their->disp.value) & mask) == 0;
}

static const char *compare_memory(const Pair *pair, const Insn *insn, const Operand *operand,
                                  const ZydisDecodedOperand *their)
{
    guint8 reads = their->actions & ZYDIS_OPERAND_ACTION_MASK_READ ? INSN_READS : 0;
    guint8 writes = their->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE ? INSN_WRITES : 0;

    if (their->type != ZYDIS_OPERAND_TYPE_MEMORY) {
        return "memory: is something else";
    }
    if (operand->kind == OPERAND_MEMORY && !same_address(insn, &their->mem)) {
        return "memory: address";
    }
    if (!operand->size) {
        return NULL; /* LEA and such: only the address counts */
    }
    if (operand->size * 8 != their->size && !size_is_disputed(pair, insn)) {
        return "memory: size";
    }
    if (operand->kind == OPERAND_MEMORY &&
        (insn->flags & (INSN_READS | INSN_WRITES)) != (reads | writes)) {
        return "memory: access";
    }
    return operand->kind != OPERAND_TARGET &&
                   insn->segment != ZydisRegisterGetId(their->mem.segment)
               ? "memory: segment"
               : NULL;
}

static const char *compare_register(const Pair *pair, const Insn *insn, const Operand *operand,
                                    const ZydisDecodedOperand *their)
{
    ZydisRegisterClass class = ZydisRegisterGetClass(their->reg.value);
    guint8 id = ZydisRegisterGetId(their->reg.value);
    gboolean same = FALSE;

    if (their->type != ZYDIS_OPERAND_TYPE_REGISTER) {
        return "register: is something else";
    }
    switch (operand->kind) {
    case OPERAND_REG:
        /* Zydis counts AH..BH between BL and SPL. */
        same = class >= ZYDIS_REGCLASS_GPR8 && class <= ZYDIS_REGCLASS_GPR64 &&
               (operand->size * 8 == their->size || size_is_disputed(pair, insn)) &&
               operand->reg == (class == ZYDIS_REGCLASS_GPR8 && id >= 8 ? id - 4 : id);
        break;
    case OPERAND_HIGH: same = class == ZYDIS_REGCLASS_GPR8 && operand->reg + 4 == id; break;
    case OPERAND_SEGMENT: same = class == ZYDIS_REGCLASS_SEGMENT && operand->reg == id; break;
    case OPERAND_CONTROL: same = class == ZYDIS_REGCLASS_CONTROL && operand->reg == id; break;
    case OPERAND_DEBUG: same = class == ZYDIS_REGCLASS_DEBUG && operand->reg == id; break;
    case OPERAND_ST: same = class == ZYDIS_REGCLASS_X87 && operand->reg == id; break;
    case OPERAND_MMX: same = class == ZYDIS_REGCLASS_MMX && operand->reg == id; break;
    case OPERAND_XMM: same = class == ZYDIS_REGCLASS_XMM && operand->reg == id; break;
    }
    return same ? NULL : "register";
}

static const char *compare_immediate(const Insn *insn, const Operand *operand,
                                     const ZydisDecodedOperand *their)
{
    guint64 mask = operand->size == 8 ? ~0ull : (1ull << (8 * operand->size)) - 1;

    if (operand->kind == OPERAND_FAR) {
        return their->type == ZYDIS_OPERAND_TYPE_POINTER && their->ptr.offset == insn->imm &&
                       their->ptr.segment == (guint16)insn->disp
                   ? NULL
                   : "far pointer";
    }
    if (their->type != ZYDIS_OPERAND_TYPE_IMMEDIATE) {
        return "immediate: is something else";
    }
    if (operand->kind == OPERAND_IMM2) {
        return (guint32)insn->disp == their->imm.value.u ? NULL : "second immediate";
    }
    if (operand->kind == OPERAND_REL) {
        return insn->imm == their->imm.value.u ? NULL : "branch distance";
    }
    return (insn->imm ^ their->imm.value.u) & mask ? "immediate" : NULL;
}

static const char *compare_operands(const Pair *pair, const Insn *insn, const Theirs *theirs)
{
    unsigned count = 0;

    if (insn->op == OP_NOP || insn->op == OP_UD0 || insn->op == OP_UD1) {
        return NULL; /* nobody looks at them */
    }
    if (insn->op == OP_FUCOMP || theirs->insn.mnemonic == ZYDIS_MNEMONIC_PAUSE) {
        return NULL; /* FUCOMP ST(i) in the SDM, two operands there; XCHG R8, RAX */
    }
    for (; count < 3 && insn->operands[count].kind != OPERAND_NONE; count++) {
        const Operand *operand = &insn->operands[count];
        const ZydisDecodedOperand *their = &theirs->operands[count];
        const char *what;

        if (count >= theirs->insn.operand_count) {
            return "operands: too many";
        }
        switch (operand->kind) {
        case OPERAND_MEMORY:
        case OPERAND_SOURCE:
        case OPERAND_TARGET: what = compare_memory(pair, insn, operand, their); break;
        case OPERAND_IMM:
        case OPERAND_IMM2:
        case OPERAND_REL:
        case OPERAND_FAR: what = compare_immediate(insn, operand, their); break;
        default: what = compare_register(pair, insn, operand, their); break;
        }
        if (what) {
            return what;
        }
    }
    return count < theirs->insn.operand_count_visible ? "operands: too few" : NULL;
}

/* Whether it ends a block by jumping, and whether ring 0 alone may do it. */
static const char *compare_class(const Insn *insn, const Theirs *theirs)
{
    guint16 attr = decode_op_info[insn->op].attr;
    gboolean jumps = FALSE;

    switch (insn->op) {
    case OP_BOUND: return NULL; /* only when it faults */
    case OP_LGDT:               /* Zydis does not know that these are privileged */
    case OP_LIDT: return NULL;
    }
    switch (theirs->insn.meta.category) {
    case ZYDIS_CATEGORY_CALL:
    case ZYDIS_CATEGORY_RET:
    case ZYDIS_CATEGORY_COND_BR:
    case ZYDIS_CATEGORY_UNCOND_BR:
    case ZYDIS_CATEGORY_INTERRUPT:
    case ZYDIS_CATEGORY_SYSCALL:
    case ZYDIS_CATEGORY_SYSRET: jumps = TRUE; break;
    default: break;
    }
    if (jumps != !!(attr & OP_BRANCH)) {
        return "class: branch";
    }
    return !(theirs->insn.attributes & ZYDIS_ATTRIB_IS_PRIVILEGED) != !(attr & OP_CPL0)
               ? "class: privilege"
               : NULL;
}

static const char *compare_valid(const Pair *pair, const Insn *insn, const Theirs *theirs)
{
    const char *what;

    if (insn->length != theirs->insn.length) {
        return "length";
    }
    if (!same_name(insn, ZydisMnemonicGetString(theirs->insn.mnemonic))) {
        return "operation";
    }
    what = compare_operands(pair, insn, theirs);
    what = what ? what : compare_flags(insn, theirs);
    return what ? what : compare_class(insn, theirs);
}

/* A valid instruction cut short wants more, whatever the length. */
static const char *compare_cut(const Pair *pair, const guint8 *bytes, unsigned length)
{
    Insn insn;

    for (unsigned i = 0; i < length; i++) {
        if (decode_insn(&pair->mode, bytes, i, &insn) != DECODE_MORE) {
            return "cut short";
        }
    }
    return NULL;
}

/* Both look at the same bytes, of which there are at least 15; the length, or 1. */
static unsigned compare(Pair *pair, const guint8 *bytes)
{
    Theirs theirs;
    Insn insn;
    DecodeStatus status = decode_insn(&pair->mode, bytes, DECODE_MAX_LENGTH, &insn);
    const char *what = NULL;
    ZyanStatus their_status = ZydisDecoderDecodeFull(&pair->zydis, bytes, DECODE_MAX_LENGTH,
                                                     &theirs.insn, theirs.operands);

    theirs.valid = ZYAN_SUCCESS(their_status) &&
                   theirs.insn.encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY &&
                   !pair->is_hidden[theirs.insn.meta.isa_ext];
    pair->seen++;
    if ((status == DECODE_OK) != theirs.valid) {
        what = "validity";
    } else if (status == DECODE_OK) {
        pair->valid++;
        what = compare_valid(pair, &insn, &theirs);
        if (!what && pair->seen % 16 == 0) {
            what = compare_cut(pair, bytes, insn.length);
        }
    } else if (status == DECODE_MORE) {
        what = "wants a 16th byte";
    }
    if (what) {
        note(pair, bytes, &theirs, &insn, what);
    }
    return status == DECODE_OK ? insn.length : 1;
}

static void sweep(Pair *pair, const guint8 *bytes, gsize size)
{
    for (gsize at = 0; at + DECODE_MAX_LENGTH <= size;) {
        at += compare(pair, bytes + at);
    }
}

/* The .text section of a 64-bit ELF file; NULL if there is none. */
static const guint8 *text_of(const char *file, gsize size, gsize *text_size)
{
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)file;
    const Elf64_Shdr *sections, *names;

    if (size < sizeof(*header) || memcmp(file, ELFMAG, SELFMAG) != 0 ||
        file[EI_CLASS] != ELFCLASS64 || header->e_shoff > size ||
        header->e_shnum * sizeof(*sections) > size - header->e_shoff ||
        header->e_shstrndx >= header->e_shnum) {
        return NULL;
    }
    sections = (const Elf64_Shdr *)(file + header->e_shoff);
    names = &sections[header->e_shstrndx];
    for (unsigned i = 0; i < header->e_shnum; i++) {
        const Elf64_Shdr *s = &sections[i];
        gsize name = names->sh_offset + s->sh_name;

        if (name + sizeof(".text") <= size && strcmp(file + name, ".text") == 0 &&
            s->sh_offset <= size && s->sh_size <= size - s->sh_offset) {
            *text_size = s->sh_size;
            return (const guint8 *)file + s->sh_offset;
        }
    }
    return NULL;
}

static void compare_elf(const char *path)
{
    g_autoptr(GMappedFile) file = g_mapped_file_new(path, FALSE, NULL);
    const guint8 *text;
    gsize size = 0;
    Pair pair;

    if (!file) {
        g_test_message("%s is not there", path);
        return;
    }
    text = text_of(g_mapped_file_get_contents(file), g_mapped_file_get_length(file), &size);
    g_assert_nonnull(text);
    g_test_message("%s: %zu bytes", path, size);
    open_pair(&pair, 64, FALSE);
    sweep(&pair, text, size);
    close_pair(&pair);
}

static void test_libc(void)
{
    compare_elf(LIBC);
}

static void test_program(void)
{
    compare_elf("/usr/bin/qemu-system-x86_64");
}

static void test_files(void)
{
    g_auto(GStrv) paths = g_strsplit(g_getenv("VITRINE_DECODE_FILES"), ":", -1);

    for (char **path = paths; *path; path++) {
        compare_elf(*path);
    }
}

static void test_seabios(void)
{
    g_autofree char *rom = NULL;
    gsize size;

    if (!g_file_get_contents("/usr/share/seabios/bios-256k.bin", &rom, &size, NULL)) {
        g_test_skip("SeaBIOS is not installed");
        return;
    }
    for (unsigned bits = 16; bits <= 32; bits *= 2) {
        Pair pair;
        open_pair(&pair, bits, FALSE);
        sweep(&pair, (const guint8 *)rom, size);
        close_pair(&pair);
    }
}

static guint64 random64(guint64 *state)
{
    /* Knuth's MMIX constants; the high half is good enough. */
    *state = *state * 6364136223846793005ull + 1442695040888963407ull;
    return *state >> 32;
}

/* Bytes that get past the prefixes and into the less common maps more often than chance. */
static void random_insn(guint64 *state, guint8 *bytes)
{
    static const guint8 prefix[] = {0x66, 0xf2, 0xf3, 0x67, 0xf0, 0x48, 0x41, 0x2e,
                                    0x65, 0x36, 0x4f, 0x44, 0x66, 0xf3, 0xf2, 0x26};
    static const guint8 escape[][2] = {{0x0f, 0x38}, {0x0f, 0x3a}, {0x0f, 0xae}, {0x0f, 0xc7},
                                       {0x0f, 0x01}, {0x0f, 0x00}, {0x0f, 0x20}, {0x0f, 0xba}};
    guint64 how = random64(state);
    unsigned at = 0;

    for (unsigned i = 0; i < DECODE_MAX_LENGTH; i++) {
        bytes[i] = random64(state) >> 8;
    }
    /* Rarely so many prefixes that the instruction comes out too long. */
    for (unsigned n = how % 61 == 0 ? 8 + how / 64 % 6 : how / 64 % 4; n > 0; n--) {
        bytes[at++] = prefix[random64(state) >> 8 & 15];
    }
    how /= 256;
    if (how % 4 == 1) {
        bytes[at] = 0x0f;
    } else if (how % 4 == 2 && at + 1 < DECODE_MAX_LENGTH) {
        memcpy(bytes + at, escape[how / 4 % 8], 2);
    }
}

/* Every opcode of every map with every ModRM, alone and with each prefix that can select. */
static void test_every_opcode(gconstpointer data)
{
    static const guint8 prefix[] = {0x90, 0x66, 0xf3, 0xf2, 0xf0, 0x67}; /* 90: none */
    static const guint8 map[4][2] = {{0}, {0x0f}, {0x0f, 0x38}, {0x0f, 0x3a}};
    unsigned bits = GPOINTER_TO_UINT(data);
    unsigned rexes = bits == 64 ? 2 : 1;
    Pair pair;

    open_pair(&pair, bits, FALSE);
    for (unsigned p = 0; p < G_N_ELEMENTS(prefix) * rexes; p++) {
        for (unsigned opcode = 0; opcode < 4 * 256 * 256; opcode++) {
            guint8 bytes[DECODE_MAX_LENGTH] = {0}, *at = bytes;
            unsigned in_map = opcode >> 16;

            if (p / rexes) {
                *at++ = prefix[p / rexes];
            }
            if (p % rexes) {
                *at++ = 0x4f;
            }
            memcpy(at, map[in_map], 2);
            at += in_map > 1 ? 2 : in_map;
            at[0] = opcode >> 8;
            at[1] = opcode;
            at[2] = 0x25; /* SIB without a base */
            compare(&pair, bytes);
        }
    }
    close_pair(&pair);
}

/* Nanoseconds an instruction over the code of libc, ours and theirs; with -m perf. */
static void test_speed(void)
{
    g_autoptr(GMappedFile) file = g_mapped_file_new(LIBC, FALSE, NULL);
    const guint8 *text;
    gsize size = 0, count[2] = {0};
    double best[2] = {1e9, 1e9};
    Pair pair;

    if (!file) {
        g_test_skip("there is no libc to measure with");
        return;
    }
    text = text_of(g_mapped_file_get_contents(file), g_mapped_file_get_length(file), &size);
    open_pair(&pair, 64, FALSE);
    ZydisDecoderEnableMode(&pair.zydis, ZYDIS_DECODER_MODE_MINIMAL, ZYAN_TRUE);
    for (unsigned run = 0; run < 10; run++) {
        ZydisDecodedInstruction theirs;
        Insn ours;

        g_test_timer_start();
        count[0] = 0;
        for (gsize at = 0; at + DECODE_MAX_LENGTH <= size; count[0]++) {
            gboolean ok = decode_insn(&pair.mode, text + at, size - at, &ours) == DECODE_OK;
            at += ok ? ours.length : 1;
        }
        best[0] = MIN(best[0], g_test_timer_elapsed());
        g_test_timer_start();
        count[1] = 0;
        for (gsize at = 0; at + DECODE_MAX_LENGTH <= size; count[1]++) {
            gboolean ok = ZYAN_SUCCESS(
                ZydisDecoderDecodeInstruction(&pair.zydis, NULL, text + at, size - at, &theirs));
            at += ok ? theirs.length : 1;
        }
        best[1] = MIN(best[1], g_test_timer_elapsed());
    }
    close_pair(&pair);
    g_test_minimized_result(best[0] * 1e9 / count[0], "%.1f ns an instruction",
                            best[0] * 1e9 / count[0]);
    g_test_message("Zydis, minimal: %.1f ns", best[1] * 1e9 / count[1]);
}

static void test_random(gconstpointer data)
{
    unsigned bits = GPOINTER_TO_UINT(data) & 0xff;
    const char *count = g_getenv("VITRINE_DECODE_RANDOM"), *seed = g_getenv("VITRINE_DECODE_SEED");
    guint64 n = count ? strtoull(count, NULL, 0) : RANDOM_COUNT;
    guint64 state = (seed ? strtoull(seed, NULL, 0) : 1) * 1000 + bits;
    Pair pair;

    open_pair(&pair, bits, GPOINTER_TO_UINT(data) > 0xff);
    for (guint64 i = 0; i < n; i++) {
        guint8 bytes[DECODE_MAX_LENGTH];

        random_insn(&state, bytes);
        compare(&pair, bytes);
    }
    g_assert_cmpuint(pair.valid, >, n / 4);
    close_pair(&pair);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tcg-decode-zydis/libc", test_libc);
    g_test_add_func("/tcg-decode-zydis/program", test_program);
    g_test_add_func("/tcg-decode-zydis/seabios", test_seabios);
    g_test_add_data_func("/tcg-decode-zydis/every/16", GUINT_TO_POINTER(16), test_every_opcode);
    g_test_add_data_func("/tcg-decode-zydis/every/32", GUINT_TO_POINTER(32), test_every_opcode);
    g_test_add_data_func("/tcg-decode-zydis/every/64", GUINT_TO_POINTER(64), test_every_opcode);
    if (g_test_perf()) {
        g_test_add_func("/tcg-decode-zydis/speed", test_speed);
    }
    g_test_add_data_func("/tcg-decode-zydis/random/16", GUINT_TO_POINTER(16), test_random);
    g_test_add_data_func("/tcg-decode-zydis/random/32", GUINT_TO_POINTER(32), test_random);
    g_test_add_data_func("/tcg-decode-zydis/random/64", GUINT_TO_POINTER(64), test_random);
    g_test_add_data_func("/tcg-decode-zydis/random/64-amd", GUINT_TO_POINTER(64 | 0x100),
                         test_random);
    if (g_getenv("VITRINE_DECODE_FILES")) {
        g_test_add_func("/tcg-decode-zydis/files", test_files);
    }
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where cases come from. A form is an encoding that differs from all others by more than the
 * numbers of registers; oracle_encode() makes an instruction of it, oracle_fill() its inputs.
 * Everything follows from the generator's state, so a case can be made again from its seed.
 */
#pragma once

#include "tests/unit/oracle/oracle.h"

/* splitmix64 */
typedef struct OracleRandom {
    guint64 state;
} OracleRandom;

guint64 oracle_random(OracleRandom *random);
/* 0 to below - 1 */
guint oracle_below(OracleRandom *random, guint below);
/* TRUE once in n times */
gboolean oracle_once_in(OracleRandom *random, guint n);
/* The generator of one case of a run. */
OracleRandom oracle_random_for(guint64 seed, guint64 a, guint64 b, guint64 c);

typedef struct OracleForm {
    guint8 map; /* 0: one byte, 1: 0F, 2: 0F 38, 3: 0F 3A */
    guint8 opcode;
    guint8 prefix; /* 66, F3, F2, or 0 */
    guint8 modrm;  /* mod 0 or 3 */
    gboolean wide; /* REX.W */
    Insn insn;     /* how it is decoded */
} OracleForm;

/* How cases of these bits are decoded. */
DecodeMode oracle_mode(guint bits);

/* All forms of 16-, 32- or 64-bit code that ring 3 can try: a GArray of OracleForm. */
GArray *oracle_forms(guint bits);

/* Makes bytes, insn, length, in.rip and CS of a case. FALSE if these bytes are not for trying. */
gboolean oracle_encode(OracleCase *test, guint bits, const OracleForm *form, OracleRandom *random);

/* Likewise at `rip`, with a memory operand that needs no registers, if there is one. */
gboolean oracle_encode_fixed(OracleCase *test, guint bits, const OracleForm *form, guint64 rip,
                             OracleRandom *random);

/* Makes a run of some of these forms. */
gboolean oracle_encode_run(OracleCase *test, guint bits, const GArray *forms, OracleRandom *random);
/* Whether a form may stand in a run. */
gboolean oracle_may_run(const Insn *insn);

/* Bytes that the case wants in memory, beside the constant background. */
typedef struct OraclePoke {
    guint64 address;
    guint length; /* 0: none */
    guint8 bytes[512];
} OraclePoke;

#define ORACLE_POKES 2

/* Makes all other inputs. FALSE if the accesses would leave the sandbox. */
gboolean oracle_fill(OracleCase *test, OraclePoke pokes[ORACLE_POKES], OracleRandom *random);

/* Values that find mistakes: integers of `size` bytes; fx images; 16 bytes for XMM or memory. */
guint64 oracle_integer(OracleRandom *random);
void oracle_floats(OracleRandom *random, guint8 bytes[16]);
void oracle_x87_value(OracleRandom *random, guint8 bytes[10]);
void oracle_fx_image(OracleRandom *random, guint8 fx[512]);

/* A selector to be loaded: of the LDT, null, or of nothing. */
guint16 oracle_selector(OracleRandom *random);
/* Likewise, mostly of code. */
guint16 oracle_code_selector(OracleRandom *random);
/* Somewhere in the code pages, but not in the instruction: what rip or a 64-bit pointer has. */
guint64 oracle_code_target(const OracleCase *test, OracleRandom *random);

/* Where the explicit memory operand is: offset in its segment, not yet cut to a limit. */
guint64 oracle_effective_address(const OracleCase *test);
/* Base of a segment in the mode of a case. */
guint64 oracle_segment_base(const OracleCase *test, guint segment);

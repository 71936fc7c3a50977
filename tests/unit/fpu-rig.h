/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A processor for the tests of x87, MMX and SSE instructions: their functions, with memory and
 * faults of the test's own in place of the MMU. One at a time may be live in the host's registers.
 */
#pragma once

#include <setjmp.h>

#include "tcg/flags.h"
#include "tcg/fpu-priv.h"

#define NO_EXCEPTION 0xff
#define RIP          0x12345678u
#define MEMORY       0x1000u /* where [rbx] is */

typedef struct Rig {
    TcgCpu cpu; /* first: the functions under test know only it */
    guint8 memory[0x2000];
    guint64 fault; /* first address that faults */
    jmp_buf leave;
    guint vector;
    DecodeMode mode;
} Rig;

extern const OpFn rig_functions[OP_COUNT];

Rig *rig_new(void);
/* Checks that compiled code finds what it relies on. */
void rig_free(Rig *rig);

/* Executes one instruction; the vector it raised, or NO_EXCEPTION. */
guint rig_run(Rig *rig, const char *hex);
/* Several, separated by blanks, none of which may raise. */
void rig_run_all(Rig *rig, const char *list);

/* [rbx] */
void rig_set_memory(Rig *rig, guint64 low, guint64 high);
guint64 rig_memory(Rig *rig, guint offset, gsize size);

void rig_set_xmm(Rig *rig, guint reg, guint64 low, guint64 high);
guint64 rig_xmm(Rig *rig, guint reg, guint half);

void rig_set_mxcsr(Rig *rig, guint32 value);
guint32 rig_mxcsr(Rig *rig);
void rig_set_fcw(Rig *rig, guint16 fcw);
guint16 rig_fsw(Rig *rig);

/* Of a double. */
guint64 rig_bits(double value);

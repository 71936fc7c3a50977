/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the native oracle keeps things: addresses below 2 GB, so that 16- and 32-bit code, and
 * 64-bit instructions with a plain 32-bit displacement, reach them; and the offsets that the
 * assembler (stub.S) shares with oracle.h. Constants only.
 */
#pragma once

#define ORACLE_CONTEXT 0x10000000 /* OracleContext: the harness's own, out of tests' sight */
#define ORACLE_STUB    0x10010000 /* copy of the code between the labels of stub.S */

#define ORACLE_STUB_SIZE 0x1000

/* Offsets in OracleState */
#define STATE_GPR      0x00
#define STATE_RIP      0x80
#define STATE_RFLAGS   0x88
#define STATE_FS_BASE  0x90
#define STATE_GS_BASE  0x98
#define STATE_SELECTOR 0xa0
#define STATE_FX       0xb0
#define STATE_SIZE     0x2b0

/* Offsets in OracleContext */
#define CONTEXT_IN        0
#define CONTEXT_OUT       STATE_SIZE
#define CONTEXT_HOST_RSP  (2 * STATE_SIZE)
#define CONTEXT_HOST_FS   (CONTEXT_HOST_RSP + 8)
#define CONTEXT_HOST_GS   (CONTEXT_HOST_RSP + 16)
#define CONTEXT_TARGET    (CONTEXT_HOST_RSP + 24)
#define CONTEXT_MXCSR     (CONTEXT_HOST_RSP + 32)
#define CONTEXT_RUNNING   (CONTEXT_HOST_RSP + 36)
#define CONTEXT_SERIALIZE (CONTEXT_HOST_RSP + 40)

/* Selectors of Linux' 64-bit user code and stack */
#define ORACLE_CS64 0x33
#define ORACLE_SS64 0x2b

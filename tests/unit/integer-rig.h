/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A software processor without the rest of a machine, which executes one instruction at a time.
 * Its memory is four pages made here, each of which can be taken away: the rig stands in for
 * tcg/mmu.c and for the loop's exceptions. For tests of tcg/ops-integer*.c and tcg/operand.c.
 */
#pragma once

#include <setjmp.h>
#include <string.h>

#include "tcg/block.h"
#include "tcg/operand.h"
#include "tcg/run.h"

enum { PAGES = 4 };
#define BASE 0x10000u

typedef enum PageKind { PAGE_PLAIN, PAGE_DEVICE, PAGE_READONLY, PAGE_ABSENT } PageKind;

/* The instruction under test, and all that it can reach. */
typedef struct Rig {
    TcgCpu cpu;
    guint8 memory[PAGES * PAGE_SIZE];
    PageKind pages[PAGES];
    guint accesses; /* that did not go through a span */
    Record record;
    Insn insn;
} Rig;

enum { RIP = 0x7000, NO_FAULT = -1 };

/* Flat segments in 32 and 64 bits, based at BASE and of 64 KiB in 16. CPL 0. */
Rig *rig_new(guint bits);

/* Where the rig keeps guest memory. */
guint8 *at(Rig *rig, guint64 linear);

/* Executes the bytes, "48 89 c8", at RIP. Returns the vector of the fault that they raised, or
 * NO_FAULT; rip is where the loop has it then. */
int execute(Rig *rig, const char *hex);

/* Executes it, and asserts that it faults and changes no register or flag. */
void assert_fault(Rig *rig, const char *hex, int vector);

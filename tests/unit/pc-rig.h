/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A whole machine in the test's own process, as app/ would assemble it: a board with its devices
 * and drives under the accelerator qtest, without processors and frontends. Each has its own loop
 * and lock, so that a test can hold several.
 *
 * The test plays the processor through qtest command lines.
 */
#pragma once

#include "core/board.h"
#include "core/machine.h"
#include "qtest/commands.h"

typedef struct PcRig {
    VmLock *lock;
    EventLoop *loop;
    Machine *machine;
    Qtest *qtest;
    BoardConfig config;
    GString *reply;     /* the last answer */
    guint raised;       /* "IRQ raise" reports so far */
    gboolean shut_down; /* the machine has asked to end */
    MachineListener *listener;
} PcRig;

/*
 * `board`: its name, and ",vga=NAME" for another graphics card than usual. `drives`: -drive
 * strings, ended by NULL; `devices`: -device strings, ended by NULL. Either may be NULL. The
 * machine runs. Failing is a failure of the test.
 */
PcRig *pc_rig_new(const char *board, guint64 ram_size, const char *const *drives,
                  const char *const *devices);
void pc_rig_free(PcRig *rig);

/* Carries out a qtest command line and returns its answer, good until the next. */
const char *pc_rig_command(PcRig *rig, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* The value of "inb 0x61" and its like; the command must be good. */
guint64 pc_rig_value(PcRig *rig, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Runs what is pending on the loop; with `drain` waits for the workers first. */
void pc_rig_run(PcRig *rig, gboolean drain);

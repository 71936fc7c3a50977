/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine for tests of the monitor and the debug server: RAM at 0, an I/O port, processors whose
 * registers the test sets and that never run code, and a character device whose peer is the test.
 */
#pragma once

#include <glib.h>

#include "core/accel.h"
#include "core/char.h"
#include "core/machine.h"
#include "cpu/registers.h"

#define RIG_CPUS        4
#define RIG_WATCHPOINTS 4 /* it can have so many */

typedef struct RigAccel {
    Accel accel;
    CpuRegisters regs; /* of all processors */
    guint nmis;
    const CpuDebug *debug[RIG_CPUS]; /* what a debugger wants */
    CpuDebugHit hits[RIG_CPUS];      /* what they run into next */
    guint ran[RIG_CPUS];             /* how often they were let into guest code, */
    CpuDebug ran_debug[RIG_CPUS];    /* and with which wishes */
} RigAccel;

typedef struct Rig {
    VmLock *lock;
    EventLoop *loop;
    Machine *machine;
    Region ram, port;
    guint64 port_value;
    guint port_size;
    RigAccel *accel;
    Chardev chr;
    GString *peer;    /* what the peer has read */
    gsize write_room; /* how much it will take */
    gboolean asked_to_send;
} Rig;

#define RIG_RAM_SIZE 0x20000

void rig_init(Rig *rig);
void rig_init_cpus(Rig *rig, guint cpus);
void rig_clear(Rig *rig);

/* Runs the loop until nothing is left to do. */
void rig_settle(Rig *rig);

/* The peer types; stops when the monitor takes no more. Returns how much it took. */
gsize rig_type(Rig *rig, const char *bytes, gsize length);

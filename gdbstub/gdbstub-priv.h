/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of gdbstub/ share: server.c frames packets and keeps the connection, packets.c
 * and query.c answer them, run.c stops and resumes, registers.c and memory.c reach the machine.
 */
#pragma once

#include "core/char.h"
#include "core/vcpu.h"
#include "gdbstub/gdbstub.h"

/* Longest packet in either direction, without frame. */
#define GDB_PACKET_SIZE 16384

/* Error numbers as the protocol knows them: their meaning is not fixed. */
#define GDB_ERROR_FAULT   14 /* no memory there */
#define GDB_ERROR_INVALID 22 /* malformed, out of range, or impossible now */

typedef enum GdbPointType {
    GDB_POINT_SOFTWARE, /* as in Z0 to Z4 */
    GDB_POINT_HARDWARE,
    GDB_POINT_WRITE,
    GDB_POINT_READ,
    GDB_POINT_ACCESS,
} GdbPointType;

/* A break- or watchpoint of the client. */
typedef struct GdbPoint {
    guint type; /* GdbPointType */
    guint64 addr, length;
} GdbPoint;

/* What the vCPUs have been told; a new one is made when the points change. */
typedef struct GdbWishes {
    GArray *breakpoints;      /* of guint64 */
    GArray *watchpoints;      /* of CpuWatchpoint */
    CpuDebug run, step, pass; /* pass: a step without the breakpoints */
} GdbWishes;

typedef enum GdbFrameState { GDB_IDLE, GDB_BODY, GDB_ESCAPED, GDB_SUM_HIGH, GDB_SUM_LOW } GdbFrame;

typedef enum GdbAction { GDB_HOLD, GDB_CONTINUE, GDB_STEP } GdbAction;

typedef struct GdbStub {
    Machine *machine;
    Chardev *chr;
    gboolean owns_chr, is_user;
    const GdbMonitorOps *monitor;
    MachineListener *listener;
    Deferred *settle; /* the machine has stopped: tells the client */
    /* framing */
    GdbFrame frame;
    GByteArray *in; /* the packet that is coming in, unescaped */
    guint8 sum, sum_high;
    gboolean overlong;
    GByteArray *pending; /* taken in, not yet looked at from pending_at on */
    gsize pending_at;
    gboolean taking;  /* gdb_take_pending() is on the stack */
    GByteArray *out;  /* what the peer could not take yet */
    GByteArray *last; /* the last packet sent, framed, for a client that asks for it again */
    gboolean no_ack;
    /* session */
    gboolean attached; /* a client is there and has not detached */
    gboolean waiting;  /* it resumed the machine and awaits a stop reply */
    gboolean passing;  /* vCPUs that stand at a breakpoint are stepping past it, see run.c */
    gboolean tells_swbreak, tells_hwbreak;
    gboolean physical;  /* addresses of memory packets are physical */
    gboolean step_irqs; /* single steps take interrupts */
    guint cpu;          /* of g, p, m and their like */
    guint resume_cpu;   /* of c and s */
    GArray *points;     /* of GdbPoint */
    GdbWishes *wishes;
    GArray *actions;   /* of guint8, GdbAction of each vCPU, when `passing` is over */
    void *monitor_run; /* a `monitor COMMAND` that is not over; nothing is taken in meanwhile */
    gboolean in_monitor;
} GdbStub;

/* server.c */
void gdb_send(GdbStub *stub, const char *text);
void gdb_send_data(GdbStub *stub, const guint8 *data, gsize length); /* escaped as needed */
void gdb_send_error(GdbStub *stub, int error);
void gdb_take_pending(GdbStub *stub); /* as much as it can now */

/* packets.c: `packet` has `length` bytes and a zero behind them. */
void gdb_handle_packet(GdbStub *stub, const char *packet, gsize length);
/* Reads a hexadecimal number at *text and moves behind it. FALSE if there is none, or it has more
 * than 64 bits. */
gboolean gdb_parse_hex(const char **text, guint64 *value);
/* Reads a thread ("1", "-1" = all, "0" = any, "p1.1") as a vCPU's index, or -1 for all and any. */
gboolean gdb_parse_thread(GdbStub *stub, const char **text, int *cpu);
/* Exactly `length` bytes of hexadecimal digits, and nothing behind them. */
gboolean gdb_parse_bytes(const char *text, guint8 *bytes, gsize length);
void gdb_append_hex(GString *out, const guint8 *bytes, gsize length);
Vcpu *gdb_vcpu(GdbStub *stub, guint index);
guint gdb_cpu_count(const GdbStub *stub);

/* query.c: q, Q and v packets */
void gdb_handle_query(GdbStub *stub, const char *packet);
void gdb_handle_set(GdbStub *stub, const char *packet);
void gdb_handle_v(GdbStub *stub, const char *packet);

/* run.c */
void gdb_attach(GdbStub *stub);
void gdb_detach(GdbStub *stub, gboolean resume);
void gdb_interrupt(GdbStub *stub);
/* Resumes each vCPU as `actions` says, one for each. */
void gdb_resume(GdbStub *stub, const guint8 *actions);
void gdb_settle(void *opaque);
void gdb_send_stop(GdbStub *stub);
gboolean gdb_insert_point(GdbStub *stub, const GdbPoint *point);
gboolean gdb_remove_point(GdbStub *stub, const GdbPoint *point);

/* registers.c */
guint gdb_register_count(void);
gsize gdb_register_size(guint n); /* in bytes */
void gdb_register_get(const CpuRegisters *regs, guint n, guint8 *bytes);
/* FALSE if this value cannot be put there. */
gboolean gdb_register_set(CpuRegisters *regs, guint n, const guint8 *bytes);
/* The target description (GDB manual, appendix "Target Descriptions"). */
GString *gdb_target_xml(void);

/* memory.c: how many bytes from the start could be reached */
gsize gdb_read_memory(GdbStub *stub, guint64 addr, guint8 *bytes, gsize length);
gsize gdb_write_memory(GdbStub *stub, guint64 addr, const guint8 *bytes, gsize length);

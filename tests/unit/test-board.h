/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For unit tests of devices: a machine of its own with an accelerator that runs nothing and writes
 * down what devices ask of it, and a guest clock that the test steps. Each test makes as many as
 * it likes; a board is any set of devices on the root's bus.
 */
#pragma once

#include "core/machine.h"

typedef struct TestMessage {
    guint64 addr;
    guint32 data;
} TestMessage;

typedef struct TestRoute {
    guint64 addr;
    guint32 data;
    gboolean level;
    guint changes;
} TestRoute;

typedef struct TestBoard {
    VmLock *lock;
    EventLoop *loop;
    Machine *machine;
    Bus *bus;         /* of the root device */
    int intr;         /* last level given to set_intr */
    GArray *messages; /* of TestMessage, in order */
    TestRoute routes[24];
} TestBoard;

/* Takes the lock of a new loop on a context of its own. */
TestBoard *test_board_new(void);
void test_board_free(TestBoard *board);

/* A device on the root's bus; failing is a failure of the test. */
Device *test_board_add(TestBoard *board, const DeviceOps *ops, const char *options);

/* Maps region n of a device. */
void test_board_map_io(TestBoard *board, Device *dev, guint n, guint16 port);
void test_board_map_memory(TestBoard *board, Device *dev, guint n, guint64 addr);

void test_board_out(TestBoard *board, guint16 port, guint8 value);
guint8 test_board_in(TestBoard *board, guint16 port);

/* Moves the guest clock on; returns its time. */
gint64 test_board_step(TestBoard *board, gint64 ns);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of the accelerator `qtest`: the sessions that it owns and the interrupt messages on
 * their way to them. Vm lock held, but for the messages' queue.
 */
#pragma once

#include "core/accel.h"
#include "mainloop/loop.h"

typedef struct QtestServer QtestServer;

typedef struct QtestAccel {
    Accel accel;
    GPtrArray *servers; /* of QtestServer*, owned */
    GMutex msi_mutex;   /* guards `messages`, which any thread may add to */
    GArray *messages;   /* of QtestMessage */
    Deferred *deliver;
} QtestAccel;

typedef struct QtestMessage {
    guint64 addr;
    guint32 data;
} QtestMessage;

void qtest_server_free(QtestServer *server);
void qtest_server_msi(QtestServer *server, guint64 addr, guint32 data);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The commands of the qtest protocol, apart from how they travel: a session takes command lines
 * and gives answers and interrupt reports, each a line without its newline. The server (server.c)
 * owns one for its chardev, the fuzz target one of its own. Vm lock held.
 */
#pragma once

#include "core/machine.h"

typedef struct Qtest Qtest;
typedef void (*QtestSendFn)(void *opaque, const char *line);

Qtest *qtest_new(Machine *machine, QtestSendFn send, void *opaque);

/* Ends it. Interrupt lines that it watches must not be set any more. NULL is fine. */
void qtest_free(Qtest *qtest);

/* Carries out a command line, whose end may be modified; sends exactly one "OK" or "FAIL" line. */
void qtest_command(Qtest *qtest, char *line);

/* Reports an interrupt message, if the session has asked for them. */
void qtest_report_msi(Qtest *qtest, guint64 addr, guint32 data);

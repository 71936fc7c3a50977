/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One transfer of `qemu-io`: any bytes of a drive's medium, read or written beside the guest's own
 * requests. Memory is filled, compared and printed by workers; the loop only sends requests. Vm
 * lock held; the call is held, and finished when all is over.
 */
#pragma once

#include "core/block.h"
#include "monitor/command.h"

/* Most bytes of one transfer, and of one that is printed. */
#define BLOCK_IO_MAX      (64u << 20)
#define BLOCK_IO_MAX_DUMP (1u << 20)

typedef struct BlockIo {
    const char *name; /* of the command, for messages */
    BlockOp op;
    guint64 offset, length;
    guint8 pattern;                   /* what is written, or should be there */
    gboolean check;                   /* compare with it: */
    guint64 check_from, check_length; /* this part of what was read */
    gboolean dump;                    /* print what was read */
    gboolean flush;                   /* and have it on stable storage */
    gboolean quiet, machine_readable;
} BlockIo;

/* Where a drive is: its id, or the id or path of its device. */
typedef struct BlockIoTarget {
    const char *name;
    gboolean of_device;
} BlockIoTarget;

/* NULL with an error. `name` may be that of a node that a drive shows, too. */
Drive *block_io_find(Machine *machine, const BlockIoTarget *target, GError **error);

/* Holds the call, and finishes it with text for people. */
void block_io_run(CommandCall *call, const BlockIoTarget *target, const BlockIo *io);

/* "1.500 KiB" */
char *block_io_format_size(guint64 bytes);

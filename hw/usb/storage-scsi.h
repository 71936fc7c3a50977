/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A SCSI direct-access device (SPC-4, SBC-3) as usb-storage has it: one command at a time, whose
 * data passes through a buffer of its own, so that whoever asks may go away at any time.
 *
 * scsi_start() begins a command; while scsi_is_busy() the image is at work, and `progress` is
 * called when it has come further. Data goes by scsi_take() or scsi_give() until they move nothing
 * more and nothing is busy: then scsi_is_good() tells the end. Vm lock held.
 */
#pragma once

#include <glib.h>
#include <sys/uio.h>

#include "core/block.h"

#define SCSI_CDB_SIZE    16
#define SCSI_BUFFER_SIZE (256u << 10) /* whole blocks */

typedef enum ScsiDirection { SCSI_NO_DATA, SCSI_IN, SCSI_OUT } ScsiDirection;

typedef struct ScsiDisk {
    Device *device;
    Drive *drive;
    gboolean removable;
    const char *serial;
    void (*progress)(struct ScsiDisk *disk);
    /* sense data */
    guint8 sense_key, attention;
    guint16 asc;
    /* the command */
    guint8 cdb[SCSI_CDB_SIZE];
    guint32 direction; /* ScsiDirection */
    guint64 length;    /* bytes that it moves, */
    guint64 moved;     /* and has moved between buffer and asker */
    guint64 offset;    /* on the medium, of the next request */
    guint64 to_do;     /* bytes still to be read from or written to it */
    gboolean good, flush_after;
    guint32 filled, taken; /* of the buffer */
    guint8 *buffer;
    /* the request */
    BlockRequest request;
    struct iovec iov;
    gboolean busy;
} ScsiDisk;

void scsi_init(ScsiDisk *disk, Device *device, Drive *drive);
void scsi_finish(ScsiDisk *disk);

/* Waits for what is under way; its data is dropped. Sense data stays. */
void scsi_abort(ScsiDisk *disk);
/* The medium has come or gone. */
void scsi_medium_changed(ScsiDisk *disk);

/* `length` is of the command, at most SCSI_CDB_SIZE. Sets direction and length. */
void scsi_start(ScsiDisk *disk, const guint8 *cdb, guint length);

/* Copies data out of or into the command; returns how many bytes. */
guint scsi_take(ScsiDisk *disk, guint8 *to, guint length);
guint scsi_give(ScsiDisk *disk, const guint8 *from, guint length);

gboolean scsi_is_busy(const ScsiDisk *disk);
gboolean scsi_is_good(const ScsiDisk *disk);

extern const StateTable scsi_state;

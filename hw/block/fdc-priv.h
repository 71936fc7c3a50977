/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the floppy controller share. Sections and tables are those of Intel's 82077AA
 * data sheet (290166).
 *
 * fdc.c has the registers and the device, fdc-command.c the commands, fdc-transfer.c those that
 * move sectors, floppy.c the drives with their media. Vm lock held.
 */
#pragma once

#include "core/block.h"
#include "hw/block/fdc.h"
#include "mainloop/timer.h"

#define FDC_SECTOR   512
#define FDC_SELECTS  4 /* drives that the chip can tell apart */
#define FDC_COMMANDS 9 /* bytes of the longest command */
#define FDC_RESULTS  10

/* Status register 0 (4.1). */
#define ST0_ABNORMAL  0x40
#define ST0_INVALID   0x80
#define ST0_POLLED    0xc0
#define ST0_SEEK_END  0x20
#define ST0_EQUIPMENT 0x10
#define ST0_HEAD      0x04

#define ST1_END_OF_CYLINDER 0x80
#define ST1_DATA_ERROR      0x20
#define ST1_OVERRUN         0x10
#define ST1_NO_DATA         0x04
#define ST1_NOT_WRITABLE    0x02
#define ST1_NO_ADDRESS_MARK 0x01

#define ST2_CONTROL_MARK   0x40
#define ST2_DATA_ERROR     0x20
#define ST2_WRONG_CYLINDER 0x10
#define ST2_SCAN_EQUAL     0x08
#define ST2_SCAN_FAILED    0x04
#define ST2_BAD_CYLINDER   0x02

#define ST3_WRITE_PROTECTED 0x40
#define ST3_TRACK_0         0x10
#define ST3_ALWAYS          0x28

#define CONFIG_IMPLIED_SEEK 0x40
#define CONFIG_NO_FIFO      0x20
#define CONFIG_THRESHOLD    0x0f

#define DOR_SELECT 0x03
#define DOR_NRESET 0x04
#define DOR_DMA    0x08

/* ---- drives ---- */

/* How the sectors lie on a medium. */
typedef struct FloppyFormat {
    guint16 sectors; /* of 512 bytes, in all; 0 = cannot be read */
    guint8 cylinders, heads, per_track;
    guint8 rates; /* bit n: data rate n of the CCR */
} FloppyFormat;

typedef struct FloppyDrive {
    Device device;
    char *drive_id;
    int type; /* FloppyType; auto until it is realized */
    struct Fdc *fdc;
    guint unit;
    Drive *drive;
    FloppyFormat format;
    guint8 position;  /* cylinder that the head is over */
    guint8 passing;   /* sector that READ ID finds next, less one */
    gboolean changed; /* DSKCHG */
} FloppyDrive;

/* Moves the head; a step with a medium in ends DSKCHG. */
void floppy_step(FloppyDrive *floppy, int steps);
/* Whether ID fields can be read at this data rate under this head. */
gboolean floppy_is_readable(const FloppyDrive *floppy, guint rate, guint head);
/* The cylinder number that is written where the head is, and whether it is this one. */
guint floppy_cylinder(const FloppyDrive *floppy);
gboolean floppy_is_over(const FloppyDrive *floppy, guint cylinder);

/* ---- controller ---- */

typedef enum FdcPhase { FDC_COMMAND, FDC_EXECUTION, FDC_RESULT } FdcPhase;

/* What the host is to do in the execution phase. */
typedef enum FdcFlow { FDC_FLOW_NONE, FDC_FLOW_TO_HOST, FDC_FLOW_FROM_HOST } FdcFlow;

typedef enum FdcOp {
    FDC_READ,
    FDC_WRITE,
    FDC_READ_TRACK,
    FDC_VERIFY,
    FDC_FORMAT,
    FDC_SCAN_EQUAL,
    FDC_SCAN_LOW,
    FDC_SCAN_HIGH,
} FdcOp;

/* A command that moves sectors. */
typedef struct FdcRun {
    guint8 op; /* FdcOp */
    gboolean deleted, multi_track, mfm, skip;
    guint8 unit, head;
    guint8 side; /* the head that was used last */
    guint8 c, h, r, n, eot;
    guint8 step;      /* SCAN: sectors from one to the next */
    guint8 fill;      /* FORMAT */
    guint16 left;     /* FORMAT, VERIFY with a count, READ TRACK: sectors to go */
    gboolean counted; /* VERIFY */
    gboolean tc;
    guint16 pos, length; /* in the buffer */
    guint8 chunk;        /* bytes until INT falls, without DMA */
    guint8 st1, st2;     /* noted so far */
    gint8 order;         /* SCAN: the medium's bytes against the host's, -1, 0, 1 */
} FdcRun;

typedef struct Fdc {
    Device device;
    /* options */
    char *drive_ids[FDC_DRIVES];
    int types[FDC_DRIVES], fallback;
    gint64 bootindex[FDC_DRIVES];
    guint64 dma_channel;
    gboolean check_rate;
    /* wiring */
    Region low_ports, high_port;
    IrqLine irq;
    Device *dma;
    Bus *bus;
    FloppyDrive *drives[FDC_DRIVES];
    /* registers */
    guint8 dor, tdr, rate;
    guint8 specify[2], config, pretrack, perpendicular;
    gboolean locked;
    guint8 pcn[FDC_SELECTS];   /* where the controller believes the heads to be */
    guint8 sense[FDC_SELECTS]; /* ST0 for SENSE INTERRUPT STATUS; 0 = nothing to tell */
    gboolean interrupt;        /* INT, before the gate in DOR */
    /* seeks */
    guint8 seeking; /* bit n: drive n */
    guint8 moving;  /* the same, and at the end of a reset all drives, which are polled */
    guint8 seek_status[FDC_SELECTS];
    Timer seek_timer;
    /* the command */
    guint8 phase, flow; /* FdcPhase, FdcFlow */
    guint8 command[FDC_COMMANDS], command_length;
    guint8 result[FDC_RESULTS], result_length, result_pos;
    FdcRun run;
    guint8 buffer[FDC_SECTOR], host[FDC_SECTOR]; /* host: SCAN's and FORMAT's side */
    Timer data_timer;                            /* the host has to move data until then, or: */
    gboolean ending;                             /* the result comes then */
    /* the request to the drive */
    BlockRequest request;
    struct iovec iov;
    gboolean io_busy;
    gboolean io_stale; /* its command was given up */
    gboolean io_waits; /* a new command waits for it */
} Fdc;

/* fdc.c */
FloppyDrive *fdc_drive(const Fdc *fdc, guint unit);
void fdc_set_interrupt(Fdc *fdc, gboolean on);
/* Whether data goes by DMA. */
gboolean fdc_uses_dma(const Fdc *fdc);

/* fdc-command.c */
/* A byte for the command phase. */
void fdc_command_byte(Fdc *fdc, guint8 value);
/* Goes on to the result phase with the first `length` bytes of fdc->result. */
void fdc_give_result(Fdc *fdc, guint length);
/* Looks at all drives, after a reset. */
void fdc_start_poll(Fdc *fdc);
void fdc_seek_done(void *opaque);
/* Lets a seek of the drive's end now. */
void fdc_finish_seek(Fdc *fdc, guint unit);
void fdc_move_head(Fdc *fdc, guint unit, guint cylinder);

/* fdc-transfer.c */
void fdc_transfer_start(Fdc *fdc, FdcOp op, gboolean deleted);
void fdc_format_start(Fdc *fdc);
void fdc_read_id(Fdc *fdc);
/* Gives up what is under way; the drive may be still at it. */
void fdc_transfer_abandon(Fdc *fdc);
/* A byte of the data phase without DMA. */
guint8 fdc_data_read(Fdc *fdc);
void fdc_data_write(Fdc *fdc, guint8 value);
/* DMA. */
guint fdc_dma_transfer(void *opaque, guint8 *data, guint length, gboolean to_memory);
void fdc_dma_moved(void *opaque, gboolean tc);
/* The command ends now, or the host did not come for its data. */
void fdc_data_timeout(void *opaque);
/* DMA was allowed or forbidden in the midst of it. */
void fdc_update_request(Fdc *fdc);

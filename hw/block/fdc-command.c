/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands of the 82077AA (section 5): which there are, and those that move no sectors. */
#include <string.h>

#include "hw/block/fdc-priv.h"

/* How long a seek takes, however far: long enough to be seen, short enough not to be felt. */
#define SEEK_NS (500 * NS_PER_US)

#define RECALIBRATE_STEPS 79 /* 5.2.2 */

#define VERSION_82077 0x90

#define RELATIVE_INWARD 0x40

/* ---- results ---- */

void fdc_give_result(Fdc *fdc, guint length)
{
    fdc->phase = FDC_RESULT;
    fdc->result_pos = 0;
    fdc->result_length = (guint8)length;
}

static void give_byte(Fdc *fdc, guint8 value)
{
    fdc->result[0] = value;
    fdc_give_result(fdc, 1);
}

static void no_result(Fdc *fdc)
{
    fdc->phase = FDC_COMMAND;
}

static void invalid(Fdc *fdc)
{
    give_byte(fdc, ST0_INVALID);
}

/* ---- seeks ---- */

void fdc_seek_done(void *opaque)
{
    Fdc *fdc = opaque;

    for (guint n = 0; n < FDC_SELECTS; n++) {
        if (fdc->moving & 1u << n) {
            fdc->sense[n] = fdc->seek_status[n];
        }
    }
    fdc->seeking = fdc->moving = 0;
    fdc_set_interrupt(fdc, TRUE);
}

/* The chip looks at the ready lines of four drives, and finds that they have changed (5.2.6): also
 * with polling switched off, for drivers that do so wait for the interrupt of a reset. */
void fdc_start_poll(Fdc *fdc)
{
    for (guint n = 0; n < FDC_SELECTS; n++) {
        fdc->seek_status[n] = ST0_POLLED | n;
    }
    fdc->moving = (1u << FDC_SELECTS) - 1;
    timer_set_after(&fdc->seek_timer, SEEK_NS);
}

void fdc_finish_seek(Fdc *fdc, guint unit)
{
    if (fdc->moving & 1u << unit) {
        fdc_seek_done(fdc);
        timer_cancel(&fdc->seek_timer);
    }
}

/* The chip steps by the difference to where it believes the head to be. */
void fdc_move_head(Fdc *fdc, guint unit, guint cylinder)
{
    FloppyDrive *floppy = fdc_drive(fdc, unit);

    if (floppy) {
        floppy_step(floppy, (int)cylinder - fdc->pcn[unit]);
    }
    fdc->pcn[unit] = (guint8)cylinder;
}

static void start_seek(Fdc *fdc, guint unit, guint8 status)
{
    fdc->seeking |= 1u << unit;
    fdc->moving |= 1u << unit;
    fdc->seek_status[unit] = status;
    timer_set_after(&fdc->seek_timer, SEEK_NS);
    no_result(fdc);
}

static void seek(Fdc *fdc)
{
    guint unit = fdc->command[1] & 3;
    guint8 head = fdc->command[1] & ST0_HEAD;

    fdc_finish_seek(fdc, unit);
    fdc_move_head(fdc, unit, fdc->command[2]);
    start_seek(fdc, unit, ST0_SEEK_END | head | unit);
}

static void relative_seek(Fdc *fdc)
{
    guint unit = fdc->command[1] & 3;
    guint8 steps = fdc->command[2];
    FloppyDrive *floppy = fdc_drive(fdc, unit);

    fdc_finish_seek(fdc, unit);
    if (!(fdc->command[0] & RELATIVE_INWARD)) {
        fdc->pcn[unit] -= steps;
    } else {
        fdc->pcn[unit] += steps;
    }
    if (floppy) {
        floppy_step(floppy, fdc->command[0] & RELATIVE_INWARD ? steps : -steps);
    }
    start_seek(fdc, unit, ST0_SEEK_END | (fdc->command[1] & ST0_HEAD) | unit);
}

/* A head that is farther out than 79 steps, or a drive that is not there, never finds track 0. */
static void recalibrate(Fdc *fdc)
{
    guint unit = fdc->command[1] & 3;
    FloppyDrive *floppy = fdc_drive(fdc, unit);
    guint8 status = ST0_SEEK_END | unit;

    fdc_finish_seek(fdc, unit);
    if (floppy) {
        floppy_step(floppy, -MIN(floppy->position, RECALIBRATE_STEPS));
    }
    if (!floppy || floppy->position) {
        status |= ST0_ABNORMAL | ST0_EQUIPMENT;
    }
    fdc->pcn[unit] = 0;
    start_seek(fdc, unit, status);
}

/* ---- status ---- */

/* Drives are told about one after the other; a finished seek after the first has an interrupt of
 * its own. */
static void sense_interrupt(Fdc *fdc)
{
    gboolean seeks_left = FALSE;
    guint unit = FDC_SELECTS;

    for (guint n = FDC_SELECTS; n-- > 0;) {
        if (fdc->sense[n]) {
            seeks_left |= unit < FDC_SELECTS && (fdc->sense[unit] & ST0_SEEK_END);
            unit = n;
        }
    }
    if (unit == FDC_SELECTS) {
        invalid(fdc);
        return;
    }
    fdc->result[0] = fdc->sense[unit];
    fdc->result[1] = fdc->pcn[unit];
    fdc->sense[unit] = 0;
    fdc_set_interrupt(fdc, FALSE);
    fdc_set_interrupt(fdc, seeks_left);
    fdc_give_result(fdc, 2);
}

static void sense_drive(Fdc *fdc)
{
    guint unit = fdc->command[1] & 3;
    const FloppyDrive *floppy = fdc_drive(fdc, unit);
    guint8 status = ST3_ALWAYS | (fdc->command[1] & 7);

    if (floppy) {
        status |= floppy->position ? 0 : ST3_TRACK_0;
        status |= drive_has_medium(floppy->drive) && drive_is_readonly(floppy->drive)
                      ? ST3_WRITE_PROTECTED
                      : 0;
    }
    give_byte(fdc, status);
}

static void version(Fdc *fdc)
{
    give_byte(fdc, VERSION_82077);
}

static void dump_registers(Fdc *fdc)
{
    memcpy(fdc->result, fdc->pcn, FDC_SELECTS);
    memcpy(fdc->result + 4, fdc->specify, 2);
    fdc->result[6] = fdc->run.eot;
    fdc->result[7] = (fdc->locked ? 0x80 : 0) | fdc->perpendicular;
    fdc->result[8] = fdc->config;
    fdc->result[9] = fdc->pretrack;
    fdc_give_result(fdc, 10);
}

/* ---- settings ---- */

static void specify(Fdc *fdc)
{
    memcpy(fdc->specify, fdc->command + 1, 2);
    no_result(fdc);
}

static void configure(Fdc *fdc)
{
    fdc->config = fdc->command[2] & 0x7f;
    fdc->pretrack = fdc->command[3];
    no_result(fdc);
}

static void lock(Fdc *fdc)
{
    fdc->locked = fdc->command[0] >> 7;
    give_byte(fdc, fdc->locked ? 0x10 : 0);
}

/* The drives' bits are written only with OW (5.2.8). */
static void perpendicular(Fdc *fdc)
{
    guint8 mask = fdc->command[1] & 0x80 ? 0x3f : 0x03;

    fdc->perpendicular = (fdc->perpendicular & ~mask) | (fdc->command[1] & mask);
    no_result(fdc);
}

/* ---- the table (5.1) ---- */

typedef struct FdcCommand {
    guint8 mask, code; /* the bits of the first byte that are not MT, MFM, SK and the like */
    guint8 length;
    void (*run)(Fdc *fdc); /* NULL: moves sectors */
    FdcOp op;
    gboolean deleted;
} FdcCommand;

/* PART ID and what else the 82078 has is invalid here: drivers tell the chips apart by it. */
static const FdcCommand commands[] = {
    {0x1f, 0x06, 9, NULL, FDC_READ},
    {0x1f, 0x0c, 9, NULL, FDC_READ, TRUE},
    {0x3f, 0x05, 9, NULL, FDC_WRITE},
    {0x3f, 0x09, 9, NULL, FDC_WRITE, TRUE},
    {0x9f, 0x02, 9, NULL, FDC_READ_TRACK},
    {0x1f, 0x16, 9, NULL, FDC_VERIFY},
    {0xff, 0x10, 1, version},
    {0xbf, 0x0d, 6, fdc_format_start},
    {0x1f, 0x11, 9, NULL, FDC_SCAN_EQUAL},
    {0x1f, 0x19, 9, NULL, FDC_SCAN_LOW},
    {0x1f, 0x1d, 9, NULL, FDC_SCAN_HIGH},
    {0xff, 0x07, 2, recalibrate},
    {0xff, 0x08, 1, sense_interrupt},
    {0xff, 0x03, 3, specify},
    {0xff, 0x04, 2, sense_drive},
    {0xff, 0x0f, 3, seek},
    {0xbf, 0x8f, 3, relative_seek},
    {0xff, 0x13, 4, configure},
    {0xbf, 0x0a, 2, fdc_read_id},
    {0xff, 0x0e, 1, dump_registers},
    {0xff, 0x12, 2, perpendicular},
    {0x7f, 0x14, 1, lock},
    {0x00, 0x00, 1, invalid},
};

static const FdcCommand *find_command(guint8 code)
{
    const FdcCommand *command = commands;

    while ((code & command->mask) != command->code) {
        command++;
    }
    return command;
}

void fdc_command_byte(Fdc *fdc, guint8 value)
{
    fdc->command[fdc->command_length++] = value;

    const FdcCommand *command = find_command(fdc->command[0]);
    if (fdc->command_length >= command->length) {
        fdc->command_length = 0;
        fdc->phase = FDC_EXECUTION;
        if (command->run) {
            command->run(fdc);
        } else {
            fdc_transfer_start(fdc, command->op, command->deleted);
        }
    }
}

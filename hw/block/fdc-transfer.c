/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands of the 82077AA that move sectors (5.1). A sector is looked up by its ID, comes from or
 * goes to the drive's image as a whole, and lies in between in fdc->buffer, which the host empties
 * or fills by DMA or byte by byte. Images know no deleted sectors: all are plain ones.
 */
#include <string.h>

#include "hw/block/fdc-priv.h"
#include "hw/isa/i8237.h"

/* The FIFO is lost to a host that does not come for long (3.7). Real ones give 13 to 1000 us; a
 * host that is itself emulated gets a revolution's time and more. */
#define DATA_NS (500 * NS_PER_MS)

/* From the last byte to the result: a host has the time to wait for its interrupt, which some clear
 * away right after they have sent a command. */
#define END_NS (200 * NS_PER_US)

#define SIZE_CODE_512 2
#define ID_LENGTH     4 /* FORMAT: C, H, R, N */
#define FIFO_LENGTH   16
#define DONT_CARE     0xff

static void next_sector(Fdc *fdc);

/* ---- ends ---- */

static void stop_request(Fdc *fdc)
{
    timer_cancel(&fdc->data_timer);
    fdc->flow = FDC_FLOW_NONE;
    if (fdc->dma) {
        i8237_request(fdc->dma, (guint)fdc->dma_channel, FALSE);
    }
}

static void end(Fdc *fdc, guint8 st0, guint8 st1, guint8 st2)
{
    const FdcRun *run = &fdc->run;

    stop_request(fdc);
    fdc->result[0] = st0 | (run->side ? ST0_HEAD : 0) | run->unit;
    fdc->result[1] = st1 | run->st1;
    fdc->result[2] = st2 | run->st2;
    fdc->result[3] = run->c;
    fdc->result[4] = run->h;
    fdc->result[5] = run->r;
    fdc->result[6] = run->n;
    fdc->ending = TRUE;
    timer_set_after(&fdc->data_timer, END_NS);
}

static void fail(Fdc *fdc, guint8 st1, guint8 st2)
{
    end(fdc, ST0_ABNORMAL, st1, st2);
}

void fdc_data_timeout(void *opaque)
{
    Fdc *fdc = opaque;

    if (fdc->ending) {
        fdc->ending = FALSE;
        fdc_give_result(fdc, 7);
        fdc_set_interrupt(fdc, TRUE);
    } else {
        fail(fdc, ST1_OVERRUN, 0);
    }
}

void fdc_transfer_abandon(Fdc *fdc)
{
    stop_request(fdc);
    fdc->ending = FALSE;
    fdc->io_waits = FALSE;
    fdc->io_stale = fdc->io_busy;
}

/* ---- the drive's side ---- */

static void sector_read(Fdc *fdc, int result);
static void sector_written(Fdc *fdc, int result);

static void request_done(BlockRequest *request, int result)
{
    Fdc *fdc = request->opaque;

    fdc->io_busy = FALSE;
    if (!fdc->io_stale) {
        if (request->op == BLOCK_OP_READ) {
            sector_read(fdc, result);
        } else {
            sector_written(fdc, result);
        }
        return;
    }
    fdc->io_stale = FALSE;
    if (fdc->io_waits) {
        fdc->io_waits = FALSE;
        next_sector(fdc);
    }
}

static FloppyDrive *run_drive(const Fdc *fdc)
{
    return fdc_drive(fdc, fdc->run.unit);
}

/* The sector's place in the image (its ID has been found). */
static guint64 sector_offset(const Fdc *fdc)
{
    const FdcRun *run = &fdc->run;
    const FloppyFormat *format = &run_drive(fdc)->format;
    guint track = floppy_cylinder(run_drive(fdc)) * format->heads + run->head;

    if (floppy_is_over(run_drive(fdc), run->c)) {
        track = (guint)run->c * format->heads + run->head;
    }
    return ((guint64)track * format->per_track + run->r - 1) * FDC_SECTOR;
}

static void submit(Fdc *fdc, BlockOp op)
{
    fdc->io_busy = TRUE;
    fdc->flow = FDC_FLOW_NONE;
    fdc->iov = (struct iovec){fdc->buffer, FDC_SECTOR};
    fdc->request = (BlockRequest){
        .op = op,
        .offset = sector_offset(fdc),
        .length = FDC_SECTOR,
        .iov = &fdc->iov,
        .niov = 1,
        .done = request_done,
        .opaque = fdc,
    };
    drive_submit(run_drive(fdc)->drive, &fdc->request);
}

/* An image that is shorter than its medium reads as zeros behind its end. */
static void read_sector(Fdc *fdc)
{
    if (sector_offset(fdc) < run_drive(fdc)->drive->length) {
        submit(fdc, BLOCK_OP_READ);
    } else {
        memset(fdc->buffer, 0, FDC_SECTOR);
        sector_read(fdc, 0);
    }
}

static void write_sector(Fdc *fdc)
{
    const FloppyDrive *floppy = run_drive(fdc);

    /* It may have gone while the host gave the data. */
    if (!floppy || !drive_has_medium(floppy->drive) ||
        sector_offset(fdc) >= floppy->drive->length) {
        fail(fdc, ST1_DATA_ERROR, ST2_DATA_ERROR);
        return;
    }
    submit(fdc, BLOCK_OP_WRITE);
}

/* ---- which sector ---- */

/* Table 5-4 and the like: what the ID becomes after a sector. FALSE: it was the cylinder's last. */
static gboolean advance(FdcRun *run)
{
    gboolean was_first_head = !run->head;

    if (run->r != run->eot) {
        run->r++;
        return TRUE;
    }
    run->r = 1;
    if (run->multi_track) {
        run->h ^= 1;
    }
    if (run->multi_track && was_first_head) {
        run->head = 1;
        return TRUE;
    }
    run->c++;
    return FALSE;
}

static gboolean is_scan(const FdcRun *run)
{
    return run->op >= FDC_SCAN_EQUAL;
}

static gboolean writes(const FdcRun *run)
{
    return run->op == FDC_WRITE || run->op == FDC_FORMAT;
}

/* Whether the ID of the command passes under the head; if not, the command has ended. */
static gboolean find_sector(Fdc *fdc)
{
    FdcRun *run = &fdc->run;
    const FloppyDrive *floppy = run_drive(fdc);

    run->side = run->head;
    if (!floppy || !run->mfm || !floppy_is_readable(floppy, fdc->rate, run->head)) {
        fail(fdc, ST1_NO_ADDRESS_MARK, 0);
        return FALSE;
    }
    if (writes(run) && drive_is_readonly(floppy->drive)) {
        fail(fdc, ST1_NOT_WRITABLE, 0);
        return FALSE;
    }
    if (run->op == FDC_READ_TRACK || run->op == FDC_FORMAT) {
        return TRUE;
    }
    if (!floppy_is_over(floppy, run->c)) {
        fail(fdc, ST1_NO_DATA, run->c == 0xff ? ST2_BAD_CYLINDER : ST2_WRONG_CYLINDER);
        return FALSE;
    }
    if (run->h != run->head || run->n != SIZE_CODE_512 || run->r < 1 ||
        run->r > floppy->format.per_track) {
        fail(fdc, ST1_NO_DATA, 0);
        return FALSE;
    }
    return TRUE;
}

/* READ TRACK takes sectors as they come; that the ID is another is only noted. */
static void next_of_track(Fdc *fdc)
{
    FdcRun *run = &fdc->run;
    guint n = run->eot - run->left + 1; /* counted from the index hole */
    guint8 wanted_c = run->c, wanted_r = run->r;

    if (!run->left || n > run_drive(fdc)->format.per_track) {
        end(fdc, ST0_ABNORMAL, ST1_END_OF_CYLINDER, 0);
        return;
    }
    if (!floppy_is_over(run_drive(fdc), wanted_c) || run->h != run->head || wanted_r != n) {
        run->st1 |= ST1_NO_DATA;
    }
    run->r = (guint8)n;
    read_sector(fdc);
}

/* A host that was told of a request; without DMA every FIFO full has an interrupt. */
static void start_chunk(Fdc *fdc)
{
    guint threshold = (fdc->config & CONFIG_THRESHOLD) + 1u;
    guint chunk = fdc->config & CONFIG_NO_FIFO ? 1 : MAX(FIFO_LENGTH - threshold, 1);

    fdc->run.chunk = (guint8)MIN(chunk, (guint)fdc->run.length - fdc->run.pos);
    fdc_set_interrupt(fdc, TRUE);
}

static void offer(Fdc *fdc, FdcFlow flow, guint length)
{
    fdc->flow = flow;
    fdc->run.pos = 0;
    fdc->run.length = (guint16)length;
    timer_set_after(&fdc->data_timer, DATA_NS);
    if (fdc_uses_dma(fdc)) {
        fdc_update_request(fdc);
    } else {
        start_chunk(fdc);
    }
}

static void next_sector(Fdc *fdc)
{
    FdcRun *run = &fdc->run;

    if (!find_sector(fdc)) {
        return;
    }
    switch (run->op) {
    case FDC_WRITE: offer(fdc, FDC_FLOW_FROM_HOST, FDC_SECTOR); break;
    case FDC_FORMAT: offer(fdc, FDC_FLOW_FROM_HOST, ID_LENGTH); break;
    case FDC_READ_TRACK: next_of_track(fdc); break;
    default: read_sector(fdc); break;
    }
}

/* ---- a sector is through ---- */

static void scan_done(Fdc *fdc)
{
    FdcRun *run = &fdc->run;
    gboolean found = run->order == 0 || (run->op == FDC_SCAN_LOW && run->order < 0) ||
                     (run->op == FDC_SCAN_HIGH && run->order > 0);

    if (found) {
        end(fdc, 0, 0, run->order == 0 ? ST2_SCAN_EQUAL : 0);
        return;
    }
    for (guint n = 0; n < run->step; n++) {
        if (!advance(run)) {
            end(fdc, 0, 0, ST2_SCAN_FAILED);
            return;
        }
    }
    if (run->tc) {
        end(fdc, 0, 0, ST2_SCAN_FAILED);
    } else {
        next_sector(fdc);
    }
}

/* Without a count the end of the cylinder is a good one, as if TC had come (5.1.8). */
static void verified(Fdc *fdc)
{
    FdcRun *run = &fdc->run;
    gboolean more = advance(run);

    if (run->counted && --run->left == 0) {
        end(fdc, 0, 0, 0);
    } else if (more) {
        next_sector(fdc);
    } else if (run->counted) {
        fail(fdc, ST1_END_OF_CYLINDER, 0);
    } else {
        end(fdc, 0, 0, 0);
    }
}

static void formatted(Fdc *fdc)
{
    if (--fdc->run.left == 0 || fdc->run.tc) {
        end(fdc, 0, 0, 0);
    } else {
        next_sector(fdc);
    }
}

static void track_read(Fdc *fdc)
{
    FdcRun *run = &fdc->run;

    run->left--;
    run->r++;
    if (run->tc) {
        end(fdc, 0, 0, 0);
    } else {
        next_sector(fdc);
    }
}

static void sector_done(Fdc *fdc)
{
    FdcRun *run = &fdc->run;
    gboolean more;

    switch (run->op) {
    case FDC_VERIFY: verified(fdc); return;
    case FDC_FORMAT: formatted(fdc); return;
    case FDC_READ_TRACK: track_read(fdc); return;
    default: break;
    }
    if (is_scan(run)) {
        scan_done(fdc);
        return;
    }
    more = advance(run);
    /* A read for deleted sectors stops behind a plain one (table 5-5). */
    if (run->tc || (run->st2 & ST2_CONTROL_MARK)) {
        end(fdc, 0, 0, 0);
    } else if (more) {
        next_sector(fdc);
    } else {
        fail(fdc, ST1_END_OF_CYLINDER, 0);
    }
}

static void sector_read(Fdc *fdc, int result)
{
    FdcRun *run = &fdc->run;

    if (result < 0) {
        fail(fdc, ST1_DATA_ERROR, ST2_DATA_ERROR);
        return;
    }
    if (run->op == FDC_VERIFY) {
        sector_done(fdc);
    } else if (is_scan(run)) {
        run->order = 0;
        offer(fdc, FDC_FLOW_FROM_HOST, FDC_SECTOR);
    } else {
        if (run->deleted) {
            run->st2 |= ST2_CONTROL_MARK;
        }
        if (run->deleted && run->skip) {
            end(fdc, 0, 0, 0);
            return;
        }
        offer(fdc, FDC_FLOW_TO_HOST, FDC_SECTOR);
    }
}

static void sector_written(Fdc *fdc, int result)
{
    if (result < 0) {
        fail(fdc, ST1_DATA_ERROR, ST2_DATA_ERROR);
    } else {
        sector_done(fdc);
    }
}

/* ---- the host's side ---- */

/* The sector that the host names, filled. What no image can hold is a fault of the drive. */
static void format_sector(Fdc *fdc)
{
    FdcRun *run = &fdc->run;
    const FloppyDrive *floppy = run_drive(fdc);

    run->c = fdc->host[0];
    run->h = fdc->host[1];
    run->r = fdc->host[2];
    if (!floppy || !floppy_is_over(floppy, run->c) || run->h != run->head ||
        fdc->host[3] != SIZE_CODE_512 || run->n != SIZE_CODE_512 || run->r < 1 ||
        run->r > floppy->format.per_track) {
        device_warn_once(&fdc->device, "formatting that does not fit the image");
        end(fdc, ST0_ABNORMAL | ST0_EQUIPMENT, 0, 0);
        return;
    }
    memset(fdc->buffer, run->fill, FDC_SECTOR);
    write_sector(fdc);
}

/* The higher byte decides that differs first; FFh matches everything. */
static void compare(FdcRun *run, guint8 medium, guint8 host)
{
    if (!run->order && medium != host && medium != DONT_CARE && host != DONT_CARE) {
        run->order = medium < host ? -1 : 1;
    }
}

/* The host has moved all of a sector, or said that there is no more (TC). */
static void data_moved(Fdc *fdc)
{
    FdcRun *run = &fdc->run;

    stop_request(fdc);
    if (run->op == FDC_WRITE) {
        memset(fdc->buffer + run->pos, 0, FDC_SECTOR - run->pos);
        write_sector(fdc);
    } else if (run->op != FDC_FORMAT) {
        sector_done(fdc);
    } else if (run->pos == ID_LENGTH) {
        format_sector(fdc);
    } else { /* TC within an ID */
        end(fdc, 0, 0, 0);
    }
}

static void take(Fdc *fdc, const guint8 *data, guint length)
{
    FdcRun *run = &fdc->run;

    for (guint i = 0; is_scan(run) && i < length; i++) {
        compare(run, fdc->buffer[run->pos + i], data[i]);
    }
    if (run->op == FDC_WRITE) {
        memcpy(fdc->buffer + run->pos, data, length);
    } else if (run->op == FDC_FORMAT) {
        memcpy(fdc->host + run->pos, data, length);
    }
}

guint fdc_dma_transfer(void *opaque, guint8 *data, guint length, gboolean to_memory)
{
    Fdc *fdc = opaque;
    FdcRun *run = &fdc->run;
    guint bytes = MIN(length, (guint)run->length - run->pos);

    if (fdc->flow != (to_memory ? FDC_FLOW_TO_HOST : FDC_FLOW_FROM_HOST)) {
        return 0; /* programmed for the other direction: an overrun in the end */
    }
    if (to_memory) {
        memcpy(data, fdc->buffer + run->pos, bytes);
    } else {
        take(fdc, data, bytes);
    }
    run->pos += bytes;
    return bytes;
}

void fdc_dma_moved(void *opaque, gboolean tc)
{
    Fdc *fdc = opaque;

    fdc->run.tc |= tc;
    if (tc || fdc->run.pos == fdc->run.length) {
        data_moved(fdc);
    }
}

void fdc_update_request(Fdc *fdc)
{
    gboolean wants = fdc->flow != FDC_FLOW_NONE && fdc_uses_dma(fdc);

    if (fdc->dma) {
        i8237_request(fdc->dma, (guint)fdc->dma_channel, wants && (fdc->dor & DOR_DMA));
    }
}

/* Without DMA: a byte was moved. There is no TC then; the end of the cylinder is the end. */
static void byte_moved(Fdc *fdc)
{
    FdcRun *run = &fdc->run;

    run->pos++;
    timer_set_after(&fdc->data_timer, DATA_NS);
    if (--run->chunk == 0) {
        fdc_set_interrupt(fdc, FALSE);
        if (run->pos < run->length) {
            start_chunk(fdc);
        }
    }
    if (run->pos == run->length) {
        data_moved(fdc);
    }
}

guint8 fdc_data_read(Fdc *fdc)
{
    guint8 value = fdc->buffer[fdc->run.pos];

    byte_moved(fdc);
    return value;
}

void fdc_data_write(Fdc *fdc, guint8 value)
{
    take(fdc, &value, 1);
    byte_moved(fdc);
}

/* ---- starts ---- */

static void begin(Fdc *fdc)
{
    FdcRun *run = &fdc->run;

    fdc_finish_seek(fdc, run->unit);
    if (fdc->io_busy) {
        fdc->io_waits = TRUE; /* what was given up still uses the buffer */
    } else {
        next_sector(fdc);
    }
}

void fdc_transfer_start(Fdc *fdc, FdcOp op, gboolean deleted)
{
    const guint8 *command = fdc->command;

    fdc->run = (FdcRun){
        .op = op,
        .deleted = deleted && op == FDC_READ,
        .multi_track = command[0] >> 7,
        .mfm = command[0] >> 6 & 1,
        .skip = command[0] >> 5 & 1,
        .unit = command[1] & 3,
        .head = command[1] >> 2 & 1,
        .c = command[2],
        .h = command[3],
        .r = command[4],
        .n = command[5],
        .eot = command[6],
        .step = command[8] == 2 ? 2 : 1,
        .left = op == FDC_VERIFY ? command[8] : command[6],
        .counted = op == FDC_VERIFY && command[1] >> 7,
    };
    if (fdc->run.counted && !fdc->run.left) {
        fdc->run.left = 256;
    }
    if ((fdc->config & CONFIG_IMPLIED_SEEK) && op != FDC_READ_TRACK) {
        fdc_move_head(fdc, fdc->run.unit, fdc->run.c);
    }
    begin(fdc);
}

void fdc_format_start(Fdc *fdc)
{
    const guint8 *command = fdc->command;

    fdc->run = (FdcRun){
        .op = FDC_FORMAT,
        .mfm = command[0] >> 6 & 1,
        .unit = command[1] & 3,
        .head = command[1] >> 2 & 1,
        .n = command[2],
        .left = command[3],
        .eot = command[3],
        .fill = command[5],
    };
    if (!fdc->run.left) {
        fdc->run.left = 256;
    }
    begin(fdc);
}

void fdc_read_id(Fdc *fdc)
{
    guint unit = fdc->command[1] & 3, head = fdc->command[1] >> 2 & 1;
    FloppyDrive *floppy = fdc_drive(fdc, unit);

    fdc_finish_seek(fdc, unit);
    fdc->run =
        (FdcRun){.op = FDC_READ, .unit = (guint8)unit, .head = (guint8)head, .side = (guint8)head};
    if (!floppy || !(fdc->command[0] & 0x40) || !floppy_is_readable(floppy, fdc->rate, head)) {
        fail(fdc, ST1_NO_ADDRESS_MARK, 0);
        return;
    }
    fdc->run.c = (guint8)floppy_cylinder(floppy);
    fdc->run.h = (guint8)head;
    fdc->run.r = floppy->passing % floppy->format.per_track + 1;
    fdc->run.n = SIZE_CODE_512;
    floppy->passing = fdc->run.r % floppy->format.per_track;
    end(fdc, 0, 0, 0);
}

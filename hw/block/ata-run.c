/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The commands of disks that move sectors: READ and WRITE in their PIO, MULTIPLE and DMA forms, and
 * VERIFY (ATA/ATAPI-6, clause 8; protocols in clause 9).
 *
 * A command is a run of sectors, moved by requests as large as the buffer (PIO) or the whole
 * scatter list (DMA). When one fails, it is repeated sector by sector, so that the guest is told
 * the address of the bad one.
 */
#include <errno.h>

#include "core/block-iov.h"
#include "hw/block/ata-priv.h"

#define BUFFER_SECTORS (IDE_BUFFER_SIZE / IDE_SECTOR)

guint64 ata_sectors(const IdeDevice *ide)
{
    return ide->drive->length / IDE_SECTOR;
}

static gboolean is_ext(const IdeDevice *ide)
{
    switch (ide->registers[IDE_STATUS]) {
    case 0x24:
    case 0x25:
    case 0x29:
    case 0x34:
    case 0x35:
    case 0x39:
    case 0x3d:
    case 0x42: return TRUE;
    default: return FALSE;
    }
}

gboolean ata_get_lba(IdeDevice *ide, gboolean ext, guint64 *lba)
{
    const guint8 *now = ide->registers, *before = ide->previous;
    guint64 low = now[IDE_LBA_LOW] | now[IDE_LBA_MID] << 8 | now[IDE_LBA_HIGH] << 16;
    guint head = now[IDE_DEVICE] & 0x0f, sector = now[IDE_LBA_LOW];
    guint cylinder = now[IDE_LBA_MID] | now[IDE_LBA_HIGH] << 8;

    if (ext) {
        *lba = low | (guint64)before[IDE_LBA_LOW] << 24 | (guint64)before[IDE_LBA_MID] << 32 |
               (guint64)before[IDE_LBA_HIGH] << 40;
        return TRUE;
    }
    if (now[IDE_DEVICE] & DEVICE_LBA) {
        *lba = low | (guint64)head << 24;
        return TRUE;
    }
    if (sector == 0 || sector > ide->current_sectors || head >= ide->current_heads) {
        return FALSE;
    }
    *lba = ((guint64)cylinder * ide->current_heads + head) * ide->current_sectors + sector - 1;
    return TRUE;
}

void ata_set_lba(IdeDevice *ide, guint64 lba, gboolean ext)
{
    guint8 *now = ide->registers, *before = ide->previous;

    if (!ext && !(now[IDE_DEVICE] & DEVICE_LBA) && ide->current_heads && ide->current_sectors) {
        guint64 track = lba / ide->current_sectors;
        guint64 cylinder = track / ide->current_heads;

        now[IDE_LBA_LOW] = (guint8)(lba % ide->current_sectors + 1);
        now[IDE_LBA_MID] = (guint8)cylinder;
        now[IDE_LBA_HIGH] = (guint8)(cylinder >> 8);
        now[IDE_DEVICE] = (guint8)((now[IDE_DEVICE] & 0xf0) | track % ide->current_heads);
        return;
    }
    now[IDE_LBA_LOW] = (guint8)lba;
    now[IDE_LBA_MID] = (guint8)(lba >> 8);
    now[IDE_LBA_HIGH] = (guint8)(lba >> 16);
    if (ext) {
        before[IDE_LBA_LOW] = (guint8)(lba >> 24);
        before[IDE_LBA_MID] = (guint8)(lba >> 32);
        before[IDE_LBA_HIGH] = (guint8)(lba >> 40);
    } else {
        now[IDE_DEVICE] = (guint8)((now[IDE_DEVICE] & 0xf0) | ((lba >> 24) & 0x0f));
    }
}

/* Sets the run up from the registers; FALSE, with the command ended, if it cannot be. */
static gboolean run_begin(IdeDevice *ide, gboolean write, guint32 block)
{
    IdeRun *run = &ide->run;
    guint32 count;

    *run = (IdeRun){.write = write, .ext = is_ext(ide), .block = block, .step = BUFFER_SECTORS};
    count = ide->registers[IDE_COUNT];
    if (run->ext) {
        count |= (guint32)ide->previous[IDE_COUNT] << 8;
    }
    run->left = count ? count : run->ext ? 65536 : 256;
    if (!ata_get_lba(ide, run->ext, &run->lba) || run->lba >= ata_sectors(ide) ||
        run->left > ata_sectors(ide) - run->lba) {
        ide_fail(ide, ERROR_IDNF | ERROR_ABRT);
        return FALSE;
    }
    if (write && drive_is_readonly(ide->drive)) {
        ide_abort(ide);
        return FALSE;
    }
    ide->standby = FALSE;
    return TRUE;
}

guint8 ata_error_bits(int result, gboolean write)
{
    if (result == -EINVAL) {
        return ERROR_IDNF;
    }
    return result == -EROFS || result == -ENOMEDIUM || write ? ERROR_ABRT : ERROR_UNC;
}

/* The host could not read or write sector run->lba. */
static void run_failed(IdeDevice *ide, int result)
{
    ata_set_lba(ide, ide->run.lba, ide->run.ext);
    ide->registers[IDE_COUNT] = (guint8)ide->run.left;
    ide_fail(ide, ata_error_bits(result, ide->run.write));
}

/* A request has ended: TRUE if well. Else it is narrowed down by `again`, or has failed. */
static gboolean run_moved(IdeDevice *ide, int result, void (*again)(IdeDevice *ide))
{
    IdeRun *run = &ide->run;

    if (result == 0) {
        return TRUE;
    }
    if (run->requested > 1) {
        run->step = 1;
        again(ide);
    } else {
        run_failed(ide, result);
    }
    return FALSE;
}

static void run_advance(IdeRun *run, guint32 sectors)
{
    run->lba += sectors;
    run->left -= sectors;
}

/* The whole run is done: the registers show its last sector. */
static void run_end(IdeDevice *ide)
{
    ata_set_lba(ide, ide->run.lba - 1, ide->run.ext);
    ide->registers[IDE_COUNT] = 0;
    ide->error = 0;
    ide->status = STATUS_DRDY | STATUS_DSC;
}

static void run_end_interrupt(IdeDevice *ide)
{
    run_end(ide);
    ide_raise(ide);
}

static void write_through_done(IdeDevice *ide, int result)
{
    if (result < 0) {
        ide_abort(ide);
    } else {
        run_end_interrupt(ide);
    }
}

/* All is written: without a write cache, or by WRITE DMA FUA EXT, it must also be on stable storage
 * now. */
static void write_end(IdeDevice *ide)
{
    if (ide->write_cache && ide->registers[IDE_STATUS] != 0x3d) {
        run_end_interrupt(ide);
    } else {
        ide_submit_flush(ide, write_through_done);
    }
}

/* ---- PIO in (9.7) ---- */

static void read_fill(IdeDevice *ide);

/* Offers the next block of what is in the buffer. */
static void read_offer(IdeDevice *ide)
{
    IdeRun *run = &ide->run;

    run->offered = MIN(run->block, run->buffered);
    ide_pio_start(ide, TRUE, run->buffer_pos, run->offered * IDE_SECTOR, IDE_PHASE_READ);
    ide_raise(ide);
}

void ata_block_taken(IdeDevice *ide)
{
    IdeRun *run = &ide->run;

    run_advance(run, run->offered);
    run->buffered -= run->offered;
    run->buffer_pos += run->offered * IDE_SECTOR;
    if (run->left == 0) {
        run_end(ide);
    } else if (run->buffered > 0) {
        read_offer(ide);
    } else if (run->bad) {
        run_failed(ide, run->bad);
    } else {
        read_fill(ide);
    }
}

static void read_filled(IdeDevice *ide, int result)
{
    IdeRun *run = &ide->run;

    if (result < 0 && run->requested > 1) {
        run->step = 1;
        read_fill(ide);
        return;
    }
    if (result < 0) {
        run->bad = result; /* told after the good sectors before it */
    } else {
        run->buffered += run->requested;
        if (run->step == 1 && run->buffered < MIN(run->left, BUFFER_SECTORS)) {
            read_fill(ide);
            return;
        }
    }
    run->buffer_pos = 0;
    if (run->buffered > 0) {
        read_offer(ide);
    } else {
        run_failed(ide, run->bad);
    }
}

/* Reads on behind what is in the buffer. */
static void read_fill(IdeDevice *ide)
{
    IdeRun *run = &ide->run;

    run->requested = MIN(run->left - run->buffered, run->step);
    ide_submit_buffer(ide, BLOCK_OP_READ, (run->lba + run->buffered) * IDE_SECTOR,
                      run->buffered * IDE_SECTOR, run->requested * IDE_SECTOR, read_filled);
}

void ata_read_pio(IdeDevice *ide)
{
    if (run_begin(ide, FALSE, 1)) {
        read_fill(ide);
    }
}

void ata_read_multiple(IdeDevice *ide)
{
    if (ide->multiple == 0) {
        ide_abort(ide);
    } else if (run_begin(ide, FALSE, ide->multiple)) {
        read_fill(ide);
    }
}

/* ---- PIO out (9.8) ---- */

static void write_accept(IdeDevice *ide);
static void write_send(IdeDevice *ide);

static void write_sent(IdeDevice *ide, int result)
{
    IdeRun *run = &ide->run;

    if (!run_moved(ide, result, write_send)) {
        return;
    }
    run_advance(run, run->requested);
    run->buffered -= run->requested;
    run->buffer_pos += run->requested * IDE_SECTOR;
    if (run->buffered > 0) {
        write_send(ide);
    } else if (run->left > 0) {
        run->buffer_pos = 0;
        write_accept(ide);
        ide_raise(ide);
    } else {
        write_end(ide);
    }
}

static void write_send(IdeDevice *ide)
{
    IdeRun *run = &ide->run;

    run->requested = MIN(run->buffered, run->step);
    ide_submit_buffer(ide, BLOCK_OP_WRITE, run->lba * IDE_SECTOR, run->buffer_pos,
                      run->requested * IDE_SECTOR, write_sent);
}

void ata_block_given(IdeDevice *ide)
{
    IdeRun *run = &ide->run;

    run->buffered += run->requested;
    if (run->buffered == run->left || run->buffered == BUFFER_SECTORS) {
        run->buffer_pos = 0;
        write_send(ide);
    } else {
        write_accept(ide);
        ide_raise(ide);
    }
}

/* Asks for the next block; buffers are multiples of every block size. */
static void write_accept(IdeDevice *ide)
{
    IdeRun *run = &ide->run;

    run->requested = MIN(run->block, run->left - run->buffered);
    ide_pio_start(ide, FALSE, run->buffered * IDE_SECTOR, run->requested * IDE_SECTOR,
                  IDE_PHASE_WRITE);
}

void ata_write_pio(IdeDevice *ide)
{
    if (run_begin(ide, TRUE, 1)) {
        write_accept(ide); /* the first block is asked for without interrupt */
    }
}

void ata_write_multiple(IdeDevice *ide)
{
    if (ide->multiple == 0) {
        ide_abort(ide);
    } else if (run_begin(ide, TRUE, ide->multiple)) {
        write_accept(ide);
    }
}

/* ---- DMA (9.9) ---- */

static void dma_moved(IdeDevice *ide, int result)
{
    IdeRun *run = &ide->run;

    if (result == 0) {
        run_advance(run, run->requested);
        run->dma_offset += (guint64)run->requested * IDE_SECTOR;
        ata_dma_next(ide);
    } else if (run->requested > 1) {
        run->step = 1;
        ata_dma_next(ide);
    } else {
        ide_dma_cancel(ide);
        run_failed(ide, result);
    }
}

/* Moves what is left between the disk and the scatter list, which may be shorter. */
void ata_dma_next(IdeDevice *ide)
{
    const IdeDma *dma = ide->channel->dma;
    IdeRun *run = &ide->run;
    guint64 offset = run->lba * IDE_SECTOR, length;
    guint niov = dma->list.niov;

    run->requested = (guint32)((dma->list.length - run->dma_offset) / IDE_SECTOR);
    run->requested = MIN(run->requested, MIN(run->step, run->left));
    length = (guint64)run->requested * IDE_SECTOR;
    if (run->requested == 0) {
        if (ide_dma_end(ide, run->dma_offset)) {
            if (run->write) {
                write_end(ide);
            } else {
                run_end_interrupt(ide);
            }
        }
        return;
    }
    if (run->dma_offset == 0 && length == dma->list.length) {
        ide_submit(ide, run->write ? BLOCK_OP_WRITE : BLOCK_OP_READ, offset, dma->list.iov, niov,
                   length, dma_moved);
        return;
    }
    ide->iov_part = g_renew(struct iovec, ide->iov_part, niov);
    niov = iov_slice(ide->iov_part, dma->list.iov, niov, run->dma_offset, length);
    ide_submit(ide, run->write ? BLOCK_OP_WRITE : BLOCK_OP_READ, offset, ide->iov_part, niov,
               length, dma_moved);
}

static void dma_begin(IdeDevice *ide, gboolean write)
{
    if (!ide->channel->dma) {
        ide_abort(ide);
    } else if (run_begin(ide, write, 1)) {
        ide->run.step = 65536; /* everything at once */
        ide_dma_request(ide, (guint64)ide->run.left * IDE_SECTOR, !write, IDE_PHASE_SECTORS);
    }
}

void ata_read_dma(IdeDevice *ide)
{
    dma_begin(ide, FALSE);
}

void ata_write_dma(IdeDevice *ide)
{
    dma_begin(ide, TRUE);
}

/* ---- VERIFY (8.30): reads, and keeps nothing ---- */

static void verify_next(IdeDevice *ide);

static void verified(IdeDevice *ide, int result)
{
    IdeRun *run = &ide->run;

    if (!run_moved(ide, result, verify_next)) {
        return;
    }
    run_advance(run, run->requested);
    if (run->left > 0) {
        verify_next(ide);
    } else {
        run_end_interrupt(ide);
    }
}

static void verify_next(IdeDevice *ide)
{
    IdeRun *run = &ide->run;

    run->requested = MIN(run->left, run->step);
    ide_submit_buffer(ide, BLOCK_OP_READ, run->lba * IDE_SECTOR, 0, run->requested * IDE_SECTOR,
                      verified);
}

void ata_verify(IdeDevice *ide)
{
    if (run_begin(ide, FALSE, 1)) {
        verify_next(ide);
    }
}

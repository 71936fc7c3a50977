/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Native command queuing (ATA8-ACS 4.16, SATA 13.6.4): up to 32 commands are with the drive at once
 * and end in any order, each with a Set Device Bits frame. The first that fails ends all others;
 * which one it was is in the log that READ LOG EXT reads (ata-log.c).
 */
#include "core/block-iov.h"
#include "hw/block/ahci-priv.h"

#define FUA 0x80 /* Device register */

static void submit(AhciTag *tag);

/* The end of queued commands, those in `tags` well (SATA 10.3.6). */
static void send_sdb(AhciPort *port, guint32 tags, guint8 status, guint8 error)
{
    guint8 fis[8] = {FIS_SDB, FIS_I, status, error};

    for (guint i = 0; i < 4; i++) {
        fis[4 + i] = (guint8)(tags >> (8 * i));
    }
    port->sact &= ~tags;
    port->tfd = (port->tfd & (STATUS_BSY | STATUS_DRQ)) | status | (guint32)error << 8;
    ahci_send_frame(port, AREA_SDB, fis, sizeof(fis));
    ahci_port_interrupt(port, PORT_IS_SDBS);
}

void ahci_ncq_drop(AhciPort *port)
{
    for (guint i = 0; i < AHCI_SLOTS; i++) {
        port->tags[i].dropped |= port->tags[i].busy;
    }
}

static void release(AhciTag *tag)
{
    tag->busy = FALSE;
    tag->port->tags_busy--;
    g_clear_pointer(&tag->part, g_free);
}

/* A command fails: the queue with it. */
static void fail_queue(AhciPort *port, guint8 number, guint8 error, guint64 lba, guint32 count)
{
    IdeDevice *ide = ahci_device(port);

    ide->queue_error = (IdeQueueError){
        .tag = number,
        .status = STATUS_DRDY | STATUS_DSC | STATUS_ERR,
        .error = error,
        .lba = lba,
        .count = (guint16)count,
    };
    ahci_ncq_drop(port);
    send_sdb(port, 0, STATUS_DRDY | STATUS_DSC | STATUS_ERR, error);
    ahci_port_halt(port, PORT_IS_TFES);
}

void ahci_ncq_conflict(AhciPort *port)
{
    device_warn_once(&port->ahci->pci.device, "AHCI command among queued ones");
    fail_queue(port, IDE_QUEUE_ERROR_OTHER, ERROR_ABRT, 0, 0);
}

static guint8 number_of(const AhciTag *tag)
{
    return (guint8)(tag - tag->port->tags);
}

static void finish(AhciTag *tag, int result)
{
    AhciPort *port = tag->port;
    gboolean fine = dma_list_release(&tag->list, tag->list.length, tag->dropped || result < 0);

    release(tag);
    if (tag->dropped) {
        return;
    }
    if (!fine) {
        ahci_port_halt(port, PORT_IS_HBFS);
        return;
    }
    if (tag->prdt.interrupt) {
        ahci_port_interrupt(port, PORT_IS_DPS);
    }
    if (result < 0) {
        fail_queue(port, number_of(tag), ata_error_bits(result, tag->write), tag->lba + tag->done,
                   tag->count - tag->done);
    } else {
        send_sdb(port, 1u << number_of(tag), STATUS_DRDY | STATUS_DSC, 0);
    }
}

/* A request of the command has ended. */
static void request_done(BlockRequest *request, int result)
{
    AhciTag *tag = request->opaque;
    AhciPort *port = tag->port;
    const IdeDevice *ide = ahci_device(port);

    if (!tag->dropped && result < 0 && !tag->flushing && tag->requested > 1) {
        tag->step = 1; /* which sector is it? */
        submit(tag);
        return;
    }
    if (result == 0 && !tag->flushing) {
        tag->done += tag->requested;
    }
    if (!tag->dropped && result == 0 && !tag->flushing) {
        tag->flushing = tag->done == tag->count;
        if (!tag->flushing || (tag->write && (tag->fua || !ide->write_cache))) {
            submit(tag);
            return;
        }
    }
    finish(tag, result);
    ahci_port_settle(port);
    ahci_kick(port);
}

/* Sends the drive what is left of the data, or the flush behind it. */
static void submit(AhciTag *tag)
{
    guint64 length;

    tag->requested = tag->flushing ? 0 : MIN(tag->count - tag->done, tag->step);
    length = (guint64)tag->requested * IDE_SECTOR;
    tag->request = (BlockRequest){
        .op = tag->flushing ? BLOCK_OP_FLUSH
              : tag->write  ? BLOCK_OP_WRITE
                            : BLOCK_OP_READ,
        .offset = tag->flushing ? 0 : (tag->lba + tag->done) * IDE_SECTOR,
        .length = length,
        .done = request_done,
        .opaque = tag,
        .prompt = TRUE,
    };
    if (!tag->flushing && length == tag->list.length) {
        tag->request.iov = tag->list.iov;
        tag->request.niov = tag->list.niov;
    } else if (!tag->flushing) {
        tag->part = g_renew(struct iovec, tag->part, tag->list.niov);
        tag->request.iov = tag->part;
        tag->request.niov = iov_slice(tag->part, tag->list.iov, tag->list.niov,
                                      (guint64)tag->done * IDE_SECTOR, length);
    }
    drive_submit(ahci_device(tag->port)->drive, &tag->request);
}

/* The device tells where the data goes (SATA 10.3.8). */
static void send_dma_setup(AhciPort *port, const AhciTag *tag)
{
    guint32 length = tag->count * IDE_SECTOR;
    guint8 fis[28] = {FIS_DMA_SETUP, tag->write ? 0 : FIS_D, 0, 0, number_of(tag)};

    for (guint i = 0; i < 4; i++) {
        fis[20 + i] = (guint8)(length >> (8 * i));
    }
    ahci_send_frame(port, AREA_DMA_SETUP, fis, sizeof(fis));
}

/* Takes the tag into use, with its memory; FALSE, with the reason told, if that cannot be. */
static gboolean prepare(AhciTag *tag, guint64 length)
{
    AhciPort *port = tag->port;

    dma_list_begin(&tag->list, !tag->write);
    if (!ahci_prdt_build(port, &tag->prdt, &tag->list, length) ||
        (tag->write && !dma_list_load(&tag->list))) {
        dma_list_release(&tag->list, 0, TRUE);
        ahci_port_halt(port, PORT_IS_HBFS);
        return FALSE;
    }
    if (tag->list.length < length) {
        dma_list_release(&tag->list, 0, TRUE);
        device_warn_once(&port->ahci->pci.device, "AHCI command with too small a PRDT");
        ahci_port_halt(port, PORT_IS_OFS);
        return FALSE;
    }
    tag->busy = TRUE;
    port->tags_busy++;
    return TRUE;
}

void ahci_ncq_start(AhciPort *port, guint slot, const guint8 *fis, const AhciPrdt *prdt)
{
    IdeDevice *ide = ahci_device(port);
    AhciTag *tag = &port->tags[fis[12] >> 3];
    guint32 count = fis[3] | (guint32)fis[11] << 8;
    guint64 lba = fis[4] | (guint32)fis[5] << 8 | (guint32)fis[6] << 16 | (guint64)fis[8] << 24 |
                  (guint64)fis[9] << 32 | (guint64)fis[10] << 40;
    gboolean write = fis[2] == 0x61;

    count = count ? count : 65536;
    if (tag->busy || (write && drive_is_readonly(ide->drive))) {
        fail_queue(port, number_of(tag), ERROR_ABRT, lba, count);
        return;
    }
    if (lba >= ata_sectors(ide) || count > ata_sectors(ide) - lba) {
        fail_queue(port, number_of(tag), ERROR_IDNF, lba, count);
        return;
    }
    tag->write = write;
    tag->fua = (fis[7] & FUA) != 0;
    tag->lba = lba;
    tag->count = tag->step = count;
    tag->done = 0;
    tag->dropped = tag->flushing = FALSE;
    tag->prdt = *prdt;
    if (!prepare(tag, (guint64)count * IDE_SECTOR)) {
        return;
    }
    ide->standby = FALSE;
    port->ci &= ~(1u << slot); /* the device has it, and is not busy with it */
    send_dma_setup(port, tag);
    submit(tag);
}

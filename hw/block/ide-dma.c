/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DMA of a channel, whatever host controller it has: the device asks for it, the controller makes a
 * scatter list of the guest's memory, the device's phase runs with that.
 */
#include "hw/block/ide-priv.h"

/* Who asserts DMARQ, or NULL. */
static IdeDevice *waiting_device(const IdeDma *dma)
{
    return dma->waiting >= 1 && dma->waiting <= 2 ? dma->channel->devices[dma->waiting - 1] : NULL;
}

void ide_dma_try_start(IdeDma *dma)
{
    IdeDevice *ide = waiting_device(dma);

    if (!ide || !ide_phase_is_dma(ide) || dma->running || !dma->ops->is_ready(dma)) {
        return;
    }
    dma->running = TRUE;
    dma_list_begin(&dma->list, dma->to_memory);
    if (!dma->ops->build(dma) || (!dma->to_memory && !dma_list_load(&dma->list))) {
        dma_list_release(&dma->list, 0, TRUE);
        dma->running = FALSE;
        dma->ops->ended(dma, FALSE);
        return;
    }
    ide_run_phase(ide);
}

void ide_dma_request(IdeDevice *ide, guint64 length, gboolean to_memory, IdePhase phase)
{
    IdeDma *dma = ide->channel->dma;

    ide->status = STATUS_DRDY | STATUS_DRQ;
    ide->pio = (IdePio){0};
    ide->phase = (guint8)phase;
    dma->waiting = (guint8)(ide->unit + 1);
    dma->wanted = length;
    dma->to_memory = to_memory;
    ide_dma_try_start(dma);
}

gboolean ide_dma_end(IdeDevice *ide, guint64 moved)
{
    IdeDma *dma = ide->channel->dma;
    gboolean is_short = dma->list.length < dma->wanted;
    gboolean fine;

    /* Devices that the data goes to may be ourselves: whatever they are told finds us busy. */
    ide->io_busy = TRUE;
    fine = dma_list_release(&dma->list, moved, FALSE);
    ide->io_busy = FALSE;
    dma->running = FALSE;
    dma->moved = moved;
    dma->ops->ended(dma, fine);
    dma->waiting = 0;
    if (ide->resetting) {
        ide_finish_reset(ide);
        return FALSE;
    }
    if (is_short || !fine) {
        ide->status = STATUS_DRDY | STATUS_DRQ; /* and so it stays: the rest has no place */
        return FALSE;
    }
    return TRUE;
}

void ide_dma_cancel(IdeDevice *ide)
{
    IdeDma *dma = ide->channel->dma;

    if (dma && waiting_device(dma) == ide && !ide->io_busy) {
        if (dma->running) {
            dma_list_release(&dma->list, dma->list.length, TRUE);
            dma->running = FALSE;
        }
        dma->waiting = 0;
    }
}

void ide_dma_drain(IdeDma *dma)
{
    if (dma->running && waiting_device(dma)->io_busy) {
        drive_drain(waiting_device(dma)->drive);
    }
}

void ide_dma_init(IdeDma *dma, const IdeDmaOps *ops, PciDevice *pci, IdeChannel *channel,
                  guint32 bounce_max)
{
    dma->ops = ops;
    dma->channel = channel;
    channel->dma = dma;
    dma_list_init(&dma->list, pci, bounce_max);
}

void ide_dma_finish(IdeDma *dma)
{
    g_assert(!dma->running);
    dma_list_finish(&dma->list);
}

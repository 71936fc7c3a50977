/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bus-master DMA of one channel ("Programming Interface for Bus Master IDE Controller", 1.0, here
 * BMIDE; 82371SB datasheet, 2.7).
 *
 * When the guest has set Start and the device asks for data, the whole descriptor table is turned
 * into a scatter list of host memory, which the block layer fills or empties directly. Pieces
 * that are not plain memory go through a buffer, of a bounded size: such a transfer holds the lock
 * while devices answer. A table that ends early, or leads nowhere, ends
 * the transfer as the specification says (2.1, table of Interrupt and Active), not the host.
 */
#include <string.h>

#include "core/block-iov.h"
#include "hw/block/ide-priv.h"

/* Offsets (BMIDE 2.0). */
enum {
    BM_COMMAND = 0,
    BM_STATUS = 2,
    BM_PRDT = 4,
};

#define COMMAND_START     0x01
#define COMMAND_TO_MEMORY 0x08

#define BM_STATUS_ACTIVE    0x01
#define BM_STATUS_ERROR     0x02
#define BM_STATUS_INTERRUPT 0x04
#define BM_STATUS_CAPABLE   0x60 /* set by software for its own use */

/* A table lies within 64 KiB (BMIDE 1.2), so it cannot be longer. */
#define PRD_SIZE  8
#define PRD_END   0x80000000u
#define TABLE_END 0x10000u

#define BOUNCE_MAX (4u << 20)

struct IdeDmaSegment {
    guint64 addr;   /* guest physical */
    DmaMap map;     /* with `bounce` NULL */
    guint8 *bounce; /* what is not plain memory */
};

/* Who asserts DMARQ, or NULL. */
static IdeDevice *waiting_device(const IdeDma *dma)
{
    return dma->waiting >= 1 && dma->waiting <= 2 ? dma->channel->devices[dma->waiting - 1] : NULL;
}

static AddressSpace *memory(const IdeDma *dma)
{
    return dma->pci->device.machine->memory;
}

static gboolean add_segment(IdeDma *dma, guint64 addr, gsize length)
{
    struct IdeDmaSegment *segment;
    guint8 *host;

    while (length > 0) {
        gsize part = length;

        if (dma->niov == dma->capacity) {
            dma->capacity = dma->capacity ? dma->capacity * 2 : 16;
            dma->iov = g_renew(struct iovec, dma->iov, dma->capacity);
            dma->segments = g_renew(struct IdeDmaSegment, dma->segments, dma->capacity);
        }
        segment = &dma->segments[dma->niov];
        *segment = (struct IdeDmaSegment){.addr = addr};
        host = address_space_map(memory(dma), addr, &part, dma->to_memory, &segment->map);
        if (!host) {
            part = length;
            if (part > BOUNCE_MAX - dma->bounced) {
                return FALSE;
            }
            dma->bounced += (guint32)part;
            host = segment->bounce = g_malloc0(part);
        }
        dma->iov[dma->niov++] = (struct iovec){host, part};
        dma->length += part;
        addr += part;
        length -= part;
    }
    return TRUE;
}

/* Fetches descriptors until `wanted` bytes have a place or the table ends; FALSE on a bus error. */
static gboolean build_list(IdeDma *dma)
{
    guint64 entry = dma->prdt & ~3u;
    guint64 limit = (entry & ~(guint64)(TABLE_END - 1)) + TABLE_END;

    dma->niov = 0;
    dma->length = 0;
    dma->bounced = 0;
    dma->exhausted = FALSE;
    while (dma->length < dma->wanted && !dma->exhausted) {
        guint32 prd[2];
        guint32 count;

        if (entry + PRD_SIZE > limit || !pci_dma_read(dma->pci, entry, prd, PRD_SIZE)) {
            return FALSE;
        }
        entry += PRD_SIZE;
        count = GUINT32_FROM_LE(prd[1]) & 0xfffe;
        count = count ? count : 0x10000;
        dma->exhausted = (GUINT32_FROM_LE(prd[1]) & PRD_END) != 0;
        if (count > dma->wanted - dma->length) {
            dma->exhausted = FALSE; /* some of the table will be left */
            count = (guint32)(dma->wanted - dma->length);
        }
        if (!add_segment(dma, GUINT32_FROM_LE(prd[0]) & ~1u, count)) {
            return FALSE;
        }
    }
    return TRUE;
}

/* Fills the buffers of pieces that are not plain memory; FALSE if nobody is there. */
static gboolean load_bounces(IdeDma *dma)
{
    for (guint i = 0; i < dma->niov; i++) {
        struct IdeDmaSegment *segment = &dma->segments[i];

        if (segment->bounce &&
            !pci_dma_read(dma->pci, segment->addr, segment->bounce, dma->iov[i].iov_len)) {
            return FALSE;
        }
    }
    return TRUE;
}

/* Gives the memory back, `moved` bytes of it written; FALSE if some of them had no place. With
 * `give_up` what is still in buffers stays there. */
static gboolean release_list(IdeDma *dma, guint64 moved, gboolean give_up)
{
    gboolean fine = TRUE;

    for (guint i = 0; i < dma->niov; i++) {
        struct IdeDmaSegment *segment = &dma->segments[i];
        gsize part = (gsize)MIN(moved, dma->iov[i].iov_len);

        if (!segment->bounce) {
            address_space_unmap(memory(dma), &segment->map, dma->to_memory ? part : 0);
        } else if (dma->to_memory && part > 0 && !give_up) {
            fine &= pci_dma_write(dma->pci, segment->addr, segment->bounce, part);
        }
        g_free(segment->bounce);
        moved -= part;
    }
    dma->niov = 0;
    dma->running = FALSE;
    return fine;
}

static void bus_error(IdeDma *dma)
{
    device_warn_once(&dma->pci->device, "bus-master IDE transfer from or to no memory");
    dma->status = (dma->status | BM_STATUS_ERROR) & (guint8)~BM_STATUS_ACTIVE;
}

/* Begins the transfer if both sides are ready. */
static void try_start(IdeDma *dma)
{
    IdeDevice *ide = waiting_device(dma);

    if (!ide || !ide_phase_is_dma(ide) || dma->running || !(dma->status & BM_STATUS_ACTIVE)) {
        return;
    }
    dma->running = TRUE;
    if (!build_list(dma) || (!dma->to_memory && !load_bounces(dma))) {
        release_list(dma, 0, TRUE);
        bus_error(dma);
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
    try_start(dma);
}

gboolean ide_dma_end(IdeDevice *ide, guint64 moved)
{
    IdeDma *dma = ide->channel->dma;
    gboolean is_short = dma->length < dma->wanted;
    gboolean fine;

    /* Devices that the data goes to may be ourselves: whatever they are told finds us busy. */
    ide->io_busy = TRUE;
    fine = release_list(dma, moved, FALSE);
    ide->io_busy = FALSE;
    if (!fine) {
        bus_error(dma);
    }
    if (dma->exhausted) {
        dma->status &= (guint8)~BM_STATUS_ACTIVE;
    }
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
            release_list(dma, dma->length, TRUE);
        }
        dma->waiting = 0;
    }
}

void ide_dma_interrupt(IdeDma *dma)
{
    dma->status |= BM_STATUS_INTERRUPT;
}

static void write_command(IdeDma *dma, guint8 value)
{
    guint8 started = (guint8)(value & ~dma->command & COMMAND_START);
    guint8 stopped = (guint8)(~value & dma->command & COMMAND_START);

    dma->command = value & (COMMAND_START | COMMAND_TO_MEMORY);
    if (stopped) {
        /* What is under way is let finish: memory must be quiet when the guest has stopped it. */
        if (dma->running && waiting_device(dma)->io_busy) {
            drive_drain(waiting_device(dma)->drive);
        }
        dma->status &= (guint8)~BM_STATUS_ACTIVE;
    } else if (started) {
        dma->status |= BM_STATUS_ACTIVE;
        try_start(dma);
    }
}

static guint64 dma_read(void *opaque, guint64 addr, guint size)
{
    const IdeDma *dma = opaque;
    const guint8 bytes[8] = {dma->command,
                             0,
                             dma->status,
                             0,
                             (guint8)dma->prdt,
                             (guint8)(dma->prdt >> 8),
                             (guint8)(dma->prdt >> 16),
                             (guint8)(dma->prdt >> 24)};
    guint64 value = 0;

    for (guint i = 0; i < size && addr + i < sizeof(bytes); i++) {
        value |= (guint64)bytes[addr + i] << (8 * i);
    }
    return value;
}

static void dma_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    IdeDma *dma = opaque;

    for (guint i = 0; i < size; i++) {
        guint8 byte = (guint8)(value >> (8 * i));
        guint offset = (guint)addr + i;

        if (offset == BM_COMMAND) {
            write_command(dma, byte);
        } else if (offset == BM_STATUS) {
            dma->status = (guint8)((byte & BM_STATUS_CAPABLE) | (dma->status & BM_STATUS_ACTIVE) |
                                   (dma->status & ~byte & (BM_STATUS_ERROR | BM_STATUS_INTERRUPT)));
        } else if (offset >= BM_PRDT && offset < BM_PRDT + 4) {
            guint shift = 8 * (offset - BM_PRDT);

            dma->prdt = (dma->prdt & ~(0xffu << shift)) | (guint32)byte << shift;
            dma->prdt &= ~3u;
        }
    }
}

static const IoOps dma_ops = {
    .read = dma_read,
    .write = dma_write,
    .min_size = 1,
    .max_size = 4,
};

void ide_dma_init(IdeDma *dma, PciDevice *pci, IdeChannel *channel, const char *name)
{
    dma->pci = pci;
    dma->channel = channel;
    channel->dma = dma;
    region_init_io(&dma->region, name, &dma_ops, dma, 8);
}

void ide_dma_finish(IdeDma *dma)
{
    g_assert(!dma->running);
    region_finish(&dma->region);
    g_free(dma->iov);
    g_free(dma->segments);
}

void ide_dma_reset(IdeDma *dma)
{
    dma->command = 0;
    dma->status = 0;
    dma->prdt = 0;
}

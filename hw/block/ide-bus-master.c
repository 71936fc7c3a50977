/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bus-master DMA of one channel ("Programming Interface for Bus Master IDE Controller", 1.0, here
 * BMIDE; 82371SB datasheet, 2.7).
 *
 * When the guest has set Start and the device asks for data, the whole descriptor table is turned
 * into a scatter list. A table that ends early, or leads nowhere, ends the transfer as the
 * specification says (2.1, table of Interrupt and Active), not the host.
 */
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

static IdeBusMaster *bus_master(IdeDma *dma)
{
    return (IdeBusMaster *)dma;
}

/* ---- transfers ---- */

static gboolean is_ready(IdeDma *dma)
{
    return (bus_master(dma)->status & BM_STATUS_ACTIVE) != 0;
}

/* Fetches descriptors until `wanted` bytes have a place or the table ends; FALSE on a bus error. */
static gboolean build_list(IdeDma *dma)
{
    IdeBusMaster *bm = bus_master(dma);
    DmaList *list = &dma->list;
    guint64 entry = bm->prdt & ~3u;
    guint64 limit = (entry & ~(guint64)(TABLE_END - 1)) + TABLE_END;

    bm->exhausted = FALSE;
    while (list->length < dma->wanted && !bm->exhausted) {
        guint32 prd[2];
        guint32 count;

        if (entry + PRD_SIZE > limit || !pci_dma_read(list->pci, entry, prd, PRD_SIZE)) {
            return FALSE;
        }
        entry += PRD_SIZE;
        count = GUINT32_FROM_LE(prd[1]) & 0xfffe;
        count = count ? count : 0x10000;
        bm->exhausted = (GUINT32_FROM_LE(prd[1]) & PRD_END) != 0;
        if (count > dma->wanted - list->length) {
            bm->exhausted = FALSE; /* some of the table will be left */
            count = (guint32)(dma->wanted - list->length);
        }
        if (!dma_list_add(list, GUINT32_FROM_LE(prd[0]) & ~1u, count)) {
            return FALSE;
        }
    }
    return TRUE;
}

static void ended(IdeDma *dma, gboolean fine)
{
    IdeBusMaster *bm = bus_master(dma);

    if (!fine) {
        device_warn_once(&dma->list.pci->device, "bus-master IDE transfer from or to no memory");
        bm->status |= BM_STATUS_ERROR;
    }
    if (!fine || bm->exhausted) {
        bm->status &= (guint8)~BM_STATUS_ACTIVE;
    }
}

/* The interrupt line of the channel rose. */
static void interrupt(IdeDma *dma)
{
    bus_master(dma)->status |= BM_STATUS_INTERRUPT;
}

static const IdeDmaOps bus_master_ops = {
    .is_ready = is_ready,
    .build = build_list,
    .ended = ended,
    .interrupt = interrupt,
};

/* ---- registers ---- */

static void write_command(IdeBusMaster *bm, guint8 value)
{
    guint8 started = (guint8)(value & ~bm->command & COMMAND_START);
    guint8 stopped = (guint8)(~value & bm->command & COMMAND_START);

    bm->command = value & (COMMAND_START | COMMAND_TO_MEMORY);
    if (stopped) {
        /* What is under way is let finish: memory must be quiet when the guest has stopped it. */
        ide_dma_drain(&bm->dma);
        bm->status &= (guint8)~BM_STATUS_ACTIVE;
    } else if (started) {
        bm->status |= BM_STATUS_ACTIVE;
        ide_dma_try_start(&bm->dma);
    }
}

static guint64 dma_read(void *opaque, guint64 addr, guint size)
{
    const IdeBusMaster *bm = opaque;
    const guint8 bytes[8] = {bm->command,
                             0,
                             bm->status,
                             0,
                             (guint8)bm->prdt,
                             (guint8)(bm->prdt >> 8),
                             (guint8)(bm->prdt >> 16),
                             (guint8)(bm->prdt >> 24)};
    guint64 value = 0;

    for (guint i = 0; i < size && addr + i < sizeof(bytes); i++) {
        value |= (guint64)bytes[addr + i] << (8 * i);
    }
    return value;
}

static void dma_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    IdeBusMaster *bm = opaque;

    for (guint i = 0; i < size; i++) {
        guint8 byte = (guint8)(value >> (8 * i));
        guint offset = (guint)addr + i;

        if (offset == BM_COMMAND) {
            write_command(bm, byte);
        } else if (offset == BM_STATUS) {
            bm->status = (guint8)((byte & BM_STATUS_CAPABLE) | (bm->status & BM_STATUS_ACTIVE) |
                                  (bm->status & ~byte & (BM_STATUS_ERROR | BM_STATUS_INTERRUPT)));
        } else if (offset >= BM_PRDT && offset < BM_PRDT + 4) {
            guint shift = 8 * (offset - BM_PRDT);

            bm->prdt = (bm->prdt & ~(0xffu << shift)) | (guint32)byte << shift;
            bm->prdt &= ~3u;
        }
    }
}

static const IoOps dma_ops = {
    .read = dma_read,
    .write = dma_write,
    .min_size = 1,
    .max_size = 4,
};

void ide_bus_master_init(IdeBusMaster *bm, PciDevice *pci, IdeChannel *channel, const char *name)
{
    ide_dma_init(&bm->dma, &bus_master_ops, pci, channel, BOUNCE_MAX);
    region_init_io(&bm->region, name, &dma_ops, bm, 8);
}

void ide_bus_master_finish(IdeBusMaster *bm)
{
    region_finish(&bm->region);
    ide_dma_finish(&bm->dma);
}

void ide_bus_master_reset(IdeBusMaster *bm)
{
    bm->command = 0;
    bm->status = 0;
    bm->prdt = 0;
}

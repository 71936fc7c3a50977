/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/block/dma-list.h"

/* A list that had to grow beyond this is not kept. */
#define KEPT_CAPACITY 1024

struct DmaSegment {
    guint64 addr;   /* guest physical */
    DmaMap map;     /* with `bounce` NULL */
    guint8 *bounce; /* what is not plain memory */
};

static AddressSpace *memory(const DmaList *list)
{
    return list->pci->device.machine->memory;
}

static void reserve(DmaList *list, guint capacity)
{
    list->capacity = capacity;
    list->iov = g_renew(struct iovec, list->iov, capacity);
    list->segments = g_renew(struct DmaSegment, list->segments, capacity);
}

void dma_list_begin(DmaList *list, gboolean to_memory)
{
    g_assert(list->niov == 0);
    list->to_memory = to_memory;
    list->length = 0;
    list->bounced = 0;
}

gboolean dma_list_add(DmaList *list, guint64 addr, gsize length)
{
    struct DmaSegment *segment;
    guint8 *host;

    while (length > 0) {
        gsize part = length;

        if (list->niov == list->capacity) {
            reserve(list, list->capacity ? list->capacity * 2 : 16);
        }
        segment = &list->segments[list->niov];
        *segment = (struct DmaSegment){.addr = addr};
        host = address_space_map(memory(list), addr, &part, list->to_memory, &segment->map);
        if (!host) {
            part = length;
            if (part > list->bounce_max - list->bounced) {
                return FALSE;
            }
            list->bounced += (guint32)part;
            host = segment->bounce = g_malloc0(part);
        }
        list->iov[list->niov++] = (struct iovec){host, part};
        list->length += part;
        addr += part;
        length -= part;
    }
    return TRUE;
}

static void set_answering(DmaList *list, gboolean on)
{
    if (list->answering && list->bounced > 0) {
        *list->answering = on;
    }
}

gboolean dma_list_load(DmaList *list)
{
    gboolean fine = TRUE;

    set_answering(list, TRUE);
    for (guint i = 0; i < list->niov && fine; i++) {
        struct DmaSegment *segment = &list->segments[i];

        fine = !segment->bounce ||
               pci_dma_read(list->pci, segment->addr, segment->bounce, list->iov[i].iov_len);
    }
    set_answering(list, FALSE);
    return fine;
}

gboolean dma_list_release(DmaList *list, guint64 moved, gboolean give_up)
{
    gboolean fine = TRUE;

    set_answering(list, TRUE);
    for (guint i = 0; i < list->niov; i++) {
        struct DmaSegment *segment = &list->segments[i];
        gsize part = (gsize)MIN(moved, list->iov[i].iov_len);

        if (!segment->bounce) {
            address_space_unmap(memory(list), &segment->map, list->to_memory ? part : 0);
        } else if (list->to_memory && part > 0 && !give_up) {
            fine &= pci_dma_write(list->pci, segment->addr, segment->bounce, part);
        }
        g_free(segment->bounce);
        moved -= part;
    }
    set_answering(list, FALSE);
    list->niov = 0;
    if (list->capacity > KEPT_CAPACITY) {
        reserve(list, KEPT_CAPACITY);
    }
    return fine;
}

void dma_list_init(DmaList *list, PciDevice *pci, guint32 bounce_max)
{
    *list = (DmaList){.pci = pci, .bounce_max = bounce_max};
}

void dma_list_finish(DmaList *list)
{
    g_assert(list->niov == 0);
    g_clear_pointer(&list->iov, g_free);
    g_clear_pointer(&list->segments, g_free);
    list->capacity = 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Split virtqueues (Virtual I/O Device 1.2, 2.7). Nothing that is read from guest memory is
 * believed: indices, lengths, addresses and links are checked, and the walk over a chain ends.
 */
#include <string.h>

#include "hw/virtio/virtio.h"

/* Descriptors (2.7.5) */
#define DESC_SIZE       16
#define DESC_F_NEXT     1
#define DESC_F_WRITE    2
#define DESC_F_INDIRECT 4

/* Both rings: flags and index, then the entries (2.7.6, 2.7.8) */
#define RING_INDEX           2
#define RING_ENTRIES         4
#define AVAIL_ENTRY          2
#define USED_ENTRY           8
#define AVAIL_F_NO_INTERRUPT 1

typedef struct Descriptor {
    guint64 addr;
    guint32 length;
    guint16 flags, next;
} Descriptor;

/* ---- memory ---- */

gboolean virtio_memory(VirtioDevice *virtio, guint64 addr, void *buffer, gsize length,
                       gboolean is_write)
{
    AddressSpace *space = virtio->pci.device.machine->memory;
    guint8 *bytes = buffer;

    if (!pci_is_bus_master(&virtio->pci) || addr + length < addr) {
        return FALSE;
    }
    while (length > 0) {
        gsize part = length;
        DmaMap map;
        guint8 *host = address_space_map(space, addr, &part, is_write, &map);

        if (!host) {
            return FALSE;
        }
        if (is_write) {
            memcpy(host, bytes, part);
        } else {
            memcpy(bytes, host, part);
        }
        address_space_unmap(space, &map, is_write ? part : 0);
        addr += part;
        bytes += part;
        length -= part;
    }
    return TRUE;
}

static gboolean read_word(VirtQueue *queue, guint64 addr, guint16 *value)
{
    guint16 raw;

    if (!virtio_memory(queue->virtio, addr, &raw, sizeof raw, FALSE)) {
        virtio_break(queue->virtio, "a virtqueue is not in memory");
        return FALSE;
    }
    *value = GUINT16_FROM_LE(raw);
    return TRUE;
}

static gboolean write_word(VirtQueue *queue, guint64 addr, guint16 value)
{
    guint16 raw = GUINT16_TO_LE(value);

    if (!virtio_memory(queue->virtio, addr, &raw, sizeof raw, TRUE)) {
        virtio_break(queue->virtio, "a virtqueue is not in memory");
        return FALSE;
    }
    return TRUE;
}

/* ---- chains ---- */

static gboolean read_descriptor(VirtQueue *queue, guint64 table, guint n, Descriptor *desc)
{
    guint8 raw[DESC_SIZE];

    if (!virtio_memory(queue->virtio, table + (guint64)n * DESC_SIZE, raw, sizeof raw, FALSE)) {
        virtio_break(queue->virtio, "a descriptor is not in memory");
        return FALSE;
    }
    memcpy(&desc->addr, raw, 8);
    memcpy(&desc->length, raw + 8, 4);
    memcpy(&desc->flags, raw + 12, 2);
    memcpy(&desc->next, raw + 14, 2);
    desc->addr = GUINT64_FROM_LE(desc->addr);
    desc->length = GUINT32_FROM_LE(desc->length);
    desc->flags = GUINT16_FROM_LE(desc->flags);
    desc->next = GUINT16_FROM_LE(desc->next);
    return TRUE;
}

static const char *add_segment(VirtioChain *chain, const Descriptor *desc)
{
    guint count = chain->out_count + chain->in_count;

    if (count == VIRTIO_MAX_SEGMENTS) {
        return "a chain of descriptors is too long";
    }
    if (desc->flags & DESC_F_WRITE) {
        chain->in_count++;
        chain->in_size += desc->length;
    } else if (chain->in_count) {
        return "a chain of descriptors has something to read after something to write";
    } else {
        chain->out_count++;
        chain->out_size += desc->length;
    }
    chain->segments[count] = (VirtioSegment){desc->addr, desc->length};
    return NULL;
}

/* Where a walk over descriptors is: in the queue's table, or in an indirect one. */
typedef struct Walk {
    guint64 table;
    guint count; /* descriptors in it */
    guint left;  /* how many may still come: a loop ends here */
    gboolean indirect;
} Walk;

static const char *enter_indirect(VirtQueue *queue, Walk *walk, const Descriptor *desc)
{
    if (!virtio_has(queue->virtio, VIRTIO_F_INDIRECT_DESC)) {
        return "an indirect descriptor that was not negotiated";
    }
    if (walk->indirect || (desc->flags & DESC_F_NEXT)) {
        return "an indirect descriptor inside a table or a chain that goes on";
    }
    if (!desc->length || desc->length % DESC_SIZE ||
        desc->length / DESC_SIZE > VIRTIO_MAX_SEGMENTS) {
        return "an indirect table of a wrong size";
    }
    *walk = (Walk){desc->addr, desc->length / DESC_SIZE, desc->length / DESC_SIZE, TRUE};
    return NULL;
}

/* NULL, or what is wrong ("": it has been said). */
static const char *walk_chain(VirtQueue *queue, VirtioChain *chain)
{
    Walk walk = {queue->desc, queue->size, queue->size, FALSE};
    guint n = chain->head;
    Descriptor desc;

    for (;;) {
        const char *wrong;

        if (n >= walk.count) {
            return "a descriptor's number is out of bounds";
        }
        if (walk.left-- == 0) {
            return "a chain of descriptors is a loop";
        }
        if (!read_descriptor(queue, walk.table, n, &desc)) {
            return "";
        }
        if (desc.flags & DESC_F_INDIRECT) {
            wrong = enter_indirect(queue, &walk, &desc);
            n = 0;
        } else {
            wrong = add_segment(chain, &desc);
            n = desc.next;
        }
        if (wrong) {
            return wrong;
        }
        if (!(desc.flags & (DESC_F_NEXT | DESC_F_INDIRECT))) {
            return NULL;
        }
    }
}

/* ---- rings ---- */

static guint64 avail_end(const VirtQueue *queue)
{
    return queue->avail + RING_ENTRIES + (guint64)queue->size * AVAIL_ENTRY;
}

static guint64 used_end(const VirtQueue *queue)
{
    return queue->used + RING_ENTRIES + (guint64)queue->size * USED_ENTRY;
}

gboolean virtio_queue_check(const VirtQueue *queue)
{
    guint64 descriptors = queue->desc + (guint64)queue->size * DESC_SIZE;

    /* 2.7: a power of two, alignments of 16, 2 and 4; and no part goes round the end. */
    return queue->size && (queue->size & (queue->size - 1)) == 0 && queue->desc % 16 == 0 &&
           queue->avail % 2 == 0 && queue->used % 4 == 0 && descriptors >= queue->desc &&
           avail_end(queue) + 2 > queue->avail && used_end(queue) + 2 > queue->used;
}

void virtio_queue_reset(VirtQueue *queue)
{
    queue->size = queue->size_max;
    queue->vector = G_MAXUINT16;
    queue->enabled = FALSE;
    queue->desc = queue->avail = queue->used = 0;
    queue->next_avail = queue->next_used = queue->signalled = 0;
    queue->signalled_valid = FALSE;
}

/* How many chains wait; with EVENT_IDX asks to be told of the next one if there are none. */
static guint16 waiting(VirtQueue *queue)
{
    guint16 index, count;

    for (guint round = 0;; round++) {
        if (!read_word(queue, queue->avail + RING_INDEX, &index)) {
            return 0;
        }
        count = (guint16)(index - queue->next_avail);
        if (count > queue->size) {
            virtio_break(queue->virtio, "more chains are available than the queue holds");
            return 0;
        }
        if (count || round || !virtio_has(queue->virtio, VIRTIO_F_EVENT_IDX)) {
            break;
        }
        if (!write_word(queue, used_end(queue), queue->next_avail)) {
            return 0;
        }
        __atomic_thread_fence(__ATOMIC_SEQ_CST); /* the driver may have looked before: look again */
    }
    __atomic_thread_fence(__ATOMIC_ACQUIRE); /* the entries are read after the index */
    return count;
}

VirtioChain *virtio_peek(VirtioDevice *virtio, guint n)
{
    VirtQueue *queue = &virtio->queues[n];
    VirtioChain *chain = virtio->chain;
    guint entry = queue->next_avail & (queue->size - 1u);

    /* A driver that is about to go has switched DMA off: it is no mistake to wait then. */
    if (!queue->enabled || !virtio_is_live(virtio) || !pci_is_bus_master(&virtio->pci) ||
        !waiting(queue)) {
        return NULL;
    }
    memset(chain, 0, G_STRUCT_OFFSET(VirtioChain, segments));
    if (!read_word(queue, queue->avail + RING_ENTRIES + entry * AVAIL_ENTRY, &chain->head)) {
        return NULL;
    }
    const char *wrong = walk_chain(queue, chain);
    if (wrong) {
        if (*wrong) {
            virtio_break(virtio, wrong);
        }
        return NULL;
    }
    return chain;
}

void virtio_push(VirtioDevice *virtio, guint n, const VirtioChain *chain, guint32 written)
{
    VirtQueue *queue = &virtio->queues[n];
    guint64 entry =
        queue->used + RING_ENTRIES + (guint64)(queue->next_used & (queue->size - 1u)) * USED_ENTRY;
    guint32 raw[2] = {GUINT32_TO_LE(chain->head), GUINT32_TO_LE(written)};

    if (virtio->broken) {
        return;
    }
    if (!virtio_memory(virtio, entry, raw, sizeof raw, TRUE)) {
        virtio_break(virtio, "a used ring is not in memory");
        return;
    }
    __atomic_thread_fence(__ATOMIC_RELEASE); /* the driver sees the entry before the index */
    queue->next_avail++;
    queue->next_used++;
    write_word(queue, queue->used + RING_INDEX, queue->next_used);
}

/* 2.7.7, 2.7.10 */
static gboolean wants_interrupt(VirtQueue *queue)
{
    guint16 old = queue->signalled, now = queue->next_used, value;
    gboolean valid = queue->signalled_valid;

    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* the driver's wish is read after its index is set */
    if (!virtio_has(queue->virtio, VIRTIO_F_EVENT_IDX)) {
        return read_word(queue, queue->avail, &value) && !(value & AVAIL_F_NO_INTERRUPT);
    }
    if (!read_word(queue, avail_end(queue), &value)) {
        return FALSE;
    }
    queue->signalled = now;
    queue->signalled_valid = TRUE;
    return !valid || (guint16)(now - value - 1) < (guint16)(now - old);
}

void virtio_signal(VirtioDevice *virtio, guint n)
{
    VirtQueue *queue = &virtio->queues[n];

    if (queue->enabled && virtio_is_live(virtio) && wants_interrupt(queue)) {
        virtio_interrupt(virtio, queue->vector, VIRTIO_ISR_QUEUE);
    }
}

/* ---- data ---- */

static gsize transfer(VirtioDevice *virtio, const VirtioSegment *segments, guint count,
                      guint64 offset, void *buffer, gsize length, gboolean is_write)
{
    gsize done = 0;

    for (guint i = 0; i < count && done < length && !virtio->broken; i++) {
        const VirtioSegment *segment = &segments[i];
        gsize part;

        if (offset >= segment->length) {
            offset -= segment->length;
            continue;
        }
        part = MIN(length - done, segment->length - (gsize)offset);
        if (!virtio_memory(virtio, segment->addr + offset, (guint8 *)buffer + done, part,
                           is_write)) {
            virtio_break(virtio, "a buffer is not in memory");
            break;
        }
        done += part;
        offset = 0;
    }
    return done;
}

gsize virtio_read(VirtioDevice *virtio, const VirtioChain *chain, guint64 offset, void *buffer,
                  gsize length)
{
    return transfer(virtio, chain->segments, chain->out_count, offset, buffer, length, FALSE);
}

gsize virtio_write(VirtioDevice *virtio, const VirtioChain *chain, guint64 offset,
                   const void *buffer, gsize length)
{
    return transfer(virtio, chain->segments + chain->out_count, chain->in_count, offset,
                    (void *)buffer, length, TRUE);
}

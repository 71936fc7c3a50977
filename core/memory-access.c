/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <urcu-bp.h>

#include "core/log.h"
#include "core/memory-priv.h"

/* ---- one I/O region ---- */

static guint io_min(const IoOps *ops)
{
    return ops->min_size ? ops->min_size : 1;
}

static guint io_max(const IoOps *ops)
{
    return ops->max_size ? ops->max_size : 4;
}

static guint64 ones(guint size)
{
    return size >= 8 ? G_MAXUINT64 : (1ULL << (8 * size)) - 1;
}

/* Reads 1..8 bytes in units that the handlers accept. */
static guint64 io_read(Region *region, guint64 addr, guint size)
{
    const IoOps *ops = region->ops;
    guint unit = CLAMP(size, io_min(ops), io_max(ops));
    guint64 value = 0;

    if (!ops->read) {
        return ones(size);
    }
    if (unit > size) { /* narrower than the narrowest: a part of the unit that holds it */
        guint64 base = addr & ~(guint64)(unit - 1);
        return (ops->read(region->opaque, base, unit) >> (8 * (addr - base))) & ones(size);
    }
    for (guint done = 0; done < size; done += unit) {
        guint64 part = ops->read(region->opaque, addr + done, unit) & ones(unit);
        value |= part << (8 * done);
    }
    return value;
}

static void io_write(Region *region, guint64 addr, guint64 value, guint size)
{
    const IoOps *ops = region->ops;
    guint unit = CLAMP(size, io_min(ops), io_max(ops));

    if (!ops->write) {
        return;
    }
    if (unit > size) {
        ops->write(region->opaque, addr & ~(guint64)(unit - 1), value & ones(size), unit);
        return;
    }
    for (guint done = 0; done < size; done += unit) {
        ops->write(region->opaque, addr + done, (value >> (8 * done)) & ones(unit), unit);
    }
}

/* ---- lookup ---- */

/* Bytes of an access of `length` at `addr` that the range answers. */
static gsize range_span(const FlatRange *range, guint64 addr, gsize length)
{
    guint64 room = range->last - addr; /* minus one */
    return room < length ? (gsize)room + 1 : length;
}

/* Bytes until the next range begins, at most `length`; for the unassigned. */
static gsize hole_span(const FlatView *view, guint64 addr, gsize length)
{
    guint low = 0, high = view->count;

    while (low < high) {
        guint middle = (low + high) / 2;
        if (view->ranges[middle].addr <= addr) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < view->count ? MIN(view->ranges[low].addr - addr, length) : length;
}

/* The largest power of two that fits `length`, keeps alignment and is at most 8. */
static guint access_size(guint64 addr, gsize length)
{
    guint size = 8;
    while (size > length || (addr & (size - 1))) {
        size /= 2;
    }
    return size;
}

typedef struct Access {
    AddressSpace *space;
    guint64 addr;
    guint8 *buffer;
    gsize length; /* of this step */
    gboolean is_write;
    gboolean single; /* a CPU's access: not split unless the handler needs it */
} Access;

static void write_watch_fire(Region *region)
{
    void (*fn)(void *opaque) = region->write_watch;
    void *opaque = region->write_watch_opaque;

    if (fn) {
        region_watch_write(region, NULL, NULL);
        fn(opaque);
    }
}

static void access_ram(const FlatRange *range, const Access *access)
{
    guint64 offset = range->offset + (access->addr - range->addr);
    guint8 *host = range->region->host + offset;

    if (!access->is_write) {
        memcpy(access->buffer, host, access->length);
    } else {
        memcpy(host, access->buffer, access->length);
        region_mark_dirty(range->region, offset, access->length);
    }
}

static void access_io(const FlatRange *range, Access *access)
{
    guint64 offset = range->offset + (access->addr - range->addr);
    /* A processor splits an access that crosses a page, which may leave 3, 5, 6 or 7 bytes. */
    gboolean whole =
        access->single && access->length <= 8 && (access->length & (access->length - 1)) == 0;
    guint size = whole ? (guint)access->length : access_size(offset, access->length);
    guint64 value = 0;

    access->length = size;
    if (access->is_write) {
        memcpy(&value, access->buffer, size);
        io_write(range->region, offset, value, size);
    } else {
        value = io_read(range->region, offset, size);
        memcpy(access->buffer, &value, size);
    }
}

/* A handler's access, which may change the view. FALSE if that handler is what brought us here. */
static gboolean access_handler(const FlatRange *range, Access *access)
{
    Region *region = range->region;

    if (region->busy) {
        log_line(LOG_GUEST_ERROR, "%s: access by its own DMA ignored", region->name);
        return FALSE;
    }
    access->space->activity += !region->ops->housekeeping;
    region->busy = TRUE;
    access_io(range, access);
    region->busy = FALSE;
    return TRUE;
}

/* An access that a handler or a watch answers: with the lock, which keeps the view as it is. */
static gboolean access_locked(Access *access, gsize length)
{
    AddressSpace *space = access->space;
    gboolean take = !vm_lock_held(space->lock);
    gboolean assigned = TRUE;

    if (take) {
        vm_lock_take(space->lock, "device access");
    }
    int at = flat_view_find(space->view, access->addr);
    const FlatRange *range = at >= 0 ? &space->view->ranges[at] : NULL;
    if (!range) { /* the layout changed while we waited */
        access->length = hole_span(space->view, access->addr, length);
        assigned = FALSE;
    } else {
        access->length = range_span(range, access->addr, length);
        if (range->region->kind == REGION_IO ||
            (access->is_write && range->readonly && range->region->ops)) {
            assigned = access_handler(range, access);
        } else if (access->is_write && range->readonly) {
            /* ROM: the write is lost, as on the bus */
        } else {
            if (access->is_write) {
                Region *region = range->region;
                guint64 offset = range->offset + (access->addr - range->addr);
                write_watch_fire(region); /* may change the view: `range` is gone */
                memcpy(region->host + offset, access->buffer, access->length);
                region_mark_dirty(region, offset, access->length);
            } else {
                access_ram(range, access);
            }
        }
    }
    if (take) {
        vm_lock_drop(space->lock);
    }
    return assigned;
}

/*
 * After a direct write, whose dirty bits are set: a watch may have been armed between our look at
 * it and the write. Either the one who armed it finds the bits, or we find the watch; then the
 * write that it waits for has been.
 */
static void watch_missed(AddressSpace *space, guint64 addr)
{
    gboolean take = !vm_lock_held(space->lock);

    if (take) {
        vm_lock_take(space->lock, "missed watch");
    }
    int at = flat_view_find(space->view, addr);
    if (at >= 0) {
        write_watch_fire(space->view->ranges[at].region);
    }
    if (take) {
        vm_lock_drop(space->lock);
    }
}

static gboolean watch_is_armed(const Region *region)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* after the dirty bits */
    return __atomic_load_n(&region->write_watch, __ATOMIC_ACQUIRE) != NULL;
}

/* Carries out the first part of an access and says in access->length how much that was. */
static gboolean access_step(Access *access, gsize length)
{
    rcu_read_lock();
    FlatView *view = rcu_dereference(access->space->view);
    int at = flat_view_find(view, access->addr);
    const FlatRange *range = at >= 0 ? &view->ranges[at] : NULL;

    if (!range) {
        access->length = hole_span(view, access->addr, length);
        rcu_read_unlock();
        return FALSE;
    }
    gboolean is_io = range->region->kind == REGION_IO;
    gboolean direct =
        !is_io &&
        !(access->is_write &&
          (range->readonly || __atomic_load_n(&range->region->write_watch, __ATOMIC_ACQUIRE)));
    if (direct || (is_io && range->region->ops->lockless)) {
        access->length = range_span(range, access->addr, length);
        gboolean missed = FALSE;
        if (direct) {
            access_ram(range, access);
            missed = access->is_write && watch_is_armed(range->region);
        } else {
            access_io(range, access);
        }
        rcu_read_unlock();
        if (missed) {
            watch_missed(access->space, access->addr);
        }
        return TRUE;
    }
    rcu_read_unlock();
    return access_locked(access, length);
}

static gboolean access_all(AddressSpace *space, guint64 addr, guint8 *buffer, gsize length,
                           gboolean is_write, gboolean single)
{
    gboolean assigned = TRUE;

    while (length > 0) {
        Access access = {space, addr, buffer, length, is_write, single};
        if (!access_step(&access, length)) {
            assigned = FALSE;
            if (!is_write) {
                memset(buffer, 0xff, access.length);
            }
        }
        addr += access.length;
        buffer += access.length;
        length -= access.length;
    }
    return assigned;
}

gboolean address_space_read(AddressSpace *space, guint64 addr, void *buffer, gsize length)
{
    return access_all(space, addr, buffer, length, FALSE, FALSE);
}

gboolean address_space_write(AddressSpace *space, guint64 addr, const void *buffer, gsize length)
{
    return access_all(space, addr, (guint8 *)buffer, length, TRUE, FALSE);
}

guint64 address_space_load(AddressSpace *space, guint64 addr, guint size)
{
    guint64 value = 0;
    g_assert(size <= 8);
    access_all(space, addr, (guint8 *)&value, size, FALSE, TRUE);
    return value;
}

void address_space_store(AddressSpace *space, guint64 addr, guint64 value, guint size)
{
    g_assert(size <= 8);
    access_all(space, addr, (guint8 *)&value, size, TRUE, TRUE);
}

/* ---- DMA ---- */

guint8 *address_space_map(AddressSpace *space, guint64 addr, gsize *length, gboolean is_write,
                          DmaMap *map)
{
    guint8 *host = NULL;

    *map = (DmaMap){0};
    rcu_read_lock();
    FlatView *view = rcu_dereference(space->view);
    int at = *length ? flat_view_find(view, addr) : -1;
    const FlatRange *range = at >= 0 ? &view->ranges[at] : NULL;

    if (range && range->region->kind != REGION_IO &&
        !(is_write &&
          (range->readonly || __atomic_load_n(&range->region->write_watch, __ATOMIC_ACQUIRE)))) {
        guint64 offset = range->offset + (addr - range->addr);
        *length = range_span(range, addr, *length);
        *map = (DmaMap){range->region, offset, *length, addr};
        host = range->region->host + offset;
    }
    rcu_read_unlock();
    return host;
}

void address_space_unmap(AddressSpace *space, DmaMap *map, gsize written)
{
    if (map->region && written) {
        region_mark_dirty(map->region, map->offset, MIN(written, map->length));
        if (watch_is_armed(map->region)) {
            watch_missed(space, map->addr);
        }
    }
    *map = (DmaMap){0};
}

gboolean address_space_discard(AddressSpace *space, guint64 addr, guint64 length)
{
    guintptr page = (guintptr)sysconf(_SC_PAGESIZE);

    if (addr + length < addr) {
        return FALSE;
    }
    while (length > 0) {
        gsize part = length;
        DmaMap map;
        guint8 *host = address_space_map(space, addr, &part, TRUE, &map);

        if (!host) {
            return FALSE;
        }
        guintptr first = ((guintptr)host + page - 1) & ~(page - 1);
        guintptr end = ((guintptr)host + part) & ~(page - 1);
        if (first < end) {
            /* What is shared stays in the file unless there is a hole. */
            madvise((void *)first, end - first, map.region->shared ? MADV_REMOVE : MADV_DONTNEED);
        }
        address_space_unmap(space, &map, part);
        addr += part;
        length -= part;
    }
    return TRUE;
}

guint64 address_space_activity(AddressSpace *space)
{
    return space->activity;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/memory.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>
#include <urcu-bp.h>

#include "core/error.h"
#include "core/memory-priv.h"

/* ---- making regions ---- */

struct RegionMemory {
    void *host;
    gsize length;
};

static void region_init(Region *region, const char *name, RegionKind kind, guint64 size)
{
    *region = (Region){.name = name, .kind = kind, .size = size, .enabled = TRUE};
}

void region_init_container(Region *region, const char *name, guint64 size)
{
    region_init(region, name, REGION_CONTAINER, size);
    region->children = g_ptr_array_new();
}

static gboolean region_init_memory(Region *region, const char *name, RegionKind kind, guint64 size,
                                   GError **error)
{
    guint64 page = (guint64)sysconf(_SC_PAGESIZE);
    guint64 length = (size + page - 1) / page * page;

    region_init(region, name, kind, size);
    void *host = mmap(NULL, length, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (host == MAP_FAILED) {
        return error_set_errno(error, errno,
                               "cannot reserve %" G_GUINT64_FORMAT " MiB of memory for %s",
                               size >> 20, name);
    }
    madvise(host, length, MADV_DONTDUMP);
    region->memory = g_atomic_rc_box_new(RegionMemory);
    *region->memory = (RegionMemory){.host = host, .length = length};
    region->host = host;
    region->dirty = g_new0(unsigned long, region_dirty_words(region));
    return TRUE;
}

RegionMemory *region_memory_ref(Region *region)
{
    g_assert(region->memory);
    return g_atomic_rc_box_acquire(region->memory);
}

static void unmap(void *data)
{
    RegionMemory *memory = data;
    munmap(memory->host, memory->length);
}

void region_memory_unref(RegionMemory *memory)
{
    g_atomic_rc_box_release_full(memory, unmap);
}

static gsize mapped_length(const Region *region)
{
    return region->memory ? region->memory->length : 0;
}

gboolean region_init_ram(Region *region, const char *name, guint64 size, GError **error)
{
    return region_init_memory(region, name, REGION_RAM, size, error);
}

void region_init_ram_at(Region *region, const char *name, guint64 size, guint8 *host,
                        gboolean shared)
{
    region_init(region, name, REGION_RAM, size);
    region->host = host;
    region->shared = shared;
    region->dirty = g_new0(unsigned long, region_dirty_words(region));
}

gboolean region_init_rom(Region *region, const char *name, guint64 size, GError **error)
{
    return region_init_memory(region, name, REGION_ROM, size, error);
}

void region_init_io(Region *region, const char *name, const IoOps *ops, void *opaque, guint64 size)
{
    g_assert(ops->read || ops->write);
    region_init(region, name, REGION_IO, size);
    region->ops = ops;
    region->opaque = opaque;
}

void region_init_alias(Region *region, const char *name, Region *target, guint64 offset,
                       guint64 size)
{
    region_init(region, name, REGION_ALIAS, size);
    region->target = target;
    region->target_offset = offset;
    target->aliases = g_slist_prepend(target->aliases, region);
}

void region_finish(Region *region)
{
    g_assert(!region->parent);
    g_assert(!region->children || region->children->len == 0);
    g_assert(!region->aliases);
    if (region->kind == REGION_ALIAS) {
        region->target->aliases = g_slist_remove(region->target->aliases, region);
    }
    if (region->host) {
        synchronize_rcu(); /* no reader may still be copying from it */
    }
    if (region->memory) {
        region_memory_unref(region->memory);
    }
    g_clear_pointer(&region->children, g_ptr_array_unref);
    g_free(region->dirty);
    *region = (Region){0};
}

/* ---- the tree ---- */

/* Tells every space in which the region is seen, directly or through aliases. */
static void region_changed(Region *region)
{
    for (Region *up = region; up; up = up->parent) {
        for (GSList *alias = up->aliases; alias; alias = alias->next) {
            region_changed(alias->data);
        }
        if (!up->parent && up->kind == REGION_CONTAINER && up->space) {
            memory_tree_changed(up->space);
        }
    }
}

/* After every child of equal or higher priority: highest last, so that the walk goes backwards. */
void region_add(Region *parent, guint64 addr, Region *child, int priority)
{
    guint i = 0;

    g_assert(parent->kind == REGION_CONTAINER && !child->parent);
    child->parent = parent;
    child->addr = addr;
    child->priority = priority;
    while (i < parent->children->len &&
           ((Region *)g_ptr_array_index(parent->children, i))->priority <= priority) {
        i++;
    }
    g_ptr_array_insert(parent->children, (gint)i, child);
    region_changed(parent);
}

void region_remove(Region *child)
{
    Region *parent = child->parent;
    if (parent) {
        g_ptr_array_remove(parent->children, child);
        child->parent = NULL;
        region_changed(parent);
    }
}

void region_set_enabled(Region *region, gboolean enabled)
{
    if (region->enabled != enabled) {
        region->enabled = enabled;
        region_changed(region);
    }
}

void region_set_addr(Region *region, guint64 addr)
{
    if (region->addr != addr) {
        region->addr = addr;
        region_changed(region);
    }
}

void region_set_size(Region *region, guint64 size)
{
    g_assert(!region->host || size <= mapped_length(region));
    if (region->size != size) {
        region->size = size;
        region_changed(region);
    }
}

void region_set_alias_offset(Region *region, guint64 offset)
{
    g_assert(region->kind == REGION_ALIAS);
    if (region->target_offset != offset) {
        region->target_offset = offset;
        region_changed(region);
    }
}

void region_set_alias_target(Region *region, Region *target)
{
    g_assert(region->kind == REGION_ALIAS);
    if (region->target != target) {
        region->target->aliases = g_slist_remove(region->target->aliases, region);
        target->aliases = g_slist_prepend(target->aliases, region);
        region->target = target;
        region_changed(region);
    }
}

void region_set_write_ops(Region *region, const IoOps *ops, void *opaque)
{
    g_assert(region->kind == REGION_ROM);
    region->ops = ops;
    region->opaque = opaque;
}

void region_set_readonly(Region *region, gboolean readonly)
{
    RegionKind kind = readonly ? REGION_ROM : REGION_RAM;
    g_assert(region->kind == REGION_RAM || region->kind == REGION_ROM ||
             region->kind == REGION_ALIAS);
    if (region->kind == REGION_ALIAS) {
        if (region->readonly != readonly) {
            region->readonly = readonly;
            region_changed(region);
        }
    } else if (region->kind != kind) {
        region->kind = kind;
        region_changed(region);
    }
}

guint64 region_size(const Region *region)
{
    return region->size;
}

guint8 *region_host(Region *region)
{
    return region->host;
}

/* ---- dirty log ---- */

#define BITS_PER_WORD (8 * sizeof(unsigned long))

gsize region_dirty_words(const Region *region)
{
    guint64 pages =
        (MAX(region->size, mapped_length(region)) + DIRTY_PAGE_SIZE - 1) >> DIRTY_PAGE_BITS;
    return (pages + BITS_PER_WORD - 1) / BITS_PER_WORD;
}

void region_set_dirty_log(Region *region, gboolean on)
{
    AddressSpace *space = region->space;
    region->dirty_logged = on;
    if (space) {
        memory_slots_changed(space);
    }
}

void region_set_write_observer(Region *region,
                               void (*fn)(void *opaque, guint64 offset, guint64 length),
                               void *opaque)
{
    region->observer_opaque = opaque;
    __atomic_store_n(&region->observer, fn, __ATOMIC_RELEASE);
}

void region_mark_dirty(Region *region, guint64 offset, guint64 length)
{
    void (*observer)(void *opaque, guint64 first, guint64 count) =
        __atomic_load_n(&region->observer, __ATOMIC_ACQUIRE);

    if (observer && length) {
        observer(region->observer_opaque, offset, length);
    }
    if (!__atomic_load_n(&region->dirty_logged, __ATOMIC_RELAXED) || length == 0) {
        return;
    }
    for (guint64 page = offset >> DIRTY_PAGE_BITS; page <= (offset + length - 1) >> DIRTY_PAGE_BITS;
         page++) {
        unsigned long bit = 1UL << (page % BITS_PER_WORD);
        __atomic_fetch_or(&region->dirty[page / BITS_PER_WORD], bit, __ATOMIC_RELEASE);
    }
}

/* ORs a slot's accelerator bits, which count from the slot's first page, into the region's. */
static void slot_take_dirty(AddressSpace *space, const MemorySlot *slot, unsigned long *bitmap)
{
    guint64 first = slot->offset >> DIRTY_PAGE_BITS;
    guint64 pages = slot->size >> DIRTY_PAGE_BITS;

    if (first % BITS_PER_WORD == 0) {
        space->listener->take_dirty(space->listener_opaque, slot, bitmap + first / BITS_PER_WORD);
        return;
    }
    g_autofree unsigned long *part = g_new0(unsigned long, pages / BITS_PER_WORD + 1);
    space->listener->take_dirty(space->listener_opaque, slot, part);
    for (guint64 i = 0; i < pages; i++) {
        if (part[i / BITS_PER_WORD] >> (i % BITS_PER_WORD) & 1) {
            bitmap[(first + i) / BITS_PER_WORD] |= 1UL << ((first + i) % BITS_PER_WORD);
        }
    }
}

gboolean region_take_dirty(Region *region, unsigned long *bitmap)
{
    AddressSpace *space = region->space;
    gsize words = region_dirty_words(region);
    gboolean any = FALSE;

    if (space && space->listener) {
        for (guint i = 0; i < space->slots->len; i++) {
            MemorySlot *slot = &g_array_index(space->slots, MemorySlot, i);
            if (slot->size && slot->region == region && slot->dirty_log) {
                slot_take_dirty(space, slot, bitmap);
            }
        }
    }
    for (gsize i = 0; i < words; i++) {
        if (__atomic_load_n(&region->dirty[i], __ATOMIC_RELAXED)) {
            bitmap[i] |= __atomic_exchange_n(&region->dirty[i], 0, __ATOMIC_ACQUIRE);
        }
        any |= bitmap[i] != 0;
    }
    return any;
}

void region_watch_write(Region *region, void (*fn)(void *opaque), void *opaque)
{
    AddressSpace *space = region->space;
    gboolean was_armed = region->write_watch != NULL;

    region->write_watch_opaque = opaque;
    __atomic_store_n(&region->write_watch, fn, __ATOMIC_SEQ_CST); /* before taking dirty bits */
    if (space && was_armed != (fn != NULL)) {
        memory_slots_changed(space);
    }
}

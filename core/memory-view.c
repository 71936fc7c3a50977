/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <unistd.h>
#include <urcu-bp.h>

#include "core/memory-priv.h"

/* ---- flattening ---- */

/*
 * Puts [addr, last] -> region into the sorted list where nothing answers yet: the tree is walked
 * from the highest priority down, so what is there already wins.
 */
static void ranges_add(GArray *ranges, FlatRange range)
{
    guint64 addr = range.addr;
    guint i = 0;

    while (i < ranges->len && g_array_index(ranges, FlatRange, i).last < addr) {
        i++;
    }
    for (;;) {
        FlatRange piece = range;
        gboolean blocked =
            i < ranges->len && g_array_index(ranges, FlatRange, i).addr <= range.last;
        guint64 gap_end = blocked ? g_array_index(ranges, FlatRange, i).addr : 0;

        if (!blocked || gap_end > addr) {
            piece.addr = addr;
            piece.last = blocked ? gap_end - 1 : range.last;
            piece.offset = range.offset + (addr - range.addr);
            g_array_insert_val(ranges, i, piece);
            i++;
        }
        if (!blocked || g_array_index(ranges, FlatRange, i).last >= range.last) {
            return;
        }
        addr = g_array_index(ranges, FlatRange, i).last + 1;
        i++;
    }
}

/* A window of the space being flattened: [addr, last] shows the region from `offset` on. */
typedef struct Window {
    guint64 addr, last;
    guint64 offset;
    gboolean readonly;
} Window;

/* Cuts the window down to the region's bytes [start, start + size). FALSE if nothing is left. */
static gboolean window_clip(Window *window, guint64 start, guint64 size)
{
    guint64 length = window->last - window->addr; /* minus one */
    guint64 first = MAX(window->offset, start);
    guint64 end = MIN(window->offset + length, start + (size - 1)); /* inclusive */

    if (size == 0 || first > end) {
        return FALSE;
    }
    window->addr += first - window->offset;
    window->last = window->addr + (end - first);
    window->offset = first;
    return TRUE;
}

/* Alias chains deeper than this are a loop, which is our own bug. */
#define MAX_DEPTH 32

static void flatten(AddressSpace *space, GArray *ranges, Region *region, Window window, int depth)
{
    g_assert(depth < MAX_DEPTH);
    if (!region->enabled || !window_clip(&window, 0, region->size)) {
        return;
    }
    switch (region->kind) {
    case REGION_CONTAINER:
        for (guint i = region->children->len; i-- > 0;) {
            Region *child = g_ptr_array_index(region->children, i);
            Window inner = window;
            if (child->size && window_clip(&inner, child->addr, child->size)) {
                inner.offset -= child->addr;
                flatten(space, ranges, child, inner, depth + 1);
            }
        }
        break;
    case REGION_ALIAS:
        window.offset += region->target_offset;
        window.readonly |= region->readonly;
        flatten(space, ranges, region->target, window, depth + 1);
        break;
    case REGION_RAM:
    case REGION_ROM:
        region->space = space;
        window.readonly |= region->kind == REGION_ROM;
        G_GNUC_FALLTHROUGH;
    case REGION_IO:
        ranges_add(ranges,
                   (FlatRange){window.addr, window.last, region, window.offset, window.readonly});
        break;
    }
}

/* Joins neighbours that are one run of the same memory, so that slots stay few. */
static void ranges_join(GArray *ranges)
{
    guint kept = 0;

    for (guint i = 1; i < ranges->len; i++) {
        FlatRange *a = &g_array_index(ranges, FlatRange, kept);
        FlatRange *b = &g_array_index(ranges, FlatRange, i);
        if (a->region == b->region && a->readonly == b->readonly && a->last + 1 == b->addr &&
            a->offset + (b->addr - a->addr) == b->offset) {
            a->last = b->last;
        } else {
            g_array_index(ranges, FlatRange, ++kept) = *b;
        }
    }
    if (ranges->len) {
        g_array_set_size(ranges, kept + 1);
    }
}

FlatView *flat_view_build(AddressSpace *space)
{
    GArray *ranges = g_array_new(FALSE, FALSE, sizeof(FlatRange));
    FlatView *view = g_new(FlatView, 1);
    Window all = {0, G_MAXUINT64, 0, FALSE};

    flatten(space, ranges, space->root, all, 0);
    ranges_join(ranges);
    view->count = ranges->len;
    view->ranges = (FlatRange *)(void *)g_array_free(ranges, FALSE);
    return view;
}

void flat_view_free(FlatView *view)
{
    if (view) {
        g_free(view->ranges);
        g_free(view);
    }
}

int flat_view_find(const FlatView *view, guint64 addr)
{
    int low = 0, high = (int)view->count - 1;

    while (low <= high) {
        int middle = (low + high) / 2;
        const FlatRange *range = &view->ranges[middle];
        if (addr < range->addr) {
            high = middle - 1;
        } else if (addr > range->last) {
            low = middle + 1;
        } else {
            return middle;
        }
    }
    return -1;
}

/* ---- slots ---- */

/* The slot that a range deserves; FALSE if it has none (I/O, or not a whole page). */
static gboolean slot_of_range(const FlatRange *range, MemorySlot *slot)
{
    guint64 page = (guint64)sysconf(_SC_PAGESIZE);
    guint64 skip = (page - range->addr % page) % page;
    guint64 length = range->last - range->addr + 1;

    if (range->region->kind == REGION_IO || length <= skip || (range->offset + skip) % page != 0) {
        return FALSE;
    }
    *slot = (MemorySlot){
        .addr = range->addr + skip,
        .size = (length - skip) / page * page,
        .host = range->region->host + range->offset + skip,
        .region = range->region,
        .offset = range->offset + skip,
        .readonly = range->readonly || range->region->write_watch,
        .dirty_log = range->region->dirty_logged && !range->readonly,
    };
    return slot->size != 0;
}

static gboolean slot_same_place(const MemorySlot *a, const MemorySlot *b)
{
    return a->addr == b->addr && a->size == b->size && a->host == b->host;
}

static MemorySlot *slot_find(AddressSpace *space, const MemorySlot *wanted)
{
    for (guint i = 0; i < space->slots->len; i++) {
        MemorySlot *slot = &g_array_index(space->slots, MemorySlot, i);
        if (slot->size && slot_same_place(slot, wanted)) {
            return slot;
        }
    }
    return NULL;
}

/* What the guest wrote to a slot that goes away or stops being logged must not be forgotten. */
static void slot_keep_dirty(AddressSpace *space, const MemorySlot *slot)
{
    if (!slot->dirty_log) {
        return;
    }
    guint64 pages = slot->size >> DIRTY_PAGE_BITS;
    gsize bits = 8 * sizeof(unsigned long);
    g_autofree unsigned long *bitmap = g_new0(unsigned long, pages / bits + 1);

    space->listener->take_dirty(space->listener_opaque, slot, bitmap);
    for (guint64 i = 0; i < pages; i++) {
        if (bitmap[i / bits] >> (i % bits) & 1) {
            region_mark_dirty(slot->region, slot->offset + (i << DIRTY_PAGE_BITS), 1);
        }
    }
}

static void slot_remove(AddressSpace *space, MemorySlot *slot)
{
    MemorySlot gone = *slot;

    slot_keep_dirty(space, slot);
    gone.size = 0;
    space->listener->set_slot(space->listener_opaque, &gone);
    slot->size = 0;
}

static void slot_insert(AddressSpace *space, MemorySlot slot)
{
    guint i = 0;

    while (i < space->slots->len && g_array_index(space->slots, MemorySlot, i).size) {
        i++;
    }
    if (i == space->slots->len) {
        g_array_set_size(space->slots, i + 1);
    }
    slot.index = i;
    g_array_index(space->slots, MemorySlot, i) = slot;
    space->listener->set_slot(space->listener_opaque, &slot);
}

/* TRUE if the view has no place for the slot any more. */
static gboolean slot_is_gone(const FlatView *view, const MemorySlot *slot)
{
    MemorySlot wanted;
    int at = slot->size ? flat_view_find(view, slot->addr) : -1;

    return slot->size && (at < 0 || !slot_of_range(&view->ranges[at], &wanted) ||
                          !slot_same_place(slot, &wanted));
}

/* Makes the listener's slots those of the view: first what goes, then what comes or changes. */
void memory_slots_changed(AddressSpace *space)
{
    FlatView *view = space->view;
    gboolean begun = FALSE;

    if (!space->listener) {
        return;
    }
    for (guint i = 0; i < space->slots->len; i++) {
        MemorySlot *slot = &g_array_index(space->slots, MemorySlot, i);
        if (slot_is_gone(view, slot)) {
            if (!begun && space->listener->begin) {
                space->listener->begin(space->listener_opaque);
            }
            begun = TRUE;
            slot_remove(space, slot);
        }
    }
    for (guint i = 0; i < view->count; i++) {
        MemorySlot wanted, *slot;
        if (!slot_of_range(&view->ranges[i], &wanted)) {
            continue;
        }
        if (!(slot = slot_find(space, &wanted))) {
            slot_insert(space, wanted);
        } else if (slot->readonly != wanted.readonly || slot->dirty_log != wanted.dirty_log) {
            if (!wanted.dirty_log) {
                slot_keep_dirty(space, slot);
            }
            slot->readonly = wanted.readonly;
            slot->dirty_log = wanted.dirty_log;
            space->listener->set_slot(space->listener_opaque, slot);
        }
    }
    if (begun && space->listener->end) {
        space->listener->end(space->listener_opaque);
    }
}

/* ---- publishing ---- */

static void view_replace(AddressSpace *space)
{
    FlatView *old = space->view;

    space->changed = FALSE;
    rcu_set_pointer(&space->view, flat_view_build(space));
    memory_slots_changed(space);
    if (old) {
        synchronize_rcu();
        flat_view_free(old);
    }
}

void memory_tree_changed(AddressSpace *space)
{
    space->changed = TRUE;
    if (space->transaction_depth == 0) {
        view_replace(space);
    }
}

void memory_transaction_begin(AddressSpace *space)
{
    space->transaction_depth++;
}

void memory_transaction_commit(AddressSpace *space)
{
    g_assert(space->transaction_depth > 0);
    if (--space->transaction_depth == 0 && space->changed) {
        view_replace(space);
    }
}

void address_space_listen(AddressSpace *space, const MemoryListenerOps *ops, void *opaque)
{
    if (space->listener) {
        for (guint i = 0; i < space->slots->len; i++) {
            MemorySlot *slot = &g_array_index(space->slots, MemorySlot, i);
            if (slot->size) {
                slot_remove(space, slot);
            }
        }
    }
    space->listener = ops;
    space->listener_opaque = opaque;
    memory_slots_changed(space);
}

AddressSpace *address_space_new(const char *name, Region *root, VmLock *lock)
{
    AddressSpace *space = g_new0(AddressSpace, 1);

    g_assert(root->kind == REGION_CONTAINER && !root->space && !root->parent);
    space->name = g_strdup(name);
    space->root = root;
    space->lock = lock;
    space->slots = g_array_new(FALSE, TRUE, sizeof(MemorySlot));
    root->space = space;
    view_replace(space);
    return space;
}

void address_space_free(AddressSpace *space)
{
    if (space) {
        address_space_listen(space, NULL, NULL);
        space->root->space = NULL;
        flat_view_free(space->view);
        g_array_unref(space->slots);
        g_free(space->name);
        g_free(space);
    }
}

Region *address_space_root(AddressSpace *space)
{
    return space->root;
}

/* ---- who looks at memory as a whole ---- */

void address_space_foreach_run(AddressSpace *space, void (*fn)(const MemoryRun *run, void *opaque),
                               void *opaque)
{
    for (guint i = 0; i < space->view->count; i++) {
        const FlatRange *range = &space->view->ranges[i];

        if (range->region->kind != REGION_IO) {
            MemoryRun run = {range->addr, range->last - range->addr + 1, range->region,
                             range->offset, range->readonly};
            fn(&run, opaque);
        }
    }
}

/* Gathers the memory below `region`, that behind aliases too. */
static void gather_memory(Region *region, GPtrArray *found)
{
    if (region->kind == REGION_RAM || region->kind == REGION_ROM) {
        if (!g_ptr_array_find(found, region, NULL)) {
            g_ptr_array_add(found, region);
        }
    } else if (region->kind == REGION_ALIAS) {
        gather_memory(region->target, found);
    }
    for (guint i = 0; region->children && i < region->children->len; i++) {
        gather_memory(g_ptr_array_index(region->children, i), found);
    }
}

void address_space_foreach_region(AddressSpace *space, void (*fn)(Region *region, void *opaque),
                                  void *opaque)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new();

    gather_memory(space->root, found);
    for (guint i = 0; i < found->len; i++) {
        fn(g_ptr_array_index(found, i), opaque);
    }
}

/* ---- printing ---- */

static const char *kind_name(const Region *region, gboolean readonly)
{
    switch (region->kind) {
    case REGION_RAM: return readonly ? "rom" : "ram";
    case REGION_ROM: return region->ops ? "romd" : "rom";
    case REGION_IO: return "i/o";
    default: return "container";
    }
}

#define FORMAT_RANGE "%016" G_GINT64_MODIFIER "x-%016" G_GINT64_MODIFIER "x"

static void print_tree(GString *out, Region *region, guint64 base, int depth)
{
    g_string_append_printf(out, "  %*s" FORMAT_RANGE " (prio %d, ", 2 * depth, "", base,
                           base + (region->size - 1), region->priority);
    if (region->kind == REGION_ALIAS) {
        g_string_append_printf(out, "alias): %s @%s %016" G_GINT64_MODIFIER "x%s", region->name,
                               region->target->name, region->target_offset,
                               region->readonly ? " [read-only]" : "");
    } else {
        g_string_append_printf(out, "%s): %s", kind_name(region, FALSE), region->name);
    }
    g_string_append(out, region->enabled ? "\n" : " [disabled]\n");
    for (guint i = region->children ? region->children->len : 0; i-- > 0;) {
        Region *child = g_ptr_array_index(region->children, i);
        print_tree(out, child, base + child->addr, depth + 1);
    }
}

void address_space_print(AddressSpace *space, GString *out, gboolean flat)
{
    g_string_append_printf(out, "%s: %s\n", flat ? "FlatView" : "address-space", space->name);
    if (!flat) {
        print_tree(out, space->root, 0, 0);
        return;
    }
    for (guint i = 0; i < space->view->count; i++) {
        const FlatRange *range = &space->view->ranges[i];
        g_string_append_printf(out, "  " FORMAT_RANGE " (%s): %s", range->addr, range->last,
                               kind_name(range->region, range->readonly), range->region->name);
        if (range->offset) {
            g_string_append_printf(out, " @%016" G_GINT64_MODIFIER "x", range->offset);
        }
        g_string_append_c(out, '\n');
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/memory.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

typedef struct Fixture {
    VmLock *lock;
    Region root;
    AddressSpace *space;
    guint64 last_addr, last_value;
    guint last_size, reads, writes;
    guint64 answer;
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
    f->lock = vm_lock_new();
    vm_lock_take(f->lock, "test");
    region_init_container(&f->root, "root", G_MAXUINT64);
    f->space = address_space_new("test", &f->root, f->lock);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    address_space_free(f->space);
    region_finish(&f->root);
    vm_lock_drop(f->lock);
    vm_lock_free(f->lock);
}

static guint64 io_read(void *opaque, guint64 addr, guint size)
{
    Fixture *f = opaque;
    g_assert_true(vm_lock_held(f->lock));
    f->last_addr = addr;
    f->last_size = size;
    f->reads++;
    return f->answer;
}

static void io_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    Fixture *f = opaque;
    f->last_addr = addr;
    f->last_value = value;
    f->last_size = size;
    f->writes++;
}

static const IoOps byte_ops = {io_read, io_write, 1, 1, FALSE};
static const IoOps word_ops = {io_read, io_write, 2, 2, FALSE};
static const IoOps any_ops = {io_read, io_write, 1, 8, FALSE};

static void unplug(Region *region)
{
    region_remove(region);
    region_finish(region);
}

static void test_ram(Fixture *f, gconstpointer data)
{
    Region ram;

    g_assert_true(region_init_ram(&ram, "ram", 0x3000, NULL));
    region_add(&f->root, 0x1000, &ram, 0);
    address_space_store(f->space, 0x1ffe, 0x11223344, 4);
    g_assert_cmphex(address_space_load(f->space, 0x1ffe, 4), ==, 0x11223344);
    g_assert_cmphex(region_host(&ram)[0xfff], ==, 0x33);
    /* Across the end: what is there is written, the rest is lost and reads as ones. */
    g_assert_false(address_space_write(f->space, 0x3fff, "\xab\xcd", 2));
    g_assert_cmphex(address_space_load(f->space, 0x3fff, 2), ==, 0xffab);
    g_assert_cmphex(address_space_load(f->space, 0, 8), ==, G_MAXUINT64);
    unplug(&ram);
    g_assert_cmphex(address_space_load(f->space, 0x1ffe, 1), ==, 0xff);
}

/* Who has a reference may read what the region has given up. */
static void test_memory_outlives_region(Fixture *f, gconstpointer data)
{
    Region ram;

    g_assert_true(region_init_ram(&ram, "card", 0x2000, NULL));
    guint8 *host = region_host(&ram);
    host[0x1fff] = 0x5a;
    RegionMemory *first = region_memory_ref(&ram), *second = region_memory_ref(&ram);
    region_finish(&ram);
    region_memory_unref(first);
    g_assert_cmphex(host[0x1fff], ==, 0x5a);
    region_memory_unref(second);
    unsigned char there[2];
    g_assert_cmpint(mincore(host, 0x2000, there), ==, -1);
    g_assert_cmpint(errno, ==, ENOMEM); /* not mapped */
}

static void test_top_of_space(Fixture *f, gconstpointer data)
{
    Region rom;
    guint8 bytes[2];

    g_assert_true(region_init_rom(&rom, "rom", 0x1000, NULL));
    region_host(&rom)[0xfff] = 0x5a;
    region_add(&f->root, G_MAXUINT64 - 0xfff, &rom, 0);
    g_assert_cmphex(address_space_load(f->space, G_MAXUINT64 - 1, 1), ==, 0);
    /* The root's size cannot express the very last byte: it reads as nothing, without a wrap. */
    address_space_read(f->space, G_MAXUINT64, bytes, 2);
    unplug(&rom);
}

static void test_priorities(Fixture *f, gconstpointer data)
{
    Region low, high, later;

    g_assert_true(region_init_ram(&low, "low", 0x4000, NULL));
    g_assert_true(region_init_ram(&high, "high", 0x1000, NULL));
    g_assert_true(region_init_ram(&later, "later", 0x1000, NULL));
    memset(region_host(&low), 1, 0x4000);
    memset(region_host(&high), 2, 0x1000);
    memset(region_host(&later), 3, 0x1000);
    region_add(&f->root, 0x1000, &high, 1);
    region_add(&f->root, 0, &low, 0);
    region_add(&f->root, 0x2000, &later, 0);
    g_assert_cmphex(address_space_load(f->space, 0x0ffe, 4), ==, 0x02020101);
    g_assert_cmphex(address_space_load(f->space, 0x1ffe, 4), ==, 0x03030202);
    g_assert_cmphex(address_space_load(f->space, 0x2ffe, 4), ==, 0x01010303);
    region_set_enabled(&high, FALSE);
    g_assert_cmphex(address_space_load(f->space, 0x1000, 1), ==, 1);
    region_set_enabled(&high, TRUE);
    region_set_addr(&high, 0x3000);
    g_assert_cmphex(address_space_load(f->space, 0x3000, 1), ==, 2);
    unplug(&low);
    unplug(&high);
    unplug(&later);
}

static void test_alias(Fixture *f, gconstpointer data)
{
    Region ram, window, shadow;

    g_assert_true(region_init_ram(&ram, "ram", 0x10000, NULL));
    region_init_alias(&window, "window", &ram, 0x4000, 0x1000);
    region_init_alias(&shadow, "shadow", &ram, 0x8000, 0x1000);
    region_set_readonly(&shadow, TRUE);
    region_add(&f->root, 0x100000, &window, 0);
    region_add(&f->root, 0x200000, &shadow, 0);
    address_space_store(f->space, 0x100010, 0x77, 1);
    g_assert_cmphex(region_host(&ram)[0x4010], ==, 0x77);
    address_space_store(f->space, 0x200000, 0x77, 1);
    g_assert_cmphex(region_host(&ram)[0x8000], ==, 0);
    region_set_alias_offset(&window, 0x5000);
    g_assert_cmphex(address_space_load(f->space, 0x100010, 1), ==, 0);
    region_remove(&window);
    region_remove(&shadow);
    region_finish(&window);
    region_finish(&shadow);
    region_finish(&ram);
}

/* A change inside a container that is seen only through an alias is seen at once. */
static void test_alias_of_container(Fixture *f, gconstpointer data)
{
    Region pci, hole, bar;

    region_init_container(&pci, "pci", 0x10000);
    region_init_alias(&hole, "hole", &pci, 0, 0x10000);
    region_add(&f->root, 0x50000, &hole, 0);
    region_init_io(&bar, "bar", &any_ops, f, 0x100);
    f->answer = 0x1234;
    region_add(&pci, 0x200, &bar, 0);
    g_assert_cmphex(address_space_load(f->space, 0x50208, 2), ==, 0x1234);
    g_assert_cmphex(f->last_addr, ==, 8);
    unplug(&bar);
    unplug(&hole);
    region_finish(&pci);
}

static void test_io_sizes(Fixture *f, gconstpointer data)
{
    Region bytes, words;

    region_init_io(&bytes, "bytes", &byte_ops, f, 0x10);
    region_init_io(&words, "words", &word_ops, f, 0x10);
    region_add(&f->root, 0x100, &bytes, 0);
    region_add(&f->root, 0x200, &words, 0);
    f->answer = 0x5a;
    g_assert_cmphex(address_space_load(f->space, 0x100, 4), ==, 0x5a5a5a5a);
    g_assert_cmpuint(f->reads, ==, 4); /* split into what the handler takes */
    f->answer = 0xa55a;
    g_assert_cmphex(address_space_load(f->space, 0x203, 1), ==, 0xa5); /* part of a wider unit */
    g_assert_cmphex(f->last_addr, ==, 2);
    g_assert_cmpuint(f->last_size, ==, 2);
    address_space_store(f->space, 0x204, 0x11223344, 4);
    g_assert_cmphex(f->last_addr, ==, 6);
    g_assert_cmphex(f->last_value, ==, 0x1122);
    /* What is left of an access that crosses a page has no size that a handler knows. */
    address_space_store(f->space, 0x201, 0x112233, 3);
    g_assert_cmpuint(f->last_size, ==, 2);
    g_assert_cmphex(f->last_addr, ==, 2);
    g_assert_cmphex(f->last_value, ==, 0x1122);
    /* Past the region's end: the handler is not asked. */
    f->writes = 0;
    address_space_store(f->space, 0x10e, 0x11223344, 4);
    g_assert_cmpuint(f->writes, ==, 2);
    unplug(&bytes);
    unplug(&words);
}

/* ---- a handler that comes back to itself ---- */

typedef struct Looper {
    AddressSpace *space;
    guint depth, deepest, calls;
    gboolean found;
} Looper;

static void loop_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    Looper *looper = opaque;
    guint8 byte = 0;

    looper->calls++;
    looper->depth++;
    looper->deepest = MAX(looper->deepest, looper->depth);
    looper->found = address_space_write(looper->space, 0x200, &byte, 1);
    if (looper->depth == 1) { /* reading it back is no better; RAM is where it was */
        g_assert_cmphex(address_space_load(looper->space, 0x200, 4), ==, 0xffffffff);
        g_assert_true(address_space_write(looper->space, 0x1000, &byte, 1));
    }
    looper->depth--;
}

static void test_reentry(Fixture *f, gconstpointer data)
{
    static const IoOps loop_ops = {NULL, loop_write, 1, 4, FALSE};
    Looper looper = {.space = f->space};
    Region io, ram, alias;

    region_init_io(&io, "looper", &loop_ops, &looper, 0x10);
    region_add(&f->root, 0x100, &io, 0);
    region_init_alias(&alias, "again", &io, 0, 0x10);
    region_add(&f->root, 0x200, &alias, 0);
    g_assert_true(region_init_ram(&ram, "ram", DIRTY_PAGE_SIZE, NULL));
    region_add(&f->root, 0x1000, &ram, 0);
    for (guint i = 1; i <= 3; i++) {
        address_space_store(f->space, 0x100, 1, 4);
        g_assert_cmpuint(looper.calls, ==, i); /* and the next access comes through again */
        g_assert_cmpuint(looper.deepest, ==, 1);
        g_assert_false(looper.found);
    }
    unplug(&alias);
    unplug(&io);
    unplug(&ram);
}

/* ---- dirty log and watch ---- */

static void test_dirty(Fixture *f, gconstpointer data)
{
    Region ram;
    unsigned long bitmap[1] = {0};

    g_assert_true(region_init_ram(&ram, "ram", 16 * DIRTY_PAGE_SIZE, NULL));
    region_add(&f->root, 0, &ram, 0);
    g_assert_cmpuint(region_dirty_words(&ram), ==, 1);
    address_space_store(f->space, 0, 1, 1); /* not logged yet */
    g_assert_false(region_take_dirty(&ram, bitmap));
    region_set_dirty_log(&ram, TRUE);
    address_space_store(f->space, 2 * DIRTY_PAGE_SIZE - 1, 0x1122, 2);
    region_mark_dirty(&ram, 5 * DIRTY_PAGE_SIZE, 0);
    g_assert_true(region_take_dirty(&ram, bitmap));
    g_assert_cmphex(bitmap[0], ==, 0x6);
    bitmap[0] = 0;
    g_assert_false(region_take_dirty(&ram, bitmap));
    unplug(&ram);
}

static void on_write(void *opaque)
{
    Fixture *f = opaque;
    g_assert_true(vm_lock_held(f->lock));
    f->writes++;
}

static void test_watch(Fixture *f, gconstpointer data)
{
    Region ram;
    DmaMap map;
    gsize length = 16;

    g_assert_true(region_init_ram(&ram, "ram", 4096, NULL));
    region_add(&f->root, 0, &ram, 0);
    region_watch_write(&ram, on_write, f);
    address_space_load(f->space, 0, 4);
    g_assert_null(address_space_map(f->space, 0, &length, TRUE, &map)); /* would bypass it */
    g_assert_nonnull(address_space_map(f->space, 0, &length, FALSE, &map));
    address_space_unmap(f->space, &map, 0);
    g_assert_cmpuint(f->writes, ==, 0);
    address_space_store(f->space, 0, 0x55, 1);
    g_assert_cmpuint(f->writes, ==, 1);
    g_assert_cmphex(region_host(&ram)[0], ==, 0x55);
    address_space_store(f->space, 0, 0x66, 1);
    g_assert_cmpuint(f->writes, ==, 1); /* one shot */
    unplug(&ram);
}

static void test_map(Fixture *f, gconstpointer data)
{
    Region ram, io;
    DmaMap map;
    gsize length = 0x4000;
    unsigned long bitmap[1] = {0};

    g_assert_true(region_init_ram(&ram, "ram", 0x2000, NULL));
    region_init_io(&io, "io", &any_ops, f, 0x1000);
    region_add(&f->root, 0x1000, &ram, 0);
    region_add(&f->root, 0x3000, &io, 0);
    region_set_dirty_log(&ram, TRUE);
    g_assert_true(address_space_map(f->space, 0x1800, &length, TRUE, &map) ==
                  region_host(&ram) + 0x800);
    g_assert_cmpuint(length, ==, 0x1800);
    address_space_unmap(f->space, &map, 0x900);
    region_take_dirty(&ram, bitmap);
    g_assert_cmphex(bitmap[0], ==, 3);
    length = 4;
    g_assert_null(address_space_map(f->space, 0x3000, &length, FALSE, &map));
    g_assert_null(address_space_map(f->space, 0x9000, &length, FALSE, &map));
    length = 0;
    g_assert_null(address_space_map(f->space, 0x1000, &length, FALSE, &map));
    unplug(&ram);
    unplug(&io);
}

/* ---- listener ---- */

typedef struct Listener {
    GString *trace;
    unsigned long dirty;
} Listener;

static void listen_slot(void *opaque, const MemorySlot *slot)
{
    Listener *listener = opaque;
    g_string_append_printf(listener->trace, "%c%u:%x+%x%s%s ", slot->size ? '+' : '-', slot->index,
                           (guint)slot->addr, (guint)slot->size, slot->readonly ? "r" : "",
                           slot->dirty_log ? "d" : "");
}

static void listen_dirty(void *opaque, const MemorySlot *slot, unsigned long *bitmap)
{
    Listener *listener = opaque;
    bitmap[0] |= listener->dirty;
    listener->dirty = 0;
}

static void listen_begin(void *opaque)
{
    g_string_append(((Listener *)opaque)->trace, "( ");
}

static void listen_end(void *opaque)
{
    g_string_append(((Listener *)opaque)->trace, ") ");
}

static const MemoryListenerOps listener_ops = {listen_begin, listen_end, listen_slot, listen_dirty};

static void test_slots(Fixture *f, gconstpointer data)
{
    Listener listener = {.trace = g_string_new(NULL)};
    Region ram, io;
    unsigned long bitmap[1] = {0};

    g_assert_true(region_init_ram(&ram, "ram", 0x8000, NULL));
    region_init_io(&io, "io", &any_ops, f, 0x10);
    region_add(&f->root, 0, &ram, 0);
    address_space_listen(f->space, &listener_ops, &listener);
    g_assert_cmpstr(listener.trace->str, ==, "+0:0+8000 ");
    g_string_truncate(listener.trace, 0);

    /* A device in the middle of a page: that page is nobody's slot. */
    memory_transaction_begin(f->space);
    region_add(&f->root, 0x2100, &io, 1);
    g_assert_cmpuint(listener.trace->len, ==, 0);
    memory_transaction_commit(f->space);
    g_assert_cmpstr(listener.trace->str, ==, "( -0:0+0 +0:0+2000 +1:3000+5000 ) ");
    g_string_truncate(listener.trace, 0);

    region_set_dirty_log(&ram, TRUE);
    g_assert_cmpstr(listener.trace->str, ==, "+0:0+2000d +1:3000+5000d ");
    listener.dirty = 2; /* page 1 of slot 0 */
    g_assert_true(region_take_dirty(&ram, bitmap));
    g_assert_cmphex(bitmap[0], ==, 2);

    /* Bits of a slot that goes away are kept. */
    listener.dirty = 1;
    bitmap[0] = 0;
    unplug(&io);
    g_assert_true(region_take_dirty(&ram, bitmap));
    g_assert_cmphex(bitmap[0], ==, 1);
    address_space_listen(f->space, NULL, NULL);
    unplug(&ram);
    g_string_free(listener.trace, TRUE);
}

/* ---- readers without the lock while the layout changes ---- */

typedef struct Reader {
    Fixture *f;
    gint stop;
    guint64 reads;
} Reader;

static gpointer read_forever(gpointer data)
{
    Reader *reader = data;
    while (!g_atomic_int_get(&reader->stop)) {
        guint64 value = address_space_load(reader->f->space, 0x1000, 1);
        g_assert_true(value == 0x11 || value == 0x22);
        __atomic_add_fetch(&reader->reads, 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

static void test_lock_free_readers(Fixture *f, gconstpointer data)
{
    Region under, over;
    Reader reader = {.f = f};

    g_assert_true(region_init_ram(&under, "under", 0x2000, NULL));
    g_assert_true(region_init_ram(&over, "over", 0x1000, NULL));
    memset(region_host(&under), 0x11, 0x2000);
    memset(region_host(&over), 0x22, 0x1000);
    region_add(&f->root, 0, &under, 0);
    region_add(&f->root, 0x1000, &over, 1);
    GThread *thread = g_thread_new("reader", read_forever, &reader);
    while (!__atomic_load_n(&reader.reads, __ATOMIC_RELAXED)) {
    }
    for (int i = 0; i < 200; i++) {
        region_set_enabled(&over, i & 1);
    }
    g_atomic_int_set(&reader.stop, 1);
    g_thread_join(thread); /* it never needed the lock, which we hold */
    g_assert_cmpuint(reader.reads, >, 0);
    unplug(&under);
    unplug(&over);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*fn)(Fixture *f, gconstpointer data);
    } tests[] = {
        {"/memory/ram", test_ram},
        {"/memory/outlives-region", test_memory_outlives_region},
        {"/memory/top-of-space", test_top_of_space},
        {"/memory/priorities", test_priorities},
        {"/memory/alias", test_alias},
        {"/memory/alias-of-container", test_alias_of_container},
        {"/memory/io-sizes", test_io_sizes},
        {"/memory/reentry", test_reentry},
        {"/memory/dirty", test_dirty},
        {"/memory/watch", test_watch},
        {"/memory/map", test_map},
        {"/memory/slots", test_slots},
        {"/memory/lock-free-readers", test_lock_free_readers},
    };

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add(tests[i].path, Fixture, NULL, set_up, tests[i].fn, tear_down);
    }
    return g_test_run();
}

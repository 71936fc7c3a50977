/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest memory of the software processor: slots, and which of their pages hold decoded code.
 */
#include "core/machine.h"
#include "tcg/block.h"
#include "tcg/mmu.h"
#include "tcg/request.h"
#include "tcg/run.h"

#define LINE_BITS 6 /* code is marked in units of 64 bytes */

/* ---- decoded code ---- */

static guint64 lines_of(guint64 first, guint64 last)
{
    guint low = (guint)(first >> LINE_BITS) & 63, high = (guint)(last >> LINE_BITS) & 63;

    return (~(guint64)0 >> (63 - high)) & (~(guint64)0 << low);
}

/* Bytes of one page were written. */
static void page_written(TcgAccel *tcg, TcgRam *ram, guint64 offset, gsize length)
{
    guint64 *mask = &ram->code_lines[offset >> PAGE_BITS];
    guint64 lines = lines_of(offset, offset + length - 1);
    const guint8 *host = ram->host + (offset & PAGE_MASK);
    Vcpu *self = vcpu_current();
    GPtrArray *vcpus = tcg->accel.machine->vcpus;

    if (!(__atomic_load_n(mask, __ATOMIC_ACQUIRE) & lines)) {
        return;
    }
    __atomic_store_n(mask, 0, __ATOMIC_RELEASE);
    for (guint i = 0; i < vcpus->len; i++) {
        Vcpu *vcpu = g_ptr_array_index(vcpus, i);
        if (vcpu == self) {
            code_cache_invalidate(tcg_cpu_of(vcpu), host);
        } else {
            tcg_request_invalidate(tcg_cpu_of(vcpu), host);
        }
    }
}

/* Somebody - a device, a debugger, the slow path of a store - wrote to RAM. Any thread. */
static void ram_written(void *opaque, guint64 offset, guint64 length)
{
    TcgRam *ram = opaque;
    guint64 end = offset + length;

    while (offset < end) {
        guint64 next = MIN(end, (offset & PAGE_MASK) + PAGE_SIZE);
        page_written(ram->tcg, ram, offset, next - offset);
        offset = next;
    }
}

void tcg_code_mark(TcgCpu *cpu, TcgRam *ram, guint64 offset, gsize length)
{
    guint64 *mask = &ram->code_lines[offset >> PAGE_BITS];
    guint64 lines = lines_of(offset, offset + length - 1);
    const guint8 *host = ram->host + (offset & PAGE_MASK);
    GPtrArray *vcpus = cpu->vcpu->machine->vcpus;

    if (__atomic_fetch_or(mask, lines, __ATOMIC_ACQ_REL) != 0) {
        return; /* all know already that the page holds code */
    }
    tcg_exclusive_begin(cpu);
    for (guint i = 0; i < vcpus->len; i++) {
        mmu_page_is_code(tcg_cpu_of(g_ptr_array_index(vcpus, i)), host);
    }
    tcg_exclusive_end(cpu);
}

/* ---- RAM ---- */

static TcgRam *ram_ref(TcgAccel *tcg, Region *region)
{
    TcgRam *ram;

    for (guint i = 0; i < tcg->rams->len; i++) {
        ram = g_ptr_array_index(tcg->rams, i);
        if (ram->region == region) {
            ram->slots++;
            return ram;
        }
    }
    ram = g_new0(TcgRam, 1);
    ram->tcg = tcg;
    ram->region = region;
    ram->host = region_host(region);
    ram->size = region_size(region);
    ram->slots = 1;
    ram->code_lines = g_new0(guint64, ram->size / PAGE_SIZE + 1);
    g_ptr_array_add(tcg->rams, ram);
    region_set_write_observer(region, ram_written, ram);
    return ram;
}

/* The guest is held: no translation leads to the memory any more once caches are clear. */
static void ram_unref(TcgAccel *tcg, TcgRam *ram)
{
    if (ram && --ram->slots == 0) {
        region_set_write_observer(ram->region, NULL, NULL);
        g_ptr_array_remove_fast(tcg->rams, ram);
        g_free(ram->code_lines);
        g_free(ram);
    }
}

/* ---- slots ---- */

static gint compare_slots(gconstpointer a, gconstpointer b)
{
    const TcgSlot *first = a, *second = b;

    return first->slot.addr < second->slot.addr ? -1 : first->slot.addr > second->slot.addr;
}

static void sort_slots(TcgAccel *tcg)
{
    g_array_set_size(tcg->sorted, 0);
    for (guint i = 0; i < tcg->slots->len; i++) {
        const TcgSlot *slot = &g_array_index(tcg->slots, TcgSlot, i);
        if (slot->slot.size) {
            g_array_append_val(tcg->sorted, *slot);
        }
    }
    g_array_sort(tcg->sorted, compare_slots);
}

const TcgSlot *tcg_find_slot(const TcgAccel *tcg, guint64 physical)
{
    const TcgSlot *slots = (const TcgSlot *)(void *)tcg->sorted->data;
    guint low = 0, high = tcg->sorted->len;

    while (low < high) {
        guint middle = (low + high) / 2;
        if (physical < slots[middle].slot.addr) {
            high = middle;
        } else if (physical - slots[middle].slot.addr >= slots[middle].slot.size) {
            low = middle + 1;
        } else {
            return &slots[middle];
        }
    }
    return NULL;
}

/* Cached translations rest on the slots, cached code on the memory in them. */
static void flush_all(TcgAccel *tcg, gboolean code)
{
    GPtrArray *vcpus = tcg->accel.machine->vcpus;

    for (guint i = 0; i < vcpus->len; i++) {
        TcgCpu *cpu = tcg_cpu_of(g_ptr_array_index(vcpus, i));
        mmu_flush(cpu, TRUE);
        if (code) {
            tcg_request_clear(cpu);
        }
    }
}

void tcg_set_slot(Accel *accel, const MemorySlot *slot)
{
    TcgAccel *tcg = (TcgAccel *)accel;
    TcgSlot *mine;
    TcgRam *old;

    tcg_hold_guest(accel);
    g_array_set_size(tcg->slots, MAX(tcg->slots->len, slot->index + 1));
    mine = &g_array_index(tcg->slots, TcgSlot, slot->index);
    old = mine->ram;
    mine->slot = *slot;
    mine->ram = slot->size && slot->host ? ram_ref(tcg, slot->region) : NULL;
    sort_slots(tcg);
    flush_all(tcg, old && old->slots == 1);
    ram_unref(tcg, old);
    tcg_release_guest(accel);
}

void tcg_take_dirty(Accel *accel, const MemorySlot *slot, unsigned long *bitmap)
{
    /* Nothing is kept here: stores mark the region itself. */
}

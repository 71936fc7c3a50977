/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "core/log.h"
#include "kvm/kvm-priv.h"

#define BITS_PER_WORD (8 * sizeof(unsigned long))

static void slot_write(KvmAccel *kvm, const MemorySlot *slot, guint64 size, guint32 flags)
{
    struct kvm_userspace_memory_region region = {
        .slot = slot->index,
        .flags = flags,
        .guest_phys_addr = slot->addr,
        .memory_size = size,
        .userspace_addr = (guint64)slot->host,
    };

    if (kvm_ioctl(kvm->vm_fd, KVM_SET_USER_MEMORY_REGION, &region) < 0) {
        report_warning("KVM refused %s at %#" G_GINT64_MODIFIER "x (%#" G_GINT64_MODIFIER
                       "x bytes): %s",
                       slot->region->name, slot->addr, slot->size, g_strerror(errno));
    }
}

void kvm_take_dirty(Accel *accel, const MemorySlot *slot, unsigned long *bitmap)
{
    KvmAccel *kvm = (KvmAccel *)accel;
    gsize words = (slot->size / DIRTY_PAGE_SIZE + BITS_PER_WORD - 1) / BITS_PER_WORD;
    unsigned long on_stack[64]; /* enough for 16 MiB: the scan allocates nothing */
    g_autofree unsigned long *on_heap =
        words > G_N_ELEMENTS(on_stack) ? g_new(unsigned long, words) : NULL;
    unsigned long *taken = on_heap ? on_heap : on_stack;
    struct kvm_dirty_log log = {.slot = slot->index, .dirty_bitmap = taken};

    memset(taken, 0, words * sizeof(unsigned long));
    if (kvm_ioctl(kvm->vm_fd, KVM_GET_DIRTY_LOG, &log) < 0) {
        return;
    }
    for (gsize i = 0; i < words; i++) {
        bitmap[i] |= taken[i];
    }
}

/*
 * KVM cannot turn a slot read-only: it has to go and come back, and its dirty bits go with it. To
 * lose none, nobody may write between taking them and the return.
 */
static void slot_replace(KvmAccel *kvm, const MemorySlot *slot, guint32 flags)
{
    guint64 pages = slot->size / DIRTY_PAGE_SIZE;
    g_autofree unsigned long *dirty = g_new0(unsigned long, pages / BITS_PER_WORD + 1);

    kvm_hold_guest(&kvm->accel);
    if (slot->dirty_log) {
        kvm_take_dirty(&kvm->accel, slot, dirty);
    }
    slot_write(kvm, slot, 0, 0);
    slot_write(kvm, slot, slot->size, flags);
    kvm_release_guest(&kvm->accel);
    for (guint64 i = 0; i < pages; i++) {
        if (dirty[i / BITS_PER_WORD] >> (i % BITS_PER_WORD) & 1) {
            region_mark_dirty(slot->region, slot->offset + i * DIRTY_PAGE_SIZE, 1);
        }
    }
}

void kvm_set_slot(Accel *accel, const MemorySlot *slot)
{
    KvmAccel *kvm = (KvmAccel *)accel;
    gboolean readonly = slot->readonly;
    guint32 flags =
        (readonly ? KVM_MEM_READONLY : 0) | (slot->dirty_log ? KVM_MEM_LOG_DIRTY_PAGES : 0);

    g_array_set_size(kvm->slot_state, MAX(kvm->slot_state->len, slot->index + 1));
    guint8 *was = &g_array_index(kvm->slot_state, guint8, slot->index);
    if (slot->size == 0) {
        slot_write(kvm, slot, 0, 0);
        *was = SLOT_ABSENT;
        return;
    }
    if (*was == SLOT_ABSENT || *was == (readonly ? SLOT_READONLY : SLOT_WRITABLE)) {
        slot_write(kvm, slot, slot->size, flags);
    } else {
        slot_replace(kvm, slot, flags);
    }
    *was = readonly ? SLOT_READONLY : SLOT_WRITABLE;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/apic.h"

Apic *apic_of(const Machine *machine, guint index)
{
    return index < machine->apics->len ? g_ptr_array_index(machine->apics, index) : NULL;
}

void apic_connect(Apic *apic, void (*attention)(void *opaque), void *opaque)
{
    apic->attention = attention;
    apic->attention_opaque = opaque;
}

void apic_send_message(Machine *machine, guint64 addr, guint32 data)
{
    gboolean held = vm_lock_held(machine->lock);
    Apic *first;

    if (!held) {
        vm_lock_take(machine->lock, "interrupt message");
    }
    first = apic_of(machine, 0);
    if (first) {
        first->ops->message(first, addr, data);
    }
    if (!held) {
        vm_lock_drop(machine->lock);
    }
}

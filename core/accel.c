/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/accel.h"

#include "core/machine.h"

static void listener_set_slot(void *opaque, const MemorySlot *slot)
{
    Accel *accel = opaque;
    accel->ops->set_slot(accel, slot);
}

static void listener_take_dirty(void *opaque, const MemorySlot *slot, unsigned long *bitmap)
{
    Accel *accel = opaque;
    accel->ops->take_dirty(accel, slot, bitmap);
}

static void listener_begin(void *opaque)
{
    Accel *accel = opaque;
    if (accel->ops->hold_guest) {
        accel->ops->hold_guest(accel);
    }
}

static void listener_end(void *opaque)
{
    Accel *accel = opaque;
    if (accel->ops->release_guest) {
        accel->ops->release_guest(accel);
    }
}

static const MemoryListenerOps memory_listener = {
    .begin = listener_begin,
    .end = listener_end,
    .set_slot = listener_set_slot,
    .take_dirty = listener_take_dirty,
};

gboolean accel_open(Machine *machine, const AccelOps *ops, OptionList *options, GError **error)
{
    Accel *accel = g_malloc0(ops->size);

    g_assert(!machine->accel && ops->size >= sizeof(Accel));
    accel->ops = ops;
    accel->machine = machine;
    options_set_defaults(ops->options, accel);
    if ((!options || (options_apply(ops->options, accel, options, error) &&
                      option_list_check_used(options, ops->name, error))) &&
        ops->open(accel, error)) {
        machine->accel = accel;
        address_space_listen(machine->memory, &memory_listener, accel);
        return TRUE;
    }
    options_clear(ops->options, accel);
    g_clear_pointer(&accel->cpuid_supported, g_array_unref);
    g_free(accel);
    return FALSE;
}

void accel_close(Machine *machine)
{
    Accel *accel = g_steal_pointer(&machine->accel);

    if (accel) {
        address_space_listen(machine->memory, NULL, NULL);
        accel->ops->close(accel);
        options_clear(accel->ops->options, accel);
        g_clear_pointer(&accel->cpuid_supported, g_array_unref);
        g_free(accel);
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/balloon.h"

#include "core/error.h"
#include "core/event.h"

gboolean balloon_register(Machine *machine, const BalloonOps *ops, void *opaque, GError **error)
{
    if (machine->balloon) {
        return error_set(error, "a machine has one balloon at most, and this one has it already");
    }
    machine->balloon = ops;
    machine->balloon_opaque = opaque;
    return TRUE;
}

void balloon_unregister(Machine *machine, void *opaque)
{
    if (machine->balloon_opaque == opaque) {
        machine->balloon = NULL;
        machine->balloon_opaque = NULL;
    }
}

void balloon_changed(Machine *machine)
{
    event_emit(machine, "BALLOON_CHANGE", "{'actual': <%x>}",
               (gint64)machine->balloon->actual(machine->balloon_opaque));
}

static gboolean need_balloon(Machine *machine, GError **error)
{
    if (!machine->balloon) {
        g_set_error(error, VITRINE_ERROR, VITRINE_ERROR_DEVICE_NOT_ACTIVE,
                    "No balloon device has been activated");
    }
    return machine->balloon != NULL;
}

gboolean balloon_set_target(Machine *machine, guint64 size, GError **error)
{
    if (!need_balloon(machine, error)) {
        return FALSE;
    }
    machine->balloon->set_target(machine->balloon_opaque, MIN(size, machine->ram_size));
    return TRUE;
}

gboolean balloon_actual(Machine *machine, guint64 *size, GError **error)
{
    if (!need_balloon(machine, error)) {
        return FALSE;
    }
    *size = machine->balloon->actual(machine->balloon_opaque);
    return TRUE;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The balloon seam: a device by which the guest gives memory back, as far as it can and as long as
 * the host wants. A machine has at most one. Sizes are bytes of memory that the guest has left. Vm
 * lock held.
 */
#pragma once

#include "core/machine.h"

typedef struct BalloonOps {
    void (*set_target)(void *opaque, guint64 size); /* at most machine->ram_size */
    guint64 (*actual)(void *opaque);
} BalloonOps;

/* The device's side. FALSE with an error if there is one already. */
gboolean balloon_register(Machine *machine, const BalloonOps *ops, void *opaque, GError **error);
void balloon_unregister(Machine *machine, void *opaque);
/* The guest has changed what it has: BALLOON_CHANGE. */
void balloon_changed(Machine *machine);

/* The monitor's. FALSE with an error if there is no balloon. */
gboolean balloon_set_target(Machine *machine, guint64 size, GError **error);
gboolean balloon_actual(Machine *machine, guint64 *size, GError **error);

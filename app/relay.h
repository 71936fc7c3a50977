/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A terminal lent to a frontend in another process. The frontend gets a pseudo-terminal of its
 * own, whose bytes are carried to and from the real one: so nothing that happens to that process
 * leaves the real one raw, it need not be its controlling terminal, and the shell's own
 * descriptors keep their flags. Used by `vitrine attach`, which has no main loop.
 */
#pragma once

#include "control/peer.h"

typedef struct Relay Relay;

/* Fails if standard input and output are no terminal. */
Relay *relay_new(GError **error);

/* The frontend's end, to be passed on. */
int relay_slave(Relay *relay);

typedef enum RelayEnd {
    RELAY_CLOSED, /* the frontend has closed itself */
    RELAY_SHUTDOWN,
    RELAY_LOST, /* the machine has died */
    RELAY_SIGNAL,
} RelayEnd;

/*
 * Carries bytes until frontend `id` goes, the machine does, or a signal ends us, whose number goes
 * to `*number`. The terminal is as it was before when this returns.
 */
RelayEnd relay_run(Relay *relay, ControlPeer *peer, const char *id, int *number);

void relay_free(Relay *relay); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Relay, relay_free)

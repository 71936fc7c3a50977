/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The other side of the control socket: a program that asks running machines. It has no loop;
 * calls wait, but not longer than they are told to.
 */
#pragma once

#include "control/message.h"

typedef struct ControlPeer ControlPeer;

#define CONTROL_PATIENCE_MS 5000

ControlPeer *control_peer_open(const char *path, GError **error);
void control_peer_free(ControlPeer *peer); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ControlPeer, control_peer_free)

/*
 * Sends a request and waits for its answer; takes `arguments` (NULL = none). `pass_fd` goes along
 * with it, unless -1. Returns the "return" object, NULL on an error, the machine's own included.
 */
JsonObject *control_peer_call(ControlPeer *peer, const char *request, JsonObject *arguments,
                              int pass_fd, int patience_ms, GError **error);

/* For poll(2). */
int control_peer_fd(ControlPeer *peer);

/*
 * Reads what has come without waiting. Returns FALSE once the machine has gone. An event goes to
 * `*event` (unref it), at most one a call; NULL = there is none (yet).
 */
gboolean control_peer_event(ControlPeer *peer, JsonObject **event);

/* Sends a request whose answer nobody waits for. */
void control_peer_tell(ControlPeer *peer, const char *request, JsonObject *arguments);

/* ---- machines ---- */

typedef struct ControlMachine {
    char *path;
    char *name;         /* -name, else the socket's */
    gint64 pid;         /* 0 = it did not answer */
    JsonObject *status; /* NULL = it did not answer */
} ControlMachine;

/* Asks every machine of this user for its status. Array of ControlMachine*, owned. */
GPtrArray *control_list(GError **error);

/*
 * Finds a machine by the name of its socket, its name, its process id, or an unambiguous beginning
 * of its name; NULL = the only one there is. Points into `machines`.
 */
ControlMachine *control_find(GPtrArray *machines, const char *text, GError **error);

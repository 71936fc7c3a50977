/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counts wrong passwords by the host that they came from, and locks a host out that gave too many:
 * passwords of eight characters do not stand guessing. Vm lock held.
 */
#pragma once

#include <glib.h>

typedef struct VncGuard VncGuard;

VncGuard *vnc_guard_new(void);
void vnc_guard_free(VncGuard *guard); /* NULL is fine */

/* For how many seconds more the host is locked out, 0 = it is not. */
guint vnc_guard_locked(VncGuard *guard, const char *host);

/* The host gave a password. Warns when that locks it out. */
void vnc_guard_tried(VncGuard *guard, const char *host, gboolean right);

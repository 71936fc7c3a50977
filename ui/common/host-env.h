/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connecting to a display server that is not the process's own (`display=`, `xauthority=` of
 * core/frontend.h): libraries take what they need from the environment, so it is changed around
 * the call that connects. Main thread, vm lock held from enter to leave.
 */
#pragma once

#include <glib.h>

/* TRUE for an X display (":1", "host:0"), FALSE for a Wayland socket ("wayland-1", "/run/..."). */
gboolean host_env_is_x11(const char *display);

/*
 * Asks a display server for an answer, any answer: FALSE if it takes the connection and then says
 * nothing for so long. (One that hangs, or is at the end of a dead ssh connection, would keep
 * whoever opens a window waiting for ever.) TRUE also when it cannot be found: opening says why.
 * Blocks; needs no lock.
 */
gboolean host_env_answers(const char *display, int patience_ms);

/*
 * The same as a frontend's reach(): for the server that `display=` in the options names, else the
 * environment's (of both kinds, if it has both). The error says which does not answer.
 */
gboolean host_env_reach(const char *options, GError **error);

typedef struct HostEnv HostEnv;

/*
 * Sets DISPLAY or WAYLAND_DISPLAY to `display` and hides the other, and sets XAUTHORITY. NULL or
 * "" leaves what is there. Undo it with host_env_leave().
 */
HostEnv *host_env_enter(const char *display, const char *xauthority);
void host_env_leave(HostEnv *env);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostEnv, host_env_leave)

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The folder of control sockets: $XDG_RUNTIME_DIR/vitrine, else /run/user/UID/vitrine, else
 * /tmp/vitrine-UID; the user's own, closed to everybody else. A machine's socket is NAME.sock, or
 * PID.sock if it has no name, or none that makes a file name, or another machine uses it.
 *
 * Sockets of processes that died are removed, under a lock on the folder's file ".lock": nobody
 * takes a socket that is just being made for a dead one. Any thread.
 */
#pragma once

#include <glib.h>

#define CONTROL_SUFFIX ".sock"

/* The folder's path (g_free). With `make`, makes it, and fails if it is not safe. */
char *control_dir(gboolean make, GError **error);

/* TRUE if the name can be that of a socket: letters, digits, '.', '_', '-' and no '.' in front. */
gboolean control_name_is_plain(const char *name);

/*
 * Makes a listening socket, close-on-exec and non-blocking, that only this user can connect to.
 * `name` may be NULL. Returns the fd, and its path (g_free); -1 on failure.
 */
int control_dir_listen(const char *name, char **path, GError **error);

/* Connects; returns the fd (close-on-exec, non-blocking) or -1 with errno. */
int control_dir_connect(const char *path);

/* Paths of all sockets there are, in order of their names; dead ones are removed first. */
GPtrArray *control_dir_list(GError **error);

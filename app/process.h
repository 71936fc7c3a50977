/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process around the machine: background, pid file, names. Main thread. */
#pragma once

#include <glib.h>
#include <termios.h>

/*
 * Forks; the parent waits until the child has called process_ready() and exits with 0, or with 1
 * if the child ended before. Returns in the child only. Before any thread is made.
 */
gboolean process_daemonize(GError **error);

/* The machine is ready: lets a daemon's parent go. Nothing to do in the foreground. */
void process_ready(void);

/* Writes the process id to a file, which stays locked. Fails if it is another process's. */
gboolean process_write_pidfile(const char *path, GError **error);

/* Removes the file again, if it was written. */
void process_remove_pidfile(void);

/* -chroot: no files but those below `folder` can be reached from now on. The pid file stays. */
gboolean process_enter_folder(const char *folder, GError **error);

/* -runas: becomes this user, with all threads and for good. `name` NULL: without the user's other
 * groups. */
gboolean process_become(const char *name, guint uid, guint gid, GError **error);

/*
 * Gives a terminal back if the process crashes: these settings and bytes, which must live until
 * it is called again for the descriptor with NULL. See Machine.guard_tty.
 */
void process_guard_tty(int fd, const struct termios *saved, const char *restore);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets of descriptors that a manager has opened for us (-add-fd, QMP's add-fd): the path
 * "/dev/fdset/N" stands for set N wherever path_open() is used. Whoever opens one gets a descriptor
 * of its own, from the set's first that suits the way of access.
 *
 * Any thread, with or without the vm lock: sets have a lock of their own. The descriptors belong
 * to the sets.
 */
#pragma once

#include <glib.h>
#include <sys/stat.h>

#include "core/machine.h"

#define FDSET_MAX_FDS 1024 /* in all sets together */

typedef struct FdSets FdSets;

FdSets *fdsets_new(void);
void fdsets_free(FdSets *sets);

/*
 * Adds `fd` (taken if that works) to the set `*id`, or with a negative one to a new set, whose
 * number comes back there. `note` is text that a manager wants to be told again; may be NULL.
 */
gboolean fdsets_add(FdSets *sets, gint64 *id, int fd, const char *note, GError **error);

/* Takes one out of a set, or (fd -1) the whole set; FALSE if there is no such. */
gboolean fdsets_remove(FdSets *sets, gint64 id, int fd);

/* In order of numbers; the lock is held while `fn` runs. */
void fdsets_foreach(FdSets *sets, void (*fn)(gint64 id, int fd, const char *note, void *opaque),
                    void *opaque);

/*
 * A manager has come, or has gone. With the last one and `drop`, sets go that nobody has ever
 * opened: who would name them?
 */
void fdsets_join(FdSets *sets);
void fdsets_leave(FdSets *sets, gboolean drop);

/* Whether the path names a set, be there such a set or not. */
gboolean fdset_is_path(const char *path);

/*
 * open(2) and stat(2), with sets. With one, O_TRUNC, O_APPEND and O_NONBLOCK do what they do, but
 * O_EXCL and O_CREAT nothing, and O_DIRECT needs a file that can be opened again.
 */
int path_open(Machine *machine, const char *path, int flags, mode_t mode);
int path_stat(Machine *machine, const char *path, struct stat *st);

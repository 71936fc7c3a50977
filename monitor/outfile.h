/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file that a command fills (dumps of memory): what fails half way is taken away again, so that
 * no half file passes for a good one. For a worker, one at a time; the vm lock is not needed.
 */
#pragma once

#include <glib.h>

#include "core/machine.h"

typedef struct OutFile {
    int fd;
    char *path;        /* NULL: a descriptor that was given */
    gboolean seekable; /* a regular file: what is all zeros is left out of it */
    guint64 position;
    const gboolean *cancel; /* atomic; once set, nobody is waited for */
} OutFile;

/* Makes or empties a file. FALSE with the reason. */
gboolean out_file_open(OutFile *file, Machine *machine, const char *path, const gboolean *cancel,
                       GError **error);
/* Writes to a descriptor, which belongs to the file from now on. */
void out_file_take(OutFile *file, int fd, const gboolean *cancel);

/* Writes at the end of what was written so far; FALSE with the reason. */
gboolean out_file_write(OutFile *file, const void *data, gsize length, GError **error);
/* The same, leaving a hole where there are only zeros. */
gboolean out_file_write_sparse(OutFile *file, const guint8 *data, gsize length, GError **error);
/* Leaves room, for out_file_write_at(). Seekable files only. */
void out_file_skip(OutFile *file, gsize length);
gboolean out_file_write_at(OutFile *file, guint64 offset, const void *data, gsize length,
                           GError **error);

/* Ends the file: FALSE with the reason if not all of it could be kept. */
gboolean out_file_finish(OutFile *file, GError **error);
/* Gives it up: a file is removed. */
void out_file_abandon(OutFile *file);

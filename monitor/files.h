/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Completion of file names. A directory is read by a worker, since it may be slow; the answer
 * comes on the loop.
 */
#pragma once

#include <glib.h>

#include "core/machine.h"

typedef struct FileQuery FileQuery;

/* How names are written, so that HMP's parser reads them back. */
typedef enum FileQuoting {
    FILES_PLAIN,  /* as they are: those with spaces or quotes are left out */
    FILES_MIXED,  /* in quotes if one of them needs it */
    FILES_QUOTED, /* in quotes */
} FileQuoting;

/* `words`: whole paths as the user would type them, sorted, directories with a "/" at the end;
 * those in quotes without the closing one. */
typedef void (*FileQueryFn)(const GPtrArray *words, void *opaque);

/* Asks for the files whose path begins with `prefix`. `fn` is called once unless cancelled. */
FileQuery *file_query_start(Machine *machine, const char *prefix, FileQuoting quoting,
                            FileQueryFn fn, void *opaque);

/* `fn` will not be called. NULL is fine. */
void file_query_cancel(FileQuery *query);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words that could stand where a command wants a device, a backend, a character device or a path of
 * the object tree: the part of hmp_complete() that knows of these. Vm lock held. */
#pragma once

#include "monitor/command.h"

typedef struct CompleteObject {
    Machine *machine;
    const char *prefix; /* the unfinished word */
    const char *before; /* the word before it, NULL = none */
    void (*offer)(const char *word, void *opaque);
    void *opaque;
    gsize *file_at; /* set if a file could stand there: where it begins in the prefix */
} CompleteObject;

/* Offers what there is, fitting or not. TRUE: more may follow the word directly. */
gboolean complete_object(const CompleteObject *what, CommandNoun noun);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HMP's syntax: a line of text to a command call, and what could complete it. Vm lock held (an
 * expression may ask a vCPU for its registers, which drops the lock while it waits). The line may
 * come from anyone.
 */
#pragma once

#include <glib.h>

#include "monitor/command.h"
#include "monitor/files.h"

/*
 * Parses a line. NULL without an error: there is nothing to do (empty, or a # comment). NULL with
 * an error: `*command` is the row it is about, for a hint at its help, or NULL if none was found.
 */
CommandCall *hmp_parse(CommandContext *context, const char *line, const Command **command,
                       GError **error);

typedef struct HmpCompletion {
    gsize start;          /* what the words replace begins here in the text */
    GPtrArray *words;     /* of char *, sorted; empty if nothing fits */
    gboolean wants_files; /* the caller should list files that begin with `file` */
    char *file;           /* as far as it is typed, without quotes */
    FileQuoting quoting;  /* how their names are to be written */
    char *wants_frontend; /* the caller should load this frontend, and ask again; NULL = none */
    const char *after;    /* what a single word is followed by: a space, or "" if more may follow */
} HmpCompletion;

/* What fits at the end of `text`, the line up to the cursor. `loaded`: a frontend that was asked
 * for, or NULL. */
void hmp_complete(CommandContext *context, const char *text, const struct FrontendOps *loaded,
                  HmpCompletion *completion);
void hmp_completion_clear(HmpCompletion *completion);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words that come first on the command line and ask running machines instead of starting one:
 * `vitrine list`. (An image of that name is `vitrine ./list`.) These have no main loop and no vm
 * lock; each returns the exit status.
 */
#pragma once

#include <glib.h>

typedef struct Verb {
    const char *name;
    const char *arg; /* form of what follows */
    const char *help;
    int (*run)(char **words, GError **error); /* NULL-ended, without the verb; -1 = error */
} Verb;

/* Ended by a NULL name. */
extern const Verb verbs[];

const Verb *verb_find(const char *name);

/* verb-list.c, verb-attach.c */
int verb_list(char **words, GError **error);
int verb_attach(char **words, GError **error);
int verb_detach(char **words, GError **error);

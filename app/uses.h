/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Uses of options, in the order in which they count: those of configuration files stand where the
 * file was named. They are gathered first, so that -set can change one, and applied then.
 */
#pragma once

#include "app/options.h"

typedef struct CliUse {
    const CliOption *option; /* NULL = an image */
    char *word;              /* what errors call it: "-device", "FILE:3: [device]" */
    char *value;             /* NULL if the option takes none */
    gboolean of_user;        /* from a file that nobody named: -writeconfig leaves it out */
} CliUse;

/* An empty array of CliUse*. */
GPtrArray *cli_uses_new(void);
/* Copies its strings. */
CliUse *cli_uses_add(GPtrArray *uses, const CliOption *option, const char *word, const char *value);

/* Finds a row of the table; NULL if there is none. */
const CliOption *cli_option_find(const char *name);
/* Always FALSE. The error says what `name` may have been meant for. */
gboolean cli_option_unknown(const char *word, const char *name, GError **error);

/* -readconfig: appends the uses of a file. Error: "FILE:LINE: ...". */
gboolean cli_config_read(GPtrArray *uses, const char *path, GError **error);
/* The same for a text; `name` stands for it in errors. */
gboolean cli_config_parse(GPtrArray *uses, const char *name, const char *text, GError **error);
/* Reads the files that are read unasked, of those that exist. */
gboolean cli_config_read_defaults(GPtrArray *uses, GError **error);
/* -writeconfig: the uses as such a text (g_free). Error: a value that has no place in one. */
char *cli_config_format(GPtrArray *uses, GError **error);
/* -set GROUP.ID.ARG=VALUE: changes an earlier use. */
gboolean cli_config_set(GPtrArray *uses, const char *text, GError **error);

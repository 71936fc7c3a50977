/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Typed options: one table of rows describes what can be set on a device, drive, frontend or
 * character device, and feeds parsing, help, introspection and `info qtree`.
 *
 * A row names a field of the object's struct by offset. An option string is QEMU's:
 * "value,key=value,key=on,flag" - the first bare word is the value of the table's implied key; a
 * later bare word is a boolean set to on ("no" before it: off); ",," stands for a comma.
 */
#pragma once

#include <glib.h>

typedef enum OptionType {
    OPTION_BOOL,   /* gboolean; on/off, yes/no, true/false */
    OPTION_INT,    /* gint64 */
    OPTION_UINT,   /* guint64; decimal, 0x hexadecimal */
    OPTION_SIZE,   /* guint64 bytes; suffixes K M G T (1024), fractions, as QEMU's */
    OPTION_STRING, /* char *, owned by the object, NULL when unset */
    OPTION_ENUM,   /* int, index into `values` */
} OptionType;

typedef struct OptionSpec {
    const char *name;
    OptionType type;
    gsize offset;
    const char *def;           /* default as a user would type it; NULL = 0, off or unset */
    const char *help;          /* one line, no full stop */
    guint64 min, max;          /* for INT (as gint64), UINT and SIZE; both 0 = any */
    const char *const *values; /* for ENUM: NULL-ended */
    const char *glue; /* for STRING: a value that is given again is added, after this; NULL = the
                         last one counts */
    gboolean live;    /* can be changed while the object is in use, which is told then */
} OptionSpec;

/* Ends a table. */
#define OPTION_END \
    {              \
        NULL       \
    }

/* A parsed "key=value" list in the order given; keys may repeat. */
typedef struct OptionList OptionList;

OptionList *option_list_parse(const char *text, const char *implied_key, GError **error);
OptionList *option_list_new(void);
OptionList *option_list_copy(const OptionList *list);
void option_list_free(OptionList *list);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OptionList, option_list_free)
void option_list_add(OptionList *list, const char *key, const char *value);
/* Last value of `key`, or NULL. Marks it as used. */
const char *option_list_get(OptionList *list, const char *key);
/* All values of `key` with `glue` between them (g_free), or NULL. Marks it as used. */
char *option_list_join(OptionList *list, const char *key, const char *glue);
/* Removes `key` and returns its last value (g_free), or NULL. */
char *option_list_take(OptionList *list, const char *key);
/* Fails naming the first key that nothing has used; `what` says whose option it would be. */
gboolean option_list_check_used(OptionList *list, const char *what, GError **error);
/* TRUE if the list asks for help (a bare "help" or "?"). */
gboolean option_list_wants_help(OptionList *list);
/* The list as text that option_list_parse() makes the same list of (g_free). The first word is the
 * bare value of `implied_key`, unless that is NULL or not in the list. */
char *option_list_format(const OptionList *list, const char *implied_key);
void option_list_foreach(OptionList *list,
                         void (*fn)(const char *key, const char *value, void *opaque),
                         void *opaque);

/* Sets every field of `object` to its default. Defaults are the program's own: must parse. */
void options_set_defaults(const OptionSpec *specs, void *object);

/* Sets one option from text. Error: names the option, the value, and what would be right. */
gboolean options_set(const OptionSpec *specs, void *object, const char *name, const char *value,
                     GError **error);

/* Applies those entries of `list` that the table knows, marking them used. */
gboolean options_apply(const OptionSpec *specs, void *object, OptionList *list, GError **error);

/* An option's present value as text (g_free). */
char *options_get(const OptionSpec *specs, const void *object, const char *name);
char *option_format(const OptionSpec *spec, const void *object);

/* Frees the strings that options_set stored. */
void options_clear(const OptionSpec *specs, void *object);

/* Appends "  name=<type>  - help (default: x)" lines. */
void options_help(const OptionSpec *specs, GString *out);

/*
 * For programs: the type's name ("bool", "uint32", "size", "str"), the present value (b, x, t or
 * s; floating), and the default one (NULL: a string that is unset).
 */
const char *option_type(const OptionSpec *spec);
GVariant *option_value(const OptionSpec *spec, const void *object);
GVariant *option_default(const OptionSpec *spec);
/* Sets an option, or adds it to a list, from a value that must be of its type. */
gboolean option_set_value(const OptionSpec *spec, void *object, GVariant *value, GError **error);
gboolean option_list_add_value(OptionList *list, const OptionSpec *spec, GVariant *value,
                               GError **error);

/* Ids that users give: letters, digits, "-._", the first one a letter. */
gboolean option_check_id(const char *id, GError **error);

const OptionSpec *options_find(const OptionSpec *specs, const char *name);

/* Parsers for single values, shared with the command line. `what` names the option in errors. */
gboolean option_parse_bool(const char *what, const char *text, gboolean *value, GError **error);
gboolean option_parse_uint(const char *what, const char *text, guint64 *value, GError **error);
gboolean option_parse_size(const char *what, const char *text, char default_suffix, guint64 *value,
                           GError **error);

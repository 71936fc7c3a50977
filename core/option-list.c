/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "key=value,..." lists: see option.h for the grammar. */
#include <string.h>

#include "core/error.h"
#include "core/option.h"

typedef struct Entry {
    char *key, *value;
    char *bare; /* the word as typed when there was no '=', else NULL */
    gboolean used;
} Entry;

struct OptionList {
    GPtrArray *entries; /* of Entry* */
};

static void entry_free(void *data)
{
    Entry *entry = data;

    g_free(entry->key);
    g_free(entry->value);
    g_free(entry->bare);
    g_free(entry);
}

OptionList *option_list_new(void)
{
    OptionList *list = g_new0(OptionList, 1);

    list->entries = g_ptr_array_new_with_free_func(entry_free);
    return list;
}

void option_list_free(OptionList *list)
{
    if (list) {
        g_ptr_array_unref(list->entries);
        g_free(list);
    }
}

static Entry *add_entry(OptionList *list, const char *key, const char *value)
{
    Entry *entry = g_new0(Entry, 1);

    entry->key = g_strdup(key);
    entry->value = g_strdup(value);
    g_ptr_array_add(list->entries, entry);
    return entry;
}

void option_list_add(OptionList *list, const char *key, const char *value)
{
    add_entry(list, key, value);
}

OptionList *option_list_copy(const OptionList *list)
{
    OptionList *copy = option_list_new();

    for (guint i = 0; i < list->entries->len; i++) {
        const Entry *entry = g_ptr_array_index(list->entries, i);

        add_entry(copy, entry->key, entry->value)->bare = g_strdup(entry->bare);
    }
    return copy;
}

/* Takes text up to a single comma, making one of each double one; steps over the comma. */
static char *take_word(const char **text)
{
    GString *word = g_string_new(NULL);
    const char *p = *text;

    while (*p) {
        if (*p == ',') {
            p++;
            if (*p != ',') {
                break;
            }
        }
        g_string_append_c(word, *p++);
    }
    *text = p;
    return g_string_free(word, FALSE);
}

OptionList *option_list_parse(const char *text, const char *implied_key, GError **error)
{
    g_autoptr(OptionList) list = option_list_new();

    for (const char *p = text; *p;) {
        gsize key_length = strcspn(p, "=,");

        if (p[key_length] == '=') {
            g_autofree char *key = g_strndup(p, key_length);
            g_autofree char *value = NULL;

            if (!key_length) {
                error_set(error, "a name is missing before '%s'", p);
                return NULL;
            }
            p += key_length + 1;
            value = take_word(&p);
            add_entry(list, key, value);
        } else {
            gboolean first = p == text;
            g_autofree char *word = take_word(&p);
            Entry *entry;

            if (first && implied_key) {
                entry = add_entry(list, implied_key, word);
            } else if (!word[0]) {
                continue;
            } else if (g_str_has_prefix(word, "no") && word[2]) {
                entry = add_entry(list, word + 2, "off");
            } else {
                entry = add_entry(list, word, "on");
            }
            entry->bare = g_steal_pointer(&word);
        }
    }
    return g_steal_pointer(&list);
}

const char *option_list_get(OptionList *list, const char *key)
{
    const char *value = NULL;

    for (guint i = 0; i < list->entries->len; i++) {
        Entry *entry = g_ptr_array_index(list->entries, i);

        if (!strcmp(entry->key, key)) {
            entry->used = TRUE;
            value = entry->value;
        }
    }
    return value;
}

char *option_list_join(OptionList *list, const char *key, const char *glue)
{
    g_autoptr(GString) all = NULL;

    for (guint i = 0; i < list->entries->len; i++) {
        Entry *entry = g_ptr_array_index(list->entries, i);

        if (strcmp(entry->key, key)) {
            continue;
        }
        entry->used = TRUE;
        if (all) {
            g_string_append(all, glue);
        } else {
            all = g_string_new(NULL);
        }
        g_string_append(all, entry->value);
    }
    return all ? g_strdup(all->str) : NULL;
}

char *option_list_take(OptionList *list, const char *key)
{
    char *value = g_strdup(option_list_get(list, key));

    for (guint i = list->entries->len; i-- > 0;) {
        Entry *entry = g_ptr_array_index(list->entries, i);

        if (!strcmp(entry->key, key)) {
            g_ptr_array_remove_index(list->entries, i);
        }
    }
    return value;
}

gboolean option_list_check_used(OptionList *list, const char *what, GError **error)
{
    for (guint i = 0; i < list->entries->len; i++) {
        const Entry *entry = g_ptr_array_index(list->entries, i);

        if (!entry->used) {
            return error_set(error, "%s has no option '%s'", what,
                             entry->bare ? entry->bare : entry->key);
        }
    }
    return TRUE;
}

gboolean option_list_wants_help(OptionList *list)
{
    for (guint i = 0; i < list->entries->len; i++) {
        const Entry *entry = g_ptr_array_index(list->entries, i);

        if (entry->bare && (!strcmp(entry->bare, "help") || !strcmp(entry->bare, "?"))) {
            return TRUE;
        }
    }
    return FALSE;
}

static void append_escaped(GString *text, const char *value)
{
    for (const char *p = value; *p; p++) {
        g_string_append(text, *p == ',' ? ",," : (char[]){*p, 0});
    }
}

/* The entry whose value can stand alone: the last one of its key, and not empty. */
static const Entry *find_implied(const OptionList *list, const char *key)
{
    const Entry *found = NULL;

    for (guint i = 0; key && i < list->entries->len; i++) {
        const Entry *entry = g_ptr_array_index(list->entries, i);

        if (!strcmp(entry->key, key)) {
            found = entry;
        }
    }
    return found && *found->value && !strchr(found->value, '=') ? found : NULL;
}

char *option_list_format(const OptionList *list, const char *implied_key)
{
    GString *text = g_string_new(NULL);
    const Entry *implied = find_implied(list, implied_key);

    if (implied) {
        append_escaped(text, implied->value);
    }
    for (guint i = 0; i < list->entries->len; i++) {
        const Entry *entry = g_ptr_array_index(list->entries, i);

        if (implied && !strcmp(entry->key, implied_key)) {
            continue;
        }
        g_string_append_printf(text, "%s%s=", text->len ? "," : "", entry->key);
        append_escaped(text, entry->value);
    }
    return g_string_free(text, FALSE);
}

void option_list_foreach(OptionList *list,
                         void (*fn)(const char *key, const char *value, void *opaque), void *opaque)
{
    for (guint i = 0; i < list->entries->len; i++) {
        const Entry *entry = g_ptr_array_index(list->entries, i);

        fn(entry->key, entry->value, opaque);
    }
}

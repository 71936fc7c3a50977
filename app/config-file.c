/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Configuration files, in QEMU's form:
 *
 *     # comment
 *     [device "card0"]
 *       driver = "VGA"
 *
 * A section is one use of the option that stands behind its group; what other options say is in the
 * section [vitrine], a line each: k = "de", snapshot = "on", image = "disk.img".
 */
#include <errno.h>
#include <string.h>

#include "app/build-info.h"
#include "app/uses.h"
#include "core/error.h"
#include "core/option-json.h"

#define OWN_GROUP  "vitrine"
#define IMAGE_NAME "image"
#define FILE_NAME  "vitrine.conf"

typedef struct Group {
    const char *name;   /* in files, and for -set */
    const char *option; /* of the table */
    const char *implied;
} Group;

static const Group groups[] = {
    {"accel", "accel", "accel"},    {"action", "action", NULL},
    {"add-fd", "add-fd", NULL},

    {"boot-opts", "boot", "order"}, {"chardev", "chardev", "backend"},
    {"device", "device", "driver"}, {"drive", "drive", NULL},
    {"global", "global", NULL},     {"icount", "icount", "shift"},
    {"machine", "machine", "type"}, {"memory", "m", "size"},
    {"mon", "mon", "chardev"},      {"msg", "msg", NULL},
    {"name", "name", "guest"},      {"object", "object", "qom-type"},
    {"rtc", "rtc", NULL},           {"sandbox", "sandbox", "enable"},
    {"smbios", "smbios", NULL},

    {"smp-opts", "smp", "cpus"},    {"spice", "spice", NULL},
    {"vnc", "vnc", "vnc"},          {NULL},
};

static const Group *group_find(const char *name)
{
    for (const Group *group = groups; group->name; group++) {
        if (!strcmp(group->name, name) && cli_option_find(group->option)) {
            return group;
        }
    }
    return NULL;
}

static const Group *group_of(const CliOption *option)
{
    for (const Group *group = groups; option && group->name; group++) {
        if (!strcmp(group->option, option->name)) {
            return group;
        }
    }
    return NULL;
}

static gboolean group_unknown(const char *name, GError **error)
{
    g_autoptr(GString) known = g_string_new(NULL);

    for (const Group *group = groups; group->name; group++) {
        if (cli_option_find(group->option)) {
            g_string_append_printf(known, "%s, ", group->name);
        }
    }
    return error_set(error, "there is no option group '%s' (known: %s" OWN_GROUP ")", name,
                     known->str);
}

/* What can stand to the left of an equals sign. */
static gboolean is_key(const char *text)
{
    return *text && !strpbrk(text, ",=\"#[] \t\n\v\f\r") && g_utf8_validate(text, -1, NULL);
}

/* What can stand between quotes. */
static gboolean is_value(const char *text)
{
    return !strpbrk(text, "\n\r") && g_utf8_validate(text, -1, NULL);
}

static gboolean is_id(const char *text)
{
    return *text && !strchr(text, '"') && is_value(text);
}

/* ---- reading ---- */

typedef struct Reader {
    GPtrArray *uses;
    const char *name;
    guint line;
    /* the open section */
    const Group *group; /* NULL = none, or the own one */
    gboolean own;
    guint section_line;
    OptionList *list;
} Reader;

static void end_section(Reader *reader)
{
    if (reader->group) {
        g_autofree char *word =
            g_strdup_printf("%s:%u: [%s]", reader->name, reader->section_line, reader->group->name);
        g_autofree char *value = option_list_format(reader->list, reader->group->implied);

        cli_uses_add(reader->uses, cli_option_find(reader->group->option), word, value);
    }
    g_clear_pointer(&reader->list, option_list_free);
    reader->group = NULL;
    reader->own = FALSE;
}

/* `text` is what stands between the brackets: NAME, or NAME "ID". */
static gboolean begin_section(Reader *reader, char *text, GError **error)
{
    char *id = strchr(text, '"');

    if (id) {
        gsize length = strlen(id);

        if (length < 3 || id[length - 1] != '"' || strchr(id + 1, '"') != id + length - 1) {
            return error_set(error, "the id of a section stands as in [device \"id\"]");
        }
        id[length - 1] = 0;
        *id++ = 0;
    }
    g_strstrip(text);
    reader->own = !strcmp(text, OWN_GROUP) && !id;
    reader->group = reader->own ? NULL : group_find(text);
    if (!reader->own && !reader->group) {
        return group_unknown(text, error);
    }
    reader->section_line = reader->line;
    reader->list = option_list_new();
    if (id) {
        option_list_add(reader->list, "id", id);
    }
    return TRUE;
}

/* A line of the own section. */
static gboolean add_own(Reader *reader, const char *name, const char *value, GError **error)
{
    g_autofree char *word = g_strdup_printf("%s:%u: %s", reader->name, reader->line, name);
    const CliOption *option = cli_option_find(name);
    gboolean on = TRUE;

    if (!strcmp(name, IMAGE_NAME)) {
        cli_uses_add(reader->uses, NULL, word, value);
        return TRUE;
    }
    if (!option || !strcmp(name, "readconfig") || !strcmp(name, "set")) {
        return option ? error_set(error, "'%s' has no place in a file", name)
                      : cli_option_unknown(name, name, error);
    }
    if (!option->arg && !option_parse_bool(name, value, &on, error)) {
        return FALSE;
    }
    if (on) {
        cli_uses_add(reader->uses, option, word, option->arg ? value : NULL);
    }
    return TRUE;
}

/* KEY = "VALUE"; a quote in the value needs nothing, the last one of the line ends it. */
static gboolean add_line(Reader *reader, char *text, GError **error)
{
    char *equal = strchr(text, '=');
    char *value = equal ? g_strstrip(equal + 1) : NULL;
    gsize length = value ? strlen(value) : 0;

    if (length < 2 || value[0] != '"' || value[length - 1] != '"') {
        return error_set(error, "'%s' is neither [GROUP], [GROUP \"ID\"] nor KEY = \"VALUE\"",
                         text);
    }
    value[length - 1] = 0;
    value++;
    *equal = 0;
    g_strstrip(text);
    if (!is_key(text)) {
        return error_set(error, "'%s' cannot be the name of an option", text);
    }
    if (!reader->list) {
        return error_set(error, "'%s' stands before the first [GROUP]", text);
    }
    if (reader->own) {
        return add_own(reader, text, value, error);
    }
    option_list_add(reader->list, text, value);
    return TRUE;
}

static gboolean read_line(Reader *reader, char *text, GError **error)
{
    gsize length;

    if (!g_utf8_validate(text, -1, NULL)) {
        return error_set(error, "this is not UTF-8 text");
    }
    g_strstrip(text);
    length = strlen(text);
    if (length == 0 || text[0] == '#') {
        return TRUE;
    }
    if (text[0] != '[' || text[length - 1] != ']') {
        return add_line(reader, text, error);
    }
    end_section(reader);
    text[length - 1] = 0;
    return begin_section(reader, text + 1, error);
}

gboolean cli_config_parse(GPtrArray *uses, const char *name, const char *text, GError **error)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    Reader reader = {.uses = uses, .name = name};
    gboolean good = TRUE;

    for (guint i = 0; good && lines[i]; i++) {
        reader.line = i + 1;
        good = read_line(&reader, lines[i], error);
    }
    if (good) {
        end_section(&reader);
    } else {
        g_prefix_error(error, "%s:%u: ", name, reader.line);
        g_clear_pointer(&reader.list, option_list_free);
    }
    return good;
}

gboolean cli_config_read(GPtrArray *uses, const char *path, GError **error)
{
    g_autofree char *text = NULL;
    gsize length;

    if (!g_file_get_contents(path, &text, &length, NULL)) {
        return error_set_errno(error, errno, "cannot read '%s'", path);
    }
    if (memchr(text, 0, length)) {
        return error_set(error, "%s: this is no configuration file but binary data", path);
    }
    return cli_config_parse(uses, path, text, error);
}

gboolean cli_config_read_defaults(GPtrArray *uses, GError **error)
{
    g_autofree char *own = g_build_filename(g_get_user_config_dir(), "vitrine", FILE_NAME, NULL);
    const char *const paths[] = {VITRINE_CONFDIR "/" FILE_NAME, own};

    for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
        if (g_file_test(paths[i], G_FILE_TEST_EXISTS) && !cli_config_read(uses, paths[i], error)) {
            return FALSE;
        }
    }
    for (guint i = 0; i < uses->len; i++) {
        ((CliUse *)g_ptr_array_index(uses, i))->of_user = TRUE;
    }
    return TRUE;
}

/* ---- writing ---- */

typedef struct Writer {
    GString *text;
    gboolean in_own;
    char *bad; /* owned: the first option that cannot be written */
} Writer;

static void write_entry(const char *key, const char *value, void *opaque)
{
    Writer *writer = opaque;

    if (!writer->bad && !(is_key(key) && is_value(value))) {
        writer->bad = g_strdup(key);
    }
    g_string_append_printf(writer->text, "  %s = \"%s\"\n", key, value);
}

static void write_section(Writer *writer, const Group *group, OptionList *list)
{
    g_autofree char *id = option_list_take(list, "id");
    g_autofree char *first = group->implied ? option_list_take(list, group->implied) : NULL;

    if (id && !is_id(id) && !writer->bad) {
        writer->bad = g_strdup("id");
    }
    g_string_append_printf(writer->text, id ? "\n[%s \"%s\"]\n" : "\n[%s]\n", group->name, id);
    if (first) { /* once, of several the last, which is the one that counts */
        write_entry(group->implied, first, writer);
    }
    option_list_foreach(list, write_entry, writer);
    writer->in_own = FALSE;
}

static gboolean write_use(Writer *writer, const CliUse *use, GError **error)
{
    const Group *group = group_of(use->option);
    g_autoptr(OptionList) list = NULL;

    if (group) {
        list = option_list_parse_either(use->value, group->implied, error);
        if (!list) {
            return FALSE;
        }
        write_section(writer, group, list);
    } else {
        if (!writer->in_own) {
            g_string_append(writer->text, "\n[" OWN_GROUP "]\n");
            writer->in_own = TRUE;
        }
        write_entry(use->option ? use->option->name : IMAGE_NAME, use->value ? use->value : "on",
                    writer);
    }
    return !writer->bad ||
           error_set(error,
                     "'%s' or its value has no place in a file, which is lines of UTF-8 text",
                     writer->bad);
}

char *cli_config_format(GPtrArray *uses, GError **error)
{
    static const char *const left_out[] = {"writeconfig", "no-user-config", NULL};
    Writer writer = {.text = g_string_new("# vitrine config file\n")};
    gboolean good = TRUE;

    for (guint i = 0; good && i < uses->len; i++) {
        const CliUse *use = g_ptr_array_index(uses, i);

        if (!use->of_user && !(use->option && g_strv_contains(left_out, use->option->name))) {
            good = write_use(&writer, use, error);
        }
    }
    g_free(writer.bad);
    return g_string_free(writer.text, !good);
}

/* ---- changing ---- */

static CliUse *find_use(GPtrArray *uses, const Group *group, const char *id)
{
    for (guint i = uses->len; i-- > 0;) {
        CliUse *use = g_ptr_array_index(uses, i);
        g_autoptr(OptionList) list = NULL;

        if (group_of(use->option) != group) {
            continue;
        }
        list = option_list_parse_either(use->value, group->implied, NULL);
        if (list && !g_strcmp0(option_list_get(list, "id"), id)) {
            return use;
        }
    }
    return NULL;
}

gboolean cli_config_set(GPtrArray *uses, const char *text, GError **error)
{
    const char *equal = strchr(text, '=');
    g_autofree char *name = g_strndup(text, equal ? (gsize)(equal - text) : strlen(text));
    g_auto(GStrv) parts = g_strsplit(name, ".", 3); /* the rest may have dots */
    g_autoptr(OptionList) list = NULL;
    const Group *group;
    CliUse *use;

    if (!equal || g_strv_length(parts) != 3 || !*parts[0] || !*parts[1] || !*parts[2]) {
        return error_set(error, "'%s' is not of the form GROUP.ID.ARG=VALUE", text);
    }
    group = group_find(parts[0]);
    if (!group) {
        return group_unknown(parts[0], error);
    }
    use = find_use(uses, group, parts[1]);
    if (!use) {
        return error_set(error, "there is no %s \"%s\" before '%s'", parts[0], parts[1], text);
    }
    list = option_list_parse_either(use->value, group->implied, error);
    if (!list) {
        return FALSE;
    }
    g_free(option_list_take(list, parts[2]));
    option_list_add(list, parts[2], equal + 1);
    g_free(use->value);
    use->value = option_list_format(list, group->implied);
    return TRUE;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/parse.h"

#include <string.h>

#include "core/block.h"
#include "core/char.h"
#include "core/display.h"
#include "core/frontend.h"
#include "core/keynames.h"
#include "core/log.h"
#include "monitor/complete-object.h"
#include "monitor/complete-options.h"
#include "monitor/info.h"
#include "monitor/registers.h"

typedef struct Completer {
    CommandContext *context;
    const char *text;
    const char *prefix; /* the unfinished word; points into `text` */
    const char *before; /* the word before it; NULL = none */
    char *open_quote;   /* what stands in quotes that are not closed yet; NULL = none do */
    const FrontendOps *loaded;
    HmpCompletion *result;
} Completer;

static void offer(Completer *completer, const char *word)
{
    if (word && g_str_has_prefix(word, completer->prefix)) {
        g_ptr_array_add(completer->result->words, g_strdup(word));
    }
}

/* What follows the last `separator` is what gets completed: "ctrl-al", "int,gu". */
static void restart_after(Completer *completer, const char *separators)
{
    for (const char *p = completer->prefix; *p; p++) {
        if (strchr(separators, *p)) {
            completer->prefix = p + 1;
        }
    }
    completer->result->start = completer->prefix - completer->text;
}

/* ---- nouns ---- */

static void offer_table(Completer *completer, const Command *table)
{
    for (const Command *command = table; command->name; command++) {
        offer(completer, command->name);
    }
}

static void offer_topic(const char *name, void *opaque)
{
    offer(opaque, name);
}

static void offer_drive(Drive *drive, void *opaque)
{
    offer(opaque, drive->id);
}

static void offer_removable(Drive *drive, void *opaque)
{
    if (drive_is_removable(drive)) {
        offer(opaque, drive->id);
    }
}

static void offer_drives(Completer *completer, void (*fn)(Drive *drive, void *opaque))
{
    if (completer->context->machine->blocks) {
        drive_foreach(completer->context->machine, fn, completer);
    }
}

static void offer_chardev(Chardev *chr, void *opaque)
{
    offer(opaque, chr->id);
}

static void offer_chardevs(Completer *completer)
{
    if (completer->context->machine->chars) {
        chardev_foreach(completer->context->machine, offer_chardev, completer);
    }
}

static void offer_protected(Completer *completer)
{
    GPtrArray *frontends = completer->context->machine->frontends;

    for (guint i = 0; frontends && i < frontends->len; i++) {
        Frontend *frontend = g_ptr_array_index(frontends, i);
        if (frontend->ops->set_password) {
            offer(completer, frontend->id);
        }
    }
}

static void offer_displays(Completer *completer)
{
    GPtrArray *displays = completer->context->machine->displays;

    for (guint i = 0; displays && i < displays->len; i++) {
        offer(completer, display_name(g_ptr_array_index(displays, i)));
    }
}

static void offer_frontends(Completer *completer)
{
    GPtrArray *frontends = completer->context->machine->frontends;

    for (guint i = 0; frontends && i < frontends->len; i++) {
        offer(completer, ((Frontend *)g_ptr_array_index(frontends, i))->id);
    }
}

/* One that is open, or that was loaded to be asked. */
static const FrontendOps *known_frontend(const Completer *completer, const char *name)
{
    GPtrArray *frontends = completer->context->machine->frontends;

    for (guint i = 0; frontends && i < frontends->len; i++) {
        const Frontend *frontend = g_ptr_array_index(frontends, i);
        if (strcmp(frontend->ops->name, name) == 0) {
            return frontend->ops;
        }
    }
    return completer->loaded && strcmp(completer->loaded->name, name) == 0 ? completer->loaded
                                                                           : NULL;
}

static void offer_object_word(const char *word, void *opaque)
{
    offer(opaque, word);
}

/* "NAME,key=": a frontend's options are in its module. */
static void offer_frontend_options(Completer *completer)
{
    static const char *const more[] = {"id", NULL};
    const char *const *names = completer->context->machine->frontend_names;
    g_autofree char *name = g_strndup(completer->prefix, strcspn(completer->prefix, ",="));
    const FrontendOps *ops = known_frontend(completer, name);

    if (ops && ops->options) {
        const OptionSpec *tables[] = {ops->options, NULL};
        gsize file_at = 0;
        CompleteObject what = {completer->context->machine, completer->prefix, completer->before,
                               offer_object_word,           completer,         &file_at};

        complete_options(&what, tables, more, NULL);
    } else if (!ops && names && g_strv_contains(names, name)) {
        completer->result->wants_frontend = g_steal_pointer(&name);
    }
}

static void offer_frontend_names(Completer *completer)
{
    const char *const *names = completer->context->machine->frontend_names;

    completer->result->after = ""; /* options may follow */
    if (strchr(completer->prefix, ',')) {
        offer_frontend_options(completer);
        return;
    }
    for (guint i = 0; names && names[i]; i++) {
        offer(completer, names[i]);
    }
}

static void offer_keys(Completer *completer)
{
    const char *name;

    restart_after(completer, "-");
    completer->result->after = "";
    for (guint i = 0; (name = key_nth_name(i)) != NULL; i++) {
        offer(completer, name);
    }
}

static void offer_log_items(Completer *completer)
{
    restart_after(completer, ",");
    completer->result->after = "";
    offer(completer, "none");
    offer(completer, "all");
    for (const LogItemInfo *info = log_items; info->name; info++) {
        offer(completer, info->name);
    }
}

static void offer_objects(Completer *completer, CommandNoun noun)
{
    gsize file_at = 0;
    CompleteObject what = {completer->context->machine, completer->prefix, completer->before,
                           offer_object_word,           completer,         &file_at};

    if (complete_object(&what, noun)) {
        completer->result->after = ""; /* more may follow */
    }
    if (file_at) { /* within a word there are no quotes */
        completer->result->wants_files = TRUE;
        completer->result->file = g_strdup(completer->prefix + file_at);
        completer->result->quoting = FILES_PLAIN;
        completer->result->start += file_at;
    }
}

static void offer_files(Completer *completer)
{
    completer->result->wants_files = TRUE;
    completer->result->file =
        g_strdup(completer->open_quote ? completer->open_quote : completer->prefix);
    completer->result->quoting = completer->open_quote ? FILES_QUOTED : FILES_MIXED;
}

static void offer_noun(Completer *completer, CommandNoun noun)
{
    switch (noun) {
    case NOUN_NONE: break;
    case NOUN_FILE: offer_files(completer); break;
    case NOUN_COMMAND: offer_table(completer, monitor_commands); break;
    case NOUN_INFO_TOPIC:
        info_foreach_topic(completer->context->machine, offer_topic, completer);
        break;
    case NOUN_KEYS: offer_keys(completer); break;
    case NOUN_BLOCK: offer_drives(completer, offer_drive); break;
    case NOUN_REMOVABLE: offer_drives(completer, offer_removable); break;
    case NOUN_CHANGEABLE:
        offer_drives(completer, offer_removable);
        offer_protected(completer);
        break;
    case NOUN_PROTECTED: offer_protected(completer); break;
    case NOUN_DISPLAY: offer_displays(completer); break;
    case NOUN_FRONTEND: offer_frontends(completer); break;
    case NOUN_FRONTEND_NAME: offer_frontend_names(completer); break;
    case NOUN_CHARDEV: offer_chardevs(completer); break;
    case NOUN_LOG_ITEMS: offer_log_items(completer); break;
    case NOUN_CHARDEV_TYPE:
    case NOUN_DEVICE_TYPE:
    case NOUN_DEVICE:
    case NOUN_OBJECT_TYPE:
    case NOUN_OBJECT:
    case NOUN_PATH:
    case NOUN_PROPERTY: offer_objects(completer, noun); break;
    }
}

/* "$r" inside an expression. */
static void offer_registers(Completer *completer)
{
    const char *dollar = strrchr(completer->prefix, '$');
    const char *name;

    if (!dollar) {
        return;
    }
    completer->prefix = dollar + 1;
    completer->result->start = completer->prefix - completer->text;
    completer->result->after = "";
    for (guint i = 0; (name = monitor_register_name(i)) != NULL; i++) {
        offer(completer, name);
    }
}

static void offer_arg(Completer *completer, const CommandArg *arg)
{
    switch (arg->type) {
    case ARG_ENUM:
        for (guint i = 0; arg->values[i]; i++) {
            offer(completer, arg->values[i]);
        }
        break;
    case ARG_EXPR: offer_registers(completer); break;
    case ARG_STRING:
    case ARG_TEXT: offer_noun(completer, arg->noun); break;
    default: break;
    }
}

/* ---- the line ---- */

static void offer_flags(Completer *completer, const Command *command)
{
    for (const CommandArg *arg = command->args; arg->name; arg++) {
        char flag[] = {'-', arg->flag, '\0'};
        if (arg->flag) {
            offer(completer, flag);
        }
    }
}

static const CommandArg *arg_of_flag(const Command *command, const char *word)
{
    for (const CommandArg *arg = command->args; arg->name; arg++) {
        if (arg->flag && word[0] == '-' && word[1] == arg->flag && word[2] == '\0') {
            return arg;
        }
    }
    return NULL;
}

/* Walks the finished words of a command's arguments and offers for the one that comes next. */
static void complete_args(Completer *completer, const Command *command, char **words)
{
    const CommandArg *arg = command->args;

    for (; *words; words++) {
        completer->before = *words;
        const CommandArg *flag = arg_of_flag(command, *words);
        if (flag && flag->type == ARG_FLAG) {
            continue;
        }
        if (flag && !words[1]) {
            offer_arg(completer, flag);
            return;
        }
        if (flag) {
            words++;
            continue;
        }
        while (arg->name && (arg->flag || (arg->type == ARG_FORMAT && **words != '/'))) {
            arg++;
        }
        /* An expression may be many words: it stays the current argument if it is the last. */
        if (arg->name && (arg->type != ARG_EXPR || arg[1].name)) {
            arg++;
        }
    }
    if (completer->prefix[0] == '-') {
        offer_flags(completer, command);
    }
    while (arg->name && (arg->flag || arg->type == ARG_FORMAT)) {
        arg++;
    }
    if (arg->name) {
        offer_arg(completer, arg);
    }
}

static void complete_words(Completer *completer, char **words)
{
    if (!words[0]) {
        offer_table(completer, monitor_commands);
        return;
    }
    g_strdelimit(words[0], "/", '\0'); /* "x/4x" is the command x */
    const Command *command = command_find(monitor_commands, words[0]);
    if (!command) {
        return;
    }
    words++;
    if (words[0] && strcmp(command->name, "info") == 0) {
        command = command_find(monitor_info_topics, words[0]);
        words++;
    } else if (words[0] && strcmp(command->name, "help") == 0) {
        if (strcmp(words[0], "info") == 0 && !words[1]) {
            offer_noun(completer, NOUN_INFO_TOPIC);
        }
        return;
    }
    if (command) {
        complete_args(completer, command, words);
    }
}

static int compare_words(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* As parse_quoted() of parse.c reads it, which complains where this does not. Returns where the
 * quotes are closed, or NULL. */
static const char *read_quoted(const char *p, GString *word)
{
    for (; *p && *p != '"'; p++) {
        if (*p == '\\' && p[1]) {
            p++;
        }
        g_string_append_c(word, *p);
    }
    return *p ? p : NULL;
}

/* The finished words, and where the one begins that is not. */
static GPtrArray *split_words(Completer *completer)
{
    GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
    const char *p = completer->text;

    for (;;) {
        g_autoptr(GString) word = g_string_new(NULL);

        while (g_ascii_isspace(*p)) {
            p++;
        }
        completer->prefix = p;
        if (*p == '"') {
            const char *end = read_quoted(p + 1, word);
            if (!end) {
                completer->open_quote = g_strdup(word->str);
                break;
            }
            p = end + 1;
        } else {
            while (*p && !g_ascii_isspace(*p)) {
                g_string_append_c(word, *p++);
            }
        }
        if (!*p) {
            break;
        }
        g_ptr_array_add(words, g_strdup(word->str));
    }
    g_ptr_array_add(words, NULL);
    return words;
}

void hmp_complete(CommandContext *context, const char *text, const FrontendOps *loaded,
                  HmpCompletion *completion)
{
    Completer completer = {
        .context = context, .text = text, .loaded = loaded, .result = completion};
    g_autoptr(GPtrArray) words = split_words(&completer);

    *completion = (HmpCompletion){.start = completer.prefix - text,
                                  .after = " ",
                                  .words = g_ptr_array_new_with_free_func(g_free)};
    complete_words(&completer, (char **)words->pdata);
    g_ptr_array_sort(completion->words, compare_words);
    g_free(completer.open_quote);
}

void hmp_completion_clear(HmpCompletion *completion)
{
    g_clear_pointer(&completion->words, g_ptr_array_unref);
    g_clear_pointer(&completion->file, g_free);
    g_clear_pointer(&completion->wants_frontend, g_free);
}

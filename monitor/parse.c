/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/parse.h"

#include <errno.h>
#include <string.h>

#include "core/error.h"
#include "core/vcpu.h"
#include "monitor/expression.h"
#include "monitor/registers.h"

/* The line being parsed, and the current vCPU's registers once an expression wanted one. */
typedef struct HmpParser {
    CommandContext *context;
    const char *p;
    gboolean have_regs;
    CpuRegisters regs;
} HmpParser;

static void skip_space(HmpParser *parser)
{
    while (g_ascii_isspace(*parser->p)) {
        parser->p++;
    }
}

static gboolean get_register(const char *name, guint64 *value, void *opaque)
{
    HmpParser *parser = opaque;
    GPtrArray *vcpus = parser->context->machine->vcpus;

    if (!parser->have_regs) {
        if (!vcpus || parser->context->cpu >= vcpus->len) {
            return FALSE;
        }
        vcpu_get_regs(g_ptr_array_index(vcpus, parser->context->cpu), &parser->regs);
        parser->have_regs = TRUE;
    }
    return monitor_register_value(&parser->regs, name, value);
}

/* ---- one argument ---- */

static gboolean parse_quoted(HmpParser *parser, GString *word, GError **error)
{
    const char *p = parser->p + 1;

    for (; *p && *p != '"'; p++) {
        if (*p != '\\') {
            g_string_append_c(word, *p);
            continue;
        }
        switch (*++p) {
        case 'n': g_string_append_c(word, '\n'); break;
        case 'r': g_string_append_c(word, '\r'); break;
        case 't': g_string_append_c(word, '\t'); break;
        case '\\':
        case '\'':
        case '"': g_string_append_c(word, *p); break;
        case '\0': return error_set(error, "unterminated string");
        default: return error_set(error, "unsupported escape code: '\\%c'", *p);
        }
    }
    if (*p != '"') {
        return error_set(error, "unterminated string");
    }
    parser->p = p + 1;
    return TRUE;
}

static gboolean parse_word(HmpParser *parser, GString *word, GError **error)
{
    g_string_truncate(word, 0);
    if (*parser->p == '"') {
        return parse_quoted(parser, word, error);
    }
    while (*parser->p && !g_ascii_isspace(*parser->p)) {
        g_string_append_c(word, *parser->p++);
    }
    return TRUE;
}

/* Letters of "/nfu": count, format and size in any order, as gdb takes them. */
static gboolean parse_format_letters(HmpParser *parser, CommandFormat *format, GError **error)
{
    parser->p++;
    if (g_ascii_isdigit(*parser->p)) {
        char *end;
        guint64 count = g_ascii_strtoull(parser->p, &end, 10);
        if (count == 0 || count > COMMAND_MAX_COUNT) {
            return error_set(error, "count must be from 1 to %d", COMMAND_MAX_COUNT);
        }
        format->count = count;
        parser->p = end;
    }
    for (; *parser->p && !g_ascii_isspace(*parser->p); parser->p++) {
        switch (*parser->p) {
        case 'x':
        case 'd':
        case 'u':
        case 'o':
        case 'c':
        case 'i': format->format = *parser->p; break;
        case 'b': format->size = 1; break;
        case 'h': format->size = 2; break;
        case 'w': format->size = 4; break;
        case 'g':
        case 'L': format->size = 8; break;
        default: return error_set(error, "invalid char in format: '%c'", *parser->p);
        }
    }
    return TRUE;
}

/* What is not said is as it was said last (but the count), also where nothing is said at all. */
static gboolean parse_format(HmpParser *parser, CommandCall *call, guint n, GError **error)
{
    CommandFormat *last = &parser->context->format;
    CommandFormat format = {.count = 1};
    gint64 most = call->command->args[n].max;

    if (*parser->p == '/' && !parse_format_letters(parser, &format, error)) {
        return FALSE;
    }
    if (!format.format) {
        format.format = last->format ? last->format : 'x';
    }
    if (!format.size && format.format != 'i' && !(most && last->size > most)) {
        format.size = last->size;
    }
    last->format = format.format;
    if (format.format != 'i') {
        last->size = format.size;
    }
    command_set_format(call, n, &format);
    return TRUE;
}

static gboolean parse_plain_int(HmpParser *parser, gint64 *value, GError **error)
{
    char *end;

    errno = 0;
    *value = g_ascii_strtoll(parser->p, &end, 0);
    if (end == parser->p || errno == ERANGE || (*end && !g_ascii_isspace(*end))) {
        return error_set(error, "number expected");
    }
    parser->p = end;
    return TRUE;
}

static gboolean parse_expression(HmpParser *parser, gint64 *value, GError **error)
{
    if (!expression_parse(&parser->p, get_register, parser, value, error)) {
        return FALSE;
    }
    if (*parser->p && !g_ascii_isspace(*parser->p)) {
        return error_set(error, "invalid char '%c' in expression", *parser->p);
    }
    return TRUE;
}

static gboolean check_enum(const CommandArg *arg, const char *word, GError **error)
{
    if (!g_strv_contains(arg->values, word)) {
        g_autofree char *list = g_strjoinv(", ", (char **)arg->values);
        return error_set(error, "%s is '%s', but must be one of %s", arg->name, word, list);
    }
    return TRUE;
}

static gboolean parse_arg(HmpParser *parser, CommandCall *call, guint n, GError **error)
{
    const CommandArg *arg = &call->command->args[n];
    g_autoptr(GString) word = g_string_new(NULL);
    gint64 value;

    switch (arg->type) {
    case ARG_FLAG: command_set_int(call, n, TRUE); return TRUE;
    case ARG_FORMAT: return parse_format(parser, call, n, error);
    case ARG_INT:
    case ARG_EXPR:
        if (!(arg->type == ARG_INT ? parse_plain_int(parser, &value, error)
                                   : parse_expression(parser, &value, error))) {
            g_prefix_error(error, "%s: ", call->command->name);
            return FALSE;
        }
        command_set_int(call, n, value);
        return command_check_int(arg, value, error);
    case ARG_TEXT:
        if (*parser->p == '"') {
            if (!parse_quoted(parser, word, error)) {
                return FALSE;
            }
            break;
        }
        g_string_append(word, parser->p);
        g_strchomp(word->str);
        parser->p += strlen(parser->p);
        break;
    default:
        if (!parse_word(parser, word, error) ||
            (arg->type == ARG_ENUM && !check_enum(arg, word->str, error))) {
            return FALSE;
        }
        break;
    }
    command_set_string(call, n, word->str);
    return TRUE;
}

/* ---- the line ---- */

static const char *expected(const CommandArg *arg)
{
    switch (arg->type) {
    case ARG_INT: return "number";
    case ARG_EXPR: return "expression";
    default: return arg->noun == NOUN_FILE ? "filename" : arg->name;
    }
}

/* The row's argument for "-x", or -1. A quoted or longer word is no flag. */
static int find_flag(const Command *command, const char *p)
{
    if (p[0] == '-' && p[1] && (p[2] == '\0' || g_ascii_isspace(p[2]))) {
        for (int i = 0; command->args[i].name; i++) {
            if (command->args[i].flag && command->args[i].flag == p[1]) {
                return i;
            }
        }
    }
    return -1;
}

/* The row's next argument that goes by place, from `n` on; the one with a NULL name at the end. */
static guint next_positional(const Command *command, guint n)
{
    while (command->args[n].name && command->args[n].flag) {
        n++;
    }
    return n;
}

static gboolean parse_args(HmpParser *parser, CommandCall *call, GError **error)
{
    const CommandArg *args = call->command->args;
    guint n = 0;

    for (skip_space(parser); *parser->p; skip_space(parser)) {
        int flag = find_flag(call->command, parser->p);
        if (flag >= 0) {
            parser->p += 2;
            skip_space(parser);
            if (args[flag].type != ARG_FLAG && !*parser->p) {
                return error_set(error, "%s: %s expected after -%c", call->command->name,
                                 expected(&args[flag]), args[flag].flag);
            }
            if (!parse_arg(parser, call, flag, error)) {
                return FALSE;
            }
            continue;
        }
        n = next_positional(call->command, n);
        if (args[n].type == ARG_FORMAT && args[n].name && *parser->p != '/') {
            parse_format(parser, call, n, NULL);
            n = next_positional(call->command, n + 1);
        }
        if (!args[n].name) {
            return error_set(error, "%s: extraneous characters at the end of line",
                             call->command->name);
        }
        if (!parse_arg(parser, call, n++, error)) {
            return FALSE;
        }
    }
    for (n = 0; args[n].name; n++) {
        if (!args[n].optional && !command_has(call, args[n].name)) {
            return error_set(error, "%s: %s expected", call->command->name, expected(&args[n]));
        }
    }
    return TRUE;
}

/* Reads the command's name; "info TOPIC" is the topic's row if it is a built-in one. */
static const Command *parse_name(HmpParser *parser, GError **error)
{
    g_autoptr(GString) word = g_string_new(NULL);

    while (*parser->p && !g_ascii_isspace(*parser->p) && *parser->p != '/') {
        g_string_append_c(word, *parser->p++);
    }
    const Command *command = command_find(monitor_commands, word->str);
    if (!command) {
        error_set(error, "unknown command: '%.64s'", word->str);
        return NULL;
    }
    if (!command_check_phase(command, parser->context->machine, error)) {
        return NULL;
    }
    if (strcmp(command->name, "info") == 0) {
        const char *before = parser->p;
        skip_space(parser);
        parse_word(parser, word, NULL);
        const Command *topic = command_find(monitor_info_topics, word->str);
        if (topic) {
            return topic;
        }
        parser->p = before;
    }
    return command;
}

CommandCall *hmp_parse(CommandContext *context, const char *line, const Command **command,
                       GError **error)
{
    HmpParser parser = {.context = context, .p = line};

    *command = NULL;
    skip_space(&parser);
    if (*parser.p == '\0' || *parser.p == '#') {
        return NULL;
    }
    *command = parse_name(&parser, error);
    if (!*command) {
        return NULL;
    }
    CommandCall *call = command_call_new(context, *command);
    if (!parse_args(&parser, call, error)) {
        command_call_free(call);
        return NULL;
    }
    return call;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `help`, and `info` without a built-in topic. */
#include <string.h>

#include "core/error.h"
#include "monitor/handlers.h"
#include "monitor/info.h"
#include "monitor/reference.h"

/* Where the explanations stand on a wide terminal. */
#define HELP_COLUMN 36

/* "keys", "-f format", "/fmt", "ppm|png"; in brackets if it may be left out. */
static void append_arg(GString *out, const CommandArg *arg)
{
    g_string_append(out, arg->optional ? " [" : " ");
    if (arg->flag) {
        g_string_append_printf(out, arg->type == ARG_FLAG ? "-%c" : "-%c ", arg->flag);
    }
    if (arg->type == ARG_ENUM) {
        g_autofree char *values = g_strjoinv("|", (char **)arg->values);
        g_string_append(out, values);
    } else if (arg->type != ARG_FLAG) {
        g_string_append_printf(out, arg->type == ARG_FORMAT ? "/%s" : "%s", arg->name);
    }
    g_string_append(out, arg->optional ? "]" : "");
}

void help_append_usage(GString *out, const Command *command)
{
    g_string_append(out, command->name);
    if (command->alias) {
        g_string_append_printf(out, "|%s", command->alias);
    }
    for (const CommandArg *arg = command->args; arg->name; arg++) {
        append_arg(out, arg);
    }
}

static void append_args_help(GString *out, const Command *command, const char *before)
{
    for (const CommandArg *arg = command->args; arg->name; arg++) {
        if (arg->help) {
            char flag[] = {'-', arg->flag, '\0'};
            g_string_append_printf(out, "%s%s: %s\n", before, arg->flag ? flag : arg->name,
                                   arg->help);
        }
    }
}

/* Text broken at blanks so that it ends before `columns` (0: not broken), from `at` on, and in
 * column `indent` on the rows after the first. */
static void append_wrapped(GString *out, const char *text, gsize at, gsize indent, guint columns)
{
    while (*text) {
        gsize word = strcspn(text, " ");
        if (columns && at > indent && at + 1 + word >= columns) {
            g_string_append_printf(out, "\n%*s", (int)indent, "");
            at = indent;
        } else if (at > indent) {
            g_string_append_c(out, ' ');
            at++;
        }
        g_string_append_len(out, text, (gssize)word);
        at += word;
        text += word;
        text += strspn(text, " ");
    }
    g_string_append_c(out, '\n');
}

/* "usage -- what it does": so scripts find it. On a terminal the second part has a column. */
static void append_line(GString *out, const char *before, const Command *command, guint columns)
{
    gsize start = out->len, indent = MIN(columns / 3, HELP_COLUMN);

    g_string_append(out, before);
    help_append_usage(out, command);
    gsize used = out->len - start;
    if (indent && used > indent) {
        g_string_append_printf(out, "\n%*s", (int)indent, "");
    } else if (indent) {
        g_string_append_printf(out, "%*s", (int)(indent - used), "");
    }
    g_string_append(out, " --");
    /* One blank is put before the first word: it begins where the others on further rows do. */
    append_wrapped(out, command->help, indent + 5, indent + 4, columns);
}

static void append_all(GString *out, const char *before, const Command *table, guint columns)
{
    for (const Command *command = table; command->name; command++) {
        append_line(out, before, command, columns);
    }
}

static void append_one(GString *out, const char *before, const Command *command, guint columns)
{
    append_line(out, before, command, 0);
    append_args_help(out, command, "    ");
    if (command->details) {
        append_wrapped(out, command->details, 0, 0, columns);
    }
}

static void append_extra_topic(const char *name, void *opaque)
{
    if (!command_find(monitor_info_topics, name)) {
        g_string_append_printf(opaque, "info %s -- what the device or frontend says of itself\n",
                               name);
    }
}

static void append_topics(GString *out, const CommandContext *context)
{
    append_all(out, "info ", monitor_info_topics, context->columns);
    info_foreach_topic(context->machine, append_extra_topic, out);
}

gboolean cmd_help(CommandCall *call, GError **error)
{
    const char *name = command_string(call, "command");
    const char *topic = command_string(call, "topic");

    if (!name) {
        append_all(call->out, "", monitor_commands, call->context->columns);
        return TRUE;
    }
    const Command *command = command_find(monitor_commands, name);
    gboolean is_info = command && strcmp(command->name, "info") == 0;
    if (!command || (topic && !is_info)) {
        return error_set(error, "unknown command: '%s%s%s'", name, topic ? " " : "",
                         topic ? topic : "");
    }
    if (!is_info) {
        append_one(call->out, "", command, call->context->columns);
    } else if (!topic) {
        append_topics(call->out, call->context);
    } else {
        command = command_find(monitor_info_topics, topic);
        if (!command) {
            return error_set(error, "unknown command: 'info %s'", topic);
        }
        append_one(call->out, "info ", command, call->context->columns);
    }
    return TRUE;
}

gboolean cmd_info(CommandCall *call, GError **error)
{
    const char *topic = command_string(call, "topic");

    if (!topic) {
        append_topics(call->out, call->context);
        return TRUE;
    }
    if (!info_print_topic(call->machine, topic, call->out)) {
        return error_set(error, "unknown command: 'info %s' ('info' alone lists the topics)",
                         topic);
    }
    return TRUE;
}

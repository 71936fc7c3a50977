/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `help`, `info` without a built-in topic, and the reference in docs/monitor.md. */
#include <string.h>

#include "core/error.h"
#include "monitor/handlers.h"
#include "monitor/info.h"
#include "monitor/monitor.h"

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

static void append_usage(GString *out, const Command *command)
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

static void append_line(GString *out, const char *before, const Command *command)
{
    g_string_append(out, before);
    append_usage(out, command);
    g_string_append_printf(out, " -- %s\n", command->help);
}

static void append_all(GString *out, const char *before, const Command *table)
{
    for (const Command *command = table; command->name; command++) {
        append_line(out, before, command);
    }
}

static void append_one(GString *out, const char *before, const Command *command)
{
    append_line(out, before, command);
    append_args_help(out, command, "    ");
    if (command->details) {
        g_string_append_printf(out, "%s\n", command->details);
    }
}

static void append_extra_topic(const char *name, void *opaque)
{
    if (!command_find(monitor_info_topics, name)) {
        g_string_append_printf(opaque, "info %s -- what the device or frontend says of itself\n",
                               name);
    }
}

static void append_topics(GString *out, Machine *machine)
{
    append_all(out, "info ", monitor_info_topics);
    info_foreach_topic(machine, append_extra_topic, out);
}

gboolean cmd_help(CommandCall *call, GError **error)
{
    const char *name = command_string(call, "command");
    const char *topic = command_string(call, "topic");

    if (!name) {
        append_all(call->out, "", monitor_commands);
        return TRUE;
    }
    const Command *command = command_find(monitor_commands, name);
    gboolean is_info = command && strcmp(command->name, "info") == 0;
    if (!command || (topic && !is_info)) {
        return error_set(error, "unknown command: '%s%s%s'", name, topic ? " " : "",
                         topic ? topic : "");
    }
    if (!is_info) {
        append_one(call->out, "", command);
    } else if (!topic) {
        append_topics(call->out, call->machine);
    } else {
        command = command_find(monitor_info_topics, topic);
        if (!command) {
            return error_set(error, "unknown command: 'info %s'", topic);
        }
        append_one(call->out, "info ", command);
    }
    return TRUE;
}

gboolean cmd_info(CommandCall *call, GError **error)
{
    const char *topic = command_string(call, "topic");

    if (!topic) {
        append_topics(call->out, call->machine);
        return TRUE;
    }
    if (!info_print_topic(call->machine, topic, call->out)) {
        return error_set(error, "unknown command: 'info %s' ('info' alone lists the topics)",
                         topic);
    }
    return TRUE;
}

/* ---- reference ---- */

static void append_reference(GString *out, const char *before, const Command *table)
{
    for (const Command *command = table; command->name; command++) {
        g_string_append_printf(out, "#### `%s", before);
        append_usage(out, command);
        g_string_append_printf(out, "`\n\n%c%s.\n", g_ascii_toupper(command->help[0]),
                               command->help + 1);
        if (command->details) {
            g_string_append_printf(out, "%s\n", command->details);
        }
        g_string_append_c(out, '\n');
        append_args_help(out, command, "- ");
        if (out->str[out->len - 2] != '\n') {
            g_string_append_c(out, '\n');
        }
    }
}

void monitor_print_reference(GString *out)
{
    g_string_append(out, "### Commands\n\n");
    append_reference(out, "", monitor_commands);
    g_string_append(out, "### Topics of `info`\n\n");
    append_reference(out, "info ", monitor_info_topics);
}

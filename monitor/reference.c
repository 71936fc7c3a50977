/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/reference.h"

static void append_sentence(GString *out, const char *help)
{
    g_string_append_printf(out, "%c%s.\n", g_ascii_toupper(help[0]), help + 1);
}

static void append_arg_name(GString *out, const CommandArg *arg)
{
    if (arg->flag) {
        g_string_append_printf(out, "-%c", arg->flag);
    } else {
        g_string_append(out, arg->name);
    }
}

/* ---- Markdown ---- */

static void append_markdown(GString *out, const char *before, const Command *table)
{
    for (const Command *command = table; command->name; command++) {
        gboolean any = FALSE;
        g_string_append_printf(out, "### `%s", before);
        help_append_usage(out, command);
        g_string_append(out, "`\n\n");
        append_sentence(out, command->help);
        if (command->details) {
            g_string_append_printf(out, "%s\n", command->details);
        }
        g_string_append_c(out, '\n');
        for (const CommandArg *arg = command->args; arg->name; arg++) {
            if (arg->help) {
                g_string_append(out, "- ");
                append_arg_name(out, arg);
                g_string_append_printf(out, ": %s\n", arg->help);
                any = TRUE;
            }
        }
        g_string_append(out, any ? "\n" : "");
    }
}

void monitor_print_markdown(GString *out)
{
    g_string_append(out,
                    "# Monitor commands\n\n"
                    "Printed by the command table of this build; at the monitor itself: `help`, "
                    "`help COMMAND`, `info`.\n\n## Commands\n\n");
    append_markdown(out, "", monitor_commands);
    g_string_append(out, "## Topics of `info`\n\n");
    append_markdown(out, "info ", monitor_info_topics);
    g_string_truncate(out, out->len - 1); /* the last blank line */
}

/* ---- mdoc(7) ---- */

/* Text that roff takes literally, wherever on a line it stands. */
static void append_roff(GString *out, const char *text)
{
    if (*text == '.' || *text == '\'') {
        g_string_append(out, "\\&");
    }
    for (; *text; text++) {
        if (*text == '\\') {
            g_string_append(out, "\\e");
        } else if (*text == '-') {
            g_string_append(out, "\\-");
        } else {
            g_string_append_c(out, *text);
        }
    }
}

static void append_man(GString *out, const char *before, const Command *table)
{
    g_autoptr(GString) text = g_string_new(NULL);

    g_string_append(out, ".Bl -tag -width Ds\n");
    for (const Command *command = table; command->name; command++) {
        g_string_assign(text, before);
        help_append_usage(text, command);
        g_string_append(out, ".It Xo\n.Li \"");
        append_roff(out, text->str);
        g_string_append(out, "\"\n.Xc\n");
        g_string_truncate(text, 0);
        append_sentence(text, command->help);
        append_roff(out, text->str);
        if (command->details) {
            append_roff(out, command->details);
            g_string_append_c(out, '\n');
        }
        for (const CommandArg *arg = command->args; arg->name; arg++) {
            if (arg->help) {
                g_string_append(out, ".br\n");
                g_string_truncate(text, 0);
                append_arg_name(text, arg);
                g_string_append_printf(text, ": %s\n", arg->help);
                append_roff(out, text->str);
            }
        }
    }
    g_string_append(out, ".El\n");
}

void monitor_print_man_page(GString *out)
{
    g_string_append(out, ".Dd $Mdocdate$\n.Dt VITRINE-MONITOR 7\n.Os\n"
                         ".Sh NAME\n.Nm vitrine-monitor\n"
                         ".Nd commands of the monitor of vitrine\n"
                         ".Sh DESCRIPTION\n"
                         "A monitor is where a person commands the machine that\n.Xr vitrine 1\n"
                         "runs:\n.Fl monitor Cm stdio ,\n.Fl monitor Cm vc\n"
                         "(a tab of the window), or a socket.\n"
                         "Tab completes commands and their arguments, and\n.Ic help\n"
                         "explains them.\n"
                         ".Ss Commands\n");
    append_man(out, "", monitor_commands);
    g_string_append(out, ".Ss Topics of info\n");
    append_man(out, "info ", monitor_info_topics);
    g_string_append(out,
                    ".Sh FILES\n"
                    ".Bl -tag -width Ds\n"
                    ".It Pa $XDG_STATE_HOME/vitrine/hmp\\-history\n"
                    "lines typed at monitors on a terminal or in a window, without those that\n"
                    "begin with a space or name a password;\n"
                    "not kept with\n.Fl no-user-config\n"
                    ".El\n"
                    ".Sh SEE ALSO\n.Xr vitrine 1\n");
}

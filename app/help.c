/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The option table as text for a terminal and as mdoc(7) for the man page. */
#include <stdio.h>
#include <string.h>

#include "app/options.h"
#include "app/verbs.h"

#define HELP_COLUMN 16
#define MAN_COLUMNS 72

static void print_option(const CliOption *option)
{
    g_auto(GStrv) lines = g_strsplit(option->help, "\n", -1);
    GString *head = g_string_new(NULL);

    g_string_printf(head, "-%s%s%s", option->name, option->arg ? " " : "",
                    option->arg ? option->arg : "");
    if (option->alias) {
        g_string_append_printf(head, " or -%s%s", option->alias, option->arg ? " ..." : "");
    }
    if (head->len < HELP_COLUMN - 1) {
        printf("%-*s%s\n", HELP_COLUMN, head->str, lines[0]);
    } else {
        printf("%s\n%*s%s\n", head->str, HELP_COLUMN, "", lines[0]);
    }
    for (guint i = 1; lines[i]; i++) {
        printf("%*s%s\n", HELP_COLUMN, "", lines[i]);
    }
    g_string_free(head, TRUE);
}

static void print_verbs(void)
{
    for (const Verb *verb = verbs; verb->name; verb++) {
        g_auto(GStrv) lines = g_strsplit(verb->help, "\n", -1);

        printf("vitrine %s %s\n", verb->name, verb->arg);
        for (guint i = 0; lines[i]; i++) {
            printf("%*s%s\n", HELP_COLUMN, "", lines[i]);
        }
    }
}

int cli_print_help(const char *text)
{
    int topic = -1;

    printf("usage: vitrine [options] [IMAGE]\n\n"
           "IMAGE is a disk or CD-ROM image; which of the two is seen from its content.\n"
           "Without one, and without other drives, a demonstration disk is started.\n");
    printf("\nMachines that run:\n");
    print_verbs();
    for (const CliOption *option = cli_options; option->name; option++) {
        if ((int)option->topic != topic) {
            topic = (int)option->topic;
            printf("\n%s:\n", cli_topic_titles[topic]);
        }
        print_option(option);
    }
    return 0;
}

/* One character, harmless to roff; `first` on its line. */
static void print_roff_char(char c, gboolean first)
{
    if (c == '\\') {
        fputs("\\e", stdout);
    } else if (c == '-') {
        fputs("\\-", stdout);
    } else {
        printf("%s%c", first && (c == '.' || c == '\'') ? "\\&" : "", c);
    }
}

/* Text as input lines of a sane length: they are filled anew anyhow. */
static void print_roff(const char *text)
{
    guint column = 0;

    for (const char *p = text; *p; p++) {
        gboolean space = *p == ' ' || *p == '\n';

        if (space && column + strcspn(p + 1, " \n") > MAN_COLUMNS) {
            putchar('\n');
            column = 0;
        } else if (space) {
            putchar(' ');
            column++;
        } else {
            print_roff_char(*p, column == 0);
            column++;
        }
    }
    putchar('\n');
}

/* A quoted macro argument. */
static void print_arg(const char *text)
{
    fputs(" \"", stdout);
    for (const char *p = text; *p; p++) {
        fputs(*p == '"'    ? "\"\""
              : *p == '\\' ? "\\e"
              : *p == '-'  ? "\\-"
                           : (char[]){*p, 0},
              stdout);
    }
    putchar('"');
}

int cli_print_man(const char *text)
{
    int topic = -1;

    for (const CliOption *option = cli_options; option->name; option++) {
        if ((int)option->topic != topic) {
            printf("%s.Ss %s\n.Bl -tag -width Ds\n", topic < 0 ? "" : ".El\n",
                   cli_topic_titles[option->topic]);
            topic = (int)option->topic;
        }
        printf(".It Fl %s", option->name);
        if (option->alias) {
            printf(" , Fl %s", option->alias);
        }
        if (option->arg) {
            fputs(" Ar", stdout);
            print_arg(option->arg);
        }
        putchar('\n');
        print_roff(option->help);
    }
    puts(".El");
    return 0;
}

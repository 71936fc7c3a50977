/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line: one table of options feeds parsing, `--help` and the man page.
 *
 * Options are QEMU's, with one dash or two; a word without a dash is an image. An option's value
 * is always the next word.
 */
#pragma once

#include <glib.h>

#include "app/config.h"

typedef enum CliTopic {
    CLI_STANDARD,
    CLI_CPU,
    CLI_BOOT,
    CLI_BLOCK,
    CLI_DEVICE,
    CLI_DISPLAY,
    CLI_CHAR,
    CLI_DEBUG,
    CLI_TOPIC_COUNT,
} CliTopic;

typedef struct CliOption CliOption;
struct CliOption {
    const char *name;  /* without dashes */
    const char *alias; /* or NULL */
    const char *arg;   /* form of its value; NULL = takes none */
    CliTopic topic;
    const char *help; /* one or more lines, split by newlines */
    gboolean (*apply)(CliConfig *config, const CliOption *option, const char *value,
                      GError **error);
    gsize offset; /* for generic handlers: of a CliConfig field */
};

/* Ended by a NULL name, ordered by topic. */
extern const CliOption cli_options[];
extern const char *const cli_topic_titles[CLI_TOPIC_COUNT];

/* Reads the command line. Error: one line that names the option. */
gboolean cli_parse(CliConfig *config, int argc, char **argv, GError **error);

/* Why this version lacks an option of QEMU's; NULL = it is none, see missing.c. */
const char *cli_missing_reason(const char *name);

/* Answers of -help, and of `-help-man`, which the build makes the man page with. */
int cli_print_help(const char *text);
int cli_print_man(const char *text);

/* `-OPTION help`: its keys, for options that answer with nothing else. */
gboolean cli_wants_keys(const CliOption *option, const char *value);
int cli_print_keys(const char *name);

/* The same for programs, see Machine.describe_command_line. Any thread. */
GVariant *cli_describe(void);

/* Handlers of options whose value has a syntax of its own, see option-values.c. */
gboolean cli_apply_machine(CliConfig *config, const CliOption *option, const char *value,
                           GError **error);
gboolean cli_apply_accel(CliConfig *config, const CliOption *option, const char *value,
                         GError **error);
gboolean cli_apply_icount(CliConfig *config, const CliOption *option, const char *value,
                          GError **error);
gboolean cli_apply_cpu(CliConfig *config, const CliOption *option, const char *value,
                       GError **error);
gboolean cli_apply_smp(CliConfig *config, const CliOption *option, const char *value,
                       GError **error);
gboolean cli_apply_memory(CliConfig *config, const CliOption *option, const char *value,
                          GError **error);
gboolean cli_apply_boot(CliConfig *config, const CliOption *option, const char *value,
                        GError **error);
gboolean cli_apply_rtc(CliConfig *config, const CliOption *option, const char *value,
                       GError **error);
gboolean cli_apply_action(CliConfig *config, const CliOption *option, const char *value,
                          GError **error);
gboolean cli_apply_watchdog_action(CliConfig *config, const CliOption *option, const char *value,
                                   GError **error);
gboolean cli_apply_name(CliConfig *config, const CliOption *option, const char *value,
                        GError **error);
gboolean cli_apply_uuid(CliConfig *config, const CliOption *option, const char *value,
                        GError **error);
gboolean cli_apply_log_items(CliConfig *config, const CliOption *option, const char *value,
                             GError **error);
gboolean cli_apply_nic(CliConfig *config, const CliOption *option, const char *value,
                       GError **error);
/* passed-fds.c */
gboolean cli_apply_add_fd(CliConfig *config, const CliOption *option, const char *value,
                          GError **error);
/* option-process.c */
gboolean cli_apply_audiodev(CliConfig *config, const CliOption *option, const char *value,
                            GError **error);
gboolean cli_apply_overcommit(CliConfig *config, const CliOption *option, const char *value,
                              GError **error);
gboolean cli_apply_global(CliConfig *config, const CliOption *option, const char *value,
                          GError **error);
gboolean cli_apply_msg(CliConfig *config, const CliOption *option, const char *value,
                       GError **error);
gboolean cli_apply_sandbox(CliConfig *config, const CliOption *option, const char *value,
                           GError **error);
gboolean cli_apply_runas(CliConfig *config, const CliOption *option, const char *value,
                         GError **error);
gboolean cli_apply_chroot(CliConfig *config, const CliOption *option, const char *value,
                          GError **error);

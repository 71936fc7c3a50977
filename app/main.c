/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "app/options.h"
#include "app/process.h"
#include "app/session.h"
#include "app/verbs.h"
#include "core/error.h"
#include "core/log.h"

static gboolean is_stdio(const char *text)
{
    return text && g_str_has_prefix(text + (g_str_has_prefix(text, "mon:") ? 4 : 0), "stdio");
}

/* A daemon has no terminal to talk to. */
static gboolean check_daemon(const CliConfig *config, GError **error)
{
    GArray *const lists[] = {config->serials, config->parallels, config->monitors, config->chardevs,
                             config->qtests};

    for (guint l = 0; l < G_N_ELEMENTS(lists); l++) {
        for (guint i = 0; i < lists[l]->len; i++) {
            const CliItem *item = &g_array_index(lists[l], CliItem, i);

            if (is_stdio(item->value)) {
                return error_set(error, "-daemonize cannot be used with -%s %s", item->option,
                                 item->value);
            }
        }
    }
    if (is_stdio(config->debugcon)) {
        return error_set(error, "-daemonize cannot be used with -debugcon %s", config->debugcon);
    }
    if (config->nographic && !config->nodefaults) {
        return error_set(error, "-daemonize cannot be used with -nographic, which needs the "
                                "terminal; -display none does not");
    }
    return TRUE;
}

static gboolean prepare(CliConfig *config, GError **error)
{
    report_set_prefix(config->msg.timestamp, config->msg.guest_name ? config->name : NULL);
    if (config->daemonize && (!check_daemon(config, error) || !process_daemonize(error))) {
        return FALSE;
    }
    if (config->log_file && !log_set_file(config->log_file, error)) {
        g_prefix_error(error, "-D: ");
        return FALSE;
    }
    log_set_items(config->log_items);
    if (config->process_name) {
        prctl(PR_SET_NAME, config->process_name);
    }
    return !config->pidfile || process_write_pidfile(config->pidfile, error);
}

static int run(CliConfig *config, GError **error)
{
    Session *session;
    int status;

    if (!prepare(config, error)) {
        return 1;
    }
    session = session_new(config, error);
    if (!session) {
        return 1;
    }
    process_ready();
    status = session_run(session);
    session_free(session);
    return status;
}

/* `vitrine list`: asks machines that run. */
static int run_verb(const Verb *verb, char **words)
{
    g_autoptr(GError) error = NULL;
    int status = verb->run(words, &error);

    if (error) {
        report_error("%s", error->message);
    }
    return status < 0 ? 1 : status;
}

int main(int argc, char **argv)
{
    g_autoptr(CliConfig) config = cli_config_new();
    g_autoptr(GError) error = NULL;
    int status = 1;

    signal(SIGPIPE, SIG_IGN);
    if (argc > 1 && verb_find(argv[1])) {
        return run_verb(verb_find(argv[1]), argv + 2);
    }
    if (!cli_parse(config, argc, argv, &error)) {
        status = 1;
    } else if (config->print) {
        return config->print(config->print_text);
    } else {
        status = run(config, &error);
        process_remove_pidfile();
    }
    if (error) {
        report_error("%s", error->message);
    }
    return status;
}

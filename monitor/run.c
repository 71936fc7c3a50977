/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/run.h"

#include "core/log.h"
#include "mainloop/worker.h"
#include "monitor/history.h"
#include "monitor/monitor.h"
#include "monitor/parse.h"

struct HmpRun {
    CommandCall *call;
    HmpDoneFn done;
    void *opaque;
    gboolean starting; /* hmp_run_start() is on the stack and frees it */
};

static gboolean is_info_topic(const Command *command)
{
    for (const Command *topic = monitor_info_topics; topic->name; topic++) {
        if (topic == command) {
            return TRUE;
        }
    }
    return FALSE;
}

/* A line that never became a call. */
static void tell_syntax_error(const Command *command, const char *line, const GError *error,
                              HmpDoneFn done, void *opaque)
{
    HmpResult result = {.unknown = !command, .forget = history_is_private(line)};
    g_autoptr(GString) text = g_string_new(NULL);

    g_string_printf(text, "%s\n", error->message);
    if (command) {
        g_string_append_printf(text, "Try \"help %s%s\" for more information\n",
                               is_info_topic(command) ? "info " : "", command->name);
    }
    result.text = text->str;
    done(&result, opaque);
}

static void call_done(CommandCall *call, GError *error, void *opaque)
{
    HmpRun *run = opaque;
    GString *out = call->out;

    if (out->len && out->str[out->len - 1] != '\n') {
        g_string_append_c(out, '\n');
    }
    if (error) {
        g_string_append_printf(out, "Error: %s\n", error->message);
    }
    HmpResult result = {
        .text = out->str, .ok = !error, .forget = call->forget, .goodbye = call->goodbye};
    run->call = NULL;
    run->done(&result, run->opaque);
    if (!run->starting) {
        g_free(run);
    }
}

/* Reports that come while a handler runs belong to the person who gave the command. */
static void take_report(const char *line, void *opaque)
{
    GString *out = opaque;

    g_string_append_printf(out, "%s\n", line);
}

HmpRun *hmp_run_start(CommandContext *context, const char *line, HmpDoneFn done, void *opaque)
{
    g_autoptr(GError) error = NULL;
    const Command *command;
    CommandCall *call = hmp_parse(context, line, &command, &error);

    if (!call && error) {
        tell_syntax_error(command, line, error, done, opaque);
        return NULL;
    }
    if (!call) {
        done(&(HmpResult){.text = "", .ok = TRUE}, opaque);
        return NULL;
    }
    HmpRun *run = g_new0(HmpRun, 1);
    run->call = call;
    run->done = done;
    run->opaque = opaque;
    run->starting = TRUE;
    report_redirect(take_report, call->out);
    command_call_run(call, call_done, run);
    report_redirect(NULL, NULL);
    run->starting = FALSE;
    if (!run->call) {
        g_clear_pointer(&run, g_free);
    }
    return run;
}

void hmp_run_detach(HmpRun *run)
{
    if (run) {
        command_call_detach(run->call);
        g_free(run);
    }
}

/* ---- without a session ---- */

typedef struct OneLine {
    GString *out;
    gboolean over, ok;
} OneLine;

static void one_line_done(const HmpResult *result, void *opaque)
{
    OneLine *one = opaque;

    g_string_append(one->out, result->text);
    one->ok = result->ok;
    one->over = TRUE;
}

gboolean monitor_hmp_run(Machine *machine, const char *line, GString *out)
{
    CommandContext context = {.machine = machine};
    OneLine one = {.out = out};

    hmp_run_start(&context, line, one_line_done, &one);
    while (!one.over) {
        event_loop_iterate(machine->loop, TRUE);
    }
    return one.ok;
}

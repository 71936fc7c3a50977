/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The debug server at the monitor, and the monitor at the debug server. */
#include "core/error.h"
#include "gdbstub/gdbstub.h"
#include "monitor/handlers.h"
#include "monitor/monitor.h"
#include "monitor/run.h"

#define DEFAULT_DEVICE "tcp::1234"

/* ---- `monitor COMMAND` of a debugger ---- */

typedef struct GdbRun {
    CommandContext context;
    HmpRun *run;
    gboolean starting, over;
    void (*done)(const char *text, void *opaque);
    void *opaque;
} GdbRun;

static void gdb_run_done(const HmpResult *result, void *opaque)
{
    GdbRun *gdb = opaque;

    gdb->over = TRUE;
    gdb->done(result->text, gdb->opaque);
    if (!gdb->starting) {
        g_free(gdb);
    }
}

static void *gdb_run_start(Machine *machine, const char *line,
                           void (*done)(const char *text, void *opaque), void *opaque)
{
    GdbRun *gdb = g_new0(GdbRun, 1);

    gdb->context.machine = machine;
    gdb->done = done;
    gdb->opaque = opaque;
    gdb->starting = TRUE;
    gdb->run = hmp_run_start(&gdb->context, line, gdb_run_done, gdb);
    gdb->starting = FALSE;
    if (gdb->over) {
        g_clear_pointer(&gdb, g_free);
    }
    return gdb;
}

static void gdb_run_cancel(void *run)
{
    GdbRun *gdb = run;

    hmp_run_detach(gdb->run);
    g_free(gdb);
}

const GdbMonitorOps monitor_gdb_ops = {.start = gdb_run_start, .cancel = gdb_run_cancel};

/* ---- gdbserver ---- */

gboolean cmd_gdbserver(CommandCall *call, GError **error)
{
    const char *device = command_string(call, "device");

    device = device ? device : DEFAULT_DEVICE;
    if (!gdbstub_start(call->machine, device, &monitor_gdb_ops, error)) {
        return FALSE;
    }
    g_string_append_printf(call->out,
                           g_str_equal(device, "none") ? "No debug server any more\n"
                                                       : "Waiting for a debugger on '%s'\n",
                           device);
    return TRUE;
}

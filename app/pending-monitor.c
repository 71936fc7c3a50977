/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stands in for monitor/ where that is not built. */
#include "core/error.h"
#include "monitor/monitor.h"

Monitor *monitor_hmp_new(Machine *machine, Chardev *chr, GError **error)
{
    error_set(error, "there are no monitors in this build");
    return NULL;
}

void monitor_free(Monitor *monitor)
{
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzzes a monitor session: any bytes from a peer - keys, lines, expressions - against a machine
 * with one processor. Commands that name host files are kept from running.
 */
#include <stdint.h>
#include <string.h>

#include "core/log.h"
#include "monitor/monitor.h"
#include "tests/unit/monitor-rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a fuzzer should not do to the host: Tab reads directories, the rest write or listen. */
static gboolean touches_host(const uint8_t *data, size_t size)
{
    static const char *const words[] = {"logfile", "screendump", "change", "gdbserver", "\t"};

    for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
        if (memmem(data, size, words[i], strlen(words[i]))) {
            return TRUE;
        }
    }
    return FALSE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Rig rig; /* one for all inputs: threads are dear */
    Monitor *monitor;

    if (size == 0 || touches_host(data, size)) {
        return 0;
    }
    if (!rig.machine) {
        rig_init(&rig);
    }
    monitor = monitor_hmp_new(rig.machine, &rig.chr, NULL);
    g_assert(monitor);
    chardev_event(&rig.chr, CHAR_OPENED);
    rig_type(&rig, (const char *)data, size);
    rig_settle(&rig);
    chardev_event(&rig.chr, CHAR_CLOSED);
    monitor_free(monitor);
    g_string_truncate(rig.peer, 0);
    log_set_items(0);
    return 0;
}

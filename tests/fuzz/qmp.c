/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzzes a QMP session: any bytes from a client against a machine with one processor. Commands
 * that name host files are kept from running.
 */
#include <stdint.h>
#include <string.h>

#include "core/log.h"
#include "monitor/qmp.h"
#include "tests/unit/monitor-rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* By "\u" escapes any name could be spelled. */
static gboolean touches_host(const uint8_t *data, size_t size)
{
    static const char *const words[] = {"human-monitor", "screendump", "change-medium",
                                        "save",          "quit",       "\\u"};

    for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
        if (memmem(data, size, words[i], strlen(words[i]))) {
            return TRUE;
        }
    }
    return FALSE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char begin[] = "{\"execute\":\"qmp_capabilities\"}";
    static Rig rig; /* one for all inputs: threads are dear */
    QmpServer *server;

    if (size == 0 || touches_host(data, size)) {
        return 0;
    }
    if (!rig.machine) {
        rig_init(&rig);
    }
    server = qmp_server_new(rig.machine, &rig.chr, FALSE, NULL);
    g_assert(server);
    chardev_event(&rig.chr, CHAR_OPENED);
    rig_type(&rig, begin, strlen(begin));
    rig_settle(&rig);
    rig_type(&rig, (const char *)data, size);
    rig_settle(&rig);
    chardev_event(&rig.chr, CHAR_CLOSED);
    qmp_server_free(server);
    g_string_truncate(rig.peer, 0);
    return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzzes the debug server: any bytes from a client. Lines of the input that begin with neither '$'
 * nor an interrupt are framed with a right sum, so that mutations of packets reach what is behind
 * the frame; the others go as they are. Monitor commands are fuzz-hmp's.
 */
#include <stdint.h>
#include <string.h>

#include "gdbstub/gdbstub.h"
#include "tests/unit/monitor-rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void send_framed(Rig *rig, const uint8_t *body, size_t size)
{
    guint8 sum = 0;
    char tail[4];

    for (size_t i = 0; i < size; i++) {
        sum += body[i];
    }
    g_snprintf(tail, sizeof(tail), "#%02x", sum);
    rig_type(rig, "$", 1);
    rig_type(rig, (const char *)body, size);
    rig_type(rig, tail, 3);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Rig rig; /* one for all inputs: threads are dear */

    if (!rig.machine) {
        rig_init_cpus(&rig, 2);
        g_assert_true(gdbstub_serve(rig.machine, &rig.chr, NULL, NULL));
    }
    memset(&rig.accel->regs, 0, sizeof(rig.accel->regs));
    chardev_event(&rig.chr, CHAR_OPENED);
    while (size > 0) {
        const uint8_t *newline = memchr(data, '\n', size);
        size_t length = newline ? (size_t)(newline - data) : size;
        if (length > 0 && (*data == '$' || *data == 3)) {
            rig_type(&rig, (const char *)data, length);
        } else {
            send_framed(&rig, data, length);
        }
        length += newline != NULL;
        data += length;
        size -= length;
    }
    rig_settle(&rig);
    chardev_event(&rig.chr, CHAR_CLOSED);
    rig_settle(&rig);
    machine_stop(rig.machine, RUN_STATE_PAUSED);
    g_string_truncate(rig.peer, 0);
    return 0;
}

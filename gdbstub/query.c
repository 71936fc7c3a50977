/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets that ask and set in general, and those with long names (GDB manual, "General Query
 * Packets" and "Packets"). */
#include <string.h>

#include "gdbstub/gdbstub-priv.h"

/* Output of a monitor command goes in packets of this many bytes. */
#define CONSOLE_CHUNK 2048

/* Bits of qqemu.sstep, a customary extension: stepping at all, without interrupts, without timers
 * (which are interrupts here). */
#define SSTEP_ENABLE  1
#define SSTEP_NOIRQ   2
#define SSTEP_NOTIMER 4

/* TRUE if the packet begins with this word, which ends there or at one of ":;,"; *rest is what
 * follows. */
static gboolean is_word(const char *packet, const char *word, const char **rest)
{
    gsize length = strlen(word);

    if (strncmp(packet, word, length) || (packet[length] && !strchr(":;,=", packet[length]))) {
        return FALSE;
    }
    *rest = packet + length + (packet[length] != '\0');
    return TRUE;
}

/* ---- q ---- */

static void answer_supported(GdbStub *stub, const char *theirs)
{
    g_auto(GStrv) words = g_strsplit(theirs, ";", -1);
    g_autofree char *text =
        g_strdup_printf("PacketSize=%x;qXfer:features:read+;QStartNoAckMode+;vContSupported+;"
                        "swbreak+;hwbreak+",
                        GDB_PACKET_SIZE);

    stub->tells_swbreak = g_strv_contains((const char *const *)words, "swbreak+");
    stub->tells_hwbreak = g_strv_contains((const char *const *)words, "hwbreak+");
    gdb_send(stub, text);
}

/* "target.xml:OFFSET,LENGTH": a part of the description. */
static void answer_features(GdbStub *stub, const char *text)
{
    g_autoptr(GString) xml = NULL;
    g_autoptr(GString) reply = g_string_new(NULL);
    guint64 offset, length;

    if (!is_word(text, "target.xml", &text) || !gdb_parse_hex(&text, &offset) || *text++ != ',' ||
        !gdb_parse_hex(&text, &length) || *text) {
        gdb_send_error(stub, GDB_ERROR_INVALID);
        return;
    }
    xml = gdb_target_xml();
    offset = MIN(offset, xml->len);
    length = MIN(length, GDB_PACKET_SIZE / 2);
    g_string_append_c(reply, offset + length < xml->len ? 'm' : 'l');
    g_string_append_len(reply, xml->str + offset, (gssize)MIN(length, xml->len - offset));
    gdb_send(stub, reply->str);
}

static void answer_threads(GdbStub *stub)
{
    g_autoptr(GString) reply = g_string_new("m");

    for (guint i = 0; i < gdb_cpu_count(stub); i++) {
        g_string_append_printf(reply, "%s%x", i ? "," : "", i + 1);
    }
    gdb_send(stub, reply->str);
}

/* What `info threads` shows beside a thread. */
static void answer_thread_info(GdbStub *stub, const char *text)
{
    g_autoptr(GString) reply = g_string_new(NULL);
    int cpu;

    if (!gdb_parse_thread(stub, &text, &cpu) || *text || cpu < 0) {
        gdb_send_error(stub, GDB_ERROR_INVALID);
        return;
    }
    g_autofree char *info = g_strdup_printf(
        "CPU#%d [%s]", cpu, gdb_vcpu(stub, (guint)cpu)->halted ? "halted" : "running");
    gdb_append_hex(reply, (const guint8 *)info, strlen(info));
    gdb_send(stub, reply->str);
}

static void monitor_done(const char *text, void *opaque)
{
    GdbStub *stub = opaque;
    gsize length = strlen(text);

    stub->monitor_run = NULL;
    stub->in_monitor = FALSE;
    for (gsize at = 0; at < length; at += CONSOLE_CHUNK) {
        g_autoptr(GString) packet = g_string_new("O");
        gdb_append_hex(packet, (const guint8 *)text + at, MIN(CONSOLE_CHUNK, length - at));
        gdb_send(stub, packet->str);
    }
    gdb_send(stub, "OK");
    gdb_take_pending(stub);
}

static void run_monitor(GdbStub *stub, const char *text)
{
    gsize length = strlen(text) / 2;
    g_autofree char *line = g_malloc0(length + 1);
    void *run;

    if (!stub->monitor) {
        gdb_send(stub, "");
        return;
    }
    if (!gdb_parse_bytes(text, (guint8 *)line, length) || memchr(line, '\0', length) ||
        !g_utf8_validate(line, (gssize)length, NULL)) {
        gdb_send_error(stub, GDB_ERROR_INVALID);
        return;
    }
    stub->in_monitor = TRUE;
    run = stub->monitor->start(stub->machine, line, monitor_done, stub);
    if (stub->in_monitor) {
        stub->monitor_run = run;
    }
}

void gdb_handle_query(GdbStub *stub, const char *packet)
{
    g_autofree char *text = NULL;
    const char *rest;

    if (is_word(packet, "qSupported", &rest)) {
        answer_supported(stub, rest);
    } else if (is_word(packet, "qXfer:features:read", &rest)) {
        answer_features(stub, rest);
    } else if (is_word(packet, "qfThreadInfo", &rest)) {
        answer_threads(stub);
    } else if (is_word(packet, "qsThreadInfo", &rest)) {
        gdb_send(stub, "l");
    } else if (is_word(packet, "qThreadExtraInfo", &rest)) {
        answer_thread_info(stub, rest);
    } else if (is_word(packet, "qC", &rest)) {
        text = g_strdup_printf("QC%x", stub->cpu + 1);
        gdb_send(stub, text);
    } else if (is_word(packet, "qAttached", &rest)) {
        gdb_send(stub, "1");
    } else if (is_word(packet, "qRcmd", &rest)) {
        run_monitor(stub, rest);
    } else if (is_word(packet, "qqemu.sstepbits", &rest)) {
        text = g_strdup_printf("ENABLE=%x,NOIRQ=%x,NOTIMER=%x", SSTEP_ENABLE, SSTEP_NOIRQ,
                               SSTEP_NOTIMER);
        gdb_send(stub, text);
    } else if (is_word(packet, "qqemu.sstep", &rest)) {
        text = g_strdup_printf("0x%x",
                               SSTEP_ENABLE | (stub->step_irqs ? 0 : SSTEP_NOIRQ | SSTEP_NOTIMER));
        gdb_send(stub, text);
    } else if (is_word(packet, "qqemu.PhyMemMode", &rest)) {
        gdb_send(stub, stub->physical ? "1" : "0");
    } else {
        gdb_send(stub, "");
    }
}

/* ---- Q ---- */

void gdb_handle_set(GdbStub *stub, const char *packet)
{
    const char *rest;
    guint64 value;

    if (is_word(packet, "QStartNoAckMode", &rest)) {
        stub->no_ack = TRUE;
        gdb_send(stub, "OK");
    } else if (is_word(packet, "Qqemu.sstep", &rest)) {
        if (!gdb_parse_hex(&rest, &value) || *rest || !(value & SSTEP_ENABLE) ||
            value > (SSTEP_ENABLE | SSTEP_NOIRQ | SSTEP_NOTIMER)) {
            gdb_send_error(stub, GDB_ERROR_INVALID);
            return;
        }
        stub->step_irqs = !(value & SSTEP_NOIRQ);
        gdb_send(stub, "OK");
    } else if (is_word(packet, "Qqemu.PhyMemMode", &rest)) {
        if (!gdb_parse_hex(&rest, &value) || *rest || value > 1) {
            gdb_send_error(stub, GDB_ERROR_INVALID);
            return;
        }
        stub->physical = value == 1;
        gdb_send(stub, "OK");
    } else {
        gdb_send(stub, "");
    }
}

/* ---- v ---- */

/* "c", "s", "C05", "S05" */
static gboolean parse_action(const char **text, guint8 *action)
{
    char letter = **text;
    guint64 signal;

    if (!letter || !strchr("csCS", letter)) {
        return FALSE;
    }
    ++*text;
    *action = strchr("cC", letter) ? GDB_CONTINUE : GDB_STEP;
    return strchr("cs", letter) || gdb_parse_hex(text, &signal);
}

/* "vCont[;ACTION[:THREAD]]...": the first action that names a thread is for it; threads that none
 * names stay where they are. */
static void handle_cont(GdbStub *stub, const char *text)
{
    guint count = gdb_cpu_count(stub);
    g_autofree guint8 *actions = g_malloc0(count);
    g_autofree gboolean *named = g_new0(gboolean, count);
    gboolean ok = *text != '\0', any = FALSE;

    while (ok && *text) {
        guint8 action;
        int cpu = -1;

        ok = parse_action(&text, &action);
        if (ok && *text == ':') {
            text++;
            ok = gdb_parse_thread(stub, &text, &cpu);
        }
        ok = ok && (!*text || (*text == ';' && text[1]));
        text += ok && *text;
        for (guint i = 0; ok && i < count; i++) {
            if (!named[i] && (cpu < 0 || (guint)cpu == i)) {
                named[i] = any = TRUE;
                actions[i] = action;
            }
        }
    }
    if (!ok || !any) {
        gdb_send_error(stub, GDB_ERROR_INVALID);
        return;
    }
    gdb_resume(stub, actions);
}

void gdb_handle_v(GdbStub *stub, const char *packet)
{
    const char *rest;

    if (!strcmp(packet, "vCont?")) {
        gdb_send(stub, "vCont;c;C;s;S");
    } else if (is_word(packet, "vCont", &rest)) {
        handle_cont(stub, rest);
    } else if (is_word(packet, "vKill", &rest)) {
        gdb_send(stub, "OK");
        machine_request_shutdown(stub->machine, SHUTDOWN_HOST_QMP_QUIT, 0);
    } else {
        gdb_send(stub, "");
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets on the wire, "$BODY#SUM" (GDB manual, "Overview" of the remote protocol), and the
 * server's life. One packet is carried out at a time; while its answer cannot be written, or a
 * monitor command is not over, nothing further is taken in.
 */
#include <string.h>

#include "core/error.h"
#include "gdbstub/gdbstub-priv.h"

/* Bytes taken in at once. */
#define MAX_PENDING 4096

#define INTERRUPT 0x03
#define ESCAPE    '}'
#define ESCAPE_BY 0x20

/* ---- sending ---- */

static void flush(GdbStub *stub)
{
    if (stub->out->len) {
        gsize taken = chardev_write(stub->chr, stub->out->data, stub->out->len);
        g_byte_array_remove_range(stub->out, 0, taken);
    }
}

static void put(GdbStub *stub, const guint8 *data, gsize length)
{
    if (stub->chr->connected) {
        g_byte_array_append(stub->out, data, length);
        flush(stub);
    }
}

static void put_char(GdbStub *stub, char c)
{
    put(stub, (const guint8 *)&c, 1);
}

void gdb_send_data(GdbStub *stub, const guint8 *data, gsize length)
{
    GByteArray *last = stub->last;
    guint8 sum = 0;
    char tail[4];

    g_byte_array_set_size(last, 0);
    g_byte_array_append(last, (const guint8 *)"$", 1);
    for (gsize i = 0; i < length; i++) {
        guint8 bytes[2] = {data[i]};
        gsize n = 1;
        if (strchr("$#}*", data[i]) && data[i]) {
            bytes[0] = ESCAPE;
            bytes[1] = data[i] ^ ESCAPE_BY;
            sum += bytes[1];
            n = 2;
        }
        sum += bytes[0];
        g_byte_array_append(last, bytes, n);
    }
    g_snprintf(tail, sizeof(tail), "#%02x", sum);
    g_byte_array_append(last, (const guint8 *)tail, 3);
    put(stub, last->data, last->len);
}

void gdb_send(GdbStub *stub, const char *text)
{
    gdb_send_data(stub, (const guint8 *)text, strlen(text));
}

void gdb_send_error(GdbStub *stub, int error)
{
    char text[8];

    g_snprintf(text, sizeof(text), "E%02x", (guint)error & 0xff);
    gdb_send(stub, text);
}

/* ---- receiving ---- */

static void take_packet(GdbStub *stub, gboolean sum_is_right)
{
    /* Without acknowledgments the transport is trusted, and the sum is not looked at. */
    if (!stub->no_ack) {
        put_char(stub, sum_is_right ? '+' : '-');
        if (!sum_is_right) {
            return;
        }
    }
    if (stub->overlong) {
        gdb_send_error(stub, GDB_ERROR_INVALID);
        return;
    }
    g_byte_array_append(stub->in, (const guint8 *)"", 1);
    gdb_handle_packet(stub, (const char *)stub->in->data, stub->in->len - 1);
}

static void take_body(GdbStub *stub, guint8 byte)
{
    if (stub->in->len >= GDB_PACKET_SIZE) {
        stub->overlong = TRUE; /* the rest is only skipped */
    } else {
        g_byte_array_append(stub->in, &byte, 1);
    }
}

/* Between packets: acknowledgments, and the interrupt. */
static void take_idle(GdbStub *stub, guint8 byte)
{
    if (byte == '$') {
        g_byte_array_set_size(stub->in, 0);
        stub->sum = 0;
        stub->overlong = FALSE;
        stub->frame = GDB_BODY;
    } else if (byte == INTERRUPT) {
        gdb_interrupt(stub);
    } else if (byte == '-' && !stub->no_ack) {
        put(stub, stub->last->data, stub->last->len);
    }
}

static void take_byte(GdbStub *stub, guint8 byte)
{
    switch (stub->frame) {
    case GDB_IDLE: take_idle(stub, byte); break;
    case GDB_BODY:
        if (byte == '#') {
            stub->frame = GDB_SUM_HIGH;
            break;
        }
        if (byte == '$') { /* the packet before it broke off */
            take_idle(stub, byte);
            break;
        }
        stub->sum += byte;
        if (byte == ESCAPE) {
            stub->frame = GDB_ESCAPED;
        } else {
            take_body(stub, byte);
        }
        break;
    case GDB_ESCAPED:
        stub->sum += byte;
        take_body(stub, byte ^ ESCAPE_BY);
        stub->frame = GDB_BODY;
        break;
    case GDB_SUM_HIGH:
        stub->sum_high = byte;
        stub->frame = GDB_SUM_LOW;
        break;
    case GDB_SUM_LOW: {
        int high = g_ascii_xdigit_value((char)stub->sum_high);
        int low = g_ascii_xdigit_value((char)byte);
        stub->frame = GDB_IDLE;
        take_packet(stub, high >= 0 && low >= 0 && (high << 4 | low) == stub->sum);
        break;
    }
    }
}

static gboolean is_busy(const GdbStub *stub)
{
    return stub->in_monitor || stub->out->len > 0;
}

void gdb_take_pending(GdbStub *stub)
{
    if (stub->taking) {
        return; /* further up on the stack; that goes on */
    }
    stub->taking = TRUE;
    while (!is_busy(stub) && stub->pending_at < stub->pending->len) {
        take_byte(stub, stub->pending->data[stub->pending_at++]);
    }
    stub->taking = FALSE;
    if (!is_busy(stub)) {
        g_byte_array_set_size(stub->pending, 0);
        stub->pending_at = 0;
        chardev_accept(stub->chr);
    }
}

static gsize stub_can_receive(void *opaque)
{
    const GdbStub *stub = opaque;

    return is_busy(stub) || stub->pending->len > 0 ? 0 : MAX_PENDING;
}

static void stub_receive(void *opaque, const guint8 *data, gsize length)
{
    GdbStub *stub = opaque;

    g_byte_array_append(stub->pending, data, length);
    gdb_take_pending(stub);
}

static void stub_writable(void *opaque)
{
    flush(opaque);
    gdb_take_pending(opaque);
}

static void cancel_monitor(GdbStub *stub)
{
    if (stub->monitor_run) {
        stub->monitor->cancel(stub->monitor_run);
        stub->monitor_run = NULL;
    }
    stub->in_monitor = FALSE;
}

static void stub_event(void *opaque, CharEvent event)
{
    GdbStub *stub = opaque;

    if (event != CHAR_OPENED && event != CHAR_CLOSED) {
        return;
    }
    cancel_monitor(stub);
    if (stub->attached) {
        gdb_detach(stub, FALSE);
    }
    stub->frame = GDB_IDLE;
    stub->no_ack = FALSE;
    g_byte_array_set_size(stub->out, 0);
    g_byte_array_set_size(stub->pending, 0);
    stub->pending_at = 0;
    g_byte_array_set_size(stub->last, 0);
    if (event == CHAR_OPENED) {
        gdb_attach(stub);
    }
}

static const CharUser stub_user = {
    .can_receive = stub_can_receive,
    .receive = stub_receive,
    .event = stub_event,
    .writable = stub_writable,
};

/* ---- life ---- */

static void on_machine(Machine *machine, MachineEvent event, void *opaque)
{
    GdbStub *stub = opaque;

    if (event == MACHINE_EVENT_RUN_STATE && !machine_is_running(machine)) {
        deferred_schedule(stub->settle); /* later: it talks to vCPUs */
    } else if (event == MACHINE_EVENT_SHUTDOWN && stub->attached) {
        g_autofree char *text = g_strdup_printf("W%02x", (guint)machine->exit_status & 0xff);
        stub->waiting = FALSE;
        gdb_send(stub, text);
    }
}

/* The character device of a short form, which has defaults that fit a server. */
static Chardev *open_device(Machine *machine, const char *device, GError **error)
{
    g_autofree char *text = g_strdup(device);

    if (g_str_has_prefix(text, "tcp::")) {
        char *host = g_strconcat("tcp:127.0.0.1:", text + strlen("tcp::"), NULL);
        g_free(text);
        text = host;
    }
    if (g_str_has_prefix(text, "tcp:") && !strstr(text, ",server")) {
        char *server = g_strconcat(text, ",server=on,wait=off,nodelay=on", NULL);
        g_free(text);
        text = server;
    }
    return chardev_create_short(machine, text, "gdb", error);
}

static void stub_free(GdbStub *stub)
{
    cancel_monitor(stub);
    gdb_detach(stub, FALSE);
    machine_unlisten(stub->machine, stub->listener);
    deferred_free(stub->settle);
    if (stub->is_user) {
        chardev_detach(stub->chr);
    }
    if (stub->owns_chr) {
        chardev_destroy(stub->chr, NULL);
    }
    g_byte_array_unref(stub->in);
    g_byte_array_unref(stub->pending);
    g_byte_array_unref(stub->out);
    g_byte_array_unref(stub->last);
    g_array_unref(stub->points);
    g_array_unref(stub->actions);
    g_free(stub);
}

static gboolean check_start(Machine *machine, GError **error)
{
    const GdbStub *present = machine->gdbstub;

    if (present && present->in_monitor) {
        return error_set(error, "the debug server cannot be changed through itself");
    }
    if (machine->vcpus->len == 0) {
        return error_set(error, "the machine has no processor to debug");
    }
    return TRUE;
}

static gboolean serve(Machine *machine, Chardev *chr, gboolean owns_chr,
                      const GdbMonitorOps *monitor, GError **error)
{
    GdbStub *stub = g_new0(GdbStub, 1);

    stub->machine = machine;
    stub->chr = chr;
    stub->owns_chr = owns_chr;
    stub->monitor = monitor;
    stub->in = g_byte_array_new();
    stub->pending = g_byte_array_new();
    stub->out = g_byte_array_new();
    stub->last = g_byte_array_new();
    stub->points = g_array_new(FALSE, FALSE, sizeof(GdbPoint));
    stub->actions = g_array_new(FALSE, TRUE, sizeof(guint8));
    stub->settle = deferred_new(machine->loop, gdb_settle, stub);
    stub->is_user = chardev_attach(chr, &stub_user, stub, error);
    if (!stub->is_user) {
        stub_free(stub);
        return FALSE;
    }
    stub->listener = machine_listen(machine, on_machine, stub);
    machine->gdbstub = stub;
    return TRUE;
}

gboolean gdbstub_serve(Machine *machine, Chardev *chr, const GdbMonitorOps *monitor, GError **error)
{
    if (!check_start(machine, error)) {
        return FALSE;
    }
    gdbstub_stop(machine);
    return serve(machine, chr, FALSE, monitor, error);
}

gboolean gdbstub_start(Machine *machine, const char *device, const GdbMonitorOps *monitor,
                       GError **error)
{
    Chardev *chr;

    if (!check_start(machine, error)) {
        return FALSE;
    }
    gdbstub_stop(machine);
    if (!strcmp(device, "none")) {
        return TRUE;
    }
    chr = open_device(machine, device, error);
    return chr && serve(machine, chr, !g_str_has_prefix(device, "chardev:"), monitor, error);
}

gboolean gdbstub_has_client(const Machine *machine)
{
    const GdbStub *stub = machine->gdbstub;

    return stub && stub->attached;
}

void gdbstub_stop(Machine *machine)
{
    GdbStub *stub = machine->gdbstub;

    machine->gdbstub = NULL;
    if (stub) {
        stub_free(stub);
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "core/error.h"
#include "qtest/accel-priv.h"
#include "qtest/commands.h"
#include "qtest/qtest.h"

/* Longest command line: the largest b64write, and room to spare. */
#define MAX_LINE (32u << 20)

struct QtestServer {
    Chardev *chr;
    Qtest *qtest;
    GByteArray *in;  /* a line that has not ended yet */
    GByteArray *out; /* what the peer could not take yet */
    gboolean overlong;
    FILE *log; /* NULL = none */
    gint64 log_start;
};

static void log_line(QtestServer *server, char direction, const char *line)
{
    if (server->log) {
        fprintf(server->log, "[%c +%.6f] %s\n", direction,
                (double)(g_get_monotonic_time() - server->log_start) / G_USEC_PER_SEC, line);
    }
}

static gboolean open_log(QtestServer *server, const char *file, GError **error)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);

    if (fd < 0) {
        return error_set_errno(error, errno, "-qtest-log: cannot open '%s'", file);
    }
    server->log = fdopen(fd, "a");
    setvbuf(server->log, NULL, _IOLBF, 0); /* the last words before a crash count most */
    server->log_start = g_get_monotonic_time();
    return TRUE;
}

static void flush_output(QtestServer *server)
{
    gsize taken;

    if (server->out->len) {
        taken = chardev_write(server->chr, server->out->data, server->out->len);
        g_byte_array_remove_range(server->out, 0, taken);
    }
}

static void send_line(void *opaque, const char *line)
{
    QtestServer *server = opaque;

    if (!server->chr->connected) {
        return;
    }
    log_line(server, 'S', line);
    g_byte_array_append(server->out, (const guint8 *)line, strlen(line));
    g_byte_array_append(server->out, (const guint8 *)"\n", 1);
    flush_output(server);
}

static void take_line(QtestServer *server)
{
    if (server->overlong) {
        server->overlong = FALSE;
        send_line(server, "FAIL Command line is too long");
    } else {
        g_byte_array_append(server->in, (const guint8 *)"", 1);
        log_line(server, 'R', (const char *)server->in->data);
        qtest_command(server->qtest, (char *)server->in->data);
    }
    g_byte_array_set_size(server->in, 0);
}

static void on_receive(void *opaque, const guint8 *data, gsize length)
{
    QtestServer *server = opaque;

    while (length) {
        const guint8 *end = memchr(data, '\n', length);
        gsize part = end ? (gsize)(end - data) : length;

        if (server->overlong || server->in->len + part > MAX_LINE) {
            server->overlong = TRUE;
            g_byte_array_set_size(server->in, 0);
        } else {
            g_byte_array_append(server->in, data, part);
        }
        if (!end) {
            return;
        }
        take_line(server);
        data = end + 1;
        length -= part + 1;
    }
}

static void on_event(void *opaque, CharEvent event)
{
    QtestServer *server = opaque;

    if (event != CHAR_BREAK) {
        g_byte_array_set_size(server->in, 0);
        g_byte_array_set_size(server->out, 0);
        server->overlong = FALSE;
    }
}

static void on_writable(void *opaque)
{
    flush_output(opaque);
}

static const CharUser server_user = {
    .receive = on_receive,
    .event = on_event,
    .writable = on_writable,
};

gboolean qtest_server_start(Machine *machine, Chardev *chr, const char *log_file, GError **error)
{
    QtestServer *server;

    if (!machine->accel || machine->accel->ops != &qtest_accel_ops) {
        return error_set(error, "-qtest needs the accelerator qtest (-accel qtest)");
    }
    server = g_new0(QtestServer, 1);
    server->chr = chr;
    server->qtest = qtest_new(machine, send_line, server);
    server->in = g_byte_array_new();
    server->out = g_byte_array_new();
    if ((log_file && !open_log(server, log_file, error)) ||
        !chardev_attach(chr, &server_user, server, error)) {
        server->chr = NULL;
        qtest_server_free(server);
        return FALSE;
    }
    g_ptr_array_add(((QtestAccel *)machine->accel)->servers, server);
    return TRUE;
}

void qtest_server_msi(QtestServer *server, guint64 addr, guint32 data)
{
    qtest_report_msi(server->qtest, addr, data);
}

void qtest_server_free(QtestServer *server)
{
    if (server->chr) {
        chardev_detach(server->chr);
    }
    qtest_free(server->qtest);
    g_byte_array_unref(server->in);
    g_byte_array_unref(server->out);
    if (server->log) {
        fclose(server->log);
    }
    g_free(server);
}

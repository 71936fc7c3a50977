/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A connection of the control socket: bytes to lines, and replies back. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/control-priv.h"
#include "core/error.h"

/* Read at a time: bounds how long one wake-up takes. */
#define CHUNK 4096

/* With so much unsent it is not listened to. */
#define MAX_UNSENT 65536

static void take_passed_fd(ControlClient *client, int fd)
{
    if (client->passed_fd >= 0) {
        close(client->passed_fd);
    }
    client->passed_fd = fd;
}

/* ---- sending ---- */

static void update_events(ControlClient *client)
{
    gboolean full = client->in->len >= CONTROL_MAX_LINE || client->out->len > MAX_UNSENT;

    fd_watch_set_events(client->watch, (client->out->len > 0 ? G_IO_OUT : 0) |
                                           (client->eof || full ? 0 : G_IO_IN));
}

/* FALSE if the peer has gone. */
static gboolean flush(ControlClient *client)
{
    while (client->out->len > 0) {
        ssize_t sent = send(client->fd, client->out->str, client->out->len, MSG_NOSIGNAL);

        if (sent < 0) {
            return errno == EAGAIN || errno == EINTR;
        }
        g_string_erase(client->out, 0, sent);
    }
    return TRUE;
}

/* A failed send is noticed by the watch, which reports the hang-up. */
static void send_message(ControlClient *client, JsonObject *message)
{
    g_autofree char *line = control_message_format(message);

    g_string_append(client->out, line);
    flush(client);
    update_events(client);
    json_object_unref(message);
}

void control_client_event(ControlClient *client, const char *event, JsonObject *data)
{
    JsonObject *message = json_object_new();

    json_object_set_string_member(message, "event", event);
    json_object_set_object_member(message, "data", data);
    send_message(client, message);
}

void control_client_reply(ControlClient *client, JsonObject *result, const GError *error)
{
    JsonObject *message = json_object_new();

    if (error) {
        JsonObject *what = json_object_new();

        json_object_set_string_member(what, "class", "GenericError");
        json_object_set_string_member(what, "desc", error->message);
        json_object_set_object_member(message, "error", what);
        g_clear_pointer(&result, json_object_unref);
    } else {
        json_object_set_object_member(message, "return", result ? result : json_object_new());
    }
    if (client->request_id) {
        json_object_set_member(message, "id", g_steal_pointer(&client->request_id));
    }
    client->busy = FALSE;
    take_passed_fd(client, -1);
    send_message(client, message);
    deferred_schedule(client->wake); /* more may have come in meanwhile */
}

/* ---- receiving ---- */

static void run_line(ControlClient *client, const char *line, gsize length)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) request = control_message_parse(line, length, &error);

    client->busy = TRUE;
    if (!request) {
        control_client_reply(client, NULL, error);
        return;
    }
    if (json_object_has_member(request, "id")) {
        client->request_id = json_object_dup_member(request, "id");
    }
    control_run(client, request);
}

static gboolean is_blank(const char *line, gsize length)
{
    for (gsize i = 0; i < length; i++) {
        if (!g_ascii_isspace(line[i])) {
            return FALSE;
        }
    }
    return TRUE;
}

/* Runs the complete lines, as far as the client takes the answers. */
static void run_lines(ControlClient *client)
{
    while (!client->busy && client->out->len <= MAX_UNSENT) {
        const char *start = (const char *)client->in->data;
        const char *end = client->in->len ? memchr(start, '\n', client->in->len) : NULL;
        g_autofree char *line = NULL;
        gsize length;

        if (!end) {
            break;
        }
        length = (gsize)(end - start);
        line = g_strndup(start, length);
        g_byte_array_remove_range(client->in, 0, (guint)length + 1);
        if (!is_blank(line, length)) {
            run_line(client, line, length);
        }
    }
    if (!client->busy && client->in->len >= CONTROL_MAX_LINE) {
        g_autoptr(GError) error = NULL;

        error_set(&error, "a request has at most %d bytes", CONTROL_MAX_LINE);
        control_client_reply(client, NULL, error);
        g_byte_array_set_size(client->in, 0);
        client->eof = TRUE; /* what follows would be the middle of a line */
    }
}

/* Takes one descriptor, closes all others. */
static void take_control_data(ControlClient *client, struct msghdr *message)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        const unsigned char *data = CMSG_DATA(c);

        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        for (gsize i = 0; i + sizeof(int) <= c->cmsg_len - CMSG_LEN(0); i += sizeof(int)) {
            int fd;

            memcpy(&fd, data + i, sizeof(fd));
            take_passed_fd(client, fd);
        }
    }
}

/* FALSE if the connection has failed. */
static gboolean receive(ControlClient *client)
{
    char bytes[CHUNK];
    union {
        char room[CMSG_SPACE(4 * sizeof(int))];
        struct cmsghdr align;
    } control;
    struct iovec iov = {bytes, MIN(sizeof(bytes), CONTROL_MAX_LINE - client->in->len)};
    struct msghdr message = {
        .msg_iov = &iov,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof(control),
    };
    ssize_t got = recvmsg(client->fd, &message, MSG_CMSG_CLOEXEC);

    if (got < 0) {
        return errno == EAGAIN || errno == EINTR;
    }
    take_control_data(client, &message);
    g_byte_array_append(client->in, (const guint8 *)bytes, (guint)got);
    client->eof = got == 0;
    return TRUE;
}

/* Runs what has come in, and ends the connection when nothing more can happen on it. */
static void go_on(ControlClient *client)
{
    run_lines(client);
    update_events(client);
    /* One that sends no more still gets its answers; its frontends go at once. */
    if (client->eof && (client->bound->len > 0 || (!client->busy && client->out->len == 0))) {
        control_server_drop(client->server, client);
    }
}

static void on_wake(void *opaque)
{
    go_on(opaque);
}

static void on_ready(int fd, GIOCondition revents, void *opaque)
{
    ControlClient *client = opaque;
    gboolean alive = TRUE;

    if ((revents & G_IO_IN) && !client->eof && client->in->len < CONTROL_MAX_LINE) {
        alive = receive(client);
    } else if (revents & (G_IO_HUP | G_IO_ERR)) {
        alive = FALSE; /* both ways are closed */
    }
    if (alive && (revents & G_IO_OUT)) {
        alive = flush(client);
    }
    if (alive) {
        go_on(client);
    } else {
        control_server_drop(client->server, client);
    }
}

/* ---- lifecycle ---- */

gboolean control_client_is_idle(const ControlClient *client)
{
    return !client->busy && client->bound->len == 0;
}

ControlClient *control_client_new(ControlServer *server, int fd)
{
    ControlClient *client = g_new0(ControlClient, 1);

    client->server = server;
    client->fd = fd;
    client->passed_fd = -1;
    client->in = g_byte_array_new();
    client->out = g_string_new(NULL);
    client->bound = g_ptr_array_new_with_free_func(g_free);
    client->wake = deferred_new(server->machine->loop, on_wake, client);
    client->watch = fd_watch_add(server->machine->loop, fd, G_IO_IN, on_ready, client);
    return client;
}

void control_client_free(ControlClient *client)
{
    control_abandon(client);
    deferred_free(client->wake);
    fd_watch_remove(client->watch);
    take_passed_fd(client, -1);
    close(client->fd);
    g_byte_array_unref(client->in);
    g_string_free(client->out, TRUE);
    g_clear_pointer(&client->request_id, json_node_unref);
    g_ptr_array_unref(client->bound);
    g_free(client);
}

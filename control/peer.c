/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "control/peer.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/dir.h"
#include "core/error.h"

struct ControlPeer {
    int fd;
    GString *in;
    GPtrArray *events; /* of JsonObject*, came while an answer was awaited */
};

/* ---- one connection ---- */

ControlPeer *control_peer_open(const char *path, GError **error)
{
    gint64 deadline = g_get_monotonic_time() + CONTROL_PATIENCE_MS * G_TIME_SPAN_MILLISECOND;
    int fd = control_dir_connect(path);
    ControlPeer *peer;

    /* Its queue of connections is full: many knock, or it does not answer at all. */
    while (fd < 0 && errno == EAGAIN && g_get_monotonic_time() < deadline) {
        g_usleep(10 * G_TIME_SPAN_MILLISECOND);
        fd = control_dir_connect(path);
    }
    if (fd < 0) {
        error_set_errno(error, errno, "cannot reach the machine at %s", path);
        return NULL;
    }
    peer = g_new0(ControlPeer, 1);
    peer->fd = fd;
    peer->in = g_string_new(NULL);
    peer->events = g_ptr_array_new_with_free_func((GDestroyNotify)json_object_unref);
    return peer;
}

void control_peer_free(ControlPeer *peer)
{
    if (peer) {
        close(peer->fd);
        g_string_free(peer->in, TRUE);
        g_ptr_array_unref(peer->events);
        g_free(peer);
    }
}

int control_peer_fd(ControlPeer *peer)
{
    return peer->fd;
}

/* One send carries the descriptor; a request is short, so it fits the socket's buffer. */
static gboolean send_line(ControlPeer *peer, const char *line, int pass_fd)
{
    union {
        char room[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {{0}};
    struct iovec iov = {(char *)line, strlen(line)};
    struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};

    if (pass_fd >= 0) {
        struct cmsghdr *c;

        message.msg_control = &control;
        message.msg_controllen = sizeof(control);
        c = CMSG_FIRSTHDR(&message);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(c), &pass_fd, sizeof(int));
    }
    return sendmsg(peer->fd, &message, MSG_NOSIGNAL) == (ssize_t)iov.iov_len;
}

static char *format_request(const char *request, JsonObject *arguments)
{
    g_autoptr(JsonObject) message = json_object_new();

    json_object_set_string_member(message, "execute", request);
    if (arguments) {
        json_object_set_object_member(message, "arguments", arguments);
    }
    return control_message_format(message);
}

/* FALSE at the end of the stream. */
static gboolean read_some(ControlPeer *peer)
{
    char bytes[4096];
    ssize_t got = recv(peer->fd, bytes, sizeof(bytes), 0);

    if (got > 0) {
        g_string_append_len(peer->in, bytes, got);
    }
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

/* The next message that is there; NULL = none yet. What makes no sense is passed over. */
static JsonObject *next_message(ControlPeer *peer)
{
    JsonObject *message = NULL;
    const char *end;

    while (!message && (end = strchr(peer->in->str, '\n')) != NULL) {
        gsize length = (gsize)(end - peer->in->str);

        message = control_message_parse(peer->in->str, length, NULL);
        g_string_erase(peer->in, 0, (gssize)length + 1);
    }
    return message;
}

static gboolean wait_for_data(ControlPeer *peer, gint64 deadline)
{
    struct pollfd pfd = {peer->fd, POLLIN, 0};
    gint64 left = (deadline - g_get_monotonic_time()) / G_TIME_SPAN_MILLISECOND;

    return left > 0 && (poll(&pfd, 1, (int)left) > 0 || errno == EINTR);
}

static JsonObject *take_answer(JsonObject *message, GError **error)
{
    JsonObject *result, *what;
    const char *text = NULL;

    if (control_get_object(message, "return", &result, error) && result) {
        return json_object_ref(result);
    }
    if (error && *error) {
        return NULL;
    }
    if (control_get_object(message, "error", &what, error) && what &&
        control_get_string(what, "desc", &text, error)) {
        error_set(error, "%s", text ? text : "unknown error");
    }
    if (error && !*error) {
        error_set(error, "the machine's answer makes no sense");
    }
    return NULL;
}

static JsonObject *wait_for_answer(ControlPeer *peer, gint64 deadline, GError **error)
{
    for (;;) {
        JsonObject *message = next_message(peer);

        if (message && json_object_has_member(message, "event")) {
            g_ptr_array_add(peer->events, message);
        } else if (message) {
            JsonObject *result = take_answer(message, error);

            json_object_unref(message);
            return result;
        } else if (!wait_for_data(peer, deadline)) {
            error_set(error, "the machine does not answer");
            return NULL;
        } else if (!read_some(peer)) {
            error_set(error, "the machine has ended");
            return NULL;
        }
    }
}

JsonObject *control_peer_call(ControlPeer *peer, const char *request, JsonObject *arguments,
                              int pass_fd, int patience_ms, GError **error)
{
    gint64 deadline = g_get_monotonic_time() + patience_ms * G_TIME_SPAN_MILLISECOND;
    g_autofree char *line = format_request(request, arguments);

    if (strlen(line) > CONTROL_MAX_LINE) {
        error_set(error, "the options are too long");
        return NULL;
    }
    if (!send_line(peer, line, pass_fd)) {
        error_set_errno(error, errno, "the machine does not listen");
        return NULL;
    }
    return wait_for_answer(peer, deadline, error);
}

void control_peer_tell(ControlPeer *peer, const char *request, JsonObject *arguments)
{
    g_autofree char *line = format_request(request, arguments);

    send_line(peer, line, -1);
}

gboolean control_peer_event(ControlPeer *peer, JsonObject **event)
{
    gboolean alive = TRUE;

    *event = NULL;
    if (peer->events->len == 0) {
        JsonObject *message;

        alive = read_some(peer);
        while ((message = next_message(peer)) != NULL) {
            if (json_object_has_member(message, "event")) {
                g_ptr_array_add(peer->events, message);
            } else {
                json_object_unref(message);
            }
        }
    }
    if (peer->events->len > 0) {
        *event = g_ptr_array_steal_index(peer->events, 0);
    }
    return alive;
}

/* ---- machines ---- */

static void machine_free_entry(void *data)
{
    ControlMachine *machine = data;

    g_free(machine->path);
    g_free(machine->name);
    g_clear_pointer(&machine->status, json_object_unref);
    g_free(machine);
}

static char *socket_name(const char *path)
{
    g_autofree char *file = g_path_get_basename(path);

    return g_strndup(file, strlen(file) - strlen(CONTROL_SUFFIX));
}

static ControlMachine *ask(const char *path)
{
    ControlMachine *machine = g_new0(ControlMachine, 1);
    g_autoptr(ControlPeer) peer = control_peer_open(path, NULL);
    const char *name = NULL;
    JsonNode *pid = NULL;

    machine->path = g_strdup(path);
    machine->status =
        peer ? control_peer_call(peer, "status", NULL, -1, CONTROL_PATIENCE_MS, NULL) : NULL;
    if (machine->status) {
        control_get_string(machine->status, "name", &name, NULL);
        pid = json_object_get_member(machine->status, "pid");
    }
    machine->name = name ? g_strdup(name) : socket_name(path);
    machine->pid = pid && JSON_NODE_HOLDS_VALUE(pid) ? json_node_get_int(pid) : 0;
    return machine;
}

GPtrArray *control_list(GError **error)
{
    g_autoptr(GPtrArray) paths = control_dir_list(error);
    GPtrArray *machines;

    if (!paths) {
        return NULL;
    }
    machines = g_ptr_array_new_with_free_func(machine_free_entry);
    for (guint i = 0; i < paths->len; i++) {
        g_ptr_array_add(machines, ask(g_ptr_array_index(paths, i)));
    }
    return machines;
}

/* How well a machine answers to `text`: 0 = not at all; the best ones are what is meant. */
static int match(const ControlMachine *machine, const char *text)
{
    g_autofree char *pid = g_strdup_printf("%" G_GINT64_FORMAT, machine->pid);
    g_autofree char *file = socket_name(machine->path);

    if (strcmp(file, text) == 0) {
        return 3;
    }
    if (strcmp(machine->name, text) == 0 || strcmp(pid, text) == 0) {
        return 2;
    }
    return g_str_has_prefix(machine->name, text) ? 1 : 0;
}

static ControlMachine *ambiguous(GPtrArray *machines, const char *text, int best, GError **error)
{
    g_autoptr(GString) names = g_string_new(NULL);

    for (guint i = 0; i < machines->len; i++) {
        ControlMachine *machine = g_ptr_array_index(machines, i);
        g_autofree char *file = socket_name(machine->path);

        if (!text || match(machine, text) == best) {
            g_string_append_printf(names, "%s%s", names->len ? ", " : "", file);
        }
    }
    if (text) {
        error_set(error, "'%s' may be any of these machines: %s", text, names->str);
    } else {
        error_set(error, "there are several machines; say which: %s", names->str);
    }
    return NULL;
}

ControlMachine *control_find(GPtrArray *machines, const char *text, GError **error)
{
    ControlMachine *found = NULL;
    gboolean several = FALSE;
    int best = 0;

    if (machines->len == 0) {
        error_set(error, "no machine is running");
        return NULL;
    }
    for (guint i = 0; i < machines->len; i++) {
        ControlMachine *machine = g_ptr_array_index(machines, i);
        int quality = text ? match(machine, text) : 1;

        if (quality > best) {
            best = quality;
            found = machine;
            several = FALSE;
        } else if (quality > 0 && quality == best) {
            several = TRUE;
        }
    }
    if (several) {
        return ambiguous(machines, text, best, error);
    }
    if (!found) {
        error_set(error, "there is no machine '%s' ('vitrine list' shows those there are)", text);
    }
    return found;
}

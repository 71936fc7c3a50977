/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMP's commands about descriptors that clients send, and the viewers that some of them are. */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/error.h"
#include "core/fdset.h"
#include "core/frontend.h"
#include "monitor/fds.h"
#include "monitor/handlers.h"

/* What the client has sent along. */
static int next_fd(const CommandCall *call, GError **error)
{
    int fd = call->context->fds ? fd_store_next(call->context->fds) : -1;

    if (fd < 0) {
        error_set(error, "No file descriptor supplied via SCM_RIGHTS");
    }
    return fd;
}

gboolean cmd_getfd(CommandCall *call, GError **error)
{
    const char *name = command_string(call, "fdname");
    int fd = next_fd(call, error);

    if (fd < 0) {
        return FALSE;
    }
    if (g_ascii_isdigit(*name)) {
        close(fd);
        return error_set(error, "Parameter 'fdname' expects a name not starting with a digit");
    }
    if (!fd_store_set(call->context->fds, name, fd)) {
        close(fd);
        return error_set(error, "there are %d named descriptors, which is the most",
                         FD_STORE_MAX_NAMED);
    }
    return TRUE;
}

gboolean cmd_closefd(CommandCall *call, GError **error)
{
    const char *name = command_string(call, "fdname");
    int fd = call->context->fds ? fd_store_steal(call->context->fds, name) : -1;

    if (fd < 0) {
        return error_set(error, "File descriptor named '%s' not found", name);
    }
    close(fd);
    return TRUE;
}

/* ---- sets ---- */

gboolean qmp_add_fd(CommandCall *call, GError **error)
{
    gint64 id = command_int(call, "fdset-id", -1);
    JsonObject *info;
    int fd = next_fd(call, error);

    if (fd < 0) {
        return FALSE;
    }
    if (command_has(call, "fdset-id") && id < 0) {
        close(fd);
        return error_set(error, "Parameter 'fdset-id' expects a non-negative value");
    }
    if (!fdsets_add(call->machine->fdsets, &id, fd, command_string(call, "opaque"), error)) {
        close(fd);
        return FALSE;
    }
    info = json_object_new();
    json_object_set_int_member(info, "fdset-id", id);
    json_object_set_int_member(info, "fd", fd);
    command_return_object(call, info);
    return TRUE;
}

gboolean qmp_remove_fd(CommandCall *call, GError **error)
{
    gint64 id = command_int(call, "fdset-id", -1);
    gint64 fd = command_int(call, "fd", -1);
    gboolean valid = fd <= G_MAXINT && (fd >= 0 || !command_has(call, "fd"));

    if (valid && fdsets_remove(call->machine->fdsets, id, (int)fd)) {
        return TRUE;
    }
    if (command_has(call, "fd")) {
        return error_set(error,
                         "File descriptor named 'fdset-id:%" G_GINT64_FORMAT
                         ", fd:%" G_GINT64_FORMAT "' not found",
                         id, fd);
    }
    return error_set(error, "File descriptor named 'fdset-id:%" G_GINT64_FORMAT "' not found", id);
}

static void add_member(gint64 id, int fd, const char *note, void *opaque)
{
    JsonArray *list = opaque;
    guint count = json_array_get_length(list);
    JsonObject *set = count ? json_array_get_object_element(list, count - 1) : NULL;
    JsonObject *member = json_object_new();

    if (!set || json_object_get_int_member(set, "fdset-id") != id) {
        set = json_object_new();
        json_object_set_int_member(set, "fdset-id", id);
        json_object_set_array_member(set, "fds", json_array_new());
        json_array_add_object_element(list, set);
    }
    json_object_set_int_member(member, "fd", fd);
    if (note) {
        json_object_set_string_member(member, "opaque", note);
    }
    json_array_add_object_element(json_object_get_array_member(set, "fds"), member);
}

gboolean qmp_query_fdsets(CommandCall *call, GError **error)
{
    JsonArray *list = json_array_new();

    fdsets_foreach(call->machine->fdsets, add_member, list);
    command_return_array(call, list);
    return TRUE;
}

/* ---- viewers ---- */

static gboolean is_connected(int fd)
{
    struct sockaddr_storage peer;
    socklen_t length = sizeof(peer), size = sizeof(int);
    int type = 0;

    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM &&
           getpeername(fd, (struct sockaddr *)&peer, &length) == 0;
}

static Frontend *find_server(const CommandCall *call, GError **error)
{
    const char *protocol = command_string(call, "protocol");
    Frontend *frontend = frontend_find(call->machine, protocol);

    if (frontend && frontend->ops->add_client) {
        return frontend;
    }
    if (g_str_equal(protocol, "vnc") || g_str_equal(protocol, "spice")) {
        g_set_error(error, VITRINE_ERROR, VITRINE_ERROR_DEVICE_NOT_ACTIVE, "there is no %s server",
                    protocol);
    } else {
        error_set(error, "protocol '%s' is invalid", protocol);
    }
    return NULL;
}

static gboolean add_client(const CommandCall *call, int fd, GError **error)
{
    Frontend *frontend = find_server(call, error);

    if (!frontend) {
        return FALSE;
    }
    if (!is_connected(fd)) {
        return error_set(error, "the descriptor '%s' is no connected socket",
                         command_string(call, "fdname"));
    }
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    return frontend->ops->add_client(frontend, fd, command_flag(call, "skipauth"),
                                     command_flag(call, "tls"), error);
}

gboolean qmp_add_client(CommandCall *call, GError **error)
{
    const char *name = command_string(call, "fdname");
    int fd = fd_store_claim(call->context->fds, name, error);

    if (fd < 0) {
        return FALSE;
    }
    if (!add_client(call, fd, error)) {
        close(fd);
        return FALSE;
    }
    return TRUE;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMP's commands about descriptors that clients send, and the viewers that some of them are. */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/error.h"
#include "core/frontend.h"
#include "monitor/fds.h"
#include "monitor/handlers.h"

gboolean qmp_getfd(CommandCall *call, GError **error)
{
    const char *name = command_string(call, "fdname");
    int fd = fd_store_next(call->context->fds);

    if (fd < 0) {
        return error_set(error, "No file descriptor supplied via SCM_RIGHTS");
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

gboolean qmp_closefd(CommandCall *call, GError **error)
{
    const char *name = command_string(call, "fdname");
    int fd = fd_store_steal(call->context->fds, name);

    if (fd < 0) {
        return error_set(error, "File descriptor named '%s' not found", name);
    }
    close(fd);
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
    int fd = fd_store_steal(call->context->fds, name);

    if (fd < 0) {
        return error_set(error, "File descriptor named '%s' has not been found", name);
    }
    if (!add_client(call, fd, error)) {
        close(fd);
        return FALSE;
    }
    return TRUE;
}

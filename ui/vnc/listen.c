/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/error.h"
#include "core/log.h"
#include "ui/vnc/vnc-priv.h"

#define RFB_PORT    5900 /* IANA: display N is port 5900 + N */
#define MAX_DISPLAY (65535 - RFB_PORT)
#define BACKLOG     16

static void on_connection(int fd, GIOCondition revents, void *opaque)
{
    VncServer *server = opaque;
    int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (peer < 0) {
        return; /* it has gone again, or we have too many files open: it will be tried again */
    }
    if (server->viewers->len >= server->connections) {
        close(peer);
        return;
    }
    vnc_viewer_new(server, peer);
}

static void add_listener(VncServer *server, int fd)
{
    EventLoop *loop = server->frontend.machine->loop;
    g_array_append_val(server->listen_fds, fd);
    g_ptr_array_add(server->listeners, fd_watch_add(loop, fd, G_IO_IN, on_connection, server));
}

/* ---- unix sockets ---- */

/* Removes a socket that nobody listens on any more. */
static void remove_stale(const struct sockaddr_un *address)
{
    struct stat status;
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (probe >= 0 && stat(address->sun_path, &status) == 0 && S_ISSOCK(status.st_mode) &&
        connect(probe, (const struct sockaddr *)address, sizeof(*address)) < 0 &&
        errno == ECONNREFUSED) {
        unlink(address->sun_path);
    }
    if (probe >= 0) {
        close(probe);
    }
}

static gboolean listen_unix(VncServer *server, const char *path, GError **error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (!*path || strlen(path) >= sizeof(address.sun_path)) {
        return error_set(error, "vnc: a socket path has 1 to %zu bytes, '%s' has %zu",
                         sizeof(address.sun_path) - 1, path, strlen(path));
    }
    strcpy(address.sun_path, path);
    remove_stale(&address);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
        listen(fd, BACKLOG) < 0) {
        error_set_errno(error, errno, "vnc: cannot listen on the socket '%s'", path);
        if (fd >= 0) {
            close(fd);
        }
        return FALSE;
    }
    add_listener(server, fd);
    server->unix_path = g_strdup(path);
    server->where = g_strdup_printf("%s (unix)", path);
    return TRUE;
}

/* ---- TCP ---- */

/* Listens on one address; -1 with errno on failure. */
static int listen_on(const struct addrinfo *info)
{
    int on = 1;
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0) {
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (info->ai_family == AF_INET6) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    }
    if (bind(fd, info->ai_addr, info->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0) {
        int saved = errno;
        close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

/* All addresses of the host on one port, or none: what is open is closed again on failure. */
static gboolean listen_all(VncServer *server, const struct addrinfo *list)
{
    g_autoptr(GArray) fds = g_array_new(FALSE, FALSE, sizeof(int));

    for (const struct addrinfo *info = list; info; info = info->ai_next) {
        int fd = listen_on(info);
        if (fd < 0 && errno == EADDRINUSE) {
            for (guint i = 0; i < fds->len; i++) {
                close(g_array_index(fds, int, i));
            }
            errno = EADDRINUSE;
            return FALSE;
        }
        if (fd >= 0) {
            g_array_append_val(fds, fd);
        }
    }
    for (guint i = 0; i < fds->len; i++) {
        add_listener(server, g_array_index(fds, int, i));
    }
    return fds->len > 0;
}

static gboolean listen_tcp(VncServer *server, const char *host, guint64 display, GError **error)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    guint64 last = server->to >= 0 ? (guint64)server->to : display;

    for (; display <= last; display++) {
        struct addrinfo *list;
        g_autofree char *port = g_strdup_printf("%" G_GUINT64_FORMAT, RFB_PORT + display);
        int failure = getaddrinfo(*host ? host : "127.0.0.1", port, &hints, &list);
        if (failure) {
            return error_set(error, "vnc: there is no host '%s' to listen on: %s", host,
                             gai_strerror(failure));
        }
        gboolean listening = listen_all(server, list);
        int saved = errno;
        gboolean six = list->ai_family == AF_INET6;
        freeaddrinfo(list);
        if (listening) {
            server->where =
                g_strdup_printf("%s:%s (ipv%d)", *host ? host : "127.0.0.1", port, six ? 6 : 4);
            return TRUE;
        }
        if (saved != EADDRINUSE || display == last) {
            return error_set_errno(error, saved, "vnc: cannot listen on port %s of %s%s", port,
                                   *host ? host : "127.0.0.1",
                                   saved == EADDRINUSE ? " (to=N tries further displays)" : "");
        }
    }
    return FALSE;
}

gboolean vnc_listen(VncServer *server, GError **error)
{
    const char *address = server->address ? server->address : "";
    const char *colon = strrchr(address, ':');
    guint64 display;

    server->listeners = g_ptr_array_new();
    server->listen_fds = g_array_new(FALSE, FALSE, sizeof(int));
    if (g_str_has_prefix(address, "unix:")) {
        return listen_unix(server, address + strlen("unix:"), error);
    }
    if (!colon || !g_ascii_string_to_unsigned(colon + 1, 10, 0, MAX_DISPLAY, &display, NULL)) {
        return error_set(error,
                         "vnc: '%s' is not HOST:DISPLAY (display N is port %d + N, at most %d) "
                         "or unix:PATH",
                         address, RFB_PORT, MAX_DISPLAY);
    }
    if (server->to >= 0 && (server->to < (gint64)display || server->to > MAX_DISPLAY)) {
        return error_set(error, "vnc: to=%" G_GINT64_FORMAT " is not between the display and %d",
                         server->to, MAX_DISPLAY);
    }
    g_autofree char *host = g_strndup(address, (gsize)(colon - address));
    if (*host == '[' && host[strlen(host) - 1] == ']') { /* [::1]:0 */
        host[strlen(host) - 1] = '\0';
        memmove(host, host + 1, strlen(host));
    }
    return listen_tcp(server, host, display, error);
}

void vnc_listen_end(VncServer *server)
{
    for (guint i = 0; i < server->listeners->len; i++) {
        fd_watch_remove(g_ptr_array_index(server->listeners, i));
        close(g_array_index(server->listen_fds, int, i));
    }
    if (server->unix_path) {
        unlink(server->unix_path);
    }
    g_clear_pointer(&server->listeners, g_ptr_array_unref);
    g_clear_pointer(&server->listen_fds, g_array_unref);
    g_clear_pointer(&server->unix_path, g_free);
    g_clear_pointer(&server->where, g_free);
}

char *vnc_peer_name(int fd)
{
    struct sockaddr_storage address = {0};
    socklen_t length = sizeof(address);
    char host[NI_MAXHOST], port[NI_MAXSERV];

    if (getpeername(fd, (struct sockaddr *)&address, &length) < 0 || address.ss_family == AF_UNIX ||
        getnameinfo((struct sockaddr *)&address, length, host, sizeof(host), port, sizeof(port),
                    NI_NUMERICHOST | NI_NUMERICSERV)) {
        return g_strdup("(unix)");
    }
    return g_strdup_printf("%s:%s (ipv%d)", host, port, address.ss_family == AF_INET6 ? 6 : 4);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/error.h"
#include "core/log.h"
#include "ui/vnc/vnc-priv.h"

#define RFB_PORT       5900 /* IANA: display N is port 5900 + N */
#define WEBSOCKET_PORT 5700 /* QEMU's: display N is port 5700 + N */
#define MAX_PORT       65535
#define MAX_DISPLAY    (MAX_PORT - RFB_PORT)
#define BACKLOG        16
/* How long a listening viewer may take to answer (reverse=on). */
#define CONNECT_TIMEOUT_MS 10000

typedef struct VncListener {
    VncServer *server;
    FdWatch *watch;
    int fd;
    gboolean websocket;
    SocketName name;
} VncListener;

void vnc_connected(VncServer *server, int fd, gboolean websocket)
{
    if (server->viewers->len >= server->connections) {
        close(fd);
    } else {
        vnc_viewer_new(server, fd, websocket, FALSE);
    }
}

static void on_connection(int fd, GIOCondition revents, void *opaque)
{
    VncListener *listener = opaque;
    int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (peer < 0) {
        return; /* it has gone again, or we have too many files open: it will be tried again */
    }
    if (listener->websocket) {
        vnc_web_accept(listener->server->pages, peer);
    } else {
        vnc_connected(listener->server, peer, FALSE);
    }
}

static void add_listener(VncServer *server, int fd, gboolean websocket)
{
    VncListener *listener = g_new0(VncListener, 1);

    listener->server = server;
    listener->fd = fd;
    listener->websocket = websocket;
    socket_name_local(&listener->name, fd);
    listener->watch =
        fd_watch_add(server->frontend.machine->loop, fd, G_IO_IN, on_connection, listener);
    g_ptr_array_add(server->listeners, listener);
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
    add_listener(server, fd, FALSE);
    server->unix_path = g_strdup(path);
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
static gboolean listen_all(VncServer *server, const struct addrinfo *list, gboolean websocket)
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
        add_listener(server, g_array_index(fds, int, i), websocket);
    }
    return fds->len > 0;
}

static const char *host_or_loopback(const VncServer *server, const char *host)
{
    return *host ? host : server->ipv6 && !server->ipv4 ? "::1" : "127.0.0.1";
}

/* Names may take a while: the vm lock is dropped. */
static gboolean resolve(VncServer *server, const char *host, guint port, struct addrinfo **list,
                        GError **error)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    g_autofree char *service = g_strdup_printf("%u", port);

    if (server->ipv4 != server->ipv6) {
        hints.ai_family = server->ipv4 ? AF_INET : AF_INET6;
    }
    vm_lock_drop(server->frontend.machine->lock);
    int failure = getaddrinfo(host_or_loopback(server, host), service, &hints, list);
    vm_lock_take(server->frontend.machine->lock, "vnc resolve");
    return !failure ||
           error_set(error, "vnc: there is no host '%s': %s", host, gai_strerror(failure));
}

/* FALSE with *in_use if another port may be tried. */
static gboolean listen_port(VncServer *server, const char *host, guint port, gboolean websocket,
                            gboolean *in_use, GError **error)
{
    struct addrinfo *list;

    *in_use = FALSE;
    if (!resolve(server, host, port, &list, error)) {
        return FALSE;
    }
    gboolean listening = listen_all(server, list, websocket);
    int saved = errno;
    freeaddrinfo(list);
    if (listening) {
        return TRUE;
    }
    *in_use = saved == EADDRINUSE;
    return error_set_errno(error, saved, "vnc: cannot listen on port %u of %s%s", port,
                           host_or_loopback(server, host),
                           *in_use && !websocket ? " (to=N tries further displays)" : "");
}

static gboolean listen_tcp(VncServer *server, const char *host, guint64 *display, GError **error)
{
    guint64 last = server->to >= 0 ? (guint64)server->to : *display;

    for (;; ++*display) {
        g_autoptr(GError) failure = NULL;
        gboolean in_use;
        if (listen_port(server, host, (guint)(RFB_PORT + *display), FALSE, &in_use, &failure)) {
            return TRUE;
        }
        if (!in_use || *display >= last) {
            g_propagate_error(error, g_steal_pointer(&failure));
            return FALSE;
        }
    }
}

/* "HOST:NUMBER", with brackets around an IPv6 address. */
static gboolean split(const char *text, guint64 max, char **host, guint64 *number)
{
    const char *colon = strrchr(text, ':');

    if (!colon || !g_ascii_string_to_unsigned(colon + 1, 10, 0, max, number, NULL)) {
        return FALSE;
    }
    *host = g_strndup(text, (gsize)(colon - text));
    gsize length = strlen(*host);
    if (length >= 2 && (*host)[0] == '[' && (*host)[length - 1] == ']') { /* [::1]:0 */
        (*host)[length - 1] = '\0';
        memmove(*host, *host + 1, length - 1);
    }
    return TRUE;
}

/* websocket=on, PORT or HOST:PORT. */
static gboolean listen_websocket(VncServer *server, const char *host, guint64 display,
                                 GError **error)
{
    const char *text = server->websocket ? server->websocket : "on";
    g_autofree char *own_host = NULL;
    guint64 port = WEBSOCKET_PORT + display;
    gboolean in_use;

    if (!strcmp(text, "off") && !server->web) {
        return TRUE;
    }
    if (strcmp(text, "on") != 0 && strcmp(text, "off") != 0 &&
        !g_ascii_string_to_unsigned(text, 10, 1, MAX_PORT, &port, NULL) &&
        !split(text, MAX_PORT, &own_host, &port)) {
        return error_set(error, "vnc: websocket=%s is not on, PORT or HOST:PORT", text);
    }
    if (port > MAX_PORT) {
        return error_set(error, "vnc: port 5700 + %" G_GUINT64_FORMAT " is too large, name one",
                         display);
    }
    return listen_port(server, own_host ? own_host : host, (guint)port, TRUE, &in_use, error);
}

/* ---- listening viewers ---- */

static int connect_within(const struct addrinfo *info)
{
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int failure = 0;
    socklen_t length = sizeof(failure);
    struct pollfd wait = {.fd = fd, .events = POLLOUT};

    if (fd >= 0 &&
        (connect(fd, info->ai_addr, info->ai_addrlen) == 0 ||
         (errno == EINPROGRESS && poll(&wait, 1, CONNECT_TIMEOUT_MS) == 1 &&
          getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &length) == 0 && failure == 0))) {
        return fd;
    }
    if (fd >= 0) {
        close(fd);
    }
    errno = failure ? failure : ETIMEDOUT;
    return -1;
}

static gboolean connect_out(VncServer *server, const char *host, guint port, GError **error)
{
    struct addrinfo *list;
    int fd = -1;

    if (!resolve(server, host, port, &list, error)) {
        return FALSE;
    }
    vm_lock_drop(server->frontend.machine->lock);
    for (const struct addrinfo *info = list; info && fd < 0; info = info->ai_next) {
        fd = connect_within(info);
    }
    int saved = errno;
    vm_lock_take(server->frontend.machine->lock, "vnc reverse");
    freeaddrinfo(list);
    if (fd < 0) {
        return error_set_errno(error, saved, "vnc: no viewer listens at %s:%u",
                               host_or_loopback(server, host), port);
    }
    server->reached = g_strdup_printf("%s:%u", host_or_loopback(server, host), port);
    vnc_connected(server, fd, FALSE);
    return TRUE;
}

/* ---- all of it ---- */

static gboolean check_combinations(const VncServer *server, gboolean is_unix, GError **error)
{
    if ((is_unix || server->reverse) && (server->websocket || server->web)) {
        return error_set(error, "vnc: websocket and web need a server on HOST:DISPLAY");
    }
    return !is_unix || !server->reverse ||
           error_set(error, "vnc: reverse=on needs a viewer's HOST:PORT");
}

gboolean vnc_listen(VncServer *server, GError **error)
{
    const char *address = server->address ? server->address : "";
    gboolean is_unix = g_str_has_prefix(address, "unix:");
    g_autofree char *host = NULL;
    guint64 number;

    if (!check_combinations(server, is_unix, error)) {
        return FALSE;
    }
    if (is_unix) {
        return listen_unix(server, address + strlen("unix:"), error);
    }
    if (server->reverse) {
        return (split(address, MAX_PORT, &host, &number) ||
                error_set(error, "vnc: with reverse=on '%s' must be HOST:PORT", address)) &&
               connect_out(server, host, (guint)number, error);
    }
    if (!split(address, MAX_DISPLAY, &host, &number)) {
        return error_set(error,
                         "vnc: '%s' is not HOST:DISPLAY (display N is port %d + N, at most %d) "
                         "or unix:PATH",
                         address, RFB_PORT, MAX_DISPLAY);
    }
    if (server->to >= 0 && (server->to < (gint64)number || server->to > MAX_DISPLAY)) {
        return error_set(error, "vnc: to=%" G_GINT64_FORMAT " is not between the display and %d",
                         server->to, MAX_DISPLAY);
    }
    return listen_tcp(server, host, &number, error) &&
           ((!server->websocket && !server->web) || listen_websocket(server, host, number, error));
}

void vnc_listen_end(VncServer *server)
{
    for (guint i = 0; i < server->listeners->len; i++) {
        VncListener *listener = g_ptr_array_index(server->listeners, i);
        fd_watch_remove(listener->watch);
        close(listener->fd);
        socket_name_clear(&listener->name);
        g_free(listener);
    }
    if (server->unix_path) {
        unlink(server->unix_path);
    }
    g_clear_pointer(&server->listeners, g_ptr_array_unref);
    g_clear_pointer(&server->unix_path, g_free);
    g_clear_pointer(&server->reached, g_free);
}

void vnc_listen_foreach(VncServer *server,
                        void (*fn)(const SocketName *name, gboolean websocket, void *opaque),
                        void *opaque)
{
    for (guint i = 0; i < server->listeners->len; i++) {
        const VncListener *listener = g_ptr_array_index(server->listeners, i);
        fn(&listener->name, listener->websocket, opaque);
    }
}

void vnc_ignore_sigpipe(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

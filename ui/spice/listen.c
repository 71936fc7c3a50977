/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/spice/listen.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/error.h"

/* Addresses that one name may stand for. */
#define MAX_SOCKETS 8
#define BACKLOG     SOMAXCONN

struct SpiceListener {
    SpiceSession *session;
    int fds[MAX_SOCKETS];
    FdWatch *watches[MAX_SOCKETS];
    guint count;
    gboolean made_file;
};

/* ---- unix sockets ---- */

/* What is at the path: nothing, or a socket that its program has left behind. */
static gboolean check_path(const char *path, const struct sockaddr_un *address, GError **error)
{
    struct stat present;
    gboolean answers;
    int fd;

    if (lstat(path, &present)) {
        return TRUE;
    }
    if (!S_ISSOCK(present.st_mode)) {
        return error_set(error, "'%s' is a file, and no socket", path);
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    answers = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;
    if (fd >= 0) {
        close(fd);
    }
    if (answers) {
        return error_set(error, "another program listens at '%s'", path);
    }
    unlink(path);
    return TRUE;
}

static gboolean open_unix(SpiceSession *session, GError **error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    SpiceListener *listener = session->listener;
    int fd;

    if (session->options->port || session->options->tls_port) {
        return error_set(error, "unix=on goes without port= and tls-port=");
    }
    if (!session->options->addr || !*session->options->addr) {
        return error_set(error, "unix=on needs addr=, the path of the socket");
    }
    if (strlen(session->options->addr) >= sizeof(address.sun_path)) {
        return error_set(error, "'%s' is too long for a socket's path", session->options->addr);
    }
    strcpy(address.sun_path, session->options->addr);
    if (!check_path(session->options->addr, &address, error)) {
        return FALSE;
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, BACKLOG)) {
        error_set(error, "cannot listen at '%s': %s", session->options->addr, g_strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return FALSE;
    }
    listener->made_file = TRUE;
    listener->fds[listener->count++] = fd;
    return TRUE;
}

/* ---- TCP ---- */

static int listen_at(const struct addrinfo *entry)
{
    int fd = socket(entry->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int on = 1, saved;

    if (fd < 0) {
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (entry->ai_family == AF_INET6) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)); /* IPv4 has its own */
    }
    if (bind(fd, entry->ai_addr, entry->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0) {
        return fd;
    }
    saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

/* All addresses of the name that can be bound to, at least one; 0 with errno set. */
static guint listen_at_all(const struct addrinfo *list, int *fds)
{
    guint count = 0;
    int why = EADDRNOTAVAIL;

    for (const struct addrinfo *entry = list; entry && count < MAX_SOCKETS;
         entry = entry->ai_next) {
        int fd = listen_at(entry);

        if (fd >= 0) {
            fds[count++] = fd;
        } else if (errno != EAFNOSUPPORT) {
            why = errno;
        }
    }
    errno = why;
    return count;
}

static guint open_port(SpiceSession *session, guint64 port, int *fds, GError **error)
{
    g_autofree char *service = g_strdup_printf("%" G_GUINT64_FORMAT, port);
    struct addrinfo hints = {
        .ai_flags = AI_PASSIVE,
        .ai_socktype = SOCK_STREAM,
        .ai_family = session->options->ipv4   ? AF_INET
                     : session->options->ipv6 ? AF_INET6
                                              : AF_UNSPEC,
    };
    struct addrinfo *list = NULL;
    int failure = getaddrinfo(*session->options->addr ? session->options->addr : NULL, service,
                              &hints, &list);
    guint count;

    if (failure) {
        error_set(error, "cannot find the address '%s': %s", session->options->addr,
                  gai_strerror(failure));
        return 0;
    }
    count = listen_at_all(list, fds);
    if (count == 0) {
        error_set(error, "cannot listen at %s port %s: %s",
                  *session->options->addr ? session->options->addr : "*", service,
                  g_strerror(errno));
    }
    freeaddrinfo(list);
    return count;
}

/* spice-server will open it. */
static gboolean check_tls_port(SpiceSession *session, GError **error)
{
    int fds[MAX_SOCKETS];
    guint count = open_port(session, session->options->tls_port, fds, error);

    for (guint i = 0; i < count; i++) {
        close(fds[i]);
    }
    return count > 0;
}

static gboolean open_tcp(SpiceSession *session, GError **error)
{
    SpiceListener *listener = session->listener;

    if (!session->options->port && !session->options->tls_port) {
        return error_set(error, "port=, tls-port=, or unix=on with addr= must be given");
    }
    if (session->options->port == session->options->tls_port) {
        return error_set(error, "port= and tls-port= must differ");
    }
    if (session->options->ipv4 && session->options->ipv6) {
        session->options->ipv4 = session->options->ipv6 = FALSE;
    }
    if (!session->options->addr) {
        session->options->addr = g_strdup(session->options->ipv6 ? "::1" : "127.0.0.1");
    }
    if (session->options->port) {
        listener->count = open_port(session, session->options->port, listener->fds, error);
        if (listener->count == 0) {
            return FALSE;
        }
    }
    return !session->options->tls_port || check_tls_port(session, error);
}

/* ---- accepting ---- */

static void on_connection(int fd, GIOCondition revents, void *opaque)
{
    SpiceSession *session = opaque;
    int connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (connection < 0) {
        return;
    }
    spice_channels_accepting(session->channels, connection);
    if (spice_server_add_client(session->server, connection, FALSE)) {
        close(connection);
    }
    spice_channels_accepting(session->channels, -1);
}

gboolean spice_listen_open(SpiceSession *session, GError **error)
{
    session->listener = g_new0(SpiceListener, 1);
    session->listener->session = session;
    return session->options->unix_socket ? open_unix(session, error) : open_tcp(session, error);
}

void spice_listen_start(SpiceSession *session)
{
    SpiceListener *listener = session->listener;

    for (guint i = 0; i < listener->count; i++) {
        listener->watches[i] =
            fd_watch_add(session->loop, listener->fds[i], G_IO_IN, on_connection, session);
    }
}

void spice_listen_abandon(SpiceSession *session)
{
    SpiceListener *listener = session->listener;

    for (guint i = 0; listener && i < listener->count; i++) {
        shutdown(listener->fds[i], SHUT_RDWR);
    }
    if (listener && listener->made_file) {
        unlink(session->options->addr);
    }
}

void spice_listen_close(SpiceSession *session)
{
    SpiceListener *listener = session->listener;

    for (guint i = 0; listener && i < listener->count; i++) {
        fd_watch_remove(listener->watches[i]);
        close(listener->fds[i]);
    }
    if (listener && listener->made_file) {
        unlink(session->options->addr);
    }
    g_clear_pointer(&session->listener, g_free);
}

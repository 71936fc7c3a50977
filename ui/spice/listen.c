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

static gboolean check_unix(SpiceFrontend *frontend, GError **error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat present; /* spice-server would remove it */
    g_autofree char *folder = NULL;
    int fd;
    gboolean answers;

    if (frontend->port || frontend->tls_port) {
        return error_set(error, "unix=on goes without port= and tls-port=");
    }
    if (!frontend->addr || !*frontend->addr) {
        return error_set(error, "unix=on needs addr=, the path of the socket");
    }
    if (strlen(frontend->addr) >= sizeof(address.sun_path)) {
        return error_set(error, "'%s' is too long for a socket's path", frontend->addr);
    }
    if (lstat(frontend->addr, &present) == 0 && !S_ISSOCK(present.st_mode)) {
        return error_set(error, "'%s' is a file, and no socket", frontend->addr);
    }
    folder = g_path_get_dirname(frontend->addr);
    if (access(folder, W_OK)) {
        return error_set(error, "cannot make the socket '%s': %s", frontend->addr,
                         g_strerror(errno));
    }
    strcpy(address.sun_path, frontend->addr);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    answers = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return answers ? error_set(error, "another program listens at '%s'", frontend->addr) : TRUE;
}

/* TRUE if one of the addresses can be bound to. */
static gboolean can_bind(const struct addrinfo *list, int *why)
{
    *why = EADDRNOTAVAIL;
    for (const struct addrinfo *entry = list; entry; entry = entry->ai_next) {
        int fd = socket(entry->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int on = 1;
        gboolean good;

        if (fd < 0) {
            *why = errno;
            continue;
        }
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        good = bind(fd, entry->ai_addr, entry->ai_addrlen) == 0 && listen(fd, 1) == 0;
        *why = errno;
        close(fd);
        if (good) {
            return TRUE;
        }
    }
    return FALSE;
}

static gboolean check_port(SpiceFrontend *frontend, guint64 port, GError **error)
{
    g_autofree char *service = g_strdup_printf("%" G_GUINT64_FORMAT, port);
    struct addrinfo hints = {
        .ai_flags = AI_PASSIVE,
        .ai_socktype = SOCK_STREAM,
        .ai_family = frontend->ipv4   ? AF_INET
                     : frontend->ipv6 ? AF_INET6
                                      : AF_UNSPEC,
    };
    struct addrinfo *list = NULL;
    int failure = getaddrinfo(*frontend->addr ? frontend->addr : NULL, service, &hints, &list);
    int why = 0;
    gboolean good;

    if (failure) {
        return error_set(error, "cannot find the address '%s': %s", frontend->addr,
                         gai_strerror(failure));
    }
    good = can_bind(list, &why);
    freeaddrinfo(list);
    return good || error_set(error, "cannot listen at %s port %s: %s",
                             *frontend->addr ? frontend->addr : "*", service, g_strerror(why));
}

gboolean spice_listen_check(SpiceFrontend *frontend, GError **error)
{
    if (frontend->unix_socket) {
        return check_unix(frontend, error);
    }
    if (!frontend->port && !frontend->tls_port) {
        return error_set(error, "port=, tls-port=, or unix=on with addr= must be given");
    }
    if (frontend->port == frontend->tls_port) {
        return error_set(error, "port= and tls-port= must differ");
    }
    if (frontend->ipv4 && frontend->ipv6) {
        frontend->ipv4 = frontend->ipv6 = FALSE;
    }
    if (!frontend->addr) {
        frontend->addr = g_strdup(frontend->ipv6 ? "::1" : "127.0.0.1");
    }
    return (!frontend->port || check_port(frontend, frontend->port, error)) &&
           (!frontend->tls_port || check_port(frontend, frontend->tls_port, error));
}

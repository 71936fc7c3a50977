/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/char-address.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/char-priv.h"
#include "core/error.h"

char *char_target_text(const CharTarget *target)
{
    if (target->path) {
        return g_strconcat("unix:", target->path, target->abstract ? ",abstract=on" : NULL, NULL);
    }
    return g_strdup_printf(strchr(target->host, ':') ? "tcp:[%s]:%s" : "tcp:%s:%s", target->host,
                           target->port);
}

static gboolean resolve_unix(const CharTarget *target, GArray *addresses, GError **error)
{
    CharAddress address = {0};
    struct sockaddr_un *sun = (struct sockaddr_un *)&address.sa;
    gsize length = strlen(target->path);

    if (length == 0 || length >= sizeof sun->sun_path) {
        return error_set(error, "socket path '%s' must have 1 to %zu bytes", target->path,
                         sizeof sun->sun_path - 1);
    }
    sun->sun_family = AF_UNIX;
    memcpy(sun->sun_path + target->abstract, target->path, length);
    address.length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
    if (target->abstract && !target->tight) {
        address.length = sizeof *sun;
    }
    g_array_append_val(addresses, address);
    return TRUE;
}

static gboolean resolve_tcp(const CharTarget *target, GArray *addresses, GError **error)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_family = AF_UNSPEC};
    struct addrinfo *list = NULL;
    guint64 port;
    int status;

    if (!g_ascii_string_to_unsigned(target->port, 10, target->server ? 0 : 1, 65535, &port, NULL)) {
        return error_set(error, "port '%s' should be a number from %d to 65535", target->port,
                         target->server ? 0 : 1);
    }
    if (target->ipv4 != target->ipv6) {
        hints.ai_family = target->ipv4 ? AF_INET : AF_INET6;
    }
    hints.ai_flags = target->server ? AI_PASSIVE : 0;
    status = getaddrinfo(*target->host ? target->host : NULL, target->port, &hints, &list);
    if (status) {
        return error_set(error, "cannot find host '%s': %s", target->host, gai_strerror(status));
    }
    for (struct addrinfo *entry = list; entry; entry = entry->ai_next) {
        CharAddress address = {.length = entry->ai_addrlen};

        memcpy(&address.sa, entry->ai_addr, entry->ai_addrlen);
        g_array_append_val(addresses, address);
    }
    freeaddrinfo(list);
    return TRUE;
}

GArray *char_target_resolve(const CharTarget *target, GError **error)
{
    g_autoptr(GArray) addresses = g_array_new(FALSE, FALSE, sizeof(CharAddress));

    if (!(target->path ? resolve_unix : resolve_tcp)(target, addresses, error)) {
        return NULL;
    }
    return g_steal_pointer(&addresses);
}

/* A socket file stays when its program ends; nothing else may be overwritten. */
static gboolean remove_stale(const char *path, GError **error)
{
    struct stat st;

    if (lstat(path, &st) == 0) {
        if (!S_ISSOCK(st.st_mode)) {
            return error_set(error, "cannot listen on unix:%s: it exists and is no socket", path);
        }
        unlink(path);
    }
    return TRUE;
}

static int listen_on(const CharAddress *address)
{
    int one = 1;
    int fd = socket(address->sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int errnum;

    if (fd < 0) {
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (const struct sockaddr *)&address->sa, address->length) == 0 &&
        listen(fd, 1) == 0) {
        return fd;
    }
    errnum = errno;
    close(fd);
    errno = errnum;
    return -1;
}

static void set_port(CharAddress *address, guint64 port)
{
    if (address->sa.ss_family == AF_INET) {
        ((struct sockaddr_in *)&address->sa)->sin_port = htons((guint16)port);
    } else if (address->sa.ss_family == AF_INET6) {
        ((struct sockaddr_in6 *)&address->sa)->sin6_port = htons((guint16)port);
    }
}

/* Other ports than the first one, while they are taken. */
static int listen_up_to(const GArray *addresses, const CharTarget *target)
{
    int fd = -1;

    for (guint64 port = g_ascii_strtoull(target->port, NULL, 10) + 1; port <= target->to; port++) {
        for (guint i = 0; i < addresses->len && fd < 0; i++) {
            CharAddress address = g_array_index(addresses, CharAddress, i);

            set_port(&address, port);
            fd = listen_on(&address);
        }
        if (fd >= 0 || errno != EADDRINUSE) {
            break;
        }
    }
    return fd;
}

int char_address_listen(const GArray *addresses, const CharTarget *target, GError **error)
{
    g_autofree char *text = char_target_text(target);
    int fd = -1;

    if (target->path && !target->abstract && !remove_stale(target->path, error)) {
        return -1;
    }
    for (guint i = 0; i < addresses->len && fd < 0; i++) {
        fd = listen_on(&g_array_index(addresses, CharAddress, i));
    }
    if (fd < 0 && errno == EADDRINUSE && target->to) {
        fd = listen_up_to(addresses, target);
    }
    if (fd < 0) {
        error_set_errno(error, errno, "cannot listen on %s", text);
    }
    return fd;
}

int char_address_connect(const CharAddress *address, gboolean *pending)
{
    int fd = socket(address->sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int errnum;

    *pending = FALSE;
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address->sa, address->length) == 0) {
        return fd;
    }
    if (errno == EINPROGRESS) {
        *pending = TRUE;
        return fd;
    }
    errnum = errno;
    close(fd);
    errno = errnum;
    return -1;
}

char *char_address_local_text(int fd)
{
    CharAddress address = {.length = sizeof address.sa};
    char host[64], port[16];

    if (getsockname(fd, (struct sockaddr *)&address.sa, &address.length) == 0) {
        if (address.sa.ss_family == AF_UNIX) {
            return g_strdup_printf("unix:%s", ((struct sockaddr_un *)&address.sa)->sun_path);
        }
        if (getnameinfo((struct sockaddr *)&address.sa, address.length, host, sizeof host, port,
                        sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) == 0) {
            return g_strdup_printf(strchr(host, ':') ? "tcp:[%s]:%s" : "tcp:%s:%s", host, port);
        }
    }
    return g_strdup("socket");
}

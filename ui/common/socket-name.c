/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/common/socket-name.h"

#include <netdb.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>

static char *unix_path(const struct sockaddr *address, socklen_t length)
{
    const struct sockaddr_un *un = (const struct sockaddr_un *)address;
    gsize known = offsetof(struct sockaddr_un, sun_path);

    return length > known ? g_strndup(un->sun_path, length - known) : g_strdup("");
}

void socket_name_set(SocketName *name, const struct sockaddr *address, socklen_t length)
{
    char host[NI_MAXHOST] = "", service[NI_MAXSERV] = "";

    *name = (SocketName){"unknown", NULL, NULL};
    if (length >= sizeof(sa_family_t) && address->sa_family == AF_UNIX) {
        name->family = "unix";
        name->service = unix_path(address, length);
    } else if (length >= sizeof(sa_family_t) &&
               getnameinfo(address, length, host, sizeof(host), service, sizeof(service),
                           NI_NUMERICHOST | NI_NUMERICSERV) == 0) {
        name->family = address->sa_family == AF_INET6 ? "ipv6" : "ipv4";
        name->service = g_strdup(service);
    } else {
        name->service = g_strdup("");
    }
    name->host = g_strdup(host);
}

typedef int (*NameFn)(int fd, struct sockaddr *address, socklen_t *length);

static void ask(SocketName *name, int fd, NameFn fn)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof(address);

    memset(&address, 0, sizeof(address));
    if (fn(fd, (struct sockaddr *)&address, &length) < 0) {
        length = 0;
    }
    socket_name_set(name, (const struct sockaddr *)&address, MIN(length, sizeof(address)));
}

void socket_name_local(SocketName *name, int fd)
{
    ask(name, fd, getsockname);
}

void socket_name_peer(SocketName *name, int fd)
{
    ask(name, fd, getpeername);
}

void socket_name_clear(SocketName *name)
{
    g_clear_pointer(&name->host, g_free);
    g_clear_pointer(&name->service, g_free);
}

char *socket_name_text(const SocketName *name)
{
    if (!*name->host) {
        return g_strdup(name->service);
    }
    return g_strdup_printf(strchr(name->host, ':') ? "[%s]:%s" : "%s:%s", name->host,
                           name->service);
}

void socket_name_add(const SocketName *name, const char *service_member, GVariantBuilder *members)
{
    g_variant_builder_add_parsed(members, "{'host', <%s>}", name->host);
    g_variant_builder_add_parsed(members, "{%s, <%s>}", service_member, name->service);
    g_variant_builder_add_parsed(members, "{'family', <%s>}", name->family);
}

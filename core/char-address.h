/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Socket addresses of the socket backend: finding them, listening on one and connecting to one.
 * Resolving a host name may block, so it is done once, when a chardev is opened.
 */
#pragma once

#include <glib.h>
#include <sys/socket.h>

typedef struct CharAddress {
    struct sockaddr_storage sa;
    socklen_t length;
} CharAddress;

/* What to reach: `path` (a UNIX socket), or host and port. */
typedef struct CharTarget {
    const char *path, *host, *port;
    gboolean ipv4, ipv6; /* only this family; both or neither: any */
    gboolean server;
    gboolean abstract, tight; /* a name of Linux's own kind, unix(7); tight: no longer than it is */
    guint64 to;               /* a server takes the first free port up to this; 0 = only `port` */
} CharTarget;

/* "unix:PATH[,abstract=on]" or "tcp:HOST:PORT" (g_free). */
char *char_target_text(const CharTarget *target);

/* A non-empty array of CharAddress, or NULL with `error` set. */
GArray *char_target_resolve(const CharTarget *target, GError **error);

/* A listening, non-blocking socket on the first address that works; -1 with `error` set. A stale
 * socket file is replaced. */
int char_address_listen(const GArray *addresses, const CharTarget *target, GError **error);

/* A non-blocking socket that is connected, or with `*pending` connecting; -1 with errno set. */
int char_address_connect(const CharAddress *address, gboolean *pending);

/* "tcp:127.0.0.1:4444" of a bound socket (g_free); what getsockname says. */
char *char_address_local_text(int fd);

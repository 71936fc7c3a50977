/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ends of a socket in words, as monitors tell of servers and viewers. Numbers only: nothing is
 * looked up. Any thread.
 */
#pragma once

#include <glib.h>
#include <sys/socket.h>

typedef struct SocketName {
    const char *family; /* QMP's NetworkAddressFamily: "ipv4", "ipv6", "unix", "unknown" */
    char *host;         /* empty for unix sockets */
    char *service;      /* the port, or the path */
} SocketName;

/* Each sets all of `name`, whose strings the caller frees by socket_name_clear(). */
void socket_name_set(SocketName *name, const struct sockaddr *address, socklen_t length);
void socket_name_local(SocketName *name, int fd);
void socket_name_peer(SocketName *name, int fd);
void socket_name_clear(SocketName *name);

/* For people: "127.0.0.1:5900", "[::1]:5900", "/tmp/socket". */
char *socket_name_text(const SocketName *name);

/* Adds host, family and the service, under the name `service_member`, to an a{sv}. */
void socket_name_add(const SocketName *name, const char *service_member, GVariantBuilder *members);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * UDP (RFC 768): what is written goes out as datagrams to one peer; what datagrams bring comes in,
 * from whoever knows the local port. Like a serial cable it does not tell when nobody is there.
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/char-priv.h"
#include "core/error.h"

#define DATAGRAM_MAX 4096

typedef struct UdpChardev {
    Chardev chr;
    char *host, *port, *local_host, *local_port;
    gboolean ipv4, ipv6;
    int fd;
    FdWatch *watch;
    gboolean want_out;
    guint8 datagram[DATAGRAM_MAX]; /* the last one; a user may take it in parts */
    gsize length, taken;
} UdpChardev;

static const OptionSpec udp_options[] = {
    {"host", OPTION_STRING, offsetof(UdpChardev, host), "localhost", "where to send"},
    {"port", OPTION_STRING, offsetof(UdpChardev, port), NULL, "port to send to"},
    {"localaddr", OPTION_STRING, offsetof(UdpChardev, local_host), NULL, "address to receive at"},
    {"localport", OPTION_STRING, offsetof(UdpChardev, local_port), "0", "port to receive at"},
    {"ipv4", OPTION_BOOL, offsetof(UdpChardev, ipv4), "off", "IPv4 only"},
    {"ipv6", OPTION_BOOL, offsetof(UdpChardev, ipv6), "off", "IPv6 only"},
    OPTION_END,
};

static void udp_update_watch(UdpChardev *udp)
{
    GIOCondition events = udp->want_out ? G_IO_OUT : 0;

    if (udp->taken == udp->length && chardev_user_room(&udp->chr)) {
        events |= G_IO_IN;
    }
    fd_watch_set_events(udp->watch, events);
}

static void udp_feed(UdpChardev *udp)
{
    gsize n;

    while (udp->taken < udp->length &&
           (n = MIN(chardev_user_room(&udp->chr), udp->length - udp->taken)) > 0) {
        udp->taken += n;
        chardev_receive(&udp->chr, udp->datagram + udp->taken - n, n);
    }
}

static void udp_ready(int fd, GIOCondition revents, void *opaque)
{
    UdpChardev *udp = opaque;

    if ((revents & ~(GIOCondition)G_IO_OUT) && udp->taken == udp->length) {
        /* An error is "nobody listens there" (ICMP), which says nothing of the next datagram. */
        gssize n = recv(fd, udp->datagram, sizeof udp->datagram, MSG_DONTWAIT);

        udp->length = n > 0 ? (gsize)n : 0;
        udp->taken = 0;
        udp_feed(udp);
    }
    if ((revents & G_IO_OUT) && udp->want_out) {
        udp->want_out = FALSE;
        chardev_writable(&udp->chr);
    }
    udp_update_watch(udp);
}

static void udp_accept(Chardev *chr)
{
    udp_feed((UdpChardev *)chr);
    udp_update_watch((UdpChardev *)chr);
}

static gsize udp_write(Chardev *chr, const guint8 *data, gsize length)
{
    UdpChardev *udp = (UdpChardev *)chr;
    gsize part = MIN(length, 1400); /* what passes through most nets in one piece */
    gssize n = send(udp->fd, data, part, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (n < 0 && errno == EAGAIN) {
        udp->want_out = TRUE;
        udp_update_watch(udp);
        return 0;
    }
    if (n < 0) {
        return length;
    }
    return part < length ? part + udp_write(chr, data + part, length - part) : part;
}

/* ---- lifecycle ---- */

static struct addrinfo *udp_resolve(UdpChardev *udp, const char *host, const char *port, int family,
                                    GError **error)
{
    struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_family = family};
    struct addrinfo *list = NULL;
    int status;

    if (family == AF_UNSPEC && udp->ipv4 != udp->ipv6) {
        hints.ai_family = udp->ipv4 ? AF_INET : AF_INET6;
    }
    hints.ai_flags = host ? 0 : AI_PASSIVE;
    status = getaddrinfo(host, port, &hints, &list);
    if (status) {
        error_set(error, "cannot find udp:%s:%s: %s", host ? host : "", port, gai_strerror(status));
    }
    return list;
}

static gboolean udp_check_port(const char *name, const char *port, guint from, GError **error)
{
    guint64 value;

    return g_ascii_string_to_unsigned(port, 10, from, 65535, &value, NULL) ||
           error_set(error, "%s '%s' should be a number from %u to 65535", name, port, from);
}

static gboolean udp_connect(UdpChardev *udp, const struct addrinfo *far,
                            const struct addrinfo *near, GError **error)
{
    int errnum;

    udp->fd = socket(far->ai_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (udp->fd >= 0 && bind(udp->fd, near->ai_addr, near->ai_addrlen) == 0 &&
        connect(udp->fd, far->ai_addr, far->ai_addrlen) == 0) {
        return TRUE;
    }
    errnum = errno;
    if (udp->fd >= 0) {
        close(udp->fd);
    }
    return error_set_errno(error, errnum, "cannot use udp:%s:%s@%s:%s", udp->host, udp->port,
                           udp->local_host ? udp->local_host : "", udp->local_port);
}

static gboolean udp_prepare(Chardev *chr, GError **error)
{
    UdpChardev *udp = (UdpChardev *)chr;
    const char *local = udp->local_host && *udp->local_host ? udp->local_host : NULL;
    const char *host = udp->host && *udp->host ? udp->host : "localhost";
    struct addrinfo *far, *near;
    gboolean ok;

    if (!udp->port) {
        return error_set(error, "character device '%s' needs port=PORT to send to", chr->id);
    }
    if (!udp_check_port("port", udp->port, 1, error) ||
        !udp_check_port("localport", udp->local_port, 0, error)) {
        return FALSE;
    }
    far = udp_resolve(udp, host, udp->port, AF_UNSPEC, error);
    near = far ? udp_resolve(udp, local, udp->local_port, far->ai_family, error) : NULL;
    ok = near && udp_connect(udp, far, near, error);
    if (far) {
        freeaddrinfo(far);
    }
    if (near) {
        freeaddrinfo(near);
    }
    return ok;
}

static gboolean udp_open(Chardev *chr, GError **error)
{
    UdpChardev *udp = (UdpChardev *)chr;

    udp->watch = fd_watch_add(chr->machine->loop, udp->fd, 0, udp_ready, udp);
    chardev_event(chr, CHAR_OPENED);
    return TRUE;
}

static void udp_close(Chardev *chr)
{
    UdpChardev *udp = (UdpChardev *)chr;

    g_clear_pointer(&udp->watch, fd_watch_remove);
    close(udp->fd);
}

static char *udp_describe(Chardev *chr)
{
    UdpChardev *udp = (UdpChardev *)chr;

    return g_strdup_printf("udp:%s:%s", udp->host, udp->port);
}

const ChardevOps char_udp_ops = {
    .name = "udp",
    .summary = "datagrams to one peer",
    .size = sizeof(UdpChardev),
    .options = udp_options,
    .prepare = udp_prepare,
    .open = udp_open,
    .close = udp_close,
    .write = udp_write,
    .accept = udp_accept,
    .describe = udp_describe,
};

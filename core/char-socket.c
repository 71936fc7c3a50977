/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * UNIX and TCP sockets, as server (one peer at a time, the next waits in the listen queue; or any
 * number, see chardev_share()) or as client (which may reconnect). With telnet=on the peer is a
 * telnet client.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/char-address.h"
#include "core/char-priv.h"
#include "core/char-telnet.h"
#include "core/error.h"
#include "core/log.h"

#define CONNECT_TIMEOUT_MS 10000

/* Peers of a shared server at the same time; the next waits in the listen queue. */
#define MAX_PEERS 256

typedef struct SocketLookup SocketLookup;

typedef struct SocketChardev {
    Chardev chr;
    char *path, *host, *port, *fd_name, *tls_creds, *tls_authz;
    gboolean server, wait, use_telnet, nodelay, delay, ipv4, ipv6, abstract, tight;
    gboolean websocket, tn3270; /* known, and refused */
    guint64 to;                 /* 0 = only `port` */
    guint64 reconnect;          /* seconds, 0 = never */
    GArray *addresses;
    guint next_address;
    SocketLookup *lookup; /* a worker looks for the host of a client that reconnects */
    gboolean complained;  /* ... which was said not to be reached */
    int listen_fd, fd;
    int given_fd; /* with fd=: stays open until we are */
    FdWatch *listen_watch, *watch;
    gboolean connecting, want_out;
    gboolean half_closed; /* the peer sends nothing more, but may still read */
    Timer retry;
    GByteArray *leftover; /* read from a peer that has gone, not yet taken by the user */
    Telnet telnet;
    dev_t inode_dev; /* of the socket file that we made */
    ino_t inode;
    CharAcceptFn accept; /* NULL = not shared */
    void *accept_opaque;
    guint peers;                     /* of a shared server */
    struct SocketChardev *shared_by; /* of such a peer; NULL once that has gone */
} SocketChardev;

static const OptionSpec socket_options[] = {
    {"path", OPTION_STRING, offsetof(SocketChardev, path), NULL, "file of a UNIX socket"},
    {"host", OPTION_STRING, offsetof(SocketChardev, host), NULL, "host name or address"},
    {"port", OPTION_STRING, offsetof(SocketChardev, port), NULL, "TCP port"},
    {"server", OPTION_BOOL, offsetof(SocketChardev, server), "off",
     "listen for a peer instead of connecting to one"},
    {"wait", OPTION_BOOL, offsetof(SocketChardev, wait), "on",
     "a server waits for its first peer before the machine starts"},
    {"telnet", OPTION_BOOL, offsetof(SocketChardev, use_telnet), "off",
     "the peer is a telnet client"},
    {"nodelay", OPTION_BOOL, offsetof(SocketChardev, nodelay), "off",
     "send small packets at once (TCP_NODELAY)"},
    {"delay", OPTION_BOOL, offsetof(SocketChardev, delay), "on", "the opposite"},
    {"ipv4", OPTION_BOOL, offsetof(SocketChardev, ipv4), "off", "IPv4 only"},
    {"ipv6", OPTION_BOOL, offsetof(SocketChardev, ipv6), "off", "IPv6 only"},
    {"to", OPTION_UINT, offsetof(SocketChardev, to), "0",
     "a server takes the first free port from port= to this", 0, 65535},
    {"abstract", OPTION_BOOL, offsetof(SocketChardev, abstract), "off",
     "path is a name of Linux's own kind, not a file"},
    {"tight", OPTION_BOOL, offsetof(SocketChardev, tight), "on",
     "such a name is not filled up with zeros"},
    {"fd", OPTION_STRING, offsetof(SocketChardev, fd_name), NULL,
     "number of a socket that the program was started with"},
    {"websocket", OPTION_BOOL, offsetof(SocketChardev, websocket), "off", "refused"},
    {"tn3270", OPTION_BOOL, offsetof(SocketChardev, tn3270), "off", "refused"},
    {"tls-creds", OPTION_STRING, offsetof(SocketChardev, tls_creds), NULL, "refused"},
    {"tls-authz", OPTION_STRING, offsetof(SocketChardev, tls_authz), NULL, "refused"},
    {"reconnect", OPTION_UINT, offsetof(SocketChardev, reconnect), "0",
     "a client tries again after so many seconds (0: never)", 0, 86400},
    OPTION_END,
};

/* The user's end of a lookup, which may take longer than the device lives. */
struct SocketLookup {
    SocketChardev *sock; /* NULL once that is closed */
    CharTarget target;   /* with strings of its own */
    GArray *addresses;
    GError *error;
};

static void socket_start_connect(void *opaque);
static void socket_try_next(SocketChardev *sock, const char *why);

static void socket_update_watch(SocketChardev *sock)
{
    /* While the user takes nothing, this tells that the peer has ended. Once is enough. */
    GIOCondition events = sock->half_closed ? 0 : (GIOCondition)POLLRDHUP;

    if (!sock->watch) {
        return;
    }
    if (sock->connecting || sock->want_out) {
        events |= G_IO_OUT;
    }
    if (!sock->connecting && !sock->leftover->len && chardev_user_room(&sock->chr)) {
        events |= G_IO_IN;
    }
    fd_watch_set_events(sock->watch, events);
}

static void socket_drop(SocketChardev *sock)
{
    g_clear_pointer(&sock->watch, fd_watch_remove);
    if (sock->fd >= 0) {
        close(sock->fd);
    }
    sock->fd = -1;
    sock->connecting = sock->want_out = sock->half_closed = FALSE;
}

/* The peer has gone: a server listens again, a client tries again. */
static void socket_disconnected(SocketChardev *sock)
{
    socket_drop(sock);
    if (sock->listen_watch) {
        fd_watch_set_events(sock->listen_watch, G_IO_IN);
    } else if (sock->reconnect) {
        timer_set_after(&sock->retry, (gint64)sock->reconnect * NS_PER_SEC);
    }
    chardev_event(&sock->chr, CHAR_CLOSED);
    chardev_writable(&sock->chr); /* what it held back may be dropped now */
}

/* Hands bytes on, less what telnet takes out of them. */
static void socket_deliver(SocketChardev *sock, guint8 *data, gsize length)
{
    guint breaks = 0;

    if (sock->use_telnet) {
        length = telnet_filter(&sock->telnet, data, length, &breaks);
    }
    chardev_receive(&sock->chr, data, length);
    while (breaks-- > 0) {
        chardev_event(&sock->chr, CHAR_BREAK);
    }
}

static void socket_feed_leftover(SocketChardev *sock)
{
    gsize n;

    while (sock->leftover->len &&
           (n = MIN(chardev_user_room(&sock->chr), sock->leftover->len)) > 0) {
        g_autofree guint8 *chunk = g_memdup2(sock->leftover->data, n);

        g_byte_array_remove_range(sock->leftover, 0, (guint)n);
        chardev_receive(&sock->chr, chunk, n);
    }
}

/* Keeps what the peer said before it went; the kernel's socket buffer bounds it. */
static void socket_keep_rest(SocketChardev *sock)
{
    guint8 buffer[CHAR_CHUNK];
    gssize n;

    while ((n = char_socket_receive(&sock->chr, sock->fd, buffer, sizeof buffer)) > 0 &&
           sock->leftover->len < (4 << 20)) {
        guint breaks;
        gsize kept =
            sock->use_telnet ? telnet_filter(&sock->telnet, buffer, (gsize)n, &breaks) : (gsize)n;

        g_byte_array_append(sock->leftover, buffer, (guint)kept);
    }
}

static void socket_read(SocketChardev *sock, GIOCondition revents)
{
    guint8 buffer[CHAR_CHUNK];
    gsize want = sock->leftover->len ? 0 : MIN(chardev_user_room(&sock->chr), sizeof buffer);
    gssize n;

    if (!want) {
        if (revents & (G_IO_HUP | G_IO_ERR)) {
            socket_keep_rest(sock);
            socket_disconnected(sock);
        } else if (revents & (GIOCondition)POLLRDHUP) {
            /* "echo command | socat - UNIX:...": what it sent is still to be answered. The end
             * is read, and the connection closed, when the user has taken the rest. */
            socket_keep_rest(sock);
            sock->half_closed = TRUE;
        }
        return;
    }
    n = char_socket_receive(&sock->chr, sock->fd, buffer, want);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        socket_disconnected(sock);
    } else if (n > 0) {
        socket_deliver(sock, buffer, (gsize)n);
    }
}

static void socket_connected(SocketChardev *sock)
{
    int one = 1;

    sock->connecting = sock->complained = FALSE;
    memset(&sock->telnet, 0, sizeof sock->telnet);
    if (!sock->path && (sock->nodelay || !sock->delay)) {
        setsockopt(sock->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    }
    if (sock->use_telnet) {
        /* A fresh socket's buffer takes these few bytes. */
        (void)!send(sock->fd, telnet_greeting, sizeof telnet_greeting, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    chardev_event(&sock->chr, CHAR_OPENED);
    socket_update_watch(sock);
}

static void socket_ready(int fd, GIOCondition revents, void *opaque)
{
    SocketChardev *sock = opaque;

    if (sock->connecting) {
        int status = 0;
        socklen_t length = sizeof status;

        getsockopt(fd, SOL_SOCKET, SO_ERROR, &status, &length);
        if (status) {
            socket_drop(sock);
            socket_try_next(sock, g_strerror(status));
        } else {
            socket_connected(sock);
        }
        return;
    }
    if (revents & ~(GIOCondition)G_IO_OUT) {
        socket_read(sock, revents);
    }
    if (sock->fd == fd && sock->watch && (revents & G_IO_OUT) && sock->want_out) {
        sock->want_out = FALSE;
        chardev_writable(&sock->chr);
    }
    socket_update_watch(sock);
}

static gssize socket_send(SocketChardev *sock, const guint8 *data, gsize length)
{
    gssize n;

    do {
        n = send(sock->fd, data, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN) {
        return 0;
    }
    return n;
}

/* Sends with FFh doubled (RFC 854). */
static gssize socket_send_telnet(SocketChardev *sock, const guint8 *data, gsize length)
{
    static const guint8 ff = 0xff;
    gsize done = 0;

    while (done < length || sock->telnet.owes_ff) {
        const guint8 *next_ff = memchr(data + done, 0xff, length - done);
        gsize run = next_ff ? (gsize)(next_ff + 1 - data) - done : length - done;
        gssize n;

        if (sock->telnet.owes_ff) {
            n = socket_send(sock, &ff, 1);
            if (n <= 0) {
                return done ? (gssize)done : n;
            }
            sock->telnet.owes_ff = FALSE;
            continue;
        }
        n = socket_send(sock, data + done, run);
        if (n <= 0) {
            return done ? (gssize)done : n;
        }
        done += (gsize)n;
        sock->telnet.owes_ff = next_ff && (gsize)n == run;
    }
    return (gssize)done;
}

static gsize socket_write(Chardev *chr, const guint8 *data, gsize length)
{
    SocketChardev *sock = (SocketChardev *)chr;
    gssize n;

    if (!chr->connected) {
        return length; /* a cable that leads nowhere */
    }
    n = sock->use_telnet ? socket_send_telnet(sock, data, length) : socket_send(sock, data, length);
    if (n < 0) {
        return length; /* broken: the watch will see it */
    }
    if ((gsize)n < length) {
        sock->want_out = TRUE;
        socket_update_watch(sock);
    }
    return (gsize)n;
}

static void socket_accept_more(Chardev *chr)
{
    SocketChardev *sock = (SocketChardev *)chr;

    socket_feed_leftover(sock);
    socket_update_watch(sock);
}

static void socket_use(SocketChardev *sock, int fd)
{
    sock->fd = fd;
    sock->watch = fd_watch_add(sock->chr.machine->loop, fd, 0, socket_ready, sock);
}

/* ---- servers with many peers ---- */

static void socket_init(SocketChardev *sock)
{
    sock->listen_fd = sock->fd = -1;
    sock->leftover = g_byte_array_new();
    timer_init(&sock->retry, sock->chr.machine->host_clock, socket_start_connect, sock);
}

static void socket_hand_over(SocketChardev *sock, int fd)
{
    SocketChardev *peer = (SocketChardev *)char_peer_new(&sock->chr);

    socket_init(peer);
    peer->path = g_strdup(sock->path);
    peer->host = g_strdup(sock->host);
    peer->port = g_strdup(sock->port);
    peer->server = TRUE;
    peer->use_telnet = sock->use_telnet;
    peer->nodelay = sock->nodelay;
    peer->shared_by = sock;
    if (++sock->peers >= MAX_PEERS) {
        fd_watch_set_events(sock->listen_watch, 0);
    }
    socket_use(peer, fd);
    socket_connected(peer);
    sock->accept(&peer->chr, sock->accept_opaque);
}

static void socket_peer_gone(SocketChardev *peer)
{
    SocketChardev *sock = peer->shared_by;

    if (sock && sock->peers-- == MAX_PEERS && sock->listen_watch) {
        fd_watch_set_events(sock->listen_watch, G_IO_IN);
    }
}

static gboolean socket_share(Chardev *chr, CharAcceptFn accept, void *opaque)
{
    SocketChardev *sock = (SocketChardev *)chr;
    int fd = sock->fd;

    if (!sock->server) {
        return FALSE;
    }
    sock->accept = accept;
    sock->accept_opaque = opaque;
    if (fd >= 0) { /* wait=on has let the first one in */
        sock->fd = -1;
        socket_drop(sock);
        chr->connected = FALSE;
        socket_hand_over(sock, fd);
    }
    fd_watch_set_events(sock->listen_watch, G_IO_IN);
    return TRUE;
}

/* Peers outlive a server that is closed first. */
static void socket_orphan(Chardev *chr, void *opaque)
{
    if (chr->ops == &char_socket_ops && ((SocketChardev *)chr)->shared_by == opaque) {
        ((SocketChardev *)chr)->shared_by = NULL;
    }
}

static void socket_incoming(int fd, GIOCondition revents, void *opaque)
{
    SocketChardev *sock = opaque;
    int peer = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (peer < 0) {
        return; /* it went away again */
    }
    if (sock->accept) {
        socket_hand_over(sock, peer);
        return;
    }
    fd_watch_set_events(sock->listen_watch, 0);
    socket_use(sock, peer);
    socket_connected(sock);
}

/* ---- clients that reconnect ---- */

static CharTarget socket_target(const SocketChardev *sock)
{
    return (CharTarget){
        .path = sock->path,
        .host = sock->host ? sock->host : "",
        .port = sock->port,
        .ipv4 = sock->ipv4,
        .ipv6 = sock->ipv6,
        .server = sock->server,
        .abstract = sock->abstract,
        .tight = sock->tight,
        .to = sock->to,
    };
}

/* Once for a peer that is not there. */
static void socket_try_later(SocketChardev *sock, const char *why)
{
    CharTarget target = socket_target(sock);
    g_autofree char *text = char_target_text(&target);

    if (!sock->complained) {
        report_warning("character device '%s' cannot connect to %s (%s): trying again every %u s",
                       sock->chr.id, text, why, (guint)sock->reconnect);
    }
    sock->complained = TRUE;
    timer_set_after(&sock->retry, (gint64)sock->reconnect * NS_PER_SEC);
}

/* The next address of the host; `why` the one before failed. */
static void socket_try_next(SocketChardev *sock, const char *why)
{
    while (sock->next_address < sock->addresses->len) {
        gboolean pending;
        int fd = char_address_connect(
            &g_array_index(sock->addresses, CharAddress, sock->next_address++), &pending);

        if (fd < 0) {
            why = g_strerror(errno);
            continue;
        }
        socket_use(sock, fd);
        sock->connecting = pending;
        if (pending) {
            socket_update_watch(sock);
        } else {
            socket_connected(sock);
        }
        return;
    }
    socket_try_later(sock, why);
}

static void lookup_work(void *opaque)
{
    SocketLookup *lookup = opaque;

    lookup->addresses = char_target_resolve(&lookup->target, &lookup->error);
}

static void lookup_done(void *opaque)
{
    SocketLookup *lookup = opaque;
    SocketChardev *sock = lookup->sock;

    if (sock) {
        sock->lookup = NULL;
        if (lookup->addresses) {
            g_clear_pointer(&sock->addresses, g_array_unref);
            sock->addresses = g_steal_pointer(&lookup->addresses);
            sock->next_address = 0;
            socket_try_next(sock, "it has no address");
        } else {
            socket_try_later(sock, lookup->error->message);
        }
    }
    g_clear_pointer(&lookup->addresses, g_array_unref);
    g_clear_error(&lookup->error);
    g_free((char *)lookup->target.host);
    g_free((char *)lookup->target.port);
    g_free((char *)lookup->target.path);
    g_free(lookup);
}

/* The host is looked up each time: it may have moved. */
static void socket_start_connect(void *opaque)
{
    SocketChardev *sock = opaque;
    SocketLookup *lookup = g_new0(SocketLookup, 1);

    lookup->sock = sock;
    lookup->target = socket_target(sock);
    lookup->target.path = g_strdup(sock->path);
    lookup->target.host = g_strdup(lookup->target.host);
    lookup->target.port = g_strdup(sock->port);
    sock->lookup = lookup;
    if (sock->path) { /* costs nothing */
        lookup_work(lookup);
        lookup_done(lookup);
    } else {
        worker_submit(sock->chr.machine->workers, lookup_work, lookup_done, lookup);
    }
}

/* ---- clients and servers that start ---- */

/* Waits for a pending connection. Returns 0 or an errno. */
static int socket_finish_connect(int fd)
{
    struct pollfd pfd = {.fd = fd, .events = POLLOUT};
    int status = ETIMEDOUT;
    socklen_t length = sizeof status;
    int n = poll(&pfd, 1, CONNECT_TIMEOUT_MS);

    if (n < 0) {
        return errno;
    }
    if (n > 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &status, &length) != 0) {
        return errno;
    }
    return status;
}

/* Without reconnect= the peer must be there now. */
static gboolean socket_connect_now(SocketChardev *sock, const char *text, GError **error)
{
    int errnum = 0;

    for (guint i = 0; i < sock->addresses->len; i++) {
        gboolean pending;
        int fd = char_address_connect(&g_array_index(sock->addresses, CharAddress, i), &pending);

        errnum = fd < 0 ? errno : pending ? socket_finish_connect(fd) : 0;
        if (!errnum) {
            sock->fd = fd;
            return TRUE;
        }
        if (fd >= 0) {
            close(fd);
        }
    }
    return error_set_errno(error, errnum, "cannot connect to %s", text);
}

/* A signal ends the wait, also one that comes after the message and before ppoll(2). */
static gboolean socket_wait_peer(SocketChardev *sock, GError **error)
{
    g_autofree char *text = char_address_local_text(sock->listen_fd);
    struct pollfd pfd = {.fd = sock->listen_fd, .events = POLLIN};
    sigset_t all, before;
    int ready = 1, errnum = 0;

    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    report_info("waiting for a connection on %s (wait=off starts without)", text);
    while (!sock->chr.connected && ready > 0) {
        ready = ppoll(&pfd, 1, NULL, &before);
        errnum = errno;
        if (ready > 0) {
            socket_incoming(sock->listen_fd, G_IO_IN, sock);
        }
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return ready > 0 ||
           error_set_errno(error, errnum, "no longer waiting for a connection on %s", text);
}

static gboolean socket_listen(SocketChardev *sock, const CharTarget *target, GError **error)
{
    struct stat st;

    if (sock->listen_fd < 0) {
        sock->listen_fd = char_address_listen(sock->addresses, target, error);
    }
    if (sock->listen_fd < 0) {
        return FALSE;
    }
    if (sock->path && !sock->abstract && stat(sock->path, &st) == 0) {
        sock->inode_dev = st.st_dev;
        sock->inode = st.st_ino;
    }
    sock->listen_watch =
        fd_watch_add(sock->chr.machine->loop, sock->listen_fd, G_IO_IN, socket_incoming, sock);
    /* Once the machine has started nothing may stop it to wait. */
    if (sock->wait && !sock->chr.later && sock->chr.machine->run_state == RUN_STATE_PRELAUNCH) {
        return socket_wait_peer(sock, error);
    }
    return TRUE;
}

static void socket_close(Chardev *chr)
{
    SocketChardev *sock = (SocketChardev *)chr;
    struct stat st;

    timer_cancel(&sock->retry);
    if (sock->lookup) {
        sock->lookup->sock = NULL;
    }
    socket_drop(sock);
    socket_peer_gone(sock);
    chardev_foreach(chr->machine, socket_orphan, sock);
    g_clear_pointer(&sock->listen_watch, fd_watch_remove);
    if (sock->listen_fd >= 0) {
        /* Not if another program has replaced it since. */
        if (sock->path && sock->inode && stat(sock->path, &st) == 0 &&
            st.st_dev == sock->inode_dev && st.st_ino == sock->inode) {
            unlink(sock->path);
        }
        close(sock->listen_fd);
    }
    g_clear_pointer(&sock->addresses, g_array_unref);
    g_byte_array_unref(sock->leftover);
}

static gboolean socket_check_refused(SocketChardev *sock, GError **error)
{
    const char *refused = sock->websocket   ? "websocket"
                          : sock->tn3270    ? "tn3270"
                          : sock->tls_creds ? "tls-creds"
                          : sock->tls_authz ? "tls-authz"
                                            : NULL;

    return !refused ||
           error_set(error, "'%s' is not supported for character devices%s", refused,
                     sock->tls_creds ? ": use a UNIX socket, and ssh or stunnel to reach it" : "");
}

static gboolean socket_check(SocketChardev *sock, GError **error)
{
    if (!socket_check_refused(sock, error)) {
        return FALSE;
    }
    if ((sock->path != NULL) + (sock->port || sock->host) + (sock->fd_name != NULL) > 1) {
        return error_set(error,
                         "character device '%s' takes path=, host= and port=, or fd=, not several",
                         sock->chr.id);
    }
    if (!sock->path && !sock->port && !sock->fd_name) {
        return error_set(
            error, "character device '%s' needs path=FILE, host= and port=, or fd=", sock->chr.id);
    }
    if (sock->abstract && !sock->path) {
        return error_set(error, "'abstract' is for UNIX sockets, character device '%s' has no path",
                         sock->chr.id);
    }
    if (sock->to && (!sock->server || !sock->port)) {
        return error_set(error, "'to' is for TCP servers, character device '%s' is none",
                         sock->chr.id);
    }
    if (sock->reconnect && (sock->server || sock->fd_name)) {
        return error_set(error, "'reconnect' is for clients, character device '%s' is %s",
                         sock->chr.id, sock->server ? "a server" : "given a socket");
    }
    return TRUE;
}

/* A socket that we were given: listening for a server, else connected. It is the giver's until the
 * device is open. */
static gboolean socket_take_fd(SocketChardev *sock, GError **error)
{
    int listens = 0, mine;
    socklen_t size = sizeof listens;
    guint64 fd;

    if (!g_ascii_string_to_unsigned(sock->fd_name, 10, 0, G_MAXINT, &fd, NULL)) {
        return error_set(error, "fd '%s' should be the number of an open socket", sock->fd_name);
    }
    if (getsockopt((int)fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0) {
        return error_set_errno(error, errno, "fd '%s' is no socket", sock->fd_name);
    }
    if (!listens != !sock->server) {
        return error_set(error, "fd '%s' is %s socket: %s", sock->fd_name,
                         listens ? "a listening" : "no listening",
                         listens ? "server=on is missing" : "server=on does not suit it");
    }
    mine = fcntl((int)fd, F_DUPFD_CLOEXEC, 0);
    if (mine < 0) {
        return error_set_errno(error, errno, "fd '%s'", sock->fd_name);
    }
    char_fd_prepare(mine);
    sock->given_fd = (int)fd;
    *(sock->server ? &sock->listen_fd : &sock->fd) = mine;
    return TRUE;
}

static gboolean socket_prepare(Chardev *chr, GError **error)
{
    SocketChardev *sock = (SocketChardev *)chr;
    CharTarget target = socket_target(sock);
    g_autofree char *text = NULL;
    gboolean ok;

    if (!socket_check(sock, error)) {
        return FALSE;
    }
    socket_init(sock);
    if (sock->fd_name) {
        ok = socket_take_fd(sock, error);
    } else if (sock->reconnect) {
        ok = TRUE;
    } else {
        text = char_target_text(&target);
        sock->addresses = char_target_resolve(&target, error);
        ok = sock->addresses && (sock->server || socket_connect_now(sock, text, error));
    }
    if (!ok) {
        g_clear_pointer(&sock->addresses, g_array_unref);
        g_clear_pointer(&sock->leftover, g_byte_array_unref);
    }
    return ok;
}

static gboolean socket_open(Chardev *chr, GError **error)
{
    SocketChardev *sock = (SocketChardev *)chr;
    CharTarget target = socket_target(sock);

    if (sock->server) {
        if (!socket_listen(sock, &target, error)) {
            socket_close(chr);
            return FALSE;
        }
    } else if (sock->reconnect) {
        socket_start_connect(sock);
    } else {
        socket_use(sock, sock->fd);
        socket_connected(sock);
    }
    if (sock->fd_name) {
        close(sock->given_fd);
    }
    return TRUE;
}

static char *socket_describe(Chardev *chr)
{
    SocketChardev *sock = (SocketChardev *)chr;
    CharTarget target = socket_target(sock);
    gboolean bound = (sock->listen_fd >= 0 || sock->fd_name) && !sock->path;
    g_autofree char *text =
        bound ? char_address_local_text(sock->listen_fd >= 0 ? sock->listen_fd : sock->fd)
              : char_target_text(&target);

    return g_strdup_printf("%s%s%s%s", chr->connected ? "" : "disconnected:", text,
                           sock->server ? ",server=on" : "", sock->use_telnet ? ",telnet=on" : "");
}

static CharTerminal socket_terminal(Chardev *chr)
{
    return (CharTerminal){((const SocketChardev *)chr)->telnet.columns, FALSE};
}

const ChardevOps char_socket_ops = {
    .name = "socket",
    .summary = "a UNIX or TCP socket, server or client",
    .size = sizeof(SocketChardev),
    .options = socket_options,
    .prepare = socket_prepare,
    .open = socket_open,
    .close = socket_close,
    .write = socket_write,
    .accept = socket_accept_more,
    .share = socket_share,
    .describe = socket_describe,
    .terminal = socket_terminal,
};

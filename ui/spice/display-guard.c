/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first message of a display channel (SPICE_MSGC_DISPLAY_INIT).
 *
 * spice-server 0.15's display worker waits for it in a loop of its own. A viewer that leaves, or
 * says something wrong, while the worker reads there has the loop go on with memory that has been
 * freed; sizes that nobody can mean make it abort. So the worker gets another socket under the
 * connection's number for that time, with the message in it and nothing behind: one that has been
 * looked at, or in place of a wrong or missing one an invented one. Afterwards what the worker has
 * sent meanwhile is passed on and the connection put back; a bad one is ended.
 *
 * What comes over TLS cannot be looked at: there the first record is passed on. A connection that
 * ends before that is replaced by one that is silent, which the worker gives up in good order.
 *
 * All of it runs on the display's worker, which would wait anyway.
 */
#include "ui/spice/display-guard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ui/spice/spice-priv.h"

#define INIT_TIMEOUT_MS  10000
#define RELAY_TIMEOUT_MS 5000
#define POLL_AGAIN_MS    5

/* Message headers: 64-bit serial, 16-bit type, 32-bit size, 32-bit sub-list; or just the type and
 * the size, when both sides have SPICE_COMMON_CAP_MINI_HEADER. */
#define FULL_HEADER 18
#define MINI_HEADER 6

/* 8-bit cache id, 64-bit cache size, 8-bit dictionary id, 32-bit size of the dictionary's window in
 * pixels. */
#define INIT_SIZE   14
#define WINDOW_AT   10
#define MAX_WINDOW  (64 * 1024 * 1024)
#define SANE_WINDOW (1024 * 1024)

/* A TLS record (RFC 8446, 5.1): type, version, 16-bit length, which is at most 2^14 + 256. */
#define RECORD_HEADER 5
#define RECORD_MAX    (16384 + 256)

static guint32 get_le32(const guint8 *bytes)
{
    return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | (guint32)bytes[3] << 24;
}

static void put_le32(guint8 *bytes, guint32 value)
{
    for (guint i = 0; i < 4; i++) {
        bytes[i] = (guint8)(value >> 8 * i);
    }
}

/* ---- looking; each returns the first message's length, 0 = not yet whole, -1 = wrong ---- */

/* With a header of that kind. */
static gssize check_message(const guint8 *bytes, gsize length, gsize header)
{
    gsize type_at = header == FULL_HEADER ? 8 : 0;
    gssize whole = (gssize)(header + INIT_SIZE);

    if (length < (gsize)whole) {
        return 0;
    }
    return bytes[type_at] == SPICE_MSGC_DISPLAY_INIT && bytes[type_at + 1] == 0 &&
                   get_le32(bytes + type_at + 2) == INIT_SIZE &&
                   get_le32(bytes + header + WINDOW_AT) <= MAX_WINDOW
               ? whole
               : -1;
}

static gssize check_plain(const guint8 *bytes, gsize length)
{
    gssize mini = check_message(bytes, length, MINI_HEADER);

    return mini < 0 ? check_message(bytes, length, FULL_HEADER) : mini;
}

static gssize check_record(const guint8 *bytes, gsize length)
{
    gsize body;

    if (length < RECORD_HEADER) {
        return 0;
    }
    body = (gsize)bytes[3] << 8 | bytes[4];
    if (body > RECORD_MAX) {
        return -1;
    }
    return length < RECORD_HEADER + body ? 0 : (gssize)(RECORD_HEADER + body);
}

/* ---- waiting ---- */

/* Takes the first message off the connection; its length, or -1 if it is wrong or does not come. */
static gssize take_first(int fd, gboolean tls, guint8 *bytes, gsize size)
{
    gint64 end = g_get_monotonic_time() + INIT_TIMEOUT_MS * G_TIME_SPAN_MILLISECOND;

    while (g_get_monotonic_time() < end) {
        ssize_t length = recv(fd, bytes, size, MSG_PEEK | MSG_DONTWAIT);
        struct pollfd wait = {.fd = fd, .events = POLLIN | POLLRDHUP};
        gssize whole;

        if (length == 0 || (length < 0 && errno != EAGAIN && errno != EINTR)) {
            return -1;
        }
        whole = length < 0 ? 0
                : tls      ? check_record(bytes, (gsize)length)
                           : check_plain(bytes, (gsize)length);
        if (whole != 0) {
            return whole > 0 ? recv(fd, bytes, (gsize)whole, MSG_DONTWAIT) : -1;
        }
        poll(&wait, 1, INIT_TIMEOUT_MS);
        if (length > 0) { /* a part stays readable */
            if (wait.revents & (POLLRDHUP | POLLHUP | POLLERR)) {
                return -1;
            }
            g_usleep(POLL_AGAIN_MS * 1000);
        }
    }
    return -1;
}

/*
 * An INIT message for either kind of header. With mini headers these are an acknowledgement, which
 * means nothing, with the other message as its contents, and an INIT. With full headers the first
 * eight bytes are a serial number, an INIT follows, and then the beginning of a longer message that
 * never comes whole.
 */
static gssize invent_init(guint8 *bytes)
{
    enum { MINI_AT = FULL_HEADER + INIT_SIZE, ALL = MINI_AT + MINI_HEADER + INIT_SIZE };

    memset(bytes, 0, ALL);
    bytes[0] = SPICE_MSGC_ACK;
    put_le32(bytes + 2, MINI_AT - MINI_HEADER);
    bytes[8] = SPICE_MSGC_DISPLAY_INIT;
    put_le32(bytes + 10, INIT_SIZE);
    put_le32(bytes + FULL_HEADER + WINDOW_AT, SANE_WINDOW);

    bytes[MINI_AT] = SPICE_MSGC_DISPLAY_INIT;
    put_le32(bytes + MINI_AT + 2, INIT_SIZE);
    bytes[MINI_AT + 8] = SPICE_MSGC_ACK; /* in the cache's size: a header's type and length */
    put_le32(bytes + MINI_AT + 10, 1000);
    put_le32(bytes + MINI_AT + MINI_HEADER + WINDOW_AT, SANE_WINDOW);
    return ALL;
}

/* ---- replacing and putting back ---- */

int spice_guard_begin(int fd, int theirs, gboolean tls, gboolean *good)
{
    g_autofree guint8 *bytes = g_malloc(RECORD_HEADER + RECORD_MAX);
    gssize length =
        take_first(fd, tls, bytes, tls ? RECORD_HEADER + RECORD_MAX : FULL_HEADER + INIT_SIZE);
    int pair[2];

    *good = length > 0;
    if (length <= 0) {
        shutdown(fd, SHUT_RDWR);
        length = tls ? 0 : invent_init(bytes);
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair)) {
        return -1;
    }
    if (send(pair[1], bytes, (gsize)length, MSG_NOSIGNAL) == length &&
        dup3(pair[0], theirs, O_CLOEXEC) >= 0) {
        close(pair[0]);
        return pair[1];
    }
    close(pair[0]);
    close(pair[1]);
    return -1;
}

static gboolean send_all(int fd, const guint8 *bytes, gsize length, gint64 end)
{
    while (length > 0) {
        ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
        struct pollfd wait = {.fd = fd, .events = POLLOUT};

        if (sent > 0) {
            bytes += sent;
            length -= (gsize)sent;
        } else if ((errno != EAGAIN && errno != EINTR) || g_get_monotonic_time() >= end) {
            return FALSE;
        } else {
            poll(&wait, 1, RELAY_TIMEOUT_MS);
        }
    }
    return TRUE;
}

void spice_guard_end(int fd, int theirs, int end, gboolean good)
{
    gint64 until = g_get_monotonic_time() + RELAY_TIMEOUT_MS * G_TIME_SPAN_MILLISECOND;
    guint8 bytes[16384];
    ssize_t length;

    while (good && (length = recv(end, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0) {
        good = send_all(fd, bytes, (gsize)length, until);
    }
    if (!good) {
        shutdown(fd, SHUT_RDWR);
    }
    dup3(fd, theirs, O_CLOEXEC);
    close(end);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/gtk/wayland-lane.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* What libwayland takes of one sendmsg(). */
#define FDS_AT_ONCE 28

typedef union ControlBuffer {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(WAYLAND_LANE_FDS * sizeof(int))];
} ControlBuffer;

void wayland_lane_init(WaylandLane *lane)
{
    lane->length = lane->ready = 0;
    lane->fd_count = 0;
}

static void close_fds(WaylandLane *lane)
{
    for (guint i = 0; i < lane->fd_count; i++) {
        close(lane->fds[i]);
    }
    lane->fd_count = 0;
}

void wayland_lane_clear(WaylandLane *lane)
{
    close_fds(lane);
    lane->length = lane->ready = 0;
}

/* ---- reading ---- */

/* Takes the descriptors that came; FALSE if there are too many to keep (these are closed). */
static gboolean take_fds(WaylandLane *lane, struct msghdr *head)
{
    gboolean good = (head->msg_flags & MSG_CTRUNC) == 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(head); c != NULL; c = CMSG_NXTHDR(head, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        gsize count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (gsize i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
            if (lane->fd_count < WAYLAND_LANE_FDS) {
                lane->fds[lane->fd_count++] = fd;
            } else {
                close(fd);
                good = FALSE;
            }
        }
    }
    return good;
}

gboolean wayland_lane_read(WaylandLane *lane, int fd)
{
    ControlBuffer control;
    struct iovec iov = {lane->data + lane->length, WAYLAND_LANE_SIZE - lane->length};
    struct msghdr head = {
        .msg_iov = &iov,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = sizeof(control.bytes),
    };
    gssize got = recvmsg(fd, &head, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got < 0) {
        return errno == EAGAIN || errno == EINTR;
    }
    if (!take_fds(lane, &head)) {
        return FALSE;
    }
    lane->length += (gsize)got;
    return got > 0;
}

/* ---- messages ---- */

static guint32 word_at(const guint8 *data)
{
    guint32 word;
    memcpy(&word, data, sizeof(word));
    return word;
}

guint32 wayland_message_word(const WaylandMessage *message, guint index)
{
    gsize offset = WAYLAND_HEADER_SIZE + 4 * (gsize)index;
    return offset + 4 <= message->size ? word_at(message->data + offset) : 0;
}

gboolean wayland_lane_next(WaylandLane *lane, WaylandMessage *message, gboolean *broken)
{
    gsize left = lane->length - lane->ready;
    const guint8 *data = lane->data + lane->ready;
    if (left < WAYLAND_HEADER_SIZE) {
        return FALSE;
    }
    guint32 second = word_at(data + 4);
    *message = (WaylandMessage){word_at(data), (guint16)second, (guint16)(second >> 16), data};
    if (message->size < WAYLAND_HEADER_SIZE || message->size % 4 != 0) {
        *broken = TRUE;
        return FALSE;
    }
    return message->size <= left;
}

void wayland_lane_accept(WaylandLane *lane, const WaylandMessage *message)
{
    lane->ready += message->size;
}

static void cut(WaylandLane *lane, gsize start, gsize count)
{
    memmove(lane->data + start, lane->data + start + count, lane->length - start - count);
    lane->length -= count;
}

void wayland_lane_drop(WaylandLane *lane, const WaylandMessage *message)
{
    cut(lane, lane->ready, message->size);
}

void wayland_lane_drop_rest(WaylandLane *lane)
{
    lane->length = lane->ready;
    if (lane->ready == 0) {
        close_fds(lane);
    }
}

void wayland_lane_drop_ready(WaylandLane *lane)
{
    close_fds(lane);
    cut(lane, 0, lane->ready);
    lane->ready = 0;
}

gboolean wayland_lane_put(WaylandLane *lane, guint32 object, guint16 opcode, guint32 argument)
{
    guint32 words[] = {object, (guint32)12 << 16 | opcode, argument};
    if (lane->length + sizeof(words) > WAYLAND_LANE_SIZE) {
        return FALSE;
    }
    memcpy(lane->data + lane->length, words, sizeof(words));
    lane->length += sizeof(words);
    lane->ready = lane->length;
    return TRUE;
}

/* ---- sending ---- */

/* The control message for `count` of the lane's descriptors. */
static void give_fds(WaylandLane *lane, struct msghdr *head, ControlBuffer *control, guint count)
{
    memset(control, 0, sizeof(*control));
    head->msg_control = control->bytes;
    head->msg_controllen = CMSG_SPACE(count * sizeof(int));
    struct cmsghdr *c = CMSG_FIRSTHDR(head);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(c), lane->fds, count * sizeof(int));
}

static void fds_given(WaylandLane *lane, guint count)
{
    for (guint i = 0; i < count; i++) {
        close(lane->fds[i]);
    }
    lane->fd_count -= count;
    memmove(lane->fds, lane->fds + count, lane->fd_count * sizeof(int));
}

gboolean wayland_lane_send(WaylandLane *lane, int fd)
{
    ControlBuffer control;
    while (lane->ready > 0) {
        guint count = MIN(lane->fd_count, FDS_AT_ONCE);
        /* All descriptors go before the last byte of what they may belong to. */
        gsize length = lane->fd_count > FDS_AT_ONCE ? 1 : lane->ready;
        struct iovec iov = {lane->data, length};
        struct msghdr head = {.msg_iov = &iov, .msg_iovlen = 1};
        if (count > 0) {
            give_fds(lane, &head, &control, count);
        }
        gssize sent = sendmsg(fd, &head, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0) {
            return errno == EAGAIN || errno == EINTR;
        }
        fds_given(lane, count);
        lane->ready -= (gsize)sent;
        cut(lane, 0, (gsize)sent);
    }
    return TRUE;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading from a socket whose peer may send descriptors along (unix(7), SCM_RIGHTS). */
#include <string.h>
#include <sys/socket.h>

#include "core/char-priv.h"

/* That one read brings; the kernel closes more. */
#define MAX_FDS 16

static void hand_on(Chardev *chr, struct msghdr *message)
{
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
        if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS) {
            int fds[MAX_FDS];
            gsize length = MIN(part->cmsg_len - CMSG_LEN(0), sizeof(fds));

            memcpy(fds, CMSG_DATA(part), length);
            chr->user->receive_fds(chr->user_opaque, fds, (guint)(length / sizeof(int)));
        }
    }
}

/* Without room for descriptors the kernel closes them. */
gssize char_socket_receive(Chardev *chr, int fd, guint8 *buffer, gsize length)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(MAX_FDS * sizeof(int))];
    } control;
    gboolean wants_fds = chr->user && chr->user->receive_fds;
    struct iovec place = {buffer, length};
    struct msghdr message = {.msg_iov = &place,
                             .msg_iovlen = 1,
                             .msg_control = wants_fds ? &control : NULL,
                             .msg_controllen = wants_fds ? sizeof(control) : 0};
    gssize n = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

    if (n > 0 && wants_fds) {
        hand_on(chr, &message);
    }
    return n;
}

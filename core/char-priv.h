/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the character backends share: their ops tables and helpers for file descriptors. Vm lock
 * held.
 */
#pragma once

#include "core/char.h"

/* A queue of unread bytes does not grow beyond this. */
#define CHAR_CHUNK 4096

struct CharManager {
    Machine *machine;
    GPtrArray *chardevs; /* of Chardev*, owned */
};

extern const ChardevOps char_null_ops;
extern const ChardevOps char_stdio_ops;
extern const ChardevOps char_file_ops;
extern const ChardevOps char_pipe_ops;
extern const ChardevOps char_socket_ops;
extern const ChardevOps char_pty_ops;
extern const ChardevOps char_vc_ops;
extern const ChardevOps char_ringbuf_ops;
extern const ChardevOps char_mux_ops;
extern const ChardevOps char_udp_ops;
extern const ChardevOps char_serial_ops;
extern const ChardevOps char_tty_ops;
extern const ChardevOps char_parallel_ops;

/* ---- char-log.c ---- */
gboolean char_log_open(Chardev *chr, GError **error);
void char_log_write(Chardev *chr, const guint8 *data, gsize length);
void char_log_close(Chardev *chr);

/* ---- char-mux.c ---- */
/* An end of the mux that has no user yet; it goes when that detaches. NULL when there are too many.
 */
Chardev *char_mux_free_port(Chardev *chr, GError **error);
gboolean char_mux_has_users(const Chardev *chr);
void char_mux_send_break(Chardev *chr);
/* Called by chardev_detach(). TRUE if `chr` was an end of a mux, and is gone. */
gboolean char_mux_drop_port(Chardev *chr);
/* The id of the device under it. */
const char *char_mux_base_id(const Chardev *chr);

/* Frees a device that is in no list any more. */
void char_free(Chardev *chr);
/* The same for one that is not open. */
void char_discard(Chardev *chr);

/* A device of the listener's type with default options, "ID.N", for a peer of its own; it belongs
 * to the manager, and was not opened. */
Chardev *char_peer_new(Chardev *listener);

/* Sets O_NONBLOCK and close-on-exec. */
void char_fd_prepare(int fd);

/*
 * Writes to a non-blocking descriptor. Returns how many bytes it took; -1 when it is broken for
 * good, with errno set.
 */
gssize char_fd_write(int fd, const guint8 *data, gsize length);

/* recv(2) without waiting; descriptors that come along go to the user first, if it wants such. */
gssize char_socket_receive(Chardev *chr, int fd, guint8 *buffer, gsize length);

/*
 * Reads from a non-blocking descriptor, at most what the user can take, and hands it on. Returns
 * FALSE at the end of the input or when it is broken. `*room` tells whether the user could take
 * more.
 */
gboolean char_fd_read(Chardev *chr, int fd, gboolean *room);

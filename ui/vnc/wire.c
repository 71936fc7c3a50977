/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libvncserver only writes to its client's socket, and waits until it has. So while it composes a
 * message, a file in memory takes the socket's place; what is in it then is sent. Our own encoders
 * need no such file, except for WebSockets, whose frames are libvncserver's.
 */
#include "ui/vnc/wire.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* A viewer that takes nothing for so long is given up. */
#define PATIENCE_US (60 * G_TIME_SPAN_SECOND)
/* Less is copied: a piece costs more. */
#define REFER_MIN 2048
/* Pieces for one system call. */
#define VECTORS 128
/* More memory than this is not kept for the next message. */
#define KEEP_MAX (4 << 20)
/* The file is mapped in multiples of this. */
#define MAP_UNIT (1 << 20)

/* Data somewhere, or what begins at `at` in `bytes`. */
typedef struct Piece {
    const guint8 *data; /* NULL: in bytes */
    gsize at, length;
} Piece;

struct VncWire {
    int fd;
    GByteArray *bytes;
    GArray *pieces;   /* of Piece */
    guint first;      /* piece that is not sent wholly */
    gsize sent;       /* of it */
    gint64 progress;  /* monotonic time when the socket last took something */
    gboolean library; /* this message is libvncserver's */
    rfbSocket sock;   /* the client's, while the file stands in for it */
    int file;         /* -1: not made yet */
    guint8 *map;      /* of the file, or NULL */
    gsize map_length;
};

static VncWire *wire_of(rfbClientPtr client)
{
    return client->clientData;
}

VncWire *vnc_wire_new(int fd)
{
    VncWire *wire = g_new0(VncWire, 1);

    wire->fd = fd;
    wire->file = -1;
    wire->bytes = g_byte_array_new();
    wire->pieces = g_array_new(FALSE, FALSE, sizeof(Piece));
    return wire;
}

void vnc_wire_attach(VncWire *wire, rfbClientPtr client)
{
    client->clientData = wire;
}

/* ---- the file ---- */

static void unmap_file(VncWire *wire)
{
    if (wire->map) {
        munmap(wire->map, wire->map_length);
        wire->map = NULL;
        wire->map_length = 0;
    }
}

static void close_file(VncWire *wire)
{
    unmap_file(wire);
    if (wire->file >= 0) {
        close(wire->file);
        wire->file = -1;
    }
}

static gboolean open_file(VncWire *wire)
{
    if (wire->file < 0) {
        wire->file = memfd_create("vnc update", MFD_CLOEXEC);
    }
    return wire->file >= 0 && lseek(wire->file, 0, SEEK_SET) == 0;
}

/* What libvncserver has written becomes the message's only piece. */
static gboolean take_file(VncWire *wire)
{
    off_t length = lseek(wire->file, 0, SEEK_CUR);

    if (length > (off_t)wire->map_length) {
        gsize room = ((gsize)length + MAP_UNIT - 1) / MAP_UNIT * MAP_UNIT;
        unmap_file(wire);
        void *map = mmap(NULL, room, PROT_READ, MAP_SHARED, wire->file, 0);
        if (map == MAP_FAILED) {
            return FALSE;
        }
        wire->map = map;
        wire->map_length = room;
    }
    Piece piece = {.data = wire->map, .length = (gsize)length};
    if (length > 0) {
        g_array_append_val(wire->pieces, piece);
    }
    return length >= 0;
}

/* ---- composing ---- */

gboolean vnc_wire_begin(rfbClientPtr client, gboolean library)
{
    VncWire *wire = wire_of(client);

    wire->library = library || client->wsctx;
    if (wire->library) {
        if (!open_file(wire)) {
            return FALSE;
        }
        wire->sock = client->sock;
        client->sock = wire->file;
    }
    return TRUE;
}

/* Through libvncserver's buffer, among what it writes itself. */
static gboolean put_library(rfbClientPtr client, const guint8 *data, gsize length)
{
    while (length > 0) {
        if (client->ublen == UPDATE_BUF_SIZE && !rfbSendUpdateBuf(client)) {
            return FALSE;
        }
        gsize piece = MIN(length, (gsize)(UPDATE_BUF_SIZE - client->ublen));
        memcpy(client->updateBuf + client->ublen, data, piece);
        client->ublen += (int)piece;
        data += piece;
        length -= piece;
    }
    return TRUE;
}

gboolean vnc_wire_put(rfbClientPtr client, const void *data, gsize length)
{
    VncWire *wire = wire_of(client);
    Piece *last = NULL;

    if (wire->library) {
        return put_library(client, data, length);
    }
    if (length > G_MAXUINT / 2 - wire->bytes->len) {
        return FALSE; /* no array of GLib's is that long */
    }
    if (wire->pieces->len > 0) {
        last = &g_array_index(wire->pieces, Piece, wire->pieces->len - 1);
    }
    if (last && !last->data) {
        last->length += length;
    } else {
        Piece piece = {.at = wire->bytes->len, .length = length};
        g_array_append_val(wire->pieces, piece);
    }
    g_byte_array_append(wire->bytes, data, (guint)length);
    return TRUE;
}

gboolean vnc_wire_refer(rfbClientPtr client, const void *data, gsize length)
{
    VncWire *wire = wire_of(client);
    Piece piece = {.data = data, .length = length};

    if (wire->library || length < REFER_MIN) {
        return vnc_wire_put(client, data, length);
    }
    g_array_append_val(wire->pieces, piece);
    return TRUE;
}

gboolean vnc_wire_update(rfbClientPtr client, guint rectangles)
{
    rfbFramebufferUpdateMsg message = {
        .type = rfbFramebufferUpdate,
        .nRects = GUINT16_TO_BE((guint16)rectangles),
    };
    return vnc_wire_put(client, &message, sz_rfbFramebufferUpdateMsg);
}

gboolean vnc_wire_rectangle(rfbClientPtr client, guint x, guint y, guint width, guint height,
                            gint32 encoding)
{
    rfbFramebufferUpdateRectHeader header = {
        .r = {.x = GUINT16_TO_BE((guint16)x),
              .y = GUINT16_TO_BE((guint16)y),
              .w = GUINT16_TO_BE((guint16)width),
              .h = GUINT16_TO_BE((guint16)height)},
        .encoding = GUINT32_TO_BE((guint32)encoding),
    };
    return vnc_wire_put(client, &header, sz_rfbFramebufferUpdateRectHeader);
}

/* ---- sending ---- */

static void clear(VncWire *wire)
{
    g_array_set_size(wire->pieces, 0);
    wire->first = 0;
    wire->sent = 0;
    if (wire->bytes->len > KEEP_MAX) {
        g_byte_array_unref(wire->bytes);
        wire->bytes = g_byte_array_new();
    }
    g_byte_array_set_size(wire->bytes, 0);
    if (wire->map_length > KEEP_MAX) {
        close_file(wire);
    }
}

void vnc_wire_free(VncWire *wire)
{
    if (wire) {
        close_file(wire);
        g_array_unref(wire->pieces);
        g_byte_array_unref(wire->bytes);
        g_free(wire);
    }
}

gboolean vnc_wire_busy(rfbClientPtr client)
{
    const VncWire *wire = wire_of(client);
    return wire->pieces->len > 0;
}

static ssize_t send_some(VncWire *wire)
{
    struct iovec vectors[VECTORS];
    struct msghdr message = {.msg_iov = vectors};

    for (guint i = wire->first; i < wire->pieces->len && message.msg_iovlen < VECTORS; i++) {
        const Piece *piece = &g_array_index(wire->pieces, Piece, i);
        const guint8 *data = piece->data ? piece->data : wire->bytes->data + piece->at;
        gsize skip = i == wire->first ? wire->sent : 0;
        vectors[message.msg_iovlen++] = (struct iovec){(guint8 *)data + skip, piece->length - skip};
    }
    return sendmsg(wire->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void advance(VncWire *wire, gsize sent)
{
    wire->progress = g_get_monotonic_time();
    wire->sent += sent;
    while (wire->first < wire->pieces->len) {
        gsize length = g_array_index(wire->pieces, Piece, wire->first).length;
        if (wire->sent < length) {
            return;
        }
        wire->sent -= length;
        wire->first++;
    }
    clear(wire);
}

/* How long the socket may still take nothing. */
static gint64 patience(const VncWire *wire)
{
    return wire->progress + PATIENCE_US - g_get_monotonic_time();
}

gboolean vnc_wire_resume(rfbClientPtr client)
{
    VncWire *wire = wire_of(client);

    while (wire->pieces->len > 0) {
        ssize_t sent = send_some(wire);
        if (sent >= 0) {
            advance(wire, (gsize)sent);
        } else if (errno == EAGAIN && patience(wire) > 0) {
            break;
        } else if (errno != EINTR) {
            clear(wire);
            return FALSE;
        }
    }
    return TRUE;
}

int vnc_wire_patience(rfbClientPtr client)
{
    return (int)((MAX(patience(wire_of(client)), 0) + 999) / 1000);
}

/* The kernel says that there is room when it is a good part of the socket's buffer. */
gboolean vnc_wire_has_room(rfbClientPtr client)
{
    VncWire *wire = wire_of(client);
    struct pollfd look = {.fd = wire->fd, .events = POLLOUT};

    wire->progress = g_get_monotonic_time();
    return poll(&look, 1, 0) != 0;
}

/* libvncserver has closed what it took for the socket: so is the socket. */
static void lost_file(VncWire *wire)
{
    close(wire->sock);
    wire->file = -1;
    close_file(wire);
}

gboolean vnc_wire_end(rfbClientPtr client, gboolean good)
{
    VncWire *wire = wire_of(client);

    if (wire->library) {
        wire->library = FALSE;
        good = good && (client->ublen == 0 || rfbSendUpdateBuf(client));
        if (client->sock == RFB_INVALID_SOCKET) {
            lost_file(wire);
            return FALSE;
        }
        client->sock = wire->sock;
        good = good && take_file(wire);
    }
    if (!good) {
        clear(wire);
        return FALSE;
    }
    wire->progress = g_get_monotonic_time();
    return vnc_wire_resume(client);
}

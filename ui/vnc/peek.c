/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the viewer says next, before libvncserver reads it: while something is on its way to the
 * viewer, or the socket is full, libvncserver must not write a word of its own. The usual request
 * need not go through it at all. On the viewer's thread.
 */
#include <string.h>
#include <sys/socket.h>

#include "ui/vnc/viewer-priv.h"

/* Messages of viewers (RFC 6143, 7.5) and QEMU's, and how long they are. */
#define MESSAGE_REQUEST  3
#define MESSAGE_KEY      4
#define MESSAGE_POINTER  5
#define MESSAGE_CUT_TEXT 6
#define MESSAGE_QEMU     255

#define REQUEST_LENGTH 10
#define KEY_LENGTH     8
#define POINTER_LENGTH 6
#define QEMU_LENGTH    12
#define CUT_TEXT_HEAD  8

/* Header of a masked WebSocket frame with a short payload, not fragmented (RFC 6455, 5.2). */
#define WS_HEAD         6
#define WS_FINAL_BINARY 0x82
#define WS_MASKED       0x80
#define WS_SHORT_MAX    125

/* The length of a message that is taken without an answer; 0 = another one. */
static gsize quiet_length(const guint8 *message, gsize length)
{
    switch (message[0]) {
    case MESSAGE_REQUEST: return REQUEST_LENGTH;
    case MESSAGE_KEY: return KEY_LENGTH;
    case MESSAGE_POINTER: return POINTER_LENGTH;
    case MESSAGE_QEMU: return QEMU_LENGTH;
    /* A negative length is that of the extended clipboard, where something may be asked. */
    case MESSAGE_CUT_TEXT: return length >= CUT_TEXT_HEAD && message[4] < 0x80 ? CUT_TEXT_HEAD : 0;
    default: return 0;
    }
}

static guint u16_at(const guint8 *bytes)
{
    return (guint)bytes[0] << 8 | bytes[1];
}

/* FramebufferUpdateRequest: incremental, then x, y, width and height (RFC 6143, 7.5.3). */
static gboolean take_request(const VncViewer *viewer, guint8 *bytes)
{
    return bytes[1] &&
           vnc_updater_request(viewer->updater, viewer->client, u16_at(bytes + 2),
                               u16_at(bytes + 4), u16_at(bytes + 6), u16_at(bytes + 8)) &&
           recv(viewer->fd, bytes, REQUEST_LENGTH, MSG_DONTWAIT) == REQUEST_LENGTH;
}

VncPeek vnc_peek(const VncViewer *viewer)
{
    guint8 bytes[WS_HEAD + QEMU_LENGTH];
    ssize_t got = recv(viewer->fd, bytes, sizeof(bytes), MSG_PEEK | MSG_DONTWAIT);

    if (got <= 0) {
        return VNC_PEEK_QUIET; /* the end: libvncserver will see, and close */
    }
    if (!viewer->client->wsctx) {
        if (bytes[0] == MESSAGE_REQUEST && got >= REQUEST_LENGTH && take_request(viewer, bytes)) {
            return VNC_PEEK_TAKEN;
        }
        return quiet_length(bytes, (gsize)got) > 0 ? VNC_PEEK_QUIET : VNC_PEEK_OTHER;
    }
    if (got <= WS_HEAD || bytes[0] != WS_FINAL_BINARY || !(bytes[1] & WS_MASKED)) {
        return VNC_PEEK_OTHER;
    }
    gsize payload = bytes[1] & ~WS_MASKED & 0xff;
    guint8 type = bytes[WS_HEAD] ^ bytes[2]; /* by the mask's first byte */
    gboolean quiet =
        payload <= WS_SHORT_MAX && type != MESSAGE_CUT_TEXT && payload == quiet_length(&type, 1);
    return quiet ? VNC_PEEK_QUIET : VNC_PEEK_OTHER;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/vnc/wire.h"

#include <string.h>

/* libvncserver wraps no more than its update buffer into one WebSocket frame. */
#define PIECE_MAX UPDATE_BUF_SIZE
/* One call of rfbWriteExact() takes an int. */
#define WRITE_MAX (1 << 30)

static gboolean write_through(rfbClientPtr client, const guint8 *data, gsize length)
{
    gsize most = client->wsctx || client->sslctx ? PIECE_MAX : WRITE_MAX;

    while (length > 0) {
        gsize piece = MIN(length, most);
        if (rfbWriteExact(client, (const char *)data, (int)piece) <= 0) {
            return FALSE;
        }
        data += piece;
        length -= piece;
    }
    return TRUE;
}

gboolean vnc_wire_flush(rfbClientPtr client)
{
    return client->ublen == 0 || rfbSendUpdateBuf(client);
}

gboolean vnc_wire_put(rfbClientPtr client, const void *data, gsize length)
{
    if ((gsize)client->ublen + length > UPDATE_BUF_SIZE && !vnc_wire_flush(client)) {
        return FALSE;
    }
    if (length >= UPDATE_BUF_SIZE) {
        return write_through(client, data, length);
    }
    memcpy(client->updateBuf + client->ublen, data, length);
    client->ublen += (int)length;
    return TRUE;
}

gboolean vnc_wire_begin_update(rfbClientPtr client, guint rectangles)
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

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The short way for a viewer that takes raw pixels as we have them: rows go from the surface to the
 * socket. libvncserver's way is through a buffer of 32 KiB, which at 1024x768 is a copy and a
 * hundred system calls a frame more. Whatever else is to be sent is left to it.
 */
#include "ui/vnc/raw-update.h"

#include <glib.h>
#include <rfb/rfbregion.h>

/* TRUE if nothing but raw rectangles is due, in the surface's own format. */
static gboolean is_plain(rfbClientPtr client)
{
    return client->state == RFB_NORMAL && !client->onHold && !client->wsctx && !client->sslctx &&
           (client->preferredEncoding == rfbEncodingRaw || client->preferredEncoding == -1) &&
           client->translateFn == rfbTranslateNone && client->scaledScreen == client->screen &&
           !(client->useNewFBSize && client->newFBSizePending) &&
           !(client->enableCursorShapeUpdates && client->cursorWasChanged) &&
           !(client->enableCursorPosUpdates && client->cursorWasMoved) &&
           !client->enableSupportedMessages && !client->enableSupportedEncodings &&
           !client->enableServerIdentity && sraRgnEmpty(client->copyRegion);
}

/* Rows that are not contiguous in the surface would be a system call each. */
static gboolean is_whole_rows(sraRegionPtr region, int width)
{
    sraRectangleIterator *rectangles = sraRgnGetIterator(region);
    gboolean whole = TRUE;
    sraRect rectangle;

    while (sraRgnIteratorNext(rectangles, &rectangle)) {
        whole = whole && rectangle.x1 == 0 && rectangle.x2 == width;
    }
    sraRgnReleaseIterator(rectangles);
    return whole;
}

/* FramebufferUpdate (RFC 6143, 7.6.1): a header, then each rectangle's header and pixels. */
static gboolean send_region(rfbClientPtr client, sraRegionPtr region)
{
    rfbScreenInfoPtr screen = client->screen;
    rfbFramebufferUpdateMsg message = {
        .type = rfbFramebufferUpdate,
        .nRects = GUINT16_TO_BE(sraRgnCountRects(region)),
    };
    gboolean good = rfbWriteExact(client, (const char *)&message, sz_rfbFramebufferUpdateMsg) > 0;
    sraRectangleIterator *rectangles = sraRgnGetIterator(region);
    sraRect rectangle;

    while (good && sraRgnIteratorNext(rectangles, &rectangle)) {
        int height = rectangle.y2 - rectangle.y1;
        rfbFramebufferUpdateRectHeader header = {
            .r = {.x = 0,
                  .y = GUINT16_TO_BE(rectangle.y1),
                  .w = GUINT16_TO_BE(screen->width),
                  .h = GUINT16_TO_BE(height)},
            .encoding = GUINT32_TO_BE(rfbEncodingRaw),
        };
        const char *pixels =
            screen->frameBuffer + (gsize)rectangle.y1 * (gsize)screen->paddedWidthInBytes;
        good =
            rfbWriteExact(client, (const char *)&header, sz_rfbFramebufferUpdateRectHeader) > 0 &&
            rfbWriteExact(client, pixels, height * screen->paddedWidthInBytes) > 0;
    }
    sraRgnReleaseIterator(rectangles);
    return good;
}

gboolean vnc_send_raw_update(rfbClientPtr client)
{
    rfbScreenInfoPtr screen = client->screen;
    gboolean sent = FALSE;

    if (!is_plain(client) || screen->paddedWidthInBytes != screen->width * 4) {
        return FALSE;
    }
    sraRegionPtr region = sraRgnCreateRgn(client->modifiedRegion);
    sraRgnAnd(region, client->requestedRegion);
    if (!sraRgnEmpty(region) && sraRgnCountRects(region) < 0xffff &&
        is_whole_rows(region, screen->width)) {
        sraRgnMakeEmpty(client->requestedRegion);
        sraRgnSubtract(client->modifiedRegion, region);
        sent = TRUE;
        if (!send_region(client, region)) {
            rfbCloseClient(client);
        }
    }
    sraRgnDestroy(region);
    return sent;
}

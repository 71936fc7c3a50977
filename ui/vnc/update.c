/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/vnc/update.h"

#include <rfb/rfbregion.h>
#include <string.h>

#include "ui/vnc/boxes.h"
#include "ui/vnc/scroll.h"
#include "ui/vnc/wire.h"
#include "ui/vnc/zrle.h"

#define BITS_PER_SAMPLE   8
#define SAMPLES_PER_PIXEL 3
#define BYTES_PER_PIXEL   4

/* What zlib is asked for while the viewer has not said. Higher levels cost many times the time for
 * a few percent of a screen's pixels. */
#define DEFAULT_LEVEL 1
/* libvncserver's own default, by which it is known that the viewer has not said. */
#define LIBRARY_LEVEL 5

/* A rectangle count that says "until the LastRect marker". */
#define UNTIL_LAST_RECT 0xffff

struct VncUpdater {
    VncView *view;
    gboolean lossy, adaptive;
    VncFrame *frame;               /* what the screen points to */
    VncFrame *seen;                /* just what the viewer has but for newer damage, or NULL */
    pixman_region32_t dirty;       /* where the viewer does not have the frame */
    pixman_region32_t requested;   /* what it wants to know of */
    gint waits;                    /* atomic */
    guint told_width, told_height; /* the size in ServerInit */
    VncZrle *zrle;                 /* NULL until it is needed */
    VncScroll *scroll;             /* likewise */
    Cursor *cursor;                /* painted into the picture; NULL = none */
    int cursor_x, cursor_y;
    guint8 *painted; /* the frame's copy with the cursor, NULL without one */
};

VncUpdater *vnc_updater_new(VncPicture *picture, gboolean lossy, gboolean adaptive)
{
    VncUpdater *updater = g_new0(VncUpdater, 1);

    updater->view = vnc_view_new(picture);
    updater->lossy = lossy;
    updater->adaptive = adaptive;
    pixman_region32_init(&updater->dirty);
    pixman_region32_init(&updater->requested);
    return updater;
}

void vnc_updater_free(VncUpdater *updater)
{
    if (updater) {
        vnc_view_free(updater->view);
        vnc_frame_unref(updater->frame);
        vnc_frame_unref(updater->seen);
        pixman_region32_fini(&updater->dirty);
        pixman_region32_fini(&updater->requested);
        vnc_zrle_free(updater->zrle);
        vnc_scroll_free(updater->scroll);
        cursor_unref(updater->cursor);
        g_free(updater->painted);
        g_free(updater);
    }
}

gboolean vnc_updater_waits(VncUpdater *updater)
{
    return g_atomic_int_get(&updater->waits) != 0;
}

/* ---- the frame ---- */

static void set_format(rfbScreenInfoPtr screen, const VncFrame *frame)
{
    screen->paddedWidthInBytes = (int)frame->stride;
    screen->serverFormat.depth = 24; /* x8r8g8b8 */
    screen->serverFormat.redShift = 16;
    screen->serverFormat.greenShift = 8;
    screen->serverFormat.blueShift = 0;
}

rfbScreenInfoPtr vnc_updater_open_screen(VncUpdater *updater)
{
    VncFrame *frame = vnc_view_take(updater->view, &updater->dirty);

    if (!frame) {
        return NULL;
    }
    rfbScreenInfoPtr screen = rfbGetScreen(NULL, NULL, (int)frame->width, (int)frame->height,
                                           BITS_PER_SAMPLE, SAMPLES_PER_PIXEL, BYTES_PER_PIXEL);
    updater->frame = frame;
    updater->told_width = frame->width;
    updater->told_height = frame->height;
    if (screen) {
        screen->frameBuffer = (char *)frame->data;
        set_format(screen, frame);
    }
    return screen;
}

/* libvncserver keeps a scaled copy's size when the screen gets another, and divides by zero when
 * the screen is the smaller one then: the viewer has to ask for a scale anew. */
static void end_scale(rfbClientPtr client)
{
    if (client->scaledScreen != client->screen) {
        client->scaledScreen->scaledScreenRefCount--;
        client->scaledScreen = client->screen;
        client->screen->scaledScreenRefCount++;
    }
}

/* Takes the newest frame; tells libvncserver of a new size. If the one before is not needed for
 * comparing, the picture gets it back first, and may bring it up to date where it is. */
static void take_frame(VncUpdater *updater, rfbClientPtr client)
{
    if (updater->seen && updater->scroll && vnc_scroll_rests(updater->scroll)) {
        g_clear_pointer(&updater->seen, vnc_frame_unref);
    }
    if (!updater->seen) {
        g_clear_pointer(&updater->frame, vnc_frame_unref);
    }
    VncFrame *frame = vnc_view_take(updater->view, &updater->dirty);
    g_assert(frame); /* there was one when the screen was opened */
    if (frame == updater->frame) {
        vnc_frame_unref(frame);
        return;
    }
    if (frame->width != (guint)client->screen->width ||
        frame->height != (guint)client->screen->height) {
        end_scale(client);
        rfbNewFramebuffer(client->screen, (char *)frame->data, (int)frame->width,
                          (int)frame->height, BITS_PER_SAMPLE, SAMPLES_PER_PIXEL, BYTES_PER_PIXEL);
        set_format(client->screen, frame); /* rfbNewFramebuffer() has one of its own */
        rfbSetTranslateFunction(client);
        g_clear_pointer(&updater->painted, g_free);
        g_clear_pointer(&updater->seen, vnc_frame_unref);
        pixman_region32_fini(&updater->dirty);
        pixman_region32_init_rect(&updater->dirty, 0, 0, frame->width, frame->height);
    }
    client->screen->frameBuffer = (char *)frame->data;
    vnc_frame_unref(updater->frame);
    updater->frame = frame;
}

/* ---- a cursor in the picture ---- */

static void dirty_cursor(VncUpdater *updater)
{
    const Cursor *cursor = updater->cursor;

    if (cursor) {
        pixman_region32_union_rect(
            &updater->dirty, &updater->dirty, updater->cursor_x - cursor->hot_x,
            updater->cursor_y - cursor->hot_y, cursor->width, cursor->height);
    }
}

void vnc_updater_set_cursor(VncUpdater *updater, Cursor *cursor, int x, int y)
{
    if (cursor == updater->cursor &&
        (!cursor || (x == updater->cursor_x && y == updater->cursor_y))) {
        return;
    }
    dirty_cursor(updater);
    cursor_unref(updater->cursor);
    updater->cursor = cursor ? cursor_ref(cursor) : NULL;
    updater->cursor_x = x;
    updater->cursor_y = y;
    dirty_cursor(updater);
    g_clear_pointer(&updater->seen, vnc_frame_unref); /* it has the cursor, too */
}

/* Frames are shared: the cursor is painted into a copy. */
static void paint_cursor(VncUpdater *updater, rfbScreenInfoPtr screen)
{
    const VncFrame *frame = updater->frame;

    if (!updater->cursor) {
        g_clear_pointer(&updater->painted, g_free);
        screen->frameBuffer = (char *)frame->data;
        return;
    }
    if (!updater->painted) {
        updater->painted = g_malloc((gsize)frame->stride * frame->height);
    }
    memcpy(updater->painted, frame->data, (gsize)frame->stride * frame->height);
    screen->frameBuffer = (char *)updater->painted;
    Cursor *cursor = updater->cursor;
    pixman_image_t *to =
        pixman_image_create_bits(PIXMAN_x8r8g8b8, (int)frame->width, (int)frame->height,
                                 (guint32 *)updater->painted, (int)frame->stride);
    pixman_image_t *from =
        pixman_image_create_bits(PIXMAN_a8r8g8b8, (int)cursor->width, (int)cursor->height,
                                 cursor->pixels, (int)cursor->width * 4);
    pixman_image_composite32(PIXMAN_OP_OVER, from, NULL, to, 0, 0, 0, 0,
                             updater->cursor_x - cursor->hot_x, updater->cursor_y - cursor->hot_y,
                             (int)cursor->width, (int)cursor->height);
    pixman_image_unref(from);
    pixman_image_unref(to);
}

/* ---- requests ---- */

static void move_region(sraRegionPtr from, pixman_region32_t *to)
{
    if (sraRgnEmpty(from)) {
        return;
    }
    sraRectangleIterator *rectangles = sraRgnGetIterator(from);
    sraRect rectangle;

    while (sraRgnIteratorNext(rectangles, &rectangle)) {
        pixman_region32_union_rect(to, to, rectangle.x1, rectangle.y1,
                                   (guint)(rectangle.x2 - rectangle.x1),
                                   (guint)(rectangle.y2 - rectangle.y1));
    }
    sraRgnReleaseIterator(rectangles);
    sraRgnMakeEmpty(from);
}

/* libvncserver notes what is requested, and what must be sent whether it changed or not. */
static void take_requests(VncUpdater *updater, rfbClientPtr client)
{
    move_region(client->requestedRegion, &updater->requested);
    if (!sraRgnEmpty(client->modifiedRegion)) {
        move_region(client->modifiedRegion, &updater->dirty);
        g_clear_pointer(&updater->seen, vnc_frame_unref); /* it may have lost what it had */
    }
    sraRgnMakeEmpty(client->copyRegion);
}

/* ---- encoders ---- */

static gboolean send_raw(VncUpdater *updater, rfbClientPtr client, const pixman_box32_t *box)
{
    guint width = (guint)(box->x2 - box->x1), height = (guint)(box->y2 - box->y1);
    gsize stride = updater->frame->stride;
    const guint8 *from =
        (guint8 *)client->screen->frameBuffer + (gsize)box->y1 * stride + (gsize)box->x1 * 4;

    if (client->translateFn != rfbTranslateNone) {
        return rfbSendRectEncodingRaw(client, box->x1, box->y1, (int)width, (int)height);
    }
    if (!vnc_wire_rectangle(client, (guint)box->x1, (guint)box->y1, width, height,
                            rfbEncodingRaw)) {
        return FALSE;
    }
    if ((gsize)width * 4 == stride) { /* whole rows: all at once */
        return vnc_wire_refer(client, from, stride * height);
    }
    for (guint y = 0; y < height; y++, from += stride) {
        if (!vnc_wire_refer(client, from, (gsize)width * 4)) {
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean send_zrle(VncUpdater *updater, rfbClientPtr client, const pixman_box32_t *box)
{
    guint asked = client->zlibCompressLevel;
    VncFrame frame = {.stride = updater->frame->stride,
                      .data = (guint8 *)client->screen->frameBuffer};
    gsize length;

    if (!updater->zrle) {
        updater->zrle = vnc_zrle_new(updater->adaptive);
    }
    const guint8 *data =
        vnc_zrle_encode(updater->zrle, client, &frame, box,
                        asked == LIBRARY_LEVEL ? DEFAULT_LEVEL : (int)MIN(asked, 9), &length);
    return data &&
           vnc_wire_rectangle(client, (guint)box->x1, (guint)box->y1, (guint)(box->x2 - box->x1),
                              (guint)(box->y2 - box->y1), rfbEncodingZRLE) &&
           vnc_wire_put(client, data, length);
}

static gboolean send_rectangle(VncUpdater *updater, rfbClientPtr client, const pixman_box32_t *box)
{
    int x = box->x1, y = box->y1, width = box->x2 - box->x1, height = box->y2 - box->y1;

    switch (client->preferredEncoding) {
    case rfbEncodingRRE: return rfbSendRectEncodingRRE(client, x, y, width, height);
    case rfbEncodingCoRRE: return rfbSendRectEncodingCoRRE(client, x, y, width, height);
    case rfbEncodingHextile: return rfbSendRectEncodingHextile(client, x, y, width, height);
    case rfbEncodingUltra: return rfbSendRectEncodingUltra(client, x, y, width, height);
    case rfbEncodingZlib: return rfbSendRectEncodingZlib(client, x, y, width, height);
    case rfbEncodingTight: return rfbSendRectEncodingTight(client, x, y, width, height);
    case rfbEncodingZRLE: return send_zrle(updater, client, box);
    default: return send_raw(updater, client, box);
    }
}

/* The encoder is libvncserver's, and writes for itself. */
static gboolean is_library(rfbClientPtr client)
{
    return client->preferredEncoding != rfbEncodingZRLE &&
           (client->preferredEncoding != rfbEncodingRaw || client->translateFn != rfbTranslateNone);
}

/* How many rectangles an encoder makes of one; 0 = it cannot tell. */
static guint count_rectangles(rfbClientPtr client, const pixman_box32_t *box)
{
    int width = box->x2 - box->x1, height = box->y2 - box->y1, lines;

    switch (client->preferredEncoding) {
    case rfbEncodingCoRRE:
        return (guint)((width - 1) / client->correMaxWidth + 1) *
               (guint)((height - 1) / client->correMaxHeight + 1);
    case rfbEncodingUltra:
        lines = ULTRA_MAX_SIZE(width) / width;
        return (guint)((height - 1) / lines + 1);
    case rfbEncodingZlib:
        lines = ZLIB_MAX_SIZE(width) / width;
        return (guint)((height - 1) / lines + 1);
    case rfbEncodingTight:
        return (guint)rfbNumCodedRectsTight(client, box->x1, box->y1, width, height);
    default: return 1;
    }
}

static guint count_all(rfbClientPtr client, const GArray *boxes)
{
    guint64 sum = 0;

    for (guint i = 0; i < boxes->len; i++) {
        guint some = count_rectangles(client, &g_array_index(boxes, pixman_box32_t, i));
        if (some == 0) {
            return UNTIL_LAST_RECT;
        }
        sum += some;
    }
    return (guint)MIN(sum, UNTIL_LAST_RECT);
}

/* ---- an update ---- */

/* Without `lossy` a viewer's wish for quality below the best is not heard, as QEMU has it. */
static void keep_lossless(VncUpdater *updater, rfbClientPtr client)
{
    if (!updater->lossy) {
        client->tightQualityLevel = -1;
        client->turboQualityLevel = -1;
    }
    if (client->preferredEncoding == rfbEncodingZYWRLE) {
        client->preferredEncoding = rfbEncodingZRLE; /* of which this is a kind */
    }
}

/* An order in which no copy overwrites what a later one reads (RFC 6143, 7.7.2). */
static gboolean send_copies(rfbClientPtr client, pixman_region32_t *moved, int dy)
{
    int count;
    const pixman_box32_t *boxes = pixman_region32_rectangles(moved, &count);

    for (int i = 0; i < count; i++) {
        const pixman_box32_t *box = &boxes[dy < 0 ? i : count - 1 - i];
        guint16 from[] = {GUINT16_TO_BE((guint16)box->x1), GUINT16_TO_BE((guint16)(box->y1 - dy))};
        if (!vnc_wire_rectangle(client, (guint)box->x1, (guint)box->y1, (guint)(box->x2 - box->x1),
                                (guint)(box->y2 - box->y1), rfbEncodingCopyRect) ||
            !vnc_wire_put(client, from, sizeof(from))) {
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean put_update(VncUpdater *updater, rfbClientPtr client, guint count,
                           pixman_region32_t *moved, int dy, const GArray *boxes)
{
    if (!vnc_wire_update(client, count) || !send_copies(client, moved, dy)) {
        return FALSE;
    }
    for (guint i = 0; i < boxes->len; i++) {
        if (!send_rectangle(updater, client, &g_array_index(boxes, pixman_box32_t, i))) {
            return FALSE;
        }
    }
    return count != UNTIL_LAST_RECT || rfbSendLastRectMarker(client);
}

static gboolean send_update(VncUpdater *updater, rfbClientPtr client, pixman_region32_t *moved,
                            int dy, const GArray *boxes)
{
    guint count = count_all(client, boxes);

    if (count == UNTIL_LAST_RECT && !client->enableLastRectEncoding) {
        client->preferredEncoding = rfbEncodingRaw; /* CoRRE would make too many */
        count = count_all(client, boxes);
    }
    if (count != UNTIL_LAST_RECT) {
        count += (guint)pixman_region32_n_rects(moved);
    }
    gboolean good = vnc_wire_begin(client, is_library(client));
    return vnc_wire_end(client, good && put_update(updater, client, count, moved, dy, boxes));
}

/* Looks for what has only moved, if the viewer can copy and is known to have what was there. */
static void find_moved(VncUpdater *updater, rfbClientPtr client, pixman_region32_t *region,
                       pixman_region32_t *moved, int *dy)
{
    gboolean all = pixman_region32_equal(region, &updater->dirty);

    if (!client->useCopyRect || !updater->seen || !all || updater->cursor) {
        return;
    }
    if (!updater->scroll) {
        updater->scroll = vnc_scroll_new();
    }
    if (!vnc_scroll_find(updater->scroll, updater->seen, updater->frame, region, moved, dy)) {
        pixman_region32_clear(moved);
    }
}

static void forget_request(VncUpdater *updater)
{
    pixman_region32_clear(&updater->requested);
    g_atomic_int_set(&updater->waits, 0);
}

/* Pixels that did not change cost encoders little, but as many bytes as others if sent raw. */
static GArray *make_boxes(VncUpdater *updater, rfbClientPtr client, pixman_region32_t *region)
{
    return client->preferredEncoding == rfbEncodingRaw
               ? vnc_boxes_new(region)
               : vnc_boxes_join(region, &updater->requested);
}

/* Sends what of the dirty region was requested. */
static gboolean send_pixels(VncUpdater *updater, rfbClientPtr client)
{
    pixman_region32_t region, moved, left;
    guint width = updater->frame->width, height = updater->frame->height;
    int dy = 0;

    pixman_region32_init(&region);
    pixman_region32_init(&moved);
    pixman_region32_init(&left);
    if (!client->useNewFBSize) {
        width = MIN(width, updater->told_width);
        height = MIN(height, updater->told_height);
    }
    pixman_region32_intersect_rect(&updater->dirty, &updater->dirty, 0, 0, width, height);
    pixman_region32_intersect(&region, &updater->dirty, &updater->requested);
    gboolean due = pixman_region32_not_empty(&region);
    if (due) {
        pixman_region32_subtract(&left, &updater->dirty, &region);
        find_moved(updater, client, &region, &moved, &dy);
        keep_lossless(updater, client);
        g_autoptr(GArray) boxes = make_boxes(updater, client, &region);
        forget_request(updater);
        paint_cursor(updater, client->screen);
        if (!send_update(updater, client, &moved, dy, boxes)) {
            rfbCloseClient(client);
        }
        pixman_region32_copy(&updater->dirty, &left);
        g_clear_pointer(&updater->seen, vnc_frame_unref);
        updater->seen = pixman_region32_not_empty(&left) || !client->useCopyRect
                            ? NULL
                            : vnc_frame_ref(updater->frame);
    }
    pixman_region32_fini(&region);
    pixman_region32_fini(&moved);
    pixman_region32_fini(&left);
    return due;
}

/* What libvncserver has to say besides pixels: sizes, cursors, what it supports. */
static gboolean other_news(rfbClientPtr client)
{
    return (client->useNewFBSize && client->newFBSizePending) ||
           (client->enableCursorShapeUpdates && client->cursorWasChanged &&
            client->readyForSetColourMapEntries) ||
           (client->enableCursorPosUpdates && client->cursorWasMoved) ||
           client->enableSupportedMessages || client->enableSupportedEncodings ||
           client->enableServerIdentity;
}

static gboolean send_other_news(rfbClientPtr client)
{
    sraRegionPtr nothing = sraRgnCreate();
    gboolean due = other_news(client);

    if (due) {
        gboolean good = vnc_wire_begin(client, TRUE);
        if (!vnc_wire_end(client, good && rfbSendFramebufferUpdate(client, nothing))) {
            rfbCloseClient(client);
        }
    }
    sraRgnDestroy(nothing);
    return due;
}

/* A viewer that asked for a smaller copy of the picture (UltraVNC's SetScale) is libvncserver's
 * alone. Its ZRLE stream would not be ours, so it gets raw pixels instead. */
static gboolean serve_scaled(VncUpdater *updater, rfbClientPtr client)
{
    int count;
    const pixman_box32_t *boxes = pixman_region32_rectangles(&updater->dirty, &count);

    for (int i = 0; i < count; i++) {
        rfbMarkRectAsModified(client->screen, boxes[i].x1, boxes[i].y1, boxes[i].x2, boxes[i].y2);
    }
    pixman_region32_clear(&updater->dirty);
    g_clear_pointer(&updater->seen, vnc_frame_unref);
    keep_lossless(updater, client);
    if (client->preferredEncoding == rfbEncodingZRLE) {
        client->preferredEncoding = rfbEncodingRaw;
    }
    gboolean good = vnc_wire_begin(client, TRUE), sent = good && rfbUpdateClient(client);
    g_atomic_int_set(&updater->waits, !sraRgnEmpty(client->requestedRegion));
    if (!vnc_wire_end(client, good)) {
        rfbCloseClient(client);
    }
    return sent;
}

gboolean vnc_updater_request(VncUpdater *updater, rfbClientPtr client, guint x, guint y,
                             guint width, guint height)
{
    guint screen_width = (guint)client->screen->width;
    guint screen_height = (guint)client->screen->height;

    if (client->scaledScreen != client->screen || !client->readyForSetColourMapEntries ||
        x >= screen_width || y >= screen_height || !width || !height) {
        return FALSE;
    }
    pixman_region32_union_rect(&updater->requested, &updater->requested, (int)x, (int)y,
                               MIN(width, screen_width - x), MIN(height, screen_height - y));
    return TRUE;
}

gboolean vnc_updater_wants(VncUpdater *updater, rfbClientPtr client)
{
    gboolean wants;

    if (client->scaledScreen != client->screen) {
        wants = !sraRgnEmpty(client->requestedRegion);
    } else {
        take_requests(updater, client);
        wants = pixman_region32_not_empty(&updater->requested);
    }
    /* First the flag, then the look: what comes after the look wakes the thread. */
    g_atomic_int_set(&updater->waits, wants);
    return wants;
}

gboolean vnc_updater_serve(VncUpdater *updater, rfbClientPtr client)
{
    take_frame(updater, client);
    if (client->scaledScreen != client->screen) {
        return serve_scaled(updater, client);
    }
    gboolean sent = send_other_news(client);
    if (client->sock == RFB_INVALID_SOCKET) {
        return sent;
    }
    take_requests(updater, client); /* rfbNewFramebuffer() marks all */
    if (sent) {
        forget_request(updater); /* answered: one update a request (RFC 6143, 7.5.3) */
        return TRUE;
    }
    return send_pixels(updater, client);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What viewers may ask for and libvncserver does not know, as one of its "protocol extensions" (not
 * registered, which would be for all screens of the process): the pseudo-encodings of QEMU's, of
 * VMware's and of the community's RFB protocol page, "Pseudo-encodings". On the viewer's thread.
 */
#include <stdlib.h>
#include <string.h>

#include "core/input.h"
#include "ui/vnc/viewer-priv.h"
#include "ui/vnc/wire.h"

#define ENCODING_POINTER_TYPE -257
#define ENCODING_EXT_KEY      -258
#define ENCODING_LEDS         -261
#define ENCODING_NAME         -307
#define ENCODING_ALPHA_CURSOR -314
#define ENCODING_VMWARE_LEDS  0x574d5668

/* Client messages: QEMU's, whose next byte says which. */
#define MESSAGE_QEMU 255
#define QEMU_EXT_KEY 0

#define MAX_TITLE 1024

/* ---- from libvncserver ---- */

static rfbBool on_pseudo_encoding(rfbClientPtr client, void **data, int encoding)
{
    static const struct {
        int encoding;
        VncWish wish;
    } known[] = {
        {ENCODING_EXT_KEY, VNC_WISH_EXT_KEY}, {ENCODING_POINTER_TYPE, VNC_WISH_POINTER_TYPE},
        {ENCODING_LEDS, VNC_WISH_LEDS},       {ENCODING_VMWARE_LEDS, VNC_WISH_VMWARE_LEDS},
        {ENCODING_NAME, VNC_WISH_NAME},       {ENCODING_ALPHA_CURSOR, VNC_WISH_ALPHA_CURSOR},
    };
    VncViewer *viewer = client->screen->screenData;

    for (guint i = 0; i < G_N_ELEMENTS(known); i++) {
        if (known[i].encoding == encoding) {
            viewer->wishes |= known[i].wish;
            viewer->unanswered |= known[i].wish;
            return TRUE;
        }
    }
    return FALSE;
}

/* QEMU Extended Key Event: down (16 bits), keysym, scan code (32 bits each). */
static rfbBool take_ext_key(VncViewer *viewer)
{
    struct {
        guint8 kind;
        guint8 down[2], keysym[4], code[4];
    } message;
    guint32 keysym, code;

    if (rfbReadExact(viewer->client, (char *)&message, sizeof(message)) <= 0 ||
        message.kind != QEMU_EXT_KEY) {
        return FALSE;
    }
    memcpy(&keysym, message.keysym, sizeof(keysym));
    memcpy(&code, message.code, sizeof(code));
    gboolean down = message.down[0] || message.down[1];
    vnc_input_wait(viewer->input, down);
    vm_lock_take(viewer->machine->lock, "vnc key");
    vnc_input_ext_key(viewer->input, GUINT32_FROM_BE(keysym), GUINT32_FROM_BE(code), down);
    vm_lock_drop(viewer->machine->lock);
    return TRUE;
}

/* FALSE: libvncserver ends the connection. */
static rfbBool on_message(rfbClientPtr client, void *data, const rfbClientToServerMsg *message)
{
    return message->type == MESSAGE_QEMU && take_ext_key(client->screen->screenData);
}

void vnc_pseudo_attach(VncViewer *viewer)
{
    viewer->extension.enablePseudoEncoding = on_pseudo_encoding;
    viewer->extension.handleMessage = on_message;
    rfbEnableExtension(viewer->client, &viewer->extension, NULL);
}

void vnc_pseudo_detach(VncViewer *viewer)
{
    rfbExtensionData **link = &viewer->client->extensions;

    while (*link && (*link)->extension != &viewer->extension) {
        link = &(*link)->next;
    }
    if (*link) {
        rfbExtensionData *ours = *link;
        *link = ours->next;
        free(ours);
    }
}

/* ---- the cursor ---- */

/* libvncserver adds a source of two colours, for X cursors. */
static void free_shape(rfbCursor *shape)
{
    g_free(shape->richSource);
    g_free(shape->mask);
    free(shape->source);
}

/* For the encodings that libvncserver knows: colours, and a mask of one bit a pixel. */
static void make_shape(VncViewer *viewer)
{
    const Cursor *cursor = viewer->news.cursor;
    rfbCursor *shape = &viewer->shape;

    free_shape(shape);
    memset(shape, 0, sizeof(*shape));
    if (!cursor || !viewer->news.visible) {
        return;
    }
    guint stride = (cursor->width + 7) / 8;
    shape->width = (unsigned short)cursor->width;
    shape->height = (unsigned short)cursor->height;
    shape->xhot = (unsigned short)CLAMP(cursor->hot_x, 0, (int)cursor->width - 1);
    shape->yhot = (unsigned short)CLAMP(cursor->hot_y, 0, (int)cursor->height - 1);
    shape->backRed = shape->backGreen = shape->backBlue = 0xffff;
    shape->richSource = g_memdup2(cursor->pixels, (gsize)cursor->width * cursor->height * 4);
    shape->mask = g_malloc0((gsize)stride * cursor->height);
    for (guint y = 0; y < cursor->height; y++) {
        for (guint x = 0; x < cursor->width; x++) {
            if (cursor->pixels[y * cursor->width + x] >> 31) {
                shape->mask[y * stride + x / 8] |= (guint8)(0x80 >> x % 8);
            }
        }
    }
}

static rfbCursorPtr on_get_cursor(rfbClientPtr client)
{
    VncViewer *viewer = client->screen->screenData;
    return viewer->shape.richSource ? &viewer->shape : NULL;
}

/* Cursor With Alpha: raw pixels R, G, B, A, premultiplied. */
static gboolean put_alpha_cursor(VncViewer *viewer)
{
    const Cursor *cursor = viewer->news.visible ? viewer->news.cursor : NULL;
    guint width = cursor ? cursor->width : 0, height = cursor ? cursor->height : 0;
    guint32 raw = GUINT32_TO_BE(rfbEncodingRaw);
    gboolean good = vnc_wire_rectangle(viewer->client, cursor ? (guint)MAX(cursor->hot_x, 0) : 0,
                                       cursor ? (guint)MAX(cursor->hot_y, 0) : 0, width, height,
                                       ENCODING_ALPHA_CURSOR) &&
                    vnc_wire_put(viewer->client, &raw, sizeof(raw));

    for (guint i = 0; good && i < width * height; i++) {
        guint32 pixel = cursor->pixels[i];
        guint8 bytes[] = {(guint8)(pixel >> 16), (guint8)(pixel >> 8), (guint8)pixel,
                          (guint8)(pixel >> 24)};
        good = vnc_wire_put(viewer->client, bytes, sizeof(bytes));
    }
    return good;
}

/* A guest that never had a cursor leaves the viewer its own. */
static void tell_cursor(VncViewer *viewer, const VncNews *old)
{
    rfbClientPtr client = viewer->client;
    gboolean changed = viewer->news.cursor != old->cursor || viewer->news.visible != old->visible;

    if (changed) {
        make_shape(viewer);
        client->cursorWasChanged = TRUE;
        viewer->unanswered |= viewer->wishes & VNC_WISH_ALPHA_CURSOR;
    } else if (!viewer->news.had_cursor) {
        client->cursorWasChanged = FALSE;
        viewer->unanswered &= ~(guint)VNC_WISH_ALPHA_CURSOR;
    }
    if (viewer->wishes & VNC_WISH_ALPHA_CURSOR) {
        client->enableCursorShapeUpdates = TRUE; /* no cursor in the picture */
        client->cursorWasChanged = FALSE;
    }
    if ((viewer->news.x != old->x || viewer->news.y != old->y) && !viewer->news.absolute) {
        viewer->screen->cursorX = viewer->news.x;
        viewer->screen->cursorY = viewer->news.y;
        client->cursorWasMoved = TRUE;
    }
    client->cursorX = viewer->screen->cursorX; /* libvncserver need not paint it anew */
    client->cursorY = viewer->screen->cursorY;
    gboolean paint =
        viewer->news.visible && viewer->news.cursor && !client->enableCursorShapeUpdates;
    vnc_updater_set_cursor(viewer->updater, paint ? viewer->news.cursor : NULL, viewer->news.x,
                           viewer->news.y);
}

/* ---- sending ---- */

/* One byte; QEMU's order of the bits is Scroll, Num, Caps Lock, VMware's too. */
static guint led_bits(guint leds)
{
    return (leds >> LED_SCROLLL & 1) | (leds >> LED_NUML & 1) << 1 | (leds >> LED_CAPSL & 1) << 2;
}

static gboolean put_answer(VncViewer *viewer, VncWish wish)
{
    rfbClientPtr client = viewer->client;
    const char *title = viewer->news.title ? viewer->news.title : "";
    guint32 length = (guint32)MIN(strlen(title), MAX_TITLE), length_be = GUINT32_TO_BE(length);
    guint8 leds = (guint8)led_bits(viewer->news.leds);
    guint32 leds_be = GUINT32_TO_BE(leds);

    switch (wish) {
    case VNC_WISH_EXT_KEY:
        return vnc_wire_rectangle(client, 0, 0, (guint)viewer->screen->width,
                                  (guint)viewer->screen->height, ENCODING_EXT_KEY);
    case VNC_WISH_POINTER_TYPE:
        return vnc_wire_rectangle(client, viewer->news.absolute, 0, (guint)viewer->screen->width,
                                  (guint)viewer->screen->height, ENCODING_POINTER_TYPE);
    case VNC_WISH_LEDS:
        return vnc_wire_rectangle(client, 0, 0, 1, 1, ENCODING_LEDS) &&
               vnc_wire_put(client, &leds, sizeof(leds));
    case VNC_WISH_VMWARE_LEDS:
        return vnc_wire_rectangle(client, 0, 0, 0, 0, ENCODING_VMWARE_LEDS) &&
               vnc_wire_put(client, &leds_be, sizeof(leds_be));
    case VNC_WISH_NAME:
        return vnc_wire_rectangle(client, 0, 0, 0, 0, ENCODING_NAME) &&
               vnc_wire_put(client, &length_be, sizeof(length_be)) &&
               vnc_wire_put(client, title, length);
    case VNC_WISH_ALPHA_CURSOR: return put_alpha_cursor(viewer);
    }
    return TRUE;
}

static gboolean put_all_answers(VncViewer *viewer, guint wishes)
{
    gboolean good = vnc_wire_update(viewer->client, (guint)__builtin_popcount(wishes));

    for (guint wish = 1; good && wish <= wishes; wish <<= 1) {
        good = !(wishes & wish) || put_answer(viewer, (VncWish)wish);
    }
    return good;
}

static void put_answers(VncViewer *viewer)
{
    rfbClientPtr client = viewer->client;
    guint wishes = viewer->unanswered;

    if (wishes) {
        gboolean good = vnc_wire_begin(client, FALSE);
        viewer->unanswered = 0;
        if (!vnc_wire_end(client, good && put_all_answers(viewer, wishes))) {
            rfbCloseClient(client);
        }
    }
}

void vnc_pseudo_serve(VncViewer *viewer)
{
    VncNews old = viewer->news;
    gboolean any = vnc_news_read(viewer->server, &viewer->news, &viewer->news_serial);

    viewer->screen->getCursorPtr = on_get_cursor;
    if (viewer->news.absolute != old.absolute) {
        viewer->unanswered |= viewer->wishes & VNC_WISH_POINTER_TYPE;
        vnc_input_set_relative(viewer->input, (viewer->wishes & VNC_WISH_POINTER_TYPE) != 0);
    }
    if (led_bits(viewer->news.leds) != led_bits(old.leds)) {
        viewer->unanswered |= viewer->wishes & (VNC_WISH_LEDS | VNC_WISH_VMWARE_LEDS);
    }
    if (g_strcmp0(viewer->news.title, old.title) != 0) {
        viewer->unanswered |= viewer->wishes & VNC_WISH_NAME;
    }
    if (viewer->unanswered & VNC_WISH_POINTER_TYPE) {
        vnc_input_set_relative(viewer->input, TRUE);
    }
    tell_cursor(viewer, &old);
    if (any) {
        vnc_news_clear(&old);
    }
    put_answers(viewer);
    vnc_clipboard_serve(viewer);
}

void vnc_pseudo_end(VncViewer *viewer)
{
    vnc_news_clear(&viewer->news);
    free_shape(&viewer->shape);
}

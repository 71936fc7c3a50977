/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine's clipboard for a viewer: cut text (RFC 6143, 7.5.6 and 7.6.4, which is Latin-1), and
 * in UTF-8 where the viewer has the extended clipboard (the community's RFB protocol page,
 * "Extended Clipboard Pseudo-Encoding"), which libvncserver speaks. On the viewer's thread.
 */
#include <string.h>

#include "ui/vnc/viewer-priv.h"
#include "ui/vnc/wire.h"

/* What is no text, or too much of it, changes nothing. */
static void copied(rfbClientPtr client, const char *text, gsize length)
{
    VncViewer *viewer = client->screen->screenData;
    g_autofree char *peer = socket_name_text(&viewer->peer);
    g_autofree char *owner = g_strdup_printf("VNC viewer %s", peer[0] ? peer : "(unix)");

    vm_lock_take(viewer->machine->lock, "vnc clipboard");
    viewer->server->copying = viewer;
    clipboard_set(viewer->machine, owner, text, length, NULL);
    viewer->server->copying = NULL;
    vm_lock_drop(viewer->machine->lock);
}

static void on_text(char *text, int length, rfbClientPtr client)
{
    gsize written = 0;
    g_autofree char *utf8 =
        length >= 0 ? g_convert(text, length, "UTF-8", "ISO-8859-1", NULL, &written, NULL) : NULL;

    if (utf8) {
        copied(client, utf8, written);
    }
}

/* The protocol ends the text with a NUL. */
static void on_text_utf8(char *text, int length, rfbClientPtr client)
{
    if (length >= 0) {
        copied(client, text, strnlen(text, (gsize)length));
    }
}

void vnc_clipboard_attach(VncViewer *viewer)
{
    if (viewer->server->share_clipboard) {
        viewer->screen->setXCutText = on_text;
        viewer->screen->setXCutTextUTF8 = on_text_utf8;
    }
}

/* ServerCutText; libvncserver 0.9.14 gets its length wrong when it does this in our place. */
static gboolean put_text(rfbClientPtr client, const char *text, gsize length)
{
    gsize bytes = 0;
    g_autofree char *latin1 = g_convert_with_fallback(text, (gssize)length, "ISO-8859-1", "UTF-8",
                                                      "?", NULL, &bytes, NULL);
    rfbServerCutTextMsg head = {.type = rfbServerCutText, .length = GUINT32_TO_BE((guint32)bytes)};

    return !latin1 || (vnc_wire_put(client, &head, sz_rfbServerCutTextMsg) &&
                       vnc_wire_put(client, latin1, bytes));
}

/* The extended clipboard ends its lines so. libvncserver adds the NUL at the end. */
static void put_extended(rfbClientPtr client, const char *text)
{
    GString *out = g_string_new(text);

    g_string_replace(out, "\n", "\r\n", 0);
    rfbSendServerCutTextUTF8(client->screen, out->str, (int)out->len, NULL, 0);
    g_string_free(out, TRUE);
}

void vnc_clipboard_serve(VncViewer *viewer)
{
    rfbClientPtr client = viewer->client;
    const VncNews *news = &viewer->news;
    gsize length = 0;

    if (viewer->clipboard_told == news->clipboard_serial || vnc_wire_busy(client) ||
        client->sock == RFB_INVALID_SOCKET) {
        return;
    }
    viewer->clipboard_told = news->clipboard_serial;
    if (!news->clipboard || news->clipboard_from == viewer) {
        return;
    }
    const char *text = g_bytes_get_data(news->clipboard, &length);
    gboolean extended = client->enableExtendedClipboard;
    gboolean good = vnc_wire_begin(client, extended);
    if (good && extended) {
        put_extended(client, text);
    } else if (good) {
        good = put_text(client, text, length);
    }
    if (!vnc_wire_end(client, good)) {
        rfbCloseClient(client);
    }
}

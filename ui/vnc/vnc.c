/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <gmodule.h>
#include <rfb/rfb.h>
#include <string.h>

#include "core/error.h"
#include "ui/vnc/vnc-priv.h"

/* VNC authentication uses the first eight bytes (RFC 6143, 7.2.2). */
#define MAX_PASSWORD 8

static const char *const share_names[] = {"allow-exclusive", "force-shared", "ignore", NULL};

static const OptionSpec vnc_options[] = {
    {"vnc", OPTION_STRING, G_STRUCT_OFFSET(VncServer, address), ":0",
     "where to listen: HOST:DISPLAY (no host: loopback only) or unix:PATH", 0, 0, NULL},
    {"to", OPTION_INT, G_STRUCT_OFFSET(VncServer, to), "-1",
     "try the displays up to this one until one is free", (guint64)-1, 59635, NULL},
    {"password", OPTION_BOOL, G_STRUCT_OFFSET(VncServer, want_password), "off",
     "ask viewers for the password set by 'change vnc password' at the monitor", 0, 0, NULL},
    {"share", OPTION_ENUM, G_STRUCT_OFFSET(VncServer, share), "allow-exclusive",
     "whether a viewer may ask to be alone", 0, 0, share_names},
    {"connections", OPTION_UINT, G_STRUCT_OFFSET(VncServer, connections), "32",
     "most viewers at a time", 1, 500, NULL},
    {"max-hz", OPTION_UINT, G_STRUCT_OFFSET(VncServer, max_hz), "60", "most updates a second", 1,
     1000, NULL},
    {"keymap", OPTION_STRING, G_STRUCT_OFFSET(VncServer, keyboard), "en-us",
     "the guest's keyboard layout", 0, 0, NULL},
    {"head", OPTION_UINT, G_STRUCT_OFFSET(VncServer, head), "0", "number of the display to show", 0,
     0, NULL},
    {"lossy", OPTION_BOOL, G_STRUCT_OFFSET(VncServer, lossy), "off",
     "let viewers ask for JPEG, which is smaller and not exact", 0, 0, NULL},
    {"non-adaptive", OPTION_BOOL, G_STRUCT_OFFSET(VncServer, non_adaptive), "off",
     "always compress as hard as the viewer asks, even what does not get smaller", 0, 0, NULL},
    OPTION_END,
};

/* ---- the display's listener ---- */

static void on_surface(void *opaque, Surface *surface)
{
    VncServer *server = opaque;
    vnc_picture_set_surface(server->picture, surface);
}

static void on_damage(void *opaque, const pixman_region32_t *region)
{
    VncServer *server = opaque;
    vnc_picture_damage(server->picture, region);
}

static void on_frame(void *opaque)
{
    VncServer *server = opaque;
    for (guint i = 0; i < server->viewers->len; i++) {
        vnc_viewer_frame(g_ptr_array_index(server->viewers, i));
    }
}

static const DisplayListenerOps listener_ops = {
    .name = "vnc",
    .surface = on_surface,
    .damage = on_damage,
    .frame = on_frame,
};

/* ---- for viewers ---- */

void vnc_server_viewer_gone(VncServer *server, VncViewer *viewer)
{
    g_ptr_array_remove(server->viewers, viewer);
    vnc_viewer_free(viewer);
    display_listener_set_active(server->listener, server->viewers->len > 0);
}

void vnc_server_exclusive(VncServer *server, VncViewer *viewer)
{
    for (guint i = 0; i < server->viewers->len; i++) {
        VncViewer *other = g_ptr_array_index(server->viewers, i);
        if (other != viewer) {
            vnc_viewer_disconnect(other);
        }
    }
}

const char *vnc_server_password(VncServer *server)
{
    gboolean expired =
        server->expires >= 0 && clock_now(server->frontend.machine->host_clock) >= server->expires;
    return expired ? NULL : server->password;
}

/* ---- frontend ---- */

static gboolean vnc_probe(GError **error)
{
    return TRUE;
}

static void vnc_close(Frontend *frontend)
{
    VncServer *server = (VncServer *)frontend;

    vnc_listen_end(server);
    display_detach(g_steal_pointer(&server->listener));
    while (server->viewers->len > 0) {
        vnc_viewer_free(g_ptr_array_steal_index(server->viewers, server->viewers->len - 1));
    }
    g_ptr_array_unref(server->viewers);
    g_clear_pointer(&server->picture, vnc_picture_free);
    keymap_free(server->keymap);
    g_free(server->password);
}

static gboolean vnc_open(Frontend *frontend, GError **error)
{
    VncServer *server = (VncServer *)frontend;
    Machine *machine = frontend->machine;

    server->expires = -1;
    if (server->head >= machine->displays->len) {
        return machine->displays->len
                   ? error_set(error,
                               "vnc: there is no display %" G_GUINT64_FORMAT
                               ", this machine has %u",
                               server->head, machine->displays->len)
                   : error_set(error, "vnc: this machine has no display to show");
    }
    server->keymap = keymap_new(server->keyboard, error);
    if (!server->keymap) {
        return FALSE;
    }
    rfbLogEnable(0); /* what viewers do is no news for stderr */
    server->viewers = g_ptr_array_new();
    server->picture = vnc_picture_new();
    server->display = g_ptr_array_index(machine->displays, server->head);
    server->listener =
        display_attach(server->display, &listener_ops, server, (guint)server->max_hz);
    display_listener_set_active(server->listener, FALSE);
    if (!vnc_listen(server, error)) {
        vnc_close(frontend);
        return FALSE;
    }
    return TRUE;
}

static void vnc_info(Frontend *frontend, GString *out)
{
    VncServer *server = (VncServer *)frontend;

    g_string_append_printf(out, "%s:\n  Server: %s\n    Auth: %s (Sub: none)\n", frontend->id,
                           server->where, server->want_password ? "vnc" : "none");
    for (guint i = 0; i < server->viewers->len; i++) {
        vnc_viewer_describe(g_ptr_array_index(server->viewers, i), out);
    }
    if (server->viewers->len == 0) {
        g_string_append(out, "  Client: none\n");
    }
}

static gboolean vnc_set_password(Frontend *frontend, const char *password, PasswordAction connected,
                                 GError **error)
{
    VncServer *server = (VncServer *)frontend;

    if (!server->want_password) {
        return error_set(error, "%s asks for no password: start it with password=on", frontend->id);
    }
    if (password && strlen(password) > MAX_PASSWORD) {
        return error_set(error, "VNC passwords have at most %d characters", MAX_PASSWORD);
    }
    if (connected == PASSWORD_FAIL && server->viewers->len > 0) {
        return error_set(error, "%s has viewers: the password stays as it was", frontend->id);
    }
    for (guint i = 0; connected == PASSWORD_DISCONNECT && i < server->viewers->len; i++) {
        vnc_viewer_disconnect(g_ptr_array_index(server->viewers, i));
    }
    g_free(server->password);
    server->password = g_strdup(password);
    return TRUE;
}

static void vnc_expire_password(Frontend *frontend, gint64 seconds)
{
    VncServer *server = (VncServer *)frontend;

    server->expires =
        seconds < 0 ? -1 : clock_now(frontend->machine->host_clock) + seconds * NS_PER_SEC;
}

G_MODULE_EXPORT extern const FrontendOps vitrine_frontend;
const FrontendOps vitrine_frontend = {
    .abi = FRONTEND_ABI,
    .name = "vnc",
    .summary = "server for VNC viewers",
    .size = sizeof(VncServer),
    .options = vnc_options,
    .implied_option = "vnc",
    .probe = vnc_probe,
    .open = vnc_open,
    .close = vnc_close,
    .info = vnc_info,
    .set_password = vnc_set_password,
    .expire_password = vnc_expire_password,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <gmodule.h>
#include <rfb/rfb.h>
#include <string.h>

#include "core/error.h"
#include "core/secret.h"
#include "ui/vnc/vnc-priv.h"

/* VNC authentication uses the first eight bytes (RFC 6143, 7.2.2). */
#define MAX_PASSWORD 8

/* So long no viewer must have waited for what there was to see. */
#define DOZE_NS (250 * NS_PER_MS)

static const char *const share_names[] = {"allow-exclusive", "force-shared", "ignore", NULL};

static const OptionSpec vnc_options[] = {
    {"vnc", OPTION_STRING, G_STRUCT_OFFSET(VncServer, address), ":0",
     "where to listen: HOST:DISPLAY (no host: loopback only) or unix:PATH", 0, 0, NULL},
    {"to", OPTION_INT, G_STRUCT_OFFSET(VncServer, to), "-1",
     "try the displays up to this one until one is free", (guint64)-1, 59635, NULL},
    {"password", OPTION_BOOL, G_STRUCT_OFFSET(VncServer, want_password), "off",
     "ask viewers for the password set by 'change vnc password' at the monitor", 0, 0, NULL},
    {"share", OPTION_ENUM, G_STRUCT_OFFSET(VncServer, share), "allow-exclusive",
     "when a viewer asks to be alone: the others leave, it has to leave, or it is not heard", 0, 0,
     share_names},
    {"connections", OPTION_UINT, G_STRUCT_OFFSET(VncServer, connections), "32",
     "most viewers at a time", 1, 500, NULL},
    DISPLAY_MAX_HZ_OPTION(VncServer, max_hz),
    {"keymap", OPTION_STRING, G_STRUCT_OFFSET(VncServer, keyboard), "en-us",
     "the guest's keyboard layout", 0, 0, NULL},
    {"display", OPTION_STRING, G_STRUCT_OFFSET(VncServer, console_name), NULL,
     "console to show, by its title (\"VGA\", \"serial0\") or number", 0, 0, NULL},
    {"head", OPTION_UINT, G_STRUCT_OFFSET(VncServer, head), "0",
     "number of the display to show, from 0, if display= names none", 0, 0, NULL},
    {"ipv4", OPTION_BOOL, G_STRUCT_OFFSET(VncServer, ipv4), "off", "listen on IPv4 only", 0, 0,
     NULL},
    {"ipv6", OPTION_BOOL, G_STRUCT_OFFSET(VncServer, ipv6), "off", "listen on IPv6 only", 0, 0,
     NULL},
    {"reverse", OPTION_BOOL, G_STRUCT_OFFSET(VncServer, reverse), "off",
     "connect to a listening viewer at HOST:PORT", 0, 0, NULL},
    {"websocket", OPTION_STRING, G_STRUCT_OFFSET(VncServer, websocket), NULL,
     "serve WebSockets too: on (port 5700 + display), PORT or HOST:PORT", 0, 0, NULL},
    {"web", OPTION_BOOL, G_STRUCT_OFFSET(VncServer, web), "off",
     "serve a page there that opens the machine in a browser (noVNC)", 0, 0, NULL},
    {"power-control", OPTION_BOOL, G_STRUCT_OFFSET(VncServer, power_control), "off",
     "let viewers shut down, reboot and reset the machine", 0, 0, NULL},
    {"key-delay-ms", OPTION_UINT, G_STRUCT_OFFSET(VncServer, key_delay_ms), "10",
     "how long a key stays down at least", 0, 1000, NULL},
    {"lock-key-sync", OPTION_BOOL, G_STRUCT_OFFSET(VncServer, lock_key_sync), "on",
     "find keys with regard to the guest's Caps Lock and Num Lock", 0, 0, NULL},
    {"clipboard", OPTION_BOOL, G_STRUCT_OFFSET(VncServer, share_clipboard), "on",
     "share the machine's clipboard with viewers", 0, 0, NULL},
    {"tls-creds", OPTION_STRING, G_STRUCT_OFFSET(VncServer, refused.tls_creds), NULL,
     "refused: this server does not encrypt", 0, 0, NULL},
    {"tls-authz", OPTION_STRING, G_STRUCT_OFFSET(VncServer, refused.tls_authz), NULL,
     "refused, likewise", 0, 0, NULL},
    {"sasl", OPTION_BOOL, G_STRUCT_OFFSET(VncServer, refused.sasl), "off",
     "refused: this server knows no user names", 0, 0, NULL},
    {"sasl-authz", OPTION_STRING, G_STRUCT_OFFSET(VncServer, refused.sasl_authz), NULL,
     "refused, likewise", 0, 0, NULL},
    {"password-secret", OPTION_STRING, G_STRUCT_OFFSET(VncServer, password_secret), NULL,
     "ask viewers for the password that this -object secret holds", 0, 0, NULL},
    {"audiodev", OPTION_STRING, G_STRUCT_OFFSET(VncServer, refused.audiodev), NULL,
     "refused: there is no sound", 0, 0, NULL},
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

static gboolean wake_waiting(VncServer *server)
{
    gboolean any = FALSE;

    for (guint i = 0; i < server->viewers->len; i++) {
        VncViewer *viewer = g_ptr_array_index(server->viewers, i);
        if (vnc_viewer_waits(viewer)) {
            vnc_viewer_wake(viewer);
            any = TRUE;
        }
    }
    return any;
}

/*
 * Viewers that do not take what they were sent ask for nothing: while none does, nothing is done
 * for them, and the guest's video memory is left alone. First the flag, then the look: a viewer
 * that begins to wait looks at the flag (vnc_server_is_awake()).
 */
static void doze(VncServer *server)
{
    g_atomic_int_set(&server->dozes, TRUE);
    if (wake_waiting(server)) {
        g_atomic_int_set(&server->dozes, FALSE);
    } else {
        display_listener_set_active(server->listener, FALSE);
    }
}

static void on_frame(void *opaque)
{
    VncServer *server = opaque;
    gint64 now = clock_now(server->frontend.machine->host_clock);

    if (wake_waiting(server)) {
        server->unwanted = 0;
    } else if (!server->unwanted) {
        server->unwanted = now;
    } else if (now - server->unwanted >= DOZE_NS) {
        doze(server);
    }
}

static void on_cursor(void *opaque, Cursor *cursor)
{
    vnc_news_cursor(opaque, cursor);
}

static void on_warp(void *opaque, int x, int y, gboolean visible)
{
    vnc_news_warp(opaque, x, y, visible);
}

static const DisplayListenerOps listener_ops = {
    .name = "vnc",
    .surface = on_surface,
    .damage = on_damage,
    .cursor = on_cursor,
    .warp = on_warp,
    .frame = on_frame,
};

/* ---- for viewers ---- */

gboolean vnc_server_is_awake(VncServer *server)
{
    gboolean awake = !g_atomic_int_get(&server->dozes);

    if (!awake) {
        deferred_schedule(server->rouse);
    }
    return awake;
}

/* Becoming active brings all of the picture as damage; what of it is new is found by comparing. */
void vnc_server_rouse(VncServer *server)
{
    server->unwanted = 0;
    if (server->dozes) {
        g_atomic_int_set(&server->dozes, FALSE);
        display_listener_set_active(server->listener, TRUE);
        wake_waiting(server); /* the display may be gone */
    }
}

static void on_rouse(void *opaque)
{
    vnc_server_rouse(opaque);
}

void vnc_server_viewer_gone(VncServer *server, VncViewer *viewer)
{
    g_ptr_array_remove(server->viewers, viewer);
    vnc_viewer_free(viewer);
    if (server->viewers->len == 0) {
        doze(server);
    }
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
    vnc_web_free(g_steal_pointer(&server->pages));
    while (server->viewers->len > 0) {
        vnc_viewer_free(g_ptr_array_steal_index(server->viewers, server->viewers->len - 1));
    }
    vnc_news_close(server);
    g_ptr_array_unref(server->viewers);
    g_clear_pointer(&server->picture, vnc_picture_free);
    g_clear_pointer(&server->guard, vnc_guard_free);
    deferred_free(server->rouse);
    console_unref(server->console);
    console_list_free(server->consoles);
    keymap_free(server->keymap);
    g_free(server->password);
}

/* Says what to do about what QEMU has and this server has not. */
static gboolean check_refused(const VncServer *server, GError **error)
{
    const VncRefused *refused = &server->refused;

    if (refused->tls_creds || refused->tls_authz) {
        return error_set(error, "vnc: tls-creds: this server does not encrypt; let viewers come "
                                "through an SSH tunnel, or use unix:PATH");
    }
    if (refused->sasl || refused->sasl_authz) {
        return error_set(error, "vnc: sasl: this server knows no user names, only password=on");
    }
    return !refused->audiodev ||
           error_set(error, "vnc: audiodev: this server has no sound for viewers");
}

static gboolean find_console(VncServer *server, GError **error)
{
    guint displays = server->frontend.machine->displays->len;
    Console *console = NULL;

    server->consoles = console_list_new(server->frontend.machine, NULL, NULL);
    if (server->console_name) {
        console = console_list_find(server->consoles, server->console_name, error);
    } else if (server->head < displays) {
        console = console_list_get(server->consoles, (guint)server->head);
    } else if (displays) {
        error_set(error, "vnc: there is no display %" G_GUINT64_FORMAT ", this machine has %u",
                  server->head, displays);
    } else {
        error_set(error, "vnc: this machine has no display to show");
    }
    if (!console) {
        g_clear_pointer(&server->consoles, console_list_free);
        return FALSE;
    }
    server->console = console_ref(console);
    return TRUE;
}

static gboolean take_secret(VncServer *server, GError **error)
{
    Machine *machine = server->frontend.machine;

    if (!server->password_secret) {
        return TRUE;
    }
    server->password = secret_get_text(machine, server->password_secret, error);
    if (server->password && strlen(server->password) > MAX_PASSWORD) {
        error_set(error, "VNC passwords have at most %d characters", MAX_PASSWORD);
        g_clear_pointer(&server->password, g_free);
    }
    server->want_password = TRUE;
    g_prefix_error(error, "password-secret: ");
    return server->password != NULL;
}

static gboolean vnc_open(Frontend *frontend, GError **error)
{
    VncServer *server = (VncServer *)frontend;

    server->expires = -1;
    if (!check_refused(server, error) || !take_secret(server, error)) {
        return FALSE;
    }
    if (!find_console(server, error)) {
        g_free(server->password);
        return FALSE;
    }
    server->keymap = keymap_new(server->keyboard, error);
    if (!server->keymap) {
        g_free(server->password);
        console_unref(server->console);
        console_list_free(server->consoles);
        return FALSE;
    }
    rfbLogEnable(0); /* what viewers do is no news for stderr */
    server->viewers = g_ptr_array_new();
    server->listeners = g_ptr_array_new();
    server->picture = vnc_picture_new();
    server->guard = vnc_guard_new();
    vnc_news_open(server);
    server->rouse = deferred_new(frontend->machine->loop, on_rouse, server);
    server->listener = display_attach(console_display(server->console), &listener_ops, server,
                                      (guint)server->max_hz);
    doze(server);
    if (((server->web || server->websocket) && !(server->pages = vnc_web_new(server, error))) ||
        !vnc_listen(server, error)) {
        vnc_close(frontend);
        return FALSE;
    }
    return TRUE;
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

static gboolean vnc_add_client(Frontend *frontend, int fd, gboolean skip_auth, gboolean tls,
                               GError **error)
{
    VncServer *server = (VncServer *)frontend;

    if (tls) {
        return error_set(error, "%s does not encrypt: tls cannot be asked for", frontend->id);
    }
    if (server->viewers->len >= server->connections) {
        return error_set(error, "%s has as many viewers as connections= allows", frontend->id);
    }
    vnc_viewer_new(server, fd, FALSE, skip_auth);
    return TRUE;
}

static void vnc_option_changed(Frontend *frontend, const char *name)
{
    VncServer *server = (VncServer *)frontend;

    display_listener_set_max_hz(server->listener, (guint)server->max_hz);
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
    .query = vnc_query,
    .add_client = vnc_add_client,
    .set_password = vnc_set_password,
    .expire_password = vnc_expire_password,
    .option_changed = vnc_option_changed,
};

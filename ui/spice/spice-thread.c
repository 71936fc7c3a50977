/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The thread of a server: makes spice-server's state, runs its loop, takes it apart.
 */
#include "core/error.h"
#include "ui/spice/listen.h"
#include "ui/spice/spice-priv.h"

/* Which server a thread runs: spice-server's callbacks do not say. */
static __thread SpiceFrontend *current;

SpiceFrontend *spice_thread_current(void)
{
    return current;
}

/* ---- settings ---- */

/* A name of each channel in a ':'-separated list, or "default" for those that are in none. */
static gboolean set_security(SpiceServer *server, const char *names, int security, GError **error)
{
    g_auto(GStrv) list = g_strsplit(names ? names : "", ":", -1);

    for (guint i = 0; list[i]; i++) {
        const char *name = g_str_equal(list[i], "default") ? NULL : list[i];

        if (spice_server_set_channel_security(server, name, security)) {
            return error_set(error,
                             "there is no channel '%s' (main, display, inputs, cursor, "
                             "playback, record, smartcard, usbredir, default)",
                             list[i]);
        }
    }
    return TRUE;
}

static char *x509_file(const SpiceFrontend *frontend, const char *file, const char *name)
{
    return file ? g_strdup(file)
                : g_build_filename(frontend->x509_dir ? frontend->x509_dir : ".", name, NULL);
}

static gboolean set_tls(SpiceFrontend *frontend, SpiceServer *server, GError **error)
{
    g_autofree char *key = x509_file(frontend, frontend->x509_key, "server-key.pem");
    g_autofree char *cert = x509_file(frontend, frontend->x509_cert, "server-cert.pem");
    g_autofree char *ca = x509_file(frontend, frontend->x509_cacert, "ca-cert.pem");
    const char *const files[] = {key, cert, ca};

    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        if (!g_file_test(files[i], G_FILE_TEST_IS_REGULAR)) {
            return error_set(error,
                             "tls-port= needs '%s', which is not there (x509-dir=, x509-key-file=, "
                             "x509-cert-file=, x509-cacert-file=)",
                             files[i]);
        }
    }
    if (spice_server_set_tls(server, (int)frontend->tls_port, ca, cert, key,
                             frontend->x509_key_password, frontend->x509_dh,
                             frontend->tls_ciphers)) {
        return error_set(error, "spice-server does not take these TLS settings");
    }
    return TRUE;
}

static void set_picture(SpiceFrontend *frontend, SpiceServer *server)
{
    static const SpiceImageCompression compressions[] = {
        SPICE_IMAGE_COMPRESSION_AUTO_GLZ, SPICE_IMAGE_COMPRESSION_AUTO_LZ,
        SPICE_IMAGE_COMPRESSION_QUIC,     SPICE_IMAGE_COMPRESSION_GLZ,
        SPICE_IMAGE_COMPRESSION_LZ,       SPICE_IMAGE_COMPRESSION_LZ4,
        SPICE_IMAGE_COMPRESSION_OFF,
    };
    static const int wan[] = {SPICE_WAN_COMPRESSION_AUTO, SPICE_WAN_COMPRESSION_NEVER,
                              SPICE_WAN_COMPRESSION_ALWAYS};
    static const int streaming[] = {SPICE_STREAM_VIDEO_OFF, SPICE_STREAM_VIDEO_ALL,
                                    SPICE_STREAM_VIDEO_FILTER};

    spice_server_set_image_compression(server, compressions[frontend->image_compression]);
    spice_server_set_jpeg_compression(server, wan[frontend->jpeg_wan]);
    spice_server_set_zlib_glz_compression(server, wan[frontend->zlib_glz_wan]);
    spice_server_set_streaming_video(server, streaming[frontend->streaming_video]);
}

static void set_address(SpiceFrontend *frontend, SpiceServer *server)
{
    int flags = frontend->unix_socket ? SPICE_ADDR_FLAG_UNIX_ONLY
                : frontend->ipv4      ? SPICE_ADDR_FLAG_IPV4_ONLY
                : frontend->ipv6      ? SPICE_ADDR_FLAG_IPV6_ONLY
                                      : 0;

    spice_server_set_addr(server, frontend->addr, flags);
    if (frontend->port) {
        spice_server_set_port(server, (int)frontend->port);
    }
}

static gboolean set_up(SpiceFrontend *frontend, SpiceServer *server, GError **error)
{
    set_address(frontend, server);
    if (frontend->tls_port && !set_tls(frontend, server, error)) {
        return FALSE;
    }
    if (!frontend->ticketing) {
        spice_server_set_noauth(server);
    }
    set_picture(frontend, server);
    spice_server_set_agent_mouse(server, frontend->agent_mouse);
    spice_server_set_agent_copypaste(server, !frontend->disable_copy_paste);
    spice_server_set_agent_file_xfer(server, !frontend->disable_file_xfer);
    spice_server_set_playback_compression(server, frontend->playback_compression);
    spice_server_set_seamless_migration(server, frontend->seamless_migration);
    spice_server_set_name(server, machine_title(frontend->frontend.machine));
    return set_security(server, frontend->tls_channels, SPICE_CHANNEL_SECURITY_SSL, error) &&
           set_security(server, frontend->plaintext_channels, SPICE_CHANNEL_SECURITY_NONE, error);
}

/* ---- tickets ---- */

/* spice-server counts a ticket's life in seconds, 0 = for ever. */
static void on_ticket_changed(void *opaque)
{
    SpiceFrontend *frontend = opaque;
    g_autofree char *ticket = NULL;
    gint64 left = G_MAXINT64;
    gboolean disconnect;

    if (!frontend->server || !frontend->ticketing) {
        return;
    }
    g_mutex_lock(&frontend->mutex);
    ticket = g_strdup(frontend->ticket);
    disconnect = frontend->ticket_disconnects;
    frontend->ticket_disconnects = FALSE;
    if (frontend->ticket_expires >= 0) {
        left = frontend->ticket_expires - clock_now(frontend->frontend.machine->host_clock);
    }
    g_mutex_unlock(&frontend->mutex);
    if (!ticket || left <= 0) {
        spice_server_set_ticket(frontend->server, NULL, 1, FALSE, disconnect);
    } else {
        gint64 seconds =
            left == G_MAXINT64 ? 0 : MIN((left + NS_PER_SEC - 1) / NS_PER_SEC, G_MAXINT32);
        spice_server_set_ticket(frontend->server, ticket, (int)seconds, FALSE, disconnect);
    }
}

void spice_thread_set_ticket(SpiceFrontend *frontend, gboolean disconnect)
{
    g_mutex_lock(&frontend->mutex);
    g_free(frontend->ticket);
    frontend->ticket = g_strdup(frontend->password);
    frontend->ticket_expires = frontend->expires;
    frontend->ticket_disconnects = frontend->ticket_disconnects || disconnect;
    g_mutex_unlock(&frontend->mutex);
    deferred_schedule(frontend->ticket_changed);
}

/* ---- what spice-server says ---- */

/* While a server starts its complaints are the reason that is given if it fails; later ones are
 * about viewers, which is no news for stderr. */
static void on_message(const char *domain, GLogLevelFlags level, const char *message,
                       gpointer opaque)
{
    if (level & G_LOG_LEVEL_WARNING && current && current->complaints) {
        g_string_append_printf(current->complaints, "%s%s", current->complaints->len ? "; " : "",
                               message);
    }
}

/* ---- the thread ---- */

static gboolean server_start(SpiceFrontend *frontend, GError **error)
{
    SpiceServer *server = spice_server_new();

    frontend->server = server;
    if (!spice_listen_check(frontend, error) || !set_up(frontend, server, error)) {
        return FALSE;
    }
    if (spice_server_init(server, spice_core_interface(frontend->core))) {
        return error_set(error, "spice-server does not start: %s", frontend->complaints->str);
    }
    on_ticket_changed(frontend);
    spice_input_start(frontend->input, server);
    for (guint i = 0; i < frontend->heads->len; i++) {
        if (!spice_head_start(g_ptr_array_index(frontend->heads, i), server)) {
            return error_set(error, "spice-server takes no display %u", i);
        }
    }
    spice_server_vm_start(server);
    return TRUE;
}

static void thread_started(SpiceFrontend *frontend, GError *error)
{
    g_mutex_lock(&frontend->mutex);
    frontend->started = TRUE;
    frontend->start_error = error;
    g_cond_signal(&frontend->cond);
    g_mutex_unlock(&frontend->mutex);
}

static gpointer spice_thread(gpointer data)
{
    SpiceFrontend *frontend = data;
    GError *error = NULL;
    gboolean good;

    current = frontend;
    frontend->complaints = g_string_new(NULL);
    good = server_start(frontend, &error);
    g_string_free(g_steal_pointer(&frontend->complaints), TRUE);
    thread_started(frontend, error);
    if (good) {
        event_loop_run(frontend->loop);
    }
    spice_server_destroy(g_steal_pointer(&frontend->server));
    return NULL;
}

gboolean spice_thread_start(SpiceFrontend *frontend, GError **error)
{
    VmLock *lock = frontend->frontend.machine->lock;
    GError *failure;

    g_log_set_handler(
        "Spice", G_LOG_LEVEL_WARNING | G_LOG_LEVEL_MESSAGE | G_LOG_LEVEL_INFO | G_LOG_LEVEL_DEBUG,
        on_message, NULL);
    frontend->ticket_changed = deferred_new(frontend->loop, on_ticket_changed, frontend);
    frontend->core = spice_core_new(frontend->loop);
    frontend->channels = spice_channels_new(frontend);
    spice_thread_set_ticket(frontend, FALSE);
    frontend->thread = g_thread_new("spice", spice_thread, frontend);
    vm_lock_drop(lock);
    g_mutex_lock(&frontend->mutex);
    while (!frontend->started) {
        g_cond_wait(&frontend->cond, &frontend->mutex);
    }
    failure = g_steal_pointer(&frontend->start_error);
    g_mutex_unlock(&frontend->mutex);
    vm_lock_take(lock, "spice start");
    if (failure) {
        spice_thread_end(frontend);
        g_propagate_error(error, failure);
        return FALSE;
    }
    return TRUE;
}

void spice_thread_end(SpiceFrontend *frontend)
{
    VmLock *lock = frontend->frontend.machine->lock;

    vm_lock_drop(lock);
    event_loop_quit(frontend->loop);
    spice_channels_shutdown(frontend->channels); /* nothing waits for a viewer any more */
    g_thread_join(frontend->thread);
    vm_lock_take(lock, "spice end");
    deferred_free(frontend->ticket_changed);
    spice_core_free(frontend->core);
    spice_channels_free(frontend->channels);
    g_free(frontend->ticket);
}

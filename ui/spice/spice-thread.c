/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The thread of a server: makes spice-server's state, runs its loop, takes it apart.
 */
#include <unistd.h>

#include "core/error.h"
#include "core/log.h"
#include "ui/spice/listen.h"
#include "ui/spice/spice-priv.h"

/* Which server a thread runs: spice-server's callbacks do not say. */
static __thread SpiceSession *current;

SpiceSession *spice_thread_current(void)
{
    return current;
}

void spice_thread_enter(SpiceSession *session)
{
    current = session;
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

static char *x509_file(const SpiceSession *session, const char *file, const char *name)
{
    return file ? g_strdup(file)
                : g_build_filename(session->options->x509_dir ? session->options->x509_dir : ".",
                                   name, NULL);
}

static gboolean set_tls(SpiceSession *session, SpiceServer *server, GError **error)
{
    g_autofree char *key = x509_file(session, session->options->x509_key, "server-key.pem");
    g_autofree char *cert = x509_file(session, session->options->x509_cert, "server-cert.pem");
    g_autofree char *ca = x509_file(session, session->options->x509_cacert, "ca-cert.pem");
    const char *const files[] = {key, cert, ca};

    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        if (!g_file_test(files[i], G_FILE_TEST_IS_REGULAR)) {
            return error_set(error,
                             "tls-port= needs '%s', which is not there (x509-dir=, x509-key-file=, "
                             "x509-cert-file=, x509-cacert-file=)",
                             files[i]);
        }
    }
    if (spice_server_set_tls(server, (int)session->options->tls_port, ca, cert, key,
                             session->options->x509_key_password, session->options->x509_dh,
                             session->options->tls_ciphers)) {
        return error_set(error, "spice-server does not take these TLS settings");
    }
    return TRUE;
}

static void set_picture(SpiceSession *session, SpiceServer *server)
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

    spice_server_set_image_compression(server, compressions[session->options->image_compression]);
    spice_server_set_jpeg_compression(server, wan[session->options->jpeg_wan]);
    spice_server_set_zlib_glz_compression(server, wan[session->options->zlib_glz_wan]);
    spice_server_set_streaming_video(server, streaming[session->options->streaming_video]);
}

/* The plain sockets are ours: see listen.h. */
static void set_address(SpiceSession *session, SpiceServer *server)
{
    if (session->options->tls_port) {
        spice_server_set_addr(server, session->options->addr,
                              session->options->ipv4   ? SPICE_ADDR_FLAG_IPV4_ONLY
                              : session->options->ipv6 ? SPICE_ADDR_FLAG_IPV6_ONLY
                                                       : 0);
    }
}

static gboolean set_up(SpiceSession *session, SpiceServer *server, GError **error)
{
    set_address(session, server);
    if (session->options->tls_port && !set_tls(session, server, error)) {
        return FALSE;
    }
    if (!session->ticketing) {
        spice_server_set_noauth(server);
    }
    set_picture(session, server);
    spice_server_set_agent_mouse(server, session->options->agent_mouse);
    spice_server_set_agent_copypaste(server, !session->options->disable_copy_paste);
    spice_server_set_agent_file_xfer(server, !session->options->disable_file_xfer);
    spice_server_set_playback_compression(server, session->options->playback_compression);
    spice_server_set_seamless_migration(server, session->options->seamless_migration);
    spice_server_set_name(server, machine_title(session->machine));
    return set_security(server, session->options->tls_channels, SPICE_CHANNEL_SECURITY_SSL,
                        error) &&
           set_security(server, session->options->plaintext_channels, SPICE_CHANNEL_SECURITY_NONE,
                        error);
}

/* ---- tickets ---- */

/* spice-server counts a ticket's life in seconds, 0 = for ever. */
static void on_ticket_changed(void *opaque)
{
    SpiceSession *session = opaque;
    g_autofree char *ticket = NULL;
    gint64 left = G_MAXINT64;
    gboolean disconnect, wanted;

    if (!session->server) {
        return;
    }
    g_mutex_lock(&session->mutex);
    wanted = session->ticket_wanted;
    ticket = g_strdup(session->ticket);
    disconnect = session->ticket_disconnects;
    session->ticket_disconnects = FALSE;
    if (session->ticket_expires >= 0) {
        left = session->ticket_expires - clock_now(session->machine->host_clock);
    }
    g_mutex_unlock(&session->mutex);
    if (!wanted) {
        return;
    }
    if (!ticket || left <= 0) {
        spice_server_set_ticket(session->server, NULL, 1, FALSE, disconnect);
    } else {
        gint64 seconds =
            left == G_MAXINT64 ? 0 : MIN((left + NS_PER_SEC - 1) / NS_PER_SEC, G_MAXINT32);
        spice_server_set_ticket(session->server, ticket, (int)seconds, FALSE, disconnect);
    }
}

void spice_thread_set_ticket(SpiceSession *session, gboolean disconnect)
{
    g_mutex_lock(&session->mutex);
    g_free(session->ticket);
    session->ticket = g_strdup(session->password);
    session->ticket_wanted = session->ticketing;
    session->ticket_expires = session->expires;
    session->ticket_disconnects = session->ticket_disconnects || disconnect;
    g_mutex_unlock(&session->mutex);
    deferred_schedule(session->ticket_changed);
}

/* ---- viewers that monitors bring along ---- */

static gboolean next_arrival(SpiceSession *session, SpiceArrival *arrival)
{
    gboolean found;

    g_mutex_lock(&session->mutex);
    found = session->arrivals->len > 0;
    if (found) {
        *arrival = g_array_index(session->arrivals, SpiceArrival, 0);
        g_array_remove_index(session->arrivals, 0);
    }
    g_mutex_unlock(&session->mutex);
    return found;
}

static void on_arrived(void *opaque)
{
    SpiceSession *session = opaque;
    SpiceArrival arrival;

    while (next_arrival(session, &arrival)) {
        int (*add)(SpiceServer *, int, int) =
            arrival.tls ? spice_server_add_ssl_client : spice_server_add_client;

        spice_channels_accepting(session->channels, arrival.fd);
        if (add(session->server, arrival.fd, arrival.skip_auth)) {
            close(arrival.fd);
        }
        spice_channels_accepting(session->channels, -1);
    }
}

void spice_thread_add_client(SpiceSession *session, const SpiceArrival *arrival)
{
    g_mutex_lock(&session->mutex);
    g_array_append_val(session->arrivals, *arrival);
    g_mutex_unlock(&session->mutex);
    deferred_schedule(session->arrived);
}

/* Those that came too late. */
static void close_arrivals(SpiceSession *session)
{
    SpiceArrival arrival;

    while (next_arrival(session, &arrival)) {
        close(arrival.fd);
    }
}

static void on_reported(void *opaque)
{
    spice_report_tell(opaque);
}

/* ---- what spice-server says ---- */

static void request_close(void *opaque)
{
    SpiceSession *session = opaque;

    frontend_request_close(session->frontend, "spice-server has failed");
}

static G_NORETURN void stand_still(void)
{
    while (TRUE) {
        pause();
    }
}

static gboolean has_failed(SpiceSession *session)
{
    gboolean failed;

    g_mutex_lock(&session->mutex);
    failed = session->failed;
    g_mutex_unlock(&session->mutex);
    return failed;
}

/*
 * What spice-server takes for critical - and a viewer can bring that about - it ends the process
 * for, once this returns. So the thread goes no further. It holds none of our locks.
 */
static G_NORETURN void stop_here(SpiceSession *session)
{
    gboolean news;

    g_mutex_lock(&session->mutex);
    news = !session->failed;
    session->failed = TRUE;
    g_cond_broadcast(&session->cond);
    g_mutex_unlock(&session->mutex);
    if (news) {
        event_loop_defer(session->machine->loop, request_close, session);
    }
    stand_still();
}

void spice_thread_lock(SpiceSession *session, const char *who)
{
    if (has_failed(session)) {
        stand_still();
    }
    vm_lock_take(session->machine->lock, who);
    if (has_failed(session)) { /* while it waited */
        vm_lock_drop(session->machine->lock);
        stand_still();
    }
}

/* While a server starts its complaints are the reason that is given if it fails; later ones are
 * about viewers, which is no news for stderr. */
static void on_message(const char *domain, GLogLevelFlags level, const char *message,
                       gpointer opaque)
{
    if (level & G_LOG_LEVEL_WARNING && current && current->complaints) {
        g_string_append_printf(current->complaints, "%s%s", current->complaints->len ? "; " : "",
                               message);
    }
    if (level & (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR)) {
        report_warning("spice-server: %s", message);
        if (current) {
            stop_here(current);
        }
    }
}

/* ---- the thread ---- */

static gboolean server_start(SpiceSession *session, GError **error)
{
    SpiceServer *server = spice_server_new();

    session->server = server;
    if (!spice_listen_open(session, error) || !set_up(session, server, error)) {
        return FALSE;
    }
    if (spice_server_init(server, spice_core_interface(session->core))) {
        return error_set(error, "spice-server does not start: %s", session->complaints->str);
    }
    on_ticket_changed(session);
    spice_input_start(session->input, server);
    for (guint i = 0; i < session->heads->len; i++) {
        if (!spice_head_start(g_ptr_array_index(session->heads, i), server)) {
            return error_set(error, "spice-server takes no display %u", i);
        }
    }
    spice_server_vm_start(server);
    spice_listen_start(session);
    return TRUE;
}

static void thread_started(SpiceSession *session, GError *error)
{
    g_mutex_lock(&session->mutex);
    session->started = TRUE;
    session->start_error = error;
    g_cond_signal(&session->cond);
    g_mutex_unlock(&session->mutex);
}

static gpointer spice_thread(gpointer data)
{
    SpiceSession *session = data;
    GError *error = NULL;
    gboolean good;

    current = session;
    session->complaints = g_string_new(NULL);
    good = server_start(session, &error);
    g_string_free(g_steal_pointer(&session->complaints), TRUE);
    thread_started(session, error);
    if (good) {
        event_loop_run(session->loop);
    }
    if (has_failed(session)) {
        stand_still();
    }
    spice_listen_close(session);
    spice_server_destroy(g_steal_pointer(&session->server));
    g_mutex_lock(&session->mutex);
    session->ended = TRUE;
    g_cond_broadcast(&session->cond);
    g_mutex_unlock(&session->mutex);
    return NULL;
}

gboolean spice_thread_start(SpiceSession *session, GError **error)
{
    VmLock *lock = session->machine->lock;
    GError *failure;

    /* spice-server takes SASL from a viewer that insists on it, though it is switched off: over TLS
     * the mechanism ANONYMOUS would do. Without its plug-ins SASL has no mechanism. */
    g_setenv("SASL_PATH", "/nonexistent", TRUE);
    g_log_set_handler("Spice", G_LOG_LEVEL_MASK, on_message, NULL);
    session->ticket_changed = deferred_new(session->loop, on_ticket_changed, session);
    session->arrived = deferred_new(session->loop, on_arrived, session);
    session->reported = deferred_new(session->machine->loop, on_reported, session);
    session->core = spice_core_new(session->loop);
    session->channels = spice_channels_new(session);
    spice_thread_set_ticket(session, FALSE);
    session->thread = g_thread_new("spice", spice_thread, session);
    vm_lock_drop(lock);
    g_mutex_lock(&session->mutex);
    while (!session->started && !session->failed) {
        g_cond_wait(&session->cond, &session->mutex);
    }
    failure = session->failed
                  ? g_error_new(G_FILE_ERROR, G_FILE_ERROR_FAILED, "spice-server has failed")
                  : g_steal_pointer(&session->start_error);
    g_mutex_unlock(&session->mutex);
    vm_lock_take(lock, "spice start");
    if (failure) {
        g_propagate_error(error, failure);
        return FALSE;
    }
    return TRUE;
}

static void on_quit(void *opaque)
{
    event_loop_quit(opaque);
}

/* Its threads may wait for each other for ever; viewers must not wait for them. */
static void abandon(SpiceSession *session)
{
    spice_listen_abandon(session);
    spice_channels_shutdown(session->channels);
}

gboolean spice_thread_end(SpiceSession *session)
{
    VmLock *lock = session->machine->lock;
    gboolean failed;

    event_loop_defer(session->loop, on_quit, session->loop); /* after it has begun to run */
    spice_channels_shutdown(session->channels); /* nothing waits for a viewer any more */
    vm_lock_drop(lock);
    g_mutex_lock(&session->mutex);
    while (!session->ended && !session->failed) {
        g_cond_wait(&session->cond, &session->mutex);
    }
    failed = session->failed;
    g_mutex_unlock(&session->mutex);
    if (failed) {
        abandon(session);
        vm_lock_take(lock, "spice end");
        return FALSE;
    }
    g_thread_join(session->thread);
    vm_lock_take(lock, "spice end");
    deferred_free(session->ticket_changed);
    deferred_free(session->arrived);
    deferred_free(session->reported);
    spice_report_tell(session); /* that the viewers have gone */
    close_arrivals(session);
    spice_core_free(session->core);
    spice_channels_free(session->channels);
    g_free(session->ticket);
    return TRUE;
}

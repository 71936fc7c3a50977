/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <gmodule.h>
#include <spice/protocol.h>
#include <string.h>

#include "core/error.h"
#include "core/secret.h"
#include "ui/spice/spice-priv.h"

static const char *const compressions[] = {"auto_glz", "auto_lz", "quic", "glz",
                                           "lz",       "lz4",     "off",  NULL};
static const char *const wan_names[] = {"auto", "never", "always", NULL};
static const char *const streaming_names[] = {"off", "all", "filter", NULL};

typedef struct SpiceFrontend {
    Frontend frontend;
    SpiceOptions options;
    SpiceSession *session;
} SpiceFrontend;

#define FIELD(name) G_STRUCT_OFFSET(SpiceFrontend, options.name)

static const OptionSpec spice_options[] = {
    {"port", OPTION_UINT, FIELD(port), "0", "TCP port for viewers without encryption", 0, 65535},
    {"tls-port", OPTION_UINT, FIELD(tls_port), "0", "TCP port for viewers with TLS", 0, 65535},
    {"addr", OPTION_STRING, FIELD(addr), NULL,
     "address to listen at (default: this host only), or path with unix=on"},
    {"unix", OPTION_BOOL, FIELD(unix_socket), "off", "listen at a unix socket, addr="},
    {"ipv4", OPTION_BOOL, FIELD(ipv4), "off", "listen at IPv4 addresses only"},
    {"ipv6", OPTION_BOOL, FIELD(ipv6), "off", "listen at IPv6 addresses only"},
    {"disable-ticketing", OPTION_BOOL, FIELD(disable_ticketing), "off",
     "let viewers in without a password"},
    {"password", OPTION_STRING, FIELD(first_password), NULL,
     "password that viewers must give (better: 'set_password spice' at the monitor)"},
    {"password-secret", OPTION_STRING, FIELD(password_secret), NULL,
     "-object secret that holds the password"},
    {"x509-dir", OPTION_STRING, FIELD(x509_dir), NULL,
     "folder of server-key.pem, server-cert.pem and ca-cert.pem"},
    {"x509-key-file", OPTION_STRING, FIELD(x509_key), NULL, "private key of the server"},
    {"x509-key-password", OPTION_STRING, FIELD(x509_key_password), NULL, "password of that file"},
    {"x509-cert-file", OPTION_STRING, FIELD(x509_cert), NULL, "certificate of the server"},
    {"x509-cacert-file", OPTION_STRING, FIELD(x509_cacert), NULL,
     "certificate of the authority that signed it"},
    {"x509-dh-key-file", OPTION_STRING, FIELD(x509_dh), NULL, "Diffie-Hellman parameters"},
    {"tls-ciphers", OPTION_STRING, FIELD(tls_ciphers), NULL, "ciphers, as OpenSSL names them"},
    {"tls-channel", OPTION_STRING, FIELD(tls_channels), NULL,
     "channels that must be encrypted (main, display, inputs, cursor, default); may be repeated",
     .glue = ":"},
    {"plaintext-channel", OPTION_STRING, FIELD(plaintext_channels), NULL,
     "channels that must not be encrypted; may be repeated", .glue = ":"},
    {"image-compression", OPTION_ENUM, FIELD(image_compression), "auto_glz",
     "how pictures are compressed, without loss", 0, 0, compressions},
    {"jpeg-wan-compression", OPTION_ENUM, FIELD(jpeg_wan), "auto",
     "JPEG, with loss, for viewers behind slow links", 0, 0, wan_names},
    {"zlib-glz-wan-compression", OPTION_ENUM, FIELD(zlib_glz_wan), "auto",
     "zlib over GLZ for viewers behind slow links", 0, 0, wan_names},
    {"streaming-video", OPTION_ENUM, FIELD(streaming_video), "off",
     "send what moves as a video, with loss", 0, 0, streaming_names},
    {"agent-mouse", OPTION_BOOL, FIELD(agent_mouse), "on", "pointer through the guest's agent"},
    {"playback-compression", OPTION_BOOL, FIELD(playback_compression), "on", "compress sound"},
    {"seamless-migration", OPTION_BOOL, FIELD(seamless_migration), "off",
     "viewers follow a migration"},
    {"disable-copy-paste", OPTION_BOOL, FIELD(disable_copy_paste), "off",
     "no clipboard through the guest's agent"},
    {"disable-agent-file-xfer", OPTION_BOOL, FIELD(disable_file_xfer), "off",
     "no files through the guest's agent"},
    {"max-hz", OPTION_UINT, FIELD(max_hz), "60", "most updates a second", 1, 1000, .live = TRUE},
    OPTION_END,
};

/* ---- opening ---- */

/* The password of password-secret=, as if it had been given as password=. */
static gboolean take_secret(Machine *machine, SpiceOptions *options, GError **error)
{
    if (!options->password_secret) {
        return TRUE;
    }
    if (options->first_password) {
        return error_set(error, "spice: password= and password-secret= contradict each other");
    }
    options->first_password = secret_get_text(machine, options->password_secret, error);
    g_prefix_error(error, "spice: password-secret: ");
    return options->first_password != NULL;
}

static gboolean check_options(const Machine *machine, const SpiceOptions *options, GError **error)
{
    if (machine->displays->len == 0) {
        return error_set(error, "spice: this machine has no display to show");
    }
    if (options->first_password && strlen(options->first_password) > SPICE_MAX_PASSWORD_LENGTH) {
        return error_set(error, "spice: passwords have at most %d characters",
                         SPICE_MAX_PASSWORD_LENGTH);
    }
    if (options->first_password && options->disable_ticketing) {
        return error_set(error, "spice: password= and disable-ticketing=on contradict each other");
    }
    return TRUE;
}

static void session_free(SpiceSession *session)
{
    spice_input_free(session->input);
    g_ptr_array_unref(session->heads);
    g_free(session->password);
    event_loop_free(session->loop);
    g_main_context_unref(session->context);
    g_array_unref(session->arrivals);
    g_mutex_clear(&session->mutex);
    g_cond_clear(&session->cond);
    g_free(session);
}

static SpiceSession *session_new(SpiceFrontend *frontend)
{
    SpiceSession *session = g_new0(SpiceSession, 1);
    GPtrArray *displays = frontend->frontend.machine->displays;

    session->frontend = &frontend->frontend;
    session->machine = frontend->frontend.machine;
    session->options = &frontend->options;
    g_mutex_init(&session->mutex);
    g_cond_init(&session->cond);
    g_queue_init(&session->reports);
    session->arrivals = g_array_new(FALSE, FALSE, sizeof(SpiceArrival));
    session->context = g_main_context_new();
    session->loop = event_loop_new(session->context, NULL);
    session->password = g_strdup(frontend->options.first_password);
    session->expires = -1;
    /* Who may open a unix socket is a matter of its folder. */
    session->ticketing = !frontend->options.disable_ticketing &&
                         !(frontend->options.unix_socket && !frontend->options.first_password);
    session->input = spice_input_new(session);
    session->heads = g_ptr_array_new_with_free_func((GDestroyNotify)spice_head_free);
    for (guint i = 0; i < displays->len; i++) {
        g_ptr_array_add(session->heads, spice_head_new(session, g_ptr_array_index(displays, i), i));
    }
    return session;
}

/* If spice-server has failed the session stays behind, with threads that stand still. */
static void session_end(SpiceSession *session)
{
    for (guint i = 0; i < session->heads->len; i++) {
        spice_head_detach(g_ptr_array_index(session->heads, i));
    }
    gboolean whole = spice_thread_end(session);
    spice_input_close(session->input);
    if (whole) {
        session_free(session);
    }
}

static gboolean spice_probe(GError **error)
{
    return TRUE;
}

static gboolean spice_open(Frontend *base, GError **error)
{
    SpiceFrontend *frontend = (SpiceFrontend *)base;
    SpiceSession *session;

    if (!take_secret(base->machine, &frontend->options, error) ||
        !check_options(base->machine, &frontend->options, error)) {
        return FALSE;
    }
    session = session_new(frontend);
    if (!spice_thread_start(session, error)) {
        session_end(session);
        g_prefix_error(error, "spice: ");
        return FALSE;
    }
    frontend->session = session;
    for (guint i = 0; i < session->heads->len; i++) {
        spice_head_attach(g_ptr_array_index(session->heads, i));
    }
    return TRUE;
}

static void spice_close(Frontend *base)
{
    session_end(g_steal_pointer(&((SpiceFrontend *)base)->session));
}

/* ---- monitor ---- */

static void spice_info(Frontend *base, GString *out)
{
    spice_report_info(((SpiceFrontend *)base)->session, out);
}

static GVariant *spice_query(Frontend *base)
{
    return spice_report_query(((SpiceFrontend *)base)->session);
}

static gboolean spice_add_client(Frontend *base, int fd, gboolean skip_auth, gboolean tls,
                                 GError **error)
{
    SpiceFrontend *frontend = (SpiceFrontend *)base;

    if (tls && !frontend->options.tls_port) {
        return error_set(error, "%s has no certificate: it has one with tls-port=", base->id);
    }
    spice_thread_add_client(frontend->session, &(SpiceArrival){fd, skip_auth, tls});
    return TRUE;
}

static gboolean spice_set_password(Frontend *base, const char *password, PasswordAction connected,
                                   GError **error)
{
    SpiceSession *session = ((SpiceFrontend *)base)->session;

    if (session->options->disable_ticketing) {
        return error_set(error, "%s asks for no password: start it without disable-ticketing=on",
                         base->id);
    }
    if (password && strlen(password) > SPICE_MAX_PASSWORD_LENGTH) {
        return error_set(error, "SPICE passwords have at most %d characters",
                         SPICE_MAX_PASSWORD_LENGTH);
    }
    if (connected == PASSWORD_FAIL && spice_channels_viewers(session->channels) > 0) {
        return error_set(error, "a viewer is connected: the password stays as it was");
    }
    g_free(session->password);
    session->password = g_strdup(password);
    session->ticketing = TRUE; /* a unix socket may have had none */
    spice_thread_set_ticket(session, connected == PASSWORD_DISCONNECT);
    return TRUE;
}

static void spice_option_changed(Frontend *base, const char *name)
{
    SpiceSession *session = ((SpiceFrontend *)base)->session;

    for (guint i = 0; i < session->heads->len; i++) {
        spice_head_set_max_hz(g_ptr_array_index(session->heads, i));
    }
}

static void spice_expire_password(Frontend *base, gint64 seconds)
{
    SpiceSession *session = ((SpiceFrontend *)base)->session;

    session->expires =
        seconds < 0 ? -1 : clock_now(base->machine->host_clock) + seconds * NS_PER_SEC;
    spice_thread_set_ticket(session, FALSE);
}

G_MODULE_EXPORT extern const FrontendOps vitrine_frontend;
const FrontendOps vitrine_frontend = {
    .abi = FRONTEND_ABI,
    .name = "spice",
    .summary = "server for SPICE viewers",
    .size = sizeof(SpiceFrontend),
    .options = spice_options,
    .probe = spice_probe,
    .open = spice_open,
    .close = spice_close,
    .info = spice_info,
    .query = spice_query,
    .add_client = spice_add_client,
    .set_password = spice_set_password,
    .expire_password = spice_expire_password,
    .option_changed = spice_option_changed,
};

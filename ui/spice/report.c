/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What monitors are told of a server: text for people, values and events for programs, in the words
 * of QMP's query-spice. Events happen on the server's thread and are told on the main loop.
 */
#include "core/event.h"
#include "ui/spice/spice-priv.h"

/* ---- events ---- */

typedef struct SpiceReport {
    const char *event; /* a literal */
    GVariant *members;
} SpiceReport;

void spice_report_event(SpiceSession *session, const char *event, GVariant *members)
{
    SpiceReport *report = g_new(SpiceReport, 1);

    *report = (SpiceReport){event, g_variant_ref_sink(members)};
    g_mutex_lock(&session->mutex);
    g_queue_push_tail(&session->reports, report);
    g_mutex_unlock(&session->mutex);
    deferred_schedule(session->reported);
}

static SpiceReport *next_report(SpiceSession *session)
{
    SpiceReport *report;

    g_mutex_lock(&session->mutex);
    report = g_queue_pop_head(&session->reports);
    g_mutex_unlock(&session->mutex);
    return report;
}

void spice_report_tell(SpiceSession *session)
{
    SpiceReport *report;

    while ((report = next_report(session))) {
        event_emit(session->machine, report->event, "%@a{sv}", report->members);
        g_variant_unref(report->members);
        g_free(report);
    }
}

/* ---- for programs ---- */

static char *compiled_version(void)
{
    return g_strdup_printf("%d.%d.%d", SPICE_SERVER_VERSION >> 16, SPICE_SERVER_VERSION >> 8 & 0xff,
                           SPICE_SERVER_VERSION & 0xff);
}

static const char *auth_name(const SpiceSession *session)
{
    return session->ticketing ? "spice" : "none";
}

static const char *mouse_mode(const SpiceSession *session)
{
    return spice_input_is_client_mode(session->input) ? "client" : "server";
}

GVariant *spice_report_query(SpiceSession *session)
{
    const SpiceOptions *options = session->options;
    g_autofree char *version = compiled_version();
    GVariantBuilder members;

    g_variant_builder_init(&members, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add_parsed(&members, "{'enabled', <true>}");
    g_variant_builder_add_parsed(&members, "{'migrated', <false>}");
    g_variant_builder_add_parsed(&members, "{'host', <%s>}",
                                 options->addr && *options->addr ? options->addr : "*");
    if (options->port) {
        g_variant_builder_add_parsed(&members, "{'port', <%t>}", options->port);
    }
    if (options->tls_port) {
        g_variant_builder_add_parsed(&members, "{'tls-port', <%t>}", options->tls_port);
    }
    g_variant_builder_add_parsed(&members, "{'auth', <%s>}", auth_name(session));
    g_variant_builder_add_parsed(&members, "{'compiled-version', <%s>}", version);
    g_variant_builder_add_parsed(&members, "{'mouse-mode', <%s>}", mouse_mode(session));
    g_variant_builder_add_parsed(&members, "{'channels', <%@aa{sv}>}",
                                 spice_channels_query(session->channels));
    return g_variant_builder_end(&members);
}

/* ---- for people ---- */

void spice_report_info(SpiceSession *session, GString *out)
{
    const SpiceOptions *options = session->options;
    g_autofree char *version = compiled_version();

    g_string_append(out, "Server:\n");
    if (options->unix_socket) {
        g_string_append_printf(out, "     address: unix:%s\n", options->addr);
    }
    if (options->port) {
        g_string_append_printf(out, "     address: %s:%" G_GUINT64_FORMAT "\n", options->addr,
                               options->port);
    }
    if (options->tls_port) {
        g_string_append_printf(out, "     address: %s:%" G_GUINT64_FORMAT " [tls]\n", options->addr,
                               options->tls_port);
    }
    g_string_append_printf(out,
                           "    migrated: false\n        auth: %s\n    compiled: %s\n"
                           "  mouse-mode: %s\n",
                           auth_name(session), version, mouse_mode(session));
    spice_channels_describe(session->channels, out);
}

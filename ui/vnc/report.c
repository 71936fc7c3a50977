/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What monitors are told of a server and its viewers: text for people, values and events for
 * programs, in the words of QMP's query-vnc-servers. Vm lock held, on the main loop.
 */
#include "core/event.h"
#include "ui/vnc/viewer-priv.h"

static const char *auth_name(const VncServer *server)
{
    return server->want_password ? "vnc" : "none";
}

/* ---- for programs ---- */

static void add_end(const SocketName *name, gboolean websocket, GVariantBuilder *members)
{
    socket_name_add(name, "service", members);
    g_variant_builder_add_parsed(members, "{'websocket', <%b>}", websocket);
}

static GVariant *describe_viewer(const VncViewer *viewer)
{
    GVariantBuilder members;

    g_variant_builder_init(&members, G_VARIANT_TYPE_VARDICT);
    add_end(&viewer->peer, viewer->websocket, &members);
    return g_variant_builder_end(&members);
}

static GVariant *describe_socket(const VncServer *server, const SocketName *name,
                                 gboolean websocket)
{
    GVariantBuilder members;

    g_variant_builder_init(&members, G_VARIANT_TYPE_VARDICT);
    add_end(name, websocket, &members);
    g_variant_builder_add_parsed(&members, "{'auth', <%s>}", auth_name(server));
    return g_variant_builder_end(&members);
}

typedef struct SocketList {
    VncServer *server;
    GVariantBuilder items; /* aa{sv} */
} SocketList;

static void add_socket(const SocketName *name, gboolean websocket, void *opaque)
{
    SocketList *list = opaque;

    g_variant_builder_add_value(&list->items, describe_socket(list->server, name, websocket));
}

GVariant *vnc_query(Frontend *frontend)
{
    VncServer *server = (VncServer *)frontend;
    SocketList list = {.server = server};
    GVariantBuilder members, clients;

    g_variant_builder_init(&list.items, G_VARIANT_TYPE("aa{sv}"));
    vnc_listen_foreach(server, add_socket, &list);
    g_variant_builder_init(&clients, G_VARIANT_TYPE("aa{sv}"));
    for (guint i = 0; i < server->viewers->len; i++) {
        g_variant_builder_add_value(&clients,
                                    describe_viewer(g_ptr_array_index(server->viewers, i)));
    }
    g_variant_builder_init(&members, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add_parsed(&members, "{'id', <%s>}", frontend->id);
    g_variant_builder_add_parsed(&members, "{'server', <%@aa{sv}>}",
                                 g_variant_builder_end(&list.items));
    g_variant_builder_add_parsed(&members, "{'clients', <%@aa{sv}>}",
                                 g_variant_builder_end(&clients));
    g_variant_builder_add_parsed(&members, "{'auth', <%s>}", auth_name(server));
    return g_variant_builder_end(&members);
}

/* ---- events ---- */

typedef struct SocketSearch {
    gboolean websocket;
    const SocketName *found, *other; /* of this kind; the first of the other */
} SocketSearch;

static void look_for_socket(const SocketName *name, gboolean websocket, void *opaque)
{
    SocketSearch *search = opaque;
    const SocketName **place = websocket == search->websocket ? &search->found : &search->other;

    *place = *place ? *place : name;
}

void vnc_report_arrival(VncViewer *viewer)
{
    SocketSearch search = {.websocket = viewer->websocket};
    SocketName own = {0};

    vnc_listen_foreach(viewer->server, look_for_socket, &search);
    search.found = search.found ? search.found : search.other;
    if (!search.found) { /* it was us who connected */
        socket_name_local(&own, viewer->fd);
        search.found = &own;
    }
    viewer->arrival =
        g_variant_ref_sink(describe_socket(viewer->server, search.found, viewer->websocket));
    socket_name_clear(&own);
    vnc_report_event(viewer, "VNC_CONNECTED");
}

void vnc_report_event(VncViewer *viewer, const char *event)
{
    event_emit(viewer->machine, event, "{'server': <%@a{sv}>, 'client': <%@a{sv}>}",
               viewer->arrival, describe_viewer(viewer));
}

/* ---- for people ---- */

static void print_end(const char *what, const SocketName *name, const char *kind, GString *out)
{
    g_autofree char *text = socket_name_text(name);

    g_string_append_printf(out, "  %s: %s%s(%s)%s", what, text, *text ? " " : "", name->family,
                           kind);
}

typedef struct SocketPrint {
    VncServer *server;
    GString *out;
} SocketPrint;

static void print_socket(const SocketName *name, gboolean websocket, void *opaque)
{
    SocketPrint *print = opaque;
    const char *kind = !websocket           ? ""
                       : print->server->web ? " (websocket, web page)"
                                            : " (websocket)";

    print_end("Server", name, kind, print->out);
    g_string_append_printf(print->out, "\n    Auth: %s (Sub: none)\n", auth_name(print->server));
}

static void print_viewer(VncViewer *viewer, GString *out)
{
    guint64 updates;

    g_mutex_lock(&viewer->mutex);
    updates = viewer->updates;
    g_mutex_unlock(&viewer->mutex);
    print_end("Client", &viewer->peer, "", out);
    g_string_append_printf(out,
                           "%s, %" G_GUINT64_FORMAT " updates sent\n"
                           "    x509_dname: none\n    sasl_username: none\n",
                           viewer->websocket ? " (websocket)" : "", updates);
}

void vnc_info(Frontend *frontend, GString *out)
{
    VncServer *server = (VncServer *)frontend;
    SocketPrint print = {server, out};

    g_string_append_printf(out, "%s:\n", frontend->id);
    if (server->reached) {
        g_string_append_printf(out, "  Server: to %s (reverse)\n    Auth: %s (Sub: none)\n",
                               server->reached, auth_name(server));
    }
    vnc_listen_foreach(server, print_socket, &print);
    for (guint i = 0; i < server->viewers->len; i++) {
        print_viewer(g_ptr_array_index(server->viewers, i), out);
    }
    if (server->viewers->len == 0) {
        g_string_append(out, "  Client: none\n");
    }
}

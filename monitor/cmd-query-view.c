/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMP's queries of what shows the machine and of who looks, and what can be done about it. */
#include <string.h>

#include "core/error.h"
#include "core/frontend.h"
#include "monitor/handlers.h"

/* ---- who looks ---- */

/* What the open frontends of that kind say of themselves; an array. */
static JsonArray *ask_frontends(const Machine *machine, const char *name)
{
    JsonArray *list = json_array_new();

    for (guint i = 0; i < machine->frontends->len; i++) {
        Frontend *frontend = g_ptr_array_index(machine->frontends, i);

        if (g_str_equal(frontend->ops->name, name) && frontend->ops->query) {
            g_autoptr(GVariant) said = g_variant_ref_sink(frontend->ops->query(frontend));
            json_array_add_element(list, json_gvariant_serialize(said));
        }
    }
    return list;
}

gboolean qmp_query_vnc_servers(CommandCall *call, GError **error)
{
    command_return_array(call, ask_frontends(call->machine, "vnc"));
    return TRUE;
}

/* The first server, and the first place where it listens. */
gboolean qmp_query_vnc(CommandCall *call, GError **error)
{
    static const char *const members[] = {"host", "service", "family"};
    g_autoptr(JsonArray) servers = ask_frontends(call->machine, "vnc");
    JsonObject *info = json_object_new(), *server;
    JsonArray *sockets;

    json_object_set_boolean_member(info, "enabled", json_array_get_length(servers) > 0);
    if (json_array_get_length(servers) > 0) {
        server = json_array_get_object_element(servers, 0);
        sockets = json_object_get_array_member(server, "server");
        for (guint i = 0; json_array_get_length(sockets) > 0 && i < G_N_ELEMENTS(members); i++) {
            json_object_set_string_member(
                info, members[i],
                json_object_get_string_member(json_array_get_object_element(sockets, 0),
                                              members[i]));
        }
        json_object_set_string_member(info, "auth", json_object_get_string_member(server, "auth"));
        json_object_set_member(info, "clients",
                               json_node_copy(json_object_get_member(server, "clients")));
    }
    command_return_object(call, info);
    return TRUE;
}

gboolean qmp_query_spice(CommandCall *call, GError **error)
{
    g_autoptr(JsonArray) servers = ask_frontends(call->machine, "spice");
    JsonObject *info;

    if (json_array_get_length(servers) > 0) {
        command_return(call, json_array_dup_element(servers, 0));
        return TRUE;
    }
    info = json_object_new();
    json_object_set_boolean_member(info, "enabled", FALSE);
    json_object_set_boolean_member(info, "migrated", FALSE);
    json_object_set_string_member(info, "mouse-mode", "client");
    command_return_object(call, info);
    return TRUE;
}

/* ---- the display ---- */

/* QEMU's name of what shows the machine on this host; NULL = a server, or none. */
static const char *local_display(const Frontend *frontend)
{
    static const char *const names[][2] = {{"gtk", "gtk"}, {"sdl", "sdl"}, {"terminal", "curses"}};

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        if (g_str_equal(frontend->ops->name, names[i][0])) {
            return names[i][1];
        }
    }
    return NULL;
}

/* Those switches of QEMU's DisplayOptions that the frontend has. */
static void add_switches(const Frontend *frontend, JsonObject *info)
{
    static const char *const switches[] = {"full-screen", "show-cursor", "grab-on-hover",
                                           "zoom-to-fit", "show-tabs",   "show-menubar"};

    for (guint i = 0; frontend->ops->options && i < G_N_ELEMENTS(switches); i++) {
        const OptionSpec *spec = options_find(frontend->ops->options, switches[i]);
        g_autofree char *value =
            spec && spec->type == OPTION_BOOL ? option_format(spec, frontend) : NULL;

        if (value) {
            json_object_set_boolean_member(info, switches[i], g_str_equal(value, "on"));
        }
    }
}

gboolean qmp_query_display_options(CommandCall *call, GError **error)
{
    GPtrArray *frontends = call->machine->frontends;
    JsonObject *info = json_object_new();

    for (guint i = 0; i < frontends->len; i++) {
        const Frontend *frontend = g_ptr_array_index(frontends, i);
        const char *type = local_display(frontend);

        if (type) {
            json_object_set_string_member(info, "type", type);
            add_switches(frontend, info);
            break;
        }
    }
    if (!json_object_has_member(info, "type")) {
        json_object_set_string_member(info, "type", "none");
    }
    command_return_object(call, info);
    return TRUE;
}

/* ---- what is done about it ---- */

static gboolean need_vnc(const CommandCall *call, GError **error)
{
    return frontend_find(call->machine, "vnc") || error_set(error, "Can not find vnc display");
}

/* There are no certificates: reloading what a server has reads nothing. */
gboolean qmp_display_reload(CommandCall *call, GError **error)
{
    return !command_flag(call, "tls-certs") ||
           (need_vnc(call, error) && error_set(error, "vnc tls is not enabled"));
}

gboolean qmp_display_update(CommandCall *call, GError **error)
{
    if (!need_vnc(call, error)) {
        return FALSE;
    }
    return !command_has(call, "addresses") ||
           error_set(error, "a vnc server keeps its addresses: open another one by "
                            "'display_add vnc=HOST:DISPLAY', and close this one by 'display_del'");
}

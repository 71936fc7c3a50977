/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The requests of the control socket; docs/control-socket.md describes them. */
#include <string.h>
#include <unistd.h>

#include "control/control-priv.h"
#include "core/accel.h"
#include "core/display.h"
#include "core/error.h"

/* An "attach" whose module is being loaded. */
typedef struct Attach {
    ControlClient *client; /* NULL = it has gone */
    JsonObject *arguments;
    char *name;
} Attach;

/* ---- status ---- */

static char *info_of(Frontend *frontend)
{
    GString *text = g_string_new(NULL);

    if (frontend->ops->info) {
        frontend->ops->info(frontend, text);
    }
    return g_string_free(text, FALSE);
}

static JsonArray *list_frontends(Machine *machine)
{
    JsonArray *list = json_array_new();

    for (guint i = 0; i < machine->frontends->len; i++) {
        Frontend *frontend = g_ptr_array_index(machine->frontends, i);
        g_autofree char *info = info_of(frontend);
        JsonObject *entry = json_object_new();

        json_object_set_string_member(entry, "id", frontend->id);
        json_object_set_string_member(entry, "name", frontend->ops->name);
        json_object_set_string_member(entry, "info", info);
        json_array_add_object_element(list, entry);
    }
    return list;
}

static JsonArray *list_displays(Machine *machine)
{
    JsonArray *list = json_array_new();

    for (guint i = 0; i < machine->displays->len; i++) {
        Display *display = g_ptr_array_index(machine->displays, i);
        const Surface *surface = display_surface(display);
        JsonObject *entry = json_object_new();

        json_object_set_string_member(entry, "name", display_name(display));
        json_object_set_int_member(entry, "width", surface->width);
        json_object_set_int_member(entry, "height", surface->height);
        json_array_add_object_element(list, entry);
    }
    return list;
}

static void run_status(ControlClient *client, JsonObject *arguments)
{
    Machine *machine = client->server->machine;
    JsonObject *status = json_object_new();

    if (machine->name) {
        json_object_set_string_member(status, "name", machine->name);
    }
    json_object_set_int_member(status, "pid", getpid());
    json_object_set_string_member(status, "state", run_state_name(machine->run_state));
    if (machine->accel) {
        json_object_set_string_member(status, "accelerator", machine->accel->ops->name);
    }
    json_object_set_int_member(status, "cpus", machine->vcpus->len);
    json_object_set_int_member(status, "memory", (gint64)machine->ram_size);
    json_object_set_array_member(status, "frontends", list_frontends(machine));
    json_object_set_array_member(status, "displays", list_displays(machine));
    control_client_reply(client, status, NULL);
}

/* ---- attach ---- */

/* What an option of a frontend can be had from; the first variable that is set counts. */
static const struct {
    const char *option;
    const char *variables[4];
} sources[] = {
    {"display", {"WAYLAND_DISPLAY", "DISPLAY"}},
    {"xauthority", {"XAUTHORITY"}},
    {"term", {"TERM"}},
    {"colorterm", {"COLORTERM"}},
    {"lang", {"LC_ALL", "LC_CTYPE", "LANG"}},
};

/* "key=value" behind what is there, as far as the frontend has this option and it is not set. */
static void add_option(GString *text, const FrontendOps *ops, OptionList *given, const char *key,
                       const char *value)
{
    /* VNC's display= is one of the machine's. Only what opens windows has use for a cookie. */
    const char *needs = strcmp(key, "display") == 0 ? "xauthority" : key;
    g_auto(GStrv) parts = NULL;
    g_autofree char *quoted = NULL;

    if (!ops->options || !options_find(ops->options, key) || !options_find(ops->options, needs) ||
        option_list_get(given, key)) {
        return;
    }
    parts = g_strsplit(value, ",", -1);
    quoted = g_strjoinv(",,", parts);
    g_string_append_printf(text, "%s%s=%s", text->len ? "," : "", key, quoted);
}

static gboolean add_environment(GString *text, const FrontendOps *ops, OptionList *given,
                                JsonObject *environment, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(sources); i++) {
        const char *value = NULL;

        for (guint v = 0; sources[i].variables[v] && !(value && *value); v++) {
            if (!control_get_string(environment, sources[i].variables[v], &value, error)) {
                return FALSE;
            }
        }
        if (value && *value) {
            add_option(text, ops, given, sources[i].option, value);
        }
    }
    return TRUE;
}

/* The options of the request, with what they leave open filled in; NULL = error. */
static char *complete_options(const Attach *attach, const FrontendOps *ops, GError **error)
{
    int fd = attach->client->passed_fd;
    g_autoptr(OptionList) given = NULL;
    g_autoptr(GString) text = NULL;
    JsonObject *environment;
    const char *options;

    if (!control_get_string(attach->arguments, "options", &options, error) ||
        !control_get_object(attach->arguments, "environment", &environment, error)) {
        return NULL;
    }
    given = option_list_parse(options ? options : "", ops->implied_option, error);
    if (!given) {
        return NULL;
    }
    text = g_string_new(options);
    if (fd >= 0) {
        /* It opens the terminal anew: the descriptor stays ours, whatever becomes of that. */
        g_autofree char *tty = g_strdup_printf("/proc/self/fd/%d", fd);

        add_option(text, ops, given, "tty", tty);
    }
    if (!add_environment(text, ops, given, environment, error)) {
        return NULL;
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static gboolean open_attached(Attach *attach, const FrontendOps *ops, GError **error)
{
    ControlClient *client = attach->client;
    Machine *machine = client->server->machine;
    g_autofree char *options = NULL;
    g_autofree char *info = NULL;
    Frontend *frontend;
    JsonObject *result;
    gboolean bind;

    if (!control_get_boolean(attach->arguments, "bind", &bind, error)) {
        return FALSE;
    }
    options = complete_options(attach, ops, error);
    frontend = options ? machine->open_frontend(machine, attach->name, options,
                                                machine->open_frontend_opaque, error)
                       : NULL;
    if (!frontend) {
        return FALSE;
    }
    info = info_of(frontend);
    result = json_object_new();
    json_object_set_string_member(result, "id", frontend->id);
    json_object_set_string_member(result, "info", info);
    if (bind) {
        g_ptr_array_add(client->bound, g_strdup(frontend->id));
    }
    control_client_reply(client, result, NULL);
    return TRUE;
}

static void attach_free(Attach *attach)
{
    json_object_unref(attach->arguments);
    g_free(attach->name);
    g_free(attach);
}

static void on_loaded(const FrontendOps *ops, const GError *error, void *opaque)
{
    Attach *attach = opaque;
    ControlClient *client = attach->client;
    g_autoptr(GError) failed = NULL;

    if (client) {
        client->attach = NULL;
        if (!ops) {
            control_client_reply(client, NULL, error);
        } else if (!open_attached(attach, ops, &failed)) {
            control_client_reply(client, NULL, failed);
        }
    }
    attach_free(attach);
}

static void run_attach(ControlClient *client, JsonObject *arguments)
{
    g_autoptr(GError) error = NULL;
    const char *name;

    if (control_get_string(arguments, "frontend", &name, &error) && !name) {
        error_set(&error, "attach: 'frontend' is missing");
    }
    if (error) {
        control_client_reply(client, NULL, error);
        return;
    }
    client->attach = g_new0(Attach, 1);
    client->attach->client = client;
    client->attach->arguments = json_object_ref(arguments);
    client->attach->name = g_strdup(name);
    frontend_load(client->server->machine, name, NULL, on_loaded, client->attach);
}

/* ---- the other requests ---- */

/* The open frontend that "id" names; replies with the error if there is none. */
static Frontend *find_frontend(ControlClient *client, JsonObject *arguments)
{
    Machine *machine = client->server->machine;
    g_autoptr(GError) error = NULL;
    Frontend *frontend = NULL;
    const char *id;

    if (control_get_string(arguments, "id", &id, &error)) {
        frontend = id ? frontend_find(machine, id) : NULL;
        if (!frontend) {
            error_set(&error, id ? "there is no frontend '%s' open" : "'id' is missing", id);
        }
    }
    if (error) {
        control_client_reply(client, NULL, error);
    }
    return frontend;
}

/* At once, so that whoever reads the reply finds it gone: no frontend's callback is under way. */
static void run_detach(ControlClient *client, JsonObject *arguments)
{
    Frontend *frontend = find_frontend(client, arguments);

    if (frontend) {
        frontend_close(frontend);
        control_client_reply(client, NULL, NULL);
    }
}

static void run_resized(ControlClient *client, JsonObject *arguments)
{
    Frontend *frontend = find_frontend(client, arguments);

    if (frontend) {
        if (frontend->ops->resized) {
            frontend->ops->resized(frontend);
        }
        control_client_reply(client, NULL, NULL);
    }
}

static const struct {
    const char *name;
    void (*run)(ControlClient *client, JsonObject *arguments); /* may be NULL: all missing */
} requests[] = {
    {"status", run_status},
    {"attach", run_attach},
    {"detach", run_detach},
    {"resized", run_resized},
};

void control_run(ControlClient *client, JsonObject *request)
{
    g_autoptr(GError) error = NULL;
    JsonObject *arguments = NULL;
    const char *name = NULL;

    if (control_get_string(request, "execute", &name, &error) &&
        control_get_object(request, "arguments", &arguments, &error)) {
        for (guint i = 0; name && i < G_N_ELEMENTS(requests); i++) {
            if (strcmp(requests[i].name, name) == 0) {
                requests[i].run(client, arguments);
                return;
            }
        }
        error_set(&error, name ? "there is no request '%s'" : "'execute' is missing", name);
    }
    control_client_reply(client, NULL, error);
}

void control_abandon(ControlClient *client)
{
    if (client->attach) {
        client->attach->client = NULL;
    }
    for (guint i = 0; i < client->bound->len; i++) {
        Frontend *frontend =
            frontend_find(client->server->machine, g_ptr_array_index(client->bound, i));

        if (frontend) {
            frontend_request_close(frontend, NULL);
        }
    }
}

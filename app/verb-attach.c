/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `vitrine attach` and `vitrine detach`. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/frontends.h"
#include "app/relay.h"
#include "app/verbs.h"
#include "control/peer.h"
#include "core/error.h"
#include "core/log.h"
#include "ui/common/host-env.h"

/* Opening a window may take a display server long, and loading GTK from a cold disk too. */
#define ATTACH_PATIENCE_MS 30000
#define SERVER_PATIENCE_MS 5000

/* ---- what to attach ---- */

static gboolean is_set(const char *name)
{
    const char *value = g_getenv(name);

    return value && *value;
}

/* TRUE for "vnc=:1", "gtk,full-screen=on". */
static gboolean names_frontend(const char *word)
{
    g_autofree char *name = g_strndup(word, strcspn(word, "=,"));

    return g_strv_contains(frontend_names, name);
}

static gboolean is_machine(GPtrArray *machines, const char *name)
{
    for (guint i = 0; i < machines->len; i++) {
        if (strcmp(((ControlMachine *)g_ptr_array_index(machines, i))->name, name) == 0) {
            return TRUE;
        }
    }
    return FALSE;
}

static const char *best_frontend(GError **error)
{
    if (is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")) {
        return "gtk";
    }
    if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)) {
        return "terminal";
    }
    error_set(error, "attach: neither DISPLAY nor WAYLAND_DISPLAY is set, and this is no terminal: "
                     "say through which frontend, for example vnc=:1");
    return NULL;
}

/* ---- the environment of this shell ---- */

static void add_variable(JsonObject *environment, const char *name, const char *value)
{
    if (value && *value && g_utf8_validate(value, -1, NULL)) {
        json_object_set_string_member(environment, name, value);
    }
}

/* The other process may have another XDG_RUNTIME_DIR: names become paths. */
static void add_wayland(JsonObject *environment)
{
    const char *name = g_getenv("WAYLAND_DISPLAY");
    const char *dir = g_getenv("XDG_RUNTIME_DIR");
    g_autofree char *path = NULL;

    if (!name || !*name || g_str_has_prefix(g_getenv("GDK_BACKEND") ?: "", "x11")) {
        return;
    }
    path = *name == '/' || !dir ? g_strdup(name) : g_build_filename(dir, name, NULL);
    add_variable(environment, "WAYLAND_DISPLAY", path);
}

static void add_xauthority(JsonObject *environment)
{
    const char *file = g_getenv("XAUTHORITY");
    g_autofree char *usual = g_build_filename(g_get_home_dir(), ".Xauthority", NULL);

    add_variable(environment, "XAUTHORITY",
                 file                                     ? file
                 : g_file_test(usual, G_FILE_TEST_EXISTS) ? usual
                                                          : NULL);
}

static JsonObject *collect_environment(void)
{
    static const char *const plain[] = {"DISPLAY", "TERM",     "COLORTERM",
                                        "LC_ALL",  "LC_CTYPE", "LANG"};
    JsonObject *environment = json_object_new();

    for (guint i = 0; i < G_N_ELEMENTS(plain); i++) {
        add_variable(environment, plain[i], g_getenv(plain[i]));
    }
    add_wayland(environment);
    add_xauthority(environment);
    return environment;
}

/* ---- attach ---- */

/* A display server that hangs would keep the machine waiting, and all who look at it. */
static gboolean check_server(const char *name, JsonObject *environment, GError **error)
{
    static const char *const variables[] = {"WAYLAND_DISPLAY", "DISPLAY"};

    if (strcmp(name, "gtk") != 0 && strcmp(name, "sdl") != 0) {
        return TRUE;
    }
    for (guint i = 0; i < G_N_ELEMENTS(variables); i++) {
        const char *display = NULL;

        if (control_get_string(environment, variables[i], &display, NULL) && display &&
            !host_env_answers(display, SERVER_PATIENCE_MS)) {
            return error_set(error, "the display server %s does not answer", display);
        }
    }
    return TRUE;
}

/* Files are named from here, the machine may be elsewhere: options go as they are typed. */
static char *attach(ControlPeer *peer, const char *spec, int tty, GError **error)
{
    g_autofree char *name = g_strndup(spec, strcspn(spec, "=,"));
    const char *options = spec + strlen(name) + (spec[strlen(name)] ? 1 : 0);
    g_autoptr(JsonObject) environment = collect_environment();
    g_autoptr(JsonObject) result = NULL;
    const char *id = NULL, *info = NULL;
    JsonObject *arguments;

    if (!check_server(name, environment, error)) {
        return NULL;
    }
    arguments = json_object_new();
    json_object_set_string_member(arguments, "frontend", name);
    json_object_set_string_member(arguments, "options", options);
    json_object_set_boolean_member(arguments, "bind", tty >= 0);
    json_object_set_object_member(arguments, "environment", json_object_ref(environment));
    result = control_peer_call(peer, "attach", arguments, tty, ATTACH_PATIENCE_MS, error);
    if (!result || !control_get_string(result, "id", &id, error) ||
        !control_get_string(result, "info", &info, error)) {
        return NULL;
    }
    if (tty < 0) {
        printf("%s is open\n%s", id ? id : name, info ? info : "");
    }
    return g_strdup(id ? id : name);
}

static int run_in_terminal(ControlMachine *machine, ControlPeer *peer, const char *spec,
                           GError **error)
{
    g_autoptr(Relay) relay = relay_new(error);
    g_autofree char *id = relay ? attach(peer, spec, relay_slave(relay), error) : NULL;
    int number = 0;

    if (!id) {
        return -1;
    }
    switch (relay_run(relay, peer, id, &number)) {
    case RELAY_CLOSED:
        report_info("%s goes on without this terminal; 'vitrine attach %s' shows it again",
                    machine->name, machine->name);
        return 0;
    case RELAY_SHUTDOWN: report_info("%s has ended", machine->name); return 0;
    case RELAY_LOST:
        error_set(error, "%s: the connection to the machine was lost", machine->name);
        return -1;
    case RELAY_SIGNAL: return 128 + number;
    }
    return -1;
}

static gboolean wants_own_terminal(const char *spec)
{
    g_autofree char *name = g_strndup(spec, strcspn(spec, "=,"));

    return strcmp(name, "terminal") == 0 && !strstr(spec, "tty=");
}

static int attach_to(ControlMachine *machine, const char *spec, GError **error)
{
    g_autoptr(ControlPeer) peer = control_peer_open(machine->path, error);
    g_autofree char *id = NULL;

    if (!peer) {
        return -1;
    }
    if (wants_own_terminal(spec)) {
        return run_in_terminal(machine, peer, spec, error);
    }
    id = attach(peer, spec, -1, error);
    return id ? 0 : -1;
}

int verb_attach(char **words, GError **error)
{
    guint count = g_strv_length(words);
    g_autoptr(GPtrArray) machines = NULL;
    const char *spec = count > 1 ? words[1] : NULL;
    const char *which = words[0];
    ControlMachine *machine;
    int status = -1;

    if (count > 2) {
        error_set(error, "attach: too many words: vitrine attach [MACHINE] [FRONTEND[,...]]");
        return -1;
    }
    machines = control_list(error);
    if (!machines) {
        return -1;
    }
    if (count == 1 && names_frontend(which) && !is_machine(machines, which)) {
        spec = which;
        which = NULL;
    }
    machine = control_find(machines, which, error);
    if (machine && !spec) {
        spec = best_frontend(error);
    }
    if (machine && spec) {
        status = attach_to(machine, spec, error);
    }
    if (status < 0 && *error && !g_str_has_prefix((*error)->message, "attach: ")) {
        g_prefix_error(error, "attach: ");
    }
    return status;
}

/* ---- detach ---- */

int verb_detach(char **words, GError **error)
{
    g_autoptr(GPtrArray) machines = NULL;
    g_autoptr(ControlPeer) peer = NULL;
    g_autoptr(JsonObject) result = NULL;
    ControlMachine *machine;
    JsonObject *arguments;

    if (g_strv_length(words) != 2) {
        error_set(error, "detach: vitrine detach MACHINE ID ('vitrine list' shows them)");
        return -1;
    }
    machines = control_list(error);
    machine = machines ? control_find(machines, words[0], error) : NULL;
    peer = machine ? control_peer_open(machine->path, error) : NULL;
    if (peer) {
        arguments = json_object_new();
        json_object_set_string_member(arguments, "id", words[1]);
        result = control_peer_call(peer, "detach", arguments, -1, CONTROL_PATIENCE_MS, error);
    }
    if (!result) {
        g_prefix_error(error, "detach: ");
    }
    return result ? 0 : -1;
}

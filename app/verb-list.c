/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `vitrine list`. */
#include <stdio.h>
#include <string.h>

#include "app/verbs.h"
#include "control/peer.h"
#include "core/error.h"

/* Names that the guest's owner chose: nothing in them moves the cursor. */
static char *printable(const char *text)
{
    GString *out = g_string_new(NULL);

    for (const char *p = text; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);

        g_string_append_unichar(out, g_unichar_isprint(c) ? c : '?');
    }
    return g_string_free(out, FALSE);
}

static const char *text_of(JsonObject *object, const char *name)
{
    const char *value = NULL;

    control_get_string(object, name, &value, NULL);
    return value ? value : "-";
}

/* Calls fn for each object of a list in `status`. */
static void foreach_entry(JsonObject *status, const char *name,
                          void (*fn)(JsonObject *entry, GString *out), GString *out)
{
    JsonNode *node = json_object_get_member(status, name);
    JsonArray *list = node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;

    for (guint i = 0; list && i < json_array_get_length(list); i++) {
        JsonNode *entry = json_array_get_element(list, i);

        if (JSON_NODE_HOLDS_OBJECT(entry)) {
            g_string_append(out, out->len ? "," : "");
            fn(json_node_get_object(entry), out);
        }
    }
    g_string_append(out, out->len ? "" : "-");
}

static void add_frontend(JsonObject *entry, GString *out)
{
    g_string_append(out, text_of(entry, "id"));
}

static gint64 number_of(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);

    return node && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_int(node) : 0;
}

static void add_display(JsonObject *entry, GString *out)
{
    g_string_append_printf(out, "%" G_GINT64_FORMAT "x%" G_GINT64_FORMAT, number_of(entry, "width"),
                           number_of(entry, "height"));
}

static void print_machine(const ControlMachine *machine)
{
    g_autofree char *name = printable(machine->name);
    g_autoptr(GString) frontends = g_string_new(NULL);
    g_autoptr(GString) displays = g_string_new(NULL);

    if (!machine->status) {
        printf("%-20s %8s %-14s\n", name, "-", "does not answer");
        return;
    }
    foreach_entry(machine->status, "frontends", add_frontend, frontends);
    foreach_entry(machine->status, "displays", add_display, displays);
    printf("%-20s %8" G_GINT64_FORMAT " %-14s %-6s %-12s %s\n", name, machine->pid,
           text_of(machine->status, "state"), text_of(machine->status, "accelerator"),
           displays->str, frontends->str);
}

static void print_json(GPtrArray *machines)
{
    g_autoptr(JsonNode) root = json_node_new(JSON_NODE_ARRAY);
    JsonArray *list = json_array_new();
    g_autofree char *text = NULL;

    for (guint i = 0; i < machines->len; i++) {
        const ControlMachine *machine = g_ptr_array_index(machines, i);
        JsonObject *entry = machine->status ? json_object_ref(machine->status) : json_object_new();

        json_object_set_string_member(entry, "socket", machine->path);
        json_array_add_object_element(list, entry);
    }
    json_node_take_array(root, list);
    text = json_to_string(root, TRUE);
    printf("%s\n", text);
}

int verb_list(char **words, GError **error)
{
    gboolean json = words[0] && strcmp(words[0], "--json") == 0;
    g_autoptr(GPtrArray) machines = NULL;

    if (words[json ? 1 : 0]) {
        error_set(error, "list: '%s' is not understood: vitrine list [--json]",
                  words[json ? 1 : 0]);
        return -1;
    }
    machines = control_list(error);
    if (!machines) {
        return -1;
    }
    if (json) {
        print_json(machines);
        return 0;
    }
    if (machines->len == 0) {
        fprintf(stderr, "no machine is running\n");
        return 0;
    }
    printf("%-20s %8s %-14s %-6s %-12s %s\n", "NAME", "PID", "STATE", "ACCEL", "SCREEN",
           "FRONTENDS");
    for (guint i = 0; i < machines->len; i++) {
        print_machine(g_ptr_array_index(machines, i));
    }
    return 0;
}

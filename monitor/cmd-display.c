/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Displays and what shows them: coming, going, and what they have to say. */
#include <string.h>

#include "core/display.h"
#include "core/error.h"
#include "core/frontend.h"
#include "monitor/handlers.h"
#include "monitor/info.h"

static char *name_of(const char *text)
{
    return g_strndup(text, strcspn(text, "=,"));
}

/* "NAME,help" */
static gboolean asks_for_help(const char *text)
{
    const char *comma = strchr(text, ',');

    return comma && (!strcmp(comma + 1, "help") || !strcmp(comma + 1, "?"));
}

static void on_loaded(const FrontendOps *ops, const GError *error, void *opaque)
{
    CommandCall *call = opaque;

    if (ops && asks_for_help(command_string(call, "display"))) {
        g_string_append_printf(call->out, "%s options:\n", ops->name);
        options_help(ops->options, call->out);
        command_call_finish(call, NULL);
        return;
    }
    GError *failed = ops ? NULL : g_error_copy(error);
    const Frontend *frontend =
        ops ? frontend_open_text(call->machine, command_string(call, "display"), &failed) : NULL;

    if (frontend) {
        g_string_append_printf(call->out, "%s\n", frontend->id);
    }
    command_call_finish(call, failed);
}

/*
 * Loading a module takes long, a display server may not answer for seconds, and that is no reason
 * to hold the lock.
 */
gboolean cmd_display_add(CommandCall *call, GError **error)
{
    const char *text = command_string(call, "display");
    g_autofree char *name = name_of(text);
    const char *options = text + strlen(name);

    if (!strcmp(name, "none")) {
        return error_set(error, "'none' is no frontend: it is what there is without one "
                                "('display_del' closes those that are open)");
    }
    if (asks_for_help(text)) {
        options = ""; /* no display server is to be reached for that */
    }
    command_call_hold(call);
    frontend_load(call->machine, name, options + (*options != '\0'), on_loaded, call);
    return TRUE;
}

/* "'gtk', 'vnc1'": of all, or of those that are called `name`. */
static char *open_ids(Machine *machine, const char *name)
{
    g_autoptr(GString) ids = g_string_new(NULL);

    for (guint i = 0; machine->frontends && i < machine->frontends->len; i++) {
        const Frontend *frontend = g_ptr_array_index(machine->frontends, i);

        if (!name || !strcmp(frontend->ops->name, name)) {
            g_string_append_printf(ids, "%s'%s'", ids->len ? ", " : "", frontend->id);
        }
    }
    return g_string_free(g_steal_pointer(&ids), FALSE);
}

gboolean cmd_display_del(CommandCall *call, GError **error)
{
    const char *id = command_string(call, "id");
    Frontend *frontend = frontend_find(call->machine, id);
    g_autofree char *open = open_ids(call->machine, NULL);
    g_autofree char *same = open_ids(call->machine, id);

    if (!frontend) {
        return error_set(error, "no frontend '%s' is open (%s%s)", id, *open ? "open: " : "none is",
                         open);
    }
    /* By a name that several have it would be a matter of luck. */
    if (strcmp(frontend->id, id) != 0 && strchr(same, ',')) {
        return error_set(error, "several frontends are '%s': name one by its id (%s)", id, same);
    }
    /* The command may have come through this very frontend's console. */
    frontend_request_close(frontend, NULL);
    return TRUE;
}

static void print_listener(const DisplayListenerOps *ops, gboolean active, guint max_hz,
                           void *opaque)
{
    g_string_append_printf(opaque, "    %s: %s, up to %u Hz\n", ops->name ? ops->name : "unnamed",
                           active ? "active" : "inactive", max_hz);
}

static void print_display(Display *display, GString *out)
{
    const Surface *surface = display_surface(display);
    DisplayStats stats;

    display_stats(display, &stats);
    g_string_append_printf(
        out, "%s: %ux%u, clock %s, %" G_GUINT64_FORMAT " scans, %" G_GUINT64_FORMAT " frames\n",
        display_name(display), surface->width, surface->height,
        stats.clock_running ? "running" : "stopped", stats.scans, stats.frames);
    display_foreach_listener(display, print_listener, out);
}

/* Its own words, moved to the right. */
static void print_info(Frontend *frontend, GString *out)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_auto(GStrv) lines = NULL;

    frontend->ops->info(frontend, text);
    lines = g_strsplit(text->str, "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        if (*lines[i]) {
            g_string_append_printf(out, "    %s\n", lines[i]);
        }
    }
}

gboolean cmd_info_display(CommandCall *call, GError **error)
{
    GPtrArray *displays = call->machine->displays;
    GPtrArray *frontends = call->machine->frontends;

    if (!displays || displays->len == 0) {
        g_string_append(call->out, "The machine has no display\n");
    }
    for (guint i = 0; displays && i < displays->len; i++) {
        print_display(g_ptr_array_index(displays, i), call->out);
    }
    for (guint i = 0; frontends && i < frontends->len; i++) {
        Frontend *frontend = g_ptr_array_index(frontends, i);

        g_string_append_printf(call->out, "frontend %s: %s, %s\n", frontend->id,
                               frontend->ops->name,
                               frontend_is_closing(frontend) ? "closing" : "open");
        if (frontend->ops->info) {
            print_info(frontend, call->out);
        }
    }
    return TRUE;
}

gboolean cmd_info_of_frontend(CommandCall *call, GError **error)
{
    if (!info_print_topic(call->machine, call->command->name, call->out)) {
        gboolean spice = g_str_equal(call->command->name, "spice");

        g_string_append(call->out, spice ? "Server: disabled\n" : "None\n");
    }
    return TRUE;
}

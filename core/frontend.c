/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/frontend.h"

#include <string.h>

#include "core/error.h"
#include "core/log.h"

struct FrontendWatch {
    FrontendWatchFn fn;
    void *opaque;
};

/* ---- those who want to know ---- */

FrontendWatch *frontend_watch(Machine *machine, FrontendWatchFn fn, void *opaque)
{
    FrontendWatch *watch = g_new(FrontendWatch, 1);

    *watch = (FrontendWatch){fn, opaque};
    if (!machine->frontend_watches) {
        machine->frontend_watches = g_ptr_array_new();
    }
    g_ptr_array_add(machine->frontend_watches, watch);
    return watch;
}

void frontend_unwatch(Machine *machine, FrontendWatch *watch)
{
    if (watch) {
        g_ptr_array_remove(machine->frontend_watches, watch);
        g_free(watch);
    }
}

/* Watches may come and go in the calls: a snapshot is walked, and the gone are skipped. */
static void tell(Frontend *frontend, gboolean is_open)
{
    GPtrArray *watches = frontend->machine->frontend_watches;
    g_autoptr(GPtrArray) present = watches ? g_ptr_array_copy(watches, NULL, NULL) : NULL;

    for (guint i = 0; present && i < present->len; i++) {
        FrontendWatch *watch = g_ptr_array_index(present, i);

        if (g_ptr_array_find(watches, watch, NULL)) {
            watch->fn(frontend, is_open, frontend->close_why, watch->opaque);
        }
    }
}

/* ---- opening ---- */

/* "vnc", then "vnc1", "vnc2"... */
static char *unused_id(Machine *machine, const char *name)
{
    char *id = g_strdup(name);

    for (guint n = 1; frontend_find(machine, id); n++) {
        g_free(id);
        id = g_strdup_printf("%s%u", name, n);
    }
    return id;
}

static void frontend_free(Frontend *frontend)
{
    if (frontend->ops->options) {
        options_clear(frontend->ops->options, frontend);
    }
    deferred_free(frontend->close_request);
    g_free(frontend->close_why);
    g_free(frontend->id);
    g_free(frontend);
}

/* Sets the options and the id. */
static gboolean configure(Frontend *frontend, const char *text, GError **error)
{
    const FrontendOps *ops = frontend->ops;
    g_autoptr(OptionList) list = option_list_parse(text ? text : "", ops->implied_option, error);

    if (!list) {
        return FALSE;
    }
    if (ops->options) {
        options_set_defaults(ops->options, frontend);
    }
    if (!ops->options || !options_find(ops->options, "id")) {
        frontend->id = option_list_take(list, "id");
    }
    if (frontend->id && frontend_find(frontend->machine, frontend->id)) {
        return error_set(error,
                         "there is a frontend '%s' already; choose another id=", frontend->id);
    }
    if (!frontend->id) {
        frontend->id = unused_id(frontend->machine, ops->name);
    }
    if (ops->options && !options_apply(ops->options, frontend, list, error)) {
        return FALSE;
    }
    return option_list_check_used(list, ops->name, error);
}

/* TRUE if its options say where to show itself: the process's environment does not matter then. */
static gboolean has_place(const Frontend *frontend)
{
    static const char *const names[] = {"display", "tty"};

    for (guint i = 0; frontend->ops->options && i < G_N_ELEMENTS(names); i++) {
        g_autofree char *value = options_find(frontend->ops->options, names[i])
                                     ? options_get(frontend->ops->options, frontend, names[i])
                                     : NULL;

        if (value && *value) {
            return TRUE;
        }
    }
    return FALSE;
}

Frontend *frontend_open(Machine *machine, const FrontendOps *ops, const char *options,
                        GError **error)
{
    Frontend *frontend;

    if (machine->ending) { /* its module was being loaded until now */
        error_set(error, "the machine ends");
        return NULL;
    }
    g_assert(ops->abi == FRONTEND_ABI && ops->size >= sizeof(Frontend));
    g_assert(ops->probe && ops->open && ops->close);
    frontend = g_malloc0(ops->size);
    frontend->ops = ops;
    frontend->machine = machine;
    if (!configure(frontend, options, error) || (!has_place(frontend) && !ops->probe(error)) ||
        !ops->open(frontend, error)) {
        frontend_free(frontend);
        return NULL;
    }
    g_ptr_array_add(machine->frontends, frontend);
    tell(frontend, TRUE);
    return frontend;
}

Frontend *frontend_open_text(Machine *machine, const char *text, GError **error)
{
    gsize end = strcspn(text, "=,");
    g_autofree char *name = g_strndup(text, end);

    if (!machine->open_frontend) {
        error_set(error, "frontends cannot be loaded here");
        return NULL;
    }
    return machine->open_frontend(machine, name, text[end] ? text + end + 1 : NULL,
                                  machine->open_frontend_opaque, error);
}

/* ---- loading ---- */

typedef struct Load {
    Machine *machine;
    char *name, *options;
    const FrontendOps *ops;
    GError *error;
    void (*done)(const FrontendOps *ops, const GError *error, void *opaque);
    void *opaque;
} Load;

static void load_in_worker(void *opaque)
{
    Load *load = opaque;

    load->ops = load->machine->load_frontend(load->name, &load->error);
    if (load->ops && load->ops->reach && load->options &&
        !load->ops->reach(load->options, &load->error)) {
        load->ops = NULL;
    }
}

static void load_done(void *opaque)
{
    Load *load = opaque;

    load->done(load->ops, load->error, load->opaque);
    g_clear_error(&load->error);
    g_free(load->name);
    g_free(load->options);
    g_free(load);
}

void frontend_load(Machine *machine, const char *name, const char *options,
                   void (*done)(const FrontendOps *ops, const GError *error, void *opaque),
                   void *opaque)
{
    Load *load = g_new0(Load, 1);

    *load = (Load){.machine = machine,
                   .name = g_strdup(name),
                   .options = g_strdup(options),
                   .done = done,
                   .opaque = opaque};
    if (machine->load_frontend) {
        worker_submit(machine->workers, load_in_worker, load_done, load);
    } else {
        error_set(&load->error, "frontends cannot be loaded here");
        load_done(load);
    }
}

/* ---- closing ---- */

void frontend_close(Frontend *frontend)
{
    if (frontend->close_request) {
        deferred_cancel(frontend->close_request);
    }
    tell(frontend, FALSE);
    g_ptr_array_remove(frontend->machine->frontends, frontend);
    frontend->ops->close(frontend);
    frontend_free(frontend);
}

static void run_close_request(void *opaque)
{
    Frontend *frontend = opaque;

    if (frontend->close_why) {
        report_warning("%s: %s; the machine goes on without it", frontend->id, frontend->close_why);
    }
    frontend_close(frontend);
}

void frontend_request_close(Frontend *frontend, const char *why)
{
    if (frontend_is_closing(frontend)) {
        return;
    }
    frontend->close_why = g_strdup(why);
    frontend->close_request = deferred_new(frontend->machine->loop, run_close_request, frontend);
    deferred_schedule(frontend->close_request);
}

gboolean frontend_is_closing(const Frontend *frontend)
{
    return frontend->close_request != NULL;
}

Frontend *frontend_find(Machine *machine, const char *id_or_name)
{
    for (guint i = 0; i < machine->frontends->len; i++) {
        Frontend *frontend = g_ptr_array_index(machine->frontends, i);

        if (!strcmp(frontend->id, id_or_name)) {
            return frontend;
        }
    }
    for (guint i = 0; i < machine->frontends->len; i++) {
        Frontend *frontend = g_ptr_array_index(machine->frontends, i);

        if (!strcmp(frontend->ops->name, id_or_name)) {
            return frontend;
        }
    }
    return NULL;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/frontend.h"

#include <string.h>

#include "core/error.h"

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

Frontend *frontend_open(Machine *machine, const FrontendOps *ops, const char *options,
                        GError **error)
{
    Frontend *frontend;

    g_assert(ops->abi == FRONTEND_ABI && ops->size >= sizeof(Frontend));
    g_assert(ops->probe && ops->open && ops->close);
    frontend = g_malloc0(ops->size);
    frontend->ops = ops;
    frontend->machine = machine;
    if (!configure(frontend, options, error) || !ops->probe(error) || !ops->open(frontend, error)) {
        frontend_free(frontend);
        return NULL;
    }
    g_ptr_array_add(machine->frontends, frontend);
    return frontend;
}

void frontend_close(Frontend *frontend)
{
    g_ptr_array_remove(frontend->machine->frontends, frontend);
    frontend->ops->close(frontend);
    frontend_free(frontend);
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

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/backend.h"

#include <string.h>

#include "core/backend-priv.h"
#include "core/error.h"
#include "core/object.h"

const BackendOps *const backend_types[] = {
    &memory_file_ops,
    &memory_memfd_ops,
    &memory_ram_ops,
    &rng_builtin_ops,
    &rng_random_ops,
    &secret_ops,
    NULL,
};

const BackendOps *backend_type_find(const char *name)
{
    for (guint i = 0; backend_types[i]; i++) {
        if (!strcmp(backend_types[i]->name, name)) {
            return backend_types[i];
        }
    }
    return NULL;
}

void backend_help(const BackendOps *ops, GString *out)
{
    g_string_append(out, ops ? ops->name : "List of user creatable objects");
    g_string_append(out, ops ? " options:\n" : ":\n");
    options_help(ops ? ops->options : NULL, out);
    for (guint i = 0; !ops && backend_types[i]; i++) {
        g_string_append_printf(out, "  %-21s %s\n", backend_types[i]->name,
                               backend_types[i]->summary);
    }
}

/* ---- making ---- */

static void backend_free(Backend *backend)
{
    if (backend->ops->close) {
        backend->ops->close(backend);
    }
    options_clear(backend->ops->options, backend);
    g_free(backend->id);
    g_free(backend);
}

static gboolean check_new_id(Machine *machine, const char *id, GError **error)
{
    if (!id) {
        return error_set(error, "Parameter 'id' is missing");
    }
    if (!option_check_id(id, error)) {
        return FALSE;
    }
    return !backend_find(machine, id) || error_set(error, "there is already an object '%s'", id);
}

static const BackendOps *choose_type(const char *name, GError **error)
{
    const BackendOps *ops = name ? backend_type_find(name) : NULL;

    if (!name) {
        error_set(error, "Parameter 'qom-type' is missing");
    } else if (!ops) {
        error_set(error, "Parameter 'qom-type' does not accept value '%s' (see `-object help`)",
                  name);
    }
    return ops;
}

/* Options are set; nothing is loaded yet. */
static Backend *prepare(Machine *machine, OptionList *options, GError **error)
{
    g_autofree char *type = option_list_take(options, "qom-type");
    g_autofree char *id = option_list_take(options, "id");
    const BackendOps *ops = choose_type(type, error);
    g_autofree char *what = g_strdup_printf("object type %s", type);
    Backend *backend;

    if (!ops || !check_new_id(machine, id, error)) {
        return NULL;
    }
    g_assert(ops->size >= sizeof(Backend));
    backend = g_malloc0(ops->size);
    backend->ops = ops;
    backend->machine = machine;
    backend->id = g_steal_pointer(&id);
    options_set_defaults(ops->options, backend);
    if (!options_apply(ops->options, backend, options, error) ||
        !option_list_check_used(options, what, error)) {
        options_clear(ops->options, backend);
        g_free(backend->id);
        g_clear_pointer(&backend, g_free);
    }
    return backend;
}

/* Takes the backend, which has been loaded. */
static Backend *finish(Backend *backend, gboolean loaded, GError **error)
{
    Machine *machine = backend->machine;

    /* Another may have come in the meantime. */
    if (!loaded || !check_new_id(machine, backend->id, error) ||
        (backend->ops->open && !backend->ops->open(backend, error))) {
        backend_free(backend);
        return NULL;
    }
    g_ptr_array_add(machine->backends, backend);
    return backend;
}

Backend *backend_add(Machine *machine, OptionList *options, GError **error)
{
    Backend *backend = prepare(machine, options, error);

    return backend
               ? finish(backend, !backend->ops->load || backend->ops->load(backend, error), error)
               : NULL;
}

typedef struct Load {
    Backend *backend;
    gboolean loaded;
    GError *error;
    void (*done)(Backend *backend, const GError *error, void *opaque);
    void *opaque;
} Load;

static void load_in_worker(void *opaque)
{
    Load *load = opaque;

    load->loaded = load->backend->ops->load(load->backend, &load->error);
}

static void load_done(void *opaque)
{
    Load *load = opaque;
    Backend *backend = finish(load->backend, load->loaded, &load->error);

    load->done(backend, load->error, load->opaque);
    g_clear_error(&load->error);
    g_free(load);
}

void backend_add_later(Machine *machine, OptionList *options,
                       void (*done)(Backend *backend, const GError *error, void *opaque),
                       void *opaque)
{
    g_autoptr(GError) error = NULL;
    Backend *backend = prepare(machine, options, &error);
    Load *load;

    if (!backend) {
        done(NULL, error, opaque);
        return;
    }
    load = g_new0(Load, 1);
    *load = (Load){backend, TRUE, NULL, done, opaque};
    if (backend->ops->load) {
        worker_submit(machine->workers, load_in_worker, load_done, load);
    } else {
        load_done(load);
    }
}

/* ---- typed members ---- */

static char *take_text(GVariantDict *dict, const char *name, gboolean *good, GError **error)
{
    g_autoptr(GVariant) value = g_variant_dict_lookup_value(dict, name, NULL);

    if (value && !g_variant_is_of_type(value, G_VARIANT_TYPE_STRING)) {
        *good = error_set(error, "Invalid parameter type for '%s', expected: string", name);
        return NULL;
    }
    return value ? g_variant_dup_string(value, NULL) : NULL;
}

static gboolean add_members(OptionList *list, const BackendOps *ops, GVariant *members,
                            GError **error)
{
    GVariantIter iter;
    const char *name;
    GVariant *value;
    gboolean good = TRUE;

    g_variant_iter_init(&iter, members);
    while (good && g_variant_iter_next(&iter, "{&sv}", &name, &value)) {
        const OptionSpec *spec = options_find(ops->options, name);

        if (spec) {
            good = option_list_add_value(list, spec, value, error);
        } else if (strcmp(name, "qom-type") && strcmp(name, "id")) {
            good = error_set(error, "Parameter '%s' is unexpected", name);
        }
        g_variant_unref(value);
    }
    return good;
}

OptionList *backend_options_from_members(GVariant *members, GError **error)
{
    g_autoptr(OptionList) list = option_list_new();
    g_autoptr(GVariantDict) dict = g_variant_dict_new(members);
    gboolean good = TRUE;
    g_autofree char *type = take_text(dict, "qom-type", &good, error);
    g_autofree char *id = good ? take_text(dict, "id", &good, error) : NULL;
    const BackendOps *ops = good ? choose_type(type, error) : NULL;

    if (!ops || !add_members(list, ops, members, error)) {
        return NULL;
    }
    option_list_add(list, "qom-type", type);
    if (id) {
        option_list_add(list, "id", id);
    }
    return g_steal_pointer(&list);
}

/* ---- finding and removing ---- */

Backend *backend_find(Machine *machine, const char *id)
{
    for (guint i = 0; i < machine->backends->len; i++) {
        Backend *backend = g_ptr_array_index(machine->backends, i);

        if (!strcmp(backend->id, id)) {
            return backend;
        }
    }
    return NULL;
}

gboolean backend_remove(Backend *backend, GError **error)
{
    if (backend->users) {
        return error_set(error, "object '%s' is in use, can not be deleted", backend->id);
    }
    g_ptr_array_remove(backend->machine->backends, backend);
    backend_free(backend);
    return TRUE;
}

void backends_free(Machine *machine)
{
    for (guint i = machine->backends->len; i-- > 0;) {
        backend_free(g_ptr_array_index(machine->backends, i));
    }
    g_ptr_array_unref(machine->backends);
}

Backend *backend_claim(Machine *machine, const char *id, const char *type, GError **error)
{
    Backend *backend = backend_find(machine, id);

    if (!backend) {
        g_set_error(error, VITRINE_ERROR, VITRINE_ERROR_DEVICE_NOT_FOUND,
                    "Device '%s' not found: no such object (-object makes them)", id);
        return NULL;
    }
    if (!object_type_is(machine, backend->ops->name, type)) {
        error_set(error, "object '%s' is a %s; a %s is needed", id, backend->ops->name, type);
        return NULL;
    }
    backend->users++;
    return backend;
}

void backend_release(Backend *backend)
{
    if (backend) {
        g_assert(backend->users > 0);
        backend->users--;
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Paths, and what all kinds of objects have in common: see object.h. */
#include "core/object.h"

#include <string.h>

#include "core/error.h"

struct ObjectVisit {
    const Object *object;
    ObjectPropertyFn fn;
    void *opaque;
    gboolean over; /* fn has had enough */
};

/* ---- properties ---- */

static void report(ObjectVisit *visit, const ObjectProperty *property)
{
    if (!visit->over) {
        visit->over = !visit->fn(property, visit->opaque);
    }
}

void object_visit_value(ObjectVisit *visit, const char *name, const char *type, const char *help,
                        GVariant *value)
{
    g_autoptr(GVariant) owned = value ? g_variant_ref_sink(value) : NULL;

    report(visit, &(ObjectProperty){name, type, help, owned});
}

void object_visit_options(ObjectVisit *visit, const OptionSpec *options, const void *part)
{
    for (const OptionSpec *spec = options; spec && spec->name; spec++) {
        object_visit_value(visit, spec->name, option_type(spec), spec->help,
                           option_value(spec, part));
    }
}

static void visit_object(ObjectVisit *visit, const char *name, const Object *object,
                         gboolean is_child)
{
    g_autofree char *type = object_type(object);
    g_autofree char *full = g_strdup_printf("%s<%s>", is_child ? "child" : "link", type);

    report(visit, &(ObjectProperty){name, full, NULL, NULL, *object, is_child});
}

void object_visit_child(ObjectVisit *visit, const char *name, Object child)
{
    visit_object(visit, name, &child, TRUE);
}

void object_visit_link(ObjectVisit *visit, const char *name, Object target)
{
    visit_object(visit, name, &target, FALSE);
}

char *object_type(const Object *object)
{
    return object->ops->type(object);
}

void object_foreach_property(const Object *object, ObjectPropertyFn fn, void *opaque)
{
    ObjectVisit visit = {object, fn, opaque};
    g_autofree char *type = object_type(object);

    object_visit_value(&visit, "type", "string", NULL, g_variant_new_string(type));
    object->ops->visit(object, &visit);
}

char *object_path(const Object *object)
{
    g_autoptr(GString) path = g_string_new(NULL);

    for (Object at = *object; at.ops->parent;) {
        g_autofree char *name = NULL;

        at = at.ops->parent(&at, &name);
        g_string_prepend(path, name);
        g_string_prepend_c(path, '/');
    }
    return g_strdup(path->len ? path->str : "/");
}

/* ---- getting and setting ---- */

typedef struct Search {
    const char *name;
    gsize length;
    gboolean found;
    Object object;
    GVariant *value;
} Search;

static gboolean match(const ObjectProperty *property, void *opaque)
{
    Search *search = opaque;

    if (strncmp(property->name, search->name, search->length) != 0 ||
        property->name[search->length]) {
        return TRUE;
    }
    search->found = TRUE;
    search->object = property->object;
    search->value = property->value ? g_variant_ref(property->value) : NULL;
    return FALSE;
}

static gboolean find_property(const Object *object, Search *search, GError **error)
{
    object_foreach_property(object, match, search);
    if (!search->found) {
        g_autofree char *type = object_type(object);

        return error_set(error, "Property '%s.%s' not found", type, search->name);
    }
    return TRUE;
}

GVariant *object_get(const Object *object, const char *name, GError **error)
{
    Search search = {name, strlen(name)};

    if (!find_property(object, &search, error)) {
        return NULL;
    }
    if (search.object.ops) {
        g_autofree char *path = object_path(&search.object);

        return g_variant_ref_sink(g_variant_new_string(path));
    }
    return search.value;
}

gboolean object_refuse_set(const Object *object, const char *name, GError **error)
{
    g_autofree char *type = object_type(object);

    return error_set(error, "Property '%s.%s' is not writable", type, name);
}

gboolean object_set(const Object *object, const char *name, GVariant *value, GError **error)
{
    Search search = {name, strlen(name)};
    g_autoptr(GVariant) present = NULL;

    if (!find_property(object, &search, error)) {
        return FALSE;
    }
    present = search.value;
    if (search.object.ops || !object->ops->set || !strcmp(name, "type")) {
        return object_refuse_set(object, name, error);
    }
    return object->ops->set(object, name, value, error);
}

gboolean object_set_option(const Object *object, const OptionSpec *options, void *part,
                           const char *name, GVariant *value, GError **error)
{
    const OptionSpec *spec = options_find(options, name);

    return spec && spec->live ? option_set_value(spec, part, value, error)
                              : object_refuse_set(object, name, error);
}

/* ---- paths ---- */

/* Follows `path` down from `*object`; links are followed, too. */
static gboolean walk(Object *object, const char *path)
{
    while (*path) {
        gsize length = strcspn(path, "/");
        Search search = {path, length};

        if (length) {
            object_foreach_property(object, match, &search);
            g_clear_pointer(&search.value, g_variant_unref);
            if (!search.object.ops) {
                return FALSE;
            }
            *object = search.object;
        }
        path += length + (path[length] == '/');
    }
    return TRUE;
}

typedef struct PartialSearch {
    const char *path;
    guint matches;
    Object object;
} PartialSearch;

static gboolean search_below(const ObjectProperty *property, void *opaque);

static void search_at(const Object *object, PartialSearch *search)
{
    Object found = *object;

    if (walk(&found, search->path)) {
        search->object = found;
        search->matches++;
    }
    if (search->matches < 2) {
        object_foreach_property(object, search_below, search);
    }
}

static gboolean search_below(const ObjectProperty *property, void *opaque)
{
    PartialSearch *search = opaque;

    if (property->is_child) {
        search_at(&property->object, search);
    }
    return search->matches < 2;
}

gboolean object_resolve(Machine *machine, const char *path, Object *object, GError **error)
{
    PartialSearch search = {path};

    *object = object_root(machine);
    if (path[0] == '/') {
        search.matches = walk(object, path);
    } else {
        search_at(object, &search);
        *object = search.object;
    }
    if (search.matches == 1) {
        return TRUE;
    }
    if (search.matches > 1) {
        return error_set(error, "Path '%s' is ambiguous", path);
    }
    g_set_error(error, VITRINE_ERROR, VITRINE_ERROR_DEVICE_NOT_FOUND, "Device '%s' not found",
                path);
    return FALSE;
}

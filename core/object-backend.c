/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands behind the machine in the object tree: backends, character devices, displays and the
 * frontends that show them. */
#include "core/backend.h"
#include "core/char.h"
#include "core/display.h"
#include "core/error.h"
#include "core/frontend.h"
#include "core/object.h"

/* ---- /objects ---- */

static char *backend_type(const Object *object)
{
    return g_strdup(((Backend *)object->part)->ops->name);
}

static Object backend_parent(const Object *object, char **name)
{
    *name = g_strdup(((Backend *)object->part)->id);
    return object_container(object->machine, CONTAINER_OBJECTS);
}

static void backend_visit(const Object *object, ObjectVisit *visit)
{
    Backend *backend = object->part;

    object_visit_options(visit, backend->ops->options, backend);
}

static gboolean backend_set(const Object *object, const char *name, GVariant *value, GError **error)
{
    return error_set(error, "Property '%s' can no longer be set", name);
}

static const ObjectOps backend_object_ops = {
    .type = backend_type, .parent = backend_parent, .visit = backend_visit, .set = backend_set};

void object_visit_backends(Machine *machine, ObjectVisit *visit)
{
    for (guint i = 0; i < machine->backends->len; i++) {
        Backend *backend = g_ptr_array_index(machine->backends, i);

        object_visit_child(visit, backend->id, (Object){&backend_object_ops, machine, backend});
    }
}

/* ---- /chardevs ---- */

static char *chardev_type(const Object *object)
{
    return g_strconcat("chardev-", ((Chardev *)object->part)->ops->name, NULL);
}

static Object chardev_parent(const Object *object, char **name)
{
    *name = g_strdup(((Chardev *)object->part)->id);
    return object_container(object->machine, CONTAINER_CHARDEVS);
}

static void chardev_visit(const Object *object, ObjectVisit *visit)
{
    Chardev *chr = object->part;

    object_visit_options(visit, chr->ops->options, chr);
    object_visit_value(visit, "connected", "bool", "a peer is there",
                       g_variant_new_boolean(chr->connected));
}

static const ObjectOps chardev_object_ops = {
    .type = chardev_type, .parent = chardev_parent, .visit = chardev_visit};

typedef struct ChardevVisit {
    ObjectVisit *visit;
    Machine *machine;
} ChardevVisit;

static void visit_chardev(Chardev *chr, void *opaque)
{
    ChardevVisit *in = opaque;

    object_visit_child(in->visit, chr->id, (Object){&chardev_object_ops, in->machine, chr});
}

void object_visit_chardevs(Machine *machine, ObjectVisit *visit)
{
    ChardevVisit in = {visit, machine};

    chardev_foreach(machine, visit_chardev, &in);
}

/* ---- /backend: displays ---- */

static char *display_type(const Object *object)
{
    return g_strdup("qemu-console");
}

static Object display_parent(const Object *object, char **name)
{
    *name = g_strdup_printf("console[%u]", object->index);
    return object_container(object->machine, CONTAINER_BACKEND);
}

static void display_visit(const Object *object, ObjectVisit *visit)
{
    Display *display = g_ptr_array_index(object->machine->displays, object->index);
    const Surface *surface = display_surface(display);

    object_visit_value(visit, "device-name", "string", "what shows it",
                       g_variant_new_string(display_name(display)));
    object_visit_value(visit, "width", "uint32", "of the picture, in pixels",
                       g_variant_new_uint64(surface->width));
    object_visit_value(visit, "height", "uint32", "of the picture, in pixels",
                       g_variant_new_uint64(surface->height));
}

static const ObjectOps display_object_ops = {
    .type = display_type, .parent = display_parent, .visit = display_visit};

/* ---- /backend: frontends ---- */

static char *frontend_type(const Object *object)
{
    return g_strconcat("frontend-", ((Frontend *)object->part)->ops->name, NULL);
}

static Object frontend_parent(const Object *object, char **name)
{
    *name = g_strdup(((Frontend *)object->part)->id);
    return object_container(object->machine, CONTAINER_BACKEND);
}

/* A password that was given as an option is nobody's business. */
static void frontend_visit(const Object *object, ObjectVisit *visit)
{
    Frontend *frontend = object->part;

    for (const OptionSpec *spec = frontend->ops->options; spec && spec->name; spec++) {
        gboolean secret = spec->type == OPTION_STRING && g_str_has_suffix(spec->name, "password");

        object_visit_value(visit, spec->name, option_type(spec), spec->help,
                           secret ? g_variant_new_string("") : option_value(spec, frontend));
    }
}

static gboolean frontend_set(const Object *object, const char *name, GVariant *value,
                             GError **error)
{
    Frontend *frontend = object->part;

    if (!object_set_option(object, frontend->ops->options, frontend, name, value, error)) {
        return FALSE;
    }
    frontend->ops->option_changed(frontend, name);
    return TRUE;
}

static const ObjectOps frontend_object_ops = {
    .type = frontend_type, .parent = frontend_parent, .visit = frontend_visit, .set = frontend_set};

void object_visit_displays(Machine *machine, ObjectVisit *visit)
{
    for (guint i = 0; i < machine->displays->len; i++) {
        g_autofree char *name = g_strdup_printf("console[%u]", i);

        object_visit_child(visit, name, (Object){&display_object_ops, machine, NULL, i});
    }
    for (guint i = 0; i < machine->frontends->len; i++) {
        Frontend *frontend = g_ptr_array_index(machine->frontends, i);

        object_visit_child(visit, frontend->id, (Object){&frontend_object_ops, machine, frontend});
    }
}

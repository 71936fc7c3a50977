/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices, buses and processors in the object tree. */
#include <string.h>

#include "core/error.h"
#include "core/hotplug.h"
#include "core/object.h"

/* ---- buses ---- */

static char *bus_type(const Object *object)
{
    return g_strdup(((Bus *)object->part)->ops->kind);
}

/* Those of the board belong to no device of the tree; its first one has QEMU's name. */
static char *name_of_board_bus(Machine *machine, Bus *bus)
{
    return g_strdup(bus == g_ptr_array_index(machine->root->buses, 0) ? "sysbus" : bus->name);
}

static Object bus_parent(const Object *object, char **name)
{
    Bus *bus = object->part;

    if (bus->parent == object->machine->root) {
        *name = name_of_board_bus(object->machine, bus);
        return object_container(object->machine, CONTAINER_UNATTACHED);
    }
    *name = g_strdup(bus->name);
    return object_of_device(bus->parent);
}

static void bus_visit(const Object *object, ObjectVisit *visit)
{
    Bus *bus = object->part;

    object_visit_value(visit, "realized", "bool", NULL, g_variant_new_boolean(TRUE));
    for (guint i = 0; i < bus->children->len; i++) {
        Device *dev = g_ptr_array_index(bus->children, i);
        g_autofree char *name = g_strdup_printf("child[%u]", dev->bus_number);

        object_visit_link(visit, name, object_of_device(dev));
    }
}

static const ObjectOps bus_object_ops = {
    .type = bus_type, .parent = bus_parent, .visit = bus_visit};

Object object_of_bus(Machine *machine, Bus *bus)
{
    return (Object){&bus_object_ops, machine, bus};
}

/* ---- devices ---- */

static gboolean is_part(const Device *dev)
{
    return !dev->by_user && !dev->id && dev->ops->part;
}

static ObjectContainer container_of(const Device *dev)
{
    if (dev->id) {
        return CONTAINER_PERIPHERAL;
    }
    return dev->by_user ? CONTAINER_PERIPHERAL_ANON : CONTAINER_UNATTACHED;
}

static char *device_name(const Device *dev)
{
    Machine *machine = dev->machine;

    if (dev->id) {
        return g_strdup(dev->id);
    }
    /* Processors come first among what the board made. */
    return g_strdup_printf("device[%u]",
                           dev->number + (dev->by_user ? 0 : (guint)machine->vcpus->len));
}

static char *device_type(const Object *object)
{
    return g_strdup(((Device *)object->part)->ops->name);
}

static Object device_parent(const Object *object, char **name)
{
    Device *dev = object->part;

    if (is_part(dev)) {
        Device *owner = dev->bus->parent;

        *name = g_strdup(dev->ops->part);
        return owner == dev->machine->root ? object_of_machine(dev->machine)
                                           : object_of_device(owner);
    }
    *name = device_name(dev);
    return object_container(dev->machine, container_of(dev));
}

/* Parts of `owner` that are plugged into its bus. */
static void visit_parts(Device *owner, Bus *bus, ObjectVisit *visit)
{
    for (guint i = 0; i < bus->children->len; i++) {
        Device *dev = g_ptr_array_index(bus->children, i);

        if (is_part(dev)) {
            object_visit_child(visit, dev->ops->part, object_of_device(dev));
        }
    }
}

static void visit_place(Device *dev, ObjectVisit *visit)
{
    Bus *bus = dev->bus;

    object_visit_link(visit, "parent_bus", object_of_bus(dev->machine, bus));
    for (const OptionSpec *spec = bus->ops->place_options; spec && spec->name; spec++) {
        object_visit_value(visit, spec->name, option_type(spec), spec->help,
                           bus->ops->get_place(bus, dev, spec));
    }
}

static void device_visit(const Object *object, ObjectVisit *visit)
{
    Device *dev = object->part;

    object_visit_value(visit, "realized", "bool", NULL, g_variant_new_boolean(dev->realized));
    object_visit_value(visit, "hotplugged", "bool", NULL, g_variant_new_boolean(dev->hotplugged));
    object_visit_value(visit, "hotpluggable", "bool", NULL,
                       g_variant_new_boolean(device_is_hotpluggable(dev)));
    if (dev->bus) {
        visit_place(dev, visit);
    }
    object_visit_options(visit, dev->ops->options, dev);
    for (const DeviceProperty *p = dev->ops->properties; p && p->name; p++) {
        object_visit_value(visit, p->name, p->type, p->help, p->get(dev));
    }
    for (guint i = 0; i < dev->buses->len; i++) {
        Bus *bus = g_ptr_array_index(dev->buses, i);

        object_visit_child(visit, bus->name, object_of_bus(dev->machine, bus));
        visit_parts(dev, bus, visit);
    }
}

static const DeviceProperty *find_property(const Device *dev, const char *name)
{
    const DeviceProperty *property = dev->ops->properties;

    while (property && property->name && strcmp(property->name, name) != 0) {
        property++;
    }
    return property && property->name ? property : NULL;
}

static gboolean device_set(const Object *object, const char *name, GVariant *value, GError **error)
{
    Device *dev = object->part;
    const OptionSpec *spec = options_find(dev->ops->options, name);
    gboolean of_bus = dev->bus && dev->bus->ops->place_options &&
                      options_find(dev->bus->ops->place_options, name);
    const DeviceProperty *property = find_property(dev, name);

    if (property && property->set) {
        return property->set(dev, value, error);
    }
    if (spec && spec->live) {
        return option_set_value(spec, dev, value, error);
    }
    if (!spec && !of_bus) {
        return object_refuse_set(object, name, error);
    }
    return dev->id
               ? error_set(error,
                           "Attempt to set property '%s' on device '%s' (type '%s') after it was "
                           "realized",
                           name, dev->id, dev->ops->name)
               : error_set(error,
                           "Attempt to set property '%s' on anonymous device (type '%s') after it "
                           "was realized",
                           name, dev->ops->name);
}

static const ObjectOps device_object_ops = {
    .type = device_type, .parent = device_parent, .visit = device_visit, .set = device_set};

Object object_of_device(Device *dev)
{
    return dev == dev->machine->root ? object_of_machine(dev->machine)
                                     : (Object){&device_object_ops, dev->machine, dev};
}

Device *object_device(const Object *object)
{
    return object->ops == &device_object_ops ? object->part : NULL;
}

/* ---- processors ---- */

static char *cpu_type(const Object *object)
{
    const char *model = object->machine->cpu_model ? object->machine->cpu_model : "max";

    return g_strdup_printf("%.*s-x86_64-cpu", (int)strcspn(model, ","), model);
}

static Object cpu_parent(const Object *object, char **name)
{
    *name = g_strdup_printf("device[%u]", object->index);
    return object_container(object->machine, CONTAINER_UNATTACHED);
}

static void cpu_visit(const Object *object, ObjectVisit *visit)
{
    object_visit_value(visit, "realized", "bool", NULL, g_variant_new_boolean(TRUE));
    object_visit_value(visit, "hotplugged", "bool", NULL, g_variant_new_boolean(FALSE));
    object_visit_value(visit, "hotpluggable", "bool", NULL, g_variant_new_boolean(FALSE));
    object_visit_value(visit, "apic-id", "uint32", NULL, g_variant_new_uint64(object->index));
}

static const ObjectOps cpu_object_ops = {
    .type = cpu_type, .parent = cpu_parent, .visit = cpu_visit};

Object object_of_cpu(Machine *machine, guint index)
{
    return (Object){&cpu_object_ops, machine, NULL, index};
}

/* ---- their containers ---- */

typedef struct ContainerVisit {
    ObjectContainer container;
    ObjectVisit *visit;
} ContainerVisit;

static gboolean visit_if_in(Device *dev, void *opaque)
{
    ContainerVisit *in = opaque;

    if (dev != dev->machine->root && !is_part(dev) && container_of(dev) == in->container) {
        g_autofree char *name = device_name(dev);

        object_visit_child(in->visit, name, object_of_device(dev));
    }
    return TRUE;
}

void object_visit_devices(Machine *machine, ObjectContainer container, ObjectVisit *visit)
{
    ContainerVisit in = {container, visit};

    if (container == CONTAINER_UNATTACHED) {
        for (guint i = 0; machine->root && i < machine->root->buses->len; i++) {
            Bus *bus = g_ptr_array_index(machine->root->buses, i);
            g_autofree char *name = name_of_board_bus(machine, bus);

            object_visit_child(visit, name, object_of_bus(machine, bus));
        }
        for (guint i = 0; i < machine->vcpus->len; i++) {
            g_autofree char *name = g_strdup_printf("device[%u]", i);

            object_visit_child(visit, name, object_of_cpu(machine, i));
        }
    }
    device_foreach(machine->root, visit_if_in, &in);
}

void object_visit_machine_parts(Machine *machine, ObjectVisit *visit)
{
    for (guint i = 0; machine->root && i < machine->root->buses->len; i++) {
        visit_parts(machine->root, g_ptr_array_index(machine->root->buses, i), visit);
    }
}

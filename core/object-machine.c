/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine itself and the containers in the object tree. */
#include <string.h>

#include "core/board.h"
#include "core/object.h"

/* ---- /machine ---- */

static char *machine_type(const Object *object)
{
    const BoardOps *board = object->machine->board;

    return g_strconcat(board ? board->name : "none", "-machine", NULL);
}

static Object machine_parent(const Object *object, char **name)
{
    *name = g_strdup("machine");
    return object_root(object->machine);
}

static void visit_text(ObjectVisit *visit, const char *name, const char *help, const char *text)
{
    object_visit_value(visit, name, "string", help,
                       g_variant_new_take_string(g_utf8_make_valid(text ? text : "", -1)));
}

/* Of -m and -smp: as QEMU shows them. */
static void visit_size(const Machine *machine, ObjectVisit *visit)
{
    const BoardConfig *config = machine->board_config;

    object_visit_value(visit, "memory", "MemorySizeConfiguration", "-m",
                       g_variant_new_parsed("{'size': <%t>}", config->ram_size));
    object_visit_value(visit, "smp", "SMPConfiguration", "-smp",
                       g_variant_new_parsed(
                           "{'cpus': <%x>, 'maxcpus': <%x>, 'sockets': <%x>, 'dies': <%x>,"
                           " 'clusters': <%x>, 'cores': <%x>, 'threads': <%x>}",
                           (gint64)config->cpus, (gint64)MAX(config->cpus, config->max_cpus),
                           (gint64)MAX(config->topology.sockets, 1), (gint64)1, (gint64)1,
                           (gint64)(config->topology.cores ? config->topology.cores : config->cpus),
                           (gint64)MAX(config->topology.threads, 1)));
}

static void machine_visit(const Object *object, ObjectVisit *visit)
{
    Machine *machine = object->machine;
    const BoardConfig *config = machine->board_config;

    if (config) {
        visit_text(visit, "firmware", "-bios", config->bios);
        visit_text(visit, "kernel", "-kernel", config->kernel);
        visit_text(visit, "initrd", "-initrd", config->initrd);
        visit_text(visit, "append", "-append", config->append);
        object_visit_value(visit, "graphics", "bool", NULL,
                           g_variant_new_boolean(strcmp(config->vga, "none") != 0));
        visit_size(machine, visit);
    }
    object_visit_child(visit, "peripheral", object_container(machine, CONTAINER_PERIPHERAL));
    object_visit_child(visit, "peripheral-anon",
                       object_container(machine, CONTAINER_PERIPHERAL_ANON));
    object_visit_child(visit, "unattached", object_container(machine, CONTAINER_UNATTACHED));
    object_visit_machine_parts(machine, visit);
}

static const ObjectOps machine_object_ops = {
    .type = machine_type, .parent = machine_parent, .visit = machine_visit};

Object object_of_machine(Machine *machine)
{
    return (Object){&machine_object_ops, machine};
}

/* ---- containers ---- */

static const char *const container_names[CONTAINER_COUNT] = {
    [CONTAINER_OBJECTS] = "objects",
    [CONTAINER_CHARDEVS] = "chardevs",
    [CONTAINER_BACKEND] = "backend",
    [CONTAINER_PERIPHERAL] = "peripheral",
    [CONTAINER_PERIPHERAL_ANON] = "peripheral-anon",
    [CONTAINER_UNATTACHED] = "unattached",
};

static char *container_type(const Object *object)
{
    return g_strdup("container");
}

static Object container_parent(const Object *object, char **name)
{
    *name = g_strdup(container_names[object->index]);
    return object->index >= CONTAINER_PERIPHERAL ? object_of_machine(object->machine)
                                                 : object_root(object->machine);
}

static void container_visit(const Object *object, ObjectVisit *visit)
{
    switch ((ObjectContainer)object->index) {
    case CONTAINER_OBJECTS: object_visit_backends(object->machine, visit); break;
    case CONTAINER_CHARDEVS: object_visit_chardevs(object->machine, visit); break;
    case CONTAINER_BACKEND: object_visit_displays(object->machine, visit); break;
    default: object_visit_devices(object->machine, object->index, visit);
    }
}

static const ObjectOps container_object_ops = {
    .type = container_type, .parent = container_parent, .visit = container_visit};

/* The root: a container, and not a part of anything. */
static void root_visit(const Object *object, ObjectVisit *visit)
{
    object_visit_child(visit, "machine", object_of_machine(object->machine));
    for (ObjectContainer c = CONTAINER_OBJECTS; c <= CONTAINER_BACKEND; c++) {
        object_visit_child(visit, container_names[c], object_container(object->machine, c));
    }
}

static const ObjectOps root_object_ops = {.type = container_type, .visit = root_visit};

Object object_container(Machine *machine, ObjectContainer container)
{
    return (Object){container == CONTAINER_ROOT ? &root_object_ops : &container_object_ops, machine,
                    NULL, container};
}

Object object_root(Machine *machine)
{
    return object_container(machine, CONTAINER_ROOT);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The object tree: a view of all that a machine is made of, under paths, with typed properties. It
 * is what QMP's qom-* commands and `info qom-tree` show. The layout is QEMU's:
 *
 *   /machine                             the board
 *   /machine/peripheral/ID               devices that a user made and named,
 *   /machine/peripheral-anon/device[N]   ... and did not name
 *   /machine/unattached/device[N]        processors, then devices that the board made
 *   /machine/i440fx, DEVICE/ps2kbd       devices that are a part of another (DeviceOps.part)
 *   DEVICE/BUS                           the buses of a device
 *   /objects/ID, /chardevs/ID            backends (backend.h), character devices
 *   /backend/console[N], /backend/ID     displays, frontends
 *
 * Nothing is registered and nothing is kept: each kind of part has one ObjectOps (object-*.c) that
 * reads what is there anyway, and options tables (option.h) are the properties. An Object is a
 * reference, passed by value, good until something comes or goes. Vm lock held.
 */
#pragma once

#include <glib.h>

#include "core/machine.h"

typedef struct Object Object;
typedef struct ObjectOps ObjectOps;
typedef struct ObjectProperty ObjectProperty;
typedef struct ObjectVisit ObjectVisit;

struct Object {
    const ObjectOps *ops; /* NULL = no object */
    Machine *machine;
    void *part;  /* the struct that it is about; NULL for some kinds */
    guint index; /* of those that are counted */
};

struct ObjectProperty {
    const char *name;
    const char *type; /* "bool", "uint32", "str", "child<TYPE>", "link<TYPE>"... */
    const char *help; /* NULL = none */
    GVariant *value;  /* as it is now; of a child or a link: its path */
    Object object;    /* the child, or what is linked to; else without ops */
    gboolean is_child;
};

/* FALSE = enough. The property is valid during the call. */
typedef gboolean (*ObjectPropertyFn)(const ObjectProperty *property, void *opaque);

/* "/machine/peripheral/x", or the end of a path that is unique ("x", "i440fx/pci.0"). */
gboolean object_resolve(Machine *machine, const char *path, Object *object, GError **error);

char *object_path(const Object *object);
/* "VGA", "container"; g_free. */
char *object_type(const Object *object);

/* Type first, then values, then parts and links. */
void object_foreach_property(const Object *object, ObjectPropertyFn fn, void *opaque);

/* A property's value (not floating); NULL with an error if there is none of that name. */
GVariant *object_get(const Object *object, const char *name, GError **error);
/* Sets one that can be set at this time. */
gboolean object_set(const Object *object, const char *name, GVariant *value, GError **error);

/* To and from what it is about. */
Device *object_device(const Object *object); /* NULL = it is no device */
Object object_of_device(Device *dev);
Object object_root(Machine *machine);

/* ---- types ---- */

typedef gboolean (*ObjectTypeFn)(const char *name, const char *parent, gboolean is_abstract,
                                 void *opaque);

/* Every type that there can be, abstract ones too. */
void object_foreach_type(Machine *machine, ObjectTypeFn fn, void *opaque);

/* Is the type `name` of the kind `ancestor` ("pci-device", "user-creatable")? */
gboolean object_type_is(Machine *machine, const char *name, const char *ancestor);

/* What can be set when one is made; `value` is the default one then, NULL = none. FALSE = there is
 * no such type. */
gboolean object_foreach_option(Machine *machine, const char *type, ObjectPropertyFn fn,
                               void *opaque);

/* ---- for the kinds of parts (core/object-*.c) ---- */

struct ObjectOps {
    char *(*type)(const Object *object);
    /* What it is a part of, and its name there (g_free). NULL for the root alone. */
    Object (*parent)(const Object *object, char **name);
    /* Reports all but the type. */
    void (*visit)(const Object *object, ObjectVisit *visit);
    /* NULL = nothing can be set. Only for names that visit() has reported with a value. */
    gboolean (*set)(const Object *object, const char *name, GVariant *value, GError **error);
};

void object_visit_value(ObjectVisit *visit, const char *name, const char *type, const char *help,
                        GVariant *value); /* takes a floating value */
void object_visit_options(ObjectVisit *visit, const OptionSpec *options, const void *part);
void object_visit_child(ObjectVisit *visit, const char *name, Object child);
void object_visit_link(ObjectVisit *visit, const char *name, Object target);

/* "Property 'TYPE.NAME' is not writable". */
gboolean object_refuse_set(const Object *object, const char *name, GError **error);
/* Sets an option that is `live`; FALSE, with an error, for others. */
gboolean object_set_option(const Object *object, const OptionSpec *options, void *part,
                           const char *name, GVariant *value, GError **error);

typedef enum ObjectContainer {
    CONTAINER_ROOT,
    CONTAINER_OBJECTS,
    CONTAINER_CHARDEVS,
    CONTAINER_BACKEND,
    CONTAINER_PERIPHERAL,
    CONTAINER_PERIPHERAL_ANON,
    CONTAINER_UNATTACHED,
    CONTAINER_COUNT,
} ObjectContainer;

Object object_container(Machine *machine, ObjectContainer container);
Object object_of_machine(Machine *machine);
Object object_of_cpu(Machine *machine, guint index);
Object object_of_bus(Machine *machine, Bus *bus);
/* The kinds of things in the containers of that name. */
void object_visit_devices(Machine *machine, ObjectContainer container, ObjectVisit *visit);
void object_visit_chardevs(Machine *machine, ObjectVisit *visit);
void object_visit_backends(Machine *machine, ObjectVisit *visit);
void object_visit_displays(Machine *machine, ObjectVisit *visit);
void object_visit_machine_parts(Machine *machine, ObjectVisit *visit);

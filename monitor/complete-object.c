/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Completion of devices, backends and the object tree. */
#include <string.h>

#include "core/backend.h"
#include "core/hotplug.h"
#include "core/object.h"
#include "monitor/complete-object.h"
#include "monitor/complete-options.h"

typedef struct Offers {
    const CompleteObject *what;
    const char *base; /* what stands before each word */
    gboolean children_only;
} Offers;

static void offer(const Offers *offers, const char *word, const char *suffix)
{
    g_autofree char *full = g_strconcat(offers->base, word, suffix, NULL);

    offers->what->offer(full, offers->what->opaque);
}

/* ---- types and their options ---- */

static const char *const id_key[] = {"id", NULL};

static void offer_device_types(const CompleteObject *what)
{
    const DeviceOps *const *types = what->machine->device_types;

    for (guint i = 0; types && types[i]; i++) {
        if (!types[i]->board_only && !types[i]->no_hotplug) {
            what->offer(types[i]->name, what->opaque);
        }
    }
}

static void offer_backend_types(const CompleteObject *what)
{
    for (guint i = 0; backend_types[i]; i++) {
        what->offer(backend_types[i]->name, what->opaque);
    }
}

/* "TYPE,key=value,ke" */
static void offer_options_of(const CompleteObject *what, gboolean of_device)
{
    static const char *const device_keys[] = {"id", "bus", NULL};
    static const OptionSpec none[] = {OPTION_END};
    g_autofree char *type = g_strndup(what->prefix, strcspn(what->prefix, ","));
    const DeviceOps *device = of_device ? machine_device_type(what->machine, type) : NULL;
    const BackendOps *backend = of_device ? NULL : backend_type_find(type);
    const BusOps *bus = device && device->bus ? machine_bus_type(what->machine, device->bus) : NULL;
    const OptionSpec *tables[] = {
        device && device->options ? device->options : none,
        bus && bus->place_options ? bus->place_options : none,
        backend && backend->options ? backend->options : none,
        NULL,
    };

    complete_options(what, tables, device ? device_keys : id_key, device ? device->bus : NULL);
}

/* ---- what is there ---- */

static gboolean offer_device(Device *dev, void *opaque)
{
    const CompleteObject *what = opaque;

    if (dev->id) {
        what->offer(dev->id, what->opaque);
    }
    return TRUE;
}

static void offer_backends(const CompleteObject *what)
{
    for (guint i = 0; i < what->machine->backends->len; i++) {
        const Backend *backend = g_ptr_array_index(what->machine->backends, i);

        what->offer(backend->id, what->opaque);
    }
}

static gboolean offer_property(const ObjectProperty *property, void *opaque)
{
    const Offers *offers = opaque;

    if (!offers->children_only || property->is_child) {
        offer(offers, property->name, "");
    }
    return TRUE;
}

/* "/machine/per": children of what stands before the last slash. */
static void offer_paths(const CompleteObject *what)
{
    const char *slash = strrchr(what->prefix, '/');
    gsize length = slash ? (gsize)(slash - what->prefix) : 0;
    g_autofree char *parent = length ? g_strndup(what->prefix, length) : g_strdup("/");
    g_autofree char *base = slash ? g_strndup(what->prefix, length + 1) : g_strdup("/");
    Offers offers = {what, base, TRUE};
    Object object;

    if (object_resolve(what->machine, parent, &object, NULL)) {
        object_foreach_property(&object, offer_property, &offers);
    }
}

static void offer_properties(const CompleteObject *what)
{
    Offers offers = {what, ""};
    Object object;

    if (what->before && object_resolve(what->machine, what->before, &object, NULL)) {
        object_foreach_property(&object, offer_property, &offers);
    }
}

gboolean complete_object(const CompleteObject *what, CommandNoun noun)
{
    gboolean has_options = strchr(what->prefix, ',') != NULL;

    switch (noun) {
    case NOUN_DEVICE_TYPE:
    case NOUN_OBJECT_TYPE:
        if (has_options) {
            offer_options_of(what, noun == NOUN_DEVICE_TYPE);
        } else if (noun == NOUN_DEVICE_TYPE) {
            offer_device_types(what);
        } else {
            offer_backend_types(what);
        }
        return TRUE;
    case NOUN_CHARDEV_TYPE: complete_chardev(what); return TRUE;
    case NOUN_DEVICE: device_foreach(what->machine->root, offer_device, (void *)what); return FALSE;
    case NOUN_OBJECT: offer_backends(what); return FALSE;
    case NOUN_PATH: offer_paths(what); return TRUE;
    case NOUN_PROPERTY: offer_properties(what); return FALSE;
    default: return FALSE;
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/device.h"

#include <string.h>

#include "core/error.h"
#include "core/log.h"
#include "core/machine.h"
#include "core/object.h"

/* ---- making and destroying ---- */

static void device_free(Device *dev)
{
    options_clear(dev->ops->options, dev);
    g_ptr_array_unref(dev->buses);
    g_ptr_array_unref(dev->regions);
    g_ptr_array_unref(dev->irqs);
    g_hash_table_unref(dev->warned);
    g_free(dev->input_raises);
    g_free(dev->id);
    g_free(dev);
}

static void bus_destroy(Bus *bus)
{
    while (bus->children->len > 0) {
        device_destroy(g_ptr_array_index(bus->children, bus->children->len - 1));
    }
    if (bus->ops->finish) {
        bus->ops->finish(bus);
    }
    g_ptr_array_unref(bus->children);
    g_free(bus->name);
    g_free(bus);
}

void device_destroy(Device *dev)
{
    if (!dev) {
        return;
    }
    while (dev->buses->len > 0) {
        bus_destroy(g_ptr_array_steal_index(dev->buses, dev->buses->len - 1));
    }
    if (dev->bus && dev->realized && dev->bus->ops->unplugged) {
        dev->bus->ops->unplugged(dev->bus, dev);
    }
    if (dev->realized && dev->ops->unrealize) {
        dev->ops->unrealize(dev);
    }
    if (dev->bus) {
        g_ptr_array_remove(dev->bus->children, dev);
    }
    device_free(dev);
}

/* Checks that the device may go where it is wanted. */
static gboolean device_check_place(Machine *machine, const DeviceOps *ops, Bus *bus, const char *id,
                                   GError **error)
{
    if (ops->bus && !bus) {
        return error_set(error, "%s needs a %s bus, and this machine has none", ops->name,
                         ops->bus);
    }
    if (bus && ops->bus && strcmp(bus->ops->kind, ops->bus) != 0) {
        return error_set(error, "%s plugs into a %s bus, not into %s (%s)", ops->name, ops->bus,
                         bus->name, bus->ops->kind);
    }
    if (id && machine->root && device_find(machine->root, id)) {
        return error_set(error, "Duplicate device ID '%s'", id);
    }
    return TRUE;
}

/* ---- -global ---- */

typedef struct DeviceGlobal {
    char *driver, *property, *value;
    gboolean used;
} DeviceGlobal;

static void global_free(gpointer data)
{
    DeviceGlobal *global = data;

    g_free(global->driver);
    g_free(global->property);
    g_free(global->value);
    g_free(global);
}

void device_set_global(Machine *machine, const char *driver, const char *property,
                       const char *value)
{
    DeviceGlobal *global = g_new0(DeviceGlobal, 1);

    *global = (DeviceGlobal){g_strdup(driver), g_strdup(property), g_strdup(value), FALSE};
    if (!machine->globals) {
        machine->globals = g_ptr_array_new_with_free_func(global_free);
    }
    g_ptr_array_add(machine->globals, global);
}

void device_check_globals(Machine *machine)
{
    for (guint i = 0; machine->globals && i < machine->globals->len; i++) {
        const DeviceGlobal *global = g_ptr_array_index(machine->globals, i);

        if (!global->used) {
            report_warning("-global %s.%s=%s is not used: the machine has no device '%s'",
                           global->driver, global->property, global->value, global->driver);
        }
    }
}

void device_free_globals(Machine *machine)
{
    g_clear_pointer(&machine->globals, g_ptr_array_unref);
}

static gboolean apply_globals(Device *dev, GError **error)
{
    GPtrArray *globals = dev->machine->globals;

    for (guint i = 0; globals && i < globals->len; i++) {
        DeviceGlobal *global = g_ptr_array_index(globals, i);

        if (strcmp(global->driver, dev->ops->name) != 0) {
            continue;
        }
        global->used = TRUE;
        if (!options_set(dev->ops->options, dev, global->property, global->value, error)) {
            g_prefix_error(error, "-global %s.%s=%s: ", global->driver, global->property,
                           global->value);
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean device_setup(Device *dev, OptionList *options, GError **error)
{
    Bus *bus = dev->bus;
    g_autofree char *what = g_strdup_printf("device %s", dev->ops->name);

    options_set_defaults(dev->ops->options, dev);
    if (!apply_globals(dev, error)) {
        return FALSE;
    }
    if (options && !options_apply(dev->ops->options, dev, options, error)) {
        return FALSE;
    }
    if (bus && bus->ops->place && !bus->ops->place(bus, dev, options, error)) {
        return FALSE;
    }
    if (options && !option_list_check_used(options, what, error)) {
        return FALSE;
    }
    if (!dev->ops->realize(dev, error)) {
        return FALSE;
    }
    dev->realized = TRUE;
    return !bus || !bus->ops->plugged || bus->ops->plugged(bus, dev, error);
}

/* What the object tree calls it, if neither its id nor its being a part says so. */
static void device_number(Device *dev)
{
    if (dev->bus) {
        dev->bus_number = dev->bus->next_number++;
    }
    if (dev->by_user && !dev->id) {
        dev->number = dev->machine->next_user_device++;
    } else if (dev->bus && !dev->id && !dev->ops->part) {
        dev->number = dev->machine->next_board_device++;
    }
}

static Device *create(Machine *machine, const DeviceOps *ops, Bus *bus, const char *id,
                      OptionList *options, gboolean by_user, GError **error)
{
    g_assert(ops->realize && ops->size >= sizeof(Device));
    g_assert(!ops->info == !ops->info_topic);
    if (!device_check_place(machine, ops, bus, id, error)) {
        return NULL;
    }

    g_autoptr(OptionList) none = options ? NULL : option_list_new();
    Device *dev = g_malloc0(ops->size);
    dev->ops = ops;
    dev->machine = machine;
    dev->id = g_strdup(id);
    dev->bus = bus;
    dev->buses = g_ptr_array_new();
    dev->regions = g_ptr_array_new();
    dev->irqs = g_ptr_array_new();
    dev->warned = g_hash_table_new(g_str_hash, g_str_equal);
    dev->input_raises = g_new0(guint64, ops->inputs);
    dev->by_user = by_user;
    dev->hotplugged = by_user && machine->assembled;
    device_number(dev);
    if (bus) {
        g_ptr_array_add(bus->children, dev);
    }
    if (!device_setup(dev, options ? options : none, error)) {
        device_destroy(dev);
        return NULL;
    }
    if (ops->reset) {
        ops->reset(dev);
    }
    return dev;
}

Device *device_create(Machine *machine, const DeviceOps *ops, Bus *bus, const char *id,
                      OptionList *options, GError **error)
{
    return create(machine, ops, bus, id, options, FALSE, error);
}

Device *device_create_for_user(Machine *machine, const DeviceOps *ops, Bus *bus, const char *id,
                               OptionList *options, GError **error)
{
    return create(machine, ops, bus, id, options, TRUE, error);
}

Bus *bus_create(Device *parent, const BusOps *ops, const char *name_format, ...)
{
    va_list args;
    Bus *bus = g_malloc0(ops->size);

    g_assert(ops->size >= sizeof(Bus));
    va_start(args, name_format);
    bus->name = g_strdup_vprintf(name_format, args);
    va_end(args);
    bus->ops = ops;
    bus->parent = parent;
    bus->children = g_ptr_array_new();
    g_ptr_array_add(parent->buses, bus);
    return bus;
}

/* ---- wiring ---- */

void device_publish_region(Device *dev, Region *region)
{
    g_ptr_array_add(dev->regions, region);
}

void device_publish_irq(Device *dev, IrqLine *line)
{
    g_ptr_array_add(dev->irqs, line);
}

Region *device_region(Device *dev, guint n)
{
    return n < dev->regions->len ? g_ptr_array_index(dev->regions, n) : NULL;
}

void device_connect_irq(Device *dev, guint n, IrqLine line)
{
    g_assert(n < dev->irqs->len);
    *(IrqLine *)g_ptr_array_index(dev->irqs, n) = line;
}

/* ---- walking ---- */

gboolean device_foreach(Device *dev, gboolean (*fn)(Device *dev, void *opaque), void *opaque)
{
    if (!dev) {
        return TRUE;
    }
    if (!fn(dev, opaque)) {
        return FALSE;
    }
    for (guint i = 0; i < dev->buses->len; i++) {
        Bus *bus = g_ptr_array_index(dev->buses, i);
        for (guint j = 0; j < bus->children->len; j++) {
            if (!device_foreach(g_ptr_array_index(bus->children, j), fn, opaque)) {
                return FALSE;
            }
        }
    }
    return TRUE;
}

void device_reset_tree(Device *dev)
{
    for (guint i = 0; i < dev->buses->len; i++) {
        Bus *bus = g_ptr_array_index(dev->buses, i);
        for (guint j = 0; j < bus->children->len; j++) {
            device_reset_tree(g_ptr_array_index(bus->children, j));
        }
    }
    if (dev->ops->reset) {
        dev->ops->reset(dev);
    }
}

typedef struct FindQuery {
    const char *text; /* id, bus name or kind */
    const DeviceOps *ops;
    Device *device;
    Bus *bus;
} FindQuery;

static gboolean match_id(Device *dev, void *opaque)
{
    FindQuery *query = opaque;
    if (g_strcmp0(dev->id, query->text) == 0) {
        query->device = dev;
    }
    return !query->device;
}

static gboolean match_ops(Device *dev, void *opaque)
{
    FindQuery *query = opaque;
    if (dev->ops == query->ops) {
        query->device = dev;
    }
    return !query->device;
}

static gboolean match_bus_name(Device *dev, void *opaque)
{
    FindQuery *query = opaque;
    for (guint i = 0; i < dev->buses->len && !query->bus; i++) {
        Bus *bus = g_ptr_array_index(dev->buses, i);
        query->bus = strcmp(bus->name, query->text) == 0 ? bus : NULL;
    }
    return !query->bus;
}

static gboolean match_bus_kind(Device *dev, void *opaque)
{
    FindQuery *query = opaque;
    for (guint i = 0; i < dev->buses->len && !query->bus; i++) {
        Bus *bus = g_ptr_array_index(dev->buses, i);
        query->bus = strcmp(bus->ops->kind, query->text) == 0 ? bus : NULL;
    }
    return !query->bus;
}

Device *device_find(Device *root, const char *id)
{
    FindQuery query = {.text = id};
    device_foreach(root, match_id, &query);
    return query.device;
}

Device *device_find_ops(Device *root, const DeviceOps *ops)
{
    FindQuery query = {.ops = ops};
    device_foreach(root, match_ops, &query);
    return query.device;
}

Bus *bus_find(Device *root, const char *name)
{
    FindQuery query = {.text = name};
    device_foreach(root, match_bus_name, &query);
    return query.bus;
}

Bus *bus_find_kind(Device *root, const char *kind)
{
    FindQuery query = {.text = kind};
    device_foreach(root, match_bus_kind, &query);
    return query.bus;
}

/* ---- for people ---- */

void device_warn_once(Device *dev, const char *what)
{
    if (g_hash_table_add(dev->warned, (gpointer)what)) {
        log_line(LOG_GUEST_ERROR, "%s: %s (said once)", dev->id ? dev->id : dev->ops->name, what);
    }
}

static void print_device(Device *dev, GString *out, int indent)
{
    g_string_append_printf(out, "%*sdev: %s, id \"%s\"\n", indent, "", dev->ops->name,
                           dev->id ? dev->id : "");
    indent += 2;
    for (const OptionSpec *spec = dev->ops->options; spec && spec->name; spec++) {
        g_autofree char *value = option_format(spec, dev);
        g_string_append_printf(out, "%*s%s = %s\n", indent, "", spec->name, value ? value : "");
    }
    if (dev->bus && dev->bus->ops->describe) {
        g_autoptr(GString) place = g_string_new(NULL);
        dev->bus->ops->describe(dev->bus, dev, place);
        g_auto(GStrv) lines = g_strsplit(place->str, "\n", -1);
        for (char **line = lines; *line; line++) {
            if (**line) {
                g_string_append_printf(out, "%*s%s\n", indent, "", *line);
            }
        }
    }
    for (guint i = 0; i < dev->buses->len; i++) {
        Bus *bus = g_ptr_array_index(dev->buses, i);
        g_string_append_printf(out, "%*sbus: %s\n", indent, "", bus->name);
        g_string_append_printf(out, "%*stype %s\n", indent + 2, "", bus->ops->kind);
        for (guint j = 0; j < bus->children->len; j++) {
            print_device(g_ptr_array_index(bus->children, j), out, indent + 2);
        }
    }
}

void device_print_tree(Device *root, GString *out)
{
    if (root) {
        print_device(root, out, 0);
    }
}

static gboolean print_irq_counts(Device *dev, void *opaque)
{
    GString *out = opaque;
    guint n;

    if (dev->ops->inputs) {
        g_string_append_printf(out, "IRQ statistics for %s:\n", dev->ops->name);
    }
    for (n = 0; n < dev->ops->inputs; n++) {
        if (dev->input_raises[n]) {
            g_string_append_printf(out, "%2u: %" G_GUINT64_FORMAT "\n", n, dev->input_raises[n]);
        }
    }
    return TRUE;
}

void device_print_irq_counts(Device *root, GString *out)
{
    if (root) {
        device_foreach(root, print_irq_counts, out);
    }
}

char *device_path(const Device *dev)
{
    Object object = object_of_device((Device *)dev);

    return object_path(&object);
}

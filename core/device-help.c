/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of device types and of their options, for people. */
#include <string.h>

#include "core/hotplug.h"

static int by_category(gconstpointer a, gconstpointer b)
{
    const DeviceOps *x = *(const DeviceOps *const *)a;
    const DeviceOps *y = *(const DeviceOps *const *)b;
    int order = g_strcmp0(x->category, y->category);

    return order ? order : strcmp(x->name, y->name);
}

void device_types_help(const DeviceOps *const *types, GString *out)
{
    g_autoptr(GPtrArray) sorted = g_ptr_array_new();
    const char *category = "";

    for (guint i = 0; types && types[i]; i++) {
        if (!types[i]->board_only) {
            g_ptr_array_add(sorted, (void *)types[i]);
        }
    }
    g_ptr_array_sort(sorted, by_category);
    for (guint i = 0; i < sorted->len; i++) {
        const DeviceOps *ops = g_ptr_array_index(sorted, i);
        const char *heading = ops->category ? ops->category : "Misc";

        if (strcmp(heading, category) != 0) {
            g_string_append_printf(out, "%s%s devices:\n", i ? "\n" : "", heading);
            category = heading;
        }
        g_string_append_printf(out, "name \"%s\"%s%s, desc \"%s\"\n", ops->name,
                               ops->bus ? ", bus " : "", ops->bus ? ops->bus : "", ops->summary);
    }
}

void device_type_help(const DeviceOps *ops, const BusOps *bus, GString *out)
{
    gsize start;

    g_string_append_printf(out, "%s options:\n", ops->name);
    start = out->len;
    options_help(ops->options, out);
    options_help(bus ? bus->place_options : NULL, out);
    if (out->len == start) {
        g_string_append(out, "  (none)\n");
    }
}

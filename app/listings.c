/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/listings.h"

#include <stdio.h>
#include <string.h>

#include "app/accels.h"
#include "app/build-info.h"
#include "app/frontends.h"
#include "app/paths.h"
#include "core/backend.h"
#include "core/block.h"
#include "core/hotplug.h"
#include "core/log.h"
#include "cpu/model.h"
#include "hw/pc/board.h"
#include "hw/pc/devices.h"

static int print_row(const char *name, const char *summary)
{
    printf("%-20s %s\n", name, summary);
    return 0;
}

/* "NAME" of "NAME,help". */
static char *first_word(const char *text)
{
    return g_strndup(text, strcspn(text, ","));
}

static int print_options(const char *what, const OptionSpec *specs)
{
    g_autoptr(GString) out = g_string_new(NULL);

    options_help(specs, out);
    printf("%s options:\n%s", what, out->len ? out->str : "  (none)\n");
    return 0;
}

int list_version(const char *text)
{
    printf("vitrine %s\naccelerators:", VITRINE_VERSION);
    for (guint i = 0; accel_types[i]; i++) {
        printf(" %s", accel_types[i]->name);
    }
    printf("\nfrontends:");
    for (guint i = 0; frontend_names[i]; i++) {
        g_autofree char *path = paths_find_module(frontend_names[i]);

        if (path) {
            printf(" %s", frontend_names[i]);
        }
    }
    printf(" none\nlibraries: %s\n", VITRINE_FEATURES);
    return 0;
}

int list_machines(const char *text)
{
    g_autofree char *name = first_word(text);

    if (strchr(text, ',')) {
        const BoardOps *ops = board_find(name);

        if (ops) {
            return print_options(ops->name, ops->options);
        }
        report_error("-machine: there is no machine '%s' ('-machine help' lists them)", name);
        return 1;
    }
    printf("Machines:\n");
    for (guint i = 0; board_types[i]; i++) {
        const BoardOps *ops = board_types[i];
        g_autofree char *summary = g_strconcat(ops->summary, i == 0 ? " (default)" : "", NULL);

        print_row(ops->name, summary);
    }
    return 0;
}

int list_accels(const char *text)
{
    printf("Accelerators:\n");
    for (guint i = 0; accel_types[i]; i++) {
        print_row(accel_types[i]->name, accel_types[i]->summary);
    }
    return 0;
}

int list_vgas(const char *text)
{
    const BoardOps *ops = board_types[0];

    for (const BoardVga *vga = ops->vgas; vga && vga->name; vga++) {
        g_autofree char *summary = g_strconcat(
            vga->summary, !strcmp(vga->name, ops->default_vga) ? " (default)" : "", NULL);

        print_row(vga->name, summary);
    }
    return 0;
}

/* The kind of bus that a device type plugs into; NULL = none. */
static const BusOps *bus_of(const DeviceOps *ops)
{
    for (guint i = 0; ops->bus && bus_types[i]; i++) {
        if (!strcmp(bus_types[i]->kind, ops->bus)) {
            return bus_types[i];
        }
    }
    return NULL;
}

int list_devices(const char *text)
{
    g_autofree char *name = first_word(text);
    g_autoptr(GString) out = g_string_new(NULL);
    const DeviceOps *ops = device_type_find(name);

    if (!strchr(text, ',')) {
        device_types_help(device_types, out);
    } else if (ops) {
        device_type_help(ops, bus_of(ops), out);
    } else {
        report_error("-device: there is no device '%s' ('-device help' lists them)", name);
        return 1;
    }
    fputs(out->str, stdout);
    return 0;
}

int list_objects(const char *text)
{
    g_autofree char *name = first_word(text);
    g_autoptr(GString) out = g_string_new(NULL);
    const BackendOps *ops = backend_type_find(name);

    if (strchr(text, ',') && !ops) {
        report_error("-object: there is no type '%s' ('-object help' lists them)", name);
        return 1;
    }
    backend_help(ops, out);
    fputs(out->str, stdout);
    return 0;
}

int list_chardevs(const char *text)
{
    g_autofree char *name = first_word(text);

    for (guint i = 0; chardev_types[i]; i++) {
        const ChardevOps *ops = chardev_types[i];

        if (!strchr(text, ',')) {
            print_row(ops->name, ops->summary);
        } else if (!strcmp(ops->name, name)) {
            return print_options(name, ops->options);
        }
    }
    if (strchr(text, ',')) {
        report_error("-chardev: there is no type '%s' ('-chardev help' lists them)", name);
        return 1;
    }
    return 0;
}

int list_drive_options(const char *text)
{
    return print_options("-drive", drive_options);
}

int list_blockdev_options(const char *text)
{
    return print_options("-blockdev", block_node_options);
}

int list_displays(const char *text)
{
    g_autofree char *name = first_word(text);

    if (strchr(text, ',')) {
        g_autoptr(GError) error = NULL;
        const FrontendOps *ops = frontends_load(name, &error);

        if (ops) {
            return print_options(name, ops->options);
        }
        report_error("-display: %s", error->message);
        return 1;
    }
    for (guint i = 0; frontend_names[i]; i++) {
        g_autofree char *path = paths_find_module(frontend_names[i]);
        g_autoptr(GError) error = NULL;
        const FrontendOps *ops = path ? frontends_load(frontend_names[i], &error) : NULL;

        if (path) {
            print_row(frontend_names[i], ops ? ops->summary : error->message);
        }
    }
    return print_row("none", "no display");
}

int list_log_items(const char *text)
{
    printf("Log items (comma separated):\n");
    for (const LogItemInfo *info = log_items; info->name; info++) {
        print_row(info->name, info->help);
    }
    print_row("all", "all of them");
    return print_row("none", "none of them");
}

int list_cpus(const char *text)
{
    g_autoptr(GString) out = g_string_new(NULL);

    cpu_model_help(out);
    fputs(out->str, stdout);
    return 0;
}

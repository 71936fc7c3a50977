/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/monitors.h"

#include <string.h>

#include "app/frontends.h"
#include "core/error.h"
#include "monitor/monitor.h"
#include "monitor/qmp.h"

typedef enum MonitorMode { MODE_READLINE, MODE_CONTROL, MODE_PRETTY } MonitorMode;

static gboolean add(Monitors *monitors, Machine *machine, Chardev *chr, MonitorMode mode,
                    GError **error)
{
    gpointer monitor;

    if (mode == MODE_READLINE) {
        monitor = monitor_hmp_new(machine, chr, error);
        if (monitor) {
            monitor_keep_history(monitor, monitors->history);
        }
    } else {
        monitor = qmp_server_new(machine, chr, mode == MODE_PRETTY, error);
    }
    if (monitor) {
        g_ptr_array_add(mode == MODE_READLINE ? monitors->human : monitors->programs, monitor);
    }
    return monitor != NULL;
}

/* ---- -mon [chardev=]ID[,mode=readline|control][,pretty=on] ---- */

static gboolean parse_mode(OptionList *list, MonitorMode *mode, GError **error)
{
    const char *name = option_list_get(list, "mode");
    const char *pretty = option_list_get(list, "pretty");

    if (name && strcmp(name, "readline") && strcmp(name, "control")) {
        return error_set(error, "mode '%s' is unknown (known: readline, control)", name);
    }
    if (pretty && strcmp(pretty, "on") && strcmp(pretty, "off")) {
        return error_set(error, "pretty=%s: must be on or off", pretty);
    }
    *mode = g_strcmp0(name, "control") ? MODE_READLINE
            : g_strcmp0(pretty, "on")  ? MODE_CONTROL
                                       : MODE_PRETTY;
    return *mode != MODE_READLINE || !pretty || error_set(error, "pretty= is for mode=control");
}

static gboolean open_mon(Monitors *monitors, Machine *machine, const char *text, GError **error)
{
    g_autoptr(OptionList) list = option_list_parse(text, "chardev", error);
    const char *id = list ? option_list_get(list, "chardev") : NULL;
    MonitorMode mode = MODE_READLINE;
    Chardev *chr;

    if (list) {
        option_list_get(list, "id"); /* which nothing asks for */
    }

    if (!list || !parse_mode(list, &mode, error) || !option_list_check_used(list, "-mon", error)) {
        return FALSE;
    }
    if (!id || !chardev_find(machine, id)) {
        return error_set(error, "there is no such -chardev");
    }
    chr = chardev_claim(machine, id, error);
    return chr && add(monitors, machine, chr, mode, error);
}

/* ---- all of them ---- */

static MonitorMode mode_of(const char *option)
{
    return !strcmp(option, "qmp")          ? MODE_CONTROL
           : !strcmp(option, "qmp-pretty") ? MODE_PRETTY
                                           : MODE_READLINE;
}

static gboolean open_item(Monitors *monitors, Ports *ports, const CliItem *item, guint n,
                          GError **error)
{
    MonitorMode mode = mode_of(item->option);
    g_autofree char *id = g_strdup_printf("%s%u", mode == MODE_READLINE ? "monitor" : "qmp", n);
    Chardev *chr = NULL;
    gboolean good;

    if (strcmp(item->option, "mon") &&
        !ports_open_short(ports, item->option, item->value, id, &chr, error)) {
        return FALSE;
    }
    good = !strcmp(item->option, "mon") ? open_mon(monitors, ports->machine, item->value, error)
                                        : !chr || add(monitors, ports->machine, chr, mode, error);
    if (!good) {
        g_prefix_error(error, "-%s %s: ", item->option, item->value);
    }
    return good;
}

/* What the one monitor without -monitor is on; NULL = there is none. */
static const char *default_monitor(const Ports *ports)
{
    const CliConfig *config = ports->config;

    if (config->nodefaults || config->monitors->len > 0 || ports->monitors->len > 0) {
        return NULL;
    }
    if (config->nographic) {
        return "stdio";
    }
    return frontends_show_consoles(config) ? "vc" : NULL;
}

gboolean monitors_open(Monitors *monitors, Ports *ports, GError **error)
{
    GArray *items = ports->config->monitors;
    CliItem extra = {"monitor", default_monitor(ports)};

    if (!ports->config->no_user_config) {
        g_autofree char *path =
            g_build_filename(g_get_user_state_dir(), "vitrine", "hmp-history", NULL);
        monitors->history = history_store_new(ports->machine, path);
    }
    monitors->human = g_ptr_array_new_with_free_func((GDestroyNotify)monitor_free);
    monitors->programs = g_ptr_array_new_with_free_func((GDestroyNotify)qmp_server_free);
    for (guint i = 0; i < ports->monitors->len; i++) {
        Chardev *chr = chardev_claim(ports->machine, g_ptr_array_index(ports->monitors, i), error);

        if (!chr || !add(monitors, ports->machine, chr, MODE_READLINE, error)) {
            return FALSE;
        }
    }
    for (guint i = 0; i < items->len; i++) {
        if (!open_item(monitors, ports, &g_array_index(items, CliItem, i), i, error)) {
            return FALSE;
        }
    }
    return !extra.value || open_item(monitors, ports, &extra, 0, error);
}

void monitors_close(Monitors *monitors)
{
    g_clear_pointer(&monitors->programs, g_ptr_array_unref);
    g_clear_pointer(&monitors->human, g_ptr_array_unref);
    g_clear_pointer(&monitors->history, history_store_free);
}

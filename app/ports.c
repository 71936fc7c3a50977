/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/ports.h"

#include <string.h>

#include "app/frontends.h"
#include "core/error.h"

#define DEBUGCON_PORT 0xe9

static const CliItem *item_at(GArray *items, guint i)
{
    return &g_array_index(items, CliItem, i);
}

static gboolean create_chardevs(Ports *ports, GError **error)
{
    GArray *items = ports->config->chardevs;

    for (guint i = 0; i < items->len; i++) {
        const char *text = item_at(items, i)->value;
        g_autofree char *type = NULL, *id = NULL;
        g_autoptr(OptionList) list = chardev_parse(text, &type, &id, error);

        if (list && !id) {
            g_clear_pointer(&list, option_list_free);
            error_set(error, "the id is missing, as in -chardev %s,id=ID", type);
        }
        if (!list || !chardev_create(ports->machine, type, id, list, error)) {
            g_prefix_error(error, "-chardev %s: ", text);
            return FALSE;
        }
    }
    return TRUE;
}

gboolean ports_open_short(Ports *ports, const char *option, const char *text, const char *id,
                          Chardev **chr, GError **error)
{
    g_autoptr(GError) reason = NULL;

    *chr = chardev_create_short(ports->machine, text, id, &reason);
    if (*chr && g_str_has_prefix(text, "mon:")) {
        g_ptr_array_add(ports->monitors, g_strdup(id));
    }
    if (reason) {
        g_propagate_prefixed_error(error, g_steal_pointer(&reason), "-%s %s: ", option, text);
        return FALSE;
    }
    return TRUE;
}

static gboolean open_ports(Ports *ports, const char *option, GArray *items, Chardev **chrs,
                           guint count, const char *by_default, GError **error)
{
    if (items->len > count) {
        return error_set(error, "-%s: there are only %u such ports", option, count);
    }
    for (guint i = 0; i < count; i++) {
        g_autofree char *id = g_strdup_printf("%s%u", option, i);
        const char *text = i < items->len ? item_at(items, i)->value : NULL;

        if (!text && i == 0 && !ports->config->nodefaults) {
            text = by_default;
        }
        if (text && !ports_open_short(ports, option, text, id, &chrs[i], error)) {
            return FALSE;
        }
    }
    return TRUE;
}

gboolean ports_open_all(Ports *ports, BoardConfig *board, GError **error)
{
    const CliConfig *config = ports->config;
    const char *by_default = frontends_show_consoles(config) ? "vc" : "null";
    const char *console = by_default;

    if (config->debugcon && !ports_open_short(ports, "debugcon", config->debugcon, "debugcon",
                                              &board->debugcon, error)) {
        return FALSE;
    }
    board->debugcon_port = DEBUGCON_PORT;
    board->serial_console = config->nographic;
    if (config->nographic) {
        console = config->monitors->len == 0 ? "mon:stdio" : "stdio";
    }
    return create_chardevs(ports, error) &&
           open_ports(ports, "serial", config->serials, board->serial, BOARD_MAX_SERIAL, console,
                      error) &&
           open_ports(ports, "parallel", config->parallels, board->parallel, BOARD_MAX_PARALLEL,
                      by_default, error);
}

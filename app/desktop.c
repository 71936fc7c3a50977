/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/desktop.h"

#include <string.h>

#include "app/frontends.h"
#include "core/device.h"
#include "hw/usb/hid.h"
#include "hw/usb/usb.h"

/* TRUE if a -device has the word in the name of its driver. */
static gboolean has_device(const CliConfig *config, const char *word)
{
    for (guint i = 0; i < config->devices->len; i++) {
        const char *value = g_array_index(config->devices, CliItem, i).value;
        gsize length = *value == '{' ? strlen(value) : strcspn(value, ",");

        if (g_strstr_len(value, (gssize)length, word)) {
            return TRUE;
        }
    }
    return FALSE;
}

static gboolean has_usb_option(const BoardOps *board)
{
    for (const OptionSpec *spec = board->options; spec && spec->name; spec++) {
        if (g_str_equal(spec->name, "usb")) {
            return TRUE;
        }
    }
    return FALSE;
}

gboolean desktop_prepare(CliConfig *config, const BoardOps *board)
{
    if (config->nodefaults || !frontends_show_pointer(config) || has_device(config, "tablet") ||
        has_device(config, "mouse")) {
        return FALSE;
    }
    /* With controllers of the person's own it goes to what there is. */
    if (has_usb_option(board) && !has_device(config, "hci") &&
        !option_list_get(config->board_options, "usb")) {
        option_list_add(config->board_options, "usb", "on");
    }
    return TRUE;
}

static gboolean add_at(Machine *machine, UsbBus *bus, const UsbPort *port)
{
    g_autoptr(OptionList) options = option_list_new();

    option_list_add(options, "port", port->path);
    return device_create(machine, &usb_tablet_ops.device, &bus->bus, NULL, options, NULL) != NULL;
}

void desktop_add_tablet(Machine *machine)
{
    UsbBus *bus = (UsbBus *)bus_find_kind(machine->root, BUS_USB);
    guint n = bus ? bus->ports->len : 0;

    while (n > 0) {
        const UsbPort *port = g_ptr_array_index(bus->ports, --n);

        if (!port->hub && add_at(machine, bus, port)) {
            return;
        }
    }
}

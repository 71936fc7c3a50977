/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Topics of `info`: what connects the guest with the world. */
#include "core/block.h"
#include "core/char.h"
#include "core/display.h"
#include "core/error.h"
#include "core/input.h"
#include "monitor/handlers.h"
#include "monitor/info.h"

gboolean cmd_info_mice(CommandCall *call, GError **error)
{
    if (!call->machine->input || !input_print_mice(call->machine->input, call->out)) {
        g_string_append(call->out, "No mouse devices connected\n");
    }
    return TRUE;
}

gboolean cmd_info_block(CommandCall *call, GError **error)
{
    const char *id = command_string(call, "device");

    if (call->machine->blocks &&
        block_print_info(call->machine, id, command_flag(call, "verbose"), call->out)) {
        return TRUE;
    }
    return !id || error_set(error, "there is no drive '%s'", id);
}

gboolean cmd_info_blockstats(CommandCall *call, GError **error)
{
    if (call->machine->blocks) {
        block_print_stats(call->machine, call->out);
    }
    return TRUE;
}

static void print_chardev(Chardev *chr, void *opaque)
{
    g_autofree char *text = chr->ops->describe ? chr->ops->describe(chr) : g_strdup(chr->ops->name);

    g_string_append_printf(opaque, "%s: filename=%s\n", chr->id, text);
}

gboolean cmd_info_chardev(CommandCall *call, GError **error)
{
    if (call->machine->chars) {
        chardev_foreach(call->machine, print_chardev, call->out);
    }
    return TRUE;
}

static void print_listener(const DisplayListenerOps *ops, gboolean active, guint max_hz,
                           void *opaque)
{
    g_string_append_printf(opaque, "    %s: %s, up to %u Hz\n", ops->name ? ops->name : "unnamed",
                           active ? "active" : "inactive", max_hz);
}

gboolean cmd_info_display(CommandCall *call, GError **error)
{
    GPtrArray *displays = call->machine->displays;

    if (!displays || displays->len == 0) {
        g_string_append(call->out, "No displays\n");
        return TRUE;
    }
    for (guint i = 0; i < displays->len; i++) {
        Display *display = g_ptr_array_index(displays, i);
        const Surface *surface = display_surface(display);
        DisplayStats stats;

        display_stats(display, &stats);
        g_string_append_printf(
            call->out,
            "%s: %ux%u, clock %s, %" G_GUINT64_FORMAT " scans, %" G_GUINT64_FORMAT " frames\n",
            display_name(display), surface->width, surface->height,
            stats.clock_running ? "running" : "stopped", stats.scans, stats.frames);
        display_foreach_listener(display, print_listener, call->out);
    }
    return TRUE;
}

/* Topics that devices answer; machines that have none say so. */
gboolean cmd_info_of_device(CommandCall *call, GError **error)
{
    const char *topic = call->command->name;

    return info_print_topic(call->machine, topic, call->out) ||
           error_set(error, "nothing in this machine has an 'info %s'", topic);
}

gboolean cmd_info_vnc(CommandCall *call, GError **error)
{
    if (!info_print_topic(call->machine, "vnc", call->out)) {
        g_string_append(call->out, "None\n");
    }
    return TRUE;
}

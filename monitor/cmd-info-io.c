/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Topics of `info`: what connects the guest with the world. */
#include "core/block.h"
#include "core/char.h"
#include "core/error.h"
#include "core/input.h"
#include "monitor/handlers.h"
#include "monitor/info.h"

static void print_mouse(const InputMouse *mouse, void *opaque)
{
    g_string_append_printf(opaque, "%c Mouse #%u: %s%s\n", mouse->current ? '*' : ' ', mouse->index,
                           mouse->name, mouse->absolute ? " (absolute)" : "");
}

gboolean cmd_info_mice(CommandCall *call, GError **error)
{
    if (call->machine->input) {
        input_foreach_mouse(call->machine->input, print_mouse, call->out);
    }
    if (call->out->len == 0) {
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
    g_autofree char *text = chardev_describe(chr);

    g_string_append_printf(opaque, "%s: filename=%s\n", chr->id, text);
}

gboolean cmd_info_chardev(CommandCall *call, GError **error)
{
    if (call->machine->chars) {
        chardev_foreach(call->machine, print_chardev, call->out);
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

/* Controllers answer for what is behind them. */
gboolean cmd_info_usb(CommandCall *call, GError **error)
{
    return info_print_topic(call->machine, "usb", call->out) ||
           error_set(error, "USB support not enabled");
}

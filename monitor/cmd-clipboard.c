/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine's clipboard at the monitor. */
#include <string.h>

#include "core/clipboard.h"
#include "core/error.h"
#include "core/input.h"
#include "monitor/handlers.h"

static const char *text_of(const Clipboard *clipboard)
{
    return clipboard->text ? g_bytes_get_data(clipboard->text, NULL) : NULL;
}

gboolean cmd_clipboard(CommandCall *call, GError **error)
{
    const char *given = command_string(call, "text");
    const char *text = text_of(machine_clipboard(call->machine));

    if (given) {
        return clipboard_set(call->machine, "the monitor", given, strlen(given), error);
    }
    if (text) {
        g_string_append_printf(call->out, "%s%s", text, g_str_has_suffix(text, "\n") ? "" : "\n");
    }
    return TRUE;
}

gboolean cmd_type_clipboard(CommandCall *call, GError **error)
{
    const char *text = text_of(machine_clipboard(call->machine));

    if (!call->machine->input) {
        return error_set(error, "the machine has no input devices");
    }
    return text ? input_type(call->machine->input, text, error)
                : error_set(error, "the clipboard is empty");
}

gboolean cmd_info_clipboard(CommandCall *call, GError **error)
{
    const Clipboard *clipboard = machine_clipboard(call->machine);
    const char *text = text_of(clipboard);

    if (text) {
        g_string_append_printf(call->out, "%ld characters from %s\n", g_utf8_strlen(text, -1),
                               clipboard->owner);
    } else {
        g_string_append(call->out, "empty\n");
    }
    return TRUE;
}

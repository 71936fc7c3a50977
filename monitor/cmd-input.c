/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys and pointer movements typed by hand or by a script. */
#include "core/error.h"
#include "core/input.h"
#include "core/keynames.h"
#include "monitor/handlers.h"

#define MAX_CHORD       16
#define DEFAULT_HOLD_MS 100

static gboolean check_router(const CommandCall *call, GError **error)
{
    return call->machine->input || error_set(error, "the machine has no input devices");
}

gboolean cmd_sendkey(CommandCall *call, GError **error)
{
    guint keys[MAX_CHORD];
    guint count;

    if (!check_router(call, error)) {
        return FALSE;
    }
    count = key_parse_chord(command_string(call, "keys"), keys, MAX_CHORD, error);
    if (count == 0) {
        return FALSE;
    }
    if (!input_send_chord(call->machine->input, keys, count,
                          command_int(call, "hold_time", DEFAULT_HOLD_MS))) {
        return error_set(error, "too many keys are waiting to be sent; is the machine running?");
    }
    return TRUE;
}

gboolean cmd_type(CommandCall *call, GError **error)
{
    const char *text = command_string(call, "text");

    if (!check_router(call, error)) {
        return FALSE;
    }
    if (command_flag(call, "cancel")) {
        g_string_append_printf(call->out, "%u dropped\n", input_type_cancel(call->machine->input));
    }
    return !text || input_type(call->machine->input, text, error);
}

gboolean cmd_mouse_move(CommandCall *call, GError **error)
{
    InputRouter *router = call->machine->input;
    gint64 wheel = command_int(call, "dz", 0);

    if (!check_router(call, error)) {
        return FALSE;
    }
    input_rel(router, REL_X, command_int(call, "dx", 0));
    input_rel(router, REL_Y, command_int(call, "dy", 0));
    if (wheel) {
        input_rel(router, REL_WHEEL, wheel);
    }
    input_sync(router);
    return TRUE;
}

gboolean cmd_mouse_button(CommandCall *call, GError **error)
{
    static const guint buttons[] = {BTN_LEFT, BTN_MIDDLE, BTN_RIGHT, BTN_SIDE, BTN_EXTRA};
    gint64 state = command_int(call, "state", 0);

    if (!check_router(call, error)) {
        return FALSE;
    }
    for (guint i = 0; i < G_N_ELEMENTS(buttons); i++) {
        input_button(call->machine->input, buttons[i], state >> i & 1);
    }
    input_sync(call->machine->input);
    return TRUE;
}

gboolean cmd_mouse_set(CommandCall *call, GError **error)
{
    return check_router(call, error) &&
           input_select_mouse(call->machine->input, command_int(call, "index", 0), error);
}

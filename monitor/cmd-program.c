/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMP's commands that people give in other words: keys, media, passwords, a line of HMP. */
#include <string.h>

#include "core/block.h"
#include "core/display.h"
#include "core/error.h"
#include "core/frontend.h"
#include "core/input.h"
#include "core/keynames.h"
#include "core/vcpu.h"
#include "monitor/handlers.h"
#include "monitor/run.h"

#define MAX_CHORD       16
#define DEFAULT_HOLD_MS 100

/* ---- a line of HMP ---- */

typedef struct HumanCall {
    CommandContext context;
    CommandCall *call;
} HumanCall;

static void human_done(const HmpResult *result, void *opaque)
{
    HumanCall *human = opaque;
    JsonNode *text = json_node_alloc();

    json_node_init_string(text, result->text);
    command_return(human->call, text);
    command_call_finish(human->call, NULL);
    g_free(human);
}

gboolean qmp_human_monitor_command(CommandCall *call, GError **error)
{
    gint64 cpu = command_int(call, "cpu-index", 0);
    HumanCall *human;

    if (cpu < 0 || (command_has(call, "cpu-index") && cpu >= call->machine->vcpus->len)) {
        return error_set(error, "Parameter 'cpu-index' expects a CPU number");
    }
    human = g_new0(HumanCall, 1);
    human->context = (CommandContext){
        .machine = call->machine, .cpu = (guint)cpu, .outer = call, .fds = call->context->fds};
    human->call = call;
    command_call_hold(call);
    hmp_run_start(&human->context, command_string(call, "command-line"), human_done, human);
    return TRUE;
}

/* ---- keys and pointers ---- */

/* The evdev code of a KeyValue; 0 with an error. */
static guint key_of(JsonObject *value, GError **error)
{
    JsonNode *data = json_object_get_member(value, "data");
    GType type = JSON_NODE_HOLDS_VALUE(data) ? json_node_get_value_type(data) : G_TYPE_INVALID;
    guint key = 0;

    if (g_str_equal(json_object_get_string_member(value, "type"), "qcode")) {
        if (type != G_TYPE_STRING) {
            error_set(error, "the data of a key of type 'qcode' is a string");
            return 0;
        }
        key = key_from_name(json_node_get_string(data));
    } else if (type == G_TYPE_INT64) {
        gint64 number = json_node_get_int(data);
        /* A PC scan code; bit 7 stands for the prefix E0h, too. */
        key = number > 0 && number < 0x200
                  ? key_from_scancode((guint)(number & 0x7f) | (number & 0x180 ? 0x100 : 0))
                  : 0;
    } else {
        error_set(error, "the data of a key of type 'number' is an integer");
        return 0;
    }
    if (!key) {
        error_set(error, "there is no such key");
    }
    return key;
}

gboolean qmp_send_key(CommandCall *call, GError **error)
{
    JsonArray *keys = json_node_get_array(command_json(call, "keys"));
    guint codes[MAX_CHORD];

    if (json_array_get_length(keys) > MAX_CHORD) {
        return error_set(error, "a chord has at most %d keys", MAX_CHORD);
    }
    for (guint i = 0; i < json_array_get_length(keys); i++) {
        codes[i] = key_of(json_array_get_object_element(keys, i), error);
        if (!codes[i]) {
            return FALSE;
        }
    }
    return json_array_get_length(keys) == 0 ||
           input_send_chord(call->machine->input, codes, json_array_get_length(keys),
                            (guint)command_int(call, "hold-time", DEFAULT_HOLD_MS)) ||
           error_set(error, "too many keys are waiting to be sent; is the machine running?");
}

static void send_button(InputRouter *router, const char *button, gboolean down)
{
    static const struct {
        const char *name;
        guint code;
    } buttons[] = {{"left", BTN_LEFT},
                   {"middle", BTN_MIDDLE},
                   {"right", BTN_RIGHT},
                   {"side", BTN_SIDE},
                   {"extra", BTN_EXTRA}};
    static const struct {
        const char *name;
        guint axis;
        gint delta;
    } wheels[] = {{"wheel-up", REL_WHEEL, 1},
                  {"wheel-down", REL_WHEEL, -1},
                  {"wheel-left", REL_HWHEEL, -1},
                  {"wheel-right", REL_HWHEEL, 1}};

    for (guint i = 0; i < G_N_ELEMENTS(buttons); i++) {
        if (g_str_equal(buttons[i].name, button)) {
            input_button(router, buttons[i].code, down);
        }
    }
    for (guint i = 0; down && i < G_N_ELEMENTS(wheels); i++) {
        if (g_str_equal(wheels[i].name, button)) {
            input_rel(router, wheels[i].axis, wheels[i].delta);
        }
    }
}

static gboolean send_event(InputRouter *router, JsonObject *event, GError **error)
{
    const char *type = json_object_get_string_member(event, "type");
    JsonObject *data = json_object_get_object_member(event, "data");
    gint64 value;
    gboolean y;

    if (g_str_equal(type, "key")) {
        guint key = key_of(json_object_get_object_member(data, "key"), error);
        if (key) {
            input_key(router, key, json_object_get_boolean_member(data, "down"));
        }
        return key != 0;
    }
    if (g_str_equal(type, "btn")) {
        send_button(router, json_object_get_string_member(data, "button"),
                    json_object_get_boolean_member(data, "down"));
        return TRUE;
    }
    value = json_object_get_int_member(data, "value");
    y = g_str_equal(json_object_get_string_member(data, "axis"), "y");
    if (g_str_equal(type, "rel")) {
        input_rel(router, y ? REL_Y : REL_X, (gint)CLAMP(value, -INPUT_ABS_MAX, INPUT_ABS_MAX));
    } else {
        input_abs(router, y ? ABS_Y : ABS_X, (gint)CLAMP(value, 0, INPUT_ABS_MAX));
    }
    return TRUE;
}

static gboolean find_display(Machine *machine, const char *name, GError **error)
{
    for (guint i = 0; i < machine->displays->len; i++) {
        if (g_str_equal(display_name(g_ptr_array_index(machine->displays, i)), name)) {
            return TRUE;
        }
    }
    g_set_error(error, VITRINE_ERROR, VITRINE_ERROR_DEVICE_NOT_FOUND, "Device '%s' not found",
                name);
    return FALSE;
}

gboolean qmp_input_send_event(CommandCall *call, GError **error)
{
    JsonArray *events = json_node_get_array(command_json(call, "events"));
    const char *device = command_string(call, "device");
    Machine *machine = call->machine;
    gboolean good = TRUE;

    if (device && !find_display(machine, device, error)) {
        return FALSE;
    }
    if (!machine_is_running(machine) && machine->run_state != RUN_STATE_SUSPENDED) {
        return error_set(error, "VM not running");
    }
    for (guint i = 0; good && i < json_array_get_length(events); i++) {
        good = send_event(call->machine->input, json_array_get_object_element(events, i), error);
    }
    input_sync(call->machine->input);
    return good;
}

/* ---- passwords and media ---- */

gboolean qmp_change_vnc_password(CommandCall *call, GError **error)
{
    const char *password = command_string(call, "password");
    Frontend *frontend = frontend_find(call->machine, "vnc");

    if (!frontend || !frontend->ops->set_password) {
        return error_set(error, "Could not set password: there is no VNC server");
    }
    return frontend->ops->set_password(frontend, *password ? password : NULL, PASSWORD_KEEP, error);
}

gboolean qmp_blockdev_change_medium(CommandCall *call, GError **error)
{
    Drive *drive = command_drive(call, error);
    const char *mode = command_string(call, "read-only-mode");
    DriveReadonly readonly = !mode || !strcmp(mode, "retain") ? DRIVE_RETAIN
                             : !strcmp(mode, "read-only")     ? DRIVE_READ_ONLY
                                                              : DRIVE_READ_WRITE;

    return drive && drive_change_medium(drive, command_string(call, "filename"),
                                        command_string(call, "format"), readonly,
                                        command_flag(call, "force"), error);
}

gboolean qmp_eject(CommandCall *call, GError **error)
{
    Drive *drive = command_drive(call, error);

    return drive && drive_eject_medium(drive, command_flag(call, "force"), error);
}

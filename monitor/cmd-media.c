/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Screenshots, media and passwords. */
#include <string.h>

#include "core/block.h"
#include "core/error.h"
#include "core/frontend.h"
#include "monitor/handlers.h"

/* ---- passwords ---- */

/* `id` (may be NULL) of `set_password vnc PW -d ID` must be a frontend of that name. */
static Frontend *find_protected(Machine *machine, const char *name, const char *id, GError **error)
{
    Frontend *frontend = machine->frontends ? frontend_find(machine, id ? id : name) : NULL;

    if (!frontend && !id && g_str_equal(name, "spice")) {
        g_set_error(error, VITRINE_ERROR, VITRINE_ERROR_DEVICE_NOT_ACTIVE, "SPICE is not in use");
    } else if (!frontend) {
        error_set(error, "there is no frontend '%s' open", id ? id : name);
    } else if (id && strcmp(frontend->ops->name, name) != 0) {
        error_set(error, "the frontend '%s' is no %s", id, name);
        return NULL;
    } else if (!frontend->ops->set_password) {
        error_set(error, "frontend '%s' has no password", frontend->id);
        return NULL;
    }
    return frontend;
}

static gboolean change_secret(CommandCall *call, const char *name, const char *secret,
                              GError **error)
{
    Frontend *frontend = find_protected(call->machine, name, NULL, error);

    return frontend &&
           frontend->ops->set_password(frontend, *secret ? secret : NULL, PASSWORD_KEEP, error);
}

gboolean cmd_set_password(CommandCall *call, GError **error)
{
    const char *secret = command_string(call, "password");
    const char *connected = command_string(call, "connected");
    PasswordAction action = PASSWORD_KEEP;
    Frontend *frontend;

    call->forget = TRUE;
    frontend = find_protected(call->machine, command_string(call, "protocol"),
                              command_string(call, "display"), error);
    if (connected && strcmp(connected, "keep") != 0) {
        action = strcmp(connected, "fail") == 0 ? PASSWORD_FAIL : PASSWORD_DISCONNECT;
    }
    return frontend &&
           frontend->ops->set_password(frontend, *secret ? secret : NULL, action, error);
}

/* QEMU's ways to say when: "now", "never", "+SECONDS", or seconds since 1970. */
static gboolean parse_expiry(const char *text, gint64 *seconds, GError **error)
{
    guint64 value;

    if (!strcmp(text, "never")) {
        *seconds = -1;
    } else if (!strcmp(text, "now")) {
        *seconds = 0;
    } else if (g_ascii_string_to_unsigned(text + (*text == '+'), 10, 0, G_MAXUINT32, &value,
                                          NULL)) {
        gint64 start = *text == '+' ? 0 : g_get_real_time() / G_USEC_PER_SEC;
        *seconds = MAX((gint64)value - start, 0);
    } else {
        return error_set(error, "'%s' is no time: now, never, +SECONDS, or seconds since 1970",
                         text);
    }
    return TRUE;
}

gboolean cmd_expire_password(CommandCall *call, GError **error)
{
    Frontend *frontend = find_protected(call->machine, command_string(call, "protocol"),
                                        command_string(call, "display"), error);
    gint64 seconds = -1;

    if (!frontend || !parse_expiry(command_string(call, "time"), &seconds, error)) {
        return FALSE;
    }
    frontend->ops->expire_password(frontend, seconds);
    return TRUE;
}

static void password_answered(CommandCall *call, const char *secret)
{
    GError *error = NULL;

    if (*secret) {
        change_secret(call, command_string(call, "device"), secret, &error);
    } else {
        error_set(&error, "no password given; it stays as it was");
    }
    command_call_finish(call, error);
}

/* "change vnc password [PASSWORD]": asks for it if it is not given. */
static gboolean change_password(CommandCall *call, GError **error)
{
    const char *device = command_string(call, "device");
    const char *secret = command_string(call, "format");

    if (strcmp(command_string(call, "target"), "password") != 0) {
        return error_set(error, "'change %s password' is all that can be changed of a frontend",
                         device);
    }
    if (secret) {
        call->forget = TRUE;
        return change_secret(call, device, secret, error);
    }
    if (!find_protected(call->machine, device, NULL, error)) {
        return FALSE;
    }
    if (!call->context->ask_secret) {
        return error_set(error, "password expected: change %s password PASSWORD", device);
    }
    command_call_hold(call);
    call->context->ask_secret(call, "Password: ", password_answered);
    return TRUE;
}

/* ---- media ---- */

gboolean cmd_change(CommandCall *call, GError **error)
{
    static const char *const modes[] = {"retain", "read-only", "read-write"};
    const char *device = command_string(call, "device");
    const char *mode = command_string(call, "read-only-mode");
    DriveReadonly readonly = DRIVE_RETAIN;

    if (strcmp(device, "vnc") == 0 || strcmp(device, "spice") == 0 ||
        (call->machine->frontends && frontend_find(call->machine, device))) {
        return change_password(call, error);
    }
    if (mode) {
        for (guint i = 0; i < G_N_ELEMENTS(modes); i++) {
            if (strcmp(modes[i], mode) == 0) {
                readonly = (DriveReadonly)i;
            }
        }
    }
    if (!call->machine->blocks) {
        return error_set(error, "the machine has no drives");
    }
    return drive_change(call->machine, device, command_string(call, "target"),
                        command_string(call, "format"), readonly, error);
}

gboolean cmd_eject(CommandCall *call, GError **error)
{
    if (!call->machine->blocks) {
        return error_set(error, "the machine has no drives");
    }
    return drive_eject(call->machine, command_string(call, "device"), command_flag(call, "force"),
                       error);
}

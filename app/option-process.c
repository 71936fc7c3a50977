/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Handlers of options that are about all devices, or about the process: -global, -msg, -sandbox,
 * -runas. */
#include <grp.h>
#include <pwd.h>
#include <string.h>

#include "app/options.h"
#include "core/error.h"
#include "core/option-json.h"

/* ---- -global ---- */

static void add_global(CliConfig *config, const char *driver, const char *property,
                       const char *value)
{
    CliGlobal *global = g_new0(CliGlobal, 1);

    *global = (CliGlobal){g_strdup(driver), g_strdup(property), g_strdup(value)};
    g_ptr_array_add(config->globals, global);
}

/* The names of drivers have no dot, those of properties may. */
gboolean cli_apply_global(CliConfig *config, const CliOption *option, const char *value,
                          GError **error)
{
    const char *equal = strchr(value, '=');
    const char *dot = strchr(value, '.');
    g_autoptr(OptionList) list = NULL;
    const char *driver, *property, *text;

    if (equal && dot && dot > value && dot + 1 < equal) {
        g_autofree char *name = g_strndup(value, (gsize)(dot - value));
        g_autofree char *rest = g_strndup(dot + 1, (gsize)(equal - dot - 1));

        add_global(config, name, rest, equal + 1);
        return TRUE;
    }
    list = option_list_parse(value, NULL, error);
    if (!list) {
        return FALSE;
    }
    driver = option_list_get(list, "driver");
    property = option_list_get(list, "property");
    text = option_list_get(list, "value");
    if (!driver || !property || !text || !option_list_check_used(list, "-global", NULL)) {
        return error_set(error,
                         "'%s' is neither DRIVER.PROP=VALUE nor "
                         "driver=DRIVER,property=PROP,value=VALUE",
                         value);
    }
    add_global(config, driver, property, text);
    return TRUE;
}

/* ---- -msg ---- */

static const OptionSpec msg_specs[] = {
    {"timestamp", OPTION_BOOL, G_STRUCT_OFFSET(CliMsg, timestamp), NULL, ""},
    {"guest-name", OPTION_BOOL, G_STRUCT_OFFSET(CliMsg, guest_name), NULL, ""},
    OPTION_END,
};

gboolean cli_apply_msg(CliConfig *config, const CliOption *option, const char *value,
                       GError **error)
{
    g_autoptr(OptionList) list = option_list_parse(value, NULL, error);

    return list && options_apply(msg_specs, &config->msg, list, error) &&
           option_list_check_used(list, "-msg", error);
}

/* ---- -sandbox ---- */

static const char *const deny_values[] = {"deny", "allow", NULL};
static const char *const privilege_values[] = {"deny", "allow", "children", NULL};

static const OptionSpec sandbox_specs[] = {
    {"enable", OPTION_BOOL, G_STRUCT_OFFSET(SandboxConfig, on), "on", ""},
    {"obsolete", OPTION_ENUM, G_STRUCT_OFFSET(SandboxConfig, obsolete), "deny", "", 0, 0,
     deny_values},
    {"elevateprivileges", OPTION_ENUM, G_STRUCT_OFFSET(SandboxConfig, privileges), "deny", "", 0, 0,
     privilege_values},
    {"spawn", OPTION_ENUM, G_STRUCT_OFFSET(SandboxConfig, spawn), "deny", "", 0, 0, deny_values},
    {"resourcecontrol", OPTION_ENUM, G_STRUCT_OFFSET(SandboxConfig, resources), "deny", "", 0, 0,
     deny_values},
    OPTION_END,
};

gboolean cli_apply_sandbox(CliConfig *config, const CliOption *option, const char *value,
                           GError **error)
{
    g_autoptr(OptionList) list = option_list_parse(value, "enable", error);
    SandboxConfig sandbox;

    if (!list) {
        return FALSE;
    }
    options_set_defaults(sandbox_specs, &sandbox);
    if (!options_apply(sandbox_specs, &sandbox, list, error) ||
        !option_list_check_used(list, "-sandbox", error)) {
        return FALSE;
    }
    sandbox.asked = TRUE;
    config->sandbox = sandbox;
    return !sandbox.on || sandbox_is_built() ||
           error_set(error, "'%s' needs libseccomp, which this program was built without", value);
}

/* ---- -runas ---- */

static gboolean parse_id(const char *text, guint *id)
{
    guint64 number;

    /* -1 means "leave it" to the system. */
    if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT32 - 1, &number, NULL)) {
        return FALSE;
    }
    *id = (guint)number;
    return TRUE;
}

gboolean cli_apply_runas(CliConfig *config, const CliOption *option, const char *value,
                         GError **error)
{
    const struct passwd *user = getpwnam(value);
    g_auto(GStrv) ids = g_strsplit(value, ":", -1);

    g_clear_pointer(&config->runas.name, g_free);
    if (user) {
        config->runas.name = g_strdup(user->pw_name);
        config->runas.uid = user->pw_uid;
        config->runas.gid = user->pw_gid;
    } else if (g_strv_length(ids) != 2 || !parse_id(ids[0], &config->runas.uid) ||
               !parse_id(ids[1], &config->runas.gid)) {
        return error_set(error, "'%s' is neither a user of this host nor UID:GID in numbers",
                         value);
    }
    config->runas.asked = TRUE;
    return TRUE;
}

gboolean cli_apply_chroot(CliConfig *config, const CliOption *option, const char *value,
                          GError **error)
{
    config->chroot = value;
    return g_file_test(value, G_FILE_TEST_IS_DIR) ||
           error_set(error, "'%s' is not a folder", value);
}

/* ---- -overcommit ---- */

typedef struct Overcommit {
    gboolean mem_lock, cpu_pm;
} Overcommit;

static const OptionSpec overcommit_specs[] = {
    {"mem-lock", OPTION_BOOL, G_STRUCT_OFFSET(Overcommit, mem_lock), "off", ""},
    {"cpu-pm", OPTION_BOOL, G_STRUCT_OFFSET(Overcommit, cpu_pm), "off", ""},
    OPTION_END,
};

gboolean cli_apply_overcommit(CliConfig *config, const CliOption *option, const char *value,
                              GError **error)
{
    g_autoptr(OptionList) list = option_list_parse(value, NULL, error);
    Overcommit wanted = {0};

    if (!list || !options_apply(overcommit_specs, &wanted, list, error) ||
        !option_list_check_used(list, "-overcommit", error)) {
        return FALSE;
    }
    config->mem_lock = wanted.mem_lock;
    return !wanted.cpu_pm ||
           error_set(error, "cpu-pm=on is not supported: the host's power management is its own");
}

/* ---- -audiodev ---- */

gboolean cli_apply_audiodev(CliConfig *config, const CliOption *option, const char *value,
                            GError **error)
{
    g_autoptr(OptionList) list = option_list_parse_either(value, "driver", error);
    g_autofree char *driver = list ? option_list_take(list, "driver") : NULL;
    g_autofree char *id = list ? option_list_take(list, "id") : NULL;

    if (!list) {
        return FALSE;
    }
    if (g_strcmp0(driver, "none")) {
        return error_set(error, "there is no sound yet: only the driver 'none' is known");
    }
    if (!id) {
        return error_set(error, "Parameter 'id' is missing");
    }
    g_ptr_array_add(config->silent_audiodevs, g_steal_pointer(&id));
    return option_list_check_used(list, "-audiodev none", error);
}

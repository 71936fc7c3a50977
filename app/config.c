/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/config.h"

#include "app/uses.h"

static void global_free(gpointer data)
{
    CliGlobal *global = data;

    g_free(global->driver);
    g_free(global->property);
    g_free(global->value);
    g_free(global);
}

static GArray *items_new(void)
{
    return g_array_new(FALSE, FALSE, sizeof(CliItem));
}

CliConfig *cli_config_new(void)
{
    CliConfig *config = g_new0(CliConfig, 1);

    config->uses = cli_uses_new();
    config->globals = g_ptr_array_new_with_free_func(global_free);
    config->sandbox.on = sandbox_is_built() && sandbox_by_default();
    config->board_options = option_list_new();
    config->boot_options = option_list_new();
    config->boot.splash_time_ms = -1;
    config->boot.reboot_timeout_ms = -1;
    config->rtc_start = -1;
    options_set_defaults(machine_action_specs, &config->actions);
    config->icount_shift = -1;
    config->smp.cpus = 1;
    config->firmware_dirs = g_ptr_array_new();
    config->smbios = g_ptr_array_new();
    config->accels = items_new();
    config->drives = items_new();
    config->devices = items_new();
    config->objects = items_new();
    config->displays = items_new();
    config->echr = -1;
    config->chardevs = items_new();
    config->serials = items_new();
    config->parallels = items_new();
    config->monitors = items_new();
    config->qtests = items_new();
    config->silent_audiodevs = g_ptr_array_new_with_free_func(g_free);
    config->passed_fds = items_new();
    return config;
}

void cli_config_free(CliConfig *config)
{
    if (!config) {
        return;
    }
    g_free(config->board);
    option_list_free(config->board_options);
    option_list_free(config->boot_options);
    g_ptr_array_unref(config->firmware_dirs);
    g_ptr_array_unref(config->smbios);
    g_array_unref(config->accels);
    g_array_unref(config->drives);
    g_array_unref(config->devices);
    g_array_unref(config->objects);
    g_array_unref(config->displays);
    g_array_unref(config->chardevs);
    g_array_unref(config->serials);
    g_array_unref(config->parallels);
    g_array_unref(config->monitors);
    g_array_unref(config->qtests);
    g_ptr_array_unref(config->silent_audiodevs);
    g_array_unref(config->passed_fds);
    g_free(config->name);
    g_free(config->uuid);
    g_free(config->process_name);
    g_free(config->rtc_clock);
    g_free(config->runas.name);
    g_ptr_array_unref(config->globals);
    g_ptr_array_unref(config->uses);
    g_free(config);
}

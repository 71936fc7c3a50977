/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/accels.h"

#include <string.h>

#include "core/error.h"
#include "core/log.h"
#include "kvm/kvm.h"
#include "qtest/qtest.h"
#include "tcg/tcg.h"

const AccelOps *const accel_types[] = {
    &kvm_accel_ops,
    &tcg_accel_ops,
    &qtest_accel_ops,
    NULL,
};

/* Names of accelerators without -accel. */
#define DEFAULT_ACCELS "kvm:tcg"

static const AccelOps *find(const char *name, GError **error)
{
    GString *known = NULL;

    for (guint i = 0; accel_types[i]; i++) {
        if (!strcmp(accel_types[i]->name, name)) {
            return accel_types[i];
        }
    }
    known = g_string_new(NULL);
    for (guint i = 0; accel_types[i]; i++) {
        g_string_append_printf(known, "%s%s", i ? ", " : "", accel_types[i]->name);
    }
    error_set(error, "not in this version (which has %s)", known->str);
    g_string_free(known, TRUE);
    return NULL;
}

static gboolean open_one(Machine *machine, const char *name, OptionList *options, GError **error)
{
    const AccelOps *ops = find(name, error);
    g_autoptr(OptionList) list = option_list_copy(options);

    return ops && accel_open(machine, ops, list, error);
}

/* Tries the names of "kvm:tcg"; appends why the ones before the one that works did not. */
static gboolean open_any(Machine *machine, const char *names, OptionList *options,
                         GString *failures)
{
    g_auto(GStrv) each = g_strsplit(names, ":", -1);

    for (char **name = each; *name; name++) {
        g_autoptr(GError) reason = NULL;

        if (open_one(machine, *name, options, &reason)) {
            return TRUE;
        }
        g_string_append_printf(failures, "%s%s: %s", failures->len ? "; " : "", *name,
                               reason->message);
    }
    return FALSE;
}

static gboolean open_asked(Machine *machine, CliConfig *config, GString *failures, GError **error)
{
    g_autofree char *of_board = option_list_take(config->board_options, "accel");
    g_autoptr(OptionList) none = option_list_new();

    for (guint i = 0; i < config->accels->len; i++) {
        const CliItem *item = &g_array_index(config->accels, CliItem, i);
        g_autoptr(OptionList) list = option_list_parse(item->value, "accel", error);
        g_autofree char *names = list ? option_list_take(list, "accel") : NULL;

        if (!list) {
            return FALSE;
        }
        if (!names) {
            return error_set(error, "-accel %s: the accelerator's name is missing", item->value);
        }
        if (open_any(machine, names, list, failures)) {
            return TRUE;
        }
    }
    if (config->accels->len == 0 || of_board) {
        return open_any(machine, of_board ? of_board : DEFAULT_ACCELS, none, failures);
    }
    return FALSE;
}

/* One line says which accelerator it became, and why not one that was to be preferred. */
static void tell_choice(const AccelOps *chosen, const char *failures)
{
    const char *why = g_str_has_prefix(failures, "kvm: ") ? failures + strlen("kvm: ") : failures;

    if (chosen == &tcg_accel_ops) {
        report_info("using the software CPU (tcg), much slower than KVM: %s", why);
    } else {
        report_info("using the accelerator %s (%s)", chosen->name, failures);
    }
}

gboolean accel_open_first(Machine *machine, CliConfig *config, GError **error)
{
    g_autoptr(GString) failures = g_string_new(NULL);
    g_autoptr(GError) reason = NULL;

    if (open_asked(machine, config, failures, &reason)) {
        if (failures->len) {
            tell_choice(machine->accel->ops, failures->str);
        }
        return TRUE;
    }
    if (reason) {
        g_propagate_error(error, g_steal_pointer(&reason));
        return FALSE;
    }
    return error_set(error, "no accelerator works: %s", failures->str);
}

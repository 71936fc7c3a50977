/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Handlers of command-line options whose value has a syntax of its own. */
#include <string.h>

#include "app/listings.h"
#include "app/options.h"
#include "core/error.h"
#include "core/log.h"
#include "cpu/model.h"

/* TRUE if the value asks for a list, which is then what the program prints. */
static gboolean asks_help(CliConfig *config, const char *value, int (*print)(const char *text))
{
    if (strcmp(value, "help") && strcmp(value, "?")) {
        return FALSE;
    }
    config->print = print;
    config->print_text = value;
    return TRUE;
}

static void append(GArray *items, const CliOption *option, const char *value)
{
    CliItem item = {option->name, value};

    g_array_append_val(items, item);
}

static void collect(const char *key, const char *value, void *opaque)
{
    option_list_add(opaque, key, value);
}

gboolean cli_apply_machine(CliConfig *config, const CliOption *option, const char *value,
                           GError **error)
{
    g_autoptr(OptionList) list = NULL;
    g_autofree char *type = NULL;

    if (asks_help(config, value, list_machines)) {
        return TRUE;
    }
    list =
        option_list_parse(value, strchr(value, '=') && !strchr(value, ',') ? NULL : "type", error);
    if (!list) {
        return FALSE;
    }
    type = option_list_take(list, "type");
    if (option_list_wants_help(list) && type) {
        config->print = list_machines;
        config->print_text = value;
        return TRUE;
    }
    if (type) {
        g_free(config->board);
        config->board = g_steal_pointer(&type);
    }
    option_list_foreach(list, collect, config->board_options);
    return TRUE;
}

gboolean cli_apply_accel(CliConfig *config, const CliOption *option, const char *value,
                         GError **error)
{
    if (!asks_help(config, value, list_accels)) {
        append(config->accels, option, value);
    }
    return TRUE;
}

gboolean cli_apply_icount(CliConfig *config, const CliOption *option, const char *value,
                          GError **error)
{
    g_autoptr(OptionList) list = option_list_parse(value, "shift", error);
    g_autofree char *shift = list ? option_list_take(list, "shift") : NULL;
    g_autofree char *sleep = list ? option_list_take(list, "sleep") : NULL;
    guint64 number;

    if (!list || !option_list_check_used(list, "-icount", error)) {
        return FALSE;
    }
    if (!shift || !g_ascii_string_to_unsigned(shift, 10, 0, 10, &number, NULL)) {
        return error_set(error,
                         "-icount %s: shift should be a number from 0 to 10: an instruction "
                         "takes 2^shift ns",
                         value);
    }
    if (sleep && strcmp(sleep, "off")) {
        return error_set(error,
                         "-icount %s: sleep can only be 'off': time jumps to the next timer "
                         "while the processor is halted",
                         value);
    }
    config->icount_shift = (int)number;
    return TRUE;
}

gboolean cli_apply_cpu(CliConfig *config, const CliOption *option, const char *value,
                       GError **error)
{
    if (asks_help(config, value, list_cpus)) {
        return TRUE;
    }
    config->cpu_model = value;
    return cpu_model_check(value, error);
}

/* ---- -smp ---- */

static const OptionSpec smp_specs[] = {
    {"cpus", OPTION_UINT, G_STRUCT_OFFSET(CliSmp, cpus), NULL, "number of processors", 1, 4096},
    {"maxcpus", OPTION_UINT, G_STRUCT_OFFSET(CliSmp, maxcpus), NULL, "room for so many", 1, 4096},
    {"sockets", OPTION_UINT, G_STRUCT_OFFSET(CliSmp, sockets), NULL, "", 1, 4096},
    {"dies", OPTION_UINT, G_STRUCT_OFFSET(CliSmp, dies), NULL, "", 1, 4096},
    {"cores", OPTION_UINT, G_STRUCT_OFFSET(CliSmp, cores), NULL, "", 1, 4096},
    {"threads", OPTION_UINT, G_STRUCT_OFFSET(CliSmp, threads), NULL, "", 1, 4096},
    OPTION_END,
};

/* What is left out: cores take it, as in QEMU from 6.2 on; sockets only if cores are given. */
static void smp_complete(CliSmp *smp)
{
    guint64 most = smp->maxcpus ? smp->maxcpus : smp->cpus;

    smp->threads = MAX(smp->threads, 1);
    smp->dies = MAX(smp->dies, 1);
    if (!smp->cores && smp->sockets) {
        smp->cores = most ? most / (smp->sockets * smp->threads) : 1;
    } else if (!smp->cores) {
        smp->sockets = 1;
        smp->cores = most ? most / smp->threads : 1;
    } else if (!smp->sockets) {
        smp->sockets = most ? most / (smp->cores * smp->threads) : 1;
    }
    smp->maxcpus = most ? most : smp->sockets * smp->cores * smp->threads;
    smp->cpus = smp->cpus ? smp->cpus : smp->maxcpus;
}

static gboolean smp_check(const CliSmp *smp, GError **error)
{
    guint64 product = smp->sockets * smp->cores * smp->threads;
    g_autofree char *split =
        g_strdup_printf("sockets (%" G_GUINT64_FORMAT ") * dies (1) * cores (%" G_GUINT64_FORMAT
                        ") * threads (%" G_GUINT64_FORMAT ")",
                        smp->sockets, smp->cores, smp->threads);

    if (smp->dies > 1) {
        return error_set(error, "dies not supported by this machine's CPU topology");
    }
    if (product != smp->maxcpus) {
        return error_set(error,
                         "Invalid CPU topology: product of the hierarchy must match maxcpus: "
                         "%s != maxcpus (%" G_GUINT64_FORMAT ")",
                         split, smp->maxcpus);
    }
    if (smp->maxcpus < smp->cpus) {
        return error_set(error,
                         "Invalid CPU topology: maxcpus must be equal to or greater than smp: "
                         "%s == maxcpus (%" G_GUINT64_FORMAT ") < smp_cpus (%" G_GUINT64_FORMAT ")",
                         split, smp->maxcpus, smp->cpus);
    }
    return TRUE;
}

gboolean cli_apply_smp(CliConfig *config, const CliOption *option, const char *value,
                       GError **error)
{
    g_autoptr(OptionList) list = option_list_parse(value, "cpus", error);
    CliSmp smp = {0};

    if (!list || !options_apply(smp_specs, &smp, list, error) ||
        !option_list_check_used(list, "-smp", error)) {
        return FALSE;
    }
    smp_complete(&smp);
    if (!smp_check(&smp, error)) {
        return FALSE;
    }
    config->smp = smp;
    return TRUE;
}

/* ---- -m ---- */

gboolean cli_apply_memory(CliConfig *config, const CliOption *option, const char *value,
                          GError **error)
{
    g_autoptr(OptionList) list = option_list_parse(value, "size", error);
    const char *size = list ? option_list_get(list, "size") : NULL;

    if (!list) {
        return FALSE;
    }
    if (!size) {
        return error_set(error, "the size is missing, as in -m 2G");
    }
    if (!option_list_check_used(list, "-m", error) ||
        !option_parse_size("size", size, 'M', &config->ram_size, error)) {
        return FALSE;
    }
    if (config->ram_size < (1 << 20)) {
        return error_set(error, "'%s' is too little memory; 1M is the least", size);
    }
    config->ram_size = (config->ram_size + 0xfff) & ~0xfffULL;
    return TRUE;
}

/* ---- -boot ---- */

typedef struct BootFields {
    char *order, *once, *splash;
    gboolean menu, strict;
    gint64 splash_time, reboot_timeout;
} BootFields;

static const OptionSpec boot_specs[] = {
    {"order", OPTION_STRING, G_STRUCT_OFFSET(BootFields, order), NULL, ""},
    {"once", OPTION_STRING, G_STRUCT_OFFSET(BootFields, once), NULL, ""},
    {"menu", OPTION_BOOL, G_STRUCT_OFFSET(BootFields, menu), NULL, ""},
    {"strict", OPTION_BOOL, G_STRUCT_OFFSET(BootFields, strict), NULL, ""},
    {"splash", OPTION_STRING, G_STRUCT_OFFSET(BootFields, splash), NULL, ""},
    {"splash-time", OPTION_INT, G_STRUCT_OFFSET(BootFields, splash_time), "-1", "", (guint64)-1,
     0xffff},
    {"reboot-timeout", OPTION_INT, G_STRUCT_OFFSET(BootFields, reboot_timeout), "-1", "",
     (guint64)-1, 0xffff},
    OPTION_END,
};

static gboolean check_boot_order(const char *key, const char *order, GError **error)
{
    for (const char *p = order; p && *p; p++) {
        if (!strchr("acdn", *p)) {
            return error_set(error,
                             "%s: there is no boot device '%c' (a: floppy, c: disk, d: CD-ROM, n: "
                             "network)",
                             key, *p);
        }
        if (strchr(p + 1, *p)) {
            return error_set(error, "%s: boot device '%c' is given twice", key, *p);
        }
    }
    return TRUE;
}

gboolean cli_apply_boot(CliConfig *config, const CliOption *option, const char *value,
                        GError **error)
{
    g_autoptr(OptionList) list = option_list_parse(value, "order", error);
    BootFields fields;
    gboolean good;

    if (!list) {
        return FALSE;
    }
    options_set_defaults(boot_specs, &fields);
    option_list_foreach(list, collect, config->boot_options);
    good = options_apply(boot_specs, &fields, config->boot_options, error) &&
           option_list_check_used(config->boot_options, "-boot", error) &&
           check_boot_order("order", fields.order, error) &&
           check_boot_order("once", fields.once, error);
    options_clear(boot_specs, &fields);
    if (good) {
        config->boot = (BoardBoot){
            .order = option_list_get(config->boot_options, "order"),
            .once = option_list_get(config->boot_options, "once"),
            .menu = fields.menu,
            .strict = fields.strict,
            .splash = option_list_get(config->boot_options, "splash"),
            .splash_time_ms = fields.splash_time,
            .reboot_timeout_ms = fields.reboot_timeout,
        };
    }
    return good;
}

/* ---- -rtc ---- */

static gboolean parse_rtc_base(CliConfig *config, const char *base, GError **error)
{
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    g_autofree char *full = NULL;
    g_autoptr(GDateTime) date = NULL;

    if (!strcmp(base, "utc") || !strcmp(base, "localtime")) {
        config->rtc_localtime = base[0] == 'l';
        config->rtc_start = -1;
        return TRUE;
    }
    full = strchr(base, 'T') ? g_strdup(base) : g_strconcat(base, "T00:00:00", NULL);
    date = g_date_time_new_from_iso8601(full, utc);
    if (!date) {
        return error_set(error,
                         "base: '%s' is neither utc, localtime nor a date like 2026-01-31T23:59:00",
                         base);
    }
    config->rtc_start = g_date_time_to_unix(date);
    if (config->rtc_start < 0) {
        return error_set(error, "base: '%s' is before 1970", base);
    }
    return TRUE;
}

gboolean cli_apply_rtc(CliConfig *config, const CliOption *option, const char *value,
                       GError **error)
{
    g_autoptr(OptionList) list = option_list_parse(value, NULL, error);
    const char *base, *clock, *drift;

    if (!list) {
        return FALSE;
    }
    base = option_list_get(list, "base");
    clock = option_list_get(list, "clock");
    drift = option_list_get(list, "driftfix");
    if (!option_list_check_used(list, "-rtc", error) ||
        (base && !parse_rtc_base(config, base, error))) {
        return FALSE;
    }
    if (clock && strcmp(clock, "host") && strcmp(clock, "rt") && strcmp(clock, "vm")) {
        return error_set(error, "clock: '%s' is unknown; host, rt or vm is right", clock);
    }
    if (clock) {
        g_free(config->rtc_clock);
        config->rtc_clock = g_strdup(clock);
    }
    if (drift && strcmp(drift, "none")) {
        return error_set(error, "driftfix: '%s' is not supported; lost ticks are not needed",
                         drift);
    }
    return TRUE;
}

/* ---- -action ---- */

gboolean cli_apply_action(CliConfig *config, const CliOption *option, const char *value,
                          GError **error)
{
    g_autoptr(OptionList) list = option_list_parse(value, NULL, error);

    return list && options_apply(machine_action_specs, &config->actions, list, error) &&
           option_list_check_used(list, "-action", error);
}

gboolean cli_apply_watchdog_action(CliConfig *config, const CliOption *option, const char *value,
                                   GError **error)
{
    return options_set(machine_action_specs, &config->actions, "watchdog", value, error);
}

/* ---- the rest ---- */

gboolean cli_apply_name(CliConfig *config, const CliOption *option, const char *value,
                        GError **error)
{
    g_autoptr(OptionList) list = option_list_parse(value, "guest", error);

    if (!list) {
        return FALSE;
    }
    g_free(config->name);
    g_free(config->process_name);
    config->name = g_strdup(option_list_get(list, "guest"));
    config->process_name = g_strdup(option_list_get(list, "process"));
    option_list_get(list, "debug-threads"); /* threads have names anyhow */
    return option_list_check_used(list, "-name", error);
}

gboolean cli_apply_uuid(CliConfig *config, const CliOption *option, const char *value,
                        GError **error)
{
    if (!g_uuid_string_is_valid(value)) {
        return error_set(error, "'%s' is not a UUID like 12345678-1234-1234-1234-123456789abc",
                         value);
    }
    g_free(config->uuid);
    config->uuid = g_ascii_strdown(value, -1);
    return TRUE;
}

gboolean cli_apply_log_items(CliConfig *config, const CliOption *option, const char *value,
                             GError **error)
{
    return asks_help(config, value, list_log_items) ||
           log_parse_items(value, &config->log_items, error);
}

gboolean cli_apply_nic(CliConfig *config, const CliOption *option, const char *value,
                       GError **error)
{
    return !strcmp(value, "none") ||
           error_set(error,
                     "'%s': there are no network cards in this version; only 'none' is known",
                     value);
}

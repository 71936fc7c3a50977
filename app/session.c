/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/session.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "app/accels.h"
#include "app/desktop.h"
#include "app/drives.h"
#include "app/frontends.h"
#include "app/machine-memory.h"
#include "app/monitors.h"
#include "app/options.h"
#include "app/passed-fds.h"
#include "app/paths.h"
#include "app/ports.h"
#include "app/process.h"
#include "block/types.h"
#include "control/server.h"
#include "core/backend.h"
#include "core/block.h"
#include "core/error.h"
#include "core/hotplug.h"
#include "core/log.h"
#include "core/option-json.h"
#include "core/vcpu.h"
#include "hw/pc/board.h"
#include "hw/pc/devices.h"
#include "monitor/monitor.h"
#include "qtest/qtest.h"

struct Session {
    CliConfig *config;
    VmLock *lock;
    EventLoop *loop;
    Machine *machine;
    BoardConfig board;
    Ports ports;
    Monitors monitors;
    ControlServer *control; /* NULL = none */
    guint signals[3];       /* GSource ids */
};

/* ---- signals ---- */

static gboolean on_signal(Session *session, int number)
{
    report_info("ends on signal %d (%s)", number, g_strsignal(number));
    machine_request_shutdown(session->machine, SHUTDOWN_HOST_SIGNAL, 0);
    return G_SOURCE_CONTINUE;
}

static gboolean on_sigint(gpointer opaque)
{
    return on_signal(opaque, SIGINT);
}

static gboolean on_sigterm(gpointer opaque)
{
    return on_signal(opaque, SIGTERM);
}

/* The terminal of a frontend may go as any display server may: the machine stays, see tty.c of
 * ui/terminal/. There is none to be opened any more then. */
static gboolean on_sighup(gpointer opaque)
{
    Session *session = opaque;
    int tty;

    if (session->machine->hangups_taken) {
        tty = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);
        if (tty < 0) {
            return G_SOURCE_CONTINUE;
        }
        close(tty);
    }
    return on_signal(session, SIGHUP);
}

static void watch_signals(Session *session)
{
    session->signals[0] = g_unix_signal_add(SIGINT, on_sigint, session);
    session->signals[1] = g_unix_signal_add(SIGTERM, on_sigterm, session);
    session->signals[2] = g_unix_signal_add(SIGHUP, on_sighup, session);
}

/* ---- tests and debuggers ---- */

static const CliItem *item_at(GArray *items, guint i)
{
    return &g_array_index(items, CliItem, i);
}

static gboolean open_qtests(Session *session, GError **error)
{
    GArray *items = session->config->qtests;
    const char *log_file = session->config->qtest_log;

    for (guint i = 0; i < items->len; i++) {
        g_autofree char *id = g_strdup_printf("qtest%u", i);
        const char *text = item_at(items, i)->value;
        Chardev *chr = NULL;

        if (session->machine->accel->ops != &qtest_accel_ops) {
            return error_set(error, "-qtest: needs -accel qtest");
        }
        if (!ports_open_short(&session->ports, "qtest", text, id, &chr, error)) {
            return FALSE;
        }
        if (chr && !qtest_server_start(session->machine, chr, log_file, error)) {
            g_prefix_error(error, "-qtest %s: ", text);
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean open_gdb(Session *session, GError **error)
{
    const char *device = session->config->gdb;

    if (device && !gdbstub_start(session->machine, device, &monitor_gdb_ops, error)) {
        g_prefix_error(error, "-gdb %s: ", device);
        return FALSE;
    }
    return TRUE;
}

/* Machines do without it if they must. One that a test plays the processor of has none. */
static void open_control(Session *session)
{
    g_autoptr(GError) error = NULL;

    if (session->config->no_control || session->machine->accel->ops == &qtest_accel_ops) {
        return;
    }
    session->control = control_server_new(session->machine, &error);
    if (!session->control) {
        report_warning("'vitrine attach' will not find this machine: %s", error->message);
    }
}

/* ---- the board ---- */

/* The board of -machine NAME; NULL = the default one. */
static const BoardOps *choose_board(const char *name, GError **error)
{
    g_autoptr(GString) known = NULL;
    const BoardOps *ops = name ? board_find(name) : board_types[0];

    if (ops) {
        return ops;
    }
    known = g_string_new(NULL);
    for (guint i = 0; board_types[i]; i++) {
        g_string_append_printf(known, "%s%s", i ? ", " : "", board_types[i]->name);
    }
    error_set(error, "-machine: there is no machine '%s' (known: %s)", name, known->str);
    return NULL;
}

static gboolean add_devices(Session *session, GError **error)
{
    GArray *items = session->config->devices;

    for (guint i = 0; i < items->len; i++) {
        const char *text = item_at(items, i)->value;
        g_autoptr(OptionList) options = option_list_parse_either(text, "driver", error);

        if (!options || !device_add(session->machine, options, error)) {
            g_prefix_error(error, "-device %s: ", text);
            return FALSE;
        }
    }
    return TRUE;
}

/* First of all: drives, character devices and frontends may name them. */
static gboolean add_objects(Session *session, GError **error)
{
    GArray *items = session->config->objects;

    for (guint i = 0; i < items->len; i++) {
        const char *text = item_at(items, i)->value;
        g_autoptr(OptionList) options = option_list_parse_either(text, "qom-type", error);

        if (!options || !backend_add(session->machine, options, error)) {
            /* Without the text, which may hold a password. */
            g_prefix_error(error, "-object: ");
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean check_vga(const BoardOps *ops, const char *name, GError **error)
{
    g_autoptr(GString) known = g_string_new(NULL);

    for (const BoardVga *vga = ops->vgas; vga && vga->name; vga++) {
        if (!g_strcmp0(vga->name, name)) {
            return TRUE;
        }
        g_string_append_printf(known, "%s%s", known->len ? ", " : "", vga->name);
    }
    return error_set(error, "-vga %s: there is no such card for the machine '%s' (known: %s)", name,
                     ops->name, known->str);
}

static gboolean check_kernel(const CliConfig *config, const BoardOps *ops, GError **error)
{
    if (config->kernel && ops == board_find("none")) {
        return error_set(error, "-kernel: the machine '%s' has no memory to load it into",
                         ops->name);
    }
    if (!config->kernel && (config->initrd || config->append)) {
        return error_set(error, "-%s: is for a kernel, which -kernel FILE names",
                         config->initrd ? "initrd" : "append");
    }
    return TRUE;
}

#define LAST_APIC_ID 254u /* 255 means all of them */

static gboolean fill_board(Session *session, const BoardOps *ops, GError **error)
{
    CliConfig *config = session->config;
    BoardConfig *board = &session->board;

    board->cpus = (guint)config->smp.cpus;
    board->max_cpus = (guint)config->smp.maxcpus;
    board->topology = (CpuTopology){(guint)config->smp.sockets, (guint)config->smp.cores,
                                    (guint)config->smp.threads};
    board->bios = config->bios;
    board->kernel = config->kernel;
    board->initrd = config->initrd;
    board->append = config->append;
    board->boot = config->boot;
    board->vga = config->vga ? config->vga : config->nodefaults ? "none" : ops->default_vga;
    board->nodefaults = config->nodefaults;
    board->rtc_localtime = config->rtc_localtime;
    board->rtc_start = config->rtc_start;
    board->rtc_clock = config->rtc_clock;
    g_ptr_array_add(config->smbios, NULL);
    board->smbios = (const char *const *)config->smbios->pdata;
    board->options = config->board_options;
    if (!machine_memory_prepare(session->machine, config, ops, board, error)) {
        return FALSE;
    }
    if (MAX(board->cpus, board->max_cpus) > ops->max_cpus) {
        return error_set(error, "-smp: the machine '%s' takes at most %u processors", ops->name,
                         ops->max_cpus);
    }
    if (board->max_cpus && cpu_apic_id(&board->topology, board->max_cpus - 1) > LAST_APIC_ID) {
        return error_set(error,
                         "-smp: with this topology the last processor's APIC id would be "
                         "%u, which must be %u at most",
                         cpu_apic_id(&board->topology, board->max_cpus - 1), LAST_APIC_ID);
    }
    if (ops == board_find("none")) {
        board->cpus = 0; /* it has nothing that one could run */
    }
    session->machine->board_config = board;
    return check_kernel(config, ops, error) && check_vga(ops, board->vga, error) &&
           ports_open_all(&session->ports, board, error);
}

static gboolean check_icount(const Machine *machine, GError **error)
{
    if (machine->icount_shift >= 0 && !(machine->accel->ops->caps & ACCEL_COUNTS_TIME)) {
        return error_set(error,
                         "-icount: the accelerator %s cannot count instructions: use "
                         "-accel tcg",
                         machine->accel->ops->name);
    }
    return TRUE;
}

/* What monitors need, and what they are on. */
static gboolean prepare_board(Session *session, GError **error)
{
    const BoardOps *ops = choose_board(session->config->board, error);

    session->machine->board = ops;
    return ops && accel_open_first(session->machine, session->config, error) &&
           check_icount(session->machine, error) && fill_board(session, ops, error);
}

/* The board knows no option names; the firmware is what it cannot find. */
typedef struct Blame {
    const char *message;
    gboolean found;
} Blame;

static void find_key(const char *key, const char *value, void *opaque)
{
    Blame *blame = opaque;
    gsize length = strlen(key);

    blame->found = blame->found || (!strncmp(blame->message, key, length) &&
                                    !strncmp(blame->message + length, ": ", 2));
}

/* What a board says of its own properties becomes a message about -machine. */
static gboolean blame_machine(Session *session, GError **error)
{
    Blame blame = {error ? (*error)->message : "", FALSE};

    option_list_foreach(session->config->board_options, find_key, &blame);
    if (blame.found) {
        g_prefix_error(error, "-machine: ");
    }
    return FALSE;
}

static gboolean check_board_options(Session *session, GError **error)
{
    g_autofree char *what = g_strdup_printf("-machine: %s", session->machine->board->name);

    return option_list_check_used(session->config->board_options, what, error);
}

static gboolean make_board(Session *session, GError **error)
{
    const char *bios = session->config->bios;

    if (session->machine->board->create(session->machine, &session->board, error)) {
        return TRUE;
    }
    if (error && bios && strstr((*error)->message, bios)) {
        g_prefix_error(error, "-bios: ");
    }
    return blame_machine(session, error);
}

static void set_globals(Session *session)
{
    GPtrArray *globals = session->config->globals;

    for (guint i = 0; i < globals->len; i++) {
        const CliGlobal *global = g_ptr_array_index(globals, i);

        device_set_global(session->machine, global->driver, global->property, global->value);
    }
}

static gboolean create_board(Session *session, GError **error)
{
    CliConfig *config = session->config;
    Machine *machine = session->machine;
    const BoardOps *ops = machine->board;
    /* A test that plays the processor wants the machine as it described it, no more. */
    gboolean has_defaults =
        (machine->accel->ops->caps & ACCEL_RUNS_CODE) && ops != board_find("none");
    gboolean wants_demo =
        has_defaults && !config->nodefaults && config->devices->len == 0 && !config->kernel;

    gboolean wants_tablet = has_defaults && desktop_prepare(config, ops);

    set_globals(session);
    if (!(drives_create(machine, config, wants_demo, error) &&
          (!has_defaults || (drives_add_empty_cdrom(machine, config, error) &&
                             drives_add_empty_floppy(machine, config, error))) &&
          make_board(session, error) && check_board_options(session, error) &&
          add_devices(session, error) && block_check_claimed(machine, error))) {
        return FALSE;
    }
    if (wants_tablet) {
        desktop_add_tablet(machine);
    }
    return TRUE;
}

/* ---- life ---- */

static void set_firmware_dirs(CliConfig *config, Machine *machine)
{
    for (const char *const *dir = paths_firmware_dirs(); *dir; dir++) {
        g_ptr_array_add(config->firmware_dirs, (char *)*dir);
    }
    g_ptr_array_add(config->firmware_dirs, NULL);
    machine->firmware_dirs = (const char *const *)config->firmware_dirs->pdata;
}

static Machine *new_machine(CliConfig *config, EventLoop *loop)
{
    Machine *machine = machine_new(loop);

    machine->blocks = block_manager_new(machine, block_image_types, block_engine_types);
    machine->name = g_strdup(config->name);
    machine->uuid = g_strdup(config->uuid);
    machine->cpu_model = config->cpu_model;
    machine->keymap_layout = config->keymap;
    if (config->echr >= 0) {
        machine->mux_escape = (guint8)config->echr;
    }
    machine->icount_shift = config->icount_shift;
    machine->actions = config->actions;
    set_firmware_dirs(config, machine);
    machine->bus_types = bus_types;
    machine->device_types = device_types;
    machine->run_command = monitor_gdb_ops.start;
    machine->cancel_command = monitor_gdb_ops.cancel;
    machine->guard_tty = process_guard_tty;
    frontends_set_loader(machine, config);
    machine->board_types = board_types;
    machine->describe_command_line = cli_describe;
    return machine;
}

static gboolean lock_memory(const CliConfig *config, GError **error)
{
    return !config->mem_lock || mlockall(MCL_CURRENT | MCL_FUTURE) == 0 ||
           error_set_errno(error, errno, "-overcommit mem-lock=on");
}

/* Everything is open: what is not needed any more is given up. */
static gboolean confine(const CliConfig *config, GError **error)
{
    g_autoptr(GError) reason = NULL;

    if ((config->chroot && !process_enter_folder(config->chroot, error)) ||
        (config->runas.asked &&
         !process_become(config->runas.name, config->runas.uid, config->runas.gid, error))) {
        return FALSE;
    }
    if (config->sandbox.on && !sandbox_enter(&config->sandbox, &reason)) {
        if (config->sandbox.asked) {
            g_propagate_error(error, g_steal_pointer(&reason));
            return FALSE;
        }
        report_warning("%s", reason->message);
    }
    return TRUE;
}

static gboolean open_monitors(Session *session, GError **error)
{
    return session->monitors.human || monitors_open(&session->monitors, &session->ports, error);
}

/* Makes the machine. */
static gboolean finish(Session *session, GError **error)
{
    if (!create_board(session, error) ||
        !vcpus_create(session->machine, session->board.cpus, error)) {
        return FALSE;
    }
    session->machine->assembled = TRUE;
    device_check_globals(session->machine);
    open_control(session);
    return open_monitors(session, error) && open_qtests(session, error) &&
           open_gdb(session, error) && lock_memory(session->config, error) &&
           frontends_open(session->machine, session->config, error) &&
           confine(session->config, error);
}

static void run_unless_stopped(Session *session)
{
    if (!session->config->stopped && !gdbstub_has_client(session->machine)) {
        machine_cont(session->machine);
    }
}

/* Machine.exit_preconfig: on failure there is nothing that could go on. */
static gboolean exit_preconfig(Machine *machine, void *opaque, GError **error)
{
    Session *session = opaque;
    g_autoptr(GError) reason = NULL;

    machine->exit_preconfig = NULL;
    if (finish(session, &reason)) {
        run_unless_stopped(session);
        return TRUE;
    }
    report_redirect(NULL, NULL);
    report_error("%s", reason->message);
    g_propagate_error(error, g_steal_pointer(&reason));
    machine_request_shutdown(machine, SHUTDOWN_HOST_QMP_QUIT, 1);
    return FALSE;
}

static gboolean start(Session *session, GError **error)
{
    /* A layout that was asked for is checked now, not when somebody first types. */
    if (session->config->keymap && !machine_keymap(session->machine, error)) {
        g_prefix_error(error, "-k: ");
        return FALSE;
    }
    if (!passed_fds_take(session->machine, session->config, error) ||
        !add_objects(session, error) || !prepare_board(session, error)) {
        return FALSE;
    }
    if (session->config->preconfig) {
        session->machine->exit_preconfig = exit_preconfig;
        session->machine->exit_preconfig_opaque = session;
        return open_monitors(session, error);
    }
    return finish(session, error);
}

Session *session_new(CliConfig *config, GError **error)
{
    Session *session = g_new0(Session, 1);

    session->config = config;
    session->ports.monitors = g_ptr_array_new_with_free_func(g_free);
    session->lock = vm_lock_new();
    vm_lock_take(session->lock, "start");
    session->loop = event_loop_new(NULL, session->lock);
    session->machine = new_machine(config, session->loop);
    session->ports.machine = session->machine;
    session->ports.config = config;
    watch_signals(session);
    if (!start(session, error)) {
        g_clear_pointer(&session, session_free);
    }
    return session;
}

/* Opening windows and files takes long, but nothing waited: `info lock` is about what follows. */
static void forget_start(Session *session)
{
    VmLockStats stats;

    vm_lock_drop(session->lock);
    vm_lock_take(session->lock, "start");
    vm_lock_stats(session->lock, &stats, TRUE);
}

int session_run(Session *session)
{
    forget_start(session);
    if (!session->machine->exit_preconfig) {
        run_unless_stopped(session);
    }
    event_loop_run(session->loop);
    return session->machine->exit_status;
}

void session_free(Session *session)
{
    if (!session) {
        return;
    }
    for (guint i = 0; i < G_N_ELEMENTS(session->signals); i++) {
        g_source_remove(session->signals[i]);
    }
    monitors_close(&session->monitors);
    g_ptr_array_unref(session->ports.monitors);
    control_server_free(session->control);
    gdbstub_stop(session->machine);
    machine_free(session->machine);
    event_loop_free(session->loop);
    vm_lock_drop(session->lock);
    vm_lock_free(session->lock);
    g_free(session);
}

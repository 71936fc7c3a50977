/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/pc-rig.h"

#include <string.h>

#include "block/types.h"
#include "core/block.h"
#include "core/char.h"
#include "core/hotplug.h"
#include "hw/pc/board.h"
#include "hw/pc/devices.h"
#include "qtest/qtest.h"

static void on_line(void *opaque, const char *line)
{
    PcRig *rig = opaque;

    if (g_str_has_prefix(line, "IRQ raise")) {
        rig->raised++;
    } else if (!g_str_has_prefix(line, "IRQ ") && !g_str_has_prefix(line, "MSI ")) {
        g_string_assign(rig->reply, line);
    }
}

static void on_event(Machine *machine, MachineEvent event, void *opaque)
{
    PcRig *rig = opaque;

    if (event == MACHINE_EVENT_SHUTDOWN) {
        rig->shut_down = TRUE;
    }
}

static const char *const firmware_dirs[] = {"/usr/share/seabios", "/usr/share/qemu", NULL};

static void add_ports(PcRig *rig)
{
    g_autoptr(GError) error = NULL;
    BoardConfig *config = &rig->config;

    config->serial[0] = chardev_create_short(rig->machine, "null", "serial0", &error);
    g_assert_no_error(error);
    config->parallel[0] = chardev_create_short(rig->machine, "null", "parallel0", &error);
    g_assert_no_error(error);
    config->debugcon = chardev_create_short(rig->machine, "null", "debugcon", &error);
    g_assert_no_error(error);
    config->debugcon_port = 0xe9;
}

static void add_devices(PcRig *rig, const char *const *devices)
{
    g_autoptr(GError) error = NULL;

    for (; devices && *devices; devices++) {
        g_autoptr(OptionList) options = option_list_parse(*devices, "driver", &error);

        g_assert_no_error(error);
        device_add(rig->machine, options, &error);
        g_assert_no_error(error);
    }
}

PcRig *pc_rig_new(const char *board, guint64 ram_size, const char *const *drives,
                  const char *const *devices)
{
    PcRig *rig = g_new0(PcRig, 1);
    g_auto(GStrv) name = g_strsplit(board, ",vga=", 2);
    const BoardOps *ops = board_find(name[0]);
    g_autoptr(GMainContext) context = g_main_context_new();
    g_autoptr(GError) error = NULL;

    rig->reply = g_string_new(NULL);
    rig->lock = vm_lock_new();
    vm_lock_take(rig->lock, "rig");
    rig->loop = event_loop_new(context, rig->lock);
    rig->machine = machine_new(rig->loop);
    rig->machine->blocks = block_manager_new(rig->machine, block_image_types, block_engine_types);
    rig->machine->firmware_dirs = firmware_dirs;
    rig->machine->ram_size = ram_size;
    rig->machine->device_types = device_types;
    rig->listener = machine_listen(rig->machine, on_event, rig);
    accel_open(rig->machine, &qtest_accel_ops, NULL, &error);
    g_assert_no_error(error);
    rig->config = (BoardConfig){
        .ram_size = ram_size,
        .cpus = 1,
        .vga = name[1] ? name[1] : ops->default_vga,
        .rtc_start = 1000000000,
        .rtc_clock = "vm",
        .boot = {.splash_time_ms = -1, .reboot_timeout_ms = -1},
        .options = option_list_new(),
    };
    add_ports(rig);
    for (; drives && *drives; drives++) {
        drive_add(rig->machine, *drives, &error);
        g_assert_no_error(error);
    }
    ops->create(rig->machine, &rig->config, &error);
    g_assert_no_error(error);
    add_devices(rig, devices);
    rig->qtest = qtest_new(rig->machine, on_line, rig);
    machine_cont(rig->machine);
    return rig;
}

void pc_rig_free(PcRig *rig)
{
    machine_unlisten(rig->machine, rig->listener);
    machine_free(rig->machine);
    qtest_free(rig->qtest);
    event_loop_free(rig->loop);
    vm_lock_drop(rig->lock);
    vm_lock_free(rig->lock);
    option_list_free(rig->config.options);
    g_string_free(rig->reply, TRUE);
    g_free(rig);
}

static const char *command(PcRig *rig, const char *format, va_list args)
{
    g_autofree char *line = g_strdup_vprintf(format, args);

    qtest_command(rig->qtest, line);
    return rig->reply->str;
}

const char *pc_rig_command(PcRig *rig, const char *format, ...)
{
    va_list args;
    const char *reply;

    va_start(args, format);
    reply = command(rig, format, args);
    va_end(args);
    return reply;
}

guint64 pc_rig_value(PcRig *rig, const char *format, ...)
{
    va_list args;
    const char *reply;

    va_start(args, format);
    reply = command(rig, format, args);
    va_end(args);
    g_assert_true(g_str_has_prefix(reply, "OK "));
    return g_ascii_strtoull(reply + 3, NULL, 0);
}

static void drain_drive(Drive *drive, void *opaque)
{
    drive_drain(drive);
}

void pc_rig_run(PcRig *rig, gboolean drain)
{
    guint i;

    if (drain) {
        drive_foreach(rig->machine, drain_drive, NULL);
        worker_pool_drain(rig->machine->workers);
    }
    for (i = 0; i < 100 && event_loop_iterate(rig->loop, FALSE); i++) {
    }
}

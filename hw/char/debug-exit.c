/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/char/debug-exit.h"

#include "core/machine.h"
#include "hw/isa/isa.h"

typedef struct DebugExit {
    Device dev;
    guint64 ports;
    Region region;
} DebugExit;

static guint64 debug_exit_read(void *opaque, guint64 addr, guint size)
{
    return 0;
}

static void debug_exit_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    DebugExit *exit_port = opaque;
    int status = (int)(((value << 1) | 1) & 0xff); /* all that a parent process can see */

    machine_request_shutdown(exit_port->dev.machine, SHUTDOWN_GUEST_EXIT, status);
}

static const IoOps debug_exit_io = {
    .read = debug_exit_read, .write = debug_exit_write, .min_size = 1, .max_size = 4};

static void debug_exit_unrealize(Device *dev)
{
    region_finish(&((DebugExit *)dev)->region);
}

static gboolean debug_exit_realize(Device *dev, GError **error)
{
    static const IsaResources places[] = {{0x501, 0}, {0, 0}};
    DebugExit *exit_port = (DebugExit *)dev;

    if (!isa_default_resources(dev, places, error)) {
        return FALSE;
    }
    region_init_io(&exit_port->region, "isa-debug-exit", &debug_exit_io, exit_port,
                   exit_port->ports);
    device_publish_region(dev, &exit_port->region);
    return TRUE;
}

static const OptionSpec debug_exit_options[] = {
    {"iosize", OPTION_UINT, offsetof(DebugExit, ports), "2", "number of ports", 1, 16},
    OPTION_END,
};

const DeviceOps isa_debug_exit_ops = {
    .name = "isa-debug-exit",
    .summary = "ends the program with a status that the guest chooses",
    .category = "Misc",
    .bus = BUS_ISA,
    .size = sizeof(DebugExit),
    .options = debug_exit_options,
    .realize = debug_exit_realize,
    .unrealize = debug_exit_unrealize,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/pc/port92.h"

#include "core/machine.h"

#define PORT92_RESET 0x01 /* its rise resets the processor */
#define PORT92_A20   0x02

typedef struct Port92 {
    Device device;
    Region region;
    IrqLine a20;
    guint8 value;
} Port92;

static guint64 port92_read(void *opaque, guint64 addr, guint size)
{
    return ((Port92 *)opaque)->value;
}

static void port92_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    Port92 *port = opaque;
    guint8 old = port->value;

    port->value = value;
    irq_set(&port->a20, (value & PORT92_A20) != 0);
    if ((value & PORT92_RESET) && !(old & PORT92_RESET)) {
        machine_request_reset(port->device.machine, TRUE);
    }
}

/* SeaBIOS looks at A20 whenever it changes processor modes, at each tick of the timer too. */
static const IoOps port92_io_ops = {
    .read = port92_read,
    .write = port92_write,
    .max_size = 1,
    .housekeeping = TRUE,
};

static gboolean realize(Device *dev, GError **error)
{
    Port92 *port = (Port92 *)dev;
    region_init_io(&port->region, "port92", &port92_io_ops, port, 1);
    device_publish_region(dev, &port->region);
    device_publish_irq(dev, &port->a20);
    return TRUE;
}

static void unrealize(Device *dev)
{
    Port92 *port = (Port92 *)dev;
    region_remove(&port->region);
    region_finish(&port->region);
}

static void reset(Device *dev)
{
    Port92 *port = (Port92 *)dev;
    port->value = 0;
    irq_lower(&port->a20);
}

static const StateField state_fields[] = {STATE_FIELD(U8, Port92, value), STATE_END};
static const StateTable port92_state = {1, state_fields, NULL};

const DeviceOps port92_ops = {
    .name = "port92",
    .summary = "System control port A",
    .category = "Misc",
    .size = sizeof(Port92),
    .board_only = TRUE,
    .state = &port92_state,
    .realize = realize,
    .unrealize = unrealize,
    .reset = reset,
};

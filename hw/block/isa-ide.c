/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One IDE channel on the ISA bus, as on a plain AT adapter card (ATA/ATAPI-6, annex on ISA). */
#include "core/option.h"
#include "hw/block/ide-priv.h"
#include "hw/isa/isa.h"

typedef struct IsaIde {
    Device device;
    guint64 control_port; /* iobase2= */
    IdeChannel channel;
    IrqLine intrq;
} IsaIde;

/* The control block usually lies 206h above the command block. */
#define CONTROL_OFFSET 0x206

static const IsaResources usual_places[] = {{0x1f0, 14}, {0x170, 15}, {0}};

static const OptionSpec isa_ide_options[] = {
    {"iobase2", OPTION_UINT, G_STRUCT_OFFSET(IsaIde, control_port), "0",
     "Port of the control block (0: 206h above iobase)", .max = 0xffff},
    OPTION_END,
};

static void set_intrq(void *opaque, gboolean level)
{
    IsaIde *isa = opaque;

    irq_set(&isa->intrq, level);
}

static void isa_ide_reset(Device *dev)
{
    IdeChannel *channel = &((IsaIde *)dev)->channel;

    channel->select = 0xa0;
    channel->device_control = 0;
    ide_update_intrq(channel);
}

/* "ide.0" for the first card, "ide.1" for the second. */
static guint free_number(const Device *dev)
{
    guint n = 0;

    for (;;) {
        g_autofree char *name = g_strdup_printf("ide.%u", n);

        if (!dev->machine->root || !bus_find(dev->machine->root, name)) {
            return n;
        }
        n++;
    }
}

static gboolean isa_ide_realize(Device *dev, GError **error)
{
    IsaIde *isa = (IsaIde *)dev;
    guint control;

    if (!isa_default_resources(dev, usual_places, error)) {
        return FALSE;
    }
    ide_channel_init(&isa->channel, dev, free_number(dev), set_intrq, isa);
    device_publish_region(dev, &isa->channel.command);
    device_publish_irq(dev, &isa->intrq);
    control = isa->control_port ? (guint)isa->control_port : isa_iobase(dev) + CONTROL_OFFSET;
    isa_map_ports(dev, control, &isa->channel.control);
    return TRUE;
}

static void isa_ide_unrealize(Device *dev)
{
    ide_channel_finish(&((IsaIde *)dev)->channel);
}

static const StateField isa_ide_fields[] = {
    {"channel", STATE_STRUCT, G_STRUCT_OFFSET(IsaIde, channel), 1, sizeof(IdeChannel), 1,
     &ide_channel_state},
    STATE_END,
};

static const StateTable isa_ide_state = {1, isa_ide_fields, NULL};

const DeviceOps isa_ide_ops = {
    .name = "isa-ide",
    .summary = "IDE channel on the ISA bus",
    .category = "Storage",
    .bus = BUS_ISA,
    .size = sizeof(IsaIde),
    .options = isa_ide_options,
    .state = &isa_ide_state,
    .realize = isa_ide_realize,
    .unrealize = isa_ide_unrealize,
    .reset = isa_ide_reset,
};

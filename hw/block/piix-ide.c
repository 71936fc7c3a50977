/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The IDE function of the PIIX3 (Intel 82371FB/82371SB datasheet, 2.3 and 2.7): two channels at
 * the legacy ports, which IDETIM enables, and bus-master registers behind BAR 4. Unlike the
 * datasheet's, the channels are enabled from the start: OVMF counts on it.
 */
#include "hw/block/ide-priv.h"

#define IDETIM_PRIMARY   0x40
#define IDETIM_SECONDARY 0x42
#define IDETIM_DECODE    0x8000
#define SIDETIM          0x44

#define BMIBA_BAR 4

typedef struct PiixIdeChannel {
    IdeChannel channel;
    IdeBusMaster bus_master;
    IrqLine intrq;
} PiixIdeChannel;

typedef struct PiixIde {
    PciDevice pci;
    PiixIdeChannel channels[2];
    Region bus_master; /* 16 ports: 8 a channel */
    gboolean mapped;
} PiixIde;

static const guint command_ports[2] = {0x1f0, 0x170};
static const guint control_ports[2] = {0x3f6, 0x376};

static void set_intrq(void *opaque, gboolean level)
{
    PiixIdeChannel *channel = opaque;

    irq_set(&channel->intrq, level);
}

/* The ports answer while I/O space and the channel's decode bit are on. */
static void update_decode(PiixIde *piix)
{
    gboolean io = pci_get_word(&piix->pci, PCI_COMMAND) & PCI_COMMAND_IO;

    for (guint i = 0; i < 2; i++) {
        IdeChannel *channel = &piix->channels[i].channel;
        gboolean on = io && (pci_get_word(&piix->pci, IDETIM_PRIMARY + 2 * i) & IDETIM_DECODE);

        region_set_enabled(&channel->command, on);
        region_set_enabled(&channel->control, on);
    }
}

static void piix_config_write(PciDevice *pci, guint addr, guint32 value, guint size)
{
    pci_config_write_default(pci, addr, value, size);
    update_decode((PiixIde *)pci);
}

static void piix_reset(Device *dev)
{
    PiixIde *piix = (PiixIde *)dev;

    pci_set_word(&piix->pci, IDETIM_PRIMARY, IDETIM_DECODE);
    pci_set_word(&piix->pci, IDETIM_SECONDARY, IDETIM_DECODE);
    piix->pci.config[SIDETIM] = 0;
    for (guint i = 0; i < 2; i++) {
        IdeChannel *channel = &piix->channels[i].channel;

        ide_bus_master_reset(&piix->channels[i].bus_master);
        channel->select = 0xa0;
        channel->device_control = 0;
        ide_update_intrq(channel);
    }
    update_decode(piix);
}

static gboolean piix_realize(Device *dev, GError **error)
{
    PiixIde *piix = (PiixIde *)dev;
    Region *io = piix->pci.bus->io;

    region_init_container(&piix->bus_master, "piix-bus-master-ide", 16);
    for (guint i = 0; i < 2; i++) {
        PiixIdeChannel *channel = &piix->channels[i];

        ide_channel_init(&channel->channel, dev, i, set_intrq, channel);
        ide_bus_master_init(&channel->bus_master, &piix->pci, &channel->channel,
                            i ? "bmide-secondary" : "bmide-primary");
        region_add(&piix->bus_master, 8 * i, &channel->bus_master.region, 0);
        region_add(io, command_ports[i], &channel->channel.command, 0);
        region_add(io, control_ports[i], &channel->channel.control, 0);
        device_publish_irq(dev, &channel->intrq);
    }
    for (guint i = IDETIM_PRIMARY; i <= SIDETIM; i++) {
        piix->pci.writable[i] = 0xff;
    }
    pci_register_bar(&piix->pci, BMIBA_BAR, PCI_BAR_IO, &piix->bus_master);
    update_decode(piix);
    return TRUE;
}

static void piix_unrealize(Device *dev)
{
    PiixIde *piix = (PiixIde *)dev;

    for (guint i = 0; i < 2; i++) {
        PiixIdeChannel *channel = &piix->channels[i];

        region_remove(&channel->channel.command);
        region_remove(&channel->channel.control);
        region_remove(&channel->bus_master.region);
        ide_channel_finish(&channel->channel);
        ide_bus_master_finish(&channel->bus_master);
    }
    region_finish(&piix->bus_master);
}

static const StateField channel_fields[] = {
    {"channel", STATE_STRUCT, G_STRUCT_OFFSET(PiixIdeChannel, channel), 1, sizeof(IdeChannel), 1,
     &ide_channel_state},
    {"dma", STATE_STRUCT, G_STRUCT_OFFSET(PiixIdeChannel, bus_master), 1, sizeof(IdeBusMaster), 1,
     &ide_bus_master_state},
    STATE_END,
};

static const StateTable channel_state = {1, channel_fields, NULL};

static gboolean piix_loaded(void *object, GError **error)
{
    update_decode(object);
    return TRUE;
}

static const StateField piix_fields[] = {
    PCI_DEVICE_STATE,
    {"channels", STATE_STRUCT, G_STRUCT_OFFSET(PiixIde, channels), 2, sizeof(PiixIdeChannel), 1,
     &channel_state},
    STATE_END,
};

static const StateTable piix_state = {1, piix_fields, piix_loaded};

const PciDeviceOps piix3_ide_ops = {
    .device =
        {
            .name = "piix3-ide",
            .summary = "IDE function of the PIIX3",
            .category = "Storage",
            .bus = BUS_PCI,
            .size = sizeof(PiixIde),
            .state = &piix_state,
            .realize = piix_realize,
            .unrealize = piix_unrealize,
            .reset = piix_reset,
        },
    .vendor_id = 0x8086,
    .device_id = 0x7010,
    .class_code = 0x010180,
    .config_write = piix_config_write,
};

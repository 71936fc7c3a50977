/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The interface is that of kvm-unit-tests: lib/x86 and x86/ of its sources use these addresses. */
#include "hw/misc/pc-testdev.h"

#include <string.h>

#include "core/machine.h"
#include "hw/isa/isa.h"

#define PORT_REGISTER 0xe0   /* 4 ports, accesses of any size */
#define PORT_FLUSH    0xe4   /* 4 ports */
#define PORT_BYTES    0xe8   /* the register again, by bytes */
#define PORT_LINES    0x2000 /* one a line */

#define LINES     24
#define IOMEM     0xff000000u
#define IOMEM_LEN 0x10000

typedef struct PcTestdev {
    Device device;
    Region word, flush, bytes, lines, memory;
    guint32 value;
    guint16 levels; /* bit n: we hold line n up */
    guint8 iomem[IOMEM_LEN];
} PcTestdev;

/* ---- the register ---- */

static guint64 word_read(void *opaque, guint64 addr, guint size)
{
    return ((PcTestdev *)opaque)->value >> (8 * (addr & 3));
}

static void word_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    PcTestdev *t = opaque;
    guint shift = 8 * (addr & 3);
    guint32 mask = (size == 4 ? 0xffffffffu : (1u << (8 * size)) - 1) << shift;

    t->value = (t->value & ~mask) | ((guint32)value << shift & mask);
}

static const IoOps word_ops = {word_read, word_write, 1, 4};
static const IoOps bytes_ops = {word_read, word_write, 1, 1};

/* ---- pages ---- */

static void never(void *opaque)
{
}

/*
 * The accelerator forgets how the page is mapped. It has no call for one page; that its region
 * becomes read-only and writable again, which an accelerator cannot miss, does it for all of them.
 */
static void flush_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    PcTestdev *t = opaque;
    gsize length = 1;
    DmaMap map;

    if (!address_space_map(t->device.machine->memory, value, &length, FALSE, &map)) {
        device_warn_once(&t->device, "there is no memory at the page to flush");
        return;
    }
    if (!map.region->write_watch) {
        region_watch_write(map.region, never, NULL);
        region_watch_write(map.region, NULL, NULL);
    }
    address_space_unmap(t->device.machine->memory, &map, 0);
}

static const IoOps flush_ops = {NULL, flush_write, 4, 4};

/* ---- lines ---- */

static void set_line(PcTestdev *t, guint n, gboolean level)
{
    guint16 bit = (guint16)(1u << n);

    if (level != ((t->levels & bit) != 0)) {
        t->levels ^= bit;
        irq_set(&isa_bus(&t->device)->irqs[n], level);
    }
}

static void lines_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    PcTestdev *t = opaque;

    if (addr < ISA_IRQS) {
        set_line(t, (guint)addr, (value & 0xff) != 0);
    } else {
        device_warn_once(&t->device, "the ISA bus has no line above 15");
    }
}

static const IoOps lines_ops = {NULL, lines_write, 1, 1};

/* ---- memory ---- */

static guint64 memory_read(void *opaque, guint64 addr, guint size)
{
    const PcTestdev *t = opaque;
    guint64 value = 0;

    memcpy(&value, t->iomem + addr, size);
    return GUINT64_FROM_LE(value);
}

static void memory_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    PcTestdev *t = opaque;
    guint64 le = GUINT64_TO_LE(value);

    memcpy(t->iomem + addr, &le, size);
}

static const IoOps memory_ops = {memory_read, memory_write, 1, 4};

/* ---- lifecycle ---- */

static gboolean realize(Device *dev, GError **error)
{
    PcTestdev *t = (PcTestdev *)dev;

    region_init_io(&t->word, "pc-testdev-ioport", &word_ops, t, 4);
    region_init_io(&t->flush, "pc-testdev-flush-page", &flush_ops, t, 4);
    region_init_io(&t->bytes, "pc-testdev-ioport-byte", &bytes_ops, t, 4);
    region_init_io(&t->lines, "pc-testdev-irq-line", &lines_ops, t, LINES);
    region_init_io(&t->memory, "pc-testdev-iomem", &memory_ops, t, IOMEM_LEN);
    isa_map_ports(dev, PORT_REGISTER, &t->word);
    isa_map_ports(dev, PORT_FLUSH, &t->flush);
    isa_map_ports(dev, PORT_BYTES, &t->bytes);
    isa_map_ports(dev, PORT_LINES, &t->lines);
    isa_map_memory(dev, IOMEM, &t->memory);
    return TRUE;
}

static void reset(Device *dev)
{
    PcTestdev *t = (PcTestdev *)dev;

    for (guint n = 0; n < ISA_IRQS; n++) {
        set_line(t, n, FALSE);
    }
    t->value = 0;
    memset(t->iomem, 0, IOMEM_LEN);
}

static void unrealize(Device *dev)
{
    PcTestdev *t = (PcTestdev *)dev;
    Region *regions[] = {&t->word, &t->flush, &t->bytes, &t->lines, &t->memory};

    reset(dev);
    for (guint i = 0; i < G_N_ELEMENTS(regions); i++) {
        region_remove(regions[i]);
        region_finish(regions[i]);
    }
}

static const StateField state_fields[] = {
    STATE_FIELD(U32, PcTestdev, value),
    STATE_FIELD(U16, PcTestdev, levels),
    STATE_ARRAY(U8, PcTestdev, iomem),
    STATE_END,
};
static const StateTable pc_testdev_state = {1, state_fields, NULL};

const DeviceOps pc_testdev_ops = {
    .name = "pc-testdev",
    .summary = "test device of kvm-unit-tests",
    .category = "Misc",
    .bus = BUS_ISA,
    .size = sizeof(PcTestdev),
    .state = &pc_testdev_state,
    .realize = realize,
    .unrealize = unrealize,
    .reset = reset,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/timer/pcspk.h"

#include "core/machine.h"
#include "hw/timer/i8254.h"
#include "hw/timer/muldiv.h"

/* Port 61h: PIIX3 datasheet (290550), 2.5.5.2 "NMI status and control". */
#define GATE2        0x01
#define CONTROL_BITS 0x0f /* gate, speaker, SERR# off, IOCHK# off */
#define REFRESH      0x10
#define OUT2         0x20

/* Counter 1 asks for a memory refresh every 18 ticks, 15.085 us; bit 4 toggles with each. */
#define REFRESH_TICKS 18

typedef struct PcSpeaker {
    Device dev;
    Region io;
    Device *pit;
    guint8 control;
} PcSpeaker;

static guint64 pcspk_read(void *opaque, guint64 addr, guint size)
{
    PcSpeaker *s = opaque;
    gint64 tick = ticks_at(clock_now(s->dev.machine->guest_clock), I8254_HZ);
    guint8 value = s->control;

    if (tick / REFRESH_TICKS & 1) {
        value |= REFRESH;
    }
    if (s->pit && i8254_out(s->pit, 2)) {
        value |= OUT2;
    }
    return value;
}

static void pcspk_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    PcSpeaker *s = opaque;

    s->control = (guint8)value & CONTROL_BITS;
    if (s->pit) {
        i8254_set_gate(s->pit, 2, s->control & GATE2);
    }
}

static const IoOps pcspk_io = {.read = pcspk_read, .write = pcspk_write, .max_size = 1};

void pcspk_connect_pit(Device *dev, Device *pit)
{
    ((PcSpeaker *)dev)->pit = pit;
}

static void pcspk_reset(Device *dev)
{
    pcspk_write(dev, 0, 0, 1);
}

static gboolean pcspk_realize(Device *dev, GError **error)
{
    PcSpeaker *s = (PcSpeaker *)dev;

    region_init_io(&s->io, "pcspk", &pcspk_io, s, 1);
    device_publish_region(dev, &s->io);
    return TRUE;
}

static void pcspk_unrealize(Device *dev)
{
    PcSpeaker *s = (PcSpeaker *)dev;

    region_remove(&s->io);
    region_finish(&s->io);
}

static const StateField pcspk_fields[] = {
    STATE_FIELD(U8, PcSpeaker, control),
    STATE_END,
};

static gboolean pcspk_loaded(void *object, GError **error)
{
    PcSpeaker *s = object;

    s->control &= CONTROL_BITS;
    return TRUE;
}

static const StateTable pcspk_state = {1, pcspk_fields, pcspk_loaded};

const DeviceOps pcspk_ops = {
    .name = "isa-pcspk",
    .summary = "PC speaker port",
    .category = "Sound",
    .size = sizeof(PcSpeaker),
    .board_only = TRUE,
    .state = &pcspk_state,
    .realize = pcspk_realize,
    .unrealize = pcspk_unrealize,
    .reset = pcspk_reset,
};

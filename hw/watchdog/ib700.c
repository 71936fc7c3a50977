/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ports and times: IB700 user's manual, "Watch-Dog Timer". */
#include "hw/watchdog/ib700.h"

#include "core/action.h"
#include "core/machine.h"
#include "hw/isa/isa.h"

#define PORT_STOP  0x441
#define PORT_START 0x443

/* The value written to PORT_START is the time: 0 = 30 s, 1 = 28 s, ... Fh = at once. */
#define TIME_MASK 0x0f
#define LONGEST_S 30
#define STEP_S    2

typedef struct Ib700 {
    Device device;
    Region stop, start;
    Timer timer;
} Ib700;

static void on_timeout(void *opaque)
{
    machine_watchdog_expired(((Ib700 *)opaque)->device.machine);
}

static void stop_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    timer_cancel(&((Ib700 *)opaque)->timer);
}

static void start_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    gint64 seconds = LONGEST_S - STEP_S * (gint64)(value & TIME_MASK);

    timer_set_after(&((Ib700 *)opaque)->timer, seconds * NS_PER_SEC);
}

static const IoOps stop_ops = {NULL, stop_write, 1, 1};
static const IoOps start_ops = {NULL, start_write, 1, 1};

/* ---- lifecycle ---- */

static void reset(Device *dev)
{
    timer_cancel(&((Ib700 *)dev)->timer);
}

static gboolean realize(Device *dev, GError **error)
{
    Ib700 *s = (Ib700 *)dev;

    timer_init(&s->timer, dev->machine->guest_clock, on_timeout, s);
    region_init_io(&s->stop, "ib700-stop", &stop_ops, s, 1);
    region_init_io(&s->start, "ib700-start", &start_ops, s, 1);
    isa_map_ports(dev, PORT_STOP, &s->stop);
    isa_map_ports(dev, PORT_START, &s->start);
    return TRUE;
}

static void unrealize(Device *dev)
{
    Ib700 *s = (Ib700 *)dev;

    timer_cancel(&s->timer);
    region_remove(&s->stop);
    region_remove(&s->start);
    region_finish(&s->stop);
    region_finish(&s->start);
}

static const StateField state_fields[] = {STATE_FIELD(TIMER, Ib700, timer), STATE_END};
static const StateTable ib700_state = {1, state_fields, NULL};

const DeviceOps ib700_ops = {
    .name = "ib700",
    .summary = "iBASE 700 watchdog",
    .category = "Watchdog",
    .bus = BUS_ISA,
    .size = sizeof(Ib700),
    .state = &ib700_state,
    .realize = realize,
    .unrealize = unrealize,
    .reset = reset,
};

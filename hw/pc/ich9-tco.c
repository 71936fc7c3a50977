/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The TCO timer, a watchdog of two stages (ICH9 datasheet, 5.15 and 13.9). It counts guest time. */
#include "core/action.h"
#include "hw/pc/ich9-priv.h"

enum {
    TCO_RLD = 0x00,
    TCO_DAT_IN = 0x02,
    TCO_DAT_OUT = 0x03,
    TCO1_STS = 0x04,
    TCO2_STS = 0x06,
    TCO1_CNT = 0x08,
    TCO2_CNT = 0x0a,
    TCO_MESSAGE1 = 0x0c,
    TCO_MESSAGE2 = 0x0d,
    TCO_WDCNT = 0x0e,
    SW_IRQ_GEN = 0x10,
    TCO_TMR = 0x12,
};

#define TCO_PORTS 32

#define TCO1_STS_TIMEOUT  0x0008
#define TCO1_STS_CLEAR    0x374f /* write one to clear; the rest is read-only */
#define TCO2_STS_SECOND   0x0002
#define TCO2_STS_CLEAR    0x001f
#define TCO1_CNT_HALT     0x0800
#define TCO1_CNT_LOCK     0x1000 /* until the next reset */
#define TCO1_CNT_WRITABLE 0x1b00
#define TCO2_CNT_WRITABLE 0x003e
#define TCO_COUNT         0x03ff
#define TCO_MIN           4 /* shorter ones are ignored */

#define TICK_NS (600 * NS_PER_MS)

/* ---- counting ---- */

static gboolean is_halted(const Ich9Tco *tco)
{
    return (tco->control1 & TCO1_CNT_HALT) != 0;
}

static guint16 count(const Ich9Tco *tco)
{
    gint64 ticks;

    if (is_halted(tco) || !timer_pending(&tco->timer)) {
        return tco->halted_count;
    }
    ticks = (clock_now(tco->timer.clock) - tco->started) / TICK_NS;
    return (guint16)(ticks < tco->halted_count ? tco->halted_count - ticks : 0);
}

/* Counts from `ticks` on, which halted_count keeps; halted, it stays there. */
static void start(Ich9Tco *tco, guint16 ticks)
{
    tco->halted_count = ticks;
    tco->started = clock_now(tco->timer.clock);
    if (is_halted(tco)) {
        timer_cancel(&tco->timer);
    } else {
        timer_set_after(&tco->timer, MAX(ticks, 1) * TICK_NS);
    }
}

static void on_timeout(void *opaque)
{
    Ich9Tco *tco = opaque;

    tco->status1 |= TCO1_STS_TIMEOUT;
    start(tco, tco->reload);
    tco->timed_out(tco->dev);
    if (++tco->timeouts < 2) {
        return;
    }
    tco->timeouts = 0;
    tco->status2 |= TCO2_STS_SECOND;
    if (!tco->no_reboot(tco->dev)) {
        machine_watchdog_expired(tco->dev->machine);
    }
}

/* ---- ports ---- */

static guint16 register_read(const Ich9Tco *tco, guint64 addr)
{
    switch (addr) {
    case TCO_RLD: return count(tco);
    case TCO_DAT_IN: return (guint16)(tco->data_in | tco->data_out << 8);
    case TCO1_STS: return tco->status1;
    case TCO2_STS: return tco->status2;
    case TCO1_CNT: return tco->control1;
    case TCO2_CNT: return tco->control2;
    case TCO_MESSAGE1: return (guint16)(tco->message[0] | tco->message[1] << 8);
    case TCO_WDCNT: return tco->watchdog_control;
    case SW_IRQ_GEN: return tco->irq_generate;
    case TCO_TMR: return tco->reload;
    default: return 0;
    }
}

static guint64 tco_read(void *opaque, guint64 addr, guint size)
{
    guint16 value = register_read(opaque, addr & ~1u);

    return size == 2 ? value : addr & 1 ? value >> 8 : value & 0xff;
}

static void write_control1(Ich9Tco *tco, guint16 value)
{
    guint16 left = count(tco), lock = tco->control1 & TCO1_CNT_LOCK;
    gboolean was_halted = is_halted(tco);

    tco->control1 = (value & TCO1_CNT_WRITABLE) | lock;
    if (lock) {
        tco->control1 &= ~TCO1_CNT_HALT; /* once locked it cannot be stopped */
    }
    if (is_halted(tco) != was_halted) {
        start(tco, left);
    }
}

static void register_write(Ich9Tco *tco, guint64 addr, guint16 value)
{
    switch (addr) {
    case TCO_RLD:
        tco->timeouts = 0;
        start(tco, tco->reload);
        break;
    case TCO_DAT_IN:
        tco->data_in = (guint8)value;
        tco->data_out = (guint8)(value >> 8);
        break;
    case TCO1_CNT: write_control1(tco, value); break;
    case TCO2_CNT: tco->control2 = value & TCO2_CNT_WRITABLE; break;
    case TCO_MESSAGE1:
        tco->message[0] = (guint8)value;
        tco->message[1] = (guint8)(value >> 8);
        break;
    case TCO_WDCNT: tco->watchdog_control = (guint8)value; break;
    case SW_IRQ_GEN: tco->irq_generate = (guint8)value & 3; break;
    case TCO_TMR:
        if ((value & TCO_COUNT) >= TCO_MIN) {
            tco->reload = value & TCO_COUNT;
        }
        break;
    default: break;
    }
}

static void tco_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    Ich9Tco *tco = opaque;
    guint shift = (addr & 1) * 8;
    guint16 mask = size == 2 ? 0xffff : (guint16)(0xff << shift);
    guint16 bits = (guint16)(value << shift) & mask;

    addr &= ~(guint64)1;
    if (addr == TCO1_STS) {
        tco->status1 &= ~(bits & TCO1_STS_CLEAR);
    } else if (addr == TCO2_STS) {
        tco->status2 &= ~(bits & TCO2_STS_CLEAR);
    } else {
        register_write(tco, addr, (register_read(tco, addr) & ~mask) | bits);
    }
}

static const IoOps tco_ops = {tco_read, tco_write, 1, 2};

/* ---- lifecycle ---- */

/* The chip counts from here on, and firmware halts it; ours does not, so it waits for the guest's
 * first reload. What the second timeout has left in the status stays: the system that comes up
 * looks there. */
void ich9_tco_reset(Ich9Tco *tco)
{
    tco->reload = TCO_MIN;
    tco->status1 = 0;
    tco->status2 &= TCO2_STS_SECOND;
    tco->control1 = 0;
    tco->control2 = 0x0008;
    tco->data_in = tco->data_out = tco->message[0] = tco->message[1] = 0;
    tco->watchdog_control = 0;
    tco->irq_generate = 3;
    tco->timeouts = 0;
    tco->halted_count = tco->reload;
    timer_cancel(&tco->timer);
}

void ich9_tco_init(Ich9Tco *tco, Device *dev, gboolean (*no_reboot)(const Device *dev),
                   void (*timed_out)(Device *dev))
{
    tco->dev = dev;
    tco->no_reboot = no_reboot;
    tco->timed_out = timed_out;
    timer_init(&tco->timer, dev->machine->guest_clock, on_timeout, tco);
    region_init_io(&tco->region, "ich9-tco", &tco_ops, tco, TCO_PORTS);
}

void ich9_tco_finish(Ich9Tco *tco)
{
    timer_cancel(&tco->timer);
    region_finish(&tco->region);
}

static gboolean state_loaded(void *object, GError **error)
{
    Ich9Tco *tco = object;

    tco->reload &= TCO_COUNT;
    tco->halted_count &= TCO_COUNT;
    return TRUE;
}

static const StateField state_fields[] = {
    STATE_FIELD(TIMER, Ich9Tco, timer),
    STATE_FIELD(U16, Ich9Tco, reload),
    STATE_FIELD(U16, Ich9Tco, status1),
    STATE_FIELD(U16, Ich9Tco, status2),
    STATE_FIELD(U16, Ich9Tco, control1),
    STATE_FIELD(U16, Ich9Tco, control2),
    STATE_FIELD(U8, Ich9Tco, data_in),
    STATE_FIELD(U8, Ich9Tco, data_out),
    STATE_ARRAY(U8, Ich9Tco, message),
    STATE_FIELD(U8, Ich9Tco, watchdog_control),
    STATE_FIELD(U8, Ich9Tco, irq_generate),
    STATE_FIELD(U64, Ich9Tco, started),
    STATE_FIELD(U16, Ich9Tco, halted_count),
    STATE_FIELD(U8, Ich9Tco, timeouts),
    STATE_END,
};
const StateTable ich9_tco_state = {1, state_fields, state_loaded};

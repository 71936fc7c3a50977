/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/timer/i8254.h"

#include "core/machine.h"
#include "hw/timer/idle-ticks.h"
#include "hw/timer/muldiv.h"

/*
 * Registers: Intel 8254 datasheet (order 231164). Control word: SC1 SC0 RW1 RW0 M2 M1 M0 BCD.
 *
 * Times are in ticks of the input clock since guest time 0. A counter is loaded one tick after its
 * count was written or its gate rose ("start"); everything else follows from that and the present
 * tick. In mode 2 OUT is low for one tick, which no edge-triggered input can tell from a pulse at
 * the tick's end, so the output line of counter 0 is only pulsed when OUT rises: one timer a
 * period.
 */
#define CONTROL      3
#define READ_BACK    3 /* SC */
#define RB_NO_COUNT  0x20
#define RB_NO_STATUS 0x10
#define STATUS_OUT   0x80
#define STATUS_NULL  0x40

typedef enum RwMode { RW_LATCH, RW_LSB, RW_MSB, RW_WORD } RwMode;

/* Rising edges that come closer than this are too many for the host; some are left out. */
#define MIN_EDGE_NS (20 * NS_PER_US)

/* While nobody can miss them (idle-ticks.h) so many ticks come at once, if they are this slow. */
#define BATCH           12
#define MIN_BATCH_COUNT (I8254_HZ / 20)

typedef struct Counter {
    guint8 mode; /* 0 to 5 */
    guint8 rw;   /* RwMode */
    gboolean bcd, gate;
    gboolean loaded; /* a count has been written since the control word */
    gboolean armed;  /* modes 1 and 5: the gate has risen since */
    gboolean high_next_write, high_next_read;
    guint8 write_low;
    gboolean count_latched, status_latched;
    guint8 latched_status;
    guint16 latched_count;
    guint32 count; /* 1 to 65536 */
    guint32 next;  /* count that takes over at `switch_at`; 0 = none */
    gint64 start;  /* tick of loading */
    gint64 switch_at;
    gint64 frozen; /* ticks counted when the gate fell */
} Counter;

typedef struct I8254 {
    Device dev;
    Region io;
    Counter counters[3];
    IrqLine irq;
    Timer timer;
    IdleTicks idle;
    gboolean unheard;   /* input 0: what is wired to OUT 0 ignores it */
    gboolean batching;  /* the timer is set for the end of a batch */
    gboolean in_flight; /* a batch's tick that no processor has taken yet */
    guint owed;         /* ticks of a batch to come, each when the one before it was taken */
    gint64 last_rise;   /* tick of the last rise that was passed on */
} I8254;

/* ---- time ---- */

static gint64 tick_now(I8254 *s)
{
    return ticks_at(clock_now(s->dev.machine->guest_clock), I8254_HZ);
}

static gboolean is_periodic(const Counter *c)
{
    return c->mode == 2 || c->mode == 3;
}

/* TRUE if the gate, as far as the mode heeds its level, stops counting. */
static gboolean is_stopped(const Counter *c)
{
    return !c->gate && c->mode != 1 && c->mode != 5;
}

/* The counter counts, or has counted until its gate fell. */
static gboolean is_counting(const Counter *c)
{
    return c->loaded && (c->armed || (c->mode != 1 && c->mode != 5));
}

/* Half a period of mode 3 during which OUT is high: (N+1)/2 ticks. */
static guint32 high_half(const Counter *c)
{
    return (c->count + 1) / 2;
}

/* Lets a count that waits for the end of the period take over. */
static void catch_up(Counter *c, gint64 now)
{
    if (c->next && now >= c->switch_at) {
        gint64 into = (c->switch_at - c->start) % c->count;

        c->count = c->next;
        c->next = 0;
        /* A count that takes over in the middle of mode 3's period gives the low half. */
        c->start = into == 0 ? c->switch_at : c->switch_at - high_half(c);
    }
}

static gint64 elapsed(const Counter *c, gint64 now)
{
    gint64 ticks = is_stopped(c) ? c->frozen : now - c->start;

    return MAX(ticks, 0);
}

static gboolean output(const Counter *c, gint64 now)
{
    gint64 ticks = elapsed(c, now);

    if (!is_counting(c)) {
        return c->mode != 0;
    }
    switch (c->mode) {
    case 0: return ticks >= c->count;
    case 1: return now >= c->start && ticks >= c->count;
    case 2: return !c->gate || ticks % c->count != c->count - 1 || c->count == 1;
    case 3: return !c->gate || ticks % c->count < high_half(c);
    default: return ticks != c->count; /* 4 and 5: a strobe of one tick */
    }
}

/* The counting element as a binary number; it goes on through zero. */
static guint32 counting_element(const Counter *c, gint64 now)
{
    gint64 ticks = elapsed(c, now);
    guint32 modulus = c->bcd ? 10000 : 0x10000;

    if (!is_counting(c)) {
        return c->count % modulus;
    }
    if (c->mode == 2) {
        return (guint32)(c->count - ticks % c->count) % modulus;
    }
    if (c->mode == 3) {
        gint64 into = ticks % c->count;
        guint32 even = c->count & ~1u;

        into = into < high_half(c) ? into : into - high_half(c);
        return (guint32)(even - 2 * into) % modulus;
    }
    return (guint32)(((gint64)c->count - ticks % modulus + modulus) % modulus);
}

static guint16 readable(const Counter *c, gint64 now)
{
    guint32 n = counting_element(c, now);

    if (!c->bcd) {
        return (guint16)n;
    }
    return (guint16)(n / 1000 << 12 | n / 100 % 10 << 8 | n / 10 % 10 << 4 | n % 10);
}

/* The tick of the first rise of OUT after `now`, or -1 if there is none to come. */
static gint64 next_rise(const Counter *c, gint64 now)
{
    gint64 base = c->start, passed;
    guint32 count = c->count;

    if (!is_counting(c) || is_stopped(c)) {
        return -1;
    }
    switch (c->mode) {
    case 0:
    case 1: return now < base + count ? base + count : -1;
    case 4:
    case 5: return now < base + count + 1 ? base + count + 1 : -1;
    default: break;
    }
    if (c->mode == 3 && count == 1) {
        return -1; /* never falls */
    }
    passed = now < base ? 0 : (now - base) / count + 1;
    if (passed == 0) {
        passed = 1;
    }
    if (c->next && base + passed * count > c->switch_at) {
        /* The new count takes over in the middle of mode 3's period: its low half comes first. */
        return c->switch_at + c->next / 2;
    }
    return base + passed * count;
}

/* ---- output of counter 0 ---- */

static void schedule(I8254 *s, gint64 now)
{
    Counter *c = &s->counters[0];
    gint64 clock = clock_now(s->dev.machine->guest_clock);
    gint64 rise, ns;

    catch_up(c, now);
    rise = s->unheard ? -1 : next_rise(c, now);
    if (rise < 0) {
        timer_cancel(&s->timer);
        return;
    }
    ns = ns_of_tick(rise, I8254_HZ);
    if (is_periodic(c) && ns < clock + MIN_EDGE_NS && (gint64)c->count * 838 < MIN_EDGE_NS) {
        rise = next_rise(c, ticks_at(clock + MIN_EDGE_NS, I8254_HZ));
        ns = MAX(ns_of_tick(rise, I8254_HZ), clock + MIN_EDGE_NS);
    }
    timer_set(&s->timer, ns);
}

static void pulse(I8254 *s)
{
    s->in_flight = TRUE;
    irq_lower(&s->irq);
    irq_raise(&s->irq);
}

/* Passes on the rises since the last one; returns how many there were. */
static guint pass_on(I8254 *s, gint64 now)
{
    const Counter *c = &s->counters[0];
    gint64 ticks = s->batching ? CLAMP((now - s->last_rise) / c->count, 0, BATCH) : 1;

    s->last_rise = is_periodic(c) ? now - elapsed(c, now) % c->count : now;
    s->owed += (guint)ticks;
    if (s->owed > 0 && !(s->batching && s->in_flight)) {
        s->owed--;
        pulse(s);
    }
    s->owed = MIN(s->owed, BATCH);
    return (guint)ticks;
}

static void on_rise(void *opaque)
{
    I8254 *s = opaque;
    Counter *c = &s->counters[0];
    gint64 now = tick_now(s);
    guint ticks;

    catch_up(c, now);
    ticks = pass_on(s, now);
    s->batching = is_periodic(c) && c->count >= MIN_BATCH_COUNT && !c->next &&
                  idle_ticks_look(&s->idle, ticks);
    if (s->batching) {
        timer_set(&s->timer, ns_of_tick(s->last_rise + (gint64)BATCH * c->count, I8254_HZ));
    } else {
        schedule(s, now);
    }
}

/* The guest, or somebody at it, has woken: what is late comes now, and the next ticks in time. */
static void end_batch(I8254 *s, gint64 now)
{
    if (s->batching) {
        pass_on(s, now);
        s->batching = FALSE;
        idle_ticks_wake(&s->idle);
        schedule(s, now);
    }
}

static void interrupt_taken(void *opaque, guint irq)
{
    I8254 *s = opaque;

    if (!idle_ticks_taken(&s->idle, irq)) {
        end_batch(s, tick_now(s));
        return;
    }
    s->in_flight = FALSE;
    if (s->owed > 0) {
        s->owed--;
        pulse(s);
    }
}

/* After a write: the level as it is, and the next rise. */
static void refresh_line(I8254 *s, gint64 now)
{
    irq_set(&s->irq, output(&s->counters[0], now));
    schedule(s, now);
}

/* ---- ports ---- */

static void latch_count(Counter *c, gint64 now)
{
    if (!c->count_latched) {
        c->latched_count = readable(c, now);
        c->count_latched = TRUE;
    }
}

static void latch_status(Counter *c, gint64 now)
{
    gboolean null = !is_counting(c) || now < c->start || c->next;

    if (!c->status_latched) {
        c->latched_status = (output(c, now) ? STATUS_OUT : 0) | (null ? STATUS_NULL : 0) |
                            c->rw << 4 | c->mode << 1 | (c->bcd ? 1 : 0);
        c->status_latched = TRUE;
    }
}

static void write_control(I8254 *s, guint8 value, gint64 now)
{
    guint select = value >> 6;
    guint i;

    if (select == READ_BACK) {
        for (i = 0; i < 3; i++) {
            if (value & (2u << i)) {
                if (!(value & RB_NO_COUNT)) {
                    latch_count(&s->counters[i], now);
                }
                if (!(value & RB_NO_STATUS)) {
                    latch_status(&s->counters[i], now);
                }
            }
        }
    } else if (((value >> 4) & 3) == RW_LATCH) {
        latch_count(&s->counters[select], now);
    } else {
        Counter *c = &s->counters[select];
        gboolean gate = c->gate;
        guint32 count = counting_element(c, now);

        *c = (Counter){.gate = gate,
                       .rw = (value >> 4) & 3,
                       .mode = (value >> 1) & 7,
                       .bcd = value & 1,
                       .count = count ? count : 0x10000};
        if (c->mode > 5) {
            c->mode &= 3; /* M2 is ignored for modes 2 and 3 */
        }
    }
}

/* A count is complete. */
static void load(Counter *c, guint16 value, gint64 now)
{
    guint32 count = value;

    if (c->bcd) {
        count = (value >> 12) * 1000u + (value >> 8 & 15) * 100u + (value >> 4 & 15) * 10u +
                (value & 15);
    }
    if (count == 0) {
        count = c->bcd ? 10000 : 0x10000;
    }
    if (is_periodic(c) && c->loaded && !is_stopped(c) && now >= c->start) {
        /* The present period, or half period in mode 3, is not disturbed. */
        gint64 into = (now - c->start) % c->count;
        gint64 left = c->count - into;

        if (c->mode == 3 && into < high_half(c) && c->count > 1) {
            left = high_half(c) - into;
        }
        c->next = count;
        c->switch_at = now + left;
        return;
    }
    c->next = 0;
    if (is_counting(c) && (c->mode == 1 || c->mode == 5)) {
        /* Waits for the next trigger: a one-shot that runs is not disturbed. */
        c->next = count;
        c->switch_at = G_MAXINT64;
        return;
    }
    c->count = count;
    c->loaded = TRUE;
    c->start = now + 1;
    c->frozen = 0;
}

static void write_count(Counter *c, guint8 value, gint64 now)
{
    switch ((RwMode)c->rw) {
    case RW_LSB: load(c, value, now); break;
    case RW_MSB: load(c, (guint16)(value << 8), now); break;
    case RW_WORD:
        if (c->high_next_write) {
            c->high_next_write = FALSE;
            load(c, (guint16)(value << 8 | c->write_low), now);
        } else {
            c->write_low = value;
            c->high_next_write = TRUE;
            if (c->mode == 0) {
                c->loaded = FALSE; /* the first byte stops counting, OUT goes low */
            }
        }
        break;
    case RW_LATCH: /* no control word has come yet */ break;
    }
}

static guint8 read_count(Counter *c, gint64 now)
{
    guint16 count;
    gboolean high = c->rw == RW_MSB;

    if (c->status_latched) {
        c->status_latched = FALSE;
        return c->latched_status;
    }
    count = c->count_latched ? c->latched_count : readable(c, now);
    if (c->rw == RW_WORD) {
        high = c->high_next_read;
        c->high_next_read = !high;
    }
    if (c->rw != RW_WORD || high) {
        c->count_latched = FALSE;
    }
    return (guint8)(high ? count >> 8 : count);
}

static guint64 i8254_read(void *opaque, guint64 addr, guint size)
{
    I8254 *s = opaque;
    gint64 now = tick_now(s);

    if ((addr & 3) == CONTROL) {
        return 0xff; /* no operation: the data bus floats */
    }
    end_batch(s, now);
    catch_up(&s->counters[addr & 3], now);
    return read_count(&s->counters[addr & 3], now);
}

static void i8254_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    I8254 *s = opaque;
    gint64 now = tick_now(s);
    guint i;

    end_batch(s, now);
    for (i = 0; i < 3; i++) {
        catch_up(&s->counters[i], now);
    }
    if ((addr & 3) == CONTROL) {
        s->owed = value >> 6 ? s->owed : 0;
        write_control(s, (guint8)value, now);
    } else {
        write_count(&s->counters[addr & 3], (guint8)value, now);
    }
    refresh_line(s, now);
}

static const IoOps i8254_io = {.read = i8254_read, .write = i8254_write, .max_size = 1};

/* ---- gate and output ---- */

void i8254_set_gate(Device *dev, guint channel, gboolean level)
{
    I8254 *s = (I8254 *)dev;
    Counter *c = &s->counters[channel];
    gint64 now = tick_now(s);

    g_assert(channel < 3);
    catch_up(c, now);
    level = !!level;
    if (c->gate == level) {
        return;
    }
    if (!level) {
        c->frozen = MAX(now - c->start, 0);
        c->gate = FALSE;
    } else {
        gboolean resume = c->mode == 0 || c->mode == 4;

        c->gate = TRUE;
        if (c->next && !resume) {
            c->count = c->next;
            c->next = 0;
        }
        c->armed = c->loaded;
        c->start = resume ? now - c->frozen : now + 1;
    }
    if (channel == 0) {
        refresh_line(s, now);
    }
}

gboolean i8254_gate(Device *dev, guint channel)
{
    g_assert(channel < 3);
    return ((I8254 *)dev)->counters[channel].gate;
}

gboolean i8254_out(Device *dev, guint channel)
{
    I8254 *s = (I8254 *)dev;
    gint64 now = tick_now(s);

    g_assert(channel < 3);
    catch_up(&s->counters[channel], now);
    return output(&s->counters[channel], now);
}

/* ---- lifecycle ---- */

/* What was late for the guest before is nothing to the one that begins now. */
static void forget_batch(I8254 *s)
{
    s->batching = s->in_flight = FALSE;
    s->owed = 0;
    idle_ticks_wake(&s->idle);
}

/* Without a listener the edges of OUT 0 need no timer; it is computed again when one comes. */
static void i8254_set_input(Device *dev, guint n, int level)
{
    I8254 *s = (I8254 *)dev;

    if (s->unheard != (level != 0)) {
        s->unheard = level != 0;
        forget_batch(s);
        refresh_line(s, tick_now(s));
    }
}

static void i8254_reset(Device *dev)
{
    I8254 *s = (I8254 *)dev;
    guint i;

    /* The chip comes up undefined; mode 3 with the longest period is what a BIOS leaves. */
    for (i = 0; i < 3; i++) {
        s->counters[i] = (Counter){.mode = 3, .rw = RW_WORD, .gate = i != 2, .count = 0x10000};
    }
    forget_batch(s);
    refresh_line(s, tick_now(s));
}

/* Its interrupts come without a detour by the main loop, where the accelerator can do that. */
static void set_ticker(Machine *machine, Timer *timer)
{
    if (machine->accel && machine->accel->ops->set_ticker) {
        machine->accel->ops->set_ticker(machine->accel, timer);
    }
}

static gboolean i8254_realize(Device *dev, GError **error)
{
    I8254 *s = (I8254 *)dev;

    region_init_io(&s->io, "pit", &i8254_io, s, 4);
    device_publish_region(dev, &s->io);
    device_publish_irq(dev, &s->irq);
    timer_init(&s->timer, dev->machine->guest_clock, on_rise, s);
    set_ticker(dev->machine, &s->timer);
    idle_ticks_init(&s->idle, dev->machine);
    dev->machine->pic_taken = interrupt_taken;
    dev->machine->pic_taken_opaque = s;
    return TRUE;
}

static void i8254_unrealize(Device *dev)
{
    I8254 *s = (I8254 *)dev;

    dev->machine->pic_taken = NULL;
    set_ticker(dev->machine, NULL);
    timer_cancel(&s->timer);
    region_remove(&s->io);
    region_finish(&s->io);
}

static const StateField counter_fields[] = {
    STATE_FIELD(U8, Counter, mode),
    STATE_FIELD(U8, Counter, rw),
    STATE_FIELD(BOOL, Counter, bcd),
    STATE_FIELD(BOOL, Counter, gate),
    STATE_FIELD(BOOL, Counter, loaded),
    STATE_FIELD(BOOL, Counter, armed),
    STATE_FIELD(BOOL, Counter, high_next_write),
    STATE_FIELD(BOOL, Counter, high_next_read),
    STATE_FIELD(U8, Counter, write_low),
    STATE_FIELD(BOOL, Counter, count_latched),
    STATE_FIELD(BOOL, Counter, status_latched),
    STATE_FIELD(U8, Counter, latched_status),
    STATE_FIELD(U16, Counter, latched_count),
    STATE_FIELD(U32, Counter, count),
    STATE_FIELD(U32, Counter, next),
    STATE_FIELD(U64, Counter, start),
    STATE_FIELD(U64, Counter, switch_at),
    STATE_FIELD(U64, Counter, frozen),
    STATE_END,
};

static gboolean counter_loaded(void *object, GError **error)
{
    Counter *c = object;

    c->mode = MIN(c->mode, 5);
    c->rw &= 3;
    c->count = CLAMP(c->count, 1, 0x10000);
    c->next = MIN(c->next, 0x10000);
    c->start = CLAMP(c->start, 0, G_MAXINT64 / 2);
    c->frozen = CLAMP(c->frozen, 0, G_MAXINT64 / 2);
    c->switch_at = MAX(c->switch_at, c->start);
    return TRUE;
}

static const StateTable counter_state = {1, counter_fields, counter_loaded};

static gboolean i8254_loaded(void *object, GError **error)
{
    forget_batch(object);
    refresh_line(object, tick_now(object));
    return TRUE;
}

static const StateField i8254_fields[] = {
    {"counters", STATE_STRUCT, G_STRUCT_OFFSET(I8254, counters), 3, sizeof(Counter), 1,
     &counter_state},
    STATE_END,
};

static const StateTable i8254_state = {1, i8254_fields, i8254_loaded};

const DeviceOps i8254_ops = {
    .name = "isa-pit",
    .summary = "8254 programmable interval timer",
    .category = "Misc",
    .size = sizeof(I8254),
    .board_only = TRUE,
    .inputs = 1,
    .set_input = i8254_set_input,
    .state = &i8254_state,
    .realize = i8254_realize,
    .unrealize = i8254_unrealize,
    .reset = i8254_reset,
};

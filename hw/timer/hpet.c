/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/timer/hpet.h"

#include "core/error.h"
#include "core/machine.h"

/* Registers: IA-PC HPET specification 1.0a, 2.3. */
#define GCAP_ID    0x000
#define GEN_CONF   0x010
#define GINTR_STA  0x020
#define MAIN_CNT   0x0f0
#define TIMERS     0x100
#define TIMER_STEP 0x20
#define TN_CONF    0x00
#define TN_COMP    0x08
#define TN_FSB     0x10

#define REGISTERS_SIZE 0x400

#define CAP_REVISION     0x01
#define CAP_TIMERS_SHIFT 8
#define CAP_64BIT        (1u << 13)
#define CAP_LEGACY       (1u << 15)
#define CAP_VENDOR       (0x8086u << 16)
#define CAP_PERIOD_SHIFT 32

#define CONF_ENABLE 1u
#define CONF_LEGACY 2u

#define TN_LEVEL        (1u << 1)
#define TN_ENABLE       (1u << 2)
#define TN_PERIODIC     (1u << 3)
#define TN_PERIODIC_CAP (1u << 4)
#define TN_64BIT_CAP    (1u << 5)
#define TN_SET_VALUE    (1u << 6)
#define TN_32BIT        (1u << 8)
#define TN_ROUTE_SHIFT  9
#define TN_ROUTE        (31u << TN_ROUTE_SHIFT)
#define TN_FSB_ENABLE   (1u << 14)
#define TN_FSB_CAP      (1u << 15)
#define TN_ROUTES_SHIFT 32
#define TN_WRITABLE     (TN_LEVEL | TN_ENABLE | TN_PERIODIC | TN_SET_VALUE | TN_32BIT | TN_ROUTE)

#define TICK_NS 10
#define TICK_FS (TICK_NS * 1000000u)

/*
 * A comparator that has just been passed when it is set has its interrupt at once: the guest aimed
 * at a time that came while its write was on the way, which takes longer here than in hardware,
 * where it would now wait for the counter to come round.
 */
#define GRACE_TICKS ((guint64)(NS_PER_MS / TICK_NS))

/* A period that is shorter is served this often: the host does other things, too. */
#define MIN_PERIOD_TICKS ((guint64)(20 * NS_PER_US / TICK_NS))

#define MAX_TIMERS   24 /* what fits between TIMERS and the end */
#define LEGACY_LINES 2

typedef struct Hpet Hpet;

typedef struct HpetTimer {
    Hpet *hpet;
    guint index;
    Timer timer;
    guint32 config;     /* the low half; the high one is the same for all */
    guint64 comparator; /* in periodic mode: of the next interrupt */
    guint64 period;
    guint64 fsb; /* message: data, and above it the address */
} HpetTimer;

struct Hpet {
    Device device;
    Region region;
    guint64 timer_count, intcap; /* options */
    gboolean msi;                /* option */
    IrqLine legacy[LEGACY_LINES];
    IrqLine routes[HPET_ROUTES];
    IrqLine replaces; /* to the 8254 */
    guint32 config;
    guint32 status;
    guint64 counter; /* while halted */
    gint64 offset;   /* while it runs: counter - ticks of the clock */
    guint8 inputs;   /* levels of 8254 and RTC */
    HpetTimer timers[MAX_TIMERS];
};

/* ---- the counter ---- */

static gboolean is_running(const Hpet *h)
{
    return (h->config & CONF_ENABLE) != 0;
}

static guint64 count_at(const Hpet *h, gint64 ns)
{
    return is_running(h) ? (guint64)(ns / TICK_NS) + (guint64)h->offset : h->counter;
}

static guint64 count_now(const Hpet *h)
{
    return count_at(h, clock_now(h->device.machine->guest_clock));
}

static gboolean is_32bit(const HpetTimer *t)
{
    return (t->config & TN_32BIT) != 0;
}

static gboolean is_periodic(const HpetTimer *t)
{
    return (t->config & TN_PERIODIC) != 0;
}

static guint64 width_mask(const HpetTimer *t)
{
    return is_32bit(t) ? G_MAXUINT32 : G_MAXUINT64;
}

/* ---- interrupts ---- */

/* Comparators 0 and 1 in legacy replacement mode have lines of their own, whatever their route. */
static gboolean is_legacy(const HpetTimer *t)
{
    return (t->hpet->config & CONF_LEGACY) && t->index < LEGACY_LINES;
}

static IrqLine *line_of(HpetTimer *t)
{
    return is_legacy(t) ? &t->hpet->legacy[t->index]
                        : &t->hpet->routes[(t->config & TN_ROUTE) >> TN_ROUTE_SHIFT];
}

/* Level of a route's or legacy line: what shares it pulls it up together. */
static void update_line(Hpet *h, IrqLine *line)
{
    gboolean level = FALSE;

    for (guint i = 0; i < h->timer_count; i++) {
        HpetTimer *t = &h->timers[i];

        level |= line_of(t) == line && (t->config & TN_LEVEL) && (t->config & TN_ENABLE) &&
                 (h->status >> i & 1) && is_running(h);
    }
    if (!(h->config & CONF_LEGACY)) {
        for (guint n = 0; n < LEGACY_LINES; n++) {
            level |= line == &h->legacy[n] && (h->inputs >> n & 1);
        }
    }
    irq_set(line, level);
}

static void update_lines(Hpet *h)
{
    irq_set(&h->replaces, (h->config & CONF_LEGACY) != 0);
    for (guint i = 0; i < LEGACY_LINES; i++) {
        update_line(h, &h->legacy[i]);
    }
    for (guint i = 0; i < HPET_ROUTES; i++) {
        if (h->intcap >> i & 1) {
            update_line(h, &h->routes[i]);
        }
    }
}

static void interrupt(HpetTimer *t)
{
    Hpet *h = t->hpet;
    Accel *accel = h->device.machine->accel;
    IrqLine *line = line_of(t);

    if (t->config & TN_LEVEL) {
        h->status |= 1u << t->index; /* edges leave no trace (2.3.6) */
    }
    if (!(t->config & TN_ENABLE)) {
        return;
    }
    if ((t->config & TN_FSB_ENABLE) && accel) {
        accel->ops->send_msi(accel, t->fsb >> 32, (guint32)t->fsb);
    } else if (t->config & TN_LEVEL) {
        update_line(h, line);
    } else {
        irq_raise(line);
        update_line(h, line);
    }
}

/* ---- comparators ---- */

/* Ticks from `now` to the next match, at least 1, but for one that has only just passed. */
static guint64 distance(const HpetTimer *t, guint64 now, gboolean just_set)
{
    guint64 ahead = (t->comparator - now) & width_mask(t);
    guint64 behind = (now - t->comparator) & width_mask(t);

    if (behind < GRACE_TICKS && just_set) {
        return 0;
    }
    return ahead ? ahead : is_32bit(t) ? 1ull << 32 : G_MAXUINT64;
}

static void schedule(HpetTimer *t, gboolean just_set)
{
    Hpet *h = t->hpet;
    gint64 clock = clock_now(h->device.machine->guest_clock);
    gint64 tick = clock / TICK_NS;
    guint64 ahead;

    /* Without an interrupt to come nobody can tell, but for the status of level-triggered ones. */
    if (!is_running(h) || !(t->config & (TN_ENABLE | TN_LEVEL)) || (is_periodic(t) && !t->period)) {
        timer_cancel(&t->timer);
        return;
    }
    ahead = distance(t, count_at(h, clock), just_set);
    if (ahead > (guint64)(G_MAXINT64 / TICK_NS - tick)) {
        timer_cancel(&t->timer); /* in some centuries */
    } else {
        timer_set(&t->timer, (tick + (gint64)ahead) * TICK_NS);
    }
}

/* The first comparator value after `now` that is whole periods away. Those that were missed while
 * the host was busy are not made up for: the guest would see them all at once. */
static void next_period(HpetTimer *t, guint64 now)
{
    guint64 period = t->period;
    guint64 passed = (now - t->comparator) & width_mask(t);

    if (period < MIN_PERIOD_TICKS) {
        period *= (MIN_PERIOD_TICKS + period - 1) / period;
    }
    t->comparator = (t->comparator + (passed / period + 1) * period) & width_mask(t);
}

static void on_match(void *opaque)
{
    HpetTimer *t = opaque;

    if (is_periodic(t) && t->period) {
        next_period(t, count_now(t->hpet));
    }
    schedule(t, FALSE);
    interrupt(t);
}

/* A match whose time has come, but not yet its turn, comes before what a write changes. */
static void catch_up(HpetTimer *t)
{
    if (timer_pending(&t->timer) &&
        timer_expiry(&t->timer) <= clock_now(t->hpet->device.machine->guest_clock)) {
        on_match(t);
    }
}

/* ---- registers ---- */

static guint64 capabilities(const Hpet *h)
{
    return CAP_REVISION | (guint)(h->timer_count - 1) << CAP_TIMERS_SHIFT | CAP_64BIT | CAP_LEGACY |
           CAP_VENDOR | (guint64)TICK_FS << CAP_PERIOD_SHIFT;
}

static guint64 timer_register(const HpetTimer *t, guint64 offset)
{
    const Hpet *h = t->hpet;

    switch (offset) {
    case TN_CONF:
        return t->config | TN_PERIODIC_CAP | TN_64BIT_CAP | (h->msi ? TN_FSB_CAP : 0) |
               h->intcap << TN_ROUTES_SHIFT;
    case TN_COMP: return t->comparator;
    case TN_FSB: return h->msi ? t->fsb : 0;
    default: return 0;
    }
}

static guint64 register_value(const Hpet *h, guint64 addr)
{
    if (addr >= TIMERS) {
        guint n = (guint)((addr - TIMERS) / TIMER_STEP);

        return n < h->timer_count ? timer_register(&h->timers[n], addr % TIMER_STEP) : 0;
    }
    switch (addr) {
    case GCAP_ID: return capabilities(h);
    case GEN_CONF: return h->config;
    case GINTR_STA: return h->status;
    case MAIN_CNT: return count_now(h);
    default: return 0;
    }
}

/* Registers are of 64 bits; an access has all or one half of one. */
static guint64 hpet_read(void *opaque, guint64 addr, guint size)
{
    guint64 value = register_value(opaque, addr & ~7ull);

    return size == 8 ? value : (guint32)(value >> (addr & 4 ? 32 : 0));
}

static guint64 merge(guint64 old, guint64 addr, guint64 value, guint size)
{
    if (size == 8) {
        return value;
    }
    return addr & 4 ? (guint32)old | value << 32 : (old & ~(guint64)G_MAXUINT32) | (guint32)value;
}

static void write_config(Hpet *h, guint64 value)
{
    guint64 tick, count;

    for (guint i = 0; i < h->timer_count; i++) {
        catch_up(&h->timers[i]);
    }
    tick = (guint64)(clock_now(h->device.machine->guest_clock) / TICK_NS);
    count = is_running(h) ? tick + (guint64)h->offset : h->counter;
    h->config = (guint32)value & (CONF_ENABLE | CONF_LEGACY);
    h->counter = count;
    h->offset = (gint64)(count - tick);
    for (guint i = 0; i < h->timer_count; i++) {
        schedule(&h->timers[i], FALSE);
    }
    update_lines(h);
}

static void write_counter(Hpet *h, guint64 value)
{
    if (is_running(h)) {
        device_warn_once(&h->device, "write to the main counter while it runs");
    } else {
        h->counter = value;
    }
}

static void write_timer_config(HpetTimer *t, guint64 value)
{
    Hpet *h = t->hpet;
    guint32 writable = TN_WRITABLE | (h->msi ? TN_FSB_ENABLE : 0);
    guint32 old = t->config;

    catch_up(t);
    t->config = (guint32)value & writable;
    if (is_32bit(t)) {
        t->comparator = (guint32)t->comparator;
        t->period = (guint32)t->period;
    }
    if (!(h->intcap >> ((t->config & TN_ROUTE) >> TN_ROUTE_SHIFT) & 1)) {
        /* A route that there is not reads back otherwise (2.3.8, Tn_INT_ROUTE_CNF). */
        t->config &= ~TN_ROUTE;
        t->config |= old & TN_ROUTE;
    }
    schedule(t, FALSE);
    update_lines(h);
}

/*
 * In periodic mode a write sets the period, and with VAL_SET also the next match (2.3.9.2.2). The
 * bit falls at each write, so that who writes by halves sets it before each.
 */
static void write_comparator(HpetTimer *t, guint64 addr, guint64 value, guint size)
{
    catch_up(t);
    if (is_32bit(t)) {
        if (addr & 4) {
            return;
        }
        value = (guint32)value;
        size = 8;
    }
    if (is_periodic(t)) {
        t->period = merge(t->period, addr, value, size);
    }
    if (!is_periodic(t) || (t->config & TN_SET_VALUE)) {
        t->comparator = merge(t->comparator, addr, value, size);
    }
    t->config &= ~TN_SET_VALUE;
    schedule(t, TRUE);
}

static void write_timer(HpetTimer *t, guint64 addr, guint64 value, guint size)
{
    switch (addr % TIMER_STEP & ~7ull) {
    case TN_CONF:
        if (!(addr & 4)) {
            write_timer_config(t, value);
        }
        break;
    case TN_COMP: write_comparator(t, addr, value, size); break;
    case TN_FSB:
        if (t->hpet->msi) {
            t->fsb = merge(t->fsb, addr, value, size);
        }
        break;
    default: break;
    }
}

static void hpet_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    Hpet *h = opaque;

    if (addr >= TIMERS) {
        guint n = (guint)((addr - TIMERS) / TIMER_STEP);

        if (n < h->timer_count) {
            write_timer(&h->timers[n], addr, value, size);
        }
        return;
    }
    switch (addr & ~7ull) {
    case GEN_CONF: write_config(h, merge(h->config, addr, value, size)); break;
    case GINTR_STA:
        h->status &= ~(guint32)merge(0, addr, value, size);
        update_lines(h);
        break;
    case MAIN_CNT: write_counter(h, merge(count_now(h), addr, value, size)); break;
    default: break;
    }
}

static const IoOps hpet_io = {hpet_read, hpet_write, 4, 8};

static void hpet_set_input(Device *dev, guint n, int level)
{
    Hpet *h = (Hpet *)dev;

    h->inputs = (guint8)((h->inputs & ~(1u << n)) | (level ? 1u : 0) << n);
    if (!(h->config & CONF_LEGACY)) {
        update_line(h, &h->legacy[n]);
    }
}

/* ---- lifecycle ---- */

static void hpet_info(Device *dev, GString *out)
{
    Hpet *h = (Hpet *)dev;

    g_string_append_printf(out, "hpet: %s%s counter=0x%" G_GINT64_MODIFIER "x\n",
                           is_running(h) ? "runs" : "halted",
                           h->config & CONF_LEGACY ? ", legacy replacement" : "", count_now(h));
    for (guint i = 0; i < h->timer_count; i++) {
        const HpetTimer *t = &h->timers[i];

        g_string_append_printf(
            out,
            "  timer %u: %s %s %s %s-bit route=%u comparator=0x%" G_GINT64_MODIFIER
            "x period=0x%" G_GINT64_MODIFIER "x\n",
            i, t->config & TN_ENABLE ? "on" : "off", is_periodic(t) ? "periodic" : "one-shot",
            t->config & TN_LEVEL ? "level" : "edge", is_32bit(t) ? "32" : "64",
            (t->config & TN_ROUTE) >> TN_ROUTE_SHIFT, t->comparator, t->period);
    }
}

static void hpet_reset(Device *dev)
{
    Hpet *h = (Hpet *)dev;
    guint first = 0;

    while (!(h->intcap >> first & 1)) {
        first++;
    }
    h->config = h->status = 0;
    h->counter = 0;
    for (guint i = 0; i < h->timer_count; i++) {
        HpetTimer *t = &h->timers[i];

        timer_cancel(&t->timer);
        t->config = first << TN_ROUTE_SHIFT;
        t->comparator = G_MAXUINT64;
        t->period = t->fsb = 0;
    }
    update_lines(h);
}

static gboolean hpet_realize(Device *dev, GError **error)
{
    Hpet *h = (Hpet *)dev;

    if (!h->intcap) {
        return error_set(error, "hpet: hpet-intcap must list an interrupt that it may use");
    }
    for (guint i = 0; i < MAX_TIMERS; i++) {
        h->timers[i].hpet = h;
        h->timers[i].index = i;
        timer_init(&h->timers[i].timer, dev->machine->guest_clock, on_match, &h->timers[i]);
    }
    region_init_io(&h->region, "hpet", &hpet_io, h, REGISTERS_SIZE);
    device_publish_region(dev, &h->region);
    for (guint i = 0; i < LEGACY_LINES; i++) {
        device_publish_irq(dev, &h->legacy[i]);
    }
    for (guint i = 0; i < HPET_ROUTES; i++) {
        device_publish_irq(dev, &h->routes[i]);
    }
    device_publish_irq(dev, &h->replaces);
    return TRUE;
}

static void hpet_unrealize(Device *dev)
{
    Hpet *h = (Hpet *)dev;

    for (guint i = 0; i < MAX_TIMERS; i++) {
        timer_cancel(&h->timers[i].timer);
    }
    region_remove(&h->region);
    region_finish(&h->region);
}

/* Saved state comes from outside: a route is one that there is. */
static gboolean hpet_loaded(void *object, GError **error)
{
    Hpet *h = object;

    for (guint i = 0; i < h->timer_count; i++) {
        HpetTimer *t = &h->timers[i];

        t->config &= TN_WRITABLE | (h->msi ? TN_FSB_ENABLE : 0);
        schedule(t, FALSE);
    }
    update_lines(h);
    return TRUE;
}

static const OptionSpec hpet_options[] = {
    {"timers", OPTION_UINT, G_STRUCT_OFFSET(Hpet, timer_count), "3", "number of comparators", 3,
     MAX_TIMERS},
    {"msi", OPTION_BOOL, G_STRUCT_OFFSET(Hpet, msi), "off", "interrupts as messages (FSB), too"},
    {"hpet-intcap", OPTION_UINT, G_STRUCT_OFFSET(Hpet, intcap), "0xff0000",
     "bit n: comparators may use input n of the I/O APIC", 0, G_MAXUINT32},
    OPTION_END,
};

static const StateField timer_fields[] = {
    STATE_FIELD(U32, HpetTimer, config),
    STATE_FIELD(U64, HpetTimer, comparator),
    STATE_FIELD(U64, HpetTimer, period),
    STATE_FIELD(U64, HpetTimer, fsb),
    STATE_END,
};
static const StateTable timer_state = {1, timer_fields, NULL};

static const StateField hpet_fields[] = {
    STATE_FIELD(U32, Hpet, config),
    STATE_FIELD(U32, Hpet, status),
    STATE_FIELD(U64, Hpet, counter),
    STATE_FIELD(U64, Hpet, offset),
    STATE_FIELD(U8, Hpet, inputs),
    {"timers", STATE_STRUCT, G_STRUCT_OFFSET(Hpet, timers), MAX_TIMERS, sizeof(HpetTimer), 1,
     &timer_state},
    STATE_END,
};
static const StateTable hpet_state = {1, hpet_fields, hpet_loaded};

const DeviceOps hpet_ops = {
    .name = "hpet",
    .summary = "high precision event timer",
    .category = "Misc",
    .size = sizeof(Hpet),
    .board_only = TRUE,
    .options = hpet_options,
    .state = &hpet_state,
    .realize = hpet_realize,
    .unrealize = hpet_unrealize,
    .reset = hpet_reset,
    .info_topic = "hpet",
    .info = hpet_info,
    .inputs = LEGACY_LINES,
    .set_input = hpet_set_input,
};

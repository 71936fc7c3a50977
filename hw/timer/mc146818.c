/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/timer/mc146818.h"

#include "core/event.h"
#include "core/machine.h"
#include "hw/timer/muldiv.h"
#include "hw/timer/rtc-date.h"

/* Registers: Motorola MC146818 datasheet; the century byte at 32h is the PC/AT's. */
#define REG_SECONDS       0
#define REG_SECONDS_ALARM 1
#define REG_MINUTES       2
#define REG_MINUTES_ALARM 3
#define REG_HOURS         4
#define REG_HOURS_ALARM   5
#define REG_WEEKDAY       6
#define REG_DAY           7
#define REG_MONTH         8
#define REG_YEAR          9
#define REG_A             10
#define REG_B             11
#define REG_C             12
#define REG_D             13
#define REG_CENTURY       0x32

#define A_UIP         0x80
#define A_DIVIDER     0x70
#define A_RATE        0x0f
#define A_RUNS_UP_TO  0x20 /* dividers above hold the divider chain in reset */
#define B_SET         0x80
#define B_ENABLES     0x70 /* PIE, AIE, UIE: the same bits as PF, AF, UF */
#define B_SQWE        0x08
#define B_BINARY      0x04
#define B_24H         0x02
#define B_DSE         0x01
#define C_IRQF        0x80
#define C_PF          0x40
#define C_AF          0x20
#define C_UF          0x10
#define D_VRT         0x80
#define HOURS_PM      0x80
#define ALARM_ANY     0xc0 /* both top bits: this field matches always */
#define INDEX_NMI_OFF 0x80

#define CRYSTAL_HZ 32768
/* UIP rises 244 us before an update, which takes 1984 us (datasheet, "Update cycle"). */
#define UIP_NS (2228 * NS_PER_US)
/* The first update comes half a second after the divider is let go. */
#define DIVIDER_RELEASE_NS (NS_PER_SEC / 2)
/* The host's wall clock may be set: look again now and then while an interrupt is to come. */
#define HOST_RECHECK_NS (600 * NS_PER_SEC)

enum { CLOCK_HOST, CLOCK_RT, CLOCK_VM };

/*
 * The time. `source + phase` in ns has a second's border where the RTC has; at the count of
 * seconds that it shows, the RTC's date is `base` seconds later than that.
 */
typedef struct Mc146818 {
    Device dev;
    Region io, extended_io;
    IrqLine irq;
    Timer timer;
    gint64 start, base_offset_ns; /* options */
    int clock;                    /* option */
    guint8 index, extended_index;
    guint8 cmos[256]; /* time registers: valid while frozen */
    gboolean frozen;  /* by SET or the divider */
    gint64 base, phase;
    gint64 first_base; /* `base` at start, for RTC_CHANGE */
    gint64 seen;       /* source + phase up to which flags are in C */
    gint64 dse_back;   /* second at which October's hour was repeated last */
} Mc146818;

/* ---- the time ---- */

static gint64 source_now(Mc146818 *s)
{
    switch (s->clock) {
    case CLOCK_HOST: return g_get_real_time() * NS_PER_US;
    case CLOCK_RT: return clock_now(s->dev.machine->host_clock);
    default: return clock_now(s->dev.machine->guest_clock);
    }
}

static gint64 floor_seconds(gint64 ns)
{
    return ns / NS_PER_SEC - (ns % NS_PER_SEC < 0);
}

static gint64 fraction(gint64 ns)
{
    return ns - floor_seconds(ns) * NS_PER_SEC;
}

static int to_register(const Mc146818 *s, int value)
{
    return s->cmos[REG_B] & B_BINARY ? value : value / 10 << 4 | value % 10;
}

/* The number in a register's byte, or -1 if it is none. */
static int from_register(const Mc146818 *s, guint8 byte)
{
    if (s->cmos[REG_B] & B_BINARY) {
        return byte;
    }
    return (byte & 15) > 9 || byte >> 4 > 9 ? -1 : (byte >> 4) * 10 + (byte & 15);
}

static guint8 hour_to_register(const Mc146818 *s, int hour)
{
    if (s->cmos[REG_B] & B_24H) {
        return (guint8)to_register(s, hour);
    }
    return (guint8)(to_register(s, hour % 12 ? hour % 12 : 12) | (hour >= 12 ? HOURS_PM : 0));
}

static int hour_from_register(const Mc146818 *s, guint8 byte)
{
    int hour;

    if (s->cmos[REG_B] & B_24H) {
        return from_register(s, byte);
    }
    hour = from_register(s, byte & ~HOURS_PM);
    return hour < 1 || hour > 12 ? -1 : hour % 12 + (byte & HOURS_PM ? 12 : 0);
}

/* Writes the time registers for the date at `ns` of source + phase. */
static void store_date(Mc146818 *s, gint64 ns)
{
    RtcDate date;

    rtc_date_from_seconds(s->base + floor_seconds(ns), &date);
    s->cmos[REG_SECONDS] = (guint8)to_register(s, date.second);
    s->cmos[REG_MINUTES] = (guint8)to_register(s, date.minute);
    s->cmos[REG_HOURS] = hour_to_register(s, date.hour);
    s->cmos[REG_WEEKDAY] = (guint8)to_register(s, date.weekday);
    s->cmos[REG_DAY] = (guint8)to_register(s, date.day);
    s->cmos[REG_MONTH] = (guint8)to_register(s, date.month);
    s->cmos[REG_YEAR] = (guint8)to_register(s, date.year % 100);
    s->cmos[REG_CENTURY] = (guint8)to_register(s, date.year / 100 % 100);
}

/* Sets the time from the registers; a field that holds nonsense counts as its lowest value. */
static void load_date(Mc146818 *s, gint64 ns)
{
    RtcDate date = {
        .second = MAX(from_register(s, s->cmos[REG_SECONDS]), 0),
        .minute = MAX(from_register(s, s->cmos[REG_MINUTES]), 0),
        .hour = MAX(hour_from_register(s, s->cmos[REG_HOURS]), 0),
        .day = MAX(from_register(s, s->cmos[REG_DAY]), 1),
        .month = MAX(from_register(s, s->cmos[REG_MONTH]), 1),
        .year = MIN(MAX(from_register(s, s->cmos[REG_YEAR]), 0), 99) +
                MIN(MAX(from_register(s, s->cmos[REG_CENTURY]), 0), 99) * 100,
    };

    s->base = rtc_date_to_seconds(&date) - floor_seconds(ns);
}

/* The guest has set the time: programs want to know how far off it is from what we gave it. */
static void tell_change(Mc146818 *s)
{
    g_autofree char *path = device_path(&s->dev);

    event_emit(s->dev.machine, "RTC_CHANGE", "{'offset': <%x>, 'qom-path': <%s>}",
               s->base - s->first_base, path);
}

/* ---- what has happened since we looked last ---- */

/* The first second after `after` that the alarm registers match, or G_MAXINT64. All in seconds of
 * the RTC's date. */
static gint64 next_alarm(const Mc146818 *s, gint64 after)
{
    gint64 day = after - ((after % 86400) + 86400) % 86400;
    guint8 bytes[3] = {s->cmos[REG_HOURS_ALARM], s->cmos[REG_MINUTES_ALARM],
                       s->cmos[REG_SECONDS_ALARM]};
    int want[3], i, turn, h, m, sec;

    for (i = 0; i < 3; i++) {
        gboolean any = (bytes[i] & ALARM_ANY) == ALARM_ANY;

        want[i] = any ? -1 : i ? from_register(s, bytes[i]) : hour_from_register(s, bytes[i]);
        if (!any && (want[i] < 0 || want[i] > (i ? 59 : 23))) {
            return G_MAXINT64;
        }
    }
    for (turn = 0; turn < 2; turn++, day += 86400) {
        for (h = MAX(want[0], 0); h < (want[0] < 0 ? 24 : want[0] + 1); h++) {
            if (day + h * 3600 + 3599 <= after) {
                continue;
            }
            for (m = MAX(want[1], 0); m < (want[1] < 0 ? 60 : want[1] + 1); m++) {
                gint64 minute = day + h * 3600 + m * 60;

                sec = want[2] < 0 ? (int)CLAMP(after + 1 - minute, 0, 60) : want[2];
                if (sec < 60 && minute + sec > after) {
                    return minute + sec;
                }
            }
        }
    }
    return G_MAXINT64;
}

/* Ticks of the crystal between periodic interrupts, 0 = none (datasheet, table 5). */
static gint64 period_ticks(const Mc146818 *s)
{
    guint rate = s->cmos[REG_A] & A_RATE;

    if (rate == 0 || (s->cmos[REG_A] & A_DIVIDER) > A_RUNS_UP_TO) {
        return 0;
    }
    return 1 << ((rate <= 2 ? rate + 7 : rate) - 1);
}

/* The crystal's tick at `ns`, which may be negative. */
static gint64 crystal_ticks(gint64 ns)
{
    return floor_seconds(ns) * CRYSTAL_HZ + ticks_at(fraction(ns), CRYSTAL_HZ);
}

static gint64 floor_to(gint64 value, gint64 unit)
{
    return value - ((value % unit) + unit) % unit;
}

/* Daylight saving: 1:59:59 is followed by 3:00:00 on the last Sunday of April, and by 1:00:00,
 * once, on the last of October (datasheet, "DSE"). */
static void shift_for_daylight(Mc146818 *s, gint64 from, gint64 to)
{
    RtcDate date;
    gint64 april, october;

    rtc_date_from_seconds(to, &date);
    april = rtc_date_last_sunday(date.year, 4) + 2 * 3600;
    october = rtc_date_last_sunday(date.year, 10) + 2 * 3600;
    if (from < april && to >= april) {
        s->base += 3600;
    } else if (from < october && to >= october && s->dse_back != october) {
        s->base -= 3600;
        s->dse_back = october;
    }
}

/* Sets the flags of all that has happened up to now; returns now (source + phase). */
static gint64 sync_flags(Mc146818 *s)
{
    gint64 now = source_now(s) + s->phase;
    gint64 was = s->seen;
    gint64 period = period_ticks(s);

    s->seen = now;
    if (now <= was) {
        return now; /* the host's clock was set back */
    }
    if (period && floor_to(crystal_ticks(now), period) != floor_to(crystal_ticks(was), period)) {
        s->cmos[REG_C] |= C_PF;
    }
    if (!s->frozen && floor_seconds(now) != floor_seconds(was)) {
        gint64 from = s->base + floor_seconds(was);
        gint64 to = s->base + floor_seconds(now);

        s->cmos[REG_C] |= C_UF;
        if (next_alarm(s, from) <= to) {
            s->cmos[REG_C] |= C_AF;
        }
        if (s->cmos[REG_B] & B_DSE) {
            shift_for_daylight(s, from, to);
        }
    }
    return now;
}

/* ---- interrupts ---- */

/* The earliest of the enabled events after `now`, in source + phase; G_MAXINT64 = none. */
static gint64 next_event(Mc146818 *s, gint64 now)
{
    guint8 enabled = s->cmos[REG_B] & B_ENABLES;
    gint64 second = floor_seconds(now), next = G_MAXINT64;
    gint64 period = period_ticks(s);

    if ((enabled & C_PF) && period) {
        gint64 tick = floor_to(crystal_ticks(now), period) + period;
        gint64 into = tick - second * CRYSTAL_HZ;

        next = second * NS_PER_SEC + ns_of_tick(into, CRYSTAL_HZ);
    }
    if ((enabled & C_UF) && !s->frozen) {
        next = MIN(next, (second + 1) * NS_PER_SEC);
    }
    if ((enabled & C_AF) && !s->frozen) {
        gint64 alarm = next_alarm(s, s->base + second);

        if (alarm != G_MAXINT64) {
            next = MIN(next, (alarm - s->base) * NS_PER_SEC);
        }
    }
    return next;
}

/* Sets the IRQ line, and a timer if it is low and an enabled event will raise it. */
static void update(Mc146818 *s)
{
    gint64 now = sync_flags(s);
    gint64 next;

    if (s->cmos[REG_C] & s->cmos[REG_B] & B_ENABLES) {
        s->cmos[REG_C] |= C_IRQF;
        if (s->cmos[REG_C] & s->cmos[REG_B] & C_AF) {
            machine_request_wakeup(s->dev.machine, WAKE_RTC);
        }
        irq_raise(&s->irq);
        timer_cancel(&s->timer);
        return;
    }
    s->cmos[REG_C] &= ~C_IRQF;
    irq_lower(&s->irq);
    next = next_event(s, now);
    if (next == G_MAXINT64) {
        timer_cancel(&s->timer);
    } else if (s->clock == CLOCK_VM) {
        timer_set(&s->timer, next - s->phase);
    } else {
        timer_set_after(&s->timer, MIN(next - now, HOST_RECHECK_NS));
    }
}

static void on_timer(void *opaque)
{
    update(opaque);
}

/* ---- registers ---- */

static gboolean is_time(guint index)
{
    return index == REG_SECONDS || index == REG_MINUTES || index == REG_HOURS ||
           (index >= REG_WEEKDAY && index <= REG_YEAR) || index == REG_CENTURY;
}

/* Freezes or lets go the time as SET and the divider say, after a write to A or B. */
static void apply_control(Mc146818 *s, gint64 now, gboolean divider_let_go)
{
    gboolean held = (s->cmos[REG_A] & A_DIVIDER) > A_RUNS_UP_TO;
    gboolean freeze = held || (s->cmos[REG_B] & B_SET);

    if (divider_let_go) {
        s->phase += DIVIDER_RELEASE_NS - fraction(now);
        now = source_now(s) + s->phase;
        s->seen = now;
    }
    if (freeze && !s->frozen) {
        store_date(s, now);
    } else if (!freeze && s->frozen) {
        load_date(s, now);
        tell_change(s);
        s->dse_back = 0;
    }
    s->frozen = freeze;
}

static void write_a(Mc146818 *s, guint8 value, gint64 now)
{
    gboolean held = (s->cmos[REG_A] & A_DIVIDER) > A_RUNS_UP_TO;
    gboolean hold = (value & A_DIVIDER) > A_RUNS_UP_TO;

    s->cmos[REG_A] = value & (A_DIVIDER | A_RATE);
    apply_control(s, now, held && !hold);
}

static void write_b(Mc146818 *s, guint8 value, gint64 now)
{
    /* SET ends update cycles and clears UIE (datasheet, "SET"). */
    s->cmos[REG_B] = value & B_SET ? value & ~C_UF : value;
    apply_control(s, now, FALSE);
}

static void write_data(Mc146818 *s, guint8 index, guint8 value)
{
    gint64 now = sync_flags(s);

    if (index == REG_A) {
        write_a(s, value, now);
    } else if (index == REG_B) {
        write_b(s, value, now);
    } else if (index == REG_C || index == REG_D) {
        return; /* read-only */
    } else if (is_time(index) && !s->frozen) {
        store_date(s, now);
        s->cmos[index] = value;
        load_date(s, now);
        tell_change(s);
    } else {
        s->cmos[index] = value;
    }
    update(s);
}

static guint8 read_data(Mc146818 *s, guint8 index)
{
    guint8 value;
    gint64 now;

    if (is_time(index)) {
        if (!s->frozen) {
            now = sync_flags(s);
            store_date(s, now);
        }
        return s->cmos[index];
    }
    if (index == REG_A) {
        now = source_now(s) + s->phase;
        return s->cmos[REG_A] | (!s->frozen && fraction(now) >= NS_PER_SEC - UIP_NS ? A_UIP : 0);
    }
    if (index == REG_C) {
        update(s);
        value = s->cmos[REG_C];
        s->cmos[REG_C] = 0;
        irq_lower(&s->irq); /* should the next event come this moment, it is an edge */
        update(s);
        return value;
    }
    return s->cmos[index];
}

static guint64 rtc_read(void *opaque, guint64 addr, guint size)
{
    Mc146818 *s = opaque;

    return addr & 1 ? read_data(s, s->index & 0x7f) : 0xff; /* the index cannot be read */
}

static void rtc_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    Mc146818 *s = opaque;

    if (addr & 1) {
        write_data(s, s->index & 0x7f, (guint8)value);
    } else {
        s->index = (guint8)value;
    }
}

static guint64 extended_read(void *opaque, guint64 addr, guint size)
{
    Mc146818 *s = opaque;

    return addr & 1 ? s->cmos[128 + (s->extended_index & 0x7f)] : 0xff;
}

static void extended_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    Mc146818 *s = opaque;

    if (addr & 1) {
        s->cmos[128 + (s->extended_index & 0x7f)] = (guint8)value;
    } else {
        s->extended_index = (guint8)value;
    }
}

/* SeaBIOS masks NMI here whenever it changes processor modes, at each tick of the timer too. */
static const IoOps rtc_io = {
    .read = rtc_read,
    .write = rtc_write,
    .max_size = 1,
    .housekeeping = TRUE,
};
static const IoOps extended_io = {.read = extended_read, .write = extended_write, .max_size = 1};

/* ---- the board's side ---- */

void mc146818_set_cmos(Device *dev, guint index, guint8 value)
{
    g_assert(index < 256 && !is_time(index) && (index < REG_A || index > REG_D));
    ((Mc146818 *)dev)->cmos[index] = value;
}

guint8 mc146818_get_cmos(Device *dev, guint index)
{
    g_assert(index < 256);
    return ((Mc146818 *)dev)->cmos[index];
}

gboolean mc146818_nmi_masked(Device *dev)
{
    return (((Mc146818 *)dev)->index & INDEX_NMI_OFF) != 0;
}

/* ---- lifecycle ---- */

static void mc146818_reset(Device *dev)
{
    Mc146818 *s = (Mc146818 *)dev;

    /* The RESET# pin leaves time, alarm and memory alone (datasheet, "RESET"). */
    s->cmos[REG_B] &= ~(B_ENABLES | B_SQWE);
    s->cmos[REG_C] = 0;
    s->index = s->extended_index = 0;
    s->seen = source_now(s) + s->phase;
    update(s);
}

static gboolean mc146818_realize(Device *dev, GError **error)
{
    Mc146818 *s = (Mc146818 *)dev;
    gint64 start_ns = s->base_offset_ns;
    gint64 source = source_now(s);

    region_init_io(&s->io, "rtc", &rtc_io, s, 2);
    device_publish_region(dev, &s->io);
    region_init_io(&s->extended_io, "rtc-extended", &extended_io, s, 2);
    device_publish_region(dev, &s->extended_io);
    device_publish_irq(dev, &s->irq);
    timer_init(&s->timer, dev->machine->guest_clock, on_timer, s);
    if (s->start < 0) {
        start_ns += g_get_real_time() * NS_PER_US;
    }
    s->phase = fraction(start_ns) - fraction(source);
    s->base = floor_seconds(start_ns) - floor_seconds(source + s->phase);
    if (s->start >= 0) {
        s->base += s->start;
    }
    s->first_base = s->base;
    s->cmos[REG_A] = 0x26; /* 32768 Hz crystal, 1024 Hz: what a PC's BIOS sets */
    s->cmos[REG_B] = B_24H;
    s->cmos[REG_D] = D_VRT;
    return TRUE;
}

static void mc146818_unrealize(Device *dev)
{
    Mc146818 *s = (Mc146818 *)dev;

    timer_cancel(&s->timer);
    region_remove(&s->io);
    region_finish(&s->io);
    region_remove(&s->extended_io);
    region_finish(&s->extended_io);
}

static gboolean mc146818_loaded(void *object, GError **error)
{
    Mc146818 *s = object;

    /* The host's clocks do not go on where those of the saving host stood. */
    if (s->clock != CLOCK_VM) {
        s->seen = source_now(s) + s->phase;
    }
    update(s);
    return TRUE;
}

static const char *const clock_names[] = {"host", "rt", "vm", NULL};

static const OptionSpec mc146818_options[] = {
    {"start", OPTION_INT, G_STRUCT_OFFSET(Mc146818, start), "-1",
     "date at start in seconds since 1970, -1 = the host's", (guint64)-1, 253402300799, NULL},
    {"base-offset-ns", OPTION_INT, G_STRUCT_OFFSET(Mc146818, base_offset_ns), "0",
     "nanoseconds added to the date at start", (guint64)(-1000000 * NS_PER_SEC * 1000),
     1000000 * NS_PER_SEC * 1000, NULL},
    {"clock", OPTION_ENUM, G_STRUCT_OFFSET(Mc146818, clock), "host", "clock by which time goes on",
     0, 0, clock_names},
    OPTION_END,
};

static const StateField mc146818_fields[] = {
    STATE_FIELD(U8, Mc146818, index),
    STATE_FIELD(U8, Mc146818, extended_index),
    STATE_ARRAY(U8, Mc146818, cmos),
    STATE_FIELD(BOOL, Mc146818, frozen),
    STATE_FIELD(U64, Mc146818, base),
    STATE_FIELD(U64, Mc146818, phase),
    STATE_FIELD(U64, Mc146818, seen),
    STATE_FIELD(U64, Mc146818, dse_back),
    STATE_END,
};

static const StateTable mc146818_state = {1, mc146818_fields, mc146818_loaded};

const DeviceOps mc146818_ops = {
    .name = "mc146818rtc",
    .summary = "MC146818 real-time clock and CMOS memory",
    .category = "Misc",
    .size = sizeof(Mc146818),
    .board_only = TRUE,
    .options = mc146818_options,
    .state = &mc146818_state,
    .realize = mc146818_realize,
    .unrealize = mc146818_unrealize,
    .reset = mc146818_reset,
};

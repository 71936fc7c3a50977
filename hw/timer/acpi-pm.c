/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/timer/acpi-pm.h"

#include "hw/timer/muldiv.h"

/* Registers: ACPI 1.0b specification, 4.7.3 (PM1 event grouping, PM1 control, PM timer). */
#define PM1_STS      0
#define PM1_EN       2
#define STS_BITS     0x8731 /* WAK, RTC, SLPBTN, PWRBTN, GBL, BM, TMR */
#define EN_BITS      0x0721
#define CNT_SCI_EN   0x0001
#define CNT_BITS     0x1c07 /* SLP_TYP, GBL_RLS, BM_RLD, SCI_EN */
#define CNT_SLP_EN   0x2000 /* write-only */
#define SLP_TYP(cnt) (((cnt) >> 10) & 7)

/* TMR_STS is set when bit 23 of the 24-bit timer changes. */
#define TIMER_MASK  0xffffff
#define CARRY_SHIFT 23

static gint64 timer_ticks(Clock *clock)
{
    return ticks_at(clock_now(clock), ACPI_PM_TIMER_HZ);
}

guint32 acpi_pm_timer_read(Clock *clock)
{
    return (guint32)(timer_ticks(clock) & TIMER_MASK);
}

/* Notes carries of the timer, sets the SCI, and waits for the next carry if the guest does. */
static void update(AcpiPm *pm)
{
    Clock *clock = pm->machine->guest_clock;
    gint64 carry = timer_ticks(clock) >> CARRY_SHIFT;
    gboolean asked;

    if (carry != pm->carry_seen) {
        pm->carry_seen = carry;
        pm->status |= ACPI_PM1_TMR;
    }
    asked = (pm->status & pm->enable & EN_BITS) || pm->gpe;
    /* Without SCI_EN events are SMIs (ACPI 4.7.3.2), which this machine has none of. */
    irq_set(&pm->sci, asked && (pm->control & CNT_SCI_EN));
    if ((pm->enable & ACPI_PM1_TMR) && !(pm->status & ACPI_PM1_TMR)) {
        timer_set(&pm->timer, ns_of_tick((carry + 1) << CARRY_SHIFT, ACPI_PM_TIMER_HZ));
    } else {
        timer_cancel(&pm->timer);
    }
}

static void on_carry(void *opaque)
{
    AcpiPm *pm = opaque;

    update(pm);
    machine_request_wakeup(pm->machine, WAKE_PM_TIMER);
}

/* ---- registers ---- */

/* A byte access changes its half only. */
static guint16 merge(guint16 old, guint64 addr, guint64 value, guint size)
{
    if (size == 2) {
        return (guint16)value;
    }
    return addr & 1 ? (old & 0x00ff) | (guint16)(value << 8) : (old & 0xff00) | (value & 0xff);
}

static guint64 part(guint16 value, guint64 addr)
{
    return addr & 1 ? value >> 8 : value;
}

static guint64 evt_read(void *opaque, guint64 addr, guint size)
{
    AcpiPm *pm = opaque;

    update(pm);
    return part(addr < PM1_EN ? pm->status : pm->enable, addr);
}

static void evt_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    AcpiPm *pm = opaque;

    update(pm);
    if (addr < PM1_EN) {
        pm->status &= ~(merge(0, addr, value, size) & STS_BITS); /* ones clear */
    } else {
        pm->enable = merge(pm->enable, addr, value, size) & EN_BITS;
    }
    update(pm);
}

static guint64 cnt_read(void *opaque, guint64 addr, guint size)
{
    AcpiPm *pm = opaque;
    return part(pm->control, addr);
}

static void cnt_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    AcpiPm *pm = opaque;
    guint16 written = merge(pm->control, addr, value, size);

    pm->control = written & CNT_BITS;
    update(pm);
    if ((written & CNT_SLP_EN) && pm->sleep) {
        pm->sleep(pm->sleep_opaque, SLP_TYP(written));
    }
}

static guint64 tmr_read(void *opaque, guint64 addr, guint size)
{
    AcpiPm *pm = opaque;
    return acpi_pm_timer_read(pm->machine->guest_clock);
}

static const IoOps evt_io = {.read = evt_read, .write = evt_write, .max_size = 2};
static const IoOps cnt_io = {.read = cnt_read, .write = cnt_write, .max_size = 2};
static const IoOps tmr_io = {.read = tmr_read, .min_size = 4, .max_size = 4};

/* ---- the owner's side ---- */

void acpi_pm_event(AcpiPm *pm, guint16 bits)
{
    pm->status |= bits & STS_BITS;
    update(pm);
}

void acpi_pm_set_gpe(AcpiPm *pm, gboolean level)
{
    pm->gpe = level;
    update(pm);
}

void acpi_pm_set_sci_enabled(AcpiPm *pm, gboolean on)
{
    pm->control = on ? pm->control | CNT_SCI_EN : pm->control & ~CNT_SCI_EN;
    update(pm);
}

void acpi_pm_reset(AcpiPm *pm)
{
    pm->status = pm->enable = pm->control = 0;
    pm->carry_seen = timer_ticks(pm->machine->guest_clock) >> CARRY_SHIFT;
    update(pm);
}

void acpi_pm_init(AcpiPm *pm, Machine *machine, void (*sleep)(void *opaque, guint type),
                  void *sleep_opaque)
{
    pm->machine = machine;
    pm->sleep = sleep;
    pm->sleep_opaque = sleep_opaque;
    region_init_io(&pm->evt, "acpi-evt", &evt_io, pm, 4);
    region_init_io(&pm->cnt, "acpi-cnt", &cnt_io, pm, 2);
    region_init_io(&pm->tmr, "acpi-tmr", &tmr_io, pm, 4);
    timer_init(&pm->timer, machine->guest_clock, on_carry, pm);
}

void acpi_pm_finish(AcpiPm *pm)
{
    Region *regions[] = {&pm->evt, &pm->cnt, &pm->tmr};
    guint i;

    timer_cancel(&pm->timer);
    for (i = 0; i < G_N_ELEMENTS(regions); i++) {
        region_remove(regions[i]);
        region_finish(regions[i]);
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fixed hardware of ACPI (ACPI 1.0b, 4.7): PM1 event and control blocks and the power
 * management timer. The power management device of a south bridge (PIIX4, ICH9) embeds one.
 *
 * Its owner adds the regions `evt` (4 bytes), `cnt` (2) and `tmr` (4) to its I/O space, wires `sci`
 * and tells about the power button. A timer runs only while the guest waits for the PM timer's
 * carry. Vm lock held.
 */
#pragma once

#include "core/machine.h"

#define ACPI_PM_TIMER_HZ 3579545

/* Bits of PM1_STS and PM1_EN. */
#define ACPI_PM1_TMR    (1 << 0)
#define ACPI_PM1_GBL    (1 << 5)
#define ACPI_PM1_PWRBTN (1 << 8)
#define ACPI_PM1_SLPBTN (1 << 9)
#define ACPI_PM1_RTC    (1 << 10)
#define ACPI_PM1_WAK    (1 << 15)

typedef struct AcpiPm {
    Machine *machine;
    Region evt, cnt, tmr;
    IrqLine sci; /* level */
    /* The guest wrote SLP_EN; `type` is SLP_TYP (3 bits), whose meaning the chipset defines. */
    void (*sleep)(void *opaque, guint type);
    void *sleep_opaque;
    guint16 status, enable, control;
    gboolean gpe;      /* a general purpose event asks for the SCI too */
    gint64 carry_seen; /* PM timer carries (changes of bit 23) that are in TMR_STS or cleared */
    Timer timer;
} AcpiPm;

/* The 24-bit PM timer's count at the clock's present time. */
guint32 acpi_pm_timer_read(Clock *clock);

void acpi_pm_init(AcpiPm *pm, Machine *machine, void (*sleep)(void *opaque, guint type),
                  void *sleep_opaque);
void acpi_pm_finish(AcpiPm *pm);
void acpi_pm_reset(AcpiPm *pm);

/* Sets status bits (ACPI_PM1_PWRBTN for a press of the power button). */
void acpi_pm_event(AcpiPm *pm, guint16 bits);

/* Level of the chipset's own contribution to the SCI (its GPE block). */
void acpi_pm_set_gpe(AcpiPm *pm, gboolean level);

/* Sets or clears SCI_EN, as the firmware does through the chipset's SMI command port. */
void acpi_pm_set_sci_enabled(AcpiPm *pm, gboolean on);

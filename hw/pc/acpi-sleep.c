/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/pc/acpi-sleep.h"

#include <string.h>

#include "core/event.h"

/* SLP_TYP of the states (7.2.3, and what the firmware's tables say); that of S4 is an option. */
#define SLEEP_S5 0
#define SLEEP_S3 1

/* The clock and the PM timer wake if the guest has enabled it; keys and buttons do always. */
static guint wake_mask(const AcpiSleep *sleep)
{
    return 1u << WAKE_OTHER | (sleep->pm->enable & ACPI_PM1_RTC ? 1u << WAKE_RTC : 0) |
           (sleep->pm->enable & ACPI_PM1_TMR ? 1u << WAKE_PM_TIMER : 0);
}

static void sleep_entered(void *opaque, guint type)
{
    AcpiSleep *sleep = opaque;
    Machine *machine = sleep->dev->machine;

    if (type == SLEEP_S5) {
        machine_request_shutdown(machine, SHUTDOWN_GUEST_SHUTDOWN, 0);
    } else if (type == SLEEP_S3 && !sleep->disable_s3) {
        machine->wake_mask = wake_mask(sleep);
        machine_request_suspend(machine);
    } else if (type == sleep->s4_val && !sleep->disable_s4) {
        /* Its memory is on its disk. */
        event_emit(machine, "SUSPEND_DISK", NULL);
        machine_request_shutdown(machine, SHUTDOWN_GUEST_SHUTDOWN, 0);
    } else {
        /* The firmware offers no such state: wake up at once. */
        device_warn_once(sleep->dev, "guest asked for a sleeping state that there is not");
        acpi_pm_event(sleep->pm, ACPI_PM1_WAK);
    }
}

/* The reset of waking is over: says why (ACPI 1.0b, 4.7.3.1.1). */
static void woken(AcpiSleep *sleep, WakeReason reason)
{
    guint16 why = reason == WAKE_RTC        ? ACPI_PM1_RTC
                  : reason == WAKE_PM_TIMER ? ACPI_PM1_TMR
                                            : ACPI_PM1_PWRBTN;

    acpi_pm_event(sleep->pm, ACPI_PM1_WAK | why);
}

static void machine_event(Machine *machine, MachineEvent event, void *opaque)
{
    AcpiSleep *sleep = opaque;

    if (event == MACHINE_EVENT_POWERDOWN && machine->run_state == RUN_STATE_SUSPENDED) {
        machine_request_wakeup(machine, WAKE_OTHER);
    } else if (event == MACHINE_EVENT_POWERDOWN) {
        acpi_pm_event(sleep->pm, ACPI_PM1_PWRBTN);
    } else if (event == MACHINE_EVENT_WAKEUP) {
        woken(sleep, machine->wake_reason);
    }
}

void acpi_sleep_states(const AcpiSleep *sleep, guint8 states[ACPI_SLEEP_STATES])
{
    const guint8 offered = 0x80;

    memset(states, 0, ACPI_SLEEP_STATES);
    states[0] = states[5] = offered | SLEEP_S5;
    states[3] = SLEEP_S3 | (sleep->disable_s3 ? 0 : offered);
    states[4] = (guint8)sleep->s4_val | (sleep->disable_s4 ? 0 : offered);
}

void acpi_sleep_init(AcpiSleep *sleep, Device *dev, AcpiPm *pm)
{
    sleep->dev = dev;
    sleep->pm = pm;
    acpi_pm_init(pm, dev->machine, sleep_entered, sleep);
    sleep->listener = machine_listen(dev->machine, machine_event, sleep);
    dev->machine->can_sleep = TRUE;
}

void acpi_sleep_finish(AcpiSleep *sleep)
{
    sleep->dev->machine->can_sleep = FALSE;
    machine_unlisten(sleep->dev->machine, sleep->listener);
    acpi_pm_finish(sleep->pm);
}

/* The PM1 registers; the SCI's level is worked out anew. */
static const StateField pm_fields[] = {
    STATE_FIELD(U16, AcpiPm, status),  STATE_FIELD(U16, AcpiPm, enable),
    STATE_FIELD(U16, AcpiPm, control), STATE_FIELD(U64, AcpiPm, carry_seen),
    STATE_FIELD(TIMER, AcpiPm, timer), STATE_END,
};
const StateTable acpi_pm_state = {1, pm_fields, NULL};

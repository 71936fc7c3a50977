/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sleeping and waking: what SLP_EN, the power button and wake-up events do on every board with
 * ACPI. The power management device of a south bridge embeds one beside its AcpiPm.
 *
 * The S5 state and S4 end the machine, S3 suspends it: the RTC's alarm, a key or button, the power
 * button and a monitor wake it. Vm lock held.
 */
#pragma once

#include "hw/timer/acpi-pm.h"

typedef struct AcpiSleep {
    Device *dev;
    AcpiPm *pm;
    guint64 disable_s3, disable_s4, s4_val; /* options of the device */
    MachineListener *listener;
} AcpiSleep;

/* Rows of the device's options. */
#define ACPI_SLEEP_OPTIONS(Struct, field)                                                        \
    {"disable_s3",                                                                               \
     OPTION_UINT,                                                                                \
     G_STRUCT_OFFSET(Struct, field.disable_s3),                                                  \
     "0",                                                                                        \
     "1 = no sleep with memory alive (S3)",                                                      \
     0,                                                                                          \
     1},                                                                                         \
        {"disable_s4",                                                                           \
         OPTION_UINT,                                                                            \
         G_STRUCT_OFFSET(Struct, field.disable_s4),                                              \
         "0",                                                                                    \
         "1 = no sleep with memory on disk (S4)",                                                \
         0,                                                                                      \
         1},                                                                                     \
    {                                                                                            \
        "s4_val", OPTION_UINT, G_STRUCT_OFFSET(Struct, field.s4_val), "2", "SLP_TYP of S4", 2, 7 \
    }

/* From the device's realize and unrealize; they make and finish `pm`, too. */
void acpi_sleep_init(AcpiSleep *sleep, Device *dev, AcpiPm *pm);
void acpi_sleep_finish(AcpiSleep *sleep);

/* For the firmware (etc/system-states): a byte for each state S0 to S5, SLP_TYP and in bit 7
 * whether it is offered. */
#define ACPI_SLEEP_STATES 6
void acpi_sleep_states(const AcpiSleep *sleep, guint8 states[ACPI_SLEEP_STATES]);

/* The PM1 registers, for saved state; the SCI's level is worked out anew. */
extern const StateTable acpi_pm_state;

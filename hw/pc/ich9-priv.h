/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the ICH9's LPC bridge share. References are to "Intel I/O Controller Hub 9
 * (ICH9) Family Datasheet", August 2008 (order 316972). Vm lock held.
 */
#pragma once

#include "hw/pc/ich9.h"

#define ICH9_GPE_BYTES 8
#define ICH9_PM_PORTS  128

/* SMI_EN and SMI_STS (13.8.3.7, .8) */
#define ICH9_SMI_EN_APMC 0x00000020u
#define ICH9_SMI_EN_TCO  0x00002000u
#define ICH9_SMI_TCO     0x00002000u /* in the status */

typedef struct Ich9Tco {
    Device *dev;
    Region region; /* 32 ports at PMBASE + 60h */
    Timer timer;
    guint16 reload; /* TCO_TMR */
    guint16 status1, status2, control1, control2;
    guint8 data_in, data_out, message[2], watchdog_control, irq_generate;
    gint64 started;       /* guest time, ns; of the count that runs */
    guint16 halted_count; /* what is left while it is halted */
    guint8 timeouts;      /* since the last reload by the guest */
    /* TRUE: a second timeout only shows. */
    gboolean (*no_reboot)(const Device *dev);
    void (*timed_out)(Device *dev); /* TIMEOUT rises, for SMI_STS */
} Ich9Tco;

extern const StateTable ich9_tco_state;

void ich9_tco_init(Ich9Tco *tco, Device *dev, gboolean (*no_reboot)(const Device *dev),
                   void (*timed_out)(Device *dev));
void ich9_tco_finish(Ich9Tco *tco);
void ich9_tco_reset(Ich9Tco *tco);

/* Power management: what is at PMBASE, and the APM ports. */
typedef struct Ich9Pm {
    Device *dev;
    AcpiPm acpi;
    AcpiSleep sleep;
    PciHotplug hotplug; /* of plain PCI behind bridges; root ports do it themselves */
    Ich9Tco tco;
    Region ports;   /* container of ICH9_PM_PORTS */
    Region general; /* below all others in it */
    Region apm;     /* B2h, B3h */
    guint8 gpe_status[ICH9_GPE_BYTES], gpe_enable[ICH9_GPE_BYTES];
    guint32 smi_enable, smi_status;
    guint8 apm_control, apm_status;
} Ich9Pm;

extern const StateTable ich9_pm_state;

/* `io`: where the APM ports are. The owner sets acpi.sci and places `ports`. */
void ich9_pm_init(Ich9Pm *pm, PciDevice *pci, gboolean (*no_reboot)(const Device *dev),
                  void (*timed_out)(Device *dev));
void ich9_pm_finish(Ich9Pm *pm);
void ich9_pm_reset(Ich9Pm *pm);
void ich9_pm_raise_gpe(Ich9Pm *pm, guint n);
void ich9_pm_acpi_info(const Ich9Pm *pm, AcpiInfo *info);

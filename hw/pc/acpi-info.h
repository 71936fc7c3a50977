/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What ACPI tables say of a board that is not in its configuration space: the board fills it when
 * it is asked (PcBoard's acpi_info), with what the firmware has set up by then. Plain data. Vm
 * lock held.
 */
#pragma once

#include <glib.h>

typedef struct AcpiInfo {
    /* Fixed hardware. */
    guint pm_base; /* port of the PM1 event block; 0 = the firmware has not placed it yet */
    guint pm1_control, pm_timer, gpe0; /* ports; 0 likewise */
    guint gpe0_length;                 /* bytes, status and enable together */
    guint sci_irq;                     /* global system interrupt; level, active high */
    /* Port and values by which ACPI mode is switched on and off. */
    guint smi_command;
    guint8 acpi_enable, acpi_disable;
    gboolean reset_port; /* port CF9h resets: for FADT's RESET_REG */
    /* Memory-mapped configuration space; size 0 = none, or not placed. A bus takes 1 MiB. */
    guint64 ecam_base, ecam_size;
    /* Root complex registers, which are not to be used for BARs; size 0 = none. */
    guint64 rcba_base, rcba_size;
    /* Where BARs may be below 4 GiB, and the first address above RAM where 64-bit ones may. */
    guint64 pci_start, pci_end, pci64_start;
    /*
     * The interrupt router, with one register a link (60h-63h = A to D, 68h-6Bh = E to H) in
     * the configuration space of the ISA bridge. 4 links reach the PIC's lines only (and the I/O
     * APIC's of the same number); 8 reach I/O APIC inputs 16 (A) to 23 (H), too.
     *
     * Pins (0 = INTA) of slots of the root bus: with 4 links to (slot + pin - 1) & 3; with 8 to
     * 4 + ((slot + pin) & 3) for slots 0 to 24, to 4 + pin for 30, to `pin` for 25 to 29 and 31.
     */
    guint isa_bridge_devfn;
    guint links;
    gboolean express; /* the root bus is PCI Express: PNP0A08, _OSC gives native hot-plug away */
} AcpiInfo;

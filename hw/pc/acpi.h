/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ACPI tables of a PC board (ACPI 6.4): the DSDT is compiled from data/acpi when the program
 * is built; what differs from machine to machine is made here.
 *
 * They are made when the firmware asks for them through fw_cfg, for what they say depends on what
 * it has set up (ports, BARs) and on the devices there are by then. Their size as a file is always
 * the same. Vm lock held.
 */
#pragma once

#include "hw/pc/acpi-blob.h"
#include "hw/pc/aml.h"
#include "hw/pc/pc-priv.h"

/* The files' sizes; what the tables do not need is zeros. */
#define ACPI_TABLES_SIZE (64u << 10)
#define ACPI_LOADER_SIZE (8u << 10)

/* Adds the files to fw_cfg. Does nothing on a board without ACPI. */
void pc_acpi_init(PcBoard *board);
/* After a reset: the firmware starts anew. */
void pc_acpi_reset(PcBoard *board);

/* ---- acpi-ssdt.c ---- */

/* Appends the table of what is on this machine: windows, slots, processors, sleeping states, which
 * of the DSDT's parts are there. */
void acpi_add_ssdt(AcpiBlob *blob, PcBoard *board, const AcpiInfo *info);
/* acpi-slots.c */
void acpi_add_slots(Aml *aml, const PciHotplug *hotplug);

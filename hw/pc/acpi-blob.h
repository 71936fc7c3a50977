/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACPI tables on their way to the firmware: the tables one behind the other, the root pointer, and
 * the commands of fw_cfg's table loader by which the firmware puts them into memory, writes their
 * addresses into each other and makes the checksums. (QEMU's interface, which SeaBIOS and OVMF
 * follow; ACPI 6.4, 5.2.) Plain data, any thread.
 */
#pragma once

#include <glib.h>

#define ACPI_TABLES_FILE "etc/acpi/tables"
#define ACPI_RSDP_FILE   "etc/acpi/rsdp"
#define ACPI_LOADER_FILE "etc/table-loader"

#define ACPI_HEADER_SIZE 36

typedef struct AcpiBlob {
    GByteArray *tables, *rsdp, *loader;
    GArray *listed; /* of guint: offsets of the tables that RSDT and XSDT list */
} AcpiBlob;

void acpi_blob_init(AcpiBlob *blob);
void acpi_blob_finish(AcpiBlob *blob);

/* Appends little-endian numbers to the table, or writes one over what is there. */
void acpi_put(AcpiBlob *blob, guint64 value, guint size);
void acpi_set(AcpiBlob *blob, guint offset, guint64 value, guint size);

/*
 * Begins a table with its header; returns its offset, which acpi_end() gets when all its bytes are
 * there. `listed`: RSDT and XSDT are to name it.
 */
guint acpi_begin(AcpiBlob *blob, const char signature[4], guint revision, const char *oem_table);
void acpi_end(AcpiBlob *blob, guint start, gboolean listed);
/* A table that is complete, with its checksum; returns its offset. */
guint acpi_append(AcpiBlob *blob, const guint8 *table, gsize size, gboolean listed);
/* The FACS, which has no checksum and starts at a multiple of 64. */
guint acpi_append_facs(AcpiBlob *blob);

/* The `size` bytes at `offset` of the tables are to point to `target` in them. */
void acpi_point(AcpiBlob *blob, guint offset, guint size, guint target);

/* RSDT, XSDT and RSDP; last of all. */
void acpi_finish_tables(AcpiBlob *blob);

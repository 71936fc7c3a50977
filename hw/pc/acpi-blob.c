/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/pc/acpi-blob.h"

#include <string.h>

#define OEM_ID           "VITRIN"
#define OEM_REVISION     1
#define CREATOR_ID       "VITR"
#define CREATOR_REVISION 1

/* Header fields (5.2.6). */
#define HEADER_LENGTH   4
#define HEADER_CHECKSUM 9

#define FACS_SIZE 64

/* RSDP (5.2.5.3). */
#define RSDP_SIZE_1          20 /* what its first checksum is over */
#define RSDP_SIZE            36
#define RSDP_CHECKSUM        8
#define RSDP_RSDT            16
#define RSDP_XSDT            24
#define RSDP_CHECKSUM_OF_ALL 32

/* Loader commands: 128 bytes, a number and its arguments; file names take 56. */
#define COMMAND_SIZE     128
#define COMMAND_ALLOCATE 1
#define COMMAND_POINTER  2
#define COMMAND_CHECKSUM 3
#define NAME_SIZE        56
#define ZONE_HIGH        1
#define ZONE_FSEG        2

static void append(GByteArray *out, guint64 value, guint size)
{
    guint64 little = GUINT64_TO_LE(value);
    g_byte_array_append(out, (const guint8 *)&little, size);
}

static void append_text(GByteArray *out, const char *text, guint size)
{
    guint8 *field = g_malloc0(size);

    memcpy(field, text, MIN(strlen(text), size));
    g_byte_array_append(out, field, size);
    g_free(field);
}

/* ---- loader commands ---- */

static guint begin_command(AcpiBlob *blob, guint command)
{
    guint start = blob->loader->len;
    append(blob->loader, command, 4);
    return start;
}

static void end_command(AcpiBlob *blob, guint start)
{
    guint used = blob->loader->len - start;

    g_byte_array_set_size(blob->loader, start + COMMAND_SIZE);
    memset(blob->loader->data + start + used, 0, COMMAND_SIZE - used);
}

static void add_allocate(AcpiBlob *blob, const char *file, guint alignment, guint zone)
{
    guint start = begin_command(blob, COMMAND_ALLOCATE);

    append_text(blob->loader, file, NAME_SIZE);
    append(blob->loader, alignment, 4);
    append(blob->loader, zone, 1);
    end_command(blob, start);
}

static void add_pointer(AcpiBlob *blob, const char *file, guint offset, guint size)
{
    guint start = begin_command(blob, COMMAND_POINTER);

    append_text(blob->loader, file, NAME_SIZE);
    append_text(blob->loader, ACPI_TABLES_FILE, NAME_SIZE);
    append(blob->loader, offset, 4);
    append(blob->loader, size, 1);
    end_command(blob, start);
}

static void add_checksum(AcpiBlob *blob, const char *file, guint at, guint first, guint length)
{
    guint start = begin_command(blob, COMMAND_CHECKSUM);

    append_text(blob->loader, file, NAME_SIZE);
    append(blob->loader, at, 4);
    append(blob->loader, first, 4);
    append(blob->loader, length, 4);
    end_command(blob, start);
}

/* ---- tables ---- */

void acpi_blob_init(AcpiBlob *blob)
{
    blob->tables = g_byte_array_new();
    blob->rsdp = g_byte_array_new();
    blob->loader = g_byte_array_new();
    blob->listed = g_array_new(FALSE, FALSE, sizeof(guint));
    add_allocate(blob, ACPI_TABLES_FILE, FACS_SIZE, ZONE_HIGH);
    add_allocate(blob, ACPI_RSDP_FILE, 16, ZONE_FSEG);
}

void acpi_blob_finish(AcpiBlob *blob)
{
    g_byte_array_unref(blob->tables);
    g_byte_array_unref(blob->rsdp);
    g_byte_array_unref(blob->loader);
    g_array_unref(blob->listed);
}

void acpi_put(AcpiBlob *blob, guint64 value, guint size)
{
    append(blob->tables, value, size);
}

void acpi_set(AcpiBlob *blob, guint offset, guint64 value, guint size)
{
    guint64 little = GUINT64_TO_LE(value);

    g_assert(offset + size <= blob->tables->len);
    memcpy(blob->tables->data + offset, &little, size);
}

/* Tables start at multiples of 8, which nothing asks for and eases reading. */
static guint align(AcpiBlob *blob, guint to)
{
    while (blob->tables->len % to) {
        append(blob->tables, 0, 1);
    }
    return blob->tables->len;
}

guint acpi_begin(AcpiBlob *blob, const char signature[4], guint revision, const char *oem_table)
{
    guint start = align(blob, 8);

    append_text(blob->tables, signature, 4);
    append(blob->tables, 0, 4); /* length: acpi_end() */
    append(blob->tables, revision, 1);
    append(blob->tables, 0, 1); /* checksum: the firmware */
    append_text(blob->tables, OEM_ID, 6);
    append_text(blob->tables, oem_table, 8);
    append(blob->tables, OEM_REVISION, 4);
    append_text(blob->tables, CREATOR_ID, 4);
    append(blob->tables, CREATOR_REVISION, 4);
    return start;
}

void acpi_end(AcpiBlob *blob, guint start, gboolean listed)
{
    acpi_set(blob, start + HEADER_LENGTH, blob->tables->len - start, 4);
    if (listed) {
        g_array_append_val(blob->listed, start);
    }
}

guint acpi_append(AcpiBlob *blob, const guint8 *table, gsize size, gboolean listed)
{
    guint start = align(blob, 8);

    g_byte_array_append(blob->tables, table, size);
    acpi_end(blob, start, listed);
    return start;
}

guint acpi_append_facs(AcpiBlob *blob)
{
    guint start = align(blob, FACS_SIZE);

    append_text(blob->tables, "FACS", 4);
    append(blob->tables, FACS_SIZE, 4);
    append_text(blob->tables, "", FACS_SIZE - 8);
    return start;
}

void acpi_point(AcpiBlob *blob, guint offset, guint size, guint target)
{
    acpi_set(blob, offset, target, size);
    add_pointer(blob, ACPI_TABLES_FILE, offset, size);
}

/* ---- roots ---- */

/* RSDT or XSDT: addresses of 4 or 8 bytes. */
static guint add_root(AcpiBlob *blob, const char signature[4], guint size)
{
    guint start = acpi_begin(blob, signature, 1, "VITROOT");

    for (guint i = 0; i < blob->listed->len; i++) {
        acpi_put(blob, 0, size);
        acpi_point(blob, blob->tables->len - size, size, g_array_index(blob->listed, guint, i));
    }
    acpi_end(blob, start, FALSE);
    return start;
}

static void add_table_checksum(AcpiBlob *blob, guint start)
{
    guint32 length = 0;

    memcpy(&length, blob->tables->data + start + HEADER_LENGTH, 4);
    blob->tables->data[start + HEADER_CHECKSUM] = 0;
    add_checksum(blob, ACPI_TABLES_FILE, start + HEADER_CHECKSUM, start, GUINT32_FROM_LE(length));
}

void acpi_finish_tables(AcpiBlob *blob)
{
    guint rsdt = add_root(blob, "RSDT", 4), xsdt = add_root(blob, "XSDT", 8);

    append_text(blob->rsdp, "RSD PTR ", 8);
    append(blob->rsdp, 0, 1);
    append_text(blob->rsdp, OEM_ID, 6);
    append(blob->rsdp, 2, 1); /* with XSDT */
    append(blob->rsdp, rsdt, 4);
    append(blob->rsdp, RSDP_SIZE, 4);
    append(blob->rsdp, xsdt, 8);
    append(blob->rsdp, 0, 4);
    add_pointer(blob, ACPI_RSDP_FILE, RSDP_RSDT, 4);
    add_pointer(blob, ACPI_RSDP_FILE, RSDP_XSDT, 8);
    /* When all addresses are in. */
    for (guint i = 0; i < blob->listed->len; i++) {
        add_table_checksum(blob, g_array_index(blob->listed, guint, i));
    }
    add_table_checksum(blob, rsdt);
    add_table_checksum(blob, xsdt);
    add_checksum(blob, ACPI_RSDP_FILE, RSDP_CHECKSUM, 0, RSDP_SIZE_1);
    add_checksum(blob, ACPI_RSDP_FILE, RSDP_CHECKSUM_OF_ALL, 0, RSDP_SIZE);
}

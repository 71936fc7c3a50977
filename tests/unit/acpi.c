/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ACPI machine language and tables: lengths, names, and what the firmware makes of the commands. */
#include <string.h>

#include "hw/pc/acpi-blob.h"
#include "hw/pc/aml.h"

/* ---- machine language ---- */

static void assert_code(GByteArray *code, const char *wanted)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < code->len; i++) {
        g_string_append_printf(text, i ? " %02x" : "%02x", code->data[i]);
    }
    g_assert_cmpstr(text->str, ==, wanted);
    g_byte_array_set_size(code, 0);
}

static void test_names(void)
{
    g_autoptr(GByteArray) code = g_byte_array_new();
    Aml aml = {code};

    aml_path(&aml, "AB");
    assert_code(code, "41 42 5f 5f");
    aml_path(&aml, "\\_SB");
    assert_code(code, "5c 5f 53 42 5f");
    aml_path(&aml, "\\_SB.PCI0");
    assert_code(code, "5c 2e 5f 53 42 5f 50 43 49 30");
    aml_path(&aml, "A.B.C");
    assert_code(code, "2f 03 41 5f 5f 5f 42 5f 5f 5f 43 5f 5f 5f");
    aml_path(&aml, "\\");
    assert_code(code, "5c 00");
}

static void test_integers(void)
{
    g_autoptr(GByteArray) code = g_byte_array_new();
    Aml aml = {code};

    for (guint i = 0; i <= 2; i++) {
        aml_integer(&aml, i);
    }
    assert_code(code, "00 01 0a 02");
    aml_integer(&aml, 0x1234);
    assert_code(code, "0b 34 12");
    aml_integer(&aml, 0x12345678);
    assert_code(code, "0c 78 56 34 12");
    aml_integer(&aml, 0x100000000);
    assert_code(code, "0e 00 00 00 00 01 00 00 00");
}

/* A length counts itself: what is around the places where it grows (20.2.4). */
static void test_lengths(void)
{
    static const struct {
        guint content, bytes;
    } cases[] = {{0, 1}, {58, 1}, {59, 2}, {4089, 2}, {4090, 3}, {0xffff8, 3}, {0xffff9, 4}};

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GByteArray) code = g_byte_array_new();
        Aml aml = {code};

        aml_open_scope(&aml, "ABCD");
        g_byte_array_set_size(code, code->len + cases[i].content);
        memset(code->data + 5, 0x55, cases[i].content);
        aml_close(&aml);

        guint8 lead = code->data[1];
        guint bytes = (lead >> 6) + 1;
        guint length = bytes > 1 ? lead & 0xf : lead;
        for (guint n = 1; n < bytes; n++) {
            length |= (guint)code->data[1 + n] << (4 + 8 * (n - 1));
        }
        g_assert_cmpuint(bytes, ==, cases[i].bytes);
        g_assert_cmpuint(length, ==, code->len - 1);
        g_assert_cmpuint(length, ==, bytes + 4 + cases[i].content);
        g_assert_cmpmem(code->data + 1 + bytes, 4, "ABCD", 4);
    }
}

static void test_nesting(void)
{
    g_autoptr(GByteArray) code = g_byte_array_new();
    Aml aml = {code};

    aml_open_device(&aml, "DEV0");
    aml_open_method(&aml, "_EJ0", 1, FALSE);
    aml_path(&aml, "X");
    aml_close(&aml);
    aml_name_buffer(&aml, "B", (const guint8 *)"\1\2", 2);
    aml_close(&aml);
    assert_code(code, "5b 82 1b 44 45 56 30 14 0a 5f 45 4a 30 01 58 5f 5f 5f 08 42 5f 5f 5f 11 05 "
                      "0a 02 01 02");
    g_assert_cmpuint(aml.depth, ==, 0);
}

/* 6.4: a window of the host bridge. */
static void test_resources(void)
{
    g_autoptr(GByteArray) out = g_byte_array_new();

    aml_resource_bus_range(out, 0, 0xff);
    assert_code(out, "88 0d 00 02 0c 00 00 00 00 00 ff 00 00 00 00 01");
    aml_resource_memory32_range(out, 0x80000000, 0xfebfffff, FALSE);
    assert_code(out, "87 17 00 00 0c 01 00 00 00 00 00 00 00 80 ff ff bf fe 00 00 00 00 00 00 c0 "
                     "7e");
    aml_resource_io(out, 0x3f8, 8);
    aml_resource_end(out);
    assert_code(out, "47 01 f8 03 f8 03 01 08 79 00");
}

/* ---- tables ---- */

typedef struct Firmware {
    GByteArray *tables, *rsdp;
    guint checksums, pointers;
} Firmware;

#define TABLES_AT 0x7fe0000u
#define COMMAND   128u

static guint64 get(const guint8 *data, guint size)
{
    guint64 value = 0;

    for (guint i = 0; i < size; i++) {
        value |= (guint64)data[i] << (8 * i);
    }
    return value;
}

static GByteArray *file_of(Firmware *firmware, const guint8 *name)
{
    g_assert_cmpint(name[55], ==, 0);
    if (g_str_equal((const char *)name, ACPI_TABLES_FILE)) {
        return firmware->tables;
    }
    g_assert_cmpstr((const char *)name, ==, ACPI_RSDP_FILE);
    return firmware->rsdp;
}

static void run_pointer(Firmware *firmware, const guint8 *command)
{
    GByteArray *file = file_of(firmware, command + 4);
    guint offset = get(command + 116, 4), size = command[120];

    g_assert_cmpstr((const char *)command + 60, ==, ACPI_TABLES_FILE);
    g_assert_cmpuint(offset + size, <=, file->len);
    guint64 value = get(file->data + offset, size) + TABLES_AT;
    g_assert_cmpuint(value, <, TABLES_AT + firmware->tables->len);
    for (guint i = 0; i < size; i++) {
        file->data[offset + i] = value >> (8 * i);
    }
    firmware->pointers++;
    g_assert_cmpuint(firmware->checksums, ==, 0); /* these come when all addresses are in */
}

static void run_checksum(Firmware *firmware, const guint8 *command)
{
    GByteArray *file = file_of(firmware, command + 4);
    guint at = get(command + 60, 4), start = get(command + 64, 4), size = get(command + 68, 4);
    guint8 sum = 0;

    g_assert_cmpuint(start + size, <=, file->len);
    g_assert_cmpuint(at, >=, start);
    g_assert_cmpuint(at, <, start + size);
    for (guint i = 0; i < size; i++) {
        sum += file->data[start + i];
    }
    file->data[at] -= sum;
    firmware->checksums++;
}

/* As SeaBIOS and OVMF do it. */
static void run_commands(Firmware *firmware, GByteArray *loader)
{
    g_assert_cmpuint(loader->len % COMMAND, ==, 0);
    for (guint at = 0; at < loader->len; at += COMMAND) {
        const guint8 *command = loader->data + at;
        switch (get(command, 4)) {
        case 1: file_of(firmware, command + 4); break;
        case 2: run_pointer(firmware, command); break;
        case 3: run_checksum(firmware, command); break;
        default: g_assert_not_reached();
        }
    }
}

static void assert_sum(const guint8 *data, guint size)
{
    guint8 sum = 0;

    for (guint i = 0; i < size; i++) {
        sum += data[i];
    }
    g_assert_cmpuint(sum, ==, 0);
}

static const guint8 *at_address(const Firmware *firmware, guint64 address)
{
    g_assert_cmpuint(address, >=, TABLES_AT);
    g_assert_cmpuint(address - TABLES_AT, <, firmware->tables->len);
    return firmware->tables->data + (address - TABLES_AT);
}

static void assert_root(const Firmware *firmware, guint64 address, const char *name, guint size)
{
    const guint8 *root = at_address(firmware, address);
    guint length = get(root + 4, 4);

    g_assert_cmpmem(root, 4, name, 4);
    assert_sum(root, length);
    g_assert_cmpuint(length, ==, ACPI_HEADER_SIZE + 2 * size);
    const guint8 *first = at_address(firmware, get(root + ACPI_HEADER_SIZE, size));
    g_assert_cmpmem(first, 4, "TEST", 4);
    g_assert_cmpuint(get(first + 4, 4), ==, ACPI_HEADER_SIZE + 12);
    assert_sum(first, ACPI_HEADER_SIZE + 12);
    /* It points to the FACS. */
    g_assert_cmpmem(at_address(firmware, get(first + ACPI_HEADER_SIZE, 8)), 4, "FACS", 4);
    const guint8 *second = at_address(firmware, get(root + ACPI_HEADER_SIZE + size, size));
    g_assert_cmpmem(second, 4, "MORE", 4);
    assert_sum(second, ACPI_HEADER_SIZE);
}

static void test_tables(void)
{
    AcpiBlob blob;

    acpi_blob_init(&blob);
    guint first = acpi_begin(&blob, "TEST", 1, "TABLE");
    acpi_put(&blob, 0, 8);
    acpi_put(&blob, 0x12345678, 4);
    acpi_end(&blob, first, TRUE);
    guint facs = acpi_append_facs(&blob);
    g_assert_cmpuint(facs % 64, ==, 0);
    acpi_point(&blob, first + ACPI_HEADER_SIZE, 8, facs);
    guint second = acpi_begin(&blob, "MORE", 1, "TABLE");
    acpi_end(&blob, second, TRUE);
    acpi_finish_tables(&blob);

    Firmware firmware = {blob.tables, blob.rsdp};
    run_commands(&firmware, blob.loader);
    g_assert_cmpuint(firmware.pointers, ==, 1 + 2 * 2 + 2);
    g_assert_cmpuint(firmware.checksums, ==, 2 + 2 + 2);
    g_assert_cmpmem(blob.rsdp->data, 8, "RSD PTR ", 8);
    g_assert_cmpuint(blob.rsdp->len, ==, 36);
    assert_sum(blob.rsdp->data, 20);
    assert_sum(blob.rsdp->data, 36);
    assert_root(&firmware, get(blob.rsdp->data + 16, 4), "RSDT", 4);
    assert_root(&firmware, get(blob.rsdp->data + 24, 8), "XSDT", 8);
    acpi_blob_finish(&blob);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/acpi/aml/names", test_names);
    g_test_add_func("/acpi/aml/integers", test_integers);
    g_test_add_func("/acpi/aml/lengths", test_lengths);
    g_test_add_func("/acpi/aml/nesting", test_nesting);
    g_test_add_func("/acpi/aml/resources", test_resources);
    g_test_add_func("/acpi/tables", test_tables);
    return g_test_run();
}

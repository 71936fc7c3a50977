/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Section numbers are those of DMTF DSP0134, version 2.8. */
#include "hw/pc/smbios.h"

#include <string.h>

#include "core/error.h"

#define KIB 1024ULL
#define MIB (KIB * KIB)
#define GIB (KIB * MIB)

#define DIMM_SIZE (16 * GIB)

/* Handles: any numbers, but for these. */
#define HANDLE_NONE    0xffff
#define HANDLE_NO_INFO 0xfffe
#define HANDLE_CHASSIS 0x0300
#define HANDLE_ARRAY   0x1000

/* The one structure that is being made: its strings come last. */
typedef struct Writer {
    GByteArray *tables;
    const Smbios *smbios;
    const SmbiosMachine *machine;
    guint start, count, largest;
    GPtrArray *strings; /* of const char* */
} Writer;

static void put(Writer *writer, guint64 value, guint size)
{
    guint64 little = GUINT64_TO_LE(value);
    g_byte_array_append(writer->tables, (const guint8 *)&little, size);
}

/* A string's number (6.1.3); none is 0. */
static void put_string(Writer *writer, const char *text)
{
    if (!text || !*text) {
        put(writer, 0, 1);
        return;
    }
    g_ptr_array_add(writer->strings, (gpointer)text);
    put(writer, writer->strings->len, 1);
}

static gboolean begin(Writer *writer, guint type, guint handle)
{
    if (writer->smbios->files[type]) {
        return FALSE;
    }
    writer->start = writer->tables->len;
    put(writer, type, 1);
    put(writer, 0, 1); /* length */
    put(writer, handle, 2);
    return TRUE;
}

static void count_structure(Writer *writer, guint size)
{
    writer->count++;
    writer->largest = MAX(writer->largest, size);
}

static void end(Writer *writer)
{
    writer->tables->data[writer->start + 1] = writer->tables->len - writer->start;
    for (guint i = 0; i < writer->strings->len; i++) {
        const char *text = g_ptr_array_index(writer->strings, i);
        g_byte_array_append(writer->tables, (const guint8 *)text, strlen(text) + 1);
    }
    put(writer, 0, writer->strings->len ? 1 : 2);
    g_ptr_array_set_size(writer->strings, 0);
    count_structure(writer, writer->tables->len - writer->start);
}

static const char *either(const char *given, const char *otherwise)
{
    return given ? given : otherwise;
}

/* ---- firmware and system ---- */

#define BIOS_NOT_SUPPORTED (1u << 3) /* that characteristics are told */
#define BIOS_TARGETED      (1u << 2) /* of the second extension byte */
#define BIOS_UEFI          (1u << 3)
#define BIOS_IN_VM         (1u << 4)

/* 7.1. The firmware says itself who it is, unless options do. */
static void add_bios(Writer *writer)
{
    const Smbios *smbios = writer->smbios;

    if (!smbios->fields[0] || !begin(writer, 0, 0)) {
        return;
    }
    put_string(writer, smbios->bios.vendor);
    put_string(writer, smbios->bios.version);
    put(writer, 0xe800, 2); /* segment */
    put_string(writer, smbios->bios.date);
    put(writer, 0, 1); /* 64 KiB of ROM */
    put(writer, BIOS_NOT_SUPPORTED, 8);
    put(writer, 0, 1);
    put(writer, BIOS_TARGETED | BIOS_IN_VM | (smbios->bios.uefi ? BIOS_UEFI : 0), 1);
    put(writer, smbios->bios.major, 1);
    put(writer, smbios->bios.minor, 1);
    put(writer, 0xffff, 2); /* no embedded controller */
    end(writer);
}

/* 7.2.1: the first three fields are little-endian. */
static void put_uuid(Writer *writer, const char *text)
{
    static const guint8 order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    guint8 bytes[16] = {0};
    guint digits = 0;

    for (; text && *text && digits < 32; text++) {
        int digit = g_ascii_xdigit_value(*text);
        if (digit >= 0) {
            bytes[digits / 2] |= (guint8)(digit << (digits % 2 ? 0 : 4));
            digits++;
        }
    }
    for (guint i = 0; i < 16; i++) {
        put(writer, bytes[order[i]], 1);
    }
}

/* 7.2 */
static void add_system(Writer *writer)
{
    const Smbios *smbios = writer->smbios;
    const SmbiosMachine *machine = writer->machine;

    if (!begin(writer, 1, 0x0100)) {
        return;
    }
    put_string(writer, either(smbios->system.manufacturer, machine->manufacturer));
    put_string(writer, either(smbios->system.product, machine->product));
    put_string(writer, either(smbios->system.version, machine->version));
    put_string(writer, smbios->system.serial);
    put_uuid(writer, either(smbios->system.uuid, machine->uuid));
    put(writer, 6, 1); /* woken by the power switch */
    put_string(writer, smbios->system.sku);
    put_string(writer, smbios->system.family);
    end(writer);
}

/* 7.3: only if somebody wants one. */
static void add_base_board(Writer *writer)
{
    const Smbios *smbios = writer->smbios;
    const SmbiosMachine *machine = writer->machine;

    if (!smbios->fields[2] || !begin(writer, 2, 0x0200)) {
        return;
    }
    put_string(writer, either(smbios->base.manufacturer, machine->manufacturer));
    put_string(writer, either(smbios->base.product, machine->product));
    put_string(writer, either(smbios->base.version, machine->version));
    put_string(writer, smbios->base.serial);
    put_string(writer, smbios->base.asset);
    put(writer, 1, 1); /* a hosting board */
    put_string(writer, smbios->base.location);
    put(writer, HANDLE_CHASSIS, 2);
    put(writer, 0x0a, 1); /* mother board */
    put(writer, 0, 1);
    end(writer);
}

/* 7.4 */
static void add_chassis(Writer *writer)
{
    const Smbios *smbios = writer->smbios;
    const SmbiosMachine *machine = writer->machine;

    if (!begin(writer, 3, HANDLE_CHASSIS)) {
        return;
    }
    put_string(writer, either(smbios->chassis.manufacturer, machine->manufacturer));
    put(writer, 1, 1); /* other */
    put_string(writer, either(smbios->chassis.version, machine->version));
    put_string(writer, smbios->chassis.serial);
    put_string(writer, smbios->chassis.asset);
    put(writer, 0x030303, 3); /* boot, power supply, temperature: safe */
    put(writer, 2, 1);        /* security unknown */
    put(writer, 0, 4 + 4);    /* OEM; height, cords, parts and their size */
    put_string(writer, smbios->chassis.sku);
    end(writer);
}

/* 7.5, one for each package */
static void add_processor(Writer *writer, guint socket, guint cores, guint threads)
{
    const Smbios *smbios = writer->smbios;
    const SmbiosMachine *machine = writer->machine;
    g_autofree char *name =
        g_strdup_printf("%s %u", either(smbios->cpu.socket_prefix, "CPU"), socket);

    if (!begin(writer, 4, 0x0400 + socket)) {
        return;
    }
    put_string(writer, name);
    put(writer, 3, 1); /* central processor */
    put(writer, 1, 1); /* family: other */
    put_string(writer, either(smbios->cpu.manufacturer, machine->manufacturer));
    put(writer, smbios->cpu.processor_id ? smbios->cpu.processor_id : machine->processor_id, 8);
    put_string(writer, either(smbios->cpu.version, machine->version));
    put(writer, 0, 1 + 2); /* voltage, external clock: unknown */
    put(writer, smbios->cpu.max_speed, 2);
    put(writer, smbios->cpu.current_speed, 2);
    put(writer, 0x41, 1); /* populated, enabled */
    put(writer, 1, 1);    /* upgrade: other */
    put(writer, HANDLE_NONE, 2);
    put(writer, HANDLE_NONE, 2);
    put(writer, HANDLE_NONE, 2); /* caches */
    put_string(writer, smbios->cpu.serial);
    put_string(writer, smbios->cpu.asset);
    put_string(writer, smbios->cpu.part);
    put(writer, cores, 1);
    put(writer, cores, 1);
    put(writer, threads, 1);
    put(writer, 2, 2); /* characteristics unknown */
    put(writer, 1, 2); /* family, again */
    end(writer);
}

static void add_processors(Writer *writer)
{
    const SmbiosMachine *machine = writer->machine;

    for (guint i = 0; i < MAX(machine->sockets, 1); i++) {
        guint cores = MAX(machine->cores, 1), threads = cores * MAX(machine->threads, 1);
        add_processor(writer, i, MIN(cores, 0xff), MIN(threads, 0xff));
    }
}

/* 7.9 */
static void add_connectors(Writer *writer)
{
    for (guint i = 0; i < writer->smbios->connectors->len; i++) {
        const SmbiosConnector *connector = g_ptr_array_index(writer->smbios->connectors, i);
        if (!begin(writer, 8, 0x0800 + i)) {
            return;
        }
        put_string(writer, connector->internal_reference);
        put(writer, 0, 1); /* no connector inside */
        put_string(writer, connector->external_reference);
        put(writer, connector->connector_type, 1);
        put(writer, connector->port_type, 1);
        end(writer);
    }
}

/* 7.12 */
static void add_oem_strings(Writer *writer)
{
    const GPtrArray *strings = writer->smbios->oem_strings;

    if (!strings->len || !begin(writer, 11, 0x0e00)) {
        return;
    }
    guint count = 0;
    for (guint i = 0; i < strings->len; i++) {
        const char *text = g_ptr_array_index(strings, i);
        if (*text) { /* an empty string would end them */
            g_ptr_array_add(writer->strings, (gpointer)text);
            count++;
        }
    }
    put(writer, count, 1);
    end(writer);
}

/* ---- memory ---- */

/* 7.17 */
static void add_memory_array(Writer *writer, guint64 size, guint devices)
{
    gboolean large = size >= 2048 * GIB;

    if (!begin(writer, 16, HANDLE_ARRAY)) {
        return;
    }
    put(writer, 1, 1); /* location: other */
    put(writer, 3, 1); /* system memory */
    put(writer, 3, 1); /* no error correction */
    put(writer, large ? 0x80000000u : size / KIB, 4);
    put(writer, HANDLE_NO_INFO, 2);
    put(writer, devices, 2);
    put(writer, large ? size : 0, 8);
    end(writer);
}

/* 7.18 */
static void add_memory_device(Writer *writer, guint n, guint64 size)
{
    const Smbios *smbios = writer->smbios;
    const char *prefix = either(smbios->memory.locator_prefix, "DIMM");
    g_autofree char *locator = g_strdup_printf("%s %u", prefix, n);
    gboolean large = size >= 0x7fff * MIB;

    if (!begin(writer, 17, 0x1100 + n)) {
        return;
    }
    put(writer, HANDLE_ARRAY, 2);
    put(writer, HANDLE_NO_INFO, 2);
    put(writer, 0xffff, 2);
    put(writer, 0xffff, 2); /* widths unknown */
    put(writer, large ? 0x7fff : size / MIB, 2);
    put(writer, 9, 1); /* DIMM */
    put(writer, 0, 1);
    put_string(writer, locator);
    put_string(writer, smbios->memory.bank);
    put(writer, 7, 1); /* RAM */
    put(writer, 2, 2); /* other */
    put(writer, smbios->memory.speed, 2);
    put_string(writer, either(smbios->memory.manufacturer, writer->machine->manufacturer));
    put_string(writer, smbios->memory.serial);
    put_string(writer, smbios->memory.asset);
    put_string(writer, smbios->memory.part);
    put(writer, 0, 1); /* rank unknown */
    put(writer, large ? size / MIB : 0, 4);
    put(writer, smbios->memory.speed, 2);
    put(writer, 0, 3 * 2); /* voltages unknown */
    end(writer);
}

/* 7.20: KiB in 32 bits, or bytes in 64 */
static void add_memory_address(Writer *writer, guint n, guint64 start, guint64 size)
{
    guint64 last = start + size - 1;
    gboolean large = last / KIB >= G_MAXUINT32;

    if (!size || !begin(writer, 19, 0x1300 + n)) {
        return;
    }
    put(writer, large ? G_MAXUINT32 : start / KIB, 4);
    put(writer, large ? G_MAXUINT32 : last / KIB, 4);
    put(writer, HANDLE_ARRAY, 2);
    put(writer, 1, 1);
    put(writer, large ? start : 0, 8);
    put(writer, large ? last : 0, 8);
    end(writer);
}

static void add_memory(Writer *writer)
{
    guint64 below = writer->machine->ram_below_4g, above = writer->machine->ram_above_4g;
    guint64 left = below + above;
    guint devices = (left + DIMM_SIZE - 1) / DIMM_SIZE;

    add_memory_array(writer, left, devices);
    for (guint i = 0; i < devices; i++, left -= DIMM_SIZE) {
        add_memory_device(writer, i, MIN(left, DIMM_SIZE));
    }
    add_memory_address(writer, 0, 0, below);
    add_memory_address(writer, 1, 4 * GIB, above);
}

/* ---- the rest ---- */

static void add_end(Writer *writer)
{
    if (begin(writer, 32, 0x2000)) { /* 7.33: no trouble at start */
        put(writer, 0, 6 + 1);
        end(writer);
    }
    begin(writer, 127, 0x7f00);
    end(writer);
}

/* Those of files come first, as they are. */
static void add_given(Writer *writer)
{
    const GPtrArray *given = writer->smbios->structures;

    for (guint i = 0; i < given->len; i++) {
        gsize size = 0;
        const guint8 *data = g_bytes_get_data(g_ptr_array_index(given, i), &size);
        g_byte_array_append(writer->tables, data, size);
        count_structure(writer, size);
    }
}

static guint8 checksum(const guint8 *data, guint size)
{
    guint8 sum = 0;

    for (guint i = 0; i < size; i++) {
        sum += data[i];
    }
    return -sum;
}

#define ANCHOR_SIZE         0x1f
#define ANCHOR_CHECKSUM     4
#define ANCHOR_INTERMEDIATE 0x10

/* 5.2.1 */
static void make_anchor(Writer *writer, GByteArray *anchor)
{
    GByteArray *tables = writer->tables;

    writer->tables = anchor;
    g_byte_array_append(anchor, (const guint8 *)"_SM_", 4);
    put(writer, 0, 1);
    put(writer, ANCHOR_SIZE, 1);
    put(writer, 2, 1);
    put(writer, 8, 1);
    put(writer, writer->largest, 2);
    put(writer, 0, 1 + 5); /* revision, formatted area */
    g_byte_array_append(anchor, (const guint8 *)"_DMI_", 5);
    put(writer, 0, 1);
    put(writer, tables->len, 2);
    put(writer, 0, 4); /* address */
    put(writer, writer->count, 2);
    put(writer, 0x28, 1);
    anchor->data[ANCHOR_INTERMEDIATE + 5] =
        checksum(anchor->data + ANCHOR_INTERMEDIATE, ANCHOR_SIZE - ANCHOR_INTERMEDIATE);
    anchor->data[ANCHOR_CHECKSUM] = checksum(anchor->data, ANCHOR_SIZE);
}

gboolean smbios_build(const Smbios *smbios, const SmbiosMachine *machine, GByteArray *tables,
                      GByteArray *anchor, GError **error)
{
    Writer writer = {tables, smbios, machine, .strings = g_ptr_array_new()};

    add_given(&writer);
    add_bios(&writer);
    add_system(&writer);
    add_base_board(&writer);
    add_chassis(&writer);
    add_processors(&writer);
    add_connectors(&writer);
    add_oem_strings(&writer);
    add_memory(&writer);
    add_end(&writer);
    g_ptr_array_unref(writer.strings);
    if (tables->len > G_MAXUINT16) {
        return error_set(error, "-smbios: the structures take %u bytes; at most 65535 fit",
                         tables->len);
    }
    make_anchor(&writer, anchor);
    return TRUE;
}

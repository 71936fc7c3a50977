/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/pc/aml.h"

#include <string.h>

/* Opcodes (20.3). */
#define OP_ZERO      0x00
#define OP_ONE       0x01
#define OP_NAME      0x08
#define OP_BYTE      0x0a
#define OP_WORD      0x0b
#define OP_DWORD     0x0c
#define OP_STRING    0x0d
#define OP_QWORD     0x0e
#define OP_SCOPE     0x10
#define OP_BUFFER    0x11
#define OP_PACKAGE   0x12
#define OP_METHOD    0x14
#define OP_DUAL_NAME 0x2e
#define OP_MULTI     0x2f
#define OP_EXT       0x5b
#define OP_ARG0      0x68
#define OP_ARG1      0x69
#define OP_AND       0x7b
#define OP_NOTIFY    0x86
#define OP_IF        0xa0
#define EXT_DEVICE   0x82
#define EXT_CPU      0x83

#define METHOD_SERIALIZED 0x08

/* Descriptors. */
#define RESOURCE_IO       0x47
#define RESOURCE_END      0x79
#define RESOURCE_MEM32    0x86
#define RESOURCE_DWORD    0x87
#define RESOURCE_WORD     0x88
#define RESOURCE_QWORD    0x8a
#define RANGE_MEMORY      0
#define RANGE_IO          1
#define RANGE_BUS         2
#define RANGE_FIXED       0x0c /* both ends are */
#define IO_ENTIRE_RANGE   0x03 /* ISA and other addresses */
#define MEMORY_READ_WRITE 0x01
#define MEMORY_CACHEABLE  0x02
#define DECODE_16_BITS    0x01

static void put(GByteArray *out, guint64 value, guint size)
{
    guint64 little = GUINT64_TO_LE(value);
    g_byte_array_append(out, (const guint8 *)&little, size);
}

static void put_op(Aml *aml, guint op)
{
    put(aml->code, op, 1);
}

/* ---- names (20.2.2) ---- */

void aml_path(Aml *aml, const char *path)
{
    if (*path == '\\') {
        put_op(aml, '\\');
        path++;
    }
    g_auto(GStrv) parts = g_strsplit(path, ".", -1);
    guint count = g_strv_length(parts);

    if (count == 0) {
        put_op(aml, 0); /* the root itself */
    } else if (count == 2) {
        put_op(aml, OP_DUAL_NAME);
    } else if (count > 2) {
        put_op(aml, OP_MULTI);
        put_op(aml, count);
    }
    for (guint i = 0; i < count; i++) {
        guint8 name[4] = {'_', '_', '_', '_'};
        g_assert(strlen(parts[i]) >= 1 && strlen(parts[i]) <= 4);
        memcpy(name, parts[i], strlen(parts[i]));
        g_byte_array_append(aml->code, name, 4);
    }
}

/* ---- lengths (20.2.4) ---- */

static void open(Aml *aml)
{
    g_assert(aml->depth < AML_DEPTH);
    aml->starts[aml->depth++] = aml->code->len;
}

/* The length counts itself: 1 byte to 63, else the low 4 bits and the rest in following bytes. */
void aml_close(Aml *aml)
{
    guint start = aml->starts[--aml->depth];
    guint body = aml->code->len - start;
    guint bytes = body + 1 < 1u << 6 ? 1 : body + 2 < 1u << 12 ? 2 : body + 3 < 1u << 20 ? 3 : 4;
    guint length = body + bytes;
    guint8 encoded[4] = {length};

    if (bytes > 1) {
        encoded[0] = (bytes - 1) << 6 | (length & 0xf);
        for (guint i = 1; i < bytes; i++) {
            encoded[i] = length >> (4 + 8 * (i - 1));
        }
    }
    g_byte_array_set_size(aml->code, aml->code->len + bytes);
    memmove(aml->code->data + start + bytes, aml->code->data + start, body);
    memcpy(aml->code->data + start, encoded, bytes);
}

void aml_open_scope(Aml *aml, const char *path)
{
    put_op(aml, OP_SCOPE);
    open(aml);
    aml_path(aml, path);
}

void aml_open_device(Aml *aml, const char *name)
{
    put_op(aml, OP_EXT);
    put_op(aml, EXT_DEVICE);
    open(aml);
    aml_path(aml, name);
}

void aml_open_method(Aml *aml, const char *name, guint args, gboolean serialized)
{
    put_op(aml, OP_METHOD);
    open(aml);
    aml_path(aml, name);
    put_op(aml, args | (serialized ? METHOD_SERIALIZED : 0));
}

void aml_open_package(Aml *aml, const char *name, guint count)
{
    put_op(aml, OP_NAME);
    aml_path(aml, name);
    put_op(aml, OP_PACKAGE);
    open(aml);
    put_op(aml, count);
}

void aml_open_processor(Aml *aml, const char *name, guint id)
{
    put_op(aml, OP_EXT);
    put_op(aml, EXT_CPU);
    open(aml);
    aml_path(aml, name);
    put_op(aml, id);
    put(aml->code, 0, 4); /* no control block */
    put_op(aml, 0);
}

void aml_open_if_arg0(Aml *aml, guint32 bit)
{
    put_op(aml, OP_IF);
    open(aml);
    put_op(aml, OP_AND);
    put_op(aml, OP_ARG0);
    aml_integer(aml, bit);
    put_op(aml, OP_ZERO); /* the result is stored nowhere */
}

/* ---- values ---- */

void aml_integer(Aml *aml, guint64 value)
{
    if (value <= 1) {
        put_op(aml, value ? OP_ONE : OP_ZERO);
    } else if (value <= G_MAXUINT8) {
        put_op(aml, OP_BYTE);
        put(aml->code, value, 1);
    } else if (value <= G_MAXUINT16) {
        put_op(aml, OP_WORD);
        put(aml->code, value, 2);
    } else if (value <= G_MAXUINT32) {
        put_op(aml, OP_DWORD);
        put(aml->code, value, 4);
    } else {
        put_op(aml, OP_QWORD);
        put(aml->code, value, 8);
    }
}

void aml_name_integer(Aml *aml, const char *name, guint64 value)
{
    put_op(aml, OP_NAME);
    aml_path(aml, name);
    aml_integer(aml, value);
}

void aml_name_string(Aml *aml, const char *name, const char *text)
{
    put_op(aml, OP_NAME);
    aml_path(aml, name);
    put_op(aml, OP_STRING);
    g_byte_array_append(aml->code, (const guint8 *)text, strlen(text) + 1);
}

void aml_name_buffer(Aml *aml, const char *name, const guint8 *data, guint length)
{
    put_op(aml, OP_NAME);
    aml_path(aml, name);
    put_op(aml, OP_BUFFER);
    open(aml);
    aml_integer(aml, length);
    g_byte_array_append(aml->code, data, length);
    aml_close(aml);
}

void aml_notify_arg1(Aml *aml, const char *path)
{
    put_op(aml, OP_NOTIFY);
    aml_path(aml, path);
    put_op(aml, OP_ARG1);
}

/* ---- resource descriptors ---- */

void aml_resource_io(GByteArray *out, guint16 port, guint length)
{
    put(out, RESOURCE_IO, 1);
    put(out, DECODE_16_BITS, 1);
    put(out, port, 2);
    put(out, port, 2);
    put(out, 1, 1);
    put(out, length, 1);
}

void aml_resource_memory32(GByteArray *out, guint32 first, guint32 length)
{
    put(out, RESOURCE_MEM32, 1);
    put(out, 9, 2);
    put(out, MEMORY_READ_WRITE, 1);
    put(out, first, 4);
    put(out, length, 4);
}

/* The address space descriptors differ in the size of their five numbers alone. */
static void put_range(GByteArray *out, guint tag, guint size, guint type, guint type_flags,
                      guint64 first, guint64 last)
{
    put(out, tag, 1);
    put(out, 3 + 5 * size, 2);
    put(out, type, 1);
    put(out, RANGE_FIXED, 1);
    put(out, type_flags, 1);
    put(out, 0, size); /* granularity */
    put(out, first, size);
    put(out, last, size);
    put(out, 0, size); /* translation */
    put(out, last - first + 1, size);
}

void aml_resource_bus_range(GByteArray *out, guint first, guint last)
{
    put_range(out, RESOURCE_WORD, 2, RANGE_BUS, 0, first, last);
}

void aml_resource_io_range(GByteArray *out, guint first, guint last)
{
    put_range(out, RESOURCE_WORD, 2, RANGE_IO, IO_ENTIRE_RANGE, first, last);
}

void aml_resource_memory32_range(GByteArray *out, guint32 first, guint32 last, gboolean cacheable)
{
    put_range(out, RESOURCE_DWORD, 4, RANGE_MEMORY,
              MEMORY_READ_WRITE | (cacheable ? MEMORY_CACHEABLE : 0), first, last);
}

void aml_resource_memory64_range(GByteArray *out, guint64 first, guint64 last)
{
    put_range(out, RESOURCE_QWORD, 8, RANGE_MEMORY, MEMORY_READ_WRITE | MEMORY_CACHEABLE, first,
              last);
}

void aml_resource_end(GByteArray *out)
{
    put(out, RESOURCE_END, 1);
    put(out, 0, 1); /* no checksum */
}

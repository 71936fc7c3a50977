/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes ACPI machine language (ACPI 6.4, chapter 20): as much as the table that is made per
 * machine needs. The rest is compiled from data/acpi at build time.
 *
 * What is opened is closed by aml_close(), which works out its length. Plain data, any thread.
 */
#pragma once

#include <glib.h>

#define AML_DEPTH 8

typedef struct Aml {
    GByteArray *code; /* the caller's */
    guint starts[AML_DEPTH], depth;
} Aml;

/* Paths are written as in ASL: "\\_SB.PCI0.ISA"; names shorter than four characters are filled. */
void aml_open_scope(Aml *aml, const char *path);
void aml_open_device(Aml *aml, const char *name);
void aml_open_method(Aml *aml, const char *name, guint args, gboolean serialized);
/* Name (`name`, Package () {...}) of `count` elements, which follow. */
void aml_open_package(Aml *aml, const char *name, guint count);
/* Processor (name, id, 0, 0) without a body of its own: close it at once. */
void aml_open_processor(Aml *aml, const char *name, guint id);
/* If (And (Arg0, bit)) */
void aml_open_if_arg0(Aml *aml, guint32 bit);
void aml_close(Aml *aml);

void aml_integer(Aml *aml, guint64 value);
/* A use of an object: its path. */
void aml_path(Aml *aml, const char *path);

void aml_name_integer(Aml *aml, const char *name, guint64 value);
void aml_name_string(Aml *aml, const char *name, const char *text);
void aml_name_buffer(Aml *aml, const char *name, const guint8 *data, guint length);
/* Notify (path, value) with a constant or Arg1. */
void aml_notify_arg1(Aml *aml, const char *path);

/* ---- resource descriptors (6.4), to be put into a buffer; the range is first to last ---- */

void aml_resource_io(GByteArray *out, guint16 port, guint length);
void aml_resource_bus_range(GByteArray *out, guint first, guint last);
void aml_resource_io_range(GByteArray *out, guint first, guint last);
void aml_resource_memory32(GByteArray *out, guint32 first, guint32 length);
void aml_resource_memory32_range(GByteArray *out, guint32 first, guint32 last, gboolean cacheable);
void aml_resource_memory64_range(GByteArray *out, guint64 first, guint64 last);
void aml_resource_end(GByteArray *out);

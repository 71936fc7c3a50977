/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SMBIOS tables (DMTF DSP0134, version 2.8): what `-smbios` says and what the machine is, as the
 * structures and the entry point that the firmware takes from fw_cfg (etc/smbios/smbios-tables,
 * etc/smbios/smbios-anchor) and puts into memory.
 *
 * smbios-options.c reads the options, smbios.c makes the tables. Plain data, any thread; reading
 * an option may open files.
 */
#pragma once

#include <glib.h>

#include "core/option.h"

#define SMBIOS_TABLES_FILE "etc/smbios/smbios-tables"
#define SMBIOS_ANCHOR_FILE "etc/smbios/smbios-anchor"

#define SMBIOS_TYPES 128 /* those from 128 on are for anybody's use */

/* A port connector, of `type=8`. */
typedef struct SmbiosConnector {
    char *internal_reference, *external_reference;
    guint64 connector_type, port_type;
} SmbiosConnector;

typedef struct Smbios {
    gboolean fields[SMBIOS_TYPES]; /* by type: options were given for it */
    gboolean files[SMBIOS_TYPES];  /* by type: a file brings one along, none is made */
    struct {
        char *vendor, *version, *date, *release;
        gboolean uefi;
        guint8 major, minor; /* of `release` */
    } bios;
    struct {
        char *manufacturer, *product, *version, *serial, *uuid, *sku, *family;
    } system;
    struct {
        char *manufacturer, *product, *version, *serial, *asset, *location;
    } base;
    struct {
        char *manufacturer, *version, *serial, *asset, *sku;
    } chassis;
    struct {
        char *socket_prefix, *manufacturer, *version, *serial, *asset, *part;
        guint64 max_speed, current_speed, processor_id;
    } cpu;
    struct {
        char *locator_prefix, *bank, *manufacturer, *serial, *asset, *part;
        guint64 speed;
    } memory;
    GPtrArray *connectors;  /* of SmbiosConnector* */
    GPtrArray *oem_strings; /* of char*, of type=11 */
    GPtrArray *structures;  /* of GBytes*, of file= */
} Smbios;

/* What the machine is. Strings may be NULL: then there is nothing to say. */
typedef struct SmbiosMachine {
    const char *manufacturer, *product, *version; /* where no option says otherwise */
    const char *uuid;                             /* canonical text */
    guint64 ram_below_4g, ram_above_4g;
    guint cpus, sockets, cores, threads; /* `cpus` of which all are there */
    guint64 processor_id;                /* CPUID leaf 1: EAX, and EDX in the upper half */
} SmbiosMachine;

Smbios *smbios_new(void);
void smbios_free(Smbios *smbios); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Smbios, smbios_free)

/* Adds what one `-smbios` says; what is said again replaces what was said before. */
gboolean smbios_add_option(Smbios *smbios, const char *text, GError **error);

/*
 * The structures one behind the other, and the entry point, whose address is left to the firmware.
 * Fails if they are more than an entry point can tell (64 KiB).
 */
gboolean smbios_build(const Smbios *smbios, const SmbiosMachine *machine, GByteArray *tables,
                      GByteArray *anchor, GError **error);

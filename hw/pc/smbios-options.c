/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "core/error.h"
#include "hw/pc/smbios.h"

#define FILE_MAX   (64u << 10)
#define STRING_MAX 4096u /* what path= may bring */

#define TEXT(name, field)                                                     \
    {                                                                         \
        name, OPTION_STRING, G_STRUCT_OFFSET(Smbios, field), .help = "a text" \
    }
#define NUMBER(name, field, def, top)                                                            \
    {                                                                                            \
        name, OPTION_UINT, G_STRUCT_OFFSET(Smbios, field), def, .help = "a number", .max = (top) \
    }

static const OptionSpec bios_specs[] = {
    TEXT("vendor", bios.vendor),
    TEXT("version", bios.version),
    TEXT("date", bios.date),
    TEXT("release", bios.release),
    {"uefi", OPTION_BOOL, G_STRUCT_OFFSET(Smbios, bios.uefi)},
    OPTION_END,
};
static const OptionSpec system_specs[] = {
    TEXT("manufacturer", system.manufacturer),
    TEXT("product", system.product),
    TEXT("version", system.version),
    TEXT("serial", system.serial),
    TEXT("uuid", system.uuid),
    TEXT("sku", system.sku),
    TEXT("family", system.family),
    OPTION_END,
};
static const OptionSpec base_specs[] = {
    TEXT("manufacturer", base.manufacturer),
    TEXT("product", base.product),
    TEXT("version", base.version),
    TEXT("serial", base.serial),
    TEXT("asset", base.asset),
    TEXT("location", base.location),
    OPTION_END,
};
static const OptionSpec chassis_specs[] = {
    TEXT("manufacturer", chassis.manufacturer),
    TEXT("version", chassis.version),
    TEXT("serial", chassis.serial),
    TEXT("asset", chassis.asset),
    TEXT("sku", chassis.sku),
    OPTION_END,
};
static const OptionSpec cpu_specs[] = {
    TEXT("sock_pfx", cpu.socket_prefix),
    TEXT("manufacturer", cpu.manufacturer),
    TEXT("version", cpu.version),
    TEXT("serial", cpu.serial),
    TEXT("asset", cpu.asset),
    TEXT("part", cpu.part),
    NUMBER("max-speed", cpu.max_speed, "2000", G_MAXUINT16),
    NUMBER("current-speed", cpu.current_speed, "2000", G_MAXUINT16),
    NUMBER("processor-id", cpu.processor_id, "0", 0),
    OPTION_END,
};
static const OptionSpec memory_specs[] = {
    TEXT("loc_pfx", memory.locator_prefix),
    TEXT("bank", memory.bank),
    TEXT("manufacturer", memory.manufacturer),
    TEXT("serial", memory.serial),
    TEXT("asset", memory.asset),
    TEXT("part", memory.part),
    NUMBER("speed", memory.speed, "0", G_MAXUINT16),
    OPTION_END,
};

#define CONNECTOR(name, type, field)                                    \
    {                                                                   \
        name, type, G_STRUCT_OFFSET(SmbiosConnector, field), .max = 255 \
    }
static const OptionSpec connector_specs[] = {
    {"internal_reference", OPTION_STRING, G_STRUCT_OFFSET(SmbiosConnector, internal_reference)},
    {"external_reference", OPTION_STRING, G_STRUCT_OFFSET(SmbiosConnector, external_reference)},
    CONNECTOR("connector_type", OPTION_UINT, connector_type),
    CONNECTOR("port_type", OPTION_UINT, port_type),
    OPTION_END,
};

/* Those with one set of fields, which later options add to. */
static const struct {
    guint type;
    const OptionSpec *specs;
} kinds[] = {{0, bios_specs},    {1, system_specs}, {2, base_specs},
             {3, chassis_specs}, {4, cpu_specs},    {17, memory_specs}};

/* ---- lifecycle ---- */

static void connector_free(gpointer data)
{
    options_clear(connector_specs, data);
    g_free(data);
}

Smbios *smbios_new(void)
{
    Smbios *smbios = g_new0(Smbios, 1);

    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        options_set_defaults(kinds[i].specs, smbios);
    }
    smbios->connectors = g_ptr_array_new_with_free_func(connector_free);
    smbios->oem_strings = g_ptr_array_new_with_free_func(g_free);
    smbios->structures = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    return smbios;
}

void smbios_free(Smbios *smbios)
{
    if (!smbios) {
        return;
    }
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        options_clear(kinds[i].specs, smbios);
    }
    g_ptr_array_unref(smbios->connectors);
    g_ptr_array_unref(smbios->oem_strings);
    g_ptr_array_unref(smbios->structures);
    g_free(smbios);
}

/* ---- file= ---- */

/* Structures as in memory (6.1.2): header and fields, then strings, ended by two zero bytes. */
static gboolean take_structure(Smbios *smbios, const char *path, const guint8 *data, gsize size,
                               GError **error)
{
    if (size < 4 || data[1] < 4 || data[1] > size) {
        return error_set(error,
                         "-smbios: '%s' is no SMBIOS structure: a header of 4 bytes would be "
                         "right, with the length of the fields in the second",
                         path);
    }
    if (size < data[1] + 2u || data[size - 1] || data[size - 2]) {
        return error_set(error, "-smbios: '%s' does not end with two zero bytes", path);
    }
    const guint8 *end = memmem(data + data[1], size - data[1], "\0\0", 2);
    if (end + 2 != data + size) {
        return error_set(error, "-smbios: '%s' has more than one structure", path);
    }
    if (data[0] < SMBIOS_TYPES && smbios->fields[data[0]]) {
        return error_set(error, "-smbios: '%s' is of type %u, of which fields are given as well",
                         path, data[0]);
    }
    if (data[0] == 127) {
        return error_set(error, "-smbios: '%s' is the structure that ends the table", path);
    }
    if (data[0] < SMBIOS_TYPES) {
        smbios->files[data[0]] = TRUE;
    }
    g_ptr_array_add(smbios->structures, g_bytes_new(data, size));
    return TRUE;
}

static gboolean add_file(Smbios *smbios, const char *path, GError **error)
{
    g_autofree char *data = NULL;
    g_autoptr(GError) why = NULL;
    gsize size = 0;

    if (!g_file_get_contents(path, &data, &size, &why)) {
        return error_set(error, "-smbios: %s", why->message);
    }
    if (size > FILE_MAX) {
        return error_set(error, "-smbios: '%s' is larger than 64 KiB", path);
    }
    return take_structure(smbios, path, (const guint8 *)data, size, error);
}

/* ---- type= ---- */

typedef struct OemStrings {
    Smbios *smbios;
    GError **error;
    gboolean good;
} OemStrings;

static gboolean oem_string_of_file(Smbios *smbios, const char *path, GError **error)
{
    g_autofree char *data = NULL;
    g_autoptr(GError) why = NULL;
    gsize size = 0;

    if (!g_file_get_contents(path, &data, &size, &why)) {
        return error_set(error, "-smbios: %s", why->message);
    }
    if (size > STRING_MAX || memchr(data, 0, size)) {
        return error_set(error, "-smbios: '%s' is no text of at most %u bytes", path, STRING_MAX);
    }
    g_ptr_array_add(smbios->oem_strings, g_steal_pointer(&data));
    return TRUE;
}

static void take_oem_string(const char *key, const char *value, void *opaque)
{
    OemStrings *oem = opaque;

    if (!oem->good) {
        return;
    }
    if (g_str_equal(key, "value")) {
        g_ptr_array_add(oem->smbios->oem_strings, g_strdup(value));
    } else if (g_str_equal(key, "path")) {
        oem->good = oem_string_of_file(oem->smbios, value, oem->error);
    }
}

static gboolean add_oem_strings(Smbios *smbios, OptionList *list, GError **error)
{
    OemStrings oem = {smbios, error, TRUE};

    option_list_foreach(list, take_oem_string, &oem);
    option_list_get(list, "value");
    option_list_get(list, "path");
    if (oem.good && smbios->oem_strings->len > G_MAXUINT8) {
        return error_set(error, "-smbios type=11: there are at most 255 strings");
    }
    return oem.good;
}

static gboolean add_connector(Smbios *smbios, OptionList *list, GError **error)
{
    SmbiosConnector *connector = g_new0(SmbiosConnector, 1);

    options_set_defaults(connector_specs, connector);
    g_ptr_array_add(smbios->connectors, connector);
    return options_apply(connector_specs, connector, list, error);
}

/* "MAJOR.MINOR", a byte each; and a UUID where there is one. */
static gboolean check_texts(Smbios *smbios, GError **error)
{
    guint major = 0, minor = 0;
    char more = 0;

    if (smbios->bios.release) {
        if (sscanf(smbios->bios.release, "%3u.%3u%c", &major, &minor, &more) != 2 || major > 255 ||
            minor > 255) {
            return error_set(error,
                             "-smbios type=0: release=%s is no release; MAJOR.MINOR would be "
                             "right, each at most 255",
                             smbios->bios.release);
        }
        smbios->bios.major = major;
        smbios->bios.minor = minor;
    }
    if (smbios->system.uuid && !g_uuid_string_is_valid(smbios->system.uuid)) {
        return error_set(error,
                         "-smbios type=1: uuid=%s is no UUID; "
                         "12345678-1234-1234-1234-123456789abc would be one",
                         smbios->system.uuid);
    }
    return TRUE;
}

static gboolean apply_fields(Smbios *smbios, guint64 type, OptionList *list, GError **error)
{
    if (type == 8) {
        return add_connector(smbios, list, error);
    }
    if (type == 11) {
        return add_oem_strings(smbios, list, error);
    }
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (kinds[i].type == type) {
            return options_apply(kinds[i].specs, smbios, list, error) && check_texts(smbios, error);
        }
    }
    return error_set(error,
                     "-smbios: there are no fields of type=%" G_GUINT64_FORMAT
                     "; 0, 1, 2, 3, 4, 8, 11 and 17 have some",
                     type);
}

static gboolean add_fields(Smbios *smbios, const char *type_text, OptionList *list, GError **error)
{
    g_autofree char *what = g_strdup_printf("-smbios type=%s", type_text);
    g_autoptr(GError) why = NULL;
    char *end = NULL;
    guint64 type = g_ascii_strtoull(type_text, &end, 0);

    if (!g_ascii_isdigit(*type_text) || *end || type >= SMBIOS_TYPES) {
        return error_set(error, "-smbios: type=%s is no type of a structure; 0 to 127 would be",
                         type_text);
    }
    if (smbios->files[type]) {
        return error_set(error, "%s: a file brings a structure of this type along", what);
    }
    if (!apply_fields(smbios, type, list, &why)) {
        return g_str_has_prefix(why->message, "-smbios")
                   ? error_set(error, "%s", why->message)
                   : error_set(error, "%s: %s", what, why->message);
    }
    smbios->fields[type] = TRUE;
    return option_list_check_used(list, what, error);
}

gboolean smbios_add_option(Smbios *smbios, const char *text, GError **error)
{
    g_autoptr(OptionList) list = option_list_parse(text, NULL, error);

    if (!list) {
        return FALSE;
    }
    const char *file = option_list_get(list, "file"), *type = option_list_get(list, "type");
    if (!file == !type) {
        return error_set(error, "-smbios: one of file= and type= would be right");
    }
    if (file) {
        return option_list_check_used(list, "-smbios file=", error) &&
               add_file(smbios, file, error);
    }
    return add_fields(smbios, type, list, error);
}

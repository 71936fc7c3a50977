/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -smbios: what options make of the tables, and what they must not say. */
#include <string.h>

#include <glib/gstdio.h>

#include "hw/pc/smbios.h"

#define GIB (1ull << 30)

static const SmbiosMachine test_machine = {
    .manufacturer = "Maker",
    .product = "Product",
    .version = "1.0",
    .uuid = "00112233-4455-6677-8899-aabbccddeeff",
    .ram_below_4g = 3 * GIB,
    .ram_above_4g = 30 * GIB,
    .cpus = 4,
    .sockets = 2,
    .cores = 1,
    .threads = 2,
    .processor_id = 0x1122334455667788,
};

static guint8 sum(const guint8 *data, guint size)
{
    guint8 total = 0;

    for (guint i = 0; i < size; i++) {
        total += data[i];
    }
    return total;
}

static guint64 get(const guint8 *data, guint size)
{
    guint64 value = 0;

    for (guint i = 0; i < size; i++) {
        value |= (guint64)data[i] << (8 * i);
    }
    return value;
}

static GByteArray *build(const char *const *options, GByteArray *anchor)
{
    g_autoptr(Smbios) smbios = smbios_new();
    g_autoptr(GByteArray) own = g_byte_array_new();
    GByteArray *tables = g_byte_array_new();

    for (guint i = 0; options && options[i]; i++) {
        g_autoptr(GError) error = NULL;
        smbios_add_option(smbios, options[i], &error);
        g_assert_no_error(error);
    }
    g_assert_true(smbios_build(smbios, &test_machine, tables, anchor ? anchor : own, NULL));
    return tables;
}

/* Walks the structures as a guest does: behind the fields strings, ended by an empty one. */
static const guint8 *next(const guint8 *at, const guint8 *end)
{
    g_assert_cmpuint(at[1], >=, 4);
    at += at[1];
    while (at + 1 < end && (at[0] || at[1])) {
        at++;
    }
    g_assert_true(at + 2 <= end);
    return at + 2;
}

static const guint8 *find(GByteArray *tables, guint type, guint nth)
{
    const guint8 *end = tables->data + tables->len;

    for (const guint8 *at = tables->data; at < end; at = next(at, end)) {
        if (at[0] == type && nth-- == 0) {
            return at;
        }
    }
    return NULL;
}

static const char *string_of(const guint8 *structure, guint field)
{
    const char *text = (const char *)structure + structure[1];

    if (!structure[field]) {
        return NULL;
    }
    for (guint n = structure[field]; n > 1; n--) {
        g_assert_cmpuint(strlen(text), >, 0);
        text += strlen(text) + 1;
    }
    return text;
}

static void test_defaults(void)
{
    g_autoptr(GByteArray) anchor = g_byte_array_new();
    g_autoptr(GByteArray) tables = build(NULL, anchor);
    const guint8 *end = tables->data + tables->len;
    guint count = 0, largest = 0;

    for (const guint8 *at = tables->data; at < end; at = next(at, end)) {
        count++;
        largest = MAX(largest, (guint)(next(at, end) - at));
    }
    g_assert_cmpuint(anchor->len, ==, 0x1f);
    g_assert_cmpmem(anchor->data, 4, "_SM_", 4);
    g_assert_cmpmem(anchor->data + 0x10, 5, "_DMI_", 5);
    g_assert_cmpuint(sum(anchor->data, 0x1f), ==, 0);
    g_assert_cmpuint(sum(anchor->data + 0x10, 0xf), ==, 0);
    g_assert_cmpuint(get(anchor->data + 6, 2), ==, 0x0802); /* 2.8 */
    g_assert_cmpuint(get(anchor->data + 8, 2), ==, largest);
    g_assert_cmpuint(get(anchor->data + 0x16, 2), ==, tables->len);
    g_assert_cmpuint(get(anchor->data + 0x1c, 2), ==, count);
    g_assert_cmpuint(find(tables, 127, 0)[1], ==, 4);
    g_assert_null(find(tables, 0, 0)); /* the firmware's own */
    g_assert_null(find(tables, 2, 0));
    g_assert_null(find(tables, 11, 0));
    const guint8 *system = find(tables, 1, 0);
    static const guint8 uuid[16] = {0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66,
                                    0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
    g_assert_cmpuint(system[1], ==, 0x1b);
    g_assert_cmpstr(string_of(system, 4), ==, "Maker");
    g_assert_cmpstr(string_of(system, 5), ==, "Product");
    g_assert_null(string_of(system, 7));
    g_assert_cmpmem(system + 8, 16, uuid, 16);
    g_assert_cmpuint(find(tables, 3, 0)[1], ==, 0x16);
    g_assert_cmpuint(find(tables, 32, 0)[1], ==, 0x0b);
}

static void test_processors_and_memory(void)
{
    g_autoptr(GByteArray) tables = build(NULL, NULL);
    const guint8 *cpu = find(tables, 4, 1), *dimm = find(tables, 17, 2);

    g_assert_nonnull(cpu);
    g_assert_null(find(tables, 4, 2));
    g_assert_cmpuint(cpu[1], ==, 0x2a);
    g_assert_cmpstr(string_of(cpu, 4), ==, "CPU 1");
    g_assert_cmphex(get(cpu + 8, 8), ==, 0x1122334455667788);
    g_assert_cmpuint(cpu[0x23], ==, 1); /* cores */
    g_assert_cmpuint(cpu[0x25], ==, 2); /* threads */
    g_assert_cmpuint(get(find(tables, 16, 0) + 7, 4), ==, 33 * GIB >> 10);
    g_assert_nonnull(dimm);
    g_assert_null(find(tables, 17, 3));
    g_assert_cmpuint(dimm[1], ==, 0x28);
    g_assert_cmpuint(get(dimm + 0xc, 2), ==, 1024); /* the last GiB, in MiB */
    g_assert_cmpuint(get(find(tables, 17, 0) + 0xc, 2), ==, 16 << 10);
    g_assert_cmpstr(string_of(dimm, 0x10), ==, "DIMM 2");
    const guint8 *low = find(tables, 19, 0), *high = find(tables, 19, 1);
    g_assert_cmpuint(low[1], ==, 0x1f);
    g_assert_cmpuint(get(low + 8, 4), ==, (3 * GIB >> 10) - 1);
    g_assert_cmpuint(get(high + 4, 4), ==, 4 * GIB >> 10);
}

static void test_fields(void)
{
    const char *const options[] = {"type=0,vendor=V,version=2,date=01/02/2003,release=4.5,uefi=on",
                                   "type=1,serial=first,uuid=ffffffff-0000-0000-0000-000000000000",
                                   "type=1,serial=second,family=F,,F",
                                   "type=2,location=here",
                                   "type=3,sku=chassis",
                                   "type=4,sock_pfx=S,max-speed=4000,processor-id=0x10",
                                   "type=8,internal_reference=in,port_type=16",
                                   "type=8,external_reference=out",
                                   "type=11,value=one,value=two",
                                   "type=11,value=three",
                                   "type=17,loc_pfx=L,speed=3200,part=P",
                                   NULL};
    g_autoptr(GByteArray) tables = build(options, NULL);
    const guint8 *bios = find(tables, 0, 0), *system = find(tables, 1, 0);

    g_assert_cmpuint(bios[1], ==, 0x18);
    g_assert_cmpstr(string_of(bios, 8), ==, "01/02/2003");
    g_assert_cmpuint(bios[0x13], ==, 0x1c);
    g_assert_cmpuint(bios[0x14], ==, 4);
    g_assert_cmpuint(bios[0x15], ==, 5);
    g_assert_cmpstr(string_of(system, 7), ==, "second");
    g_assert_cmpstr(string_of(system, 0x1a), ==, "F,F");
    g_assert_cmphex(get(system + 8, 8), ==, 0xffffffff);
    g_assert_cmpstr(string_of(find(tables, 2, 0), 0xa), ==, "here");
    g_assert_cmpuint(find(tables, 2, 0)[1], ==, 0x0f);
    g_assert_cmpstr(string_of(find(tables, 3, 0), 0x15), ==, "chassis");
    g_assert_cmpstr(string_of(find(tables, 4, 0), 4), ==, "S 0");
    g_assert_cmpuint(get(find(tables, 4, 0) + 0x14, 2), ==, 4000);
    g_assert_cmpuint(get(find(tables, 4, 0) + 8, 8), ==, 0x10);
    g_assert_cmpuint(find(tables, 8, 0)[8], ==, 16);
    g_assert_cmpstr(string_of(find(tables, 8, 1), 6), ==, "out");
    g_assert_cmpuint(find(tables, 11, 0)[4], ==, 3);
    g_assert_cmpstr(string_of(find(tables, 17, 0), 0x10), ==, "L 0");
    g_assert_cmpuint(get(find(tables, 17, 0) + 0x15, 2), ==, 3200);
    g_assert_cmpstr(string_of(find(tables, 17, 0), 0x1a), ==, "P");
}

/* ---- files ---- */

static char *write_file(const char *data, gsize size)
{
    char *path = NULL;
    int fd = g_file_open_tmp("smbios-XXXXXX", &path, NULL);

    g_assert_cmpint(fd, >=, 0);
    g_close(fd, NULL);
    g_assert_true(g_file_set_contents(path, data, (gssize)size, NULL));
    return path;
}

static void test_file(void)
{
    static const char structure[] = "\x01\x08\x34\x12\x01\x00\x00\x00Given\0";
    g_autofree char *path = write_file(structure, sizeof(structure));
    g_autofree char *option = g_strdup_printf("file=%s", path);
    g_autoptr(GByteArray) tables = build((const char *const[]){option, NULL}, NULL);

    g_assert_cmpuint(find(tables, 1, 0)[1], ==, 8);
    g_assert_cmpstr(string_of(find(tables, 1, 0), 4), ==, "Given");
    g_assert_null(find(tables, 1, 1)); /* instead of ours */
    g_assert_nonnull(find(tables, 3, 0));

    g_autoptr(Smbios) smbios = smbios_new();
    g_autoptr(GError) error = NULL;
    g_assert_true(smbios_add_option(smbios, option, NULL));
    g_assert_false(smbios_add_option(smbios, "type=1,serial=s", &error));
    g_assert_nonnull(strstr(error->message, "a file brings"));
    g_remove(path);
}

static void test_bad_files(void)
{
    static const struct {
        const char *data;
        gsize size;
    } bad[] = {
        {"", 0},
        {"\x01\x08\x00", 3},             /* no header */
        {"\x01\x03\x00\x00\x00\x00", 6}, /* fields of less than a header */
        {"\x01\x40\x00\x00\x00\x00", 6}, /* fields longer than the file */
        {"\x01\x04\x00\x00\x00", 5},     /* not ended */
        {"\x01\x04\x00\x00"
         "ab\0",
         7},                                              /* likewise */
        {"\x01\x04\x00\x00\0\0\x01\x04\x00\x00\0\0", 12}, /* two */
        {"\x7f\x04\x00\x00\0\0", 6},                      /* the end of the table */
    };

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *path = write_file(bad[i].data, bad[i].size);
        g_autofree char *option = g_strdup_printf("file=%s", path);
        g_autoptr(Smbios) smbios = smbios_new();
        g_autoptr(GError) error = NULL;
        g_assert_false(smbios_add_option(smbios, option, &error));
        g_assert_nonnull(strstr(error->message, path));
        g_remove(path);
    }
}

static void test_bad_options(void)
{
    static const char *const bad[][2] = {
        {"", "file= and type="},
        {"manufacturer=x", "file= and type="},
        {"type=1,file=x", "file= and type="},
        {"type=one", "type=one"},
        {"type=-1", "type=-1"},
        {"type=128", "type=128"},
        {"type=16,x=y", "type=16"},
        {"type=1,colour=red", "colour"},
        {"type=1,uuid=abc", "uuid=abc"},
        {"type=0,release=5", "release=5"},
        {"type=0,release=1.256", "release=1.256"},
        {"type=0,release=1.2.3", "release=1.2.3"},
        {"type=0,uefi=maybe", "uefi"},
        {"type=4,max-speed=65536", "max-speed"},
        {"type=17,speed=fast", "speed"},
        {"type=8,port_type=256", "port_type"},
        {"type=11,path=/nowhere/there", "/nowhere/there"},
        {"file=/nowhere/there", "/nowhere/there"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(Smbios) smbios = smbios_new();
        g_autoptr(GError) error = NULL;
        g_assert_false(smbios_add_option(smbios, bad[i][0], &error));
        g_assert_nonnull(strstr(error->message, bad[i][1]));
    }
}

static void test_too_much(void)
{
    g_autoptr(Smbios) smbios = smbios_new();
    g_autoptr(GByteArray) tables = g_byte_array_new(), anchor = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strnfill(1000, 'x');
    g_autofree char *option = g_strdup_printf("type=11,value=%s", text);

    for (guint i = 0; i < 70; i++) {
        g_assert_true(smbios_add_option(smbios, option, NULL));
    }
    g_assert_false(smbios_build(smbios, &test_machine, tables, anchor, &error));
    g_assert_nonnull(strstr(error->message, "65535"));
    for (guint i = 70; i < 255; i++) {
        g_assert_true(smbios_add_option(smbios, "type=11,value=x", NULL));
    }
    g_assert_false(smbios_add_option(smbios, "type=11,value=x", NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/smbios/defaults", test_defaults);
    g_test_add_func("/smbios/processors-and-memory", test_processors_and_memory);
    g_test_add_func("/smbios/fields", test_fields);
    g_test_add_func("/smbios/file", test_file);
    g_test_add_func("/smbios/bad-files", test_bad_files);
    g_test_add_func("/smbios/bad-options", test_bad_options);
    g_test_add_func("/smbios/too-much", test_too_much);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's statistics of a VM and its processors (api.rst, KVM_GET_STATS_FD), which describe
 * themselves: a header, a row for each of them, and the data. Reading them waits for no processor.
 */
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "kvm/kvm-priv.h"

/* More than any kernel has: what the header says is the kernel's word, yet bounded. */
#define MAX_STATS  4096
#define MAX_NAME   256
#define MAX_VALUES 1024

typedef struct StatsFile {
    struct kvm_stats_header header;
    gsize row_size;
    guint8 *rows;
    int fd;
} StatsFile;

int kvm_stats_open(int fd)
{
    return ioctl(fd, KVM_GET_STATS_FD, NULL);
}

static gboolean read_at(int fd, void *data, gsize length, guint64 offset)
{
    return pread(fd, data, length, (off_t)offset) == (gssize)length;
}

static gboolean read_rows(StatsFile *file)
{
    gsize length;

    if (file->fd < 0 || !read_at(file->fd, &file->header, sizeof(file->header), 0) ||
        file->header.num_desc > MAX_STATS || file->header.name_size > MAX_NAME) {
        return FALSE;
    }
    file->row_size = sizeof(struct kvm_stats_desc) + file->header.name_size;
    length = file->row_size * file->header.num_desc;
    file->rows = g_malloc(length + 1);
    return read_at(file->fd, file->rows, length, file->header.desc_offset);
}

/* ---- what they are ---- */

static void describe(const struct kvm_stats_desc *row, const char *name, GVariantBuilder *item)
{
    static const char *const types[] = {"cumulative", "instant", "peak", "linear-histogram",
                                        "log2-histogram"};
    static const char *const units[] = {NULL, "bytes", "seconds", "cycles", "boolean"};
    guint type = (row->flags & KVM_STATS_TYPE_MASK) >> KVM_STATS_TYPE_SHIFT;
    guint unit = (row->flags & KVM_STATS_UNIT_MASK) >> KVM_STATS_UNIT_SHIFT;
    gboolean binary = (row->flags & KVM_STATS_BASE_MASK) == KVM_STATS_BASE_POW2;

    g_variant_builder_add_parsed(item, "{'name', <%s>}", name);
    g_variant_builder_add_parsed(item, "{'type', <%s>}", types[type]);
    if (unit < G_N_ELEMENTS(units) && units[unit]) {
        g_variant_builder_add_parsed(item, "{'unit', <%s>}", units[unit]);
    }
    if (row->exponent) {
        g_variant_builder_add_parsed(item, "{'base', <%i>}", binary ? 2 : 10);
    }
    g_variant_builder_add_parsed(item, "{'exponent', <%i>}", row->exponent);
    if ((row->flags & KVM_STATS_TYPE_MASK) == KVM_STATS_TYPE_LINEAR_HIST) {
        g_variant_builder_add_parsed(item, "{'bucket-size', <%u>}", row->bucket_size);
    }
}

/* ---- their values ---- */

static gboolean add_value(const StatsFile *file, const struct kvm_stats_desc *row, const char *name,
                          GVariantBuilder *item)
{
    guint64 values[MAX_VALUES];
    GVariant *value;

    if (row->size == 0 || row->size > MAX_VALUES ||
        !read_at(file->fd, values, row->size * sizeof(values[0]),
                 (guint64)file->header.data_offset + row->offset)) {
        return FALSE;
    }
    if ((row->flags & KVM_STATS_UNIT_MASK) == KVM_STATS_UNIT_BOOLEAN) {
        value = g_variant_new_boolean(values[0] != 0);
    } else if (row->size == 1) {
        value = g_variant_new_uint64(values[0]);
    } else {
        value =
            g_variant_new_fixed_array(G_VARIANT_TYPE_UINT64, values, row->size, sizeof(values[0]));
    }
    g_variant_builder_add_parsed(item, "{'name', <%s>}", name);
    g_variant_builder_add(item, "{sv}", "value", value);
    return TRUE;
}

static void add_row(const StatsFile *file, const struct kvm_stats_desc *row, gboolean schema,
                    GVariantBuilder *list)
{
    g_autofree char *name = g_strndup(row->name, file->header.name_size);
    GVariantBuilder item;

    if ((row->flags & KVM_STATS_TYPE_MASK) > KVM_STATS_TYPE_MAX) {
        return; /* a kind that is newer than we */
    }
    g_variant_builder_init(&item, G_VARIANT_TYPE_VARDICT);
    if (schema) {
        describe(row, name, &item);
    } else if (!add_value(file, row, name, &item)) {
        g_variant_builder_clear(&item);
        return;
    }
    g_variant_builder_add_value(list, g_variant_builder_end(&item));
}

GVariant *kvm_stats(Accel *accel, Vcpu *vcpu, gboolean schema)
{
    const KvmVcpu *kv = vcpu ? vcpu->accel_data : NULL;
    StatsFile file = {.fd = vcpu ? kv ? kv->stats_fd : -1 : ((KvmAccel *)accel)->stats_fd};
    GVariantBuilder list;

    g_variant_builder_init(&list, G_VARIANT_TYPE("aa{sv}"));
    if (read_rows(&file)) {
        for (guint i = 0; i < file.header.num_desc; i++) {
            add_row(&file, (const struct kvm_stats_desc *)(file.rows + i * file.row_size), schema,
                    &list);
        }
    }
    g_free(file.rows);
    return g_variant_builder_end(&list);
}

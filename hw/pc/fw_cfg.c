/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/pc/fw_cfg.h"

#include <string.h>

#include "core/machine.h"

#define KEY_BITS    0xbfff /* bit 14 asks for writing, which the ports no longer offer */
#define MAX_FILES   0x100
#define NAME_LENGTH 56
#define DIR_ENTRY   64 /* size, key, reserved (big-endian 4, 2, 2 bytes), name */

#define ID_TRADITIONAL 0x01
#define ID_DMA         0x02

/* Bits of a DMA request's control word. */
#define DMA_ERROR  0x01
#define DMA_READ   0x02
#define DMA_SKIP   0x04
#define DMA_SELECT 0x08
#define DMA_WRITE  0x10

#define DMA_SIGNATURE   G_GUINT64_CONSTANT(0x51454d5520434647) /* reads from the DMA port */
#define DMA_CHUNK       4096u
#define DMA_MAX_PADDING (64u << 10)

typedef struct FwCfgItem {
    guint key;
    GBytes *bytes;
} FwCfgItem;

typedef struct FwCfgFile {
    char *name;
    GBytes *bytes;
    void (*written)(void *opaque, const guint8 *data); /* NULL = read-only */
    void *opaque;
    void (*selected)(void *opaque); /* NULL = nobody wants to know */
    void *selected_opaque;
} FwCfgFile;

typedef struct FwCfg {
    Device device;
    Region ports;
    Region dma;
    GArray *items;     /* of FwCfgItem */
    GArray *files;     /* of FwCfgFile, sorted by name */
    GBytes *directory; /* made when first read, NULL after a change */
    guint16 key;
    guint64 offset; /* in the selected item; may lie behind its end */
    guint64 dma_address;
} FwCfg;

/* ---- items ---- */

static void item_clear(gpointer data)
{
    g_bytes_unref(((FwCfgItem *)data)->bytes);
}

static void file_clear(gpointer data)
{
    FwCfgFile *file = data;
    g_free(file->name);
    g_bytes_unref(file->bytes);
}

void fw_cfg_set_bytes(Device *dev, guint key, GBytes *bytes)
{
    FwCfg *cfg = (FwCfg *)dev;
    FwCfgItem item = {key, g_bytes_ref(bytes)};

    for (guint i = 0; i < cfg->items->len; i++) {
        if (g_array_index(cfg->items, FwCfgItem, i).key == key) {
            g_array_remove_index(cfg->items, i);
            break;
        }
    }
    g_array_append_val(cfg->items, item);
}

void fw_cfg_set(Device *dev, guint key, const void *data, gsize length)
{
    g_autoptr(GBytes) bytes = g_bytes_new(data, length);
    fw_cfg_set_bytes(dev, key, bytes);
}

void fw_cfg_set_u16(Device *dev, guint key, guint16 value)
{
    guint16 little = GUINT16_TO_LE(value);
    fw_cfg_set(dev, key, &little, sizeof(little));
}

void fw_cfg_set_u32(Device *dev, guint key, guint32 value)
{
    guint32 little = GUINT32_TO_LE(value);
    fw_cfg_set(dev, key, &little, sizeof(little));
}

void fw_cfg_set_u64(Device *dev, guint key, guint64 value)
{
    guint64 little = GUINT64_TO_LE(value);
    fw_cfg_set(dev, key, &little, sizeof(little));
}

void fw_cfg_add_file(Device *dev, const char *name, const void *data, gsize length)
{
    FwCfg *cfg = (FwCfg *)dev;
    FwCfgFile file = {.name = g_strdup(name), .bytes = g_bytes_new(data, length)};
    guint i = 0;

    g_assert(strlen(name) < NAME_LENGTH);
    while (i < cfg->files->len && strcmp(g_array_index(cfg->files, FwCfgFile, i).name, name) < 0) {
        i++;
    }
    if (i < cfg->files->len && !strcmp(g_array_index(cfg->files, FwCfgFile, i).name, name)) {
        file.selected = g_array_index(cfg->files, FwCfgFile, i).selected;
        file.selected_opaque = g_array_index(cfg->files, FwCfgFile, i).selected_opaque;
        g_array_remove_index(cfg->files, i);
    }
    g_assert(cfg->files->len < MAX_FILES);
    g_array_insert_val(cfg->files, i, file);
    g_clear_pointer(&cfg->directory, g_bytes_unref);
}

void fw_cfg_add_file_u64(Device *dev, const char *name, guint64 value, guint size)
{
    guint64 little = GUINT64_TO_LE(value);
    g_assert(size <= sizeof(little));
    fw_cfg_add_file(dev, name, &little, size);
}

static FwCfgFile *find_file(FwCfg *cfg, const char *name)
{
    for (guint i = 0; i < cfg->files->len; i++) {
        FwCfgFile *file = &g_array_index(cfg->files, FwCfgFile, i);
        if (strcmp(file->name, name) == 0) {
            return file;
        }
    }
    return NULL;
}

gboolean fw_cfg_add_writable(Device *dev, const char *name, gsize length,
                             void (*written)(void *opaque, const guint8 *data), void *opaque)
{
    FwCfg *cfg = (FwCfg *)dev;
    g_autofree guint8 *zeros = g_malloc0(length);

    if (find_file(cfg, name)) {
        return FALSE;
    }
    fw_cfg_add_file(dev, name, zeros, length);
    FwCfgFile *file = find_file(cfg, name);
    file->written = written;
    file->opaque = opaque;
    return TRUE;
}

void fw_cfg_forget_writable(Device *dev, const char *name)
{
    FwCfgFile *file = find_file((FwCfg *)dev, name);

    if (file) {
        file->written = NULL;
    }
}

void fw_cfg_on_select(Device *dev, const char *name, void (*selected)(void *opaque), void *opaque)
{
    FwCfgFile *file = find_file((FwCfg *)dev, name);

    file->selected = selected;
    file->selected_opaque = opaque;
}

static void put_be(guint8 *out, guint64 value, guint size)
{
    for (guint i = 0; i < size; i++) {
        out[i] = value >> (8 * (size - 1 - i));
    }
}

static guint64 get_be(const guint8 *in, guint size)
{
    guint64 value = 0;
    for (guint i = 0; i < size; i++) {
        value = value << 8 | in[i];
    }
    return value;
}

static GBytes *directory(FwCfg *cfg)
{
    if (!cfg->directory) {
        gsize length = 4 + cfg->files->len * DIR_ENTRY;
        guint8 *data = g_malloc0(length);
        put_be(data, cfg->files->len, 4);
        for (guint i = 0; i < cfg->files->len; i++) {
            const FwCfgFile *file = &g_array_index(cfg->files, FwCfgFile, i);
            guint8 *entry = data + 4 + i * DIR_ENTRY;
            put_be(entry, g_bytes_get_size(file->bytes), 4);
            put_be(entry + 4, FW_CFG_FILE_FIRST + i, 2);
            g_strlcpy((char *)entry + 8, file->name, NAME_LENGTH);
        }
        cfg->directory = g_bytes_new_take(data, length);
    }
    return cfg->directory;
}

/* The selected item's bytes, NULL (and length 0) if there is no such item. */
static const guint8 *selected(FwCfg *cfg, gsize *length)
{
    guint key = cfg->key;

    *length = 0;
    if (key == FW_CFG_FILE_DIR) {
        return g_bytes_get_data(directory(cfg), length);
    }
    if (key >= FW_CFG_FILE_FIRST && key - FW_CFG_FILE_FIRST < cfg->files->len) {
        return g_bytes_get_data(g_array_index(cfg->files, FwCfgFile, key - FW_CFG_FILE_FIRST).bytes,
                                length);
    }
    for (guint i = 0; i < cfg->items->len; i++) {
        const FwCfgItem *item = &g_array_index(cfg->items, FwCfgItem, i);
        if (item->key == key) {
            return g_bytes_get_data(item->bytes, length);
        }
    }
    return NULL;
}

static void select_item(FwCfg *cfg, guint key)
{
    guint n = (key & KEY_BITS) - FW_CFG_FILE_FIRST;

    cfg->key = key & KEY_BITS;
    cfg->offset = 0;
    if (cfg->key >= FW_CFG_FILE_FIRST && n < cfg->files->len) {
        const FwCfgFile *file = &g_array_index(cfg->files, FwCfgFile, n);
        if (file->selected) {
            file->selected(file->selected_opaque);
        }
    }
}

/* Copies out what is there; what lies behind the item's end reads as zero. */
static void read_item(FwCfg *cfg, guint8 *out, gsize length)
{
    gsize size;
    const guint8 *data = selected(cfg, &size);
    gsize there = cfg->offset < size ? MIN(length, size - cfg->offset) : 0;

    if (there) {
        memcpy(out, data + cfg->offset, there);
    }
    memset(out + there, 0, length - there);
    cfg->offset += length;
}

/* ---- ports ---- */

static guint64 ports_read(void *opaque, guint64 addr, guint size)
{
    guint8 byte = 0;

    if (addr != 1 || size != 1) {
        return 0;
    }
    read_item(opaque, &byte, 1);
    return byte;
}

static void ports_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    if (addr == 0 && size == 2) {
        select_item(opaque, value);
    }
    /* The data port has been read-only since the interface got DMA. */
}

static const IoOps ports_ops = {ports_read, ports_write, 1, 2};

/* ---- DMA ---- */

/*
 * What lies behind the item's end reads as zero. A request may ask for 4 GiB of that; since it is
 * carried out at once, under the lock, one that asks for much more than there is fails.
 */
static gboolean dma_read(FwCfg *cfg, AddressSpace *memory, guint64 addr, guint64 length)
{
    guint8 chunk[DMA_CHUNK];
    gsize size = 0;

    selected(cfg, &size);
    if (length > (cfg->offset < size ? size - cfg->offset : 0) + DMA_MAX_PADDING) {
        return FALSE;
    }
    while (length) {
        gsize now = MIN(length, DMA_CHUNK);
        read_item(cfg, chunk, now);
        if (!address_space_write(memory, addr, chunk, now)) {
            return FALSE;
        }
        addr += now;
        length -= now;
    }
    return TRUE;
}

/* All of it lies in a file that may be written, or nothing happens. */
static gboolean dma_write_item(FwCfg *cfg, AddressSpace *memory, guint64 addr, guint64 length)
{
    guint n = cfg->key - FW_CFG_FILE_FIRST;
    FwCfgFile *file = cfg->key >= FW_CFG_FILE_FIRST && n < cfg->files->len
                          ? &g_array_index(cfg->files, FwCfgFile, n)
                          : NULL;

    if (length == 0) {
        return TRUE;
    }
    gsize size = file && file->written ? g_bytes_get_size(file->bytes) : 0;
    if (cfg->offset > size || length > size - cfg->offset) {
        return FALSE;
    }
    g_autofree guint8 *data = g_memdup2(g_bytes_get_data(file->bytes, NULL), size);
    if (!address_space_read(memory, addr, data + cfg->offset, length)) {
        return FALSE;
    }
    cfg->offset += length;
    g_bytes_unref(file->bytes);
    file->bytes = g_bytes_new(data, size);
    file->written(file->opaque, data);
    return TRUE;
}

static void dma_run(FwCfg *cfg, guint64 addr)
{
    AddressSpace *memory = cfg->device.machine->memory;
    guint8 request[16], answer[4];

    if (!address_space_read(memory, addr, request, sizeof(request))) {
        device_warn_once(&cfg->device, "DMA request is not in memory");
        return; /* there is no place for an answer either */
    }
    guint32 control = get_be(request, 4);
    guint32 length = get_be(request + 4, 4);
    guint64 buffer = get_be(request + 8, 8);
    gboolean ok = TRUE;

    if (control & DMA_SELECT) {
        select_item(cfg, control >> 16);
    }
    if (control & DMA_READ) {
        ok = dma_read(cfg, memory, buffer, length);
    } else if (control & DMA_WRITE) {
        ok = dma_write_item(cfg, memory, buffer, length);
    } else if (control & DMA_SKIP) {
        cfg->offset += length;
    }
    if (!ok) {
        device_warn_once(&cfg->device,
                         "DMA request outside memory or its item, or write to a read-only one");
    }
    put_be(answer, ok ? 0 : DMA_ERROR, 4);
    address_space_write(memory, addr, answer, sizeof(answer));
}

/* The address is big-endian: its low half at 518h starts the request. */
static void dma_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    FwCfg *cfg = opaque;

    if (size == 4 && addr == 0) {
        cfg->dma_address = (guint64)GUINT32_SWAP_LE_BE((guint32)value) << 32;
    } else if (size == 4 && addr == 4) {
        guint64 at = cfg->dma_address | GUINT32_SWAP_LE_BE((guint32)value);
        cfg->dma_address = 0;
        dma_run(cfg, at);
    } else if (size == 8 && addr == 0) {
        cfg->dma_address = 0;
        dma_run(cfg, GUINT64_SWAP_LE_BE(value));
    }
}

static guint64 dma_signature(void *opaque, guint64 addr, guint size)
{
    guint8 bytes[8];
    guint64 value = 0;

    put_be(bytes, DMA_SIGNATURE, 8);
    for (guint i = 0; i < size && addr + i < 8; i++) {
        value |= (guint64)bytes[addr + i] << (8 * i);
    }
    return value;
}

static const IoOps dma_ops = {dma_signature, dma_write, 1, 8};

/* ---- lifecycle ---- */

static void reset(Device *dev)
{
    FwCfg *cfg = (FwCfg *)dev;
    select_item(cfg, 0);
    cfg->dma_address = 0;
}

static gboolean realize(Device *dev, GError **error)
{
    FwCfg *cfg = (FwCfg *)dev;

    cfg->items = g_array_new(FALSE, FALSE, sizeof(FwCfgItem));
    g_array_set_clear_func(cfg->items, item_clear);
    cfg->files = g_array_new(FALSE, FALSE, sizeof(FwCfgFile));
    g_array_set_clear_func(cfg->files, file_clear);
    fw_cfg_set(dev, FW_CFG_SIGNATURE, "QEMU", 4);
    fw_cfg_set_u32(dev, FW_CFG_ID, ID_TRADITIONAL | ID_DMA);
    region_init_io(&cfg->ports, "fwcfg", &ports_ops, cfg, 2);
    region_init_io(&cfg->dma, "fwcfg.dma", &dma_ops, cfg, 8);
    device_publish_region(dev, &cfg->ports);
    device_publish_region(dev, &cfg->dma);
    return TRUE;
}

static void unrealize(Device *dev)
{
    FwCfg *cfg = (FwCfg *)dev;

    region_remove(&cfg->ports);
    region_remove(&cfg->dma);
    region_finish(&cfg->ports);
    region_finish(&cfg->dma);
    g_array_unref(cfg->items);
    g_array_unref(cfg->files);
    g_clear_pointer(&cfg->directory, g_bytes_unref);
}

static const StateField state_fields[] = {
    STATE_FIELD(U16, FwCfg, key),
    STATE_FIELD(U64, FwCfg, offset),
    STATE_FIELD(U64, FwCfg, dma_address),
    STATE_END,
};
static const StateTable fw_cfg_state = {1, state_fields, NULL};

const DeviceOps fw_cfg_ops = {
    .name = "fw_cfg_io",
    .part = "fw_cfg",
    .summary = "Firmware configuration",
    .category = "Misc",
    .size = sizeof(FwCfg),
    .board_only = TRUE,
    .state = &fw_cfg_state,
    .realize = realize,
    .unrealize = unrealize,
    .reset = reset,
};

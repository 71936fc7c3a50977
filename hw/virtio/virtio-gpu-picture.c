/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pictures of virtio-gpu (Virtual I/O Device 1.2, 5.7.6.8): made, given memory of the guest's,
 * and filled from it.
 */
#include "hw/virtio/virtio-gpu-priv.h"

#define MAX_ENTRIES    16384
#define ENTRY_SIZE     16
#define RESOURCE_COSTS 4096 /* what one counts for beside its pixels */

GpuResource *gpu_find_resource(VirtioGpu *gpu, guint32 id)
{
    return g_hash_table_lookup(gpu->resources, GUINT_TO_POINTER(id));
}

void gpu_resource_free(void *data)
{
    GpuResource *resource = data;

    surface_unref(resource->surface);
    g_free(resource->backing);
    g_free(resource);
}

/* How far blue, green, red and alpha are shifted in a pixel of this format; FALSE if unknown. */
static gboolean find_shifts(guint32 format, guint shifts[4])
{
    static const struct {
        guint32 format;
        guint8 shifts[4];
    } formats[] = {
        {1, {0, 8, 16, 24}},  {2, {0, 8, 16, 24}},   /* B8G8R8A8, B8G8R8X8: bytes in this order */
        {3, {24, 16, 8, 0}},  {4, {24, 16, 8, 0}},   /* A8R8G8B8, X8R8G8B8 */
        {67, {16, 8, 0, 24}}, {134, {16, 8, 0, 24}}, /* R8G8B8A8, R8G8B8X8 */
        {68, {8, 16, 24, 0}}, {121, {8, 16, 24, 0}}, /* X8B8G8R8, A8B8G8R8 */
    };

    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        if (formats[i].format == format) {
            for (guint c = 0; c < 4; c++) {
                shifts[c] = formats[i].shifts[c];
            }
            return TRUE;
        }
    }
    return FALSE;
}

static void convert_row(guint32 *pixels, guint count, guint32 format)
{
    guint shifts[4];

    if (!find_shifts(format, shifts) || shifts[0] == 0) {
        return;
    }
    for (guint i = 0; i < count; i++) {
        guint32 p = pixels[i];

        pixels[i] = (p >> shifts[0] & 0xff) | (p >> shifts[1] & 0xff) << 8 |
                    (p >> shifts[2] & 0xff) << 16 | (p >> shifts[3] & 0xff) << 24;
    }
}

gboolean gpu_rect_fits(const GpuRequest *request, guint width, guint height)
{
    guint64 x = gpu_word(request, 24), y = gpu_word(request, 28);
    guint64 w = gpu_word(request, 32), h = gpu_word(request, 36);

    return w && h && x + w <= width && y + h <= height;
}

guint32 gpu_create(VirtioGpu *gpu, const GpuRequest *request)
{
    guint32 id = gpu_word(request, 24), width = gpu_word(request, 32),
            height = gpu_word(request, 36);
    guint64 cost = RESOURCE_COSTS + (guint64)width * height * 4;
    guint shifts[4];

    if (!id || gpu_find_resource(gpu, id)) {
        return GPU_ERR_RESOURCE;
    }
    if (!width || !height || width > SURFACE_MAX_SIZE || height > SURFACE_MAX_SIZE ||
        !find_shifts(gpu_word(request, 28), shifts)) {
        return GPU_ERR_PARAMETER;
    }
    if (cost > gpu->max_memory - MIN(gpu->memory, gpu->max_memory)) {
        return GPU_ERR_OUT_OF_MEMORY;
    }
    GpuResource *resource = g_new0(GpuResource, 1);
    resource->id = id;
    resource->format = gpu_word(request, 28);
    resource->surface = surface_new(width, height);
    resource->cost = cost;
    gpu->memory += cost;
    g_hash_table_insert(gpu->resources, GUINT_TO_POINTER(id), resource);
    return GPU_OK_NODATA;
}

guint32 gpu_unref(VirtioGpu *gpu, const GpuRequest *request)
{
    GpuResource *resource = gpu_find_resource(gpu, gpu_word(request, 24));

    if (!resource) {
        return GPU_ERR_RESOURCE;
    }
    for (guint i = 0; i < gpu->max_outputs; i++) {
        if (gpu->scanouts[i].resource == resource->id) {
            gpu_show_nothing(&gpu->scanouts[i]);
        }
    }
    gpu->memory -= resource->cost;
    g_hash_table_remove(gpu->resources, GUINT_TO_POINTER(resource->id));
    return GPU_OK_NODATA;
}

guint32 gpu_attach(VirtioGpu *gpu, const GpuRequest *request)
{
    GpuResource *resource = gpu_find_resource(gpu, gpu_word(request, 24));
    guint32 count = gpu_word(request, 28);
    gsize size = (gsize)count * ENTRY_SIZE;

    if (!resource) {
        return GPU_ERR_RESOURCE;
    }
    if (resource->backing || count > MAX_ENTRIES ||
        request->chain->out_size < GPU_HEADER_SIZE + 8 + size) {
        return GPU_ERR_UNSPEC;
    }
    g_autofree guint8 *raw = g_malloc(size);
    virtio_read(&gpu->virtio, request->chain, GPU_HEADER_SIZE + 8, raw, size);
    resource->backing = g_new0(VirtioSegment, MAX(count, 1));
    resource->backing_count = count;
    for (guint i = 0; i < count; i++) {
        memcpy(&resource->backing[i].addr, raw + i * ENTRY_SIZE, 8);
        memcpy(&resource->backing[i].length, raw + i * ENTRY_SIZE + 8, 4);
        resource->backing[i].addr = GUINT64_FROM_LE(resource->backing[i].addr);
        resource->backing[i].length = GUINT32_FROM_LE(resource->backing[i].length);
    }
    resource->cost += size;
    gpu->memory += size;
    return GPU_OK_NODATA;
}

guint32 gpu_detach(VirtioGpu *gpu, const GpuRequest *request)
{
    GpuResource *resource = gpu_find_resource(gpu, gpu_word(request, 24));

    if (!resource || !resource->backing) {
        return GPU_ERR_RESOURCE;
    }
    g_clear_pointer(&resource->backing, g_free);
    resource->cost -= (guint64)resource->backing_count * ENTRY_SIZE;
    gpu->memory -= (guint64)resource->backing_count * ENTRY_SIZE;
    resource->backing_count = 0;
    return GPU_OK_NODATA;
}

/* Where in a picture's memory a copy has come to: offsets only rise. */
typedef struct Place {
    guint segment;
    guint64 start; /* offset of that segment */
} Place;

static gboolean read_backing(VirtioGpu *gpu, const GpuResource *resource, Place *place,
                             guint64 offset, guint8 *out, gsize length)
{
    while (length > 0 && place->segment < resource->backing_count) {
        const VirtioSegment *segment = &resource->backing[place->segment];
        guint64 skip = offset - place->start;
        gsize part;

        if (skip >= segment->length) {
            place->start += segment->length;
            place->segment++;
            continue;
        }
        part = MIN(length, segment->length - (gsize)skip);
        if (!virtio_memory(&gpu->virtio, segment->addr + skip, out, part, FALSE)) {
            return FALSE;
        }
        out += part;
        offset += part;
        length -= part;
    }
    return length == 0;
}

guint32 gpu_transfer(VirtioGpu *gpu, const GpuRequest *request)
{
    GpuResource *resource = gpu_find_resource(gpu, gpu_word(request, 48));
    guint64 offset = gpu_word(request, 40) | (guint64)gpu_word(request, 44) << 32;
    guint width = gpu_word(request, 32);
    Surface *surface;
    Place place = {0};

    if (!resource || !resource->backing) {
        return GPU_ERR_RESOURCE;
    }
    surface = resource->surface;
    if (!gpu_rect_fits(request, surface->width, surface->height) || offset > G_MAXUINT32) {
        return GPU_ERR_PARAMETER;
    }
    for (guint row = 0; row < gpu_word(request, 36); row++) {
        guint8 *out = surface->data + (gsize)(gpu_word(request, 28) + row) * surface->stride +
                      (gsize)gpu_word(request, 24) * 4;

        if (!read_backing(gpu, resource, &place, offset + (guint64)row * surface->width * 4, out,
                          (gsize)width * 4)) {
            device_warn_once(&gpu->virtio.pci.device, "a picture's memory is too small or no RAM");
            return GPU_ERR_UNSPEC;
        }
        convert_row((guint32 *)out, width, resource->format);
    }
    return GPU_OK_NODATA;
}

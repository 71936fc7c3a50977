/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between the parts of virtio-gpu: virtio-gpu.c has the device, its commands and its screens,
 * virtio-gpu-picture.c the pictures ("resources") that the guest makes, virtio-vga.c the card that
 * is a VGA, too. Vm lock held.
 */
#pragma once

#include <string.h>

#include "core/display.h"
#include "hw/virtio/virtio-gpu.h"

#define GPU_MAX_SCANOUTS 16

/* Answers (5.7.6.7) */
#define GPU_OK_NODATA         0x1100
#define GPU_ERR_UNSPEC        0x1200
#define GPU_ERR_OUT_OF_MEMORY 0x1201
#define GPU_ERR_SCANOUT       0x1202
#define GPU_ERR_RESOURCE      0x1203
#define GPU_ERR_PARAMETER     0x1205

#define GPU_HEADER_SIZE 24
#define GPU_REQUEST_MAX 64
#define GPU_REPLY_MAX   (GPU_HEADER_SIZE + 8 + 1024) /* an EDID */

typedef struct VirtioGpu VirtioGpu;

/* A picture is a Surface of ours, always x8r8g8b8; other formats are turned round on transfer. */
typedef struct GpuResource {
    guint32 id, format;
    Surface *surface;
    VirtioSegment *backing; /* NULL = none */
    guint32 backing_count;
    guint64 cost;
} GpuResource;

typedef struct GpuScanout {
    VirtioGpu *gpu;
    char *name;
    Display *display;
    guint32 resource; /* 0 = shows nothing */
    guint32 x, y;     /* of the picture's part that it shows */
    Surface *surface; /* that part */
    gboolean changed;
    pixman_region32_t damage;
    guint width, height; /* that the viewer would like */
    gboolean connected;
} GpuScanout;

struct VirtioGpu {
    VirtioDevice virtio;
    guint64 max_outputs, xres, yres, max_memory; /* options */
    gboolean edid;
    GpuScanout scanouts[GPU_MAX_SCANOUTS];
    GHashTable *resources; /* id to GpuResource* */
    guint64 memory;        /* what they cost */
    Deferred *work;
    /* What the first screen shows until the driver gives it a picture, and after the driver's
     * reset; NULL = nothing. */
    const DisplaySourceOps *legacy;
    void *legacy_opaque;
    gboolean legacy_shown;
};

/* A command: little-endian words, as much of it as there is; the rest is 0. */
typedef struct GpuRequest {
    guint32 words[GPU_REQUEST_MAX / 4];
    const VirtioChain *chain;
    guint8 reply[GPU_REPLY_MAX];
    guint reply_size;
} GpuRequest;

static inline guint32 gpu_word(const GpuRequest *request, guint offset)
{
    return GUINT32_FROM_LE(request->words[offset / 4]);
}

/* ---- virtio-gpu.c ---- */

#define VIRTIO_GPU_OPTIONS                                                                         \
    VIRTIO_OPTIONS("3"),                                                                           \
        {"max_outputs",   OPTION_UINT, G_STRUCT_OFFSET(VirtioGpu, max_outputs), "1", "screens", 1, \
         GPU_MAX_SCANOUTS},                                                                        \
        {"edid", OPTION_BOOL, G_STRUCT_OFFSET(VirtioGpu, edid), "on",                              \
         "tell the guest of a monitor (EDID)"},                                                    \
        {"xres", OPTION_UINT,  G_STRUCT_OFFSET(VirtioGpu, xres), "1280", "preferred width",        \
         1,      EDID_MAX_SIZE},                                                                   \
        {"yres", OPTION_UINT,  G_STRUCT_OFFSET(VirtioGpu, yres), "800", "preferred height",        \
         1,      EDID_MAX_SIZE},                                                                   \
    {                                                                                              \
        "max_hostmem", OPTION_SIZE, G_STRUCT_OFFSET(VirtioGpu, max_memory), "256M",                \
            "most memory that pictures take", 1 << 20, 1ULL << 34                                  \
    }

/* The rows of VirtioOps that both cards have. */
#define VIRTIO_GPU_ROWS                                                                    \
    .queues = 2, .queue_size = 64, .config_size = 16, .config_writable = 4,                \
    .config_writable_size = 4, .config_written = gpu_config_written, .notify = gpu_notify, \
    .started = gpu_started

gboolean gpu_realize(Device *dev, GError **error);
void gpu_unrealize(Device *dev);
void gpu_config_written(VirtioDevice *virtio);
void gpu_notify(VirtioDevice *virtio, guint queue);
void gpu_started(VirtioDevice *virtio, gboolean on);
/* After the state was loaded: pictures are not in it. */
gboolean gpu_loaded(void *object, GError **error);
void gpu_show_nothing(GpuScanout *scanout);

/* ---- virtio-gpu-picture.c: commands return an answer ---- */

void gpu_resource_free(void *resource);
GpuResource *gpu_find_resource(VirtioGpu *gpu, guint32 id);
/* The rectangle of the request, at offset 24, is not empty and within this size. */
gboolean gpu_rect_fits(const GpuRequest *request, guint width, guint height);
guint32 gpu_create(VirtioGpu *gpu, const GpuRequest *request);
guint32 gpu_unref(VirtioGpu *gpu, const GpuRequest *request);
guint32 gpu_attach(VirtioGpu *gpu, const GpuRequest *request);
guint32 gpu_detach(VirtioGpu *gpu, const GpuRequest *request);
guint32 gpu_transfer(VirtioGpu *gpu, const GpuRequest *request);

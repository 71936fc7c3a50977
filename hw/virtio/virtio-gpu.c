/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-gpu-pci in two dimensions (Virtual I/O Device 1.2, 5.7): pictures that the guest puts on
 * screens, and a cursor for each screen.
 */
#include "hw/virtio/virtio-gpu.h"

#include "core/error.h"
#include "hw/display/edid.h"
#include "hw/virtio/virtio-gpu-priv.h"

#define F_EDID (1ULL << 1)

enum { CONTROL, CURSOR, QUEUES };

/* Configuration (5.7.4) */
#define EVENTS_READ   0
#define EVENTS_CLEAR  4
#define NUM_SCANOUTS  8
#define CONFIG_SIZE   16
#define EVENT_DISPLAY 1

/* Commands and answers (5.7.6.7) */
#define CMD_GET_DISPLAY_INFO   0x100
#define CMD_RESOURCE_CREATE_2D 0x101
#define CMD_RESOURCE_UNREF     0x102
#define CMD_SET_SCANOUT        0x103
#define CMD_RESOURCE_FLUSH     0x104
#define CMD_TRANSFER_TO_HOST   0x105
#define CMD_ATTACH_BACKING     0x106
#define CMD_DETACH_BACKING     0x107
#define CMD_GET_EDID           0x10a
#define CMD_UPDATE_CURSOR      0x300
#define CMD_MOVE_CURSOR        0x301
#define OK_DISPLAY_INFO        0x1101
#define OK_EDID                0x1104
#define FLAG_FENCE             1

#define INFO_SIZE   24
#define CURSOR_SIZE 64

static void gpu_put_word(guint8 *out, guint32 value)
{
    value = GUINT32_TO_LE(value);
    memcpy(out, &value, 4);
}

/* ---- screens ---- */

void gpu_show_nothing(GpuScanout *scanout)
{
    scanout->resource = 0;
    surface_unref(scanout->surface);
    scanout->surface = surface_new(640, 480);
    scanout->changed = TRUE;
    display_wake(scanout->display);
}

static void release_part(Surface *surface, void *opaque)
{
    surface_unref(opaque);
}

static guint32 set_scanout(VirtioGpu *gpu, const GpuRequest *request)
{
    guint32 n = gpu_word(request, 40), id = gpu_word(request, 44);
    GpuResource *resource = gpu_find_resource(gpu, id);
    GpuScanout *scanout = &gpu->scanouts[n % GPU_MAX_SCANOUTS];
    Surface *whole;

    if (n >= gpu->max_outputs) {
        return GPU_ERR_SCANOUT;
    }
    if (!id) {
        gpu_show_nothing(scanout);
        return GPU_OK_NODATA;
    }
    if (!resource) {
        return GPU_ERR_RESOURCE;
    }
    whole = resource->surface;
    if (!gpu_rect_fits(request, whole->width, whole->height)) {
        return GPU_ERR_PARAMETER;
    }
    surface_unref(scanout->surface);
    if (n == 0) {
        gpu->legacy_shown = FALSE;
    }
    scanout->resource = id;
    scanout->x = gpu_word(request, 24);
    scanout->y = gpu_word(request, 28);
    scanout->surface = surface_new_for_data(
        gpu_word(request, 32), gpu_word(request, 36), whole->stride,
        whole->data + (gsize)scanout->y * whole->stride + (gsize)scanout->x * 4, release_part,
        surface_ref(whole));
    scanout->changed = TRUE;
    display_wake(scanout->display);
    return GPU_OK_NODATA;
}

static guint32 flush(VirtioGpu *gpu, const GpuRequest *request)
{
    GpuResource *resource = gpu_find_resource(gpu, gpu_word(request, 40));

    if (!resource) {
        return GPU_ERR_RESOURCE;
    }
    if (!gpu_rect_fits(request, resource->surface->width, resource->surface->height)) {
        return GPU_ERR_PARAMETER;
    }
    for (guint i = 0; i < gpu->max_outputs; i++) {
        GpuScanout *scanout = &gpu->scanouts[i];

        if (scanout->resource == resource->id) {
            pixman_region32_union_rect(&scanout->damage, &scanout->damage,
                                       (int)gpu_word(request, 24) - (int)scanout->x,
                                       (int)gpu_word(request, 28) - (int)scanout->y,
                                       gpu_word(request, 32), gpu_word(request, 36));
            display_wake(scanout->display);
        }
    }
    return GPU_OK_NODATA;
}

static guint32 display_info(VirtioGpu *gpu, GpuRequest *request)
{
    request->reply_size = GPU_HEADER_SIZE + GPU_MAX_SCANOUTS * INFO_SIZE;
    for (guint i = 0; i < gpu->max_outputs; i++) {
        guint8 *out = request->reply + GPU_HEADER_SIZE + i * INFO_SIZE;

        gpu_put_word(out + 8, gpu->scanouts[i].width);
        gpu_put_word(out + 12, gpu->scanouts[i].height);
        gpu_put_word(out + 16, gpu->scanouts[i].connected);
    }
    return OK_DISPLAY_INFO;
}

static guint32 get_edid(VirtioGpu *gpu, GpuRequest *request)
{
    guint32 n = gpu_word(request, 24);

    if (n >= gpu->max_outputs || !virtio_has(&gpu->virtio, F_EDID)) {
        return GPU_ERR_PARAMETER;
    }
    EdidInfo info = {.width = MIN(gpu->scanouts[n].width, EDID_MAX_SIZE),
                     .height = MIN(gpu->scanouts[n].height, EDID_MAX_SIZE)};
    gpu_put_word(request->reply + GPU_HEADER_SIZE, EDID_SIZE);
    edid_fill(&info, request->reply + GPU_HEADER_SIZE + 8);
    request->reply_size = GPU_REPLY_MAX;
    return OK_EDID;
}

static guint32 cursor_command(VirtioGpu *gpu, const GpuRequest *request, gboolean update)
{
    guint32 n = gpu_word(request, 24), id = gpu_word(request, 40);
    GpuResource *resource = gpu_find_resource(gpu, id);

    if (n >= gpu->max_outputs) {
        return GPU_ERR_SCANOUT;
    }
    if (update && id) {
        if (!resource || resource->surface->width != CURSOR_SIZE ||
            resource->surface->height != CURSOR_SIZE) {
            return GPU_ERR_RESOURCE;
        }
        Cursor *cursor =
            cursor_new(CURSOR_SIZE, CURSOR_SIZE, (gint)MIN(gpu_word(request, 44), CURSOR_SIZE - 1),
                       (gint)MIN(gpu_word(request, 48), CURSOR_SIZE - 1));
        for (guint y = 0; y < CURSOR_SIZE; y++) {
            memcpy(&cursor->pixels[y * CURSOR_SIZE],
                   resource->surface->data + y * resource->surface->stride, CURSOR_SIZE * 4);
        }
        display_set_cursor(gpu->scanouts[n].display, cursor);
        cursor_unref(cursor);
    } else if (update) {
        display_set_cursor(gpu->scanouts[n].display, NULL);
    }
    display_warp(gpu->scanouts[n].display, (gint)MIN(gpu_word(request, 28), SURFACE_MAX_SIZE),
                 (gint)MIN(gpu_word(request, 32), SURFACE_MAX_SIZE), !update || id);
    return GPU_OK_NODATA;
}

/* ---- commands ---- */

static guint32 carry_out(VirtioGpu *gpu, GpuRequest *request)
{
    switch (gpu_word(request, 0)) {
    case CMD_GET_DISPLAY_INFO: return display_info(gpu, request);
    case CMD_RESOURCE_CREATE_2D: return gpu_create(gpu, request);
    case CMD_RESOURCE_UNREF: return gpu_unref(gpu, request);
    case CMD_SET_SCANOUT: return set_scanout(gpu, request);
    case CMD_RESOURCE_FLUSH: return flush(gpu, request);
    case CMD_TRANSFER_TO_HOST: return gpu_transfer(gpu, request);
    case CMD_ATTACH_BACKING: return gpu_attach(gpu, request);
    case CMD_DETACH_BACKING: return gpu_detach(gpu, request);
    case CMD_GET_EDID: return get_edid(gpu, request);
    case CMD_UPDATE_CURSOR: return cursor_command(gpu, request, TRUE);
    case CMD_MOVE_CURSOR: return cursor_command(gpu, request, FALSE);
    default: return GPU_ERR_UNSPEC;
    }
}

/* One command of a queue; TRUE if there may be more. */
static gboolean serve(VirtioGpu *gpu, guint queue)
{
    VirtioDevice *virtio = &gpu->virtio;
    VirtioChain *chain = virtio_peek(virtio, queue);
    GpuRequest request = {.chain = chain, .reply_size = GPU_HEADER_SIZE};

    if (!chain) {
        return FALSE;
    }
    if (virtio_read(virtio, chain, 0, request.words, sizeof request.words) < GPU_HEADER_SIZE) {
        virtio_break(virtio, "a command is too short");
        return FALSE;
    }
    gpu_put_word(request.reply, carry_out(gpu, &request));
    if (gpu_word(&request, 4) & FLAG_FENCE) {
        memcpy(request.reply + 4, &request.words[1], GPU_HEADER_SIZE - 4);
        gpu_put_word(request.reply + 4, FLAG_FENCE);
    }
    gsize written = virtio_write(virtio, chain, 0, request.reply, request.reply_size);
    virtio_push(virtio, queue, chain, (guint32)written);
    virtio_signal(virtio, queue);
    return !virtio->broken;
}

/* Copying pictures takes time: others have the lock between two commands. */
static void do_work(void *opaque)
{
    VirtioGpu *gpu = opaque;
    gboolean more = serve(gpu, CONTROL);

    more |= serve(gpu, CURSOR);
    if (more) {
        deferred_schedule(gpu->work);
    }
}

void gpu_notify(VirtioDevice *virtio, guint queue)
{
    deferred_schedule(((VirtioGpu *)virtio)->work);
}

static void drop_all(VirtioGpu *gpu)
{
    deferred_cancel(gpu->work);
    for (guint i = 0; i < gpu->max_outputs; i++) {
        display_set_cursor(gpu->scanouts[i].display, NULL);
        gpu_show_nothing(&gpu->scanouts[i]);
    }
    g_hash_table_remove_all(gpu->resources);
    gpu->memory = 0;
    if (gpu->legacy) {
        gpu->legacy_shown = TRUE;
        gpu->legacy->invalidate(gpu->legacy_opaque);
    }
}

void gpu_started(VirtioDevice *virtio, gboolean on)
{
    if (!on) {
        drop_all((VirtioGpu *)virtio);
    }
}

/* Bits that the driver has seen it clears. */
void gpu_config_written(VirtioDevice *virtio)
{
    for (guint i = 0; i < 4; i++) {
        virtio->config[EVENTS_READ + i] &= (guint8)~virtio->config[EVENTS_CLEAR + i];
        virtio->config[EVENTS_CLEAR + i] = 0;
    }
}

/* ---- the display ---- */

static gboolean shows_legacy(const GpuScanout *scanout)
{
    return scanout->gpu->legacy_shown && scanout == &scanout->gpu->scanouts[0];
}

static gint64 scan(void *opaque)
{
    GpuScanout *scanout = opaque;
    VirtioGpu *gpu = scanout->gpu;
    int count;
    pixman_box32_t *boxes;

    if (shows_legacy(scanout)) {
        return gpu->legacy->scan(gpu->legacy_opaque);
    }
    if (scanout->changed) {
        scanout->changed = FALSE;
        display_set_surface(scanout->display, scanout->surface);
    } else {
        boxes = pixman_region32_rectangles(&scanout->damage, &count);
        for (int i = 0; i < count; i++) {
            display_damage(scanout->display, boxes[i].x1, boxes[i].y1, boxes[i].x2 - boxes[i].x1,
                           boxes[i].y2 - boxes[i].y1);
        }
    }
    pixman_region32_fini(&scanout->damage);
    pixman_region32_init(&scanout->damage);
    return -1;
}

static void invalidate(void *opaque)
{
    GpuScanout *scanout = opaque;

    scanout->changed = TRUE;
    if (shows_legacy(scanout)) {
        scanout->gpu->legacy->invalidate(scanout->gpu->legacy_opaque);
    }
}

/* A flush wakes the display. */
static gboolean watch(void *opaque)
{
    GpuScanout *scanout = opaque;
    return !shows_legacy(scanout) || scanout->gpu->legacy->watch(scanout->gpu->legacy_opaque);
}

static gboolean text(void *opaque, TextScreen *screen)
{
    GpuScanout *scanout = opaque;
    return shows_legacy(scanout) && scanout->gpu->legacy->text(scanout->gpu->legacy_opaque, screen);
}

static void hint_size(void *opaque, guint width, guint height)
{
    GpuScanout *scanout = opaque;
    VirtioDevice *virtio = &scanout->gpu->virtio;

    if (!width || !height || (scanout->width == width && scanout->height == height)) {
        return;
    }
    scanout->width = MIN(width, SURFACE_MAX_SIZE);
    scanout->height = MIN(height, SURFACE_MAX_SIZE);
    scanout->connected = TRUE;
    virtio->config[EVENTS_READ] |= EVENT_DISPLAY;
    virtio_config_changed(virtio);
}

static const DisplaySourceOps source_ops = {
    .scan = scan, .invalidate = invalidate, .watch = watch, .hint_size = hint_size, .text = text};

/* ---- lifecycle ---- */

static void add_scanout(VirtioGpu *gpu, guint n)
{
    Device *dev = &gpu->virtio.pci.device;
    GpuScanout *scanout = &gpu->scanouts[n];
    const char *name = dev->id ? dev->id : dev->ops->name;

    scanout->gpu = gpu;
    scanout->name = n ? g_strdup_printf("%s.%u", name, n) : g_strdup(name);
    scanout->width = (guint)gpu->xres;
    scanout->height = (guint)gpu->yres;
    scanout->connected = n == 0; /* the others once a window is there */
    scanout->surface = surface_new(640, 480);
    scanout->changed = TRUE;
    pixman_region32_init(&scanout->damage);
    scanout->display = display_new(dev->machine, scanout->name, &source_ops, scanout);
}

gboolean gpu_realize(Device *dev, GError **error)
{
    VirtioGpu *gpu = (VirtioGpu *)dev;

    if (!virtio_init(&gpu->virtio, error)) {
        return FALSE;
    }
    gpu->virtio.offered |= gpu->edid ? F_EDID : 0;
    gpu->resources = g_hash_table_new_full(NULL, NULL, NULL, gpu_resource_free);
    gpu->work = deferred_new(dev->machine->loop, do_work, gpu);
    gpu_put_word(gpu->virtio.config + NUM_SCANOUTS, (guint32)gpu->max_outputs);
    for (guint i = 0; i < gpu->max_outputs; i++) {
        add_scanout(gpu, i);
    }
    return TRUE;
}

void gpu_unrealize(Device *dev)
{
    VirtioGpu *gpu = (VirtioGpu *)dev;

    deferred_free(gpu->work);
    for (guint i = 0; i < gpu->max_outputs; i++) {
        GpuScanout *scanout = &gpu->scanouts[i];

        display_free(scanout->display);
        surface_unref(scanout->surface);
        pixman_region32_fini(&scanout->damage);
        g_free(scanout->name);
    }
    g_hash_table_unref(gpu->resources);
    virtio_finish(&gpu->virtio);
}

static const OptionSpec options[] = {VIRTIO_GPU_OPTIONS, OPTION_END};

/* Pictures are not in it. */
gboolean gpu_loaded(void *object, GError **error)
{
    VirtioGpu *gpu = object;

    drop_all(gpu);
    return virtio_is_live(&gpu->virtio) ? error_set(error, "a virtio-gpu-pci that is in use cannot "
                                                           "be loaded from saved state")
                                        : TRUE;
}

static const StateField state_fields[] = {VIRTIO_STATE, STATE_END};
static const StateTable gpu_state = {1, state_fields, gpu_loaded};

const VirtioOps virtio_gpu_ops = {
    .pci =
        {
            .device =
                {
                    .name = "virtio-gpu-pci",
                    .summary = "virtio display in two dimensions, without VGA",
                    .category = "Display",
                    .bus = BUS_PCI,
                    .size = sizeof(VirtioGpu),
                    .options = options,
                    .state = &gpu_state,
                    .realize = gpu_realize,
                    .unrealize = gpu_unrealize,
                    .reset = virtio_reset,
                },
            VIRTIO_PCI(VIRTIO_ID_GPU, 0x038000),
        },
    VIRTIO_GPU_ROWS,
};

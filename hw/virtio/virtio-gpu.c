/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-gpu-pci in two dimensions (Virtual I/O Device 1.2, 5.7): pictures that the guest makes,
 * fills from its memory and puts on screens, and a cursor for each screen.
 *
 * A picture is a Surface of ours, always x8r8g8b8; other formats are turned round on transfer.
 */
#include "hw/virtio/virtio-gpu.h"

#include <string.h>

#include "core/display.h"
#include "core/error.h"
#include "hw/display/edid.h"

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
#define OK_NODATA              0x1100
#define OK_DISPLAY_INFO        0x1101
#define OK_EDID                0x1104
#define ERR_UNSPEC             0x1200
#define ERR_OUT_OF_MEMORY      0x1201
#define ERR_SCANOUT            0x1202
#define ERR_RESOURCE           0x1203
#define ERR_PARAMETER          0x1205
#define FLAG_FENCE             1

#define HEADER_SIZE    24
#define MAX_SCANOUTS   16
#define INFO_SIZE      24
#define EDID_REPLY     (8 + 1024)
#define REPLY_MAX      (HEADER_SIZE + EDID_REPLY)
#define REQUEST_MAX    64
#define MAX_ENTRIES    16384
#define ENTRY_SIZE     16
#define CURSOR_SIZE    64
#define RESOURCE_COSTS 4096 /* what one counts for beside its pixels */

typedef struct VirtioGpu VirtioGpu;

typedef struct Resource {
    guint32 id, format;
    Surface *surface;
    VirtioSegment *backing; /* NULL = none */
    guint32 backing_count;
    guint64 cost;
} Resource;

typedef struct Scanout {
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
} Scanout;

struct VirtioGpu {
    VirtioDevice virtio;
    guint64 max_outputs, xres, yres, max_memory; /* options */
    gboolean edid;
    Scanout scanouts[MAX_SCANOUTS];
    GHashTable *resources; /* id to Resource* */
    guint64 memory;        /* what they cost */
    Deferred *work;
};

/* A command: little-endian words, as much of it as there is; the rest is 0. */
typedef struct Request {
    guint32 words[REQUEST_MAX / 4];
    const VirtioChain *chain;
    guint8 reply[REPLY_MAX];
    guint reply_size;
} Request;

static guint32 word(const Request *request, guint offset)
{
    return GUINT32_FROM_LE(request->words[offset / 4]);
}

static void put_word(guint8 *out, guint32 value)
{
    value = GUINT32_TO_LE(value);
    memcpy(out, &value, 4);
}

/* ---- pictures ---- */

static Resource *find_resource(VirtioGpu *gpu, guint32 id)
{
    return g_hash_table_lookup(gpu->resources, GUINT_TO_POINTER(id));
}

static void resource_free(void *data)
{
    Resource *resource = data;

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

static gboolean rect_fits(const Request *request, guint width, guint height)
{
    guint64 x = word(request, 24), y = word(request, 28);
    guint64 w = word(request, 32), h = word(request, 36);

    return w && h && x + w <= width && y + h <= height;
}

static guint32 create_2d(VirtioGpu *gpu, const Request *request)
{
    guint32 id = word(request, 24), width = word(request, 32), height = word(request, 36);
    guint64 cost = RESOURCE_COSTS + (guint64)width * height * 4;
    guint shifts[4];

    if (!id || find_resource(gpu, id)) {
        return ERR_RESOURCE;
    }
    if (!width || !height || width > SURFACE_MAX_SIZE || height > SURFACE_MAX_SIZE ||
        !find_shifts(word(request, 28), shifts)) {
        return ERR_PARAMETER;
    }
    if (cost > gpu->max_memory - MIN(gpu->memory, gpu->max_memory)) {
        return ERR_OUT_OF_MEMORY;
    }
    Resource *resource = g_new0(Resource, 1);
    resource->id = id;
    resource->format = word(request, 28);
    resource->surface = surface_new(width, height);
    resource->cost = cost;
    gpu->memory += cost;
    g_hash_table_insert(gpu->resources, GUINT_TO_POINTER(id), resource);
    return OK_NODATA;
}

static void show_nothing(Scanout *scanout)
{
    scanout->resource = 0;
    surface_unref(scanout->surface);
    scanout->surface = surface_new(640, 480);
    scanout->changed = TRUE;
    display_wake(scanout->display);
}

static guint32 unref(VirtioGpu *gpu, const Request *request)
{
    Resource *resource = find_resource(gpu, word(request, 24));

    if (!resource) {
        return ERR_RESOURCE;
    }
    for (guint i = 0; i < gpu->max_outputs; i++) {
        if (gpu->scanouts[i].resource == resource->id) {
            show_nothing(&gpu->scanouts[i]);
        }
    }
    gpu->memory -= resource->cost;
    g_hash_table_remove(gpu->resources, GUINT_TO_POINTER(resource->id));
    return OK_NODATA;
}

static guint32 attach_backing(VirtioGpu *gpu, const Request *request)
{
    Resource *resource = find_resource(gpu, word(request, 24));
    guint32 count = word(request, 28);
    gsize size = (gsize)count * ENTRY_SIZE;

    if (!resource) {
        return ERR_RESOURCE;
    }
    if (resource->backing || count > MAX_ENTRIES ||
        request->chain->out_size < HEADER_SIZE + 8 + size) {
        return ERR_UNSPEC;
    }
    g_autofree guint8 *raw = g_malloc(size);
    virtio_read(&gpu->virtio, request->chain, HEADER_SIZE + 8, raw, size);
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
    return OK_NODATA;
}

static guint32 detach_backing(VirtioGpu *gpu, const Request *request)
{
    Resource *resource = find_resource(gpu, word(request, 24));

    if (!resource || !resource->backing) {
        return ERR_RESOURCE;
    }
    g_clear_pointer(&resource->backing, g_free);
    resource->cost -= (guint64)resource->backing_count * ENTRY_SIZE;
    gpu->memory -= (guint64)resource->backing_count * ENTRY_SIZE;
    resource->backing_count = 0;
    return OK_NODATA;
}

/* Where in a picture's memory a copy has come to: offsets only rise. */
typedef struct Place {
    guint segment;
    guint64 start; /* offset of that segment */
} Place;

static gboolean read_backing(VirtioGpu *gpu, const Resource *resource, Place *place, guint64 offset,
                             guint8 *out, gsize length)
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

static guint32 transfer(VirtioGpu *gpu, const Request *request)
{
    Resource *resource = find_resource(gpu, word(request, 48));
    guint64 offset = word(request, 40) | (guint64)word(request, 44) << 32;
    guint width = word(request, 32);
    Surface *surface;
    Place place = {0};

    if (!resource || !resource->backing) {
        return ERR_RESOURCE;
    }
    surface = resource->surface;
    if (!rect_fits(request, surface->width, surface->height) || offset > G_MAXUINT32) {
        return ERR_PARAMETER;
    }
    for (guint row = 0; row < word(request, 36); row++) {
        guint8 *out = surface->data + (gsize)(word(request, 28) + row) * surface->stride +
                      (gsize)word(request, 24) * 4;

        if (!read_backing(gpu, resource, &place, offset + (guint64)row * surface->width * 4, out,
                          (gsize)width * 4)) {
            device_warn_once(&gpu->virtio.pci.device, "a picture's memory is too small or no RAM");
            return ERR_UNSPEC;
        }
        convert_row((guint32 *)out, width, resource->format);
    }
    return OK_NODATA;
}

/* ---- screens ---- */

static void release_part(Surface *surface, void *opaque)
{
    surface_unref(opaque);
}

static guint32 set_scanout(VirtioGpu *gpu, const Request *request)
{
    guint32 n = word(request, 40), id = word(request, 44);
    Resource *resource = find_resource(gpu, id);
    Scanout *scanout = &gpu->scanouts[n % MAX_SCANOUTS];
    Surface *whole;

    if (n >= gpu->max_outputs) {
        return ERR_SCANOUT;
    }
    if (!id) {
        show_nothing(scanout);
        return OK_NODATA;
    }
    if (!resource) {
        return ERR_RESOURCE;
    }
    whole = resource->surface;
    if (!rect_fits(request, whole->width, whole->height)) {
        return ERR_PARAMETER;
    }
    surface_unref(scanout->surface);
    scanout->resource = id;
    scanout->x = word(request, 24);
    scanout->y = word(request, 28);
    scanout->surface = surface_new_for_data(word(request, 32), word(request, 36), whole->stride,
                                            whole->data + (gsize)scanout->y * whole->stride +
                                                (gsize)scanout->x * 4,
                                            release_part, surface_ref(whole));
    scanout->changed = TRUE;
    display_wake(scanout->display);
    return OK_NODATA;
}

static guint32 flush(VirtioGpu *gpu, const Request *request)
{
    Resource *resource = find_resource(gpu, word(request, 40));

    if (!resource) {
        return ERR_RESOURCE;
    }
    if (!rect_fits(request, resource->surface->width, resource->surface->height)) {
        return ERR_PARAMETER;
    }
    for (guint i = 0; i < gpu->max_outputs; i++) {
        Scanout *scanout = &gpu->scanouts[i];

        if (scanout->resource == resource->id) {
            pixman_region32_union_rect(
                &scanout->damage, &scanout->damage, (int)word(request, 24) - (int)scanout->x,
                (int)word(request, 28) - (int)scanout->y, word(request, 32), word(request, 36));
            display_wake(scanout->display);
        }
    }
    return OK_NODATA;
}

static guint32 display_info(VirtioGpu *gpu, Request *request)
{
    request->reply_size = HEADER_SIZE + MAX_SCANOUTS * INFO_SIZE;
    for (guint i = 0; i < gpu->max_outputs; i++) {
        guint8 *out = request->reply + HEADER_SIZE + i * INFO_SIZE;

        put_word(out + 8, gpu->scanouts[i].width);
        put_word(out + 12, gpu->scanouts[i].height);
        put_word(out + 16, gpu->scanouts[i].connected);
    }
    return OK_DISPLAY_INFO;
}

static guint32 get_edid(VirtioGpu *gpu, Request *request)
{
    guint32 n = word(request, 24);

    if (n >= gpu->max_outputs || !virtio_has(&gpu->virtio, F_EDID)) {
        return ERR_PARAMETER;
    }
    EdidInfo info = {.width = MIN(gpu->scanouts[n].width, EDID_MAX_SIZE),
                     .height = MIN(gpu->scanouts[n].height, EDID_MAX_SIZE)};
    put_word(request->reply + HEADER_SIZE, EDID_SIZE);
    edid_fill(&info, request->reply + HEADER_SIZE + 8);
    request->reply_size = REPLY_MAX;
    return OK_EDID;
}

static guint32 cursor_command(VirtioGpu *gpu, const Request *request, gboolean update)
{
    guint32 n = word(request, 24), id = word(request, 40);
    Resource *resource = find_resource(gpu, id);

    if (n >= gpu->max_outputs) {
        return ERR_SCANOUT;
    }
    if (update && id) {
        if (!resource || resource->surface->width != CURSOR_SIZE ||
            resource->surface->height != CURSOR_SIZE) {
            return ERR_RESOURCE;
        }
        Cursor *cursor =
            cursor_new(CURSOR_SIZE, CURSOR_SIZE, (gint)MIN(word(request, 44), CURSOR_SIZE - 1),
                       (gint)MIN(word(request, 48), CURSOR_SIZE - 1));
        for (guint y = 0; y < CURSOR_SIZE; y++) {
            memcpy(&cursor->pixels[y * CURSOR_SIZE],
                   resource->surface->data + y * resource->surface->stride, CURSOR_SIZE * 4);
        }
        display_set_cursor(gpu->scanouts[n].display, cursor);
        cursor_unref(cursor);
    } else if (update) {
        display_set_cursor(gpu->scanouts[n].display, NULL);
    }
    display_warp(gpu->scanouts[n].display, (gint)MIN(word(request, 28), SURFACE_MAX_SIZE),
                 (gint)MIN(word(request, 32), SURFACE_MAX_SIZE), !update || id);
    return OK_NODATA;
}

/* ---- commands ---- */

static guint32 carry_out(VirtioGpu *gpu, Request *request)
{
    switch (word(request, 0)) {
    case CMD_GET_DISPLAY_INFO: return display_info(gpu, request);
    case CMD_RESOURCE_CREATE_2D: return create_2d(gpu, request);
    case CMD_RESOURCE_UNREF: return unref(gpu, request);
    case CMD_SET_SCANOUT: return set_scanout(gpu, request);
    case CMD_RESOURCE_FLUSH: return flush(gpu, request);
    case CMD_TRANSFER_TO_HOST: return transfer(gpu, request);
    case CMD_ATTACH_BACKING: return attach_backing(gpu, request);
    case CMD_DETACH_BACKING: return detach_backing(gpu, request);
    case CMD_GET_EDID: return get_edid(gpu, request);
    case CMD_UPDATE_CURSOR: return cursor_command(gpu, request, TRUE);
    case CMD_MOVE_CURSOR: return cursor_command(gpu, request, FALSE);
    default: return ERR_UNSPEC;
    }
}

/* One command of a queue; TRUE if there may be more. */
static gboolean serve(VirtioGpu *gpu, guint queue)
{
    VirtioDevice *virtio = &gpu->virtio;
    VirtioChain *chain = virtio_peek(virtio, queue);
    Request request = {.chain = chain, .reply_size = HEADER_SIZE};

    if (!chain) {
        return FALSE;
    }
    if (virtio_read(virtio, chain, 0, request.words, sizeof request.words) < HEADER_SIZE) {
        virtio_break(virtio, "a command is too short");
        return FALSE;
    }
    put_word(request.reply, carry_out(gpu, &request));
    if (word(&request, 4) & FLAG_FENCE) {
        memcpy(request.reply + 4, &request.words[1], HEADER_SIZE - 4);
        put_word(request.reply + 4, FLAG_FENCE);
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

static void notify(VirtioDevice *virtio, guint queue)
{
    deferred_schedule(((VirtioGpu *)virtio)->work);
}

static void drop_all(VirtioGpu *gpu)
{
    deferred_cancel(gpu->work);
    for (guint i = 0; i < gpu->max_outputs; i++) {
        display_set_cursor(gpu->scanouts[i].display, NULL);
        show_nothing(&gpu->scanouts[i]);
    }
    g_hash_table_remove_all(gpu->resources);
    gpu->memory = 0;
}

static void started(VirtioDevice *virtio, gboolean on)
{
    if (!on) {
        drop_all((VirtioGpu *)virtio);
    }
}

/* Bits that the driver has seen it clears. */
static void config_written(VirtioDevice *virtio)
{
    for (guint i = 0; i < 4; i++) {
        virtio->config[EVENTS_READ + i] &= (guint8)~virtio->config[EVENTS_CLEAR + i];
        virtio->config[EVENTS_CLEAR + i] = 0;
    }
}

/* ---- the display ---- */

static gint64 scan(void *opaque)
{
    Scanout *scanout = opaque;
    int count;
    pixman_box32_t *boxes;

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
    ((Scanout *)opaque)->changed = TRUE;
}

/* A flush wakes the display. */
static gboolean watch(void *opaque)
{
    return TRUE;
}

static void hint_size(void *opaque, guint width, guint height)
{
    Scanout *scanout = opaque;
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
    .scan = scan, .invalidate = invalidate, .watch = watch, .hint_size = hint_size};

/* ---- lifecycle ---- */

static void add_scanout(VirtioGpu *gpu, guint n)
{
    Device *dev = &gpu->virtio.pci.device;
    Scanout *scanout = &gpu->scanouts[n];
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

static gboolean realize(Device *dev, GError **error)
{
    VirtioGpu *gpu = (VirtioGpu *)dev;

    if (!virtio_init(&gpu->virtio, error)) {
        return FALSE;
    }
    gpu->virtio.offered |= gpu->edid ? F_EDID : 0;
    gpu->resources = g_hash_table_new_full(NULL, NULL, NULL, resource_free);
    gpu->work = deferred_new(dev->machine->loop, do_work, gpu);
    put_word(gpu->virtio.config + NUM_SCANOUTS, (guint32)gpu->max_outputs);
    for (guint i = 0; i < gpu->max_outputs; i++) {
        add_scanout(gpu, i);
    }
    return TRUE;
}

static void unrealize(Device *dev)
{
    VirtioGpu *gpu = (VirtioGpu *)dev;

    deferred_free(gpu->work);
    for (guint i = 0; i < gpu->max_outputs; i++) {
        Scanout *scanout = &gpu->scanouts[i];

        display_free(scanout->display);
        surface_unref(scanout->surface);
        pixman_region32_fini(&scanout->damage);
        g_free(scanout->name);
    }
    g_hash_table_unref(gpu->resources);
    virtio_finish(&gpu->virtio);
}

#define FIELD(name) G_STRUCT_OFFSET(VirtioGpu, name)

static const OptionSpec options[] = {
    VIRTIO_OPTIONS("3"),
    {"max_outputs", OPTION_UINT, FIELD(max_outputs), "1", "screens", 1, MAX_SCANOUTS},
    {"edid", OPTION_BOOL, FIELD(edid), "on", "tell the guest of a monitor (EDID)"},
    {"xres", OPTION_UINT, FIELD(xres), "1280", "preferred width", 1, EDID_MAX_SIZE},
    {"yres", OPTION_UINT, FIELD(yres), "800", "preferred height", 1, EDID_MAX_SIZE},
    {"max_hostmem", OPTION_SIZE, FIELD(max_memory), "256M", "most memory that pictures take",
     1 << 20, 1ULL << 34},
    OPTION_END,
};

/* Pictures are not in it. */
static gboolean state_loaded(void *object, GError **error)
{
    VirtioGpu *gpu = object;

    drop_all(gpu);
    return virtio_is_live(&gpu->virtio) ? error_set(error, "a virtio-gpu-pci that is in use cannot "
                                                           "be loaded from saved state")
                                        : TRUE;
}

static const StateField state_fields[] = {VIRTIO_STATE, STATE_END};
static const StateTable gpu_state = {1, state_fields, state_loaded};

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
                    .realize = realize,
                    .unrealize = unrealize,
                    .reset = virtio_reset,
                },
            VIRTIO_PCI(VIRTIO_ID_GPU, 0x038000),
        },
    .queues = QUEUES,
    .queue_size = 64,
    .config_size = CONFIG_SIZE,
    .config_writable = EVENTS_CLEAR,
    .config_writable_size = 4,
    .config_written = config_written,
    .notify = notify,
    .started = started,
};

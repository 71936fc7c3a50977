/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The display worker's side of a head: what is damaged becomes QXL drawing commands, which carry a
 * copy of the pixels. Commands in flight are bounded: while a slow viewer keeps them, damage is
 * collected, and the viewer then gets what the picture is by that time.
 *
 * Pointers are given as QXL physical addresses: the one memory slot is the whole address space.
 */
#include <string.h>

#include "ui/spice/head-priv.h"

/* Commands in flight at most, and frames' worth of pixels. spice-server itself holds on to what is
 * visible, so there must be more than one frame. */
#define MAX_COMMANDS 256
#define MAX_FRAMES   3
#define SPARE_BYTES  (1024 * 1024)

/* From so many rectangles on their bounding box is sent. */
#define MAX_RECTANGLES 16

/* Cursors are small; this bounds what a strange guest can have us send. */
#define MAX_CURSOR 512

#define BYTES_PER_PIXEL 4

typedef struct DrawCommand {
    QXLDrawable drawable; /* first: release_info tells us whose it is */
    QXLImage image;
    gsize bytes;
    guint8 pixels[];
} DrawCommand;

typedef struct CursorCommand {
    QXLCursorCmd command; /* first */
    QXLCursor cursor;     /* followed by its pixels */
} CursorCommand;

#define ADDRESS(pointer) ((QXLPHYSICAL)(guintptr)(pointer))

/* What release_info.id says. */
#define RELEASE_DRAW   1
#define RELEASE_CURSOR 2

static SpiceHead *head_of(QXLInstance *instance)
{
    return (SpiceHead *)((char *)instance - offsetof(SpiceHead, qxl));
}

/* ---- pictures ---- */

/* Takes the next rectangle that is to be sent, and room for its pixels; mutex held. */
static gboolean take_rectangle(SpiceHead *head, pixman_box32_t *box)
{
    gsize frame = (gsize)head->surface->width * head->surface->height * BYTES_PER_PIXEL;
    pixman_region32_t taken;
    pixman_box32_t *boxes;
    gsize bytes;
    int count;

    boxes = pixman_region32_rectangles(&head->damage, &count);
    if (!head->open || count == 0) {
        return FALSE;
    }
    *box = count > MAX_RECTANGLES ? *pixman_region32_extents(&head->damage) : boxes[0];
    bytes = (gsize)(box->x2 - box->x1) * (gsize)(box->y2 - box->y1) * BYTES_PER_PIXEL;
    if (head->commands > 0 && (head->commands >= MAX_COMMANDS ||
                               head->bytes + bytes > MAX_FRAMES * frame + SPARE_BYTES)) {
        head->starved = TRUE;
        return FALSE;
    }
    pixman_region32_init_rect(&taken, box->x1, box->y1, (guint)(box->x2 - box->x1),
                              (guint)(box->y2 - box->y1));
    pixman_region32_subtract(&head->damage, &head->damage, &taken);
    pixman_region32_fini(&taken);
    head->commands++;
    head->bytes += bytes;
    return TRUE;
}

static void fill_drawable(QXLDrawable *drawable, const QXLImage *image, const pixman_box32_t *box)
{
    drawable->release_info.id = RELEASE_DRAW;
    drawable->effect = QXL_EFFECT_OPAQUE;
    drawable->type = QXL_DRAW_COPY;
    drawable->clip.type = SPICE_CLIP_TYPE_NONE;
    drawable->bbox =
        (QXLRect){.left = box->x1, .top = box->y1, .right = box->x2, .bottom = box->y2};
    drawable->mm_time = (guint32)(g_get_monotonic_time() / 1000);
    for (guint i = 0; i < G_N_ELEMENTS(drawable->surfaces_dest); i++) {
        drawable->surfaces_dest[i] = -1;
    }
    drawable->u.copy.rop_descriptor = SPICE_ROPD_OP_PUT;
    drawable->u.copy.src_bitmap = ADDRESS(image);
    drawable->u.copy.src_area = (QXLRect){.right = box->x2 - box->x1, .bottom = box->y2 - box->y1};
}

static DrawCommand *draw_command_new(const Surface *surface, const pixman_box32_t *box, guint64 id)
{
    guint width = (guint)(box->x2 - box->x1), height = (guint)(box->y2 - box->y1);
    gsize stride = (gsize)width * BYTES_PER_PIXEL;
    DrawCommand *draw = g_malloc(sizeof(*draw) + stride * height);
    const guint8 *from =
        surface->data + (gsize)box->y1 * surface->stride + (gsize)box->x1 * BYTES_PER_PIXEL;

    memset(draw, 0, sizeof(*draw));
    draw->bytes = stride * height;
    for (guint y = 0; y < height; y++) {
        memcpy(draw->pixels + y * stride, from + (gsize)y * surface->stride, stride);
    }
    fill_drawable(&draw->drawable, &draw->image, box);
    draw->image.descriptor = (QXLImageDescriptor){
        .type = SPICE_IMAGE_TYPE_BITMAP,
        .width = width,
        .height = height,
    };
    QXL_SET_IMAGE_ID(&draw->image, QXL_IMAGE_GROUP_DEVICE, id);
    draw->image.bitmap.format = SPICE_BITMAP_FMT_32BIT;
    draw->image.bitmap.flags = QXL_BITMAP_DIRECT | QXL_BITMAP_TOP_DOWN;
    draw->image.bitmap.x = width;
    draw->image.bitmap.y = height;
    draw->image.bitmap.stride = (guint32)stride;
    draw->image.bitmap.data = ADDRESS(draw->pixels);
    return draw;
}

static int on_get_command(QXLInstance *instance, QXLCommandExt *ext)
{
    SpiceHead *head = head_of(instance);
    g_autoptr(Surface) surface = NULL;
    pixman_box32_t box;
    gboolean starved;
    guint64 id = 0;

    spice_thread_enter(head->session);
    spice_channels_guard_end(head->session->channels, head->index);
    g_mutex_lock(&head->mutex);
    if (take_rectangle(head, &box)) {
        surface = surface_ref(head->surface);
        id = head->next_id++;
    }
    starved = head->starved;
    g_mutex_unlock(&head->mutex);
    if (!surface) {
        if (starved) {
            deferred_schedule(head->wake);
        }
        return FALSE;
    }
    memset(ext, 0, sizeof(*ext));
    ext->cmd.type = QXL_CMD_DRAW;
    ext->cmd.data = ADDRESS(draw_command_new(surface, &box, id));
    return TRUE;
}

/* FALSE: there is something already. */
static int on_want_commands(QXLInstance *instance)
{
    SpiceHead *head = head_of(instance);
    gboolean ready;

    g_mutex_lock(&head->mutex);
    ready = head->open && !head->starved && pixman_region32_not_empty(&head->damage);
    g_mutex_unlock(&head->mutex);
    return !ready;
}

/* ---- the cursor ---- */

static CursorCommand *cursor_command_new(const Cursor *cursor, guint64 id)
{
    guint32 bytes = cursor ? cursor->width * cursor->height * BYTES_PER_PIXEL : 0;
    CursorCommand *command = g_malloc0(sizeof(*command) + bytes);

    command->command.release_info.id = RELEASE_CURSOR;
    if (cursor) {
        command->cursor.header.unique = id;
        command->cursor.header.type = SPICE_CURSOR_TYPE_ALPHA;
        command->cursor.header.width = (guint16)cursor->width;
        command->cursor.header.height = (guint16)cursor->height;
        command->cursor.header.hot_spot_x = (guint16)CLAMP(cursor->hot_x, 0, MAX_CURSOR);
        command->cursor.header.hot_spot_y = (guint16)CLAMP(cursor->hot_y, 0, MAX_CURSOR);
        command->cursor.data_size = bytes;
        command->cursor.chunk.data_size = bytes;
        memcpy(command->cursor.chunk.data, cursor->pixels, bytes);
    }
    return command;
}

static gint16 coordinate(int value)
{
    return (gint16)CLAMP(value, G_MININT16, G_MAXINT16);
}

/* What is to be told of the cursor; mutex held. */
static CursorCommand *next_cursor_command(SpiceHead *head)
{
    gboolean shown = head->cursor && head->cursor_visible && head->cursor->width <= MAX_CURSOR &&
                     head->cursor->height <= MAX_CURSOR;
    QXLPoint16 place = {.x = coordinate(head->cursor_x), .y = coordinate(head->cursor_y)};
    CursorCommand *command;

    if (!head->open || (!head->cursor_changed && !head->cursor_moved)) {
        return NULL;
    }
    command =
        cursor_command_new(shown && head->cursor_changed ? head->cursor : NULL, head->next_id++);
    if (!shown) {
        command->command.type = QXL_CURSOR_HIDE;
    } else if (head->cursor_changed) {
        command->command.type = QXL_CURSOR_SET;
        command->command.u.set.position = place;
        command->command.u.set.visible = TRUE;
        command->command.u.set.shape = ADDRESS(&command->cursor);
    } else {
        command->command.type = QXL_CURSOR_MOVE;
        command->command.u.position = place;
    }
    head->cursor_changed = FALSE;
    head->cursor_moved = FALSE;
    return command;
}

static int on_get_cursor_command(QXLInstance *instance, QXLCommandExt *ext)
{
    SpiceHead *head = head_of(instance);
    CursorCommand *command;

    g_mutex_lock(&head->mutex);
    command = next_cursor_command(head);
    g_mutex_unlock(&head->mutex);
    if (!command) {
        return FALSE;
    }
    memset(ext, 0, sizeof(*ext));
    ext->cmd.type = QXL_CMD_CURSOR;
    ext->cmd.data = ADDRESS(command);
    return TRUE;
}

static int on_want_cursor_commands(QXLInstance *instance)
{
    SpiceHead *head = head_of(instance);
    gboolean ready;

    g_mutex_lock(&head->mutex);
    ready = head->open && (head->cursor_changed || head->cursor_moved);
    g_mutex_unlock(&head->mutex);
    return !ready;
}

/* ---- release ---- */

static void on_release(QXLInstance *instance, QXLReleaseInfoExt ext)
{
    SpiceHead *head = head_of(instance);
    gboolean more;

    if (ext.info->id == RELEASE_CURSOR) {
        g_free(ext.info);
        return;
    }
    DrawCommand *draw = (DrawCommand *)ext.info;
    g_mutex_lock(&head->mutex);
    head->commands--;
    head->bytes -= draw->bytes;
    more = head->starved;
    head->starved = FALSE;
    g_mutex_unlock(&head->mutex);
    g_free(draw);
    if (more) {
        deferred_schedule(head->wake);
    }
}

/* ---- the rest of a QXL device, which we have no use for ---- */

static void on_attached(QXLInstance *instance)
{
}

static void on_compression_level(QXLInstance *instance, int level)
{
}

static void on_init_info(QXLInstance *instance, QXLDevInitInfo *info)
{
    memset(info, 0, sizeof(*info));
    info->num_memslots_groups = 1;
    info->num_memslots = 1;
    info->memslot_gen_bits = 8;
    info->memslot_id_bits = 8;
    info->n_surfaces = 1;
}

static void on_notify_update(QXLInstance *instance, uint32_t update)
{
}

static int on_flush_resources(QXLInstance *instance)
{
    return 0;
}

static void on_async_complete(QXLInstance *instance, uint64_t cookie)
{
}

static void on_update_area_complete(QXLInstance *instance, uint32_t surface, QXLRect *rects,
                                    uint32_t count)
{
}

static void on_client_capabilities(QXLInstance *instance, uint8_t present,
                                   uint8_t caps[SPICE_CAPABILITIES_SIZE])
{
    SpiceHead *head = head_of(instance);

    spice_thread_enter(head->session);
    if (present) { /* the worker is about to read a new viewer's first message */
        spice_channels_guard_begin(head->session->channels, head->index);
        deferred_schedule(head->wake); /* it will ask for commands when it has received it */
    }
}

/* QXL, version 3.3 of spice-server's interface (spice-qxl.h). */
const QXLInterface spice_head_qxl = {
    .base = {SPICE_INTERFACE_QXL, "display", SPICE_INTERFACE_QXL_MAJOR, SPICE_INTERFACE_QXL_MINOR},
    .attached_worker = on_attached,
    .set_compression_level = on_compression_level,
    .get_init_info = on_init_info,
    .get_command = on_get_command,
    .req_cmd_notification = on_want_commands,
    .release_resource = on_release,
    .get_cursor_command = on_get_cursor_command,
    .req_cursor_notification = on_want_cursor_commands,
    .notify_update = on_notify_update,
    .flush_resources = on_flush_resources,
    .async_complete = on_async_complete,
    .update_area_complete = on_update_area_complete,
    .set_client_capabilities = on_client_capabilities,
};

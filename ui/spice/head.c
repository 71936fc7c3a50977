/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One head: a listener of its display, and a QXL device of spice-server, whose primary surface is
 * made anew when the picture's size changes.
 *
 * That is done with the synchronous calls, on the server's thread: the asynchronous ones let a
 * display worker touch what belongs to that thread.
 */
#include "ui/spice/head-priv.h"

/* A viewer that takes nothing for so long loses its connection when the size changes. */
#define STALL_NS (3 * NS_PER_SEC)
/* So often it is looked after. */
#define RETRY_NS (20 * NS_PER_MS)

/* ---- the display's listener, vm lock held ---- */

static void on_surface(void *opaque, Surface *surface)
{
    SpiceHead *head = opaque;
    Surface *old;

    g_mutex_lock(&head->mutex);
    old = head->surface;
    head->open = head->open && old->width == surface->width && old->height == surface->height;
    head->surface = surface_ref(surface);
    pixman_region32_clear(&head->damage); /* all of it follows */
    g_mutex_unlock(&head->mutex);
    surface_unref(old);
    deferred_schedule(head->wake);
}

static void on_damage(void *opaque, const pixman_region32_t *region)
{
    SpiceHead *head = opaque;

    g_mutex_lock(&head->mutex);
    pixman_region32_union(&head->damage, &head->damage, (pixman_region32_t *)region);
    g_mutex_unlock(&head->mutex);
    deferred_schedule(head->wake);
}

static void on_cursor(void *opaque, Cursor *cursor)
{
    SpiceHead *head = opaque;

    g_mutex_lock(&head->mutex);
    if (head->cursor) {
        cursor_unref(head->cursor);
    }
    head->cursor = cursor ? cursor_ref(cursor) : NULL;
    head->cursor_changed = TRUE;
    g_mutex_unlock(&head->mutex);
    deferred_schedule(head->wake);
}

static void on_warp(void *opaque, int x, int y, gboolean visible)
{
    SpiceHead *head = opaque;

    g_mutex_lock(&head->mutex);
    head->cursor_changed = head->cursor_changed || visible != head->cursor_visible;
    head->cursor_moved = TRUE;
    head->cursor_x = x;
    head->cursor_y = y;
    head->cursor_visible = visible;
    g_mutex_unlock(&head->mutex);
    deferred_schedule(head->wake);
}

static const DisplayListenerOps listener_ops = {
    .name = "spice",
    .surface = on_surface,
    .damage = on_damage,
    .cursor = on_cursor,
    .warp = on_warp,
};

void spice_head_attach(SpiceHead *head)
{
    head->listener =
        display_attach(head->display, &listener_ops, head, (guint)head->session->options->max_hz);
    display_listener_set_active(head->listener, head->viewers > 0);
}

void spice_head_set_max_hz(SpiceHead *head)
{
    if (head->listener) {
        display_listener_set_max_hz(head->listener, (guint)head->session->options->max_hz);
    }
}

void spice_head_detach(SpiceHead *head)
{
    display_detach(g_steal_pointer(&head->listener));
}

void spice_head_viewers(SpiceHead *head, int by)
{
    head->viewers += by;
    if (head->listener) {
        display_listener_set_active(head->listener, head->viewers > 0);
    }
}

/* ---- the server's thread ---- */

static void primary_destroy(SpiceHead *head)
{
    if (head->primary) {
        spice_qxl_destroy_primary_surface(&head->qxl, 0);
        g_clear_pointer(&head->primary, g_free);
    }
}

static void primary_create(SpiceHead *head, guint width, guint height)
{
    QXLDevSurfaceCreate create = {
        .width = width,
        .height = height,
        .stride = (gint32)(width * 4),
        .format = SPICE_SURFACE_FMT_32_xRGB,
        .mouse_mode = TRUE,
        .type = QXL_SURF_TYPE_PRIMARY,
    };

    head->primary = g_malloc0((gsize)width * height * 4);
    head->primary_width = width;
    head->primary_height = height;
    create.mem = (guint64)(guintptr)head->primary;
    spice_qxl_create_primary_surface(&head->qxl, 0, &create);
}

/*
 * To destroy a surface spice-server waits until what it is sending is sent, and does not survive
 * (0.15.1) a viewer that goes away meanwhile. So it is not asked to as long as a viewer is behind.
 */
static gboolean viewers_are_behind(SpiceHead *head)
{
    guint64 unsent = spice_channels_unsent(head->session->channels, head->index);
    gint64 now = clock_now(head->clock);

    if (unsent == 0 || unsent != head->unsent) {
        head->unsent_since = now;
    } else if (now - head->unsent_since > STALL_NS) {
        spice_channels_drop_unsent(head->session->channels, head->index);
        head->unsent_since = now;
    }
    head->unsent = unsent;
    if (unsent) {
        timer_set_after(&head->retry, RETRY_NS);
    }
    return unsent != 0;
}

/* Gives the primary surface the picture's size; TRUE if commands may come. If it cannot be done
 * yet, head->retry tries again. */
static gboolean follow_size(SpiceHead *head)
{
    guint width, height;
    gboolean open;

    g_mutex_lock(&head->mutex);
    width = head->surface->width;
    height = head->surface->height;
    open = head->open;
    g_mutex_unlock(&head->mutex);
    if (open) {
        return TRUE;
    }
    if (!head->primary || head->primary_width != width || head->primary_height != height) {
        if (head->primary && viewers_are_behind(head)) {
            return FALSE;
        }
        primary_destroy(head);
        primary_create(head, width, height);
    }
    g_mutex_lock(&head->mutex);
    open = head->surface->width == width && head->surface->height == height;
    head->open = open;
    head->cursor_changed = TRUE; /* was reset */
    pixman_region32_union_rect(&head->damage, &head->damage, 0, 0, head->surface->width,
                               head->surface->height);
    g_mutex_unlock(&head->mutex);
    return open;
}

static void on_wake(void *opaque)
{
    SpiceHead *head = opaque;
    gboolean starved;

    if (!head->running) {
        return;
    }
    if (!follow_size(head)) {
        if (!timer_pending(&head->retry)) {
            deferred_schedule(head->wake); /* another size by now */
        }
        return;
    }
    g_mutex_lock(&head->mutex);
    starved = head->starved;
    g_mutex_unlock(&head->mutex);
    if (starved) {
        spice_qxl_oom(&head->qxl); /* it draws, and releases, what it has kept */
    } else {
        spice_qxl_wakeup(&head->qxl);
    }
}

void spice_head_refresh(SpiceHead *head)
{
    QXLRect all = {0}, dirty;

    if (!head->running || !follow_size(head)) {
        return;
    }
    all.right = (gint32)head->primary_width;
    all.bottom = (gint32)head->primary_height;
    spice_qxl_update_area(&head->qxl, 0, &all, &dirty, 1, TRUE);
}

gboolean spice_head_start(SpiceHead *head, SpiceServer *server)
{
    QXLDevMemSlot everything = {.virt_end = ~(guintptr)0};

    if (spice_server_add_interface(server, &head->qxl.base)) {
        return FALSE;
    }
    spice_qxl_add_memslot(&head->qxl, &everything);
    head->running = TRUE;
    follow_size(head);
    return TRUE;
}

/* ---- lifecycle ---- */

SpiceHead *spice_head_new(SpiceSession *session, Display *display, guint index)
{
    SpiceHead *head = g_new0(SpiceHead, 1);

    head->session = session;
    head->display = display;
    head->index = index;
    head->qxl.base.sif = &spice_head_qxl.base;
    head->qxl.id = (int)index;
    head->surface = surface_ref(display_surface(display));
    head->wake = deferred_new(session->loop, on_wake, head);
    head->clock = clock_new_host(session->loop);
    timer_init(&head->retry, head->clock, on_wake, head);
    pixman_region32_init(&head->damage);
    g_mutex_init(&head->mutex);
    return head;
}

void spice_head_free(SpiceHead *head)
{
    timer_cancel(&head->retry);
    clock_free(head->clock);
    deferred_free(head->wake);
    g_free(head->primary);
    surface_unref(head->surface);
    if (head->cursor) {
        cursor_unref(head->cursor);
    }
    pixman_region32_fini(&head->damage);
    g_mutex_clear(&head->mutex);
    g_free(head);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The display seam with a fake source, on a clock that the test steps.
 */
#include "core/display.h"

#include <string.h>

#include "mainloop/timer.h"

typedef struct Source {
    Display *display;
    guint scans, watches, invalidates;
    gboolean can_watch, draws; /* every scan damages a pixel */
    gint64 self_change;        /* what scan returns; such a change damages a pixel when due */
    gboolean wakes_in_scan;
    guint hint_width, hint_height;
} Source;

typedef struct Viewer {
    DisplayListener *listener;
    Surface *surface;
    guint surfaces, damages, frames, cursors, warps;
    gint64 area; /* of the last damage */
    int x, y;
    Display *attach_to;   /* in the next damage callback, attach `other` */
    struct Viewer *other; /* ... or detach it, if it is attached */
    gboolean detach_in_damage;
} Viewer;

typedef struct Fixture {
    VmLock *lock;
    EventLoop *loop;
    Machine machine;
    Source source;
    Display *display;
} Fixture;

/* ---- the fake source ---- */

static gint64 source_scan(void *opaque)
{
    Source *source = opaque;
    source->scans++;
    if (source->draws || source->self_change >= 0) {
        display_damage(source->display, 1, 2, 1, 1);
    }
    if (source->wakes_in_scan) {
        source->wakes_in_scan = FALSE;
        display_wake(source->display);
    }
    return source->self_change;
}

static void source_invalidate(void *opaque)
{
    ((Source *)opaque)->invalidates++;
}

static gboolean source_watch(void *opaque)
{
    Source *source = opaque;
    source->watches++;
    return source->can_watch;
}

static void source_hint(void *opaque, guint width, guint height)
{
    Source *source = opaque;
    source->hint_width = width;
    source->hint_height = height;
}

static const DisplaySourceOps source_ops = {
    .scan = source_scan,
    .invalidate = source_invalidate,
    .watch = source_watch,
    .hint_size = source_hint,
};

/* ---- a viewer that counts ---- */

static const DisplayListenerOps viewer_ops;

static void viewer_surface(void *opaque, Surface *surface)
{
    Viewer *viewer = opaque;
    viewer->surface = surface;
    viewer->surfaces++;
}

static void viewer_damage(void *opaque, const pixman_region32_t *region)
{
    Viewer *viewer = opaque;
    int count;
    const pixman_box32_t *boxes = pixman_region32_rectangles((pixman_region32_t *)region, &count);
    viewer->damages++;
    viewer->area = 0;
    for (int i = 0; i < count; i++) {
        viewer->area += (gint64)(boxes[i].x2 - boxes[i].x1) * (boxes[i].y2 - boxes[i].y1);
    }
    if (viewer->attach_to) {
        Display *display = viewer->attach_to;
        viewer->attach_to = NULL;
        viewer->other->listener = display_attach(display, &viewer_ops, viewer->other, 0);
    } else if (viewer->other && viewer->other->listener) {
        g_clear_pointer(&viewer->other->listener, display_detach);
    }
    if (viewer->detach_in_damage) {
        g_clear_pointer(&viewer->listener, display_detach);
    }
}

static void viewer_cursor(void *opaque, Cursor *cursor)
{
    ((Viewer *)opaque)->cursors++;
}

static void viewer_warp(void *opaque, int x, int y, gboolean visible)
{
    Viewer *viewer = opaque;
    viewer->warps++;
    viewer->x = x;
    viewer->y = y;
}

static void viewer_frame(void *opaque)
{
    ((Viewer *)opaque)->frames++;
}

static const DisplayListenerOps viewer_ops = {
    .name = "counter",
    .surface = viewer_surface,
    .damage = viewer_damage,
    .cursor = viewer_cursor,
    .warp = viewer_warp,
    .frame = viewer_frame,
};

static void viewer_attach(Viewer *viewer, Fixture *f, guint hz)
{
    viewer->listener = display_attach(f->display, &viewer_ops, viewer, hz);
}

/* ---- fixture ---- */

static void set_up(Fixture *f, gconstpointer data)
{
    f->lock = vm_lock_new();
    vm_lock_take(f->lock, "test");
    f->loop = event_loop_new(NULL, f->lock);
    f->machine.loop = f->loop;
    f->machine.host_clock = clock_new_guest(f->loop);
    clock_make_manual(f->machine.host_clock);
    clock_resume(f->machine.host_clock);
    f->machine.displays = g_ptr_array_new();
    f->machine.listeners = g_ptr_array_new();
    f->source = (Source){.self_change = -1, .can_watch = TRUE};
    f->display = display_new(&f->machine, "fake", &source_ops, &f->source);
    f->source.display = f->display;
}

static void tear_down(Fixture *f, gconstpointer data)
{
    if (f->display) {
        display_free(f->display);
    }
    g_assert_cmpuint(f->machine.displays->len, ==, 0);
    g_ptr_array_unref(f->machine.displays);
    g_ptr_array_unref(f->machine.listeners);
    clock_free(f->machine.host_clock);
    event_loop_free(f->loop);
    vm_lock_drop(f->lock);
    vm_lock_free(f->lock);
}

/* Lets `ms` of host time pass. */
static void pass(Fixture *f, gint64 ms)
{
    clock_step(f->machine.host_clock, clock_now(f->machine.host_clock) + ms * NS_PER_MS);
}

static gboolean clock_stopped(Fixture *f)
{
    DisplayStats stats;
    display_stats(f->display, &stats);
    return !stats.clock_running;
}

/* ---- tests ---- */

static void test_rates(Fixture *f, gconstpointer data)
{
    Viewer slow = {0}, fast = {0};
    f->source.draws = TRUE;
    pass(f, 1000);
    g_assert_cmpuint(f->source.scans, ==, 0); /* nobody looks */
    viewer_attach(&slow, f, 10);
    guint before = f->source.scans;
    pass(f, 1000);
    g_assert_cmpuint(f->source.scans - before, ==, 10);
    g_assert_cmpuint(slow.frames, ==, 11); /* and the replay */

    /* Two listeners: one scan a tick, at the faster one's rate, for both. */
    viewer_attach(&fast, f, 60);
    before = f->source.scans;
    guint slow_before = slow.damages, fast_before = fast.damages;
    pass(f, 1000);
    g_assert_cmpuint(f->source.scans - before, ==, 60);
    g_assert_cmpuint(slow.damages - slow_before, >=, 9); /* its own rate */
    g_assert_cmpuint(slow.damages - slow_before, <=, 10);
    g_assert_cmpuint(fast.damages - fast_before, ==, 60);

    display_listener_set_active(fast.listener, FALSE);
    before = f->source.scans;
    pass(f, 1000);
    g_assert_cmpuint(f->source.scans - before, ==, 10);
    display_detach(fast.listener);
    display_detach(slow.listener);
    before = f->source.scans;
    pass(f, 1000);
    g_assert_cmpuint(f->source.scans, ==, before);
}

/* Eight viewers, of several rates: still one scan a tick. */
static void test_eight_viewers(Fixture *f, gconstpointer data)
{
    static const guint rates[8] = {60, 60, 60, 30, 30, 20, 5, 1};
    Viewer viewers[8] = {{0}};
    guint before[8];
    f->source.draws = TRUE;
    for (guint i = 0; i < 8; i++) {
        viewer_attach(&viewers[i], f, rates[i]);
    }
    pass(f, 1000);
    guint scans = f->source.scans;
    for (guint i = 0; i < 8; i++) {
        before[i] = viewers[i].damages;
    }
    pass(f, 10000);
    g_assert_cmpuint(f->source.scans - scans, ==, 600);
    for (guint i = 0; i < 8; i++) {
        g_assert_cmpuint(viewers[i].damages - before[i], >=, 10 * rates[i] - 1);
        g_assert_cmpuint(viewers[i].damages - before[i], <=, 10 * rates[i]);
        display_detach(viewers[i].listener);
    }
}

/* A slow viewer misses nothing: what it was not told of comes later, though the source is still. */
static void test_slow_viewer(Fixture *f, gconstpointer data)
{
    Viewer slow = {0}, fast = {0};
    f->source.can_watch = TRUE;
    viewer_attach(&slow, f, 1);
    viewer_attach(&fast, f, 60);
    pass(f, 3000);
    g_assert_true(clock_stopped(f));
    slow.area = 0;
    pass(f, 100);
    f->source.draws = TRUE;
    display_wake(f->display);
    pass(f, 200);
    f->source.draws = FALSE;
    guint told = slow.damages;
    guint fast_told = fast.damages;
    pass(f, 1000);
    g_assert_cmpuint(slow.damages, ==, told + 1);
    g_assert_cmpint(slow.area, >, 0);
    g_assert_cmpuint(fast.damages, ==, fast_told);
    pass(f, 2000);
    g_assert_true(clock_stopped(f));
    g_assert_cmpuint(slow.damages, ==, told + 1);

    /* A new surface does not wait: the old one's memory may be going. */
    g_autoptr(Surface) surface = surface_new(10, 10);
    guint surfaces = slow.surfaces;
    display_set_surface(f->display, surface);
    display_wake(f->display);
    pass(f, 20);
    g_assert_cmpuint(slow.surfaces, ==, surfaces + 1);
    g_assert_cmpint(slow.area, ==, 100);
    display_detach(slow.listener);
    display_detach(fast.listener);
}

static void test_alignment(Fixture *f, gconstpointer data)
{
    Viewer viewer = {0};
    f->source.draws = TRUE;
    pass(f, 7);
    viewer_attach(&viewer, f, 100);
    guint before = f->source.scans;
    pass(f, 2);
    g_assert_cmpuint(f->source.scans, ==, before);
    pass(f, 1); /* 10 ms */
    g_assert_cmpuint(f->source.scans, ==, before + 1);
    display_detach(viewer.listener);
}

static void test_stop_and_wake(Fixture *f, gconstpointer data)
{
    Viewer viewer = {0};
    viewer_attach(&viewer, f, 60);
    pass(f, 450);
    g_assert_false(clock_stopped(f));
    g_assert_cmpuint(f->source.watches, ==, 0);
    pass(f, 550);
    g_assert_true(clock_stopped(f));
    g_assert_cmpuint(f->source.watches, ==, 1);
    g_assert_cmpint(clock_next_expiry(f->machine.host_clock), ==, -1); /* no wake-up at all */
    guint before = f->source.scans;
    pass(f, 10000);
    g_assert_cmpuint(f->source.scans, ==, before);

    display_wake(f->display);
    g_assert_false(clock_stopped(f));
    f->source.draws = TRUE;
    pass(f, 17);
    g_assert_cmpuint(f->source.scans, ==, before + 1);
    g_assert_cmpuint(viewer.frames, ==, 2);
    g_assert_cmpint(viewer.area, ==, 1);
    pass(f, 2000); /* draws on: stays awake */
    g_assert_false(clock_stopped(f));
    f->source.draws = FALSE;
    pass(f, 1000);
    g_assert_true(clock_stopped(f));
    display_detach(viewer.listener);
}

/* A change that is seen only in the scan after the watch was armed keeps the clock going. */
static void test_wake_while_stopping(Fixture *f, gconstpointer data)
{
    Viewer viewer = {0};
    viewer_attach(&viewer, f, 60);
    pass(f, 490);
    f->source.wakes_in_scan = TRUE;
    pass(f, 40);
    g_assert_false(clock_stopped(f));
    pass(f, 1000);
    g_assert_true(clock_stopped(f));
    display_detach(viewer.listener);
}

static void test_cannot_watch(Fixture *f, gconstpointer data)
{
    Viewer viewer = {0};
    f->source.can_watch = FALSE;
    viewer_attach(&viewer, f, 60);
    pass(f, 5000);
    g_assert_false(clock_stopped(f));
    g_assert_cmpuint(f->source.scans, >=, 299);
    display_detach(viewer.listener);
}

/* A blinking cursor costs its blinks and no more. */
static void test_self_change(Fixture *f, gconstpointer data)
{
    Viewer viewer = {0};
    f->source.self_change = 250 * NS_PER_MS;
    viewer_attach(&viewer, f, 60);
    pass(f, 2000);
    /* This source damages at every scan; while the clock runs that is activity, as it must be. */
    g_assert_false(clock_stopped(f));

    display_detach(viewer.listener);
    f->source.self_change = -1;
    viewer_attach(&viewer, f, 60);
    pass(f, 1000);
    g_assert_true(clock_stopped(f));
    f->source.self_change = 250 * NS_PER_MS;
    display_update(f->display);
    guint before = f->source.scans;
    pass(f, 10000);
    g_assert_cmpuint(f->source.scans - before, >=, 37);
    g_assert_cmpuint(f->source.scans - before, <=, 40);
    g_assert_true(clock_stopped(f));
    display_detach(viewer.listener);
}

static void test_attach_replay(Fixture *f, gconstpointer data)
{
    Viewer first = {0}, late = {0};
    g_autoptr(Surface) surface = surface_new(320, 200);
    Cursor *cursor = cursor_new(16, 16, 0, 0);
    viewer_attach(&first, f, 0);
    g_assert_cmpuint(first.surface->width, ==, 640); /* black 640x480 before the source spoke */
    display_set_surface(f->display, surface);
    display_set_cursor(f->display, cursor);
    display_warp(f->display, 5, 6, TRUE);
    g_assert_cmpuint(first.cursors, ==, 2);
    viewer_attach(&late, f, 0);
    g_assert_true(first.surface == surface); /* attaching scans, and all get it */
    g_assert_true(late.surface == surface);
    g_assert_cmpint(late.area, ==, 320 * 200);
    g_assert_cmpuint(late.cursors, ==, 1);
    g_assert_cmpint(late.x, ==, 5);
    g_assert_cmpint(late.y, ==, 6);
    g_assert_cmpuint(late.frames, ==, 1);

    /* Inactive: hears nothing; active again: hears all. */
    display_listener_set_active(late.listener, FALSE);
    g_autoptr(Surface) other = surface_new(100, 50);
    display_set_surface(f->display, other);
    pass(f, 100);
    g_assert_true(first.surface == other);
    g_assert_true(late.surface == surface);
    display_listener_set_active(late.listener, TRUE);
    g_assert_true(late.surface == other);
    g_assert_cmpint(late.area, ==, 5000);
    display_detach(first.listener);
    display_detach(late.listener);
    cursor_unref(cursor);
    g_assert_cmpint(surface->refs, ==, 1);
}

static void test_detach_in_callback(Fixture *f, gconstpointer data)
{
    Viewer a = {0}, b = {0}, c = {0};
    viewer_attach(&a, f, 0);
    viewer_attach(&b, f, 0);
    guint b_damages = b.damages;
    f->source.draws = TRUE;
    a.other = &b; /* a's callback detaches b, which is next in the list */
    pass(f, 17);
    g_assert_null(b.listener);
    g_assert_cmpuint(b.damages, ==, b_damages);

    a.other = &c;
    a.attach_to = f->display; /* ... and attaches c */
    pass(f, 17);
    g_assert_nonnull(c.listener);
    g_assert_cmpint(c.surfaces, ==, 1);
    a.other = NULL;
    a.detach_in_damage = TRUE; /* ... and itself */
    guint a_frames = a.frames;
    pass(f, 17);
    g_assert_null(a.listener);
    g_assert_cmpuint(a.frames, ==, a_frames);
    pass(f, 100);
    g_assert_cmpuint(c.frames, >, 4);
    display_detach(c.listener);
}

static void test_damage_is_clipped(Fixture *f, gconstpointer data)
{
    static const struct {
        int x, y, width, height;
        gint64 area;
    } cases[] = {
        {0, 0, 640, 480, 640 * 480},
        {-10, -10, 20, 20, 100},
        {630, 470, 100, 100, 100},
        {640, 0, 10, 10, 0},
        {10, 10, 0, 10, 0},
        {10, 10, -5, 10, 0},
        {G_MININT, G_MININT, G_MAXINT, G_MAXINT, 0},
        {10, 10, G_MAXINT, G_MAXINT, 630 * 470},
    };
    Viewer viewer = {0};
    viewer_attach(&viewer, f, 0);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        guint before = viewer.damages;
        display_damage(f->display, cases[i].x, cases[i].y, cases[i].width, cases[i].height);
        display_update(f->display);
        if (cases[i].area == 0) {
            g_assert_cmpuint(viewer.damages, ==, before);
        } else {
            g_assert_cmpint(viewer.area, ==, cases[i].area);
        }
    }
    display_detach(viewer.listener);
}

static void test_display_goes_first(Fixture *f, gconstpointer data)
{
    Viewer viewer = {0};
    g_autoptr(Surface) surface = surface_new(10, 10);
    viewer_attach(&viewer, f, 0);
    display_set_surface(f->display, surface);
    display_update(f->display);
    display_free(f->display);
    f->display = NULL;
    g_assert_cmpint(surface->refs, ==, 1); /* listeners were told to let go */
    g_assert_cmpuint(viewer.surfaces, ==, 3);
    display_listener_set_active(viewer.listener, FALSE);
    display_detach(viewer.listener);
}

/* One that is inactive, and would hear of nothing else, too. */
static void test_display_goes_unseen(Fixture *f, gconstpointer data)
{
    Viewer viewer = {0};
    g_autoptr(Surface) surface = surface_new(10, 10);
    viewer_attach(&viewer, f, 0);
    display_set_surface(f->display, surface);
    display_update(f->display);
    display_listener_set_active(viewer.listener, FALSE);
    g_assert_true(viewer.surface == surface);
    display_free(f->display);
    f->display = NULL;
    g_assert_cmpint(surface->refs, ==, 1);
    g_assert_true(viewer.surface != surface);
    g_assert_cmpint(viewer.area, ==, 640 * 480);
    display_detach(viewer.listener);
}

static void test_hint(Fixture *f, gconstpointer data)
{
    display_hint_size(f->display, 1000, 0);
    g_assert_cmpuint(f->source.hint_width, ==, 0);
    display_hint_size(f->display, 1000000, 700);
    g_assert_cmpuint(f->source.hint_width, ==, SURFACE_MAX_SIZE);
    g_assert_cmpuint(f->source.hint_height, ==, 700);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(path, fn) g_test_add("/display/" path, Fixture, NULL, set_up, fn, tear_down)
    ADD("rates", test_rates);
    ADD("eight-viewers", test_eight_viewers);
    ADD("slow-viewer", test_slow_viewer);
    ADD("alignment", test_alignment);
    ADD("stop-and-wake", test_stop_and_wake);
    ADD("wake-while-stopping", test_wake_while_stopping);
    ADD("cannot-watch", test_cannot_watch);
    ADD("self-change", test_self_change);
    ADD("attach-replay", test_attach_replay);
    ADD("detach-in-callback", test_detach_in_callback);
    ADD("damage-is-clipped", test_damage_is_clipped);
    ADD("display-goes-first", test_display_goes_first);
    ADD("display-goes-unseen", test_display_goes_unseen);
    ADD("hint", test_hint);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/gtk/wayland-grab.h"

#include <gdk/gdkwayland.h>
#include <string.h>

#include "ui/gtk/keyboard-shortcuts-inhibit-unstable-v1-client.h"
#include "ui/gtk/pointer-constraints-unstable-v1-client.h"
#include "ui/gtk/relative-pointer-unstable-v1-client.h"

struct WaylandGrab {
    GdkDisplay *display;
    void (*moved)(void *opaque, double x, double y);
    void *opaque;
    struct wl_registry *registry;
    /* NULL = the compositor has none */
    struct zwp_keyboard_shortcuts_inhibit_manager_v1 *inhibitors;
    struct zwp_pointer_constraints_v1 *constraints;
    struct zwp_relative_pointer_manager_v1 *relatives;
    /* NULL without a grab */
    struct zwp_keyboard_shortcuts_inhibitor_v1 *inhibitor;
    struct zwp_locked_pointer_v1 *locked;
    struct zwp_relative_pointer_v1 *relative;
};

/* ---- what the compositor offers ---- */

static void *bind_if(struct wl_registry *registry, guint32 name, const char *offered,
                     const struct wl_interface *wanted)
{
    return strcmp(offered, wanted->name) == 0 ? wl_registry_bind(registry, name, wanted, 1) : NULL;
}

static void on_global(void *data, struct wl_registry *registry, guint32 name, const char *offered,
                      guint32 version)
{
    WaylandGrab *grab = data;
    if (grab->inhibitors == NULL) {
        grab->inhibitors =
            bind_if(registry, name, offered, &zwp_keyboard_shortcuts_inhibit_manager_v1_interface);
    }
    if (grab->constraints == NULL) {
        grab->constraints = bind_if(registry, name, offered, &zwp_pointer_constraints_v1_interface);
    }
    if (grab->relatives == NULL) {
        grab->relatives =
            bind_if(registry, name, offered, &zwp_relative_pointer_manager_v1_interface);
    }
}

/* None of these goes before the compositor does. */
static void on_global_remove(void *data, struct wl_registry *registry, guint32 name)
{
}

static const struct wl_registry_listener registry_listener = {on_global, on_global_remove};

gboolean wayland_grab_has_shortcuts(const WaylandGrab *grab)
{
    return grab != NULL && grab->inhibitors != NULL;
}

gboolean wayland_grab_has_relative(const WaylandGrab *grab)
{
    return grab != NULL && grab->constraints != NULL && grab->relatives != NULL;
}

/* ---- the grab ---- */

/* Not accelerated: the guest does that itself. */
static void on_moved(void *data, struct zwp_relative_pointer_v1 *relative, guint32 time_high,
                     guint32 time_low, wl_fixed_t x, wl_fixed_t y, wl_fixed_t raw_x,
                     wl_fixed_t raw_y)
{
    WaylandGrab *grab = data;
    grab->moved(grab->opaque, wl_fixed_to_double(raw_x), wl_fixed_to_double(raw_y));
}

static const struct zwp_relative_pointer_v1_listener relative_listener = {on_moved};

static void lock_pointer(WaylandGrab *grab, struct wl_surface *surface, GdkDevice *device)
{
    struct wl_pointer *pointer = gdk_wayland_device_get_wl_pointer(device);
    if (pointer == NULL || !wayland_grab_has_relative(grab)) {
        return;
    }
    grab->locked = zwp_pointer_constraints_v1_lock_pointer(
        grab->constraints, surface, pointer, NULL, ZWP_POINTER_CONSTRAINTS_V1_LIFETIME_PERSISTENT);
    grab->relative = zwp_relative_pointer_manager_v1_get_relative_pointer(grab->relatives, pointer);
    zwp_relative_pointer_v1_add_listener(grab->relative, &relative_listener, grab);
}

static void let_go(WaylandGrab *grab)
{
    g_clear_pointer(&grab->inhibitor, zwp_keyboard_shortcuts_inhibitor_v1_destroy);
    g_clear_pointer(&grab->locked, zwp_locked_pointer_v1_destroy);
    g_clear_pointer(&grab->relative, zwp_relative_pointer_v1_destroy);
}

void wayland_grab_set(WaylandGrab *grab, GdkWindow *window, gboolean lock)
{
    let_go(grab);
    struct wl_surface *surface =
        window != NULL ? gdk_wayland_window_get_wl_surface(gdk_window_get_toplevel(window)) : NULL;
    if (surface == NULL) {
        return;
    }
    GdkSeat *seat = gdk_display_get_default_seat(grab->display);
    if (wayland_grab_has_shortcuts(grab)) {
        grab->inhibitor = zwp_keyboard_shortcuts_inhibit_manager_v1_inhibit_shortcuts(
            grab->inhibitors, surface, gdk_wayland_seat_get_wl_seat(seat));
    }
    GdkDevice *pointer = gdk_seat_get_pointer(seat);
    if (lock && pointer != NULL) {
        lock_pointer(grab, surface, pointer);
    }
}

/* ---- lifecycle ---- */

WaylandGrab *wayland_grab_new(GdkDisplay *display, void (*moved)(void *opaque, double x, double y),
                              void *opaque)
{
    if (!GDK_IS_WAYLAND_DISPLAY(display)) {
        return NULL;
    }
    WaylandGrab *grab = g_new0(WaylandGrab, 1);
    *grab = (WaylandGrab){.display = display, .moved = moved, .opaque = opaque};
    grab->registry = wl_display_get_registry(gdk_wayland_display_get_wl_display(display));
    wl_registry_add_listener(grab->registry, &registry_listener, grab);
    return grab;
}

void wayland_grab_free(WaylandGrab *grab)
{
    if (grab == NULL) {
        return;
    }
    let_go(grab);
    g_clear_pointer(&grab->inhibitors, zwp_keyboard_shortcuts_inhibit_manager_v1_destroy);
    g_clear_pointer(&grab->constraints, zwp_pointer_constraints_v1_destroy);
    g_clear_pointer(&grab->relatives, zwp_relative_pointer_manager_v1_destroy);
    wl_registry_destroy(grab->registry);
    g_free(grab);
}

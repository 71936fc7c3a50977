/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The VGA core's life and its side of the display seam; see vga-core.h.
 */
#include <string.h>

#include "core/error.h"
#include "hw/display/vga-core.h"

/* ---- being told of changes ---- */

void vga_touch(VgaCore *vga)
{
    display_wake(vga->display);
}

void vga_touch_colors(VgaCore *vga)
{
    vga->colors_stale = TRUE;
    display_wake(vga->display);
}

/*
 * Beginning and ending a write watch changes the accelerator's memory slots, which costs far more
 * than a few scans. It pays on a screen that stays still; after a watch that ended soon the next
 * one waits, each time twice as long.
 */
#define WATCH_WORTH_NS     (5 * NS_PER_SEC)
#define WATCH_PAUSE_MIN_NS NS_PER_SEC
#define WATCH_PAUSE_MAX_NS (30 * NS_PER_SEC)

/* Guest code is about to write video memory that was still. */
static void watch_fired(void *opaque)
{
    VgaCore *vga = opaque;
    gint64 now = clock_now(vga->machine->host_clock);

    vga->watching = FALSE;
    vga->watch_pause = now - vga->watch_begun >= WATCH_WORTH_NS
                           ? 0
                           : CLAMP(2 * vga->watch_pause, WATCH_PAUSE_MIN_NS, WATCH_PAUSE_MAX_NS);
    vga->watch_not_before = now + vga->watch_pause;
    display_wake(vga->display);
}

void vga_wrote(VgaCore *vga, guint64 offset, guint64 length)
{
    region_mark_dirty(&vga->vram, offset, length);
    if (vga->watching) {
        region_watch_write(&vga->vram, NULL, NULL);
        watch_fired(vga);
    } else {
        display_wake(vga->display);
    }
}

/* ---- display source ---- */

static void vga_invalidate(void *opaque)
{
    VgaCore *vga = opaque;
    vga->redraw = TRUE;
}

static gboolean vga_watch(void *opaque)
{
    VgaCore *vga = opaque;
    gint64 now = clock_now(vga->machine->host_clock);

    /* Text and planar modes are drawn through our own handlers, which tell by themselves. */
    if (vga->watching ||
        (!vbe_is_enabled(vga) && vga->mode.kind != VGA_LINEAR && !vga->window_alias.enabled)) {
        return TRUE;
    }
    if (now < vga->watch_not_before) {
        return FALSE;
    }
    vga->watching = TRUE;
    vga->watch_begun = now;
    region_watch_write(&vga->vram, watch_fired, vga);
    return TRUE;
}

static void vga_hint_size(void *opaque, guint width, guint height)
{
    VgaCore *vga = opaque;
    if (vga->hint) {
        vga->hint(vga, width, height);
    }
}

const DisplaySourceOps vga_source_ops = {
    .scan = vga_scan,
    .invalidate = vga_invalidate,
    .watch = vga_watch,
    .hint_size = vga_hint_size,
    .text = vga_text_screen,
};

/* ---- lifecycle ---- */

gboolean vga_init(VgaCore *vga, Device *dev, const char *name, guint memory_mb, GError **error)
{
    guint64 size = (guint64)1 << 20;
    while (size < (guint64)memory_mb << 20) {
        size *= 2;
    }
    vga->dev = dev;
    vga->machine = dev->machine;
    vga->mem_size = size;
    if (!region_init_ram(&vga->vram, "vga.vram", size, error)) {
        return FALSE;
    }
    vga->mem = region_host(&vga->vram);
    vga->dirty = g_new0(unsigned long, region_dirty_words(&vga->vram));
    region_set_dirty_log(&vga->vram, TRUE);
    vga->shared_display = vga->display != NULL;
    if (!vga->shared_display) {
        vga->display = display_new(vga->machine, name, &vga_source_ops, vga);
    }
    vga_regs_init(vga);
    vga_mem_init(vga);
    vbe_init(vga);
    return TRUE;
}

void vga_finish(VgaCore *vga)
{
    if (!vga->mem) {
        return;
    }
    if (!vga->shared_display) {
        display_free(vga->display);
    }
    surface_unref(vga->surface);
    vbe_finish(vga);
    vga_mem_finish(vga);
    vga_regs_finish(vga);
    region_watch_write(&vga->vram, NULL, NULL);
    region_finish(&vga->vram);
    g_free(vga->dirty);
    g_free(vga->text.cells);
}

void vga_reset(VgaCore *vga)
{
    vga_regs_reset(vga);
    vbe_reset(vga);
    vga_mem_update(vga);
    vga_touch_colors(vga);
}

/* ---- saved state (video memory is saved with the other RAM) ---- */

static gboolean vga_loaded(void *object, GError **error)
{
    VgaCore *vga = object;
    if (vga->dac_component > 2) {
        guint component = vga->dac_component;
        vga_reset(vga); /* nothing half loaded stays */
        return error_set(error, "VGA palette: component %u is not 0, 1 or 2", component);
    }
    if (vbe_is_enabled(vga)) {
        /* Goes through the same checks as a guest's own write. */
        vbe_write(vga, VBE_X_OFFSET, vga->vbe[VBE_X_OFFSET]);
    }
    vga->timing.valid = FALSE;
    vga->redraw = TRUE;
    vga_mem_update(vga);
    vga_touch_colors(vga);
    return TRUE;
}

const StateTable vga_state = {
    .version = 1,
    .loaded = vga_loaded,
    .fields =
        (const StateField[]){
            STATE_FIELD(U8, VgaCore, misc),
            STATE_FIELD(U8, VgaCore, feature),
            STATE_FIELD(U8, VgaCore, enable),
            STATE_FIELD(U8, VgaCore, seq_index),
            STATE_ARRAY(U8, VgaCore, seq),
            STATE_FIELD(U8, VgaCore, gc_index),
            STATE_ARRAY(U8, VgaCore, gc),
            STATE_FIELD(U8, VgaCore, crtc_index),
            STATE_ARRAY(U8, VgaCore, crtc),
            STATE_FIELD(U8, VgaCore, attr_index),
            STATE_ARRAY(U8, VgaCore, attr),
            STATE_FIELD(BOOL, VgaCore, attr_data),
            STATE_ARRAY(U8, VgaCore, dac),
            STATE_FIELD(U8, VgaCore, dac_mask),
            STATE_FIELD(U8, VgaCore, dac_index),
            STATE_FIELD(U8, VgaCore, dac_component),
            STATE_FIELD(BOOL, VgaCore, dac_reading),
            STATE_ARRAY(U8, VgaCore, dac_latch),
            STATE_ARRAY(U8, VgaCore, latch),
            STATE_FIELD(U16, VgaCore, vbe_index),
            STATE_ARRAY(U16, VgaCore, vbe),
            STATE_FIELD(BOOL, VgaCore, big_endian),
            STATE_END,
        },
};

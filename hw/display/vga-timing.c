/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the beam is: input status 1 as it follows from the CRTC's timing registers and the guest
 * clock (IBM VGA, "CRT Controller Registers").
 */
#include <string.h>

#include "hw/display/vga-core.h"
#include "mainloop/timer.h"

/* Refresh rates that a monitor could follow; what is outside is taken as 60 Hz, 525 lines. */
#define SLOWEST_FRAME_NS (NS_PER_SEC / 20)
#define FASTEST_FRAME_NS (NS_PER_SEC / 250)

static void timing_default(VgaTiming *timing)
{
    *timing = (VgaTiming){.valid = TRUE,
                          .line_ns = 31746,
                          .frame_ns = 31746 * 525,
                          .display_ns = 31746 * 4 / 5,
                          .lines = 525,
                          .display_lines = 480,
                          .sync_start = 490,
                          .sync_end = 492};
}

static void timing_compute(VgaCore *vga)
{
    VgaTiming *timing = &vga->timing;
    const guint8 *crtc = vga->crtc;
    guint8 overflow = crtc[VGA_CRTC_OVERFLOW];
    guint dots = vga->seq[VGA_SEQ_CLOCKING] & VGA_SEQ_CLOCKING_8DOT ? 8 : 9;
    guint divide = vga->seq[VGA_SEQ_CLOCKING] & VGA_SEQ_CLOCKING_HALF ? 2 : 1;
    guint scale = crtc[VGA_CRTC_MODE] & VGA_CRTC_MODE_HALF ? 2 : 1;
    /* Clock select 1 is the 28.322 MHz crystal of the 9-dot modes. */
    gint64 dot_hz = (vga->misc >> 2 & 3) == 1 ? 28322000 : 25175000;
    gint64 char_ps = (gint64)dots * divide * 1000000000000 / dot_hz;

    timing_default(timing);
    gint64 line_ns = char_ps * (crtc[VGA_CRTC_H_TOTAL] + 5) / 1000;
    guint lines = (crtc[VGA_CRTC_V_TOTAL] | (overflow & 0x01) << 8 | (overflow & 0x20) << 4) + 2;
    gint64 frame_ns = line_ns * lines * scale;
    if (vbe_is_enabled(vga) || frame_ns < FASTEST_FRAME_NS || frame_ns > SLOWEST_FRAME_NS) {
        return;
    }
    guint sync = crtc[VGA_CRTC_V_SYNC_START] | (overflow & 0x04) << 6 | (overflow & 0x80) << 2;
    /* Only the low four bits of the end are compared. */
    guint length = ((crtc[VGA_CRTC_V_SYNC_END] & 0x0f) - (sync & 0x0f)) & 0x0f;
    timing->line_ns = line_ns;
    timing->frame_ns = frame_ns;
    timing->display_ns = MIN(char_ps * (crtc[VGA_CRTC_H_DISPLAY] + 1) / 1000, line_ns);
    timing->lines = lines * scale;
    timing->display_lines = MIN((vga_v_display_end(vga) + 1) * scale, timing->lines);
    timing->sync_start = sync * scale;
    timing->sync_end = (sync + (length ? length : 16)) * scale;
    if (timing->sync_start >= timing->lines) {
        /* A sync that never comes would hang whoever waits for it. */
        timing->sync_start = MIN(timing->display_lines, timing->lines - 1);
        timing->sync_end = timing->lines;
    }
}

guint8 vga_retrace_status(VgaCore *vga)
{
    VgaTiming *timing = &vga->timing;
    if (!timing->valid) {
        timing_compute(vga);
    }
    gint64 in_frame = clock_now(vga->machine->guest_clock) % timing->frame_ns;
    guint line = in_frame / timing->line_ns;
    guint8 status = 0;
    if (line >= timing->display_lines || in_frame % timing->line_ns >= timing->display_ns) {
        status |= 0x01; /* not displaying */
    }
    if (line >= timing->sync_start && line < timing->sync_end) {
        status |= 0x08; /* vertical retrace */
    }
    return status;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file has 28 bytes, numbers big-endian: address of the frame (8), a DRM fourcc, flags, width,
 * height, bytes from line to line (4 each; the last may be 0 = packed).
 *
 * RAM may be written at any time by anybody, so each scan compares the frame with a copy. What is
 * accepted is small enough for that; whether it is RAM at all is asked anew each time.
 */
#include "hw/display/ramfb.h"

#include <string.h>

#include "core/display.h"
#include "core/error.h"
#include "core/machine.h"
#include "core/memory.h"
#include "hw/display/vga.h"
#include "hw/pc/fw_cfg.h"

#define FILE_NAME   "etc/ramfb"
#define CONFIG_SIZE 28

#define FOURCC_XR24     0x34325258 /* B, G, R, unused */
#define FOURCC_AR24     0x34325241 /* the same with alpha, which has nothing to shine through */
#define MAX_FRAME_BYTES (64u << 20)

typedef struct RamFb {
    Device device;
    Display *display;
    guint8 config[CONFIG_SIZE]; /* of the frame that is shown; all 0 = none */
    /* from it */
    guint64 addr;
    guint32 width, height, stride;
    Surface *surface;
    gboolean redraw;
} RamFb;

/* ---- configuration ---- */

static guint32 get_be32(const guint8 *in)
{
    guint32 value;
    memcpy(&value, in, sizeof(value));
    return GUINT32_FROM_BE(value);
}

static void turn_off(RamFb *fb)
{
    memset(fb->config, 0, CONFIG_SIZE);
    fb->addr = fb->width = fb->height = fb->stride = 0;
    display_wake(fb->display);
}

/* FALSE: not what we can show, and nothing has changed. */
static gboolean configure(RamFb *fb, const guint8 *config)
{
    guint64 addr = (guint64)get_be32(config) << 32 | get_be32(config + 4);
    guint32 fourcc = get_be32(config + 8);
    guint64 width = get_be32(config + 16), height = get_be32(config + 20);
    guint64 stride = get_be32(config + 24);

    if ((fourcc != FOURCC_XR24 && fourcc != FOURCC_AR24) || width < 1 || height < 1 ||
        width > SURFACE_MAX_SIZE || height > SURFACE_MAX_SIZE) {
        return FALSE;
    }
    stride = stride ? stride : width * 4;
    if (stride < width * 4 || stride % 4 || stride * height > MAX_FRAME_BYTES ||
        addr > G_MAXUINT64 - stride * height) {
        return FALSE;
    }
    memmove(fb->config, config, CONFIG_SIZE);
    fb->addr = addr;
    fb->width = width;
    fb->height = height;
    fb->stride = stride;
    display_wake(fb->display);
    return TRUE;
}

static void config_written(void *opaque, const guint8 *data)
{
    RamFb *fb = opaque;

    if (!configure(fb, data)) {
        device_warn_once(&fb->device, "etc/ramfb: a frame that cannot be shown");
    }
}

/* ---- display source ---- */

static void prepare_surface(RamFb *fb)
{
    guint width = fb->width ? fb->width : 640, height = fb->height ? fb->height : 480;
    Surface *now = fb->surface;

    if (!now || now->width != width || now->height != height) {
        surface_unref(now);
        fb->surface = surface_new(width, height);
        fb->redraw = TRUE;
    }
    if (fb->redraw) {
        display_set_surface(fb->display, fb->surface);
        fb->redraw = FALSE;
    }
}

/* Brings the copy up to date; `frame` NULL = black. */
static void compare(RamFb *fb, const guint8 *frame)
{
    Surface *surface = fb->surface;
    gsize length = (gsize)surface->width * 4;
    g_autofree guint8 *black = frame ? NULL : g_malloc0(length);

    for (guint y = 0; y < surface->height; y++) {
        guint8 *to = surface->data + (gsize)y * surface->stride;
        const guint8 *from = frame ? frame + (gsize)y * fb->stride : black;

        if (memcmp(to, from, length) != 0) {
            memcpy(to, from, length);
            display_damage(fb->display, 0, y, surface->width, 1);
        }
    }
}

static gint64 ramfb_scan(void *opaque)
{
    RamFb *fb = opaque;
    AddressSpace *memory = fb->device.machine->memory;
    gsize wanted = fb->height ? (gsize)fb->stride * (fb->height - 1) + fb->width * 4 : 0;
    gsize length = wanted;
    guint8 *frame = NULL;
    DmaMap map;

    prepare_surface(fb);
    if (wanted) {
        frame = address_space_map(memory, fb->addr, &length, FALSE, &map);
    }
    if (wanted && (!frame || length < wanted)) {
        device_warn_once(&fb->device, "the frame is not in memory");
    }
    compare(fb, length == wanted ? frame : NULL);
    if (frame) {
        address_space_unmap(memory, &map, 0);
    }
    return -1;
}

static void ramfb_invalidate(void *opaque)
{
    ((RamFb *)opaque)->redraw = TRUE;
}

static const DisplaySourceOps source_ops = {.scan = ramfb_scan, .invalidate = ramfb_invalidate};

/* ---- lifecycle ---- */

static gboolean realize(Device *dev, GError **error)
{
    RamFb *fb = (RamFb *)dev;
    Machine *machine = dev->machine;
    Device *fw_cfg = machine->root ? device_find_ops(machine->root, &fw_cfg_ops) : NULL;

    if (!fw_cfg) {
        return error_set(error, "ramfb needs a machine with fw_cfg");
    }
    if (!vga_offer_bios(machine, "vgabios-ramfb.bin", "vgaroms/vgabios-ramfb.bin", error)) {
        return FALSE;
    }
    if (!fw_cfg_add_writable(fw_cfg, FILE_NAME, CONFIG_SIZE, config_written, fb)) {
        return error_set(error, "there is a ramfb, or a file %s, already", FILE_NAME);
    }
    fb->display = display_new(machine, dev->id ? dev->id : "ramfb", &source_ops, fb);
    return TRUE;
}

static void unrealize(Device *dev)
{
    RamFb *fb = (RamFb *)dev;
    Device *fw_cfg = device_find_ops(dev->machine->root, &fw_cfg_ops);

    if (fw_cfg) {
        fw_cfg_forget_writable(fw_cfg, FILE_NAME);
    }
    display_free(fb->display);
    surface_unref(fb->surface);
}

static void reset(Device *dev)
{
    turn_off((RamFb *)dev);
}

static gboolean loaded(void *object, GError **error)
{
    RamFb *fb = object;
    static const guint8 none[CONFIG_SIZE];

    if (memcmp(fb->config, none, CONFIG_SIZE) == 0) {
        turn_off(fb);
    } else if (!configure(fb, fb->config)) {
        turn_off(fb);
        return error_set(error, "ramfb: a frame that cannot be shown");
    }
    return TRUE;
}

static const StateTable ramfb_state = {
    .version = 1,
    .loaded = loaded,
    .fields = (const StateField[]){STATE_ARRAY(U8, RamFb, config), STATE_END},
};

const DeviceOps ramfb_ops = {
    .name = "ramfb",
    .no_hotplug = TRUE,
    .summary = "frame in guest RAM, as the firmware sets it up",
    .category = "Display",
    .bus = BUS_SYSTEM,
    .size = sizeof(RamFb),
    .state = &ramfb_state,
    .realize = realize,
    .unrealize = unrealize,
    .reset = reset,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * EDID blocks; section numbers are those of the VESA E-EDID standard, A2.
 */
#include <string.h>

#include "hw/display/edid.h"

#define BLOCK_SIZE     128
#define DEFAULT_WIDTH  1280
#define DEFAULT_HEIGHT 800
#define DPI            100

typedef struct StandardMode {
    guint16 width, height;
    guint8 aspect; /* 3.9: 0 = 16:10, 1 = 4:3, 2 = 5:4, 3 = 16:9 */
} StandardMode;

static const StandardMode standard_modes[] = {
    {2048, 1152, 3}, {1920, 1200, 0}, {1920, 1080, 3}, {1600, 1200, 1}, {1680, 1050, 0},
    {1440, 900, 0},  {1280, 1024, 2}, {1280, 960, 1},  {1280, 720, 3},
};

/* 3.8: byte and bit of the established timings that we offer. */
static const struct {
    guint16 width, height;
    guint8 byte, bit;
} established_modes[] = {
    {640, 480, 35, 5},
    {800, 600, 35, 0},
    {1024, 768, 36, 3},
};

static gboolean fits(const EdidInfo *info, guint width, guint height)
{
    return (!info->max_width || width <= info->max_width) &&
           (!info->max_height || height <= info->max_height);
}

static void set_checksum(guint8 *block)
{
    guint8 sum = 0;
    for (guint i = 0; i < BLOCK_SIZE - 1; i++) {
        sum += block[i];
    }
    block[BLOCK_SIZE - 1] = -sum;
}

static guint millimetres(guint pixels)
{
    return pixels * 254 / (DPI * 10);
}

/* 3.10.2: a mode with the reduced blanking of VESA's CVT. */
static void fill_detailed(guint8 *out, guint width, guint height, guint refresh_mhz)
{
    const guint h_blank = 160, h_front = 48, h_sync = 32, v_front = 3, v_sync = 6;
    /* At least 460 us of vertical blanking, as CVT-RB wants it. */
    guint64 line_ps = (1000000000000000ULL / refresh_mhz - 460000000ULL) / height;
    guint v_blank = MIN(MAX(460000000ULL / MAX(line_ps, 1) + 1, v_front + v_sync + 6), 4095);
    guint64 clock = (guint64)(width + h_blank) * (height + v_blank) * refresh_mhz / 1000 / 10000;
    guint width_mm = MIN(millimetres(width), 4095), height_mm = MIN(millimetres(height), 4095);

    clock = MIN(clock, G_MAXUINT16);
    out[0] = clock;
    out[1] = clock >> 8;
    out[2] = width;
    out[3] = h_blank;
    out[4] = (width >> 8) << 4 | h_blank >> 8;
    out[5] = height;
    out[6] = v_blank;
    out[7] = (height >> 8) << 4 | v_blank >> 8;
    out[8] = h_front;
    out[9] = h_sync;
    out[10] = (v_front & 15) << 4 | (v_sync & 15);
    out[11] = 0;
    out[12] = width_mm;
    out[13] = height_mm;
    out[14] = (width_mm >> 8) << 4 | height_mm >> 8;
    out[17] = 0x1a; /* digital separate sync, horizontal positive */
}

/* 3.10.3: a display descriptor; text ends with a line feed and is padded with spaces. */
static void fill_text(guint8 *out, guint8 tag, const char *text)
{
    gsize length = MIN(strlen(text), 13);
    memset(out, 0, 5);
    out[3] = tag;
    memset(out + 5, ' ', 13);
    memcpy(out + 5, text, length);
    if (length < 13) {
        out[5 + length] = '\n';
    }
}

static void fill_range_limits(guint8 *out)
{
    static const guint8 limits[] = {0,   0, 0,    0xfd, 0,   50,  125, 30,  160,
                                    120, 1, '\n', ' ',  ' ', ' ', ' ', ' ', ' '};
    memcpy(out, limits, sizeof(limits));
}

static void fill_modes(guint8 *out, const EdidInfo *info)
{
    guint next = 38;
    for (guint i = 0; i < G_N_ELEMENTS(established_modes); i++) {
        if (fits(info, established_modes[i].width, established_modes[i].height)) {
            out[established_modes[i].byte] |= 1 << established_modes[i].bit;
        }
    }
    for (guint i = 0; i < G_N_ELEMENTS(standard_modes) && next < 54; i++) {
        const StandardMode *mode = &standard_modes[i];
        if (fits(info, mode->width, mode->height)) {
            out[next++] = mode->width / 8 - 31;
            out[next++] = mode->aspect << 6; /* 60 Hz */
        }
    }
    memset(out + next, 0x01, 54 - next); /* unused */
}

static void fill_base(guint8 *out, const EdidInfo *info)
{
    static const guint8 header[] = {0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00};
    static const guint8 srgb[] = {0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54};
    guint16 vendor = ('V' - '@') << 10 | ('T' - '@') << 5 | ('R' - '@');

    memcpy(out, header, sizeof(header));
    out[8] = vendor >> 8;
    out[9] = vendor & 0xff;
    out[10] = 0x01; /* product */
    out[16] = 1;    /* week and year of manufacture */
    out[17] = 2024 - 1990;
    out[18] = 1; /* version 1.4 */
    out[19] = 4;
    out[20] = 0xa5; /* digital, 8 bits a colour, DisplayPort */
    out[21] = MIN(millimetres(info->width) / 10, 255);
    out[22] = MIN(millimetres(info->height) / 10, 255);
    out[23] = 120;  /* gamma 2.2 */
    out[24] = 0x06; /* sRGB; the first detailed timing is the native one */
    memcpy(out + 25, srgb, sizeof(srgb));
    fill_modes(out, info);
    fill_detailed(out + 54, info->width, info->height, info->refresh_mhz);
    fill_range_limits(out + 72);
    fill_text(out + 90, 0xfc, "Vitrine");
    fill_text(out + 108, 0xff, "1");
    out[126] = 1; /* extension blocks */
    set_checksum(out);
}

/* CTA-861-G, 7.5: an extension that repeats the small modes as video codes. */
static void fill_cta(guint8 *out)
{
    static const guint8 block[] = {
        0x02, 0x03, 0x09, 0x00,     /* CTA extension 3, timings from 9, nothing basic */
        0x44, 1,    2,    4,    16, /* video: 640x480, 720x480, 1280x720, 1920x1080 */
    };
    memcpy(out, block, sizeof(block));
    set_checksum(out);
}

void edid_fill(const EdidInfo *info, guint8 out[EDID_SIZE])
{
    EdidInfo full = *info;
    if (!full.width || !full.height) {
        full.width = DEFAULT_WIDTH;
        full.height = DEFAULT_HEIGHT;
    }
    if (full.max_width) {
        full.width = MIN(full.width, full.max_width);
    }
    if (full.max_height) {
        full.height = MIN(full.height, full.max_height);
    }
    full.width = CLAMP(full.width, 320, EDID_MAX_SIZE);
    full.height = CLAMP(full.height, 200, EDID_MAX_SIZE);
    full.refresh_mhz = full.refresh_mhz ? CLAMP(full.refresh_mhz, 24000, 240000) : 60000;
    memset(out, 0, EDID_SIZE);
    fill_base(out, &full);
    fill_cta(out + BLOCK_SIZE);
}

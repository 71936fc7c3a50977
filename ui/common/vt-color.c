/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Colours and renditions: ECMA-48, 8.3.117 (SGR), and xterm's 256 and direct colours. */
#include "ui/common/vt-priv.h"

/* The colours of a VGA text mode, in the order of ECMA-48 (red and blue swapped). */
static const guint32 palette[16] = {
    0x000000, 0xaa0000, 0x00aa00, 0xaa5500, 0x0000aa, 0xaa00aa, 0x00aaaa, 0xaaaaaa,
    0x555555, 0xff5555, 0x55ff55, 0xffff55, 0x5555ff, 0xff55ff, 0x55ffff, 0xffffff,
};

/* A step of xterm's 6x6x6 cube. */
static guint32 cube(guint step)
{
    return step ? 55 + 40 * step : 0;
}

guint32 vt_color(guint32 color, gboolean bright, guint32 by_default)
{
    if (color & VT_RGB) {
        return color & 0xffffff;
    }
    if (color == VT_DEFAULT) {
        return bright && by_default == VT_FG ? palette[15] : by_default;
    }
    if (color < 16) {
        return palette[bright ? color | 8 : color];
    }
    if (color < 232) {
        color -= 16;
        return cube(color / 36) << 16 | cube(color / 6 % 6) << 8 | cube(color % 6);
    }
    return (8 + 10 * MIN(color - 232, 23)) * 0x010101;
}

VtPen vt_plain_pen(void)
{
    return (VtPen){.fg = VT_DEFAULT, .bg = VT_DEFAULT};
}

/* 38;5;N and 38;2;R;G;B; returns how many numbers belong to it. */
static guint extended_color(const Vt *vt, guint at, guint32 *color)
{
    guint left = vt->count - at;
    const guint *n = vt->numbers + at;

    if (left >= 3 && n[1] == 5) {
        *color = MIN(n[2], 255);
        return 3;
    }
    if (left >= 5 && n[1] == 2) {
        *color = VT_RGB | MIN(n[2], 255) << 16 | MIN(n[3], 255) << 8 | MIN(n[4], 255);
        return 5;
    }
    return left;
}

static void set_rendition(VtPen *pen, guint n)
{
    switch (n) {
    case 0: *pen = vt_plain_pen(); break;
    case 1: pen->bold = TRUE; break;
    case 4:
    case 21: pen->style |= VT_UNDERLINE; break;
    case 7: pen->reverse = TRUE; break;
    case 9: pen->style |= VT_STRIKE; break;
    case 22: pen->bold = FALSE; break;
    case 24: pen->style &= (guint8)~VT_UNDERLINE; break;
    case 27: pen->reverse = FALSE; break;
    case 29: pen->style &= (guint8)~VT_STRIKE; break;
    case 39: pen->fg = VT_DEFAULT; break;
    case 49: pen->bg = VT_DEFAULT; break;
    default:
        if (n >= 30 && n <= 37) {
            pen->fg = n - 30;
        } else if (n >= 40 && n <= 47) {
            pen->bg = n - 40;
        } else if (n >= 90 && n <= 97) {
            pen->fg = n - 90 + 8;
        } else if (n >= 100 && n <= 107) {
            pen->bg = n - 100 + 8;
        }
        break;
    }
}

void vt_select_rendition(Vt *vt)
{
    VtPen *pen = &vt->cursor.pen;

    for (guint at = 0; at < vt->count;) {
        guint n = vt->numbers[at];

        if (n == 38 || n == 48) {
            at += extended_color(vt, at, n == 38 ? &pen->fg : &pen->bg);
        } else {
            set_rendition(pen, n);
            at++;
        }
    }
}

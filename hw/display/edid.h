/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * EDID: what a monitor tells of itself (VESA Enhanced EDID Standard, release A, revision 2), with
 * one CTA-861 extension block. Pure functions.
 */
#pragma once

#include <glib.h>

#define EDID_SIZE 256 /* base block and one extension */
/* A detailed timing has twelve bits for each size. */
#define EDID_MAX_SIZE 4095

typedef struct EdidInfo {
    guint width, height;         /* preferred mode, pixels; 0 = 1280x800 */
    guint max_width, max_height; /* larger modes are not offered; 0 = no limit */
    guint refresh_mhz;           /* of the preferred mode; 0 = 60000 */
} EdidInfo;

void edid_fill(const EdidInfo *info, guint8 out[EDID_SIZE]);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's graphics for a terminal: scaled, cut into tiles of whole cells, and what has changed
 * of them encoded - as images (kitty, sixel, iTerm2) or as characters (half blocks and the like,
 * by libchafa). It works on one frame at a time in a worker, without the vm lock and without a
 * copy of the surface; everything else: vm lock held.
 */
#pragma once

#include <glib.h>
#include <pixman.h>

#include "core/display.h"
#include "ui/terminal/caps.h"

typedef struct PictureLayout {
    TermGraphics kind;             /* KITTY, SIXEL, ITERM or BLOCKS */
    GridColors colors;             /* for BLOCKS */
    guint column, row;             /* its top left cell in the terminal */
    guint columns, rows;           /* cells that it covers */
    guint cell_width, cell_height; /* pixels of the scaled picture a cell */
    guint width, height;           /* of the scaled picture */
    guint guest_width, guest_height;
} PictureLayout;

typedef struct Picture Picture;

/* `done` tells that a frame is ready. */
Picture *picture_new(WorkerPool *workers, void (*done)(void *opaque), void *opaque);
/* A frame under way is finished without its owner. NULL is fine. */
void picture_free(Picture *picture);

gboolean picture_is_busy(const Picture *picture);

/* The guest's cursor, to be drawn into a frame. */
typedef struct PictureCursor {
    Cursor *image; /* NULL = none */
    gint x, y;     /* of its hot spot */
} PictureCursor;

/*
 * Starts a frame: `damage` in guest pixels is what may have changed since the last one; NULL, or
 * another layout than last time: everything. Not while busy.
 */
void picture_start(Picture *picture, const PictureLayout *layout, Surface *surface,
                   const PictureCursor *cursor, const pixman_region32_t *damage);

/* Of the last frame; valid until the next one starts. */
const PictureLayout *picture_layout(const Picture *picture);
const GString *picture_bytes(const Picture *picture); /* to be written to the terminal */
const Grid *picture_cells(const Picture *picture);    /* for BLOCKS: all its cells */
guint64 picture_encode_ns(const Picture *picture);

/* What makes a terminal forget the pictures that were sent to it. */
const char *picture_forget(TermGraphics kind);

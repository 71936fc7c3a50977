/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Encoders of parts of a scaled picture, for picture.c. They run in a worker. */
#pragma once

#include "ui/terminal/picture.h"

/* A part of the scaled picture, in its cells. */
typedef struct CellBox {
    guint column, row, columns, rows;
} CellBox;

/*
 * Appends `box` as an image at its place. `pixels` are the whole picture's, a8r8g8b8, opaque.
 * `id`: the same part has the same, which replaces the former one (kitty).
 */
void picture_encode_kitty(const PictureLayout *layout, const guint32 *pixels, guint stride,
                          CellBox box, guint id, GString *out);
/* The same by sixels, or as iTerm2's inline image. */
void picture_encode_chafa(const PictureLayout *layout, const guint32 *pixels, guint stride,
                          CellBox box, GString *out);
/* Puts characters into the picture's cells. */
void picture_encode_blocks(const PictureLayout *layout, const guint32 *pixels, guint stride,
                           CellBox box, Grid *cells);

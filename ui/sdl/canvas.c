/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/sdl/canvas.h"

void sdl_canvas_free(SdlCanvas *canvas)
{
    if (canvas != NULL) {
        canvas->ops->free(canvas);
    }
}

gboolean sdl_canvas_draw(SdlCanvas *canvas, const SdlFrame *frame)
{
    return canvas->ops->draw(canvas, frame);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Built without libisofs. */
#include "core/error.h"
#include "ui/gtk/iso-image.h"

gboolean iso_image_can(GError **error)
{
    return error_set(error, "Only CD images (ISO) can be dropped here: built without libisofs, "
                            "which makes one of other files");
}

gboolean iso_image_make(GPtrArray *paths, int fd, const gint *cancelled, GError **error)
{
    return iso_image_can(error);
}

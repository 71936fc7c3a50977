/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/char/line.h"

#include "core/error.h"

Chardev *char_line_open(Device *dev, const char *id, const CharUser *user, GError **error)
{
    g_autoptr(GError) reason = NULL;
    Chardev *chr = dev->machine->chars ? chardev_find(dev->machine, id) : NULL;

    if (!chr) {
        error_set(error, "Property '%s.chardev' can't find value '%s'", dev->ops->name, id);
        return NULL;
    }
    chr = chardev_claim(dev->machine, id, &reason);
    if (!chr || !chardev_attach(chr, user, dev, &reason)) {
        error_set(error, "Property '%s.chardev' can't take value '%s': %s", dev->ops->name, id,
                  reason->message);
        return NULL;
    }
    return chr;
}

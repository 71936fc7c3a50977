/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two 8237A DMA controllers of a PC/AT, cascaded, with their page registers: channels 0 to 3
 * move bytes, 5 to 7 words of 16 bits (Intel 8237A data sheet; PIIX3 data sheet, section 2.5.1).
 *
 * A card attaches itself to a channel and holds up its request as long as it has, or takes, data;
 * the controller calls `transfer` when the guest has programmed and unmasked the channel. Memory to
 * memory transfers are not there, as on PCs since PIIX. Publishes three regions: the registers of
 * the first controller (port 0), of the second one (C0h), the pages (80h). Vm lock held.
 * Clients detach themselves before they go.
 */
#pragma once

#include <glib.h>

#include "core/device.h"

#define I8237_CHANNELS 8

typedef struct I8237Client {
    /*
     * Required. Gives (`to_memory`) or takes up to `length` bytes; returns how many. None, or a
     * request that is taken back: the channel rests.
     */
    guint (*transfer)(void *opaque, guint8 *data, guint length, gboolean to_memory);
    /* Required. What `transfer` gave or took has been moved. `tc`: and with it all that the channel
     * was programmed for (EOP). */
    void (*moved)(void *opaque, gboolean tc);
    /* Required. The controller goes; it must not be called any more. */
    void (*gone)(void *opaque);
} I8237Client;

/* Takes channel 0 to 7 (not 4, the cascade) for a card; NULL gives it back. FALSE if taken. */
gboolean i8237_attach(Device *dev, guint channel, const I8237Client *client, void *opaque);

/* The card's DREQ. While it is up, `transfer` may be called: at once, or when the guest allows. */
void i8237_request(Device *dev, guint channel, gboolean on);

extern const DeviceOps i8237_ops;

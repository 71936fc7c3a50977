/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of core/block*.c share. Vm lock held. */
#pragma once

#include "core/block.h"

struct BlockManager {
    Machine *machine;
    const BlockImageOps *const *formats;
    const BlockEngineOps *const *engine_types;
    GPtrArray *engines; /* of BlockEngine*, opened ones */
    GPtrArray *drives;  /* of Drive*, in order of adding */
    gboolean snapshot;
    GQueue ended; /* requests that ended within their submitting call */
    Deferred *ended_call, *stop_call;
    MachineListener *listener;
    GPtrArray *activities; /* of BlockActivity* */
    guint armed;           /* how many of them are */
};

/* core/block.c */
void drive_free(Drive *drive);

/* core/block-request.c */
void block_requests_init(BlockManager *manager);
void block_requests_finish(BlockManager *manager);
void drive_request_ended(BlockRequest *request, int result);
/* Before a medium goes: drains, and has what was written put on stable storage. */
void drive_finish_writes(Drive *drive);

/* core/block-image.c */
/* Opens what `drive` says for `file`, with its overlay, without putting it in. */
BlockImage *drive_open_image(Drive *drive, const char *file, const char *format, gboolean readonly,
                             GError **error);
/* Puts an opened image in, or takes it out (NULL). The drive is drained. */
void drive_set_image(Drive *drive, BlockImage *image);

extern const char *const drive_interface_names[];
extern const char *const drive_cache_names[];

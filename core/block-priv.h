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
    GPtrArray *nodes;   /* of BlockNode*, in order of adding */
    guint next_node;    /* number in the name of one that has none */
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
/* Waits, with the lock held, for something of the drive's engine to end. */
void drive_wait(Drive *drive);

/* core/block-task.c */
/* No request of the drive is under way any more: its task may begin. */
void drive_task_may_start(Drive *drive);
/* Waits until the drive has no task. The drive is drained. */
void drive_finish_task(Drive *drive);

/* core/block-option.c */
/* A drive for a device, with default options. */
Drive *drive_add_anonymous(Machine *machine, const char *name, DriveMedia media, GError **error);

/* core/block-node.c */
void block_nodes_free(BlockManager *manager);
/* Puts a node into an empty, drained drive as its medium. */
gboolean block_node_attach(BlockNode *node, Drive *drive, GError **error);
void block_node_detach(BlockNode *node);
char *block_node_new_name(BlockManager *manager);

/* core/block-image.c */
/* Opens what `drive` says for `file`, with its overlay, without putting it in. */
BlockImage *drive_open_image(Drive *drive, const char *file, const char *format, gboolean readonly,
                             GError **error);
/* Puts an opened image in, or takes it out (NULL). The drive is drained. */
void drive_set_image(Drive *drive, BlockImage *image);

extern const char *const drive_interface_names[];
extern const char *const drive_cache_names[];

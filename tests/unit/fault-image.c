/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/fault-image.h"

#include <string.h>

#include "core/block-iov.h"

static gboolean fault_open(BlockImage *image, GError **error)
{
    image->length = FAULT_SIZE;
    ((FaultImage *)image)->data = g_malloc0(FAULT_SIZE);
    return TRUE;
}

static void fault_close(BlockImage *image)
{
    g_free(((FaultImage *)image)->data);
}

static void fault_submit(BlockImage *image, BlockRequest *request)
{
    FaultImage *fault = (FaultImage *)image;
    guint8 *at = fault->data + request->offset;

    fault->seen++;
    if (fault->error && fault->bad_offset >= request->offset &&
        fault->bad_offset < request->offset + MAX(request->length, 1)) {
        block_image_complete(request, -fault->error);
        return;
    }
    if (request->op == BLOCK_OP_READ) {
        iov_from_buffer(request->iov, request->niov, 0, at, request->length);
    } else if (request->op == BLOCK_OP_WRITE) {
        iov_to_buffer(request->iov, request->niov, 0, at, request->length);
    }
    block_image_complete(request, 0);
}

static gboolean fault_probe(const guint8 *head, gsize length)
{
    return length >= 5 && memcmp(head, "FAULT", 5) == 0;
}

const BlockImageOps fault_image_ops = {
    .name = "fault",
    .summary = "fails when told",
    .size = sizeof(FaultImage),
    .probe = fault_probe,
    .open = fault_open,
    .close = fault_close,
    .submit = fault_submit,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Temporary overlay (snapshot=on): what is written goes to a sparse file without a name, at the
 * same offsets, and a bitmap tells which sectors are there. Closing it forgets them all.
 *
 * The bitmap is made of pages that appear with the first write to their part of the disk, so a
 * large disk costs nothing until it is written.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "block/types.h"
#include "core/block-iov.h"
#include "core/error.h"

#define PAGE_BYTES   4096
#define PAGE_SECTORS (PAGE_BYTES * 8ULL)

/* A request whose sectors lie in turn here and there falls into as many parts as it has sectors:
 * so many of them are under way at once. */
#define PARTS_MAX 32

typedef struct OverlayImage {
    BlockImage image;
    int fd;
    guint8 **pages; /* one bit a sector; NULL = nothing written there */
    guint64 page_count;
    guint64 written; /* sectors, for people */
} OverlayImage;

/* A part of a request that one of the two files answers. */
typedef struct OverlayPart OverlayPart;
typedef struct OverlayOp {
    BlockRequest *request;
    guint64 next; /* byte from which on no part has been sent */
    guint pending;
    int result;
    GPtrArray *parts;
} OverlayOp;

struct OverlayPart {
    OverlayOp *op;
    struct iovec *iov;
    BlockJob job;         /* in the overlay */
    BlockRequest request; /* to the base */
};

static gboolean is_written(const OverlayImage *overlay, guint64 sector)
{
    const guint8 *page = overlay->pages[sector / PAGE_SECTORS];

    return page && (page[sector % PAGE_SECTORS / 8] & (1 << (sector % 8)));
}

static void mark_written(OverlayImage *overlay, guint64 sector, guint64 count)
{
    for (; count > 0; sector++, count--) {
        guint8 **page = &overlay->pages[sector / PAGE_SECTORS];

        if (!is_written(overlay, sector)) {
            if (!*page) {
                *page = g_malloc0(PAGE_BYTES);
            }
            (*page)[sector % PAGE_SECTORS / 8] |= (guint8)(1 << (sector % 8));
            overlay->written++;
        }
    }
}

/* How many sectors from `sector` on are known at once to be alike: one, or those of a byte or of a
 * page of the bitmap. */
static guint64 step_length(const OverlayImage *overlay, guint64 sector)
{
    const guint8 *page = overlay->pages[sector / PAGE_SECTORS];
    guint8 byte = page ? page[sector % PAGE_SECTORS / 8] : 0;

    if (!page) {
        return PAGE_SECTORS - sector % PAGE_SECTORS;
    }
    return byte == 0 || byte == 0xff ? 8 - sector % 8 : 1;
}

/* How many sectors from `sector` on, at most `most`, are alike in being written or not. */
static guint64 run_length(const OverlayImage *overlay, guint64 sector, guint64 most)
{
    gboolean written = is_written(overlay, sector);
    guint64 run = 0;

    while (run < most && is_written(overlay, sector + run) == written) {
        run += step_length(overlay, sector + run);
    }
    return MIN(run, most);
}

static void part_free(gpointer data)
{
    OverlayPart *part = data;

    g_free(part->iov);
    g_free(part);
}

static void send_parts(OverlayOp *op);

static void part_ended(OverlayOp *op, int result)
{
    BlockRequest *request = op->request;

    if (result < 0 && op->result == 0) {
        op->result = result;
    }
    if (--op->pending > 0) {
        return;
    }
    g_ptr_array_set_size(op->parts, 0);
    if (op->result == 0 && op->next < request->offset + request->length) {
        send_parts(op);
        return;
    }
    result = op->result;
    if (request->op == BLOCK_OP_WRITE && result == 0) {
        mark_written((OverlayImage *)request->image, request->offset / BLOCK_SECTOR_SIZE,
                     request->length / BLOCK_SECTOR_SIZE);
    }
    g_ptr_array_unref(op->parts);
    g_free(op);
    block_image_complete(request, result);
}

static void job_done(BlockJob *job, gint64 result)
{
    OverlayPart *part = job->opaque;

    if (result >= 0 && (guint64)result < job->length) {
        result = job->op == BLOCK_OP_WRITE ? -ENOSPC : -EIO;
    }
    part_ended(part->op, (int)MIN(result, 0));
}

static void base_done(BlockRequest *request, int result)
{
    OverlayPart *part = request->opaque;

    part_ended(part->op, result);
}

static OverlayPart *part_new(OverlayOp *op, guint64 offset, guint64 length, guint *niov)
{
    OverlayPart *part = g_new0(OverlayPart, 1);
    const BlockRequest *request = op->request;

    part->op = op;
    part->iov = g_new(struct iovec, request->niov);
    *niov = iov_slice(part->iov, request->iov, request->niov, offset - request->offset, length);
    g_ptr_array_add(op->parts, part);
    op->pending++;
    return part;
}

static void send_to_overlay(OverlayImage *overlay, OverlayOp *op, guint64 offset, guint64 length)
{
    guint niov;
    OverlayPart *part = part_new(op, offset, length, &niov);

    part->job = (BlockJob){
        .op = op->request->op,
        .fd = overlay->fd,
        .offset = offset,
        .length = length,
        .iov = part->iov,
        .niov = niov,
        .done = job_done,
        .opaque = part,
    };
    overlay->image.engine->ops->submit(overlay->image.engine, &part->job);
}

static void send_to_base(OverlayImage *overlay, OverlayOp *op, guint64 offset, guint64 length)
{
    guint niov;
    OverlayPart *part = part_new(op, offset, length, &niov);

    part->request = (BlockRequest){
        .op = BLOCK_OP_READ,
        .offset = offset,
        .length = length,
        .iov = part->iov,
        .niov = niov,
        .done = base_done,
        .opaque = part,
    };
    block_image_submit(overlay->image.base, &part->request);
}

/* Sends the next parts of a read, or the one of a write. */
static void send_parts(OverlayOp *op)
{
    BlockRequest *request = op->request;
    OverlayImage *overlay = (OverlayImage *)request->image;
    guint64 end = request->offset + request->length;

    op->pending = 1; /* ours, until all parts are sent */
    while (op->next < end && op->parts->len < PARTS_MAX) {
        guint64 offset = op->next, sector = offset / BLOCK_SECTOR_SIZE;
        guint64 length = end - offset;

        if (request->op == BLOCK_OP_READ) {
            length = run_length(overlay, sector, length / BLOCK_SECTOR_SIZE) * BLOCK_SECTOR_SIZE;
        }
        op->next += length;
        if (request->op == BLOCK_OP_WRITE || is_written(overlay, sector)) {
            send_to_overlay(overlay, op, offset, length);
        } else {
            send_to_base(overlay, op, offset, length);
        }
    }
    part_ended(op, 0);
}

static void overlay_submit(BlockImage *image, BlockRequest *request)
{
    OverlayOp *op;

    if (request->op == BLOCK_OP_FLUSH || request->op == BLOCK_OP_DISCARD) {
        block_image_complete(request, 0); /* nothing here outlives us */
        return;
    }
    op = g_new0(OverlayOp, 1);
    op->request = request;
    op->parts = g_ptr_array_new_with_free_func(part_free);
    op->next = request->offset;
    send_parts(op);
}

/* ---- commit ---- */

#define COMMIT_SECTORS 2048

typedef struct Commit {
    OverlayImage *overlay;
    guint64 sector; /* from which on nothing is done */
    guint64 count;  /* sectors under way */
    guint8 *buffer;
    struct iovec iov;
    BlockJob job;         /* in the overlay */
    BlockRequest request; /* to the base */
    void (*done)(BlockImage *image, int result, void *opaque);
    void *opaque;
} Commit;

static void commit_next(Commit *commit);

static void commit_end(Commit *commit, int result)
{
    commit->done(&commit->overlay->image, result, commit->opaque);
    g_aligned_free(commit->buffer);
    g_free(commit);
}

static void forgotten(BlockJob *job, gint64 result)
{
    commit_end(job->opaque, 0); /* whether the host has its space back or not */
}

/* The base has it all, on stable storage. */
static void forget(Commit *commit)
{
    OverlayImage *overlay = commit->overlay;

    for (guint64 i = 0; i < overlay->page_count; i++) {
        g_clear_pointer(&overlay->pages[i], g_free);
    }
    overlay->written = 0;
    commit->job = (BlockJob){
        .op = BLOCK_OP_DISCARD,
        .fd = overlay->fd,
        .length = overlay->image.length,
        .done = forgotten,
        .opaque = commit,
    };
    overlay->image.engine->ops->submit(overlay->image.engine, &commit->job);
}

static void committed_part(BlockRequest *request, int result)
{
    Commit *commit = request->opaque;

    if (result < 0) {
        commit_end(commit, result);
    } else if (request->op == BLOCK_OP_FLUSH) {
        forget(commit);
    } else {
        commit->sector += commit->count;
        commit_next(commit);
    }
}

static void send_committed(Commit *commit, BlockOp op)
{
    commit->request = (BlockRequest){
        .op = op,
        .offset = op == BLOCK_OP_WRITE ? commit->sector * BLOCK_SECTOR_SIZE : 0,
        .length = op == BLOCK_OP_WRITE ? commit->count * BLOCK_SECTOR_SIZE : 0,
        .iov = &commit->iov,
        .niov = 1,
        .done = committed_part,
        .opaque = commit,
    };
    block_image_submit(commit->overlay->image.base, &commit->request);
}

static void read_for_commit(BlockJob *job, gint64 result)
{
    Commit *commit = job->opaque;

    if (result < 0 || (guint64)result < job->length) {
        commit_end(commit, result < 0 ? (int)result : -EIO);
    } else {
        send_committed(commit, BLOCK_OP_WRITE);
    }
}

/* The first written sector from `sector` on, or `end`. */
static guint64 find_written(const OverlayImage *overlay, guint64 sector, guint64 end)
{
    while (sector < end && !is_written(overlay, sector)) {
        sector = overlay->pages[sector / PAGE_SECTORS] ? sector + 1
                                                       : (sector / PAGE_SECTORS + 1) * PAGE_SECTORS;
    }
    return MIN(sector, end);
}

static void commit_next(Commit *commit)
{
    OverlayImage *overlay = commit->overlay;
    guint64 end = overlay->image.length / BLOCK_SECTOR_SIZE;

    commit->sector = find_written(overlay, commit->sector, end);
    if (commit->sector >= end) {
        send_committed(commit, BLOCK_OP_FLUSH);
        return;
    }
    commit->count = run_length(overlay, commit->sector, MIN(end - commit->sector, COMMIT_SECTORS));
    commit->iov = (struct iovec){commit->buffer, commit->count * BLOCK_SECTOR_SIZE};
    commit->job = (BlockJob){
        .op = BLOCK_OP_READ,
        .fd = overlay->fd,
        .offset = commit->sector * BLOCK_SECTOR_SIZE,
        .length = commit->count * BLOCK_SECTOR_SIZE,
        .iov = &commit->iov,
        .niov = 1,
        .done = read_for_commit,
        .opaque = commit,
    };
    overlay->image.engine->ops->submit(overlay->image.engine, &commit->job);
}

static void overlay_commit(BlockImage *image,
                           void (*done)(BlockImage *image, int result, void *opaque), void *opaque)
{
    Commit *commit = g_new0(Commit, 1);

    commit->overlay = (OverlayImage *)image;
    commit->buffer = g_aligned_alloc(COMMIT_SECTORS, BLOCK_SECTOR_SIZE, PAGE_BYTES);
    commit->done = done;
    commit->opaque = opaque;
    commit_next(commit);
}

static guint64 overlay_run(BlockImage *image, guint64 offset, guint64 length, gboolean *here)
{
    const OverlayImage *overlay = (const OverlayImage *)image;
    guint64 sector = offset / BLOCK_SECTOR_SIZE;
    guint64 end = (offset + length + BLOCK_SECTOR_SIZE - 1) / BLOCK_SECTOR_SIZE;

    *here = is_written(overlay, sector);
    end = (sector + run_length(overlay, sector, end - sector)) * BLOCK_SECTOR_SIZE;
    return MIN(end - offset, length);
}

static void overlay_info(BlockImage *image, GString *out)
{
    const OverlayImage *overlay = (const OverlayImage *)image;

    g_string_append_printf(out, "    Temporary writes: %" G_GUINT64_FORMAT " KiB\n",
                           overlay->written / 2);
}

/* A file that is gone when closed; in /var/tmp since disks are larger than memory. */
static int open_temporary(GError **error)
{
    const char *dir = g_getenv("TMPDIR") ? g_getenv("TMPDIR") : "/var/tmp";
    int fd = open(dir, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
        g_autofree char *name = g_build_filename(dir, "vitrine-XXXXXX", NULL);

        fd = mkostemp(name, O_CLOEXEC);
        if (fd >= 0) {
            unlink(name);
        }
    }
    if (fd < 0) {
        error_set_errno(error, errno, "cannot make a temporary file in '%s' (set TMPDIR)", dir);
    }
    return fd;
}

static gboolean overlay_open(BlockImage *image, GError **error)
{
    OverlayImage *overlay = (OverlayImage *)image;

    image->length = image->base->length;
    overlay->page_count = image->length / BLOCK_SECTOR_SIZE / PAGE_SECTORS + 1;
    overlay->pages = g_try_new0(guint8 *, overlay->page_count);
    if (!overlay->pages) {
        return error_set(error, "'%s' is too large for temporary writes (snapshot=on)",
                         image->file);
    }
    overlay->fd = open_temporary(error);
    if (overlay->fd < 0) {
        g_free(overlay->pages);
        return FALSE;
    }
    return TRUE;
}

static void overlay_close(BlockImage *image)
{
    OverlayImage *overlay = (OverlayImage *)image;

    for (guint64 i = 0; i < overlay->page_count; i++) {
        g_free(overlay->pages[i]);
    }
    g_free(overlay->pages);
    close(overlay->fd);
}

const BlockImageOps overlay_image_ops = {
    .name = "overlay",
    .summary = "Temporary writes over another image",
    .size = sizeof(OverlayImage),
    .needs_base = TRUE,
    .open = overlay_open,
    .close = overlay_close,
    .submit = overlay_submit,
    .commit = overlay_commit,
    .run = overlay_run,
    .info = overlay_info,
};

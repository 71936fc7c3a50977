/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What somebody at the host has done to the whole image of a drive, while the guest uses it:
 * keeping temporary writes for good (commit), and making the disk larger. The guest's requests wait
 * meanwhile; nothing here waits with the lock held, but for drive_finish_task().
 */
#include <errno.h>
#include <string.h>

#include "core/block-priv.h"
#include "core/error.h"
#include "core/log.h"

struct DriveTask {
    Drive *drive;
    void (*start)(DriveTask *task);
    gboolean started; /* it waits until no request is under way */
    Deferred *start_call;
    void (*done)(Drive *drive, int result, void *opaque);
    void *opaque;
    /* Resizing: */
    guint64 length;
    BlockRequest request;
    struct iovec iov;
    guint8 sector[BLOCK_SECTOR_SIZE];
};

static void start_now(DriveTask *task)
{
    if (!task->started) {
        task->started = TRUE;
        task->start(task);
    }
}

static void run_start(void *opaque)
{
    DriveTask *task = opaque;

    if (g_queue_is_empty(&task->drive->requests)) {
        start_now(task);
    }
}

static DriveTask *task_begin(Drive *drive, void (*start)(DriveTask *task),
                             void (*done)(Drive *drive, int result, void *opaque), void *opaque)
{
    DriveTask *task = g_new0(DriveTask, 1);

    task->drive = drive;
    task->start = start;
    task->done = done;
    task->opaque = opaque;
    task->start_call = deferred_new(drive->manager->machine->loop, run_start, task);
    drive->task = task;
    drive_task_may_start(drive);
    return task;
}

void drive_task_may_start(Drive *drive)
{
    if (!drive->task->started && g_queue_is_empty(&drive->requests)) {
        deferred_schedule(drive->task->start_call);
    }
}

static void task_end(DriveTask *task, int result)
{
    Drive *drive = task->drive;
    GQueue held = drive->held;
    GList *link;

    drive->task = NULL;
    g_queue_init(&drive->held);
    while ((link = g_queue_pop_head_link(&held)) != NULL) {
        drive_submit(drive, link->data);
    }
    task->done(drive, result, task->opaque);
    deferred_free(task->start_call);
    g_free(task);
}

/* There is nothing to do. */
static void task_succeed(DriveTask *task)
{
    task_end(task, 0);
}

void drive_finish_task(Drive *drive)
{
    DriveTask *task = drive->task;

    if (!task) {
        return;
    }
    start_now(task);
    while (drive->task == task) {
        drive_wait(drive);
    }
}

/* ---- commit ---- */

static void commit_done(BlockImage *image, int result, void *opaque)
{
    image->base->ops->set_writable(image->base, FALSE, NULL);
    task_end(opaque, result);
}

static void commit_start(DriveTask *task)
{
    BlockImage *image = task->drive->image;

    image->ops->commit(image, commit_done, task);
}

gboolean drive_commit(Drive *drive, void (*done)(Drive *drive, int result, void *opaque),
                      void *opaque, GError **error)
{
    BlockImage *image = drive->image;

    if (!image) {
        return error_set(error, "'commit' error for '%s': No medium found", drive->id);
    }
    if (!image->ops->commit || !image->base->ops->set_writable) {
        return error_set(error,
                         "'commit' error for '%s': Operation not supported: it has no temporary "
                         "writes (snapshot=on)",
                         drive->id);
    }
    if (drive->readonly) {
        return error_set(error, "'commit' error for '%s': it is read-only", drive->id);
    }
    if (drive->task) {
        return error_set(error, "'commit' error for '%s': something is under way already",
                         drive->id);
    }
    if (!image->base->ops->set_writable(image->base, TRUE, error)) {
        g_prefix_error(error, "'commit' error for '%s': ", drive->id);
        return FALSE;
    }
    task_begin(drive, commit_start, done, opaque);
    return TRUE;
}

typedef struct CommitAll {
    guint pending;
    void (*done)(const char *errors, void *opaque);
    void *opaque;
    GString *errors;
} CommitAll;

static void commit_all_unref(CommitAll *all)
{
    if (--all->pending > 0) {
        return;
    }
    if (all->done) {
        all->done(all->errors->len ? all->errors->str : NULL, all->opaque);
    } else if (all->errors->len) {
        report_error("%s", all->errors->str);
    }
    g_string_free(all->errors, TRUE);
    g_free(all);
}

static void add_error(CommitAll *all, const char *text)
{
    g_string_append_printf(all->errors, "%s%s", all->errors->len ? "; " : "", text);
}

static void one_committed(Drive *drive, int result, void *opaque)
{
    CommitAll *all = opaque;

    if (result < 0) {
        g_autofree char *text =
            g_strdup_printf("'commit' error for '%s': %s; the temporary writes are all still "
                            "there, and can be committed again",
                            drive->id, g_strerror(-result));
        add_error(all, text);
    }
    commit_all_unref(all);
}

static void commit_one(Drive *drive, void *opaque)
{
    CommitAll *all = opaque;
    g_autoptr(GError) error = NULL;

    if (!drive->image || !drive->image->ops->commit) {
        return;
    }
    all->pending++;
    if (!drive_commit(drive, one_committed, all, &error)) {
        add_error(all, error->message);
        commit_all_unref(all);
    }
}

void block_commit_all(Machine *machine, void (*done)(const char *errors, void *opaque),
                      void *opaque)
{
    CommitAll *all = g_new0(CommitAll, 1);

    *all = (CommitAll){1, done, opaque, g_string_new(NULL)};
    drive_foreach(machine, commit_one, all);
    commit_all_unref(all);
}

/* ---- resize ---- */

static void last_sector_written(BlockRequest *request, int result)
{
    DriveTask *task = request->opaque;
    Drive *drive = task->drive;

    if (result == 0) {
        drive->image->ops->grown(drive->image, task->length);
        drive->length = drive->image->length;
    }
    task_end(task, result);
}

/* The file grows, with a hole, by its new last sector. */
static void resize_start(DriveTask *task)
{
    task->iov = (struct iovec){task->sector, sizeof(task->sector)};
    task->request = (BlockRequest){
        .op = BLOCK_OP_WRITE,
        .offset = task->length - BLOCK_SECTOR_SIZE,
        .length = BLOCK_SECTOR_SIZE,
        .iov = &task->iov,
        .niov = 1,
        .done = last_sector_written,
        .opaque = task,
    };
    block_image_submit(task->drive->image, &task->request);
}

gboolean drive_resize(Drive *drive, guint64 length,
                      void (*done)(Drive *drive, int result, void *opaque), void *opaque,
                      GError **error)
{
    BlockImage *image = drive->image;
    DriveTask *task;

    length = (length + BLOCK_SECTOR_SIZE - 1) / BLOCK_SECTOR_SIZE * BLOCK_SECTOR_SIZE;
    if (!image) {
        return error_set(error, "Device '%s' has no medium", drive->id);
    }
    if (drive_is_readonly(drive)) {
        return error_set(error, "Image is read-only");
    }
    if (length > G_MAXINT64 || length < drive->length) {
        return error_set(error,
                         "the disk has %" G_GUINT64_FORMAT
                         " bytes; making it smaller would cut off data: do that when it is not in "
                         "use (qemu-img resize --shrink)",
                         drive->length);
    }
    if (!image->ops->grown || drive->task) {
        return error_set(error, drive->task ? "something else is done to the disk at this time"
                                            : "temporary writes (snapshot=on) cannot be resized");
    }
    if (length > drive->length && !image->ops->can_grow(image, error)) {
        return FALSE;
    }
    task = task_begin(drive, length > drive->length ? resize_start : task_succeed, done, opaque);
    task->length = length;
    return TRUE;
}

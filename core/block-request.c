/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way of a request: checked, counted, sent to the image, and on its return told to the sender
 * or, if the drive's error policy says so, kept until the machine goes on.
 */
#include <errno.h>
#include <string.h>

#include "core/block-iov.h"
#include "core/block-priv.h"
#include "core/event.h"
#include "core/log.h"

static const char *const op_words[BLOCK_OP_COUNT] = {"read", "write", "flush", "discard"};

/* Runs `done` for requests that ended before their submitting call had returned. */
static void run_ended(void *opaque)
{
    BlockManager *manager = opaque;
    BlockRequest *request;

    while ((request = g_queue_pop_head(&manager->ended)) != NULL) {
        if (request->drive) {
            drive_request_ended(request, request->result);
        } else {
            request->done(request, request->result);
        }
    }
}

static void end_later(BlockManager *manager, BlockRequest *request, int result)
{
    request->result = result;
    g_queue_push_tail(&manager->ended, request);
    deferred_schedule(manager->ended_call);
}

void block_image_complete(BlockRequest *request, int result)
{
    if (request->submitting) {
        end_later(request->image->machine->blocks, request, result);
    } else if (request->drive) {
        drive_request_ended(request, result);
    } else {
        request->done(request, result);
    }
}

/* 0, or why the request cannot be sent to the drive's image. */
static int check(const Drive *drive, const BlockRequest *request)
{
    gboolean data = request->op == BLOCK_OP_READ || request->op == BLOCK_OP_WRITE;

    if (!drive->image) {
        return -ENOMEDIUM;
    }
    if (request->op == BLOCK_OP_FLUSH) {
        return 0;
    }
    if ((request->offset | request->length) % BLOCK_SECTOR_SIZE != 0 ||
        request->offset > drive->length || request->length > drive->length - request->offset ||
        (data && iov_size(request->iov, request->niov) != request->length)) {
        return -EINVAL;
    }
    if (request->op != BLOCK_OP_READ && drive_is_readonly(drive)) {
        return -EROFS;
    }
    return 0;
}

static void send(Drive *drive, BlockRequest *request)
{
    BlockManager *manager = drive->manager;

    if (request->op == BLOCK_OP_FLUSH &&
        (drive->cache == DRIVE_CACHE_UNSAFE || drive_is_readonly(drive))) {
        end_later(manager, request, 0);
    } else if (request->op != BLOCK_OP_FLUSH && request->length == 0) {
        end_later(manager, request, 0);
    } else {
        block_image_submit(drive->image, request);
    }
}

/* ---- activity ---- */

struct BlockActivity {
    BlockManager *manager;
    void (*fn)(void *opaque);
    void *opaque;
    gboolean armed;
};

static void tell_activity(BlockManager *manager)
{
    for (guint i = 0; i < manager->activities->len; i++) {
        BlockActivity *activity = g_ptr_array_index(manager->activities, i);

        if (activity->armed) {
            activity->armed = FALSE;
            manager->armed--;
            activity->fn(activity->opaque);
        }
    }
}

BlockActivity *block_activity_new(BlockManager *manager, void (*fn)(void *opaque), void *opaque)
{
    BlockActivity *activity = g_new0(BlockActivity, 1);

    *activity = (BlockActivity){.manager = manager, .fn = fn, .opaque = opaque};
    g_ptr_array_add(manager->activities, activity);
    block_activity_arm(activity);
    return activity;
}

void block_activity_arm(BlockActivity *activity)
{
    if (!activity->armed) {
        activity->armed = TRUE;
        activity->manager->armed++;
    }
}

void block_activity_free(BlockActivity *activity)
{
    if (activity) {
        activity->manager->armed -= activity->armed ? 1 : 0;
        g_ptr_array_remove(activity->manager->activities, activity);
        g_free(activity);
    }
}

/* ---- submitting ---- */

void drive_submit(Drive *drive, BlockRequest *request)
{
    int invalid = check(drive, request);

    request->drive = drive;
    request->submitting = FALSE;
    request->link = (GList){.data = request};
    if (drive->task) {
        g_queue_push_tail_link(&drive->held, &request->link);
        return;
    }
    request->started_ns = clock_now(drive->manager->machine->host_clock);
    g_queue_push_tail_link(&drive->requests, &request->link);
    drive->stats.in_flight++;
    if (drive->manager->armed > 0) {
        tell_activity(drive->manager);
    }
    if (invalid) {
        drive->stats.invalid[request->op]++;
        end_later(drive->manager, request, invalid);
    } else {
        send(drive, request);
    }
}

static gboolean is_refusal(int result)
{
    return result == -EINVAL || result == -ENOMEDIUM || result == -EROFS || result == -ECANCELED;
}

static DriveOnError error_action(const Drive *drive, const BlockRequest *request, int result)
{
    DriveOnError action =
        request->op == BLOCK_OP_READ ? drive->on_read_error : drive->on_write_error;

    if (action == DRIVE_ERROR_ENOSPC) {
        action = result == -ENOSPC ? DRIVE_ERROR_STOP : DRIVE_ERROR_REPORT;
    }
    return action;
}

static void stop_machine(void *opaque)
{
    BlockManager *manager = opaque;

    if (machine_is_running(manager->machine)) {
        machine_stop(manager->machine, RUN_STATE_IO_ERROR);
    }
}

/* Says what happened, once for each drive, operation and error. */
static void tell_error(Drive *drive, const BlockRequest *request, int result, DriveOnError action)
{
    static const char *const outcome[] = {"the guest is told", "ignored (rerror/werror=ignore)",
                                          "the machine is paused; 'cont' tries again"};

    if (drive->told_error == result && drive->told_op == request->op &&
        action != DRIVE_ERROR_STOP) {
        return;
    }
    drive->told_error = result;
    drive->told_op = request->op;
    report_warning("drive %s ('%s'): %s of %" G_GUINT64_FORMAT " bytes at %" G_GUINT64_FORMAT
                   " failed: %s; %s",
                   drive->id, drive->file ? drive->file : "", op_words[request->op],
                   request->length, request->offset, g_strerror(-result), outcome[action]);
}

/* For programs. Of a guest that tries again and again one a second is enough. */
static void emit_error(Drive *drive, const BlockRequest *request, int result, DriveOnError action)
{
    static const char *const actions[] = {"report", "ignore", "stop"};
    Machine *machine = drive->manager->machine;
    gint64 now = clock_now(machine->host_clock);
    g_autofree char *path = NULL;

    if (action != DRIVE_ERROR_STOP && drive->event_ns && now - drive->event_ns < NS_PER_SEC) {
        return;
    }
    drive->event_ns = now;
    path = drive->device ? drive_device_path(drive) : g_strdup("");
    event_emit(machine, "BLOCK_IO_ERROR",
               "{'device': <%s>, 'node-name': <%s>, 'qom-path': <%s>, 'operation': <%s>,"
               " 'action': <%s>, 'nospace': <%b>, 'reason': <%s>}",
               drive->anonymous ? "" : drive->id, drive_node_name(drive), path,
               request->op == BLOCK_OP_READ ? "read" : "write", actions[action], result == -ENOSPC,
               g_strerror(-result));
}

/* An error of the host: FALSE if the request was kept for later. */
static gboolean apply_error_policy(Drive *drive, BlockRequest *request, int *result)
{
    DriveOnError action = error_action(drive, request, *result);

    drive->stats.failed[request->op]++;
    tell_error(drive, request, *result, action);
    emit_error(drive, request, *result, action);
    if (action == DRIVE_ERROR_STOP) {
        drive->io_status = *result == -ENOSPC ? DRIVE_IO_NOSPACE : DRIVE_IO_FAILED;
        g_queue_push_tail_link(&drive->parked, &request->link);
        deferred_schedule(drive->manager->stop_call);
        return FALSE;
    }
    if (action == DRIVE_ERROR_IGNORE) {
        if (request->op == BLOCK_OP_READ) {
            iov_zero_from(request->iov, request->niov, 0);
        }
        *result = 0;
    }
    return TRUE;
}

void drive_request_ended(BlockRequest *request, int result)
{
    Drive *drive = request->drive;
    DriveStats *stats = &drive->stats;

    g_queue_unlink(&drive->requests, &request->link);
    stats->in_flight--;
    if (drive->task) {
        drive_task_may_start(drive);
    }
    if (result == 0) {
        stats->operations[request->op]++;
        if (request->op == BLOCK_OP_WRITE) {
            stats->highest_write = MAX(stats->highest_write, request->offset + request->length);
        }
        stats->bytes[request->op] += request->op == BLOCK_OP_FLUSH ? 0 : request->length;
        stats->time_ns[request->op] +=
            (guint64)(clock_now(drive->manager->machine->host_clock) - request->started_ns);
    } else if (request->told_by_sender) {
        stats->failed[request->op] += is_refusal(result) ? 0 : 1;
    } else if (!is_refusal(result) && !apply_error_policy(drive, request, &result)) {
        return;
    }
    request->done(request, result);
}

void drive_wait(Drive *drive)
{
    if (drive->manager->ended.length > 0) {
        run_ended(drive->manager);
    } else {
        drive->engine->ops->wait(drive->engine);
    }
}

static void cancel_all(GQueue *queue)
{
    GList *link;

    while ((link = g_queue_pop_head_link(queue)) != NULL) {
        BlockRequest *request = link->data;

        request->done(request, -ECANCELED);
    }
}

void drive_drain(Drive *drive)
{
    do {
        cancel_all(&drive->parked);
        cancel_all(&drive->held);
        while (drive->requests.length > 0) {
            drive_wait(drive);
        }
    } while (drive->parked.length > 0 || drive->held.length > 0);
}

static void last_flush_done(BlockRequest *request, int result)
{
}

void drive_finish_writes(Drive *drive)
{
    BlockRequest flush = {.op = BLOCK_OP_FLUSH, .done = last_flush_done};

    drive_drain(drive);
    drive_finish_task(drive);
    if (drive->image) {
        drive_submit(drive, &flush); /* failing, it is told of like any request */
        drive_drain(drive);
    }
}

/* The machine goes on: requests that an error held back are tried again. */
static void retry_parked(Drive *drive, void *opaque)
{
    GQueue parked = drive->parked;
    GList *link;

    g_queue_init(&drive->parked);
    drive->io_status = DRIVE_IO_OK;
    while ((link = g_queue_pop_head_link(&parked)) != NULL) {
        drive_submit(drive, link->data);
    }
}

static void machine_changed(Machine *machine, MachineEvent event, void *opaque)
{
    if (event == MACHINE_EVENT_RUN_STATE && machine_is_running(machine)) {
        drive_foreach(machine, retry_parked, NULL);
    }
}

void block_requests_init(BlockManager *manager)
{
    g_queue_init(&manager->ended);
    manager->activities = g_ptr_array_new();
    manager->ended_call = deferred_new(manager->machine->loop, run_ended, manager);
    manager->stop_call = deferred_new(manager->machine->loop, stop_machine, manager);
    manager->listener = machine_listen(manager->machine, machine_changed, manager);
}

void block_requests_finish(BlockManager *manager)
{
    machine_unlisten(manager->machine, manager->listener);
    deferred_free(manager->stop_call);
    deferred_free(manager->ended_call);
    g_ptr_array_unref(manager->activities);
}

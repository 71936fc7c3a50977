/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The block layer: drives, requests, raw images, overlays, locks, and errors made on purpose. */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <linux/loop.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "block/types.h"
#include "core/block-iov.h"
#include "core/block.h"
#include "core/error.h"
#include "core/log.h"
#include "tests/unit/fault-image.h"
#include "tests/unit/test-board.h"

static const BlockImageOps *const formats[] = {&fault_image_ops, &raw_image_ops, &overlay_image_ops,
                                               NULL};

/* ---- an engine that does nothing, whose flushes fail when told ---- */

typedef struct IdleEngine {
    BlockEngine engine;
    Deferred *reap;
    BlockJob *ended;
} IdleEngine;

static int flush_error;
static guint flushes;

static void idle_reap(void *opaque)
{
    IdleEngine *idle = opaque;
    BlockJob *job = g_steal_pointer(&idle->ended);

    while (job) {
        BlockJob *next = job->next;

        idle->engine.in_flight--;
        job->done(job, job->result);
        job = next;
    }
}

static void idle_submit(BlockEngine *engine, BlockJob *job)
{
    IdleEngine *idle = (IdleEngine *)engine;
    gboolean flush = job->op == BLOCK_OP_FLUSH;

    flushes += flush;
    job->result = flush ? -flush_error : (gint64)job->length;
    job->next = idle->ended;
    idle->ended = job;
    engine->in_flight++;
    deferred_schedule(idle->reap);
}

static void idle_wait(BlockEngine *engine)
{
    idle_reap(engine);
}

static gboolean idle_open(BlockEngine *engine, GError **error)
{
    IdleEngine *idle = (IdleEngine *)engine;

    idle->reap = deferred_new(engine->machine->loop, idle_reap, engine);
    flush_error = 0;
    flushes = 0;
    return TRUE;
}

static void idle_close(BlockEngine *engine)
{
    deferred_free(((IdleEngine *)engine)->reap);
}

static const BlockEngineOps idle_engine_ops = {
    .name = "idle",
    .summary = "does nothing",
    .size = sizeof(IdleEngine),
    .open = idle_open,
    .close = idle_close,
    .submit = idle_submit,
    .wait = idle_wait,
};

static const BlockEngineOps *const engines[] = {
#ifdef HAVE_IO_URING
    &uring_engine_ops,
#endif
    &threads_engine_ops, &idle_engine_ops, NULL};

/* ---- the rig ---- */

typedef struct Rig {
    TestBoard *board;
    Machine *machine;
    char *dir;
    guint ended;
    int result;
} Rig;

static void rig_setup(Rig *rig, gconstpointer data)
{
    rig->board = test_board_new();
    rig->machine = rig->board->machine;
    rig->machine->blocks = block_manager_new(rig->machine, formats, engines);
    rig->dir = g_dir_make_tmp("vitrine-block-XXXXXX", NULL);
    g_assert_nonnull(rig->dir);
}

static void rig_teardown(Rig *rig, gconstpointer data)
{
    GDir *dir = g_dir_open(rig->dir, 0, NULL);
    const char *name;

    test_board_free(rig->board);
    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(rig->dir, name, NULL);

        g_remove(path);
    }
    g_dir_close(dir);
    g_rmdir(rig->dir);
    g_free(rig->dir);
}

/* A file whose sector n is filled with the byte n + 1. */
static char *make_file(Rig *rig, const char *name, gsize size)
{
    char *path = g_build_filename(rig->dir, name, NULL);
    g_autofree char *data = g_malloc(size + 1);

    for (gsize i = 0; i < size; i++) {
        data[i] = (char)(i / 512 + 1);
    }
    g_assert_true(g_file_set_contents(path, data, (gssize)size, NULL));
    return path;
}

static Drive *add(Rig *rig, const char *format, ...) G_GNUC_PRINTF(2, 3);
static Drive *add(Rig *rig, const char *format, ...)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    va_list args;
    Drive *drive;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    drive = drive_add(rig->machine, text, &error);
    g_assert_no_error(error);
    g_assert_nonnull(drive);
    return drive;
}

/* Adding must fail with a message that has `part` in it. */
static void add_fails(Rig *rig, const char *part, const char *format, ...) G_GNUC_PRINTF(3, 4);
static void add_fails(Rig *rig, const char *part, const char *format, ...)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    g_assert_null(drive_add(rig->machine, text, &error));
    g_assert_nonnull(error);
    if (!strstr(error->message, part)) {
        g_error("'%s' is not in '%s'", part, error->message);
    }
}

static void request_done(BlockRequest *request, int result)
{
    Rig *rig = request->opaque;

    rig->ended++;
    rig->result = result;
}

static void start(Rig *rig, Drive *drive, BlockRequest *request, BlockOp op, guint64 offset,
                  struct iovec *iov, guint niov)
{
    *request = (BlockRequest){
        .op = op,
        .offset = offset,
        .length = iov_size(iov, niov),
        .iov = iov,
        .niov = niov,
        .done = request_done,
        .opaque = rig,
    };
    rig->ended = 0;
    rig->result = 1;
    drive_submit(drive, request);
    g_assert_cmpuint(rig->ended, ==, 0); /* never before the call returns */
}

static int run_iov(Rig *rig, Drive *drive, BlockOp op, guint64 offset, struct iovec *iov,
                   guint niov)
{
    BlockRequest request;

    start(rig, drive, &request, op, offset, iov, niov);
    for (guint i = 0; i < 1000 && !rig->ended; i++) {
        event_loop_iterate(rig->board->loop, TRUE);
    }
    g_assert_cmpuint(rig->ended, ==, 1);
    return rig->result;
}

static int run(Rig *rig, Drive *drive, BlockOp op, guint64 offset, void *buffer, gsize length)
{
    struct iovec iov = {buffer, length};

    return run_iov(rig, drive, op, offset, &iov, length ? 1 : 0);
}

/* ---- tests ---- */

static void test_read_write(Rig *rig, gconstpointer engine)
{
    g_autofree char *path = make_file(rig, "disk", 64 * 512);
    Drive *drive = add(rig, "file=%s,aio=%s", path, (const char *)engine);
    guint8 buffer[1024], again[1024];

    g_assert_cmpstr(drive->id, ==, "ide0-hd0");
    g_assert_cmpuint(drive->length, ==, 64 * 512);
    g_assert_cmpint(run(rig, drive, BLOCK_OP_READ, 3 * 512, buffer, 1024), ==, 0);
    g_assert_cmpint(buffer[0], ==, 4);
    g_assert_cmpint(buffer[1023], ==, 5);
    memset(buffer, 0xa5, sizeof(buffer));
    g_assert_cmpint(run(rig, drive, BLOCK_OP_WRITE, 62 * 512, buffer, 1024), ==, 0);
    g_assert_cmpint(run(rig, drive, BLOCK_OP_FLUSH, 0, NULL, 0), ==, 0);
    g_assert_cmpint(run(rig, drive, BLOCK_OP_DISCARD, 0, NULL, 0), ==, 0);
    g_assert_cmpint(run(rig, drive, BLOCK_OP_READ, 62 * 512, again, 1024), ==, 0);
    g_assert_cmpmem(buffer, 1024, again, 1024);
    g_assert_cmpuint(drive->stats.operations[BLOCK_OP_READ], ==, 2);
    g_assert_cmpuint(drive->stats.bytes[BLOCK_OP_WRITE], ==, 1024);
    g_assert_cmpuint(drive->stats.in_flight, ==, 0);
}

/* More buffers than one system call takes. */
static void test_many_buffers(Rig *rig, gconstpointer engine)
{
    enum { COUNT = 3000, PIECE = 512 };
    g_autofree char *path = make_file(rig, "disk", COUNT * PIECE);
    Drive *drive = add(rig, "file=%s,aio=%s", path, (const char *)engine);
    g_autofree struct iovec *iov = g_new(struct iovec, COUNT);
    g_autofree guint8 *memory = g_malloc0(COUNT * PIECE);

    for (guint i = 0; i < COUNT; i++) {
        iov[i] = (struct iovec){memory + (COUNT - 1 - i) * PIECE, PIECE};
    }
    g_assert_cmpint(run_iov(rig, drive, BLOCK_OP_READ, 0, iov, COUNT), ==, 0);
    for (guint i = 0; i < COUNT; i++) {
        g_assert_cmpint(memory[(COUNT - 1 - i) * PIECE + 7], ==, (guint8)(i + 1));
    }
    g_assert_cmpint(run_iov(rig, drive, BLOCK_OP_WRITE, 0, iov, COUNT), ==, 0);
}

static void test_refusals(Rig *rig, gconstpointer data)
{
    g_autofree char *path = make_file(rig, "disk", 8 * 512);
    Drive *drive = add(rig, "file=%s", path);
    Drive *readonly = add(rig, "file=%s,readonly=on,file.locking=off", path);
    Drive *empty = add(rig, "media=cdrom");
    guint8 buffer[1024] = {0};

    g_assert_cmpint(run(rig, drive, BLOCK_OP_READ, 7 * 512, buffer, 1024), ==, -EINVAL);
    g_assert_cmpint(run(rig, drive, BLOCK_OP_READ, G_MAXUINT64 - 511, buffer, 1024), ==, -EINVAL);
    g_assert_cmpint(run(rig, drive, BLOCK_OP_READ, 100, buffer, 512), ==, -EINVAL);
    g_assert_cmpint(run(rig, drive, BLOCK_OP_READ, 0, buffer, 100), ==, -EINVAL);
    g_assert_cmpint(run(rig, readonly, BLOCK_OP_WRITE, 0, buffer, 512), ==, -EROFS);
    g_assert_cmpint(run(rig, readonly, BLOCK_OP_FLUSH, 0, NULL, 0), ==, 0);
    g_assert_cmpint(run(rig, empty, BLOCK_OP_READ, 0, buffer, 512), ==, -ENOMEDIUM);
    g_assert_cmpuint(drive->stats.invalid[BLOCK_OP_READ], ==, 4);
    g_assert_cmpuint(drive->stats.failed[BLOCK_OP_READ], ==, 0);
}

static void test_overlay(Rig *rig, gconstpointer data)
{
    g_autofree char *path = make_file(rig, "disk", 40 * 512);
    Drive *drive = add(rig, "file=%s,snapshot=on", path);
    g_autofree char *contents = NULL;
    guint8 buffer[40 * 512], expected[40 * 512];
    gsize length;

    for (guint i = 0; i < sizeof(expected); i++) {
        expected[i] = (guint8)(i / 512 + 1);
    }
    for (guint sector = 3; sector < 40; sector += 7) { /* every run is mixed */
        memset(buffer, 0xc0 + sector, 1024);
        memset(expected + sector * 512, 0xc0 + sector, sector == 38 ? 1024 : 512);
        g_assert_cmpint(
            run(rig, drive, BLOCK_OP_WRITE, sector * 512, buffer, sector == 38 ? 1024 : 512), ==,
            0);
    }
    g_assert_cmpint(run(rig, drive, BLOCK_OP_FLUSH, 0, NULL, 0), ==, 0);
    g_assert_cmpint(run(rig, drive, BLOCK_OP_READ, 0, buffer, sizeof(buffer)), ==, 0);
    g_assert_cmpmem(buffer, sizeof(buffer), expected, sizeof(expected));
    g_assert_true(g_file_get_contents(path, &contents, &length, NULL));
    for (guint i = 0; i < length; i++) {
        g_assert_cmpint((guint8)contents[i], ==, (guint8)(i / 512 + 1));
    }
}

/* Sectors that lie in turn in the overlay and below it: as many parts, but few at once. */
static void test_overlay_parts(Rig *rig, gconstpointer engine)
{
    enum { COUNT = 1500 };
    g_autofree char *path = make_file(rig, "disk", COUNT * 512);
    Drive *drive = add(rig, "file=%s,snapshot=on,aio=%s", path, (const char *)engine);
    g_autofree guint8 *memory = g_malloc0(COUNT * 512);
    g_autofree struct iovec *iov = g_new(struct iovec, COUNT);
    BlockRequest request;

    memset(memory, 0xee, 512);
    for (guint i = 0; i < COUNT; i += 2) {
        g_assert_cmpint(run(rig, drive, BLOCK_OP_WRITE, i * 512, memory, 512), ==, 0);
    }
    for (guint i = 0; i < COUNT; i++) {
        iov[i] = (struct iovec){memory + i * 512, 512};
    }
    start(rig, drive, &request, BLOCK_OP_READ, 0, iov, COUNT);
    g_assert_cmpuint(drive->engine->in_flight, <=, 32);
    drive_drain(drive);
    g_assert_cmpint(rig->result, ==, 0);
    for (guint i = 0; i < COUNT; i++) {
        g_assert_cmphex(memory[i * 512 + 511], ==, i % 2 ? (guint8)(i + 1) : 0xee);
    }
}

/* More requests than a ring has room for. */
static void test_many_requests(Rig *rig, gconstpointer engine)
{
    enum { COUNT = 1000 };
    g_autofree char *path = make_file(rig, "disk", COUNT * 512);
    Drive *drive = add(rig, "file=%s,aio=%s", path, (const char *)engine);
    g_autofree guint8 *memory = g_malloc0(COUNT * 512);
    g_autofree struct iovec *iov = g_new(struct iovec, COUNT);
    g_autofree BlockRequest *requests = g_new0(BlockRequest, COUNT);

    for (guint i = 0; i < COUNT; i++) {
        iov[i] = (struct iovec){memory + i * 512, 512};
        start(rig, drive, &requests[i], BLOCK_OP_READ, i * 512, &iov[i], 1);
    }
    for (guint i = 0; rig->ended < COUNT / 2; i++) {
        event_loop_iterate(rig->board->loop, TRUE);
        g_assert_cmpuint(i, <, 10000);
    }
    drive_drain(drive);
    g_assert_cmpuint(rig->ended, ==, COUNT);
    for (guint i = 0; i < COUNT; i++) {
        g_assert_cmpint(requests[i].result | memory[i * 512], ==, (guint8)(i + 1));
    }
}

/* A file that ends within a sector is rounded up, and grows when that sector is written. */
static void test_odd_size(Rig *rig, gconstpointer data)
{
    g_autofree char *path = make_file(rig, "disk", 1000);
    Drive *drive = add(rig, "file=%s", path);
    guint8 buffer[1024];
    GStatBuf st;

    g_assert_cmpuint(drive->length, ==, 1024);
    memset(buffer, 0xff, sizeof(buffer));
    g_assert_cmpint(run(rig, drive, BLOCK_OP_READ, 0, buffer, 1024), ==, 0);
    g_assert_cmpint(buffer[999], ==, 2);
    g_assert_cmpint(buffer[1000], ==, 0);
    g_assert_cmpint(buffer[1023], ==, 0);
    g_assert_cmpint(run(rig, drive, BLOCK_OP_WRITE, 512, buffer, 512), ==, 0);
    g_stat(path, &st);
    g_assert_cmpint(st.st_size, ==, 1024);
}

/* Somebody cuts the file short while it is in use. */
static void test_cut_short(Rig *rig, gconstpointer data)
{
    g_autofree char *path = make_file(rig, "disk", 64 * 512);
    Drive *drive = add(rig, "file=%s", path);
    guint8 buffer[1024];

    g_assert_cmpint(truncate(path, 10 * 512), ==, 0);
    g_assert_cmpint(run(rig, drive, BLOCK_OP_READ, 0, buffer, 1024), ==, 0);
    g_assert_cmpint(run(rig, drive, BLOCK_OP_READ, 9 * 512, buffer, 1024), ==, -EIO);
    g_assert_cmpuint(drive->stats.failed[BLOCK_OP_READ], ==, 1);
}

static Drive *add_fault(Rig *rig, const char *options, FaultImage **fault)
{
    g_autofree char *path = g_build_filename(rig->dir, "fault", NULL);
    Drive *drive;

    g_assert_true(g_file_set_contents(path, "FAULTY", -1, NULL));
    drive = add(rig, "file=%s,%s", path, options);
    g_assert_true(drive->image->ops == &fault_image_ops); /* found by probing */
    *fault = (FaultImage *)drive->image;
    (*fault)->bad_offset = 5000;
    (*fault)->error = EIO;
    return drive;
}

static void test_error_report(Rig *rig, gconstpointer data)
{
    FaultImage *fault;
    Drive *drive = add_fault(rig, "if=none", &fault);
    guint8 buffer[8192] = {0};

    g_assert_cmpint(run(rig, drive, BLOCK_OP_READ, 0, buffer, 4096), ==, 0);
    g_assert_cmpint(run(rig, drive, BLOCK_OP_READ, 0, buffer, 8192), ==, -EIO);
    g_assert_cmpint(run(rig, drive, BLOCK_OP_WRITE, 0, buffer, 8192), ==, -EIO);
    g_assert_cmpuint(drive->stats.failed[BLOCK_OP_WRITE], ==, 1);
}

static void test_error_ignore(Rig *rig, gconstpointer data)
{
    FaultImage *fault;
    Drive *drive = add_fault(rig, "rerror=ignore", &fault);
    guint8 buffer[8192];

    memset(buffer, 0xee, sizeof(buffer));
    g_assert_cmpint(run(rig, drive, BLOCK_OP_READ, 0, buffer, 8192), ==, 0);
    g_assert_cmpint(buffer[8191], ==, 0);
}

/* werror=enospc, the default: a full disk pauses the machine, and cont tries again. */
static void test_error_stop(Rig *rig, gconstpointer data)
{
    FaultImage *fault;
    Drive *drive = add_fault(rig, "if=none", &fault);
    guint8 buffer[512] = {0};
    struct iovec iov = {buffer, sizeof(buffer)};
    BlockRequest request;

    machine_cont(rig->machine);
    fault->error = ENOSPC;
    start(rig, drive, &request, BLOCK_OP_WRITE, 9 * 512, &iov, 1);
    while (machine_is_running(rig->machine)) {
        event_loop_iterate(rig->board->loop, TRUE);
    }
    g_assert_cmpint(rig->machine->run_state, ==, RUN_STATE_IO_ERROR);
    g_assert_cmpuint(rig->ended, ==, 0);
    fault->error = 0;
    machine_cont(rig->machine);
    while (!rig->ended) {
        event_loop_iterate(rig->board->loop, TRUE);
    }
    g_assert_cmpint(rig->result, ==, 0);

    /* A reset in the meantime gives the request up. */
    fault->error = ENOSPC;
    start(rig, drive, &request, BLOCK_OP_WRITE, 9 * 512, &iov, 1);
    while (machine_is_running(rig->machine)) {
        event_loop_iterate(rig->board->loop, TRUE);
    }
    drive_drain(drive);
    g_assert_cmpuint(rig->ended, ==, 1);
    g_assert_cmpint(rig->result, ==, -ECANCELED);
}

/* After a flush that failed none is believed again: the kernel has forgotten what it lost. */
static void test_flush_error(Rig *rig, gconstpointer data)
{
    g_autofree char *path = make_file(rig, "disk", 512);
    Drive *drive = add(rig, "file=%s,aio=idle", path);

    g_assert_cmpint(run(rig, drive, BLOCK_OP_FLUSH, 0, NULL, 0), ==, 0);
    flush_error = EIO;
    g_assert_cmpint(run(rig, drive, BLOCK_OP_FLUSH, 0, NULL, 0), ==, -EIO);
    flush_error = 0;
    g_assert_cmpint(run(rig, drive, BLOCK_OP_FLUSH, 0, NULL, 0), ==, -EIO);
    g_assert_cmpuint(drive->stats.failed[BLOCK_OP_FLUSH], ==, 2);
}

/* What was written is on stable storage when its medium is gone. */
static void test_flush_at_end(Rig *rig, gconstpointer data)
{
    g_autofree char *path = make_file(rig, "disk", 512);
    Drive *disk = add(rig, "file=%s,aio=idle,if=none,id=d", path);
    Drive *unsafe = add(rig, "file=%s,aio=idle,if=none,id=u,cache=unsafe,file.locking=off", path);
    Drive *floppy = add(rig, "file=%s,aio=idle,if=floppy,id=f,file.locking=off", path);

    flushes = 0;
    g_assert_true(drive_remove(disk, NULL));
    g_assert_cmpuint(flushes, ==, 1);
    g_assert_true(drive_remove(unsafe, NULL));
    g_assert_cmpuint(flushes, ==, 1);
    g_assert_true(drive_eject(rig->machine, floppy->id, FALSE, NULL));
    g_assert_cmpuint(flushes, ==, 2);
    /* One that fails, and would stop the machine, holds nothing up. */
    disk = add(rig, "file=%s,aio=idle,if=none,id=d,werror=stop", path);
    flush_error = EIO;
    g_assert_true(drive_remove(disk, NULL));
    g_assert_cmpuint(flushes, ==, 3);
}

/* A block device that the host uses is not written. Needs a free loop device. */
static void test_block_device(Rig *rig, gconstpointer data)
{
    g_autofree char *path = make_file(rig, "disk", 64 * 512);
    g_autofree char *device = NULL;
    int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    int file = open(path, O_RDWR | O_CLOEXEC), loop, user;
    int n = control >= 0 ? ioctl(control, LOOP_CTL_GET_FREE) : -1;

    device = g_strdup_printf("/dev/loop%d", n);
    loop = n >= 0 ? open(device, O_RDWR | O_CLOEXEC) : -1;
    if (loop < 0 || ioctl(loop, LOOP_SET_FD, file) < 0) {
        g_test_skip("no loop device");
        return;
    }
    user = open(device, O_RDONLY | O_EXCL | O_CLOEXEC); /* as a mount does */
    g_assert_cmpint(user, >=, 0);
    add_fails(rig, "in use by the host", "file=%s,if=none,format=raw", device);
    add(rig, "file=%s,if=none,format=raw,readonly=on,id=r", device);
    add(rig, "file=%s,if=none,format=raw,snapshot=on,id=s", device);
    add(rig, "file=%s,if=none,format=raw,file.locking=off,id=l", device);
    close(user);
    add(rig, "file=%s,if=none,format=raw,id=w", device);
    add_fails(rig, "in use by the host", "file=%s,if=none,format=raw", device);
    for (const char *id = "rslw"; *id; id++) {
        const char name[] = {*id, 0};

        g_assert_true(drive_remove(drive_find(rig->machine, name), NULL));
    }
    g_assert_cmpint(ioctl(loop, LOOP_CLR_FD, 0), ==, 0);
    close(loop);
    close(file);
    close(control);
}

/* Draining ends what is under way at once, without a turn of the loop. */
static void test_drain(Rig *rig, gconstpointer engine)
{
    g_autofree char *path = make_file(rig, "disk", 256 * 512);
    Drive *drive = add(rig, "file=%s,aio=%s,snapshot=on", path, (const char *)engine);
    guint8 buffer[16][1024];
    struct iovec iov[16];
    BlockRequest requests[16];

    for (guint i = 0; i < 16; i++) {
        iov[i] = (struct iovec){buffer[i], 1024};
        start(rig, drive, &requests[i], i % 2 ? BLOCK_OP_WRITE : BLOCK_OP_READ, i * 1024, &iov[i],
              1);
    }
    g_assert_cmpuint(drive->stats.in_flight, ==, 16);
    drive_drain(drive);
    g_assert_cmpuint(rig->ended, ==, 16);
    g_assert_cmpuint(drive->stats.in_flight, ==, 0);
}

static void test_locks(Rig *rig, gconstpointer data)
{
    g_autofree char *path = make_file(rig, "disk", 4096);
    Drive *first = add(rig, "file=%s", path);

    add_fails(rig, "in use already", "file=%s", path);
    add_fails(rig, "being written by another", "file=%s,readonly=on", path);
    g_assert_true(drive_remove(first, NULL));
    add(rig, "file=%s,readonly=on", path);
    add(rig, "file=%s,readonly=on", path);
    add(rig, "file=%s,snapshot=on", path);
    add_fails(rig, "in use already", "file=%s", path);
    add(rig, "file=%s,file.locking=off", path);
}

static void test_bad_files(Rig *rig, gconstpointer data)
{
    g_autofree char *empty = make_file(rig, "empty", 0);
    g_autofree char *qcow2 = make_file(rig, "qcow2", 4096);
    g_autofree char *fifo = g_build_filename(rig->dir, "fifo", NULL);
    int fd = open(qcow2, O_WRONLY);

    g_assert_cmpint(pwrite(fd, "QFI\xfb", 4, 0), ==, 4);
    close(fd);
    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    add_fails(rig, "No such file", "file=%s/nothing", rig->dir);
    add_fails(rig, "a directory", "file=%s", rig->dir);
    add_fails(rig, "a pipe", "file=%s", fifo);
    add_fails(rig, "a character device", "file=/dev/zero");
    add_fails(rig, "is empty", "file=%s", empty);
    add_fails(rig, "is a qcow2 image", "file=%s", qcow2);
    add_fails(rig, "unknown image format 'overlay'", "file=%s,format=overlay", qcow2);
    add(rig, "file=%s,format=raw", qcow2);
}

static void test_places(Rig *rig, gconstpointer data)
{
    g_autofree char *path = make_file(rig, "disk", 4096);
    g_autoptr(GError) error = NULL;
    Drive *drive;

    drive = add(rig, "file=%s,readonly=on,index=3", path);
    g_assert_cmpstr(drive->id, ==, "ide1-hd1");
    drive = add(rig, "file=%s,readonly=on", path);
    g_assert_cmpstr(drive->id, ==, "ide0-hd0");
    drive = drive_add_ide(rig->machine, 2, DRIVE_MEDIA_CDROM, path, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(drive->id, ==, "ide1-cd0");
    g_assert_true(drive_is_readonly(drive));
    drive = add(rig, "if=none,file=%s,readonly=on", path);
    g_assert_cmpstr(drive->id, ==, "none0");
    add_fails(rig, "exists: 'ide1-cd0'", "file=%s,index=2", path);
    add_fails(rig, "together", "file=%s,index=2,unit=1", path);
    add_fails(rig, "too big", "file=%s,unit=2", path);
    add_fails(rig, "id 'none0' exists", "if=none,id=none0,file=%s", path);
    add_fails(rig, "'nothing' is not one of", "if=nothing,file=%s", path);
    add_fails(rig, "colour", "if=none,file=%s,colour=red", path);
    add_fails(rig, "no medium", "if=ide");
    add_fails(rig, "aio 'fast'", "if=none,file=%s,aio=fast", path);
    g_assert_false(block_check_claimed(rig->machine, &error));
    g_assert_nonnull(strstr(error->message, "if=ide"));
}

/* ---- removable media ---- */

typedef struct Tray {
    guint changes, requests;
    gboolean present;
} Tray;

static void tray_medium(void *opaque, gboolean present)
{
    Tray *tray = opaque;

    tray->changes++;
    tray->present = present;
}

static void tray_eject_request(void *opaque)
{
    ((Tray *)opaque)->requests++;
}

static const DriveUser tray_user = {.medium = tray_medium, .eject_request = tray_eject_request};

static void test_change(Rig *rig, gconstpointer data)
{
    g_autofree char *first = make_file(rig, "first", 4096);
    g_autofree char *second = make_file(rig, "second", 8192);
    Drive *drive = add(rig, "id=cd,media=cdrom,file=%s", first);
    Drive *disk = add(rig, "id=disk,file=%s", second);
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) info = g_string_new(NULL);
    Tray tray = {0};

    g_assert_true(drive_claim(drive, rig->machine->root, &tray_user, &tray, NULL));
    g_assert_false(drive_claim(drive, rig->machine->root, NULL, NULL, NULL));
    g_assert_true(drive_change(rig->machine, "cd", first, NULL, DRIVE_RETAIN, NULL));
    g_assert_cmpuint(tray.changes, ==, 2); /* out, and in */

    /* Locked: the guest is asked; without force nothing happens. */
    drive_set_tray(drive, TRUE, FALSE);
    g_assert_false(drive_eject(rig->machine, "cd", FALSE, &error));
    g_assert_nonnull(strstr(error->message, "locked"));
    g_assert_cmpuint(tray.requests, ==, 1);
    g_assert_true(drive_has_medium(drive));
    g_assert_true(drive_eject(rig->machine, "cd", TRUE, NULL));
    g_assert_false(drive_has_medium(drive));
    g_assert_false(tray.present);
    g_assert_cmpuint(drive->length, ==, 0);

    /* A file that cannot be opened changes nothing. */
    drive_set_tray(drive, FALSE, FALSE);
    g_assert_true(drive_change(rig->machine, "cd", first, "raw", DRIVE_RETAIN, NULL));
    g_clear_error(&error);
    g_assert_false(drive_change(rig->machine, "cd", "/nowhere", NULL, DRIVE_RETAIN, &error));
    g_assert_cmpstr(drive->file, ==, first);
    g_clear_error(&error);
    g_assert_false(drive_change(rig->machine, "cd", first, NULL, DRIVE_READ_WRITE, &error));
    g_clear_error(&error);
    g_assert_false(drive_eject(rig->machine, "disk", TRUE, &error));
    g_assert_nonnull(strstr(error->message, "fixed disk"));
    g_clear_error(&error);
    g_assert_false(drive_eject(rig->machine, "nobody", FALSE, &error));
    g_assert_error(error, VITRINE_ERROR, VITRINE_ERROR_DEVICE_NOT_FOUND);
    g_assert_false(drive_remove(drive, NULL));

    g_assert_true(block_print_info(rig->machine, NULL, TRUE, info));
    g_assert_nonnull(strstr(info->str, "first (raw, read-only)"));
    g_assert_nonnull(strstr(info->str, "Removable device: not locked, tray closed"));
    g_assert_false(block_print_info(rig->machine, "nobody", FALSE, info));
    drive_release(drive);
    g_assert_true(drive_remove(disk, NULL));
}

static void test_cdrom_guess(Rig *rig, gconstpointer data)
{
    g_autofree char *disk = make_file(rig, "disk", 4096);
    g_autofree char *named = make_file(rig, "x.ISO", 4096);
    g_autofree char *iso = make_file(rig, "image", 20 * 2048);
    int fd = open(iso, O_WRONLY);

    g_assert_cmpint(pwrite(fd, "\001CD001", 6, 16 * 2048), ==, 6);
    close(fd);
    g_assert_false(block_looks_like_cdrom(rig->machine, disk));
    g_assert_true(block_looks_like_cdrom(rig->machine, named));
    g_assert_true(block_looks_like_cdrom(rig->machine, iso));
    g_assert_false(block_looks_like_cdrom(rig->machine, "/nowhere"));
}

static void quiet(const char *line, void *opaque)
{
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        gconstpointer data;
        void (*test)(Rig *rig, gconstpointer data);
    } tests[] = {
        {"/block/read-write/threads", "threads", test_read_write},
        {"/block/many-buffers/threads", "threads", test_many_buffers},
        {"/block/drain/threads", "threads", test_drain},
        {"/block/many-requests/threads", "threads", test_many_requests},
        {"/block/overlay-parts/threads", "threads", test_overlay_parts},
#ifdef HAVE_IO_URING
        {"/block/read-write/io_uring", "io_uring", test_read_write},
        {"/block/many-buffers/io_uring", "io_uring", test_many_buffers},
        {"/block/drain/io_uring", "io_uring", test_drain},
        {"/block/many-requests/io_uring", "io_uring", test_many_requests},
        {"/block/overlay-parts/io_uring", "io_uring", test_overlay_parts},
#endif
        {"/block/refusals", NULL, test_refusals},
        {"/block/overlay", NULL, test_overlay},
        {"/block/odd-size", NULL, test_odd_size},
        {"/block/cut-short", NULL, test_cut_short},
        {"/block/error/report", NULL, test_error_report},
        {"/block/error/ignore", NULL, test_error_ignore},
        {"/block/error/stop", NULL, test_error_stop},
        {"/block/flush-error", NULL, test_flush_error},
        {"/block/flush-at-end", NULL, test_flush_at_end},
        {"/block/block-device", NULL, test_block_device},
        {"/block/locks", NULL, test_locks},
        {"/block/bad-files", NULL, test_bad_files},
        {"/block/places", NULL, test_places},
        {"/block/change", NULL, test_change},
        {"/block/cdrom-guess", NULL, test_cdrom_guess},
    };

    g_test_init(&argc, &argv, NULL);
    report_redirect(quiet, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add(tests[i].name, Rig, tests[i].data, rig_setup, tests[i].test, rig_teardown);
    }
    return g_test_run();
}

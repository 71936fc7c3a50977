/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The disk behind usb-storage: media that fail, and commands that are given up. */
#include "hw/usb/storage-scsi.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "block/types.h"
#include "core/error.h"
#include "tests/unit/fault-image.h"
#include "tests/unit/test-board.h"

#define BLOCK BLOCK_SECTOR_SIZE

static const BlockImageOps *const formats[] = {&fault_image_ops, NULL};
static const BlockEngineOps *const engines[] = {&threads_engine_ops, NULL};

typedef struct Rig {
    TestBoard *board;
    char *file;
    Drive *drive;
    FaultImage *image;
    ScsiDisk disk;
    guint progressed;
    guint8 data[2 * SCSI_BUFFER_SIZE];
} Rig;

static void progress(ScsiDisk *disk)
{
    ((Rig *)((char *)disk - G_STRUCT_OFFSET(Rig, disk)))->progressed++;
}

static void rig_setup(Rig *rig, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *options = NULL;

    rig->board = test_board_new();
    rig->board->machine->blocks = block_manager_new(rig->board->machine, formats, engines);
    g_assert_cmpint(close(g_file_open_tmp("vitrine-scsi-XXXXXX", &rig->file, NULL)), ==, 0);
    g_assert_true(g_file_set_contents(rig->file, "FAULT", 5, NULL));
    options = g_strdup_printf("file=%s,if=none,id=d,format=fault,werror=report", rig->file);
    rig->drive = drive_add(rig->board->machine, options, &error);
    g_assert_no_error(error);
    rig->image = (FaultImage *)rig->drive->image;
    scsi_init(&rig->disk, NULL, rig->drive);
    rig->disk.serial = "1";
    rig->disk.progress = progress;
}

static void rig_teardown(Rig *rig, gconstpointer data)
{
    scsi_finish(&rig->disk);
    test_board_free(rig->board);
    g_remove(rig->file);
    g_free(rig->file);
}

static void start(Rig *rig, guint8 code, guint32 block, guint16 count)
{
    guint8 cdb[10] = {
        code,          0, (guint8)(block >> 24), (guint8)(block >> 16), (guint8)(block >> 8),
        (guint8)block, 0, (guint8)(count >> 8),  (guint8)count,         0};

    scsi_start(&rig->disk, cdb, sizeof cdb);
}

static void wait_idle(Rig *rig)
{
    for (guint n = 0; n < 1000 && scsi_is_busy(&rig->disk); n++) {
        event_loop_iterate(rig->board->loop, TRUE);
    }
    g_assert_false(scsi_is_busy(&rig->disk));
}

/* Moves until nothing moves any more; returns how many bytes. */
static guint move(Rig *rig, gboolean write, guint length)
{
    guint done = 0, part = 1;

    while (part && done < length) {
        wait_idle(rig);
        part = write ? scsi_give(&rig->disk, rig->data + done, length - done)
                     : scsi_take(&rig->disk, rig->data + done, length - done);
        done += part;
    }
    wait_idle(rig);
    return done;
}

static void check_sense(Rig *rig, guint8 key, guint16 asc)
{
    static const guint8 cdb[6] = {0x03, 0, 0, 0, 18, 0};

    g_assert_false(scsi_is_good(&rig->disk));
    scsi_start(&rig->disk, cdb, sizeof cdb);
    g_assert_cmpuint(move(rig, FALSE, 64), ==, 18);
    g_assert_cmphex(rig->data[2], ==, key);
    g_assert_cmphex(rig->data[12] << 8 | rig->data[13], ==, asc);
    g_assert_true(scsi_is_good(&rig->disk));
}

/* More than the buffer holds, there and back. */
static void test_moves(Rig *rig, gconstpointer data)
{
    guint length = sizeof rig->data - BLOCK;
    g_autofree guint8 *copy = g_malloc(length);

    for (guint i = 0; i < length; i++) {
        rig->data[i] = (guint8)(i * 7 + i / 251);
    }
    memcpy(copy, rig->data, length);
    start(rig, 0x2a, 5, (guint16)(length / BLOCK));
    g_assert_cmpuint(move(rig, TRUE, length), ==, length);
    g_assert_true(scsi_is_good(&rig->disk));
    g_assert_cmpmem(rig->image->data + 5 * BLOCK, length, copy, length);
    memset(rig->data, 0, length);
    start(rig, 0x28, 5, (guint16)(length / BLOCK));
    g_assert_cmpuint(move(rig, FALSE, sizeof rig->data), ==, length);
    g_assert_cmpmem(rig->data, length, copy, length);
}

/* What lies before the bad place has been given; then the command ends. */
static void test_read_error(Rig *rig, gconstpointer data)
{
    rig->image->bad_offset = SCSI_BUFFER_SIZE + 700;
    rig->image->error = EIO;
    start(rig, 0x28, 0, 1000);
    g_assert_cmpuint(move(rig, FALSE, sizeof rig->data), ==, SCSI_BUFFER_SIZE);
    check_sense(rig, 3, 0x1100);
    rig->image->error = 0;
    start(rig, 0x28, 0, 1);
    g_assert_cmpuint(move(rig, FALSE, BLOCK), ==, BLOCK);
    g_assert_true(scsi_is_good(&rig->disk));
}

static void test_write_errors(Rig *rig, gconstpointer data)
{
    static const struct {
        int error;
        guint8 key;
        guint16 asc;
    } cases[] = {{EIO, 3, 0x0c00}, {ENOSPC, 7, 0x2707}, {EROFS, 7, 0x2700}};

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        rig->image->error = cases[i].error;
        rig->image->bad_offset = 0;
        start(rig, 0x2a, 0, 600);
        g_assert_cmpuint(move(rig, TRUE, 600 * BLOCK), ==, SCSI_BUFFER_SIZE);
        check_sense(rig, cases[i].key, cases[i].asc);
    }
    rig->image->error = 0;
    start(rig, 0x2a, FAULT_SIZE / BLOCK - 1, 2); /* past the end: nothing is taken */
    g_assert_cmpuint(move(rig, TRUE, 2 * BLOCK), ==, 0);
    check_sense(rig, 5, 0x2100);
}

/* A write under way is carried out; nobody hears of it any more. */
static void test_abort(Rig *rig, gconstpointer data)
{
    memset(rig->data, 0x55, BLOCK);
    start(rig, 0x2a, 9, 1);
    g_assert_cmpuint(scsi_give(&rig->disk, rig->data, BLOCK), ==, BLOCK);
    g_assert_true(scsi_is_busy(&rig->disk));
    scsi_abort(&rig->disk);
    g_assert_false(scsi_is_busy(&rig->disk));
    g_assert_cmpuint(rig->progressed, ==, 0);
    g_assert_cmphex(rig->image->data[9 * BLOCK], ==, 0x55);
    g_assert_cmpuint(scsi_give(&rig->disk, rig->data, BLOCK), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, fn) g_test_add("/storage-scsi/" name, Rig, NULL, rig_setup, fn, rig_teardown)
    ADD("moves", test_moves);
    ADD("read-error", test_read_error);
    ADD("write-errors", test_write_errors);
    ADD("abort", test_abort);
#undef ADD
    return g_test_run();
}

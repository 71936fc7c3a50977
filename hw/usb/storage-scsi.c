/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/usb/storage-scsi.h"

#include <errno.h>
#include <string.h>

#include "core/error.h"
#include "core/machine.h"

/* Sense keys and additional codes (SPC-4, 4.5). */
#define SENSE_NOT_READY       2
#define SENSE_MEDIUM_ERROR    3
#define SENSE_ILLEGAL_REQUEST 5
#define SENSE_ATTENTION       6
#define SENSE_DATA_PROTECT    7

#define ASC_WRITE_ERROR    0x0c00
#define ASC_READ_ERROR     0x1100
#define ASC_BAD_COMMAND    0x2000
#define ASC_BAD_ADDRESS    0x2100
#define ASC_BAD_FIELD      0x2400
#define ASC_WRITE_PROTECT  0x2700
#define ASC_SPACE          0x2707
#define ASC_MEDIUM_CHANGED 0x2800
#define ASC_NO_MEDIUM      0x3a00
#define ASC_LOCKED         0x5302

/* Operation codes. */
enum {
    TEST_UNIT_READY = 0x00,
    REQUEST_SENSE = 0x03,
    READ_6 = 0x08,
    WRITE_6 = 0x0a,
    INQUIRY = 0x12,
    MODE_SENSE_6 = 0x1a,
    START_STOP = 0x1b,
    PREVENT_REMOVAL = 0x1e,
    READ_FORMAT_CAPACITIES = 0x23,
    READ_CAPACITY_10 = 0x25,
    READ_10 = 0x28,
    WRITE_10 = 0x2a,
    VERIFY_10 = 0x2f,
    SYNCHRONIZE_10 = 0x35,
    MODE_SENSE_10 = 0x5a,
    READ_16 = 0x88,
    WRITE_16 = 0x8a,
    SYNCHRONIZE_16 = 0x91,
    SERVICE_IN_16 = 0x9e,
    REPORT_LUNS = 0xa0,
    READ_12 = 0xa8,
    WRITE_12 = 0xaa,
};

#define SERVICE_READ_CAPACITY 0x10
#define FORCE_UNIT_ACCESS     0x08

static guint32 get16(const guint8 *at)
{
    return (guint32)at[0] << 8 | at[1];
}

static guint32 get32(const guint8 *at)
{
    return get16(at) << 16 | get16(at + 2);
}

static void put32(guint8 *at, guint32 value)
{
    for (guint i = 0; i < 4; i++) {
        at[i] = (guint8)(value >> (24 - 8 * i));
    }
}

/* ---- ends ---- */

static void fail(ScsiDisk *disk, guint8 key, guint16 asc)
{
    disk->good = FALSE;
    disk->sense_key = key;
    disk->asc = asc;
    disk->to_do = 0;
}

static void refuse_field(ScsiDisk *disk)
{
    fail(disk, SENSE_ILLEGAL_REQUEST, ASC_BAD_FIELD);
}

static void fail_request(ScsiDisk *disk, int error)
{
    gboolean write = disk->direction == SCSI_OUT;

    switch (error) {
    case -ENOMEDIUM: fail(disk, SENSE_NOT_READY, ASC_NO_MEDIUM); break;
    case -EROFS: fail(disk, SENSE_DATA_PROTECT, ASC_WRITE_PROTECT); break;
    case -ENOSPC: fail(disk, SENSE_DATA_PROTECT, ASC_SPACE); break;
    case -EINVAL: fail(disk, SENSE_ILLEGAL_REQUEST, ASC_BAD_ADDRESS); break;
    default: fail(disk, SENSE_MEDIUM_ERROR, write ? ASC_WRITE_ERROR : ASC_READ_ERROR); break;
    }
}

/* The first `length` bytes of the buffer are the answer. */
static void reply(ScsiDisk *disk, guint length, guint allocated)
{
    disk->direction = SCSI_IN;
    disk->length = disk->filled = MIN(length, allocated);
}

/* ---- the medium ---- */

static void submit(ScsiDisk *disk, BlockOp op, guint64 length);

static void request_done(BlockRequest *request, int result)
{
    ScsiDisk *disk = request->opaque;

    disk->busy = FALSE;
    if (result < 0) {
        fail_request(disk, result);
    } else if (request->op == BLOCK_OP_READ) {
        disk->filled = (guint32)request->length;
        disk->taken = 0;
    } else if (request->op == BLOCK_OP_WRITE) {
        disk->filled = 0;
    }
    if (disk->good && request->op != BLOCK_OP_FLUSH) {
        disk->offset += request->length;
        disk->to_do -= request->length;
        if (request->op == BLOCK_OP_WRITE && disk->to_do == 0 && disk->flush_after) {
            submit(disk, BLOCK_OP_FLUSH, 0);
            return;
        }
    }
    disk->progress(disk);
}

static void submit(ScsiDisk *disk, BlockOp op, guint64 length)
{
    disk->iov = (struct iovec){disk->buffer, length};
    disk->request = (BlockRequest){
        .op = op,
        .offset = op == BLOCK_OP_FLUSH ? 0 : disk->offset,
        .length = length,
        .iov = op == BLOCK_OP_FLUSH ? NULL : &disk->iov,
        .niov = op == BLOCK_OP_FLUSH ? 0 : 1,
        .done = request_done,
        .opaque = disk,
    };
    disk->busy = TRUE;
    drive_submit(disk->drive, &disk->request);
}

static void read_more(ScsiDisk *disk)
{
    submit(disk, BLOCK_OP_READ, MIN(disk->to_do, SCSI_BUFFER_SIZE));
}

static void move_blocks(ScsiDisk *disk, gboolean write, guint64 block, guint64 count)
{
    guint64 blocks = disk->drive->length / BLOCK_SECTOR_SIZE;

    if (block > blocks || count > blocks - block) {
        fail(disk, SENSE_ILLEGAL_REQUEST, ASC_BAD_ADDRESS);
        return;
    }
    if (write && drive_is_readonly(disk->drive)) {
        fail(disk, SENSE_DATA_PROTECT, ASC_WRITE_PROTECT);
        return;
    }
    if (count == 0) {
        return;
    }
    disk->direction = write ? SCSI_OUT : SCSI_IN;
    disk->offset = block * BLOCK_SECTOR_SIZE;
    disk->length = disk->to_do = count * BLOCK_SECTOR_SIZE;
    disk->flush_after = write && disk->cdb[0] != WRITE_6 && disk->cdb[1] & FORCE_UNIT_ACCESS;
    if (!write) {
        read_more(disk);
    }
}

static gboolean has_medium(ScsiDisk *disk)
{
    if (!drive_has_medium(disk->drive)) {
        fail(disk, SENSE_NOT_READY, ASC_NO_MEDIUM);
        return FALSE;
    }
    return TRUE;
}

/* READ and WRITE of all lengths; the low bits of the code say which. */
static void run_move(ScsiDisk *disk)
{
    const guint8 *cdb = disk->cdb;
    gboolean write = (cdb[0] & 0x0f) == WRITE_6;
    guint64 long_block = (guint64)get32(cdb + 2) << 32 | get32(cdb + 6);

    if (!has_medium(disk)) {
        return;
    }
    switch (cdb[0] >> 5) {
    case 0: move_blocks(disk, write, get32(cdb) & 0x1fffff, cdb[4] ? cdb[4] : 256); break;
    case 1: move_blocks(disk, write, get32(cdb + 2), get16(cdb + 7)); break;
    case 4: move_blocks(disk, write, long_block, get32(cdb + 10)); break;
    default: move_blocks(disk, write, get32(cdb + 2), get32(cdb + 6)); break;
    }
}

static void run_capacity(ScsiDisk *disk)
{
    guint64 last = disk->drive->length / BLOCK_SECTOR_SIZE - 1;

    if (!has_medium(disk)) {
        return;
    }
    if (disk->cdb[0] == READ_CAPACITY_10) {
        put32(disk->buffer, (guint32)MIN(last, G_MAXUINT32));
        put32(disk->buffer + 4, BLOCK_SECTOR_SIZE);
        reply(disk, 8, 8);
    } else if ((disk->cdb[1] & 0x1f) == SERVICE_READ_CAPACITY) {
        put32(disk->buffer, (guint32)(last >> 32));
        put32(disk->buffer + 4, (guint32)last);
        put32(disk->buffer + 8, BLOCK_SECTOR_SIZE);
        reply(disk, 32, get32(disk->cdb + 10));
    } else {
        refuse_field(disk);
    }
}

/* MMC-5, 6.24: one entry, the medium's. */
static void run_format_capacities(ScsiDisk *disk)
{
    gboolean present = drive_has_medium(disk->drive);

    disk->buffer[3] = 8;
    put32(disk->buffer + 4, (guint32)MIN(disk->drive->length / BLOCK_SECTOR_SIZE, G_MAXUINT32));
    put32(disk->buffer + 8, BLOCK_SECTOR_SIZE);
    disk->buffer[8] = present ? 2 : 3;
    reply(disk, 12, get16(disk->cdb + 7));
}

static void run_verify(ScsiDisk *disk)
{
    guint64 blocks = disk->drive->length / BLOCK_SECTOR_SIZE;

    if (disk->cdb[1] & 6) {
        refuse_field(disk); /* comparing with data */
    } else if (has_medium(disk) && (guint64)get32(disk->cdb + 2) + get16(disk->cdb + 7) > blocks) {
        fail(disk, SENSE_ILLEGAL_REQUEST, ASC_BAD_ADDRESS);
    }
}

static void run_flush(ScsiDisk *disk)
{
    if (has_medium(disk)) {
        submit(disk, BLOCK_OP_FLUSH, 0);
    }
}

/* ---- what it says of itself ---- */

static void put_text(guint8 *to, guint length, const char *text)
{
    memset(to, ' ', length);
    memcpy(to, text, MIN(strlen(text), length));
}

/* Vital product data (SPC-4, 7.8): the list of pages, serial number, identification. */
static void run_inquiry_page(ScsiDisk *disk)
{
    guint8 *data = disk->buffer;
    guint serial = (guint)MIN(strlen(disk->serial), 64);

    data[1] = disk->cdb[2];
    switch (disk->cdb[2]) {
    case 0x00:
        data[3] = 3;
        data[5] = 0x80;
        data[6] = 0x83;
        break;
    case 0x80:
        data[3] = (guint8)serial;
        memcpy(data + 4, disk->serial, serial);
        break;
    case 0x83:
        data[3] = (guint8)(serial + 12);
        data[4] = 2; /* ASCII, of the vendor's */
        data[5] = 1;
        data[7] = (guint8)(serial + 8);
        put_text(data + 8, 8, "VITRINE");
        memcpy(data + 16, disk->serial, serial);
        break;
    default: refuse_field(disk); return;
    }
    reply(disk, data[3] + 4u, get16(disk->cdb + 3));
}

static void run_inquiry(ScsiDisk *disk)
{
    guint8 *data = disk->buffer;

    if (disk->cdb[1] & 1) {
        run_inquiry_page(disk);
        return;
    }
    if (disk->cdb[2]) {
        refuse_field(disk);
        return;
    }
    data[1] = disk->removable ? 0x80 : 0;
    data[2] = 5; /* SPC-3 */
    data[3] = 2;
    data[4] = 36 - 5;
    put_text(data + 8, 8, "VITRINE");
    put_text(data + 16, 16, "USB DISK");
    put_text(data + 32, 4, "1.0");
    reply(disk, 36, get16(disk->cdb + 3));
}

static void run_request_sense(ScsiDisk *disk)
{
    guint8 *data = disk->buffer;

    data[0] = 0x70;
    data[2] = disk->sense_key;
    data[7] = 10;
    data[12] = (guint8)(disk->asc >> 8);
    data[13] = (guint8)disk->asc;
    disk->sense_key = 0;
    disk->asc = 0;
    reply(disk, 18, disk->cdb[4]);
}

/* SBC-3, 6.4: of the pages only caching, whose write cache is on. */
static void run_mode_sense(ScsiDisk *disk)
{
    gboolean is_long = disk->cdb[0] == MODE_SENSE_10;
    guint header = is_long ? 8 : 4, length = header;
    guint8 page = disk->cdb[2] & 0x3f, control = disk->cdb[2] >> 6;
    guint8 *data = disk->buffer;

    if ((page != 0x3f && page != 0x08) || control == 3) {
        refuse_field(disk); /* saved values: none */
        return;
    }
    data[length] = 0x08;
    data[length + 1] = 18;
    data[length + 2] = control == 1 ? 0 : 4; /* WCE; nothing can be changed */
    length += 20;
    if (is_long) {
        data[1] = (guint8)(length - 2);
    } else {
        data[0] = (guint8)(length - 1);
    }
    data[is_long ? 3 : 2] = drive_is_readonly(disk->drive) ? 0x80 : 0;
    reply(disk, length, is_long ? get16(disk->cdb + 7) : disk->cdb[4]);
}

static void run_report_luns(ScsiDisk *disk)
{
    disk->buffer[3] = 8; /* one, with number 0 */
    reply(disk, 16, get32(disk->cdb + 6));
}

/* ---- the drive ---- */

static void run_prevent_removal(ScsiDisk *disk)
{
    if (disk->removable) {
        drive_set_tray(disk->drive, disk->cdb[4] & 1, FALSE);
    }
}

/* Stopping flushes. There is no tray that could open: an eject is taken note of by the host. */
static void run_start_stop(ScsiDisk *disk)
{
    gboolean start = disk->cdb[4] & 1, eject = disk->cdb[4] & 2;

    if (eject && !start && disk->drive->tray_locked) {
        fail(disk, SENSE_ILLEGAL_REQUEST, ASC_LOCKED);
    } else if (!start && drive_has_medium(disk->drive)) {
        submit(disk, BLOCK_OP_FLUSH, 0);
    }
}

static void run_ready(ScsiDisk *disk)
{
    has_medium(disk);
}

/* ---- commands ---- */

typedef struct ScsiCommand {
    guint8 code;
    gboolean ignores_attention; /* SPC-4, 4.8.6 */
    void (*run)(ScsiDisk *disk);
} ScsiCommand;

static const ScsiCommand commands[] = {
    {TEST_UNIT_READY, FALSE, run_ready},
    {REQUEST_SENSE, TRUE, run_request_sense},
    {READ_6, FALSE, run_move},
    {WRITE_6, FALSE, run_move},
    {INQUIRY, TRUE, run_inquiry},
    {MODE_SENSE_6, FALSE, run_mode_sense},
    {START_STOP, FALSE, run_start_stop},
    {PREVENT_REMOVAL, FALSE, run_prevent_removal},
    {READ_FORMAT_CAPACITIES, FALSE, run_format_capacities},
    {READ_CAPACITY_10, FALSE, run_capacity},
    {READ_10, FALSE, run_move},
    {WRITE_10, FALSE, run_move},
    {VERIFY_10, FALSE, run_verify},
    {SYNCHRONIZE_10, FALSE, run_flush},
    {MODE_SENSE_10, FALSE, run_mode_sense},
    {READ_16, FALSE, run_move},
    {WRITE_16, FALSE, run_move},
    {SYNCHRONIZE_16, FALSE, run_flush},
    {SERVICE_IN_16, FALSE, run_capacity},
    {REPORT_LUNS, TRUE, run_report_luns},
    {READ_12, FALSE, run_move},
    {WRITE_12, FALSE, run_move},
};

void scsi_start(ScsiDisk *disk, const guint8 *cdb, guint length)
{
    scsi_abort(disk);
    memset(disk->cdb, 0, sizeof disk->cdb);
    memcpy(disk->cdb, cdb, length);
    memset(disk->buffer, 0, BLOCK_SECTOR_SIZE);
    disk->good = TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (commands[i].code != disk->cdb[0]) {
            continue;
        }
        if (disk->attention && !commands[i].ignores_attention) {
            disk->attention = FALSE;
            fail(disk, SENSE_ATTENTION, ASC_MEDIUM_CHANGED);
            return;
        }
        commands[i].run(disk);
        return;
    }
    fail(disk, SENSE_ILLEGAL_REQUEST, ASC_BAD_COMMAND);
}

guint scsi_take(ScsiDisk *disk, guint8 *to, guint length)
{
    guint part = 0;

    if (disk->direction == SCSI_IN && !disk->busy) {
        part = MIN(length, disk->filled - disk->taken);
        memcpy(to, disk->buffer + disk->taken, part);
        disk->taken += part;
        disk->moved += part;
        if (disk->taken == disk->filled && disk->to_do) {
            read_more(disk);
        }
    }
    return part;
}

guint scsi_give(ScsiDisk *disk, const guint8 *from, guint length)
{
    guint32 window = (guint32)MIN(disk->to_do, SCSI_BUFFER_SIZE);
    guint part = 0;

    if (disk->direction == SCSI_OUT && !disk->busy && disk->to_do) {
        part = MIN(length, window - disk->filled);
        memcpy(disk->buffer + disk->filled, from, part);
        disk->filled += part;
        disk->moved += part;
        if (disk->filled == window) {
            submit(disk, BLOCK_OP_WRITE, window);
        }
    }
    return part;
}

gboolean scsi_is_busy(const ScsiDisk *disk)
{
    return disk->busy;
}

gboolean scsi_is_good(const ScsiDisk *disk)
{
    return disk->good;
}

/* ---- lifecycle ---- */

static void nobody(ScsiDisk *disk)
{
}

void scsi_abort(ScsiDisk *disk)
{
    if (disk->busy) {
        void (*progress)(ScsiDisk *) = disk->progress;

        disk->progress = nobody;
        disk->flush_after = FALSE;
        drive_drain(disk->drive);
        disk->progress = progress;
    }
    disk->direction = SCSI_NO_DATA;
    disk->length = disk->moved = disk->to_do = 0;
    disk->filled = disk->taken = 0;
    disk->flush_after = FALSE;
}

void scsi_medium_changed(ScsiDisk *disk)
{
    disk->attention = TRUE;
}

void scsi_init(ScsiDisk *disk, Device *device, Drive *drive)
{
    disk->device = device;
    disk->drive = drive;
    disk->buffer = g_malloc(SCSI_BUFFER_SIZE);
}

void scsi_finish(ScsiDisk *disk)
{
    if (disk->drive) {
        scsi_abort(disk);
    }
    g_clear_pointer(&disk->buffer, g_free);
}

/* ---- saved state: between commands; one under way is repeated by the guest ---- */

static gboolean state_loaded(void *object, GError **error)
{
    ScsiDisk *disk = object;

    if (disk->sense_key > 15) {
        return error_set(error, "saved state of a USB disk is damaged");
    }
    scsi_abort(disk);
    return TRUE;
}

static const StateField state_fields[] = {
    STATE_FIELD(U8, ScsiDisk, sense_key),
    STATE_FIELD(U8, ScsiDisk, attention),
    STATE_FIELD(U16, ScsiDisk, asc),
    STATE_FIELD(BOOL, ScsiDisk, good),
    STATE_END,
};

const StateTable scsi_state = {1, state_fields, state_loaded};

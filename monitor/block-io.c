/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/block-io.h"

#include <errno.h>
#include <string.h>

#include "core/error.h"
#include "mainloop/worker.h"

#define LINE_BYTES 16

typedef enum Stage { STAGE_HEAD, STAGE_TAIL, STAGE_TRANSFER, STAGE_FLUSH } Stage;

typedef struct Transfer {
    BlockIo io;
    CommandCall *call;
    char *name;
    gboolean of_device;
    guint8 *buffer; /* `io.length` bytes; NULL = there was no memory */
    /* Drives move whole sectors: what is beside the bytes in the first and in the last one. */
    guint8 head[BLOCK_SECTOR_SIZE], tail[BLOCK_SECTOR_SIZE];
    guint head_length, tail_length;
    Drive *drive; /* while a request is with it */
    Stage stage;
    BlockRequest request;
    struct iovec iov[3];
    gint64 started_ns, time_ns;
    gboolean differs;
    GString *dump;
} Transfer;

/* ---- what is printed ---- */

static char *format_number(double bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    char digits[G_ASCII_DTOSTR_BUF_SIZE];
    guint unit = 0;

    for (; bytes >= 1024 && unit + 1 < G_N_ELEMENTS(units); unit++) {
        bytes /= 1024;
    }
    g_ascii_formatd(digits, sizeof(digits), "%.3f", bytes);
    if (g_str_has_suffix(digits, ".000")) {
        *strchr(digits, '.') = '\0';
    }
    return g_strdup_printf("%s %s", digits, units[unit]);
}

char *block_io_format_size(guint64 bytes)
{
    return format_number((double)bytes);
}

static void print_time(GString *out, gint64 ns, gboolean with_hours)
{
    gint64 hundredths = ns / (NS_PER_SEC / 100);
    gint64 seconds = hundredths / 100;

    if (with_hours || seconds >= 60) {
        g_string_append_printf(out, "%" G_GINT64_FORMAT ":%02d:%02d.%02d", seconds / 3600,
                               (int)(seconds / 60 % 60), (int)(seconds % 60),
                               (int)(hundredths % 100));
    } else {
        g_string_append_printf(out, "%02d.%02d sec", (int)seconds, (int)(hundredths % 100));
    }
}

static void print_result(const Transfer *transfer, GString *out)
{
    static const char *const words[BLOCK_OP_COUNT] = {"read", "wrote", "", "discard"};
    const BlockIo *io = &transfer->io;
    double seconds = (double)MAX(transfer->time_ns, 1) / NS_PER_SEC;
    g_autofree char *size = format_number((double)io->length);
    g_autofree char *rate = format_number((double)io->length / seconds);

    if (io->machine_readable) {
        g_string_append_printf(out, "%" G_GUINT64_FORMAT ",1,", io->length);
        print_time(out, transfer->time_ns, TRUE);
        g_string_append_printf(out, ",%.3f,%.3f\n", (double)io->length / seconds, 1 / seconds);
        return;
    }
    g_string_append_printf(out,
                           "%s %" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT
                           " bytes at offset %" G_GUINT64_FORMAT "\n%s, 1 ops; ",
                           words[io->op], io->length, io->length, io->offset, size);
    print_time(out, transfer->time_ns, FALSE);
    g_string_append_printf(out, " (%s/sec and %.4f ops/sec)\n", rate, 1 / seconds);
}

static void dump_line(GString *out, guint64 offset, const guint8 *bytes, guint64 count)
{
    static const char digits[] = "0123456789abcdef";

    g_string_append_printf(out, "%08" G_GINT64_MODIFIER "x:  ", offset);
    for (guint i = 0; i < count; i++) {
        const char hex[] = {digits[bytes[i] >> 4], digits[bytes[i] & 15], ' '};

        g_string_append_len(out, hex, sizeof(hex));
    }
    g_string_append_c(out, ' ');
    for (guint i = 0; i < count; i++) {
        g_string_append_c(out, g_ascii_isprint(bytes[i]) ? (char)bytes[i] : '.');
    }
    g_string_append_c(out, '\n');
}

/* ---- the end ---- */

static void finish(Transfer *transfer)
{
    CommandCall *call = transfer->call;

    if (transfer->dump) {
        g_string_free(transfer->dump, TRUE);
    }
    g_free(transfer->buffer);
    g_free(transfer->name);
    g_free(transfer);
    command_call_finish(call, NULL);
}

/* On a worker: compares and prints. */
static void look_at_data(void *opaque)
{
    Transfer *transfer = opaque;
    const BlockIo *io = &transfer->io;

    for (guint64 i = 0; io->check && i < io->check_length && !transfer->differs; i++) {
        transfer->differs = transfer->buffer[io->check_from + i] != io->pattern;
    }
    if (io->dump) {
        transfer->dump = g_string_sized_new(io->length * 5);
        for (guint64 i = 0; i < io->length; i += LINE_BYTES) {
            dump_line(transfer->dump, io->offset + i, transfer->buffer + i,
                      MIN(io->length - i, LINE_BYTES));
        }
    }
}

static void tell(void *opaque)
{
    Transfer *transfer = opaque;
    const BlockIo *io = &transfer->io;
    GString *out = transfer->call->out;

    if (transfer->differs) {
        g_string_append_printf(out,
                               "Pattern verification failed at offset %" G_GUINT64_FORMAT
                               ", %" G_GUINT64_FORMAT " bytes\n",
                               io->offset + io->check_from, io->check_length);
    }
    if (transfer->dump && !io->quiet) {
        g_string_append_len(out, transfer->dump->str, (gssize)transfer->dump->len);
    }
    if (!io->quiet) {
        print_result(transfer, out);
    }
    finish(transfer);
}

/* ---- requests ---- */

static void send(Transfer *transfer);

static void request_done(BlockRequest *request, int result)
{
    Transfer *transfer = request->opaque;
    const BlockIo *io = &transfer->io;
    Machine *machine = transfer->call->machine;

    if (result < 0) {
        g_string_append_printf(transfer->call->out, "%s failed: %s\n", io->name,
                               g_strerror(-result));
        finish(transfer);
        return;
    }
    if (transfer->stage < STAGE_TRANSFER || (transfer->stage == STAGE_TRANSFER && io->flush)) {
        transfer->stage++;
        send(transfer);
        return;
    }
    transfer->time_ns = clock_now(machine->host_clock) - transfer->started_ns;
    worker_submit(machine->workers, look_at_data, tell, transfer);
}

static void send_sector(Transfer *transfer, guint64 offset, guint8 *sector)
{
    transfer->iov[0] = (struct iovec){sector, BLOCK_SECTOR_SIZE};
    transfer->request.op = BLOCK_OP_READ;
    transfer->request.offset = offset;
    transfer->request.length = BLOCK_SECTOR_SIZE;
    transfer->request.niov = 1;
    drive_submit(transfer->drive, &transfer->request);
}

/* A flush, or a discard: only the sectors that lie wholly within the bytes are given up. */
static void send_without_data(Transfer *transfer)
{
    const BlockIo *io = &transfer->io;
    guint64 from = (io->offset + BLOCK_SECTOR_SIZE - 1) / BLOCK_SECTOR_SIZE * BLOCK_SECTOR_SIZE;
    guint64 end = (io->offset + io->length) / BLOCK_SECTOR_SIZE * BLOCK_SECTOR_SIZE;

    transfer->request.op = io->op;
    transfer->request.offset = MIN(from, end);
    transfer->request.length = end > from ? end - from : 0;
    drive_submit(transfer->drive, &transfer->request);
}

static void send_data(Transfer *transfer)
{
    const BlockIo *io = &transfer->io;

    transfer->started_ns = clock_now(transfer->call->machine->host_clock);
    if (io->op == BLOCK_OP_DISCARD || io->op == BLOCK_OP_FLUSH) {
        send_without_data(transfer);
        return;
    }
    transfer->iov[0] = (struct iovec){transfer->head, transfer->head_length};
    transfer->iov[1] = (struct iovec){transfer->buffer, io->length};
    transfer->iov[2] = (struct iovec){transfer->tail + BLOCK_SECTOR_SIZE - transfer->tail_length,
                                      transfer->tail_length};
    transfer->request.op = io->op;
    transfer->request.offset = io->offset - transfer->head_length;
    transfer->request.length = transfer->head_length + io->length + transfer->tail_length;
    transfer->request.niov = 3;
    drive_submit(transfer->drive, &transfer->request);
}

static void send(Transfer *transfer)
{
    const BlockIo *io = &transfer->io;
    guint64 end = io->offset + io->length + transfer->tail_length;

    if (transfer->stage == STAGE_HEAD && !(io->op == BLOCK_OP_WRITE && transfer->head_length)) {
        transfer->stage = STAGE_TAIL;
    }
    if (transfer->stage == STAGE_TAIL && !(io->op == BLOCK_OP_WRITE && transfer->tail_length)) {
        transfer->stage = STAGE_TRANSFER;
    }
    switch (transfer->stage) {
    case STAGE_HEAD:
        send_sector(transfer, io->offset - transfer->head_length, transfer->head);
        break;
    case STAGE_TAIL: send_sector(transfer, end - BLOCK_SECTOR_SIZE, transfer->tail); break;
    case STAGE_TRANSFER: send_data(transfer); break;
    case STAGE_FLUSH:
        transfer->request.op = BLOCK_OP_FLUSH;
        drive_submit(transfer->drive, &transfer->request);
        break;
    }
}

/* ---- the beginning ---- */

Drive *block_io_find(Machine *machine, const BlockIoTarget *target, GError **error)
{
    const char *name = target->name;
    BlockNode *node = target->of_device ? NULL : block_node_find(machine, name);
    Drive *drive =
        target->of_device ? drive_find_by_device(machine, name) : drive_find(machine, name);

    if (drive) {
        return drive;
    }
    if (node) {
        drive = node->drive ? node->drive : node->parent ? node->parent->drive : NULL;
        if (!drive) {
            error_set(error, "Node '%s' belongs to no device", name);
        }
        return drive;
    }
    if (target->of_device && device_find(machine->root, name)) {
        error_set(error, "Device does not have a block device backend");
    } else if (target->of_device) {
        g_set_error(error, VITRINE_ERROR, VITRINE_ERROR_DEVICE_NOT_FOUND, "Device '%s' not found",
                    name);
    } else {
        error_set(error, "Cannot find device='' nor node-name='%s'", name);
    }
    return NULL;
}

/* NULL if the drive can do this; else what to say (g_free). */
static char *check(const Transfer *transfer)
{
    const BlockIo *io = &transfer->io;
    const Drive *drive = transfer->drive;
    g_autofree char *size = block_io_format_size(drive->length);
    gboolean changes = io->op == BLOCK_OP_WRITE || io->op == BLOCK_OP_DISCARD;

    if (!drive_has_medium(drive)) {
        return g_strdup_printf("%s failed: %s", io->name, g_strerror(ENOMEDIUM));
    }
    if (changes && drive_is_readonly(drive)) {
        return g_strdup("Block node is read-only");
    }
    if (io->offset > drive->length || io->length > drive->length - io->offset) {
        return g_strdup_printf("%s failed: %s: the medium ends at %s", io->name, g_strerror(EIO),
                               size);
    }
    if (!transfer->buffer) {
        return g_strdup_printf("%s failed: %s", io->name, g_strerror(ENOMEM));
    }
    return NULL;
}

/* On a worker: gets and fills the memory. */
static void prepare(void *opaque)
{
    Transfer *transfer = opaque;
    const BlockIo *io = &transfer->io;
    gboolean data = io->op == BLOCK_OP_READ || io->op == BLOCK_OP_WRITE;
    gsize size = data ? io->length : 0;

    transfer->buffer = g_try_malloc(size + 1);
    if (transfer->buffer) {
        memset(transfer->buffer, io->op == BLOCK_OP_WRITE ? io->pattern : 0, size);
    }
}

/* Meanwhile the drive may have gone, or have another medium. */
static void start(void *opaque)
{
    Transfer *transfer = opaque;
    BlockIoTarget target = {transfer->name, transfer->of_device};
    g_autoptr(GError) error = NULL;
    g_autofree char *refused = NULL;

    transfer->drive = block_io_find(transfer->call->machine, &target, &error);
    refused = transfer->drive ? check(transfer) : g_strdup(error->message);
    if (refused) {
        g_string_append_printf(transfer->call->out, "%s\n", refused);
        finish(transfer);
        return;
    }
    transfer->head_length = transfer->io.offset % BLOCK_SECTOR_SIZE;
    transfer->tail_length = -(transfer->io.offset + transfer->io.length) % BLOCK_SECTOR_SIZE;
    transfer->request = (BlockRequest){
        .iov = transfer->iov, .done = request_done, .opaque = transfer, .told_by_sender = TRUE};
    send(transfer);
}

void block_io_run(CommandCall *call, const BlockIoTarget *target, const BlockIo *io)
{
    Transfer *transfer = g_new0(Transfer, 1);

    transfer->io = *io;
    transfer->call = call;
    transfer->name = g_strdup(target->name);
    transfer->of_device = target->of_device;
    command_call_hold(call);
    worker_submit(call->machine->workers, prepare, start, transfer);
}

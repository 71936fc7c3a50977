/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "J3" is the data sheet of Intel's StrataFlash memory 28F128J3; CFI is JESD68. */
#include "hw/block/pflash.h"

#include <string.h>

#include "core/block.h"
#include "core/error.h"
#include "core/option.h"

/* Commands (J3, table 13). */
enum {
    CMD_READ_ARRAY_0 = 0x00, /* as others take it, too */
    CMD_PROGRAM = 0x10,
    CMD_ERASE = 0x20,
    CMD_PROGRAM_2 = 0x40,
    CMD_CLEAR_STATUS = 0x50,
    CMD_LOCK = 0x60,
    CMD_READ_STATUS = 0x70,
    CMD_READ_ID = 0x90,
    CMD_QUERY = 0x98,
    CMD_CONFIRM = 0xd0,
    CMD_BUFFER = 0xe8,
    CMD_READ_ARRAY = 0xff,
};

#define STATUS_READY         0x80
#define STATUS_ERASE_ERROR   0x20
#define STATUS_PROGRAM_ERROR 0x10
#define STATUS_BAD_SEQUENCE  (STATUS_ERASE_ERROR | STATUS_PROGRAM_ERROR)

#define ID_INTEL 0x89
#define ID_J3    0x18

#define BUFFER_BITS   11
#define BUFFER_LENGTH (1u << BUFFER_BITS)

#define QUERY_START 0x10

/* What reads show. */
typedef enum FlashMode { MODE_ARRAY, MODE_STATUS, MODE_ID, MODE_QUERY } FlashMode;

/* What the next write is. */
typedef enum FlashStep {
    STEP_COMMAND,
    STEP_PROGRAM,
    STEP_ERASE,
    STEP_LOCK,
    STEP_BUFFER_COUNT,
    STEP_BUFFER_DATA,
    STEP_BUFFER_CONFIRM,
} FlashStep;

typedef struct Flash {
    Device device;
    char *drive_id, *name;
    gboolean secure;
    Drive *drive;
    MachineListener *listener;
    Region region, array, registers;
    guint32 length;
    guint8 mode, step, status; /* FlashMode, FlashStep */
    /* CMD_BUFFER: bytes to come, and those that came, from buffer_addr on. */
    guint32 buffer_addr, buffer_count, buffer_left;
    guint8 buffer[BUFFER_LENGTH], in_buffer[BUFFER_LENGTH];
    guint8 *dirty; /* one a block: the image has not got it yet */
    guint blocks;
    gboolean io_busy;
    gboolean unflushed;
    BlockRequest request;
    struct iovec iov;
    guint8 out[PFLASH_BLOCK]; /* the block that is being written */
} Flash;

guint8 *pflash_content(Device *dev)
{
    return region_host(&((Flash *)dev)->array);
}

/* ---- the image ---- */

static void write_back(Flash *flash);

/* A block that could not be written is tried again with the next change; the drive has told why. */
static void request_done(BlockRequest *request, int result)
{
    Flash *flash = request->opaque;

    flash->io_busy = FALSE;
    if (result < 0) {
        if (request->op == BLOCK_OP_WRITE) {
            flash->dirty[request->offset / PFLASH_BLOCK] = TRUE;
        }
        return;
    }
    write_back(flash);
}

static void submit(Flash *flash, BlockOp op, guint64 offset, guint64 length)
{
    flash->io_busy = TRUE;
    flash->iov = (struct iovec){flash->out, length};
    flash->request = (BlockRequest){
        .op = op,
        .offset = offset,
        .length = length,
        .iov = length ? &flash->iov : NULL,
        .niov = length ? 1 : 0,
        .done = request_done,
        .opaque = flash,
    };
    drive_submit(flash->drive, &flash->request);
}

/* Sends the next block that has changed; after the last one, what was written is made to stay. */
static void write_back(Flash *flash)
{
    guint block = 0;

    if (flash->io_busy) {
        return;
    }
    while (block < flash->blocks && !flash->dirty[block]) {
        block++;
    }
    if (block < flash->blocks) {
        guint64 offset = (guint64)block * PFLASH_BLOCK;

        flash->dirty[block] = FALSE;
        memcpy(flash->out, region_host(&flash->array) + offset, PFLASH_BLOCK);
        flash->unflushed = TRUE;
        submit(flash, BLOCK_OP_WRITE, offset, PFLASH_BLOCK);
    } else if (flash->unflushed) {
        flash->unflushed = FALSE;
        submit(flash, BLOCK_OP_FLUSH, 0, 0);
    }
}

static void changed(Flash *flash, guint32 addr, guint32 length)
{
    region_mark_dirty(&flash->array, addr, length);
    for (guint block = addr / PFLASH_BLOCK; block <= (addr + length - 1) / PFLASH_BLOCK; block++) {
        flash->dirty[block] = TRUE;
    }
    write_back(flash);
}

static void machine_event(Machine *machine, MachineEvent event, void *opaque)
{
    if (event == MACHINE_EVENT_SHUTDOWN ||
        (event == MACHINE_EVENT_RUN_STATE && !machine_is_running(machine))) {
        write_back(opaque);
    }
}

/* ---- commands ---- */

/* While reads show anything but the content, registers lie above it. */
static void set_mode(Flash *flash, FlashMode mode)
{
    flash->mode = mode;
    region_set_enabled(&flash->registers, mode != MODE_ARRAY);
}

/* Programming makes ones zeros; only erasing makes them ones again. */
static void program(Flash *flash, guint32 addr, const guint8 *data, guint32 length)
{
    guint8 *content = region_host(&flash->array);

    flash->status |= STATUS_READY;
    if (drive_is_readonly(flash->drive) || addr + length > flash->length) {
        flash->status |= STATUS_PROGRAM_ERROR;
        return;
    }
    for (guint32 i = 0; i < length; i++) {
        content[addr + i] &= data[i];
    }
    changed(flash, addr, length);
}

static void erase(Flash *flash, guint32 addr)
{
    addr -= addr % PFLASH_BLOCK;
    flash->status |= STATUS_READY;
    if (drive_is_readonly(flash->drive)) {
        flash->status |= STATUS_ERASE_ERROR;
        return;
    }
    memset(region_host(&flash->array) + addr, 0xff, PFLASH_BLOCK);
    changed(flash, addr, PFLASH_BLOCK);
}

static void command(Flash *flash, guint8 value)
{
    switch (value) {
    case CMD_PROGRAM:
    case CMD_PROGRAM_2: flash->step = STEP_PROGRAM; break;
    case CMD_ERASE: flash->step = STEP_ERASE; break;
    case CMD_LOCK: flash->step = STEP_LOCK; break;
    case CMD_BUFFER:
        flash->step = STEP_BUFFER_COUNT;
        flash->status |= STATUS_READY;
        break;
    case CMD_CLEAR_STATUS: flash->status = 0; return; /* reads show what they did */
    case CMD_READ_STATUS: break;
    case CMD_READ_ID: set_mode(flash, MODE_ID); return;
    case CMD_QUERY: set_mode(flash, MODE_QUERY); return;
    default: set_mode(flash, MODE_ARRAY); return;
    }
    set_mode(flash, MODE_STATUS);
}

static void start_buffer(Flash *flash, guint8 value)
{
    flash->buffer_count = flash->buffer_left = value + 1u;
    flash->buffer_addr = G_MAXUINT32;
    memset(flash->in_buffer, 0, sizeof(flash->in_buffer));
    flash->step = STEP_BUFFER_DATA;
}

/* Bytes may come in any order, but from one page of the buffer's size. */
static void buffer_byte(Flash *flash, guint32 addr, guint8 value)
{
    guint32 page = addr - addr % BUFFER_LENGTH;

    if (flash->buffer_addr == G_MAXUINT32) {
        flash->buffer_addr = page;
    }
    if (page != flash->buffer_addr) {
        flash->status |= STATUS_BAD_SEQUENCE;
        flash->step = STEP_COMMAND;
        return;
    }
    flash->buffer[addr - page] = value;
    flash->in_buffer[addr - page] = 1;
    if (--flash->buffer_left == 0) {
        flash->step = STEP_BUFFER_CONFIRM;
    }
}

static void program_buffer(Flash *flash)
{
    for (guint32 i = 0; i < BUFFER_LENGTH; i++) {
        if (flash->in_buffer[i]) {
            program(flash, flash->buffer_addr + i, flash->buffer + i, 1);
        }
    }
}

/* The second write of a command. */
static void finish_command(Flash *flash, guint32 addr, guint8 value)
{
    guint8 step = flash->step;

    flash->step = STEP_COMMAND;
    if (step == STEP_PROGRAM) {
        program(flash, addr, &value, 1);
    } else if (step == STEP_LOCK) { /* blocks have no locks */
        flash->status |= STATUS_READY;
    } else if (value != CMD_CONFIRM) {
        flash->status |= STATUS_READY | STATUS_BAD_SEQUENCE;
    } else if (step == STEP_ERASE) {
        erase(flash, addr);
    } else {
        program_buffer(flash);
    }
}

static void flash_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    Flash *flash = opaque;

    switch (flash->step) {
    case STEP_COMMAND: command(flash, (guint8)value); break;
    case STEP_BUFFER_COUNT: start_buffer(flash, (guint8)value); break;
    case STEP_BUFFER_DATA: buffer_byte(flash, (guint32)addr, (guint8)value); break;
    default: finish_command(flash, (guint32)addr, (guint8)value); break;
    }
}

/* ---- what reads show ---- */

/* The query table (CFI, 4.2 and 4.3; J3, appendix C): from 10h on, up to the primary extension. */
static guint8 query(const Flash *flash, guint32 addr)
{
    guint blocks = flash->blocks - 1;
    guint8 table[] = {
        'Q',
        'R',
        'Y',
        0x01,
        0, /* command set: Intel */
        0x31,
        0,
        0,
        0,
        0,
        0, /* its table; no other one */
        0x45,
        0x55,
        0,
        0, /* 4.5 to 5.5 V */
        7,
        7,
        10,
        0,
        4,
        4,
        4,
        0, /* times */
        g_bit_storage(flash->length - 1),
        0,
        0, /* length as a power of two; 8 bits wide */
        BUFFER_BITS,
        0,
        1,
        blocks & 0xff,
        blocks >> 8, /* one region of equal blocks */
        (PFLASH_BLOCK / 256) & 0xff,
        PFLASH_BLOCK >> 16,
        'P',
        'R',
        'I',
        '1',
        '0',
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0x50,
        0,
        0,
    };

    return addr >= QUERY_START && addr - QUERY_START < sizeof(table) ? table[addr - QUERY_START]
                                                                     : 0;
}

static guint8 identify(guint32 addr)
{
    switch (addr & 0xff) {
    case 0: return ID_INTEL;
    case 1: return ID_J3;
    default: return 0;
    }
}

static guint64 register_read(void *opaque, guint64 addr, guint size)
{
    const Flash *flash = opaque;

    switch (flash->mode) {
    case MODE_ID: return identify((guint32)addr);
    case MODE_QUERY: return query(flash, (guint32)addr);
    case MODE_STATUS: return flash->status;
    default: return region_host((Region *)&flash->array)[addr];
    }
}

static const IoOps array_io = {NULL, flash_write, 1, 1};
static const IoOps register_io = {register_read, flash_write, 1, 1};

/* ---- lifecycle ---- */

static void load_done(BlockRequest *request, int result)
{
    *(int *)request->opaque = result;
}

/* At start, as the medium is opened: nothing else is going on. */
static gboolean load(Flash *flash, GError **error)
{
    int result = 0;
    struct iovec iov = {region_host(&flash->array), flash->length};
    BlockRequest request = {
        .op = BLOCK_OP_READ,
        .length = flash->length,
        .iov = &iov,
        .niov = 1,
        .done = load_done,
        .opaque = &result,
    };

    drive_submit(flash->drive, &request);
    drive_drain(flash->drive);
    return !result ||
           error_set_errno(error, -result, "cannot read the flash image '%s'", flash->drive->file);
}

static gboolean check_drive(Flash *flash, GError **error)
{
    guint64 length = flash->drive->length;

    if (!drive_has_medium(flash->drive)) {
        return error_set(error, "the flash drive '%s' has no image: say file=", flash->drive->id);
    }
    if (!length || length % PFLASH_BLOCK || length > G_MAXINT32) {
        return error_set(error,
                         "the flash image '%s' has %" G_GUINT64_FORMAT
                         " bytes; a multiple of 4 KiB would be right",
                         flash->drive->file, length);
    }
    flash->length = (guint32)length;
    flash->blocks = flash->length / PFLASH_BLOCK;
    return TRUE;
}

static void finish(Flash *flash)
{
    drive_release(flash->drive);
    g_clear_pointer(&flash->dirty, g_free);
    region_finish(&flash->region);
    region_finish(&flash->array);
    region_finish(&flash->registers);
}

static void init_regions(Flash *flash)
{
    region_init_container(&flash->region, flash->name ? flash->name : "flash", flash->length);
    region_init_io(&flash->registers, "flash-registers", &register_io, flash, flash->length);
    region_set_enabled(&flash->registers, FALSE);
    region_set_write_ops(&flash->array, &array_io, flash);
    region_add(&flash->region, 0, &flash->array, 0);
    region_add(&flash->region, 0, &flash->registers, 1);
    device_publish_region(&flash->device, &flash->region);
}

static gboolean realize(Device *dev, GError **error)
{
    Flash *flash = (Flash *)dev;

    if (flash->secure) {
        return error_set(error, "cfi.pflash01: secure=on needs system management mode, which this "
                                "machine does not have");
    }
    flash->drive = drive_for_device(dev->machine, flash->drive_id, DRIVE_MEDIA_DISK, error);
    if (!flash->drive || !drive_claim(flash->drive, dev, NULL, NULL, error)) {
        return FALSE;
    }
    if (!check_drive(flash, error) ||
        !region_init_rom(&flash->array, "flash-content", flash->length, error) ||
        !load(flash, error)) {
        finish(flash);
        return FALSE;
    }
    flash->dirty = g_new0(guint8, flash->blocks);
    init_regions(flash);
    flash->listener = machine_listen(dev->machine, machine_event, flash);
    return TRUE;
}

/* What has changed last is still to reach the image. */
static void unrealize(Device *dev)
{
    Flash *flash = (Flash *)dev;

    machine_unlisten(dev->machine, flash->listener);
    write_back(flash);
    drive_drain(flash->drive);
    region_remove(&flash->array);
    region_remove(&flash->registers);
    finish(flash);
}

static void reset(Device *dev)
{
    Flash *flash = (Flash *)dev;

    flash->step = STEP_COMMAND;
    flash->status = 0;
    set_mode(flash, MODE_ARRAY);
}

static gboolean loaded(void *object, GError **error)
{
    Flash *flash = object;

    if (flash->mode > MODE_QUERY || flash->step > STEP_BUFFER_CONFIRM || flash->buffer_left > 256 ||
        (flash->step == STEP_BUFFER_DATA && !flash->buffer_left) ||
        (flash->buffer_addr != G_MAXUINT32 &&
         (flash->buffer_addr % BUFFER_LENGTH || flash->buffer_addr >= flash->length))) {
        return error_set(error, "the flash's state makes no sense");
    }
    set_mode(flash, flash->mode);
    return TRUE;
}

static const StateField flash_fields[] = {
    STATE_FIELD(U8, Flash, mode),
    STATE_FIELD(U8, Flash, step),
    STATE_FIELD(U8, Flash, status),
    STATE_FIELD(U32, Flash, buffer_addr),
    STATE_FIELD(U32, Flash, buffer_count),
    STATE_FIELD(U32, Flash, buffer_left),
    STATE_ARRAY(U8, Flash, buffer),
    STATE_ARRAY(U8, Flash, in_buffer),
    STATE_END,
};

static const StateTable flash_state = {1, flash_fields, loaded};

static const OptionSpec flash_options[] = {
    {"drive", OPTION_STRING, G_STRUCT_OFFSET(Flash, drive_id), NULL,
     "Id of a -drive, or name of a -blockdev"},
    {"name", OPTION_STRING, G_STRUCT_OFFSET(Flash, name), NULL, "Name of its memory"},
    {"secure", OPTION_BOOL, G_STRUCT_OFFSET(Flash, secure), "off",
     "Only system management mode may write; this machine has none"},
    OPTION_END,
};

const DeviceOps pflash_ops = {
    .name = "cfi.pflash01",
    .summary = "flash memory with the Intel command set",
    .category = "Storage",
    .size = sizeof(Flash),
    .board_only = TRUE,
    .options = flash_options,
    .state = &flash_state,
    .realize = realize,
    .unrealize = unrealize,
    .reset = reset,
};

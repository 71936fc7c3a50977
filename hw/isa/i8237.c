/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What "data sheet" means here: Intel 8237A High Performance Programmable DMA Controller. */
#include "hw/isa/i8237.h"

#include <string.h>

#include "core/machine.h"

/* Registers of a controller; the second one's lie two ports apart. */
enum {
    REG_ADDR_COUNT = 0x0, /* 0 to 7: address and count of each channel */
    REG_COMMAND = 0x8,    /* read: status */
    REG_REQUEST = 0x9,
    REG_MASK = 0xa,
    REG_MODE = 0xb,
    REG_CLEAR_FLIP_FLOP = 0xc,
    REG_MASTER_CLEAR = 0xd, /* read: temporary */
    REG_CLEAR_MASK = 0xe,
    REG_ALL_MASK = 0xf,
};

#define COMMAND_DISABLE 0x04

#define MODE_TYPE       0x0c
#define MODE_VERIFY     0x00
#define MODE_WRITE      0x04 /* to memory */
#define MODE_READ       0x08
#define MODE_AUTOINIT   0x10
#define MODE_DECREMENT  0x20
#define MODE_SERVICE    0xc0 /* demand, single, block, cascade */
#define MODE_BLOCK      0x80
#define MODE_CASCADE    0xc0
#define CASCADE_CHANNEL 4

#define CHIP_CHANNELS 4
#define PAGES         16
#define CHUNK         512

typedef struct DmaChannel {
    guint16 base_addr, base_count, addr, count;
    guint8 mode;
    const I8237Client *client; /* NULL = no card */
    void *opaque;
} DmaChannel;

typedef struct DmaChip {
    DmaChannel channels[CHIP_CHANNELS];
    guint8 command, status; /* status: terminal counts only */
    guint8 mask, requests;  /* requests: by software */
    guint8 flip_flop;
    guint8 dreq; /* lines of cards */
} DmaChip;

typedef struct I8237 {
    Device device;
    DmaChip chips[2];
    guint8 pages[PAGES];
    gboolean servicing; /* a card's answer may raise a request: the loop sees to it */
    gboolean again;
    Region registers[2], page_ports;
} I8237;

/* Page register of each channel (PIIX3, section 2.5.1: ports 87h, 83h, 81h, 82h, 8Bh, 89h, 8Ah). */
static const guint8 page_of[I8237_CHANNELS] = {0x7, 0x3, 0x1, 0x2, 0xf, 0xb, 0x9, 0xa};

/* ---- transfers ---- */

/* The cascade channel passes requests of the first controller on to the second one. */
static gboolean chip_works(const I8237 *dma, guint chip)
{
    const DmaChip *second = &dma->chips[1];

    if (dma->chips[chip].command & COMMAND_DISABLE) {
        return FALSE;
    }
    return chip == 1 || (!(second->command & COMMAND_DISABLE) && !(second->mask & 1) &&
                         (second->channels[0].mode & MODE_SERVICE) == MODE_CASCADE);
}

static gboolean is_ready(const I8237 *dma, guint n)
{
    const DmaChip *chip = &dma->chips[n / CHIP_CHANNELS];
    const DmaChannel *channel = &chip->channels[n % CHIP_CHANNELS];
    guint bit = 1u << n % CHIP_CHANNELS;

    /* A request by software counts in block mode only, and no mask holds it back (data sheet,
     * "Request register"). */
    gboolean asked = (chip->dreq & bit) && !(chip->mask & bit);
    gboolean soft = (chip->requests & bit) && (channel->mode & MODE_SERVICE) == MODE_BLOCK;

    return channel->client && (asked || soft) && (channel->mode & MODE_SERVICE) != MODE_CASCADE &&
           (channel->mode & MODE_TYPE) != MODE_TYPE && chip_works(dma, n / CHIP_CHANNELS);
}

/* Guest address of the channel's next unit. */
static guint64 unit_addr(const I8237 *dma, guint n)
{
    const DmaChannel *channel = &dma->chips[n / CHIP_CHANNELS].channels[n % CHIP_CHANNELS];
    guint page = dma->pages[page_of[n]];

    if (n < CHIP_CHANNELS) {
        return page << 16 | channel->addr;
    }
    return (page & 0xfe) << 16 | (guint)channel->addr << 1;
}

/* Units that lie one after the other in memory, ascending, without passing the end of the page. */
static guint run_length(const DmaChannel *channel, guint width)
{
    guint units = MIN(CHUNK / width, (guint)channel->count + 1);

    if (channel->mode & MODE_DECREMENT) {
        return 1;
    }
    return MIN(units, 0x10000u - channel->addr);
}

/* All of it moved: status, and either the same again or rest. */
static void reach_terminal_count(DmaChip *chip, guint n)
{
    DmaChannel *channel = &chip->channels[n];

    chip->status |= 1u << n;
    chip->requests &= ~(1u << n);
    if (channel->mode & MODE_AUTOINIT) {
        channel->addr = channel->base_addr;
        channel->count = channel->base_count;
    } else {
        chip->mask |= 1u << n;
    }
}

static void advance(DmaChip *chip, guint n, guint units)
{
    DmaChannel *channel = &chip->channels[n];
    gboolean last = units > channel->count;

    channel->addr += channel->mode & MODE_DECREMENT ? -units : units;
    channel->count -= units; /* FFFFh after the last one */
    if (last) {
        reach_terminal_count(chip, n);
    }
    channel->client->moved(channel->opaque, last);
}

/* One piece of a channel's transfer; FALSE if the card moved nothing. */
static gboolean move_piece(I8237 *dma, guint n)
{
    AddressSpace *memory = dma->device.machine->memory;
    DmaChip *chip = &dma->chips[n / CHIP_CHANNELS];
    DmaChannel *channel = &chip->channels[n % CHIP_CHANNELS];
    guint width = n < CHIP_CHANNELS ? 1 : 2;
    guint length = run_length(channel, width) * width;
    guint64 addr = unit_addr(dma, n);
    guint type = channel->mode & MODE_TYPE, moved;
    guint8 data[CHUNK] = {0};

    if (type == MODE_READ) {
        address_space_read(memory, addr, data, length);
    }
    moved = channel->client->transfer(channel->opaque, data, length, type != MODE_READ);
    g_assert(moved <= length && moved % width == 0);
    if (type == MODE_WRITE && moved) {
        address_space_write(memory, addr, data, moved);
    }
    if (moved) {
        advance(chip, n % CHIP_CHANNELS, moved / width);
    }
    return moved > 0;
}

/* Channels in order of priority, until none is ready. Each card has a sector at most. */
static void service(I8237 *dma)
{
    if (dma->servicing) {
        dma->again = TRUE;
        return;
    }
    dma->servicing = TRUE;
    do {
        dma->again = FALSE;
        for (guint n = 0; n < I8237_CHANNELS; n++) {
            gboolean moving = TRUE;
            while (moving && is_ready(dma, n)) {
                moving = move_piece(dma, n);
            }
        }
    } while (dma->again);
    dma->servicing = FALSE;
}

gboolean i8237_attach(Device *dev, guint n, const I8237Client *client, void *opaque)
{
    I8237 *dma = (I8237 *)dev;

    if (n >= I8237_CHANNELS || n == CASCADE_CHANNEL) {
        return FALSE;
    }
    DmaChannel *channel = &dma->chips[n / CHIP_CHANNELS].channels[n % CHIP_CHANNELS];
    if (client && channel->client) {
        return FALSE;
    }
    channel->client = client;
    channel->opaque = opaque;
    dma->chips[n / CHIP_CHANNELS].dreq &= ~(1u << n % CHIP_CHANNELS);
    return TRUE;
}

void i8237_request(Device *dev, guint n, gboolean on)
{
    I8237 *dma = (I8237 *)dev;
    DmaChip *chip = &dma->chips[n / CHIP_CHANNELS];
    guint bit = 1u << n % CHIP_CHANNELS;

    chip->dreq = on ? chip->dreq | bit : chip->dreq & ~bit;
    if (on) {
        service(dma);
    }
}

/* ---- registers ---- */

static void clear_chip(DmaChip *chip)
{
    chip->command = chip->status = chip->requests = 0;
    chip->flip_flop = 0;
    chip->mask = 0xf;
}

static guint8 read_half(DmaChip *chip, guint16 value)
{
    guint8 half = chip->flip_flop ? value >> 8 : value & 0xff;

    chip->flip_flop ^= 1;
    return half;
}

static guint16 write_half(DmaChip *chip, guint16 old, guint8 half)
{
    return chip->flip_flop ? (old & 0xff) | half << 8 : (old & 0xff00) | half;
}

static guint8 chip_read(DmaChip *chip, guint reg)
{
    guint8 value = 0;

    if (reg < REG_COMMAND) {
        const DmaChannel *channel = &chip->channels[reg / 2];
        return read_half(chip, reg & 1 ? channel->count : channel->addr);
    }
    switch (reg) {
    case REG_COMMAND: /* terminal counts are cleared by reading them */
        value = chip->status | (chip->dreq | chip->requests) << 4;
        chip->status = 0;
        break;
    case REG_ALL_MASK: value = 0xf0 | chip->mask; break;
    default: break;
    }
    return value;
}

static void write_addr_count(DmaChip *chip, guint reg, guint8 value)
{
    DmaChannel *channel = &chip->channels[reg / 2];
    guint16 *base = reg & 1 ? &channel->base_count : &channel->base_addr;
    guint16 *now = reg & 1 ? &channel->count : &channel->addr;

    *now = *base = write_half(chip, *base, value);
    chip->flip_flop ^= 1;
}

static void chip_write(DmaChip *chip, guint reg, guint8 value)
{
    guint8 bit = 1u << (value & 3);

    if (reg < REG_COMMAND) {
        write_addr_count(chip, reg, value);
        return;
    }
    switch (reg) {
    case REG_COMMAND: chip->command = value; break;
    case REG_REQUEST:
        chip->requests = value & 4 ? chip->requests | bit : chip->requests & ~bit;
        break;
    case REG_MASK: chip->mask = value & 4 ? chip->mask | bit : chip->mask & ~bit; break;
    case REG_MODE: chip->channels[value & 3].mode = value & 0xfc; break;
    case REG_CLEAR_FLIP_FLOP: chip->flip_flop = 0; break;
    case REG_MASTER_CLEAR: clear_chip(chip); break;
    case REG_CLEAR_MASK: chip->mask = 0; break;
    case REG_ALL_MASK: chip->mask = value & 0xf; break;
    default: break;
    }
}

static guint64 first_read(void *opaque, guint64 addr, guint size)
{
    return chip_read(&((I8237 *)opaque)->chips[0], (guint)addr);
}

static void first_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    chip_write(&((I8237 *)opaque)->chips[0], (guint)addr, (guint8)value);
    service(opaque);
}

static guint64 second_read(void *opaque, guint64 addr, guint size)
{
    return chip_read(&((I8237 *)opaque)->chips[1], (guint)addr / 2);
}

static void second_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    chip_write(&((I8237 *)opaque)->chips[1], (guint)addr / 2, (guint8)value);
    service(opaque);
}

static guint64 page_read(void *opaque, guint64 addr, guint size)
{
    return ((I8237 *)opaque)->pages[addr];
}

static void page_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    ((I8237 *)opaque)->pages[addr] = (guint8)value;
}

static const IoOps first_io = {first_read, first_write, 1, 1};
static const IoOps second_io = {second_read, second_write, 1, 1};
static const IoOps page_io = {page_read, page_write, 1, 1};

/* ---- lifecycle ---- */

/* Channel 4 comes up as the cascade, and open: PIIX3 sets the mode so, and firmware that knows of
 * no floppy leaves the mask to the operating system, which expects it done. */
static void reset(Device *dev)
{
    I8237 *dma = (I8237 *)dev;

    clear_chip(&dma->chips[0]);
    clear_chip(&dma->chips[1]);
    dma->chips[1].channels[0].mode = MODE_CASCADE;
    dma->chips[1].mask = 0xe;
}

static gboolean realize(Device *dev, GError **error)
{
    I8237 *dma = (I8237 *)dev;

    region_init_io(&dma->registers[0], "dma-chan", &first_io, dma, 0x10);
    region_init_io(&dma->registers[1], "dma-chan2", &second_io, dma, 0x20);
    region_init_io(&dma->page_ports, "dma-page", &page_io, dma, PAGES);
    device_publish_region(dev, &dma->registers[0]);
    device_publish_region(dev, &dma->registers[1]);
    device_publish_region(dev, &dma->page_ports);
    return TRUE;
}

static void unrealize(Device *dev)
{
    I8237 *dma = (I8237 *)dev;

    for (guint n = 0; n < I8237_CHANNELS; n++) {
        const DmaChannel *channel = &dma->chips[n / CHIP_CHANNELS].channels[n % CHIP_CHANNELS];
        if (channel->client) {
            channel->client->gone(channel->opaque);
        }
    }
    region_finish(&dma->registers[0]);
    region_finish(&dma->registers[1]);
    region_finish(&dma->page_ports);
}

static const StateField channel_fields[] = {
    STATE_FIELD(U16, DmaChannel, base_addr), STATE_FIELD(U16, DmaChannel, base_count),
    STATE_FIELD(U16, DmaChannel, addr),      STATE_FIELD(U16, DmaChannel, count),
    STATE_FIELD(U8, DmaChannel, mode),       STATE_END,
};

static const StateTable channel_state = {1, channel_fields, NULL};

static const StateField chip_fields[] = {
    {"channels", STATE_STRUCT, G_STRUCT_OFFSET(DmaChip, channels), CHIP_CHANNELS,
     sizeof(DmaChannel), 1, &channel_state},
    STATE_FIELD(U8, DmaChip, command),
    STATE_FIELD(U8, DmaChip, status),
    STATE_FIELD(U8, DmaChip, mask),
    STATE_FIELD(U8, DmaChip, requests),
    STATE_FIELD(U8, DmaChip, flip_flop),
    STATE_FIELD(U8, DmaChip, dreq),
    STATE_END,
};

static gboolean chip_loaded(void *object, GError **error)
{
    ((DmaChip *)object)->flip_flop &= 1;
    return TRUE;
}

static const StateTable chip_state = {1, chip_fields, chip_loaded};

static const StateField i8237_fields[] = {
    {"chips", STATE_STRUCT, G_STRUCT_OFFSET(I8237, chips), 2, sizeof(DmaChip), 1, &chip_state},
    STATE_ARRAY(U8, I8237, pages),
    STATE_END,
};

static const StateTable i8237_state = {1, i8237_fields, NULL};

const DeviceOps i8237_ops = {
    .name = "i8257",
    .summary = "two 8237A DMA controllers and their page registers",
    .category = "Board",
    .size = sizeof(I8237),
    .board_only = TRUE,
    .state = &i8237_state,
    .realize = realize,
    .unrealize = unrealize,
    .reset = reset,
};

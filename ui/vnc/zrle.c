/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/vnc/zrle.h"

#include <string.h>
#include <zlib.h>

#define TILE        64
#define TILE_PIXELS (TILE * TILE)

/* Subencodings of a tile (RFC 6143, 7.7.6). */
#define SUB_RAW         0
#define SUB_SOLID       1
#define SUB_PLAIN_RLE   128
#define SUB_PALETTE_RLE 128 /* plus the number of colours */
#define PACKED_MAX      16
#define PALETTE_MAX     127

/* Colours are looked up by a hash of so many bits. */
#define HASH_BITS 9
#define HASH_SIZE (1 << HASH_BITS)

/* What is left of pixels when zlib's search for repetitions is not worth its time, in percent, and
 * for so many rectangles it is left out then. */
#define POOR_PERCENT 75
#define POOR_PAUSE   30
/* Smaller rectangles say nothing about that. */
#define POOR_MIN 65536

struct VncZrle {
    z_stream stream;
    gboolean open, adaptive;
    int level, strategy; /* as set in the stream */
    guint pause;         /* rectangles that zlib still only Huffman-codes */
    GByteArray *plain, *out;
    /* pixel format of this rectangle */
    guint pixel_bytes;             /* 1, 2 or 4 */
    guint cpixel_bytes, cpixel_at; /* the part of a pixel that is sent */
    guint32 mask;                  /* of the bytes that are sent */
    /* of this tile */
    guint32 pixels[TILE_PIXELS];
    guint8 translated[TILE_PIXELS * 4];
    guint count; /* pixels */
    guint colours, runs, single_runs;
    guint16 lengths[TILE_PIXELS]; /* of the runs */
    guint8 indices[TILE_PIXELS];  /* of their colours, while the palette has room */
    guint32 palette[PALETTE_MAX];
    guint8 slots[HASH_SIZE]; /* index into the palette plus one */
};

VncZrle *vnc_zrle_new(gboolean adaptive)
{
    VncZrle *zrle = g_new0(VncZrle, 1);

    zrle->adaptive = adaptive;
    zrle->plain = g_byte_array_new();
    zrle->out = g_byte_array_new();
    return zrle;
}

void vnc_zrle_free(VncZrle *zrle)
{
    if (zrle) {
        if (zrle->open) {
            deflateEnd(&zrle->stream);
        }
        g_byte_array_unref(zrle->plain);
        g_byte_array_unref(zrle->out);
        g_free(zrle);
    }
}

/* ---- pixels ---- */

/* CPIXEL: of 32 bits that hold at most 24 bits of colour, the byte that has none is left out. */
static void choose_format(VncZrle *zrle, const rfbPixelFormat *format)
{
    guint64 bits = (guint64)format->redMax << (format->redShift & 31) |
                   (guint64)format->greenMax << (format->greenShift & 31) |
                   (guint64)format->blueMax << (format->blueShift & 31);
    gboolean low = bits < 1 << 24, high = (bits & 0xff) == 0 && bits <= G_MAXUINT32;

    zrle->pixel_bytes = format->bitsPerPixel / 8;
    zrle->cpixel_bytes = zrle->pixel_bytes;
    zrle->cpixel_at = 0;
    if (format->bitsPerPixel == 32 && format->depth <= 24 && format->trueColour && (low || high)) {
        zrle->cpixel_bytes = 3;
        zrle->cpixel_at = low == !format->bigEndian ? 0 : 1;
    }
    zrle->mask = zrle->cpixel_bytes == 4
                     ? G_MAXUINT32
                     : ((1U << zrle->cpixel_bytes * 8) - 1) << zrle->cpixel_at * 8;
}

/* The bytes of a pixel as the client has them, the first lowest. */
static void load_tile(VncZrle *zrle, rfbClientPtr client, const VncFrame *frame,
                      const pixman_box32_t *tile)
{
    guint width = (guint)(tile->x2 - tile->x1), height = (guint)(tile->y2 - tile->y1);
    guint8 *from = frame->data + (gsize)tile->y1 * frame->stride + (gsize)tile->x1 * 4;
    const guint8 *pixel = zrle->translated;

    zrle->count = width * height;
    if (client->translateFn == rfbTranslateNone) {
        for (guint y = 0, n = 0; y < height; y++, from += frame->stride) {
            const guint32 *row = (const guint32 *)from; /* frames are made of whole pixels */
            for (guint x = 0; x < width; x++) {
                zrle->pixels[n++] = GUINT32_TO_LE(row[x]) & zrle->mask;
            }
        }
        return;
    }
    client->translateFn(client->translateLookupTable, &client->screen->serverFormat,
                        &client->format, (char *)from, (char *)zrle->translated, (int)frame->stride,
                        (int)width, (int)height);
    for (guint i = 0; i < zrle->count; i++, pixel += zrle->pixel_bytes) {
        guint32 value = 0;
        for (guint byte = 0; byte < zrle->pixel_bytes; byte++) {
            value |= (guint32)pixel[byte] << byte * 8;
        }
        zrle->pixels[i] = value & zrle->mask;
    }
}

static guint8 *store(const VncZrle *zrle, guint8 *to, guint32 pixel)
{
    pixel >>= zrle->cpixel_at * 8;
    for (guint byte = 0; byte < zrle->cpixel_bytes; byte++) {
        *to++ = (guint8)(pixel >> byte * 8);
    }
    return to;
}

/* ---- a tile ---- */

static guint hash(guint32 pixel)
{
    return pixel * 0x9e3779b1U >> (32 - HASH_BITS);
}

/* Index of a colour in the palette, which it is added to; PALETTE_MAX if that is full. */
static guint colour_index(VncZrle *zrle, guint32 pixel)
{
    guint slot = hash(pixel);

    while (zrle->slots[slot]) {
        guint index = zrle->slots[slot] - 1U;
        if (zrle->palette[index] == pixel) {
            return index;
        }
        slot = (slot + 1) % HASH_SIZE;
    }
    if (zrle->colours == PALETTE_MAX) {
        return PALETTE_MAX;
    }
    zrle->palette[zrle->colours] = pixel;
    zrle->slots[slot] = (guint8)++zrle->colours;
    return zrle->colours - 1;
}

typedef guint32 Pixels __attribute__((vector_size(16), aligned(4), may_alias));

/* Where the run of pixels ends that begins at `i`. */
static guint run_end(const VncZrle *zrle, guint i)
{
    guint32 pixel = zrle->pixels[i++];

    for (; i + 4 <= zrle->count; i += 4) {
        Pixels difference = *(const Pixels *)(const void *)&zrle->pixels[i] ^ pixel;
        if (difference[0] | difference[1] | difference[2] | difference[3]) {
            break;
        }
    }
    while (i < zrle->count && zrle->pixels[i] == pixel) {
        i++;
    }
    return i;
}

/* Finds runs, and colours (PALETTE_MAX + 1 = too many). */
static void analyse(VncZrle *zrle)
{
    gboolean full = FALSE;

    memset(zrle->slots, 0, sizeof(zrle->slots));
    zrle->colours = zrle->runs = zrle->single_runs = 0;
    for (guint i = 0; i < zrle->count;) {
        guint end = run_end(zrle, i);
        guint index = full ? PALETTE_MAX : colour_index(zrle, zrle->pixels[i]);
        zrle->single_runs += end - i == 1;
        zrle->lengths[zrle->runs] = (guint16)(end - i);
        zrle->indices[zrle->runs++] = (guint8)index;
        full = index == PALETTE_MAX;
        i = end;
    }
    if (full) {
        zrle->colours = PALETTE_MAX + 1;
    }
}

static guint packed_bits(guint colours)
{
    return colours <= 2 ? 1 : colours <= 4 ? 2 : 4;
}

/* Length minus one in bytes of 255 and a last smaller one. */
static guint8 *store_length(guint8 *to, guint length)
{
    for (length--; length >= 255; length -= 255) {
        *to++ = 255;
    }
    *to++ = (guint8)length;
    return to;
}

static guint8 *store_runs(const VncZrle *zrle, guint8 *to, gboolean palette)
{
    guint at = 0;

    for (guint i = 0; i < zrle->runs; i++) {
        guint length = zrle->lengths[i];
        if (!palette) {
            to = store_length(store(zrle, to, zrle->pixels[at]), length);
        } else if (length == 1) {
            *to++ = zrle->indices[i];
        } else {
            *to++ = zrle->indices[i] | 128;
            to = store_length(to, length);
        }
        at += length;
    }
    return to;
}

/* Rows of indices, the first pixel in the highest bits, each row a whole number of bytes. */
static guint8 *store_packed(const VncZrle *zrle, guint8 *to, guint width)
{
    guint bits = packed_bits(zrle->colours), byte = 0, used = 0, x = 0;

    for (guint i = 0; i < zrle->runs; i++) {
        for (guint left = zrle->lengths[i]; left > 0; left--) {
            byte = byte << bits | zrle->indices[i];
            used += bits;
            x++;
            if (used == 8 || x == width) {
                *to++ = (guint8)(byte << (8 - used));
                byte = used = 0;
            }
            x = x == width ? 0 : x;
        }
    }
    return to;
}

static guint8 *store_palette(const VncZrle *zrle, guint8 *to)
{
    for (guint i = 0; i < zrle->colours; i++) {
        to = store(zrle, to, zrle->palette[i]);
    }
    return to;
}

/* Takes the kind of tile that has the fewest bytes before zlib. */
static guint8 *store_tile(VncZrle *zrle, guint8 *to, guint width)
{
    guint bytes = zrle->cpixel_bytes, height = zrle->count / width;
    guint raw = zrle->count * bytes, plain = zrle->runs * (bytes + 1);
    guint packed = G_MAXUINT, palette = G_MAXUINT;

    if (zrle->colours == 1) {
        *to++ = SUB_SOLID;
        return store(zrle, to, zrle->palette[0]);
    }
    if (zrle->colours <= PALETTE_MAX) {
        palette = zrle->colours * bytes + zrle->runs * 2 - zrle->single_runs;
    }
    if (zrle->colours <= PACKED_MAX) {
        packed = zrle->colours * bytes + (width * packed_bits(zrle->colours) + 7) / 8 * height;
    }
    if (packed <= MIN(palette, MIN(plain, raw))) {
        *to++ = (guint8)zrle->colours;
        return store_packed(zrle, store_palette(zrle, to), width);
    }
    if (palette <= MIN(plain, raw)) {
        *to++ = (guint8)(SUB_PALETTE_RLE + zrle->colours);
        return store_runs(zrle, store_palette(zrle, to), TRUE);
    }
    if (plain < raw) {
        *to++ = SUB_PLAIN_RLE;
        return store_runs(zrle, to, FALSE);
    }
    *to++ = SUB_RAW;
    for (guint i = 0; i < zrle->count; i++) {
        to = store(zrle, to, zrle->pixels[i]);
    }
    return to;
}

/* ---- the stream ---- */

/* The most that a tile can take: raw pixels, or fewer bytes, and a palette. */
#define TILE_MAX (1 + PALETTE_MAX * 4 + TILE_PIXELS * 4)

static void store_tiles(VncZrle *zrle, rfbClientPtr client, const VncFrame *frame,
                        const pixman_box32_t *box)
{
    gsize used = 0;

    for (int y = box->y1; y < box->y2; y += TILE) {
        for (int x = box->x1; x < box->x2; x += TILE) {
            pixman_box32_t tile = {x, y, MIN(x + TILE, box->x2), MIN(y + TILE, box->y2)};
            if (zrle->plain->len < used + TILE_MAX) {
                g_byte_array_set_size(zrle->plain, (guint)(used * 2 + TILE_MAX));
            }
            load_tile(zrle, client, frame, &tile);
            analyse(zrle);
            guint8 *end = store_tile(zrle, zrle->plain->data + used, (guint)(tile.x2 - tile.x1));
            used = (gsize)(end - zrle->plain->data);
        }
    }
    zrle->stream.next_in = zrle->plain->data;
    zrle->stream.avail_in = (uInt)used;
}

static gboolean deflate_some(VncZrle *zrle, int flush)
{
    gsize used = (gsize)(zrle->stream.next_out - zrle->out->data);

    if (zrle->out->len < used + 1024) {
        g_byte_array_set_size(zrle->out, (guint)(used * 2 + 4096));
    }
    zrle->stream.next_out = zrle->out->data + used;
    zrle->stream.avail_out = (uInt)(zrle->out->len - used);
    int result = deflate(&zrle->stream, flush);
    return result == Z_OK || result == Z_BUF_ERROR;
}

static gboolean choose_level(VncZrle *zrle, int level)
{
    int strategy = zrle->pause > 0 ? Z_HUFFMAN_ONLY : Z_DEFAULT_STRATEGY;

    if (!zrle->open) {
        zrle->level = level;
        zrle->strategy = strategy;
        zrle->open = deflateInit2(&zrle->stream, level, Z_DEFLATED, MAX_WBITS, MAX_MEM_LEVEL,
                                  strategy) == Z_OK;
        return zrle->open;
    }
    if (zrle->level == level && zrle->strategy == strategy) {
        return TRUE;
    }
    /* All that went in before has been flushed, so that nothing comes out here. */
    guint8 nothing[64];
    zrle->stream.next_out = nothing;
    zrle->stream.avail_out = sizeof(nothing);
    zrle->stream.avail_in = 0;
    zrle->level = level;
    zrle->strategy = strategy;
    return deflateParams(&zrle->stream, level, strategy) == Z_OK &&
           zrle->stream.avail_out == sizeof(nothing);
}

/* Pixels that only cost time stay uncompressed but for Huffman codes, until another try. */
static void judge(VncZrle *zrle, gsize before, gsize after)
{
    if (zrle->pause > 0) {
        zrle->pause--;
    } else if (zrle->adaptive && before >= POOR_MIN && after * 100 > before * POOR_PERCENT) {
        zrle->pause = POOR_PAUSE;
    }
}

const guint8 *vnc_zrle_encode(VncZrle *zrle, rfbClientPtr client, const VncFrame *frame,
                              const pixman_box32_t *box, int level, gsize *length)
{
    choose_format(zrle, &client->format);
    if (!choose_level(zrle, level)) {
        return NULL;
    }
    store_tiles(zrle, client, frame, box);
    gsize before = zrle->stream.avail_in;
    g_byte_array_set_size(zrle->out, (guint)(4 + before / 2 + 4096));
    zrle->stream.next_out = zrle->out->data + 4;
    do {
        if (!deflate_some(zrle, Z_SYNC_FLUSH)) {
            return NULL;
        }
    } while (zrle->stream.avail_out == 0);
    *length = (gsize)(zrle->stream.next_out - zrle->out->data);
    guint32 size = GUINT32_TO_BE((guint32)(*length - 4));
    memcpy(zrle->out->data, &size, sizeof(size));
    judge(zrle, before, *length);
    return zrle->out->data;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CD addresses, and raw mode 1 sectors made of their data (ECMA-130). */
#include <string.h>

#include "hw/block/atapi-priv.h"

#define LEAD_IN_FRAMES 150 /* two seconds before LBA 0 */

/* Byte offsets in a mode 1 sector (ECMA-130, 14.2). */
enum {
    HEADER_AT = 12,
    DATA_AT = 16,
    EDC_AT = 2064,
    ZEROS_AT = 2068,
    P_AT = 2076,
    Q_AT = 2248,
};

static guint8 to_bcd(guint32 n)
{
    return (guint8)(n / 10 << 4 | n % 10);
}

void cd_put_msf(guint8 *to, guint32 lba, gboolean bcd)
{
    guint32 frame = lba + LEAD_IN_FRAMES;
    guint32 parts[3] = {frame / 75 / 60, frame / 75 % 60, frame % 75};

    for (guint i = 0; i < 3; i++) {
        to[i] = bcd ? to_bcd(parts[i] % 100) : (guint8)parts[i];
    }
}

/* The EDC is a CRC of (x^16 + x^15 + x^2 + 1)(x^16 + x^2 + x + 1), low bit first (14.3). */
static guint32 edc(const guint8 *data, gsize length)
{
    guint32 crc = 0;

    for (gsize i = 0; i < length; i++) {
        crc ^= data[i];
        for (guint bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (crc & 1 ? 0xd8018001u : 0);
        }
    }
    return crc;
}

/* Multiplies by alpha in GF(2^8) modulo x^8 + x^4 + x^3 + x^2 + 1 (annex A). */
static guint8 times_alpha(guint8 a)
{
    return (guint8)(a << 1 ^ (a & 0x80 ? 0x1d : 0));
}

/* Divides by alpha + 1, that is multiplies by its inverse, F4h. */
static guint8 over_alpha_plus_one(guint8 a)
{
    guint8 product = 0;

    for (guint8 factor = 0xf4; factor; factor >>= 1) {
        if (factor & 1) {
            product ^= a;
        }
        a = times_alpha(a);
    }
    return product;
}

/*
 * Parity of one code word (annex A): `count` symbols at step `stride` from `first`, wrapping at
 * `wrap`, in units of two bytes. The two parity symbols p, q solve: the sum of all symbols is 0,
 * and so is the sum of symbols times descending powers of alpha, the last power being 1.
 */
static void put_parity(guint8 *body, guint first, guint count, guint stride, guint wrap,
                       guint plane, guint8 *p, guint8 *q)
{
    guint8 sum = 0, weighted = 0;

    for (guint i = 0; i < count; i++) {
        guint8 symbol = body[2 * ((first + i * stride) % wrap) + plane];

        sum ^= symbol;
        weighted = times_alpha(weighted) ^ symbol;
    }
    weighted = times_alpha(times_alpha(weighted));
    /* p + q = sum; p alpha + q = weighted */
    *p = over_alpha_plus_one(sum ^ weighted);
    *q = sum ^ *p;
}

static void put_ecc(guint8 *raw)
{
    guint8 *body = raw + HEADER_AT, *p = raw + P_AT, *q = raw + Q_AT;

    for (guint plane = 0; plane < 2; plane++) {
        for (guint n = 0; n < 43; n++) {
            put_parity(body, n, 24, 43, 43 * 24, plane, &p[2 * n + plane],
                       &p[2 * (43 + n) + plane]);
        }
    }
    for (guint plane = 0; plane < 2; plane++) {
        for (guint n = 0; n < 26; n++) {
            put_parity(body, 43 * n, 43, 44, 1118, plane, &q[2 * n + plane],
                       &q[2 * (26 + n) + plane]);
        }
    }
}

void cd_make_sector(guint8 *raw, guint32 lba)
{
    guint32 code;

    memset(raw, 0xff, HEADER_AT);
    raw[0] = raw[HEADER_AT - 1] = 0;
    cd_put_msf(raw + HEADER_AT, lba, TRUE);
    raw[HEADER_AT + 3] = 1; /* mode 1 */
    code = GUINT32_TO_LE(edc(raw, EDC_AT));
    memcpy(raw + EDC_AT, &code, sizeof(code));
    memset(raw + ZEROS_AT, 0, P_AT - ZEROS_AT);
    put_ecc(raw);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values that find mistakes: edges of integers, and all kinds of floating-point numbers. */
#include <string.h>

#include "tests/unit/oracle/generate.h"

#define FX_FCW   0
#define FX_FSW   2
#define FX_FTW   4
#define FX_MXCSR 24
#define FX_ST    32
#define FX_XMM   160

guint64 oracle_integer(OracleRandom *random)
{
    guint64 value = oracle_random(random);
    guint kind = oracle_below(random, 16);
    guint shift = oracle_below(random, 64);

    switch (kind) {
    case 0: return 0;
    case 1: return 1;
    case 2: return ~0ull;
    case 3: return 1ull << shift;
    case 4: return (1ull << shift) - 1;
    case 5: return ~0ull << shift;
    case 6: return value & 0xff;
    case 7: return (guint64)(gint64)(gint8)value;
    case 8: return value & 0xffffffff;
    case 9: return (guint64)(gint64)(gint32)value;
    case 10: return 0x8080808080808080 >> (value & 7);
    case 11: return 0x7fff7fff7fff7fff ^ (value & 0x8000000000000001);
    default: return value;
    }
}

/* One number with `fraction` bits of fraction and `exponent` bits of exponent. */
static guint64 float_of(OracleRandom *random, guint fraction, guint exponent)
{
    guint64 top = (1ull << exponent) - 1, bias = top >> 1;
    guint64 value = oracle_random(random), f = value & ((1ull << fraction) - 1), e;

    switch (oracle_below(random, 14)) {
    case 0: e = 0, f = 0; break;
    case 1: e = top, f = 0; break;
    case 2: e = top, f |= 1ull << (fraction - 1); break;             /* quiet NaN */
    case 3: e = top, f = (f & ~(1ull << (fraction - 1))) | 1; break; /* signalling */
    case 4: e = 0; break;                                            /* denormal */
    case 5: e = 1 + oracle_below(random, 3); break;                  /* about to be one */
    case 6: e = top - 1 - oracle_below(random, 3); break;            /* about to overflow */
    case 7: e = bias, f = 0; break;                                  /* 1 */
    case 8: e = bias + oracle_below(random, 40), f &= ~0ull << (fraction - 6); break;
    case 9: e = bias + 28 + oracle_below(random, 8); break; /* edges of integers */
    case 10: e = bias + (exponent > 8 ? 60 : 29) + oracle_below(random, 6); break;
    case 11: e = value >> 53 & top; break;
    default: e = bias - 8 + oracle_below(random, 16); break;
    }
    return (oracle_once_in(random, 2) ? 1ull << (fraction + exponent) : 0) | e << fraction | f;
}

void oracle_floats(OracleRandom *random, guint8 bytes[16])
{
    guint kind = oracle_below(random, 8);

    for (guint i = 0; i < 16; i += 8) {
        guint64 value;

        if (kind < 3) {
            value = float_of(random, 52, 11);
        } else if (kind < 6) {
            value = float_of(random, 23, 8) | float_of(random, 23, 8) << 32;
        } else {
            value = oracle_integer(random);
        }
        memcpy(bytes + i, &value, 8);
    }
}

void oracle_x87_value(OracleRandom *random, guint8 bytes[10])
{
    guint64 mantissa = oracle_random(random) | 1ull << 63;
    guint16 exponent;

    switch (oracle_below(random, 14)) {
    case 0: exponent = 0, mantissa = 0; break;
    case 1: exponent = 0x7fff, mantissa = 1ull << 63; break;
    case 2: exponent = 0x7fff, mantissa |= 3ull << 62; break;
    case 3: exponent = 0x7fff, mantissa = (mantissa & ~(1ull << 62)) | 1; break;
    case 4: exponent = 0, mantissa &= ~(1ull << 63); break; /* denormal */
    case 5: exponent = 0; break;                            /* pseudo-denormal */
    case 6: /* unnormal, pseudo-infinity, pseudo-NaN: not supported */
        exponent = oracle_random(random) & 0x7fff, mantissa &= ~(1ull << 63);
        break;
    case 7: exponent = 0x3fff, mantissa = 1ull << 63; break;
    case 8: exponent = 0x3fff + oracle_below(random, 66), mantissa &= ~0ull << 56; break;
    case 9: exponent = oracle_random(random) & 0x7fff; break;
    case 10: exponent = 1 + oracle_below(random, 70); break;
    case 11: exponent = 0x7ffe - oracle_below(random, 70); break;
    case 12: exponent = 0x3fff + 14 + oracle_below(random, 52); break;
    default: exponent = 0x3fff - 8 + oracle_below(random, 16); break;
    }
    exponent |= oracle_once_in(random, 2) ? 0x8000 : 0;
    memcpy(bytes, &mantissa, 8);
    memcpy(bytes + 8, &exponent, 2);
}

static guint16 x87_control(OracleRandom *random)
{
    guint16 masks = oracle_once_in(random, 5) ? oracle_random(random) & 0x3f : 0x3f;
    guint precision = oracle_once_in(random, 2) ? 3 : oracle_once_in(random, 2) ? 2 : 0;
    guint rounding = oracle_once_in(random, 2) ? 0 : oracle_below(random, 4);

    return 0x40 | masks | precision << 8 | rounding << 10;
}

static guint32 mxcsr_of(OracleRandom *random)
{
    guint32 masks = oracle_once_in(random, 6) ? oracle_random(random) & 0x1f80 : 0x1f80;
    guint32 flags = oracle_once_in(random, 4) ? oracle_random(random) & 0x3f : 0;
    guint32 rounding = oracle_once_in(random, 2) ? 0 : oracle_random(random) & 0x6000;
    guint32 modes = oracle_once_in(random, 4) ? oracle_random(random) & 0x8040 : 0;

    return masks | flags | rounding | modes;
}

void oracle_fx_image(OracleRandom *random, guint8 fx[512])
{
    guint16 control = x87_control(random), status, flags;
    guint32 mxcsr = mxcsr_of(random);

    memset(fx, 0, 512);
    /* Exceptions that are pending would stop most instructions at once: rarely. */
    flags = oracle_once_in(random, 4) ? oracle_random(random) & 0x7f : 0;
    if (!oracle_once_in(random, 8)) {
        flags &= 0x40 | (control & 0x3f);
    }
    status = flags | (oracle_random(random) & 0x4700) | oracle_below(random, 8) << 11;
    if (flags & ~control & 0x3f) {
        status |= 0x8080;
    }
    memcpy(fx + FX_FCW, &control, 2);
    memcpy(fx + FX_FSW, &status, 2);
    fx[FX_FTW] = oracle_once_in(random, 3) ? oracle_random(random) : 0xff;
    memcpy(fx + FX_MXCSR, &mxcsr, 4);
    for (guint i = 0; i < 8; i++) {
        oracle_x87_value(random, fx + FX_ST + 16 * i);
    }
    for (guint i = 0; i < 16; i++) {
        oracle_floats(random, fx + FX_XMM + 16 * i);
    }
}

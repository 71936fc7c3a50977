/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a drive tells about the disc: one closed session with one data track (MMC-3, 6.5, 6.16,
 * 6.22 to 6.27).
 */
#include <string.h>

#include "hw/block/atapi-priv.h"

#define TRACK_DATA 0x14 /* ADR 1: position; control 4: data, no copying */
#define LEAD_OUT   0xaa

/* More than 80 minutes is a DVD. */
#define CD_MAX_SECTORS (80 * 60 * 75)

#define PROFILE_CD  0x0008
#define PROFILE_DVD 0x0010

static guint16 profile(const Atapi *atapi)
{
    if (!atapi_ready(atapi)) {
        return 0;
    }
    return atapi_sectors(atapi) > CD_MAX_SECTORS ? PROFILE_DVD : PROFILE_CD;
}

/* An address, as LBA or MSF, in four bytes. */
static void put_address(guint8 *to, guint32 lba, gboolean msf)
{
    if (msf) {
        to[0] = 0;
        cd_put_msf(to + 1, lba, FALSE);
    } else {
        put_long(to, lba);
    }
}

/* Format 0: tracks from `first` on, and the lead-out. */
static guint32 put_tracks(const Atapi *atapi, guint8 *data, guint8 first, gboolean msf)
{
    guint32 at = 4;

    data[2] = data[3] = 1;
    if (first <= 1) {
        data[at + 1] = TRACK_DATA;
        data[at + 2] = 1;
        put_address(data + at + 4, 0, msf);
        at += 8;
    }
    data[at + 1] = TRACK_DATA;
    data[at + 2] = LEAD_OUT;
    put_address(data + at + 4, atapi_sectors(atapi), msf);
    return at + 8;
}

/* Format 1: the first track of the last session. */
static guint32 put_sessions(guint8 *data, gboolean msf)
{
    data[2] = data[3] = 1;
    data[5] = TRACK_DATA;
    data[6] = 1;
    put_address(data + 8, 0, msf);
    return 12;
}

/* Format 2: the Q sub-channel of the lead-in, always as MSF. */
static guint32 put_full_toc(const Atapi *atapi, guint8 *data)
{
    static const guint8 points[] = {0xa0, 0xa1, 0xa2, 1};
    guint32 at = 4;

    data[2] = data[3] = 1;
    for (guint i = 0; i < G_N_ELEMENTS(points); i++, at += 11) {
        data[at] = 1; /* session */
        data[at + 1] = TRACK_DATA;
        data[at + 3] = points[i];
        if (points[i] == 0xa0 || points[i] == 0xa1) {
            data[at + 8] = 1; /* first and last track */
        } else {
            cd_put_msf(data + at + 8, points[i] == 1 ? 0 : atapi_sectors(atapi), FALSE);
        }
    }
    return at;
}

void atapi_read_toc(Atapi *atapi)
{
    const guint8 *cdb = atapi->cdb;
    gboolean msf = (cdb[1] & 2) != 0;
    guint8 *data = atapi->ide->buffer, first = cdb[6];
    /* SFF-8020i has the format in the top bits of the last byte. */
    guint8 format = cdb[2] & 0x0f ? cdb[2] & 0x0f : cdb[9] >> 6;
    guint32 length;

    memset(data, 0, 64);
    if (format == 0 && (first <= 1 || first == LEAD_OUT)) {
        length = put_tracks(atapi, data, first, msf);
    } else if (format == 1) {
        length = put_sessions(data, msf);
    } else if (format == 2) {
        length = put_full_toc(atapi, data);
    } else {
        atapi_check(atapi, SENSE_ILLEGAL_REQUEST, ASC_BAD_FIELD);
        return;
    }
    put_word(data, length - 2);
    atapi_reply(atapi, length, cdb_word(cdb, 7));
}

/* Nothing plays (audio status 15h); position of the last read, no catalogue number, no ISRC. */
void atapi_read_subchannel(Atapi *atapi)
{
    const guint8 *cdb = atapi->cdb;
    guint8 *data = atapi->ide->buffer, format = cdb[3];
    guint32 length = 4;

    memset(data, 0, 24);
    data[1] = 0x15;
    if (cdb[2] & 0x40) {
        if (format < 1 || format > 3) {
            atapi_check(atapi, SENSE_ILLEGAL_REQUEST, ASC_BAD_FIELD);
            return;
        }
        data[4] = format;
        length = 24;
        if (format == 1) {
            data[5] = TRACK_DATA;
            data[6] = data[7] = 1; /* track, index */
            put_address(data + 8, (guint32)atapi->lba, (cdb[1] & 2) != 0);
            put_address(data + 12, (guint32)atapi->lba, (cdb[1] & 2) != 0);
            length = 16;
        }
    }
    put_word(data + 2, length - 4);
    atapi_reply(atapi, length, cdb_word(cdb, 7));
}

void atapi_disc_information(Atapi *atapi)
{
    guint8 *data = atapi->ide->buffer;

    if (atapi->cdb[1] & 7) {
        atapi_check(atapi, SENSE_ILLEGAL_REQUEST, ASC_BAD_FIELD);
        return;
    }
    memset(data, 0, 34);
    put_word(data, 32);
    data[2] = 0x0e; /* last session complete, disc complete */
    data[3] = data[4] = data[5] = data[6] = 1;
    data[7] = 0x20;                  /* unrestricted use */
    put_long(data + 16, 0xffffffff); /* no further lead-in and lead-out */
    put_long(data + 20, 0xffffffff);
    atapi_reply(atapi, 34, cdb_word(atapi->cdb, 7));
}

void atapi_track_information(Atapi *atapi)
{
    guint8 *data = atapi->ide->buffer, kind = atapi->cdb[1] & 3;
    guint32 address = cdb_long(atapi->cdb, 2);

    /* By LBA, by track number, or by session number. */
    if ((kind == 0 && address >= atapi_sectors(atapi)) || (kind > 0 && address != 1) || kind == 3) {
        atapi_check(atapi, SENSE_ILLEGAL_REQUEST, ASC_BAD_FIELD);
        return;
    }
    memset(data, 0, 36);
    put_word(data, 34);
    data[2] = data[3] = 1; /* track, session */
    data[5] = 0x04;        /* data track */
    data[6] = 0x01;        /* mode 1 */
    put_long(data + 24, atapi_sectors(atapi));
    atapi_reply(atapi, 36, cdb_word(atapi->cdb, 7));
}

/* ---- GET CONFIGURATION ---- */

typedef struct Feature {
    guint16 code;
    guint8 flags;  /* version << 2 | persistent << 1 | current */
    guint8 length; /* of `data` */
    guint8 data[8];
} Feature;

static void put_features(const Atapi *atapi, guint8 *data, guint32 *at, guint16 from,
                         gboolean current_only)
{
    guint16 now = profile(atapi);
    const Feature features[] = {
        {0x0000,
         0x03,
         8,
         {PROFILE_DVD >> 8, PROFILE_DVD, now == PROFILE_DVD, 0, PROFILE_CD >> 8, PROFILE_CD,
          now == PROFILE_CD, 0}},
        {0x0001, 0x07, 8, {0, 0, 0, 2, 1}},              /* core: ATAPI; device busy events */
        {0x0002, 0x07, 4, {2}},                          /* morphing: no asynchronous events */
        {0x0003, 0x03, 4, {0x29}},                       /* removable: tray, ejects, locks */
        {0x0010, now ? 1 : 0, 8, {0, 0, 8, 0, 0, 1, 0}}, /* random readable: blocks of 2048 */
        {0x001e, now == PROFILE_CD ? 9 : 8, 4, {0}},     /* CD read */
        {0x001f, now == PROFILE_DVD, 0, {0}},            /* DVD read */
        {0x0105, 0x03, 4, {0}},                          /* time-out */
    };

    for (guint i = 0; i < G_N_ELEMENTS(features); i++) {
        const Feature *f = &features[i];

        if (f->code < from || (current_only && !(f->flags & 1))) {
            continue;
        }
        put_word(data + *at, f->code);
        data[*at + 2] = f->flags;
        data[*at + 3] = f->length;
        memcpy(data + *at + 4, f->data, f->length);
        *at += 4u + f->length;
    }
}

void atapi_get_configuration(Atapi *atapi)
{
    guint8 *data = atapi->ide->buffer, request = atapi->cdb[1] & 3;
    guint16 from = cdb_word(atapi->cdb, 2);
    guint32 length = 8;

    if (request == 3) {
        atapi_check(atapi, SENSE_ILLEGAL_REQUEST, ASC_BAD_FIELD);
        return;
    }
    memset(data, 0, 8);
    put_features(atapi, data, &length, from, request == 1);
    if (request == 2 && length > 8) { /* just the one, if it is there */
        length = cdb_word(data, 8) == from ? 12u + data[11] : 8;
    }
    put_long(data, length - 4);
    put_word(data + 6, profile(atapi));
    atapi_reply(atapi, length, cdb_word(atapi->cdb, 7));
}

/* MMC-3, 6.26: formats 0 (physical), 1 (copyright: none). */
void atapi_dvd_structure(Atapi *atapi)
{
    guint8 *data = atapi->ide->buffer, format = atapi->cdb[7];
    guint32 length;

    if (!atapi_require_medium(atapi)) {
        return;
    }
    if (profile(atapi) != PROFILE_DVD || atapi->cdb[6] || format > 1) {
        atapi_check(atapi, SENSE_ILLEGAL_REQUEST, ASC_BAD_FIELD);
        return;
    }
    memset(data, 0, 2052);
    if (format == 0) {
        data[4] = 0x01; /* DVD-ROM, version 1 */
        data[5] = 0x0f; /* 120 mm, no maximum rate */
        data[6] = 0x01; /* one layer, embossed data */
        put_long(data + 8, 0x30000);
        put_long(data + 12, 0x30000 + atapi_sectors(atapi) - 1);
        length = 2052;
    } else {
        length = 8;
    }
    put_word(data, length - 2);
    atapi_reply(atapi, length, cdb_word(atapi->cdb, 8));
}

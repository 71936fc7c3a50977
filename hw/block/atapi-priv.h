/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the CD-ROM share: the PACKET protocol (ATA/ATAPI-6, 9.11) below, and the
 * commands of MMC-3, SPC-2 and SFF-8020i on top. Vm lock held.
 */
#pragma once

#include "hw/block/ide-priv.h"

#define CD_SECTOR     2048
#define CD_RAW_SECTOR 2352

/* Sense keys (SPC-2, 7.20.3) and the additional codes that we use, asc << 8 | ascq. */
enum {
    SENSE_NONE = 0,
    SENSE_NOT_READY = 2,
    SENSE_MEDIUM_ERROR = 3,
    SENSE_ILLEGAL_REQUEST = 5,
    SENSE_UNIT_ATTENTION = 6,
    SENSE_ABORTED = 11,
};

enum {
    ASC_READ_ERROR = 0x1100,
    ASC_PARAMETER_LENGTH = 0x1a00,
    ASC_BAD_OPCODE = 0x2000,
    ASC_OUT_OF_RANGE = 0x2100,
    ASC_BAD_FIELD = 0x2400,
    ASC_BAD_PARAMETER = 0x2600,
    ASC_MEDIUM_CHANGED = 0x2800,
    ASC_POWER_ON = 0x2900,
    ASC_SAVING_UNSUPPORTED = 0x3900,
    ASC_NO_MEDIUM = 0x3a01, /* tray closed */
    ASC_TRAY_OPEN = 0x3a02,
    ASC_REMOVAL_PREVENTED = 0x5302,
    ASC_BAD_MODE_FOR_TRACK = 0x6400,
};

typedef struct Atapi {
    IdeDevice *ide;
    guint8 cdb[12];
    gboolean dma;  /* Features bit 0 of the PACKET command */
    guint32 limit; /* PIO: most bytes of one DRQ block */
    guint8 sense_key;
    guint16 asc;
    guint32 sense_lba; /* Information field; with SENSE_MEDIUM_ERROR */
    guint16 attention; /* unit attention that waits to be told, as an ASC; 0 = none */
    gboolean tray_open, locked;
    gboolean eject_wanted, medium_new, medium_gone; /* for GET EVENT STATUS NOTIFICATION */
    /* data of the command: `left` bytes from buffer position `pos` on are to be moved */
    guint32 pos, left;
    guint32 expected; /* bytes of data-out */
    /* sectors still to be read */
    guint64 lba;
    guint32 sectors, step, requested;
    guint8 parts;        /* READ CD: what of each sector, as in byte 9 */
    guint32 sector_size; /* bytes of a sector as sent */
    guint64 dma_offset;
} Atapi;

/* The CD-ROM's device state. */
typedef struct IdeCd {
    IdeDevice ide;
    Atapi atapi;
} IdeCd;

static inline guint16 cdb_word(const guint8 *cdb, guint n)
{
    return (guint16)(cdb[n] << 8 | cdb[n + 1]);
}

static inline guint32 cdb_long(const guint8 *cdb, guint n)
{
    return (guint32)cdb_word(cdb, n) << 16 | cdb_word(cdb, n + 2);
}

static inline void put_word(guint8 *to, guint32 value)
{
    to[0] = (guint8)(value >> 8);
    to[1] = (guint8)value;
}

static inline void put_long(guint8 *to, guint32 value)
{
    put_word(to, value >> 16);
    put_word(to + 2, value);
}

/* ---- atapi.c ---- */

/* A command ends, with interrupt. */
void atapi_good(Atapi *atapi);
void atapi_check(Atapi *atapi, guint8 key, guint16 asc);
/* Sends the first `length` bytes of the buffer, or as many as the host's `allocation` allows. */
void atapi_reply(Atapi *atapi, guint32 length, guint32 allocation);
/* Waits for `length` bytes of parameters of MODE SELECT, the only command that takes some. */
void atapi_receive(Atapi *atapi, guint32 length);
/* PIO: sends `left` bytes of the buffer from `pos`; then atapi_sent() goes on. */
void atapi_send(Atapi *atapi);

/* What follows in the phases PACKET to PACKET_RECEIVE. */
void atapi_packet_given(IdeDevice *ide);
void atapi_identify_taken(IdeDevice *ide);
void atapi_block_sent(IdeDevice *ide);
void atapi_block_received(IdeDevice *ide);
void atapi_reply_ready(IdeDevice *ide);
void atapi_receive_ready(IdeDevice *ide);

/* A medium is in and the tray closed. */
gboolean atapi_ready(const Atapi *atapi);
guint32 atapi_sectors(const Atapi *atapi);
/* Ends the command with the fitting error unless a medium is there. */
gboolean atapi_require_medium(Atapi *atapi);
void atapi_update_tray(Atapi *atapi);

/* ---- atapi-read.c ---- */

void atapi_read(Atapi *atapi, guint64 lba, guint32 sectors);
void atapi_read_cd(Atapi *atapi, guint64 lba, guint32 sectors);
/* Reads on: also what follows in the phase PACKET_SECTORS. */
void atapi_read_next(IdeDevice *ide);
/* What was in the buffer has been sent. */
void atapi_sent(Atapi *atapi);

/* ---- atapi-command.c, atapi-mode.c, atapi-disc.c ---- */

/* Carries out atapi->cdb. */
void atapi_packet(Atapi *atapi);
void atapi_mode_sense(Atapi *atapi);
void atapi_mode_select(Atapi *atapi);
void atapi_mode_selected(Atapi *atapi, guint32 length);
void atapi_read_toc(Atapi *atapi);
void atapi_read_subchannel(Atapi *atapi);
void atapi_disc_information(Atapi *atapi);
void atapi_track_information(Atapi *atapi);
void atapi_get_configuration(Atapi *atapi);
void atapi_dvd_structure(Atapi *atapi);

/* ---- cd-sector.c ---- */

/* Minutes, seconds and frames of an address on the disc (MMC-3, 4.2.6.1), as BCD or binary. */
void cd_put_msf(guint8 *to, guint32 lba, gboolean bcd);
/* Makes a whole mode 1 sector (ECMA-130, clause 14) of the 2048 bytes at raw + 16. */
void cd_make_sector(guint8 *raw, guint32 lba);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packet commands: dispatch, sense data, tray and medium events (SPC-2 and MMC-3, clause 6). */
#include <string.h>

#include "hw/block/atapi-priv.h"

/* What a command needs before it runs. */
#define NEEDS_MEDIUM    1
#define IGNORES_CHANGES 2 /* a unit attention waits for the next command */
#define KEEPS_SENSE     4

typedef struct PacketCommand {
    void (*run)(Atapi *atapi);
    guint flags;
} PacketCommand;

static void bad_field(Atapi *atapi)
{
    atapi_check(atapi, SENSE_ILLEGAL_REQUEST, ASC_BAD_FIELD);
}

static void test_unit_ready(Atapi *atapi)
{
    atapi_good(atapi);
}

/* SPC-2, 7.20: fixed format. Telling the sense clears it. */
static void request_sense(Atapi *atapi)
{
    guint8 *data = atapi->ide->buffer;

    if (atapi->sense_key == SENSE_NONE && atapi->attention) {
        atapi->sense_key = SENSE_UNIT_ATTENTION;
        atapi->asc = atapi->attention;
        atapi->attention = 0;
    }
    memset(data, 0, 18);
    data[0] = 0x70;
    data[2] = atapi->sense_key;
    data[7] = 10; /* bytes that follow */
    put_word(data + 12, atapi->asc);
    if (atapi->sense_key == SENSE_MEDIUM_ERROR) {
        data[0] |= 0x80; /* Information is valid */
        put_long(data + 3, atapi->sense_lba);
    }
    atapi->sense_key = SENSE_NONE;
    atapi->asc = 0;
    atapi_reply(atapi, 18, atapi->cdb[4]);
}

static void put_text(guint8 *to, gsize length, const char *text)
{
    memset(to, ' ', length);
    memcpy(to, text, MIN(strlen(text), length));
}

/* INQUIRY pages 00h (list) and 80h (serial number). SPC-2, 8.4. */
static void inquiry_page(Atapi *atapi)
{
    IdeDevice *ide = atapi->ide;
    guint8 *data = ide->buffer;

    memset(data, 0, 64);
    data[0] = 0x05;
    data[1] = atapi->cdb[2];
    if (atapi->cdb[2] == 0x00) {
        data[3] = 2;
        data[5] = 0x80;
    } else if (atapi->cdb[2] == 0x80) {
        data[3] = 20;
        put_text(data + 4, 20, ide->serial ? ide->serial : "VT00001");
    } else {
        bad_field(atapi);
        return;
    }
    atapi_reply(atapi, 4u + data[3], cdb_word(atapi->cdb, 3));
}

static void inquiry(Atapi *atapi)
{
    IdeDevice *ide = atapi->ide;
    guint8 *data = ide->buffer;

    if (atapi->cdb[1] & 1) {
        inquiry_page(atapi);
        return;
    }
    if (atapi->cdb[2]) {
        bad_field(atapi);
        return;
    }
    memset(data, 0, 36);
    data[0] = 0x05; /* CD-ROM */
    data[1] = 0x80; /* removable */
    data[3] = 0x21; /* ATAPI, response format 1 (SFF-8020i, table 59) */
    data[4] = 31;
    put_text(data + 8, 8, "VITRINE");
    put_text(data + 16, 16, ide->model ? ide->model : "DVD-ROM");
    put_text(data + 32, 4, ide->version ? ide->version : "1.0");
    atapi_reply(atapi, 36, cdb_word(atapi->cdb, 3));
}

/* MMC-3, 6.36. Ejecting leaves the disc in the open tray; closing loads it again. */
static void start_stop_unit(Atapi *atapi)
{
    gboolean start = atapi->cdb[4] & 1, load = (atapi->cdb[4] & 2) != 0;

    if (atapi->cdb[4] >> 4 || !load) {
        atapi_good(atapi); /* power conditions and spinning */
        return;
    }
    if (!start && atapi->locked && !atapi->tray_open) {
        atapi_check(atapi, atapi_ready(atapi) ? SENSE_ILLEGAL_REQUEST : SENSE_NOT_READY,
                    ASC_REMOVAL_PREVENTED);
        return;
    }
    if (start && atapi->tray_open && drive_has_medium(atapi->ide->drive)) {
        atapi->attention = ASC_MEDIUM_CHANGED;
        atapi->medium_new = TRUE;
        atapi->medium_gone = FALSE;
    }
    atapi->tray_open = !start;
    atapi->eject_wanted = FALSE;
    atapi_update_tray(atapi);
    atapi_good(atapi);
}

static void prevent_allow(Atapi *atapi)
{
    atapi->locked = atapi->cdb[4] & 1;
    atapi_update_tray(atapi);
    atapi_good(atapi);
}

/* MMC-3, 6.6: of the classes only media events (4), polled. */
static void get_event_status(Atapi *atapi)
{
    guint8 *data = atapi->ide->buffer;
    guint32 allocation = cdb_word(atapi->cdb, 7);

    if (!(atapi->cdb[1] & 1)) {
        bad_field(atapi); /* asynchronous notification is not there */
        return;
    }
    memset(data, 0, 8);
    data[3] = 0x10; /* supported classes */
    if (!(atapi->cdb[4] & 0x10)) {
        put_word(data, 2);
        data[2] = 0x80; /* no event of these classes */
        atapi_reply(atapi, 4, allocation);
        return;
    }
    put_word(data, 6);
    data[2] = 4;
    if (allocation > 4) {
        if (atapi->eject_wanted) {
            data[4] = 1;
            atapi->eject_wanted = FALSE;
        } else if (atapi->medium_new) {
            data[4] = 2;
            atapi->medium_new = FALSE;
        } else if (atapi->medium_gone) {
            data[4] = 3;
            atapi->medium_gone = FALSE;
        }
        data[5] = (guint8)((atapi->tray_open ? 1 : 0) | (atapi_ready(atapi) ? 2 : 0));
    }
    atapi_reply(atapi, 8, allocation);
}

/* MMC-3, 6.9: no changer. */
static void mechanism_status(Atapi *atapi)
{
    guint8 *data = atapi->ide->buffer;

    memset(data, 0, 8);
    data[1] = atapi->tray_open ? 0x10 : 0;
    data[5] = 1; /* slots */
    atapi_reply(atapi, 8, cdb_word(atapi->cdb, 8));
}

static void read_capacity(Atapi *atapi)
{
    guint8 *data = atapi->ide->buffer;

    put_long(data, atapi_sectors(atapi) - 1);
    put_long(data + 4, CD_SECTOR);
    atapi_reply(atapi, 8, 8);
}

static void read_10(Atapi *atapi)
{
    atapi_read(atapi, cdb_long(atapi->cdb, 2), cdb_word(atapi->cdb, 7));
}

static void read_12(Atapi *atapi)
{
    atapi_read(atapi, cdb_long(atapi->cdb, 2), cdb_long(atapi->cdb, 6));
}

static void read_cd(Atapi *atapi)
{
    const guint8 *cdb = atapi->cdb;

    atapi_read_cd(atapi, cdb_long(cdb, 2), (guint32)cdb[6] << 16 | cdb_word(cdb, 7));
}

/* An address in minutes, seconds and frames; FALSE if it is before the data. */
static gboolean get_msf(const guint8 *msf, guint32 *lba)
{
    guint32 frame = (msf[0] * 60u + msf[1]) * 75u + msf[2];

    *lba = frame - 150;
    return frame >= 150 && msf[1] < 60 && msf[2] < 75;
}

static void read_cd_msf(Atapi *atapi)
{
    guint32 from, to;

    if (!get_msf(atapi->cdb + 3, &from) || !get_msf(atapi->cdb + 6, &to) || to < from) {
        bad_field(atapi);
    } else {
        atapi_read_cd(atapi, from, to - from);
    }
}

static void seek(Atapi *atapi)
{
    if (cdb_long(atapi->cdb, 2) >= atapi_sectors(atapi)) {
        atapi_check(atapi, SENSE_ILLEGAL_REQUEST, ASC_OUT_OF_RANGE);
    } else {
        atapi_good(atapi);
    }
}

static const PacketCommand packet_commands[256] = {
    [0x00] = {test_unit_ready, NEEDS_MEDIUM},
    [0x03] = {request_sense, IGNORES_CHANGES | KEEPS_SENSE},
    [0x12] = {inquiry, IGNORES_CHANGES},
    [0x15] = {atapi_mode_select, 0}, /* (6), SPC-2 */
    [0x1a] = {atapi_mode_sense, 0},  /* (6), SPC-2 */
    [0x1b] = {start_stop_unit, 0},
    [0x1e] = {prevent_allow, 0},
    [0x25] = {read_capacity, NEEDS_MEDIUM},
    [0x28] = {read_10, NEEDS_MEDIUM},
    [0x2b] = {seek, NEEDS_MEDIUM},
    [0x42] = {atapi_read_subchannel, NEEDS_MEDIUM},
    [0x43] = {atapi_read_toc, NEEDS_MEDIUM},
    [0x46] = {atapi_get_configuration, IGNORES_CHANGES},
    [0x4a] = {get_event_status, IGNORES_CHANGES},
    [0x51] = {atapi_disc_information, NEEDS_MEDIUM},
    [0x52] = {atapi_track_information, NEEDS_MEDIUM},
    [0x55] = {atapi_mode_select, 0},
    [0x5a] = {atapi_mode_sense, 0},
    [0xa8] = {read_12, NEEDS_MEDIUM},
    [0xad] = {atapi_dvd_structure, 0},
    [0xb9] = {read_cd_msf, NEEDS_MEDIUM},
    [0xbb] = {atapi_good, 0}, /* SET CD SPEED */
    [0xbd] = {mechanism_status, 0},
    [0xbe] = {read_cd, NEEDS_MEDIUM},
};

void atapi_packet(Atapi *atapi)
{
    const PacketCommand *command = &packet_commands[atapi->cdb[0]];
    guint16 attention = atapi->attention;

    if (!(command->flags & KEEPS_SENSE)) {
        atapi->sense_key = SENSE_NONE;
        atapi->asc = 0;
    }
    if (attention && !(command->flags & IGNORES_CHANGES)) {
        atapi->attention = 0;
        atapi_check(atapi, SENSE_UNIT_ATTENTION, attention);
    } else if (!command->run) {
        atapi_check(atapi, SENSE_ILLEGAL_REQUEST, ASC_BAD_OPCODE);
    } else if (!(command->flags & NEEDS_MEDIUM) || atapi_require_medium(atapi)) {
        command->run(atapi);
    }
}

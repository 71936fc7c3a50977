/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MODE SENSE and MODE SELECT, in their 6 and 10 byte forms (SPC-2, 7.6 to 7.9; MMC-3, 5.5). */
#include <string.h>

#include "hw/block/atapi-priv.h"

#define MODE_SENSE_6  0x1a
#define MODE_SELECT_6 0x15

/* Pages: read error recovery (MMC-3, 5.5.4), CD audio (5.5.5), power condition (SPC-2, 8.3.6). */
static const guint8 error_page[] = {0x01, 0x06, 0x00, 0x05, 0, 0, 0, 0};
static const guint8 audio_page[] = {0x0e, 0x0e, 0x04, 0, 0, 0, 0, 75, 1, 0xff, 2, 0xff, 0, 0, 0, 0};
static const guint8 power_page[] = {0x1a, 0x0a, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};

/* Capabilities and mechanical status (MMC-3, 5.5.10). */
static gsize put_capabilities(const Atapi *atapi, guint8 *page)
{
    memset(page, 0, 22);
    page[0] = 0x2a;
    page[1] = 20;
    page[2] = 0x3b;                              /* reads CD-R, CD-RW, DVD-ROM, DVD-R, method 2 */
    page[4] = 0x70;                              /* mode 2 form 1 and 2, multi-session */
    page[5] = 0x00;                              /* no audio commands */
    page[6] = 0x29 | (atapi->locked ? 0x02 : 0); /* tray, ejects, locks */
    put_word(page + 8, 706 * 16);                /* KB/s at most: 64 times */
    put_word(page + 10, 2);                      /* volume levels */
    put_word(page + 12, IDE_BUFFER_SIZE / 1024);
    put_word(page + 14, 706 * 16);
    return 22;
}

static gsize put_page(guint8 *to, const guint8 *page, gsize length)
{
    memcpy(to, page, length);
    return length;
}

/* Appends the pages that `code` asks for; 0 if there are none. */
static gsize put_pages(const Atapi *atapi, guint8 *to, guint8 code)
{
    gboolean all = code == 0x3f;
    gsize length = 0;

    if (all || code == 0x01) {
        length += put_page(to + length, error_page, sizeof(error_page));
    }
    if (all || code == 0x0e) {
        length += put_page(to + length, audio_page, sizeof(audio_page));
    }
    if (all || code == 0x1a) {
        length += put_page(to + length, power_page, sizeof(power_page));
    }
    if (all || code == 0x2a) {
        length += put_capabilities(atapi, to + length);
    }
    return length;
}

/* Nothing can be changed: the masks of all pages are zeros behind their headers. */
static void clear_values(guint8 *pages, gsize length)
{
    for (gsize at = 0; at < length; at += 2u + pages[at + 1]) {
        memset(pages + at + 2, 0, pages[at + 1]);
    }
}

static guint8 medium_type(const Atapi *atapi)
{
    if (atapi->tray_open) {
        return 0x71;
    }
    return atapi_ready(atapi) ? 0x01 : 0x70; /* 120 mm data disc, or none (SFF-8020i, table 76) */
}

void atapi_mode_sense(Atapi *atapi)
{
    gboolean six = atapi->cdb[0] == MODE_SENSE_6;
    guint8 control = atapi->cdb[2] >> 6, *data = atapi->ide->buffer;
    gsize header = six ? 4 : 8, length;

    if (control == 3) {
        atapi_check(atapi, SENSE_ILLEGAL_REQUEST, ASC_SAVING_UNSUPPORTED);
        return;
    }
    memset(data, 0, header);
    length = put_pages(atapi, data + header, atapi->cdb[2] & 0x3f);
    if (length == 0) {
        atapi_check(atapi, SENSE_ILLEGAL_REQUEST, ASC_BAD_FIELD);
        return;
    }
    if (control == 1) {
        clear_values(data + header, length);
    }
    length += header;
    if (six) {
        data[0] = (guint8)(length - 1);
        data[1] = medium_type(atapi);
    } else {
        put_word(data, (guint32)length - 2);
        data[2] = medium_type(atapi);
    }
    atapi_reply(atapi, (guint32)length, six ? atapi->cdb[4] : cdb_word(atapi->cdb, 7));
}

/* The parameter list must be well formed and its pages known; their values are as they are. */
void atapi_mode_selected(Atapi *atapi, guint32 length)
{
    gsize at = atapi->cdb[0] == MODE_SELECT_6 ? 4 : 8;
    const guint8 *data = atapi->ide->buffer;
    guint8 known[32];

    while (at < length) {
        if (at + 2 > length || at + 2 + data[at + 1] > length) {
            atapi_check(atapi, SENSE_ILLEGAL_REQUEST, ASC_PARAMETER_LENGTH);
            return;
        }
        if ((data[at] & 0x3f) == 0x3f || put_pages(atapi, known, data[at] & 0x3f) == 0) {
            atapi_check(atapi, SENSE_ILLEGAL_REQUEST, ASC_BAD_PARAMETER);
            return;
        }
        at += 2u + data[at + 1];
    }
    atapi_good(atapi);
}

void atapi_mode_select(Atapi *atapi)
{
    gboolean six = atapi->cdb[0] == MODE_SELECT_6;

    if (atapi->cdb[1] & 1) { /* save pages */
        atapi_check(atapi, SENSE_ILLEGAL_REQUEST, ASC_BAD_FIELD);
        return;
    }
    atapi_receive(atapi, six ? atapi->cdb[4] : cdb_word(atapi->cdb, 7));
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IDENTIFY DEVICE (ATA/ATAPI-6, 8.17) and the geometry of a disk. */
#include <string.h>

#include "hw/block/ata-priv.h"

#define LBA28_MAX 0x0fffffffu

/* Strings are space-padded and each word holds two characters, the first one high (8.17.10). */
void ata_put_string(guint16 *words, guint count, const char *text)
{
    gsize length = strlen(text);

    for (guint i = 0; i < count; i++) {
        guint8 high = 2 * i < length ? (guint8)text[2 * i] : ' ';
        guint8 low = 2 * i + 1 < length ? (guint8)text[2 * i + 1] : ' ';

        words[i] = (guint16)(high << 8 | low);
    }
}

void ata_identify_modes(const IdeDevice *ide, guint16 *words)
{
    gboolean dma = ide->channel->dma != NULL;
    guint16 selected = (guint16)(0x100 << (ide->transfer_mode & 7));

    words[49] = 0x0a00 | (dma ? 0x0100 : 0); /* IORDY, LBA, DMA */
    words[50] = 0x4000;
    words[51] = 0x0200; /* PIO timing of ATA-3 hosts */
    words[53] = 0x0007; /* words 54 to 58, 64 to 70, and 88 are valid */
    words[63] = dma ? 0x0007 | (ide->transfer_mode >> 3 == 4 ? selected : 0) : 0;
    words[64] = 0x0003;                                  /* PIO 3 and 4 */
    words[65] = words[66] = words[67] = words[68] = 120; /* ns */
    words[88] = dma ? 0x003f | (ide->transfer_mode >> 3 == 8 ? selected : 0) : 0;
}

static void put_sizes(const IdeDevice *ide, guint16 *words)
{
    guint64 sectors = ata_sectors(ide);
    guint32 lba28 = (guint32)MIN(sectors, LBA28_MAX);
    guint heads = ide->current_heads, per_track = ide->current_sectors;
    guint cylinders = (guint)MIN(sectors / (heads * per_track), 65535);
    guint32 chs = cylinders * heads * per_track;

    words[1] = (guint16)ide->geometry.cylinders;
    words[3] = (guint16)ide->geometry.heads;
    words[6] = (guint16)ide->geometry.sectors;
    words[54] = (guint16)cylinders;
    words[55] = (guint16)heads;
    words[56] = (guint16)per_track;
    words[57] = (guint16)chs;
    words[58] = (guint16)(chs >> 16);
    words[60] = (guint16)lba28;
    words[61] = (guint16)(lba28 >> 16);
    for (guint i = 0; i < 4; i++) {
        words[100 + i] = (guint16)(sectors >> (16 * i));
    }
}

/* Word 255: A5h, and what makes the sum of all bytes zero (8.17.60). */
static void put_checksum(guint16 *words)
{
    guint8 sum = 0xa5;

    for (guint i = 0; i < 255; i++) {
        sum = (guint8)(sum + (words[i] & 0xff) + (words[i] >> 8));
    }
    words[255] = (guint16)(0xa5 | (guint8)-sum << 8);
}

void ata_identify(IdeDevice *ide, guint16 *words)
{
    g_autofree char *serial = g_strdup_printf("VT%05u", ide->channel->serial_base + ide->unit + 1);
    guint16 on = (guint16)((ide->write_cache ? 0x20 : 0) | (ide->smart_enabled ? 0x01 : 0));

    memset(words, 0, 512);
    words[0] = 0x0040; /* not removable */
    ata_put_string(words + 10, 10, ide->serial ? ide->serial : serial);
    words[20] = 3; /* a dual-ported buffer with read cache, of word 21 sectors; ATA-3 */
    words[21] = IDE_BUFFER_SIZE / IDE_SECTOR;
    ata_put_string(words + 23, 4, ide->version ? ide->version : "1.0");
    ata_put_string(words + 27, 20, ide->model ? ide->model : "Vitrine Disk");
    words[47] = 0x8000 | ATA_MULTIPLE_MAX;
    words[48] = 1; /* 32-bit Data register, ATA-1 */
    ata_identify_modes(ide, words);
    put_sizes(ide, words);
    words[59] = ide->multiple ? 0x100 | ide->multiple : 0;
    words[80] = 0x007e; /* ATA-1 to ATA/ATAPI-6 */
    words[82] = 0x7069; /* NOP, buffers, look-ahead, write cache, power management, SMART */
    words[83] = 0x7400; /* FLUSH CACHE (EXT), LBA48 */
    words[84] = 0x4000;
    words[85] = 0x7048 | on;
    words[86] = 0x3400;
    words[87] = 0x4000;
    words[93] = ide->unit ? 0x6100 : 0x6001; /* 80-conductor cable; found by jumper */
    if (ide->drive->discard) {               /* TRIM is of ATA8-ACS */
        words[80] = 0x01fe;
        words[105] = ATA_TRIM_MAX;
        words[169] = 1;
    }
    if (ide->channel->host) { /* Serial ATA, with queuing */
        words[75] = 31;
        words[76] = 0x010e; /* NCQ; up to 6 Gb/s */
        words[80] = 0x01fe;
        words[84] |= 0x0060; /* logs, FUA */
        words[87] |= 0x0060;
        words[93] = 0;
        words[222] = 0x103f;
    }
    put_checksum(words);
}

/* ---- geometry ---- */

/* Heads and sectors as the end of a partition shows them; FALSE without a usable table. */
static gboolean from_partitions(const guint8 *mbr, guint *heads, guint *sectors)
{
    if (mbr[510] != 0x55 || mbr[511] != 0xaa) {
        return FALSE;
    }
    for (guint i = 0; i < 4; i++) {
        const guint8 *entry = mbr + 446 + 16 * i;
        guint32 length = entry[12] | entry[13] << 8 | entry[14] << 16 | (guint32)entry[15] << 24;

        if (length > 0 && entry[5] > 0 && entry[5] < 255 && (entry[6] & 0x3f) > 0) {
            *heads = entry[5] + 1u;
            *sectors = entry[6] & 0x3f;
            return TRUE;
        }
    }
    return FALSE;
}

/*
 * How the BIOS fits the geometry into INT 13h's 1024 cylinders. What has been partitioned stays as
 * it is: a table with at most 16 heads was made without translation, one with more by the
 * translation that has to go on.
 */
static IdeTranslation guess_translation(const IdeGeometry *geometry, guint heads, guint sectors)
{
    if (heads == 0) {
        return geometry->cylinders <= 1024 ? IDE_TRANSLATION_NONE : IDE_TRANSLATION_LBA;
    }
    if (heads <= 16) {
        return IDE_TRANSLATION_NONE;
    }
    if (heads == 255 || sectors != 63 || geometry->cylinders * geometry->heads > 131072) {
        return IDE_TRANSLATION_LBA;
    }
    return geometry->cylinders <= 1024 ? IDE_TRANSLATION_NONE : IDE_TRANSLATION_LARGE;
}

void ata_guess_geometry(IdeDevice *ide)
{
    IdeGeometry *geometry = &ide->geometry;
    guint8 mbr[IDE_SECTOR];
    guint heads = 0, sectors = 0;

    ide_read_first_sector(ide, mbr);
    geometry->heads = 16;
    geometry->sectors = 63;
    if (from_partitions(mbr, &heads, &sectors) && heads <= 16) {
        geometry->heads = heads;
        geometry->sectors = sectors;
    }
    if (ide->option_heads && ide->option_sectors) {
        geometry->heads = (guint)ide->option_heads;
        geometry->sectors = (guint)ide->option_sectors;
    }
    geometry->cylinders =
        (guint)CLAMP(ata_sectors(ide) / (geometry->heads * geometry->sectors), 1, 16383);
    if (ide->option_cylinders) {
        geometry->cylinders = (guint)ide->option_cylinders;
    }
    geometry->translation = guess_translation(geometry, heads, sectors);
    if (ide->option_translation <= IDE_TRANSLATION_RECHS) {
        geometry->translation = (IdeTranslation)ide->option_translation;
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the disk share. */
#pragma once

#include "hw/block/ide-priv.h"

#define ATA_MULTIPLE_MAX 16 /* sectors between two interrupts of READ MULTIPLE */
#define ATA_TRIM_MAX     8  /* sectors of ranges that DATA SET MANAGEMENT takes */

/* ---- ata.c ---- */
void ata_give_sector(IdeDevice *ide);
void ata_sector_taken(IdeDevice *ide);

/* ---- ata-run.c ---- */
guint64 ata_sectors(const IdeDevice *ide);
/* The address in the registers: LBA, or CHS by the current translation. FALSE: no such sector. */
gboolean ata_get_lba(IdeDevice *ide, gboolean ext, guint64 *lba);
void ata_set_lba(IdeDevice *ide, guint64 lba, gboolean ext);
void ata_read_pio(IdeDevice *ide);
void ata_write_pio(IdeDevice *ide);
void ata_read_multiple(IdeDevice *ide);
void ata_write_multiple(IdeDevice *ide);
void ata_read_dma(IdeDevice *ide);
void ata_write_dma(IdeDevice *ide);
void ata_verify(IdeDevice *ide);
/* What follows in the phases READ, WRITE, SECTORS. */
void ata_block_taken(IdeDevice *ide);
void ata_block_given(IdeDevice *ide);
void ata_dma_next(IdeDevice *ide);

/* Bits of the Error register for what a request to the drive has ended with. */
guint8 ata_error_bits(int result, gboolean write);

/* ---- ata-log.c ---- */
void ata_read_log(IdeDevice *ide);

/* ---- ata-trim.c ---- */
/* DATA SET MANAGEMENT. */
void ata_trim(IdeDevice *ide);
void ata_trim_ready(IdeDevice *ide);

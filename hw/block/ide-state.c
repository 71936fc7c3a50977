/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Saved state of channels and devices, and the phases that it names. It is saved when no request
 * to a drive is under way (drained), so what counts is in registers, buffer and phase. What is
 * loaded comes from a file and is checked before anything relies on it.
 */
#include "core/error.h"
#include "core/state.h"
#include "hw/block/ata-priv.h"
#include "hw/block/atapi-priv.h"

typedef struct PhaseInfo {
    void (*run)(IdeDevice *ide);
    gboolean dma, cdrom;
} PhaseInfo;

static const PhaseInfo phases[IDE_PHASE_COUNT] = {
    [IDE_PHASE_TAKEN] = {ata_sector_taken, FALSE, FALSE},
    [IDE_PHASE_GIVEN] = {ide_end, FALSE, FALSE},
    [IDE_PHASE_READ] = {ata_block_taken, FALSE, FALSE},
    [IDE_PHASE_WRITE] = {ata_block_given, FALSE, FALSE},
    [IDE_PHASE_SECTORS] = {ata_dma_next, TRUE, FALSE},
    [IDE_PHASE_TRIM] = {ata_trim_ready, TRUE, FALSE},
    [IDE_PHASE_PACKET] = {atapi_packet_given, FALSE, TRUE},
    [IDE_PHASE_PACKET_TAKEN] = {atapi_identify_taken, FALSE, TRUE},
    [IDE_PHASE_PACKET_READ] = {atapi_block_sent, FALSE, TRUE},
    [IDE_PHASE_PACKET_WRITE] = {atapi_block_received, FALSE, TRUE},
    [IDE_PHASE_PACKET_REPLY] = {atapi_reply_ready, TRUE, TRUE},
    [IDE_PHASE_PACKET_RECEIVE] = {atapi_receive_ready, TRUE, TRUE},
    [IDE_PHASE_PACKET_SECTORS] = {atapi_read_next, TRUE, TRUE},
};

void ide_run_phase(IdeDevice *ide)
{
    phases[ide->phase].run(ide);
}

gboolean ide_phase_is_dma(const IdeDevice *ide)
{
    return phases[ide->phase].dma;
}

/* ---- checks of what was loaded ---- */

static gboolean run_is_sane(const IdeDevice *ide)
{
    const IdeRun *run = &ide->run;
    guint64 buffered = (guint64)run->buffered * IDE_SECTOR;

    if (run->left == 0) {
        return TRUE;
    }
    if (ide->phase == IDE_PHASE_TRIM) {
        return run->left <= ATA_TRIM_MAX;
    }
    return run->left <= 65536 && run->lba < ata_sectors(ide) &&
           run->left <= ata_sectors(ide) - run->lba && run->block >= 1 &&
           run->block <= ATA_MULTIPLE_MAX && run->step >= 1 && run->step <= 65536 &&
           buffered <= IDE_BUFFER_SIZE && run->buffer_pos <= IDE_BUFFER_SIZE - buffered &&
           run->buffered <= run->left && run->offered <= run->buffered && run->dma_offset == 0 &&
           (gint32)run->bad <= 0 &&
           (ide->phase != IDE_PHASE_WRITE || run->requested <= run->left - run->buffered);
}

static gboolean device_loaded(IdeDevice *ide, GError **error)
{
    if (ide->phase >= IDE_PHASE_COUNT ||
        (phases[ide->phase].run && phases[ide->phase].cdrom != ide->kind->is_cdrom)) {
        ide->phase = IDE_PHASE_NONE;
        return error_set(error, "phase: there is no such phase");
    }
    if (ide->pio.pos > ide->pio.end || ide->pio.end > IDE_BUFFER_SIZE ||
        (ide->pio.pos < ide->pio.end && (!phases[ide->phase].run || phases[ide->phase].dma))) {
        ide->pio = (IdePio){0};
        return error_set(error, "pio: not within the buffer");
    }
    if ((ide->status & STATUS_BSY) && !ide->held) {
        return error_set(error, "status: a request was under way");
    }
    return TRUE;
}

static gboolean hd_loaded(void *object, GError **error)
{
    IdeDevice *ide = object;

    if (!device_loaded(ide, error)) {
        return FALSE;
    }
    if (!run_is_sane(ide) || ide->multiple > ATA_MULTIPLE_MAX || ide->current_heads - 1u > 15 ||
        ide->current_sectors - 1u > 254) {
        ide->phase = IDE_PHASE_NONE;
        ide->pio = (IdePio){0};
        ide->current_heads = ide->geometry.heads;
        ide->current_sectors = ide->geometry.sectors;
        ide->multiple = 0;
        return error_set(error, "run: not within the disk");
    }
    return TRUE;
}

static gboolean atapi_is_sane(const Atapi *atapi)
{
    guint64 in_buffer = (guint64)atapi->pos + atapi->left;

    return in_buffer <= IDE_BUFFER_SIZE && atapi->expected <= IDE_BUFFER_SIZE &&
           atapi->limit <= 0xfffe && atapi->limit % 2 == 0 &&
           (atapi->limit > 0 || atapi->ide->phase == IDE_PHASE_NONE) &&
           (atapi->sectors == 0 ||
            (atapi->sector_size >= 1 && atapi->sector_size <= CD_RAW_SECTOR && atapi->step >= 1 &&
             atapi->lba <= atapi_sectors(atapi) &&
             atapi->sectors <= atapi_sectors(atapi) - atapi->lba && atapi->dma_offset == 0));
}

static gboolean cd_loaded(void *object, GError **error)
{
    IdeCd *cd = object;
    Atapi *atapi = &cd->atapi;

    if (!device_loaded(&cd->ide, error)) {
        return FALSE;
    }
    if (!atapi_is_sane(atapi)) {
        atapi->left = atapi->sectors = 0;
        cd->ide.phase = IDE_PHASE_NONE;
        cd->ide.pio = (IdePio){0};
        return error_set(error, "packet: not within the disc or the buffer");
    }
    atapi_update_tray(atapi);
    return TRUE;
}

/* ---- tables ---- */

static const StateField pio_fields[] = {
    STATE_FIELD(U32, IdePio, pos),
    STATE_FIELD(U32, IdePio, end),
    STATE_FIELD(BOOL, IdePio, to_host),
    STATE_END,
};

static const StateTable pio_state = {1, pio_fields, NULL};

static const StateField run_fields[] = {
    STATE_FIELD(U64, IdeRun, lba),      STATE_FIELD(U32, IdeRun, left),
    STATE_FIELD(U32, IdeRun, step),     STATE_FIELD(U32, IdeRun, requested),
    STATE_FIELD(U32, IdeRun, block),    STATE_FIELD(U32, IdeRun, offered),
    STATE_FIELD(U32, IdeRun, buffered), STATE_FIELD(U32, IdeRun, buffer_pos),
    STATE_FIELD(U32, IdeRun, bad),      STATE_FIELD(BOOL, IdeRun, write),
    STATE_FIELD(BOOL, IdeRun, ext),     STATE_END,
};

static const StateTable run_state = {1, run_fields, NULL};

#define DEVICE_FIELDS                                                                          \
    STATE_ARRAY(U8, IdeDevice, registers), STATE_ARRAY(U8, IdeDevice, previous),               \
        STATE_FIELD(U8, IdeDevice, feature), STATE_FIELD(U8, IdeDevice, previous_feature),     \
        STATE_FIELD(U8, IdeDevice, status), STATE_FIELD(U8, IdeDevice, error),                 \
        STATE_FIELD(BOOL, IdeDevice, intrq), STATE_FIELD(BOOL, IdeDevice, held),               \
        STATE_FIELD(BOOL, IdeDevice, write_cache), STATE_FIELD(U8, IdeDevice, transfer_mode),  \
        STATE_FIELD(BOOL, IdeDevice, standby), STATE_FIELD(U8, IdeDevice, phase),              \
        STATE_ARRAY(U8, IdeDevice, buffer),                                                    \
    {                                                                                          \
        "pio", STATE_STRUCT, G_STRUCT_OFFSET(IdeDevice, pio), 1, sizeof(IdePio), 1, &pio_state \
    }

static const StateField hd_fields[] = {
    DEVICE_FIELDS,
    {"run", STATE_STRUCT, G_STRUCT_OFFSET(IdeDevice, run), 1, sizeof(IdeRun), 1, &run_state},
    STATE_FIELD(U32, IdeDevice, current_heads),
    STATE_FIELD(U32, IdeDevice, current_sectors),
    STATE_FIELD(U8, IdeDevice, multiple),
    STATE_FIELD(BOOL, IdeDevice, smart_enabled),
    STATE_END,
};

const StateTable ide_hd_state = {1, hd_fields, hd_loaded};

static const StateField packet_fields[] = {
    STATE_ARRAY(U8, Atapi, cdb),
    STATE_FIELD(BOOL, Atapi, dma),
    STATE_FIELD(U32, Atapi, limit),
    STATE_FIELD(U8, Atapi, sense_key),
    STATE_FIELD(U16, Atapi, asc),
    STATE_FIELD(U32, Atapi, sense_lba),
    STATE_FIELD(U16, Atapi, attention),
    STATE_FIELD(BOOL, Atapi, tray_open),
    STATE_FIELD(BOOL, Atapi, locked),
    STATE_FIELD(BOOL, Atapi, eject_wanted),
    STATE_FIELD(BOOL, Atapi, medium_new),
    STATE_FIELD(BOOL, Atapi, medium_gone),
    STATE_FIELD(U32, Atapi, pos),
    STATE_FIELD(U32, Atapi, left),
    STATE_FIELD(U32, Atapi, expected),
    STATE_FIELD(U64, Atapi, lba),
    STATE_FIELD(U32, Atapi, sectors),
    STATE_FIELD(U32, Atapi, step),
    STATE_FIELD(U8, Atapi, parts),
    STATE_FIELD(U32, Atapi, sector_size),
    STATE_END,
};

static const StateTable packet_state = {1, packet_fields, NULL};

static const StateField cd_fields[] = {
    DEVICE_FIELDS,
    {"packet", STATE_STRUCT, G_STRUCT_OFFSET(IdeCd, atapi), 1, sizeof(Atapi), 1, &packet_state},
    STATE_END,
};

const StateTable ide_cd_state = {1, cd_fields, cd_loaded};

static const StateField channel_fields[] = {
    STATE_FIELD(U8, IdeChannel, select),
    STATE_FIELD(U8, IdeChannel, device_control),
    STATE_FIELD(BOOL, IdeChannel, intrq),
    STATE_END,
};

const StateTable ide_channel_state = {1, channel_fields, NULL};

static const StateField dma_fields[] = {
    STATE_FIELD(U8, IdeBusMaster, command),
    STATE_FIELD(U8, IdeBusMaster, status),
    STATE_FIELD(U32, IdeBusMaster, prdt),
    STATE_FIELD(U8, IdeBusMaster, dma.waiting),
    STATE_FIELD(U64, IdeBusMaster, dma.wanted),
    STATE_FIELD(BOOL, IdeBusMaster, dma.to_memory),
    STATE_END,
};

static gboolean dma_loaded(void *object, GError **error)
{
    IdeDma *dma = &((IdeBusMaster *)object)->dma;

    if (dma->waiting > 2) {
        dma->waiting = 0;
        return error_set(error, "waiting: there is no such transfer");
    }
    return TRUE;
}

const StateTable ide_bus_master_state = {1, dma_fields, dma_loaded};

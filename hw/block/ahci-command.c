/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command engine of a port: fetches commands from the list (AHCI 5.3), moves their data, and
 * stores the frames that the device answers with (AHCI 5.5, SATA 10.3).
 *
 * One command is with the device at a time. It ends by itself, or goes on when a request to the
 * drive has ended; nothing here waits.
 */
#include <string.h>

#include "hw/block/ahci-priv.h"

/* ---- frames from the device ---- */

void ahci_send_frame(AhciPort *port, guint offset, const guint8 *frame, guint length)
{
    if ((port->cmd & PORT_CMD_FRE) &&
        !ahci_write_memory(port, port->fis_area + offset, frame, length)) {
        ahci_port_halt(port, PORT_IS_HBFS);
    }
}

/* What Register frames and PIO Setup have in common. */
static void put_registers(const IdeDevice *ide, guint8 *fis)
{
    fis[2] = ide->status;
    fis[3] = ide->error;
    fis[4] = ide->registers[IDE_LBA_LOW];
    fis[5] = ide->registers[IDE_LBA_MID];
    fis[6] = ide->registers[IDE_LBA_HIGH];
    fis[7] = ide->registers[IDE_DEVICE];
    fis[8] = ide->previous[IDE_LBA_LOW];
    fis[9] = ide->previous[IDE_LBA_MID];
    fis[10] = ide->previous[IDE_LBA_HIGH];
    fis[12] = ide->registers[IDE_COUNT];
    fis[13] = ide->previous[IDE_COUNT];
}

void ahci_send_d2h(AhciPort *port, gboolean interrupt)
{
    const IdeDevice *ide = ahci_device(port);
    guint8 fis[20] = {FIS_D2H, interrupt ? FIS_I : 0};

    put_registers(ide, fis);
    port->tfd = ide->status | (guint32)ide->error << 8;
    ahci_send_frame(port, AREA_D2H, fis, sizeof(fis));
    if (interrupt) {
        ahci_port_interrupt(port, PORT_IS_DHRS);
    }
}

/* ---- the table of memory (4.2.3.3) ---- */

/* Goes to the next entry if there is one and this one is used up. */
static gboolean prdt_next(AhciPort *port, AhciPrdt *prdt)
{
    guint32 entry[4];

    if (prdt->left > 0) {
        return TRUE;
    }
    if (prdt->entries == 0) {
        return FALSE;
    }
    if (!ahci_read_memory(port, prdt->next, entry, sizeof(entry))) {
        prdt->broken = TRUE;
        return FALSE;
    }
    prdt->entries--;
    prdt->next += PRD_ENTRY;
    /* Addresses and counts are even; the lowest bit of the count, less 1, must be set. */
    prdt->addr = (GUINT32_FROM_LE(entry[0]) & ~1u) | (guint64)GUINT32_FROM_LE(entry[1]) << 32;
    prdt->left = ((GUINT32_FROM_LE(entry[3]) & PRD_COUNT) | 1) + 1;
    prdt->interrupt |= (GUINT32_FROM_LE(entry[3]) & PRD_INTERRUPT) != 0;
    return TRUE;
}

static void prdt_advance(AhciPrdt *prdt, guint32 length)
{
    prdt->addr += length;
    prdt->left -= length;
}

gboolean ahci_prdt_build(AhciPort *port, AhciPrdt *prdt, DmaList *list, guint64 wanted)
{
    while (list->length < wanted && prdt_next(port, prdt)) {
        guint32 part = (guint32)MIN(prdt->left, wanted - list->length);

        if (!dma_list_add(list, prdt->addr, part)) {
            return FALSE;
        }
        prdt_advance(prdt, part);
    }
    return !prdt->broken;
}

/* Moves a block of PIO data; FALSE, with the reason told, if it has no place. */
static gboolean copy_block(AhciPort *port, guint8 *buffer, guint32 length, gboolean to_host)
{
    while (length > 0) {
        guint32 part;
        gboolean fine;

        if (!prdt_next(port, &port->prdt)) {
            if (port->prdt.broken) {
                ahci_port_halt(port, PORT_IS_HBFS);
            }
            return FALSE;
        }
        part = MIN(length, port->prdt.left);
        fine = to_host ? ahci_write_memory(port, port->prdt.addr, buffer, part)
                       : ahci_read_memory(port, port->prdt.addr, buffer, part);
        if (!fine) {
            ahci_port_halt(port, PORT_IS_HBFS);
            return FALSE;
        }
        prdt_advance(&port->prdt, part);
        port->pio_moved += part;
        buffer += part;
        length -= part;
    }
    return TRUE;
}

/* ---- DMA ---- */

static gboolean dma_is_ready(IdeDma *dma)
{
    return ((AhciDma *)dma)->port->active != 0;
}

static gboolean dma_build(IdeDma *dma)
{
    AhciPort *port = ((AhciDma *)dma)->port;

    return ahci_prdt_build(port, &port->prdt, &dma->list, dma->wanted);
}

static void dma_ended(IdeDma *dma, gboolean fine)
{
    if (!fine) {
        ahci_port_halt(((AhciDma *)dma)->port, PORT_IS_HBFS);
    }
}

const IdeDmaOps ahci_dma_ops = {
    .is_ready = dma_is_ready,
    .build = dma_build,
    .ended = dma_ended,
};

/* ---- the course of a command ---- */

/* The device offers or wants a block: twelve bytes of packet, or data (SATA 10.3.11). */
static gboolean move_block(AhciPort *port)
{
    IdeDevice *ide = ahci_device(port);
    gboolean to_host = ide->pio.to_host, interrupt = ide->intrq;
    guint32 length = ide->pio.end - ide->pio.pos;
    guint8 *buffer = ide->buffer + ide->pio.pos;
    guint8 fis[20] = {FIS_PIO_SETUP};

    fis[1] = (guint8)((to_host ? FIS_D : 0) | (interrupt ? FIS_I : 0));
    put_registers(ide, fis);
    fis[16] = (guint8)length;
    fis[17] = (guint8)(length >> 8);
    ide_lower(ide);
    if (ide->phase == IDE_PHASE_PACKET) {
        if (!ahci_read_memory(port, port->table + TABLE_ACMD, buffer, length)) {
            ahci_port_halt(port, PORT_IS_HBFS);
            return FALSE;
        }
    } else if (!copy_block(port, buffer, length, to_host)) {
        return FALSE;
    }
    ide->pio.pos = ide->pio.end;
    ide->status &= (guint8)~STATUS_DRQ;
    ide_run_phase(ide);
    port->pio_ended = to_host && !(ide->status & (STATUS_BSY | STATUS_DRQ)) && !ide->intrq;
    fis[15] = port->pio_ended ? ide->status : STATUS_BSY | STATUS_DRDY;
    ahci_send_frame(port, AREA_PIO_SETUP, fis, sizeof(fis));
    if (interrupt) {
        ahci_port_interrupt(port, PORT_IS_PSS);
    }
    return TRUE;
}

static void complete(AhciPort *port)
{
    IdeDevice *ide = ahci_device(port);
    guint slot = port->active - 1u;
    guint32 moved = GUINT32_TO_LE(port->pio_moved + (guint32)port->dma.dma.moved);
    guint64 header = port->command_list + HEADER_SIZE * slot;

    port->active = 0;
    if (!ahci_write_memory(port, header + HEADER_PRDBC, &moved, sizeof(moved))) {
        ahci_port_halt(port, PORT_IS_HBFS);
    }
    if (port->pio_ended) {
        port->tfd = ide->status | (guint32)ide->error << 8;
    } else {
        ahci_send_d2h(port, ide->intrq);
    }
    ide_lower(ide);
    if (port->prdt.interrupt) {
        ahci_port_interrupt(port, PORT_IS_DPS);
    }
    if (ide->status & (STATUS_ERR | STATUS_DF)) {
        ahci_port_halt(port, PORT_IS_TFES);
    } else {
        port->ci &= ~(1u << slot);
    }
}

/* Takes the active command as far as it goes without the drive. */
static void pump(AhciPort *port)
{
    IdeDevice *ide = ahci_device(port);

    while (port->active && ide && !port->halted && !port->signature_due && !ide->resetting &&
           !(ide->status & STATUS_BSY)) {
        if (!(ide->status & STATUS_DRQ)) {
            complete(port);
            return;
        }
        if (ide_phase_is_dma(ide) || ide->pio.pos >= ide->pio.end || !move_block(port)) {
            if (!port->halted) { /* more data than the table has room for (6.1.5) */
                device_warn_once(&port->ahci->pci.device, "AHCI command with too small a PRDT");
                ahci_port_halt(port, PORT_IS_OFS);
            }
            return;
        }
    }
}

void ahci_progress(AhciPort *port)
{
    const IdeDevice *ide = ahci_device(port);

    if (!ide) { /* still being made */
        return;
    }
    if (!port->active && !port->signature_due && !(ide->status & STATUS_BSY)) {
        /* The command that the guest has stopped. */
        port->tfd = ide->status | (guint32)ide->error << 8;
    }
    pump(port);
    ahci_port_settle(port);
    ahci_kick(port);
}

/* ---- issuing ---- */

static void load_registers(IdeDevice *ide, const guint8 *fis)
{
    ide->feature = fis[3];
    ide->registers[IDE_LBA_LOW] = fis[4];
    ide->registers[IDE_LBA_MID] = fis[5];
    ide->registers[IDE_LBA_HIGH] = fis[6];
    ide->registers[IDE_DEVICE] = fis[7];
    ide->previous[IDE_LBA_LOW] = fis[8];
    ide->previous[IDE_LBA_MID] = fis[9];
    ide->previous[IDE_LBA_HIGH] = fis[10];
    ide->previous_feature = fis[11];
    ide->registers[IDE_COUNT] = fis[12];
    ide->previous[IDE_COUNT] = fis[13];
}

/* A frame for the Device Control register: the soft reset is two of them (SATA 11.4, AHCI 10.4.1).
 * The first one is not answered, the second one is, with the signature. */
static void control_frame(AhciPort *port, guint slot, guint8 control)
{
    IdeDevice *ide = ahci_device(port);

    if ((control & CONTROL_SRST) && !ide->held) {
        ahci_ncq_drop(port);
        ide_device_hold(ide, TRUE);
        port->signature_due = TRUE;
    } else if (!(control & CONTROL_SRST) && ide->held) {
        ide_device_hold(ide, FALSE);
        port->active = (guint8)(slot + 1);
        port->tfd |= STATUS_BSY;
        ahci_port_settle(port);
        return;
    }
    port->ci &= ~(1u << slot);
}

static void command_frame(AhciPort *port, guint slot, const guint8 *fis, const AhciPrdt *prdt)
{
    IdeDevice *ide = ahci_device(port);

    if (ide->held || ide->resetting || (ide->status & (STATUS_BSY | STATUS_DRQ))) {
        device_warn_once(&port->ahci->pci.device, "AHCI command while the device is busy");
        ahci_port_halt(port, PORT_IS_IFS);
        return;
    }
    if (!ide->kind->is_cdrom && (fis[2] == 0x60 || fis[2] == 0x61)) {
        ahci_ncq_start(port, slot, fis, prdt);
        return;
    }
    if (port->tags_busy) {
        ahci_ncq_conflict(port);
        return;
    }
    load_registers(ide, fis);
    port->active = (guint8)(slot + 1);
    port->prdt = *prdt;
    port->pio_moved = 0;
    port->pio_ended = FALSE;
    port->dma.dma.moved = 0;
    port->tfd |= STATUS_BSY;
    ide_command(ide, fis[2]);
    pump(port);
}

static void start_slot(AhciPort *port, guint slot)
{
    guint32 header[4];
    guint8 fis[FIS_H2D_SIZE];
    AhciPrdt prdt = {0};

    port->cmd = (port->cmd & ~(0x1fu << PORT_CCS_SHIFT)) | slot << PORT_CCS_SHIFT;
    if (!ahci_read_memory(port, port->command_list + HEADER_SIZE * slot, header, sizeof(header))) {
        ahci_port_halt(port, PORT_IS_HBFS);
        return;
    }
    port->table = (GUINT32_FROM_LE(header[2]) & ~0x7fu) | (guint64)GUINT32_FROM_LE(header[3]) << 32;
    prdt.entries = GUINT32_FROM_LE(header[0]) >> 16;
    prdt.next = port->table + TABLE_PRDT;
    if (!ahci_read_memory(port, port->table, fis, sizeof(fis))) {
        ahci_port_halt(port, PORT_IS_HBFS);
        return;
    }
    /* Nobody is there who would take other frames, or frames for a port multiplier's ports. */
    if ((GUINT32_FROM_LE(header[0]) & HEADER_CFL) != FIS_H2D_SIZE / 4 || fis[0] != FIS_H2D ||
        (fis[1] & 0x0f)) {
        device_warn_once(&port->ahci->pci.device, "AHCI command with a malformed frame");
        ahci_port_halt(port, PORT_IS_IFS);
        return;
    }
    if (fis[1] & FIS_C) {
        command_frame(port, slot, fis, &prdt);
    } else {
        control_frame(port, slot, fis[15]);
    }
}

static gboolean can_issue(const AhciPort *port)
{
    return port->ci && (port->cmd & PORT_CMD_ST) && !port->halted && !port->active &&
           !(port->tfd & (STATUS_BSY | STATUS_DRQ)) && ahci_device(port) && port->ssts;
}

void ahci_kick(AhciPort *port)
{
    if (port->kicking) {
        return;
    }
    port->kicking = TRUE;
    while (can_issue(port)) {
        guint slot = (port->last + 1u) % AHCI_SLOTS;

        while (!(port->ci & 1u << slot)) {
            slot = (slot + 1) % AHCI_SLOTS;
        }
        port->last = (guint8)slot;
        start_slot(port, slot);
    }
    port->kicking = FALSE;
}

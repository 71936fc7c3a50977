/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of AHCI share. References are to "Serial ATA AHCI 1.3.1 Specification" (AHCI),
 * "Serial ATA Revision 2.6" (SATA) and ATA8-ACS. Vm lock held.
 */
#pragma once

#include "hw/block/ahci.h"
#include "hw/block/ata-priv.h"

#define AHCI_PORTS 6
#define AHCI_SLOTS 32

#define GHC_RESET  0x00000001u
#define GHC_IE     0x00000002u
#define GHC_ENABLE 0x80000000u

/* PxIS, PxIE (AHCI 3.3.5) */
#define PORT_IS_DHRS 0x00000001u
#define PORT_IS_PSS  0x00000002u
#define PORT_IS_DSS  0x00000004u
#define PORT_IS_SDBS 0x00000008u
#define PORT_IS_DPS  0x00000020u
#define PORT_IS_PCS  0x00000040u /* shows PxSERR.DIAG.X */
#define PORT_IS_PRCS 0x00400000u /* shows PxSERR.DIAG.N */
#define PORT_IS_OFS  0x01000000u
#define PORT_IS_IFS  0x08000000u
#define PORT_IS_HBFS 0x20000000u
#define PORT_IS_TFES 0x40000000u
#define PORT_IE_BITS 0x7dc0007fu

/* PxCMD (3.3.7) */
#define PORT_CMD_ST       0x00000001u
#define PORT_CMD_SUD      0x00000002u
#define PORT_CMD_POD      0x00000004u
#define PORT_CMD_CLO      0x00000008u
#define PORT_CMD_FRE      0x00000010u
#define PORT_CMD_FR       0x00004000u
#define PORT_CMD_CR       0x00008000u
#define PORT_CMD_WRITABLE 0x03000011u /* DLAE, ATAPI, FRE, ST */
#define PORT_CCS_SHIFT    8

#define SERR_DIAG_N 0x00010000u
#define SERR_DIAG_X 0x04000000u

/* Command header (4.2.2) */
#define HEADER_SIZE   32
#define HEADER_CFL    0x1f
#define HEADER_PRDBC  4
#define TABLE_ACMD    0x40
#define TABLE_PRDT    0x80
#define PRD_ENTRY     16
#define PRD_INTERRUPT 0x80000000u
#define PRD_COUNT     0x003fffffu

/* Frames (SATA 10.3) */
#define FIS_H2D       0x27
#define FIS_D2H       0x34
#define FIS_DMA_SETUP 0x41
#define FIS_PIO_SETUP 0x5f
#define FIS_SDB       0xa1
#define FIS_H2D_SIZE  20
#define FIS_C         0x80 /* a command, not device control */
#define FIS_I         0x40
#define FIS_D         0x20 /* device to host */

/* Offsets in the received FIS area (4.2.1) */
#define AREA_DMA_SETUP 0x00
#define AREA_PIO_SETUP 0x20
#define AREA_D2H       0x40
#define AREA_SDB       0x58

/* Most bytes of a transfer that are not plain memory; queued ones are many. */
#define BOUNCE_MAX       (4u << 20)
#define BOUNCE_MAX_QUEUE (128u << 10)

typedef struct Ahci Ahci;
typedef struct AhciPort AhciPort;

/* The command table's list of memory, as far as it has been used. */
typedef struct AhciPrdt {
    guint64 next;       /* where the next entry is */
    guint32 entries;    /* that are left */
    guint64 addr;       /* of what is left of the entry in use */
    guint32 left;       /* bytes of that */
    gboolean interrupt; /* an entry that was used asks for an interrupt */
    gboolean broken;    /* the table could not be read */
} AhciPrdt;

/* A native queued command (ATA8-ACS 4.16, 7.36, 7.67). */
typedef struct AhciTag {
    AhciPort *port;
    gboolean busy;    /* its request is under way */
    gboolean dropped; /* nobody wants to know its end */
    gboolean write, fua, flushing;
    guint64 lba;
    guint32 count, done; /* sectors */
    guint32 step;        /* most sectors of one request; 1 while a bad one is looked for */
    guint32 requested;
    AhciPrdt prdt;
    DmaList list;
    struct iovec *part; /* of a request to a part of the list */
    BlockRequest request;
} AhciTag;

typedef struct AhciDma {
    IdeDma dma;
    AhciPort *port;
} AhciDma;

struct AhciPort {
    Ahci *ahci;
    guint n;
    IdeChannel channel;
    AhciDma dma;
    /* registers */
    guint64 command_list, fis_area;
    guint32 is, ie, cmd, tfd, signature, ssts, sctl, serr, sact, ci;
    /* the command that the device is busy with */
    guint8 active; /* slot + 1; 0 = none */
    guint8 last;   /* slot from which on the next one is looked for */
    AhciPrdt prdt;
    guint64 table;      /* command table */
    guint32 pio_moved;  /* bytes */
    gboolean pio_ended; /* the end of the data was the command's, which sends no frame of its own */
    gboolean halted;    /* by an error, until ST is cleared */
    gboolean signature_due; /* the device is in reset; it will send its signature */
    gboolean frame_due;     /* it has, but there was no place for it */
    gboolean kicking;
    AhciTag tags[AHCI_SLOTS];
    guint tags_busy;
};

struct Ahci {
    PciDevice pci;
    Region registers;
    guint32 ghc, is;
    guint32 told;       /* bits of `is` that an interrupt was sent for */
    gboolean answering; /* our own DMA waits for a device: it may be us */
    AhciPort ports[AHCI_PORTS];
};

static inline IdeDevice *ahci_device(const AhciPort *port)
{
    return port->channel.devices[0];
}

/* ---- ahci.c ---- */

/* Interrupts have come or gone. */
void ahci_update_irq(Ahci *ahci);
/* A port has become idle: a reset of the controller may be over. */
void ahci_settle(Ahci *ahci);
gboolean ahci_read_memory(AhciPort *port, guint64 addr, void *buffer, gsize length);
gboolean ahci_write_memory(AhciPort *port, guint64 addr, const void *buffer, gsize length);

/* ---- ahci-port.c ---- */

guint32 ahci_port_read(AhciPort *port, guint offset);
void ahci_port_write(AhciPort *port, guint offset, guint32 value);
void ahci_port_interrupt(AhciPort *port, guint32 bits);
/* A fatal error: no command is issued until the guest stops the port. */
void ahci_port_halt(AhciPort *port, guint32 bits);
/* Something has ended: a reset that waited for it goes on. */
void ahci_port_settle(AhciPort *port);
gboolean ahci_port_is_busy(const AhciPort *port);
void ahci_port_init(AhciPort *port, Ahci *ahci, guint n);
void ahci_port_finish(AhciPort *port);
/* Power-on or reset of the controller, with all devices. */
void ahci_port_power_on(AhciPort *port);
void ahci_port_hba_reset(AhciPort *port);

extern const StateTable ahci_port_state;

/* ---- ahci-command.c ---- */

/* Issues commands as far as possible. */
void ahci_kick(AhciPort *port);
/* The device has gone on. */
void ahci_progress(AhciPort *port);
/* Puts up to `wanted` bytes of the table's memory into the list; FALSE on a bus error. */
gboolean ahci_prdt_build(AhciPort *port, AhciPrdt *prdt, DmaList *list, guint64 wanted);
/* The device's frames. */
void ahci_send_d2h(AhciPort *port, gboolean interrupt);
void ahci_send_frame(AhciPort *port, guint offset, const guint8 *frame, guint length);

extern const IdeDmaOps ahci_dma_ops;

/* ---- ahci-ncq.c ---- */

/* READ and WRITE FPDMA QUEUED in `slot`. */
void ahci_ncq_start(AhciPort *port, guint slot, const guint8 *fis, const AhciPrdt *prdt);
/* Another command comes while some are queued: all end with an error. */
void ahci_ncq_conflict(AhciPort *port);
/* Forgets all that are under way. */
void ahci_ncq_drop(AhciPort *port);

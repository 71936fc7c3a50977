/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The registers of a port (AHCI 3.3), its resets (10.4) and the link to its device. */
#include "hw/block/ahci-priv.h"

/* Offsets of registers. */
enum {
    PX_CLB = 0x00,
    PX_CLBU = 0x04,
    PX_FB = 0x08,
    PX_FBU = 0x0c,
    PX_IS = 0x10,
    PX_IE = 0x14,
    PX_CMD = 0x18,
    PX_TFD = 0x20,
    PX_SIG = 0x24,
    PX_SSTS = 0x28,
    PX_SCTL = 0x2c,
    PX_SERR = 0x30,
    PX_SACT = 0x34,
    PX_CI = 0x38,
};

#define TFD_NO_DEVICE 0x7fu
#define SIG_NO_DEVICE 0xffffffffu

#define SCTL_BITS  0x00000fffu
#define SCTL_DET   0x0000000fu
#define DET_RESET  1
#define DET_OFF    4
#define SPEED_MAX  3           /* 6 Gb/s */
#define SSTS_UP    0x00000103u /* active, a device with communication */
#define SSTS_OFF   0x00000004u
#define SERR_BITS  0x07ff0f03u
#define SPEED_MASK 0xf

/* ---- interrupts ---- */

/* Some bits show what is in PxSERR. */
static guint32 interrupts(const AhciPort *port)
{
    return port->is | (port->serr & SERR_DIAG_X ? PORT_IS_PCS : 0) |
           (port->serr & SERR_DIAG_N ? PORT_IS_PRCS : 0);
}

static void update(AhciPort *port)
{
    if (interrupts(port) & port->ie) {
        port->ahci->is |= 1u << port->n;
    }
    ahci_update_irq(port->ahci);
}

void ahci_port_interrupt(AhciPort *port, guint32 bits)
{
    port->is |= bits;
    update(port);
}

void ahci_port_halt(AhciPort *port, guint32 bits)
{
    if (bits & PORT_IS_HBFS) {
        device_warn_once(&port->ahci->pci.device, "AHCI transfer from or to no memory");
    }
    port->halted = TRUE;
    ahci_port_interrupt(port, bits);
}

/* ---- the link and the device's resets ---- */

/* The device comes out of reset and says what it is (AHCI 10.4.2, SATA 11.2). */
static void send_signature(AhciPort *port)
{
    const IdeDevice *ide = ahci_device(port);

    port->signature_due = FALSE;
    if (port->active) { /* the second frame of a soft reset, which is answered by this */
        port->ci &= ~(1u << (port->active - 1));
        port->active = 0;
    }
    port->signature = ide->registers[IDE_COUNT] | (guint32)ide->registers[IDE_LBA_LOW] << 8 |
                      (guint32)ide->registers[IDE_LBA_MID] << 16 |
                      (guint32)ide->registers[IDE_LBA_HIGH] << 24;
    port->frame_due = !(port->cmd & PORT_CMD_FRE);
    ahci_send_d2h(port, FALSE);
}

void ahci_port_settle(AhciPort *port)
{
    const IdeDevice *ide = ahci_device(port);

    if (port->signature_due && ide && !ide->held && !ide->resetting && !ide->io_busy &&
        !port->tags_busy && (port->ssts & 0xf) == (SSTS_UP & 0xf)) {
        send_signature(port);
        ahci_kick(port);
    }
    ahci_settle(port->ahci);
}

gboolean ahci_port_is_busy(const AhciPort *port)
{
    return port->tags_busy || (ahci_device(port) && ahci_device(port)->io_busy);
}

/* Nothing that was issued is heard of again. */
static void forget_commands(AhciPort *port)
{
    port->active = 0;
    port->ci = 0;
    port->sact = 0;
    port->halted = FALSE;
    port->last = AHCI_SLOTS - 1;
    port->cmd &= ~(0x1fu << PORT_CCS_SHIFT);
    ahci_ncq_drop(port);
}

static void link_down(AhciPort *port, guint32 ssts)
{
    port->ssts = ssts;
    port->tfd = TFD_NO_DEVICE;
    port->signature = SIG_NO_DEVICE;
    port->signature_due = port->frame_due = FALSE;
}

/* Communication with a device that is in reset, or was, begins. */
static void link_up(AhciPort *port)
{
    guint32 speed = port->sctl >> 4 & SPEED_MASK;

    if (!ahci_device(port)) {
        link_down(port, 0);
        return;
    }
    speed = speed ? MIN(speed, SPEED_MAX) : SPEED_MAX;
    port->ssts = SSTS_UP | speed << 4;
    port->serr |= SERR_DIAG_X | SERR_DIAG_N;
    port->tfd = STATUS_BSY;
    port->signature_due = TRUE;
    ahci_port_settle(port);
    update(port);
}

/* COMRESET, as long as DET says so; then the link comes up (3.3.11, 10.4.2). */
static void write_sctl(AhciPort *port, guint32 value)
{
    guint before = port->sctl & SCTL_DET, now = value & SCTL_DET;

    port->sctl = value & SCTL_BITS;
    if (now == before) {
        return;
    }
    if (now == DET_RESET || now == DET_OFF) {
        forget_commands(port);
        link_down(port, now == DET_OFF ? SSTS_OFF : 0);
        if (ahci_device(port)) {
            ahci_device(port)->held = FALSE;
            ide_device_reset(ahci_device(port), TRUE);
        }
    } else if (before == DET_RESET || before == DET_OFF) {
        link_up(port);
    }
}

/* ---- command and status ---- */

static void write_cmd(AhciPort *port, guint32 value)
{
    guint32 before = port->cmd;

    port->cmd = (port->cmd & ~PORT_CMD_WRITABLE) | (value & PORT_CMD_WRITABLE);
    if ((value & PORT_CMD_CLO) && !(before & PORT_CMD_ST)) {
        port->tfd &= ~(guint32)(STATUS_BSY | STATUS_DRQ);
    }
    if ((before & PORT_CMD_ST) && !(value & PORT_CMD_ST)) {
        forget_commands(port);
    }
    if ((port->cmd & PORT_CMD_FRE) && port->frame_due) {
        port->frame_due = FALSE;
        ahci_send_d2h(port, FALSE);
    }
    ahci_kick(port);
}

static guint32 read_cmd(const AhciPort *port)
{
    guint32 value = port->cmd | PORT_CMD_SUD | PORT_CMD_POD;

    /* What is under way is let finish: memory is quiet when CR is clear. */
    if ((port->cmd & PORT_CMD_ST) || ahci_port_is_busy(port)) {
        value |= PORT_CMD_CR;
    }
    return value | (port->cmd & PORT_CMD_FRE ? PORT_CMD_FR : 0);
}

guint32 ahci_port_read(AhciPort *port, guint offset)
{
    switch (offset) {
    case PX_CLB: return (guint32)port->command_list;
    case PX_CLBU: return (guint32)(port->command_list >> 32);
    case PX_FB: return (guint32)port->fis_area;
    case PX_FBU: return (guint32)(port->fis_area >> 32);
    case PX_IS: return interrupts(port);
    case PX_IE: return port->ie;
    case PX_CMD: return read_cmd(port);
    case PX_TFD: return port->tfd;
    case PX_SIG: return port->signature;
    case PX_SSTS: return port->ssts;
    case PX_SCTL: return port->sctl;
    case PX_SERR: return port->serr;
    case PX_SACT: return port->sact;
    case PX_CI: return port->ci;
    default: return 0;
    }
}

static void put_half(guint64 *base, gboolean high, guint32 value)
{
    *base = high ? (*base & G_MAXUINT32) | (guint64)value << 32
                 : (*base & ~(guint64)G_MAXUINT32) | value;
}

void ahci_port_write(AhciPort *port, guint offset, guint32 value)
{
    switch (offset) {
    case PX_CLB: put_half(&port->command_list, FALSE, value & ~0x3ffu); break;
    case PX_CLBU: put_half(&port->command_list, TRUE, value); break;
    case PX_FB: put_half(&port->fis_area, FALSE, value & ~0xffu); break;
    case PX_FBU: put_half(&port->fis_area, TRUE, value); break;
    case PX_IS:
        port->is &= ~value;
        update(port);
        break;
    case PX_IE:
        port->ie = value & PORT_IE_BITS;
        update(port);
        break;
    case PX_CMD: write_cmd(port, value); break;
    case PX_SCTL: write_sctl(port, value); break;
    case PX_SERR:
        port->serr &= ~value;
        update(port);
        break;
    case PX_SACT:
        if (port->cmd & PORT_CMD_ST) {
            port->sact |= value;
        }
        break;
    case PX_CI:
        if (port->cmd & PORT_CMD_ST) {
            port->ci |= value;
            ahci_kick(port);
        }
        break;
    default: break;
    }
}

/* ---- lifecycle ---- */

static void reset_registers(AhciPort *port)
{
    forget_commands(port);
    port->is = port->ie = port->cmd = port->sctl = port->serr = 0;
    link_down(port, 0);
}

void ahci_port_hba_reset(AhciPort *port)
{
    reset_registers(port);
    if (ahci_device(port)) {
        ahci_device(port)->held = FALSE;
        ide_device_reset(ahci_device(port), TRUE);
    }
    link_up(port);
}

void ahci_port_power_on(AhciPort *port)
{
    reset_registers(port);
    if (port->tags_busy) {
        drive_drain(ahci_device(port)->drive);
    }
    port->command_list = port->fis_area = 0;
    link_up(port);
}

/* A disk or CD-ROM comes or goes. */
static void device_changed(void *opaque)
{
    AhciPort *port = opaque;

    if (ahci_device(port)) {
        link_up(port);
    } else {
        forget_commands(port);
        link_down(port, 0);
        port->serr |= SERR_DIAG_N;
        update(port);
    }
}

static void device_progress(void *opaque)
{
    ahci_progress(opaque);
}

static const IdeHostOps host_ops = {
    .progress = device_progress,
    .changed = device_changed,
};

/* Buses are named by the controller's id, as "ahci.0"; without one they go on where other
 * controllers' end. */
static void name_bus(const AhciPort *port, char *name, gsize size)
{
    Device *dev = &port->ahci->pci.device;
    guint n = port->n;

    if (dev->id) {
        g_snprintf(name, size, "%s.%u", dev->id, n);
        return;
    }
    do {
        g_snprintf(name, size, "ide.%u", n++);
    } while (bus_find(dev->machine->root, name) || bus_find(dev, name));
}

void ahci_port_init(AhciPort *port, Ahci *ahci, guint n)
{
    char name[128];

    port->ahci = ahci;
    port->n = n;
    port->last = AHCI_SLOTS - 1;
    name_bus(port, name, sizeof(name));
    ide_channel_init_sata(&port->channel, &ahci->pci.device, name, n, &host_ops, port);
    port->dma.port = port;
    ide_dma_init(&port->dma.dma, &ahci_dma_ops, &ahci->pci, &port->channel, BOUNCE_MAX);
    port->dma.dma.list.answering = &ahci->answering;
    for (guint i = 0; i < AHCI_SLOTS; i++) {
        port->tags[i].port = port;
        dma_list_init(&port->tags[i].list, &ahci->pci, BOUNCE_MAX_QUEUE);
        port->tags[i].list.answering = &ahci->answering;
    }
    link_down(port, 0);
}

void ahci_port_finish(AhciPort *port)
{
    g_assert(!port->tags_busy);
    for (guint i = 0; i < AHCI_SLOTS; i++) {
        dma_list_finish(&port->tags[i].list);
    }
    ide_dma_finish(&port->dma.dma);
}

/* ---- saved state; no request is under way then ---- */

static gboolean port_loaded(void *object, GError **error)
{
    AhciPort *port = object;

    port->last %= AHCI_SLOTS;
    port->active = 0;
    port->command_list &= ~(guint64)0x3ff;
    port->fis_area &= ~(guint64)0xff;
    return TRUE;
}

static const StateField port_fields[] = {
    STATE_FIELD(U64, AhciPort, command_list),
    STATE_FIELD(U64, AhciPort, fis_area),
    STATE_FIELD(U32, AhciPort, is),
    STATE_FIELD(U32, AhciPort, ie),
    STATE_FIELD(U32, AhciPort, cmd),
    STATE_FIELD(U32, AhciPort, tfd),
    STATE_FIELD(U32, AhciPort, signature),
    STATE_FIELD(U32, AhciPort, ssts),
    STATE_FIELD(U32, AhciPort, sctl),
    STATE_FIELD(U32, AhciPort, serr),
    STATE_FIELD(U32, AhciPort, sact),
    STATE_FIELD(U32, AhciPort, ci),
    STATE_FIELD(U8, AhciPort, last),
    STATE_FIELD(BOOL, AhciPort, halted),
    STATE_FIELD(BOOL, AhciPort, signature_due),
    STATE_FIELD(BOOL, AhciPort, frame_due),
    STATE_END,
};

const StateTable ahci_port_state = {1, port_fields, port_loaded};

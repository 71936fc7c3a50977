/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * UHCI from the inside: uhci.c has the registers, ports and lifecycle, uhci-schedule.c carries out
 * frames. Vm lock held.
 */
#pragma once

#include "hw/pci/pci.h"
#include "hw/usb/usb.h"

#define UHCI_PORTS 2

/* Bits of USBCMD and USBSTS (2.1). */
#define CMD_RUN     (1 << 0)
#define CMD_HCRESET (1 << 1)
#define CMD_GRESET  (1 << 2)
#define CMD_EGSM    (1 << 3)
#define CMD_FGR     (1 << 4)

#define STS_USBINT (1 << 0)
#define STS_ERROR  (1 << 1)
#define STS_RESUME (1 << 2)
#define STS_HSE    (1 << 3)
#define STS_HCPE   (1 << 4)
#define STS_HALTED (1 << 5)

#define UHCI_FRAME_BYTES 1280 /* what a frame holds, and the longest packet */

typedef struct Uhci Uhci;

struct Uhci {
    PciDevice pci;
    Region io;
    UsbBus *bus; /* NULL: a companion, whose ports are of an EHCI's bus */
    UsbPort ports[UHCI_PORTS];
    char *master;       /* masterbus=, that bus; NULL = has a bus of its own */
    guint64 first_port; /* firstport=, of that bus */
    guint16 port_status[UHCI_PORTS];
    guint16 command, status, enable, frame;
    guint32 base;
    guint8 sof;
    gboolean ioc, is_short; /* what STS_USBINT is for */
    Timer timer;
    guint64 next_frame; /* guest time, ns */
    guint64 frames;     /* how many have been carried out */
    guint32 idle;       /* frames in a row in which nothing moved */
    gboolean walking;   /* the schedule */
    GPtrArray *kept;    /* what devices keep, see uhci-schedule.c */
    guint8 data[UHCI_FRAME_BYTES];
};

/* Prepares and frees what the schedule needs. */
void uhci_schedule_init(Uhci *uhci);
void uhci_schedule_finish(Uhci *uhci);

/* Frames begin, one millisecond from now. */
void uhci_schedule_start(Uhci *uhci);
/* Halts. */
void uhci_schedule_stop(Uhci *uhci);
/* Something may have changed: each frame at its time again. */
void uhci_schedule_kick(Uhci *uhci);
/* FRNUM. */
guint16 uhci_schedule_frame(Uhci *uhci);
/* Takes back what devices keep. */
void uhci_schedule_forget(Uhci *uhci);

/* Sets the interrupt line as status and enable bits say. */
void uhci_update_irq(Uhci *uhci);

/* The device with this address at an enabled port; NULL if nobody answers. */
UsbDevice *uhci_find_device(Uhci *uhci, guint address);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * EHCI from the inside; section numbers are of the "Enhanced Host Controller Interface
 * Specification for Universal Serial Bus", revision 1.0.
 *
 * ehci.c has registers and lifecycle, ehci-port.c the ports and who has them, ehci-schedule.c the
 * clock and the two lists, ehci-queue.c queue heads and their transfers, ehci-iso.c the
 * isochronous descriptors. Vm lock held.
 */
#pragma once

#include "hw/pci/pci.h"
#include "hw/usb/usb.h"

#define EHCI_PORTS           6
#define EHCI_COMPANION_PORTS 2 /* that a UHCI has */

/* USBCMD (2.3.1). */
#define CMD_RUN         (1u << 0)
#define CMD_RESET       (1u << 1)
#define CMD_SIZE_SHIFT  2
#define CMD_SIZE        (3u << CMD_SIZE_SHIFT)
#define CMD_PERIODIC    (1u << 4)
#define CMD_ASYNC       (1u << 5)
#define CMD_DOORBELL    (1u << 6)
#define CMD_LIGHT_RESET (1u << 7)
#define CMD_THRESHOLD   (0xffu << 16)
#define CMD_SCHEDULES   (CMD_PERIODIC | CMD_ASYNC)
#define CMD_KEPT        (CMD_RUN | CMD_SIZE | CMD_SCHEDULES | CMD_DOORBELL | CMD_THRESHOLD)

/* USBSTS (2.3.2); the lower six are interrupts, which USBINTR enables. */
#define STS_INT        (1u << 0)
#define STS_ERROR      (1u << 1)
#define STS_PORT       (1u << 2)
#define STS_ROLLOVER   (1u << 3)
#define STS_HSE        (1u << 4)
#define STS_ADVANCE    (1u << 5)
#define STS_INTERRUPTS 0x3fu
#define STS_HALTED     (1u << 12)
#define STS_RECLAIM    (1u << 13)
#define STS_PERIODIC   (1u << 14)
#define STS_ASYNC      (1u << 15)

/* Link pointers (3). */
#define LINK_END  (1u << 0)
#define LINK_TYPE (3u << 1)
#define LINK_ADDR 0xffffffe0u

#define LINK_ITD   0u
#define LINK_QUEUE (1u << 1)
#define LINK_SITD  (2u << 1)

#define EHCI_PAGE         4096u
#define EHCI_PAGES        5
#define EHCI_TRANSFER_MAX (EHCI_PAGES * EHCI_PAGE)

#define EHCI_UFRAMES 8 /* in a frame */

typedef struct Ehci Ehci;

/* A packet to a device: its queue's, until that has been told how it went. */
typedef struct EhciKept {
    Ehci *ehci;
    UsbPacket packet;
    guint32 queue, td, token; /* whose: the queue head, its descriptor, and the overlay's token */
    guint64 seen;             /* the walk that last met the queue */
    gboolean periodic, over;
    guint8 data[EHCI_TRANSFER_MAX];
} EhciKept;

typedef struct EhciPort {
    UsbPort port;
    UsbPort *companion; /* what its companion knows it by; NULL = has none */
} EhciPort;

struct Ehci {
    PciDevice pci;
    Region bar;
    UsbBus *bus;
    EhciPort ports[EHCI_PORTS];
    guint32 port_status[EHCI_PORTS]; /* PORTSC */
    guint32 command, status, enable, config_flag;
    guint32 periodic, async; /* list addresses */
    gboolean walking;        /* the lists: registers stay as they are */
    gboolean went_round;     /* the last walk has met the whole async list */
    guint32 events;          /* STS_INT, STS_ERROR: told at the end of a walk */
    /* Time. FRINDEX counts microframes since `epoch` while the controller runs. */
    guint64 epoch;         /* guest time, ns */
    guint64 next_frame;    /* since the epoch: the first that has not been carried out */
    guint64 rollover_seen; /* the frame up to which STS_ROLLOVER tells of the list's end */
    guint32 stopped_at;    /* FRINDEX while it does not run */
    guint32 idle;          /* frames in a row in which nothing moved */
    guint64 walks;
    Timer timer;
    GPtrArray *kept;  /* of EhciKept: what devices keep */
    GPtrArray *spare; /* of EhciKept: not in use */
};

/* ---- ehci.c ---- */

/* Sets the interrupt line as status and enable bits say. */
void ehci_update_irq(Ehci *ehci);
/* Guest memory. FALSE: there is none, and the controller has halted (host system error). */
gboolean ehci_read(Ehci *ehci, guint32 addr, guint32 *words, guint count);
gboolean ehci_write(Ehci *ehci, guint32 addr, const guint32 *words, guint count);
gboolean ehci_read_data(Ehci *ehci, guint32 addr, guint8 *data, gsize length);
gboolean ehci_write_data(Ehci *ehci, guint32 addr, const guint8 *data, gsize length);

/* ---- ehci-port.c ---- */

void ehci_ports_init(Ehci *ehci);
void ehci_ports_finish(Ehci *ehci);
void ehci_ports_reset(Ehci *ehci);
/* CONFIGFLAG has changed: every port goes to us, or to its companion. */
void ehci_ports_route(Ehci *ehci, gboolean ours);
void ehci_port_write(Ehci *ehci, guint n, guint32 value);
/* After loading: devices are where port_status says. */
void ehci_ports_loaded(Ehci *ehci);
guint ehci_companions(const Ehci *ehci);
/* The device with this address at an enabled port of ours; NULL if nobody answers. */
UsbDevice *ehci_find_device(Ehci *ehci, guint address);

/* ---- ehci-schedule.c ---- */

void ehci_schedule_init(Ehci *ehci);
void ehci_schedule_finish(Ehci *ehci);
void ehci_schedule_start(Ehci *ehci);
void ehci_schedule_stop(Ehci *ehci);
/* Something may have changed: looks at the lists again soon. */
void ehci_schedule_kick(Ehci *ehci);
guint32 ehci_frindex(const Ehci *ehci);
/* Takes note that the frame list has been left behind at its end. */
void ehci_update_rollover(Ehci *ehci);

/* ---- ehci-queue.c ---- */

typedef enum EhciProgress {
    EHCI_IDLE,   /* has nothing to do */
    EHCI_WAITS,  /* for its device */
    EHCI_MOVED,  /* something was done */
    EHCI_FAILED, /* the controller has halted */
} EhciProgress;

/*
 * Carries out what the queue head at `addr` has to do, within `budget` (bytes; an empty packet
 * counts too). Of a periodic one that is one transaction, in the first microframe of its mask from
 * `*uframe` on, which is moved behind it; of an async one (`uframe` NULL) as much as its device
 * takes. `*next` is where the list goes on; untouched if the queue head could not be read.
 */
EhciProgress ehci_queue_run(Ehci *ehci, guint32 addr, guint *uframe, gssize *budget, guint32 *next);
/* Takes back what devices keep: everything, or what the async list has not met in the last walk. */
void ehci_forget(Ehci *ehci);
void ehci_forget_unseen(Ehci *ehci);
void ehci_queues_finish(Ehci *ehci);

/* ---- ehci-iso.c ---- */

/* One frame of an isochronous descriptor, or of a split one. */
EhciProgress ehci_itd_run(Ehci *ehci, guint32 addr, guint32 *next);
EhciProgress ehci_sitd_run(Ehci *ehci, guint32 addr, guint32 *next);

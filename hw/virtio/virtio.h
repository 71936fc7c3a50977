/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtio devices (OASIS Virtual I/O Device 1.2), on the modern PCI transport (4.1).
 *
 * A device's state begins with a VirtioDevice and its type is a VirtioOps, which begins with a
 * PciDeviceOps. virtio-pci.c does everything that the kinds of devices have in common: registers,
 * feature negotiation, status, interrupts; virtio-queue.c reads and checks split virtqueues. A
 * queue or chain that breaks the rules breaks the device: it warns once, sets NEEDS_RESET and does
 * nothing until the driver has reset it. Everything: vm lock held.
 */
#pragma once

#include "hw/pci/msix.h"
#include "hw/pci/pci.h"

#define VIRTIO_MAX_QUEUES   8
#define VIRTIO_CONFIG_SIZE  256
#define VIRTIO_WINDOW_SIZE  0x4000 /* of the registers */
#define VIRTIO_MAX_SEGMENTS 1024   /* in one chain of descriptors */

#define VIRTIO_F_INDIRECT_DESC (1ULL << 28)
#define VIRTIO_F_EVENT_IDX     (1ULL << 29)
#define VIRTIO_F_VERSION_1     (1ULL << 32)

/* Device IDs (5). */
#define VIRTIO_ID_RNG     4
#define VIRTIO_ID_BALLOON 5
#define VIRTIO_ID_GPU     16
#define VIRTIO_ID_INPUT   18

/* PCI's device ID (4.1.2.1) */
#define VIRTIO_PCI_DEVICE_ID(id) (0x1040 + (id))

typedef struct VirtioDevice VirtioDevice;
typedef struct VirtioOps VirtioOps;

typedef struct VirtioSegment {
    guint64 addr;
    guint32 length;
} VirtioSegment;

/* A chain of descriptors: first what the device reads, then what it writes. */
typedef struct VirtioChain {
    guint16 head;
    guint out_count, in_count; /* of segments: the first out_count are read */
    guint64 out_size, in_size; /* bytes */
    VirtioSegment segments[VIRTIO_MAX_SEGMENTS];
} VirtioChain;

typedef struct VirtQueue {
    VirtioDevice *virtio;
    guint16 size_max;
    guint16 size;
    guint16 vector;
    gboolean enabled;
    guint64 desc, avail, used; /* guest physical */
    guint16 next_avail;        /* of the chain that comes next */
    guint16 next_used;
    guint16 signalled; /* next_used when the driver was last told or spared */
    gboolean signalled_valid;
} VirtQueue;

struct VirtioOps {
    PciDeviceOps pci;
    guint64 features; /* what it always offers, without those of the transport */
    guint queues;
    guint16 queue_size; /* most that the driver may choose, a power of two */
    guint config_size;  /* of virtio->config */
    /* Where the window of registers and MSI-X are. 0 = a BAR 4 of its own and BAR 1; otherwise the
     * device puts virtio->registers there. */
    guint8 window_bar, msix_bar;
    guint32 window_offset;
    /* The bytes of the configuration that the driver can write, and what follows. */
    guint config_writable, config_writable_size;
    void (*config_written)(VirtioDevice *virtio); /* NULL = nothing */
    /* Required. The driver says that there is something in the queue. Only while DRIVER_OK. */
    void (*notify)(VirtioDevice *virtio, guint queue);
    /* The driver has set DRIVER_OK, or reset the device. NULL = nothing. */
    void (*started)(VirtioDevice *virtio, gboolean started);
};

/* First member of every virtio device's state. */
struct VirtioDevice {
    PciDevice pci;
    gint disable_legacy; /* options; see VIRTIO_OPTIONS */
    gboolean disable_modern, indirect_desc, event_idx;
    guint64 vectors;
    guint64 offered; /* features; a device may add its own in realize() */
    guint64 accepted;
    guint32 offered_select, accepted_select;
    guint16 config_vector, queue_select;
    guint8 status, isr, generation;
    gboolean broken;
    guint8 config[VIRTIO_CONFIG_SIZE];
    VirtQueue queues[VIRTIO_MAX_QUEUES];
    guint8 cfg_capability; /* where PCI configuration access is */
    VirtioChain *chain;    /* the one that virtio_peek() has found last */
    Region registers;
    Msix msix;
};

extern const char *const virtio_legacy_names[];

#define VIRTIO_OPTIONS(vectors_default)                                                       \
    {"disable-legacy",                                                                        \
     OPTION_ENUM,                                                                             \
     G_STRUCT_OFFSET(VirtioDevice, disable_legacy),                                           \
     "auto",                                                                                  \
     "there is no legacy interface: on or auto",                                              \
     .values = virtio_legacy_names},                                                          \
        {"disable-modern", OPTION_BOOL, G_STRUCT_OFFSET(VirtioDevice, disable_modern), "off", \
         "there is no other interface: off"},                                                 \
        {"indirect_desc", OPTION_BOOL, G_STRUCT_OFFSET(VirtioDevice, indirect_desc), "on",    \
         "offer indirect descriptors"},                                                       \
        {"event_idx", OPTION_BOOL, G_STRUCT_OFFSET(VirtioDevice, event_idx), "on",            \
         "offer to suppress notifications by index"},                                         \
    {                                                                                         \
        "vectors", OPTION_UINT, G_STRUCT_OFFSET(VirtioDevice, vectors), vectors_default,      \
            "MSI-X vectors, 0 = only INTx", 0, MSIX_VECTORS_MAX                               \
    }

extern const StateTable virtio_state;
/* First field of the state table of every virtio device. */
#define VIRTIO_STATE                                                         \
    {                                                                        \
        "virtio", STATE_STRUCT, 0, 1, sizeof(VirtioDevice), 1, &virtio_state \
    }

/* The rows of PciDeviceOps that are the same for all. */
#define VIRTIO_PCI(id, class)                                                                   \
    .vendor_id = PCI_VENDOR_REDHAT, .device_id = VIRTIO_PCI_DEVICE_ID(id), .class_code = class, \
    .revision = 1, .interrupt_pin = 1, .config_read = virtio_config_read,                       \
    .config_write = virtio_config_write

guint32 virtio_config_read(PciDevice *pci, guint addr, guint size);
void virtio_config_write(PciDevice *pci, guint addr, guint32 value, guint size);

static inline const VirtioOps *virtio_ops(const VirtioDevice *virtio)
{
    return (const VirtioOps *)virtio->pci.device.ops;
}

/* First thing in realize(); and last in unrealize() and in reset(). */
gboolean virtio_init(VirtioDevice *virtio, GError **error);
void virtio_finish(VirtioDevice *virtio);
void virtio_reset(Device *dev);

/* The driver works with the device. */
gboolean virtio_is_live(const VirtioDevice *virtio);
static inline gboolean virtio_has(const VirtioDevice *virtio, guint64 feature)
{
    return (virtio->accepted & feature) != 0;
}

/* The device has changed virtio->config: tells the driver. */
void virtio_config_changed(VirtioDevice *virtio);

/* The driver has broken a rule; `what` is a literal. */
void virtio_break(VirtioDevice *virtio, const char *what);

/* ---- queues ---- */

/*
 * The next chain that the driver has made available, checked; NULL if there is none (or the device
 * broke). It stays the next one until virtio_push(), and valid until the next call.
 */
VirtioChain *virtio_peek(VirtioDevice *virtio, guint queue);

/* Gives the chain of virtio_peek() back; the device has written `written` bytes. */
void virtio_push(VirtioDevice *virtio, guint queue, const VirtioChain *chain, guint32 written);

/* After pushes: interrupts the driver unless it does not want to know. */
void virtio_signal(VirtioDevice *virtio, guint queue);

/*
 * Copies from the read part at `offset`, to the written part: as much as there is. Returns how
 * many bytes that were; memory that is not RAM breaks the device.
 */
gsize virtio_read(VirtioDevice *virtio, const VirtioChain *chain, guint64 offset, void *buffer,
                  gsize length);
gsize virtio_write(VirtioDevice *virtio, const VirtioChain *chain, guint64 offset,
                   const void *buffer, gsize length);

/* Guest RAM at any address; FALSE without a warning if it is not RAM. */
gboolean virtio_memory(VirtioDevice *virtio, guint64 addr, void *buffer, gsize length,
                       gboolean is_write);

/* ---- between virtio-pci.c and virtio-queue.c ---- */

/* The driver enables a queue: FALSE if its parts cannot be where it says. */
gboolean virtio_queue_check(const VirtQueue *queue);
void virtio_queue_reset(VirtQueue *queue);
void virtio_interrupt(VirtioDevice *virtio, guint16 vector, guint8 reason);
#define VIRTIO_ISR_QUEUE  1
#define VIRTIO_ISR_CONFIG 2

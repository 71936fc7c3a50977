/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PCI transport of virtio devices (Virtual I/O Device 1.2, 4.1): one window of registers in
 * BAR 4, found through capabilities, and the same through configuration space; MSI-X in BAR 1.
 */
#include <string.h>

#include "core/error.h"
#include "hw/pci/pcie.h"
#include "hw/virtio/virtio.h"

/* The window, and its parts of a page each */
#define WINDOW_BAR  4
#define MSIX_BAR    1
#define WINDOW_SIZE VIRTIO_WINDOW_SIZE
#define PART_SIZE   0x1000
#define COMMON      0x0000
#define ISR         0x1000
#define DEVICE      0x2000
#define NOTIFY      0x3000

/* Capabilities (4.1.4) */
#define CAPABILITY_VENDOR 0x09
#define CAPABILITY_TYPE   3
#define CAPABILITY_BAR    4
#define CAPABILITY_OFFSET 8
#define CAPABILITY_LENGTH 12
#define CAPABILITY_EXTRA  16 /* notify: multiplier; PCI access: the data */
#define CAPABILITY_SIZE   16
#define TYPE_COMMON       1
#define TYPE_NOTIFY       2
#define TYPE_ISR          3
#define TYPE_DEVICE       4
#define TYPE_PCI          5
#define NOTIFY_MULTIPLIER 4

/* Common configuration (4.1.4.3) */
#define DEVICE_FEATURE_SELECT 0x00
#define DEVICE_FEATURE        0x04
#define DRIVER_FEATURE_SELECT 0x08
#define DRIVER_FEATURE        0x0c
#define CONFIG_VECTOR         0x10
#define NUM_QUEUES            0x12
#define DEVICE_STATUS         0x14
#define CONFIG_GENERATION     0x15
#define QUEUE_SELECT          0x16
#define QUEUE_SIZE            0x18
#define QUEUE_VECTOR          0x1a
#define QUEUE_ENABLE          0x1c
#define QUEUE_NOTIFY_OFFSET   0x1e
#define QUEUE_DESC            0x20
#define QUEUE_DRIVER          0x28
#define QUEUE_DEVICE          0x30
#define COMMON_SIZE           0x38

/* Device status (2.1) */
#define STATUS_DRIVER_OK   0x04
#define STATUS_FEATURES_OK 0x08
#define STATUS_NEEDS_RESET 0x40
#define STATUS_DRIVER      0x8f /* what a driver sets */

#define NO_VECTOR 0xffff

enum { LEGACY_AUTO, LEGACY_ON, LEGACY_OFF };
const char *const virtio_legacy_names[] = {"auto", "on", "off", NULL};

/* ---- interrupts ---- */

void virtio_interrupt(VirtioDevice *virtio, guint16 vector, guint8 reason)
{
    if (msix_enabled(&virtio->pci)) {
        if (vector != NO_VECTOR) {
            msix_notify(&virtio->pci, vector);
        }
        return;
    }
    virtio->isr |= reason;
    pci_set_irq(&virtio->pci, TRUE);
}

void virtio_config_changed(VirtioDevice *virtio)
{
    virtio->generation++;
    if (virtio->status & STATUS_DRIVER_OK) {
        virtio_interrupt(virtio, virtio->config_vector, VIRTIO_ISR_CONFIG);
    }
}

void virtio_break(VirtioDevice *virtio, const char *what)
{
    device_warn_once(&virtio->pci.device, what);
    if (virtio->broken) {
        return;
    }
    virtio->broken = TRUE;
    virtio->status |= STATUS_NEEDS_RESET;
    virtio_config_changed(virtio);
}

gboolean virtio_is_live(const VirtioDevice *virtio)
{
    return (virtio->status & STATUS_DRIVER_OK) && !virtio->broken;
}

/* ---- status and features ---- */

/* What the driver's reset does, and the machine's. */
static void reset_virtio(VirtioDevice *virtio)
{
    gboolean was_started = (virtio->status & STATUS_DRIVER_OK) != 0;

    virtio->accepted = 0;
    virtio->offered_select = virtio->accepted_select = 0;
    virtio->queue_select = 0;
    virtio->config_vector = NO_VECTOR;
    virtio->status = virtio->isr = 0;
    virtio->broken = FALSE;
    for (guint i = 0; i < virtio_ops(virtio)->queues; i++) {
        virtio_queue_reset(&virtio->queues[i]);
    }
    pci_set_irq(&virtio->pci, FALSE);
    if (was_started && virtio_ops(virtio)->started) {
        virtio_ops(virtio)->started(virtio, FALSE);
    }
}

static void write_status(VirtioDevice *virtio, guint8 value)
{
    guint8 old = virtio->status;

    if (!value) {
        reset_virtio(virtio);
        return;
    }
    value &= STATUS_DRIVER;
    /* 3.1.1: the device may refuse a choice of features; 6.1: VERSION_1 must be one of them. */
    if (!(old & STATUS_FEATURES_OK) && (value & STATUS_FEATURES_OK) &&
        (!virtio_has(virtio, VIRTIO_F_VERSION_1) || (virtio->accepted & ~virtio->offered))) {
        value &= (guint8)~STATUS_FEATURES_OK;
    }
    if (!(value & STATUS_FEATURES_OK)) {
        value &= (guint8)~STATUS_DRIVER_OK;
    }
    /* The driver only sets bits (2.1.1). */
    virtio->status = (guint8)(old | value);
    if (!(old & STATUS_DRIVER_OK) && (value & STATUS_DRIVER_OK) && virtio_ops(virtio)->started) {
        virtio_ops(virtio)->started(virtio, TRUE);
    }
}

static void write_features(VirtioDevice *virtio, guint32 value)
{
    guint shift = virtio->accepted_select * 32;

    if (virtio->accepted_select > 1 || (virtio->status & STATUS_FEATURES_OK)) {
        return;
    }
    virtio->accepted = (virtio->accepted & ~((guint64)G_MAXUINT32 << shift)) | (guint64)value
                                                                                   << shift;
}

/* ---- common configuration ---- */

static VirtQueue *selected_queue(VirtioDevice *virtio)
{
    return virtio->queue_select < virtio_ops(virtio)->queues ? &virtio->queues[virtio->queue_select]
                                                             : NULL;
}

static guint64 read_queue(VirtioDevice *virtio, const VirtQueue *queue, guint reg)
{
    if (!queue) {
        return 0;
    }
    switch (reg) {
    case QUEUE_SIZE: return queue->size;
    case QUEUE_VECTOR: return queue->vector;
    case QUEUE_ENABLE: return queue->enabled;
    case QUEUE_NOTIFY_OFFSET: return virtio->queue_select;
    case QUEUE_DESC: return queue->desc;
    case QUEUE_DRIVER: return queue->avail;
    case QUEUE_DEVICE: return queue->used;
    default: return 0;
    }
}

static guint64 read_common_register(VirtioDevice *virtio, guint reg)
{
    switch (reg) {
    case DEVICE_FEATURE_SELECT: return virtio->offered_select;
    case DEVICE_FEATURE:
        return virtio->offered_select < 2 ? virtio->offered >> virtio->offered_select * 32 : 0;
    case DRIVER_FEATURE_SELECT: return virtio->accepted_select;
    case DRIVER_FEATURE:
        return virtio->accepted_select < 2 ? virtio->accepted >> virtio->accepted_select * 32 : 0;
    case CONFIG_VECTOR: return virtio->config_vector;
    case NUM_QUEUES: return virtio_ops(virtio)->queues;
    case DEVICE_STATUS: return virtio->status;
    case CONFIG_GENERATION: return virtio->generation;
    case QUEUE_SELECT: return virtio->queue_select;
    default: return read_queue(virtio, selected_queue(virtio), reg);
    }
}

/* Registers, their sizes being the distance to the next one. */
static const guint8 registers[] = {
    DEVICE_FEATURE_SELECT, DEVICE_FEATURE, DRIVER_FEATURE_SELECT, DRIVER_FEATURE,
    CONFIG_VECTOR,         NUM_QUEUES,     DEVICE_STATUS,         CONFIG_GENERATION,
    QUEUE_SELECT,          QUEUE_SIZE,     QUEUE_VECTOR,          QUEUE_ENABLE,
    QUEUE_NOTIFY_OFFSET,   QUEUE_DESC,     QUEUE_DRIVER,          QUEUE_DEVICE,
};

/* The register that holds this byte. */
static guint register_at(guint addr)
{
    guint i = G_N_ELEMENTS(registers) - 1;

    while (registers[i] > addr) {
        i--;
    }
    return registers[i];
}

static guint64 read_common(VirtioDevice *virtio, guint addr)
{
    guint reg;

    if (addr >= COMMON_SIZE) {
        return 0;
    }
    reg = register_at(addr);
    return read_common_register(virtio, reg) >> (addr - reg) * 8;
}

static guint16 check_vector(VirtioDevice *virtio, guint64 value)
{
    return value < msix_vectors(&virtio->pci) ? (guint16)value : NO_VECTOR;
}

/* Half of a 64-bit address. */
static void set_half(guint64 *address, guint at, guint64 value)
{
    guint shift = at ? 32 : 0;

    *address = (*address & ~((guint64)G_MAXUINT32 << shift)) | (value & G_MAXUINT32) << shift;
}

static void enable_queue(VirtioDevice *virtio, VirtQueue *queue)
{
    if (virtio_queue_check(queue)) {
        queue->enabled = TRUE;
    } else {
        virtio_break(virtio, "a virtqueue of a wrong size or place was enabled");
    }
}

static void write_queue(VirtioDevice *virtio, VirtQueue *queue, guint addr, guint64 value)
{
    guint reg = register_at(addr);

    if (!queue || (queue->enabled && reg != QUEUE_VECTOR)) {
        return;
    }
    switch (reg) {
    case QUEUE_SIZE: queue->size = (guint16)MIN(value & 0xffff, queue->size_max); break;
    case QUEUE_VECTOR: queue->vector = check_vector(virtio, value & 0xffff); break;
    case QUEUE_ENABLE:
        if ((value & 0xffff) == 1) {
            enable_queue(virtio, queue);
        }
        break;
    case QUEUE_DESC: set_half(&queue->desc, addr & 4, value); break;
    case QUEUE_DRIVER: set_half(&queue->avail, addr & 4, value); break;
    case QUEUE_DEVICE: set_half(&queue->used, addr & 4, value); break;
    default: break;
    }
}

static void write_common(VirtioDevice *virtio, guint addr, guint64 value)
{
    switch (addr) {
    case DEVICE_FEATURE_SELECT: virtio->offered_select = (guint32)value; break;
    case DRIVER_FEATURE_SELECT: virtio->accepted_select = (guint32)value; break;
    case DRIVER_FEATURE: write_features(virtio, (guint32)value); break;
    case CONFIG_VECTOR: virtio->config_vector = check_vector(virtio, value & 0xffff); break;
    case DEVICE_STATUS: write_status(virtio, (guint8)value); break;
    case QUEUE_SELECT: virtio->queue_select = (guint16)value; break;
    default:
        if (addr >= QUEUE_SIZE && addr < COMMON_SIZE && addr % 2 == 0) {
            write_queue(virtio, selected_queue(virtio), addr, value);
        }
        break;
    }
}

/* ---- the window ---- */

static guint64 read_isr(VirtioDevice *virtio)
{
    guint8 isr = virtio->isr;

    virtio->isr = 0;
    pci_set_irq(&virtio->pci, FALSE);
    return isr;
}

static guint64 read_device(VirtioDevice *virtio, guint addr, guint size)
{
    guint64 value = 0;

    for (guint i = 0; i < size && addr + i < virtio_ops(virtio)->config_size; i++) {
        value |= (guint64)virtio->config[addr + i] << i * 8;
    }
    return value;
}

static void write_device(VirtioDevice *virtio, guint addr, guint64 value, guint size)
{
    const VirtioOps *ops = virtio_ops(virtio);
    gboolean any = FALSE;

    for (guint i = 0; i < size; i++) {
        if (addr + i >= ops->config_writable &&
            addr + i < ops->config_writable + ops->config_writable_size) {
            virtio->config[addr + i] = (guint8)(value >> i * 8);
            any = TRUE;
        }
    }
    if (any) {
        ops->config_written(virtio);
    }
}

static guint64 window_read(void *opaque, guint64 addr, guint size)
{
    VirtioDevice *virtio = opaque;
    guint at = (guint)(addr % PART_SIZE);
    guint64 value = 0;

    switch (addr - at) {
    case COMMON: value = read_common(virtio, at); break;
    case ISR: value = at ? 0 : read_isr(virtio); break;
    case DEVICE: value = read_device(virtio, at, size); break;
    default: break;
    }
    return size < 8 ? value & ((1ULL << size * 8) - 1) : value;
}

static void window_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    VirtioDevice *virtio = opaque;
    guint at = (guint)(addr % PART_SIZE);
    guint queue = at / NOTIFY_MULTIPLIER;

    switch (addr - at) {
    case COMMON: write_common(virtio, at, value); break;
    case DEVICE: write_device(virtio, at, value, size); break;
    case NOTIFY:
        if (queue < virtio_ops(virtio)->queues && virtio_is_live(virtio)) {
            virtio_ops(virtio)->notify(virtio, queue);
        }
        break;
    default: break;
    }
}

static const IoOps window_ops = {window_read, window_write, .min_size = 1, .max_size = 4};

/* ---- PCI configuration access (4.1.4.9) ---- */

static guint8 window_bar(VirtioDevice *virtio)
{
    guint8 own = virtio_ops(virtio)->window_bar;
    return own ? own : WINDOW_BAR;
}

/* Whether an access touches the data register; then what it leads to. */
static gboolean find_access(VirtioDevice *virtio, guint addr, guint size, guint64 *offset,
                            guint *length)
{
    guint at = virtio->cfg_capability;

    if (addr + size <= at + CAPABILITY_EXTRA || addr >= at + CAPABILITY_EXTRA + 4) {
        return FALSE;
    }
    *offset = (guint64)pci_get_long(&virtio->pci, at + CAPABILITY_OFFSET) -
              virtio_ops(virtio)->window_offset; /* what is before wraps, far above the window */
    *length = pci_get_long(&virtio->pci, at + CAPABILITY_LENGTH);
    return virtio->pci.config[at + CAPABILITY_BAR] == window_bar(virtio) &&
           (*length == 1 || *length == 2 || *length == 4) && *offset % *length == 0 &&
           *offset <= WINDOW_SIZE - *length;
}

guint32 virtio_config_read(PciDevice *pci, guint addr, guint size)
{
    VirtioDevice *virtio = (VirtioDevice *)pci;
    guint64 offset;
    guint length;

    if (find_access(virtio, addr, size, &offset, &length)) {
        pci_set_long(pci, virtio->cfg_capability + CAPABILITY_EXTRA,
                     (guint32)window_read(virtio, offset, length));
    }
    return pci_config_read_default(pci, addr, size);
}

void virtio_config_write(PciDevice *pci, guint addr, guint32 value, guint size)
{
    VirtioDevice *virtio = (VirtioDevice *)pci;
    guint64 offset;
    guint length;

    pci_config_write_default(pci, addr, value, size);
    if (find_access(virtio, addr, size, &offset, &length)) {
        window_write(virtio, offset, pci_get_long(pci, virtio->cfg_capability + CAPABILITY_EXTRA),
                     length);
    }
}

/* ---- lifecycle ---- */

static guint add_capability(VirtioDevice *virtio, guint8 type, guint32 offset, guint32 length,
                            guint extra)
{
    PciDevice *pci = &virtio->pci;
    guint at = pci_add_capability(pci, CAPABILITY_VENDOR, CAPABILITY_SIZE + extra);

    pci->config[at + 2] = (guint8)(CAPABILITY_SIZE + extra);
    pci->config[at + CAPABILITY_TYPE] = type;
    pci->config[at + CAPABILITY_BAR] = type == TYPE_PCI ? 0 : window_bar(virtio);
    pci_set_long(pci, at + CAPABILITY_OFFSET,
                 type == TYPE_PCI ? 0 : virtio_ops(virtio)->window_offset + offset);
    pci_set_long(pci, at + CAPABILITY_LENGTH, length);
    return at;
}

static void add_capabilities(VirtioDevice *virtio)
{
    const VirtioOps *ops = virtio_ops(virtio);
    PciDevice *pci = &virtio->pci;
    guint at;

    add_capability(virtio, TYPE_COMMON, COMMON, COMMON_SIZE, 0);
    add_capability(virtio, TYPE_ISR, ISR, 1, 0);
    if (ops->config_size) {
        add_capability(virtio, TYPE_DEVICE, DEVICE, ops->config_size, 0);
    }
    at = add_capability(virtio, TYPE_NOTIFY, NOTIFY, ops->queues * NOTIFY_MULTIPLIER, 4);
    pci_set_long(pci, at + CAPABILITY_EXTRA, NOTIFY_MULTIPLIER);
    at = add_capability(virtio, TYPE_PCI, 0, 0, 4);
    virtio->cfg_capability = (guint8)at;
    pci->writable[at + CAPABILITY_BAR] = 0xff;
    memset(&pci->writable[at + CAPABILITY_OFFSET], 0xff, 12);
}

gboolean virtio_init(VirtioDevice *virtio, GError **error)
{
    const VirtioOps *ops = virtio_ops(virtio);
    PciDevice *pci = &virtio->pci;

    if (virtio->disable_legacy == LEGACY_OFF || virtio->disable_modern) {
        return error_set(error,
                         "%s has no legacy interface, only the modern one: leave disable-legacy "
                         "and disable-modern out",
                         pci->device.ops->name);
    }
    g_assert(ops->queues <= VIRTIO_MAX_QUEUES && ops->config_size <= VIRTIO_CONFIG_SIZE);
    virtio->offered = ops->features | VIRTIO_F_VERSION_1 |
                      (virtio->indirect_desc ? VIRTIO_F_INDIRECT_DESC : 0) |
                      (virtio->event_idx ? VIRTIO_F_EVENT_IDX : 0);
    virtio->chain = g_new(VirtioChain, 1);
    for (guint i = 0; i < ops->queues; i++) {
        virtio->queues[i].virtio = virtio;
        virtio->queues[i].size_max = ops->queue_size;
    }
    if (virtio->vectors) {
        msix_init_bar(&virtio->msix, pci, (guint)virtio->vectors,
                      ops->msix_bar ? ops->msix_bar : MSIX_BAR);
    }
    region_init_io(&virtio->registers, pci->device.ops->name, &window_ops, virtio, WINDOW_SIZE);
    if (!ops->window_bar) {
        pci_register_bar(pci, WINDOW_BAR, PCI_BAR_MEM64_PREFETCH, &virtio->registers);
    }
    add_capabilities(virtio);
    pcie_init_endpoint(pci, FALSE);
    return TRUE;
}

void virtio_finish(VirtioDevice *virtio)
{
    msix_finish(&virtio->msix);
    region_finish(&virtio->registers);
    g_clear_pointer(&virtio->chain, g_free);
}

void virtio_reset(Device *dev)
{
    VirtioDevice *virtio = (VirtioDevice *)dev;
    guint at = virtio->cfg_capability;

    reset_virtio(virtio);
    virtio->pci.config[at + CAPABILITY_BAR] = 0;
    memset(&virtio->pci.config[at + CAPABILITY_OFFSET], 0, 12);
}

/* ---- state ---- */

static gboolean queue_loaded(void *object, GError **error)
{
    const VirtQueue *queue = object;

    if (queue->size > queue->size_max || (queue->enabled && !virtio_queue_check(queue))) {
        return error_set(error, "saved state of a virtqueue is damaged");
    }
    return TRUE;
}

static const StateField queue_fields[] = {
    STATE_FIELD(U16, VirtQueue, size),
    STATE_FIELD(U16, VirtQueue, vector),
    STATE_FIELD(BOOL, VirtQueue, enabled),
    STATE_FIELD(U64, VirtQueue, desc),
    STATE_FIELD(U64, VirtQueue, avail),
    STATE_FIELD(U64, VirtQueue, used),
    STATE_FIELD(U16, VirtQueue, next_avail),
    STATE_FIELD(U16, VirtQueue, next_used),
    STATE_FIELD(U16, VirtQueue, signalled),
    STATE_FIELD(BOOL, VirtQueue, signalled_valid),
    STATE_END,
};
static const StateTable queue_state = {1, queue_fields, queue_loaded};

static gboolean virtio_loaded(void *object, GError **error)
{
    VirtioDevice *virtio = object;

    if (virtio_ops(virtio)->started) {
        virtio_ops(virtio)->started(virtio, (virtio->status & STATUS_DRIVER_OK) != 0);
    }
    return TRUE;
}

static const StateField virtio_fields[] = {
    PCI_DEVICE_STATE,
    MSIX_STATE(VirtioDevice, msix),
    STATE_FIELD(U64, VirtioDevice, accepted),
    STATE_FIELD(U32, VirtioDevice, offered_select),
    STATE_FIELD(U32, VirtioDevice, accepted_select),
    STATE_FIELD(U16, VirtioDevice, config_vector),
    STATE_FIELD(U16, VirtioDevice, queue_select),
    STATE_FIELD(U8, VirtioDevice, status),
    STATE_FIELD(U8, VirtioDevice, isr),
    STATE_FIELD(U8, VirtioDevice, generation),
    STATE_FIELD(BOOL, VirtioDevice, broken),
    STATE_ARRAY(U8, VirtioDevice, config),
    {"queues", STATE_STRUCT, G_STRUCT_OFFSET(VirtioDevice, queues), VIRTIO_MAX_QUEUES,
     sizeof(VirtQueue), 1, &queue_state},
    STATE_END,
};

const StateTable virtio_state = {1, virtio_fields, virtio_loaded};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bulk-Only Transport: a command block, its data, its status, one after the other. Section numbers
 * are of "Universal Serial Bus Mass Storage Class, Bulk-Only Transport", revision 1.0.
 *
 * A packet that waits for the image is kept. Its data is copied as the command comes further, so
 * that a packet can be taken back while the image is at work.
 */
#include "hw/usb/usb-storage.h"

#include <string.h>

#include "core/error.h"
#include "hw/usb/storage-scsi.h"
#include "hw/usb/usb-desc.h"

#define BULK_IN  1
#define BULK_OUT 2

/* Class requests (3). */
#define BULK_ONLY_RESET 0xff
#define GET_MAX_LUN     0xfe

#define CBW_SIZE      31
#define CBW_SIGNATURE 0x43425355 /* "USBC" */
#define CBW_IN        0x80
#define CSW_SIZE      13
#define CSW_SIGNATURE 0x53425355 /* "USBS" */

#define CSW_PASSED      0
#define CSW_FAILED      1
#define CSW_PHASE_ERROR 2

#define SERIAL_DEFAULT "000000000001" /* 4.1.1: twelve digits at least */

typedef enum StorageState {
    STORAGE_COMMAND, /* waits for a command block */
    STORAGE_DATA_IN,
    STORAGE_DATA_OUT,
    STORAGE_STATUS,
    STORAGE_BROKEN, /* until reset recovery (6.6.1) */
} StorageState;

typedef struct UsbStorage {
    UsbDevice usb;
    char *drive_id;
    gboolean removable;
    gint64 boot_index;
    ScsiDisk scsi;
    guint32 state;     /* StorageState */
    guint32 tag, left; /* left: of the bytes that the host means to move */
    gboolean phase_error;
    UsbPacket *packet; /* kept; NULL = none */
} UsbStorage;

static guint32 get32(const guint8 *at)
{
    return at[0] | (guint32)at[1] << 8 | (guint32)at[2] << 16 | (guint32)at[3] << 24;
}

static void put32(guint8 *at, guint32 value)
{
    for (guint i = 0; i < 4; i++) {
        at[i] = (guint8)(value >> (8 * i));
    }
}

/* ---- the three stages; USB_PENDING = the image is at work ---- */

/* 6.7: whether host and device mean the same. What they do not agree upon is a phase error. */
static gboolean is_agreed(const UsbStorage *storage, gboolean host_in)
{
    const ScsiDisk *scsi = &storage->scsi;

    if (scsi->direction == SCSI_NO_DATA) {
        return TRUE; /* the host gets or gives nothing, if it meant to */
    }
    return scsi->length <= storage->left && (scsi->direction == SCSI_IN) == host_in;
}

static UsbStatus command_stage(UsbStorage *storage, UsbPacket *packet)
{
    const guint8 *cbw = packet->data;
    gboolean host_in;

    if (packet->length != CBW_SIZE || get32(cbw) != CBW_SIGNATURE || cbw[13] != 0 || cbw[14] < 1 ||
        cbw[14] > SCSI_CDB_SIZE) {
        storage->state = STORAGE_BROKEN;
        return USB_STALL;
    }
    host_in = (cbw[12] & CBW_IN) != 0;
    storage->tag = get32(cbw + 4);
    storage->left = get32(cbw + 8);
    scsi_start(&storage->scsi, cbw + 15, cbw[14]);
    storage->phase_error = !is_agreed(storage, host_in);
    if (storage->phase_error) {
        scsi_abort(&storage->scsi);
    }
    storage->state =
        storage->left ? (host_in ? STORAGE_DATA_IN : STORAGE_DATA_OUT) : STORAGE_STATUS;
    packet->actual = packet->length;
    return USB_OK;
}

static UsbStatus data_stage(UsbStorage *storage, UsbPacket *packet, gboolean host_in)
{
    for (;;) {
        guint8 *data = packet->data + packet->actual;
        guint room = (guint)MIN(packet->length - packet->actual, storage->left);
        guint part = !room     ? 0
                     : host_in ? scsi_take(&storage->scsi, data, room)
                               : scsi_give(&storage->scsi, data, room);

        packet->actual += part;
        storage->left -= part;
        if (storage->left == 0) {
            packet->actual = host_in ? packet->actual : packet->length;
            storage->state = STORAGE_STATUS;
            return USB_OK;
        }
        if (packet->actual == packet->length) {
            return USB_OK;
        }
        if (scsi_is_busy(&storage->scsi)) {
            return USB_PENDING;
        }
        if (part == 0) {
            /* There is less than the host wants: a short packet, or a stall (6.7.2); or it takes no
             * more of what the host has: a stall (6.7.3). */
            storage->state = STORAGE_STATUS;
            return host_in && packet->actual ? USB_OK : USB_STALL;
        }
    }
}

static UsbStatus status_stage(UsbStorage *storage, UsbPacket *packet)
{
    guint8 *csw = packet->data;

    if (scsi_is_busy(&storage->scsi)) {
        return USB_PENDING;
    }
    if (packet->length < CSW_SIZE) {
        storage->state = STORAGE_BROKEN;
        return USB_STALL;
    }
    put32(csw, CSW_SIGNATURE);
    put32(csw + 4, storage->tag);
    put32(csw + 8, storage->left);
    csw[12] = storage->phase_error           ? CSW_PHASE_ERROR
              : scsi_is_good(&storage->scsi) ? CSW_PASSED
                                             : CSW_FAILED;
    packet->actual = CSW_SIZE;
    storage->state = storage->phase_error ? STORAGE_BROKEN : STORAGE_COMMAND;
    return USB_OK;
}

static UsbStatus run_packet(UsbStorage *storage, UsbPacket *packet)
{
    gboolean in = packet->token == USB_TOKEN_IN;

    switch (storage->state) {
    case STORAGE_COMMAND: return in ? USB_NAK : command_stage(storage, packet);
    case STORAGE_DATA_IN: return in ? data_stage(storage, packet, TRUE) : USB_NAK;
    case STORAGE_DATA_OUT: return in ? USB_NAK : data_stage(storage, packet, FALSE);
    case STORAGE_STATUS: return in ? status_stage(storage, packet) : USB_NAK;
    default: return USB_STALL;
    }
}

/* The endpoint that may have been told to wait. */
static void tell_ready(UsbStorage *storage)
{
    gboolean out = storage->state == STORAGE_COMMAND || storage->state == STORAGE_DATA_OUT;

    usb_endpoint_ready(&storage->usb, out ? USB_TOKEN_OUT : USB_TOKEN_IN, out ? BULK_OUT : BULK_IN);
}

static UsbStatus transfer(UsbDevice *device, UsbPacket *packet)
{
    UsbStorage *storage = (UsbStorage *)device;
    guint32 before = storage->state;
    UsbStatus status;

    if (storage->packet) {
        return USB_NAK; /* one at a time */
    }
    status = run_packet(storage, packet);
    if (status == USB_PENDING) {
        storage->packet = packet;
    } else if (storage->state != before) {
        tell_ready(storage);
    }
    return status;
}

/* The image has come further. */
static void progress(ScsiDisk *scsi)
{
    UsbStorage *storage = (UsbStorage *)((char *)scsi - G_STRUCT_OFFSET(UsbStorage, scsi));
    UsbPacket *packet = storage->packet;
    guint32 before = storage->state;
    UsbStatus status;

    if (!packet) {
        return;
    }
    status = run_packet(storage, packet);
    if (status != USB_PENDING) {
        storage->packet = NULL;
        usb_packet_complete(packet, status);
        if (storage->state != before) {
            tell_ready(storage);
        }
    }
}

static void cancel(UsbDevice *device, UsbPacket *packet)
{
    ((UsbStorage *)device)->packet = NULL;
}

/* ---- requests and resets ---- */

static void start_anew(UsbStorage *storage)
{
    scsi_abort(&storage->scsi);
    storage->state = STORAGE_COMMAND;
    storage->phase_error = FALSE;
    storage->left = 0;
}

static void bus_reset(UsbDevice *device)
{
    start_anew((UsbStorage *)device);
}

static gboolean control(UsbDevice *device, const UsbSetup *setup, guint8 *data, guint *length)
{
    UsbStorage *storage = (UsbStorage *)device;

    if ((setup->request_type & ~USB_REQUEST_IN) != (USB_REQUEST_CLASS | USB_TO_INTERFACE) ||
        setup->index != 0 || setup->value != 0) {
        return FALSE;
    }
    switch ((setup->request_type & USB_REQUEST_IN) << 8 | setup->request) {
    case BULK_ONLY_RESET:
        if (storage->packet) {
            UsbPacket *packet = storage->packet;

            storage->packet = NULL;
            usb_packet_complete(packet, USB_STALL);
        }
        start_anew(storage);
        return TRUE;
    case USB_REQUEST_IN << 8 | GET_MAX_LUN:
        data[0] = 0;
        *length = 1;
        return TRUE;
    default: return FALSE;
    }
}

/* ---- lifecycle ---- */

static void medium(void *opaque, gboolean present)
{
    scsi_medium_changed(&((UsbStorage *)opaque)->scsi);
}

static const DriveUser drive_user = {.medium = medium};

static gboolean realize(Device *dev, GError **error)
{
    UsbStorage *storage = (UsbStorage *)dev;
    Drive *drive;

    if (!storage->drive_id) {
        return error_set(error, "usb-storage needs drive=, the id of a -drive with if=none or a "
                                "-blockdev");
    }
    drive = drive_for_device(dev->machine, storage->drive_id, DRIVE_MEDIA_DISK, error);
    if (!drive) {
        g_prefix_error(error, "usb-storage: ");
        return FALSE;
    }
    if (!drive_claim(drive, dev, &drive_user, storage, error)) {
        return FALSE;
    }
    if (!storage->usb.serial && drive->serial) {
        storage->usb.serial = g_strdup(drive->serial);
    }
    scsi_init(&storage->scsi, dev, drive);
    storage->scsi.removable = storage->removable;
    storage->scsi.serial = storage->usb.serial ? storage->usb.serial : SERIAL_DEFAULT;
    storage->scsi.progress = progress;
    return TRUE;
}

/* What the guest was told that it is written, is. */
static void unrealize(Device *dev)
{
    UsbStorage *storage = (UsbStorage *)dev;

    if (storage->scsi.drive) {
        scsi_finish(&storage->scsi);
        drive_release(storage->scsi.drive);
    }
}

static gboolean state_loaded(void *object, GError **error)
{
    UsbStorage *storage = object;

    if (storage->state > STORAGE_BROKEN) {
        return error_set(error, "saved state of a USB disk is damaged");
    }
    if (storage->state == STORAGE_DATA_IN || storage->state == STORAGE_DATA_OUT) {
        storage->scsi.good = FALSE; /* its data is lost */
    }
    return TRUE;
}

static const StateField state_fields[] = {
    USB_DEVICE_STATE,
    STATE_FIELD(U32, UsbStorage, state),
    STATE_FIELD(U32, UsbStorage, tag),
    STATE_FIELD(U32, UsbStorage, left),
    STATE_FIELD(BOOL, UsbStorage, phase_error),
    {"scsi", STATE_STRUCT, G_STRUCT_OFFSET(UsbStorage, scsi), 1, sizeof(ScsiDisk), 1, &scsi_state},
    STATE_END,
};
static const StateTable storage_state = {1, state_fields, state_loaded};

static const OptionSpec options[] = {
    {"drive", OPTION_STRING, G_STRUCT_OFFSET(UsbStorage, drive_id), NULL,
     "id of a -drive with if=none, or a node"},
    {"removable", OPTION_BOOL, G_STRUCT_OFFSET(UsbStorage, removable), "off",
     "its medium can be changed"},
    {"bootindex", OPTION_INT, G_STRUCT_OFFSET(UsbStorage, boot_index), "-1",
     "place in the firmware's boot order", .min = (guint64)-1, .max = G_MAXINT32},
    {"serial", OPTION_STRING, G_STRUCT_OFFSET(UsbDevice, serial), NULL, "its serial number"},
    OPTION_END,
};

static const UsbEndpoint endpoints[][2] = {
    {{0x80 | BULK_IN, USB_ENDPOINT_BULK, 64}, {BULK_OUT, USB_ENDPOINT_BULK, 64}},
    {{0x80 | BULK_IN, USB_ENDPOINT_BULK, 512}, {BULK_OUT, USB_ENDPOINT_BULK, 512}},
    {{0x80 | BULK_IN, USB_ENDPOINT_BULK, 1024, 0, 15}, {BULK_OUT, USB_ENDPOINT_BULK, 1024, 0, 15}},
};
static const UsbInterface interfaces[] = {
    {0, 0, 8, 6, 0x50, 2, endpoints[0], NULL, 0},
    {0, 0, 8, 6, 0x50, 2, endpoints[1], NULL, 0},
    {0, 0, 8, 6, 0x50, 2, endpoints[2], NULL, 0},
};
static const UsbConfig configs[] = {
    {1, USB_CONFIG_SELF_POWERED, 0, 1, &interfaces[0]},
    {1, USB_CONFIG_SELF_POWERED, 0, 1, &interfaces[1]},
    {1, USB_CONFIG_SELF_POWERED, 0, 1, &interfaces[2]},
};
static const UsbSpeedDescription speeds[] = {
    {0x0200, 8, &configs[0]},
    {0x0200, 64, &configs[1]},
    {0x0300, 512, &configs[2]},
};
static const UsbDescription description = {
    .vendor = 0x46f4,
    .product = 0x0001,
    .manufacturer = "Vitrine",
    .product_name = "USB Disk",
    .serial = SERIAL_DEFAULT,
    .speeds = {[USB_SPEED_FULL] = &speeds[0],
               [USB_SPEED_HIGH] = &speeds[1],
               [USB_SPEED_SUPER] = &speeds[2]},
};

const UsbDeviceOps usb_storage_ops = {
    .device = {.name = "usb-storage",
               .summary = "USB memory stick",
               .category = "Storage",
               .bus = BUS_USB,
               .size = sizeof(UsbStorage),
               .options = options,
               .state = &storage_state,
               .realize = realize,
               .unrealize = unrealize},
    .description = &description,
    .bus_reset = bus_reset,
    .control = control,
    .transfer = transfer,
    .cancel = cancel,
};

gboolean usb_storage_boot_index(const Device *dev, gint64 *index)
{
    if (dev->ops != &usb_storage_ops.device) {
        return FALSE;
    }
    *index = ((const UsbStorage *)dev)->boot_index;
    return TRUE;
}

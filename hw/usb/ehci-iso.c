/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Isochronous descriptors: of high speed (3.3, 4.7), and of full speed behind a hub (3.4, 4.12.3).
 * A transaction is tried once, in its frame; what a device has not got then is lost, and no
 * packet is kept.
 */
#include "hw/usb/ehci-priv.h"

#define ISO_MAX 3072 /* three packets of 1024 */

/* High speed: the link, eight transactions, seven pages. */
#define ITD_TRANSACTION 1
#define ITD_BUFFER      9
#define ITD_WORDS       16
#define ITD_PAGES       7

#define ITD_ACTIVE       (1u << 31)
#define ITD_BUFFER_ERROR (1u << 30)
#define ITD_BABBLE       (1u << 29)
#define ITD_XACT_ERROR   (1u << 28)
#define ITD_LENGTH_SHIFT 16
#define ITD_LENGTH       (0xfffu << ITD_LENGTH_SHIFT)
#define ITD_IOC          (1u << 15)
#define ITD_PAGE(w)      ((w) >> 12 & 7)
#define ITD_IN           (1u << 11) /* in the second page's word */

/* Full speed. */
#define SITD_ENDPOINT 1
#define SITD_STATE    3
#define SITD_BUFFER   4
#define SITD_WORDS    7
#define SITD_PAGES    2

#define SITD_IN           (1u << 31)
#define SITD_IOC          (1u << 31)
#define SITD_BYTES_SHIFT  16
#define SITD_BYTES        (0x3ffu << SITD_BYTES_SHIFT)
#define SITD_ACTIVE       (1u << 7)
#define SITD_BUFFER_ERROR (1u << 5)
#define SITD_BABBLE       (1u << 4)
#define SITD_XACT_ERROR   (1u << 3)

/* A transaction: to whom, and where in its pages the data is. */
typedef struct Iso {
    guint address, endpoint;
    gboolean in;
    const guint32 *pages;
    guint32 at, end; /* offsets; end: of the last page */
    guint32 length;
} Iso;

static gboolean copy(Ehci *ehci, const Iso *iso, guint8 *data, gsize length)
{
    guint32 at = iso->at;

    while (length > 0) {
        guint32 offset = at & (EHCI_PAGE - 1);
        guint32 addr = (iso->pages[at / EHCI_PAGE] & ~(EHCI_PAGE - 1)) | offset;
        gsize part = MIN(length, EHCI_PAGE - offset);

        if (!(iso->in ? ehci_write_data(ehci, addr, data, part)
                      : ehci_read_data(ehci, addr, data, part))) {
            return FALSE;
        }
        data += part;
        at += part;
        length -= part;
    }
    return TRUE;
}

/* FALSE: the controller has halted. */
static gboolean transact(Ehci *ehci, const Iso *iso, UsbPacket *packet)
{
    guint8 data[ISO_MAX];
    UsbDevice *device = ehci_find_device(ehci, iso->address);

    *packet = (UsbPacket){.token = iso->in ? USB_TOKEN_IN : USB_TOKEN_OUT,
                          .endpoint = (guint8)iso->endpoint,
                          .data = data,
                          .length = iso->length,
                          .status = USB_NO_DEVICE};
    if (!iso->in && !copy(ehci, iso, data, iso->length)) {
        return FALSE;
    }
    if (device && iso->endpoint && usb_submit(device, packet) == USB_PENDING) {
        usb_cancel(packet);
        packet->status = USB_NAK;
    }
    packet->data = NULL;
    return packet->status != USB_OK || !iso->in || copy(ehci, iso, data, packet->actual);
}

/* ---- high speed ---- */

/* One microframe. FALSE: the controller has halted. */
static gboolean itd_transact(Ehci *ehci, const guint32 *words, guint32 *transaction)
{
    const guint32 *pages = words + ITD_BUFFER;
    Iso iso = {
        .address = pages[0] & 0x7f,
        .endpoint = pages[0] >> 8 & 15,
        .in = (pages[1] & ITD_IN) != 0,
        .pages = pages,
        .at = ITD_PAGE(*transaction) * EHCI_PAGE + (*transaction & (EHCI_PAGE - 1)),
        .end = ITD_PAGES * EHCI_PAGE,
        .length = (*transaction & ITD_LENGTH) >> ITD_LENGTH_SHIFT,
    };
    UsbPacket packet;

    *transaction &= ~ITD_ACTIVE;
    ehci->events |= *transaction & ITD_IOC ? STS_INT : 0;
    if (iso.length > ISO_MAX || iso.at + iso.length > iso.end) {
        *transaction |= ITD_BUFFER_ERROR;
        ehci->events |= STS_ERROR;
        return TRUE;
    }
    if (!transact(ehci, &iso, &packet)) {
        return FALSE;
    }
    if (packet.status == USB_OK) {
        *transaction &= iso.in ? ~ITD_LENGTH : ~0u;
        *transaction |= iso.in ? (guint32)packet.actual << ITD_LENGTH_SHIFT : 0;
    } else {
        *transaction |= packet.status == USB_BABBLE ? ITD_BABBLE : iso.in ? ITD_XACT_ERROR : 0;
        ehci->events |= iso.in ? STS_ERROR : 0; /* OUT is not acknowledged: nobody knows */
    }
    return TRUE;
}

EhciProgress ehci_itd_run(Ehci *ehci, guint32 addr, guint32 *next)
{
    guint32 words[ITD_WORDS];
    gboolean moved = FALSE;

    if (!ehci_read(ehci, addr, words, ITD_WORDS)) {
        return EHCI_FAILED;
    }
    *next = words[0];
    for (guint n = 0; n < EHCI_UFRAMES; n++) {
        guint32 *transaction = &words[ITD_TRANSACTION + n];

        if (!(*transaction & ITD_ACTIVE)) {
            continue;
        }
        moved = TRUE;
        if (!itd_transact(ehci, words, transaction) ||
            !ehci_write(ehci, addr + (ITD_TRANSACTION + n) * 4, transaction, 1)) {
            return EHCI_FAILED;
        }
    }
    return moved ? EHCI_MOVED : EHCI_IDLE;
}

/* ---- full speed ---- */

static void sitd_finish(Ehci *ehci, guint32 *state, const Iso *iso, const UsbPacket *packet)
{
    if (packet->status == USB_OK) {
        *state &= ~SITD_BYTES;
        *state |= (iso->length - (guint32)packet->actual) << SITD_BYTES_SHIFT;
    } else if (iso->in) {
        *state |= packet->status == USB_BABBLE ? SITD_BABBLE : SITD_XACT_ERROR;
        ehci->events |= STS_ERROR;
    }
}

EhciProgress ehci_sitd_run(Ehci *ehci, guint32 addr, guint32 *next)
{
    guint32 words[SITD_WORDS], *state = &words[SITD_STATE];
    UsbPacket packet;

    if (!ehci_read(ehci, addr, words, SITD_WORDS)) {
        return EHCI_FAILED;
    }
    *next = words[0];
    if (!(*state & SITD_ACTIVE)) {
        return EHCI_IDLE;
    }
    Iso iso = {
        .address = words[SITD_ENDPOINT] & 0x7f,
        .endpoint = words[SITD_ENDPOINT] >> 8 & 15,
        .in = (words[SITD_ENDPOINT] & SITD_IN) != 0,
        .pages = words + SITD_BUFFER,
        .at = words[SITD_BUFFER] & (EHCI_PAGE - 1),
        .end = SITD_PAGES * EHCI_PAGE,
        .length = (*state & SITD_BYTES) >> SITD_BYTES_SHIFT,
    };
    if (!transact(ehci, &iso, &packet)) {
        return EHCI_FAILED;
    }
    *state &= ~SITD_ACTIVE;
    sitd_finish(ehci, state, &iso, &packet);
    ehci->events |= *state & SITD_IOC ? STS_INT : 0;
    return ehci_write(ehci, addr + SITD_STATE * 4, state, 1) ? EHCI_MOVED : EHCI_FAILED;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/pci/msi.h"

#include "hw/pci/msix.h"
#include "hw/pci/pci-priv.h"

#define CAPABILITY_ID 0x05
#define VECTORS_MAX   32

/* Offsets in the capability, of the 64-bit layout. */
#define CONTROL 2
#define ADDRESS 4
#define DATA    12
#define MASK    16
#define PENDING 20

#define PLAIN_SIZE   14
#define MASKING_SIZE 24

#define CONTROL_ENABLE    0x0001
#define CONTROL_CAPABLE   1 /* shifts: log2 of how many there are, */
#define CONTROL_ALLOCATED 4 /* and of how many the guest has allocated */
#define CONTROL_64BIT     0x0080
#define CONTROL_MASKING   0x0100

void pci_send_message(PciDevice *pci, guint64 addr, guint32 data)
{
    Accel *accel = pci->bus->machine->accel;

    /* A message is a write by the device: only a bus master makes one. */
    if (accel && pci_is_bus_master(pci)) {
        accel->ops->send_msi(accel, addr, data);
    }
}

static guint16 control(const PciDevice *pci)
{
    return pci_get_word(pci, pci->msi_capability + CONTROL);
}

static guint allocated(const PciDevice *pci)
{
    guint capable = control(pci) >> CONTROL_CAPABLE & 7;

    return 1u << MIN(control(pci) >> CONTROL_ALLOCATED & 7, capable);
}

static void send(PciDevice *pci, guint vector)
{
    guint at = pci->msi_capability;
    guint64 addr =
        (guint64)pci_get_long(pci, at + ADDRESS + 4) << 32 | pci_get_long(pci, at + ADDRESS);
    guint32 data = pci_get_word(pci, at + DATA);

    pci_send_message(pci, addr, (data & ~(allocated(pci) - 1)) | vector);
}

gboolean msi_enabled(const PciDevice *pci)
{
    return pci->msi_capability && control(pci) & CONTROL_ENABLE;
}

void msi_notify(PciDevice *pci, guint vector)
{
    guint at = pci->msi_capability;

    if (!msi_enabled(pci)) {
        return;
    }
    vector &= allocated(pci) - 1;
    if (control(pci) & CONTROL_MASKING && pci_get_long(pci, at + MASK) >> vector & 1) {
        pci_set_long(pci, at + PENDING, pci_get_long(pci, at + PENDING) | 1u << vector);
        return;
    }
    send(pci, vector);
}

/* What became unmasked is sent now. */
void msi_config_written(PciDevice *pci)
{
    guint at = pci->msi_capability;
    guint32 due;

    if (!msi_enabled(pci) || !(control(pci) & CONTROL_MASKING)) {
        return;
    }
    due = pci_get_long(pci, at + PENDING) & ~pci_get_long(pci, at + MASK);
    pci_set_long(pci, at + PENDING, pci_get_long(pci, at + PENDING) & ~due);
    for (guint vector = 0; vector < allocated(pci); vector++) {
        if (due >> vector & 1) {
            send(pci, vector);
        }
    }
}

void msi_reset(PciDevice *pci)
{
    guint at = pci->msi_capability;

    if (!at) {
        return;
    }
    pci_set_word(pci, at + CONTROL,
                 control(pci) & (guint16) ~(CONTROL_ENABLE | 7u << CONTROL_ALLOCATED));
    pci_set_long(pci, at + ADDRESS, 0);
    pci_set_long(pci, at + ADDRESS + 4, 0);
    pci_set_word(pci, at + DATA, 0);
    if (control(pci) & CONTROL_MASKING) {
        pci_set_long(pci, at + MASK, 0);
        pci_set_long(pci, at + PENDING, 0);
    }
}

void msi_init(PciDevice *pci, guint vectors, gboolean masking)
{
    guint at = pci_add_capability(pci, CAPABILITY_ID, masking ? MASKING_SIZE : PLAIN_SIZE);
    guint order = g_bit_storage(vectors) - 1;
    guint32 maskable = vectors == VECTORS_MAX ? G_MAXUINT32 : (1u << vectors) - 1;

    g_assert(vectors && vectors <= VECTORS_MAX && vectors == 1u << order && !pci->msi_capability);
    pci->msi_capability = (guint8)at;
    pci_set_word(
        pci, at + CONTROL,
        (guint16)(CONTROL_64BIT | (masking ? CONTROL_MASKING : 0) | order << CONTROL_CAPABLE));
    pci->writable[at + CONTROL] = CONTROL_ENABLE | 7u << CONTROL_ALLOCATED;
    pci->writable[at + ADDRESS] = 0xfc;
    for (guint i = 1; i < 8; i++) {
        pci->writable[at + ADDRESS + i] = 0xff;
    }
    pci->writable[at + DATA] = pci->writable[at + DATA + 1] = 0xff;
    for (guint i = 0; masking && i < 4; i++) {
        pci->writable[at + MASK + i] = (guint8)(maskable >> (i * 8));
    }
}

gboolean pci_messages_enabled(const PciDevice *pci)
{
    return msi_enabled(pci) || msix_enabled(pci);
}

gboolean pci_notify(PciDevice *pci, guint vector)
{
    if (msix_enabled(pci)) {
        msix_notify(pci, vector);
    } else if (msi_enabled(pci)) {
        msi_notify(pci, vector);
    } else {
        return FALSE;
    }
    return TRUE;
}

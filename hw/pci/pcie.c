/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/pci/pcie.h"

#include "hw/pci/pci-priv.h"

#define CAPABILITY_ID 0x10

#define FLAGS_VERSION    2
#define FLAGS_TYPE_SHIFT 4

#define DEVCAP_ROLE_BASED 0x8000u /* error reporting; required since 1.1 */
#define DEVCTL_WRITABLE   0x70efu /* errors, ordering, payload and request sizes */
#define DEVCTL_DEFAULT    0x2810u /* requests of 512 bytes, no snoop, relaxed ordering */
#define DEVCTL_ORDERING   0x0810u
#define DEVSTA_CLEAR      0x0fu

/* 2.5 GT/s on one lane; ASPM is not there, and that it need not be. */
#define LINK_SPEED    0x01u
#define LINK_WIDTH    0x10u
#define LNKCAP_OPTION 0x00400000u
#define LNKCTL_BITS   0x00c8u /* read completion boundary, common clock, extended synch */
#define LNKCAP2_SPEED 0x02u

static gboolean has_link(PcieType type)
{
    return type != PCIE_INTEGRATED_ENDPOINT;
}

void pcie_init(PciDevice *pci, PcieType type)
{
    guint at = pci_add_capability(pci, CAPABILITY_ID, PCIE_CAP_SIZE);

    pci->express_capability = (guint8)at;
    pci_set_word(pci, at + PCIE_FLAGS, (guint16)(FLAGS_VERSION | type << FLAGS_TYPE_SHIFT));
    pci_set_long(pci, at + PCIE_DEVCAP, DEVCAP_ROLE_BASED);
    pci->writable[at + PCIE_DEVCTL] = (guint8)(DEVCTL_WRITABLE | DEVCTL_ORDERING);
    pci->writable[at + PCIE_DEVCTL + 1] = (guint8)((DEVCTL_WRITABLE | DEVCTL_ORDERING) >> 8);
    pci->write_one_clear[at + PCIE_DEVSTA] = DEVSTA_CLEAR;
    if (has_link(type)) {
        pci_set_long(pci, at + PCIE_LNKCAP, LINK_SPEED | LINK_WIDTH | LNKCAP_OPTION);
        pci_set_word(pci, at + PCIE_LNKSTA, LINK_SPEED | LINK_WIDTH);
        pci_set_long(pci, at + PCIE_LNKCAP2, LNKCAP2_SPEED);
        pci->writable[at + PCIE_LNKCTL] = LNKCTL_BITS;
        pci->writable[at + PCIE_LNKCTL2] = 0x0f;
    }
    pcie_reset(pci);
}

void pcie_init_endpoint(PciDevice *pci, gboolean integrated)
{
    if (pci->bus->express && pci->bus->bridge) {
        pcie_init(pci, PCIE_ENDPOINT);
    } else if (pci->bus->express && integrated) {
        pcie_init(pci, PCIE_INTEGRATED_ENDPOINT);
    }
}

void pcie_reset(PciDevice *pci)
{
    guint at = pci->express_capability;

    if (!at) {
        return;
    }
    pci_set_word(pci, at + PCIE_DEVCTL, DEVCTL_DEFAULT);
    pci_set_word(pci, at + PCIE_DEVSTA, 0);
    pci_set_word(pci, at + PCIE_LNKCTL, 0);
    pci->config[at + PCIE_LNKCTL2] = pci->config[at + PCIE_LNKCAP] & 0x0f;
}

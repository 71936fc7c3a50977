/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Intel 82371FB (PIIX) and 82371SB (PIIX3) datasheet, April 1997 (order 290550). */
#include "hw/pc/piix3.h"

#include <string.h>

#define IORT     0x4c /* ISA I/O recovery timer */
#define XBCS     0x4e /* X-bus chip select, 2 bytes */
#define PIRQRC   0x60 /* to 63h: route control of PIRQA..D */
#define TOM      0x69 /* top of memory */
#define MSTAT    0x6a /* miscellaneous status, 2 bytes */
#define MBIRQ0   0x70
#define MBDMA    0x76
#define PCSC     0x78
#define APICBASE 0x80
#define DLC      0x82 /* deterministic latency control */
#define SMICNTL  0xa0

#define PIRQRC_DISABLE 0x80
#define PIRQRC_IRQ     0x0f

#define RCR_SRST 0x02 /* hard reset rather than INIT */
#define RCR_RCPU 0x04 /* its rise resets */

#define ROUTABLE_IRQS 0xdef8u /* 3-7, 9-12, 14, 15 */

typedef struct Piix3 {
    PciDevice pci;
    IsaBus *isa;
    PciHost *host;         /* has our reset control behind CF8h, or NULL */
    IrqLine out[ISA_IRQS]; /* to the interrupt controllers */
    guint16 isa_levels;    /* what the ISA lines say */
    guint8 pirq_levels;    /* bit n = PIRQ n is asserted */
    guint16 out_levels;
    guint8 reset_control;
} Piix3;

/* ---- interrupt routing ---- */

static guint16 routed_levels(const Piix3 *piix)
{
    guint16 levels = 0;

    for (guint i = 0; i < 4; i++) {
        guint8 route = piix->pci.config[PIRQRC + i];
        if ((piix->pirq_levels >> i & 1) && !(route & PIRQRC_DISABLE)) {
            levels |= (1u << (route & PIRQRC_IRQ)) & ROUTABLE_IRQS;
        }
    }
    return levels;
}

static void update_irqs(Piix3 *piix)
{
    guint16 levels = piix->isa_levels | routed_levels(piix);
    guint16 changed = levels ^ piix->out_levels;

    piix->out_levels = levels;
    for (guint n = 0; changed; n++, changed >>= 1) {
        if (changed & 1) {
            irq_set(&piix->out[n], levels >> n & 1);
        }
    }
}

static void set_isa_irq(void *opaque, guint n, int level)
{
    Piix3 *piix = opaque;
    piix->isa_levels = (piix->isa_levels & ~(1u << n)) | (level ? 1u : 0) << n;
    update_irqs(piix);
}

static void set_pirq(Device *dev, guint n, int level)
{
    Piix3 *piix = (Piix3 *)dev;
    piix->pirq_levels = (piix->pirq_levels & ~(1u << n)) | (level ? 1u : 0) << n;
    update_irqs(piix);
}

/* ---- registers ---- */

static void config_write(PciDevice *pci, guint addr, guint32 value, guint size)
{
    pci_config_write_default(pci, addr, value, size);
    if (addr < PIRQRC + 4 && addr + size > PIRQRC) {
        update_irqs((Piix3 *)pci);
    }
}

/* Port CF9h (2.5.5.1); the ports around it belong to nobody. */
static guint64 reset_control_read(void *opaque, guint64 addr, guint size)
{
    Piix3 *piix = opaque;
    return addr == 1 ? piix->reset_control : 0xff;
}

/* The processor alone cannot be INITed from here, so that a soft reset is a hard one too. */
static void reset_control_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    Piix3 *piix = opaque;

    if (addr != 1) {
        return;
    }
    if ((value & RCR_RCPU) && !(piix->reset_control & RCR_RCPU)) {
        machine_request_reset(piix->pci.device.machine, TRUE);
    }
    piix->reset_control = value & (RCR_SRST | RCR_RCPU);
}

static const IoOps reset_control_ops = {reset_control_read, reset_control_write, 1, 1};

void piix3_connect_host(Device *dev, PciHost *host)
{
    Piix3 *piix = (Piix3 *)dev;
    piix->host = host;
    pci_host_set_bypass(host, &reset_control_ops, piix);
}

/* ---- lifecycle ---- */

IsaBus *piix3_isa_bus(Device *dev)
{
    return ((Piix3 *)dev)->isa;
}

IrqLine piix3_isa_irq(Device *dev, guint n)
{
    return (IrqLine){set_isa_irq, dev, n};
}

static void reset(Device *dev)
{
    Piix3 *piix = (Piix3 *)dev;
    guint8 *config = piix->pci.config;

    memset(config + 0x40, 0, PCI_CONFIG_SIZE - 0x40);
    config[IORT] = 0x4d;
    config[XBCS] = 0x03;
    memset(config + PIRQRC, PIRQRC_DISABLE, 4);
    config[TOM] = 0x02;
    config[MBIRQ0] = 0x80;
    config[MBDMA] = config[MBDMA + 1] = 0x0c;
    config[PCSC] = 0x02;
    config[SMICNTL] = 0x08;
    piix->reset_control = 0;
    update_irqs(piix);
}

static gboolean realize(Device *dev, GError **error)
{
    Piix3 *piix = (Piix3 *)dev;
    PciDevice *pci = &piix->pci;

    pci_set_word(pci, PCI_STATUS, PCI_STATUS_DEVSEL_MEDIUM);
    pci->config[PCI_HEADER_TYPE] |= PCI_HEADER_MULTIFUNCTION;
    /* It always decodes and always may master (2.2.3). */
    pci_set_word(pci, PCI_COMMAND, PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    pci->writable[PCI_COMMAND] = 0;
    pci->writable[PCI_COMMAND + 1] = PCI_COMMAND_SERR >> 8;
    pci->writable[PCI_LATENCY_TIMER] = 0;
    pci->writable[PCI_INTERRUPT_LINE] = 0;
    memset(pci->writable + 0x40, 0xff, PCI_CONFIG_SIZE - 0x40);
    memset(pci->writable + PIRQRC, PIRQRC_DISABLE | PIRQRC_IRQ, 4);
    pci->writable[MSTAT] = pci->writable[MSTAT + 1] = 0;

    piix->isa = isa_bus_create(dev, "isa.0", pci->bus->memory, pci->bus->io);
    for (guint n = 0; n < ISA_IRQS; n++) {
        device_publish_irq(dev, &piix->out[n]);
        piix->isa->irqs[n] = piix3_isa_irq(dev, n);
    }
    return TRUE;
}

static void unrealize(Device *dev)
{
    Piix3 *piix = (Piix3 *)dev;
    if (piix->host) {
        pci_host_set_bypass(piix->host, NULL, NULL);
    }
}

static const StateField state_fields[] = {
    PCI_DEVICE_STATE,
    STATE_FIELD(U16, Piix3, isa_levels),
    STATE_FIELD(U8, Piix3, pirq_levels),
    STATE_FIELD(U16, Piix3, out_levels),
    STATE_FIELD(U8, Piix3, reset_control),
    STATE_END,
};
static const StateTable piix3_state = {1, state_fields, NULL};

const PciDeviceOps piix3_ops = {
    .device =
        {
            .name = "PIIX3",
            .summary = "PCI-to-ISA bridge",
            .category = "Bridge",
            .bus = BUS_PCI,
            .size = sizeof(Piix3),
            .board_only = TRUE,
            .state = &piix3_state,
            .realize = realize,
            .unrealize = unrealize,
            .reset = reset,
            .inputs = 4,
            .set_input = set_pirq,
        },
    .vendor_id = PCI_VENDOR_INTEL,
    .device_id = 0x7000,
    .class_code = PCI_CLASS_BRIDGE_ISA,
    .config_write = config_write,
};

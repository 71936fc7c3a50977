/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Intel 6300ESB I/O Controller Hub datasheet (order 300641-004), chapter 16. */
#include "hw/watchdog/i6300esb.h"

#include "core/action.h"

/* Configuration space. */
#define WDT_CONFIG 0x60 /* 2 bytes */
#define WDT_LOCK   0x68

#define CONFIG_INT_TYPE 0x0003 /* 0 = interrupt, 2 = SMI, 3 = none */
#define CONFIG_FAST     0x0004 /* prescaler: 33 MHz / 2^5 instead of 2^15 */
#define CONFIG_NO_OUT   0x0020 /* the second stage's end does not show at the pin */
#define CONFIG_BITS     0x0027
#define INT_TYPE_NONE   3

#define LOCK_LOCKED       0x01 /* until the next reset */
#define LOCK_ENABLE       0x02
#define LOCK_FREE_RUNNING 0x04
#define LOCK_BITS         0x07

/* Registers in memory. */
#define PRELOAD1 0x0
#define PRELOAD2 0x4
#define STATUS   0x8
#define RELOAD   0xc

#define PRELOAD_MAX    0xfffffu
#define STATUS_INT_ACT 0x001
#define RELOAD_NOW     0x100
#define RELOAD_TIMEOUT 0x200

/* Written to RELOAD one after the other, they let one write through. */
#define UNLOCK1 0x80
#define UNLOCK2 0x86

#define PCI_CLOCK_HZ 33000000
#define SLOW_SHIFT   15
#define FAST_SHIFT   5

#define REGISTERS_SIZE 16

/* A timer that starts itself anew is bounded in what it costs the host. */
#define MIN_PERIOD_NS NS_PER_MS

typedef struct I6300esb {
    PciDevice pci;
    Region registers;
    Timer timer;
    guint32 preload[2];
    guint16 config;
    guint8 lock;
    guint8 stage;  /* 1 or 2, while the timer is pending */
    guint8 unlock; /* how many of UNLOCK1, UNLOCK2 have come */
    gboolean interrupt;
    gboolean timed_out; /* stays through the reset that it causes */
} I6300esb;

/* ---- counting ---- */

static void start_stage(I6300esb *s, guint stage)
{
    guint shift = s->config & CONFIG_FAST ? FAST_SHIFT : SLOW_SHIFT;
    gint64 clocks = (gint64)s->preload[stage - 1] << shift; /* 35 bits */
    gint64 ns =
        clocks / PCI_CLOCK_HZ * NS_PER_SEC + clocks % PCI_CLOCK_HZ * NS_PER_SEC / PCI_CLOCK_HZ;

    s->stage = (guint8)stage;
    timer_set_after(&s->timer, s->lock & LOCK_FREE_RUNNING ? MAX(ns, MIN_PERIOD_NS) : ns);
}

/* Free-running, it has its second stage only (16.5.2, WDT_TOUT_CNF). */
static void start(I6300esb *s)
{
    start_stage(s, s->lock & LOCK_FREE_RUNNING ? 2 : 1);
}

static void on_timeout(void *opaque)
{
    I6300esb *s = opaque;

    if (s->stage == 1) {
        s->interrupt |= (s->config & CONFIG_INT_TYPE) != INT_TYPE_NONE;
        start_stage(s, 2);
        return;
    }
    if (s->lock & LOCK_FREE_RUNNING) {
        start(s);
    }
    s->timed_out = TRUE;
    if (!(s->config & CONFIG_NO_OUT)) {
        machine_watchdog_expired(s->pci.device.machine);
    }
}

/* ---- registers in memory ---- */

static guint64 registers_read(void *opaque, guint64 addr, guint size)
{
    const I6300esb *s = opaque;

    switch (addr) {
    case PRELOAD1: return s->preload[0];
    case PRELOAD2: return s->preload[1];
    case STATUS: return s->interrupt ? STATUS_INT_ACT : 0;
    case RELOAD: return s->timed_out ? RELOAD_TIMEOUT : 0;
    default: return 0;
    }
}

static void write_reload(I6300esb *s, guint64 value)
{
    if (value & RELOAD_TIMEOUT) {
        s->timed_out = FALSE;
    }
    if ((value & RELOAD_NOW) && (s->lock & LOCK_ENABLE)) {
        start(s);
    }
}

static void registers_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    I6300esb *s = opaque;
    guint8 unlock = s->unlock;

    s->unlock = 0;
    if (addr == STATUS) {
        if (value & STATUS_INT_ACT) {
            s->interrupt = FALSE;
        }
    } else if (unlock == 2) {
        switch (addr) {
        case PRELOAD1: s->preload[0] = value & PRELOAD_MAX; break;
        case PRELOAD2: s->preload[1] = value & PRELOAD_MAX; break;
        case RELOAD: write_reload(s, value); break;
        default: break;
        }
    } else if (addr == RELOAD && value == UNLOCK1) {
        s->unlock = 1;
    } else if (addr == RELOAD && value == UNLOCK2 && unlock == 1) {
        s->unlock = 2;
    } else {
        device_warn_once(&s->pci.device, "write without the unlocking sequence");
    }
}

static const IoOps registers_ops = {registers_read, registers_write, 1, 4};

/* ---- configuration space ---- */

static void write_lock(I6300esb *s, guint8 value)
{
    guint8 old = s->lock;

    if (old & LOCK_LOCKED) {
        return;
    }
    s->lock = value & LOCK_BITS;
    if (!(value & LOCK_ENABLE)) {
        timer_cancel(&s->timer);
    } else if (!(old & LOCK_ENABLE)) {
        start(s);
    }
}

/* Shows the registers where the bus reads them. */
static void show_config(I6300esb *s)
{
    pci_set_word(&s->pci, WDT_CONFIG, s->config);
    s->pci.config[WDT_LOCK] = s->lock;
}

static void config_write(PciDevice *pci, guint addr, guint32 value, guint size)
{
    I6300esb *s = (I6300esb *)pci;

    pci_config_write_default(pci, addr, value, size);
    if (addr < WDT_CONFIG + 2 && addr + size > WDT_CONFIG) {
        s->config = pci_get_word(pci, WDT_CONFIG) & CONFIG_BITS;
    }
    if (addr <= WDT_LOCK && addr + size > WDT_LOCK) {
        write_lock(s, pci->config[WDT_LOCK]);
    }
    show_config(s);
}

/* ---- lifecycle ---- */

static void reset(Device *dev)
{
    I6300esb *s = (I6300esb *)dev;

    timer_cancel(&s->timer);
    s->preload[0] = s->preload[1] = PRELOAD_MAX;
    s->config = s->lock = s->unlock = 0;
    s->stage = 1;
    s->interrupt = FALSE;
    show_config(s);
}

static gboolean realize(Device *dev, GError **error)
{
    I6300esb *s = (I6300esb *)dev;

    timer_init(&s->timer, dev->machine->guest_clock, on_timeout, s);
    region_init_io(&s->registers, "i6300esb", &registers_ops, s, REGISTERS_SIZE);
    pci_register_bar(&s->pci, 0, PCI_BAR_MEM32, &s->registers);
    s->pci.writable[WDT_CONFIG] = CONFIG_BITS;
    s->pci.writable[WDT_LOCK] = LOCK_BITS;
    return TRUE;
}

static void unrealize(Device *dev)
{
    I6300esb *s = (I6300esb *)dev;

    timer_cancel(&s->timer);
    region_finish(&s->registers);
}

static gboolean state_loaded(void *object, GError **error)
{
    I6300esb *s = object;

    s->preload[0] &= PRELOAD_MAX;
    s->preload[1] &= PRELOAD_MAX;
    s->stage = s->stage == 2 ? 2 : 1;
    return TRUE;
}

static const StateField state_fields[] = {
    PCI_DEVICE_STATE,
    STATE_FIELD(TIMER, I6300esb, timer),
    STATE_ARRAY(U32, I6300esb, preload),
    STATE_FIELD(U16, I6300esb, config),
    STATE_FIELD(U8, I6300esb, lock),
    STATE_FIELD(U8, I6300esb, stage),
    STATE_FIELD(U8, I6300esb, unlock),
    STATE_FIELD(BOOL, I6300esb, interrupt),
    STATE_FIELD(BOOL, I6300esb, timed_out),
    STATE_END,
};
static const StateTable i6300esb_state = {1, state_fields, state_loaded};

const PciDeviceOps i6300esb_ops = {
    .device =
        {
            .name = "i6300esb",
            .summary = "Intel 6300ESB watchdog",
            .category = "Watchdog",
            .bus = BUS_PCI,
            .size = sizeof(I6300esb),
            .state = &i6300esb_state,
            .realize = realize,
            .unrealize = unrealize,
            .reset = reset,
        },
    .vendor_id = PCI_VENDOR_INTEL,
    .device_id = 0x25ab,
    .class_code = 0x088000,
    .config_write = config_write,
};

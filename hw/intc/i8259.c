/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/intc/i8259.h"

#include "core/machine.h"

/*
 * Registers: Intel 8259A datasheet (order 231468), "Programming the 8259A"; the edge/level control
 * registers as in the PIIX3 datasheet (290550), 2.5.4.
 */
#define ICW1_IC4    0x01 /* ICW4 follows */
#define ICW1_SNGL   0x02 /* no cascade: ICW3 does not follow */
#define ICW1        0x10 /* tells ICW1 from OCW2 and OCW3 */
#define ICW4_UPM    0x01 /* 8086 mode, else MCS-80 */
#define ICW4_AEOI   0x02
#define ICW4_SFNM   0x10
#define OCW3        0x08 /* tells OCW3 from OCW2 */
#define OCW3_RIS    0x01
#define OCW3_RR     0x02
#define OCW3_P      0x04
#define OCW3_SMM    0x20
#define OCW3_ESMM   0x40
#define CASCADE     2    /* the master's input from the slave */
#define SPURIOUS    7    /* the input that an acknowledge without a request names */
#define ELCR_MASTER 0xf8 /* IRQ 0, 1 and 2 are always edge-triggered, */
#define ELCR_SLAVE  0xde /* IRQ 8 and 13 too */
#define POLL_INT    0x80

typedef enum PicInit { INIT_DONE, INIT_ICW2, INIT_ICW3, INIT_ICW4 } PicInit;

typedef struct Pic {
    guint8 lines; /* levels at the inputs */
    guint8 irr, imr, isr, elcr;
    guint8 vector_base; /* ICW2 */
    guint8 cascade;     /* ICW3: the master's slaves, or the slave's number; not used otherwise */
    guint8 lowest;      /* the input that has the lowest priority */
    guint8 init;        /* PicInit */
    gboolean single, needs_icw4;
    gboolean auto_eoi, rotate_auto_eoi, special_nested, special_mask;
    gboolean poll, read_isr;
    guint8 elcr_mask; /* constant */
} Pic;

typedef struct I8259 {
    Device dev;
    Pic pics[2]; /* master, slave */
    Region io[2];
    Region elcr;
    IrqLine intr;
} I8259;

/* ---- priorities ---- */

/* How far input n is from the highest priority (0). */
static guint rank(const Pic *pic, guint n)
{
    return (n - pic->lowest - 1) & 7;
}

/* The highest-priority input of a set, or -1 if it is empty. */
static int highest(const Pic *pic, guint8 set)
{
    guint i;

    for (i = 1; i <= 8; i++) {
        guint n = (pic->lowest + i) & 7;

        if (set & (1u << n)) {
            return (int)n;
        }
    }
    return -1;
}

/* The input that asks for an interrupt now, or -1. */
static int pending(const I8259 *s, const Pic *pic)
{
    guint8 serving = pic->isr;
    int request = highest(pic, pic->irr & ~pic->imr);
    int served;

    if (request < 0) {
        return -1;
    }
    if (pic->special_mask) {
        serving &= ~pic->imr; /* a level that is masked while in service blocks nobody */
    }
    if (pic->special_nested && pic == &s->pics[0] && request == CASCADE) {
        serving &= ~(1u << CASCADE); /* the slave in service may ask again */
    }
    served = highest(pic, serving);
    return served < 0 || rank(pic, request) < rank(pic, served) ? request : -1;
}

static void update(I8259 *s)
{
    Pic *master = &s->pics[0];

    /* The cascade follows the slave's INT as a level, so that a request that the slave has
     * withdrawn does not stay behind in the master. */
    if (pending(s, &s->pics[1]) >= 0) {
        master->lines |= 1u << CASCADE;
        master->irr |= 1u << CASCADE;
    } else {
        master->lines &= ~(1u << CASCADE);
        master->irr &= ~(1u << CASCADE);
    }
    irq_set(&s->intr, pending(s, master) >= 0);
}

/* ---- inputs and acknowledge ---- */

static void i8259_set_input(Device *dev, guint n, int level)
{
    I8259 *s = (I8259 *)dev;
    Pic *pic = &s->pics[n / 8];
    guint8 bit = 1u << (n & 7);

    if (n == CASCADE) {
        return; /* the slave's */
    }
    if (level) {
        /* An edge is kept until acknowledged even when the line falls again: the datasheet would
         * have it turn into a spurious interrupt, but devices that pulse their line rely on it. */
        if ((pic->elcr & bit) || !(pic->lines & bit)) {
            pic->irr |= bit;
        }
        pic->lines |= bit;
    } else {
        if (pic->elcr & bit) {
            pic->irr &= ~bit;
        }
        pic->lines &= ~bit;
    }
    update(s);
}

static void rotate_after(Pic *pic, guint n)
{
    pic->lowest = n & 7;
}

/* One chip's part in an acknowledge: the input that is served, SPURIOUS if none asks. */
static guint acknowledge(I8259 *s, Pic *pic)
{
    int n = pending(s, pic);

    if (n < 0) {
        return SPURIOUS;
    }
    if (!(pic->elcr & (1u << n))) {
        pic->irr &= ~(1u << n);
    }
    if (!pic->auto_eoi) {
        pic->isr |= 1u << n;
    } else if (pic->rotate_auto_eoi) {
        rotate_after(pic, (guint)n);
    }
    return (guint)n;
}

guint i8259_acknowledge(Device *dev)
{
    I8259 *s = (I8259 *)dev;
    Pic *slave = &s->pics[1];
    gboolean cascaded = pending(s, &s->pics[0]) == CASCADE;
    guint n = acknowledge(s, &s->pics[0]);
    guint vector = s->pics[0].vector_base + n;

    if (cascaded) {
        n = acknowledge(s, slave);
        vector = slave->vector_base + n;
        n += 8;
    }
    update(s);
    if (dev->machine->pic_taken) {
        dev->machine->pic_taken(dev->machine->pic_taken_opaque, n);
    }
    return vector;
}

static guint acknowledge_cycle(void *opaque)
{
    return i8259_acknowledge(opaque);
}

IrqLine i8259_input(Device *dev, guint n)
{
    return device_input(dev, n);
}

/* ---- ports ---- */

static void write_icw1(I8259 *s, Pic *pic, guint8 value)
{
    pic->imr = pic->isr = 0;
    pic->irr = pic->lines & pic->elcr; /* edges are forgotten, levels still ask */
    pic->lowest = 7;
    pic->special_mask = pic->poll = pic->read_isr = FALSE;
    pic->auto_eoi = pic->rotate_auto_eoi = pic->special_nested = FALSE;
    pic->single = !!(value & ICW1_SNGL);
    pic->needs_icw4 = !!(value & ICW1_IC4);
    pic->init = INIT_ICW2;
    if (!pic->needs_icw4) {
        device_warn_once(&s->dev, "8259A set up for MCS-80 processors, which is not emulated");
    }
}

static void end_of_interrupt(Pic *pic, int n, gboolean rotate)
{
    if (n >= 0) {
        pic->isr &= ~(1u << n);
        if (rotate) {
            rotate_after(pic, (guint)n);
        }
    }
}

static void write_ocw2(Pic *pic, guint8 value)
{
    guint n = value & 7;
    /* In special mask mode a non-specific EOI leaves masked levels alone. */
    guint8 serving = pic->special_mask ? pic->isr & ~pic->imr : pic->isr;

    switch (value >> 5) {
    case 0: /* rotate in automatic EOI mode: clear */ pic->rotate_auto_eoi = FALSE; break;
    case 1: /* non-specific EOI */ end_of_interrupt(pic, highest(pic, serving), FALSE); break;
    case 2: /* no operation */ break;
    case 3: /* specific EOI */ end_of_interrupt(pic, (int)n, FALSE); break;
    case 4: /* rotate in automatic EOI mode: set */ pic->rotate_auto_eoi = TRUE; break;
    case 5: /* rotate on non-specific EOI */
        end_of_interrupt(pic, highest(pic, serving), TRUE);
        break;
    case 6: /* set priority */ rotate_after(pic, n); break;
    case 7: /* rotate on specific EOI */ end_of_interrupt(pic, (int)n, TRUE); break;
    }
}

static void write_ocw3(Pic *pic, guint8 value)
{
    if (value & OCW3_ESMM) {
        pic->special_mask = !!(value & OCW3_SMM);
    }
    if (value & OCW3_P) {
        pic->poll = TRUE; /* the poll command overrides reading a register */
    } else if (value & OCW3_RR) {
        pic->read_isr = !!(value & OCW3_RIS);
    }
}

/* ICW2 to ICW4 in their turn, OCW1 at any other time. */
static void write_odd(I8259 *s, Pic *pic, guint8 value)
{
    switch ((PicInit)pic->init) {
    case INIT_DONE: pic->imr = value; break;
    case INIT_ICW2:
        pic->vector_base = value & 0xf8;
        pic->init = !pic->single ? INIT_ICW3 : pic->needs_icw4 ? INIT_ICW4 : INIT_DONE;
        break;
    case INIT_ICW3:
        pic->cascade = value;
        pic->init = pic->needs_icw4 ? INIT_ICW4 : INIT_DONE;
        break;
    case INIT_ICW4:
        pic->auto_eoi = !!(value & ICW4_AEOI);
        pic->special_nested = !!(value & ICW4_SFNM);
        pic->init = INIT_DONE;
        if (!(value & ICW4_UPM)) {
            device_warn_once(&s->dev, "8259A set up for MCS-80 processors, which is not emulated");
        }
        break;
    }
}

static void pic_write(I8259 *s, Pic *pic, guint64 addr, guint8 value)
{
    if (addr & 1) {
        write_odd(s, pic, value);
    } else if (value & ICW1) {
        write_icw1(s, pic, value);
    } else if (value & OCW3) {
        write_ocw3(pic, value);
    } else {
        write_ocw2(pic, value);
    }
    update(s);
}

static guint8 pic_read(I8259 *s, Pic *pic, guint64 addr)
{
    guint8 value;

    if (pic->poll) {
        /* The read is the acknowledge (datasheet, "Poll Command"). */
        pic->poll = FALSE;
        if (pending(s, pic) < 0) {
            return 0;
        }
        value = POLL_INT | acknowledge(s, pic);
        update(s);
        return value;
    }
    if (addr & 1) {
        return pic->imr;
    }
    return pic->read_isr ? pic->isr : pic->irr;
}

static guint64 master_read(void *opaque, guint64 addr, guint size)
{
    I8259 *s = opaque;
    return pic_read(s, &s->pics[0], addr);
}

static void master_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    I8259 *s = opaque;
    pic_write(s, &s->pics[0], addr, (guint8)value);
}

static guint64 slave_read(void *opaque, guint64 addr, guint size)
{
    I8259 *s = opaque;
    return pic_read(s, &s->pics[1], addr);
}

static void slave_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    I8259 *s = opaque;
    pic_write(s, &s->pics[1], addr, (guint8)value);
}

static guint64 elcr_read(void *opaque, guint64 addr, guint size)
{
    I8259 *s = opaque;
    return s->pics[addr & 1].elcr;
}

static void elcr_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    I8259 *s = opaque;
    Pic *pic = &s->pics[addr & 1];
    guint8 was = pic->elcr;

    pic->elcr = (guint8)value & pic->elcr_mask;
    /* Inputs that have become levels ask as long as their line is high. */
    pic->irr = (pic->irr & ~(pic->elcr & ~was)) | (pic->lines & pic->elcr);
    update(s);
}

static const IoOps pic_io[2] = {
    {.read = master_read, .write = master_write, .max_size = 1, .housekeeping = TRUE},
    {.read = slave_read, .write = slave_write, .max_size = 1, .housekeeping = TRUE},
};
static const IoOps elcr_io = {.read = elcr_read, .write = elcr_write, .max_size = 1};

/* ---- lifecycle ---- */

static void accel_intr(void *opaque, guint n, int level)
{
    I8259 *s = opaque;
    Accel *accel = s->dev.machine->accel;

    if (accel) {
        accel->ops->set_intr(accel, level);
    }
}

static void i8259_info(Device *dev, GString *out)
{
    I8259 *s = (I8259 *)dev;
    int i;

    for (i = 1; i >= 0; i--) {
        const Pic *pic = &s->pics[i];

        g_string_append_printf(
            out,
            "pic%d: irr=%02x imr=%02x isr=%02x hprio=%d irq_base=%02x rr_sel=%d elcr=%02x fnm=%d\n",
            i, pic->irr, pic->imr, pic->isr, (pic->lowest + 1) & 7, pic->vector_base, pic->read_isr,
            pic->elcr, pic->special_nested);
    }
}

static void i8259_reset(Device *dev)
{
    I8259 *s = (I8259 *)dev;
    guint i;

    for (i = 0; i < 2; i++) {
        s->pics[i] = (Pic){.lines = s->pics[i].lines,
                           .elcr_mask = s->pics[i].elcr_mask,
                           .imr = 0xff, /* a chip that was never set up asks for nothing */
                           .lowest = 7};
    }
    update(s);
}

static gboolean i8259_realize(Device *dev, GError **error)
{
    I8259 *s = (I8259 *)dev;
    guint i;

    for (i = 0; i < 2; i++) {
        region_init_io(&s->io[i], i ? "pic-slave" : "pic-master", &pic_io[i], s, 2);
        device_publish_region(dev, &s->io[i]);
        s->pics[i].elcr_mask = i ? ELCR_SLAVE : ELCR_MASTER;
    }
    region_init_io(&s->elcr, "elcr", &elcr_io, s, 2);
    device_publish_region(dev, &s->elcr);
    s->intr = (IrqLine){accel_intr, s, 0};
    device_publish_irq(dev, &s->intr);
    dev->machine->pic_acknowledge = acknowledge_cycle;
    dev->machine->pic_opaque = s;
    return TRUE;
}

static void i8259_unrealize(Device *dev)
{
    I8259 *s = (I8259 *)dev;
    guint i;

    dev->machine->pic_acknowledge = NULL;
    for (i = 0; i < dev->regions->len; i++) {
        region_remove(device_region(dev, i));
        region_finish(device_region(dev, i));
    }
    s->intr = (IrqLine){0};
}

static const StateField pic_fields[] = {
    STATE_FIELD(U8, Pic, lines),
    STATE_FIELD(U8, Pic, irr),
    STATE_FIELD(U8, Pic, imr),
    STATE_FIELD(U8, Pic, isr),
    STATE_FIELD(U8, Pic, elcr),
    STATE_FIELD(U8, Pic, vector_base),
    STATE_FIELD(U8, Pic, cascade),
    STATE_FIELD(U8, Pic, lowest),
    STATE_FIELD(U8, Pic, init),
    STATE_FIELD(BOOL, Pic, single),
    STATE_FIELD(BOOL, Pic, needs_icw4),
    STATE_FIELD(BOOL, Pic, auto_eoi),
    STATE_FIELD(BOOL, Pic, rotate_auto_eoi),
    STATE_FIELD(BOOL, Pic, special_nested),
    STATE_FIELD(BOOL, Pic, special_mask),
    STATE_FIELD(BOOL, Pic, poll),
    STATE_FIELD(BOOL, Pic, read_isr),
    STATE_END,
};

/* Saved state is a stranger's: keep indexes in their range. */
static gboolean pic_loaded(void *object, GError **error)
{
    Pic *pic = object;

    pic->lowest &= 7;
    pic->init &= 3;
    pic->elcr &= pic->elcr_mask;
    return TRUE;
}

static const StateTable pic_state = {1, pic_fields, pic_loaded};

static gboolean i8259_loaded(void *object, GError **error)
{
    update(object);
    return TRUE;
}

static const StateField i8259_fields[] = {
    {"pics", STATE_STRUCT, G_STRUCT_OFFSET(I8259, pics), 2, sizeof(Pic), 1, &pic_state},
    STATE_END,
};

static const StateTable i8259_state = {1, i8259_fields, i8259_loaded};

const DeviceOps i8259_ops = {
    .name = "isa-i8259",
    .summary = "pair of 8259A interrupt controllers",
    .category = "Misc",
    .size = sizeof(I8259),
    .board_only = TRUE,
    .state = &i8259_state,
    .realize = i8259_realize,
    .unrealize = i8259_unrealize,
    .reset = i8259_reset,
    .info_topic = "pic",
    .info = i8259_info,
    .inputs = 16,
    .set_input = i8259_set_input,
};

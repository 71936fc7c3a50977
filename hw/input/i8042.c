/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IBM PS/2 Hardware Interface Technical Reference, "Keyboard and Auxiliary Device Controller".
 *
 * A byte takes its time on the serial line to the device, so the next one arrives some time after
 * the guest has read the last: programs that read port 60h twice get the same byte twice, and the
 * interrupt line is seen to fall in between.
 */
#include "hw/input/i8042.h"

#include <string.h>

#include "core/error.h"
#include "core/machine.h"
#include "hw/input/ps2-codes.h"
#include "hw/input/ps2.h"

/* Status, port 64h. */
#define STATUS_OBF     (1 << 0) /* output buffer full */
#define STATUS_SYS     (1 << 2) /* system flag: bit 2 of the command byte */
#define STATUS_COMMAND (1 << 3) /* last write went to port 64h */
#define STATUS_ENABLED (1 << 4) /* the lock on the front panel is open */
#define STATUS_AUX     (1 << 5) /* the output buffer holds the auxiliary device's byte */
#define STATUS_TIMEOUT (1 << 6)

/* Command byte, RAM byte 0. */
#define CB_KBD_INT     (1 << 0)
#define CB_AUX_INT     (1 << 1)
#define CB_SYS         (1 << 2)
#define CB_KBD_DISABLE (1 << 4)
#define CB_AUX_DISABLE (1 << 5)
#define CB_TRANSLATE   (1 << 6)

/* Output port. */
#define OUT_RESET   (1 << 0) /* low resets the processor */
#define OUT_A20     (1 << 1)
#define OUT_KBD_OBF (1 << 4)
#define OUT_AUX_OBF (1 << 5)

/* Input port: lock open, display is colour, no manufacturing jumper. */
#define INPUT_PORT 0xa0

/* 11 bits at 16.7 kHz, the fastest that the port allows. */
#define BYTE_TIME_NS (660 * NS_PER_US)

enum { LINE_KBD, LINE_AUX, LINE_A20, LINES };

typedef struct I8042 {
    Device dev;
    gboolean has_mouse;
    Region data_region, command_region;
    IrqLine irqs[LINES];
    Bus *kbd, *aux;
    guint8 ram[32]; /* byte 0: command byte */
    guint8 status;
    guint8 output;      /* output buffer */
    guint8 outport;     /* bits 0 and 1 */
    guint8 command;     /* of port 64h, waits for its data byte; 0 = none */
    guint8 poll_status; /* C1h, C2h: input port nibble shown in status bits 4-7; 0 = no */
    guint8 held;        /* device byte that a reply of ours has pushed out of the buffer */
    guint8 held_status; /* STATUS_OBF and STATUS_AUX that belong to it; 0 = none */
    gboolean breaking;  /* F0h of the keyboard has been seen; it becomes bit 7 of the next byte */
    gboolean aux_turn;  /* who goes first when both have data */
    Timer line;         /* a byte is on its way */
    gint64 line_free;   /* guest time: the earliest that the next one may have come */
} I8042;

/* ---- output buffer ---- */

static void update_irqs(I8042 *kbc)
{
    gboolean full = kbc->status & STATUS_OBF, aux = kbc->status & STATUS_AUX;

    irq_set(&kbc->irqs[LINE_KBD], full && !aux && (kbc->ram[0] & CB_KBD_INT));
    irq_set(&kbc->irqs[LINE_AUX], full && aux && (kbc->ram[0] & CB_AUX_INT));
}

static gboolean port_ready(Bus *bus, guint8 cb, guint8 disable)
{
    Ps2Device *ps2 = ps2_bus_device(bus);

    return ps2 && !(cb & disable) && ps2_has_data(ps2);
}

static gboolean kbd_ready(const I8042 *kbc)
{
    return port_ready(kbc->kbd, kbc->ram[0], CB_KBD_DISABLE);
}

static gboolean aux_ready(const I8042 *kbc)
{
    return port_ready(kbc->aux, kbc->ram[0], CB_AUX_DISABLE);
}

/* A byte has gone one way or the other, or a device may send again: the next takes its time. */
static void occupy_line(I8042 *kbc)
{
    kbc->line_free = clock_now(kbc->dev.machine->guest_clock) + BYTE_TIME_NS;
}

/* Lets the next byte come if there is room for it. On a line that has rested it comes at once: what
 * somebody types or moves need not wait. */
static void update_line(void *opaque)
{
    I8042 *kbc = opaque;

    if (!(kbc->status & STATUS_OBF) && !timer_pending(&kbc->line) &&
        (kbd_ready(kbc) || aux_ready(kbc))) {
        timer_set(&kbc->line, MAX(kbc->line_free, clock_now(kbc->dev.machine->guest_clock)));
    }
}

static void fill(I8042 *kbc, guint8 byte, guint8 flags)
{
    kbc->output = byte;
    kbc->status &= (guint8) ~(STATUS_AUX | STATUS_TIMEOUT);
    kbc->status |= STATUS_OBF | flags;
    update_irqs(kbc);
}

/* Our own reply comes before a device's byte that sits in the buffer, which is not lost. */
static void reply(I8042 *kbc, guint8 byte, guint8 flags)
{
    if ((kbc->status & STATUS_OBF) && !kbc->held_status) {
        kbc->held = kbc->output;
        kbc->held_status = kbc->status & (STATUS_OBF | STATUS_AUX);
    }
    fill(kbc, byte, flags);
}

/* A byte has come over the line from one of the devices. */
static void line_done(void *opaque)
{
    I8042 *kbc = opaque;
    gboolean kbd = kbd_ready(kbc), aux = aux_ready(kbc);
    guint8 byte;

    if (kbc->status & STATUS_OBF) {
        return;
    }
    occupy_line(kbc);
    if (aux && (!kbd || kbc->aux_turn)) {
        kbc->aux_turn = FALSE;
        fill(kbc, ps2_fetch(ps2_bus_device(kbc->aux)), STATUS_AUX);
        return;
    }
    if (!kbd) {
        return;
    }
    kbc->aux_turn = TRUE;
    byte = ps2_fetch(ps2_bus_device(kbc->kbd));
    if (!(kbc->ram[0] & CB_TRANSLATE)) {
        kbc->breaking = FALSE;
        fill(kbc, byte, 0);
    } else if (byte == 0xf0) {
        kbc->breaking = TRUE;
        update_line(kbc);
    } else {
        byte = ps2_translate(byte) | (kbc->breaking ? 0x80 : 0);
        kbc->breaking = FALSE;
        fill(kbc, byte, 0);
    }
}

static guint64 data_read(void *opaque, guint64 addr, guint size)
{
    I8042 *kbc = opaque;
    guint8 byte = kbc->output;

    if (kbc->status & STATUS_OBF) {
        kbc->status &= (guint8) ~(STATUS_OBF | STATUS_AUX | STATUS_TIMEOUT);
        update_irqs(kbc);
        if (kbc->held_status) {
            guint8 flags = kbc->held_status & STATUS_AUX;

            kbc->held_status = 0;
            fill(kbc, kbc->held, flags);
        }
        occupy_line(kbc);
        update_line(kbc);
    }
    return byte;
}

/* ---- commands ---- */

static void set_outport(I8042 *kbc, guint8 value)
{
    kbc->outport = (value & OUT_A20) | OUT_RESET;
    irq_set(&kbc->irqs[LINE_A20], value & OUT_A20 ? 1 : 0);
    if (!(value & OUT_RESET)) {
        machine_request_reset(kbc->dev.machine, TRUE);
    }
}

static guint8 get_outport(const I8042 *kbc)
{
    guint8 value = kbc->outport | 0xcc; /* clock and data lines are high */

    if (kbc->status & STATUS_OBF) {
        value |= kbc->status & STATUS_AUX ? OUT_AUX_OBF : OUT_KBD_OBF;
    }
    return value;
}

static void set_command_byte(I8042 *kbc, guint8 value)
{
    kbc->ram[0] = value;
    occupy_line(kbc);
    kbc->status = (guint8)((kbc->status & ~STATUS_SYS) | (value & CB_SYS ? STATUS_SYS : 0));
    update_irqs(kbc);
    update_line(kbc);
}

static void change_command_byte(I8042 *kbc, guint8 clear, guint8 set)
{
    set_command_byte(kbc, (guint8)((kbc->ram[0] & ~clear) | set));
}

static void self_test(I8042 *kbc)
{
    kbc->held_status = 0;
    kbc->breaking = FALSE;
    kbc->status &= (guint8)~STATUS_OBF;
    change_command_byte(kbc, 0, CB_SYS);
    reply(kbc, 0x55, 0);
}

/* Commands that need no data byte; FALSE if there is no such command. */
static gboolean simple_command(I8042 *kbc, guint8 command)
{
    switch (command) {
    case 0xa4: reply(kbc, 0xf1, 0); break; /* test password: none installed */
    case 0xa6: break;                      /* enable security: without password nothing happens */
    case 0xa7: change_command_byte(kbc, 0, CB_AUX_DISABLE); break;
    case 0xa8: change_command_byte(kbc, CB_AUX_DISABLE, 0); break;
    case 0xa9: reply(kbc, 0x00, 0); break; /* auxiliary lines are good */
    case 0xaa: self_test(kbc); break;
    case 0xab: reply(kbc, 0x00, 0); break; /* keyboard lines are good */
    case 0xad: change_command_byte(kbc, 0, CB_KBD_DISABLE); break;
    case 0xae: change_command_byte(kbc, CB_KBD_DISABLE, 0); break;
    case 0xaf: reply(kbc, 0x00, 0); break; /* version */
    case 0xc0: reply(kbc, INPUT_PORT, 0); break;
    case 0xc1: kbc->poll_status = (guint8)(INPUT_PORT << 4) | 1; break;
    case 0xc2: kbc->poll_status = (INPUT_PORT & 0xf0) | 1; break;
    case 0xd0: reply(kbc, get_outport(kbc), 0); break;
    case 0xdd: set_outport(kbc, (guint8)(kbc->outport & ~OUT_A20)); break;
    case 0xdf: set_outport(kbc, kbc->outport | OUT_A20); break;
    case 0xe0: reply(kbc, 0x00, 0); break; /* test inputs: both clocks are held by us */
    default: return FALSE;
    }
    return TRUE;
}

static void command_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    I8042 *kbc = opaque;
    guint8 command = (guint8)value;

    kbc->status |= STATUS_COMMAND;
    kbc->command = 0;
    kbc->poll_status = 0;
    if (command >= 0x20 && command <= 0x3f) {
        reply(kbc, kbc->ram[command - 0x20], 0);
    } else if ((command >= 0x60 && command <= 0x7f) || (command >= 0xd1 && command <= 0xd4) ||
               command == 0xa5) {
        kbc->command = command;
    } else if (command >= 0xf0) {
        /* Pulses the lines of the output port whose bits are 0; only line 0 does something. */
        if (!(command & OUT_RESET)) {
            machine_request_reset(kbc->dev.machine, TRUE);
        }
    } else if (!simple_command(kbc, command)) {
        device_warn_once(&kbc->dev, "unknown keyboard controller command");
    }
}

/* Sends a byte to a device; without one the controller reports that nobody clocked it in. */
static void send(I8042 *kbc, Bus *bus, guint8 byte, guint8 aux)
{
    Ps2Device *ps2 = ps2_bus_device(bus);

    occupy_line(kbc);
    if (ps2) {
        ps2_write(ps2, byte);
    } else {
        reply(kbc, PS2_RESEND, STATUS_TIMEOUT | aux);
    }
    update_line(kbc);
}

static void data_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    I8042 *kbc = opaque;
    guint8 byte = (guint8)value, command = kbc->command;

    kbc->status &= (guint8)~STATUS_COMMAND;
    kbc->command = 0;
    switch (command) {
    case 0:
        /* Sending to a device opens its interface. */
        change_command_byte(kbc, CB_KBD_DISABLE, 0);
        send(kbc, kbc->kbd, byte, 0);
        break;
    case 0x60: set_command_byte(kbc, byte); break;
    case 0xa5:
        /* A password is loaded up to its 0 and never used: 0xa4 says that there is none. */
        kbc->command = byte ? command : 0;
        break;
    case 0xd1: set_outport(kbc, byte); break;
    case 0xd2: reply(kbc, byte, 0); break;
    case 0xd3: reply(kbc, byte, STATUS_AUX); break;
    case 0xd4:
        change_command_byte(kbc, CB_AUX_DISABLE, 0);
        send(kbc, kbc->aux, byte, STATUS_AUX);
        break;
    default: kbc->ram[command - 0x60] = byte; break;
    }
}

static guint64 status_read(void *opaque, guint64 addr, guint size)
{
    I8042 *kbc = opaque;
    guint8 status = kbc->status;

    if (kbc->poll_status) {
        status = (status & 0x0f) | (kbc->poll_status & 0xf0);
    }
    return status;
}

static const IoOps data_io = {.read = data_read, .write = data_write, .min_size = 1, .max_size = 1};
static const IoOps command_io = {
    .read = status_read, .write = command_write, .min_size = 1, .max_size = 1};

/* ---- lifecycle ---- */

static void i8042_reset(Device *dev)
{
    I8042 *kbc = (I8042 *)dev;

    timer_cancel(&kbc->line);
    memset(kbc->ram, 0, sizeof kbc->ram);
    kbc->ram[0] = CB_KBD_INT | CB_AUX_INT;
    kbc->status = STATUS_ENABLED | STATUS_COMMAND;
    kbc->command = kbc->poll_status = kbc->held_status = kbc->output = 0;
    kbc->breaking = kbc->aux_turn = FALSE;
    kbc->outport = OUT_RESET | OUT_A20;
    update_irqs(kbc);
    irq_set(&kbc->irqs[LINE_A20], 1);
}

static void finish_region(Region *region)
{
    if (region->parent) {
        region_remove(region);
    }
    region_finish(region);
}

static void i8042_unrealize(Device *dev)
{
    I8042 *kbc = (I8042 *)dev;

    timer_cancel(&kbc->line);
    finish_region(&kbc->data_region);
    finish_region(&kbc->command_region);
}

static gboolean i8042_realize(Device *dev, GError **error)
{
    I8042 *kbc = (I8042 *)dev;

    timer_init(&kbc->line, dev->machine->guest_clock, line_done, kbc);
    kbc->status = STATUS_ENABLED;
    kbc->kbd = ps2_bus_create(dev, "ps2-kbd", update_line, kbc);
    kbc->aux = ps2_bus_create(dev, "ps2-aux", update_line, kbc);
    if (!device_create(dev->machine, &ps2_keyboard_ops, kbc->kbd, NULL, NULL, error) ||
        (kbc->has_mouse &&
         !device_create(dev->machine, &ps2_mouse_ops, kbc->aux, NULL, NULL, error))) {
        return FALSE;
    }
    region_init_io(&kbc->data_region, "i8042-data", &data_io, kbc, 1);
    region_init_io(&kbc->command_region, "i8042-command", &command_io, kbc, 1);
    device_publish_region(dev, &kbc->data_region);
    device_publish_region(dev, &kbc->command_region);
    for (guint i = 0; i < LINES; i++) {
        device_publish_irq(dev, &kbc->irqs[i]);
    }
    return TRUE;
}

static const OptionSpec i8042_options[] = {
    {"mouse", OPTION_BOOL, offsetof(I8042, has_mouse), "on",
     "a PS/2 mouse is plugged into the auxiliary port"},
    OPTION_END,
};

static gboolean i8042_loaded(void *object, GError **error)
{
    I8042 *kbc = object;
    guint8 command = kbc->command;

    if (command && command != 0xa5 && (command < 0x60 || command > 0x7f) &&
        (command < 0xd1 || command > 0xd4)) {
        return error_set(error, "saved state of the i8042 holds an impossible command 0x%02x",
                         command);
    }
    kbc->line_free = 0;
    update_line(kbc);
    return TRUE;
}

static const StateField i8042_fields[] = {
    STATE_ARRAY(U8, I8042, ram),        STATE_FIELD(U8, I8042, status),
    STATE_FIELD(U8, I8042, output),     STATE_FIELD(U8, I8042, outport),
    STATE_FIELD(U8, I8042, command),    STATE_FIELD(U8, I8042, poll_status),
    STATE_FIELD(U8, I8042, held),       STATE_FIELD(U8, I8042, held_status),
    STATE_FIELD(BOOL, I8042, breaking), STATE_FIELD(BOOL, I8042, aux_turn),
    STATE_FIELD(TIMER, I8042, line),    STATE_END,
};

static const StateTable i8042_state = {
    .version = 1, .fields = i8042_fields, .loaded = i8042_loaded};

const DeviceOps i8042_ops = {
    .name = "i8042",
    .summary = "PS/2 keyboard controller",
    .category = "Input",
    .size = sizeof(I8042),
    .board_only = TRUE,
    .options = i8042_options,
    .state = &i8042_state,
    .realize = i8042_realize,
    .unrealize = i8042_unrealize,
    .reset = i8042_reset,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * National Semiconductor PC16550D data sheet.
 *
 * Bytes arrive no faster than the baud rate allows on the guest's clock. Bytes leave as fast as the
 * character device takes them, since nobody wants a slow console; when it takes no more the
 * transmitter stays busy.
 */
#include "hw/char/serial.h"

#include <string.h>

#include "core/char.h"
#include "core/error.h"
#include "core/machine.h"
#include "hw/char/line.h"
#include "hw/isa/isa.h"

enum { REG_DATA, REG_IER, REG_IIR, REG_LCR, REG_MCR, REG_LSR, REG_MSR, REG_SCR, REGS };

#define IER_RECEIVED (1 << 0)
#define IER_EMPTY    (1 << 1)
#define IER_LINE     (1 << 2)
#define IER_MODEM    (1 << 3)

#define IIR_NONE     0x01
#define IIR_MODEM    0x00
#define IIR_EMPTY    0x02
#define IIR_RECEIVED 0x04
#define IIR_LINE     0x06
#define IIR_TIMEOUT  0x0c
#define IIR_FIFO     0xc0

#define FCR_ENABLE   (1 << 0)
#define FCR_CLEAR_RX (1 << 1)
#define FCR_CLEAR_TX (1 << 2)
#define FCR_KEPT     0xc9

#define LCR_BREAK (1 << 6)
#define LCR_DLAB  (1 << 7)

#define MCR_DTR  (1 << 0)
#define MCR_RTS  (1 << 1)
#define MCR_OUT1 (1 << 2)
#define MCR_OUT2 (1 << 3) /* gates the interrupt on the PC's cards */
#define MCR_LOOP (1 << 4)

#define LSR_READY   (1 << 0)
#define LSR_OVERRUN (1 << 1)
#define LSR_PARITY  (1 << 2)
#define LSR_FRAMING (1 << 3)
#define LSR_BREAK   (1 << 4)
#define LSR_THRE    (1 << 5)
#define LSR_TEMT    (1 << 6)
#define LSR_FIFO    (1 << 7) /* an error is somewhere in the FIFO */
#define LSR_ERRORS  (LSR_OVERRUN | LSR_PARITY | LSR_FRAMING | LSR_BREAK)

#define MSR_DELTAS 0x0f
#define MSR_TERI   (1 << 2)
#define MSR_CTS    (1 << 4)
#define MSR_DSR    (1 << 5)
#define MSR_RI     (1 << 6)
#define MSR_DCD    (1 << 7)

#define FIFO_SIZE  16
#define UART_CLOCK 1843200

typedef struct Serial {
    Device dev;
    char *chardev;
    guint64 index;
    Chardev *chr; /* NULL = nothing on the line */
    Region region;
    IrqLine irq;
    guint8 ier, fcr, lcr, mcr, msr, scr;
    guint16 divisor;
    guint8 rx[FIFO_SIZE], rx_errors[FIFO_SIZE]; /* a ring; errors as in the LSR */
    guint8 rx_head, rx_count;
    guint8 line_errors; /* LSR_ERRORS not yet read */
    guint8 last_rx;     /* what an empty receiver reads as */
    guint8 tx[FIFO_SIZE];
    guint8 tx_count;
    gboolean empty_int;   /* transmitter became empty, not yet told */
    gboolean timeout_int; /* bytes lie in the FIFO below the trigger */
    Timer timeout;        /* four characters without a byte or a read */
    Timer pace;           /* until the line may bring the next byte */
} Serial;

/* ---- interrupts ---- */

static gboolean fifo_on(const Serial *uart)
{
    return uart->fcr & FCR_ENABLE;
}

static guint rx_capacity(const Serial *uart)
{
    return fifo_on(uart) ? FIFO_SIZE : 1;
}

static guint rx_trigger(const Serial *uart)
{
    static const guint8 levels[] = {1, 4, 8, 14};

    return fifo_on(uart) ? levels[uart->fcr >> 6] : 1;
}

/* The pending interrupt of the highest priority (data sheet, table V). */
static guint8 pending(const Serial *uart)
{
    if ((uart->ier & IER_LINE) && uart->line_errors) {
        return IIR_LINE;
    }
    if (uart->ier & IER_RECEIVED) {
        if (uart->rx_count >= rx_trigger(uart)) {
            return IIR_RECEIVED;
        }
        if (uart->timeout_int) {
            return IIR_TIMEOUT;
        }
    }
    if ((uart->ier & IER_EMPTY) && uart->empty_int) {
        return IIR_EMPTY;
    }
    if ((uart->ier & IER_MODEM) && (uart->msr & MSR_DELTAS)) {
        return IIR_MODEM;
    }
    return IIR_NONE;
}

static void update_irq(Serial *uart)
{
    irq_set(&uart->irq, (uart->mcr & MCR_OUT2) && pending(uart) != IIR_NONE);
}

/* Duration of a character on the line, in ns. */
static gint64 character_time(const Serial *uart)
{
    guint bits = 1 + 5 + (uart->lcr & 3) + (uart->lcr & 8 ? 1 : 0) + (uart->lcr & 4 ? 2 : 1);
    guint divisor = uart->divisor ? uart->divisor : 0x10000;

    return (gint64)bits * divisor * 16 * NS_PER_SEC / UART_CLOCK;
}

/* A line of the host behind the port is set as ours. */
static void set_line(Serial *uart)
{
    CharLine line = {
        .baud = UART_CLOCK / 16 / (uart->divisor ? uart->divisor : 0x10000),
        .data_bits = 5 + (uart->lcr & 3),
        .stop_bits = uart->lcr & 4 ? 2 : 1,
        .parity = !(uart->lcr & 8) ? 'N'
                  : uart->lcr & 16 ? 'E'
                                   : 'O',
    };

    if (uart->chr && uart->chr->ops->line) {
        uart->chr->ops->line->set(uart->chr, &line);
    }
}

static void set_wires(Serial *uart)
{
    if (uart->chr && uart->chr->ops->line && !(uart->mcr & MCR_LOOP)) {
        uart->chr->ops->line->set_wires(uart->chr, (uart->mcr & MCR_DTR ? CHAR_WIRE_DTR : 0) |
                                                       (uart->mcr & MCR_RTS ? CHAR_WIRE_RTS : 0));
    }
}

/* ---- receiver ---- */

/* The byte at the head brings its errors into the line status. */
static void show_head_errors(Serial *uart)
{
    if (uart->rx_count) {
        uart->line_errors |= uart->rx_errors[uart->rx_head];
        uart->rx_errors[uart->rx_head] = 0;
    }
}

static void rx_put(Serial *uart, guint8 byte, guint8 errors)
{
    guint at = (uart->rx_head + uart->rx_count) % FIFO_SIZE;

    if (uart->rx_count >= rx_capacity(uart)) {
        uart->line_errors |= LSR_OVERRUN;
        if (!fifo_on(uart)) {
            uart->rx[uart->rx_head] = byte; /* without FIFO the new byte replaces the old one */
        }
        return;
    }
    uart->rx[at] = byte;
    uart->rx_errors[at] = errors;
    uart->rx_count++;
    show_head_errors(uart);
}

static void restart_timeout(Serial *uart)
{
    uart->timeout_int = FALSE;
    if (fifo_on(uart) && uart->rx_count) {
        timer_set_after(&uart->timeout, 4 * character_time(uart));
    } else {
        timer_cancel(&uart->timeout);
    }
}

static void timeout_fired(void *opaque)
{
    Serial *uart = opaque;

    uart->timeout_int = uart->rx_count > 0;
    update_irq(uart);
}

static guint8 rx_take(Serial *uart)
{
    if (uart->rx_count) {
        uart->last_rx = uart->rx[uart->rx_head];
        uart->rx_head = (uart->rx_head + 1) % FIFO_SIZE;
        uart->rx_count--;
        show_head_errors(uart);
        restart_timeout(uart);
        update_irq(uart);
        if (uart->chr) {
            chardev_accept(uart->chr);
        }
    }
    return uart->last_rx;
}

static gsize serial_can_receive(void *opaque)
{
    Serial *uart = opaque;

    /* In loop mode the pin is disconnected: what comes waits outside. */
    if (timer_pending(&uart->pace) || (uart->mcr & MCR_LOOP)) {
        return 0;
    }
    return rx_capacity(uart) - uart->rx_count;
}

static void serial_receive(void *opaque, const guint8 *data, gsize length)
{
    Serial *uart = opaque;

    for (gsize i = 0; i < length; i++) {
        rx_put(uart, data[i], 0);
    }
    timer_set_after(&uart->pace, (gint64)length * character_time(uart));
    restart_timeout(uart);
    update_irq(uart);
}

static void pace_done(void *opaque)
{
    Serial *uart = opaque;

    if (uart->chr) {
        chardev_accept(uart->chr);
    }
}

static void serial_char_event(void *opaque, CharEvent event)
{
    Serial *uart = opaque;

    if (event == CHAR_BREAK && !(uart->mcr & MCR_LOOP)) {
        rx_put(uart, 0, LSR_BREAK);
        restart_timeout(uart);
        update_irq(uart);
    }
}

/* ---- transmitter ---- */

static void transmitter_empty(Serial *uart)
{
    uart->empty_int = TRUE;
    update_irq(uart);
}

/* Gives the character device what it takes. */
static void drain(void *opaque)
{
    Serial *uart = opaque;
    gsize taken = uart->tx_count;

    if (!uart->tx_count) {
        return;
    }
    if (uart->chr) {
        taken = chardev_write(uart->chr, uart->tx, uart->tx_count);
    }
    uart->tx_count -= (guint8)taken;
    memmove(uart->tx, uart->tx + taken, uart->tx_count);
    if (!uart->tx_count) {
        transmitter_empty(uart);
    }
}

static void transmit(Serial *uart, guint8 byte)
{
    uart->empty_int = FALSE;
    if (uart->mcr & MCR_LOOP) {
        rx_put(uart, byte, 0);
        restart_timeout(uart);
        update_irq(uart);
        transmitter_empty(uart);
        return;
    }
    if (uart->tx_count < rx_capacity(uart)) {
        uart->tx[uart->tx_count++] = byte;
    } /* else it is lost: the guest did not look at THRE */
    update_irq(uart);
    drain(uart);
}

/* ---- registers ---- */

static guint8 modem_lines(const Serial *uart)
{
    if (uart->mcr & MCR_LOOP) {
        return (uart->mcr & MCR_RTS ? MSR_CTS : 0) | (uart->mcr & MCR_DTR ? MSR_DSR : 0) |
               (uart->mcr & MCR_OUT1 ? MSR_RI : 0) | (uart->mcr & MCR_OUT2 ? MSR_DCD : 0);
    }
    if (uart->chr && uart->chr->ops->line) {
        guint wires = uart->chr->ops->line->wires(uart->chr);

        return (wires & CHAR_WIRE_CTS ? MSR_CTS : 0) | (wires & CHAR_WIRE_DSR ? MSR_DSR : 0) |
               (wires & CHAR_WIRE_RI ? MSR_RI : 0) | (wires & CHAR_WIRE_DCD ? MSR_DCD : 0);
    }
    /* The cable is always there; who is at its other end may come and go. */
    return MSR_CTS | MSR_DSR | MSR_DCD;
}

static void update_modem(Serial *uart)
{
    guint8 lines = modem_lines(uart);
    guint8 changed = (lines ^ uart->msr) & 0xf0;
    guint8 deltas = (changed >> 4) & (MSR_DELTAS & ~MSR_TERI);

    if ((changed & MSR_RI) && !(lines & MSR_RI)) {
        deltas |= MSR_TERI; /* trailing edge only */
    }
    uart->msr = lines | (uart->msr & MSR_DELTAS) | deltas;
}

static guint8 read_lsr(Serial *uart)
{
    guint8 lsr = uart->line_errors;

    if (uart->rx_count) {
        lsr |= LSR_READY;
    }
    if (!uart->tx_count) {
        lsr |= LSR_THRE | LSR_TEMT;
    }
    for (guint i = 0; fifo_on(uart) && i < uart->rx_count; i++) {
        if (uart->rx_errors[(uart->rx_head + i) % FIFO_SIZE]) {
            lsr |= LSR_FIFO;
        }
    }
    if (fifo_on(uart) && (lsr & (LSR_PARITY | LSR_FRAMING | LSR_BREAK))) {
        lsr |= LSR_FIFO;
    }
    uart->line_errors = 0;
    update_irq(uart);
    return lsr;
}

static guint8 read_iir(Serial *uart)
{
    guint8 iir = pending(uart);

    if (iir == IIR_EMPTY) {
        uart->empty_int = FALSE; /* reading it acknowledges this one */
        update_irq(uart);
    }
    return iir | (fifo_on(uart) ? IIR_FIFO : 0);
}

static guint8 read_msr(Serial *uart)
{
    guint8 msr;

    if (uart->chr && uart->chr->ops->line) {
        update_modem(uart); /* nobody tells when the wires change */
    }
    msr = uart->msr;
    uart->msr &= (guint8)~MSR_DELTAS;
    update_irq(uart);
    return msr;
}

static guint64 serial_read(void *opaque, guint64 addr, guint size)
{
    Serial *uart = opaque;
    gboolean dlab = uart->lcr & LCR_DLAB;

    switch (addr) {
    case REG_DATA: return dlab ? uart->divisor & 0xff : rx_take(uart);
    case REG_IER: return dlab ? uart->divisor >> 8 : uart->ier;
    case REG_IIR: return read_iir(uart);
    case REG_LCR: return uart->lcr;
    case REG_MCR: return uart->mcr;
    case REG_LSR: return read_lsr(uart);
    case REG_MSR: return read_msr(uart);
    default: return uart->scr;
    }
}

static void clear_rx(Serial *uart)
{
    uart->rx_count = uart->rx_head = 0;
    memset(uart->rx_errors, 0, sizeof uart->rx_errors);
    restart_timeout(uart);
}

static void write_fcr(Serial *uart, guint8 value)
{
    gboolean toggled = (value ^ uart->fcr) & FCR_ENABLE;
    guint8 clear = value & FCR_ENABLE || toggled ? value : 0;

    if (toggled) {
        clear |= FCR_CLEAR_RX | FCR_CLEAR_TX; /* "changing modes empties the FIFOs" */
    }
    uart->fcr = value & FCR_ENABLE ? value & FCR_KEPT : 0;
    if (clear & FCR_CLEAR_RX) {
        clear_rx(uart);
    }
    if ((clear & FCR_CLEAR_TX) && uart->tx_count) {
        uart->tx_count = 0;
        uart->empty_int = TRUE;
    }
    update_irq(uart);
    if (uart->chr) {
        chardev_accept(uart->chr);
    }
}

static void write_ier(Serial *uart, guint8 value)
{
    guint8 enabled = value & (guint8)~uart->ier;

    uart->ier = value & 0x0f;
    /* Enabling it while the transmitter is empty raises it at once. */
    if ((enabled & IER_EMPTY) && !uart->tx_count) {
        uart->empty_int = TRUE;
    }
    update_irq(uart);
}

static void write_lcr(Serial *uart, guint8 value)
{
    gboolean breaks = (value & (guint8)~uart->lcr) & LCR_BREAK;
    gboolean toggles = (value ^ uart->lcr) & LCR_BREAK;

    uart->lcr = value;
    set_line(uart);
    if (toggles && uart->chr && uart->chr->ops->line && !(uart->mcr & MCR_LOOP)) {
        uart->chr->ops->line->set_break(uart->chr, (value & LCR_BREAK) != 0);
    }
    if (breaks && (uart->mcr & MCR_LOOP)) {
        rx_put(uart, 0, LSR_BREAK);
        restart_timeout(uart);
        update_irq(uart);
    }
}

static void write_mcr(Serial *uart, guint8 value)
{
    uart->mcr = value & 0x1f;
    set_wires(uart);
    update_modem(uart);
    update_irq(uart);
    if (uart->chr) {
        chardev_accept(uart->chr);
    }
}

static void serial_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    Serial *uart = opaque;
    guint8 byte = (guint8)value;
    gboolean dlab = uart->lcr & LCR_DLAB;

    switch (addr) {
    case REG_DATA:
        if (dlab) {
            uart->divisor = (guint16)((uart->divisor & 0xff00) | byte);
            set_line(uart);
        } else {
            transmit(uart, byte);
        }
        break;
    case REG_IER:
        if (dlab) {
            uart->divisor = (guint16)((uart->divisor & 0xff) | byte << 8);
            set_line(uart);
        } else {
            write_ier(uart, byte);
        }
        break;
    case REG_IIR: write_fcr(uart, byte); break;
    case REG_LCR: write_lcr(uart, byte); break;
    case REG_MCR: write_mcr(uart, byte); break;
    case REG_SCR: uart->scr = byte; break;
    default: break; /* LSR and MSR: for the factory's tests only */
    }
}

static const IoOps serial_io = {
    .read = serial_read, .write = serial_write, .min_size = 1, .max_size = 1};

/* ---- lifecycle ---- */

static void serial_moved(void *opaque, Chardev *chr)
{
    Serial *uart = opaque;

    uart->chr = chr;
    set_line(uart);
    set_wires(uart);
}

static const CharUser serial_user = {
    .can_receive = serial_can_receive,
    .receive = serial_receive,
    .event = serial_char_event,
    .writable = drain,
    .moved = serial_moved,
};

static void serial_reset(Device *dev)
{
    Serial *uart = (Serial *)dev;

    timer_cancel(&uart->timeout);
    timer_cancel(&uart->pace);
    uart->ier = uart->fcr = uart->lcr = uart->mcr = uart->scr = 0;
    uart->divisor = 12; /* the data sheet leaves it undefined: 9600 baud */
    uart->msr = modem_lines(uart);
    uart->tx_count = 0;
    uart->line_errors = uart->last_rx = 0;
    uart->empty_int = FALSE;
    clear_rx(uart);
    update_irq(uart);
}

static void serial_unrealize(Device *dev)
{
    Serial *uart = (Serial *)dev;

    timer_cancel(&uart->timeout);
    timer_cancel(&uart->pace);
    if (uart->chr) {
        chardev_detach(uart->chr);
    }
    region_finish(&uart->region);
}

static gboolean serial_realize(Device *dev, GError **error)
{
    static const IsaResources places[] = {{0x3f8, 4}, {0x2f8, 3}, {0x3e8, 4}, {0x2e8, 3}, {0, 0}};
    static const IsaResources place[][2] = {{{0x3f8, 4}}, {{0x2f8, 3}}, {{0x3e8, 4}}, {{0x2e8, 3}}};
    Serial *uart = (Serial *)dev;

    if (!isa_default_resources(dev, uart->index < 4 ? place[uart->index] : places, error)) {
        return FALSE;
    }
    timer_init(&uart->timeout, dev->machine->guest_clock, timeout_fired, uart);
    timer_init(&uart->pace, dev->machine->guest_clock, pace_done, uart);
    uart->chr = uart->chardev ? char_line_open(dev, uart->chardev, &serial_user, error) : NULL;
    if (uart->chardev && !uart->chr) {
        return FALSE;
    }
    region_init_io(&uart->region, "serial", &serial_io, uart, REGS);
    device_publish_region(dev, &uart->region);
    device_publish_irq(dev, &uart->irq);
    return TRUE;
}

static const OptionSpec serial_options[] = {
    {"chardev", OPTION_STRING, offsetof(Serial, chardev), NULL,
     "id of the character device on the line"},
    {"index", OPTION_UINT, offsetof(Serial, index), "255",
     "which of the usual places: 0 to 3, 255 = the first free one", 0, 255},
    OPTION_END,
};

static gboolean serial_loaded(void *object, GError **error)
{
    Serial *uart = object;

    if (uart->rx_head >= FIFO_SIZE || uart->rx_count > FIFO_SIZE || uart->tx_count > FIFO_SIZE) {
        return error_set(error, "saved state of the serial port is damaged");
    }
    drain(uart);
    return TRUE;
}

static const StateField serial_fields[] = {
    STATE_FIELD(U8, Serial, ier),           STATE_FIELD(U8, Serial, fcr),
    STATE_FIELD(U8, Serial, lcr),           STATE_FIELD(U8, Serial, mcr),
    STATE_FIELD(U8, Serial, msr),           STATE_FIELD(U8, Serial, scr),
    STATE_FIELD(U16, Serial, divisor),      STATE_ARRAY(U8, Serial, rx),
    STATE_ARRAY(U8, Serial, rx_errors),     STATE_FIELD(U8, Serial, rx_head),
    STATE_FIELD(U8, Serial, rx_count),      STATE_FIELD(U8, Serial, line_errors),
    STATE_FIELD(U8, Serial, last_rx),       STATE_ARRAY(U8, Serial, tx),
    STATE_FIELD(U8, Serial, tx_count),      STATE_FIELD(BOOL, Serial, empty_int),
    STATE_FIELD(BOOL, Serial, timeout_int), STATE_FIELD(TIMER, Serial, timeout),
    STATE_FIELD(TIMER, Serial, pace),       STATE_END,
};

static const StateTable serial_state = {
    .version = 1, .fields = serial_fields, .loaded = serial_loaded};

const DeviceOps isa_serial_ops = {
    .name = "isa-serial",
    .summary = "16550A serial port",
    .category = "Input",
    .bus = BUS_ISA,
    .size = sizeof(Serial),
    .options = serial_options,
    .state = &serial_state,
    .realize = serial_realize,
    .unrealize = serial_unrealize,
    .reset = serial_reset,
};

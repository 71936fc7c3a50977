/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Serial ports of the host (termios(3), tty_ioctl(4)): the line is set as the guest sets its own.
 * A printer port is not passed on: ppdev would have to be driven byte by byte, each a system call
 * that may block.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "core/char-priv.h"
#include "core/error.h"
#include "core/fdset.h"

typedef struct SerialChardev {
    Chardev chr;
    char *path;
    int fd;
    FdWatch *watch;
    gboolean want_out, broken;
    struct termios saved;
} SerialChardev;

static const OptionSpec serial_options[] = {
    {"path", OPTION_STRING, offsetof(SerialChardev, path), NULL, "the host's device, /dev/ttyS0"},
    OPTION_END,
};

static void serial_update_watch(SerialChardev *serial)
{
    GIOCondition events = serial->want_out ? G_IO_OUT : 0;

    if (chardev_user_room(&serial->chr)) {
        events |= G_IO_IN;
    }
    fd_watch_set_events(serial->watch, serial->broken ? 0 : events);
}

static void serial_ready(int fd, GIOCondition revents, void *opaque)
{
    SerialChardev *serial = opaque;
    gboolean room;

    if ((revents & ~(GIOCondition)G_IO_OUT) && !char_fd_read(&serial->chr, fd, &room)) {
        /* The adapter was pulled out. */
        serial->broken = TRUE;
        chardev_event(&serial->chr, CHAR_CLOSED);
    }
    if (((revents & G_IO_OUT) || serial->broken) && serial->want_out) {
        serial->want_out = FALSE;
        chardev_writable(&serial->chr);
    }
    serial_update_watch(serial);
}

static void serial_accept(Chardev *chr)
{
    serial_update_watch((SerialChardev *)chr);
}

static gsize serial_write(Chardev *chr, const guint8 *data, gsize length)
{
    SerialChardev *serial = (SerialChardev *)chr;
    gssize n = serial->broken ? -1 : char_fd_write(serial->fd, data, length);

    if (n < 0) {
        return length;
    }
    if ((gsize)n < length) {
        serial->want_out = TRUE;
        serial_update_watch(serial);
    }
    return (gsize)n;
}

/* ---- the line ---- */

/* The fastest speed that termios has and that is not above `baud`, or the slowest. */
static speed_t speed_of(guint baud)
{
    static const struct {
        guint baud;
        speed_t speed;
    } speeds[] = {
        {50, B50},       {75, B75},         {110, B110},       {134, B134},       {150, B150},
        {200, B200},     {300, B300},       {600, B600},       {1200, B1200},     {1800, B1800},
        {2400, B2400},   {4800, B4800},     {9600, B9600},     {19200, B19200},   {38400, B38400},
        {57600, B57600}, {115200, B115200}, {230400, B230400}, {460800, B460800}, {921600, B921600},
    };
    guint i = 0;

    /* A divisor rounds: 2 % below a speed is that speed. */
    while (i + 1 < G_N_ELEMENTS(speeds) && speeds[i + 1].baud <= baud + baud / 50) {
        i++;
    }
    return speeds[i].speed;
}

static void serial_set_line(Chardev *chr, const CharLine *line)
{
    static const tcflag_t sizes[] = {CS5, CS6, CS7, CS8};
    SerialChardev *serial = (SerialChardev *)chr;
    struct termios tty;

    if (tcgetattr(serial->fd, &tty) != 0) {
        return;
    }
    cfmakeraw(&tty);
    cfsetspeed(&tty, speed_of(line->baud));
    tty.c_cflag &= ~(tcflag_t)(CSIZE | CSTOPB | PARENB | PARODD | CRTSCTS);
    tty.c_cflag |= CLOCAL | CREAD | sizes[CLAMP(line->data_bits, 5, 8) - 5];
    tty.c_cflag |= (line->stop_bits > 1 ? CSTOPB : 0) | (line->parity != 'N' ? PARENB : 0) |
                   (line->parity == 'O' ? PARODD : 0);
    tcsetattr(serial->fd, TCSANOW, &tty);
}

static void serial_set_break(Chardev *chr, gboolean on)
{
    ioctl(((SerialChardev *)chr)->fd, on ? TIOCSBRK : TIOCCBRK);
}

static const struct {
    guint wire;
    int bit;
} wire_bits[] = {
    {CHAR_WIRE_DTR, TIOCM_DTR}, {CHAR_WIRE_RTS, TIOCM_RTS}, {CHAR_WIRE_CTS, TIOCM_CTS},
    {CHAR_WIRE_DSR, TIOCM_DSR}, {CHAR_WIRE_RI, TIOCM_RI},   {CHAR_WIRE_DCD, TIOCM_CAR},
};

static void serial_set_wires(Chardev *chr, guint wires)
{
    int set = 0, clear = 0;

    for (guint i = 0; i < 2; i++) {
        *(wires & wire_bits[i].wire ? &set : &clear) |= wire_bits[i].bit;
    }
    ioctl(((SerialChardev *)chr)->fd, TIOCMBIS, &set);
    ioctl(((SerialChardev *)chr)->fd, TIOCMBIC, &clear);
}

/* A terminal without such wires (a pty) has them all at rest. */
static guint serial_wires(Chardev *chr)
{
    guint wires = 0;
    int bits;

    if (ioctl(((SerialChardev *)chr)->fd, TIOCMGET, &bits) != 0) {
        return CHAR_WIRE_CTS | CHAR_WIRE_DSR | CHAR_WIRE_DCD;
    }
    for (guint i = 2; i < G_N_ELEMENTS(wire_bits); i++) {
        wires |= bits & wire_bits[i].bit ? wire_bits[i].wire : 0;
    }
    return wires;
}

static const CharLineOps serial_line_ops = {
    .set = serial_set_line,
    .set_break = serial_set_break,
    .set_wires = serial_set_wires,
    .wires = serial_wires,
};

/* ---- lifecycle ---- */

static gboolean serial_open(Chardev *chr, GError **error)
{
    SerialChardev *serial = (SerialChardev *)chr;

    if (!serial->path) {
        return error_set(error, "character device '%s' needs path=/dev/tty...", chr->id);
    }
    serial->fd =
        path_open(chr->machine, serial->path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
    if (serial->fd < 0) {
        return error_set_errno(error, errno, "cannot open '%s'", serial->path);
    }
    if (tcgetattr(serial->fd, &serial->saved) != 0) {
        close(serial->fd);
        return error_set(error, "'%s' is no serial port or terminal", serial->path);
    }
    serial_set_line(chr,
                    &(CharLine){.baud = 115200, .data_bits = 8, .stop_bits = 1, .parity = 'N'});
    serial->watch = fd_watch_add(chr->machine->loop, serial->fd, 0, serial_ready, serial);
    chardev_event(chr, CHAR_OPENED);
    return TRUE;
}

static void serial_close(Chardev *chr)
{
    SerialChardev *serial = (SerialChardev *)chr;

    g_clear_pointer(&serial->watch, fd_watch_remove);
    tcsetattr(serial->fd, TCSANOW, &serial->saved);
    close(serial->fd);
}

const ChardevOps char_serial_ops = {
    .name = "serial",
    .summary = "a serial port of the host",
    .size = sizeof(SerialChardev),
    .options = serial_options,
    .open = serial_open,
    .close = serial_close,
    .write = serial_write,
    .accept = serial_accept,
    .line = &serial_line_ops,
};

const ChardevOps char_tty_ops = {
    .name = "tty",
    .summary = "the same",
    .size = sizeof(SerialChardev),
    .options = serial_options,
    .open = serial_open,
    .close = serial_close,
    .write = serial_write,
    .accept = serial_accept,
    .line = &serial_line_ops,
};

/* ---- printer ports ---- */

static gboolean parallel_open(Chardev *chr, GError **error)
{
    return error_set(error,
                     "parallel ports of the host are not passed on; a printer there is reached by "
                     "file,path=/dev/lp0");
}

static void parallel_close(Chardev *chr)
{
    /* It never opens. */
}

static gsize parallel_write(Chardev *chr, const guint8 *data, gsize length)
{
    return length;
}

const ChardevOps char_parallel_ops = {
    .name = "parallel",
    .summary = "refused: use file,path=/dev/lp0",
    .refused = TRUE,
    .size = sizeof(SerialChardev),
    .options = serial_options,
    .open = parallel_open,
    .close = parallel_close,
    .write = parallel_write,
};

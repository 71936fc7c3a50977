/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program's standard input and output; a terminal is put into raw mode and restored at close.
 *
 * O_NONBLOCK belongs to the open file, which the shell and stderr share, so both ends are opened
 * anew through /proc where that works (terminals, pipes, files) and only sockets get the flag.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "core/char-priv.h"
#include "core/error.h"

typedef struct StdioChardev {
    Chardev chr;
    gboolean signals;
    int in, out;
    int saved_flags[2]; /* of fds 0 and 1, or -1 where the file was opened anew */
    FdWatch *in_watch, *out_watch;
    gboolean raw;
    struct termios saved;
} StdioChardev;

static const OptionSpec stdio_options[] = {
    {"signal", OPTION_BOOL, offsetof(StdioChardev, signals), "on",
     "Ctrl-C and Ctrl-Z act on the program (off: they go to the guest)"},
    OPTION_END,
};

static void stdio_readable(int fd, GIOCondition revents, void *opaque)
{
    StdioChardev *stdio = opaque;
    gboolean room;

    if (!char_fd_read(&stdio->chr, stdio->in, &room)) {
        /* End of the input; output goes on. */
        g_clear_pointer(&stdio->in_watch, fd_watch_remove);
        chardev_event(&stdio->chr, CHAR_CLOSED);
    } else if (!room) {
        fd_watch_set_events(stdio->in_watch, 0);
    }
}

static void stdio_accept(Chardev *chr)
{
    StdioChardev *stdio = (StdioChardev *)chr;

    if (stdio->in_watch && chardev_user_room(chr)) {
        fd_watch_set_events(stdio->in_watch, G_IO_IN);
    }
}

static void stdio_writable(int fd, GIOCondition revents, void *opaque)
{
    StdioChardev *stdio = opaque;

    fd_watch_set_events(stdio->out_watch, 0);
    chardev_writable(&stdio->chr);
}

static gsize stdio_write(Chardev *chr, const guint8 *data, gsize length)
{
    StdioChardev *stdio = (StdioChardev *)chr;
    gssize n = char_fd_write(stdio->out, data, length);

    if (n < 0) {
        return length; /* nobody reads any more: what is said is lost */
    }
    if ((gsize)n < length) {
        fd_watch_set_events(stdio->out_watch, G_IO_OUT);
    }
    return (gsize)n;
}

/* A descriptor for `fd`'s file that may be non-blocking without anyone else noticing. */
static int stdio_reopen(int fd, int mode, int *saved_flags)
{
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
    struct stat st;
    int again;

    *saved_flags = -1;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        return fd; /* a new description would start at offset 0; files do not block anyway */
    }
    again = open(path, mode | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (again >= 0) {
        return again;
    }
    *saved_flags = fcntl(fd, F_GETFL);
    if (*saved_flags >= 0) {
        fcntl(fd, F_SETFL, *saved_flags | O_NONBLOCK);
    }
    return fd;
}

static void stdio_raw(StdioChardev *stdio)
{
    struct termios raw;

    if (tcgetattr(0, &stdio->saved) != 0) {
        return; /* not a terminal */
    }
    raw = stdio->saved;
    raw.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    raw.c_oflag |= OPOST;
    raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | IEXTEN);
    if (!stdio->signals) {
        raw.c_lflag &= ~(tcflag_t)ISIG;
    }
    raw.c_cflag &= ~(tcflag_t)(CSIZE | PARENB);
    raw.c_cflag |= CS8;
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    stdio->raw = tcsetattr(0, TCSANOW, &raw) == 0;
}

static gboolean stdio_open(Chardev *chr, GError **error)
{
    StdioChardev *stdio = (StdioChardev *)chr;
    GPtrArray *others = chr->machine->chars->chardevs;

    for (guint i = 0; i < others->len; i++) {
        Chardev *other = g_ptr_array_index(others, i);

        if (other->ops == chr->ops) {
            return error_set(error, "standard input and output are used by '%s' already",
                             other->id);
        }
    }
    if (fcntl(0, F_GETFD) < 0 || fcntl(1, F_GETFD) < 0) {
        return error_set(error, "standard input or output is closed");
    }
    stdio->in = stdio_reopen(0, O_RDONLY, &stdio->saved_flags[0]);
    stdio->out = stdio_reopen(1, O_WRONLY, &stdio->saved_flags[1]);
    stdio_raw(stdio);
    stdio->in_watch = fd_watch_add(chr->machine->loop, stdio->in, 0, stdio_readable, stdio);
    stdio->out_watch = fd_watch_add(chr->machine->loop, stdio->out, 0, stdio_writable, stdio);
    chardev_event(chr, CHAR_OPENED);
    return TRUE;
}

static void stdio_close(Chardev *chr)
{
    StdioChardev *stdio = (StdioChardev *)chr;
    int fds[2] = {stdio->in, stdio->out};

    g_clear_pointer(&stdio->in_watch, fd_watch_remove);
    g_clear_pointer(&stdio->out_watch, fd_watch_remove);
    if (stdio->raw) {
        tcsetattr(0, TCSANOW, &stdio->saved);
    }
    for (int i = 0; i < 2; i++) {
        if (stdio->saved_flags[i] >= 0) {
            fcntl(i, F_SETFL, stdio->saved_flags[i]);
        } else if (fds[i] != i) {
            close(fds[i]);
        }
    }
}

static CharTerminal stdio_terminal(Chardev *chr)
{
    const StdioChardev *stdio = (const StdioChardev *)chr;
    struct winsize size = {0};

    ioctl(stdio->out, TIOCGWINSZ, &size);
    return (CharTerminal){size.ws_col, stdio->raw};
}

const ChardevOps char_stdio_ops = {
    .name = "stdio",
    .summary = "standard input and output, a terminal in raw mode",
    .size = sizeof(StdioChardev),
    .options = stdio_options,
    .open = stdio_open,
    .close = stdio_close,
    .write = stdio_write,
    .accept = stdio_accept,
    .terminal = stdio_terminal,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/terminal/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "core/error.h"

#define READ_SIZE 4096
/* How long leaving waits for a slow terminal to take the restoring bytes. */
#define LEAVE_TRIES   20
#define LEAVE_WAIT_US 10000

struct TermTty {
    Machine *machine;
    const TermTtyOps *ops;
    void *opaque;
    int fd;
    int saved_flags; /* of a descriptor that others share; -1 = it is ours alone */
    char *name;
    gboolean controlling, entered, hung_up;
    struct termios saved;
    char *restore;
    FdWatch *watch;
    GByteArray *out;
    gsize sent; /* of `out` */
};

/* ---- opening ---- */

/* A description of its own, whose O_NONBLOCK nobody else sees; else the shared one. */
static void make_nonblocking(TermTty *tty)
{
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", tty->fd);
    int again = open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    tty->saved_flags = -1;
    if (again >= 0) {
        close(tty->fd);
        tty->fd = again;
        return;
    }
    tty->saved_flags = fcntl(tty->fd, F_GETFL);
    if (tty->saved_flags >= 0) {
        fcntl(tty->fd, F_SETFL, tty->saved_flags | O_NONBLOCK);
    }
}

static int open_place(const char *place, GError **error)
{
    int fd;

    if (!place) {
        if (!isatty(0) || !isatty(1)) {
            error_set(error,
                      "terminal: standard input and output are no terminal (tty= names one)");
            return -1;
        }
        return fcntl(0, F_DUPFD_CLOEXEC, 3);
    }
    if (g_str_has_prefix(place, "fd:")) {
        char *end;
        guint64 number = g_ascii_strtoull(place + 3, &end, 10);

        if (!place[3] || *end || number > G_MAXINT || fcntl((int)number, F_GETFD) < 0) {
            error_set(error, "terminal: tty=%s is no open descriptor", place);
            return -1;
        }
        fcntl((int)number, F_SETFD, FD_CLOEXEC);
        return (int)number;
    }
    fd = open(place, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        error_set_errno(error, errno, "terminal: cannot open tty=%s", place);
    }
    return fd;
}

static gboolean is_controlling(int fd)
{
    return tcgetsid(fd) == getsid(0);
}

TermTty *term_tty_open(Machine *machine, const char *place, const TermTtyOps *ops, void *opaque,
                       GError **error)
{
    int fd = open_place(place, error);
    char name[256];
    TermTty *tty;

    if (fd < 0) {
        return NULL;
    }
    if (!isatty(fd) || ttyname_r(fd, name, sizeof(name)) != 0) {
        g_strlcpy(name, place ? place : "?", sizeof(name));
        if (!isatty(fd)) {
            error_set(error, "terminal: tty=%s is no terminal", name);
            close(fd);
            return NULL;
        }
    }
    tty = g_new0(TermTty, 1);
    tty->machine = machine;
    tty->ops = ops;
    tty->opaque = opaque;
    tty->fd = fd;
    tty->name = g_strdup(name);
    tty->out = g_byte_array_new();
    tty->controlling = is_controlling(fd);
    make_nonblocking(tty);
    if (tcgetattr(tty->fd, &tty->saved) != 0) {
        error_set_errno(error, errno, "terminal: %s", name);
        term_tty_close(tty);
        return NULL;
    }
    return tty;
}

void term_tty_close(TermTty *tty)
{
    if (!tty) {
        return;
    }
    term_tty_leave(tty);
    if (tty->saved_flags >= 0) {
        fcntl(tty->fd, F_SETFL, tty->saved_flags);
    }
    close(tty->fd);
    g_byte_array_unref(tty->out);
    g_free(tty->restore);
    g_free(tty->name);
    g_free(tty);
}

/* ---- input and output ---- */

static void hang_up(TermTty *tty)
{
    tty->hung_up = TRUE;
    g_clear_pointer(&tty->watch, fd_watch_remove);
    tty->ops->gone(tty->opaque);
}

/* Writes what it takes; FALSE if it is gone. */
static gboolean flush(TermTty *tty)
{
    while (tty->sent < tty->out->len) {
        ssize_t n = write(tty->fd, tty->out->data + tty->sent, tty->out->len - tty->sent);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 && errno == EAGAIN) {
            return TRUE;
        }
        if (n <= 0) {
            return FALSE;
        }
        tty->sent += (gsize)n;
    }
    g_byte_array_set_size(tty->out, 0);
    tty->sent = 0;
    return TRUE;
}

static void update_events(TermTty *tty)
{
    if (tty->watch) {
        fd_watch_set_events(tty->watch, G_IO_IN | (tty->out->len ? G_IO_OUT : 0));
    }
}

static void read_input(TermTty *tty)
{
    guint8 data[READ_SIZE];
    ssize_t n = read(tty->fd, data, sizeof(data));

    if (n > 0) {
        tty->ops->input(tty->opaque, data, (gsize)n);
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        hang_up(tty);
    }
}

static void on_ready(int fd, GIOCondition revents, void *opaque)
{
    TermTty *tty = opaque;

    if (revents & G_IO_IN) {
        read_input(tty);
    } else if (revents & (G_IO_HUP | G_IO_ERR | G_IO_NVAL)) {
        hang_up(tty);
        return;
    }
    if (tty->watch && (revents & G_IO_OUT)) {
        if (!flush(tty)) {
            hang_up(tty);
            return;
        }
        update_events(tty);
        if (!tty->out->len) {
            tty->ops->drained(tty->opaque);
        }
    }
}

void term_tty_write(TermTty *tty, const char *data, gsize length)
{
    if (!tty->entered || tty->hung_up || !length) {
        return;
    }
    g_byte_array_append(tty->out, (const guint8 *)data, (guint)length);
    /* A failure is told by the watch: the caller may be in the midst of something. */
    flush(tty);
    update_events(tty);
}

gsize term_tty_backlog(const TermTty *tty)
{
    return tty->out->len - tty->sent;
}

/* ---- entering and leaving ---- */

gboolean term_tty_enter(TermTty *tty, const char *restore, GError **error)
{
    struct termios raw = tty->saved;

    cfmakeraw(&raw);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    if (tcsetattr(tty->fd, TCSANOW, &raw) != 0) {
        return error_set_errno(error, errno, "terminal: %s", tty->name);
    }
    g_free(tty->restore);
    /* A sequence that is half written would swallow the restoring bytes: CAN ends it. */
    tty->restore = g_strconcat("\030", restore, NULL);
    tty->entered = TRUE;
    if (tty->machine->guard_tty) {
        tty->machine->guard_tty(tty->fd, &tty->saved, tty->restore);
    }
    tty->watch = fd_watch_add(tty->machine->loop, tty->fd, G_IO_IN, on_ready, tty);
    return TRUE;
}

static void write_restore(TermTty *tty)
{
    gsize sent = 0, length = strlen(tty->restore);

    for (int i = 0; i < LEAVE_TRIES && sent < length; i++) {
        ssize_t n = write(tty->fd, tty->restore + sent, length - sent);

        if (n > 0) {
            sent += (gsize)n;
        } else if (n < 0 && errno != EAGAIN && errno != EINTR) {
            return;
        }
        if (sent < length) {
            vm_lock_drop(tty->machine->lock);
            g_usleep(LEAVE_WAIT_US);
            vm_lock_take(tty->machine->lock, "terminal");
        }
    }
}

void term_tty_leave(TermTty *tty)
{
    if (!tty->entered) {
        return;
    }
    tty->entered = FALSE;
    g_clear_pointer(&tty->watch, fd_watch_remove);
    g_byte_array_set_size(tty->out, 0);
    tty->sent = 0;
    if (!tty->hung_up) {
        /* What was typed or answered late is not meant for the shell. */
        write_restore(tty);
        tcsetattr(tty->fd, TCSAFLUSH, &tty->saved);
    }
    if (tty->machine->guard_tty) {
        tty->machine->guard_tty(tty->fd, NULL, NULL);
    }
}

/* ---- what it is ---- */

gboolean term_tty_size(const TermTty *tty, guint *columns, guint *rows, guint *width, guint *height)
{
    struct winsize size;

    if (ioctl(tty->fd, TIOCGWINSZ, &size) != 0 || !size.ws_col || !size.ws_row) {
        return FALSE;
    }
    *columns = size.ws_col;
    *rows = size.ws_row;
    *width = size.ws_xpixel;
    *height = size.ws_ypixel;
    return TRUE;
}

guint8 term_tty_erase(const TermTty *tty)
{
    return tty->saved.c_cc[VERASE];
}

const char *term_tty_name(const TermTty *tty)
{
    return tty->name;
}

gboolean term_tty_is_controlling(const TermTty *tty)
{
    return tty->controlling;
}

gboolean term_tty_is_same(const TermTty *tty, int fd)
{
    struct stat ours, theirs;

    return isatty(fd) && fstat(tty->fd, &ours) == 0 && fstat(fd, &theirs) == 0 &&
           ours.st_rdev == theirs.st_rdev;
}

gboolean term_tty_has_gone(const TermTty *tty)
{
    return tty->hung_up;
}

int term_tty_fd(const TermTty *tty)
{
    return tty->fd;
}

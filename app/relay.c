/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "core/error.h"

#define CHUNK    4096
#define DRAIN_MS 1000 /* for what the frontend writes last */

/*
 * What a frontend that died may have left on: other screen, hidden cursor, colours, mouse reports
 * (xterm's 1000 to 1016), focus reports, bracketed paste, kitty's keyboard protocol.
 */
static const char reset_text[] = "\033[<u\033[?1000l\033[?1002l\033[?1003l\033[?1006l\033[?1016l"
                                 "\033[?1004l\033[?2004l\033[0m\033[?25h\033[?1049l\r\n";

struct Relay {
    int master, slave;
    int signals;
    struct termios saved;
    char input[CHUNK]; /* typed, not yet taken by the frontend */
    gsize input_length;
    gboolean input_ended;
};

static void copy_size(Relay *relay)
{
    struct winsize size;

    if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0) {
        ioctl(relay->master, TIOCSWINSZ, &size);
    }
}

/* ---- carrying ---- */

static void write_all(const char *bytes, gsize length)
{
    while (length > 0) {
        ssize_t wrote = write(STDOUT_FILENO, bytes, length);

        if (wrote < 0 && errno != EINTR && errno != EAGAIN) {
            return;
        }
        if (wrote > 0) {
            bytes += wrote;
            length -= (gsize)wrote;
        }
    }
}

/* FALSE when the frontend has closed its end. */
static gboolean carry_output(Relay *relay)
{
    char bytes[CHUNK];
    ssize_t got = read(relay->master, bytes, sizeof(bytes));

    if (got > 0) {
        write_all(bytes, (gsize)got);
    }
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

static void carry_input(Relay *relay)
{
    if (relay->input_length == 0) {
        ssize_t got = read(STDIN_FILENO, relay->input, sizeof(relay->input));

        relay->input_ended = got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
        relay->input_length = got > 0 ? (gsize)got : 0;
    }
    if (relay->input_length > 0) {
        ssize_t wrote = write(relay->master, relay->input, relay->input_length);

        if (wrote > 0) {
            relay->input_length -= (gsize)wrote;
            memmove(relay->input, relay->input + wrote, relay->input_length);
        }
    }
}

static void drain(Relay *relay)
{
    gint64 deadline = g_get_monotonic_time() + DRAIN_MS * G_TIME_SPAN_MILLISECOND;
    gint64 left;

    while ((left = (deadline - g_get_monotonic_time()) / G_TIME_SPAN_MILLISECOND) > 0) {
        struct pollfd pfd = {relay->master, POLLIN, 0};

        if (poll(&pfd, 1, (int)left) > 0 && !carry_output(relay)) {
            return;
        }
    }
}

/* ---- what ends it ---- */

static void tell_size(Relay *relay, ControlPeer *peer, const char *id)
{
    JsonObject *arguments = json_object_new();

    copy_size(relay);
    json_object_set_string_member(arguments, "id", id);
    control_peer_tell(peer, "resized", arguments);
}

/* Returns the signal that ends us, or 0. */
static int take_signal(Relay *relay, ControlPeer *peer, const char *id)
{
    struct signalfd_siginfo info;

    while (read(relay->signals, &info, sizeof(info)) == sizeof(info)) {
        if (info.ssi_signo != SIGWINCH) {
            return (int)info.ssi_signo;
        }
        tell_size(relay, peer, id);
    }
    return 0;
}

/* TRUE if it is over. */
static gboolean take_event(ControlPeer *peer, const char *id, RelayEnd *end)
{
    g_autoptr(JsonObject) event = NULL;
    gboolean alive = control_peer_event(peer, &event);
    const char *name = NULL, *which = NULL;
    JsonObject *data = NULL;

    if (event && control_get_string(event, "event", &name, NULL) &&
        control_get_object(event, "data", &data, NULL)) {
        if (g_strcmp0(name, "SHUTDOWN") == 0) {
            *end = RELAY_SHUTDOWN;
            return TRUE;
        }
        if (g_strcmp0(name, "CLOSED") == 0 && control_get_string(data, "id", &which, NULL) &&
            g_strcmp0(which, id) == 0) {
            *end = RELAY_CLOSED;
            return TRUE;
        }
    }
    *end = RELAY_LOST;
    return !alive && !event;
}

static RelayEnd carry(Relay *relay, ControlPeer *peer, const char *id, int *number)
{
    RelayEnd end;

    for (;;) {
        struct pollfd fds[] = {
            {relay->signals, POLLIN, 0},
            {control_peer_fd(peer), POLLIN, 0},
            {relay->master, POLLIN | (relay->input_length ? POLLOUT : 0), 0},
            {relay->input_length || relay->input_ended ? -1 : STDIN_FILENO, POLLIN, 0},
        };

        if (poll(fds, G_N_ELEMENTS(fds), -1) < 0) {
            continue; /* EINTR */
        }
        if (fds[0].revents && (*number = take_signal(relay, peer, id)) != 0) {
            return RELAY_SIGNAL;
        }
        if (fds[1].revents && take_event(peer, id, &end)) {
            return end;
        }
        if (fds[2].revents && !carry_output(relay)) {
            relay->input_ended = TRUE; /* the event follows */
            g_usleep(G_TIME_SPAN_MILLISECOND);
        }
        if (fds[3].revents || (fds[2].revents & POLLOUT)) {
            carry_input(relay);
        }
    }
}

/* The keys are the frontend's now, Ctrl-C too: the pseudo-terminal gives them their meaning. */
static void make_raw(Relay *relay)
{
    struct termios raw = relay->saved;

    cfmakeraw(&raw);
    tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
}

RelayEnd relay_run(Relay *relay, ControlPeer *peer, const char *id, int *number)
{
    RelayEnd end;

    close(relay->slave); /* the frontend's is the last one: its end is seen */
    relay->slave = -1;
    make_raw(relay);
    tell_size(relay, peer, id); /* it may have changed meanwhile */
    end = carry(relay, peer, id, number);
    if (end == RELAY_SIGNAL) {
        shutdown(control_peer_fd(peer), SHUT_WR); /* takes the frontend with it */
    }
    drain(relay);
    if (end == RELAY_LOST) {
        write_all(reset_text, strlen(reset_text));
    }
    tcsetattr(STDIN_FILENO, TCSADRAIN, &relay->saved);
    return end;
}

/* ---- lifecycle ---- */

static gboolean open_pair(Relay *relay)
{
    char name[64];

    relay->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (relay->master < 0 || grantpt(relay->master) < 0 || unlockpt(relay->master) < 0 ||
        ptsname_r(relay->master, name, sizeof(name)) != 0) {
        return FALSE;
    }
    copy_size(relay);
    relay->slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    return relay->slave >= 0;
}

static gboolean catch_signals(Relay *relay)
{
    static const int numbers[] = {SIGWINCH, SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGTSTP};
    sigset_t set;

    sigemptyset(&set);
    for (guint i = 0; i < G_N_ELEMENTS(numbers); i++) {
        sigaddset(&set, numbers[i]);
    }
    sigprocmask(SIG_BLOCK, &set, NULL);
    relay->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return relay->signals >= 0;
}

Relay *relay_new(GError **error)
{
    g_autoptr(Relay) relay = g_new0(Relay, 1);

    relay->master = relay->slave = relay->signals = -1;
    if (!isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &relay->saved) < 0) {
        error_set(error, "standard input and output are no terminal to show the machine in");
        return NULL;
    }
    if (!open_pair(relay) || !catch_signals(relay)) {
        error_set_errno(error, errno, "cannot make a pseudo-terminal");
        return NULL;
    }
    return g_steal_pointer(&relay);
}

int relay_slave(Relay *relay)
{
    return relay->slave;
}

void relay_free(Relay *relay)
{
    if (relay) {
        const int fds[] = {relay->master, relay->slave, relay->signals};

        for (guint i = 0; i < G_N_ELEMENTS(fds); i++) {
            if (fds[i] >= 0) {
                close(fds[i]);
            }
        }
        g_free(relay);
    }
}

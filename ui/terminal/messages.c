/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/terminal/messages.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINES_MAX  200
#define LINE_BYTES 1000

/* How long a line at the end may wait for the terminal. */
#define TELL_TRIES   20
#define TELL_WAIT_MS 10

struct Messages {
    void (*line)(const char *text, void *opaque);
    void *opaque;
    int saved[3]; /* of descriptors 1 and 2; -1 = left alone */
    int pipe;     /* read end */
    FdWatch *watch;
    GString *part; /* of a line */
    GQueue lines;  /* of char* */
    guint64 dropped;
};

static void take_line(Messages *messages)
{
    char *text = g_utf8_make_valid(messages->part->str, (gssize)messages->part->len);

    g_string_truncate(messages->part, 0);
    if (messages->lines.length >= LINES_MAX) {
        g_free(g_queue_pop_head(&messages->lines));
        messages->dropped++;
    }
    g_queue_push_tail(&messages->lines, text);
    messages->line(text, messages->opaque);
}

/* Reads what is there; FALSE at the end. */
static gboolean drain(Messages *messages)
{
    char data[4096];
    ssize_t n = read(messages->pipe, data, sizeof(data));

    for (ssize_t i = 0; i < n; i++) {
        if (data[i] == '\n') {
            take_line(messages);
        } else if (messages->part->len < LINE_BYTES) {
            g_string_append_c(messages->part, data[i]);
        }
    }
    return n > 0;
}

static void on_message(int fd, GIOCondition revents, void *opaque)
{
    drain(opaque);
}

Messages *messages_new(Machine *machine, gboolean (*is_screen)(int fd, void *opaque),
                       void (*line)(const char *text, void *opaque), void *opaque)
{
    Messages *messages;
    int ends[2];

    if (!is_screen(1, opaque) && !is_screen(2, opaque)) {
        return NULL;
    }
    /* Writers must never wait for us: we may wait for the lock that they hold. */
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) {
        return NULL;
    }
    messages = g_new0(Messages, 1);
    messages->line = line;
    messages->opaque = opaque;
    messages->pipe = ends[0];
    messages->part = g_string_new(NULL);
    fflush(stdout);
    for (int fd = 1; fd <= 2; fd++) {
        messages->saved[fd] = is_screen(fd, opaque) ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : -1;
        if (messages->saved[fd] >= 0) {
            dup2(ends[1], fd);
        }
    }
    close(ends[1]);
    messages->watch = fd_watch_add(machine->loop, messages->pipe, G_IO_IN, on_message, messages);
    return messages;
}

/* The terminal may still be non-blocking, and full: it gets some time. */
static void tell(const char *line)
{
    g_autofree char *text = g_strconcat(line, "\n", NULL);
    gsize length = strlen(text), sent = 0;
    struct pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT};

    for (guint tries = 0; sent < length && tries < TELL_TRIES; tries++) {
        ssize_t n = write(STDERR_FILENO, text + sent, length - sent);

        if (n >= 0) {
            sent += (gsize)n;
        } else if (errno != EAGAIN && errno != EINTR) {
            return;
        } else {
            poll(&ready, 1, TELL_WAIT_MS);
        }
    }
}

void messages_free(Messages *messages)
{
    char *text;

    if (!messages) {
        return;
    }
    fflush(stdout);
    for (int fd = 1; fd <= 2; fd++) {
        if (messages->saved[fd] >= 0) {
            dup2(messages->saved[fd], fd);
            close(messages->saved[fd]);
        }
    }
    while (drain(messages)) {
    }
    if (messages->part->len) {
        take_line(messages);
    }
    fd_watch_remove(messages->watch);
    close(messages->pipe);
    if (messages->dropped) {
        g_autofree char *before =
            g_strdup_printf("(%" G_GUINT64_FORMAT " lines before)", messages->dropped);
        tell(before);
    }
    while ((text = g_queue_pop_head(&messages->lines))) {
        tell(text);
        g_free(text);
    }
    g_string_free(messages->part, TRUE);
    g_free(messages);
}

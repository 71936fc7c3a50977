/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host_env_answers(), host_env_reach(): the first bytes of both protocols, by hand, with a time
 * limit. */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/error.h"
#include "core/option.h"
#include "ui/common/host-env.h"

#define REACH_MS 3000

#define X11_FIRST_PORT 6000
#define X11_SOCKETS    "/tmp/.X11-unix/X"

/* X Window System Protocol, "Connection Setup": least significant byte first, protocol 11.0, no
 * authorization. The answer to that may be a refusal. */
static const guint8 x11_hello[12] = {'l', 0, 11};

/* Wayland wire format: object 1 (wl_display), opcode 0 (sync), 12 bytes, callback 2. Host's order
 * of bytes, which is the little-endian one here. */
static const guint8 wayland_hello[12] = {1, 0, 0, 0, 0, 0, 12, 0, 2, 0, 0, 0};

static int connect_to(const struct sockaddr *address, socklen_t size, int patience_ms)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct pollfd pfd = {fd, POLLOUT, 0};
    int error = 0;
    socklen_t length = sizeof(error);

    if (fd >= 0 && connect(fd, address, size) < 0 &&
        (errno != EINPROGRESS || poll(&pfd, 1, patience_ms) <= 0 ||
         getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0 || error != 0)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* `abstract`: a name without a file (unix(7)), where X servers listen too. */
static int connect_unix(const char *path, gboolean abstract, int patience_ms)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    gsize length = strlen(path);

    if (length + 1 >= sizeof(address.sun_path)) {
        return -1;
    }
    memcpy(address.sun_path + (abstract ? 1 : 0), path, length);
    return connect_to((struct sockaddr *)&address,
                      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length),
                      patience_ms);
}

static int connect_tcp(const char *host, guint port, int patience_ms)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    g_autofree char *service = g_strdup_printf("%u", port);
    struct addrinfo *found = NULL;
    int fd = -1;

    if (getaddrinfo(host, service, &hints, &found) != 0) {
        return -1;
    }
    for (const struct addrinfo *a = found; a && fd < 0; a = a->ai_next) {
        fd = connect_to(a->ai_addr, a->ai_addrlen, patience_ms);
    }
    freeaddrinfo(found);
    return fd;
}

/* "[HOST]:N[.SCREEN]", as in X(7). */
static int connect_x11(const char *display, int patience_ms)
{
    const char *colon = strrchr(display, ':');
    g_autofree char *host = g_strndup(display, (gsize)(colon - display));
    guint64 number = g_ascii_strtoull(colon + 1, NULL, 10);
    g_autofree char *path = g_strdup_printf(X11_SOCKETS "%" G_GUINT64_FORMAT, number);
    int fd;

    if (number > G_MAXUINT16 - X11_FIRST_PORT) {
        return -1;
    }
    if (*host && strcmp(host, "unix") != 0) {
        return connect_tcp(host, X11_FIRST_PORT + (guint)number, patience_ms);
    }
    fd = connect_unix(path, TRUE, patience_ms);
    return fd >= 0 ? fd : connect_unix(path, FALSE, patience_ms);
}

/* wl_display_connect(3): names are in XDG_RUNTIME_DIR. */
static int connect_wayland(const char *display, int patience_ms)
{
    g_autofree char *path = *display == '/'
                                ? g_strdup(display)
                                : g_build_filename(g_get_user_runtime_dir(), display, NULL);

    return connect_unix(path, FALSE, patience_ms);
}

gboolean host_env_answers(const char *display, int patience_ms)
{
    gboolean x11 = host_env_is_x11(display);
    int fd = x11 ? connect_x11(display, patience_ms) : connect_wayland(display, patience_ms);
    struct pollfd pfd = {fd, POLLIN, 0};
    gboolean answers = TRUE;

    if (fd >= 0) {
        const guint8 *hello = x11 ? x11_hello : wayland_hello;

        answers =
            send(fd, hello, sizeof(x11_hello), MSG_NOSIGNAL) < 0 || poll(&pfd, 1, patience_ms) != 0;
        close(fd);
    }
    return answers;
}

gboolean host_env_reach(const char *options, GError **error)
{
    static const char *const variables[] = {"WAYLAND_DISPLAY", "DISPLAY"};
    g_autoptr(OptionList) list = option_list_parse(options, "display", NULL);
    const char *named = list ? option_list_get(list, "display") : NULL;

    for (guint i = 0; i < G_N_ELEMENTS(variables); i++) {
        const char *display = named && *named ? named : g_getenv(variables[i]);

        if (display && *display && !host_env_answers(display, REACH_MS)) {
            return error_set(error, "display server '%s' takes the connection but does not answer",
                             display);
        }
        if (named && *named) {
            break;
        }
    }
    return TRUE;
}

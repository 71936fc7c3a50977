/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The page that opens the machine in a browser: noVNC's files over HTTP/1.1 (RFC 9112), on the port
 * for WebSockets. Each connection has a thread until it has its answer; one that asks for a
 * WebSocket is handed to the main loop untouched, and becomes a viewer.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "ui/vnc/vnc-priv.h"

#define NOVNC_FOLDER "/usr/share/novnc"
#define FIRST_PAGE   "/vnc.html?autoconnect=true&resize=scale&path=websockify"

/* A request is its head alone. */
#define HEAD_MAX 8192
/* libvncserver takes no longer one of a WebSocket. */
#define UPGRADE_MAX 4000
/* So long it may take, and so long the answer may not get on. */
#define REQUEST_TIMEOUT_US (10 * G_TIME_SPAN_SECOND)
#define WRITE_TIMEOUT_MS   10000
/* While a head is incomplete it stays in the socket, and is looked at so often. */
#define LOOK_INTERVAL_US 5000
#define REQUESTS_MAX     64

struct VncWeb {
    VncServer *server;
    char *folder;        /* without symbolic links; constant. NULL: no pages */
    GPtrArray *requests; /* of Request* */
};

typedef struct Request {
    VncWeb *web;
    int fd;
    GThread *thread;
    Deferred *done; /* on the main loop */
    gboolean upgrade;
    char head[HEAD_MAX + 1];
} Request;

/* ---- answers ---- */

static gboolean write_all(int fd, const char *data, gsize length)
{
    while (length > 0) {
        struct pollfd wait = {.fd = fd, .events = POLLOUT};
        ssize_t written = send(fd, data, length, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (written < 0 && errno == EAGAIN && poll(&wait, 1, WRITE_TIMEOUT_MS) == 1) {
            continue;
        }
        if (written < 0) {
            return FALSE;
        }
        data += written;
        length -= (gsize)written;
    }
    return TRUE;
}

static void answer(int fd, const char *status, const char *more)
{
    g_autofree char *text = g_strdup_printf("HTTP/1.1 %s\r\nContent-Length: 0\r\n"
                                            "Connection: close\r\n%s\r\n",
                                            status, more);
    write_all(fd, text, strlen(text));
}

static const char *type_of(const char *path)
{
    static const char *const types[][2] = {
        {".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".json", "application/json"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".ico", "image/x-icon"},
        {".mp3", "audio/mpeg"},
        {".oga", "audio/ogg"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
        if (g_str_has_suffix(path, types[i][0])) {
            return types[i][1];
        }
    }
    return "application/octet-stream";
}

static void send_file(int fd, int file, gsize length, const char *path)
{
    g_autofree char *head =
        g_strdup_printf("HTTP/1.1 200 OK\r\nContent-Length: %zu\r\nContent-Type: %s\r\n"
                        "X-Content-Type-Options: nosniff\r\nX-Frame-Options: SAMEORIGIN\r\n"
                        "Cache-Control: no-cache\r\nConnection: close\r\n\r\n",
                        length, type_of(path));

    if (!write_all(fd, head, strlen(head))) {
        return;
    }
    while (length > 0) {
        struct pollfd wait = {.fd = fd, .events = POLLOUT};
        ssize_t sent = sendfile(fd, file, NULL, length);
        if (sent < 0 && errno == EAGAIN && poll(&wait, 1, WRITE_TIMEOUT_MS) == 1) {
            continue;
        }
        if (sent <= 0) {
            return;
        }
        length -= (gsize)sent;
    }
}

/*
 * The file of a request's path, which has a slash first: below the folder, wherever links and dots
 * lead, and a regular file. -1 if there is none.
 */
static int open_file(const VncWeb *web, const char *request_path, gsize *length)
{
    g_autofree char *path = g_uri_unescape_string(request_path, NULL);
    g_autofree char *joined = path ? g_strconcat(web->folder, path, NULL) : NULL;
    char *real = joined ? realpath(joined, NULL) : NULL; /* malloc'ed */
    gsize folder_length = strlen(web->folder);
    struct stat status;
    int file = -1;

    if (real && strncmp(real, web->folder, folder_length) == 0 && real[folder_length] == '/') {
        file = open(real, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    }
    free(real);
    if (file >= 0 && (fstat(file, &status) < 0 || !S_ISREG(status.st_mode))) {
        close(file);
        file = -1;
    }
    *length = file >= 0 ? (gsize)status.st_size : 0;
    return file;
}

static void answer_get(Request *request, const char *target)
{
    g_autofree char *path = g_strndup(target, strcspn(target, "?#"));
    gsize length;

    if (path[0] != '/') {
        answer(request->fd, "400 Bad Request", "");
        return;
    }
    if (!request->web->folder) {
        answer(request->fd, "404 Not Found", "");
        return;
    }
    if (!strcmp(path, "/")) {
        answer(request->fd, "302 Found", "Location: " FIRST_PAGE "\r\n");
        return;
    }
    int file = open_file(request->web, path, &length);
    if (file < 0) {
        answer(request->fd, "404 Not Found", "");
        return;
    }
    send_file(request->fd, file, length, path);
    close(file);
}

/* ---- requests ---- */

/* A header's value, NULL if there is none. */
static char *header(const char *head, const char *name)
{
    g_auto(GStrv) lines = g_strsplit(head, "\r\n", -1);
    gsize length = strlen(name);

    for (guint i = 1; lines[0] && lines[i]; i++) {
        if (!g_ascii_strncasecmp(lines[i], name, length) && lines[i][length] == ':') {
            return g_strstrip(g_strdup(lines[i] + length + 1));
        }
    }
    return NULL;
}

/*
 * A browser tells where the page comes from that opens a WebSocket. Any page of the web may try to
 * reach one on this host's loopback; here only our own may.
 */
static gboolean is_foreign(const char *head)
{
    g_autofree char *origin = header(head, "Origin");
    g_autofree char *host = header(head, "Host");
    const char *place = origin ? strstr(origin, "://") : NULL;

    return origin && (!host || !place || g_ascii_strcasecmp(place + 3, host) != 0);
}

/* libvncserver loses memory over handshakes that it does not like: it gets to see no such
 * (RFC 6455, 4.2.1; it wants an Origin too). */
static gboolean is_upgrade(const char *head)
{
    static const char *const needed[] = {"Host", "Origin", "Sec-WebSocket-Key"};
    g_autofree char *version = header(head, "Sec-WebSocket-Version");
    g_autofree char *draft = header(head, "Sec-WebSocket-Key1");
    gboolean good = strlen(head) <= UPGRADE_MAX && !draft && version && !strcmp(version, "13");

    for (guint i = 0; good && i < G_N_ELEMENTS(needed); i++) {
        g_autofree char *value = header(head, needed[i]);
        good = value && *value;
    }
    return good;
}

/* Looks at the head without taking it out of the socket. FALSE if it does not come. */
static gboolean look(Request *request)
{
    gint64 end = g_get_monotonic_time() + REQUEST_TIMEOUT_US;
    struct pollfd wait = {.fd = request->fd, .events = POLLIN | POLLRDHUP};

    while (g_get_monotonic_time() < end) {
        if (poll(&wait, 1, WRITE_TIMEOUT_MS) != 1) {
            return FALSE;
        }
        ssize_t got = recv(request->fd, request->head, HEAD_MAX, MSG_PEEK | MSG_DONTWAIT);
        if (got <= 0) {
            return FALSE;
        }
        request->head[got] = '\0';
        char *blank = strstr(request->head, "\r\n\r\n");
        if (blank) {
            blank[2] = '\0';
            return TRUE;
        }
        if (got == HEAD_MAX || (wait.revents & (POLLRDHUP | POLLHUP))) {
            return FALSE; /* no more will come */
        }
        g_usleep(LOOK_INTERVAL_US);
    }
    return FALSE;
}

/* Closing with bytes unread would reset the connection before the answer is read. */
static void drain(int fd)
{
    char bytes[1024];

    shutdown(fd, SHUT_WR);
    for (guint i = 0; i < 16; i++) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        if (poll(&wait, 1, 1000) != 1 || recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) <= 0) {
            return;
        }
    }
}

static gpointer request_thread(gpointer data)
{
    Request *request = data;

    vnc_ignore_sigpipe();
    if (!look(request)) {
        answer(request->fd, "400 Bad Request", "");
    } else {
        g_auto(GStrv) words = g_strsplit_set(request->head, " \r", 4);
        g_autofree char *upgrade = header(request->head, "Upgrade");
        gboolean is_get = g_strv_length(words) >= 3 && !strcmp(words[0], "GET") &&
                          g_str_has_prefix(words[2], "HTTP/1.");
        if (!is_get) {
            answer(request->fd, "405 Method Not Allowed", "Allow: GET\r\n");
        } else if (!upgrade || g_ascii_strcasecmp(upgrade, "websocket") != 0) {
            answer_get(request, words[1]);
        } else if (!is_upgrade(request->head)) {
            answer(request->fd, "400 Bad Request", "");
        } else if (request->web->folder && is_foreign(request->head)) {
            answer(request->fd, "403 Forbidden", "");
        } else {
            request->upgrade = TRUE;
        }
    }
    if (!request->upgrade) {
        drain(request->fd);
    }
    deferred_schedule(request->done);
    return NULL;
}

/* ---- vm lock held ---- */

static void request_free(Request *request)
{
    g_thread_join(request->thread);
    deferred_free(request->done);
    if (request->fd >= 0) {
        close(request->fd);
    }
    g_free(request);
}

static void on_done(void *opaque)
{
    Request *request = opaque;
    VncWeb *web = request->web;

    g_ptr_array_remove_fast(web->requests, request);
    if (request->upgrade) {
        vnc_connected(web->server, request->fd, TRUE);
        request->fd = -1;
    }
    request_free(request);
}

void vnc_web_accept(VncWeb *web, int fd)
{
    if (web->requests->len >= REQUESTS_MAX) {
        close(fd);
        return;
    }
    Request *request = g_new0(Request, 1);
    request->web = web;
    request->fd = fd;
    request->done = deferred_new(web->server->frontend.machine->loop, on_done, request);
    g_ptr_array_add(web->requests, request);
    request->thread = g_thread_new("vnc web", request_thread, request);
}

VncWeb *vnc_web_new(VncServer *server, GError **error)
{
    char *folder = server->web ? realpath(NOVNC_FOLDER, NULL) : NULL;

    if (server->web && !folder) {
        error_set(error, "vnc: web=on serves noVNC, which is not in " NOVNC_FOLDER
                         " (Debian's package is called novnc)");
        return NULL;
    }
    VncWeb *web = g_new0(VncWeb, 1);
    web->server = server;
    web->folder = g_strdup(folder);
    web->requests = g_ptr_array_new();
    free(folder);
    return web;
}

void vnc_web_free(VncWeb *web)
{
    if (!web) {
        return;
    }
    vm_lock_drop(web->server->frontend.machine->lock);
    while (web->requests->len > 0) {
        Request *request = g_ptr_array_steal_index_fast(web->requests, web->requests->len - 1);
        shutdown(request->fd, SHUT_RDWR);
        request_free(request);
    }
    vm_lock_take(web->server->frontend.machine->lock, "vnc web");
    g_ptr_array_unref(web->requests);
    g_free(web->folder);
    g_free(web);
}

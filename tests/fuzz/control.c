/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzzes a client of the control socket: any bytes, in pieces, with a descriptor or without, to a
 * machine whose frontends are make-believe. Whatever comes back must be lines of JSON.
 */
#include <glib-unix.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/control-priv.h"
#include "core/error.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/monitor-rig.h"

typedef struct Fake {
    Frontend parent;
    char *display, *xauthority, *tty, *term;
} Fake;

#define FIELD(name) G_STRUCT_OFFSET(Fake, name)

static const OptionSpec fake_options[] = {
    {"display", OPTION_STRING, FIELD(display), NULL, "a display"},
    {"xauthority", OPTION_STRING, FIELD(xauthority), NULL, "a file"},
    {"tty", OPTION_STRING, FIELD(tty), NULL, "a terminal"},
    {"term", OPTION_STRING, FIELD(term), NULL, "its kind"},
    OPTION_END,
};

static gboolean fake_probe(GError **error)
{
    return TRUE;
}

static gboolean fake_open(Frontend *frontend, GError **error)
{
    return !((Fake *)frontend)->term || error_set(error, "no such terminal");
}

static void fake_close(Frontend *frontend)
{
}

static void fake_info(Frontend *frontend, GString *out)
{
    g_string_append_printf(out, "at %s\n", ((Fake *)frontend)->display);
}

static const FrontendOps fake_ops = {
    .abi = FRONTEND_ABI,
    .name = "fake",
    .size = sizeof(Fake),
    .options = fake_options,
    .probe = fake_probe,
    .open = fake_open,
    .close = fake_close,
    .info = fake_info,
    .resized = fake_close,
};

static const FrontendOps *load(const char *name, GError **error)
{
    if (strcmp(name, "fake") != 0) {
        error_set(error, "there is no frontend '%s'", name);
        return NULL;
    }
    return &fake_ops;
}

static Frontend *open_fake(Machine *machine, const char *name, const char *options, void *opaque,
                           GError **error)
{
    return frontend_open(machine, &fake_ops, options, error);
}

/* Takes what the client is sent; every line must be an object. */
static void take_output(int fd, GString *text)
{
    char bytes[4096];
    ssize_t got;
    char *end;

    while ((got = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0) {
        g_string_append_len(text, bytes, got);
    }
    while ((end = strchr(text->str, '\n')) != NULL) {
        gsize length = (gsize)(end - text->str);
        g_autoptr(JsonParser) parser = json_parser_new();

        g_assert_true(json_parser_load_from_data(parser, text->str, (gssize)length, NULL));
        g_assert_true(JSON_NODE_HOLDS_OBJECT(json_parser_get_root(parser)));
        g_string_erase(text, 0, (gssize)length + 1);
    }
}

static void send_piece(int fd, const uint8_t *data, size_t size, gboolean with_fd)
{
    union {
        char room[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {{0}};
    struct iovec iov = {(void *)data, size};
    struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};

    if (with_fd) {
        struct cmsghdr *c;

        message.msg_control = &control;
        message.msg_controllen = sizeof(control);
        c = CMSG_FIRSTHDR(&message);
        *c = (struct cmsghdr){CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
        memcpy(CMSG_DATA(c), &fd, sizeof(int));
    }
    sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void settle(Rig *rig, int fd, GString *text)
{
    for (guint i = 0; i < 3; i++) {
        rig_settle(rig);
        worker_pool_drain(rig->machine->workers);
        take_output(fd, text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Rig rig; /* one for all inputs: threads are dear */
    ControlServer server = {
        .clients = g_ptr_array_new_with_free_func((GDestroyNotify)control_client_free)};
    g_autoptr(GString) text = g_string_new(NULL);
    gsize piece = size > 0 ? 1 + data[size - 1] * 16 : 1;
    int fds[2];

    if (!rig.machine) {
        rig_init(&rig);
        rig.machine->load_frontend = load;
        rig.machine->open_frontend = open_fake;
    }
    server.machine = rig.machine;
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
    g_unix_set_fd_nonblocking(fds[0], TRUE, NULL);
    g_ptr_array_add(server.clients, control_client_new(&server, fds[0]));
    for (gsize at = 0; at < size; at += piece) {
        send_piece(fds[1], data + at, MIN(piece, size - at), data[at] & 1);
        settle(&rig, fds[1], text);
    }
    shutdown(fds[1], SHUT_WR);
    settle(&rig, fds[1], text);
    g_ptr_array_unref(server.clients);
    settle(&rig, fds[1], text);
    while (rig.machine->frontends->len > 0) {
        frontend_close(g_ptr_array_index(rig.machine->frontends, 0));
    }
    close(fds[1]);
    return 0;
}

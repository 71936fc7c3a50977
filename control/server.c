/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "control/server.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/control-priv.h"
#include "control/dir.h"

#define MAX_CLIENTS 16

/* ---- clients ---- */

void control_server_drop(ControlServer *server, ControlClient *client)
{
    g_ptr_array_remove(server->clients, client);
}

/* The folder keeps others out already; a descriptor may have been passed on. */
static gboolean is_friend(int fd)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
           (peer.uid == geteuid() || peer.uid == 0);
}

/* The oldest one that nothing hangs on makes room. */
static gboolean make_room(ControlServer *server)
{
    for (guint i = 0; server->clients->len >= MAX_CLIENTS && i < server->clients->len; i++) {
        ControlClient *client = g_ptr_array_index(server->clients, i);

        if (control_client_is_idle(client)) {
            control_server_drop(server, client);
        }
    }
    return server->clients->len < MAX_CLIENTS;
}

static void on_connection(int fd, GIOCondition revents, void *opaque)
{
    ControlServer *server = opaque;
    int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (peer < 0) {
        return;
    }
    if (!is_friend(peer) || !make_room(server)) {
        close(peer);
        return;
    }
    g_ptr_array_add(server->clients, control_client_new(server, peer));
}

/* ---- frontends that go ---- */

static void on_frontend(Frontend *frontend, gboolean is_open, const char *why, void *opaque)
{
    ControlServer *server = opaque;

    for (guint i = 0; !is_open && i < server->clients->len; i++) {
        ControlClient *client = g_ptr_array_index(server->clients, i);
        guint place;

        if (g_ptr_array_find_with_equal_func(client->bound, frontend->id, g_str_equal, &place)) {
            JsonObject *data = json_object_new();

            g_ptr_array_remove_index(client->bound, place);
            json_object_set_string_member(data, "id", frontend->id);
            if (why) {
                json_object_set_string_member(data, "reason", why);
            }
            control_client_event(client, "CLOSED", data);
        }
    }
}

/* ---- lifecycle ---- */

ControlServer *control_server_new(Machine *machine, GError **error)
{
    g_autofree char *path = NULL;
    int fd = control_dir_listen(machine->name, &path, error);
    ControlServer *server;

    if (fd < 0) {
        return NULL;
    }
    server = g_new0(ControlServer, 1);
    server->machine = machine;
    server->fd = fd;
    server->path = g_steal_pointer(&path);
    server->clients = g_ptr_array_new_with_free_func((GDestroyNotify)control_client_free);
    server->watch = fd_watch_add(machine->loop, fd, G_IO_IN, on_connection, server);
    server->frontends = frontend_watch(machine, on_frontend, server);
    machine->attach_name = g_path_get_basename(server->path);
    machine->attach_name[strlen(machine->attach_name) - strlen(CONTROL_SUFFIX)] = '\0';
    return server;
}

void control_server_free(ControlServer *server)
{
    if (!server) {
        return;
    }
    unlink(server->path);
    for (guint i = 0; i < server->clients->len; i++) {
        control_client_event(g_ptr_array_index(server->clients, i), "SHUTDOWN", json_object_new());
    }
    frontend_unwatch(server->machine, server->frontends);
    fd_watch_remove(server->watch);
    g_ptr_array_unref(server->clients);
    close(server->fd);
    g_clear_pointer(&server->machine->attach_name, g_free);
    g_free(server->path);
    g_free(server);
}

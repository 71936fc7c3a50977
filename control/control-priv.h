/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the control socket's server share: server.c listens, client.c carries lines,
 * commands.c answers them. */
#pragma once

#include "control/message.h"
#include "control/server.h"
#include "core/frontend.h"

typedef struct ControlClient ControlClient;

struct ControlServer {
    Machine *machine;
    int fd;
    char *path;
    FdWatch *watch;
    FrontendWatch *frontends;
    GPtrArray *clients; /* of ControlClient*, owned */
};

/* One connection. It answers requests in order, one at a time. */
struct ControlClient {
    ControlServer *server;
    int fd;
    FdWatch *watch;
    Deferred *wake;
    GByteArray *in;        /* received and not yet run */
    GString *out;          /* not yet sent */
    int passed_fd;         /* came with the present request; -1 = none */
    gboolean busy;         /* a request is under way */
    gboolean eof;          /* it will send no more */
    JsonNode *request_id;  /* of the present request; NULL = has none */
    GPtrArray *bound;      /* ids (char *) of the frontends that live as long as it does */
    struct Attach *attach; /* under way; NULL = none */
};

/* ---- client.c ---- */
ControlClient *control_client_new(ControlServer *server, int fd); /* takes the fd */
void control_client_free(ControlClient *client);
/* Ends the present request; takes `result` (NULL = an empty object) or reads `error`. */
void control_client_reply(ControlClient *client, JsonObject *result, const GError *error);
void control_client_event(ControlClient *client, const char *event, JsonObject *data);
/* Nothing is under way and no frontend hangs on it: may make room for another. */
gboolean control_client_is_idle(const ControlClient *client);

/* ---- server.c ---- */
void control_server_drop(ControlServer *server, ControlClient *client);

/* ---- commands.c ---- */
/* Starts a request, which ends with control_client_reply(), now or later. */
void control_run(ControlClient *client, JsonObject *request);
/* The client goes: so does what hangs on it. */
void control_abandon(ControlClient *client);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One request of QMP: from what a client sent to a call of the command table, and back. Pure but
 * for running the call; vm lock held.
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

#include "monitor/command.h"

typedef struct QmpRequest {
    char *command;         /* of "execute" or "exec-oob"; NULL = it was no request */
    JsonObject *arguments; /* NULL = none */
    JsonNode *id;          /* comes back with the answer; NULL = none */
    gboolean oob;
    GArray *fds;   /* descriptors that came along, see fds.h; NULL = none */
    GError *error; /* why it is none */
} QmpRequest;

/* Reads one JSON value. Never NULL: what is wrong is in `error`. */
QmpRequest *qmp_request_parse(const guint8 *data, gsize length);
void qmp_request_free(QmpRequest *request); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QmpRequest, qmp_request_free)

/* The command of that name, if QMP has it. */
const Command *qmp_find_command(const char *name);

/* What query-version returns. */
JsonObject *qmp_version(void);

/* A call with checked arguments; NULL with an error that a client understands. */
CommandCall *qmp_make_call(CommandContext *context, const QmpRequest *request, GError **error);

/* {"return": ...} (`result` NULL: {}) or {"error": ...}, with the id if there is one. */
JsonNode *qmp_make_answer(JsonNode *result, const GError *error, JsonNode *id);

/* {"event": ..., "data": ..., "timestamp": ...} */
JsonNode *qmp_make_event(const char *name, GVariant *data);

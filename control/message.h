/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages of the control socket: JSON objects, one a line. Whoever sends them may be broken or
 * hostile: lines are bounded, and so is how deep they nest, before a parser sees them.
 */
#pragma once

#include <json-glib/json-glib.h>

#define CONTROL_MAX_LINE  65536 /* bytes, with the newline */
#define CONTROL_MAX_DEPTH 16

/* Parses a line without its newline; NULL with an error if it is no object. */
JsonObject *control_message_parse(const char *line, gsize length, GError **error);

/* The message as a line with its newline (g_free). */
char *control_message_format(JsonObject *message);

/* A member's value, of the right type; FALSE with an error if it is of another. A missing one is
 * NULL (FALSE for the boolean) without an error. */
gboolean control_get_string(JsonObject *object, const char *name, const char **value,
                            GError **error);
gboolean control_get_boolean(JsonObject *object, const char *name, gboolean *value, GError **error);
gboolean control_get_object(JsonObject *object, const char *name, JsonObject **value,
                            GError **error);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON as QMP has it: RFC 8259, and strings in single quotes, too. json-glib keeps the values; its
 * parser and generator are not used, since they take comments and wrong escapes, wrap numbers that
 * are too large, and let the last of several equal members win. Pure; any thread.
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

/*
 * The one value in `data`. NULL with `error` set if it is none; that says what was expected, or
 * what is stray. Integers beyond 64 bits, fractions beyond a double, and \u0000 are refused.
 * `data` nests no deeper than JSON_FRAME_MAX_DEPTH (json-frame.h).
 */
JsonNode *json_text_parse(const char *data, gsize length, GError **error);

/* Appends a value as ASCII: "{"a": [1, 2]}", or `pretty` on several lines. */
void json_text_append(GString *out, JsonNode *value, gboolean pretty);

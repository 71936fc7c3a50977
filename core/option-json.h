/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Options in JSON: what -device and the like take in place of "key=value,...", and what programs
 * send over QMP, as the OptionList that both forms end in. Members of nested objects and elements
 * of arrays get dotted keys ("addr.host", "list.0"), booleans become on and off, numbers text.
 */
#pragma once

#include <json-glib/json-glib.h>

#include "core/option.h"

/* Deepest nesting of a text. */
#define OPTION_JSON_MAX_DEPTH 16

/* TRUE if the text is meant as JSON: it begins with a brace. */
gboolean option_is_json(const char *text);

/* Error: no JSON object, a name twice, a null, or a name that no option can have. */
OptionList *option_list_from_json(const char *text, GError **error);
OptionList *option_list_from_json_object(JsonObject *object, GError **error);

/* Either form of a command-line option. */
OptionList *option_list_parse_either(const char *text, const char *implied_key, GError **error);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/json-text.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "core/error.h"

/* ---- reading ---- */

typedef struct Reader {
    const char *p, *end;
} Reader;

static JsonNode *read_value(Reader *reader, GError **error);

static void skip_space(Reader *reader)
{
    while (reader->p < reader->end && strchr(" \t\r\n", *reader->p)) {
        reader->p++;
    }
}

static int peek(const Reader *reader)
{
    return reader->p < reader->end ? (guint8)*reader->p : -1;
}

static gboolean accept_byte(Reader *reader, char byte)
{
    skip_space(reader);
    if (peek(reader) != byte) {
        return FALSE;
    }
    reader->p++;
    return TRUE;
}

/* Four hexadecimal digits; -1 if they are not there. */
static int read_hex(Reader *reader)
{
    int value = 0;

    for (int i = 0; i < 4; i++) {
        int digit = reader->p < reader->end ? g_ascii_xdigit_value(*reader->p) : -1;

        if (digit < 0) {
            return -1;
        }
        value = value << 4 | digit;
        reader->p++;
    }
    return value;
}

/* After "\u". A character beyond the first 65536 is a pair of surrogates (RFC 8259, section 7). */
static gboolean read_unicode(Reader *reader, GString *text, GError **error)
{
    gint64 c = read_hex(reader);

    if (c >= 0xd800 && c < 0xdc00 && reader->end - reader->p >= 6 && reader->p[0] == '\\' &&
        reader->p[1] == 'u') {
        int low;

        reader->p += 2;
        low = read_hex(reader);
        c = low >= 0xdc00 && low < 0xe000 ? 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00) : -1;
    }
    if (c <= 0 || (c >= 0xd800 && c < 0xe000)) {
        return error_set(error, "invalid \\u escape in string");
    }
    g_string_append_unichar(text, (gunichar)c);
    return TRUE;
}

static gboolean read_escape(Reader *reader, GString *text, GError **error)
{
    static const char codes[] = "bfnrt\"'\\/", values[] = "\b\f\n\r\t\"'\\/";
    int byte = peek(reader);
    const char *code = byte > 0 ? strchr(codes, byte) : NULL;

    reader->p += byte >= 0;
    if (byte == 'u') {
        return read_unicode(reader, text, error);
    }
    if (!code) {
        return error_set(error, "invalid escape sequence in string");
    }
    g_string_append_c(text, values[code - codes]);
    return TRUE;
}

/* NULL with `error` set. */
static char *read_string(Reader *reader, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    char quote = *reader->p++;

    while (reader->p < reader->end && *reader->p != quote) {
        const char *from = reader->p;

        while (reader->p < reader->end && *reader->p != quote && *reader->p != '\\' &&
               (guint8)*reader->p >= ' ') {
            reader->p++;
        }
        g_string_append_len(text, from, reader->p - from);
        if (peek(reader) == '\\') {
            reader->p++;
            if (!read_escape(reader, text, error)) {
                return NULL;
            }
        } else if (reader->p < reader->end && *reader->p != quote) {
            error_set(error, "stray control character in string");
            return NULL;
        }
    }
    if (reader->p == reader->end) {
        error_set(error, "string without end");
        return NULL;
    }
    reader->p++;
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static gboolean read_digits(Reader *reader)
{
    const char *from = reader->p;

    while (g_ascii_isdigit(peek(reader))) {
        reader->p++;
    }
    return reader->p > from;
}

/* RFC 8259, section 6. */
static JsonNode *read_number(Reader *reader, GError **error)
{
    const char *from = reader->p;
    gboolean whole = TRUE, good;
    g_autofree char *text = NULL;
    gint64 integer;
    double fraction;

    reader->p += peek(reader) == '-';
    good = peek(reader) == '0' ? (reader->p++, TRUE) : read_digits(reader);
    if (good && peek(reader) == '.') {
        whole = FALSE;
        reader->p++;
        good = read_digits(reader);
    }
    if (good && (peek(reader) == 'e' || peek(reader) == 'E')) {
        whole = FALSE;
        reader->p++;
        reader->p += peek(reader) == '+' || peek(reader) == '-';
        good = read_digits(reader);
    }
    text = g_strndup(from, (gsize)(reader->p - from));
    if (!good || g_ascii_isalnum(peek(reader))) {
        error_set(error, "stray '%s'", text);
        return NULL;
    }
    errno = 0;
    if (whole) {
        integer = g_ascii_strtoll(text, NULL, 10);
        if (errno == 0) {
            return json_node_init_int(json_node_alloc(), integer);
        }
    } else {
        fraction = g_ascii_strtod(text, NULL);
        if (isfinite(fraction)) {
            return json_node_init_double(json_node_alloc(), fraction);
        }
    }
    error_set(error, "number '%.40s' is out of range", text);
    return NULL;
}

static JsonNode *read_word(Reader *reader, GError **error)
{
    const char *from = reader->p;
    g_autofree char *word = NULL;

    while (g_ascii_isalpha(peek(reader))) {
        reader->p++;
    }
    word = g_strndup(from, (gsize)(reader->p - from));
    if (!strcmp(word, "null")) {
        return json_node_init_null(json_node_alloc());
    }
    if (!strcmp(word, "true") || !strcmp(word, "false")) {
        return json_node_init_boolean(json_node_alloc(), *word == 't');
    }
    if (*word) {
        error_set(error, "invalid keyword '%.40s'", word);
    } else {
        error_set(error, peek(reader) < 0 || strchr("{}[]:,", peek(reader)) ? "expecting value"
                                                                            : "stray character");
    }
    return NULL;
}

static gboolean read_member(Reader *reader, JsonObject *object, GError **error)
{
    g_autofree char *name = NULL;
    JsonNode *value;

    skip_space(reader);
    if (peek(reader) != '"' && peek(reader) != '\'') {
        return error_set(error, "key is not a string in object");
    }
    name = read_string(reader, error);
    if (!name) {
        return FALSE;
    }
    if (!accept_byte(reader, ':')) {
        return error_set(error, "missing : in object pair");
    }
    if (json_object_has_member(object, name)) {
        return error_set(error, "duplicate key");
    }
    value = read_value(reader, error);
    if (value) {
        json_object_set_member(object, name, value);
    }
    return value != NULL;
}

static JsonNode *read_object(Reader *reader, GError **error)
{
    g_autoptr(JsonObject) object = json_object_new();

    reader->p++;
    if (!accept_byte(reader, '}')) {
        do {
            if (!read_member(reader, object, error)) {
                return NULL;
            }
        } while (accept_byte(reader, ','));
        if (!accept_byte(reader, '}')) {
            error_set(error, "expected separator in dict");
            return NULL;
        }
    }
    return json_node_init_object(json_node_alloc(), object);
}

static JsonNode *read_array(Reader *reader, GError **error)
{
    g_autoptr(JsonArray) array = json_array_new();

    reader->p++;
    if (!accept_byte(reader, ']')) {
        do {
            JsonNode *value = read_value(reader, error);
            if (!value) {
                return NULL;
            }
            json_array_add_element(array, value);
        } while (accept_byte(reader, ','));
        if (!accept_byte(reader, ']')) {
            error_set(error, "expected separator in list");
            return NULL;
        }
    }
    return json_node_init_array(json_node_alloc(), array);
}

static JsonNode *read_value(Reader *reader, GError **error)
{
    g_autofree char *text = NULL;

    skip_space(reader);
    switch (peek(reader)) {
    case '{': return read_object(reader, error);
    case '[': return read_array(reader, error);
    case '"':
    case '\'':
        text = read_string(reader, error);
        return text ? json_node_init_string(json_node_alloc(), text) : NULL;
    case '-':
    case '0' ... '9': return read_number(reader, error);
    default: return read_word(reader, error);
    }
}

JsonNode *json_text_parse(const char *data, gsize length, GError **error)
{
    Reader reader = {data, data + length};
    g_autoptr(JsonNode) value = NULL;

    if (!g_utf8_validate(data, (gssize)length, NULL)) {
        error_set(error, "invalid UTF-8 sequence in string");
        return NULL;
    }
    value = read_value(&reader, error);
    skip_space(&reader);
    if (value && reader.p < reader.end) {
        error_set(error, "stray text after the value");
        return NULL;
    }
    return g_steal_pointer(&value);
}

/* ---- writing ---- */

static void append_unit(GString *out, guint unit)
{
    g_string_append_printf(out, "\\u%04X", unit);
}

/* Beyond ASCII as \u escapes; what is no UTF-8 (file names may be anything) as U+FFFD. */
static void append_unichar(GString *out, const char **p)
{
    gunichar c = g_utf8_get_char_validated(*p, -1);

    if (c >= (gunichar)-2) {
        (*p)++;
        append_unit(out, 0xfffd);
        return;
    }
    *p = g_utf8_next_char(*p);
    if (c > 0xffff) {
        append_unit(out, 0xd800 + ((c - 0x10000) >> 10));
        c = 0xdc00 + ((c - 0x10000) & 0x3ff);
    }
    append_unit(out, c);
}

static void append_string(GString *out, const char *text)
{
    static const char codes[] = "bfnrt\"\\", values[] = "\b\f\n\r\t\"\\";

    g_string_append_c(out, '"');
    for (const char *p = text; *p;) {
        const char *from = p;
        const char *value;

        while ((guint8)*p >= ' ' && (guint8)*p < 127 && *p != '"' && *p != '\\') {
            p++;
        }
        g_string_append_len(out, from, p - from);
        if (!*p) {
            break;
        }
        value = strchr(values, *p);
        if (value) {
            g_string_append_c(out, '\\');
            g_string_append_c(out, codes[value - values]);
            p++;
        } else {
            append_unichar(out, &p);
        }
    }
    g_string_append_c(out, '"');
}

/* `indent` < 0: on one line. */
static void append_break(GString *out, int indent)
{
    if (indent >= 0) {
        g_string_append_printf(out, "\n%*s", indent, "");
    }
}

static void append_value(GString *out, JsonNode *value, int indent);

/* Between two values of an object or array, and before the first. */
static void append_separator(GString *out, gboolean first, int inner)
{
    if (!first) {
        g_string_append(out, inner < 0 ? ", " : ",");
    }
    append_break(out, inner);
}

static void append_object(GString *out, JsonObject *object, int indent)
{
    int inner = indent < 0 ? -1 : indent + 4;
    gboolean first = TRUE;
    JsonObjectIter iter;
    const char *name;
    JsonNode *value;

    g_string_append_c(out, '{');
    json_object_iter_init_ordered(&iter, object);
    while (json_object_iter_next_ordered(&iter, &name, &value)) {
        append_separator(out, first, inner);
        append_string(out, name);
        g_string_append(out, ": ");
        append_value(out, value, inner);
        first = FALSE;
    }
    append_break(out, first ? -1 : indent);
    g_string_append_c(out, '}');
}

static void append_array(GString *out, JsonArray *array, int indent)
{
    int inner = indent < 0 ? -1 : indent + 4;
    guint length = json_array_get_length(array);

    g_string_append_c(out, '[');
    for (guint i = 0; i < length; i++) {
        append_separator(out, i == 0, inner);
        append_value(out, json_array_get_element(array, i), inner);
    }
    append_break(out, length ? indent : -1);
    g_string_append_c(out, ']');
}

static void append_plain(GString *out, JsonNode *value)
{
    char digits[G_ASCII_DTOSTR_BUF_SIZE];

    switch (json_node_get_value_type(value)) {
    case G_TYPE_STRING: append_string(out, json_node_get_string(value)); return;
    case G_TYPE_BOOLEAN:
        g_string_append(out, json_node_get_boolean(value) ? "true" : "false");
        return;
    case G_TYPE_DOUBLE:
        g_string_append(
            out, g_ascii_formatd(digits, sizeof digits, "%.17g", json_node_get_double(value)));
        return;
    default: g_string_append_printf(out, "%" G_GINT64_FORMAT, json_node_get_int(value)); return;
    }
}

static void append_value(GString *out, JsonNode *value, int indent)
{
    switch (json_node_get_node_type(value)) {
    case JSON_NODE_OBJECT: append_object(out, json_node_get_object(value), indent); return;
    case JSON_NODE_ARRAY: append_array(out, json_node_get_array(value), indent); return;
    case JSON_NODE_VALUE: append_plain(out, value); return;
    case JSON_NODE_NULL: g_string_append(out, "null"); return;
    }
}

void json_text_append(GString *out, JsonNode *value, gboolean pretty)
{
    append_value(out, value, pretty ? 0 : -1);
}

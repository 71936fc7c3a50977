/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/expression.h"

#include <errno.h>
#include <string.h>

#include "core/error.h"

#define MAX_DEPTH 64

typedef struct Parser {
    const char *p;
    guint depth;
    ExpressionRegisterFn get_register;
    void *opaque;
} Parser;

typedef struct Operator {
    const char *text;
    guint precedence; /* higher binds tighter */
} Operator;

/* C's order (ISO C 6.5). Longer texts first where one begins another. */
static const Operator operators[] = {
    {"<<", 4}, {">>", 4}, {"|", 1}, {"^", 2}, {"&", 3},
    {"+", 5},  {"-", 5},  {"*", 6}, {"/", 6}, {"%", 6},
};

static gboolean parse_binary(Parser *parser, guint precedence, guint64 *value, GError **error);

static void skip_space(Parser *parser)
{
    while (g_ascii_isspace(*parser->p)) {
        parser->p++;
    }
}

static gboolean parse_number(Parser *parser, guint64 *value, GError **error)
{
    char *end;

    errno = 0;
    *value = g_ascii_strtoull(parser->p, &end, 0);
    if (errno == ERANGE) {
        return error_set(error, "number too large: '%.*s'", (int)MIN(end - parser->p, 40),
                         parser->p);
    }
    if (g_ascii_isalnum(*end) || *end == '_') {
        return error_set(error, "invalid char '%c' in number", *end);
    }
    parser->p = end;
    return TRUE;
}

static gboolean parse_char(Parser *parser, guint64 *value, GError **error)
{
    static const char escapes[] = "n\nr\rt\te\033\\\\''";
    const char *p = parser->p + 1;

    if (*p == '\\' && p[1]) {
        const char *escape = strchr(escapes, p[1]);

        if (!escape || (escape - escapes) % 2) {
            return error_set(error, "unknown escape '\\%c' in character constant", p[1]);
        }
        *value = (guint8)escape[1];
        p += 2;
    } else if (*p && *p != '\'') {
        *value = (guint8)*p++;
    } else {
        return error_set(error, "character constant expected");
    }
    if (*p != '\'') {
        return error_set(error, "missing terminating ' character");
    }
    parser->p = p + 1;
    return TRUE;
}

static gboolean parse_register(Parser *parser, guint64 *value, GError **error)
{
    char name[24];
    gsize length = 0;
    const char *p = parser->p + 1;

    while (g_ascii_isalnum(*p) || *p == '_' || *p == '.') {
        if (length + 1 == sizeof(name)) {
            return error_set(error, "register name is too long");
        }
        name[length++] = *p++;
    }
    name[length] = '\0';
    if (length == 0) {
        return error_set(error, "register name expected after '$'");
    }
    if (!parser->get_register || !parser->get_register(name, value, parser->opaque)) {
        return error_set(error, "unknown register '$%s'", name);
    }
    parser->p = p;
    return TRUE;
}

static gboolean parse_primary(Parser *parser, guint64 *value, GError **error)
{
    char c = *parser->p;

    if (g_ascii_isdigit(c)) {
        return parse_number(parser, value, error);
    }
    switch (c) {
    case '(':
        parser->p++;
        if (!parse_binary(parser, 1, value, error)) {
            return FALSE;
        }
        skip_space(parser);
        if (*parser->p != ')') {
            return error_set(error, "')' expected");
        }
        parser->p++;
        return TRUE;
    case '\'': return parse_char(parser, value, error);
    case '$': return parse_register(parser, value, error);
    case '\0': return error_set(error, "unexpected end of expression");
    default: return error_set(error, "invalid char '%c' in expression", c);
    }
}

static gboolean parse_unary(Parser *parser, guint64 *value, GError **error)
{
    gboolean ok;

    skip_space(parser);
    char c = *parser->p;
    if (parser->depth == MAX_DEPTH) {
        return error_set(error, "expression is nested more than %d deep", MAX_DEPTH);
    }
    parser->depth++;
    if (c == '-' || c == '+' || c == '~' || c == '!') {
        parser->p++;
        ok = parse_unary(parser, value, error);
        if (ok) {
            *value = c == '-' ? -*value : c == '~' ? ~*value : c == '!' ? !*value : *value;
        }
    } else {
        ok = parse_primary(parser, value, error);
    }
    parser->depth--;
    return ok;
}

static const Operator *match_operator(const char *p)
{
    for (gsize i = 0; i < G_N_ELEMENTS(operators); i++) {
        if (g_str_has_prefix(p, operators[i].text)) {
            return &operators[i];
        }
    }
    return NULL;
}

static gboolean apply(char op, guint64 a, guint64 b, guint64 *value, GError **error)
{
    switch (op) {
    case '|': *value = a | b; break;
    case '^': *value = a ^ b; break;
    case '&': *value = a & b; break;
    case '<': *value = b > 63 ? 0 : a << b; break;
    case '>': *value = b > 63 ? 0 : a >> b; break;
    case '+': *value = a + b; break;
    case '-': *value = a - b; break;
    case '*': *value = a * b; break;
    default:
        if (b == 0) {
            return error_set(error, "division by zero");
        }
        if (b == G_MAXUINT64) { /* by -1: the one quotient that overflows, done by negation */
            *value = op == '/' ? -a : 0;
        } else {
            *value = op == '/' ? (gint64)a / (gint64)b : (gint64)a % (gint64)b;
        }
        break;
    }
    return TRUE;
}

static gboolean parse_binary(Parser *parser, guint precedence, guint64 *value, GError **error)
{
    if (!parse_unary(parser, value, error)) {
        return FALSE;
    }
    for (;;) {
        const char *before = parser->p;
        guint64 right;

        skip_space(parser);
        const Operator *op = match_operator(parser->p);
        if (!op || op->precedence < precedence) {
            parser->p = before;
            return TRUE;
        }
        parser->p += strlen(op->text);
        if (!parse_binary(parser, op->precedence + 1, &right, error) ||
            !apply(op->text[0], *value, right, value, error)) {
            return FALSE;
        }
    }
}

gboolean expression_parse(const char **text, ExpressionRegisterFn get_register, void *opaque,
                          gint64 *value, GError **error)
{
    Parser parser = {.p = *text, .get_register = get_register, .opaque = opaque};
    guint64 result;

    if (!parse_binary(&parser, 1, &result, error)) {
        return FALSE;
    }
    *text = parser.p;
    *value = (gint64)result;
    return TRUE;
}

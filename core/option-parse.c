/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parsers of single values: see the end of option.h. */
#include <string.h>

#include "core/error.h"
#include "core/option.h"

gboolean option_parse_bool(const char *what, const char *text, gboolean *value, GError **error)
{
    static const char *const words[2][4] = {{"off", "no", "false", "n"},
                                            {"on", "yes", "true", "y"}};

    for (int on = 0; on < 2; on++) {
        for (guint i = 0; i < G_N_ELEMENTS(words[on]); i++) {
            if (!strcmp(text, words[on][i])) {
                *value = on;
                return TRUE;
            }
        }
    }
    return error_set(error, "%s: '%s' is neither on nor off", what, text);
}

gboolean option_parse_uint(const char *what, const char *text, guint64 *value, GError **error)
{
    gboolean hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    const char *digits = text + (hex ? 2 : 0);
    guint base = hex ? 16 : 10;
    guint64 number = 0;

    if (!*digits) {
        goto bad;
    }
    for (const char *p = digits; *p; p++) {
        int digit = g_ascii_xdigit_value(*p);

        if (digit < 0 || digit >= (int)base) {
            goto bad;
        }
        if (number > (G_MAXUINT64 - (guint)digit) / base) {
            return error_set(error, "%s: '%s' is too large", what, text);
        }
        number = number * base + (guint)digit;
    }
    *value = number;
    return TRUE;
bad:
    return error_set(error, "%s: '%s' is not a number (decimal, or hexadecimal after 0x)", what,
                     text);
}

/* log2 of a unit, or -1. */
static int unit_shift(char unit)
{
    static const char units[] = "BKMGTPE";
    const char *found = unit ? strchr(units, g_ascii_toupper(unit)) : NULL;

    return found ? (int)(found - units) * 10 : -1;
}

/* Reads ".ddd" and scales it, rounding down; the fraction's bits beyond 2^-53 do not matter. */
static guint64 scale_fraction(const char *digits, gsize count, int shift)
{
    double fraction = 0, place = 0.1;

    for (gsize i = 0; i < count; i++, place /= 10) {
        fraction += place * g_ascii_digit_value(digits[i]);
    }
    return (guint64)(fraction * (double)(1ULL << shift) + 0.5);
}

gboolean option_parse_size(const char *what, const char *text, char default_suffix, guint64 *value,
                           GError **error)
{
    gboolean hex = g_ascii_strncasecmp(text, "0x", 2) == 0;
    gsize whole = hex ? strlen(text) : strspn(text, "0123456789");
    const char *fraction = text[whole] == '.' ? text + whole + 1 : "";
    gsize fraction_length = strspn(fraction, "0123456789");
    const char *suffix = fraction_length ? fraction + fraction_length : text + whole;
    int shift = unit_shift(*suffix ? *suffix : (hex ? 'B' : default_suffix));
    g_autofree char *number = g_strndup(text, whole);
    guint64 size, extra;

    if (shift < 0 || (*suffix && suffix[1]) || (fraction_length && shift == 0) ||
        !option_parse_uint(what, number, &size, NULL)) {
        return error_set(error, "%s: '%s' is not a size (a number with an optional K, M, G or T)",
                         what, text);
    }
    extra = scale_fraction(fraction, fraction_length, shift);
    if (size > (G_MAXUINT64 >> shift) || (size << shift) > G_MAXUINT64 - extra) {
        return error_set(error, "%s: '%s' is too large", what, text);
    }
    *value = (size << shift) + extra;
    return TRUE;
}

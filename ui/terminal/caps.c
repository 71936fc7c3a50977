/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/terminal/caps.h"

#include <string.h>

#define MODE_PIXEL_MOUSE  1016
#define MODE_SYNC         2026
#define MODE_IN_BAND_SIZE 2048
#define DA1_SIXEL         4

const char *const term_graphics_values[] = {"auto",   "kitty", "sixel", "iterm",
                                            "blocks", "off",   NULL};
const char *const grid_colors_values[] = {"auto", "24bit", "256", "16", "8", "mono", NULL};

const char *term_graphics_name(TermGraphics graphics)
{
    return term_graphics_values[graphics];
}

const char *grid_colors_name(GridColors colors)
{
    return grid_colors_values[colors];
}

gboolean term_caps_is_dumb(const char *term)
{
    return !term || !*term || !strcmp(term, "dumb") || !strcmp(term, "unknown");
}

static gboolean contains(const char *text, const char *part)
{
    return text && strstr(text, part);
}

static GridColors guess_colors(const char *term, const char *colorterm)
{
    if (contains(colorterm, "truecolor") || contains(colorterm, "24bit") ||
        contains(term, "direct") || contains(term, "kitty") || contains(term, "ghostty")) {
        return GRID_COLORS_24BIT;
    }
    if (contains(term, "256color") || g_str_has_prefix(term, "xterm") ||
        g_str_has_prefix(term, "foot") || g_str_has_prefix(term, "alacritty")) {
        return GRID_COLORS_256;
    }
    if (g_str_has_prefix(term, "vt")) {
        return GRID_COLORS_MONO;
    }
    return !strcmp(term, "linux") || contains(term, "16color") ? GRID_COLORS_16 : GRID_COLORS_8;
}

static gboolean is_utf8(const char *lang)
{
    g_autofree char *upper = g_ascii_strup(lang ? lang : "", -1);

    return strstr(upper, "UTF-8") || strstr(upper, "UTF8");
}

static void take_program(TermCaps *caps, const char *program)
{
    /* These answer no question that would tell. */
    caps->iterm |= contains(program, "iTerm") || contains(program, "WezTerm");
}

void term_caps_guess(TermCaps *caps, const char *term, const char *colorterm, const char *lang,
                     const char *program)
{
    term = term ? term : "";
    *caps = (TermCaps){
        .utf8 = is_utf8(lang),
        .simple = !strcmp(term, "linux") || g_str_has_prefix(term, "vt") ||
                  g_str_has_prefix(term, "ansi") || g_str_has_prefix(term, "cons"),
        .other_keys = g_str_has_prefix(term, "xterm") || g_str_has_prefix(term, "tmux"),
        .colors = guess_colors(term, colorterm),
    };
    take_program(caps, program);
}

void term_caps_ask(const TermCaps *caps, GString *out)
{
    if (!caps->simple) {
        g_string_append(out, "\033[?u");          /* kitty keyboard protocol */
        g_string_append(out, "\033[>0q");         /* XTVERSION */
        g_string_append(out, "\033[16t\033[14t"); /* pixels of a cell, of the text area */
        g_string_append(out, "\033[?1016$p\033[?2026$p\033[?2048$p"); /* DECRQM */
        g_string_append(out, "\033P+q524742\033\\\033P+q5463\033\\"); /* XTGETTCAP RGB, Tc */
        /* A picture of one dot, only to be checked (kitty graphics protocol, "Querying"). */
        g_string_append(out, "\033_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\033\\");
    }
    g_string_append(out, "\033[c"); /* DA1 */
}

static gboolean begins(const TermEvent *event, const char *text)
{
    return event->length >= strlen(text) && !memcmp(event->data, text, strlen(text));
}

static void take_mode(TermCaps *caps, guint mode, guint value)
{
    gboolean known = value == 1 || value == 2 || value == 3;

    switch (mode) {
    case MODE_PIXEL_MOUSE: caps->pixel_mouse = known; break;
    case MODE_SYNC: caps->sync = known; break;
    case MODE_IN_BAND_SIZE: caps->in_band_size = known; break;
    default: break;
    }
}

static void take_da1(TermCaps *caps, const TermEvent *event)
{
    for (guint i = 1; i < event->count; i++) {
        caps->sixel |= event->number[i] == DA1_SIXEL;
    }
    caps->answered = TRUE;
}

static void take(TermCaps *caps, const TermEvent *event)
{
    switch (event->type) {
    case TERM_EVENT_DA1: take_da1(caps, event); break;
    case TERM_EVENT_MODE: take_mode(caps, event->number[0], event->number[1]); break;
    case TERM_EVENT_CELL_SIZE:
        caps->cell_width = MIN(event->number[0], 1000);
        caps->cell_height = MIN(event->number[1], 1000);
        break;
    case TERM_EVENT_AREA_SIZE:
        caps->area_width = MIN(event->number[0], 100000);
        caps->area_height = MIN(event->number[1], 100000);
        break;
    case TERM_EVENT_KITTY_KEYS: caps->kitty_keyboard = TRUE; break;
    case TERM_EVENT_GRAPHICS: caps->kitty_graphics |= begins(event, "i=31;OK"); break;
    case TERM_EVENT_CAPABILITY:
        if (begins(event, "524742") || begins(event, "5463")) {
            caps->colors = GRID_COLORS_24BIT;
        }
        break;
    case TERM_EVENT_VERSION: {
        g_autofree char *name = g_strndup(event->data, event->length);

        take_program(caps, name);
        break;
    }
    default: break;
    }
}

gboolean term_caps_take(TermCaps *caps, const TermEvent *event)
{
    const TermCaps before = *caps;

    take(caps, event);
    return memcmp(&before, caps, sizeof(before)) != 0;
}

TermGraphics term_caps_graphics(const TermCaps *caps)
{
    return caps->kitty_graphics ? TERM_GRAPHICS_KITTY
           : caps->sixel        ? TERM_GRAPHICS_SIXEL
           : caps->iterm        ? TERM_GRAPHICS_ITERM
                                : TERM_GRAPHICS_BLOCKS;
}

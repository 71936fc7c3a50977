/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The question that closing the last window asks (`window-close=ask`), drawn over the guest's
 * picture. SDL's message boxes would stop the main loop, and fork the process on X11.
 *
 * While it is asked the window's keys and pointer are its own, and the guest's picture below it
 * stands still; the guest goes on.
 */
#include <string.h>

#include "ui/common/console-font.h"
#include "ui/common/window-close.h"
#include "ui/sdl/gui.h"

#define COLUMNS    50
#define ROWS       10
#define FIRST_ROW  5 /* of the choices */
#define BOX_WIDTH  (COLUMNS * CONSOLE_FONT_WIDTH)
#define BOX_HEIGHT (ROWS * CONSOLE_FONT_HEIGHT)
#define MARGIN     16

#define PAPER        0x00f0f0f0
#define INK          0x00202020
#define PAPER_CHOSEN 0x002060b0
#define INK_CHOSEN   0x00ffffff

typedef struct Choice {
    WindowClose choice; /* WINDOW_CLOSE_OFF = cancel */
    SDL_Keycode key;
    const char *text;
} Choice;

static const Choice choices[] = {
    {WINDOW_CLOSE_BACKGROUND, SDLK_b, "B    Keep running in the background"},
    {WINDOW_CLOSE_POWERDOWN, SDLK_d, "D    Power down: asks the guest to end"},
    {WINDOW_CLOSE_QUIT, SDLK_o, "O    Power off at once: unsaved work is lost"},
    {WINDOW_CLOSE_OFF, SDLK_ESCAPE, "Esc  Cancel"},
};
#define CANCEL (G_N_ELEMENTS(choices) - 1)

struct SdlAsk {
    Surface *back;    /* the guest's picture, darkened */
    Surface *picture; /* with the question on it */
    gint x, y;        /* of the box */
    guint chosen;
};

/* ---- drawing ---- */

static void put(Surface *surface, gint x, gint y, guint32 color)
{
    if (x >= 0 && y >= 0 && x < (gint)surface->width && y < (gint)surface->height) {
        ((guint32 *)(void *)(surface->data + (gsize)y * surface->stride))[x] = color;
    }
}

static void fill(Surface *surface, gint x, gint y, gint width, gint height, guint32 color)
{
    for (gint row = 0; row < height; row++) {
        for (gint column = 0; column < width; column++) {
            put(surface, x + column, y + row, color);
        }
    }
}

static void draw_glyph(Surface *surface, gint x, gint y, gunichar ch, guint32 color)
{
    ConsoleGlyph glyph = console_font_glyph(ch);
    for (gint row = 0; row < CONSOLE_FONT_HEIGHT; row++) {
        for (gint column = 0; column < 8 * (gint)glyph.bytes; column++) {
            guint8 bits = glyph.rows[row * (gint)glyph.bytes + column / 8];
            if (bits & 0x80 >> column % 8) {
                put(surface, x + column, y + row, color);
            }
        }
    }
}

/* A line of the box; what does not fit is left out. */
static void draw_line(const SdlAsk *ask, gint row, const char *text, guint32 ink)
{
    gint x = ask->x + 2 * CONSOLE_FONT_WIDTH;
    gint end = ask->x + BOX_WIDTH - 2 * CONSOLE_FONT_WIDTH;
    for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar ch = g_utf8_get_char(at);
        gint width = CONSOLE_FONT_WIDTH * (gint)console_font_glyph(ch).bytes;
        if (x + width > end) {
            break;
        }
        draw_glyph(ask->picture, x, ask->y + row * CONSOLE_FONT_HEIGHT, ch, ink);
        x += width;
    }
}

static void draw_question(SdlAsk *ask, const char *title)
{
    g_autofree char *valid = g_utf8_make_valid(title, -1);
    g_autofree char *question = g_strdup_printf("What should happen to %s?", valid);
    memcpy(ask->picture->data, ask->back->data, (gsize)ask->back->stride * ask->back->height);
    fill(ask->picture, ask->x, ask->y, BOX_WIDTH, BOX_HEIGHT, PAPER);
    draw_line(ask, 1, question, INK);
    draw_line(ask, 3, "A letter, or the arrows and Enter, or a click:", INK);
    for (guint i = 0; i < G_N_ELEMENTS(choices); i++) {
        gint row = FIRST_ROW + (gint)i;
        if (i == ask->chosen) {
            fill(ask->picture, ask->x + CONSOLE_FONT_WIDTH, ask->y + row * CONSOLE_FONT_HEIGHT,
                 BOX_WIDTH - 2 * CONSOLE_FONT_WIDTH, CONSOLE_FONT_HEIGHT, PAPER_CHOSEN);
        }
        draw_line(ask, row, choices[i].text, i == ask->chosen ? INK_CHOSEN : INK);
    }
}

/* A copy of the guest's picture at a third of its brightness, as large as the box at least. */
static Surface *darkened(const Surface *guest)
{
    guint width = MAX(guest != NULL ? guest->width : 0, BOX_WIDTH + 2 * MARGIN);
    guint height = MAX(guest != NULL ? guest->height : 0, BOX_HEIGHT + 2 * MARGIN);
    Surface *dark = surface_new(width, height);
    gsize bytes = guest != NULL ? (gsize)guest->width * 4 : 0;
    for (guint y = 0; guest != NULL && y < guest->height; y++) {
        const guint8 *from = guest->data + (gsize)y * guest->stride;
        guint8 *to = dark->data + (gsize)y * dark->stride;
        for (gsize i = 0; i < bytes; i++) {
            to[i] = from[i] / 3;
        }
    }
    return dark;
}

/* ---- answers ---- */

static void redraw(SdlWindow *window)
{
    draw_question(window->ask, machine_title(window->gui->frontend.machine));
    sdl_window_redraw(window);
}

static void answer(SdlWindow *window, guint index)
{
    SdlGui *gui = window->gui;
    sdl_ask_end(window);
    window_close_do(&gui->frontend, choices[index].choice);
}

/* The choice at a place in the window; their number = none. */
static guint choice_at(SdlWindow *window, gint x, gint y)
{
    const SdlAsk *ask = window->ask;
    double density = sdl_window_density(window), at_x, at_y;
    Viewport viewport = sdl_ask_viewport(window);
    viewport_to_guest(&viewport, x * density, y * density, &at_x, &at_y);
    double row = (at_y - ask->y) / CONSOLE_FONT_HEIGHT - FIRST_ROW;
    gboolean inside = at_x >= ask->x && at_x < ask->x + BOX_WIDTH && row >= 0 &&
                      row < (double)G_N_ELEMENTS(choices);
    return inside ? (guint)row : (guint)G_N_ELEMENTS(choices);
}

void sdl_ask_key(SdlWindow *window, const SDL_KeyboardEvent *event)
{
    SdlAsk *ask = window->ask;
    SDL_Keycode key = event->keysym.sym;
    if (event->state != SDL_PRESSED) {
        return;
    }
    if (key == SDLK_UP || key == SDLK_DOWN || key == SDLK_TAB) {
        guint step = key == SDLK_UP ? CANCEL : 1;
        ask->chosen = (ask->chosen + step) % G_N_ELEMENTS(choices);
        redraw(window);
        return;
    }
    if ((key == SDLK_RETURN || key == SDLK_KP_ENTER) && event->repeat == 0) {
        answer(window, ask->chosen);
        return;
    }
    for (guint i = 0; i < G_N_ELEMENTS(choices); i++) {
        if (key == choices[i].key && event->repeat == 0) {
            answer(window, i);
            return;
        }
    }
}

void sdl_ask_motion(SdlWindow *window, const SDL_MouseMotionEvent *event)
{
    guint index = choice_at(window, event->x, event->y);
    if (index < G_N_ELEMENTS(choices) && index != window->ask->chosen) {
        window->ask->chosen = index;
        redraw(window);
    }
}

void sdl_ask_button(SdlWindow *window, const SDL_MouseButtonEvent *event)
{
    guint index = choice_at(window, event->x, event->y);
    if (event->state == SDL_PRESSED && event->button == SDL_BUTTON_LEFT &&
        index < G_N_ELEMENTS(choices)) {
        answer(window, index);
    }
}

/* ---- beginning and end ---- */

Viewport sdl_ask_viewport(const SdlWindow *window)
{
    int width, height;
    SDL_GetWindowSizeInPixels(window->window, &width, &height);
    return scaler_layout(SCALE_FIT, 1, window->ask->picture->width, window->ask->picture->height,
                         width, height);
}

Surface *sdl_ask_picture(const SdlWindow *window)
{
    return window->ask->picture;
}

void sdl_ask_begin(SdlWindow *window)
{
    SdlGui *gui = window->gui;
    if (window->ask != NULL) {
        return;
    }
    sdl_input_release_keys(gui);
    if (gui->grab) {
        sdl_input_set_grab(gui, window, FALSE);
    }
    SdlAsk *ask = g_new0(SdlAsk, 1);
    ask->back = darkened(window->surface);
    ask->picture = surface_new(ask->back->width, ask->back->height);
    ask->x = ((gint)ask->back->width - BOX_WIDTH) / 2;
    ask->y = ((gint)ask->back->height - BOX_HEIGHT) / 2;
    ask->chosen = CANCEL;
    window->ask = ask;
    redraw(window);
    sdl_cursor_show(gui, window);
}

void sdl_ask_free(SdlAsk *ask)
{
    surface_unref(ask->back);
    surface_unref(ask->picture);
    g_free(ask);
}

void sdl_ask_end(SdlWindow *window)
{
    g_clear_pointer(&window->ask, sdl_ask_free);
    sdl_window_redraw(window);
    sdl_cursor_show(window->gui, window);
}

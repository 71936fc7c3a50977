/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When something is written to the terminal. A frame is made only when the terminal has taken the
 * one before - all bytes of it, and, since much may wait in a network on the way, when it has
 * answered the status report at its end. So frames are dropped where the link is slow, and what is
 * written is always the newest.
 */
#include "ui/terminal/terminal.h"

#include <string.h>

/* Frames that may be on their way. */
#define UNANSWERED_MAX 2
/* After this time without an answer we no longer wait for one. */
#define PATIENCE_NS (2 * NS_PER_SEC)

static const char sync_begin[] = "\033[?2026h";
static const char sync_end[] = "\033[?2026l";
static const char status_report[] = "\033[5n";

void screen_changed(Terminal *terminal)
{
    terminal->screen.dirty = TRUE;
    deferred_schedule(terminal->screen.update);
}

/* ---- the display's listener ---- */

static void on_surface(void *opaque, Surface *surface)
{
    Terminal *terminal = opaque;
    Screen *screen = &terminal->screen;

    surface_ref(surface);
    surface_unref(screen->surface);
    screen->surface = surface;
    screen->all_damaged = TRUE;
}

static void on_damage(void *opaque, const pixman_region32_t *region)
{
    Terminal *terminal = opaque;
    Screen *screen = &terminal->screen;

    pixman_region32_union(&screen->damage, &screen->damage, (pixman_region32_t *)region);
    screen_changed(terminal);
}

/* The cursor is a part of the picture here. */
static void damage_cursor(Terminal *terminal)
{
    Screen *screen = &terminal->screen;
    Cursor *cursor;
    gboolean visible;
    int x, y;

    cursor = display_cursor(screen->display, &x, &y, &visible);
    if (cursor && visible) {
        pixman_region32_union_rect(&screen->damage, &screen->damage, x - cursor->hot_x,
                                   y - cursor->hot_y, cursor->width, cursor->height);
    }
    screen_changed(terminal);
}

static void on_cursor(void *opaque, Cursor *cursor)
{
    Terminal *terminal = opaque;

    if (terminal->screen.display) {
        terminal->screen.all_damaged = TRUE; /* we do not know how large the old one was */
        damage_cursor(terminal);
    }
}

static void on_warp(void *opaque, int x, int y, gboolean visible)
{
    Terminal *terminal = opaque;
    Screen *screen = &terminal->screen;
    const PictureCursor old = screen->cursor_drawn;

    if (!screen->display) {
        return;
    }
    if (old.image) {
        pixman_region32_union_rect(&screen->damage, &screen->damage, old.x - old.image->hot_x,
                                   old.y - old.image->hot_y, old.image->width, old.image->height);
    }
    damage_cursor(terminal);
}

static const DisplayListenerOps listener_ops = {
    .name = "terminal",
    .surface = on_surface,
    .damage = on_damage,
    .cursor = on_cursor,
    .warp = on_warp,
};

void screen_set_display(Terminal *terminal, Display *display)
{
    Screen *screen = &terminal->screen;

    display_detach(g_steal_pointer(&screen->listener));
    screen->display = display;
    g_clear_pointer(&screen->surface, surface_unref);
    pixman_region32_clear(&screen->damage);
    screen->all_damaged = TRUE;
    screen->scroll_column = screen->scroll_row = 0;
    if (display) {
        screen->listener =
            display_attach(display, &listener_ops, terminal, (guint)terminal->max_hz);
    }
    screen_changed(terminal);
}

/* ---- pictures ---- */

static void on_encoded(void *opaque)
{
    Terminal *terminal = opaque;
    Screen *screen = &terminal->screen;

    screen->picture_ready = TRUE;
    screen->encode_ns += picture_encode_ns(screen->picture);
    screen->encoded++;
    screen_changed(terminal);
}

static void set_drawn_cursor(Screen *screen, Cursor *image, int x, int y)
{
    if (image) {
        cursor_ref(image);
    }
    g_clear_pointer(&screen->cursor_drawn.image, cursor_unref);
    screen->cursor_drawn = (PictureCursor){image, x, y};
}

/* Gives a worker what has changed, unless it is at work: then when it is done. */
static void start_picture(Terminal *terminal)
{
    Screen *screen = &terminal->screen;
    PictureLayout layout;
    gboolean visible, same;
    Cursor *cursor;
    int x, y;

    if (!screen->surface || picture_is_busy(screen->picture) || screen->picture_ready) {
        return;
    }
    layout = screen_layout_picture(terminal, screen->surface->width, screen->surface->height);
    same = !memcmp(&layout, picture_layout(screen->picture), sizeof(layout));
    if (same && !screen->all_damaged && !pixman_region32_not_empty(&screen->damage)) {
        return;
    }
    cursor = display_cursor(screen->display, &x, &y, &visible);
    set_drawn_cursor(screen, visible ? cursor : NULL, x, y);
    picture_start(screen->picture, &layout, screen->surface, &screen->cursor_drawn,
                  screen->all_damaged ? NULL : &screen->damage);
    pixman_region32_clear(&screen->damage);
    screen->all_damaged = FALSE;
}

/* ---- frames ---- */

static gboolean is_image(TermGraphics kind)
{
    return kind == TERM_GRAPHICS_KITTY || kind == TERM_GRAPHICS_SIXEL ||
           kind == TERM_GRAPHICS_ITERM;
}

/* Images of another place are in the way of what is to come. */
static void remove_images(Screen *screen, GString *out)
{
    g_string_append_printf(out, "\033[0m\033[2J%s", picture_forget(screen->on_terminal.kind));
    screen->on_terminal = (PictureLayout){.kind = TERM_GRAPHICS_AUTO};
    grid_resize(&screen->shown, screen->columns, screen->rows, GRID_PLAIN);
}

static void append_picture(Screen *screen, GString *out)
{
    const PictureLayout *layout = picture_layout(screen->picture);

    if (screen->view == VIEW_PICTURE && screen->picture_ready && is_image(layout->kind)) {
        if (memcmp(layout, &screen->on_terminal, sizeof(*layout)) != 0 || screen->wipe) {
            remove_images(screen, out);
            screen->on_terminal = *layout;
        }
        g_string_append_len(out, picture_bytes(screen->picture)->str,
                            (gssize)picture_bytes(screen->picture)->len);
    } else if (is_image(screen->on_terminal.kind) && screen->view != VIEW_PICTURE) {
        remove_images(screen, out);
    } else if (screen->wipe) {
        remove_images(screen, out);
    }
    screen->wipe = FALSE;
    screen->picture_ready = FALSE;
}

static void append_cursor(Terminal *terminal, gint column, gint row, gboolean force, GString *out)
{
    Screen *screen = &terminal->screen;
    gboolean is_block = screen->text.cursor_height == 0 || screen->text.cursor_height > 50;
    char text[sizeof(screen->cursor)];

    if (column < 0 || row < 0) {
        g_strlcpy(text, "\033[?25l", sizeof(text));
    } else {
        g_snprintf(text, sizeof(text), "\033[%d;%dH%s\033[?25h", row + 1, column + 1,
                   terminal->caps.simple ? ""
                   : is_block            ? "\033[1 q"
                                         : "\033[3 q");
    }
    if (force || strcmp(text, screen->cursor) != 0) {
        g_string_append(out, text);
        g_strlcpy(screen->cursor, text, sizeof(screen->cursor));
    }
}

static void send(Terminal *terminal, GString *out)
{
    Screen *screen = &terminal->screen;

    if (terminal->caps.sync) {
        g_string_prepend(out, sync_begin);
        g_string_append(out, sync_end);
    }
    if (!screen->silent) {
        g_string_append(out, status_report);
        screen->unanswered++;
        if (!timer_pending(&screen->patience)) {
            timer_set_after(&screen->patience, PATIENCE_NS);
        }
    }
    screen->frames++;
    screen->bytes += out->len;
    screen->next =
        clock_now(terminal->frontend.machine->host_clock) + NS_PER_SEC / (gint64)terminal->max_hz;
    term_tty_write(terminal->tty, out->str, out->len);
}

static void write_frame(Terminal *terminal)
{
    Screen *screen = &terminal->screen;
    g_autoptr(GString) out = g_string_new(NULL);
    gint column, row;

    screen_compose(terminal, &column, &row);
    append_picture(screen, out);
    grid_update(&screen->shown, &screen->wanted, terminal_colors(terminal), terminal->caps.utf8,
                out);
    append_cursor(terminal, column, row, out->len > 0, out);
    if (out->len) {
        send(terminal, out);
    }
}

static gboolean may_write(Terminal *terminal)
{
    Screen *screen = &terminal->screen;
    gint64 now = clock_now(terminal->frontend.machine->host_clock);

    if (!terminal->shown || terminal->asking || term_tty_backlog(terminal->tty) > 0 ||
        screen->unanswered >= UNANSWERED_MAX) {
        return FALSE;
    }
    if (now < screen->next) {
        timer_set(&screen->clock, screen->next);
        return FALSE;
    }
    return TRUE;
}

static ViewKind choose_view(Terminal *terminal)
{
    Screen *screen = &terminal->screen;

    if (!screen->display) {
        return VIEW_NOTHING;
    }
    if (display_text(screen->display, &screen->text) && screen->text.columns && screen->text.rows) {
        return VIEW_TEXT;
    }
    return terminal_graphics(terminal) == TERM_GRAPHICS_OFF ? VIEW_NOTHING : VIEW_PICTURE;
}

static void update(void *opaque)
{
    Terminal *terminal = opaque;
    Screen *screen = &terminal->screen;

    if (!screen->dirty || !may_write(terminal)) {
        return;
    }
    if (screen_measure(terminal)) {
        screen_redraw(terminal);
    }
    screen->dirty = FALSE;
    screen->view = choose_view(terminal);
    if (screen->view == VIEW_PICTURE) {
        /* A frame that is ready goes out first; encoding the next begins meanwhile. */
        write_frame(terminal);
        start_picture(terminal);
        return;
    }
    /* Characters say it all. */
    pixman_region32_clear(&screen->damage);
    screen->all_damaged = TRUE;
    write_frame(terminal);
}

static void on_clock(void *opaque)
{
    Terminal *terminal = opaque;

    deferred_schedule(terminal->screen.update);
}

void screen_drained(Terminal *terminal)
{
    deferred_schedule(terminal->screen.update);
}

void screen_answered(Terminal *terminal)
{
    Screen *screen = &terminal->screen;

    screen->answers = TRUE;
    screen->unanswered -= screen->unanswered > 0;
    timer_cancel(&screen->patience);
    if (screen->unanswered) {
        timer_set_after(&screen->patience, PATIENCE_NS);
    }
    deferred_schedule(screen->update);
}

/* A terminal that answers seldom is waited for each time; one that never did is not. */
static void on_patience(void *opaque)
{
    Terminal *terminal = opaque;
    Screen *screen = &terminal->screen;

    screen->silent = !screen->answers;
    screen->unanswered = 0;
    deferred_schedule(screen->update);
}

void screen_redraw(Terminal *terminal)
{
    Screen *screen = &terminal->screen;

    screen->wipe = TRUE;
    screen->all_damaged = TRUE;
    screen->cursor[0] = '\0';
    grid_resize(&screen->shown, screen->columns, screen->rows, GRID_UNKNOWN);
    screen_changed(terminal);
}

/* ---- lifecycle ---- */

void screen_init(Terminal *terminal)
{
    Screen *screen = &terminal->screen;
    Machine *machine = terminal->frontend.machine;

    pixman_region32_init(&screen->damage);
    screen->picture = picture_new(machine->workers, on_encoded, terminal);
    screen->update = deferred_new(machine->loop, update, terminal);
    timer_init(&screen->clock, machine->host_clock, on_clock, terminal);
    timer_init(&screen->patience, machine->host_clock, on_patience, terminal);
}

void screen_fini(Terminal *terminal)
{
    Screen *screen = &terminal->screen;

    display_detach(g_steal_pointer(&screen->listener));
    deferred_free(screen->update);
    timer_cancel(&screen->clock);
    timer_cancel(&screen->patience);
    picture_free(screen->picture);
    set_drawn_cursor(screen, NULL, 0, 0);
    surface_unref(screen->surface);
    pixman_region32_fini(&screen->damage);
    text_screen_clear(&screen->text);
    grid_clear(&screen->shown);
    grid_clear(&screen->wanted);
}

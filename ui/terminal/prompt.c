/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line at the bottom, opened by the escape key. A line is a monitor command; keys that
 * no command begins with do what menus do elsewhere, while the line is empty.
 */
#include <string.h>

#include "ui/terminal/terminal.h"

#define LINE_BYTES  500
#define HISTORY_MAX 100
#define OUTPUT_MAX  5000 /* lines */

struct Prompt {
    Terminal *terminal;
    gboolean is_open;
    GString *line;      /* UTF-8 */
    gsize at;           /* of the cursor, bytes */
    GPtrArray *history; /* of char*, the oldest first */
    guint recalled;     /* of history; its length = the new line */
    GPtrArray *output;  /* of char*, lines */
    guint top;          /* first line of it that is seen */
    guint page;         /* lines seen */
    void *run;          /* a command under way */
    gboolean running;
};

static const char help[] =
    "1-9              console of this number        Left, Right, Tab  other console\n"
    "Escape, Enter    back to the machine           Ctrl+%c            sends Ctrl+%c\n"
    "Delete           sends Ctrl+Alt+Del            F1-F12            sends Ctrl+Alt+F1-F12\n"
    "Ctrl+D           detach: the machine goes on   Ctrl+Q            end the machine\n"
    "Ctrl+Z           stop this program             Ctrl+L            draw the screen anew\n"
    "Page Up, Down    moves through output          Up, Down          former commands\n"
    "Letters begin a monitor command: system_reset, info block, screendump FILE, help...";

/* ---- output ---- */

static void set_output(Prompt *prompt, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_auto(GStrv) lines = g_strsplit(valid, "\n", OUTPUT_MAX);

    g_ptr_array_set_size(prompt->output, 0);
    for (char **line = lines; *line; line++) {
        if ((*line)[0] || line[1]) { /* not what is behind the last newline */
            g_ptr_array_add(prompt->output, g_strdup(g_strchomp(*line)));
        }
    }
    prompt->top = 0;
    screen_changed(prompt->terminal);
}

static void show_help(Prompt *prompt)
{
    char key = (char)g_ascii_toupper((char)prompt->terminal->escape_key);
    g_autofree char *text = g_strdup_printf(help, key, key);

    set_output(prompt, text);
}

guint prompt_rows(const Prompt *prompt, guint most)
{
    return prompt->is_open ? MIN(prompt->output->len, most) : 0;
}

static void scroll(Prompt *prompt, gint pages)
{
    gint top = (gint)prompt->top + pages * (gint)MAX(prompt->page, 1);

    prompt->top = (guint)CLAMP(top, 0, MAX((gint)prompt->output->len - (gint)prompt->page, 0));
}

/* ---- opening and closing ---- */

static void close_prompt(Prompt *prompt)
{
    prompt->is_open = FALSE;
    g_ptr_array_set_size(prompt->output, 0);
    g_string_truncate(prompt->line, 0);
    prompt->at = 0;
    screen_changed(prompt->terminal);
}

void prompt_open(Prompt *prompt)
{
    prompt->is_open = TRUE;
    prompt->recalled = prompt->history->len;
    g_clear_pointer(&prompt->terminal->notice, g_free);
    keyboard_release_all(prompt->terminal->keyboard);
    screen_changed(prompt->terminal);
}

gboolean prompt_is_open(const Prompt *prompt)
{
    return prompt->is_open;
}

/* ---- commands ---- */

static void command_done(const char *text, void *opaque)
{
    Prompt *prompt = opaque;

    prompt->run = NULL;
    prompt->running = FALSE;
    set_output(prompt, text);
    if (!prompt->output->len && prompt->is_open && !prompt->line->len) {
        close_prompt(prompt); /* nothing to say: back to the machine */
    }
}

static void run_command(Prompt *prompt)
{
    Machine *machine = prompt->terminal->frontend.machine;
    g_autofree char *line = g_strdup(g_strstrip(prompt->line->str));

    g_string_truncate(prompt->line, 0);
    prompt->at = 0;
    if (prompt->history->len >= HISTORY_MAX) {
        g_ptr_array_remove_index(prompt->history, 0);
    }
    g_ptr_array_add(prompt->history, g_strdup(line));
    prompt->recalled = prompt->history->len;
    if (!machine->run_command) {
        set_output(prompt, "this machine has no monitor");
    } else if (prompt->running) {
        set_output(prompt, "the command before is still running");
    } else {
        void *run;

        prompt->running = TRUE;
        run = machine->run_command(machine, line, command_done, prompt);
        prompt->run = prompt->running ? run : NULL;
    }
}

static void recall(Prompt *prompt, gint step)
{
    guint place = (guint)CLAMP((gint)prompt->recalled + step, 0, (gint)prompt->history->len);

    prompt->recalled = place;
    g_string_assign(prompt->line,
                    place < prompt->history->len ? g_ptr_array_index(prompt->history, place) : "");
    prompt->at = prompt->line->len;
}

/* ---- keys ---- */

static void send_keys(Prompt *prompt, guint last)
{
    guint keys[] = {KEY_LEFTCTRL, KEY_LEFTALT, last, 0};

    close_prompt(prompt);
    keyboard_chord(prompt->terminal->keyboard, keys);
}

static void control_key(Prompt *prompt, const TermEvent *event)
{
    Terminal *terminal = prompt->terminal;
    guint32 key = event->symbol;

    if (key == terminal->escape_key) {
        TermEvent again = *event;

        /* Its release may be seen by the guest or not: this press is whole. */
        again.paired = FALSE;
        again.base = 0;
        close_prompt(prompt);
        keyboard_key(terminal->keyboard, &again);
        return;
    }
    switch (key) {
    case 'd':
        close_prompt(prompt);
        frontend_request_close(&terminal->frontend, NULL);
        break;
    case 'q':
        close_prompt(prompt);
        machine_request_shutdown(terminal->frontend.machine, SHUTDOWN_HOST_UI, 0);
        break;
    case 'z':
        close_prompt(prompt);
        terminal_suspend(terminal);
        break;
    case 'l': screen_redraw(terminal); break;
    case 'c':
    case 'g': close_prompt(prompt); break;
    case 'u':
        g_string_erase(prompt->line, 0, (gssize)prompt->at);
        prompt->at = 0;
        break;
    case 'a': prompt->at = 0; break;
    case 'e': prompt->at = prompt->line->len; break;
    default: break;
    }
}

static void move_cursor(Prompt *prompt, gint step)
{
    const char *text = prompt->line->str;

    if (!prompt->line->len) {
        terminal_step_console(prompt->terminal, step);
    } else if (step > 0 && prompt->at < prompt->line->len) {
        prompt->at = (gsize)(g_utf8_next_char(text + prompt->at) - text);
    } else if (step < 0 && prompt->at > 0) {
        prompt->at = (gsize)(g_utf8_prev_char(text + prompt->at) - text);
    }
}

static void erase_before(Prompt *prompt)
{
    gsize end = prompt->at;

    if (end > 0) {
        prompt->at = (gsize)(g_utf8_prev_char(prompt->line->str + end) - prompt->line->str);
        g_string_erase(prompt->line, (gssize)prompt->at, (gssize)(end - prompt->at));
    }
}

static void erase_after(Prompt *prompt)
{
    const char *at = prompt->line->str + prompt->at;

    if (prompt->at < prompt->line->len) {
        g_string_erase(prompt->line, (gssize)prompt->at, g_utf8_next_char(at) - at);
    } else if (!prompt->line->len) {
        send_keys(prompt, KEY_DELETE);
    }
}

static void type_char(Prompt *prompt, guint32 ch)
{
    char text[6];
    gsize length;

    if (!prompt->line->len && ch >= '1' && ch <= '9') {
        if (terminal_show_number(prompt->terminal, ch - '0')) {
            close_prompt(prompt);
        } else {
            set_output(prompt, "there is no console of this number");
        }
        return;
    }
    if (!prompt->line->len && ch == '?') {
        show_help(prompt);
        return;
    }
    if (!g_unichar_validate(ch) || g_unichar_iscntrl(ch) || prompt->line->len >= LINE_BYTES) {
        return;
    }
    length = (gsize)g_unichar_to_utf8(ch, text);
    g_string_insert_len(prompt->line, (gssize)prompt->at, text, (gssize)length);
    prompt->at += length;
}

static void enter(Prompt *prompt)
{
    if (prompt->line->len) {
        run_command(prompt);
    } else {
        close_prompt(prompt);
    }
}

void prompt_key(Prompt *prompt, const TermEvent *event)
{
    screen_changed(prompt->terminal);
    if (event->mods & TERM_MOD_CTRL) {
        control_key(prompt, event);
        return;
    }
    if (event->symbol >= TERM_KEY_F1 && event->symbol < TERM_KEY_F1 + 12) {
        guint n = event->symbol - TERM_KEY_F1;

        send_keys(prompt, n < 10 ? KEY_F1 + n : KEY_F11 + n - 10);
        return;
    }
    switch (event->symbol) {
    case 0x1b: close_prompt(prompt); break;
    case '\r': enter(prompt); break;
    case '\t':
        terminal_step_console(prompt->terminal, event->mods & TERM_MOD_SHIFT ? -1 : 1);
        break;
    case 0x7f: erase_before(prompt); break;
    case TERM_KEY_DELETE: erase_after(prompt); break;
    case TERM_KEY_LEFT: move_cursor(prompt, -1); break;
    case TERM_KEY_RIGHT: move_cursor(prompt, 1); break;
    case TERM_KEY_HOME: prompt->at = 0; break;
    case TERM_KEY_END: prompt->at = prompt->line->len; break;
    case TERM_KEY_UP: recall(prompt, -1); break;
    case TERM_KEY_DOWN: recall(prompt, 1); break;
    case TERM_KEY_PAGE_UP: scroll(prompt, -1); break;
    case TERM_KEY_PAGE_DOWN: scroll(prompt, 1); break;
    default:
        if (event->text) {
            type_char(prompt, event->text);
        }
    }
}

/* ---- looks ---- */

static void fill_row(Grid *grid, guint row, guint32 flags)
{
    for (guint column = 0; column < grid->columns; column++) {
        *grid_cell(grid, column, row) = (GridCell){.ch = ' ', .flags = flags};
    }
}

void prompt_draw(Prompt *prompt, Grid *grid, gint *cursor_column, gint *cursor_row)
{
    guint last = grid->rows - 1;
    guint shown = MIN(prompt->output->len, last), column;
    g_autofree char *before = g_strndup(prompt->line->str, prompt->at);

    prompt->page = shown;
    for (guint i = 0; i < shown; i++) {
        fill_row(grid, last - shown + i, GRID_PLAIN);
        if (prompt->top + i < prompt->output->len) {
            grid_text(grid, 0, last - shown + i, g_ptr_array_index(prompt->output, prompt->top + i),
                      GRID_PLAIN);
        }
    }
    fill_row(grid, last, GRID_PLAIN | GRID_REVERSE);
    column = grid_text(grid, 0, last, prompt->running ? "(running) " : "(vitrine) ",
                       GRID_PLAIN | GRID_REVERSE);
    if (!prompt->line->len) {
        g_autofree char *hint =
            g_strdup_printf("%s1-9 console, Ctrl+D detach, Ctrl+Q quit, ? help, or a command",
                            prompt->output->len > shown ? "Page Down more, " : "");

        grid_text(grid, column + 1, last, hint, GRID_PLAIN | GRID_REVERSE);
    }
    grid_text(grid, column, last, prompt->line->str, GRID_PLAIN | GRID_REVERSE);
    *cursor_column = (gint)MIN(column + (guint)g_utf8_strlen(before, -1), grid->columns - 1);
    *cursor_row = (gint)last;
}

/* ---- lifecycle ---- */

Prompt *prompt_new(Terminal *terminal)
{
    Prompt *prompt = g_new0(Prompt, 1);

    prompt->terminal = terminal;
    prompt->line = g_string_new(NULL);
    prompt->history = g_ptr_array_new_with_free_func(g_free);
    prompt->output = g_ptr_array_new_with_free_func(g_free);
    return prompt;
}

void prompt_free(Prompt *prompt)
{
    if (!prompt) {
        return;
    }
    if (prompt->run) {
        prompt->terminal->frontend.machine->cancel_command(prompt->run);
    }
    g_string_free(prompt->line, TRUE);
    g_ptr_array_unref(prompt->history);
    g_ptr_array_unref(prompt->output);
    g_free(prompt);
}

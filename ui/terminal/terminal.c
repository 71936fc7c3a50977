/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/terminal/terminal.h"

#include <glib-unix.h>
#include <gmodule.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "core/error.h"
#include "ui/common/window-close.h"

/* How long a terminal has for its answers; over a slow link they come later and still count. */
#define ASK_NS (800 * NS_PER_MS)
/* After this pause a lone ESC was the key and not the beginning of something. */
#define ESC_NS    (50 * NS_PER_MS)
#define NOTICE_NS (5 * NS_PER_SEC)
/* Kitty keyboard protocol: disambiguate, event types, alternate keys, all keys, their text. */
#define KITTY_KEYS "\033[>31u"

#define FIELD(name) G_STRUCT_OFFSET(Terminal, name)

static const OptionSpec terminal_options[] = {
    {"tty", OPTION_STRING, FIELD(place), NULL,
     "the terminal: /dev/pts/N, or fd:N (default: standard input and output)"},
    {"term", OPTION_STRING, FIELD(term), NULL, "its TERM (default: the environment's)"},
    {"colorterm", OPTION_STRING, FIELD(colorterm), NULL, "its COLORTERM"},
    {"lang", OPTION_STRING, FIELD(lang), NULL, "its LC_CTYPE or LANG"},
    {"graphics", OPTION_ENUM, FIELD(graphics), "auto", "how graphics modes are shown", 0, 0,
     term_graphics_values},
    {"colors", OPTION_ENUM, FIELD(colors), "auto", "colours that the terminal has", 0, 0,
     grid_colors_values},
    {"escape", OPTION_STRING, FIELD(escape), "ctrl-]", "the key that leads to the command line"},
    {"mouse", OPTION_BOOL, FIELD(mouse), "on", "the mouse is the guest's (off: it selects text)"},
    {"zoom-to-fit", OPTION_BOOL, FIELD(zoom_to_fit), "off",
     "enlarge pictures too (off: they are only made smaller)"},
    {"max-hz", OPTION_UINT, FIELD(max_hz), "60", "most updates a second", 1, 1000, .live = TRUE},
    {"console", OPTION_STRING, FIELD(console_name), NULL, "what to show first: VGA, monitor0, 2"},
    {"window-close", OPTION_ENUM, FIELD(hang_up), "background",
     "what a hang-up of the terminal does: background (the machine goes on), powerdown, quit", 0, 0,
     window_close_values},
    OPTION_END,
};

TermGraphics terminal_graphics(const Terminal *terminal)
{
    return terminal->graphics == TERM_GRAPHICS_AUTO ? term_caps_graphics(&terminal->caps)
                                                    : (TermGraphics)terminal->graphics;
}

GridColors terminal_colors(const Terminal *terminal)
{
    return terminal->colors == GRID_COLORS_AUTO ? terminal->caps.colors
                                                : (GridColors)terminal->colors;
}

/* ---- consoles ---- */

void terminal_show_console(Terminal *terminal, Console *console)
{
    Screen *screen = &terminal->screen;

    if (console == terminal->console) {
        return;
    }
    if (console) {
        console_ref(console);
    }
    keyboard_set_console(terminal->keyboard, console);
    console_unref(terminal->console);
    terminal->console = console;
    screen_set_display(terminal, console ? console_display(console) : NULL);
    if (console && console_is_text(console) && screen->columns) {
        display_hint_size(screen->display, screen->columns * 8, MAX(screen->rows - 1, 1) * 16);
    }
}

gboolean terminal_show_number(Terminal *terminal, guint number)
{
    Console *console = console_list_get(terminal->consoles, number - 1);

    if (console) {
        terminal_show_console(terminal, console);
    }
    return console != NULL;
}

void terminal_step_console(Terminal *terminal, gint step)
{
    guint count = console_list_count(terminal->consoles);
    guint number = terminal->console ? console_number(terminal->console) : 0;

    if (count) {
        number = number ? (number - 1 + count + (guint)step) % count : 0;
        terminal_show_console(terminal, console_list_get(terminal->consoles, number));
    }
}

static void on_console_added(void *opaque, Console *console)
{
    Terminal *terminal = opaque;

    if (!terminal->console) {
        terminal_show_console(terminal, console);
    }
}

static void on_console_removed(void *opaque, Console *console)
{
    Terminal *terminal = opaque;

    if (console == terminal->console) {
        Console *first = console_list_get(terminal->consoles, 0);

        terminal_show_console(terminal, first == console ? NULL : first);
    }
}

static const ConsoleListOps console_ops = {
    .added = on_console_added,
    .removed = on_console_removed,
};

/* ---- status and messages ---- */

static void on_notice_over(void *opaque)
{
    Terminal *terminal = opaque;

    g_clear_pointer(&terminal->notice, g_free);
    screen_changed(terminal);
}

void terminal_notice(Terminal *terminal, const char *text)
{
    g_free(terminal->notice);
    terminal->notice = g_strdup(text);
    timer_set_after(&terminal->notice_timer, NOTICE_NS);
    screen_changed(terminal);
}

static void on_message(const char *text, void *opaque)
{
    terminal_notice(opaque, text);
}

static gboolean is_screen(int fd, void *opaque)
{
    return term_tty_is_same(((Terminal *)opaque)->tty, fd);
}

static void on_machine_event(Machine *machine, MachineEvent event, void *opaque)
{
    if (event == MACHINE_EVENT_RUN_STATE) {
        screen_changed(opaque);
    }
}

/* ---- the terminal's modes ---- */

static char *restore_text(const TermCaps *caps)
{
    /* All that may be on is put off, however far we got. */
    return g_strdup(caps->simple
                        ? "\033[0m\033[?7h\033[?25h\033[2J\033[H"
                        : "\033\\\033[?2026l\033[<u\033[>4m\033[?2048l\033[?1016l\033[?1006l"
                          "\033[?1003l\033[?1002l\033[?1004l\033[?2004l\033[0m\033[0 q"
                          "\033[?7h\033[?25h\033[?1049l");
}

static void set_modes(Terminal *terminal, GString *out)
{
    const TermCaps *caps = &terminal->caps;

    if (caps->simple) {
        g_string_append(out, "\033[?7l\033[?25l\033[2J");
        return;
    }
    g_string_append(out, "\033[?2004h\033[?1004h"); /* paste, focus */
    if (terminal->mouse) {
        g_string_append(out, "\033[?1002h\033[?1003h\033[?1006h");
        g_string_append(out, caps->pixel_mouse ? "\033[?1016h" : "");
    }
    if (caps->kitty_keyboard) {
        g_string_append(out, KITTY_KEYS);
    } else if (caps->other_keys) {
        g_string_append(out, "\033[>4;2m");
    }
    g_string_append(out, caps->in_band_size ? "\033[?2048h" : "");
}

/* The terminal is known, or time is up. */
static void show(Terminal *terminal)
{
    g_autoptr(GString) out = g_string_new(NULL);

    timer_cancel(&terminal->ask_timer);
    terminal->asking = FALSE;
    set_modes(terminal, out);
    term_tty_write(terminal->tty, out->str, out->len);
    screen_measure(terminal);
    screen_redraw(terminal);
}

static void on_ask_over(void *opaque)
{
    show(opaque);
}

static gboolean enter(Terminal *terminal, GError **error)
{
    g_autofree char *restore = restore_text(&terminal->caps);
    g_autoptr(GString) out = g_string_new(NULL);

    if (!term_tty_enter(terminal->tty, restore, error)) {
        return FALSE;
    }
    terminal->shown = terminal->asking = TRUE;
    terminal->messages = messages_new(terminal->frontend.machine, is_screen, on_message, terminal);
    if (!terminal->caps.simple) {
        g_string_append(out, "\033[?1049h\033[?7l\033[?25l\033[2J");
    }
    if (!terminal->caps.answered) {
        term_caps_ask(&terminal->caps, out);
        timer_set_after(&terminal->ask_timer, ASK_NS);
    }
    term_tty_write(terminal->tty, out->str, out->len);
    if (terminal->caps.answered) {
        show(terminal);
    }
    return TRUE;
}

static void leave(Terminal *terminal)
{
    const char *forget = picture_forget(terminal->screen.on_terminal.kind);

    timer_cancel(&terminal->ask_timer);
    timer_cancel(&terminal->parse_timer);
    keyboard_release_all(terminal->keyboard);
    if (terminal->shown && !term_tty_backlog(terminal->tty)) {
        term_tty_write(terminal->tty, forget, strlen(forget));
    }
    terminal->shown = FALSE;
    terminal->screen.on_terminal.kind = TERM_GRAPHICS_AUTO;
    terminal->screen.unanswered = 0;
    term_tty_leave(terminal->tty);
    g_clear_pointer(&terminal->messages, messages_free);
}

void terminal_suspend(Terminal *terminal)
{
    g_autoptr(GError) error = NULL;

    if (!term_tty_is_controlling(terminal->tty) ||
        tcgetpgrp(term_tty_fd(terminal->tty)) != getpgrp()) {
        terminal_notice(terminal, "only a program in the foreground of its own terminal can be "
                                  "stopped (Ctrl+D detaches)");
        return;
    }
    leave(terminal);
    /* The whole job, as a shell expects it. Returns when the shell lets us go on. */
    kill(0, SIGTSTP);
    if (!enter(terminal, &error)) {
        frontend_request_close(&terminal->frontend, error->message);
    }
}

/* ---- input ---- */

static gboolean is_escape(const Terminal *terminal, const TermEvent *event)
{
    guint mods = event->mods & ~(guint)(TERM_MOD_CAPS | TERM_MOD_NUM);

    return event->symbol == terminal->escape_key && mods == TERM_MOD_CTRL &&
           event->action != TERM_RELEASE;
}

static void take_key(Terminal *terminal, const TermEvent *event)
{
    gboolean is_open = prompt_is_open(terminal->prompt);

    if (event->action == TERM_RELEASE) {
        keyboard_key(terminal->keyboard, event); /* of a key pressed before the prompt came, too */
    } else if (is_open) {
        prompt_key(terminal->prompt, event);
    } else if (is_escape(terminal, event)) {
        prompt_open(terminal->prompt);
    } else {
        keyboard_key(terminal->keyboard, event);
    }
}

static void take_answer(Terminal *terminal, const TermEvent *event)
{
    gboolean is_end = event->type == TERM_EVENT_DA1;
    gboolean is_news = term_caps_take(&terminal->caps, event);

    if (terminal->asking ? is_end : is_news && terminal->shown) {
        show(terminal); /* maybe late, but now we know */
    }
}

static void on_event(const TermEvent *event, void *opaque)
{
    Terminal *terminal = opaque;

    switch (event->type) {
    case TERM_EVENT_KEY: take_key(terminal, event); break;
    case TERM_EVENT_MOUSE:
        if (!prompt_is_open(terminal->prompt)) {
            keyboard_mouse(terminal->keyboard, event);
        }
        break;
    case TERM_EVENT_FOCUS:
        if (!event->number[0]) {
            keyboard_release_all(terminal->keyboard);
        }
        break;
    case TERM_EVENT_PASTE:
        if (!prompt_is_open(terminal->prompt)) {
            keyboard_paste(terminal->keyboard, event->data, event->length);
        }
        break;
    case TERM_EVENT_STATUS: screen_answered(terminal); break;
    case TERM_EVENT_RESIZED: screen_changed(terminal); break;
    default: take_answer(terminal, event);
    }
}

static void on_input(void *opaque, const guint8 *data, gsize length)
{
    Terminal *terminal = opaque;

    term_parser_feed(terminal->parser, data, length);
    if (terminal->shown && term_parser_is_waiting(terminal->parser)) {
        timer_set_after(&terminal->parse_timer, ESC_NS);
    } else {
        timer_cancel(&terminal->parse_timer);
    }
}

static void on_pause(void *opaque)
{
    term_parser_timeout(((Terminal *)opaque)->parser);
}

static void on_drained(void *opaque)
{
    screen_drained(opaque);
}

static void on_gone(void *opaque)
{
    Terminal *terminal = opaque;
    WindowClose choice = (WindowClose)terminal->hang_up;

    keyboard_release_all(terminal->keyboard);
    if (choice == WINDOW_CLOSE_POWERDOWN || choice == WINDOW_CLOSE_QUIT ||
        choice == WINDOW_CLOSE_ON) {
        window_close_do(&terminal->frontend, choice);
    }
    frontend_request_close(&terminal->frontend, "the terminal has gone");
}

static const TermTtyOps tty_ops = {
    .input = on_input,
    .drained = on_drained,
    .gone = on_gone,
};

static gboolean on_winch(gpointer opaque)
{
    screen_changed(opaque);
    return G_SOURCE_CONTINUE;
}

/* ---- frontend ---- */

static gboolean terminal_probe(GError **error)
{
    if (!isatty(0) || !isatty(1)) {
        return error_set(error, "terminal: standard input and output are no terminal");
    }
    if (term_caps_is_dumb(g_getenv("TERM"))) {
        return error_set(error, "terminal: TERM=%s cannot place characters on its screen",
                         g_getenv("TERM") ? g_getenv("TERM") : "");
    }
    return TRUE;
}

/* "ctrl-]", "^]", "c-]". */
static gboolean parse_escape(Terminal *terminal, GError **error)
{
    static const char *const prefixes[] = {"ctrl-", "ctrl+", "c-", "^"};
    const char *text = terminal->escape;

    for (guint i = 0; text && i < G_N_ELEMENTS(prefixes); i++) {
        if (g_ascii_strncasecmp(text, prefixes[i], strlen(prefixes[i])) == 0) {
            const char *key = text + strlen(prefixes[i]);
            char ch = (char)g_ascii_tolower(key[0]);

            /* The others are Tab, Enter, Escape and what terminals do not send. */
            if (strlen(key) == 1 && strchr("abcdefghjklnopqrstuvwxyz\\]^_", ch)) {
                terminal->escape_key = (guint32)ch;
                return TRUE;
            }
        }
    }
    return error_set(error, "terminal: escape=%s is no key such as ctrl-] or ctrl-a",
                     text ? text : "");
}

static const char *environment(const char *given, const Terminal *terminal, const char *name)
{
    return given || terminal->place ? given : g_getenv(name);
}

static void guess_caps(Terminal *terminal)
{
    const char *lang = terminal->lang;
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

    for (guint i = 0; !terminal->place && i < G_N_ELEMENTS(names) && !(lang && *lang); i++) {
        lang = g_getenv(names[i]);
    }
    term_caps_guess(&terminal->caps, environment(terminal->term, terminal, "TERM"),
                    environment(terminal->colorterm, terminal, "COLORTERM"), lang,
                    environment(NULL, terminal, "TERM_PROGRAM"));
}

static void terminal_close(Frontend *frontend)
{
    Terminal *terminal = (Terminal *)frontend;

    if (terminal->winch) {
        g_source_remove(terminal->winch);
    }
    if (!term_tty_has_gone(terminal->tty)) {
        frontend->machine->hangups_taken -= terminal->takes_hangup;
    }
    leave(terminal);
    machine_unlisten(frontend->machine, terminal->machine_listener);
    prompt_free(terminal->prompt);
    terminal_show_console(terminal, NULL);
    console_list_free(terminal->consoles);
    keyboard_free(terminal->keyboard);
    screen_fini(terminal);
    timer_cancel(&terminal->notice_timer);
    term_parser_free(terminal->parser);
    term_tty_close(terminal->tty);
    g_free(terminal->notice);
}

static gboolean first_console(Terminal *terminal, GError **error)
{
    Console *console = console_list_get(terminal->consoles, 0);

    if (terminal->console_name) {
        console = console_list_find(terminal->consoles, terminal->console_name, error);
        if (!console) {
            return FALSE;
        }
    }
    terminal_show_console(terminal, console);
    return TRUE;
}

static void start_parts(Terminal *terminal)
{
    Machine *machine = terminal->frontend.machine;

    terminal->parser = term_parser_new(on_event, terminal, term_tty_erase(terminal->tty));
    timer_init(&terminal->ask_timer, machine->host_clock, on_ask_over, terminal);
    timer_init(&terminal->parse_timer, machine->host_clock, on_pause, terminal);
    timer_init(&terminal->notice_timer, machine->host_clock, on_notice_over, terminal);
    screen_init(terminal);
    terminal->keyboard = keyboard_new(terminal);
    terminal->prompt = prompt_new(terminal);
    terminal->consoles = console_list_new(machine, &console_ops, terminal);
    terminal->machine_listener = machine_listen(machine, on_machine_event, terminal);
    screen_measure(terminal);
}

static void find_stdio(Chardev *chr, void *opaque)
{
    if (strcmp(chr->ops->name, "stdio") == 0) {
        *(Chardev **)opaque = chr;
    }
}

/* Two readers of one terminal would each get a part of what is typed. */
static gboolean check_stdio(const Terminal *terminal, GError **error)
{
    Chardev *stdio = NULL;

    if (!terminal->place) {
        chardev_foreach(terminal->frontend.machine, find_stdio, &stdio);
    }
    return !stdio || error_set(error,
                               "terminal: standard input and output are used by '%s' (tty= names "
                               "another terminal)",
                               stdio->id);
}

static gboolean terminal_open(Frontend *frontend, GError **error)
{
    Terminal *terminal = (Terminal *)frontend;

    if (!check_stdio(terminal, error)) {
        return FALSE;
    }

    terminal->tty = term_tty_open(frontend->machine, terminal->place, &tty_ops, terminal, error);
    if (!terminal->tty) {
        return FALSE;
    }
    if (!machine_keymap(frontend->machine, error) || !parse_escape(terminal, error)) {
        term_tty_close(terminal->tty);
        return FALSE;
    }
    guess_caps(terminal);
    start_parts(terminal);
    if (!first_console(terminal, error) || !enter(terminal, error)) {
        terminal_close(frontend);
        return FALSE;
    }
    terminal->takes_hangup = term_tty_is_controlling(terminal->tty);
    frontend->machine->hangups_taken += terminal->takes_hangup;
    if (!terminal->place) {
        terminal->winch = g_unix_signal_add(SIGWINCH, on_winch, terminal);
    }
    return TRUE;
}

static void terminal_resized(Frontend *frontend)
{
    screen_changed((Terminal *)frontend);
}

static void terminal_info(Frontend *frontend, GString *out)
{
    const Terminal *terminal = (const Terminal *)frontend;
    const Screen *screen = &terminal->screen;
    const TermCaps *caps = &terminal->caps;

    g_string_append_printf(
        out,
        "%s: %s, %ux%u cells of %ux%u, graphics %s, colours %s%s%s%s%s\n"
        "  frames %" G_GUINT64_FORMAT ", bytes %" G_GUINT64_FORMAT ", encoded %" G_GUINT64_FORMAT
        ", us an encoding %" G_GUINT64_FORMAT "\n",
        frontend->id, term_tty_name(terminal->tty), screen->columns, screen->rows,
        screen->cell_width, screen->cell_height, term_graphics_name(terminal_graphics(terminal)),
        grid_colors_name(terminal_colors(terminal)), caps->kitty_keyboard ? ", kitty keyboard" : "",
        caps->pixel_mouse ? ", pixel mouse" : "", caps->sync ? ", synchronized" : "",
        caps->utf8 ? "" : ", no UTF-8", screen->frames, screen->bytes, screen->encoded,
        screen->encode_ns / MAX(screen->encoded, 1) / 1000);
}

static void terminal_option_changed(Frontend *frontend, const char *name)
{
    Terminal *terminal = (Terminal *)frontend;

    if (terminal->screen.listener) {
        display_listener_set_max_hz(terminal->screen.listener, (guint)terminal->max_hz);
    }
}

G_MODULE_EXPORT extern const FrontendOps vitrine_frontend;
const FrontendOps vitrine_frontend = {
    .abi = FRONTEND_ABI,
    .name = "terminal",
    .summary = "the screen in a text terminal, with graphics where it can",
    .size = sizeof(Terminal),
    .options = terminal_options,
    .implied_option = "graphics",
    .probe = terminal_probe,
    .open = terminal_open,
    .close = terminal_close,
    .info = terminal_info,
    .resized = terminal_resized,
    .option_changed = terminal_option_changed,
};

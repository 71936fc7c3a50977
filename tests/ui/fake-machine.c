/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine without a guest, for tests of frontends: a display whose picture is drawn here, sinks
 * that print the input they get, and a console that echoes.
 *
 *     fake-machine MODULE.so OPTIONS
 *
 * opens the frontend of the module and takes commands from stdin, one a line:
 *     mode W H         a picture of this size, painted with a test pattern
 *     flip             another picture in its place: the pattern's opposite
 *     play NAME        still | square (a 64x64 one moves) | full (every pixel changes)
 *     abs on|off       an absolute pointer is there
 *     cursor W H | off the cursor plane: a triangle of this size
 *     warp X Y         the guest moves its cursor
 *     pause, cont, name TEXT, stats, info
 *     close, open OPT  the frontend; prints "opened" or why not
 *     dump PATH        writes the picture as PPM, then prints "dumped"
 *     quit             ends
 */
#include <gmodule.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/char.h"
#include "core/display.h"
#include "core/frontend.h"
#include "core/input.h"
#include "core/screenshot.h"

typedef enum Play { PLAY_STILL, PLAY_SQUARE, PLAY_FULL } Play;

#define SQUARE 64

typedef struct Fake {
    VmLock *lock;
    EventLoop *loop;
    Machine *machine;
    const FrontendOps *ops;
    Frontend *frontend;
    Display *display;
    Surface *surface;
    gboolean fresh; /* the surface has not been published */
    Play play;
    guint frame;
    InputSink *keyboard, *mouse, *tablet;
    Chardev *console;
    MachineListener *listener;
    FdWatch *commands;
    GString *line;
} Fake;

/* ---- the picture ---- */

static guint32 pattern(guint x, guint y)
{
    return (x * 7 & 0xff) << 16 | (y * 5 & 0xff) << 8 | ((x ^ y) & 0xff);
}

static guint32 *pixel(Surface *surface, guint x, guint y)
{
    return (guint32 *)(void *)(surface->data + (gsize)y * surface->stride) + x;
}

static void paint(Surface *surface, guint x0, guint y0, guint width, guint height, guint32 change)
{
    for (guint y = y0; y < y0 + height; y++) {
        for (guint x = x0; x < x0 + width; x++) {
            *pixel(surface, x, y) = pattern(x, y) ^ change;
        }
    }
}

static void move_square(Fake *fake)
{
    guint span_x = fake->surface->width - SQUARE;
    guint span_y = fake->surface->height - SQUARE;
    for (guint step = 0; step < 2; step++) {
        guint x = fake->frame * 3 % span_x;
        guint y = fake->frame * 2 % span_y;
        paint(fake->surface, x, y, SQUARE, SQUARE, step == 0 ? 0 : 0xffffff);
        display_damage(fake->display, (int)x, (int)y, SQUARE, SQUARE);
        fake->frame += step == 0;
    }
}

static gint64 scan(void *opaque)
{
    Fake *fake = opaque;
    if (fake->fresh) {
        fake->fresh = FALSE;
        display_set_surface(fake->display, fake->surface);
    }
    switch (fake->play) {
    case PLAY_STILL: break;
    case PLAY_SQUARE: move_square(fake); break;
    case PLAY_FULL:
        /* As little work of ours as there can be: the frontend is what gets measured. */
        memset(fake->surface->data, (int)fake->frame++,
               (gsize)fake->surface->stride * fake->surface->height);
        display_damage(fake->display, 0, 0, (int)fake->surface->width, (int)fake->surface->height);
        break;
    }
    return -1;
}

static void invalidate(void *opaque)
{
    Fake *fake = opaque;
    fake->fresh = TRUE;
}

static gboolean watch(void *opaque)
{
    Fake *fake = opaque;
    return fake->play == PLAY_STILL;
}

static void hint_size(void *opaque, guint width, guint height)
{
    printf("hint %ux%u\n", width, height);
    fflush(stdout);
}

static const DisplaySourceOps source_ops = {
    .scan = scan, .invalidate = invalidate, .watch = watch, .hint_size = hint_size};

static void set_mode(Fake *fake, guint width, guint height, guint32 change)
{
    Surface *old = fake->surface;
    fake->surface = surface_new(MAX(width, SQUARE + 1), MAX(height, SQUARE + 1));
    paint(fake->surface, 0, 0, fake->surface->width, fake->surface->height, change);
    fake->fresh = TRUE;
    surface_unref(old);
    display_wake(fake->display);
}

static void set_cursor(Fake *fake, guint width, guint height)
{
    Cursor *cursor = cursor_new(width, height, 0, 0);
    for (guint y = 0; y < height; y++) {
        for (guint x = 0; x < width; x++) {
            cursor->pixels[y * width + x] = x <= y ? 0xffff0000 : 0;
        }
    }
    display_set_cursor(fake->display, cursor);
    cursor_unref(cursor);
    display_warp(fake->display, 100, 100, TRUE);
}

/* ---- input ---- */

static void print_event(void *opaque, const InputEvent *event)
{
    const char *kind = event->kind == INPUT_KIND_KEY      ? "key"
                       : event->kind == INPUT_KIND_BUTTON ? "button"
                       : event->kind == INPUT_KIND_REL    ? "rel"
                                                          : "abs";
    printf("%s %u %d\n", kind, event->code, event->value);
    fflush(stdout);
}

static const InputSinkOps keyboard_ops = {"keyboard", INPUT_KIND_KEY, print_event, NULL};
static const InputSinkOps mouse_ops = {"mouse", INPUT_KIND_BUTTON | INPUT_KIND_REL, print_event,
                                       NULL};
static const InputSinkOps tablet_ops = {"tablet", INPUT_KIND_BUTTON | INPUT_KIND_ABS, print_event,
                                        NULL};

static void set_absolute(Fake *fake, gboolean on)
{
    if (on && fake->tablet == NULL) {
        fake->tablet = input_sink_add(fake->machine->input, &tablet_ops, fake);
    } else if (!on) {
        input_sink_remove(g_steal_pointer(&fake->tablet));
    }
}

/* ---- the console ---- */

static void echo(void *opaque, const guint8 *data, gsize length)
{
    Fake *fake = opaque;
    chardev_write(fake->console, data, length);
    for (gsize i = 0; i < length; i++) { /* several may come at once */
        printf("typed %c\n", data[i]);
    }
    fflush(stdout);
}

static const CharUser console_user = {.receive = echo};

/* ---- commands ---- */

static void dumped(const GError *error, void *opaque)
{
    printf("dumped%s%s\n", error != NULL ? " " : "", error != NULL ? error->message : "");
    fflush(stdout);
}

static void print_stats(Fake *fake)
{
    DisplayStats stats;
    struct rusage usage;
    display_stats(fake->display, &stats);
    getrusage(RUSAGE_SELF, &usage);
    printf("stats scans=%" G_GUINT64_FORMAT " frames=%" G_GUINT64_FORMAT
           " listeners=%u active=%u clock=%d cpu_us=%ld\n",
           stats.scans, stats.frames, stats.listeners, stats.active, stats.clock_running,
           (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000L + usage.ru_utime.tv_usec +
               usage.ru_stime.tv_usec);
    fflush(stdout);
}

static void print_info(Fake *fake)
{
    g_autoptr(GString) text = g_string_new(NULL);
    fake->frontend->ops->info(fake->frontend, text);
    g_strdelimit(text->str, "\n", ';');
    printf("info %s\n", text->str);
    fflush(stdout);
}

static void open_again(Fake *fake, const char *options)
{
    g_autoptr(GError) error = NULL;
    fake->frontend = frontend_open(fake->machine, fake->ops, options, &error);
    printf("%s\n", fake->frontend != NULL ? "opened" : error->message);
    fflush(stdout);
}

static void obey(Fake *fake, char **words)
{
    guint count = g_strv_length(words);
    const char *verb = count > 0 ? words[0] : "";
    if (strcmp(verb, "mode") == 0 && count == 3) {
        set_mode(fake, (guint)atoi(words[1]), (guint)atoi(words[2]), 0);
    } else if (strcmp(verb, "flip") == 0) {
        set_mode(fake, fake->surface->width, fake->surface->height, 0xffffff);
    } else if (strcmp(verb, "play") == 0 && count == 2) {
        fake->play = strcmp(words[1], "square") == 0 ? PLAY_SQUARE
                     : strcmp(words[1], "full") == 0 ? PLAY_FULL
                                                     : PLAY_STILL;
        display_wake(fake->display);
    } else if (strcmp(verb, "abs") == 0 && count == 2) {
        set_absolute(fake, strcmp(words[1], "on") == 0);
    } else if (strcmp(verb, "cursor") == 0 && count == 3) {
        set_cursor(fake, (guint)atoi(words[1]), (guint)atoi(words[2]));
    } else if (strcmp(verb, "cursor") == 0) {
        display_set_cursor(fake->display, NULL);
    } else if (strcmp(verb, "warp") == 0 && count == 3) {
        display_warp(fake->display, atoi(words[1]), atoi(words[2]), TRUE);
    } else if (strcmp(verb, "pause") == 0) {
        machine_stop(fake->machine, RUN_STATE_PAUSED);
    } else if (strcmp(verb, "cont") == 0) {
        machine_cont(fake->machine);
    } else if (strcmp(verb, "close") == 0) {
        frontend_close(g_steal_pointer(&fake->frontend));
    } else if (strcmp(verb, "open") == 0 && count == 2) {
        open_again(fake, words[1]);
    } else if (strcmp(verb, "stats") == 0) {
        print_stats(fake);
    } else if (strcmp(verb, "info") == 0) {
        print_info(fake);
    } else if (strcmp(verb, "dump") == 0 && count == 2) {
        screenshot_save(fake->machine->workers, fake->display, FALSE, SCREENSHOT_PPM, words[1],
                        dumped, NULL);
    } else if (strcmp(verb, "quit") == 0) {
        event_loop_quit(fake->loop);
    } else {
        printf("what? %s\n", verb);
        fflush(stdout);
    }
}

static void on_commands(int fd, GIOCondition revents, void *opaque)
{
    Fake *fake = opaque;
    char buffer[512];
    gssize got = read(fd, buffer, sizeof(buffer));
    if (got <= 0) {
        event_loop_quit(fake->loop);
        return;
    }
    g_string_append_len(fake->line, buffer, got);
    char *end;
    while ((end = strchr(fake->line->str, '\n')) != NULL) {
        g_autofree char *line = g_strndup(fake->line->str, (gsize)(end - fake->line->str));
        g_string_erase(fake->line, 0, end - fake->line->str + 1);
        g_auto(GStrv) words = g_strsplit(line, " ", -1);
        obey(fake, words);
    }
}

static void on_machine(Machine *machine, MachineEvent event, void *opaque)
{
    static const char *const names[] = {
        [MACHINE_EVENT_RUN_STATE] = "run-state", [MACHINE_EVENT_RESET] = "reset",
        [MACHINE_EVENT_POWERDOWN] = "powerdown", [MACHINE_EVENT_CONSOLES] = "consoles",
        [MACHINE_EVENT_SHUTDOWN] = "shutdown",
    };
    printf("event %s %s\n", names[event], run_state_name(machine->run_state));
    fflush(stdout);
}

/* ---- lifecycle ---- */

static void build(Fake *fake)
{
    fake->lock = vm_lock_new();
    vm_lock_take(fake->lock, "start");
    fake->loop = event_loop_new(NULL, fake->lock);
    fake->machine = machine_new(fake->loop);
    fake->machine->name = g_strdup("fake");
    fake->display = display_new(fake->machine, "VGA", &source_ops, fake);
    set_mode(fake, 640, 480, 0);
    fake->keyboard = input_sink_add(fake->machine->input, &keyboard_ops, fake);
    fake->mouse = input_sink_add(fake->machine->input, &mouse_ops, fake);
    fake->console = chardev_create(fake->machine, "vc", "compat_monitor0", NULL, NULL);
    g_assert_nonnull(fake->console);
    chardev_attach(fake->console, &console_user, fake, NULL);
    static const char banner[] = "Vitrine monitor - type 'help'\r\n(vitrine) ";
    chardev_write(fake->console, (const guint8 *)banner, sizeof(banner) - 1);
    fake->listener = machine_listen(fake->machine, on_machine, fake);
}

static void demolish(Fake *fake)
{
    machine_unlisten(fake->machine, fake->listener);
    display_free(fake->display);
    surface_unref(fake->surface);
    machine_free(fake->machine);
    event_loop_free(fake->loop);
    vm_lock_drop(fake->lock);
    vm_lock_free(fake->lock);
}

static gboolean open_frontend(Fake *fake, const char *path, const char *options)
{
    GModule *module = g_module_open(path, G_MODULE_BIND_LOCAL);
    gpointer ops;
    if (module == NULL || !g_module_symbol(module, "vitrine_frontend", &ops)) {
        fprintf(stderr, "%s\n", g_module_error());
        return FALSE;
    }
    g_autoptr(GError) error = NULL;
    fake->ops = ops;
    fake->frontend = frontend_open(fake->machine, ops, options, &error);
    if (fake->frontend == NULL) {
        fprintf(stderr, "fake-machine: %s\n", error->message);
    }
    return fake->frontend != NULL;
}

int main(int argc, char **argv)
{
    Fake fake = {0};
    if (argc < 2) {
        fprintf(stderr, "usage: fake-machine MODULE.so [OPTIONS]\n");
        return 2;
    }
    build(&fake);
    if (!open_frontend(&fake, argv[1], argc > 2 ? argv[2] : "")) {
        demolish(&fake);
        return 1;
    }
    fake.line = g_string_new(NULL);
    fake.commands = fd_watch_add(fake.loop, STDIN_FILENO, G_IO_IN, on_commands, &fake);
    machine_cont(fake.machine);
    printf("ready\n");
    fflush(stdout);
    event_loop_run(fake.loop);
    fd_watch_remove(fake.commands);
    if (fake.machine->frontends->len > 0) {
        frontend_close(g_ptr_array_index(fake.machine->frontends, 0));
    }
    g_string_free(fake.line, TRUE);
    demolish(&fake);
    return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Consoles: the list, text consoles as pictures, as characters and as keyboards. */
#include <string.h>

#include "ui/common/console-font.h"
#include "ui/common/console.h"
#include "ui/common/key-tracker.h"
#include "ui/common/pointer.h"

typedef struct Rig {
    EventLoop *loop;
    VmLock *lock;
    Machine *machine;
    Chardev *vc;
    GString *typed; /* what the vc's user got */
    GString *events;
    ConsoleList *list;
} Rig;

static void on_receive(void *opaque, const guint8 *data, gsize length)
{
    g_string_append_len(((Rig *)opaque)->typed, (const char *)data, (gssize)length);
}

static const CharUser user = {.receive = on_receive};

static void on_added(void *opaque, Console *console)
{
    g_string_append_printf(((Rig *)opaque)->events, "+%s@%u ", console_title(console),
                           console_number(console));
}

static void on_removed(void *opaque, Console *console)
{
    g_string_append_printf(((Rig *)opaque)->events, "-%s ", console_title(console));
    if (console_display(console)) {
        display_update(console_display(console)); /* of no use, but no harm */
    }
}

static const ConsoleListOps list_ops = {.added = on_added, .removed = on_removed};

static Chardev *add_vc(Rig *rig, const char *id)
{
    g_autoptr(GError) error = NULL;
    Chardev *chr = chardev_create(rig->machine, "vc", id, NULL, &error);

    g_assert_no_error(error);
    return chr;
}

static void rig_init(Rig *rig)
{
    *rig = (Rig){0};
    rig->lock = vm_lock_new();
    vm_lock_take(rig->lock, "test");
    rig->loop = event_loop_new(NULL, rig->lock);
    rig->machine = machine_new(rig->loop);
    rig->typed = g_string_new(NULL);
    rig->events = g_string_new(NULL);
    rig->vc = add_vc(rig, "serial0");
    g_assert_true(chardev_attach(rig->vc, &user, rig, NULL));
    rig->list = console_list_new(rig->machine, &list_ops, rig);
    machine_cont(rig->machine);
}

static void rig_clear(Rig *rig)
{
    console_list_free(rig->list);
    chardev_detach(rig->vc);
    machine_free(rig->machine);
    event_loop_free(rig->loop);
    vm_lock_drop(rig->lock);
    vm_lock_free(rig->lock);
    g_string_free(rig->typed, TRUE);
    g_string_free(rig->events, TRUE);
}

static void rig_write(Rig *rig, const char *text)
{
    chardev_write(rig->vc, (const guint8 *)text, strlen(text));
}

/* What is typed goes to its reader on the main loop. */
static void assert_typed(Rig *rig, const char *expected)
{
    while (event_loop_iterate(rig->loop, FALSE)) {
    }
    g_assert_cmpstr(rig->typed->str, ==, expected);
    g_string_truncate(rig->typed, 0);
}

static Display *rig_display(Rig *rig)
{
    return console_display(console_list_get(rig->list, 0));
}

/* A row as text, without the blanks at its end. */
static char *row_text(Display *display, guint row)
{
    TextScreen screen = {0};
    GString *text = g_string_new(NULL);

    g_assert_true(display_text(display, &screen));
    for (guint column = 0; column < screen.columns; column++) {
        g_string_append_unichar(text, screen.cells[row * screen.columns + column].ch);
    }
    text_screen_clear(&screen);
    return g_strchomp(g_string_free(text, FALSE));
}

static void assert_row(Display *display, guint row, const char *expected)
{
    g_autofree char *text = row_text(display, row);

    g_assert_cmpstr(text, ==, expected);
}

/* ---- the list ---- */

static gint64 no_scan(void *opaque)
{
    return -1;
}

static void no_invalidate(void *opaque)
{
}

static const DisplaySourceOps dull = {.scan = no_scan, .invalidate = no_invalidate};

static void test_list(void)
{
    Rig rig;
    g_autoptr(GError) error = NULL;

    rig_init(&rig);
    g_assert_cmpuint(console_list_count(rig.list), ==, 1);
    add_vc(&rig, "parallel0");
    add_vc(&rig, "monitor0");
    Display *first = display_new(rig.machine, "VGA", &dull, NULL);
    Display *second = display_new(rig.machine, "VGA", &dull, NULL);
    g_assert_cmpstr(rig.events->str, ==, "+parallel0@2 +monitor0@1 +VGA@1 +VGA 2@2 ");
    static const char *const titles[] = {"VGA", "VGA 2", "monitor0", "serial0", "parallel0"};
    g_assert_cmpuint(console_list_count(rig.list), ==, G_N_ELEMENTS(titles));
    for (guint i = 0; i < G_N_ELEMENTS(titles); i++) {
        Console *console = console_list_get(rig.list, i);
        g_assert_cmpstr(console_title(console), ==, titles[i]);
        g_assert_cmpuint(console_number(console), ==, i + 1);
        g_assert_true(console_is_text(console) == (i >= 2));
        g_assert_true(console_list_find(rig.list, titles[i], NULL) == console);
    }
    g_assert_null(console_list_get(rig.list, 5));
    g_assert_true(console_display(console_list_get(rig.list, 1)) == second);
    g_assert_true(console_list_find(rig.list, "4", NULL) == console_list_get(rig.list, 3));
    static const char *const wrong[] = {"0", "6", "", "-1", "4x", "VGA 3", "99999999999999999999"};
    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_assert_null(console_list_find(rig.list, wrong[i], &error));
        g_assert_nonnull(strstr(error->message, "2 (VGA 2), 3 (monitor0)"));
        g_clear_error(&error);
    }
    g_string_truncate(rig.events, 0);
    display_free(first);
    g_assert_cmpstr(console_title(console_list_get(rig.list, 0)), ==, "VGA 2");
    g_assert_true(chardev_destroy(chardev_find(rig.machine, "monitor0"), NULL));
    display_free(second);
    g_assert_cmpstr(rig.events->str, ==, "-VGA -monitor0 -VGA 2 ");
    g_assert_cmpuint(console_list_count(rig.list), ==, 2);
    rig_clear(&rig);
}

/* One that somebody still holds is empty, and harms nobody. */
static void test_gone(void)
{
    Rig rig;

    rig_init(&rig);
    Chardev *chr = add_vc(&rig, "extra");
    Console *console = console_ref(console_list_find(rig.list, "extra", NULL));
    KeyTracker *tracker = key_tracker_new(rig.machine->input);
    Pointer pointer;
    pointer_init(&pointer, rig.machine->input);
    pointer_set_console(&pointer, console);
    key_tracker_set_console(tracker, console);
    key_tracker_key(tracker, KEY_A, TRUE);
    g_assert_nonnull(console_display(console));
    display_hint_size(console_display(console), 320, 200);
    g_assert_true(chardev_destroy(chr, NULL));
    g_assert_true(console_is_gone(console));
    g_assert_cmpuint(console_number(console), ==, 0);
    g_assert_null(console_display(console));
    g_assert_null(console_chardev(console));
    key_tracker_key(tracker, KEY_A, FALSE);
    key_tracker_key(tracker, KEY_B, TRUE);
    console_input(console, (const guint8 *)"x", 1);
    pointer_scroll(&pointer, 0, 1);
    pointer_set_console(&pointer, NULL);
    key_tracker_set_console(tracker, NULL);
    key_tracker_free(tracker);
    console_unref(console);
    rig_clear(&rig);
}

/* ---- the picture ---- */

typedef struct Viewer {
    Surface *surface;
    guint surfaces;
    pixman_region32_t damage;
} Viewer;

static void viewer_surface(void *opaque, Surface *surface)
{
    Viewer *viewer = opaque;

    surface_ref(surface);
    surface_unref(viewer->surface);
    viewer->surface = surface;
    viewer->surfaces++;
}

static void viewer_damage(void *opaque, const pixman_region32_t *region)
{
    Viewer *viewer = opaque;

    pixman_region32_union(&viewer->damage, &viewer->damage, (pixman_region32_t *)region);
}

static const DisplayListenerOps viewer_ops = {
    .name = "test", .surface = viewer_surface, .damage = viewer_damage};

/* Compares a cell of the picture with the font. */
static void assert_glyph(const Surface *surface, guint column, guint row, gunichar ch, guint32 fg,
                         guint32 bg)
{
    ConsoleGlyph glyph = console_font_glyph(ch);

    for (guint y = 0; y < CONSOLE_FONT_HEIGHT; y++) {
        for (guint x = 0; x < CONSOLE_FONT_WIDTH * glyph.bytes; x++) {
            guint8 byte = glyph.rows[y * glyph.bytes + x / 8];
            const guint8 *line = surface->data + (gsize)(row * 16 + y) * surface->stride;
            guint32 pixel = ((const guint32 *)(const void *)line)[column * 8 + x];

            g_assert_cmphex(pixel & 0xffffff, ==, byte >> (7 - x % 8) & 1 ? fg : bg);
        }
    }
}

static void test_picture(void)
{
    Rig rig;
    Viewer viewer = {0};

    rig_init(&rig);
    pixman_region32_init(&viewer.damage);
    rig_write(&rig, "before \x1b[31mred\x1b[0m\r\n");
    Display *display = rig_display(&rig);
    DisplayListener *listener = display_attach(display, &viewer_ops, &viewer, 0);
    g_assert_cmpuint(viewer.surface->width, ==, 640);
    g_assert_cmpuint(viewer.surface->height, ==, 400);
    assert_glyph(viewer.surface, 0, 0, 'b', 0xaaaaaa, 0);
    assert_glyph(viewer.surface, 7, 0, 'r', 0xaa0000, 0);
    assert_glyph(viewer.surface, 0, 1, ' ', 0, 0xaaaaaa); /* the cursor */

    pixman_region32_fini(&viewer.damage);
    pixman_region32_init(&viewer.damage);
    rig_write(&rig, "\x1b[10;11H\x1b[1;33;44m\xe6\x97\xa5\x1b[m\x1b[?25l");
    display_update(display);
    assert_glyph(viewer.surface, 10, 9, 0x65e5, 0xffff55, 0x0000aa);
    assert_glyph(viewer.surface, 0, 1, ' ', 0xaaaaaa, 0);
    /* The cursor's old place and the character: nothing else. */
    g_assert_cmpint(pixman_region32_n_rects(&viewer.damage), ==, 2);
    g_assert_true(pixman_region32_contains_point(&viewer.damage, 88, 150, NULL));
    g_assert_false(pixman_region32_contains_point(&viewer.damage, 96, 150, NULL));
    display_detach(listener);
    surface_unref(viewer.surface);
    pixman_region32_fini(&viewer.damage);
    rig_clear(&rig);
}

static void test_resize(void)
{
    Rig rig;

    rig_init(&rig);
    Display *display = rig_display(&rig);
    for (guint i = 1; i <= 30; i++) {
        g_autofree char *line = g_strdup_printf("line %u\r\n", i);
        rig_write(&rig, line);
    }
    assert_row(display, 23, "line 30");
    display_hint_size(display, 807, 639); /* 100 x 39: what fits */
    display_update(display);
    g_assert_cmpuint(display_surface(display)->width, ==, 800);
    g_assert_cmpuint(display_surface(display)->height, ==, 624);
    assert_row(display, 0, "line 1"); /* the scrollback came back */
    assert_row(display, 29, "line 30");
    static const guint odd[][2] = {{1, 1}, {16384, 16384}, {160, 16384}, {16384, 80}, {640, 400}};
    for (guint i = 0; i < G_N_ELEMENTS(odd); i++) {
        display_hint_size(display, odd[i][0], odd[i][1]);
        display_update(display);
        rig_write(&rig, "more\r\n");
        display_update(display);
    }
    g_assert_cmpuint(display_surface(display)->width, ==, 640);
    rig_clear(&rig);
}

static void test_scrollback(void)
{
    Rig rig;

    rig_init(&rig);
    Console *console = console_list_get(rig.list, 0);
    KeyTracker *tracker = key_tracker_new(rig.machine->input);
    Display *display = console_display(console);
    key_tracker_set_console(tracker, console);
    for (guint i = 1; i <= 100; i++) {
        g_autofree char *line = g_strdup_printf("line %u\r\n", i);
        rig_write(&rig, line);
    }
    assert_row(display, 0, "line 77");
    key_tracker_key(tracker, KEY_LEFTSHIFT, TRUE);
    key_tracker_key(tracker, KEY_PAGEUP, TRUE);
    assert_row(display, 0, "line 65");
    rig_write(&rig, "one more\r\n");
    assert_row(display, 0, "line 65"); /* the reader is left in peace */
    console_scroll(console, 100000);
    assert_row(display, 0, "line 1");
    console_scroll(console, -1);
    assert_row(display, 0, "line 2");
    key_tracker_key(tracker, KEY_LEFTSHIFT, FALSE);
    key_tracker_key(tracker, KEY_LEFTCTRL, TRUE);
    key_tracker_key(tracker, KEY_UP, TRUE);
    assert_row(display, 0, "line 1");
    key_tracker_key(tracker, KEY_UP, TRUE); /* at the end */
    key_tracker_key(tracker, KEY_LEFTCTRL, FALSE);
    assert_typed(&rig, "");
    key_tracker_key(tracker, KEY_X, TRUE); /* typing leads back */
    assert_row(display, 0, "line 78");
    assert_typed(&rig, "x");
    key_tracker_free(tracker);
    rig_clear(&rig);
}

/* ---- keys ---- */

static void press(KeyTracker *tracker, guint modifier, guint key)
{
    if (modifier) {
        key_tracker_key(tracker, modifier, TRUE);
    }
    key_tracker_key(tracker, key, TRUE);
    key_tracker_key(tracker, key, FALSE);
    if (modifier) {
        key_tracker_key(tracker, modifier, FALSE);
    }
}

static void test_keys(void)
{
    Rig rig;

    rig_init(&rig);
    rig.machine->keymap_layout = "de";
    KeyTracker *tracker = key_tracker_new(rig.machine->input);
    key_tracker_set_console(tracker, console_list_get(rig.list, 0));
    static const struct {
        guint modifier, key;
        const char *bytes;
    } cases[] = {
        {0, KEY_Y, "z"},
        {KEY_LEFTSHIFT, KEY_A, "A"},
        {KEY_RIGHTALT, KEY_Q, "@"},
        {0, KEY_SEMICOLON, "\xc3\xb6"},
        {KEY_LEFTCTRL, KEY_C, "\x03"},
        {KEY_LEFTCTRL, KEY_M, "\r"},
        {KEY_LEFTCTRL, KEY_I, "\t"},
        {KEY_LEFTALT, KEY_X, "\x1bx"},
        {0, KEY_ENTER, "\r"},
        {0, KEY_KPENTER, "\r"},
        {0, KEY_BACKSPACE, "\x7f"},
        {0, KEY_TAB, "\t"},
        {KEY_LEFTSHIFT, KEY_TAB, "\x1b[Z"},
        {0, KEY_ESC, "\x1b"},
        {0, KEY_UP, "\x1b[A"},
        {KEY_LEFTCTRL, KEY_LEFT, "\x1b[1;5D"},
        {0, KEY_HOME, "\x1b[H"},
        {0, KEY_DELETE, "\x1b[3~"},
        {0, KEY_PAGEDOWN, "\x1b[6~"},
        {0, KEY_F1, "\x1bOP"},
        {0, KEY_F12, "\x1b[24~"},
        {0, KEY_KP7, "7"},
        {0, KEY_LEFTMETA, ""},
        {0, KEY_PRINT, ""},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        press(tracker, cases[i].modifier, cases[i].key);
        assert_typed(&rig, cases[i].bytes);
    }
    press(tracker, 0, KEY_NUMLOCK);
    press(tracker, 0, KEY_KP7);
    assert_typed(&rig, "\x1b[H");
    press(tracker, 0, KEY_CAPSLOCK);
    press(tracker, 0, KEY_A);
    assert_typed(&rig, "A");
    press(tracker, 0, KEY_CAPSLOCK);
    rig_write(&rig, "\x1b[?1h"); /* application cursor keys (DECCKM) */
    press(tracker, 0, KEY_UP);
    assert_typed(&rig, "\x1bOA");
    key_tracker_key(tracker, KEY_A, TRUE);
    key_tracker_key(tracker, KEY_A, TRUE); /* the host's repeat is this console's */
    assert_typed(&rig, "aa");
    g_assert_true(key_tracker_button(tracker, BTN_LEFT, TRUE));
    key_tracker_free(tracker);
    assert_typed(&rig, "");
    rig_clear(&rig);
}

static void on_key(void *opaque, const InputEvent *event)
{
    g_string_append_printf(opaque, "%u%s ", event->code, event->value ? "+" : "-");
}

/* What is held when another console comes in front is released on the old one. */
static void test_switch(void)
{
    Rig rig;
    g_autoptr(GString) guest = g_string_new(NULL);
    static const InputSinkOps keyboard = {"k", INPUT_KIND_KEY, on_key, NULL};

    rig_init(&rig);
    InputSink *sink = input_sink_add(rig.machine->input, &keyboard, guest);
    Display *vga = display_new(rig.machine, "VGA", &dull, NULL);
    KeyTracker *tracker = key_tracker_new(rig.machine->input);
    key_tracker_set_console(tracker, console_list_get(rig.list, 0));
    key_tracker_key(tracker, KEY_LEFTCTRL, TRUE);
    key_tracker_set_console(tracker, console_list_find(rig.list, "serial0", NULL));
    g_assert_cmpuint(key_tracker_mods(tracker), ==, 0);
    key_tracker_key(tracker, KEY_A, TRUE);
    key_tracker_set_console(tracker, NULL);
    key_tracker_key(tracker, KEY_A, FALSE);
    key_tracker_key(tracker, KEY_B, TRUE);
    key_tracker_free(tracker);
    g_assert_cmpstr(guest->str, ==, "29+ 29- 48+ 48- ");
    assert_typed(&rig, "a");
    input_sink_remove(sink);
    display_free(vga);
    rig_clear(&rig);
}

/* What a guest asks the terminal is answered once, and not again for those who look later. */
static void test_answers(void)
{
    Rig rig;

    rig_init(&rig);
    rig_write(&rig, "\x1b[6n");
    Display *display = rig_display(&rig);
    assert_typed(&rig, "");
    ConsoleList *other = console_list_new(rig.machine, NULL, NULL);
    g_assert_nonnull(console_display(console_list_get(other, 0)));
    rig_write(&rig, "abc\x1b[6n");
    assert_typed(&rig, "\x1b[1;4R");
    console_list_free(other);
    assert_row(display, 0, "abc");
    rig_clear(&rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/console/list", test_list);
    g_test_add_func("/console/gone", test_gone);
    g_test_add_func("/console/picture", test_picture);
    g_test_add_func("/console/resize", test_resize);
    g_test_add_func("/console/scrollback", test_scrollback);
    g_test_add_func("/console/keys", test_keys);
    g_test_add_func("/console/switch", test_switch);
    g_test_add_func("/console/answers", test_answers);
    return g_test_run();
}

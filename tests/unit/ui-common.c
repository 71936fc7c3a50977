/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ui/common: key tracker, pointer, scaler, layouts, host keycodes. */
#include <stdio.h>
#include <string.h>
#include <xkbcommon/xkbcommon-keysyms.h>

#include "core/keymap.h"
#include "ui/common/hostkeys.h"
#include "ui/common/key-tracker.h"
#include "ui/common/pointer.h"
#include "ui/common/scaler.h"

/* A router whose only sink writes down what it gets. */
typedef struct Recorder {
    EventLoop *loop;
    VmLock *lock;
    Machine *machine;
    InputSinkOps ops;
    InputSink *sink;
    GString *log;
} Recorder;

static void record_event(void *opaque, const InputEvent *event)
{
    Recorder *recorder = opaque;
    static const char *const kinds[] = {"?", "key", "button", "?", "rel", "?", "?", "?", "abs"};
    g_string_append_printf(recorder->log, "%s %u %d;", kinds[event->kind], event->code,
                           event->value);
}

static void recorder_init(Recorder *recorder, guint kinds)
{
    recorder->ops = (InputSinkOps){.name = "recorder", .kinds = kinds, .event = record_event};
    recorder->lock = vm_lock_new();
    vm_lock_take(recorder->lock, "test");
    recorder->loop = event_loop_new(NULL, recorder->lock);
    recorder->machine = machine_new(recorder->loop);
    if (recorder->machine->input == NULL) {
        recorder->machine->input = input_router_new(recorder->machine);
    }
    machine_cont(recorder->machine); /* a stopped one takes no input */
    recorder->log = g_string_new(NULL);
    recorder->sink = input_sink_add(recorder->machine->input, &recorder->ops, recorder);
}

static void recorder_clear(Recorder *recorder)
{
    input_sink_remove(recorder->sink);
    g_string_free(recorder->log, TRUE);
    machine_free(recorder->machine);
    event_loop_free(recorder->loop);
    vm_lock_drop(recorder->lock);
    vm_lock_free(recorder->lock);
}

static void assert_log(Recorder *recorder, const char *expected)
{
    g_assert_cmpstr(recorder->log->str, ==, expected);
    g_string_truncate(recorder->log, 0);
}

static void test_tracker(void)
{
    Recorder recorder;
    recorder_init(&recorder, INPUT_KIND_KEY | INPUT_KIND_BUTTON | INPUT_KIND_REL);
    KeyTracker *tracker = key_tracker_new(recorder.machine->input);
    g_assert_true(key_tracker_key(tracker, KEY_LEFTCTRL, TRUE));
    g_assert_true(key_tracker_key(tracker, KEY_A, TRUE));
    g_assert_false(key_tracker_key(tracker, KEY_A, TRUE)); /* the host's repeat */
    assert_log(&recorder, "key 29 1;key 30 1;");
    g_assert_cmpuint(key_tracker_mods(tracker), ==, KEY_TRACKER_CTRL);
    g_assert_true(key_tracker_button(tracker, BTN_LEFT, TRUE));
    g_assert_false(key_tracker_button(tracker, KEY_B, TRUE)); /* not a button */
    g_assert_false(key_tracker_key(tracker, KEY_B, FALSE));   /* was never down */
    g_assert_false(key_tracker_key(tracker, 0, TRUE));
    g_assert_false(key_tracker_key(tracker, 0x10000, TRUE));
    assert_log(&recorder, "button 272 1;");
    key_tracker_release_all(tracker);
    assert_log(&recorder, "button 272 0;key 30 0;key 29 0;");
    g_assert_false(key_tracker_is_down(tracker, KEY_A));
    key_tracker_key(tracker, KEY_Z, TRUE);
    key_tracker_free(tracker);
    assert_log(&recorder, "key 44 1;key 44 0;");
    recorder_clear(&recorder);
}

static void test_pointer_relative(void)
{
    Recorder recorder;
    recorder_init(&recorder, INPUT_KIND_REL | INPUT_KIND_BUTTON);
    Pointer pointer;
    pointer_init(&pointer, recorder.machine->input);
    pointer_move(&pointer, 0.4, -0.4);
    assert_log(&recorder, "");
    pointer_move(&pointer, 0.4, -0.4);
    pointer_move(&pointer, 0.4, -0.4); /* 1.2 in all */
    assert_log(&recorder, "rel 0 1;rel 1 -1;");
    pointer_reset(&pointer);
    pointer_move(&pointer, 0.9, 0);
    assert_log(&recorder, "");
    pointer_scroll(&pointer, 0, 0.5);
    pointer_scroll(&pointer, 0, 0.5);
    pointer_scroll(&pointer, -2, 0);
    assert_log(&recorder, "rel 8 1;rel 6 -2;");
    recorder_clear(&recorder);
}

static void test_pointer_absolute(void)
{
    Recorder recorder;
    recorder_init(&recorder, INPUT_KIND_ABS | INPUT_KIND_BUTTON);
    Pointer pointer;
    pointer_init(&pointer, recorder.machine->input);
    Viewport viewport = scaler_layout(SCALE_FIT, 1, 640, 480, 640, 480);
    pointer_place(&pointer, &viewport, 0, 479);
    assert_log(&recorder, "abs 0 0;abs 1 32767;");
    pointer_place(&pointer, &viewport, -50, 9999); /* outside: the edge */
    assert_log(&recorder, "abs 0 0;abs 1 32767;");
    /* Whatever way a guest rounds back, it finds the pixel. */
    for (guint x = 1; x < 639; x++) {
        pointer_place(&pointer, &viewport, x, 0);
        int value = 0;
        g_assert_cmpint(sscanf(recorder.log->str, "abs 0 %d;", &value), ==, 1);
        g_assert_cmpint(value * 640 / 32768, ==, x);
        g_string_truncate(recorder.log, 0);
    }
    recorder_clear(&recorder);
}

static void test_layout(void)
{
    Viewport v = scaler_layout(SCALE_ZOOM, 1, 640, 480, 800, 600);
    g_assert_true(v.x == 80 && v.y == 60 && v.width == 640 && v.height == 480);
    g_assert_true(viewport_is_exact(&v));
    v = scaler_layout(SCALE_ZOOM, 2, 640, 480, 800, 600); /* does not fit: smaller */
    g_assert_true(v.x == 0 && v.y == 0 && v.width == 800 && v.height == 600);
    g_assert_false(viewport_is_exact(&v));
    v = scaler_layout(SCALE_FIT, 1, 720, 400, 1920, 1080);
    g_assert_true(v.width == 1920 && v.height == 1067 && v.y == 6);
    v = scaler_layout(SCALE_INTEGER, 1, 720, 400, 1920, 1080);
    g_assert_true(v.width == 1440 && v.height == 800 && v.x == 240 && v.y == 140);
    g_assert_true(viewport_is_exact(&v));
    v = scaler_layout(SCALE_STRETCH, 1, 320, 200, 1000, 10);
    g_assert_true(v.width == 1000 && v.height == 10 && v.x == 0 && v.y == 0);
    v = scaler_layout(SCALE_FIT, 1, 0, 0, 0, -5); /* nonsense in: something sane out */
    g_assert_true(v.width == 1 && v.height == 1 && v.guest_width == 1);
}

static void test_rectangles(void)
{
    Viewport v = scaler_layout(SCALE_ZOOM, 2, 100, 100, 300, 300);
    ScalerRect r = viewport_from_guest(&v, 10, 20, 5, 1);
    g_assert_true(r.x == 50 + 20 && r.y == 50 + 40 && r.width == 10 && r.height == 2);
    v = scaler_layout(SCALE_FIT, 1, 100, 100, 150, 150); /* 1.5: the filter reaches out */
    r = viewport_from_guest(&v, 10, 10, 1, 1);
    g_assert_true(r.x == 13 && r.y == 13 && r.width == 5 && r.height == 5);
    r = viewport_from_guest(&v, 99, 99, 50, 50);
    g_assert_true(r.x + r.width == 150 && r.y + r.height == 150);
    gint x, y;
    viewport_to_pixel(&v, 149.9, 0, &x, &y);
    g_assert_true(x == 99 && y == 0);
    viewport_to_pixel(&v, -3, 1000, &x, &y);
    g_assert_true(x == 0 && y == 99);
    g_assert_false(viewport_contains(&v, 150, 3));
}

static Keymap *layout(const char *name)
{
    GError *error = NULL;
    Keymap *keymap = keymap_new(name, &error);
    g_assert_no_error(error);
    return keymap;
}

static void assert_stroke(Keymap *keymap, guint32 keysym, guint held, guint key, guint mods)
{
    KeymapStroke stroke;
    g_assert_true(keymap_find(keymap, keysym, held, &stroke));
    g_assert_cmpuint(stroke.key, ==, key);
    g_assert_cmpuint(stroke.mods, ==, mods);
}

static void test_keymap_us(void)
{
    g_autoptr(Keymap) us = layout(NULL);
    assert_stroke(us, XKB_KEY_a, 0, KEY_A, 0);
    assert_stroke(us, XKB_KEY_A, 0, KEY_A, KEYMAP_SHIFT);
    assert_stroke(us, XKB_KEY_A, KEYMAP_CAPSLOCK, KEY_A, KEYMAP_CAPSLOCK);
    assert_stroke(us, XKB_KEY_less, 0, KEY_COMMA, KEYMAP_SHIFT);
    assert_stroke(us, XKB_KEY_z, 0, KEY_Z, 0);
    assert_stroke(us, XKB_KEY_at, 0, KEY_2, KEYMAP_SHIFT);
    assert_stroke(us, XKB_KEY_F10, 0, KEY_F10, 0);
    assert_stroke(us, XKB_KEY_Shift_R, 0, KEY_RIGHTSHIFT, 0);
    assert_stroke(us, XKB_KEY_Super_L, 0, KEY_LEFTMETA, 0);
    assert_stroke(us, XKB_KEY_KP_7, 0, KEY_KP7, KEYMAP_NUMLOCK);
    assert_stroke(us, XKB_KEY_KP_Home, 0, KEY_KP7, 0);
    assert_stroke(us, XKB_KEY_Return, 0, KEY_ENTER, 0);
    assert_stroke(us, XKB_KEY_Delete, 0, KEY_DELETE, 0);
    assert_stroke(us, XKB_KEY_ISO_Level3_Shift, 0, KEY_RIGHTALT, 0);
    KeymapStroke stroke;
    g_assert_false(keymap_find(us, XKB_KEY_odiaeresis, 0, &stroke));
    g_assert_false(keymap_find(us, 0x12345678, 0, &stroke));
    g_assert_true(keymap_find_char(us, '\n', 0, &stroke) && stroke.key == KEY_ENTER);
    g_assert_true(keymap_find_char(us, '\t', 0, &stroke) && stroke.key == KEY_TAB);
    g_assert_true(keymap_find_char(us, '~', 0, &stroke) && stroke.key == KEY_GRAVE);
    g_assert_cmpuint(keymap_keysym(us, KEY_Q, KEYMAP_SHIFT), ==, XKB_KEY_Q);
    g_assert_cmpuint(keymap_keysym(us, 99999, 0), ==, 0);
}

static void test_keymap_de(void)
{
    g_autoptr(Keymap) de = layout("de");
    assert_stroke(de, XKB_KEY_z, 0, KEY_Y, 0);
    assert_stroke(de, XKB_KEY_odiaeresis, 0, KEY_SEMICOLON, 0);
    assert_stroke(de, XKB_KEY_at, 0, KEY_Q, KEYMAP_ALTGR);
    assert_stroke(de, XKB_KEY_bar, 0, KEY_102ND, KEYMAP_ALTGR);
    assert_stroke(de, XKB_KEY_slash, 0, KEY_7, KEYMAP_SHIFT);
    assert_stroke(de, XKB_KEY_EuroSign, 0, KEY_E, KEYMAP_ALTGR);
    assert_stroke(de, 0x01000000 | 0xf6, 0, KEY_SEMICOLON, 0); /* o umlaut as Unicode keysym */
}

static void test_keymap_names(void)
{
    g_autoptr(Keymap) british = layout("en-gb");
    assert_stroke(british, XKB_KEY_sterling, 0, KEY_3, KEYMAP_SHIFT);
    g_autoptr(Keymap) dvorak = layout("us:dvorak");
    assert_stroke(dvorak, XKB_KEY_o, 0, KEY_S, 0);
    g_autoptr(Keymap) swiss = layout("ch(fr)");
    assert_stroke(swiss, XKB_KEY_eacute, 0, KEY_SEMICOLON, 0);
    static const char *const wrong[] = {"xx-nowhere", "", "../../etc", "us:nonesuch", "de,us"};
    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(keymap_new(wrong[i], &error));
        g_assert_nonnull(error);
    }
}

static void test_host_keys(void)
{
    HostKeys keys;
    host_keys_init_evdev(&keys);
    g_assert_cmpuint(host_keys_get(&keys, 38), ==, KEY_A);
    g_assert_cmpuint(host_keys_get(&keys, 5), ==, 0);
    g_assert_cmpuint(host_keys_get(&keys, 4000), ==, 0);
    /* The xfree86 keycodes: the Up key is 98 there, Right Control 109. */
    g_autoptr(Keymap) us = layout("us");
    const char *names[HOST_KEYS_MAX] = {0};
    names[98] = "UP";
    names[109] = "RCTL";
    names[38] = "AC01";
    names[7] = "";
    names[8] = "NONE";
    host_keys_init_named(&keys, us, names, HOST_KEYS_MAX);
    g_assert_cmpuint(host_keys_get(&keys, 98), ==, KEY_UP);
    g_assert_cmpuint(host_keys_get(&keys, 109), ==, KEY_RIGHTCTRL);
    g_assert_cmpuint(host_keys_get(&keys, 38), ==, KEY_A);
    g_assert_cmpuint(host_keys_get(&keys, 8), ==, 0);
    g_assert_cmpuint(host_keys_get(&keys, 39), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ui-common/tracker", test_tracker);
    g_test_add_func("/ui-common/pointer-relative", test_pointer_relative);
    g_test_add_func("/ui-common/pointer-absolute", test_pointer_absolute);
    g_test_add_func("/ui-common/layout", test_layout);
    g_test_add_func("/ui-common/rectangles", test_rectangles);
    g_test_add_func("/ui-common/keymap-us", test_keymap_us);
    g_test_add_func("/ui-common/keymap-de", test_keymap_de);
    g_test_add_func("/ui-common/keymap-names", test_keymap_names);
    g_test_add_func("/ui-common/host-keys", test_host_keys);
    return g_test_run();
}

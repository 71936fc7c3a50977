/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/common/key-tracker.h"

/* Nobody holds more; what is pressed beyond is not told to the guest. */
#define KEY_TRACKER_MAX 64

struct KeyTracker {
    InputRouter *router;
    Console *console;              /* NULL = the machine */
    gboolean text;                 /* it is a text console, or was one before it went away */
    guint16 down[KEY_TRACKER_MAX]; /* in the order pressed; keys and buttons have codes apart */
    guint count;
};

static gboolean is_button(guint code)
{
    return code >= BTN_MISC && code < KEY_OK;
}

static void send(KeyTracker *tracker, guint code, gboolean down)
{
    if (tracker->text) {
        if (down && !is_button(code)) {
            console_key(tracker->console, code, key_tracker_mods(tracker));
        }
    } else if (is_button(code)) {
        input_button(tracker->router, code, down);
    } else {
        input_key(tracker->router, code, down);
    }
}

static gint find(const KeyTracker *tracker, guint code)
{
    for (guint i = 0; i < tracker->count; i++) {
        if (tracker->down[i] == code) {
            return (gint)i;
        }
    }
    return -1;
}

static gboolean track(KeyTracker *tracker, guint code, gboolean down)
{
    gint at = find(tracker, code);
    if (down && at >= 0 && tracker->text) {
        send(tracker, code, TRUE);
        return TRUE;
    }
    if (down) {
        if (at >= 0 || tracker->count == KEY_TRACKER_MAX || code == 0 || code > KEY_MAX) {
            return FALSE;
        }
        tracker->down[tracker->count++] = (guint16)code;
    } else {
        if (at < 0) {
            return FALSE;
        }
        tracker->count--;
        for (guint i = (guint)at; i < tracker->count; i++) {
            tracker->down[i] = tracker->down[i + 1];
        }
    }
    send(tracker, code, down);
    input_sync(tracker->router);
    return TRUE;
}

KeyTracker *key_tracker_new(InputRouter *router)
{
    KeyTracker *tracker = g_new0(KeyTracker, 1);
    tracker->router = router;
    return tracker;
}

void key_tracker_free(KeyTracker *tracker)
{
    if (tracker != NULL) {
        key_tracker_release_all(tracker);
        console_unref(tracker->console);
        g_free(tracker);
    }
}

void key_tracker_set_console(KeyTracker *tracker, Console *console)
{
    if (console == tracker->console) {
        return;
    }
    key_tracker_release_all(tracker);
    console_unref(tracker->console);
    tracker->console = console != NULL ? console_ref(console) : NULL;
    tracker->text = console != NULL && console_is_text(console);
}

gboolean key_tracker_key(KeyTracker *tracker, guint key, gboolean down)
{
    return !is_button(key) && track(tracker, key, down);
}

gboolean key_tracker_button(KeyTracker *tracker, guint button, gboolean down)
{
    return is_button(button) && track(tracker, button, down);
}

void key_tracker_release_all(KeyTracker *tracker)
{
    if (tracker->count == 0) {
        return;
    }
    while (tracker->count > 0) {
        send(tracker, tracker->down[--tracker->count], FALSE);
    }
    input_sync(tracker->router);
}

gboolean key_tracker_is_down(const KeyTracker *tracker, guint code)
{
    return find(tracker, code) >= 0;
}

guint key_tracker_mods(const KeyTracker *tracker)
{
    guint mods = 0;
    for (guint i = 0; i < tracker->count; i++) {
        switch (tracker->down[i]) {
        case KEY_LEFTSHIFT:
        case KEY_RIGHTSHIFT: mods |= KEY_TRACKER_SHIFT; break;
        case KEY_LEFTCTRL:
        case KEY_RIGHTCTRL: mods |= KEY_TRACKER_CTRL; break;
        case KEY_LEFTALT: mods |= KEY_TRACKER_ALT; break;
        case KEY_RIGHTALT: mods |= KEY_TRACKER_ALTGR; break;
        case KEY_LEFTMETA:
        case KEY_RIGHTMETA: mods |= KEY_TRACKER_META; break;
        default: break;
        }
    }
    return mods;
}

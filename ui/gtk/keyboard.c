/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keyboard: from GDK's events to the guest, and what stays on the host. */
#include <string.h>

#include "core/error.h"
#include "core/keynames.h"
#include "ui/gtk/gui.h"

/* ---- keys that stay on the host ---- */

static gboolean parse_chord(const char *text, GuiChord *chord, GError **error)
{
    chord->count = key_parse_chord(text, chord->keys, G_N_ELEMENTS(chord->keys), error);
    return chord->count > 0;
}

static gboolean same_chord(const GuiChord *a, const GuiChord *b)
{
    return a->count == b->count && memcmp(a->keys, b->keys, a->count * sizeof(a->keys[0])) == 0;
}

static gboolean find_chord(Gui *gui, const GuiChord *chord, guint *index)
{
    for (guint i = 0; i < gui->kept->len; i++) {
        if (same_chord(g_ptr_array_index(gui->kept, i), chord)) {
            *index = i;
            return TRUE;
        }
    }
    return FALSE;
}

gboolean gui_keyboard_keeps(Gui *gui, const char *text)
{
    GuiChord chord;
    guint index;
    return parse_chord(text, &chord, NULL) && find_chord(gui, &chord, &index);
}

void gui_keyboard_keep(Gui *gui, const char *text, gboolean keep)
{
    GuiChord chord;
    guint index;
    if (!parse_chord(text, &chord, NULL)) {
        return;
    }
    gboolean is_kept = find_chord(gui, &chord, &index);
    if (keep && !is_kept) {
        g_ptr_array_add(gui->kept, g_memdup2(&chord, sizeof(chord)));
    } else if (!keep && is_kept) {
        g_ptr_array_remove_index(gui->kept, index);
    }
}

gboolean gui_keyboard_parse(Gui *gui, GError **error)
{
    gui->kept = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) words = g_strsplit(gui->keep_keys != NULL ? gui->keep_keys : "", ":", -1);
    for (guint i = 0; words[i] != NULL; i++) {
        GuiChord chord;
        if (words[i][0] != '\0' && !parse_chord(words[i], &chord, error)) {
            g_prefix_error(error, "keep-keys: ");
            g_clear_pointer(&gui->kept, g_ptr_array_unref);
            return FALSE;
        }
        gui_keyboard_keep(gui, words[i], TRUE);
    }
    return TRUE;
}

/* A chord's modifier counts on either side. */
static gboolean is_held(Gui *gui, guint key)
{
    static const guint pairs[][2] = {{KEY_LEFTCTRL, KEY_RIGHTCTRL},
                                     {KEY_LEFTALT, KEY_RIGHTALT},
                                     {KEY_LEFTSHIFT, KEY_RIGHTSHIFT},
                                     {KEY_LEFTMETA, KEY_RIGHTMETA}};
    for (guint i = 0; i < G_N_ELEMENTS(pairs); i++) {
        if (pairs[i][0] == key || pairs[i][1] == key) {
            return key_tracker_is_down(gui->keys, pairs[i][0]) ||
                   key_tracker_is_down(gui->keys, pairs[i][1]);
        }
    }
    return key_tracker_is_down(gui->keys, key);
}

static gboolean is_kept(Gui *gui, guint key)
{
    for (guint i = 0; i < gui->kept->len; i++) {
        const GuiChord *chord = g_ptr_array_index(gui->kept, i);
        gboolean match = chord->keys[chord->count - 1] == key;
        for (guint k = 0; match && k + 1 < chord->count; k++) {
            match = is_held(gui, chord->keys[k]);
        }
        if (match) {
            return TRUE;
        }
    }
    return FALSE;
}

/* ---- the release key ---- */

static gboolean is_release_key(const Gui *gui, guint key)
{
    switch ((GuiRelease)gui->release_key) {
    case GUI_RELEASE_CTRL_ALT:
        return key == KEY_LEFTCTRL || key == KEY_RIGHTCTRL || key == KEY_LEFTALT;
    case GUI_RELEASE_RIGHT_CTRL: return key == KEY_RIGHTCTRL;
    case GUI_RELEASE_CTRL_ALT_G: break;
    }
    return FALSE;
}

/* Are all of its keys down, now that `key` is? */
static gboolean is_release_chord(Gui *gui, guint key)
{
    guint mods = key_tracker_mods(gui->keys);
    return gui->release_key != GUI_RELEASE_CTRL_ALT || mods == (KEY_TRACKER_CTRL | KEY_TRACKER_ALT);
}

static void follow_release_key(Gui *gui, GuiPage *page, guint key, gboolean down)
{
    if (!is_release_key(gui, key)) {
        gui->release_armed = FALSE;
    } else if (down) {
        gui->release_armed = is_release_chord(gui, key);
    } else if (gui->release_armed) {
        gui->release_armed = FALSE;
        gui_grab_set(gui, page, gui->grab == GUI_GRAB_FULL ? GUI_GRAB_NONE : GUI_GRAB_FULL);
    }
}

/* ---- events ---- */

static gboolean is_hot_key(const GdkEventKey *event)
{
    const guint both = GDK_CONTROL_MASK | GDK_MOD1_MASK;
    return event->type == GDK_KEY_PRESS && (event->state & both) == both;
}

gboolean gui_keyboard_event(GuiWindow *window, GdkEventKey *event)
{
    Gui *gui = window->gui;
    GuiPage *page = gui_page_front_in(window);
    gboolean down = event->type == GDK_KEY_PRESS;
    if (is_hot_key(event) && gtk_window_activate_key(GTK_WINDOW(window->window), event)) {
        gui->release_armed = FALSE;
        return TRUE;
    }
    if (page == NULL) {
        return FALSE;
    }
    if (page->screen == NULL) {
        /* The terminal's before the menubar's: F10 and Alt with a letter are its, too. */
        return gtk_window_propagate_key_event(GTK_WINDOW(window->window), event);
    }
    guint key = host_keys_get(&gui->host_keys, event->hardware_keycode);
    if (down && is_kept(gui, key)) {
        key_tracker_release_all(gui->keys); /* what was begun with it is the host's as well */
        return FALSE;
    }
    if (key != 0 && !(gui->release_key == GUI_RELEASE_RIGHT_CTRL && key == KEY_RIGHTCTRL)) {
        key_tracker_key(gui->keys, key, down);
    }
    follow_release_key(gui, page, key, down);
    /* All others are the guest's, the menu's mnemonics and F10 included. */
    return TRUE;
}

/* ---- typing the clipboard ---- */

void gui_keyboard_type(Gui *gui, const char *text)
{
    g_autoptr(GError) error = NULL;
    if (text == NULL || text[0] == '\0') {
        gui_window_say(gui, TRUE, "There is no text in the clipboard");
    } else if (!input_type(gui->frontend.machine->input, text, &error)) {
        gui_window_say(gui, TRUE, "Nothing is typed: %s", error->message);
    }
}

static void on_clipboard_text(GtkClipboard *clipboard, const char *text, gpointer data)
{
    g_autofree char *id = data;
    Gui *gui = g_object_get_data(G_OBJECT(clipboard), id);
    g_object_set_data(G_OBJECT(clipboard), id, NULL);
    if (gui == NULL) {
        return; /* closed meanwhile */
    }
    gui_keyboard_type(gui, text);
}

void gui_keyboard_type_clipboard(Gui *gui)
{
    GtkClipboard *clipboard =
        gtk_widget_get_clipboard(gui_window_main(gui)->window, GDK_SELECTION_CLIPBOARD);
    g_object_set_data(G_OBJECT(clipboard), gui->frontend.id, gui);
    gtk_clipboard_request_text(clipboard, on_clipboard_text, g_strdup(gui->frontend.id));
}

/* ---- lifecycle ---- */

void gui_keyboard_open(Gui *gui)
{
    gui_server_host_keys(gui->server, &gui->host_keys);
    gui->keys = key_tracker_new(gui->frontend.machine->input);
}

void gui_keyboard_close(Gui *gui)
{
    if (gui->keys != NULL) {
        GtkClipboard *clipboard =
            gtk_clipboard_get_for_display(gui->server->display, GDK_SELECTION_CLIPBOARD);
        g_object_set_data(G_OBJECT(clipboard), gui->frontend.id, NULL);
        key_tracker_free(g_steal_pointer(&gui->keys));
    }
    g_clear_pointer(&gui->kept, g_ptr_array_unref);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The submenus of Input: keys to send, the release key, keys that stay on the host. */
#include "core/keynames.h"
#include "ui/gtk/gui.h"

#define HOLD_MS 100

/* ---- Send Keys ---- */

static const struct {
    const char *label, *keys; /* NULL = a separator */
} chords[] = {
    {"Ctrl+Alt+_Del", "ctrl-alt-delete"},
    {"Ctrl+Alt+_Backspace", "ctrl-alt-backspace"},
    {"Ctrl+Alt+_Esc", "ctrl-alt-esc"},
    {NULL, NULL},
    {"_PrtSc", "print"},
    {"A_lt+PrtSc", "alt-print"},
    {"S_ysRq", "sysrq"},
    {"Pa_use", "pause"},
    {"Alt+_Tab", "alt-tab"},
    {"Alt+_F4", "alt-f4"},
    {"Ctrl+E_sc", "ctrl-esc"},
    {"S_uper", "meta_l"},
    {"_Menu", "menu"},
};

static void on_chord(GtkWidget *item, Gui *gui)
{
    guint keys[4];
    guint count =
        key_parse_chord(g_object_get_data(G_OBJECT(item), "keys"), keys, G_N_ELEMENTS(keys), NULL);
    if (count > 0 && !input_send_chord(gui->frontend.machine->input, keys, count, HOLD_MS)) {
        gui_window_say(gui, TRUE, "Too many keys are waiting for the guest to take them");
    }
}

static void add_chord(Gui *gui, GtkWidget *menu, const char *label, const char *keys)
{
    GtkWidget *item = gui_menu_append(menu, label, G_CALLBACK(on_chord), gui);
    g_object_set_data_full(G_OBJECT(item), "keys", g_strdup(keys), g_free);
}

void gui_menu_fill_keys(Gui *gui, GtkWidget *menu)
{
    for (guint i = 0; i < G_N_ELEMENTS(chords); i++) {
        if (chords[i].label != NULL) {
            add_chord(gui, menu, chords[i].label, chords[i].keys);
        } else {
            gui_menu_separate(menu);
        }
    }
    gui_menu_separate(menu);
    for (guint n = 1; n <= 12; n++) {
        g_autofree char *label = g_strdup_printf("Ctrl+Alt+F%u", n);
        g_autofree char *keys = g_strdup_printf("ctrl-alt-f%u", n);
        add_chord(gui, menu, label, keys);
    }
}

/* ---- Release Key ---- */

static void on_release(GtkWidget *item, Gui *gui)
{
    if (gtk_check_menu_item_get_active(GTK_CHECK_MENU_ITEM(item))) {
        gui->release_key = GPOINTER_TO_INT(g_object_get_data(G_OBJECT(item), "release"));
        gui_window_title(gui);
    }
}

void gui_menu_fill_release(Gui *gui, GtkWidget *menu)
{
    static const char *const labels[] = {
        [GUI_RELEASE_CTRL_ALT_G] = "Ctrl+Alt+_G",
        [GUI_RELEASE_CTRL_ALT] = "_Ctrl+Alt, pressed alone",
        [GUI_RELEASE_RIGHT_CTRL] = "_Right Ctrl, pressed alone",
    };
    GSList *group = NULL;
    for (guint i = 0; i < G_N_ELEMENTS(labels); i++) {
        GtkWidget *item = gtk_radio_menu_item_new_with_mnemonic(group, labels[i]);
        group = gtk_radio_menu_item_get_group(GTK_RADIO_MENU_ITEM(item));
        gtk_check_menu_item_set_active(GTK_CHECK_MENU_ITEM(item), gui->release_key == (int)i);
        g_object_set_data(G_OBJECT(item), "release", GINT_TO_POINTER(i));
        g_signal_connect(item, "toggled", G_CALLBACK(on_release), gui);
        gtk_menu_shell_append(GTK_MENU_SHELL(menu), item);
        gtk_widget_show(item);
    }
}

/* ---- Keys Kept on the Host ---- */

static const struct {
    const char *label;
    const char *keys[4]; /* NULL-ended */
} keepers[] = {
    {"_Super Keys", {"meta_l", "meta_r"}},
    {"_Print Screen", {"print"}},
    {"_Volume Keys", {"audiomute", "volumedown", "volumeup"}},
    {"Alt+_Tab", {"alt-tab"}},
    {"Alt+_F4", {"alt-f4"}},
    {"F1_0 (this menu)", {"f10"}},
};

static void on_keep(GtkWidget *item, Gui *gui)
{
    const char *const *keys = g_object_get_data(G_OBJECT(item), "keys");
    gboolean keep = gtk_check_menu_item_get_active(GTK_CHECK_MENU_ITEM(item));
    for (guint i = 0; keys[i] != NULL; i++) {
        gui_keyboard_keep(gui, keys[i], keep);
    }
}

void gui_menu_fill_kept(Gui *gui, GtkWidget *menu)
{
    for (guint i = 0; i < G_N_ELEMENTS(keepers); i++) {
        GtkWidget *item = gtk_check_menu_item_new_with_mnemonic(keepers[i].label);
        gtk_check_menu_item_set_active(GTK_CHECK_MENU_ITEM(item),
                                       gui_keyboard_keeps(gui, keepers[i].keys[0]));
        g_object_set_data(G_OBJECT(item), "keys", (gpointer)keepers[i].keys);
        g_signal_connect(item, "toggled", G_CALLBACK(on_keep), gui);
        gtk_menu_shell_append(GTK_MENU_SHELL(menu), item);
        gtk_widget_show(item);
    }
}

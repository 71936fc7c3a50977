/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A console: a "vc" character device (the HMP monitor, a serial port) in a VTE terminal. */
#include <vte/vte.h>

#include "ui/gtk/gui.h"

#define SCROLLBACK_LINES 10000

static void on_output(const guint8 *data, gsize length, void *opaque)
{
    vte_terminal_feed(VTE_TERMINAL(opaque), (const char *)data, (gssize)length);
}

static void on_commit(VteTerminal *terminal, const char *text, guint length, GuiPage *page)
{
    if (page->view != NULL) {
        vc_view_input(page->view, (const guint8 *)text, length);
    }
}

static void on_size(GtkWidget *terminal, GdkRectangle *allocation, GuiPage *page)
{
    if (page->view != NULL) {
        vc_view_set_columns(page->view,
                            (guint)vte_terminal_get_column_count(VTE_TERMINAL(terminal)));
    }
}

static gboolean on_key(GtkWidget *terminal, GdkEventKey *event, GuiPage *page)
{
    guint mods = event->state & gtk_accelerator_get_default_mod_mask();
    if (mods != (GDK_CONTROL_MASK | GDK_SHIFT_MASK)) {
        return FALSE;
    }
    switch (gdk_keyval_to_lower(event->keyval)) {
    case GDK_KEY_c: gui_console_copy(page); return TRUE;
    case GDK_KEY_v: gui_console_paste(page); return TRUE;
    default: return FALSE;
    }
}

static gboolean on_motion(GtkWidget *terminal, GdkEventMotion *event, GuiPage *page)
{
    gui_hot_bar_motion(page->window->hot_bar, event->y);
    return FALSE;
}

static void add_item(GtkWidget *menu, const char *label, GCallback activate, GuiPage *page)
{
    GtkWidget *item = gtk_menu_item_new_with_mnemonic(label);
    g_signal_connect_swapped(item, "activate", activate, page);
    gtk_menu_shell_append(GTK_MENU_SHELL(menu), item);
}

static gboolean on_button(GtkWidget *terminal, GdkEventButton *event, GuiPage *page)
{
    if (event->type != GDK_BUTTON_PRESS || event->button != GDK_BUTTON_SECONDARY) {
        return FALSE;
    }
    GtkWidget *menu = gtk_menu_new();
    add_item(menu, "_Copy", G_CALLBACK(gui_console_copy), page);
    add_item(menu, "_Paste", G_CALLBACK(gui_console_paste), page);
    gtk_menu_attach_to_widget(GTK_MENU(menu), terminal, NULL);
    g_signal_connect(menu, "selection-done", G_CALLBACK(gtk_widget_destroy), NULL);
    gtk_widget_show_all(menu);
    gtk_menu_popup_at_pointer(GTK_MENU(menu), (GdkEvent *)event);
    return TRUE;
}

void gui_console_copy(GuiPage *page)
{
    vte_terminal_copy_clipboard_format(VTE_TERMINAL(page->focus), VTE_FORMAT_TEXT);
}

void gui_console_paste(GuiPage *page)
{
    vte_terminal_paste_clipboard(VTE_TERMINAL(page->focus));
}

GtkWidget *gui_console_new(GuiPage *page, Chardev *chr)
{
    GtkWidget *terminal = vte_terminal_new();
    vte_terminal_set_scrollback_lines(VTE_TERMINAL(terminal), SCROLLBACK_LINES);
    vte_terminal_set_audible_bell(VTE_TERMINAL(terminal), FALSE);
    vte_terminal_set_scroll_on_output(VTE_TERMINAL(terminal), FALSE);
    vte_terminal_set_scroll_on_keystroke(VTE_TERMINAL(terminal), TRUE);
    vte_terminal_set_size(VTE_TERMINAL(terminal), 80, 25);
    GtkWidget *scrolled = gtk_scrolled_window_new(NULL, NULL);
    /* "External": the window is sized by the guest's picture, not by this terminal. */
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scrolled), GTK_POLICY_EXTERNAL,
                                   GTK_POLICY_ALWAYS);
    gtk_container_add(GTK_CONTAINER(scrolled), terminal);
    page->focus = terminal;
    g_signal_connect(terminal, "commit", G_CALLBACK(on_commit), page);
    g_signal_connect(terminal, "key-press-event", G_CALLBACK(on_key), page);
    gtk_widget_add_events(terminal, GDK_POINTER_MOTION_MASK);
    g_signal_connect(terminal, "motion-notify-event", G_CALLBACK(on_motion), page);
    g_signal_connect(terminal, "button-press-event", G_CALLBACK(on_button), page);
    page->view = vc_view_attach(chr, on_output, terminal);
    g_signal_connect_after(terminal, "size-allocate", G_CALLBACK(on_size), page);
    return scrolled;
}

void gui_console_stop(GuiPage *page)
{
    if (page->view != NULL) {
        vc_view_detach(g_steal_pointer(&page->view));
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Media menu: a submenu for each drive whose medium can be changed. */
#include "core/block.h"
#include "ui/gtk/gui.h"

#define RECENT_MAX 8

typedef struct Filler {
    Gui *gui;
    GtkWidget *menu;
    guint count;
} Filler;

static const char *drive_of(GtkWidget *item)
{
    return g_object_get_data(G_OBJECT(item), "drive");
}

static void on_insert(GtkWidget *item, Gui *gui)
{
    gui_media_choose(gui, drive_of(item));
}

static void on_eject(GtkWidget *item, Gui *gui)
{
    gui_media_eject(gui, drive_of(item), FALSE);
}

static void on_force(GtkWidget *item, Gui *gui)
{
    gui_media_eject(gui, drive_of(item), TRUE);
}

static void on_recent(GtkWidget *item, Gui *gui)
{
    gui_media_insert(gui, drive_of(item), g_object_get_data(G_OBJECT(item), "path"));
}

static GtkWidget *add(Filler *filler, GtkWidget *menu, const char *label, const char *drive,
                      void (*run)(GtkWidget *, Gui *))
{
    GtkWidget *item = gui_menu_append(menu, label, G_CALLBACK(run), filler->gui);
    g_object_set_data_full(G_OBJECT(item), "drive", g_strdup(drive), g_free);
    return item;
}

/* Underscores of a name are no mnemonics. */
static char *escape(const char *text)
{
    GString *out = g_string_new(text);
    g_string_replace(out, "_", "__", 0);
    return g_string_free(out, FALSE);
}

static void add_recent(Filler *filler, GtkWidget *menu, const char *drive)
{
    GList *items = gtk_recent_manager_get_items(gtk_recent_manager_get_default());
    guint count = 0;
    for (GList *link = items; link != NULL && count < RECENT_MAX; link = link->next) {
        GtkRecentInfo *info = link->data;
        g_autofree char *path = g_filename_from_uri(gtk_recent_info_get_uri(info), NULL, NULL);
        if (path == NULL || !gtk_recent_info_has_application(info, "Vitrine") ||
            !gtk_recent_info_exists(info)) {
            continue;
        }
        if (count++ == 0) {
            gui_menu_separate(menu);
        }
        g_autofree char *name = g_path_get_basename(path);
        g_autofree char *label = escape(name);
        GtkWidget *item = add(filler, menu, label, drive, on_recent);
        gtk_widget_set_tooltip_text(item, path);
        g_object_set_data_full(G_OBJECT(item), "path", g_steal_pointer(&path), g_free);
    }
    g_list_free_full(items, (GDestroyNotify)gtk_recent_info_unref);
}

static const char *kind_of(const Drive *drive)
{
    if (drive->media == DRIVE_MEDIA_CDROM) {
        return "CD drive";
    }
    return drive->interface == DRIVE_IF_FLOPPY ? "Floppy drive" : "Disk";
}

static void add_drive(Drive *drive, void *opaque)
{
    Filler *filler = opaque;
    if (!drive_is_removable(drive)) {
        return;
    }
    filler->count++;
    g_autofree char *name =
        drive->file != NULL ? g_path_get_basename(drive->file) : g_strdup("empty");
    g_autofree char *text = g_strdup_printf("%s %s: %s", kind_of(drive), drive->id, name);
    g_autofree char *label = escape(text);
    GtkWidget *item = gui_menu_append(filler->menu, label, NULL, NULL);
    GtkWidget *menu = gtk_menu_new();
    gtk_menu_item_set_submenu(GTK_MENU_ITEM(item), menu);
    add(filler, menu, "_Insert…", drive->id, on_insert);
    GtkWidget *eject = add(filler, menu, "_Eject", drive->id, on_eject);
    gtk_widget_set_sensitive(eject, drive_has_medium(drive));
    if (drive_has_medium(drive) && drive->tray_locked) {
        add(filler, menu, "Eject though the Guest has _Locked It", drive->id, on_force);
    }
    add_recent(filler, menu, drive->id);
}

void gui_menu_fill_media(Gui *gui, GtkWidget *menu)
{
    Filler filler = {gui, menu, 0};
    drive_foreach(gui->frontend.machine, add_drive, &filler);
    if (filler.count == 0) {
        GtkWidget *item = gui_menu_append(menu, "No drive with removable media", NULL, NULL);
        gtk_widget_set_sensitive(item, FALSE);
    }
}

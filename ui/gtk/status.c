/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The status bar: state, capture, drives, keyboard lamps, resolution, pictures a second. Its two
 * timers run only while there is something to count: an idle machine costs no wake-up.
 */
#include "core/block.h"
#include "ui/gtk/gui.h"

typedef struct DriveLamp {
    char *id;
    GtkWidget *label;
    guint64 done; /* requests when it was last looked at */
    gboolean lit;
} DriveLamp;

struct GuiStatus {
    Gui *gui;
    GtkWidget *state, *capture, *lamps, *leds, *size, *rate;
    Timer rate_timer, lamp_timer;
    guint64 last_frames;
    const GuiScreen *last_screen;
    GArray *drives; /* of DriveLamp */
    BlockActivity *activity;
    Deferred *active; /* some drive has something to do */
    guint quiet;      /* looks in a row that found nothing */
};

#define LAMP_NS     (100 * NS_PER_MS)
#define QUIET_LOOKS 5

/* ---- texts ---- */

static void set_text(GtkWidget *label, const char *text)
{
    if (g_strcmp0(gtk_label_get_text(GTK_LABEL(label)), text) != 0) {
        gtk_label_set_text(GTK_LABEL(label), text);
    }
}

static void show_state(GuiStatus *status)
{
    Machine *machine = status->gui->frontend.machine;
    g_autofree char *text = g_strdup(run_state_name(machine->run_state));
    text[0] = g_ascii_toupper(text[0]);
    set_text(status->state, text);
}

static void show_capture(GuiStatus *status)
{
    Gui *gui = status->gui;
    g_autofree char *text = NULL;
    if (gui->grab == GUI_GRAB_FULL) {
        text = g_strdup_printf("Input captured, press %s to release", gui_release_name(gui));
    } else if (gui->grab == GUI_GRAB_HOVER) {
        text = g_strdup("Keyboard captured");
    } else if (gui_screen_front(gui) == NULL) {
        text = g_strdup("");
    } else if (input_is_absolute(gui->frontend.machine->input)) {
        text = g_strdup_printf("Press %s to capture input", gui_release_name(gui));
    } else {
        text = g_strdup_printf("Click or press %s to capture input", gui_release_name(gui));
    }
    set_text(status->capture, text);
}

static void show_leds(GuiStatus *status)
{
    static const struct {
        guint led;
        const char *name;
    } lamps[] = {{LED_NUML, "Num"}, {LED_CAPSL, "Caps"}, {LED_SCROLLL, "Scroll"}};
    guint leds = input_leds(status->gui->frontend.machine->input);
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < G_N_ELEMENTS(lamps); i++) {
        if (leds & (1u << lamps[i].led)) {
            g_string_append_printf(text, "%s%s", text->len > 0 ? " " : "", lamps[i].name);
        }
    }
    set_text(status->leds, text->str);
}

static void show_size(GuiStatus *status)
{
    GuiScreen *screen = gui_screen_front(status->gui);
    g_autofree char *text = NULL;
    if (screen != NULL) {
        const Viewport *v = gui_screen_viewport(screen);
        text = g_strdup_printf("%u×%u", v->guest_width, v->guest_height);
    }
    set_text(status->size, text != NULL ? text : "");
    if (screen == NULL) {
        set_text(status->rate, "");
    }
}

void gui_status_sync(Gui *gui)
{
    if (!gui->showing || !gui->show_status) {
        return;
    }
    show_state(gui->status);
    show_capture(gui->status);
    show_leds(gui->status);
    show_size(gui->status);
}

/* ---- pictures a second ---- */

static void count_frames(void *opaque)
{
    GuiStatus *status = opaque;
    GuiScreen *screen = gui_screen_front(status->gui);
    guint64 frames = screen != NULL ? gui_screen_frames(screen) : 0;
    guint64 shown =
        screen != NULL && screen == status->last_screen ? frames - status->last_frames : 0;
    g_autofree char *text =
        screen != NULL ? g_strdup_printf("%" G_GUINT64_FORMAT " fps", shown) : g_strdup("");
    set_text(status->rate, text);
    status->last_screen = screen;
    status->last_frames = frames;
    if (shown > 0) {
        timer_set_after(&status->rate_timer, NS_PER_SEC);
    }
}

void gui_status_frame(Gui *gui)
{
    GuiStatus *status = gui->status;
    if (gui->showing && gui->show_status && !timer_pending(&status->rate_timer)) {
        GuiScreen *screen = gui_screen_front(gui);
        status->last_screen = screen;
        status->last_frames = screen != NULL ? gui_screen_frames(screen) : 0;
        timer_set_after(&status->rate_timer, NS_PER_SEC);
    }
}

/* ---- drives ---- */

static void light(DriveLamp *lamp, gboolean on, gboolean anew)
{
    if (lamp->lit == on && !anew) {
        return;
    }
    lamp->lit = on;
    g_autofree char *markup = g_markup_printf_escaped("<span foreground=\"%s\">●</span> %s",
                                                      on ? "#2ec27e" : "#9a9996", lamp->id);
    gtk_label_set_markup(GTK_LABEL(lamp->label), markup);
}

static guint64 requests_done(const Drive *drive)
{
    guint64 sum = 0;
    for (guint op = 0; op < BLOCK_OP_COUNT; op++) {
        sum += drive->stats.operations[op] + drive->stats.failed[op];
    }
    return sum;
}

static void look_at_drives(void *opaque)
{
    GuiStatus *status = opaque;
    gboolean any = FALSE;
    for (guint i = 0; i < status->drives->len; i++) {
        DriveLamp *lamp = &g_array_index(status->drives, DriveLamp, i);
        Drive *drive = drive_find(status->gui->frontend.machine, lamp->id); /* it may have gone */
        gtk_widget_set_visible(lamp->label, drive != NULL);
        guint64 done = drive != NULL ? requests_done(drive) : 0;
        gboolean on = drive != NULL && (drive->stats.in_flight > 0 || done != lamp->done);
        lamp->done = done;
        light(lamp, on, FALSE);
        any = any || on;
    }
    status->quiet = any ? 0 : status->quiet + 1;
    if (status->quiet < QUIET_LOOKS) {
        timer_set_after(&status->lamp_timer, LAMP_NS);
    } else {
        block_activity_arm(status->activity); /* sleeps until there is something to do */
    }
}

static void on_active(void *opaque)
{
    GuiStatus *status = opaque;
    status->quiet = 0;
    look_at_drives(status);
}

static void on_activity(void *opaque)
{
    deferred_schedule(opaque);
}

static void add_drive(Drive *drive, void *opaque)
{
    GuiStatus *status = opaque;
    if (drive->device == NULL) {
        return;
    }
    DriveLamp lamp = {
        .id = g_strdup(drive->id), .label = gtk_label_new(NULL), .done = requests_done(drive)};
    light(&lamp, FALSE, TRUE);
    gtk_box_pack_start(GTK_BOX(status->lamps), lamp.label, FALSE, FALSE, 0);
    g_array_append_val(status->drives, lamp);
}

/* ---- lifecycle ---- */

static GtkWidget *add_label(GtkWidget *box, gboolean at_end)
{
    GtkWidget *label = gtk_label_new(NULL);
    if (at_end) {
        gtk_box_pack_end(GTK_BOX(box), label, FALSE, FALSE, 0);
    } else {
        gtk_box_pack_start(GTK_BOX(box), label, FALSE, FALSE, 0);
    }
    return label;
}

void gui_status_open(Gui *gui)
{
    Machine *machine = gui->frontend.machine;
    GuiStatus *status = g_new0(GuiStatus, 1);
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 14);
    gui->status = status;
    gui->status_bar = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);
    status->gui = gui;
    gtk_style_context_add_class(gtk_widget_get_style_context(gui->status_bar),
                                GTK_STYLE_CLASS_BACKGROUND);
    g_object_set(box, "margin-start", 6, "margin-end", 6, "margin-top", 3, "margin-bottom", 3,
                 NULL);
    gtk_box_pack_start(GTK_BOX(gui->status_bar), box, TRUE, TRUE, 0);
    status->state = add_label(box, FALSE);
    status->capture = add_label(box, FALSE);
    gtk_label_set_ellipsize(GTK_LABEL(status->capture), PANGO_ELLIPSIZE_END);
    status->rate = add_label(box, TRUE);
    gtk_label_set_width_chars(GTK_LABEL(status->rate), 7);
    status->size = add_label(box, TRUE);
    status->leds = add_label(box, TRUE);
    status->lamps = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8);
    gtk_box_pack_end(GTK_BOX(box), status->lamps, FALSE, FALSE, 0);
    status->drives = g_array_new(FALSE, FALSE, sizeof(DriveLamp));
    timer_init(&status->rate_timer, machine->host_clock, count_frames, status);
    timer_init(&status->lamp_timer, machine->host_clock, look_at_drives, status);
    status->active = deferred_new(machine->loop, on_active, status);
    if (machine->blocks != NULL) {
        drive_foreach(machine, add_drive, status);
        status->activity = block_activity_new(machine->blocks, on_activity, status->active);
    }
}

void gui_status_close(Gui *gui)
{
    GuiStatus *status = gui->status;
    block_activity_free(status->activity);
    deferred_free(status->active);
    timer_cancel(&status->rate_timer);
    timer_cancel(&status->lamp_timer);
    for (guint i = 0; i < status->drives->len; i++) {
        g_free(g_array_index(status->drives, DriveLamp, i).id);
    }
    g_array_unref(status->drives);
    g_clear_pointer(&gui->status, g_free);
}

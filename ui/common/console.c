/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/common/console.h"

#include <string.h>

#include "core/error.h"
#include "core/keymap.h"
#include "ui/common/text-console.h"

struct Console {
    guint refs;
    ConsoleList *list; /* NULL once it is gone */
    char *title;
    Display *display;  /* what it is: one of these, */
    Chardev *chr;      /* both NULL once it is gone */
    TextConsole *text; /* of chr, made when it is first looked at */
    gboolean leaving;  /* what it is of is gone */
};

struct ConsoleList {
    Machine *machine;
    const ConsoleListOps *ops;
    void *opaque;
    GPtrArray *consoles; /* of Console*, referenced */
    MachineListener *listener;
};

/* ---- one console ---- */

Console *console_ref(Console *console)
{
    console->refs++;
    return console;
}

void console_unref(Console *console)
{
    if (console && --console->refs == 0) {
        g_free(console->title);
        g_free(console);
    }
}

/* It ends, though somebody may hold a reference. */
static void console_retire(Console *console)
{
    console->list = NULL;
    console->display = NULL;
    console->chr = NULL;
    text_console_free(g_steal_pointer(&console->text));
    console_unref(console);
}

guint console_number(const Console *console)
{
    guint index;

    return console->list && g_ptr_array_find(console->list->consoles, console, &index) ? index + 1
                                                                                       : 0;
}

const char *console_title(const Console *console)
{
    return console->title;
}

gboolean console_is_text(const Console *console)
{
    return console->chr != NULL;
}

gboolean console_is_gone(const Console *console)
{
    return !console->display && !console->chr;
}

/* NULL for one that goes away without having been looked at. */
static TextConsole *console_text(Console *console)
{
    if (!console->text && console->chr && !console->leaving) {
        console->text = text_console_new(console->chr);
    }
    return console->text;
}

Display *console_display(Console *console)
{
    TextConsole *text = console_text(console);

    return text ? text_console_display(text) : console->display;
}

Chardev *console_chardev(const Console *console)
{
    return console->leaving ? NULL : console->chr;
}

void console_key(Console *console, guint key, guint mods)
{
    if (console_text(console)) {
        const Keymap *keymap = machine_keymap(console->list->machine, NULL);

        if (keymap) {
            text_console_key(console_text(console), keymap, key, mods);
        }
    }
}

void console_input(Console *console, const guint8 *data, gsize length)
{
    if (console_text(console)) {
        text_console_input(console_text(console), data, length);
    }
}

void console_scroll(Console *console, gint lines)
{
    if (console_text(console)) {
        text_console_scroll(console_text(console), lines);
    }
}

/* ---- the list follows the machine ---- */

/* What should be in the list, in order. */
typedef struct Wanted {
    Display *display;
    Chardev *chr;
    guint rank;
} Wanted;

static guint rank_of(const char *id)
{
    static const char *const order[] = {"monitor", "serial", "parallel"};

    for (guint i = 0; i < G_N_ELEMENTS(order); i++) {
        if (strstr(id, order[i])) {
            return i + 1;
        }
    }
    return G_N_ELEMENTS(order) + 1;
}

static void want_vc(Chardev *chr, void *opaque)
{
    GArray *wanted = opaque;

    if (chardev_is_vc(chr)) {
        Wanted item = {.chr = chr, .rank = rank_of(chr->id)};
        guint at = wanted->len;

        while (at > 0 && g_array_index(wanted, Wanted, at - 1).rank > item.rank) {
            at--;
        }
        g_array_insert_val(wanted, at, item);
    }
}

static GArray *list_wanted(ConsoleList *list)
{
    GArray *wanted = g_array_new(FALSE, FALSE, sizeof(Wanted));
    GPtrArray *displays = list->machine->displays;

    for (guint i = 0; i < displays->len; i++) {
        Wanted item = {.display = g_ptr_array_index(displays, i)};

        g_array_append_val(wanted, item);
    }
    chardev_foreach(list->machine, want_vc, wanted);
    return wanted;
}

static gboolean is_of(const Console *console, const Wanted *item)
{
    return console->display == item->display && console->chr == item->chr;
}

static gboolean is_wanted(const Console *console, GArray *wanted)
{
    for (guint i = 0; i < wanted->len; i++) {
        if (is_of(console, &g_array_index(wanted, Wanted, i))) {
            return TRUE;
        }
    }
    return FALSE;
}

static Console *list_console_of(ConsoleList *list, const Wanted *item)
{
    for (guint i = 0; i < list->consoles->len; i++) {
        Console *console = g_ptr_array_index(list->consoles, i);

        if (is_of(console, item)) {
            return console;
        }
    }
    return NULL;
}

/* "VGA"; the second of the name is "VGA 2". */
static char *unused_title(ConsoleList *list, const char *name)
{
    char *title = g_strdup(name);

    for (guint n = 2; n < G_MAXUINT; n++) {
        gboolean used = FALSE;

        for (guint i = 0; i < list->consoles->len; i++) {
            used |= !strcmp(console_title(g_ptr_array_index(list->consoles, i)), title);
        }
        if (!used) {
            break;
        }
        g_free(title);
        title = g_strdup_printf("%s %u", name, n);
    }
    return title;
}

static Console *list_add(ConsoleList *list, const Wanted *item, guint at)
{
    Console *console = g_new0(Console, 1);

    console->refs = 1;
    console->list = list;
    console->display = item->display;
    console->chr = item->chr;
    console->title =
        unused_title(list, item->display ? display_name(item->display) : item->chr->id);
    g_ptr_array_insert(list->consoles, (gint)at, console);
    return console;
}

static void list_remove_gone(ConsoleList *list, GArray *wanted)
{
    for (guint i = list->consoles->len; i-- > 0;) {
        Console *console = g_ptr_array_index(list->consoles, i);

        if (!is_wanted(console, wanted)) {
            g_ptr_array_remove_index(list->consoles, i);
            console->leaving = TRUE;
            if (list->ops && list->ops->removed) {
                list->ops->removed(list->opaque, console);
            }
            console_retire(console);
        }
    }
}

static void list_update(ConsoleList *list, gboolean tell)
{
    g_autoptr(GArray) wanted = list_wanted(list);

    list_remove_gone(list, wanted);
    for (guint i = 0; i < wanted->len; i++) {
        const Wanted *item = &g_array_index(wanted, Wanted, i);

        if (!list_console_of(list, item)) {
            Console *console = list_add(list, item, i);

            if (tell && list->ops && list->ops->added) {
                list->ops->added(list->opaque, console);
            }
        }
    }
}

static void on_machine_event(Machine *machine, MachineEvent event, void *opaque)
{
    if (event == MACHINE_EVENT_CONSOLES) {
        list_update(opaque, TRUE);
    }
}

ConsoleList *console_list_new(Machine *machine, const ConsoleListOps *ops, void *opaque)
{
    ConsoleList *list = g_new0(ConsoleList, 1);

    list->machine = machine;
    list->ops = ops;
    list->opaque = opaque;
    list->consoles = g_ptr_array_new();
    list_update(list, FALSE);
    list->listener = machine_listen(machine, on_machine_event, list);
    return list;
}

void console_list_free(ConsoleList *list)
{
    if (!list) {
        return;
    }
    machine_unlisten(list->machine, list->listener);
    g_ptr_array_foreach(list->consoles, (GFunc)(void (*)(void))console_retire, NULL);
    g_ptr_array_unref(list->consoles);
    g_free(list);
}

guint console_list_count(const ConsoleList *list)
{
    return list->consoles->len;
}

Console *console_list_get(const ConsoleList *list, guint index)
{
    return index < list->consoles->len ? g_ptr_array_index(list->consoles, index) : NULL;
}

Console *console_list_find(const ConsoleList *list, const char *text, GError **error)
{
    g_autoptr(GString) known = g_string_new(NULL);
    guint64 number;

    for (guint i = 0; i < list->consoles->len; i++) {
        Console *console = g_ptr_array_index(list->consoles, i);

        if (!strcmp(console->title, text)) {
            return console;
        }
        g_string_append_printf(known, "%s%u (%s)", i ? ", " : "", i + 1, console->title);
    }
    if (g_ascii_string_to_unsigned(text, 10, 1, MAX(list->consoles->len, 1), &number, NULL)) {
        return console_list_get(list, (guint)number - 1);
    }
    error_set(error, "there is no console '%s'; there are: %s", text,
              known->len ? known->str : "none");
    return NULL;
}

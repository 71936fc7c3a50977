/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What viewers are told besides pixels, gathered on the main loop for all of them.
 */
#include <string.h>

#include "core/input.h"
#include "ui/vnc/vnc-priv.h"

/* Server's news mutex held, as for the rest of the fields below. */
static void changed(VncServer *server)
{
    g_atomic_int_set(&server->news_serial, MAX(server->news_serial + 1, 1));
    g_mutex_unlock(&server->news_mutex);
    for (guint i = 0; i < server->viewers->len; i++) {
        vnc_viewer_wake(g_ptr_array_index(server->viewers, i));
    }
}

static void on_leds(void *opaque, guint leds)
{
    VncServer *server = opaque;

    g_mutex_lock(&server->news_mutex);
    server->news.leds = leds;
    changed(server);
}

static void on_pointer_mode(void *opaque, gboolean absolute)
{
    VncServer *server = opaque;

    g_mutex_lock(&server->news_mutex);
    server->news.absolute = absolute;
    changed(server);
}

static const InputListenerOps input_ops = {.leds = on_leds, .pointer_mode = on_pointer_mode};

static char *title_of(Machine *machine)
{
    gboolean shown = machine_is_running(machine) || machine->run_state == RUN_STATE_PRELAUNCH;
    return g_strdup_printf("%s%s", machine_title(machine), shown ? "" : " [Paused]");
}

static void on_machine(Machine *machine, MachineEvent event, void *opaque)
{
    VncServer *server = opaque;

    if (event == MACHINE_EVENT_RUN_STATE) {
        g_mutex_lock(&server->news_mutex);
        g_free(server->news.title);
        server->news.title = title_of(machine);
        changed(server);
    }
}

static void on_clipboard(void *opaque)
{
    VncServer *server = opaque;
    const Clipboard *clipboard = machine_clipboard(server->frontend.machine);

    g_mutex_lock(&server->news_mutex);
    g_clear_pointer(&server->news.clipboard, g_bytes_unref);
    server->news.clipboard = clipboard->text ? g_bytes_ref(clipboard->text) : NULL;
    server->news.clipboard_serial = clipboard->serial;
    server->news.clipboard_from = server->copying;
    changed(server);
}

void vnc_news_cursor(VncServer *server, Cursor *cursor)
{
    g_mutex_lock(&server->news_mutex);
    cursor_unref(server->news.cursor);
    server->news.cursor = cursor ? cursor_ref(cursor) : NULL;
    server->news.had_cursor = server->news.had_cursor || cursor;
    changed(server);
}

void vnc_news_warp(VncServer *server, int x, int y, gboolean visible)
{
    g_mutex_lock(&server->news_mutex);
    server->news.x = x;
    server->news.y = y;
    server->news.visible = visible;
    changed(server);
}

void vnc_news_open(VncServer *server)
{
    Machine *machine = server->frontend.machine;

    g_mutex_init(&server->news_mutex);
    server->news.leds = input_leds(machine->input);
    server->news.absolute = input_is_absolute(machine->input);
    server->news.title = title_of(machine);
    server->news_serial = 1;
    server->input_listener = input_listen(machine->input, &input_ops, server);
    server->machine_listener = machine_listen(machine, on_machine, server);
    if (server->share_clipboard) {
        server->news.clipboard_serial = machine_clipboard(machine)->serial;
        server->clipboard_listener = clipboard_listen(machine, on_clipboard, server);
    }
}

void vnc_news_close(VncServer *server)
{
    input_unlisten(server->input_listener);
    machine_unlisten(server->frontend.machine, server->machine_listener);
    clipboard_unlisten(server->frontend.machine, server->clipboard_listener);
    vnc_news_clear(&server->news);
    g_mutex_clear(&server->news_mutex);
}

gboolean vnc_news_read(VncServer *server, VncNews *news, guint *serial)
{
    if ((guint)g_atomic_int_get(&server->news_serial) == *serial) {
        return FALSE;
    }
    g_mutex_lock(&server->news_mutex);
    *serial = server->news_serial;
    *news = server->news;
    news->title = g_strdup(server->news.title);
    if (news->cursor) {
        cursor_ref(news->cursor);
    }
    if (news->clipboard) {
        g_bytes_ref(news->clipboard);
    }
    g_mutex_unlock(&server->news_mutex);
    return TRUE;
}

void vnc_news_clear(VncNews *news)
{
    g_clear_pointer(&news->title, g_free);
    g_clear_pointer(&news->cursor, cursor_unref);
    g_clear_pointer(&news->clipboard, g_bytes_unref);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The screen for people and scripts: as an image, as text, and waiting for a text. */
#include <string.h>

#include "core/display.h"
#include "core/error.h"
#include "core/screenshot.h"
#include "monitor/handlers.h"

#define WAIT_SECONDS 60

/* How often a changing screen is looked at. */
#define WAIT_HZ 20

/* By name (and head, of several with one name), or by number from 1. */
static Display *find_display(const CommandCall *call, gint64 head, GError **error)
{
    const char *name = command_string(call, "device");
    GPtrArray *displays = call->machine->displays;
    gint64 matches = 0;
    guint64 number;

    for (guint i = 0; i < displays->len; i++) {
        Display *display = g_ptr_array_index(displays, i);
        if ((!name || strcmp(display_name(display), name) == 0) && matches++ == head) {
            return display;
        }
    }
    if (name && matches == 0 && head == 0 && displays->len > 0 &&
        g_ascii_string_to_unsigned(name, 10, 1, displays->len, &number, NULL)) {
        return g_ptr_array_index(displays, number - 1);
    }
    if (displays->len == 0) {
        error_set(error, "the machine has no display");
    } else if (matches > 0) {
        error_set(error,
                  "there is no head %" G_GINT64_FORMAT " of display '%s' (see 'info display')",
                  head, name ? name : "");
    } else {
        g_set_error(error, VITRINE_ERROR, VITRINE_ERROR_DEVICE_NOT_FOUND,
                    "Device '%s' not found: there is no such display (see 'info display')", name);
    }
    return NULL;
}

/* ---- screendump ---- */

static void screenshot_done(const GError *error, void *opaque)
{
    command_call_finish(opaque, error ? g_error_copy(error) : NULL);
}

gboolean cmd_screendump(CommandCall *call, GError **error)
{
    const char *format_name = command_string(call, "format");
    ScreenshotFormat format = SCREENSHOT_PPM;
    Display *display = find_display(call, command_int(call, "head", 0), error);

    if (!display || (format_name && !screenshot_parse_format(format_name, &format, error))) {
        return FALSE;
    }
    command_call_hold(call);
    screenshot_save(call->machine->workers, display, command_flag(call, "cursor"), format,
                    command_string(call, "filename"), screenshot_done, call);
    return TRUE;
}

/* ---- screen_text ---- */

/* The characters shown; NULL in graphics modes. */
static char *read_text(Display *display)
{
    TextScreen screen = {0};
    char *text = display_text(display, &screen) ? text_screen_to_utf8(&screen) : NULL;

    text_screen_clear(&screen);
    return text;
}

gboolean cmd_screen_text(CommandCall *call, GError **error)
{
    Display *display = find_display(call, 0, error);
    g_autofree char *text = NULL;

    if (!display) {
        return FALSE;
    }
    display_update(display);
    text = read_text(display);
    if (!text) {
        Surface *surface = display_surface(display);
        return error_set(error, "the screen is in a graphics mode (%ux%u): it has no characters",
                         surface->width, surface->height);
    }
    g_string_append(call->out, text);
    return TRUE;
}

/* ---- wait_text ---- */

/* A held call; it ends when the text is there, in time or not, or the display goes away. */
typedef struct Wait {
    CommandCall *call;
    Machine *machine;
    Display *display; /* NULL once it is gone */
    DisplayListener *listener;
    MachineListener *events;
    Timer timer;
    Deferred *end;
    char *text;
    gint64 seconds;
    GError *error; /* how it ended */
} Wait;

static gboolean is_there(Wait *wait)
{
    g_autofree char *text = read_text(wait->display);

    return text && strstr(text, wait->text);
}

/* Nobody is told of anything any more, but the call goes on. */
static void wait_stop(Wait *wait)
{
    display_detach(g_steal_pointer(&wait->listener));
    machine_unlisten(wait->machine, g_steal_pointer(&wait->events));
    timer_cancel(&wait->timer);
}

static void wait_end(void *opaque)
{
    Wait *wait = opaque;

    wait_stop(wait);
    deferred_free(wait->end);
    g_free(wait->text);
    command_call_finish(wait->call, wait->error);
    g_free(wait);
}

/* Not in the middle of what a device or the frame clock is doing: what follows is the next command
 * of the session. Takes the error. */
static void wait_end_soon(Wait *wait, GError *error)
{
    wait->error = error;
    wait_stop(wait);
    deferred_schedule(wait->end);
}

static void wait_timeout(void *opaque)
{
    Wait *wait = opaque;
    TextScreen screen = {0};
    gboolean has_text = display_text(wait->display, &screen);

    text_screen_clear(&screen);
    wait_end_soon(wait,
                  g_error_new(VITRINE_ERROR, VITRINE_ERROR_GENERIC,
                              "'%s' did not come within %" G_GINT64_FORMAT " seconds%s", wait->text,
                              wait->seconds, has_text ? "" : "; the screen is in a graphics mode"));
}

static void wait_surface(void *opaque, Surface *surface)
{
}

static void wait_damage(void *opaque, const pixman_region32_t *region)
{
}

static void wait_frame(void *opaque)
{
    Wait *wait = opaque;

    if (wait->listener && is_there(wait)) {
        wait_end_soon(wait, NULL);
    }
}

static const DisplayListenerOps wait_ops = {
    .name = "wait_text",
    .surface = wait_surface,
    .damage = wait_damage,
    .frame = wait_frame,
};

static void wait_event(Machine *machine, MachineEvent event, void *opaque)
{
    Wait *wait = opaque;

    if (event == MACHINE_EVENT_CONSOLES &&
        !g_ptr_array_find(machine->displays, wait->display, NULL)) {
        wait_end_soon(
            wait, g_error_new(VITRINE_ERROR, VITRINE_ERROR_GENERIC, "the display has gone away"));
        if (command_call_is_orphan(wait->call)) {
            wait_end(wait); /* nobody waits any more; the machine itself may be ending */
        }
    }
}

gboolean cmd_wait_text(CommandCall *call, GError **error)
{
    Display *display = find_display(call, 0, error);
    Wait *wait;

    if (!display) {
        return FALSE;
    }
    wait = g_new0(Wait, 1);
    wait->call = call;
    wait->machine = call->machine;
    wait->display = display;
    wait->text = g_strdup(command_string(call, "text"));
    wait->seconds = command_int(call, "seconds", WAIT_SECONDS);
    wait->end = deferred_new(call->machine->loop, wait_end, wait);
    timer_init(&wait->timer, call->machine->host_clock, wait_timeout, wait);
    wait->events = machine_listen(call->machine, wait_event, wait);
    command_call_hold(call);
    timer_set_after(&wait->timer, wait->seconds * NS_PER_SEC);
    wait->listener = display_attach(display, &wait_ops, wait, WAIT_HZ);
    wait_frame(wait); /* it may be there already */
    return TRUE;
}

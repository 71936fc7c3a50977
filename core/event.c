/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/event.h"

struct EventWatch {
    Machine *machine;
    EventFn fn; /* NULL: removed during a call */
    void *opaque;
};

/* Those that were removed go when nobody is being called. */
static void sweep(Machine *machine)
{
    for (guint i = machine->event_watches->len; i-- > 0;) {
        EventWatch *watch = g_ptr_array_index(machine->event_watches, i);
        if (!watch->fn) {
            g_ptr_array_remove_index(machine->event_watches, i);
            g_free(watch);
        }
    }
}

void event_emit(Machine *machine, const char *name, const char *format, ...)
{
    GPtrArray *watches = machine->event_watches;
    g_autoptr(GVariant) data = NULL;
    guint count = watches->len;

    if (count == 0) {
        return;
    }
    if (format) {
        va_list args;
        va_start(args, format);
        data = g_variant_ref_sink(g_variant_new_parsed_va(format, &args));
        va_end(args);
    }
    machine->events_depth++;
    for (guint i = 0; i < count; i++) {
        EventWatch *watch = g_ptr_array_index(watches, i);
        if (watch->fn) {
            watch->fn(name, data, watch->opaque);
        }
    }
    if (--machine->events_depth == 0) {
        sweep(machine);
    }
}

EventWatch *event_watch(Machine *machine, EventFn fn, void *opaque)
{
    EventWatch *watch = g_new0(EventWatch, 1);

    *watch = (EventWatch){machine, fn, opaque};
    g_ptr_array_add(machine->event_watches, watch);
    return watch;
}

void event_unwatch(EventWatch *watch)
{
    if (watch) {
        watch->fn = NULL;
        if (watch->machine->events_depth == 0) {
            sweep(watch->machine);
        }
    }
}

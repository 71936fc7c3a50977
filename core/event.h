/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What has happened in the machine, for programs that follow it (QMP's events). Whoever knows of
 * it says so with the event's name and data; monitors listen. For parts of the machine itself
 * there is MachineEvent, which comes earlier and carries no data. Vm lock held.
 */
#pragma once

#include <glib.h>

#include "core/machine.h"

typedef struct EventWatch EventWatch;

/* `data`: an a{sv} of the event's members, NULL = none; valid during the call. */
typedef void (*EventFn)(const char *name, GVariant *data, void *opaque);

/*
 * Tells of event `name` ("RTC_CHANGE"); `format` and what follows make the members, an a{sv}, as
 * g_variant_new_parsed() does: "{'offset': <%x>}"; NULL = none.
 */
void event_emit(Machine *machine, const char *name, const char *format, ...);

EventWatch *event_watch(Machine *machine, EventFn fn, void *opaque);
/* Also from inside its own call. NULL is fine. */
void event_unwatch(EventWatch *watch);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/verbs.h"

#include <string.h>

const Verb verbs[] = {
    {"list", "[--json]", "lists the machines that run, and how they are shown", verb_list},
    {"attach", "[MACHINE] [FRONTEND[,PROP=VALUE...]]",
     "shows a running machine here: in a window, or in this terminal; MACHINE is its name, a\n"
     "beginning of it, or its process id, and may be left out if there is only one",
     verb_attach},
    {"detach", "MACHINE ID", "closes one of its frontends; the machine goes on", verb_detach},
    {NULL},
};

const Verb *verb_find(const char *name)
{
    for (const Verb *verb = verbs; verb->name; verb++) {
        if (strcmp(verb->name, name) == 0) {
            return verb;
        }
    }
    return NULL;
}

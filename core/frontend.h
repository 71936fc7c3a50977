/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frontends: what shows displays and sends input. Each is one loadable module (ui/NAME/) that
 * exports `const FrontendOps vitrine_frontend`; app/ loads it by name with GModule, so that a
 * headless install needs no GTK. Vm lock held.
 *
 * Modules resolve the program's own symbols; they link nothing of it.
 */
#pragma once

#include <glib.h>

#include "core/machine.h"

typedef struct Frontend Frontend;
typedef struct FrontendOps FrontendOps;

#define FRONTEND_ABI 1

struct Frontend {
    const FrontendOps *ops;
    Machine *machine;
    char *id; /* unique: "gtk", "vnc", "vnc1" */
};

struct FrontendOps {
    guint abi;        /* FRONTEND_ABI */
    const char *name; /* as in -display NAME */
    const char *summary;
    gsize size;                 /* of its struct, which begins with a Frontend */
    const OptionSpec *options;  /* NULL = none */
    const char *implied_option; /* option that the first bare word sets; NULL = none */
    /* Required. TRUE if it could open here (there is a display server); else says why not. */
    gboolean (*probe)(GError **error);
    /* Required. Options are set, machine->displays is filled; shows them. */
    gboolean (*open)(Frontend *frontend, GError **error);
    /* Required. Ends the showing; the machine goes on. */
    void (*close)(Frontend *frontend);
    /* Appends text for `info NAME`. NULL = nothing to say. */
    void (*info)(Frontend *frontend, GString *out);
    /* Sets (NULL: clears) the password that viewers must give. NULL = has none. */
    gboolean (*set_password)(Frontend *frontend, const char *password, GError **error);
    /* Required with set_password(). The password lets nobody in any more from so many seconds on;
     * -1 = never. */
    void (*expire_password)(Frontend *frontend, gint64 seconds);
};

/* Opens a frontend of these ops with "key=value,..." options; adds it to machine->frontends. */
Frontend *frontend_open(Machine *machine, const FrontendOps *ops, const char *options,
                        GError **error);
void frontend_close(Frontend *frontend);
Frontend *frontend_find(Machine *machine, const char *id_or_name);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Backends: what `-object TYPE,id=ID,...` and `object_add` make for others to use by its id - a
 * secret, a source of random bytes. A type is one const BackendOps in backend_types[]; what it does
 * for its users is a seam of its own (secret.h, rng.h), which BackendOps points to.
 *
 * A backend belongs to its machine. Who uses one for longer than a call claims it, and it stays
 * until released. Vm lock held unless said otherwise.
 */
#pragma once

#include <glib.h>

#include "core/machine.h"

typedef struct Backend Backend;
typedef struct BackendOps BackendOps;
typedef struct RngOps RngOps;

/* First member of every backend's state. */
struct Backend {
    const BackendOps *ops;
    Machine *machine;
    char *id;
    guint users; /* who have claimed it */
};

struct BackendOps {
    const char *name; /* as in -object NAME */
    const char *summary;
    const char *parent; /* kind of it in the object tree: "rng-backend" */
    gsize size;         /* of its struct, which begins with a Backend */
    const OptionSpec *options;
    /* Options are set: checks them and reads files. Without the lock, in a worker or at start; may
     * block. NULL = nothing to do. */
    gboolean (*load)(Backend *backend, GError **error);
    /* Then, with the lock. NULL = nothing to do. */
    gboolean (*open)(Backend *backend, GError **error);
    /* Frees what load() and open() made, also if one of them has failed. NULL = nothing to do. */
    void (*close)(Backend *backend);
    const RngOps *rng; /* a source of random bytes; NULL = it is none */
};

/* Every type, ended by NULL, in order of names. */
extern const BackendOps *const backend_types[];

const BackendOps *backend_type_find(const char *name); /* NULL if there is none */

/* For people: what can be set, or (NULL) a list of the types. */
void backend_help(const BackendOps *ops, GString *out);

/*
 * Takes qom-type= and id= out of `options` and makes a backend of the rest. It blocks while files
 * are read: for start. NULL with `error` set on failure.
 */
Backend *backend_add(Machine *machine, OptionList *options, GError **error);

/* The same while the machine is there: `done` is called on the loop, maybe before the return. */
void backend_add_later(Machine *machine, OptionList *options,
                       void (*done)(Backend *backend, const GError *error, void *opaque),
                       void *opaque);

/*
 * An option list for the two from typed members, an a{sv} such as JSON gives ("qom-type", "id" and
 * options, which must have their types). NULL with `error` set if they do not fit.
 */
OptionList *backend_options_from_members(GVariant *members, GError **error);

Backend *backend_find(Machine *machine, const char *id); /* NULL if there is none */

/* Fails if it is claimed. */
gboolean backend_remove(Backend *backend, GError **error);

/* The machine ends: all of them go. */
void backends_free(Machine *machine);

/* For users. The backend of that id, if it is of the type or kind `type`. */
Backend *backend_claim(Machine *machine, const char *id, const char *type, GError **error);
void backend_release(Backend *backend); /* NULL is fine */

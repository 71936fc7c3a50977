/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frontends: what shows displays and sends input. Each is one loadable module (ui/NAME/) that
 * exports `const FrontendOps vitrine_frontend`; app/ loads it by name with GModule, so that a
 * headless install needs no GTK. Vm lock held.
 *
 * Modules resolve the program's own symbols; they link nothing of it.
 *
 * A frontend may be opened and closed at any time, from another shell too (`vitrine attach`). What
 * of that shell's environment it needs comes as options with these names, which every frontend
 * that has a use for them puts into its table:
 *
 *   display=TEXT     gtk, sdl: an X display (":1", "host:0.0") or a Wayland socket (a name in
 *                    XDG_RUNTIME_DIR, or an absolute path); unset = the process's own environment
 *   xauthority=FILE  gtk, sdl: the file with the X server's cookie (see ui/common/host-env.h)
 *   tty=PLACE        terminal: "/dev/pts/N", or "fd:N", an open descriptor of this process, which
 *                    the frontend owns from open() on, even if that fails; unset = stdin and stdout
 *   term=, colorterm=, lang=   terminal: TERM, COLORTERM and LC_CTYPE (or LANG) of that terminal
 *   window-close=    gtk, sdl: what closing the window does, see ui/common/window-close.h
 */
#pragma once

#include <glib.h>

#include "core/machine.h"

typedef struct Frontend Frontend;
typedef struct FrontendOps FrontendOps;

#define FRONTEND_ABI 2

struct Frontend {
    const FrontendOps *ops;
    Machine *machine;
    char *id; /* unique: "gtk", "vnc", "vnc1" */
    /* private to core/frontend.c */
    Deferred *close_request; /* NULL = not asked to close */
    char *close_why;
};

/* What a new password does to the viewers that are there (`set_password`). */
typedef enum PasswordAction {
    PASSWORD_KEEP, /* they stay */
    PASSWORD_FAIL, /* if there are any, it is not set */
    PASSWORD_DISCONNECT,
} PasswordAction;

struct FrontendOps {
    guint abi;        /* FRONTEND_ABI */
    const char *name; /* as in -display NAME */
    const char *summary;
    gsize size;                 /* of its struct, which begins with a Frontend */
    const OptionSpec *options;  /* NULL = none */
    const char *implied_option; /* option that the first bare word sets; NULL = none */
    /* Required. TRUE if it could open in the process's own environment (there is a display
     * server); else says why not. Asked before open(), unless display= or tty= names a place. */
    gboolean (*probe)(GError **error);
    /* TRUE unless what open() would connect to with these "key=value,..." options takes the
     * connection and then says nothing, which open() would wait for. May block for seconds: a
     * worker calls it, without the lock. NULL = open() waits for nobody. */
    gboolean (*reach)(const char *options, GError **error);
    /* Required. Options are set, machine->displays is filled; shows them. On failure close() is
     * not called: nothing may be left. It may drop the vm lock while it waits for a server. */
    gboolean (*open)(Frontend *frontend, GError **error);
    /* Required. Ends the showing; the machine goes on. Never called from inside the frontend's own
     * callbacks, if it asks by frontend_request_close(). */
    void (*close)(Frontend *frontend);
    /* Appends text for `info NAME`. NULL = nothing to say. */
    void (*info)(Frontend *frontend, GString *out);
    /* The same for programs: an a{sv}, floating, of what query-vnc-servers tells of a server, or
     * query-spice. NULL = nothing to say. */
    GVariant *(*query)(Frontend *frontend);
    /* Takes a viewer that is connected already: owns the socket from then on, but not if it fails.
     * `skip_auth`: it need not give a password; `tls`: it speaks TLS. NULL = takes none. */
    gboolean (*add_client)(Frontend *frontend, int fd, gboolean skip_auth, gboolean tls,
                           GError **error);
    /* Sets (NULL: clears) the password that viewers must give. NULL = has none. */
    gboolean (*set_password)(Frontend *frontend, const char *password, PasswordAction connected,
                             GError **error);
    /* Required with set_password(). The password lets nobody in any more from so many seconds on;
     * -1 = never. */
    void (*expire_password)(Frontend *frontend, gint64 seconds);
    /* The terminal that tty= gave has another size now, which SIGWINCH tells another process. NULL
     * = has no terminal. */
    void (*resized)(Frontend *frontend);
    /* An option that is `live` has another value now. Required if there is such a one. */
    void (*option_changed)(Frontend *frontend, const char *name);
};

/* Opens a frontend of these ops with "key=value,..." options; adds it to machine->frontends. On
 * failure nothing of it is left. */
Frontend *frontend_open(Machine *machine, const FrontendOps *ops, const char *options,
                        GError **error);

/*
 * Opens what "NAME", "NAME,key=value,..." or "NAME=VALUE,..." (the value of its implied option)
 * asks for, loading its module through machine->load_frontend.
 */
Frontend *frontend_open_text(Machine *machine, const char *text, GError **error);

/*
 * Loads the module of a frontend in a worker, which may take a tenth of a second, and then calls
 * `done` on the loop with it, or with an error. Opening it is quick afterwards. `options`: asks
 * its reach(), too, which may take seconds; NULL = does not.
 */
void frontend_load(Machine *machine, const char *name, const char *options,
                   void (*done)(const FrontendOps *ops, const GError *error, void *opaque),
                   void *opaque);

/* Closes and frees it at once. Not from inside its own callbacks. */
void frontend_close(Frontend *frontend);

/*
 * Closes it from the loop, later. From anywhere with the lock held, the frontend's own callbacks
 * too; asking again changes nothing. `why` goes to stderr: "the X server has gone"; NULL = the
 * person wanted it, and nothing is said.
 */
void frontend_request_close(Frontend *frontend, const char *why);

/* TRUE between frontend_request_close() and the end. */
gboolean frontend_is_closing(const Frontend *frontend);

/* Looks for an id first, then for the oldest one of that name. */
Frontend *frontend_find(Machine *machine, const char *id_or_name);

/*
 * Frontends that come (`is_open`, after open()) and go (before close(); `why` as above). A watch
 * may be removed in its own call.
 */
typedef struct FrontendWatch FrontendWatch;
typedef void (*FrontendWatchFn)(Frontend *frontend, gboolean is_open, const char *why,
                                void *opaque);
FrontendWatch *frontend_watch(Machine *machine, FrontendWatchFn fn, void *opaque);
void frontend_unwatch(Machine *machine, FrontendWatch *watch); /* NULL is fine */

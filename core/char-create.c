/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Making character devices, at once or while the machine runs, and exchanging one for another
 * under its user.
 */
#include <string.h>

#include "core/char-priv.h"
#include "core/error.h"

const OptionSpec chardev_common_options[] = {
    {"logfile", OPTION_STRING, offsetof(Chardev, logfile), NULL,
     "file that gets what the machine writes, too"},
    {"logappend", OPTION_BOOL, offsetof(Chardev, logappend), "off",
     "keep what is in the log file and add to it"},
    {"mux", OPTION_BOOL, offsetof(Chardev, mux), "off",
     "let several users share it: Ctrl-A c goes to the next"},
    OPTION_END,
};

static const ChardevOps *find_type(const char *type, GError **error)
{
    for (guint i = 0; chardev_types[i]; i++) {
        if (!strcmp(chardev_types[i]->name, type)) {
            return chardev_types[i];
        }
    }
    error_set(error, "unknown character device type '%s' ('-chardev help' lists them)", type);
    return NULL;
}

static gboolean check_id(Machine *machine, const char *id, GError **error)
{
    if (!id || !*id) {
        return error_set(error, "a character device needs an id=");
    }
    if (chardev_find(machine, id)) {
        return error_set(error, "there is a character device '%s' already", id);
    }
    return TRUE;
}

void char_discard(Chardev *chr)
{
    char_log_close(chr);
    options_clear(chardev_common_options, chr);
    if (chr->ops->options) {
        options_clear(chr->ops->options, chr);
    }
    g_free(chr->id);
    g_free(chr);
}

static gboolean apply(Chardev *chr, OptionList *options, GError **error)
{
    g_autofree char *what = g_strdup_printf("character device '%s'", chr->ops->name);

    options_set_defaults(chardev_common_options, chr);
    if (chr->ops->options) {
        options_set_defaults(chr->ops->options, chr);
    }
    if (!options) {
        return TRUE;
    }
    g_free(option_list_take(options, "id"));
    if (!options_apply(chardev_common_options, chr, options, error) ||
        (chr->ops->options && !options_apply(chr->ops->options, chr, options, error)) ||
        !option_list_check_used(options, what, error)) {
        return FALSE;
    }
    return !chr->mux || chr->ops != &char_mux_ops ||
           error_set(error, "mux=on is for the device that a mux shares");
}

/* Not open yet. */
static Chardev *make(Machine *machine, const char *type, const char *id, OptionList *options,
                     GError **error)
{
    const ChardevOps *ops = find_type(type, error);
    Chardev *chr;

    if (!ops) {
        return NULL;
    }
    g_assert(ops->size >= sizeof(Chardev) && ops->open && ops->close && ops->write);
    chr = g_malloc0(ops->size);
    chr->ops = ops;
    chr->machine = machine;
    chr->id = g_strdup(id);
    if (!apply(chr, options, error)) {
        char_discard(chr);
        return NULL;
    }
    return chr;
}

/* A mux over a device with mux=on, which was made as "ID-base" for it. */
static Chardev *add_mux(Chardev *base, const char *id, GError **error)
{
    g_autoptr(OptionList) options = option_list_new();

    option_list_add(options, "chardev", base->id);
    return chardev_create(base->machine, char_mux_ops.name, id, options, error);
}

/* Opens a prepared device and lists it; it is gone if that fails. */
static Chardev *finish(Chardev *chr, GError **error)
{
    Machine *machine = chr->machine;
    g_autofree char *id = g_strdup(chr->id);

    if (chr->mux) {
        g_free(chr->id);
        chr->id = g_strconcat(id, "-base", NULL);
    }
    if (!check_id(machine, id, error) || (chr->mux && !check_id(machine, chr->id, error)) ||
        !char_log_open(chr, error)) {
        if (chr->ops->prepare) {
            chr->ops->close(chr);
        }
        char_discard(chr);
        return NULL;
    }
    if (!chr->ops->open(chr, error)) {
        char_discard(chr);
        return NULL;
    }
    g_ptr_array_add(machine->chars->chardevs, chr);
    if (chardev_is_vc(chr)) {
        machine_announce_consoles(machine);
    }
    return chr->mux ? add_mux(chr, id, error) : chr;
}

Chardev *chardev_create(Machine *machine, const char *type, const char *id, OptionList *options,
                        GError **error)
{
    Chardev *chr = check_id(machine, id, error) ? make(machine, type, id, options, error) : NULL;

    if (chr && chr->ops->prepare && !chr->ops->prepare(chr, error)) {
        char_discard(chr);
        return NULL;
    }
    return chr ? finish(chr, error) : NULL;
}

/* ---- while the machine runs ---- */

typedef struct Making {
    Chardev *chr;
    gboolean replaces; /* the one that has its id now */
    GError *error;     /* why the worker failed */
    CharReadyFn done;
    void *opaque;
} Making;

static gboolean can_change(Machine *machine, const char *id, GError **error)
{
    Chardev *old = chardev_find(machine, id);

    if (!old) {
        return error_set(error, "Chardev '%s' does not exist", id);
    }
    if (chardev_is_mux(old) || old->mux) {
        return error_set(error, "character device '%s' is shared by a mux: it cannot be exchanged",
                         id);
    }
    if (old->shared || (old->user && !old->user->moved)) {
        return error_set(error, "the user of character device '%s' cannot go to another one", id);
    }
    return TRUE;
}

static void move_user(Chardev *old, Chardev *chr)
{
    const CharUser *user = old->user;
    void *opaque = old->user_opaque;

    if (old->connected && user->event) {
        user->event(opaque, CHAR_CLOSED);
    }
    old->user = NULL;
    chr->user = user;
    chr->user_opaque = opaque;
    user->moved(opaque, chr);
    if (chr->connected && user->event) {
        user->event(opaque, CHAR_OPENED);
    }
    chardev_accept(chr);
    chardev_writable(chr);
}

static Chardev *exchange(Chardev *chr, GError **error)
{
    Machine *machine = chr->machine;
    Chardev *old;

    if (!can_change(machine, chr->id, error)) {
        if (chr->ops->prepare) {
            chr->ops->close(chr);
        }
        char_discard(chr);
        return NULL;
    }
    old = chardev_find(machine, chr->id);
    old->replaced = TRUE;
    chr = finish(chr, error);
    old->replaced = FALSE;
    if (!chr) {
        return NULL;
    }
    if (old->user) {
        move_user(old, chr);
    }
    chardev_destroy(old, NULL);
    return chr;
}

static void end_making(void *opaque)
{
    Making *making = opaque;
    Chardev *chr = making->chr;

    if (making->error) {
        char_discard(chr);
        chr = NULL;
    } else {
        chr = making->replaces ? exchange(chr, &making->error) : finish(chr, &making->error);
    }
    making->done(chr, making->error, making->opaque);
    g_clear_error(&making->error);
    g_free(making);
}

static void prepare_in_worker(void *opaque)
{
    Making *making = opaque;

    making->chr->ops->prepare(making->chr, &making->error);
}

static void start_making(Chardev *chr, gboolean replaces, CharReadyFn done, void *opaque)
{
    Making *making = g_new0(Making, 1);

    *making = (Making){.chr = chr, .replaces = replaces, .done = done, .opaque = opaque};
    chr->later = TRUE;
    if (chr->ops->prepare) {
        worker_submit(chr->machine->workers, prepare_in_worker, end_making, making);
    } else {
        end_making(making);
    }
}

void chardev_create_later(Machine *machine, const char *type, const char *id, OptionList *options,
                          CharReadyFn done, void *opaque)
{
    g_autoptr(GError) error = NULL;
    Chardev *chr = check_id(machine, id, &error) ? make(machine, type, id, options, &error) : NULL;

    if (chr) {
        start_making(chr, FALSE, done, opaque);
    } else {
        done(NULL, error, opaque);
    }
}

void chardev_change(Machine *machine, const char *type, const char *id, OptionList *options,
                    CharReadyFn done, void *opaque)
{
    g_autoptr(GError) error = NULL;
    Chardev *chr =
        can_change(machine, id, &error) ? make(machine, type, id, options, &error) : NULL;

    if (chr && (chr->mux || chardev_is_mux(chr))) {
        g_clear_pointer(&chr, char_discard);
        error_set(&error, "a character device cannot be exchanged for a mux");
    }
    if (chr) {
        start_making(chr, TRUE, done, opaque);
    } else {
        done(NULL, error, opaque);
    }
}

OptionList *chardev_parse(const char *text, char **type, char **id, GError **error)
{
    OptionList *list = option_list_parse(text, "backend", error);

    *type = list ? option_list_take(list, "backend") : NULL;
    *id = list ? option_list_take(list, "id") : NULL;
    if (list && !*type) {
        g_clear_pointer(&list, option_list_free);
        g_clear_pointer(id, g_free);
        error_set(error, "'%s': the type is missing, as in TYPE,id=ID", text);
    }
    return list;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/passed-fds.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "app/options.h"
#include "core/error.h"
#include "core/fdset.h"

typedef struct PassedFd {
    gint64 fd, set;
    char *note;
} PassedFd;

static const OptionSpec passed_specs[] = {
    {"fd", OPTION_INT, G_STRUCT_OFFSET(PassedFd, fd), "-1", "number of the descriptor"},
    {"set", OPTION_INT, G_STRUCT_OFFSET(PassedFd, set), "-1", "N of /dev/fdset/N"},
    {"opaque", OPTION_STRING, G_STRUCT_OFFSET(PassedFd, note), NULL, "text for query-fdsets"},
    OPTION_END,
};

static gboolean check(const PassedFd *passed, GError **error)
{
    int flags;

    if (passed->fd < 0) {
        return error_set(error, "fd option is required and must be non-negative");
    }
    if (passed->fd <= STDERR_FILENO) {
        return error_set(error, "fd cannot be a standard I/O stream");
    }
    /* Ours are closed by exec(2), those that we were started with were not. */
    flags = passed->fd <= G_MAXINT ? fcntl((int)passed->fd, F_GETFD) : -1;
    if (flags < 0 || (flags & FD_CLOEXEC)) {
        return error_set(error, "fd is not valid or already in use");
    }
    return passed->set >= 0 || error_set(error, "set option is required and must be non-negative");
}

static gboolean parse(const char *text, PassedFd *passed, GError **error)
{
    g_autoptr(OptionList) list = option_list_parse(text, NULL, error);

    options_set_defaults(passed_specs, passed);
    if (list && options_apply(passed_specs, passed, list, error) &&
        option_list_check_used(list, "-add-fd", error) && check(passed, error)) {
        return TRUE;
    }
    options_clear(passed_specs, passed);
    return FALSE;
}

gboolean cli_apply_add_fd(CliConfig *config, const CliOption *option, const char *value,
                          GError **error)
{
    CliItem item = {option->name, value};
    PassedFd passed;

    if (!parse(value, &passed, error)) {
        return FALSE;
    }
    options_clear(passed_specs, &passed);
    g_array_append_val(config->passed_fds, item);
    return TRUE;
}

static gboolean take(Machine *machine, const char *text, GArray *taken, GError **error)
{
    g_autoptr(GError) reason = NULL;
    PassedFd passed;
    int fd;

    if (!parse(text, &passed, error)) {
        return FALSE;
    }
    /* A descriptor may be for several sets. */
    fd = fcntl((int)passed.fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0) {
        error_set_errno(&reason, errno, "cannot duplicate it");
    } else if (!fdsets_add(machine->fdsets, &passed.set, fd, passed.note, &reason)) {
        close(fd);
    }
    options_clear(passed_specs, &passed);
    if (reason) {
        g_propagate_error(error, g_steal_pointer(&reason));
        return FALSE;
    }
    fd = (int)passed.fd;
    g_array_append_val(taken, fd);
    return TRUE;
}

gboolean passed_fds_take(Machine *machine, const CliConfig *config, GError **error)
{
    g_autoptr(GArray) taken = g_array_new(FALSE, FALSE, sizeof(int));

    for (guint i = 0; i < config->passed_fds->len; i++) {
        const char *text = g_array_index(config->passed_fds, CliItem, i).value;

        if (!take(machine, text, taken, error)) {
            g_prefix_error(error, "-add-fd %s: ", text);
            return FALSE;
        }
    }
    for (guint i = 0; i < taken->len; i++) {
        int fd = g_array_index(taken, int, i);

        if (!(fcntl(fd, F_GETFD) & FD_CLOEXEC)) { /* named twice, it is closed by now */
            close(fd);
        }
    }
    return TRUE;
}

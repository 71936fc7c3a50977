/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "control/dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/error.h"

#define MAX_NAME   48 /* sun_path holds 107 bytes with the folder in front */
#define LOCK_TRIES 100
#define LOCK_WAIT  (10 * G_TIME_SPAN_MILLISECOND)
#define BACKLOG    128

/* ---- the folder ---- */

/* basedir-spec: XDG_RUNTIME_DIR must be owned by the user. Root may have kept another user's. */
static gboolean is_own_dir(const char *path)
{
    struct stat st;

    return path && path[0] == '/' && stat(path, &st) == 0 && S_ISDIR(st.st_mode) &&
           st.st_uid == geteuid();
}

static char *choose_dir(void)
{
    g_autofree char *run = g_strdup_printf("/run/user/%u", (guint)geteuid());
    const char *runtime = g_getenv("XDG_RUNTIME_DIR");

    if (is_own_dir(runtime)) {
        return g_build_filename(runtime, "vitrine", NULL);
    }
    if (is_own_dir(run)) {
        return g_build_filename(run, "vitrine", NULL);
    }
    return g_strdup_printf("/tmp/vitrine-%u", (guint)geteuid());
}

/* Somebody else may have been there first, with a folder or a link of his own. */
static gboolean check_dir(const char *path, GError **error)
{
    struct stat st;

    if (lstat(path, &st) < 0) {
        return error_set_errno(error, errno, "the folder of control sockets %s", path);
    }
    if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid()) {
        return error_set(error, "%s is not a folder of this user: no control socket there", path);
    }
    if ((st.st_mode & 0077) && chmod(path, 0700) < 0) {
        return error_set_errno(error, errno, "%s is open to others", path);
    }
    return TRUE;
}

char *control_dir(gboolean make, GError **error)
{
    g_autofree char *path = choose_dir();

    if (make && mkdir(path, 0700) < 0 && errno != EEXIST) {
        error_set_errno(error, errno, "cannot make the folder %s", path);
        return NULL;
    }
    if (make && !check_dir(path, error)) {
        return NULL;
    }
    return g_steal_pointer(&path);
}

/* Held while sockets are claimed or removed. Returns an fd to close, or -1. */
static int lock_dir(const char *dir, guint tries)
{
    g_autofree char *path = g_build_filename(dir, ".lock", NULL);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    for (guint i = 0; fd >= 0; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
            return fd;
        }
        if (i + 1 >= tries) {
            close(fd);
            return -1;
        }
        g_usleep(LOCK_WAIT);
    }
    return -1;
}

/* ---- sockets ---- */

gboolean control_name_is_plain(const char *name)
{
    if (!name || !*name || *name == '.' || strlen(name) > MAX_NAME) {
        return FALSE;
    }
    for (const char *p = name; *p; p++) {
        if (!g_ascii_isalnum(*p) && !strchr("._-", *p)) {
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean fill_address(struct sockaddr_un *address, const char *path)
{
    memset(address, 0, sizeof(*address));
    address->sun_family = AF_UNIX;
    return g_strlcpy(address->sun_path, path, sizeof(address->sun_path)) <
           sizeof(address->sun_path);
}

int control_dir_connect(const char *path)
{
    struct sockaddr_un address;
    int fd;

    if (!fill_address(&address, path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        int why = errno;

        close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

/* TRUE if nobody listens there any more. A full backlog (EAGAIN) is alive. */
static gboolean is_dead(const char *path)
{
    int fd = control_dir_connect(path);

    if (fd >= 0) {
        close(fd);
        return FALSE;
    }
    return errno == ECONNREFUSED;
}

static int bind_at(const char *path, GError **error)
{
    struct sockaddr_un address;
    int fd;

    if (!fill_address(&address, path)) {
        error_set(error, "the path %s is too long for a socket", path);
        return -1;
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0) {
        unlink(path); /* left by a process that had this pid */
    }
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
        chmod(path, 0600) < 0 || listen(fd, BACKLOG) < 0) {
        error_set_errno(error, errno, "cannot listen at %s", path);
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    return fd;
}

/* Gives the socket its name, unless a living one has it. Folder locked. */
static char *claim(const char *dir, const char *from, const char *name)
{
    g_autofree char *file = g_strconcat(name, CONTROL_SUFFIX, NULL);
    g_autofree char *path = g_build_filename(dir, file, NULL);

    if (link(from, path) < 0 &&
        (errno != EEXIST || !is_dead(path) || unlink(path) < 0 || link(from, path) < 0)) {
        return NULL;
    }
    return g_steal_pointer(&path);
}

int control_dir_listen(const char *name, char **path, GError **error)
{
    g_autofree char *dir = control_dir(TRUE, error);
    g_autofree char *pid = g_strdup_printf("%d", (int)getpid());
    g_autofree char *temporary = NULL;
    int lock, fd;

    *path = NULL;
    if (!dir) {
        return -1;
    }
    lock = lock_dir(dir, LOCK_TRIES);
    if (lock < 0) {
        error_set(error, "%s/.lock is held by another process, or cannot be made", dir);
        return -1;
    }
    temporary = g_strdup_printf("%s/.%s", dir, pid);
    fd = bind_at(temporary, error);
    if (fd >= 0) {
        *path = control_name_is_plain(name) ? claim(dir, temporary, name) : NULL;
        *path = *path ? *path : claim(dir, temporary, pid);
        unlink(temporary);
        if (!*path) {
            error_set(error, "there is another machine's socket %s/%s%s", dir, pid, CONTROL_SUFFIX);
            close(fd);
            fd = -1;
        }
    }
    close(lock);
    return fd;
}

/* ---- what there is ---- */

static int compare_paths(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Fills the list with living sockets; dead ones are removed if the folder could be locked. */
static void read_dir(const char *dir, gboolean locked, GPtrArray *paths)
{
    DIR *entries = opendir(dir);
    const struct dirent *entry;

    while (entries && (entry = readdir(entries)) != NULL) {
        g_autofree char *path = NULL;

        if (entry->d_name[0] == '.' || !g_str_has_suffix(entry->d_name, CONTROL_SUFFIX)) {
            continue;
        }
        path = g_build_filename(dir, entry->d_name, NULL);
        if (!is_dead(path)) {
            g_ptr_array_add(paths, g_steal_pointer(&path));
        } else if (locked) {
            unlink(path);
        }
    }
    if (entries) {
        closedir(entries);
    }
}

GPtrArray *control_dir_list(GError **error)
{
    g_autofree char *dir = control_dir(FALSE, error);
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    struct stat st;
    int lock;

    if (lstat(dir, &st) < 0) {
        return g_steal_pointer(&paths); /* no machine has run yet */
    }
    if (!check_dir(dir, error)) {
        return NULL;
    }
    lock = lock_dir(dir, 1);
    read_dir(dir, lock >= 0, paths);
    if (lock >= 0) {
        close(lock);
    }
    g_ptr_array_sort(paths, compare_paths);
    return g_steal_pointer(&paths);
}

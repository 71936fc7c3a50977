/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/fdset.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/error.h"

#define PREFIX "/dev/fdset/"

typedef struct Member {
    int fd;
    char *note;
} Member;

typedef struct FdSet {
    gint64 id;
    GArray *members; /* of Member */
    gboolean used;   /* somebody has opened it */
} FdSet;

struct FdSets {
    GMutex lock;
    GPtrArray *sets; /* of FdSet*, by id */
    guint count;     /* of all members */
    guint managers;
};

/* ---- sets ---- */

static void member_clear(gpointer data)
{
    Member *member = data;

    close(member->fd);
    g_free(member->note);
}

static void set_free(gpointer data)
{
    FdSet *set = data;

    g_array_unref(set->members);
    g_free(set);
}

FdSets *fdsets_new(void)
{
    FdSets *sets = g_new0(FdSets, 1);

    g_mutex_init(&sets->lock);
    sets->sets = g_ptr_array_new_with_free_func(set_free);
    return sets;
}

void fdsets_free(FdSets *sets)
{
    g_ptr_array_unref(sets->sets);
    g_mutex_clear(&sets->lock);
    g_free(sets);
}

/* Where the set is, or would be; `*set` NULL if it is not there. */
static guint find(FdSets *sets, gint64 id, FdSet **set)
{
    guint i = 0;

    while (i < sets->sets->len && ((FdSet *)g_ptr_array_index(sets->sets, i))->id < id) {
        i++;
    }
    *set = i < sets->sets->len ? g_ptr_array_index(sets->sets, i) : NULL;
    if (*set && (*set)->id != id) {
        *set = NULL;
    }
    return i;
}

static gint64 first_free(FdSets *sets)
{
    gint64 id = 0;

    for (guint i = 0; i < sets->sets->len; i++) {
        if (((FdSet *)g_ptr_array_index(sets->sets, i))->id != id) {
            break;
        }
        id++;
    }
    return id;
}

gboolean fdsets_add(FdSets *sets, gint64 *id, int fd, const char *note, GError **error)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&sets->lock);
    Member member = {fd, NULL};
    FdSet *set;
    guint place;

    if (sets->count >= FDSET_MAX_FDS) {
        return error_set(error, "there are %d descriptors in sets, which is the most",
                         FDSET_MAX_FDS);
    }
    if (*id < 0) {
        *id = first_free(sets);
    }
    place = find(sets, *id, &set);
    if (!set) {
        set = g_new0(FdSet, 1);
        set->id = *id;
        set->members = g_array_new(FALSE, FALSE, sizeof(Member));
        g_array_set_clear_func(set->members, member_clear);
        g_ptr_array_insert(sets->sets, (gint)place, set);
    }
    member.note = g_strdup(note);
    g_array_append_val(set->members, member);
    sets->count++;
    return TRUE;
}

static void remove_set(FdSets *sets, guint place)
{
    sets->count -= ((FdSet *)g_ptr_array_index(sets->sets, place))->members->len;
    g_ptr_array_remove_index(sets->sets, place);
}

gboolean fdsets_remove(FdSets *sets, gint64 id, int fd)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&sets->lock);
    FdSet *set;
    guint place = find(sets, id, &set);

    if (!set || fd < 0) {
        if (set) {
            remove_set(sets, place);
        }
        return set != NULL;
    }
    for (guint i = 0; i < set->members->len; i++) {
        if (g_array_index(set->members, Member, i).fd == fd) {
            g_array_remove_index(set->members, i);
            sets->count--;
            if (set->members->len == 0) {
                remove_set(sets, place);
            }
            return TRUE;
        }
    }
    return FALSE;
}

void fdsets_foreach(FdSets *sets, void (*fn)(gint64 id, int fd, const char *note, void *opaque),
                    void *opaque)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&sets->lock);

    for (guint i = 0; i < sets->sets->len; i++) {
        const FdSet *set = g_ptr_array_index(sets->sets, i);

        for (guint n = 0; n < set->members->len; n++) {
            const Member *member = &g_array_index(set->members, Member, n);
            fn(set->id, member->fd, member->note, opaque);
        }
    }
}

void fdsets_join(FdSets *sets)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&sets->lock);

    sets->managers++;
}

void fdsets_leave(FdSets *sets, gboolean drop)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&sets->lock);

    sets->managers--;
    for (guint i = sets->managers == 0 && drop ? sets->sets->len : 0; i-- > 0;) {
        if (!((FdSet *)g_ptr_array_index(sets->sets, i))->used) {
            remove_set(sets, i);
        }
    }
}

/* ---- files ---- */

/* The digits after the prefix, or -1. */
static gint64 parse_path(const char *path)
{
    guint64 id;

    if (!g_str_has_prefix(path, PREFIX) ||
        !g_ascii_string_to_unsigned(path + strlen(PREFIX), 10, 0, G_MAXINT64, &id, NULL)) {
        return -1;
    }
    return (gint64)id;
}

gboolean fdset_is_path(const char *path)
{
    return parse_path(path) >= 0;
}

/* The set's first descriptor of that access mode; -1 with errno. The lock is held. */
static int choose(FdSets *sets, gint64 id, int mode)
{
    FdSet *set;

    find(sets, id, &set);
    for (guint i = 0; set && i < set->members->len; i++) {
        int fd = g_array_index(set->members, Member, i).fd;
        int flags = fcntl(fd, F_GETFL);

        if (flags >= 0 && (flags & O_ACCMODE) == mode) {
            set->used = TRUE;
            return fd;
        }
    }
    errno = set ? EACCES : ENOENT;
    return -1;
}

/* Status flags belong to the open file (fcntl(2), F_SETFL), so that the set has them, too. */
static gboolean set_flags(int fd, int flags)
{
    int settable = O_APPEND | O_NONBLOCK;
    int old = fcntl(fd, F_GETFL);

    if ((flags & O_TRUNC) && ftruncate(fd, 0) < 0 && errno != EINVAL) {
        return FALSE; /* EINVAL: no regular file, which open(2) does not mind */
    }
    return old >= 0 && fcntl(fd, F_SETFL, (old & ~settable) | (flags & settable)) == 0;
}

static int open_member(FdSets *sets, gint64 id, int flags)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&sets->lock);
    int given = choose(sets, id, flags & O_ACCMODE);
    int fd;

    if (given < 0) {
        return -1;
    }
    if (flags & O_DIRECT) { /* not for all who share the open file: it is opened anew */
        g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", given);
        return open(path, flags & ~(O_CREAT | O_EXCL | O_TRUNC));
    }
    fd = fcntl(given, F_DUPFD_CLOEXEC, 0);
    if (fd >= 0 && !set_flags(fd, flags)) {
        int errnum = errno;

        close(fd);
        errno = errnum;
        return -1;
    }
    return fd;
}

int path_open(Machine *machine, const char *path, int flags, mode_t mode)
{
    gint64 id = parse_path(path);

    return id < 0 ? open(path, flags, mode) : open_member(machine->fdsets, id, flags);
}

int path_stat(Machine *machine, const char *path, struct stat *st)
{
    gint64 id = parse_path(path);
    FdSets *sets = machine->fdsets;
    FdSet *set;
    int result = -1;

    if (id < 0) {
        return stat(path, st);
    }
    g_mutex_lock(&sets->lock);
    find(sets, id, &set);
    errno = ENOENT;
    if (set) {
        result = fstat(g_array_index(set->members, Member, 0).fd, st);
    }
    g_mutex_unlock(&sets->lock);
    return result;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/memdev.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "core/backend-priv.h"
#include "core/error.h"
#include "core/fdset.h"

typedef struct MemFile {
    MemDev memdev;
    char *path;
    gboolean discard_data, readonly;
} MemFile;

typedef struct MemFd {
    MemDev memdev;
    gboolean hugetlb, seal;
    guint64 hugetlb_size;
} MemFd;

/* Of every type; `shares` is the default of share=. */
#define COMMON_OPTIONS(shares)                                                                \
    {"size", OPTION_SIZE, G_STRUCT_OFFSET(MemDev, size), NULL, "of the memory (as in 512M)"}, \
        {"share", OPTION_BOOL, G_STRUCT_OFFSET(MemDev, share), shares,                        \
         "other programs that have it open see what is written"},                             \
        {"prealloc", OPTION_BOOL, G_STRUCT_OFFSET(MemDev, prealloc), "off",                   \
         "take all of it from the host at once"},                                             \
        {"prealloc-threads",                                                                  \
         OPTION_UINT,                                                                         \
         G_STRUCT_OFFSET(MemDev, prealloc_threads),                                           \
         "1",                                                                                 \
         "that do so",                                                                        \
         1,                                                                                   \
         64},                                                                                 \
        {"merge", OPTION_BOOL, G_STRUCT_OFFSET(MemDev, merge), "on",                          \
         "the host may merge equal pages (KSM)"},                                             \
        {"dump", OPTION_BOOL, G_STRUCT_OFFSET(MemDev, dump), "on",                            \
         "it is in core files of this program"},                                              \
    {                                                                                         \
        "reserve", OPTION_BOOL, G_STRUCT_OFFSET(MemDev, reserve), "on",                       \
            "fail now rather than later if the host has not enough"                           \
    }

static const OptionSpec ram_options[] = {COMMON_OPTIONS("off"), OPTION_END};

static const OptionSpec file_options[] = {
    COMMON_OPTIONS("off"),
    {"mem-path", OPTION_STRING, G_STRUCT_OFFSET(MemFile, path), NULL,
     "the file, made if need be, or a folder for one without a name"},
    {"discard-data", OPTION_BOOL, G_STRUCT_OFFSET(MemFile, discard_data), "off",
     "nobody needs the contents when the object goes"},
    {"readonly", OPTION_BOOL, G_STRUCT_OFFSET(MemFile, readonly), "off",
     "never change the file (with share=off the guest writes to copies)"},
    OPTION_END,
};

static const OptionSpec memfd_options[] = {
    COMMON_OPTIONS("on"),
    {"hugetlb", OPTION_BOOL, G_STRUCT_OFFSET(MemFd, hugetlb), "off", "of huge pages"},
    {"hugetlbsize", OPTION_SIZE, G_STRUCT_OFFSET(MemFd, hugetlb_size), "0",
     "their size (as in 2M; 0: the host's default)"},
    {"seal", OPTION_BOOL, G_STRUCT_OFFSET(MemFd, seal), "on", "its size cannot be changed"},
    OPTION_END,
};

/* ---- what all have ---- */

MemDev *memdev_of(Backend *backend)
{
    return !strcmp(backend->ops->parent, MEMDEV_TYPE) ? (MemDev *)backend : NULL;
}

static gboolean check(MemDev *memdev, GError **error)
{
    memdev->page_size = (guint64)sysconf(_SC_PAGESIZE);
    if (memdev->size == 0) {
        return error_set(error, "Parameter 'size' is missing, or is 0");
    }
    return memdev->size <= G_MAXINT64 ||
           error_set(error, "size %" G_GUINT64_FORMAT " is too large", memdev->size);
}

static void unmap_work(void *opaque)
{
    memdev_unmap(opaque);
}

/* Giving back gigabytes takes its time: not with the lock. */
static void memdev_close(Backend *backend)
{
    MemDev *memdev = (MemDev *)backend;

    if (!memdev->host) {
        return;
    }
    if (backend->machine->ending) {
        memdev_unmap(memdev);
    } else {
        worker_submit(backend->machine->workers, unmap_work, g_free,
                      g_memdup2(memdev, sizeof(MemDev)));
    }
}

/* ---- memory-backend-ram ---- */

static gboolean ram_load(Backend *backend, GError **error)
{
    MemDev *memdev = (MemDev *)backend;

    return check(memdev, error) && memdev_map(memdev, -1, error);
}

const BackendOps memory_ram_ops = {
    .name = "memory-backend-ram",
    .summary = "memory of the host",
    .parent = MEMDEV_TYPE,
    .size = sizeof(MemDev),
    .options = ram_options,
    .load = ram_load,
    .close = memdev_close,
};

/* ---- memory-backend-file ---- */

/* A file without a name in a folder; -1 with errno. */
static int open_unnamed(const char *folder)
{
    int fd = open(folder, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) { /* hugetlbfs of old kernels */
        g_autofree char *name = g_strconcat(folder, "/vitrine-memory.XXXXXX", NULL);

        fd = g_mkstemp_full(name, O_RDWR | O_CLOEXEC, 0600);
        if (fd >= 0) {
            unlink(name);
        }
    }
    return fd;
}

static int open_store(MemFile *file, gboolean *made)
{
    Machine *machine = file->memdev.backend.machine;
    int fd = path_open(machine, file->path, (file->readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC, 0);

    *made = FALSE;
    if (fd < 0 && errno == EISDIR && !file->readonly) {
        return open_unnamed(file->path);
    }
    if (fd < 0 && errno == ENOENT && !file->readonly && !fdset_is_path(file->path)) {
        fd = open(file->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        *made = fd >= 0;
    }
    return fd;
}

/* An empty file becomes as long as the memory; one with contents must be long enough. */
static gboolean size_store(MemFile *file, int fd, GError **error)
{
    MemDev *memdev = &file->memdev;
    struct statfs fs;
    struct stat st;

    if (fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0) {
        return error_set_errno(error, errno, "cannot look at '%s'", file->path);
    }
    if (fs.f_type == HUGETLBFS_MAGIC) {
        memdev->page_size = (guint64)fs.f_bsize;
    }
    if (memdev->size < memdev->page_size) {
        return error_set(error,
                         "memory size 0x%" G_GINT64_MODIFIER
                         "x must be equal to or larger than page size 0x%" G_GINT64_MODIFIER "x",
                         memdev->size, memdev->page_size);
    }
    if (!S_ISREG(st.st_mode)) {
        return TRUE; /* a device for memory; mmap(2) will tell */
    }
    if (st.st_size > 0 && (guint64)st.st_size < memdev->size) {
        return error_set(error,
                         "backing store size 0x%" G_GINT64_MODIFIER
                         "x does not match 'size' option 0x%" G_GINT64_MODIFIER "x",
                         (guint64)st.st_size, memdev->size);
    }
    return st.st_size > 0 || ftruncate(fd, (off_t)memdev->size) == 0 ||
           error_set_errno(error, errno, "can't make '%s' as long as the memory", file->path);
}

static gboolean file_load(Backend *backend, GError **error)
{
    MemFile *file = (MemFile *)backend;
    MemDev *memdev = &file->memdev;
    gboolean made, good;
    int fd;

    if (!check(memdev, error)) {
        return FALSE;
    }
    if (!file->path) {
        return error_set(error, "Parameter 'mem-path' is missing");
    }
    memdev->read_only = file->readonly && memdev->share;
    memdev->drop_data = file->discard_data && memdev->share && !file->readonly;
    fd = open_store(file, &made);
    if (fd < 0) {
        return error_set_errno(error, errno, "can't open backing store %s for guest RAM",
                               file->path);
    }
    good = size_store(file, fd, error) && memdev_map(memdev, fd, error);
    close(fd);
    if (!good && made) {
        unlink(file->path);
    }
    return good;
}

const BackendOps memory_file_ops = {
    .name = "memory-backend-file",
    .summary = "memory that is a file",
    .parent = MEMDEV_TYPE,
    .size = sizeof(MemFile),
    .options = file_options,
    .load = file_load,
    .close = memdev_close,
};

/* ---- memory-backend-memfd ---- */

/* memfd_create(2): the size of huge pages is in the flags, as its logarithm and
 * where mmap(2) has it. */
static gboolean memfd_flags(const MemFd *memfd, guint *flags, GError **error)
{
    guint64 size = memfd->hugetlb_size;

    *flags = MFD_CLOEXEC | (memfd->seal ? MFD_ALLOW_SEALING : 0);
    if (!memfd->hugetlb) {
        return !size || error_set(error, "hugetlbsize needs hugetlb=on");
    }
    *flags |= MFD_HUGETLB;
    if (size & (size - 1)) {
        return error_set(error, "hugetlbsize must be a power of two");
    }
    if (size) {
        *flags |= (guint)__builtin_ctzll(size) << MAP_HUGE_SHIFT;
    }
    return TRUE;
}

static gboolean memfd_fill(MemFd *memfd, int fd, GError **error)
{
    MemDev *memdev = &memfd->memdev;
    struct stat st;

    if (memfd->hugetlb && fstat(fd, &st) == 0) {
        memdev->page_size = (guint64)st.st_blksize;
    }
    /* Whole pages, which the mapping is of, too. */
    if (ftruncate(fd, (off_t)((memdev->size + memdev->page_size - 1) / memdev->page_size *
                              memdev->page_size)) < 0) {
        return error_set_errno(error, errno, "failed to resize memfd to %" G_GUINT64_FORMAT,
                               memdev->size);
    }
    if (memfd->seal && fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0) {
        return error_set_errno(error, errno, "failed to add seals");
    }
    return memdev_map(memdev, fd, error);
}

static gboolean memfd_load(Backend *backend, GError **error)
{
    MemFd *memfd = (MemFd *)backend;
    gboolean good;
    guint flags;
    int fd;

    if (!check(&memfd->memdev, error) || !memfd_flags(memfd, &flags, error)) {
        return FALSE;
    }
    fd = memfd_create(backend->id, flags);
    if (fd < 0) {
        return error_set_errno(error, errno, "failed to create memfd%s",
                               memfd->hugetlb ? " of huge pages" : "");
    }
    good = memfd_fill(memfd, fd, error);
    close(fd);
    return good;
}

const BackendOps memory_memfd_ops = {
    .name = "memory-backend-memfd",
    .summary = "memory that other programs can be given",
    .parent = MEMDEV_TYPE,
    .size = sizeof(MemFd),
    .options = memfd_options,
    .load = memfd_load,
    .close = memdev_close,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mapping the memory of memory backends, and touching all of it beforehand. */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/error.h"
#include "core/memdev.h"

/* ---- preallocation ---- */

typedef struct Toucher {
    guint8 *first;
    gsize length;
    int errnum;
    GThread *thread;
} Toucher;

/* madvise(2), since Linux 5.14: fails where touching would end in SIGBUS. */
static gpointer touch(gpointer opaque)
{
    Toucher *toucher = opaque;

    if (toucher->length && madvise(toucher->first, toucher->length, MADV_POPULATE_WRITE) < 0) {
        toucher->errnum = errno;
    }
    return NULL;
}

static gboolean preallocate(MemDev *memdev, GError **error)
{
    guint64 pages = memdev->length / memdev->page_size;
    guint count = (guint)CLAMP(memdev->prealloc_threads, 1, MIN(pages, 64));
    g_autofree Toucher *touchers = g_new0(Toucher, count);
    guint64 done = 0;
    int errnum = 0;

    for (guint i = 0; i < count; i++) {
        guint64 end = pages * (i + 1) / count;

        touchers[i].first = memdev->host + done * memdev->page_size;
        touchers[i].length = (end - done) * memdev->page_size;
        done = end;
        if (i + 1 < count) {
            touchers[i].thread = g_thread_new("prealloc", touch, &touchers[i]);
        } else {
            touch(&touchers[i]);
        }
    }
    for (guint i = 0; i < count; i++) {
        if (touchers[i].thread) {
            g_thread_join(touchers[i].thread);
        }
        errnum = touchers[i].errnum ? touchers[i].errnum : errnum;
    }
    return !errnum || error_set_errno(error, errnum, "preallocating memory of '%s' failed",
                                      memdev->backend.id);
}

/* ---- mapping ---- */

static void advise(const MemDev *memdev)
{
    if (memdev->merge) {
        madvise(memdev->host, memdev->length, MADV_MERGEABLE); /* fails where there is no KSM */
    }
    if (!memdev->dump) {
        madvise(memdev->host, memdev->length, MADV_DONTDUMP);
    }
}

gboolean memdev_map(MemDev *memdev, int fd, GError **error)
{
    int protection = PROT_READ | (memdev->read_only ? 0 : PROT_WRITE);
    int flags = (memdev->share ? MAP_SHARED : MAP_PRIVATE) | (fd < 0 ? MAP_ANONYMOUS : 0) |
                (memdev->reserve ? 0 : MAP_NORESERVE);
    guint8 *host;

    memdev->length = (memdev->size + memdev->page_size - 1) / memdev->page_size * memdev->page_size;
    host = mmap(NULL, memdev->length, protection, flags, fd, 0);
    if (host == MAP_FAILED) {
        return error_set_errno(error, errno,
                               fd < 0 ? "cannot set up guest memory '%s'"
                                      : "unable to map backing store for guest RAM "
                                        "'%s'",
                               memdev->backend.id);
    }
    memdev->host = host;
    advise(memdev);
    return !memdev->prealloc || memdev->read_only || preallocate(memdev, error);
}

void memdev_unmap(MemDev *memdev)
{
    if (memdev->host) {
        if (memdev->drop_data) {
            madvise(memdev->host, memdev->length, MADV_REMOVE);
        }
        munmap(memdev->host, memdev->length);
    }
}

gboolean memdev_init_ram(Backend *backend, Region *region, const char *name, guint64 size,
                         GError **error)
{
    MemDev *memdev = (MemDev *)backend;

    if (!memdev) {
        return region_init_ram(region, name, size, error);
    }
    if (memdev->read_only) {
        return error_set(error,
                         "memory backend '%s' cannot be the machine's memory: with readonly=on, "
                         "share=on the guest could not write to it",
                         backend->id);
    }
    region_init_ram_at(region, backend->id, memdev->size, memdev->host, memdev->share);
    return TRUE;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opening and closing images, finding out formats, and the request path between an image and
 * whoever sent the request.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/block-priv.h"
#include "core/error.h"
#include "core/fdset.h"

#define PROBE_SIZE 4096

/* Formats that other programs write; taking such a file for a raw disk would only confuse. */
typedef struct ForeignMagic {
    const char *name;
    guint offset;
    const char *bytes;
    guint length;
} ForeignMagic;

static const ForeignMagic foreign_magics[] = {
    {"qcow2", 0, "QFI\xfb", 4}, /* qcow2 specification, "Header" */
    {"qed", 0, "QED", 4},
    {"vmdk", 0, "KDMV", 4},
    {"vdi", 0x40, "\x7f\x10\xda\xbe", 4},
    {"vhdx", 0, "vhdxfile", 8},
    {"luks", 0, "LUKS\xba\xbe", 6},
    {"vpc", 0, "conectix", 8},
};

static const BlockImageOps *format_find(BlockManager *manager, const char *name)
{
    for (guint i = 0; manager->formats[i]; i++) {
        const BlockImageOps *ops = manager->formats[i];

        if (!ops->needs_base && strcmp(ops->name, name) == 0) {
            return ops;
        }
    }
    return NULL;
}

static char *format_names(BlockManager *manager)
{
    GString *names = g_string_new(NULL);

    for (guint i = 0; manager->formats[i]; i++) {
        if (!manager->formats[i]->needs_base) {
            g_string_append_printf(names, "%s%s", names->len ? ", " : "",
                                   manager->formats[i]->name);
        }
    }
    return g_string_free(names, FALSE);
}

/* Of a set of descriptors, one for writing will do. */
static int open_head(Machine *machine, const char *file)
{
    int flags = O_CLOEXEC | O_NONBLOCK;
    int fd = path_open(machine, file, flags | O_RDONLY, 0);

    return fd < 0 && fdset_is_path(file) ? path_open(machine, file, flags | O_RDWR, 0) : fd;
}

/* The first bytes of a file; 0 if it cannot be read (opening it will tell why). */
static gsize read_head(Machine *machine, const char *file, guint8 *head, gsize size)
{
    struct stat st;
    ssize_t got;
    int fd;

    /* Opening a FIFO would wait for a writer. */
    if (path_stat(machine, file, &st) < 0 || !(S_ISREG(st.st_mode) || S_ISBLK(st.st_mode))) {
        return 0;
    }
    fd = open_head(machine, file);
    if (fd < 0) {
        return 0;
    }
    got = pread(fd, head, size, 0);
    close(fd);
    return got > 0 ? (gsize)got : 0;
}

static const BlockImageOps *format_probe(BlockManager *manager, const char *file, GError **error)
{
    guint8 head[PROBE_SIZE];
    gsize length = read_head(manager->machine, file, head, sizeof(head));
    const BlockImageOps *raw;

    for (guint i = 0; manager->formats[i]; i++) {
        const BlockImageOps *ops = manager->formats[i];

        if (ops->probe && !ops->needs_base && ops->probe(head, length)) {
            return ops;
        }
    }
    for (guint i = 0; i < G_N_ELEMENTS(foreign_magics); i++) {
        const ForeignMagic *magic = &foreign_magics[i];

        if (length >= magic->offset + magic->length &&
            memcmp(head + magic->offset, magic->bytes, magic->length) == 0) {
            g_autofree char *names = format_names(manager);

            error_set(error,
                      "'%s' is a %s image, and the known formats are: %s; convert it with "
                      "'qemu-img convert -O raw', or say format=raw to use its bytes as they are",
                      file, magic->name, names);
            return NULL;
        }
    }
    raw = format_find(manager, "raw");
    if (!raw) {
        error_set(error, "cannot tell the format of '%s'; say format=", file);
    }
    return raw;
}

static BlockImage *image_open(Machine *machine, const BlockImageOps *ops, const char *file,
                              BlockEngine *engine, guint flags, BlockImage *base, GError **error)
{
    BlockImage *image = g_malloc0(ops->size);

    g_assert(ops->open && ops->close && ops->submit);
    image->ops = ops;
    image->machine = machine;
    image->engine = engine;
    image->file = g_strdup(file);
    image->flags = flags;
    image->base = base;
    if (!ops->open(image, error)) {
        g_free(image->file);
        g_free(image);
        return NULL;
    }
    image->node_name = block_node_new_name(machine->blocks);
    image->file_node_name = block_node_new_name(machine->blocks);
    return image;
}

BlockImage *block_image_open(Machine *machine, const char *format, const char *file,
                             BlockEngine *engine, guint flags, GError **error)
{
    BlockManager *manager = machine->blocks;
    const BlockImageOps *ops;

    if (format) {
        ops = format_find(manager, format);
        if (!ops) {
            g_autofree char *names = format_names(manager);

            error_set(error, "unknown image format '%s' (known: %s)", format, names);
        }
    } else {
        ops = format_probe(manager, file, error);
    }
    return ops ? image_open(machine, ops, file, engine, flags, NULL, error) : NULL;
}

BlockImage *block_image_overlay(BlockImage *base, GError **error)
{
    BlockManager *manager = base->machine->blocks;

    for (guint i = 0; manager->formats[i]; i++) {
        if (manager->formats[i]->needs_base) {
            return image_open(base->machine, manager->formats[i], base->file, base->engine,
                              base->flags & ~BLOCK_OPEN_READONLY, base, error);
        }
    }
    error_set(error, "no image format can keep temporary writes (snapshot=on)");
    return NULL;
}

void block_image_close(BlockImage *image)
{
    if (!image) {
        return;
    }
    image->ops->close(image);
    block_image_close(image->base);
    g_free(image->node_name);
    g_free(image->file_node_name);
    g_free(image->file);
    g_free(image);
}

static guint drive_open_flags(const Drive *drive, gboolean readonly)
{
    guint flags = 0;

    if (readonly) {
        flags |= BLOCK_OPEN_READONLY;
    }
    if (drive->cache == DRIVE_CACHE_NONE || drive->cache == DRIVE_CACHE_DIRECTSYNC) {
        flags |= BLOCK_OPEN_DIRECT;
    }
    if (drive->cache == DRIVE_CACHE_WRITETHROUGH || drive->cache == DRIVE_CACHE_DIRECTSYNC) {
        flags |= BLOCK_OPEN_SYNC;
    }
    if (drive->lock_image) {
        flags |= BLOCK_OPEN_LOCK;
    }
    if (drive->discard) {
        flags |= BLOCK_OPEN_DISCARD;
    }
    return flags;
}

BlockImage *drive_open_image(Drive *drive, const char *file, const char *format, gboolean readonly,
                             GError **error)
{
    Machine *machine = drive->manager->machine;
    gboolean overlay = drive->snapshot && drive->media == DRIVE_MEDIA_DISK;
    guint flags = drive_open_flags(drive, readonly || overlay);
    BlockImage *image = block_image_open(machine, format, file, drive->engine, flags, error);

    if (image && overlay) {
        BlockImage *top = block_image_overlay(image, error);

        if (!top) {
            block_image_close(image);
            return NULL;
        }
        if (readonly) {
            top->flags |= BLOCK_OPEN_READONLY;
        }
        image = top;
    }
    return image;
}

void drive_set_image(Drive *drive, BlockImage *image)
{
    if (drive->node) {
        block_node_detach(drive->node); /* which keeps the image */
    } else {
        block_image_close(drive->image);
    }
    g_free(drive->file);
    drive->image = image;
    drive->file = image ? g_strdup(image->file) : NULL;
    drive->length = image ? image->length : 0;
}

void block_image_submit(BlockImage *image, BlockRequest *request)
{
    request->image = image;
    request->submitting = TRUE;
    image->ops->submit(image, request);
    request->submitting = FALSE;
}

gboolean block_looks_like_cdrom(Machine *machine, const char *file)
{
    /* ECMA-119, 8.4.2: the first volume descriptor is sector 16, its identifier "CD001". */
    guint8 head[16 * 2048 + 6];
    gsize length = read_head(machine, file, head, sizeof(head));
    const char *dot = strrchr(file, '.');

    return (length == sizeof(head) && memcmp(head + 16 * 2048 + 1, "CD001", 5) == 0) ||
           (dot && g_ascii_strcasecmp(dot, ".iso") == 0);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/drives.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/paths.h"
#include "core/block.h"
#include "core/error.h"
#include "core/option-json.h"

/* ECMA-119: the primary volume descriptor is sector 16 (8.4); its volume space size, in blocks of
 * 2048 bytes, is at byte 81 (8.4.8). */
#define ISO_BLOCK       2048
#define ISO_DESCRIPTOR  (16 * ISO_BLOCK)
#define ISO_SIZE_OFFSET 80
#define ISO_RUN_OUT     150 /* blocks at the end that some programs leave out of the file */

#define IDE_DRIVES   4
#define CDROM_INDEX  2
#define EMPTY_CDROM  "if=ide,index=2,media=cdrom"
#define EMPTY_FLOPPY "if=floppy,index=0"
#define DEMO_IMAGE   "demo.img"

static gboolean check_image(const char *file, GError **error)
{
    struct stat st;
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not make us wait */

    if (fd < 0) {
        return error_set_errno(error, errno, "cannot open the image '%s'", file);
    }
    if (fstat(fd, &st) < 0) {
        st.st_mode = 0;
    }
    close(fd);
    if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode)) {
        return error_set(error, "'%s' is neither a file nor a block device: it cannot be an image",
                         file);
    }
    return TRUE;
}

/* A download that broke off boots halfway and then fails: better said at once. */
static gboolean check_cd_is_whole(const char *file, GError **error)
{
    guint8 head[ISO_SIZE_OFFSET + 4];
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    gint64 length = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
    gint64 wanted = 0;

    if (fd >= 0 && pread(fd, head, sizeof(head), ISO_DESCRIPTOR) == sizeof(head) &&
        !memcmp(head, "\1CD001", 6)) {
        guint32 blocks;

        memcpy(&blocks, head + ISO_SIZE_OFFSET, sizeof(blocks));
        wanted = (gint64)GUINT32_FROM_LE(blocks) * ISO_BLOCK;
    }
    if (fd >= 0) {
        close(fd);
    }
    if (wanted > length + ISO_RUN_OUT * ISO_BLOCK) {
        return error_set(error,
                         "the CD-ROM image '%s' is truncated: it has %" G_GINT64_FORMAT
                         " of %" G_GINT64_FORMAT " bytes",
                         file, length, wanted);
    }
    return TRUE;
}

static gboolean ide_is_free(Machine *machine, guint n)
{
    guint units = drive_units_per_bus(machine, DRIVE_IF_IDE);

    return !drive_find_place(machine, DRIVE_IF_IDE, n / units, n % units);
}

/* "vitrine IMAGE". Runs after the options, which have chosen their places. */
static gboolean add_image(Machine *machine, const char *file, GError **error)
{
    gboolean is_cd;

    if (!check_image(file, error)) {
        return FALSE;
    }
    is_cd = block_looks_like_cdrom(machine, file);
    if (is_cd && !check_cd_is_whole(file, error)) {
        return FALSE;
    }
    if (is_cd && ide_is_free(machine, CDROM_INDEX)) {
        return drive_add_ide(machine, CDROM_INDEX, DRIVE_MEDIA_CDROM, file, error) != NULL;
    }
    for (guint n = 0; n < IDE_DRIVES; n++) {
        if (ide_is_free(machine, n)) {
            return drive_add_ide(machine, n, is_cd ? DRIVE_MEDIA_CDROM : DRIVE_MEDIA_DISK, file,
                                 error) != NULL;
        }
    }
    return error_set(error, "there is no place for the image '%s': all four IDE drives are taken",
                     file);
}

static gboolean add_node(Machine *machine, const char *text, GError **error)
{
    g_autoptr(OptionList) options = option_list_parse_either(text, "driver", error);

    return options && block_node_add(machine, options, error);
}

static gboolean add_option(Machine *machine, const CliItem *item, GError **error)
{
    gboolean is_cd = !strcmp(item->option, "cdrom");
    gboolean good;

    if (!strcmp(item->option, "drive")) {
        good = drive_add(machine, item->value, error) != NULL;
    } else if (!strcmp(item->option, "blockdev")) {
        good = add_node(machine, item->value, error);
    } else if (!strcmp(item->option, "pflash")) {
        good = drive_add_pflash(machine, item->value, error) != NULL;
    } else if (g_str_has_prefix(item->option, "fd")) {
        good = check_image(item->value, error) &&
               drive_add_floppy(machine, (guint)(item->option[2] - 'a'), item->value, error);
    } else {
        guint n = is_cd ? CDROM_INDEX : (guint)(item->option[2] - 'a'); /* "hda" */

        good = check_image(item->value, error) &&
               (!is_cd || check_cd_is_whole(item->value, error)) &&
               drive_add_ide(machine, n, is_cd ? DRIVE_MEDIA_CDROM : DRIVE_MEDIA_DISK, item->value,
                             error);
    }
    if (!good && error && !strstr((*error)->message, item->value)) {
        g_prefix_error(error, "-%s %s: ", item->option, item->value);
    } else if (!good) {
        g_prefix_error(error, "-%s: ", item->option);
    }
    return good;
}

/* The user's copy of the demonstration stays as it is: what is written to it is thrown away. */
static gboolean add_demo(Machine *machine, GError **error)
{
    g_autofree char *file = paths_find_data(DEMO_IMAGE);
    g_auto(GStrv) parts = NULL;
    g_autofree char *escaped = NULL;
    g_autofree char *options = NULL;

    if (!file) {
        return TRUE;
    }
    parts = g_strsplit(file, ",", -1);
    escaped = g_strjoinv(",,", parts);
    options = g_strdup_printf("file=%s,if=ide,index=0,format=raw,snapshot=on", escaped);
    return drive_add(machine, options, error) != NULL;
}

/* Whoever places drives by -device knows what there should be. */
static gboolean places(const CliConfig *config, const char *driver)
{
    for (guint i = 0; i < config->devices->len; i++) {
        if (g_str_has_prefix(g_array_index(config->devices, CliItem, i).value, driver)) {
            return TRUE;
        }
    }
    return FALSE;
}

/* By -global isa-fdc.driveA=, that is. */
static gboolean names_floppies(const CliConfig *config)
{
    for (guint i = 0; i < config->globals->len; i++) {
        const CliGlobal *global = g_ptr_array_index(config->globals, i);

        if (g_str_has_prefix(global->property, "drive") && !strcmp(global->driver, "isa-fdc")) {
            return TRUE;
        }
    }
    return FALSE;
}

gboolean drives_add_empty_cdrom(Machine *machine, const CliConfig *config, GError **error)
{
    return config->nodefaults || places(config, "ide-") || !ide_is_free(machine, CDROM_INDEX) ||
           drive_add(machine, EMPTY_CDROM, error);
}

gboolean drives_add_empty_floppy(Machine *machine, const CliConfig *config, GError **error)
{
    return config->nodefaults || !machine->board->has_floppy || places(config, "floppy") ||
           names_floppies(config) || drive_find_place(machine, DRIVE_IF_FLOPPY, 0, 0) ||
           drive_add(machine, EMPTY_FLOPPY, error);
}

gboolean drives_create(Machine *machine, const CliConfig *config, gboolean demo, GError **error)
{
    block_manager_set_snapshot(machine->blocks, config->snapshot);
    for (guint i = 0; i < config->drives->len; i++) {
        const CliItem *item = &g_array_index(config->drives, CliItem, i);

        if (*item->option && !add_option(machine, item, error)) {
            return FALSE;
        }
    }
    for (guint i = 0; i < config->drives->len; i++) {
        const CliItem *item = &g_array_index(config->drives, CliItem, i);

        if (!*item->option && !add_image(machine, item->value, error)) {
            return FALSE;
        }
    }
    return config->drives->len > 0 || !demo || add_demo(machine, error);
}

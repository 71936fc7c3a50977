/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -kernel, -initrd and -append: files into fw_cfg, and the option ROM that boots from there. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "hw/pc/bzimage.h"
#include "hw/pc/fw_cfg.h"
#include "hw/pc/kernel-rom.h"
#include "hw/pc/multiboot.h"
#include "hw/pc/pc-priv.h"

static gboolean read_fd(int fd, guint8 *data, gsize size)
{
    for (gsize done = 0; done < size;) {
        ssize_t n = read(fd, data + done, size - done);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            errno = n < 0 ? errno : EIO; /* it has become shorter meanwhile */
            return FALSE;
        }
        done += (gsize)n;
    }
    return TRUE;
}

/* Reads a file that fits into memory; FIFOs and the like are none. */
static GBytes *read_open_file(int fd, const char *path, guint64 most, GError **error)
{
    struct stat st;

    if (fstat(fd, &st) < 0) {
        error_set_errno(error, errno, "cannot read '%s'", path);
        return NULL;
    }
    if (!S_ISREG(st.st_mode)) {
        error_set(error, "'%s' is not a regular file", path);
        return NULL;
    }
    if (st.st_size == 0 || (guint64)st.st_size > most) {
        error_set(error,
                  "'%s' has %" G_GINT64_FORMAT " bytes; 1 to %" G_GUINT64_FORMAT
                  " would fit into memory",
                  path, (gint64)st.st_size, most);
        return NULL;
    }
    guint8 *data = g_try_malloc((gsize)st.st_size);
    if (!data || !read_fd(fd, data, (gsize)st.st_size)) {
        error_set_errno(error, data ? errno : ENOMEM, "cannot read '%s'", path);
        g_free(data);
        return NULL;
    }
    return g_bytes_new_take(data, (gsize)st.st_size);
}

static GBytes *read_file(const char *path, guint64 most, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not make us wait */
    GBytes *bytes;

    if (fd < 0) {
        error_set_errno(error, errno, "cannot open '%s'", path);
        return NULL;
    }
    bytes = read_open_file(fd, path, most, error);
    close(fd);
    return bytes;
}

/* ---- multiboot modules ---- */

static gboolean read_modules(GArray *modules, const char *text, guint64 most, GError **error)
{
    if (!multiboot_split_modules(modules, text, error)) {
        return FALSE;
    }
    for (guint i = 0; i < modules->len; i++) {
        KernelModule *module = &g_array_index(modules, KernelModule, i);
        g_autofree char *path = g_strndup(module->text, strcspn(module->text, " "));

        module->bytes = read_file(path, most, error);
        if (!module->bytes) {
            return FALSE;
        }
    }
    return TRUE;
}

/* ---- all of it ---- */

static KernelPlan *plan_linux(KernelInput *input, const char *initrd, GError **error)
{
    g_autoptr(GBytes) bytes = NULL;

    if (initrd) {
        bytes = read_file(initrd, input->ram_end, error);
        if (!bytes) {
            g_prefix_error(error, "-initrd: ");
            return NULL;
        }
    }
    input->initrd = bytes;
    KernelPlan *plan = bzimage_plan(input, error);
    if (!plan) {
        g_prefix_error(error, "-kernel: '%s' ", input->name);
    }
    return plan;
}

static KernelPlan *plan_multiboot(KernelInput *input, const char *initrd, GError **error)
{
    g_autoptr(GArray) modules = multiboot_modules_new();

    if (initrd && !read_modules(modules, initrd, input->ram_end, error)) {
        g_prefix_error(error, "-initrd: ");
        return NULL;
    }
    input->modules = modules;
    KernelPlan *plan = multiboot_plan(input, error);
    if (!plan) {
        g_prefix_error(error, "-kernel: '%s' ", input->name);
    }
    return plan;
}

static KernelPlan *make_plan(PcBoard *board, GError **error)
{
    const BoardConfig *config = &board->config;
    guint64 ram_end = pc_ram_below_4g(board);
    g_autoptr(GBytes) file = read_file(config->kernel, ram_end, error);

    if (!file) {
        g_prefix_error(error, "-kernel: ");
        return NULL;
    }
    KernelInput input = {
        .name = config->kernel,
        .file = file,
        .append = config->append ? config->append : "",
        .ram_end = ram_end,
    };
    gsize size;
    const guint8 *data = g_bytes_get_data(file, &size);
    if (bzimage_detect(data, size)) {
        return plan_linux(&input, config->initrd, error);
    }
    if (multiboot_detect(data, size)) {
        return plan_multiboot(&input, config->initrd, error);
    }
    error_set(error,
              "-kernel: '%s' is neither a Linux bzImage (magic 'HdrS' at byte 514) nor a multiboot "
              "kernel (magic 1BADB002h in the first 8192 bytes)",
              config->kernel);
    return NULL;
}

gboolean pc_kernel_init(PcBoard *board, GError **error)
{
    if (!board->config.kernel) {
        return TRUE;
    }
    g_autoptr(KernelPlan) plan = make_plan(board, error);
    if (!plan) {
        return FALSE;
    }
    g_autoptr(GBytes) rom = kernel_rom_new(plan);
    for (guint i = 0; i < plan->items->len; i++) {
        const KernelItem *item = &g_array_index(plan->items, KernelItem, i);
        fw_cfg_set_bytes(board->fw_cfg, item->key, item->bytes);
    }
    fw_cfg_add_file(board->fw_cfg, KERNEL_ROM_FILE, g_bytes_get_data(rom, NULL),
                    g_bytes_get_size(rom));
    return TRUE;
}

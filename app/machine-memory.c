/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/machine-memory.h"

#include "core/error.h"
#include "core/memdev.h"

#define DEFAULT_RAM_SIZE (2ULL << 30)

/* Of -machine memory-backend=ID. */
static gboolean use_named(Machine *machine, const CliConfig *config, const char *id,
                          BoardConfig *board, GError **error)
{
    Backend *backend = backend_find(machine, id);
    MemDev *memdev = backend ? memdev_of(backend) : NULL;

    if (!memdev) {
        return error_set(error, "Memory backend '%s' not found", id);
    }
    if (config->mem_path) {
        return error_set(error,
                         "'-mem-path' can't be used together with '-machine memory-backend'");
    }
    if (config->ram_size && config->ram_size != memdev->size) {
        return error_set(error,
                         "Machine memory size does not match the size of the memory backend");
    }
    board->ram_size = memdev->size;
    board->memory = backend_claim(machine, id, MEMDEV_TYPE, error);
    return board->memory != NULL;
}

/* As -object would make it. */
static gboolean make_default(Machine *machine, const CliConfig *config, BoardConfig *board,
                             GError **error)
{
    g_autoptr(OptionList) options = option_list_new();
    g_autofree char *dump = option_list_take(config->board_options, "dump-guest-core");
    g_autofree char *merge = option_list_take(config->board_options, "mem-merge");
    g_autofree char *size = g_strdup_printf("%" G_GUINT64_FORMAT, board->ram_size);

    if (backend_find(machine, BOARD_RAM_ID)) {
        return error_set(error,
                         "object name '" BOARD_RAM_ID
                         "' is reserved for the default RAM backend, it can't be used for any "
                         "other purposes. Change the object's 'id' to something else");
    }
    option_list_add(options, "qom-type",
                    config->mem_path ? "memory-backend-file" : "memory-backend-ram");
    option_list_add(options, "id", BOARD_RAM_ID);
    option_list_add(options, "size", size);
    if (config->mem_path) {
        option_list_add(options, "mem-path", config->mem_path);
    }
    option_list_add(options, "prealloc", config->mem_prealloc ? "on" : "off");
    /* A guest need not use all of it, nor does anybody want it in a core file. */
    option_list_add(options, "reserve", "off");
    option_list_add(options, "merge", merge ? merge : "off");
    option_list_add(options, "dump", dump ? dump : "off");
    return backend_add(machine, options, error) &&
           (board->memory = backend_claim(machine, BOARD_RAM_ID, MEMDEV_TYPE, error)) != NULL;
}

gboolean machine_memory_prepare(Machine *machine, CliConfig *config, const BoardOps *ops,
                                BoardConfig *board, GError **error)
{
    g_autofree char *id = option_list_take(config->board_options, "memory-backend");

    board->ram_size = config->ram_size ? config->ram_size : MIN(DEFAULT_RAM_SIZE, ops->max_ram);
    if (id && !use_named(machine, config, id, board, error)) {
        return FALSE;
    }
    if (board->ram_size > ops->max_ram) {
        return error_set(error, "-m: the machine '%s' takes at most %" G_GUINT64_FORMAT " MiB",
                         ops->name, ops->max_ram >> 20);
    }
    if (id || ops->no_memory) { /* an object has its own */
        g_free(option_list_take(config->board_options, "dump-guest-core"));
        g_free(option_list_take(config->board_options, "mem-merge"));
    }
    machine->ram_size = board->ram_size;
    return id || ops->no_memory || make_default(machine, config, board, error);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stands in for hw/pc where that is not built. */
#include <string.h>

#include "app/pending.h"
#include "core/error.h"

static gboolean none_create(Machine *machine, const BoardConfig *config, GError **error)
{
    return TRUE;
}

static const BoardVga no_vgas[] = {{"none", NULL, "no graphics card"}, {NULL}};

static const BoardOps none_board = {
    .name = "none",
    .summary = "empty machine",
    .max_cpus = 1,
    .max_ram = G_MAXUINT64,
    .default_vga = "none",
    .vgas = no_vgas,
    .create = none_create,
};

const BoardOps *const board_types[] = {&none_board, NULL};
const DeviceOps *const device_types[] = {NULL};

const BoardOps *board_find(const char *name)
{
    return strcmp(name, "none") ? NULL : &none_board;
}

const DeviceOps *device_type_find(const char *name)
{
    return NULL;
}

Device *device_add(Machine *machine, OptionList *options, GError **error)
{
    error_set(error, "there are no devices in this build");
    return NULL;
}

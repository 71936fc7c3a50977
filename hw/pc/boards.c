/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "hw/pc/board.h"
#include "hw/pc/pc-priv.h"

/* ---- none: an empty machine ---- */

static const BoardVga none_vgas[] = {{"none", NULL, "no graphics card"}, {NULL}};

static gboolean none_create(Machine *machine, const BoardConfig *config, GError **error)
{
    return TRUE;
}

static const BoardOps none_board_type = {
    .name = "none",
    .summary = "empty machine",
    .max_cpus = 1,
    .max_ram = G_MAXUINT64,
    .no_memory = TRUE,
    .default_vga = "none",
    .vgas = none_vgas,
    .create = none_create,
};

/* ---- the list ---- */

const BoardOps *const board_types[] = {
    &pc_board_type, &q35_board_type, &isapc_board_type, &none_board_type, NULL,
};

const BoardOps *board_find(const char *name)
{
    for (guint i = 0; board_types[i]; i++) {
        if (strcmp(board_types[i]->name, name) == 0) {
            return board_types[i];
        }
    }
    /* QEMU's versioned names of the same board. */
    if (g_str_has_prefix(name, "pc-q35")) {
        return &q35_board_type;
    }
    return g_str_has_prefix(name, "pc-i440fx") ? &pc_board_type : NULL;
}

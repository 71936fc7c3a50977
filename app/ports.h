/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Character devices of the command line, and who uses them. Main thread, vm lock held. */
#pragma once

#include "app/config.h"

typedef struct Ports {
    Machine *machine;
    const CliConfig *config;
    GPtrArray *monitors; /* of char *, owned: ids of the muxes that "mon:..." puts a monitor on */
} Ports;

/* Makes the -chardevs, and those of serial and parallel ports and of the debug port. */
gboolean ports_open_all(Ports *ports, BoardConfig *board, GError **error);

/* A short form, as of `-serial`; `option` is its option, for errors. `*chr` is NULL for "none". */
gboolean ports_open_short(Ports *ports, const char *option, const char *text, const char *id,
                          Chardev **chr, GError **error);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the program's own files are: in the build folder when it runs from there, else where it
 * was installed.
 */
#pragma once

#include <glib.h>

/* File of a frontend's module, or NULL. VITRINE_MODULE_DIR replaces all other places. */
char *paths_find_module(const char *name);

/* A data file ("demo.img"), or NULL. */
char *paths_find_data(const char *name);

/* Folders of firmware, NULL-ended: the program's own and the distribution's. */
const char *const *paths_firmware_dirs(void);

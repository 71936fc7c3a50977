/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding, loading and opening frontend modules. Main thread, vm lock held. */
#pragma once

#include "app/config.h"
#include "core/frontend.h"

/* Names of the frontends that there can be, in order of preference; NULL-ended. */
extern const char *const frontend_names[];

/* Loads a module; it stays loaded. Any thread. */
const FrontendOps *frontends_load(const char *name, GError **error);

/* Lets the machine load frontends by name, now and later. `config` must outlive it. */
void frontends_set_loader(Machine *machine, CliConfig *config);

/*
 * Opens what -display and -vnc ask for. Without either: the best one that works here, which is
 * said in one line on stderr.
 */
gboolean frontends_open(Machine *machine, const CliConfig *config, GError **error);

/* TRUE if what is asked for may show character consoles. */
gboolean frontends_show_consoles(const CliConfig *config);

/* TRUE if what is asked for is a desktop: something with a pointer. */
gboolean frontends_show_pointer(const CliConfig *config);

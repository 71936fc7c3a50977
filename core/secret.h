/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Secrets: passwords and keys that others name by id, so that they stand on no command line
 * (`-object secret,id=ID,file=PATH`, and then password-secret=ID). Vm lock held.
 */
#pragma once

#include "core/backend.h"

/* A copy of its bytes, or of the UTF-8 text that it must be; NULL with `error` set if there is no
 * such secret or it is none. */
GBytes *secret_get(Machine *machine, const char *id, GError **error);
char *secret_get_text(Machine *machine, const char *id, GError **error);

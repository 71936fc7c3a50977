/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors that a user can cause travel as GError: what was wrong, where, and what would be right,
 * in one line without a full stop or newline. They are either returned or reported, never both.
 */
#pragma once

#include <glib.h>

#define VITRINE_ERROR (vitrine_error_quark())
GQuark vitrine_error_quark(void);

/* Codes are the error classes that QMP distinguishes. */
typedef enum VitrineError {
    VITRINE_ERROR_GENERIC,
    VITRINE_ERROR_COMMAND_NOT_FOUND,
    VITRINE_ERROR_DEVICE_NOT_ACTIVE,
    VITRINE_ERROR_DEVICE_NOT_FOUND,
} VitrineError;

/* Sets a generic error. `error` may be NULL. Always returns FALSE, to be returned in turn. */
gboolean error_set(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* The same with strerror(errnum) appended after ": ". */
gboolean error_set_errno(GError **error, int errnum, const char *format, ...) G_GNUC_PRINTF(3, 4);

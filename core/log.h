/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages for the person who runs the machine, and the debug log of `-d` / `log`.
 *
 * Reports go to stderr as "vitrine: TEXT", or to the monitor while one of its commands runs.
 * Log lines go to stderr or the `-D` file when their item is on; testing an item is one load.
 * All of it may be called from any thread. The log state belongs to the process (there is one
 * stderr); the items and sink are set by app/ and the monitor only.
 */
#pragma once

#include <glib.h>

typedef enum LogItem {
    LOG_UNIMP = 1 << 0,       /* guest used something that is not emulated */
    LOG_GUEST_ERROR = 1 << 1, /* guest did what the hardware forbids */
    LOG_INT = 1 << 2,         /* interrupts and exceptions */
    LOG_CPU_RESET = 1 << 3,   /* processor state at a reset */
    LOG_MMU = 1 << 4,         /* memory layout changes */
    LOG_EXEC = 1 << 5,        /* tcg: every executed block */
    LOG_IN_ASM = 1 << 6,      /* tcg: every decoded block, disassembled */
    LOG_CPU = 1 << 7,         /* tcg: registers before every block */
} LogItem;

typedef struct LogItemInfo {
    LogItem item;
    const char *name; /* as in `-d NAME` */
    const char *help;
} LogItemInfo;

/* All items, ended by a NULL name. */
extern const LogItemInfo log_items[];

/* Parses "a,b,c", "none" or "all". */
gboolean log_parse_items(const char *text, guint *items, GError **error);

void log_set_items(guint items);
guint log_get_items(void);
gboolean log_enabled(LogItem item);

/* Opens `path` for log lines; NULL = stderr. "%d" in it becomes the process id. */
gboolean log_set_file(const char *path, GError **error);

/* Writes a line if the item is on; a newline is added. */
void log_line(LogItem item, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Where reports go instead of stderr while a monitor command runs; NULL restores stderr. */
void report_redirect(void (*sink)(const char *line, void *opaque), void *opaque);

/* What stands before reports on stderr (-msg): the time, in UTC, and a name (NULL = none). */
void report_set_prefix(gboolean timestamp, const char *name);

void report_error(const char *format, ...) G_GNUC_PRINTF(1, 2);
void report_warning(const char *format, ...) G_GNUC_PRINTF(1, 2);
void report_info(const char *format, ...) G_GNUC_PRINTF(1, 2);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/error.h"

const LogItemInfo log_items[] = {
    {LOG_UNIMP, "unimp", "what the guest used that is not emulated"},
    {LOG_GUEST_ERROR, "guest_errors", "what the guest did that the hardware forbids"},
    {LOG_INT, "int", "interrupts and exceptions"},
    {LOG_CPU_RESET, "cpu_reset", "processor state at each reset"},
    {LOG_MMU, "mmu", "changes of the memory layout"},
    {LOG_EXEC, "exec", "every executed block (tcg)"},
    {LOG_IN_ASM, "in_asm", "every decoded block, disassembled (tcg)"},
    {LOG_CPU, "cpu", "registers before every block (tcg)"},
    {0, NULL, NULL},
};

typedef struct ReportSink {
    void (*fn)(const char *line, void *opaque);
    void *opaque;
} ReportSink;

/* One stderr and one log a process, see the header. */
static gint log_mask; /* atomic */
static GMutex log_mutex;
static FILE *log_file;            /* log_mutex; NULL = stderr */
static gboolean report_timestamp; /* log_mutex */
static char *report_name;         /* log_mutex; NULL = none */
/* A monitor command's reports come from its own thread; other threads still reach stderr. */
static _Thread_local ReportSink report_sink;

static const LogItemInfo *find_item(const char *name)
{
    for (const LogItemInfo *info = log_items; info->name; info++) {
        if (!strcmp(info->name, name)) {
            return info;
        }
    }
    return NULL;
}

static gboolean unknown_item(const char *name, GError **error)
{
    g_autoptr(GString) known = g_string_new(NULL);

    for (const LogItemInfo *info = log_items; info->name; info++) {
        g_string_append_printf(known, "%s, ", info->name);
    }
    return error_set(error, "unknown log item '%s' (known: %sall, none)", name, known->str);
}

gboolean log_parse_items(const char *text, guint *items, GError **error)
{
    g_auto(GStrv) names = g_strsplit(text, ",", -1);
    guint mask = 0;

    for (char **name = names; *name; name++) {
        const LogItemInfo *info = find_item(*name);

        if (info) {
            mask |= info->item;
        } else if (!strcmp(*name, "all")) {
            for (info = log_items; info->name; info++) {
                mask |= info->item;
            }
        } else if (!strcmp(*name, "none")) {
            mask = 0;
        } else {
            return unknown_item(*name, error);
        }
    }
    *items = mask;
    return TRUE;
}

void log_set_items(guint items)
{
    g_atomic_int_set(&log_mask, (gint)items);
}

guint log_get_items(void)
{
    return (guint)g_atomic_int_get(&log_mask);
}

gboolean log_enabled(LogItem item)
{
    return (log_get_items() & item) != 0;
}

/* Puts the process id in place of the first "%d"; other '%' stay as they are. */
static char *expand_path(const char *path)
{
    const char *mark = strstr(path, "%d");

    if (!mark) {
        return g_strdup(path);
    }
    return g_strdup_printf("%.*s%d%s", (int)(mark - path), path, (int)getpid(), mark + 2);
}

gboolean log_set_file(const char *path, GError **error)
{
    FILE *file = NULL;

    if (path) {
        g_autofree char *name = expand_path(path);

        file = fopen(name, "we");
        if (!file) {
            return error_set_errno(error, errno, "cannot open the log file '%s'", name);
        }
        setvbuf(file, NULL, _IOLBF, 0);
    }
    g_mutex_lock(&log_mutex);
    if (log_file) {
        fclose(log_file);
    }
    log_file = file;
    g_mutex_unlock(&log_mutex);
    return TRUE;
}

void log_line(LogItem item, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    if (!log_enabled(item)) {
        return;
    }
    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    g_mutex_lock(&log_mutex);
    fprintf(log_file ? log_file : stderr, "%s\n", text);
    g_mutex_unlock(&log_mutex);
}

void report_redirect(void (*sink)(const char *line, void *opaque), void *opaque)
{
    report_sink = (ReportSink){sink, opaque};
}

void report_set_prefix(gboolean timestamp, const char *name)
{
    g_mutex_lock(&log_mutex);
    report_timestamp = timestamp;
    g_free(report_name);
    report_name = g_strdup(name);
    g_mutex_unlock(&log_mutex);
}

/* "2026-01-31T23:59:00.123456Z NAME " */
static char *prefix(void)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *stamp = NULL;
    g_autofree char *name = NULL;

    g_mutex_lock(&log_mutex);
    stamp = report_timestamp ? g_date_time_format(now, "%Y-%m-%dT%H:%M:%S.%fZ ") : g_strdup("");
    name = report_name ? g_strconcat(report_name, " ", NULL) : g_strdup("");
    g_mutex_unlock(&log_mutex);
    return g_strconcat(stamp, name, NULL);
}

static void report(const char *kind, const char *format, va_list args) G_GNUC_PRINTF(2, 0);

static void report(const char *kind, const char *format, va_list args)
{
    g_autofree char *text = g_strdup_vprintf(format, args);

    if (report_sink.fn) {
        g_autofree char *line = g_strconcat(kind, text, NULL);

        report_sink.fn(line, report_sink.opaque);
    } else {
        g_autofree char *before = prefix();

        /* One write, so that lines of two threads do not mix. */
        fprintf(stderr, "%svitrine: %s%s\n", before, kind, text);
    }
}

void report_error(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    report("", format, args);
    va_end(args);
}

void report_warning(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    report("warning: ", format, args);
    va_end(args);
}

void report_info(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    report("", format, args);
    va_end(args);
}

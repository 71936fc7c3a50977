/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the command line asked for. Filled by options.c, read by session.c; strings point into
 * `uses` unless said otherwise, and lists keep the order of the command line.
 */
#pragma once

#include <glib.h>

#include "app/sandbox.h"
#include "core/board.h"

/* One use of an option: "-drive file=x" is {"drive", "file=x"}; an image alone has an option "". */
typedef struct CliItem {
    const char *option;
    const char *value;
} CliItem;

typedef struct CliSmp {
    guint64 cpus, maxcpus, sockets, dies, cores, threads;
} CliSmp;

/* -global: what devices of a driver have where nothing else is said. */
typedef struct CliGlobal {
    char *driver, *property, *value;
} CliGlobal;

typedef struct CliMsg {
    gboolean timestamp, guest_name;
} CliMsg;

typedef struct CliRunas {
    gboolean asked;
    char *name; /* owned; NULL = numbers were given */
    guint uid, gid;
} CliRunas;

typedef struct CliConfig {
    GPtrArray *uses; /* of CliUse* (uses.h), owned: strings below point into them */
    /* Something to print instead of running: returns the exit status. NULL = run. */
    int (*print)(const char *text);
    const char *print_text; /* its argument: "VGA,help" of `-device VGA,help` */

    char *board;               /* owned; NULL = the default one */
    OptionList *board_options; /* owned; rest of -machine */
    GArray *accels;            /* of CliItem; empty = the default ones */
    const char *cpu_model;
    int icount_shift; /* -1 = not given */
    CliSmp smp;
    guint64 ram_size;     /* 0 = default */
    const char *mem_path; /* NULL = not a file */
    gboolean mem_prealloc;
    gboolean mem_lock; /* -overcommit mem-lock=on */
    const char *bios;
    const char *kernel, *initrd, *append; /* NULL = not given */
    GPtrArray *firmware_dirs;             /* of const char *; owned array, NULL-ended once parsed */
    BoardBoot boot;
    OptionList *boot_options; /* owned; holds the strings of `boot` */
    gboolean rtc_localtime;
    char *rtc_clock; /* NULL = host */
    gint64 rtc_start;

    GPtrArray *smbios; /* of const char*; owned array, NULL-ended once parsed */

    GArray *drives; /* of CliItem: -hda.., -cdrom, -drive and images */
    gboolean snapshot;
    const char *vga; /* NULL = the board's */
    GArray *devices; /* of CliItem */
    GArray *objects; /* of CliItem */

    GArray *displays;            /* of CliItem: -display, -vnc, -spice */
    GPtrArray *silent_audiodevs; /* of char *: ids of -audiodev none; owned */
    const char *keymap;          /* -k; NULL = the frontends' own default */
    gboolean full_screen;
    gboolean nographic;

    int echr;                                          /* -1 = not given */
    GArray *chardevs, *serials, *parallels, *monitors; /* of CliItem */
    GArray *passed_fds;                                /* of CliItem: -add-fd */
    const char *debugcon;
    GArray *qtests; /* of CliItem */
    const char *qtest_log;
    const char *gdb; /* -gdb, -s; NULL = no debug server */

    char *name, *uuid;   /* owned */
    char *process_name;  /* owned */
    gboolean stopped;    /* -S */
    gboolean no_control; /* -control off */
    gboolean nodefaults, no_user_config;
    MachineActions actions; /* -action, -no-reboot, -no-shutdown, -watchdog-action */
    guint log_items;
    const char *log_file;
    const char *pidfile;
    gboolean daemonize;
    GPtrArray *globals; /* of CliGlobal*, owned */
    CliMsg msg;
    const char *write_config; /* NULL = no */
    gboolean preconfig;
    SandboxConfig sandbox;
    CliRunas runas;
    const char *chroot;
} CliConfig;

CliConfig *cli_config_new(void);
void cli_config_free(CliConfig *config); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CliConfig, cli_config_free)

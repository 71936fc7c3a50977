/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Boards: what `-machine NAME` makes. hw/pc/board.h exports the list of them; app/ fills a
 * BoardConfig from the command line and calls create, after the accelerator, the chardevs and the
 * drives exist and before `-device` and the vCPUs.
 *
 * Drives are not listed here: the board asks machine->blocks for those meant for its
 * controllers. Strings and arrays belong to the caller and outlive the machine. Vm lock held.
 */
#pragma once

#include <glib.h>

#include "core/backend.h"
#include "core/char.h"
#include "core/machine.h"
#include "cpu/model.h"

typedef struct BoardOps BoardOps;

#define BOARD_MAX_SERIAL   4
#define BOARD_MAX_PARALLEL 3

/* Id of the memory backend that is made where -machine memory-backend= names none. */
#define BOARD_RAM_ID "pc.ram"

/* -boot */
typedef struct BoardBoot {
    const char *order; /* of letters a c d n; NULL = the board's own */
    const char *once;  /* order of the first boot only; NULL = none */
    gboolean menu;
    gboolean strict;          /* try nothing that is not listed */
    const char *splash;       /* picture file or NULL */
    gint64 splash_time_ms;    /* -1 = firmware's own */
    gint64 reboot_timeout_ms; /* -1 = never */
} BoardBoot;

typedef struct BoardConfig {
    guint64 ram_size;     /* bytes */
    Backend *memory;      /* a memory backend (core/memdev.h) of that size; NULL = anonymous */
    guint cpus;           /* -smp, 1 or more */
    guint max_cpus;       /* -smp maxcpus=: what the topology has room for; 0 = no more */
    CpuTopology topology; /* -smp: cores and threads of a socket */
    const char *bios;     /* -bios: name or path, NULL = the board's own */
    const char *kernel;   /* -kernel: a path; NULL = boot from drives */
    const char *initrd;   /* -initrd, or a multiboot kernel's modules; only with `kernel` */
    const char *append;   /* -append: the kernel's command line; only with `kernel` */
    BoardBoot boot;
    const char *vga;         /* name of an entry of ops->vgas, never NULL */
    gboolean serial_console; /* the firmware's screen goes to the first serial port, too */
    gboolean nodefaults;     /* make no device that was not asked for */
    gboolean rtc_localtime;  /* -rtc base=localtime */
    gint64 rtc_start;        /* -rtc base=DATE: seconds since 1970 at start; -1 = the host's time */
    const char *rtc_clock;   /* -rtc clock=: "host", "rt" or "vm"; NULL = host */
    Chardev *serial[BOARD_MAX_SERIAL];     /* NULL = no such port */
    Chardev *parallel[BOARD_MAX_PARALLEL]; /* NULL = no such port */
    Chardev *debugcon;                     /* port E9h or `debugcon_port`; NULL = none */
    guint debugcon_port;
    const char *const *smbios; /* values of -smbios in order, ended by NULL; NULL = none */
    OptionList *options;       /* -machine's rest; ops->options are taken from it by the board's
                              * create through options_apply(), unknown ones are refused by app/ */
} BoardConfig;

/* A graphics card that `-vga NAME` stands for. */
typedef struct BoardVga {
    const char *name;    /* "std", "none" */
    const char *device;  /* DeviceOps name, NULL = no card */
    const char *summary; /* for -vga help */
} BoardVga;

struct BoardOps {
    const char *name;    /* as in -machine NAME */
    const char *summary; /* one line for -machine help */
    guint max_cpus;
    guint64 max_ram;           /* bytes */
    gboolean no_memory;        /* it has none, whatever -m says */
    const char *default_vga;   /* of `vgas` */
    const BoardVga *vgas;      /* ended by a NULL name; NULL = the board has no graphics */
    gboolean has_floppy;       /* has a floppy drive that can be empty */
    guint units_per_ide_bus;   /* 0 = 2, a master and a slave */
    const OptionSpec *options; /* of an object of the board's own; NULL = none */
    /* Required. Makes machine->root with all of its devices, and maps RAM and firmware. On failure
     * what was made is freed by machine_free(). */
    gboolean (*create)(Machine *machine, const BoardConfig *config, GError **error);
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest memory in a file: an ELF core of the whole machine, for gdb and crash, or the bytes of a
 * part. A worker writes, without the vm lock. For a core the machine stands still meanwhile; a part
 * is read while it runs. What fails leaves no file. Called with the vm lock held.
 */
#pragma once

#include "core/machine.h"
#include "cpu/registers.h"
#include "monitor/outfile.h"

typedef enum DumpStatus { DUMP_NONE, DUMP_ACTIVE, DUMP_COMPLETED, DUMP_FAILED } DumpStatus;

typedef struct DumpProgress {
    DumpStatus status; /* of the newest dump */
    guint64 completed, total;
} DumpProgress;

typedef struct DumpOptions {
    const char *path; /* or NULL, and: */
    int fd;           /* is taken if the dump starts */
    gboolean paging;  /* virtual addresses too, as the processors see them */
    gboolean limited; /* to these physical addresses: */
    guint64 begin, length;
} DumpOptions;

extern const char *const dump_status_names[]; /* QMP's */

/*
 * Starts a dump of the whole machine. `opened` is called once the file is open, or with why it is
 * not, and then, if it is, `done` at the end (then the event DUMP_COMPLETED has been sent).
 * FALSE with an error, and nothing is called: an argument is wrong, or there is a dump already.
 */
gboolean dump_start(Machine *machine, const DumpOptions *options,
                    void (*opened)(const GError *error, void *opaque),
                    void (*done)(const GError *error, void *opaque), void *opaque, GError **error);

DumpProgress dump_progress(const Machine *machine);

/*
 * Writes `size` bytes from `addr` on to a file: physical memory, or with `regs` virtual memory of
 * a processor that has these. `done` is called at the end.
 */
void dump_part(Machine *machine, const char *path, guint64 addr, guint64 size,
               const CpuRegisters *regs, void (*done)(const GError *error, void *opaque),
               void *opaque);

/* ---- dump-elf.c ---- */

/* A run of physical memory, in the file too. */
typedef struct DumpRange {
    guint64 addr, size;
    guint64 offset; /* in the memory part of the file */
} DumpRange;

typedef struct DumpMapping {
    guint64 linear, physical, size;
    guint64 offset; /* as above */
} DumpMapping;

/* Headers and notes of a core: memory follows. `mappings` are all of its program headers but the
 * first. */
GByteArray *dump_elf_head(const CpuRegisters *regs, guint cpus, GArray *mappings);

/* The mappings of a core's headers: with `paging` as the processors' page tables say (reads guest
 * memory: for a worker), else one for each range. FALSE if there are too many. */
gboolean dump_elf_mappings(Machine *machine, const CpuRegisters *regs, guint cpus, GArray *ranges,
                           gboolean paging, GArray *mappings, GError **error);

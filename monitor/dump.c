/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/dump.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/error.h"
#include "core/event.h"
#include "core/vcpu.h"
#include "cpu/paging.h"

#define CHUNK (1u << 20)

const char *const dump_status_names[] = {"none", "active", "completed", "failed", NULL};

/* The machine's dump; made with the first, and kept (machine->dump) for query-dump. */
typedef struct Dump {
    Machine *machine;
    MachineListener *listener; /* while one is active */
    DumpStatus status;
    guint64 completed, total; /* atomic */
    gboolean cancel;          /* atomic: the program ends */
    /* The one that is active. */
    OutFile file;
    char *path;
    int fd;
    gboolean paging;
    GArray *ranges; /* of DumpRange */
    CpuRegisters *regs;
    guint cpus;
    GError *error;
    void (*opened)(const GError *error, void *opaque);
    void (*done)(const GError *error, void *opaque);
    void *opaque;
} Dump;

/* ---- what there is to dump ---- */

typedef struct RangeFilter {
    GArray *ranges;
    const DumpOptions *options;
    guint64 offset;
} RangeFilter;

static void add_range(const MemoryRun *run, void *opaque)
{
    RangeFilter *filter = opaque;
    const DumpOptions *options = filter->options;
    guint64 start = run->addr, last = run->addr + (run->size - 1);
    DumpRange *before;

    if (options->limited) {
        guint64 limit = options->begin + (options->length - 1);

        start = MAX(start, options->begin);
        last = MIN(last, limit < options->begin ? G_MAXUINT64 : limit);
        if (start > last) {
            return;
        }
    }
    before = filter->ranges->len
                 ? &g_array_index(filter->ranges, DumpRange, filter->ranges->len - 1)
                 : NULL;
    if (before && before->addr + before->size == start) {
        before->size += last - start + 1;
    } else {
        DumpRange range = {start, last - start + 1, filter->offset};

        g_array_append_val(filter->ranges, range);
    }
    filter->offset += last - start + 1;
}

/* ---- in a worker ---- */

static gboolean write_memory(Dump *dump, guint8 *buffer, const DumpRange *range)
{
    for (guint64 done = 0; done < range->size;) {
        gsize length = (gsize)MIN(range->size - done, CHUNK);

        if (__atomic_load_n(&dump->cancel, __ATOMIC_RELAXED)) {
            return error_set(&dump->error, "the program ends");
        }
        address_space_read(dump->machine->memory, range->addr + done, buffer, length);
        if (!out_file_write_sparse(&dump->file, buffer, length, &dump->error)) {
            return FALSE;
        }
        done += length;
        __atomic_add_fetch(&dump->completed, length, __ATOMIC_RELAXED);
    }
    return TRUE;
}

/* The head goes to the file last, where that can be: without it the rest is no core. */
static gboolean write_core(Dump *dump, GByteArray *head)
{
    g_autofree guint8 *buffer = g_malloc(CHUNK);
    gboolean good = TRUE;

    if (dump->file.seekable) {
        out_file_skip(&dump->file, head->len);
    } else {
        good = out_file_write(&dump->file, head->data, head->len, &dump->error);
    }
    for (guint i = 0; good && i < dump->ranges->len; i++) {
        good = write_memory(dump, buffer, &g_array_index(dump->ranges, DumpRange, i));
    }
    return good && (!dump->file.seekable ||
                    out_file_write_at(&dump->file, 0, head->data, head->len, &dump->error));
}

static void write_work(void *opaque)
{
    Dump *dump = opaque;
    g_autoptr(GArray) mappings = g_array_new(FALSE, FALSE, sizeof(DumpMapping));
    g_autoptr(GByteArray) head = NULL;

    if (dump_elf_mappings(dump->machine, dump->regs, dump->cpus, dump->ranges, dump->paging,
                          mappings, &dump->error)) {
        head = dump_elf_head(dump->regs, dump->cpus, mappings);
    }
    if (head && write_core(dump, head)) {
        out_file_finish(&dump->file, &dump->error);
    } else {
        out_file_abandon(&dump->file);
    }
}

static void open_work(void *opaque)
{
    Dump *dump = opaque;

    if (dump->path) {
        out_file_open(&dump->file, dump->machine, dump->path, &dump->cancel, &dump->error);
    } else {
        out_file_take(&dump->file, dump->fd, &dump->cancel);
    }
}

/* ---- on the loop ---- */

static void clear(Dump *dump)
{
    machine_unlisten(dump->machine, dump->listener);
    dump->listener = NULL;
    g_clear_pointer(&dump->ranges, g_array_unref);
    g_clear_pointer(&dump->regs, g_free);
    g_clear_pointer(&dump->path, g_free);
    g_clear_error(&dump->error);
}

static void tell_completed(Dump *dump)
{
    const char *status = dump_status_names[dump->status];

    if (dump->error) {
        event_emit(dump->machine, "DUMP_COMPLETED",
                   "{'result': <{'status': <%s>, 'completed': <%x>, 'total': <%x>}>,"
                   " 'error': <%s>}",
                   status, (gint64)dump->completed, (gint64)dump->total, dump->error->message);
    } else {
        event_emit(dump->machine, "DUMP_COMPLETED",
                   "{'result': <{'status': <%s>, 'completed': <%x>, 'total': <%x>}>}", status,
                   (gint64)dump->completed, (gint64)dump->total);
    }
}

static void write_done(void *opaque)
{
    Dump *dump = opaque;
    void (*done)(const GError *error, void *opaque) = dump->done;
    void *done_opaque = dump->opaque;
    g_autoptr(GError) error = NULL;

    dump->status = dump->error ? DUMP_FAILED : DUMP_COMPLETED;
    machine_thaw(dump->machine);
    tell_completed(dump);
    error = g_steal_pointer(&dump->error);
    clear(dump);
    done(error, done_opaque);
}

static void open_done(void *opaque)
{
    Dump *dump = opaque;
    Machine *machine = dump->machine;

    if (!dump->error && !machine->frozen && !machine->ending) {
        machine_freeze(machine);
        for (guint i = 0; i < dump->cpus; i++) {
            vcpu_get_regs(g_ptr_array_index(machine->vcpus, i), &dump->regs[i]);
        }
        dump->opened(NULL, dump->opaque);
        worker_submit(machine->workers, write_work, write_done, dump);
        return;
    }
    if (!dump->error) {
        out_file_abandon(&dump->file);
        error_set(&dump->error, "the machine ends");
    }
    dump->status = DUMP_FAILED;
    dump->opened(dump->error, dump->opaque);
    clear(dump);
}

/* What goes on is of no use any more, and the end waits for it. */
static void on_machine(Machine *machine, MachineEvent event, void *opaque)
{
    Dump *dump = opaque;

    if (event == MACHINE_EVENT_SHUTDOWN) {
        __atomic_store_n(&dump->cancel, TRUE, __ATOMIC_RELAXED);
    }
}

static Dump *dump_of(Machine *machine)
{
    if (!machine->dump) {
        Dump *dump = g_new0(Dump, 1);

        dump->machine = machine;
        machine->dump = dump;
    }
    return machine->dump;
}

gboolean dump_start(Machine *machine, const DumpOptions *options,
                    void (*opened)(const GError *error, void *opaque),
                    void (*done)(const GError *error, void *opaque), void *opaque, GError **error)
{
    Dump *dump = dump_of(machine);
    g_autoptr(GArray) ranges = g_array_new(FALSE, FALSE, sizeof(DumpRange));
    RangeFilter filter = {ranges, options, 0};

    if (dump->status == DUMP_ACTIVE || machine->frozen) {
        return error_set(error, "There is a dump in process, please wait.");
    }
    if (options->limited && options->length == 0) {
        return error_set(error, "Invalid parameter 'length'");
    }
    address_space_foreach_run(machine->memory, add_range, &filter);
    if (options->limited && ranges->len == 0) {
        return error_set(error, "Invalid parameter 'begin': there is no memory");
    }
    if (ranges->len == 0) {
        return error_set(error, "dump: no guest memory to dump");
    }
    dump->listener = machine_listen(machine, on_machine, dump);
    dump->status = DUMP_ACTIVE;
    dump->completed = 0;
    dump->total = filter.offset;
    dump->path = g_strdup(options->path);
    dump->fd = options->fd;
    dump->paging = options->paging;
    dump->ranges = g_steal_pointer(&ranges);
    dump->cpus = machine->vcpus->len;
    dump->regs = g_new0(CpuRegisters, MAX(dump->cpus, 1));
    dump->opened = opened;
    dump->done = done;
    dump->opaque = opaque;
    worker_submit(machine->workers, open_work, open_done, dump);
    return TRUE;
}

DumpProgress dump_progress(const Machine *machine)
{
    const Dump *dump = machine->dump;

    if (!dump) {
        return (DumpProgress){DUMP_NONE, 0, 0};
    }
    return (DumpProgress){dump->status, __atomic_load_n(&dump->completed, __ATOMIC_RELAXED),
                          dump->total};
}

/* ---- parts ---- */

typedef struct PartDump {
    Machine *machine;
    MachineListener *listener;
    char *path;
    guint64 addr, size;
    gboolean virtual;
    CpuRegisters regs;
    gboolean cancel; /* atomic */
    GError *error;
    void (*done)(const GError *error, void *opaque);
    void *opaque;
} PartDump;

static gboolean read_memory(guint64 addr, void *buffer, gsize length, void *opaque)
{
    const Machine *machine = opaque;

    return address_space_read(machine->memory, addr, buffer, length);
}

/* Reads up to `length` bytes at `addr`, at least one page's rest of them; 0 if nothing is there. */
static gsize read_part(PartDump *part, guint64 addr, guint8 *buffer, gsize length)
{
    CpuMapping page;

    if (!part->virtual) {
        address_space_read(part->machine->memory, addr, buffer, length);
        return length;
    }
    if (!cpu_translate(&part->regs, addr, read_memory, part->machine, &page)) {
        return 0;
    }
    length = (gsize)MIN(length, page.size - (addr - page.linear));
    address_space_read(part->machine->memory, page.physical + (addr - page.linear), buffer, length);
    return length;
}

static gboolean write_part(PartDump *part, OutFile *file)
{
    g_autofree guint8 *buffer = g_malloc(CHUNK);

    for (guint64 done = 0; done < part->size;) {
        gsize n = read_part(part, part->addr + done, buffer, (gsize)MIN(part->size - done, CHUNK));

        if (n == 0) {
            return error_set(&part->error,
                             "Invalid addr 0x%016" G_GINT64_MODIFIER "x/size %" G_GUINT64_FORMAT
                             " specified",
                             part->addr + done, part->size);
        }
        if (__atomic_load_n(&part->cancel, __ATOMIC_RELAXED)) {
            return error_set(&part->error, "the program ends");
        }
        if (!out_file_write_sparse(file, buffer, n, &part->error)) {
            return FALSE;
        }
        done += n;
    }
    return TRUE;
}

static void part_work(void *opaque)
{
    PartDump *part = opaque;
    OutFile file;

    if (!out_file_open(&file, part->machine, part->path, &part->cancel, &part->error)) {
        return;
    }
    if (write_part(part, &file)) {
        out_file_finish(&file, &part->error);
    } else {
        out_file_abandon(&file);
    }
}

static void part_done(void *opaque)
{
    PartDump *part = opaque;

    machine_unlisten(part->machine, part->listener);
    part->done(part->error, part->opaque);
    g_clear_error(&part->error);
    g_free(part->path);
    g_free(part);
}

static void part_on_machine(Machine *machine, MachineEvent event, void *opaque)
{
    PartDump *part = opaque;

    if (event == MACHINE_EVENT_SHUTDOWN) {
        __atomic_store_n(&part->cancel, TRUE, __ATOMIC_RELAXED);
    }
}

void dump_part(Machine *machine, const char *path, guint64 addr, guint64 size,
               const CpuRegisters *regs, void (*done)(const GError *error, void *opaque),
               void *opaque)
{
    PartDump *part = g_new0(PartDump, 1);

    part->machine = machine;
    part->listener = machine_listen(machine, part_on_machine, part);
    part->path = g_strdup(path);
    part->addr = addr;
    part->size = size;
    part->virtual = regs != NULL;
    if (regs) {
        part->regs = *regs;
    }
    part->done = done;
    part->opaque = opaque;
    worker_submit(machine->workers, part_work, part_done, part);
}

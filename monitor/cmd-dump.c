/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest memory: into files, where it is in the host, and what lies where. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/error.h"
#include "core/vcpu.h"
#include "cpu/paging.h"
#include "monitor/dump.h"
#include "monitor/fds.h"
#include "monitor/handlers.h"

/* ---- dump-guest-memory ---- */

typedef struct DumpCall {
    CommandCall *call; /* NULL: it has been answered */
    gboolean detach;
} DumpCall;

static void dump_done(const GError *error, void *opaque)
{
    DumpCall *dump = opaque;

    if (dump->call) {
        command_call_finish(dump->call, error ? g_error_copy(error) : NULL);
    }
    g_free(dump);
}

static void dump_opened(const GError *error, void *opaque)
{
    DumpCall *dump = opaque;

    if (error) {
        dump_done(error, dump);
    } else if (dump->detach) {
        command_call_finish(g_steal_pointer(&dump->call), NULL);
    }
}

static gboolean start_dump(CommandCall *call, const DumpOptions *options, gboolean detach,
                           GError **error)
{
    DumpCall *dump = g_new0(DumpCall, 1);

    dump->call = call;
    dump->detach = detach;
    if (!dump_start(call->machine, options, dump_opened, dump_done, dump, error)) {
        g_free(dump);
        return FALSE;
    }
    command_call_hold(call);
    return TRUE;
}

/* begin and length; FALSE if only one of them is there. */
static gboolean get_limits(CommandCall *call, DumpOptions *options, GError **error)
{
    options->limited = command_has(call, "begin");
    options->begin = (guint64)command_int(call, "begin", 0);
    options->length = (guint64)command_int(call, "length", 0);
    if (command_has(call, "begin") != command_has(call, "length")) {
        return error_set(error, "Parameter '%s' is missing", options->limited ? "length" : "begin");
    }
    return TRUE;
}

gboolean qmp_dump_guest_memory(CommandCall *call, GError **error)
{
    const char *protocol = command_string(call, "protocol");
    const char *format = command_string(call, "format");
    DumpOptions options = {.paging = command_flag(call, "paging"), .fd = -1};

    if (!get_limits(call, &options, error)) {
        return FALSE;
    }
    if (format && !g_str_equal(format, "elf")) {
        if (options.paging || options.limited) {
            return error_set(error, "kdump-compressed format doesn't support paging or filter");
        }
        return error_set(error, "%s is not available now (elf is)", format);
    }
    if (g_str_has_prefix(protocol, "fd:")) {
        options.fd = fd_store_claim(call->context->fds, protocol + strlen("fd:"), error);
        if (options.fd < 0) {
            return FALSE;
        }
    } else if (g_str_has_prefix(protocol, "file:")) {
        options.path = protocol + strlen("file:");
    } else {
        return error_set(error, "parameter 'protocol' must start with 'file:' or 'fd:'");
    }
    if (!start_dump(call, &options, command_flag(call, "detach"), error)) {
        if (options.fd >= 0) {
            close(options.fd);
        }
        return FALSE;
    }
    return TRUE;
}

gboolean cmd_dump_guest_memory(CommandCall *call, GError **error)
{
    static const char *const others[] = {"zlib", "lzo", "snappy", "windmp", NULL};
    DumpOptions options = {
        .path = command_string(call, "filename"),
        .fd = -1,
        .paging = command_flag(call, "paging"),
    };

    for (guint i = 0; others[i]; i++) {
        if (command_flag(call, others[i])) {
            return error_set(error, "the format %s is not available, only ELF is", others[i]);
        }
    }
    return get_limits(call, &options, error) &&
           start_dump(call, &options, command_flag(call, "detach"), error);
}

gboolean qmp_query_dump(CommandCall *call, GError **error)
{
    DumpProgress progress = dump_progress(call->machine);
    JsonObject *info = json_object_new();

    json_object_set_string_member(info, "status", dump_status_names[progress.status]);
    json_object_set_int_member(info, "completed", (gint64)progress.completed);
    json_object_set_int_member(info, "total", (gint64)progress.total);
    command_return_object(call, info);
    return TRUE;
}

gboolean qmp_query_dump_capability(CommandCall *call, GError **error)
{
    JsonObject *info = json_object_new();
    JsonArray *formats = json_array_new();

    json_array_add_string_element(formats, "elf");
    json_object_set_array_member(info, "formats", formats);
    command_return_object(call, info);
    return TRUE;
}

gboolean cmd_info_dump(CommandCall *call, GError **error)
{
    DumpProgress progress = dump_progress(call->machine);

    g_string_append_printf(call->out, "Status: %s\n", dump_status_names[progress.status]);
    if (progress.status == DUMP_ACTIVE) {
        g_string_append_printf(call->out, "Finished: %.2f %%\n",
                               100.0 * (double)progress.completed / (double)progress.total);
    }
    return TRUE;
}

/* ---- memsave, pmemsave ---- */

static void save_done(const GError *error, void *opaque)
{
    command_call_finish(opaque, error ? g_error_copy(error) : NULL);
}

static Vcpu *find_vcpu(const CommandCall *call, gint64 index, GError **error)
{
    GPtrArray *vcpus = call->machine->vcpus;

    if (index < 0 || index >= vcpus->len) {
        error_set(error,
                  "Parameter 'cpu-index' expects a CPU number: there is no CPU #%" G_GINT64_FORMAT,
                  index);
        return NULL;
    }
    return g_ptr_array_index(vcpus, index);
}

gboolean cmd_memsave(CommandCall *call, GError **error)
{
    Vcpu *vcpu = find_vcpu(call, command_int(call, "cpu-index", call->context->cpu), error);
    CpuRegisters regs;

    if (!vcpu) {
        return FALSE;
    }
    vcpu_get_regs(vcpu, &regs);
    command_call_hold(call);
    dump_part(call->machine, command_string(call, "filename"), (guint64)command_int(call, "val", 0),
              (guint64)command_int(call, "size", 0), &regs, save_done, call);
    return TRUE;
}

gboolean cmd_pmemsave(CommandCall *call, GError **error)
{
    command_call_hold(call);
    dump_part(call->machine, command_string(call, "filename"), (guint64)command_int(call, "val", 0),
              (guint64)command_int(call, "size", 0), NULL, save_done, call);
    return TRUE;
}

/* ---- where memory is ---- */

typedef struct RunSearch {
    guint64 addr;
    const Region *region;
    const guint8 *host;
} RunSearch;

static void search_run(const MemoryRun *run, void *opaque)
{
    RunSearch *search = opaque;

    if (search->addr - run->addr < run->size) {
        search->region = run->region;
        search->host = region_host(run->region) + run->offset + (search->addr - run->addr);
    }
}

static gboolean find_host(CommandCall *call, RunSearch *search, GError **error)
{
    guint8 byte;

    search->addr = (guint64)command_int(call, "addr", 0);
    address_space_foreach_run(call->machine->memory, search_run, search);
    if (search->host) {
        return TRUE;
    }
    if (address_space_read(call->machine->memory, search->addr, &byte, 1)) {
        return error_set(error, "Memory at address 0x%" G_GINT64_MODIFIER "x is not RAM",
                         search->addr);
    }
    return error_set(error, "No memory is mapped at address 0x%" G_GINT64_MODIFIER "x",
                     search->addr);
}

gboolean cmd_gpa2hva(CommandCall *call, GError **error)
{
    RunSearch search = {0};

    if (!find_host(call, &search, error)) {
        return FALSE;
    }
    g_string_append_printf(call->out,
                           "Host virtual address for 0x%" G_GINT64_MODIFIER "x (%s) is %p\n",
                           search.addr, search.region->name, (const void *)search.host);
    return TRUE;
}

/* Documentation/admin-guide/mm/pagemap.rst: 64 bits a page; 0 to 54 are the frame's number, 63
 * tells whether it is there. Only root is told the number. */
static gboolean find_frame(const void *host, guint64 *physical, GError **error)
{
    guint64 page = (guint64)sysconf(_SC_PAGESIZE), entry;
    int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    off_t at = (off_t)((gsize)host / page * sizeof(entry));
    ssize_t n;

    if (fd < 0) {
        return error_set_errno(error, errno, "Cannot open /proc/self/pagemap");
    }
    n = pread(fd, &entry, sizeof(entry), at);
    close(fd);
    if (n != sizeof(entry)) {
        return error_set(error, "Cannot read /proc/self/pagemap");
    }
    if (!(entry >> 63)) {
        return error_set(error, "Page not present");
    }
    if (!(entry & ((1ULL << 55) - 1))) {
        return error_set(error, "the host tells only root where a page is (CAP_SYS_ADMIN)");
    }
    *physical = (entry & ((1ULL << 55) - 1)) * page + (gsize)host % page;
    return TRUE;
}

gboolean cmd_gpa2hpa(CommandCall *call, GError **error)
{
    RunSearch search = {0};
    guint64 physical = 0;
    volatile guint8 touched;

    if (!find_host(call, &search, error)) {
        return FALSE;
    }
    touched = *search.host; /* so that it has a page */
    (void)touched;
    if (!find_frame(search.host, &physical, error)) {
        return FALSE;
    }
    g_string_append_printf(call->out,
                           "Host physical address for 0x%" G_GINT64_MODIFIER
                           "x (%s) is 0x%" G_GINT64_MODIFIER "x\n",
                           search.addr, search.region->name, physical);
    return TRUE;
}

static gboolean read_physical(guint64 addr, void *buffer, gsize length, void *opaque)
{
    const Machine *machine = opaque;

    return address_space_read(machine->memory, addr, buffer, length);
}

gboolean cmd_gva2gpa(CommandCall *call, GError **error)
{
    guint64 addr = (guint64)command_int(call, "addr", 0);
    Vcpu *vcpu = find_vcpu(call, call->context->cpu, error);
    CpuRegisters regs;
    CpuMapping page;

    if (!vcpu) {
        return FALSE;
    }
    vcpu_get_regs(vcpu, &regs);
    if (cpu_translate(&regs, addr, read_physical, call->machine, &page)) {
        g_string_append_printf(call->out, "gpa: %#" G_GINT64_MODIFIER "x\n",
                               page.physical + (addr - page.linear));
    } else {
        g_string_append(call->out, "Unmapped\n");
    }
    return TRUE;
}

typedef struct SumCall {
    CommandCall *call;
    AddressSpace *memory;
    guint64 addr, size;
    guint16 sum;
} SumCall;

/* The checksum of sum(1) as BSD has it: rotate right, add, 16 bits. In a worker. */
static void sum_work(void *opaque)
{
    SumCall *s = opaque;
    guint8 buffer[4096];

    for (guint64 done = 0; done < s->size;) {
        gsize n = (gsize)MIN(s->size - done, sizeof(buffer));

        address_space_read(s->memory, s->addr + done, buffer, n);
        for (gsize i = 0; i < n; i++) {
            s->sum = (guint16)((s->sum >> 1 | s->sum << 15) + buffer[i]);
        }
        done += n;
    }
}

static void sum_done(void *opaque)
{
    SumCall *s = opaque;

    g_string_append_printf(s->call->out, "%05u\n", s->sum);
    command_call_finish(s->call, NULL);
    g_free(s);
}

gboolean cmd_sum(CommandCall *call, GError **error)
{
    SumCall *s = g_new0(SumCall, 1);

    s->call = call;
    s->memory = call->machine->memory;
    s->addr = (guint64)command_int(call, "start", 0);
    s->size = (guint64)command_int(call, "size", 0);
    command_call_hold(call);
    worker_submit(call->machine->workers, sum_work, sum_done, s);
    return TRUE;
}

/* ---- info ramblock, info roms ---- */

static void print_block(Region *region, void *opaque)
{
    g_string_append_printf(
        opaque, "%24s %6u KiB  0x%016" G_GINT64_MODIFIER "x 0x%016" G_GINT64_MODIFIER "x %s\n",
        region->name, (guint)(sysconf(_SC_PAGESIZE) / 1024), region_size(region),
        (guint64)(gsize)region_host(region), region->kind == REGION_ROM ? "ro" : "rw");
}

gboolean cmd_info_ramblock(CommandCall *call, GError **error)
{
    g_string_append_printf(call->out, "%24s %10s  %18s %18s %s\n", "Block Name", "PSize", "Total",
                           "HVA", "RO");
    address_space_foreach_region(call->machine->memory, print_block, call->out);
    return TRUE;
}

static void print_rom(const MemoryRun *run, void *opaque)
{
    if (run->readonly) {
        g_string_append_printf(opaque,
                               "addr=%016" G_GINT64_MODIFIER "x size=0x%06" G_GINT64_MODIFIER
                               "x mem=%s name=\"%s\"\n",
                               run->addr, run->size,
                               run->region->kind == REGION_ROM ? "rom" : "ram", run->region->name);
    }
}

gboolean cmd_info_roms(CommandCall *call, GError **error)
{
    address_space_foreach_run(call->machine->memory, print_rom, call->out);
    return TRUE;
}

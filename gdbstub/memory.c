/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory as the client names it: linear addresses of the chosen vCPU, or physical ones. */
#include <string.h>

#include "cpu/paging.h"
#include "gdbstub/gdbstub-priv.h"

static gboolean read_physical(guint64 addr, void *buffer, gsize length, void *opaque)
{
    const Machine *machine = opaque;

    return address_space_read(machine->memory, addr, buffer, length);
}

/* FALSE: nothing is there, or memory did not take it, which ROM does without a word. */
static gboolean write_physical(Machine *machine, guint64 addr, const guint8 *bytes, gsize length)
{
    gsize mapped = length;
    gboolean taken = TRUE;
    const guint8 *host;
    DmaMap map;

    if (!address_space_write(machine->memory, addr, bytes, length)) {
        return FALSE;
    }
    host = address_space_map(machine->memory, addr, &mapped, FALSE, &map);
    if (host) {
        taken = memcmp(host, bytes, mapped) == 0;
        address_space_unmap(machine->memory, &map, 0);
    }
    return taken;
}

/* Walks the pieces that lie in one page each; `write` is NULL for reading. */
static gsize transfer(GdbStub *stub, guint64 addr, guint8 *read, const guint8 *write, gsize length)
{
    Machine *machine = stub->machine;
    CpuRegisters regs;
    gsize done = 0;

    if (!stub->physical) {
        vcpu_get_regs(gdb_vcpu(stub, stub->cpu), &regs);
    }
    while (done < length) {
        CpuMapping page = {.linear = addr & ~0xfffull, .physical = addr & ~0xfffull, .size = 4096};

        if (!stub->physical && !cpu_translate(&regs, addr, read_physical, machine, &page)) {
            break;
        }
        guint64 offset = addr - page.linear;
        gsize n = MIN(length - done, page.size - offset);
        guint64 physical = page.physical + offset;
        if (write ? !write_physical(machine, physical, write + done, n)
                  : !address_space_read(machine->memory, physical, read + done, n)) {
            break;
        }
        done += n;
        addr += n;
    }
    return done;
}

gsize gdb_read_memory(GdbStub *stub, guint64 addr, guint8 *bytes, gsize length)
{
    return transfer(stub, addr, bytes, NULL, length);
}

gsize gdb_write_memory(GdbStub *stub, guint64 addr, const guint8 *bytes, gsize length)
{
    return transfer(stub, addr, NULL, bytes, length);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The head of a core file (System V ABI, "Object Files"; core(5)): a note with the registers of
 * each processor, and where in the file which memory is. Numbers are little-endian, as are we.
 */
#include <elf.h>
#include <string.h>
#include <sys/procfs.h>
#include <sys/user.h>

#include "core/error.h"
#include "cpu/paging.h"
#include "monitor/dump.h"

/* More mappings than any system has; their headers alone would be 56 MiB. */
#define MAX_MAPPINGS (1u << 20)
#define MAX_TABLES   (1u << 20)

/* Of a processor, in the note "QEMU", which the program crash reads for what is not in NT_PRSTATUS:
 * control registers, descriptor tables. */
typedef struct QemuSegment {
    guint32 selector, limit, flags, pad;
    guint64 base;
} QemuSegment;

typedef struct QemuCpuState {
    guint32 version, size;
    guint64 rax, rbx, rcx, rdx, rsi, rdi, rsp, rbp, r8_r15[8], rip, rflags;
    QemuSegment cs, ds, es, fs, gs, ss, ldt, tr, gdt, idt;
    guint64 cr[5];
} QemuCpuState;

/* ---- notes ---- */

static void add_note(GByteArray *notes, const char *name, guint32 type, const void *data,
                     guint32 length)
{
    static const guint8 zeros[8];
    Elf64_Nhdr header = {(guint32)strlen(name) + 1, length, type};

    g_byte_array_append(notes, (const guint8 *)&header, sizeof(header));
    g_byte_array_append(notes, (const guint8 *)name, header.n_namesz);
    g_byte_array_append(notes, zeros, (4 - header.n_namesz % 4) % 4);
    g_byte_array_append(notes, data, length);
    g_byte_array_append(notes, zeros, (4 - length % 4) % 4);
}

static void add_status(GByteArray *notes, const CpuRegisters *regs, guint index)
{
    const guint64 *gpr = regs->gpr;
    const CpuSegment *seg = regs->segment;
    struct user_regs_struct user = {
        .r15 = gpr[15],
        .r14 = gpr[14],
        .r13 = gpr[13],
        .r12 = gpr[12],
        .r11 = gpr[11],
        .r10 = gpr[10],
        .r9 = gpr[9],
        .r8 = gpr[8],
        .rbp = gpr[CPU_RBP],
        .rbx = gpr[CPU_RBX],
        .rax = gpr[CPU_RAX],
        .rcx = gpr[CPU_RCX],
        .rdx = gpr[CPU_RDX],
        .rsi = gpr[CPU_RSI],
        .rdi = gpr[CPU_RDI],
        .rsp = gpr[CPU_RSP],
        .rip = regs->rip,
        .eflags = regs->rflags,
        .cs = seg[CPU_CS].selector,
        .ss = seg[CPU_SS].selector,
        .ds = seg[CPU_DS].selector,
        .es = seg[CPU_ES].selector,
        .fs = seg[CPU_FS].selector,
        .gs = seg[CPU_GS].selector,
        .fs_base = seg[CPU_FS].base,
        .gs_base = seg[CPU_GS].base,
    };
    struct elf_prstatus status = {.pr_pid = (pid_t)index + 1};

    G_STATIC_ASSERT(sizeof(status.pr_reg) == sizeof(user));
    memcpy(&status.pr_reg, &user, sizeof(user));
    add_note(notes, "CORE", NT_PRSTATUS, &status, sizeof(status));
}

/* A descriptor's attributes where its second doubleword has them (Intel SDM vol. 3, 3.4.5). */
static QemuSegment segment_of(const CpuSegment *seg)
{
    return (QemuSegment){
        .selector = seg->selector,
        .limit = seg->limit,
        .flags = (guint32)seg->type << 8 | (guint32)seg->s << 12 | (guint32)seg->dpl << 13 |
                 (guint32)seg->present << 15 | (guint32)seg->avl << 20 | (guint32)seg->l << 21 |
                 (guint32)seg->db << 22 | (guint32)seg->g << 23,
        .base = seg->base,
    };
}

static void add_system_state(GByteArray *notes, const CpuRegisters *regs)
{
    const guint64 *gpr = regs->gpr;
    const CpuSegment *seg = regs->segment;
    QemuCpuState state = {
        .version = 1,
        .size = sizeof(state),
        .rax = gpr[CPU_RAX],
        .rbx = gpr[CPU_RBX],
        .rcx = gpr[CPU_RCX],
        .rdx = gpr[CPU_RDX],
        .rsi = gpr[CPU_RSI],
        .rdi = gpr[CPU_RDI],
        .rsp = gpr[CPU_RSP],
        .rbp = gpr[CPU_RBP],
        .rip = regs->rip,
        .rflags = regs->rflags,
        .cs = segment_of(&seg[CPU_CS]),
        .ds = segment_of(&seg[CPU_DS]),
        .es = segment_of(&seg[CPU_ES]),
        .fs = segment_of(&seg[CPU_FS]),
        .gs = segment_of(&seg[CPU_GS]),
        .ss = segment_of(&seg[CPU_SS]),
        .ldt = segment_of(&regs->ldt),
        .tr = segment_of(&regs->tr),
        .gdt = {.limit = regs->gdt.limit, .base = regs->gdt.base},
        .idt = {.limit = regs->idt.limit, .base = regs->idt.base},
        .cr = {regs->cr0, 0, regs->cr2, regs->cr3, regs->cr4},
    };

    memcpy(state.r8_r15, gpr + 8, sizeof(state.r8_r15));
    add_note(notes, "QEMU", 0, &state, sizeof(state));
}

/* ---- headers ---- */

static void add_load(GByteArray *head, const DumpMapping *mapping, guint64 memory)
{
    Elf64_Phdr load = {
        .p_type = PT_LOAD,
        .p_offset = memory + mapping->offset,
        .p_vaddr = mapping->linear,
        .p_paddr = mapping->physical,
        .p_filesz = mapping->size,
        .p_memsz = mapping->size,
    };

    g_byte_array_append(head, (const guint8 *)&load, sizeof(load));
}

GByteArray *dump_elf_head(const CpuRegisters *regs, guint cpus, GArray *mappings)
{
    GByteArray *head = g_byte_array_new();
    g_autoptr(GByteArray) notes = g_byte_array_new();
    guint32 count = mappings->len + 1;
    gboolean many = count >= PN_XNUM; /* then the first section header tells the number */
    guint64 programs = sizeof(Elf64_Ehdr) + (many ? sizeof(Elf64_Shdr) : 0);
    guint64 note_offset = programs + (guint64)count * sizeof(Elf64_Phdr);
    Elf64_Ehdr header = {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_CORE,
        .e_machine = EM_X86_64,
        .e_version = EV_CURRENT,
        .e_phoff = programs,
        .e_shoff = many ? sizeof(Elf64_Ehdr) : 0,
        .e_ehsize = sizeof(Elf64_Ehdr),
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = (Elf64_Half)(many ? PN_XNUM : count),
        .e_shentsize = sizeof(Elf64_Shdr),
        .e_shnum = many ? 1 : 0,
    };
    Elf64_Shdr section = {.sh_info = count};
    Elf64_Phdr note = {.p_type = PT_NOTE, .p_offset = note_offset};

    for (guint i = 0; i < cpus; i++) {
        add_status(notes, &regs[i], i);
    }
    for (guint i = 0; i < cpus; i++) {
        add_system_state(notes, &regs[i]);
    }
    note.p_filesz = note.p_memsz = notes->len;
    g_byte_array_append(head, (const guint8 *)&header, sizeof(header));
    if (many) {
        g_byte_array_append(head, (const guint8 *)&section, sizeof(section));
    }
    g_byte_array_append(head, (const guint8 *)&note, sizeof(note));
    for (guint i = 0; i < mappings->len; i++) {
        add_load(head, &g_array_index(mappings, DumpMapping, i), note_offset + notes->len);
    }
    g_byte_array_append(head, notes->data, notes->len);
    return head;
}

/* ---- mappings ---- */

typedef struct Gather {
    GArray *ranges, *mappings;
    GHashTable *seen; /* of DumpMapping*: processors share most of what they map */
    DumpMapping last; /* neighbours are joined; size 0 = none */
    gboolean full;
} Gather;

static guint mapping_hash(gconstpointer key)
{
    const DumpMapping *mapping = key;

    return g_int64_hash(&mapping->linear) ^ g_int64_hash(&mapping->physical);
}

static gboolean mapping_equal(gconstpointer a, gconstpointer b)
{
    const DumpMapping *one = a, *other = b;

    return one->linear == other->linear && one->physical == other->physical &&
           one->size == other->size;
}

/* Takes the part of a mapping that is in a range. */
static void take_part(Gather *gather, const DumpMapping *mapping, const DumpRange *range)
{
    guint64 start = MAX(mapping->physical, range->addr);
    guint64 end = MIN(mapping->physical + mapping->size, range->addr + range->size);
    DumpMapping part;

    if (start >= end) {
        return;
    }
    part = (DumpMapping){
        .linear = mapping->linear + (start - mapping->physical),
        .physical = start,
        .size = end - start,
        .offset = range->offset + (start - range->addr),
    };
    if (gather->mappings->len >= MAX_MAPPINGS) {
        gather->full = TRUE;
    } else if (!g_hash_table_contains(gather->seen, &part)) {
        g_hash_table_add(gather->seen, g_memdup2(&part, sizeof(part)));
        g_array_append_val(gather->mappings, part);
    }
}

static void take_last(Gather *gather)
{
    for (guint i = 0; gather->last.size && i < gather->ranges->len; i++) {
        take_part(gather, &gather->last, &g_array_index(gather->ranges, DumpRange, i));
    }
    gather->last.size = 0;
}

static void add_mapping(const CpuMapping *mapping, void *opaque)
{
    Gather *gather = opaque;
    DumpMapping *last = &gather->last;

    if (last->size && last->linear + last->size == mapping->linear &&
        last->physical + last->size == mapping->physical) {
        last->size += mapping->size;
        return;
    }
    take_last(gather);
    *last = (DumpMapping){mapping->linear, mapping->physical, mapping->size, 0};
}

static gboolean read_memory(guint64 addr, void *buffer, gsize length, void *opaque)
{
    const Machine *machine = opaque;

    return address_space_read(machine->memory, addr, buffer, length);
}

gboolean dump_elf_mappings(Machine *machine, const CpuRegisters *regs, guint cpus, GArray *ranges,
                           gboolean paging, GArray *mappings, GError **error)
{
    Gather gather = {.ranges = ranges, .mappings = mappings};
    gboolean any = FALSE;

    gather.seen = g_hash_table_new_full(mapping_hash, mapping_equal, g_free, NULL);
    for (guint i = 0; paging && i < cpus; i++) {
        if (cpu_paging_enabled(&regs[i])) {
            any = TRUE;
            gather.full |= !cpu_foreach_mapping(&regs[i], read_memory, machine, MAX_TABLES,
                                                add_mapping, &gather);
            take_last(&gather);
        }
    }
    g_hash_table_unref(gather.seen);
    for (guint i = 0; !any && i < ranges->len; i++) {
        const DumpRange *range = &g_array_index(ranges, DumpRange, i);
        DumpMapping mapping = {range->addr, range->addr, range->size, range->offset};

        g_array_append_val(mappings, mapping);
    }
    return !gather.full ||
           error_set(error, "the guest's page tables have no end; dump without paging");
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The system side of the software processor, one function at a time: a processor without a loop,
 * with 64 KiB of memory at linear address 0. What guests see of all this: tests/guest/asm.
 */
#include <string.h>

#include "tcg/run.h"
#include "tcg/system-priv.h"
#include "tcg/trace.h"
#include "tcg/watch.h"

enum { MEMORY = 0x10000, GDT = 0x1000, IDT = 0x2000, TSS = 0x3000, STACK = 0x8000 };

typedef struct Rig {
    TcgCpu cpu;
    guint8 memory[MEMORY];
    guint flushes;
} Rig;

/* ---- what tcg/mmu.c and tcg/run.c are for ---- */

static guint8 *at(TcgCpu *cpu, guint64 linear)
{
    return ((Rig *)cpu)->memory + linear % MEMORY;
}

guint64 mmu_load_slow(TcgCpu *cpu, guint64 linear, guint size, TlbKind kind)
{
    return mmu_host_load(at(cpu, linear), size);
}

void mmu_store_slow(TcgCpu *cpu, guint64 linear, guint64 value, guint size, TlbKind kind)
{
    mmu_host_store(at(cpu, linear), value, size);
}

guint64 mmu_load_system(TcgCpu *cpu, guint64 linear, guint size)
{
    return mmu_load_slow(cpu, linear, size, TLB_KERNEL);
}

void mmu_store_system(TcgCpu *cpu, guint64 linear, guint64 value, guint size)
{
    mmu_store_slow(cpu, linear, value, size, TLB_KERNEL);
}

guint64 mmu_rmw_begin(TcgCpu *cpu, guint64 linear, guint size, gboolean locked, MmuRmw *rmw)
{
    *rmw = (MmuRmw){.linear = linear, .size = (guint8)size};
    return mmu_host_load(at(cpu, linear), size);
}

gboolean mmu_rmw_end(TcgCpu *cpu, MmuRmw *rmw, guint64 value)
{
    mmu_host_store(at(cpu, rmw->linear), value, rmw->size);
    return TRUE;
}

void mmu_read(TcgCpu *cpu, guint64 linear, void *buffer, gsize length)
{
    memcpy(buffer, at(cpu, linear), length);
}

void mmu_write(TcgCpu *cpu, guint64 linear, const void *buffer, gsize length)
{
    memcpy(at(cpu, linear), buffer, length);
}

void mmu_check(TcgCpu *cpu, guint64 linear, gsize length, MmuAccess access)
{
}

void mmu_flush(TcgCpu *cpu, gboolean global)
{
    ((Rig *)cpu)->flushes++;
}

/* PDPTEs above the first page stand for such with reserved bits. */
gboolean mmu_load_pdptes(TcgCpu *cpu, guint64 cr3)
{
    return cr3 < PAGE_SIZE;
}

void tcg_raise_event(TcgCpu *cpu, const TcgEvent *event)
{
    cpu->event = *event;
    longjmp(cpu->leave, 1);
}

void tcg_raise(TcgCpu *cpu, guint vector)
{
    tcg_raise_event(cpu, &(TcgEvent){.vector = (guint8)vector});
}

void tcg_raise_error(TcgCpu *cpu, guint vector, guint32 error)
{
    tcg_raise_event(cpu, &(TcgEvent){.vector = (guint8)vector, .has_error = TRUE, .error = error});
}

void tcg_raise_gp(TcgCpu *cpu)
{
    tcg_raise_error(cpu, EXC_GP, 0);
}

void tcg_leave_guest(TcgCpu *cpu)
{
}

void tcg_enter_guest(TcgCpu *cpu)
{
}

void tcg_watch_update(TcgCpu *cpu)
{
}

void tcg_watch_io(TcgCpu *cpu, guint port, guint size)
{
}

/* ---- the rig ---- */

enum { CODE0 = 0x08, DATA0 = 0x10, CODE3 = 0x18, DATA3 = 0x20, FREE = 0x28, LAST = FREE };

static void set_descriptor(Rig *rig, guint16 selector, guint64 low)
{
    mmu_host_store(rig->memory + GDT + selector, low, 8);
}

/* Flat ones, without their accessed bits. */
#define FLAT(rights) (0x00cf00000000ffffull | (guint64)(rights) << 40)

static void rig_tables(Rig *rig)
{
    TcgCpu *cpu = &rig->cpu;

    set_descriptor(rig, CODE0, FLAT(0x9a));
    set_descriptor(rig, DATA0, FLAT(0x92));
    set_descriptor(rig, CODE3, FLAT(0xfa));
    set_descriptor(rig, DATA3, FLAT(0xf2));
    cpu->gdt = (CpuTable){GDT, LAST + 7};
    cpu->idt = (CpuTable){IDT, 0x1ff};
    cpu->tr = (CpuSegment){
        .selector = 0x80, .base = TSS, .limit = 0x6b, .type = DESC_TSS32_BUSY, .present = TRUE};
    mmu_host_store(rig->memory + TSS + 4, STACK, 4);
    mmu_host_store(rig->memory + TSS + 8, DATA0, 2);
}

static Rig *rig_new(gboolean protect)
{
    Rig *rig = aligned_alloc(64, (sizeof(Rig) + 63) & ~(gsize)63);
    TcgCpu *cpu = &rig->cpu;

    memset(rig, 0, sizeof(*rig));
    for (guint kind = 0; kind < TLB_KINDS; kind++) {
        for (guint i = 0; i < TLB_SIZE; i++) {
            cpu->tlbs[kind][i].read_tag = cpu->tlbs[kind][i].write_tag = tlb_no_tag(i);
        }
    }
    cpu->cpuid = system_cpuid_supported();
    system_open(cpu);
    system_reset(cpu, FALSE);
    cpu->gpr[CPU_RSP] = 0x7000;
    if (protect) {
        rig_tables(rig);
        cpu->cr0 |= CR0_PE;
        tcg_update_mode(cpu);
        far_jump(cpu, CODE0, 0x400, 4);
        system_load_segment(cpu, CPU_SS, DATA0);
    }
    return rig;
}

static void rig_free(Rig *rig)
{
    g_array_unref((GArray *)rig->cpu.cpuid);
    free(rig);
}

/* Runs `call`; what it raises, as vector << 16 | error code, or NONE. */
#define NONE        0xffffffffu
#define FAULT(v, e) ((guint32)(v) << 16 | (e))
#define RAISED(rig, call)                                                              \
    (setjmp((rig)->cpu.leave) ? FAULT((rig)->cpu.event.vector, (rig)->cpu.event.error) \
                              : ((call), NONE))

/* Goes to ring 3, as IRET does. */
static void enter_ring3(Rig *rig)
{
    const guint32 image[] = {0x500, CODE3 | 3, 2, 0x6000, DATA3 | 3};

    memcpy(at(&rig->cpu, 0x7000), image, sizeof(image));
    rig->cpu.gpr[CPU_RSP] = 0x7000;
    g_assert_cmphex(RAISED(rig, far_iret(&rig->cpu, 4)), ==, NONE);
    g_assert_cmpuint(rig->cpu.cpl, ==, 3);
}

/* ---- tests ---- */

static void test_double_faults(void)
{
    g_assert_cmpint(system_combine_faults(EXC_GP, EXC_NP), ==, EXC_DF);
    g_assert_cmpint(system_combine_faults(EXC_GP, EXC_PF), ==, EXC_PF);
    g_assert_cmpint(system_combine_faults(EXC_PF, EXC_PF), ==, EXC_DF);
    g_assert_cmpint(system_combine_faults(EXC_PF, EXC_GP), ==, EXC_DF);
    g_assert_cmpint(system_combine_faults(EXC_PF, EXC_DB), ==, EXC_DB);
    g_assert_cmpint(system_combine_faults(EXC_NMI, EXC_GP), ==, EXC_GP);
    g_assert_cmpint(system_combine_faults(EXC_UD, EXC_SS), ==, EXC_SS);
    g_assert_cmpint(system_combine_faults(EXC_DF, EXC_PF), ==, -1);
    g_assert_cmpint(system_combine_faults(EXC_DF, EXC_GP), ==, -1);
}

static void test_descriptors(void)
{
    Descriptor desc = {.selector = 0x2b, .low = 0x1253f8345678ffffull};
    CpuSegment segment;

    desc_to_segment(&desc, &segment);
    g_assert_cmphex(segment.base, ==, 0x12345678);
    g_assert_cmphex(segment.limit, ==, 0x3ffff);
    g_assert_cmphex(segment.type, ==, 8);
    g_assert_true(segment.s && segment.present && segment.db && segment.avl);
    g_assert_false(segment.l || segment.g);
    g_assert_cmpuint(segment.dpl, ==, 3);
    desc.low |= (guint64)1 << 55;
    desc_to_segment(&desc, &segment);
    g_assert_cmphex(segment.limit, ==, 0x3fffffff);
}

static void test_limits(void)
{
    CpuSegment up = {.limit = 0xfff, .type = 3, .s = TRUE};
    CpuSegment down = {.limit = 0xfff, .type = 7, .s = TRUE};

    g_assert_true(segment_contains(&up, 0xffc, 4));
    g_assert_false(segment_contains(&up, 0xffd, 4));
    g_assert_false(segment_contains(&up, G_MAXUINT64, 2));
    g_assert_true(segment_contains(&down, 0x1000, 4));
    g_assert_false(segment_contains(&down, 0xfff, 1));
    g_assert_true(segment_contains(&down, 0xfffc, 4));
    g_assert_false(segment_contains(&down, 0xfffd, 4));
    down.db = TRUE;
    g_assert_true(segment_contains(&down, 0xfffffffc, 4));
}

static void test_load_segment(void)
{
    Rig *rig = rig_new(TRUE);
    TcgCpu *cpu = &rig->cpu;

    g_assert_cmphex(RAISED(rig, system_load_segment(cpu, CPU_DS, 3)), ==, NONE);
    g_assert_true(cpu->segment[CPU_DS].unusable);
    g_assert_cmphex(RAISED(rig, system_load_segment(cpu, CPU_SS, 0)), ==, FAULT(EXC_GP, 0));
    g_assert_cmphex(RAISED(rig, system_load_segment(cpu, CPU_DS, LAST + 9)), ==,
                    FAULT(EXC_GP, LAST + 8));
    g_assert_cmphex(RAISED(rig, system_load_segment(cpu, CPU_DS, 0x0c)), ==, FAULT(EXC_GP, 0x0c));
    g_assert_cmphex(RAISED(rig, system_load_segment(cpu, CPU_SS, CODE0)), ==, FAULT(EXC_GP, CODE0));
    g_assert_cmphex(RAISED(rig, system_load_segment(cpu, CPU_DS, DATA0 | 3)), ==,
                    FAULT(EXC_GP, DATA0));
    set_descriptor(rig, FREE, FLAT(0x12));
    g_assert_cmphex(RAISED(rig, system_load_segment(cpu, CPU_DS, FREE)), ==, FAULT(EXC_NP, FREE));
    g_assert_cmphex(RAISED(rig, system_load_segment(cpu, CPU_SS, FREE)), ==, FAULT(EXC_SS, FREE));
    set_descriptor(rig, FREE, FLAT(0x92));
    g_assert_cmphex(RAISED(rig, system_load_segment(cpu, CPU_ES, FREE)), ==, NONE);
    g_assert_cmphex(rig->memory[GDT + FREE + 5], ==, 0x93);
    g_assert_cmphex(cpu->segment[CPU_ES].limit, ==, 0xffffffff);
    rig_free(rig);
}

static void test_real_mode_event(void)
{
    TcgEvent event = {.kind = EVENT_SOFTWARE, .vector = 0x21};
    Rig *rig = rig_new(FALSE);
    TcgCpu *cpu = &rig->cpu;

    mmu_host_store(rig->memory + 4 * 0x21, 0x12345678, 4);
    cpu->rip = 0x99;
    cpu->rflags |= FLAG_IF;
    g_assert_cmphex(RAISED(rig, system_deliver(cpu, &event)), ==, NONE);
    g_assert_cmphex(cpu->rip, ==, 0x5678);
    g_assert_cmphex(cpu->segment[CPU_CS].base, ==, 0x12340);
    g_assert_cmphex(cpu->rflags & FLAG_IF, ==, 0);
    g_assert_cmphex(cpu->gpr[CPU_RSP], ==, 0x6ffa);
    g_assert_cmphex(mmu_host_load(rig->memory + 0x6ffa, 4), ==, 0xf0000099);
    cpu->idt.limit = 4 * 0x21 + 2;
    g_assert_cmphex(RAISED(rig, system_deliver(cpu, &event)), ==, FAULT(EXC_GP, 0x21 * 8 + 2));
    g_assert_cmphex(cpu->gpr[CPU_RSP], ==, 0x6ffa);
    rig_free(rig);
}

static void set_gate(Rig *rig, guint vector, guint16 selector, guint32 offset, guint8 rights)
{
    mmu_host_store(rig->memory + IDT + 8 * vector,
                   (guint64)(offset & 0xffff0000) << 32 | (guint64)rights << 40 |
                       (guint64)selector << 16 | (offset & 0xffff),
                   8);
}

static void test_gates(void)
{
    TcgEvent fault = {.kind = EVENT_FAULT, .vector = EXC_GP, .has_error = TRUE, .error = 0x77};
    TcgEvent software = {.kind = EVENT_SOFTWARE, .vector = 0x30};
    Rig *rig = rig_new(TRUE);
    TcgCpu *cpu = &rig->cpu;

    set_gate(rig, EXC_GP, CODE0, 0x12345, 0x8e);
    set_gate(rig, 0x30, CODE0, 0x400, 0x8e);
    enter_ring3(rig);
    g_assert_cmphex(RAISED(rig, system_deliver(cpu, &software)), ==, FAULT(EXC_GP, 0x30 * 8 + 2));
    set_gate(rig, 0x30, CODE0, 0x400, 0x6f);
    g_assert_cmphex(RAISED(rig, system_deliver(cpu, &software)), ==, FAULT(EXC_NP, 0x30 * 8 + 2));
    g_assert_cmphex(RAISED(rig, system_deliver(cpu, &fault)), ==, NONE);
    g_assert_cmpuint(cpu->cpl, ==, 0);
    g_assert_cmphex(cpu->rip, ==, 0x12345);
    g_assert_cmphex(cpu->gpr[CPU_RSP], ==, STACK - 24);
    const guint32 expected[] = {0x77, 0x500, CODE3 | 3, 2 | FLAG_RF, 0x6000, DATA3 | 3};
    g_assert_cmpmem(at(cpu, STACK - 24), 24, expected, 24);
    software.vector = 0x40; /* past the end; not asked for by the program */
    software.kind = EVENT_EXTERNAL;
    g_assert_cmphex(RAISED(rig, system_deliver(cpu, &software)), ==, FAULT(EXC_GP, 0x40 * 8 + 3));
    /* A TSS too small for the stack. */
    enter_ring3(rig);
    cpu->tr.limit = 8;
    g_assert_cmphex(RAISED(rig, system_deliver(cpu, &fault)), ==, FAULT(EXC_TS, 0x81));
    rig_free(rig);
}

static void test_io_bitmap(void)
{
    Rig *rig = rig_new(TRUE);
    TcgCpu *cpu = &rig->cpu;

    mmu_host_store(rig->memory + TSS + 0x66, 0x68, 2);
    memset(rig->memory + TSS + 0x68, 0xff, 4);
    rig->memory[TSS + 0x69] = 0xf0; /* ports 8 to 11 */
    g_assert_cmphex(RAISED(rig, system_check_io(cpu, 0x70, 1)), ==, NONE);
    enter_ring3(rig);
    g_assert_cmphex(RAISED(rig, system_check_io(cpu, 8, 4)), ==, NONE);
    g_assert_cmphex(RAISED(rig, system_check_io(cpu, 9, 4)), ==, FAULT(EXC_GP, 0));
    g_assert_cmphex(RAISED(rig, system_check_io(cpu, 7, 1)), ==, FAULT(EXC_GP, 0));
    g_assert_cmphex(RAISED(rig, system_check_io(cpu, 0x18, 1)), ==, FAULT(EXC_GP, 0)); /* limit */
    rig->cpu.rflags |= FLAG_IOPL;
    g_assert_cmphex(RAISED(rig, system_check_io(cpu, 0x70, 1)), ==, NONE);
    rig_free(rig);
}

static void test_control_registers(void)
{
    Rig *rig = rig_new(TRUE);
    TcgCpu *cpu = &rig->cpu;

    g_assert_cmphex(RAISED(rig, control_set_cr0(cpu, CR0_PG)), ==, FAULT(EXC_GP, 0));
    g_assert_cmphex(RAISED(rig, control_set_cr0(cpu, CR0_PE | CR0_NW)), ==, FAULT(EXC_GP, 0));
    g_assert_cmphex(RAISED(rig, control_set_cr0(cpu, CR0_PE | 1ull << 32)), ==, FAULT(EXC_GP, 0));
    g_assert_cmphex(RAISED(rig, control_set_cr4(cpu, CR4_VME)), ==, FAULT(EXC_GP, 0));
    g_assert_cmphex(RAISED(rig, control_set_cr4(cpu, 1 << 18)), ==, FAULT(EXC_GP, 0));
    g_assert_true(control_set_efer(cpu, EFER_LME));
    g_assert_cmphex(RAISED(rig, control_set_cr0(cpu, CR0_PE | CR0_PG)), ==, FAULT(EXC_GP, 0));
    g_assert_cmphex(RAISED(rig, control_set_cr4(cpu, CR4_PAE)), ==, NONE);
    g_assert_cmphex(RAISED(rig, control_set_cr0(cpu, CR0_PE | CR0_PG)), ==, NONE);
    g_assert_cmphex(cpu->efer, ==, EFER_LME | EFER_LMA);
    g_assert_false(control_set_efer(cpu, 0));
    g_assert_false(control_set_efer(cpu, EFER_LME | 1 << 12));
    g_assert_true(control_set_efer(cpu, EFER_LME | EFER_AUTOIBRS));
    g_assert_cmphex(cpu->efer, ==, EFER_LME | EFER_LMA | EFER_AUTOIBRS);
    g_assert_true(control_set_efer(cpu, EFER_LME));
    g_assert_cmphex(RAISED(rig, control_set_cr4(cpu, 0)), ==, FAULT(EXC_GP, 0));
    g_assert_cmphex(RAISED(rig, control_set_cr3(cpu, 1ull << 40)), ==, FAULT(EXC_GP, 0));
    g_assert_cmphex(RAISED(rig, control_set_cr0(cpu, CR0_PE)), ==, NONE);
    g_assert_cmphex(cpu->efer, ==, EFER_LME);
    g_assert_true(control_set_efer(cpu, 0));
    g_assert_cmphex(RAISED(rig, control_set_cr3(cpu, 0x2000)), ==, NONE);
    g_assert_cmphex(RAISED(rig, control_set_cr0(cpu, CR0_PE | CR0_PG)), ==, FAULT(EXC_GP, 0));
    g_assert_cmphex(control_dr_value(6, 0), ==, 0xffff0ff0);
    g_assert_cmphex(control_dr_value(7, 0xffffffff), ==, 0xffff27ff);
    g_assert_cmphex(RAISED(rig, control_set_dr(cpu, 7, 1ull << 32)), ==, FAULT(EXC_GP, 0));
    rig_free(rig);
}

static void test_msrs(void)
{
    Rig *rig = rig_new(TRUE);
    TcgCpu *cpu = &rig->cpu;
    guint64 value = 0;

    g_assert_false(system_read_msr(cpu, 0x12345678, &value));
    g_assert_false(system_write_msr(cpu, 0x12345678, 0));
    g_assert_true(system_read_msr(cpu, 0x277, &value));
    g_assert_cmphex(value, ==, 0x0007040600070406);
    g_assert_false(system_write_msr(cpu, 0x277, 0x02)); /* a reserved type */
    g_assert_true(system_write_msr(cpu, 0x277, 0x0707060504010000));
    g_assert_false(system_write_msr(cpu, 0x250, 0x07)); /* UC- is for PAT alone */
    g_assert_false(system_write_msr(cpu, 0xc0000082, 1ull << 47));
    g_assert_true(system_write_msr(cpu, 0xc0000082, 0xffff800000000000));
    g_assert_false(system_write_msr(cpu, 0xc0000103, 1ull << 32));
    g_assert_false(system_write_msr(cpu, 0x200, 1ull << 40));
    g_assert_true(system_write_msr(cpu, 0x201, 0xfff0000800));
    g_assert_false(system_write_msr(cpu, 0x201, 0xfff0000400));
    g_assert_false(system_write_msr(cpu, 0xfe, 0));
    g_assert_false(system_write_msr(cpu, 0x2ff, 0x1000));
    g_assert_false(system_read_msr(cpu, 0x1b, &value)); /* no APIC, no base */
    g_assert_true(system_write_msr(cpu, 0xc0000101, 0x1234));
    g_assert_cmphex(cpu->base[CPU_GS], ==, 0x1234);
    rig_free(rig);
}

static void test_cpuid(void)
{
    Rig *rig = rig_new(TRUE);
    TcgCpu *cpu = &rig->cpu;
    guint32 regs[4];

    system_cpuid(cpu, 0, 0, regs);
    g_assert_cmpmem(&regs[1], 4, "Auth", 4);
    g_assert_true(cpu->vendor_amd);
    system_cpuid(cpu, 1, 0, regs);
    g_assert_cmphex(regs[2] & (1 << 3 | 1 << 21 | 1 << 26 | 1 << 28), ==, 0);
    g_assert_cmphex(regs[3] & (1 << 1 | 1 << 9), ==, 0); /* VME; APIC, as there is none */
    system_cpuid(cpu, 7, 1, regs);
    g_assert_cmphex(regs[0] | regs[1] | regs[2] | regs[3], ==, 0);
    system_cpuid(cpu, 0x12345, 0, regs);
    g_assert_cmphex(regs[0] | regs[1] | regs[2] | regs[3], ==, 0);
    system_cpuid(cpu, 0x80000008, 0, regs);
    g_assert_cmphex(regs[0], ==, 48 << 8 | 40);
    system_cpuid(cpu, 0x80000021, 0, regs);
    g_assert_cmphex(regs[0], ==, 1 << 8);
    cpu->vendor_amd = FALSE; /* Intel: past the end is the last basic leaf */
    system_cpuid(cpu, 0x12345, 0, regs);
    g_assert_cmphex(regs[1], ==, 1 << 6 | 1 << 7 | 1 << 13 | 1 << 20);
    rig_free(rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tcg-system/double-faults", test_double_faults);
    g_test_add_func("/tcg-system/descriptors", test_descriptors);
    g_test_add_func("/tcg-system/limits", test_limits);
    g_test_add_func("/tcg-system/load-segment", test_load_segment);
    g_test_add_func("/tcg-system/real-mode-event", test_real_mode_event);
    g_test_add_func("/tcg-system/gates", test_gates);
    g_test_add_func("/tcg-system/io-bitmap", test_io_bitmap);
    g_test_add_func("/tcg-system/control-registers", test_control_registers);
    g_test_add_func("/tcg-system/msrs", test_msrs);
    g_test_add_func("/tcg-system/cpuid", test_cpuid);
    return g_test_run();
}

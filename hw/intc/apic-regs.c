/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The local APIC's registers, SDM 11.4.1. */
#include "core/vcpu.h"
#include "hw/intc/apic-priv.h"

#define REG_ID            0x020
#define REG_VERSION       0x030
#define REG_TPR           0x080
#define REG_APR           0x090
#define REG_PPR           0x0a0
#define REG_EOI           0x0b0
#define REG_LDR           0x0d0
#define REG_DFR           0x0e0
#define REG_SVR           0x0f0
#define REG_ISR           0x100 /* eight of each, 10h apart */
#define REG_TMR           0x180
#define REG_IRR           0x200
#define REG_ESR           0x280
#define REG_ICR_LOW       0x300
#define REG_ICR_HIGH      0x310
#define REG_LVT           0x320 /* six */
#define REG_INITIAL_COUNT 0x380
#define REG_CURRENT_COUNT 0x390
#define REG_DIVIDE        0x3e0
#define REG_LAST          0x3ff

#define VERSION      (0x14u | (LVT_COUNT - 1) << 16)
#define SVR_WRITABLE 0x3ffu
#define ICR_WRITABLE 0xccfffu
#define MESSAGE_LAST 0x00fu /* of the page, what no register is: messages to destination 0 */

/* Entries in the order of their addresses. */
static const guint8 lvt_at[] = {LVT_TIMER, LVT_THERMAL, LVT_PERF, LVT_LINT0, LVT_LINT1, LVT_ERROR};

static const guint32 lvt_writable[LVT_COUNT] = {
    [LVT_TIMER] = LVT_VECTOR | LVT_MASK | LVT_PERIODIC,
    [LVT_THERMAL] = LVT_VECTOR | LVT_MASK | 7u << LVT_DELIVERY_SHIFT,
    [LVT_PERF] = LVT_VECTOR | LVT_MASK | 7u << LVT_DELIVERY_SHIFT,
    [LVT_LINT0] = 0x1a7ff, /* polarity and trigger mode, too */
    [LVT_LINT1] = 0x1a7ff,
    [LVT_ERROR] = LVT_VECTOR | LVT_MASK,
};

/* ---- reading ---- */

/* SDM 11.6.2.4. */
guint lapic_arbitration_priority(const LocalApic *s)
{
    int requested = vector_highest(&s->irr), served = vector_highest(&s->isr);
    guint request = requested < 0 ? 0 : (guint)requested >> 4;
    guint service = served < 0 ? 0 : (guint)served >> 4, task = s->apic.tpr >> 4;

    if (task >= request && task > service) {
        return s->apic.tpr;
    }
    return MAX(task & service, request) << 4;
}

static gboolean is_set_register(guint offset)
{
    return offset >= REG_ISR && offset < REG_ESR;
}

static gboolean is_lvt_register(guint offset)
{
    return offset >= REG_LVT && offset < REG_LVT + LVT_COUNT * 0x10;
}

static guint32 read_set(const LocalApic *s, guint offset)
{
    const VectorSet *set = offset < REG_TMR ? &s->isr : offset < REG_IRR ? &s->tmr : &s->irr;

    return set->word[offset >> 4 & 7];
}

static guint32 read_other(LocalApic *s, guint offset)
{
    switch (offset) {
    case REG_ID: return s->id;
    case REG_VERSION: return VERSION;
    case REG_TPR: return s->apic.tpr;
    case REG_APR: return lapic_arbitration_priority(s);
    case REG_PPR: return lapic_processor_priority(s);
    case REG_EOI: return 0;
    case REG_LDR: return s->ldr;
    case REG_DFR: return s->dfr;
    case REG_SVR: return s->svr;
    case REG_ESR: return s->esr;
    case REG_ICR_LOW: return s->icr_low;
    case REG_ICR_HIGH: return s->icr_high;
    case REG_INITIAL_COUNT: return s->timer_count;
    case REG_CURRENT_COUNT: return lapic_timer_current(s);
    case REG_DIVIDE: return s->timer_divide;
    default: lapic_error(s, ESR_REGISTER); return 0;
    }
}

guint32 lapic_read_register(LocalApic *s, guint offset)
{
    if (offset & 0xf) {
        device_warn_once(&s->dev, "read beside the registers, which are 16 bytes apart");
        return 0;
    }
    if (is_set_register(offset)) {
        lapic_timer_catch_up(s);
        return read_set(s, offset);
    }
    return is_lvt_register(offset) ? s->lvt[lvt_at[(offset - REG_LVT) >> 4]]
                                   : read_other(s, offset);
}

/* ---- writing ---- */

static void write_lvt(LocalApic *s, guint entry, guint32 value)
{
    lapic_timer_catch_up(s);
    value = (value & lvt_writable[entry]) | (s->lvt[entry] & LVT_REMOTE_IRR);
    if (!(value & LVT_LEVEL)) {
        value &= ~LVT_REMOTE_IRR;
    }
    s->lvt[entry] = s->svr & SVR_ENABLE ? value : value | LVT_MASK;
    if (entry == LVT_LINT0 || entry == LVT_LINT1) {
        lapic_service_lint(s, entry - LVT_LINT0);
    }
    lapic_timer_arm(s);
}

/* Disabled, all local sources are masked until software unmasks them (SDM 11.4.7.2). */
static void write_svr(LocalApic *s, guint32 value)
{
    lapic_timer_catch_up(s);
    s->svr = value & SVR_WRITABLE;
    for (guint i = 0; i < LVT_COUNT && !(value & SVR_ENABLE); i++) {
        s->lvt[i] |= LVT_MASK;
    }
    lapic_timer_arm(s);
}

static void write_esr(LocalApic *s)
{
    lapic_timer_catch_up(s);
    s->esr = s->errors;
    s->errors = 0;
    lapic_timer_arm(s);
}

static void write_other(LocalApic *s, guint offset, guint32 value)
{
    switch (offset) {
    case REG_ID: s->id = value & 0xff000000; break;
    case REG_TPR: s->apic.ops->set_tpr(&s->apic, (guint8)value); break;
    case REG_EOI: lapic_end_of_interrupt(s); break;
    case REG_LDR: s->ldr = value & 0xff000000; break;
    case REG_DFR: s->dfr = value | 0x0fffffff; break;
    case REG_SVR: write_svr(s, value); break;
    case REG_ESR: write_esr(s); break;
    case REG_ICR_LOW:
        s->icr_low = value & ICR_WRITABLE;
        lapic_send_ipi(s);
        break;
    case REG_ICR_HIGH: s->icr_high = value & 0xff000000; break;
    case REG_INITIAL_COUNT: lapic_timer_start(s, value); break;
    case REG_DIVIDE: lapic_timer_set_divide(s, value); break;
    case REG_VERSION: /* the read-only ones */
    case REG_APR:
    case REG_PPR:
    case REG_CURRENT_COUNT:
        device_warn_once(&s->dev, "write to a register that can only be read");
        break;
    default: lapic_error(s, ESR_REGISTER);
    }
}

void lapic_write_register(LocalApic *s, guint offset, guint32 value)
{
    if (offset & 0xf) {
        device_warn_once(&s->dev, "write beside the registers, which are 16 bytes apart");
    } else if (is_lvt_register(offset)) {
        write_lvt(s, lvt_at[(offset - REG_LVT) >> 4], value);
    } else if (is_set_register(offset)) {
        device_warn_once(&s->dev, "write to a register that can only be read");
    } else {
        write_other(s, offset, value);
    }
    lapic_update(s);
}

/* ---- where they are in memory ---- */

/* The APIC of the processor that makes the access; the first one's for a debugger. */
static LocalApic *accessed(LocalApic *any)
{
    Machine *machine = any->dev.machine;
    const Vcpu *vcpu = vcpu_current();
    Apic *apic = vcpu && vcpu->machine == machine ? apic_of(machine, vcpu->index) : NULL;

    return lapic_of(apic ? apic : apic_of(machine, 0));
}

/* Whether a processor finds its registers at this page. */
static gboolean answers_at(const LocalApic *s, guint64 page)
{
    return lapic_is_present(s) && (s->apic.base & ~0xfffull) == page;
}

static guint64 page_read(void *opaque, guint64 addr, guint size)
{
    LocalApic *owner = opaque, *s = accessed(owner);

    return answers_at(s, owner->page.addr) ? lapic_read_register(s, (guint)addr) : G_MAXUINT32;
}

static void page_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    LocalApic *owner = opaque, *s = accessed(owner);

    if (answers_at(s, owner->page.addr)) {
        lapic_write_register(s, (guint)addr, (guint32)value);
    }
}

static guint64 window_read(void *opaque, guint64 addr, guint size)
{
    LocalApic *s = accessed(opaque);

    return addr < 0x1000 && answers_at(s, APIC_BASE_DEFAULT) ? lapic_read_register(s, (guint)addr)
                                                             : G_MAXUINT32;
}

/* Messages from devices lead here as well; where those to destination 0 go, no register is. */
static void window_write(void *opaque, guint64 addr, guint64 value, guint size)
{
    LocalApic *s = accessed(opaque);

    if (addr > MESSAGE_LAST && addr < 0x1000) {
        if (answers_at(s, APIC_BASE_DEFAULT)) {
            lapic_write_register(s, (guint)addr, (guint32)value);
        }
    } else {
        lapic_bus_message(apic_of(s->dev.machine, 0), APIC_BASE_DEFAULT + addr, (guint32)value);
    }
}

const IoOps lapic_window_io = {
    .read = window_read,
    .write = window_write,
    .min_size = 4,
    .max_size = 4,
    .housekeeping = TRUE,
};

const IoOps lapic_page_io = {
    .read = page_read,
    .write = page_write,
    .min_size = 4,
    .max_size = 4,
    .housekeeping = TRUE,
};

/* ---- info lapic ---- */

static const char *const delivery_names[] = {"Fixed", "Lowest", "SMI",  "?",
                                             "NMI",   "INIT",   "SIPI", "ExtINT"};

static void print_lvt(const LocalApic *s, guint entry, GString *out)
{
    static const char *const names[LVT_COUNT] = {"LVTT", "LVTTHMR", "LVTPC",
                                                 "LVT0", "LVT1",    "LVTERR"};
    guint32 lvt = s->lvt[entry];
    gboolean timer = entry == LVT_TIMER;

    g_string_append_printf(out, "%-8s 0x%08x %-5s %-6s %-6s", names[entry], lvt,
                           !timer && lvt & LVT_LEVEL ? "level" : "edge",
                           lvt & LVT_MASK ? "masked" : "",
                           delivery_names[lvt >> LVT_DELIVERY_SHIFT & 7]);
    g_string_append_printf(out, " (vec %u)%s\n", lvt & LVT_VECTOR,
                           !timer               ? ""
                           : lvt & LVT_PERIODIC ? " periodic"
                                                : " one-shot");
}

static void print_set(const char *name, const VectorSet *set, GString *out)
{
    gboolean any = FALSE;

    g_string_append_printf(out, "%-8s", name);
    for (guint vector = 0; vector < 256; vector++) {
        if (vector_test(set, vector)) {
            g_string_append_printf(out, " %u", vector);
            any = TRUE;
        }
    }
    g_string_append(out, any ? "\n" : " (none)\n");
}

static void print_events(const LocalApic *s, GString *out)
{
    g_string_append_printf(out, "events  %s%s%s%s%s, %" G_GUINT64_FORMAT " interrupts taken\n",
                           s->waits ? " waits for SIPI" : "", s->init ? " INIT" : "",
                           s->sipi ? " SIPI" : "", s->nmi ? " NMI" : "",
                           s->waits || s->init || s->sipi || s->nmi ? "" : " none", s->taken);
}

void lapic_print(Apic *apic, GString *out)
{
    LocalApic *s = lapic_of(apic);

    g_string_append_printf(out, "local APIC of CPU %u: id %u, base 0x%" G_GINT64_MODIFIER "x%s%s\n",
                           apic->index, s->id >> 24, apic->base & ~(guint64)0xfff,
                           apic->base & APIC_BASE_BSP ? ", boot processor" : "",
                           !lapic_is_present(s)  ? ", switched off"
                           : lapic_is_enabled(s) ? ""
                                                 : ", disabled by software");
    for (guint i = 0; i < LVT_COUNT; i++) {
        print_lvt(s, i, out);
    }
    g_string_append_printf(out, "TIMER    DCR=0x%x initial_count=%u current_count=%u\n",
                           s->timer_divide, s->timer_count, lapic_timer_current(s));
    g_string_append_printf(out, "SPIV     0x%08x (spurious vec %u)\n", s->svr, s->svr & 0xff);
    g_string_append_printf(out, "ICR      0x%08x_%08x %s %s\n", s->icr_high, s->icr_low,
                           s->icr_low & ICR_LOGICAL ? "logical" : "physical",
                           delivery_names[s->icr_low >> ICR_DELIVERY_SHIFT & 7]);
    g_string_append_printf(out, "ESR      0x%08x (next 0x%08x)\n", s->esr, s->errors);
    print_set("ISR", &s->isr, out);
    print_set("IRR", &s->irr, out);
    print_set("TMR", &s->tmr, out);
    g_string_append_printf(out, "APR 0x%02x TPR 0x%02x PPR 0x%02x LDR 0x%02x DFR %s\n",
                           lapic_arbitration_priority(s), apic->tpr, lapic_processor_priority(s),
                           s->ldr >> 24, s->dfr >> 28 == 0xf ? "flat" : "cluster");
    print_events(s, out);
}

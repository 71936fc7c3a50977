/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages between local APICs and from devices: SDM 11.6 and 11.11. They arrive at once. */
#include "hw/intc/apic-priv.h"

#define BROADCAST   0xffu
#define DFR_CLUSTER 0u

#define MSI_DEST_SHIFT    12
#define MSI_LOGICAL       (1u << 2)
#define MSI_REDIRECT_HINT (1u << 3)

enum { SHORTHAND_NONE, SHORTHAND_SELF, SHORTHAND_ALL, SHORTHAND_OTHERS };

typedef struct Message {
    guint vector, delivery;
    gboolean level; /* fixed and lowest priority: comes back as an EOI */
    guint dest;
    gboolean logical;
    LocalApic *sender; /* NULL = a device */
    guint shorthand;
} Message;

/* ---- whom it is for ---- */

/* SDM 11.6.2.2: flat model, a bit each; cluster model, four bits each in fifteen clusters. */
static gboolean matches_logical(const LocalApic *s, guint dest)
{
    guint ldr = s->ldr >> 24;

    if (s->dfr >> 28 == DFR_CLUSTER) {
        return ldr >> 4 == dest >> 4 && (ldr & dest & 0xf) != 0;
    }
    return (ldr & dest) != 0;
}

static gboolean matches(const LocalApic *s, const Message *message)
{
    if (!lapic_is_present(s)) {
        return FALSE;
    }
    switch (message->shorthand) {
    case SHORTHAND_SELF: return s == message->sender;
    case SHORTHAND_ALL: return TRUE;
    case SHORTHAND_OTHERS: return s != message->sender;
    default: break;
    }
    if (message->dest == BROADCAST) {
        return TRUE;
    }
    return message->logical ? matches_logical(s, message->dest) : s->id >> 24 == message->dest;
}

/* ---- what it does ---- */

static void deliver(LocalApic *s, const Message *message)
{
    switch (message->delivery) {
    case DELIVERY_FIXED:
    case DELIVERY_LOWEST:
        if (lapic_is_enabled(s)) {
            lapic_accept(s, message->vector, message->level);
        }
        return;
    case DELIVERY_NMI: s->nmi = TRUE; break;
    case DELIVERY_INIT:
        s->init = TRUE;
        s->sipi = FALSE; /* what came before it was for the processor that it resets */
        break;
    case DELIVERY_SIPI:
        /* An INIT on its way makes the processor wait; one that runs does not hear it. */
        if (s->waits || (s->init && s->apic.index != 0)) {
            s->sipi = TRUE;
            s->sipi_vector = (guint8)message->vector;
        }
        break;
    default: device_warn_once(&s->dev, "a message with a delivery mode that is not there"); return;
    }
    lapic_update(s);
}

/* Of those with the lowest priority, the next one after who got the last (SDM 11.6.2.4). */
static LocalApic *choose_lowest(GPtrArray *apics, const Message *message)
{
    LocalApic *first = lapic_of(g_ptr_array_index(apics, 0)), *best = NULL;

    for (guint i = 1; i <= apics->len; i++) {
        LocalApic *s = lapic_of(g_ptr_array_index(apics, (first->last_lowest + i) % apics->len));

        if (lapic_is_enabled(s) && matches(s, message) &&
            (!best || lapic_arbitration_priority(s) < lapic_arbitration_priority(best))) {
            best = s;
        }
    }
    if (best) {
        first->last_lowest = best->apic.index;
    }
    return best;
}

static void send(GPtrArray *apics, const Message *message)
{
    if (message->delivery == DELIVERY_LOWEST) {
        LocalApic *s = choose_lowest(apics, message);

        if (s) {
            deliver(s, message);
        }
        return;
    }
    for (guint i = 0; i < apics->len; i++) {
        LocalApic *s = lapic_of(g_ptr_array_index(apics, i));

        if (matches(s, message)) {
            deliver(s, message);
        }
    }
}

/* ---- where it comes from ---- */

/* ICR, SDM 11.6.1. Interrupts between processors are edges; the level is for INIT's de-assertion,
 * which only told old processors to forget about arbitration. */
void lapic_send_ipi(LocalApic *s)
{
    guint32 icr = s->icr_low;
    Message message = {
        .vector = icr & 0xff,
        .delivery = icr >> ICR_DELIVERY_SHIFT & 7,
        .dest = s->icr_high >> 24,
        .logical = (icr & ICR_LOGICAL) != 0,
        .sender = s,
        .shorthand = icr >> ICR_SHORTHAND & 3,
    };
    gboolean has_vector = message.delivery == DELIVERY_FIXED || message.delivery == DELIVERY_LOWEST;

    if (has_vector && message.vector < 16) {
        lapic_error(s, ESR_SEND_VECTOR);
    } else if (message.delivery != DELIVERY_INIT || !(icr & ICR_LEVEL) || (icr & ICR_ASSERT)) {
        send(s->dev.machine->apics, &message);
    }
}

void lapic_bus_message(Apic *first, guint64 addr, guint32 data)
{
    gboolean hint = (addr & MSI_REDIRECT_HINT) && (addr & MSI_LOGICAL);
    Message message = {
        .vector = data & 0xff,
        .delivery = data >> ICR_DELIVERY_SHIFT & 7,
        .level = (data & ICR_LEVEL) != 0,
        .dest = addr >> MSI_DEST_SHIFT & 0xff,
        .logical = (addr & MSI_LOGICAL) != 0,
    };

    if (addr >> 20 != APIC_BASE_DEFAULT >> 20 || (message.level && !(data & ICR_ASSERT))) {
        return;
    }
    if (hint && message.delivery == DELIVERY_FIXED) {
        message.delivery = DELIVERY_LOWEST;
    }
    send(lapic_of(first)->dev.machine->apics, &message);
}

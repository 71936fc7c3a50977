/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupters (4.17) and event rings (4.9.4).
 *
 * An event that finds its ring full is kept, after an "event ring full" event in the ring's last
 * place; as long as any is kept no ring is consumed, so that the kept ones are few.
 */
#include <string.h>

#include "hw/pci/msi.h"
#include "hw/usb/xhci-priv.h"

#define IMOD_UNIT_NS 250

static guint number(const XhciInterrupter *in)
{
    return (guint)(in - in->xhci->interrupters);
}

/* ---- interrupts ---- */

/* Interrupt pending, enabled here and in the controller: a message, which clears it, or the pin. */
static void deliver(XhciInterrupter *in)
{
    Xhci *xhci = in->xhci;
    gboolean level = FALSE;

    if (in->iman == (IMAN_PENDING | IMAN_ENABLE) && xhci->command & CMD_INTE &&
        pci_messages_enabled(&xhci->pci)) {
        in->iman &= ~IMAN_PENDING;
        pci_notify(&xhci->pci, number(in));
    }
    for (guint n = 0; n < xhci->interrupt_count; n++) {
        level |= xhci->interrupters[n].iman == (IMAN_PENDING | IMAN_ENABLE);
    }
    pci_set_irq(&xhci->pci, level && xhci->command & CMD_INTE);
}

void xhci_update_interrupts(Xhci *xhci)
{
    for (guint n = 0; n < xhci->interrupt_count; n++) {
        deliver(&xhci->interrupters[n]);
    }
}

/* There are events to look at. While the guest is at it (event handler busy) it sees them by
 * itself. */
static void raise_interrupt(XhciInterrupter *in)
{
    gint64 now = xhci_now(in->xhci);

    if (in->dequeue & ERDP_BUSY) {
        return;
    }
    if (now < (gint64)in->next) {
        in->due = TRUE;
        timer_set(&in->timer, (gint64)in->next);
        return;
    }
    in->due = FALSE;
    in->next = (guint64)now + (guint64)(in->imod & 0xffff) * IMOD_UNIT_NS;
    in->dequeue |= ERDP_BUSY;
    in->iman |= IMAN_PENDING;
    in->xhci->status |= STS_EINT;
    deliver(in);
}

static gboolean is_empty(const XhciInterrupter *in)
{
    return in->place.base + in->place.index * 16ull == (in->dequeue & ~15ull);
}

static void moderation_over(void *opaque)
{
    XhciInterrupter *in = opaque;

    if (in->due && in->place.active && !is_empty(in)) {
        raise_interrupt(in);
    }
    in->due = FALSE;
}

/* ---- rings ---- */

/* Takes up a segment of the table. */
static gboolean enter_segment(XhciInterrupter *in, guint n)
{
    guint32 words[4];

    if (!xhci_read_words(in->xhci, in->erst + n * 16ull, words, 4)) {
        return FALSE;
    }
    in->place.segment = n;
    in->place.index = 0;
    in->place.base = (words[0] & ~63u) | (guint64)words[1] << 32;
    in->place.size = words[2] & 0xffff;
    if (in->place.size < 16 || in->place.size > 4096) { /* 6.5 */
        xhci_host_error(in->xhci, "an event ring segment has a size that cannot be");
        return FALSE;
    }
    return TRUE;
}

/* The place `ahead` (1 or 2) events after the next one; FALSE on a bus error. */
static gboolean place_after(XhciInterrupter *in, guint ahead, guint64 *addr)
{
    guint index = in->place.index + ahead;
    guint32 words[2];

    if (index < in->place.size) {
        *addr = in->place.base + index * 16ull;
        return TRUE;
    }
    if (!xhci_read_words(in->xhci, in->erst + (in->place.segment + 1) % in->erst_size * 16ull,
                         words, 2)) {
        return FALSE;
    }
    *addr = ((words[0] & ~63u) | (guint64)words[1] << 32) + (index - in->place.size) * 16ull;
    return TRUE;
}

static void put(XhciInterrupter *in, const guint32 *event)
{
    guint32 words[4];

    memcpy(words, event, sizeof words);
    words[3] |= in->place.cycle ? TRB_CYCLE : 0;
    if (!xhci_write_words(in->xhci, in->place.base + in->place.index * 16ull, words, 4)) {
        in->place.active = FALSE;
        return;
    }
    if (++in->place.index < in->place.size) {
        return;
    }
    in->place.cycle ^= in->place.segment + 1 == in->erst_size;
    in->place.active = enter_segment(in, (in->place.segment + 1) % in->erst_size);
}

/* TRUE if so few places are left that one more event would have the ring look empty (1), or leave
 * no room for "event ring full" (2). */
static gboolean is_full(XhciInterrupter *in, guint ahead)
{
    guint64 after = 0;

    return !place_after(in, ahead, &after) || after == (in->dequeue & ~15ull);
}

static gboolean is_nearly_full(XhciInterrupter *in)
{
    return is_full(in, 1) || is_full(in, 2);
}

gboolean xhci_events_stuck(const Xhci *xhci)
{
    for (guint n = 0; n < xhci->interrupt_count; n++) {
        if (xhci->interrupters[n].kept_count) {
            return TRUE;
        }
    }
    return FALSE;
}

static void keep(XhciInterrupter *in, const guint32 *event)
{
    if (in->kept_count == XHCI_EVENTS_KEPT) {
        device_warn_once(&in->xhci->pci.device, "event ring full; events are lost");
        return;
    }
    memcpy(in->kept + in->kept_count++ * 4, event, 16);
}

void xhci_event(Xhci *xhci, guint n, guint64 parameter, guint32 status, guint32 control)
{
    XhciInterrupter *in = &xhci->interrupters[n < xhci->interrupt_count ? n : 0];
    guint32 event[4] = {(guint32)parameter, (guint32)(parameter >> 32), status,
                        control & ~(TRB_CYCLE | TRB_BEI)};
    static const guint32 full[4] = {0, 0, (guint32)CC_EVENT_RING_FULL << 24,
                                    TRB_HOST_EVENT << TRB_TYPE_SHIFT};

    if (!in->place.active) {
        return;
    }
    if (in->kept_count) {
        keep(in, event);
    } else if (is_nearly_full(in)) {
        keep(in, event);
        if (in->place.active && !is_full(in, 1)) {
            put(in, full);
        }
    } else {
        put(in, event);
    }
    if (!(control & TRB_BEI)) {
        raise_interrupt(in);
    }
}

/* The guest has made room. */
static void put_kept(XhciInterrupter *in)
{
    guint n = 0;

    while (n < in->kept_count && in->place.active && !is_nearly_full(in)) {
        put(in, in->kept + n++ * 4);
    }
    in->kept_count -= n;
    memmove(in->kept, in->kept + n * 4, in->kept_count * 16);
    if (n && !in->kept_count) {
        xhci_go_on_later(in->xhci, xhci_now(in->xhci));
    }
}

/* ---- registers (5.5.2) ---- */

guint64 xhci_interrupter_read(Xhci *xhci, guint n, guint reg)
{
    const XhciInterrupter *in = &xhci->interrupters[n];
    gint64 left = (gint64)in->next - xhci_now(xhci);

    switch (reg) {
    case IMAN: return in->iman;
    case IMOD: return in->imod | (left > 0 ? (guint32)MIN(left / IMOD_UNIT_NS, 0xffff) << 16 : 0);
    case ERSTSZ: return in->erst_size;
    case ERSTBA: return (guint32)in->erst;
    case ERSTBA_HI: return in->erst >> 32;
    case ERDP: return (guint32)in->dequeue;
    case ERDP_HI: return in->dequeue >> 32;
    default: return 0;
    }
}

static void start_ring(XhciInterrupter *in)
{
    in->kept_count = 0;
    in->place.cycle = TRUE;
    in->place.active = in->erst_size > 0 && enter_segment(in, 0);
}

static void dequeue_write(XhciInterrupter *in, guint32 value)
{
    guint32 busy = (guint32)in->dequeue & ~value & ERDP_BUSY;

    in->dequeue = (in->dequeue & ~(guint64)G_MAXUINT32) | (value & ~ERDP_BUSY) | busy;
}

/* With the pointer whole: there may be room, or more to look at. */
static void dequeue_moved(XhciInterrupter *in)
{
    if (!in->place.active) {
        return;
    }
    put_kept(in);
    if (in->place.active && !is_empty(in) && !(in->dequeue & ERDP_BUSY)) {
        raise_interrupt(in);
    }
}

void xhci_interrupter_write(Xhci *xhci, guint n, guint reg, guint32 value)
{
    XhciInterrupter *in = &xhci->interrupters[n];

    switch (reg) {
    case IMAN:
        in->iman = (in->iman & ~value & IMAN_PENDING) | (value & IMAN_ENABLE);
        deliver(in);
        break;
    case IMOD: in->imod = value & 0xffff; break;
    case ERSTSZ:
        in->erst_size = MIN(value & 0xffff, 1u << ERST_MAX_ORDER);
        in->place.active &= in->place.segment < in->erst_size;
        break;
    case ERSTBA: in->erst = (in->erst & ~(guint64)G_MAXUINT32) | (value & ~63u); break;
    case ERSTBA_HI:
        in->erst = (guint32)in->erst | (guint64)value << 32;
        start_ring(in);
        break;
    case ERDP:
        dequeue_write(in, value);
        dequeue_moved(in);
        break;
    case ERDP_HI:
        in->dequeue = (guint32)in->dequeue | (guint64)value << 32;
        dequeue_moved(in);
        break;
    default: break;
    }
}

/* ---- lifecycle ---- */

void xhci_events_init(Xhci *xhci)
{
    for (guint n = 0; n < XHCI_INTERRUPTS; n++) {
        XhciInterrupter *in = &xhci->interrupters[n];

        in->xhci = xhci;
        timer_init(&in->timer, xhci->pci.device.machine->guest_clock, moderation_over, in);
    }
}

void xhci_events_save(Xhci *xhci)
{
    for (guint n = 0; n < XHCI_INTERRUPTS; n++) {
        xhci->interrupters[n].saved = xhci->interrupters[n].place;
    }
}

void xhci_events_restore(Xhci *xhci)
{
    for (guint n = 0; n < XHCI_INTERRUPTS; n++) {
        XhciInterrupter *in = &xhci->interrupters[n];

        if (in->saved.segment < in->erst_size) {
            in->place = in->saved;
        }
    }
}

void xhci_events_reset(Xhci *xhci)
{
    for (guint n = 0; n < XHCI_INTERRUPTS; n++) {
        XhciInterrupter *in = &xhci->interrupters[n];
        Timer timer;

        timer_cancel(&in->timer);
        timer = in->timer;
        *in = (XhciInterrupter){.imod = IMOD_DEFAULT, .xhci = xhci, .timer = timer};
    }
    xhci_update_interrupts(xhci);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/input/ps2.h"

#include <string.h>

#include "core/error.h"

typedef struct Ps2Bus {
    Bus bus;
    void (*ready)(void *opaque);
    void *opaque;
} Ps2Bus;

/* Saved state comes from outside: indices must stay inside their arrays. */
static gboolean queue_loaded(void *object, GError **error)
{
    Ps2Queue *queue = object;

    if (queue->head >= PS2_QUEUE_SIZE || queue->count > PS2_QUEUE_SIZE ||
        queue->reply_head + queue->reply_count > PS2_REPLIES_SIZE) {
        return error_set(error, "saved PS/2 queue is damaged");
    }
    return TRUE;
}

static const StateField queue_fields[] = {
    STATE_ARRAY(U8, Ps2Queue, data),       STATE_FIELD(U8, Ps2Queue, head),
    STATE_FIELD(U8, Ps2Queue, count),      STATE_ARRAY(U8, Ps2Queue, replies),
    STATE_FIELD(U8, Ps2Queue, reply_head), STATE_FIELD(U8, Ps2Queue, reply_count),
    STATE_FIELD(U8, Ps2Queue, last),       STATE_END,
};

const StateTable ps2_queue_state = {.version = 1, .fields = queue_fields, .loaded = queue_loaded};

static void tell_ready(Ps2Device *ps2)
{
    Ps2Bus *bus = (Ps2Bus *)ps2->dev.bus;

    bus->ready(bus->opaque);
}

/* ---- the controller's side ---- */

Ps2Device *ps2_bus_device(Bus *bus)
{
    return bus->children->len ? g_ptr_array_index(bus->children, 0) : NULL;
}

void ps2_write(Ps2Device *ps2, guint8 byte)
{
    ps2->write(ps2, byte);
}

gboolean ps2_has_data(const Ps2Device *ps2)
{
    return ps2->queue.reply_count || ps2->queue.count;
}

guint8 ps2_fetch(Ps2Device *ps2)
{
    Ps2Queue *queue = &ps2->queue;

    if (queue->reply_count) {
        queue->reply_count--;
        queue->last = queue->replies[queue->reply_head++];
    } else if (queue->count) {
        queue->last = queue->data[queue->head];
        queue->head = (queue->head + 1) % PS2_QUEUE_SIZE;
        queue->count--;
        if (ps2->fetched) {
            ps2->fetched(ps2);
        }
    }
    return queue->last;
}

/* ---- the device's side ---- */

void ps2_reply(Ps2Device *ps2, guint8 byte)
{
    Ps2Queue *queue = &ps2->queue;

    if (!queue->reply_count) {
        queue->reply_head = 0;
    }
    g_assert(queue->reply_head + queue->reply_count < PS2_REPLIES_SIZE);
    queue->replies[queue->reply_head + queue->reply_count++] = byte;
    tell_ready(ps2);
}

void ps2_drop_replies(Ps2Device *ps2)
{
    ps2->queue.reply_count = ps2->queue.reply_head = 0;
}

void ps2_drop_events(Ps2Device *ps2)
{
    ps2->queue.count = ps2->queue.head = 0;
}

void ps2_drop_first(Ps2Device *ps2, guint count)
{
    Ps2Queue *queue = &ps2->queue;

    g_assert(count <= queue->count);
    queue->head = (queue->head + count) % PS2_QUEUE_SIZE;
    queue->count -= count;
}

guint ps2_event_room(const Ps2Device *ps2)
{
    return PS2_QUEUE_SIZE - ps2->queue.count;
}

gboolean ps2_put_event(Ps2Device *ps2, const guint8 *bytes, guint count)
{
    Ps2Queue *queue = &ps2->queue;

    if (count > ps2_event_room(ps2)) {
        return FALSE;
    }
    for (guint i = 0; i < count; i++) {
        queue->data[(queue->head + queue->count++) % PS2_QUEUE_SIZE] = bytes[i];
    }
    tell_ready(ps2);
    return TRUE;
}

/* ---- the bus ---- */

static gboolean ps2_bus_place(Bus *bus, Device *dev, OptionList *options, GError **error)
{
    /* `dev` is among the children already. */
    if (bus->children->len > 1) {
        return error_set(error, "%s: the port %s has a device already", dev->ops->name, bus->name);
    }
    return TRUE;
}

const BusOps ps2_bus_ops = {
    .kind = BUS_PS2,
    .size = sizeof(Ps2Bus),
    .place = ps2_bus_place,
};

Bus *ps2_bus_create(Device *controller, const char *name, void (*ready)(void *opaque), void *opaque)
{
    Ps2Bus *bus = (Ps2Bus *)bus_create(controller, &ps2_bus_ops, "%s", name);

    bus->ready = ready;
    bus->opaque = opaque;
    return &bus->bus;
}

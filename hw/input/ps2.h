/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PS/2 port: one device on one bus, which the controller (i8042) owns.
 *
 * The controller writes bytes to the device at once and fetches what the device has to say when it
 * has room, one byte a time; the device tells the bus when it has something. Every PS/2 device's
 * state begins with a Ps2Device. Vm lock held.
 */
#pragma once

#include "core/device.h"

/* The output buffer of real keyboards and mice. */
#define PS2_QUEUE_SIZE   16
#define PS2_REPLIES_SIZE 8

/* Replies that both kinds of device give (IBM PS/2 Hardware Interface Technical Reference). */
#define PS2_ACK       0xfa
#define PS2_RESEND    0xfe
#define PS2_ERROR     0xfc
#define PS2_TEST_GOOD 0xaa

/*
 * Output of a device. Replies to a command go before events, and a new command drops the unread
 * replies to the one before.
 */
typedef struct Ps2Queue {
    guint8 data[PS2_QUEUE_SIZE]; /* events, a ring */
    guint8 head, count;
    guint8 replies[PS2_REPLIES_SIZE];
    guint8 reply_head, reply_count;
    guint8 last; /* last byte fetched, for the resend command */
} Ps2Queue;

extern const StateTable ps2_queue_state;

typedef struct Ps2Device Ps2Device;

struct Ps2Device {
    Device dev;
    void (*write)(Ps2Device *ps2, guint8 byte); /* required; set in realize */
    void (*fetched)(Ps2Device *ps2); /* a byte of an event has left the queue; NULL = not wanted */
    Ps2Queue queue;
};

/* Makes a port below a controller; `ready(opaque)` is called when the device has data. */
extern const BusOps ps2_bus_ops;
Bus *ps2_bus_create(Device *controller, const char *name, void (*ready)(void *opaque),
                    void *opaque);

/* ---- for the controller ---- */

/* The device on the port, NULL = none. */
Ps2Device *ps2_bus_device(Bus *bus);
void ps2_write(Ps2Device *ps2, guint8 byte);
gboolean ps2_has_data(const Ps2Device *ps2);
guint8 ps2_fetch(Ps2Device *ps2); /* repeats the last byte if there is none */

/* ---- for devices ---- */

void ps2_reply(Ps2Device *ps2, guint8 byte);
void ps2_drop_replies(Ps2Device *ps2);
void ps2_drop_events(Ps2Device *ps2);
void ps2_drop_first(Ps2Device *ps2, guint count); /* so many bytes of events */
guint ps2_event_room(const Ps2Device *ps2);
/* Queues all of an event's bytes, or none: FALSE if there is no room. */
gboolean ps2_put_event(Ps2Device *ps2, const guint8 *bytes, guint count);

extern const DeviceOps ps2_keyboard_ops;
extern const DeviceOps ps2_mouse_ops;

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sources of random bytes: the backends rng-builtin (the host's generator) and rng-random (a file
 * such as /dev/hwrng). A device claims one of the type "rng-backend" by its id, asks for bytes, and
 * is called back when there are some, which may take as long as it takes. Vm lock held.
 */
#pragma once

#include "core/backend.h"

typedef struct RngRequest RngRequest;

/* Most bytes that a request may ask for. */
#define RNG_MAX_REQUEST 65536

/* Valid during the call. `length` is from 1 to what was asked for; 0 = the source has nothing more
 * to give, ever. The request is gone. */
typedef void (*RngFn)(const guint8 *data, gsize length, void *opaque);

/* Asks for `length` bytes, at least 1. `fn` is called once, on the loop, after the return.
 * Requests are served in order. */
RngRequest *rng_request(Backend *rng, gsize length, RngFn fn, void *opaque);

/* Takes a request back: fn is not called. */
void rng_cancel(RngRequest *request);

/* ---- for the backends (core/rng-*.c) ---- */

/* First member of their state. */
typedef struct Rng {
    Backend backend;
    GQueue requests; /* of RngRequest*, oldest first */
} Rng;

struct RngOps {
    void (*start)(Rng *rng); /* there are requests, where there were none */
    void (*stop)(Rng *rng);  /* there are none any more */
};

/* How many bytes the oldest request wants; 0 = there is none. */
gsize rng_wanted(const Rng *rng);
/* Ends it with these bytes. */
void rng_deliver(Rng *rng, const guint8 *data, gsize length);
/* Ends all of them without any. */
void rng_fail(Rng *rng);

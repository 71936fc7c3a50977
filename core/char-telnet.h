/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server's half of the telnet protocol (RFC 854, 856, 857, 858, 1073): enough that a telnet
 * client turns into a raw terminal whose width is known. Pure state, owned by the socket backend.
 */
#pragma once

#include <glib.h>

typedef struct Telnet {
    guint state;
    gboolean peer_binary; /* the client sends 8-bit data without CR NUL */
    gboolean after_cr;
    guint8 option;    /* the subnegotiation's option, then its bytes */
    guint8 window[4]; /* big-endian columns and rows */
    guint window_have;
    guint columns;    /* of the client's window; 0 = not told */
    gboolean owes_ff; /* the second half of an escaped FFh did not fit */
} Telnet;

/* What to send when a client connects. */
extern const guint8 telnet_greeting[15];

/*
 * Takes commands out of `data` in place; returns how many bytes of data remain. `*breaks` counts
 * the break commands seen.
 */
gsize telnet_filter(Telnet *telnet, guint8 *data, gsize length, guint *breaks);

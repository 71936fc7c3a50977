/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/char-telnet.h"

/* RFC 854, "TELNET command structure". */
#define IAC  255
#define DONT 254
#define DO   253
#define WONT 252
#define WILL 251
#define SB   250
#define BRK  243
#define SE   240

#define OPT_BINARY 0
#define OPT_ECHO   1
#define OPT_SGA    3
#define OPT_NAWS   31

enum { DATA, COMMAND, OPTION, WILL_OPTION, WONT_OPTION, SUBNEG_OPTION, SUBNEG, SUBNEG_IAC };

/* We echo, suppress go-ahead (together: character mode), and both sides are 8-bit clean; the
 * window's size is welcome (RFC 1073). */
const guint8 telnet_greeting[15] = {
    IAC,        WILL, OPT_ECHO, IAC,        WILL, OPT_SGA, IAC,      WILL,
    OPT_BINARY, IAC,  DO,       OPT_BINARY, IAC,  DO,      OPT_NAWS,
};

/* A byte after IAC: returns TRUE if it is an escaped FFh of data. */
static gboolean telnet_command(Telnet *telnet, guint8 byte, guint *breaks)
{
    telnet->state = DATA;
    switch (byte) {
    case IAC: return TRUE;
    case WILL: telnet->state = WILL_OPTION; break;
    case WONT: telnet->state = WONT_OPTION; break;
    case DO:
    case DONT: telnet->state = OPTION; break;
    case SB: telnet->state = SUBNEG_OPTION; break;
    case BRK: (*breaks)++; break;
    default: break; /* NOP, AYT and the like ask nothing of a serial line */
    }
    return FALSE;
}

/* A byte of "IAC SB option ... IAC SE"; an FFh in it is doubled. */
static void telnet_subnegotiation(Telnet *telnet, guint8 byte)
{
    if (telnet->state == SUBNEG && byte == IAC) {
        telnet->state = SUBNEG_IAC;
        return;
    }
    if (telnet->state == SUBNEG_IAC && byte == SE) {
        if (telnet->option == OPT_NAWS && telnet->window_have == sizeof(telnet->window)) {
            telnet->columns = telnet->window[0] << 8 | telnet->window[1];
        }
        telnet->state = DATA;
        return;
    }
    telnet->state = SUBNEG;
    if (telnet->window_have < sizeof(telnet->window)) {
        telnet->window[telnet->window_have++] = byte;
    }
}

/* Takes one byte; returns TRUE if it is data. */
static gboolean telnet_byte(Telnet *telnet, guint8 byte, guint *breaks)
{
    gboolean after_cr = telnet->after_cr;

    switch (telnet->state) {
    case COMMAND: return telnet_command(telnet, byte, breaks);
    case WILL_OPTION:
    case WONT_OPTION:
        if (byte == OPT_BINARY) {
            telnet->peer_binary = telnet->state == WILL_OPTION;
        }
        telnet->state = DATA;
        return FALSE;
    case OPTION: telnet->state = DATA; return FALSE;
    case SUBNEG_OPTION:
        telnet->option = byte;
        telnet->window_have = 0;
        telnet->state = SUBNEG;
        return FALSE;
    case SUBNEG:
    case SUBNEG_IAC: telnet_subnegotiation(telnet, byte); return FALSE;
    default: break;
    }
    if (byte == IAC) {
        telnet->state = COMMAND;
        return FALSE;
    }
    telnet->after_cr = byte == '\r' && !telnet->peer_binary;
    return !(after_cr && byte == 0);
}

gsize telnet_filter(Telnet *telnet, guint8 *data, gsize length, guint *breaks)
{
    gsize kept = 0;

    for (gsize i = 0; i < length; i++) {
        if (telnet_byte(telnet, data[i], breaks)) {
            data[kept++] = data[i];
        }
    }
    return kept;
}

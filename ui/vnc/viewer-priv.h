/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A viewer from the inside, for viewer.c (its thread), handshake.c and pseudo.c.
 */
#pragma once

#include <rfb/rfb.h>

#include "ui/vnc/update.h"
#include "ui/vnc/vnc-priv.h"
#include "ui/vnc/wire.h"

/* How far a connection has come (RFC 6143, 7.1 to 7.3). */
typedef enum VncStage {
    VNC_STAGE_VERSION,
    VNC_STAGE_SECURITY,
    VNC_STAGE_RESPONSE,
    VNC_STAGE_DENIED, /* gave a wrong password, will be told so in a moment */
    VNC_STAGE_INIT,
    VNC_STAGE_SESSION
} VncStage;

/* Pseudo-encodings that libvncserver does not know. */
typedef enum VncWish {
    VNC_WISH_EXT_KEY = 1 << 0,
    VNC_WISH_POINTER_TYPE = 1 << 1,
    VNC_WISH_LEDS = 1 << 2,
    VNC_WISH_VMWARE_LEDS = 1 << 3,
    VNC_WISH_NAME = 1 << 4,
    VNC_WISH_ALPHA_CURSOR = 1 << 5,
} VncWish;

struct VncViewer {
    VncServer *server;
    Machine *machine;
    SocketName peer;
    GVariant *arrival;  /* the server's end, as events tell it */
    gboolean websocket; /* came to the port for these */
    gboolean skip_auth; /* needs no password */
    int fd;             /* of ours, so that it stays valid when libvncserver has closed its own */
    gint64 since;       /* monotonic */
    GThread *thread;
    int wake[2];     /* pipe that the thread listens to; what has been written is nothing new */
    gint woken;      /* atomic: a byte is in it */
    Deferred *enter; /* on the main loop: it has entered */
    Deferred *gone;  /* likewise: the thread has ended */
    Timer patience;  /* on the main loop: the handshake takes too long */
    VncUpdater *updater;

    GMutex mutex; /* guards what follows, a leaf */
    GCond ended_cond;
    gboolean leave;
    gboolean entered; /* the handshake is over */
    gboolean ended;   /* the thread does nothing more */
    guint64 updates;  /* sent, for `info vnc` */

    /* the thread's own */
    rfbScreenInfoPtr screen;
    rfbClientPtr client;
    VncWire *wire;
    gboolean deaf; /* what the viewer says next has to wait until there is room for an answer */
    VncStage stage;
    gint64 deny_at; /* monotonic, in VNC_STAGE_DENIED */
    guint8 challenge[CHALLENGESIZE];
    rfbProtocolExtension extension;
    guint wishes, unanswered; /* VncWish; those that no answer was sent to yet */
    VncNews news;             /* as last told */
    guint news_serial;        /* of these */
    rfbCursor shape;          /* of news.cursor, for libvncserver */
    guint64 clipboard_told;   /* the news' serial that the viewer knows of */
    VncInput *input;          /* used with the vm lock */
};

/* ---- handshake.c ---- */

/* Something came from the peer before the session; may close the client. */
void vnc_handshake_step(VncViewer *viewer);
/* The wait after a wrong password is over. */
void vnc_handshake_deny(VncViewer *viewer);

/* ---- peek.c ---- */

typedef enum VncPeek {
    VNC_PEEK_TAKEN, /* was a request for an update: it has been noted */
    VNC_PEEK_QUIET, /* libvncserver takes it without an answer */
    VNC_PEEK_OTHER
} VncPeek;

/* Looks at the viewer's next message, in a session. */
VncPeek vnc_peek(const VncViewer *viewer);

/* ---- pseudo.c ---- */

/* Makes libvncserver ask us about pseudo-encodings and messages that it does not know. */
void vnc_pseudo_attach(VncViewer *viewer);
/* Before the client is freed: libvncserver forgets to. */
void vnc_pseudo_detach(VncViewer *viewer);
/* Tells of what is new besides pixels: LEDs, pointer type, name, cursor. */
void vnc_pseudo_serve(VncViewer *viewer);
void vnc_pseudo_end(VncViewer *viewer);

/* ---- vnc-clipboard.c ---- */

/* Before the client is made: makes libvncserver tell us what the viewer copies. */
void vnc_clipboard_attach(VncViewer *viewer);
/* Tells of a new text in the machine's clipboard, unless something is still being sent. */
void vnc_clipboard_serve(VncViewer *viewer);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frontend "vnc": a server for remote framebuffer viewers (RFB, RFC 6143) on libvncserver.
 *
 * vnc.c is the frontend: options, password, the display's listener. listen.c opens its sockets on
 * the main loop, web.c serves the page for browsers. picture.c makes frames of what the display
 * shows, once for all viewers; news.c gathers what else viewers are told. Every viewer (viewer.c)
 * has a thread, a loop and a libvncserver screen of its own, so one that does not read delays
 * nobody: handshake.c lets it in, update.c decides what it is sent (scroll.c and zrle.c help),
 * pseudo.c speaks what libvncserver does not. What is shared are the picture and the news, which
 * have locks of their own, and the server's fields, under the vm lock. vnc-input.c turns a
 * viewer's events into the guest's.
 */
#pragma once

#include <glib.h>

#include "core/clipboard.h"
#include "core/display.h"
#include "core/frontend.h"
#include "core/input.h"
#include "core/keymap.h"
#include "ui/common/console.h"
#include "ui/common/socket-name.h"
#include "ui/vnc/guard.h"
#include "ui/vnc/picture.h"

typedef struct VncServer VncServer;
typedef struct VncViewer VncViewer;
typedef struct VncInput VncInput;
typedef struct VncWeb VncWeb;

/* -vnc share= (QEMU's names): what a viewer that wants to be alone gets:
 * the others leave, it has to leave itself, or nothing happens. */
typedef enum VncShare {
    VNC_SHARE_ALLOW_EXCLUSIVE,
    VNC_SHARE_FORCE_SHARED,
    VNC_SHARE_IGNORE
} VncShare;

/* What viewers are told besides pixels. */
typedef struct VncNews {
    guint leds; /* as input_leds() */
    gboolean absolute;
    char *title;
    Cursor *cursor; /* a reference; NULL = none */
    int x, y;
    gboolean visible, had_cursor; /* the guest has ever set a cursor */
    GBytes *clipboard;            /* a reference; NULL = empty */
    guint64 clipboard_serial;
    const VncViewer *clipboard_from; /* only to be compared; NULL = no viewer of this server */
} VncNews;

/* Options that QEMU has and this server has not; naming one is an error that says what to do. */
typedef struct VncRefused {
    char *tls_creds, *tls_authz, *sasl_authz, *audiodev;
    gboolean sasl;
} VncRefused;

/* Guarded by the vm lock, but for what is said to be constant after open. */
struct VncServer {
    Frontend frontend;
    /* options, constant after open */
    char *address;
    gint64 to;
    gboolean want_password;
    char *password_secret; /* id of a secret; NULL = none */
    int share;
    guint64 connections;
    guint64 max_hz;
    char *keyboard;
    char *console_name;
    guint64 head;
    gboolean lossy, non_adaptive;
    gboolean ipv4, ipv6, reverse;
    char *websocket;
    gboolean web, power_control, lock_key_sync, share_clipboard;
    guint64 key_delay_ms;
    VncRefused refused;

    Keymap *keymap;       /* constant after open */
    GPtrArray *listeners; /* of VncListener*, see listen.c */
    char *reached;        /* "127.0.0.1:5500", the listening viewer (reverse=on), or NULL */
    char *unix_path;      /* to be removed at close, or NULL */
    VncWeb *pages;        /* NULL without WebSockets */
    ConsoleList *consoles;
    Console *console; /* constant after open */
    DisplayListener *listener;
    VncPicture *picture; /* constant after open */
    GPtrArray *viewers;  /* of VncViewer* */
    gint dozes;          /* atomic: the listener is inactive */
    gint64 unwanted;     /* host time since which no viewer waits for frames; 0: one does */
    Deferred *rouse;
    char *password; /* NULL: nobody gets in while want_password */
    gint64 expires; /* on the host clock, -1 = never */
    VncGuard *guard;
    InputListener *input_listener;
    MachineListener *machine_listener;
    ClipboardListener *clipboard_listener; /* NULL = not shared */
    const VncViewer *copying;              /* sets the clipboard just now */

    GMutex news_mutex; /* a leaf: guards what follows, which is written on the main loop */
    VncNews news;
    guint news_serial; /* atomic; another one with each change, never 0 */
};

/* ---- listen.c ---- */

/* Opens server->address: HOST:DISPLAY (HOST empty = loopback), or unix:PATH; and the WebSocket port
 * if there is to be one. With reverse=on it connects instead. May drop the vm lock meanwhile. */
gboolean vnc_listen(VncServer *server, GError **error);
void vnc_listen_end(VncServer *server);
/* Calls fn for each socket that it listens on. */
void vnc_listen_foreach(VncServer *server,
                        void (*fn)(const SocketName *name, gboolean websocket, void *opaque),
                        void *opaque);
/* For a thread that writes to sockets which may be closed: libraries do not all ask for EPIPE. */
void vnc_ignore_sigpipe(void);
/* A viewer's socket, which this owns from now on; it may be one too many. */
void vnc_connected(VncServer *server, int fd, gboolean websocket);

/* ---- web.c ---- */

VncWeb *vnc_web_new(VncServer *server, GError **error);
/* Drops the vm lock while it waits. NULL is fine. */
void vnc_web_free(VncWeb *web);
/* Somebody connected to the WebSocket port: it gets a page, or becomes a viewer. Owns fd. */
void vnc_web_accept(VncWeb *web, int fd);

/* ---- news.c ---- */

void vnc_news_open(VncServer *server);
void vnc_news_close(VncServer *server);
void vnc_news_cursor(VncServer *server, Cursor *cursor);
void vnc_news_warp(VncServer *server, int x, int y, gboolean visible);
/* A copy if there is any since `serial`, which then is theirs. From any thread. */
gboolean vnc_news_read(VncServer *server, VncNews *news, guint *serial);
void vnc_news_clear(VncNews *news);

/* ---- viewer.c ---- */

/* Serves a connected socket, which it owns from now on; `skip_auth`: without asking for a password.
 * Vm lock held, as for all of these. */
VncViewer *vnc_viewer_new(VncServer *server, int fd, gboolean websocket, gboolean skip_auth);
/* Ends the connection and waits for the thread; drops the vm lock meanwhile. */
void vnc_viewer_free(VncViewer *viewer);
/* Asks the thread to end; the viewer frees itself later. From any thread. */
void vnc_viewer_disconnect(VncViewer *viewer);
/* It has asked for what is new, and has not got it yet. */
gboolean vnc_viewer_waits(VncViewer *viewer);
/* There is something for its thread to look at. From any thread. */
void vnc_viewer_wake(VncViewer *viewer);

/* ---- report.c: what monitors are told, vm lock held ---- */

void vnc_info(Frontend *frontend, GString *out);
GVariant *vnc_query(Frontend *frontend);
/* Tells that it has connected, and keeps where it came in for what follows. */
void vnc_report_arrival(VncViewer *viewer);
/* Tells a later event about it: "VNC_INITIALIZED", "VNC_DISCONNECTED". */
void vnc_report_event(VncViewer *viewer, const char *event);

/* ---- vnc.c, called by viewers' threads without the vm lock ---- */

/* Whether damage of the display comes in. If not, that is seen to, and viewers that wait will be
 * woken: so a viewer says that it waits, then asks. */
gboolean vnc_server_is_awake(VncServer *server);

/* ---- vnc.c, called by viewers with the vm lock ---- */

/* There is a viewer that waits, or will. */
void vnc_server_rouse(VncServer *server);

/* A viewer's thread is done with it. */
void vnc_server_viewer_gone(VncServer *server, VncViewer *viewer);
/* The others leave because this one wants to be alone. */
void vnc_server_exclusive(VncServer *server, VncViewer *viewer);
/* The password to be given, or NULL if there is none that would be right now. */
const char *vnc_server_password(VncServer *server);

/* ---- vnc-input.c: vm lock held, but where it says otherwise ---- */

VncInput *vnc_input_new(VncServer *server);
/* Releases what the viewer holds down. */
void vnc_input_free(VncInput *input);
/* Without the vm lock, before a key event: waits until a key has been down for key-delay-ms. */
void vnc_input_wait(VncInput *input, gboolean down);
void vnc_input_key(VncInput *input, guint32 keysym, gboolean down);
/* QEMU's extended key event: a scan code of set 1, 80h added where E0h comes before it. */
void vnc_input_ext_key(VncInput *input, guint32 keysym, guint32 code, gboolean down);
/* The viewer sends movements (around 7FFFh) while the guest has no absolute pointer. Any lock. */
void vnc_input_set_relative(VncInput *input, gboolean relative);
/* RFB button mask and place in a picture of this size. */
void vnc_input_pointer(VncInput *input, guint mask, int x, int y, guint width, guint height);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frontend "vnc": a server for remote framebuffer viewers (RFB, RFC 6143) on libvncserver.
 *
 * vnc.c is the frontend: options, password, the display's listener. listen.c opens its sockets on
 * the main loop. picture.c makes frames of what the display shows, once for all viewers. Every
 * viewer (viewer.c) has a thread, a loop and a libvncserver screen of its own, so one that does not
 * read delays nobody; update.c decides what it is sent, scroll.c and zrle.c help. What is shared is
 * the picture, which has its own locks, and the server's fields, under the vm lock. vnc-input.c
 * turns a viewer's events into the guest's.
 */
#pragma once

#include <glib.h>

#include "core/display.h"
#include "core/frontend.h"
#include "core/keymap.h"
#include "ui/vnc/picture.h"

typedef struct VncServer VncServer;
typedef struct VncViewer VncViewer;
typedef struct VncInput VncInput;

/* -vnc share= (QEMU's names): what a viewer that wants to be alone gets:
 * the others leave, it has to leave itself, or nothing happens. */
typedef enum VncShare {
    VNC_SHARE_ALLOW_EXCLUSIVE,
    VNC_SHARE_FORCE_SHARED,
    VNC_SHARE_IGNORE
} VncShare;

/* Guarded by the vm lock, but for what is said to be constant after open. */
struct VncServer {
    Frontend frontend;
    /* options, constant after open */
    char *address;
    gint64 to;
    gboolean want_password;
    int share;
    guint64 connections;
    guint64 max_hz;
    char *keyboard;
    guint64 head;
    gboolean lossy, non_adaptive;

    Keymap *keymap;       /* constant after open */
    GPtrArray *listeners; /* of FdWatch* */
    GArray *listen_fds;   /* of int */
    char *where;          /* "127.0.0.1:5900 (ipv4)", for people */
    char *unix_path;      /* to be removed at close, or NULL */
    Display *display;
    DisplayListener *listener;
    VncPicture *picture; /* constant after open */
    GPtrArray *viewers;  /* of VncViewer* */
    char *password;      /* NULL: nobody gets in while want_password */
    gint64 expires;      /* on the host clock, -1 = never */
};

/* ---- listen.c ---- */

/* Opens server->address: HOST:DISPLAY (HOST empty = loopback), or unix:PATH. */
gboolean vnc_listen(VncServer *server, GError **error);
void vnc_listen_end(VncServer *server);
/* A socket's peer for people: "127.0.0.1:4711 (ipv4)". */
char *vnc_peer_name(int fd);

/* ---- viewer.c ---- */

/* Serves a connected socket, which it owns from now on. Vm lock held, as for all of these. */
VncViewer *vnc_viewer_new(VncServer *server, int fd);
/* Ends the connection and waits for the thread; drops the vm lock meanwhile. */
void vnc_viewer_free(VncViewer *viewer);
/* Asks the thread to end; the viewer frees itself later. From any thread. */
void vnc_viewer_disconnect(VncViewer *viewer);
/* The picture has changed. */
void vnc_viewer_frame(VncViewer *viewer);
void vnc_viewer_describe(VncViewer *viewer, GString *out);

/* ---- vnc.c, called by viewers with the vm lock ---- */

/* A viewer's thread is done with it. */
void vnc_server_viewer_gone(VncServer *server, VncViewer *viewer);
/* The others leave because this one wants to be alone. */
void vnc_server_exclusive(VncServer *server, VncViewer *viewer);
/* The password to be given, or NULL if there is none that would be right now. */
const char *vnc_server_password(VncServer *server);

/* ---- vnc-input.c: vm lock held ---- */

VncInput *vnc_input_new(VncServer *server);
/* Releases what the viewer holds down. */
void vnc_input_free(VncInput *input);
void vnc_input_key(VncInput *input, guint32 keysym, gboolean down);
/* RFB button mask and place in a picture of this size. */
void vnc_input_pointer(VncInput *input, guint mask, int x, int y, guint width, guint height);

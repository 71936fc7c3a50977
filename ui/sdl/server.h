/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The display server below SDL: SDL can only be polled for events, but its connection has a
 * descriptor to wait at. And what happens when the server dies, or hangs.
 *
 * SDL's thread, vm lock held unless said otherwise. Only X11 and Wayland are known; with another
 * of SDL's video drivers there is nothing to wait at.
 */
#pragma once

#include <SDL.h>
#include <glib.h>

typedef struct SdlServer SdlServer;
struct SDL_SysWMinfo; /* SDL_syswm.h brings in Xlib, whose names collide with ours */

typedef struct SdlServerOps {
    int subsystem; /* SDL_SYSWM_TYPE */
    /* FALSE if the server of the environment is there, but SDL would not survive it. NULL: it
     * survives all. */
    gboolean (*probe)(GError **error);
    /* Around SDL's connecting, whatever it connects to. NULL: not wanted. */
    void (*before)(SdlServer *server);
    void (*connected)(SdlServer *server);
    /* Takes the connection out of `info`. */
    void (*open)(SdlServer *server, const struct SDL_SysWMinfo *info);
    /* Of each window. NULL: not wanted. */
    void (*add_window)(SdlServer *server, const struct SDL_SysWMinfo *info);
    /* Before the connection is closed. NULL: nothing to do. */
    void (*close)(SdlServer *server);
    /* Sends what waits to be sent; TRUE if events have been read that SDL has not seen. Without
     * the lock. */
    gboolean (*pending)(SdlServer *server);
    /* TRUE if the connection is dead. NULL: others tell. */
    gboolean (*dead)(SdlServer *server);
} SdlServerOps;

struct SdlServer {
    const SdlServerOps *ops; /* NULL: unknown, to be polled */
    void *connection;        /* X's Display, struct wl_display */
    int fd;                  /* of the connection, -1 = unknown */
    GArray *sockets;         /* of int: copies of the descriptors of all connections */
    GArray *windows;         /* X11: numbers of windows */
    gboolean knows_all;      /* X11: SDL's second connection, too */
    gboolean is_lost;
    void (*lost)(void *opaque);
    void *opaque;
};

/* `lost` is called once, inside of some call of SDL. */
SdlServer *sdl_server_new(void (*lost)(void *opaque), void *opaque);
/* Around SDL's connecting, on its thread. */
void sdl_server_before(SdlServer *server);
void sdl_server_connected(SdlServer *server);
void sdl_server_add_window(SdlServer *server, SDL_Window *window);
/* From now on nobody is told of a loss. */
void sdl_server_close(SdlServer *server);
/* SDL has closed its connections. NULL is fine. */
void sdl_server_free(SdlServer *server);
gboolean sdl_server_pending(SdlServer *server); /* without the lock */
gboolean sdl_server_dead(SdlServer *server);

/* FALSE if the connections are lost, and closing them would end the process. */
gboolean sdl_server_can_close(const SdlServer *server);

/* Breaks the connections: a call of SDL that waits for the server returns. Any thread. */
void sdl_server_break(SdlServer *server);

/* Before SDL connects: FALSE if it must not. Without the lock. */
gboolean sdl_server_probe(GError **error);

/* ---- for the implementations ---- */

void sdl_server_lost(SdlServer *server); /* tells of the loss, once */
void sdl_server_add_socket(SdlServer *server, int fd);

/* NULL if built without. */
extern const SdlServerOps *const sdl_server_x11;
extern const SdlServerOps *const sdl_server_wayland;

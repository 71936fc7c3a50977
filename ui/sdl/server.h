/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The display server below SDL: SDL can only be polled for events, but its connection has a
 * descriptor to wait at. And what happens when the server dies.
 *
 * Main loop's thread. Only X11 and Wayland are known; with another of SDL's video drivers there is
 * nothing to wait at.
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
    /* Takes the connection out of `info`; arranges for sdl_server_lost(). */
    void (*open)(SdlServer *server, const struct SDL_SysWMinfo *info);
    /* Before the connection is closed. */
    void (*close)(SdlServer *server);
    /* Sends what waits to be sent; TRUE if events have been read that SDL has not seen. */
    gboolean (*pending)(SdlServer *server);
    /* TRUE if the connection is dead. NULL: open() has arranged for the news. */
    gboolean (*dead)(SdlServer *server);
} SdlServerOps;

struct SdlServer {
    const SdlServerOps *ops; /* NULL: unknown, to be polled */
    void *connection;        /* X's Display, struct wl_display */
    int fd;                  /* of the connection, -1 = unknown */
    void (*lost)(void *opaque);
    void *opaque;
};

/* Of the server that a window is on. `lost` is called once, inside of some call of SDL. */
SdlServer *sdl_server_new(SDL_Window *window, void (*lost)(void *opaque), void *opaque);
void sdl_server_free(SdlServer *server); /* NULL is fine */
gboolean sdl_server_pending(SdlServer *server);
gboolean sdl_server_dead(SdlServer *server);

/* Before SDL connects: FALSE if it must not. */
gboolean sdl_server_probe(GError **error);

/* For the implementations: tells of the loss, once. */
void sdl_server_lost(SdlServer *server);

/* NULL if built without. */
extern const SdlServerOps *const sdl_server_x11;
extern const SdlServerOps *const sdl_server_wayland;

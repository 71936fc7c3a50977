/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Built without libwayland-client: SDL's Wayland windows are polled. */
#include "ui/sdl/server.h"

const SdlServerOps *const sdl_server_wayland = NULL;

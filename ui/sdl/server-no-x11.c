/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Built without libX11: SDL's X11 windows are polled. */
#include "ui/sdl/server.h"

const SdlServerOps *const sdl_server_x11 = NULL;

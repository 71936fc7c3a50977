/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From SDL's scancodes to evdev codes. A constant table; any thread. */
#pragma once

#include <SDL.h>
#include <glib.h>

/* The KEY_x of a scancode, 0 = the guest's keyboard has no such key. */
guint sdl_key(SDL_Scancode scancode);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The thread that calls SDL, with an event loop of its own. That holds the vm lock whenever one of
 * its callbacks runs, as the main loop does: what they touch needs no other lock. Calls of SDL,
 * which may wait for the display server, are made without it (sdl_gui_unlock()): a server that
 * hangs stops this thread alone.
 *
 * Made, called and ended by the main loop's thread, with the lock. Belongs to an SdlGui.
 */
#pragma once

#include "mainloop/timer.h"

typedef struct SdlThread SdlThread;

SdlThread *sdl_thread_new(VmLock *lock);
EventLoop *sdl_thread_loop(SdlThread *self);
Clock *sdl_thread_clock(SdlThread *self);

/* Has the thread call `fn`; one at a time, each to be waited for. */
void sdl_thread_call(SdlThread *self, DeferFn fn, void *opaque);

/* Waits until that has returned, without the lock; FALSE if it takes longer. */
gboolean sdl_thread_wait(SdlThread *self, gint64 patience_ns);

/* Ends the thread, which calls nothing. */
void sdl_thread_free(SdlThread *self);

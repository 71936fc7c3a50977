/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The terminal's device: raw mode and back, output that never blocks, hang-up. Loop thread with
 * the vm lock.
 */
#pragma once

#include <glib.h>

#include "core/machine.h"

typedef struct TermTty TermTty;

typedef struct TermTtyOps {
    void (*input)(void *opaque, const guint8 *data, gsize length);
    void (*drained)(void *opaque); /* all output has been taken */
    void (*gone)(void *opaque);    /* hung up; nothing more will come */
} TermTtyOps;

/*
 * Opens "/dev/pts/N", "fd:N" (which it owns from now on, even if this fails), or, with NULL,
 * standard input and output. Nothing is changed on it yet.
 */
TermTty *term_tty_open(Machine *machine, const char *place, const TermTtyOps *ops, void *opaque,
                       GError **error);

/* Restores the terminal and lets go of it. NULL is fine. May drop the lock for a moment. */
void term_tty_close(TermTty *tty);

/* Raw mode; `restore` are the bytes that undo what the caller will set. */
gboolean term_tty_enter(TermTty *tty, const char *restore, GError **error);
/* Back to what it was: unwritten output is dropped, the restoring bytes are written. */
void term_tty_leave(TermTty *tty);

void term_tty_write(TermTty *tty, const char *data, gsize length);
/* Bytes that the terminal has not yet taken. */
gsize term_tty_backlog(const TermTty *tty);

/* TIOCGWINSZ: cells, and pixels (0 = not told). */
gboolean term_tty_size(const TermTty *tty, guint *columns, guint *rows, guint *width,
                       guint *height);
guint8 term_tty_erase(const TermTty *tty);
/* "/dev/pts/3". */
const char *term_tty_name(const TermTty *tty);
/* TRUE for a terminal that this process may stop itself on (Ctrl+Z). */
gboolean term_tty_is_controlling(const TermTty *tty);
/* TRUE if `fd` is the same terminal. */
gboolean term_tty_is_same(const TermTty *tty, int fd);
/* It has hung up. */
gboolean term_tty_has_gone(const TermTty *tty);
int term_tty_fd(const TermTty *tty);

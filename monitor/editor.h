/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A line editor for a terminal at the other end of a byte stream: cursor keys, Emacs keys,
 * history, search and completion, as VT100 and xterm send and show them.
 *
 * It may know the terminal's width or not; a plain client that sends whole lines sees its
 * characters echoed without any escape sequence. It reads nothing itself: its owner feeds it bytes
 * and is called back. One thread. Any bytes may come; memory is bounded by EDITOR_MAX_LINE and
 * EDITOR_MAX_HISTORY.
 */
#pragma once

#include <glib.h>

#define EDITOR_MAX_LINE    4095 /* bytes */
#define EDITOR_MAX_HISTORY 500  /* lines */
#define EDITOR_MIN_COLUMNS 8    /* a narrower terminal is taken for one of any width */

typedef struct LineEditor LineEditor;

/* All required; called from line_editor_input() and line_editor_start(). */
typedef struct LineEditorOps {
    /* To the terminal; "\r\n" ends a line. */
    void (*write)(void *opaque, const char *text, gsize length);
    /*
     * A line is complete; the cursor is at the start of a new one. The editor ignores input until
     * line_editor_start(), which may be called from here. NULL: it was longer than
     * EDITOR_MAX_LINE and is lost.
     */
    void (*line)(void *opaque, const char *line);
    /* Tab. `text` is the line up to the cursor. Answer with line_editor_offer(), now or later. */
    void (*complete)(void *opaque, const char *text);
} LineEditorOps;

LineEditor *line_editor_new(const LineEditorOps *ops, void *opaque);
void line_editor_free(LineEditor *editor); /* NULL is fine */

/* Shows the prompt and begins a line. A `secret` line is neither shown nor kept. */
void line_editor_start(LineEditor *editor, const char *prompt, gboolean secret);

/* Forgets the line being edited and ignores input until the next start; history stays. */
void line_editor_stop(LineEditor *editor);

/* One byte from the terminal. What it changes on the line is shown by line_editor_flush(). */
void line_editor_input(LineEditor *editor, guint8 byte);
/* Shows what the bytes so far have made of the line; call it when there are no more for now. */
void line_editor_flush(LineEditor *editor);

/* The terminal has this width (now); 0 = not known. */
void line_editor_set_columns(LineEditor *editor, guint columns);

/*
 * Words that could stand from byte `start` to the cursor. One: it is put in, and `after` behind
 * it. Several: what they share is put in, or if that is nothing they are listed. The words may
 * begin otherwise than what is there (with a quote): then they replace it.
 */
void line_editor_offer(LineEditor *editor, gsize start, const GPtrArray *words, const char *after);

/* Of char *, oldest first. */
GQueue *line_editor_history(LineEditor *editor);
/* Takes the last line out of the history, if it went there. */
void line_editor_forget(LineEditor *editor);
/* Puts lines of earlier sessions before those of this one; of char *, oldest first. */
void line_editor_add_old(LineEditor *editor, const GPtrArray *lines);

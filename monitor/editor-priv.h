/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the files of the line editor. Keys change what should be seen (line, cursor, search);
 * editor_draw() brings the terminal there, with as few bytes as it takes, once for any number of
 * keys. One thread.
 */
#pragma once

#include "monitor/editor.h"

#define EDITOR_KILLS 8

typedef enum EscapeState { ESC_NONE, ESC_SEEN, ESC_CSI, ESC_SS3, ESC_FUNCTION } EscapeState;

/* What a key did, for those that behave otherwise when they come again. */
typedef enum EditorAction { ACTION_OTHER, ACTION_KILL, ACTION_YANK, ACTION_LAST_WORD } EditorAction;

/* A place on the terminal, counted from where the prompt begins. */
typedef struct EditorPlace {
    gsize row, column;
} EditorPlace;

struct LineEditor {
    const LineEditorOps *ops;
    void *opaque;
    gboolean active, secret;
    gboolean overflow; /* the line is too long and lost */
    gboolean after_cr; /* swallow the "\n" of "\r\n" */
    char *prompt;
    GString *line;
    gsize cursor; /* byte in line */

    /* What the terminal shows, see editor-draw.c. */
    guint columns;  /* 0 = not known: lines are taken to be of any length */
    GString *shown; /* prompt and line */
    GString *wanted;
    gsize shown_cursor; /* byte of it that the terminal's cursor is at, */
    gboolean at_end;    /* which is its end, */
    EditorPlace place;  /* and where that is */

    GQueue *kills; /* of char *, newest first */
    guint yank;    /* which of them was put in, */
    gsize yanked;  /* and how many bytes it has */
    EditorAction action, last_action;

    GQueue *history;
    gboolean remembered; /* the last line went into it */
    GList *entry;        /* the one on the line; NULL = a line of one's own */
    char *draft;         /* that line, while history is shown */
    GList *word_from;    /* Alt+.: the entry whose last word was put in */
    gboolean searching, search_failed;
    GString *query;
    GList *match;

    char utf8[4]; /* bytes of an unfinished character */
    guint utf8_have, utf8_need;
    EscapeState escape;
    guint escape_args[2], escape_nargs;
};

/* ---- editor-draw.c ---- */

/* Shows what should be seen, if that has changed. */
void editor_draw(LineEditor *ed);
/* Writes `mark` behind the line and goes to a new row; what stands there is left as it is. */
void editor_leave_line(LineEditor *ed, const char *mark);
/* Nothing of ours is on the row that the terminal's cursor is in. */
void editor_forget_shown(LineEditor *ed);
void editor_clear_screen(LineEditor *ed);
void editor_write(LineEditor *ed, const char *text);
/* Columns that a character takes. */
guint editor_char_width(gunichar c);
gsize editor_text_width(const char *text);

/* ---- editor.c ---- */

void editor_set_line(LineEditor *ed, const char *text);
/* Puts text in at the cursor; a line that grows too long is lost. */
void editor_insert(LineEditor *ed, const char *text, gsize length);
/* Removes the text from byte `from` to `to`, where the cursor goes. */
void editor_remove(LineEditor *ed, gsize from, gsize to);

/* ---- editor-history.c ---- */

void editor_remember(LineEditor *ed);
void editor_show_older(LineEditor *ed);
void editor_show_newer(LineEditor *ed);
void editor_show_oldest(LineEditor *ed);
void editor_show_draft(LineEditor *ed);
/* Puts in the last word of the line before, again: of the one before that. */
void editor_insert_last_word(LineEditor *ed);

/* Begins or goes on with a search; `backward` in time. */
void editor_search(LineEditor *ed, gboolean backward);
/* A character for the search. */
void editor_search_add(LineEditor *ed, const char *text, gsize length);
void editor_search_erase(LineEditor *ed);
void editor_search_end(LineEditor *ed, gboolean accept);

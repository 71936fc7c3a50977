/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the terminal's files share: vt.c has the screen, vt-parse.c the bytes. */
#pragma once

#include "ui/common/vt.h"

/* Back to the state of a terminal that was switched on. */
void vt_reset(Vt *vt);

void vt_put(Vt *vt, gunichar ch);
void vt_repeat(Vt *vt, guint count);
void vt_line_feed(Vt *vt);
void vt_reverse_line_feed(Vt *vt);
void vt_tab(Vt *vt, gint count);

/* Bounded by the screen, and vertically by the scrolling region when the cursor is in it. */
void vt_move(Vt *vt, gint64 rows, gint64 columns);
/* From 0; rows count from the scrolling region in origin mode. */
void vt_go_to(Vt *vt, guint row, guint column);
void vt_go_to_column(Vt *vt, guint column);

/* What ED and EL take, of the line or the screen: 0 = from the cursor on, 1 = up to it, 2 = all. */
void vt_erase(Vt *vt, gboolean line, guint what);
void vt_erase_chars(Vt *vt, guint count);
/* count > 0: inserted at the cursor, < 0: deleted. */
void vt_shift_chars(Vt *vt, gint64 count);
void vt_shift_lines(Vt *vt, gint64 count);
/* Scrolls the region: count > 0 = up. */
void vt_scroll(Vt *vt, gint64 count);
void vt_set_region(Vt *vt, guint top, guint bottom);

void vt_save_cursor(Vt *vt);
void vt_restore_cursor(Vt *vt);
void vt_use_alternate(Vt *vt, gboolean alternate);
void vt_dirty_all(Vt *vt);

/* vt-color.c: "select graphic rendition", the parser's numbers. */
void vt_select_rendition(Vt *vt);
guint32 vt_color(guint32 color, gboolean bright, guint32 by_default);
VtPen vt_plain_pen(void);
#define VT_FG 0xaaaaaa
#define VT_BG 0x000000

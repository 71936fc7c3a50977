/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Console tabs: output is kept as scrollback and shown by any number of views; what a person types
 * in one is queued until the user takes it.
 */
#include <string.h>

#include "core/char-priv.h"
#include "core/error.h"

#define VC_INPUT_MAX (64 * 1024)

typedef struct VcChardev {
    Chardev chr;
    guint64 scrollback_max;
    guint64 columns, rows, width, height; /* 0 = not said */
    GByteArray *scrollback; /* up to twice scrollback_max, trimmed to it when that is reached */
    Deferred *typed;        /* there is input */
    GByteArray *input;      /* typed, not yet taken */
    GPtrArray *views;       /* of VcView* */
    gboolean feeding;
    VcView *typed_in; /* the view that was typed in last, or NULL */
} VcChardev;

struct VcView {
    VcChardev *vc; /* NULL when the chardev went first */
    VcOutputFn output;
    void *opaque;
    guint columns;      /* 0 = not told */
    gboolean replaying; /* gets what was written before it came */
};

static const OptionSpec vc_options[] = {
    {"scrollback", OPTION_SIZE, offsetof(VcChardev, scrollback_max), "256K",
     "bytes of output kept for views that open later", 1024, 64 << 20},
    {"cols", OPTION_UINT, offsetof(VcChardev, columns), "0", "columns of characters", 0, 1000},
    {"rows", OPTION_UINT, offsetof(VcChardev, rows), "0", "rows of characters", 0, 1000},
    {"width", OPTION_UINT, offsetof(VcChardev, width), "0", "width in pixels, 8 a character", 0,
     8000},
    {"height", OPTION_UINT, offsetof(VcChardev, height), "0", "height in pixels, 16 a character", 0,
     16000},
    OPTION_END,
};

/* Drops the oldest output, up to the end of a line if there is one near. */
static void vc_trim(VcChardev *vc)
{
    guint excess = vc->scrollback->len - (guint)vc->scrollback_max;
    const guint8 *start = vc->scrollback->data + excess;
    const guint8 *newline = memchr(start, '\n', MIN(512, vc->scrollback_max));

    if (newline) {
        excess += (guint)(newline + 1 - start);
    }
    g_byte_array_remove_range(vc->scrollback, 0, excess);
}

static gsize vc_write(Chardev *chr, const guint8 *data, gsize length)
{
    VcChardev *vc = (VcChardev *)chr;
    gsize keep = MIN(length, vc->scrollback_max);

    g_byte_array_append(vc->scrollback, data + length - keep, (guint)keep);
    if (vc->scrollback->len >= 2 * vc->scrollback_max) {
        vc_trim(vc);
    }
    for (guint i = 0; i < vc->views->len; i++) {
        VcView *view = g_ptr_array_index(vc->views, i);

        view->output(data, length, view->opaque);
    }
    return length;
}

/* Hands queued input on. The user may call accept from within receive, so it does not nest. */
static void vc_feed(VcChardev *vc)
{
    gsize n;

    if (vc->feeding) {
        return;
    }
    vc->feeding = TRUE;
    while (vc->input->len && (n = MIN(chardev_user_room(&vc->chr), vc->input->len)) > 0) {
        g_autofree guint8 *chunk = g_memdup2(vc->input->data, n);

        g_byte_array_remove_range(vc->input, 0, (guint)n);
        chardev_receive(&vc->chr, chunk, n);
    }
    vc->feeding = FALSE;
}

/* On the main loop: a monitor's commands run there, whatever thread the view is of. */
static void on_typed(void *opaque)
{
    vc_feed(opaque);
}

static void vc_accept(Chardev *chr)
{
    vc_feed((VcChardev *)chr);
}

gboolean chardev_is_vc(Chardev *chr)
{
    return chr->ops == &char_vc_ops;
}

/* The cells of consoles that frontends draw themselves are 8 by 16 pixels. */
gboolean chardev_vc_size(Chardev *chr, guint *columns, guint *rows)
{
    VcChardev *vc = (VcChardev *)chr;
    guint64 wide = vc->columns ? vc->columns : vc->width / 8;
    guint64 high = vc->rows ? vc->rows : vc->height / 16;

    if (!wide || !high) {
        return FALSE;
    }
    *columns = (guint)wide;
    *rows = (guint)high;
    return TRUE;
}

VcView *vc_view_attach(Chardev *chr, VcOutputFn output, void *opaque)
{
    VcChardev *vc = (VcChardev *)chr;
    VcView *view = g_new0(VcView, 1);

    g_assert(chardev_is_vc(chr));
    view->vc = vc;
    view->output = output;
    view->opaque = opaque;
    g_ptr_array_add(vc->views, view);
    if (vc->scrollback->len > vc->scrollback_max) {
        vc_trim(vc);
    }
    if (vc->scrollback->len) {
        view->replaying = TRUE;
        output(vc->scrollback->data, vc->scrollback->len, opaque);
        view->replaying = FALSE;
    }
    return view;
}

void vc_view_detach(VcView *view)
{
    if (view && view->vc) {
        g_ptr_array_remove(view->vc->views, view);
        if (view->vc->typed_in == view) {
            view->vc->typed_in = NULL;
        }
    }
    g_free(view);
}

gboolean vc_view_has_vc(const VcView *view)
{
    return view && view->vc;
}

void vc_view_set_columns(VcView *view, guint columns)
{
    view->columns = columns;
}

void vc_view_input(VcView *view, const guint8 *data, gsize length)
{
    if (view->vc) {
        gsize room = VC_INPUT_MAX - view->vc->input->len;

        view->vc->typed_in = view;
        g_byte_array_append(view->vc->input, data, (guint)MIN(length, room));
        deferred_schedule(view->vc->typed);
    }
}

void vc_view_answer(VcView *view, const guint8 *data, gsize length)
{
    if (view && view->vc && !view->replaying && g_ptr_array_index(view->vc->views, 0) == view) {
        vc_view_input(view, data, length);
    }
}

static gboolean vc_open(Chardev *chr, GError **error)
{
    VcChardev *vc = (VcChardev *)chr;

    vc->scrollback = g_byte_array_new();
    vc->input = g_byte_array_new();
    vc->views = g_ptr_array_new();
    vc->typed = deferred_new(chr->machine->loop, on_typed, vc);
    chardev_event(chr, CHAR_OPENED);
    return TRUE;
}

static void vc_close(Chardev *chr)
{
    VcChardev *vc = (VcChardev *)chr;

    for (guint i = 0; i < vc->views->len; i++) {
        ((VcView *)g_ptr_array_index(vc->views, i))->vc = NULL;
    }
    deferred_free(vc->typed);
    g_ptr_array_unref(vc->views);
    g_byte_array_unref(vc->input);
    g_byte_array_unref(vc->scrollback);
}

static CharTerminal vc_terminal(Chardev *chr)
{
    const VcChardev *vc = (const VcChardev *)chr;
    const VcView *view = vc->typed_in;

    if (!view && vc->views->len) {
        view = g_ptr_array_index(vc->views, 0);
    }
    return (CharTerminal){view ? view->columns : 0, TRUE};
}

const ChardevOps char_vc_ops = {
    .name = "vc",
    .summary = "a console tab of the frontends",
    .size = sizeof(VcChardev),
    .options = vc_options,
    .open = vc_open,
    .close = vc_close,
    .write = vc_write,
    .accept = vc_accept,
    .terminal = vc_terminal,
};

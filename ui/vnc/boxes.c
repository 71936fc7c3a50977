/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/vnc/boxes.h"

/* Of more pieces no groups are made: it takes time by their square. */
#define PIECES_MAX 128
/* A group is joined if this many pixels are too many, or so many times as many as there were. */
#define SPARE_PIXELS 2048
#define SPARE_FACTOR 1.5

GArray *vnc_boxes_new(pixman_region32_t *region)
{
    int count;
    const pixman_box32_t *pieces = pixman_region32_rectangles(region, &count);
    GArray *boxes = g_array_new(FALSE, FALSE, sizeof(pixman_box32_t));

    g_array_append_vals(boxes, pieces, (guint)count);
    return boxes;
}

static gboolean touch(const pixman_box32_t *a, const pixman_box32_t *b)
{
    return a->x1 <= b->x2 && b->x1 <= a->x2 && a->y1 <= b->y2 && b->y1 <= a->y2;
}

static gint64 area(const pixman_box32_t *box)
{
    return (gint64)(box->x2 - box->x1) * (box->y2 - box->y1);
}

static void extend(pixman_box32_t *box, const pixman_box32_t *by)
{
    box->x1 = MIN(box->x1, by->x1);
    box->y1 = MIN(box->y1, by->y1);
    box->x2 = MAX(box->x2, by->x2);
    box->y2 = MAX(box->y2, by->y2);
}

/* Which pieces hang together: groups[i] is the group of piece i, named by its first piece. */
static void group(const pixman_box32_t *pieces, guint count, guint *groups)
{
    for (guint i = 0; i < count; i++) {
        groups[i] = i;
        for (guint j = 0; j < i; j++) {
            guint from = groups[i], to = groups[j];
            if (from == to || !touch(&pieces[i], &pieces[j])) {
                continue;
            }
            for (guint k = 0; k <= i; k++) {
                groups[k] = groups[k] == MAX(from, to) ? MIN(from, to) : groups[k];
            }
        }
    }
}

/* A group's rectangle, or all its pieces. */
static void add_group(GArray *boxes, const pixman_box32_t *pieces, guint count, const guint *groups,
                      guint first, pixman_region32_t *within)
{
    pixman_box32_t box = pieces[first];
    gint64 sum = 0;

    for (guint i = first; i < count; i++) {
        if (groups[i] == first) {
            extend(&box, &pieces[i]);
            sum += area(&pieces[i]);
        }
    }
    gint64 whole = area(&box);
    if ((whole <= sum + SPARE_PIXELS || (double)whole <= (double)sum * SPARE_FACTOR) &&
        pixman_region32_contains_rectangle(within, &box) == PIXMAN_REGION_IN) {
        g_array_append_val(boxes, box);
        return;
    }
    for (guint i = first; i < count; i++) {
        if (groups[i] == first) {
            g_array_append_val(boxes, pieces[i]);
        }
    }
}

GArray *vnc_boxes_join(pixman_region32_t *region, pixman_region32_t *within)
{
    int count;
    const pixman_box32_t *pieces = pixman_region32_rectangles(region, &count);
    guint groups[PIECES_MAX];

    if (count < 2 || count > PIECES_MAX) {
        return vnc_boxes_new(region);
    }
    GArray *boxes = g_array_new(FALSE, FALSE, sizeof(pixman_box32_t));
    group(pieces, (guint)count, groups);
    for (guint i = 0; i < (guint)count; i++) {
        if (groups[i] == i) {
            add_group(boxes, pieces, (guint)count, groups, i, within);
        }
    }
    return boxes;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rows get a hash of some of their pixels. A row of the new frame whose hash is found exactly once
 * in the old one votes for its distance; the distance with the most votes is then checked pixel for
 * pixel. Rows that are alike (empty lines) have no vote.
 */
#include "ui/vnc/scroll.h"

#include <string.h>

/* Smaller changes are not worth a look, nor are those that are scattered: they fill less than one
 * in so many pixels of the rectangle that they are in. */
#define MIN_WIDTH  64
#define MIN_HEIGHT 48
#define SCATTERED  8
/* Pixels of a row that are hashed: so many pieces of so many pixels. */
#define PIECES       16
#define PIECE_PIXELS 8
/* Fewer rows one below the other are not copied. */
#define MIN_RUN 8
/* After a search in vain so many are left out, and twice as many after the next, up to the last. */
#define FIRST_PAUSE 1
#define LAST_PAUSE  32
/* The same after scattered changes, which are soon seen to be. */
#define LAST_SCATTERED_PAUSE 4

#define SLOT_BITS 16 /* at least twice SURFACE_MAX_SIZE */
#define SLOTS     (1 << SLOT_BITS)
#define NO_ROW    (-1)
#define MANY_ROWS (-2)

struct VncScroll {
    guint pause, left;     /* searches to leave out after the next failure, and now */
    guint scattered_pause; /* after the next scattered change */
    guint64 hash_from[SURFACE_MAX_SIZE], hash_to[SURFACE_MAX_SIZE];
    gint32 slots[SLOTS]; /* a row of the old frame by its hash */
    guint16 votes[2 * SURFACE_MAX_SIZE];
};

VncScroll *vnc_scroll_new(void)
{
    VncScroll *scroll = g_new0(VncScroll, 1);

    scroll->pause = scroll->scattered_pause = FIRST_PAUSE;
    memset(scroll->slots, 0xff, sizeof(scroll->slots));
    return scroll;
}

void vnc_scroll_free(VncScroll *scroll)
{
    g_free(scroll);
}

static guint64 hash_row(const guint8 *row, const pixman_box32_t *box)
{
    guint width = (guint)(box->x2 - box->x1);
    guint64 hash = 0x9e3779b97f4a7c15;

    for (guint i = 0; i < PIECES; i++) {
        guint x = (guint)box->x1 + (guint)((guint64)(width - PIECE_PIXELS) * i / (PIECES - 1));
        guint64 words[PIECE_PIXELS / 2];
        memcpy(words, row + (gsize)x * 4, sizeof(words));
        for (guint j = 0; j < G_N_ELEMENTS(words); j++) {
            hash = (hash ^ words[j]) * 0xff51afd7ed558ccd;
            hash ^= hash >> 32;
        }
    }
    return hash;
}

static void hash_rows(guint64 *hashes, const VncFrame *frame, const pixman_box32_t *box)
{
    for (int y = box->y1; y < box->y2; y++) {
        hashes[y] = hash_row(frame->data + (gsize)y * frame->stride, box);
    }
}

/* The slot of a hash: its own, or the first free one. */
static guint find_slot(const VncScroll *scroll, guint64 hash)
{
    guint slot = (guint)(hash >> (64 - SLOT_BITS));

    while (scroll->slots[slot] != NO_ROW) {
        gint32 row = scroll->slots[slot];
        if (scroll->hash_from[row < 0 ? MANY_ROWS - row : row] == hash) {
            break;
        }
        slot = (slot + 1) % SLOTS;
    }
    return slot;
}

/* A row that is there twice is kept as MANY_ROWS - row, so that it can still be compared. */
static void enter_rows(VncScroll *scroll, const pixman_box32_t *box)
{
    for (int y = box->y1; y < box->y2; y++) {
        guint slot = find_slot(scroll, scroll->hash_from[y]);
        if (scroll->slots[slot] == NO_ROW) {
            scroll->slots[slot] = y;
        } else if (scroll->slots[slot] >= 0) {
            scroll->slots[slot] = MANY_ROWS - scroll->slots[slot];
        }
    }
}

/* The distance that most rows have moved; 0 if too few agree. */
static int elect(VncScroll *scroll, const pixman_box32_t *box)
{
    int height = box->y2 - box->y1, best = 0, most = 0;

    memset(scroll->votes, 0, 2 * (gsize)height * sizeof(scroll->votes[0]));
    for (int y = box->y1; y < box->y2; y++) {
        if (scroll->hash_to[y] == scroll->hash_from[y]) {
            continue;
        }
        gint32 row = scroll->slots[find_slot(scroll, scroll->hash_to[y])];
        if (row >= 0) {
            scroll->votes[y - row + height]++;
        }
    }
    for (int i = 1; i < 2 * height; i++) {
        if (scroll->votes[i] > most) {
            most = scroll->votes[i];
            best = i - height;
        }
    }
    memset(scroll->slots, 0xff, sizeof(scroll->slots));
    return most >= MIN_RUN && most * 8 >= height ? best : 0;
}

/* Where rows of the new frame are just those of the old one, dy higher. */
static void verify(const VncFrame *from, const VncFrame *to, const pixman_box32_t *box, int dy,
                   pixman_region32_t *moved)
{
    gsize at = (gsize)box->x1 * 4, length = (gsize)(box->x2 - box->x1) * 4;
    int begin = MAX(box->y1, box->y1 + dy), end = MIN(box->y2, box->y2 + dy);
    int run = begin, rectangles = 0;

    for (int y = begin; y <= end && rectangles < VNC_SCROLL_RECTS; y++) {
        if (y < end && memcmp(to->data + (gsize)y * to->stride + at,
                              from->data + (gsize)(y - dy) * from->stride + at, length) == 0) {
            continue;
        }
        if (y - run >= MIN_RUN) {
            pixman_region32_union_rect(moved, moved, box->x1, run, (guint)(box->x2 - box->x1),
                                       (guint)(y - run));
            rectangles++;
        }
        run = y + 1;
    }
}

static guint64 area(pixman_region32_t *region)
{
    int count;
    const pixman_box32_t *boxes = pixman_region32_rectangles(region, &count);
    guint64 sum = 0;

    for (int i = 0; i < count; i++) {
        sum += (guint64)(boxes[i].x2 - boxes[i].x1) * (guint64)(boxes[i].y2 - boxes[i].y1);
    }
    return sum;
}

static gboolean is_scattered(pixman_region32_t *damage)
{
    const pixman_box32_t *box = pixman_region32_extents(damage);
    return area(damage) * SCATTERED < (guint64)(box->x2 - box->x1) * (guint64)(box->y2 - box->y1);
}

static gboolean search(VncScroll *scroll, const VncFrame *from, const VncFrame *to,
                       pixman_region32_t *damage, pixman_region32_t *moved, int *dy)
{
    pixman_box32_t box = *pixman_region32_extents(damage);
    pixman_region32_t rest;

    hash_rows(scroll->hash_from, from, &box);
    hash_rows(scroll->hash_to, to, &box);
    enter_rows(scroll, &box);
    *dy = elect(scroll, &box);
    if (*dy == 0) {
        return FALSE;
    }
    verify(from, to, &box, *dy, moved);
    pixman_region32_init(&rest);
    pixman_region32_subtract(&rest, damage, moved);
    gboolean worth = area(&rest) * 2 < area(damage);
    if (worth) {
        pixman_region32_copy(damage, &rest);
    }
    pixman_region32_fini(&rest);
    return worth;
}

gboolean vnc_scroll_rests(VncScroll *scroll)
{
    gboolean rests = scroll->left > 0;

    scroll->left -= rests;
    return rests;
}

gboolean vnc_scroll_find(VncScroll *scroll, const VncFrame *from, const VncFrame *to,
                         pixman_region32_t *damage, pixman_region32_t *moved, int *dy)
{
    const pixman_box32_t *box = pixman_region32_extents(damage);

    if (from->width != to->width || from->height != to->height || box->x2 - box->x1 < MIN_WIDTH ||
        box->y2 - box->y1 < MIN_HEIGHT) {
        return FALSE;
    }
    if (is_scattered(damage)) {
        scroll->left = scroll->scattered_pause;
        scroll->scattered_pause = MIN(scroll->scattered_pause * 2, LAST_SCATTERED_PAUSE);
        return FALSE;
    }
    scroll->scattered_pause = FIRST_PAUSE;
    gboolean found = search(scroll, from, to, damage, moved, dy);
    scroll->left = found ? 0 : scroll->pause;
    scroll->pause = found ? FIRST_PAUSE : MIN(scroll->pause * 2, LAST_PAUSE);
    return found;
}

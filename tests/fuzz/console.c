/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzzes a text console: what a guest prints, read by the terminal emulator, drawn and scrolled,
 * while a viewer resizes, types and comes late. Byte FEh (never in UTF-8) begins an act of the
 * viewer: what it does, and two bytes for it.
 */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "ui/common/console.h"

typedef struct Rig {
    VmLock *lock;
    EventLoop *loop;
    Machine *machine;
    Chardev *vc;
    gsize typed;
} Rig;

static void on_receive(void *opaque, const guint8 *data, gsize length)
{
    ((Rig *)opaque)->typed += length;
}

static const CharUser user = {.receive = on_receive};

static void on_surface(void *opaque, Surface *surface)
{
}

static void on_damage(void *opaque, const pixman_region32_t *region)
{
}

static const DisplayListenerOps viewer_ops = {
    .name = "fuzz", .surface = on_surface, .damage = on_damage};

static void rig_init(Rig *rig)
{
    rig->lock = vm_lock_new();
    vm_lock_take(rig->lock, "fuzz");
    rig->loop = event_loop_new(NULL, rig->lock);
    rig->machine = machine_new(rig->loop);
}

static void read_text(Display *display)
{
    TextScreen screen = {0};

    g_assert_true(display_text(display, &screen));
    g_assert_cmpuint(screen.columns * 8, <=, SURFACE_MAX_SIZE);
    g_free(text_screen_to_utf8(&screen));
    text_screen_clear(&screen);
}

static void act(Rig *rig, Console *console, guint8 what, guint8 a, guint8 b)
{
    Display *display = console_display(console);

    switch (what % 8) {
    case 0: display_hint_size(display, a % 96 * 8, b % 40 * 16); break;
    case 1: console_key(console, a | (guint)(b & 1) << 8, b >> 1); break;
    case 2: console_scroll(console, (gint8)a * (1 + b)); break;
    case 3: display_update(display); break;
    case 4: read_text(display); break;
    case 5: {
        ConsoleList *late = console_list_new(rig->machine, NULL, NULL);

        display_update(console_display(console_list_get(late, 0)));
        console_list_free(late);
        break;
    }
    case 6: console_input(console, &a, 1); break;
    default: display_hint_size(display, 160 + a % 32, 80 + b % 32); break;
    }
}

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
    static Rig rig; /* one for all inputs: threads and layouts are dear */
    const guint8 *end = data + size;

    if (!rig.machine) {
        rig_init(&rig);
    }
    rig.vc = chardev_create(rig.machine, "vc", "serial0", NULL, NULL);
    g_assert_true(chardev_attach(rig.vc, &user, &rig, NULL));
    ConsoleList *list = console_list_new(rig.machine, NULL, NULL);
    Console *console = console_list_get(list, 0);
    DisplayListener *listener = display_attach(console_display(console), &viewer_ops, &rig, 0);

    while (data < end) {
        const guint8 *stop = memchr(data, 0xfe, (gsize)(end - data));
        gsize length = (gsize)((stop ? stop : end) - data);

        chardev_write(rig.vc, data, length);
        data += length;
        if (data < end) {
            guint8 bytes[3] = {0};

            memcpy(bytes, data + 1, MIN((gsize)(end - data - 1), sizeof bytes));
            act(&rig, console, bytes[0], bytes[1], bytes[2]);
            data += MIN((gsize)(end - data), 1 + sizeof bytes);
        }
    }
    display_update(console_display(console));
    read_text(console_display(console));
    display_detach(listener);
    console_list_free(list);
    chardev_detach(rig.vc);
    g_assert_true(chardev_destroy(rig.vc, NULL));
    return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine with a bare VGA core for the tests of hw/display/: its ports and window sit where a
 * PC has them, its guest clock is stepped by the test.
 */
#pragma once

#include "hw/display/vga-core.h"
#include "mainloop/timer.h"

typedef struct VgaDevice {
    Device dev;
    VgaCore vga;
} VgaDevice;

typedef struct VgaFixture {
    VmLock *lock;
    EventLoop *loop;
    Machine *machine;
    VgaCore *vga;
} VgaFixture;

#define LFB 0xe0000000

static gboolean vga_device_realize(Device *dev, GError **error)
{
    VgaCore *vga = &((VgaDevice *)dev)->vga;
    if (!vga_init(vga, dev, "VGA", 2, error)) {
        return FALSE;
    }
    region_add(&dev->machine->system_io, 0x3b0, &vga->ports, 0);
    region_add(&dev->machine->system_io, 0x1ce, &vga->vbe_ports, 0);
    region_add(&dev->machine->system_memory, 0xa0000, &vga->window, 0);
    region_add(&dev->machine->system_memory, LFB, &vga->vram, 0);
    return TRUE;
}

static void vga_device_unrealize(Device *dev)
{
    VgaCore *vga = &((VgaDevice *)dev)->vga;
    region_remove(&vga->ports);
    region_remove(&vga->vbe_ports);
    region_remove(&vga->window);
    region_remove(&vga->vram);
    vga_finish(vga);
}

static void vga_device_reset(Device *dev)
{
    vga_reset(&((VgaDevice *)dev)->vga);
}

static const DeviceOps vga_device_ops = {
    .name = "test-vga",
    .summary = "the bare core",
    .category = "Display",
    .size = sizeof(VgaDevice),
    .realize = vga_device_realize,
    .unrealize = vga_device_unrealize,
    .reset = vga_device_reset,
};

static inline void vga_fixture_set_up(VgaFixture *f)
{
    g_autoptr(GError) error = NULL;
    f->lock = vm_lock_new();
    vm_lock_take(f->lock, "test");
    f->loop = event_loop_new(NULL, f->lock);
    f->machine = machine_new(f->loop);
    clock_make_manual(f->machine->guest_clock);
    clock_resume(f->machine->guest_clock);
    f->machine->root = device_create(f->machine, &vga_device_ops, NULL, NULL, NULL, &error);
    g_assert_no_error(error);
    f->vga = &((VgaDevice *)f->machine->root)->vga;
}

static inline void vga_fixture_tear_down(VgaFixture *f)
{
    machine_free(f->machine);
    event_loop_free(f->loop);
    vm_lock_drop(f->lock);
    vm_lock_free(f->lock);
}

static inline void out8(VgaFixture *f, guint port, guint8 value)
{
    address_space_store(f->machine->io, port, value, 1);
}

static inline guint8 in8(VgaFixture *f, guint port)
{
    return address_space_load(f->machine->io, port, 1);
}

static inline void out_index(VgaFixture *f, guint port, guint8 index, guint8 value)
{
    address_space_store(f->machine->io, port, index | value << 8, 2);
}

static inline void out_attr(VgaFixture *f, guint8 index, guint8 value)
{
    in8(f, 0x3da);
    out8(f, 0x3c0, index | 0x20);
    out8(f, 0x3c0, value);
}

static inline void out_vbe(VgaFixture *f, guint16 index, guint16 value)
{
    address_space_store(f->machine->io, 0x1ce, index, 2);
    address_space_store(f->machine->io, 0x1cf, value, 2);
}

static inline guint16 in_vbe(VgaFixture *f, guint16 index)
{
    address_space_store(f->machine->io, 0x1ce, index, 2);
    return address_space_load(f->machine->io, 0x1d0, 2);
}

static inline void store(VgaFixture *f, guint64 addr, guint64 value, guint size)
{
    address_space_store(f->machine->memory, addr, value, size);
}

static inline guint64 load(VgaFixture *f, guint64 addr, guint size)
{
    return address_space_load(f->machine->memory, addr, size);
}

static inline guint32 pixel_at(VgaFixture *f, guint x, guint y)
{
    const Surface *surface = display_surface(f->vga->display);
    g_assert_cmpuint(x, <, surface->width);
    g_assert_cmpuint(y, <, surface->height);
    return ((const guint32 *)(surface->data + (gsize)y * surface->stride))[x] & 0xffffff;
}

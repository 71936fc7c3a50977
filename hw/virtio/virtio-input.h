/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keyboard, mouse and tablet on virtio (Virtual I/O Device 1.2, 5.8). Vm lock held. */
#pragma once

#include "hw/virtio/virtio.h"

extern const VirtioOps virtio_keyboard_ops, virtio_mouse_ops, virtio_tablet_ops;

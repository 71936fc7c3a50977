/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtio-gpu-pci and virtio-vga, in two dimensions (Virtual I/O Device 1.2, 5.7). Vm lock held. */
#pragma once

#include "hw/virtio/virtio.h"

extern const VirtioOps virtio_gpu_ops;
extern const VirtioOps virtio_vga_ops;

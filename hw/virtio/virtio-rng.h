/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtio-rng-pci (Virtual I/O Device 1.2, 5.4). Vm lock held. */
#pragma once

#include "hw/virtio/virtio.h"

extern const VirtioOps virtio_rng_ops;

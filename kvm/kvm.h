/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accelerator "kvm": guest code runs on the host's processor through /dev/kvm (kernel
 * Documentation/virt/kvm/api.rst), with the local APICs in the kernel ("split irqchip") and all
 * other devices here.
 */
#pragma once

#include "core/accel.h"

extern const AccelOps kvm_accel_ops;

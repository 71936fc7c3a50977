/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keyboard layouts are in core/, since the monitor types through them too. */
#pragma once

#include "core/keymap.h"

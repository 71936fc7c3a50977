/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Completion of "TYPE,key=value,...": keys from tables of options (core/option.h), values as far as
 * a table or the machine knows them. Vm lock held.
 */
#pragma once

#include "monitor/complete-object.h"

/* Offers for the last option of what->prefix, which has a comma, from tables ended by NULL. Values
 * of "bus" are the buses of `bus_kind`; NULL = none. */
void complete_options(const CompleteObject *what, const OptionSpec *const *tables,
                      const char *const *more_keys, const char *bus_kind);

/* The types of character devices and their options, for chardev-add. */
void complete_chardev(const CompleteObject *what);

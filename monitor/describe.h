/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pieces of answers that several of QMP's queries give. Vm lock held.
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

/* Where a processor is in the object tree. */
char *qmp_cpu_path(guint index);

/* A CpuInstanceProperties: which core of which package it is. */
JsonObject *qmp_cpu_place(const Machine *machine, guint index);

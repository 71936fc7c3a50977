/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `-machine help`, `-device help`, `-version` and their like print, on stdout. Each returns
 * the exit status; `text` is the option's value ("VGA,help" of `-device VGA,help`).
 */
#pragma once

int list_version(const char *text);
int list_machines(const char *text);
int list_accels(const char *text);
int list_cpus(const char *text);
int list_vgas(const char *text);
int list_devices(const char *text);
int list_objects(const char *text);
int list_chardevs(const char *text);
int list_drive_options(const char *text);
int list_blockdev_options(const char *text);
int list_displays(const char *text);
int list_log_items(const char *text);

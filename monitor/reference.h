/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The commands of people's monitors as a reference, printed from the table at build time: in
 * Markdown (docs/monitor-commands.md) and as a man page (vitrine-monitor(7)). Any thread.
 */
#pragma once

#include "monitor/command.h"

void monitor_print_markdown(GString *out);
void monitor_print_man_page(GString *out);

/* "screendump filename [-f ppm|png] ...": a command's name and arguments, as help shows them. */
void help_append_usage(GString *out, const Command *command);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The build's tool that prints the reference: print-reference markdown|man > FILE */
#include <stdio.h>
#include <string.h>

#include "monitor/reference.h"

int main(int argc, char **argv)
{
    g_autoptr(GString) out = g_string_new(NULL);

    if (argc == 2 && strcmp(argv[1], "markdown") == 0) {
        monitor_print_markdown(out);
    } else if (argc == 2 && strcmp(argv[1], "man") == 0) {
        monitor_print_man_page(out);
    } else {
        return 2;
    }
    return fwrite(out->str, 1, out->len, stdout) == out->len ? 0 : 1;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stands in for libFuzzer: runs a target over the files of a folder, cut at every length too. */
#include <glib.h>
#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Cuts are tried up to this length. */
#define MAX_CUT 512

int main(int argc, char **argv)
{
    g_autoptr(GDir) dir = argc == 2 ? g_dir_open(argv[1], 0, NULL) : NULL;
    const char *name;
    guint files = 0;

    while (dir && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(argv[1], name, NULL);
        g_autofree char *bytes = NULL;
        gsize length;

        if (!g_file_get_contents(path, &bytes, &length, NULL)) {
            continue;
        }
        for (gsize cut = 0; cut < MIN(length, MAX_CUT); cut++) {
            g_autofree uint8_t *copy = g_memdup2(bytes, cut);
            LLVMFuzzerTestOneInput(copy, cut);
        }
        LLVMFuzzerTestOneInput((const uint8_t *)bytes, length);
        files++;
    }
    printf("%u seeds\n", files);
    return files ? 0 : 1;
}

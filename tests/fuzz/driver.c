/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a fuzz target without libFuzzer:
 *
 *     fuzz-NAME [-cuts] [-max_total_time=SECONDS] [FILE|FOLDER]...
 *
 * runs the files (with -cuts: cut at every length too), then mixtures and mutations of them until
 * the time is over. Without any file it fails. The sequence of inputs is the same in every run.
 * An input is written to crash-input-NAME (in $TMPDIR) before it runs and removed at the end, so
 * that a crash leaves it there.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

#define SEED       20240229
#define INPUT_SIZE 4096
#define RECORD     8
#define MAX_CUT    512 /* cuts are tried up to this length */

static GPtrArray *load(const char *path, GPtrArray *inputs)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;
    char *data;
    gsize length;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *child = g_build_filename(path, name, NULL);

        load(child, inputs);
    }
    if (!dir && g_file_get_contents(path, &data, &length, NULL)) {
        g_ptr_array_add(inputs, g_bytes_new_take(data, length));
    }
    return inputs;
}

static void run_one(int record, const guint8 *data, gsize length)
{
    if (pwrite(record, data, length, 0) != (ssize_t)length || ftruncate(record, (off_t)length)) {
        perror("cannot write the input down");
    }
    LLVMFuzzerTestOneInput(data, length);
}

static void run_file(int record, GBytes *bytes, gboolean cuts)
{
    gsize length;
    const guint8 *data = g_bytes_get_data(bytes, &length);

    for (gsize cut = 0; cuts && cut < MIN(length, MAX_CUT); cut++) {
        g_autofree guint8 *copy = g_memdup2(data, cut);

        run_one(record, copy, cut);
    }
    run_one(record, data, length);
}

/* Records of random inputs and random bytes, one after the other. */
static GByteArray *mix(GRand *rand, GPtrArray *inputs)
{
    GByteArray *out = g_byte_array_new();
    guint records = (guint)g_rand_int_range(rand, 1, INPUT_SIZE / RECORD);
    guint8 record[RECORD], first = (guint8)g_rand_int(rand);
    GBytes *from = NULL;
    gsize place = 0, length = 0, i;

    g_byte_array_append(out, &first, 1);
    while (records--) {
        const guint8 *data = from ? g_bytes_get_data(from, &length) : NULL;

        for (i = 0; i < RECORD; i++) {
            record[i] = (guint8)g_rand_int(rand);
        }
        if (data && place + RECORD <= length && g_rand_int_range(rand, 0, 8)) {
            memcpy(record, data + place, RECORD);
            if (!g_rand_int_range(rand, 0, 8)) {
                record[g_rand_int_range(rand, 0, RECORD)] ^= (guint8)g_rand_int(rand);
            }
            place += RECORD;
        } else if (inputs->len && !g_rand_int_range(rand, 0, 4)) {
            from = g_ptr_array_index(inputs, g_rand_int_range(rand, 0, (gint)inputs->len));
            place = 1 + RECORD * (gsize)g_rand_int_range(rand, 0, 4);
        }
        g_byte_array_append(out, record, RECORD);
    }
    return out;
}

int main(int argc, char **argv)
{
    g_autoptr(GPtrArray) inputs = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    g_autofree char *crash_path =
        g_strdup_printf("%s/crash-input-%s", g_get_tmp_dir(), g_get_prgname() ?: "fuzz");
    GRand *rand = g_rand_new_with_seed(SEED);
    gint64 seconds = 0, end;
    gboolean cuts = FALSE;
    guint count = 0;
    int record = open(crash_path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);

    for (int i = 1; i < argc; i++) {
        if (g_str_has_prefix(argv[i], "-max_total_time=")) {
            seconds = g_ascii_strtoll(strchr(argv[i], '=') + 1, NULL, 10);
        } else if (!strcmp(argv[i], "-cuts")) {
            cuts = TRUE;
        } else {
            load(argv[i], inputs);
        }
    }
    end = g_get_monotonic_time() + seconds * G_USEC_PER_SEC;
    for (guint i = 0; i < inputs->len; i++, count++) {
        run_file(record, g_ptr_array_index(inputs, i), cuts);
    }
    while (g_get_monotonic_time() < end) {
        g_autoptr(GByteArray) input = mix(rand, inputs);

        run_one(record, input->data, input->len);
        count++;
    }
    g_rand_free(rand);
    close(record);
    remove(crash_path);
    printf("%u inputs\n", count);
    return inputs->len ? 0 : 1;
}

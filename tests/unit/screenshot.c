/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Screenshots: what the files hold, that they appear whole, and what is said when they cannot.
 */
#include "core/screenshot.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

typedef struct Fixture {
    VmLock *lock;
    EventLoop *loop;
    WorkerPool *pool;
    Surface *surface;
    char *folder;
    char *message; /* of the last job, NULL = success */
    guint done;
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
    f->lock = vm_lock_new();
    vm_lock_take(f->lock, "test");
    f->loop = event_loop_new(NULL, f->lock);
    f->pool = worker_pool_new(f->loop, 1);
    f->folder = g_dir_make_tmp("vitrine-XXXXXX", NULL);
    f->surface = surface_new(3, 2);
    guint32 *pixels = (guint32 *)f->surface->data;
    for (guint i = 0; i < 6; i++) {
        pixels[i] = 0xff000000 | (0x10203 * (i + 1)); /* the unused byte is not 0 */
    }
}

static void tear_down(Fixture *f, gconstpointer data)
{
    g_assert_cmpint(f->surface->refs, ==, 1);
    surface_unref(f->surface);
    worker_pool_free(f->pool);
    g_rmdir(f->folder);
    g_free(f->folder);
    g_free(f->message);
    event_loop_free(f->loop);
    vm_lock_drop(f->lock);
    vm_lock_free(f->lock);
}

static void on_done(const GError *error, void *opaque)
{
    Fixture *f = opaque;
    g_free(f->message);
    f->message = error ? g_strdup(error->message) : NULL;
    f->done++;
}

static void save(Fixture *f, Cursor *cursor, ScreenshotFormat format, const char *path)
{
    guint before = f->done;
    screenshot_save_surface(f->pool, f->surface, cursor, 1, 1, format, path, on_done, f);
    worker_pool_drain(f->pool);
    g_assert_cmpuint(f->done, ==, before + 1);
}

/* The folder holds this file only; removes it. */
static void expect_file(Fixture *f, const char *path, const char *wanted, gsize wanted_length)
{
    g_autofree char *data = NULL;
    gsize length;
    guint files = 0;
    g_autoptr(GDir) dir = g_dir_open(f->folder, 0, NULL);
    while (g_dir_read_name(dir)) {
        files++;
    }
    g_assert_cmpuint(files, ==, 1);
    g_assert_true(g_file_get_contents(path, &data, &length, NULL));
    if (wanted) {
        g_assert_cmpmem(data, length, wanted, wanted_length);
    }
    g_unlink(path);
}

static void test_ppm(Fixture *f, gconstpointer data)
{
    static const char wanted[] = "P6\n3 2\n255\n\1\2\3\2\4\6\3\6\11\4\10\14\5\12\17\6\14\22";
    g_autofree char *path = g_build_filename(f->folder, "a.ppm", NULL);
    g_file_set_contents(path, "old and longer than what comes now, by far", -1, NULL);
    save(f, NULL, SCREENSHOT_PPM, path);
    g_assert_cmpstr(f->message, ==, NULL);
    expect_file(f, path, wanted, sizeof(wanted) - 1);
}

/* A half-transparent cursor whose hot spot is at 1,1; what lies outside is cut off. */
static void test_cursor(Fixture *f, gconstpointer data)
{
    static const char wanted[] = "P6\n3 2\n255\n\377\0\0\2\4\6\3\6\11\4\10\14\202\5\7\6\14\22";
    g_autofree char *path = g_build_filename(f->folder, "c.ppm", NULL);
    Cursor *cursor = cursor_new(2, 3, 1, 1);
    cursor->pixels[0] = 0xffff0000;
    cursor->pixels[3] = 0x80800000; /* premultiplied */
    save(f, cursor, SCREENSHOT_PPM, path);
    cursor_unref(cursor);
    expect_file(f, path, wanted, sizeof(wanted) - 1);
}

static void test_png(Fixture *f, gconstpointer data)
{
    g_autofree char *path = g_build_filename(f->folder, "a.png", NULL);
    g_autofree char *png = NULL;
    ScreenshotFormat format;
    gsize length;
    if (!screenshot_parse_format("png", &format, NULL)) {
        g_test_skip("built without libpng");
        return;
    }
    save(f, NULL, SCREENSHOT_PNG, path);
    g_assert_cmpstr(f->message, ==, NULL);
    g_assert_true(g_file_get_contents(path, &png, &length, NULL));
    g_assert_cmpmem(png, 8, "\x89PNG\r\n\x1a\n", 8);
    expect_file(f, path, NULL, 0);
}

static void test_errors(Fixture *f, gconstpointer data)
{
    g_autofree char *nowhere = g_build_filename(f->folder, "no", "such", "a.ppm", NULL);
    save(f, NULL, SCREENSHOT_PPM, nowhere);
    g_assert_nonnull(strstr(f->message, nowhere));
    g_assert_nonnull(strstr(f->message, "No such file or directory"));
    save(f, NULL, SCREENSHOT_PPM, f->folder);
    g_assert_nonnull(strstr(f->message, "Is a directory"));
    save(f, NULL, SCREENSHOT_PPM, "/dev/full");
    g_assert_nonnull(strstr(f->message, "No space left on device"));
    save(f, NULL, SCREENSHOT_PPM, "/dev/null");
    g_assert_cmpstr(f->message, ==, NULL);
}

/* A link stays a link; the file behind it changes. */
static void test_link(Fixture *f, gconstpointer data)
{
    g_autofree char *file = g_build_filename(f->folder, "file", NULL);
    g_autofree char *link = g_build_filename(f->folder, "link", NULL);
    g_file_set_contents(file, "old", -1, NULL);
    g_assert_cmpint(symlink(file, link), ==, 0);
    save(f, NULL, SCREENSHOT_PPM, link);
    g_assert_true(g_file_test(link, G_FILE_TEST_IS_SYMLINK));
    g_unlink(link);
    expect_file(f, file, NULL, 0);
}

static void test_formats(void)
{
    g_autoptr(GError) error = NULL;
    ScreenshotFormat format = SCREENSHOT_PNG;
    g_assert_true(screenshot_parse_format("ppm", &format, &error));
    g_assert_cmpint(format, ==, SCREENSHOT_PPM);
    g_assert_false(screenshot_parse_format("gif", &format, &error));
    g_assert_nonnull(strstr(error->message, "'gif'"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(path, fn) g_test_add("/screenshot/" path, Fixture, NULL, set_up, fn, tear_down)
    ADD("ppm", test_ppm);
    ADD("cursor", test_cursor);
    ADD("png", test_png);
    ADD("errors", test_errors);
    ADD("link", test_link);
    g_test_add_func("/screenshot/formats", test_formats);
    return g_test_run();
}

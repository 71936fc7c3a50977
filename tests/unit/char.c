/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/char: every backend with a user that takes little, peers that are slow or go away. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "core/char.h"
#include "tests/unit/test-board.h"

typedef struct Fixture {
    TestBoard *board;
    Machine *machine;
    char *dir;
    GByteArray *got;
    GString *events;
    gsize room;
    guint writable;
    Chardev *chr;
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
    f->board = test_board_new();
    f->machine = f->board->machine;
    f->dir = g_dir_make_tmp("vitrine-char-XXXXXX", NULL);
    f->got = g_byte_array_new();
    f->events = g_string_new(NULL);
    f->room = G_MAXSIZE;
}

static void tear_down(Fixture *f, gconstpointer data)
{
    g_autoptr(GDir) dir = g_dir_open(f->dir, 0, NULL);

    test_board_free(f->board);
    for (const char *name; (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(f->dir, name, NULL);
        g_unlink(path);
    }
    g_assert_cmpint(g_rmdir(f->dir), ==, 0);
    g_byte_array_unref(f->got);
    g_string_free(f->events, TRUE);
    g_free(f->dir);
}

/* ---- a user ---- */

static gsize can_receive(void *opaque)
{
    return ((Fixture *)opaque)->room;
}

static void receive(void *opaque, const guint8 *data, gsize length)
{
    Fixture *f = opaque;

    g_assert_cmpuint(length, <=, f->room);
    g_byte_array_append(f->got, data, (guint)length);
    if (f->room != G_MAXSIZE) {
        f->room -= length;
    }
}

static void event(void *opaque, CharEvent what)
{
    g_string_append_c(((Fixture *)opaque)->events, "ocb"[what]);
}

static void writable(void *opaque)
{
    ((Fixture *)opaque)->writable++;
}

static const CharUser user = {can_receive, receive, event, writable};

static Chardev *make(Fixture *f, const char *text, GError **error)
{
    Chardev *chr = chardev_create_short(f->machine, text, "c", error);

    if (chr) {
        g_assert_true(chardev_attach(chr, &user, f, NULL));
    }
    return chr;
}

static Chardev *make_in_dir(Fixture *f, const char *format)
{
    g_autofree char *text = g_strdup_printf(format, f->dir);
    g_autoptr(GError) error = NULL;
    Chardev *chr = make(f, text, &error);

    g_assert_no_error(error);
    return chr;
}

static void turn(Fixture *f)
{
    for (int i = 0; i < 20; i++) {
        event_loop_iterate(f->machine->loop, FALSE);
    }
}

static void turn_until_event(Fixture *f, char wanted)
{
    while (!strchr(f->events->str, wanted)) {
        event_loop_iterate(f->machine->loop, TRUE);
    }
    g_string_truncate(f->events, 0);
}

static void turn_until_got(Fixture *f, guint length)
{
    while (f->got->len < length) {
        event_loop_iterate(f->machine->loop, TRUE);
    }
}

static void expect_got(Fixture *f, const char *text)
{
    g_assert_cmpmem(f->got->data, f->got->len, text, strlen(text));
    g_byte_array_set_size(f->got, 0);
}

static void put(Chardev *chr, const char *text)
{
    g_assert_cmpuint(chardev_write(chr, (const guint8 *)text, strlen(text)), ==, strlen(text));
}

static int peer_connect(Fixture *f)
{
    struct sockaddr_un sun = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

    snprintf(sun.sun_path, sizeof sun.sun_path, "%s/s", f->dir);
    if (connect(fd, (struct sockaddr *)&sun, sizeof sun)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* ---- sockets ---- */

static void test_server(Fixture *f, gconstpointer data)
{
    Chardev *chr = make_in_dir(f, "unix:%s/s,server=on,wait=off");
    g_autofree char *text = NULL;
    char buffer[64];
    int peer;

    g_assert_false(chr->connected);
    put(chr, "nobody hears this");
    peer = peer_connect(f);
    g_assert_cmpint(peer, >=, 0);
    turn_until_event(f, 'o');
    put(chr, "hello");
    g_assert_cmpint(read(peer, buffer, sizeof buffer), ==, 5);
    g_assert_cmpmem(buffer, 5, "hello", 5);
    g_assert_cmpint(write(peer, "abc", 3), ==, 3);
    turn(f);
    expect_got(f, "abc");

    /* Goes, and another one comes. */
    close(peer);
    turn_until_event(f, 'c');
    peer = peer_connect(f);
    g_assert_cmpint(peer, >=, 0);
    turn_until_event(f, 'o');
    put(chr, "again");
    g_assert_cmpint(read(peer, buffer, sizeof buffer), ==, 5);
    close(peer);

    text = chr->ops->describe(chr);
    g_assert_true(g_str_has_suffix(text, "/s,server=on"));
    chardev_detach(chr);
    g_assert_true(chardev_destroy(chr, NULL));
    g_assert_cmpint(peer_connect(f), <, 0); /* its file is gone */
}

/* A peer that does not read: short writes, and `writable` once it has caught up. */
static void test_slow_reader(Fixture *f, gconstpointer data)
{
    Chardev *chr = make_in_dir(f, "unix:%s/s,server=on,wait=off");
    int peer = peer_connect(f);
    g_autofree guint8 *block = g_malloc(65536);
    gsize sent = 0, got = 0, taken;

    turn_until_event(f, 'o');
    for (guint i = 0; i < 65536; i++) {
        block[i] = (guint8)(i * 7);
    }
    do {
        taken = chardev_write(chr, block, 65536);
        sent += taken;
        g_assert_cmpuint(sent, <, 64 << 20);
    } while (taken == 65536);
    turn(f);
    g_assert_cmpuint(f->writable, ==, 0);
    g_assert_cmpuint(chardev_write(chr, block, 1), ==, 0);
    while (got < sent) {
        guint8 buffer[4096];
        gssize n = read(peer, buffer, sizeof buffer);

        g_assert_cmpint(n, >, 0);
        for (gssize i = 0; i < n; i++, got++) {
            g_assert_cmpuint(buffer[i], ==, (guint8)((got % 65536) * 7));
        }
    }
    turn(f);
    g_assert_cmpuint(f->writable, ==, 1);
    put(chr, "x");
    close(peer);
}

/* A user that takes two bytes at a time gets all that was said, even after the peer has gone. */
static void test_slow_user(Fixture *f, gconstpointer data)
{
    Chardev *chr = make_in_dir(f, "unix:%s/s,server=on,wait=off");
    int peer = peer_connect(f);

    f->room = 2;
    turn_until_event(f, 'o');
    g_assert_cmpint(write(peer, "abcdef", 6), ==, 6);
    turn(f);
    expect_got(f, "ab");
    close(peer);
    turn_until_event(f, 'c');
    f->room = 3;
    chardev_accept(chr);
    expect_got(f, "cde");
    peer = peer_connect(f);
    turn_until_event(f, 'o');
    g_assert_cmpint(write(peer, "gh", 2), ==, 2);
    turn(f);
    f->room = G_MAXSIZE;
    chardev_accept(chr);
    turn(f);
    expect_got(f, "fgh");
    close(peer);
}

static void test_client(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strdup_printf("unix:%s/s", f->dir);
    g_autofree char *again = g_strdup_printf("unix:%s/s,reconnect=1", f->dir);
    Chardev *server, *client;

    g_assert_null(make(f, text, &error));
    g_assert_nonnull(strstr(error->message, "cannot connect to unix:"));
    client = make(f, again, NULL);
    g_assert_nonnull(client);
    g_assert_false(client->connected);
    text = (g_free(text), g_strdup_printf("unix:%s/s,server=on,wait=off", f->dir));
    server = chardev_create_short(f->machine, text, "server", NULL);
    g_assert_nonnull(server);
    turn_until_event(f, 'o'); /* within the second */
    turn(f);
    put(server, "hi");
    turn(f);
    expect_got(f, "hi");
    g_assert_true(chardev_destroy(server, NULL));
    turn_until_event(f, 'c');
}

static void test_tcp_telnet(Fixture *f, gconstpointer data)
{
    Chardev *server = make(f, "telnet:127.0.0.1:0,server=on,wait=off", NULL);
    g_autofree char *where = server->ops->describe(server);
    g_autofree char *target = NULL;
    Chardev *client;
    guint8 buffer[64];
    gsize n;

    g_assert_true(g_str_has_prefix(where, "disconnected:tcp:127.0.0.1:"));
    target = g_strndup(where + 13, strcspn(where + 13, ","));
    client = chardev_create_short(f->machine, target, "client", NULL);
    g_assert_nonnull(client);
    turn_until_event(f, 'o');
    /* Commands, an escaped FFh, CR NUL and a break among data. */
    put(client, "a\377\375\001b\377\377c\377\363d\377\372x\377\360e\r");
    chardev_write(client, (const guint8 *)"", 1);
    turn_until_got(f, 7);
    expect_got(f, "ab\377cde\r");
    g_assert_cmpstr(f->events->str, ==, "b");
    /* The window's size (RFC 1073), FFh doubled; one that is cut short says nothing. */
    g_assert_cmpuint(chardev_terminal(server).columns, ==, 0);
    chardev_write(client, (const guint8 *)"\377\372\037\1\377\377\0\50\377\360e", 11);
    turn_until_got(f, 1);
    g_assert_cmpuint(chardev_terminal(server).columns, ==, 511);
    chardev_write(client, (const guint8 *)"\377\372\037\0\120\377\360f", 8);
    turn_until_got(f, 2);
    g_assert_cmpuint(chardev_terminal(server).columns, ==, 511);
    g_byte_array_set_size(f->got, 0);
    chardev_detach(server);
    g_assert_true(chardev_attach(client, &user, f, NULL));
    put(server, "x\377\377y");
    turn_until_got(f, 15 + 6); /* the greeting, then FFh doubled */
    n = f->got->len;
    g_assert_cmpuint(n, ==, 15 + 6);
    memcpy(buffer, f->got->data, n);
    g_assert_cmpmem(buffer + 15, 6, "x\377\377\377\377y", 6);
}

static void test_bad(Fixture *f, gconstpointer data)
{
    static const struct {
        const char *text, *say;
    } cases[] = {
        {"bogus", "unknown character device 'bogus'"},
        {"unix:", "needs a path"},
        {"unix:/no/such/dir/s,server=on", "cannot listen on unix:/no/such/dir/s"},
        {"unix:/tmp,server=on", "is no socket"},
        {"unix:/tmp/x,sever=on", "sever"},
        {"unix:/tmp/x,server=maybe", "server"},
        {"unix:/tmp/x,server=on,reconnect=5", "reconnect"},
        {"tcp:4444", "tcp:HOST:PORT"},
        {"tcp:127.0.0.1:99999,server=on", "port '99999'"},
        {"tcp:127.0.0.1:http,server=on", "port 'http'"},
        {"tcp:127.0.0.1:1", "cannot connect to tcp:127.0.0.1:1"},
        {"file:", "needs a path"},
        {"file:/no/such/dir/f", "cannot open '/no/such/dir/f'"},
        {"pipe:/no/such/pipe", "cannot open '/no/such/pipe'"},
        {"ringbuf,size=1000", "size"},
        {"chardev:nobody", "no character device 'nobody'"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(make(f, cases[i].text, &error));
        g_assert_nonnull(error);
        if (!strstr(error->message, cases[i].say) || strchr(error->message, '\n')) {
            g_error("%s: %s", cases[i].text, error->message);
        }
    }
    g_autofree char *longer = g_strnfill(200, 'x');
    g_autofree char *text = g_strconcat("unix:/tmp/", longer, NULL);
    g_autoptr(GError) error = NULL;
    g_assert_null(make(f, text, &error));
    g_assert_nonnull(strstr(error->message, "1 to 107 bytes"));
}

/* ---- making and exchanging while the machine runs ---- */

static void moved(void *opaque, Chardev *chr)
{
    Fixture *f = opaque;

    g_string_append_c(f->events, 'm');
    f->chr = chr;
}

static const CharUser moving_user = {can_receive, receive, event, writable, moved};

typedef struct Ready {
    Chardev *chr;
    char *error;
    gboolean done;
} Ready;

static void on_ready(Chardev *chr, const GError *error, void *opaque)
{
    *(Ready *)opaque = (Ready){chr, error ? g_strdup(error->message) : NULL, TRUE};
}

/* "TYPE,key=value", as `id`. */
static Ready later(Fixture *f, const char *id, const char *text, gboolean change)
{
    g_autofree char *type = NULL, *no_id = NULL;
    g_autoptr(OptionList) list = chardev_parse(text, &type, &no_id, NULL);
    Ready ready = {0};

    (change ? chardev_change : chardev_create_later)(f->machine, type, id, list, on_ready, &ready);
    while (!ready.done) {
        event_loop_iterate(f->machine->loop, TRUE);
    }
    return ready;
}

static void expect_error(Ready ready, const char *say)
{
    g_assert_null(ready.chr);
    if (!ready.error || !strstr(ready.error, say)) {
        g_error("'%s' instead of '%s'", ready.error, say);
    }
    g_free(ready.error);
}

static void test_later(Fixture *f, gconstpointer data)
{
    Ready ready = later(f, "a", "null", FALSE);

    g_assert_true(ready.chr == chardev_find(f->machine, "a"));
    expect_error(later(f, "a", "null", FALSE), "'a' already");
    expect_error(later(f, "b", "bogus", FALSE), "unknown character device type");
    expect_error(later(f, "b", "socket,host=127.0.0.1,port=1", FALSE), "cannot connect to");
    expect_error(later(f, "b", "socket,host=no.such.host.invalid,port=1", FALSE), "cannot find");
    expect_error(later(f, "b", "udp,port=x", FALSE), "port 'x'");
    expect_error(later(f, "b", "parallel,path=/dev/parport0", FALSE), "file,path=/dev/lp0");
    expect_error(later(f, "b", "null,logappend=on", FALSE), "needs logfile");
    expect_error(later(f, "b", "null,logfile=/no/such/dir/f", FALSE), "/no/such/dir/f");
    /* Nothing that is made now may wait for a peer. */
    ready = later(f, "c", "socket,host=127.0.0.1,port=0,server=on,wait=on", FALSE);
    g_assert_nonnull(ready.chr);
    g_assert_null(chardev_find(f->machine, "b"));
}

static void test_change(Fixture *f, gconstpointer data)
{
    Ready ready;
    guint8 buffer[8];

    f->chr = chardev_create_short(f->machine, "ringbuf", "c", NULL);
    g_assert_true(chardev_attach(f->chr, &moving_user, f, NULL));
    put(f->chr, "old");
    expect_error(later(f, "nobody", "null", TRUE), "'nobody' does not exist");
    expect_error(later(f, "c", "file,path=/no/such/dir/f", TRUE), "cannot open");
    expect_error(later(f, "c", "null,mux=on", TRUE), "for a mux");
    g_assert_cmpstr(f->events->str, ==, "o"); /* a failure changes nothing */
    ready = later(f, "c", "ringbuf", TRUE);
    g_assert_null(ready.error);
    g_assert_true(ready.chr == f->chr && f->chr == chardev_find(f->machine, "c"));
    g_assert_cmpstr(f->events->str, ==, "ocmo");
    put(f->chr, "new");
    g_assert_cmpuint(chardev_ringbuf_read(f->chr, buffer, 8), ==, 3);
    g_assert_cmpmem(buffer, 3, "new", 3);
    chardev_ringbuf_write(f->chr, (const guint8 *)"in", 2);
    expect_got(f, "in");
    /* A user that cannot go elsewhere keeps its device. */
    chardev_detach(f->chr);
    g_assert_true(chardev_attach(f->chr, &user, f, NULL));
    expect_error(later(f, "c", "null", TRUE), "cannot go to another one");
    chardev_detach(f->chr);
    ready = later(f, "c", "null", TRUE);
    g_assert_cmpstr(ready.chr->ops->name, ==, "null");
}

static void test_log(Fixture *f, gconstpointer data)
{
    g_autofree char *path = g_build_filename(f->dir, "log", NULL);
    g_autofree char *options = g_strdup_printf("null,logfile=%s", path);
    g_autofree char *more = g_strdup_printf("null,logfile=%s,logappend=on", path);
    g_autofree char *text = NULL;
    Chardev *chr = make(f, options, NULL);

    put(chr, "one");
    chardev_detach(chr);
    chardev_destroy(chr, NULL);
    chr = make(f, more, NULL);
    put(chr, "two");
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "onetwo");
}

static void test_udp(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    Chardev *a = make(f, "udp:127.0.0.1:5977@127.0.0.1:5978", &error), *b;

    g_assert_no_error(error);
    put(a, "nobody listens");
    turn(f);
    b = chardev_create_short(f->machine, "udp:127.0.0.1:5978@127.0.0.1:5977", "b", &error);
    g_assert_no_error(error);
    f->room = 2;
    put(b, "hello");
    turn_until_got(f, 2);
    f->room = G_MAXSIZE;
    chardev_accept(a);
    turn_until_got(f, 5);
    expect_got(f, "hello");
}

/* The host's end of a line follows the guest's settings; a pty plays the line. */
static void test_serial(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    int line = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    g_autofree char *text = NULL;
    struct termios tty;
    char buffer[8];
    Chardev *chr;

    g_assert_cmpint(grantpt(line) + unlockpt(line), ==, 0);
    text = g_strdup(ptsname(line));
    chr = make(f, text, &error);
    g_assert_no_error(error);
    chr->ops->line->set(chr,
                        &(CharLine){.baud = 2400, .data_bits = 7, .stop_bits = 2, .parity = 'O'});
    g_assert_cmpint(tcgetattr(line, &tty), ==, 0);
    g_assert_cmpint(cfgetospeed(&tty), ==, B2400);
    g_assert_true(tty.c_cflag & CSTOPB);
    g_assert_true(tty.c_cflag & PARODD);
    put(chr, "out\n");
    g_assert_cmpint(read(line, buffer, sizeof buffer), ==, 4);
    g_assert_cmpint(write(line, "in\r", 3), ==, 3);
    turn_until_got(f, 3);
    expect_got(f, "in\r");
    close(line); /* pulled out */
    turn_until_event(f, 'c');
    put(chr, "gone");
}

/* ---- the others ---- */

static void test_users(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    Chardev *chr = make(f, "null", NULL);

    g_assert_cmpstr(f->events->str, ==, "o");
    put(chr, "gone");
    g_assert_false(chardev_attach(chr, &user, f, &error));
    g_assert_nonnull(strstr(error->message, "in use"));
    g_clear_error(&error);
    g_assert_false(chardev_destroy(chr, &error));
    g_clear_error(&error);
    g_assert_null(chardev_create_short(f->machine, "null", "c", &error));
    g_assert_nonnull(strstr(error->message, "'c' already"));
    g_clear_error(&error);
    g_assert_null(chardev_create_short(f->machine, "none", "d", &error));
    g_assert_no_error(error);
    g_assert_true(chardev_create_short(f->machine, "chardev:c", "d", &error) == chr);
    chardev_detach(chr);
    g_assert_true(chardev_destroy(chr, &error));
    g_assert_null(chardev_find(f->machine, "c"));
}

static void test_file(Fixture *f, gconstpointer data)
{
    g_autofree char *path = g_build_filename(f->dir, "f", NULL);
    g_autofree char *text = NULL;
    Chardev *chr = make_in_dir(f, "file:%s/f");

    put(chr, "one");
    chardev_detach(chr);
    chardev_destroy(chr, NULL);
    chr = make_in_dir(f, "file:%s/f,append=on");
    put(chr, "two");
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "onetwo");
}

static void test_pipe(Fixture *f, gconstpointer data)
{
    g_autofree char *in = g_build_filename(f->dir, "p.in", NULL);
    g_autofree char *out = g_build_filename(f->dir, "p.out", NULL);
    char buffer[8];
    int fd;

    g_assert_cmpint(mkfifo(in, 0600) + mkfifo(out, 0600), ==, 0);
    Chardev *chr = make_in_dir(f, "pipe:%s/p");
    put(chr, "out");
    fd = open(out, O_RDONLY | O_NONBLOCK);
    g_assert_cmpint(read(fd, buffer, sizeof buffer), ==, 3);
    close(fd);
    fd = open(in, O_WRONLY | O_NONBLOCK);
    g_assert_cmpint(write(fd, "in", 2), ==, 2);
    close(fd);
    turn(f);
    expect_got(f, "in");
}

static void test_ringbuf(Fixture *f, gconstpointer data)
{
    Chardev *chr = make(f, "ringbuf,size=8", NULL);
    guint8 buffer[16];

    g_assert_true(chardev_is_ringbuf(chr));
    put(chr, "0123456789");
    g_assert_cmpuint(chardev_ringbuf_read(chr, buffer, 3), ==, 3);
    g_assert_cmpmem(buffer, 3, "234", 3);
    put(chr, "ab");
    g_assert_cmpuint(chardev_ringbuf_read(chr, buffer, sizeof buffer), ==, 7);
    g_assert_cmpmem(buffer, 7, "56789ab", 7);
    g_assert_cmpuint(chardev_ringbuf_read(chr, buffer, sizeof buffer), ==, 0);
    f->room = 2;
    g_assert_cmpuint(chardev_ringbuf_write(chr, (const guint8 *)"xyz", 3), ==, 2);
    expect_got(f, "xy");
}

static void view_output(const guint8 *data, gsize length, void *opaque)
{
    g_string_append_len(opaque, (const char *)data, (gssize)length);
}

static void test_vc(Fixture *f, gconstpointer data)
{
    Chardev *chr = make(f, "vc:80Cx24C", NULL);
    g_autoptr(GString) first = g_string_new(NULL), second = g_string_new(NULL);
    g_autofree char *lots = g_strnfill(1 << 20, 'z');
    VcView *a, *b;

    g_assert_true(chardev_is_vc(chr));
    put(chr, "before\n");
    a = vc_view_attach(chr, view_output, first);
    put(chr, "after\n");
    b = vc_view_attach(chr, view_output, second);
    g_assert_cmpstr(first->str, ==, "before\nafter\n");
    g_assert_cmpstr(second->str, ==, "before\nafter\n");
    f->room = 2;
    vc_view_input(b, (const guint8 *)"type", 4);
    g_assert_cmpuint(f->got->len, ==, 0); /* the loop hands it on, whoever's thread has typed */
    event_loop_iterate(f->machine->loop, FALSE);
    expect_got(f, "ty");
    f->room = G_MAXSIZE;
    chardev_accept(chr);
    expect_got(f, "pe");
    vc_view_detach(b);

    /* Both queues are bounded. */
    put(chr, lots);
    put(chr, "end");
    g_string_truncate(second, 0);
    b = vc_view_attach(chr, view_output, second);
    g_assert_cmpuint(second->len, <=, 256 * 1024);
    g_assert_true(g_str_has_suffix(second->str, "zend"));
    f->room = 0;
    vc_view_input(b, (const guint8 *)lots, 1 << 20);
    event_loop_iterate(f->machine->loop, FALSE);
    f->room = G_MAXSIZE;
    chardev_accept(chr);
    g_assert_cmpuint(f->got->len, ==, 64 * 1024);
    vc_view_input(b, (const guint8 *)"gone", 4);
    chardev_detach(chr);
    chardev_destroy(chr, NULL);
    event_loop_iterate(f->machine->loop, FALSE);
    vc_view_input(a, (const guint8 *)"x", 1); /* its chardev is gone */
    vc_view_detach(a);
    vc_view_detach(b);
}

static void test_pty(Fixture *f, gconstpointer data)
{
    Chardev *chr = make(f, "pty", NULL);
    g_autofree char *text = chr->ops->describe(chr);
    char buffer[16];
    int fd;

    g_assert_true(g_str_has_prefix(text, "pty:/dev/pts/"));
    g_assert_false(chr->connected);
    put(chr, "lost");
    for (int i = 0; i < 2; i++) {
        fd = open(text + 4, O_RDWR | O_NOCTTY | O_NONBLOCK);
        g_assert_cmpint(fd, >=, 0);
        turn_until_event(f, 'o');
        put(chr, "hi\n");
        g_assert_cmpint(read(fd, buffer, sizeof buffer), ==, 3);
        g_assert_cmpint(write(fd, "you", 3), ==, 3);
        turn(f);
        expect_got(f, "you");
        close(fd);
        turn_until_event(f, 'c');
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*fn)(Fixture *f, gconstpointer data);
    } tests[] = {
        {"/char/server", test_server},
        {"/char/slow-reader", test_slow_reader},
        {"/char/slow-user", test_slow_user},
        {"/char/client", test_client},
        {"/char/telnet", test_tcp_telnet},
        {"/char/bad", test_bad},
        {"/char/users", test_users},
        {"/char/file", test_file},
        {"/char/pipe", test_pipe},
        {"/char/ringbuf", test_ringbuf},
        {"/char/vc", test_vc},
        {"/char/pty", test_pty},
        {"/char/later", test_later},
        {"/char/change", test_change},
        {"/char/log", test_log},
        {"/char/udp", test_udp},
        {"/char/serial", test_serial},
    };

    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add(tests[i].name, Fixture, NULL, set_up, tests[i].fn, tear_down);
    }
    return g_test_run();
}

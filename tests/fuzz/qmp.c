/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzzes a QMP session against a machine with one processor. The first byte of an input chooses
 * how it begins. The others are sent by a client, but for those that UTF-8 never has: they end a
 * chunk and let the machine work, stop or resume the client's reading, or exchange the client for
 * another. All that is answered must be JSON objects of the four kinds. Commands that name host
 * files are kept from running.
 */
#include <json-glib/json-glib.h>
#include <malloc.h>
#include <string.h>

#include "core/log.h"
#include "monitor/json-frame.h"
#include "monitor/qmp.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/monitor-rig.h"

enum { SETTLE = 0xf8, STOP_READING, READ_SLOWLY, READ_ALL, RECONNECT, FIRST_SPECIAL = SETTLE };

#define BEGIN_NOT    1 /* the client has to negotiate by itself */
#define BEGIN_OOB    2
#define BEGIN_PRETTY 4

#define INPUTS_OF_RIG 200        /* objects that clients have made go with it */
#define MEMORY_LIMIT  (64 << 20) /* of a session: as the queues of one are bounded */
#define SLOW_ROOM     7

typedef struct Session {
    Rig rig;
    QmpServer *server;
    JsonFrame frame; /* of what it answers */
    guint8 how;
    guint inputs;
} Session;

/* By "\u" escapes any name could be spelled. */
static gboolean touches_host(const guint8 *data, gsize size)
{
    static const char *const words[] = {
        "human-monitor", "screendump", "change-medium", "save",     "quit",     "\\u",
        "dump",          "file",       "mem-path",      "server",   "addr",     "remote",
        "pty",           "dir",        "stdio",         "prealloc", "display-", "serial",
        "socket",        "parallel",   "\"pipe",        "exec",     "migrate"};

    for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
        const guint8 *at = memmem(data, size, words[i], strlen(words[i]));

        if (at && !g_str_has_prefix((const char *)at, "exec")) {
            return TRUE;
        }
    }
    return memmem(data, size, "exec:", 5) != NULL;
}

/* ---- what is answered ---- */

static void check_message(const GByteArray *bytes)
{
    static const char *const kinds[] = {"return", "error", "event", "QMP"};
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonNode *root;
    guint found = 0;

    g_assert_true(
        json_parser_load_from_data(parser, (const char *)bytes->data, (gssize)bytes->len, NULL));
    root = json_parser_get_root(parser);
    g_assert_true(JSON_NODE_HOLDS_OBJECT(root));
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        found += json_object_has_member(json_node_get_object(root), kinds[i]);
    }
    g_assert_cmpuint(found, ==, 1);
}

static void read_answers(Session *session)
{
    GString *peer = session->rig.peer;
    const guint8 *data = (const guint8 *)peer->str;
    gsize length = peer->len, taken;

    while (length > 0) {
        JsonFrameStatus status = json_frame_feed(&session->frame, data, length, &taken);

        data += taken;
        length -= taken;
        g_assert_true(status == JSON_FRAME_VALUE || status == JSON_FRAME_MORE);
        if (status == JSON_FRAME_VALUE) {
            check_message(session->frame.bytes);
            g_byte_array_set_size(session->frame.bytes, 0);
        }
    }
    g_string_truncate(peer, 0);
}

static void read_all(Session *session)
{
    session->rig.write_room = G_MAXSIZE;
    chardev_writable(&session->rig.chr);
    rig_settle(&session->rig);
    read_answers(session);
}

/* ---- what is asked ---- */

/* A client that does not read is not listened to at some time; what it says then is lost. */
static void type(Session *session, const char *bytes, gsize length)
{
    rig_type(&session->rig, bytes, length);
}

static void connect(Session *session)
{
    static const char plain[] = "{\"execute\":\"qmp_capabilities\"}";
    static const char oob[] =
        "{\"execute\":\"qmp_capabilities\",\"arguments\":{\"enable\":[\"oob\"]}}";
    const char *begin = session->how & BEGIN_OOB ? oob : plain;

    chardev_event(&session->rig.chr, CHAR_OPENED);
    if (!(session->how & BEGIN_NOT)) {
        type(session, begin, strlen(begin));
        read_all(session);
    }
}

static void disconnect(Session *session)
{
    chardev_event(&session->rig.chr, CHAR_CLOSED);
    rig_settle(&session->rig);
    session->rig.write_room = G_MAXSIZE;
    g_string_truncate(session->rig.peer, 0);
    json_frame_reset(&session->frame);
}

static void act(Session *session, guint8 what)
{
    switch (what) {
    case STOP_READING: session->rig.write_room = 0; break;
    case READ_SLOWLY:
        session->rig.write_room = SLOW_ROOM;
        chardev_writable(&session->rig.chr);
        break;
    case READ_ALL: read_all(session); break;
    case RECONNECT:
        disconnect(session);
        connect(session);
        break;
    default:
        rig_settle(&session->rig);
        read_answers(session);
        break;
    }
}

static void run(Session *session, const guint8 *data, gsize size)
{
    gsize before = mallinfo2().uordblks; /* 0 under a sanitizer, which has limits of its own */

    for (gsize at = 0, end; at < size; at = end + 1) {
        for (end = at; end < size && data[end] < FIRST_SPECIAL; end++) {
            continue;
        }
        type(session, (const char *)data + at, end - at);
        if (end < size) {
            act(session, data[end]);
        }
        g_assert_cmpuint(mallinfo2().uordblks, <, before + MEMORY_LIMIT);
    }
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    static Session session; /* kept for some inputs: threads are dear */

    if (size == 0 || touches_host(data, size)) {
        return 0;
    }
    if (session.rig.machine && session.inputs++ % INPUTS_OF_RIG == 0) {
        rig_clear(&session.rig);
        session.rig.machine = NULL;
    }
    if (!session.rig.machine) {
        rig_init(&session.rig);
    }
    session.how = data[0];
    json_frame_init(&session.frame);
    session.server = qmp_server_new(session.rig.machine, &session.rig.chr,
                                    (session.how & BEGIN_PRETTY) != 0, NULL);
    g_assert(session.server);
    connect(&session);
    run(&session, data + 1, size - 1);
    read_all(&session);
    disconnect(&session);
    qmp_server_free(session.server);
    json_frame_clear(&session.frame);
    return 0;
}

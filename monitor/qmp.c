/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/qmp.h"

#include <string.h>

#include "core/error.h"
#include "core/event.h"
#include "core/fdset.h"
#include "core/log.h"
#include "monitor/command.h"
#include "monitor/fds.h"
#include "monitor/json-frame.h"
#include "monitor/json-text.h"
#include "monitor/qmp-call.h"
#include "monitor/schema.h"

/* With so much waiting to be read by the client, nothing more is read from it. */
#define OUTPUT_LIMIT (64 * 1024)
/* ... and with so much, it misses events. */
#define EVENTS_LIMIT (1024 * 1024)
/* Requests that wait for their turn while an out-of-band one may still overtake them. */
#define QUEUE_LIMIT 8

typedef struct QmpSession QmpSession;

struct QmpServer {
    Machine *machine;
    Chardev *chr; /* what it was started on */
    gboolean pretty, shared;
    GPtrArray *sessions; /* of QmpSession*, owned */
    EventWatch *events;
    JsonNode *schema; /* the answer to query-qmp-schema once somebody has asked */
    GArray *delayed;  /* of DelayedEvent */
    Timer delay;      /* for the first of `delayed` */
};

/* A request that is carried out. It outlives a session that goes away before. */
typedef struct QmpRun {
    QmpSession *session; /* NULL once that has gone */
    CommandCall *call;   /* NULL once it is over */
    JsonNode *id;
} QmpRun;

struct QmpSession {
    CommandContext context;
    QmpServer *server;
    Chardev *chr;
    gboolean counted; /* as a client that is there */
    gboolean own_chr; /* made for this peer: goes with the session */
    JsonFrame frame;
    GQueue requests; /* of QmpRequest* */
    GString *output; /* waiting for room */
    QmpRun *run;     /* in band; NULL = none */
    GPtrArray *runs; /* of QmpRun*, not owned: all that are not over */
    gboolean ready;  /* capabilities are negotiated */
    gboolean oob;    /* ... this one is on */
    gboolean finished, missed;
    Deferred *next; /* carries out the next request; one a turn of the loop */
    Deferred *end;  /* frees the session */
};

/* ---- output ---- */

static void flush(QmpSession *session)
{
    GString *output = session->output;

    if (output->len) {
        gsize taken = chardev_write(session->chr, (const guint8 *)output->str, output->len);
        g_string_erase(output, 0, (gssize)taken);
    }
}

/* Takes the node. */
static void send_node(QmpSession *session, JsonNode *node)
{
    if (session->chr->connected) {
        json_text_append(session->output, node, session->server->pretty);
        g_string_append(session->output, "\r\n");
        flush(session);
    }
    json_node_unref(node);
}

static void send_error(QmpSession *session, const GError *error, JsonNode *id)
{
    send_node(session, qmp_make_answer(NULL, error, id));
}

static void greet(QmpSession *session)
{
    g_autoptr(JsonObject) greeting = json_object_new();
    JsonObject *inner = json_object_new();
    JsonArray *capabilities = json_array_new();

    json_array_add_string_element(capabilities, "oob");
    json_object_set_object_member(inner, "version", qmp_version());
    json_object_set_array_member(inner, "capabilities", capabilities);
    json_object_set_object_member(greeting, "QMP", inner);
    send_node(session, json_node_init_object(json_node_alloc(), greeting));
}

/* ---- capabilities ---- */

static gboolean check_wishes(JsonObject *arguments, GError **error)
{
    JsonNode *list = arguments ? json_object_get_member(arguments, "enable") : NULL;

    if (arguments && json_object_get_size(arguments) > (list != NULL)) {
        return error_set(error, "qmp_capabilities takes no parameter but 'enable'");
    }
    return !list || schema_check("[QMPCapability]", list, "enable", error);
}

static void enable(QmpSession *session, JsonObject *arguments)
{
    JsonNode *list = arguments ? json_object_get_member(arguments, "enable") : NULL;

    session->oob = list && json_array_get_length(json_node_get_array(list)) > 0;
    session->ready = TRUE;
}

static gboolean negotiate(QmpSession *session, const QmpRequest *request, GError **error)
{
    gboolean asked = g_str_equal(request->command, "qmp_capabilities");

    if (asked && !check_wishes(request->arguments, error)) {
        return FALSE;
    }
    if (!asked || session->ready) {
        g_set_error(error, VITRINE_ERROR, VITRINE_ERROR_COMMAND_NOT_FOUND, "%s",
                    asked ? "Capabilities negotiation is already complete, command ignored"
                          : "Expecting capabilities negotiation with 'qmp_capabilities'");
        return FALSE;
    }
    enable(session, request->arguments);
    return TRUE;
}

/* ---- requests ---- */

static void schedule(QmpSession *session)
{
    if (!session->run && !session->finished && !g_queue_is_empty(&session->requests) &&
        session->output->len < OUTPUT_LIMIT) {
        deferred_schedule(session->next);
    }
}

static void call_done(CommandCall *call, GError *error, void *opaque)
{
    QmpRun *run = opaque;
    QmpSession *session = run->session;

    run->call = NULL;
    g_ptr_array_remove_fast(session->runs, run);
    send_node(session, qmp_make_answer(error ? NULL : call->result, error, run->id));
    if (session->run == run) {
        session->run = NULL;
    }
    g_clear_pointer(&run->id, json_node_unref);
    g_free(run);
    schedule(session);
    chardev_accept(session->chr);
}

/* Reports that come while a command of a program runs are for the log of the process. */
static void carry_out(QmpSession *session, QmpRequest *request)
{
    g_autoptr(GError) error = NULL;
    CommandCall *call;
    QmpRun *run;

    if (request->error) {
        send_error(session, request->error, request->id);
        return;
    }
    if (!session->ready || g_str_equal(request->command, "qmp_capabilities")) {
        gboolean good = negotiate(session, request, &error);
        send_node(session, qmp_make_answer(NULL, good ? NULL : error, request->id));
        return;
    }
    call = qmp_make_call(&session->context, request, &error);
    if (!call) {
        send_error(session, error, request->id);
        return;
    }
    fd_store_begin(session->context.fds, g_steal_pointer(&request->fds));
    run = g_new0(QmpRun, 1);
    *run = (QmpRun){session, call, request->id ? json_node_ref(request->id) : NULL};
    g_ptr_array_add(session->runs, run);
    if (!request->oob) {
        session->run = run;
    }
    command_call_run(call, call_done, run);
}

static void run_next(void *opaque)
{
    QmpSession *session = opaque;
    g_autoptr(QmpRequest) request = g_queue_pop_head(&session->requests);

    if (request) {
        carry_out(session, request);
    }
    schedule(session);
    chardev_accept(session->chr);
}

static void take_value(QmpSession *session)
{
    g_autoptr(QmpRequest) request =
        qmp_request_parse(session->frame.bytes->data, session->frame.bytes->len);

    g_byte_array_set_size(session->frame.bytes, 0);
    request->fds = fd_store_take_arrived(session->context.fds);
    if (!request->error && request->oob && !session->oob) {
        error_set(&request->error, "QMP input member 'exec-oob' is unexpected");
    }
    if (!request->error && request->oob) {
        carry_out(session, request);
    } else {
        g_queue_push_tail(&session->requests, g_steal_pointer(&request));
        schedule(session);
    }
}

/* In its turn, like an answer. */
static void complain(QmpSession *session, JsonFrameStatus status)
{
    QmpRequest *request = g_new0(QmpRequest, 1);

    error_set(&request->error, "JSON parse error, %s",
              status == JSON_FRAME_BROKEN ? "stray control character"
              : status == JSON_FRAME_TOO_DEEP
                  ? "the value is nested more than " G_STRINGIFY(JSON_FRAME_MAX_DEPTH) " times"
                  : "the value is larger than 1 MiB");
    g_queue_push_tail(&session->requests, request);
    schedule(session);
}

/* ---- the character device ---- */

static gsize session_room(void *opaque)
{
    QmpSession *session = opaque;
    guint limit = session->oob ? QUEUE_LIMIT : 1;

    if (session->finished || session->output->len >= OUTPUT_LIMIT ||
        g_queue_get_length(&session->requests) + (session->run != NULL) >= limit) {
        return 0;
    }
    return 4096;
}

/* What came together with a request is taken, too: at most a chunk. */
static void session_receive(void *opaque, const guint8 *data, gsize length)
{
    QmpSession *session = opaque;

    while (length > 0 && !session->finished) {
        gsize taken;
        JsonFrameStatus status = json_frame_feed(&session->frame, data, length, &taken);

        data += taken;
        length -= taken;
        if (status == JSON_FRAME_VALUE) {
            take_value(session);
        } else if (status != JSON_FRAME_MORE) {
            complain(session, status);
        }
    }
}

static void session_receive_fds(void *opaque, const int *fds, guint count)
{
    QmpSession *session = opaque;

    fd_store_arrive(session->context.fds, fds, count);
}

static void session_writable(void *opaque)
{
    QmpSession *session = opaque;

    flush(session);
    session->missed = session->missed && session->output->len > 0;
    schedule(session);
    chardev_accept(session->chr);
}

/* Drops what belongs to the client that was there; its commands go on unheard. */
static void forget_client(QmpSession *session)
{
    for (guint i = 0; i < session->runs->len; i++) {
        QmpRun *run = g_ptr_array_index(session->runs, i);
        command_call_detach(run->call);
        g_clear_pointer(&run->id, json_node_unref);
        g_free(run);
    }
    g_ptr_array_set_size(session->runs, 0);
    session->run = NULL;
    g_queue_clear_full(&session->requests, (GDestroyNotify)qmp_request_free);
    g_string_truncate(session->output, 0);
    json_frame_reset(&session->frame);
    fd_store_clear(session->context.fds);
    session->ready = session->oob = session->missed = FALSE;
    deferred_cancel(session->next);
}

/* Sets of descriptors are for clients that are there. */
static void count_client(QmpSession *session, gboolean there)
{
    Machine *machine = session->context.machine;

    if (there && !session->counted) {
        fdsets_join(machine->fdsets);
    } else if (!there && session->counted) {
        fdsets_leave(machine->fdsets, machine_is_running(machine));
    }
    session->counted = there;
}

static void session_event(void *opaque, CharEvent event)
{
    QmpSession *session = opaque;

    if (event != CHAR_BREAK) {
        count_client(session, event == CHAR_OPENED);
    }
    if (event == CHAR_OPENED) {
        forget_client(session);
        greet(session);
    } else if (event == CHAR_CLOSED && session->own_chr) {
        session->finished = TRUE;
        deferred_cancel(session->next);
        deferred_schedule(session->end);
    }
}

static void session_moved(void *opaque, Chardev *chr)
{
    ((QmpSession *)opaque)->chr = chr;
}

static const CharUser session_user = {
    .can_receive = session_room,
    .receive = session_receive,
    .event = session_event,
    .writable = session_writable,
    .moved = session_moved,
    .receive_fds = session_receive_fds,
};

/* ---- sessions ---- */

static void session_free(QmpSession *session)
{
    if (session->chr) {
        chardev_detach(session->chr);
    }
    forget_client(session);
    count_client(session, FALSE);
    if (session->own_chr) {
        chardev_destroy(session->chr, NULL);
    }
    deferred_free(session->next);
    deferred_free(session->end);
    json_frame_clear(&session->frame);
    fd_store_free(session->context.fds);
    g_string_free(session->output, TRUE);
    g_ptr_array_unref(session->runs);
    g_free(session);
}

/* What a client asked for before it went is still done; one request a turn of the loop. */
static void session_end(void *opaque)
{
    QmpSession *session = opaque;
    g_autoptr(QmpRequest) request = session->run ? NULL : g_queue_pop_head(&session->requests);

    if (request) {
        deferred_schedule(session->end);
        carry_out(session, request);
        return;
    }
    g_ptr_array_remove_fast(session->server->sessions, session);
}

static QmpSession *session_new(QmpServer *server, Chardev *chr, gboolean own, GError **error)
{
    QmpSession *session = g_new0(QmpSession, 1);

    session->server = server;
    session->context.machine = server->machine;
    session->context.schema = &server->schema;
    session->context.fds = fd_store_new();
    session->output = g_string_new(NULL);
    session->runs = g_ptr_array_new();
    session->next = deferred_new(server->machine->loop, run_next, session);
    session->end = deferred_new(server->machine->loop, session_end, session);
    json_frame_init(&session->frame);
    g_queue_init(&session->requests);
    session->chr = chr;
    if (!chardev_attach(chr, &session_user, session, error)) {
        session->chr = NULL;
        session_free(session);
        return NULL;
    }
    session->own_chr = own;
    g_ptr_array_add(server->sessions, session);
    return session;
}

static void on_peer(Chardev *peer, void *opaque)
{
    session_new(opaque, peer, TRUE, NULL);
}

/* ---- events ---- */

typedef struct DelayedEvent {
    const SchemaEvent *event;
    gint64 not_before; /* host clock */
    GVariant *data;
    gboolean waiting; /* there is one to be sent */
} DelayedEvent;

static void broadcast(QmpServer *server, const char *name, GVariant *data)
{
    for (guint i = 0; i < server->sessions->len; i++) {
        QmpSession *session = g_ptr_array_index(server->sessions, i);

        if (!session->ready || session->finished) {
            continue;
        }
        if (session->output->len < EVENTS_LIMIT) {
            send_node(session, qmp_make_event(name, data));
        } else if (!session->missed) {
            session->missed = TRUE;
            report_warning("a QMP client (%s) does not read: it misses events", session->chr->id);
        }
    }
}

static void arm_delay(QmpServer *server)
{
    gint64 first = G_MAXINT64;

    for (guint i = 0; i < server->delayed->len; i++) {
        DelayedEvent *delayed = &g_array_index(server->delayed, DelayedEvent, i);
        if (delayed->waiting) {
            first = MIN(first, delayed->not_before);
        }
    }
    if (first != G_MAXINT64) {
        timer_set(&server->delay, first);
    }
}

static void send_delayed(void *opaque)
{
    QmpServer *server = opaque;
    gint64 now = clock_now(server->machine->host_clock);

    for (guint i = 0; i < server->delayed->len; i++) {
        DelayedEvent *delayed = &g_array_index(server->delayed, DelayedEvent, i);

        if (delayed->waiting && delayed->not_before <= now) {
            delayed->waiting = FALSE;
            delayed->not_before = now + delayed->event->interval_ms * NS_PER_MS;
            broadcast(server, delayed->event->name, delayed->data);
            g_clear_pointer(&delayed->data, g_variant_unref);
        }
    }
    arm_delay(server);
}

static DelayedEvent *find_delayed(QmpServer *server, const SchemaEvent *event)
{
    for (guint i = 0; i < server->delayed->len; i++) {
        DelayedEvent *delayed = &g_array_index(server->delayed, DelayedEvent, i);
        if (delayed->event == event) {
            return delayed;
        }
    }
    g_array_append_val(server->delayed, (DelayedEvent){.event = event});
    return &g_array_index(server->delayed, DelayedEvent, server->delayed->len - 1);
}

static void on_event(const char *name, GVariant *data, void *opaque)
{
    QmpServer *server = opaque;
    const SchemaEvent *event = schema_find_event(name);
    DelayedEvent *delayed;
    gint64 now;

    g_assert(event); /* every event is in the schema */
    if (event->interval_ms == 0) {
        broadcast(server, name, data);
        return;
    }
    delayed = find_delayed(server, event);
    now = clock_now(server->machine->host_clock);
    if (now >= delayed->not_before) {
        delayed->not_before = now + event->interval_ms * NS_PER_MS;
        broadcast(server, name, data);
        return;
    }
    g_clear_pointer(&delayed->data, g_variant_unref);
    delayed->data = data ? g_variant_ref(data) : NULL;
    delayed->waiting = TRUE;
    arm_delay(server);
}

/* ---- lifecycle ---- */

QmpServer *qmp_server_new(Machine *machine, Chardev *chr, gboolean pretty, GError **error)
{
    QmpServer *server = g_new0(QmpServer, 1);

    server->machine = machine;
    server->chr = chr;
    server->pretty = pretty;
    server->sessions = g_ptr_array_new_with_free_func((GDestroyNotify)session_free);
    server->delayed = g_array_new(FALSE, FALSE, sizeof(DelayedEvent));
    timer_init(&server->delay, machine->host_clock, send_delayed, server);
    server->events = event_watch(machine, on_event, server);
    server->shared = chardev_share(chr, on_peer, server);
    if (!server->shared && !session_new(server, chr, FALSE, error)) {
        g_clear_pointer(&server, qmp_server_free);
    }
    return server;
}

void qmp_server_free(QmpServer *server)
{
    if (!server) {
        return;
    }
    if (server->shared) {
        chardev_share(server->chr, NULL, NULL);
    }
    event_unwatch(server->events);
    timer_cancel(&server->delay);
    for (guint i = 0; i < server->delayed->len; i++) {
        g_clear_pointer(&g_array_index(server->delayed, DelayedEvent, i).data, g_variant_unref);
    }
    g_array_unref(server->delayed);
    g_ptr_array_unref(server->sessions);
    g_clear_pointer(&server->schema, json_node_unref);
    g_free(server);
}

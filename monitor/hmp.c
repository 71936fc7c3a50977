/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/monitor.h"

#include <string.h>

#include "core/error.h"
#include "core/frontend.h"
#include "monitor/command.h"
#include "monitor/editor.h"
#include "monitor/fds.h"
#include "monitor/files.h"
#include "monitor/parse.h"
#include "monitor/run.h"

/* Scripts and test frameworks wait for this text, at the end of what they have received. */
#define PROMPT "(qemu) "

/* Bytes taken from the peer but not looked at yet, at most. */
#define INPUT_LIMIT 4096

/* With so much waiting to be read by the peer, input that we have already waits too. */
#define OUTPUT_LIMIT (64 * 1024)

struct Monitor {
    CommandContext context; /* first: handlers' context is cast back in ask_secret() */
    Chardev *chr;
    LineEditor *editor;
    GByteArray *input; /* received, not looked at yet */
    GString *output;   /* waiting for room */
    gboolean processing;
    gboolean yielded;   /* a command was run: the rest waits for the next turn of the loop */
    Deferred *resume;   /* ... which is this */
    gboolean finished;  /* after `quit`: says and hears nothing more */
    HmpRun *run;        /* the command that is not over yet */
    gboolean starting;  /* ... because its handler is on the stack */
    CommandCall *asker; /* the call that waits for a secret */
    void (*secret_answer)(CommandCall *call, const char *secret);
    HistoryStore *history; /* NULL = keeps none */
    HistoryQuery *history_query;
    char *line;       /* the one that runs */
    FileQuery *files; /* completion under way */
    gsize files_start;
    const char *files_after;        /* a single name is followed by it */
    struct FrontendQuery *frontend; /* whose options are to be completed; NULL = none */
};

/* Outlives a monitor that goes first. */
typedef struct FrontendQuery {
    Monitor *monitor; /* NULL: it has gone, or the line has changed */
    char *text;       /* up to the cursor */
} FrontendQuery;

static void process_input(Monitor *monitor);

/* ---- output ---- */

static void flush(Monitor *monitor)
{
    GString *output = monitor->output;

    if (output->len) {
        gsize taken = chardev_write(monitor->chr, (const guint8 *)output->str, output->len);
        g_string_erase(output, 0, taken);
    }
}

static void editor_write(void *opaque, const char *text, gsize length)
{
    Monitor *monitor = opaque;

    if (monitor->chr->connected) {
        g_string_append_len(monitor->output, text, length);
    }
}

/* Text of commands: terminals in raw mode want "\r\n". */
static void write_text(Monitor *monitor, const char *text)
{
    for (const char *p = text; *p;) {
        gsize length = strcspn(p, "\n");

        editor_write(monitor, p, length);
        p += length;
        if (*p == '\n') {
            editor_write(monitor, "\r\n", 2);
            p++;
        }
    }
}

static gboolean is_blocked(const Monitor *monitor)
{
    return monitor->finished || monitor->files || monitor->frontend || monitor->history_query ||
           (monitor->run && !monitor->asker) || monitor->starting ||
           monitor->output->len >= OUTPUT_LIMIT;
}

static void start_line(Monitor *monitor)
{
    if (!monitor->finished) {
        line_editor_start(monitor->editor, PROMPT, FALSE);
    }
}

/* ---- commands ---- */

static void command_done(const HmpResult *result, void *opaque)
{
    Monitor *monitor = opaque;

    monitor->run = NULL;
    monitor->asker = NULL;
    if (result->forget) {
        line_editor_forget(monitor->editor);
    }
    if (monitor->history && !result->forget && !result->unknown) {
        history_store_add(monitor->history, monitor->line);
    }
    write_text(monitor, result->text);
    monitor->finished = result->goodbye;
    start_line(monitor);
    process_input(monitor);
}

static void ask_secret(CommandCall *call, const char *prompt,
                       void (*answer)(CommandCall *call, const char *secret))
{
    Monitor *monitor = (Monitor *)call->context;

    monitor->asker = call;
    monitor->secret_answer = answer;
    line_editor_start(monitor->editor, prompt, TRUE);
}

static void editor_line(void *opaque, const char *line)
{
    Monitor *monitor = opaque;

    if (monitor->asker) {
        CommandCall *call = g_steal_pointer(&monitor->asker);
        monitor->secret_answer(call, line ? line : "");
        return;
    }
    if (!line) {
        write_text(monitor, "Error: the line is longer than " G_STRINGIFY(
                                EDITOR_MAX_LINE) " bytes and was not run\n");
        start_line(monitor);
        return;
    }
    fd_store_begin(monitor->context.fds, fd_store_take_arrived(monitor->context.fds));
    g_free(monitor->line);
    monitor->line = g_strdup(line);
    monitor->context.columns = chardev_terminal(monitor->chr).columns;
    monitor->yielded = TRUE;
    monitor->starting = TRUE;
    HmpRun *run = hmp_run_start(&monitor->context, line, command_done, monitor);
    monitor->starting = FALSE;
    monitor->run = run;
}

/* ---- completion ---- */

static void files_found(const GPtrArray *words, void *opaque)
{
    Monitor *monitor = opaque;
    const char *only = words->len == 1 ? g_ptr_array_index(words, 0) : "";

    const char *after = *only == '"' ? "\" " : monitor->files_after;

    monitor->files = NULL;
    line_editor_offer(monitor->editor, monitor->files_start, words,
                      g_str_has_suffix(only, "/") ? "" : after);
    process_input(monitor);
}

static void complete(Monitor *monitor, const char *text, const FrontendOps *loaded);

static void frontend_loaded(const FrontendOps *ops, const GError *error, void *opaque)
{
    FrontendQuery *query = opaque;
    Monitor *monitor = query->monitor;

    if (monitor) {
        monitor->frontend = NULL;
        if (ops) {
            complete(monitor, query->text, ops);
        }
        process_input(monitor);
    }
    g_free(query->text);
    g_free(query);
}

static void complete(Monitor *monitor, const char *text, const FrontendOps *loaded)
{
    HmpCompletion completion;

    hmp_complete(&monitor->context, text, loaded, &completion);
    if (completion.wants_frontend && !loaded) {
        monitor->frontend = g_new(FrontendQuery, 1);
        *monitor->frontend = (FrontendQuery){monitor, g_strdup(text)};
        frontend_load(monitor->context.machine, completion.wants_frontend, "", frontend_loaded,
                      monitor->frontend);
    } else if (completion.wants_files) {
        monitor->files_start = completion.start;
        monitor->files_after = completion.quoting == FILES_PLAIN ? "" : " ";
        monitor->files = file_query_start(monitor->context.machine, completion.file,
                                          completion.quoting, files_found, monitor);
    } else {
        line_editor_offer(monitor->editor, completion.start, completion.words, completion.after);
    }
    hmp_completion_clear(&completion);
}

static void editor_complete(void *opaque, const char *text)
{
    complete(opaque, text, NULL);
}

static const LineEditorOps editor_ops = {editor_write, editor_line, editor_complete};

/* ---- the character device ---- */

/*
 * None before all is answered and the answers are on their way: that bounds what waits for a peer
 * that does not read, and one that has ended its input is kept connected as long.
 */
static gsize input_room(const Monitor *monitor)
{
    if (is_blocked(monitor) || monitor->yielded || monitor->output->len) {
        return 0;
    }
    return INPUT_LIMIT - monitor->input->len;
}

/*
 * Feeds the editor until a command has to be waited for, or the peer has to read first. One
 * command a turn of the loop: the vm lock is dropped in between, however long a script is.
 */
static void process_input(Monitor *monitor)
{
    gsize done = 0;

    if (monitor->processing || monitor->yielded) {
        return;
    }
    monitor->processing = TRUE;
    line_editor_set_columns(monitor->editor, chardev_terminal(monitor->chr).columns);
    while (done < monitor->input->len && !is_blocked(monitor) && !monitor->yielded) {
        line_editor_input(monitor->editor, monitor->input->data[done++]);
        if (monitor->output->len >= OUTPUT_LIMIT) {
            flush(monitor);
        }
    }
    line_editor_flush(monitor->editor);
    /* The peer may have gone meanwhile, and its input with it. */
    g_byte_array_remove_range(monitor->input, 0, MIN(done, monitor->input->len));
    monitor->processing = FALSE;
    monitor->yielded = monitor->yielded && monitor->input->len > 0;
    if (monitor->yielded) {
        deferred_schedule(monitor->resume);
    }
    flush(monitor);
    if (input_room(monitor)) {
        chardev_accept(monitor->chr);
    }
}

static void resume(void *opaque)
{
    Monitor *monitor = opaque;

    monitor->yielded = FALSE;
    process_input(monitor);
}

static gsize monitor_can_receive(void *opaque)
{
    return input_room(opaque);
}

static void monitor_receive(void *opaque, const guint8 *data, gsize length)
{
    Monitor *monitor = opaque;

    if (!monitor->finished) {
        g_byte_array_append(monitor->input, data, MIN(length, INPUT_LIMIT - monitor->input->len));
        process_input(monitor);
    }
}

static void monitor_writable(void *opaque)
{
    Monitor *monitor = opaque;

    flush(monitor);
    process_input(monitor);
}

/* Drops what belongs to the peer that was there; its command goes on unseen. */
static void forget_peer(Monitor *monitor)
{
    hmp_run_detach(g_steal_pointer(&monitor->run));
    if (monitor->asker) {
        CommandCall *call = g_steal_pointer(&monitor->asker);
        monitor->secret_answer(call, ""); /* ends the command */
    }
    file_query_cancel(g_steal_pointer(&monitor->files));
    if (monitor->frontend) {
        monitor->frontend->monitor = NULL;
        monitor->frontend = NULL;
    }
    line_editor_stop(monitor->editor);
    deferred_cancel(monitor->resume);
    monitor->yielded = FALSE;
    g_byte_array_set_size(monitor->input, 0);
    g_string_truncate(monitor->output, 0);
}

static void monitor_event(void *opaque, CharEvent event)
{
    Monitor *monitor = opaque;

    switch (event) {
    case CHAR_OPENED:
        forget_peer(monitor);
        fd_store_clear(monitor->context.fds);
        write_text(monitor,
                   "Vitrine " VITRINE_VERSION " monitor - type 'help' for more information\n");
        start_line(monitor);
        flush(monitor);
        break;
    case CHAR_CLOSED:
        /* What the peer sent before it left still counts ("echo quit | nc"). */
        g_string_truncate(monitor->output, 0);
        process_input(monitor);
        break;
    case CHAR_BREAK: break;
    }
}

/* Those of a peer stay its own, until it has gone. */
static void monitor_receive_fds(void *opaque, const int *fds, guint count)
{
    Monitor *monitor = opaque;

    fd_store_arrive(monitor->context.fds, fds, count);
}

static void monitor_moved(void *opaque, Chardev *chr)
{
    ((Monitor *)opaque)->chr = chr;
}

static const CharUser monitor_user = {monitor_can_receive, monitor_receive, monitor_event,
                                      monitor_writable,    monitor_moved,   monitor_receive_fds};

/* ---- lifecycle ---- */

Monitor *monitor_hmp_new(Machine *machine, Chardev *chr, GError **error)
{
    Monitor *monitor = g_new0(Monitor, 1);

    monitor->chr = chr;
    monitor->editor = line_editor_new(&editor_ops, monitor);
    monitor->context = (CommandContext){.machine = machine,
                                        .history = line_editor_history(monitor->editor),
                                        .fds = fd_store_new(),
                                        .ask_secret = ask_secret};
    monitor->input = g_byte_array_new();
    monitor->output = g_string_new(NULL);
    monitor->resume = deferred_new(machine->loop, resume, monitor);
    if (!chardev_attach(chr, &monitor_user, monitor, error)) {
        monitor->chr = NULL;
        monitor_free(monitor);
        return NULL;
    }
    return monitor;
}

static void history_loaded(const GPtrArray *lines, void *opaque)
{
    Monitor *monitor = opaque;

    monitor->history_query = NULL;
    line_editor_add_old(monitor->editor, lines);
    process_input(monitor); /* keys that came before: one of them may be "up" */
}

void monitor_keep_history(Monitor *monitor, HistoryStore *store)
{
    if (store && chardev_terminal(monitor->chr).local) {
        monitor->history = store;
        monitor->history_query = history_store_load(store, history_loaded, monitor);
    }
}

void monitor_free(Monitor *monitor)
{
    if (!monitor) {
        return;
    }
    if (monitor->chr) {
        chardev_detach(monitor->chr);
    }
    forget_peer(monitor);
    history_query_cancel(monitor->history_query);
    g_free(monitor->line);
    deferred_free(monitor->resume);
    line_editor_free(monitor->editor);
    fd_store_free(monitor->context.fds);
    g_byte_array_unref(monitor->input);
    g_string_free(monitor->output, TRUE);
    g_free(monitor);
}

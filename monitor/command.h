/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of monitor commands. A row is a command: name, typed arguments, help, handler. Help,
 * parsing, completion and introspection all come from the row. Rows for people (HMP, hmp.c) are in
 * commands.c, those that only programs use (QMP, qmp.c) in commands-qmp.c; `qmp` marks the former
 * that serve both.
 *
 * A handler knows nothing of the skin that called it: it finds typed, checked arguments in its
 * CommandCall, appends text for people to call->out, returns a value for programs by
 * command_return(), and returns TRUE, or FALSE with an error. It
 * runs on the loop with the vm lock and must not block: work that takes time is started, the call
 * is held (command_call_hold) and finished later (command_call_finish).
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

#include "core/machine.h"

typedef struct Command Command;
typedef struct CommandArg CommandArg;
typedef struct CommandCall CommandCall;

typedef enum CommandArgType {
    ARG_STRING, /* a word, or "quoted text" */
    ARG_TEXT,   /* the rest of the line, or "quoted text" */
    ARG_ENUM,   /* one of `values`; a string for the handler */
    ARG_INT,    /* a plain number, may be negative */
    ARG_EXPR,   /* an integer; in HMP an expression with $registers */
    ARG_FORMAT, /* in HMP "/nfu" right after the command; see CommandFormat */
    ARG_FLAG,   /* a boolean */
    ARG_JSON,   /* QMP only: of the type `schema` (schema.h) */
    ARG_REST,   /* QMP only: an object of all members that no other argument takes, unchecked */
    ARG_BOXED,  /* QMP only: all arguments as one object of the type `schema`; the only one */
} CommandArgType;

/* What an ARG_STRING is the name of, for completion. */
typedef enum CommandNoun {
    NOUN_NONE,
    NOUN_FILE,
    NOUN_COMMAND,
    NOUN_INFO_TOPIC,
    NOUN_KEYS,       /* "ctrl-alt-delete" */
    NOUN_BLOCK,      /* a drive */
    NOUN_REMOVABLE,  /* a drive whose medium can be changed */
    NOUN_CHANGEABLE, /* such a drive, or a frontend that has a password */
    NOUN_PROTECTED,  /* a frontend that has a password */
    NOUN_DISPLAY,
    NOUN_FRONTEND,      /* an open one */
    NOUN_FRONTEND_NAME, /* one that could be opened */
    NOUN_CHARDEV,
    NOUN_CHARDEV_TYPE, /* "socket,path=" */
    NOUN_LOG_ITEMS,    /* "a,b,c" */
    NOUN_DEVICE_TYPE,  /* "VGA,vgamem_mb=" */
    NOUN_DEVICE,       /* one that a user has made and named */
    NOUN_OBJECT_TYPE,  /* "secret,file=" */
    NOUN_OBJECT,       /* one that object_add has made */
    NOUN_PATH,         /* in the object tree */
    NOUN_PROPERTY,     /* of the path before it */
} CommandNoun;

struct CommandArg {
    const char *name;
    CommandArgType type;
    gboolean optional;
    const char *help; /* a few words; NULL = the name says it */
    char flag; /* in HMP it is given as "-x", with a value after it unless ARG_FLAG; 0 = not */
    CommandNoun noun;
    const char *const *values; /* ARG_ENUM: NULL-ended */
    gint64 min, max;           /* ARG_INT, ARG_EXPR: both 0 = any; ARG_FORMAT: most bytes of one */
    const char *schema;        /* ARG_JSON, and ARG_ENUM in QMP's introspection: type's name */
};

/* How memory and port values are shown (gdb's /nfu). */
typedef struct CommandFormat {
    guint count;
    char format; /* one of x o u d c i */
    guint size;  /* 1, 2, 4 or 8 bytes; 0 = not given */
} CommandFormat;

#define COMMAND_MAX_ARGS 16

/* Most values that one command shows. */
#define COMMAND_MAX_COUNT 16384

struct Command {
    const char *name;
    const char *alias;                     /* other name, or NULL */
    CommandArg args[COMMAND_MAX_ARGS + 1]; /* ended by a NULL name */
    const char *help;                      /* one line, no full stop */
    const char *details;                   /* more lines for `help NAME`; NULL = none */
    gboolean (*run)(CommandCall *call, GError **error);
    gboolean qmp;        /* of commands.c: QMP has it, too */
    const char *returns; /* type of the value, see schema.h; NULL = nothing */
    gboolean oob;        /* may run out-of-band: at once, before commands that were sent earlier */
};

/* What a session keeps from one command to the next. */
typedef struct CommandContext {
    Machine *machine;
    guint columns;        /* of the terminal; 0 = not known, or nobody's */
    guint cpu;            /* the vCPU that print, x and `info registers` look at */
    JsonNode **schema;    /* where query-qmp-schema keeps its answer; NULL = nowhere */
    CommandFormat format; /* the last that was given: letter and size, 0 = none yet */
    CommandCall *outer;   /* the call that this line is given by; NULL = a session's own */
    GQueue *history;      /* of char *, oldest first; NULL = has none */
    struct FdStore *fds;  /* descriptors that the client has sent, see fds.h; NULL = it cannot */
    /* Asks the person for text that is not echoed, then runs `answer`; the call must be held. NULL
     * = nobody to ask. */
    void (*ask_secret)(CommandCall *call, const char *prompt,
                       void (*answer)(CommandCall *call, const char *secret));
} CommandContext;

/* One run of a command. Fields are read by handlers, changed through functions. */
struct CommandCall {
    const Command *command;
    CommandContext *context; /* NULL once the session is gone (only held calls see that) */
    Machine *machine;
    GString *out;
    JsonNode *result; /* by command_return(); NULL = nothing */
    gboolean forget;  /* set by the handler: the line held a secret, keep it out of histories */
    gboolean goodbye; /* set by the handler: no further command follows */
    /* private to command.c */
    struct CommandValue *values;
    gboolean held, running, finished;
    GError *error;
    void (*done)(CommandCall *call, GError *error, void *opaque);
    void *done_opaque;
};

/* All commands, and all built-in topics of `info`; each ended by a NULL name. */
extern const Command monitor_commands[];
extern const Command monitor_qmp_commands[];
extern const Command monitor_info_topics[];

/* Finds a command by name or alias in one of the tables; NULL if there is none. */
const Command *command_find(const Command *table, const char *name);

/*
 * FALSE with an error if the machine still waits to be made (-preconfig) and the command needs it,
 * or if the command is for that time only; see preconfig.c.
 */
gboolean command_check_phase(const Command *command, const Machine *machine, GError **error);

/* ---- for handlers: arguments by name; asking for one that the row lacks is a bug ---- */

gboolean command_has(const CommandCall *call, const char *name);
const char *command_string(const CommandCall *call, const char *name); /* NULL if not given */
gint64 command_int(const CommandCall *call, const char *name, gint64 if_missing);
gboolean command_flag(const CommandCall *call, const char *name);
CommandFormat command_format(const CommandCall *call, const char *name);
JsonNode *command_json(const CommandCall *call, const char *name); /* NULL if not given */

/* The value for programs; takes it. */
void command_return(CommandCall *call, JsonNode *value);
void command_return_object(CommandCall *call, JsonObject *value);
void command_return_array(CommandCall *call, JsonArray *value);

/* The handler will return TRUE, but the command is not over yet. */
void command_call_hold(CommandCall *call);

/* Of a held call: the session that would hear of its end has gone. */
gboolean command_call_is_orphan(const CommandCall *call);

/* Ends a held call; takes `error` (NULL = success). The call is gone afterwards. */
void command_call_finish(CommandCall *call, GError *error);

/* ---- for skins ---- */

/* A call with no arguments set. `context` must outlive it, or see command_call_detach(). */
CommandCall *command_call_new(CommandContext *context, const Command *command);

/* Set an argument; a skin has checked it (command_check_int() for limits). */
void command_set_string(CommandCall *call, guint arg, const char *value);
void command_set_int(CommandCall *call, guint arg, gint64 value);
void command_set_format(CommandCall *call, guint arg, const CommandFormat *format);
void command_set_json(CommandCall *call, guint arg, JsonNode *value); /* a reference is taken */
gboolean command_check_int(const CommandArg *arg, gint64 value, GError **error);

/*
 * Runs the call, which is gone afterwards. `done` is called once, before the return or later if
 * the handler holds the call; call->out is complete then. The error is the caller's to read only.
 */
void command_call_run(CommandCall *call,
                      void (*done)(CommandCall *call, GError *error, void *opaque), void *opaque);

/* The session goes away before its held call is over: `done` will not be called. */
void command_call_detach(CommandCall *call);

/* Frees a call that was never run. */
void command_call_free(CommandCall *call);

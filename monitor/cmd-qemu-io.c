/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `qemu-io`: reading, writing and asking a drive by hand. Its words, options and answers are those
 * of the program of that name, so that scripts which read them find what they know; what does not
 * succeed is told in the answer, too, and is no error of the monitor's command.
 */
#include <string.h>

#include "core/error.h"
#include "monitor/block-io.h"
#include "monitor/handlers.h"

#define DEFAULT_PATTERN 0xcd
#define MAX_PIECES      4096 /* that `map` shows */

typedef struct IoCall IoCall;

/* A word of `qemu-io`. */
typedef struct IoWord {
    const char *name;
    char alias;          /* 0 = none */
    const char *options; /* letters, each with a ':' after it that takes a value; "" = none */
    guint min, max;      /* how many arguments */
    const char *usage, *help;
    void (*run)(IoCall *io);
} IoWord;

/* One run of a word. */
struct IoCall {
    CommandCall *call;
    GString *out;
    BlockIoTarget target;
    const IoWord *word;
    const char *values[128]; /* of the options given, by letter; "" = one without a value */
    GPtrArray *args;
};

static const IoWord words[];

static gboolean given(const IoCall *io, char letter)
{
    return io->values[(guchar)letter] != NULL;
}

/* ---- arguments ---- */

static void print_usage(const IoWord *word, GString *out)
{
    g_string_append_printf(out, "%s%s%s -- %s\n", word->name, *word->usage ? " " : "", word->usage,
                           word->help);
}

static gboolean get_size(IoCall *io, const char *text, guint64 *value)
{
    static const char *const problems[] = {
        "non-numeric argument, or extraneous/unrecognized suffix", "argument too large"};
    const char *unit = text + strspn(text, "0123456789");
    gboolean too_large = unit > text && (!*unit || (strchr("bBkKmMgGtTpPeE", *unit) && !unit[1]));

    if (option_parse_size("size", text, 'B', value, NULL) && *value <= G_MAXINT64) {
        return TRUE;
    }
    g_string_append_printf(io->out, "Parsing error: %s -- %s\n", problems[too_large], text);
    return FALSE;
}

static gboolean get_arg(IoCall *io, guint n, guint64 *value)
{
    return get_size(io, g_ptr_array_index(io->args, n), value);
}

static gboolean get_pattern(IoCall *io, guint8 *pattern)
{
    const char *text = io->values['P'];
    char *end;
    guint64 value = text ? g_ascii_strtoull(text, &end, 0) : DEFAULT_PATTERN;

    if (text && (end == text || *end || value > G_MAXUINT8)) {
        g_string_append_printf(io->out, "%s is not a valid pattern byte\n", text);
        return FALSE;
    }
    *pattern = (guint8)value;
    return TRUE;
}

static gboolean complain(IoCall *io, const char *what, char letter)
{
    g_string_append_printf(io->out, "%s: %s -- '%c'\n", io->word->name, what, letter);
    print_usage(io->word, io->out);
    return FALSE;
}

/* A word that begins with '-': letters, and perhaps a value, which may be the next word. */
static gboolean take_options(IoCall *io, char ***word)
{
    for (const char *p = **word + 1; *p; p++) {
        const char *known = g_ascii_isalpha(*p) ? strchr(io->word->options, *p) : NULL;

        if (!known) {
            return complain(io, "invalid option", *p);
        }
        if (known[1] != ':') {
            io->values[(guchar)*p] = "";
            continue;
        }
        if (!p[1] && !(*word)[1]) {
            return complain(io, "option requires an argument", *p);
        }
        io->values[(guchar)*p] = p[1] ? p + 1 : *++*word;
        break;
    }
    return TRUE;
}

static gboolean check_count(IoCall *io)
{
    const IoWord *word = io->word;
    g_autofree char *expected = NULL;

    if (io->args->len >= word->min && io->args->len <= word->max) {
        return TRUE;
    }
    if (word->max == G_MAXUINT) {
        expected = g_strdup_printf("at least %u", word->min);
    } else if (word->min == word->max) {
        expected = g_strdup_printf("%u", word->min);
    } else {
        expected = g_strdup_printf("between %u and %u", word->min, word->max);
    }
    g_string_append_printf(io->out, "bad argument count %u to %s, expected %s arguments\n",
                           io->args->len, word->name, expected);
    return FALSE;
}

/* Options may stand anywhere; "--" ends them. */
static gboolean take_words(IoCall *io, char **word)
{
    gboolean options = TRUE;

    for (; *word; word++) {
        if (options && g_str_equal(*word, "--")) {
            options = FALSE;
        } else if (!options || (*word)[0] != '-' || !(*word)[1]) {
            g_ptr_array_add(io->args, *word);
        } else if (!take_options(io, &word)) {
            return FALSE;
        }
    }
    return check_count(io);
}

/* ---- reading and writing ---- */

/* Sums up lengths, all of which go to one place. */
static gboolean get_extent(IoCall *io, BlockIo *transfer)
{
    if (!get_arg(io, 0, &transfer->offset)) {
        return FALSE;
    }
    for (guint i = 1; i < io->args->len; i++) {
        guint64 length;

        if (!get_arg(io, i, &length)) {
            return FALSE;
        }
        transfer->length += length;
        if (transfer->op != BLOCK_OP_DISCARD && transfer->length > BLOCK_IO_MAX) {
            g_string_append_printf(io->out, "length cannot exceed %u, given %s\n", BLOCK_IO_MAX,
                                   (const char *)g_ptr_array_index(io->args, i));
            return FALSE;
        }
    }
    return TRUE;
}

/* -s and -l: which part of the bytes has the pattern. */
static gboolean get_check(IoCall *io, BlockIo *transfer)
{
    guint64 from = 0, length = transfer->length;

    if (!given(io, 'P') && (given(io, 's') || given(io, 'l'))) {
        print_usage(io->word, io->out);
        return FALSE;
    }
    if ((given(io, 's') && !get_size(io, io->values['s'], &from)) ||
        (given(io, 'l') && !get_size(io, io->values['l'], &length))) {
        return FALSE;
    }
    if (!given(io, 'l')) {
        length -= MIN(from, length);
    }
    if (from > transfer->length || length > transfer->length - from) {
        g_string_append(io->out, "pattern verification range exceeds end of read data\n");
        return FALSE;
    }
    transfer->check = given(io, 'P');
    transfer->check_from = from;
    transfer->check_length = length;
    return TRUE;
}

static void run_read(IoCall *io)
{
    BlockIo transfer = {.name = io->word->name,
                        .op = BLOCK_OP_READ,
                        .dump = given(io, 'v'),
                        .quiet = given(io, 'q'),
                        .machine_readable = given(io, 'C')};

    if (!get_pattern(io, &transfer.pattern) || !get_extent(io, &transfer) ||
        !get_check(io, &transfer)) {
        return;
    }
    if (transfer.dump && transfer.length > BLOCK_IO_MAX_DUMP) {
        g_string_append_printf(io->out, "-v shows at most %u bytes\n", BLOCK_IO_MAX_DUMP);
        return;
    }
    block_io_run(io->call, &io->target, &transfer);
}

/* NULL, or what is wrong with the options of a write. */
static const char *check_write(const IoCall *io)
{
    if (given(io, 'z') && given(io, 'P')) {
        return "Only one of -z and -P can be specified at the same time";
    }
    if (given(io, 'u') && !given(io, 'z')) {
        return "-u requires -z to be specified";
    }
    if (given(io, 'z') && io->args->len > 2) {
        return "-z supports only a single length parameter";
    }
    return NULL;
}

static void run_write(IoCall *io)
{
    const char *wrong = check_write(io);
    BlockIo transfer = {.name = io->word->name,
                        .op = BLOCK_OP_WRITE,
                        .flush = given(io, 'f'),
                        .quiet = given(io, 'q'),
                        .machine_readable = given(io, 'C')};

    if (wrong) {
        g_string_append_printf(io->out, "%s\n", wrong);
        return;
    }
    if (!get_pattern(io, &transfer.pattern) || !get_extent(io, &transfer)) {
        return;
    }
    if (given(io, 'z')) {
        transfer.pattern = 0;
    }
    block_io_run(io->call, &io->target, &transfer);
}

static void run_discard(IoCall *io)
{
    BlockIo transfer = {.name = io->word->name,
                        .op = BLOCK_OP_DISCARD,
                        .quiet = given(io, 'q'),
                        .machine_readable = given(io, 'C')};

    if (get_extent(io, &transfer)) {
        block_io_run(io->call, &io->target, &transfer);
    }
}

static void run_flush(IoCall *io)
{
    BlockIo transfer = {.name = io->word->name, .op = BLOCK_OP_FLUSH, .quiet = TRUE};

    block_io_run(io->call, &io->target, &transfer);
}

/* ---- questions ---- */

/* The drive, with a medium in it; or NULL, and the person was told. */
static Drive *get_drive(IoCall *io, const char *empty)
{
    g_autoptr(GError) error = NULL;
    Drive *drive = block_io_find(io->call->machine, &io->target, &error);

    if (!drive || !drive_has_medium(drive)) {
        g_string_append_printf(io->out, "%s\n", drive ? empty : error->message);
        return NULL;
    }
    return drive;
}

static void run_length(IoCall *io)
{
    const Drive *drive = get_drive(io, "getlength: No medium found");
    g_autofree char *size = drive ? block_io_format_size(drive->length) : NULL;

    if (drive) {
        g_string_append_printf(io->out, "%s\n", size);
    }
}

static void run_info(IoCall *io)
{
    const Drive *drive = get_drive(io, "No medium inserted");

    if (drive) {
        const BlockImage *base = drive->image->base;

        g_string_append_printf(io->out,
                               "format name: %s\n"
                               "cluster size: %u bytes\n"
                               "vm state offset: 0 bytes\n",
                               base ? base->ops->name : drive->image->ops->name,
                               base ? BLOCK_SECTOR_SIZE : 0);
    }
}

/* How many of the bytes are alike: kept by a temporary snapshot, or all that an image has. */
static guint64 run_of(BlockImage *image, guint64 offset, guint64 length, gboolean *allocated)
{
    *allocated = TRUE;
    return image->ops->run ? image->ops->run(image, offset, length, allocated) : length;
}

static void run_map(IoCall *io)
{
    const Drive *drive = get_drive(io, "No medium inserted");
    guint64 offset = 0;

    for (guint n = 0; drive && offset < drive->length; n++) {
        gboolean allocated;
        guint64 count = run_of(drive->image, offset, drive->length - offset, &allocated);
        g_autofree char *size = block_io_format_size(count);
        g_autofree char *from = block_io_format_size(offset);

        if (n == MAX_PIECES) {
            g_string_append_printf(io->out, "and more: these are the first %u pieces\n", n);
            return;
        }
        g_string_append_printf(io->out,
                               "%s (0x%" G_GINT64_MODIFIER "x) bytes %s allocated at offset %s "
                               "(0x%" G_GINT64_MODIFIER "x)\n",
                               size, count, allocated ? "   " : "not", from, offset);
        offset += count;
    }
}

static void run_alloc(IoCall *io)
{
    const Drive *drive = get_drive(io, "No medium inserted");
    guint64 offset, count = BLOCK_SECTOR_SIZE, sum = 0, end;
    g_autofree char *from = NULL;

    if (!drive || !get_arg(io, 0, &offset) || (io->args->len > 1 && !get_arg(io, 1, &count))) {
        return;
    }
    offset = MIN(offset, drive->length);
    count = MIN(count, drive->length - offset);
    end = offset + count;
    from = block_io_format_size(offset);
    for (guint64 at = offset; at < end;) {
        gboolean allocated;
        guint64 run = run_of(drive->image, at, end - at, &allocated);

        sum += allocated ? run : 0;
        at += run;
    }
    g_string_append_printf(
        io->out, "%" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT " bytes allocated at offset %s\n", sum,
        count, from);
}

static void truncated(Drive *drive, int result, void *opaque)
{
    CommandCall *call = opaque;

    if (result < 0) {
        g_string_append_printf(call->out, "%s\n", g_strerror(-result));
    }
    command_call_finish(call, NULL);
}

static void run_truncate(IoCall *io)
{
    const char *mode = io->values['m'];
    Drive *drive = get_drive(io, "No medium inserted");
    g_autoptr(GError) error = NULL;
    guint64 length;

    if (!drive || !get_arg(io, 0, &length)) {
        return;
    }
    if (mode && !g_str_equal(mode, "off")) {
        g_string_append_printf(io->out, "%s is no mode of preallocation: off\n", mode);
    } else if (drive_resize(drive, length, truncated, io->call, &error)) {
        command_call_hold(io->call);
    } else {
        g_string_append_printf(io->out, "%s\n", error->message);
    }
}

/* ---- words ---- */

static const IoWord *find_word(const char *name)
{
    for (const IoWord *word = words; word->name; word++) {
        if (g_str_equal(word->name, name) || (word->alias && name[0] == word->alias && !name[1])) {
            return word;
        }
    }
    return NULL;
}

static void run_help(IoCall *io)
{
    const char *name = io->args->len ? g_ptr_array_index(io->args, 0) : NULL;
    const IoWord *one = name ? find_word(name) : NULL;

    if (one) {
        print_usage(one, io->out);
    } else if (name) {
        g_string_append_printf(io->out, "command %s not found\n", name);
    }
    for (const IoWord *word = words; !name && word->name; word++) {
        print_usage(word, io->out);
    }
}

/* Nothing outlives its command here. */
static void run_nothing(IoCall *io)
{
}

#define MANY G_MAXUINT

static const IoWord words[] = {
    {"aio_flush", 0, "", 0, 0, "", "wait for what aio_read and aio_write began", run_nothing},
    {"aio_read", 0, "CqvP:", 2, MANY, "[-Cqv] [-P pattern] off len [len..]", "the same as readv",
     run_read},
    {"aio_write", 0, "CfquzP:", 2, MANY, "[-Cfquz] [-P pattern] off len [len..]",
     "the same as writev", run_write},
    {"alloc", 0, "", 1, 2, "offset [count]", "how much of it a temporary snapshot keeps",
     run_alloc},
    {"discard", 'd', "Cq", 2, 2, "[-Cq] off len", "give up bytes, if the drive has discard=unmap",
     run_discard},
    {"flush", 'f', "", 0, 0, "", "put what was written on stable storage", run_flush},
    {"help", '?', "", 0, 1, "[command]", "these words, or one of them", run_help},
    {"info", 'i', "", 0, 0, "", "the image's format", run_info},
    {"length", 'l', "", 0, 0, "", "how large the medium is", run_length},
    {"map", 0, "", 0, 0, "", "which parts a temporary snapshot keeps, or all", run_map},
    {"read", 'r', "CpqvP:s:l:", 2, 2, "[-Cqv] [-P pattern [-s off] [-l len]] off len",
     "read; -v shows the bytes, -P compares them, -C answers for programs, -q not at all",
     run_read},
    {"readv", 0, "CqvP:s:l:", 2, MANY, "[-Cqv] [-P pattern] off len [len..]",
     "read the sum of the lengths", run_read},
    {"truncate", 't', "m:", 1, 1, "[-m off] off", "make the medium larger", run_truncate},
    {"write", 'w', "CfpquzP:", 2, 2, "[-Cfquz] [-P pattern] off len",
     "write 0xcd, or the pattern, or (-z) zeros; -f puts them on stable storage", run_write},
    {"writev", 0, "CfqP:", 2, MANY, "[-Cfq] [-P pattern] off len [len..]",
     "write the sum of the lengths", run_write},
    {0},
};

gboolean cmd_qemu_io(CommandCall *call, GError **error)
{
    g_auto(GStrv) line = g_strsplit_set(command_string(call, "command"), " \t\r\n", -1);
    g_autoptr(GPtrArray) split = g_ptr_array_new(), args = g_ptr_array_new();
    IoCall io = {.call = call,
                 .out = call->out,
                 .target = {command_string(call, "device"), command_flag(call, "qdev")},
                 .args = args};

    if (!block_io_find(call->machine, &io.target, error)) {
        return FALSE;
    }
    for (guint i = 0; line[i]; i++) {
        if (*line[i]) {
            g_ptr_array_add(split, line[i]);
        }
    }
    g_ptr_array_add(split, NULL);
    if (split->len == 1) {
        return TRUE;
    }
    io.word = find_word(split->pdata[0]);
    if (!io.word) {
        g_string_append_printf(call->out, "command \"%s\" not found\n",
                               (const char *)split->pdata[0]);
    } else if (take_words(&io, (char **)split->pdata + 1)) {
        io.word->run(&io);
    }
    return TRUE;
}

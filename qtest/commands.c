/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qtest/commands.h"

#include <string.h>

/* Most bytes that one command moves: a bound for what a client can make us allocate. */
#define MAX_TRANSFER (16u << 20)
#define MAX_WORDS    8

/* An output line that is watched: what it was, so that levels still reach the machine. */
typedef struct Intercept {
    Qtest *qtest;
    IrqLine old;
} Intercept;

struct Qtest {
    Machine *machine;
    QtestSendFn send;
    void *opaque;
    Device *intercepted;
    gboolean report_msi;
    GPtrArray *intercepts; /* of Intercept*, owned */
    GArray *levels;        /* int, last reported level of each line */
};

typedef struct Command {
    const char *name;
    guint min_args, max_args;
    void (*run)(Qtest *qtest, const struct Command *command, char **args, guint count);
    guint size;     /* bytes of a single access */
    gboolean write; /* or, for interception, the device's inputs */
} Command;

static void reply(Qtest *qtest, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void reply(Qtest *qtest, const char *format, ...)
{
    g_autofree char *line = NULL;
    va_list args;

    va_start(args, format);
    line = g_strdup_vprintf(format, args);
    va_end(args);
    qtest->send(qtest->opaque, line);
}

/* Numbers are C's: decimal, 0x hexadecimal or 0 octal. */
static gboolean parse_number(Qtest *qtest, const char *text, guint64 *value)
{
    char *end;

    *value = g_ascii_strtoull(text, &end, 0);
    if (end == text || *end || *text == '-') {
        reply(qtest, "FAIL Invalid number '%s'", text);
        return FALSE;
    }
    return TRUE;
}

static gboolean parse_range(Qtest *qtest, char **args, guint64 *addr, guint64 *length)
{
    if (!parse_number(qtest, args[0], addr) || !parse_number(qtest, args[1], length)) {
        return FALSE;
    }
    if (*length == 0 || *length > MAX_TRANSFER) {
        reply(qtest, "FAIL Invalid size '%s', 1 to %u are allowed", args[1], MAX_TRANSFER);
        return FALSE;
    }
    return TRUE;
}

/* ---- ports and memory ---- */

static void run_port(Qtest *qtest, const Command *command, char **args, guint count)
{
    guint64 port, value;

    if (!parse_number(qtest, args[0], &port)) {
        return;
    }
    if (port > 0xffff) {
        reply(qtest, "FAIL Invalid port '%s'", args[0]);
        return;
    }
    if (!command->write) {
        value = address_space_load(qtest->machine->io, port, command->size);
        reply(qtest, "OK 0x%04x", (guint)value);
    } else if (parse_number(qtest, args[1], &value)) {
        value &= 0xffffffffull >> (32 - 8 * command->size);
        address_space_store(qtest->machine->io, port, value, command->size);
        reply(qtest, "OK");
    }
}

static void run_memory(Qtest *qtest, const Command *command, char **args, guint count)
{
    guint64 addr, value;

    if (!parse_number(qtest, args[0], &addr)) {
        return;
    }
    if (!command->write) {
        value = address_space_load(qtest->machine->memory, addr, command->size);
        reply(qtest, "OK 0x%016" G_GINT64_MODIFIER "x", value);
    } else if (parse_number(qtest, args[1], &value)) {
        if (command->size < 8) {
            value &= (1ull << (8 * command->size)) - 1;
        }
        address_space_store(qtest->machine->memory, addr, value, command->size);
        reply(qtest, "OK");
    }
}

static void run_read(Qtest *qtest, const Command *command, char **args, guint count)
{
    g_autofree guint8 *data = NULL;
    g_autoptr(GString) text = NULL;
    guint64 addr, length, i;

    if (!parse_range(qtest, args, &addr, &length)) {
        return;
    }
    data = g_malloc(length);
    address_space_read(qtest->machine->memory, addr, data, length);
    text = g_string_sized_new(2 * length + 8);
    g_string_append(text, "OK 0x");
    for (i = 0; i < length; i++) {
        g_string_append_c(text, "0123456789abcdef"[data[i] >> 4]);
        g_string_append_c(text, "0123456789abcdef"[data[i] & 15]);
    }
    qtest->send(qtest->opaque, text->str);
}

static void run_write(Qtest *qtest, const Command *command, char **args, guint count)
{
    g_autofree guint8 *data = NULL;
    const char *hex = args[2];
    guint64 addr, length, i;

    if (!parse_range(qtest, args, &addr, &length)) {
        return;
    }
    if (!g_str_has_prefix(hex, "0x") || strlen(hex) % 2) {
        reply(qtest, "FAIL Invalid data, 0x and pairs of hexadecimal digits are right");
        return;
    }
    /* What the digits do not cover is written as zero. */
    data = g_malloc0(length);
    for (i = 0, hex += 2; i < length && *hex; i++, hex += 2) {
        if (!g_ascii_isxdigit(hex[0]) || !g_ascii_isxdigit(hex[1])) {
            reply(qtest, "FAIL Invalid data, 0x and pairs of hexadecimal digits are right");
            return;
        }
        data[i] = g_ascii_xdigit_value(hex[0]) << 4 | g_ascii_xdigit_value(hex[1]);
    }
    address_space_write(qtest->machine->memory, addr, data, length);
    reply(qtest, "OK");
}

static void run_b64read(Qtest *qtest, const Command *command, char **args, guint count)
{
    g_autofree guint8 *data = NULL;
    g_autofree char *text = NULL;
    guint64 addr, length;

    if (!parse_range(qtest, args, &addr, &length)) {
        return;
    }
    data = g_malloc(length);
    address_space_read(qtest->machine->memory, addr, data, length);
    text = g_base64_encode(data, length);
    reply(qtest, "OK %s", text);
}

static void run_b64write(Qtest *qtest, const Command *command, char **args, guint count)
{
    g_autofree guint8 *data = NULL;
    guint64 addr, length;
    gsize out_length;

    if (!parse_range(qtest, args, &addr, &length)) {
        return;
    }
    data = g_base64_decode(args[2], &out_length);
    if (out_length != length) {
        reply(qtest, "FAIL b64write: data length mismatch (told %u, found %u)", (guint)length,
              (guint)out_length);
        return;
    }
    address_space_write(qtest->machine->memory, addr, data, length);
    reply(qtest, "OK");
}

static void run_memset(Qtest *qtest, const Command *command, char **args, guint count)
{
    g_autofree guint8 *data = NULL;
    guint64 addr, length, value;

    if (!parse_range(qtest, args, &addr, &length) || !parse_number(qtest, args[2], &value)) {
        return;
    }
    data = g_malloc(length);
    memset(data, (int)(value & 0xff), length);
    address_space_write(qtest->machine->memory, addr, data, length);
    reply(qtest, "OK");
}

static void run_endianness(Qtest *qtest, const Command *command, char **args, guint count)
{
    reply(qtest, "OK little");
}

/* ---- time ---- */

static void run_clock_step(Qtest *qtest, const Command *command, char **args, guint count)
{
    Clock *clock = qtest->machine->guest_clock;
    gint64 now = clock_now(clock);
    gint64 next = clock_next_expiry(clock);
    guint64 ns = next > now ? next - now : 0;

    if (count && !parse_number(qtest, args[0], &ns)) {
        return;
    }
    if (ns > (guint64)(G_MAXINT64 - now)) {
        reply(qtest, "FAIL %" G_GINT64_FORMAT, now);
        return;
    }
    reply(qtest, "OK %" G_GINT64_FORMAT, clock_step(clock, now + (gint64)ns));
}

static void run_clock_set(Qtest *qtest, const Command *command, char **args, guint count)
{
    guint64 ns;

    if (!parse_number(qtest, args[0], &ns)) {
        return;
    }
    ns = MIN(ns, (guint64)G_MAXINT64);
    reply(qtest, "OK %" G_GINT64_FORMAT, clock_step(qtest->machine->guest_clock, (gint64)ns));
}

/* ---- interrupts ---- */

static void report_level(Qtest *qtest, guint n, int level)
{
    int *last;

    if (n >= qtest->levels->len) {
        g_array_set_size(qtest->levels, n + 1);
    }
    last = &g_array_index(qtest->levels, int, n);
    if (*last != !!level) {
        *last = !!level;
        reply(qtest, "IRQ %s %u", level ? "raise" : "lower", n);
    }
}

static void on_input(void *opaque, guint n, int level)
{
    report_level(opaque, n, level);
}

static void on_output(void *opaque, guint n, int level)
{
    Intercept *intercept = opaque;

    irq_set(&intercept->old, level);
    report_level(intercept->qtest, n, level);
}

static gboolean has_name(Device *dev, const char *name)
{
    return !g_strcmp0(dev->id, name) || !strcmp(dev->ops->name, name);
}

typedef struct Search {
    const char *name;
    Device *found;
} Search;

static gboolean search_step(Device *dev, void *opaque)
{
    Search *search = opaque;

    if (!has_name(dev, search->name)) {
        return TRUE;
    }
    search->found = dev;
    return FALSE;
}

/* A device by its id or its type's name, either of which may be the end of a path. */
static Device *find_device(Qtest *qtest, const char *path)
{
    const char *slash = strrchr(path, '/');
    Search search = {slash ? slash + 1 : path, NULL};

    if (qtest->machine->root) {
        device_foreach(qtest->machine->root, search_step, &search);
    }
    if (!search.found) {
        reply(qtest, "FAIL Unknown device");
    }
    return search.found;
}

static void intercept_outputs(Qtest *qtest, Device *dev)
{
    guint n;

    for (n = 0; n < dev->irqs->len; n++) {
        IrqLine *line = g_ptr_array_index(dev->irqs, n);
        Intercept *intercept = g_new(Intercept, 1);

        *intercept = (Intercept){qtest, *line};
        g_ptr_array_add(qtest->intercepts, intercept);
        *line = (IrqLine){on_output, intercept, n};
    }
}

static void run_intercept(Qtest *qtest, const Command *command, char **args, guint count)
{
    gboolean inputs = command->write;
    Device *dev = find_device(qtest, args[0]);

    if (!dev) {
        return;
    }
    if (qtest->intercepted) {
        reply(qtest, qtest->intercepted == dev ? "OK" : "FAIL IRQ intercept already enabled");
        return;
    }
    if (inputs ? !dev->ops->inputs || dev->input_tap : !dev->irqs->len) {
        reply(qtest, "FAIL No intercepts installed");
        return;
    }
    if (inputs) {
        dev->input_tap = on_input;
        dev->input_tap_opaque = qtest;
    } else {
        intercept_outputs(qtest, dev);
    }
    qtest->intercepted = dev;
    reply(qtest, "OK");
}

static void run_set_irq_in(Qtest *qtest, const Command *command, char **args, guint count)
{
    Device *dev = find_device(qtest, args[0]);
    guint64 n, level;
    IrqLine line;

    if (!dev || !parse_number(qtest, args[2], &n) || !parse_number(qtest, args[3], &level)) {
        return;
    }
    if (n >= dev->ops->inputs) {
        reply(qtest, "FAIL Unknown IRQ");
        return;
    }
    line = device_input(dev, (guint)n);
    irq_set(&line, level != 0);
    reply(qtest, "OK");
}

/* Ours: interrupt messages are reported from now on, as "MSI ADDRESS DATA". */
static void run_msi_intercept(Qtest *qtest, const Command *command, char **args, guint count)
{
    qtest->report_msi = TRUE;
    reply(qtest, "OK");
}

/* Ours: the interrupt acknowledge cycle of a processor; answers with the vector. */
static void run_pic_acknowledge(Qtest *qtest, const Command *command, char **args, guint count)
{
    Machine *machine = qtest->machine;

    if (!machine->pic_acknowledge) {
        reply(qtest, "FAIL No interrupt controller");
        return;
    }
    reply(qtest, "OK 0x%02x", machine->pic_acknowledge(machine->pic_opaque));
}

/* Ours: a local APIC's end of interrupt for a level-triggered vector. */
static void run_eoi(Qtest *qtest, const Command *command, char **args, guint count)
{
    Machine *machine = qtest->machine;
    guint64 vector;

    if (!parse_number(qtest, args[0], &vector)) {
        return;
    }
    if (!machine->eoi || vector > 0xff) {
        reply(qtest, "FAIL Nobody takes the EOI of vector %s", args[0]);
        return;
    }
    machine->eoi(machine->eoi_opaque, (guint)vector);
    reply(qtest, "OK");
}

static const Command commands[] = {
    {"inb", 1, 1, run_port, 1, FALSE},
    {"inw", 1, 1, run_port, 2, FALSE},
    {"inl", 1, 1, run_port, 4, FALSE},
    {"outb", 2, 2, run_port, 1, TRUE},
    {"outw", 2, 2, run_port, 2, TRUE},
    {"outl", 2, 2, run_port, 4, TRUE},
    {"readb", 1, 1, run_memory, 1, FALSE},
    {"readw", 1, 1, run_memory, 2, FALSE},
    {"readl", 1, 1, run_memory, 4, FALSE},
    {"readq", 1, 1, run_memory, 8, FALSE},
    {"writeb", 2, 2, run_memory, 1, TRUE},
    {"writew", 2, 2, run_memory, 2, TRUE},
    {"writel", 2, 2, run_memory, 4, TRUE},
    {"writeq", 2, 2, run_memory, 8, TRUE},
    {"read", 2, 2, run_read},
    {"write", 3, 3, run_write},
    {"b64read", 2, 2, run_b64read},
    {"b64write", 3, 3, run_b64write},
    {"memset", 3, 3, run_memset},
    {"endianness", 0, 0, run_endianness},
    {"clock_step", 0, 1, run_clock_step},
    {"clock_set", 1, 1, run_clock_set},
    {"irq_intercept_in", 1, 1, run_intercept, 0, TRUE},
    {"irq_intercept_out", 1, 1, run_intercept, 0, FALSE},
    {"set_irq_in", 4, 4, run_set_irq_in},
    {"msi_intercept", 0, 0, run_msi_intercept},
    {"pic_acknowledge", 0, 0, run_pic_acknowledge},
    {"eoi", 1, 1, run_eoi},
};

/* Splits in place; returns the number of words, at most MAX_WORDS. */
static guint split_words(char *line, char **words)
{
    guint count = 0;
    char *save = NULL;
    char *word = strtok_r(line, " \t\r", &save);

    while (word && count < MAX_WORDS) {
        words[count++] = word;
        word = strtok_r(NULL, " \t\r", &save);
    }
    return count;
}

void qtest_command(Qtest *qtest, char *line)
{
    char *words[MAX_WORDS];
    guint count = split_words(line, words);
    gsize i;

    if (count == 0) {
        reply(qtest, "FAIL Unknown command ''");
        return;
    }
    for (i = 0; i < G_N_ELEMENTS(commands); i++) {
        const Command *command = &commands[i];

        if (strcmp(command->name, words[0])) {
            continue;
        }
        if (count - 1 < command->min_args || count - 1 > command->max_args) {
            reply(qtest, "FAIL Command '%s' takes %u to %u arguments", command->name,
                  command->min_args, command->max_args);
            return;
        }
        command->run(qtest, command, words + 1, count - 1);
        return;
    }
    reply(qtest, "FAIL Unknown command '%s'", words[0]);
}

void qtest_report_msi(Qtest *qtest, guint64 addr, guint32 data)
{
    if (qtest->report_msi) {
        reply(qtest, "MSI 0x%" G_GINT64_MODIFIER "x 0x%x", addr, data);
    }
}

Qtest *qtest_new(Machine *machine, QtestSendFn send, void *opaque)
{
    Qtest *qtest = g_new0(Qtest, 1);

    qtest->machine = machine;
    qtest->send = send;
    qtest->opaque = opaque;
    qtest->intercepts = g_ptr_array_new_with_free_func(g_free);
    qtest->levels = g_array_new(FALSE, TRUE, sizeof(int));
    return qtest;
}

void qtest_free(Qtest *qtest)
{
    if (qtest) {
        g_ptr_array_unref(qtest->intercepts);
        g_array_unref(qtest->levels);
        g_free(qtest);
    }
}

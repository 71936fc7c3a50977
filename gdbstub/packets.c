/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets of one letter (GDB manual, "Packets"). An unknown one is answered by an empty packet. */
#include <string.h>

#include "gdbstub/gdbstub-priv.h"

/* Longest vector register; every buffer for one value is this long. */
#define MAX_REGISTER 16

/* ---- reading ---- */

gboolean gdb_parse_hex(const char **text, guint64 *value)
{
    const char *p = *text;
    guint64 result = 0;

    for (; g_ascii_isxdigit(*p); p++) {
        if (result >> 60) {
            return FALSE;
        }
        result = result << 4 | (guint)g_ascii_xdigit_value(*p);
    }
    if (p == *text) {
        return FALSE;
    }
    *text = p;
    *value = result;
    return TRUE;
}

gboolean gdb_parse_bytes(const char *text, guint8 *bytes, gsize length)
{
    for (gsize i = 0; i < length; i++) {
        if (!g_ascii_isxdigit(text[2 * i]) || !g_ascii_isxdigit(text[2 * i + 1])) {
            return FALSE;
        }
        bytes[i] = (guint8)(g_ascii_xdigit_value(text[2 * i]) << 4 |
                            g_ascii_xdigit_value(text[2 * i + 1]));
    }
    return text[2 * length] == '\0';
}

/* "-1" is all, "0" any; anything else is a number from 1. */
static gboolean parse_id(const char **text, gint64 *id)
{
    guint64 value;

    if (g_str_has_prefix(*text, "-1")) {
        *text += 2;
        *id = -1;
        return TRUE;
    }
    if (!gdb_parse_hex(text, &value) || value > G_MAXINT) {
        return FALSE;
    }
    *id = (gint64)value;
    return TRUE;
}

gboolean gdb_parse_thread(GdbStub *stub, const char **text, int *cpu)
{
    gint64 process = 1, thread = -1;

    if (**text == 'p') {
        ++*text;
        if (!parse_id(text, &process) || process > 1) {
            return FALSE;
        }
        if (**text != '.') {
            *cpu = -1;
            return TRUE;
        }
        ++*text;
    }
    if (!parse_id(text, &thread) || thread > (gint64)gdb_cpu_count(stub)) {
        return FALSE;
    }
    *cpu = thread <= 0 ? -1 : (int)thread - 1;
    return TRUE;
}

void gdb_append_hex(GString *out, const guint8 *bytes, gsize length)
{
    for (gsize i = 0; i < length; i++) {
        g_string_append_printf(out, "%02x", bytes[i]);
    }
}

Vcpu *gdb_vcpu(GdbStub *stub, guint index)
{
    return g_ptr_array_index(stub->machine->vcpus, index);
}

guint gdb_cpu_count(const GdbStub *stub)
{
    return stub->machine->vcpus->len;
}

static void answer(GdbStub *stub, gboolean ok)
{
    if (ok) {
        gdb_send(stub, "OK");
    } else {
        gdb_send_error(stub, GDB_ERROR_INVALID);
    }
}

/* ---- registers ---- */

static void read_all_registers(GdbStub *stub)
{
    g_autoptr(GString) reply = g_string_new(NULL);
    guint8 bytes[MAX_REGISTER];
    CpuRegisters regs;

    vcpu_get_regs(gdb_vcpu(stub, stub->cpu), &regs);
    for (guint n = 0; n < gdb_register_count(); n++) {
        gdb_register_get(&regs, n, bytes);
        gdb_append_hex(reply, bytes, gdb_register_size(n));
    }
    gdb_send(stub, reply->str);
}

/* May be cut short by a client that knows fewer registers. */
static void write_all_registers(GdbStub *stub, const char *text)
{
    gsize have = strlen(text) / 2, at = 0;
    g_autofree guint8 *bytes = g_malloc(have + 1);
    Vcpu *vcpu = gdb_vcpu(stub, stub->cpu);
    CpuRegisters regs;

    if (!gdb_parse_bytes(text, bytes, have)) {
        gdb_send_error(stub, GDB_ERROR_INVALID);
        return;
    }
    vcpu_get_regs(vcpu, &regs);
    for (guint n = 0; n < gdb_register_count() && at + gdb_register_size(n) <= have; n++) {
        gdb_register_set(&regs, n, bytes + at); /* what cannot be set stays */
        at += gdb_register_size(n);
    }
    vcpu_set_regs(vcpu, &regs);
    gdb_send(stub, "OK");
}

static void read_register(GdbStub *stub, const char *text)
{
    g_autoptr(GString) reply = g_string_new(NULL);
    guint8 bytes[MAX_REGISTER];
    CpuRegisters regs;
    guint64 n;

    if (!gdb_parse_hex(&text, &n) || *text || n >= gdb_register_count()) {
        gdb_send_error(stub, GDB_ERROR_INVALID);
        return;
    }
    vcpu_get_regs(gdb_vcpu(stub, stub->cpu), &regs);
    gdb_register_get(&regs, (guint)n, bytes);
    gdb_append_hex(reply, bytes, gdb_register_size((guint)n));
    gdb_send(stub, reply->str);
}

static void write_register(GdbStub *stub, const char *text)
{
    Vcpu *vcpu = gdb_vcpu(stub, stub->cpu);
    guint8 bytes[MAX_REGISTER];
    CpuRegisters regs;
    guint64 n;

    if (!gdb_parse_hex(&text, &n) || *text != '=' || n >= gdb_register_count() ||
        !gdb_parse_bytes(text + 1, bytes, gdb_register_size((guint)n))) {
        gdb_send_error(stub, GDB_ERROR_INVALID);
        return;
    }
    vcpu_get_regs(vcpu, &regs);
    if (!gdb_register_set(&regs, (guint)n, bytes)) {
        gdb_send_error(stub, GDB_ERROR_INVALID);
        return;
    }
    vcpu_set_regs(vcpu, &regs);
    gdb_send(stub, "OK");
}

/* ---- memory ---- */

/* "ADDR,LENGTH" and what follows it. */
static gboolean parse_range(const char **text, guint64 *addr, guint64 *length)
{
    if (!gdb_parse_hex(text, addr) || **text != ',') {
        return FALSE;
    }
    ++*text;
    return gdb_parse_hex(text, length);
}

static void read_memory(GdbStub *stub, const char *text)
{
    g_autoptr(GString) reply = g_string_new(NULL);
    guint8 bytes[GDB_PACKET_SIZE / 2];
    guint64 addr, length;
    gsize done;

    if (!parse_range(&text, &addr, &length) || *text) {
        gdb_send_error(stub, GDB_ERROR_INVALID);
        return;
    }
    length = MIN(length, sizeof(bytes)); /* the client asks for the rest */
    done = gdb_read_memory(stub, addr, bytes, length);
    if (done == 0 && length > 0) {
        gdb_send_error(stub, GDB_ERROR_FAULT);
        return;
    }
    gdb_append_hex(reply, bytes, done);
    gdb_send(stub, reply->str);
}

/* M has hexadecimal digits, X the bytes themselves. */
static void write_memory(GdbStub *stub, const char *packet, gsize length, gboolean binary)
{
    const char *text = packet;
    guint8 bytes[GDB_PACKET_SIZE / 2];
    guint64 addr, count;
    gboolean ok = parse_range(&text, &addr, &count) && *text == ':';

    if (ok && binary) {
        ok = length - (gsize)(text + 1 - packet) == count;
    } else if (ok) {
        ok = count <= sizeof(bytes) && gdb_parse_bytes(text + 1, bytes, count);
    }
    if (!ok) {
        gdb_send_error(stub, GDB_ERROR_INVALID);
        return;
    }
    if (gdb_write_memory(stub, addr, binary ? (const guint8 *)text + 1 : bytes, count) < count) {
        gdb_send_error(stub, GDB_ERROR_FAULT);
        return;
    }
    gdb_send(stub, "OK");
}

/* ---- break- and watchpoints ---- */

/* "TYPE,ADDR,KIND": the kind of a breakpoint is of no matter here. */
static void change_point(GdbStub *stub, const char *text, gboolean insert)
{
    GdbPoint point = {0};
    guint64 type;

    if (!gdb_parse_hex(&text, &type) || *text++ != ',' ||
        !parse_range(&text, &point.addr, &point.length) || (*text && *text != ';')) {
        gdb_send_error(stub, GDB_ERROR_INVALID);
        return;
    }
    if (type > GDB_POINT_ACCESS) {
        gdb_send(stub, ""); /* a kind that we do not have */
        return;
    }
    point.type = (guint)type;
    if (type <= GDB_POINT_HARDWARE) {
        point.length = 1;
    }
    answer(stub, point.length > 0 &&
                     (insert ? gdb_insert_point(stub, &point) : gdb_remove_point(stub, &point)));
}

/* ---- threads and running ---- */

/* "Hg1": for which vCPU the packets that follow are. */
static void choose_thread(GdbStub *stub, const char *text)
{
    char what = *text;
    int cpu;

    text += what != '\0';
    if (!strchr("gc", what) || !what || !gdb_parse_thread(stub, &text, &cpu) || *text) {
        gdb_send_error(stub, GDB_ERROR_INVALID);
        return;
    }
    if (cpu >= 0) {
        *(what == 'g' ? &stub->cpu : &stub->resume_cpu) = (guint)cpu;
    }
    gdb_send(stub, "OK");
}

/* c, s [ADDR] and C, S SIGNAL[;ADDR]: a processor takes no signals. */
static void resume(GdbStub *stub, const char *packet)
{
    GdbAction action = strchr("sS", *packet) ? GDB_STEP : GDB_CONTINUE;
    const char *text = packet + 1;
    guint64 value;
    Vcpu *vcpu = gdb_vcpu(stub, stub->resume_cpu);
    g_autofree guint8 *actions = g_malloc0(gdb_cpu_count(stub));

    if (strchr("SC", *packet) && (!gdb_parse_hex(&text, &value) || (*text && *text++ != ';'))) {
        gdb_send_error(stub, GDB_ERROR_INVALID);
        return;
    }
    if (*text) {
        CpuRegisters regs;
        if (!gdb_parse_hex(&text, &value) || *text) {
            gdb_send_error(stub, GDB_ERROR_INVALID);
            return;
        }
        vcpu_get_regs(vcpu, &regs);
        regs.rip = value;
        vcpu_set_regs(vcpu, &regs);
    }
    for (guint i = 0; i < gdb_cpu_count(stub); i++) {
        actions[i] = action == GDB_CONTINUE  ? GDB_CONTINUE
                     : i == stub->resume_cpu ? GDB_STEP
                                             : GDB_HOLD;
    }
    gdb_resume(stub, actions);
}

void gdb_handle_packet(GdbStub *stub, const char *packet, gsize length)
{
    const char *rest = packet + (length > 0);
    int cpu;

    switch (*packet) {
    case '?': gdb_send_stop(stub); break;
    case 'c':
    case 'C':
    case 's':
    case 'S': resume(stub, packet); break;
    case 'D':
        gdb_detach(stub, TRUE);
        gdb_send(stub, "OK");
        break;
    case 'g': read_all_registers(stub); break;
    case 'G': write_all_registers(stub, rest); break;
    case 'H': choose_thread(stub, rest); break;
    case 'k': machine_request_shutdown(stub->machine, SHUTDOWN_HOST_QMP_QUIT, 0); break;
    case 'm': read_memory(stub, rest); break;
    case 'M': write_memory(stub, rest, length - 1, FALSE); break;
    case 'p': read_register(stub, rest); break;
    case 'P': write_register(stub, rest); break;
    case 'q': gdb_handle_query(stub, packet); break;
    case 'Q': gdb_handle_set(stub, packet); break;
    case 'T': answer(stub, gdb_parse_thread(stub, &rest, &cpu) && !*rest && cpu >= 0); break;
    case 'v': gdb_handle_v(stub, packet); break;
    case 'X': write_memory(stub, rest, length - 1, TRUE); break;
    case 'z': change_point(stub, rest, FALSE); break;
    case 'Z': change_point(stub, rest, TRUE); break;
    default: gdb_send(stub, ""); break;
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The debug server, by clients that keep to the protocol and by clients that do not. */
#include <string.h>

#include "core/vcpu.h"
#include "gdbstub/gdbstub.h"
#include "monitor/monitor.h"
#include "tests/unit/monitor-rig.h"

#define REGISTER_BYTES (16 * 8 + 8 + 4 + 6 * 4 + 8 * 10 + 8 * 4 + 16 * 16 + 4 + 2 * 8 + 6 * 8)

/* ---- a client ---- */

static void connect_client(Rig *rig)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(gdbstub_serve(rig->machine, &rig->chr, &monitor_gdb_ops, &error));
    g_assert_no_error(error);
    chardev_event(&rig->chr, CHAR_OPENED);
}

static void setup(Rig *rig, gconstpointer data)
{
    rig_init_cpus(rig, data ? GPOINTER_TO_UINT(data) : 1);
    connect_client(rig);
}

static void teardown(Rig *rig, gconstpointer data)
{
    gdbstub_stop(rig->machine);
    rig_clear(rig);
}

static void send_raw(Rig *rig, const char *bytes, gsize length)
{
    rig_type(rig, bytes, length);
    rig_settle(rig);
}

static char *frame(const char *body, gsize length)
{
    guint8 sum = 0;

    for (gsize i = 0; i < length; i++) {
        sum += (guint8)body[i];
    }
    return g_strdup_printf("$%.*s#%02x", (int)length, body, sum);
}

static void send_packet(Rig *rig, const char *body)
{
    g_autofree char *text = frame(body, strlen(body));

    g_string_truncate(rig->peer, 0);
    send_raw(rig, text, strlen(text));
}

/* Waits for what the vCPUs' threads bring about. */
static void wait_output(Rig *rig, const char *end)
{
    gint64 until = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;

    while (!g_str_has_suffix(rig->peer->str, end)) {
        g_assert_cmpint(g_get_monotonic_time(), <, until);
        if (!event_loop_iterate(rig->loop, FALSE)) {
            vm_lock_drop(rig->lock);
            g_usleep(500);
            vm_lock_take(rig->lock, "test");
        }
    }
}

/* Sends a packet, and compares the answer: "+$ANSWER#SUM". */
static void ask(Rig *rig, const char *body, const char *answer)
{
    g_autofree char *framed = frame(answer, strlen(answer));
    g_autofree char *expected = g_strconcat("+", framed, NULL);

    send_packet(rig, body);
    g_assert_cmpstr(rig->peer->str, ==, expected);
}

/* Lets it run; the stop is awaited. */
static void ask_stop(Rig *rig, const char *body, const char *answer)
{
    g_autofree char *framed = frame(answer, strlen(answer));
    g_autofree char *expected = g_strconcat("+", framed, NULL);

    send_packet(rig, body);
    wait_output(rig, framed);
    g_assert_cmpstr(rig->peer->str, ==, expected);
}

/* The answer without its frame; owned by the caller. */
static char *answer_to(Rig *rig, const char *body)
{
    send_packet(rig, body);
    g_assert_true(g_str_has_prefix(rig->peer->str, "+$"));
    const char *end = strrchr(rig->peer->str, '#');
    g_assert_nonnull(end);
    return g_strndup(rig->peer->str + 2, (gsize)(end - rig->peer->str - 2));
}

/* ---- frames ---- */

static void test_frames(Rig *rig, gconstpointer data)
{
    ask(rig, "qC", "QC1");
    g_string_truncate(rig->peer, 0);
    send_raw(rig, "-", 1); /* once more, please */
    g_assert_cmpstr(rig->peer->str, ==, "$QC1#c5");
    g_string_truncate(rig->peer, 0);
    send_raw(rig, "+$qC#00", 7);
    g_assert_cmpstr(rig->peer->str, ==, "-");
    g_string_truncate(rig->peer, 0);
    send_raw(rig, "$qC#zz", 6);
    g_assert_cmpstr(rig->peer->str, ==, "-");
    /* A packet that breaks off is forgotten; noise between packets too. */
    g_string_truncate(rig->peer, 0);
    send_raw(rig, "xyz+++$m0,$qC#b4\001\377", 18);
    g_assert_cmpstr(rig->peer->str, ==, "+$QC1#c5");
    ask(rig, "", "");
    ask(rig, "Y", "");
    ask(rig, "vMustReplyEmpty", "");
    ask(rig, "QStartNoAckMode", "OK");
    g_string_truncate(rig->peer, 0);
    send_raw(rig, "$qC#00-", 7); /* sums are of no matter now, nor is the - */
    g_assert_cmpstr(rig->peer->str, ==, "$QC1#c5");
}

static void test_overlong(Rig *rig, gconstpointer data)
{
    g_autofree char *body = g_strnfill(20000, 'm');

    ask(rig, body, "E16");
    ask(rig, "qC", "QC1");
}

static void test_two_in_one(Rig *rig, gconstpointer data)
{
    const char *text = "$qC#b4$qAttached#8f";

    send_raw(rig, text, strlen(text));
    g_assert_cmpstr(rig->peer->str, ==, "+$QC1#c5+$1#31");
}

static void test_slow_peer(Rig *rig, gconstpointer data)
{
    g_string_truncate(rig->peer, 0);
    rig->write_room = 3;
    const char *text = "$qC#b4";
    rig_type(rig, text, 6);
    g_assert_cmpuint(chardev_user_room(&rig->chr), ==, 0);
    g_assert_cmpstr(rig->peer->str, ==, "+$Q");
    rig->write_room = G_MAXSIZE;
    chardev_writable(&rig->chr);
    g_assert_cmpstr(rig->peer->str, ==, "+$QC1#c5");
    g_assert_cmpuint(chardev_user_room(&rig->chr), >, 0);
}

/* ---- questions ---- */

static void xml_start(GMarkupParseContext *context, const char *element, const char **names,
                      const char **values, gpointer bits, GError **error)
{
    for (guint i = 0; names[i]; i++) {
        if (!strcmp(names[i], "bitsize")) {
            *(guint64 *)bits += g_ascii_strtoull(values[i], NULL, 10);
        }
    }
}

/* The description, fetched piece by piece, is well-formed and has as many bits as `g` answers. */
static void test_description(Rig *rig, gconstpointer data)
{
    static const GMarkupParser parser = {.start_element = xml_start};
    g_autoptr(GString) xml = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    g_autofree char *supported =
        answer_to(rig, "qSupported:multiprocess+;swbreak+;xmlRegisters=i386");
    guint64 bits = 0;
    char more = 'm';

    g_assert_nonnull(strstr(supported, "qXfer:features:read+"));
    g_assert_nonnull(strstr(supported, "PacketSize=4000"));
    while (more == 'm') {
        g_autofree char *body =
            g_strdup_printf("qXfer:features:read:target.xml:%x,3e8", (guint)xml->len);
        g_autofree char *piece = answer_to(rig, body);
        more = piece[0];
        for (const char *p = piece + 1; *p; p++) {
            g_string_append_c(xml, *p == '}' ? *++p ^ 0x20 : *p);
        }
    }
    g_assert_cmpint(more, ==, 'l');
    GMarkupParseContext *context = g_markup_parse_context_new(&parser, 0, &bits, NULL);
    g_assert_true(g_markup_parse_context_parse(context, xml->str, (gssize)xml->len, &error));
    g_assert_true(g_markup_parse_context_end_parse(context, &error));
    g_markup_parse_context_free(context);
    g_assert_cmpuint(bits, ==, REGISTER_BYTES * 8);
    ask(rig, "qXfer:features:read:target.xml:fffffff,10", "l");
    ask(rig, "qXfer:features:read:other.xml:0,10", "E16");
    ask(rig, "qXfer:features:read:target.xml:0", "E16");
    ask(rig, "qXfer:features:read:target.xml:0,11112222333344445", "E16");
}

static void test_threads(Rig *rig, gconstpointer data)
{
    g_autofree char *info = answer_to(rig, "qThreadExtraInfo,2");

    ask(rig, "qfThreadInfo", "m1,2,3");
    ask(rig, "qsThreadInfo", "l");
    g_assert_true(g_str_has_prefix(info, "4350552331205b")); /* "CPU#1 [" */
}

static void test_thread_choice(Rig *rig, gconstpointer data)
{
    ask(rig, "Hg3", "OK");
    ask(rig, "qC", "QC3");
    ask(rig, "Hg0", "OK"); /* any: stays */
    ask(rig, "Hc-1", "OK");
    ask(rig, "Hgp1.2", "OK");
    ask(rig, "qC", "QC2");
    ask(rig, "Hg4", "E16");
    ask(rig, "Hgp2.1", "E16");
    ask(rig, "Hg", "E16");
    ask(rig, "Hx1", "E16");
    ask(rig, "H", "E16");
    ask(rig, "T3", "OK");
    ask(rig, "T4", "E16");
    ask(rig, "T", "E16");
    ask(rig, "T-1", "E16");
    ask(rig, "qThreadExtraInfo,9", "E16");
}

/* ---- registers ---- */

static void test_registers(Rig *rig, gconstpointer data)
{
    CpuRegisters *regs = &rig->accel->regs;

    regs->gpr[CPU_RAX] = 0x1122334455667788;
    regs->gpr[CPU_RBX] = 0xb;
    regs->rflags = 0x246;
    regs->cr0 = 0x60000010;
    ask(rig, "p0", "8877665544332211");
    ask(rig, "p1", "0b00000000000000");
    ask(rig, "p10", "f0ff000000000000");
    ask(rig, "p11", "46020000");
    ask(rig, "p12", "00000000");
    ask(rig, "p28", "00000000000000000000000000000000"); /* xmm0 */
    ask(rig, "p3b", "1000006000000000");                 /* cr0 */
    ask(rig, "p41", "E16");
}

static void test_register_writes(Rig *rig, gconstpointer data)
{
    CpuRegisters *regs = &rig->accel->regs;

    ask(rig, "P0=0102030405060708", "OK");
    g_assert_cmphex(regs->gpr[CPU_RAX], ==, 0x0807060504030201);
    ask(rig, "P10=007c000000000000", "OK");
    g_assert_cmphex(regs->rip, ==, 0x7c00);
    ask(rig, "P0=01", "E16");
    ask(rig, "P0=010203040506070809", "E16");
    ask(rig, "P0=010203040506070g", "E16");
    ask(rig, "P0", "E16");
    ask(rig, "P=00", "E16");
    ask(rig, "Pfff=00", "E16");
    ask(rig, "Pffffffffffffffff=00", "E16");
    ask(rig, "p", "E16");
    ask(rig, "p-1", "E16");
    /* Selectors: a base in real mode; in protected mode only what is there already. */
    ask(rig, "P12=34120000", "OK");
    g_assert_cmphex(regs->segment[CPU_CS].selector, ==, 0x1234);
    g_assert_cmphex(regs->segment[CPU_CS].base, ==, 0x12340);
    ask(rig, "P12=00000100", "E16");
    regs->cr0 = 1;
    ask(rig, "P12=08000000", "E16");
    ask(rig, "P12=34120000", "OK");
}

/* FTW has a bit for a register, the client's tag word two (Intel SDM vol. 1, 8.1.7). */
static void test_tags(Rig *rig, gconstpointer data)
{
    CpuRegisters *regs = &rig->accel->regs;
    const guint64 one = 1ull << 63;
    const guint16 exponent = 0x3fff;

    memset(regs->fxsave, 0, sizeof(regs->fxsave));
    regs->fxsave[3] = 7 << 3; /* TOP = 7: ST0 is physical register 7, ST1 is 0 */
    regs->fxsave[4] = 0x83;   /* 7, 0 and 1 are in use */
    memcpy(regs->fxsave + 32, &one, 8);
    memcpy(regs->fxsave + 40, &exponent, 2);
    memset(regs->fxsave + 64, 0xff, 10); /* ST2, register 1: not a number; ST1 is zero */
    ask(rig, "p22", "f93f0000");
    ask(rig, "P22=fcff0000", "OK");
    g_assert_cmphex(regs->fxsave[4], ==, 0x01);
}

static void test_all_registers(Rig *rig, gconstpointer data)
{
    CpuRegisters *regs = &rig->accel->regs;
    g_autofree char *before = answer_to(rig, "g");
    g_autofree char *body = NULL;

    g_assert_cmpuint(strlen(before), ==, REGISTER_BYTES * 2);
    memcpy(before, "efbeadde00000000", 16);
    body = g_strconcat("G", before, NULL);
    ask(rig, body, "OK");
    g_assert_cmphex(regs->gpr[CPU_RAX], ==, 0xdeadbeef);
    g_assert_cmphex(regs->rip, ==, 0xfff0);
    g_assert_cmphex(regs->segment[CPU_CS].base, ==, 0xf0000);
    ask(rig, "G0000000000000000", "OK"); /* fewer, as an older client might */
    g_assert_cmphex(regs->gpr[CPU_RAX], ==, 0);
    ask(rig, "G", "OK");
    ask(rig, "Gabc", "E16");
    ask(rig, "Gxx", "E16");
}

/* ---- memory ---- */

static void test_memory(Rig *rig, gconstpointer data)
{
    guint8 *ram = region_host(&rig->ram);

    memcpy(ram + 0x7c00, "\001\002\003", 3);
    ask(rig, "m7c00,3", "010203");
    ask(rig, "m0,0", "");
    ask(rig, "M7c01,2:aabb", "OK");
    g_assert_cmpmem(ram + 0x7c00, 3, "\001\252\273", 3);
    ask(rig, "M7c00,0:", "OK");
    ask(rig, "X7c00,0:", "OK");
    /* }# }$ }} in binary data */
    ask(rig, "X7c00,4:}\003}\004}]x", "OK");
    g_assert_cmpmem(ram + 0x7c00, 4, "#$}x", 4);
    /* As much as there is: RAM ends at 20000h. */
    ask(rig, "m1fffe,10", "0000");
    ask(rig, "m20000,1", "E0e");
    ask(rig, "M20000,1:00", "E0e");
    ask(rig, "mffffffffffffffff,2", "E0e");
    region_set_readonly(&rig->ram, TRUE); /* what is lost is not OK */
    ask(rig, "M7c00,2:1122", "E0e");
    ask(rig, "M7c00,1:23", "OK"); /* as it is */
    ask(rig, "m7c00,2", "2324");
    region_set_readonly(&rig->ram, FALSE);
    for (const char *const *bad =
             (const char *const[]){"m", "m7c00", "m7c00,", "m,1", "m7c00,1x",
                                   "m11112222333344445,1", "M7c00,1", "M7c00,1:", "M7c00,1:0",
                                   "M7c00,1:000", "M7c00,2:00", "M7c00,ffffffffffffffff:00",
                                   "X7c00,1:", "X7c00,1:ab", "X7c00,ffffffff:a", NULL};
         *bad; bad++) {
        ask(rig, *bad, "E16");
    }
}

static void test_memory_paged(Rig *rig, gconstpointer data)
{
    guint8 *ram = region_host(&rig->ram);
    const guint32 directory = 0x2007, pages[] = {0x5007, 0x9003};

    memcpy(ram + 0x1000, &directory, 4);
    memcpy(ram + 0x2000, pages, sizeof(pages));
    memcpy(ram + 0x5ffe, "ab", 2);
    memcpy(ram + 0x9000, "cd", 2);
    rig->accel->regs.cr0 = 0x80000001;
    rig->accel->regs.cr3 = 0x1000;
    ask(rig, "mffe,4", "61626364");
    ask(rig, "m1ffe,4", "0000");
    ask(rig, "m2000,4", "E0e");
    ask(rig, "Mfff,2:7879", "OK");
    g_assert_cmpint(ram[0x5fff], ==, 'x');
    g_assert_cmpint(ram[0x9000], ==, 'y');
    ask(rig, "qqemu.PhyMemMode", "0");
    ask(rig, "Qqemu.PhyMemMode:1", "OK");
    ask(rig, "m9000,2", "7964");
    ask(rig, "Qqemu.PhyMemMode:2", "E16");
}

/* ---- break- and watchpoints ---- */

static void test_points(Rig *rig, gconstpointer data)
{
    ask(rig, "Z0,7c00,1", "OK");
    ask(rig, "Z0,7c00,1", "OK"); /* said twice, set once */
    ask(rig, "Z1,fffffff0,1", "OK");
    ask(rig, "Z2,500,4", "OK");
    ask(rig, "Z4,508,8", "OK");
    for (guint i = 0; i < 2; i++) {
        const CpuDebug *debug = rig->accel->debug[i];
        g_assert_cmpuint(debug->breakpoint_count, ==, 2);
        g_assert_cmphex(debug->breakpoints[0], ==, 0x7c00);
        g_assert_cmphex(debug->breakpoints[1], ==, 0xfffffff0);
        g_assert_cmpuint(debug->watchpoint_count, ==, 2);
        g_assert_cmpuint(debug->watchpoints[0].access, ==, CPU_WATCH_WRITE);
        g_assert_cmpuint(debug->watchpoints[1].access, ==, CPU_WATCH_READ | CPU_WATCH_WRITE);
        g_assert_cmpuint(debug->watchpoints[1].length, ==, 8);
    }
    ask(rig, "z0,7c00,1", "OK");
    ask(rig, "z0,7c00,1", "OK");
    ask(rig, "z2,500,4", "OK");
    g_assert_cmpuint(rig->accel->debug[1]->breakpoint_count, ==, 1);
    g_assert_cmpuint(rig->accel->debug[1]->watchpoint_count, ==, 1);
    ask(rig, "Z5,0,1", "");
    for (const char *const *bad = (const char *const[]){"Z", "Z0", "Z0,", "Z0,7c00", "Z0,7c00,",
                                                        "Z0,7c00,1x", "Z2,500,0", "Z2,500,10001",
                                                        "Z2,ffffffffffffffff,2", "Zx,0,1", NULL};
         *bad; bad++) {
        ask(rig, *bad, "E16");
    }
}

/* What the accelerator cannot do is refused, and what was there stays. */
static void test_too_many_points(Rig *rig, gconstpointer data)
{
    for (guint i = 0; i < RIG_WATCHPOINTS; i++) {
        g_autofree char *body = g_strdup_printf("Z2,%x,4", i * 4);
        ask(rig, body, "OK");
    }
    ask(rig, "Z2,100,4", "E16");
    g_assert_cmpuint(rig->accel->debug[0]->watchpoint_count, ==, RIG_WATCHPOINTS);
    for (guint i = 0; i < 1024 - RIG_WATCHPOINTS; i++) {
        g_autofree char *body = g_strdup_printf("Z0,%x,1", i);
        ask(rig, body, "OK");
    }
    ask(rig, "Z0,ffff,1", "E16");
    g_assert_cmpuint(rig->accel->debug[0]->breakpoint_count, ==, 1024 - RIG_WATCHPOINTS);
}

/* ---- running ---- */

static void hit(Rig *rig, guint cpu, CpuDebugReason reason, guint64 addr, guint access)
{
    rig->accel->hits[cpu] = (CpuDebugHit){reason, addr, access};
}

static void test_breakpoint(Rig *rig, gconstpointer data)
{
    rig->accel->regs.segment[CPU_CS].base = 0;
    ask(rig, "?", "T05thread:1;");
    ask(rig, "Z0,fff0,1", "OK");
    hit(rig, 0, CPU_DEBUG_BREAKPOINT, 0xfff0, 0);
    ask_stop(rig, "c", "T05thread:1;");
    g_assert_cmpint(rig->machine->run_state, ==, RUN_STATE_DEBUG);
    /* A client that knows the words hears them. */
    g_free(answer_to(rig, "qSupported:swbreak+;hwbreak+"));
    hit(rig, 0, CPU_DEBUG_BREAKPOINT, 0xfff0, 0);
    ask_stop(rig, "c", "T05thread:1;swbreak:;");
    ask(rig, "z0,fff0,1", "OK");
    ask(rig, "Z1,fff0,1", "OK");
    hit(rig, 0, CPU_DEBUG_BREAKPOINT, 0xfff0, 0);
    ask_stop(rig, "vCont;c", "T05thread:1;hwbreak:;");
    hit(rig, 0, CPU_DEBUG_WATCHPOINT, 0x500, CPU_WATCH_WRITE);
    ask_stop(rig, "vCont;c", "T05thread:1;watch:500;");
    hit(rig, 0, CPU_DEBUG_WATCHPOINT, 0x500, CPU_WATCH_READ);
    ask_stop(rig, "C05", "T05thread:1;rwatch:500;");
    hit(rig, 0, CPU_DEBUG_WATCHPOINT, 0xffffffff80000000, CPU_WATCH_READ | CPU_WATCH_WRITE);
    ask_stop(rig, "c7c00", "T05thread:1;awatch:ffffffff80000000;");
    g_assert_cmphex(rig->accel->regs.rip, ==, 0x7c00);
}

static void test_step(Rig *rig, gconstpointer data)
{
    hit(rig, 0, CPU_DEBUG_STEP, 0, 0);
    ask_stop(rig, "s", "T05thread:1;");
    g_assert_true(rig->accel->ran_debug[0].single_step);
    g_assert_true(rig->accel->ran_debug[0].step_blocks_irqs);
    g_assert_false(rig->accel->debug[0]->single_step); /* no more */
    ask(rig, "qqemu.sstep", "0x7");
    ask(rig, "Qqemu.sstep=1", "OK");
    hit(rig, 0, CPU_DEBUG_STEP, 0, 0);
    ask_stop(rig, "vCont;S05:1;c", "T05thread:1;");
    g_assert_false(rig->accel->ran_debug[0].step_blocks_irqs);
    for (const char *const *bad =
             (const char *const[]){"sx", "Sx", "S", "S05;x", "c7c00x", "vCont", "vCont;", "vCont;x",
                                   "vCont;c:", "vCont;c:9", "vCont;c;", "vCont;cc", "Qqemu.sstep=0",
                                   "Qqemu.sstep=9", "Qqemu.sstep", NULL};
         *bad; bad++) {
        ask(rig, *bad, "E16");
    }
    ask(rig, "vCont?", "vCont;c;C;s;S");
    g_assert_false(machine_is_running(rig->machine));
}

/* Of several, the others stand still unless they are told to run. */
static void test_step_one_of_many(Rig *rig, gconstpointer data)
{
    guint ran = rig->accel->ran[0];

    ask(rig, "Hc2", "OK");
    hit(rig, 1, CPU_DEBUG_STEP, 0, 0);
    ask_stop(rig, "vCont;s:2", "T05thread:2;");
    g_assert_cmpuint(rig->accel->ran[0], ==, ran);
    g_assert_cmpuint(rig->accel->ran[2], ==, 0);
    ask(rig, "qC", "QC2");
    hit(rig, 2, CPU_DEBUG_STEP, 0, 0);
    ask_stop(rig, "vCont;s:3;c", "T05thread:3;");
    g_assert_cmpuint(rig->accel->ran[0], >, ran);
    g_assert_false(rig->accel->ran_debug[0].single_step);
    g_assert_true(rig->accel->ran_debug[2].single_step);
}

/* Where CS has a base, a client does not see that it stands at its breakpoint: we step past it. */
static void test_pass(Rig *rig, gconstpointer data)
{
    /* A reason with another address than rip's would make the client go on by itself. */
    g_free(answer_to(rig, "qSupported:swbreak+;hwbreak+"));
    ask(rig, "Z0,ffff0,1", "OK");
    hit(rig, 0, CPU_DEBUG_BREAKPOINT, 0xffff0, 0);
    ask_stop(rig, "c", "T05thread:1;");
    hit(rig, 0, CPU_DEBUG_STEP, 0, 0);
    ask_stop(rig, "vCont;s:1;c", "T05thread:1;");
    g_assert_cmpuint(rig->accel->ran_debug[0].breakpoint_count, ==, 0);
    hit(rig, 0, CPU_DEBUG_BREAKPOINT, 0xffff0, 0);
    ask_stop(rig, "c", "T05thread:1;");
    hit(rig, 0, CPU_DEBUG_STEP, 0, 0);
    guint ran = rig->accel->ran[0];
    send_packet(rig, "c");
    gint64 until = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;
    while (rig->accel->ran[0] < ran + 2) {
        g_assert_cmpint(g_get_monotonic_time(), <, until);
        event_loop_iterate(rig->loop, FALSE);
        vm_lock_drop(rig->lock);
        g_usleep(500);
        vm_lock_take(rig->lock, "test");
    }
    g_assert_cmpstr(rig->peer->str, ==, "+"); /* the client has heard nothing of it */
    g_assert_cmpuint(rig->accel->ran_debug[0].breakpoint_count, ==, 1);
    g_assert_false(rig->accel->ran_debug[0].single_step);
    g_assert_true(machine_is_running(rig->machine));
}

static void test_interrupt(Rig *rig, gconstpointer data)
{
    send_packet(rig, "c");
    g_assert_cmpstr(rig->peer->str, ==, "+");
    g_assert_true(machine_is_running(rig->machine));
    g_string_truncate(rig->peer, 0);
    send_raw(rig, "\003", 1);
    g_assert_cmpstr(rig->peer->str, ==, "$T02thread:1;#d4");
    g_assert_cmpint(rig->machine->run_state, ==, RUN_STATE_PAUSED);
    send_raw(rig, "\003", 1); /* nothing runs: nothing to say */
    g_assert_cmpstr(rig->peer->str, ==, "$T02thread:1;#d4");
}

/* A machine that only a reset can help does not run, and says so. */
static void test_cannot_run(Rig *rig, gconstpointer data)
{
    machine_stop(rig->machine, RUN_STATE_INTERNAL_ERROR);
    ask(rig, "c", "T06thread:1;");
    g_assert_cmpint(rig->machine->run_state, ==, RUN_STATE_INTERNAL_ERROR);
}

/* ---- sessions ---- */

static void test_attach(Rig *rig, gconstpointer data)
{
    chardev_event(&rig->chr, CHAR_CLOSED);
    machine_cont(rig->machine);
    chardev_event(&rig->chr, CHAR_OPENED);
    g_assert_cmpint(rig->machine->run_state, ==, RUN_STATE_PAUSED);
    g_assert_true(gdbstub_has_client(rig->machine));
    ask(rig, "?", "T02thread:1;");
    ask(rig, "Z0,7c00,1", "OK");
    ask(rig, "D", "OK");
    g_assert_true(machine_is_running(rig->machine));
    g_assert_false(gdbstub_has_client(rig->machine));
    g_assert_cmpuint(rig->accel->debug[0]->breakpoint_count, ==, 0);
    ask(rig, "c", "E16");
}

/* A client that goes away leaves no points, and the machine as it was. */
static void test_lost_client(Rig *rig, gconstpointer data)
{
    ask(rig, "Z0,7c00,1", "OK");
    chardev_event(&rig->chr, CHAR_CLOSED);
    g_assert_cmpuint(rig->accel->debug[0]->breakpoint_count, ==, 0);
    g_assert_false(machine_is_running(rig->machine));
    chardev_event(&rig->chr, CHAR_OPENED);
    ask(rig, "Z0,7c00,1", "OK");
    send_packet(rig, "c");
    chardev_event(&rig->chr, CHAR_CLOSED);
    g_assert_cmpuint(rig->accel->debug[0]->breakpoint_count, ==, 0);
    g_assert_true(machine_is_running(rig->machine));
}

static void test_kill(Rig *rig, gconstpointer data)
{
    send_packet(rig, "c");
    send_packet(rig, "vKill;1");
    g_assert_cmpstr(rig->peer->str, ==, "+$OK#9a$W00#b7");
    g_assert_cmpint(rig->machine->run_state, ==, RUN_STATE_SHUTDOWN);
}

static void test_monitor(Rig *rig, gconstpointer data)
{
    send_packet(rig, "qRcmd,696e666f20737461747573"); /* "info status" */
    g_assert_true(g_str_has_suffix(rig->peer->str, "$OK#9a"));
    g_assert_nonnull(strstr(rig->peer->str, "$O564d207374617475733a20"));
    send_packet(rig, "qRcmd,666f6f"); /* "foo" */
    g_assert_nonnull(strstr(rig->peer->str, "$O756e6b6e6f776e20636f6d6d616e64"));
    g_assert_true(g_str_has_suffix(rig->peer->str, "$OK#9a"));
    ask(rig, "qRcmd,", "OK");
    ask(rig, "qRcmd,6", "E16");
    ask(rig, "qRcmd,zz", "E16");
    ask(rig, "qRcmd,00", "E16");
    ask(rig, "qRcmd,ff", "E16");
    /* "gdbserver none" would saw off the branch that it sits on. */
    send_packet(rig, "qRcmd,676462736572766572206e6f6e65");
    g_assert_true(g_str_has_suffix(rig->peer->str, "$OK#9a"));
    ask(rig, "qC", "QC1");
}

/* Several packets for much text. */
static void test_long_monitor(Rig *rig, gconstpointer data)
{
    guint packets = 0;

    send_packet(rig, "qRcmd,68656c70"); /* "help" */
    for (const char *p = rig->peer->str; (p = strstr(p, "$O")); p += 2) {
        packets++;
    }
    g_assert_cmpuint(packets, >=, 2);
    g_assert_true(g_str_has_suffix(rig->peer->str, "$OK#9a"));
}

static void test_no_server(Rig *rig, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(gdbstub_start(rig->machine, "tcp::x", NULL, &error));
    g_assert_nonnull(strstr(error->message, "port 'x'"));
    g_clear_error(&error);
    g_assert_false(gdbstub_start(rig->machine, "chardev:nowhere", NULL, &error));
    g_clear_error(&error);
    g_assert_true(gdbstub_start(rig->machine, "none", NULL, &error));
    g_assert_false(gdbstub_has_client(rig->machine));
    connect_client(rig);
    ask(rig, "qC", "QC1");
}

#define ADD(name, cpus, fn) \
    g_test_add("/gdbstub/" name, Rig, GUINT_TO_POINTER(cpus), setup, fn, teardown)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("frames", 1, test_frames);
    ADD("overlong", 1, test_overlong);
    ADD("two-in-one", 1, test_two_in_one);
    ADD("slow-peer", 1, test_slow_peer);
    ADD("description", 1, test_description);
    ADD("threads", 3, test_threads);
    ADD("thread-choice", 3, test_thread_choice);
    ADD("registers", 1, test_registers);
    ADD("register-writes", 1, test_register_writes);
    ADD("tags", 1, test_tags);
    ADD("all-registers", 1, test_all_registers);
    ADD("memory", 1, test_memory);
    ADD("memory-paged", 1, test_memory_paged);
    ADD("points", 2, test_points);
    ADD("too-many-points", 1, test_too_many_points);
    ADD("breakpoint", 1, test_breakpoint);
    ADD("step", 1, test_step);
    ADD("step-one-of-many", 3, test_step_one_of_many);
    ADD("pass", 1, test_pass);
    ADD("interrupt", 1, test_interrupt);
    ADD("cannot-run", 1, test_cannot_run);
    ADD("attach", 1, test_attach);
    ADD("lost-client", 1, test_lost_client);
    ADD("kill", 1, test_kill);
    ADD("monitor", 1, test_monitor);
    ADD("long-monitor", 1, test_long_monitor);
    ADD("no-server", 1, test_no_server);
    return g_test_run();
}

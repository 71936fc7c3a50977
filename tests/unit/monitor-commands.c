/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command table through monitor_hmp_run(): parsing, errors, and what commands do. */
#include <glib/gstdio.h>
#include <string.h>

#include "core/display.h"
#include "core/error.h"
#include "core/frontend.h"
#include "core/log.h"
#include "cpu/disasm.h"
#include "monitor/handlers.h"
#include "monitor/monitor.h"
#include "monitor/parse.h"
#include "monitor/reference.h"
#include "tests/unit/monitor-rig.h"

static void setup(Rig *rig, gconstpointer data)
{
    rig_init(rig);
}

static void teardown(Rig *rig, gconstpointer data)
{
    rig_clear(rig);
}

static void check(Rig *rig, const char *line, const char *expected)
{
    g_autoptr(GString) out = g_string_new(NULL);

    g_test_message("%s", line);
    g_assert_true(monitor_hmp_run(rig->machine, line, out));
    g_assert_cmpstr(out->str, ==, expected);
}

static void check_fails(Rig *rig, const char *line, const char *expected)
{
    g_autoptr(GString) out = g_string_new(NULL);

    g_test_message("%s", line);
    g_assert_false(monitor_hmp_run(rig->machine, line, out));
    g_assert_cmpstr(out->str, ==, expected);
}

static void test_table(Rig *rig, gconstpointer data)
{
    const Command *const tables[] = {monitor_commands, monitor_info_topics};

    for (guint t = 0; t < G_N_ELEMENTS(tables); t++) {
        const char *last = "";
        for (const Command *command = tables[t]; command->name; command++) {
            g_test_message("%s", command->name);
            g_assert_cmpstr(last, <, command->name); /* sorted, so that help is */
            last = command->name;
            g_assert_nonnull(command->run);
            g_assert_nonnull(command->help);
            g_assert_false(g_str_has_suffix(command->help, "."));
            for (const CommandArg *arg = command->args; arg->name; arg++) {
                g_assert_cmpint(arg - command->args, <, COMMAND_MAX_ARGS);
                g_assert_true(arg->type != ARG_FLAG || (arg->flag && arg->optional));
                g_assert_true((arg->type == ARG_ENUM) == (arg->values != NULL));
                g_assert_true(arg->type != ARG_TEXT || !arg[1].name);
            }
        }
    }
}

static void test_syntax(Rig *rig, gconstpointer data)
{
    check(rig, "", "");
    check(rig, "   \t ", "");
    check(rig, "# stop", "");
    check(rig, "  print   1  ", "0x1\n");
    check(rig, "p/d 12", "12\n");
    check_fails(rig, "foo", "unknown command: 'foo'\n");
    check_fails(rig, "stop now",
                "stop: extraneous characters at the end of line\n"
                "Try \"help stop\" for more information\n");
    check_fails(rig, "sendkey",
                "sendkey: keys expected\n"
                "Try \"help sendkey\" for more information\n");
    check_fails(rig, "logfile \"abc",
                "unterminated string\n"
                "Try \"help logfile\" for more information\n");
    check_fails(rig, "logfile \"a\\q\"",
                "unsupported escape code: '\\q'\n"
                "Try \"help logfile\" for more information\n");
    check_fails(rig, "sendkey a b",
                "sendkey: number expected\n"
                "Try \"help sendkey\" for more information\n");
    check_fails(rig, "sendkey a -5",
                "hold_time is -5, but must be from 0 to 60000\n"
                "Try \"help sendkey\" for more information\n");
    check_fails(rig, "screendump x -f gif",
                "format is 'gif', but must be one of ppm, png\n"
                "Try \"help screendump\" for more information\n");
    check_fails(rig, "screendump x -f",
                "screendump: format expected after -f\n"
                "Try \"help screendump\" for more information\n");
    check_fails(rig, "info registers -a 1 2",
                "registers: extraneous characters at the end of line\n"
                "Try \"help info registers\" for more information\n");
    check_fails(rig, "info foo",
                "Error: unknown command: 'info foo' ('info' alone lists the topics)\n");
}

static void test_print(Rig *rig, gconstpointer data)
{
    check(rig, "print 1+2*3", "0x7\n");
    check(rig, "p /o 8", "010\n");
    check(rig, "p /d -1", "-1\n");
    check(rig, "p /u -1", "18446744073709551615\n");
    check(rig, "p /c 65", "'A'\n");
    check(rig, "p /x $pc", "0xffff0\n");
    check_fails(rig, "p 1 +",
                "print: unexpected end of expression\nTry \"help print\" for more information\n");
    check_fails(rig, "p 1 2",
                "print: extraneous characters at the end of line\n"
                "Try \"help print\" for more information\n");
    check_fails(rig, "p 1;2",
                "print: invalid char ';' in expression\n"
                "Try \"help print\" for more information\n");
    check_fails(rig, "p /z 1",
                "invalid char in format: 'z'\nTry \"help print\" for more information\n");
}

static void test_physical(Rig *rig, gconstpointer data)
{
    guint8 *ram = region_host(&rig->ram);

    memcpy(ram, "\001\002\003\004\005\006\007\010A'\n\377", 12);
    check(rig, "xp 0", "0000000000000000: 0x04030201\n");
    check(rig, "xp /4xb 0", "0000000000000000: 0x01 0x02 0x03 0x04\n");
    check(rig, "xp/2xg 0", "0000000000000000: 0x0807060504030201 0x00000000ff0a2741\n");
    check(rig, "xp /4c 8", "0000000000000008: 'A' '\\'' '\\n' '\\xff'\n");
    check(rig, "xp /2db 0xb", "000000000000000b:   -1    0\n");
    check(rig, "xp /1uh 10", "000000000000000a: 65290\n");
    check(rig, "xp /9xb 0",
          "0000000000000000: 0x01 0x02 0x03 0x04 0x05 0x06 0x07 0x08\n"
          "0000000000000008: 0x41\n");
    check(rig, "xp /3xw 0x1fffc",
          "000000000001fffc: 0x00000000\n0000000000020000: Cannot access memory\n");
    check(rig, "xp 0xffffffffffffffff", "ffffffffffffffff: Cannot access memory\n");
    if (cpu_can_disassemble()) {
        check(rig, "xp /2i 0",
              "0x00000000:  01 02                    add      %ax, (%bp,%si,1)\n"
              "0x00000002:  03 04                    add      (%si), %ax\n");
        check_fails(rig, "xp /1025i 0", "Error: at most 1024 instructions are shown at once\n");
        check(rig, "xp /2i 0x1ffff", "000000000001ffff: Cannot access memory\n");
    } else {
        check_fails(rig, "xp /2i 0",
                    "Error: this program was built without a disassembler (Zydis); show the bytes "
                    "with 'x/16xb'\n");
    }
    check_fails(rig, "xp /0x 0",
                "count must be from 1 to 16384\n"
                "Try \"help xp\" for more information\n");
    check_fails(rig, "xp /99999999999999999999x 0",
                "count must be from 1 to 16384\nTry \"help xp\" for more information\n");
}

static void test_virtual(Rig *rig, gconstpointer data)
{
    guint8 *ram = region_host(&rig->ram);
    CpuRegisters *regs = &rig->accel->regs;
    const guint32 directory = 0x2007, pages[] = {0x5007, 0x9003, 0xa003};

    memcpy(ram + 0x7c00, "boot", 4);
    regs->gpr[CPU_RSP] = 0x7bf0;
    check(rig, "x /4c $rsp + 0x10", "0000000000007c00: 'b' 'o' 'o' 't'\n");
    check(rig, "info mem", "PG disabled\n");

    /* Two-level tables at 1000h: 0 is at 5000h, 1000h at 9000h, 2000h at a000h. */
    memcpy(ram + 0x1000, &directory, 4);
    memcpy(ram + 0x2000, pages, sizeof(pages));
    memcpy(ram + 0x5ffe, "ab", 2);
    memcpy(ram + 0x9000, "cd", 2);
    regs->cr0 = 0x80000001;
    regs->cr3 = 0x1000;
    check(rig, "x 0xffe", "0000000000000ffe: 0x64636261\n");
    check(rig, "x 0x3000", "0000000000003000: Cannot access memory\n");
    check(rig, "info mem",
          "0000000000000000-0000000000001000 0000000000001000 urw\n"
          "0000000000001000-0000000000003000 0000000000002000 -rw\n");
    check(rig, "info tlb",
          "0000000000000000: 0000000000005000 -------UW\n"
          "0000000000001000: 0000000000009000 --------W\n"
          "0000000000002000: 000000000000a000 --------W\n");

    /* PAE: three levels; a large global page that may not be executed, dirty and accessed. */
    const guint64 top = 0x2001, middle[] = {0x3007, 0x80000000004001e3};
    const guint64 last[] = {0x50fd, 0};
    memcpy(ram + 0x1000, &top, 8);
    memcpy(ram + 0x2000, middle, sizeof(middle));
    memset(ram + 0x3000, 0, 4096);
    memcpy(ram + 0x3000, last, sizeof(last));
    regs->cr4 = 0x20;
    check(rig, "info tlb",
          "0000000000000000: 0000000000005000 ---DACTU-\n"
          "0000000000200000: 0000000000400000 XGPDA---W\n");
    check(rig, "info mem",
          "0000000000000000-0000000000001000 0000000000001000 ur-\n"
          "0000000000200000-0000000000400000 0000000000200000 -rw\n");

    /* Long mode: the same tables under the last entry of the first. */
    const guint64 pml4 = 0x1007, pdpt = 0x2007;
    memset(ram + 0x1000, 0, 4096);
    memset(ram + 0x7000, 0, 4096);
    memcpy(ram + 0x7000 + 8 * 511, &pml4, 8);
    memcpy(ram + 0x1000, &pdpt, 8);
    memset(ram + 0x2000 + sizeof(middle), 0, 4096 - sizeof(middle));
    regs->cr3 = 0x7000;
    regs->efer = 0x500;
    check(rig, "info tlb",
          "ffffff8000000000: 0000000000005000 ---DACTU-\n"
          "ffffff8000200000: 0000000000400000 XGPDA---W\n");
}

static void test_ports(Rig *rig, gconstpointer data)
{
    rig->port_value = 0x11;
    check(rig, "i /b 0x80", "portb[0x0080] = 0x11\n");
    g_assert_cmpuint(rig->port_size, ==, 1);
    check(rig, "o /b 0x80 0x1ff", "");
    g_assert_cmphex(rig->port_value, ==, 0xff);
    check(rig, "o/w 0x80 1<<31|5", "");
    g_assert_cmpuint(rig->port_size, ==, 4);
    check(rig, "i 0x80", "portl[0x0080] = 0x80000005\n");
    check(rig, "i /h 0x70", "portw[0x0070] = 0xffff\n");
    check_fails(rig, "i /g 0x80", "Error: a port access is 1, 2 or 4 bytes: /b, /h or /w\n");
}

static void test_run_state(Rig *rig, gconstpointer data)
{
    check(rig, "info status", "VM status: paused (prelaunch)\n");
    check(rig, "c", "");
    check(rig, "info status", "VM status: running\n");
    check(rig, "stop", "");
    check(rig, "stop", "");
    check(rig, "info status", "VM status: paused\n");
    machine_stop(rig->machine, RUN_STATE_INTERNAL_ERROR);
    check_fails(rig, "cont",
                "Error: the machine is in state 'internal-error' and must be reset before it can "
                "go on\n");
    check(rig, "nmi", "");
    g_assert_cmpuint(rig->accel->nmis, ==, 1);
    check(rig, "watchdog_action inject-nmi", "");
    machine_watchdog_expired(rig->machine);
    g_assert_cmpuint(rig->accel->nmis, ==, 2);
    check_fails(rig, "watchdog_action bark",
                "action is 'bark', but must be one of reset, shutdown, poweroff, pause, debug, "
                "none, inject-nmi\nTry \"help watchdog_action\" for more information\n");
    check_fails(rig, "system_wakeup",
                "Error: wake-up from suspend is not supported by this guest\n");
    check(rig, "quit", "");
    rig_settle(rig);
    g_assert_cmpint(rig->machine->shutdown_cause, ==, SHUTDOWN_HOST_QMP_QUIT);
}

static void test_info(Rig *rig, gconstpointer data)
{
    g_autoptr(GString) out = g_string_new(NULL);

    check(rig, "info name", "");
    check(rig, "info uuid", "00000000-0000-0000-0000-000000000000\n");
    check(rig, "info kvm", "kvm support: disabled\n");
    check(rig, "info vnc", "None\n");
    check(rig, "info history", "");
    check_fails(rig, "cpu 1", "Error: there is no CPU #1 (see 'info cpus')\n");
    check_fails(rig, "info lapic", "Error: the local APICs are not ours under this accelerator\n");
    check_fails(rig, "info registers 7", "Error: there is no CPU #7 (see 'info cpus')\n");
    g_assert_true(monitor_hmp_run(rig->machine, "info", out));
    g_assert_nonnull(strstr(out->str, "info status -- whether"));
    g_string_truncate(out, 0);
    g_assert_true(monitor_hmp_run(rig->machine, "info lock -r", out));
    g_assert_nonnull(strstr(out->str, "longest hold"));
    g_string_truncate(out, 0);
    g_assert_true(monitor_hmp_run(rig->machine, "help x", out));
    g_assert_cmpstr(out->str, ==,
                    "x [/fmt] addr -- show memory at a virtual address of the current processor\n"
                    "    fmt: count, format (x d u o c i) and size (b h w g); at first 1xw\n");
    check_fails(rig, "help frobnicate", "Error: unknown command: 'frobnicate'\n");
    check_fails(rig, "help stop x", "Error: unknown command: 'stop x'\n");
}

/* Reports made by a handler come to who gave the command, also those of a failing one. */
static gboolean fickle_order(void *opaque, const char *order, GError **error)
{
    report_warning("drive '%s' is slow", order);
    return g_str_equal(order, "c") || error_set(error, "there is no drive '%s'", order);
}

static void test_reports(Rig *rig, gconstpointer data)
{
    check_fails(rig, "boot_set c",
                "Error: no function defined to set boot device list for this architecture\n");
    rig->machine->set_boot_order = fickle_order;
    check(rig, "boot_set c", "warning: drive 'c' is slow\nboot device list now set to c\n");
    check_fails(rig, "boot_set x", "warning: drive 'x' is slow\nError: there is no drive 'x'\n");
}

static void test_info_machine(Rig *rig, gconstpointer data)
{
    rig->machine->ram_size = 64 << 20;
    check(rig, "info memory_size_summary", "base memory: 67108864\nplugged memory: 0\n");
    check(rig, "info iothreads", "");
    check(rig, "info numa", "0 nodes\n");
    check(rig, "info migrate", "Migration status: none\n");
    check(rig, "info replay", "Record/replay is not active\n");
    check_fails(rig, "info jit", "Error: JIT information is only available with accel=tcg\n");
    check_fails(rig, "singlestep",
                "Error: the processors decide themselves how they run (only accel=tcg can do one "
                "instruction a block)\n");
    check_fails(rig, "singlestep maybe",
                "option is 'maybe', but must be one of on, off\n"
                "Try \"help singlestep\" for more information\n");
}

/* On a terminal the explanations have a column of their own, and stay within the width. */
static void test_help_layout(Rig *rig, gconstpointer data)
{
    CommandContext context = {.machine = rig->machine, .columns = 60};
    CommandCall *call = command_call_new(&context, command_find(monitor_commands, "help"));

    g_assert_true(cmd_help(call, NULL));
    g_assert_nonnull(strstr(call->out->str, "\nstop|s               -- pause the machine\n"));
    g_auto(GStrv) lines = g_strsplit(call->out->str, "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        g_assert_true(strlen(lines[i]) < 60 || lines[i][0] != ' ');
    }
    command_call_free(call);
}

static void test_input(Rig *rig, gconstpointer data)
{
    check_fails(rig, "sendkey foo",
                "Error: unknown key 'foo' in 'foo' (keys are named as in ctrl-alt-delete)\n");
    check(rig, "c", "");
    check(rig, "sendkey ctrl-alt-delete 50", "");
    check(rig, "mouse_move 10 -5", "");
    check(rig, "mouse_move 10 -5 -1", "");
    check(rig, "mouse_button 1|4", "");
    check_fails(rig, "mouse_button 32",
                "state is 32, but must be from 0 to 31\n"
                "Try \"help mouse_button\" for more information\n");
    check_fails(rig, "mouse_set 9",
                "Error: Mouse at index '9' not found ('info mice' lists them)\n");
}

/* ---- screendump ---- */

static gint64 red_scan(void *opaque)
{
    Display *display = *(Display **)opaque;
    g_autoptr(Surface) surface = surface_new(2, 1);

    memcpy(surface->data, "\000\000\377\000\000\377\000\000", 8);
    display_set_surface(display, surface);
    return -1;
}

static void red_invalidate(void *opaque)
{
}

static void test_screendump(Rig *rig, gconstpointer data)
{
    static const DisplaySourceOps ops = {.scan = red_scan, .invalidate = red_invalidate};
    g_autofree char *dir = g_dir_make_tmp("monitor-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "a.ppm", NULL);
    g_autofree char *line = g_strdup_printf("screendump %s", path);
    g_autofree char *bytes = NULL;
    gsize length;
    Display *display;

    check_fails(rig, line, "Error: the machine has no display\n");
    display = display_new(rig->machine, "red", &ops, &display);
    check_fails(rig, "screendump x green",
                "Error: Device 'green' not found: there is no such display (see 'info display')\n");
    check_fails(rig, "screendump x red 1",
                "Error: there is no head 1 of display 'red' (see 'info display')\n");
    check_fails(rig, "screendump x 2",
                "Error: Device '2' not found: there is no such display (see 'info display')\n");
    check_fails(rig, "screen_text",
                "Error: the screen is in a graphics mode (2x1): it has no characters\n");
    check_fails(rig, "wait_text x 0",
                "Error: 'x' did not come within 0 seconds; the screen is in a graphics mode\n");
    check(rig, line, "");
    g_assert_true(g_file_get_contents(path, &bytes, &length, NULL));
    g_assert_cmpmem(bytes, length, "P6\n2 1\n255\n\377\000\000\000\377\000", 17);
    g_unlink(path);
    g_rmdir(dir);
    /* The directory is gone: the worker's error comes back. */
    g_autoptr(GString) out = g_string_new(NULL);
    g_assert_false(monitor_hmp_run(rig->machine, line, out));
    g_assert_true(g_str_has_prefix(out->str, "Error: "));
    g_assert_nonnull(strstr(out->str, "No such file or directory"));
    display_free(display);
}

/* ---- the screen as text ---- */

typedef struct TextSource {
    Display *display;
    const char *rows[2]; /* of 8 characters */
} TextSource;

static gint64 text_scan(void *opaque)
{
    display_damage(((TextSource *)opaque)->display, 0, 0, 1, 1);
    return -1;
}

static gboolean text_text(void *opaque, TextScreen *screen)
{
    TextSource *source = opaque;

    *screen = (TextScreen){8, 2, -1, -1, g_new0(TextCell, 16)};
    for (guint i = 0; i < 16; i++) {
        guint column = i % 8;
        const char *row = source->rows[i / 8];
        screen->cells[i].ch = column < strlen(row) ? (gunichar)row[column] : 0;
    }
    return TRUE;
}

static gboolean appear(void *opaque)
{
    TextSource *source = opaque;

    source->rows[1] = "login: _";
    display_wake(source->display);
    return G_SOURCE_REMOVE;
}

static gboolean vanish(void *opaque)
{
    display_free(g_steal_pointer(&((TextSource *)opaque)->display));
    return G_SOURCE_REMOVE;
}

static void test_screen_text(Rig *rig, gconstpointer data)
{
    static const DisplaySourceOps ops = {
        .scan = text_scan, .invalidate = red_invalidate, .text = text_text};
    TextSource source = {.rows = {"ab  c", ""}};

    check_fails(rig, "wait_text a", "Error: the machine has no display\n");
    source.display = display_new(rig->machine, "text", &ops, &source);
    check(rig, "screen_text", "ab  c\n\n");
    check(rig, "screen_text text", "ab  c\n\n");
    check(rig, "screen_text 1", "ab  c\n\n");
    check_fails(rig, "screen_text 0",
                "Error: Device '0' not found: there is no such display (see 'info display')\n");
    check(rig, "wait_text \"b  c\" 0", "");
    check_fails(rig, "wait_text login 0", "Error: 'login' did not come within 0 seconds\n");
    check_fails(rig, "wait_text x -1",
                "seconds is -1, but must be from 0 to 86400\n"
                "Try \"help wait_text\" for more information\n");
    g_timeout_add(50, appear, &source);
    gint64 start = g_get_monotonic_time();
    check(rig, "wait_text login: 30", "");
    g_assert_cmpint(g_get_monotonic_time() - start, <, 10 * G_USEC_PER_SEC);
    g_timeout_add(50, vanish, &source);
    check_fails(rig, "wait_text never 30", "Error: the display has gone away\n");
}

static void test_type(Rig *rig, gconstpointer data)
{
    check(rig, "c", "");
    check(rig, "type some \\words \"here\"", "");
    check(rig, "type \"Enter\\n\"", "");
    check(rig, "type -c", "23 dropped\n");
    check_fails(rig, "type \"abc", "unterminated string\nTry \"help type\" for more information\n");
    check_fails(rig, "type \"a\" b",
                "type: extraneous characters at the end of line\n"
                "Try \"help type\" for more information\n");
    check(rig, "type -c", "0 dropped\n");
}

/* ---- completion ---- */

static void check_completes(Rig *rig, const char *text, gsize start, const char *expected)
{
    CommandContext context = {.machine = rig->machine};
    HmpCompletion completion;

    g_test_message("%s", text);
    hmp_complete(&context, text, NULL, &completion);
    g_ptr_array_add(completion.words, NULL);
    g_autofree char *words = g_strjoinv(" ", (char **)completion.words->pdata);
    g_assert_cmpstr(words, ==, completion.wants_files ? "" : expected);
    g_assert_cmpint(completion.wants_files, ==, expected == NULL);
    g_assert_cmpuint(completion.start, ==, start);
    hmp_completion_clear(&completion);
}

static void test_completion(Rig *rig, gconstpointer data)
{
    check_completes(rig, "system_", 0, "system_powerdown system_reset system_wakeup");
    check_completes(rig, "  screend", 2, "screendump");
    check_completes(rig, "info na", 5, "name");
    check_completes(rig, "help sendk", 5, "sendkey");
    check_completes(rig, "help info blocks", 10, "blockstats");
    check_completes(rig, "sendkey ctrl-al", 13, "alt alt_r");
    check_completes(rig, "log int,gu", 8, "guest_errors");
    check_completes(rig, "screendump /tmp/f", 11, NULL);
    check_completes(rig, "screendump /tmp/f -", 18, "-c -f");
    check_completes(rig, "screendump /tmp/f -f p", 21, "png ppm");
    check_completes(rig, "screendump -f png /tm", 18, NULL);
    check_completes(rig, "info registers -", 15, "-a");
    check_completes(rig, "p 8+$cr", 5, "cr0 cr2 cr3 cr4 cr8");
    check_completes(rig, "x/4x $ri", 6, "rip");
    check_completes(rig, "frobnicate x", 11, "");
    check_completes(rig, "stop x", 5, "");
    check_completes(rig, "eject -f x y z", 13, "");
}

/* ---- the documentation ---- */

/* The reference that the build prints has every row, and roff sees no request in a text. */
static void test_reference(Rig *rig, gconstpointer data)
{
    static const char *const requests[] = {"Dd", "Dt", "Os", "Sh", "Nm", "Nd", "Xr", "Fl", "Ic",
                                           "Ss", "Bl", "It", "Li", "Xc", "br", "El", NULL};
    const Command *const tables[] = {monitor_commands, monitor_info_topics};
    g_autoptr(GString) markdown = g_string_new(NULL), man = g_string_new(NULL);

    monitor_print_markdown(markdown);
    monitor_print_man_page(man);
    for (guint t = 0; t < G_N_ELEMENTS(tables); t++) {
        for (const Command *command = tables[t]; command->name; command++) {
            g_autofree char *title =
                g_strdup_printf("\n### `%s%s", t ? "info " : "", command->name);
            g_assert_nonnull(strstr(markdown->str, title));
        }
    }
    g_assert_nonnull(strstr(man->str, ".Li \"wait_text text [seconds] [device]\"\n"));
    g_assert_nonnull(strstr(man->str, "In quotes, \\en is Enter"));
    g_auto(GStrv) lines = g_strsplit(man->str, "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        g_autofree char *request = lines[i][0] == '.' ? g_strndup(lines[i] + 1, 2) : NULL;
        g_assert_true(!request || g_strv_contains(requests, request));
        g_assert_cmpint(lines[i][0], !=, '\'');
    }
}

#define ADD(name, fn) g_test_add("/monitor/" name, Rig, NULL, setup, fn, teardown)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("table", test_table);
    ADD("syntax", test_syntax);
    ADD("print", test_print);
    ADD("physical", test_physical);
    ADD("virtual", test_virtual);
    ADD("ports", test_ports);
    ADD("run-state", test_run_state);
    ADD("info", test_info);
    ADD("info-machine", test_info_machine);
    ADD("reports", test_reports);
    ADD("help-layout", test_help_layout);
    ADD("input", test_input);
    ADD("screendump", test_screendump);
    ADD("screen-text", test_screen_text);
    ADD("type", test_type);
    ADD("completion", test_completion);
    ADD("reference", test_reference);
    return g_test_run();
}

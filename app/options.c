/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/options.h"

#include <string.h>

#include "app/listings.h"
#include "core/error.h"

#define FIELD(T, config, option) ((T *)((char *)(config) + (option)->offset))
#define OFFSET(field)            G_STRUCT_OFFSET(CliConfig, field)

const char *const cli_topic_titles[CLI_TOPIC_COUNT] = {
    [CLI_STANDARD] = "Standard options",      [CLI_CPU] = "Machine, processor and memory options",
    [CLI_BOOT] = "Firmware and boot options", [CLI_BLOCK] = "Block device options",
    [CLI_DEVICE] = "Device options",          [CLI_DISPLAY] = "Display options",
    [CLI_CHAR] = "Character device options",  [CLI_DEBUG] = "Debug/Expert options",
};

/* ---- generic handlers ---- */

static gboolean set_flag(CliConfig *config, const CliOption *option, const char *value,
                         GError **error)
{
    *FIELD(gboolean, config, option) = TRUE;
    return TRUE;
}

static gboolean set_string(CliConfig *config, const CliOption *option, const char *value,
                           GError **error)
{
    *FIELD(const char *, config, option) = value;
    return TRUE;
}

static gboolean add_item(CliConfig *config, const CliOption *option, const char *value,
                         GError **error)
{
    CliItem item = {option->name, value};

    g_array_append_val(*FIELD(GArray *, config, option), item);
    return TRUE;
}

/* ---- handlers that may answer with a list ---- */

static gboolean wants_list(const char *value)
{
    g_autoptr(OptionList) list = option_list_parse(value, "", NULL);

    return list && option_list_wants_help(list);
}

static gboolean print_instead(CliConfig *config, int (*print)(const char *text), const char *value)
{
    config->print = print;
    config->print_text = value;
    return TRUE;
}

static gboolean apply_device(CliConfig *config, const CliOption *option, const char *value,
                             GError **error)
{
    return wants_list(value) ? print_instead(config, list_devices, value)
                             : add_item(config, option, value, error);
}

static gboolean apply_object(CliConfig *config, const CliOption *option, const char *value,
                             GError **error)
{
    return wants_list(value) ? print_instead(config, list_objects, value)
                             : add_item(config, option, value, error);
}

static gboolean apply_chardev(CliConfig *config, const CliOption *option, const char *value,
                              GError **error)
{
    return wants_list(value) ? print_instead(config, list_chardevs, value)
                             : add_item(config, option, value, error);
}

static gboolean apply_echr(CliConfig *config, const CliOption *option, const char *value,
                           GError **error)
{
    guint64 code;

    if (!option_parse_uint("-echr", value, &code, NULL) || code > 255) {
        return error_set(error, "-echr %s: should be the code of a character, 0 to 255", value);
    }
    config->echr = (int)code;
    return TRUE;
}

static gboolean apply_blockdev(CliConfig *config, const CliOption *option, const char *value,
                               GError **error)
{
    return wants_list(value) ? print_instead(config, list_blockdev_options, value)
                             : add_item(config, option, value, error);
}

static gboolean apply_drive(CliConfig *config, const CliOption *option, const char *value,
                            GError **error)
{
    return wants_list(value) ? print_instead(config, list_drive_options, value)
                             : add_item(config, option, value, error);
}

static gboolean apply_display(CliConfig *config, const CliOption *option, const char *value,
                              GError **error)
{
    return wants_list(value) ? print_instead(config, list_displays, value)
                             : add_item(config, option, value, error);
}

static gboolean apply_vga(CliConfig *config, const CliOption *option, const char *value,
                          GError **error)
{
    return wants_list(value) ? print_instead(config, list_vgas, value)
                             : set_string(config, option, value, error);
}

static gboolean apply_usb(CliConfig *config, const CliOption *option, const char *value,
                          GError **error)
{
    option_list_add(config->board_options, "usb", "on");
    return TRUE;
}

static gboolean apply_smbios(CliConfig *config, const CliOption *option, const char *value,
                             GError **error)
{
    g_ptr_array_add(config->smbios, (char *)value);
    return TRUE;
}

static gboolean apply_firmware_dir(CliConfig *config, const CliOption *option, const char *value,
                                   GError **error)
{
    if (!g_file_test(value, G_FILE_TEST_IS_DIR)) {
        return error_set(error, "'%s' is not a folder", value);
    }
    g_ptr_array_add(config->firmware_dirs, (char *)value);
    return TRUE;
}

static gboolean apply_enable_kvm(CliConfig *config, const CliOption *option, const char *value,
                                 GError **error)
{
    return add_item(config, option, "kvm", error);
}

static gboolean apply_help(CliConfig *config, const CliOption *option, const char *value,
                           GError **error)
{
    return print_instead(config, cli_print_help, NULL);
}

static gboolean apply_help_man(CliConfig *config, const CliOption *option, const char *value,
                               GError **error)
{
    return print_instead(config, cli_print_man, NULL);
}

static gboolean apply_version(CliConfig *config, const CliOption *option, const char *value,
                              GError **error)
{
    return print_instead(config, list_version, NULL);
}

static gboolean apply_no_hpet(CliConfig *config, const CliOption *option, const char *value,
                              GError **error)
{
    option_list_add(config->board_options, "hpet", "off");
    return TRUE;
}

static gboolean apply_no_reboot(CliConfig *config, const CliOption *option, const char *value,
                                GError **error)
{
    config->actions.reboot = REBOOT_ACTION_SHUTDOWN;
    return TRUE;
}

static gboolean apply_no_shutdown(CliConfig *config, const CliOption *option, const char *value,
                                  GError **error)
{
    config->actions.shutdown = SHUTDOWN_ACTION_PAUSE;
    return TRUE;
}

static gboolean apply_gdb_short(CliConfig *config, const CliOption *option, const char *value,
                                GError **error)
{
    return set_string(config, option, "tcp::1234", error);
}

static gboolean apply_control(CliConfig *config, const CliOption *option, const char *value,
                              GError **error)
{
    gboolean on;

    if (!option_parse_bool("-control", value, &on, error)) {
        return FALSE;
    }
    config->no_control = !on;
    return TRUE;
}

static gboolean ignore(CliConfig *config, const CliOption *option, const char *value,
                       GError **error)
{
    return TRUE;
}

const CliOption cli_options[] = {
    {"help", "h", NULL, CLI_STANDARD, "shows this help and exits", apply_help},
    {"version", NULL, NULL, CLI_STANDARD,
     "shows the version, with the frontends and libraries that were built, and exits",
     apply_version},
    {"name", NULL, "[guest=]NAME[,process=NAME]", CLI_STANDARD,
     "names the machine (window title) and the process", cli_apply_name},
    {"uuid", NULL, "UUID", CLI_STANDARD, "sets the machine's UUID", cli_apply_uuid},
    {"S", NULL, NULL, CLI_STANDARD, "does not start the processors ('cont' at a monitor does)",
     set_flag, OFFSET(stopped)},
    {"action", NULL, "EVENT=ACTION[,EVENT=ACTION...]", CLI_STANDARD,
     "what to do when the guest asks for a reset (reboot=reset|shutdown), switches itself off\n"
     "(shutdown=poweroff|pause), crashes (panic=shutdown|pause|exit-failure|none) or lets a\n"
     "watchdog run out (watchdog=reset|shutdown|poweroff|pause|debug|none|inject-nmi)",
     cli_apply_action},
    {"no-reboot", NULL, NULL, CLI_STANDARD,
     "ends instead of rebooting: the same as -action reboot=shutdown", apply_no_reboot},
    {"no-shutdown", NULL, NULL, CLI_STANDARD,
     "stays, stopped, when the guest has switched itself off: the same as\n"
     "-action shutdown=pause",
     apply_no_shutdown},
    {"watchdog-action", NULL, "ACTION", CLI_STANDARD, "the same as -action watchdog=ACTION",
     cli_apply_watchdog_action},
    {"nodefaults", NULL, NULL, CLI_STANDARD,
     "makes no serial port, monitor, graphics card, tablet or drive that was not asked for",
     set_flag, OFFSET(nodefaults)},
    {"no-user-config", NULL, NULL, CLI_STANDARD,
     "does not read the configuration files of the host and the user first, and keeps no history\n"
     "of what is typed at monitors",
     set_flag, OFFSET(no_user_config)},
    {"readconfig", NULL, "FILE", CLI_STANDARD, "reads options from a configuration file", ignore},
    {"writeconfig", NULL, "FILE|-", CLI_STANDARD,
     "writes the options to a configuration file ('-': standard output), and goes on", set_string,
     OFFSET(write_config)},
    {"set", NULL, "GROUP.ID.ARG=VALUE", CLI_STANDARD,
     "changes an option that was given before: -set drive.ID.file=FILE", ignore},
    {"preconfig", NULL, NULL, CLI_STANDARD,
     "makes the machine only when a monitor says so (QMP x-exit-preconfig, HMP exit_preconfig)",
     set_flag, OFFSET(preconfig)},
    {"rtc", NULL, "[base=utc|localtime|DATE][,clock=host|rt|vm]", CLI_STANDARD,
     "sets the real-time clock at start (default: utc)", cli_apply_rtc},
    {"pidfile", NULL, "FILE", CLI_STANDARD, "writes the process id to FILE while running",
     set_string, OFFSET(pidfile)},
    {"daemonize", NULL, NULL, CLI_STANDARD, "goes to the background once the machine is ready",
     set_flag, OFFSET(daemonize)},
    {"runas", NULL, "USER|UID:GID", CLI_STANDARD,
     "becomes this user once everything is open (for root)", cli_apply_runas},
    {"chroot", NULL, "FOLDER", CLI_STANDARD,
     "sees no files but those below FOLDER once everything is open (for root)", cli_apply_chroot},
    {"sandbox", NULL,
     "on|off[,obsolete=deny|allow][,elevateprivileges=deny|allow|children]"
     "[,spawn=deny|allow][,resourcecontrol=deny|allow]",
     CLI_STANDARD,
     "denies system calls that a machine has no use for (default: on, all of them denied)",
     cli_apply_sandbox},
    {"add-fd", NULL, "fd=N,set=N[,opaque=TEXT]", CLI_STANDARD,
     "puts a descriptor that the program was started with into the set /dev/fdset/N, a path for\n"
     "whatever opens files (-chardev, -drive, screendump)",
     cli_apply_add_fd},
    {"msg", NULL, "[timestamp=on|off][,guest-name=on|off]", CLI_STANDARD,
     "puts the time, and the machine's name, before messages", cli_apply_msg},
    {"control", NULL, "on|off", CLI_STANDARD,
     "lets 'vitrine list', 'attach' and 'detach' find this machine (default: on)", apply_control},

    {"machine", "M", "[type=]NAME[,accel=ACCEL[:ACCEL...]][,PROP=VALUE...]", CLI_CPU,
     "chooses the machine ('-machine help' lists them)", cli_apply_machine},
    {"no-hpet", NULL, NULL, CLI_CPU, "the same as -machine hpet=off", apply_no_hpet},
    {"accel", NULL, "[accel=]NAME[:NAME...][,PROP=VALUE...]", CLI_CPU,
     "chooses the accelerator, the first that works ('-accel help' lists them)", cli_apply_accel,
     OFFSET(accels)},
    {"enable-kvm", NULL, NULL, CLI_CPU, "the same as -accel kvm", apply_enable_kvm, OFFSET(accels)},
    {"cpu", NULL, "MODEL[,+FEATURE][,-FEATURE][,PROPERTY=VALUE]", CLI_CPU,
     "chooses the processor model ('-cpu help' lists them)", cli_apply_cpu},
    {"icount", NULL, "[shift=]N[,sleep=off]", CLI_CPU,
     "lets guest time pass by executed instructions, 2^N ns each: runs repeat exactly (tcg only)",
     cli_apply_icount},
    {"smp", NULL, "[cpus=]N[,sockets=N][,dies=N][,cores=N][,threads=N]", CLI_CPU,
     "sets the number of processors (default: 1)", cli_apply_smp},
    {"m", NULL, "[size=]SIZE", CLI_CPU,
     "sets the size of memory, in MiB or with a suffix K, M, G or T (default: 2G)",
     cli_apply_memory},
    {"overcommit", NULL, "[mem-lock=on|off][,cpu-pm=off]", CLI_CPU,
     "mem-lock=on: keeps all memory of the program from being swapped out", cli_apply_overcommit},
    {"mem-path", NULL, "FILE", CLI_CPU,
     "memory is this file, or one without a name in this folder (of huge pages: on hugetlbfs)",
     set_string, OFFSET(mem_path)},
    {"mem-prealloc", NULL, NULL, CLI_CPU, "takes all memory from the host at once", set_flag,
     OFFSET(mem_prealloc)},

    {"bios", NULL, "FILE", CLI_BOOT, "firmware: a path, or a name in one of the folders",
     set_string, OFFSET(bios)},
    {"pflash", NULL, "FILE", CLI_BOOT,
     "flash memory with the firmware, or, given again, with its variables: -drive if=pflash",
     add_item, OFFSET(drives)},
    {"L", NULL, "FOLDER", CLI_BOOT, "looks for firmware here first; may be given again",
     apply_firmware_dir},
    {"boot", NULL,
     "[order=DRIVES][,once=DRIVES][,menu=on|off][,splash=FILE][,splash-time=MS]"
     "[,reboot-timeout=MS][,strict=on|off]",
     CLI_BOOT,
     "boots from drives in this order: a (floppy), c (disk), d (CD-ROM), n (network);\n"
     "'once' is for the first boot only, 'menu' lets you choose",
     cli_apply_boot},
    {"smbios", NULL, "type=NUMBER[,FIELD=TEXT...]|file=FILE", CLI_BOOT,
     "what the firmware's SMBIOS (DMI) tables tell the guest; may be given again:\n"
     "type=0[,vendor=][,version=][,date=][,release=N.N][,uefi=on|off] (firmware),\n"
     "type=1[,manufacturer=][,product=][,version=][,serial=][,uuid=][,sku=][,family=] (system),\n"
     "type=2[,manufacturer=][,product=][,version=][,serial=][,asset=][,location=] (board),\n"
     "type=3[,manufacturer=][,version=][,serial=][,asset=][,sku=] (chassis),\n"
     "type=4[,sock_pfx=][,manufacturer=][,version=][,serial=][,asset=][,part=][,max-speed=MHZ]\n"
     "[,current-speed=MHZ][,processor-id=N] (processors),\n"
     "type=8[,internal_reference=][,external_reference=][,connector_type=N][,port_type=N],\n"
     "type=11[,value=TEXT...][,path=FILE...] (strings of your own),\n"
     "type=17[,loc_pfx=][,bank=][,manufacturer=][,serial=][,asset=][,part=][,speed=N] (memory);\n"
     "file= has a structure as it is in memory",
     apply_smbios},
    {"no-fd-bootchk", NULL, NULL, CLI_BOOT,
     "boots floppies without a boot signature as well, which is so without this option, too",
     ignore},
    {"kernel", NULL, "FILE", CLI_BOOT,
     "boots this kernel, without a boot loader: a Linux bzImage, or a multiboot ELF file",
     set_string, OFFSET(kernel)},
    {"initrd", NULL, "FILE", CLI_BOOT,
     "initial RAM disk of -kernel; the modules of a multiboot kernel: FILE [ARGS],FILE [ARGS]...",
     set_string, OFFSET(initrd)},
    {"append", NULL, "TEXT", CLI_BOOT, "command line of -kernel", set_string, OFFSET(append)},

    {"fda", NULL, "FILE", CLI_BLOCK, "image of the first floppy drive", add_item, OFFSET(drives)},
    {"fdb", NULL, "FILE", CLI_BLOCK, "image of the second floppy drive", add_item, OFFSET(drives)},
    {"hda", NULL, "FILE", CLI_BLOCK, "disk image of the first IDE drive", add_item, OFFSET(drives)},
    {"hdb", NULL, "FILE", CLI_BLOCK, "disk image of the second IDE drive", add_item,
     OFFSET(drives)},
    {"hdc", NULL, "FILE", CLI_BLOCK, "disk image of the third IDE drive", add_item, OFFSET(drives)},
    {"hdd", NULL, "FILE", CLI_BLOCK, "disk image of the fourth IDE drive", add_item,
     OFFSET(drives)},
    {"cdrom", NULL, "FILE", CLI_BLOCK, "CD-ROM image (in place of the third IDE drive)", add_item,
     OFFSET(drives)},
    {"blockdev", NULL, "driver=DRIVER,node-name=NAME[,PROP=VALUE...]", CLI_BLOCK,
     "opens an image under a name, for -device drive=NAME", apply_blockdev, OFFSET(drives)},
    {"drive", NULL, "[file=FILE][,if=TYPE][,index=N][,media=disk|cdrom][,PROP=VALUE...]", CLI_BLOCK,
     "adds a drive ('-drive help' lists what can be set)", apply_drive, OFFSET(drives)},
    {"snapshot", NULL, NULL, CLI_BLOCK, "writes to temporary files: the images stay as they are",
     set_flag, OFFSET(snapshot)},

    {"device", NULL, "DRIVER[,PROP=VALUE...]", CLI_DEVICE,
     "adds a device ('-device help' lists them, '-device DRIVER,help' what can be set);\n"
     "also in JSON: {\"driver\": \"DRIVER\", \"PROP\": VALUE}",
     apply_device, OFFSET(devices)},
    {"global", NULL, "DRIVER.PROP=VALUE", CLI_DEVICE,
     "what devices of this driver have where nothing else is said; also as\n"
     "driver=DRIVER,property=PROP,value=VALUE",
     cli_apply_global},
    {"object", NULL, "TYPE,id=ID[,PROP=VALUE...]", CLI_DEVICE,
     "makes an object that others name by its id: a secret, a source of random bytes\n"
     "('-object help' lists them, '-object TYPE,help' what can be set)",
     apply_object, OFFSET(objects)},
    {"vga", NULL, "NAME", CLI_DEVICE, "chooses the graphics card ('-vga help' lists them)",
     apply_vga, OFFSET(vga)},
    {"usb", NULL, NULL, CLI_DEVICE, "a USB controller, the same as -machine usb=on", apply_usb, 0},
    {"nic", NULL, "none", CLI_DEVICE, "no network card", cli_apply_nic},
    {"net", NULL, "none", CLI_DEVICE, "the same as -nic none", cli_apply_nic},

    {"display", NULL, "NAME[,PROP=VALUE...]", CLI_DISPLAY,
     "shows the machine through this frontend; may be given again, for several at once\n"
     "('-display help' lists them, 'none' is for no display); also in JSON: {\"type\": \"NAME\"}",
     apply_display, OFFSET(displays)},
    {"vnc", NULL, "[HOST]:N|unix:PATH[,PROP=VALUE...]", CLI_DISPLAY,
     "shows the machine to VNC viewers at TCP port 5900 + N (without HOST: of this host only)",
     add_item, OFFSET(displays)},
    {"spice", NULL, "port=N|tls-port=N|unix=on,addr=PATH[,PROP=VALUE...]", CLI_DISPLAY,
     "shows the machine to SPICE viewers, with password=... or disable-ticketing=on\n"
     "(without addr=: of this host only; '-display spice,help' lists what can be set)",
     add_item, OFFSET(displays)},
    {"audiodev", NULL, "[driver=]none,id=ID", CLI_DISPLAY,
     "a sound system: there is no sound yet, so only the one that plays nothing",
     cli_apply_audiodev},
    {"k", NULL, "LAYOUT", CLI_DISPLAY,
     "the guest's keyboard layout, for typed text and VNC viewers (de, fr, ...; default: en-us)",
     set_string, OFFSET(keymap)},
    {"full-screen", NULL, NULL, CLI_DISPLAY, "starts in full screen", set_flag,
     OFFSET(full_screen)},
    {"nographic", NULL, NULL, CLI_DISPLAY,
     "no display; firmware, first serial port and monitor share the terminal:\n"
     "Ctrl-A c switches between the two, Ctrl-A x ends, Ctrl-A h shows the rest",
     set_flag, OFFSET(nographic)},

    {"chardev", NULL, "TYPE,id=ID[,PROP=VALUE...]", CLI_CHAR,
     "makes a character device ('-chardev help' lists the types)", apply_chardev, OFFSET(chardevs)},
    {"serial", NULL, "CHARDEV", CLI_CHAR,
     "connects the next serial port to CHARDEV: none, null, stdio, vc, pty, file:PATH,\n"
     "unix:PATH[,server=on][,wait=off], tcp:HOST:PORT, telnet:HOST:PORT, chardev:ID,\n"
     "mon:... (any of these, shared with a monitor: Ctrl-A c switches)",
     add_item, OFFSET(serials)},
    {"parallel", NULL, "CHARDEV", CLI_CHAR, "connects the next parallel port to CHARDEV", add_item,
     OFFSET(parallels)},
    {"monitor", NULL, "CHARDEV", CLI_CHAR, "puts a monitor on CHARDEV", add_item, OFFSET(monitors)},
    {"echr", NULL, "CODE", CLI_CHAR,
     "the escape character of shared terminals: its ASCII code (1, Ctrl-A, if not given)",
     apply_echr},
    {"qmp", NULL, "CHARDEV", CLI_CHAR,
     "puts a monitor for programs (QMP) on CHARDEV; a listening socket takes many clients",
     add_item, OFFSET(monitors)},
    {"qmp-pretty", NULL, "CHARDEV", CLI_CHAR, "the same, with answers laid out for people",
     add_item, OFFSET(monitors)},
    {"mon", NULL, "[chardev=]ID[,mode=readline|control][,pretty=on]", CLI_CHAR,
     "puts a monitor on a -chardev; mode=control: QMP", add_item, OFFSET(monitors)},
    {"debugcon", NULL, "CHARDEV", CLI_CHAR, "connects the debug port E9h to CHARDEV", set_string,
     OFFSET(debugcon)},

    {"d", NULL, "ITEM[,ITEM...]", CLI_DEBUG, "logs these items ('-d help' lists them)",
     cli_apply_log_items},
    {"D", NULL, "FILE", CLI_DEBUG, "logs to FILE instead of stderr", set_string, OFFSET(log_file)},
    {"gdb", NULL, "CHARDEV", CLI_DEBUG,
     "serves a debugger (GDB's remote protocol) on CHARDEV: tcp:[HOST]:PORT (it listens; without\n"
     "HOST: for this host only), unix:PATH,server=on,wait=off, stdio, ...",
     set_string, OFFSET(gdb)},
    {"s", NULL, NULL, CLI_DEBUG, "the same as -gdb tcp::1234", apply_gdb_short, OFFSET(gdb)},
    {"qtest", NULL, "CHARDEV", CLI_DEBUG,
     "serves the qtest protocol on CHARDEV (with -accel qtest)", add_item, OFFSET(qtests)},
    {"qtest-log", NULL, "FILE", CLI_DEBUG, "logs the dialogue of -qtest to FILE (default: none)",
     set_string, OFFSET(qtest_log)},
    {"help-man", NULL, NULL, CLI_DEBUG, "shows the options as a part of a man page",
     apply_help_man},
    {NULL},
};

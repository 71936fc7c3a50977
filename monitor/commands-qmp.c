/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands that only programs use (QMP); those of commands.c marked `qmp` serve them, too. */
#include "monitor/handlers.h"

#define ARGS(...)   \
    {               \
        __VA_ARGS__ \
    }
#define QUERY(name, type, help, run)                   \
    {                                                  \
        name, NULL, {{0}}, help, NULL, run, TRUE, type \
    }

static const char *const readonly_modes[] = {"retain", "read-only", "read-write", NULL};

const Command monitor_qmp_commands[] = {
    {"qmp_capabilities", NULL,
     ARGS({"enable", ARG_JSON, TRUE, .schema = "[QMPCapability]",
           .help = "of those in the greeting"}),
     "begin: commands are accepted from now on", NULL, NULL, TRUE, NULL, TRUE},
    QUERY("query-version", "VersionInfo", "whose interface this is, and the program's version",
          qmp_query_version),
    QUERY("query-commands", "[CommandInfo]", "the commands", qmp_query_commands),
    QUERY("query-qmp-schema", "[SchemaInfo]", "commands, events and types", qmp_query_schema),
    QUERY("query-status", "StatusInfo", "whether the machine runs", qmp_query_status),
    QUERY("query-name", "NameInfo", "the machine's name", qmp_query_name),
    QUERY("query-uuid", "UuidInfo", "the machine's UUID", qmp_query_uuid),
    QUERY("query-kvm", "KvmInfo", "whether KVM runs the machine", qmp_query_kvm),
    QUERY("query-target", "TargetInfo", "the architecture", qmp_query_target),
    QUERY("query-cpus-fast", "[CpuInfoFast]", "processors and their threads", qmp_query_cpus_fast),
    QUERY("query-memory-size-summary", "MemoryInfo", "size of memory", qmp_query_memory_size),
    QUERY("query-mice", "[MouseInfo]", "mice, and which one gets the events", qmp_query_mice),
    QUERY("query-chardev", "[ChardevInfo]", "character devices", qmp_query_chardev),
    QUERY("query-block", "[BlockInfo]", "drives and their media", qmp_query_block),
    QUERY("query-blockstats", "[BlockStats]", "what the drives have done", qmp_query_blockstats),
    QUERY("query-iothreads", "[IOThreadInfo]", "threads for I/O: there are none",
          qmp_query_nothing),
    QUERY("query-jobs", "[JobInfo]", "long jobs: there are none", qmp_query_nothing),
    QUERY("query-migrate-capabilities", "[MigrationCapabilityStatus]",
          "what migration can do: nothing", qmp_query_nothing),
    QUERY("x-query-frontends", "[FrontendInfo]", "the frontends that show the machine",
          qmp_query_frontends),
    {"human-monitor-command", NULL,
     ARGS({"command-line", ARG_STRING}, {"cpu-index", ARG_INT, TRUE, .min = 0, .max = 4095}),
     "run a line of the monitor for people; returns what it prints", NULL,
     qmp_human_monitor_command, TRUE, "str"},
    {"send-key", NULL,
     ARGS({"keys", ARG_JSON, .schema = "[KeyValue]"},
          {"hold-time", ARG_INT, TRUE, .min = 0, .max = 60000, .help = "in ms; 100 if not given"}),
     "press a key or a chord in the guest", NULL, qmp_send_key, TRUE},
    {"input-send-event", NULL,
     ARGS({"device", ARG_STRING, TRUE, .noun = NOUN_DISPLAY}, {"head", ARG_INT, TRUE},
          {"events", ARG_JSON, .schema = "[InputEvent]"}),
     "send keys, buttons and movements to the guest", NULL, qmp_input_send_event, TRUE},
    {"inject-nmi",
     NULL,
     {{0}},
     "inject a non-maskable interrupt into every processor",
     NULL,
     cmd_nmi,
     TRUE},
    {"change-vnc-password", NULL, ARGS({"password", ARG_STRING}),
     "set the password that VNC viewers must give", NULL, qmp_change_vnc_password, TRUE},
    {"blockdev-change-medium", NULL,
     ARGS({"device", ARG_STRING, TRUE, .noun = NOUN_REMOVABLE},
          {"id", ARG_STRING, TRUE, .noun = NOUN_REMOVABLE}, {"filename", ARG_STRING},
          {"format", ARG_STRING, TRUE}, {"force", ARG_FLAG, TRUE},
          {"read-only-mode", ARG_ENUM, TRUE, .values = readonly_modes,
           .schema = "BlockdevChangeReadOnlyMode"}),
     "put another medium into a removable drive", NULL, qmp_blockdev_change_medium, TRUE},
    {"eject", NULL,
     ARGS({"device", ARG_STRING, TRUE, .noun = NOUN_REMOVABLE},
          {"id", ARG_STRING, TRUE, .noun = NOUN_REMOVABLE}, {"force", ARG_FLAG, TRUE}),
     "take the medium out of a removable drive", NULL, qmp_eject, TRUE},
    {NULL},
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The types and events of QMP, as QEMU's QAPI schema names them. */
#include "monitor/schema.h"

#define VALUES(...)  ((const char *const[]){__VA_ARGS__, NULL})
#define MEMBERS(...) ((const SchemaMember[]){__VA_ARGS__, {NULL}})
#define ENUM(type, ...)                             \
    {                                               \
        .name = type, .values = VALUES(__VA_ARGS__) \
    }
#define OBJECT(type, ...)                             \
    {                                                 \
        .name = type, .members = MEMBERS(__VA_ARGS__) \
    }

const SchemaType schema_types[] = {
    ENUM("QMPCapability", "oob"),
    OBJECT("VersionTriple", {"major", "int"}, {"minor", "int"}, {"micro", "int"}),
    OBJECT("VersionInfo", {"qemu", "VersionTriple"}, {"package", "str"}),
    OBJECT("CommandInfo", {"name", "str"}),
    OBJECT("SchemaInfo", {"name", "str"}, {"meta-type", "str"}),
    ENUM("RunState", "debug", "inmigrate", "internal-error", "io-error", "paused", "postmigrate",
         "prelaunch", "finish-migrate", "restore-vm", "running", "save-vm", "shutdown", "suspended",
         "watchdog", "guest-panicked", "colo"),
    OBJECT("StatusInfo", {"status", "RunState"}, {"running", "bool"}, {"singlestep", "bool"}),
    OBJECT("NameInfo", {"name", "str", TRUE}),
    OBJECT("UuidInfo", {"UUID", "str"}),
    OBJECT("KvmInfo", {"enabled", "bool"}, {"present", "bool"}),
    OBJECT("TargetInfo", {"arch", "str"}),
    OBJECT("CpuInstanceProperties", {"node-id", "int", TRUE}, {"socket-id", "int", TRUE},
           {"die-id", "int", TRUE}, {"core-id", "int", TRUE}, {"thread-id", "int", TRUE}),
    OBJECT("CpuInfoFast", {"cpu-index", "int"}, {"qom-path", "str"}, {"thread-id", "int"},
           {"props", "CpuInstanceProperties", TRUE}, {"target", "str"}),
    OBJECT("MemoryInfo", {"base-memory", "int"}, {"plugged-memory", "int", TRUE}),
    OBJECT("MouseInfo", {"name", "str"}, {"index", "int"}, {"current", "bool"},
           {"absolute", "bool"}),
    OBJECT("ChardevInfo", {"label", "str"}, {"filename", "str"}, {"frontend-open", "bool"}),
    OBJECT("IOThreadInfo", {"id", "str"}, {"thread-id", "int"}),
    OBJECT("JobInfo", {"id", "str"}, {"type", "str"}, {"status", "str"}),
    OBJECT("MigrationCapabilityStatus", {"capability", "str"}, {"state", "bool"}),
    OBJECT("ImageInfo", {"filename", "str"}, {"format", "str"}, {"virtual-size", "int"}),
    OBJECT("BlockDeviceInfo", {"file", "str"}, {"ro", "bool"}, {"drv", "str"},
           {"image", "ImageInfo"}),
    OBJECT("BlockInfo", {"device", "str"}, {"qdev", "str", TRUE}, {"type", "str"},
           {"removable", "bool"}, {"locked", "bool"}, {"tray_open", "bool", TRUE},
           {"io-status", "str", TRUE}, {"inserted", "BlockDeviceInfo", TRUE}),
    OBJECT("BlockDeviceStats", {"rd_bytes", "int"}, {"wr_bytes", "int"}, {"rd_operations", "int"},
           {"wr_operations", "int"}, {"flush_operations", "int"}, {"rd_total_time_ns", "int"},
           {"wr_total_time_ns", "int"}, {"flush_total_time_ns", "int"},
           {"failed_rd_operations", "int"}, {"failed_wr_operations", "int"},
           {"invalid_rd_operations", "int"}, {"invalid_wr_operations", "int"}),
    OBJECT("BlockStats", {"device", "str"}, {"stats", "BlockDeviceStats"}),
    ENUM("KeyValueKind", "number", "qcode"),
    {.name = "KeyValue", .members = MEMBERS({"type", "KeyValueKind"}, {"data", "any"})},
    ENUM("InputButton", "left", "middle", "right", "wheel-up", "wheel-down", "side", "extra",
         "wheel-left", "wheel-right"),
    ENUM("InputAxis", "x", "y"),
    ENUM("InputEventKind", "key", "btn", "rel", "abs"),
    OBJECT("InputKeyEvent", {"key", "KeyValue"}, {"down", "bool"}),
    OBJECT("InputBtnEvent", {"button", "InputButton"}, {"down", "bool"}),
    OBJECT("InputMoveEvent", {"axis", "InputAxis"}, {"value", "int"}),
    OBJECT("InputKeyEventWrapper", {"data", "InputKeyEvent"}),
    OBJECT("InputBtnEventWrapper", {"data", "InputBtnEvent"}),
    OBJECT("InputMoveEventWrapper", {"data", "InputMoveEvent"}),
    {.name = "InputEvent",
     .members = MEMBERS({"type", "InputEventKind"}),
     .tag = "type",
     .variants = MEMBERS({"key", "InputKeyEventWrapper"}, {"btn", "InputBtnEventWrapper"},
                         {"rel", "InputMoveEventWrapper"}, {"abs", "InputMoveEventWrapper"})},
    ENUM("ImageFormat", "ppm", "png"),
    ENUM("BlockdevChangeReadOnlyMode", "retain", "read-only", "read-write"),
    ENUM("DisplayProtocol", "vnc", "spice"),
    ENUM("SetPasswordAction", "keep", "fail", "disconnect"),
    OBJECT("FrontendInfo", {"id", "str"}, {"type", "str"}),
    {NULL},
};

const SchemaEvent schema_events[] = {
    {"SHUTDOWN", MEMBERS({"guest", "bool"}, {"reason", "str"})},
    {"POWERDOWN"},
    {"RESET", MEMBERS({"guest", "bool"}, {"reason", "str"})},
    {"STOP"},
    {"RESUME"},
    {NULL},
};

const SchemaType *schema_find_type(const char *name)
{
    for (const SchemaType *type = schema_types; type->name; type++) {
        if (g_str_equal(type->name, name)) {
            return type;
        }
    }
    return NULL;
}

const SchemaEvent *schema_find_event(const char *name)
{
    for (const SchemaEvent *event = schema_events; event->name; event++) {
        if (g_str_equal(event->name, name)) {
            return event;
        }
    }
    return NULL;
}

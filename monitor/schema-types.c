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
    OBJECT("MachineInfo", {"name", "str"}, {"alias", "str", TRUE}, {"is-default", "bool", TRUE},
           {"cpu-max", "int"}, {"hotpluggable-cpus", "bool"}, {"numa-mem-supported", "bool"},
           {"deprecated", "bool"}, {"default-cpu-type", "str", TRUE},
           {"default-ram-id", "str", TRUE}),
    OBJECT("CpuDefinitionInfo", {"name", "str"}, {"migration-safe", "bool", TRUE},
           {"static", "bool"}, {"unavailable-features", "[str]", TRUE}, {"typename", "str"},
           {"alias-of", "str", TRUE}, {"deprecated", "bool"}),
    ENUM("CpuModelExpansionType", "static", "full"),
    OBJECT("CpuModelInfo", {"name", "str"}, {"props", "any", TRUE}),
    OBJECT("CpuModelExpansionInfo", {"model", "CpuModelInfo"}),
    OBJECT("HotpluggableCPU", {"type", "str"}, {"vcpus-count", "int"},
           {"props", "CpuInstanceProperties"}, {"qom-path", "str", TRUE}),
    ENUM("NetworkAddressFamily", "ipv4", "ipv6", "unix", "vsock", "unknown"),
    ENUM("VncPrimaryAuth", "none", "vnc", "ra2", "ra2ne", "tight", "ultra", "tls", "vencrypt",
         "sasl"),
    OBJECT("VncServerInfo", {"host", "str"}, {"service", "str"}, {"family", "NetworkAddressFamily"},
           {"websocket", "bool"}, {"auth", "str", TRUE}),
    OBJECT("VncServerInfo2", {"host", "str"}, {"service", "str"},
           {"family", "NetworkAddressFamily"}, {"websocket", "bool"}, {"auth", "VncPrimaryAuth"}),
    OBJECT("VncBasicInfo", {"host", "str"}, {"service", "str"}, {"family", "NetworkAddressFamily"},
           {"websocket", "bool"}),
    OBJECT("VncClientInfo", {"host", "str"}, {"service", "str"}, {"family", "NetworkAddressFamily"},
           {"websocket", "bool"}, {"x509_dname", "str", TRUE}, {"sasl_username", "str", TRUE}),
    OBJECT("VncInfo", {"enabled", "bool"}, {"host", "str", TRUE},
           {"family", "NetworkAddressFamily", TRUE}, {"service", "str", TRUE},
           {"auth", "str", TRUE}, {"clients", "[VncClientInfo]", TRUE}),
    OBJECT("VncInfo2", {"id", "str"}, {"server", "[VncServerInfo2]"},
           {"clients", "[VncClientInfo]"}, {"auth", "VncPrimaryAuth"}, {"display", "str", TRUE}),
    ENUM("SpiceQueryMouseMode", "client", "server", "unknown"),
    OBJECT("SpiceBasicInfo", {"host", "str"}, {"port", "str"}, {"family", "NetworkAddressFamily"}),
    OBJECT("SpiceServerInfo", {"host", "str"}, {"port", "str"}, {"family", "NetworkAddressFamily"},
           {"auth", "str", TRUE}),
    OBJECT("SpiceChannel", {"host", "str"}, {"port", "str"}, {"family", "NetworkAddressFamily"},
           {"connection-id", "int"}, {"channel-type", "int"}, {"channel-id", "int"},
           {"tls", "bool"}),
    OBJECT("SpiceInfo", {"enabled", "bool"}, {"migrated", "bool"}, {"host", "str", TRUE},
           {"port", "int", TRUE}, {"tls-port", "int", TRUE}, {"auth", "str", TRUE},
           {"compiled-version", "str", TRUE}, {"mouse-mode", "SpiceQueryMouseMode"},
           {"channels", "[SpiceChannel]", TRUE}),
    ENUM("DisplayType", "none", "gtk", "sdl", "curses"),
    OBJECT("DisplayGTK", {"grab-on-hover", "bool", TRUE}, {"zoom-to-fit", "bool", TRUE},
           {"show-tabs", "bool", TRUE}, {"show-menubar", "bool", TRUE}),
    {.name = "DisplayOptions",
     .members = MEMBERS({"type", "DisplayType"}, {"full-screen", "bool", TRUE},
                        {"show-cursor", "bool", TRUE}),
     .tag = "type",
     .variants = MEMBERS({"gtk", "DisplayGTK"})},
    ENUM("DisplayReloadType", "vnc"),
    ENUM("DisplayUpdateType", "vnc"),
    ENUM("SocketAddressType", "inet", "unix"),
    OBJECT("InetSocketAddress", {"host", "str"}, {"port", "str"}, {"numeric", "bool", TRUE},
           {"to", "int", TRUE}, {"ipv4", "bool", TRUE}, {"ipv6", "bool", TRUE}),
    OBJECT("UnixSocketAddress", {"path", "str"}),
    {.name = "SocketAddress",
     .members = MEMBERS({"type", "SocketAddressType"}),
     .tag = "type",
     .variants = MEMBERS({"inet", "InetSocketAddress"}, {"unix", "UnixSocketAddress"})},
    /* What there is none of: lists of these are empty. */
    OBJECT("ACPIOSTInfo", {"device", "str", TRUE}, {"slot", "str"}, {"source", "int"},
           {"status", "int"}),
    OBJECT("BalloonInfo", {"actual", "int"}),
    OBJECT("BlockExportInfo", {"id", "str"}, {"type", "str"}, {"node-name", "str"},
           {"shutting-down", "bool"}),
    OBJECT("BlockJobInfo", {"type", "str"}, {"device", "str"}, {"len", "int"}, {"offset", "int"}),
    ENUM("DirtyRateStatus", "unstarted", "measuring", "measured"),
    ENUM("DirtyRateMeasureMode", "page-sampling", "dirty-ring", "dirty-bitmap"),
    OBJECT("DirtyRateInfo", {"dirty-rate", "int", TRUE}, {"status", "DirtyRateStatus"},
           {"start-time", "int"}, {"calc-time", "int"}, {"sample-pages", "int"},
           {"mode", "DirtyRateMeasureMode"}),
    OBJECT("Memdev", {"id", "str", TRUE}, {"size", "int"}),
    OBJECT("MemoryDeviceInfo", {"type", "str"}),
    OBJECT("MigrationInfo", {"status", "str", TRUE}),
    {.name = "MigrationParameters"},
    OBJECT("PRManagerInfo", {"id", "str"}, {"connected", "bool"}),
    ENUM("ReplayMode", "none", "record", "play"),
    OBJECT("ReplayInfo", {"mode", "ReplayMode"}, {"filename", "str", TRUE}, {"icount", "int"}),
    OBJECT("RxFilterInfo", {"name", "str"}),
    ENUM("SevState", "uninit", "launch-update", "launch-secret", "running", "send-update",
         "receive-update"),
    OBJECT("SevInfo", {"enabled", "bool"}, {"api-major", "int"}, {"api-minor", "int"},
           {"build-id", "int"}, {"policy", "int"}, {"state", "SevState"}, {"handle", "int"}),
    OBJECT("SevCapability", {"pdh", "str"}, {"cert-chain", "str"}, {"cpu0-id", "str"},
           {"cbitpos", "int"}, {"reduced-phys-bits", "int"}),
    OBJECT("SGXInfo", {"sgx", "bool"}, {"sgx1", "bool"}, {"sgx2", "bool"}, {"flc", "bool"},
           {"section-size", "int"}),
    OBJECT("TPMInfo", {"id", "str"}, {"model", "TpmModel"}),
    ENUM("TpmModel", "tpm-tis", "tpm-crb", "tpm-spapr"),
    ENUM("TpmType", "passthrough", "emulator"),
    OBJECT("GuidInfo", {"guid", "str"}),
    OBJECT("YankInstance", {"type", "str"}),
    {NULL},
};

const SchemaEvent schema_events[] = {
    {"SHUTDOWN", MEMBERS({"guest", "bool"}, {"reason", "str"})},
    {"POWERDOWN"},
    {"RESET", MEMBERS({"guest", "bool"}, {"reason", "str"})},
    {"STOP"},
    {"RESUME"},
    {"SPICE_CONNECTED", MEMBERS({"server", "SpiceBasicInfo"}, {"client", "SpiceBasicInfo"})},
    {"SPICE_DISCONNECTED", MEMBERS({"server", "SpiceBasicInfo"}, {"client", "SpiceBasicInfo"})},
    {"SPICE_INITIALIZED", MEMBERS({"server", "SpiceServerInfo"}, {"client", "SpiceChannel"})},
    {"VNC_CONNECTED", MEMBERS({"server", "VncServerInfo"}, {"client", "VncBasicInfo"})},
    {"VNC_DISCONNECTED", MEMBERS({"server", "VncServerInfo"}, {"client", "VncClientInfo"})},
    {"VNC_INITIALIZED", MEMBERS({"server", "VncServerInfo"}, {"client", "VncClientInfo"})},
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

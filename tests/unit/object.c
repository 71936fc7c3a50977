/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The object tree, hot plug on a bus of the test's, backends. */
#include "core/object.h"

#include <string.h>
#include <unistd.h>

#include "core/block.h"
#include "core/error.h"
#include "core/event.h"
#include "core/hotplug.h"
#include "core/rng.h"
#include "core/secret.h"
#include "tests/unit/test-board.h"

/* ---- a device ---- */

typedef struct Gadget {
    Device device;
    gboolean enabled, fails;
    guint64 level;
    char *drive_id;
    Drive *drive;
    Bus *inner;
} Gadget;

static const BusOps inner_bus_ops = {.kind = "inner", .size = sizeof(Bus)};

static gboolean gadget_realize(Device *dev, GError **error)
{
    Gadget *gadget = (Gadget *)dev;

    if (gadget->fails) {
        return error_set(error, "the gadget was told to fail");
    }
    if (gadget->drive_id) {
        gadget->drive = drive_find(dev->machine, gadget->drive_id);
        if (!gadget->drive || !drive_claim(gadget->drive, dev, NULL, NULL, error)) {
            gadget->drive = NULL;
            return FALSE;
        }
    }
    gadget->inner = bus_create(dev, &inner_bus_ops, "inner.0");
    return TRUE;
}

static void gadget_unrealize(Device *dev)
{
    Gadget *gadget = (Gadget *)dev;

    if (gadget->drive) {
        drive_release(gadget->drive);
    }
}

#define FIELD(name) G_STRUCT_OFFSET(Gadget, name)

static const OptionSpec gadget_options[] = {
    {"enabled", OPTION_BOOL, FIELD(enabled), "on", "whether it is", .live = TRUE},
    {"fails", OPTION_BOOL, FIELD(fails), "off", "cannot be made"},
    {"level", OPTION_UINT, FIELD(level), "7", "how much", 0, 10, .live = TRUE},
    {"drive", OPTION_STRING, FIELD(drive_id), NULL, "its drive"},
    OPTION_END,
};

static const DeviceOps gadget_ops = {
    .name = "gadget",
    .summary = "something to plug in",
    .bus = "test-bus",
    .size = sizeof(Gadget),
    .options = gadget_options,
    .realize = gadget_realize,
    .unrealize = gadget_unrealize,
};

static const DeviceOps fixed_ops = {
    .name = "fixed",
    .summary = "stays where it is",
    .bus = "test-bus",
    .size = sizeof(Gadget),
    .no_hotplug = TRUE,
    .realize = gadget_realize,
};

static const DeviceOps part_ops = {
    .name = "test-part",
    .summary = "a part",
    .bus = "inner",
    .part = "knob",
    .size = sizeof(Gadget),
    .realize = gadget_realize,
};

static const DeviceOps *const types[] = {&gadget_ops, &fixed_ops, NULL};

/* ---- an engine of drives that never have a medium ---- */

static gboolean engine_open(BlockEngine *engine, GError **error)
{
    return TRUE;
}

static void engine_nothing(BlockEngine *engine)
{
}

static void engine_submit(BlockEngine *engine, BlockJob *job)
{
    g_assert_not_reached();
}

static const BlockEngineOps engine_ops = {
    .name = "none",
    .size = sizeof(BlockEngine),
    .open = engine_open,
    .close = engine_nothing,
    .submit = engine_submit,
    .wait = engine_nothing,
};

/* ---- a rig ---- */

typedef struct Rig {
    TestBoard *board;
    Machine *machine;
    EventWatch *watch;
    GString *events;
    /* The guest's part of unplugging. */
    Device *asked;
    gboolean agrees_at_once, request_fails, added_fails;
} Rig;

static void on_event(const char *name, GVariant *data, void *opaque)
{
    Rig *rig = opaque;
    const char *device = "-", *path = "-";

    if (data) {
        g_variant_lookup(data, "device", "&s", &device);
        g_variant_lookup(data, "path", "&s", &path);
    }
    g_string_append_printf(rig->events, "%s %s %s;", name, device, path);
}

static gboolean guest_added(Bus *bus, Device *dev, GError **error)
{
    Rig *rig = bus->hotplug_opaque;

    return !rig->added_fails || error_set(error, "the guest has no room");
}

static gboolean guest_request(Bus *bus, Device *dev, GError **error)
{
    Rig *rig = bus->hotplug_opaque;

    if (rig->request_fails) {
        return error_set(error, "the guest cannot be asked");
    }
    if (rig->agrees_at_once) {
        device_unplug_finish(dev);
    } else {
        rig->asked = dev;
    }
    return TRUE;
}

static const HotplugOps surprise_ops = {NULL, NULL};
static const HotplugOps polite_ops = {guest_added, guest_request};

static void setup(Rig *rig, gconstpointer data)
{
    static const BlockImageOps *const no_formats[] = {NULL};
    static const BlockEngineOps *const engines[] = {&engine_ops, NULL};

    rig->board = test_board_new();
    rig->machine = rig->board->machine;
    rig->machine->device_types = types;
    rig->machine->blocks = block_manager_new(rig->machine, no_formats, engines);
    rig->events = g_string_new(NULL);
    rig->watch = event_watch(rig->machine, on_event, rig);
    rig->board->bus->hotplug_opaque = rig;
}

static void teardown(Rig *rig, gconstpointer data)
{
    event_unwatch(rig->watch);
    test_board_free(rig->board);
    g_string_free(rig->events, TRUE);
}

static void settle(Rig *rig)
{
    worker_pool_drain(rig->machine->workers);
    while (event_loop_iterate(rig->board->loop, FALSE)) {
        continue;
    }
}

static Device *try_add(Rig *rig, const char *text, GError **error)
{
    g_autoptr(OptionList) options = option_list_parse(text, "driver", NULL);

    return device_add(rig->machine, options, error);
}

static Device *add(Rig *rig, const char *text)
{
    g_autoptr(GError) error = NULL;
    Device *dev = try_add(rig, text, &error);

    g_assert_no_error(error);
    return dev;
}

static void check_add_fails(Rig *rig, const char *text, const char *word)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(try_add(rig, text, &error));
    g_assert_nonnull(error);
    if (!strstr(error->message, word)) {
        g_error("%s: %s", text, error->message);
    }
}

static void check_event(Rig *rig, const char *expected)
{
    g_assert_cmpstr(rig->events->str, ==, expected);
    g_string_truncate(rig->events, 0);
}

/* ---- the tree ---- */

static void check_path(Rig *rig, const char *path, const char *type, const char *full)
{
    g_autoptr(GError) error = NULL;
    Object object;

    g_assert_true(object_resolve(rig->machine, path, &object, &error));
    g_assert_no_error(error);
    g_autofree char *found = object_type(&object);
    g_autofree char *canonical = object_path(&object);
    g_assert_cmpstr(found, ==, type);
    g_assert_cmpstr(canonical, ==, full);
}

static void check_no_path(Rig *rig, const char *path, VitrineError code)
{
    g_autoptr(GError) error = NULL;
    Object object;

    g_assert_false(object_resolve(rig->machine, path, &object, &error));
    g_assert_error(error, VITRINE_ERROR, (int)code);
}

static void test_paths(Rig *rig, gconstpointer data)
{
    g_autofree char *slashes = g_strnfill(1 << 20, '/');
    g_autofree char *letters = g_strnfill(1 << 20, 'a');

    add(rig, "gadget,id=one");
    add(rig, "gadget");
    add(rig, "gadget");
    Device *made = test_board_add(rig->board, &gadget_ops, NULL);
    device_create(rig->machine, &part_ops, ((Gadget *)made)->inner, NULL, NULL, NULL);
    check_path(rig, "/", "container", "/");
    check_path(rig, slashes, "container", "/");
    check_path(rig, "/machine", "none-machine", "/machine");
    check_path(rig, "//machine//peripheral/one/", "gadget", "/machine/peripheral/one");
    check_path(rig, "one", "gadget", "/machine/peripheral/one");
    check_path(rig, "peripheral/one", "gadget", "/machine/peripheral/one");
    check_path(rig, "/machine/peripheral-anon/device[1]", "gadget",
               "/machine/peripheral-anon/device[1]");
    check_path(rig, "unattached/device[0]", "gadget", "/machine/unattached/device[0]");
    check_path(rig, "knob", "test-part", "/machine/unattached/device[0]/knob");
    check_path(rig, "sysbus", "test-bus", "/machine/unattached/sysbus");
    check_path(rig, "one/parent_bus/child[3]/inner.0", "inner",
               "/machine/unattached/device[0]/inner.0");
    check_no_path(rig, "", VITRINE_ERROR_GENERIC);
    check_no_path(rig, "device[0]", VITRINE_ERROR_GENERIC);
    check_no_path(rig, "inner.0", VITRINE_ERROR_GENERIC);
    check_no_path(rig, "/machine/../machine", VITRINE_ERROR_DEVICE_NOT_FOUND);
    check_no_path(rig, "/machine/peripheral/on", VITRINE_ERROR_DEVICE_NOT_FOUND);
    check_no_path(rig, "/machine/peripheral/one/level", VITRINE_ERROR_DEVICE_NOT_FOUND);
    check_no_path(rig, letters, VITRINE_ERROR_DEVICE_NOT_FOUND);
}

static GVariant *get(Rig *rig, const char *path, const char *name)
{
    g_autoptr(GError) error = NULL;
    Object object;

    g_assert_true(object_resolve(rig->machine, path, &object, &error));
    GVariant *value = object_get(&object, name, &error);
    g_assert_no_error(error);
    return value;
}

static void check_value(Rig *rig, const char *path, const char *name, const char *expected)
{
    g_autoptr(GVariant) value = get(rig, path, name);
    g_autofree char *text = g_variant_print(value, FALSE);

    g_assert_cmpstr(text, ==, expected);
}

/* `word` NULL: it can be set. */
static void check_set(Rig *rig, const char *path, const char *name, GVariant *value,
                      const char *word)
{
    g_autoptr(GVariant) owned = g_variant_ref_sink(value);
    g_autoptr(GError) error = NULL;
    Object object;

    g_assert_true(object_resolve(rig->machine, path, &object, NULL));
    gboolean good = object_set(&object, name, owned, &error);
    g_assert_cmpint(good, ==, !word);
    if (word && !strstr(error->message, word)) {
        g_error("%s.%s: %s", path, name, error->message);
    }
}

static void test_properties(Rig *rig, gconstpointer data)
{
    add(rig, "gadget,id=one,level=3");
    add(rig, "gadget");
    check_value(rig, "one", "type", "'gadget'");
    check_value(rig, "one", "level", "3");
    check_value(rig, "one", "enabled", "true");
    check_value(rig, "one", "drive", "''");
    check_value(rig, "one", "hotplugged", "false");
    check_value(rig, "one", "hotpluggable", "true");
    check_value(rig, "one", "parent_bus", "'/machine/unattached/sysbus'");
    check_value(rig, "one", "inner.0", "'/machine/peripheral/one/inner.0'");
    check_set(rig, "one", "level", g_variant_new_int64(9), NULL);
    check_value(rig, "one", "level", "9");
    check_set(rig, "one", "level", g_variant_new_int64(11), "out of range");
    check_set(rig, "one", "level", g_variant_new_int64(-1), "level");
    check_set(rig, "one", "level", g_variant_new_string("9"), "expected: integer");
    check_set(rig, "one", "enabled", g_variant_new_int64(1), "expected: boolean");
    check_set(rig, "one", "enabled", g_variant_new_boolean(FALSE), NULL);
    check_value(rig, "one", "enabled", "false");
    check_set(rig, "one", "drive", g_variant_new_string("x"), "on device 'one' (type 'gadget')");
    check_set(rig, "peripheral-anon/device[0]", "drive", g_variant_new_string("x"),
              "anonymous device");
    check_set(rig, "one", "type", g_variant_new_string("x"), "'gadget.type' is not writable");
    check_set(rig, "one", "realized", g_variant_new_boolean(FALSE), "is not writable");
    check_set(rig, "one", "nothing", g_variant_new_boolean(FALSE), "'gadget.nothing' not found");
    check_set(rig, "/machine", "peripheral", g_variant_new_string("/"), "is not writable");
    check_set(rig, "/machine", "type", g_variant_new_string("q35-machine"), "is not writable");
}

/* ---- types ---- */

static gboolean count_option(const ObjectProperty *property, void *opaque)
{
    ++*(guint *)opaque;
    return TRUE;
}

static void test_types(Rig *rig, gconstpointer data)
{
    guint count = 0;

    g_assert_true(object_type_is(rig->machine, "gadget", "device"));
    g_assert_true(object_type_is(rig->machine, "gadget", "object"));
    g_assert_false(object_type_is(rig->machine, "gadget", "bus"));
    g_assert_false(object_type_is(rig->machine, "nothing", "object"));
    g_assert_true(object_type_is(rig->machine, "rng-random", "rng-backend"));
    g_assert_true(object_type_is(rig->machine, "rng-random", "user-creatable"));
    g_assert_true(object_type_is(rig->machine, "chardev-null", "chardev"));
    g_assert_true(object_foreach_option(rig->machine, "gadget", count_option, &count));
    g_assert_cmpuint(count, ==, 4);
    g_assert_true(object_foreach_option(rig->machine, "pci-device", count_option, &count));
    g_assert_cmpuint(count, ==, 4);
    g_assert_false(object_foreach_option(rig->machine, "nothing", count_option, &count));
    for (const OptionSpec *spec = gadget_options; spec->name; spec++) {
        GVariant *floating = option_default(spec);
        g_autoptr(GVariant) value = floating ? g_variant_ref_sink(floating) : NULL;
        g_assert_cmpint(value == NULL, ==, !spec->def);
    }
}

/* ---- hot plug ---- */

static void test_cold(Rig *rig, gconstpointer data)
{
    add(rig, "fixed,id=f");
    check_add_fails(rig, "gadget,id=f", "Duplicate device ID 'f'");
    check_add_fails(rig, "gadget,id=9", "expects an identifier");
    check_add_fails(rig, "gadget,id=", "expects an identifier");
    check_add_fails(rig, "gadget,id=a/b", "expects an identifier");
    check_add_fails(rig, "gadget,colour=red", "colour");
    check_add_fails(rig, "gadget,bus=none.0", "Bus 'none.0' not found");
    check_add_fails(rig, "none", "not a valid device model");
    check_add_fails(rig, "id=x", "'driver' is missing");
    rig->machine->assembled = TRUE;
    check_add_fails(rig, "gadget,id=g", "Bus 'test.0' does not support hotplugging");
    g_autoptr(GError) error = NULL;
    g_assert_false(device_unplug(device_find(rig->machine->root, "f"), &error));
    g_assert_cmpstr(error->message, ==, "Bus 'test.0' does not support hotplugging");
    check_event(rig, "");
}

static void test_surprise(Rig *rig, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    add(rig, "fixed,id=f");
    rig->board->bus->hotplug = &surprise_ops;
    rig->machine->assembled = TRUE;
    add(rig, "gadget,id=g");
    check_value(rig, "g", "hotplugged", "true");
    check_value(rig, "f", "hotpluggable", "false");
    check_add_fails(rig, "fixed,id=h", "pluggable device type");
    check_add_fails(rig, "gadget,id=h,fails=on", "told to fail");
    check_no_path(rig, "/machine/peripheral/h", VITRINE_ERROR_DEVICE_NOT_FOUND);
    g_assert_false(device_unplug(device_find(rig->machine->root, "f"), &error));
    g_assert_nonnull(strstr(error->message, "'fixed' does not support hotplugging"));
    g_assert_true(device_unplug(device_find(rig->machine->root, "g"), NULL));
    check_event(rig, "DEVICE_DELETED g /machine/peripheral/g;");
    check_no_path(rig, "/machine/peripheral/g", VITRINE_ERROR_DEVICE_NOT_FOUND);
    Device *anonymous = add(rig, "gadget");
    g_assert_true(device_unplug(anonymous, NULL));
    check_event(rig, "DEVICE_DELETED - /machine/peripheral-anon/device[0];");
    check_path(rig, "/machine/peripheral/f", "fixed", "/machine/peripheral/f");
    /* The next one is no old one come again. */
    add(rig, "gadget");
    check_path(rig, "peripheral-anon/device[1]", "gadget", "/machine/peripheral-anon/device[1]");
}

static void test_polite(Rig *rig, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    Device *dev;

    rig->board->bus->hotplug = &polite_ops;
    rig->machine->assembled = TRUE;
    rig->added_fails = TRUE;
    check_add_fails(rig, "gadget,id=g", "no room");
    check_no_path(rig, "g", VITRINE_ERROR_DEVICE_NOT_FOUND);
    rig->added_fails = FALSE;
    dev = add(rig, "gadget,id=g");
    rig->request_fails = TRUE;
    g_assert_false(device_unplug(dev, NULL));
    rig->request_fails = FALSE;
    g_assert_true(device_unplug(dev, NULL));
    g_assert_true(rig->asked == dev);
    check_event(rig, "");
    g_assert_false(device_unplug(dev, &error));
    g_assert_nonnull(strstr(error->message, "already in the process of unplug"));
    device_unplug_refused(dev);
    check_event(rig, "DEVICE_UNPLUG_GUEST_ERROR g /machine/peripheral/g;");
    g_assert_true(device_unplug(dev, NULL));
    device_unplug_finish(rig->asked);
    check_event(rig, "DEVICE_DELETED g /machine/peripheral/g;");
    rig->agrees_at_once = TRUE;
    g_assert_true(device_unplug(add(rig, "gadget,id=g"), NULL));
    check_event(rig, "DEVICE_DELETED g /machine/peripheral/g;");
}

static void test_drives(Rig *rig, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    rig->board->bus->hotplug = &surprise_ops;
    rig->machine->assembled = TRUE;
    g_assert_nonnull(drive_add(rig->machine, "if=none,id=d,media=cdrom", &error));
    g_assert_no_error(error);
    g_assert_nonnull(drive_add(rig->machine, "if=none,id=other,media=cdrom", &error));
    /* What fails leaves the drive free for the next one. */
    check_add_fails(rig, "gadget,id=g,drive=d,fails=on", "told to fail");
    add(rig, "gadget,id=g,drive=d");
    check_add_fails(rig, "gadget,id=h,drive=d", "in use");
    g_assert_true(device_unplug(device_find(rig->machine->root, "g"), NULL));
    g_assert_null(drive_find(rig->machine, "d"));
    g_assert_nonnull(drive_find(rig->machine, "other"));
    g_assert_nonnull(drive_add(rig->machine, "if=none,id=d,media=cdrom", NULL));
    add(rig, "gadget,id=g,drive=d");
}

static void test_finding(Rig *rig, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) other = NULL;
    Device *dev = add(rig, "gadget,id=g");

    g_assert_true(device_find_for_user(rig->machine, "g", NULL) == dev);
    g_assert_true(device_find_for_user(rig->machine, "/machine/peripheral/g", NULL) == dev);
    g_assert_null(device_find_for_user(rig->machine, "/machine", &error));
    g_assert_nonnull(strstr(error->message, "not a hotpluggable device"));
    g_assert_null(device_find_for_user(rig->machine, "nothing", &other));
    g_assert_error(other, VITRINE_ERROR, VITRINE_ERROR_DEVICE_NOT_FOUND);
}

/* ---- backends ---- */

static Backend *try_object(Rig *rig, const char *text, GError **error)
{
    g_autoptr(OptionList) options = option_list_parse(text, "qom-type", NULL);

    return backend_add(rig->machine, options, error);
}

static void check_object_fails(Rig *rig, const char *text, const char *word)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(try_object(rig, text, &error));
    if (!strstr(error->message, word)) {
        g_error("%s: %s", text, error->message);
    }
}

static void check_secret(Rig *rig, const char *text, const char *expected)
{
    g_autofree char *full = g_strdup_printf("secret,id=x,%s", text);
    g_autoptr(GError) error = NULL;
    Backend *backend = try_object(rig, full, &error);

    g_assert_no_error(error);
    g_autofree char *found = secret_get_text(rig->machine, "x", &error);
    g_assert_no_error(error);
    g_assert_cmpstr(found, ==, expected);
    g_assert_true(backend_remove(backend, NULL));
}

static void test_secrets(Rig *rig, gconstpointer data)
{
    g_autofree char *path = NULL;
    g_autofree char *from_file = NULL;
    g_autofree char *missing = NULL;
    int fd = g_file_open_tmp("secret-XXXXXX", &path, NULL);

    g_assert_cmpint(write(fd, "b3Blbg==\n", 9), ==, 9);
    close(fd);
    from_file = g_strdup_printf("file=%s,format=base64", path);
    check_secret(rig, "data=abc", "abc");
    check_secret(rig, "data=YWJj,format=base64", "abc");
    check_secret(rig, "data=,format=base64", "");
    check_secret(rig, from_file, "open");
    check_secret(rig, "file=/dev/null", "");
    unlink(path);
    missing = g_strdup_printf("secret,id=x,file=%s", path);
    check_object_fails(rig, missing, "Unable to read");
    check_object_fails(rig, "secret,id=x,file=/dev/zero", "too large");
    check_object_fails(rig, "secret,id=x", "'file' or 'data'");
    check_object_fails(rig, "secret,id=x,data=a,file=b", "mutually exclusive");
    check_object_fails(rig, "secret,id=x,data=!!,format=base64", "Base64");
    check_object_fails(rig, "secret,id=x,data=a,format=hex", "hex");
    check_object_fails(rig, "secret,id=x,data=a,keyid=k", "keyid");
    check_object_fails(rig, "secret,id=x,data=a,iv=AAAA", "iv");
    check_object_fails(rig, "secret,data=a", "'id' is missing");
    check_object_fails(rig, "secret,id=a/b,data=a", "identifier");
    check_object_fails(rig, "nothing,id=x", "'nothing'");
    check_object_fails(rig, "id=x", "'qom-type' is missing");
    check_object_fails(rig, "secret,id=x,data=a,colour=red", "colour");
    g_assert_nonnull(try_object(rig, "secret,id=x,data=/wCA,format=base64", NULL));
    check_object_fails(rig, "secret,id=x,data=a", "already");
    g_autoptr(GError) error = NULL;
    g_assert_null(secret_get_text(rig->machine, "x", &error));
    g_assert_nonnull(strstr(error->message, "no text"));
    g_assert_null(secret_get(rig->machine, "nothing", NULL));
    check_value(rig, "/objects/x", "format", "'base64'");
    check_set(rig, "/objects/x", "data", g_variant_new_string("b"), "can no longer be set");
}

static void on_object(Backend *backend, const GError *error, void *opaque)
{
    GString *said = opaque;

    g_string_append_printf(said, "%s;", backend ? backend->id : error->message);
}

static void add_later(Rig *rig, const char *text, GString *said)
{
    g_autoptr(OptionList) options = option_list_parse(text, "qom-type", NULL);

    backend_add_later(rig->machine, options, on_object, said);
}

static void test_later(Rig *rig, gconstpointer data)
{
    g_autoptr(GString) said = g_string_new(NULL);

    add_later(rig, "secret,id=x,data=a", said);
    add_later(rig, "secret,id=x,data=b", said); /* while the first one is being loaded */
    settle(rig);
    g_assert_true(g_str_has_prefix(said->str, "x;there is already an object 'x'"));
    g_string_truncate(said, 0);
    add_later(rig, "secret,id=y,file=/nonexistent", said);
    add_later(rig, "rng-builtin,id=r", said);
    settle(rig);
    g_assert_nonnull(strstr(said->str, "Unable to read /nonexistent"));
    g_assert_nonnull(strstr(said->str, "r;"));
    add_later(rig, "secret,id=late,data=a", rig->events); /* the machine ends meanwhile */
}

static void check_members(const char *members, const char *word)
{
    g_autoptr(GVariant) value = g_variant_new_parsed(members);
    g_autoptr(GError) error = NULL;
    g_autoptr(OptionList) list = NULL;

    g_variant_ref_sink(value);
    list = backend_options_from_members(value, &error);
    g_assert_cmpint(list != NULL, ==, !word);
    if (word && !strstr(error->message, word)) {
        g_error("%s: %s", members, error->message);
    }
}

static void test_members(Rig *rig, gconstpointer data)
{
    check_members("{'qom-type': <'secret'>, 'id': <'x'>, 'data': <'a,b'>}", NULL);
    check_members("{'qom-type': <'secret'>, 'id': <int64 5>}", "'id', expected: string");
    check_members("{'qom-type': <int64 5>, 'id': <'x'>}", "'qom-type', expected: string");
    check_members("{'qom-type': <'secret'>, 'data': <int64 5>}", "'data', expected: string");
    check_members("{'qom-type': <'secret'>, 'foo': <int64 5>}", "'foo' is unexpected");
    check_members("{'qom-type': <'nothing'>}", "'nothing'");
    check_members("{'id': <'x'>}", "'qom-type' is missing");
}

typedef struct Bytes {
    Backend *rng;
    gsize got;
    guint calls, again;
    RngRequest *request;
} Bytes;

static void on_bytes(const guint8 *data, gsize length, void *opaque)
{
    Bytes *bytes = opaque;

    bytes->got += length;
    bytes->calls++;
    bytes->request = NULL;
    if (bytes->again) {
        bytes->again--;
        bytes->request = rng_request(bytes->rng, 16, on_bytes, bytes);
    }
}

static void wait_calls(Rig *rig, const Bytes *bytes, guint calls)
{
    while (bytes->calls < calls) {
        event_loop_iterate(rig->board->loop, TRUE);
    }
}

static void check_rng(Rig *rig, const char *text)
{
    g_autoptr(GError) error = NULL;
    Backend *backend = try_object(rig, text, &error);

    g_assert_no_error(error);
    Bytes bytes = {backend_claim(rig->machine, "r", "rng-backend", &error), .again = 3};
    g_assert_no_error(error);
    g_assert_false(backend_remove(backend, &error));
    g_assert_nonnull(strstr(error->message, "in use"));
    g_assert_nonnull(rng_request(bytes.rng, 100, on_bytes, &bytes));
    rng_cancel(rng_request(bytes.rng, 100, on_bytes, &bytes));
    g_assert_cmpuint(bytes.calls, ==, 0);
    wait_calls(rig, &bytes, 4);
    settle(rig);
    g_assert_cmpuint(bytes.calls, ==, 4);
    g_assert_cmpuint(bytes.got, ==, 148);
    bytes.request = rng_request(bytes.rng, RNG_MAX_REQUEST, on_bytes, &bytes);
    rng_cancel(bytes.request);
    settle(rig);
    g_assert_cmpuint(bytes.calls, ==, 4);
    backend_release(bytes.rng);
    g_assert_true(backend_remove(backend, NULL));
}

static void test_rng(Rig *rig, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    check_rng(rig, "rng-builtin,id=r");
    check_rng(rig, "rng-random,id=r");
    check_object_fails(rig, "rng-random,id=r,filename=/nonexistent", "Could not open");
    check_object_fails(rig, "rng-builtin,id=r,filename=/dev/null", "filename");
    /* A source that runs dry says so, once for each request. */
    g_assert_nonnull(try_object(rig, "rng-random,id=r,filename=/dev/null", NULL));
    Bytes bytes = {backend_claim(rig->machine, "r", "rng-random", NULL)};
    rng_request(bytes.rng, 1, on_bytes, &bytes);
    rng_request(bytes.rng, 1, on_bytes, &bytes);
    wait_calls(rig, &bytes, 2);
    g_assert_cmpuint(bytes.got, ==, 0);
    g_assert_null(backend_claim(rig->machine, "r", "secret", &error));
    g_assert_nonnull(strstr(error->message, "a secret is needed"));
}

#define ADD(name, fn) g_test_add("/object/" name, Rig, NULL, setup, fn, teardown)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("paths", test_paths);
    ADD("properties", test_properties);
    ADD("types", test_types);
    ADD("cold", test_cold);
    ADD("surprise", test_surprise);
    ADD("polite", test_polite);
    ADD("drives", test_drives);
    ADD("finding", test_finding);
    ADD("secrets", test_secrets);
    ADD("later", test_later);
    ADD("members", test_members);
    ADD("rng", test_rng);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making, exchanging and ending character devices while the machine runs. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/char.h"
#include "core/error.h"
#include "monitor/fds.h"
#include "monitor/handlers.h"

/* ---- a ChardevBackend as options ---- */

/* Names that differ between QMP and -chardev; the rest is the same. */
static const struct {
    const char *type, *member, *option;
} renames[] = {
    {"file", "out", "path"},        {"file", "in", "input-path"},
    {"pipe", "device", "path"},     {"serial", "device", "path"},
    {"parallel", "device", "path"}, {"inet", "keep-alive", NULL},
    {"inet", "numeric", NULL},      {"fd", "str", "fd"},
    {"local", "host", "localaddr"}, {"local", "port", "localport"},
};

static const char *option_name(const char *type, const char *member)
{
    for (guint i = 0; i < G_N_ELEMENTS(renames); i++) {
        if (!strcmp(renames[i].type, type) && !strcmp(renames[i].member, member)) {
            return renames[i].option;
        }
    }
    return member;
}

static char *value_text(JsonNode *value)
{
    switch (json_node_get_value_type(value)) {
    case G_TYPE_BOOLEAN: return g_strdup(json_node_get_boolean(value) ? "on" : "off");
    case G_TYPE_INT64: return g_strdup_printf("%" G_GINT64_FORMAT, json_node_get_int(value));
    default: return json_node_dup_string(value);
    }
}

/* The plain members of an object; those that are objects are the caller's. */
static void add_members(OptionList *options, const char *type, JsonObject *object)
{
    JsonObjectIter iter;
    const char *member;
    JsonNode *value;

    json_object_iter_init(&iter, object);
    while (json_object_iter_next(&iter, &member, &value)) {
        const char *name = option_name(type, member);

        if (name && JSON_NODE_HOLDS_VALUE(value)) {
            g_autofree char *text = value_text(value);
            option_list_add(options, name, text);
        }
    }
}

/* A SocketAddressLegacy; `as` instead of its own type chooses the names of its options. */
static gboolean add_address(OptionList *options, JsonObject *owner, const char *member,
                            const char *as, GError **error)
{
    JsonObject *address;
    const char *type;

    if (!json_object_has_member(owner, member)) {
        return TRUE;
    }
    address = json_object_get_object_member(owner, member);
    type = json_object_get_string_member(address, "type");
    if (!strcmp(type, "vsock") || (as && strcmp(type, "inet"))) {
        return error_set(error, "Parameter 'backend.data.%s.type' does not accept value '%s'",
                         member, type);
    }
    add_members(options, as ? as : type, json_object_get_object_member(address, "data"));
    return TRUE;
}

/* `*type` is a type of -chardev. */
static OptionList *backend_options(JsonNode *node, const char **type, GError **error)
{
    JsonObject *backend = json_node_get_object(node);
    JsonObject *data = json_object_get_object_member(backend, "data");
    const char *kind = json_object_get_string_member(backend, "type");
    g_autoptr(OptionList) options = option_list_new();

    *type = strcmp(kind, "memory") ? kind : "ringbuf";
    if (!strcmp(kind, "socket") && !json_object_has_member(data, "server")) {
        option_list_add(options, "server", "on"); /* as QEMU's schema has it */
    }
    add_members(options, kind, data);
    if (!add_address(options, data, "addr", NULL, error) ||
        !add_address(options, data, "remote", "remote", error) ||
        !add_address(options, data, "local", "local", error)) {
        return NULL;
    }
    return g_steal_pointer(&options);
}

/* ---- adding and changing ---- */

typedef struct Making {
    CommandCall *call;
    int fd; /* by getfd, ours until the device is there; -1 = none */
} Making;

static void chardev_ready(Chardev *chr, const GError *error, void *opaque)
{
    Making *making = opaque;
    CommandCall *call = making->call;
    const char *device = chr ? chardev_pty_device(chr) : NULL;
    JsonObject *result = json_object_new();

    if (device) {
        json_object_set_string_member(result, "pty", device);
        g_string_append_printf(call->out, "char device redirected to %s (label %s)\n", device,
                               chr->id);
    }
    if (!chr && making->fd >= 0) {
        close(making->fd);
    }
    g_free(making);
    command_return_object(call, result);
    command_call_finish(call, error ? g_error_copy(error) : NULL);
}

/* fd=NAME of a socket becomes a number; `*fd` -1 if there is none. */
static gboolean take_fd(CommandCall *call, const char *type, OptionList *options, int *fd,
                        GError **error)
{
    g_autofree char *name = !strcmp(type, "socket") ? option_list_take(options, "fd") : NULL;
    g_autofree char *number = NULL;
    struct stat st;

    *fd = -1;
    if (!name) {
        return TRUE;
    }
    *fd = fd_store_claim(call->context->fds, name, error);
    if (*fd < 0) {
        return FALSE;
    }
    if (fstat(*fd, &st) < 0 || !S_ISSOCK(st.st_mode)) {
        close(*fd);
        return error_set(error, "File descriptor '%s' is not a socket", name);
    }
    number = g_strdup_printf("%d", *fd);
    option_list_add(options, "fd", number);
    return TRUE;
}

typedef void (*MakeFn)(Machine *machine, const char *type, const char *id, OptionList *options,
                       CharReadyFn done, void *opaque);

static gboolean make(CommandCall *call, MakeFn fn, const char *type, const char *id,
                     OptionList *options, GError **error)
{
    Making *making;
    int fd;

    /* A descriptor keeps its name if there is no use for it. */
    if (fn == chardev_create_later && id && chardev_find(call->machine, id)) {
        return error_set(error, "there is a character device '%s' already", id);
    }
    if (!take_fd(call, type, options, &fd, error)) {
        return FALSE;
    }
    making = g_new(Making, 1);
    *making = (Making){call, fd};
    command_call_hold(call);
    fn(call->machine, type, id, options, chardev_ready, making);
    return TRUE;
}

static gboolean make_from_backend(CommandCall *call, MakeFn fn, GError **error)
{
    const char *type;
    g_autoptr(OptionList) options = backend_options(command_json(call, "backend"), &type, error);

    return options && make(call, fn, type, command_string(call, "id"), options, error);
}

gboolean qmp_chardev_add(CommandCall *call, GError **error)
{
    return make_from_backend(call, chardev_create_later, error);
}

gboolean qmp_chardev_change(CommandCall *call, GError **error)
{
    return make_from_backend(call, chardev_change, error);
}

gboolean cmd_chardev_add(CommandCall *call, GError **error)
{
    g_autofree char *type = NULL, *id = NULL;
    g_autoptr(OptionList) options = chardev_parse(command_string(call, "args"), &type, &id, error);

    return options && make(call, chardev_create_later, type, id, options, error);
}

gboolean cmd_chardev_change(CommandCall *call, GError **error)
{
    g_autofree char *type = NULL, *id = NULL;
    g_autoptr(OptionList) options = chardev_parse(command_string(call, "args"), &type, &id, error);

    return options && make(call, chardev_change, type, command_string(call, "id"), options, error);
}

/* ---- the rest ---- */

static Chardev *find_chardev(CommandCall *call, GError **error)
{
    const char *id = command_string(call, "id");
    Chardev *chr = call->machine->chars ? chardev_find(call->machine, id) : NULL;

    if (!chr) {
        error_set(error, "Chardev '%s' not found", id);
    }
    return chr;
}

gboolean cmd_chardev_remove(CommandCall *call, GError **error)
{
    Chardev *chr = find_chardev(call, error);

    if (!chr) {
        return FALSE;
    }
    if (chardev_is_busy(chr)) {
        return error_set(error, "Chardev '%s' is busy", chr->id);
    }
    return chardev_destroy(chr, error);
}

gboolean cmd_chardev_send_break(CommandCall *call, GError **error)
{
    Chardev *chr = find_chardev(call, error);

    if (!chr) {
        return FALSE;
    }
    chardev_send_break(chr);
    return TRUE;
}

gboolean qmp_query_chardev_backends(CommandCall *call, GError **error)
{
    JsonArray *list = json_array_new();

    for (guint i = 0; chardev_types[i]; i++) {
        if (!chardev_types[i]->refused) {
            JsonObject *info = json_object_new();
            json_object_set_string_member(info, "name", chardev_types[i]->name);
            json_array_add_object_element(list, info);
        }
    }
    command_return_array(call, list);
    return TRUE;
}

/* ---- ring buffers ---- */

static Chardev *find_ringbuf(CommandCall *call, GError **error)
{
    const char *id = command_string(call, "device");
    Chardev *chr = call->machine->chars ? chardev_find(call->machine, id) : NULL;

    if (!chr) {
        error_set(error, "Device '%s' not found", id);
    } else if (!chardev_is_ringbuf(chr)) {
        error_set(error, "%s is not a ringbuf device", id);
        chr = NULL;
    }
    return chr;
}

/* What cannot be a character becomes U+FFFD. */
gboolean qmp_ringbuf_read(CommandCall *call, GError **error)
{
    const char *format = command_string(call, "format");
    gint64 size = command_int(call, "size", 0);
    Chardev *chr = find_ringbuf(call, error);
    g_autofree guint8 *data = NULL;
    g_autofree char *text = NULL;
    gsize length;

    if (!chr) {
        return FALSE;
    }
    if (size <= 0) {
        return error_set(error, "size must be greater than zero");
    }
    size = MIN(size, 64 << 20); /* no ring is larger */
    data = g_malloc((gsize)size);
    length = chardev_ringbuf_read(chr, data, (gsize)size);
    text = format && !strcmp(format, "base64") ? g_base64_encode(data, length)
                                               : g_utf8_make_valid((char *)data, (gssize)length);
    command_return(call, json_node_init_string(json_node_alloc(), text));
    return TRUE;
}

static guint8 *decode_base64(const char *text, gsize *length, GError **error)
{
    gsize digits = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
    gsize padding = strspn(text + digits, "=");

    if (text[digits + padding] || padding > 2) {
        error_set(error, "Base64 data contains invalid characters");
        return NULL;
    }
    if ((digits + padding) % 4 != 0) {
        error_set(error, "Base64 data has a length of %zu, which is no multiple of 4",
                  digits + padding);
        return NULL;
    }
    return g_base64_decode(text, length);
}

gboolean qmp_ringbuf_write(CommandCall *call, GError **error)
{
    const char *format = command_string(call, "format");
    const char *text = command_string(call, "data");
    gsize length = strlen(text);
    Chardev *chr = find_ringbuf(call, error);
    g_autofree guint8 *data = NULL;

    if (!chr) {
        return FALSE;
    }
    data = format && !strcmp(format, "base64") ? decode_base64(text, &length, error)
                                               : g_memdup2(text, length + 1);
    if (!data) {
        return FALSE;
    }
    chardev_write(chr, data, length);
    return TRUE;
}

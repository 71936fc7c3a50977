/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nodes: images that a user has opened and named (-blockdev, blockdev-add), to be given to devices.
 * A node "raw" lies on one of a file; the image itself belongs to the lower one.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "core/block-priv.h"
#include "core/error.h"

#define NAME_MAX_LENGTH 31

const char *const block_driver_names[] = {"raw", "file", "host_device", NULL};
static const char *const locking_names[] = {"auto", "on", "off", NULL};
static const char *const discard_names[] = {"ignore", "unmap", NULL};
static const char *const detect_names[] = {"off", NULL};

typedef struct NodeConfig {
    char *name, *file, *filename, *aio;
    int driver, locking, discard, detect_zeroes;
    gboolean readonly, auto_readonly, force_share, direct, no_flush;
} NodeConfig;

#define FIELD(name) G_STRUCT_OFFSET(NodeConfig, name)

const OptionSpec block_node_options[] = {
    {"driver", OPTION_ENUM, FIELD(driver), "raw",
     "What it is: raw lies on a file or host_device, or names of them",
     .values = block_driver_names},
    {"node-name", OPTION_STRING, FIELD(name), NULL, "Name, for -device drive= and the monitor"},
    {"file", OPTION_STRING, FIELD(file), NULL, "raw: name of the node below; or file.driver=..."},
    {"filename", OPTION_STRING, FIELD(filename), NULL, "file, host_device: the file"},
    {"read-only", OPTION_BOOL, FIELD(readonly), "off", "Refuse writes"},
    {"auto-read-only", OPTION_BOOL, FIELD(auto_readonly), "off",
     "Open it for writing only for who writes, and if that is possible"},
    {"force-share", OPTION_BOOL, FIELD(force_share), "off",
     "Read it even if another program writes to it"},
    {"cache.direct", OPTION_BOOL, FIELD(direct), "off", "Past the host's cache"},
    {"cache.no-flush", OPTION_BOOL, FIELD(no_flush), "off", "Ignore flushes"},
    {"discard", OPTION_ENUM, FIELD(discard), "ignore", "Whether the guest's TRIM frees host space",
     .values = discard_names},
    {"detect-zeroes", OPTION_ENUM, FIELD(detect_zeroes), "off", "Zeros are written as they are",
     .values = detect_names},
    {"locking", OPTION_ENUM, FIELD(locking), "auto", "Locks against other programs' use",
     .values = locking_names},
    {"aio", OPTION_STRING, FIELD(aio), NULL,
     "I/O engine: io_uring or threads (default: what works)"},
    OPTION_END,
};

/* ---- finding ---- */

static const BlockNode *lowest(const BlockNode *node)
{
    return node->child ? node->child : node;
}

BlockImage *block_node_image(const BlockNode *node)
{
    return lowest(node)->image;
}

const char *block_node_file(const BlockNode *node)
{
    return lowest(node)->file;
}

gboolean block_node_is_readonly(const BlockNode *node)
{
    const BlockImage *image = block_node_image(node);

    return node->readonly || !image || (image->flags & BLOCK_OPEN_READONLY);
}

BlockNode *block_node_find(Machine *machine, const char *name)
{
    BlockManager *manager = machine->blocks;

    for (guint i = 0; manager && i < manager->nodes->len; i++) {
        BlockNode *node = g_ptr_array_index(manager->nodes, i);

        if (g_str_equal(node->name, name)) {
            return node;
        }
    }
    return NULL;
}

void block_node_foreach(Machine *machine, void (*fn)(BlockNode *node, void *opaque), void *opaque)
{
    BlockManager *manager = machine->blocks;

    for (guint i = 0; manager && i < manager->nodes->len; i++) {
        fn(g_ptr_array_index(manager->nodes, i), opaque);
    }
}

/* Names of our own begin with what a user's cannot. */
char *block_node_new_name(BlockManager *manager)
{
    return g_strdup_printf("#block%03u", manager->next_node++);
}

/* ---- the image ---- */

static guint open_flags(const BlockNode *node, gboolean readonly)
{
    return (readonly ? BLOCK_OPEN_READONLY : 0u) | (node->direct ? BLOCK_OPEN_DIRECT : 0u) |
           (node->lock ? BLOCK_OPEN_LOCK : 0u) | (node->discard ? BLOCK_OPEN_DISCARD : 0u);
}

static BlockImage *open_image(const BlockNode *node, gboolean readonly, GError **error)
{
    return block_image_open(node->manager->machine, "raw", node->file, node->engine,
                            open_flags(node, readonly), error);
}

/* Makes a node that nobody uses yet writable; on failure it stays as it was. */
static gboolean make_writable(BlockNode *node, GError **error)
{
    BlockImage *image;

    if (node->image && !(node->image->flags & BLOCK_OPEN_READONLY)) {
        return TRUE;
    }
    if (node->readonly || !node->auto_readonly) {
        return error_set(error, "Block node '%s' is read-only", node->name);
    }
    /* Its own lock would be in the way. */
    block_image_close(g_steal_pointer(&node->image)); /* NULL is fine */
    image = open_image(node, FALSE, error);
    if (image) {
        node->image = image;
        return TRUE;
    }
    node->image = open_image(node, TRUE, NULL); /* without it the node is of no use any more */
    return FALSE;
}

gboolean block_node_attach(BlockNode *node, Drive *drive, GError **error)
{
    BlockNode *low = (BlockNode *)lowest(node);

    if (node->drive || node->parent) {
        return error_set(error, "Node '%s' is already in use", node->name);
    }
    if (drive->media == DRIVE_MEDIA_DISK && low == node && node->auto_readonly && !node->readonly) {
        make_writable(node, NULL); /* else the disk is write-protected */
    }
    if (!low->image) {
        return error_set(error, "'%s' cannot be opened any more", low->file);
    }
    node->drive = drive;
    drive->node = node;
    drive->image = low->image;
    drive->file = g_strdup(low->file);
    drive->length = low->image->length;
    drive->engine = low->engine;
    drive->cache = low->no_flush ? DRIVE_CACHE_UNSAFE
                   : low->direct ? DRIVE_CACHE_NONE
                                 : DRIVE_CACHE_WRITEBACK;
    drive->discard = low->discard;
    drive->readonly = drive->media == DRIVE_MEDIA_CDROM || block_node_is_readonly(node);
    return TRUE;
}

void block_node_detach(BlockNode *node)
{
    node->drive->node = NULL;
    node->drive = NULL;
}

Drive *drive_for_device(Machine *machine, const char *name, DriveMedia media, GError **error)
{
    Drive *drive = name ? drive_find(machine, name) : NULL;
    BlockNode *node = name && !drive ? block_node_find(machine, name) : NULL;

    if (drive) {
        return drive;
    }
    if (!machine->blocks) {
        error_set(error, "the machine has no drives");
        return NULL;
    }
    if (name && !node) {
        error_set(error, "there is no drive '%s'", name);
        return NULL;
    }
    drive = drive_add_anonymous(machine, name, media, error);
    if (drive && node && !block_node_attach(node, drive, error)) {
        drive_remove(drive, NULL);
        drive = NULL;
    }
    return drive;
}

/* ---- making ---- */

static void node_free(BlockNode *node)
{
    if (node->child) {
        node->child->parent = NULL;
    }
    block_image_close(node->image);
    g_free(node->name);
    g_free(node->file);
    g_free(node);
}

/* As QEMU has it for all its ids. */
static gboolean check_name(BlockManager *manager, const char *name, GError **error)
{
    if (!name || !g_ascii_isalpha(*name) ||
        name[strspn(name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-._")]) {
        return error_set(error, "Invalid node-name: '%s'", name ? name : "");
    }
    if (strlen(name) > NAME_MAX_LENGTH) {
        return error_set(error, "Node name too long: '%s'", name);
    }
    if (drive_find(manager->machine, name)) {
        return error_set(error, "node-name=%s is conflicting with a device id", name);
    }
    return !block_node_find(manager->machine, name) ||
           error_set(error, "Duplicate nodes with node-name='%s'", name);
}

static gboolean check_file(const NodeConfig *config, GError **error)
{
    struct stat st;

    if (!config->filename) {
        return error_set(error, "Parameter 'filename' is missing");
    }
    if (config->file) {
        return error_set(error, "Parameter 'file' is unexpected: driver=%s takes filename=",
                         block_driver_names[config->driver]);
    }
    if (config->force_share && !config->readonly) {
        return error_set(error, "force-share=on can only be used with read-only images");
    }
    if (stat(config->filename, &st) < 0) {
        return error_set_errno(error, errno, "Could not open '%s'", config->filename);
    }
    if (config->driver == BLOCK_DRIVER_FILE && !S_ISREG(st.st_mode)) {
        return error_set(error, "'file' driver requires '%s' to be a regular file",
                         config->filename);
    }
    return config->driver == BLOCK_DRIVER_FILE || S_ISBLK(st.st_mode) ||
           error_set(error, "'host_device' driver requires '%s' to be a block device",
                     config->filename);
}

static gboolean open_file_node(BlockNode *node, const NodeConfig *config, GError **error)
{
    const char *aio = g_strcmp0(config->aio, "native") == 0 ? "io_uring" : config->aio;

    if (!check_file(config, error)) {
        return FALSE;
    }
    node->file = g_strdup(config->filename);
    node->lock = g_strcmp0(locking_names[config->locking], "off") != 0 && !config->force_share;
    node->engine = block_engine_get(node->manager, aio, error);
    node->image =
        node->engine ? open_image(node, node->readonly || node->auto_readonly, error) : NULL;
    return node->image != NULL;
}

static BlockNode *add(Machine *machine, OptionList *options, gboolean implicit, GError **error);

static void find_nested(const char *key, const char *value, void *opaque)
{
    if (g_str_has_prefix(key, "file.")) {
        g_ptr_array_add(opaque, g_strdup(key));
    }
}

/* Takes the options of the node below out; NULL = there are none. What they leave open is as for
 * the node on top. */
static OptionList *take_nested(OptionList *options)
{
    static const char *const inherited[] = {"read-only",      "auto-read-only", "cache.direct",
                                            "cache.no-flush", "discard",        "force-share"};
    g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(g_free);
    OptionList *nested;

    option_list_foreach(options, find_nested, keys);
    if (keys->len == 0) {
        return NULL;
    }
    nested = option_list_new();
    for (guint i = 0; i < G_N_ELEMENTS(inherited); i++) {
        const char *value = option_list_get(options, inherited[i]);

        if (value) {
            option_list_add(nested, inherited[i], value);
        }
    }
    for (guint i = 0; i < keys->len; i++) {
        const char *key = g_ptr_array_index(keys, i);
        g_autofree char *value = option_list_take(options, key);

        if (value) {
            option_list_add(nested, key + strlen("file."), value);
        }
    }
    return nested;
}

/* Puts a node "raw" on the one below; `nested` describes it unless it has a name. */
static gboolean stack(BlockNode *node, const NodeConfig *config, OptionList *nested, GError **error)
{
    Machine *machine = node->manager->machine;
    BlockNode *child;

    if (config->filename) {
        return error_set(error, "Parameter 'filename' is unexpected: driver=raw takes "
                                "file.driver=file,file.filename=");
    }
    if (!config->file == !nested) {
        return error_set(error, "Parameter 'file' is missing");
    }
    child = nested ? add(machine, nested, TRUE, error) : block_node_find(machine, config->file);
    if (!child) {
        return nested ? FALSE
                      : error_set(error, "Cannot find device='%s' nor node-name='%s'", config->file,
                                  config->file);
    }
    if (child->drive || child->parent || child->driver == BLOCK_DRIVER_RAW) {
        return error_set(error, "Node '%s' is already in use, or lies on another itself",
                         child->name);
    }
    node->child = child;
    child->parent = node;
    return node->readonly || make_writable(child, node->auto_readonly ? NULL : error) ||
           (node->auto_readonly && child->image);
}

static BlockNode *make(Machine *machine, NodeConfig *config, OptionList *nested, gboolean implicit,
                       GError **error)
{
    BlockManager *manager = machine->blocks;
    BlockNode *node;

    if (!implicit && !config->name) {
        error_set(error, "'node-name' must be specified for the root node");
        return NULL;
    }
    if (config->name && !check_name(manager, config->name, error)) {
        return NULL;
    }
    node = g_new0(BlockNode, 1);
    node->manager = manager;
    node->name = config->name ? g_strdup(config->name) : block_node_new_name(manager);
    node->driver = config->driver;
    node->implicit = implicit;
    node->readonly = config->readonly;
    node->auto_readonly = config->auto_readonly;
    node->direct = config->direct;
    node->no_flush = config->no_flush;
    node->discard = config->discard != 0;
    if (!(config->driver == BLOCK_DRIVER_RAW ? stack(node, config, nested, error)
                                             : open_file_node(node, config, error))) {
        BlockNode *child = node->child;

        node_free(node);
        if (child && child->implicit) {
            g_ptr_array_remove(manager->nodes, child);
            node_free(child);
        }
        return NULL;
    }
    g_ptr_array_add(manager->nodes, node);
    return node;
}

static BlockNode *add(Machine *machine, OptionList *options, gboolean implicit, GError **error)
{
    NodeConfig config = {0};
    g_autoptr(OptionList) nested = take_nested(options);
    BlockNode *node = NULL;

    options_set_defaults(block_node_options, &config);
    if (!option_list_get(options, "driver")) {
        error_set(error, "Parameter 'driver' is missing");
    } else if (options_apply(block_node_options, &config, options, error) &&
               option_list_check_used(options, "block node", error)) {
        node = make(machine, &config, nested, implicit, error);
    }
    options_clear(block_node_options, &config);
    return node;
}

BlockNode *block_node_add(Machine *machine, OptionList *options, GError **error)
{
    return add(machine, options, FALSE, error);
}

gboolean block_node_remove(Machine *machine, const char *name, GError **error)
{
    BlockNode *node = block_node_find(machine, name);
    BlockNode *child;

    if (!node) {
        return error_set(error, "Failed to find node with node-name='%s'", name);
    }
    if (node->drive || node->parent) {
        return error_set(error, "Node %s is in use", name);
    }
    child = node->child;
    g_ptr_array_remove(machine->blocks->nodes, node);
    node_free(node);
    if (child && child->implicit) {
        g_ptr_array_remove(machine->blocks->nodes, child);
        node_free(child);
    }
    return TRUE;
}

void block_nodes_free(BlockManager *manager)
{
    while (manager->nodes->len > 0) {
        node_free(g_ptr_array_steal_index(manager->nodes, manager->nodes->len - 1));
    }
}

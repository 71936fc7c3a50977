/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/complete-options.h"

#include <string.h>

#include "core/backend.h"
#include "core/block.h"
#include "core/char.h"
#include "core/display.h"
#include "core/memdev.h"

typedef struct Offers {
    const CompleteObject *what;
    const char *base; /* what stands before each word */
} Offers;

static void offer(const Offers *offers, const char *word, const char *suffix)
{
    g_autofree char *full = g_strconcat(offers->base, word, suffix, NULL);

    offers->what->offer(full, offers->what->opaque);
}

/* ---- values ---- */

static void offer_chardev(Chardev *chr, void *opaque)
{
    offer(opaque, chr->id, "");
}

/* Of drives and nodes, what no device has. */
static void offer_drive(Drive *drive, void *opaque)
{
    if (!drive->device && drive->interface == DRIVE_IF_NONE) {
        offer(opaque, drive->id, "");
    }
}

static void offer_node(BlockNode *node, void *opaque)
{
    if (!node->drive && !node->parent && !node->implicit) {
        offer(opaque, node->name, "");
    }
}

static void offer_displays(const Offers *offers)
{
    GPtrArray *displays = offers->what->machine->displays;

    for (guint i = 0; displays && i < displays->len; i++) {
        offer(offers, display_name(g_ptr_array_index(displays, i)), "");
    }
}

static void offer_backends(const Offers *offers, const char *kind)
{
    GPtrArray *backends = offers->what->machine->backends;

    for (guint i = 0; i < backends->len; i++) {
        const Backend *backend = g_ptr_array_index(backends, i);

        if (!strcmp(backend->ops->parent, kind)) {
            offer(offers, backend->id, "");
        }
    }
}

typedef struct KindOfBackend {
    const char *option, *kind;
} KindOfBackend;

/* TRUE if the option names a backend. */
static gboolean offer_backends_for(const Offers *offers, const char *option)
{
    static const KindOfBackend kinds[] = {
        {"keyid", "secret_common"},      {"memdev", MEMDEV_TYPE},
        {"memory-backend", MEMDEV_TYPE}, {"password-secret", "secret_common"},
        {"rng", "rng-backend"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (!strcmp(kinds[i].option, option)) {
            offer_backends(offers, kinds[i].kind);
            return TRUE;
        }
    }
    return FALSE;
}

typedef struct BusOffers {
    const Offers *offers;
    const char *kind;
} BusOffers;

static gboolean offer_buses_of(Device *dev, void *opaque)
{
    const BusOffers *buses = opaque;

    for (guint i = 0; i < dev->buses->len; i++) {
        const Bus *bus = g_ptr_array_index(dev->buses, i);

        if (!strcmp(bus->ops->kind, buses->kind)) {
            offer(buses->offers, bus->name, "");
        }
    }
    return TRUE;
}

static void offer_buses(const Offers *offers, const char *kind)
{
    BusOffers buses = {offers, kind};

    if (kind) {
        device_foreach(offers->what->machine->root, offer_buses_of, &buses);
    }
}

/* What the values of an option are names of: its own name tells. */
static void offer_named(const Offers *offers, const char *name)
{
    static const char *const files[] = {"file",     "filename", "input-path", "logfile",
                                        "mem-path", "path",     "romfile",    NULL};
    Machine *machine = offers->what->machine;

    if (!strcmp(name, "chardev") && machine->chars) {
        chardev_foreach(machine, offer_chardev, (void *)offers);
    } else if (!strcmp(name, "drive") && machine->blocks) {
        drive_foreach(machine, offer_drive, (void *)offers);
        block_node_foreach(machine, offer_node, (void *)offers);
    } else if (!strcmp(name, "masterbus")) {
        offer_buses(offers, BUS_USB);
    } else if (!strcmp(name, "display")) {
        offer_displays(offers);
    } else if (!offer_backends_for(offers, name) && g_strv_contains(files, name)) {
        *offers->what->file_at = strlen(offers->base);
    }
}

static void offer_values(const Offers *offers, const OptionSpec *spec)
{
    switch (spec->type) {
    case OPTION_BOOL:
        offer(offers, "on", "");
        offer(offers, "off", "");
        break;
    case OPTION_ENUM:
        for (guint i = 0; spec->values[i]; i++) {
            offer(offers, spec->values[i], "");
        }
        break;
    case OPTION_STRING: offer_named(offers, spec->name); break;
    default: break;
    }
}

/* ---- keys ---- */

void complete_options(const CompleteObject *what, const OptionSpec *const *tables,
                      const char *const *more_keys, const char *bus_kind)
{
    const char *last = strrchr(what->prefix, ',') + 1;
    const char *equals = strchr(last, '=');
    g_autofree char *key = equals ? g_strndup(last, (gsize)(equals - last)) : NULL;
    g_autofree char *base =
        g_strndup(what->prefix, (gsize)((equals ? equals + 1 : last) - what->prefix));
    Offers offers = {what, base};

    for (; !equals && more_keys && *more_keys; more_keys++) {
        offer(&offers, *more_keys, "=");
    }
    if (equals && !strcmp(key, "bus")) {
        offer_buses(&offers, bus_kind);
    }
    for (; *tables; tables++) {
        for (const OptionSpec *spec = *tables; spec->name; spec++) {
            if (!equals) {
                offer(&offers, spec->name, "=");
            } else if (!strcmp(spec->name, key)) {
                offer_values(&offers, spec);
                return;
            }
        }
    }
}

void complete_chardev(const CompleteObject *what)
{
    static const char *const id[] = {"id", NULL};
    gsize length = strcspn(what->prefix, ",");
    gboolean has_options = what->prefix[length] == ',';

    for (guint i = 0; chardev_types[i]; i++) {
        const ChardevOps *ops = chardev_types[i];
        const OptionSpec *tables[] = {chardev_common_options, ops->options, NULL};

        if (ops->refused) {
            continue;
        }
        if (!has_options) {
            what->offer(ops->name, what->opaque);
        } else if (strlen(ops->name) == length && !strncmp(ops->name, what->prefix, length)) {
            complete_options(what, tables, id, NULL);
        }
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/isa/isa.h"

#include "core/error.h"
#include "core/machine.h"

/* What the bus keeps of a device from place() until it is unplugged. */
typedef struct IsaCard {
    IsaBus *bus;
    Device *dev;
    guint iobase, irq; /* 0 = none */
    gboolean irq_given;
    gboolean irq_level;
    GPtrArray *mapped; /* of Region* */
} IsaCard;

static void card_free(gpointer data)
{
    IsaCard *card = data;
    g_ptr_array_unref(card->mapped);
    g_free(card);
}

static IsaCard *find_card(IsaBus *bus, Device *dev)
{
    for (guint i = 0; i < bus->cards->len; i++) {
        IsaCard *card = g_ptr_array_index(bus->cards, i);
        if (card->dev == dev) {
            return card;
        }
    }
    return NULL;
}

IsaBus *isa_bus(Device *dev)
{
    g_assert(dev->bus && g_str_equal(dev->bus->ops->kind, BUS_ISA));
    return (IsaBus *)dev->bus;
}

/* ---- resources ---- */

static gboolean iobase_taken(IsaBus *bus, const IsaCard *except, guint iobase)
{
    for (guint i = 0; i < bus->cards->len; i++) {
        const IsaCard *card = g_ptr_array_index(bus->cards, i);
        if (card != except && card->iobase == iobase) {
            return TRUE;
        }
    }
    return FALSE;
}

gboolean isa_default_resources(Device *dev, const IsaResources *choices, GError **error)
{
    IsaCard *card = find_card(isa_bus(dev), dev);

    for (const IsaResources *choice = choices; choice->iobase; choice++) {
        gboolean fits = card->iobase ? card->iobase == choice->iobase
                                     : !iobase_taken(card->bus, card, choice->iobase);
        if (fits) {
            card->iobase = choice->iobase;
            card->irq = card->irq_given ? card->irq : choice->irq;
            return TRUE;
        }
    }
    if (card->iobase) {
        card->irq = card->irq_given ? card->irq : choices->irq;
        return TRUE;
    }
    return error_set(
        error, "every usual place of %s is taken; give it another with iobase=", dev->ops->name);
}

guint isa_iobase(Device *dev)
{
    return find_card(isa_bus(dev), dev)->iobase;
}

guint isa_irq(Device *dev)
{
    return find_card(isa_bus(dev), dev)->irq;
}

void isa_map_ports(Device *dev, guint port, Region *region)
{
    IsaCard *card = find_card(isa_bus(dev), dev);
    region_add(card->bus->io, port, region, 1);
    g_ptr_array_add(card->mapped, region);
}

void isa_map_memory(Device *dev, guint64 addr, Region *region)
{
    IsaCard *card = find_card(isa_bus(dev), dev);
    region_add(card->bus->memory, addr, region, 1);
    g_ptr_array_add(card->mapped, region);
}

/* Cards that share a line pull it up together; it falls when all have let go. */
static void card_irq(void *opaque, guint n, int level)
{
    IsaCard *card = opaque;
    guint *count = &card->bus->irq_count[n];

    if (card->irq_level == (level != 0)) {
        return;
    }
    card->irq_level = level != 0;
    *count += level ? 1 : -1;
    if (*count == (level ? 1 : 0)) {
        irq_set(&card->bus->irqs[n], level);
    }
}

/* ---- bus ---- */

static gboolean take_number(OptionList *options, const char *key, guint max, guint *value,
                            gboolean *given, GError **error)
{
    g_autofree char *text = option_list_take(options, key);
    guint64 number = 0;

    *given = text != NULL;
    if (!text) {
        return TRUE;
    }
    if (!option_parse_uint(key, text, &number, error)) {
        return FALSE;
    }
    if (number > max) {
        return error_set(error, "%s=%s is too high; the highest is 0x%x", key, text, max);
    }
    *value = number;
    return TRUE;
}

static gboolean place(Bus *bus, Device *dev, OptionList *options, GError **error)
{
    IsaBus *isa = (IsaBus *)bus;
    IsaCard *stale = find_card(isa, dev);
    guint iobase = 0, irq = 0;
    gboolean iobase_given, irq_given;

    if (stale) { /* its realize had failed, and memory was used again */
        g_ptr_array_remove(isa->cards, stale);
    }
    if (!take_number(options, "iobase", 0xffff, &iobase, &iobase_given, error) ||
        !take_number(options, "irq", ISA_IRQS - 1, &irq, &irq_given, error)) {
        return FALSE;
    }
    IsaCard *card = g_new0(IsaCard, 1);
    *card = (IsaCard){isa, dev, iobase, irq, irq_given, FALSE, g_ptr_array_new()};
    g_ptr_array_add(isa->cards, card);
    return TRUE;
}

static gboolean plugged(Bus *bus, Device *dev, GError **error)
{
    IsaCard *card = find_card((IsaBus *)bus, dev);
    Region *ports = device_region(dev, 0);

    if (card->iobase && ports && !ports->parent) {
        if (card->iobase + region_size(ports) > 0x10000) {
            return error_set(error, "%s: iobase=0x%x leaves no room for its %u ports",
                             dev->ops->name, card->iobase, (guint)region_size(ports));
        }
        isa_map_ports(dev, card->iobase, ports);
    }
    if (card->irq && dev->irqs->len > 0) {
        device_connect_irq(dev, 0, (IrqLine){card_irq, card, card->irq});
    }
    return TRUE;
}

static void unplugged(Bus *bus, Device *dev)
{
    IsaBus *isa = (IsaBus *)bus;
    IsaCard *card = find_card(isa, dev);

    for (guint i = 0; i < card->mapped->len; i++) {
        region_remove(g_ptr_array_index(card->mapped, i));
    }
    card_irq(card, card->irq, 0);
    if (dev->irqs->len > 0) {
        device_connect_irq(dev, 0, (IrqLine){0});
    }
    g_ptr_array_remove(isa->cards, card);
}

static void describe(Bus *bus, Device *dev, GString *out)
{
    IsaCard *card = find_card((IsaBus *)bus, dev);

    if (card->iobase) {
        g_string_append_printf(out, "iobase = 0x%x", card->iobase);
    }
    if (card->irq) {
        g_string_append_printf(out, "%sirq = %u", card->iobase ? "\n" : "", card->irq);
    }
}

static const OptionSpec place_options[] = {
    {"iobase", OPTION_UINT, .max = 0xffff, .help = "first port; 0: the usual one"},
    {"irq", OPTION_UINT, .max = ISA_IRQS - 1, .help = "interrupt line; 0: the usual one"},
    OPTION_END,
};

static GVariant *get_place(Bus *bus, Device *dev, const OptionSpec *spec)
{
    const IsaCard *card = find_card((IsaBus *)bus, dev);

    return g_variant_new_uint64(spec == place_options ? card->iobase : card->irq);
}

/* ---- lifecycle ---- */

static void finish(Bus *bus)
{
    g_ptr_array_unref(((IsaBus *)bus)->cards);
}

const BusOps isa_bus_ops = {
    .kind = BUS_ISA,
    .size = sizeof(IsaBus),
    .place = place,
    .plugged = plugged,
    .unplugged = unplugged,
    .describe = describe,
    .finish = finish,
    .place_options = place_options,
    .get_place = get_place,
};

IsaBus *isa_bus_create(Device *bridge, const char *name, Region *memory, Region *io)
{
    IsaBus *bus = (IsaBus *)bus_create(bridge, &isa_bus_ops, "%s", name);
    bus->memory = memory;
    bus->io = io;
    bus->cards = g_ptr_array_new_with_free_func(card_free);
    return bus;
}

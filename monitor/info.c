/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/info.h"

#include <string.h>

#include "core/frontend.h"
#include "monitor/command.h"

typedef struct TopicVisit {
    void (*fn)(const char *name, void *opaque);
    void *opaque;
    GHashTable *seen; /* names, not owned */
} TopicVisit;

static void visit(TopicVisit *v, const char *name)
{
    if (name && g_hash_table_add(v->seen, (gpointer)name)) {
        v->fn(name, v->opaque);
    }
}

static gboolean visit_device(Device *dev, void *opaque)
{
    visit(opaque, dev->ops->info_topic);
    return TRUE;
}

void info_foreach_topic(Machine *machine, void (*fn)(const char *name, void *opaque), void *opaque)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    TopicVisit v = {fn, opaque, seen};

    for (const Command *topic = monitor_info_topics; topic->name; topic++) {
        visit(&v, topic->name);
    }
    if (machine->root) {
        device_foreach(machine->root, visit_device, &v);
    }
    for (guint i = 0; machine->frontends && i < machine->frontends->len; i++) {
        Frontend *frontend = g_ptr_array_index(machine->frontends, i);
        visit(&v, frontend->ops->info ? frontend->id : NULL);
    }
}

typedef struct TopicPrint {
    const char *name;
    GString *out;
    gboolean found;
} TopicPrint;

static gboolean print_device(Device *dev, void *opaque)
{
    TopicPrint *print = opaque;

    if (dev->realized && dev->ops->info_topic && strcmp(dev->ops->info_topic, print->name) == 0) {
        dev->ops->info(dev, print->out);
        print->found = TRUE;
    }
    return TRUE;
}

gboolean info_print_topic(Machine *machine, const char *name, GString *out)
{
    TopicPrint print = {.name = name, .out = out};

    if (machine->root) {
        device_foreach(machine->root, print_device, &print);
    }
    for (guint i = 0; machine->frontends && i < machine->frontends->len; i++) {
        Frontend *frontend = g_ptr_array_index(machine->frontends, i);
        if (frontend->ops->info &&
            (strcmp(frontend->id, name) == 0 || strcmp(frontend->ops->name, name) == 0)) {
            frontend->ops->info(frontend, out);
            print.found = TRUE;
        }
    }
    return print.found;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/frontends.h"

#include <gmodule.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/paths.h"
#include "core/error.h"
#include "core/log.h"

#define VNC_FIRST_PORT 5900
#define VNC_PORTS      100

const char *const frontend_names[] = {"gtk", "sdl", "spice", "vnc", "terminal", "headless", NULL};

static char *built_names(void)
{
    GString *names = g_string_new("none");

    for (guint i = 0; frontend_names[i]; i++) {
        g_autofree char *path = paths_find_module(frontend_names[i]);

        if (path) {
            g_string_append_printf(names, ", %s", frontend_names[i]);
        }
    }
    return g_string_free(names, FALSE);
}

const FrontendOps *frontends_load(const char *name, GError **error)
{
    g_autofree char *path = NULL;
    GModule *module;
    gpointer symbol;

    if (!strcmp(name, "curses")) {
        name = "terminal"; /* QEMU's word */
    }
    if (g_strv_contains(frontend_names, name)) {
        path = paths_find_module(name);
    }
    if (!path) {
        g_autofree char *names = built_names();

        error_set(error, "there is no frontend '%s' (known: %s)", name, names);
        return NULL;
    }
    module = g_module_open(path, G_MODULE_BIND_LAZY | G_MODULE_BIND_LOCAL);
    if (!module || !g_module_symbol(module, "vitrine_frontend", &symbol)) {
        error_set(error, "the frontend '%s' cannot be loaded: %s", name, g_module_error());
        return NULL;
    }
    /* Libraries such as GTK cannot be unloaded. */
    g_module_make_resident(module);
    if (((const FrontendOps *)symbol)->abi != FRONTEND_ABI) {
        error_set(error, "the frontend '%s' (%s) belongs to another version of vitrine", name,
                  path);
        return NULL;
    }
    return symbol;
}

/* Machine.open_frontend; the command line's -k and -full-screen are defaults. */
static Frontend *open_frontend(Machine *machine, const char *name, const char *options,
                               void *opaque, GError **error)
{
    const CliConfig *config = opaque;
    const FrontendOps *ops = frontends_load(name, error);
    g_autoptr(GString) text = NULL;

    if (!ops) {
        return NULL;
    }
    text = g_string_new(options);
    if (ops->options && config->full_screen && !strstr(text->str, "full-screen") &&
        options_find(ops->options, "full-screen")) {
        g_string_append_printf(text, "%sfull-screen=on", text->len ? "," : "");
    }
    if (ops->options && config->keymap && options_find(ops->options, "keymap") &&
        !strstr(text->str, "keymap=")) {
        g_string_append_printf(text, "%skeymap=%s", text->len ? "," : "", config->keymap);
    }
    return frontend_open(machine, ops, text->str, error);
}

static gboolean open_named(Machine *machine, const char *name, const char *options, GError **error)
{
    return machine->open_frontend(machine, name, options, machine->open_frontend_opaque, error) !=
           NULL;
}

static gboolean is_none(const CliItem *item)
{
    return !strcmp(item->option, "display") && !strcmp(item->value, "none");
}

/* -vnc's audiodev= may name a sound system that plays nothing: viewers hear it as it is. */
static gboolean open_vnc_option(Machine *machine, const char *text, GError **error)
{
    const CliConfig *config = machine->open_frontend_opaque;
    g_autoptr(OptionList) list = option_list_parse(text, "vnc", NULL);
    g_autofree char *audiodev = list ? option_list_take(list, "audiodev") : NULL;
    g_autofree char *rest = NULL;

    for (guint i = 0; audiodev && i < config->silent_audiodevs->len; i++) {
        if (!strcmp(g_ptr_array_index(config->silent_audiodevs, i), audiodev)) {
            rest = option_list_format(list, "vnc");
            return open_named(machine, "vnc", rest, error);
        }
    }
    return open_named(machine, "vnc", text, error);
}

/* "-display NAME[,options]", "-display vnc=:0[,options]", "-vnc :0[,options]", "-vnc none",
 * "-spice options". */
static gboolean open_item(Machine *machine, const CliItem *item, GError **error)
{
    gboolean good;

    if (!strcmp(item->option, "spice")) {
        good = open_named(machine, "spice", item->value, error);
    } else if (!strcmp(item->option, "vnc")) {
        good = !strcmp(item->value, "none") || open_vnc_option(machine, item->value, error);
    } else {
        good = frontend_open_text(machine, item->value, error) != NULL;
    }
    if (!good) {
        g_prefix_error(error, "-%s %s: ", item->option, item->value);
    }
    return good;
}

/* First port of loopback from 5900 on that nobody listens at; -1 if there is none. */
static int free_vnc_port(void)
{
    for (int port = VNC_FIRST_PORT; port < VNC_FIRST_PORT + VNC_PORTS; port++) {
        struct sockaddr_in address = {
            .sin_family = AF_INET,
            .sin_port = htons((guint16)port),
            .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
        };
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int reuse = 1;
        gboolean is_free;

        if (fd < 0) {
            return -1;
        }
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof(reuse));
        is_free = bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, 1) == 0;
        close(fd);
        if (is_free) {
            return port;
        }
    }
    return -1;
}

static gboolean open_window(Machine *machine, GError **error)
{
    const char *x11 = g_getenv("DISPLAY");
    const char *wayland = g_getenv("WAYLAND_DISPLAY");

    /* Loading GTK only to hear that there is no display would cost a tenth of a second. */
    if (!(x11 && *x11) && !(wayland && *wayland)) {
        return error_set(error, "neither DISPLAY nor WAYLAND_DISPLAY is set");
    }
    if (!open_named(machine, "gtk", NULL, error)) {
        return FALSE;
    }
    report_info("showing the machine in a GTK window");
    return TRUE;
}

static gboolean open_vnc(Machine *machine, const char *why, GError **error)
{
    int port = free_vnc_port();
    g_autofree char *options = g_strdup_printf("127.0.0.1:%d", port - VNC_FIRST_PORT);

    if (port < 0) {
        return error_set(error, "no TCP port from %d to %d is free", VNC_FIRST_PORT,
                         VNC_FIRST_PORT + VNC_PORTS - 1);
    }
    if (!open_named(machine, "vnc", options, error)) {
        return FALSE;
    }
    report_info("showing the machine to VNC viewers at 127.0.0.1:%d (no window: %s)", port, why);
    return TRUE;
}

/* A terminal, where the program stands in one. */
static gboolean open_terminal(Machine *machine, const char *why, GError **error)
{
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        return error_set(error, "standard input and output are no terminal");
    }
    /* Said first: the screen is the guest's then. */
    report_info("showing the machine in this terminal, Ctrl+] for commands (no window: %s)", why);
    return open_named(machine, "terminal", NULL, error);
}

static gboolean open_best(Machine *machine, GError **error)
{
    g_autoptr(GError) no_window = NULL;
    g_autoptr(GError) no_terminal = NULL;
    g_autoptr(GError) no_vnc = NULL;

    if (open_window(machine, &no_window) ||
        open_terminal(machine, no_window->message, &no_terminal) ||
        open_vnc(machine, no_window->message, &no_vnc)) {
        return TRUE;
    }
    return error_set(error,
                     "no way to show the machine: gtk: %s; terminal: %s; vnc: %s (-display none "
                     "runs it without)",
                     no_window->message, no_terminal->message, no_vnc->message);
}

void frontends_set_loader(Machine *machine, CliConfig *config)
{
    machine->open_frontend = open_frontend;
    machine->open_frontend_opaque = config;
    machine->load_frontend = frontends_load;
    machine->frontend_names = frontend_names;
}

gboolean frontends_open(Machine *machine, const CliConfig *config, GError **error)
{
    if (config->displays->len == 0) {
        return config->nographic || open_best(machine, error);
    }
    for (guint i = 0; i < config->displays->len; i++) {
        const CliItem *item = &g_array_index(config->displays, CliItem, i);

        if (!is_none(item) && !open_item(machine, item, error)) {
            return FALSE;
        }
    }
    return TRUE;
}

/* TRUE if one of what is asked for is not called `but`, nor headless. */
static gboolean shows_but(const CliConfig *config, const char *but)
{
    for (guint i = 0; i < config->displays->len; i++) {
        const CliItem *item = &g_array_index(config->displays, CliItem, i);

        if (!is_none(item) && !g_str_has_prefix(item->value, "headless") &&
            !(but && g_str_has_prefix(item->value, but))) {
            return TRUE;
        }
    }
    return config->displays->len == 0 && !config->nographic;
}

gboolean frontends_show_consoles(const CliConfig *config)
{
    return shows_but(config, NULL);
}

gboolean frontends_show_pointer(const CliConfig *config)
{
    return shows_but(config, "terminal");
}

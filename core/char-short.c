/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The short forms of -serial, -parallel and -monitor, turned into a type and an option list. */
#include <string.h>

#include "core/char-priv.h"

#include "core/error.h"

/* Merges "key=value,flag" text, which may be empty, into a list. */
static gboolean add_options(OptionList **list, const char *text, GError **error)
{
    *list = *text ? option_list_parse(text, NULL, error) : option_list_new();
    return *list != NULL;
}

/* "PATH[,options]" for types with one path; what follows a comma is options. */
static OptionList *path_options(const char *text, const char *what, GError **error)
{
    OptionList *list = NULL;

    if (!*text || *text == ',') {
        error_set(error, "'%s:' needs a path after the colon", what);
        return NULL;
    }
    list = option_list_parse(text, "path", error);
    return list;
}

/* "[HOST]:PORT[,options]", the host may be an IPv6 address in brackets, or empty. */
static OptionList *host_options(const char *text, const char *what, GError **error)
{
    gsize end = strcspn(text, ",");
    g_autofree char *address = g_strndup(text, end);
    char *colon = strrchr(address, ':');
    char *host = address;
    OptionList *list = NULL;

    if (!colon || !colon[1]) {
        error_set(error, "'%s:%s' should be %s:HOST:PORT", what, address, what);
        return NULL;
    }
    *colon = '\0';
    if (*host == '[' && colon > host && colon[-1] == ']') {
        colon[-1] = '\0';
        host++;
    }
    if (!add_options(&list, text[end] ? text + end + 1 : "", error)) {
        return NULL;
    }
    option_list_add(list, "host", host);
    option_list_add(list, "port", colon + 1);
    return list;
}

/* "udp:[HOST]:PORT[@[LOCALHOST]:LOCALPORT][,options]". */
static OptionList *udp_options(const char *text, GError **error)
{
    g_autofree char *address = g_strndup(text, strcspn(text, ","));
    char *at = strchr(address, '@');
    g_autofree char *near = at ? g_strdup(at + 1) : NULL;
    g_autofree char *far = NULL;
    g_autoptr(OptionList) local = NULL;
    OptionList *list;

    if (at) {
        *at = '\0';
    }
    far = g_strconcat(address, text + strcspn(text, ","), NULL);
    list = host_options(far, "udp", error);
    if (!list || !near) {
        return list;
    }
    local = host_options(near, "udp", error);
    if (!local) {
        option_list_free(list);
        return NULL;
    }
    option_list_add(list, "localaddr", option_list_get(local, "host"));
    option_list_add(list, "localport", option_list_get(local, "port"));
    return list;
}

/* "800x600" in pixels, "80Cx24C" in characters. */
static OptionList *vc_options(const char *text, GError **error)
{
    g_autoptr(GRegex) form =
        g_regex_new("^(\\d{1,5})(C?)x(\\d{1,5})(C?)(?:,(.*))?$", G_REGEX_DEFAULT, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    g_autofree char *columns = NULL, *in_columns = NULL, *rows = NULL, *in_rows = NULL;
    g_autofree char *rest = NULL;
    OptionList *list = NULL;

    if (!g_regex_match(form, text, 0, &match)) {
        error_set(error, "'vc:%s' should be vc:WIDTHxHEIGHT, or vc:COLUMNSCxROWSC", text);
        return NULL;
    }
    columns = g_match_info_fetch(match, 1);
    in_columns = g_match_info_fetch(match, 2);
    rows = g_match_info_fetch(match, 3);
    in_rows = g_match_info_fetch(match, 4);
    rest = g_match_info_fetch(match, 5);
    if (add_options(&list, rest ? rest : "", error)) {
        option_list_add(list, *in_columns ? "cols" : "width", columns);
        option_list_add(list, *in_rows ? "rows" : "height", rows);
    }
    return list;
}

/* The type and options of forms that are a word alone; NULL without error if it is none. */
static OptionList *parse_plain(const char *word, const char *rest, gboolean colon,
                               const char **type, GError **error)
{
    static const char *const plain[] = {"null", "stdio", "pty", "vc", "ringbuf", NULL};
    OptionList *list = NULL;

    for (guint i = 0; plain[i]; i++) {
        if (!strcmp(word, plain[i])) {
            *type = plain[i];
            if (colon && !strcmp(word, "vc")) {
                return vc_options(rest, error);
            }
            return add_options(&list, *rest == ',' ? rest + 1 : rest, error) ? list : NULL;
        }
    }
    return NULL;
}

static OptionList *parse_short(const char *text, const char **type, GError **error)
{
    gsize length = strcspn(text, ":,");
    g_autofree char *word = g_strndup(text, length);
    gboolean colon = text[length] == ':';
    const char *rest = text + length + colon;
    OptionList *list = parse_plain(word, rest, colon, type, error);

    if (*type) {
        return list;
    }
    if (g_str_has_prefix(text, "/dev/parport") || g_str_has_prefix(text, "/dev/ppi")) {
        *type = "parallel";
        return path_options(text, "parallel", error);
    }
    if (g_str_has_prefix(text, "/dev/")) {
        *type = "serial";
        return path_options(text, "serial", error);
    }
    if (!strcmp(word, "file") || !strcmp(word, "pipe")) {
        *type = *word == 'f' ? "file" : "pipe";
        return path_options(rest, word, error);
    }
    if (!strcmp(word, "udp")) {
        *type = "udp";
        return udp_options(rest, error);
    }
    *type = "socket";
    if (!strcmp(word, "unix")) {
        return path_options(rest, word, error);
    }
    if (!strcmp(word, "tcp") || !strcmp(word, "telnet") || !strcmp(word, "websocket") ||
        !strcmp(word, "tn3270")) {
        list = host_options(rest, word, error);
        if (list && strcmp(word, "tcp")) {
            option_list_add(list, word, "on");
        }
        return list;
    }
    error_set(error,
              "unknown character device '%s' (known: null, none, stdio, vc, pty, ringbuf, "
              "file:PATH, pipe:PATH, unix:PATH, tcp:HOST:PORT, telnet:HOST:PORT, udp:HOST:PORT, "
              "/dev/ttyNAME, chardev:ID)",
              text);
    return NULL;
}

Chardev *chardev_create_short(Machine *machine, const char *text, const char *id, GError **error)
{
    gboolean shared = g_str_has_prefix(text, "mon:");
    const char *type = NULL;
    g_autoptr(OptionList) list = NULL;
    Chardev *chr;

    text += shared ? strlen("mon:") : 0;
    if (!shared && !strcmp(text, "none")) {
        return NULL;
    }
    if (!shared && g_str_has_prefix(text, "chardev:")) {
        return chardev_claim(machine, text + strlen("chardev:"), error);
    }
    list = parse_short(text, &type, error);
    if (!list) {
        return NULL;
    }
    if (shared) {
        option_list_add(list, "mux", "on");
        /* Ctrl-C is for the guest; Ctrl-A x ends. */
        if (!strcmp(text, "stdio")) {
            option_list_add(list, "signal", "off");
        }
    }
    chr = chardev_create(machine, type, id, list, error);
    return chr && chardev_is_mux(chr) ? char_mux_free_port(chr, error) : chr;
}

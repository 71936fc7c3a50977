/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The short forms of -serial, -parallel and -monitor, turned into a type and an option list. */
#include "core/char.h"

#include <string.h>

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

static OptionList *parse_short(const char *text, const char **type, GError **error)
{
    static const char *const plain[] = {"null", "stdio", "pty", "vc", "ringbuf", NULL};
    const char *rest = strchr(text, ':');
    gsize length = rest ? (gsize)(rest - text) : strcspn(text, ",");
    g_autofree char *word = g_strndup(text, length);
    OptionList *list = NULL;

    rest = rest ? rest + 1 : text + length;
    for (guint i = 0; plain[i]; i++) {
        if (!strcmp(word, plain[i])) {
            *type = plain[i];
            /* "vc:800x600" and "vc:80Cx24C" are sizes; ours are as large as their windows. */
            if (!strcmp(word, "vc") && text[length] == ':') {
                rest = "";
            }
            return add_options(&list, *rest == ',' ? rest + 1 : rest, error) ? list : NULL;
        }
    }
    if (!strcmp(word, "file") || !strcmp(word, "pipe")) {
        *type = *word == 'f' ? "file" : "pipe";
        return path_options(rest, word, error);
    }
    *type = "socket";
    if (!strcmp(word, "unix")) {
        return path_options(rest, word, error);
    }
    if (!strcmp(word, "tcp") || !strcmp(word, "telnet")) {
        list = host_options(rest, word, error);
        if (list && *word == 't' && word[1] == 'e') {
            option_list_add(list, "telnet", "on");
        }
        return list;
    }
    error_set(error,
              "unknown character device '%s' (known: null, none, stdio, vc, pty, ringbuf, "
              "file:PATH, pipe:PATH, unix:PATH, tcp:HOST:PORT, telnet:HOST:PORT, chardev:ID)",
              text);
    return NULL;
}

Chardev *chardev_create_short(Machine *machine, const char *text, const char *id, GError **error)
{
    const char *type = NULL;
    g_autoptr(OptionList) list = NULL;

    if (!strcmp(text, "none")) {
        return NULL;
    }
    if (g_str_has_prefix(text, "chardev:")) {
        Chardev *chr = chardev_find(machine, text + strlen("chardev:"));

        if (!chr) {
            error_set(error, "there is no character device '%s' (make it with -chardev TYPE,id=%s)",
                      text + strlen("chardev:"), text + strlen("chardev:"));
        }
        return chr;
    }
    list = parse_short(text, &type, error);
    return list ? chardev_create(machine, type, id, list, error) : NULL;
}

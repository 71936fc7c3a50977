/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "core/backend-priv.h"
#include "core/error.h"

#define MAX_SECRET   65536
#define READ_WAIT_MS 10000 /* a pipe's writer may be late, but not for ever */

enum { FORMAT_RAW, FORMAT_BASE64 };
static const char *const format_names[] = {"raw", "base64", NULL};

typedef struct Secret {
    Backend backend;
    char *data, *file, *keyid, *iv;
    int format;
    GByteArray *bytes; /* NULL until loaded */
} Secret;

#define FIELD(name) G_STRUCT_OFFSET(Secret, name)

static const OptionSpec secret_options[] = {
    {"data", OPTION_STRING, FIELD(data), NULL, "the secret itself (others see a command line)"},
    {"file", OPTION_STRING, FIELD(file), NULL, "file that holds it"},
    {"format", OPTION_ENUM, FIELD(format), "raw", "how it is written", .values = format_names},
    {"keyid", OPTION_STRING, FIELD(keyid), NULL, "refused: it cannot be encrypted"},
    {"iv", OPTION_STRING, FIELD(iv), NULL, "refused: it cannot be encrypted"},
    OPTION_END,
};

/* ---- loading ---- */

/* Up to the end, which a pipe may be long in coming to. FALSE with errno set. */
static gboolean read_all(int fd, GByteArray *bytes)
{
    guint8 chunk[4096];
    gssize n = 1;

    while (n != 0) {
        struct pollfd waiting = {.fd = fd, .events = POLLIN};

        if (bytes->len > MAX_SECRET) {
            errno = EFBIG;
            return FALSE;
        }
        n = read(fd, chunk, sizeof chunk);
        if (n > 0) {
            g_byte_array_append(bytes, chunk, (guint)n);
        } else if (n < 0 && errno == EAGAIN && poll(&waiting, 1, READ_WAIT_MS) == 0) {
            errno = ETIMEDOUT;
            return FALSE;
        } else if (n < 0 && errno != EINTR && errno != EAGAIN) {
            return FALSE;
        }
    }
    memset(chunk, 0, sizeof chunk);
    return TRUE;
}

static gboolean read_file(Secret *secret, GError **error)
{
    int fd = open(secret->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    gboolean good = fd >= 0 && read_all(fd, secret->bytes);

    if (!good) {
        error_set_errno(error, errno, "Unable to read %s", secret->file);
    }
    if (fd >= 0) {
        close(fd);
    }
    return good;
}

/* Base64 of RFC 4648, with line breaks: in place. GLib's decoder would skip what is none. */
static gboolean decode(Secret *secret, GError **error)
{
    GByteArray *bytes = secret->bytes;
    gsize length;

    for (guint i = 0; i < bytes->len; i++) {
        guint8 c = bytes->data[i];

        if (!g_ascii_isalnum(c) && (c == 0 || !strchr("+/=\r\n", c))) {
            return error_set(error, "Base64 data contains invalid characters");
        }
    }
    g_byte_array_append(bytes, (const guint8 *)"", 1);
    if (bytes->len == 1) {
        length = 0;
    } else {
        g_base64_decode_inplace((char *)bytes->data, &length);
    }
    g_byte_array_set_size(bytes, (guint)length);
    return TRUE;
}

static gboolean secret_load(Backend *backend, GError **error)
{
    Secret *secret = (Secret *)backend;

    secret->bytes = g_byte_array_new();
    if (secret->keyid || secret->iv) {
        return error_set(error,
                         "%s: encrypted secrets are not known here: use file=, readable by "
                         "its owner alone",
                         secret->keyid ? "keyid" : "iv");
    }
    if (!secret->data && !secret->file) {
        return error_set(error, "Either 'file' or 'data' must be provided");
    }
    if (secret->data && secret->file) {
        return error_set(error, "'file' and 'data' are mutually exclusive");
    }
    if (secret->data) {
        g_byte_array_append(secret->bytes, (const guint8 *)secret->data,
                            (guint)strlen(secret->data));
    } else if (!read_file(secret, error)) {
        return FALSE;
    }
    return secret->format == FORMAT_RAW || decode(secret, error);
}

static void secret_close(Backend *backend)
{
    Secret *secret = (Secret *)backend;

    if (secret->bytes) {
        if (secret->bytes->len) { /* else there may be no data at all */
            explicit_bzero(secret->bytes->data, secret->bytes->len);
        }
        g_byte_array_unref(secret->bytes);
    }
}

/* ---- users ---- */

GBytes *secret_get(Machine *machine, const char *id, GError **error)
{
    Backend *backend = backend_claim(machine, id, secret_ops.name, error);
    Secret *secret = (Secret *)backend;

    backend_release(backend);
    return backend ? g_bytes_new(secret->bytes->data, secret->bytes->len) : NULL;
}

char *secret_get_text(Machine *machine, const char *id, GError **error)
{
    g_autoptr(GBytes) bytes = secret_get(machine, id, error);
    gsize length = 0;
    const char *data = bytes ? g_bytes_get_data(bytes, &length) : NULL;

    if (!bytes) {
        return NULL;
    }
    if (!g_utf8_validate(length ? data : "", (gssize)length, NULL)) {
        error_set(error, "the secret '%s' is no text (UTF-8)", id);
        return NULL;
    }
    return g_strndup(length ? data : "", length);
}

const BackendOps secret_ops = {
    .name = "secret",
    .summary = "password or key that others name by its id",
    .parent = "secret_common",
    .size = sizeof(Secret),
    .options = secret_options,
    .load = secret_load,
    .close = secret_close,
};

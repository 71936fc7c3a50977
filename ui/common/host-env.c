/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/common/host-env.h"

#include <string.h>

enum { VAR_X11, VAR_WAYLAND, VAR_XAUTHORITY, VAR_COUNT };

static const char *const names[VAR_COUNT] = {"DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY"};

struct HostEnv {
    gboolean changed[VAR_COUNT];
    char *old[VAR_COUNT]; /* NULL = was unset */
};

gboolean host_env_is_x11(const char *display)
{
    return display[0] != '/' && strchr(display, ':') != NULL;
}

static void put(const char *name, const char *value)
{
    if (value) {
        g_setenv(name, value, TRUE);
    } else {
        g_unsetenv(name);
    }
}

/* What is right already is left alone: other threads may be reading the environment. */
static void change(HostEnv *env, guint i, const char *value)
{
    const char *now = g_getenv(names[i]);

    if (g_strcmp0(now, value) != 0) {
        env->changed[i] = TRUE;
        env->old[i] = g_strdup(now);
        put(names[i], value);
    }
}

HostEnv *host_env_enter(const char *display, const char *xauthority)
{
    HostEnv *env = g_new0(HostEnv, 1);

    if (display && *display) {
        gboolean x11 = host_env_is_x11(display);

        change(env, VAR_X11, x11 ? display : NULL);
        change(env, VAR_WAYLAND, x11 ? NULL : display);
    }
    if (xauthority && *xauthority) {
        change(env, VAR_XAUTHORITY, xauthority);
    }
    return env;
}

void host_env_leave(HostEnv *env)
{
    for (guint i = 0; i < VAR_COUNT; i++) {
        if (env->changed[i]) {
            put(names[i], env->old[i]);
        }
        g_free(env->old[i]);
    }
    g_free(env);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/common/window-close.h"

#include <unistd.h>

#include "core/log.h"

const char *const window_close_values[] = {
    [WINDOW_CLOSE_ASK] = "ask",
    [WINDOW_CLOSE_BACKGROUND] = "background",
    [WINDOW_CLOSE_POWERDOWN] = "powerdown",
    [WINDOW_CLOSE_QUIT] = "quit",
    [WINDOW_CLOSE_ON] = "on",
    [WINDOW_CLOSE_OFF] = "off",
    NULL,
};

const char *window_close_label(WindowClose choice)
{
    static const char *const labels[] = {
        [WINDOW_CLOSE_BACKGROUND] = "Keep Running in the _Background",
        [WINDOW_CLOSE_POWERDOWN] = "Power _Down",
        [WINDOW_CLOSE_QUIT] = "Power _Off",
        [WINDOW_CLOSE_OFF] = NULL,
    };

    return labels[choice];
}

/* Counts those that stay. */
static guint count_others(const Frontend *frontend)
{
    GPtrArray *frontends = frontend->machine->frontends;
    guint others = 0;

    for (guint i = 0; i < frontends->len; i++) {
        Frontend *other = g_ptr_array_index(frontends, i);

        others += other != frontend && !frontend_is_closing(other);
    }
    return others;
}

static void go_to_background(Frontend *frontend)
{
    const char *name = frontend->machine->attach_name;

    if (!frontend_is_closing(frontend) && count_others(frontend) == 0) {
        if (name) {
            report_info("the machine goes on in the background; 'vitrine attach %s' shows it again",
                        name);
        } else {
            report_info("the machine goes on in the background, as process %d", (int)getpid());
        }
    }
    frontend_request_close(frontend, NULL);
}

gboolean window_close_do(Frontend *frontend, WindowClose choice)
{
    switch (choice) {
    case WINDOW_CLOSE_ASK: return FALSE;
    case WINDOW_CLOSE_BACKGROUND: go_to_background(frontend); break;
    case WINDOW_CLOSE_POWERDOWN: machine_request_powerdown(frontend->machine); break;
    case WINDOW_CLOSE_QUIT:
    case WINDOW_CLOSE_ON: machine_request_shutdown(frontend->machine, SHUTDOWN_HOST_UI, 0); break;
    case WINDOW_CLOSE_OFF: break;
    }
    return TRUE;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/gtk/watchdog.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ui/common/host-env.h"

#define LOOK_US   (1 * G_USEC_PER_SEC)
#define BUSY_US   (2 * G_USEC_PER_SEC)
#define ANSWER_MS 1000

struct GuiWatchdog {
    GSource *source; /* sees the loop wake and go to sleep */
    char *display;
    int fd;
    GThread *thread;
    GMutex mutex;
    GCond cond;
    gboolean ends;     /* under mutex */
    gint64 busy_since; /* atomic, monotonic time; 0 = the loop sleeps */
    gint armed;        /* atomic: the thread looks */
};

typedef struct WatchdogSource {
    GSource source;
    GuiWatchdog *watchdog;
} WatchdogSource;

/* ---- the loop ---- */

static gboolean before_sleep(GSource *source, gint *timeout)
{
    GuiWatchdog *self = ((WatchdogSource *)source)->watchdog;
    *timeout = -1;
    __atomic_store_n(&self->busy_since, 0, __ATOMIC_SEQ_CST);
    return FALSE;
}

static gboolean after_sleep(GSource *source)
{
    GuiWatchdog *self = ((WatchdogSource *)source)->watchdog;
    __atomic_store_n(&self->busy_since, g_get_monotonic_time(), __ATOMIC_SEQ_CST);
    if (g_atomic_int_compare_and_exchange(&self->armed, FALSE, TRUE)) {
        g_mutex_lock(&self->mutex);
        g_cond_signal(&self->cond);
        g_mutex_unlock(&self->mutex);
    }
    return FALSE;
}

static gboolean dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = {
    .prepare = before_sleep,
    .check = after_sleep,
    .dispatch = dispatch,
};

/* ---- the thread ---- */

void gui_watchdog_bite(GuiWatchdog *self)
{
    shutdown(self->fd, SHUT_RDWR);
}

static void look(GuiWatchdog *self)
{
    gint64 since = __atomic_load_n(&self->busy_since, __ATOMIC_SEQ_CST);
    if (since == 0) {
        g_atomic_int_set(&self->armed, FALSE);
        if (__atomic_load_n(&self->busy_since, __ATOMIC_SEQ_CST) != 0) {
            g_atomic_int_set(&self->armed, TRUE); /* it has just woken, and thought so */
        }
    } else if (g_get_monotonic_time() - since > BUSY_US &&
               !host_env_answers(self->display, ANSWER_MS) &&
               __atomic_load_n(&self->busy_since, __ATOMIC_SEQ_CST) == since) {
        gui_watchdog_bite(self);
    }
}

static gpointer run(gpointer data)
{
    GuiWatchdog *self = data;
    g_mutex_lock(&self->mutex);
    while (!self->ends) {
        if (!g_atomic_int_get(&self->armed)) {
            g_cond_wait(&self->cond, &self->mutex);
            continue;
        }
        if (g_cond_wait_until(&self->cond, &self->mutex, g_get_monotonic_time() + LOOK_US)) {
            continue;
        }
        g_mutex_unlock(&self->mutex);
        look(self);
        g_mutex_lock(&self->mutex);
    }
    g_mutex_unlock(&self->mutex);
    return NULL;
}

/* ---- lifecycle ---- */

GuiWatchdog *gui_watchdog_new(EventLoop *loop, const char *display, int fd)
{
    GuiWatchdog *self = g_new0(GuiWatchdog, 1);
    self->display = g_strdup(display);
    self->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    self->busy_since = g_get_monotonic_time();
    self->armed = TRUE;
    g_mutex_init(&self->mutex);
    g_cond_init(&self->cond);
    self->source = g_source_new(&source_funcs, sizeof(WatchdogSource));
    ((WatchdogSource *)self->source)->watchdog = self;
    g_source_set_can_recurse(self->source, TRUE);
    g_source_attach(self->source, event_loop_context(loop));
    self->thread = g_thread_new("gtk watchdog", run, self);
    return self;
}

void gui_watchdog_free(GuiWatchdog *self)
{
    if (self == NULL) {
        return;
    }
    g_source_destroy(self->source);
    g_source_unref(self->source);
    g_mutex_lock(&self->mutex);
    self->ends = TRUE;
    g_cond_signal(&self->cond);
    g_mutex_unlock(&self->mutex);
    g_thread_join(self->thread);
    close(self->fd);
    g_cond_clear(&self->cond);
    g_mutex_clear(&self->mutex);
    g_free(self->display);
    g_free(self);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of ui/spice/ share.
 *
 * spice-server wants all calls from one thread, makes RSA keys there for each connection, and in a
 * change of the picture's size waits there for its display workers, which may wait for a viewer.
 * None of that may happen with the vm lock, so each server has a thread of its own, whose loop runs
 * spice-server's timers and fd watches. That thread takes the vm lock only to hand input over and
 * to start or stop looking at a display; the vm lock's holders never wait for it: they leave what
 * has changed under a leaf mutex and wake the thread.
 *
 * spice-server's own workers, one a head, fetch drawing commands from us; they take the head's leaf
 * mutex and nothing else.
 */
#pragma once

#include <spice.h>

#include "core/display.h"
#include "core/frontend.h"
#include "core/input.h"
#include "ui/common/socket-name.h"

typedef struct SpiceSession SpiceSession;
typedef struct SpiceHead SpiceHead;
typedef struct SpiceInput SpiceInput;
typedef struct SpiceCore SpiceCore;
typedef struct SpiceChannels SpiceChannels;
typedef struct SpiceListener SpiceListener;

typedef struct SpiceOptions {
    guint64 port, tls_port; /* 0 = none */
    char *addr;
    gboolean unix_socket, ipv4, ipv6;
    gboolean disable_ticketing;
    char *first_password; /* option `password`, or what password-secret names */
    char *password_secret;
    char *x509_dir, *x509_key, *x509_key_password, *x509_cert, *x509_cacert, *x509_dh, *tls_ciphers;
    char *tls_channels, *plaintext_channels;
    int image_compression, jpeg_wan, zlib_glz_wan, streaming_video; /* indices of their names */
    gboolean agent_mouse, playback_compression, seamless_migration;
    gboolean disable_copy_paste, disable_file_xfer;
    guint64 max_hz;
} SpiceOptions;

/* A server. It is not part of the Frontend: if spice-server fails, its threads are stopped where
 * they are, and the session is left to them. */
struct SpiceSession {
    Frontend *frontend;
    Machine *machine;
    SpiceOptions *options; /* the frontend's */
    GPtrArray *heads;      /* of SpiceHead*; filled before the thread starts */

    /* vm lock */
    char *password; /* NULL = nobody gets in, if there is ticketing */
    gint64 expires; /* host time from which on the password is worth nothing, -1 = never */
    gboolean ticketing;

    /* the thread */
    GThread *thread;
    GMainContext *context;
    EventLoop *loop;
    Deferred *ticket_changed; /* on the thread */
    Deferred *arrived;        /* likewise: there are `arrivals` */
    Deferred *reported;       /* on the main loop: there are `reports` */
    SpiceServer *server;      /* the thread's */
    SpiceCore *core;
    SpiceListener *listener; /* the thread's */
    SpiceChannels *channels;
    SpiceInput *input;

    GMutex mutex; /* a leaf; guards what follows */
    GCond cond;
    gboolean started;    /* the thread has come up, or has failed to */
    gboolean ended;      /* it does nothing more */
    gboolean failed;     /* spice-server has; one of its threads stands still */
    GError *start_error; /* why it did not come up */
    GString *complaints; /* of spice-server while it starts; the thread's */
    gboolean ticket_wanted;
    char *ticket; /* to be given to spice-server; NULL = nobody gets in */
    gint64 ticket_expires;
    gboolean ticket_disconnects; /* who is connected has to go */
    GQueue reports;              /* of SpiceReport*, see report.c */
    GArray *arrivals;            /* of SpiceArrival */
};

/* A viewer that a monitor has brought along. */
typedef struct SpiceArrival {
    int fd; /* owned */
    gboolean skip_auth, tls;
} SpiceArrival;

/* ---- spice-thread.c ---- */

/* Starts the thread; returns when the server listens. Vm lock held, dropped while waiting. */
gboolean spice_thread_start(SpiceSession *session, GError **error);
/* Ends it: viewers are disconnected. Vm lock held, dropped while waiting. FALSE: spice-server has
 * failed, and the session must stay for its threads. */
gboolean spice_thread_end(SpiceSession *session);
/* Hands password and expiry over; `disconnect`: who is connected has to go. Vm lock held. */
void spice_thread_set_ticket(SpiceSession *session, gboolean disconnect);
/* A connected socket, owned from now on, becomes a viewer's. Vm lock held. */
void spice_thread_add_client(SpiceSession *session, const SpiceArrival *arrival);
/* The server that the calling thread runs, or works for. */
SpiceSession *spice_thread_current(void);
/* A display's worker says whose it is. */
void spice_thread_enter(SpiceSession *session);
/* Takes the vm lock on the server's thread. Does not return if spice-server has failed: then the
 * machine may be gone. */
void spice_thread_lock(SpiceSession *session, const char *who);

/* ---- core-interface.c: timers, watches and events for spice-server; the thread ---- */

SpiceCore *spice_core_new(EventLoop *loop);
/* After spice-server is gone: frees what it has left behind too. */
void spice_core_free(SpiceCore *core);
SpiceCoreInterface *spice_core_interface(SpiceCore *core);

/* ---- channels.c: who is connected ---- */

SpiceChannels *spice_channels_new(SpiceSession *session);
void spice_channels_free(SpiceChannels *channels);
/* The thread: what spice-server tells of connections. */
void spice_channels_event(SpiceChannels *channels, int event, SpiceChannelEventInfo *info);
/* The thread: this connection is being handed to spice-server; -1 = it has been. */
void spice_channels_accepting(SpiceChannels *channels, int fd);
/* The thread: spice-server, which accepts TLS connections itself, waits for this descriptor, or has
 * finished with one event. */
void spice_channels_watching(SpiceChannels *channels, int fd);
void spice_channels_event_over(SpiceChannels *channels);
/* A display's worker: a viewer has come to it; it has been received. See display-guard.h. */
void spice_channels_guard_begin(SpiceChannels *channels, guint index);
void spice_channels_guard_end(SpiceChannels *channels, guint index);
/* Any thread: bytes that were sent to a display's viewers and that they have not taken; ends the
 * connections of those who have some. */
guint64 spice_channels_unsent(SpiceChannels *channels, guint index);
void spice_channels_drop_unsent(SpiceChannels *channels, guint index);
/* Any thread: ends all connections at once. */
void spice_channels_shutdown(SpiceChannels *channels);
/* Any thread: how many viewers there are. */
guint spice_channels_viewers(SpiceChannels *channels);
/* Any thread: for `info spice`, and as QMP's [SpiceChannel], an aa{sv}, floating. */
void spice_channels_describe(SpiceChannels *channels, GString *out);
GVariant *spice_channels_query(SpiceChannels *channels);

/* ---- report.c: what monitors are told ---- */

/* The thread: an event and its members, an a{sv} (taken if floating), for the main loop to tell. */
void spice_report_event(SpiceSession *session, const char *event, GVariant *members);
/* Tells what waits to be told. Vm lock held, main loop. */
void spice_report_tell(SpiceSession *session);
/* Vm lock held. */
void spice_report_info(SpiceSession *session, GString *out);
GVariant *spice_report_query(SpiceSession *session);

/* ---- head.c, head-command.c: one display as a QXL device ---- */

SpiceHead *spice_head_new(SpiceSession *session, Display *display, guint index);
void spice_head_free(SpiceHead *head); /* after the thread has ended */
/* Vm lock. */
void spice_head_set_max_hz(SpiceHead *head); /* as the option says now */
void spice_head_attach(SpiceHead *head);
void spice_head_detach(SpiceHead *head);
/* Vm lock; by: how many more viewers look. */
void spice_head_viewers(SpiceHead *head, int by);
/* The thread, once the server exists. */
/* The thread: spice-server's own picture, which the next viewer sees first, becomes the present. */
void spice_head_refresh(SpiceHead *head);
gboolean spice_head_start(SpiceHead *head, SpiceServer *server);

/* ---- spice-input.c ---- */

SpiceInput *spice_input_new(SpiceSession *session); /* vm lock */
/* Vm lock: lets go of the guest's devices. */
void spice_input_close(SpiceInput *input);
void spice_input_free(SpiceInput *input); /* after that, and after the thread has ended */
/* The thread, once the server exists. */
void spice_input_start(SpiceInput *input, SpiceServer *server);
/* TRUE if viewers send positions rather than movements. */
gboolean spice_input_is_client_mode(SpiceInput *input);
/* The thread: the viewer has gone. */
void spice_input_release(SpiceInput *input);

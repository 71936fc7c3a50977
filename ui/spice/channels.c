/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is connected. A viewer opens one connection a channel (main, display, inputs...).
 *
 * spice-server waits for ever for the rest of a handshake. So a connection that has not said in
 * HANDSHAKE_NS what it is for is shut down, and so is the oldest such one when there are too many.
 * Each connection's descriptor is duplicated: spice-server's workers may close theirs at any
 * moment, and ours stays good for shutdown(2).
 */
#include <fcntl.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mainloop/timer.h"
#include "ui/spice/display-guard.h"
#include "ui/spice/spice-priv.h"

#define HANDSHAKE_NS   (30 * NS_PER_SEC)
#define MAX_HANDSHAKES 64

typedef struct SpiceChannel {
    SpiceChannelEventInfo *info; /* who it is, for spice-server */
    int fd;                      /* a duplicate; -1 = not known */
    int theirs;                  /* spice-server's */
    gboolean guarded;            /* has been looked at, see display-guard.h */
    gboolean guard_good;
    int guard_end;  /* -1 = none */
    gboolean ready; /* the handshake is over */
    gint64 since;
    SocketName peer, local;
    int session, type, id, flags;
} SpiceChannel;

struct SpiceChannels {
    SpiceSession *session;
    Clock *clock;
    Timer deadline;         /* of the oldest handshake */
    gint guards;            /* atomic: 0 = no channel has a guard_end */
    int accepting;          /* the connection that is being handed over, or -1 */
    SpiceChannel *accepted; /* connected in the event that is being handled, descriptor unknown */
    GMutex mutex;           /* guards what follows, a leaf */
    int tls_listener;       /* spice-server's socket, -1 = none */
    GPtrArray *list;        /* of SpiceChannel*, the oldest first */
};

static void channel_free(gpointer data)
{
    SpiceChannel *channel = data;

    if (channel->fd >= 0) {
        close(channel->fd);
    }
    if (channel->guard_end >= 0) {
        close(channel->guard_end);
    }
    socket_name_clear(&channel->peer);
    socket_name_clear(&channel->local);
    g_free(channel);
}

static void set_names(SpiceChannel *channel, const SpiceChannelEventInfo *info)
{
    gboolean known = (info->flags & SPICE_CHANNEL_EVENT_FLAG_ADDR_EXT) != 0;

    socket_name_set(&channel->peer, (const struct sockaddr *)&info->paddr_ext,
                    known ? info->plen_ext : 0);
    socket_name_set(&channel->local, (const struct sockaddr *)&info->laddr_ext,
                    known ? info->llen_ext : 0);
}

/* ---- in the words of QMP ---- */

static GVariant *describe_end(const SocketName *name)
{
    GVariantBuilder members;

    g_variant_builder_init(&members, G_VARIANT_TYPE_VARDICT);
    socket_name_add(name, "port", &members);
    return g_variant_builder_end(&members);
}

static GVariant *describe_ready(const SpiceChannel *channel)
{
    GVariantBuilder members;

    g_variant_builder_init(&members, G_VARIANT_TYPE_VARDICT);
    socket_name_add(&channel->peer, "port", &members);
    g_variant_builder_add_parsed(&members, "{'connection-id', <%x>}",
                                 (gint64)(guint)channel->session);
    g_variant_builder_add_parsed(&members, "{'channel-type', <%i>}", channel->type);
    g_variant_builder_add_parsed(&members, "{'channel-id', <%i>}", channel->id);
    g_variant_builder_add_parsed(&members, "{'tls', <%b>}",
                                 (channel->flags & SPICE_CHANNEL_EVENT_FLAG_TLS) != 0);
    return g_variant_builder_end(&members);
}

static void report(SpiceChannels *channels, const char *event, const SpiceChannel *channel)
{
    spice_report_event(channels->session, event,
                       g_variant_new_parsed("{'server': <%@a{sv}>, 'client': <%@a{sv}>}",
                                            describe_end(&channel->local),
                                            describe_end(&channel->peer)));
}

static GVariant *initialized_members(SpiceSession *session, const SpiceChannel *channel)
{
    GVariantBuilder server;
    gboolean ticketing;

    g_mutex_lock(&session->mutex);
    ticketing = session->ticket_wanted;
    g_mutex_unlock(&session->mutex);
    g_variant_builder_init(&server, G_VARIANT_TYPE_VARDICT);
    socket_name_add(&channel->local, "port", &server);
    g_variant_builder_add_parsed(&server, "{'auth', <%s>}", ticketing ? "spice" : "none");
    return g_variant_new_parsed("{'server': <%@a{sv}>, 'client': <%@a{sv}>}",
                                g_variant_builder_end(&server), describe_ready(channel));
}

/* ---- handshakes; mutex held ---- */

static SpiceChannel *oldest_handshake(SpiceChannels *channels, guint *count)
{
    SpiceChannel *oldest = NULL;

    *count = 0;
    for (guint i = channels->list->len; i-- > 0;) {
        SpiceChannel *channel = g_ptr_array_index(channels->list, i);

        if (!channel->ready && channel->fd >= 0) {
            oldest = channel;
            ++*count;
        }
    }
    return oldest;
}

/* Its end comes as an event. */
static void give_up(SpiceChannel *channel)
{
    shutdown(channel->fd, SHUT_RDWR);
    close(channel->fd);
    channel->fd = -1;
}

static void check_handshakes(SpiceChannels *channels)
{
    gint64 now = clock_now(channels->clock);
    guint count;
    SpiceChannel *oldest;

    while ((oldest = oldest_handshake(channels, &count)) &&
           (count > MAX_HANDSHAKES || now >= oldest->since + HANDSHAKE_NS)) {
        give_up(oldest);
    }
    if (oldest) {
        timer_set(&channels->deadline, oldest->since + HANDSHAKE_NS);
    } else {
        timer_cancel(&channels->deadline);
    }
}

static void on_deadline(void *opaque)
{
    SpiceChannels *channels = opaque;

    g_mutex_lock(&channels->mutex);
    check_handshakes(channels);
    g_mutex_unlock(&channels->mutex);
}

/* ---- events ---- */

static gboolean find_channel(SpiceChannels *channels, SpiceChannelEventInfo *info, guint *index)
{
    for (guint i = 0; i < channels->list->len; i++) {
        if (((SpiceChannel *)g_ptr_array_index(channels->list, i))->info == info) {
            *index = i;
            return TRUE;
        }
    }
    return FALSE;
}

static void connected(SpiceChannels *channels, SpiceChannelEventInfo *info)
{
    SpiceChannel *channel = g_new0(SpiceChannel, 1);

    channel->info = info;
    channel->guard_end = -1;
    channel->fd = channels->accepting >= 0 ? fcntl(channels->accepting, F_DUPFD_CLOEXEC, 0) : -1;
    channel->theirs = channels->accepting;
    channel->since = clock_now(channels->clock);
    set_names(channel, info);
    report(channels, "SPICE_CONNECTED", channel);
    g_mutex_lock(&channels->mutex);
    g_ptr_array_add(channels->list, channel);
    check_handshakes(channels);
    g_mutex_unlock(&channels->mutex);
    channels->accepted = channels->accepting < 0 ? channel : NULL;
}

/* A channel of this kind came (by = 1) or went (by = -1). */
static void tell(SpiceChannels *channels, int type, int id, int by)
{
    SpiceSession *session = channels->session;

    if (type == SPICE_CHANNEL_DISPLAY && id >= 0 && (guint)id < session->heads->len) {
        SpiceHead *head = g_ptr_array_index(session->heads, (guint)id);

        spice_thread_lock(session, "spice viewer");
        spice_head_viewers(head, by);
        vm_lock_drop(session->machine->lock);
        if (by > 0) {
            spice_head_refresh(head);
        }
    } else if (type == SPICE_CHANNEL_INPUTS && by < 0) {
        spice_input_release(session->input);
    }
}

static void initialized(SpiceChannels *channels, SpiceChannelEventInfo *info)
{
    SpiceChannel *channel = NULL; /* which nobody else frees */
    guint index;
    gboolean news = FALSE;

    g_mutex_lock(&channels->mutex);
    if (find_channel(channels, info, &index)) {
        channel = g_ptr_array_index(channels->list, index);
        news = !channel->ready;
        channel->ready = TRUE;
        channel->session = info->connection_id;
        channel->type = info->type;
        channel->id = info->id;
        channel->flags = info->flags;
        check_handshakes(channels);
    }
    g_mutex_unlock(&channels->mutex);
    if (news) {
        spice_report_event(channels->session, "SPICE_INITIALIZED",
                           initialized_members(channels->session, channel));
        tell(channels, info->type, info->id, 1);
    }
}

static void disconnected(SpiceChannels *channels, SpiceChannelEventInfo *info)
{
    SpiceChannel *channel = NULL;
    guint index;

    g_mutex_lock(&channels->mutex);
    if (find_channel(channels, info, &index)) {
        channel = g_ptr_array_steal_index(channels->list, index);
        check_handshakes(channels);
    }
    g_mutex_unlock(&channels->mutex);
    if (!channel) {
        return;
    }
    if (channels->accepted == channel) {
        channels->accepted = NULL;
    }
    if (channel->ready) {
        tell(channels, channel->type, channel->id, -1);
    }
    report(channels, "SPICE_DISCONNECTED", channel);
    channel_free(channel);
}

void spice_channels_event(SpiceChannels *channels, int event, SpiceChannelEventInfo *info)
{
    switch (event) {
    case SPICE_CHANNEL_EVENT_CONNECTED: connected(channels, info); break;
    case SPICE_CHANNEL_EVENT_INITIALIZED: initialized(channels, info); break;
    case SPICE_CHANNEL_EVENT_DISCONNECTED: disconnected(channels, info); break;
    }
}

void spice_channels_accepting(SpiceChannels *channels, int fd)
{
    channels->accepting = fd;
}

void spice_channels_watching(SpiceChannels *channels, int fd)
{
    SpiceChannel *channel = g_steal_pointer(&channels->accepted);
    int listens = 0;
    socklen_t size = sizeof(listens);

    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens) {
        g_mutex_lock(&channels->mutex);
        channels->tls_listener = fd;
        g_mutex_unlock(&channels->mutex);
    } else if (channel) {
        g_mutex_lock(&channels->mutex);
        channel->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        channel->theirs = fd;
        check_handshakes(channels);
        g_mutex_unlock(&channels->mutex);
    }
}

void spice_channels_event_over(SpiceChannels *channels)
{
    channels->accepted = NULL;
}

/* ---- any thread ---- */

/* Whether a connection to this display has been looked at, or is being guarded. */
typedef enum GuardStage { GUARD_NEW, GUARD_ON } GuardStage;

/* Takes the oldest connection to this display that is at this stage: a copy of what is known of
 * it, with a descriptor of its own. */
static gboolean take_for_guard(SpiceChannels *channels, guint index, GuardStage stage,
                               SpiceChannel *copy)
{
    gboolean found = FALSE;

    g_mutex_lock(&channels->mutex);
    for (guint i = 0; i < channels->list->len && !found; i++) {
        SpiceChannel *channel = g_ptr_array_index(channels->list, i);

        if (channel->ready && channel->fd >= 0 && channel->type == SPICE_CHANNEL_DISPLAY &&
            channel->id == (int)index &&
            (stage == GUARD_NEW ? !channel->guarded : channel->guard_end >= 0)) {
            *copy = *channel;
            copy->fd = fcntl(channel->fd, F_DUPFD_CLOEXEC, 0);
            found = copy->fd >= 0;
            channel->guarded = TRUE;
            channel->guard_end = -1;
        }
    }
    g_mutex_unlock(&channels->mutex);
    return found;
}

void spice_channels_guard_begin(SpiceChannels *channels, guint index)
{
    SpiceChannel copy;
    guint at;

    while (take_for_guard(channels, index, GUARD_NEW, &copy)) {
        gboolean tls = (copy.flags & SPICE_CHANNEL_EVENT_FLAG_TLS) != 0, good;
        int end = spice_guard_begin(copy.fd, copy.theirs, tls, &good);

        g_mutex_lock(&channels->mutex);
        if (end >= 0 && find_channel(channels, copy.info, &at)) {
            SpiceChannel *channel = g_ptr_array_index(channels->list, at);

            channel->guard_end = end;
            channel->guard_good = good;
            g_atomic_int_set(&channels->guards, 1);
        }
        g_mutex_unlock(&channels->mutex);
        close(copy.fd);
    }
}

void spice_channels_guard_end(SpiceChannels *channels, guint index)
{
    SpiceChannel copy;

    if (!g_atomic_int_get(&channels->guards)) { /* as a rule */
        return;
    }
    while (take_for_guard(channels, index, GUARD_ON, &copy)) {
        spice_guard_end(copy.fd, copy.theirs, copy.guard_end, copy.guard_good);
        close(copy.fd);
    }
    g_mutex_lock(&channels->mutex);
    g_atomic_int_set(&channels->guards, 0);
    for (guint i = 0; i < channels->list->len; i++) { /* other displays' */
        SpiceChannel *channel = g_ptr_array_index(channels->list, i);

        if (channel->guard_end >= 0) {
            g_atomic_int_set(&channels->guards, 1);
        }
    }
    g_mutex_unlock(&channels->mutex);
}

/* Bytes that the kernel has for the viewer: not yet taken, or (TCP) not yet acknowledged. */
static guint unsent(const SpiceChannel *channel)
{
    int bytes = 0;

    return channel->fd >= 0 && ioctl(channel->fd, SIOCOUTQ, &bytes) == 0 ? (guint)MAX(bytes, 0) : 0;
}

static gboolean shows(const SpiceChannel *channel, guint index)
{
    return channel->ready && channel->type == SPICE_CHANNEL_DISPLAY && channel->id == (int)index;
}

guint64 spice_channels_unsent(SpiceChannels *channels, guint index)
{
    guint64 sum = 0;

    g_mutex_lock(&channels->mutex);
    for (guint i = 0; i < channels->list->len; i++) {
        const SpiceChannel *channel = g_ptr_array_index(channels->list, i);

        sum += shows(channel, index) ? unsent(channel) : 0;
    }
    g_mutex_unlock(&channels->mutex);
    return sum;
}

void spice_channels_drop_unsent(SpiceChannels *channels, guint index)
{
    g_mutex_lock(&channels->mutex);
    for (guint i = 0; i < channels->list->len; i++) {
        const SpiceChannel *channel = g_ptr_array_index(channels->list, i);

        if (shows(channel, index) && unsent(channel)) {
            shutdown(channel->fd, SHUT_RDWR);
        }
    }
    g_mutex_unlock(&channels->mutex);
}

void spice_channels_shutdown(SpiceChannels *channels)
{
    g_mutex_lock(&channels->mutex);
    if (channels->tls_listener >= 0) {
        shutdown(channels->tls_listener, SHUT_RDWR);
        channels->tls_listener = -1;
    }
    for (guint i = 0; i < channels->list->len; i++) {
        SpiceChannel *channel = g_ptr_array_index(channels->list, i);

        if (channel->fd >= 0) {
            shutdown(channel->fd, SHUT_RDWR);
        }
    }
    g_mutex_unlock(&channels->mutex);
}

guint spice_channels_viewers(SpiceChannels *channels)
{
    guint count = 0;

    g_mutex_lock(&channels->mutex);
    for (guint i = 0; i < channels->list->len; i++) {
        const SpiceChannel *channel = g_ptr_array_index(channels->list, i);

        count += channel->ready && channel->type == SPICE_CHANNEL_MAIN;
    }
    g_mutex_unlock(&channels->mutex);
    return count;
}

static const char *type_name(int type)
{
    static const char *const names[] = {
        [SPICE_CHANNEL_MAIN] = "main",           [SPICE_CHANNEL_DISPLAY] = "display",
        [SPICE_CHANNEL_INPUTS] = "inputs",       [SPICE_CHANNEL_CURSOR] = "cursor",
        [SPICE_CHANNEL_PLAYBACK] = "playback",   [SPICE_CHANNEL_RECORD] = "record",
        [SPICE_CHANNEL_SMARTCARD] = "smartcard", [SPICE_CHANNEL_USBREDIR] = "usbredir",
        [SPICE_CHANNEL_PORT] = "port",           [SPICE_CHANNEL_WEBDAV] = "webdav",
    };

    return type >= 0 && type < (int)G_N_ELEMENTS(names) && names[type] ? names[type] : "unknown";
}

void spice_channels_describe(SpiceChannels *channels, GString *out)
{
    guint shown = 0;

    g_mutex_lock(&channels->mutex);
    for (guint i = 0; i < channels->list->len; i++) {
        const SpiceChannel *channel = g_ptr_array_index(channels->list, i);

        if (channel->ready) {
            g_autofree char *peer = g_str_equal(channel->peer.family, "unix")
                                        ? g_strdup("unix")
                                        : socket_name_text(&channel->peer);

            g_string_append_printf(
                out,
                "Channel:\n     address: %s%s\n     session: %u\n     channel: %d:%d\n"
                "     channel name: %s\n",
                peer, channel->flags & SPICE_CHANNEL_EVENT_FLAG_TLS ? " [tls]" : "",
                (guint)channel->session, channel->type, channel->id, type_name(channel->type));
            shown++;
        }
    }
    g_mutex_unlock(&channels->mutex);
    if (!shown) {
        g_string_append(out, "Channels: none\n");
    }
}

GVariant *spice_channels_query(SpiceChannels *channels)
{
    GVariantBuilder list;

    g_variant_builder_init(&list, G_VARIANT_TYPE("aa{sv}"));
    g_mutex_lock(&channels->mutex);
    for (guint i = 0; i < channels->list->len; i++) {
        const SpiceChannel *channel = g_ptr_array_index(channels->list, i);

        if (channel->ready) {
            g_variant_builder_add_value(&list, describe_ready(channel));
        }
    }
    g_mutex_unlock(&channels->mutex);
    return g_variant_builder_end(&list);
}

/* ---- lifecycle ---- */

SpiceChannels *spice_channels_new(SpiceSession *session)
{
    SpiceChannels *channels = g_new0(SpiceChannels, 1);

    channels->session = session;
    channels->clock = clock_new_host(session->loop);
    timer_init(&channels->deadline, channels->clock, on_deadline, channels);
    channels->accepting = -1;
    channels->tls_listener = -1;
    g_mutex_init(&channels->mutex);
    channels->list = g_ptr_array_new_with_free_func(channel_free);
    return channels;
}

void spice_channels_free(SpiceChannels *channels)
{
    timer_cancel(&channels->deadline);
    clock_free(channels->clock);
    g_ptr_array_unref(channels->list);
    g_mutex_clear(&channels->mutex);
    g_free(channels);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the greeting to the session (RFC 6143, 7.1 to 7.3), on the viewer's thread. libvncserver's
 * own handshake keeps the security types of all its screens in one list of the process, unlocked;
 * with several servers of different kinds a peer could be offered another's.
 */
#include <string.h>
#include <sys/random.h>

#include "ui/vnc/viewer-priv.h"

/* A started message must have come so soon; the whole handshake has a limit too, see viewer.c. */
#define READ_TIMEOUT_MS 10000

/* Security types (RFC 6143, 7.1.2). */
#define SECURITY_NONE 1
#define SECURITY_VNC  2

#define MINOR_3 3
#define MINOR_7 7
#define MINOR_8 8

/* How long a wrong password's answer takes. */
#define DENIAL_DELAY_US (1 * G_TIME_SPAN_SECOND)

static gboolean take(VncViewer *viewer, void *data, int length)
{
    if (rfbReadExactTimeout(viewer->client, data, length, READ_TIMEOUT_MS) > 0) {
        return TRUE;
    }
    rfbCloseClient(viewer->client);
    return FALSE;
}

static gboolean put(VncViewer *viewer, const void *data, int length)
{
    if (rfbWriteExact(viewer->client, data, length) > 0) {
        return TRUE;
    }
    rfbCloseClient(viewer->client);
    return FALSE;
}

static gboolean put_u32(VncViewer *viewer, guint32 value)
{
    value = GUINT32_TO_BE(value);
    return put(viewer, &value, sizeof(value));
}

/* A reason, then the end. */
static void put_reason(VncViewer *viewer, const char *reason)
{
    if (put_u32(viewer, (guint32)strlen(reason)) && put(viewer, reason, (int)strlen(reason))) {
        rfbCloseClient(viewer->client);
    }
}

/* ---- security ---- */

static gboolean wants_password(const VncViewer *viewer)
{
    return viewer->server->want_password && !viewer->skip_auth;
}

/* Only hosts can be told from each other. */
static gboolean is_guarded(const VncViewer *viewer)
{
    return !g_str_equal(viewer->peer.family, "unix");
}

static void challenge(VncViewer *viewer)
{
    if (getrandom(viewer->challenge, sizeof(viewer->challenge), 0) != sizeof(viewer->challenge)) {
        rfbCloseClient(viewer->client);
        return;
    }
    viewer->stage = VNC_STAGE_RESPONSE;
    put(viewer, viewer->challenge, sizeof(viewer->challenge));
}

/* RFC 6143, 7.1.2: no security types, but a reason. */
static void turn_away(VncViewer *viewer, guint seconds)
{
    g_autofree char *reason =
        g_strdup_printf("Too many wrong passwords: try again in %u seconds", seconds);

    if (viewer->client->protocolMinorVersion == MINOR_3 ? put_u32(viewer, 0)
                                                        : put(viewer, "\0", 1)) {
        put_reason(viewer, reason);
    }
}

static guint locked_out(VncViewer *viewer)
{
    guint seconds = 0;

    if (wants_password(viewer) && is_guarded(viewer)) {
        vm_lock_take(viewer->machine->lock, "vnc guard");
        seconds = vnc_guard_locked(viewer->server->guard, viewer->peer.host);
        vm_lock_drop(viewer->machine->lock);
    }
    return seconds;
}

static void offer(VncViewer *viewer)
{
    guint8 type = wants_password(viewer) ? SECURITY_VNC : SECURITY_NONE;
    guint8 list[] = {1, type};
    guint seconds = locked_out(viewer);

    if (seconds) {
        turn_away(viewer, seconds);
    } else if (viewer->client->protocolMinorVersion != MINOR_3) {
        viewer->stage = VNC_STAGE_SECURITY;
        put(viewer, list, sizeof(list));
    } else if (put_u32(viewer, type)) { /* RFC 6143, appendix A: the server decides */
        viewer->stage = VNC_STAGE_INIT;
        if (type == SECURITY_VNC) {
            challenge(viewer);
        }
    }
}

/* "RFB 003.008\n"; whatever is not 3.7 or later is taken for 3.3 (RFC 6143, appendix A). */
static void step_version(VncViewer *viewer)
{
    char text[13] = "";

    if (!take(viewer, text, 12)) {
        return;
    }
    gboolean good = memcmp(text, "RFB 003.", 8) == 0 && g_ascii_isdigit(text[8]) &&
                    g_ascii_isdigit(text[9]) && g_ascii_isdigit(text[10]) && text[11] == '\n';
    if (!good) {
        rfbCloseClient(viewer->client);
        return;
    }
    int minor = atoi(text + 8);
    viewer->client->protocolMajorVersion = 3;
    viewer->client->protocolMinorVersion = minor >= MINOR_8   ? MINOR_8
                                           : minor == MINOR_7 ? MINOR_7
                                                              : MINOR_3;
    offer(viewer);
}

static void step_security(VncViewer *viewer)
{
    guint8 type;

    if (!take(viewer, &type, 1)) {
        return;
    }
    if (type != (wants_password(viewer) ? SECURITY_VNC : SECURITY_NONE)) {
        rfbCloseClient(viewer->client); /* was not offered */
    } else if (type == SECURITY_VNC) {
        challenge(viewer);
    } else if (viewer->client->protocolMinorVersion == MINOR_7 || put_u32(viewer, 0)) {
        viewer->stage = VNC_STAGE_INIT;
    }
}

/* VNC authentication (RFC 6143, 7.2.2): the challenge, encrypted with the password by DES. */
static gboolean is_right(VncViewer *viewer, const guint8 *response)
{
    guint8 expected[CHALLENGESIZE], differing = 0;
    gboolean known = FALSE;

    memcpy(expected, viewer->challenge, CHALLENGESIZE);
    vm_lock_take(viewer->machine->lock, "vnc password");
    const char *password = vnc_server_password(viewer->server);
    if (password) {
        g_autofree char *copy = g_strdup(password);
        rfbEncryptBytes(expected, copy);
        known = TRUE;
    }
    for (int i = 0; i < CHALLENGESIZE; i++) {
        differing |= expected[i] ^ response[i];
    }
    if (is_guarded(viewer)) {
        vnc_guard_tried(viewer->server->guard, viewer->peer.host, known && differing == 0);
    }
    vm_lock_drop(viewer->machine->lock);
    return known && differing == 0;
}

static void step_response(VncViewer *viewer)
{
    guint8 response[CHALLENGESIZE];

    if (!take(viewer, response, sizeof(response))) {
        return;
    }
    if (is_right(viewer, response)) {
        viewer->stage = VNC_STAGE_INIT;
        put_u32(viewer, 0);
        return;
    }
    viewer->stage = VNC_STAGE_DENIED; /* it has no more to say */
    viewer->deny_at = g_get_monotonic_time() + DENIAL_DELAY_US;
}

void vnc_handshake_deny(VncViewer *viewer)
{
    if (!put_u32(viewer, 1)) {
        return;
    }
    if (viewer->client->protocolMinorVersion == MINOR_8) {
        put_reason(viewer, "The password is wrong, has expired, or none is set");
    } else {
        rfbCloseClient(viewer->client);
    }
}

/* ---- ClientInit (RFC 6143, 7.3.1) ---- */

static gboolean may_be_alone(VncViewer *viewer)
{
    if (viewer->server->share == VNC_SHARE_FORCE_SHARED) {
        return FALSE;
    }
    if (viewer->server->share == VNC_SHARE_ALLOW_EXCLUSIVE) {
        vm_lock_take(viewer->machine->lock, "vnc share");
        vnc_server_exclusive(viewer->server, viewer);
        vm_lock_drop(viewer->machine->lock);
    }
    return TRUE;
}

static void step_init(VncViewer *viewer)
{
    guint8 shared;

    if (!take(viewer, &shared, 1)) {
        return;
    }
    if (!shared && !may_be_alone(viewer)) {
        rfbCloseClient(viewer->client);
        return;
    }
    /* libvncserver then takes ClientInit for read, and answers. */
    viewer->client->state = RFB_INITIALISATION_SHARED;
    rfbProcessClientMessage(viewer->client);
    if (viewer->client->sock != RFB_INVALID_SOCKET && viewer->client->state == RFB_NORMAL) {
        viewer->stage = VNC_STAGE_SESSION;
        g_mutex_lock(&viewer->mutex);
        viewer->entered = TRUE;
        g_mutex_unlock(&viewer->mutex);
        deferred_schedule(viewer->enter);
    }
}

void vnc_handshake_step(VncViewer *viewer)
{
    switch (viewer->stage) {
    case VNC_STAGE_VERSION: step_version(viewer); break;
    case VNC_STAGE_SECURITY: step_security(viewer); break;
    case VNC_STAGE_RESPONSE: step_response(viewer); break;
    case VNC_STAGE_INIT: step_init(viewer); break;
    case VNC_STAGE_DENIED:
    case VNC_STAGE_SESSION: break;
    }
}

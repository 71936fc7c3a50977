/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a server listens. The plain sockets are ours, and spice-server is given the connections;
 * the one for TLS it opens itself, but says of a failure only that there was one, so that what a
 * user can get wrong is found here, before. The server's thread: names may have to be looked up.
 */
#pragma once

#include "ui/spice/spice-priv.h"

/* Checks address and ports, fills in the address that is meant when none is given, opens the
 * sockets. */
gboolean spice_listen_open(SpiceSession *session, GError **error);

/* From now on connections are accepted, for session->server. */
void spice_listen_start(SpiceSession *session);

/* Any thread: nobody can connect any more; all else stays as it is. */
void spice_listen_abandon(SpiceSession *session);

/* Closes the sockets, removes the file. */
void spice_listen_close(SpiceSession *session);

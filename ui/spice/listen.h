/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a server listens. spice-server opens the sockets, but says of a failure only that there
 * was one; what a user can get wrong is found here, before. The server's thread: names may have to
 * be looked up.
 */
#pragma once

#include "ui/spice/spice-priv.h"

/* Checks address and ports, and fills in the address that is meant when none is given. */
gboolean spice_listen_check(SpiceFrontend *frontend, GError **error);

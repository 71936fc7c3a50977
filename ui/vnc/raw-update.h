/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Raw updates straight from the surface; see raw-update.c. On the viewer's thread.
 */
#pragma once

#include <glib.h>
#include <rfb/rfb.h>

/*
 * Sends what is due, if that is all raw and whole rows. FALSE if it is not (or nothing is due):
 * then rfbUpdateClient() has to do it. Closes the client if the connection fails.
 */
gboolean vnc_send_raw_update(rfbClientPtr client);

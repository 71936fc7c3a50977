/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors that a client of QMP sends along with its requests (SCM_RIGHTS), for `getfd` to give
 * them names by which other commands take them. A session has one store; what nobody takes is
 * closed: when the next request brings others, when there are too many, and with the session. Vm
 * lock held.
 */
#pragma once

#include <glib.h>

/* Those that have come and belong to no request yet; and those that have names. */
#define FD_STORE_MAX_ARRIVED 16
#define FD_STORE_MAX_NAMED   256

typedef struct FdStore FdStore;

FdStore *fd_store_new(void);
void fd_store_free(FdStore *store);
/* Closes all. */
void fd_store_clear(FdStore *store);

/* They have come; of too many the oldest are closed. */
void fd_store_arrive(FdStore *store, const int *fds, guint count);
/* A request is complete: what has come belongs to it. NULL = nothing has. */
GArray *fd_store_take_arrived(FdStore *store);
/* A request is carried out. If it has brought descriptors (taken; NULL = none), what is left of
 * those before is closed. */
void fd_store_begin(FdStore *store, GArray *fds);

/* ---- for commands ---- */

/* The next one that the request brought, or one before it; -1 = none. The caller's to close. */
int fd_store_next(FdStore *store);
/* Takes the descriptor; one of that name before is closed. FALSE if there are too many. */
gboolean fd_store_set(FdStore *store, const char *name, int fd);
/* Gives it up to the caller; -1 = there is none of that name. */
int fd_store_steal(FdStore *store, const char *name);

/* The same for a command's argument; -1 with an error. `store` NULL = the client has none. */
int fd_store_claim(FdStore *store, const char *name, GError **error);

/* Closes them all. NULL is fine. */
void fd_list_free(GArray *fds);

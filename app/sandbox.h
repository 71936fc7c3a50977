/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the process gives up once everything is open: other folders (-chroot), other users' rights
 * (-runas), and system calls that a virtual machine has no use for (-sandbox, libseccomp). All
 * threads are meant, those that exist and those to come; there is no way back. See
 * docs/sandbox.md.
 */
#pragma once

#include <glib.h>

typedef struct SandboxConfig {
    gboolean on;
    gboolean asked; /* by -sandbox: it fails where there can be none */
    int obsolete;   /* SandboxRule: calls that nothing uses any more */
    int privileges; /* setuid() and the like */
    int spawn;      /* other processes, programs */
    int resources;  /* priorities, processor affinity */
} SandboxConfig;

typedef enum SandboxRule {
    SANDBOX_DENY,
    SANDBOX_ALLOW,
    SANDBOX_CHILDREN, /* of `privileges`: allowed, but programs that are started gain none */
} SandboxRule;

/* TRUE if there is libseccomp in this build. */
gboolean sandbox_is_built(void);

/* TRUE if machines shall have it that do not ask. */
gboolean sandbox_by_default(void);

/* Denies what the rules say to all threads: such calls fail with EPERM. */
gboolean sandbox_enter(const SandboxConfig *config, GError **error);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Without libseccomp. */
#include "app/sandbox.h"
#include "core/error.h"

gboolean sandbox_is_built(void)
{
    return FALSE;
}

gboolean sandbox_by_default(void)
{
    return FALSE;
}

gboolean sandbox_enter(const SandboxConfig *config, GError **error)
{
    return error_set(error, "-sandbox: this program was built without libseccomp");
}

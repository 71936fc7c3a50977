/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options that people know from QEMU and will look for: what to tell who uses one. */
#include <string.h>

#include "app/options.h"

#define NO_NETWORK   "there are no network cards yet"
#define NO_AUDIO     "there is no sound yet"
#define NO_SHARE     "there are no shared folders yet"
#define NO_MIGRATION "machines cannot be saved or moved yet"
#define NOT_X86      "no x86 machine has it"
#define NO_XEN       "it does not run under Xen"
#define NO_TABLE     "tables for the firmware cannot be added yet"

static const struct {
    const char *name, *reason;
} missing[] = {
    {"acpitable", NO_TABLE},
    {"async-teardown", "memory is given back when the process ends"},
    {"audio", NO_AUDIO},
    {"audio-help", NO_AUDIO},
    {"compat", "nothing is deprecated yet"},
    {"dfilter", "-d logs for all addresses"},
    {"dtb", NOT_X86},
    {"dump-vmstate", NO_MIGRATION},
    {"enable-fips", "QEMU removed it, too"},
    {"fsdev", NO_SHARE},
    {"fw_cfg", "items for the firmware cannot be added yet"},
    {"incoming", NO_MIGRATION},
    {"iscsi", "disks are files and block devices of this host"},
    {"loadvm", NO_MIGRATION},
    {"mtdblock", NOT_X86},
    {"netdev", NO_NETWORK},
    {"no-acpi", "ACPI belongs to the machine 'pc'; '-machine isapc' has none"},
    {"no-kvm", "use -accel tcg"},
    {"numa", "memory is one node"},
    {"only-migratable", NO_MIGRATION},
    {"option-rom", "ROMs are those of the devices"},
    {"plugin", "tcg has no plugins"},
    {"portrait", NOT_X86},
    {"rotate", NOT_X86},
    {"sd", "there is no SD card reader yet"},
    {"sdl", "use -display sdl"},
    {"seed", "the guest gets random numbers of the host"},
    {"singlestep", "'singlestep' at a debugger steps"},
    {"smb", NO_NETWORK},
    {"soundhw", NO_AUDIO},
    {"curses", "use -display terminal"},
    {"tb-size", "tcg sizes its caches itself"},
    {"tftp", NO_NETWORK},
    {"tpmdev", "there is no TPM yet"},
    {"trace", "-d logs what happens ('-d help' lists the items)"},
    {"usbdevice", "use -device"},
    {"virtfs", NO_SHARE},
    {"watchdog", "use -device"},
    {"win2k-hack", "disks never delay their interrupts for Windows 2000"},
    {"xen-attach", NO_XEN},
    {"xen-domid", NO_XEN},
    {"xen-domid-restrict", NO_XEN},
};

const char *cli_missing_reason(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(missing); i++) {
        if (!strcmp(missing[i].name, name)) {
            return missing[i].reason;
        }
    }
    return NULL;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programmable attribute map of Intel's host bridges (82441FX datasheet 3.2.18): 13 areas between
 * C0000h and FFFFFh, for which two bits each say whether reads and writes go to RAM or to PCI. And
 * SMRAM, A0000h-BFFFFh: PCI, or RAM while it is open.
 *
 * Embedded by the host bridge; changes happen within one memory transaction. Vm lock held.
 */
#pragma once

#include "core/machine.h"

#define PAM_AREAS 13

typedef struct Pam {
    Region areas[PAM_AREAS]; /* aliases over system memory */
    Region write_only;       /* reads see nothing, writes reach RAM */
    Region smram;            /* alias: `pci`, or `ram` while it is open */
    Region *ram, *pci;       /* `ram` starts at address 0 */
    AddressSpace *space;
    guint8 modes[PAM_AREAS]; /* the two bits of each */
} Pam;

/* All is PCI at first. The regions must outlive it. */
void pam_init(Pam *pam, Machine *machine, Region *ram, Region *pci);
void pam_finish(Pam *pam);

/* Sets all areas from the seven registers PAM0 to PAM6, and SMRAM from its register. */
void pam_set_registers(Pam *pam, const guint8 registers[7], guint8 smram);

#define PAM_SMRAM_LOCKED  0x10 /* D_LCK */
#define PAM_SMRAM_DEFAULT 0x02 /* C_BASE: segment A0000h, the only one, read-only */

/* What the SMRAM register holds after a write to it. */
guint8 pam_smram_written(guint8 old, guint8 value);

/*
 * A ROM between C0000h and FFFFFh gets this as its write handler (region_set_write_ops), so that
 * writes reach the RAM below while an area is read from ROM and written to RAM. The handler's
 * opaque is a PamRom.
 */
typedef struct PamRom {
    Pam *pam;
    guint64 addr; /* of the ROM's first byte */
} PamRom;
extern const IoOps pam_rom_ops;

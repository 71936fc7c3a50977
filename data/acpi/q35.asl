/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is the same on every machine of board "q35": Q35 memory controller, ICH9. (ACPI 6.4; PCI
 * Firmware Specification 3.0; Intel ICH9 datasheet.) What differs is in the table that
 * hw/pc/acpi-ssdt.c makes.
 *
 * Revision 1: integers of 32 bits, as every system since Windows 98 understands.
 */
#include "links.asl"

/* All four pins of a slot: of lists for the 8259s and for the I/O APIC. */
#define PINS(slot, a, b, c, d) \
    Package () {slot, 0, a, 0}, \
    Package () {slot, 1, b, 0}, \
    Package () {slot, 2, c, 0}, \
    Package () {slot, 3, d, 0}
#define INPUTS(slot, a, b, c, d) \
    Package () {slot, 0, 0, a}, \
    Package () {slot, 1, 0, b}, \
    Package () {slot, 2, 0, c}, \
    Package () {slot, 3, 0, d}

/* Links E to H, and inputs 20 to 23, rotate with the slot (1E: in order); parts of the ICH9 have A
 * to D. */
#define ALL_SLOTS(KIND, A, B, C, D, E, F, G, H) \
    KIND (0x0000FFFF, E, F, G, H), \
    KIND (0x0001FFFF, F, G, H, E), \
    KIND (0x0002FFFF, G, H, E, F), \
    KIND (0x0003FFFF, H, E, F, G), \
    KIND (0x0004FFFF, E, F, G, H), \
    KIND (0x0005FFFF, F, G, H, E), \
    KIND (0x0006FFFF, G, H, E, F), \
    KIND (0x0007FFFF, H, E, F, G), \
    KIND (0x0008FFFF, E, F, G, H), \
    KIND (0x0009FFFF, F, G, H, E), \
    KIND (0x000AFFFF, G, H, E, F), \
    KIND (0x000BFFFF, H, E, F, G), \
    KIND (0x000CFFFF, E, F, G, H), \
    KIND (0x000DFFFF, F, G, H, E), \
    KIND (0x000EFFFF, G, H, E, F), \
    KIND (0x000FFFFF, H, E, F, G), \
    KIND (0x0010FFFF, E, F, G, H), \
    KIND (0x0011FFFF, F, G, H, E), \
    KIND (0x0012FFFF, G, H, E, F), \
    KIND (0x0013FFFF, H, E, F, G), \
    KIND (0x0014FFFF, E, F, G, H), \
    KIND (0x0015FFFF, F, G, H, E), \
    KIND (0x0016FFFF, G, H, E, F), \
    KIND (0x0017FFFF, H, E, F, G), \
    KIND (0x0018FFFF, E, F, G, H), \
    KIND (0x0019FFFF, A, B, C, D), \
    KIND (0x001AFFFF, A, B, C, D), \
    KIND (0x001BFFFF, A, B, C, D), \
    KIND (0x001CFFFF, A, B, C, D), \
    KIND (0x001DFFFF, A, B, C, D), \
    KIND (0x001EFFFF, E, F, G, H), \
    KIND (0x001FFFFF, A, B, C, D)

DefinitionBlock ("q35.aml", "DSDT", 1, "VITRIN", "VITRQ35 ", 1)
{
    /* Here, not in the other table: small systems look for it in the DSDT's bytes. */
    Name (\_S5, Package () {0, 0, 0, 0})

    /* Which interrupt controllers the system uses: 0 = 8259s, 1 = I/O APIC. */
    Name (\PICF, 0)
    Method (\_PIC, 1, NotSerialized)
    {
        Store (Arg0, PICF)
    }

    Scope (\_SB)
    {
#include "system.asl"

        Device (PCI0)
        {
            Name (_HID, EisaId ("PNP0A08"))
            Name (_CID, EisaId ("PNP0A03"))
            Name (_UID, 0)

            Name (PRTP, Package ()
            {
                ALL_SLOTS (PINS, LNKA, LNKB, LNKC, LNKD, LNKE, LNKF, LNKG, LNKH)
            })
            Name (PRTA, Package ()
            {
                ALL_SLOTS (INPUTS, 16, 17, 18, 19, 20, 21, 22, 23)
            })
            Method (_PRT, 0, NotSerialized)
            {
                If (PICF)
                {
                    Return (PRTA)
                }
                Return (PRTP)
            }

            /*
             * 6.2.11: the system may have native hot-plug, power events, error reporting and the
             * capability structure (all of the third word but SHPC, which there is none of).
             */
            Method (_OSC, 4, Serialized)
            {
                CreateDWordField (Arg3, 0x00, CDW1)
                If (LEqual (Arg0, ToUUID ("33DB4D5B-1FF7-401C-9657-7441C03DD766")))
                {
                    CreateDWordField (Arg3, 0x08, CDW3)
                    Store (And (CDW3, 0x1D), Local0)
                    If (LNotEqual (Arg1, 1))
                    {
                        Or (CDW1, 0x08, CDW1) /* unknown revision */
                    }
                    If (LNotEqual (Local0, CDW3))
                    {
                        Or (CDW1, 0x10, CDW1) /* not all was granted */
                    }
                    Store (Local0, CDW3)
                }
                Else
                {
                    Or (CDW1, 0x04, CDW1) /* unknown UUID */
                }
                Return (Arg3)
            }

#define SLOT_PORT 0x0CC0
            #include "slots.asl"

            Device (MRES)
            {
                Name (_HID, EisaId ("PNP0C02"))
                Name (_UID, "ports")
                Name (_CRS, ResourceTemplate ()
                {
                    IO (Decode16, SLOT_PORT, SLOT_PORT, 0x01, 0x14)
                })
            }

            Device (ISA)
            {
                Name (_ADR, 0x001F0000)
                OperationRegion (ROUT, PCI_Config, 0x60, 0x0C)
                Field (ROUT, ByteAcc, NoLock, Preserve)
                {
                    PRQA, 8,
                    PRQB, 8,
                    PRQC, 8,
                    PRQD, 8,
                    Offset (0x08),
                    PRQE, 8,
                    PRQF, 8,
                    PRQG, 8,
                    PRQH, 8
                }
#include "isa.asl"
            }
        }

        LINK (LNKA, 1, PRQA)
        LINK (LNKB, 2, PRQB)
        LINK (LNKC, 3, PRQC)
        LINK (LNKD, 4, PRQD)
        LINK (LNKE, 5, PRQE)
        LINK (LNKF, 6, PRQF)
        LINK (LNKG, 7, PRQG)
        LINK (LNKH, 8, PRQH)
    }
}

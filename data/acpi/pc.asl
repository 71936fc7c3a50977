/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is the same on every machine of board "pc": i440FX, PIIX3, PIIX4. (ACPI 6.4; Intel 82371AB
 * and 82371SB datasheets.) What differs - windows, slots, processors, sleeping states, which of
 * the optional parts are there - is in the table that hw/pc/acpi-ssdt.c makes.
 *
 * Revision 1: integers of 32 bits, as every system since Windows 98 understands.
 */
#include "links.asl"

DefinitionBlock ("pc.aml", "DSDT", 1, "VITRIN", "VITRPC  ", 1)
{
    /* Here, not in the other table: small systems look for it in the DSDT's bytes. */
    Name (\_S5, Package () {0, 0, 0, 0})

    Scope (\_SB)
    {
        #include "system.asl"

        Device (PCI0)
        {
            Name (_HID, EisaId ("PNP0A03"))
            Name (_UID, 0)

            /* INTA of slot 1 is PIRQA, and with each slot they move on by one. */
#define ROUTE(slot, a, b, c, d) \
            Package () {slot, 0, a, 0}, \
            Package () {slot, 1, b, 0}, \
            Package () {slot, 2, c, 0}, \
            Package () {slot, 3, d, 0}

            Name (_PRT, Package ()
            {
                /* The SCI of 01.3 does not go through the router. */
                ROUTE (0x0001FFFF, LNKS, LNKB, LNKC, LNKD),
                ROUTE (0x0002FFFF, LNKB, LNKC, LNKD, LNKA),
                ROUTE (0x0003FFFF, LNKC, LNKD, LNKA, LNKB),
                ROUTE (0x0004FFFF, LNKD, LNKA, LNKB, LNKC),
                ROUTE (0x0005FFFF, LNKA, LNKB, LNKC, LNKD),
                ROUTE (0x0006FFFF, LNKB, LNKC, LNKD, LNKA),
                ROUTE (0x0007FFFF, LNKC, LNKD, LNKA, LNKB),
                ROUTE (0x0008FFFF, LNKD, LNKA, LNKB, LNKC),
                ROUTE (0x0009FFFF, LNKA, LNKB, LNKC, LNKD),
                ROUTE (0x000AFFFF, LNKB, LNKC, LNKD, LNKA),
                ROUTE (0x000BFFFF, LNKC, LNKD, LNKA, LNKB),
                ROUTE (0x000CFFFF, LNKD, LNKA, LNKB, LNKC),
                ROUTE (0x000DFFFF, LNKA, LNKB, LNKC, LNKD),
                ROUTE (0x000EFFFF, LNKB, LNKC, LNKD, LNKA),
                ROUTE (0x000FFFFF, LNKC, LNKD, LNKA, LNKB),
                ROUTE (0x0010FFFF, LNKD, LNKA, LNKB, LNKC),
                ROUTE (0x0011FFFF, LNKA, LNKB, LNKC, LNKD),
                ROUTE (0x0012FFFF, LNKB, LNKC, LNKD, LNKA),
                ROUTE (0x0013FFFF, LNKC, LNKD, LNKA, LNKB),
                ROUTE (0x0014FFFF, LNKD, LNKA, LNKB, LNKC),
                ROUTE (0x0015FFFF, LNKA, LNKB, LNKC, LNKD),
                ROUTE (0x0016FFFF, LNKB, LNKC, LNKD, LNKA),
                ROUTE (0x0017FFFF, LNKC, LNKD, LNKA, LNKB),
                ROUTE (0x0018FFFF, LNKD, LNKA, LNKB, LNKC),
                ROUTE (0x0019FFFF, LNKA, LNKB, LNKC, LNKD),
                ROUTE (0x001AFFFF, LNKB, LNKC, LNKD, LNKA),
                ROUTE (0x001BFFFF, LNKC, LNKD, LNKA, LNKB),
                ROUTE (0x001CFFFF, LNKD, LNKA, LNKB, LNKC),
                ROUTE (0x001DFFFF, LNKA, LNKB, LNKC, LNKD),
                ROUTE (0x001EFFFF, LNKB, LNKC, LNKD, LNKA),
                ROUTE (0x001FFFFF, LNKC, LNKD, LNKA, LNKB)
            })

#define SLOT_PORT 0xAE00
            #include "slots.asl"

            Device (ISA)
            {
                Name (_ADR, 0x00010000)
                OperationRegion (ROUT, PCI_Config, 0x60, 0x04)
                Field (ROUT, ByteAcc, NoLock, Preserve)
                {
                    PRQA, 8,
                    PRQB, 8,
                    PRQC, 8,
                    PRQD, 8
                }
                #include "isa.asl"
            }

            /* Ports of the chipset that are in no BAR. */
            Device (MRES)
            {
                Name (_HID, EisaId ("PNP0C02"))
                Name (_UID, "ports")
                Name (_CRS, ResourceTemplate ()
                {
                    IO (Decode16, 0xAE00, 0xAE00, 0x01, 0x14)
                    IO (Decode16, 0xAFE0, 0xAFE0, 0x01, 0x04)
                })
            }
        }

        LINK (LNKA, 1, PRQA)
        LINK (LNKB, 2, PRQB)
        LINK (LNKC, 3, PRQC)
        LINK (LNKD, 4, PRQD)

        /* The power management's interrupt is ISA 9, whatever the router does. */
        Device (LNKS)
        {
            Name (_HID, EisaId ("PNP0C0F"))
            Name (_UID, 5)
            Name (_STA, 0x0B)
            Name (_PRS, ResourceTemplate ()
            {
                Interrupt (, Level, ActiveHigh, Shared) {9}
            })
            Name (_CRS, ResourceTemplate ()
            {
                Interrupt (, Level, ActiveHigh, Shared) {9}
            })
            Method (_DIS, 0, NotSerialized)
            {
            }
            Method (_SRS, 1, NotSerialized)
            {
            }
        }
    }
}

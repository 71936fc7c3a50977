/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LINK (name, number, reg): a link of the chipset's router of PCI interrupts to the 8259s' lines,
 * at a register of the ISA bridge of which bit 7 says that it leads nowhere (82371SB datasheet,
 * 2.5.6). To be used inside \_SB.
 */
#define FIRST_INTERRUPT 5 /* its offset in the descriptor (6.4.3.6) */

#define LINK(link, number, reg) \
        Device (link) \
        { \
            Name (_HID, EisaId ("PNP0C0F")) \
            Name (_UID, number) \
            Name (_PRS, ResourceTemplate () \
            { \
                Interrupt (, Level, ActiveHigh, Shared) {5, 10, 11} \
            }) \
            Method (_STA, 0, NotSerialized) \
            { \
                If (And (\_SB.PCI0.ISA.reg, 0x80)) \
                { \
                    Return (0x09) \
                } \
                Return (0x0B) \
            } \
            Method (_DIS, 0, NotSerialized) \
            { \
                Or (\_SB.PCI0.ISA.reg, 0x80, \_SB.PCI0.ISA.reg) \
            } \
            Name (LIRQ, ResourceTemplate () \
            { \
                Interrupt (, Level, ActiveHigh, Shared) {0} \
            }) \
            CreateDWordField (LIRQ, FIRST_INTERRUPT, LINT) \
            Method (_CRS, 0, Serialized) \
            { \
                Store (And (\_SB.PCI0.ISA.reg, 0x0F), LINT) \
                If (And (\_SB.PCI0.ISA.reg, 0x80)) \
                { \
                    Store (0, LINT) \
                } \
                Return (LIRQ) \
            } \
            Method (_SRS, 1, NotSerialized) \
            { \
                CreateDWordField (Arg0, FIRST_INTERRUPT, WANT) \
                Store (And (WANT, 0x0F), \_SB.PCI0.ISA.reg) \
            } \
        }

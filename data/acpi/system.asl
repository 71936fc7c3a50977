/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What belongs to the board as a whole. To be included inside \_SB. */

    /* IA-PC HPET specification 1.0a, 3.2.5; _STA is in the table made per machine. */
    Device (HPET)
    {
        Name (_HID, EisaId ("PNP0103"))
        Name (_UID, 0)
        Name (_CRS, ResourceTemplate ()
        {
            Memory32Fixed (ReadOnly, 0xFED00000, 0x00000400)
        })
    }

    /* The firmware configuration device. */
    Device (FWCF)
    {
        Name (_HID, "QEMU0002")
        Name (_STA, 0x0B) /* there, but nothing for a user to see */
        Name (_CRS, ResourceTemplate ()
        {
            IO (Decode16, 0x0510, 0x0510, 0x01, 0x0C)
        })
    }

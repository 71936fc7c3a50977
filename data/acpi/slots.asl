/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In the host bridge: slots where devices come and go, of buses that have numbers here. SLOT_PORT is
 * where hw/pc/pci-hotplug.c is.
 */
OperationRegion (PCST, SystemIO, SLOT_PORT, 0x14)
Field (PCST, DWordAcc, NoLock, WriteAsZeros)
{
    PCIU, 32, /* a device has come */
    PCID, 32, /* it is to go */
    PCIE, 32, /* write: let go of it */
    Offset (0x10),
    PCIB, 32  /* of which bus */
}
Mutex (PCIL, 0)

/* Slots of bus Arg0 where a device has come (Arg1 = 1) or is to go. */
Method (PCIS, 2, Serialized)
{
    Acquire (PCIL, 0xFFFF)
    Store (Arg0, PCIB)
    If (LEqual (Arg1, 1))
    {
        Store (PCIU, Local0)
    }
    Else
    {
        Store (PCID, Local0)
    }
    Release (PCIL)
    Return (Local0)
}

/* _EJ0 of bus Arg0, slot Arg1: the device goes when this returns. */
Method (PCEJ, 2, Serialized)
{
    Acquire (PCIL, 0xFFFF)
    Store (Arg0, PCIB)
    Store (ShiftLeft (1, Arg1), PCIE)
    Release (PCIL)
}

# SPDX-License-Identifier: GPL-2.0-or-later
"""PCI configuration space over qtest, by configuration mechanism #1 (ports CF8h and CFCh)."""

COMMAND = 0x04
COMMAND_IO, COMMAND_MEMORY, COMMAND_MASTER = 1, 2, 4


class PciFunction:
    """One function of bus 0 (or another bus) as seen by a Qtest client."""

    def __init__(self, qtest, device, function=0, bus=0):
        self.qtest = qtest
        self.base = 0x80000000 | bus << 16 | device << 11 | function << 8

    def _select(self, offset):
        self.qtest.outl(0xcf8, self.base | (offset & 0xfc))
        return 0xcfc + (offset & 3)

    def readb(self, offset):
        return self.qtest.inb(self._select(offset))

    def readw(self, offset):
        return self.qtest.inw(self._select(offset))

    def readl(self, offset):
        return self.qtest.inl(self._select(offset))

    def writeb(self, offset, value):
        self.qtest.outb(self._select(offset), value)

    def writew(self, offset, value):
        self.qtest.outw(self._select(offset), value)

    def writel(self, offset, value):
        self.qtest.outl(self._select(offset), value)

    @property
    def id(self):
        """(vendor, device); vendor FFFFh = nobody there."""
        value = self.readl(0)
        return value & 0xffff, value >> 16

    @property
    def class_code(self):
        """The 24 bits class, subclass, programming interface."""
        return self.readl(8) >> 8

    def bar_size(self, n):
        """Size in bytes that base address register n asks for, 0 = none. Restores it."""
        offset = 0x10 + 4 * n
        old = self.readl(offset)
        self.writel(offset, 0xffffffff)
        mask = self.readl(offset)
        self.writel(offset, old)
        if mask == 0:
            return 0
        mask &= ~3 if mask & 1 else ~0xf
        if old & 1:
            mask |= 0xffff0000
        return (-mask) & 0xffffffff

    def set_bar(self, n, addr):
        self.writel(0x10 + 4 * n, addr)

    def bar(self, n):
        value = self.readl(0x10 + 4 * n)
        return value & (~3 if value & 1 else ~0xf)

    def enable(self, bits=COMMAND_IO | COMMAND_MEMORY | COMMAND_MASTER):
        self.writew(COMMAND, self.readw(COMMAND) | bits)


def find(qtest, vendor=None, device=None, class_code=None):
    """The first matching function on bus 0, or None. `class_code` may be 16 bits (no interface)."""
    for slot in range(32):
        for function in range(8):
            f = PciFunction(qtest, slot, function)
            ids = f.id
            if ids[0] == 0xffff:
                if function == 0:
                    break
                continue
            code = f.class_code
            if ((vendor is None or ids[0] == vendor) and (device is None or ids[1] == device) and
                    (class_code is None or class_code in (code, code >> 8))):
                return f
            if function == 0 and not f.readb(0x0e) & 0x80:
                break
    return None

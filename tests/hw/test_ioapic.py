# SPDX-License-Identifier: GPL-2.0-or-later
"""The I/O APIC (Intel 82093AA, 290566)."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import tap
from hwtest import HwTest

BASE = 0xfec00000


class Ioapic(HwTest):
    def setUp(self):
        super().setUp()
        self.q.msi_intercept()

    def read(self, reg):
        self.q.writel(BASE, reg)
        return self.q.readl(BASE + 0x10)

    def write(self, reg, value):
        self.q.writel(BASE, reg)
        self.q.writel(BASE + 0x10, value)

    def entry(self, pin, value):
        self.write(0x11 + 2 * pin, value >> 32)
        self.write(0x10 + 2 * pin, value & 0xffffffff)

    def line(self, pin, level):
        self.q.set_irq_in('ioapic', pin, level)

    def messages(self):
        self.q.sync()
        found, self.q.messages = self.q.messages, []
        return found

    def test_registers(self):
        self.assertEqual(self.read(1), 0x00170020)
        self.write(1, 0)
        self.assertEqual(self.read(1), 0x00170020)
        self.write(0, 0xffffffff)
        self.assertEqual(self.read(0), 0x0f000000)
        self.assertEqual(self.read(2), 0x0f000000, 'arbitration id follows')
        self.assertEqual(self.q.readl(BASE), 2)
        for pin in range(24):
            self.assertEqual(self.read(0x10 + 2 * pin), 0x10000)
            self.assertEqual(self.read(0x11 + 2 * pin), 0)
        self.write(0x10, 0xffffffff)
        self.write(0x11, 0xffffffff)
        self.assertEqual(self.read(0x10), 0x1afff, 'status and remote IRR are read-only')
        self.assertEqual(self.read(0x11), 0xff000000)
        for reg in (0x03, 0x0f, 0x40, 0xff):
            self.write(reg, 0xffffffff)
            self.assertEqual(self.read(reg), 0)

    def test_access_sizes(self):
        self.q.writeb(BASE, 1)
        self.assertEqual(self.q.readb(BASE + 0x10), 0x20)
        self.assertEqual(self.q.readw(BASE + 0x12), 0x17)
        self.assertEqual(self.q.readl(BASE + 0x20), 0)
        self.q.writeq(BASE + 8, 0xffffffffffffffff)
        self.q.readq(BASE + 0xff8)

    def test_edge(self):
        self.entry(4, 0x0100000000000034)
        self.line(4, 1)
        self.line(4, 1)
        self.assertEqual(self.messages(), [(0xfee01000, 0x34)])
        self.line(4, 0)
        self.assertEqual(self.messages(), [])

    def test_masked_edge_is_lost(self):
        self.line(4, 1)
        self.entry(4, 0x34)
        self.assertEqual(self.messages(), [])
        self.entry(4, 0x10034)
        self.line(4, 0)
        self.line(4, 1)
        self.assertEqual(self.messages(), [])

    def test_delivery(self):
        self.entry(3, 0xff00000000000931)       # lowest priority, logical, all
        self.entry(5, 0x0200000000000400)       # NMI
        self.entry(6, 0x0000000000000735)       # ExtINT: INTR brings it
        for pin in (3, 5, 6):
            self.line(pin, 1)
        self.assertEqual(self.messages(), [(0xfeeff004, 0x131), (0xfee02000, 0x400)])

    def test_level(self):
        self.entry(16, 0x8041)
        self.line(16, 1)
        self.assertEqual(self.messages(), [(0xfee00000, 0xc041)])
        self.assertEqual(self.read(0x30), 0xc041, 'remote IRR')
        self.line(16, 0)
        self.line(16, 1)
        self.assertEqual(self.messages(), [], 'waits for the EOI')
        self.q.command('eoi 0x41')
        self.assertEqual(self.messages(), [(0xfee00000, 0xc041)])
        self.line(16, 0)
        self.q.writel(BASE + 0x40, 0x41)
        self.assertEqual(self.read(0x30), 0x8041)
        self.assertEqual(self.messages(), [])

    def test_level_masked(self):
        self.line(17, 1)
        self.entry(17, 0x18042)
        self.assertEqual(self.messages(), [])
        self.entry(17, 0x8042)
        self.assertEqual(len(self.messages()), 1)
        self.entry(17, 0x18042)
        self.q.command('eoi 0x42')
        self.assertEqual(self.messages(), [])
        self.entry(17, 0x8042)
        self.assertEqual(len(self.messages()), 1)

    def test_eoi_of_a_shared_vector(self):
        self.entry(16, 0x8041)
        self.entry(18, 0x8041)
        self.line(16, 1)
        self.line(18, 1)
        self.messages()
        self.line(16, 0)
        self.q.command('eoi 0x41')
        self.assertEqual(len(self.messages()), 1)

    def test_edge_clears_remote_irr(self):
        self.entry(16, 0x8041)
        self.line(16, 1)
        self.entry(16, 0x41)
        self.assertEqual(self.read(0x30), 0x41)

    def test_timer_is_pin_2(self):
        """The board wires the PIT to pin 2, everything else one to one."""
        self.q.irq_intercept_in('ioapic')
        self.ports((0x43, 0x30), (0x40, 10), (0x40, 0))
        self.q.clock_step(1000000)
        self.assertEqual(self.q.irq_events[-1], (2, 1))

    def test_reset(self):
        self.entry(3, 0x33)
        self.write(0, 0x0a000000)
        self.q.outb(0xcf9, 0x02)
        self.q.outb(0xcf9, 0x06)
        self.assertEqual(self.read(0x16), 0x10000)
        self.assertEqual(self.read(0), 0)


if __name__ == '__main__':
    tap.main()

# SPDX-License-Identifier: GPL-2.0-or-later
"""PCI: configuration mechanism #1, headers, BARs, interrupt routing, `info pci`."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import tap
from hwtest import HwTest
from machine import run
from pci import PciFunction

HOST, ISA, IDE, PM, VGA = (0, 0), (1, 0), (1, 1), (1, 3), (2, 0)


class PciTest(HwTest):
    args = ('-machine', 'pc', '-m', '32')
    monitor = True

    def function(self, place):
        return PciFunction(self.q, *place)


class Config(PciTest):
    def test_devices(self):
        for place, ids, code in ((HOST, (0x8086, 0x1237), 0x060000),
                                 (ISA, (0x8086, 0x7000), 0x060100),
                                 (IDE, (0x8086, 0x7010), 0x010180),
                                 (PM, (0x8086, 0x7113), 0x068000),
                                 (VGA, (0x1234, 0x1111), 0x030000)):
            f = self.function(place)
            self.assertEqual((f.id, f.class_code), (ids, code), place)
            self.assertEqual(f.readl(0x2c), 0x11001af4, place)
        self.assertEqual(self.function(ISA).readb(0x0e), 0x80)
        self.assertEqual(self.function(HOST).readb(0x0e), 0)

    def test_nobody_there(self):
        for place in ((1, 2), (3, 0), (31, 7)):
            f = self.function(place)
            f.writel(0x10, 0)
            self.assertEqual(f.readl(0), 0xffffffff)
            self.assertEqual(f.readw(2), 0xffff)
        self.assertEqual(PciFunction(self.q, 0, 0, bus=1).readl(0), 0xffffffff)

    def test_address_port(self):
        self.q.outl(0xcf8, 0xffffffff)
        self.assertEqual(self.q.inl(0xcf8), 0x80fffffc)
        # Only a dword reaches the register; CF9h is another one.
        self.q.outl(0xcf8, 0x80000000)
        self.q.outb(0xcf8, 0x55)
        self.q.outw(0xcfa, 0x5555)
        self.assertEqual(self.q.inl(0xcf8), 0x80000000)
        self.assertEqual(self.q.inb(0xcf8), 0xff)
        self.assertEqual(self.q.inl(0xcfc), 0x12378086)
        self.assertEqual(self.q.inw(0xcfe), 0x1237)
        self.assertEqual(self.q.inb(0xcfd), 0x80)
        self.q.outl(0xcf8, 0x00000000)
        self.assertEqual(self.q.inl(0xcfc), 0xffffffff)

    def test_unaligned(self):
        f = self.function(VGA)
        self.q.outl(0xcf8, f.base | 0xfc)
        for port in (0xcfd, 0xcfe, 0xcff):
            self.q.inl(port)
            self.q.outl(port, 0xffffffff)
        self.assertEqual(f.id, (0x1234, 0x1111))

    def test_read_only(self):
        f = self.function(VGA)
        before = [f.readl(at) for at in (0x00, 0x08, 0x2c, 0x34)]
        for at in (0x00, 0x08, 0x2c, 0x34):
            f.writel(at, 0xffffffff)
        self.assertEqual(before, [f.readl(at) for at in (0x00, 0x08, 0x2c, 0x34)])
        f.writew(0x04, 0xffff)
        self.assertEqual(f.readw(0x04), 0x0547)
        host = self.function(HOST)
        host.writew(0x04, 0)
        self.assertEqual(host.readw(0x04), 0x0006)


class Bars(PciTest):
    def test_sizes(self):
        vga = self.function(VGA)
        self.assertEqual(vga.bar_size(0), 16 << 20)
        self.assertEqual(vga.readl(0x10) & 0xf, 8)
        self.assertEqual(vga.bar_size(1), 0)
        self.assertEqual(vga.bar_size(2), 4096)
        self.assertEqual(self.function(IDE).bar_size(4), 16)
        vga.writel(0x30, 0xffffffff)
        self.assertEqual(vga.readl(0x30), 0xffff0001)

    def test_memory(self):
        vga = self.function(VGA)
        vga.set_bar(0, 0xe0000000)
        self.assertEqual(self.q.readl(0xe0000000), 0xffffffff)
        vga.enable(2)
        self.q.writel(0xe0000010, 0x12345678)
        self.assertEqual(self.q.readl(0xe0000010), 0x12345678)
        vga.set_bar(0, 0xe4000000)
        self.assertEqual(self.q.readl(0xe0000010), 0xffffffff)
        self.assertEqual(self.q.readl(0xe4000010), 0x12345678)
        vga.writew(0x04, 0)
        self.assertEqual(self.q.readl(0xe4000010), 0xffffffff)

    def test_sizing_while_decoding(self):
        vga = self.function(VGA)
        vga.set_bar(0, 0xe0000000)
        vga.enable(2)
        self.assertEqual(vga.bar_size(0), 16 << 20)
        self.q.writel(0xe0000000, 1)
        self.assertEqual(self.q.readl(0xe0000000), 1)
        # Sized, the BAR ends at 4 GiB, over the firmware: that must not show.
        vga.set_bar(0, 0xffffffff)
        self.assertEqual(self.q.readb(0xfffffff0), 0xea)

    def test_over_ram(self):
        self.q.writel(0x1000000, 0xcafe)
        vga = self.function(VGA)
        vga.set_bar(0, 0x1000000)
        vga.enable(2)
        self.assertEqual(self.q.readl(0x1000000), 0xcafe)

    def test_rom(self):
        vga = self.function(VGA)
        vga.enable(2)
        vga.writel(0x30, 0xe8000001)
        self.assertEqual(self.q.readw(0xe8000000), 0xaa55)
        self.q.writew(0xe8000000, 0)
        self.assertEqual(self.q.readw(0xe8000000), 0xaa55)
        vga.writel(0x30, 0xe8000000)
        self.assertEqual(self.q.readw(0xe8000000), 0xffff)

    def test_io(self):
        ide = self.function(IDE)
        ide.set_bar(4, 0xc000)
        self.assertEqual(self.q.inb(0xc002), 0xff)
        ide.enable(1)
        self.assertNotEqual(self.q.inb(0xc002), 0xff)
        ide.set_bar(4, 0x1c000)  # there are 64 KiB of ports, so not at C000h
        self.assertEqual(self.q.inb(0xc002), 0xff)

    def test_reset(self):
        vga = self.function(VGA)
        vga.set_bar(0, 0xe0000000)
        vga.enable(7)
        vga.writeb(0x3c, 11)
        self.machine.hmp.command('system_reset')
        self.q.sync()
        self.assertEqual((vga.readw(4), vga.readl(0x10), vga.readb(0x3c)), (0, 8, 0))
        self.assertEqual(self.q.readl(0xe0000000), 0xffffffff)
        self.assertEqual(self.function(ISA).readw(4), 7)

    def test_info(self):
        vga = self.function(VGA)
        vga.set_bar(0, 0xe0000000)
        vga.enable(2)
        text = self.machine.hmp.command('info pci')
        self.assertIn('Bus  0, device   0, function 0:\n    Host bridge: PCI device 8086:1237',
                      text.replace('\r', ''))
        self.assertIn('BAR0: 32 bit prefetchable memory at 0xe0000000 [0xe0ffffff].', text)


class Routing(PciTest):
    """PIRQA to PIRQD are inputs of the south bridge."""

    def irr(self):
        self.q.outb(0x20, 0x0a)
        self.q.outb(0xa0, 0x0a)
        return self.q.inb(0x20) | self.q.inb(0xa0) << 8

    def setUp(self):
        super().setUp()
        self.isa = self.function(ISA)
        self.q.outb(0x4d0, 0x20)  # 5, 10 and 11 level-triggered
        self.q.outb(0x4d1, 0x0c)

    def set(self, n, level):
        self.q.set_irq_in('PIIX3', n, level)

    def test_disabled(self):
        self.assertEqual(self.isa.readl(0x60), 0x80808080)
        for n in range(4):
            self.set(n, 1)
        self.assertEqual(self.irr() & ~0x4, 0)

    def test_routed(self):
        self.isa.writel(0x60, 0x0b0a0b05)
        for n, bit in ((0, 5), (1, 11), (2, 10), (3, 11)):
            self.set(n, 1)
            self.assertEqual(self.irr() >> bit & 1, 1, n)
            self.set(n, 0)
            self.assertEqual(self.irr() >> bit & 1, 0, n)

    def test_shared(self):
        self.isa.writel(0x60, 0x0b0a0b05)
        self.set(1, 1)
        self.set(3, 1)
        self.set(1, 0)
        self.assertEqual(self.irr() >> 11 & 1, 1)
        self.set(3, 0)
        self.assertEqual(self.irr() >> 11 & 1, 0)

    def test_rerouted(self):
        self.set(0, 1)
        self.isa.writeb(0x60, 0x0a)
        self.assertEqual(self.irr() >> 10 & 1, 1)
        self.isa.writeb(0x60, 0x05)
        self.assertEqual((self.irr() >> 10 & 1, self.irr() >> 5 & 1), (0, 1))
        self.isa.writeb(0x60, 0x85)
        self.assertEqual(self.irr() >> 5 & 1, 0)

    def test_not_routable(self):
        """0, 1, 2, 8 and 13 belong to the board (82371SB, 2.3.13)."""
        self.set(0, 1)
        for irq in (0, 1, 2, 8, 13):
            before = self.irr()
            self.isa.writeb(0x60, irq)
            self.assertEqual(self.irr(), before, irq)


class Places(HwTest):
    args = None
    monitor = True

    def test_addr(self):
        self.start('-machine', 'pc', '-vga', 'none', '-device', 'VGA,addr=1f.0,romfile=')
        f = PciFunction(self.q, 31, 0)
        self.assertEqual(f.id, (0x1234, 0x1111))
        f.writel(0x30, 0xffffffff)
        self.assertEqual(f.readl(0x30), 0)
        self.assertIn('addr = 1f.0', self.machine.hmp.command('info qtree'))

    def test_first_free(self):
        self.start('-machine', 'pc', '-device', 'VGA,id=second')
        self.assertEqual(PciFunction(self.q, 3, 0).id, (0x1234, 0x1111))

    def test_bad(self):
        for device, text in (('VGA,addr=20', 'addr=20 is not a PCI address'),
                             ('VGA,addr=3.8', 'addr=3.8 is not a PCI address'),
                             ('VGA,addr=x', 'addr=x is not a PCI address'),
                             ('VGA,addr=1.0', 'taken by PIIX3'),
                             ('VGA,addr=5.1', 'no function 0'),
                             ('VGA,rombar=perhaps', 'rombar'),
                             ('VGA,romfile=/nonexistent', '/nonexistent'),
                             ('VGA,bus=pci.9', "Bus 'pci.9' not found"),
                             ('VGA,bus=isa.0', "can't go on ISA bus"),
                             ('VGA,speed=1', 'speed'),
                             ('PIIX3', 'part of the board'),
                             ('nonsense', "'nonsense' is not a valid device model name")):
            status, _, err = run('-accel', 'qtest', '-display', 'none', '-machine', 'pc',
                                 '-device', device)
            self.assertEqual(status, 1, device)
            self.assertIn(text, err, device)
            self.assertEqual(err.count('\n'), 1, err)

    def test_bus_is_full(self):
        devices = [word for _ in range(30) for word in ('-device', 'VGA,romfile=,vgamem_mb=1')]
        status, _, err = run('-accel', 'qtest', '-display', 'none', '-machine', 'pc', *devices)
        self.assertEqual(status, 1)
        self.assertIn('no free slot', err)


if __name__ == '__main__':
    tap.main()

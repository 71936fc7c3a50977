# SPDX-License-Identifier: GPL-2.0-or-later
"""The PC's chipset: PAM, SMRAM, resets, port 92h, power management, CMOS, memory layout."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import tap
from hwtest import HwTest
from machine import run
from pci import PciFunction


class ChipsetTest(HwTest):
    args = ('-machine', 'pc', '-m', '64')
    monitor = True

    def setUp(self):
        super().setUp()
        if self.args:
            self.connect()

    def connect(self):
        self.host = PciFunction(self.q, 0, 0)
        self.isa = PciFunction(self.q, 1, 0)
        self.pm = PciFunction(self.q, 1, 3)

    def wait_reset(self):
        """A reset is carried out on the loop, soon: it disables the interrupt routes."""
        for _ in range(100):
            self.q.sync()
            if self.isa.readb(0x60) == 0x80:
                return True
        return False

    def assert_resets(self, what):
        self.isa.writeb(0x60, 0x0b)
        what()
        self.assertTrue(self.wait_reset())

    def assert_does_not_reset(self, what):
        self.isa.writeb(0x60, 0x0b)
        what()
        for _ in range(20):
            self.q.sync()
        self.assertEqual(self.isa.readb(0x60), 0x0b)


class Pam(ChipsetTest):
    def set(self, addr, mode):
        """Sets the attributes of the area at addr: bit 0 = reads, bit 1 = writes go to RAM."""
        if addr >= 0xf0000:
            register, shift = 0x59, 4
        else:
            area = (addr - 0xc0000) // 0x4000
            register, shift = 0x5a + area // 2, 4 * (area % 2)
        old = self.host.readb(register)
        self.host.writeb(register, old & ~(3 << shift) | mode << shift)

    def test_power_on(self):
        self.assertEqual([self.host.readb(0x59 + i) for i in range(7)], [0] * 7)
        self.assertEqual(self.q.readb(0xffff0), 0xea)
        self.assertEqual(self.q.readb(0xfffffff0), 0xea)
        self.assertEqual(self.q.read(0xe0000, 0x20000), self.q.read(0xfffe0000, 0x20000))
        self.assertEqual(self.q.readl(0xc0000), 0xffffffff)
        self.q.writel(0xffff0, 0)
        self.q.writel(0xc0000, 0)
        self.assertEqual(self.q.readb(0xffff0), 0xea)
        self.assertEqual(self.q.readl(0xc0000), 0xffffffff)

    def test_modes(self):
        for addr in list(range(0xc0000, 0xf0000, 0x4000)) + [0xf0000]:
            outside = self.q.readl(addr)
            self.set(addr, 3)
            self.q.writel(addr, addr | 1)
            self.assertEqual(self.q.readl(addr), addr | 1, hex(addr))
            self.set(addr, 1)
            self.q.writel(addr, 0x55555555)
            self.assertEqual(self.q.readl(addr), addr | 1, hex(addr))
            self.set(addr, 2)
            self.assertEqual(self.q.readl(addr), outside, hex(addr))
            self.q.writel(addr, addr | 2)
            self.assertEqual(self.q.readl(addr), outside, hex(addr))
            self.set(addr, 0)
            self.assertEqual(self.q.readl(addr), outside, hex(addr))
            self.q.writel(addr, 0x66666666)
            self.set(addr, 1)
            self.assertEqual(self.q.readl(addr), addr | 2, hex(addr))

    def test_shadow_copy(self):
        """The way a BIOS shadows itself: read from ROM and write to RAM in place."""
        rom = self.q.read(0xf0000, 0x10000)
        self.set(0xf0000, 2)
        self.q.write(0xf0000, rom)
        self.set(0xf0000, 1)
        self.assertEqual(self.q.read(0xf0000, 0x10000), rom)

    def test_borders(self):
        self.set(0xc4000, 3)
        self.q.write(0xc3ffe, b'\x11\x22\x33\x44')
        self.assertEqual(self.q.read(0xc3ffe, 4), b'\xff\xff\x33\x44')
        self.set(0xc8000, 2)
        self.q.write(0xc7ffe, b'\x55\x66\x77\x88')
        self.set(0xc8000, 1)
        self.assertEqual(self.q.read(0xc7ffe, 4), b'\x55\x66\x77\x88')

    def test_reserved_bits(self):
        for i in range(7):
            self.host.writeb(0x59 + i, 0xff)
        self.assertEqual([self.host.readb(0x59 + i) for i in range(7)], [0x30] + [0x33] * 6)

    def test_reset(self):
        self.set(0xf0000, 3)
        self.q.writeb(0xffff0, 0)
        self.machine.hmp.command('system_reset')
        self.q.sync()
        self.assertEqual(self.host.readb(0x59), 0)
        self.assertEqual(self.q.readb(0xffff0), 0xea)


class Smram(ChipsetTest):
    def test_open_and_close(self):
        self.assertEqual(self.host.readb(0x72), 0x02)
        self.host.writeb(0x72, 0x4a)
        self.q.writel(0xa8000, 0xfeedf00d)
        self.assertEqual(self.q.readl(0xa8000), 0xfeedf00d)
        self.host.writeb(0x72, 0x0a)
        self.assertNotEqual(self.q.readl(0xa8000), 0xfeedf00d)
        self.host.writeb(0x72, 0x42)  # open, but not enabled
        self.assertNotEqual(self.q.readl(0xa8000), 0xfeedf00d)
        self.host.writeb(0x72, 0x4a)
        self.assertEqual(self.q.readl(0xa8000), 0xfeedf00d)

    def test_lock(self):
        self.host.writeb(0x72, 0x5a)  # lock closes
        self.assertEqual(self.host.readb(0x72), 0x1a)
        self.host.writeb(0x72, 0x4a)
        self.assertEqual(self.host.readb(0x72), 0x1a)
        self.host.writeb(0x72, 0x2a)  # D_CLS stays writable
        self.assertEqual(self.host.readb(0x72), 0x3a)
        self.machine.hmp.command('system_reset')
        self.q.sync()
        self.assertEqual(self.host.readb(0x72), 0x02)


class Resets(ChipsetTest):
    def test_cf9(self):
        self.assertEqual(self.q.inb(0xcf9), 0)
        self.assert_does_not_reset(lambda: self.q.outb(0xcf9, 0x02))
        self.assertEqual(self.q.inb(0xcf9), 0x02)
        self.assert_resets(lambda: self.q.outb(0xcf9, 0x06))
        self.assertEqual(self.q.inb(0xcf9), 0)

    def test_cf9_soft(self):
        self.assert_resets(lambda: self.q.outb(0xcf9, 0x04))

    def test_cf9_needs_a_byte(self):
        self.assert_does_not_reset(lambda: self.q.outl(0xcf8, 0x80000600))

    def test_port92(self):
        self.assert_does_not_reset(lambda: self.q.outb(0x92, 0x02))
        self.assertEqual(self.q.inb(0x92), 0x02)
        self.assert_resets(lambda: self.q.outb(0x92, 0x01))
        self.assertEqual(self.q.inb(0x92), 0)

    def test_8042(self):
        self.assert_does_not_reset(lambda: self.q.outb(0x64, 0xff))
        self.assert_resets(lambda: self.q.outb(0x64, 0xfe))

    def test_no_reboot(self):
        self.machine.stop()
        machine = self.start('-machine', 'pc', '-no-reboot')
        self.q.outb(0xcf9, 0x06)
        self.assertEqual(machine.wait(), 0)


class Power(ChipsetTest):
    BASE = 0x600

    def setUp(self):
        super().setUp()
        self.place()

    def place(self):
        self.pm.writel(0x40, self.BASE | 1)
        self.pm.writeb(0x80, 1)

    def test_base(self):
        self.assertEqual(self.pm.readl(0x40), self.BASE | 1)
        self.assertEqual(self.q.inw(self.BASE + 2), 0)
        self.pm.writel(0x40, 0x10000fff)
        self.assertEqual(self.pm.readl(0x40), 0xfc1)
        self.assertEqual(self.q.inw(self.BASE + 2), 0xffff)
        self.assertEqual(self.q.inw(0xfc2), 0)
        self.pm.writeb(0x80, 0)
        self.assertEqual(self.q.inw(0xfc2), 0xffff)
        self.pm.writel(0x40, 0)  # nowhere
        self.pm.writeb(0x80, 1)
        self.assertEqual(self.pm.readl(0x40), 1)

    def test_s5(self):
        self.q.outw(self.BASE + 4, 0 << 10 | 1 << 13)
        self.assertEqual(self.machine.wait(), 0)

    def test_no_shutdown(self):
        self.machine.stop()
        self.start('-machine', 'pc', '-no-shutdown')
        self.connect()
        self.place()
        self.q.outw(self.BASE + 4, 1 << 13)
        for _ in range(100):
            if 'shutdown' in self.machine.hmp.command('info status'):
                break
        self.assertIn('shutdown', self.machine.hmp.command('info status'))

    def test_power_button(self):
        self.q.irq_intercept_in('ioapic')
        self.q.outb(0xb2, 0xf1)
        self.assertEqual(self.q.inw(self.BASE + 4) & 1, 1)
        self.q.outw(self.BASE + 2, 0x0100)
        self.assertEqual(self.q.irq(9), 0)
        self.machine.hmp.command('system_powerdown')
        self.assertEqual(self.q.inw(self.BASE), 0x0100)
        self.assertEqual(self.q.irq(9), 1)
        self.q.outw(self.BASE, 0x0100)
        self.assertEqual(self.q.irq(9), 0)
        self.q.outb(0xb2, 0xf0)
        self.assertEqual(self.q.inw(self.BASE + 4) & 1, 0)

    def test_gpe(self):
        self.q.outw(0xafe2, 0xffff)
        self.q.outw(0xafe0, 0xffff)
        self.assertEqual((self.q.inw(0xafe0), self.q.inw(0xafe2)), (0, 0xffff))

    def test_apm(self):
        self.q.outb(0xb3, 0x5a)
        self.q.outb(0xb2, 0x33)
        self.assertEqual((self.q.inb(0xb2), self.q.inb(0xb3)), (0x33, 0x5a))
        # Firmware that sees this keeps off SMM, which does not exist.
        self.assertEqual(self.pm.readb(0x5b), 0x02)

    def test_smbus(self):
        self.assertEqual(self.q.inb(0x702), 0xff)
        self.pm.writel(0x90, 0x701)
        self.pm.writeb(0xd2, 1)
        self.assertEqual(self.q.inb(0x700), 0)
        self.q.outb(0x704, 0xa1)
        self.q.outb(0x702, 0x48)
        self.assertEqual(self.q.inb(0x700), 0x04)
        self.q.outb(0x700, 0xff)
        self.assertEqual(self.q.inb(0x700), 0)


class Cmos(HwTest):
    args = None

    def cmos(self, index, size=1):
        value = 0
        for i in range(size):
            self.q.outb(0x70, index + i)
            value |= self.q.inb(0x71) << 8 * i
        return value

    def test_memory(self):
        for mib, extended, above_16m, above_4g in ((8, 7 << 10, 0, 0),
                                                   (64, 63 << 10, 48 << 4, 0),
                                                   (3584, 0xffff, 3568 << 4, 0),
                                                   (3585, 0xffff, 3056 << 4, 513 << 4),
                                                   (6144, 0xffff, 3056 << 4, 3072 << 4)):
            self.start('-machine', 'pc', '-m', str(mib))
            self.assertEqual(self.cmos(0x15, 2), 640)
            self.assertEqual(self.cmos(0x17, 2), extended, mib)
            self.assertEqual(self.cmos(0x30, 2), extended, mib)
            self.assertEqual(self.cmos(0x34, 2), above_16m, mib)
            self.assertEqual(self.cmos(0x5b, 3), above_4g, mib)
            self.machine.stop()

    def test_boot_order(self):
        for options, flags, devices in (((), 0x31, 0x12),
                                        (('-boot', 'order=d'), 0x01, 0x03),
                                        (('-boot', 'dnc'), 0x21, 0x43)):
            self.start('-machine', 'pc', *options)
            self.assertEqual((self.cmos(0x38), self.cmos(0x3d)), (flags, devices), options)
            self.machine.stop()

    def test_boot_once(self):
        self.start('-machine', 'pc', '-boot', 'once=d,order=c', monitor=True)
        self.assertEqual(self.cmos(0x3d), 0x03)
        self.machine.hmp.command('system_reset')
        self.q.sync()
        self.assertEqual(self.cmos(0x3d), 0x02)

    def test_cpus(self):
        self.start('-machine', 'pc', '-smp', '3')
        self.assertEqual(self.cmos(0x5f), 2)

    def test_disk(self):
        machine = self.start('-machine', 'pc', '-S')
        self.assertEqual(self.cmos(0x12), 0)
        path = machine.file('disk', b'')
        os.truncate(path, 20 << 20)
        status, _, err = run('-version')
        self.assertEqual(status, 0, err)
        second = self.start('-machine', 'pc', '-drive',
                            'file=%s,format=raw,if=ide,index=1' % path)
        self.assertEqual(self.cmos(0x12), 0x0f)
        self.assertEqual(self.cmos(0x1a), 47)
        self.assertEqual((self.cmos(0x24, 2), self.cmos(0x26), self.cmos(0x2c)), (40, 16, 63))
        second.stop()


class Layout(HwTest):
    args = None

    def test_above_4g(self):
        self.start('-machine', 'pc', '-m', '4G')
        self.q.writel((3 << 30) - 4, 0x11)
        self.assertEqual(self.q.readl((3 << 30) - 4), 0x11)
        self.assertEqual(self.q.readl(3 << 30), 0xffffffff)
        self.q.writel((5 << 30) - 4, 0x22)
        self.assertEqual(self.q.readl((5 << 30) - 4), 0x22)
        self.assertEqual(self.q.readl(5 << 30), 0xffffffff)

    def test_half_a_gigabyte_hole(self):
        self.start('-machine', 'pc', '-m', '3584')
        self.q.writel(0xdffffffc, 0x33)
        self.assertEqual(self.q.readl(0xdffffffc), 0x33)
        self.assertEqual(self.q.readl(0xe0000000), 0xffffffff)

    def test_ioapic(self):
        self.start('-machine', 'pc')
        self.q.writel(0xfec00000, 1)
        self.assertEqual(self.q.readl(0xfec00010) >> 16 & 0xff, 23)

    def test_bios(self):
        machine = self.start('-machine', 'pc')
        image = bytes(range(256)) * 256 + b'\xea' * 0x10000
        path = machine.file('bios', image)
        self.start('-machine', 'pc', '-bios', path)
        self.assertEqual(self.q.read(0xfffe0000, 0x20000), image)
        self.assertEqual(self.q.read(0xe0000, 0x20000), image)
        for size, text in ((0, 'has 0 bytes'), (1000, 'multiple of 64 KiB'),
                           ((16 << 20) + 65536, 'has 16842752 bytes')):
            open(path, 'wb').close()
            os.truncate(path, size)
            status, _, err = run('-accel', 'qtest', '-display', 'none', '-bios', path)
            self.assertEqual(status, 1)
            self.assertIn(text, err)
        status, _, err = run('-accel', 'qtest', '-display', 'none', '-bios', 'nowhere.bin')
        self.assertEqual(status, 1)
        self.assertIn("'nowhere.bin'", err)

    def test_isapc(self):
        self.start('-machine', 'isapc', '-m', '16', monitor=True)
        self.assertEqual(self.q.inl(0xcf8), 0xffffffff)
        self.assertEqual(self.q.readb(0xffff0), 0xea)
        self.q.writeb(0xffff0, 0x90)  # no PAM: the low copy is RAM
        self.assertEqual(self.q.readb(0xffff0), 0x90)
        self.assertEqual(self.q.readb(0xfffffff0), 0xea)
        self.machine.hmp.command('system_reset')
        self.q.sync()
        self.assertEqual(self.q.readb(0xffff0), 0xea)
        tree = self.machine.hmp.command('info qtree')
        self.assertIn('isa-vga', tree)
        self.assertNotIn('PCI', tree)


if __name__ == '__main__':
    tap.main()

# SPDX-License-Identifier: GPL-2.0-or-later
"""The chips of board q35: MCH (configuration space in memory, PAM, SMRAM), ICH9 LPC bridge
(interrupt routing, power management, TCO watchdog, root complex registers) and SMBus."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import tap
from hwtest import HwTest
from machine import run
from pci import PciFunction
from qmp import Client

ECAM, RCBA, PM, SMB = 0xb0000000, 0xfed1c000, 0x600, 0xb100
GCS, D31IR = RCBA + 0x3410, RCBA + 0x3140
TCO = PM + 0x60
TICK = 600 * 10**6


class Q35Test(HwTest):
    args = ('-machine', 'q35', '-m', '64')
    monitor = True

    def setUp(self):
        super().setUp()
        if self.args:
            self.connect()

    def connect(self):
        self.mch = PciFunction(self.q, 0)
        self.lpc = PciFunction(self.q, 31, 0)
        self.smb = PciFunction(self.q, 31, 3)

    def open_ecam(self, low=ECAM | 1, high=0):
        self.mch.writel(0x60, 0)
        self.mch.writel(0x64, high)
        self.mch.writel(0x60, low)

    def open_lpc(self):
        self.lpc.writel(0x40, PM)
        self.lpc.writeb(0x44, 0x80)
        self.lpc.writel(0xf0, RCBA | 1)


class Board(Q35Test):
    def test_functions(self):
        found = {(slot, function): PciFunction(self.q, slot, function).id[1]
                 for slot in range(32) for function in range(8)
                 if PciFunction(self.q, slot, function).id[0] != 0xffff}
        self.assertEqual(found, {(0, 0): 0x29c0, (1, 0): 0x1111, (31, 0): 0x2918,
                                 (31, 2): 0x2922, (31, 3): 0x2930})
        self.assertEqual(self.lpc.readb(0x0e), 0x80)

    def test_usb(self):
        """EHCI and three companions, whose ports are its own."""
        self.start('-machine', 'q35', '-usb', '-device', 'usb-tablet,port=6')
        found = [PciFunction(self.q, 29, n).id[1] for n in (0, 1, 2, 7)]
        self.assertEqual(found, [0x2934, 0x2935, 0x2936, 0x293a])
        self.assertIn('Port 6', self.machine.hmp.command('info usb'))

    def test_names(self):
        for name in ('q35', 'pc-q35-7.2'):
            self.start('-machine', name)
            self.assertIn('dev: q35,', self.machine.hmp.command('info qtree'))

    def test_drives(self):
        """Each has a port of its own, as with QEMU."""
        image = self.machine.file('a.img', bytes(1 << 20))
        self.start('-machine', 'q35', '-hda', image, '-drive',
                   'file=%s,format=raw,readonly=on' % image, '-drive',
                   'media=cdrom,file=%s,format=raw' % image, '-snapshot')
        said = self.machine.hmp.command('info block')
        for name in ('ide0-hd0', 'ide1-hd0', 'ide2-cd0'):
            self.assertIn(name, said)
        status, _, err = run('-machine', 'q35', '-drive', 'if=ide,bus=0,unit=1,file=' + image)[:3]
        self.assertNotEqual(status, 0)
        self.assertIn('unit 1 is too big', str(err))

    def test_memory(self):
        """Up to 2.75 GiB are below 4 GiB as a whole; of more, 2 GiB."""
        for size, low in ((2816, 0xb0000000), (3072, 0x80000000)):
            self.start('-machine', 'q35', '-m', str(size))
            self.q.writel(low - 4, 0x12345678)
            self.assertEqual(self.q.readl(low - 4), 0x12345678)
            self.q.writel(low, 1)
            self.assertEqual(self.q.readl(low), 0xffffffff)
            self.q.writel(0x100000000, 0x55)
            self.assertEqual(self.q.readl(0x100000000), 0x55 if size == 3072 else 0xffffffff)


class Mch(Q35Test):
    def test_ecam(self):
        self.assertEqual(self.q.readl(ECAM), 0xffffffff)
        self.open_ecam()
        self.assertEqual(self.q.readl(ECAM), 0x29c08086)
        lpc = ECAM | 31 << 15
        self.assertEqual(self.q.readl(lpc), 0x29188086)
        self.q.writeb(lpc | 0x60, 0x0b)
        self.assertEqual(self.lpc.readb(0x60), 0x0b)
        self.assertEqual(self.q.readw(lpc | 2), 0x2918)
        self.assertEqual(self.q.readb(lpc | 0x0b), 6)
        for nobody in (2 << 15, 1 << 20, 255 << 20, lpc - ECAM + 0x100):
            self.assertEqual(self.q.readl(ECAM | nobody), 0xffffffff, hex(nobody))
            self.q.writel(ECAM | nobody, 0)
        self.q.writel(ECAM | 0x60, ECAM)
        self.assertEqual(self.q.readl(ECAM), 0xffffffff, 'it closes itself')

    def test_ecam_sizes_and_places(self):
        for low, inside, outside in ((0xb0000003, 0xb7ffffff, 0xb8000000),
                                     (0xb0000005, 0xb3ffffff, 0xb4000000),
                                     (0xc8000003, 0xc8000000, 0xc0000000)):
            self.open_ecam(low)
            self.assertEqual(self.q.readl(low & ~7), 0x29c08086)
            self.assertEqual(self.q.readb(inside & ~0xfffffff | inside & 0xff00000), self.q.readb(
                inside & 0xfff00000))
            self.assertEqual(self.q.readl(outside), 0xffffffff)
        self.open_ecam(ECAM | 7)  # the reserved length
        self.assertEqual(self.q.readl(ECAM), 0xffffffff)
        self.open_ecam(1, 0xf)
        self.assertEqual(self.q.readl(0xf00000000), 0x29c08086)
        self.assertEqual(self.q.readb(0), 0, 'RAM is where it was')

    def test_pam_and_smram(self):
        self.assertEqual(self.q.readb(0xffff0), 0xea)
        self.mch.writeb(0x90, 0x30)
        self.q.writel(0xffff0, 0x1234)
        self.assertEqual(self.q.readl(0xffff0), 0x1234)
        self.mch.writeb(0x96, 0x30)
        self.q.writel(0xec000, 0x77)
        self.assertEqual(self.q.readl(0xec000), 0x77)
        self.assertNotEqual(self.q.readl(0xe8000), 0x77)
        self.assertEqual(self.mch.readb(0x9d), 2)
        self.mch.writeb(0x9d, 0x4a)
        self.q.writel(0xa8000, 0xfeedf00d)
        self.assertEqual(self.q.readl(0xa8000), 0xfeedf00d)
        self.mch.writeb(0x9e, 0xff)
        self.assertEqual(self.mch.readb(0x9e), 0xbf)
        self.mch.writeb(0x9d, 0x5a)  # lock closes, for good
        self.assertNotEqual(self.q.readl(0xa8000), 0xfeedf00d)
        self.mch.writeb(0x9d, 0x4a)
        self.mch.writeb(0x9e, 0)
        self.assertEqual((self.mch.readb(0x9d), self.mch.readb(0x9e)), (0x1a, 0xbf))
        self.machine.hmp.command('system_reset')
        self.q.sync()
        self.assertEqual((self.mch.readb(0x9d), self.mch.readb(0x9e)), (2, 0x38))
        self.assertEqual(self.q.readb(0xffff0), 0xea)

    def test_kept_registers(self):
        for at, size in ((0x40, 8), (0x48, 8), (0x68, 8), (0xa0, 0x12), (0xdc, 4)):
            for n in range(size):
                self.mch.writeb(at + n, 0x5a ^ n)
            self.assertEqual([self.mch.readb(at + n) for n in range(size)],
                             [0x5a ^ n for n in range(size)])


class Routing(Q35Test):
    """The SMBus controller, pin A of slot 31, asks by an address that nobody has."""

    def setUp(self):
        super().setUp()
        self.open_lpc()
        self.smb.set_bar(4, SMB)
        self.smb.enable()
        self.smb.writeb(0x40, 1)
        self.q.irq_intercept_in('ioapic')

    def ask(self):
        self.q.outb(SMB + 2, 0x41)

    def answer(self):
        self.q.outb(SMB, 0xff)

    def test_pirq(self):
        self.lpc.writeb(0x60, 0x0b)
        self.ask()
        self.assertEqual([n for n in range(24) if self.q.irq(n)], [11, 16])
        self.lpc.writeb(0x60, 0x8b)
        self.assertEqual([n for n in range(24) if self.q.irq(n)], [16])
        self.lpc.writeb(0x60, 0x02)  # cannot be routed to
        self.assertEqual([n for n in range(24) if self.q.irq(n)], [16])
        self.lpc.writeb(0x60, 0x05)
        self.answer()
        self.assertEqual([n for n in range(24) if self.q.irq(n)], [])

    def test_route_register(self):
        """A pin that is asserted moves with its route."""
        self.assertEqual(self.q.readw(D31IR), 0x3210)
        self.lpc.writeb(0x6b, 0x0a)
        self.ask()
        for pirq in (7, 2, 0):
            self.q.writew(D31IR, 0x3210 & ~0xf | pirq)
            self.assertEqual([n for n in range(16, 24) if self.q.irq(n)], [16 + pirq])
            self.assertEqual(bool(self.q.irq(10)), pirq == 7)
        self.answer()
        self.assertEqual([n for n in range(24) if self.q.irq(n)], [])

    def test_shared(self):
        """PCI, ISA and board hold one input together."""
        self.lpc.writeb(0x60, 0x09)
        self.q.outw(PM + 2, 0x100)
        self.q.outw(PM + 4, 1)
        self.machine.hmp.command('system_powerdown')
        self.ask()
        self.answer()
        self.assertTrue(self.q.irq(9), 'the power button does')
        self.q.outw(PM, 0x100)
        self.assertFalse(self.q.irq(9))

    def test_sci_select(self):
        self.q.outw(PM + 2, 0x100)
        self.q.outw(PM + 4, 1)
        self.machine.hmp.command('system_powerdown')
        for select, gsi in ((0, 9), (1, 10), (2, 11), (4, 20), (5, 21)):
            self.lpc.writeb(0x44, 0x80 | select)
            self.assertEqual([n for n in range(24) if self.q.irq(n)], [gsi])

    def test_disabled(self):
        self.smb.writew(4, 0x403)  # INTx off
        self.ask()
        self.assertEqual([n for n in range(24) if self.q.irq(n)], [])
        self.assertEqual(self.smb.readw(6) & 8, 8)


class Smbus(Q35Test):
    def setUp(self):
        super().setUp()
        self.smb.set_bar(4, SMB)
        self.smb.enable()

    def test_registers(self):
        self.assertEqual(self.q.inb(SMB + 4), 0xff, 'not enabled')
        self.smb.writeb(0x40, 1)
        for n, value in ((3, 0x12), (4, 0xa1), (5, 0x34), (6, 0x56), (8, 0x78), (13, 3)):
            self.q.outb(SMB + n, value)
            self.assertEqual(self.q.inb(SMB + n), value)
        self.q.inb(SMB + 2)
        for n in range(32):
            self.q.outb(SMB + 7, n ^ 0x5a)
        self.q.inb(SMB + 2)
        self.assertEqual([self.q.inb(SMB + 7) for n in range(33)],
                         [n % 32 ^ 0x5a for n in range(33)])
        self.smb.writeb(0x40, 9)  # SSRESET
        self.assertEqual([self.q.inb(SMB + n) for n in (3, 4, 13)], [0, 0, 0])
        self.assertEqual(self.smb.readb(0x40), 1)

    def test_nobody_there(self):
        self.smb.writeb(0x40, 1)
        self.assertEqual(self.q.inb(SMB), 0)
        self.assertEqual(self.q.inb(SMB), 0x40, 'reading takes it')
        self.q.outb(SMB + 2, 0x48)
        self.assertEqual(self.q.inb(SMB) & 0x1f, 4)
        self.q.outb(SMB, 0xff)
        self.assertEqual(self.q.inb(SMB), 0)
        self.q.outb(SMB + 2, 0x02)  # kill
        self.assertEqual(self.q.inb(SMB) & 0x1f, 0x10)


class Lpc(Q35Test):
    def test_pm_ports(self):
        self.assertEqual(self.q.inl(PM + 8), 0xffffffff)
        self.open_lpc()
        self.q.clock_step(10**9)
        self.assertEqual(self.q.inl(PM + 8), 3579545)
        self.q.outl(PM + 0x28, 0x12345678)
        self.assertEqual(self.q.inl(PM + 0x28), 0x12345678)
        self.lpc.writel(0x40, 0x800)
        self.assertEqual(self.q.inl(PM + 0x28), 0xffffffff)
        self.assertEqual(self.q.inl(0x828), 0x12345678)
        self.lpc.writeb(0x44, 0)
        self.assertEqual(self.q.inl(0x828), 0xffffffff)

    def test_no_smm(self):
        """The APM port's SMI counts as set up: firmware keeps off it. Its work is done here."""
        self.open_lpc()
        self.q.outl(PM + 0x30, 0)
        self.assertEqual(self.q.inl(PM + 0x30), 0x20)
        self.q.outl(PM + 0x30, 0x2001)
        self.assertEqual(self.q.inl(PM + 0x30), 0x2021)
        for value, on in ((2, 1), (3, 0)):
            self.q.outb(0xb2, value)
            self.assertEqual(self.q.inw(PM + 4) & 1, on)
        self.q.outb(0xb3, 0x42)
        self.assertEqual((self.q.inb(0xb2), self.q.inb(0xb3)), (3, 0x42))

    def test_rcba(self):
        self.assertEqual(self.q.readl(GCS), 0xffffffff)
        self.open_lpc()
        self.q.writel(RCBA + 0x3418, 0x1234)
        self.assertEqual(self.q.readl(RCBA + 0x3418), 0x1234)
        self.q.writel(RCBA, 1)
        self.assertEqual(self.q.readl(RCBA), 0)
        self.q.writel(GCS, 0)
        self.assertEqual(self.q.readl(GCS), 0x20, 'the strap stays')

    def test_resets(self):
        for value in (6, 0x0e):
            self.lpc.writeb(0x60, 0x0b)
            self.q.outb(0xcf9, 2)
            self.assertEqual((self.q.inb(0xcf9), self.lpc.readb(0x60)), (2, 0x0b))
            self.q.outb(0xcf9, value)
            for _ in range(100):
                if self.lpc.readb(0x60) == 0x80:
                    break
            self.assertEqual(self.lpc.readb(0x60), 0x80)

    def test_power_off(self):
        self.open_lpc()
        self.q.outw(PM + 4, 0x2001)
        self.assertEqual(self.machine.wait(10), 0)


class Tco(Q35Test):
    args = None

    def begin(self, *args):
        self.start('-machine', 'q35', '-qmp', 'unix:qmp,server=on,wait=off', *args, cwd=True)
        self.connect()
        self.open_lpc()
        self.qmp = Client(self.machine.path('qmp'))
        self.addCleanup(self.qmp.close)

    def events(self):
        self.qmp.value('query-status')
        return [event['event'] for event in self.qmp.events]

    def test_bites(self):
        self.begin('-global', 'ICH9-LPC.noreboot=off', '-action', 'watchdog=pause')
        self.q.clock_step(100 * TICK)
        self.assertEqual(self.q.inw(TCO + 4), 0, 'does not count before it is asked to')
        self.q.outw(TCO + 0x12, 10)
        self.q.outw(TCO, 1)
        self.assertEqual(self.q.inw(TCO), 10)
        self.q.clock_step(3 * TICK)
        self.assertEqual(self.q.inw(TCO), 7)
        self.q.clock_step(7 * TICK)
        self.assertEqual((self.q.inw(TCO + 4), self.q.inw(TCO + 6), self.q.inw(TCO)), (8, 0, 10))
        self.q.outl(PM + 0x34, 0)
        self.assertEqual(self.events(), [])
        self.q.clock_step(10 * TICK)
        self.assertEqual(self.qmp.event('WATCHDOG')['data'], {'action': 'pause'})
        self.assertEqual(self.q.inw(TCO + 6), 2)

    def test_petted_and_halted(self):
        self.begin('-global', 'ICH9-LPC.noreboot=off')
        self.q.outw(TCO + 0x12, 4)
        for _ in range(5):
            self.q.outw(TCO, 1)
            self.q.clock_step(4 * TICK - 1)
        self.assertEqual(self.q.inw(TCO + 4), 0)
        self.q.outw(TCO + 8, 0x800)
        self.q.clock_step(100 * TICK)
        self.assertEqual((self.q.inw(TCO + 4), self.q.inw(TCO)), (0, 1))
        self.q.outw(TCO + 8, 0)
        self.q.clock_step(2 * TICK)
        self.assertEqual(self.q.inw(TCO + 4), 8)
        self.q.outw(TCO + 4, 8)
        self.assertEqual(self.q.inw(TCO + 4), 0)
        self.q.outw(TCO, 1)  # the next one is the first again
        self.q.clock_step(4 * TICK)
        self.assertEqual((self.q.inw(TCO + 6), self.events()), (0, []))

    def test_strap(self):
        """Without reboot, the second timeout only shows; system software may say so, too."""
        for args in ((), ('-global', 'ICH9-LPC.noreboot=off')):
            self.begin(*args)
            self.q.writel(GCS, 0x20)
            self.q.outl(PM + 0x30, 0x2000)
            self.q.outw(TCO + 0x12, 4)
            self.q.outw(TCO, 1)
            self.q.clock_step(8 * TICK)
            self.assertEqual((self.q.inw(TCO + 4), self.q.inw(TCO + 6)), (8, 2))
            self.assertEqual(self.q.inl(PM + 0x34) & 0x2000, 0x2000)
            self.assertEqual(self.events(), [])

    def test_bad_values(self):
        self.begin()
        self.q.outw(TCO + 0x12, 3)
        self.assertEqual(self.q.inw(TCO + 0x12), 4)
        self.q.outw(TCO + 0x12, 0xffff)
        self.assertEqual(self.q.inw(TCO + 0x12), 0x3ff)
        self.q.outw(TCO + 8, 0x1000)  # the lock: it cannot be halted any more
        self.q.outw(TCO + 8, 0x0800)
        self.assertEqual(self.q.inw(TCO + 8), 0x1000)
        self.q.outb(TCO + 0x0d, 0x42)
        self.assertEqual((self.q.inw(TCO + 0x0c), self.q.inb(TCO + 0x0d)), (0x4200, 0x42))


if __name__ == '__main__':
    tap.main()

# SPDX-License-Identifier: GPL-2.0-or-later
"""pc-testdev, and pvpanic on both buses with what becomes of the machine."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import pci
import tap
from hwtest import HwTest
from machine import run
from qmp import Client

IOMEM = 0xff000000


class PcTestdev(HwTest):
    args = ('-machine', 'pc', '-m', '16', '-device', 'pc-testdev')

    def test_register(self):
        self.q.outl(0xe0, 0x12345678)
        self.assertEqual([self.q.inb(0xe0 + i) for i in range(4)], [0x78, 0x56, 0x34, 0x12])
        self.assertEqual((self.q.inw(0xe0), self.q.inw(0xe2)), (0x5678, 0x1234))
        self.q.outb(0xe1, 0xaa)
        self.q.outw(0xe2, 0xbbcc)
        self.assertEqual(self.q.inl(0xe0), 0xbbccaa78)
        self.assertEqual(self.q.inl(0xe8), 0xbbccaa78, 'by bytes')
        self.q.outl(0xe8, 0x01020304)
        self.assertEqual(self.q.inl(0xe0), 0x01020304)

    def test_lines(self):
        self.q.irq_intercept_in('isa-i8259')
        for line in (3, 5, 11, 15):
            self.q.outb(0x2000 + line, 1)
            self.assertEqual(self.q.irq(line), 1)
            self.q.outb(0x2000 + line, 1)
            self.q.outb(0x2000 + line, 0)
            self.assertEqual(self.q.irq(line), 0)
        self.assertEqual(len(self.q.irq_events), 8, 'a level that is there is no edge')

    def test_bad_lines(self):
        self.q.irq_intercept_in('isa-i8259')
        for port in range(0x2010, 0x2018):
            self.q.outb(port, 1)
        self.q.outl(0x2016, 0xffffffff)
        self.q.sync()
        self.assertEqual(self.q.irq_events, [])

    def test_memory(self):
        self.q.writeq(IOMEM, 0x1122334455667788)
        self.assertEqual(self.q.readq(IOMEM), 0x1122334455667788)
        self.assertEqual((self.q.readb(IOMEM + 1), self.q.readw(IOMEM + 6)), (0x77, 0x1122))
        self.q.writeb(IOMEM + 0xffff, 0x5a)
        self.assertEqual(self.q.readb(IOMEM + 0xffff), 0x5a)
        self.assertEqual(self.q.readl(IOMEM + 0x10000), 0xffffffff)

    def test_flush(self):
        """Memory is the same after it, wherever the page is."""
        self.q.writel(0x200000, 0xcafe)
        for addr in (0x200000, 0xb8000, 0xffff0000, 0x0fffffff, IOMEM, 0xffffffff):
            self.q.outl(0xe4, addr)
        self.assertEqual(self.q.readl(0x200000), 0xcafe)
        self.q.writel(0x200000, 0xbabe)
        self.assertEqual(self.q.readl(0x200000), 0xbabe)
        self.q.outb(0xe4, 1)
        self.assertEqual(self.q.inl(0xe4), 0xffffffff)

    def test_not_there_unless_asked_for(self):
        self.machine.stop()
        self.start('-machine', 'pc', '-m', '16')
        self.assertEqual((self.q.inb(0xe0), self.q.readl(IOMEM)), (0xff, 0xffffffff))


class Pvpanic(HwTest):
    args = None
    monitor = True

    def begin(self, *args, device='pvpanic'):
        self.start('-machine', 'pc', '-device', device, '-qmp', 'unix:qmp,server=on,wait=off',
                   *args, cwd=True)
        self.qmp = Client(self.machine.path('qmp'))
        self.addCleanup(self.qmp.close)

    def panic(self, action):
        self.q.sock.sendall(b'outb 0x505 1\n')
        self.assertEqual(self.qmp.event('GUEST_PANICKED')['data'], {'action': action})

    def status(self):
        return self.qmp.value('query-status')['status']

    def test_shutdown(self):
        self.begin()
        self.assertEqual(self.q.inb(0x505), 3)
        self.panic('poweroff')
        self.assertEqual(self.qmp.event('SHUTDOWN')['data'],
                         {'guest': True, 'reason': 'guest-panic'})
        self.qmp.event('STOP')
        self.assertEqual(self.machine.wait(), 0)

    def test_exit_failure(self):
        self.begin('-action', 'panic=exit-failure')
        self.panic('poweroff')
        self.assertEqual(self.machine.wait(), 1)

    def test_pause(self):
        self.begin('-action', 'panic=pause')
        self.panic('pause')
        self.qmp.event('STOP')
        self.assertEqual(self.status(), 'guest-panicked')
        self.qmp.value('cont')
        self.assertEqual(self.status(), 'running')

    def test_no_shutdown(self):
        """Then a panic pauses; with exit-failure it goes to `shutdown`, and stays there."""
        self.begin('-no-shutdown')
        self.panic('pause')
        self.qmp.event('STOP')
        self.assertEqual(self.status(), 'guest-panicked')
        self.machine.stop()
        self.begin('-no-shutdown', '-action', 'panic=exit-failure')
        self.panic('poweroff')
        self.qmp.event('SHUTDOWN')
        self.assertEqual(self.status(), 'shutdown')
        self.assertEqual(self.machine.quit(), 0)

    def test_none(self):
        self.begin()
        self.qmp.value('set-action', panic='none')
        self.panic('run')
        self.assertEqual(self.status(), 'running')

    def test_crashloaded(self):
        self.begin()
        self.q.outb(0x505, 2)
        self.assertEqual(self.qmp.event('GUEST_CRASHLOADED')['data'], {'action': 'run'})
        self.assertEqual(self.status(), 'running')

    def test_bad_events(self):
        self.begin()
        for value in (0, 4, 0xfc):
            self.q.outb(0x505, value)
        self.assertEqual(self.status(), 'running')
        self.assertEqual(self.qmp.events, [])

    def test_options(self):
        self.begin(device='pvpanic,ioport=0x1234,events=1')
        self.assertEqual((self.q.inb(0x1234), self.q.inb(0x505)), (1, 0xff))
        for options, say in (('ioport=0', 'ioport'), ('ioport=0x10000', 'ioport'),
                             ('events=256', 'events'), ('port=1', 'port')):
            status, _, err = run('-machine', 'pc', '-accel', 'qtest', '-display', 'none',
                                 '-device', 'pvpanic,' + options)
            self.assertEqual(status, 1)
            self.assertIn(say, err)

    def fw_cfg_files(self):
        """Name -> contents."""
        def item(key, size):
            self.q.outw(0x510, key)
            return bytes(self.q.inb(0x511) for _ in range(size))

        files = {}
        count = int.from_bytes(item(0x19, 4), 'big')
        directory = item(0x19, 4 + 64 * count)[4:]
        for i in range(count):
            entry = directory[64 * i:64 * i + 64]
            size, key = int.from_bytes(entry[:4], 'big'), int.from_bytes(entry[4:6], 'big')
            name = entry[8:].rstrip(b'\0').decode()
            files[name] = item(key, size) if size < 64 else None
        return files

    def test_the_firmware_learns_of_it(self):
        self.begin()
        self.assertEqual(self.fw_cfg_files()['etc/pvpanic-port'], b'\x05\x05')
        self.machine.stop()
        self.start('-machine', 'pc')
        self.assertNotIn('etc/pvpanic-port', self.fw_cfg_files())

    def test_pci(self):
        self.begin('-action', 'panic=pause', device='pvpanic-pci')
        card = pci.find(self.q, 0x1b36, 0x0011)
        card.set_bar(0, 0xfe000000)
        card.enable()
        self.assertEqual((self.q.readb(0xfe000000), self.q.readb(0xfe000001)), (3, 0))
        self.q.writeb(0xfe000001, 1)
        self.assertEqual(self.status(), 'running')
        self.q.writeb(0xfe000000, 1)
        self.qmp.event('GUEST_PANICKED')
        self.qmp.event('STOP')
        self.assertEqual(self.status(), 'guest-panicked')


if __name__ == '__main__':
    tap.main()

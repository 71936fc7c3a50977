# SPDX-License-Identifier: GPL-2.0-or-later
"""The qtest protocol itself, as other people's clients speak it."""

import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import tap
from hwtest import HwTest
from machine import run
from qtest import Qtest, QtestError


class NoMachine(HwTest):
    args = ('-machine', 'none')

    def test_unassigned(self):
        self.assertEqual(self.q.raw('inb 0x70'), 'OK 0x00ff')
        self.assertEqual(self.q.raw('inl 0x70'), 'OK 0xffffffff')
        self.assertEqual(self.q.raw('readl 0x1000'), 'OK 0x00000000ffffffff')
        self.assertEqual(self.q.raw('writeq 0x1000 1'), 'OK')
        self.assertEqual(self.q.raw('read 0x10 3'), 'OK 0xffffff')
        self.assertEqual(self.q.raw('read 0xffffffffffffffff 2'), 'OK 0xffff')

    def test_clock(self):
        self.assertEqual(self.q.raw('clock_step 100'), 'OK 100')
        self.assertEqual(self.q.raw('clock_step'), 'OK 100')
        self.assertEqual(self.q.raw('clock_set 5000'), 'OK 5000')
        self.assertEqual(self.q.raw('clock_set 10'), 'OK 5000')
        self.assertEqual(self.q.raw('clock_step 18446744073709551615'), 'FAIL 5000')

    def test_endianness(self):
        self.assertEqual(self.q.raw('endianness'), 'OK little')

    def test_bad_lines(self):
        self.assertEqual(self.q.raw('frobnicate 1'), "FAIL Unknown command 'frobnicate'")
        for line in ('', ' ', 'outb', 'outb 1', 'outb 1 2 3', 'outb x 1', 'outb -1 1', 'inb 65536',
                     'read 0 0', 'read 0 0xffffffff', 'write 0 2 zz', 'write 0 2 0x1',
                     'write 0 2 0xzz', 'b64write 0 4 AAAA', 'irq_intercept_in nothing',
                     'set_irq_in a b 0 1', 'pic_acknowledge', 'eoi 1', 'clock_set', 'memset 0 0 0',
                     '\1\2'):
            self.assertTrue(self.q.raw(line).startswith('FAIL '), line)
        with self.assertRaises(QtestError):
            self.q.command('frobnicate')

    def test_long_line(self):
        self.q.sock.settimeout(20)
        self.q.sock.sendall(b'A' * (33 << 20) + b'\n')
        self.assertEqual(self.q._line(), 'FAIL Command line is too long')
        self.q.sync()

    def test_split_line(self):
        for part in (b'cl', b'ock_s', b'tep 7\nendian', b'ness\n'):
            self.q.sock.sendall(part)
        self.assertEqual(self.q._line(), 'OK 7')
        self.assertEqual(self.q._line(), 'OK little')


class Memory(HwTest):
    args = ('-machine', 'pc', '-m', '16')

    def test_ram(self):
        self.q.writel(0x100000, 0x11223344)
        self.assertEqual(self.q.readb(0x100000), 0x44)
        self.assertEqual(self.q.readw(0x100001), 0x2233)
        self.assertEqual(self.q.raw('read 0x100000 4'), 'OK 0x44332211')
        self.assertEqual(self.q.raw('write 0x100001 2 0xaabb'), 'OK')
        self.assertEqual(self.q.readl(0x100000), 0x11bbaa44)
        self.assertEqual(self.q.raw('write 0x100000 4 0x01'), 'OK')
        self.assertEqual(self.q.readl(0x100000), 1)
        data = bytes(range(256)) * 300
        self.q.write(0x200000, data)
        self.assertEqual(self.q.read(0x200000, len(data)), data)
        self.q.memset(0x200000, 0x1000, 0x5a)
        self.assertEqual(self.q.read(0x200fff, 2), bytes((0x5a, data[0x1000])))

    def test_intercepts(self):
        self.assertEqual(self.q.raw('irq_intercept_in ioapic'), 'OK')
        self.assertEqual(self.q.raw('irq_intercept_in /machine/unattached/ioapic'), 'OK')
        self.assertEqual(self.q.raw('irq_intercept_out mc146818rtc'),
                         'FAIL IRQ intercept already enabled')
        self.q.set_irq_in('ioapic', 5, 1)
        self.q.set_irq_in('ioapic', 5, 1)
        self.q.set_irq_in('ioapic', 5, 0)
        self.assertEqual(self.q.irq_events, [(5, 1), (5, 0)])
        self.assertEqual(self.q.raw('set_irq_in ioapic unnamed-gpio-in 24 1'), 'FAIL Unknown IRQ')

    def test_intercept_without_lines(self):
        self.assertEqual(self.q.raw('irq_intercept_in mc146818rtc'), 'FAIL No intercepts installed')


class CommandLine(HwTest):
    args = None

    def test_needs_accelerator(self):
        status, _, err = run('-machine', 'none', '-accel', 'kvm', '-qtest', 'null',
                             '-display', 'none')
        self.assertEqual(status, 1)
        self.assertEqual(len(err.splitlines()), 1, err)

    def connect(self, path):
        for _ in range(100):
            sock = socket.socket(socket.AF_UNIX)
            try:
                sock.connect(path)
                client = Qtest(sock)
                self.addCleanup(client.close)
                return client
            except OSError:
                sock.close()
                time.sleep(0.05)
        self.fail('nobody listens')

    def test_server(self):
        """With server=on the program listens, and takes one client after the other."""
        machine = self.start('-machine', 'none', '-qtest', 'unix:s,server=on,wait=off',
                             qtest=False, cwd=True)
        client = self.connect(machine.path('s'))
        self.assertEqual(client.clock_step(5), 5)
        client.close()
        self.assertEqual(self.connect(machine.path('s')).clock(), 5)


if __name__ == '__main__':
    tap.main()

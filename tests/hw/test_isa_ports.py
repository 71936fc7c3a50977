# SPDX-License-Identifier: GPL-2.0-or-later
"""isa-parallel, isa-debugcon and isa-debug-exit."""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import tap
from hwtest import HwTest
from machine import run

LPT = 0x378
NBUSY, NACK, PAPER, SELECT, NERROR, NIRQ = 0x80, 0x40, 0x20, 0x10, 0x08, 0x04


class Parallel(HwTest):
    """A printer that prints into a file."""

    args = None

    def setUp(self):
        super().setUp()
        self.start('-machine', 'pc', '-parallel', 'file:printed', cwd=True)
        self.q.irq_intercept_in('ioapic')
        self.control(0x0c)

    def control(self, value):
        self.q.outb(LPT + 2, value)

    def status(self):
        return self.q.inb(LPT + 1)

    def strobe(self, byte, control=0x0c):
        self.q.outb(LPT, byte)
        self.control(control | 1)
        self.control(control)

    def printed(self):
        with open(self.machine.path('printed'), 'rb') as f:
            return f.read()

    def test_registers(self):
        self.q.outb(LPT, 0x5a)
        self.assertEqual(self.q.inb(LPT), 0x5a)
        self.control(0x2c)
        self.assertEqual(self.q.inb(LPT), 0xff, 'turned round: the printer drives nothing')
        self.assertEqual(self.q.inb(LPT + 2), 0xec)
        self.control(0xff)
        self.assertEqual(self.q.inb(LPT + 2) & 0x3f, 0x3f)
        self.control(0x0c)
        self.q.clock_step(20000)
        self.assertEqual(self.status() & 0xf8, NBUSY | NACK | SELECT | NERROR)

    def test_prints(self):
        for byte in b'Hello\r\n':
            self.assertTrue(self.status() & NBUSY)
            self.strobe(byte)
            self.assertFalse(self.status() & NBUSY)
            self.q.clock_step(6000)
            self.assertEqual(self.status() & (NBUSY | NACK), NBUSY, 'nAck is low for a moment')
            self.q.clock_step(5000)
            self.assertEqual(self.status() & (NBUSY | NACK), NBUSY | NACK)
        self.assertEqual(self.printed(), b'Hello\r\n')
        # Without an edge of the strobe nothing is printed; neither while it is reset.
        self.control(0x0d)
        self.q.outb(LPT, 65)
        self.control(0x0d)
        self.assertEqual(self.printed(), b'Hello\r\n\x0a'[:8])
        self.control(0x08)
        self.assertFalse(self.status() & NBUSY)
        self.strobe(66, 0x08)
        self.assertEqual(len(self.printed()), 8)

    def test_interrupt(self):
        self.strobe(65)
        self.q.clock_step(100000)
        self.assertEqual(self.q.irq_events, [])
        self.control(0x1c)
        self.strobe(66, 0x1c)
        self.q.clock_step(9000)
        self.assertEqual(self.q.irq_events, [])
        self.q.clock_step(2000)
        self.q.sync()
        self.assertEqual(self.q.irq_events, [(7, 1), (7, 0)])
        self.assertEqual(self.status() & NIRQ, 0)
        self.assertEqual(self.status() & NIRQ, NIRQ, 'reading has cleared it')


class NoPrinter(HwTest):
    args = None

    def test_nothing_plugged_in(self):
        self.start('-machine', 'pc', '-parallel', 'none', '-device', 'isa-parallel,index=1')
        self.assertEqual(self.q.inb(0x279), 0x7f)
        self.q.outb(0x278, 1)
        self.q.outb(0x27a, 0x0d)
        self.assertEqual(self.q.inb(0x279), 0x7f)
        self.assertEqual(self.q.inb(LPT + 2), 0xff, 'no port here')


class Debugcon(HwTest):
    args = None

    def test_e9(self):
        self.start('-machine', 'pc', '-chardev', 'file,id=d,path=log',
                   '-device', 'isa-debugcon,chardev=d', cwd=True)
        self.assertEqual(self.q.inb(0xe9), 0xe9)
        for byte in b'debug\n':
            self.q.outb(0xe9, byte)
        with open(self.machine.path('log'), 'rb') as f:
            self.assertEqual(f.read(), b'debug\n')

    def test_options(self):
        self.start('-machine', 'pc', '-chardev', 'file,id=d,path=log',
                   '-device', 'isa-debugcon,chardev=d,iobase=0x402,readback=0x42', cwd=True)
        self.assertEqual(self.q.inb(0x402), 0x42)
        self.q.outb(0x402, 65)
        with open(self.machine.path('log'), 'rb') as f:
            self.assertEqual(f.read(), b'A')

    def test_slow_reader(self):
        """What the reader has not taken waits in order; a flood does not block or grow."""
        os.mkfifo(fifo := '/tmp/vitrine-debugcon-%d' % os.getpid())
        self.addCleanup(os.unlink, fifo)
        self.start('-machine', 'pc', '-chardev', 'pipe,id=d,path=' + fifo,
                   '-device', 'isa-debugcon,chardev=d')
        count = 70000
        for i in range(count // 100):
            for j in range(100):
                self.q.sock.sendall(b'outb 0xe9 0x%x\n' % ((i * 100 + j) & 0xff))
            for j in range(100):
                self.q._line()
        fd = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, fd)
        got, end = b'', time.monotonic() + 5
        while len(got) < count and time.monotonic() < end:
            try:
                got += os.read(fd, 65536)
            except BlockingIOError:
                time.sleep(0.02)
        self.assertEqual(got, bytes(i & 0xff for i in range(count)))


class DebugExit(HwTest):
    args = None

    def exit_status(self, value, *options, port=0x501):
        machine = self.start('-machine', 'pc', '-device',
                             ','.join(('isa-debug-exit',) + options))
        self.q.sock.sendall(b'outb 0x%x 0x%x\n' % (port, value))
        return machine.wait()

    def test_status(self):
        self.assertEqual(self.exit_status(0), 1)
        self.assertEqual(self.exit_status(0x10), 0x21)
        self.assertEqual(self.exit_status(0xff), 0xff)
        self.assertEqual(self.exit_status(3, 'iobase=0xf4', 'iosize=0x04', port=0xf4), 7)

    def test_bad(self):
        for options, say in (('iosize=0', 'iosize'), ('iosize=100', 'iosize'),
                             ('iobase=frog', 'iobase'), ('iobse=1', 'iobse')):
            status, _, err = run('-machine', 'pc', '-accel', 'qtest', '-display', 'none',
                                 '-device', 'isa-debug-exit,' + options)
            self.assertEqual(status, 1)
            self.assertIn(say, err)


if __name__ == '__main__':
    tap.main()

# SPDX-License-Identifier: GPL-2.0-or-later
"""isa-serial: the 16550A (National Semiconductor PC16550D data sheet)."""

import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import tap
from hwtest import HwTest
from machine import run

BASE = 0x3f8
DATA, IER, IIR, LCR, MCR, LSR, MSR, SCR = range(8)
READY, OVERRUN, BREAK, EMPTY = 0x01, 0x02, 0x10, 0x60
CHARACTER_9600 = 1041667  # ns, 10 bits


class SerialTest(HwTest):
    """A port whose line is a UNIX socket that the test is connected to."""

    args = None
    options = ''

    def setUp(self):
        super().setUp()
        self.start('-machine', 'pc', '-chardev',
                   'socket,id=line,path=s,server=on,wait=off' + self.options,
                   '-serial', 'chardev:line', cwd=True)
        self.line = self.connect()
        self.q.irq_intercept_in('ioapic')
        self.out(LCR, 0x83)
        self.out(DATA, 12)
        self.out(IER, 0)
        self.out(LCR, 0x03)
        self.out(MCR, 0x0b)

    def connect(self):
        sock = socket.socket(socket.AF_UNIX)
        self.addCleanup(sock.close)
        sock.settimeout(5)
        sock.connect(self.machine.path('s'))
        return sock

    def out(self, register, value):
        self.q.outb(BASE + register, value)

    def inp(self, register):
        return self.q.inb(BASE + register)

    def irq(self):
        return self.q.irq(4)

    def send(self, data):
        """Sends to the port, and gives the program the time to take it."""
        self.line.sendall(data)
        time.sleep(0.05)
        self.q.sync()

    def receive(self, count):
        data = b''
        while len(data) < count:
            data += self.line.recv(4096)
        return data


class Registers(SerialTest):
    def test_divisor_latch(self):
        self.out(LCR, 0x83)
        self.out(DATA, 0x34)
        self.out(IER, 0x12)
        self.assertEqual((self.inp(DATA), self.inp(IER)), (0x34, 0x12))
        self.out(LCR, 0x03)
        self.assertEqual(self.inp(IER), 0)
        self.assertEqual(self.inp(LCR), 0x03)

    def test_masks(self):
        self.out(SCR, 0xa5)
        self.assertEqual(self.inp(SCR), 0xa5)
        self.out(IER, 0xff)
        self.assertEqual(self.inp(IER), 0x0f)
        self.out(MCR, 0xff)
        self.assertEqual(self.inp(MCR), 0x1f)
        self.assertEqual(self.inp(IIR) & 0xc0, 0)
        self.out(IIR, 0x01)
        self.assertEqual(self.inp(IIR) & 0xc0, 0xc0)

    def test_modem_lines(self):
        self.assertEqual(self.inp(MSR) & 0xb0, 0xb0)

    def test_read_only(self):
        before = self.inp(LSR)
        self.out(LSR, 0xff)
        self.out(MSR, 0xff)
        self.assertEqual(self.inp(LSR), before)
        self.q.outl(BASE, 0x41414141)
        self.q.inl(BASE + 4)


class Line(SerialTest):
    def test_transmit(self):
        for byte in b'hello':
            self.assertEqual(self.inp(LSR) & EMPTY, EMPTY)
            self.out(DATA, byte)
        self.assertEqual(self.receive(5), b'hello')

    def test_receive(self):
        self.assertEqual(self.inp(LSR) & READY, 0)
        self.send(b'ab')
        self.assertEqual(self.inp(LSR) & READY, READY)
        self.assertEqual(self.inp(DATA), ord('a'))
        # Without FIFO the next one comes when the line has had the time to bring it.
        self.assertEqual(self.inp(LSR) & READY, 0)
        self.q.clock_step(CHARACTER_9600)
        time.sleep(0.05)
        self.assertEqual(self.inp(DATA), ord('b'))

    def test_fifo_and_pace(self):
        data = bytes(range(65, 65 + 40))
        self.out(IIR, 0x01)
        self.send(data)
        got = []
        for _ in range(120):
            if self.inp(LSR) & READY:
                got.append(self.inp(DATA))
            else:
                self.q.clock_step(CHARACTER_9600)
                time.sleep(0.002)
        self.assertEqual(bytes(got), data)

    def test_back_pressure(self):
        """A peer that does not read makes the transmitter busy; nothing is lost or doubled."""
        self.line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.out(IIR, 0x01)
        sent = 0
        while self.inp(LSR) & 0x20 and sent < 400000:
            for _ in range(16):
                self.out(DATA, sent & 0xff)
                sent += 1
            if sent % 8192 == 0 and sent > 300000:
                self.fail('never busy')
        got = self.receive(sent)
        self.assertEqual(got, bytes(i & 0xff for i in range(sent)))
        time.sleep(0.05)
        self.assertEqual(self.inp(LSR) & EMPTY, EMPTY)

    def test_peer_comes_back(self):
        self.line.close()
        time.sleep(0.05)
        for byte in b'lost':
            self.out(DATA, byte)
        self.line = self.connect()
        time.sleep(0.05)
        self.out(DATA, ord('x'))
        self.assertEqual(self.receive(1), b'x')


class Interrupts(SerialTest):
    def test_gate(self):
        """OUT2 gates the interrupt on the PC."""
        self.out(IER, 0x02)
        self.assertEqual(self.irq(), 1)
        self.out(MCR, 0x03)
        self.assertEqual(self.irq(), 0)

    def test_transmitter_empty(self):
        self.out(IER, 0x02)
        self.assertEqual(self.irq(), 1, 'raised at once when the transmitter is empty')
        self.assertEqual(self.inp(IIR), 0x02)
        self.assertEqual(self.irq(), 0, 'reading IIR acknowledges it')
        self.assertEqual(self.inp(IIR), 0x01)
        self.out(DATA, 65)
        self.assertEqual(self.irq(), 1)
        self.out(IER, 0)
        self.assertEqual(self.irq(), 0)

    def test_triggers(self):
        for bits, level in ((0x00, 1), (0x40, 4), (0x80, 8), (0xc0, 14)):
            with self.subTest(level=level):
                self.out(MCR, 0x1b)  # loop: bytes come one by one
                self.out(IIR, bits | 0x07)
                self.out(IER, 0x01)
                for n in range(1, level + 1):
                    self.assertEqual(self.irq(), 0)
                    self.out(DATA, n)
                self.assertEqual(self.irq(), 1)
                self.assertEqual(self.inp(IIR), 0xc4)
                self.assertEqual(self.inp(DATA), 1)
                self.assertEqual(self.irq(), 0)

    def test_timeout(self):
        self.out(IIR, 0xc1)
        self.out(IER, 0x01)
        self.send(b'abc')
        self.assertEqual(self.irq(), 0)
        self.q.clock_step(3 * CHARACTER_9600)
        self.assertEqual(self.irq(), 0)
        self.q.clock_step(2 * CHARACTER_9600)
        self.assertEqual(self.irq(), 1)
        self.assertEqual(self.inp(IIR), 0xcc)
        self.assertEqual(self.inp(DATA), ord('a'))
        self.assertEqual(self.irq(), 0)
        self.q.clock_step(5 * CHARACTER_9600)
        self.assertEqual(self.irq(), 1, 'again for what is left')
        self.inp(DATA)
        self.inp(DATA)
        self.q.clock_step(10 * CHARACTER_9600)
        self.assertEqual(self.irq(), 0)

    def test_priorities(self):
        self.out(MCR, 0x1b)
        self.out(IER, 0x0f)
        self.inp(MSR)
        self.inp(IIR)
        self.out(MCR, 0x1a)        # DTR falls: DSR changes
        self.out(DATA, 1)
        self.out(DATA, 2)          # overrun
        self.assertEqual(self.inp(IIR), 0x06)
        self.assertEqual(self.inp(LSR) & (OVERRUN | READY), OVERRUN | READY)
        self.assertEqual(self.inp(IIR), 0x04)
        self.assertEqual(self.inp(DATA), 2, 'without FIFO the newer byte stays')
        self.assertEqual(self.inp(IIR), 0x02)
        self.assertEqual(self.inp(IIR), 0x00)
        self.assertEqual(self.inp(MSR) & 0x0f, 0x02)
        self.assertEqual(self.inp(IIR), 0x01)
        self.assertEqual(self.irq(), 0)


class Loopback(SerialTest):
    def setUp(self):
        super().setUp()
        self.out(MCR, 0x10)
        self.inp(MSR)

    def test_data_stays_inside(self):
        self.out(DATA, 0x5a)
        self.assertEqual(self.inp(DATA), 0x5a)
        self.send(b'outside')
        self.assertEqual(self.inp(LSR) & READY, 0)
        self.line.setblocking(False)
        with self.assertRaises(BlockingIOError):
            self.line.recv(1)
        self.out(MCR, 0x0b)
        time.sleep(0.05)
        self.assertEqual(self.inp(DATA), ord('o'), 'what came meanwhile has waited')

    def test_modem(self):
        for mcr, msr in ((0x01, 0x20), (0x02, 0x10), (0x04, 0x40), (0x08, 0x80), (0, 0)):
            self.out(MCR, 0x10 | mcr)
            self.assertEqual(self.inp(MSR) & 0xf0, msr)
        self.assertEqual(self.inp(MSR) & 0x0f, 0, 'reading clears the deltas')
        self.out(MCR, 0x14)
        self.assertEqual(self.inp(MSR) & 0x0f, 0, 'the ring indicator tells its end only')
        self.out(MCR, 0x10)
        self.assertEqual(self.inp(MSR) & 0x0f, 0x04)

    def test_fifo_overrun(self):
        self.out(IIR, 0x07)
        for n in range(17):
            self.out(DATA, n)
        self.assertEqual(self.inp(LSR) & OVERRUN, OVERRUN)
        self.assertEqual([self.inp(DATA) for _ in range(16)], list(range(16)))
        self.assertEqual(self.inp(LSR) & (OVERRUN | READY), 0)

    def test_fifo_clear(self):
        self.out(IIR, 0x01)
        self.out(DATA, 1)
        self.out(IIR, 0x03)
        self.assertEqual(self.inp(LSR) & READY, 0)
        self.out(DATA, 1)
        self.out(IIR, 0x00)
        self.assertEqual(self.inp(LSR) & READY, 0, 'changing the mode empties it')

    def test_break(self):
        self.out(IIR, 0x01)
        self.out(DATA, 0x41)
        self.out(LCR, 0x43)
        self.out(LCR, 0x03)
        lsr = self.inp(LSR)
        self.assertEqual(lsr & (BREAK | 0x80), 0x80, 'it is further back in the FIFO')
        self.assertEqual(self.inp(DATA), 0x41)
        self.assertEqual(self.inp(LSR) & BREAK, BREAK)
        self.assertEqual(self.inp(LSR) & BREAK, 0)
        self.assertEqual(self.inp(DATA), 0)


class Telnet(SerialTest):
    options = ',telnet=on'

    def test_break(self):
        self.assertEqual(len(self.receive(15)), 15)  # what it offers and asks for
        self.out(IIR, 0x01)
        self.send(b'a\xff\xf3')
        self.assertEqual(self.inp(LSR) & (READY | BREAK | 0x80), READY | 0x80)
        self.assertEqual(self.inp(DATA), ord('a'))
        self.assertEqual(self.inp(LSR) & BREAK, BREAK)
        self.assertEqual(self.inp(DATA), 0)


class CommandLine(HwTest):
    args = None

    def test_places(self):
        self.start('-machine', 'pc', '-serial', 'null', '-serial', 'null', '-serial', 'null',
                   '-serial', 'null')
        for base in (0x3f8, 0x2f8, 0x3e8, 0x2e8):
            self.q.outb(base + SCR, base & 0xff)
        for base in (0x3f8, 0x2f8, 0x3e8, 0x2e8):
            self.assertEqual(self.q.inb(base + SCR), base & 0xff)

    def test_device_option(self):
        self.start('-machine', 'pc', '-serial', 'none', '-chardev', 'null,id=n',
                   '-device', 'isa-serial,chardev=n,iobase=0x4f8,irq=5')
        self.q.irq_intercept_in('ioapic')
        self.q.outb(0x4f8 + MCR, 8)
        self.q.outb(0x4f8 + IER, 2)
        self.assertEqual(self.q.irq(5), 1)
        self.assertEqual(self.q.inb(0x3f8 + SCR), 0xff)

    def test_bad(self):
        for options, say in ((('-device', 'isa-serial,chardev=nobody'), 'nobody'),
                             (('-device', 'isa-serial,iobase=0x12345'), 'iobase'),
                             (('-device', 'isa-serial,index=3,irq=77'), 'irq'),
                             (('-chardev', 'null,id=a', '-serial', 'chardev:a', '-device',
                               'isa-serial,chardev=a'), "'a' is in use"),
                             (('-serial', 'unix:/no/such/dir/x,server=on,wait=off'),
                              '/no/such/dir/x')):
            with self.subTest(options=options):
                status, _, err = run('-machine', 'pc', '-accel', 'qtest', '-display', 'none',
                                     *options)
                self.assertEqual(status, 1)
                self.assertIn(say, err)
                self.assertEqual(len(err.splitlines()), 1, err)


if __name__ == '__main__':
    tap.main()

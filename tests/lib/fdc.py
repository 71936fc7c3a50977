# SPDX-License-Identifier: GPL-2.0-or-later
"""A floppy driver over qtest: what a PC's BIOS does with the ports of the 82077AA and the 8237A."""

import time

MS = 1000000
DOR, MSR, FIFO, RATE, DIR = 0x3f2, 0x3f4, 0x3f5, 0x3f7, 0x3f7
RQM, TO_HOST, NON_DMA, BUSY = 0x80, 0x40, 0x20, 0x10
RATE_500, RATE_300, RATE_250, RATE_1000 = range(4)
BUFFER = 0x20000


class Dma:
    """A channel of the two 8237As."""

    PAGES = (0x87, 0x83, 0x81, 0x82, None, 0x8b, 0x89, 0x8a)

    def __init__(self, qtest, channel):
        self.q = qtest
        self.n = channel & 3
        self.page = self.PAGES[channel]
        self.base, self.step = (0, 1) if channel < 4 else (0xc0, 2)

    def port(self, n):
        return self.base + n * self.step

    def set(self, address, count, mode):
        """`count` is in units; `mode` without the channel: 44h = single, to memory."""
        q = self.q
        if self.step == 2:
            address = (address & 0x1fffe) >> 1 | address & 0xfe0000
        q.outb(self.port(0xa), 4 | self.n)
        q.outb(self.port(0xc), 0)
        q.outb(self.port(0xb), mode | self.n)
        for half in (address, address >> 8):
            q.outb(self.port(2 * self.n), half & 0xff)
        q.outb(self.page, address >> 16)
        for half in (count - 1, (count - 1) >> 8):
            q.outb(self.port(2 * self.n + 1), half & 0xff)

    def unmask(self):
        self.q.outb(self.port(0xa), self.n)

    def status(self):
        return self.q.inb(self.port(8))

    def get(self):
        """Present address and count registers."""
        q = self.q
        q.outb(self.port(0xc), 0)
        return tuple(q.inb(self.port(2 * self.n + n)) | q.inb(self.port(2 * self.n + n)) << 8
                     for n in (0, 1))


class Fdc:
    def __init__(self, qtest, reset=True):
        self.q = qtest
        self.dma = Dma(qtest, 2)
        if reset:
            self.reset()
            self.command(0x03, 0xdf, 0x02)

    def reset(self):
        self.q.outb(DOR, 0)
        self.q.outb(DOR, 0x1c)
        self.q.clock_step(MS)
        return [self.sense() for _ in range(4)]

    def msr(self):
        return self.q.inb(MSR)

    def wait(self, timeout=10):
        """Until the chip wants a byte moved; guest time passes meanwhile."""
        end = time.monotonic() + timeout
        while not self.msr() & RQM:
            if time.monotonic() > end:
                raise TimeoutError('no request for the master, status %02x' % self.msr())
            self.q.clock_step(MS)
            time.sleep(0.002)
        return self.msr()

    def send(self, *data):
        for byte in data:
            status = self.wait()
            if status & TO_HOST:
                raise AssertionError('the chip has a result where it should take %02x' % byte)
            self.q.outb(FIFO, byte)

    def result(self):
        out = []
        while self.wait() & (TO_HOST | BUSY) == TO_HOST | BUSY and not self.msr() & NON_DMA:
            out.append(self.q.inb(FIFO))
        return out

    def command(self, *data):
        """Sends a command; returns its result, [] if it has none."""
        self.send(*data)
        return self.result()

    def sense(self):
        return self.command(0x08)

    def select(self, unit=0, rate=RATE_500):
        self.q.outb(DOR, 0x0c | 0x10 << unit | unit)
        self.q.outb(RATE, rate)

    def settle(self):
        """Lets a seek end; returns what SENSE INTERRUPT STATUS says."""
        self.q.clock_step(MS)
        return self.sense()

    def recalibrate(self, unit=0):
        self.command(0x07, unit)
        return self.settle()

    def seek(self, cylinder, unit=0, head=0):
        self.command(0x0f, head << 2 | unit, cylinder)
        return self.settle()

    def transfer(self, code, c, h, r, count, eot=18, unit=0, mode=None, n=2, last=0xff):
        """A command that moves `count` bytes by DMA; returns its result."""
        if mode is None:
            mode = 0x48 if code & 0x1f in (0x05, 0x09, 0x0d, 0x11, 0x19, 0x1d) else 0x44
        self.dma.set(BUFFER, count, mode)
        self.dma.unmask()
        return self.command(code, h << 2 | unit, c, h, r, n, eot, 0x1b, last)

    def read(self, c, h, r, sectors=1, code=0xe6, **kwargs):
        """Returns the result and the data."""
        result = self.transfer(code, c, h, r, 512 * sectors, **kwargs)
        return result, self.q.read(BUFFER, 512 * sectors)

    def write(self, c, h, r, data, code=0xc5, **kwargs):
        self.q.write(BUFFER, data)
        return self.transfer(code, c, h, r, len(data), **kwargs)

# SPDX-License-Identifier: GPL-2.0-or-later
"""A driver for UHCI over qtest (UHCI Design Guide 1.1): one queue, in every frame."""

import struct

import pci

PORT, FRAMES, QUEUE, TDS, BUFFER = 0xc000, 0x100000, 0x101000, 0x101100, 0x102000
IN, OUT, SETUP = 0x69, 0xe1, 0x2d
ACTIVE, STALLED, BABBLE, NAK, TIMEOUT = 1 << 23, 1 << 22, 1 << 20, 1 << 19, 1 << 18
IOC, SPD = 1 << 24, 1 << 29
FRAME_NS = 1000000


class Stall(Exception):
    pass


class Uhci:
    def __init__(self, q, device=0x7020):
        self.q = q
        self.pci = pci.find(q, 0x8086, device)
        self.pci.set_bar(4, PORT)
        self.pci.enable()
        for frame in range(1024):
            q.writel(FRAMES + 4 * frame, QUEUE | 2)
        self.idle()
        q.outl(PORT + 8, FRAMES)
        self.run()

    def run(self):
        self.q.outw(PORT, 0x0001)

    def idle(self):
        self.q.writel(QUEUE, 1)
        self.q.writel(QUEUE + 4, 1)

    def status(self):
        return self.q.inw(PORT + 2)

    def port(self, n):
        return self.q.inw(PORT + 0x10 + 2 * n)

    def set_port(self, n, value):
        self.q.outw(PORT + 0x10 + 2 * n, value)

    def reset_port(self, n):
        self.set_port(n, 0x200)
        self.q.clock_step(50 * FRAME_NS)
        self.set_port(n, 0)
        self.set_port(n, 0x0e)  # enabled; changes are acknowledged

    def step(self, frames=1):
        self.q.clock_step(frames * FRAME_NS)

    def put(self, n, pid, address, endpoint, length, toggle=0, flags=0, buffer=None, last=False):
        """Writes descriptor n, which leads to the next one depth first."""
        token = ((length - 1) & 0x7ff) << 21 | toggle << 19 | endpoint << 15 | address << 8 | pid
        link = 1 if last else TDS + 32 * (n + 1) | 4
        at = TDS + 32 * n
        self.q.write(at, struct.pack('<4I', link, ACTIVE | 3 << 27 | flags, token,
                                     BUFFER + 4096 * n if buffer is None else buffer))
        return at

    def control_word(self, n):
        return self.q.readl(TDS + 32 * n + 4)

    def actual(self, n):
        return (self.control_word(n) + 1) & 0x7ff

    def start(self, frames=2):
        self.q.writel(QUEUE + 4, TDS)
        self.step(frames)

    def control(self, address, request_type, request, value=0, index=0, length=0, data=b''):
        """A control transfer of at most one descriptor of data; returns what came in."""
        length = length or len(data)
        self.q.write(BUFFER, struct.pack('<BBHHH', request_type, request, value, index, length))
        self.put(0, SETUP, address, 0, 8)
        n, status = 1, OUT if request_type & 0x80 and length else IN
        if length:
            self.q.write(BUFFER + 4096, data)
            self.put(1, IN if request_type & 0x80 else OUT, address, 0, length, 1)
            n = 2
        self.put(n, status, address, 0, 0, 1, IOC, last=True)
        self.start()
        if self.control_word(n) & ACTIVE:
            self.step(16)
        for i in range(n + 1):
            word = self.control_word(i)
            if word & (STALLED | TIMEOUT):
                self.idle()
                raise Stall('0x%08x' % word)
            assert not word & ACTIVE, 'descriptor %d: 0x%08x' % (i, word)
        return self.q.read(BUFFER + 4096, self.actual(1)) if length and request_type & 0x80 else b''

    def descriptor(self, address, kind, index=0, length=64, request_type=0x80):
        return self.control(address, request_type, 6, kind << 8 | index, 0, length)

    def configure(self, port, address):
        """Resets what is at the port, gives it an address and its configuration 1."""
        self.reset_port(port)
        self.control(0, 0, 5, address)
        self.control(address, 0, 9, 1)

    def poll(self, address, length=8, frames=17):
        """Asks interrupt endpoint 1; returns the report, or None (NAK). An idle controller may
        look at its schedule every 16 ms only."""
        self.put(0, IN, address, 1, length, last=True)
        self.start(frames)
        word = self.control_word(0)
        self.idle()
        if word & ACTIVE:
            return None
        if word & STALLED:
            raise Stall('0x%08x' % word)
        return self.q.read(BUFFER, self.actual(0))

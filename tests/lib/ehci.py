# SPDX-License-Identifier: GPL-2.0-or-later
"""A driver for EHCI over qtest (EHCI 1.0): one queue head in the async list, one in every frame."""

import struct

import pci

BAR = 0xe0000000
OP = BAR + 0x20
CMD, STS, INTR, INDEX, PERIODIC, ASYNC, CONFIG, PORTS = 0, 4, 8, 0xc, 0x14, 0x18, 0x40, 0x44
FRAMES, HEAD, QUEUE, POLL, TDS, BUFFER = 0x400000, 0x401000, 0x401080, 0x401100, 0x401200, 0x410000
OUT, IN, SETUP = 0, 1, 2
ACTIVE, HALTED, BUFFER_ERROR, BABBLE, XACT = 1 << 7, 1 << 6, 1 << 5, 1 << 4, 1 << 3
IOC, TOGGLE = 1 << 15, 1 << 31
RUN, RESET, PERIODIC_ON, ASYNC_ON, DOORBELL = 1, 2, 1 << 4, 1 << 5, 1 << 6
FRAME_NS = 1000000


class Stall(Exception):
    pass


class Ehci:
    def __init__(self, q, device=0x24cd):
        self.q = q
        self.pci = pci.find(q, 0x8086, device)
        self.pci.set_bar(0, BAR)
        self.pci.enable()
        self.toggles = {}
        self.begin()

    def begin(self):
        """From a reset controller to both lists running with nothing in them."""
        self.write(CMD, RESET)
        self.q.write(FRAMES, struct.pack('<I', POLL | 2) * 1024)
        self.queue(HEAD, QUEUE, head=True)
        self.queue(QUEUE, HEAD)
        self.queue(POLL, None)
        self.write(PERIODIC, FRAMES)
        self.write(ASYNC, HEAD)
        self.write(CMD, RUN | PERIODIC_ON | ASYNC_ON | 8 << 16)
        self.write(CONFIG, 1)

    def read(self, reg):
        return self.q.readl(OP + reg)

    def write(self, reg, value):
        self.q.writel(OP + reg, value)

    def port(self, n):
        return self.read(PORTS + 4 * n)

    def set_port(self, n, value):
        self.write(PORTS + 4 * n, value)

    def reset_port(self, n):
        self.set_port(n, 0x1100)
        self.q.clock_step(50 * FRAME_NS)
        self.set_port(n, 0x1000)
        self.set_port(n, self.port(n) | 0xa)  # changes are acknowledged

    def step(self, frames=1):
        self.q.clock_step(frames * FRAME_NS)

    def queue(self, at, link, address=0, endpoint=0, size=64, head=False, mask=0, reload=0,
              speed=2, token=0):
        """An empty queue head; `link` None ends the list."""
        self.q.write(at, struct.pack(
            '<12I', 1 if link is None else link | 2,
            reload << 28 | size << 16 | head << 15 | (not mask) << 14 | speed << 12 |
            endpoint << 8 | address, 1 << 30 | mask, 0, 1, 1, token, 0, 0, 0, 0, 0))

    def put(self, n, pid, length, toggle=0, flags=0, buffer=None, last=False, alternate=1,
            errors=3):
        """Writes descriptor n, which leads to the next one."""
        at = TDS + 64 * n
        buffer = BUFFER + 0x8000 * n if buffer is None else buffer
        self.q.write(at, struct.pack(
            '<8I', 1 if last else at + 64, alternate,
            toggle << 31 | length << 16 | errors << 10 | pid << 8 | ACTIVE | flags, buffer,
            *((buffer & ~0xfff) + 0x1000 * page for page in range(1, 5))))
        return at

    def token(self, n):
        return self.q.readl(TDS + 64 * n + 8)

    def left(self, n):
        return self.token(n) >> 16 & 0x7fff

    def overlay(self, at=QUEUE):
        return self.q.readl(at + 24)

    def start(self, at=QUEUE, frames=2):
        self.q.writel(at + 16, TDS)
        self.step(frames)

    def idle(self, at):
        """No descriptor is to be done any more, and what the device keeps is forgotten."""
        self.q.writel(at + 24, 0)
        self.q.writel(at + 16, 1)

    def check(self, n, at):
        word = self.token(n)
        if self.overlay(at) & HALTED:
            self.idle(at)
            raise Stall('0x%08x' % self.token(n))
        assert not word & ACTIVE, 'descriptor %d: 0x%08x' % (n, word)

    def control(self, address, request_type, request, value=0, index=0, length=0, data=b''):
        """A control transfer; returns what came in."""
        length = length or len(data)
        into = request_type & 0x80 and length
        self.queue(QUEUE, HEAD, address)
        self.q.write(BUFFER, struct.pack('<BBHHH', request_type, request, value, index, length))
        self.put(0, SETUP, 8)
        n = 1
        if length:
            self.q.write(BUFFER + 0x8000, data)
            self.put(1, IN if into else OUT, length, 1)
            n = 2
        self.put(n, OUT if into else IN, 0, 1, IOC, last=True)
        self.start(frames=4)
        for i in range(n + 1):
            self.check(i, QUEUE)
        return self.q.read(BUFFER + 0x8000, length - self.left(1)) if into else b''

    def descriptor(self, address, kind, index=0, length=64, request_type=0x80):
        return self.control(address, request_type, 6, kind << 8 | index, 0, length)

    def configure(self, port, address):
        """Resets what is at the port, gives it an address and its configuration 1."""
        self.reset_port(port)
        self.control(0, 0, 5, address)
        self.control(address, 0, 9, 1)

    def bulk(self, address, endpoint, pid, length, data=None, frames=8):
        """One descriptor to a bulk endpoint; returns what came in."""
        key = address, endpoint, pid
        self.queue(QUEUE, HEAD, address, endpoint, 512)
        if data is not None:
            self.q.write(BUFFER, data)
        self.put(0, pid, length, self.toggles.get(key, 0), IOC, last=True)
        self.start()
        for _ in range(frames):
            if not self.token(0) & ACTIVE:
                break
            self.step()
        self.check(0, QUEUE)
        self.toggles[key] = self.overlay() >> 31
        return self.q.read(BUFFER, length - self.left(0)) if pid == IN else b''

    def poll(self, address, length=8, frames=17, mask=1):
        """Asks interrupt endpoint 1; returns the report, or None (NAK). An idle controller may
        look at its lists every 16 ms only."""
        self.queue(POLL, None, address, 1, 8, mask=mask)
        self.put(0, IN, length, last=True)
        self.start(POLL, frames)
        if self.overlay(POLL) & HALTED:
            self.idle(POLL)
            raise Stall('0x%08x' % self.token(0))
        active = self.token(0) & ACTIVE
        self.idle(POLL)
        return None if active else self.q.read(BUFFER, length - self.left(0))

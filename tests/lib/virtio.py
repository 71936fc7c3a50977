# SPDX-License-Identifier: GPL-2.0-or-later
"""A driver for virtio devices over qtest (OASIS Virtual I/O Device 1.2): the PCI transport and
split virtqueues."""

import struct

import pci

WINDOW, MSIX = 0xe4000000, 0xe4010000
ISR, DEVICE, NOTIFY = 0x1000, 0x2000, 0x3000
DEVICE_FEATURE_SELECT, DEVICE_FEATURE, DRIVER_FEATURE_SELECT, DRIVER_FEATURE = 0, 4, 8, 12
CONFIG_VECTOR, NUM_QUEUES, STATUS, GENERATION, QUEUE_SELECT = 0x10, 0x12, 0x14, 0x15, 0x16
QUEUE_SIZE, QUEUE_VECTOR, QUEUE_ENABLE, QUEUE_NOTIFY = 0x18, 0x1a, 0x1c, 0x1e
QUEUE_DESC, QUEUE_DRIVER, QUEUE_DEVICE = 0x20, 0x28, 0x30
ACKNOWLEDGE, DRIVER, DRIVER_OK, FEATURES_OK, NEEDS_RESET = 1, 2, 4, 8, 0x40
INDIRECT, EVENT_IDX, VERSION_1 = 1 << 28, 1 << 29, 1 << 32
NEXT, WRITE, IS_INDIRECT = 1, 2, 4


class Queue:
    """A queue of the device; its parts lie at `base`."""

    def __init__(self, device, n, base, size=8):
        self.device, self.q, self.n, self.size = device, device.q, n, size
        self.desc, self.avail, self.used = base, base + 0x400, base + 0x800
        self.index = self.seen = 0
        self.q.memset(base, 0x1000, 0)
        device.writew(QUEUE_SELECT, n)
        device.writew(QUEUE_SIZE, size)
        for register, address in ((QUEUE_DESC, self.desc), (QUEUE_DRIVER, self.avail),
                                  (QUEUE_DEVICE, self.used)):
            device.writel(register, address)
            device.writel(register + 4, 0)
        device.writew(QUEUE_ENABLE, 1)

    def put(self, n, address, length, flags=0, following=0, table=None):
        """Writes descriptor n."""
        self.q.write((self.desc if table is None else table) + 16 * n,
                     struct.pack('<QIHH', address, length, flags, following))

    def offer(self, head, notify=True):
        self.q.writew(self.avail + 4 + 2 * (self.index % self.size), head)
        self.index += 1
        self.q.writew(self.avail + 2, self.index & 0xffff)
        if notify:
            self.notify()

    def notify(self):
        self.device.notify(self.n)

    def take(self):
        """(head, bytes written) of the next used chain, or None."""
        if self.q.readw(self.used + 2) == self.seen & 0xffff:
            return None
        entry = self.used + 4 + 8 * (self.seen % self.size)
        self.seen += 1
        return self.q.readl(entry), self.q.readl(entry + 4)


class Virtio:
    def __init__(self, q, kind, window=WINDOW, features=VERSION_1, bar=4, offset=0):
        """The registers are at `offset` in that BAR, of 64 bits."""
        self.q, self.window = q, window + offset
        self.pci = pci.find(q, 0x1af4, 0x1040 + kind)
        self.pci.set_bar(bar, window)
        self.pci.writel(0x14 + 4 * bar, 0)
        self.pci.enable()
        self.features = features

    def readb(self, at):
        return self.q.readb(self.window + at)

    def readw(self, at):
        return self.q.readw(self.window + at)

    def readl(self, at):
        return self.q.readl(self.window + at)

    def writeb(self, at, value):
        self.q.writeb(self.window + at, value)

    def writew(self, at, value):
        self.q.writew(self.window + at, value)

    def writel(self, at, value):
        self.q.writel(self.window + at, value)

    def notify(self, n):
        self.writew(NOTIFY + 4 * n, n)

    def offered(self):
        total = 0
        for half in (0, 1):
            self.writel(DEVICE_FEATURE_SELECT, half)
            total |= self.readl(DEVICE_FEATURE) << 32 * half
        return total

    def negotiate(self, features):
        """Resets the device and offers features; TRUE if it takes them."""
        self.writeb(STATUS, 0)
        self.writeb(STATUS, ACKNOWLEDGE | DRIVER)
        for half in (0, 1):
            self.writel(DRIVER_FEATURE_SELECT, half)
            self.writel(DRIVER_FEATURE, features >> 32 * half & 0xffffffff)
        self.writeb(STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK)
        return self.readb(STATUS) & FEATURES_OK != 0

    def start(self, bases, features=VERSION_1, size=8):
        """Makes it ready, with queues at these places."""
        assert self.negotiate(features)
        queues = [Queue(self, n, base, size) for n, base in enumerate(bases)]
        self.writeb(STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK)
        return queues

    def capabilities(self):
        """Every virtio capability: its type and its bytes."""
        found, at = {}, self.pci.readb(0x34)
        while at:
            if self.pci.readb(at) == 9:
                found[self.pci.readb(at + 3)] = at
            at = self.pci.readb(at + 1)
        return found

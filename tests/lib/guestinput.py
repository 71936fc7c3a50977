# SPDX-License-Identifier: GPL-2.0-or-later
"""What a machine under qtest gets from its PS/2 keyboard and mouse, whoever typed and moved."""

from screen import wait

SCAN_Q = 0x10


class GuestInput:
    def __init__(self, machine):
        self.q = machine.qtest
        for command, data in ((0xae, None), (0xa8, None), (0x60, 0x43)):  # both on, with IRQs
            self.q.outb(0x64, command)
            if data is not None:
                self.q.outb(0x60, data)
        self.q.outb(0x60, 0xf4)
        self.q.outb(0x64, 0xd4)
        self.q.outb(0x60, 0xf4)
        self.read()

    def read(self):
        """What has come since: bytes of the keyboard, bytes of the mouse."""
        got = [], []
        self.q.clock_step(50_000_000)
        while True:
            status = self.q.inb(0x64)
            if not status & 1:
                return got
            got[status >> 5 & 1].append(self.q.inb(0x60))
            self.q.clock_step(2_000_000)

    def expect(self, codes):
        """Waits until these scan codes have come from the keyboard, and no others."""
        got = []
        wait(lambda: got.extend(self.read()[0]) or len(got) >= len(codes),
             'scan codes %r' % codes, 20)
        if got != codes:
            raise AssertionError('scan codes %r, not %r' % (got, codes))

    def expect_key(self, press, what):
        """Presses until the key Q has come, and nothing of it is held."""
        seen = []

        def came():
            press()
            seen.extend(self.read()[0])
            return SCAN_Q in seen
        wait(came, 'a key typed in ' + what, 30)
        wait(lambda: seen.extend(self.read()[0]) or SCAN_Q | 0x80 in seen,
             'its release in ' + what, 20)

    def expect_motion(self, move, what):
        def came():
            move()
            return len(self.read()[1]) >= 3  # a packet
        wait(came, 'the pointer moved in ' + what, 30)

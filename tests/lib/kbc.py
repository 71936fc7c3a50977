# SPDX-License-Identifier: GPL-2.0-or-later
"""A test case that talks to the keyboard controller and what is plugged into it."""

from hwtest import HwTest

MS = 1000000


class KbcTest(HwTest):
    monitor = True

    def step(self, ms):
        self.q.clock_step(int(ms * MS))

    def status(self):
        return self.q.inb(0x64)

    def command(self, command, *data):
        """Writes a command to port 64h and its data to port 60h."""
        self.q.outb(0x64, command)
        for byte in data:
            self.q.outb(0x60, byte)

    def ask(self, command):
        """A command to the controller, and its reply, which comes at once."""
        self.command(command)
        self.assertTrue(self.status() & 1, 'no reply to %02xh' % command)
        return self.q.inb(0x60)

    def receive(self, limit=64, aux=None):
        """All bytes that come without a pause of more than two byte times."""
        got = []
        while len(got) < limit:
            for _ in range(3):
                if self.status() & 1:
                    break
                self.step(0.7)
            else:
                return got
            if aux is not None:
                self.assertEqual(bool(self.status() & 0x20), aux)
            got.append(self.q.inb(0x60))
        return got

    def type(self, keys, hold=100):
        """What a key or chord sends, with its release; it must not be held long enough to
        repeat."""
        self.machine.hmp.command('sendkey %s %d' % (keys, hold))
        got = self.receive()
        self.step(hold)
        got += self.receive()
        self.step(30)
        return got

    def keyboard(self, *data):
        """Sends bytes to the keyboard; returns all replies."""
        got = []
        for byte in data:
            self.q.outb(0x60, byte)
            got += self.receive(aux=False)
        return got

    def mouse(self, *data):
        """Sends bytes to the mouse; returns all replies."""
        got = []
        for byte in data:
            self.command(0xd4, byte)
            got += self.receive(aux=True)
        return got

    def mouse_enable(self):
        self.command(0xa8)
        self.assertEqual(self.mouse(0xf4), [0xfa])

# SPDX-License-Identifier: GPL-2.0-or-later
"""The PS/2 mouse: protocols, modes, commands, a full buffer."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import tap
from kbc import KbcTest

ACK, RESEND, ERROR = 0xfa, 0xfe, 0xfc
WHEEL, EXPLORER = (200, 100, 80), (200, 200, 80)


class MouseTest(KbcTest):
    size = 3

    def knock(self, rates):
        for rate in rates:
            self.assertEqual(self.mouse(0xf3, rate), [ACK, ACK])
        return self.mouse(0xf2)[1]

    def move(self, dx, dy, dz=0):
        self.machine.hmp.command('mouse_move %d %d %d' % (dx, dy, dz))

    def buttons(self, state):
        self.machine.hmp.command('mouse_button %d' % state)

    def packets(self):
        """All packets that come within 30 ms, decoded: (buttons, dx, dy) and the fourth byte."""
        data = []
        for _ in range(4):
            data += self.receive(aux=True)
            self.step(8)
        self.assertEqual(len(data) % self.size, 0, 'half a packet: %r' % data)
        out = []
        for i in range(0, len(data), self.size):
            b = data[i:i + self.size]
            self.assertEqual(b[0] & 0xc8, 0x08, 'first byte of a packet: %r' % data)
            x = b[1] - (256 if b[0] & 0x10 else 0)
            y = b[2] - (256 if b[0] & 0x20 else 0)
            out.append((b[0] & 7, x, y) + tuple(b[3:]))
        return out


class Standard(MouseTest):
    def test_reset(self):
        self.assertEqual(self.mouse(0xff), [ACK, 0xaa, 0])
        self.assertEqual(self.mouse(0xf2), [ACK, 0])
        self.assertEqual(self.mouse(0xe9), [ACK, 0, 2, 100])

    def test_disabled_says_nothing(self):
        self.move(5, 5)
        self.assertEqual(self.packets(), [])

    def test_packets(self):
        self.mouse_enable()
        self.move(5, 3)
        self.assertEqual(self.packets(), [(0, 5, -3)], 'y grows upwards')
        self.move(-5, -3)
        self.assertEqual(self.packets(), [(0, -5, 3)])
        self.buttons(1)
        self.assertEqual(self.packets(), [(1, 0, 0)])
        self.buttons(3)
        self.buttons(0)
        self.assertEqual([p[0] for p in self.packets()][-1], 0)
        self.move(0, 0, 1)
        self.assertEqual(self.packets(), [], 'no wheel yet')

    def test_far(self):
        self.mouse_enable()
        self.move(600, -300)
        packets = self.packets()
        self.assertEqual(sum(p[1] for p in packets), 600)
        self.assertEqual(sum(p[2] for p in packets), 300)

    def test_rate_limits(self):
        """100 reports a second: what comes in between adds up."""
        self.mouse_enable()
        self.move(1, 0)
        self.assertEqual(len(self.receive()), 3)
        for _ in range(5):
            self.move(1, 0)
            self.step(0.5)
        self.assertEqual(self.receive(), [], 'too early')
        self.step(10)
        self.assertEqual(self.packets(), [(0, 5, 0)])

    def test_scaling(self):
        self.mouse_enable()
        self.assertEqual(self.mouse(0xe7), [ACK])
        for size, scaled in ((1, 1), (2, 1), (3, 3), (4, 6), (5, 9), (6, 12), (100, 200)):
            self.move(size, size)
            self.assertEqual(self.packets(), [(0, scaled, -scaled)])
        self.assertEqual(self.mouse(0xe9)[1], 0x30)
        self.move(2, 0)
        self.assertEqual(self.packets(), [(0, 1, 0)])
        self.assertEqual(self.mouse(0xe6), [ACK])
        self.move(2, 0)
        self.assertEqual(self.packets(), [(0, 2, 0)])

    def test_status(self):
        self.mouse_enable()
        self.mouse(0xe8, 3)
        self.mouse(0xf3, 40)
        self.buttons(1)
        self.packets()
        self.assertEqual(self.mouse(0xe9), [ACK, 0x24, 3, 40])
        self.mouse(0xf5)
        self.assertEqual(self.mouse(0xe9)[1], 0x04)
        self.mouse(0xf6)
        self.assertEqual(self.mouse(0xe9)[1:], [0x04, 2, 100])

    def test_remote(self):
        self.mouse_enable()
        self.assertEqual(self.mouse(0xf0), [ACK])
        self.move(7, 0)
        self.assertEqual(self.packets(), [], 'it waits to be asked')
        self.assertEqual(self.mouse(0xeb), [ACK, 0x08, 7, 0])
        self.assertEqual(self.mouse(0xeb), [ACK, 0x08, 0, 0])
        self.assertEqual(self.mouse(0xe9)[1] & 0x40, 0x40)
        self.assertEqual(self.mouse(0xea), [ACK])
        self.move(7, 0)
        self.assertEqual(self.packets(), [(0, 7, 0)])

    def test_wrap(self):
        self.mouse_enable()
        self.assertEqual(self.mouse(0xee), [ACK])
        for byte in (0x00, 0x55, 0xf4, 0xe9, 0xee):
            self.assertEqual(self.mouse(byte), [byte])
        self.move(1, 1)
        self.assertEqual(self.receive(), [])
        self.assertEqual(self.mouse(0xec)[0], ACK)
        self.assertEqual(self.mouse(0xee), [ACK])
        self.assertEqual(self.mouse(0xff), [ACK, 0xaa, 0], 'a reset ends it too')

    def test_bad_bytes(self):
        self.assertEqual(self.mouse(0x12), [RESEND])
        self.assertEqual(self.mouse(0x12), [ERROR])
        self.assertEqual(self.mouse(0xf4), [ACK])
        self.assertEqual(self.mouse(0xe8, 9), [ACK, RESEND])
        self.assertEqual(self.mouse(1), [ACK], 'the argument again')
        self.assertEqual(self.mouse(0xf3, 0), [ACK, RESEND])
        self.assertEqual(self.mouse(0), [ERROR])
        self.assertEqual(self.mouse(0xe9)[2:], [1, 100])

    def test_resend(self):
        self.mouse_enable()
        self.move(9, 0)
        self.assertEqual(self.packets(), [(0, 9, 0)])
        self.assertEqual(self.mouse(0xfe), [0x08, 9, 0])
        self.mouse(0xf2)
        self.assertEqual(self.mouse(0xfe), [0], 'the last byte of a reply')


class Wheel(MouseTest):
    size = 4

    def test_intellimouse(self):
        self.assertEqual(self.knock(WHEEL), 3)
        self.mouse_enable()
        self.move(0, 0, 1)
        self.assertEqual(self.packets(), [(0, 0, 0, 0xff)], 'away from the user is -1')
        self.move(1, 0, -2)
        self.assertEqual(self.packets(), [(0, 1, 0, 2)])
        self.assertEqual(self.mouse(0xff), [ACK, 0xaa, 0])
        self.assertEqual(self.mouse(0xf2), [ACK, 0])

    def test_explorer(self):
        self.assertEqual(self.knock(WHEEL), 3)
        self.assertEqual(self.knock(EXPLORER), 4)
        self.mouse_enable()
        self.move(0, 0, 1)
        self.assertEqual(self.packets(), [(0, 0, 0, 0x0f)])
        self.move(0, 0, 20)
        packets = self.packets()
        self.assertEqual(sum((p[3] & 0x0f) - 16 for p in packets), -20)

    def test_wrong_knocks(self):
        for rates in ((200, 100, 100), (100, 100, 80), (200, 80), (200, 200, 200, 100),
                      (100, 80)):
            self.assertEqual(self.knock(rates), 0, rates)

    def test_remote_packet(self):
        self.knock(WHEEL)
        self.mouse(0xf0)
        self.assertEqual(self.mouse(0xeb), [ACK, 0x08, 0, 0, 0])


class Full(MouseTest):
    def setUp(self):
        super().setUp()
        self.mouse_enable()

    def test_clicks_survive(self):
        """Clicks and movement while nobody reads for a second all arrive, in whole packets."""
        for _ in range(6):
            self.buttons(1)
            self.move(10, 0)
            self.step(20)
            self.buttons(0)
            self.move(0, 10)
            self.step(20)
        packets = []
        while more := self.packets():
            packets += more
        self.assertEqual(sum(p[1] for p in packets), 60)
        self.assertEqual(sum(p[2] for p in packets), -60)
        presses = [b for a, b in zip([(0,)] + packets, packets) if b[0] and not a[0]]
        self.assertEqual(len(presses), 6)
        self.assertEqual(packets[-1][0], 0)

    def test_flood(self):
        """Far more than fits: sizes stay whole, the last button state is the true one."""
        for i in range(60):
            self.buttons(i % 2 + 1)
            self.move(3, 0)
            self.step(11)
        packets = []
        while more := self.packets():
            packets += more
        self.assertEqual(sum(p[1] for p in packets), 180)
        self.assertEqual(packets[-1][0], self.mouse_buttons_of(2))

    @staticmethod
    def mouse_buttons_of(hmp):
        """HMP counts left 1, middle 2, right 4; a packet left 1, right 2, middle 4."""
        return hmp & 1 | (hmp & 2) << 1 | (hmp & 4) >> 1

    def test_command_in_a_packet(self):
        """A command in the middle of a packet: its rest does not follow the reply."""
        self.buttons(1)
        self.assertEqual(self.receive(limit=1), [0x09])
        self.assertEqual(self.mouse(0xf2), [ACK, 0])
        self.step(10)
        self.assertEqual(self.packets(), [(1, 0, 0)], 'the buttons are told anew')

    def test_keyboard_between(self):
        """Bytes of both devices mix, each marked as whose it is."""
        self.step(20)
        self.move(4, 0)
        self.machine.hmp.command('sendkey a')
        got = []
        for _ in range(12):
            self.step(0.7)
            status = self.status()
            if status & 1:
                got.append((bool(status & 0x20), self.q.inb(0x60)))
        self.assertEqual([b for aux, b in got if aux], [0x08, 4, 0])
        self.assertEqual([b for aux, b in got if not aux], [0x1c])


if __name__ == '__main__':
    tap.main()

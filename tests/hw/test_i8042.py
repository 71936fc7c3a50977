# SPDX-License-Identifier: GPL-2.0-or-later
"""The keyboard controller (IBM PS/2 Hardware Interface Technical Reference)."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import tap
from kbc import KbcTest

OBF, SYS, COMMAND, UNLOCKED, AUX, TIMEOUT = 1, 4, 8, 16, 32, 64


class I8042(KbcTest):
    def test_self_tests(self):
        self.assertEqual(self.status() & (OBF | SYS | UNLOCKED), UNLOCKED)
        self.assertEqual(self.ask(0xaa), 0x55)
        self.assertTrue(self.status() & SYS)
        self.assertEqual(self.ask(0xab), 0)
        self.assertEqual(self.ask(0xa9), 0)
        self.assertEqual(self.ask(0xa4), 0xf1)
        self.assertEqual(self.ask(0xc0) & 0x80, 0x80)
        self.assertEqual(self.ask(0xe0), 0)

    def test_command_byte_and_ram(self):
        self.assertEqual(self.ask(0x20), 0x03)
        self.command(0x60, 0x45)
        self.assertEqual(self.ask(0x20), 0x45)
        self.assertTrue(self.status() & SYS)
        self.command(0x60, 0x41)
        self.assertFalse(self.status() & SYS)
        self.command(0x7f, 0xa5)
        self.command(0x61, 0x5a)
        self.assertEqual((self.ask(0x3f), self.ask(0x21), self.ask(0x20)), (0xa5, 0x5a, 0x41))

    def test_interfaces(self):
        self.command(0xad)
        self.assertEqual(self.ask(0x20) & 0x30, 0x10)
        self.command(0xa7)
        self.assertEqual(self.ask(0x20) & 0x30, 0x30)
        self.command(0xae)
        self.command(0xa8)
        self.assertEqual(self.ask(0x20) & 0x30, 0)
        # A disabled keyboard keeps what is typed; sending to it opens its interface.
        self.command(0xad)
        self.machine.hmp.command('sendkey a')
        self.assertEqual(self.receive(), [])
        self.command(0xae)
        self.assertEqual(self.receive(), [0x1c])
        self.command(0xad)
        self.q.outb(0x60, 0xee)
        self.assertEqual(self.ask(0x20) & 0x10, 0)

    def test_status_follows_writes(self):
        self.q.outb(0x64, 0xae)
        self.assertTrue(self.status() & COMMAND)
        self.q.outb(0x60, 0xee)
        self.assertFalse(self.status() & COMMAND)
        self.assertEqual(self.receive(), [0xee])

    def test_poll_input_port(self):
        port = self.ask(0xc0)
        self.command(0xc2)
        self.assertEqual(self.status() & 0xf0, port & 0xf0)
        self.command(0xc1)
        self.assertEqual(self.status() & 0xf0, port << 4 & 0xf0)
        self.command(0xae)
        self.assertEqual(self.status() & 0xf0, UNLOCKED)

    def test_a20(self):
        self.q.irq_intercept_out('i8042')
        self.assertEqual(self.ask(0xd0) & 3, 3)
        self.command(0xd1, 0xdd)
        self.assertEqual(self.ask(0xd0) & 3, 1)
        self.assertEqual(self.q.irq(2), 0)
        self.command(0xdf)
        self.assertEqual(self.ask(0xd0) & 2, 2)
        self.assertEqual(self.q.irq(2), 1)
        self.command(0xdd)
        self.assertEqual(self.ask(0xd0) & 2, 0)
        self.command(0xd1, 0xdf)
        self.assertEqual(self.q.irq(2), 1)

    def test_reset_pulse(self):
        for bytes_ in ((0xfe,), (0xf0,), (0xd1, 0xde)):
            with self.subTest(bytes=bytes_):
                self.command(0x61, 0x77)
                self.command(*bytes_)
                self.q.sync()
                self.assertEqual(self.ask(0x21), 0, 'the machine was reset')
        self.command(0x61, 0x77)
        self.command(0xff)
        self.command(0xfd)
        self.q.sync()
        self.assertEqual(self.ask(0x21), 0x77, 'no line 0 in the pulse')

    def test_interrupts(self):
        self.q.irq_intercept_out('i8042')
        self.command(0x60, 0x03)
        self.machine.hmp.command('sendkey a')
        self.assertEqual(self.q.irq(0), 0)
        self.step(1)
        self.assertEqual((self.q.irq(0), self.q.irq(1)), (1, 0))
        self.assertEqual(self.q.inb(0x60), 0x1c)
        self.assertEqual(self.q.irq(0), 0)
        # Reading again gives the same byte.
        self.assertEqual(self.q.inb(0x60), 0x1c)
        self.mouse_enable()
        self.q.irq_events.clear()
        self.machine.hmp.command('mouse_move 1 1')
        packet = self.receive()
        self.assertEqual(len(packet), 3)
        self.assertEqual([e for e in self.q.irq_events if e[0] == 1],
                         [(1, 1), (1, 0)] * 3, 'an edge for each byte')
        self.command(0x60, 0x00)
        self.q.irq_events.clear()
        self.step(10)
        self.machine.hmp.command('mouse_move 1 1')
        self.assertEqual(len(self.receive()), 3)
        self.assertEqual(self.q.irq_events, [])

    def test_output_buffer_writes(self):
        self.q.irq_intercept_out('i8042')
        self.command(0xd2, 0x5a)
        self.assertEqual(self.status() & (OBF | AUX), OBF)
        self.assertEqual(self.q.irq(0), 1)
        self.assertEqual(self.ask(0xd0) & 0x30, 0x10)
        self.assertEqual(self.q.inb(0x60), 0x5a, 'the reply came first and nothing was lost')
        self.command(0xd3, 0xa5)
        self.assertEqual(self.status() & (OBF | AUX), OBF | AUX)
        self.assertEqual((self.q.irq(0), self.q.irq(1)), (0, 1))
        self.assertEqual(self.q.inb(0x60), 0xa5)
        self.assertEqual(self.status() & (OBF | AUX), 0)

    def test_reply_keeps_key(self):
        """A reply of the controller goes before a scan code that was in the buffer."""
        self.machine.hmp.command('sendkey a')
        self.step(1)
        self.assertEqual(self.ask(0x20), 0x03)
        self.assertEqual(self.status() & OBF, OBF)
        self.assertEqual(self.q.inb(0x60), 0x1c)

    def test_translation(self):
        self.command(0x60, 0x40)
        for key, codes in (('a', [0x1e, 0x9e]), ('f7', [0x41, 0xc1]), ('esc', [1, 0x81]),
                           ('up', [0xe0, 0x48, 0xe0, 0xc8]), ('kp_5', [0x4c, 0xcc]),
                           ('f11', [0x57, 0xd7]), ('alt_r', [0xe0, 0x38, 0xe0, 0xb8])):
            with self.subTest(key=key):
                self.assertEqual(self.type(key), codes)
        self.q.outb(0x60, 0xf2)
        self.assertEqual(self.receive(), [0xfa, 0xab, 0x41])

    def test_unknown_commands(self):
        before = self.ask(0x20)
        for command in list(range(0x00, 0x20)) + list(range(0x80, 0xa4)) + [0xb0, 0xc3, 0xd5]:
            self.command(command)
            self.assertEqual(self.status() & OBF, 0, hex(command))
        self.assertEqual(self.ask(0x20), before)

    def test_password(self):
        self.command(0xa5)
        for byte in (0x1e, 0x30, 0):
            self.q.outb(0x60, byte)
        self.q.outb(0x60, 0xee)
        self.assertEqual(self.receive(), [0xee], 'after the end of the password')

    def test_wide_accesses(self):
        self.q.outl(0x60, 0xffffffff)
        self.q.outw(0x64, 0xaaaa)
        self.q.inl(0x60)
        self.q.inl(0x64)
        self.assertEqual(self.ask(0xaa), 0x55)


if __name__ == '__main__':
    tap.main()

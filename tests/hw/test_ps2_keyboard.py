# SPDX-License-Identifier: GPL-2.0-or-later
"""The PS/2 keyboard: scan code sets, sequences, typematic, commands, overrun."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import tap
from kbc import KbcTest

ACK, RESEND = 0xfa, 0xfe


def hexes(text):
    return list(bytes.fromhex(text))


class Sets(KbcTest):
    def check(self, cases):
        for keys, text in cases:
            with self.subTest(keys=keys):
                self.assertEqual(self.type(keys), hexes(text))

    def choose(self, n):
        self.assertEqual(self.keyboard(0xf0, n), [ACK, ACK])
        self.assertEqual(self.keyboard(0xf0, 0), [ACK, ACK, n])

    def test_set1(self):
        self.choose(1)
        self.check((('a', '1e 9e'), ('esc', '01 81'), ('f12', '58 d8'), ('less', '56 d6'),
                    ('up', 'e0 48 e0 c8'), ('ctrl_r', 'e0 1d e0 9d'), ('meta_l', 'e0 5b e0 db'),
                    ('kp_enter', 'e0 1c e0 9c'), ('volumeup', 'e0 30 e0 b0'),
                    ('print', 'e0 2a e0 37 e0 b7 e0 aa'),
                    ('shift-print', '2a e0 37 e0 b7 aa'),
                    ('ctrl-print', '1d e0 37 e0 b7 9d'),
                    ('alt-print', '38 54 d4 b8'),
                    ('pause', 'e1 1d 45 e1 9d c5'),
                    ('ctrl-pause', '1d e0 46 e0 c6 9d')))

    def test_set2(self):
        self.choose(2)
        self.check((('a', '1c f0 1c'), ('esc', '76 f0 76'), ('f7', '83 f0 83'),
                    ('up', 'e0 75 e0 f0 75'), ('ctrl_r', 'e0 14 e0 f0 14'),
                    ('delete', 'e0 71 e0 f0 71'), ('kp_enter', 'e0 5a e0 f0 5a'),
                    ('meta_l', 'e0 1f e0 f0 1f'), ('compose', 'e0 2f e0 f0 2f'),
                    ('ro', '51 f0 51'), ('yen', '6a f0 6a'), ('sleep', 'e0 3f e0 f0 3f'),
                    ('print', 'e0 12 e0 7c e0 f0 7c e0 f0 12'),
                    ('shift-print', '12 e0 7c e0 f0 7c f0 12'),
                    ('alt-print', '11 84 f0 84 f0 11'),
                    ('pause', 'e1 14 77 e1 f0 14 f0 77'),
                    ('ctrl-pause', '14 e0 7e e0 f0 7e f0 14'),
                    ('shift-a', '12 1c f0 1c f0 12')))

    def test_translated(self):
        self.command(0x60, 0x40)
        self.check((('pause', 'e1 1d 45 e1 9d c5'),
                    ('print', 'e0 2a e0 37 e0 b7 e0 aa'),
                    ('alt-print', '38 54 d4 b8'),
                    ('ctrl-pause', '1d e0 46 e0 c6 9d')))

    def test_set3(self):
        self.choose(3)
        # By default only the shift keys have break codes.
        self.check((('a', '1c'), ('shift-a', '12 1c f0 12'), ('ctrl', '11 f0 11'), ('esc', '08'),
                    ('up', '63'), ('kp_enter', '79'), ('print', '57'), ('pause', '62'),
                    ('meta_l', '8b'), ('volumeup', '')))
        self.assertEqual(self.keyboard(0xf8), [ACK])
        self.check((('a', '1c f0 1c'), ('pause', '62 f0 62')))
        self.assertEqual(self.keyboard(0xf9), [ACK])
        self.check((('a', '1c'), ('ctrl', '11')))
        # Single keys: F, then G by the same command, up to the next command.
        self.assertEqual(self.keyboard(0xfc, 0x2b, 0x34, 0xf4), [ACK] * 4)
        self.check((('f', '2b f0 2b'), ('g', '34 f0 34'), ('h', '33')))
        self.assertEqual(self.keyboard(0xfd, 0x2b, 0xf4), [ACK] * 3)
        self.check((('f', '2b'),))
        self.assertEqual(self.keyboard(0xfb, 0xe0), [ACK, RESEND])
        self.assertEqual(self.keyboard(0xf6), [ACK])
        self.assertEqual(self.keyboard(0xf0, 0), [ACK, ACK, 2])

    def test_bad_set(self):
        self.assertEqual(self.keyboard(0xf0, 4), [ACK, RESEND])
        self.assertEqual(self.keyboard(0xf0, 0), [ACK, ACK, 2])


class Commands(KbcTest):
    def test_simple(self):
        for sent, replies in (((0xee,), [0xee]), ((0xf2,), [ACK, 0xab, 0x83]),
                              ((0xf4,), [ACK]), ((0xf5,), [ACK]), ((0xf6,), [ACK]),
                              ((0xf7,), [ACK]), ((0xfa,), [ACK]), ((0xff,), [ACK, 0xaa]),
                              ((0xed, 7), [ACK, ACK]), ((0xf3, 0x20), [ACK, ACK])):
            with self.subTest(sent=sent):
                self.assertEqual(self.keyboard(*sent), replies)

    def test_unknown(self):
        for byte in (0x00, 0x1c, 0xe0, 0xec, 0xef, 0xf1):
            self.assertEqual(self.keyboard(byte), [RESEND], hex(byte))

    def test_command_ends_argument(self):
        self.assertEqual(self.keyboard(0xed, 0xf2), [ACK, ACK, 0xab, 0x83])
        self.assertEqual(self.keyboard(0xf3, 0xee), [ACK, 0xee])
        self.assertEqual(self.keyboard(0x05), [RESEND], 'nothing waits any more')

    def test_resend(self):
        self.machine.hmp.command('sendkey a')
        self.assertEqual(self.receive(), [0x1c])
        self.assertEqual(self.keyboard(0xfe, 0xfe), [0x1c, 0x1c])

    def test_reply_replaced_by_next_command(self):
        self.q.outb(0x60, 0xf2)
        self.q.outb(0x60, 0xee)
        self.assertEqual(self.receive(), [0xee])

    def test_disable(self):
        self.keyboard(0xf5)
        self.assertEqual(self.type('a'), [])
        self.keyboard(0xf4)
        self.assertEqual(self.type('a'), [0x1c, 0xf0, 0x1c])
        self.keyboard(0xf5)
        self.keyboard(0xff)
        self.assertEqual(self.type('b'), [0x32, 0xf0, 0x32])


class Typematic(KbcTest):
    def times(self, total, hold=None):
        """When the bytes of a held key come, in ms."""
        self.machine.hmp.command('sendkey a %d' % (hold or 10000))
        start, got = self.q.clock(), []
        while (now := (self.q.clock() - start) / 1e6) < total:
            if self.status() & 1:
                got.append((round(now), self.q.inb(0x60)))
            self.step(1)
        return got

    def test_default_rate(self):
        got = self.times(800)
        self.assertEqual({b for _, b in got}, {0x1c})
        self.assertLessEqual(got[0][0], 1)
        self.assertIn(got[1][0], range(500, 503))
        gaps = [b[0] - a[0] for a, b in zip(got[1:], got[2:])]
        self.assertTrue(gaps and all(90 <= g <= 93 for g in gaps), got)

    def test_fast_rate(self):
        self.keyboard(0xf3, 0x00)  # 250 ms, 30 a second
        got = self.times(400)
        self.assertIn(got[1][0], range(250, 253))
        self.assertIn(got[2][0] - got[1][0], (33, 34))

    def test_slow_rate(self):
        self.keyboard(0xf3, 0x7f)  # 1 s, 2 a second
        got = self.times(2100)
        self.assertEqual(len(got), 4)
        self.assertIn(got[1][0], range(1000, 1003))
        self.assertIn(got[2][0] - got[1][0], (500, 501))

    def test_release_ends_it(self):
        got = self.times(1500, hold=550)
        self.assertEqual([b for _, b in got], [0x1c, 0x1c, 0xf0, 0x1c])

    def test_newest_key_repeats(self):
        self.machine.hmp.command('sendkey shift-a 2000')
        self.receive()
        self.step(600)
        self.assertEqual(self.receive(limit=1), [0x1c])

    def test_pause_does_not_repeat(self):
        self.machine.hmp.command('sendkey pause 10000')
        self.assertEqual(len(self.receive()), 8)
        self.step(2000)
        self.assertEqual(self.receive(), [])

    def test_no_backlog(self):
        """A guest that does not read for a while finds few repeats."""
        self.machine.hmp.command('sendkey a 10000')
        self.step(9000)
        self.assertLessEqual(len(self.receive(limit=10)), 3)


class Leds(KbcTest):
    def test_leds_do_not_disturb(self):
        self.machine.hmp.command('sendkey a 10000')
        self.receive()
        for leds in range(8):
            self.assertEqual(self.keyboard(0xed, leds), [ACK, ACK])
        self.assertEqual(self.keyboard(0xed, 0xff), [ACK, ACK, 0xaa], 'FFh is the reset command')


class Overrun(KbcTest):
    def test_overrun(self):
        """16 bytes of buffer: whole sequences only, then the overrun code; no key sticks."""
        self.keyboard(0xf0, 1)
        keys = 'a-b-c-d-e-up-down-left-right-f-g-h-i-j-k'
        self.machine.hmp.command('sendkey %s 50' % keys)
        self.step(100)  # pressed and released while nobody reads
        got = self.receive()
        # The first byte had left for the controller, which makes room for one more.
        self.assertIn(0xff, got)
        held, prefix = set(), 0
        for byte in got:
            if byte == 0xff:
                self.assertEqual(prefix, 0, 'half a sequence before the overrun code')
            elif byte == 0xe0:
                prefix = 0x100
            else:
                code = prefix | byte & 0x7f
                if byte & 0x80:
                    self.assertIn(code, held)
                    held.discard(code)
                else:
                    held.add(code)
                prefix = 0
        self.assertEqual(held, set())
        self.assertGreater(got.index(0xff), 13)
        self.assertEqual(self.type('z'), [0x2c, 0xac])

    def test_overrun_code_of_set_2(self):
        self.machine.hmp.command('sendkey 1-2-3-4-5-6-7-8-9-0-q-w-e-r-t-y 50')
        self.machine.hmp.command('sendkey spc 50')
        self.step(30)
        self.assertEqual(self.q.inb(0x60), 0x16)
        self.assertEqual(len(self.receive(limit=3)), 3)
        rest = self.receive()
        self.assertEqual(len(rest), 12)
        self.machine.hmp.command('sendkey %s' % '-'.join('asdfghjklzxcvbnm'))
        self.step(60)
        self.assertIn(0x00, self.receive())


if __name__ == '__main__':
    tap.main()

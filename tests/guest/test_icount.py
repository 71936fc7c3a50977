# SPDX-License-Identifier: GPL-2.0-or-later
"""Counted time (-icount): what a guest sees of it is the same in every run, and right."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import tap
from machine import Machine, run
from test_asm import image, lines_of

TSC_PER_TICK = 1193 / 1193182 * 2e9


def numbers_of(guest, *args):
    """What the guest printed."""
    m = Machine(*args, accel='tcg', monitor=False)
    log = m.path('log')
    m.args += ['-m', '16', '-bios', m.file('guest.bin', image(guest)), '-debugcon',
               'file:' + log, '-device', 'isa-debug-exit,iobase=0xf4,iosize=4']
    with m:
        m.wait()
        return [int(line, 16) for line in lines_of(log) if len(line) == 8]


def times(*args):
    """What the guest icount printed: per timer interrupt (rounds waited, time stamp, count left),
    and the time stamp after a halt."""
    numbers = numbers_of('icount', *args)
    return list(zip(*[iter(numbers[:60])] * 3)), numbers[60]


class Icount(unittest.TestCase):
    def test_repeats(self):
        first = times('-icount', 'shift=3')
        self.assertEqual(len(first[0]), 20)
        self.assertEqual(first, times('-icount', '3,sleep=off'))

    def test_is_right(self):
        rounds, last = times('-icount', 'shift=5')
        for before, after in zip(rounds, rounds[1:]):
            self.assertAlmostEqual(after[1] - before[1], TSC_PER_TICK, delta=TSC_PER_TICK / 50)
            # 3 instructions a round of 32 ns each, in about 1 ms
            self.assertAlmostEqual(after[0], 1e6 / (3 * 32), delta=400)
        self.assertAlmostEqual(last - rounds[-1][1], TSC_PER_TICK, delta=TSC_PER_TICK / 50)

    def test_time_stamps_begin_at_a_reset(self):
        numbers = numbers_of('reset', '-icount', 'shift=3')
        first, second = (numbers[i] + (numbers[i + 1] << 32) for i in (0, 2))
        # Copying the image; 4 million instructions of 8 ns come before the reset.
        self.assertLess(max(first, second), 4e6)
        self.assertLess(abs(first - second), 1e5)

    def test_follows_the_host_without(self):
        self.assertNotEqual(times(), times())

    def test_bad_arguments(self):
        for args, words in ((['-icount', 'shift=11'], 'from 0 to 10'),
                            (['-icount', 'auto'], 'from 0 to 10'),
                            (['-icount', '3,sleep=on'], "can only be 'off'"),
                            (['-icount', '3,align=on'], 'align'),
                            (['-icount', '3', '-accel', 'qtest', '-machine', 'none'],
                             'cannot count instructions'),
                            (['-icount', '3', '-accel', 'tcg', '-smp', '2'], 'leave -smp out')):
            status, _, stderr = run(*args, '-display', 'none')
            self.assertEqual(status, 1, args)
            self.assertIn(words, stderr)


if __name__ == '__main__':
    tap.main()

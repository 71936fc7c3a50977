# SPDX-License-Identifier: GPL-2.0-or-later
"""The 8254 timer (Intel datasheet 231164) and port 61h.

Counts are checked on counter 2, whose gate is in our hands, at ticks of 1.193182 MHz after the
count was written; a count is loaded with the first tick.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import tap
from hwtest import HwTest

HZ = 1193182
LSB, MSB, WORD = 1, 2, 3


class Pit(HwTest):
    args = ('-machine', 'pc')

    def setUp(self):
        super().setUp()
        self.start_tick = 0

    def to_tick(self, tick):
        """Steps to the middle of an absolute tick."""
        ns = (tick * 10**9 + HZ - 1) // HZ + 100
        self.q.clock_set(ns)

    def after(self, ticks):
        """Goes to `ticks` after the loading of the last count."""
        self.to_tick(self.start_tick + 1 + ticks)

    def program(self, mode, count, counter=2, rw=WORD, bcd=0):
        self.q.outb(0x43, counter << 6 | rw << 4 | mode << 1 | bcd)
        self.load(count, counter, rw)

    def load(self, count, counter=2, rw=WORD):
        if rw & LSB:
            self.q.outb(0x40 + counter, count & 0xff)
        if rw & MSB:
            self.q.outb(0x40 + counter, count >> 8)
        self.mark()

    def mark(self):
        self.start_tick = self.q.clock() * HZ // 10**9

    def gate(self, level):
        self.q.outb(0x61, level)
        self.mark()

    def count(self, counter=2):
        self.q.outb(0x43, counter << 6)
        return self.q.inb(0x40 + counter) | self.q.inb(0x40 + counter) << 8

    def status(self, counter=2):
        self.q.outb(0x43, 0xe0 | 2 << counter)
        return self.q.inb(0x40 + counter)

    @property
    def out(self):
        return self.q.inb(0x61) >> 5 & 1

    def outs(self, ticks):
        """OUT at each of the ticks after loading."""
        levels = []
        for t in ticks:
            self.after(t)
            levels.append(self.out)
        return levels

    # ---- modes ----

    def test_mode0(self):
        self.gate(1)
        self.program(0, 5)
        self.assertEqual(self.outs(range(8)), [0, 0, 0, 0, 0, 1, 1, 1])
        self.after(9)
        self.assertEqual(self.count(), 0xfffc, 'goes on through zero')

    def test_mode0_gate(self):
        self.gate(1)
        self.program(0, 100)
        self.after(40)
        self.q.outb(0x61, 0)
        self.after(90)
        self.assertEqual(self.count(), 60)
        self.assertEqual(self.out, 0)
        self.q.outb(0x61, 1)
        self.after(90 + 59)
        self.assertEqual(self.out, 0)
        self.after(90 + 60)
        self.assertEqual(self.out, 1)

    def test_mode0_first_byte_stops(self):
        self.gate(1)
        self.program(0, 20)
        self.after(30)
        self.assertEqual(self.out, 1)
        self.q.outb(0x42, 10)
        self.assertEqual(self.out, 0)
        self.after(60)
        self.assertEqual(self.out, 0)
        self.q.outb(0x42, 0)
        self.mark()
        self.assertEqual(self.outs((9, 10)), [0, 1])

    def test_mode1(self):
        self.gate(0)
        self.program(1, 4)
        self.assertEqual(self.outs((0, 10, 20)), [1, 1, 1])
        self.gate(1)
        self.assertEqual(self.outs(range(6)), [0, 0, 0, 0, 1, 1])
        self.gate(0)
        self.gate(1)
        self.after(2)
        self.load(10)       # does not disturb the pulse
        self.start_tick -= 2
        self.assertEqual(self.out, 0)
        self.gate(0)
        self.gate(1)        # retriggered, with the new count
        self.assertEqual(self.outs((0, 4, 9, 10)), [0, 0, 0, 1])

    def test_mode2(self):
        self.gate(1)
        self.program(2, 4)
        self.assertEqual(self.outs(range(9)), [1, 1, 1, 0, 1, 1, 1, 0, 1])
        self.after(13)
        self.assertEqual(self.count(), 3)
        self.assertEqual(self.q.inb(0x42) | self.q.inb(0x42) << 8, 3, 'and without a latch')

    def test_mode2_gate(self):
        self.gate(1)
        self.program(2, 10)
        self.after(9)
        self.assertEqual(self.out, 0)
        self.q.outb(0x61, 0)
        self.assertEqual(self.out, 1, 'a low gate raises OUT at once')
        self.after(30)
        self.assertEqual(self.count(), 1)
        self.gate(1)
        self.after(0)
        self.assertEqual(self.count(), 10, 'and its rise starts a period')
        self.assertEqual(self.outs((8, 9, 10)), [1, 0, 1])

    def test_mode2_new_count(self):
        self.gate(1)
        self.program(2, 100)
        start = self.start_tick
        self.after(30)
        self.load(50)
        self.start_tick = start
        self.assertEqual(self.status() & 0x40, 0x40, 'waits for the end of the period')
        self.after(60)
        self.assertEqual(self.count(), 40)
        self.after(100)
        self.assertEqual(self.count(), 50)
        self.assertEqual(self.outs((99 + 50, 100 + 50)), [0, 1])

    def test_mode3_even(self):
        self.gate(1)
        self.program(3, 6)
        self.assertEqual(self.outs(range(12)), [1, 1, 1, 0, 0, 0] * 2)
        self.after(13)
        self.assertEqual(self.count(), 4)
        self.after(16)
        self.assertEqual(self.count(), 4)

    def test_mode3_odd(self):
        self.gate(1)
        self.program(7, 5)      # M2 is ignored
        self.assertEqual(self.outs(range(10)), [1, 1, 1, 0, 0] * 2)

    def test_mode3_new_count(self):
        """A new count takes over with the next half period."""
        self.gate(1)
        self.program(3, 100)
        start = self.start_tick
        self.after(10)
        self.load(20)
        self.start_tick = start
        self.assertEqual(self.outs((49, 50, 59, 60, 69, 70)), [1, 0, 0, 1, 1, 0])

    def test_mode4(self):
        self.gate(1)
        self.program(4, 3)
        self.assertEqual(self.outs(range(6)), [1, 1, 1, 0, 1, 1])
        self.after(100)
        self.assertEqual(self.out, 1)
        self.load(5)
        self.assertEqual(self.outs((4, 5, 6)), [1, 0, 1])

    def test_mode5(self):
        self.gate(0)
        self.program(5, 3)
        self.assertEqual(self.outs((0, 3, 4)), [1, 1, 1])
        self.gate(1)
        self.assertEqual(self.outs(range(6)), [1, 1, 1, 0, 1, 1])

    # ---- access ----

    def test_bcd(self):
        self.gate(1)
        self.program(0, 0x1000, bcd=1)
        self.after(1)
        self.assertEqual(self.count(), 0x0999)
        self.after(1001)
        self.assertEqual(self.count(), 0x9999)
        self.program(2, 0, bcd=1)
        self.after(1)
        self.assertEqual(self.count(), 0x9999)
        self.after(9999)
        self.assertEqual(self.out, 0)
        self.program(0, 0xffff, bcd=1)
        self.after(1)
        self.count()

    def test_zero_is_65536(self):
        self.gate(1)
        self.program(2, 0)
        self.after(1)
        self.assertEqual(self.count(), 0xffff)
        self.after(65535)
        self.assertEqual(self.out, 0)
        self.after(65536)
        self.assertEqual(self.out, 1)
        self.assertEqual(self.count(), 0)

    def test_byte_access(self):
        self.gate(1)
        self.program(2, 0x50, rw=LSB)
        self.after(1)
        self.assertEqual(self.q.inb(0x42), 0x4f)
        self.assertEqual(self.q.inb(0x42), 0x4f, 'one byte only')
        self.program(2, 0x5000, rw=MSB)
        self.after(1)
        self.assertEqual(self.q.inb(0x42), 0x4f)

    def test_latch(self):
        self.gate(1)
        self.program(2, 1000)
        self.after(100)
        self.q.outb(0x43, 0x80)
        self.after(200)
        self.q.outb(0x43, 0x80)     # a second latch is ignored
        self.assertEqual(self.q.inb(0x42) | self.q.inb(0x42) << 8, 900)
        self.assertEqual(self.q.inb(0x42) | self.q.inb(0x42) << 8, 800)

    def test_read_back(self):
        self.gate(1)
        self.program(3, 1000)
        self.assertEqual(self.status(), 0xc0 | 0x36, 'null count until the first tick')
        self.after(0)
        self.assertEqual(self.status(), 0x80 | 0x36)
        self.after(500)
        self.assertEqual(self.status(), 0x36)
        self.q.outb(0x43, 0xc8)     # count and status of counter 2
        self.after(600)
        self.assertEqual([self.q.inb(0x42) for _ in range(3)], [0x36, 1000 & 0xff, 1000 >> 8])
        self.program(2, 10, counter=0, rw=LSB)
        self.q.outb(0x43, 0xce | 0x20)   # status of all three
        self.assertEqual(self.q.inb(0x40) & 0x3f, 0x14)
        self.assertEqual(self.q.inb(0x41) & 0x3f, 0x36)
        self.assertEqual(self.q.inb(0x42) & 0x3f, 0x36)

    def test_control_port_cannot_be_read(self):
        self.assertEqual(self.q.inb(0x43), 0xff)

    # ---- interrupt ----

    def test_irq0_rate(self):
        self.q.irq_intercept_in('isa-i8259')
        for mode in (2, 3):
            self.program(mode, 11932, counter=0)     # 100 Hz
            self.q.sync()
            del self.q.irq_events[:]
            self.q.clock_step(10**9)
            self.q.sync()
            raised = [e for e in self.q.irq_events if e == (0, 1)]
            self.assertIn(len(raised), (99, 100), mode)

    def test_irq0_once(self):
        self.q.irq_intercept_in('isa-i8259')
        self.program(0, 1000, counter=0)
        self.assertEqual(self.q.irq(0), 0)
        self.after(999)
        self.assertEqual(self.q.irq(0), 0)
        self.after(1000)
        self.assertEqual(self.q.irq(0), 1)
        self.program(0, 1000, counter=0)
        self.assertEqual(self.q.irq(0), 0)
        now = self.q.clock()
        self.assertGreater(self.q.clock_step_next(), now)
        now = self.q.clock()
        self.assertEqual(self.q.clock_step_next(), now, 'no timer is left')

    def test_irq0_mode4(self):
        self.q.irq_intercept_in('isa-i8259')
        self.program(4, 100, counter=0)
        self.q.sync()
        del self.q.irq_events[:]
        self.q.clock_step(10**9)
        self.assertEqual(self.q.irq_events, [(0, 0), (0, 1)])

    def test_no_timer_without_need(self):
        self.program(3, 18, counter=1)
        self.gate(1)
        self.program(3, 100)
        self.assertEqual(self.q.clock_step_next(), self.q.clock())

    # ---- port 61h ----

    def test_port61(self):
        self.assertEqual(self.q.inb(0x61) & 0xcf, 0)
        self.q.outb(0x61, 0xff)
        self.assertEqual(self.q.inb(0x61) & 0xcf, 0x0f)
        self.q.outb(0x61, 0)

    def test_refresh(self):
        """Bit 4 toggles every 15.085 us."""
        toggles, last = 0, self.q.inb(0x61) & 0x10
        for _ in range(200):
            self.q.clock_step(5000)
            now = self.q.inb(0x61) & 0x10
            toggles += now != last
            last = now
        self.assertIn(toggles, range(65, 68))


if __name__ == '__main__':
    tap.main()

# SPDX-License-Identifier: GPL-2.0-or-later
"""The MC146818 real-time clock and CMOS memory (Motorola datasheet)."""

import datetime
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import tap
from hwtest import HwTest

SEC = 10**9
A, B, C, D = 10, 11, 12, 13
PF, AF, UF, IRQF = 0x40, 0x20, 0x10, 0x80
SET, PIE, AIE, UIE, BINARY, H24, DSE = 0x80, 0x40, 0x20, 0x10, 0x04, 0x02, 0x01


def args(base, clock='vm'):
    return ('-machine', 'pc', '-rtc', 'base=%s,clock=%s' % (base, clock))


class RtcTest(HwTest):
    def read(self, reg):
        self.q.outb(0x70, reg)
        return self.q.inb(0x71)

    def write(self, reg, value):
        self.q.outb(0x70, reg)
        self.q.outb(0x71, value)

    def time(self):
        return tuple(self.read(r) for r in (4, 2, 0))

    def date(self):
        return tuple(self.read(r) for r in (0x32, 9, 8, 7))

    def set_time(self, h, m, s):
        self.write(4, h)
        self.write(2, m)
        self.write(0, s)

    def set_alarm(self, h, m, s):
        self.write(5, h)
        self.write(3, m)
        self.write(1, s)

    def watch(self):
        self.q.irq_intercept_in('isa-i8259')

    @property
    def irq(self):
        return self.q.irq(8)


class Time(RtcTest):
    args = args('2026-12-31T23:59:58')

    def test_rolls_over(self):
        self.assertEqual(self.time(), (0x23, 0x59, 0x58))
        self.assertEqual(self.date(), (0x20, 0x26, 0x12, 0x31))
        self.assertEqual(self.read(6), 5, 'Thursday')
        self.q.clock_step(SEC + SEC // 2)
        self.assertEqual(self.time(), (0x23, 0x59, 0x59))
        self.q.clock_step(SEC // 2)
        self.assertEqual(self.time(), (0, 0, 0))
        self.assertEqual(self.date(), (0x20, 0x27, 1, 1))
        self.assertEqual(self.read(6), 6)

    def test_registers(self):
        self.assertEqual(self.read(A), 0x26)
        self.assertEqual(self.read(B), H24)
        self.assertEqual(self.read(D), 0x80)
        self.write(D, 0)
        self.assertEqual(self.read(D), 0x80)
        self.write(C, 0xff)
        self.assertEqual(self.read(C), 0)
        self.assertEqual(self.q.inb(0x70), 0xff)

    def test_binary(self):
        self.write(B, H24 | BINARY)
        self.assertEqual(self.time(), (23, 59, 58))
        self.assertEqual(self.date(), (20, 26, 12, 31))

    def test_12_hours(self):
        self.write(B, 0)
        self.assertEqual(self.time(), (0x91, 0x59, 0x58))
        self.q.clock_step(2 * SEC)
        self.assertEqual(self.read(4), 0x12, '12 am')
        self.write(B, BINARY)
        self.write(4, 0x80 | 12)
        self.write(B, H24)
        self.assertEqual(self.read(4), 0x12, '12 pm is noon')
        self.write(B, 0)
        self.write(4, 0x81)
        self.write(B, H24)
        self.assertEqual(self.read(4), 0x13)

    def test_set(self):
        self.q.clock_step(SEC // 4)
        self.write(B, H24 | SET)
        self.set_time(0x12, 0x34, 0x56)
        for reg, value in ((9, 0x24), (8, 2), (7, 0x28), (0x32, 0x20)):
            self.write(reg, value)
        self.q.clock_step(10 * SEC)
        self.assertEqual(self.time(), (0x12, 0x34, 0x56), 'stands still')
        self.write(B, H24)
        self.assertEqual(self.time(), (0x12, 0x34, 0x56))
        self.q.clock_step(3 * SEC // 4 - 1)
        self.assertEqual(self.time(), (0x12, 0x34, 0x56))
        self.q.clock_step(1)
        self.assertEqual(self.time(), (0x12, 0x34, 0x57), 'the divider went on')
        self.q.clock_step(86400 * SEC)
        self.assertEqual(self.date(), (0x20, 0x24, 2, 0x29), 'leap year')
        self.q.clock_step(86400 * SEC)
        self.assertEqual(self.date(), (0x20, 0x24, 3, 1))

    def test_set_while_running(self):
        self.set_time(0x01, 0x02, 0x03)
        self.assertEqual(self.time(), (1, 2, 3))
        self.q.clock_step(SEC)
        self.assertEqual(self.time(), (1, 2, 4))

    def test_divider(self):
        self.q.clock_step(SEC // 4)
        self.write(A, 0x76)
        self.q.clock_step(5 * SEC)
        self.assertEqual(self.time(), (0x23, 0x59, 0x58))
        self.write(A, 0x26)
        self.q.clock_step(SEC // 2 - 1)
        self.assertEqual(self.time(), (0x23, 0x59, 0x58))
        self.q.clock_step(1)
        self.assertEqual(self.time(), (0x23, 0x59, 0x59), 'half a second after the release')

    def test_uip(self):
        self.assertEqual(self.read(A) & 0x80, 0)
        self.q.clock_step(SEC - 3000000)
        self.assertEqual(self.read(A) & 0x80, 0)
        self.q.clock_step(3000000 - 244000)
        self.assertEqual(self.read(A) & 0x80, 0x80)
        self.q.clock_step(243999)
        self.assertEqual(self.read(A) & 0x80, 0x80)
        self.q.clock_step(1)
        self.assertEqual(self.read(A) & 0x80, 0)
        self.assertEqual(self.time(), (0x23, 0x59, 0x59))
        self.write(B, H24 | SET)
        self.q.clock_step(SEC - 1000)
        self.assertEqual(self.read(A) & 0x80, 0, 'no update while SET')

    def test_nonsense(self):
        """Whatever is written, the clock goes on."""
        for value in (0xff, 0xaa, 0x7f, 0x00):
            for binary in (0, BINARY):
                for hours in (0, H24):
                    self.write(B, SET | binary | hours)
                    for reg in (0, 2, 4, 6, 7, 8, 9, 0x32):
                        self.write(reg, value)
                    self.write(B, binary | hours | PIE | AIE | UIE)
                    self.q.clock_step(2 * SEC)
                    for reg in range(128):
                        self.read(reg)
        self.write(B, H24)
        for reg in (0, 2, 4):
            self.write(reg, 0)
        self.assertEqual(self.time(), (0, 0, 0))


class Century(RtcTest):
    args = args('1999-12-31T23:59:59')

    def test_century(self):
        self.q.clock_step(SEC)
        self.assertEqual(self.date(), (0x20, 0, 1, 1))
        self.write(0x32, 0x21)
        self.write(8, 2)
        self.write(7, 0x28)
        self.q.clock_step(86400 * SEC)
        self.assertEqual(self.date(), (0x21, 0, 3, 1), '2100 is no leap year')


class Daylight(RtcTest):
    args = args('2026-04-26T01:59:59')

    def test_spring_and_autumn(self):
        self.write(B, H24 | DSE)
        self.q.clock_step(SEC)
        self.assertEqual(self.time(), (3, 0, 0))
        self.write(8, 0x10)
        self.write(7, 0x25)
        self.set_time(1, 0x59, 0x59)
        self.q.clock_step(SEC)
        self.assertEqual(self.time(), (1, 0, 0))
        self.q.clock_step(3600 * SEC)
        self.assertEqual(self.time(), (2, 0, 0), 'once only')

    def test_off(self):
        self.q.clock_step(SEC)
        self.assertEqual(self.time(), (2, 0, 0))


class Interrupts(RtcTest):
    args = args('2026-01-01T00:00:00')

    def setUp(self):
        super().setUp()
        self.watch()

    def test_update(self):
        self.write(B, H24 | UIE)
        self.q.clock_step(SEC - 1)
        self.assertEqual(self.irq, 0)
        self.q.clock_step(1)
        self.assertEqual(self.irq, 1)
        self.assertEqual(self.read(C), IRQF | UF | PF)
        self.assertEqual(self.irq, 0)
        self.assertEqual(self.read(C), 0)
        self.q.clock_step(SEC)
        self.assertEqual(self.irq, 1)
        self.write(B, H24)
        self.assertEqual(self.irq, 0, 'disabled')

    def test_flags_without_interrupts(self):
        self.write(A, 0x20)
        self.read(C)
        self.q.clock_step(SEC // 2)
        self.assertEqual(self.read(C), 0)
        self.q.clock_step(SEC // 2)
        self.assertEqual(self.read(C), UF)
        self.assertEqual(self.irq, 0)
        self.q.clock_step(SEC)
        self.write(B, H24 | UIE)
        self.assertEqual(self.irq, 1, 'a flag that is set counts when enabled')

    def test_periodic(self):
        for rate, hz in ((1, 256), (2, 128), (3, 8192), (6, 1024), (13, 8), (15, 2)):
            self.write(B, H24)
            self.write(A, 0x20 | rate)
            self.read(C)
            self.write(B, H24 | PIE)
            period = SEC / hz
            start = self.q.clock()
            for n in range(1, 5):
                due = self.q.clock_step_next()
                self.assertEqual(self.irq, 1)
                # On the grid of the crystal: the first may come early.
                self.assertLessEqual(due - start, n * period + 1, (rate, n))
                self.assertGreater(due - start, (n - 1) * period, (rate, n))
                self.assertEqual(self.read(C) & ~UF, IRQF | PF)
                self.assertEqual(self.irq, 0)
        self.write(A, 0x20)
        self.assertEqual(self.q.clock_step_next(), self.q.clock(), 'rate 0: never')

    def test_unread_flag_needs_no_timer(self):
        self.write(B, H24 | PIE | UIE)
        self.q.clock_step(10 * SEC)
        self.assertEqual(self.q.clock_step_next(), 10 * SEC)

    def test_alarm(self):
        self.set_alarm(0, 1, 0x30)
        self.write(B, H24 | AIE)
        self.q.clock_step(89 * SEC)
        self.assertEqual(self.irq, 0)
        self.assertEqual(self.read(C) & AF, 0)
        self.q.clock_step(SEC)
        self.assertEqual(self.irq, 1)
        self.assertEqual(self.read(C) & (AF | IRQF), AF | IRQF)
        self.q.clock_step(86399 * SEC)
        self.assertEqual(self.irq, 0)
        self.q.clock_step(SEC)
        self.assertEqual(self.irq, 1, 'every day')

    def test_alarm_any(self):
        self.set_alarm(0xff, 0xff, 0x15)
        self.write(B, H24 | AIE)
        self.assertEqual(self.q.clock_step_next(), 15 * SEC)
        self.assertEqual(self.irq, 1)
        self.read(C)
        self.assertEqual(self.q.clock_step_next(), 75 * SEC)
        self.read(C)
        self.set_alarm(0xc0, 0xc0, 0xc0)
        self.assertEqual(self.q.clock_step_next(), 76 * SEC, 'every second')
        self.read(C)
        self.set_alarm(0xc0, 5, 0xc0)
        self.assertEqual(self.q.clock_step_next(), 300 * SEC)
        self.read(C)
        self.assertEqual(self.q.clock_step_next(), 301 * SEC)

    def test_alarm_12_hours(self):
        self.write(B, AIE)
        self.set_alarm(0x81, 0, 0)
        self.assertEqual(self.q.clock_step_next(), 13 * 3600 * SEC)
        self.assertEqual(self.irq, 1)

    def test_alarm_never(self):
        self.set_alarm(0x24, 0, 0)
        self.write(B, H24 | AIE)
        self.assertEqual(self.q.clock_step_next(), 0)
        self.set_alarm(0, 0x6a, 0)
        self.assertEqual(self.q.clock_step_next(), 0)

    def test_set_clears_uie(self):
        self.write(B, H24 | SET | UIE)
        self.assertEqual(self.read(B), H24 | SET)

    def test_reset(self):
        self.write(B, H24 | UIE | PIE | AIE | 0x08)
        self.write(0x40, 0x5a)
        self.set_alarm(1, 2, 3)
        self.q.clock_step(5 * SEC)
        self.assertEqual(self.irq, 1)
        self.q.outb(0xcf9, 2)
        self.q.outb(0xcf9, 6)
        self.assertEqual(self.read(B), H24)
        self.assertEqual(self.read(C), 0)
        self.assertEqual(self.read(0x40), 0x5a)
        self.assertEqual(self.read(5), 1)
        self.assertEqual(self.time(), (0, 0, 5), 'time goes on')


class Memory(RtcTest):
    def test_cmos(self):
        for i in range(0x40, 0x80):
            self.write(i, i ^ 0x5a)
        for i in range(0x40, 0x80):
            self.assertEqual(self.read(i), i ^ 0x5a)
        self.q.outb(0x70, 0xc0)     # NMI masked: same byte
        self.assertEqual(self.q.inb(0x71), 0x40 ^ 0x5a)

    def test_extended(self):
        for i in range(128):
            self.q.outw(0x72, (i ^ 0xa5) << 8 | i)
        for i in range(128):
            self.q.outb(0x72, i)
            self.assertEqual(self.q.inb(0x73), i ^ 0xa5)
        self.q.outb(0x70, 0x40)
        self.assertNotEqual(self.q.inb(0x71), 0x40 ^ 0xa5)


class Host(RtcTest):
    args = None

    def host_time(self):
        c, y, mo, d = (int('%x' % v) for v in self.date())
        h, m, s = (int('%x' % v) for v in self.time())
        return datetime.datetime(c * 100 + y, mo, d, h, m, s)

    def now(self):
        return datetime.datetime.utcfromtimestamp(time.time())

    def test_utc(self):
        self.start('-machine', 'pc')
        self.assertLess(abs((self.host_time() - self.now()).total_seconds()), 5)
        # Guest time is not the host's.
        self.q.clock_step(3600 * SEC)
        self.assertLess(abs((self.host_time() - self.now()).total_seconds()), 5)

    def test_localtime(self):
        self.start('-machine', 'pc', '-rtc', 'base=localtime', env={'TZ': 'UTC-3'})
        apart = (self.host_time() - self.now()).total_seconds()
        self.assertLess(abs(apart - 3 * 3600), 5)

    def test_alarm_on_the_host_clock(self):
        """Stepping guest time does not bring the host's seconds, and does not hang."""
        self.start('-machine', 'pc', '-rtc', 'base=2026-01-01,clock=host')
        self.watch()
        self.set_alarm(0x12, 0, 0)
        self.write(B, H24 | AIE)
        self.q.clock_step(13 * 3600 * SEC)
        self.assertEqual(self.irq, 0)


class HostClock(RtcTest):
    args = args('2026-12-31T23:59:58', 'host')

    def test_each_read_lowers_the_line(self):
        """Also when the next interrupt comes while C is being read: the PIC needs an edge."""
        self.watch()
        self.write(A, 0x23)  # 8192 Hz
        self.write(B, PIE | H24)
        reads = 0
        self.q.outb(0x70, C)
        end = time.monotonic() + 3
        while time.monotonic() < end:
            reads += self.q.inb(0x71) & IRQF != 0
        lowered = sum(1 for line, level in self.q.irq_events if line == 8 and not level)
        self.assertGreater(reads, 1000)
        self.assertEqual(lowered, reads)


if __name__ == '__main__':
    tap.main()

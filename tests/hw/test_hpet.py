# SPDX-License-Identifier: GPL-2.0-or-later
"""The HPET of board pc (IA-PC HPET specification 1.0a)."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import tap
from hwtest import HwTest
from machine import run

BASE = 0xfed00000
CAP, CONF, STA, CNT = BASE, BASE + 0x10, BASE + 0x20, BASE + 0xf0
ENABLE, LEGACY = 1, 2
LEVEL, INT, PERIODIC, SET, W32 = 2, 4, 8, 0x40, 0x100
SEC = 10**9
MASK = 1 << 16
ROUTES = range(16, 24)


class HpetTest(HwTest):
    args = ('-machine', 'pc', '-m', '16')

    def setUp(self):
        super().setUp()
        self.q.irq_intercept_in('ioapic')

    def config(self, n):
        return BASE + 0x100 + 0x20 * n

    def comparator(self, n):
        return self.config(n) + 8

    def set(self, n, bits, comparator, route=0):
        self.q.writeq(self.config(n), bits | route << 9)
        self.q.writeq(self.comparator(n), comparator)

    def events(self):
        self.q.sync()
        events, self.q.irq_events = self.q.irq_events, []
        return [e for e in events if e[0] != 2 or self.legacy]

    legacy = False


class Registers(HpetTest):
    def test_capabilities(self):
        self.assertEqual(self.q.readq(CAP), 0x00989680_8086a201)
        self.assertEqual((self.q.readl(CAP), self.q.readl(CAP + 4)), (0x8086a201, 10000000))
        self.q.writeq(CAP, 0)
        self.assertEqual(self.q.readl(CAP), 0x8086a201)
        for n in range(3):
            value = self.q.readq(self.config(n))
            self.assertEqual(value >> 32, 0x00ff0000)
            self.assertEqual(value & 0xffff & ~(31 << 9), 0x30, 'periodic and 64 bits')
            self.assertTrue(value >> 32 >> (value >> 9 & 31) & 1, 'a route that there is')

    def test_counter(self):
        self.q.writeq(CNT, 0x1122334455667788)
        self.q.clock_step(SEC)
        self.assertEqual(self.q.readq(CNT), 0x1122334455667788, 'halted')
        self.q.writel(CNT, 0xfffffff0)
        self.assertEqual(self.q.readq(CNT), 0x11223344fffffff0)
        self.q.writel(CONF, ENABLE)
        self.q.clock_step(1000)
        self.assertEqual(self.q.readq(CNT), 0x11223344fffffff0 + 100)
        self.assertEqual((self.q.readl(CNT), self.q.readl(CNT + 4)), (0x54, 0x11223345))
        self.q.writeq(CNT, 0)
        self.assertEqual(self.q.readq(CNT), 0x11223344fffffff0 + 100, 'it runs')
        self.q.writel(CONF, 0)
        self.q.clock_step(SEC)
        self.assertEqual(self.q.readq(CNT), 0x11223344fffffff0 + 100)

    def test_bad_accesses(self):
        self.q.writel(CONF, 0xfffffffc)
        self.q.writel(CONF + 4, 0xffffffff)
        self.assertEqual(self.q.readq(CONF), 0)
        for addr in (8, 0x18, 0x28, 0xe8, 0xf8, 0x118, 0x160, 0x3f8):
            self.q.writeq(BASE + addr, (1 << 64) - 1)
            self.assertEqual(self.q.readq(BASE + addr), 0)
        self.q.writeq(self.config(0), 1 << 9)
        self.assertNotEqual(self.q.readq(self.config(0)) >> 9 & 31, 1, 'no such route')
        self.q.writeq(self.config(0) + 0x10, 0xffffffff)
        self.assertEqual(self.q.readq(self.config(0) + 0x10), 0, 'no messages')

    def test_reset(self):
        self.q.writel(CONF, ENABLE | LEGACY)
        self.q.clock_step(100)
        self.q.outb(0xcf9, 6)
        self.assertEqual((self.q.readq(CONF), self.q.readq(CNT)), (0, 0))

    def test_options(self):
        self.machine.stop()
        self.start('-machine', 'pc,hpet=off', '-m', '16')
        self.assertEqual(self.q.readl(CAP), 0xffffffff)
        self.machine.stop()
        self.start('-machine', 'pc', '-no-hpet', '-m', '16')
        self.assertEqual(self.q.readl(CAP), 0xffffffff)
        status, _, err = run('-machine', 'pc,hpet=maybe', '-accel', 'qtest', '-display', 'none')
        self.assertEqual(status, 1)
        self.assertIn('hpet', err)


class OneShot(HpetTest):
    def test_edge(self):
        self.q.writel(CONF, ENABLE)
        start = self.q.readq(CNT)
        for route in ROUTES:
            self.set(1, INT, start + 1000, route)
            self.assertEqual(self.q.clock_step_next(), (start + 1000) * 10)
            self.assertEqual(self.events(), [(route, 1), (route, 0)])
            start += 1000
        self.assertEqual(self.q.readl(STA), 0)
        self.assertEqual(self.q.clock_step_next(), self.q.clock(), 'once only')

    def test_level(self):
        self.q.writel(CONF, ENABLE)
        self.set(2, INT | LEVEL, 1000, 20)
        self.q.clock_step(10 * SEC)
        self.assertEqual((self.events(), self.q.readl(STA)), ([(20, 1)], 4))
        self.q.writel(STA, 3)
        self.assertEqual((self.events(), self.q.readl(STA)), ([], 4))
        self.q.writel(STA, 4)
        self.assertEqual((self.events(), self.q.readl(STA)), ([(20, 0)], 0))

    def test_shared_level(self):
        self.q.writel(CONF, ENABLE)
        self.set(1, INT | LEVEL, 1000, 20)
        self.set(2, INT | LEVEL, 2000, 20)
        self.q.clock_step(SEC)
        self.q.writel(STA, 2)
        self.assertEqual(self.events(), [(20, 1)])
        self.q.writel(STA, 4)
        self.assertEqual(self.events(), [(20, 0)])

    def test_disabled(self):
        self.q.writel(CONF, ENABLE)
        self.set(1, 0, 1000, 20)
        self.set(2, LEVEL, 1000, 20)
        self.q.clock_step(SEC)
        self.assertEqual((self.events(), self.q.readl(STA)), ([], 4))
        self.q.writeq(self.config(2), INT | LEVEL | 20 << 9)
        self.assertEqual(self.events(), [(20, 1)])
        self.q.writel(CONF, 0)
        self.assertEqual(self.events(), [(20, 0)], 'halted: no interrupts')

    def test_32_bits_come_round(self):
        self.q.writel(CONF, ENABLE)
        self.set(1, INT | W32, 0xffffffff_00001000, 21)
        self.assertEqual(self.q.readq(self.comparator(1)), 0x1000)
        self.assertEqual(self.q.clock_step_next(), 0x1000 * 10)
        self.q.clock_step(0)
        self.assertEqual(self.q.clock_step_next() // 10, 0x1000 + (1 << 32))
        self.assertEqual(len(self.events()), 4)

    def test_just_missed(self):
        """A time that passed a moment ago is now, one that passed long ago is not."""
        self.q.writel(CONF, ENABLE)
        self.q.clock_step(SEC)
        now = self.q.readq(CNT)
        self.set(1, INT, now - 10, 20)
        self.q.clock_step(1)
        self.assertEqual(self.events(), [(20, 1), (20, 0)])
        self.set(1, INT, now - 1000000, 20)
        self.q.clock_step(100 * SEC)
        self.assertEqual(self.events(), [])


class Periodic(HpetTest):
    def test_period(self):
        self.q.writel(CONF, ENABLE)
        self.q.writeq(self.config(0), INT | PERIODIC | SET | 16 << 9)
        self.q.writeq(self.comparator(0), 5000)
        self.q.writeq(self.comparator(0), 3000)
        times = [self.q.clock_step_next() // 10 for _ in range(4)]
        self.assertEqual(times, [5000, 8000, 11000, 14000])
        self.assertEqual(self.events(), [(16, 1), (16, 0)] * 4)
        self.assertEqual(self.q.readq(self.comparator(0)), 17000)

    def test_by_halves(self):
        self.q.writel(CONF, ENABLE)
        self.q.writeq(self.config(0), INT | PERIODIC | SET | 16 << 9)
        self.q.writel(self.comparator(0), 700)
        self.q.writel(self.config(0), INT | PERIODIC | SET | 16 << 9)
        self.q.writel(self.comparator(0) + 4, 0)
        self.assertEqual(self.q.readq(self.comparator(0)), 700)
        self.q.writel(self.comparator(0), 5000)
        self.assertEqual([self.q.clock_step_next() // 10 for _ in range(2)], [700, 5700])

    def test_tiny_and_no_period(self):
        """Bounded work, and no interrupt without a period."""
        self.q.writel(CONF, ENABLE)
        for period in (1, 7, 0):
            self.q.writeq(self.config(0), INT | PERIODIC | SET | 16 << 9)
            self.q.writeq(self.comparator(0), self.q.readq(CNT) + 10)
            self.q.writeq(self.comparator(0), period)
            self.q.clock_step(SEC // 1000)
            self.assertLess(len(self.events()), 110)
        self.q.clock_step(SEC)
        self.assertEqual(self.events(), [])

    def test_32_bits(self):
        self.q.writeq(CNT, 0xffffff00)
        self.q.writel(CONF, ENABLE)
        self.q.writeq(self.config(0), INT | PERIODIC | SET | W32 | 16 << 9)
        self.q.writel(self.comparator(0), 0xffffff80)
        self.q.writel(self.comparator(0), 0x10000)
        self.assertEqual([self.q.clock_step_next() // 10 for _ in range(2)], [0x80, 0x10080])
        self.assertEqual(self.q.readq(self.comparator(0)), 0x1ff80)


class Legacy(HpetTest):
    """Comparators 0 and 1 instead of the 8254 and the RTC."""

    legacy = True

    def test_replacement(self):
        self.q.outb(0x43, 0x34)
        self.q.outb(0x40, 0)
        self.q.outb(0x40, 4)
        self.q.clock_step(SEC // 100)
        self.assertIn((2, 1), self.events(), "the 8254's")
        self.q.writel(CONF, ENABLE | LEGACY)
        self.events()
        self.q.clock_step(SEC // 100)
        self.assertEqual(self.events(), [])
        now = self.q.readq(CNT)
        self.set(0, INT, now + 1000, 16)
        self.set(1, INT, now + 2000, 16)
        self.set(2, INT, now + 3000, 17)
        self.q.clock_step(SEC // 100)
        self.assertEqual(self.events(), [(2, 1), (2, 0), (8, 1), (8, 0), (17, 1), (17, 0)])
        self.q.writel(CONF, ENABLE)
        self.events()
        self.q.clock_step(SEC // 100)
        self.assertIn((2, 1), self.events())

    def test_replaced_needs_no_timer(self):
        """Edges of the 8254 that nobody hears wake no host, and its count goes on."""
        def count():
            self.q.outb(0x43, 0)
            return self.q.inb(0x40) | self.q.inb(0x40) << 8

        self.q.outb(0x43, 0x34)
        self.q.outb(0x40, 0)
        self.q.outb(0x40, 0x80)  # 27.5 ms
        self.q.writel(CONF, ENABLE)
        before = self.q.clock()
        self.assertLess(self.q.clock_step_next() - before, SEC // 30)
        self.q.writel(CONF, ENABLE | LEGACY)
        before = self.q.clock()
        self.assertEqual(self.q.clock_step_next(), before, 'a timer is set')
        first = count()
        self.q.clock_step(10 * SEC // 1193)
        self.assertAlmostEqual((first - count()) % 0x8000, 10000, delta=10)
        self.q.writel(CONF, ENABLE)
        self.events()
        self.q.clock_step(SEC // 10)
        self.assertIn(self.events().count((2, 1)), (3, 4))

    def test_rtc(self):
        def cmos(index, value):
            self.q.outb(0x70, index)
            self.q.outb(0x71, value)

        cmos(11, 0x42)  # periodic interrupts
        self.q.outb(0x70, 12)
        self.q.inb(0x71)
        self.q.writel(CONF, LEGACY | ENABLE)
        self.events()
        self.q.clock_step(SEC // 10)
        self.assertNotIn((8, 1), self.events())
        self.q.writel(CONF, 0)
        self.q.sync()
        self.assertIn(self.q.irq(8), (0, 1))


if __name__ == '__main__':
    tap.main()

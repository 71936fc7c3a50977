# SPDX-License-Identifier: GPL-2.0-or-later
"""ACPI fixed hardware: PM1 blocks and the power management timer (ACPI 1.0b, 4.7)."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import pci
import tap
from hwtest import HwTest

BASE = 0x600
STS, EN, CNT, TMR = BASE, BASE + 2, BASE + 4, BASE + 8
TMR_STS, GBL, PWRBTN, RTC = 1, 0x20, 0x100, 0x400
SCI_EN, SLP_EN = 1, 0x2000
HZ = 3579545
SEC = 10**9


class AcpiPm(HwTest):
    monitor = True

    def setUp(self):
        super().setUp()
        pm = pci.find(self.q, 0x8086, 0x7113)
        self.assertIsNotNone(pm)
        pm.writel(0x40, BASE | 1)
        pm.writeb(0x80, 1)
        self.q.irq_intercept_in('isa-i8259')

    @property
    def sci(self):
        return self.q.irq(9)

    def test_timer(self):
        for ns in (0, 1000, SEC // 3, SEC, 5 * SEC, 10 * SEC):
            self.q.clock_set(ns)
            self.assertEqual(self.q.inl(TMR), ns * HZ // SEC % (1 << 24))
        self.assertEqual(self.q.inw(TMR), self.q.inl(TMR) & 0xffff)
        self.assertEqual(self.q.inb(TMR + 2), self.q.inl(TMR) >> 16)
        before = self.q.inl(TMR)
        self.q.outl(TMR, 0)
        self.assertEqual(self.q.inl(TMR), before, 'cannot be written')

    def test_carry(self):
        self.assertEqual(self.q.inw(STS), 0)
        self.q.outw(CNT, SCI_EN)
        self.q.outw(EN, TMR_STS)
        half = -(-(1 << 23) * SEC // HZ)
        self.q.clock_set(half - 1)
        self.assertEqual((self.q.inw(STS), self.sci), (0, 0))
        self.q.clock_set(half)
        self.assertEqual((self.q.inw(STS), self.sci), (TMR_STS, 1))
        self.q.outw(STS, 0xfffe)
        self.assertEqual(self.sci, 1, 'only a one clears')
        self.q.outw(STS, TMR_STS)
        self.assertEqual((self.q.inw(STS), self.sci), (0, 0))
        self.assertEqual(self.q.clock_step_next(), -(-(1 << 24) * SEC // HZ))
        self.assertEqual(self.sci, 1)

    def test_carry_polled(self):
        """Without TMR_EN no timer runs, and the status is there all the same."""
        self.assertEqual(self.q.clock_step_next(), self.q.clock())
        self.q.clock_step(3 * SEC)
        self.assertEqual(self.q.inw(STS), TMR_STS)
        self.assertEqual(self.sci, 0)

    def test_power_button(self):
        self.q.outw(EN, PWRBTN)
        self.machine.hmp.command('system_powerdown')
        self.assertEqual(self.q.inw(STS) & PWRBTN, PWRBTN)
        self.assertEqual(self.sci, 0, 'not in ACPI mode')
        self.q.outw(CNT, SCI_EN)
        self.assertEqual(self.sci, 1)
        self.q.outb(STS + 1, 1)
        self.assertEqual(self.sci, 0)

    def test_acpi_mode_by_the_smi_port(self):
        self.q.outb(0xb2, 0xf1)
        self.assertEqual(self.q.inw(CNT) & SCI_EN, SCI_EN)
        self.q.outb(0xb2, 0xf0)
        self.assertEqual(self.q.inw(CNT) & SCI_EN, 0)

    def test_bits(self):
        self.q.outw(EN, 0xffff)
        self.assertEqual(self.q.inw(EN), 0x0721)
        self.q.outb(EN, 0)
        self.assertEqual(self.q.inw(EN), 0x0700, 'a byte changes its half')
        self.q.outw(CNT, 0xffff & ~SLP_EN)
        self.assertEqual(self.q.inw(CNT), 0x1c07)
        self.q.outl(STS, 0x0001ffff)
        self.assertEqual(self.q.inl(STS), 0x00010000)

    def test_soft_off(self):
        self.q.outw(CNT, SLP_EN | 0 << 10)
        self.assertEqual(self.machine.wait(), 0)


if __name__ == '__main__':
    tap.main()

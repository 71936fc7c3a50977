# SPDX-License-Identifier: GPL-2.0-or-later
"""ACPI sleeping states of boards pc and q35: S3 with its wake-ups, S4; what the monitors say."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import pci
import tap
from hwtest import HwTest
from qmp import Client

BASE = 0x600
STS, EN, CNT = BASE, BASE + 2, BASE + 4
TMR, PWRBTN, RTC, WAK = 1, 0x100, 0x400, 0x8000
SLP_EN = 1 << 13
S5, S3, S4 = 0 << 10, 1 << 10, 2 << 10
SEC = 10**9
SHUTDOWN_BYTE = 0x0f


class Sleep(HwTest):
    args = None
    monitor = True
    board, host, pam0 = 'pc', (0x8086, 0x1237), 0x59

    def setUp(self):
        self.begin()

    def begin(self, *args):
        self.start('-machine', self.board, '-m', '16', '-rtc', 'base=2026-01-01T00:00:00,clock=vm',
                   '-qmp', 'unix:qmp,server=on,wait=off', *args, cwd=True)
        self.qmp = Client(self.machine.path('qmp'))
        self.addCleanup(self.qmp.close)
        self.place()

    def place(self):
        pm = pci.find(self.q, 0x8086, 0x7113)
        pm.writel(0x40, BASE | 1)
        pm.writeb(0x80, 1)
        return pm

    def cmos(self, index, value=None):
        self.q.outb(0x70, index)
        if value is not None:
            self.q.outb(0x71, value)
        return self.q.inb(0x71)

    def status(self):
        return self.qmp.value('query-status')['status']

    def sleep(self, state=S3):
        self.q.outw(CNT, state | SLP_EN)
        self.qmp.event('SUSPEND')
        self.assertEqual(self.status(), 'suspended')

    def woken(self, why):
        """Awake again, with power management reset but for the reason."""
        self.qmp.event('WAKEUP')
        self.assertEqual(self.status(), 'running')
        self.assertEqual(self.q.inw(STS), 0xffff, 'its ports have been taken away')
        self.place()
        self.assertEqual(self.q.inw(STS), WAK | why)

    def test_monitor_wakes(self):
        self.q.writel(0x100000, 0x12345678)
        self.sleep()
        self.assertIn('paused (suspended)', self.machine.hmp.command('info status'))
        self.assertEqual(self.cmos(SHUTDOWN_BYTE), 0xfe)
        self.assertEqual(self.machine.hmp.command('system_wakeup'), '')
        self.woken(PWRBTN)
        self.assertEqual(self.q.readl(0x100000), 0x12345678)
        self.assertEqual(self.cmos(SHUTDOWN_BYTE), 0xfe, 'for the firmware to see')
        self.assertNotIn('RESET', [e['event'] for e in self.qmp.events])

    def test_shadowing_stays(self):
        """The firmware's working copy lies in RAM behind the PAM registers."""
        host = pci.find(self.q, *self.host)
        host.writeb(self.pam0, 0x30)
        self.q.writel(0xf0000, 0xfeedbeef)
        self.sleep()
        self.qmp.value('system_wakeup')
        self.woken(PWRBTN)
        self.assertEqual((host.readb(self.pam0), self.q.readl(0xf0000)), (0x30, 0xfeedbeef))
        self.machine.hmp.command('system_reset')
        self.qmp.event('RESET')
        self.assertEqual(host.readb(self.pam0), 0)

    def test_alarm_wakes(self):
        for index, value in ((1, 0x10), (3, 0xc0), (5, 0xc0)):
            self.cmos(index, value)
        self.cmos(11, 0x22)
        self.q.outw(EN, RTC)
        self.sleep()
        self.q.clock_step(9 * SEC)
        self.assertEqual(self.status(), 'suspended')
        self.q.clock_step(2 * SEC)
        self.woken(RTC)
        self.assertEqual(self.cmos(11), 0x02, 'the alarm is off')

    def test_alarm_that_must_not(self):
        self.cmos(1, 0xc0)
        self.cmos(3, 0xc0)
        self.cmos(5, 0xc0)
        self.cmos(11, 0x22)
        self.sleep()
        self.q.clock_step(10 * SEC)
        self.assertEqual(self.status(), 'suspended', 'RTC_EN is off')

    def test_timer_wakes(self):
        self.q.outw(EN, TMR)
        self.sleep()
        self.q.clock_step(5 * SEC)
        self.woken(TMR)

    def test_key_wakes(self):
        self.sleep()
        self.machine.hmp.command('sendkey a')
        self.q.clock_step(SEC)
        self.woken(PWRBTN)

    def test_button_wakes_and_movement_does_not(self):
        self.sleep()
        self.machine.hmp.command('mouse_move 10 10')
        self.assertEqual(self.status(), 'suspended')
        self.machine.hmp.command('mouse_button 1')
        self.woken(PWRBTN)

    def test_power_button_wakes(self):
        self.sleep()
        self.qmp.value('system_powerdown')
        self.woken(PWRBTN)

    def test_reset_ends_it(self):
        self.sleep()
        self.qmp.value('system_reset')
        self.qmp.event('RESET')
        self.qmp.event('WAKEUP')
        self.assertEqual(self.status(), 'running')
        self.assertEqual(self.cmos(SHUTDOWN_BYTE), 0)
        self.place()
        self.assertEqual(self.q.inw(STS), 0)

    def test_stop_and_cont(self):
        """Neither wakes it."""
        self.sleep()
        self.qmp.value('stop')
        self.assertEqual(self.status(), 'suspended')
        self.qmp.value('cont')
        self.assertEqual(self.status(), 'suspended')
        self.qmp.value('system_wakeup')
        self.woken(PWRBTN)

    def test_awake_cannot_be_woken(self):
        self.assertEqual(self.qmp.value('query-current-machine'),
                         {'wakeup-suspend-support': True})
        self.assertEqual(self.qmp.error('system_wakeup'), {
            'class': 'GenericError',
            'desc': 'Unable to wake up: guest is not in suspended state'})
        self.assertIn('Unable to wake up', self.machine.hmp.command('system_wakeup'))

    def test_s4_and_s5(self):
        self.q.outw(CNT, S4 | SLP_EN)
        self.qmp.event('SUSPEND_DISK')
        self.assertEqual(self.qmp.event('SHUTDOWN')['data']['reason'], 'guest-shutdown')
        self.assertEqual(self.machine.wait(), 0)

    def test_states_that_there_are_not(self):
        for typ in (3, 4, 5, 6, 7):
            self.q.outw(STS, WAK)
            self.q.outw(CNT, typ << 10 | SLP_EN)
            self.assertEqual(self.q.inw(STS), WAK)
            self.assertEqual(self.status(), 'running')

    def test_asleep_twice(self):
        for _ in range(3):
            self.sleep()
            self.qmp.value('system_wakeup')
            self.woken(PWRBTN)

    def test_ends_while_asleep(self):
        self.sleep()
        self.assertEqual(self.machine.quit(), 0)


class SleepQ35(Sleep):
    board, host, pam0 = 'q35', (0x8086, 0x29c0), 0x90

    def place(self):
        lpc = pci.find(self.q, 0x8086, 0x2918)
        lpc.writel(0x40, BASE)
        lpc.writeb(0x44, 0x80)
        return lpc


class NoSleep(HwTest):
    args = None
    monitor = True

    def test_without_power_management(self):
        self.start('-machine', 'isapc', '-qmp', 'unix:qmp,server=on,wait=off', cwd=True)
        qmp = Client(self.machine.path('qmp'))
        self.addCleanup(qmp.close)
        self.assertEqual(qmp.value('query-current-machine'), {'wakeup-suspend-support': False})
        self.assertEqual(qmp.error('system_wakeup')['desc'],
                         'wake-up from suspend is not supported by this guest')


if __name__ == '__main__':
    tap.main()

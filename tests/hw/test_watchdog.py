# SPDX-License-Identifier: GPL-2.0-or-later
"""Watchdogs, ib700 and i6300esb, and what -action and the monitors make of their end."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import pci
import tap
from hwtest import HwTest
from machine import run
from qmp import Client

SEC = 10**9
START, STOP = 0x443, 0x441


class WatchdogTest(HwTest):
    args = None
    monitor = True

    def begin(self, device, *args):
        self.start('-machine', 'pc', '-device', device, '-qmp', 'unix:qmp,server=on,wait=off',
                   *args, cwd=True)
        self.qmp = Client(self.machine.path('qmp'))
        self.addCleanup(self.qmp.close)

    def quiet(self):
        """Nothing has happened up to now."""
        self.qmp.value('query-status')
        self.assertEqual([e['event'] for e in self.qmp.events], [])

    def bite(self, action):
        self.assertEqual(self.qmp.event('WATCHDOG')['data'], {'action': action})

    def status(self):
        return self.qmp.value('query-status')['status']


class Ib700(WatchdogTest):
    def test_times(self):
        self.begin('ib700', '-action', 'watchdog=none')
        for value in range(15):
            start = self.q.clock()
            self.q.outb(START, 0xf0 | value)
            self.assertEqual(self.q.clock_step_next(), start + (30 - 2 * value) * SEC)
        self.bite('none')

    def test_no_time(self):
        self.begin('ib700')
        self.q.outb(START, 15)
        self.q.clock_step(1)
        self.bite('reset')

    def test_petted_and_stopped(self):
        self.begin('ib700')
        for _ in range(3):
            self.q.outb(START, 10)
            self.q.clock_step(9 * SEC)
        self.quiet()
        self.q.outb(STOP, 0)
        self.q.clock_step(100 * SEC)
        self.quiet()

    def test_reset_stops_it(self):
        self.begin('ib700')
        self.q.outb(START, 10)
        self.machine.hmp.command('system_reset')
        self.qmp.event('RESET')
        self.q.clock_step(100 * SEC)
        self.quiet()

    def test_bad_ports(self):
        self.begin('ib700')
        self.q.outl(START, 0xffffffff & ~0xf)
        self.assertEqual((self.q.inb(START), self.q.inb(STOP)), (0xff, 0xff))
        self.q.outb(0x442, 0)
        self.q.outb(0x444, 0)
        self.q.clock_step(31 * SEC)
        self.bite('reset')


class Actions(WatchdogTest):
    """What each action does; ib700 is the watchdog."""

    def expire(self):
        self.q.outb(START, 14)
        self.q.clock_step(2 * SEC)

    def test_reset(self):
        self.begin('ib700')
        self.expire()
        self.bite('reset')
        self.assertEqual(self.qmp.event('RESET')['data'], {'guest': True, 'reason': 'guest-reset'})
        self.assertEqual(self.status(), 'running')

    def test_reset_without_reboot(self):
        self.begin('ib700', '-no-reboot')
        self.expire()
        self.bite('reset')
        self.assertEqual(self.qmp.event('SHUTDOWN')['data']['reason'], 'guest-reset')
        self.assertEqual(self.machine.wait(), 0)

    def test_shutdown(self):
        self.begin('ib700', '-watchdog-action', 'shutdown')
        self.expire()
        self.bite('shutdown')
        self.qmp.event('POWERDOWN')
        self.assertEqual(self.status(), 'running')

    def test_poweroff(self):
        self.begin('ib700', '-action', 'watchdog=poweroff,shutdown=pause')
        self.expire()
        self.bite('poweroff')
        self.assertEqual(self.machine.wait(), 0)

    def test_pause(self):
        self.begin('ib700')
        self.assertEqual(self.machine.hmp.command('watchdog_action pause'), '')
        self.expire()
        self.bite('pause')
        self.qmp.event('STOP')
        self.assertEqual(self.status(), 'watchdog')
        self.assertIn('paused (watchdog)', self.machine.hmp.command('info status'))
        self.qmp.value('cont')
        self.assertEqual(self.status(), 'running')

    def test_debug_none_and_nmi(self):
        for action in ('debug', 'none', 'inject-nmi'):
            self.begin('ib700')
            self.qmp.value('set-action', watchdog=action)
            self.expire()
            self.bite(action)
            self.assertEqual(self.status(), 'running')
            self.assertEqual('timer fired' in self.machine.stderr(), action == 'debug')
            self.machine.stop()

    def test_wrong_words(self):
        self.begin('ib700')
        for arguments in ({'watchdog': 'bark'}, {'panic': 'reset'}, {'reboot': ''}):
            self.assertEqual(self.qmp.error('set-action', **arguments)['class'], 'GenericError')
        self.assertEqual(self.qmp.error('watchdog-set-action')['class'], 'GenericError')
        self.assertIn('bark', self.machine.hmp.command('watchdog_action bark'))
        self.expire()
        self.bite('reset')

    def test_command_line(self):
        for words, say in ((('-action', 'watchdog=bark'), 'bark'), (('-action', 'frog=x'), 'frog'),
                           (('-watchdog-action', 'bark'), 'bark'), (('-action', 'panic'), 'panic')):
            status, _, err = run('-machine', 'pc', '-accel', 'qtest', '-display', 'none', *words)
            self.assertEqual(status, 1)
            self.assertIn(say, err)


class I6300esb(WatchdogTest):
    BASE = 0xfe000000
    PRELOAD1, PRELOAD2, STATUS, RELOAD = BASE, BASE + 4, BASE + 8, BASE + 12
    NOW, TIMEOUT = 0x100, 0x200
    CONFIG, LOCK = 0x60, 0x68

    def begin(self, *args):
        super().begin('i6300esb', *args)
        self.place()

    def place(self):
        self.wdt = pci.find(self.q, 0x8086, 0x25ab)
        self.assertEqual((self.wdt.class_code, self.wdt.bar_size(0)), (0x088000, 16))
        self.wdt.set_bar(0, self.BASE)
        self.wdt.enable()

    def unlocked(self, addr, value):
        self.q.writew(self.RELOAD, 0x80)
        self.q.writew(self.RELOAD, 0x86)
        self.q.writel(addr, value)

    def clocks(self, preload, fast=False):
        return (preload << (5 if fast else 15)) * SEC // 33000000

    def test_registers(self):
        self.begin()
        self.assertEqual(self.q.readl(self.PRELOAD1), 0xfffff)
        self.q.writel(self.PRELOAD1, 5)
        self.assertEqual(self.q.readl(self.PRELOAD1), 0xfffff, 'locked')
        self.unlocked(self.PRELOAD1, 0xfff00005)
        self.assertEqual(self.q.readl(self.PRELOAD1), 5)
        self.q.writel(self.PRELOAD1, 6)
        self.assertEqual(self.q.readl(self.PRELOAD1), 5, 'locked again')
        self.q.writew(self.RELOAD, 0x86)
        self.q.writew(self.RELOAD, 0x80)
        self.q.writel(self.PRELOAD1, 6)
        self.assertEqual(self.q.readl(self.PRELOAD1), 5, 'the other way round')
        self.unlocked(self.PRELOAD2, 7)
        self.assertEqual(self.q.readl(self.PRELOAD2), 7)
        self.wdt.writew(self.CONFIG, 0xffff)
        self.assertEqual(self.wdt.readw(self.CONFIG), 0x27)

    def test_two_stages(self):
        self.begin('-action', 'watchdog=pause')
        self.unlocked(self.PRELOAD1, 1000)
        self.unlocked(self.PRELOAD2, 500)
        self.wdt.writeb(self.LOCK, 2)
        start = self.q.clock()
        self.assertEqual(self.q.clock_step_next(), start + self.clocks(1000))
        self.assertEqual((self.q.readw(self.STATUS), self.q.readw(self.RELOAD)), (1, 0))
        self.q.writew(self.STATUS, 1)
        self.assertEqual(self.q.readw(self.STATUS), 0)
        self.quiet()
        self.q.clock_step_next()
        self.bite('pause')
        self.assertEqual(self.q.clock(), start + self.clocks(1000) + self.clocks(500))
        self.assertEqual(self.q.readw(self.RELOAD), self.TIMEOUT)
        self.q.writew(self.RELOAD, self.TIMEOUT)
        self.assertEqual(self.q.readw(self.RELOAD), self.TIMEOUT, 'locked')
        self.unlocked(self.RELOAD, self.TIMEOUT)
        self.assertEqual(self.q.readw(self.RELOAD), 0)

    def test_petted(self):
        self.begin()
        self.wdt.writew(self.CONFIG, 4 | 3)
        for register in (self.PRELOAD1, self.PRELOAD2):
            self.unlocked(register, 1000)
        self.wdt.writeb(self.LOCK, 2)
        for _ in range(5):
            self.q.clock_step(self.clocks(1900, fast=True))
            self.unlocked(self.RELOAD, self.NOW)
        self.assertEqual(self.q.readw(self.STATUS), 0, 'no interrupt is wanted')
        self.quiet()
        self.wdt.writeb(self.LOCK, 0)
        self.q.clock_step(100 * SEC)
        self.quiet()

    def test_locked(self):
        self.begin()
        self.unlocked(self.PRELOAD1, 1)
        self.unlocked(self.PRELOAD2, 1)
        self.wdt.writeb(self.LOCK, 3)
        self.wdt.writeb(self.LOCK, 0)
        self.assertEqual(self.wdt.readb(self.LOCK), 3)
        self.q.clock_step(SEC)
        self.bite('reset')
        self.qmp.event('RESET')
        self.assertEqual(self.wdt.readb(self.LOCK), 0, 'a reset unlocks')
        self.place()
        self.assertEqual(self.q.readl(self.PRELOAD1), 0xfffff)
        self.assertEqual(self.q.readw(self.RELOAD), self.TIMEOUT, 'the next system learns of it')

    def test_no_output(self):
        self.begin()
        self.wdt.writew(self.CONFIG, 0x20)
        self.unlocked(self.PRELOAD1, 1)
        self.unlocked(self.PRELOAD2, 1)
        self.wdt.writeb(self.LOCK, 2)
        self.q.clock_step(SEC)
        self.assertEqual(self.q.readw(self.RELOAD), self.TIMEOUT)
        self.quiet()

    def test_free_running(self):
        self.begin('-action', 'watchdog=none')
        self.unlocked(self.PRELOAD1, 1)
        self.unlocked(self.PRELOAD2, 1000)
        self.wdt.writeb(self.LOCK, 6)
        start = self.q.clock()
        for n in (1, 2, 3):
            self.assertEqual(self.q.clock_step_next(), start + n * self.clocks(1000))
        self.bite('none')

    def test_preload_of_nothing(self):
        """Free-running without a period: the machine lives on."""
        self.begin('-action', 'watchdog=none')
        self.unlocked(self.PRELOAD2, 0)
        self.wdt.writew(self.CONFIG, 4)
        self.wdt.writeb(self.LOCK, 6)
        self.q.clock_step(SEC)
        self.assertEqual(self.status(), 'running')


if __name__ == '__main__':
    tap.main()

# SPDX-License-Identifier: GPL-2.0-or-later
"""Linux sleeps (S3) on the software CPU and is woken, through SeaBIOS; and it takes the HPET."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import linux
import tap
from qmp import Client


@unittest.skipIf(linux.skip_reason(), linux.skip_reason())
class Sleep(linux.LinuxTest):
    def sleep(self, wake, after=''):
        """Linux goes to sleep, wake() wakes it, and it goes on where it was; returns what it has
        said meanwhile."""
        self.console.run('dmesg -c > /dev/null')
        self.console.socket.sendall(b'echo mem > /sys/power/state; echo BA""CK $?\n')
        while not any(event['event'] == 'SUSPEND' for event in self.qmp.events):
            self.console.read()  # Linux waits for its console
            self.qmp.value('query-name')
        self.qmp.event('SUSPEND')
        self.assertEqual(self.qmp.value('query-status'),
                         {'running': False, 'singlestep': False, 'status': 'suspended'})
        self.assertEqual(self.machine.hmp.command('info status'), 'VM status: paused (suspended)')
        wake()
        self.qmp.event('WAKEUP')
        self.assertEqual(self.qmp.value('query-status')['status'], 'running')
        self.console.wait(r'BACK 0\n')
        return self.console.run('dmesg')

    def test_sleep_and_hpet(self):
        qmp = os.path.join(self.dir, 'qmp')
        self.start_shell('-smp', '2', '-qmp', 'unix:%s,server=on,wait=off' % qmp)
        self.qmp = Client(qmp)
        self.addCleanup(self.qmp.close)
        run = self.console.run
        self.assertIn('hpet0: 3 comparators', run('dmesg'))
        run('mount -t sysfs sys /sys; mount -t tmpfs tmpfs /mnt; '
            'head -c 1000000 /dev/urandom > /mnt/f')
        self.assertIn('hpet', run('cat /sys/devices/system/clocksource/*/available_clocksource'))
        self.assertIn('deep', run('cat /sys/power/mem_sleep'))
        before = run('md5sum /mnt/f')
        ways = (lambda: self.machine.hmp.command('system_wakeup'),
                lambda: self.machine.hmp.command('sendkey ret'),
                lambda: self.qmp.value('system_powerdown'))
        for wake in ways:
            log = self.sleep(wake)
            self.assertIn('ACPI: PM: Preparing to enter system sleep state S3', log)
            self.assertIn('ACPI: PM: Waking up from system sleep state S3', log)
            self.assertIn('CPU1 is up', log)
            self.assertNotRegex(log, r'(?i)error|fail|warn|bug:')
            self.assertEqual(run('md5sum /mnt/f'), before)
        run('echo +2 > /sys/class/rtc/rtc0/wakealarm')
        self.sleep(lambda: None)
        self.assertNotIn('RESET', [event['event'] for event in self.qmp.events])


if __name__ == '__main__':
    tap.main()

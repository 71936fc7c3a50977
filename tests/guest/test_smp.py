# SPDX-License-Identifier: GPL-2.0-or-later
"""Several processors under tcg, with local APICs of ours: SeaBIOS starts and counts them, they
sleep while there is nothing to do, and start again after a reset."""

import os
import re
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import tap
from machine import Machine, run

DONE = 'No bootable device.'


def has_tcg():
    return any(line.split()[:1] == ['tcg'] for line in run('-accel', 'help')[1].splitlines())


@unittest.skipUnless(has_tcg(), 'needs the accelerator tcg')
class Smp(unittest.TestCase):
    def setUp(self):
        self.machine = Machine(accel='tcg')
        self.addCleanup(self.machine.stop)

    def start(self, count):
        self.machine.args = ['-m', '64', '-smp', str(count), '-chardev',
                             'file,id=debug,path=' + self.machine.path('log'), '-device',
                             'isa-debugcon,iobase=0x402,chardev=debug']
        self.machine.start()
        self.hmp = self.machine.hmp.command

    def wait_log(self, text, count=1, timeout=90):
        end = time.monotonic() + timeout
        log = ''
        while time.monotonic() < end and self.machine.running():
            if os.path.exists(self.machine.path('log')):
                with open(self.machine.path('log'), encoding='latin-1') as f:
                    log = f.read()
            if log.count(text) >= count:
                return log
            time.sleep(0.1)
        self.fail('no %r in the log:\n%s\n%s' % (text, log[-2000:], self.machine.stderr()))

    def cpu_seconds(self):
        with open('/proc/%d/stat' % self.machine.process.pid, encoding='latin-1') as f:
            fields = f.read().rsplit(')', 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')

    def ticks(self):
        """Interrupts that came to LINT0 of the boot processor, from the 8259."""
        return int(re.search(r'IRQ statistics for apic:\n 0: (\d+)', self.hmp('info irq')).group(1))

    def check_count(self, count, smp=None, most=None):
        self.start(smp or count)
        log = self.wait_log(DONE)
        self.assertIn('Found %d cpu(s) max supported %d cpu(s)' % (count, most or count), log)
        self.assertEqual(self.hmp('info cpus').count('CPU #'), count)

    def test_one_processor(self):
        self.check_count(1)

    def test_two_processors(self):
        self.check_count(2)

    def test_many_processors(self):
        self.check_count(17)

    def test_ids_with_gaps(self):
        """Three cores have four ids, and there is room for another package of them."""
        self.check_count(4, '4,sockets=3,cores=3,maxcpus=9', 4 + 4 + 3)
        for index, number in enumerate((0, 1, 2, 4)):
            self.assertIn('CPU %d: id %d, ' % (index, number), self.hmp('info lapic %d' % index))

    def test_info_lapic(self):
        self.start(2)
        self.wait_log(DONE)
        first, second = self.hmp('info lapic'), self.hmp('info lapic 1')
        self.assertIn('local APIC of CPU 0: id 0, base 0xfee00000, boot processor\n', first)
        self.assertRegex(first, r'LVT0 +0x00008700 level +ExtINT')
        self.assertRegex(first, r'SPIV +0x000001ff')
        self.assertIn('local APIC of CPU 1: id 1, base 0xfee00000, disabled by software', second)
        self.assertIn('events   none', second)
        self.assertIn('there is no local APIC 2', self.hmp('info lapic 2'))
        self.assertIn('there is no local APIC -1', self.hmp('info lapic -1'))

    def test_sleeps_between_ticks(self):
        self.start(4)
        self.wait_log(DONE)
        time.sleep(0.5)
        before, used = self.ticks(), self.cpu_seconds()
        time.sleep(2)
        self.assertIn(self.ticks() - before, range(15, 60)) # 18.2 Hz
        self.assertLess(self.cpu_seconds() - used, 1)
        self.assertEqual(self.hmp('info cpus').count('(halted)'), 4)

    def test_reset(self):
        self.start(3)
        self.wait_log(DONE)
        for n in range(2, 4):
            self.hmp('system_reset')
            log = self.wait_log(DONE, count=n)
            self.assertEqual(log.count('Found 3 cpu(s) max supported 3 cpu(s)'), n)


if __name__ == '__main__':
    tap.main()

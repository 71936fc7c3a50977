# SPDX-License-Identifier: GPL-2.0-or-later
"""Linux goes to its disk (S4) on the software CPU: the program ends, and the next one that has this
disk goes on where the first was."""

import os
import struct
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import linux
import tap

PACKAGE = linux.Package()
PAGE = 4096
DISK = 600 << 20


def swap_space(path):
    """What mkswap makes: a header in the first page."""
    with open(path, 'wb') as f:
        f.truncate(DISK)
        f.seek(1024)
        f.write(struct.pack('<III', 1, DISK // PAGE - 1, 0))
        f.seek(PAGE - 10)
        f.write(b'SWAPSPACE2')


@unittest.skipIf(PACKAGE.skip_reason(), PACKAGE.skip_reason())
class Hibernate(linux.LinuxTest):
    kernel = PACKAGE.kernel

    def boot(self):
        self.files, load = PACKAGE.load('sd_mod', 'ata_piix')
        self.start_shell('-m', '512M', '-hda', self.disk)
        self.console.run('mount -t sysfs sys /sys; ' + load)
        self.console.wait_for('[ -b /dev/sda ]')

    def test_disk(self):
        self.disk = os.path.join(self.dir, 'disk')
        swap_space(self.disk)
        self.boot()
        run = self.console.run
        self.assertIn('disk', run('cat /sys/power/state'))
        self.assertIn('[platform]', run('cat /sys/power/disk'))
        run('swapon /dev/sda; mount -t tmpfs tmpfs /mnt; head -c 1000000 /dev/urandom > /mnt/f')
        before = run('md5sum /mnt/f; cat /proc/sys/kernel/random/boot_id')
        self.console.socket.sendall(b'echo disk > /sys/power/state; echo BA""CK $?\n')
        self.assertEqual(self.machine.wait(linux.TIMEOUT), 0)
        self.boot()
        self.console.socket.sendall(b'echo 8:0 > /sys/power/resume\n')
        self.console.wait(r'BACK 0\n')
        self.assertEqual(self.console.run('md5sum /mnt/f; cat /proc/sys/kernel/random/boot_id'),
                         before)
        log = self.console.run('dmesg')
        self.assertIn('ACPI: PM: Preparing to enter system sleep state S4', log)
        self.assertIn('ACPI: PM: Waking up from system sleep state S4', log)
        self.assertNotRegex(log, r'(?i)ACPI.*error|PM: .*(fail|error)|BUG:')


if __name__ == '__main__':
    tap.main()

# SPDX-License-Identifier: GPL-2.0-or-later
"""Linux's own driver on our AHCI controller, on the software CPU. The installer's initial RAM disk
lacks it, so the kernel and the modules are those of Debian's package linux-image-amd64."""

import hashlib
import os
import re
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import linux
import tap

MIB = 1 << 20
PACKAGE = linux.Package()


def digest(data):
    return hashlib.sha256(data).hexdigest()


@unittest.skipIf(PACKAGE.skip_reason(), PACKAGE.skip_reason())
class AhciLinux(linux.LinuxTest):
    kernel = PACKAGE.kernel

    def test_disk_and_disc(self):
        self.files, load = PACKAGE.load('sd_mod', 'ahci', 'sr_mod')
        disk, disc = os.urandom(8 * MIB), os.urandom(2 * MIB)
        paths = [os.path.join(self.dir, name) for name in ('disk.img', 'disc.iso')]
        for path, data in zip(paths, (disk, disc)):
            with open(path, 'wb') as f:
                f.write(data)
        self.start_shell('-device', 'ahci,id=ahci',
                         '-drive', 'if=none,id=d,format=raw,file=' + paths[0],
                         '-device', 'ide-hd,bus=ahci.0,drive=d',
                         '-drive', 'if=none,id=c,media=cdrom,file=' + paths[1],
                         '-device', 'ide-cd,bus=ahci.3,drive=c')
        run = self.console.run
        run('mount -t sysfs sys /sys; ' + load)
        self.console.wait_for('[ -b /dev/sda -a -b /dev/sr0 ]')
        messages = run('dmesg | grep -E "ata|ahci|scsi|sd |sr "')
        self.assertIn('NCQ (depth 32)', messages)
        self.assertIn('SATA link up 6.0 Gbps', messages)
        self.assertIn(digest(disk), run('sha256sum /dev/sda'))
        self.assertIn(digest(disc), run('sha256sum /dev/sr0'))
        # Several at once, queued; then what was written is read back, by the host too.
        run('for n in 0 1 2 3; do dd if=/dev/sda of=/dev/sda bs=64k skip=$((n * 16)) '
            'seek=$((n * 16 + 64)) count=16 & done; wait; sync; '
            'echo 3 > /proc/sys/vm/drop_caches')
        wanted = disk[:4 * MIB] * 2
        self.assertIn(digest(wanted), run('sha256sum /dev/sda'))
        with open(paths[0], 'rb') as f:
            self.assertEqual(digest(f.read()), digest(wanted))
        messages = run('dmesg | grep -E "ata|ahci|scsi|sd |sr "')
        self.assertIsNone(re.search('error|fail|exception|timeout|frozen|reset', messages, re.I),
                          messages)
        self.assertRegex(run('grep ahci /proc/interrupts'), 'MSI')


if __name__ == '__main__':
    tap.main()

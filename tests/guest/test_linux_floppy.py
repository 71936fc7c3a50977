# SPDX-License-Identifier: GPL-2.0-or-later
"""Linux's own driver on our floppy controller, on the software CPU; the module is that of Debian's
package linux-image-amd64."""

import hashlib
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import linux
import tap

PACKAGE = linux.Package()
SIZE, OTHER = 1440 << 10, 720 << 10


def digest(data):
    return hashlib.sha256(data).hexdigest()


@unittest.skipIf(PACKAGE.skip_reason(), PACKAGE.skip_reason())
class FloppyLinux(linux.LinuxTest):
    kernel = PACKAGE.kernel

    def image(self, name, size):
        path = os.path.join(self.dir, name)
        with open(path, 'wb') as f:
            f.write(os.urandom(size))
        return path

    def content(self, path):
        with open(path, 'rb') as f:
            return f.read()

    def test_two_drives(self):
        self.files, load = PACKAGE.load('floppy')
        a, b, other = (self.image('a', SIZE), self.image('b', 1200 << 10), self.image('c', OTHER))
        self.start_shell('-drive', 'if=floppy,format=raw,file=' + a, '-drive',
                         'if=floppy,format=raw,readonly=on,file=' + b)
        run = self.console.run
        run('mount -t sysfs sys /sys; ' + load)
        self.console.wait_for('[ -b /dev/fd0 -a -b /dev/fd1 ]')
        messages = run('dmesg | grep -iE "floppy|fd[01c]"')
        self.assertIn('fd0 is 1.44M', messages)
        self.assertIn('fd1 is 1.2M', messages)
        self.assertIn('FDC 0 is a post-1991 82077', messages)
        before = self.content(a)
        self.assertIn(digest(before), run('sha256sum /dev/fd0'))
        self.assertIn(digest(self.content(b)), run('sha256sum /dev/fd1'))

        run('dd if=/dev/fd0 of=/tmp/part bs=1k skip=100 count=300; '
            'dd if=/tmp/part of=/dev/fd0 bs=1k seek=901 conv=fsync')
        wanted = before[:901 << 10] + before[100 << 10:400 << 10] + before[1201 << 10:]
        run('echo 3 > /proc/sys/vm/drop_caches')
        self.assertIn(digest(wanted), run('sha256sum /dev/fd0'))
        self.assertEqual(digest(self.content(a)), digest(wanted))
        self.assertRegex(run('dd if=/tmp/part of=/dev/fd1 bs=1k count=1; echo " status $?"'),
                         'status 1')

        # Another medium: the change line says so, and the format is found out.
        self.assertEqual(self.machine.hmp.command('change floppy0 %s raw' % other).strip(), '')
        self.assertIn(digest(self.content(other)), run('sha256sum /dev/fd0'))
        self.assertEqual(self.machine.hmp.command('eject floppy0').strip(), '')
        self.assertRegex(run('dd if=/dev/fd0 of=/dev/null bs=1k count=1; echo " status $?"'),
                         'status 1')


if __name__ == '__main__':
    tap.main()

# SPDX-License-Identifier: GPL-2.0-or-later
"""Linux's bochs driver on bochs-display, on the software CPU."""

import os
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import image
import linux
import tap


@unittest.skipIf(linux.skip_reason(), linux.skip_reason())
class Bochs(linux.LinuxTest):
    kind = 'gtk'  # whose RAM disk has bochs.ko

    def dump(self):
        path = self.machine.path('screen.ppm')
        self.assertEqual(self.machine.hmp.command('screendump %s' % path), '')
        return image.read(path)

    def test_framebuffer(self):
        """The mode is the one of the EDID; what is written to /dev/fb0 is the picture."""
        self.start_shell('-vga', 'none', '-device', 'bochs-display,xres=1024,yres=600')
        self.console.run('mount -t sysfs sys /sys; modprobe bochs')
        self.console.wait_for('[ -e /dev/fb0 ]')
        log = self.console.run('dmesg | grep -i -e bochs -e fb0')
        self.assertIn('Found bochs VGA', log)
        self.assertEqual(self.console.run('cat /sys/class/graphics/fb0/virtual_size').split()[-1],
                         '1024,600', log)
        # Ten rows of each letter, written at once; the driver copies them a little later. What
        # shows the console's cursor is in the corner.
        self.console.run('for c in A B C D E F G H; do head -c 40960 /dev/zero | tr "\\0" $c; '
                         'done > /tmp/picture; dd if=/tmp/picture of=/dev/fb0 bs=327680')
        wanted = [[(0x41 + row // 10) * 0x10101] * 3 for row in range(80)]

        def rows():
            picture = self.dump()
            self.assertEqual((picture.width, picture.height), (1024, 600))
            return [[picture.pixel(x, row) for x in (100, 511, 1023)] for row in range(80)]
        end = time.monotonic() + 120
        while rows() != wanted and time.monotonic() < end:
            time.sleep(0.5)
        self.assertEqual(rows(), wanted)


if __name__ == '__main__':
    tap.main()

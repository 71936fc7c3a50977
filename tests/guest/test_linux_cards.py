# SPDX-License-Identifier: GPL-2.0-or-later
"""Linux's drivers of bochs-display and cirrus-vga, on the software CPU."""

import os
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import image
import linux
import tap


@unittest.skipIf(linux.skip_reason(), linux.skip_reason())
class Cards(linux.LinuxTest):
    kind = 'gtk'  # whose RAM disk has bochs.ko and cirrus.ko

    def dump(self):
        path = self.machine.path('screen.ppm')
        self.assertEqual(self.machine.hmp.command('screendump %s' % path), '')
        return image.read(path)

    def check(self, module, width, height, pixel, color):
        """What is written to /dev/fb0 is the picture. `color`: of pixels whose bytes are equal."""
        self.console.run('mount -t sysfs sys /sys; modprobe ' + module)
        self.console.wait_for('[ -e /dev/fb0 ]')
        self.log = self.console.run('dmesg | grep -i -e %s -e fb0' % module)
        size = self.console.run('cat /sys/class/graphics/fb0/virtual_size').split()[-1]
        self.assertEqual(size, '%d,%d' % (width, height), self.log)
        # Ten rows of each letter, written at once; the driver copies them a little later. What
        # shows the console's cursor is in the corner.
        rows = 10 * width * pixel
        self.console.run('for c in A B C D E F G H; do head -c %d /dev/zero | tr "\\0" $c; '
                         'done > /tmp/picture; dd if=/tmp/picture of=/dev/fb0 bs=%d'
                         % (rows, 8 * rows))
        wanted = [[color(0x41 + row // 10)] * 3 for row in range(80)]

        def rows_shown():
            picture = self.dump()
            self.assertEqual((picture.width, picture.height), (width, height))
            return [[picture.pixel(x, row) for x in (100, 511, width - 1)] for row in range(80)]
        end = time.monotonic() + 120
        while rows_shown() != wanted and time.monotonic() < end:
            time.sleep(0.5)
        self.assertEqual(rows_shown(), wanted)

    def test_bochs_display(self):
        """The mode is the one of the EDID."""
        self.start_shell('-vga', 'none', '-device', 'bochs-display,xres=1024,yres=600')
        self.check('bochs', 1024, 600, 4, lambda byte: byte * 0x10101)
        self.assertIn('Found bochs VGA', self.log)

    def test_cirrus_vga(self):
        def color(byte):  # 5, 6 and 5 bits, the upper ones repeated below
            value = byte * 0x101
            red, green, blue = value >> 11, value >> 5 & 63, value & 31
            return ((red << 3 | red >> 2) << 16 | (green << 2 | green >> 4) << 8 |
                    blue << 3 | blue >> 2)
        self.start_shell('-vga', 'cirrus')
        self.check('cirrus', 1024, 768, 2, color)


if __name__ == '__main__':
    tap.main()

# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's installer in graphics, driven by the USB tablet through a GTK window, a VNC viewer and
a SPICE viewer of the same machine: the guest's pointer is exactly where the viewer's is."""

import os
import re
import struct
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))

import linux
import rfb
import spice
import tap
import xserver
from screen import Screen, wait

PARKED = 640, 140  # beside the places that are looked at
ARROW = 32  # pixels that a pointer has at most


@unittest.skipIf(linux.skip_reason(), linux.skip_reason())
@unittest.skipIf(xserver.missing(), xserver.missing())
class Tablet(linux.InstallerTest):
    # ---- three ways to point ----

    def open_gtk(self):
        self.window = self.x.window('installer')
        wait(lambda: re.search('shown as %dx%d at' % self.size,
                               self.machine.hmp.command('info gtk')), 'the window', 60)
        top = re.search(r'VGA: \S+ shown as \S+ at 0,(\d+)', self.machine.hmp.command('info gtk'))

        def point(x, y, pressed):
            self.x.do('mousemove', '--window', self.window, x, y + int(top[1]))
            if pressed is not None:
                self.x.do('mousedown' if pressed else 'mouseup', 1)
        return point

    def open_vnc(self):
        viewer = rfb.Rfb(self.machine.path('vnc'), timeout=120)
        self.addCleanup(viewer.close)
        return lambda x, y, pressed: viewer.pointer(x, y, 1 if pressed else 0)

    def open_spice(self):
        viewer = spice.Viewer(self.machine.path('spice'))
        self.addCleanup(viewer.close)
        inputs, picture = viewer.open(spice.INPUTS), viewer.display()
        while (picture.width, picture.height) != self.size:
            picture.step()
        self.assertTrue(viewer.modes & spice.MODE_CLIENT)
        if viewer.mode != spice.MODE_CLIENT:
            viewer.main.send(spice.MOUSE_MODE_REQUEST, struct.pack('<H', spice.MODE_CLIENT))
            _, mode = struct.unpack('<HH', viewer.main.until(spice.MAIN_MOUSE_MODE))
            self.assertEqual(mode, spice.MODE_CLIENT)

        def point(x, y, pressed):
            inputs.send(spice.MOUSE_POSITION, struct.pack('<IIHB', x, y, 1 if pressed else 0, 0))
            if pressed is not None:
                inputs.send(spice.MOUSE_PRESS if pressed else spice.MOUSE_RELEASE,
                            struct.pack('<BH', 1, 1 if pressed else 0))
        return point

    # ---- what the guest shows ----

    def tip(self, bare, x, y):
        """The upper left corner of what the pointer covers, near that place; None = nothing."""
        picture = self.screen.dump()
        seen = [(px, py) for py in range(max(0, y - ARROW), min(self.size[1], y + ARROW))
                for px in range(max(0, x - ARROW), min(self.size[0], x + ARROW))
                if picture.pixel(px, py) != bare.pixel(px, py)]
        return (min(px for px, _ in seen), min(py for _, py in seen)) if seen else None

    def check_places(self, point, bare):
        """In the banner, where nothing but the pointer changes. Its arrow has an outline of one
        pixel around its tip."""
        for x, y in ((643, 60), (61, 30), (self.size[0] - 50, 41)):
            point(x, y, None)
            seen = []

            def there(place=(x - 1, y - 1)):
                seen.append(self.tip(bare, *place))
                return seen[-1] == place
            try:
                wait(there, 'the pointer', 60)
            except AssertionError:
                self.fail('the pointer at %d,%d is at %s' % (x, y, seen[-1]))

    def check_click(self, point, y):
        point(self.size[0] // 2, y, None)
        point(self.size[0] // 2, y, True)
        point(self.size[0] // 2, y, False)
        self.wait_selected(lambda row: abs(row - y) < 16, 'no click at %d' % y, 120)

    def drive(self):
        picture = self.screen.dump()
        self.size = picture.width, picture.height
        points = self.open_vnc(), self.open_gtk(), self.open_spice()
        points[0](*PARKED, None)
        time.sleep(3)
        bare = self.screen.dump()
        for n, point in enumerate(points):
            self.check_places(point, bare)
            self.check_click(point, 300 + 40 * n)

    def test_all(self):
        self.x = xserver.XServer('1600x1200x24').__enter__()
        self.addCleanup(self.x.stop)
        self.how = {'display': None, 'cwd': True, 'env': self.x.env}
        self.start('gtk', 'vga=788 quiet', '-vga', 'std', '-name', 'installer', '-usb', '-device',
                   'usb-tablet', '-display', 'gtk', '-vnc', 'unix:vnc', '-spice',
                   'unix=on,addr=spice,disable-ticketing=on,image-compression=off')
        self.screen = Screen(self.machine)
        self.wait_selected(lambda row: row > 400, 'no language is selected', linux.TIMEOUT)
        self.drive()


if __name__ == '__main__':
    tap.main()

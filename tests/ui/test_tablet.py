#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest's driver takes the USB tablet, and lets go of it: every frontend shows the pointer where
the viewer's is, without a grab, as long as it has it. The guest is a driver of our own."""

import os
import re
import struct
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import pci  # noqa: E402
import rfb  # noqa: E402
import spice  # noqa: E402
import tap  # noqa: E402
import uhci  # noqa: E402
import vga  # noqa: E402
import xserver  # noqa: E402
from machine import Machine  # noqa: E402
from screen import wait  # noqa: E402

LFB = 0xe0000000
WIDTH, HEIGHT = 640, 480
END = 0x7fff
FREE = 'tab - Vitrine'
GRABBED = FREE + ' - Press Ctrl+Alt+G to release grab'


class Tablet(unittest.TestCase):
    def start(self, *args, env=None):
        self.m = Machine('-machine', 'pc', '-m', '16', '-name', 'tab', '-usb', '-device',
                         'usb-tablet', *args, display=None, cwd=True, env=env, timeout=60)
        self.addCleanup(self.m.stop)
        self.m.start()
        self.m.hmp.command('info mice')
        card = pci.find(self.m.qtest, 0x1234, 0x1111)
        card.set_bar(0, LFB)
        card.enable(pci.COMMAND_MEMORY)
        vga.Vga(self.m.qtest).vbe_mode(WIDTH, HEIGHT, 32)
        self.hc = uhci.Uhci(self.m.qtest)

    def is_absolute(self):
        return bool(re.search(r'\* Mouse #\d: QEMU HID Tablet', self.m.hmp.command('info mice')))

    def take(self):
        """The guest's driver comes."""
        self.assertFalse(self.is_absolute())
        self.hc.configure(0, 1)
        self.report()
        self.assertTrue(self.is_absolute())

    def let_go(self):
        self.hc.control(1, 0, 9, 0)
        self.assertFalse(self.is_absolute())

    def report(self):
        """The last of what there is to report: buttons, x, y; None = nothing new."""
        last = None
        while True:
            raw = self.hc.poll(1)
            if raw is None:
                return last
            last = struct.unpack('<BHH', raw[:5])

    def expect(self, x, y, buttons=0):
        wanted = buttons, x, y
        seen = []

        def came():
            seen.append(self.report())
            return seen[-1] == wanted
        try:
            wait(came, 'report', 10)
        except AssertionError:
            self.assertIn(wanted, seen)
            raise

    def has_title(self, text):
        wait(lambda: self.x.title(self.window) == text, 'title ' + text, 20)

    def check_window(self, top):
        """Grabbed by a click, freed by the driver, and grabbed again when it has gone."""
        def press():
            self.x.click(self.window, 200, top + 200)
        self.has_title(FREE)
        press()
        self.has_title(GRABBED)
        self.take()
        self.has_title(FREE)
        for x, y, at in ((WIDTH - 1, HEIGHT - 1, (END, END)), (0, 0, (0, 0)),
                         (320, 240, (16409, 16418))):
            self.x.do('mousemove', '--window', self.window, x, top + y)
            self.expect(*at)
        self.x.do('mousedown', 1)
        self.expect(16409, 16418, 1)
        self.x.do('mouseup', 1)
        self.expect(16409, 16418)
        self.has_title(FREE)
        self.let_go()
        self.has_title(FREE)
        press()
        self.has_title(GRABBED)
        self.x.key('ctrl+alt+g')
        self.has_title(FREE)

    def start_window(self, frontend):
        self.x = xserver.XServer().__enter__()
        self.addCleanup(self.x.stop)
        self.start('-display', frontend, env=self.x.env)
        self.window = self.x.window('tab')
        wait(lambda: self.x.geometry(self.window)[2] == WIDTH, 'the mode', 20)

    @unittest.skipIf(xserver.missing(), xserver.missing())
    def test_gtk(self):
        self.start_window('gtk')
        at = re.search(r'VGA: \S+ shown as 640x480 at 0,(\d+)', self.m.hmp.command('info gtk'))
        self.check_window(int(at[1]))

    @unittest.skipIf(xserver.missing(), xserver.missing())
    def test_sdl(self):
        self.start_window('sdl')
        self.check_window(0)

    def test_vnc(self):
        self.start('-vnc', 'unix:vnc')
        viewer = rfb.Rfb(self.m.path('vnc'))
        self.addCleanup(viewer.close)
        viewer.pointer(10, 10)
        self.take()
        wait(lambda: 'absolute' in self.m.hmp.command('info mice'), 'the tablet', 5)
        viewer.pointer(WIDTH - 1, 0)
        self.expect(END, 0)
        viewer.pointer(0, HEIGHT - 1, 4)
        self.expect(0, END, 2)
        viewer.pointer(0, HEIGHT - 1)
        self.expect(0, END)
        self.let_go()
        viewer.pointer(5, 5)  # the mouse's
        self.take()
        self.assertIsNone(self.report())

    def test_order(self):
        """What the guest asks for in time it gets one by one; else the last place of many, and
        never an older one after it."""
        self.start('-vnc', 'unix:vnc')
        viewer = rfb.Rfb(self.m.path('vnc'))
        self.addCleanup(viewer.close)
        self.take()
        for x in range(1, 200):
            viewer.pointer(x, 0)
            self.expect(x * END // (WIDTH - 1), 0)
        for x in range(WIDTH):
            viewer.pointer(x, 1)
        seen = []

        def came():
            raw = self.hc.poll(1)
            if raw is not None:
                seen.append(struct.unpack('<BHH', raw[:5])[1])
            return seen and seen[-1] == END
        wait(came, 'the last place', 20)
        self.assertEqual(seen, sorted(set(seen)))
        self.assertIsNone(self.report())

    def spice_mode(self, viewer, wanted):
        while viewer.mode != wanted:
            supported, viewer.mode = struct.unpack('<HH', viewer.main.until(spice.MAIN_MOUSE_MODE))
            if wanted == spice.MODE_CLIENT and supported & wanted and viewer.mode != wanted:
                viewer.main.send(spice.MOUSE_MODE_REQUEST, struct.pack('<H', wanted))

    def test_spice(self):
        self.start('-spice', 'unix=on,addr=spice,disable-ticketing=on')
        viewer = spice.Viewer(self.m.path('spice'))
        self.addCleanup(viewer.close)
        inputs = viewer.open(spice.INPUTS)
        picture = viewer.display()
        while (picture.width, picture.height) != (WIDTH, HEIGHT):
            picture.step()
        self.spice_mode(viewer, spice.MODE_SERVER)
        self.take()
        self.spice_mode(viewer, spice.MODE_CLIENT)
        inputs.send(spice.MOUSE_POSITION, struct.pack('<IIHB', WIDTH - 1, 0, 0, 0))
        self.expect(END, 0)
        inputs.send(spice.MOUSE_POSITION, struct.pack('<IIHB', 0, HEIGHT - 1, 0, 0))
        self.expect(0, END)
        self.let_go()
        self.spice_mode(viewer, spice.MODE_SERVER)


class Default(unittest.TestCase):
    """Which machines have a tablet that nobody asked for; they do not run."""

    def usb(self, *args):
        with Machine('-S', *args, accel='tcg', display=None, cwd=True, timeout=60) as m:
            return m.hmp.command('info usb')

    def test_machines(self):
        for args, there in ((('-vnc', 'unix:vnc'), 'Device 0.0, Port 2, Speed 12 .*USB T'),
                            (('-vnc', 'unix:vnc', '-device', 'qemu-xhci'), 'Port 4, .*480.*USB T'),
                            (('-vnc', 'unix:vnc', '-M', 'isapc'), None),
                            (('-vnc', 'unix:vnc', '-M', 'usb=off'), None),
                            (('-vnc', 'unix:vnc', '-nodefaults', '-vga', 'std'), None),
                            (('-vnc', 'unix:vnc', '-device', 'virtio-tablet-pci'), None),
                            (('-display', 'none'), None)):
            with self.subTest(args):
                if there:
                    self.assertRegex(self.usb(*args), there)
                else:
                    self.assertNotIn('USB Tablet', self.usb(*args))
        taken = ('-usb', '-device', 'usb-kbd', '-device', 'usb-kbd')
        self.assertNotIn('USB Tablet', self.usb('-vnc', 'unix:vnc', *taken))


if __name__ == '__main__':
    tap.main()

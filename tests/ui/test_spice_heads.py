#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Several heads over SPICE: one display channel each, by a scripted client and in remote-viewer's
windows. The machine runs under qtest; its second card is set up as Linux' Bochs driver does."""

import os
import random
import shutil
import struct
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import image  # noqa: E402
import pci  # noqa: E402
import spice  # noqa: E402
import tap  # noqa: E402
import vga  # noqa: E402
import xserver  # noqa: E402
from guestinput import GuestInput  # noqa: E402
from machine import Machine  # noqa: E402
from screen import find, wait  # noqa: E402

LFB, LFB2, MMIO2 = 0xe0000000, 0xe4000000, 0xe8010000


class HeadsTest(unittest.TestCase):
    def start(self, *more):
        self.m = Machine('-spice', 'unix=on,addr=spice,image-compression=off', '-device',
                         'secondary-vga,id=right', *more, cwd=True)
        self.addCleanup(self.m.stop)
        self.m.start()
        self.q = self.m.qtest
        self.m.hmp.command('info spice')
        for class_code, bars in ((0x0300, {0: LFB}), (0x0380, {0: LFB2, 2: MMIO2})):
            card = pci.find(self.q, 0x1234, 0x1111, class_code=class_code)
            for number, place in bars.items():
                card.set_bar(number, place)
            card.enable(pci.COMMAND_MEMORY)
        self.show(0, 640, 480, 1)
        self.show(1, 320, 400, 2)

    def show(self, head, width, height, seed):
        """A picture of this size on a head."""
        if head == 0:
            vga.Vga(self.q).vbe_mode(width, height, 32)
        else:
            self.q.writeb(MMIO2 + 0x400, 0x20)
            for index, value in ((vga.VBE_ENABLE, 0), (vga.VBE_XRES, width),
                                 (vga.VBE_YRES, height), (vga.VBE_BPP, 32),
                                 (vga.VBE_ENABLE, 0x41)):
                self.q.writew(MMIO2 + 0x500 + 2 * index, value)
        noise = random.Random(seed)
        for y in range(0, height, 16):
            line = b''.join(struct.pack('<I', noise.randrange(1 << 24)) * 16
                            for _ in range(width // 16))
            self.q.write((LFB, LFB2)[head] + y * width * 4, line * 16)

    def dump(self, head):
        path = self.m.path('head.ppm')
        answer = self.m.hmp.command('screendump %s %s' % (path, ('VGA', 'right')[head]))
        self.assertEqual(answer, '')
        return image.read(path)


class Scripted(HeadsTest):
    def assert_same(self, picture, head):
        def same():
            picture.catch_up()
            dump = self.dump(head)
            return (dump.width, dump.height) == (picture.width, picture.height) and \
                dump.rgb == picture.rgb()
        wait(same, 'head %d in the viewer' % head, 20)

    def test_each_head_has_its_channel(self):
        self.start()
        viewer = spice.Viewer(self.m.path('spice'))
        self.addCleanup(viewer.close)
        self.assertEqual(viewer.listed, [(2, 0), (2, 1), (3, 0), (4, 0), (4, 1)])
        self.assertEqual(self.m.hmp.command('info display').count('spice: inactive'), 2)
        right = viewer.display(1)
        self.assert_same(right, 1)
        self.assertEqual(right.width, 320)
        info = self.m.hmp.command('info display')  # nobody looks at the first yet
        self.assertEqual((info.count('spice: active'), info.count('spice: inactive')), (1, 1))
        left = viewer.display(0)
        self.assert_same(left, 0)
        self.show(1, 800, 304, 3)  # one changes its size, the other does not
        self.assert_same(right, 1)
        self.q.memset(LFB, 6400, 0x5a)
        self.assert_same(left, 0)
        self.assertEqual((left.width, right.width), (640, 800))
        self.assertIn('     channel: 2:1\n', self.m.hmp.command('info spice'))
        with self.assertRaises(spice.SpiceError):
            viewer.open(spice.DISPLAY, 2)
        viewer.close()
        wait(lambda: self.m.hmp.command('info display').count('spice: inactive') == 2,
             'nobody looks', 20)
        self.assertEqual(self.m.quit(), 0)
        self.assertEqual(self.m.stderr(), '')

    def test_input_is_the_machine_s(self):
        """One keyboard and one mouse, whichever head the viewer's window shows."""
        self.start()
        guest = GuestInput(self.m)
        viewer = spice.Viewer(self.m.path('spice'))
        self.addCleanup(viewer.close)
        viewer.display(1)
        self.assertEqual(viewer.mode, spice.MODE_SERVER)
        inputs = viewer.open(spice.INPUTS)
        inputs.until(spice.INPUTS_INIT)
        inputs.send(spice.KEY_DOWN, struct.pack('<I', 0x1e))
        guest.expect([0x1e])


def missing():
    return xserver.missing() or \
        (None if shutil.which('remote-viewer') else 'not installed: remote-viewer')


@unittest.skipIf(missing(), missing())
class RemoteViewer(HeadsTest):
    def windows(self):
        try:
            return self.x.do('search', '--onlyvisible', '--name', 'Vitrine .[12].').split()
        except subprocess.CalledProcessError:
            return []

    def shown_somewhere(self, head):
        dump = self.dump(head)
        return any(find(self.x.picture(window), dump) for window in self.windows())

    def test_two_windows(self):
        self.start()
        self.x = self.enterContext(xserver.XServer('2560x1024x24'))
        environment = {**os.environ, **self.x.env, 'HOME': self.m.dir, 'LC_ALL': 'C.UTF-8',
                       'XDG_RUNTIME_DIR': self.m.dir, 'XDG_CACHE_HOME': self.m.dir}
        with open(self.m.path('viewer.log'), 'wb') as log:
            process = subprocess.Popen(
                ['remote-viewer', 'spice+unix://' + self.m.path('spice')], env=environment,
                stdout=log, stderr=log)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        wait(lambda: len(self.windows()) == 2, 'two windows', 40)
        for i, window in enumerate(self.windows()):
            self.x.do('windowmove', window, 1280 * i, 0)  # what is covered cannot be read
        for head in (0, 1):
            wait(lambda: self.shown_somewhere(head), 'head %d in a window' % head, 20)
        self.q.memset(LFB2 + 320 * 4 * 100, 320 * 4 * 20, 0x77)
        wait(lambda: self.shown_somewhere(1), 'a change of the second head', 20)
        process.kill()
        wait(lambda: 'Channels: none' in self.m.hmp.command('info spice'), 'it leaves', 20)
        self.assertEqual(self.m.quit(), 0)
        self.assertEqual(self.m.stderr(), '')


if __name__ == '__main__':
    tap.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The demo disk, which the program boots when it is given no image, in all its modes, watched and
driven through a scripted VNC viewer, the GTK window and the monitor at the same time."""

import os
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import rfb  # noqa: E402
import tap  # noqa: E402
import xserver  # noqa: E402
from machine import Machine  # noqa: E402
from screen import Screen, find, wait  # noqa: E402

XK_TAB, XK_ESCAPE, XK_SHIFT = 0xff09, 0xff1b, 0xffe1
TYPED_ROW, TYPED_COLUMN = 16, 6
CODE_ROW, CODE_COLUMN = 11, 22
FRAMES_A_SECOND = 40  # of 60: the host may be busy

# A viewer that holds a key down until it is killed.
HOLDER = """
import sys, time
sys.path.insert(0, sys.argv[1])
import rfb
viewer = rfb.Rfb(sys.argv[2])
viewer.key(0x68, 1)
print('held', flush=True)
time.sleep(600)
"""


@unittest.skipUnless(os.access('/dev/kvm', os.R_OK | os.W_OK), 'no /dev/kvm')
@unittest.skipIf(xserver.missing(), xserver.missing())
class DemoTest(unittest.TestCase):
    def setUp(self):
        self.x = self.enterContext(xserver.XServer())
        self.m = self.enterContext(Machine('-m', '64', '-name', 'demo', '-vnc', 'unix:vnc',
                                           accel='kvm', display='gtk', env=self.x.env, cwd=True))
        self.screen = Screen(self.m)
        self.window = self.x.window('demo - Vitrine')
        self.address = self.m.path('vnc')
        self.screen.wait_text('Type something')
        self.viewer = rfb.Rfb(self.address)
        self.addCleanup(self.viewer.close)

    def typed(self):
        return self.screen.rows()[TYPED_ROW][TYPED_COLUMN:TYPED_COLUMN + 68].rstrip()

    def code(self):
        """The last scan code that the guest took."""
        return self.screen.rows()[CODE_ROW][CODE_COLUMN:].split()[0]

    def mouse(self):
        words = self.screen.rows()[12].split()
        return int(words[1 + words.index('Mouse')]), int(words[2 + words.index('Mouse')])

    def wait_typed(self, text):
        wait(lambda: self.typed() == text + '_', 'the guest shows ' + text, 30)

    def wait_size(self, width, height):
        wait(lambda: (self.screen.dump().width, self.screen.dump().height) == (width, height),
             'a picture of %dx%d' % (width, height), 30)

    def update(self):
        self.viewer.request(incremental=False)
        while True:
            size = self.viewer.width, self.viewer.height
            if self.viewer.update() >= size[0] * size[1]:
                return self.viewer.ppm()
            self.viewer.request(incremental=False)

    def same_everywhere(self):
        """With the machine stopped, viewer and window show what screendump saves: every pixel."""
        self.m.hmp.command('stop')
        wanted = self.screen.dump()
        ppm = b'P6\n%d %d\n255\n' % (wanted.width, wanted.height) + wanted.rgb
        wait(lambda: self.update() == ppm, 'the viewer shows what screendump saves', 30)
        wait(lambda: find(self.x.picture(self.window), wanted),
             'the window shows what screendump saves', 30)
        self.m.hmp.command('cont')
        return wanted

    def moves(self):
        """Frames come at the demo's pace and differ."""
        def fast():
            before, start = self.screen.numbers()[1], time.monotonic()
            time.sleep(1)
            frames = self.screen.numbers()[1] - before
            return frames / (time.monotonic() - start) >= FRAMES_A_SECOND
        first = self.screen.dump()
        wait(fast, '%d frames in a second' % FRAMES_A_SECOND, 60)
        self.assertIsNotNone(first.difference(self.screen.dump()))

    def text(self):
        self.viewer.key(XK_SHIFT, 1)
        self.viewer.press(ord('H'))
        self.viewer.key(XK_SHIFT, 0)
        self.viewer.press(ord('i'))
        self.wait_typed('Hi')
        self.x.focus(self.window)
        self.x.type(' all')
        self.wait_typed('Hi all')
        self.m.hmp.command('sendkey shift-1')
        self.wait_typed('Hi all!')
        x, y = self.mouse()
        self.m.hmp.command('mouse_move 30 -20')
        wait(lambda: self.mouse() == (x + 30, y - 20), 'the mouse moves', 20)
        self.viewer.pointer(100, 100)
        self.viewer.pointer(110, 140)
        wait(lambda: self.mouse() == (x + 40, y + 20), 'the mouse moves by the viewer', 20)
        self.same_everywhere()

    def killed_viewer(self):
        """A key that a viewer held when it was killed is let go of."""
        holder = subprocess.Popen(
            [sys.executable, '-c', HOLDER, os.path.dirname(rfb.__file__), self.address],
            stdout=subprocess.PIPE)
        with holder:
            self.assertEqual(holder.stdout.readline(), b'held\n')
            wait(lambda: self.typed().startswith('Hi all!h'), 'the held key', 20)
            holder.send_signal(signal.SIGKILL)
        wait(lambda: self.code() == 'A3', 'the release of H', 20)
        typed = self.typed()
        time.sleep(1)  # the keyboard would repeat a key that is down
        self.assertEqual(self.typed(), typed)

    def graphics(self):
        self.viewer.press(XK_TAB)
        self.wait_size(1024, 768)
        pictures = []
        for key in '123':
            self.viewer.press(ord(key))
            self.moves()
            pictures.append(self.same_everywhere())
            self.assertEqual(pictures[-1].width, 1024)
        self.assertIsNotNone(pictures[0].difference(pictures[1]))
        self.assertIsNotNone(pictures[1].difference(pictures[2]))

    def test_all_modes(self):
        self.text()
        self.killed_viewer()
        before = self.screen.rows()
        self.graphics()
        self.viewer.press(XK_ESCAPE)
        self.wait_size(720, 400)
        after = self.screen.rows()
        self.assertEqual(after[TYPED_ROW], before[TYPED_ROW])
        self.assertEqual(after[:9], before[:9])
        self.viewer.press(ord('x'))
        wait(lambda: self.typed().endswith('x_'), 'typing goes on', 20)
        self.same_everywhere()
        self.x.focus(self.window)
        self.x.key('ctrl+alt+q')  # asks
        time.sleep(1)
        self.assertTrue(self.m.running())
        self.x.key('alt+o')
        self.assertEqual(self.m.wait(20), 0)
        self.assertFalse(os.path.exists(self.address))


if __name__ == '__main__':
    tap.main()

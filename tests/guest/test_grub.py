#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A real boot loader under KVM, driven in three ways at once: SeaBIOS's boot menu through a VNC
viewer, then GRUB's menu through the GTK window, the viewer and the monitor. What each of them shows
is compared with `screendump`, and that with a reference picture."""

import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import grub  # noqa: E402
import image  # noqa: E402
import tap  # noqa: E402
import xserver  # noqa: E402
from machine import Machine, binary  # noqa: E402
from screen import Screen, find, text_rows, wait  # noqa: E402

VIEWER = 'xtigervncviewer'
FIRST_ROW = 4          # of GRUB's entries
CHOSEN = 0x70          # black on grey
NOT_CHOSEN = 0x07
BOOT_DEADLINE = 240    # GRUB's menu takes about a minute where KVM emulates ring 0


@unittest.skipUnless(os.access('/dev/kvm', os.R_OK | os.W_OK), 'no /dev/kvm')
@unittest.skipIf(grub.missing(), grub.missing())
@unittest.skipIf(xserver.missing(VIEWER), xserver.missing(VIEWER))
class GrubTest(unittest.TestCase):
    def setUp(self):
        iso = grub.make(os.path.join(os.path.dirname(os.path.dirname(binary())), 'grub.iso'))
        self.x = self.enter(xserver.XServer('1600x1200x24'))
        self.m = self.enter(Machine('-m', '64', '-boot', 'menu=on,splash-time=60000',
                                    '-cdrom', iso, '-name', 'booting', '-vnc', 'unix:vnc',
                                    accel='kvm', display='gtk', env=self.x.env, cwd=True))
        self.screen = Screen(self.m)
        self.window = self.x.window('booting - Vitrine')
        viewer = subprocess.Popen([VIEWER, '-RemoteResize=0', '-AutoSelect=0', '-NoJPEG=1',
                                   '-PreferredEncoding=ZRLE', self.m.path('vnc')],
                                  env={**os.environ, **self.x.env, 'HOME': self.m.dir},
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(viewer.wait)
        self.addCleanup(viewer.kill)
        self.viewer = self.x.window('booting.* - TigerVNC')
        self.x.do('windowmove', self.window, 10, 30)  # so that none covers the other
        self.x.do('windowmove', self.viewer, 800, 30)

    def enter(self, manager):
        self.addCleanup(manager.__exit__, None, None, None)
        return manager.__enter__()

    def shown_everywhere(self):
        """Both windows show what `screendump` saves; returns that picture."""
        self.m.hmp.command('stop')  # and with it, the cursor's blinking
        wanted = self.screen.dump()
        for name, window in (('window', self.window), ('viewer', self.viewer)):
            wait(lambda: find(self.x.picture(window), wanted),
                 'the %s shows what screendump saves' % name, 30)
        self.m.hmp.command('cont')
        return wanted

    def press(self, window, key):
        self.x.focus(window)
        self.x.key(key)

    def chosen(self):
        """The entry whose line is highlighted."""
        cells = self.screen.cells()
        lit = [row for row in range(3)
               if cells[(FIRST_ROW + row) * 80 + 20][1] == CHOSEN]
        self.assertLessEqual(len(lit), 1)
        return grub.ENTRIES[lit[0]] if lit else None

    def wait_chosen(self, number):
        wait(lambda: self.chosen() == grub.ENTRIES[number], grub.ENTRIES[number], 60)

    def test_menus(self):
        screen = self.screen
        screen.wait_text('Press ESC for boot menu')
        self.press(self.viewer, 'Escape')
        screen.wait_text('Select boot device')
        rows = screen.wait_text('DVD/CD')
        self.shown_everywhere()
        self.press(self.viewer, next(row for row in rows if 'DVD/CD' in row).strip()[0])

        screen.wait_text(grub.ENTRIES[2], BOOT_DEADLINE)
        rows = screen.wait_text('before booting or')
        self.assertIn('GNU GRUB', rows[1])
        self.wait_chosen(0)
        self.assertEqual(screen.attribute(FIRST_ROW + 1, 20), NOT_CHOSEN)
        first = self.shown_everywhere()

        self.press(self.window, 'Down')  # through the window
        self.wait_chosen(1)
        second = self.shown_everywhere()
        self.assertIsNotNone(first.difference(second))

        self.press(self.viewer, 'Down')  # through the viewer
        self.wait_chosen(2)
        # Row 1 tells GRUB's version. GRUB may still be painting; and the cursor blinks.
        reference = text_rows(image.read(image.reference('grub-menu')), 2, 23)
        wait(lambda: text_rows(self.shown_everywhere(), 2, 23) == reference,
             'the screen looks like the reference')

        self.assertEqual(self.m.hmp.command('sendkey up'), '')  # through the monitor
        self.wait_chosen(1)
        self.shown_everywhere()
        self.assertEqual(self.m.hmp.command('sendkey ret'), '')
        screen.wait_text('Second was chosen')


if __name__ == '__main__':
    tap.main()

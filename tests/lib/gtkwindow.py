# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of the GTK window share."""
import os
import re
import tempfile
import time

import fakewindow
import image
from machine import ROOT

MODULE = os.environ.get('VITRINE_GTK', ROOT + '/build/ui/gtk/libvitrine-ui-gtk.so')


def crop(whole, left, top, width, height):
    """A part of a window."""
    rows = [whole.rgb[(y * whole.width + left) * 3:][:width * 3]
            for y in range(top, top + height)]
    return image.Image(width, height, b''.join(rows))


def place(said):
    """(left, top, width, height) of the picture in its window, of what `info gtk` says."""
    width, height, left, top = map(int, re.search(
        r'VGA: \S+ shown as (\d+)x(\d+) at (\d+),(\d+)', said).groups())
    return left, top, width, height


class WindowCase(fakewindow.WindowCase):
    """GTK's window of the fake machine on an X server of its own."""
    module = MODULE
    scale = 1

    def setUp(self):
        super().setUp()
        data = tempfile.TemporaryDirectory()
        self.addCleanup(data.cleanup)
        self.env = {'GDK_SCALE': str(self.scale), 'XDG_DATA_HOME': data.name}

    def place(self):
        return place(self.fake.info())

    def corner(self):
        self.settle()
        return self.place()[:2]

    def shown(self):
        self.settle()
        return crop(self.x.picture(self.window), *self.place())

    def settle(self):
        time.sleep(0.3)

    def open_menu(self, x, row):
        """Chooses the row-th entry that is not a separator."""
        self.x.click(self.window, x, 12)
        self.settle()
        self.x.key(*['Down'] * row, 'Return')

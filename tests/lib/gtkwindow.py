# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of the GTK window share: the fake machine, and a window of it."""
import os
import re
import tempfile
import time
import unittest

import image
import xserver
from fakemachine import FakeMachine, wait
from machine import ROOT

MODULE = os.environ.get('VITRINE_GTK', ROOT + '/build/ui/gtk/libvitrine-ui-gtk.so')


def crop(whole, left, top, width, height):
    """A part of a window."""
    rows = [whole.rgb[(y * whole.width + left) * 3:][:width * 3]
            for y in range(top, top + height)]
    return image.Image(width, height, b''.join(rows))


class Fake(FakeMachine):
    """The machine without a guest, in a GTK window."""

    def __init__(self, env, options=''):
        super().__init__(MODULE, env, options)


@unittest.skipIf(xserver.missing(), xserver.missing())
class WindowCase(unittest.TestCase):
    """A window of the fake machine on an X server of its own."""
    allowed = ' nothing '
    scale = 1

    def setUp(self):
        self.x = xserver.XServer().__enter__()
        self.addCleanup(self.x.stop)

    def start(self, options=''):
        data = tempfile.TemporaryDirectory()
        self.addCleanup(data.cleanup)
        self.fake = Fake({**self.x.env, 'GDK_SCALE': str(self.scale),
                          'XDG_DATA_HOME': data.name}, options)
        self.addCleanup(self.stop)
        self.fake.expect('ready', 30)
        self.window = self.x.window('fake')
        return self.fake

    def stop(self):
        if self.fake is None:
            return
        error = self.fake.stop()
        returncode, self.fake = self.fake.process.returncode, None
        wrong = [line for line in error.split('\n')
                 if ('CRITICAL' in line or 'ERROR: ' in line) and self.allowed not in line]
        self.assertEqual(wrong, [])
        self.assertEqual(returncode, 0, error)

    def dump(self):
        with tempfile.TemporaryDirectory() as folder:
            self.fake.send('dump %s/p.ppm' % folder)
            self.assertEqual(self.fake.expect('dumped(.*)').group(1), '')
            return image.read(folder + '/p.ppm')

    def place(self):
        """(left, top, width, height) of the picture in its window."""
        said = self.info()
        width, height, left, top = re.search(r'VGA: \S+ shown as (\d+)x(\d+) at (\d+),(\d+)',
                                             said).groups()
        return int(left), int(top), int(width), int(height)

    def shown(self):
        self.settle()
        wanted = self.dump()
        return wanted, crop(self.x.picture(self.window), *self.place())

    def assert_same_picture(self):
        end = time.monotonic() + 10
        while True:
            wanted, shown = self.shown()
            difference = wanted.difference(shown)
            if difference is None or time.monotonic() > end:
                break
        self.assertIsNone(difference)

    def has_pixel(self, x, y, value):
        wait(lambda: self.shown()[1].pixel(x, y) == value, 'pixel %d, %d' % (x, y))

    def has_title(self, text):
        wait(lambda: self.x.title(self.window) == text, 'title %r, it is %r' %
             (text, self.x.title(self.window)))

    def has_size(self, width, height):
        wait(lambda: self.x.geometry(self.window)[2:] == (width, height),
             'size %dx%d, it is %r' % (width, height, self.x.geometry(self.window)))

    def settle(self):
        time.sleep(0.3)

    def open_menu(self, x, row):
        """Chooses the row-th entry that is not a separator."""
        self.x.click(self.window, x, 12)
        self.settle()
        self.x.key(*['Down'] * row, 'Return')

    def info(self):
        self.fake.send('info')
        return self.fake.expect('info (.*)').group(1)

# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of GTK's and SDL's windows share: a window of the machine without a guest on an X
server, and the tests that hold for both."""
import time
import unittest

import xserver
from fakemachine import FakeMachine, wait

PRESSED = ['key 29 1', 'key 56 1']  # Ctrl and Alt, which the guest sees before a hot key
RELEASED = ['key 29 0', 'key 56 0']


@unittest.skipIf(xserver.missing(), xserver.missing())
class WindowCase(unittest.TestCase):
    """A window of the fake machine: `module` is the frontend's, with `env` besides the display."""
    module = None
    env = {}
    patience = 5  # seconds in which the machine must end
    warning = ''  # of the frontend, when it ends
    allowed = ' nothing '  # complaints of the toolkit

    def setUp(self):
        self.x = xserver.XServer().__enter__()
        self.addCleanup(self.x.stop)

    def start(self, options=''):
        self.fake = FakeMachine(self.module, {**self.x.env, **self.env}, options)
        self.addCleanup(self.stop)
        self.fake.expect('ready', 30)
        self.window = self.x.window('fake')
        return self.fake

    def stop(self):
        if self.fake is None:
            return
        error = self.fake.stop(self.patience)
        returncode, self.fake = self.fake.process.returncode, None
        wrong = [line for line in error.split('\n') if self.allowed not in line and
                 any(word in line for word in ('CRITICAL', 'ERROR: ', 'Sanitizer'))]
        self.assertEqual(wrong, [])
        self.assertEqual(returncode, 0, error)
        self.assertIn(self.warning, error)

    def corner(self):
        """Where in the window the picture begins."""
        return 0, 0

    def shown(self):
        """The guest's picture as the window shows it."""
        return self.x.picture(self.window)

    def assert_same_picture(self):
        end = time.monotonic() + 10
        while True:
            difference = self.fake.dump().difference(self.shown())
            if difference is None or time.monotonic() > end:
                break
            time.sleep(0.1)
        self.assertIsNone(difference)

    def has_pixel(self, x, y, value):
        wait(lambda: self.shown().pixel(x, y) == value, 'pixel %d, %d' % (x, y))

    def has_title(self, text):
        wait(lambda: self.x.title(self.window) == text, 'title %r, it is %r' %
             (text, self.x.title(self.window)))

    def has_size(self, width, height):
        wait(lambda: self.x.geometry(self.window)[2:] == (width, height),
             'size %dx%d, it is %r' % (width, height, self.x.geometry(self.window)))


class WindowTests:
    """The tests that hold for both, of a WindowCase."""

    def test_focus_loss_releases_keys(self):
        fake = self.start()
        self.x.do('keydown', 'shift', 'keydown', 'b')
        fake.expect('key 48 1')
        self.x.do('windowminimize', self.window)
        fake.expect('key 48 0')
        fake.expect('key 42 0')
        self.x.do('keyup', 'b', 'keyup', 'shift')
        self.assertEqual(fake.lines(), [])

    def test_grab(self):
        fake = self.start()
        self.has_title('fake - Vitrine')
        self.x.do('mousemove', '--window', self.window, 200, 200)
        self.assertEqual([line for line in fake.lines() if line.startswith('rel')], [])
        self.x.do('click', 1)  # this click only grabs
        self.has_title('fake - Vitrine - Press Ctrl+Alt+G to release grab')
        self.assertEqual(fake.lines(), [])
        for _ in range(40):  # much further than the window is wide
            self.x.do('mousemove_relative', '--', 30, -7)
        moved = [line.split() for line in fake.lines(0.5)]
        total = [sum(int(w[2]) for w in moved if w[:2] == ['rel', axis]) for axis in '01']
        self.assertEqual(total, [1200, -280])
        self.x.do('click', 3, 'click', 4, 'click', 7)
        self.assertEqual(fake.lines(), ['button 273 1', 'button 273 0', 'rel 8 1', 'rel 6 1'])
        self.x.key('Print')  # the window manager's, were there no grab
        self.assertEqual(fake.lines(), ['key 99 1', 'key 99 0'])
        self.x.key('ctrl+alt+g')
        self.has_title('fake - Vitrine')
        self.assertEqual(fake.lines(), PRESSED + RELEASED)
        self.x.do('mousemove_relative', 5, 5)
        self.assertEqual(fake.lines(), [])

    def test_absolute_pointer(self):
        fake = self.start()
        fake.send('abs on')
        left, top = self.corner()
        for x, y, value_x, value_y in ((639, 479, 32767, 32767), (0, 0, 0, 0),
                                       (320, 240, 16409, 16418)):
            self.x.do('mousemove', '--window', self.window, left + x, top + y)
            wait(lambda: fake.lines(0.2)[-2:] == ['abs 0 %d' % value_x, 'abs 1 %d' % value_y],
                 'abs %d, %d' % (value_x, value_y), 3)
        self.x.do('click', 1)
        fake.expect('button 272 1')
        self.has_title('fake - Vitrine')  # no grab for it

    def test_cursor_plane(self):
        fake = self.start()
        fake.send('cursor 16 16')
        fake.send('warp 50 60')
        self.has_pixel(50, 70, 0xff0000)
        fake.send('warp 300 200')
        self.has_pixel(300, 210, 0xff0000)
        self.assertEqual(self.shown().pixel(50, 70), fake.dump().pixel(50, 70))
        fake.send('cursor off')
        self.assert_same_picture()

    def test_window_close_off(self):
        fake = self.start('window-close=off')
        self.x.key('alt+F4')  # the window manager's key
        self.assertNotIn('event shutdown running', fake.lines(0.5))
        self.x.title(self.window)  # still there

    def test_window_close_on(self):
        fake = self.start('window-close=on')
        for left in (2, 1, 0):  # the manager's key was seen to do nothing after other tests
            self.x.key('alt+F4')
            try:
                fake.expect('event shutdown .*', 5)
                break
            except AssertionError:
                print('# nothing closed the window; focus %s of %s, active %s' %
                      (self.x.do('getwindowfocus').strip(), self.window,
                       self.x.do('getactivewindow').strip()), flush=True)
                if not left:
                    raise


@unittest.skipIf(xserver.missing(), xserver.missing())
class RefusalCase(unittest.TestCase):
    """What the frontend does not take: it says so in one line, and the machine ends."""
    module = None
    env = {}

    def refuse(self, options='', **env):
        fake = FakeMachine(self.module, {**self.env, 'WAYLAND_DISPLAY': '', 'DISPLAY': '', **env},
                           options)
        fake.process.wait(20)
        error = fake.stop()
        self.assertEqual(fake.process.returncode, 1)
        self.assertEqual(error.count('\n'), 1, error)
        return error


class RefusalTests:
    """The refusals of both, of a RefusalCase."""

    def test_none(self):
        self.assertIn('neither DISPLAY nor WAYLAND_DISPLAY', self.refuse())

    def test_wrong(self):
        self.assertIn("display ':9999'", self.refuse(DISPLAY=':9999'))
        self.assertIn("display ':9998'", self.refuse('display=:9998'))

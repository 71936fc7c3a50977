#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The GTK window's menus, dialogs, detached tabs, keys that it keeps, and HiDPI, under Xvfb."""
import os
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap  # noqa: E402
import xserver  # noqa: E402
from fakemachine import FakeMachine, wait  # noqa: E402
from fakewindow import RefusalCase  # noqa: E402
from gtkwindow import MODULE, WindowCase  # noqa: E402
from machine import Machine  # noqa: E402

RIGHT_CTRL = '105'  # xdotool makes a left one of its name
MACHINE, MEDIA, INPUT, VIEW = 30, 90, 140, 185  # where the menubar has them


def keys_of(lines):
    return [line for line in lines if line.startswith('key')]


class HiDpiTest(WindowCase):
    scale = 2

    def test_picture_pixel_for_pixel(self):
        fake = self.start()
        self.assertEqual(self.place()[2:], (640, 480))  # device pixels, not scaled ones
        self.assert_same_picture()
        fake.send('mode 800 600')
        wait(lambda: self.place()[2:] == (800, 600), 'the new size')
        fake.send('play square')
        self.settle()
        fake.send('play still')
        self.assert_same_picture()

    def test_pointer(self):
        fake = self.start()
        fake.send('abs on')
        self.settle()
        left, top, width, height = self.place()
        self.x.do('mousemove', '--window', self.window, left + width - 1, top + height - 1)
        wait(lambda: fake.lines(0.2)[-2:] == ['abs 0 32767', 'abs 1 32767'], 'the corner', 3)


class CloseTest(WindowCase):
    def ask(self, options=''):
        fake = self.start(options)
        self.x.key('alt+F4')
        self.x.window('What should happen')
        return fake

    def start(self, options=''):
        fake = super().start(options)
        # The dialog has no title of its own: people read the question.
        self.x.window = lambda name, timeout=20: self.settle()
        return fake

    def test_cancel(self):
        fake = self.ask()
        self.x.key('Return')
        self.assertEqual([line for line in fake.lines() if line.startswith('event')], [])
        self.assertEqual(fake.stats()['active'], 1)

    def answer(self, key, heard, what):
        """On a busy host the question may not listen yet: presses until it has heard."""
        def press():
            self.x.key(key)
            time.sleep(0.3)
            return heard()
        wait(press, what, 20)

    def test_background(self):
        fake = self.ask()
        self.answer('alt+b', lambda: fake.stats()['active'] == 0, 'a closed window')

    def test_powerdown(self):
        fake = self.ask()
        self.answer('alt+d', lambda: 'event powerdown running' in fake.lines(), 'the button')
        self.assertEqual(fake.stats()['active'], 1)

    def test_power_off(self):
        fake = self.ask()
        time.sleep(0.5)  # once only: then the program ends
        self.x.key('alt+o')
        fake.expect('event shutdown .*')

    def test_not_asked(self):
        fake = self.start('window-close=background')
        self.x.key('alt+F4')
        wait(lambda: fake.stats()['active'] == 0, 'a closed window')


class TabTest(WindowCase):
    def test_detach_and_dock(self):
        fake = self.start()
        self.x.key('ctrl+alt+2')
        self.settle()
        self.open_menu(VIEW, 7)  # entries that cannot be chosen are not counted
        own = self.x.window('fake: compat_monitor0')
        wait(lambda: fake.stats()['active'] == 1, 'the screen in front in its window')
        self.assertIn('window of its own, compat_monitor0', self.fake.info())
        fake.lines()
        self.x.type('k')
        fake.expect('typed k')
        self.x.focus(self.window)
        self.x.key('r')
        fake.expect('key 19 1')
        self.x.key('ctrl+alt+2')  # brings the other window to the front
        wait(lambda: self.x.do('getwindowfocus').strip() == own, 'the focus')
        self.x.key('alt+F4')
        wait(lambda: 'window of its own' not in self.fake.info(), 'the tab in its place again')
        self.x.type('m')
        fake.expect('typed m')

    def test_detached_screen(self):
        fake = self.start()
        self.open_menu(VIEW, 8)
        own = self.x.window('fake: VGA')
        wait(lambda: self.x.geometry(own)[2:] == (640, 480), 'a window of the picture\'s size')
        self.window = own
        self.assert_same_picture()
        self.x.key('ctrl+alt+f')
        self.has_size(1280, 1024)
        self.x.key('ctrl+alt+f', 'j')
        fake.expect('key 36 1')

    def test_menubar_keys_stay_the_terminals(self):
        fake = self.start()
        self.x.key('ctrl+alt+2')
        self.settle()
        fake.lines()
        self.x.key('F10', 'alt+v')
        said = ''.join(line.replace('typed ', '') for line in fake.lines())
        self.assertIn('\x1b[21~', said)
        self.assertIn('\x1bv', said)


class KeyTest(WindowCase):
    def test_send_keys(self):
        fake = self.start()
        self.x.click(self.window, INPUT, 12)
        self.settle()
        self.x.key('Down', 'Right', 'Return')
        for line in ('key 29 1', 'key 56 1', 'key 111 1', 'key 111 0', 'key 56 0', 'key 29 0'):
            fake.expect(line)

    def test_release_key(self):
        fake = self.start('release-key=right-ctrl')
        self.x.key(RIGHT_CTRL)
        self.has_title('fake - Vitrine - Press Right Ctrl to release grab')
        self.x.do('keydown', RIGHT_CTRL, 'key', 'c', 'keyup', RIGHT_CTRL)  # not alone
        self.has_title('fake - Vitrine - Press Right Ctrl to release grab')
        self.x.key(RIGHT_CTRL)
        self.has_title('fake - Vitrine')
        self.assertEqual(keys_of(fake.lines()), ['key 46 1', 'key 46 0'])

    def test_release_by_ctrl_alt(self):
        self.start('release-key=ctrl-alt')
        self.x.do('keydown', 'ctrl', 'keydown', 'alt', 'keyup', 'alt', 'keyup', 'ctrl')
        self.has_title('fake - Vitrine - Press Ctrl+Alt to release grab')
        self.x.do('keydown', 'ctrl', 'keydown', 'alt', 'keyup', 'alt', 'keyup', 'ctrl')
        self.has_title('fake - Vitrine')

    def test_kept_keys(self):
        fake = self.start('keep-keys=f9:shift-f8')
        self.x.key('F9', 'F8', 'shift+F8', 'shift+F7')
        self.assertEqual(keys_of(fake.lines()), [
            'key 66 1', 'key 66 0', 'key 42 1', 'key 42 0', 'key 42 1', 'key 65 1', 'key 42 0',
            'key 65 0'])

    def test_type_clipboard(self):
        fake = self.start()
        self.x.key('ctrl+alt+2')
        self.settle()
        left, top = 30, 60  # a word of the monitor's first line
        self.x.do('mousemove', '--window', self.window, left, top - 20, 'click', '--repeat', 2,
                  '--delay', 80, 1)
        self.x.key('ctrl+shift+c')
        self.settle()
        self.x.key('ctrl+alt+1')
        fake.lines()
        self.open_menu(INPUT, 2)
        for code in (42, 47, 23, 20, 19, 23, 49, 18):  # Vitrine
            fake.expect('key %d 1' % code)


class ViewTest(WindowCase):
    def test_bars(self):
        self.start()
        height = self.x.geometry(self.window)[3]
        self.open_menu(VIEW, 10)
        wait(lambda: self.x.geometry(self.window)[3] < height, 'the status bar gone')
        self.x.key('ctrl+alt+m')
        self.has_size(640, 480)

    def test_integer_scale(self):
        self.start('zoom-to-fit=on,integer-scale=on')
        self.x.do('windowsize', self.window, 1200, 1000)
        wait(lambda: self.place()[0] == 280, 'the picture in the middle')
        self.assert_same_picture()
        self.x.do('windowsize', self.window, 1280, 1020)
        wait(lambda: self.place()[2:] == (1280, 960), 'twice the size')

    def hints(self):
        """The sizes that the guest is asked to take, within a second."""
        return [line for line in self.fake.lines(1) if line.startswith('hint ')]

    def test_guest_is_asked(self):
        """The guest hears of the size that the person gives to the window, not of ours."""
        fake = self.start('show-statusbar=off')
        bar = self.x.geometry(self.window)[3] - 480
        fake.send('mode 720 400')
        self.has_size(720, 400 + bar)
        self.assertEqual(self.hints(), [])
        self.x.do('windowsize', self.window, 900, 700 + bar)
        fake.expect('hint 900x700')
        fake.send('mode 900 700')
        self.assertEqual(self.hints(), [])
        self.has_size(900, 700 + bar)
        self.x.key('ctrl+alt+f')
        fake.expect('hint 1280x1024')
        self.x.key('ctrl+alt+f')
        self.has_size(900, 700 + bar)
        self.x.key('ctrl+alt+plus')  # 1125x875
        self.assertEqual(self.hints(), [])
        self.x.do('windowsize', self.window, 1000, 750 + bar)
        fake.expect('hint 800x600')  # of which each pixel is five quarters

    def test_guest_is_asked_zoomed(self):
        fake = self.start('zoom-to-fit=on,show-statusbar=off')
        bar = self.x.geometry(self.window)[3] - 480
        fake.send('mode 800 600')
        self.assertEqual(self.hints(), [])
        self.x.do('windowsize', self.window, 900, 700 + bar)
        fake.expect('hint 900x700')

    def test_hot_edge(self):
        self.start('full-screen=on')
        self.has_size(1280, 1024)
        self.x.do('mousemove', 640, 500)
        self.settle()
        bare = self.x.picture(self.window).pixel(640, 12)
        self.x.do('mousemove', 640, 0)
        wait(lambda: self.x.picture(self.window).pixel(640, 12) != bare, 'the bar')
        self.x.do('mousemove', 640, 500)
        wait(lambda: self.x.picture(self.window).pixel(640, 12) == bare, 'no bar')

    def test_consoles_come(self):
        self.start('show-tabs=on')
        self.assertIn('compat_monitor0', self.fake.info())


class OptionTest(RefusalCase):
    module = MODULE

    def test_refused(self):
        with xserver.XServer() as x:
            self.assertIn('without OpenGL', self.refuse('gl=on', **x.env))
            self.assertIn('keep-keys', self.refuse('keep-keys=alt-nonsense', **x.env))
            self.assertIn('max-hz', self.refuse('max-hz=0', **x.env))
            self.assertIn('window-close', self.refuse('window-close=perhaps', **x.env))
            self.assertIn('no Wayland compositor', self.refuse('display=wayland-none', **x.env))

    def test_display_by_name(self):
        with xserver.XServer() as x:
            fake = FakeMachine(MODULE, {**x.env, 'DISPLAY': '', 'WAYLAND_DISPLAY': ''},
                               'display=' + x.display)
            fake.expect('ready', 30)
            x.window('fake')
            self.assertEqual(fake.stop(), '')


@unittest.skipIf(xserver.missing(), xserver.missing())
class MediaTest(unittest.TestCase):
    def setUp(self):
        self.x = xserver.XServer().__enter__()
        self.addCleanup(self.x.stop)
        self.m = Machine('-name', 'media', '-drive', 'if=ide,index=2,media=cdrom', accel='qtest',
                         display='gtk', env=self.x.env)
        self.addCleanup(self.m.stop)
        self.m.env = {**self.x.env, 'XDG_DATA_HOME': self.m.path('data')}
        self.m.start()
        self.window = self.x.window('media')
        self.image = self.m.path('disc.iso')
        with open(self.image, 'wb') as file:
            file.write(bytes(65536))

    def block(self):
        return self.m.hmp.command('info block ide1-cd0')

    def choose(self, *keys):
        self.x.click(self.window, MEDIA, 12)
        time.sleep(0.4)
        self.x.key(*keys)

    def insert(self, path):
        self.choose('Down', 'Right', 'Return')
        self.x.window('Insert into ide1-cd0')
        time.sleep(0.5)
        self.x.key('ctrl+l')
        time.sleep(0.3)
        self.x.key('ctrl+a')
        self.x.type(path)
        time.sleep(0.3)
        self.x.key('Return')

    def test_insert_and_eject(self):
        self.assertIn('not inserted', self.block())
        self.insert(self.image)
        wait(lambda: 'disc.iso' in self.block(), 'the disc in the drive')
        self.choose('Down', 'Right', 'Down', 'Return')
        wait(lambda: 'not inserted' in self.block(), 'an empty drive')

    def test_not_a_file(self):
        self.insert(self.m.path('nothing.iso'))
        time.sleep(0.5)
        self.assertIn('not inserted', self.block())


if __name__ == '__main__':
    tap.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""SDL's windows under Xvfb: with the fake machine, and with the demo under the software CPU."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap  # noqa: E402
import xserver  # noqa: E402
from fakemachine import FakeMachine, wait  # noqa: E402
from fakewindow import RefusalCase, RefusalTests, WindowCase, WindowTests  # noqa: E402
from machine import Machine, ROOT  # noqa: E402
from screen import Screen  # noqa: E402

MODULE = os.environ.get('VITRINE_SDL', ROOT + '/build/ui/sdl/libvitrine-ui-sdl.so')
ENV = {'SDL_VIDEODRIVER': '', 'XDG_RUNTIME_DIR': '/tmp'}


class WindowTest(WindowTests, WindowCase):
    module = MODULE
    env = ENV

    @classmethod
    def setUpClass(cls):
        cls.x = xserver.XServer().__enter__()
        cls.addClassCleanup(cls.x.stop)

    def setUp(self):
        self.x.do('mousemove', 5, 5)  # on the server of all these tests

    def test_picture_pixel_for_pixel(self):
        fake = self.start()
        self.assert_same_picture()
        fake.send('mode 1024 768')
        self.has_size(1024, 768)
        self.assert_same_picture()
        fake.send('play square')
        time.sleep(0.5)
        fake.send('play still')
        self.assert_same_picture()
        fake.send('mode 320 200')
        self.has_size(320, 200)
        self.assert_same_picture()

    def test_still_and_minimised_cost_nothing(self):
        fake = self.start()
        wait(lambda: fake.stats()['clock'] == 0, 'a stopped clock')
        time.sleep(0.6)  # the last look at events
        before = fake.stats()['scans'], self.looks()
        time.sleep(1)
        self.assertEqual((fake.stats()['scans'], self.looks()), before)
        frames = fake.stats()['frames']
        fake.send('play square')
        time.sleep(1)
        self.assertGreater(fake.stats()['frames'], frames + 30)
        self.x.do('windowminimize', self.window)
        wait(lambda: fake.stats()['active'] == 0, 'an inactive listener')
        self.assertEqual(fake.stats()['clock'], 0)
        self.assertIn('minimised', fake.info())
        self.x.do('windowmap', self.window)
        wait(lambda: fake.stats()['active'] == 1, 'an active listener')
        fake.send('play still')
        self.assert_same_picture()

    def looks(self):
        return [part for part in self.fake.info().split(';') if part.startswith('events')]

    def test_keys_reach_the_guest(self):
        fake = self.start()
        for names, code in (('a', 30), ('F10', 68), ('Pause', 119), ('Menu', 127), ('94', 86),
                            ('KP_Add', 78), ('Super_R', 126), ('XF86AudioMute', 113),
                            ('XF86AudioPlay', 164), ('Henkan', 92), ('Hangul', 122),
                            ('Control_R', 97), ('108', 100), ('Num_Lock', 69)):
            with self.subTest(names):
                self.x.key(names)
                fake.expect('key %d 1' % code, 3)
                fake.expect('key %d 0' % code, 3)
        self.assertEqual(fake.lines(), [])

    def test_grab_mod(self):
        fake = self.start('grab-mod=rctrl')
        self.x.key('ctrl+alt+g')  # the guest's
        self.assertIn('key 34 1', fake.lines())
        fake.lines()
        self.x.do('keydown', 105, 'key', 42, 'keyup', 105)
        self.has_title('fake - Vitrine - Press RightCtrl+G to release grab')
        self.assertEqual(fake.lines(), ['key 97 1', 'key 97 0'])

    def test_absolute_pointer(self):
        super().test_absolute_pointer()
        self.x.key('ctrl+alt+g')
        self.has_title('fake - Vitrine - Press Ctrl+Alt+G to release grab')
        self.x.do('mousemove', 5, 5)  # off the edge
        self.has_title('fake - Vitrine')

    def test_absolute_pointer_when_scaled(self):
        fake = self.start()
        fake.send('abs on')
        self.x.do('windowsize', self.window, 1000, 480)
        self.has_size(1000, 480)
        fake.lines()
        self.x.do('mousemove', '--window', self.window, 180 + 320, 240)
        wait(lambda: fake.lines(0.2)[-2:] == ['abs 0 16409', 'abs 1 16418'], 'the middle', 3)
        self.x.do('mousemove', '--window', self.window, 990, 240)  # in the right bar
        wait(lambda: fake.lines(0.2)[-2:] == ['abs 0 32767', 'abs 1 16418'], 'the right edge', 3)

    def test_cursor_plane_when_scaled(self):
        fake = self.start()
        fake.send('cursor 16 16')
        fake.send('warp 300 200')
        self.x.do('windowsize', self.window, 1280, 960)
        self.has_pixel(600, 420, 0xff0000)
        fake.send('cursor off')
        self.x.key('ctrl+alt+u')
        self.assert_same_picture()

    def test_full_screen(self):
        fake = self.start()
        self.x.key('ctrl+alt+f')
        self.has_size(1280, 1024)
        self.has_pixel(600, 10, 0)  # black bars above and below
        self.has_pixel(600, 1020, 0)
        wanted = fake.dump()
        self.has_pixel(2 * 300 + 1, 32 + 2 * 200, wanted.pixel(300, 200))
        fake.lines()
        self.x.key('alt+F4')  # the guest's, as is all else
        self.assertEqual(fake.lines(), ['key 56 1', 'key 62 1', 'key 56 0', 'key 62 0'])
        self.x.key('ctrl+alt+f')
        self.has_size(640, 480)
        self.assert_same_picture()

    def test_full_screen_from_the_start(self):
        fake = self.start('full-screen=on')
        self.has_size(1280, 1024)
        self.assertIn('full screen', fake.info())
        self.x.key('ctrl+alt+f')
        self.has_size(640, 480)
        self.assert_same_picture()

    def test_sizes(self):
        self.start('scaling=integer')
        for _ in range(2):
            self.x.key('ctrl+alt+equal')
        self.has_size(740, 555)
        self.has_pixel(20, 300, 0)  # once its size is the largest whole factor
        self.x.key('ctrl+alt+minus')
        self.has_size(690, 517)
        self.x.key('ctrl+alt+u')
        self.has_size(640, 480)
        self.assert_same_picture()

    def test_windows_of_consoles(self):
        fake = self.start()
        self.x.key('ctrl+alt+1')  # the only window stays
        self.x.key('ctrl+alt+2')
        text = self.x.window('compat_monitor0')
        self.x.type('xyz')
        for letter in 'xyz':
            fake.expect('typed ' + letter)
        self.x.key('ctrl+alt+1')
        wait(lambda: 'VGA, hidden' in fake.info(), 'a hidden window')
        self.assertEqual(fake.stats()['active'], 0)
        self.x.key('ctrl+alt+n')
        self.window = self.x.window('fake - ')
        wait(lambda: fake.stats()['active'] == 1, 'an active screen')
        fake.lines()
        self.x.type('q')
        self.assertEqual(fake.lines(), ['key 16 1', 'key 16 0'])
        self.x.key('ctrl+alt+2')
        wait(lambda: 'monitor0, hidden' in fake.info(), 'a hidden text')
        self.assertRaises(AssertionError, self.x.window, 'compat_monitor0', 0.5)
        self.assertNotEqual(text, self.window)
        self.assert_same_picture()

    def test_pause_in_title(self):
        fake = self.start()
        fake.send('pause')
        self.has_title('fake [Paused] - Vitrine')
        fake.send('cont')
        self.has_title('fake - Vitrine')

    def test_window_close_powerdown(self):
        fake = self.start('window-close=powerdown')
        self.x.key('alt+F4')
        fake.expect('event powerdown .*')

    def ask(self, fake):
        self.x.key('alt+F4')
        wait(lambda: 'asks what' in fake.info(), 'the question')
        fake.lines()

    def answered(self, fake):
        wait(lambda: 'asks what' not in fake.info(), 'the end of the question')

    def test_ask(self):
        """Which is what it does unless told otherwise."""
        fake = self.start()
        self.ask(fake)
        wait(lambda: self.x.picture(self.window).pixel(124, 164) == 0xf0f0f0, 'a box of paper')
        self.x.type('xy')  # not the guest's
        self.x.key('Escape')
        self.answered(fake)
        self.assertEqual([line for line in fake.lines(0.3) if line.startswith('key')], [])
        self.assert_same_picture()
        for keys, line in ((['Return'], None), (['d'], 'event powerdown .*'),
                           (['Up', 'Up', 'Return'], 'event powerdown .*'),
                           (['o'], 'event shutdown .*')):
            with self.subTest(keys):
                self.ask(fake)
                fake.send('mode 800 600' if line is None else 'play still')
                self.x.key(*keys)
                if line:
                    fake.expect(line)
                else:
                    self.answered(fake)
                    self.has_size(800, 600)  # the guest went on
                    self.assert_same_picture()

    def test_ask_by_pointer(self):
        fake = self.start()
        fake.send('mode 320 200')  # less than the question needs
        self.has_size(320, 200)
        self.ask(fake)
        self.x.click(self.window, 160, 10)  # beside the choices
        self.assertIn('asks what', fake.info())
        # 432x200 on 320x200: the box is 160 high, "background" its sixth line of ten
        self.x.click(self.window, 160, round((20 + 5.5 * 16) / 1.35 + (200 - 200 / 1.35) / 2))
        wait(lambda: fake.stats()['active'] == 0, 'an inactive display')
        self.assertEqual([line for line in fake.lines(0.3) if line.startswith('button')], [])

    def test_close_and_go_on(self):
        fake = self.start('window-close=background')
        self.x.key('alt+F4')
        wait(lambda: fake.stats()['active'] == 0, 'an inactive display')

    def test_gl(self):
        # What Mesa leaves when it is unloaded cannot be told from other leaks any more.
        self.env = {**ENV, 'ASAN_OPTIONS': 'detect_leaks=0'}
        fake = self.start('gl=on')
        self.assertIn('renderer', fake.info())
        self.assert_same_picture()
        fake.send('play square')
        time.sleep(0.5)
        fake.send('play still')
        fake.send('cursor 16 16')
        fake.send('warp 50 60')
        self.has_pixel(50, 70, 0xff0000)
        fake.send('cursor off')
        self.assert_same_picture()


class RefusalTest(RefusalTests, RefusalCase):
    module = MODULE
    env = ENV

    def test_wrong_options(self):
        for option in 'grab-mod=perhaps', 'gl=maybe', 'max-hz=0', 'scaling=x', 'colour=red':
            with self.subTest(option):
                self.assertIn(option.split('=')[0], self.refuse(option, DISPLAY=':9999'))


class Weston:
    """A Wayland compositor: in a window of an X server, or without input and output."""

    def __init__(self, backend, env):
        self.dir = tempfile.mkdtemp(prefix='vitrine-weston-')
        self.env = {'XDG_RUNTIME_DIR': self.dir, 'DISPLAY': '', 'WAYLAND_DISPLAY': 'test',
                    'SDL_VIDEODRIVER': ''}
        self.process = subprocess.Popen(
            ['weston', '--backend=%s-backend.so' % backend, '--use-pixman', '--socket=test',
             '--no-config', '--idle-time=0', '--width=1280', '--height=1024'],
            env={**os.environ, 'WAYLAND_DISPLAY': '', **env, 'XDG_RUNTIME_DIR': self.dir},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait(lambda: os.path.exists(self.dir + '/test'), 'weston starts', 20)

    def stop(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)


@unittest.skipIf(xserver.missing('weston', 'xwininfo'), xserver.missing('weston', 'xwininfo'))
class WaylandTest(unittest.TestCase):
    def start(self, env, options):
        fake = FakeMachine(MODULE, env, options)
        self.addCleanup(lambda: fake.process.poll() is None and fake.stop())
        return fake

    def outer(self, x):
        """Weston's window, with the keyboard's focus."""
        def find():
            tree = x.run('xwininfo', '-root', '-tree').decode()
            found = re.search('(0x[0-9a-f]+) "Weston Compositor', tree)
            return found and str(int(found.group(1), 16))
        wait(find, "weston's window", 20)
        window = find()
        wait(lambda: x.geometry(window)[2:] == (1280, 1024), 'its size')
        x.do('windowfocus', window)
        x.do('mousemove', '--window', window, 5, 5)
        return window

    def test_window(self):
        with xserver.XServer('1400x1100x24') as x:
            weston = Weston('x11', x.env)
            self.addCleanup(weston.stop)
            window = self.outer(x)
            # SDL and Mesa do not free what belongs to a compositor that has gone.
            fake = self.start({**weston.env, 'ASAN_OPTIONS': 'detect_leaks=0'}, 'full-screen=on')
            fake.expect('ready', 30)
            fake.send('mode 1280 1024')
            wait(lambda: fake.dump().difference(x.picture(window)) is None, 'the picture', 20)
            self.assertIn('driver: wayland;', fake.info())
            x.key('a', 'Pause')
            for line in 'key 30 1', 'key 30 0', 'key 119 1', 'key 119 0':
                fake.expect(line)
            time.sleep(0.7)
            quiet = fake.info()
            time.sleep(1)
            self.assertEqual(fake.info(), quiet)  # not asked for events
            fake.send('play square')
            time.sleep(0.5)
            fake.send('play still')
            wait(lambda: fake.dump().difference(x.picture(window)) is None, 'it followed', 20)
            x.do('keydown', 'b')
            fake.expect('key 48 1')
            weston.process.kill()
            fake.expect('key 48 0')
            wait(lambda: fake.stats()['active'] == 0, 'a closed frontend')
            self.assertIn('display server has gone', fake.stop())
            self.assertEqual(fake.process.returncode, 0)

    def test_no_seat(self):
        weston = Weston('headless', {'DISPLAY': ''})
        self.addCleanup(weston.stop)
        fake = self.start({**weston.env, 'WAYLAND_DISPLAY': ''}, 'display=test')
        self.assertEqual(fake.process.wait(20), 1)
        self.assertIn('no seat', fake.stop())


@unittest.skipIf(xserver.missing(), xserver.missing())
class DemoTest(unittest.TestCase):
    """The demo disk on the software CPU."""

    def same_picture(self):
        return self.screen.dump().difference(self.x.picture(self.window)) is None

    def shows(self, pattern):
        wait(lambda: re.search(pattern, self.m.hmp.command('screen_text')), pattern, 30)

    def test_demo(self):
        self.x = xserver.XServer().__enter__()
        self.addCleanup(self.x.stop)
        self.m = Machine('-name', 'spine', accel='tcg', display='sdl', timeout=60,
                         env={**ENV, **self.x.env})
        self.addCleanup(self.m.stop)
        self.m.start()
        self.screen = Screen(self.m)
        self.window = self.x.window('spine')
        self.shows('Welcome to Vitrine')
        self.x.type('Hello')
        self.shows('Hello_')
        x, y = map(int, re.search(r'Mouse +(\d+) +(\d+)',
                                  self.m.hmp.command('screen_text')).groups())
        self.x.click(self.window, 100, 100)
        self.x.do('mousemove_relative', '--', 30, -20)
        self.shows(r'Mouse +%d +%d' % (x + 30, y - 20))
        self.m.hmp.command('stop')
        wait(self.same_picture, 'the text that screendump shows')
        self.m.hmp.command('cont')
        self.x.key('Tab')
        wait(lambda: self.x.geometry(self.window)[2:] == (1024, 768), 'graphics', 20)
        time.sleep(0.5)
        self.m.hmp.command('stop')
        wait(self.same_picture, 'the graphics that screendump shows')
        self.m.hmp.command('cont')
        self.come_and_go()

    def come_and_go(self):
        for _ in range(5):
            self.assertEqual(self.m.hmp.command('display_del sdl'), '')
            wait(lambda: 'sdl' not in self.m.hmp.command('info display'), 'it is closed')
            self.assertNotIn('rror', self.m.hmp.command('display_add sdl'))
            self.window = self.x.window('spine')
        self.assertIn('already', self.m.hmp.command('display_add sdl'))
        wait(lambda: self.x.geometry(self.window)[2:] == (1024, 768), 'its size')
        self.m.hmp.command('stop')
        wait(self.same_picture, 'the same picture')
        self.x.server.kill()
        wait(lambda: 'sdl' not in self.m.hmp.command('info display'), 'the lost one is closed')
        with xserver.XServer() as self.x:
            self.assertNotIn(
                'rror', self.m.hmp.command('display_add sdl,display=' + self.x.display))
            self.window = self.x.window('spine')
            wait(self.same_picture, 'the picture on another server')
            self.assertEqual(self.m.hmp.command('display_del sdl'), '')


if __name__ == '__main__':
    tap.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The GTK window under Xvfb: with the fake machine, and with SeaBIOS under KVM."""
import os
import signal
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import image  # noqa: E402
import tap  # noqa: E402
import xserver  # noqa: E402
from fakemachine import wait  # noqa: E402
from fakewindow import RefusalCase, RefusalTests, WindowTests  # noqa: E402
from gtkwindow import MODULE, WindowCase, crop, place  # noqa: E402
from machine import Machine  # noqa: E402
from screen import Screen  # noqa: E402


class WindowTest(WindowTests, WindowCase):
    def test_picture_pixel_for_pixel(self):
        fake = self.start()
        bar = self.x.geometry(self.window)[3] - 480
        self.assert_same_picture()
        self.assertNotEqual(self.x.picture(self.window).pixel(500, 5), 0)  # the menubar's
        fake.send('mode 1024 768')
        self.has_size(1024, 768 + bar)
        self.assert_same_picture()
        fake.send('flip')
        self.assert_same_picture()
        fake.send('play square')
        self.settle()
        fake.send('play still')
        self.assert_same_picture()

    def test_still_picture_costs_nothing(self):
        fake = self.start()
        wait(lambda: fake.stats()['clock'] == 0, 'a stopped clock')
        before = fake.stats()
        time.sleep(1)
        after = fake.stats()
        self.assertEqual(before['scans'], after['scans'])
        fake.send('play square')
        time.sleep(1)
        self.assertGreater(fake.stats()['frames'], after['frames'] + 30)
        self.x.do('windowminimize', self.window)
        wait(lambda: fake.stats()['active'] == 0, 'an inactive listener')
        self.assertEqual(fake.stats()['clock'], 0)

    def test_keys_reach_the_guest(self):
        fake = self.start()
        self.x.key('a', 'F10', 'alt+m', 'Tab')
        self.assertEqual([line for line in fake.lines() if line.startswith('key')],
                         ['key 30 1', 'key 30 0', 'key 68 1', 'key 68 0', 'key 56 1', 'key 50 1',
                          'key 56 0', 'key 50 0', 'key 15 1', 'key 15 0'])

    def test_machine_menu(self):
        fake = self.start()
        self.open_menu(30, 1)
        fake.expect('event run-state paused')
        self.has_title('fake [Paused] - Vitrine')
        self.open_menu(30, 1)
        fake.expect('event run-state running')
        self.has_title('fake - Vitrine')
        self.open_menu(30, 2)
        self.settle()
        self.x.key('Return')  # cancelled: that is the default
        self.assertNotIn('event reset running', fake.lines())
        self.open_menu(30, 2)
        self.settle()
        self.x.key('Tab', 'Return')
        fake.expect('event reset running')
        self.open_menu(30, 3)
        fake.expect('event powerdown running')
        self.x.key('ctrl+alt+p')
        fake.expect('event run-state paused')
        self.x.key('ctrl+alt+p')
        fake.expect('event run-state running')
        self.x.key('ctrl+alt+q')
        self.settle()
        self.x.key('Return')  # what happens is asked; Cancel is the default
        self.assertEqual([line for line in fake.lines() if 'shutdown' in line], [])
        self.x.key('ctrl+alt+q')
        self.settle()
        self.x.key('alt+o')
        fake.expect('event shutdown .*')

    def test_quit_unasked(self):
        fake = self.start('window-close=background')
        self.x.key('ctrl+alt+q')
        fake.expect('event shutdown .*')

    def test_screenshot(self):
        fake = self.start()
        with tempfile.TemporaryDirectory() as folder:
            self.open_menu(30, 4)
            self.x.window('Save Screenshot')
            self.x.key('ctrl+a')
            self.x.type(folder + '/shot.png')
            self.x.key('Return')
            wait(lambda: os.path.exists(folder + '/shot.png'), 'the file')
            self.assertIsNone(fake.dump().difference(image.read(folder + '/shot.png')))
        self.assertEqual([line for line in fake.lines() if line.startswith('key 30')], [])

    def test_zoom_and_bars(self):
        self.start('show-statusbar=off')
        bar = self.x.geometry(self.window)[3] - 480
        self.x.key('ctrl+alt+plus')
        self.has_size(800, 600 + bar)
        self.x.key('ctrl+alt+minus', 'ctrl+alt+minus')
        self.has_size(480, 360 + bar)
        self.x.key('ctrl+alt+0')
        self.has_size(640, 480 + bar)
        self.x.key('ctrl+alt+m')
        self.has_size(640, 480)
        self.x.key('ctrl+alt+f')
        self.has_size(1280, 1024)
        self.settle()
        whole = self.x.picture(self.window)
        self.assertEqual(whole.pixel(600, 10), 0)  # black bars above and below
        self.assertEqual(whole.pixel(600, 1020), 0)
        self.x.key('ctrl+alt+f')
        self.has_size(640, 480)
        self.x.key('ctrl+alt+m')  # works without the menubar
        self.has_size(640, 480 + bar)
        self.assert_same_picture()

    def test_console(self):
        fake = self.start('show-tabs=on')
        self.x.key('ctrl+alt+2')
        self.settle()
        self.assertEqual(fake.stats()['active'], 0)  # the screen is behind
        self.x.type('xyz')
        for letter in 'xyz':
            fake.expect('typed ' + letter)
        self.x.key('ctrl+alt+1')
        wait(lambda: fake.stats()['active'] == 1, 'an active screen')
        fake.lines()
        self.x.type('q')
        self.assertEqual(fake.lines(), ['key 16 1', 'key 16 0'])

    def test_close_and_go_on(self):
        fake = self.start()
        fake.send('close')
        self.settle()
        self.assertEqual(fake.stats()['active'], 0)

    def hang(self, options, *commands):
        """With an X server that does nothing; then it goes on."""
        fake = self.start(options)
        for command in commands:
            fake.send(command)
        time.sleep(1)  # the window has its new size: it is asked nothing any more
        os.kill(self.x.server.pid, signal.SIGSTOP)
        try:
            end = time.monotonic() + 8  # its socket would be full in four seconds
            while time.monotonic() < end:
                asked = time.monotonic()
                fake.stats()
                self.assertLess(time.monotonic() - asked, 1)
                time.sleep(0.1)
            before = fake.stats()
            self.assertEqual(before['active'], 0)  # nobody looks
            time.sleep(1)
            after = fake.stats()
            self.assertEqual(after['scans'], before['scans'])
            self.assertLess(after['cpu_us'] - before['cpu_us'], 20000)  # nothing runs
        finally:
            os.kill(self.x.server.pid, signal.SIGCONT)
        wait(lambda: fake.stats()['active'] == 1, 'a window that goes on')
        fake.send('play still')
        return fake

    def test_server_hangs(self):
        self.hang('', 'mode 800 600', 'play full')
        self.assert_same_picture()

    def test_server_hangs_zoomed(self):
        fake = self.hang('zoom-to-fit=on', 'mode 400 300', 'play full')
        self.x.key('a')
        fake.expect('key 30 1')

    def test_hanging_server_killed(self):
        fake = self.start()
        fake.send('play square')
        time.sleep(1)  # it is asked nothing any more
        os.kill(self.x.server.pid, signal.SIGSTOP)
        wait(lambda: fake.stats()['active'] == 0, 'a server that is behind', 20)
        self.x.server.kill()
        self.settle()
        fake.stats()
        self.allowed = 'g_signal_handlers_disconnect_matched'

    def test_lost_server(self):
        for play in 'square', 'full':  # small pictures travel by socket, large ones by memory
            with self.subTest(play):
                self.lose_server(play)
                self.stop()
                self.x = xserver.XServer().__enter__()
                self.addCleanup(self.x.stop)

    def lose_server(self, play):
        fake = self.start()
        fake.send('play ' + play)
        self.settle()
        self.x.server.kill()
        wait(lambda: fake.stats()['active'] == 0, 'a closed frontend')
        fake.stats()
        # GTK itself complains of its settings when a display is closed.
        self.allowed = 'g_signal_handlers_disconnect_matched'


class NoDisplayTest(RefusalTests, RefusalCase):
    module = MODULE

    def test_wrong_option(self):
        with xserver.XServer() as x:
            self.assertIn('zoom-to-fit', self.refuse('zoom-to-fit=perhaps', **x.env))


@unittest.skipIf(xserver.missing(), xserver.missing())
@unittest.skipUnless(os.access('/dev/kvm', os.R_OK | os.W_OK), 'no /dev/kvm')
class SeaBiosTest(unittest.TestCase):
    def setUp(self):
        self.x = xserver.XServer().__enter__()
        self.addCleanup(self.x.stop)
        self.m = Machine('-m', '64', '-boot', 'menu=on,splash-time=60000', '-name', 'spine',
                         '-chardev', 'vc,id=monitor1', '-mon', 'monitor1',
                         accel='kvm', display='gtk', env=self.x.env)
        self.addCleanup(self.m.stop)
        self.m.start()
        self.screen = Screen(self.m)
        self.window = self.x.window('spine')

    def shows_same(self):
        shown = crop(self.x.picture(self.window), *place(self.m.hmp.command('info gtk')))
        return self.screen.dump().difference(shown) is None

    def test_boot_menu(self):
        self.screen.wait_text('boot menu', 40)
        wait(self.shows_same, 'the window showing what screendump shows')
        self.x.key('Escape')
        self.screen.wait_text('Select boot device', 20)
        wait(self.shows_same, 'the boot menu in the window')
        self.x.key('ctrl+alt+2')
        time.sleep(0.3)
        self.x.type('stop\n')
        wait(lambda: '[Paused]' in self.x.title(self.window), 'the pause, told to the tab')
        self.x.type('cont\n')
        wait(lambda: '[Paused]' not in self.x.title(self.window), 'the end of the pause')


if __name__ == '__main__':
    tap.main()

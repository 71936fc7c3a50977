#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The GTK window on Wayland: a weston that is itself a window under Xvfb, so that its picture can
be read and keys can be typed; and what becomes of the machine when it goes away."""
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import image  # noqa: E402
import tap  # noqa: E402
import xserver  # noqa: E402
from fakemachine import FakeMachine, wait  # noqa: E402
from gtkwindow import MODULE  # noqa: E402

MISSING = xserver.missing('weston')
SOCKET = 'vitrine-test'


@unittest.skipIf(MISSING, MISSING)
class WaylandTest(unittest.TestCase):
    def setUp(self):
        self.x = xserver.XServer().__enter__()
        self.addCleanup(self.x.stop)
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.env = {**self.x.env, 'XDG_RUNTIME_DIR': self.folder, 'GDK_BACKEND': ''}
        self.weston = subprocess.Popen(
            ['weston', '--backend=x11-backend.so', '--use-pixman', '--no-config', '--idle-time=0',
             '--socket=' + SOCKET, '--width=1024', '--height=768'],
            env={**os.environ, **self.env}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(self.end, self.weston)
        wait(lambda: os.path.exists(self.folder + '/' + SOCKET), 'the compositor', 20)
        self.window = self.find()

    def find(self):
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                return self.x.do('search', '--onlyvisible', '--class', 'Weston').split()[0]
            except subprocess.CalledProcessError:
                time.sleep(0.1)
        raise AssertionError('weston shows no window')

    def end(self, process):
        if process.poll() is None:
            process.kill()
        process.wait()

    def start(self, options=''):
        env = {**self.env, 'DISPLAY': '', 'WAYLAND_DISPLAY': SOCKET}
        self.fake = FakeMachine(MODULE, env, options)
        self.addCleanup(self.stop)
        self.fake.expect('ready', 30)
        return self.fake

    def stop(self):
        error = self.fake.stop()
        self.assertEqual(self.fake.process.returncode, 0, error)
        self.assertNotIn('CRITICAL', error)

    def same_picture(self):
        return self.fake.dump().difference(self.x.picture(self.window)) is None

    def test_picture_and_keys(self):
        fake = self.start('full-screen=on')
        fake.send('mode 1024 768')
        fake.send('abs on')  # the compositor's own pointer is hidden then
        time.sleep(0.5)
        self.x.do('mousemove', '--window', self.window, 500, 390)
        wait(self.same_picture, 'the picture, pixel for pixel')
        fake.send('play square')
        time.sleep(0.5)
        fake.send('play still')
        wait(self.same_picture, 'the moved picture')
        self.x.click(self.window, 500, 400)
        time.sleep(0.5)
        fake.lines()
        self.x.type('hi')
        for line in ('key 35 1', 'key 35 0', 'key 23 1', 'key 23 0'):
            fake.expect(line)
        # This compositor adds up movements: it is led into its corner first.
        for x, y in ((1020, 760), (0, 0), (100, 50)):
            self.x.do('mousemove', '--window', self.window, x, y)
            time.sleep(0.2)
        fake.expect('abs 0 3216')
        fake.expect('abs 1 2154')

    def kill(self, play):
        fake = self.start()
        fake.send('play ' + play)
        time.sleep(0.5)
        self.weston.kill()
        wait(lambda: fake.stats()['active'] == 0, 'a closed frontend')
        self.assertGreater(fake.stats()['scans'], 0)

    def test_compositor_killed(self):
        self.kill('still')

    def test_compositor_killed_while_drawing(self):
        self.kill('full')

    def test_compositor_killed_amid_events(self):
        fake = self.start()
        fake.send('play full')
        self.x.do('mousemove', '--window', self.window, 500, 400)
        mover = subprocess.Popen(
            ['xdotool', 'mousemove', '--window', self.window, '450', '350'] +
            ['mousemove_relative', '--', '1', '1', 'mousemove_relative', '--', '-1', '-1'] * 200,
            env={**os.environ, **self.env})
        time.sleep(0.1)
        self.weston.kill()
        mover.wait()
        wait(lambda: fake.stats()['active'] == 0, 'a closed frontend')

    def test_close_and_open_elsewhere(self):
        fake = self.start('display=' + self.folder + '/' + SOCKET)
        fake.send('info')
        self.assertIn('(Wayland)', fake.expect('info (.*)').group(1))
        fake.send('close')
        wait(lambda: fake.stats()['active'] == 0, 'a closed frontend')
        self.assertIsNone(self.weston.poll())


@unittest.skipIf(not shutil.which('weston') or not shutil.which('weston-screenshooter'),
                 'weston, or weston-screenshooter, is not installed')
class HeadlessTest(unittest.TestCase):
    """A weston without screen, keyboard or pointer."""

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.env = {**os.environ, 'XDG_RUNTIME_DIR': self.folder, 'DISPLAY': '',
                    'GDK_BACKEND': '', 'WAYLAND_DISPLAY': SOCKET}
        # `debug` lets everybody take screenshots.
        self.weston = subprocess.Popen(
            ['weston', '--backend=headless-backend.so', '--use-pixman', '--no-config',
             '--idle-time=0', '--debug', '--socket=' + SOCKET, '--width=1024', '--height=768'],
            env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(self.weston.wait)
        self.addCleanup(self.weston.kill)
        wait(lambda: os.path.exists(self.folder + '/' + SOCKET), 'the compositor', 20)

    def picture(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(['weston-screenshooter'], env=self.env, cwd=folder, check=True,
                           timeout=20, capture_output=True)
            return image.read(os.path.join(folder, os.listdir(folder)[0]))

    def test_picture(self):
        fake = FakeMachine(MODULE, self.env, 'full-screen=on')
        try:
            fake.expect('ready', 30)
            fake.send('mode 1024 768')

            def same():
                return fake.dump().difference(self.picture()) is None
            wait(same, 'the picture, pixel for pixel', 20)
            fake.send('play square')
            time.sleep(0.5)
            fake.send('play still')
            wait(same, 'the moved picture', 20)
            self.weston.kill()
            wait(lambda: fake.stats()['active'] == 0, 'a closed frontend')
        finally:
            error = fake.stop()
        self.assertEqual(fake.process.returncode, 0, error)
        wrong = [line for line in error.split('\n')  # GDK expects to find a keyboard
                 if 'CRITICAL' in line and 'gdk_seat_get_keyboard' not in line]
        self.assertEqual(wrong, [])


if __name__ == '__main__':
    tap.main()
